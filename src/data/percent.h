/* src/data/percent.h (private to data): a share of the cases, drawn so that other programs of the kind draw the same.
 *
 * n = max(1, floor(count x percent / 100)); a Fisher-Yates shuffle of 0..count-1 from the last index down to 1 with
 * j = floor(u x (i + 1)); the first n of it. u = state / 2147483647, state = state x 16807 mod 2147483647 (the minimal
 * standard generator: Park, Miller, CACM 31 (1988)). The seed is reduced by the same modulus first, and 0, from which
 * the generator would never move, becomes 1. Cost: O(count) time and 4 bytes an index. */
#pragma once

#include "base/base.h"

#define PERCENT_CASES_MAX 2000000

uint32_t percent_seed(uint64_t seed);                   /* the seed that counts, 1..2147483646 */
uint32_t percent_next(uint32_t *state);                 /* the new state */
int64_t  percent_count(int64_t cases, int percent);
/* The chosen indices in the order of the shuffle; `out` holds `count` of them, the first percent_count() count. */
void     percent_draw(uint32_t *out, int64_t count, int percent, uint64_t seed);
