#include "base/base.h"

#include <ctype.h>

/* The bytes of the value that begins at s.at[from], or empty: it never ends, or (*deep) is nested too deeply. */
static struct str loose_span(struct str s, size_t from, int depth_max, bool *deep)
{
    bool quoted = false;
    int depth = 0;

    for (size_t i = from; i < s.len; i++) {
        char c = s.at[i];

        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > depth_max) {
                *deep = true;
                return STR_NONE;
            }
        } else if (c == '}' || c == ']') {
            if (--depth == 0)
                return str_sub(s, from, i + 1 - from);
        }
    }
    return STR_NONE;
}

/* Without the commas before a closing bracket. */
static struct str loose_without_commas(struct str s, struct arena *a)
{
    char *out = arena_alloc(a, s.len + 1);
    size_t n = 0;
    bool quoted = false;

    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];

        if (quoted && c == '\\' && i + 1 < s.len) {
            out[n++] = c;
            out[n++] = s.at[++i];
            continue;
        }
        if (c == '"')
            quoted = !quoted;
        if (!quoted && (c == '}' || c == ']')) {
            size_t back = n;

            while (back && isspace((unsigned char)out[back - 1]))
                back--;
            if (back && out[back - 1] == ',')
                n = back - 1;
        }
        out[n++] = c;
    }
    return str_n(out, n);
}

static json_t *loose_parse(struct str text, struct arena *a)
{
    json_t *j = NULL;

    if (json_read(text, &j, NULL) != ERR_OK && json_read(loose_without_commas(text, a), &j, NULL) != ERR_OK)
        return NULL;
    return json_in_arena(j, a);
}

const json_t *json_loose_next(struct json_loose *l, struct arena *a)
{
    for (; l->at < l->text.len; l->at++) {
        struct str span;
        const json_t *j;

        if (!l->text.at[l->at] || !strchr(l->openers, l->text.at[l->at]))
            continue;
        if (l->tries++ == JSON_LOOSE_TRIES_MAX)
            break;
        span = loose_span(l->text, l->at, l->depth_max, &l->deep);
        if (l->deep)
            break;
        j = span.len ? loose_parse(span, a) : NULL;
        if (j) {
            l->at += span.len;
            return j;
        }
    }
    l->at = l->text.len;
    return NULL;
}
