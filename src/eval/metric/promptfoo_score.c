/* src/eval/metric/promptfoo_score.c: the score promptfoo gives a test: the mean of its assertions' scores by weight. */
#include "eval/metric/metric.h"

#include <math.h>

#include "eval/promptfoo/promptfoo.h"

static void promptfoo_score_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    const struct promptfoo_verdict *v;

    (void)state;
    if (!promptfoo_judge(s, a, &v)) {
        *out = score_missing(S("the case is not a test of a promptfoo configuration"));
        return;
    }
    *out = isnan(v->answer.score) ? score_missing(S("an assertion was not evaluated")) : score_of(v->answer.score);
    out->kept = v->kept;
}

const struct metric metric_promptfoo_score = {
    .name = "promptfoo_score", .label = "score", .unit = METRIC_RATIO, .higher_is_better = true, .compares = true,
    .doc = "A test's score as promptfoo computes it: the mean of its assertions' scores, by weight.",
    .score = promptfoo_score_score, .judged = promptfoo_judged,
};
