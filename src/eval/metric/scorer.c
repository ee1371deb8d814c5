/* src/eval/metric/scorer.c: the score of a user's own scorer (custom_scorer.h), 0 to 1; without one, 1 when it passed
 * and 0 when it did not. */
#include "eval/custom_scorer.h"
#include "eval/metric/metric.h"

#include <math.h>

static enum err_code scorer_prepare(const struct metric_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct custom_scorer *c = arena_new(a, struct custom_scorer);

    *state = c;
    return custom_scorer_prepare(json_child(spec->options, "scorer"), spec->options, a, c, e);
}

static void scorer_wish(const void *state, const struct subject *s, struct subject_wishes *w)
{
    custom_scorer_wish(state, s, w);
}

static const struct evaluator *scorer_program(const void *state, size_t i)
{
    return i ? NULL : &((const struct custom_scorer *)state)->evaluator;
}

static void scorer_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    struct custom_score got;

    custom_scorer_read(state, s, a, &got);
    if (got.why.len)
        *out = score_missing(got.why);
    else if (!isnan(got.score) || got.passed >= 0)
        *out = (struct score){ .state = SCORE_VALUE, .value = isnan(got.score) ? got.passed : got.score, .note = got.details };
    else
        *out = score_missing(S("the scorer gave neither `score` nor `passed`"));
}

static struct str scorer_called(const void *state, struct arena *a)
{
    struct str name = ((const struct custom_scorer *)state)->evaluator.name, ext = path_ext(name);

    return arena_strdup(a, str_sub(name, 0, name.len - (ext.len ? ext.len + 1 : 0)));
}

const struct metric metric_scorer = {
    .name = "scorer", .label = "scorer", .unit = METRIC_RATIO, .higher_is_better = true,
    .options = "scorer " CUSTOM_SCORER_OPTIONS, .files = CUSTOM_SCORER_FILES, .prepare = scorer_prepare, .score = scorer_score,
    .wish = scorer_wish, .program = scorer_program, .called = scorer_called,
    .doc = "What your own scorer gives, 0 to 1: a Python file with evaluate(output, expected, metadata), or a program that "
           "answers JSON lines; run in the sandbox.",
};
