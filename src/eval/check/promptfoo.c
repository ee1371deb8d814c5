/* src/eval/check/promptfoo.c: a test of a promptfoo configuration, by promptfoo's own arithmetic
 * (eval/promptfoo/promptfoo.h). */
#include "eval/promptfoo/promptfoo.h"

#include "eval/check/check.h"

struct promptfoo_check { struct promptfoo_scripts *scripts; struct promptfoo_graders *graders; };

static enum err_code promptfoo_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct promptfoo_check *c = arena_new(a, struct promptfoo_check);

    *state = c;
    TRY(promptfoo_scripts_new(spec->argument, a, &c->scripts, e));
    return promptfoo_graders_read(spec->options, a, &c->graders, e);
}

static void promptfoo_wish(const void *state, const struct subject *s, struct subject_wishes *w)
{
    const struct promptfoo_check *c = state;

    promptfoo_transforms_wish(c->scripts, s, w);
    promptfoo_scripts_wish(c->scripts, s, w);
    promptfoo_graders_wish(c->graders, s, w);
}

static const struct evaluator *promptfoo_program(const void *state, size_t i)
{
    return promptfoo_scripts_program(((const struct promptfoo_check *)state)->scripts, i);
}

static const struct model *promptfoo_model(const void *state, size_t i)
{
    return promptfoo_grader_model(((const struct promptfoo_check *)state)->graders, i);
}

static int64_t promptfoo_calls(const void *state, const struct dataset_case *kase, size_t i)
{
    return promptfoo_grader_calls(((const struct promptfoo_check *)state)->graders, kase, i);
}

static bool promptfoo_check_compares(const void *state, const struct dataset_case *kase)
{
    (void)state;
    return !kase || promptfoo_compares(kase);
}

static void promptfoo_check_compare_wish(const void *state, const struct subject *all, size_t count,
                                         struct subject_wishes *w)
{
    promptfoo_compare_wish(((const struct promptfoo_check *)state)->graders, all, count, w);
}

static int64_t promptfoo_check_compare_calls(const void *state, const struct dataset_case *kase, size_t i)
{
    return promptfoo_compare_calls(((const struct promptfoo_check *)state)->graders, kase, i);
}

static const json_t *promptfoo_kept(const void *state, const struct subject *s, struct arena *a)
{
    const struct promptfoo_verdict *v;

    (void)state;
    return promptfoo_judge(s, a, &v) ? v->kept : NULL;
}

static enum check_verdict promptfoo_verdict(const void *state, const struct check_target *t, struct arena *a,
                                            struct str *why)
{
    const struct promptfoo_verdict *v;

    (void)state;
    if (!promptfoo_judge(t->subject, a, &v)) {
        *why = S("the case is not a test of a promptfoo configuration");
        return CHECK_SKIP;
    }
    *why = v->answer.reason;
    return v->answer.state == PROMPTFOO_PASS ? CHECK_PASS : v->answer.state == PROMPTFOO_SKIP ? CHECK_SKIP : CHECK_FAIL;
}

const struct check check_promptfoo = {
    .name = "promptfoo", .argument = CHECK_VALUE, .scope = CHECK_OF_TRIAL,
    .doc = "The case passes as a test of a promptfoo configuration does (see docs/compat.md).",
    .example = "- promptfoo", .options = "graders rubrics",
    .prepare = promptfoo_prepare, .judge = promptfoo_verdict, .wish = promptfoo_wish, .model = promptfoo_model,
    .calls = promptfoo_calls, .program = promptfoo_program, .compares = promptfoo_check_compares,
    .compare_wish = promptfoo_check_compare_wish, .compare_calls = promptfoo_check_compare_calls, .kept = promptfoo_kept,
};
