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

enum err_code json_read(struct str text, json_t **out, struct err *e)
{
    json_error_t why;
    json_t *j;

    if (json_too_deep(text))
        return err_set(e, ERR_BAD_INPUT, "JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
    j = json_loadb(text.len ? text.at : "", text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!j)
        return err_set(e, ERR_BAD_INPUT, "not valid JSON at line %d, column %d: %s", why.line, why.column, why.text);
    *out = j;
    return ERR_OK;
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

static int json_to_buf(const char *bytes, size_t len, void *arg)
{
    buf_append(arg, str_n(bytes, len));
    return 0;
}

static void json_write_flags(const json_t *j, struct buf *out, size_t flags)
{
    if (json_dump_callback(j, json_to_buf, out, flags | JSON_ENCODE_ANY) != 0)
        out->failed = true;
}

void json_write(const json_t *j, struct buf *out)
{
    json_write_flags(j, out, JSON_COMPACT);
}

void json_write_canonical(const json_t *j, struct buf *out)
{
    json_write_flags(j, out, JSON_COMPACT | JSON_SORT_KEYS);
}

void json_write_pretty(const json_t *j, struct buf *out)
{
    json_write_flags(j, out, JSON_INDENT(2));
}

void json_write_str(struct str s, struct buf *out)
{
    size_t from = 0;

    buf_byte(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_append(out, str_n(s.at + from, i - from));
        from = i + 1;
        if (c == '"' || c == '\\') {
            buf_byte(out, '\\');
            buf_byte(out, (char)c);
        } else if (c == '\n') {
            buf_puts(out, "\\n");
        } else if (c == '\t') {
            buf_puts(out, "\\t");
        } else if (c == '\r') {
            buf_puts(out, "\\r");
        } else {
            buf_printf(out, "\\u%04x", c);
        }
    }
    buf_append(out, str_n(s.at + from, s.len - from));
    buf_byte(out, '"');
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
