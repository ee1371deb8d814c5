/* src/eval/analysis.h: what one metric of a run says beyond a ranking: who wins how often, what the dimensions of the
 * cases do to it, how far the variants agree, which cases divide them, and how much of that is to be trusted.
 *
 * A case is the unit of everything: its value for a variant is the mean over its repetitions, so repeating a case never
 * makes a sample larger. In what goes by order, values less than 2^-36 of themselves apart are tied. What is missing (a
 * failed trial, a metric without a value) is left out and counted, never taken for 0; a number that so few cases can't
 * carry is NAN or not known, and a warning says why.
 *
 * - Wins. A variant wins a case when more of the others stand below it than above, and loses it the other way round;
 *   the rate is won / (won + lost) with Wilson's interval. Of two: the same, with the sign test's p (stats_mcnemar).
 * - Checks: passed, failed, not evaluated, over trials; the share and its interval are the result's, over cases where
 *   these were repeated.
 * - Agreement is over the aligned cases, those for which every scored variant has a value: Spearman's rho with the
 *   interval tanh(atanh(r) +- z sqrt((1 + r^2 / 2) / (n - 3))) (Bonett, Wright, Psychometrika 65, 2000), Kendall's
 *   tau-b, Cohen's d of two groups (pooled deviation). p over all pairs: Holm and Benjamini-Hochberg (stats_many.h).
 *   A variant whose mean rho lies more than ANALYSIS_OUTLIER sample deviations from the mean of these is an outlier; of
 *   k variants none can lie further than (k - 1) / sqrt(k) (Samuelson 1968), so below 6 none is ever found.
 * - Dimensions: Kruskal-Wallis over levels (stats_rank.h). `all`: one value a case, its mean over the scored variants,
 *   aligned cases only: these are independent, and the rank and the corrections go by them. `variants`: each by itself.
 *   `pooled`: every variant's value of every case as if independent, as others report it: its p is too small where
 *   variants agree. eta squared is SS between / SS total; eta_squared_rank is (H - k + 1) / (N - k).
 * - Contested cases: the largest variance (population) of the variants' values.
 *
 * Memory: at most ANALYSIS_VALUES_MAX values are kept, 8 MiB; of a run with more, a sample of whole cases (Algorithm R,
 * Vitter 1985, always the same draws). Then dimensions, agreement and d are of the sample; all else always of every
 * case. Cost: about 3 us a trial, and 1 us for each pair of variants and case kept, of which ANALYSIS_SORTED_MAX at
 * most: the other reason to keep fewer cases. */
#pragma once

#include "eval/by_dimension.h"
#include "eval/stats_rank.h"

#define ANALYSIS_ALPHA          0.05
#define ANALYSIS_VALUES_MAX     ((size_t)1 << 20)
#define ANALYSIS_SORTED_MAX     ((size_t)8 << 20)
#define ANALYSIS_VARIANTS_MAX   32          /* the best ranked ones */
#define ANALYSIS_TOP            5           /* contested cases, unless asked otherwise */
#define ANALYSIS_TOP_MAX        1000
#define ANALYSIS_VALUES_SHOWN   16          /* different values counted one by one; more: ten steps */
#define ANALYSIS_STEPS          10
#define ANALYSIS_MATRIX_CASES   1000        /* first cases whose values are listed, when asked for */
#define ANALYSIS_OUTLIER        2.0
#define ANALYSIS_SMALL          10          /* cases of a variant: below this few, */
#define ANALYSIS_MODERATE       30          /* below this not many */
#define ANALYSIS_GROUP          5           /* cases of a level: below this chi squared is rough */
#define ANALYSIS_VERSION        "2.0.0"     /* of the formulas; 1.0.0 is others' analysis, whose Holm values may fall */

struct analysis_options {
    struct str metric;                  /* a metric, a check, cost or latency; empty: the one that ranks */
    size_t top;                         /* contested cases; 0: ANALYSIS_TOP, at most ANALYSIS_TOP_MAX */
    size_t values_max, sorted_max;      /* 0: ANALYSIS_VALUES_MAX, ANALYSIS_SORTED_MAX; a test sets less */
    bool matrix;                        /* fill in `matrix` */
};

struct analysis_wins { int64_t won, lost, tied; double rate; struct interval interval; };   /* rate NAN: won + lost is 0 */

struct analysis_check { size_t scorer; int64_t passed, failed, not_evaluated; struct estimate share; };

struct analysis_variant {
    const struct result_variant *of;
    int64_t cases, missing;             /* with a value; with an outcome and without one */
    double mean, deviation, least, most;        /* NAN where not known: without a case; the deviation with one */
    struct interval interval;           /* of the mean: Wilson (repeat 1, all 0 or 1), else Student's t */
    bool wilson;
    struct analysis_wins wins;
    struct analysis_check *checks;      /* check_count of them */
    int64_t *counts;                    /* distribution.count of them */
    double mean_rho, outlyingness;      /* over its pairs; its z among these means. NAN: not known */
    bool outlier;
};

struct analysis_pair {
    size_t first, second;               /* places in variants */
    int64_t cases;                      /* both have a value */
    double difference, deviation;       /* mean and sample deviation of first - second over these; NAN: not known */
    struct interval difference_interval;        /* Student's t */
    struct analysis_wins wins;          /* of the first */
    double sign_p, sign_holm;           /* NAN: no case differs */
    int64_t aligned;                    /* what the rest is over */
    struct rank_test spearman, kendall;
    struct interval rho_interval;
    double spearman_holm, spearman_bh, kendall_holm, kendall_bh;        /* NAN: no test */
    double cohen_d;                     /* first - second; NAN: can't be said */
};

struct analysis_effect {
    bool known;                         /* else only n and groups mean something */
    int64_t n, least;                   /* values; of the smallest level that has some */
    size_t groups;                      /* levels with a value */
    double h, p, eta_squared, eta_squared_rank;
    double p_holm, p_bh;                /* over the dimensions of `all`; over dimensions and variants of `variants` */
};
struct analysis_level { int64_t n; double mean; struct interval interval; };        /* Student's t */

struct analysis_dimension {
    const struct axis *axis;
    bool skipped;                       /* a case with a value has no level of it: nothing is tested */
    size_t rank;                        /* by eta squared of `all`, from 1; 0: not known */
    struct analysis_effect all, pooled, *variants;
    struct analysis_level *levels, **variant_levels;        /* of `all`; [variant][level] */
};

struct analysis_case { int64_t index; struct str id; int64_t n; double variance; double *values; };     /* by variant; NAN: missing */

enum analysis_code {
    ANALYSIS_SMALL_SAMPLE, ANALYSIS_MODERATE_SAMPLE, ANALYSIS_MISSING_VALUES, ANALYSIS_UNSCORED_VARIANTS,
    ANALYSIS_TOO_MANY_VARIANTS, ANALYSIS_RUN_UNFINISHED, ANALYSIS_SAMPLED, ANALYSIS_ONE_VARIANT, ANALYSIS_FEW_ALIGNED,
    ANALYSIS_NO_SPREAD, ANALYSIS_NO_OUTLIERS, ANALYSIS_NO_DIMENSIONS, ANALYSIS_CASES_GONE, ANALYSIS_DIMENSION_SKIPPED,
    ANALYSIS_DIMENSION_UNTESTED, ANALYSIS_SMALL_LEVELS, ANALYSIS_CODES
};
const char *analysis_code_name(enum analysis_code c);               /* "SMALL_SAMPLE" */
struct analysis_warning { enum analysis_code code; struct str message, recommendation; };

struct analysis {
    const struct result *result;
    struct str metric;
    enum metric_unit unit;
    bool higher_is_better;
    int64_t cases, kept;                /* with some value; of these, kept */
    int64_t aligned;                    /* of the kept, with a value for each scored variant */
    char input_hash[17];                /* of the run's id, the metric and every value */
    struct analysis_variant *variants;  size_t variant_count;       /* as the result ranks them */
    size_t scored;                      /* variants with a value */
    size_t check_count;
    struct analysis_pair *pairs;        size_t pair_count;          /* of scored variants */
    size_t agreeing;                    /* pairs whose rho is known */
    double agreement, least_rho, most_rho;      /* mean of all known rho, the ends; NAN: none */
    struct analysis_dimension *dimensions; size_t dimension_count;  /* by name */
    struct axes axes;
    double explained;                   /* min(sum of eta squared of `all`, 1); NAN: none is known */
    struct analysis_case *contested;    size_t contested_count;     /* the largest variance first */
    struct { bool steps; double *values; size_t count; } distribution;  /* values, or where each step begins; count 0: neither */
    struct analysis_case *matrix;       size_t matrix_count;        /* variance unset */
    struct analysis_warning *warnings;  size_t warning_count;
};

/* `pack` NULL: nothing is said of dimensions. `r` and `a` must outlive the answer. ERR_USAGE with the nearest name when
 * there is no such metric; ERR_BAD_INPUT when nothing ranks the run and no metric was named. */
enum err_code analysis_load(struct store *s, const struct result *r, struct data_pack *pack,
                            const struct analysis_options *o, struct arena *a, struct analysis **out,
                            struct err *e) MUST_USE;

/* "negligible" "small" "medium" "large": from 0.01, 0.06, 0.14 (Cohen 1988, 8.2). */
const char   *analysis_eta_word(double eta_squared);
/* Below ANALYSIS_ALPHA, by the p corrected with Holm's method. */
bool          analysis_stands(double p_holm);
