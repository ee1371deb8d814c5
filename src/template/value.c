#include "template/engine.h"
#include "template/unicode.h"

#include <math.h>

struct value value_json(struct render *r, const json_t *j)
{
    switch (json_typeof(j)) {
    case JSON_OBJECT: {
        struct dict *d = arena_new(r->arena, struct dict);

        d->json = j;
        return value_dict(d);
    }
    case JSON_ARRAY: {
        struct list *l = arena_new(r->arena, struct list);

        l->json = j;
        l->len = json_array_size(j);
        return value_list(l);
    }
    case JSON_STRING:  return value_str(str_n(json_string_value(j), json_string_length(j)));
    case JSON_INTEGER: return value_int(json_integer_value(j));
    case JSON_REAL:    return value_float(json_real_value(j));
    case JSON_TRUE:    return value_bool(true);
    case JSON_FALSE:   return value_bool(false);
    default:           return VALUE_OF_NONE;
    }
}

struct value value_undefined(struct render *r, struct str name, const char *hint_fmt, ...)
{
    struct undefined *u = arena_new(r->arena, struct undefined);

    *u = (struct undefined){ .name = name, .line = r->at.line, .col = r->at.col, .t = r->t };
    if (hint_fmt) {
        AUTO_BUF struct buf b = BUF_INIT(1000);
        va_list ap;

        va_start(ap, hint_fmt);
        buf_vprintf(&b, hint_fmt, ap);
        va_end(ap);
        u->hint = arena_strdup(r->arena, buf_str(&b));
    }
    return (struct value){ .kind = VALUE_UNDEFINED, .undefined = u };
}

struct list *list_new(struct render *r, enum list_flavor flavor, size_t expected)
{
    struct list *l = arena_new(r->arena, struct list);

    l->flavor = flavor;
    if (expected) {
        l->cap = MIN(expected, (size_t)4096);
        l->at = arena_array(r->arena, struct value, l->cap);
    }
    return l;
}

enum err_code list_push(struct render *r, struct list *l, struct value v)
{
    TRY(render_steps(r, 1));
    if (l->len == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 8;
        struct value *at = arena_array(r->arena, struct value, cap);

        if (l->len)
            memcpy(at, l->at, l->len * sizeof *at);
        l->at = at;
        l->cap = cap;
    }
    l->at[l->len++] = v;
    return ERR_OK;
}

struct value list_item(struct render *r, const struct list *l, size_t i)
{
    if (l->json)
        return value_json(r, json_array_get(l->json, i));
    if (l->flavor == LIST_RANGE)
        return value_int(l->start + (int64_t)i * l->step);
    return l->at[i];
}

bool value_is_lazy(struct value v)
{
    return v.kind == VALUE_LIST && v.list->flavor == LIST_LAZY;
}

bool value_is_tuple(struct value v)
{
    return v.kind == VALUE_LIST && (v.list->flavor == LIST_TUPLE || v.list->flavor == LIST_GROUP);
}

struct dict *dict_new(struct render *r)
{
    return arena_new(r->arena, struct dict);
}

static void dict_index(struct render *r, struct dict *d)
{
    d->index_cap = d->cap * 2;
    d->index = arena_array(r->arena, uint32_t, d->index_cap);
    for (size_t i = 0; i < d->len; i++) {
        size_t slot = d->at[i].hash & (d->index_cap - 1);

        while (d->index[slot])
            slot = (slot + 1) & (d->index_cap - 1);
        d->index[slot] = (uint32_t)i + 1;
    }
}

static void dict_append(struct render *r, struct dict *d, struct value key, uint64_t hash, struct value v)
{
    if (d->len == d->cap) {
        size_t cap = d->cap ? d->cap * 2 : 8;
        struct pair *at = arena_array(r->arena, struct pair, cap);

        if (d->len)
            memcpy(at, d->at, d->len * sizeof *at);
        d->at = at;
        d->cap = cap;
        d->at[d->len++] = (struct pair){ key, v, hash };
        if (cap > 8)
            dict_index(r, d);
        return;
    }
    if (d->index) {
        size_t slot = hash & (d->index_cap - 1);

        while (d->index[slot])
            slot = (slot + 1) & (d->index_cap - 1);
        d->index[slot] = (uint32_t)d->len + 1;
    }
    d->at[d->len++] = (struct pair){ key, v, hash };
}

enum err_code dict_force(struct render *r, struct dict *d)
{
    const json_t *j = d->json;
    const char *name;
    size_t name_len;
    json_t *v;

    if (!j)
        return ERR_OK;
    TRY(render_steps(r, (int64_t)json_object_size(j)));
    d->json = NULL;
    json_object_keylen_foreach((json_t *)(uintptr_t)j, name, name_len, v)
    {
        struct str key = str_n(name, name_len);

        dict_append(r, d, value_str(key), hash_bytes(key, 0), value_json(r, v));
    }
    return ERR_OK;
}

static enum err_code dict_find(struct render *r, struct dict *d, struct value key, uint64_t hash, struct pair **out)
{
    bool same = false;

    *out = NULL;
    for (size_t n = 0, slot = d->index ? hash & (d->index_cap - 1) : 0;; n++) {
        struct pair *p;

        if (d->index ? !d->index[slot] : n == d->len)
            return ERR_OK;
        p = &d->at[d->index ? d->index[slot] - 1 : n];
        if (p->hash == hash) {
            TRY(value_equal(r, p->key, key, &same));
            if (same) {
                *out = p;
                return ERR_OK;
            }
        }
        if (d->index)
            slot = (slot + 1) & (d->index_cap - 1);
    }
}

enum err_code dict_put(struct render *r, struct dict *d, struct value key, struct value v)
{
    struct pair *p;
    uint64_t hash;

    TRY(render_steps(r, 1));
    TRY(dict_force(r, d));
    TRY(value_hash(r, key, &hash));
    TRY(dict_find(r, d, key, hash, &p));
    if (p)
        p->value = v;
    else
        dict_append(r, d, key, hash, v);
    return ERR_OK;
}

bool dict_get_str(struct render *r, struct dict *d, struct str key, struct value *out)
{
    if (d->json) {
        const json_t *j = json_object_getn(d->json, key.at ? key.at : "", key.len);

        if (!j)
            return false;
        *out = value_json(r, j);
        return true;
    }
    for (size_t i = 0; !d->index && i < d->len; i++)
        if (d->at[i].key.kind == VALUE_STR && str_eq(d->at[i].key.s, key)) {
            *out = d->at[i].value;
            return true;
        }
    if (d->index) {
        uint64_t hash = hash_bytes(key, 0);

        for (size_t slot = hash & (d->index_cap - 1); d->index[slot]; slot = (slot + 1) & (d->index_cap - 1)) {
            struct pair *p = &d->at[d->index[slot] - 1];

            if (p->hash == hash && p->key.kind == VALUE_STR && str_eq(p->key.s, key)) {
                *out = p->value;
                return true;
            }
        }
    }
    return false;
}

enum err_code dict_get(struct render *r, struct dict *d, struct value key, struct value *out, bool *found)
{
    struct pair *p;
    uint64_t hash;

    if (key.kind == VALUE_STR) {
        *found = dict_get_str(r, d, key.s, out);
        return ERR_OK;
    }
    TRY(value_hash(r, key, &hash));
    *found = false;
    if (d->json)
        return ERR_OK;
    TRY(dict_find(r, d, key, hash, &p));
    if (p) {
        *out = p->value;
        *found = true;
    }
    return ERR_OK;
}

size_t dict_len(const struct dict *d)
{
    return d->json ? json_object_size(d->json) : d->len;
}

const char *value_type(struct value v)
{
    static const char *const names[VALUE_KINDS] = {
        [VALUE_MISSING] = "nothing", [VALUE_UNDEFINED] = "undefined", [VALUE_NONE] = "None", [VALUE_BOOL] = "bool",
        [VALUE_INT] = "int", [VALUE_FLOAT] = "float", [VALUE_STR] = "str", [VALUE_DICT] = "dict",
        [VALUE_NAMESPACE] = "namespace", [VALUE_MACRO] = "macro", [VALUE_LOOP] = "loop", [VALUE_MODULE] = "import",
        [VALUE_CYCLER] = "cycler", [VALUE_JOINER] = "joiner", [VALUE_GLOBAL] = "function", [VALUE_METHOD] = "method",
        [VALUE_SELF] = "self", [VALUE_BLOCK] = "block",
    };
    static const char *const flavors[] = {
        [LIST_PLAIN] = "list", [LIST_TUPLE] = "tuple", [LIST_RANGE] = "range", [LIST_KEYS] = "dict_keys",
        [LIST_VALUES] = "dict_values", [LIST_ITEMS] = "dict_items", [LIST_LAZY] = "lazy list", [LIST_GROUP] = "tuple",
    };

    return v.kind == VALUE_LIST ? flavors[v.list->flavor] : names[v.kind];
}

enum err_code value_defined(struct render *r, struct value v)
{
    return v.kind == VALUE_UNDEFINED && !v.undefined->lenient ? scope_undefined(r, v) : ERR_OK;
}

enum err_code value_truth(struct render *r, struct value v, bool *out)
{
    switch (v.kind) {
    case VALUE_UNDEFINED:
        *out = false;
        return value_defined(r, v);
    case VALUE_NONE:      *out = false; break;
    case VALUE_BOOL:      *out = v.b; break;
    case VALUE_INT:       *out = v.i != 0; break;
    case VALUE_FLOAT:     *out = v.d != 0; break;
    case VALUE_STR:       *out = v.s.len != 0; break;
    case VALUE_LIST:      *out = value_is_lazy(v) || list_len(v.list) != 0; break;
    case VALUE_DICT:      *out = dict_len(v.dict) != 0; break;
    default:              *out = true; break;
    }
    return ERR_OK;
}

bool value_same(struct value a, struct value b)
{
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case VALUE_MISSING: case VALUE_NONE: return true;
    case VALUE_BOOL:  return a.b == b.b;
    case VALUE_INT:   return a.i == b.i;
    case VALUE_FLOAT: return a.d == b.d;
    case VALUE_STR:   return str_eq(a.s, b.s);
    case VALUE_LIST:  return a.list == b.list || (a.list->json && a.list->json == b.list->json);
    case VALUE_DICT:  return a.dict == b.dict || (a.dict->json && a.dict->json == b.dict->json);
    default:          return a.any == b.any;
    }
}

/* -1, 0, 1; 2 when one is not a number. A 64-bit integer and a double are compared exactly. */
static int value_compare_numbers(struct value a, struct value b)
{
    if (a.kind != VALUE_FLOAT && b.kind != VALUE_FLOAT) {
        int64_t x = value_integral(a), y = value_integral(b);

        return (x > y) - (x < y);
    }
    if (a.kind == VALUE_FLOAT && b.kind == VALUE_FLOAT)
        return isnan(a.d) || isnan(b.d) ? 2 : (a.d > b.d) - (a.d < b.d);
    if (a.kind != VALUE_FLOAT) {
        int c = value_compare_numbers(b, a);

        return c == 2 ? 2 : -c;
    }
    if (isnan(a.d))
        return 2;
    if (a.d >= 9223372036854775808.0)
        return 1;
    if (a.d < -9223372036854775808.0)
        return -1;
    int64_t whole = (int64_t)a.d, y = value_integral(b);
    double rest = a.d - (double)whole;

    return whole != y ? (whole > y) - (whole < y) : (rest > 0) - (rest < 0);
}

static enum err_code value_equal_dicts(struct render *r, struct dict *a, struct dict *b, bool *out)
{
    *out = false;
    if (dict_len(a) != dict_len(b))
        return ERR_OK;
    TRY(dict_force(r, a));
    TRY(dict_force(r, b));
    for (size_t i = 0; i < a->len; i++) {
        struct value other;
        bool found, same = false;

        TRY(render_steps(r, 1));
        TRY(dict_get(r, b, a->at[i].key, &other, &found));
        if (found)
            TRY(value_equal(r, a->at[i].value, other, &same));
        if (!same)
            return ERR_OK;
    }
    *out = true;
    return ERR_OK;
}

static enum list_flavor value_family(struct value v)
{
    return v.list->flavor == LIST_GROUP ? LIST_TUPLE : v.list->flavor;
}

/* The first place where two lists differ, or the shorter's length. */
static enum err_code value_first_difference(struct render *r, struct list *a, struct list *b, size_t *out)
{
    size_t i, n = MIN(list_len(a), list_len(b));

    for (i = 0; i < n; i++) {
        bool same;

        TRY(render_steps(r, 1));
        TRY(value_equal(r, list_item(r, a, i), list_item(r, b, i), &same));
        if (!same)
            break;
    }
    *out = i;
    return ERR_OK;
}

enum err_code value_equal(struct render *r, struct value a, struct value b, bool *out)
{
    size_t at;

    TRY(value_defined(r, a));
    TRY(value_defined(r, b));
    if (value_is_number(a) && value_is_number(b)) {
        *out = value_compare_numbers(a, b) == 0;
        return ERR_OK;
    }
    *out = false;
    if (a.kind != b.kind)
        return ERR_OK;
    switch (a.kind) {
    case VALUE_UNDEFINED: *out = true; return ERR_OK;
    case VALUE_STR:
        TRY(render_steps(r, (int64_t)(MIN(a.s.len, b.s.len) / 64)));
        *out = str_eq(a.s, b.s);
        return ERR_OK;
    case VALUE_LIST:
        if (value_family(a) != value_family(b))
            return ERR_OK;
        if (value_is_lazy(a) || value_family(a) == LIST_VALUES) {
            *out = a.list == b.list;
            return ERR_OK;
        }
        if (list_len(a.list) != list_len(b.list))
            return ERR_OK;
        TRY(render_stack(r));
        TRY(value_first_difference(r, a.list, b.list, &at));
        *out = at == list_len(a.list);
        return ERR_OK;
    case VALUE_DICT: TRY(render_stack(r)); return value_equal_dicts(r, a.dict, b.dict, out);
    default: *out = value_same(a, b); return ERR_OK;
    }
}

enum err_code value_compare(struct render *r, struct value a, struct value b, const char *op, int *out)
{
    TRY(value_defined(r, a));
    TRY(value_defined(r, b));
    if (value_is_number(a) && value_is_number(b)) {
        *out = value_compare_numbers(a, b);
        return ERR_OK;
    }
    if (a.kind == VALUE_STR && b.kind == VALUE_STR) {
        TRY(render_steps(r, (int64_t)(MIN(a.s.len, b.s.len) / 64)));
        *out = str_cmp(a.s, b.s);
        *out = (*out > 0) - (*out < 0);
        return ERR_OK;
    }
    if (a.kind == VALUE_LIST && b.kind == VALUE_LIST && value_family(a) == value_family(b) &&
        (value_family(a) == LIST_PLAIN || value_family(a) == LIST_TUPLE)) {
        size_t i, x = list_len(a.list), y = list_len(b.list);

        TRY(render_stack(r));
        TRY(value_first_difference(r, a.list, b.list, &i));
        if (i < x && i < y)
            return value_compare(r, list_item(r, a.list, i), list_item(r, b.list, i), op, out);
        *out = (x > y) - (x < y);
        return ERR_OK;
    }
    return render_fail(r, ERR_BAD_INPUT, "%s and %s can't be ordered by \"%s\"", value_type(a), value_type(b), op);
}

enum err_code value_hash(struct render *r, struct value v, uint64_t *out)
{
    TRY(value_defined(r, v));
    switch (v.kind) {
    case VALUE_FLOAT:
        if (v.d >= -9223372036854775808.0 && v.d < 9223372036854775808.0 && v.d == floor(v.d)) {
            *out = rng_mix((uint64_t)(int64_t)v.d);
            return ERR_OK;
        }
        *out = hash_bytes(str_n((const char *)&v.d, sizeof v.d), 1);
        return ERR_OK;
    case VALUE_BOOL:
    case VALUE_INT: *out = rng_mix((uint64_t)value_integral(v)); return ERR_OK;
    case VALUE_STR: *out = hash_bytes(v.s, 0); return ERR_OK;
    case VALUE_LIST:
        if (!value_is_tuple(v))
            break;
        TRY(render_stack(r));
        *out = 7;
        for (size_t i = 0; i < list_len(v.list); i++) {
            uint64_t h;

            TRY(render_steps(r, 1));
            TRY(value_hash(r, list_item(r, v.list, i), &h));
            *out = rng_mix(*out ^ h);
        }
        return ERR_OK;
    case VALUE_DICT:
    case VALUE_NAMESPACE: break;
    default:
        *out = rng_mix(v.kind + (uint64_t)(v.kind == VALUE_NONE || v.kind == VALUE_UNDEFINED ? 0 : (uintptr_t)v.any));
        return ERR_OK;
    }
    return render_fail(r, ERR_BAD_INPUT, "a %s can't be the key of a dict; a string or number can", value_type(v));
}

enum err_code value_length(struct render *r, struct value v, int64_t *out)
{
    TRY(value_defined(r, v));
    switch (v.kind) {
    case VALUE_UNDEFINED: *out = 0; return ERR_OK;
    case VALUE_STR:
        TRY(render_steps(r, (int64_t)(v.s.len / 64)));
        *out = (int64_t)str_utf8_len(v.s);
        return ERR_OK;
    case VALUE_DICT: *out = (int64_t)dict_len(v.dict); return ERR_OK;
    case VALUE_LOOP: {
        struct value length;
        bool found;

        TRY(turns_attr(r, v.loop, S("length"), &length, &found));
        *out = length.i;
        return ERR_OK;
    }
    case VALUE_LIST:
        if (value_is_lazy(v))
            return render_fail(r, ERR_BAD_INPUT,
                               "%s gives its items one by one and has no length; write |list before it",
                               v.list->made_by ? v.list->made_by : "reverse");
        *out = (int64_t)list_len(v.list);
        return ERR_OK;
    default: return render_fail(r, ERR_BAD_INPUT, "%s has no length; strings, lists and dicts have", value_type(v));
    }
}

enum err_code value_contains(struct render *r, struct value hay, struct value needle, bool *out)
{
    TRY(value_defined(r, hay));
    *out = false;
    if (hay.kind == VALUE_STR) {
        TRY(value_defined(r, needle));
        if (needle.kind != VALUE_STR)
            return render_fail(r, ERR_BAD_INPUT, "only a string can be in a string, and this is %s",
                               value_type(needle));
        TRY(render_steps(r, (int64_t)(hay.s.len / 64)));
        *out = str_contains(hay.s, needle.s);
        return ERR_OK;
    }
    if (hay.kind == VALUE_DICT) {
        struct value ignored;

        return dict_get(r, hay.dict, needle, &ignored, out);
    }
    if (hay.kind == VALUE_UNDEFINED)
        return ERR_OK;
    if (hay.kind != VALUE_LIST)
        return render_fail(r, ERR_BAD_INPUT, "\"in\" looks into strings, lists and dicts, and this is %s",
                           value_type(hay));
    for (size_t i = 0; i < list_len(hay.list) && !*out; i++) {
        TRY(render_steps(r, 1));
        TRY(value_equal(r, list_item(r, hay.list, i), needle, out));
    }
    return ERR_OK;
}

enum err_code value_iterate(struct render *r, struct value v, struct list **out)
{
    TRY(value_defined(r, v));
    if (v.kind == VALUE_LIST) {
        *out = v.list;
        return ERR_OK;
    }
    if (v.kind == VALUE_DICT) {
        TRY(dict_force(r, v.dict));
        *out = list_new(r, LIST_LAZY, v.dict->len);
        for (size_t i = 0; i < v.dict->len; i++)
            TRY(list_push(r, *out, v.dict->at[i].key));
        return ERR_OK;
    }
    if (v.kind == VALUE_STR) {
        *out = list_new(r, LIST_LAZY, v.s.len);
        for (size_t i = 0, start = 0; i < v.s.len; start = i) {
            str_utf8_next(v.s, &i);
            TRY(list_push(r, *out, value_str(str_sub(v.s, start, i - start))));
        }
        return ERR_OK;
    }
    if (v.kind == VALUE_UNDEFINED) {
        *out = list_new(r, LIST_PLAIN, 0);
        return ERR_OK;
    }
    if (v.kind == VALUE_METHOD)
        return render_fail(r, ERR_BAD_INPUT, "\"%s\" is a method here, not data: write %s() or, for a key of that name, "
                           "[\"%s\"]", v.method->fn->name, v.method->fn->name, v.method->fn->name);
    return render_fail(r, ERR_BAD_INPUT, "%s can't be walked over; lists, dicts and strings can", value_type(v));
}
