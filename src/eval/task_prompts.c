/* Prompts, follow-up turns, images: what is said to a model. */
#include "eval/task_read.h"

#include <dirent.h>

/* A value that names a file rather than being the text: one line that ends like a template's file, or that is a file. */
static bool task_names_file(const struct task_read *r, struct str s)
{
    static const char *const extensions[] = { "jinja", "jinja2", "j2", "txt", "md", "prompt", "yaml", "yml", "json" };
    AUTO(freep) char *full = NULL;
    bool like = false, there;

    if (s.len > TASK_NAME_MAX || str_find_byte(s, '\n') >= 0 || str_contains(s, S("{{")) || str_contains(s, S("{%")))
        return false;
    for (size_t i = 0; i < COUNT_OF(extensions); i++)
        like = like || str_is(path_ext(s), extensions[i]);
    if (asprintf(&full, "%s/" STR_FMT, r->dir, STR_ARG(s)) < 0)
        return false;
    there = file_exists(full) && !file_is_dir(full);
    return there || (like && str_find_byte(s, ' ') < 0);
}

void task_near_file(const struct task_read *r, struct str path, char hint[160])
{
    AUTO(freep) char *folder = NULL;
    struct suggest near;
    struct dirent *entry;
    DIR *d;

    hint[0] = '\0';
    if (str_contains(path, S("..")) || asprintf(&folder, "%s/" STR_FMT, r->dir, STR_ARG(path_dir(path))) < 0)
        return;
    d = opendir(folder);
    if (!d)
        return;
    suggest_begin(&near, path_base(path));
    for (int n = 0; n < TASK_LIST_MAX && (entry = readdir(d)); n++) {
        struct str name = arena_strdup(r->a, str_c(entry->d_name));     /* a hint may point into it */

        if (entry->d_name[0] != '.')
            suggest_offer(&near, name);
    }
    closedir(d);
    suggest_hint(&near, hint);
}

static bool task_prompt_file(struct task_read *r, const struct doc_node *n, struct str path, struct str *out)
{
    AUTO_BUF struct buf text = BUF_INIT(TASK_TEXT_MAX);
    struct err e = ERR_INIT;
    char hint[160];

    if (file_read_beneath(r->dir, path, TASK_TEXT_MAX, &text, &e) == ERR_NOT_FOUND) {
        task_near_file(r, path, hint);
        task_problem_at(r, n, "there is no prompt file \"" STR_FMT "\" in the task's folder%s", STR_ARG(path), hint);
        return false;
    }
    return task_file(r, n, path, TASK_TEXT_MAX, out);
}

static struct str task_stem(struct str path)
{
    struct str base = path_base(path), ext = path_ext(base);

    return ext.len ? str_n(base.at, base.len - ext.len - 1) : base;
}

static ptrdiff_t task_prompt_find(const struct task_read *r, struct str name)
{
    for (size_t i = 0; i < r->prompts.len; i++)
        if (str_eq(r->prompts.at[i].name, name))
            return (ptrdiff_t)i;
    return -1;
}

/* `wanted`, or with a number behind it when that name is taken. */
static struct str task_prompt_name(const struct task_read *r, struct str wanted)
{
    struct str name = wanted;

    for (int i = 2; task_prompt_find(r, name) >= 0; i++)
        name = arena_printf(r->a, STR_FMT "_%d", STR_ARG(wanted), i);
    return name;
}

/* Text or file into `out`; the name is chosen by the caller when it has one. */
bool task_prompt_source(struct task_read *r, const struct doc_node *n, struct task_prompt *out)
{
    struct str text;

    if (!task_text(r, n, "a prompt", TASK_TEXT_MAX, &text))
        return false;
    if (!task_names_file(r, text)) {
        out->source = text;
        out->line = n->line;
        task_template(r, STR_NONE, n, text);
        out->source = task_placeholders(r, n, text);
        return true;
    }
    if (!task_prompt_file(r, n, text, &out->source))
        return false;
    out->file = text;
    out->line = 1;
    if (str_trim(out->source).len == 0) {
        task_problem_at(r, n, "the prompt file \"" STR_FMT "\" is empty", STR_ARG(text));
        return false;
    }
    task_template(r, out->file, n, out->source);
    out->source = task_placeholders(r, n, out->source);
    return true;
}

/* A text or a file, or a file that holds a whole conversation. */
static bool task_prompt_plain(struct task_read *r, const struct doc_node *n, struct task_prompt *out)
{
    struct str text;

    if (n->kind != DOC_STRING || !task_names_chat_file(n->text) || !task_names_file(r, n->text))
        return task_prompt_source(r, n, out);
    if (!task_prompt_file(r, n, n->text, &text))
        return false;
    out->file = n->text;
    out->line = 1;
    return task_chat_text(r, n, path_join(r->a, path_dir(r->name), n->text), text, out);
}

static void task_prompt_add(struct task_read *r, const struct doc_node *n, struct str name);

/* {name, prompt | file | text | messages, system} */
static void task_prompt_add_map(struct task_read *r, const struct doc_node *n)
{
    static const char *const members[] = { "prompt", "file", "text", "messages" };
    const struct doc_node *system = task_member(n, "system"), *name_node = task_member(n, "name"), *body = NULL;
    struct str name = STR_NONE, text;
    size_t before = r->prompts.len;

    task_check_keys(r, n, "a prompt", "name prompt file text messages system");
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (body && task_member(n, members[i]))
            task_problem_at(r, task_member(n, members[i]), "a prompt has one of prompt, file, text and messages");
        else if (!body)
            body = task_member(n, members[i]);
    }
    if (name_node && !task_text(r, name_node, "a prompt's name", TASK_NAME_MAX, &name))
        return;
    if (name.len && task_prompt_find(r, name) >= 0)
        task_problem_at(r, name_node, "two prompts are called \"" STR_FMT "\"", STR_ARG(name));
    if (!body) {
        task_problem_at(r, n, "a prompt needs prompt (text or a file), or messages");
        return;
    }
    task_prompt_add(r, body, name);
    if (system && r->prompts.len > before && task_text(r, system, "system", TASK_TEXT_MAX, &text)) {
        task_template(r, STR_NONE, system, text);
        if (r->prompts.at[before].system.len)
            task_problem_at(r, system, "the system text stands here and as the first message");
        r->prompts.at[before].system = task_placeholders(r, system, text);
    }
}

static void task_prompt_add(struct task_read *r, const struct doc_node *n, struct str name)
{
    struct task_prompt p = { .line = n->line };

    if (r->prompts.len == TASK_LIST_MAX) {
        task_problem_at(r, n, "at most %d prompts can be compared", TASK_LIST_MAX);
        return;
    }
    if (n->kind == DOC_MAP && !name.len) {
        task_prompt_add_map(r, n);
        return;
    }
    if (!(task_is_chat(n) ? task_chat_read(r, n, &p) : task_prompt_plain(r, n, &p)))
        return;
    p.name = task_prompt_name(r, name.len ? name : p.file.len ? task_stem(p.file) : S("prompt"));
    if (task_names_chat_file(p.file))
        p.file = STR_NONE;              /* it has many texts: lines of one of them are not lines of the file */
    vec_push(&r->prompts, p);
}

void task_prompt_override(struct task_read *r)
{
    AUTO_BUF struct buf text = BUF_INIT(TASK_TEXT_MAX);
    struct str given = r->ov->prompt;
    char *path = arena_cstr(r->a, given);
    struct task_prompt p = { .name = S("prompt"), .source = arena_strdup(r->a, given), .line = 1 };
    struct doc_node nowhere = { .line = 1, .column = 1 };
    bool is_file = given.len <= TASK_NAME_MAX && file_exists(path) && !file_is_dir(path);
    struct err e = ERR_INIT;

    if (!is_file && given.len <= TASK_NAME_MAX && str_find_byte(given, ' ') < 0 &&
        (str_is(path_ext(given), "jinja") || str_is(path_ext(given), "j2") || str_is(path_ext(given), "txt") ||
         str_is(path_ext(given), "md") || task_names_chat_file(given))) {
        task_problem_in(r, S("--prompt"), false, arena_printf(r->a, "there is no file \"%s\"", path));
        return;
    }
    if (is_file) {
        if (file_read(path, TASK_TEXT_MAX, &text, &e) != ERR_OK || !str_is_utf8(buf_str(&text))) {
            task_problem_in(r, S("--prompt"), false, e.text[0] ? str_c(e.text) : S("the file is not UTF-8 text"));
            return;
        }
        p.source = arena_strdup(r->a, buf_str(&text));
        p.file = str_c(path);
        p.name = task_stem(p.file);
    }
    if (is_file && task_names_chat_file(p.file)) {
        bool good = task_chat_text(r, &nowhere, p.file, p.source, &p);

        p.file = STR_NONE;
        if (good)
            vec_push(&r->prompts, p);
        return;
    }
    task_template(r, is_file ? p.file : S("--prompt"), &nowhere, p.source);
    p.source = task_placeholders(r, &nowhere, p.source);
    vec_push(&r->prompts, p);
}

static void task_read_prompt_key(struct task_read *r, const struct doc_node *n)
{
    if (n->kind != DOC_LIST || task_is_chat(n)) {
        task_prompt_add(r, n, STR_NONE);
        return;
    }
    if (n->count == 0)
        task_problem_at(r, n, "the list of prompts is empty");
    for (size_t i = 0; i < n->count; i++)
        task_prompt_add(r, n->items[i], STR_NONE);
}

/* `prompts:` may be a mapping name -> prompt. */
static void task_read_prompts_key(struct task_read *r, const struct doc_node *n)
{
    if (n->kind != DOC_MAP || task_member(n, "messages") || task_member(n, "file")) {
        task_read_prompt_key(r, n);
        return;
    }
    for (size_t i = 0; i < n->count; i++)
        task_prompt_add(r, n->pairs[i].value, n->pairs[i].key);
}

void task_read_prompts(struct task_read *r)
{
    const struct doc_node *one = task_member(r->root, "prompt"), *many = task_member(r->root, "prompts");

    if (r->ov->prompt.len) {
        task_prompt_override(r);
    } else {
        if (one)
            task_read_prompt_key(r, one);
        if (many)
            task_read_prompts_key(r, many);
        if (r->benchmark)
            task_compose_prompt(r);
        else if (!one && !many)
            task_problem_at(r, r->root, "the task has no prompt; add for example: prompt: \"Summarise: {{ text }}\"");
    }
    r->matrix_prompts = r->prompts.len;
    r->t->prompts = r->prompts.at;              /* moved to the arena when the variants' own are known */
    r->t->prompt_count = r->prompts.len;
}

bool task_prompt_of_variant(struct task_read *r, const struct doc_node *n, size_t *out)
{
    size_t before = r->prompts.len, problems = r->p->errors + r->p->more;
    ptrdiff_t known = n->kind == DOC_STRING ? task_prompt_find(r, n->text) : -1;

    if (known >= 0) {
        *out = (size_t)known;
        return true;
    }
    if (n->kind == DOC_STRING && n->text.len < 64 && !task_names_file(r, n->text) && str_find_byte(n->text, ' ') < 0) {
        struct suggest near;
        char hint[160];

        suggest_begin(&near, n->text);
        for (size_t i = 0; i < r->prompts.len; i++)
            suggest_offer(&near, r->prompts.at[i].name);
        task_problem_at(r, n, "there is no prompt \"" STR_FMT "\"%s", STR_ARG(n->text), suggest_hint(&near, hint));
        return false;
    }
    task_prompt_add(r, n, STR_NONE);
    *out = before;
    return r->prompts.len > before && problems == r->p->errors + r->p->more;
}

void task_read_turns(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "turns");

    if (!n || !task_is(r, n, "turns", DOC_LIST))
        return;
    if (n->count > TASK_LIST_MAX) {
        task_problem_at(r, n, "at most %d turns are allowed", TASK_LIST_MAX);
        return;
    }
    r->t->turns = arena_array(r->a, struct task_turn, n->count);
    for (size_t i = 0; i < n->count; i++) {
        const struct doc_node *item = n->items[i], *label = NULL, *text = item;
        struct task_turn turn = { .line = item->line, .label = arena_printf(r->a, "followup_%zu", i + 1) };
        struct task_prompt p = { .line = 0 };

        if (item->kind == DOC_MAP) {
            task_check_keys(r, item, "a turn", "label prompt");
            label = task_member(item, "label");
            text = task_member(item, "prompt");
        }
        if (!text) {
            task_problem_at(r, item, "a turn needs a prompt");
            continue;
        }
        if (label)
            task_text(r, label, "a turn's label", TASK_NAME_MAX, &turn.label);
        if (task_prompt_source(r, text, &p)) {
            turn.source = p.source;
            r->t->turns[r->t->turn_count++] = turn;
        }
    }
}

void task_read_images(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "images");
    size_t count = n && n->kind == DOC_LIST ? n->count : 1;

    if (!n)
        return;
    if (count > 64) {
        task_problem_at(r, n, "at most 64 images are allowed");
        return;
    }
    r->t->images = arena_array(r->a, struct task_image, count);
    for (size_t i = 0; i < count; i++) {
        const struct doc_node *item = n->kind == DOC_LIST ? n->items[i] : n;
        struct str source;

        if (!task_text(r, item, "an image (a file in the task's folder, an https address, or a template of one)", 65536,
                       &source))
            continue;
        task_template(r, STR_NONE, item, source);
        r->t->images[r->t->image_count++].source = source;
    }
}
