/* src/eval/metric/cost_per_correct.c: what one right answer costs: US dollars of all trials of a variant, failed ones
 * that were billed too, / trials that passed: the metric `of` (exact_match when not said) is at least `at_least` (1).
 * Missing when nothing passed. A trial has no value of its own. Parts: dollars, passed. */
#include "eval/metric/inner.h"

#include <math.h>

static enum err_code cost_per_correct_prepare(const struct metric_spec *spec, struct arena *a, void **state,
                                              struct err *e)
{
    struct inner *in = arena_new(a, struct inner);

    *state = in;
    return inner_prepare(spec, "exact_match", true, a, in, e);
}

static void cost_per_correct_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    struct score_parts *parts = arena_new(a, struct score_parts);
    double *sums = arena_array(a, double, 2);
    struct score passed;

    inner_passed(state, s, a, &passed);
    if (passed.state != SCORE_VALUE || s->cost_nanousd == MONEY_UNKNOWN) {
        *out = score_missing(passed.state == SCORE_VALUE ? S("the price is not known") : passed.note);
        return;
    }
    sums[0] = money_to_double(s->cost_nanousd);
    sums[1] = passed.value;
    *parts = (struct score_parts){ .sums = sums, .count = 2 };
    *out = score_missing(STR_NONE);
    out->parts = parts;
}

static bool cost_per_correct_failed(const struct trial *t, double *parts)
{
    if (t->cost_nanousd == MONEY_UNKNOWN || !t->cost_nanousd)
        return false;
    parts[0] = money_to_double(t->cost_nanousd);
    parts[1] = 0;
    return true;
}

static double cost_per_correct_corpus(const double *sums, size_t count)
{
    ASSERT(count == 2);
    return sums[1] > 0 ? sums[0] / sums[1] : NAN;
}

const struct metric metric_cost_per_correct = {
    .name = "cost_per_correct", .label = "cost per correct", .unit = METRIC_USD, .parts = 2,
    .options = INNER_OPTIONS " at_least", .prepare = cost_per_correct_prepare, .score = cost_per_correct_score,
    .corpus = cost_per_correct_corpus, .failed = cost_per_correct_failed, INNER_ASKS,
    .doc = "US dollars of all trials / trials that passed `of` (exact_match when not said).",
};
