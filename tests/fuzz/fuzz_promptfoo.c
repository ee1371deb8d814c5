/* tests/fuzz/fuzz_promptfoo.c: any bytes as a promptfoo configuration, as an assertion in short form, and as a test
 * {"assert": [...]} with an output behind a NUL byte: whatever is read is a task that can be scored, whatever is judged
 * has a state and, unless it passed, a reason. */
#include <math.h>
#include <stdlib.h>

#include "eval/promptfoo/kinds.h"
#include "eval/promptfoo/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_config(struct str text)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(problems_dispose) struct problems p = PROBLEMS_INIT;
    struct err e = ERR_INIT;
    struct task *t;

    if (task_load_text(S("/nowhere/promptfooconfig.yaml"), "/nowhere", text, NULL, a, &t, &p, &e) != ERR_OK) {
        ASSERT(p.errors && e.text[0]);
        return;
    }
    ASSERT(t->variant_count && t->prompt_count);
    ASSERT(json_array_size(t->dataset.inline_cases) <= PROMPTFOO_TESTS_MAX);
    for (size_t i = 0; i < json_array_size(t->dataset.inline_cases); i++) {
        const json_t *test = JSON_AT(json_array_get(t->dataset.inline_cases, i), "vars", PROMPTFOO_VARIABLE);

        ASSERT(!test || !promptfoo_test_fault(test, a).len);
    }
}

static void fuzz_short(struct str text)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *one = load_assertion(str_utf8_head(text, 4096), a);

    ASSERT(json_get_str(one, "type").len);
}

static void fuzz_judge(struct str text)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *test = NULL, *vars = NULL;
    ptrdiff_t cut = str_find_byte(text, '\0');
    struct turn turn = { .finish = FINISH_STOP };
    struct dataset_case kase = { .id = S("1") };
    struct subject s = { .kase = &kase, .turns = &turn, .turn_count = 1, .latency_ms = 5 };
    const struct promptfoo_verdict *v;
    struct err e = ERR_INIT;

    if (cut < 0 || json_read(str_sub(text, 0, (size_t)cut), &test, &e) != ERR_OK || !json_is_object(test) ||
        promptfoo_test_fault(test, a).len)
        return;
    vars = json_pack("{s:O}", PROMPTFOO_VARIABLE, test);
    kase.vars = vars;
    s.output = turn.response = str_from(text, (size_t)cut + 1);
    if (!str_is_utf8(s.output))
        return;
    subject_begin(&s, a);
    ASSERT(promptfoo_judge(&s, a, &v));
    ASSERT(v->part_count <= PROMPTFOO_ASSERTS_MAX && v->answer.state <= PROMPTFOO_BROKEN);
    ASSERT(v->answer.state == PROMPTFOO_PASS || v->answer.reason.len);
    for (size_t i = 0; i < v->part_count; i++)
        ASSERT(v->parts[i].answer.state == PROMPTFOO_SKIP || isfinite(v->parts[i].answer.score) ||
               v->parts[i].assertion);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_n((const char *)data, size);

    fuzz_config(text);
    fuzz_short(text);
    fuzz_judge(text);
    return 0;
}
