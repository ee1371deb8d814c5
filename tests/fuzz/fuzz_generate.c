/* tests/fuzz/fuzz_generate.c: any bytes as what a model replied, as a rule, and as a task file that checks are added
 * to: what is read can be prepared, and the file grows by one piece and nothing else. */
#include "eval/generate.h"
#include "eval/task_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_rule(struct str text)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct check_spec spec;
    struct err e = ERR_INIT;
    struct rule rule;

    rule_read(text, a, &rule);
    ASSERT(check_spec_read(rule.check, &spec, &e) == ERR_OK);
    ASSERT(rule.way == RULE_NONE || check_verify(&spec, &e) == ERR_OK);
    ASSERT((rule.way == RULE_NONE) == (str_is(spec.kind, "rule")));
    ASSERT((rule.way == RULE_JUDGE) == (str_is(spec.kind, "judged")));
    ASSERT(rule.way != RULE_NONE || rule.why.len);
}

static void fuzz_reply(struct str text)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct generated_checks g;
    struct task t = { .name = S("fuzz") };
    struct str why = STR_NONE;

    if (!generate_checks_read(text, a, &g, &why)) {
        ASSERT(why.len);
        return;
    }
    generate_checks_fit(&t, a, &g);
    ASSERT(g.count <= GENERATE_CHECKS_MAX);
    for (size_t i = 0; i < g.count; i++)
        ASSERT(g.at[i].name.len && str_is_utf8(g.at[i].description));
}

static void fuzz_edit(struct str text, enum doc_form form)
{
    AUTO_BUF struct buf out = BUF_INIT(1u << 24);
    AUTO_JSON *checks = json_pack("[{s:s, s:i}, {s:s, s:[s]}]", "name", "a: b", "max_words", 3, "name", "c", "one_of",
                                  "d ]");
    struct err e = ERR_INIT;
    size_t head = 0, tail = 0;

    if (task_edit_add_checks(S("fuzz"), text, form, checks, &out, &e) != ERR_OK) {
        ASSERT(e.text[0]);
        return;
    }
    while (head < text.len && text.at[head] == out.bytes[head])
        head++;
    while (tail < text.len - head && text.at[text.len - 1 - tail] == out.bytes[out.len - 1 - tail])
        tail++;
    ASSERT(text.len - head - tail <= 4);                /* an explicit null is replaced */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_n((const char *)data, size);

    fuzz_rule(text);
    fuzz_reply(text);
    fuzz_edit(text, DOC_YAML);
    fuzz_edit(text, DOC_JSON);
    return 0;
}
