/* An analysis as GitHub-flavoured Markdown. */
#include "eval/report/analyses.h"

#include <inttypes.h>
#include <math.h>

#include "eval/stats_power.h"

#define ANALYSIS_MARKDOWN_MAX ((size_t)64 << 20)

static void analysis_md_cell(struct buf *b, struct str text)
{
    buf_puts(b, " ");
    report_md_text(b, text);
    buf_puts(b, " |");
}

static void analysis_md_wins(struct buf *b, const struct analysis_wins *w)
{
    buf_printf(b, " %" PRId64 " | %" PRId64 " | %" PRId64 " |", w->won, w->lost, w->tied);
    if (isnan(w->rate))
        buf_puts(b, " - | - |");
    else
        buf_printf(b, " %.1f %% | %.1f .. %.1f |", w->rate * 100, w->interval.low * 100, w->interval.high * 100);
}

static void analysis_md_paragraph(struct buf *b, struct str text)
{
    if (!text.len)
        return;
    buf_byte(b, '\n');
    report_md_text(b, text);
    buf_byte(b, '\n');
}

static void analysis_md_variants(const struct analysis *x, struct arena *a, struct buf *b)
{
    buf_puts(b, "\n| variant | cases | missing | mean | 95 % interval | sd | min | max | won | lost | tied | win rate "
                "| 95 % interval |\n"
                "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (size_t i = 0; i < x->variant_count; i++) {
        const struct analysis_variant *v = &x->variants[i];
        struct str cells[] = { analysis_value(x, v->mean, a), analysis_interval(x, &v->interval, a), analysis_value(x, v->deviation, a),
                               analysis_value(x, v->least, a), analysis_value(x, v->most, a) };

        buf_byte(b, '|');
        analysis_md_cell(b, v->of->name);
        buf_printf(b, " %" PRId64 " | %" PRId64 " |", v->cases, v->missing);
        for (size_t k = 0; k < COUNT_OF(cells); k++)
            analysis_md_cell(b, cells[k]);
        analysis_md_wins(b, &v->wins);
        buf_byte(b, '\n');
    }
}

/* --- dimensions --------------------------------------------------------------------------------------------------- */

static void analysis_md_effects(const struct analysis *x, const size_t *order, struct arena *a, struct buf *b)
{
    buf_puts(b, "\n### Dimensions\n\n| dimension | levels | cases | H | eta\xc2\xb2 | effect | p | p (Holm) | p (BH) |\n"
                "| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: |\n");
    for (size_t i = 0; i < x->dimension_count; i++) {
        const struct analysis_dimension *d = &x->dimensions[order[i]];
        const struct analysis_effect *f = &d->all;

        buf_byte(b, '|');
        analysis_md_cell(b, d->axis->name);
        buf_printf(b, " %zu | %" PRId64 " |", f->groups, f->n);
        analysis_md_cell(b, analysis_number(f->known ? f->h : NAN, 2, a));
        analysis_md_cell(b, analysis_number(f->known ? f->eta_squared : NAN, 3, a));
        analysis_md_cell(b, f->known ? str_c(analysis_eta_word(f->eta_squared)) : S("-"));
        analysis_md_cell(b, analysis_p(f->known ? f->p : NAN, a));
        analysis_md_cell(b, analysis_p(f->known ? f->p_holm : NAN, a));
        analysis_md_cell(b, analysis_p(f->known ? f->p_bh : NAN, a));
        buf_byte(b, '\n');
    }
    analysis_md_paragraph(b, analysis_dimension_words(x, a));
}

static void analysis_md_heat(const struct analysis *x, const size_t *order, struct arena *a, struct buf *b)
{
    buf_puts(b, "\n| eta\xc2\xb2 by variant |");
    for (size_t i = 0; i < x->dimension_count; i++)
        analysis_md_cell(b, x->dimensions[order[i]].axis->name);
    buf_puts(b, "\n| --- |");
    for (size_t i = 0; i < x->dimension_count; i++)
        buf_puts(b, " ---: |");
    buf_byte(b, '\n');
    for (size_t v = 0; v < x->variant_count; v++) {
        buf_byte(b, '|');
        analysis_md_cell(b, x->variants[v].of->name);
        for (size_t i = 0; i < x->dimension_count; i++) {
            const struct analysis_effect *f = &x->dimensions[order[i]].variants[v];
            const char *strong = f->known && analysis_stands(f->p_holm) ? "**" : "";

            buf_printf(b, " %s" STR_FMT "%s |", strong, STR_ARG(analysis_number(f->known ? f->eta_squared : NAN, 3, a)),
                       strong);
        }
        buf_byte(b, '\n');
    }
}

static void analysis_md_levels(const struct analysis *x, const size_t *order, struct arena *a, struct buf *b)
{
    buf_puts(b,
             "\n| dimension | level | | cases | mean | 95 % interval |\n| --- | ---: | --- | ---: | ---: | ---: |\n");
    for (size_t i = 0; i < x->dimension_count; i++) {
        const struct analysis_dimension *d = &x->dimensions[order[i]];

        for (size_t k = 0; k < d->axis->level_count; k++) {
            buf_byte(b, '|');
            analysis_md_cell(b, d->axis->name);
            buf_printf(b, " %" PRId64 " |", d->axis->levels[k].score);
            analysis_md_cell(b, d->axis->levels[k].label);
            buf_printf(b, " %" PRId64 " |", d->levels[k].n);
            analysis_md_cell(b, analysis_value(x, d->levels[k].mean, a));
            analysis_md_cell(b, analysis_interval(x, &d->levels[k].interval, a));
            buf_byte(b, '\n');
        }
    }
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

static void analysis_md_pairs(const struct analysis *x, struct arena *a, struct buf *b)
{
    const size_t *order = analysis_pairs_sorted(x, a);

    buf_puts(b, "\n### Agreement\n\n| first | second | cases | rho | 95 % interval | p (Holm) | tau | d | effect | won | lost | tied | "
                "win rate | 95 % interval | sign p (Holm) |\n"
                "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (size_t i = 0; i < MIN(x->pair_count, (size_t)ANALYSES_PAIRS); i++) {
        const struct analysis_pair *p = &x->pairs[order[i]];

        buf_byte(b, '|');
        analysis_md_cell(b, x->variants[p->first].of->name);
        analysis_md_cell(b, x->variants[p->second].of->name);
        buf_printf(b, " %" PRId64 " |", p->aligned);
        analysis_md_cell(b, analysis_number(p->spearman.known ? p->spearman.value : NAN, 2, a));
        analysis_md_cell(b, analysis_plain_interval(&p->rho_interval, a));
        analysis_md_cell(b, analysis_p(p->spearman_holm, a));
        analysis_md_cell(b, analysis_number(p->kendall.known ? p->kendall.value : NAN, 2, a));
        analysis_md_cell(b, analysis_number(p->cohen_d, 2, a));
        analysis_md_cell(b, isnan(p->cohen_d) ? S("-") : str_c(stats_effect_word(p->cohen_d)));
        analysis_md_wins(b, &p->wins);
        analysis_md_cell(b, analysis_p(p->sign_holm, a));
        buf_byte(b, '\n');
    }
    if (x->pair_count > ANALYSES_PAIRS)
        buf_printf(b, "\n%zu more pairs agree more; `--json` has them.\n", x->pair_count - ANALYSES_PAIRS);
    analysis_md_paragraph(b, analysis_agreement_words(x, a));
    analysis_md_paragraph(b, analysis_outlier_words(x, a));
}

static void analysis_md_contested(const struct analysis *x, struct arena *a, struct buf *b)
{
    buf_puts(b, "\n### Most contested cases\n\n| case | variance | n | lowest | by | highest | by |\n"
                "| --- | ---: | ---: | ---: | --- | ---: | --- |\n");
    for (size_t i = 0; i < x->contested_count; i++) {
        const struct analysis_case *c = &x->contested[i];
        size_t low, high;

        analysis_case_ends(x, c, &low, &high);
        buf_byte(b, '|');
        analysis_md_cell(b, c->id);
        buf_printf(b, " %.4g | %" PRId64 " |", c->variance, c->n);
        analysis_md_cell(b, analysis_value(x, c->values[low], a));
        analysis_md_cell(b, x->variants[low].of->name);
        analysis_md_cell(b, analysis_value(x, c->values[high], a));
        analysis_md_cell(b, x->variants[high].of->name);
        buf_byte(b, '\n');
    }
}

static void analysis_md_checks(const struct analysis *x, struct arena *a, struct buf *b)
{
    size_t count;
    const struct analysis_check_row *rows = analysis_checks_sorted(x, a, &count);

    if (!count)
        return;
    buf_puts(b, "\n### Checks\n\n| check | variant | passed | failed | not evaluated | share, 95 % interval |\n"
                "| --- | --- | ---: | ---: | ---: | ---: |\n");
    for (size_t i = 0; i < count; i++) {
        const struct analysis_check *c = &x->variants[rows[i].variant].checks[rows[i].check];

        buf_byte(b, '|');
        analysis_md_cell(b, x->result->scorers[c->scorer].name);
        analysis_md_cell(b, x->variants[rows[i].variant].of->name);
        buf_printf(b, " %" PRId64 " | %" PRId64 " | %" PRId64 " |", c->passed, c->failed, c->not_evaluated);
        analysis_md_cell(b, report_estimate(&c->share, METRIC_RATIO, a));
        buf_byte(b, '\n');
    }
}

enum err_code analysis_markdown(const struct analysis *x, const struct report_options *o,
                                const struct report_sink *sink, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16384);
    AUTO_BUF struct buf b = BUF_INIT(ANALYSIS_MARKDOWN_MAX);
    const size_t *order = analysis_dimensions_sorted(x, a);

    (void)o;
    buf_puts(&b, "## Analysis\n\n");
    report_md_text(&b, analysis_heading(x, a));
    buf_byte(&b, '\n');
    analysis_md_variants(x, a, &b);
    if (x->dimension_count) {
        analysis_md_effects(x, order, a, &b);
        if (x->variant_count > 1)
            analysis_md_heat(x, order, a, &b);
        analysis_md_levels(x, order, a, &b);
    }
    if (x->pair_count)
        analysis_md_pairs(x, a, &b);
    if (x->contested_count)
        analysis_md_contested(x, a, &b);
    analysis_md_checks(x, a, &b);
    for (size_t i = 0; i < x->warning_count; i++) {
        buf_puts(&b, i ? "- " : "\n### Mind\n\n- ");
        report_md_text(&b, x->warnings[i].message);
        buf_byte(&b, ' ');
        report_md_text(&b, x->warnings[i].recommendation);
        buf_byte(&b, '\n');
    }
    return report_put(sink, &b, e);
}
