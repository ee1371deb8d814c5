/* tests/fuzz/fuzz_task.c: a task file of any bytes, as YAML and as JSON: a task, or problems with places. */
#include "eval/task_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_task(const struct task *t)
{
    ASSERT(t->name.len && t->prompt_count && t->metric_count && t->repeat >= 1);
    for (size_t i = 0; i < t->variant_count; i++)
        ASSERT(t->variants[i].prompt < t->prompt_count && t->variants[i].name.len);
    for (size_t i = 0; i < t->check_count; i++)
        ASSERT(t->checks[i].name.len && t->checks[i].kind.len && t->checks[i].argument);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int json = 0; json < 2; json++) {
        AUTO_ARENA *a = arena_new_sized(0);
        AUTO(problems_dispose) struct problems p = PROBLEMS_INIT;
        struct err e = ERR_INIT;
        struct task *t = NULL;
        enum err_code code = task_load_text(json ? S("fuzz.json") : S("fuzz.yaml"), "/nowhere",
                                            str_n((const char *)data, size), NULL, a, &t, &p, &e);

        ASSERT((code == ERR_OK) == (p.errors == 0) && p.list.len <= TASK_PROBLEMS_MAX);
        for (size_t i = 0; i < p.list.len; i++)
            ASSERT(str_starts(p.list.at[i].where, S("fuzz.")) && p.list.at[i].text.len);
        if (code == ERR_OK)
            fuzz_task(t);
    }
    return 0;
}
