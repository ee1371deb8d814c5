#include "base/schema_parts.h"

#include <math.h>
#include <stdio.h>

#define SCHEMA_MATCH_MAX 1000000
#define SCHEMA_HEAP_KIB  4096

struct schema_build {
    struct schema *schema;
    struct arena *arena;
    const json_t *document;
    struct map nodes;                   /* address of the JSON -> node */
    struct map resources;               /* URI -> node */
    VEC(struct schema_node *) order;    /* in the order they were made; references are resolved at the end */
    struct buf place;                   /* "#/properties/x" */
};

static enum err_code build_node(struct schema_build *b, const json_t *j, const struct schema_node *above,
                                const struct schema_node **out, struct err *e);

static enum err_code build_fail(struct schema_build *b, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);
static enum err_code build_fail(struct schema_build *b, struct err *e, const char *fmt, ...)
{
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(e, ERR_BAD_INPUT, STR_FMT ": %s",
                   STR_ARG(str_sub(buf_str(&b->place), 0, MIN(b->place.len, (size_t)300))), text);
}

/* --- URIs ------------------------------------------------------------------------------------------------------- */

static size_t uri_scheme(struct str u)              /* with its colon; 0: none */
{
    for (size_t i = 0; i < u.len; i++) {
        char c = (char)(u.at[i] | 0x20);

        if (u.at[i] == ':')
            return i ? i + 1 : 0;
        if (!((c >= 'a' && c <= 'z') || (i && ((u.at[i] >= '0' && u.at[i] <= '9') || strchr("+-.", u.at[i])))))
            return 0;
    }
    return 0;
}

static struct str uri_without_fragment(struct str u)
{
    ptrdiff_t at = str_find_byte(u, '#');

    return at < 0 ? u : str_sub(u, 0, (size_t)at);
}

/* Removes "." and ".." steps of a path (RFC 3986, 5.2.4). */
static struct str uri_settle(struct str path, struct arena *a)
{
    AUTO_BUF struct buf out = BUF_INIT(path.len + 2);

    for (size_t at = 0; at <= path.len;) {
        ptrdiff_t slash = str_find_byte(str_from(path, at), '/');
        struct str step = slash < 0 ? str_from(path, at) : str_sub(path, at, (size_t)slash);
        bool last = slash < 0;

        if (str_is(step, "..")) {
            out.len -= out.len > 1;                     /* the slash before, then the step before it */
            while (out.len && out.bytes[out.len - 1] != '/')
                out.len--;
        } else if (!str_is(step, ".")) {
            buf_append(&out, step);
            buf_puts(&out, last ? "" : "/");
        }
        if (last)
            break;
        at += (size_t)slash + 1;
    }
    return arena_strdup(a, buf_str(&out));
}

/* `reference` without fragment, as seen from `base` (RFC 3986, 5.2.2; a base without authority is a plain path). */
static struct str uri_join(struct str base, struct str reference, struct arena *a)
{
    size_t scheme = uri_scheme(base), path = scheme;
    ptrdiff_t slash;

    if (!reference.len)
        return base;
    if (uri_scheme(reference))
        return arena_strdup(a, reference);
    if (str_starts(str_from(base, scheme), S("//"))) {
        slash = str_find_byte(str_from(base, scheme + 2), '/');
        path = slash < 0 ? base.len : scheme + 2 + (size_t)slash;
    }
    if (str_starts(reference, S("//")))
        return arena_printf(a, STR_FMT STR_FMT, STR_ARG(str_sub(base, 0, scheme)), STR_ARG(reference));
    if (!str_starts(reference, S("/"))) {
        size_t end = base.len;

        while (end > path && base.at[end - 1] != '/')
            end--;
        reference = arena_printf(a, "%s" STR_FMT STR_FMT, path < base.len || !scheme ? "" : "/",
                                 STR_ARG(str_sub(base, path, end - path)), STR_ARG(reference));
    }
    return arena_printf(a, STR_FMT STR_FMT, STR_ARG(str_sub(base, 0, path)), STR_ARG(uri_settle(reference, a)));
}

/* --- keywords --------------------------------------------------------------------------------------------------- */

static size_t build_enter(struct schema_build *b, struct str step)
{
    size_t before = b->place.len;

    buf_byte(&b->place, '/');
    buf_append(&b->place, step);
    return before;
}

static void build_leave(struct schema_build *b, size_t before)
{
    b->place.len = before;
    b->place.bytes[before] = '\0';
}

static enum err_code build_child(struct schema_build *b, const struct schema_node *n, const char *key,
                                 const struct schema_node **out, struct err *e)
{
    const json_t *j = json_child(n->source, key);
    size_t before;

    if (!j)
        return ERR_OK;
    before = build_enter(b, str_c(key));
    TRY(build_node(b, j, n, out, e));
    build_leave(b, before);
    return ERR_OK;
}

static enum err_code build_children(struct schema_build *b, const struct schema_node *n, const char *key,
                                    struct schema_nodes *out, struct err *e)
{
    const json_t *list = json_child(n->source, key);
    size_t before, inner;
    char step[24];

    if (!list)
        return ERR_OK;
    before = build_enter(b, str_c(key));
    if (!json_is_array(list) || !json_array_size(list))
        return build_fail(b, e, "must be a list of at least one schema");
    out->len = json_array_size(list);
    out->at = (const struct schema_node **)arena_array(b->arena, struct schema_node *, out->len);
    for (size_t i = 0; i < out->len; i++) {
        snprintf(step, sizeof step, "%zu", i);
        inner = build_enter(b, str_c(step));
        TRY(build_node(b, json_array_get(list, i), n, &out->at[i], e));
        build_leave(b, inner);
    }
    build_leave(b, before);
    return ERR_OK;
}

static int schema_member_cmp(const void *a, const void *b)
{
    return str_cmp(((const struct schema_member *)a)->key, ((const struct schema_member *)b)->key);
}

/* An object whose members are schemas. */
static enum err_code build_members(struct schema_build *b, const struct schema_node *n, const char *key,
                                   struct schema_member **out, size_t *count, struct err *e)
{
    json_t *o = json_child(n->source, key);
    size_t before, inner;

    if (!o)
        return ERR_OK;
    before = build_enter(b, str_c(key));
    if (!json_is_object(o))
        return build_fail(b, e, "must be an object of schemas");
    *out = arena_array(b->arena, struct schema_member, json_object_size(o));
    for (void *at = json_object_iter(o); at; at = json_object_iter_next(o, at)) {
        struct schema_member *m = &(*out)[(*count)++];

        m->key = str_n(json_object_iter_key(at), json_object_iter_key_len(at));
        inner = build_enter(b, m->key);
        TRY(build_node(b, json_object_iter_value(at), n, &m->node, e));
        build_leave(b, inner);
    }
    if (*count)
        qsort(*out, *count, sizeof **out, schema_member_cmp);
    build_leave(b, before);
    return ERR_OK;
}

static void schema_pattern_free(void *code)
{
    pcre2_code_free(code);
}

static enum err_code build_pattern(struct schema_build *b, struct str text, const struct schema_pattern **out,
                                   struct err *e)
{
    struct schema_pattern *p = arena_new(b->arena, struct schema_pattern);
    uint32_t flags = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX |
                     PCRE2_MATCH_UNSET_BACKREF | PCRE2_ALLOW_EMPTY_CLASS;
    PCRE2_UCHAR why[200];
    PCRE2_SIZE at;
    int code;

    if (text.len > SCHEMA_PATTERN_MAX)
        return build_fail(b, e, "the pattern has %zu bytes; at most %d are allowed", text.len, SCHEMA_PATTERN_MAX);
    p->text = text;
    p->code = pcre2_compile((PCRE2_SPTR)text.at, text.len, flags, &code, &at, NULL);
    if (!p->code) {
        pcre2_get_error_message(code, why, sizeof why);
        return build_fail(b, e, "pattern \"" STR_FMT "\": %s at character %zu", STR_ARG(str_utf8_head(text, 80)),
                          (char *)why, str_utf8_len(str_sub(text, 0, at)) + 1);
    }
    pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
    arena_defer(b->arena, schema_pattern_free, p->code);
    *out = p;
    return ERR_OK;
}

static enum err_code build_patterns(struct schema_build *b, struct schema_node *n, struct err *e)
{
    struct schema_member *members = NULL;
    size_t count = 0;

    TRY(build_members(b, n, "patternProperties", &members, &count, e));
    n->patterns = arena_array(b->arena, struct schema_matched, count);
    for (n->pattern_count = 0; n->pattern_count < count; n->pattern_count++) {
        n->patterns[n->pattern_count].node = members[n->pattern_count].node;
        TRY(build_pattern(b, members[n->pattern_count].key, &n->patterns[n->pattern_count].pattern, e));
    }
    return ERR_OK;
}

static enum err_code build_types(struct schema_build *b, struct schema_node *n, struct err *e)
{
    static const struct { const char *name; unsigned type; } names[] = {
        { "null", SCHEMA_NULL }, { "boolean", SCHEMA_BOOLEAN }, { "object", SCHEMA_OBJECT }, { "array", SCHEMA_ARRAY },
        { "number", SCHEMA_NUMBER }, { "string", SCHEMA_STRING }, { "integer", SCHEMA_INTEGER },
    };
    json_t *type = json_child(n->source, "type");
    size_t count = json_is_array(type) ? json_array_size(type) : type != NULL;

    if (type && !count)
        return build_fail(b, e, "`type` must name at least one type");
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_is_array(type) ? json_array_get(type, i) : type;
        struct suggest near;
        char hint[160];
        size_t k = 0;

        suggest_begin(&near, json_to_str(one));
        for (; k < COUNT_OF(names) && !str_is(json_to_str(one), names[k].name); k++)
            suggest_offer(&near, str_c(names[k].name));
        if (k == COUNT_OF(names) || !json_is_string(one))
            return build_fail(b, e,
                              "\"" STR_FMT
                              "\" is not a type%s; allowed: null, boolean, object, array, number, string, integer",
                              STR_ARG(str_utf8_head(json_to_str(one), 60)), suggest_hint(&near, hint));
        n->types |= names[k].type;
    }
    return ERR_OK;
}

static enum err_code build_count(struct schema_build *b, const struct schema_node *n, const char *key,
                                 struct schema_count *out, struct err *e)
{
    const json_t *j = json_child(n->source, key);
    double v = json_is_number(j) ? json_number_value(j) : -1;

    if (!j)
        return ERR_OK;
    if (v < 0 || v != floor(v) || v > 9e15)
        return build_fail(b, e, "`%s` must be a whole number, 0 or more", key);
    *out = (struct schema_count){ (int64_t)v, true };
    return ERR_OK;
}

static enum err_code build_number(struct schema_build *b, const struct schema_node *n, const char *key,
                                  const json_t **out, struct err *e)
{
    *out = json_child(n->source, key);
    return *out && !json_is_number(*out) ? build_fail(b, e, "`%s` must be a number", key) : ERR_OK;
}

static enum err_code build_names(struct schema_build *b, const char *key, const json_t *list, struct err *e)
{
    const json_t *name;
    size_t i;

    if (!json_is_array(list))
        return build_fail(b, e, "`%s` must be a list of names", key);
    json_array_foreach((json_t *)list, i, name)
        if (!json_is_string(name))
            return build_fail(b, e, "`%s` must be a list of names", key);
    return ERR_OK;
}

static enum err_code build_values(struct schema_build *b, struct schema_node *n, struct err *e)
{
    const json_t *unique = json_child(n->source, "uniqueItems"), *pattern = json_child(n->source, "pattern");
    const char *key;
    json_t *list;

    n->constant = json_child(n->source, "const");
    n->one_of_values = json_child(n->source, "enum");
    if (n->one_of_values && !json_is_array(n->one_of_values))
        return build_fail(b, e, "`enum` must be a list of values");
    TRY(build_types(b, n, e));
    TRY(build_number(b, n, "multipleOf", &n->multiple_of, e));
    if (n->multiple_of && json_number_value(n->multiple_of) <= 0)
        return build_fail(b, e, "`multipleOf` must be above 0");
    TRY(build_number(b, n, "maximum", &n->maximum, e));
    TRY(build_number(b, n, "exclusiveMaximum", &n->exclusive_maximum, e));
    TRY(build_number(b, n, "minimum", &n->minimum, e));
    TRY(build_number(b, n, "exclusiveMinimum", &n->exclusive_minimum, e));
    TRY(build_count(b, n, "maxLength", &n->max_length, e));
    TRY(build_count(b, n, "minLength", &n->min_length, e));
    TRY(build_count(b, n, "maxItems", &n->max_items, e));
    TRY(build_count(b, n, "minItems", &n->min_items, e));
    TRY(build_count(b, n, "maxContains", &n->max_contains, e));
    TRY(build_count(b, n, "minContains", &n->min_contains, e));
    TRY(build_count(b, n, "maxProperties", &n->max_properties, e));
    TRY(build_count(b, n, "minProperties", &n->min_properties, e));
    if (pattern && !json_is_string(pattern))
        return build_fail(b, e, "`pattern` must be a text");
    if (pattern)
        TRY(build_pattern(b, json_to_str(pattern), &n->pattern, e));
    if (unique && !json_is_boolean(unique))
        return build_fail(b, e, "`uniqueItems` must be true or false");
    n->unique_items = json_is_true(unique);
    n->required = json_child(n->source, "required");
    if (n->required)
        TRY(build_names(b, "required", n->required, e));
    n->dependent_required = json_child(n->source, "dependentRequired");
    if (n->dependent_required && !json_is_object(n->dependent_required))
        return build_fail(b, e, "`dependentRequired` must be an object of lists of names");
    json_object_foreach((json_t *)n->dependent_required, key, list)
        TRY(build_names(b, "dependentRequired", list, e));
    return ERR_OK;
}

static enum err_code build_applicators(struct schema_build *b, struct schema_node *n, struct err *e)
{
    struct schema_member *defs = NULL;
    size_t def_count = 0;

    TRY(build_members(b, n, "$defs", &defs, &def_count, e));
    def_count = 0;
    TRY(build_members(b, n, "definitions", &defs, &def_count, e));
    TRY(build_children(b, n, "allOf", &n->all_of, e));
    TRY(build_children(b, n, "anyOf", &n->any_of, e));
    TRY(build_children(b, n, "oneOf", &n->one_of, e));
    TRY(build_child(b, n, "not", &n->not, e));
    TRY(build_child(b, n, "if", &n->when, e));
    TRY(build_child(b, n, "then", &n->then, e));
    TRY(build_child(b, n, "else", &n->otherwise, e));
    TRY(build_children(b, n, "prefixItems", &n->prefix_items, e));
    TRY(build_child(b, n, "items", &n->items, e));
    TRY(build_child(b, n, "contains", &n->contains, e));
    TRY(build_child(b, n, "unevaluatedItems", &n->unevaluated_items, e));
    TRY(build_members(b, n, "properties", &n->properties, &n->property_count, e));
    TRY(build_patterns(b, n, e));
    TRY(build_child(b, n, "additionalProperties", &n->additional, e));
    TRY(build_child(b, n, "propertyNames", &n->property_names, e));
    TRY(build_child(b, n, "unevaluatedProperties", &n->unevaluated_properties, e));
    TRY(build_members(b, n, "dependentSchemas", &n->dependent, &n->dependent_count, e));
    b->schema->tracks |= n->unevaluated_items || n->unevaluated_properties;
    return ERR_OK;
}

static enum err_code build_anchor(struct schema_build *b, struct schema_node *n, const char *key, struct err *e)
{
    const json_t *name = json_child(n->source, key);
    struct str at;

    if (!name)
        return ERR_OK;
    if (!json_is_string(name) || !json_to_str(name).len || str_find_byte(json_to_str(name), '#') >= 0)
        return build_fail(b, e, "`%s` must be a name", key);
    at = arena_printf(b->arena, STR_FMT "#" STR_FMT, STR_ARG(n->base), STR_ARG(json_to_str(name)));
    if (map_put(&b->schema->anchors, at, n))
        return build_fail(b, e, "two schemas have the anchor \"" STR_FMT "\"", STR_ARG(json_to_str(name)));
    if (strcmp(key, "$dynamicAnchor") == 0)
        map_put(&b->schema->dynamic, at, n);
    return ERR_OK;
}

static struct str build_address(const json_t **j)
{
    return str_n((const char *)j, sizeof *j);
}

static enum err_code build_node(struct schema_build *b, const json_t *j, const struct schema_node *above,
                                const struct schema_node **out, struct err *e)
{
    struct schema_node *n = map_get(&b->nodes, build_address(&j));
    struct str id;

    *out = n;
    if (n)
        return ERR_OK;
    if (!json_is_object(j) && !json_is_boolean(j))
        return build_fail(b, e, "a schema must be an object, true or false");
    if (b->order.len == SCHEMA_NODES_MAX)
        return err_set(e, ERR_TOO_LARGE, "the schema has more than %d subschemas", SCHEMA_NODES_MAX);
    n = arena_new(b->arena, struct schema_node);
    *n = (struct schema_node){ .source = j, .resource = above ? above->resource : n, .base = above ? above->base : S("") };
    *out = n;
    map_put(&b->nodes, build_address(&j), n);
    vec_push(&b->order, n);
    if (!json_is_object(j))
        return ERR_OK;
    id = json_get_str(j, "$id");
    if (id.len) {
        n->base = uri_join(n->base, uri_without_fragment(id), b->arena);
        n->resource = n;
        map_put(&b->resources, n->base, n);
    }
    TRY(build_anchor(b, n, "$anchor", e));
    TRY(build_anchor(b, n, "$dynamicAnchor", e));
    TRY(build_values(b, n, e));
    return build_applicators(b, n, e);
}

/* --- references ------------------------------------------------------------------------------------------------- */

/* One step of a JSON pointer in a URI fragment: %XX, then ~1 and ~0. */
static struct str pointer_step(struct str s, struct arena *a)
{
    AUTO_BUF struct buf out = BUF_INIT(s.len + 1);

    for (size_t i = 0; i < s.len; i++) {
        char hex[3] = { 0 };

        if (s.at[i] == '%' && i + 2 < s.len + 0 && strchr("0123456789abcdefABCDEF", s.at[i + 1]) &&
            strchr("0123456789abcdefABCDEF", s.at[i + 2])) {
            hex[0] = s.at[i + 1];
            hex[1] = s.at[i + 2];
            buf_byte(&out, (char)strtol(hex, NULL, 16));
            i += 2;
        } else if (s.at[i] == '~' && i + 1 < s.len && (s.at[i + 1] == '0' || s.at[i + 1] == '1')) {
            buf_byte(&out, s.at[++i] == '0' ? '~' : '/');
        } else {
            buf_byte(&out, s.at[i]);
        }
    }
    return arena_strdup(a, buf_str(&out));
}

static const json_t *pointer_find(const json_t *j, struct str pointer, struct arena *a, const struct schema_build *b,
                                  const struct schema_node **above)
{
    struct str step;

    pointer = str_from(pointer, 1);
    for (bool more = true; more && j;) {
        ptrdiff_t slash = str_find_byte(pointer, '/');
        const struct schema_node *n = map_get(&b->nodes, build_address(&j));
        int64_t index;

        if (n)
            *above = n;
        more = slash >= 0;
        step = pointer_step(more ? str_sub(pointer, 0, (size_t)slash) : pointer, a);
        pointer = more ? str_from(pointer, (size_t)slash + 1) : pointer;
        if (json_is_array(j))
            j = str_to_i64(step, &index) && index >= 0 ? json_array_get(j, (size_t)index) : NULL;
        else
            j = json_is_object(j) ? json_object_getn(j, step.at, step.len) : NULL;
    }
    return j;
}

static enum err_code build_reference(struct schema_build *b, const struct schema_node *from, struct str reference,
                                     const struct schema_node **out, struct err *e)
{
    struct str uri = uri_join(from->base, uri_without_fragment(reference), b->arena), fragment = STR_NONE;
    const struct schema_node *resource = map_get(&b->resources, uri), *above;
    ptrdiff_t mark = str_find_byte(reference, '#');
    const json_t *j;

    if (mark >= 0)
        fragment = str_from(reference, (size_t)mark + 1);
    if (!resource)
        return err_set(e, ERR_BAD_INPUT,
                       "$ref \"" STR_FMT "\" leads out of the schema; only references inside it are followed",
                       STR_ARG(str_utf8_head(reference, 200)));
    if (!fragment.len) {
        *out = resource;
        return ERR_OK;
    }
    if (fragment.at[0] != '/') {
        *out = map_get(&b->schema->anchors, arena_printf(b->arena, STR_FMT "#" STR_FMT, STR_ARG(uri), STR_ARG(fragment)));
        return *out ? ERR_OK
                    : err_set(e, ERR_BAD_INPUT, "$ref \"" STR_FMT "\": there is no such anchor",
                              STR_ARG(str_utf8_head(reference, 200)));
    }
    above = resource;
    j = pointer_find(resource->source, fragment, b->arena, b, &above);
    if (!j)
        return err_set(e, ERR_BAD_INPUT, "$ref \"" STR_FMT "\" leads to nothing",
                       STR_ARG(str_utf8_head(reference, 200)));
    return build_node(b, j, above, out, e);
}

static enum err_code build_references(struct schema_build *b, struct err *e)
{
    for (size_t i = 0; i < b->order.len; i++) {         /* a reference into unknown ground adds to the list */
        struct schema_node *n = b->order.at[i];
        const json_t *ref = json_child(n->source, "$ref"), *dynamic = json_child(n->source, "$dynamicRef");
        struct str name;
        ptrdiff_t mark;

        if ((ref && !json_is_string(ref)) || (dynamic && !json_is_string(dynamic)))
            return err_set(e, ERR_BAD_INPUT, "$ref must be a text");
        if (ref)
            TRY(build_reference(b, n, json_to_str(ref), &n->ref, e));
        if (!dynamic)
            continue;
        TRY(build_reference(b, n, json_to_str(dynamic), &n->dynamic_ref, e));
        mark = str_find_byte(json_to_str(dynamic), '#');
        name = mark < 0 ? STR_NONE : str_from(json_to_str(dynamic), (size_t)mark + 1);
        if (name.len && str_eq(json_get_str(n->dynamic_ref->source, "$dynamicAnchor"), name))
            n->dynamic_name = name;
    }
    return ERR_OK;
}

static void schema_dispose(void *arg)
{
    struct schema *s = arg;

    map_dispose(&s->anchors);
    map_dispose(&s->dynamic);
    pcre2_match_context_free(s->limits);
}

enum err_code schema_compile(const json_t *j, struct arena *a, struct schema **out, struct err *e)
{
    struct schema_build b = { .arena = a, .document = j, .nodes = MAP_INIT, .resources = MAP_INIT, .place = BUF_INIT(1 << 20) };
    struct schema *s = arena_new(a, struct schema);
    enum err_code code;

    s->anchors = s->dynamic = MAP_INIT;
    s->limits = pcre2_match_context_create(NULL);
    ASSERT(s->limits);
    pcre2_set_match_limit(s->limits, SCHEMA_MATCH_MAX);
    pcre2_set_heap_limit(s->limits, SCHEMA_HEAP_KIB);
    arena_defer(a, schema_dispose, s);
    json_in_arena(json_incref((json_t *)j), a);
    b.schema = s;
    buf_byte(&b.place, '#');
    code = build_node(&b, j, NULL, &s->root, e);
    if (code == ERR_OK) {
        if (!map_has(&b.resources, S("")))
            map_put(&b.resources, S(""), (void *)s->root);
        code = build_references(&b, e);
    }
    map_dispose(&b.nodes);
    map_dispose(&b.resources);
    vec_dispose(&b.order);
    buf_dispose(&b.place);
    *out = s;
    return code;
}
