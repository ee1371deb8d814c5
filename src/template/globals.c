/* Functions every template has: range, dict, namespace, cycler, joiner. lipsum is an error: prompts hold no filler. */
#include "template/engine.h"

#define GLOBAL(id) static enum err_code global_##id(struct render *r, struct value self UNUSED, \
                                                    const struct value *args UNUSED, const struct given *given UNUSED, \
                                                    struct value *out)

GLOBAL(range)
{
    struct list *l = list_new(r, LIST_RANGE, 0);
    struct value v[3];
    unsigned __int128 span;

    if (given->keyword_len || !given->len || given->len > 3)
        return render_fail(r, ERR_BAD_INPUT, "range takes stop; start and stop; or start, stop and step");
    for (size_t i = 0; i < given->len; i++) {
        v[i] = given->at[i];
        TRY(value_defined(r, v[i]));
        if (!value_is_integral(v[i]))
            return render_fail(r, ERR_BAD_INPUT, "range needs whole numbers, not %s", value_type(v[i]));
    }
    l->start = given->len > 1 ? value_integral(v[0]) : 0;
    l->stop = value_integral(v[given->len > 1]);
    l->step = given->len > 2 ? value_integral(v[2]) : 1;
    if (l->step == 0)
        return render_fail(r, ERR_BAD_INPUT, "the step of range can't be 0");
    span = l->step > 0 ? (l->stop > l->start ? (unsigned __int128)((__int128)l->stop - l->start) : 0)
                       : (l->start > l->stop ? (unsigned __int128)((__int128)l->start - l->stop) : 0);
    unsigned __int128 step = l->step > 0 ? (unsigned __int128)l->step : (unsigned __int128)(-(__int128)l->step);

    span = span ? (span - 1) / step + 1 : 0;
    if (span > (unsigned __int128)r->steps_max)
        return render_fail(r, ERR_TOO_LARGE, "range may have %lld items at most (steps_max)", (long long)r->steps_max);
    l->len = (size_t)span;
    *out = value_list(l);
    return ERR_OK;
}

/* dict(pairs or dict, name=value...). */
static enum err_code global_fill(struct render *r, const struct given *given, const char *what, struct dict **out)
{
    struct dict *d = dict_new(r);

    if (given->len > 1)
        return render_fail(r, ERR_BAD_INPUT, "%s takes one dict (or pairs) and named values", what);
    if (given->len && given->at[0].kind == VALUE_DICT) {
        struct dict *from = given->at[0].dict;

        TRY(dict_force(r, from));
        for (size_t i = 0; i < from->len; i++)
            TRY(dict_put(r, d, from->at[i].key, from->at[i].value));
    } else if (given->len) {
        struct list *pairs, *pair;

        TRY(value_iterate(r, given->at[0], &pairs));
        for (size_t i = 0; i < list_len(pairs); i++) {
            TRY(value_iterate(r, list_item(r, pairs, i), &pair));
            if (list_len(pair) != 2)
                return render_fail(r, ERR_BAD_INPUT, "%s needs pairs of a key and a value", what);
            TRY(dict_put(r, d, list_item(r, pair, 0), list_item(r, pair, 1)));
        }
    }
    for (size_t k = 0; k < given->keyword_len; k++)
        TRY(dict_put(r, d, value_str(given->keywords[k].name), given->keywords[k].value));
    *out = d;
    return ERR_OK;
}

GLOBAL(dict)
{
    struct dict *d;

    TRY(global_fill(r, given, "dict", &d));
    *out = value_dict(d);
    return ERR_OK;
}

GLOBAL(namespace)
{
    struct dict *d;

    TRY(global_fill(r, given, "namespace", &d));
    *out = (struct value){ .kind = VALUE_NAMESPACE, .dict = d };
    return ERR_OK;
}

GLOBAL(cycler)
{
    struct cycler *c = arena_new(r->arena, struct cycler);
    struct list *l = list_new(r, LIST_TUPLE, given->len);

    if (!given->len || given->keyword_len)
        return render_fail(r, ERR_BAD_INPUT, "cycler needs values to go through");
    for (size_t i = 0; i < given->len; i++)
        TRY(list_push(r, l, given->at[i]));
    c->items = value_list(l);
    *out = (struct value){ .kind = VALUE_CYCLER, .cycler = c };
    return ERR_OK;
}

GLOBAL(joiner)
{
    struct joiner *j = arena_new(r->arena, struct joiner);

    j->separator = args[0].kind == VALUE_MISSING ? value_str(S(", ")) : args[0];
    *out = (struct value){ .kind = VALUE_JOINER, .joiner = j };
    return ERR_OK;
}

GLOBAL(lipsum)
{
    (void)out;
    return render_fail(r, ERR_BAD_INPUT,
                       "lipsum is not here: it makes random filler, and the same case must always give the "
                       "same prompt");
}

static const struct callable globals[] = {
    { .name = "range", .variadic = true, .fn = global_range },   { .name = "dict", .variadic = true, .fn = global_dict },
    { .name = "cycler", .variadic = true, .fn = global_cycler }, { .name = "lipsum", .variadic = true, .fn = global_lipsum },
    { .name = "namespace", .variadic = true, .fn = global_namespace },
    { .name = "joiner", .params = { "sep" }, .fn = global_joiner },
};

const struct callable *globals_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(globals); i++)
        if (str_is(name, globals[i].name))
            return &globals[i];
    return NULL;
}
