#include "eval/json_path.h"

#define JSON_PATH_STEPS_MAX 32

enum step_kind { STEP_NAME, STEP_INDEX, STEP_ALL };
struct step { enum step_kind kind; struct str name; int64_t index; };
struct json_path { struct str text; struct step steps[JSON_PATH_STEPS_MAX]; size_t count; };

static bool json_path_name_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
           (c & 0x80);
}

static enum err_code json_path_fail(struct str text, size_t at, const char *what, struct err *e)
{
    return err_set(e, ERR_BAD_INPUT, "path \"" STR_FMT "\": %s at character %zu; write for example $.queue, $.items[0].id "
                   "or $.items[*].id", STR_ARG(text), what, at + 1);
}

/* Reads what stands in brackets from *i (just after '['), and the closing bracket. */
static enum err_code json_path_bracket(struct str t, size_t *i, struct step *out, struct err *e)
{
    size_t from = *i;

    if (from < t.len && (t.at[from] == '\'' || t.at[from] == '"')) {
        ptrdiff_t end = str_find_byte(str_from(t, from + 1), t.at[from]);

        if (end < 0)
            return json_path_fail(t, from, "a quote that is never closed", e);
        *out = (struct step){ .kind = STEP_NAME, .name = str_sub(t, from + 1, (size_t)end) };
        *i = from + (size_t)end + 2;
    } else if (from < t.len && t.at[from] == '*') {
        *out = (struct step){ .kind = STEP_ALL };
        *i = from + 1;
    } else {
        size_t end = from;

        while (end < t.len && t.at[end] != ']')
            end++;
        *out = (struct step){ .kind = STEP_INDEX };
        if (!str_to_i64(str_sub(t, from, end - from), &out->index))
            return json_path_fail(t, from, "brackets hold a whole number, * or a quoted name, not this,", e);
        *i = end;
    }
    if (*i >= t.len || t.at[*i] != ']')
        return json_path_fail(t, *i, "a ] is missing", e);
    ++*i;
    return ERR_OK;
}

enum err_code json_path_compile(struct str text, struct arena *a, struct json_path **out, struct err *e)
{
    struct json_path *p = arena_new(a, struct json_path);
    struct str t = p->text = arena_strdup(a, str_trim(text));
    size_t i = 1;

    if (!t.len || t.at[0] != '$')
        return json_path_fail(t, 0, "a path begins with $, not this,", e);
    while (i < t.len) {
        struct step *s = &p->steps[p->count];

        if (p->count == JSON_PATH_STEPS_MAX)
            return json_path_fail(t, i, "more than 32 steps", e);
        if (t.at[i] == '[') {
            i++;
            TRY(json_path_bracket(t, &i, s, e));
        } else if (t.at[i] == '.' && i + 1 < t.len && t.at[i + 1] == '*') {
            *s = (struct step){ .kind = STEP_ALL };
            i += 2;
        } else if (t.at[i] == '.') {
            size_t from = ++i;

            while (i < t.len && json_path_name_byte(t.at[i]))
                i++;
            if (i == from)
                return json_path_fail(t, i, "a name is missing after the dot", e);
            *s = (struct step){ .kind = STEP_NAME, .name = str_sub(t, from, i - from) };
        } else {
            return json_path_fail(t, i, "a . or [ is missing", e);
        }
        p->count++;
    }
    *out = p;
    return ERR_OK;
}

struct node_list { const json_t **at; size_t len, cap; };

static void json_path_push(struct node_list *l, const json_t *node, struct arena *a)
{
    if (!node || l->len >= JSON_PATH_NODES_MAX)
        return;
    if (l->len == l->cap) {
        const json_t **more = arena_array(a, const json_t *, l->cap ? l->cap * 4 : 8);

        if (l->len)
            memcpy(more, l->at, l->len * sizeof *more);
        l->at = more;
        l->cap = l->cap ? l->cap * 4 : 8;
    }
    l->at[l->len++] = node;
}

static void json_path_step(const struct step *s, const json_t *from, struct node_list *to, struct arena *a)
{
    if (s->kind == STEP_NAME && json_is_object(from)) {
        json_path_push(to, json_object_getn(from, s->name.at, s->name.len), a);
    } else if (s->kind == STEP_INDEX && json_is_array(from)) {
        int64_t at = s->index < 0 ? s->index + (int64_t)json_array_size(from) : s->index;

        json_path_push(to, at < 0 ? NULL : json_array_get(from, (size_t)at), a);
    } else if (s->kind == STEP_ALL && json_is_array(from)) {
        for (size_t i = 0; i < json_array_size(from); i++)
            json_path_push(to, json_array_get(from, i), a);
    } else if (s->kind == STEP_ALL && json_is_object(from)) {
        for (void *it = json_object_iter((json_t *)from); it; it = json_object_iter_next((json_t *)from, it))
            json_path_push(to, json_object_iter_value(it), a);
    }
}

size_t json_path_select(const struct json_path *p, const json_t *root, struct arena *a, const json_t ***nodes)
{
    struct node_list now = { 0 };

    json_path_push(&now, root, a);
    for (size_t i = 0; i < p->count && now.len; i++) {
        struct node_list next = { 0 };

        for (size_t k = 0; k < now.len; k++)
            json_path_step(&p->steps[i], now.at[k], &next, a);
        now = next;
    }
    *nodes = now.at;
    return now.len;
}

struct str json_path_text(const struct json_path *p)
{
    return p->text;
}
