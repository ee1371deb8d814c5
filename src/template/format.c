/* Python's two ways to fill in a text: "%s is %d" % (...) and "{} is {:>5}".format(...). */
#include "template/engine.h"
#include "template/unicode.h"

#include <math.h>
#include <stdio.h>

#define FORMAT_WIDTH_MAX 100000
#define FORMAT_PRECISION_MAX 1000

struct format_spec {
    struct str fill;
    char align;                 /* < > ^ =; 0: the kind's own */
    char sign;                  /* + or space; 0: only minus */
    bool alternate, zero;
    bool signed_minus;          /* "-" was written */
    int64_t width, precision;   /* precision -1: not given */
    char group;                 /* , or _ */
    char type;
};

static enum err_code format_bad(struct render *r, char type, struct value v)
{
    return render_fail(r, ERR_BAD_INPUT, "the format \"%c\" does not work for %s", type, value_type(v));
}

/* Pads `body`, whose sign and prefix are its first `head` bytes. */
static void format_pad(const struct format_spec *f, struct str body, size_t head, char own_align, struct buf *out)
{
    int64_t pad = f->width - (int64_t)str_utf8_len(body);
    char align = f->align ? f->align : own_align;
    struct str fill = f->fill.len ? f->fill : S(" ");
    int64_t left = align == '<' ? 0 : align == '^' ? pad / 2 : pad;

    if (align == '=') {
        buf_append(out, str_sub(body, 0, head));
        body = str_from(body, head);
    }
    for (int64_t i = 0; i < pad && i < left; i++)
        buf_append(out, fill);
    buf_append(out, body);
    for (int64_t i = left; i < pad; i++)
        buf_append(out, fill);
}

/* Digits with a separator between groups of `every`. */
static void format_group(struct str digits, char group, size_t every, struct buf *out)
{
    for (size_t i = 0; i < digits.len; i++) {
        if (i && group && (digits.len - i) % every == 0)
            buf_byte(out, group);
        buf_byte(out, digits.at[i]);
    }
}

static void format_int(const struct format_spec *f, int64_t v, bool percent, struct buf *out)
{
    AUTO_BUF struct buf b = BUF_INIT(FORMAT_WIDTH_MAX * 8);
    char digits[72], *p = digits + sizeof digits;
    unsigned base = f->type == 'b' ? 2 : f->type == 'o' ? 8 : f->type == 'x' || f->type == 'X' ? 16 : 10;
    const char *set = f->type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    size_t head;

    do
        *--p = set[u % base];
    while (u /= base);
    if (v < 0 || f->sign)
        buf_byte(&b, v < 0 ? '-' : f->sign);
    if (f->alternate && base != 10) {
        buf_byte(&b, '0');
        buf_byte(&b, f->type);
    }
    head = b.len;
    for (int64_t n = digits + sizeof digits - p; percent && n < f->precision; n++)
        buf_byte(&b, '0');
    format_group(str_n(p, (size_t)(digits + sizeof digits - p)), f->group, base == 10 ? 3 : 4, &b);
    format_pad(f, buf_str(&b), head, '>', out);
}

/* One of C's e f g formats, made into `b`. */
static void format_c_float(double d, char type, bool alternate, int64_t precision, struct buf *b)
{
    char spec[8];

    snprintf(spec, sizeof spec, "%%%s.*%c", alternate ? "#" : "", type);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    buf_printf(b, spec, (int)precision, d);
#pragma GCC diagnostic pop
}

static void format_float(const struct format_spec *f, double d, struct buf *out)
{
    AUTO_BUF struct buf b = BUF_INIT(FORMAT_WIDTH_MAX), whole = BUF_INIT(FORMAT_WIDTH_MAX * 2);
    char type = f->type == '%' ? 'f' : f->type == 'n' ? 'g' : f->type;
    int64_t precision = f->precision < 0 ? 6 : f->precision;
    bool negative = signbit(d) && !isnan(d);
    size_t head, digits = 0;

    d = negative ? -d : d;
    if (f->type == '%')
        d *= 100;
    if (negative || f->sign)
        buf_byte(&whole, negative ? '-' : f->sign);
    head = whole.len;
    if (type) {
        format_c_float(d, type, f->alternate, precision, &b);
    } else if (f->precision < 0) {
        text_float(d, &b);
    } else {
        precision = MAX(precision, (int64_t)1);
        format_c_float(d, 'g', false, precision, &b);
        if (isfinite(d) && str_find_byte(buf_str(&b), '.') < 0 && str_find_byte(buf_str(&b), 'e') < 0) {
            if ((int64_t)b.len >= precision && d != 0) {
                buf_reset(&b);
                format_c_float(d, 'e', false, precision - 1, &b);
            } else {
                buf_puts(&b, ".0");
            }
        }
    }
    while (digits < b.len && b.bytes[digits] >= '0' && b.bytes[digits] <= '9')
        digits++;
    format_group(str_sub(buf_str(&b), 0, digits), f->group, 3, &whole);
    buf_append(&whole, str_from(buf_str(&b), digits));
    if (f->type == '%')
        buf_byte(&whole, '%');
    format_pad(f, buf_str(&whole), head, '>', out);
}

static void format_text(const struct format_spec *f, struct str s, char own_align, struct buf *out)
{
    if (f->precision >= 0)
        s = str_sub(s, 0, unicode_offset(s, (size_t)f->precision));
    format_pad(f, s, 0, own_align, out);
}

/* repr with everything beyond ASCII escaped. */
static enum err_code format_ascii(struct render *r, struct value v, struct str *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r)), ascii = BUF_INIT(render_text_max(r));
    struct value text;

    TRY(value_repr(r, v, &b));
    for (size_t i = 0; i < b.len;) {
        uint32_t cp = str_utf8_next(buf_str(&b), &i);

        if (cp < 0x80)
            buf_byte(&ascii, (char)cp);
        else
            buf_printf(&ascii, cp < 0x100 ? "\\x%02x" : cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
    }
    TRY(value_take_text(r, &ascii, &text));
    *out = text.s;
    return ERR_OK;
}

static enum err_code format_repr(struct render *r, struct value v, struct str *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct value text;

    TRY(value_repr(r, v, &b));
    TRY(value_take_text(r, &b, &text));
    *out = text.s;
    return ERR_OK;
}

/* A code point by its number, or a string of one character. */
static enum err_code format_char(struct render *r, struct value v, struct str *out)
{
    char put[4];

    if (v.kind == VALUE_STR && str_utf8_len(v.s) == 1) {
        *out = v.s;
        return ERR_OK;
    }
    if (!value_is_integral(v))
        return format_bad(r, 'c', v);
    if (value_integral(v) < 0 || value_integral(v) > 0x10ffff ||
        (value_integral(v) >= 0xd800 && value_integral(v) <= 0xdfff))
        return render_fail(r, ERR_BAD_INPUT, "there is no character with the number %lld",
                           (long long)value_integral(v));
    *out = arena_strdup(r->arena, str_n(put, str_utf8_put((uint32_t)value_integral(v), put)));
    return ERR_OK;
}

static enum err_code format_whole(struct render *r, struct value v, char type, int64_t *out)
{
    if (value_is_integral(v)) {
        *out = value_integral(v);
        return ERR_OK;
    }
    if (v.kind != VALUE_FLOAT || (type != 'd' && type != 'i' && type != 'u'))
        return format_bad(r, type, v);
    if (!(v.d > -9.2e18 && v.d < 9.2e18))
        return render_fail(r, ERR_TOO_LARGE, "this number does not fit in a 64-bit integer");
    *out = (int64_t)v.d;
    return ERR_OK;
}

/* One conversion of %; `f` is read. */
static enum err_code format_percent_one(struct render *r, struct format_spec *f, struct value v, struct buf *out)
{
    struct str s;
    int64_t i = 0;

    TRY(value_defined(r, v));
    if (f->align == '<')
        f->zero = false;
    switch (f->type) {
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        TRY(format_whole(r, v, f->type, &i));
        if (f->zero)
            f->align = '=', f->fill = S("0");
        format_int(f, i, true, out);
        return ERR_OK;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        if (!value_is_number(v))
            return format_bad(r, f->type, v);
        if (f->zero)
            f->align = '=', f->fill = S("0");
        format_float(f, v.kind == VALUE_FLOAT ? v.d : (double)value_integral(v), out);
        return ERR_OK;
    case 'c': TRY(format_char(r, v, &s)); break;
    case 's': TRY(value_text(r, v, &s)); break;
    case 'r': TRY(format_repr(r, v, &s)); break;
    case 'a': TRY(format_ascii(r, v, &s)); break;
    default:
        return render_fail(r, ERR_BAD_INPUT,
                           "there is no format \"%%%c\"; %%s, %%d, %%f, %%g, %%e, %%x, %%o, %%c and %%r are", f->type);
    }
    format_text(f, s, '>', out);
    return ERR_OK;
}

struct format_args { struct value v; size_t next, len; bool tuple, mapping; };

static enum err_code format_next(struct render *r, struct format_args *a, struct value *out)
{
    if (a->next >= a->len)
        return render_fail(r, ERR_BAD_INPUT, "the format needs more values than the %zu given", a->len);
    *out = a->tuple ? list_item(r, a->v.list, a->next) : a->v;
    a->next++;
    return ERR_OK;
}

static enum err_code format_number(struct render *r, struct str fmt, size_t *i, struct format_args *a, int64_t max,
                                   int64_t *out)
{
    struct value v;

    *out = 0;
    if (a && *i < fmt.len && fmt.at[*i] == '*') {
        ++*i;
        TRY(format_next(r, a, &v));
        TRY(arg_int(r, v, "*", 0, out));
    }
    while (*i < fmt.len && fmt.at[*i] >= '0' && fmt.at[*i] <= '9' && *out <= max)
        *out = *out * 10 + (fmt.at[(*i)++] - '0');
    if (*out > max || *out < -max)
        return render_fail(r, ERR_TOO_LARGE, "a width or precision in a format may be %lld at most", (long long)max);
    return ERR_OK;
}

/* After the "%": %[(name)][flags][width][.precision]type. */
static enum err_code format_percent_field(struct render *r, struct str fmt, size_t *i, struct format_args *a,
                                          struct buf *out)
{
    struct format_spec f = { .precision = -1 };
    struct value v = VALUE_OF_MISSING;

    if (*i < fmt.len && fmt.at[*i] == '(') {
        ptrdiff_t end = str_find_byte(str_from(fmt, *i), ')');
        bool found;

        if (end < 0)
            return render_fail(r, ERR_BAD_INPUT, "\"%%(\" in the format is not closed by \")\"");
        if (a->v.kind != VALUE_DICT)
            return render_fail(r, ERR_BAD_INPUT, "%%(name)s needs named values or a dict");
        struct str key = str_sub(fmt, *i + 1, (size_t)end - 1);

        TRY(dict_get(r, a->v.dict, value_str(key), &v, &found));
        if (!found)
            return render_fail(r, ERR_BAD_INPUT, "the format names \"" STR_FMT "\", and no such value is given",
                               STR_ARG(key));
        *i += (size_t)end + 1;
    }
    for (; *i < fmt.len && strchr("-+ #0", fmt.at[*i]) && fmt.at[*i]; ++*i) {
        char c = fmt.at[*i];

        if (c == '-')
            f.align = '<';
        else if (c == '+' || (c == ' ' && !f.sign))
            f.sign = c;
        f.alternate |= c == '#';
        f.zero |= c == '0';
    }
    TRY(format_number(r, fmt, i, a, FORMAT_WIDTH_MAX, &f.width));
    if (f.width < 0) {
        f.align = '<';
        f.width = -f.width;
    }
    if (*i < fmt.len && fmt.at[*i] == '.') {
        ++*i;
        TRY(format_number(r, fmt, i, a, FORMAT_PRECISION_MAX, &f.precision));
        f.precision = MAX(f.precision, (int64_t)0);
    }
    while (*i < fmt.len && strchr("hlL", fmt.at[*i]) && fmt.at[*i])
        ++*i;
    if (*i >= fmt.len)
        return render_fail(r, ERR_BAD_INPUT, "the format ends inside a \"%%\"; write %%%% for a percent sign");
    f.type = fmt.at[(*i)++];
    if (f.type == '%') {
        buf_byte(out, '%');
        return ERR_OK;
    }
    if (v.kind == VALUE_MISSING)
        TRY(format_next(r, a, &v));
    return format_percent_one(r, &f, v, out);
}

enum err_code format_percent(struct render *r, struct str fmt, struct value args, struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct format_args a = { .v = args, .len = 1, .tuple = value_is_tuple(args) };

    a.mapping = args.kind == VALUE_DICT || (args.kind == VALUE_LIST && !a.tuple);
    if (a.tuple)
        a.len = list_len(args.list);
    for (size_t i = 0; i < fmt.len;) {
        if (fmt.at[i] != '%') {
            buf_byte(&b, fmt.at[i++]);
            continue;
        }
        i++;
        TRY(render_steps(r, 1));
        TRY(format_percent_field(r, fmt, &i, &a, &b));
    }
    if (a.next < a.len && !a.mapping)
        return render_fail(r, ERR_BAD_INPUT, "the format has places for %zu values, and %zu are given", a.next, a.len);
    return value_take_text(r, &b, out);
}

/* ---- str.format ---- */

struct braces { const struct given *given; int64_t next; bool automatic, manual; };

static bool format_is_align(char c)
{
    return c == '<' || c == '>' || c == '^' || c == '=';
}

static enum err_code format_spec_read(struct render *r, struct str s, struct format_spec *f)
{
    size_t i = 0, first = 0;

    *f = (struct format_spec){ .precision = -1 };
    if (s.len)
        str_utf8_next(s, &first);
    if (first < s.len && first > 0 && format_is_align(s.at[first])) {
        f->fill = str_sub(s, 0, first);
        f->align = s.at[first];
        i = first + 1;
    } else if (s.len && format_is_align(s.at[0])) {
        f->align = s.at[i++];
    }
    if (i < s.len && (s.at[i] == '+' || s.at[i] == '-' || s.at[i] == ' ')) {
        f->sign = s.at[i] == '-' ? '\0' : s.at[i];
        f->signed_minus = s.at[i] == '-';
        i++;
    }
    if (i < s.len && s.at[i] == '#') {
        f->alternate = true;
        i++;
    }
    if (i < s.len && s.at[i] == '0') {
        f->zero = true;
        if (!f->align)
            f->align = '=';
        if (!f->fill.len)
            f->fill = S("0");
        i++;
    }
    TRY(format_number(r, s, &i, NULL, FORMAT_WIDTH_MAX, &f->width));
    if (i < s.len && (s.at[i] == ',' || s.at[i] == '_'))
        f->group = s.at[i++];
    if (i < s.len && s.at[i] == '.') {
        size_t digits = ++i;

        TRY(format_number(r, s, &i, NULL, FORMAT_PRECISION_MAX, &f->precision));
        if (i == digits)
            return render_fail(r, ERR_BAD_INPUT, "the format \"" STR_FMT "\" has no number after \".\"", STR_ARG(s));
    }
    if (i < s.len)
        f->type = s.at[i++];
    if (i < s.len)
        return render_fail(r, ERR_BAD_INPUT, "the format \"" STR_FMT "\" can't be read", STR_ARG(str_utf8_head(s, 60)));
    return ERR_OK;
}

static enum err_code format_by_spec(struct render *r, struct str spec, struct value v, struct buf *out)
{
    struct format_spec f;
    struct str s;

    TRY(value_defined(r, v));
    if (!spec.len) {
        TRY(value_text(r, v, &s));
        buf_append(out, s);
        return ERR_OK;
    }
    TRY(format_spec_read(r, spec, &f));
    if (v.kind == VALUE_STR) {
        if (f.type && f.type != 's')
            return format_bad(r, f.type, v);
        if ((f.align == '=' && !f.zero) || f.sign || f.signed_minus || f.group || f.alternate)
            return render_fail(r, ERR_BAD_INPUT, "the format \"" STR_FMT "\" is for numbers, not %s", STR_ARG(spec),
                               value_type(v));
        if (f.align == '=')
            f.align = '<';
        format_text(&f, v.s, '<', out);
        return ERR_OK;
    }
    if (!value_is_number(v))
        return render_fail(r, ERR_BAD_INPUT, "%s can't be given a format", value_type(v));
    if (f.type && strchr("eEfFgG%", f.type)) {
        format_float(&f, v.kind == VALUE_FLOAT ? v.d : (double)value_integral(v), out);
        return ERR_OK;
    }
    if (v.kind == VALUE_FLOAT) {
        if (f.type && f.type != 'n')
            return format_bad(r, f.type, v);
        format_float(&f, v.d, out);
        return ERR_OK;
    }
    if (f.type == 'c') {
        TRY(format_char(r, v, &s));
        format_pad(&f, s, 0, '<', out);
        return ERR_OK;
    }
    if (f.type && !strchr("dboxXn", f.type))
        return format_bad(r, f.type, v);
    if (f.precision >= 0)
        return render_fail(r, ERR_BAD_INPUT, "a whole number can't be given a precision");
    format_int(&f, value_integral(v), false, out);
    return ERR_OK;
}

static enum err_code format_arg(struct render *r, struct braces *b, struct str name, struct value *out)
{
    int64_t i;

    if (!name.len || str_to_i64(name, &i)) {
        if (!name.len)
            i = b->next++;
        (name.len ? &b->manual : &b->automatic)[0] = true;
        if (b->manual && b->automatic)
            return render_fail(r, ERR_BAD_INPUT, "{} and {0} can't be mixed in one format");
        if (i < 0 || (uint64_t)i >= b->given->len)
            return render_fail(r, ERR_BAD_INPUT, "the format asks for value %lld, and %zu are given", (long long)i,
                               b->given->len);
        *out = b->given->at[i];
        return ERR_OK;
    }
    for (size_t k = 0; k < b->given->keyword_len; k++)
        if (str_eq(b->given->keywords[k].name, name)) {
            *out = b->given->keywords[k].value;
            return ERR_OK;
        }
    return render_fail(r, ERR_BAD_INPUT, "the format names \"" STR_FMT "\", and no such value is given",
                       STR_ARG(str_utf8_head(name, 60)));
}

/* "name.attr[key]" */
static enum err_code format_path(struct render *r, struct braces *b, struct str path, struct value *out)
{
    size_t end = 0;

    while (end < path.len && path.at[end] != '.' && path.at[end] != '[')
        end++;
    TRY(format_arg(r, b, str_sub(path, 0, end), out));
    while (end < path.len) {
        size_t start = ++end;
        struct value v = *out;
        int64_t i;

        if (path.at[start - 1] == '[') {
            ptrdiff_t close = str_find_byte(str_from(path, start), ']');

            if (close < 0)
                return render_fail(r, ERR_BAD_INPUT, "\"[\" in the format is not closed");
            struct str key = str_sub(path, start, (size_t)close);

            TRY(value_item(r, v, str_to_i64(key, &i) ? value_int(i) : value_str(key), out));
            end = start + (size_t)close + 1;
        } else {
            while (end < path.len && path.at[end] != '.' && path.at[end] != '[')
                end++;
            TRY(value_attr(r, v, str_sub(path, start, end - start), out));
        }
    }
    return ERR_OK;
}

static enum err_code format_fill(struct render *r, struct braces *b, struct str fmt, int level, struct buf *out);

/* What stands between { and }. */
static enum err_code format_field(struct render *r, struct braces *b, struct str field, int level, struct buf *out)
{
    AUTO_BUF struct buf spec = BUF_INIT(4096);
    struct str path = field, rest = S("");
    struct value v;
    char conversion = '\0';

    for (size_t i = 0, depth = 0; i < field.len; i++) {
        depth += field.at[i] == '[';
        depth -= field.at[i] == ']' && depth;
        if (!depth && (field.at[i] == ':' || field.at[i] == '!')) {
            path = str_sub(field, 0, i);
            rest = str_from(field, i);
            break;
        }
    }
    if (rest.len && rest.at[0] == '!') {
        if (rest.len < 2 || !strchr("rsa", rest.at[1]) || (rest.len > 2 && rest.at[2] != ':'))
            return render_fail(r, ERR_BAD_INPUT, "after \"!\" in a format stands r, s or a");
        conversion = rest.at[1];
        rest = str_from(rest, 2);
    }
    TRY(format_path(r, b, path, &v));
    if (conversion) {
        struct str s;

        TRY(value_defined(r, v));
        TRY(conversion == 'r'   ? format_repr(r, v, &s)
            : conversion == 'a' ? format_ascii(r, v, &s)
                                : value_text(r, v, &s));
        v = value_str(s);
    }
    TRY(format_fill(r, b, str_from(rest, rest.len ? 1 : 0), level + 1, &spec));
    return format_by_spec(r, buf_str(&spec), v, out);
}

static enum err_code format_fill(struct render *r, struct braces *b, struct str fmt, int level, struct buf *out)
{
    if (level > 2)
        return render_fail(r, ERR_BAD_INPUT, "braces in a format nest too deeply");
    for (size_t i = 0; i < fmt.len;) {
        char c = fmt.at[i];
        size_t end, depth = 1;

        if ((c == '{' || c == '}') && i + 1 < fmt.len && fmt.at[i + 1] == c && level == 0) {
            buf_byte(out, c);
            i += 2;
            continue;
        }
        if (c == '}')
            return render_fail(r, ERR_BAD_INPUT, "a single \"}\" in a format; write }} for a brace");
        if (c != '{') {
            buf_byte(out, c);
            i++;
            continue;
        }
        for (end = i + 1; end < fmt.len && depth; end++) {
            depth += fmt.at[end] == '{';
            depth -= fmt.at[end] == '}';
        }
        if (depth)
            return render_fail(r, ERR_BAD_INPUT, "a \"{\" in the format is not closed; write {{ for a brace");
        TRY(render_steps(r, 1));
        TRY(format_field(r, b, str_sub(fmt, i + 1, end - i - 2), level, out));
        i = end;
    }
    return ERR_OK;
}

enum err_code format_braces(struct render *r, struct str fmt, const struct given *given, struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct braces braces = { .given = given };

    TRY(format_fill(r, &braces, fmt, 0, &b));
    return value_take_text(r, &b, out);
}
