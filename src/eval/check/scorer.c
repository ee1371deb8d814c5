/* src/eval/check/scorer.c: passes when a user's own scorer (custom_scorer.h) says so: by its score when the check has
 * `min`; else by `passed`; else by a score of at least 0.5. */
#include "eval/check/check.h"
#include "eval/custom_scorer.h"

#include <math.h>

#define SCORER_MIN 0.5

struct scorer_check { struct custom_scorer scorer; double min; bool has_min; };

static enum err_code scorer_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    const json_t *min = json_child(spec->options, "min");
    struct scorer_check *c = arena_new(a, struct scorer_check);

    if (spec->depth)
        return err_set(e, ERR_BAD_INPUT,
                       "scorer stands on its own, in no group and in no case: a program must be asked");
    if (min && (!json_is_number(min) || !(json_number_value(min) >= 0 && json_number_value(min) <= 1)))
        return err_set(e, ERR_BAD_INPUT, "scorer: min is a number from 0 to 1");
    c->has_min = min != NULL;
    c->min = min ? json_number_value(min) : SCORER_MIN;
    *state = c;
    return custom_scorer_prepare(spec->argument, spec->options, a, &c->scorer, e);
}

static void scorer_wish(const void *state, const struct subject *s, struct subject_wishes *w)
{
    custom_scorer_wish(&((const struct scorer_check *)state)->scorer, s, w);
}

static const struct evaluator *scorer_program(const void *state, size_t i)
{
    return i ? NULL : &((const struct scorer_check *)state)->scorer.evaluator;
}

static enum check_verdict scorer_judge(const void *state, const struct check_target *t, struct arena *a,
                                       struct str *why)
{
    const struct scorer_check *c = state;
    struct custom_score got;
    bool by_score;

    custom_scorer_read(&c->scorer, t->subject, a, &got);
    by_score = c->has_min || got.passed < 0;
    if (got.why.len || (by_score && isnan(got.score))) {
        *why = got.why.len  ? got.why
               : c->has_min ? S("the scorer gave no `score` to hold against `min`")
                            : S("the scorer gave neither `score` nor `passed`");
        return CHECK_SKIP;
    }
    if (by_score)
        *why = arena_printf(a, "its score is %.4g, at least %.4g is wanted%s" STR_FMT, got.score, c->min,
                            got.details.len ? ": " : "", STR_ARG(got.details));
    else
        *why = got.details.len ? got.details : S("the scorer said no");
    return (by_score ? got.score >= c->min : got.passed) ? CHECK_PASS : CHECK_FAIL;
}

const struct check check_scorer = {
    .name = "scorer", .argument = CHECK_VALUE, .scope = CHECK_OF_TRIAL, .options = "min " CUSTOM_SCORER_OPTIONS,
    .files = CUSTOM_SCORER_FILES, .prepare = scorer_prepare, .judge = scorer_judge, .wish = scorer_wish, .program = scorer_program,
    .doc = "Your own scorer says that the output passes: a Python file with evaluate(output, expected, metadata), or a program "
           "that answers JSON lines; run in the sandbox.",
    .example = "- {name: polite, scorer: polite.py}",
};
