/* Files a configuration names: below its own folder only, whatever they say; references, globs, environment. */
#include "eval/promptfoo/load.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <unistd.h>

#define FILES_GLOB_DEPTH 16
#define FILES_ENTRIES    100000

bool load_is_file(struct str s, struct str *path)
{
    if (!str_starts(s, S("file://")))
        return false;
    *path = str_from(s, 7);
    if (str_starts(*path, S("./")))
        *path = str_from(*path, 2);
    return true;
}

bool load_is_code(struct str path)
{
    static const char *const endings[] = { "js", "cjs", "mjs", "ts", "cts", "mts", "py", "rb", "go", "sh" };
    ptrdiff_t colon = str_find_byte(path, ':');
    struct str ext = path_ext(colon < 0 ? path : str_sub(path, 0, (size_t)colon));

    for (size_t i = 0; i < COUNT_OF(endings); i++)
        if (str_is(ext, endings[i]))
            return true;
    return false;
}

bool load_has_magic(struct str path)
{
    return str_find_byte(path, '*') >= 0 || str_find_byte(path, '?') >= 0 || str_find_byte(path, '[') >= 0;
}

bool load_read(struct load *l, struct str where, struct str path, struct str *out)
{
    if (load_is_code(path)) {
        load_fault(l, where, "\"" STR_FMT "\" is code, which is not run here; javascript and python assertions are",
                   STR_ARG(path));
        return false;
    }
    return load_read_any(l, where, path, false, out);
}

bool load_read_any(struct load *l, struct str where, struct str path, bool maybe, struct str *out)
{
    AUTO_BUF struct buf text = BUF_INIT(DOC_BYTES_MAX);
    struct err e = ERR_INIT;
    char hint[160];

    if (str_starts(path, S("./")))
        path = str_from(path, 2);
    if (++l->files > LOAD_FILES_MAX) {
        if (l->files == LOAD_FILES_MAX + 1)
            load_fault(l, where, "a configuration reads at most %d files", LOAD_FILES_MAX);
        return false;
    }
    switch (file_read_beneath(l->r->dir, path, DOC_BYTES_MAX, &text, &e)) {
    case ERR_OK: break;
    case ERR_NOT_FOUND:
        if (maybe)
            return false;
        task_near_file(l->r, path, hint);
        load_fault(l, where, "there is no file \"" STR_FMT "\" in the configuration's folder%s", STR_ARG(path), hint);
        return false;
    default: load_fault(l, where, "%s", e.text); return false;
    }
    if (!str_is_utf8(buf_str(&text))) {
        load_fault(l, where, "\"" STR_FMT "\" is not UTF-8 text", STR_ARG(path));
        return false;
    }
    *out = arena_strdup(l->a, buf_str(&text));
    if (str_starts(*out, S("\xef\xbb\xbf")))
        *out = str_from(*out, 3);
    return true;
}

bool load_tree(struct load *l, struct str where, struct str path, struct doc_node **out, struct str *shown)
{
    struct str text, before = l->r->inside;
    struct err e = ERR_INIT;

    if (!load_read(l, where, path, &text))
        return false;
    *shown = path_join(l->a, path_dir(l->r->name), path);
    if (doc_read(*shown, text, doc_form_of(path), l->a, out, &e) != ERR_OK) {
        load_fault(l, where, "%s", e.text);
        return false;
    }
    l->r->inside = *shown;
    load_prepare(l, *out);
    l->r->inside = before;
    return true;
}

/* --- globs -------------------------------------------------------------------------------------------------------- */

struct glob { struct load *l; VEC(struct str) found; int entries; };

static void glob_below(struct glob *g, struct str dir, struct str rest, int depth);

static void glob_entry(struct glob *g, struct str dir, const struct dirent *entry, struct str one, struct str rest,
                       int depth)
{
    struct str path = arena_printf(g->l->a, STR_FMT "%s%s", STR_ARG(dir), dir.len ? "/" : "", entry->d_name);
    bool deep = str_is(one, "**");

    if (entry->d_name[0] == '.')
        return;
    if (deep) {
        if (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)
            glob_below(g, path, arena_printf(g->l->a, "**/" STR_FMT, STR_ARG(rest)), depth + 1);
        return;
    }
    if (fnmatch(arena_cstr(g->l->a, one), entry->d_name, FNM_PERIOD) != 0)
        return;
    if (rest.at)
        glob_below(g, path, rest, depth + 1);
    else if (entry->d_type != DT_DIR)
        vec_push(&g->found, path);
}

/* What of `rest`, a pattern, lies below the folder `dir` of ours. */
static void glob_below(struct glob *g, struct str dir, struct str rest, int depth)
{
    struct str left = rest, one;
    struct err e = ERR_INIT;
    struct dirent *entry;
    DIR *d;
    int fd;

    if (depth > FILES_GLOB_DEPTH || !str_split(&left, '/', &one))
        return;
    if (!load_has_magic(one)) {
        struct str path = arena_printf(g->l->a, STR_FMT "%s" STR_FMT, STR_ARG(dir), dir.len ? "/" : "", STR_ARG(one));

        if (left.at)
            glob_below(g, path, left, depth + 1);
        else
            vec_push(&g->found, path);
        return;
    }
    if (str_is(one, "**") && left.at)
        glob_below(g, dir, left, depth + 1);            /* ** is no folder, too */
    if (file_open_folder_beneath(g->l->r->dir, dir.len ? dir : S("."), &fd, &e) != ERR_OK)
        return;
    d = fdopendir(fd);
    if (!d) {
        close(fd);
        return;
    }
    while (g->entries < FILES_ENTRIES && g->found.len < LOAD_FILES_MAX && (entry = readdir(d))) {
        g->entries++;
        glob_entry(g, dir, entry, one, left, depth);
    }
    closedir(d);
}

static int glob_compare(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

bool load_glob(struct load *l, struct str where, struct str pattern, struct str **out, size_t *count)
{
    struct glob g = { .l = l };

    if (str_starts(pattern, S("./")))
        pattern = str_from(pattern, 2);
    *count = 0;
    if (!load_has_magic(pattern)) {
        *out = arena_new(l->a, struct str);
        **out = pattern;
        *count = 1;
        return true;
    }
    glob_below(&g, STR_NONE, pattern, 0);
    if (g.found.len)
        qsort(g.found.at, g.found.len, sizeof *g.found.at, glob_compare);
    *out = arena_array(l->a, struct str, g.found.len + 1);
    for (size_t i = 0; i < g.found.len; i++)
        (*out)[(*count)++] = g.found.at[i];
    vec_dispose(&g.found);
    if (!*count)
        load_fault(l, where, "no file in the configuration's folder is named \"" STR_FMT "\"", STR_ARG(pattern));
    return *count > 0;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static json_t *files_value(struct load *l, struct str where, struct str path)
{
    struct str ext = path_ext(path), text, shown;
    struct doc_node *tree;

    if (str_is(ext, "json") || str_is(ext, "yaml") || str_is(ext, "yml"))
        return load_tree(l, where, path, &tree, &shown) ? doc_to_json(tree) : json_null();
    return load_read(l, where, path, &text) ? json_from_str(text) : json_null();
}

json_t *load_files_in(struct load *l, struct str where, json_t *value, int depth)
{
    struct str path;

    if (depth > LOAD_DEPTH_MAX)
        return json_incref(value);
    if (json_is_string(value) && load_is_file(json_to_str(value), &path) && !load_is_code(path))
        return files_value(l, where, arena_strdup(l->a, path));
    if (json_is_array(value)) {
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(value); i++)
            json_array_append_new(list, load_files_in(l, where, json_array_get(value, i), depth + 1));
        return list;
    }
    if (json_is_object(value)) {
        json_t *o = json_object();

        for (void *it = json_object_iter(value); it; it = json_object_iter_next(value, it))
            json_object_set_new(o, json_object_iter_key(it),
                                load_files_in(l, where, json_object_iter_value(it), depth + 1));
        return o;
    }
    return json_incref(value);
}

/* --- environment and references ----------------------------------------------------------------------------------- */

/* Names of variables that hold what must not be written down. */
static bool env_is_secret(struct str name)
{
    static const char *const words[] = { "KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "AUTH", "COOKIE" };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_ifind(name, str_c(words[i])) >= 0)
            return true;
    return false;
}

static struct str env_value(struct load *l, struct str where, struct str name)
{
    char *key = arena_cstr(l->a, name);
    const char *found = getenv(key);
    const json_t *own = json_child(l->env, key);

    if (env_is_secret(name)) {
        load_note(l, where,
                  "env." STR_FMT " sounds like a secret and is put into no text; keys are taken from the environment "
                  "where a provider needs them",
                  STR_ARG(str_utf8_head(name, 60)));
        return STR_NONE;
    }
    if (own && !json_is_object(own) && !json_is_array(own))
        return json_is_string(own) ? arena_strdup(l->a, json_to_str(own)) : STR_NONE;
    if (!found)
        load_note(l, where, "the environment has no " STR_FMT ", which stands for nothing then",
                  STR_ARG(str_utf8_head(name, 60)));
    return found ? arena_strdup(l->a, str_c(found)) : STR_NONE;
}

/* "{{ env.NAME }}" or {{ env["NAME"] }} at the beginning of `s`: its name and length. */
static bool env_at(struct str s, struct str *name, size_t *len)
{
    size_t i = 2, from;
    char quote = '\0';

    while (i < s.len && (s.at[i] == ' ' || (i == 2 && s.at[i] == '-')))
        i++;
    if (!str_starts(str_from(s, i), S("env")))
        return false;
    i += 3;
    if (i < s.len && s.at[i] == '[' && i + 1 < s.len && (s.at[i + 1] == '\'' || s.at[i + 1] == '"'))
        quote = s.at[++i];
    else if (i >= s.len || s.at[i] != '.')
        return false;
    from = ++i;
    while (i < s.len && ((s.at[i] >= 'A' && s.at[i] <= 'Z') || (s.at[i] >= 'a' && s.at[i] <= 'z') ||
                         (s.at[i] >= '0' && s.at[i] <= '9') || s.at[i] == '_'))
        i++;
    *name = str_sub(s, from, i - from);
    if (quote) {
        if (i + 1 >= s.len || s.at[i] != quote || s.at[i + 1] != ']')
            return false;
        i += 2;
    }
    while (i < s.len && (s.at[i] == ' ' || s.at[i] == '-'))
        i++;
    *len = i + 2;
    return name->len && str_starts(str_from(s, i), S("}}"));
}

static struct str env_filled(struct load *l, struct str where, struct str text)
{
    AUTO_BUF struct buf b = BUF_INIT(DOC_BYTES_MAX);
    struct str name;
    size_t len;

    for (size_t i = 0; i < text.len;) {
        if (str_starts(str_from(text, i), S("{{")) && env_at(str_from(text, i), &name, &len)) {
            buf_append(&b, env_value(l, where, name));
            i += len;
        } else {
            buf_byte(&b, text.at[i++]);
        }
    }
    return buf_failed(&b) ? text : arena_strdup(l->a, buf_str(&b));
}

#define REF_PREFIX S("#/assertionTemplates/")

/* A reference to one of the configuration's assertion templates, which hold no references themselves: so nothing leads
 * in a circle. What all references come to, written out, stays below DOC_NODES_MAX nodes. */
static struct doc_node *prepare_ref(struct load *l, struct doc_node *n)
{
    const struct doc_node *ref = n->kind == DOC_MAP ? doc_get(n, "$ref") : NULL;
    struct doc_node *found = NULL;

    if (!ref || ref->kind != DOC_STRING || n->count != 1)
        return n;
    if (str_starts(ref->text, REF_PREFIX))
        found = doc_get(doc_get(l->root, "assertionTemplates"), arena_cstr(l->a, str_from(ref->text, REF_PREFIX.len)));
    if (l->no_references) {
        load_fault(l, load_where(l, ref), "an assertion template can't refer to another");
        return n;
    }
    if (!found || (l->referred += found->weight + 1) > DOC_NODES_MAX) {
        load_fault(l, load_where(l, ref), found ? "the references come to more than %d values"
                                                : "$ref leads nowhere; it names one of this file's assertionTemplates, as in "
                                                  "#/assertionTemplates/polite", DOC_NODES_MAX);
        return n;
    }
    return found;
}

static void prepare_node(struct load *l, struct doc_node *n, int depth)
{
    if (depth > DOC_DEPTH_MAX)
        return;
    if (n->kind == DOC_STRING && str_contains(n->text, S("{{")) && str_contains(n->text, S("env")))
        n->text = env_filled(l, load_where(l, n), n->text);
    for (size_t i = 0; n->kind == DOC_LIST && i < n->count; i++) {
        n->items[i] = prepare_ref(l, n->items[i]);
        prepare_node(l, n->items[i], depth + 1);
    }
    for (size_t i = 0; n->kind == DOC_MAP && i < n->count; i++) {
        bool templates = n == l->root && str_is(n->pairs[i].key, "assertionTemplates");

        l->no_references = l->no_references || templates;
        prepare_node(l, n->pairs[i].value, depth + 1);
        if (templates)
            l->no_references = false;
    }
}

void load_prepare(struct load *l, struct doc_node *root)
{
    const struct doc_node *env = doc_get(root, "env");

    if (root == l->root && env && env->kind == DOC_MAP) {
        l->env = json_in_arena(doc_to_json(env), l->a);
        for (size_t i = 0; i < env->count; i++)
            if (env_is_secret(env->pairs[i].key)) {
                load_hide(l, env->pairs[i].value->text);
                load_note(l, load_where(l, env->pairs[i].value),
                          "env: " STR_FMT " is not taken from the file; set it in the "
                          "environment",
                          STR_ARG(env->pairs[i].key));
            }
    }
    prepare_node(l, root, 0);
}
