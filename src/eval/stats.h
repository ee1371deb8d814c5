/* src/eval/stats.h: the few statistics a comparison needs, exact enough to agree with scipy and statsmodels to 1e-9
 * (tests/stats holds their answers). Pure functions of their arguments; any thread.
 *
 * Sources: Wilson (1927) score interval; Student's t by the regularised incomplete beta function, evaluated as Lentz's
 * continued fraction (Abramowitz & Stegun 26.5.8, 26.7.1); the normal quantile by A&S 26.2.23 sharpened with Halley's
 * steps; McNemar's test in its exact form (two-sided binomial on the discordant pairs); sample size of a paired
 * comparison by the normal approximation n = ((z(1-a/2) + z(power)) sd / delta)^2 (Chow, Shao, Wang, Sample Size
 * Calculations in Clinical Research, 3.1). More of them: stats_rank.h (order only), stats_resample.h (bootstrap,
 * clusters), stats_power.h (effect sizes, cases needed), stats_many.h (many p values). */
#pragma once

#include "base/base.h"

struct interval { double low, high; bool known; };

double stats_normal_cdf(double x);
double stats_normal_quantile(double p);                         /* 0 < p < 1; -inf and inf at the ends */
double stats_t_cdf(double t, double df);                        /* df > 0 */
double stats_t_quantile(double p, double df);
double stats_t_two_sided(double t, double df);                  /* P(|T| >= |t|) */
double stats_beta(double x, double a, double b);                /* regularised incomplete beta I_x(a, b) */
double stats_log_gamma_half(double a);                          /* log(gamma(a + 1/2) / gamma(a)), a > 0 */
/* P(X <= k) for X ~ Binomial(n, 1/2). */
double stats_coin_cdf(int64_t k, int64_t n);

/* A share of k among n. Not known when n is 0. */
struct interval stats_wilson(int64_t k, int64_t n, double level);
/* A mean of n values with this sample variance. Not known when n < 2. */
struct interval stats_t_interval(double mean, double variance, int64_t n, double level);

/* Where, as shares of the sorted values, an interval for the q-quantile of m independent values runs: between two order
 * statistics chosen by the binomial distribution of how many lie below the quantile (David, Nagaraja, Order Statistics,
 * 7.1). Not known when m is too small for either end. Cost: O(log m) incomplete betas. */
struct interval stats_quantile_interval(double q, int64_t m, double level);
double stats_binomial_cdf(int64_t k, int64_t n, double p);      /* P(X <= k) */

/* What rows of numbers come to once they are added up column by column; NAN: nothing can be said. */
typedef double stats_fold(const double *sums, size_t width);
/* Percentile bootstrap of `fold` (Efron 1979): rows are drawn with replacement STATS_RESAMPLES times, always with the
 * same seed, and the interval runs between the (1 - level) / 2 quantiles of what the draws come to. Not known with
 * fewer than 2 rows, or when a tenth of the draws say nothing. Cost: resamples x rows x width additions. */
#define STATS_RESAMPLES 1000
int stats_double_cmp(const void *x, const void *y);             /* for qsort */
double stats_quantile_sorted(const double *sorted, size_t n, double q);     /* n > 0; linear between the two nearest */
struct interval stats_bootstrap(const double *rows, size_t row_count, size_t width, stats_fold *fold, double level);

/* Two-sided p of "the two do equally well"; 1 when nothing speaks against it. */
double stats_mcnemar(int64_t only_first, int64_t only_second);  /* exact; also the sign test on wins and losses */
/* Mean and variance are of the n differences. With no spread at all t has no meaning: the sign test answers then. */
double stats_paired_t(double mean, double variance, int64_t n);

/* Pairs for a two-sided test at `alpha` to show a difference of `delta` with probability `power`; 0 when it can't be
 * said (no spread). */
int64_t stats_pairs_needed(double deviation, double delta, double alpha, double power);
