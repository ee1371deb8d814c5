/* src/eval/report/spread.h: how latency and scores are distributed, as one line of little bars for each variant.
 *
 * Latency by its stored histogram, on a logarithmic axis that all variants share; every share (0..1) that is not only
 * ever 0 or 1 in SPREAD_BINS equal steps, by one pass over the stored scores. Bars are block characters, ASCII where
 * the locale has none; the tallest bar of a line is its most frequent value. */
#pragma once

#include "eval/report/report.h"

#define SPREAD_BINS        12
#define SPREAD_SCORERS_MAX 8            /* more are not drawn */

/* Appends nothing when there is nothing to draw. */
enum err_code spread_write(const struct result *r, struct store *s, const struct report_options *o, struct arena *a,
                           struct buf *out, struct err *e) MUST_USE;
/* One line: a character for each of `n` counts. */
struct str    spread_bars(const int64_t *counts, size_t n, bool ascii, struct arena *a);
