#include "eval/task_read.h"

#include "data/usecase.h"
#include "template/template.h"

#include <stdio.h>

/* --- problems --- */

void problems_dispose(struct problems *p)
{
    vec_dispose(&p->list);
    *p = PROBLEMS_INIT;
}

void task_problem_in(struct task_read *r, struct str where, bool warning, struct str text)
{
    struct problems *p = r->p;

    if (p->list.len == TASK_PROBLEMS_MAX) {
        p->more += !warning;
        return;
    }
    p->errors += !warning;
    p->warnings += warning;
    vec_push(&p->list, (struct problem){ arena_strdup(r->a, where), arena_strdup(r->a, text), warning });
}

static void task_problem_v(struct task_read *r, int file, int line, int column, bool warning, const char *fmt,
                           va_list ap) PRINTF_LIKE(6, 0);

static void task_problem_v(struct task_read *r, int file, int line, int column, bool warning, const char *fmt,
                           va_list ap)
{
    struct err text = ERR_INIT;         /* cut on a code point, control bytes made harmless */

    err_setv(&text, ERR_BAD_INPUT, fmt, ap);
    task_problem_in(r,
                    arena_printf(r->a, STR_FMT ":%d:%d", STR_ARG(r->inside.len ? r->inside : r->files[file]), line,
                                 column),
                    warning, str_c(text.text));
}

void task_problem(struct task_read *r, int file, int line, int column, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    task_problem_v(r, file, line, column, false, fmt, ap);
    va_end(ap);
}

void task_problem_at(struct task_read *r, const struct doc_node *n, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    task_problem_v(r, n->file, n->line, n->column, false, fmt, ap);
    va_end(ap);
}

void task_warning_at(struct task_read *r, const struct doc_node *n, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    task_problem_v(r, n->file, n->line, n->column, true, fmt, ap);
    va_end(ap);
}

static bool task_word_in(struct str word, const char *names)
{
    struct str rest = str_c(names), one;

    while (str_split(&rest, ' ', &one))
        if (str_eq(one, word))
            return true;
    return false;
}

void task_unknown_key(struct task_read *r, const struct doc_pair *key, const char *of_what, const char *names)
{
    struct str rest = str_c(names), one;
    struct suggest near;
    char hint[160];

    suggest_begin(&near, key->key);
    while (str_split(&rest, ' ', &one))
        suggest_offer(&near, one);
    if (suggest_best(&near).len)
        task_problem(r, key->value->file, key->line, key->column, "%s has no key \"" STR_FMT "\"%s", of_what,
                     STR_ARG(key->key), suggest_hint(&near, hint));
    else
        task_problem(r, key->value->file, key->line, key->column, "%s has no key \"" STR_FMT "\"; it knows: %s",
                     of_what, STR_ARG(key->key), names);
}

void task_check_keys(struct task_read *r, const struct doc_node *map, const char *of_what, const char *names)
{
    for (size_t i = 0; map->kind == DOC_MAP && i < map->count; i++)
        if (!task_word_in(map->pairs[i].key, names))
            task_unknown_key(r, &map->pairs[i], of_what, names);
}

/* --- values --- */

const struct doc_node *task_member(const struct doc_node *map, const char *key)
{
    const struct doc_node *n = doc_get(map, key);

    return n && n->kind != DOC_NULL ? n : NULL;
}

bool task_is(struct task_read *r, const struct doc_node *n, const char *what, enum doc_kind kind)
{
    if (n->kind == kind)
        return true;
    if (kind == DOC_STRING && (n->kind == DOC_INT || n->kind == DOC_DOUBLE || n->kind == DOC_BOOL))
        task_problem_at(r, n, "%s must be text, and this is %s; put it in quotes: \"" STR_FMT "\"", what,
                        doc_kind_name(n->kind), STR_ARG(n->text));
    else
        task_problem_at(r, n, "%s must be %s, and this is %s", what, doc_kind_name(kind), doc_kind_name(n->kind));
    return false;
}

bool task_text(struct task_read *r, const struct doc_node *n, const char *what, size_t bytes_max, struct str *out)
{
    if (!task_is(r, n, what, DOC_STRING))
        return false;
    if (str_trim(n->text).len == 0) {
        task_problem_at(r, n, "%s is blank", what);
        return false;
    }
    if (n->text.len > bytes_max) {
        task_problem_at(r, n, "%s is %zu bytes long; at most %zu are allowed", what, n->text.len, bytes_max);
        return false;
    }
    *out = n->text;
    return true;
}

bool task_number(struct task_read *r, const struct doc_node *n, const char *what, double low, double high, double *out)
{
    double v = n->kind == DOC_INT ? (double)n->integer : n->kind == DOC_DOUBLE ? n->number : 0;

    if (n->kind != DOC_INT && n->kind != DOC_DOUBLE) {
        task_problem_at(r, n, "%s must be a number, and this is %s", what, doc_kind_name(n->kind));
        return false;
    }
    if (!(v >= low && v <= high)) {
        task_problem_at(r, n, "%s is %.10g; it must be from %.10g to %.10g", what, v, low, high);
        return false;
    }
    *out = v;
    return true;
}

bool task_whole(struct task_read *r, const struct doc_node *n, const char *what, int64_t low, int64_t high,
                int64_t *out)
{
    if (n->kind != DOC_INT) {
        task_problem_at(r, n, "%s must be a whole number from %lld to %lld, and this is %s", what, (long long)low,
                        (long long)high, doc_kind_name(n->kind));
        return false;
    }
    if (n->integer < low || n->integer > high) {
        task_problem_at(r, n, "%s is %lld; it must be from %lld to %lld", what, (long long)n->integer, (long long)low,
                        (long long)high);
        return false;
    }
    *out = n->integer;
    return true;
}

const json_t *task_json(struct task_read *r, const struct doc_node *n)
{
    return json_in_arena(doc_to_json(n), r->a);
}

void task_params(struct task_read *r, const struct doc_node *n, struct params *out)
{
    if (!task_is(r, n, "params", DOC_MAP))
        return;
    for (size_t i = 0; i < n->count; i++) {
        const struct doc_pair *p = &n->pairs[i];
        struct err e = ERR_INIT;

        if (params_read_one(p->key, task_json(r, p->value), r->a, out, &e) != ERR_OK)
            task_problem(r, p->value->file, p->line, p->column, "%s", e.text);
    }
}

bool task_file(struct task_read *r, const struct doc_node *n, struct str path, size_t bytes_max, struct str *out)
{
    AUTO_BUF struct buf text = BUF_INIT(bytes_max);
    struct err e = ERR_INIT;

    if (file_read_beneath(r->dir, path, bytes_max, &text, &e) != ERR_OK) {
        task_problem_at(r, n, "%s", e.text);
        return false;
    }
    if (!str_is_utf8(buf_str(&text))) {
        task_problem_at(r, n, "\"" STR_FMT "\" is not UTF-8 text", STR_ARG(path));
        return false;
    }
    *out = arena_strdup(r->a, buf_str(&text));
    if (str_starts(*out, S("\xef\xbb\xbf")))
        *out = str_from(*out, 3);
    return true;
}

bool task_split_place(struct str s, struct str name, int64_t *line, int64_t *column, struct str *what)
{
    struct str rest, part;

    if (!str_starts(s, name) || s.len <= name.len || s.at[name.len] != ':')
        return false;
    rest = str_from(s, name.len + 1);
    if (!str_split(&rest, ':', &part) || !str_to_i64(part, line))
        return false;
    if (!rest.at || !str_split(&rest, ':', &part) || !str_to_i64(part, column))
        return false;
    *what = str_trim_start(rest);
    return rest.at != NULL;
}

void task_problem_placed(struct task_read *r, const struct doc_node *n, struct str name, struct str text)
{
    int64_t line, column;
    struct str what;

    if (task_split_place(text, name, &line, &column, &what))
        task_problem_in(r, arena_printf(r->a, STR_FMT ":%lld:%lld", STR_ARG(name), (long long)line, (long long)column),
                        false, what);
    else
        task_problem_at(r, n, STR_FMT, STR_ARG(text));
}

static void task_note_variables(struct task_read *r, const struct template *t)
{
    struct str *names;
    size_t n = template_variables(t, r->a, &names);

    for (size_t i = 0; i < n; i++) {
        bool known = false;

        for (size_t k = 0; k < r->reads.len && !known; k++)
            known = str_eq(r->reads.at[k], names[i]);
        if (!known)
            vec_push(&r->reads, arena_strdup(r->a, names[i]));
    }
}

void task_template(struct task_read *r, struct str file, const struct doc_node *n, struct str source)
{
    struct str name = file.len ? file : S("prompt"), what;
    struct template *compiled;
    struct err e = ERR_INIT;
    int64_t line, column;

    if (template_compile(r->env, name, source, &compiled, &e) == ERR_OK) {
        task_note_variables(r, compiled);
        return;
    }
    if (!task_split_place(str_c(e.text), name, &line, &column, &what)) {
        task_problem_at(r, n, "%s", e.text);
    } else if (file.len) {
        struct str shown = path_join(r->a, path_dir(r->name), file);

        task_problem_in(r, arena_printf(r->a, STR_FMT ":%lld:%lld", STR_ARG(shown), (long long)line, (long long)column),
                        false, what);
    } else {
        task_problem(r, n->file, n->line + (int)line - 1, n->column + (int)column - 1, STR_FMT, STR_ARG(what));
    }
}

/* --- the keys --- */

static void task_read_name(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "name");

    if (!n)
        task_problem_at(r, r->root, "the task has no name; add for example: name: my_task");
    else if (task_text(r, n, "name", TASK_NAME_MAX, &r->t->name))
        for (size_t i = 0; i < r->t->name.len; i++)
            if ((unsigned char)r->t->name.at[i] < 0x20) {
                task_problem_at(r, n, "the name must be one line");
                break;
            }
}

static void task_read_description(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "description");

    if (n)
        task_text(r, n, "description", TASK_TEXT_MAX, &r->t->description);
}

static void task_read_params(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "params");

    if (n)
        task_params(r, n, &r->t->params);
    params_merge(&r->t->params, &r->ov->params);
}

static void task_read_system(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "system");

    if (n && task_text(r, n, "system", TASK_TEXT_MAX, &r->t->system)) {
        task_template(r, STR_NONE, n, r->t->system);
        r->t->system = task_placeholders(r, n, r->t->system);
    }
}

static void task_read_repeat(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "repeat");

    r->t->repeat = 1;
    if (n)
        task_whole(r, n, "repeat", 1, TASK_REPEAT_MAX, &r->t->repeat);
    if (r->ov->repeat)
        r->t->repeat = r->ov->repeat;
}

static void task_read_budget(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "budget_usd");
    double usd;

    if (n && n->kind == DOC_STRING) {
        if (!money_parse(n->text, &r->t->budget_nanousd))
            task_problem_at(r, n, "budget_usd is an amount of dollars, for example 1.50");
    } else if (n && task_number(r, n, "budget_usd", 0, 1e9, &usd) && !money_from_double(usd, &r->t->budget_nanousd)) {
        task_problem_at(r, n, "budget_usd is an amount of dollars, for example 1.50");
    }
    if (n && r->t->budget_nanousd == 0)
        task_warning_at(r, n, "a budget of 0 is no budget; leave it out, or give an amount");
    if (r->ov->budget_nanousd)
        r->t->budget_nanousd = r->ov->budget_nanousd;
}

static void task_read_judge(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "judge"), *words = task_member(r->root, "judge_instructions");

    if (n && task_is(r, n, "judge", DOC_MAP))
        r->t->judge = task_json(r, n);
    else if (!n && r->usecase)
        r->t->judge = r->usecase_judge;
    if (words && task_is(r, words, "judge_instructions", DOC_STRING)) {
        json_t *judge = r->t->judge ? json_copy((json_t *)r->t->judge) : json_object();

        json_set_str(judge, "instructions", words->text);
        r->t->judge = json_in_arena(judge, r->a);
    }
}

/* `chunking: auto | off | dynamic`, or {characters, overlap, variable}. */
static void task_read_chunking(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "chunking"), *part;
    struct task_chunking *c = &r->t->chunking;

    *c = (struct task_chunking){ .mode = CHUNK_AUTO, .characters = 20000, .overlap = 500 };
    if (n && n->kind == DOC_STRING) {
        if (str_is(n->text, "off"))
            c->mode = CHUNK_OFF;
        else if (str_is(n->text, "dynamic"))
            c->mode = CHUNK_DYNAMIC;
        else if (!str_is(n->text, "auto"))
            task_problem_at(r, n,
                            "chunking is auto, off, dynamic, or {characters: 20000, overlap: 500}, not \"" STR_FMT "\"",
                            STR_ARG(n->text));
    } else if (n && n->kind == DOC_BOOL) {
        c->mode = n->truth ? CHUNK_DYNAMIC : CHUNK_OFF;
    } else if (n && task_is(r, n, "chunking", DOC_MAP)) {
        task_check_keys(r, n, "chunking", "characters overlap variable");
        if ((part = task_member(n, "characters")) &&
            task_whole(r, part, "characters", TASK_CHUNK_MIN, 1 << 30, &c->characters)) {
            c->mode = CHUNK_FIXED;
            c->overlap = MIN((int64_t)500, c->characters / 10);
        } else {
            c->mode = CHUNK_DYNAMIC;
        }
        if ((part = task_member(n, "overlap")) && task_whole(r, part, "overlap", 0, 1 << 30, &c->overlap) &&
            c->mode == CHUNK_FIXED && c->overlap >= c->characters)
            task_problem_at(r, part, "the overlap must be smaller than a part's %lld characters",
                            (long long)c->characters);
        if ((part = task_member(n, "variable")))
            task_text(r, part, "variable", TASK_NAME_MAX, &c->variable);
    }
    if (r->ov->chunking)
        *c = *r->ov->chunking;
    if (r->t->turn_count && c->mode != CHUNK_AUTO && c->mode != CHUNK_OFF)
        task_problem_at(r, n ? n : r->root,
                        "a task with follow-up turns can't be asked in parts: leave out chunking, or turns");
    if (r->t->turn_count)
        c->mode = CHUNK_OFF;
}

static void task_read_nothing(struct task_read *r)
{
    (void)r;
}

/* In the order they are read: prompts before variants, metrics before thresholds. A reader of several keys stands at
 * the first of them; the others are only known. */
#define TASK_KEYS(X)                            \
    X(fork_of, task_read_nothing)               \
    X(name, task_read_name)                     \
    X(description, task_read_description)       \
    X(evaluation_criteria, task_read_benchmark) \
    X(input_type, task_read_nothing)            \
    X(constraints, task_read_constraints)       \
    X(output, task_read_output)                 \
    X(output_format, task_read_nothing)         \
    X(input_format_hint, task_read_nothing)     \
    X(examples, task_read_nothing)              \
    X(judge_instructions, task_read_nothing)    \
    X(quality_checks, task_read_nothing)        \
    X(domain, task_read_nothing)                \
    X(dimensions, task_read_dimensions)         \
    X(seed, task_read_nothing)                  \
    X(placeholders, task_read_nothing)          \
    X(system, task_read_system)                 \
    X(prompt, task_read_prompts)                \
    X(prompts, task_read_nothing)               \
    X(turns, task_read_turns)                   \
    X(images, task_read_images)                 \
    X(params, task_read_params)                 \
    X(tools, task_read_tools)                   \
    X(tool_choice, task_read_nothing)           \
    X(models, task_read_models)                 \
    X(variants, task_read_nothing)              \
    X(choose_models, task_read_choose)          \
    X(dataset, task_read_dataset)               \
    X(cases, task_read_nothing)                 \
    X(gold_data, task_read_nothing)             \
    X(expected, task_read_nothing)              \
    X(vars, task_read_nothing)                  \
    X(repeat, task_read_repeat)                 \
    X(chunking, task_read_chunking)             \
    X(checks, task_read_checks)                 \
    X(metrics, task_read_metrics)               \
    X(rank_by, task_read_rank_by)               \
    X(thresholds, task_read_thresholds)         \
    X(stop_when_sure, task_read_sure)           \
    X(judge, task_read_judge)                   \
    X(recommend, task_read_recommend)           \
    X(budget_usd, task_read_budget)

static const struct task_key { const char *name; void (*read)(struct task_read *r); } task_keys[] = {
#define X(id, fn) { #id, fn },
    TASK_KEYS(X)
#undef X
};
#define X(id, fn) #id " "
static const char task_key_names[] = TASK_KEYS(X);
#undef X

static void task_read_keys(struct task_read *r)
{
    AUTO(freep) char *names = xstrndup(task_key_names, sizeof task_key_names - 2);      /* without the last space */

    if (r->root->kind != DOC_MAP) {
        task_problem_at(r, r->root, "a task is a mapping with name, models, prompt and cases, and this is %s",
                        doc_kind_name(r->root->kind));
        return;
    }
    task_check_keys(r, r->root, "a task", names);
    r->benchmark = !task_member(r->root, "prompt") && !task_member(r->root, "prompts") &&
                   (r->usecase || doc_get(r->root, "input_type") || doc_get(r->root, "judge_instructions") ||
                    doc_get(r->root, "evaluation_criteria"));
    for (size_t i = 0; i < COUNT_OF(task_keys); i++)
        task_keys[i].read(r);
    task_check_dimensions(r);
}

/* Problems were found reader by reader; people read a file from the top. Warnings keep their place. */
static int task_problem_compare(const void *a, const void *b)
{
    const struct problem *const problems[2] = { a, b };
    int64_t lines[2], columns[2];

    for (int i = 0; i < 2; i++) {
        struct str rest = problems[i]->where, part, before = STR_NONE, last = STR_NONE;

        while (str_split(&rest, ':', &part))
            before = last, last = part;
        if (!str_to_i64(before, &lines[i]) || !str_to_i64(last, &columns[i]))
            lines[i] = columns[i] = INT64_MAX;          /* of the command line: last */
    }
    if (lines[0] != lines[1])
        return lines[0] < lines[1] ? -1 : 1;
    return (columns[0] > columns[1]) - (columns[0] < columns[1]);
}

static enum err_code task_verdict(const struct problems *p, struct err *e)
{
    for (size_t i = 0; i < p->list.len; i++)
        if (!p->list.at[i].warning) {
            size_t more = p->errors - 1 + p->more;
            const struct problem *first = &p->list.at[i];

            if (more)
                return err_set(e, ERR_BAD_INPUT, STR_FMT ": " STR_FMT " (and %zu more)", STR_ARG(first->where),
                               STR_ARG(first->text), more);
            return err_set(e, ERR_BAD_INPUT, STR_FMT ": " STR_FMT, STR_ARG(first->where), STR_ARG(first->text));
        }
    return ERR_OK;
}

static enum err_code task_read_all(struct task_read *r, struct str text, struct task **out, struct err *e)
{
    struct doc_node *root;

    TRY(task_read_root(r, text, &root, e));
    r->root = root;
    task_read_keys(r);
    if (r->p->list.len)
        qsort(r->p->list.at, r->p->list.len, sizeof *r->p->list.at, task_problem_compare);
    TRY(task_verdict(r->p, e));
    *out = r->t;
    return ERR_OK;
}

enum err_code task_load_text(struct str name, const char *dir, struct str text, const struct task_overrides *ov,
                             struct arena *a, struct task **out, struct problems *p, struct err *e)
{
    static const struct task_overrides nothing;
    struct problems own = PROBLEMS_INIT;
    struct task_read r = { .a = a, .t = arena_new(a, struct task), .p = p ? p : &own, .name = name,
                           .dir = arena_cstr(a, str_c(dir)), .ov = ov ? ov : &nothing };
    enum err_code code;

    r.files[r.file_count++] = r.name;
    r.env = template_env_new(&(struct template_options){ .folder = r.dir });
    r.t->path = arena_strdup(a, name);
    r.t->dir = str_c(r.dir);
    r.t->text = arena_strdup(a, text);
    code = task_read_all(&r, text, out, e);
    template_env_free(r.env);
    vec_dispose(&r.prompts);
    vec_dispose(&r.variants);
    vec_dispose(&r.reads);
    problems_dispose(&own);
    return code;
}

/* The file itself, or what a folder holds under a usual name. */
static enum err_code task_find(const char *path, struct arena *a, struct str *out, struct err *e)
{
    static const char *const names[] = { "task.yaml", "task.yml", "task.json", USECASE_FILE_NAME };

    *out = str_c(path);
    if (!file_is_dir(path))
        return ERR_OK;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        *out = path_join(a, str_c(path), str_c(names[i]));
        if (file_exists(out->at))
            return ERR_OK;
    }
    return err_set(e, ERR_NOT_FOUND, "folder %s has no task.yaml and no " USECASE_FILE_NAME, path);
}

enum err_code task_load(const char *path, const struct task_overrides *ov, struct arena *a, struct task **out,
                        struct problems *p, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(DOC_BYTES_MAX);
    struct str name;
    char *dir;

    TRY(task_find(path, a, &name, e));
    name = arena_strdup(a, name);
    dir = arena_cstr(a, path_dir(name));
    if (str_is(path_base(name), USECASE_FILE_NAME))     /* such folders come from anywhere: no link leads out of one */
        TRY(file_read_beneath(dir, S(USECASE_FILE_NAME), USECASE_TEXT_MAX, &text, e));
    else
        TRY(file_read(name.at, DOC_BYTES_MAX, &text, e));
    return task_load_text(name, dir, buf_str(&text), ov, a, out, p, e);
}
