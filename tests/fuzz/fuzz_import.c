/* tests/fuzz/fuzz_import.c: any bytes as a task of another tool, and as a log. The data beside the task is always the
 * same. What comes out of a task must be readable as a task file; a log that is taken must give a finished run. */
#include "eval/imports.h"
#include "eval/task_load.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_warn(void *arg, const struct doc_node *at, struct str text)
{
    (void)arg;
    ASSERT(text.len && (!at || at->line > 0));
}

static void fuzz_task(const char *folder, struct str text)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(problems_dispose) struct problems p = PROBLEMS_INIT;
    struct import_in in = { .name = S("t.yaml"), .dir = folder, .a = a, .warn = fuzz_warn };
    const struct import_format *format;
    struct err e = ERR_INIT;
    struct doc_node *root;
    struct task *t;
    json_t *task;

    if (doc_read(in.name, text, DOC_YAML, a, &root, &e) != ERR_OK || !(format = import_of(root)))
        return;
    in.root = root;
    if (format->task(&in, &task, &e) == ERR_OK)
        ASSERT(json_is_object(task) && json_child(task, "prompt") && json_array_size(json_child(task, "cases")));
    else
        ASSERT(e.text[0]);
    if (task_load_text(in.name, folder, text, NULL, a, &t, &p, &e) != ERR_OK)
        ASSERT(e.text[0]);
}

static void fuzz_log(const char *folder, struct str text)
{
    static struct store *store;
    static struct blob *blob;
    AUTO_ARENA *a = arena_new_sized(0);
    struct err e = ERR_INIT;
    struct run *run;
    json_t *notes;

    if (!store)
        ASSERT(store_open(folder, &store, &e) == ERR_OK && blob_open(folder, &blob, &e) == ERR_OK);
    if (import_log(S("log.json"), text, store, blob, a, &run, &notes, &e) == ERR_OK)
        ASSERT(run->state == RUN_DONE && run->cases > 0 && run->variants == 1);
    else
        ASSERT(e.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char folder[] = "/tmp/assay-fuzz-import-XXXXXX";
    struct str text = str_n((const char *)data, size);
    char path[80];

    if (folder[sizeof folder - 2] == 'X') {
        ASSERT(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/d.jsonl", folder);
        ASSERT(file_write_atomic(path, S("{\"id\":\"1\",\"q\":\"two and two\",\"a\":\"4\",\"c\":[\"3\",\"4\"],\"n\":1,"
            "\"input\":[{\"role\":\"user\","
                                         "\"content\":\"x\"}],\"ideal\":\"y\"}\n{\"q\":\"\",\"a\":\"\",\"c\":[],\"n\":0,"
                                         "\"input\":\"z\"}\n"), 0600, NULL) == ERR_OK);
    }
    fuzz_task(folder, text);
    fuzz_log(folder, text);
    return 0;
}
