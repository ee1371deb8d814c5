/* src/eval/metric/code_passes.c: the answer is a program, and it is run (code_tests.h has how, the bounds, and what a
 * hostile program can do).
 *   code_passes    1 when it passes all tests, else 0; the note says which failed first, and how
 *   tests_passed   tests passed / tests, 0 when it can't be loaded
 * For pass@k: {metric: pass_at_k, k: [1, 5], of: code_passes}. */
#include "eval/code_tests.h"
#include "eval/metric/metric.h"

static enum err_code code_prepare(const struct metric_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct code_tests *t;

    TRY(code_tests_prepare(spec->options, a, &t, e));
    *state = t;
    return ERR_OK;
}

static void code_wish(const void *state, const struct subject *s, struct subject_wishes *w)
{
    code_tests_wish(state, s, w);
}

static const struct evaluator *code_program(const void *state, size_t i)
{
    return code_tests_program(state, i);
}

static void code_passes_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    struct code_verdict v;

    *out = code_tests_verdict(state, s, a, &v) ? score_of(v.passed == v.total) : score_missing(STR_NONE);
    out->note = v.why;
}

static void tests_passed_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    struct code_verdict v;

    *out = code_tests_verdict(state, s, a, &v) ? score_of((double)v.passed / (double)v.total) : score_missing(STR_NONE);
    out->note = v.why;
}

#define CODE_METRIC(id, heading, words)                                                                             \
    const struct metric metric_##id = {                                                                             \
        .name = #id, .label = heading, .doc = words, .unit = METRIC_RATIO, .higher_is_better = true,                 \
        .options = CODE_TESTS_OPTIONS, .files = CODE_TESTS_FILES, .prepare = code_prepare, .score = id##_score,      \
        .wish = code_wish, .program = code_program,                                                                                     \
    }
CODE_METRIC(code_passes, "code passes",
            "1 when the program (or the SQL query) in the answer, run in the sandbox, passes all tests, else 0.");
CODE_METRIC(tests_passed, "tests passed", "Tests that the program in the answer passes / tests; run in the sandbox.");
