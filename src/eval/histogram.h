/* src/eval/histogram.h: how often which duration occurred, in buckets that grow with the duration.
 *
 * Whole milliseconds below 64 have a bucket each; above, every doubling is cut into 64, so a quantile read from the
 * middle of its bucket is wrong by at most 0.8 %. Durations past 9 hours count as 9 hours. Adding and merging are sums
 * of counts: exact, in any order. Memory: 10 KiB once something was added. Threads: one owner at a time. */
#pragma once

#include "base/base.h"

struct histogram { int64_t *counts; int64_t total; };

void          histogram_add(struct histogram *h, int64_t ms, int64_t times);
void          histogram_merge(struct histogram *into, const struct histogram *from);
/* The value below or at which a share `q` of the values lies (nearest rank); -1 when empty. */
int64_t       histogram_quantile(const struct histogram *h, double q);
/* How many lie from `from_ms` to below `to_ms`, each at the middle of its bucket. */
int64_t       histogram_between(const struct histogram *h, int64_t from_ms, int64_t to_ms);
/* How many lie in each of `n` steps, equal on a logarithmic axis, from low to high; what lies outside goes to the ends. */
void          histogram_bins(const struct histogram *h, int64_t low_ms, int64_t high_ms, int64_t *bins, size_t n);
json_t       *histogram_to_json(const struct histogram *h);         /* [bucket, count, bucket, count...], only counts > 0 */
enum err_code histogram_from_json(const json_t *j, struct histogram *out, struct err *e) MUST_USE;
void          histogram_dispose(struct histogram *h);
