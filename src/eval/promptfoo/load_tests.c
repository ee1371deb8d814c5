/* Tests become cases: default test, scenarios, lists of values, files in variables, assertions with their templates
 * filled in.
 *
 * A variable with a list of texts makes a test for each text, of several lists for each combination, the last turning
 * fastest. Variables may hold templates over the others; one that reads what is not there stays as it is. */
#include "eval/promptfoo/kinds.h"
#include "eval/promptfoo/load.h"

#include <math.h>

#define TESTS_KEYS "vars assert options description threshold metadata provider providers prompts providerOutput " \
                   "assertScoringFunction author"
#define TESTS_OPTIONS "prefix suffix disableVarExpansion disableDefaultAsserts transform postprocess transformVars storeOutputAs " \
                      "provider rubricPrompt factuality repeat runSerially disableConversationVar"
#define TESTS_ASSERT  "type value threshold weight metric assert transform provider config rubricPrompt contextTransform"

/* --- reading ------------------------------------------------------------------------------------------------------ */

static void tests_add(struct load *l, const json_t *test, struct str where)
{
    if (l->tests.len > PROMPTFOO_TESTS_MAX)
        return;
    if (l->tests.len == PROMPTFOO_TESTS_MAX) {
        load_fault(l, where, "a configuration has at most %d tests", PROMPTFOO_TESTS_MAX);
        return;
    }
    vec_push(&l->tests, (struct load_test){ test, where });
}

static void tests_list(struct load *l, const struct doc_node *n, int depth);

static void tests_jsonl(struct load *l, struct str path, struct str text)
{
    struct str shown = path_join(l->a, path_dir(l->r->name), path), line;

    for (int number = 1; str_split(&text, '\n', &line); number++) {
        struct str where = arena_printf(l->a, STR_FMT ":%d:1", STR_ARG(shown), number);
        struct err e = ERR_INIT;
        json_t *j;

        if (!str_trim(line).len)
            continue;
        if (json_read(str_trim(line), &j, &e) == ERR_OK)
            tests_add(l, json_in_arena(j, l->a), where);
        else
            load_fault(l, where, "%s", e.text);
    }
}

static void tests_file(struct load *l, struct str where, struct str path, int depth)
{
    struct str ext = path_ext(path), text, shown, before = l->r->inside;
    struct doc_node *tree;

    if (str_is(ext, "csv") || str_is(ext, "jsonl") || load_is_code(path)) {
        if (!load_read(l, where, path, &text))
            return;
        if (str_is(ext, "csv"))
            load_csv(l, path, text);
        else
            tests_jsonl(l, path, text);
        return;
    }
    if (!str_is(ext, "yaml") && !str_is(ext, "yml") && !str_is(ext, "json")) {
        load_fault(l, where, "tests come from .csv, .json, .jsonl, .yaml files, not from \"" STR_FMT "\"",
                   STR_ARG(path));
        return;
    }
    if (!load_tree(l, where, path, &tree, &shown))
        return;
    l->r->inside = shown;
    tests_list(l, tree, depth + 1);
    l->r->inside = before;
}

static void tests_path(struct load *l, struct str where, struct str path, int depth)
{
    struct str *files;
    size_t count;

    if (str_starts(path, S("http://")) || str_starts(path, S("https://")) || str_starts(path, S("huggingface://"))) {
        load_fault(l, where, "tests on the web are not fetched; save \"" STR_FMT "\" beside the configuration",
                   STR_ARG(str_utf8_head(path, 80)));
        return;
    }
    (void)load_is_file(path, &path);
    if (depth > 4 || !load_glob(l, where, path, &files, &count))
        return;
    for (size_t i = 0; i < count; i++)
        tests_file(l, where, files[i], depth);
}

/* A test, a list of tests, a file of them. */
static void tests_list(struct load *l, const struct doc_node *n, int depth)
{
    if (n->kind == DOC_STRING) {
        tests_path(l, load_where(l, n), n->text, depth);
    } else if (n->kind == DOC_LIST) {
        for (size_t i = 0; i < n->count; i++)
            if (n->items[i]->kind == DOC_LIST)
                load_fault(l, load_where(l, n->items[i]),
                           "a test is a mapping with vars and assert, and this is a list");
            else
                tests_list(l, n->items[i], depth);
    } else if (n->kind == DOC_MAP && task_member(n, "path")) {
        load_fault(l, load_where(l, n), "tests made by a program or a function are not here: they need the sandbox");
    } else if (n->kind == DOC_MAP) {
        tests_add(l, json_in_arena(doc_to_json(n), l->a), load_where(l, n));
    } else {
        load_fault(l, load_where(l, n), "a test is a mapping with vars and assert, and this is %s",
                   doc_kind_name(n->kind));
    }
}

/* --- scenarios ---------------------------------------------------------------------------------------------------- */

/* The members of each in turn, later ones winning. */
static json_t *tests_merged(const char *key, const json_t *x, const json_t *y, const json_t *z)
{
    const json_t *const all[] = { x, y, z };
    json_t *o = json_object();

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (json_is_object(json_child(all[i], key)))
            json_object_update(o, json_child(all[i], key));
    return o;
}

static void scenario_test(struct load *l, const json_t *data, const json_t *test, struct str where)
{
    json_t *o = l->default_test ? json_copy((json_t *)l->default_test) : json_object(), *list = json_array();

    json_object_update(o, (json_t *)data);
    json_object_update(o, (json_t *)test);
    json_object_set_new(o, "vars", tests_merged("vars", l->default_test, data, test));
    json_object_set_new(o, "options", tests_merged("options", l->default_test, data, test));
    json_object_set_new(o, "metadata", tests_merged("metadata", l->default_test, data, test));
    if (json_is_array(json_child(data, "assert")))
        json_array_extend(list, json_child(data, "assert"));
    if (json_is_array(json_child(test, "assert")))
        json_array_extend(list, json_child(test, "assert"));
    json_object_set_new(o, "assert", list);
    tests_add(l, json_in_arena(o, l->a), where);
}

/* What `n` holds, files read, as tests behind those there are; returns how many were there. */
static size_t scenario_read(struct load *l, const struct doc_node *n)
{
    size_t before = l->tests.len;

    if (n)
        tests_list(l, n, 0);
    return before;
}

static void scenario_one(struct load *l, const struct doc_node *n)
{
    const struct doc_node *config = task_member(n, "config"), *tests = task_member(n, "tests");
    struct load_test *data, *own, empty = { json_in_arena(json_object(), l->a), load_where(l, n) };
    size_t from, data_count, own_count;

    if (n->kind != DOC_MAP || !config) {
        load_fault(l, load_where(l, n), "a scenario is a mapping with config (what varies) and tests");
        return;
    }
    load_keys(l, n, "a scenario", "config tests description", "");
    from = scenario_read(l, config);
    data_count = l->tests.len - from;
    data = arena_array(l->a, struct load_test, data_count + 1);
    for (size_t i = 0; i < data_count; i++)
        data[i] = l->tests.at[from + i];
    l->tests.len = from;
    (void)scenario_read(l, tests);
    own_count = l->tests.len - from;
    own = arena_array(l->a, struct load_test, own_count + 1);
    for (size_t i = 0; i < own_count; i++)
        own[i] = l->tests.at[from + i];
    l->tests.len = from;
    if (!tests)
        own[own_count++] = empty;
    for (size_t i = 0; i < data_count; i++)
        for (size_t k = 0; k < own_count && l->tests.len <= PROMPTFOO_TESTS_MAX; k++)
            scenario_test(l, data[i].test, own[k].test, own[k].where);
}

static void tests_scenarios(struct load *l)
{
    const struct doc_node *n = task_member(l->root, "scenarios"), *list = n;
    struct str path, shown, before = l->r->inside;
    struct doc_node *tree;

    if (!n)
        return;
    if (n->kind != DOC_LIST) {
        load_fault(l, load_where(l, n), "scenarios is a list, and this is %s", doc_kind_name(n->kind));
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        if (n->items[i]->kind != DOC_STRING || !load_is_file(n->items[i]->text, &path)) {
            scenario_one(l, n->items[i]);
            continue;
        }
        if (!load_tree(l, load_where(l, n->items[i]), path, &tree, &shown))
            continue;
        l->r->inside = shown;
        list = tree;
        for (size_t k = 0; list->kind == DOC_LIST && k < list->count; k++)
            scenario_one(l, list->items[k]);
        if (list->kind == DOC_MAP)
            scenario_one(l, list);
        l->r->inside = before;
    }
}

/* --- variables ---------------------------------------------------------------------------------------------------- */

/* A number that is whole is written so, as JavaScript does. */
static json_t *vars_number(json_t *v)
{
    double x = json_real_value(v);

    return json_is_real(v) && x == floor(x) && fabs(x) < 1e15 ? json_integer((json_int_t)x) : json_incref(v);
}

static json_t *vars_file(struct load *l, struct str where, struct str path)
{
    struct str ext = path_ext(path), text, shown;
    AUTO_BUF struct buf b = BUF_INIT(TASK_TEXT_MAX);
    AUTO_JSON *j = NULL;
    struct doc_node *tree;
    static const char *const media[] = { "png", "jpg", "jpeg", "gif", "webp", "bmp", "svg", "pdf", "mp3", "wav", "mp4", "webm" };

    for (size_t i = 0; i < COUNT_OF(media); i++)
        if (str_is(ext, media[i])) {
            load_fault(l, where, "\"" STR_FMT "\": pictures, sound and PDF files can't be variables; name a picture in the prompt: "
                       "{type: image_url, image_url: {url: FILE}}", STR_ARG(path));
            return json_string("");
        }
    if (str_is(ext, "yaml") || str_is(ext, "yml")) {
        if (!load_tree(l, where, path, &tree, &shown))
            return json_string("");
        j = doc_to_json(tree);
        json_write(j, &b);
        return json_from_str(buf_str(&b));
    }
    return load_read(l, where, path, &text) ? json_from_str(str_trim(text)) : json_string("");
}

/* `vars: file.yaml`, or a list of such: their members together. */
static json_t *vars_read(struct load *l, struct str where, const json_t *vars)
{
    json_t *all = json_object();
    size_t n = json_is_array(vars) ? json_array_size(vars) : 1;

    if (json_is_object(vars)) {
        json_object_update(all, (json_t *)vars);
        return all;
    }
    for (size_t i = 0; vars && i < n; i++) {
        struct str path = json_to_str(json_is_array(vars) ? json_array_get(vars, i) : vars), *files, shown;
        struct doc_node *tree;
        size_t count;

        (void)load_is_file(path, &path);
        if (!path.len) {
            load_fault(l, where, "vars is a mapping, or files that hold one");
            return all;
        }
        if (!load_glob(l, where, path, &files, &count))
            continue;
        for (size_t k = 0; k < count; k++)
            if (load_tree(l, where, files[k], &tree, &shown) && tree->kind == DOC_MAP) {
                AUTO_JSON *j = doc_to_json(tree);

                json_object_update(all, j);
            }
    }
    return all;
}

/* The values a variable takes in turn, as a list that is yours. */
static json_t *vars_values(struct load *l, struct str where, json_t *value, bool expand)
{
    json_t *list = json_array();
    struct str path, *files;
    size_t count;

    if (json_is_string(value) && load_is_file(json_to_str(value), &path)) {
        if (load_is_code(path))
            load_fault(l, where, "a variable made by code is not made here: " STR_FMT, STR_ARG(path));
        else if (load_glob(l, where, arena_strdup(l->a, path), &files, &count))
            for (size_t i = 0; i < count; i++)
                json_array_append_new(list, vars_file(l, where, files[i]));
    } else if (expand && json_is_array(value) && json_is_string(json_array_get(value, 0))) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            json_t *one = json_array_get(value, i);

            if (json_is_string(one) && load_is_file(json_to_str(one), &path) && !load_is_code(path))
                json_array_append_new(list, vars_file(l, where, path));
            else
                json_array_append(list, one);
        }
    } else {
        json_array_append_new(list, json_is_real(value) ? vars_number(value) : json_incref(value));
    }
    return list;
}

/* Line ends at the end go; then texts over the other variables, twice, so that one may lead to another. */
static void vars_fill(struct load *l, struct str where, json_t *vars)
{
    for (int round = 0; round < 2; round++)
        for (void *it = json_object_iter(vars); it; it = json_object_iter_next(vars, it)) {
            struct str text = json_to_str(json_object_iter_value(it));

            if (!json_is_string(json_object_iter_value(it)))
                continue;
            if (str_ends(text, S("\n")) && !round)
                text = str_sub(text, 0, text.len - 1);
            else if (!str_contains(text, S("{{")) && !str_contains(text, S("{%")))
                continue;
            text = arena_strdup(l->a, text);
            json_object_iter_set_new(vars, it, json_from_str(load_render(l, where, text, vars, true)));
        }
}

static void vars_note_odd(struct load *l, const json_t *vars)
{
    for (void *it = json_object_iter((json_t *)vars); it; it = json_object_iter_next((json_t *)vars, it)) {
        const json_t *v = json_object_iter_value(it);

        if (!json_is_string(v) && !json_is_integer(v))
            map_put(&l->odd, str_c(json_object_iter_key(it)), l);
    }
}

/* --- what a test demands ------------------------------------------------------------------------------------------ */

/* There, and neither null, false nor "". */
static bool tests_is_set(const json_t *o, const char *key)
{
    const json_t *v = json_child(o, key);

    return v && !json_is_null(v) && !json_is_false(v) && !(json_is_string(v) && !json_string_length(v));
}

/* Assertions that compare answers: promptfoo looks at the first of a kind that a test has, and at none in a set. */
static void assert_compares(struct load *l, struct str where, const json_t *asserts)
{
    size_t best = 0, most = 0;

    for (size_t i = 0; i < json_array_size(asserts); i++) {
        const json_t *one = json_array_get(asserts, i), *members = json_child(one, "assert");
        struct str type = json_get_str(one, "type");

        best += str_is(type, "select-best");
        most += str_is(type, "max-score");
        if (str_is(type, "not-select-best") || str_is(type, "not-max-score"))
            load_fault(l, where, STR_FMT ": there is no \"not-\" of what compares answers", STR_ARG(type));
        if (str_is(type, "select-best") && !json_is_string(json_child(one, "value")))
            load_fault(l, where,
                       "select-best needs the criterion as its value, as in {type: select-best, value: the politest}");
        for (size_t k = 0; k < json_array_size(members); k++)
            if (str_is(json_get_str(json_array_get(members, k), "type"), "select-best") ||
                str_is(json_get_str(json_array_get(members, k), "type"), "max-score"))
                load_note(l, where,
                          STR_FMT " in an assert-set is passed over, as promptfoo does; put it beside the set",
                          STR_ARG(json_get_str(json_array_get(members, k), "type")));
    }
    if (best > 1 || most > 1)
        load_note(l, where, "of several %s in a test the first counts, as in promptfoo",
                  best > 1 ? "select-best" : "max-score");
    if (most && json_array_size(asserts) == best + most)
        load_note(l, where,
                  "max-score compares what a test's other assertions give, and there are none: not evaluated");
    l->compares = l->compares || best || most;
}

/* The short form stays JSON; files are read, templates filled in. Takes nothing. */
static json_t *assert_one(struct load *l, struct str where, const json_t *one, const json_t *vars)
{
    static const char *const kept[] = { "type", "threshold", "weight", "config" };
    json_t *o = json_object(), *value = json_child(one, "value"), *list = json_child(one, "assert"), *members;
    struct str type = json_get_str(one, "type"), metric = json_get_str(one, "metric"), path;
    AUTO_JSON *read = NULL;
    bool inverse;
    const struct promptfoo_kind *kind = promptfoo_kind_find(type, &inverse);

    load_json_keys(l, where, one, "an assertion", TESTS_ASSERT);
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (json_child(one, kept[i]) && !json_is_null(json_child(one, kept[i])))
            json_object_set(o, kept[i], json_child(one, kept[i]));
    if (metric.len)
        json_set_str(o, "metric", load_render(l, where, metric, vars, false));
    if (json_is_array(list)) {
        json_object_set_new(o, "assert", members = json_array());
        for (size_t i = 0; i < json_array_size(list); i++)
            json_array_append_new(members, assert_one(l, where, json_array_get(list, i), vars));
    }
    if (kind && !kind->judge && !str_is(type, "assert-set"))
        load_note(l, where, "assertion " STR_FMT ": %s", STR_ARG(type), kind->about);
    if (kind && kind->judge && promptfoo_kind_compares(kind) && tests_is_set(one, "transform"))
        load_note(l, where, "%s has no transform of its own: it is passed over, as in promptfoo", kind->name);
    else if (kind && kind->judge && tests_is_set(one, "transform"))
        load_transform(l, where, json_child(one, "transform"), "an assertion's", o);
    if (kind && kind->judge && kind->support != PROMPTFOO_SANDBOX && json_is_string(value) &&
        load_is_file(json_to_str(value), &path) && load_is_code(path)) {
        load_note(l, where, "assertion " STR_FMT ": its value is made by code: not evaluated", STR_ARG(type));
        json_object_set_new(o, "blind", json_string("its value is made by code: not evaluated"));
    }
    if (kind && kind->support == PROMPTFOO_MODEL && kind->judge)
        load_graded(l, where, one, o);
    if (!value || json_is_null(value))
        return o;
    if (kind && kind->support == PROMPTFOO_SANDBOX) {
        json_object_set_new(o, "value", load_script(l, where, one, kind, vars));
        return o;
    }
    if (kind && kind->judge) {
        read = load_files_in(l, where, value, 0);
        json_object_set_new(o, "value",
                            json_is_string(value) && json_equal(read, value)
                                ? load_render_value(l, where, value, vars, 0)
                            : json_is_string(value) ? json_incref(read)
                                                    : load_render_value(l, where, read, vars, 0));
    } else {
        json_object_set(o, "value", value);
    }
    return o;
}

static json_t *assert_list(struct load *l, struct str where, const json_t *list, const json_t *vars, json_t *into)
{
    AUTO_JSON *read = json_is_string(list) ? load_files_in(l, where, (json_t *)list, 0) : NULL;

    list = read ? read : list;
    if (list && !json_is_null(list) && !json_is_array(list))
        load_fault(l, where, "assert is a list of assertions, as in [{type: contains, value: refund}]");
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str path;

        if (load_is_file(json_to_str(json_array_get(list, i)), &path)) {
            AUTO_JSON *more = load_files_in(l, where, json_array_get(list, i), 0);

            for (size_t k = 0; k < json_array_size(more); k++)
                json_array_append_new(into, assert_one(l, where, json_array_get(more, k), vars));
        } else {
            json_array_append_new(into, assert_one(l, where, json_array_get(list, i), vars));
        }
    }
    return into;
}

/* Settings of a test that would change what is asked or judged. */
static void tests_options(struct load *l, struct str where, const json_t *options)
{
    static const struct { const char *key, *why; } known[] = {
        { "transformVars", "transformVars is code, which is not run here: variables stay as they are written" },
        { "storeOutputAs", "storeOutputAs is not honoured: no test reads what another was answered" },
        { "repeat", "options: repeat of one test is not honoured; evaluateOptions.repeat is" },
        { "runSerially", "options: runSerially is not honoured; --concurrency 1 asks one after the other" },
    };

    load_json_keys(l, where, options, "options", TESTS_OPTIONS);
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (tests_is_set(options, known[i].key))
            load_note(l, where, "%s", known[i].why);
}

static void tests_others(struct load *l, struct str where, const json_t *test)
{
    static const struct { const char *key, *why; } known[] = {
        { "provider", "a test's own provider is not honoured: every test goes to every provider (of defaultTest it may grade)" },
        { "providers", "a test's own providers are not honoured: every test goes to every provider" },
        { "prompts", "a test's own prompts are not honoured: every test goes to every prompt" },
        { "providerOutput", "providerOutput is not honoured: the models are asked" },
        { "assertScoringFunction", "assertScoringFunction is code, which is not run here: scores are means by weight" },
    };

    load_json_keys(l, where, test, "a test", TESTS_KEYS);
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (json_child(test, known[i].key) && !json_is_null(json_child(test, known[i].key)))
            load_note(l, where, "%s", known[i].why);
}

/* --- cases -------------------------------------------------------------------------------------------------------- */

struct tests_case { const json_t *test, *options; struct str where, description; };

static void tests_affixes(struct load *l, const struct tests_case *c, const json_t *vars, json_t *about)
{
    static const char *const names[] = { "prefix", "suffix" };

    for (size_t i = 0; l->affixes && i < COUNT_OF(names); i++)
        json_set_str(about, names[i], load_render(l, c->where, json_get_str(c->options, names[i]), vars, false));
}

/* What outputs go through before they are judged: `postprocess` is the older name. */
static void tests_transform(struct load *l, const struct tests_case *c, json_t *about)
{
    static const char *const names[] = { "transform", "postprocess" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (tests_is_set(c->options, names[i])) {
            load_transform(l, c->where, json_child(c->options, names[i]), "a test's", about);
            break;
        }
    if (json_object_size(l->providers))
        json_object_set(about, "providers", l->providers);
}

static void tests_case_add(struct load *l, const struct tests_case *c, json_t *vars)
{
    json_t *about = json_in_arena(json_object(), l->a), *asserts, *kase;
    const json_t *threshold = json_child(c->test, "threshold");
    size_t number = json_array_size(l->cases) + 1;
    struct str fault;

    if (number > PROMPTFOO_TESTS_MAX) {
        if (!l->full)
            load_fault(l, c->where, "lists of values make more than %d tests of these", PROMPTFOO_TESTS_MAX);
        l->full = true;
        return;
    }
    asserts = json_array();
    vars_fill(l, c->where, vars);
    vars_note_odd(l, vars);
    l->options = c->options;
    if (l->default_test && !json_is_true(json_child(c->options, "disableDefaultAsserts")))
        assert_list(l, l->default_where, json_child(l->default_test, "assert"), vars, asserts);
    assert_list(l, c->where, json_child(c->test, "assert"), vars, asserts);
    assert_compares(l, c->where, asserts);
    json_object_set_new(about, "assert", asserts);
    threshold = threshold && !json_is_null(threshold) ? threshold : json_child(l->default_test, "threshold");
    if (threshold && !json_is_null(threshold))
        json_object_set(about, "threshold", (json_t *)threshold);
    if (c->description.len)
        json_set_str(about, "description", load_render(l, c->where, c->description, vars, false));
    json_object_set_new(about, "metadata", tests_merged("metadata", l->default_test, c->test, NULL));
    tests_transform(l, c, about);
    if (l->tools && !l->tools_differ)
        json_object_set(about, "tools", l->tools);
    tests_affixes(l, c, vars, about);
    fault = promptfoo_test_fault(about, l->a);
    if (fault.len)
        load_fault(l, c->where, STR_FMT, STR_ARG(fault));
    if (json_object_get(vars, "id"))
        json_object_set_new(about, "id", json_true());
    json_object_set(vars, PROMPTFOO_VARIABLE, about);
    kase = json_object();
    if (c->description.len)
        json_set_str(kase, "id",
                     arena_printf(l->a, "%zu " STR_FMT, number,
                                  STR_ARG(str_utf8_head(json_get_str(about, "description"), 80))));
    else
        json_set_str(kase, "id", arena_printf(l->a, "%zu", number));
    json_object_set(kase, "vars", vars);
    json_array_append_new(l->cases, kase);
}

/* Every combination of the lists of values: `i` is the variable whose turn it is. */
static void tests_combine(struct load *l, const struct tests_case *c, void *it, json_t *all, json_t *vars)
{
    const char *name;
    json_t *values;

    if (!it) {
        AUTO_JSON *own = json_copy(vars);

        tests_case_add(l, c, own);
        return;
    }
    name = json_object_iter_key(it);
    values = json_object_iter_value(it);
    for (size_t i = 0; i < json_array_size(values) && !l->full; i++) {
        json_object_set(vars, name, json_array_get(values, i));
        tests_combine(l, c, json_object_iter_next(all, it), all, vars);
    }
}

static void tests_expand(struct load *l, const struct tests_case *c)
{
    AUTO_JSON *own = vars_read(l, c->where, json_child(c->test, "vars"));
    AUTO_JSON *vars = vars_read(l, l->default_where, json_child(l->default_test, "vars"));
    AUTO_JSON *lists = json_object(), *current = json_object();
    bool expand = !json_is_true(json_child(c->options, "disableVarExpansion"));

    json_object_update(vars, own);
    if (json_object_get(vars, PROMPTFOO_VARIABLE)) {
        load_fault(l, c->where, "a variable can't be called \"" PROMPTFOO_VARIABLE "\" here: the name is taken");
        return;
    }
    if (json_object_size(vars) > 1000) {
        load_fault(l, c->where, "a test has at most 1000 variables");
        return;
    }
    for (void *it = json_object_iter(vars); it; it = json_object_iter_next(vars, it))
        json_object_set_new(lists, json_object_iter_key(it),
                            vars_values(l, c->where, json_object_iter_value(it), expand));
    tests_combine(l, c, json_object_iter(lists), lists, current);
}

static void tests_cases(struct load *l)
{
    for (size_t i = 0; i < l->tests.len; i++) {
        const json_t *test = l->tests.at[i].test;
        struct tests_case c = { .test = test, .where = l->tests.at[i].where, .description = json_get_str(test, "description") };

        c.options = json_in_arena(tests_merged("options", l->default_test, test, NULL), l->a);
        tests_others(l, c.where, test);
        tests_options(l, c.where, c.options);
        if (!l->full)
            tests_expand(l, &c);
    }
}

void load_tests(struct load *l)
{
    const struct doc_node *n = task_member(l->root, "tests");

    l->cases = json_in_arena(json_array(), l->a);
    if (n)
        tests_list(l, n, 0);
    if (!l->tests.len && !task_member(l->root, "scenarios"))
        tests_add(l, json_in_arena(json_object(), l->a), load_where(l, l->root));
    tests_scenarios(l);
    if (l->default_test)
        tests_others(l, l->default_where, l->default_test);
    for (size_t i = 0; i < l->tests.len && !l->affixes; i++) {
        AUTO_JSON *options = tests_merged("options", l->default_test, l->tests.at[i].test, NULL);

        l->affixes = json_get_str(options, "prefix").len || json_get_str(options, "suffix").len;
    }
    if (l->tests.len <= PROMPTFOO_TESTS_MAX)
        tests_cases(l);
    else                                                /* a table went past it */
        load_fault(l, load_where(l, l->root), "a configuration has at most %d tests", PROMPTFOO_TESTS_MAX);
    if (!json_array_size(l->cases) && !l->r->p->errors)
        load_fault(l, load_where(l, l->root), "the configuration has no tests");
}
