#include "template/filters.h"

#define FILTERS(X) \
    X(abs) X(attr) X(batch) X(capitalize) X(center) X(count) X(d) X(default) X(dictsort) X(e) X(escape) X(filesizeformat) \
    X(first) X(float) X(forceescape) X(format) X(groupby) X(indent) X(int) X(items) X(join) X(last) X(length) X(list) \
    X(lower) X(map) X(max) X(min) X(pprint) X(random) X(reject) X(rejectattr) X(replace) X(reverse) X(round) X(safe) \
    X(select) X(selectattr) X(slice) X(sort) X(string) X(striptags) X(sum) X(title) X(tojson) X(trim) X(truncate) \
    X(unique) X(upper) X(urlencode) X(urlize) X(wordcount) X(wordwrap) X(xmlattr)

#define X(id) extern const struct callable filter_##id;
FILTERS(X)
#undef X
#define X(id) &filter_##id,
static const struct callable *const filters[] = { FILTERS(X) };
#undef X

const struct callable *filters_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(filters); i++)
        if (str_is(name, filters[i]->name))
            return filters[i];
    return NULL;
}

struct str filters_nearest(struct str name)
{
    struct suggest near;

    suggest_begin(&near, name);
    for (size_t i = 0; i < COUNT_OF(filters); i++)
        suggest_offer(&near, str_c(filters[i]->name));
    return suggest_best(&near);
}

enum err_code getter_read(struct render *r, struct value attribute, struct getter *out)
{
    struct str rest, part;

    *out = (struct getter){ .fallback = VALUE_OF_MISSING };
    if (attribute.kind == VALUE_MISSING || attribute.kind == VALUE_NONE)
        return ERR_OK;
    TRY(value_defined(r, attribute));
    if (attribute.kind != VALUE_STR) {
        out->parts[out->len++] = attribute;
        return ERR_OK;
    }
    for (rest = attribute.s.len ? attribute.s : S(""); str_split(&rest, '.', &part);) {
        int64_t i;
        bool digits = part.len > 0;

        for (size_t k = 0; k < part.len; k++)
            digits &= part.at[k] >= '0' && part.at[k] <= '9';
        if (out->len == GETTER_PARTS)
            return render_fail(r, ERR_TOO_LARGE, "\"attribute\" may have %d parts at most", GETTER_PARTS);
        out->parts[out->len++] = digits && str_to_i64(part, &i) ? value_int(i) : value_str(part);
    }
    return ERR_OK;
}

enum err_code getter_get(struct render *r, const struct getter *g, struct value item, struct value *out)
{
    *out = item;
    for (size_t i = 0; i < g->len; i++) {
        struct value v = *out;

        TRY(value_item(r, v, g->parts[i], out));
        if (out->kind == VALUE_UNDEFINED && g->fallback.kind != VALUE_MISSING && g->fallback.kind != VALUE_NONE)
            *out = g->fallback;
    }
    return ERR_OK;
}

enum err_code filter_fold_case(struct render *r, bool case_sensitive, struct value *v)
{
    if (case_sensitive || v->kind != VALUE_STR)
        return ERR_OK;
    return text_change(r, v->s, TEXT_LOWER, v);
}

/* Below zero when b must come before a. Keys that are lists of keys may be equal without having an order. */
static enum err_code filter_order(struct render *r, struct value a, struct value b, bool keys_are_lists, int *out)
{
    bool same = false;

    TRY(render_steps(r, 1));
    if (keys_are_lists)
        TRY(value_equal(r, a, b, &same));
    *out = 0;
    return same ? ERR_OK : value_compare(r, a, b, "<", out);
}

enum err_code filter_order_rows(struct render *r, struct sorted *at, size_t len, bool reverse, bool keys_are_lists)
{
    struct sorted *from = at, *to = arena_array(r->arena, struct sorted, len + 1);

    for (size_t width = 1; width < len; width *= 2) {
        struct sorted *spare = from;

        for (size_t lo = 0; lo < len; lo += 2 * width) {
            size_t mid = MIN(lo + width, len), hi = MIN(lo + 2 * width, len), i = lo, j = mid;

            for (size_t k = lo; k < hi; k++) {
                bool right = i == mid;
                int order;

                if (i < mid && j < hi) {
                    TRY(filter_order(r, from[j].key, from[i].key, keys_are_lists, &order));
                    if (order == 2)
                        order = 0;
                    right = reverse ? order > 0 : order < 0;
                }
                to[k] = right ? from[j++] : from[i++];
            }
        }
        from = to;
        to = spare;
    }
    if (from != at)
        memcpy(at, from, len * sizeof *at);
    return ERR_OK;
}
