#include "eval/check/rule_parts.h"

#include <ctype.h>

/* Everything a generated rule may become. All of them look at an output and do nothing else. */
static const char rule_allowed[] =
    "all_of any_of contains contains_any count csv_columns csv_valid ends_with eq equals ge gt in items json_schema json_valid "
    "judged le length lines lt matches max_cost max_items max_latency max_length max_lines max_output_tokens max_paragraphs "
    "max_sentences max_words min_items min_length min_lines min_paragraphs min_sentences min_words ne no_overlap none_of "
    "occurrences one_of paragraphs range refusal regex required_keys script sentences starts_with timestamps tool_calls unique "
    "words";

const char *rule_kinds(void)
{
    return rule_allowed;
}

const char *rule_way_name(enum rule_way w)
{
    static const char *const names[RULE_WAYS] = { "native", "judge", "not evaluated" };

    return names[w];
}

bool rule_word_in(const char *words, struct str word)
{
    struct str rest = str_c(words), one;

    while (str_split(&rest, ' ', &one))
        if (word.len && str_eq(one, word))
            return true;
    return false;
}

static void rule_becomes(struct rule *out, enum rule_way way, json_t *check, struct arena *a)
{
    *out = (struct rule){ .way = way, .check = json_in_arena(check, a) };
}

json_t *rule_one(const char *kind, json_t *argument)
{
    json_t *o = json_object();

    json_object_set_new(o, kind, argument);
    return o;
}

/* --- a check, written as one -------------------------------------------------------------------------------------- */

struct str rule_slug(struct str s, size_t bytes_max, struct arena *a)
{
    size_t n = 0, most = MIN(2 * s.len, bytes_max);
    char *out = arena_alloc(a, most + 1);

    for (size_t i = 0; i < s.len && n < most; i++) {
        unsigned char c = (unsigned char)s.at[i];

        if (isupper(c) && n && out[n - 1] != '_' && islower((unsigned char)s.at[i - 1]))
            out[n++] = '_';
        if (isalnum(c) && n < most)
            out[n++] = (char)tolower(c);
        else if (!isalnum(c) && n && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n && out[n - 1] == '_')
        n--;
    return str_n(out, n);
}

/* The allowed kind that a word means; NULL: none. */
static const char *rule_kind(struct str word, struct arena *a, bool *negate)
{
    static const char *const others[][2] = {
        { "max_chars", "max_length" }, { "max_characters", "max_length" }, { "min_chars", "min_length" },
        { "min_characters", "min_length" }, { "valid_json", "json_valid" }, { "is_json", "json_valid" },
        { "valid_csv", "csv_valid" }, { "is_csv", "csv_valid" }, { "required_fields", "required_keys" },
        { "required_columns", "csv_columns" }, { "enum", "one_of" }, { "pattern", "matches" }, { "schema", "json_schema" },
        { "word_count", "words" }, { "includes", "contains" }, { "judge", "judged" },
    };
    struct str slug = rule_slug(word, SIZE_MAX, a), rest = str_c(rule_allowed), one;
    const struct check *c;
    struct suggest near;

    *negate = false;
    if (str_starts(slug, S("not_"))) {
        *negate = true;
        slug = str_from(slug, 4);
    }
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (str_is(slug, others[i][0]))
            slug = str_c(others[i][1]);
    if (!rule_word_in(rule_allowed, slug)) {
        if (slug.len < 5 || check_find(slug))           /* a kind of ours that is not allowed is no misspelling */
            return NULL;
        suggest_begin(&near, slug);
        while (str_split(&rest, ' ', &one))
            suggest_offer(&near, one);
        slug = suggest_best(&near);
    }
    c = slug.len ? check_find(slug) : NULL;
    return c ? c->name : NULL;
}

static size_t rule_depth(const json_t *j, size_t depth)
{
    size_t deepest = depth, i;
    const char *key;
    json_t *v;

    if (depth > RULE_DEPTH_MAX)
        return depth;
    json_object_foreach((json_t *)j, key, v)
        deepest = MAX(deepest, rule_depth(v, depth + 1));
    json_array_foreach((json_t *)j, i, v)
        deepest = MAX(deepest, rule_depth(v, depth + 1));
    return deepest;
}

/* Members of groups must be allowed kinds too. */
static bool rule_members_allowed(const json_t *check, int depth)
{
    const char *key;
    json_t *v, *one;
    size_t i;

    json_object_foreach((json_t *)check, key, v) {
        struct str k = str_c(key), plain = str_starts(k, S("not_")) ? str_from(k, 4) : k;
        const struct check *c = check_find(plain);

        if (c && !rule_word_in(rule_allowed, plain))
            return false;
        if (c && c->argument == CHECK_CHECKS)
            json_array_foreach(v, i, one)
                if (depth > CHECK_DEPTH_MAX || !rule_members_allowed(one, depth + 1) ||
                    (json_is_string(one) &&
                     !rule_word_in(rule_allowed, str_starts(json_to_str(one), S("not_")) ? str_from(json_to_str(one), 4)
                                                                                         : json_to_str(one))))
                    return false;
    }
    return true;
}

/* Keeps what check.c says is right. */
bool rule_verify(json_t *check, struct arena *a, struct rule *out, struct str *why)
{
    struct check_spec spec;
    struct err e = ERR_INIT;

    if (rule_depth(check, 0) > RULE_DEPTH_MAX) {
        *why = arena_printf(a, "it is nested deeper than %d", RULE_DEPTH_MAX);
    } else if (!rule_members_allowed(check, 0)) {
        *why = S("a member of its group is a kind that rules can't become");
    } else if (check_spec_read(check, &spec, &e) != ERR_OK || check_verify(&spec, &e) != ERR_OK) {
        *why = arena_strdup(a, str_c(e.text));
    } else {
        rule_becomes(out, str_is(spec.kind, "judged") ? RULE_JUDGE : RULE_NATIVE, check, a);
        return true;
    }
    json_decref(check);
    return false;
}

/* {max_words: 40, path: $.x}; {kind: max_words, value: 40}. What a generated check says of itself is left out. */
static bool rule_object(const json_t *o, struct arena *a, struct rule *out, struct str *why)
{
    static const char *const values[] = { "value", "argument", "args", "arguments", "params" };
    json_t *check = json_object(), *v;
    struct str kind = json_get_str(o, "kind");
    const char *key, *name = NULL;
    bool negate = false;
    size_t kinds = 0;

    if (kind.len && (name = rule_kind(kind, a, &negate))) {
        const json_t *value = NULL;

        for (size_t i = 0; i < COUNT_OF(values) && !value; i++)
            value = json_child(o, values[i]);
        json_object_set(check, arena_printf(a, "%s%s", negate ? "not_" : "", name).at,
                        value ? (json_t *)value : json_true());
        if (json_child(o, "path"))
            json_object_set(check, "path", json_child(o, "path"));
        return rule_verify(check, a, out, why);
    }
    json_object_foreach((json_t *)o, key, v) {
        if (rule_word_in("name description severity weight kind", str_c(key)))
            continue;
        name = rule_word_in("path not", str_c(key)) ? NULL : rule_kind(str_c(key), a, &negate);
        kinds += name != NULL;
        json_object_set(check, name ? arena_printf(a, "%s%s", negate ? "not_" : "", name).at : key, v);
    }
    if (kinds) {
        v = json_object_size(check) == 1 ? json_object_iter_value(json_object_iter(check)) : NULL;
        if (json_is_null(v))                            /* "json_valid:" */
            json_object_set_new(check, json_object_iter_key(json_object_iter(check)), json_true());
        return rule_verify(check, a, out, why);
    }
    json_decref(check);
    return false;
}

/* A key is a kind as we write it: then this is no prose. */
static bool rule_names_kind(const json_t *o)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)o, key, v) {
        struct str plain = str_starts(str_c(key), S("not_")) ? str_c(key + 4) : str_c(key);

        if (check_find(plain))
            return true;
    }
    return false;
}

/* YAML of one check, with or without its braces; one word is a kind. *why: it is one, and broken. */
static bool rule_yaml(struct str text, struct arena *a, struct rule *out, struct str *why)
{
    struct str ways[2] = { text, arena_printf(a, "{" STR_FMT "}", STR_ARG(text)) }, first = STR_NONE;

    for (size_t i = 0; i < 2; i++) {
        struct doc_node *n = NULL;
        struct err e = ERR_INIT;
        json_t *j;
        bool negate;
        const char *kind;

        if (doc_read(S("rule"), ways[i], DOC_YAML, a, &n, &e) != ERR_OK || !n)
            continue;
        if (n->kind == DOC_LIST && n->count == 1)       /* "- max_words: 40" */
            n = n->items[0];
        j = json_in_arena(doc_to_json(n), a);
        kind = n->kind == DOC_STRING ? rule_kind(n->text, a, &negate) : NULL;
        if (kind &&
            rule_verify(rule_one(arena_printf(a, "%s%s", negate ? "not_" : "", kind).at, json_true()), a, out, why))
            return true;
        if (n->kind == DOC_MAP && rule_object(j, a, out, why))
            return true;
        if (n->kind == DOC_MAP && rule_names_kind(j) && !first.len)
            first = why->len ? *why : S("rules can't become that kind of check");
    }
    *why = first;
    return false;
}

/* --- what is left ------------------------------------------------------------------------------------------------- */

/* Words as people write them: three at least, and nothing that is code. Scripts without spaces count by characters. */
static bool rule_is_plain(struct str s)
{
    static const char *const code[] = {
        "lambda", "import ", "eval(", "exec(", "def ", "==", "!=", "=>", "->", "&&", "||", "__", "`", "$(", "${", "()", "return ",
        "<script", "#!", "{%", "os.system", "subprocess", "../", "\\x", " = ", "+=", "};", ");", "rm -", "sudo ", "curl ", "chmod ", "{",
    };
    size_t words = 0, letters = 0, wide = 0;
    bool call = false;

    for (size_t i = 0; i < COUNT_OF(code); i++)
        if (str_ifind(s, str_c(code[i])) >= 0)
            return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];

        if (isalpha(c) || c >= 0x80) {
            letters++;
            wide += c >= 0xc0;
            continue;
        }
        if (c == '_')                                   /* max_words is one word */
            continue;
        words += letters >= 2;
        if (c == '(' && letters && !str_istarts(str_from(s, i), S("(s)")) && !str_istarts(str_from(s, i), S("(es)")))
            call = true;
        letters = 0;
    }
    words += letters >= 2;
    return !call && (words >= 3 || wide >= 6);
}

void rule_read(struct str text, struct arena *a, struct rule *out)
{
    struct str why = STR_NONE, head;

    text = str_trim(text);
    head = str_utf8_head(text, RULE_TEXT_MAX);
    if (!text.len || !str_is_utf8(text)) {
        rule_becomes(out, RULE_NONE, rule_one("rule", json_from_str(head)), a);
        out->why = text.len ? S("it is not UTF-8") : S("it is empty");
        return;
    }
    if (text.len > RULE_TEXT_MAX) {
        rule_becomes(out, RULE_NONE, rule_one("rule", json_from_str(head)), a);
        out->why = arena_printf(a, "it has %zu bytes, at most %d are read", text.len, RULE_TEXT_MAX);
        return;
    }
    if (rule_yaml(text, a, out, &why) || rule_expression_read(text, a, out, &why) ||
        rule_sentence(text, a, out, &why)) {
        return;
    }
    if (!why.len && rule_is_plain(text)) {
        rule_becomes(out, RULE_JUDGE, rule_one("judged", json_from_str(text)), a);
        return;
    }
    rule_becomes(out, RULE_NONE, rule_one("rule", json_from_str(text)), a);
    out->why = why.len ? why : S("it is neither a check of ours nor plain language");
}

void rule_read_json(const json_t *value, struct arena *a, struct rule *out)
{
    AUTO_BUF struct buf text = BUF_INIT(RULE_TEXT_MAX * 4);
    struct str why = STR_NONE;

    if (json_is_string(value)) {
        rule_read(json_to_str(value), a, out);
        return;
    }
    if (json_is_object(value) && rule_object(value, a, out, &why))
        return;
    if (rule_depth(value, 0) <= RULE_DEPTH_MAX)
        json_write(value, &text);
    rule_becomes(out, RULE_NONE, rule_one("rule", json_from_str(str_utf8_head(buf_str(&text), RULE_TEXT_MAX))), a);
    out->why = why.len ? why : S("it is neither a text nor a check");
}
