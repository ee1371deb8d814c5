/* src/eval/report/pdf.h: the parts of the PDF report; private to it. */
#pragma once

#include "eval/report/charts.h"
#include "eval/report/pdf_page.h"

/* The worst trials of a run: those with a failed critical check first, then the lowest of the ranking metric, then
 * calls that failed, then those with other failed checks; among equals those of the better variant (where the one that
 * may be taken fails matters most), then by number. A trial with none of these is not bad. */
struct pdf_bad { int64_t number; double badness; size_t place; };          /* place: of its variant in the result */
struct pdf_worst { struct pdf_bad *bad; size_t count; int64_t all; };      /* all: how many are bad */

/* At most `max` of them: one pass over the trials' scores, memory for `max`. */
enum err_code pdf_worst_find(const struct result *r, struct store *s, size_t max, struct arena *a,
                             struct pdf_worst *out, struct err *e) MUST_USE;
enum err_code pdf_worst_draw(struct pdf *p, const struct result *r, struct store *s, struct blob *blob,
                             const struct pdf_worst *worst, struct err *e) MUST_USE;
