/* A task file of another tool, as the mapping a task file of ours would hold (eval/imports.h). */
#include "eval/imports.h"
#include "eval/task_read.h"

static void task_import_warn(void *arg, const struct doc_node *at, struct str text)
{
    task_warning_at(arg, at ? at : ((struct task_read *)arg)->root, STR_FMT, STR_ARG(text));
}

/* What is wrong with it now has no place of its own in the file. */
static void task_import_place(struct doc_node *n, const struct doc_node *root)
{
    n->line = root->line;
    n->column = root->column;
    n->file = root->file;
    for (size_t i = 0; i < n->count; i++) {
        if (n->kind == DOC_LIST)
            task_import_place(n->items[i], root);
        else if (n->kind == DOC_MAP) {
            n->pairs[i].line = root->line;
            n->pairs[i].column = root->column;
            task_import_place(n->pairs[i].value, root);
        }
    }
}

const char *task_import_hint(struct str fault)
{
    if (!str_contains(fault, S("\"!function\"")))
        return "";
    return " (lm-evaluation-harness calls Python here, which assay does not run; write what it does into the data or "
           "the templates)";
}

enum err_code task_import(struct task_read *r, struct doc_node **root, struct err *e)
{
    const struct import_format *format = import_of(*root);
    struct import_in in = { .name = r->name, .dir = r->dir, .root = *root, .a = r->a, .warn = task_import_warn, .arg = r };
    AUTO_BUF struct buf text = BUF_INIT(DOC_BYTES_MAX);
    struct doc_node *made;
    json_t *task;

    if (!format)
        return ERR_OK;
    TRY(format->task(&in, &task, e));
    json_write(task, &text);
    if (buf_failed(&text))
        return err_set(e, ERR_TOO_LARGE, STR_FMT ":1:1: with its data the task is larger than 64 MiB",
                       STR_ARG(r->name));
    if (doc_read(r->name, arena_strdup(r->a, buf_str(&text)), DOC_JSON, r->a, &made, e) != ERR_OK)
        return err_prefix(e, "as a task of ours");
    task_import_place(made, *root);
    *root = made;
    return ERR_OK;
}
