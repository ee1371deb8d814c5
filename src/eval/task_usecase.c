/* Use cases as tasks: the folder's prose becomes the mapping a task file would hold, each value with the line of
 * USE-CASE.md it came from, so that problems have a place and a task file may fork it. Older use-case files (YAML with
 * name and goal) take the same way. What is said to a model is composed by task_compose.c. */
#include "eval/task_read.h"

#include "eval/generate_usecase.h"

struct usecase_map { struct task_read *r; int file; VEC(struct doc_pair) pairs; };

static struct doc_node *usecase_node(struct usecase_map *m, enum doc_kind kind, struct str text, int line)
{
    struct doc_node *n = arena_new(m->r->a, struct doc_node);

    *n = (struct doc_node){ .kind = kind, .file = m->file, .line = MAX(line, 1), .column = 1, .text = text };
    return n;
}

static void usecase_put(struct usecase_map *m, const char *key, struct doc_node *value)
{
    vec_push(&m->pairs, (struct doc_pair){ str_c(key), value->line, value->column, value });
}

static void usecase_put_text(struct usecase_map *m, const char *key, struct str text, int line)
{
    usecase_put(m, key, usecase_node(m, DOC_STRING, text, line));
}

static void usecase_put_list(struct usecase_map *m, const char *key, const struct str *texts, size_t count, int line)
{
    struct doc_node *list = usecase_node(m, DOC_LIST, STR_NONE, line);

    list->items = arena_array(m->r->a, struct doc_node *, count);
    for (size_t i = 0; i < count; i++)
        list->items[list->count++] = usecase_node(m, DOC_STRING, texts[i], line);
    usecase_put(m, key, list);
}

static struct doc_node *usecase_end(struct usecase_map *m)
{
    struct doc_node *root = usecase_node(m, DOC_MAP, STR_NONE, 1);

    root->pairs = arena_array(m->r->a, struct doc_pair, m->pairs.len);
    for (size_t i = 0; i < m->pairs.len; i++)
        root->pairs[root->count++] = m->pairs.at[i];
    vec_dispose(&m->pairs);
    return root;
}

/* "Route Tickets!" -> "route_tickets". */
static struct str usecase_slug(struct str name, struct arena *a)
{
    struct str s = arena_strdup(a, str_utf8_head(name, TASK_NAME_MAX));
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;

        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c - 'A' + 'a'), word = true;
        if (word)
            ((char *)s.at)[n++] = (char)c;
        else if (n && s.at[n - 1] != '_')
            ((char *)s.at)[n++] = '_';
    }
    while (n && s.at[n - 1] == '_')
        n--;
    return n ? str_n(s.at, n) : S("use_case");
}

/* --- what tools wrote --------------------------------------------------------------------------------------------- */

/* A file of the folder that may be missing; false when it is, or is told to be unusable. */
static bool usecase_tool_file(struct task_read *r, int file, struct str path, struct str *out)
{
    AUTO_BUF struct buf text = BUF_INIT(TASK_TEXT_MAX);
    struct err e = ERR_INIT;
    enum err_code code = file_read_beneath(r->dir, path, TASK_TEXT_MAX, &text, &e);

    if (code == ERR_OK && !str_is_utf8(buf_str(&text)))
        code = err_set(&e, ERR_BAD_INPUT, "\"" STR_FMT "\" is not UTF-8 text", STR_ARG(path));
    if (code != ERR_OK && code != ERR_NOT_FOUND)
        task_problem(r, file, 1, 1, "%s", e.text);
    *out = code == ERR_OK ? arena_strdup(r->a, str_trim(buf_str(&text))) : STR_NONE;
    return code == ERR_OK && out->len;
}

static const json_t *usecase_tool_json(struct task_read *r, int file, struct str path)
{
    struct err e = ERR_INIT;
    struct str text;
    json_t *j;

    if (!usecase_tool_file(r, file, path, &text))
        return NULL;
    if (json_read(text, &j, &e) == ERR_OK)
        return json_in_arena(j, r->a);
    task_problem_in(r, path_join(r->a, str_c(r->dir), path), true,
                    arena_printf(r->a, "is not JSON and is not used: %s", e.text));
    return NULL;
}

/* generated-prompts.json with all of its four members, else NULL: then the default prompt is used. */
static const json_t *usecase_generated(struct task_read *r, int file)
{
    static const char *const texts[] = { "task_prompt", "judge_prompt" }, *const objects[] = { "analysis", "rubric" };
    const json_t *j = usecase_tool_json(r, file, S("generated-prompts.json"));
    const char *missing = NULL;

    if (!j)
        return NULL;
    for (size_t i = 0; i < 2; i++) {
        if (!json_is_object(json_child(j, objects[i])))
            missing = objects[i];
        if (!str_trim(json_get_str(j, texts[i])).len)
            missing = texts[i];
    }
    if (!missing)
        return j;
    task_problem_in(
        r, path_join(r->a, str_c(r->dir), S("generated-prompts.json")), true,
        arena_printf(r->a,
                     "has no usable \"%s\" and is not used; it needs analysis, task_prompt, judge_prompt and rubric",
                     missing));
    return NULL;
}

static void usecase_judge(struct task_read *r, struct str prompt, const json_t *rubric)
{
    json_t *judge = json_object();

    if (prompt.len)
        json_set_str(judge, "instructions", prompt);
    if (json_is_object(rubric))
        json_object_set(judge, "rubric", (json_t *)rubric);
    r->usecase_judge = json_object_size(judge) ? judge : NULL;
    json_in_arena(judge, r->a);
}

/* They were made of a use case that has changed since. */
static void usecase_stale(struct task_read *r, const struct usecase *u)
{
    enum generated_state state;
    struct err e = ERR_INIT;
    struct str by;

    if (generate_usecase_state(u, r->a, &state, &by, &e) == ERR_OK && state == GENERATED_STALE)
        task_problem_in(r, path_join(r->a, str_c(r->dir), S(GENERATED_FILE)), true,
                        arena_printf(r->a,
                                     "was made of an earlier state of the use case; `assay usecases prepare " STR_FMT
                                     "` makes "
                                     "it anew",
                                     STR_ARG(u->folder)));
}

/* Files of prompts/ win over generated-prompts.json. The prompt of the task, or nothing. */
static struct str usecase_tools(struct usecase_map *m)
{
    struct task_read *r = m->r;
    const json_t *j = usecase_generated(r, m->file);
    const json_t *rubric = usecase_tool_json(r, m->file, S("prompts/rubric.json"));
    const json_t *analysis = usecase_tool_json(r, m->file, S("prompts/analysis.json"));
    struct str prompt, judge, *words;
    size_t count = 0;

    if (!usecase_tool_file(r, m->file, S("prompts/task-prompt.txt"), &prompt))
        prompt = str_trim(json_get_str(j, "task_prompt"));
    if (!usecase_tool_file(r, m->file, S("prompts/judge-prompt.txt"), &judge))
        judge = str_trim(json_get_str(j, "judge_prompt"));
    usecase_judge(r, judge, rubric ? rubric : json_child(j, "rubric"));
    analysis = json_child(json_is_object(analysis) ? analysis : json_child(j, "analysis"), "quality_indicators");
    words = arena_array(r->a, struct str, MIN(json_array_size(analysis), (size_t)TASK_LIST_MAX));
    for (size_t i = 0; i < json_array_size(analysis) && i < TASK_LIST_MAX; i++)
        if (str_trim(json_to_str(json_array_get(analysis, i))).len)
            words[count++] = str_trim(json_to_str(json_array_get(analysis, i)));
    if (count)
        usecase_put_list(m, "evaluation_criteria", words, count, 1);
    return prompt;
}

/* --- the folder --------------------------------------------------------------------------------------------------- */

static void usecase_models(struct usecase_map *m, struct str models)
{
    struct str *list = arena_array(m->r->a, struct str, TASK_LIST_MAX), one;
    size_t count = 0;

    if (!models.len)
        return;
    while (count < TASK_LIST_MAX && str_split(&models, ',', &one))
        if (str_trim(one).len)
            list[count++] = str_trim(one);
    usecase_put_list(m, "models", list, count, 1);
}

struct doc_node *task_usecase_root(struct task_read *r, int file, struct str text)
{
    struct usecase_map m = { .r = r, .file = file };
    struct doc_node *here = usecase_node(&m, DOC_NULL, STR_NONE, 1);
    struct err e = ERR_INIT;
    struct str prompt;
    struct usecase *u;

    if (text.len > USECASE_TEXT_MAX) {
        task_problem(r, file, 1, 1, "a " USECASE_FILE_NAME " has at most %u bytes", USECASE_TEXT_MAX);
        return NULL;
    }
    if (usecase_read_text(str_c(r->dir), text, r->a, &u, &e) != ERR_OK ||
        usecase_files_read(r->dir, str_c(output_format_name(u->format)), r->a, &u->files, &e) != ERR_OK) {
        task_problem(r, file, 1, 1, "%s", e.text);
        return NULL;
    }
    for (size_t i = 0; i < u->files.warning_count; i++)
        task_warning_at(r, here, STR_FMT, STR_ARG(u->files.warnings[i]));
    prompt = usecase_tools(&m);
    usecase_stale(r, u);
    r->usecase = u;
    r->usecase_generated = prompt.len > 0;
    if (!prompt.len && !u->goal.text.len)
        task_problem(r, file, 1, 1, "the use case has no goal; add a section \"## Goal\" that says what is wanted");
    usecase_put_text(&m, "name", usecase_slug(u->name, r->a), 1);
    if (prompt.len || u->goal.text.len)
        usecase_put_text(&m, "description", prompt.len ? prompt : u->goal.text, u->goal.line);
    usecase_put_text(&m, "output_format", str_c(output_format_name(u->format)), u->schema.line);
    usecase_models(&m, u->models);
    usecase_put_text(&m, "dataset", S("."), 1);
    return usecase_end(&m);
}

/* --- older files -------------------------------------------------------------------------------------------------- */

static const char usecase_old_keys[] = "name goal llm_notes output_format chunk_min_minutes chunk_max_minutes coverage_required "
                                       "allow_shorter_if_justified cost_priority quality_priority notes default_judge_model "
                                       "default_candidate_models dataset cases";

/* {format_type, fields: [{name, type, description}], example, notes}: what the answer looks like, in words. */
static struct str usecase_old_form(struct task_read *r, const struct doc_node *n)
{
    const struct doc_node *fields = task_member(n, "fields"), *example = task_member(n, "example"),
                          *notes = task_member(n, "notes");
    AUTO_BUF struct buf b = BUF_INIT(TASK_TEXT_MAX);

    task_check_keys(r, n, "output_format", "format_type fields example notes");
    if (fields && task_is(r, fields, "fields", DOC_LIST))
        for (size_t i = 0; i < fields->count; i++) {
            const struct doc_node *f = fields->items[i], *name = task_member(f, "name"), *type = task_member(f, "type"),
                                  *about = task_member(f, "description");

            if (!name || !task_is(r, name, "a field's name", DOC_STRING)) {
                task_problem_at(r, f, "a field needs name, and may have type and description");
                continue;
            }
            task_check_keys(r, f, "a field", "name type description");
            buf_printf(&b, "- " STR_FMT, STR_ARG(name->text));
            if (type)
                buf_printf(&b, " (" STR_FMT ")", STR_ARG(type->text));
            if (about)
                buf_printf(&b, ": " STR_FMT, STR_ARG(about->text));
            buf_byte(&b, '\n');
        }
    if (notes && task_is(r, notes, "notes", DOC_STRING))
        buf_printf(&b, STR_FMT "\n", STR_ARG(str_trim(notes->text)));
    if (example) {
        AUTO_BUF struct buf text = BUF_INIT(TASK_TEXT_MAX);
        AUTO_JSON *j = doc_to_json(example);

        buf_puts(&b, "Example:\n");
        if (!json_is_string(j))
            json_write(j, &text);
        buf_append(&b, json_is_string(j) ? str_trim(json_to_str(j)) : buf_str(&text));
    }
    return arena_strdup(r->a, str_trim(buf_str(&b)));
}

/* A list of lines, or text whose lines that are not empty count. */
static struct str usecase_old_notes(struct task_read *r, const struct doc_node *llm, const struct doc_node *notes)
{
    AUTO_BUF struct buf b = BUF_INIT(TASK_TEXT_MAX);
    struct str rest, line;

    if (llm && task_is(r, llm, "llm_notes", DOC_STRING))
        buf_printf(&b, STR_FMT "\n", STR_ARG(str_trim(llm->text)));
    if (notes && notes->kind == DOC_LIST) {
        for (size_t i = 0; i < notes->count; i++)
            if (task_is(r, notes->items[i], "a note", DOC_STRING))
                buf_printf(&b, "- " STR_FMT "\n", STR_ARG(str_trim(notes->items[i]->text)));
    } else if (notes && task_is(r, notes, "notes", DOC_STRING)) {
        rest = notes->text;
        while (str_split(&rest, '\n', &line))
            if (str_trim(line).len)
                buf_printf(&b, STR_FMT "\n", STR_ARG(str_trim(line)));
    }
    return arena_strdup(r->a, str_trim(buf_str(&b)));
}

static void usecase_old_constraints(struct usecase_map *m, const struct doc_node *root)
{
    static const char *const keys[] = { "chunk_min_minutes", "chunk_max_minutes", "allow_shorter_if_justified",
                                        "coverage_required" };
    struct usecase_map inner = { .r = m->r, .file = m->file };

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (task_member(root, keys[i]))
            usecase_put(&inner, keys[i], doc_get(root, keys[i]));
    if (inner.pairs.len)
        usecase_put(m, "constraints", usecase_end(&inner));
}

static void usecase_old_judge(struct usecase_map *m, const struct doc_node *model)
{
    struct usecase_map inner = { .r = m->r, .file = m->file };

    if (!model)
        return;
    usecase_put(&inner, "model", (struct doc_node *)model);
    usecase_put(m, "judge", usecase_end(&inner));
}

/* Written out in YAML, a value keeps its node and so its place. */
static void usecase_old_copy(struct usecase_map *m, const struct doc_node *root, const char *from, const char *to)
{
    if (task_member(root, from))
        usecase_put(m, to, doc_get(root, from));
}

struct doc_node *task_usecase_old(struct task_read *r, struct doc_node *root)
{
    struct usecase_map m = { .r = r, .file = root->file };
    const struct doc_node *form = task_member(root, "output_format"), *goal = task_member(root, "goal");
    struct usecase *u;

    if (!goal || doc_get(root, "fork_of") || task_member(root, "prompt") || task_member(root, "prompts"))
        return root;
    u = arena_new(r->a, struct usecase);
    task_check_keys(r, root, "a use case", usecase_old_keys);
    r->usecase = u;
    u->notes.text = usecase_old_notes(r, task_member(root, "llm_notes"), task_member(root, "notes"));
    usecase_old_copy(&m, root, "name", "name");
    usecase_put(&m, "description", doc_get(root, "goal"));
    if (form && form->kind == DOC_MAP) {
        u->schema.text = usecase_old_form(r, form);
        usecase_old_copy(&m, form, "format_type", "output_format");
    } else if (form) {
        usecase_old_copy(&m, root, "output_format", "output_format");
    }
    if (!m.pairs.len || !str_is(m.pairs.at[m.pairs.len - 1].key, "output_format"))
        usecase_put_text(&m, "output_format", S("json"), goal->line);
    usecase_old_constraints(&m, root);
    usecase_old_judge(&m, task_member(root, "default_judge_model"));
    usecase_old_copy(&m, root, "default_candidate_models", "models");
    usecase_old_copy(&m, root, "dataset", "dataset");
    usecase_old_copy(&m, root, "cases", "cases");
    return usecase_end(&m);
}
