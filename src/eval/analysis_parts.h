/* src/eval/analysis_parts.h: what analysis*.c share. */
#pragma once

#include "eval/analysis.h"

/* Cases kept: values[row * variant_count + variant], NAN where missing; levels[row * dimension_count + dimension], -1
 * where the case has none of them. */
struct analysis_kept { double *values; signed char *levels; size_t rows, rows_max; };

/* Of a pair, over every case. */
struct analysis_pair_sums { struct aggregate_scorer difference; int64_t won, lost; };

struct analysis_wins analysis_wins_of(int64_t won, int64_t lost, int64_t tied);
/* To 36 bits, for comparing: what differs by the noise of summing alone (1/3 + 2/3 and 0 + 1) is a tie, not a win. */
double analysis_settle(double v);
bool analysis_aligned(const struct analysis *x, const double *row);     /* each scored variant has a value */
/* Fill in pairs' tests, agreement and outliers. */
void analysis_pairs_finish(struct analysis *x, const struct analysis_kept *k, const struct analysis_pair_sums *sums,
                           struct arena *a);
/* `unplaced[d]`: cases with a value and without a level of the dimension. */
void analysis_dimensions_finish(struct analysis *x, const struct analysis_kept *k, const int64_t *unplaced,
                                struct arena *a);
/* `gone`: the cases could not be read. */
void analysis_warn(struct analysis *x, bool gone, struct arena *a);
