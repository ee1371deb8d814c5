/* src/eval/recommend.h: which variant to take, in words that respect the uncertainty.
 *
 * Best overall    the highest mean of the ranking metric.
 * Best value      the cheapest of those that can't be told apart from the best (compare_difference.h) and whose mean
 * lies
 *                 at most `value_gap` lower; the second rule keeps a tiny run, where nothing can be told apart, from
 *                 recommending the worst. Between equally cheap ones the better.
 * Budget option   the cheapest whose mean is at least Acceptable. Between equally cheap ones (all free ones) the
 * better. A variant whose cost is not known is never cheap. One without a single finished trial is never recommended.
 * With a limit of the cost, whatever costs more, or nobody knows what, is left out of all three first; the others are
 * then held against the best that is left.
 * Tiers: Excellent from 90 %, Good from 80 %, Acceptable from 70 %, Poor below, unless the task says otherwise. */
#pragma once

#include "base/base.h"

struct result;
struct result_variant;

enum tier { TIER_NONE, TIER_POOR, TIER_ACCEPTABLE, TIER_GOOD, TIER_EXCELLENT };
const char *tier_name(enum tier t);                     /* "Good"; "-" for TIER_NONE */

/* What a task may say over in `recommend:`; the run's snapshot keeps it. */
struct recommend_rules {
    double from[TIER_EXCELLENT + 1];    /* the least mean of each tier, 0 to 1 */
    double value_gap;
    int64_t max_nanousd;                /* for 1,000 trials; 0: no limit */
};
void        recommend_rules_of(const json_t *recommend /* or NULL */, struct recommend_rules *out);
enum tier   tier_of(const struct recommend_rules *rules, double quality);
#define RECOMMEND_PERCENT 32
const char *recommend_percent(double share, char out[RECOMMEND_PERCENT]);       /* "90 %" "92.5 %" */

#define RECOMMEND_ALPHA      0.05
#define RECOMMEND_POWER      0.80
#define RECOMMEND_DIFFERENCE 0.03                       /* "a 3-point difference" */
#define RECOMMEND_VALUE_GAP  0.10

struct recommendation {
    ptrdiff_t best, value, budget;      /* places in result.variants; -1: none */
    size_t    top_count;                /* variants, the best among them, that can't be told apart from it */
    int64_t   cases_needed;             /* to show RECOMMEND_DIFFERENCE between #1 and its closest rival; 0: can't be said */
    struct str best_text, value_text, budget_text;      /* one sentence each, empty when there is nothing to say */
    struct str budget_none;             /* why there is no budget option; empty when there is one */
    struct str tell_text;               /* who can't be told apart, and what would help */
    struct str *advice;  size_t advice_count;           /* what else is worth saying */
};

void recommend_make(const struct result *r, struct arena *a, struct recommendation *out);

struct str recommend_cost(const struct result_variant *v, struct arena *a);     /* "$0.84 for 1,000 trials" "free" "of unknown cost" */
int64_t    recommend_round(int64_t n);          /* two digits are all that an estimate of a sample size is good for */
