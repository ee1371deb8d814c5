/* Filters over rows of things. Those that Jinja2 makes lazy give a LIST_LAZY: it can be walked, not counted or printed. */
#include "template/filters.h"

static struct list *filter_lazy(struct render *r, const char *name)
{
    struct list *l = list_new(r, LIST_LAZY, 0);

    l->made_by = name;
    return l;
}

static enum err_code filter_length_of(struct render *r, struct value self, struct value *out)
{
    int64_t n;

    TRY(value_length(r, self, &n));
    *out = value_int(n);
    return ERR_OK;
}

FILTER(length, 0) { return filter_length_of(r, self, out); }
FILTER(count, 0)  { return filter_length_of(r, self, out); }

FILTER(list, 0)
{
    struct list *from, *l;

    TRY(value_iterate(r, self, &from));
    TRY(render_steps(r, (int64_t)list_len(from)));
    l = list_new(r, LIST_PLAIN, list_len(from));
    for (size_t i = 0; i < list_len(from); i++)
        TRY(list_push(r, l, list_item(r, from, i)));
    *out = value_list(l);
    return ERR_OK;
}

FILTER(first, 0)
{
    struct list *l;

    if (self.kind == VALUE_STR && self.s.len) {
        size_t i = 0;

        str_utf8_next(self.s, &i);
        *out = value_str(str_sub(self.s, 0, i));
        return ERR_OK;
    }
    TRY(value_iterate(r, self, &l));
    *out = list_len(l) ? list_item(r, l, 0)
                       : value_undefined(r, S("first"), "there is no first item, as there are no items");
    return ERR_OK;
}

FILTER(last, 0)
{
    struct list *l;

    if (value_is_lazy(self))
        return render_fail(r, ERR_BAD_INPUT, "%s gives its items one by one; write |list before |last",
                           self.list->made_by ? self.list->made_by : "reverse");
    TRY(value_iterate(r, self, &l));
    *out = list_len(l) ? list_item(r, l, list_len(l) - 1)
                       : value_undefined(r, S("last"), "there is no last item, as there are no items");
    return ERR_OK;
}

FILTER(random, 0)
{
    return render_fail(r, ERR_BAD_INPUT,
                       "the filter random is not here: the same case must always give the same prompt");
}

FILTER(reverse, 0)
{
    struct list *from, *l = list_new(r, value_is_lazy(self) ? LIST_PLAIN : LIST_LAZY, 0);

    if (self.kind == VALUE_STR)
        return text_reverse(r, self.s, out);
    TRY(value_iterate(r, self, &from));
    for (size_t i = list_len(from); i-- > 0;)
        TRY(list_push(r, l, list_item(r, from, i)));
    *out = value_list(l);
    return ERR_OK;
}

FILTER(join, 0, "d", "attribute")
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct str between = S("");
    struct getter g;
    struct list *l;

    if (args[0].kind != VALUE_MISSING)
        TRY(value_text(r, args[0], &between));
    TRY(getter_read(r, args[1], &g));
    TRY(value_iterate(r, self, &l));
    for (size_t i = 0; i < list_len(l); i++) {
        struct value v;

        TRY(render_steps(r, 1));
        TRY(getter_get(r, &g, list_item(r, l, i), &v));
        if (i)
            buf_append(&b, between);
        TRY(value_print(r, v, &b));
    }
    return value_take_text(r, &b, out);
}

FILTER_AS(items, "items", .takes_undefined = true)
{
    struct list *l = filter_lazy(r, "items");

    if (self.kind != VALUE_UNDEFINED) {
        if (self.kind != VALUE_DICT)
            return render_fail(r, ERR_BAD_INPUT, "items needs a dict, not %s", value_type(self));
        TRY(dict_force(r, self.dict));
        for (size_t i = 0; i < self.dict->len; i++) {
            struct list *pair = list_new(r, LIST_TUPLE, 2);

            TRY(list_push(r, pair, self.dict->at[i].key));
            TRY(list_push(r, pair, self.dict->at[i].value));
            TRY(list_push(r, l, value_list(pair)));
        }
    }
    *out = value_list(l);
    return ERR_OK;
}

FILTER(batch, 1, "linecount", "fill_with")
{
    struct list *from, *l = filter_lazy(r, "batch"), *line = NULL;
    int64_t n;

    TRY(arg_int(r, args[0], "linecount", 0, &n));
    if (n < 1)
        return render_fail(r, ERR_BAD_INPUT, "\"linecount\" must be at least 1");
    TRY(value_iterate(r, self, &from));
    for (size_t i = 0; i < list_len(from); i++) {
        if (i % (uint64_t)n == 0) {
            line = list_new(r, LIST_PLAIN, 0);
            TRY(list_push(r, l, value_list(line)));
        }
        TRY(list_push(r, line, list_item(r, from, i)));
    }
    while (line && args[1].kind != VALUE_MISSING && args[1].kind != VALUE_NONE && line->len < (uint64_t)n)
        TRY(list_push(r, line, args[1]));
    *out = value_list(l);
    return ERR_OK;
}

FILTER(slice, 1, "slices", "fill_with")
{
    struct list *from, *l = filter_lazy(r, "slice");
    int64_t n, each, extra;
    size_t at = 0;

    TRY(arg_int(r, args[0], "slices", 0, &n));
    if (n < 1)
        return render_fail(r, ERR_BAD_INPUT, "\"slices\" must be at least 1");
    TRY(value_iterate(r, self, &from));
    each = (int64_t)list_len(from) / n;
    extra = (int64_t)list_len(from) % n;
    for (int64_t i = 0; i < n; i++) {
        struct list *part = list_new(r, LIST_PLAIN, 0);

        for (int64_t k = 0; k < each + (i < extra); k++)
            TRY(list_push(r, part, list_item(r, from, at++)));
        if (i >= extra && args[1].kind != VALUE_MISSING && args[1].kind != VALUE_NONE)
            TRY(list_push(r, part, args[1]));
        TRY(list_push(r, l, value_list(part)));
    }
    *out = value_list(l);
    return ERR_OK;
}

/* The keys "a,b" name, as a list for each item. */
static enum err_code filter_sort_key(struct render *r, const struct getter *g, size_t n, bool case_sensitive,
                                     struct value item, struct value *out)
{
    struct list *keys = list_new(r, LIST_PLAIN, n);

    for (size_t i = 0; i < n; i++) {
        struct value v;

        TRY(getter_get(r, &g[i], item, &v));
        TRY(filter_fold_case(r, case_sensitive, &v));
        TRY(list_push(r, keys, v));
    }
    *out = value_list(keys);
    return ERR_OK;
}

FILTER(sort, 0, "reverse", "case_sensitive", "attribute")
{
    struct getter g[8];
    size_t n = 0;
    struct list *from, *l;
    struct sorted *at;
    bool reverse, case_sensitive;
    struct str rest, part;

    TRY(arg_truth(r, args[0], false, &reverse));
    TRY(arg_truth(r, args[1], false, &case_sensitive));
    if (args[2].kind == VALUE_STR) {
        for (rest = args[2].s; str_split(&rest, ',', &part); n++) {
            if (n == COUNT_OF(g))
                return render_fail(r, ERR_TOO_LARGE, "sort takes %zu attributes at most", COUNT_OF(g));
            TRY(getter_read(r, value_str(part), &g[n]));
        }
    } else {
        TRY(getter_read(r, args[2], &g[n++]));
    }
    TRY(value_iterate(r, self, &from));
    TRY(render_steps(r, (int64_t)list_len(from)));
    at = arena_array(r->arena, struct sorted, list_len(from) + 1);
    for (size_t i = 0; i < list_len(from); i++) {
        at[i].item = list_item(r, from, i);
        TRY(filter_sort_key(r, g, n, case_sensitive, at[i].item, &at[i].key));
    }
    TRY(filter_order_rows(r, at, list_len(from), reverse, true));
    l = list_new(r, LIST_PLAIN, list_len(from));
    for (size_t i = 0; i < list_len(from); i++)
        TRY(list_push(r, l, at[i].item));
    *out = value_list(l);
    return ERR_OK;
}

FILTER(unique, 0, "case_sensitive", "attribute")
{
    struct list *from, *l = filter_lazy(r, "unique");
    struct dict *seen = dict_new(r);
    struct getter g;
    bool case_sensitive;

    TRY(arg_truth(r, args[0], false, &case_sensitive));
    TRY(getter_read(r, args[1], &g));
    TRY(value_iterate(r, self, &from));
    for (size_t i = 0; i < list_len(from); i++) {
        struct value item = list_item(r, from, i), key, ignored;
        bool found;

        TRY(getter_get(r, &g, item, &key));
        TRY(filter_fold_case(r, case_sensitive, &key));
        TRY(dict_get(r, seen, key, &ignored, &found));
        if (found)
            continue;
        TRY(dict_put(r, seen, key, VALUE_OF_NONE));
        TRY(list_push(r, l, item));
    }
    *out = value_list(l);
    return ERR_OK;
}

static enum err_code filter_extreme(struct render *r, struct value self, const struct value *args, int want,
                                    struct value *out)
{
    struct getter g;
    struct list *l;
    struct value best = VALUE_OF_MISSING;
    bool case_sensitive;

    TRY(arg_truth(r, args[0], false, &case_sensitive));
    TRY(getter_read(r, args[1], &g));
    TRY(value_iterate(r, self, &l));
    *out = value_undefined(r, S("item"), "there is no %s, as there are no items",
                           want < 0 ? "smallest item" : "largest item");
    for (size_t i = 0; i < list_len(l); i++) {
        struct value item = list_item(r, l, i), key;
        int order = want;

        TRY(render_steps(r, 1));
        TRY(getter_get(r, &g, item, &key));
        TRY(filter_fold_case(r, case_sensitive, &key));
        if (best.kind != VALUE_MISSING)
            TRY(value_compare(r, key, best, want < 0 ? "<" : ">", &order));
        if (order == want) {
            best = key;
            *out = item;
        }
    }
    return ERR_OK;
}

FILTER(min, 0, "case_sensitive", "attribute") { return filter_extreme(r, self, args, -1, out); }
FILTER(max, 0, "case_sensitive", "attribute") { return filter_extreme(r, self, args, 1, out); }

FILTER(sum, 0, "attribute", "start")
{
    struct getter g;
    struct list *l;

    TRY(getter_read(r, args[0], &g));
    TRY(value_iterate(r, self, &l));
    *out = args[1].kind == VALUE_MISSING ? value_int(0) : args[1];
    if (out->kind == VALUE_STR)
        return render_fail(r, ERR_BAD_INPUT, "sum adds numbers; strings are joined by |join");
    for (size_t i = 0; i < list_len(l); i++) {
        struct value v, total = *out;

        TRY(render_steps(r, 1));
        TRY(getter_get(r, &g, list_item(r, l, i), &v));
        TRY(value_binary(r, OPERATOR_ADD, total, v, out));
    }
    return ERR_OK;
}

FILTER(dictsort, 0, "case_sensitive", "by", "reverse")
{
    struct list *l;
    struct sorted *at;
    struct str by = S("key");
    bool case_sensitive, reverse;

    TRY(arg_truth(r, args[0], false, &case_sensitive));
    if (args[1].kind != VALUE_MISSING)
        TRY(arg_str(r, args[1], "by", &by));
    TRY(arg_truth(r, args[2], false, &reverse));
    if (!str_is(by, "key") && !str_is(by, "value"))
        return render_fail(r, ERR_BAD_INPUT, "\"by\" is \"key\" or \"value\"");
    if (self.kind != VALUE_DICT)
        return render_fail(r, ERR_BAD_INPUT, "dictsort needs a dict, not %s", value_type(self));
    TRY(dict_force(r, self.dict));
    at = arena_array(r->arena, struct sorted, self.dict->len + 1);
    for (size_t i = 0; i < self.dict->len; i++) {
        struct list *pair = list_new(r, LIST_TUPLE, 2);

        TRY(list_push(r, pair, self.dict->at[i].key));
        TRY(list_push(r, pair, self.dict->at[i].value));
        at[i].item = value_list(pair);
        at[i].key = pair->at[str_is(by, "value")];
        TRY(filter_fold_case(r, case_sensitive, &at[i].key));
    }
    TRY(filter_order_rows(r, at, self.dict->len, reverse, false));
    l = list_new(r, LIST_PLAIN, self.dict->len);
    for (size_t i = 0; i < self.dict->len; i++)
        TRY(list_push(r, l, at[i].item));
    *out = value_list(l);
    return ERR_OK;
}

FILTER(groupby, 1, "attribute", "default", "case_sensitive")
{
    struct list *from, *l = list_new(r, LIST_PLAIN, 0), *members = NULL;
    struct getter g;
    struct sorted *at;
    bool case_sensitive;

    TRY(arg_truth(r, args[2], false, &case_sensitive));
    TRY(getter_read(r, args[0], &g));
    g.fallback = args[1];
    TRY(value_iterate(r, self, &from));
    TRY(render_steps(r, (int64_t)list_len(from)));
    at = arena_array(r->arena, struct sorted, list_len(from) + 1);
    for (size_t i = 0; i < list_len(from); i++) {
        at[i].item = list_item(r, from, i);
        TRY(getter_get(r, &g, at[i].item, &at[i].key));
        TRY(filter_fold_case(r, case_sensitive, &at[i].key));
    }
    TRY(filter_order_rows(r, at, list_len(from), false, false));
    for (size_t i = 0; i < list_len(from); i++) {
        bool same = false;

        if (members)
            TRY(value_equal(r, at[i - 1].key, at[i].key, &same));
        if (!same) {
            struct list *group = list_new(r, LIST_GROUP, 2);
            struct value name;

            TRY(getter_get(r, &g, at[i].item, &name));      /* the key of the group's first, in its own case */
            members = list_new(r, LIST_PLAIN, 0);
            TRY(list_push(r, group, name));
            TRY(list_push(r, group, value_list(members)));
            TRY(list_push(r, l, value_list(group)));
        }
        TRY(list_push(r, members, at[i].item));
    }
    *out = value_list(l);
    return ERR_OK;
}

/* The filter or test a map or select names, with the arguments that follow the name. */
static enum err_code filter_named(struct render *r, const char *what, const struct given *given, size_t skip,
                                  const struct callable **fn, struct given *rest)
{
    bool filter = strcmp(what, "filter") == 0;
    struct str name, near;

    TRY(arg_str(r, given->at[skip], what, &name));
    *fn = filter ? filters_find(name) : tests_find(name);
    *rest = *given;
    rest->at += skip + 1;
    rest->len -= skip + 1;
    if (*fn)
        return ERR_OK;
    near = filter ? filters_nearest(name) : tests_nearest(name);
    return render_fail(r, ERR_BAD_INPUT,
                       near.len ? "there is no %s \"" STR_FMT "\"; did you mean \"" STR_FMT "\"?"
                                : "there is no %s \"" STR_FMT "\"",
                       what, STR_ARG(name), STR_ARG(near));
}

static enum err_code filter_map_attribute(struct render *r, struct list *from, const struct given *given,
                                          struct list *l)
{
    struct getter g = { 0 };
    struct value fallback = VALUE_OF_MISSING, attribute = VALUE_OF_MISSING;

    for (size_t k = 0; k < given->keyword_len; k++) {
        if (str_is(given->keywords[k].name, "attribute"))
            attribute = given->keywords[k].value;
        else if (str_is(given->keywords[k].name, "default"))
            fallback = given->keywords[k].value;
        else
            return render_fail(r, ERR_BAD_INPUT, "map has no argument \"" STR_FMT "\"; it takes the name of a filter, or "
                               "attribute and default", STR_ARG(given->keywords[k].name));
    }
    if (attribute.kind == VALUE_MISSING)
        return render_fail(r, ERR_BAD_INPUT,
                           "map needs the name of a filter, as in map(\"upper\"), or attribute=\"name\"");
    TRY(getter_read(r, attribute, &g));
    g.fallback = fallback;
    for (size_t i = 0; i < list_len(from); i++) {
        struct value v;

        TRY(getter_get(r, &g, list_item(r, from, i), &v));
        TRY(list_push(r, l, v));
    }
    return ERR_OK;
}

FILTER_AS(map, "map", .variadic = true)
{
    struct list *from, *l = filter_lazy(r, "map");
    const struct callable *fn;
    struct given rest;

    bool any;

    *out = value_list(l);
    TRY(value_truth(r, self, &any));
    if (!any)
        return ERR_OK;
    TRY(value_iterate(r, self, &from));
    if (!given->len)
        return filter_map_attribute(r, from, given, l);
    TRY(filter_named(r, "filter", given, 0, &fn, &rest));
    for (size_t i = 0; i < list_len(from); i++) {
        struct value v;

        TRY(call_callable(r, "filter", fn, list_item(r, from, i), &rest, &v));
        TRY(list_push(r, l, v));
    }
    return ERR_OK;
}

static enum err_code filter_choose(struct render *r, struct value self, const struct given *given, bool by_attr,
                                   bool want, const char *name, struct value *out)
{
    struct list *from, *l = filter_lazy(r, name);
    const struct callable *fn = NULL;
    struct getter g = { 0 };
    struct given rest = { 0 };

    bool any;

    *out = value_list(l);
    TRY(value_truth(r, self, &any));
    if (!any)
        return ERR_OK;
    TRY(value_iterate(r, self, &from));
    if (by_attr) {
        if (!given->len)
            return render_fail(r, ERR_BAD_INPUT, "%s needs the name of an attribute", name);
        TRY(getter_read(r, given->at[0], &g));
    }
    if (given->len > by_attr)
        TRY(filter_named(r, "test", given, by_attr, &fn, &rest));
    for (size_t i = 0; i < list_len(from); i++) {
        struct value item = list_item(r, from, i), v, verdict;
        bool yes;

        TRY(getter_get(r, &g, item, &v));
        verdict = v;
        if (fn)
            TRY(call_callable(r, "test", fn, v, &rest, &verdict));
        TRY(render_steps(r, 1));
        TRY(value_truth(r, verdict, &yes));
        if (yes == want)
            TRY(list_push(r, l, item));
    }
    return ERR_OK;
}

FILTER_AS(select, "select", .variadic = true)         { return filter_choose(r, self, given, false, true, "select", out); }
FILTER_AS(reject, "reject", .variadic = true)         { return filter_choose(r, self, given, false, false, "reject", out); }
FILTER_AS(selectattr, "selectattr", .variadic = true) { return filter_choose(r, self, given, true, true, "selectattr", out); }
FILTER_AS(rejectattr, "rejectattr", .variadic = true) { return filter_choose(r, self, given, true, false, "rejectattr", out); }
