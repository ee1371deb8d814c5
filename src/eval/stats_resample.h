/* src/eval/stats_resample.h: intervals of a mean that assume no distribution, and of one whose values come in clusters.
 * Pure functions; any thread.
 *
 * Sources: percentile and BCa bootstrap (Efron, Tibshirani, An Introduction to the Bootstrap, 13.3 and 14.3): bias by
 * the share of draws below the estimate (half of those at it), acceleration by the jackknife, which for a mean is its
 * values' third central moment over 6 times their second to the power 3/2, over sqrt(n). Cluster-robust variance of a
 * mean: G / (G - 1) times the sum over clusters of their squared residual sums, over N^2 (Liang, Zeger, Biometrika 73,
 * 1986, with the factor of statsmodels and Stata), on G - 1 degrees. */
#pragma once

#include "eval/stats.h"

#define RESAMPLE_DRAWS 10000
#define RESAMPLE_MAX   1000000                  /* values; more, or fewer than 2: not known */

struct resampled {
    struct interval percentile, bca;            /* bca not known when every draw lies on one side of the mean */
    double p;                                   /* two-sided, of "the mean is 0"; at least 2 / (draws + 1), at most 1 */
};

/* Of the mean of `n` values (differences, for pairs): RESAMPLE_DRAWS draws with replacement, always the same ones for
 * the same n. An index is the high half of a 32-bit number times n: biased by less than n / 2^32. Memory 80 kB. Cost:
 * 1 ns a value drawn. */
struct resampled stats_resample(const double *values, size_t n, double level);

/* BCa from draws in hand, sorted; acceleration as above. */
struct interval stats_bca(const double *sorted_draws, size_t draws, double estimate, double acceleration, double level);
double          stats_acceleration(const double *values, size_t n);     /* 0 without spread */

struct cluster { double sum; int64_t n; };      /* the values of one case */
struct cluster_mean { double mean, error; struct interval interval; };  /* not known with fewer than 2 clusters */
struct cluster_mean stats_cluster(const struct cluster *clusters, size_t count, double level);
