/* Rule texts that are no check yet: expressions over an output, and a few sentences. Each must fit as a whole. */
#include "eval/check/rule_parts.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

#define RULE_NUMBER_MAX 1e12

/* --- expressions -------------------------------------------------------------------------------------------------- */

enum rule_measure { RULE_LENGTH, RULE_WORDS, RULE_LINES, RULE_ITEMS, RULE_SENTENCES, RULE_PARAGRAPHS, RULE_MEASURES };
static const char *const rule_measures[RULE_MEASURES] = { "length", "words", "lines", "items", "sentences",
                                                          "paragraphs" };

struct rule_bounds { bool has_min, has_max; double min, max; };
struct rule_expression {
    struct str s;
    size_t at;
    struct str variable;                /* of a lambda; empty: the usual names of an output */
    struct rule_bounds bounds[RULE_MEASURES];
    json_t *others;                     /* checks that are no bounds */
    struct arena *a;
};

static void rule_space(struct rule_expression *x)
{
    while (x->at < x->s.len && isspace((unsigned char)x->s.at[x->at]))
        x->at++;
}

/* `token` as it stands; a word must end there. */
static bool rule_take(struct rule_expression *x, const char *token)
{
    size_t n = strlen(token);

    rule_space(x);
    if (!str_starts(str_from(x->s, x->at), str_n(token, n)))
        return false;
    if (isalpha((unsigned char)token[0]) && x->at + n < x->s.len &&
        (isalnum((unsigned char)x->s.at[x->at + n]) || x->s.at[x->at + n] == '_'))
        return false;
    x->at += n;
    return true;
}

static bool rule_over(struct rule_expression *x)
{
    rule_space(x);
    return x->at == x->s.len;
}

/* "name" or "json.loads". */
static struct str rule_word(struct rule_expression *x)
{
    size_t from;

    rule_space(x);
    from = x->at;
    while (x->at < x->s.len &&
           (isalnum((unsigned char)x->s.at[x->at]) || x->s.at[x->at] == '_' || x->s.at[x->at] == '.'))
        x->at++;
    if (x->at > from && !isalpha((unsigned char)x->s.at[from]) && x->s.at[from] != '_')
        x->at = from;
    return str_sub(x->s, from, x->at - from);
}

static bool rule_number(struct rule_expression *x, double *out)
{
    size_t from, to;

    rule_space(x);
    for (from = to = x->at;
         to < x->s.len && (isdigit((unsigned char)x->s.at[to]) || x->s.at[to] == '.' || x->s.at[to] == '_'); to++)
        ;
    if (to == from || !str_to_double(str_sub(x->s, from, to - from), out) || *out > RULE_NUMBER_MAX)
        return false;
    x->at = to;
    return true;
}

/* 'text', "text", r'text': without escapes but \\ and an escaped quote, where it is not raw. */
static bool rule_quoted(struct rule_expression *x, struct str *out)
{
    char *text = arena_alloc(x->a, x->s.len + 1), quote;
    size_t i, n = 0;
    bool raw;

    rule_space(x);
    i = x->at;
    raw = i < x->s.len && x->s.at[i] == 'r';
    i += raw;
    if (i >= x->s.len || (x->s.at[i] != '\'' && x->s.at[i] != '"'))
        return false;
    for (quote = x->s.at[i++]; i < x->s.len && x->s.at[i] != quote; i++) {
        if (x->s.at[i] == '\\' && i + 1 < x->s.len && !raw) {
            if (x->s.at[i + 1] != '\\' && x->s.at[i + 1] != quote)
                return false;
            i++;
        }
        text[n++] = x->s.at[i];
    }
    if (i == x->s.len || !n)
        return false;
    x->at = i + 1;
    *out = str_n(text, n);
    return true;
}

static bool rule_is_output(const struct rule_expression *x, struct str word)
{
    return x->variable.len ? str_eq(word, x->variable)
                           : rule_word_in("output text response answer result reply content o x s", word);
}

static struct str rule_name(struct rule_expression *x)
{
    size_t from;

    rule_space(x);
    from = x->at;
    while (x->at < x->s.len && (isalnum((unsigned char)x->s.at[x->at]) || x->s.at[x->at] == '_'))
        x->at++;
    return str_sub(x->s, from, x->at - from);
}

/* output, output.strip(), output.strip().split(): *method is the one that says what is looked at, or "". */
static bool rule_output(struct rule_expression *x, const char **method)
{
    static const char *const methods[] = { "strip", "split", "splitlines", "lower" };
    size_t before = x->at;
    bool good = rule_is_output(x, rule_name(x));

    *method = "";
    while (good && rule_take(x, ".")) {
        struct str one = rule_name(x);
        size_t i = 0;

        while (i < COUNT_OF(methods) && !str_is(one, methods[i]))
            i++;
        good = i < COUNT_OF(methods) && rule_take(x, "(") && rule_take(x, ")");
        if (good && i > 0)
            *method = methods[i];
    }
    if (!good)
        x->at = before;
    return good;
}

/* len(output), len(output.split()), word_count(output), words. */
static bool rule_measure(struct rule_expression *x, enum rule_measure *out)
{
    static const struct { const char *words; enum rule_measure measure; } names[] = {
        { "length chars characters char_count character_count output_length text_length", RULE_LENGTH },
        { "words word_count num_words words_count", RULE_WORDS },
        { "lines line_count num_lines lines_count", RULE_LINES },
        { "items item_count num_items items_count elements element_count entries", RULE_ITEMS },
        { "sentences sentence_count num_sentences", RULE_SENTENCES },
        { "paragraphs paragraph_count num_paragraphs", RULE_PARAGRAPHS },
    };
    size_t before = x->at;
    struct str word = rule_word(x);
    const char *method;
    size_t i = 0;

    if (str_is(word, "len") && rule_take(x, "(") && rule_output(x, &method) && rule_take(x, ")")) {
        *out = strcmp(method, "split") == 0 ? RULE_WORDS : strcmp(method, "splitlines") == 0 ? RULE_LINES : RULE_LENGTH;
        return true;
    }
    while (i < COUNT_OF(names) && !rule_word_in(names[i].words, word))
        i++;
    if (i < COUNT_OF(names)) {
        size_t after = x->at;

        *out = names[i].measure;
        if (!rule_take(x, "(") || !rule_output(x, &method) || !rule_take(x, ")"))
            x->at = after;
        if (x->at > after || x->at == x->s.len || x->s.at[x->at] != '(')
            return true;
    }
    x->at = before;
    return false;
}

static void rule_bound(struct rule_bounds *b, bool min, double n)
{
    if (min && (!b->has_min || n > b->min))
        b->min = n;
    if (!min && (!b->has_max || n < b->max))
        b->max = n;
    *(min ? &b->has_min : &b->has_max) = true;
}

enum rule_order { RULE_LT, RULE_LE, RULE_GT, RULE_GE, RULE_EQ, RULE_ORDERS };

/* measure `order` n. Counts are whole, so below 40 is at most 39. */
static void rule_compare(struct rule_bounds *b, enum rule_order order, double n)
{
    if (order == RULE_LT || order == RULE_LE || order == RULE_EQ)
        rule_bound(b, false, order == RULE_LT ? ceil(n) - 1 : floor(n));
    if (order == RULE_GT || order == RULE_GE || order == RULE_EQ)
        rule_bound(b, true, order == RULE_GT ? floor(n) + 1 : ceil(n));
}

static bool rule_order(struct rule_expression *x, enum rule_order *out)
{
    static const struct { const char *token; enum rule_order order; } tokens[] = {
        { "<=", RULE_LE }, { "≤", RULE_LE }, { ">=", RULE_GE }, { "≥", RULE_GE }, { "==", RULE_EQ },
        { "<", RULE_LT },  { ">", RULE_GT },
    };

    for (size_t i = 0; i < COUNT_OF(tokens); i++)
        if (rule_take(x, tokens[i].token)) {
            *out = tokens[i].order;
            return true;
        }
    return false;
}

/* 0 < len(output) <= 40, len(output) > 0, 40 >= words. */
static bool rule_comparison(struct rule_expression *x)
{
    static const enum rule_order turned[RULE_ORDERS] = { RULE_GT, RULE_GE, RULE_LT, RULE_LE, RULE_EQ };
    enum rule_measure m;
    enum rule_order order;
    bool compared = false;
    double n;

    if (rule_number(x, &n)) {
        if (!rule_order(x, &order) || !rule_measure(x, &m))
            return false;
        rule_compare(&x->bounds[m], turned[order], n);
        compared = true;
    } else if (!rule_measure(x, &m)) {
        return false;
    }
    if (rule_order(x, &order)) {
        if (!rule_number(x, &n))
            return false;
        rule_compare(&x->bounds[m], order, n);
        compared = true;
    }
    return compared;
}

static void rule_other(struct rule_expression *x, bool negate, const char *kind, json_t *argument, bool ignore_case)
{
    json_t *o = rule_one(arena_printf(x->a, "%s%s", negate ? "not_" : "", kind).at, argument);

    if (ignore_case)
        json_object_set_new(o, "ignore_case", json_true());
    json_array_append_new(x->others, o);
}

/* Functions that are known by name: their own words aside, what they look at. */
static const struct rule_function { const char *name, *kind, *argument; } rule_functions[] = {
    { "json", "json_valid", "true" },          { "valid_json", "json_valid", "true" },
    { "json_valid", "json_valid", "true" },    { "csv", "csv_valid", "true" },
    { "valid_csv", "csv_valid", "true" },      { "csv_valid", "csv_valid", "true" },
    { "not_empty", "min_length", "1" },        { "non_empty", "min_length", "1" },
    { "nonempty", "min_length", "1" },         { "output_not_empty", "min_length", "1" },
    { "no_overlap", "no_overlap", "{\"start\": \"start_time\", \"end\": \"end_time\"}" },
    { "no_overlaps", "no_overlap", "{\"start\": \"start_time\", \"end\": \"end_time\"}" },
    { "unique", "unique", "true" },            { "no_duplicates", "unique", "true" },
    { "no_refusal", "not_refusal", "true" },   { "not_refusal", "not_refusal", "true" },
};

static const struct rule_function *rule_function(struct str name)
{
    static const struct str before[] = { { "validate_", 9 }, { "check_", 6 }, { "is_", 3 }, { "verify_", 7 }, { "assert_", 7 } };
    static const struct str after[] = { { "_format", 7 }, { "_check", 6 }, { "_output", 7 } };

    if (str_is(name, "json.loads") || str_is(name, "JSON.parse"))
        return &rule_functions[0];
    for (size_t i = 0; i < COUNT_OF(before); i++)
        if (str_starts(name, before[i])) {
            name = str_from(name, before[i].len);
            break;
        }
    for (size_t i = 0; i < COUNT_OF(after); i++)
        if (str_ends(name, after[i]) && name.len > after[i].len) {
            name = str_n(name.at, name.len - after[i].len);
            break;
        }
    for (size_t i = 0; i < COUNT_OF(rule_functions); i++)
        if (str_is(name, rule_functions[i].name))
            return &rule_functions[i];
    return NULL;
}

/* max_words(output, 40), contains("refund"): a kind of ours called as a function. */
static bool rule_called_kind(struct rule_expression *x, struct str name, bool negate)
{
    const char *method;
    struct str text;
    double n;

    if (!rule_word_in(rule_kinds(), name))
        return false;
    if (rule_output(x, &method) && !rule_take(x, ","))
        return false;
    if (rule_number(x, &n) && n == floor(n))
        rule_other(x, negate, check_find(name)->name, json_integer((json_int_t)n), false);
    else if (rule_quoted(x, &text))
        rule_other(x, negate, check_find(name)->name, json_from_str(text), false);
    else
        return false;
    return rule_take(x, ")");
}

static bool rule_method(struct rule_expression *x, struct str name, bool negate)
{
    static const char *const methods[][2] = { { "startswith", "starts_with" }, { "endswith", "ends_with" },
                                              { "includes", "contains" }, { "contains", "contains" } };
    struct str object, method = name, text;

    if (!str_split(&method, '.', &object) || !rule_is_output(x, object))
        return false;
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (str_is(method, methods[i][0])) {
            if (!rule_quoted(x, &text) || !rule_take(x, ")"))
                return false;
            rule_other(x, negate, methods[i][1], json_from_str(text), false);
            return true;
        }
    return false;
}

/* validate_json_format(output), bool(output.strip()), re.search("x", output), output.startswith("Dear"). */
static bool rule_predicate(struct rule_expression *x, bool negate)
{
    const struct rule_function *f;
    struct str name = rule_word(x), text;
    const char *method;

    if (!name.len || !rule_take(x, "("))
        return false;
    if (rule_called_kind(x, name, negate) || rule_method(x, name, negate))
        return true;
    if (str_is(name, "bool")) {
        if (negate || !rule_output(x, &method) || !rule_take(x, ")"))
            return false;
        rule_bound(&x->bounds[RULE_LENGTH], true, 1);
        return true;
    }
    if (str_is(name, "re.search") || str_is(name, "re.match") || str_is(name, "re.fullmatch")) {
        const char *kind = str_is(name, "re.fullmatch") ? "matches" : "regex";

        if (!rule_quoted(x, &text) || !rule_take(x, ",") || !rule_output(x, &method) || !rule_take(x, ")"))
            return false;
        rule_other(x, negate, kind, str_is(name, "re.match") ? json_sprintf("^(?:%s)", text.at) : json_from_str(text),
                   false);
        return true;
    }
    f = negate ? NULL : rule_function(name);
    if (!f || (!rule_take(x, ")") && (!rule_output(x, &method) || !rule_take(x, ")"))))
        return false;
    rule_other(x, false, f->kind, json_loads(f->argument, JSON_DECODE_ANY, NULL), false);
    return true;
}

/* 'refund' in output, "x" not in output.lower(). */
static bool rule_membership(struct rule_expression *x)
{
    const char *method;
    struct str text;
    bool negate;

    if (!rule_quoted(x, &text))
        return false;
    negate = rule_take(x, "not");
    if (!rule_take(x, "in") || !rule_output(x, &method) || strcmp(method, "split") == 0 ||
        strcmp(method, "splitlines") == 0)
        return false;
    rule_other(x, negate, "contains", json_from_str(text), strcmp(method, "lower") == 0);
    return true;
}

/* output.strip(), output != "". */
static bool rule_something(struct rule_expression *x)
{
    const char *method;

    if (!rule_output(x, &method) || strcmp(method, "splitlines") == 0)
        return false;
    if (rule_take(x, "!=") ? !rule_take(x, "\"\"") && !rule_take(x, "''") : !*method)
        return false;
    rule_bound(&x->bounds[RULE_LENGTH], true, 1);
    return true;
}

static bool rule_term(struct rule_expression *x)
{
    bool (*const forms[])(struct rule_expression *) = { rule_comparison, rule_membership, rule_something };
    struct rule_expression before = *x;
    size_t others = json_array_size(x->others);
    bool negate;

    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if (forms[i](x))
            return true;
        *x = before;
    }
    negate = rule_take(x, "not") || rule_take(x, "!");
    if (rule_predicate(x, negate))
        return true;
    *x = before;
    while (json_array_size(x->others) > others)
        json_array_remove(x->others, json_array_size(x->others) - 1);
    return false;
}

/* The bounds and the others as one check; NULL: there is nothing. */
static json_t *rule_gather(struct rule_expression *x)
{
    json_t *one;

    for (int m = 0; m < RULE_MEASURES; m++) {
        const struct rule_bounds *b = &x->bounds[m];
        char name[32];

        if (b->has_min && b->has_max) {
            json_array_append_new(x->others, rule_one(rule_measures[m], json_pack("{s:I, s:I}", "min", (json_int_t)b->min,
                                                                                  "max", (json_int_t)b->max)));
        } else if (b->has_min || b->has_max) {
            snprintf(name, sizeof name, "%s_%s", b->has_min ? "min" : "max", rule_measures[m]);
            json_array_append_new(x->others, rule_one(name, json_integer((json_int_t)(b->has_min ? b->min : b->max))));
        }
    }
    if (json_array_size(x->others) == 1)
        return json_incref(json_array_get(x->others, 0));
    one = json_array_size(x->others) ? rule_one("all_of", json_incref(x->others)) : NULL;
    return one;
}

bool rule_expression_read(struct str text, struct arena *a, struct rule *out, struct str *why)
{
    struct rule_expression x = { .s = text, .a = a, .others = json_in_arena(json_array(), a) };
    json_t *check;

    if (rule_take(&x, "lambda")) {
        x.variable = rule_word(&x);
        if (!x.variable.len || !rule_take(&x, ":"))
            return false;
    }
    do {
        if (!rule_term(&x))
            return false;
    } while (rule_take(&x, "and") || rule_take(&x, "&&"));
    if (!rule_over(&x))
        return false;
    check = rule_gather(&x);
    return check && rule_verify(check, a, out, why);
}

/* --- a few sentences ---------------------------------------------------------------------------------------------- */

static bool rule_phrase(struct rule_expression *x, const char *phrase)
{
    struct str rest = str_c(phrase), word;
    size_t before = x->at;

    while (str_split(&rest, ' ', &word)) {
        char token[32];

        snprintf(token, sizeof token, STR_FMT, STR_ARG(word));
        if (!rule_take(x, token)) {
            x->at = before;
            return false;
        }
    }
    return true;
}

static bool rule_phrases(struct rule_expression *x, const char *const *phrases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rule_phrase(x, phrases[i]))
            return true;
    return false;
}
#define RULE_PHRASES(x, list) rule_phrases((x), (list), COUNT_OF(list))

/* "40 words", "5 items long". */
static bool rule_unit(struct rule_expression *x, enum rule_measure *out)
{
    static const struct { const char *words; enum rule_measure measure; } units[] = {
        { "characters character chars letters", RULE_LENGTH }, { "words word", RULE_WORDS }, { "lines line", RULE_LINES },
        { "items item entries elements element", RULE_ITEMS }, { "sentences sentence", RULE_SENTENCES },
        { "paragraphs paragraph", RULE_PARAGRAPHS },
    };
    struct str word = rule_word(x);

    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (rule_word_in(units[i].words, word)) {
            *out = units[i].measure;
            return true;
        }
    return false;
}

/* at least 3 items; between 10 and 40 words; 40 words or fewer. The beginning and the full stop are gone already. */
static bool rule_amount(struct rule_expression *x)
{
    static const char *const least[] = { "at least", "no fewer than", "no less than", "not less than", "a minimum of",
                                         "minimum of", "minimum", "min" };
    static const char *const most[] = { "at most", "no more than", "not more than", "up to", "a maximum of", "maximum of", "maximum",
                                        "max", "not exceed", "no longer than", "not be longer than", "not longer than" };
    static const char *const below[] = { "fewer than", "less than", "under", "below", "shorter than" };
    static const char *const above[] = { "more than", "over", "longer than" };
    static const char *const fewer[] = { "or fewer", "or less", "maximum", "max", "at most" };
    static const char *const more[] = { "or more", "minimum", "min", "at least" };
    enum rule_measure m;
    double low, high;
    int way = RULE_PHRASES(x, least)      ? RULE_GE
              : RULE_PHRASES(x, most)     ? RULE_LE
              : RULE_PHRASES(x, below)    ? RULE_LT
              : RULE_PHRASES(x, above)    ? RULE_GT
              : rule_phrase(x, "exactly") ? RULE_EQ
                                          : RULE_ORDERS;
    bool between = way == RULE_ORDERS && rule_phrase(x, "between");

    if (!rule_number(x, &low) ||
        (between && (!(rule_phrase(x, "and") || rule_phrase(x, "to")) || !rule_number(x, &high))) || !rule_unit(x, &m))
        return false;
    if (between) {
        rule_compare(&x->bounds[m], RULE_GE, low);
        rule_compare(&x->bounds[m], RULE_LE, high);
    } else if (way < RULE_ORDERS) {
        rule_compare(&x->bounds[m], (enum rule_order)way, low);
    } else if (RULE_PHRASES(x, fewer)) {
        rule_compare(&x->bounds[m], RULE_LE, low);
    } else if (RULE_PHRASES(x, more)) {
        rule_compare(&x->bounds[m], RULE_GE, low);
    } else {
        return false;
    }
    (void)(rule_phrase(x, "long") || rule_phrase(x, "in length"));
    return true;
}

bool rule_sentence(struct str text, struct arena *a, struct rule *out, struct str *why)
{
    static const char *const subjects[] = { "the output", "output", "the response", "response", "the answer", "answer",
                                            "the result", "the reply", "the text", "it" };
    static const char *const modals[] = { "must", "should", "shall", "has to", "needs to" };
    static const char *const verbs[] = { "be", "is", "have", "has", "contain", "contains", "include", "parse as", "use" };
    static const char *const nothing[] = { "not empty", "not be empty", "non - empty", "is not empty", "not blank" };
    static const char *const json[] = { "valid json", "in valid json format", "valid json format", "parseable json", "parsable json" };
    static const char *const csv[] = { "valid csv", "in valid csv format", "valid csv format" };
    struct rule_expression x = { .a = a, .others = json_in_arena(json_array(), a) };
    char *low = arena_cstr(a, text);
    size_t n = text.len;
    json_t *check;

    for (size_t i = 0; i < n; i++)
        low[i] = (char)tolower((unsigned char)low[i]);
    while (n && (low[n - 1] == '.' || low[n - 1] == '!'))
        n--;
    for (size_t i = 0, to = 0; i <= text.len; i++)          /* 1,000 -> 1000 */
        if (!(low[i] == ',' && i && isdigit((unsigned char)low[i - 1]) && isdigit((unsigned char)low[i + 1])))
            low[to++] = low[i];
        else
            n--;
    x.s = str_n(low, n);
    if (RULE_PHRASES(&x, subjects))
        (void)RULE_PHRASES(&x, modals);
    if (RULE_PHRASES(&x, nothing))
        rule_bound(&x.bounds[RULE_LENGTH], true, 1);
    else if ((void)RULE_PHRASES(&x, verbs), RULE_PHRASES(&x, json))
        rule_other(&x, false, "json_valid", json_true(), false);
    else if (RULE_PHRASES(&x, csv))
        rule_other(&x, false, "csv_valid", json_true(), false);
    else if (!rule_amount(&x))
        return false;
    check = rule_over(&x) ? rule_gather(&x) : NULL;
    return check && rule_verify(check, a, out, why);
}
