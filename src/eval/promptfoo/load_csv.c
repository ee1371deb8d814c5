/* Tests from a table: columns are variables, __expected columns assertions in short form, and a few other names with
 * two underscores settings. */
#include "eval/promptfoo/load.h"

#include "eval/promptfoo/kinds.h"

/* The kinds whose short form has a threshold, (0.5) or else this. */
static const char csv_measured[] = "answer-relevance classifier context-faithfulness context-recall context-relevance cost latency "
                                   "levenshtein perplexity-score perplexity rouge-n similar starts-with";
#define CSV_THRESHOLD 0.75

static bool csv_word(const char *words, const char *word)
{
    struct str rest = str_c(words), one;

    while (str_split(&rest, ' ', &one))
        if (str_is(one, word))
            return true;
    return false;
}

static json_t *csv_typed(const char *type, struct str value)
{
    return json_pack("{s:s, s:o}", "type", type, "value", json_from_str(value));
}

/* Code and rubrics, which have prefixes of their own. */
static json_t *csv_code(struct str s)
{
    static const struct { const char *prefix, *type; bool keep; } known[] = {
        { "javascript:", "javascript", false }, { "fn:", "javascript", false }, { "eval:", "javascript", false },
        { "grade:", "llm-rubric", false }, { "llm-rubric:", "llm-rubric", false }, { "python:", "python", false },
    };
    struct str path;

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_starts(s, str_c(known[i].prefix)))
            return csv_typed(known[i].type, str_trim(str_from(s, strlen(known[i].prefix))));
    if (load_is_file(s, &path) && load_is_code(path))
        return csv_typed(str_contains(path, S(".py")) ? "python" : "javascript", s);
    return NULL;
}

/* After the kind's name: "", "(0.5)", ": value" or both. */
static bool csv_rest(struct str rest, double *threshold, bool *has, struct str *value)
{
    ptrdiff_t close = str_starts(rest, S("(")) ? str_find_byte(rest, ')') : -1;

    *has = close > 0;
    if (*has) {
        struct str number = str_sub(rest, 1, (size_t)close - 1);

        for (size_t i = 0; i < number.len; i++)
            if (!strchr("0123456789.", number.at[i]))
                return false;
        if (!str_to_double(number, threshold))
            return false;
        rest = str_from(rest, (size_t)close + 1);
    }
    *value = rest.len ? str_from(rest, 1) : STR_NONE;
    return !rest.len || rest.at[0] == ':';
}

json_t *load_assertion(struct str s, struct arena *a)
{
    bool inverse = str_starts(s, S("not-")), has = false, found_has = false;
    struct str plain = inverse ? str_from(s, 4) : s, value, found_value = STR_NONE;
    const struct promptfoo_kind *found = NULL;
    double threshold, found_threshold = 0;
    json_t *o = csv_code(s);

    if (o)
        return o;
    for (size_t i = 0; i < promptfoo_kind_count(); i++) {
        const struct promptfoo_kind *k = promptfoo_kind_at(i);

        if (!str_starts(plain, str_c(k->name)) || (found && strlen(k->name) < strlen(found->name)) ||
            csv_word("assert-set human max-score select-best", k->name) ||
            !csv_rest(str_from(plain, strlen(k->name)), &threshold, &has, &value))
            continue;
        found = k;
        found_has = has;
        found_threshold = has ? threshold : CSV_THRESHOLD;
        found_value = value;
    }
    if (!found)
        return csv_typed("equals", s);
    o = json_object();
    json_set_str(o, "type", arena_printf(a, "%s%s", inverse ? "not-" : "", found->name));
    if (csv_word("contains-all contains-any icontains-all icontains-any", found->name) && found_value.len) {
        const json_t *fields = promptfoo_fields(found_value, a);

        json_object_set_new(o, "value", fields ? json_deep_copy(fields) : json_from_str(found_value));
    } else if (found_value.at) {
        bool whole = csv_word("contains-json is-json", found->name);

        json_object_set_new(o, "value", json_from_str(whole ? found_value : str_trim(found_value)));
    }
    if (csv_word(csv_measured, found->name) || (found_has && csv_word("bleu gleu", found->name)))
        json_object_set_new(o, "threshold", json_real(found_threshold));
    return o;
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

struct csv_row { json_t *vars, *asserts, *options, *metadata, *thresholds; json_t *test; };

static void csv_metadata(json_t *metadata, struct str key, struct str cell)
{
    json_t *list;
    struct str one;

    if (!str_trim(cell).len)
        return;
    if (!str_ends(key, S("[]"))) {
        json_object_setn_new(metadata, key.at, key.len, json_from_str(cell));
        return;
    }
    list = json_array();
    while (str_split(&cell, ',', &one))
        json_array_append_new(list, json_from_str(str_trim(one)));
    json_object_setn_new(metadata, key.at, key.len - 2, list);
}

/* __config:__expected2:threshold */
static void csv_config(struct load *l, struct csv_row *row, struct str where, struct str key, struct str cell)
{
    struct str rest = key, name;
    int64_t number = 1;
    double v;

    if (!str_split(&rest, ':', &name) || !str_starts(name, S("__expected")) || !str_is(rest, "threshold") ||
        (name.len > 10 && (!str_to_i64(str_from(name, 10), &number) || number < 1 || number > PROMPTFOO_ASSERTS_MAX)) ||
        !str_to_double(str_trim(cell), &v)) {
        load_fault(l, where,
                   "the column __config:" STR_FMT " is not __config:__expected<N>:threshold with a number in it",
                   STR_ARG(key));
        return;
    }
    json_object_set_new(row->thresholds, arena_printf(l->a, "%lld", (long long)number - 1).at, json_real(v));
}

static void csv_cell(struct load *l, struct csv_row *row, struct str where, struct str key, struct str cell)
{
    double v;

    if (str_starts(key, S("__expected"))) {
        if (str_trim(cell).len)
            json_array_append_new(row->asserts, load_assertion(str_trim(cell), l->a));
    } else if (str_is(key, "__prefix") || str_is(key, "__suffix")) {
        json_object_setn_new(row->options, key.at + 2, key.len - 2, json_from_str(cell));
    } else if (str_is(key, "__description") || str_is(key, "__metric")) {
        if (cell.len)
            json_object_setn_new(row->test, key.at + 2, key.len - 2, json_from_str(cell));
    } else if (str_is(key, "__threshold")) {
        if (str_to_double(str_trim(cell), &v))
            json_object_set_new(row->test, "threshold", json_real(v));
    } else if (str_is(key, "__providerOutput")) {
        if (cell.len)
            json_object_set_new(row->test, "providerOutput", json_from_str(cell));
    } else if (str_starts(key, S("__metadata:"))) {
        csv_metadata(row->metadata, str_from(key, 11), cell);
    } else if (str_starts(key, S("__config:"))) {
        csv_config(l, row, where, str_from(key, 9), cell);
    } else {
        json_object_setn_new(row->vars, key.at, key.len, json_from_str(cell));
    }
}

static void csv_row_test(struct load *l, const struct str *names, size_t name_count, const struct str *fields,
                         size_t count, struct str where)
{
    struct csv_row row = { json_object(), json_array(), json_object(), json_object(), json_object(), json_object() };
    json_t *metric;

    for (size_t i = 0; i < name_count; i++)
        csv_cell(l, &row, where, names[i], i < count ? fields[i] : S(""));
    metric = json_child(row.test, "metric");
    for (size_t i = 0; i < json_array_size(row.asserts); i++) {
        json_t *one = json_array_get(row.asserts, i), *t = json_child(row.thresholds, arena_printf(l->a, "%zu", i).at);

        if (metric)
            json_object_set(one, "metric", metric);
        if (t)
            json_object_set(one, "threshold", t);
    }
    json_object_del(row.test, "metric");
    json_object_set_new(row.test, "vars", row.vars);
    json_object_set_new(row.test, "assert", row.asserts);
    json_object_set_new(row.test, "options", row.options);
    json_object_set_new(row.test, "metadata", row.metadata);
    json_decref(row.thresholds);
    vec_push(&l->tests, (struct load_test){ json_in_arena(row.test, l->a), where });
}

void load_csv(struct load *l, struct str path, struct str text)
{
    struct str shown = path_join(l->a, path_dir(l->r->name), path), *names = NULL;
    struct csv c = { 0 };
    const struct str *fields;
    size_t count, name_count = 0;
    struct err e = ERR_INIT;
    bool more = true;

    csv_open_str(&c, text, ',');
    while (csv_next(&c, &fields, &count, &more, &e) == ERR_OK && more && l->tests.len <= PROMPTFOO_TESTS_MAX) {
        if (names) {
            csv_row_test(l, names, name_count, fields, count,
                         arena_printf(l->a, STR_FMT ":%lld:1", STR_ARG(shown), (long long)c.row_line));
            continue;
        }
        names = arena_array(l->a, struct str, count + 1);
        for (; name_count < count; name_count++)
            names[name_count] = arena_strdup(l->a, str_trim(fields[name_count]));
    }
    if (e.code != ERR_OK)
        load_fault(l, arena_printf(l->a, STR_FMT ":%lld:1", STR_ARG(shown), (long long)c.line), "%s", e.text);
    csv_close(&c);
}
