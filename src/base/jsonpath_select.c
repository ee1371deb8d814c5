#include "base/jsonpath_parts.h"

#include <inttypes.h>

#define JP_STEP_BYTES 64        /* of text that cost as much as a step */
#define JP_STEP_REGEX 50        /* steps that compiling a pattern costs */

/* One selection. `stop` is the first fault; once it is set, everything returns soon and its result is thrown away. */
struct jp_run {
    const json_t *root;
    struct arena *arena;
    int64_t steps;
    enum err_code stop;
    struct err *e;
};

struct jp_list { struct jsonpath_node *at; size_t len, cap; };

/* The value of a comparable: Nothing, a value of the document or of the query, or a count. */
enum jp_value_kind { JP_NOTHING, JP_JSON, JP_NUMBER };
struct jp_value { enum jp_value_kind kind; const json_t *json; int64_t number; };

static bool jp_test(struct jp_run *r, const struct jp_expr *x, const json_t *current);
static void jp_query(struct jp_run *r, const struct jp_query *q, const json_t *current, bool places,
                     struct jp_list *out);

static bool jp_step(struct jp_run *r)
{
    if (r->stop == ERR_OK && ++r->steps > JSONPATH_STEPS_MAX)
        r->stop = err_set(r->e, ERR_TOO_LARGE, "the path looks at more than %d values", JSONPATH_STEPS_MAX);
    return r->stop == ERR_OK;
}

/* --- nodes ------------------------------------------------------------------------------------------------------ */

static void jp_push(struct jp_run *r, struct jp_list *l, struct jsonpath_node node)
{
    if (!jp_step(r))
        return;
    if (l->len >= JSONPATH_NODES_MAX) {
        r->stop = err_set(r->e, ERR_TOO_LARGE, "the path selects more than %d values", JSONPATH_NODES_MAX);
        return;
    }
    vec_push(l, node);
}

static struct jsonpath_node jp_member(const struct jsonpath_node *parent, void *it)
{
    return (struct jsonpath_node){ .value = json_object_iter_value(it), .parent = parent,
                                   .key = str_n(json_object_iter_key(it), json_object_iter_key_len(it)) };
}

static struct jsonpath_node jp_item(const struct jsonpath_node *parent, const json_t *list, size_t i)
{
    return (struct jsonpath_node){ .value = json_array_get(list, i), .parent = parent, .index = i };
}

/* A node that its children can point to: in the arena when places are wanted, else only its value matters. */
static const struct jsonpath_node *jp_parent(struct jp_run *r, const struct jsonpath_node *node, bool places)
{
    struct jsonpath_node *kept;

    if (!places)
        return NULL;
    kept = arena_new(r->arena, struct jsonpath_node);
    *kept = *node;
    return kept;
}

/* --- selectors -------------------------------------------------------------------------------------------------- */

static bool jp_takes(struct jp_run *r, const struct jp_selector *s, const json_t *child)
{
    return jp_step(r) && (s->kind != JP_FILTER || jp_test(r, s->filter, child));
}

static void jp_select_all(struct jp_run *r, const struct jp_selector *s, const struct jsonpath_node *parent,
                          const json_t *v, struct jp_list *out)
{
    if (json_is_array(v))
        for (size_t i = 0; i < json_array_size(v) && r->stop == ERR_OK; i++)
            if (jp_takes(r, s, json_array_get(v, i)))
                jp_push(r, out, jp_item(parent, v, i));
    if (json_is_object(v))
        for (void *it = json_object_iter((json_t *)v); it && r->stop == ERR_OK;
             it = json_object_iter_next((json_t *)v, it))
            if (jp_takes(r, s, json_object_iter_value(it)))
                jp_push(r, out, jp_member(parent, it));
}

/* RFC 9535, 2.3.4.2.2. */
static void jp_select_slice(struct jp_run *r, const struct jp_selector *s, const struct jsonpath_node *parent,
                            const json_t *v, struct jp_list *out)
{
    int64_t len = (int64_t)json_array_size(v), step = s->step;
    int64_t start = s->has_start ? s->start : step >= 0 ? 0 : len - 1;
    int64_t end = s->has_end ? s->end : step >= 0 ? len : -len - 1;

    start = start >= 0 ? start : len + start;
    end = end >= 0 ? end : len + end;
    if (step > 0) {
        end = CLAMP(end, 0, len);
        for (int64_t i = CLAMP(start, 0, len); i < end && r->stop == ERR_OK; i += MIN(step, len))
            jp_push(r, out, jp_item(parent, v, (size_t)i));
    } else if (step < 0) {
        end = CLAMP(end, -1, len - 1);
        for (int64_t i = CLAMP(start, -1, len - 1); i > end && r->stop == ERR_OK; i += MAX(step, -len))
            jp_push(r, out, jp_item(parent, v, (size_t)i));
    }
}

static const json_t *jp_one(const struct jp_selector *s, const json_t *v, struct jsonpath_node *node)
{
    const json_t *found = NULL;

    if (s->kind == JP_NAME && json_is_object(v)) {
        found = json_object_getn(v, s->name.at, s->name.len);
        node->key = s->name;
    } else if (s->kind == JP_INDEX && json_is_array(v)) {
        int64_t i = s->index < 0 ? s->index + (int64_t)json_array_size(v) : s->index;

        found = i >= 0 ? json_array_get(v, (size_t)i) : NULL;
        node->index = (size_t)MAX(i, 0);
    }
    node->value = found;
    return found;
}

static void jp_select(struct jp_run *r, const struct jp_selector *s, const struct jsonpath_node *parent,
                      const json_t *v, struct jp_list *out)
{
    struct jsonpath_node node = { .parent = parent };

    if (s->kind == JP_WILDCARD || s->kind == JP_FILTER)
        jp_select_all(r, s, parent, v, out);
    else if (s->kind == JP_SLICE && json_is_array(v))
        jp_select_slice(r, s, parent, v, out);
    else if (jp_step(r) && jp_one(s, v, &node))
        jp_push(r, out, node);
}

static void jp_segment(struct jp_run *r, const struct jp_segment *g, const struct jsonpath_node *from, bool places,
                       struct jp_list *out)
{
    const struct jsonpath_node *parent = NULL;

    if (!json_is_array(from->value) && !json_is_object(from->value))
        return;
    parent = jp_parent(r, from, places);
    for (size_t i = 0; i < g->count && r->stop == ERR_OK; i++)
        jp_select(r, &g->at[i], parent, from->value, out);
}

/* The node and all below it, parents before children, items in their order. */
static void jp_descend(struct jp_run *r, const struct jsonpath_node *from, int depth, bool places, struct jp_list *out)
{
    const struct jsonpath_node *parent;
    const json_t *v = from->value;

    if (depth > JSON_DEPTH_MAX && r->stop == ERR_OK)
        r->stop = err_set(r->e, ERR_TOO_LARGE, "the document is nested more than %d levels deep", JSON_DEPTH_MAX);
    jp_push(r, out, *from);
    if (r->stop != ERR_OK || (!json_is_array(v) && !json_is_object(v)))
        return;
    parent = jp_parent(r, from, places);
    for (size_t i = 0; json_is_array(v) && i < json_array_size(v) && r->stop == ERR_OK; i++) {
        struct jsonpath_node child = jp_item(parent, v, i);

        jp_descend(r, &child, depth + 1, places, out);
    }
    for (void *it = json_object_iter((json_t *)v); it && r->stop == ERR_OK;
         it = json_object_iter_next((json_t *)v, it)) {
        struct jsonpath_node child = jp_member(parent, it);

        jp_descend(r, &child, depth + 1, places, out);
    }
}

static void jp_query(struct jp_run *r, const struct jp_query *q, const json_t *current, bool places,
                     struct jp_list *out)
{
    jp_push(r, out, (struct jsonpath_node){ .value = q->relative ? current : r->root });
    for (size_t i = 0; i < q->count && out->len && r->stop == ERR_OK; i++) {
        struct jp_list from = *out, below = { 0 }, next = { 0 };

        for (size_t k = 0; q->segments[i].descendant && k < from.len && r->stop == ERR_OK; k++)
            jp_descend(r, &from.at[k], 0, places, &below);
        if (q->segments[i].descendant) {
            vec_dispose(&from);
            from = below;
        }
        for (size_t k = 0; k < from.len && r->stop == ERR_OK; k++)
            jp_segment(r, &q->segments[i], &from.at[k], places, &next);
        vec_dispose(&from);
        *out = next;
    }
}

/* A singular query's value, or NULL: no list is needed. */
static const json_t *jp_query_one(struct jp_run *r, const struct jp_query *q, const json_t *current)
{
    const json_t *v = q->relative ? current : r->root;
    struct jsonpath_node node;

    for (size_t i = 0; i < q->count && v && jp_step(r); i++)
        v = jp_one(&q->segments[i].at[0], v, &node);
    return r->stop == ERR_OK ? v : NULL;
}

/* --- values ----------------------------------------------------------------------------------------------------- */

static bool jp_numbers_equal(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b))
        return json_integer_value(a) == json_integer_value(b);
    return json_number_value(a) == json_number_value(b);
}

static bool jp_json_equal(struct jp_run *r, const json_t *a, const json_t *b)
{
    if (!jp_step(r))
        return false;
    if (json_is_number(a) && json_is_number(b))
        return jp_numbers_equal(a, b);
    if (json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_string(a)) {
        r->steps += (int64_t)MIN(json_string_length(a), json_string_length(b)) / JP_STEP_BYTES;
        return str_eq(json_to_str(a), json_to_str(b));
    }
    if (json_is_array(a)) {
        if (json_array_size(a) != json_array_size(b))
            return false;
        for (size_t i = 0; i < json_array_size(a); i++)
            if (!jp_json_equal(r, json_array_get(a, i), json_array_get(b, i)))
                return false;
        return true;
    }
    if (!json_is_object(a))
        return true;                                    /* true, false, null: the type is the value */
    if (json_object_size(a) != json_object_size(b))
        return false;
    for (void *it = json_object_iter((json_t *)a); it; it = json_object_iter_next((json_t *)a, it)) {
        const json_t *other = json_object_getn(b, json_object_iter_key(it), json_object_iter_key_len(it));

        if (!other || !jp_json_equal(r, json_object_iter_value(it), other))
            return false;
    }
    return true;
}

static struct jp_value jp_of_json(const json_t *j)
{
    return (struct jp_value){ .kind = j ? JP_JSON : JP_NOTHING, .json = j };
}

static size_t jp_count(struct jp_run *r, const struct jp_query *q, const json_t *current, const json_t **first)
{
    struct jp_list l = { 0 };
    size_t n;

    if (q->singular) {
        *first = jp_query_one(r, q, current);
        return *first != NULL;
    }
    jp_query(r, q, current, false, &l);
    n = l.len;
    *first = n ? l.at[0].value : NULL;
    vec_dispose(&l);
    return n;
}

static struct jp_value jp_value_of(struct jp_run *r, const struct jp_expr *x, const json_t *current)
{
    const json_t *first = NULL;
    struct jp_value v;
    size_t n;

    if (x->kind == JP_LITERAL)
        return jp_of_json(x->literal);
    if (x->kind == JP_QUERY)
        return jp_of_json(jp_query_one(r, x->query, current));
    ASSERT(x->kind == JP_CALL && x->function->result == JP_VALUE);
    if (x->function->id != JP_LENGTH) {
        n = jp_count(r, x->args[0]->query, current, &first);
        if (x->function->id == JP_COUNT)
            return (struct jp_value){ .kind = JP_NUMBER, .number = (int64_t)n };
        return jp_of_json(n == 1 ? first : NULL);
    }
    v = jp_value_of(r, x->args[0], current);
    if (v.kind != JP_JSON)
        return jp_of_json(NULL);
    r->steps += (int64_t)json_string_length(v.json) / JP_STEP_BYTES;
    if (json_is_string(v.json))
        n = str_utf8_len(json_to_str(v.json));
    else if (json_is_array(v.json))
        n = json_array_size(v.json);
    else if (json_is_object(v.json))
        n = json_object_size(v.json);
    else
        return jp_of_json(NULL);
    return (struct jp_value){ .kind = JP_NUMBER, .number = (int64_t)n };
}

static bool jp_is_number(struct jp_value v)
{
    return v.kind == JP_NUMBER || (v.kind == JP_JSON && json_is_number(v.json));
}

/* -1, 0, 1. Whole numbers exactly, all others as doubles. */
static int jp_number_cmp(struct jp_value a, struct jp_value b)
{
    bool whole = (a.kind == JP_NUMBER || json_is_integer(a.json)) && (b.kind == JP_NUMBER || json_is_integer(b.json));
    int64_t i = a.kind == JP_NUMBER ? a.number : json_integer_value(a.json);
    int64_t k = b.kind == JP_NUMBER ? b.number : json_integer_value(b.json);
    double x = a.kind == JP_NUMBER ? (double)a.number : json_number_value(a.json);
    double y = b.kind == JP_NUMBER ? (double)b.number : json_number_value(b.json);

    return whole ? (i > k) - (i < k) : (x > y) - (x < y);
}

static bool jp_equal(struct jp_run *r, struct jp_value a, struct jp_value b)
{
    if (a.kind == JP_NOTHING || b.kind == JP_NOTHING)
        return a.kind == b.kind;
    if (jp_is_number(a) && jp_is_number(b))
        return jp_number_cmp(a, b) == 0;
    return a.kind == JP_JSON && b.kind == JP_JSON && jp_json_equal(r, a.json, b.json);
}

static bool jp_less(struct jp_value a, struct jp_value b)
{
    if (a.kind == JP_NOTHING || b.kind == JP_NOTHING)
        return false;
    if (jp_is_number(a) && jp_is_number(b))
        return jp_number_cmp(a, b) < 0;
    return a.kind == JP_JSON && b.kind == JP_JSON && json_is_string(a.json) && json_is_string(b.json) &&
           str_cmp(json_to_str(a.json), json_to_str(b.json)) < 0;       /* bytes of UTF-8 sort as code points do */
}

static bool jp_compare(struct jp_run *r, const struct jp_expr *x, const json_t *current)
{
    struct jp_value a = jp_value_of(r, x->left, current), b = jp_value_of(r, x->right, current);

    switch (x->operator) {
    case JP_EQ: return jp_equal(r, a, b);
    case JP_NE: return !jp_equal(r, a, b);
    case JP_LT: return jp_less(a, b);
    case JP_GT: return jp_less(b, a);
    case JP_LE: return jp_less(a, b) || jp_equal(r, a, b);
    case JP_GE: return jp_less(b, a) || jp_equal(r, a, b);
    }
    return false;
}

/* --- tests ------------------------------------------------------------------------------------------------------ */

static bool jp_match(struct jp_run *r, const struct jp_expr *x, const json_t *current)
{
    struct jp_value text = jp_value_of(r, x->args[0], current), pattern = jp_value_of(r, x->args[1], current);
    AUTO(arena_freep) struct arena *a = NULL;
    const struct regex *regex = x->regex;
    struct regex *made = NULL;
    enum regex_verdict v;
    char why[REGEX_WHY];

    if (text.kind != JP_JSON || pattern.kind != JP_JSON || !json_is_string(text.json) || !json_is_string(pattern.json))
        return false;
    if (!regex && x->args[1]->kind == JP_LITERAL)
        return false;                                   /* it can't be read: known since the query was compiled */
    if (!regex) {
        r->steps += JP_STEP_REGEX;
        a = arena_new_sized(0);
        if (!jp_step(r) || jp_regex(json_to_str(pattern.json), x->function->id == JP_MATCH, a, &made, NULL) != ERR_OK)
            return false;
        regex = made;
    }
    r->steps += (int64_t)json_string_length(text.json) / JP_STEP_BYTES;
    v = regex_match(regex, json_to_str(text.json), why);
    if (v == REGEX_GAVE_UP && r->stop == ERR_OK)
        r->stop = err_set(r->e, ERR_TOO_LARGE, "%s", why);
    return v == REGEX_YES;
}

static bool jp_test(struct jp_run *r, const struct jp_expr *x, const json_t *current)
{
    const json_t *first;

    if (r->stop != ERR_OK)
        return false;
    switch (x->kind) {
    case JP_OR: return jp_test(r, x->left, current) || jp_test(r, x->right, current);
    case JP_AND: return jp_test(r, x->left, current) && jp_test(r, x->right, current);
    case JP_NOT: return !jp_test(r, x->left, current);
    case JP_COMPARE: return jp_compare(r, x, current);
    case JP_QUERY: return jp_count(r, x->query, current, &first) > 0;
    case JP_CALL: return jp_match(r, x, current);
    case JP_LITERAL: break;                             /* the compiler lets none through */
    }
    return false;
}

/* --- outside ---------------------------------------------------------------------------------------------------- */

/* What most paths are: names and indexes. One allocation, no list. */
static void jsonpath_select_one(const struct jp_query *q, const json_t *root, struct arena *a,
                                struct jsonpath_nodes *out)
{
    struct jsonpath_node *chain = arena_array(a, struct jsonpath_node, q->count + 1);

    chain[0].value = root;
    for (size_t i = 0; i < q->count; i++) {
        chain[i + 1].parent = &chain[i];
        if (!jp_one(&q->segments[i].at[0], chain[i].value, &chain[i + 1]))
            return;
    }
    *out = (struct jsonpath_nodes){ .at = &chain[q->count], .len = 1 };
}

enum err_code jsonpath_select(const struct jsonpath *p, const json_t *root, struct arena *a,
                              struct jsonpath_nodes *out, struct err *e)
{
    struct jp_run r = { .root = root, .arena = a, .e = e };
    struct jp_list l = { 0 };

    *out = (struct jsonpath_nodes){ 0 };
    if (p->query->singular) {
        jsonpath_select_one(p->query, root, a, out);
        return ERR_OK;
    }
    jp_query(&r, p->query, root, true, &l);
    if (r.stop != ERR_OK) {
        err_prefix(e, "path \"" STR_FMT "\"", STR_ARG(str_utf8_head(p->text, 200)));
    } else if (l.len) {
        out->at = arena_array(a, struct jsonpath_node, l.len);
        out->len = l.len;
        memcpy(out->at, l.at, l.len * sizeof *l.at);
    }
    vec_dispose(&l);
    return r.stop;
}

static bool jp_plain_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);

        if (!letter && !(i && c >= '0' && c <= '9'))
            return false;
    }
    return s.len > 0;
}

/* A name in single quotes, as RFC 9535, 2.7 normalizes it. */
static void jp_write_name(struct str name, struct buf *out)
{
    static const char plain[] = "\b\f\n\r\t'\\", escaped[] = "bfnrt'\\";

    buf_puts(out, "['");
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        const char *at = c ? strchr(plain, c) : NULL;

        if (at)
            buf_printf(out, "\\%c", escaped[at - plain]);
        else if ((unsigned char)c < 0x20)
            buf_printf(out, "\\u%04x", (unsigned)c);
        else
            buf_byte(out, c);
    }
    buf_puts(out, "']");
}

static void jp_write_place(const struct jsonpath_node *node, bool for_people, struct buf *out)
{
    const struct jsonpath_node *up[JSON_DEPTH_MAX + 2];
    size_t n = 0;

    for (; node && node->parent && n < COUNT_OF(up); node = node->parent)
        up[n++] = node;
    buf_byte(out, '$');
    while (n--)
        if (!up[n]->key.at)
            buf_printf(out, "[%zu]", up[n]->index);
        else if (for_people && jp_plain_name(up[n]->key))
            buf_printf(out, "." STR_FMT, STR_ARG(up[n]->key));
        else
            jp_write_name(up[n]->key, out);
}

void jsonpath_write_place(const struct jsonpath_node *node, struct buf *out)
{
    jp_write_place(node, false, out);
}

struct str jsonpath_place(const struct jsonpath_node *node, struct arena *a)
{
    AUTO_BUF struct buf out = BUF_INIT(4096);

    jp_write_place(node, true, &out);
    return arena_strdup(a, buf_str(&out));
}
