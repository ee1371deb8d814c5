/* Prompts: texts, files of every kind promptfoo reads, globs, conversations.
 *
 * A text that is JSON (or YAML that begins "- role:") and lists messages is a conversation. A file ending in .txt holds
 * prompts with lines of --- between them, .jsonl one a line, .csv one a row (column prompt, or the only one), .json and
 * .yaml one conversation or value, everything else (.md, .j2, .jinja) one text. */
#include "eval/promptfoo/load.h"

/* Is a string of the list a file's name rather than the text? */
static bool prompts_is_path(const struct load *l, struct str s, struct str *path)
{
    static const char *const endings[] = { "txt", "json", "jsonl", "yaml", "yml", "csv", "md", "j2", "jinja", "js", "cjs",
                                           "mjs", "ts", "py" };
    bool ending = false;

    if (load_is_file(s, path))
        return true;
    *path = str_starts(s, S("./")) ? str_from(s, 2) : s;
    if (s.len > TASK_NAME_MAX || str_find_byte(s, '\n') >= 0 || str_contains(s, S("{{")) || str_contains(s, S("{%")))
        return false;
    for (size_t i = 0; i < COUNT_OF(endings); i++)
        ending = ending || str_is(path_ext(s), endings[i]);
    if (ending && str_find_byte(s, ' ') < 0)
        return true;
    return path->len && file_exists(path_join(l->a, str_c(l->r->dir), *path).at) &&
           !file_is_dir(path_join(l->a, str_c(l->r->dir), *path).at);
}

static struct str prompts_name(const struct load *l, struct str label, struct str stem)
{
    struct str wanted = label, rest = label, line, name;

    if (!label.len)
        wanted = stem.len ? stem : S("prompt");
    else if (str_split(&rest, '\n', &line))
        wanted = str_trim(line);
    wanted = arena_strdup(l->a, str_utf8_head(wanted.len ? wanted : S("prompt"), 60));
    name = wanted;
    for (int n = 2;; n++) {
        bool taken = false;

        for (size_t i = 0; i < l->prompts.len; i++)
            taken = taken || str_eq(l->prompts.at[i].name, name);
        if (!taken)
            return name;
        name = arena_printf(l->a, STR_FMT "_%d", STR_ARG(wanted), n);
    }
}

static bool prompts_is_chat(const json_t *j)
{
    return json_is_array(j) && json_array_size(j) && json_child(json_array_get(j, 0), "role");
}

/* The conversation in a text, or NULL. */
static json_t *prompts_chat(const struct load *l, struct str raw)
{
    struct str s = str_trim(raw);
    struct doc_node *tree;
    struct err e = ERR_INIT;
    json_t *j = NULL;

    if (str_starts(s, S("["))) {
        if (json_read(s, &j, &e) != ERR_OK)
            return NULL;
    } else if (str_starts(s, S("- role:"))) {
        if (doc_read(S("prompt"), s, DOC_YAML, l->a, &tree, &e) != ERR_OK)
            return NULL;
        j = doc_to_json(tree);
    }
    if (prompts_is_chat(j))
        return j;
    json_decref(j);
    return NULL;
}

/* The roles of vendors that have one of ours. */
static void prompts_roles(json_t *chat)
{
    for (size_t i = 0; i < json_array_size(chat); i++)
        if (str_is(json_get_str(json_array_get(chat, i), "role"), "developer"))
            json_object_set_new(json_array_get(chat, i), "role", json_string("system"));
}

static void prompts_add(struct load *l, const struct doc_node *at, struct str label, struct str stem, struct str raw)
{
    struct load_prompt p = { .at = at, .label = label };
    json_t *chat = prompts_chat(l, raw);

    if (!str_trim(raw).len) {
        load_fault(l, load_where(l, at), "a prompt is empty");
        return;
    }
    if (l->prompts.len == TASK_LIST_MAX) {
        load_fault(l, load_where(l, at), "at most %d prompts can be compared", TASK_LIST_MAX);
        return;
    }
    if (!chat && str_starts(str_trim(raw), S("[")) && str_contains(raw, S("\"role\"")) && str_contains(raw, S("{%")))
        load_fault(l, load_where(l, at),
                   "this prompt becomes a conversation only when it is filled in; write its messages as JSON "
                   "or YAML that can be read before");
    prompts_roles(chat);
    p.name = prompts_name(l, label, stem);
    p.body = json_in_arena(chat ? chat : json_from_str(raw), l->a);
    vec_push(&l->prompts, p);
}

static struct str prompts_stem(struct str path)
{
    struct str base = path_base(path), ext = path_ext(base);

    return ext.len ? str_sub(base, 0, base.len - ext.len - 1) : base;
}

/* Texts with lines of --- between them. */
static void prompts_text_file(struct load *l, const struct doc_node *at, struct str label, struct str path,
                              struct str text)
{
    AUTO_BUF struct buf part = BUF_INIT(TASK_TEXT_MAX);
    struct str rest = text, line;
    bool more = true;

    while (more) {
        more = str_split(&rest, '\n', &line);
        if (more && !str_is(str_trim(line), "---")) {
            buf_append(&part, str_ends(line, S("\r")) ? str_sub(line, 0, line.len - 1) : line);
            buf_byte(&part, '\n');
            continue;
        }
        if (buf_failed(&part))
            load_fault(l, load_where(l, at), "a prompt in " STR_FMT " is longer than %u bytes", STR_ARG(path),
                       TASK_TEXT_MAX);
        else if (str_trim(buf_str(&part)).len)
            prompts_add(l, at, label, prompts_stem(path), str_trim(arena_strdup(l->a, buf_str(&part))));
        buf_reset(&part);
    }
}

/* A column called prompt, and perhaps one called label; or one column of prompts. */
static void prompts_csv_file(struct load *l, const struct doc_node *at, struct str path, struct str text)
{
    struct csv c = { 0 };
    const struct str *fields;
    struct err e = ERR_INIT;
    ptrdiff_t prompt = -1, label = -1;
    size_t count;
    bool more = true;

    csv_open_str(&c, text, ',');
    for (int row = 0; more && csv_next(&c, &fields, &count, &more, &e) == ERR_OK && more; row++) {
        for (size_t i = 0; row == 0 && i < count; i++)
            if (str_ieq(str_trim(fields[i]), S("prompt")))
                prompt = (ptrdiff_t)i;
            else if (str_ieq(str_trim(fields[i]), S("label")))
                label = (ptrdiff_t)i;
        if (row == 0 && prompt >= 0)
            continue;
        if (prompt < (ptrdiff_t)count && str_trim(fields[MAX(prompt, 0)]).len)
            prompts_add(l, at, label >= 0 && label < (ptrdiff_t)count ? arena_strdup(l->a, fields[label]) : STR_NONE,
                        prompts_stem(path), arena_strdup(l->a, str_trim(fields[MAX(prompt, 0)])));
    }
    if (e.code != ERR_OK)
        load_fault(l, load_where(l, at), STR_FMT ":%s", STR_ARG(path), e.text);
    csv_close(&c);
}

static void prompts_file(struct load *l, const struct doc_node *at, struct str label, struct str path)
{
    struct str ext = path_ext(path), text, line;
    AUTO_BUF struct buf b = BUF_INIT(TASK_TEXT_MAX);
    AUTO_JSON *j = NULL, *whole = NULL;
    struct doc_node *tree;
    struct str shown;

    if (str_is(ext, "json") || str_is(ext, "yaml") || str_is(ext, "yml")) {
        if (!load_tree(l, load_where(l, at), path, &tree, &shown))
            return;
        j = doc_to_json(tree);
        whole = load_files_in(l, load_where(l, at), j, 0);
        if (json_is_string(whole))
            buf_append(&b, json_to_str(whole));
        else
            json_write(whole, &b);
        prompts_add(l, at, label, prompts_stem(path), arena_strdup(l->a, buf_str(&b)));
        return;
    }
    if (!load_read(l, load_where(l, at), path, &text))
        return;
    if (str_is(ext, "txt")) {
        prompts_text_file(l, at, label, path, text);
    } else if (str_is(ext, "csv")) {
        prompts_csv_file(l, at, path, text);
    } else if (str_is(ext, "jsonl")) {
        while (str_split(&text, '\n', &line))
            if (str_trim(line).len)
                prompts_add(l, at, label, prompts_stem(path), str_trim(line));
    } else {
        prompts_add(l, at, label, prompts_stem(path), text);
    }
}

static void prompts_string(struct load *l, const struct doc_node *at, struct str s, struct str label)
{
    struct str path, *files;
    size_t count;

    if (str_starts(s, S("exec:")) || str_starts(s, S("portkey://")) || str_starts(s, S("langfuse://")) ||
        str_starts(s, S("helicone://"))) {
        load_fault(l, load_where(l, at),
                   "the prompt \"" STR_FMT "\" comes from a program or a service, which are not asked here",
                   STR_ARG(str_utf8_head(s, 60)));
        return;
    }
    if (!prompts_is_path(l, s, &path)) {
        prompts_add(l, at, label, STR_NONE, s);
        return;
    }
    if (!load_glob(l, load_where(l, at), path, &files, &count))
        return;
    for (size_t i = 0; i < count; i++)
        prompts_file(l, at, label, files[i]);
}

/* "text", {raw | id | file, label} */
static void prompts_one(struct load *l, const struct doc_node *n)
{
    static const char *const members[] = { "raw", "file", "id" };
    const struct doc_node *label = task_member(n, "label"), *body = NULL;

    if (n->kind == DOC_STRING) {
        prompts_string(l, n, n->text, STR_NONE);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(members) && !body; i++)
        body = task_member(n, members[i]);
    if (!body || body->kind != DOC_STRING) {
        load_fault(l, load_where(l, n), "a prompt is a text, a file, or {raw: text, label: name}");
        return;
    }
    load_keys(l, n, "a prompt", "raw file id label", "display template");
    prompts_string(l, n, body->text, label && label->kind == DOC_STRING ? label->text : STR_NONE);
}

void load_prompts(struct load *l)
{
    const struct doc_node *n = task_member(l->root, "prompts");
    struct doc_node usual = { .kind = DOC_STRING, .text = S("{{prompt}}"), .line = 1, .column = 1 };

    if (!n)
        n = &usual;                                     /* promptfoo's own default */
    if (n->kind == DOC_LIST) {
        for (size_t i = 0; i < n->count; i++)
            prompts_one(l, n->items[i]);
    } else if (n->kind == DOC_MAP && !task_member(n, "raw") && !task_member(n, "id")) {
        for (size_t i = 0; i < n->count; i++)           /* file -> label, an older form */
            if (n->pairs[i].value->kind == DOC_STRING)
                prompts_string(l, n->pairs[i].value, n->pairs[i].key, n->pairs[i].value->text);
            else
                load_fault(l, load_where(l, n->pairs[i].value), "a prompt's label is a text");
    } else {
        prompts_one(l, n);
    }
    if (!l->prompts.len && !l->r->p->errors)
        load_fault(l, load_where(l, n), "the configuration has no prompt");
}

/* --- as a task has them ------------------------------------------------------------------------------------------- */

static struct str prompts_text(struct load *l, struct str text, bool first, bool last)
{
    AUTO_BUF struct buf b = BUF_INIT(2 * TASK_TEXT_MAX);

    if (l->affixes && first)
        buf_puts(&b, "{{ " PROMPTFOO_VARIABLE ".prefix }}");
    buf_append(&b, load_template(l, text));
    if (l->affixes && last)
        buf_puts(&b, "{{ " PROMPTFOO_VARIABLE ".suffix }}");
    return arena_strdup(l->a, buf_str(&b));
}

/* {"type": "text", "text"}, {"type": "image_url", "image_url": {"url", "detail"}} */
static json_t *prompts_parts(struct load *l, const json_t *parts)
{
    json_t *out = json_array();

    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *p = json_array_get(parts, i), *image = json_child(p, "image_url");

        if (json_is_string(p) || json_child(p, "text")) {
            struct str text = json_is_string(p) ? json_to_str(p) : json_get_str(p, "text");

            json_array_append_new(out, json_pack("{s:o}", "text", json_from_str(load_template(l, text))));
        } else if (image) {
            struct str url = json_is_string(image) ? json_to_str(image) : json_get_str(image, "url");

            json_array_append_new(out, json_pack("{s:o}", "image", json_from_str(load_template(l, url))));
        } else {
            json_array_append(out, (json_t *)p);        /* the tasks' reader says what it may be */
        }
    }
    return out;
}

static json_t *prompts_messages(struct load *l, const json_t *chat)
{
    json_t *list = json_array();

    for (size_t i = 0; i < json_array_size(chat); i++) {
        json_t *m = json_deep_copy(json_array_get(chat, i)), *content = json_child(m, "content");

        if (json_is_string(content))
            json_set_str(m, "content", load_template(l, json_to_str(content)));
        else if (json_is_array(content))
            json_object_set_new(m, "content", prompts_parts(l, content));
        json_array_append_new(list, m);
    }
    return list;
}

struct doc_node *load_prompts_node(struct load *l)
{
    struct doc_node *list = load_node(l, json_in_arena(json_array(), l->a), l->root);

    list->items = arena_array(l->a, struct doc_node *, l->prompts.len + 1);
    for (size_t i = 0; i < l->prompts.len; i++) {
        const struct load_prompt *p = &l->prompts.at[i];
        json_t *o = json_in_arena(json_object(), l->a);

        json_set_str(o, "name", p->name);
        if (json_is_array(p->body)) {
            if (l->affixes)
                load_note(l, load_where(l, p->at), "prefix and suffix are not put around a conversation");
            json_object_set_new(o, "messages", prompts_messages(l, p->body));
        } else {
            json_set_str(o, "text", prompts_text(l, json_to_str(p->body), true, true));
        }
        list->items[list->count++] = load_node(l, o, p->at);
    }
    return list;
}
