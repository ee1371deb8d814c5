#include "template/engine.h"

static enum err_code eval_name(struct render *r, const struct expr *x, struct value *out)
{
    const struct callable *fn;

    if (scope_find(r, r->scope, x->name, out))
        return ERR_OK;
    if ((fn = globals_find(x->name))) {
        *out = (struct value){ .kind = VALUE_GLOBAL, .global = fn };
        return ERR_OK;
    }
    r->at = x->at;
    *out = value_undefined(r, x->name, NULL);
    return ERR_OK;
}

static enum err_code eval_row(struct render *r, const struct expr *x, struct value *out)
{
    struct list *l = list_new(r, x->kind == EXPR_TUPLE ? LIST_TUPLE : LIST_PLAIN, x->len);

    for (size_t i = 0; i < x->len; i++) {
        struct value v;

        TRY(eval(r, x->items[i], &v));
        TRY(list_push(r, l, v));
    }
    *out = value_list(l);
    return ERR_OK;
}

static enum err_code eval_dict(struct render *r, const struct expr *x, struct value *out)
{
    struct dict *d = dict_new(r);

    for (size_t i = 0; i < x->len; i += 2) {
        struct value key, v;

        TRY(eval(r, x->items[i], &key));
        TRY(eval(r, x->items[i + 1], &v));
        r->at = x->items[i]->at;
        TRY(dict_put(r, d, key, v));
    }
    *out = value_dict(d);
    return ERR_OK;
}

static enum err_code eval_concat(struct render *r, const struct expr *x, struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));

    for (size_t i = 0; i < x->len; i++) {
        struct value v;

        TRY(eval(r, x->items[i], &v));
        r->at = x->items[i]->at;
        TRY(value_print(r, v, &b));
    }
    return value_take_text(r, &b, out);
}

static enum err_code eval_compare_one(struct render *r, enum compare_op op, struct value a, struct value b, bool *out)
{
    static const char *const text[] = {
        [COMPARE_EQ] = "==", [COMPARE_NE] = "!=", [COMPARE_LT] = "<", [COMPARE_LE] = "<=", [COMPARE_GT] = ">",
        [COMPARE_GE] = ">=", [COMPARE_IN] = "in", [COMPARE_NOT_IN] = "not in",
    };
    int order = 0;

    if (op == COMPARE_EQ || op == COMPARE_NE) {
        TRY(value_equal(r, a, b, out));
        *out ^= op == COMPARE_NE;
        return ERR_OK;
    }
    if (op == COMPARE_IN || op == COMPARE_NOT_IN) {
        TRY(value_contains(r, b, a, out));
        *out ^= op == COMPARE_NOT_IN;
        return ERR_OK;
    }
    TRY(value_compare(r, a, b, text[op], &order));
    *out = order != 2 && (op == COMPARE_LT   ? order < 0
                          : op == COMPARE_LE ? order <= 0
                          : op == COMPARE_GT ? order > 0
                                             : order >= 0);
    return ERR_OK;
}

static enum err_code eval_compare(struct render *r, const struct expr *x, struct value *out)
{
    struct value left, right;
    bool yes = true;

    TRY(eval(r, x->items[0], &left));
    for (size_t i = 1; i < x->len && yes; i++) {
        TRY(eval(r, x->items[i], &right));
        r->at = x->at;
        TRY(eval_compare_one(r, x->compares[i - 1], left, right, &yes));
        left = right;
    }
    *out = value_bool(yes);
    return ERR_OK;
}

static enum err_code eval_logic(struct render *r, const struct expr *x, struct value *out)
{
    bool yes;

    TRY(eval(r, x->a, out));
    r->at = x->a->at;
    TRY(value_truth(r, *out, &yes));
    if (x->kind == EXPR_NOT) {
        *out = value_bool(!yes);
        return ERR_OK;
    }
    return yes == (x->kind == EXPR_AND) ? eval(r, x->b, out) : ERR_OK;
}

static enum err_code eval_if(struct render *r, const struct expr *x, struct value *out)
{
    struct value v;
    bool yes;

    TRY(eval(r, x->b, &v));
    r->at = x->b->at;
    TRY(value_truth(r, v, &yes));
    if (yes)
        return eval(r, x->a, out);
    if (x->c)
        return eval(r, x->c, out);
    r->at = x->at;
    *out = value_undefined(r, S("if"), "this `if` is false and has no `else`, so there is no value here");
    out->undefined->lenient = true;
    return ERR_OK;
}

static enum err_code eval_access(struct render *r, const struct expr *x, struct value *out)
{
    struct value on, key;

    TRY(eval(r, x->a, &on));
    if (x->kind == EXPR_ATTR) {
        r->at = x->at;
        TRY(value_attr(r, on, x->name, out));
    } else {
        TRY(eval(r, x->b, &key));
        r->at = x->at;
        TRY(value_item(r, on, key, out));
    }
    if (out->kind == VALUE_UNDEFINED && out->undefined->of)
        out->undefined->expr = x;
    return ERR_OK;
}

static enum err_code eval_slice(struct render *r, const struct expr *x, struct value *out)
{
    struct value on, lo = VALUE_OF_MISSING, hi = VALUE_OF_MISSING, step = VALUE_OF_MISSING;

    TRY(eval(r, x->a, &on));
    if (x->b)
        TRY(eval(r, x->b, &lo));
    if (x->c)
        TRY(eval(r, x->c, &hi));
    if (x->d)
        TRY(eval(r, x->d, &step));
    r->at = x->at;
    return value_slice(r, on, lo, hi, step, out);
}

static enum err_code eval_filter(struct render *r, const struct expr *x, struct value *out)
{
    struct given given = { 0 };
    struct value on;

    TRY(eval(r, x->a, &on));
    if (x->args)
        TRY(call_given(r, x->args, &given));
    r->at = x->at;
    if (!x->fn)
        return render_fail(r, ERR_BAD_INPUT, "there is no filter \"" STR_FMT "\"", STR_ARG(x->name));
    return call_callable(r, "filter", x->fn, on, &given, out);
}

static enum err_code eval_test(struct render *r, const struct expr *x, struct value *out)
{
    struct given given = { 0 };
    struct value on;

    TRY(eval(r, x->a, &on));
    if (x->args)
        TRY(call_given(r, x->args, &given));
    r->at = x->at;
    if (!x->fn)
        return render_fail(r, ERR_BAD_INPUT, "there is no test \"" STR_FMT "\"", STR_ARG(x->name));
    TRY(call_callable(r, "test", x->fn, on, &given, out));
    if (x->negated)
        *out = value_bool(!out->b);
    return ERR_OK;
}

enum err_code eval_call(struct render *r, const struct expr *x, struct value caller, struct value *out)
{
    struct given given;
    struct value fn;

    TRY(eval(r, x->a, &fn));
    TRY(call_given(r, x->args, &given));
    r->at = x->at;
    if (caller.kind != VALUE_MISSING) {
        struct given_keyword *keywords = arena_array(r->arena, struct given_keyword, given.keyword_len + 1);

        if (given.keyword_len)
            memcpy(keywords, given.keywords, given.keyword_len * sizeof *keywords);
        keywords[given.keyword_len++] = (struct given_keyword){ r->t->words.caller, caller };
        given.keywords = keywords;
    }
    return call_value(r, fn, &given, out);
}

enum err_code eval(struct render *r, const struct expr *x, struct value *out)
{
    struct value a, b;

    switch (x->kind) {
    case EXPR_CONST: *out = x->constant; return ERR_OK;
    case EXPR_NAME: return eval_name(r, x, out);
    case EXPR_BODY: *out = r->body; return ERR_OK;
    default: break;
    }
    TRY(render_stack(r));
    switch (x->kind) {
    case EXPR_TUPLE: case EXPR_LIST:          return eval_row(r, x, out);
    case EXPR_DICT:                           return eval_dict(r, x, out);
    case EXPR_NOT: case EXPR_AND: case EXPR_OR: return eval_logic(r, x, out);
    case EXPR_CONCAT:                         return eval_concat(r, x, out);
    case EXPR_COMPARE:                        return eval_compare(r, x, out);
    case EXPR_IF:                             return eval_if(r, x, out);
    case EXPR_ATTR: case EXPR_ITEM:           return eval_access(r, x, out);
    case EXPR_SLICE:                          return eval_slice(r, x, out);
    case EXPR_CALL:                           return eval_call(r, x, VALUE_OF_MISSING, out);
    case EXPR_FILTER:                         return eval_filter(r, x, out);
    case EXPR_TEST:                           return eval_test(r, x, out);
    case EXPR_NEG: case EXPR_POS:
        TRY(eval(r, x->a, &a));
        r->at = x->at;
        return value_negate(r, a, x->kind == EXPR_NEG, out);
    case EXPR_BINARY:
        TRY(eval(r, x->a, &a));
        TRY(eval(r, x->b, &b));
        r->at = x->at;
        return value_binary(r, x->op, a, b, out);
    default: ASSERT(!"an expression of no kind");
    }
    return ERR_INTERNAL;
}

static enum err_code eval_assign_namespace(struct render *r, const struct expr *x, struct value v)
{
    struct value ns;

    r->at = x->at;
    if (!scope_find(r, r->scope, x->name, &ns)) {
        ns = value_undefined(r, x->name, NULL);
        return scope_undefined(r, ns);
    }
    if (ns.kind != VALUE_NAMESPACE)
        return render_fail(r, ERR_BAD_INPUT, "\"" STR_FMT "\" is %s and can't be changed; make it with namespace()",
                           STR_ARG(x->name), value_type(ns));
    return dict_put(r, ns.dict, value_str(x->attr), v);
}

enum err_code eval_assign(struct render *r, const struct expr *x, struct value v, bool exported)
{
    struct list *l;

    if (x->kind == EXPR_NAME) {
        scope_set(r, r->scope, x->name, v, exported && x->name.at[0] != '_');
        return ERR_OK;
    }
    if (x->kind == EXPR_NS_ATTR)
        return eval_assign_namespace(r, x, v);
    TRY(value_iterate(r, v, &l));
    if (list_len(l) != x->len)
        return render_fail(r, ERR_BAD_INPUT, "%zu names are set here, but there are %zu values", x->len, list_len(l));
    for (size_t i = 0; i < x->len; i++)
        TRY(eval_assign(r, x->items[i], list_item(r, l, i), exported));
    return ERR_OK;
}
