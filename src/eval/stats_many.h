/* src/eval/stats_many.h: p values of many comparisons, corrected for their number. Pure functions; any thread.
 *
 * `out[i]` is the adjusted value of p[i]: below alpha, it stands at that level. `out` may be `p`. NAN in p: not a
 * comparison; it is not counted and stays NAN. Cost: O(n log n), 16 bytes a value, freed on return.
 * Sources: Holm (Scand. J. Statist. 6, 1979), which keeps the chance of even one false alarm at alpha; Benjamini,
 * Hochberg (JRSS B 57, 1995), which keeps the expected share of false alarms among the alarms. */
#pragma once

#include "base/base.h"

void stats_holm(const double *p, size_t n, double *out);
void stats_benjamini_hochberg(const double *p, size_t n, double *out);
