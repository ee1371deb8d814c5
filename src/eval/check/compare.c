/* src/eval/check/compare.c: values compared: eq ne lt le gt ge in, and count of what a path chooses.
 *
 * Left stands the chosen value; without a path the output, read as JSON where a text does not stand right. Right stands
 *   a value           compared as JSON does: 1 equals 1.0, the text "1" does not
 *   a text with {{ }} rendered for the case; a number on the left is compared with it as a number, all else as text
 *   {path: $.other}   what is there in the output
 *   {expected: $.n}   what is there in the case's expected answer; not evaluated when nothing is
 * Numbers have an order, and texts (that of code points); other pairs have none, and fail lt le gt ge. */
#include "eval/check/text_arg.h"

#include <inttypes.h>

#include "eval/items.h"

enum compare_order { COMPARE_LESS, COMPARE_EQUAL, COMPARE_GREATER, COMPARE_UNLIKE };

struct operand {
    const json_t *value;
    struct text_arg text;
    struct jsonpath *path;
    bool templated, of_expected;
};

struct compare { const char *words; unsigned passing; struct operand *at; size_t count; };

/* Which orders satisfy a kind, and how it is said that none of them is. */
static const struct { const char *kind, *words; unsigned passing; } compare_kinds[] = {
    { "eq", "is not", BIT(COMPARE_EQUAL) },
    { "ne", "is", BIT(COMPARE_LESS) | BIT(COMPARE_GREATER) | BIT(COMPARE_UNLIKE) },
    { "lt", "is not below", BIT(COMPARE_LESS) },
    { "le", "is not at most", BIT(COMPARE_LESS) | BIT(COMPARE_EQUAL) },
    { "gt", "is not above", BIT(COMPARE_GREATER) },
    { "ge", "is not at least", BIT(COMPARE_GREATER) | BIT(COMPARE_EQUAL) },
    { "in", "is none of", BIT(COMPARE_EQUAL) },
};

static enum err_code operand_prepare(const json_t *j, struct arena *a, struct operand *out, struct err *e)
{
    const json_t *path = json_child(j, "path"), *expected = json_child(j, "expected");
    struct str text = json_to_str(path ? path : expected);

    *out = (struct operand){ .value = j };
    if (json_is_string(j)) {
        TRY(text_arg_prepare(arena_strdup(a, json_to_str(j)), a, &out->text, e));
        out->templated = out->text.tmpl != NULL;
    } else if (json_object_size(j) == 1 && str_starts(text, S("$"))) {
        out->of_expected = !path;
        TRY(jsonpath_compile(str_trim(text), a, &out->path, e));
        if (!jsonpath_singular(out->path))
            return err_set(e, ERR_BAD_INPUT, "\"" STR_FMT "\" may choose more than one value to compare with; write "
                           "names and indexes only", STR_ARG(text));
    }
    return ERR_OK;
}

static enum err_code compare_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct compare *c = arena_new(a, struct compare);
    bool list = str_is(spec->kind, "in");

    for (size_t i = 0; i < COUNT_OF(compare_kinds); i++)
        if (str_is(spec->kind, compare_kinds[i].kind)) {
            c->words = compare_kinds[i].words;
            c->passing = compare_kinds[i].passing;
        }
    if (!list && c->passing != BIT(COMPARE_EQUAL) && !str_is(spec->kind, "ne") &&
        (json_is_array(spec->argument) || json_is_boolean(spec->argument) || json_is_null(spec->argument)))
        return err_set(e, ERR_BAD_INPUT, STR_FMT " compares numbers or texts, and this has no order",
                       STR_ARG(spec->kind));
    c->count = list ? json_array_size(spec->argument) : 1;
    c->at = arena_array(a, struct operand, c->count);
    for (size_t i = 0; i < c->count; i++)
        TRY(operand_prepare(list ? json_array_get(spec->argument, i) : spec->argument, a, &c->at[i], e));
    *state = c;
    return ERR_OK;
}

static enum compare_order compare_numbers(double x, double y)
{
    return x < y ? COMPARE_LESS : x > y ? COMPARE_GREATER : COMPARE_EQUAL;
}

static enum compare_order compare_texts(struct str x, struct str y)
{
    int order = str_cmp(x, y);

    return order < 0 ? COMPARE_LESS : order > 0 ? COMPARE_GREATER : COMPARE_EQUAL;
}

static enum compare_order compare_values(const json_t *x, const json_t *y, struct arena *a)
{
    if (json_is_integer(x) && json_is_integer(y))
        return json_integer_value(x) < json_integer_value(y)   ? COMPARE_LESS
               : json_integer_value(x) > json_integer_value(y) ? COMPARE_GREATER
                                                               : COMPARE_EQUAL;
    if (json_is_number(x) && json_is_number(y))
        return compare_numbers(json_number_value(x), json_number_value(y));
    if (json_is_string(x) && json_is_string(y))
        return compare_texts(json_to_str(x), json_to_str(y));
    if (json_typeof(x) != json_typeof(y))
        return COMPARE_UNLIKE;
    return str_eq(items_text(x, a), items_text(y, a)) ? COMPARE_EQUAL : COMPARE_UNLIKE;
}

/* What stands at an operand's path. CHECK_PASS, or why there is nothing to compare with. */
static enum check_verdict operand_find(const struct operand *o, const struct check_target *t, struct arena *a,
                                       const json_t **out, struct str *why)
{
    const json_t *root = o->of_expected ? subject_expected(t->subject) : subject_json(t->subject, a, why);
    struct jsonpath_nodes nodes;
    struct err e = ERR_INIT;

    if (!root && o->of_expected)
        *why = S("the case has no expected answer");
    if (!root)
        return o->of_expected ? CHECK_SKIP : CHECK_FAIL;
    if (jsonpath_select(o->path, root, a, &nodes, &e) != ERR_OK) {
        *why = arena_strdup(a, str_c(e.text));
        return CHECK_SKIP;
    }
    if (!nodes.len) {
        *why = arena_printf(a, "nothing at " STR_FMT " of the %s", STR_ARG(jsonpath_text(o->path)),
                            o->of_expected ? "expected answer" : "output");
        return o->of_expected ? CHECK_SKIP : CHECK_FAIL;
    }
    *out = nodes.at[0].value;
    return CHECK_PASS;
}

/* The order of the target and one operand, and the operand in words. */
static enum check_verdict compare_one(const struct operand *o, const struct check_target *t, const json_t *left,
                                      struct arena *a, enum compare_order *order, struct str *words, struct str *why)
{
    const json_t *right = o->value;
    enum check_verdict found;
    struct str text;
    double number;

    if (o->templated) {
        if (!text_arg_value(&o->text, t->subject, a, &text, why))
            return CHECK_SKIP;
        *words = subject_quote(text, a);
        *order = json_is_number(left) && str_to_double(str_trim(text), &number)
                     ? compare_numbers(json_number_value(left), number)
                     : compare_texts(left ? items_text(left, a) : t->text, text);
        return CHECK_PASS;
    }
    if (o->path) {
        found = operand_find(o, t, a, &right, why);
        if (found != CHECK_PASS)
            return found;
    }
    text = items_text(right, a);
    *words = json_is_string(right) ? subject_quote(text, a) : str_utf8_head(text, 80);
    if (!t->node && json_is_string(right))
        *order = compare_texts(json_is_string(left) ? json_to_str(left) : t->text, text);
    else
        *order = left ? compare_values(left, right, a) : COMPARE_UNLIKE;
    return CHECK_PASS;
}

static enum check_verdict compare_judge(const void *state, const struct check_target *t, struct arena *a,
                                        struct str *why)
{
    const struct compare *c = state;
    const json_t *left = t->node ? t->node : subject_json(t->subject, a, NULL);
    AUTO_BUF struct buf list = BUF_INIT(400);
    bool unlike = false;

    for (size_t i = 0; i < c->count; i++) {
        enum compare_order order;
        enum check_verdict v;
        struct str words;

        v = compare_one(&c->at[i], t, left, a, &order, &words, why);
        if (v != CHECK_PASS)
            return v;
        if (c->passing & BIT(order))
            return CHECK_PASS;
        unlike = order == COMPARE_UNLIKE;
        buf_printf(&list, "%s" STR_FMT, i ? ", " : "", STR_ARG(words));     /* full: the rest is left out */
    }
    unlike = unlike && c->passing != BIT(COMPARE_EQUAL);
    *why = arena_printf(a, STR_FMT " %s " STR_FMT,
                        STR_ARG(!left || json_is_string(left) ? subject_quote(t->text, a) : str_utf8_head(t->text, 80)),
                        unlike ? "can't be compared with" : c->words, STR_ARG(buf_str(&list)));
    return CHECK_FAIL;
}

struct path_count { int64_t min, max; };

static enum err_code path_count_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct path_count *p = arena_new(a, struct path_count);
    const json_t *arg = spec->argument, *min = json_child(arg, "min"), *max = json_child(arg, "max");

    if (!json_child(spec->options, "path"))
        return err_set(e, ERR_BAD_INPUT, "count needs a path to count what it chooses; items: counts a list");
    if (json_is_object(arg))
        TRY(check_members_verify("count", arg, "min max", e));
    min = json_is_object(arg) ? min : arg;
    max = json_is_object(arg) ? max : arg;
    if ((min && (!json_is_integer(min) || json_integer_value(min) < 0)) ||
        (max && (!json_is_integer(max) || json_integer_value(max) < 0)) || (!min && !max))
        return err_set(e, ERR_BAD_INPUT, "count takes a whole number, 0 or more, or {min, max}; for example: %s",
                       "- {path: '$.items[?@.price > 10]', count: {min: 1}}");
    p->min = min ? json_integer_value(min) : 0;
    p->max = max ? json_integer_value(max) : INT64_MAX;
    if (p->min > p->max)
        return err_set(e, ERR_BAD_INPUT, "count: min is above max");
    *state = p;
    return ERR_OK;
}

static enum check_verdict path_count_judge(const void *state, const struct check_target *t, struct arena *a,
                                           struct str *why)
{
    const struct path_count *p = state;
    int64_t n = t->nodes ? (int64_t)t->nodes->len : 0;

    if (n >= p->min && n <= p->max)
        return CHECK_PASS;
    *why = arena_printf(a, "%" PRId64 " chosen, %s %" PRId64, n,
                        p->min == p->max ? "not"
                        : n < p->min     ? "at least"
                                         : "at most",
                        n < p->min ? p->min : p->max);
    return CHECK_FAIL;
}

#define COMPARE_CHECK(id, arg, words, yaml)                                                         \
    const struct check check_##id = {                                                               \
        .name = #id, .argument = arg, .doc = words, .example = yaml,                                \
        .prepare = compare_prepare, .judge = compare_judge,                                         \
    }
COMPARE_CHECK(eq, CHECK_VALUE, "The value is this JSON value, of this type; also {path: ...} or {expected: ...}.",
              "- {path: $.total, eq: {expected: $.total}}");
COMPARE_CHECK(ne, CHECK_VALUE, "The value is not this JSON value.", "- {path: $.status, ne: unknown}");
COMPARE_CHECK(lt, CHECK_VALUE, "The number or text is below this one.", "- {path: $.discount, lt: 1}");
COMPARE_CHECK(le, CHECK_VALUE, "The number or text is at most this one.", "- {path: $.start, le: {path: $.end}}");
COMPARE_CHECK(gt, CHECK_VALUE, "The number or text is above this one.", "- {path: '$.items[*].price', gt: 0}");
COMPARE_CHECK(ge, CHECK_VALUE, "The number or text is at least this one.", "- {path: $.score, ge: \"{{ least }}\"}");
COMPARE_CHECK(in, CHECK_VALUES, "The value is one of these JSON values, of the same type.",
              "- {path: $.priority, in: [1, 2, 3]}");
const struct check check_count = {
    .name = "count", .argument = CHECK_VALUE, .scope = CHECK_OF_COUNT,
    .doc = "The path chooses so many values, or min to max of them; 0 is allowed here.",
    .example = "- {path: '$.items[?@.price > 10]', count: {min: 1}}",
    .prepare = path_count_prepare, .judge = path_count_judge,
};
