#include "template/engine.h"
#include "template/unicode.h"

#include <math.h>

static const char *const operator_text[] = {
    [OPERATOR_ADD] = "+", [OPERATOR_SUB] = "-", [OPERATOR_MUL] = "*", [OPERATOR_DIV] = "/", [OPERATOR_FLOORDIV] = "//",
    [OPERATOR_MOD] = "%", [OPERATOR_POW] = "**",
};

static double operator_double(struct value v)
{
    return v.kind == VALUE_FLOAT ? v.d : (double)value_integral(v);
}

static enum err_code operator_overflow(struct render *r, const char *op)
{
    return render_fail(r, ERR_TOO_LARGE, "the result of \"%s\" does not fit in a 64-bit integer", op);
}

static enum err_code operator_zero(struct render *r, const char *op)
{
    return render_fail(r, ERR_BAD_INPUT, "\"%s\" by zero", op);
}

static enum err_code operator_power(struct render *r, int64_t base, int64_t exponent, struct value *out)
{
    int64_t result = 1;

    if (exponent < 0) {
        if (base == 0)
            return render_fail(r, ERR_BAD_INPUT, "0 can't be raised to a negative power");
        *out = value_float(pow((double)base, (double)exponent));
        return ERR_OK;
    }
    while (exponent) {
        if ((exponent & 1) && __builtin_mul_overflow(result, base, &result))
            return operator_overflow(r, "**");
        exponent >>= 1;
        if (exponent && __builtin_mul_overflow(base, base, &base))
            return operator_overflow(r, "**");
    }
    *out = value_int(result);
    return ERR_OK;
}

static enum err_code operator_ints(struct render *r, enum operator_kind op, int64_t a, int64_t b, struct value *out)
{
    const char *text = operator_text[op];
    int64_t result = 0;
    bool over = false;

    if (b == 0 && (op == OPERATOR_DIV || op == OPERATOR_FLOORDIV || op == OPERATOR_MOD))
        return operator_zero(r, text);
    switch (op) {
    case OPERATOR_ADD: over = __builtin_add_overflow(a, b, &result); break;
    case OPERATOR_SUB: over = __builtin_sub_overflow(a, b, &result); break;
    case OPERATOR_MUL: over = __builtin_mul_overflow(a, b, &result); break;
    case OPERATOR_DIV: *out = value_float((double)((long double)a / (long double)b)); return ERR_OK;
    case OPERATOR_FLOORDIV:
        over = a == INT64_MIN && b == -1;
        result = over ? 0 : a / b - (a % b != 0 && (a < 0) != (b < 0));
        break;
    case OPERATOR_MOD:
        result = b == -1 ? 0 : a % b;
        if (result && (result < 0) != (b < 0))
            result += b;
        break;
    case OPERATOR_POW: return operator_power(r, a, b, out);
    }
    if (over)
        return operator_overflow(r, text);
    *out = value_int(result);
    return ERR_OK;
}

/* Floor and remainder as Python defines them: the remainder has the divisor's sign. */
static double operator_float_divmod(double a, double b, double *floor_out)
{
    double mod = fmod(a, b), div = (a - mod) / b;

    if (mod != 0) {
        if ((b < 0) != (mod < 0)) {
            mod += b;
            div -= 1;
        }
    } else {
        mod = copysign(0, b);
    }
    *floor_out = div != 0 ? floor(div) + (div - floor(div) > 0.5) : copysign(0, a / b);
    return mod;
}

static enum err_code operator_floats(struct render *r, enum operator_kind op, double a, double b, struct value *out)
{
    double d = 0, mod;

    if (b == 0 && (op == OPERATOR_DIV || op == OPERATOR_FLOORDIV || op == OPERATOR_MOD))
        return operator_zero(r, operator_text[op]);
    switch (op) {
    case OPERATOR_ADD: d = a + b; break;
    case OPERATOR_SUB: d = a - b; break;
    case OPERATOR_MUL: d = a * b; break;
    case OPERATOR_DIV: d = a / b; break;
    case OPERATOR_FLOORDIV: operator_float_divmod(a, b, &d); break;
    case OPERATOR_MOD:
        mod = operator_float_divmod(a, b, &d);
        d = mod;
        break;
    case OPERATOR_POW:
        if (a == 0 && b < 0)
            return render_fail(r, ERR_BAD_INPUT, "0 can't be raised to a negative power");
        if (a < 0 && b != floor(b) && isfinite(a) && isfinite(b))
            return render_fail(r, ERR_BAD_INPUT, "a negative number can't be raised to a fraction");
        d = pow(a, b);
        if (isinf(d) && isfinite(a) && isfinite(b))
            return render_fail(r, ERR_TOO_LARGE, "the result of \"**\" is too large");
        break;
    }
    *out = value_float(d);
    return ERR_OK;
}

static enum err_code operator_repeat(struct render *r, struct value v, int64_t n, struct value *out)
{
    size_t total;

    n = MAX(n, (int64_t)0);
    if (v.kind == VALUE_STR) {
        if (__builtin_mul_overflow(v.s.len, (size_t)n, &total) || total > render_text_max(r))
            return render_fail(r, ERR_TOO_LARGE, "a string repeated %lld times is longer than %zu bytes", (long long)n,
                               render_text_max(r));
        TRY(render_steps(r, (int64_t)(total / 64) + 1));
        char *at = arena_alloc(r->arena, total + 1);

        for (size_t done = 0; done < total; done += v.s.len)
            memcpy(at + done, v.s.at, v.s.len);
        *out = value_str(str_n(at, total));
        return ERR_OK;
    }
    struct list *l = list_new(r, v.list->flavor, 0);

    if (__builtin_mul_overflow(list_len(v.list), (size_t)n, &total))
        return render_steps(r, INT64_MAX);
    for (size_t i = 0; i < total; i++)
        TRY(list_push(r, l, list_item(r, v.list, i % list_len(v.list))));
    *out = value_list(l);
    return ERR_OK;
}

static enum err_code operator_join(struct render *r, struct value a, struct value b, struct value *out)
{
    struct list *l;

    if (a.kind == VALUE_STR) {
        if (a.s.len + b.s.len > render_text_max(r))
            return render_fail(r, ERR_TOO_LARGE, "a string is longer than %zu bytes", render_text_max(r));
        TRY(render_steps(r, (int64_t)((a.s.len + b.s.len) / 64) + 1));
        char *at = arena_alloc(r->arena, a.s.len + b.s.len + 1);

        if (a.s.len)
            memcpy(at, a.s.at, a.s.len);
        if (b.s.len)
            memcpy(at + a.s.len, b.s.at, b.s.len);
        *out = value_str(str_n(at, a.s.len + b.s.len));
        return ERR_OK;
    }
    l = list_new(r, value_is_tuple(a) ? LIST_TUPLE : LIST_PLAIN, list_len(a.list) + list_len(b.list));
    for (size_t i = 0; i < list_len(a.list); i++)
        TRY(list_push(r, l, list_item(r, a.list, i)));
    for (size_t i = 0; i < list_len(b.list); i++)
        TRY(list_push(r, l, list_item(r, b.list, i)));
    *out = value_list(l);
    return ERR_OK;
}

static bool operator_is_row(struct value v)
{
    return v.kind == VALUE_STR || value_is_tuple(v) || (v.kind == VALUE_LIST && v.list->flavor == LIST_PLAIN);
}

enum err_code value_binary(struct render *r, enum operator_kind op, struct value a, struct value b, struct value *out)
{
    TRY(value_defined(r, a));
    if (op == OPERATOR_MOD && a.kind == VALUE_STR)
        return format_percent(r, a.s, b, out);
    TRY(value_defined(r, b));
    if (value_is_number(a) && value_is_number(b)) {
        if (a.kind == VALUE_FLOAT || b.kind == VALUE_FLOAT)
            return operator_floats(r, op, operator_double(a), operator_double(b), out);
        return operator_ints(r, op, value_integral(a), value_integral(b), out);
    }
    if (op == OPERATOR_ADD && operator_is_row(a) && operator_is_row(b) && a.kind == b.kind &&
        value_is_tuple(a) == value_is_tuple(b))
        return operator_join(r, a, b, out);
    if (op == OPERATOR_MUL && operator_is_row(a) && value_is_integral(b))
        return operator_repeat(r, a, value_integral(b), out);
    if (op == OPERATOR_MUL && operator_is_row(b) && value_is_integral(a))
        return operator_repeat(r, b, value_integral(a), out);
    if (op == OPERATOR_ADD && (a.kind == VALUE_STR || b.kind == VALUE_STR))
        return render_fail(r, ERR_BAD_INPUT, "%s and %s can't be added; to join texts write ~", value_type(a),
                           value_type(b));
    return render_fail(r, ERR_BAD_INPUT, "\"%s\" does not work between %s and %s", operator_text[op], value_type(a),
                       value_type(b));
}

enum err_code value_negate(struct render *r, struct value v, bool minus, struct value *out)
{
    TRY(value_defined(r, v));
    if (!value_is_number(v))
        return render_fail(r, ERR_BAD_INPUT, "\"%s\" needs a number after it, not %s", minus ? "-" : "+",
                           value_type(v));
    if (v.kind == VALUE_FLOAT) {
        *out = value_float(minus ? -v.d : v.d);
        return ERR_OK;
    }
    if (minus && value_integral(v) == INT64_MIN)
        return operator_overflow(r, "-");
    *out = value_int(minus ? -value_integral(v) : value_integral(v));
    return ERR_OK;
}

static enum err_code operator_method(struct render *r, struct value v, struct str name, struct value *out, bool *found)
{
    const struct callable *fn = methods_find(v, name);

    *found = fn != NULL;
    if (fn) {
        struct method *m = arena_new(r->arena, struct method);

        *m = (struct method){ v, fn };
        *out = (struct value){ .kind = VALUE_METHOD, .method = m };
    }
    return ERR_OK;
}

static bool operator_group_attr(struct render *r, struct value v, struct str name, struct value *out)
{
    if (v.kind != VALUE_LIST || v.list->flavor != LIST_GROUP || (!str_is(name, "grouper") && !str_is(name, "list")))
        return false;
    *out = list_item(r, v.list, str_is(name, "list"));
    return true;
}

static bool operator_macro_attr(struct render *r, const struct macro *m, struct str name, struct value *out)
{
    if (str_is(name, "name")) {
        *out = value_str(m->def->name);
    } else if (str_is(name, "arguments")) {
        struct list *l = list_new(r, LIST_TUPLE, m->def->len);

        for (size_t i = 0; i < m->def->len; i++)
            if (list_push(r, l, value_str(m->def->params[i])) != ERR_OK)
                return false;
        *out = value_list(l);
    } else if (str_is(name, "catch_kwargs") || str_is(name, "catch_varargs") || str_is(name, "caller")) {
        *out = value_bool(str_is(name, "caller")         ? m->def->uses_caller || m->def->explicit_caller
                          : str_is(name, "catch_kwargs") ? m->def->uses_kwargs
                                                         : m->def->uses_varargs);
    } else {
        return false;
    }
    return true;
}

static enum err_code operator_module_attr(struct render *r, const struct module *m, struct str name, struct value *out,
                                          bool *found)
{
    const struct scope *s = &m->root->scope;

    (void)r;
    for (uint32_t i = 0; i < s->len && !*found; i++)
        if (s->slots[i].exported && str_eq(str_n(s->slots[i].name, s->slots[i].name_len), name)) {
            *out = s->slots[i].value;
            *found = true;
        }
    return ERR_OK;
}

enum err_code value_attr(struct render *r, struct value v, struct str name, struct value *out)
{
    bool found = false;
    const char *why;

    if (v.kind == VALUE_UNDEFINED)
        return scope_undefined(r, v);
    switch (v.kind) {
    case VALUE_STR:
    case VALUE_LIST:
        if (operator_group_attr(r, v, name, out))
            return ERR_OK;
        TRY(operator_method(r, v, name, out, &found));
        break;
    case VALUE_CYCLER:
        if (str_is(name, "current")) {
            *out = list_item(r, v.cycler->items.list, v.cycler->at);
            return ERR_OK;
        }
        TRY(operator_method(r, v, name, out, &found));
        break;
    case VALUE_DICT:
        TRY(operator_method(r, v, name, out, &found));
        if (!found)
            found = dict_get_str(r, v.dict, name, out);
        break;
    case VALUE_NAMESPACE: found = dict_get_str(r, v.dict, name, out); break;
    case VALUE_LOOP:      TRY(turns_attr(r, v.loop, name, out, &found)); break;
    case VALUE_MACRO:     found = operator_macro_attr(r, v.macro, name, out); break;
    case VALUE_MODULE:    TRY(operator_module_attr(r, v.module, name, out, &found)); break;
    case VALUE_SELF:
        return compose_self(r, name, out);
    case VALUE_BLOCK:
        if (str_is(name, "super"))
            return compose_super(r, v.block, out);
        break;
    default: break;
    }
    if (found)
        return ERR_OK;
    if (name.len && name.at[0] == '_') {
        *out = value_undefined(r, name,
                               "\"" STR_FMT "\" is not open to templates: names that start with \"_\" are private",
                               STR_ARG(name));
        out->undefined->denied = true;
        return ERR_OK;
    }
    if ((why = methods_refused(v, name)))
        return render_fail(r, ERR_BAD_INPUT, "\"" STR_FMT "\" can't be used here: %s", STR_ARG(name), why);
    if (v.kind == VALUE_DICT || v.kind == VALUE_NAMESPACE) {
        *out = value_undefined(r, name, NULL);
        out->undefined->of = v.dict;
        return ERR_OK;
    }
    *out = value_undefined(r, name, "%s has no attribute \"" STR_FMT "\"", value_type(v), STR_ARG(name));
    return ERR_OK;
}

/* An index from either end; false when there is no such place. */
static bool operator_place(int64_t i, size_t len, size_t *out)
{
    if (i < 0)
        i += (int64_t)len;
    *out = (size_t)i;
    return i >= 0 && (uint64_t)i < len;
}

static enum err_code operator_no_item(struct render *r, struct value v, struct value key, struct value *out)
{
    struct str text;

    TRY(value_text(r, key, &text));
    if (v.kind == VALUE_DICT) {
        *out = value_undefined(r, arena_strdup(r->arena, text), NULL);
        out->undefined->of = v.dict;
        return ERR_OK;
    }
    *out = value_undefined(r, text, "%s has no item " STR_FMT, value_type(v), STR_ARG(str_utf8_head(text, 60)));
    return ERR_OK;
}

enum err_code value_item(struct render *r, struct value v, struct value key, struct value *out)
{
    size_t at;
    bool found = false;

    if (v.kind == VALUE_UNDEFINED)
        return scope_undefined(r, v);
    TRY(value_defined(r, key));
    if (v.kind == VALUE_DICT) {
        TRY(dict_get(r, v.dict, key, out, &found));
    } else if (v.kind == VALUE_STR && value_is_integral(key)) {
        TRY(render_steps(r, (int64_t)(v.s.len / 64)));
        found = operator_place(value_integral(key), str_utf8_len(v.s), &at);
        if (found) {
            size_t start = unicode_offset(v.s, at), end = start;

            str_utf8_next(v.s, &end);
            *out = value_str(str_sub(v.s, start, end - start));
        }
    } else if (v.kind == VALUE_LIST && value_is_integral(key) &&
               (v.list->flavor <= LIST_RANGE || v.list->flavor == LIST_GROUP)) {
        found = operator_place(value_integral(key), list_len(v.list), &at);
        if (found)
            *out = list_item(r, v.list, at);
    }
    if (found)
        return ERR_OK;
    if (key.kind == VALUE_STR)
        return value_attr(r, v, key.s, out);
    return operator_no_item(r, v, key, out);
}

static enum err_code operator_bound(struct render *r, struct value v, int64_t fallback, int64_t *out)
{
    *out = fallback;
    if (v.kind == VALUE_MISSING || v.kind == VALUE_NONE)
        return ERR_OK;
    TRY(value_defined(r, v));
    if (!value_is_integral(v))
        return render_fail(r, ERR_BAD_INPUT, "a slice's bounds are whole numbers, not %s", value_type(v));
    *out = value_integral(v);
    return ERR_OK;
}

/* Python's rule for a bound: count from the end when negative, then keep inside. */
static int64_t operator_clip(int64_t i, int64_t len, int64_t step)
{
    if (i < 0)
        i = i < -len ? -1 : i + len;
    else
        return MIN(i, step < 0 ? len - 1 : len);
    return i < 0 ? (step < 0 ? -1 : 0) : i;
}

static enum err_code operator_slice_text(struct render *r, struct str s, int64_t lo, int64_t step, int64_t n,
                                         struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));

    if (step == 1) {
        size_t start = unicode_offset(s, (size_t)lo);

        *out = value_str(str_sub(s, start, unicode_offset(str_from(s, start), (size_t)n)));
        return ERR_OK;
    }
    struct list *chars;

    TRY(value_iterate(r, value_str(s), &chars));
    for (int64_t i = 0; i < n; i++)
        buf_append(&b, chars->at[lo + i * step].s);
    return value_take_text(r, &b, out);
}

static enum err_code operator_slice_list(struct render *r, struct value v, int64_t lo, int64_t step, int64_t n,
                                         struct value *out)
{
    struct list *l = list_new(r, v.list->flavor == LIST_GROUP ? LIST_TUPLE : v.list->flavor, (size_t)n);

    *out = value_list(l);
    if (l->flavor == LIST_RANGE) {
        if (__builtin_mul_overflow(v.list->step, step, &l->step))
            return operator_overflow(r, ":");
        l->start = v.list->start + lo * v.list->step;
        l->stop = l->start + n * l->step;
        l->len = (size_t)n;
        return ERR_OK;
    }
    for (int64_t i = 0; i < n; i++)
        TRY(list_push(r, l, list_item(r, v.list, (size_t)(lo + i * step))));
    return ERR_OK;
}

enum err_code value_slice(struct render *r, struct value v, struct value lo_value, struct value hi_value,
                          struct value step_value, struct value *out)
{
    int64_t lo, hi, step, len, n;

    TRY(value_defined(r, v));
    if (v.kind != VALUE_STR &&
        !(v.kind == VALUE_LIST && (v.list->flavor <= LIST_RANGE || v.list->flavor == LIST_GROUP)))
        return render_fail(r, ERR_BAD_INPUT, "%s can't be sliced; strings and lists can", value_type(v));
    TRY(value_length(r, v, &len));
    TRY(operator_bound(r, step_value, 1, &step));
    if (step == 0)
        return render_fail(r, ERR_BAD_INPUT, "a slice's step can't be 0");
    step = CLAMP(step, -INT64_MAX / 2, INT64_MAX / 2);
    TRY(operator_bound(r, lo_value, step < 0 ? INT64_MAX : 0, &lo));
    TRY(operator_bound(r, hi_value, step < 0 ? INT64_MIN : INT64_MAX, &hi));
    lo = operator_clip(lo, len, step);
    hi = operator_clip(hi, len, step);
    n = step > 0 ? (hi > lo ? (hi - lo - 1) / step + 1 : 0) : (lo > hi ? (lo - hi - 1) / -step + 1 : 0);
    if (v.kind == VALUE_STR)
        return operator_slice_text(r, v.s, lo, step, n, out);
    return operator_slice_list(r, v, lo, step, n, out);
}
