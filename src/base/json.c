#include "base/base.h"

#include <stdio.h>

void json_freep(json_t **j)
{
    json_decref(*j);
    *j = NULL;
}

/* jansson's own ceiling is 2048 levels; ours is lower because its tree is walked by recursion elsewhere. */
static bool json_too_deep(struct str text)
{
    size_t depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return true;
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        }
    }
    return false;
}

enum err_code json_read_located(struct str text, json_t **out, int *line, int *column, struct err *e)
{
    json_error_t why;
    json_t *j;

    *line = *column = 1;
    if (json_read_plain(text, out))
        return ERR_OK;
    if (json_too_deep(text))
        return err_set(e, ERR_BAD_INPUT, "JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
    j = json_loadb(text.len ? text.at : "", text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!j) {
        *line = MAX(why.line, 1);
        *column = MAX(why.column, 1);
        return err_set(e, ERR_BAD_INPUT, "not valid JSON: %s", why.text);
    }
    *out = j;
    return ERR_OK;
}

enum err_code json_read(struct str text, json_t **out, struct err *e)
{
    int line, column;
    enum err_code code = json_read_located(text, out, &line, &column, e);

    if (code != ERR_OK && e && str_starts(str_c(e->text), S("not valid JSON: "))) {
        char why[sizeof e->text];

        memcpy(why, e->text, sizeof why);
        err_set(e, code, "not valid JSON at line %d, column %d: %s", line, column, why + strlen("not valid JSON: "));
    }
    return code;
}

json_t *json_from_str(struct str s)
{
    json_t *j = json_stringn(s.at ? s.at : "", s.len);

    if (!j) {                                       /* not UTF-8: replace what is ill-formed */
        AUTO_BUF struct buf clean = BUF_INIT(SIZE_MAX / 4);
        char cp[4];

        for (size_t i = 0; i < s.len;)
            buf_append(&clean, str_n(cp, str_utf8_put(str_utf8_next(s, &i), cp)));
        j = json_stringn(buf_cstr(&clean), clean.len);
    }
    ASSERT(j);
    return j;
}

struct str json_to_str(const json_t *j)
{
    return json_is_string(j) ? str_n(json_string_value(j), json_string_length(j)) : str_n("", 0);
}

json_t *json_child(const json_t *o, const char *key)
{
    return json_is_object(o) ? json_object_get(o, key) : NULL;
}

struct str json_get_str(const json_t *o, const char *key)
{
    return json_to_str(json_child(o, key));
}

int64_t json_get_i64(const json_t *o, const char *key, int64_t fallback)
{
    const json_t *v = json_child(o, key);

    if (json_is_integer(v))
        return json_integer_value(v);
    if (json_is_real(v) && json_real_value(v) >= -9e18 && json_real_value(v) <= 9e18)
        return (int64_t)json_real_value(v);
    return fallback;
}

double json_get_double(const json_t *o, const char *key, double fallback)
{
    const json_t *v = json_child(o, key);

    return json_is_number(v) ? json_number_value(v) : fallback;
}

bool json_get_bool(const json_t *o, const char *key, bool fallback)
{
    const json_t *v = json_child(o, key);

    return json_is_boolean(v) ? json_is_true(v) : fallback;
}

json_t *json_at(const json_t *j, const char *const *path, size_t n)
{
    for (size_t i = 0; i < n && j; i++) {
        int64_t index;

        if (json_is_array(j))
            j = str_to_i64(str_c(path[i]), &index) && index >= 0 ? json_array_get(j, (size_t)index) : NULL;
        else
            j = json_child(j, path[i]);
    }
    return (json_t *)j;
}

void json_set_str(json_t *o, const char *key, struct str value)
{
    json_object_set_new(o, key, json_from_str(value));
}

/* The shortest digits that read back as the same number: 0.1, where "%.17g" says 0.10000000000000001. */
static void json_write_real(double v, struct buf *out)
{
    char text[40];
    double back;
    int n = 0;

    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(text, sizeof text, "%.*g", digits, v);
        for (char *p = text; *p; p++)
            if (*p == ',')                          /* a locale's decimal point */
                *p = '.';
        if (str_to_double(str_n(text, (size_t)n), &back) && back == v)
            break;
    }
    buf_append(out, str_n(text, (size_t)n));
    if (!strpbrk(text, ".e"))
        buf_puts(out, ".0");                        /* stays a real number when read again */
}

struct json_style { bool sorted, pretty; };

static void json_write_value(const json_t *j, struct json_style style, size_t depth, struct buf *out);

static void json_write_line(struct json_style style, size_t depth, struct buf *out)
{
    if (!style.pretty)
        return;
    buf_byte(out, '\n');
    for (size_t i = 0; i < depth; i++)
        buf_puts(out, "  ");
}

struct json_member { struct str key; const json_t *value; };

static int json_member_cmp(const void *a, const void *b)
{
    return str_cmp(((const struct json_member *)a)->key, ((const struct json_member *)b)->key);
}

static void json_write_object(json_t *o, struct json_style style, size_t depth, struct buf *out)
{
    size_t n = json_object_size(o), i = 0;
    AUTO(freep) struct json_member *members = n && style.sorted ? xreallocarray(NULL, n, sizeof *members) : NULL;

    buf_byte(out, '{');
    for (void *at = json_object_iter(o); at; at = json_object_iter_next(o, at), i++) {
        struct json_member m = { str_n(json_object_iter_key(at), json_object_iter_key_len(at)),
                                 json_object_iter_value(at) };

        if (style.sorted) {
            members[i] = m;
            continue;
        }
        buf_puts(out, i ? "," : "");
        json_write_line(style, depth + 1, out);
        json_write_str(m.key, out);
        buf_puts(out, style.pretty ? ": " : ":");
        json_write_value(m.value, style, depth + 1, out);
    }
    if (members)
        qsort(members, n, sizeof *members, json_member_cmp);
    for (i = 0; members && i < n; i++) {
        buf_puts(out, i ? "," : "");
        json_write_str(members[i].key, out);
        buf_byte(out, ':');
        json_write_value(members[i].value, style, depth + 1, out);
    }
    if (n)
        json_write_line(style, depth, out);
    buf_byte(out, '}');
}

static void json_write_array(const json_t *j, struct json_style style, size_t depth, struct buf *out)
{
    size_t n = json_array_size(j);

    buf_byte(out, '[');
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, i ? "," : "");
        json_write_line(style, depth + 1, out);
        json_write_value(json_array_get(j, i), style, depth + 1, out);
    }
    if (n)
        json_write_line(style, depth, out);
    buf_byte(out, ']');
}

/* By hand: printf would take longer than the rest of a small document. */
void json_write_i64(int64_t n, struct buf *out)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;

    do
        digits[--at] = (char)('0' + left % 10);
    while (left /= 10);
    if (n < 0)
        digits[--at] = '-';
    buf_append(out, str_n(digits + at, sizeof digits - at));
}

static void json_write_value(const json_t *j, struct json_style style, size_t depth, struct buf *out)
{
    /* deeper than anything json_read lets in, wrapped in a document of ours; so a tree that holds itself ends too */
    if (!j || depth > 2 * JSON_DEPTH_MAX || buf_failed(out)) {
        out->failed = true;
        return;
    }
    switch (json_typeof(j)) {
    case JSON_OBJECT: json_write_object((json_t *)j, style, depth, out); break;
    case JSON_ARRAY: json_write_array(j, style, depth, out); break;
    case JSON_STRING: json_write_str(json_to_str(j), out); break;
    case JSON_INTEGER: json_write_i64(json_integer_value(j), out); break;
    case JSON_REAL: json_write_real(json_real_value(j), out); break;
    case JSON_TRUE: buf_puts(out, "true"); break;
    case JSON_FALSE: buf_puts(out, "false"); break;
    case JSON_NULL: buf_puts(out, "null"); break;
    }
}

void json_write(const json_t *j, struct buf *out)
{
    json_write_value(j, (struct json_style){ 0 }, 0, out);
}

void json_write_canonical(const json_t *j, struct buf *out)
{
    json_write_value(j, (struct json_style){ .sorted = true }, 0, out);
}

void json_write_pretty(const json_t *j, struct buf *out)
{
    json_write_value(j, (struct json_style){ .pretty = true }, 0, out);
}

/* An ill-formed byte at *i becomes U+FFFD; what was well-formed before it goes out first. */
static void json_write_repaired(struct str s, size_t *i, size_t *from, struct buf *out)
{
    size_t at = *i;

    if (str_utf8_next(s, i) != 0xfffd || *i - at != 1)
        return;
    buf_append(out, str_n(s.at + *from, at - *from));
    buf_puts(out, "\xef\xbf\xbd");
    *from = *i;
}

void json_write_str(struct str s, struct buf *out)
{
    size_t from = 0;

    buf_byte(out, '"');
    for (size_t i = 0; i < s.len;) {
        unsigned char c = (unsigned char)s.at[i];

        if (c >= 0x80) {
            json_write_repaired(s, &i, &from, out);
            continue;
        }
        i++;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_append(out, str_n(s.at + from, i - 1 - from));
        from = i;
        switch (c) {
        case '"': buf_puts(out, "\\\""); break;
        case '\\': buf_puts(out, "\\\\"); break;
        case '\n': buf_puts(out, "\\n"); break;
        case '\t': buf_puts(out, "\\t"); break;
        case '\r': buf_puts(out, "\\r"); break;
        default: buf_printf(out, "\\u%04x", c);
        }
    }
    if (from < s.len)
        buf_append(out, str_n(s.at + from, s.len - from));
    buf_byte(out, '"');
}

void json_write_key(const char *key, struct buf *out)
{
    if (out->len && out->bytes[out->len - 1] != '{')
        buf_byte(out, ',');
    buf_byte(out, '"');
    buf_puts(out, key);
    buf_append(out, S("\":"));
}

static void json_release(void *j)
{
    json_decref(j);
}

json_t *json_in_arena(json_t *j, struct arena *a)
{
    arena_defer(a, json_release, j);
    return j;
}
