/* Assertions and transforms that are code, as a configuration has them: their texts filled in, their files read, with
 * the files of the folder that these name as modules (require, import). What can't be run here is told, and stays as it
 * is written: nobody judges it. */
#include "eval/promptfoo/kinds.h"
#include "eval/promptfoo/load.h"

#define SCRIPTS_FILES_MAX 200               /* of one language, with their modules */
#define SCRIPTS_BYTES_MAX (8u << 20)

static const char modules_javascript[] = "(?:require\\s*\\(|\\bfrom|\\bimport)\\s*\\(?\\s*[\"'](\\.{1,2}/[^\"']+)[\"']";
static const char modules_python[] = "(?m)^[ \\t]*(?:from[ \\t]+([\\w.]+)[ \\t]+import|import[ \\t]+([\\w., \\t]+))";

struct scripts { struct load *l; struct str where; enum promptfoo_language language; json_t *files; struct regex *modules; };

/* a/./b/../c -> a/c; STR_NONE when it leads out of the folder. */
static struct str scripts_path(struct str path, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(4096);
    struct str rest = path, part;

    while (str_split(&rest, '/', &part)) {
        ptrdiff_t cut = -1;

        if (!part.len || str_is(part, "."))
            continue;
        if (!str_is(part, "..")) {
            if (b.len)
                buf_byte(&b, '/');
            buf_append(&b, part);
            continue;
        }
        if (!b.len)
            return STR_NONE;
        for (size_t i = 0; i < b.len; i++)
            if (b.bytes[i] == '/')
                cut = (ptrdiff_t)i;
        buf_truncate(&b, cut < 0 ? 0 : (size_t)cut);
    }
    return buf_failed(&b) ? STR_NONE : arena_strdup(a, buf_str(&b));
}

static bool scripts_file(struct scripts *x, struct str path, bool maybe);

/* The module that a JavaScript file calls `name`, the way node looks for it. */
static void scripts_javascript_module(struct scripts *x, struct str folder, struct str name)
{
    static const char *const endings[] = { "", ".js", ".json", ".cjs", ".mjs", "/index.js" };
    struct str path = scripts_path(path_join(x->l->a, folder, name), x->l->a);

    for (size_t i = 0; path.len && i < COUNT_OF(endings); i++)
        if ((endings[i][0] || path_ext(path).len) &&
            scripts_file(x, arena_printf(x->l->a, STR_FMT "%s", STR_ARG(path), endings[i]), true))
            return;
}

/* a.b.c may be a/b/c.py, and a/__init__.py goes with it. */
static void scripts_python_module(struct scripts *x, struct str folder, struct str name)
{
    struct str rest = name, part, path = folder;

    while (str_split(&rest, '.', &part) && part.len) {
        path = scripts_path(path_join(x->l->a, path, part), x->l->a);
        if (!scripts_file(x, arena_printf(x->l->a, STR_FMT ".py", STR_ARG(path)), true))
            (void)scripts_file(x, arena_printf(x->l->a, STR_FMT "/__init__.py", STR_ARG(path)), true);
    }
}

static void scripts_modules(struct scripts *x, struct str path, struct str text)
{
    struct str folder = path_dir(path), group, one;
    size_t start, end = 0;

    while (end < text.len && regex_find_group(x->modules, text, end, &start, &end, &group, NULL) == REGEX_YES)
        if (x->language == PROMPTFOO_JAVASCRIPT)
            scripts_javascript_module(x, folder, group);
        else
            while (str_split(&group, ',', &one)) {
                struct str words = str_trim(one), name;

                if (str_split(&words, ' ', &name))              /* "a.b as c" */
                    scripts_python_module(x, folder, name);
            }
}

/* Reads a file and the modules it names into the language's files, once. False: there is none. */
static bool scripts_file(struct scripts *x, struct str path, bool maybe)
{
    char *name = arena_cstr(x->l->a, path);
    struct str text;
    size_t bytes = 0;

    if (json_object_get(x->files, name))
        return true;
    if (!load_read_any(x->l, x->where, path, maybe, &text))
        return false;
    for (void *it = json_object_iter(x->files); it; it = json_object_iter_next(x->files, it))
        bytes += json_string_length(json_object_iter_value(it));
    if (json_object_size(x->files) >= SCRIPTS_FILES_MAX || bytes + text.len > SCRIPTS_BYTES_MAX) {
        load_fault(x->l, x->where, "scripts in %s come to more than %d files or %d MiB, with the modules they name",
                   promptfoo_language_name(x->language), SCRIPTS_FILES_MAX, SCRIPTS_BYTES_MAX >> 20);
        return false;
    }
    json_object_set_new(x->files, name, json_from_str(text));
    if (!str_is(path_ext(path), "json"))
        scripts_modules(x, path, text);
    if (x->language == PROMPTFOO_JAVASCRIPT && str_is(path_ext(path), "js"))    /* it says which kind of module .js is */
        (void)scripts_file(x, scripts_path(path_join(x->l->a, path_dir(path), S("package.json")), x->l->a), true);
    return true;
}

/* The part of l->scripts for this language, made at first use. */
static json_t *scripts_part(struct load *l, enum promptfoo_language language)
{
    const char *name = promptfoo_language_name(language);

    if (!json_child(l->scripts, name))
        json_object_set_new(l->scripts, name, json_pack("{s:{},s:[]}", "files", "load"));
    return json_child(l->scripts, name);
}

/* `kind`: "transform", or empty for an assertion's. */
static void scripts_add(struct load *l, struct str where, enum promptfoo_language language, struct str path,
                        struct str function, struct str kind)
{
    json_t *of = scripts_part(l, language), *list = json_child(of, "load");
    struct scripts x = { .l = l, .where = where, .language = language, .files = json_child(of, "files") };
    struct err e = ERR_INIT;

    json_t *one;

    for (size_t i = 0; i < json_array_size(list); i++) {
        one = json_array_get(list, i);
        if (str_eq(json_to_str(json_array_get(one, 0)), path) &&
            str_eq(json_to_str(json_array_get(one, 1)), function) && str_eq(json_to_str(json_array_get(one, 2)), kind))
            return;
    }
    if (regex_compile(str_c(language == PROMPTFOO_PYTHON ? modules_python : modules_javascript), 0, l->a, &x.modules,
                      &e) != ERR_OK)
        return;
    if (!scripts_file(&x, path, false))
        return;
    json_array_append_new(list, one = json_pack("[o,o]", json_from_str(path), json_from_str(function)));
    if (kind.len)
        json_array_append_new(one, json_from_str(kind));
}

/* Told, and what is written stays: not evaluated. */
static json_t *scripts_not_here(struct load *l, struct str where, const struct promptfoo_kind *kind,
                                const json_t *value, struct str why)
{
    load_note(l, where, "assertion %s: " STR_FMT ": not evaluated", kind->name, STR_ARG(why));
    return json_incref((json_t *)value);
}

static struct str scripts_reference(struct load *l, struct str path, struct str function)
{
    return arena_printf(l->a, "file://" STR_FMT "%s" STR_FMT, STR_ARG(path), function.len ? ":" : "",
                        STR_ARG(function));
}

json_t *load_script(struct load *l, struct str where, const json_t *assertion, const struct promptfoo_kind *kind,
                    const json_t *vars)
{
    json_t *value = json_child(assertion, "value");
    enum promptfoo_language language = str_is(str_c(kind->name), "python") ? PROMPTFOO_PYTHON : PROMPTFOO_JAVASCRIPT,
                            in;
    struct str text = json_to_str(value), path = STR_NONE, function = STR_NONE, plain, why;

    if (!json_is_string(value))
        return json_incref(value);
    if (!promptfoo_language_runs(language, l->a, &why))
        return scripts_not_here(l, where, kind, value, why);
    if (str_starts(text, S("package:")))
        return scripts_not_here(l, where, kind, value, S("packages are not here, write file://"));
    if (promptfoo_script_file(text, &path, &function, &in)) {
        if (in != language)
            return scripts_not_here(l, where, kind, value,
                                    arena_printf(l->a, "\"" STR_FMT "\" is in another language", STR_ARG(path)));
        path = scripts_path(path, l->a);
        if (!path.len)
            return scripts_not_here(l, where, kind, value, S("its file lies outside the configuration's folder"));
        scripts_add(l, where, language, path,
                    function.len || language == PROMPTFOO_JAVASCRIPT ? function : S("get_assert"), STR_NONE);
        return json_from_str(scripts_reference(l, path, function));
    }
    if (load_is_file(text, &plain)) {
        if (load_is_code(plain))
            return scripts_not_here(l, where, kind, value,
                                    arena_printf(l->a, "\"" STR_FMT "\" is neither .js, .cjs, .mjs nor .py",
                                                 STR_ARG(plain)));
        (void)scripts_part(l, language);
        return load_read(l, where, plain, &text) ? json_from_str(str_trim(text)) : json_null();
    }
    (void)scripts_part(l, language);
    return json_from_str(load_render(l, where, text, vars, false));
}

/* The transform as a case keeps it; STR_NONE: it can't be run, and *why. */
static struct str transform_read(struct load *l, struct str where, struct str text, struct str *why)
{
    enum promptfoo_language language = PROMPTFOO_JAVASCRIPT;
    struct str path = STR_NONE, function = STR_NONE;
    bool file = str_starts(text, S("file://"));

    if (file && !promptfoo_script_file(text, &path, &function, &language)) {
        *why = arena_printf(l->a, "\"" STR_FMT "\" is neither .js, .cjs, .mjs nor .py",
                            STR_ARG(str_utf8_head(text, 80)));
        return STR_NONE;
    }
    if (!promptfoo_language_runs(language, l->a, why))
        return STR_NONE;
    (void)scripts_part(l, language);
    if (!file)
        return text;
    path = scripts_path(path, l->a);
    if (!path.len) {
        *why = S("its file lies outside the configuration's folder");
        return STR_NONE;
    }
    scripts_add(l, where, language, path,
                function.len || language == PROMPTFOO_JAVASCRIPT ? function : S(PROMPTFOO_PYTHON_TRANSFORM),
                S("transform"));
    return scripts_reference(l, path, function);
}

void load_transform(struct load *l, struct str where, const json_t *transform, const char *whose, json_t *out)
{
    struct str why = S("it is no text"), text = STR_NONE;

    if (json_is_string(transform))
        text = transform_read(l, where, json_to_str(transform), &why);
    if (text.len) {
        json_set_str(out, "transform", text);
        return;
    }
    load_note(l, where, "%s transform: " STR_FMT ": not evaluated", whose, STR_ARG(why));
    json_set_str(out, "blind", arena_printf(l->a, "%s transform: " STR_FMT ": not evaluated", whose, STR_ARG(why)));
}
