/* src/eval/report/charts.h: the charts of a report: data in, a scene out.
 *
 * Plain arrays come in, so a chart can be drawn of anything; charts_*_of read them out of a result. Whatever comes in,
 * a picture comes out: no rows, one row, unknown costs, numbers that are not finite (taken as unknown), names of any
 * length and bytes. Each chart draws at most so many rows, columns or labels (CHART_*_MAX) and says what it left out.
 * Nothing it draws lies outside the scene. Names are cut in their middle to fit.
 * Memory: the arena's, the names are copied. Threads: pure functions. Cost: O(rows x columns); labels O(rows^2) in
 * CHART_POINTS_MAX rows. */
#pragma once

#include "eval/report/scene.h"
#include "eval/result.h"

#define CHART_WIDTH      720                    /* px, when no other is asked for */
#define CHART_WIDTH_MIN  280
#define CHART_WIDTH_MAX  2000
#define CHART_POINTS_MAX 400                    /* of chart_frontier */
#define CHART_ROWS_MAX   60                     /* of the others */
#define CHART_CHECKS_MAX 40
#define CHART_LABELS_MAX 24                     /* of a confusion matrix; more are gathered in "(other)" */
#define CHART_BINS_MAX   80

struct chart_options {
    double width;                               /* px; 0: CHART_WIDTH. Below 480 names stand above their rows */
};

/* One variant. `low` and `high` are the 95 % interval. */
struct chart_point {
    struct str name;
    int64_t rank;                               /* 0: none */
    bool known, interval_known, cost_known;
    double value, low, high;
    double cost;                                /* US dollars per 1,000 answers */
    bool chosen;                                /* recommended: drawn first, in the accent's colour */
};

/* Cost per 1,000 answers across, quality up. The frontier joins those that nothing cheaper (or as cheap) surpasses. The
 * cost axis is logarithmic when the dearest costs more than 20 times the cheapest; free ones and those of unknown cost
 * have fields of their own at the sides. `quality` names the metric. */
struct scene *chart_frontier(struct str quality, enum metric_unit unit, const struct chart_point *points, size_t n,
                             const struct chart_options *o, struct arena *a) MUST_USE;

/* A row each: the value as a dot, the interval as a bar, the number beside it. */
struct scene *chart_intervals(struct str metric, enum metric_unit unit, const struct chart_point *points, size_t n,
                              const struct chart_options *o, struct arena *a) MUST_USE;

/* --- distributions ------------------------------------------------------------------------------------------------ */
struct chart_bins { size_t count; double low, high; bool log; enum metric_unit unit; };     /* count: 1..CHART_BINS_MAX */
struct chart_row { struct str name; const int64_t *counts; double median; bool median_known; };

/* Bins that hold low .. high well: logarithmic when they are more than 20 times apart (and above 0). */
struct chart_bins chart_bins_for(double low, double high, size_t count, enum metric_unit unit);
/* Which bin `v` falls into; what lies outside falls into the first or the last. */
size_t            chart_bin(const struct chart_bins *b, double v);
double            chart_bin_edge(const struct chart_bins *b, size_t i);         /* lower edge of bin i; i == count: the end */
/* A histogram each, all on one axis, each as high as its own tallest bar; the median is marked. */
struct scene *chart_distribution(struct str metric, const struct chart_bins *bins, const struct chart_row *rows,
                                 size_t n, const struct chart_options *o, struct arena *a) MUST_USE;

/* --- checks ------------------------------------------------------------------------------------------------------- */
struct chart_check { struct str name; enum severity severity; };
struct chart_cell { int64_t failed, evaluated; };
/* Failures by check (across) and variant (down): cells[variant * checks + check]. Checks that never failed are counted
 * in a sentence, not drawn; the worst come first. */
struct scene *chart_checks(const struct chart_check *checks, size_t check_count, const struct str *variants, size_t n,
                           const struct chart_cell *cells, const struct chart_options *o, struct arena *a) MUST_USE;

/* --- confusion ---------------------------------------------------------------------------------------------------- */
/* What was expected (down) against what was answered (across): counts[expected * (n + 1) + answered], the last column
 * any other answer. `name`: the variant it is of. */
struct scene *chart_confusion(struct str name, const struct str *labels, size_t n, const int64_t *counts,
                              const struct chart_options *o, struct arena *a) MUST_USE;

/* --- out of a result (charts_of.c) -------------------------------------------------------------------------------- */
/* The ranking metric of each variant, by rank; those without a finished trial too. */
size_t        chart_points_of(const struct result *r, struct arena *a, struct chart_point **out);
struct scene *chart_frontier_of(const struct result *r, const struct chart_options *o, struct arena *a) MUST_USE;
struct scene *chart_intervals_of(const struct result *r, const struct chart_options *o, struct arena *a) MUST_USE;
struct scene *chart_latency_of(const struct result *r, const struct chart_options *o, struct arena *a) MUST_USE;
struct scene *chart_checks_of(const struct result *r, const struct chart_options *o, struct arena *a) MUST_USE;
/* Of one metric over labels (r->classes) and one variant. */
struct scene *chart_confusion_of(const struct result *r, size_t classes, size_t variant, const struct chart_options *o,
                                 struct arena *a) MUST_USE;
/* Those that show a whole run, by name: what `assay report --chart NAME` writes. */
struct chart_kind {
    const char *name, *doc;
    struct scene *(*draw)(const struct result *r, const struct chart_options *o, struct arena *a);
};
const struct chart_kind *chart_kind_at(size_t i);               /* NULL past the end */
