/* promptfoo's configurations as task files. Which file is one, its top-level keys, and the mapping made of them. */
#include "eval/promptfoo/load.h"

#include "template/template.h"

/* --- telling ------------------------------------------------------------------------------------------------------ */

struct str load_where(const struct load *l, const struct doc_node *n)
{
    struct str file = l->r->inside.len ? l->r->inside : l->r->files[n->file];

    return arena_printf(l->a, STR_FMT ":%d:%d", STR_ARG(file), n->line, n->column);
}

static void load_tell(struct load *l, struct str where, bool warning, const char *fmt, va_list ap) PRINTF_LIKE(4, 0);

static void load_tell(struct load *l, struct str where, bool warning, const char *fmt, va_list ap)
{
    struct err text = ERR_INIT;             /* cut on a code point, control bytes made harmless */

    err_setv(&text, ERR_BAD_INPUT, fmt, ap);
    if (warning && map_has(&l->notes, str_c(text.text)))
        return;
    if (warning && map_len(&l->notes) == LOAD_NOTES_MAX) {
        if (!l->notes_full)
            task_problem_in(l->r, where, true, S("... and more is not honoured; what stands here is told first"));
        l->notes_full = true;
        return;
    }
    if (warning)
        map_put(&l->notes, str_c(text.text), l);
    task_problem_in(l->r, where, warning, str_c(text.text));
}

void load_note(struct load *l, struct str where, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    load_tell(l, where, true, fmt, ap);
    va_end(ap);
}

void load_fault(struct load *l, struct str where, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    load_tell(l, where, false, fmt, ap);
    va_end(ap);
}

static bool load_word(const char *words, struct str word)
{
    struct str rest = str_c(words), one;

    while (str_split(&rest, ' ', &one))
        if (str_eq(one, word))
            return true;
    return false;
}

static void load_key(struct load *l, struct str where, struct str key, const char *what, const char *known)
{
    struct suggest near;
    struct str rest = str_c(known), one;
    char hint[160];

    suggest_begin(&near, key);
    while (str_split(&rest, ' ', &one))
        suggest_offer(&near, one);
    load_note(l, where, "%s%s\"" STR_FMT "\" is not honoured%s", what, *what ? ": " : "",
              STR_ARG(str_utf8_head(key, 60)), suggest_hint(&near, hint));
}

void load_json_keys(struct load *l, struct str where, const json_t *o, const char *what, const char *known)
{
    for (void *it = json_object_iter((json_t *)o); it; it = json_object_iter_next((json_t *)o, it)) {
        struct str key = str_c(json_object_iter_key(it));

        if (!load_word(known, key) && !json_is_null(json_object_iter_value(it)))
            load_key(l, where, key, what, known);
    }
}

void load_keys(struct load *l, const struct doc_node *map, const char *what, const char *known, const char *quiet)
{
    for (size_t i = 0; map->kind == DOC_MAP && i < map->count; i++) {
        const struct doc_pair *p = &map->pairs[i];
        struct doc_node at = { .line = p->line, .column = p->column, .file = p->value->file };

        if (!load_word(known, p->key) && !load_word(quiet, p->key) && p->value->kind != DOC_NULL)
            load_key(l, load_where(l, &at), p->key, what, known);
    }
}

void load_hide(struct load *l, struct str secret)
{
    struct str rest = l->r->t->text;
    ptrdiff_t at;

    if (secret.len < 4 || str_contains(secret, S("{{")))
        return;
    while ((at = str_find(rest, secret)) >= 0) {
        memset((char *)rest.at + at, '*', secret.len);
        rest = str_from(rest, (size_t)at + secret.len);
    }
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

static struct doc_node *load_new(struct load *l, enum doc_kind kind, const struct doc_node *at)
{
    struct doc_node *n = arena_new(l->a, struct doc_node);

    *n = (struct doc_node){ .kind = kind, .file = at->file, .line = MAX(at->line, 1), .column = MAX(at->column, 1) };
    return n;
}

static struct doc_node *load_node_at(struct load *l, const json_t *j, const struct doc_node *at, int depth)
{
    struct doc_node *n = load_new(l, DOC_NULL, at);
    AUTO_BUF struct buf text = BUF_INIT(64);

    if (json_is_string(j)) {
        n->kind = DOC_STRING;
        n->text = json_to_str(j);
        return n;
    }
    if (json_is_array(j) && depth < LOAD_DEPTH_MAX) {
        n->kind = DOC_LIST;
        n->items = arena_array(l->a, struct doc_node *, json_array_size(j) + 1);
        for (size_t i = 0; i < json_array_size(j); i++)
            n->items[n->count++] = load_node_at(l, json_array_get(j, i), at, depth + 1);
    } else if (json_is_object(j) && depth < LOAD_DEPTH_MAX) {
        n->kind = DOC_MAP;
        n->pairs = arena_array(l->a, struct doc_pair, json_object_size(j) + 1);
        for (void *it = json_object_iter((json_t *)j); it; it = json_object_iter_next((json_t *)j, it))
            n->pairs[n->count++] = (struct doc_pair){ str_c(json_object_iter_key(it)), n->line, n->column,
                                                      load_node_at(l, json_object_iter_value(it), at, depth + 1) };
    } else if (json_is_number(j)) {
        n->kind = json_is_integer(j) ? DOC_INT : DOC_DOUBLE;
        if (json_is_integer(j))
            n->integer = json_integer_value(j);
        else
            n->number = json_real_value(j);
        json_write(j, &text);
        n->text = arena_strdup(l->a, buf_str(&text));
    } else if (json_is_boolean(j)) {
        n->kind = DOC_BOOL;
        n->truth = json_is_true(j);
        n->text = n->truth ? S("true") : S("false");
    }
    return n;
}

struct doc_node *load_node(struct load *l, const json_t *j, const struct doc_node *at)
{
    return load_node_at(l, json_in_arena(json_incref((json_t *)j), l->a), at, 0);
}

/* --- the task ----------------------------------------------------------------------------------------------------- */

#define LOAD_KEYS "description prompts providers targets tests scenarios defaultTest evaluateOptions env assertionTemplates"
/* Of promptfoo's own ways, not of what is asked or judged. */
#define LOAD_QUIET "sharing writeLatestResults tags metadata $schema tracing"

static struct str load_name(const struct load *l)
{
    const struct doc_node *n = task_member(l->root, "description");
    struct str line = n && n->kind == DOC_STRING ? str_trim(n->text) : STR_NONE, rest = line;
    struct str dir = path_base(str_c(l->r->dir));

    if (line.len && str_split(&rest, '\n', &line) && str_trim(line).len)
        return arena_strdup(l->a, str_utf8_head(str_trim(line), 80));
    return dir.len && !str_is(dir, ".") ? dir : S("promptfoo");
}

static void load_options(struct load *l, json_t *root)
{
    const struct doc_node *n = task_member(l->root, "evaluateOptions"), *repeat = task_member(n, "repeat");
    int64_t times;

    if (!n)
        return;
    load_keys(l, n, "evaluateOptions", "repeat", "cache showProgressBar maxConcurrency verbose table");
    if (task_member(n, "maxConcurrency"))
        load_note(l, load_where(l, n),
                  "evaluateOptions: maxConcurrency is not honoured; calls in flight are found out, or "
                  "given with --concurrency");
    if (repeat && task_whole(l->r, repeat, "repeat", 1, TASK_REPEAT_MAX, &times))
        json_object_set_new(root, "repeat", json_integer(times));
}

static void load_default_test(struct load *l)
{
    const struct doc_node *n = task_member(l->root, "defaultTest");
    struct str path, shown, before = l->r->inside;
    struct doc_node *tree;

    if (!n)
        return;
    l->default_where = load_where(l, n);
    if (n->kind == DOC_STRING && load_is_file(n->text, &path)) {
        if (!load_tree(l, l->default_where, path, &tree, &shown))
            return;
        l->r->inside = shown;
        l->default_where = load_where(l, tree);
        l->r->inside = before;
        n = tree;
    }
    if (n->kind != DOC_MAP)
        load_fault(l, l->default_where, "defaultTest is a mapping with vars, assert, options, and this is %s",
                   doc_kind_name(n->kind));
    else
        l->default_test = json_in_arena(doc_to_json(n), l->a);
}

static struct doc_node *load_task(struct load *l)
{
    json_t *root = json_in_arena(json_object(), l->a);
    struct doc_node *out, *prompts, *variants;
    const struct doc_node *about = task_member(l->root, "description");
    json_t *reads, *check;
    size_t columns;

    load_keys(l, l->root, "", LOAD_KEYS, LOAD_QUIET);
    if (task_member(l->root, "redteam"))
        load_fault(l, load_where(l, task_member(l->root, "redteam")),
                   "redteam makes attacks with a service of promptfoo's: there is nothing like it here");
    load_default_test(l);
    json_set_str(root, "name", load_name(l));
    if (about && about->kind == DOC_STRING && str_trim(about->text).len)
        json_set_str(root, "description", about->text);
    load_options(l, root);
    json_object_set_new(root, "chunking", json_string("off"));
    json_object_set_new(root, "metrics", json_pack("[s,s,s,s]", "checks_passed", "promptfoo_score", "cost", "latency"));
    json_object_set_new(root, "thresholds", json_pack("{s:f}", "checks_passed", 1.0));
    l->graders = json_in_arena(json_array(), l->a);
    l->rubrics = json_in_arena(json_array(), l->a);
    l->graders_seen = json_in_arena(json_array(), l->a);
    l->rubrics_seen = json_in_arena(json_array(), l->a);
    l->scripts = json_in_arena(json_object(), l->a);
    l->providers = json_in_arena(json_object(), l->a);
    load_prompts(l);
    variants = load_variants(l);
    load_tests(l);
    columns = l->r->ov->model_count ? l->r->ov->model_count : variants ? variants->count : 0;
    if (l->compares && columns * l->prompts.len == 1)
        load_note(l, load_where(l, l->root),
                  "select-best and max-score compare columns, and one prompt with one provider is one: not evaluated");
    check = json_pack("{s:o,s:s,s:s}", "promptfoo", json_object_size(l->scripts) ? json_incref(l->scripts) : json_true(), "name", "test",
                      "severity", "critical");
    load_graders_into(l, check);
    json_object_set_new(root, "checks", json_pack("[o]", check));
    prompts = load_prompts_node(l);
    /* what a prompt reads and a test has not is nothing, and no mistake */
    reads = json_in_arena(json_object(), l->a);
    for (size_t i = 0; i < l->prompts.len; i++) {
        AUTO_BUF struct buf text = BUF_INIT(TASK_TEXT_MAX);

        if (json_is_string(l->prompts.at[i].body))
            buf_append(&text, json_to_str(l->prompts.at[i].body));
        for (size_t k = 0; k < json_array_size(l->prompts.at[i].body); k++) {
            const json_t *content = json_child(json_array_get(l->prompts.at[i].body, k), "content");

            load_reads(l, json_to_str(content), reads);
        }
        load_reads(l, buf_str(&text), reads);
    }
    load_check_env(l, load_where(l, l->root), reads);
    if (json_child(reads, "_conversation"))
        load_note(l, load_where(l, l->root),
                  "_conversation is not honoured: it stands for nothing, every test is asked alone");
    json_object_set(root, "vars", reads);
    out = load_node(l, root, l->root);
    l->r->t->dataset.inline_cases = l->cases;
    out->pairs = memcpy(arena_array(l->a, struct doc_pair, out->count + 4), out->pairs,
                        out->count * sizeof *out->pairs);
    out->pairs[out->count++] = (struct doc_pair){ S("prompts"), prompts->line, prompts->column, prompts };
    if (variants)
        out->pairs[out->count++] = (struct doc_pair){ S("variants"), variants->line, variants->column, variants };
    return out;
}

/* By its name, or by keys that no task has. */
static bool load_is(const struct task_read *r, const struct doc_node *root)
{
    static const char *const theirs[] = { "providers", "targets", "tests", "scenarios", "defaultTest" };
    static const char *const ours[] = { "models", "variants", "cases", "dataset", "prompt", "fork_of", "gold_data", "goal" };
    bool named = str_starts(path_base(r->name), S("promptfooconfig.")), some = false;

    if (root->kind != DOC_MAP)
        return false;
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (doc_get(root, ours[i]))
            return false;
    for (size_t i = 0; i < COUNT_OF(theirs); i++)
        some = some || doc_get(root, theirs[i]);
    return some || named;
}

struct doc_node *task_promptfoo(struct task_read *r, struct doc_node *root)
{
    struct load l = { .r = r, .a = r->a, .root = root, .notes = MAP_INIT, .odd = MAP_INIT };
    struct doc_node *out;

    if (!load_is(r, root))
        return root;
    l.templates = template_env_new(&(struct template_options){ .output_max = PROMPTFOO_VALUE_MAX });
    load_prepare(&l, root);
    out = load_task(&l);
    template_env_free(l.templates);
    vec_dispose(&l.prompts);
    vec_dispose(&l.tests);
    map_dispose(&l.notes);
    map_dispose(&l.odd);
    return out;
}
