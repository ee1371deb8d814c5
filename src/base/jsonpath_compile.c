#include "base/jsonpath_parts.h"

#include <stdio.h>

#define JP_INDEX_MAX 9007199254740991           /* I-JSON: 2^53 - 1 */

static const struct jp_function jp_functions[] = {
    { "length", JP_LENGTH, JP_VALUE, 1, { JP_VALUE } },
    { "count", JP_COUNT, JP_VALUE, 1, { JP_NODES } },
    { "value", JP_VALUE_OF, JP_VALUE, 1, { JP_NODES } },
    { "match", JP_MATCH, JP_LOGICAL, 2, { JP_VALUE, JP_VALUE } },
    { "search", JP_SEARCH, JP_LOGICAL, 2, { JP_VALUE, JP_VALUE } },
};

struct jp_parse {
    struct str text;
    size_t at;
    int nesting;
    struct arena *arena;
    struct err *e;
    struct str doubt;
};

static enum err_code jp_or(struct jp_parse *p, struct jp_expr **out);
static enum err_code jp_segments(struct jp_parse *p, struct jp_query *q);

/* --- characters ------------------------------------------------------------------------------------------------- */

static enum err_code jp_fail(struct jp_parse *p, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);
static enum err_code jp_fail(struct jp_parse *p, size_t at, const char *fmt, ...)
{
    struct str head = str_utf8_head(p->text, 200);
    char what[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return err_set(p->e, ERR_BAD_INPUT, "path \"" STR_FMT "%s\": %s, at character %zu", STR_ARG(head),
                   head.len < p->text.len ? "..." : "", what, str_utf8_len(str_sub(p->text, 0, at)) + 1);
}

static char jp_peek(const struct jp_parse *p)               /* 0 at the end */
{
    return p->at < p->text.len ? p->text.at[p->at] : '\0';
}

static char jp_peek2(const struct jp_parse *p)
{
    return p->at + 1 < p->text.len ? p->text.at[p->at + 1] : '\0';
}

static bool jp_take(struct jp_parse *p, const char *word)
{
    if (!str_starts(str_from(p->text, p->at), str_c(word)))
        return false;
    p->at += strlen(word);
    return true;
}

static void jp_blank(struct jp_parse *p)
{
    while (p->at < p->text.len && strchr(" \t\n\r", p->text.at[p->at]) && p->text.at[p->at])
        p->at++;
}

static bool jp_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool jp_is_name_first(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static enum err_code jp_enter(struct jp_parse *p)
{
    if (++p->nesting > JSONPATH_NESTING_MAX)
        return jp_fail(p, p->at, "nested more than %d levels deep", JSONPATH_NESTING_MAX);
    return ERR_OK;
}

/* --- literals --------------------------------------------------------------------------------------------------- */

static enum err_code jp_hex(struct jp_parse *p, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        char c = jp_peek(p);
        int digit = jp_is_digit(c) ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;

        if (digit < 0)
            return jp_fail(p, p->at, "\\u needs four hexadecimal digits");
        *out = *out * 16 + (uint32_t)digit;
    }
    return ERR_OK;
}

static enum err_code jp_unicode(struct jp_parse *p, struct buf *out)
{
    size_t from = p->at, length;
    uint32_t cp, low;
    char bytes[4];

    TRY(jp_hex(p, &cp));
    if (cp >= 0xd800 && cp <= 0xdbff && jp_take(p, "\\u")) {
        TRY(jp_hex(p, &low));
        if (low < 0xdc00 || low > 0xdfff)
            return jp_fail(p, from, "half of a surrogate pair");
        cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
    }
    if (cp >= 0xd800 && cp <= 0xdfff)
        return jp_fail(p, from, "half of a surrogate pair");
    length = str_utf8_put(cp, bytes);
    buf_append(out, str_n(bytes, length));
    return ERR_OK;
}

static enum err_code jp_escape(struct jp_parse *p, char quote, struct buf *out)
{
    static const char from[] = "bfnrt/\\", to[] = "\b\f\n\r\t/\\";
    char c = jp_peek(p);
    const char *found = c ? strchr(from, c) : NULL;

    p->at++;
    if (c == 'u')
        return jp_unicode(p, out);
    if (!found && c != quote)
        return jp_fail(p, p->at - 1, "after a backslash in a text stand b f n r t / \\ %c or uXXXX", quote);
    buf_byte(out, found ? to[found - from] : quote);
    return ERR_OK;
}

/* A quoted text, its first quote not yet read. */
static enum err_code jp_string(struct jp_parse *p, struct str *out)
{
    AUTO_BUF struct buf b = BUF_INIT(JSONPATH_TEXT_MAX);
    size_t from = p->at;
    char quote = p->text.at[p->at++];

    for (;;) {
        char c = jp_peek(p);

        if (p->at >= p->text.len)
            return jp_fail(p, from, "a quote that is never closed");
        if ((unsigned char)c < 0x20)
            return jp_fail(p, p->at, "a control character in a text; write it as \\u%04x", (unsigned)c);
        p->at++;
        if (c == quote)
            break;
        if (c == '\\')
            TRY(jp_escape(p, quote, &b));
        else
            buf_byte(&b, c);
    }
    *out = arena_strdup(p->arena, buf_str(&b));
    return ERR_OK;
}

/* A whole number as indexes have them: no leading zero, no -0. */
static enum err_code jp_int(struct jp_parse *p, int64_t *out)
{
    size_t from = p->at;
    struct str digits;

    p->at += jp_peek(p) == '-';
    while (jp_is_digit(jp_peek(p)))
        p->at++;
    digits = str_sub(p->text, from, p->at - from);
    if (digits.len == 0 || str_is(digits, "-"))
        return jp_fail(p, from, "a whole number is missing");
    if ((digits.at[0] == '0' && digits.len > 1) || str_starts(digits, S("-0")))
        return jp_fail(p, from, "a number here has no leading zero and is not -0");
    if (!str_to_i64(digits, out) || *out > JP_INDEX_MAX || *out < -JP_INDEX_MAX)
        return jp_fail(p, from, "a number beyond 2^53 - 1");
    return ERR_OK;
}

static enum err_code jp_number(struct jp_parse *p, struct jp_expr **out)
{
    size_t from = p->at, digits;
    bool whole = true;
    struct str text;
    int64_t integer;
    double real;

    p->at += jp_peek(p) == '-';
    digits = p->at;
    while (jp_is_digit(jp_peek(p)))
        p->at++;
    if (p->at == digits || (p->text.at[digits] == '0' && p->at - digits > 1))
        return jp_fail(p, from, "not a number as JSON has them");
    if (jp_peek(p) == '.') {
        whole = false;
        p->at++;
        if (!jp_is_digit(jp_peek(p)))
            return jp_fail(p, p->at, "a digit is missing after the decimal point");
        while (jp_is_digit(jp_peek(p)))
            p->at++;
    }
    if (jp_peek(p) == 'e' || jp_peek(p) == 'E') {
        whole = false;
        p->at++;
        p->at += jp_peek(p) == '-' || jp_peek(p) == '+';
        if (!jp_is_digit(jp_peek(p)))
            return jp_fail(p, p->at, "a digit is missing in the exponent");
        while (jp_is_digit(jp_peek(p)))
            p->at++;
    }
    text = str_sub(p->text, from, p->at - from);
    *out = arena_new(p->arena, struct jp_expr);
    (*out)->kind = JP_LITERAL;
    if (whole && str_to_i64(text, &integer))
        (*out)->literal = json_in_arena(json_integer(integer), p->arena);
    else if (str_to_double(text, &real))
        (*out)->literal = json_in_arena(json_real(real), p->arena);
    else
        return jp_fail(p, from, "a number too large for JSON");
    return ERR_OK;
}

/* --- selectors and segments ------------------------------------------------------------------------------------- */

/* -1: a slice's part that is left out. */
static enum err_code jp_slice_part(struct jp_parse *p, bool *has, int64_t *out)
{
    jp_blank(p);
    *has = jp_peek(p) == '-' || jp_is_digit(jp_peek(p));
    if (*has) {
        TRY(jp_int(p, out));
        jp_blank(p);
    }
    return ERR_OK;
}

static enum err_code jp_index_or_slice(struct jp_parse *p, struct jp_selector *s)
{
    bool has_step = false;

    *s = (struct jp_selector){ .kind = JP_INDEX, .step = 1 };
    s->has_start = jp_peek(p) != ':';
    if (s->has_start) {
        size_t after;

        TRY(jp_int(p, &s->start));
        s->index = s->start;
        after = p->at;
        jp_blank(p);
        if (jp_peek(p) != ':') {
            p->at = after;
            return ERR_OK;
        }
    }
    s->kind = JP_SLICE;
    p->at++;
    TRY(jp_slice_part(p, &s->has_end, &s->end));
    if (jp_peek(p) == ':') {
        p->at++;
        TRY(jp_slice_part(p, &has_step, &s->step));
        s->step = has_step ? s->step : 1;
    }
    return ERR_OK;
}

static enum err_code jp_logical(struct jp_parse *p, size_t at, const struct jp_expr *x)
{
    if (x->kind == JP_LITERAL)
        return jp_fail(p, at, "a value alone says nothing; compare it, as in @.a == 1");
    if (x->kind == JP_CALL && x->function->result == JP_VALUE)
        return jp_fail(p, at, "%s() gives a value; compare it, as in %s(@.a) > 1", x->function->name,
                       x->function->name);
    return ERR_OK;
}

static enum err_code jp_selector(struct jp_parse *p, struct jp_selector *s)
{
    char c = jp_peek(p);
    struct jp_expr *filter;
    size_t at;

    if (c == '\'' || c == '"') {
        *s = (struct jp_selector){ .kind = JP_NAME };
        return jp_string(p, &s->name);
    }
    if (c == '*') {
        *s = (struct jp_selector){ .kind = JP_WILDCARD };
        p->at++;
        return ERR_OK;
    }
    if (c == '-' || c == ':' || jp_is_digit(c))
        return jp_index_or_slice(p, s);
    if (c != '?')
        return jp_fail(p, p->at, "in brackets stand a quoted name, a whole number, a slice as 0:10, * or ?condition");
    p->at++;
    jp_blank(p);
    at = p->at;
    TRY(jp_enter(p));
    TRY(jp_or(p, &filter));
    TRY(jp_logical(p, at, filter));
    p->nesting--;
    *s = (struct jp_selector){ .kind = JP_FILTER, .filter = filter };
    return ERR_OK;
}

static enum err_code jp_brackets(struct jp_parse *p, struct jp_segment *out)
{
    VEC(struct jp_selector) list = { 0 };
    struct jp_selector one;
    enum err_code code;

    for (bool more = true; more;) {
        p->at++;                                        /* the [ or the comma */
        jp_blank(p);
        code = jp_selector(p, &one);
        if (code == ERR_OK) {
            vec_push(&list, one);
            jp_blank(p);
            more = jp_peek(p) == ',';
        }
        if (code == ERR_OK && !more && jp_peek(p) != ']')
            code = jp_fail(p, p->at, "a ] or a comma is missing");
        if (code != ERR_OK) {
            vec_dispose(&list);
            return code;
        }
    }
    p->at++;
    out->count = list.len;
    out->at = arena_array(p->arena, struct jp_selector, list.len);
    memcpy(out->at, list.at, list.len * sizeof *list.at);
    vec_dispose(&list);
    return ERR_OK;
}

static enum err_code jp_segment_of_one(struct jp_parse *p, struct jp_segment *out)
{
    size_t from = p->at;
    struct jp_selector *s = arena_new(p->arena, struct jp_selector);

    *out = (struct jp_segment){ .descendant = out->descendant, .at = s, .count = 1 };
    if (jp_peek(p) == '*') {
        s->kind = JP_WILDCARD;
        p->at++;
        return ERR_OK;
    }
    if (!jp_is_name_first(jp_peek(p)))
        return jp_fail(p, p->at, "a name is missing after the dot; other names stand in brackets: $['a name']");
    while (jp_is_name_first(jp_peek(p)) || jp_is_digit(jp_peek(p)))
        p->at++;
    if (jp_peek(p) == '-')
        return jp_fail(p, p->at, "a name with - stands in brackets: $['a-b']");
    s->kind = JP_NAME;
    s->name = str_sub(p->text, from, p->at - from);
    return ERR_OK;
}

/* The segments that follow $ or @; white space may stand before each. */
static enum err_code jp_segments(struct jp_parse *p, struct jp_query *q)
{
    VEC(struct jp_segment) list = { 0 };
    enum err_code code = ERR_OK;

    q->singular = true;
    while (code == ERR_OK) {
        size_t before = p->at;
        struct jp_segment s = { 0 };

        jp_blank(p);
        if (jp_peek(p) == '.') {
            s.descendant = jp_peek2(p) == '.';
            p->at += s.descendant ? 2 : 1;
            code = s.descendant && jp_peek(p) == '[' ? jp_brackets(p, &s) : jp_segment_of_one(p, &s);
        } else if (jp_peek(p) == '[') {
            code = jp_brackets(p, &s);
        } else {
            p->at = before;
            break;
        }
        if (code == ERR_OK) {
            q->singular = q->singular && !s.descendant && s.count == 1 &&
                          (s.at[0].kind == JP_NAME || s.at[0].kind == JP_INDEX);
            vec_push(&list, s);
        }
    }
    q->count = list.len;
    q->segments = arena_array(p->arena, struct jp_segment, list.len);
    if (list.len)
        memcpy(q->segments, list.at, list.len * sizeof *list.at);
    vec_dispose(&list);
    return code;
}

/* --- expressions ------------------------------------------------------------------------------------------------ */

static struct jp_expr *jp_new(struct jp_parse *p, enum jp_kind kind, const struct jp_expr *left,
                              const struct jp_expr *right)
{
    struct jp_expr *x = arena_new(p->arena, struct jp_expr);

    *x = (struct jp_expr){ .kind = kind, .left = left, .right = right };
    return x;
}

enum err_code jp_regex(struct str pattern, bool whole, struct arena *a, struct regex **out, struct err *e)
{
    return regex_compile(pattern, REGEX_INTEROPERABLE | (whole ? REGEX_WHOLE : 0), a, out, e);
}

static const struct jp_function *jp_function_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(jp_functions); i++)
        if (str_is(name, jp_functions[i].name))
            return &jp_functions[i];
    return NULL;
}

static enum err_code jp_argument(struct jp_parse *p, size_t at, const struct jp_function *f, enum jp_type type,
                                 const struct jp_expr *x)
{
    bool value = (x->kind == JP_LITERAL || (x->kind == JP_QUERY && x->query->singular) ||
                  (x->kind == JP_CALL && x->function->result == JP_VALUE)) &&
                 !x->parenthesised;

    if (type == JP_VALUE && !value)
        return jp_fail(p, at,
                       "%s() takes a value here: a literal, a function's value, or a path that gives at most one "
                       "(no *, .. , slice or filter)",
                       f->name);
    if (type == JP_NODES && (x->kind != JP_QUERY || x->parenthesised))
        return jp_fail(p, at, "%s() takes a path", f->name);
    return ERR_OK;
}

static void jp_pattern(struct jp_parse *p, struct jp_expr *call)
{
    const json_t *literal = call->args[1]->kind == JP_LITERAL ? call->args[1]->literal : NULL;
    struct err e = ERR_INIT;
    struct regex *regex = NULL;

    if (!json_is_string(literal))
        return;
    if (jp_regex(json_to_str(literal), call->function->id == JP_MATCH, p->arena, &regex, &e) != ERR_OK && !p->doubt.len)
        p->doubt = arena_strdup(p->arena, str_c(e.text));
    call->regex = regex;
}

static enum err_code jp_call(struct jp_parse *p, struct jp_expr **out)
{
    size_t from = p->at, count = 0;
    struct jp_expr *call = jp_new(p, JP_CALL, NULL, NULL);
    struct str name;

    while ((jp_peek(p) >= 'a' && jp_peek(p) <= 'z') || jp_peek(p) == '_' || jp_is_digit(jp_peek(p)))
        p->at++;
    name = str_sub(p->text, from, p->at - from);
    call->function = jp_function_find(name);
    if (!call->function || jp_peek(p) != '(') {
        struct suggest near;
        char hint[160];

        suggest_begin(&near, name);
        for (size_t i = 0; i < COUNT_OF(jp_functions); i++)
            suggest_offer(&near, str_c(jp_functions[i].name));
        return jp_fail(p, from,
                       call->function ? "%s needs a ( right after its name%s"
                                      : "there is no function \"%s\"%s; there are length, count, value, match, search",
                       arena_cstr(p->arena, str_utf8_head(name, 40)), call->function ? "" : suggest_hint(&near, hint));
    }
    TRY(jp_enter(p));
    p->at++;
    jp_blank(p);
    while (jp_peek(p) != ')') {
        struct jp_expr *arg;
        size_t at = p->at;

        TRY(jp_or(p, &arg));
        if (count < call->function->count) {
            TRY(jp_argument(p, at, call->function, call->function->params[count], arg));
            call->args[count] = arg;
        }
        count++;
        jp_blank(p);
        if (jp_peek(p) != ',')
            break;
        p->at++;
        jp_blank(p);
        if (jp_peek(p) == ')')
            return jp_fail(p, p->at, "an argument is missing");
    }
    if (jp_peek(p) != ')')
        return jp_fail(p, p->at, "a ) or a comma is missing");
    p->at++;
    p->nesting--;
    if (count != call->function->count)
        return jp_fail(p, from, "%s() takes %zu argument%s, not %zu", call->function->name, call->function->count,
                       call->function->count == 1 ? "" : "s", count);
    if (call->function->count == 2)
        jp_pattern(p, call);
    *out = call;
    return ERR_OK;
}

/* A literal, a query or a call. */
static enum err_code jp_operand(struct jp_parse *p, struct jp_expr **out)
{
    static const struct { const char *word; json_t *(*make)(void); } words[] = {
        { "true", json_true }, { "false", json_false }, { "null", json_null },
    };
    char c = jp_peek(p);
    struct jp_query *q;
    struct str text;

    if (c == '@' || c == '$') {
        q = arena_new(p->arena, struct jp_query);
        q->relative = c == '@';
        p->at++;
        *out = jp_new(p, JP_QUERY, NULL, NULL);
        (*out)->query = q;
        return jp_segments(p, q);
    }
    if (c == '\'' || c == '"') {
        TRY(jp_string(p, &text));
        *out = jp_new(p, JP_LITERAL, NULL, NULL);
        (*out)->literal = json_in_arena(json_stringn(text.at, text.len), p->arena);
        return ERR_OK;
    }
    if (c == '-' || jp_is_digit(c))
        return jp_number(p, out);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        size_t before = p->at;

        if (jp_take(p, words[i].word) && !jp_is_name_first(jp_peek(p)) && !jp_is_digit(jp_peek(p)) &&
            jp_peek(p) != '(') {
            *out = jp_new(p, JP_LITERAL, NULL, NULL);
            (*out)->literal = words[i].make();
            return ERR_OK;
        }
        p->at = before;
    }
    if (c >= 'a' && c <= 'z')
        return jp_call(p, out);
    return jp_fail(p, p->at,
                   "a condition has paths (@.name, $.name), texts in quotes, numbers, true, false, null and "
                   "functions here");
}

static bool jp_compares(struct jp_parse *p, enum jp_operator *out)
{
    static const struct { const char *word; enum jp_operator operator; } words[] = {
        { "==", JP_EQ }, { "!=", JP_NE }, { "<=", JP_LE }, { ">=", JP_GE }, { "<", JP_LT }, { ">", JP_GT },
    };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (jp_take(p, words[i].word)) {
            *out = words[i].operator;
            return true;
        }
    return false;
}

static enum err_code jp_comparable(struct jp_parse *p, size_t at, const struct jp_expr *x)
{
    if (x->kind == JP_QUERY && !x->query->singular)
        return jp_fail(p, at, "only a path that gives at most one value can be compared (no *, .. , slice or filter)");
    if (x->kind == JP_CALL && x->function->result != JP_VALUE)
        return jp_fail(p, at, "%s() is true or false by itself; it can't be compared", x->function->name);
    return ERR_OK;
}

/* [!] ( ... )  |  [!] test  |  comparison. A bare literal or value passes: whoever asked judges it. */
static enum err_code jp_basic(struct jp_parse *p, struct jp_expr **out)
{
    size_t at = p->at, right_at;
    bool negate = jp_peek(p) == '!', compares;
    struct jp_expr *x, *right;
    enum jp_operator operator;

    if (negate) {
        p->at++;
        jp_blank(p);
        at = p->at;
    }
    if (jp_peek(p) == '(') {
        TRY(jp_enter(p));
        p->at++;
        jp_blank(p);
        at = p->at;
        TRY(jp_or(p, &x));
        TRY(jp_logical(p, at, x));
        jp_blank(p);
        if (jp_peek(p) != ')')
            return jp_fail(p, p->at, "a ) is missing");
        p->at++;
        p->nesting--;
        x->parenthesised = true;
    } else {
        TRY(jp_operand(p, &x));
        right_at = p->at;
        jp_blank(p);
        compares = jp_compares(p, &operator);
        if (compares && negate)
            return jp_fail(p, at, "! before a comparison needs parentheses: !(@.a == 1)");
        if (compares) {
            TRY(jp_comparable(p, at, x));
            jp_blank(p);
            right_at = p->at;
            TRY(jp_operand(p, &right));
            TRY(jp_comparable(p, right_at, right));
            x = jp_new(p, JP_COMPARE, x, right);
            x->operator= operator;
        } else {
            p->at = right_at;
        }
    }
    if (negate) {
        TRY(jp_logical(p, at, x));
        x = jp_new(p, JP_NOT, x, NULL);
    }
    *out = x;
    return ERR_OK;
}

static enum err_code jp_chain(struct jp_parse *p, const char *word, enum jp_kind kind,
                              enum err_code (*part)(struct jp_parse *, struct jp_expr **), struct jp_expr **out)
{
    size_t at = p->at, before;
    struct jp_expr *right;

    TRY(part(p, out));
    for (;;) {
        before = p->at;
        jp_blank(p);
        if (!jp_take(p, word)) {
            p->at = before;
            return ERR_OK;
        }
        TRY(jp_logical(p, at, *out));
        jp_blank(p);
        at = p->at;
        TRY(part(p, &right));
        TRY(jp_logical(p, at, right));
        *out = jp_new(p, kind, *out, right);
    }
}

static enum err_code jp_and(struct jp_parse *p, struct jp_expr **out)
{
    return jp_chain(p, "&&", JP_AND, jp_basic, out);
}

static enum err_code jp_or(struct jp_parse *p, struct jp_expr **out)
{
    return jp_chain(p, "||", JP_OR, jp_and, out);
}

enum err_code jsonpath_compile(struct str text, struct arena *a, struct jsonpath **out, struct err *e)
{
    struct jp_parse p = { .text = arena_strdup(a, text), .arena = a, .e = e };
    struct jsonpath *made = arena_new(a, struct jsonpath);
    struct jp_query *q = arena_new(a, struct jp_query);

    if (text.len > JSONPATH_TEXT_MAX)
        return err_set(e, ERR_BAD_INPUT, "the path has %zu bytes; at most %d are allowed", text.len, JSONPATH_TEXT_MAX);
    if (!str_is_utf8(text))
        return err_set(e, ERR_BAD_INPUT, "the path is not UTF-8");
    if (jp_peek(&p) != '$')
        return jp_fail(&p, 0, "a path begins with $, as in $.queue or $.items[0].id");
    p.at = 1;
    TRY(jp_segments(&p, q));
    if (p.at < p.text.len) {
        size_t at = p.at;

        jp_blank(&p);
        if (p.at == p.text.len)
            return jp_fail(&p, at, "white space behind the path");
        return jp_fail(&p, p.at, "a . or [ is missing");
    }
    *made = (struct jsonpath){ .text = p.text, .doubt = p.doubt, .query = q };
    *out = made;
    return ERR_OK;
}

struct str jsonpath_text(const struct jsonpath *p)
{
    return p->text;
}

struct str jsonpath_doubt(const struct jsonpath *p)
{
    return p->doubt;
}

bool jsonpath_singular(const struct jsonpath *p)
{
    return p->query->singular;
}
