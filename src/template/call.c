#include "template/engine.h"

#include <stdio.h>

/* What *list and **dict add is checked as the rest. */
static enum err_code call_spread(struct render *r, const struct call_args *args, struct given *out)
{
    struct value v;
    struct list *l;

    if (args->star) {
        TRY(eval(r, args->star, &v));
        r->at = args->star->at;
        TRY(value_iterate(r, v, &l));
        TRY(render_steps(r, (int64_t)list_len(l)));
        struct value *at = arena_array(r->arena, struct value, out->len + list_len(l) + 1);

        if (out->len)
            memcpy(at, out->at, out->len * sizeof *at);
        for (size_t i = 0; i < list_len(l); i++)
            at[out->len + i] = list_item(r, l, i);
        out->at = at;
        out->len += list_len(l);
    }
    if (args->star_star) {
        TRY(eval(r, args->star_star, &v));
        r->at = args->star_star->at;
        TRY(value_defined(r, v));
        if (v.kind != VALUE_DICT)
            return render_fail(r, ERR_BAD_INPUT, "** needs a dict, not %s", value_type(v));
        TRY(dict_force(r, v.dict));
        struct given_keyword *k = arena_array(r->arena, struct given_keyword, out->keyword_len + v.dict->len + 1);

        if (out->keyword_len)
            memcpy(k, out->keywords, out->keyword_len * sizeof *k);
        for (size_t i = 0; i < v.dict->len; i++) {
            if (v.dict->at[i].key.kind != VALUE_STR)
                return render_fail(r, ERR_BAD_INPUT, "the keys of ** must be strings");
            for (size_t j = 0; j < out->keyword_len; j++)
                if (str_eq(k[j].name, v.dict->at[i].key.s))
                    return render_fail(r, ERR_BAD_INPUT, "argument \"" STR_FMT "\" is given twice", STR_ARG(k[j].name));
            k[out->keyword_len + i] = (struct given_keyword){ v.dict->at[i].key.s, v.dict->at[i].value };
        }
        out->keywords = k;
        out->keyword_len += v.dict->len;
    }
    return ERR_OK;
}

enum err_code call_given(struct render *r, const struct call_args *args, struct given *out)
{
    *out = (struct given){ .len = args->len, .keyword_len = args->keyword_len };
    out->at = arena_array(r->arena, struct value, args->len + 1);
    out->keywords = arena_array(r->arena, struct given_keyword, args->keyword_len + 1);
    for (size_t i = 0; i < args->len; i++)
        TRY(eval(r, args->at[i], &out->at[i]));
    for (size_t i = 0; i < args->keyword_len; i++) {
        out->keywords[i].name = args->keywords[i].name;
        TRY(eval(r, args->keywords[i].value, &out->keywords[i].value));
    }
    if (args->star || args->star_star)
        TRY(call_spread(r, args, out));
    return ERR_OK;
}

/* "width, first, blank", for the sentence about a wrong argument. */
static const char *call_params(const struct callable *fn, char out[160])
{
    size_t at = 0;

    out[0] = '\0';
    for (int i = 0; i < CALLABLE_PARAMS && fn->params[i]; i++)
        at += (size_t)snprintf(out + at, 160 - at, "%s%s", i ? ", " : "", fn->params[i]);
    return out[0] ? out : "nothing";
}

enum err_code call_callable(struct render *r, const char *what, const struct callable *fn, struct value self,
                            const struct given *given, struct value *out)
{
    struct value args[CALLABLE_PARAMS] = { 0 };
    int params = 0;
    char text[160];

    TRY(render_steps(r, 1));
    if (!fn->takes_undefined)
        TRY(value_defined(r, self));
    if (fn->variadic)
        return fn->fn(r, self, NULL, given, out);
    while (params < CALLABLE_PARAMS && fn->params[params])
        params++;
    if (given->len > (size_t)params)
        return render_fail(r, ERR_BAD_INPUT, "%s \"%s\" takes %s, and %zu values are given", what, fn->name,
                           call_params(fn, text), given->len);
    if (given->len)
        memcpy(args, given->at, given->len * sizeof *args);
    for (size_t k = 0; k < given->keyword_len; k++) {
        int i = 0;

        while (i < params && !str_is(given->keywords[k].name, fn->params[i]))
            i++;
        if (i == params)
            return render_fail(r, ERR_BAD_INPUT, "%s \"%s\" has no argument \"" STR_FMT "\"; it takes %s", what,
                               fn->name, STR_ARG(given->keywords[k].name), call_params(fn, text));
        if (args[i].kind != VALUE_MISSING)
            return render_fail(r, ERR_BAD_INPUT, "%s \"%s\" is given \"%s\" twice", what, fn->name, fn->params[i]);
        args[i] = given->keywords[k].value;
    }
    for (int i = 0; i < fn->required; i++)
        if (args[i].kind == VALUE_MISSING)
            return render_fail(r, ERR_BAD_INPUT, "%s \"%s\" needs \"%s\"", what, fn->name, fn->params[i]);
    return fn->fn(r, self, args, given, out);
}

static enum err_code call_plain(struct render *r, const char *what, size_t want, const struct given *given)
{
    if (given->len != want || given->keyword_len)
        return render_fail(r, ERR_BAD_INPUT, "%s takes %s", what, want ? "one value" : "no arguments");
    return ERR_OK;
}

enum err_code call_value(struct render *r, struct value fn, const struct given *given, struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct buf *before;

    TRY(value_defined(r, fn));
    switch (fn.kind) {
    case VALUE_MACRO: return call_macro(r, fn.macro, given, out);
    case VALUE_METHOD: return call_callable(r, "method", fn.method->fn, fn.method->self, given, out);
    case VALUE_GLOBAL: return call_callable(r, "function", fn.global, VALUE_OF_NONE, given, out);
    case VALUE_LOOP: TRY(call_plain(r, "loop()", 1, given)); return turns_call(r, fn.loop, given->at[0], out);
    case VALUE_JOINER:
        TRY(call_plain(r, "a joiner", 0, given));
        *out = fn.joiner->used ? fn.joiner->separator : value_str(S(""));
        fn.joiner->used = true;
        return ERR_OK;
    case VALUE_BLOCK:
        TRY(call_plain(r, "a block", 0, given));
        before = r->out;
        r->out = &b;
        TRY(compose_block(r, fn.block->stack, fn.block->level, &r->root->scope));
        r->out = before;
        return value_take_text(r, &b, out);
    default:
        return render_fail(r, ERR_BAD_INPUT, "%s can't be called; macros, functions and methods can", value_type(fn));
    }
}

enum err_code arg_int(struct render *r, struct value v, const char *what, int64_t fallback, int64_t *out)
{
    *out = fallback;
    if (v.kind == VALUE_MISSING)
        return ERR_OK;
    TRY(value_defined(r, v));
    if (!value_is_integral(v))
        return render_fail(r, ERR_BAD_INPUT, "\"%s\" must be a whole number, not %s", what, value_type(v));
    *out = value_integral(v);
    return ERR_OK;
}

enum err_code arg_truth(struct render *r, struct value v, bool fallback, bool *out)
{
    *out = fallback;
    return v.kind == VALUE_MISSING ? ERR_OK : value_truth(r, v, out);
}

enum err_code arg_str(struct render *r, struct value v, const char *what, struct str *out)
{
    TRY(value_defined(r, v));
    if (v.kind != VALUE_STR)
        return render_fail(r, ERR_BAD_INPUT, "\"%s\" must be a string, not %s", what, value_type(v));
    *out = v.s;
    return ERR_OK;
}
