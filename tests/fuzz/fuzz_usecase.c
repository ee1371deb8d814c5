/* tests/fuzz/fuzz_usecase.c: any bytes as USE-CASE.md, and as the prompt of a task with dimensions: whatever compiled
 * as a template must still compile with its placeholders filled in. */
#include "data/usecase.h"
#include "eval/task_load.h"
#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_prose(struct str text)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(problems_dispose) struct problems p = PROBLEMS_INIT;
    struct err e = ERR_INIT;
    struct task *t;
    struct usecase *u;

    if (usecase_read_text(S("a/fuzz"), text, a, &u, &e) == ERR_OK) {
        ASSERT(u->name.len && u->edge_case_count <= USECASE_ITEMS_MAX);
        ASSERT(u->format == OUTPUT_JSON || u->format == OUTPUT_CSV);
        ASSERT(!u->goal.text.len || u->goal.line > 0);
        ASSERT(u->goal.text.len + u->notes.text.len + u->schema.text.len + u->script.len <= u->source.len);
    } else {
        ASSERT(e.text[0]);
    }
    ASSERT(task_load_text(S("/nowhere/" USECASE_FILE_NAME), "/nowhere", text, NULL, a, &t, &p, &e) != ERR_OK);
    ASSERT(p.errors);
}

static void fuzz_placeholders(struct str text)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(template_env_freep) struct template_env *env = template_env_new(NULL);
    AUTO_BUF struct buf task = BUF_INIT(1 << 20);
    struct template *compiled;
    struct err e = ERR_INIT;
    struct task *t;

    buf_puts(&task, "{\"name\": \"n\", \"models\": [\"sim:echo\"], \"dimensions\": [{\"name\": \"T\", \"values\": [\"a\", \"b\"]}, "
                    "{\"name\": \"a \\\"b\", \"values\": [\"a\", \"b\"]}], \"cases\": [1], \"prompt\": {\"text\": ");
    json_write_str(text, &task);
    buf_puts(&task, "}}");
    if (buf_failed(&task) || task_load_text(S("f.json"), "/nowhere", buf_str(&task), NULL, a, &t, NULL, &e) != ERR_OK)
        return;
    if (template_compile(env, S("f"), t->prompts[0].source, &compiled, &e) != ERR_OK) {
        fprintf(stderr, STR_FMT "\n%s\n", STR_ARG(t->prompts[0].source), e.text);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prose(str_n((const char *)data, size));
    fuzz_placeholders(str_n((const char *)data, size));
    return 0;
}
