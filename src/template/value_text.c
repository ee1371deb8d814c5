#include "template/engine.h"
#include "template/unicode.h"

#include <math.h>
#include <stdio.h>

void text_float(double d, struct buf *out)
{
    char digits[32], *e;
    int precision = fabs(d) < 2.3e-308 ? 0 : 14, exponent, len;

    if (isnan(d) || isinf(d)) {
        buf_puts(out, isnan(d) ? "nan" : d < 0 ? "-inf" : "inf");
        return;
    }
    for (; precision < 17; precision++) {                       /* the fewest digits that give `d` back */
        snprintf(digits, sizeof digits, "%.*e", precision, d);
        if (strtod(digits, NULL) == d)
            break;
    }
    e = strchr(digits, 'e');
    exponent = (int)strtol(e + 1, NULL, 10);
    len = (int)(e - digits);
    if (precision > 0) {
        while (digits[len - 1] == '0')
            len--;
        len -= digits[len - 1] == '.';
    }
    if (exponent < -4 || exponent >= 16) {
        buf_append(out, str_n(digits, (size_t)len));
        buf_printf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
        return;
    }
    buf_puts(out, signbit(d) ? "-" : "");
    char plain[20];
    int n = 0;

    for (int i = 0; i < len; i++)
        if (digits[i] >= '0' && digits[i] <= '9')
            plain[n++] = digits[i];
    if (exponent < 0) {
        buf_puts(out, "0.");
        for (int i = -1; i > exponent; i--)
            buf_byte(out, '0');
        buf_append(out, str_n(plain, (size_t)n));
        return;
    }
    for (int i = 0; i <= exponent || i < n; i++) {
        if (i == exponent + 1)
            buf_byte(out, '.');
        buf_byte(out, i < n ? plain[i] : '0');
    }
    if (n <= exponent + 1)
        buf_puts(out, ".0");
}

void text_str_repr(struct str s, struct buf *out)
{
    char quote = str_find_byte(s, '\'') >= 0 && str_find_byte(s, '"') < 0 ? '"' : '\'';

    buf_byte(out, quote);
    for (size_t i = 0, start = 0; i < s.len; start = i) {
        uint32_t cp = str_utf8_next(s, &i);

        if (cp == (uint32_t)quote || cp == '\\') {
            buf_byte(out, '\\');
            buf_byte(out, (char)cp);
        } else if (cp == '\n' || cp == '\r' || cp == '\t') {
            buf_puts(out, cp == '\n' ? "\\n" : cp == '\r' ? "\\r" : "\\t");
        } else if (unicode_is_printable(cp)) {
            buf_append(out, str_sub(s, start, i - start));
        } else {
            buf_printf(out, cp < 0x100 ? "\\x%02x" : cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
        }
    }
    buf_byte(out, quote);
}

static void text_int(int64_t i, struct buf *out)
{
    char digits[24], *p = digits + sizeof digits;
    uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;

    do
        *--p = (char)('0' + u % 10);
    while (u /= 10);
    if (i < 0)
        *--p = '-';
    buf_append(out, str_n(p, (size_t)(digits + sizeof digits - p)));
}

/* Room for more: a nested list printed over and over must stop at the buffer's ceiling, not after it. */
static enum err_code text_room(struct render *r, const struct buf *out)
{
    TRY(render_steps(r, 1));
    if (buf_failed(out))
        return render_fail(r, ERR_TOO_LARGE, "the text is longer than %zu bytes (output_max)", r->output_max);
    return ERR_OK;
}

static enum err_code text_list(struct render *r, const struct list *l, struct buf *out)
{
    bool tuple = l->flavor == LIST_TUPLE || l->flavor == LIST_GROUP;

    if (l->flavor == LIST_RANGE) {
        buf_printf(out, l->step == 1 ? "range(%lld, %lld)" : "range(%lld, %lld, %lld)", (long long)l->start,
                   (long long)l->stop, (long long)l->step);
        return ERR_OK;
    }
    if (l->flavor == LIST_LAZY)
        return render_fail(r, ERR_BAD_INPUT, "%s gives its items one by one and can't be printed; write |list or "
                           "|join(\", \") after it", l->made_by ? l->made_by : "reverse");
    TRY(render_stack(r));
    if (l->flavor != LIST_PLAIN && !tuple)
        buf_puts(out, l->flavor == LIST_KEYS     ? "dict_keys("
                      : l->flavor == LIST_VALUES ? "dict_values("
                                                 : "dict_items(");
    buf_byte(out, tuple ? '(' : '[');
    for (size_t i = 0; i < list_len(l); i++) {
        TRY(text_room(r, out));
        if (i)
            buf_puts(out, ", ");
        TRY(value_repr(r, list_item(r, l, i), out));
    }
    if (tuple && list_len(l) == 1)
        buf_byte(out, ',');
    buf_byte(out, tuple ? ')' : ']');
    if (l->flavor != LIST_PLAIN && !tuple)
        buf_byte(out, ')');
    return ERR_OK;
}

static enum err_code text_dict(struct render *r, struct dict *d, struct buf *out)
{
    TRY(render_stack(r));
    TRY(dict_force(r, d));
    buf_byte(out, '{');
    for (size_t i = 0; i < d->len; i++) {
        TRY(text_room(r, out));
        if (i)
            buf_puts(out, ", ");
        TRY(value_repr(r, d->at[i].key, out));
        buf_puts(out, ": ");
        TRY(value_repr(r, d->at[i].value, out));
    }
    buf_byte(out, '}');
    return ERR_OK;
}

enum err_code value_repr(struct render *r, struct value v, struct buf *out)
{
    switch (v.kind) {
    case VALUE_UNDEFINED:
        TRY(value_defined(r, v));
        buf_puts(out, "Undefined");
        break;
    case VALUE_NONE:      buf_puts(out, "None"); break;
    case VALUE_BOOL:      buf_puts(out, v.b ? "True" : "False"); break;
    case VALUE_INT:       text_int(v.i, out); break;
    case VALUE_FLOAT:     text_float(v.d, out); break;
    case VALUE_STR:
        TRY(render_steps(r, (int64_t)(v.s.len / 64)));
        if (v.escaped)
            buf_puts(out, "Markup(");
        text_str_repr(v.s, out);
        if (v.escaped)
            buf_byte(out, ')');
        break;
    case VALUE_LIST:      return text_list(r, v.list, out);
    case VALUE_DICT:      return text_dict(r, v.dict, out);
    case VALUE_NAMESPACE:
        buf_puts(out, "<Namespace ");
        TRY(text_dict(r, v.dict, out));
        buf_byte(out, '>');
        break;
    case VALUE_MACRO: buf_printf(out, "<Macro '" STR_FMT "'>", STR_ARG(v.macro->def->name)); break;
    case VALUE_METHOD:
    case VALUE_GLOBAL: {
        const char *name = v.kind == VALUE_METHOD ? v.method->fn->name : v.global->name;

        return render_fail(r, ERR_BAD_INPUT, "\"%s\" is a %s and can't be printed; call it: %s()", name, value_type(v),
                           name);
    }
    case VALUE_MODULE: buf_append(out, v.module->text); break;
    default: return render_fail(r, ERR_BAD_INPUT, "a %s can't be printed", value_type(v));
    }
    return ERR_OK;
}

enum err_code value_print(struct render *r, struct value v, struct buf *out)
{
    if (v.kind == VALUE_UNDEFINED)
        return value_defined(r, v);
    if (v.kind != VALUE_STR)
        return value_repr(r, v, out);
    buf_append(out, v.s);
    return ERR_OK;
}

enum err_code value_take_text(struct render *r, struct buf *b, struct value *out)
{
    if (buf_failed(b))
        return render_fail(r, ERR_TOO_LARGE, "a text is longer than %zu bytes", render_text_max(r));
    return value_copy_text(r, buf_str(b), out);
}

enum err_code value_copy_text(struct render *r, struct str s, struct value *out)
{
    TRY(render_steps(r, (int64_t)(s.len / 64) + 1));
    *out = value_str(arena_strdup(r->arena, s));
    return ERR_OK;
}

enum err_code value_text(struct render *r, struct value v, struct str *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct value text;

    if (v.kind == VALUE_STR) {
        *out = v.s;
        return ERR_OK;
    }
    TRY(value_print(r, v, &b));
    TRY(value_take_text(r, &b, &text));
    *out = text.s;
    return ERR_OK;
}
