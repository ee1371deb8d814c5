/* src/eval/agreement.h: how far people, checks and judges who labelled the same trials agree beyond chance.
 *
 * Ratings are category numbers from 0; AGREEMENT_NONE where somebody gave none. Pure functions of their arguments.
 *
 * Sources. Cohen's kappa: Cohen (1960), A coefficient of agreement for nominal scales; its standard error for a kappa
 * that need not be 0: Fleiss, Cohen, Everitt (1969), Large sample standard errors of kappa and weighted kappa, eq. 13;
 * the interval is kappa +- z * error, cut to -1..1. Krippendorff's alpha from the coincidence matrix, with his nominal,
 * ordinal and interval metrics: Krippendorff (2011), Computing Krippendorff's alpha-reliability, part C. Its interval
 * is the percentile bootstrap (Efron 1979) over units: AGREEMENT_RESAMPLES draws, always with the same seed.
 * Both intervals take the units as independent of one another. */
#pragma once

#include "eval/stats.h"

#define AGREEMENT_NONE           (-1)
#define AGREEMENT_CATEGORIES_MAX 64
#define AGREEMENT_RATERS_MAX     64
#define AGREEMENT_RESAMPLES      1000

struct agreement_kappa {
    int64_t n;                          /* units both rated */
    double observed, expected;          /* share of equal ratings; the share chance alone would give */
    double kappa, error;                /* NAN where both always gave the same one category, or n is 0 */
    struct interval interval;           /* not known where kappa is not, or n < 2 */
};
/* counts[first's category * categories + second's]. `level`: 0.95. */
void agreement_kappa_counts(const int64_t *counts, size_t categories, double level, struct agreement_kappa *out);
void agreement_kappa(const int *first, const int *second, size_t units, size_t categories, double level,
                     struct agreement_kappa *out);

enum agreement_scale { AGREEMENT_NOMINAL, AGREEMENT_ORDINAL, AGREEMENT_INTERVAL, AGREEMENT_SCALES };
const char *agreement_scale_name(enum agreement_scale s);           /* "nominal" "ordinal" "interval" */
bool        agreement_scale_from(struct str name, enum agreement_scale *out) MUST_USE;

struct agreement_alpha {
    int64_t units, ratings;             /* that count: units with at least two ratings, and the ratings of these */
    double observed, expected;          /* disagreement */
    double alpha;                       /* NAN where only one category was given, or nobody shares a unit */
    struct interval interval;
};
/* ratings[unit * raters + rater]; `values` says what number each category stands for (interval scale; NULL: its own
 * place), categories stand in order for the ordinal scale. Cost: O(resamples * units * ratings of a unit squared). */
void agreement_alpha(const int *ratings, size_t units, size_t raters, const double *values, size_t categories,
                     enum agreement_scale scale, double level, struct agreement_alpha *out);
