/* src/eval/stats_rank.h: tests and correlations that look at the order of values only. Pure functions; any thread.
 *
 * Values equal to each other share the mean of their ranks. They must be finite: a NAN has no rank. Memory: 24 bytes a
 * value, freed on return. Cost: O(n log n).
 *
 * Sources: Wilcoxon (1945) signed ranks, zeros dropped as he did, variance lowered for ties (Lehmann, Nonparametrics,
 * 3.2); Spearman's rho with Student's t on n - 2 degrees (Kendall, Gibbons, Rank Correlation Methods, 4); Kendall's
 * tau-b and its variance under ties (the same, 3 and 5), pairs counted by merging (Knight, JASA 61, 1966); Kruskal and
 * Wallis (JASA 47, 1952) with the correction for ties, and the share of variance eta squared = (H - k + 1) / (N - k)
 * (Tomczak, Tomczak, Trends in Sport Sciences 1, 2014); the chi-squared tail by A&S 6.5.29 and 6.5.31. */
#pragma once

#include "base/base.h"

#define STATS_RANK_MAX ((size_t)16 << 20)       /* values; more: not known */

/* A test's value and two-sided p. `known` false: too few values, or none that differ; p is 1 then. */
struct rank_test { double value, p; bool known, exact; };

/* Of n differences. `value` is the smaller sum of signed ranks. Exact with at most 50 values, none of them zero or
 * tied, and with at most 13 whatever they are (all signs are equally likely); else the normal approximation, without a
 * continuity correction. */
struct rank_test stats_wilcoxon(const double *differences, size_t n);
struct rank_test stats_spearman(const double *x, const double *y, size_t n);    /* known from 3 pairs */
/* The same given z: (r_xy - r_xz r_yz) / sqrt((1 - r_xz^2)(1 - r_yz^2)), Student's t on n - 3 degrees (Kendall,
 * Gibbons, 8). Known from 4 values, when all three vary and z alone does not settle x or y. */
struct rank_test stats_spearman_given(const double *x, const double *y, const double *z, size_t n);
/* Exact without ties up to 33 pairs, or when at most one pair of pairs stands against the others. */
struct rank_test stats_kendall(const double *x, const double *y, size_t n);

/* `sizes[k]` values of each group, one group after the other. `value` is H. */
struct kruskal { struct rank_test test; double eta_squared; };
struct kruskal stats_kruskal(const double *values, const size_t *sizes, size_t group_count);

double stats_chi_squared_tail(double x, double df);             /* P(X >= x), df > 0 */
/* Ranks from 1; `out` has n places. The sum of t^3 - t over the groups of equal values is returned. */
double stats_ranks(const double *values, size_t n, double *out);
