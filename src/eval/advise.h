/* src/eval/advise.h: which variant for which use, what to keep away from, and what quality costs at each step.
 *
 * Uses, in this order; without a finished and ranked trial there is only `general`, saying so:
 *   general         the choice below when it is Excellent, else that none is
 *   production      the choice when it is Good, else that none qualifies
 *   cost_sensitive  the recommendation's best value, with points a dollar buys
 *   budget          its budget option, else that none of known cost is Acceptable
 *   development     the budget option when it costs less than half of #1; else the cheapest Good or Acceptable; else #1
 *
 * The choice is #1; where others can't be told apart from it, the recommendation's best value, which is the
 * cheapest of those at most 10 points lower, as long as it reaches the use's own bound.
 *
 * Frontier: the variants of known cost that nothing as cheap surpasses, the cheapest first. Avoid: a mean that is Poor
 * (`sure` when its whole interval lies there), and variants none of whose trials was answered. */
#pragma once

#include "eval/result.h"

#define ADVISE_USES_MAX 5

struct advise_use { const char *use; ptrdiff_t variant; struct str text; };     /* variant: -1 when none qualifies */
struct advise_avoid { size_t variant; bool sure; struct str why; };             /* "accuracy 41.2 %" */

struct advise {
    struct advise_use uses[ADVISE_USES_MAX];  size_t use_count;
    size_t *frontier;             size_t frontier_count;                        /* places in result.variants */
    struct advise_avoid *avoid;   size_t avoid_count;
};

void       advise_make(const struct result *r, struct arena *a, struct advise *out);
/* The variant's name as a sentence may hold it: no control characters, at most 60 columns. */
struct str advise_name(const struct result_variant *v, struct arena *a);
/* {"uses": {use: {"variant", "text"}}, "frontier": [name...], "avoid": [{"variant", "sure", "why"}...]} */
json_t    *advise_json(const struct result *r, const struct advise *x);
