/* src/eval/report/charts_of.c: the charts of a stored result. */
#include "eval/report/chart_parts.h"

#include <math.h>

size_t chart_points_of(const struct result *r, struct arena *a, struct chart_point **out)
{
    struct chart_point *points = arena_array(a, struct chart_point, r->variant_count + 1);

    for (size_t i = 0; i < r->variant_count; i++) {
        const struct result_variant *v = &r->variants[i];

        points[i] = (struct chart_point){
            .name = v->name, .rank = v->rank, .known = r->quality >= 0 && v->quality.n > 0, .value = v->quality.value,
            .interval_known = v->quality.interval.known, .low = v->quality.interval.low, .high = v->quality.interval.high,
            .cost_known = v->cost_known, .cost = v->cost_usd * 1000,
            .chosen = (ptrdiff_t)i == r->recommendation.best || (ptrdiff_t)i == r->recommendation.value,
        };
    }
    *out = points;
    return r->variant_count;
}

static enum metric_unit chart_quality_unit(const struct result *r)
{
    return r->quality >= 0 ? r->scorers[r->quality].unit : METRIC_RATIO;
}

struct scene *chart_frontier_of(const struct result *r, const struct chart_options *o, struct arena *a)
{
    struct chart_point *points;
    size_t n = chart_points_of(r, a, &points);

    return chart_frontier(str_c(result_quality_name(r)), chart_quality_unit(r), points, n, o, a);
}

struct scene *chart_intervals_of(const struct result *r, const struct chart_options *o, struct arena *a)
{
    struct chart_point *points;
    size_t n = chart_points_of(r, a, &points);

    return chart_intervals(str_c(result_quality_name(r)), chart_quality_unit(r), points, n, o, a);
}

struct scene *chart_latency_of(const struct result *r, const struct chart_options *o, struct arena *a)
{
    struct chart_row *rows = arena_array(a, struct chart_row, r->variant_count + 1);
    struct chart_bins bins;
    int64_t low = INT64_MAX, high = 0;
    double fine;

    for (size_t i = 0; i < r->variant_count; i++) {
        const struct histogram *h = &r->variants[i].sum->latency;

        if (h->total) {
            low = MIN(low, histogram_quantile(h, 0.01));
            high = MAX(high, histogram_quantile(h, 1));
        }
    }
    low = MIN(low, high);                                   /* nothing was measured: 0 to 0 */
    /* a bin narrower than the histogram's own buckets (1/64 of the duration) would be a comb's gap */
    fine = (double)(high - low) / MAX((double)high / 64, 1.0);
    if (high > low * CHART_SPREAD && low > 0)                /* logarithmic: so is one narrower than a millisecond */
        fine = log((double)high / (double)low) / log1p(1 / (double)low);
    bins = chart_bins_for((double)low, (double)high, (size_t)CLAMP(fine, 6.0, 48.0), METRIC_MS);
    for (size_t i = 0; i < r->variant_count; i++) {
        const struct result_variant *v = &r->variants[i];
        int64_t *counts = arena_array(a, int64_t, bins.count);

        for (size_t k = 0; k < bins.count; k++) {                 /* the outer bins hold what lies beyond their edge */
            int64_t from = k ? (int64_t)chart_bin_edge(&bins, k) : -1;
            int64_t to = k + 1 < bins.count ? (int64_t)chart_bin_edge(&bins, k + 1) : INT64_MAX;

            counts[k] = histogram_between(&v->sum->latency, from, to);
        }
        rows[i] = (struct chart_row){ .name = v->name, .counts = counts, .median = (double)v->p50_ms, .median_known = v->p50_ms >= 0 };
    }
    return chart_distribution(S("latency"), &bins, rows, r->variant_count, o, a);
}

struct scene *chart_checks_of(const struct result *r, const struct chart_options *o, struct arena *a)
{
    struct chart_check *checks = arena_array(a, struct chart_check, r->scorer_count + 1);
    struct str *names = arena_array(a, struct str, r->variant_count + 1);
    size_t *scorer = arena_array(a, size_t, r->scorer_count + 1), count = 0;
    struct chart_cell *cells;

    for (size_t i = 0; i < r->scorer_count; i++)
        if (r->scorers[i].kind == SCORER_CHECK) {
            checks[count] = (struct chart_check){ r->scorers[i].name, r->scorers[i].severity };
            scorer[count++] = i;
        }
    cells = arena_array(a, struct chart_cell, r->variant_count * count + 1);
    for (size_t v = 0; v < r->variant_count; v++) {
        names[v] = r->variants[v].name;
        for (size_t c = 0; c < count; c++) {
            const struct aggregate_scorer *x = &r->variants[v].sum->scorers[scorer[c]];

            cells[v * count + c] = (struct chart_cell){ .failed = x->n - x->ones, .evaluated = x->n };
        }
    }
    return chart_checks(checks, count, names, r->variant_count, cells, o, a);
}

struct scene *chart_confusion_of(const struct result *r, size_t classes, size_t variant, const struct chart_options *o,
                                 struct arena *a)
{
    const struct result_classes *c = &r->classes[classes];
    const struct confusion *m = &r->variants[variant].confusions[classes];

    return chart_confusion(r->variants[variant].name, c->labels, m->n > 0 ? c->label_count : 0, m->counts, o, a);
}

/* The best variant's, by the first metric that has labels. */
static struct scene *chart_first_confusion(const struct result *r, const struct chart_options *o, struct arena *a)
{
    if (!r->class_count || !r->variant_count)
        return chart_confusion(S("no classification"), NULL, 0, NULL, o, a);
    return chart_confusion_of(r, 0, 0, o, a);
}

static const struct chart_kind chart_kinds[] = {
    { "frontier", "cost against quality", chart_frontier_of },
    { "intervals", "quality with its 95 % interval", chart_intervals_of },
    { "latency", "how long answers took", chart_latency_of },
    { "checks", "failures by check and variant", chart_checks_of },
    { "confusion", "the best variant's labels, expected against answered", chart_first_confusion },
};

const struct chart_kind *chart_kind_at(size_t i)
{
    return i < COUNT_OF(chart_kinds) ? &chart_kinds[i] : NULL;
}
