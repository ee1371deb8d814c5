/* A task that forks another: the keys it does not write are those of the file it names, and of that file's own parent,
 * nearest first. A key that is written stands, also when it is empty; written as nothing it takes the inherited one
 * away. Keys that say the same thing in two ways go together: who writes `cases` does not inherit `dataset`. */
#include "eval/task_read.h"

#include "data/usecase.h"

static void task_fork_number(struct doc_node *n, int file)
{
    if (n->file == file)
        return;                                         /* an alias led here before */
    n->file = file;
    for (size_t i = 0; i < n->count; i++)
        if (n->kind == DOC_LIST)
            task_fork_number(n->items[i], file);
        else if (n->kind == DOC_MAP)
            task_fork_number(n->pairs[i].value, file);
}

/* The text of file number `file` as a mapping; NULL: told. */
static struct doc_node *task_fork_parse(struct task_read *r, int file, struct str text, struct err *e)
{
    struct str name = r->files[file], what;
    struct err why = ERR_INIT;
    struct doc_node *root;
    int64_t line, column;

    if (str_is(path_base(name), USECASE_FILE_NAME)) {
        root = task_usecase_root(r, file, text);
        if (!root)
            err_set(e, ERR_BAD_INPUT, STR_FMT " can't be read", STR_ARG(name));
        return root;
    }
    if (doc_read(name, text, doc_form_of(name), r->a, &root, &why) == ERR_OK && task_import(r, &root, &why) == ERR_OK) {
        if (file)
            task_fork_number(root, file);
        return task_usecase_old(r, task_promptfoo(r, root));
    }
    if (task_split_place(str_c(why.text), name, &line, &column, &what))
        task_problem(r, file, (int)line, (int)column, STR_FMT "%s", STR_ARG(what), task_import_hint(what));
    else
        task_problem(r, file, 1, 1, "%s", why.text);
    err_set(e, why.code, "%s", why.text);
    return NULL;
}

/* The words a key goes together with; itself when it stands alone. */
static const char *task_fork_group(struct str key)
{
    static const char *const groups[] = { "prompt prompts", "dataset cases gold_data", "output output_format" };

    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        struct str rest = str_c(groups[i]), one;

        while (str_split(&rest, ' ', &one))
            if (str_eq(one, key))
                return groups[i];
    }
    return NULL;
}

static bool task_fork_has(const struct doc_node *root, struct str key)
{
    const char *group = task_fork_group(key);

    for (size_t i = 0; i < root->count; i++)
        if (str_eq(root->pairs[i].key, key) || (group && task_fork_group(root->pairs[i].key) == group))
            return true;
    return false;
}

static struct doc_node *task_fork_join(struct task_read *r, const struct doc_node *child, const struct doc_node *parent)
{
    struct doc_node *joined = arena_new(r->a, struct doc_node);

    *joined = *child;
    joined->pairs = arena_array(r->a, struct doc_pair, child->count + parent->count);
    for (size_t i = 0; i < child->count; i++)
        joined->pairs[i] = child->pairs[i];
    for (size_t i = 0; i < parent->count; i++)
        if (!str_is(parent->pairs[i].key, "fork_of") && !task_fork_has(child, parent->pairs[i].key))
            joined->pairs[joined->count++] = parent->pairs[i];
    return joined;
}

/* The file that `n` names, in the same folder, as the next number. Empty: told. */
static struct str task_fork_open(struct task_read *r, const struct doc_node *n)
{
    struct str name, text, shown;
    char hint[160];

    if (!task_text(r, n, "fork_of", TASK_NAME_MAX, &name))
        return STR_NONE;
    if (str_find_byte(name, '/') >= 0) {
        task_problem_at(r, n, "fork_of names a task file in the same folder, and \"" STR_FMT "\" is a path",
                        STR_ARG(name));
        return STR_NONE;
    }
    shown = path_join(r->a, path_dir(r->name), name);
    for (int i = 0; i < r->file_count; i++)
        if (str_eq(path_base(r->files[i]), name)) {
            task_problem_at(r, n, "a fork can't descend from itself: \"" STR_FMT "\" comes twice", STR_ARG(name));
            return STR_NONE;
        }
    if (r->file_count > TASK_FORKS_MAX) {
        task_problem_at(r, n, "a fork has at most %d ancestors", TASK_FORKS_MAX);
        return STR_NONE;
    }
    task_near_file(r, name, hint);
    if (!file_exists(path_join(r->a, str_c(r->dir), name).at)) {
        task_problem_at(r, n, "there is no task \"" STR_FMT "\" in the folder to fork%s", STR_ARG(name), hint);
        return STR_NONE;
    }
    if (!task_file(r, n, name, DOC_BYTES_MAX, &text))
        return STR_NONE;
    r->files[r->file_count++] = shown;
    return text.len ? text : S(" ");
}

enum err_code task_read_root(struct task_read *r, struct str text, struct doc_node **out, struct err *e)
{
    struct doc_node *root = task_fork_parse(r, 0, text, e), *next = root, *parent;
    const struct doc_node *of;

    if (!root)
        return e->code;
    while ((of = task_member(next, "fork_of"))) {
        struct err unused = ERR_INIT;

        text = task_fork_open(r, of);
        if (!text.len)
            break;
        parent = task_fork_parse(r, r->file_count - 1, text, &unused);
        if (!parent)
            break;
        if (parent->kind != DOC_MAP) {
            task_problem_at(r, parent, "a task is a mapping, and this is %s", doc_kind_name(parent->kind));
            break;
        }
        root = task_fork_join(r, root, parent);
        next = parent;
    }
    *out = root;
    return ERR_OK;
}
