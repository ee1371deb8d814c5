/* Words all forms of an analysis share. */
#include "eval/report/analyses.h"

#include <inttypes.h>
#include <math.h>

struct str analysis_value(const struct analysis *x, double v, struct arena *a)
{
    char text[REPORT_TEXT];

    return isfinite(v) ? arena_printf(a, "%s", report_value(x->unit, v, text)) : S("-");
}

struct str analysis_interval(const struct analysis *x, const struct interval *i, struct arena *a)
{
    if (!i->known)
        return S("-");
    if (x->unit == METRIC_RATIO)
        return arena_printf(a, "%.1f .. %.1f", i->low * 100, i->high * 100);
    return arena_printf(a, STR_FMT " .. " STR_FMT, STR_ARG(analysis_value(x, i->low, a)),
                        STR_ARG(analysis_value(x, i->high, a)));
}

struct str analysis_plain_interval(const struct interval *i, struct arena *a)
{
    return i->known ? arena_printf(a, STR_FMT " .. " STR_FMT, STR_ARG(analysis_number(i->low, 2, a)),
                                   STR_ARG(analysis_number(i->high, 2, a)))
                    : S("-");
}

struct str analysis_number(double v, int decimals, struct arena *a)
{
    double half = 0.5 * pow(10, -decimals);

    return isfinite(v) ? arena_printf(a, "%.*f", decimals, fabs(v) < half ? 0.0 : v) : S("-");
}

struct str analysis_p(double p, struct arena *a)
{
    if (!isfinite(p))
        return S("-");
    return p < 0.001 ? S("<0.001") : arena_printf(a, "%.*f", p < 0.1 ? 3 : 2, p);
}

struct str analysis_heading(const struct analysis *x, struct arena *a)
{
    const struct run *run = x->result->run;

    return arena_printf(a, STR_FMT " of run " STR_FMT ", " STR_FMT ": %zu variant%s, %" PRId64 " case%s with a value",
                        STR_ARG(x->metric), STR_ARG(id_short(run->id)), STR_ARG(str_utf8_head(run->task_name, 200)),
                        x->variant_count, x->variant_count == 1 ? "" : "s", x->cases, x->cases == 1 ? "" : "s");
}

/* --- sentences ---------------------------------------------------------------------------------------------------- */

struct str analysis_agreement_words(const struct analysis *x, struct arena *a)
{
    size_t stand = 0;
    struct str beyond;

    if (!x->agreeing)
        return STR_NONE;
    for (size_t i = 0; i < x->pair_count; i++)
        stand += x->pairs[i].spearman.known && analysis_stands(x->pairs[i].spearman_holm);
    if (x->agreeing == 1)
        return arena_printf(a,
                            "Over %" PRId64
                            " cases the two variants' values go together with a Spearman rho of " STR_FMT " (%s).",
                            x->aligned, STR_ARG(analysis_number(x->agreement, 2, a)),
                            stand ? "beyond chance" : "which may be chance");
    beyond = stand ? arena_printf(a, "%zu of them", stand) : S("none of them");
    return arena_printf(a, "Mean Spearman rho of %zu pairs over %" PRId64 " cases: " STR_FMT " (" STR_FMT " to " STR_FMT
                           "); " STR_FMT " beyond chance (Holm).",
                        x->agreeing, x->aligned, STR_ARG(analysis_number(x->agreement, 2, a)),
                        STR_ARG(analysis_number(x->least_rho, 2, a)), STR_ARG(analysis_number(x->most_rho, 2, a)),
                        STR_ARG(beyond));
}

struct str analysis_outlier_words(const struct analysis *x, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(64 * 1024);

    for (size_t v = 0; v < x->variant_count; v++)
        if (x->variants[v].outlier)
            buf_printf(&b, "%s" STR_FMT " (mean rho " STR_FMT ", z " STR_FMT ")",
                       b.len ? ", " : "Stands apart from the rest: ",
                       STR_ARG(str_utf8_head(x->variants[v].of->name, 60)),
                       STR_ARG(analysis_number(x->variants[v].mean_rho, 2, a)),
                       STR_ARG(analysis_number(x->variants[v].outlyingness, 2, a)));
    if (b.len)
        buf_puts(&b, ".");
    return arena_strdup(a, buf_str(&b));
}

struct str analysis_dimension_words(const struct analysis *x, struct arena *a)
{
    for (size_t i = 0; i < x->dimension_count; i++) {
        const struct analysis_dimension *d = &x->dimensions[i];

        if (d->rank == 1)
            return arena_printf(a,
                                STR_FMT " matters most: it goes with " STR_FMT
                                        " %% of what differs between cases (%s%s). All "
                                        "dimensions together: " STR_FMT " %%.",
                                STR_ARG(d->axis->name), STR_ARG(analysis_number(d->all.eta_squared * 100, 0, a)),
                                analysis_eta_word(d->all.eta_squared),
                                analysis_stands(d->all.p_holm) ? "" : "; it may be chance",
                                STR_ARG(analysis_number(x->explained * 100, 0, a)));
    }
    return STR_NONE;
}

/* --- orders ------------------------------------------------------------------------------------------------------- */

struct analysis_order { double by; size_t at; };

static int analysis_order_cmp(const void *x, const void *y)
{
    const struct analysis_order *a = x, *b = y;

    if (a->by != b->by)
        return a->by < b->by ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static size_t *analysis_sorted(struct analysis_order *order, size_t n, struct arena *a)
{
    size_t *out = arena_array(a, size_t, n + 1);

    if (n)
        qsort(order, n, sizeof *order, analysis_order_cmp);
    for (size_t i = 0; i < n; i++)
        out[i] = order[i].at;
    return out;
}

size_t *analysis_pairs_sorted(const struct analysis *x, struct arena *a)
{
    struct analysis_order *order = arena_array(a, struct analysis_order, x->pair_count + 1);

    for (size_t i = 0; i < x->pair_count; i++)
        order[i] = (struct analysis_order){ x->pairs[i].spearman.known ? x->pairs[i].spearman.value : INFINITY, i };
    return analysis_sorted(order, x->pair_count, a);
}

size_t *analysis_dimensions_sorted(const struct analysis *x, struct arena *a)
{
    struct analysis_order *order = arena_array(a, struct analysis_order, x->dimension_count + 1);

    for (size_t i = 0; i < x->dimension_count; i++)
        order[i] = (struct analysis_order){ x->dimensions[i].rank ? (double)x->dimensions[i].rank : INFINITY, i };
    return analysis_sorted(order, x->dimension_count, a);
}

struct analysis_check_row *analysis_checks_sorted(const struct analysis *x, struct arena *a, size_t *count)
{
    size_t most = x->variant_count * x->check_count, *sorted;
    struct analysis_order *order = arena_array(a, struct analysis_order, most + 1);
    struct analysis_check_row *out = arena_array(a, struct analysis_check_row, most + 1);

    *count = 0;
    for (size_t i = 0; i < most; i++) {
        const struct analysis_check *c = &x->variants[i / x->check_count].checks[i % x->check_count];

        if (c->share.n)
            order[(*count)++] = (struct analysis_order){ c->share.value, i };
        else if (c->not_evaluated)
            order[(*count)++] = (struct analysis_order){ INFINITY, i };
    }
    sorted = analysis_sorted(order, *count, a);
    for (size_t i = 0; i < *count; i++)
        out[i] = (struct analysis_check_row){ sorted[i] / x->check_count, sorted[i] % x->check_count };
    return out;
}

void analysis_case_ends(const struct analysis *x, const struct analysis_case *c, size_t *low, size_t *high)
{
    bool first = true;

    *low = *high = 0;
    for (size_t v = 0; v < x->variant_count; v++) {
        if (isnan(c->values[v]))
            continue;
        if (first || c->values[v] < c->values[*low])
            *low = v;
        if (first || c->values[v] > c->values[*high])
            *high = v;
        first = false;
    }
}
