/* src/eval/stats_power.h: how large an effect is, how surely it would be found, and how many cases that needs. Pure
 * functions; any thread. A number of cases of 0, or a NAN, means it can't be said.
 *
 * Sources: Cohen, Statistical Power Analysis (1988), 2.2 and 2.3.5 (d; d_z = mean / deviation of the differences);
 * Hedges, J. Educ. Statist. 6, 1981 (its correction, in gamma functions). Power of the paired t test: the noncentral t
 * distribution (Lenth, Algorithm AS 243, 1989; past a noncentrality of 37 by A&S 26.7.10). McNemar: with
 * A = z(1-a/2) sqrt(w) + z(power) sqrt(w - d^2), where w is the share of cases on which the two differ and d the
 * difference of their shares, n = A^2 / d^2 (Connor, Biometrics 43, 1987); the exact test loses what a continuity
 * correction loses, |b - c| - 1 in the place of |b - c|, which makes it n / 4 (1 + sqrt(1 + 4 / (n d)))^2. */
#pragma once

#include "base/base.h"

#define POWER_CASES_MAX INT64_C(1000000000)

double      stats_cohen_d(double mean, double deviation);       /* of differences; 0 for 0 / 0, infinite for x / 0 */
/* Of two groups, over their pooled deviation; variances of the samples. NAN with fewer than 2 in either. */
double      stats_cohen_d_groups(double mean1, double variance1, int64_t n1, double mean2, double variance2, int64_t n2);
double      stats_hedges_g(double d, double df);                /* df: n - 1 of pairs, n1 + n2 - 2 of groups; > 1 */
const char *stats_effect_word(double d);        /* "negligible" "small" "medium" "large": from 0.2, 0.5, 0.8 */

double      stats_noncentral_t_cdf(double t, double df, double shift);
/* Chance that a two-sided paired t test of n pairs finds the effect d_z. n > 1. */
double      stats_paired_t_power(double d, int64_t n, double alpha);
int64_t     stats_paired_t_cases(double d, double alpha, double power);         /* the least n with that power */
double      stats_paired_t_detectable(int64_t n, double alpha, double power);   /* d_z; NAN when n < 2 */

/* Chance that the exact test finds it, over both how many cases differ and which way. Cost: about 20 sqrt(n)
 * binomials.*/
double      stats_mcnemar_power(int64_t n, double discordant, double delta, double alpha);
/* `discordant` below `delta` is impossible and taken as `delta`. */
int64_t     stats_mcnemar_cases(double discordant, double delta, double alpha, double power);
double      stats_mcnemar_detectable(int64_t n, double discordant, double alpha, double power); /* NAN: more than all */
