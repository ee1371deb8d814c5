/* src/eval/metric/consistency.c: how much the repetitions of one case differ: the population standard deviation of the
 * ranking metric over a case's repetitions, averaged over the cases with at least two. A trial alone has none, so the
 * value is computed when a result is read (eval/result); here is only its entry in the table. */
#include "eval/metric/metric.h"

static void consistency_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    (void)state;
    (void)s;
    (void)a;
    *out = score_missing(STR_NONE);
}

const struct metric metric_consistency = {
    .name = "consistency", .label = "consistency", .unit = METRIC_RATIO, .higher_is_better = false, .over_repeats = true,
    .doc = "Standard deviation of the quality over a case's repetitions; lower is better; needs repeat: 2 or more.",
    .score = consistency_score,
};
