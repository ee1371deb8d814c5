#include "eval/report/spread.h"

#include "eval/report/grid.h"

#include <inttypes.h>
#include <math.h>

struct spread {
    const struct result *r;
    struct score *scores;
    size_t scorers[SPREAD_SCORERS_MAX], count;
    int64_t *bins;                      /* [variant place][count][SPREAD_BINS] */
    size_t *places;                     /* of a variant's number */
};

struct str spread_bars(const int64_t *counts, size_t n, bool ascii, struct arena *a)
{
    static const char *const blocks[] = { "\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84",
                                          "\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88" };
    static const char *const letters[] = { "_", ".", ":", "-", "=", "+", "*", "#" };
    AUTO_BUF struct buf b = BUF_INIT(4096);
    int64_t most = 0;

    for (size_t i = 0; i < n; i++)
        most = MAX(most, counts[i]);
    for (size_t i = 0; i < n; i++) {                    /* the lowest is kept for nothing at all */
        size_t level = counts[i] > 0 ? 1 + (size_t)llround(6.0 * (double)counts[i] / (double)most) : 0;

        buf_puts(&b, (ascii ? letters : blocks)[MIN(level, COUNT_OF(blocks) - 1)]);
    }
    return arena_strdup(a, buf_str(&b));
}

static enum err_code spread_trial(const struct store_trial *t, void *arg, struct err *e)
{
    struct spread *x = arg;
    int64_t *row;

    if (t->trial.state != TRIAL_DONE || t->trial.variant < 0 || t->trial.variant >= (int64_t)x->r->variant_count)
        return ERR_OK;
    row = x->bins + x->places[t->trial.variant] * x->count * SPREAD_BINS;
    TRY(scores_read(t->scores, NULL, x->scores, x->r->scorer_count, e));
    for (size_t i = 0; i < x->count; i++) {
        const struct score *v = &x->scores[x->scorers[i]];

        if (v->state == SCORE_VALUE)
            row[i * SPREAD_BINS + MIN((size_t)(CLAMP(v->value, 0.0, 1.0) * SPREAD_BINS), (size_t)SPREAD_BINS - 1)]++;
    }
    return ERR_OK;
}

/* Shares that some variant has values of between 0 and 1. */
static void spread_choose(struct spread *x)
{
    for (size_t i = 0; i < x->r->scorer_count && x->count < SPREAD_SCORERS_MAX; i++) {
        bool some = false;

        for (size_t v = 0; v < x->r->variant_count; v++)
            some |= x->r->variants[v].sum->scorers[i].fractions;
        if (some && x->r->scorers[i].unit == METRIC_RATIO && !x->r->scorers[i].over_repeats)
            x->scorers[x->count++] = i;
    }
}

/* The axis of all latencies: whole milliseconds from the least to the greatest. False: none was measured. */
static bool spread_axis(const struct result *r, int64_t *low, int64_t *high)
{
    *low = INT64_MAX;
    *high = -1;
    for (size_t v = 0; v < r->variant_count; v++) {
        const struct histogram *h = &r->variants[v].sum->latency;

        if (!h->total)
            continue;
        *low = MIN(*low, histogram_quantile(h, 0));
        *high = MAX(*high, histogram_quantile(h, 1));
    }
    return *high >= 0;
}

static struct str spread_latency(const struct histogram *h, int64_t low, int64_t high, bool ascii, struct arena *a)
{
    int64_t bins[SPREAD_BINS] = { 0 };

    if (!h->total)
        return S("-");
    histogram_bins(h, low, high, bins, SPREAD_BINS);
    return spread_bars(bins, SPREAD_BINS, ascii, a);
}

static struct grid *spread_grid(const struct spread *x, bool latency, int64_t low, int64_t high, bool ascii,
                                struct arena *a)
{
    struct grid_column *columns = arena_array(a, struct grid_column, x->count + 3);
    size_t n = 0;
    char from[REPORT_TEXT], to[REPORT_TEXT];

    columns[n++] = (struct grid_column){ .heading = "#" };
    columns[n++] = (struct grid_column){ .heading = "variant", .least = 10 };
    if (latency)
        columns[n++] = (struct grid_column){
            .heading = arena_printf(a, "latency, %s to %s", report_ms(low, from), report_ms(high, to)).at,
        };
    for (size_t i = 0; i < x->count; i++)
        columns[n++] = (struct grid_column){ .drop = (unsigned)i + 1,
            .heading = arena_printf(a, STR_FMT, STR_ARG(report_fit(x->r->scorers[x->scorers[i]].name, 20, ascii, a))).at };
    return grid_new(a, columns, n);
}

enum err_code spread_write(const struct result *r, struct store *s, const struct report_options *o, struct arena *a,
                           struct buf *out, struct err *e)
{
    struct spread x = { .r = r };
    int64_t low, high;
    bool latency = spread_axis(r, &low, &high);
    struct grid *g;

    spread_choose(&x);
    if (!latency && !x.count)
        return ERR_OK;
    x.scores = arena_array(a, struct score, r->scorer_count + 1);
    x.places = arena_array(a, size_t, r->variant_count + 1);
    x.bins = arena_array(a, int64_t, r->variant_count * x.count * SPREAD_BINS + 1);
    for (size_t v = 0; v < r->variant_count; v++)
        x.places[r->variants[v].no] = v;
    if (x.count)
        TRY(store_trials_each(s, r->run->no, &(struct store_trials_filter){ .variant = -1 }, spread_trial, &x, e));
    g = spread_grid(&x, latency, low, high, o->ascii, a);
    for (size_t v = 0; v < r->variant_count; v++) {
        const struct result_variant *one = &r->variants[v];

        if (one->rank)
            grid_cellf(g, "%" PRId64, one->rank);
        else
            grid_cell(g, S("-"), GRID_PLAIN);
        grid_cell(g, one->name, GRID_PLAIN);
        if (latency)
            grid_cell(g, spread_latency(&one->sum->latency, low, high, o->ascii, a), GRID_PLAIN);
        for (size_t i = 0; i < x.count; i++)
            grid_cell(g, spread_bars(x.bins + (v * x.count + i) * SPREAD_BINS, SPREAD_BINS, o->ascii, a), GRID_PLAIN);
    }
    buf_byte(out, '\n');
    grid_write(g, o, 1, out);
    return ERR_OK;
}
