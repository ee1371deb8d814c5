/* src/eval/check/code.c: code_passes: the program in the answer passes its tests, run in the sandbox (code_tests.h). */
#include "eval/check/check.h"
#include "eval/code_tests.h"

static enum err_code code_check_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct code_tests *t;

    if (spec->depth)
        return err_set(e, ERR_BAD_INPUT,
                       "code_passes stands on its own, in no group and in no case: a program must be run");
    TRY(code_tests_prepare(spec->options, a, &t, e));
    *state = t;
    return ERR_OK;
}

static enum check_verdict code_check_judge(const void *state, const struct check_target *t, struct arena *a,
                                           struct str *why)
{
    struct code_verdict v;

    if (!code_tests_verdict(state, t->subject, a, &v)) {
        *why = v.why;
        return CHECK_SKIP;
    }
    *why = v.why;
    return v.passed == v.total ? CHECK_PASS : CHECK_FAIL;
}

static void code_check_wish(const void *state, const struct subject *s, struct subject_wishes *w)
{
    code_tests_wish(state, s, w);
}

static const struct evaluator *code_check_program(const void *state, size_t i)
{
    return code_tests_program(state, i);
}

const struct check check_code_passes = {
    .name = "code_passes", .argument = CHECK_TRUE, .scope = CHECK_OF_TRIAL, .options = CODE_TESTS_OPTIONS,
    .files = CODE_TESTS_FILES,
    .doc = "The program (or the SQL query) in the answer passes all its tests, run in the sandbox.",
    .example = "- {name: works, code_passes: true, time: 5, severity: critical}",
    .prepare = code_check_prepare, .judge = code_check_judge, .wish = code_check_wish, .program = code_check_program,
};
