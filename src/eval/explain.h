/* src/eval/explain.h: a result in plain sentences.
 *
 * A text of parts, always in this order: tested, found, failing, sure, cost, advice, change. A part is a heading and
 * its lines: sentences, which follow each other as a paragraph, and facts, a label with what stands beside it. Every
 * number is of the result; the wording depends on nothing else, so equal results give equal bytes. Names from outside
 * are cleaned (no control characters, cut to 60 columns); writers escape for their own form.
 *
 * What needs cases (the worst ones, how many everyone got right) comes from one pass over the stored scores, about 2 us
 * a trial, in memory that does not grow with their number. A case is right for a variant as in compare.h: its mean of
 * the ranking metric is at least COMPARE_PASS, no critical check failed in it, and some trial of it was answered. */
#pragma once

#include "eval/advise.h"

#define EXPLAIN_CASES     5             /* worst cases named */
#define EXPLAIN_VARIANTS  8             /* listed one by one; the rest is counted */
#define EXPLAIN_HALF      0.03          /* "give or take 3 points" */

struct explain_case {
    struct str id;
    int64_t wrong, variants;            /* variants that got it wrong; that have an outcome for it */
    double mean;                        /* of the ranking metric over variants; NAN: none has a value */
};
struct explain_cases {
    int64_t seen;                       /* cases with an outcome */
    int64_t right, wrong;               /* for every variant that has an outcome of it */
    struct explain_case worst[EXPLAIN_CASES];
    size_t worst_count;                 /* most wrong first, then the lowest mean, then the first */
};
enum err_code explain_cases_load(struct store *s, const struct result *r, struct arena *a, struct explain_cases *out,
                                 struct err *e) MUST_USE;

enum explain_kind { EXPLAIN_SENTENCE, EXPLAIN_FACT };
struct explain_line { enum explain_kind kind; struct str label, text; };        /* label: of facts; may be empty */
struct explain_part { const char *name, *heading; VEC(struct explain_line) lines; };

enum { EXPLAIN_TESTED, EXPLAIN_FOUND, EXPLAIN_FAILING, EXPLAIN_SURE, EXPLAIN_COST, EXPLAIN_ADVICE, EXPLAIN_CHANGE,
       EXPLAIN_PARTS };
struct explain { struct explain_part parts[EXPLAIN_PARTS]; struct advise advise; };

/* `cases` may be NULL: then no case is spoken of. The lines die with the arena. */
void          explain_make(const struct result *r, const struct explain_cases *cases, struct arena *a,
                           struct explain **out);
/* Both. */
enum err_code explain_load(struct store *s, const struct result *r, struct arena *a, struct explain **out,
                           struct err *e) MUST_USE;
struct str    explain_words(const struct explain_line *l, struct arena *a);     /* "label: text", or the text */

/* [{"part", "heading", "sentences": [text...], "facts": [{"label", "text"}...]}...] */
json_t       *explain_json(const struct explain *x);
/* {"run", "task", "parts": as above, "recommendation": advise_json}. Yours. */
json_t       *explain_document(const struct result *r, const struct explain *x);
void          explain_markdown(const struct explain *x, struct buf *out);       /* headings of level 2 */
