/* Where the cases come from, and the form of the answer. */
#include "eval/task_read.h"

#include <errno.h>
#include <unistd.h>

static void task_member_name(struct task_read *r, const struct doc_node *n, const char *what, struct str *out)
{
    if (n)
        task_text(r, n, what, TASK_NAME_MAX, out);
}

/* The file or folder must lie in the task's folder and be there. */
static void task_dataset_path(struct task_read *r, const struct doc_node *n)
{
    struct err e = ERR_INIT;
    struct str path;
    char hint[160];
    enum err_code code;
    int fd;

    if (!task_text(r, n, "dataset", 4096, &path))
        return;
    r->t->dataset.path = path;
    code = file_open_beneath(r->dir, path, &fd, &e);
    if (code == ERR_IO)
        code = file_open_folder_beneath(r->dir, path, &fd, &e);
    switch (code) {
    case ERR_OK: close(fd); break;
    case ERR_NOT_FOUND:
        task_near_file(r, path, hint);
        task_problem_at(r, n, "there is no dataset \"" STR_FMT "\" in the task's folder%s", STR_ARG(path), hint);
        break;
    case ERR_DENIED:
        task_problem_at(r, n,
                        "the dataset \"" STR_FMT
                        "\" is outside the task's folder; copy it there, or give it with --dataset",
                        STR_ARG(path));
        break;
    default: task_problem_at(r, n, "%s", e.text);
    }
}

static void task_dataset_override(struct task_read *r)
{
    char *given = arena_cstr(r->a, r->ov->dataset);
    char *full = realpath(given, NULL);

    if (!full) {
        task_problem_in(r, S("--dataset"), false,
                        arena_printf(r->a, "\"%s\" can't be opened: %s", given, strerror(errno)));
        return;
    }
    r->t->dataset.path = arena_strdup(r->a, str_c(full));
    free(full);
}

static void task_read_cases(struct task_read *r, const struct doc_node *n)
{
    if (!task_is(r, n, "cases", DOC_LIST))
        return;
    if (n->count == 0)
        task_problem_at(r, n, "the list of cases is empty");
    r->t->dataset.inline_cases = task_json(r, n);
}

/* {"input": text, "items" or "concepts": [...]}: one case. */
static void task_read_gold(struct task_read *r, const struct doc_node *n)
{
    const struct doc_node *items = task_member(n, "concepts") ? task_member(n, "concepts") : task_member(n, "items");
    json_t *kase = json_object(), *list = json_array();

    r->t->dataset.inline_cases = json_in_arena(list, r->a);
    json_array_append_new(list, kase);
    if (!task_is(r, n, "gold_data", DOC_MAP))
        return;
    if (!items || items->kind != DOC_LIST || !items->count) {
        task_problem_at(r, n, "gold_data needs items: a list of at least one");
        return;
    }
    json_object_set_new(kase, "input",
                        task_member(n, "input") ? doc_to_json(task_member(n, "input")) : json_string(""));
    json_object_set_new(kase, "expected", doc_to_json(items));
}

static bool task_is_dimension(const struct task_read *r, struct str name)
{
    const struct dimensions *d = &r->t->dimensions;

    if (d->count && (str_is(name, "dimension") || str_is(name, "dimensions")))
        return true;
    for (size_t i = 0; i < d->count; i++)
        if (str_eq(d->list[i].name, name))
            return true;
    return false;
}

/* No cases at all: fine when the prompt reads nothing that `vars` does not give. */
static void task_no_cases(struct task_read *r)
{
    json_t *list;

    if (r->benchmark) {
        task_warning_at(r, r->root, "the task has no cases; give them with --dataset (each with a variable \"input\")");
        return;
    }
    for (size_t i = 0; i < r->reads.len; i++) {
        struct str name = r->reads.at[i];

        if (str_is(name, "task") || str_is(name, "case") || str_is(name, "answer") || str_is(name, "answers") ||
            json_object_getn(r->t->dataset.defaults, name.at, name.len) || task_is_dimension(r, name))
            continue;
        task_problem_at(r, r->root, "the prompt reads \"" STR_FMT "\", and the task has no cases to take it from; add dataset: "
                        "FILE, or cases: a list", STR_ARG(name));
        return;
    }
    list = json_array();
    json_array_append_new(list, json_object());
    r->t->dataset.alone = r->t->dimensions.count > 0;
    r->t->dataset.inline_cases = json_in_arena(list, r->a);
}

void task_read_dataset(struct task_read *r)
{
    const struct doc_node *dataset = task_member(r->root, "dataset"), *cases = task_member(r->root, "cases");
    const struct doc_node *vars = task_member(r->root, "vars"), *gold = task_member(r->root, "gold_data"),
                          *path = dataset;
    struct task *t = r->t;

    if (vars && task_is(r, vars, "vars", DOC_MAP))
        t->dataset.defaults = task_json(r, vars);
    task_member_name(r, task_member(r->root, "expected"), "expected (the member that holds the answer)",
                     &t->dataset.expected);
    if (dataset && dataset->kind == DOC_MAP) {
        task_check_keys(r, dataset, "dataset", "path expected id");
        task_member_name(r, task_member(dataset, "expected"), "expected (the member that holds the answer)",
                         &t->dataset.expected);
        task_member_name(r, task_member(dataset, "id"), "id (the member that names the case)", &t->dataset.id);
        path = task_member(dataset, "path");
        if (!path && !cases)
            task_problem_at(r, dataset, "dataset needs path: a file or folder");
    }
    if (dataset && path && cases)
        task_problem_at(r, cases, "the task has both dataset and cases; keep one");
    if (r->ov->expected.len)
        t->dataset.expected = arena_strdup(r->a, r->ov->expected);
    if (r->ov->id.len)
        t->dataset.id = arena_strdup(r->a, r->ov->id);
    if (r->ov->dataset.len)
        task_dataset_override(r);
    else if (path)
        task_dataset_path(r, path);
    else if (cases)
        task_read_cases(r, cases);
    else if (gold)
        task_read_gold(r, gold);
    else if (!dataset && !t->dataset.inline_cases)      /* a promptfoo configuration brings its own */
        task_no_cases(r);
}

/* --- output --- */

static void task_output_format(struct task_read *r, const struct doc_node *n)
{
    struct suggest near;
    char hint[160];

    if (!task_is(r, n, "the output format", DOC_STRING))
        return;
    if (output_format_from(n->text, &r->t->output.format)) {
        r->t->output.format_given = true;
        return;
    }
    suggest_begin(&near, n->text);
    for (int i = 0; i < OUTPUT_FORMATS; i++)
        suggest_offer(&near, str_c(output_format_name((enum output_format)i)));
    task_problem_at(r, n, "the output format is text, json, csv or markdown, not \"" STR_FMT "\"%s", STR_ARG(n->text),
                    suggest_hint(&near, hint));
}

static void task_schema_file(struct task_read *r, const struct doc_node *n)
{
    struct str text, shown = path_join(r->a, path_dir(r->name), n->text), place;
    struct doc_node *root;
    struct err e = ERR_INIT;
    char hint[160];

    if (str_trim(n->text).len == 0) {
        task_problem_at(r, n, "schema is a file or a mapping, and this is blank");
        return;
    }
    task_near_file(r, n->text, hint);
    if (hint[0] && !file_exists(path_join(r->a, str_c(r->dir), n->text).at)) {
        task_problem_at(r, n, "there is no schema file \"" STR_FMT "\" in the task's folder%s", STR_ARG(n->text), hint);
        return;
    }
    if (!task_file(r, n, n->text, TASK_TEXT_MAX, &text))
        return;
    if (doc_read(shown, text, doc_form_of(n->text), r->a, &root, &e) != ERR_OK) {
        place = str_c(e.text);
        task_problem_in(r, arena_printf(r->a, STR_FMT ":%d:%d", STR_ARG(r->files[n->file]), n->line, n->column), false,
                        place);
        return;
    }
    if (root->kind != DOC_MAP)
        task_problem_at(r, n, "\"" STR_FMT "\" is not a JSON Schema: a mapping is needed", STR_ARG(n->text));
    else
        r->t->output.schema = task_json(r, root);
}

/* What vendors accept as a schema's name: letters, digits, _ and -, at most 64. */
static struct str task_schema_name(struct task_read *r, struct str wanted)
{
    struct str s = arena_strdup(r->a, str_sub(wanted, 0, 64));

    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            ((char *)s.at)[i] = '_';
    }
    return s.len ? s : S("answer");
}

void task_read_output(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "output"), *old = task_member(r->root, "output_format"), *schema,
                          *name;
    struct task *t = r->t;

    if (old)
        task_output_format(r, old);
    if (!n)
        return;
    if (n->kind == DOC_STRING) {
        task_output_format(r, n);
        return;
    }
    if (!task_is(r, n, "output", DOC_MAP))
        return;
    task_check_keys(r, n, "output", "format schema name");
    schema = task_member(n, "schema");
    name = task_member(n, "name");
    if (task_member(n, "format"))
        task_output_format(r, task_member(n, "format"));
    if (!schema)
        return;
    if (t->output.format_given && t->output.format != OUTPUT_JSON)
        task_problem_at(r, schema, "a schema describes JSON, and the format is %s",
                        output_format_name(t->output.format));
    t->output.format = OUTPUT_JSON;
    t->output.format_given = true;
    t->output.schema_name = task_schema_name(r, name && name->kind == DOC_STRING ? name->text : t->name);
    if (schema->kind == DOC_STRING)
        task_schema_file(r, schema);
    else if (task_is(r, schema, "schema", DOC_MAP))
        t->output.schema = task_json(r, schema);
}
