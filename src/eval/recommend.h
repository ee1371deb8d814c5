/* src/eval/recommend.h: which variant to take, in words that respect the uncertainty.
 *
 * Best overall    the highest mean of the ranking metric.
 * Best value      the cheapest of those that can't be told apart from the best (paired test, p >= 0.05) and whose mean
 * lies at
 *                 most 10 points lower; the second rule keeps a tiny run, where nothing can be told apart, from
 * recommending
 *                 the worst. Between equally cheap ones the better.
 * Budget option   the cheapest whose mean is at least 70 %. Between equally cheap ones (all free ones) the better.
 * A variant whose cost is not known is never cheap. One without a single finished trial is never recommended.
 * Tiers: Excellent from 90 %, Good from 80 %, Acceptable from 70 %, Poor below. */
#pragma once

#include "base/base.h"

struct result;
struct result_variant;

enum tier { TIER_NONE, TIER_POOR, TIER_ACCEPTABLE, TIER_GOOD, TIER_EXCELLENT };
const char *tier_name(enum tier t);                     /* "Good"; "-" for TIER_NONE */
enum tier   tier_of(double quality);

#define RECOMMEND_ALPHA      0.05
#define RECOMMEND_POWER      0.80
#define RECOMMEND_DIFFERENCE 0.03                       /* "a 3-point difference" */
#define RECOMMEND_VALUE_GAP  0.10
#define RECOMMEND_BUDGET_MIN 0.70

struct recommendation {
    ptrdiff_t best, value, budget;      /* places in result.variants; -1: none */
    size_t    top_count;                /* variants, the best among them, that can't be told apart from it */
    int64_t   cases_needed;             /* to show RECOMMEND_DIFFERENCE between #1 and its closest rival; 0: can't be said */
    struct str best_text, value_text, budget_text;      /* one sentence each, empty when there is nothing to say */
    struct str tell_text;               /* who can't be told apart, and what would help */
    struct str *advice;  size_t advice_count;           /* what else is worth saying */
};

void recommend_make(const struct result *r, struct arena *a, struct recommendation *out);

struct str recommend_cost(const struct result_variant *v, struct arena *a);     /* "$0.84 for 1,000 trials" "free" "of unknown cost" */
int64_t    recommend_round(int64_t n);          /* two digits are all that an estimate of a sample size is good for */
