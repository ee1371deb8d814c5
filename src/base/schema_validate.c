#include "base/schema_parts.h"

#include <math.h>

#define SCHEMA_SHOWN_BYTES 80
#define SCHEMA_SHOWN_NAMES 12

/* Which members of an object, or items of an array, some schema has looked at and taken. */
struct schema_seen { bool *at; size_t len; };

/* The resources entered on the way here, innermost first: the dynamic scope. */
struct schema_scope { const struct schema_scope *outer; const struct schema_node *resource; };

struct schema_run {
    const struct schema *schema;
    struct arena *arena;
    pcre2_match_data *match;
    const struct schema_scope *scope;
    int64_t steps;
    int depth, quiet;                   /* quiet: inside what may fail without fault */
    struct buf path;
    struct schema_fault *faults;
    size_t fault_count, fault_max;
    bool invalid;                       /* a fault was met that nothing can mend */
    const char *undecided;              /* why; NULL as long as all is well */
};

static bool run_node(struct schema_run *r, const struct schema_node *n, const json_t *v, struct schema_seen *above);

/* --- values ----------------------------------------------------------------------------------------------------- */

static bool schema_numbers_equal(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b))
        return json_integer_value(a) == json_integer_value(b);
    return json_number_value(a) == json_number_value(b);
}

bool schema_equal(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;

    if (json_is_number(a) && json_is_number(b))
        return schema_numbers_equal(a, b);
    if (json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_array(a)) {
        if (json_array_size(a) != json_array_size(b))
            return false;
        for (size_t i = 0; i < json_array_size(a); i++)
            if (!schema_equal(json_array_get(a, i), json_array_get(b, i)))
                return false;
        return true;
    }
    if (!json_is_object(a))
        return json_equal(a, b);
    if (json_object_size(a) != json_object_size(b))
        return false;
    json_object_foreach((json_t *)a, key, value) {
        const json_t *other = json_object_getn(b, key, strlen(key));

        if (!other || !schema_equal(value, other))
            return false;
    }
    return true;
}

static int schema_str_cmp(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* A text that equal values share and others do not (numbers beyond the exact range of doubles aside). */
static void schema_write_key(const json_t *v, struct buf *out)
{
    double d = json_is_real(v) ? json_real_value(v) : 0;

    if (json_is_real(v) && d == floor(d) && fabs(d) < 9e18) {
        json_write_i64((int64_t)d, out);
    } else if (json_is_array(v)) {
        buf_byte(out, '[');
        for (size_t i = 0; i < json_array_size(v); i++) {
            schema_write_key(json_array_get(v, i), out);
            buf_byte(out, ',');
        }
        buf_byte(out, ']');
    } else if (json_is_object(v)) {
        AUTO_BUF struct buf one = BUF_INIT(out->max);
        VEC(struct str) members = { 0 };
        struct arena *a = arena_new_sized(0);

        for (void *at = json_object_iter((json_t *)v); at; at = json_object_iter_next((json_t *)v, at)) {
            buf_reset(&one);
            json_write_str(str_n(json_object_iter_key(at), json_object_iter_key_len(at)), &one);
            buf_byte(&one, ':');
            schema_write_key(json_object_iter_value(at), &one);
            vec_push(&members, arena_strdup(a, buf_str(&one)));
        }
        if (members.len)
            qsort(members.at, members.len, sizeof *members.at, schema_str_cmp);
        buf_byte(out, '{');
        for (size_t i = 0; i < members.len; i++) {
            buf_append(out, members.at[i]);
            buf_byte(out, ',');
        }
        buf_byte(out, '}');
        vec_dispose(&members);
        arena_free(a);
    } else {
        json_write(v, out);
    }
}

static const char *schema_type_name(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "a list";
    case JSON_STRING: return "a text";
    case JSON_INTEGER: return "a whole number";
    case JSON_REAL: return "a number";
    case JSON_TRUE:
    case JSON_FALSE: return "true or false";
    case JSON_NULL: return "null";
    }
    return "";
}

/* --- telling ---------------------------------------------------------------------------------------------------- */

static struct str run_show(struct schema_run *r, const json_t *v)
{
    AUTO_BUF struct buf text = BUF_INIT(1 << 16);

    json_write(v, &text);
    if (buf_failed(&text))
        return str_c(schema_type_name(v));
    if (text.len <= SCHEMA_SHOWN_BYTES)
        return arena_strdup(r->arena, buf_str(&text));
    return arena_printf(r->arena, STR_FMT "...", STR_ARG(str_utf8_head(buf_str(&text), SCHEMA_SHOWN_BYTES - 3)));
}

static bool run_fault(struct schema_run *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool run_fault(struct schema_run *r, const char *fmt, ...)
{
    AUTO_BUF struct buf text = BUF_INIT(4096);
    va_list ap;

    if (r->undecided)
        return false;                                   /* whether it is one nobody knows any more */
    r->invalid |= !r->quiet;
    if (r->quiet || r->fault_count == r->fault_max)
        return false;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    r->faults[r->fault_count++] = (struct schema_fault){ arena_strdup(r->arena, buf_str(&r->path)),
                                                         arena_strdup(r->arena, buf_str(&text)) };
    return false;
}

/* A limit was met: nothing is decided any more. */
static bool run_give_up(struct schema_run *r, const char *why)
{
    if (!r->undecided)
        r->undecided = why;
    return false;
}

static bool run_step(struct schema_run *r)
{
    return ++r->steps > SCHEMA_STEPS_MAX
               ? run_give_up(r, "the schema and the value together are too large to be checked")
               : true;
}

static size_t run_enter_key(struct schema_run *r, struct str key)
{
    size_t before = r->path.len;
    bool plain = key.len > 0;

    for (size_t i = 0; i < key.len; i++) {
        char low = (char)(key.at[i] | 0x20);

        plain &= (low >= 'a' && low <= 'z') || key.at[i] == '_' || (i && key.at[i] >= '0' && key.at[i] <= '9');
    }
    if (plain) {
        buf_byte(&r->path, '.');
        buf_append(&r->path, key);
    } else {
        buf_byte(&r->path, '[');
        json_write_str(key, &r->path);
        buf_byte(&r->path, ']');
    }
    return before;
}

static size_t run_enter_item(struct schema_run *r, size_t i)
{
    size_t before = r->path.len;

    buf_printf(&r->path, "[%zu]", i);
    return before;
}

static void run_leave(struct schema_run *r, size_t before)
{
    r->path.len = before;
    r->path.bytes[before] = '\0';
}

/* "a, b, c and 4 more" */
static struct str run_list(struct schema_run *r, const json_t *values)
{
    AUTO_BUF struct buf text = BUF_INIT(4096);
    size_t n = json_array_size(values);

    for (size_t i = 0; i < MIN(n, (size_t)SCHEMA_SHOWN_NAMES); i++) {
        struct str one = run_show(r, json_array_get(values, i));

        buf_puts(&text, i ? ", " : "");
        buf_append(&text, one);
    }
    if (n > SCHEMA_SHOWN_NAMES)
        buf_printf(&text, " and %zu more", n - SCHEMA_SHOWN_NAMES);
    return arena_strdup(r->arena, buf_str(&text));
}

static bool run_matches(struct schema_run *r, const struct schema_pattern *p, struct str text)
{
    int code;

    if (!r->match)
        r->match = pcre2_match_data_create(1, NULL);
    ASSERT(r->match);
    code = pcre2_match(p->code, (PCRE2_SPTR)(text.len ? text.at : ""), text.len, 0, 0, r->match, r->schema->limits);
    if (code < 0 && code != PCRE2_ERROR_NOMATCH)
        return run_give_up(r, "a pattern takes too long on this text");
    return code >= 0;
}

/* Without telling faults; what it has seen counts only when it fits. */
static bool run_quietly(struct schema_run *r, const struct schema_node *n, const json_t *v, struct schema_seen *above)
{
    bool fits;

    r->quiet++;
    fits = run_node(r, n, v, above);
    r->quiet--;
    return fits;
}

/* --- keywords --------------------------------------------------------------------------------------------------- */

static bool run_type(struct schema_run *r, const struct schema_node *n, const json_t *v)
{
    static const struct { unsigned type; const char *name; } names[] = {
        { SCHEMA_NULL, "null" }, { SCHEMA_BOOLEAN, "true or false" }, { SCHEMA_OBJECT, "an object" }, { SCHEMA_ARRAY, "a list" },
        { SCHEMA_NUMBER, "a number" }, { SCHEMA_STRING, "a text" }, { SCHEMA_INTEGER, "a whole number" },
    };
    AUTO_BUF struct buf wanted = BUF_INIT(200);
    unsigned is = 0;

    switch (json_typeof(v)) {
    case JSON_OBJECT: is = SCHEMA_OBJECT; break;
    case JSON_ARRAY: is = SCHEMA_ARRAY; break;
    case JSON_STRING: is = SCHEMA_STRING; break;
    case JSON_INTEGER: is = SCHEMA_INTEGER | SCHEMA_NUMBER; break;
    case JSON_REAL: is = SCHEMA_NUMBER | (json_real_value(v) == floor(json_real_value(v)) ? SCHEMA_INTEGER : 0u); break;
    case JSON_TRUE:
    case JSON_FALSE: is = SCHEMA_BOOLEAN; break;
    case JSON_NULL: is = SCHEMA_NULL; break;
    }
    if (!n->types || n->types & is)
        return true;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (n->types & names[i].type)
            buf_printf(&wanted, "%s%s", wanted.len ? " or " : "", names[i].name);
    return run_fault(r, "must be %s, is %s", buf_cstr(&wanted), schema_type_name(v));
}

static bool run_any_value(struct schema_run *r, const struct schema_node *n, const json_t *v)
{
    bool ok = run_type(r, n, v);

    if (n->constant && !schema_equal(n->constant, v))
        ok = run_fault(r, STR_FMT " must be " STR_FMT, STR_ARG(run_show(r, v)), STR_ARG(run_show(r, n->constant)));
    if (n->one_of_values) {
        size_t i = 0, count = json_array_size(n->one_of_values);

        while (i < count && !schema_equal(json_array_get(n->one_of_values, i), v))
            i++;
        if (i == count)
            ok = run_fault(r, STR_FMT " is not one of: " STR_FMT, STR_ARG(run_show(r, v)),
                           STR_ARG(run_list(r, n->one_of_values)));
    }
    return ok;
}

static bool run_is_multiple(const json_t *v, const json_t *of)
{
    double a = json_number_value(v), b = json_number_value(of), q;

    if (json_is_integer(v) && json_is_integer(of))
        return json_integer_value(v) % json_integer_value(of) == 0;
    if (json_is_integer(of))
        return fmod(a, b) == 0;
    q = a / b;
    return isinf(q) ? fmod(a, b) == 0 : q == floor(q);
}

static bool run_number(struct schema_run *r, const struct schema_node *n, const json_t *v)
{
    double x = json_number_value(v);
    bool ok = true;

    if (n->maximum && x > json_number_value(n->maximum))
        ok = run_fault(r, STR_FMT " is above " STR_FMT, STR_ARG(run_show(r, v)), STR_ARG(run_show(r, n->maximum)));
    if (n->exclusive_maximum && x >= json_number_value(n->exclusive_maximum))
        ok = run_fault(r, STR_FMT " is not below " STR_FMT, STR_ARG(run_show(r, v)),
                       STR_ARG(run_show(r, n->exclusive_maximum)));
    if (n->minimum && x < json_number_value(n->minimum))
        ok = run_fault(r, STR_FMT " is below " STR_FMT, STR_ARG(run_show(r, v)), STR_ARG(run_show(r, n->minimum)));
    if (n->exclusive_minimum && x <= json_number_value(n->exclusive_minimum))
        ok = run_fault(r, STR_FMT " is not above " STR_FMT, STR_ARG(run_show(r, v)),
                       STR_ARG(run_show(r, n->exclusive_minimum)));
    if (n->multiple_of && !run_is_multiple(v, n->multiple_of))
        ok = run_fault(r, STR_FMT " is no multiple of " STR_FMT, STR_ARG(run_show(r, v)),
                       STR_ARG(run_show(r, n->multiple_of)));
    return ok;
}

/* At least min, at most max of `what`. */
static bool run_bounds(struct schema_run *r, struct schema_count low, struct schema_count high, int64_t has,
                       const char *what)
{
    bool ok = true;

    if (low.set && has < low.value)
        ok = run_fault(r, "has %lld %s, at least %lld wanted", (long long)has, what, (long long)low.value);
    if (high.set && has > high.value)
        ok = run_fault(r, "has %lld %s, at most %lld allowed", (long long)has, what, (long long)high.value);
    return ok;
}

static bool run_string(struct schema_run *r, const struct schema_node *n, const json_t *v)
{
    struct str s = json_to_str(v);
    bool ok = true;

    if (n->min_length.set || n->max_length.set)
        ok = run_bounds(r, n->min_length, n->max_length, (int64_t)str_utf8_len(s), "characters");
    if (n->pattern && !run_matches(r, n->pattern, s))
        ok = run_fault(r, STR_FMT " does not match the pattern " STR_FMT, STR_ARG(run_show(r, v)),
                       STR_ARG(str_utf8_head(n->pattern->text, 200)));
    return ok;
}

static bool run_unique(struct schema_run *r, const json_t *v)
{
    AUTO_MAP struct map met = MAP_INIT;
    AUTO_BUF struct buf key = BUF_INIT(64u << 20);

    for (size_t i = 0; i < json_array_size(v); i++) {
        buf_reset(&key);
        schema_write_key(json_array_get(v, i), &key);
        r->steps += (int64_t)(key.len / 64);
        if (!run_step(r) || buf_failed(&key))
            return run_give_up(r, "the list is too large to be checked for equal items");
        if (map_put(&met, buf_str(&key), (void *)v))
            return run_fault(r, "item %zu, " STR_FMT ", stands there twice; items must differ", i,
                             STR_ARG(run_show(r, json_array_get(v, i))));
    }
    return true;
}

static bool run_contains(struct schema_run *r, const struct schema_node *n, const json_t *v, struct schema_seen *seen)
{
    int64_t found = 0, least = n->min_contains.set ? n->min_contains.value : 1;

    for (size_t i = 0; i < json_array_size(v); i++)
        if (run_quietly(r, n->contains, json_array_get(v, i), NULL)) {
            found++;
            if (seen->at)
                seen->at[i] = true;
        }
    if (found < least)
        return run_fault(r, "has %lld items that fit `contains`, at least %lld wanted", (long long)found,
                         (long long)least);
    if (n->max_contains.set && found > n->max_contains.value)
        return run_fault(r, "has %lld items that fit `contains`, at most %lld allowed", (long long)found,
                         (long long)n->max_contains.value);
    return true;
}

static bool run_item(struct schema_run *r, const struct schema_node *n, const json_t *v, size_t i,
                     struct schema_seen *seen)
{
    size_t before = run_enter_item(r, i);
    bool ok = run_node(r, n, json_array_get(v, i), NULL);

    run_leave(r, before);
    if (seen->at)
        seen->at[i] = true;
    return ok;
}

static bool run_array(struct schema_run *r, const struct schema_node *n, const json_t *v, struct schema_seen *seen)
{
    size_t count = json_array_size(v);
    bool ok = run_bounds(r, n->min_items, n->max_items, (int64_t)count, "items");

    if (n->unique_items)
        ok &= run_unique(r, v);
    for (size_t i = 0; i < count && i < n->prefix_items.len; i++)
        ok &= run_item(r, n->prefix_items.at[i], v, i, seen);
    for (size_t i = n->prefix_items.len; n->items && i < count && !r->undecided; i++)
        ok &= run_item(r, n->items, v, i, seen);
    if (n->contains)
        ok &= run_contains(r, n, v, seen);
    return ok;
}

static const struct schema_node *run_property(const struct schema_node *n, struct str key)
{
    size_t low = 0, high = n->property_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(n->properties[middle].key, key);

        if (order == 0)
            return n->properties[middle].node;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* A member nobody provided for. */
static bool run_unknown(struct schema_run *r, const struct schema_node *n, struct str key)
{
    struct suggest near;
    char hint[160];

    if (r->quiet)
        return false;
    suggest_begin(&near, key);
    for (size_t i = 0; i < n->property_count; i++)
        suggest_offer(&near, n->properties[i].key);
    return run_fault(r, "\"" STR_FMT "\" is not allowed here%s", STR_ARG(str_utf8_head(key, 100)),
                     suggest_hint(&near, hint));
}

static bool run_member(struct schema_run *r, const struct schema_node *n, struct str key, const json_t *v, bool *taken)
{
    const struct schema_node *own = run_property(n, key);
    bool ok = true;

    *taken = own != NULL;
    if (own)
        ok &= run_node(r, own, v, NULL);
    for (size_t i = 0; i < n->pattern_count && !r->undecided; i++)
        if (run_matches(r, n->patterns[i].pattern, key)) {
            ok &= run_node(r, n->patterns[i].node, v, NULL);
            *taken = true;
        }
    if (*taken || !n->additional)
        return ok;
    *taken = true;
    return json_is_false(n->additional->source) ? false : ok & run_node(r, n->additional, v, NULL);
}

static bool run_names(struct schema_run *r, const struct schema_node *n, const json_t *v)
{
    bool ok = true;
    const json_t *name;
    const char *key;
    json_t *list;
    size_t i;

    json_array_foreach((json_t *)n->required, i, name)
        if (!json_object_getn(v, json_string_value(name), json_string_length(name)))
            ok = run_fault(r, "\"" STR_FMT "\" is missing", STR_ARG(str_utf8_head(json_to_str(name), 100)));
    json_object_foreach((json_t *)n->dependent_required, key, list) {
        if (!json_object_get(v, key))
            continue;
        json_array_foreach(list, i, name)
            if (!json_object_getn(v, json_string_value(name), json_string_length(name)))
                ok = run_fault(r, "\"" STR_FMT "\" is missing, which \"%.100s\" needs",
                               STR_ARG(str_utf8_head(json_to_str(name), 100)), key);
    }
    return ok;
}

static bool run_object(struct schema_run *r, const struct schema_node *n, const json_t *v, struct schema_seen *seen)
{
    bool ok = run_names(r, n, v), members = n->property_count || n->pattern_count || n->additional || n->property_names;
    size_t i = 0;

    ok &= run_bounds(r, n->min_properties, n->max_properties, (int64_t)json_object_size(v), "members");
    for (void *at = json_object_iter((json_t *)v); at && members && !r->undecided;
         at = json_object_iter_next((json_t *)v, at), i++) {
        struct str key = str_n(json_object_iter_key(at), json_object_iter_key_len(at));
        size_t before;
        bool taken, fits;

        if (!run_step(r))
            return false;
        before = run_enter_key(r, key);
        fits = run_member(r, n, key, json_object_iter_value(at), &taken);
        run_leave(r, before);
        if (!fits && n->additional && json_is_false(n->additional->source) && !run_property(n, key))
            run_unknown(r, n, key);
        ok &= fits;
        if (seen->at)
            seen->at[i] |= taken;
        if (n->property_names) {
            json_t *name = json_in_arena(json_stringn_nocheck(key.at, key.len), r->arena);

            if (!run_quietly(r, n->property_names, name, NULL))
                ok = run_fault(r, "\"" STR_FMT "\" can't be a member's name here", STR_ARG(str_utf8_head(key, 100)));
        }
    }
    for (i = 0; i < n->dependent_count; i++)
        if (json_object_getn(v, n->dependent[i].key.at, n->dependent[i].key.len))
            ok &= run_node(r, n->dependent[i].node, v, seen);
    return ok;
}

static bool run_any_of(struct schema_run *r, const struct schema_node *n, const json_t *v, struct schema_seen *seen)
{
    bool ok = false;

    for (size_t i = 0; i < n->any_of.len && (!ok || seen->at); i++)     /* what each has seen counts */
        ok |= run_quietly(r, n->any_of.at[i], v, seen);
    return ok ? true : run_fault(r, "fits none of the %zu forms allowed here", n->any_of.len);
}

static bool run_one_of(struct schema_run *r, const struct schema_node *n, const json_t *v, struct schema_seen *seen)
{
    size_t fit = 0, first = 0;

    for (size_t i = 0; i < n->one_of.len; i++)
        if (run_quietly(r, n->one_of.at[i], v, seen) && fit++ == 0)
            first = i;
        else if (fit > 1)
            return run_fault(r, "fits both form %zu and form %zu, of which exactly one is wanted", first + 1, i + 1);
    return fit ? true : run_fault(r, "fits none of the %zu forms of which one is wanted", n->one_of.len);
}

static const struct schema_node *run_dynamic(const struct schema_run *r, const struct schema_node *n)
{
    const struct schema_node *found = n->dynamic_ref;

    for (const struct schema_scope *s = r->scope; n->dynamic_name.len && s; s = s->outer) {
        struct str at = arena_printf(r->arena, STR_FMT "#" STR_FMT, STR_ARG(s->resource->base), STR_ARG(n->dynamic_name));
        const struct schema_node *outer = map_get(&r->schema->dynamic, at);

        if (outer)
            found = outer;                              /* the outermost that has it wins */
    }
    return found;
}

static bool run_in_place(struct schema_run *r, const struct schema_node *n, const json_t *v, struct schema_seen *seen)
{
    bool ok = true;

    if (n->ref)
        ok &= run_node(r, n->ref, v, seen);
    if (n->dynamic_ref)
        ok &= run_node(r, run_dynamic(r, n), v, seen);
    for (size_t i = 0; i < n->all_of.len; i++)
        ok &= run_node(r, n->all_of.at[i], v, seen);
    if (n->any_of.len)
        ok &= run_any_of(r, n, v, seen);
    if (n->one_of.len)
        ok &= run_one_of(r, n, v, seen);
    if (n->not &&run_quietly(r, n->not, v, NULL))
        ok = run_fault(r, STR_FMT " is a form that is not allowed here", STR_ARG(run_show(r, v)));
    if (n->when) {
        const struct schema_node *branch = run_quietly(r, n->when, v, seen) ? n->then : n->otherwise;

        if (branch)
            ok &= run_node(r, branch, v, seen);
    }
    return ok;
}

static bool run_unevaluated(struct schema_run *r, const struct schema_node *n, const json_t *v,
                            struct schema_seen *seen)
{
    size_t i = 0, before;
    bool ok = true;

    for (; n->unevaluated_items && json_is_array(v) && i < seen->len; i++)
        if (!seen->at[i])
            ok &= run_item(r, n->unevaluated_items, v, i, seen);
    if (!n->unevaluated_properties || !json_is_object(v))
        return ok;
    for (void *at = json_object_iter((json_t *)v); at; at = json_object_iter_next((json_t *)v, at), i++) {
        struct str key = str_n(json_object_iter_key(at), json_object_iter_key_len(at));

        if (seen->at[i])
            continue;
        if (json_is_false(n->unevaluated_properties->source)) {
            ok = run_unknown(r, n, key);
            continue;
        }
        before = run_enter_key(r, key);
        ok &= run_node(r, n->unevaluated_properties, json_object_iter_value(at), NULL);
        run_leave(r, before);
        seen->at[i] = true;
    }
    return ok;
}

static bool run_keywords(struct schema_run *r, const struct schema_node *n, const json_t *v, struct schema_seen *seen)
{
    bool ok = run_any_value(r, n, v);

    if (json_is_number(v))
        ok &= run_number(r, n, v);
    else if (json_is_string(v))
        ok &= run_string(r, n, v);
    else if (json_is_array(v))
        ok &= run_array(r, n, v, seen);
    else if (json_is_object(v))
        ok &= run_object(r, n, v, seen);
    ok &= run_in_place(r, n, v, seen);
    if (ok && (n->unevaluated_items || n->unevaluated_properties))
        ok &= run_unevaluated(r, n, v, seen);
    return ok;
}

/* `above`: what the schemas beside this one have seen; NULL when nobody asks. */
static bool run_node(struct schema_run *r, const struct schema_node *n, const json_t *v, struct schema_seen *above)
{
    struct schema_scope scope = { r->scope, n->resource };
    struct schema_seen seen = { 0 };
    bool ok;

    if (r->undecided || !run_step(r))
        return false;
    if (json_is_true(n->source))
        return true;
    if (json_is_false(n->source))
        return run_fault(r, "nothing is allowed here");
    if (r->depth == SCHEMA_DEPTH_MAX)
        return run_give_up(r, "the schema refers to itself deeper than can be followed");
    if (r->schema->tracks && (json_is_array(v) || json_is_object(v))) {
        seen.len = json_is_array(v) ? json_array_size(v) : json_object_size(v);
        r->steps += (int64_t)(seen.len / 64);
        seen.at = arena_array(r->arena, bool, seen.len + 1);
    }
    r->depth++;
    if (!r->scope || r->scope->resource != n->resource)
        r->scope = &scope;
    ok = run_keywords(r, n, v, &seen);
    r->scope = scope.outer;
    r->depth--;
    for (size_t i = 0; ok && above && above->at && i < seen.len; i++)
        above->at[i] |= seen.at[i];
    return ok && !r->undecided;
}

enum schema_verdict schema_validate(const struct schema *s, const json_t *value, struct arena *a,
                                    struct schema_fault *faults, size_t max, size_t *count)
{
    struct schema_run r = { .schema = s, .arena = a, .path = BUF_INIT(1 << 16), .faults = faults, .fault_max = max };
    bool ok;

    buf_byte(&r.path, '$');
    ok = run_node(&r, s->root, value, NULL);
    if (r.undecided && !r.invalid && max) {
        faults[0] = (struct schema_fault){ S("$"), str_c(r.undecided) };
        r.fault_count = 1;
    }
    *count = r.fault_count;
    buf_dispose(&r.path);
    pcre2_match_data_free(r.match);
    return r.invalid ? SCHEMA_INVALID : r.undecided ? SCHEMA_UNDECIDED : ok ? SCHEMA_VALID : SCHEMA_INVALID;
}
