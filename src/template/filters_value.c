/* Filters over single values: defaults, numbers, JSON. */
#include "template/filters.h"
#include "template/unicode.h"

#include <ctype.h>
#include <math.h>

static enum err_code filter_default_of(struct render *r, struct value self, const struct value *args, struct value *out)
{
    bool boolean, yes = true;

    TRY(arg_truth(r, args[1], false, &boolean));
    if (self.kind == VALUE_UNDEFINED)
        yes = false;
    else if (boolean)
        TRY(value_truth(r, self, &yes));
    *out = yes ? self : args[0].kind == VALUE_MISSING ? value_str(S("")) : args[0];
    return ERR_OK;
}

FILTER_AS(default, "default", .params = { "default_value", "boolean" }, .takes_undefined = true)
{
    return filter_default_of(r, self, args, out);
}

FILTER_AS(d, "d", .params = { "default_value", "boolean" }, .takes_undefined = true)
{
    return filter_default_of(r, self, args, out);
}

FILTER(attr, 1, "name")
{
    struct str name;

    TRY(arg_str(r, args[0], "name", &name));
    if (self.kind == VALUE_DICT && !methods_find(self, name)) {     /* attributes only, never items */
        *out = value_undefined(r, name, "dict has no attribute \"" STR_FMT "\"; for a key write [\"" STR_FMT "\"]",
                               STR_ARG(name), STR_ARG(name));
        return ERR_OK;
    }
    return value_attr(r, self, name, out);
}

FILTER(abs, 0)
{
    if (!value_is_number(self))
        return render_fail(r, ERR_BAD_INPUT, "abs needs a number, not %s", value_type(self));
    if (self.kind == VALUE_FLOAT) {
        *out = value_float(fabs(self.d));
        return ERR_OK;
    }
    return value_negate(r, self, value_integral(self) < 0, out);
}

/* Python's int(text, base): white space around, a sign, single underscores inside, a prefix where the base allows. */
static bool filter_parse_int(struct str s, int64_t base, int64_t *out, bool *overflow)
{
    bool negative, digit_before = false;
    int prefix = 0;
    int64_t v = 0;

    *overflow = false;
    s = text_strip(s, NULL, TEXT_LEFT | TEXT_RIGHT);
    negative = s.len && s.at[0] == '-';
    if (s.len && (s.at[0] == '-' || s.at[0] == '+'))
        s = str_from(s, 1);
    if (s.len > 1 && s.at[0] == '0')
        prefix = (s.at[1] | 32) == 'x' ? 16 : (s.at[1] | 32) == 'o' ? 8 : (s.at[1] | 32) == 'b' ? 2 : 0;
    if (prefix && (base == 0 || base == prefix)) {
        base = prefix;
        s = str_from(s, 2);
        digit_before = true;
    } else if (base == 0) {
        base = 10;
    }
    if (!s.len)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        int c = tolower((unsigned char)s.at[i]);
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;

        if (c == '_' && digit_before && i + 1 < s.len) {
            digit_before = false;
            continue;
        }
        if (digit >= base)
            return false;
        digit_before = true;
        *overflow |= __builtin_mul_overflow(v, base, &v);
        *overflow |= negative ? __builtin_sub_overflow(v, digit, &v) : __builtin_add_overflow(v, digit, &v);
    }
    *out = v;
    return digit_before;
}

bool filter_parse_float(struct str s, double *out)
{
    AUTO_BUF struct buf b = BUF_INIT(4096);
    struct str word;
    bool digit_before = false, any = false;

    s = text_strip(s, NULL, TEXT_LEFT | TEXT_RIGHT);
    word = s.len && (s.at[0] == '-' || s.at[0] == '+') ? str_from(s, 1) : s;
    if (str_ieq(word, S("inf")) || str_ieq(word, S("infinity")) || str_ieq(word, S("nan"))) {
        *out = (word.at[0] | 32) == 'n' ? NAN : INFINITY;
        *out = s.at[0] == '-' ? -*out : *out;
        return true;
    }
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool digit = c >= '0' && c <= '9';

        if (c == '_') {
            if (!digit_before || i + 1 == s.len || s.at[i + 1] < '0' || s.at[i + 1] > '9')
                return false;
            continue;
        }
        if (!digit && !strchr("+-.eE", c))
            return false;
        any |= digit;
        digit_before = digit;
        buf_byte(&b, c);
    }
    if (!any || buf_failed(&b))
        return false;
    char *end;

    *out = strtod(buf_cstr(&b), &end);
    return *end == '\0' && end == buf_cstr(&b) + b.len;
}

static enum err_code filter_truncated(struct render *r, double d, struct value fallback, bool must, struct value *out)
{
    if (isnan(d) || (isinf(d) && !must)) {
        *out = fallback;
        return ERR_OK;
    }
    if (!(d > -9223372036854775809.0 && d < 9223372036854775808.0))
        return render_fail(r, ERR_TOO_LARGE, "this number does not fit in a 64-bit integer");
    *out = value_int((int64_t)d);
    return ERR_OK;
}

FILTER(int, 0, "default", "base")
{
    struct value fallback = args[0].kind == VALUE_MISSING ? value_int(0) : args[0];
    int64_t base, i;
    bool overflow;
    double d;

    TRY(arg_int(r, args[1], "base", 10, &base));
    if (self.kind == VALUE_UNDEFINED)
        return scope_undefined(r, self);
    if (value_is_integral(self)) {
        *out = value_int(value_integral(self));
        return ERR_OK;
    }
    if (self.kind == VALUE_FLOAT)
        return filter_truncated(r, self.d, fallback, true, out);
    *out = fallback;
    if (self.kind != VALUE_STR)
        return ERR_OK;
    if (base >= 0 && base <= 36 && base != 1 && filter_parse_int(self.s, base, &i, &overflow)) {
        *out = value_int(i);
        return overflow ? render_fail(r, ERR_TOO_LARGE, "\"" STR_FMT "\" does not fit in a 64-bit integer",
                                      STR_ARG(str_utf8_head(self.s, 60)))
                        : ERR_OK;
    }
    return filter_parse_float(self.s, &d) ? filter_truncated(r, d, fallback, false, out) : ERR_OK;
}

FILTER(float, 0, "default")
{
    double d;

    if (self.kind == VALUE_UNDEFINED)
        return scope_undefined(r, self);
    *out = args[0].kind == VALUE_MISSING ? value_float(0) : args[0];
    if (value_is_number(self))
        *out = value_float(self.kind == VALUE_FLOAT ? self.d : (double)value_integral(self));
    else if (self.kind == VALUE_STR && filter_parse_float(self.s, &d))
        *out = value_float(d);
    return ERR_OK;
}

/* To a multiple of 10^places, ties to the even one, as Python rounds integers. */
static int64_t filter_round_tens(int64_t v, int64_t places)
{
    int64_t unit = 1, rest;

    if (places > 18)
        return 0;
    for (int64_t i = 0; i < places; i++)
        unit *= 10;
    rest = v % unit;
    v -= rest;
    rest = rest < 0 ? -rest : rest;
    if (rest > unit / 2 || (rest == unit / 2 && unit > 1 && (v / unit) % 2 != 0)) {
        int64_t up;

        return __builtin_add_overflow(v, v < 0 || (v == 0 && rest < 0) ? -unit : unit, &up) ? v : up;
    }
    return v;
}

static enum err_code filter_round_common(struct value self, int64_t precision, struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(2048);

    if (self.kind != VALUE_FLOAT) {
        int64_t v = value_integral(self);

        *out = value_int(precision >= 0            ? v
                         : v < 0 && v != INT64_MIN ? -filter_round_tens(-v, -precision)
                                                   : filter_round_tens(v, -precision));
        return ERR_OK;
    }
    *out = self;
    if (!isfinite(self.d) || precision > 330)
        return ERR_OK;
    if (precision < 0) {
        double unit = pow(10, (double)MIN(-precision, (int64_t)400));

        *out = value_float(isinf(unit) ? copysign(0, self.d) : copysign(nearbyint(fabs(self.d) / unit) * unit, self.d));
        return ERR_OK;
    }
    buf_printf(&b, "%.*f", (int)precision, self.d);
    *out = value_float(strtod(buf_cstr(&b), NULL));
    return ERR_OK;
}

FILTER(round, 0, "precision", "method")
{
    struct str method = S("common");
    int64_t precision;
    double unit, d;

    TRY(arg_int(r, args[0], "precision", 0, &precision));
    if (args[1].kind != VALUE_MISSING)
        TRY(arg_str(r, args[1], "method", &method));
    if (!str_is(method, "common") && !str_is(method, "ceil") && !str_is(method, "floor"))
        return render_fail(r, ERR_BAD_INPUT, "\"method\" is \"common\", \"ceil\" or \"floor\"");
    if (!value_is_number(self))
        return render_fail(r, ERR_BAD_INPUT, "round needs a number, not %s", value_type(self));
    if (str_is(method, "common"))
        return filter_round_common(self, precision, out);
    unit = pow(10, (double)precision);
    d = (self.kind == VALUE_FLOAT ? self.d : (double)value_integral(self)) * unit;
    if (!isfinite(d) || unit == 0)
        return render_fail(r, ERR_TOO_LARGE, "this number is too large to be rounded to %lld places",
                           (long long)precision);
    *out = value_float((str_is(method, "ceil") ? ceil(d) : floor(d)) / unit);
    return ERR_OK;
}

FILTER(filesizeformat, 0, "binary")
{
    static const char *const decimal[] = { "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB" };
    static const char *const binary_words[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB" };
    AUTO_BUF struct buf b = BUF_INIT(1024);
    bool binary;
    double bytes = 0, base, unit;
    size_t i = 0;

    TRY(arg_truth(r, args[0], false, &binary));
    if (value_is_number(self))
        bytes = self.kind == VALUE_FLOAT ? self.d : (double)value_integral(self);
    else if (self.kind != VALUE_STR || !filter_parse_float(self.s, &bytes))
        return render_fail(r, ERR_BAD_INPUT, "filesizeformat needs a number, not %s", value_type(self));
    base = binary ? 1024 : 1000;
    if (isnan(bytes) || isinf(bytes))
        return render_fail(r, ERR_BAD_INPUT, "filesizeformat needs a finite number");
    if (bytes == 1) {
        buf_puts(&b, "1 Byte");
    } else if (bytes < base) {
        buf_printf(&b, "%.0f Bytes", trunc(bytes) + 0.0);      /* no "-0" */
    } else {
        for (unit = base * base; bytes >= unit && i + 1 < COUNT_OF(decimal); unit *= base)
            i++;
        buf_printf(&b, "%.1f %s", base * bytes / unit, binary ? binary_words[i] : decimal[i]);
    }
    return value_take_text(r, &b, out);
}

/* ---- JSON, as Python's json.dumps(sort_keys=True) writes it and as is safe inside a web page ---- */

static void filter_json_str(struct str s, struct buf *out)
{
    buf_byte(out, '"');
    for (size_t i = 0; i < s.len;) {
        uint32_t cp = str_utf8_next(s, &i);

        if (cp == '"' || cp == '\\') {
            buf_byte(out, '\\');
            buf_byte(out, (char)cp);
        } else if (cp == '\n' || cp == '\r' || cp == '\t' || cp == '\b' || cp == '\f') {
            buf_puts(out, cp == '\n' ? "\\n" : cp == '\r' ? "\\r" : cp == '\t' ? "\\t" : cp == '\b' ? "\\b" : "\\f");
        } else if (cp >= 0x10000) {
            buf_printf(out, "\\u%04x\\u%04x", 0xd800 + ((cp - 0x10000) >> 10), 0xdc00 + ((cp - 0x10000) & 0x3ff));
        } else if (cp < 0x20 || cp > 0x7e || cp == '<' || cp == '>' || cp == '&' || cp == '\'') {
            buf_printf(out, "\\u%04x", cp);
        } else {
            buf_byte(out, (char)cp);
        }
    }
    buf_byte(out, '"');
}

static void filter_json_line(struct str indent, bool indented, int level, struct buf *out)
{
    if (!indented)
        return;
    buf_byte(out, '\n');
    for (int i = 0; i < level; i++)
        buf_append(out, indent);
}

static enum err_code filter_json_key(struct render *r, struct value key, struct buf *out)
{
    AUTO_BUF struct buf b = BUF_INIT(4096);

    if (key.kind == VALUE_STR) {
        filter_json_str(key.s, out);
        return ERR_OK;
    }
    if (!value_is_number(key) && key.kind != VALUE_NONE)
        return render_fail(r, ERR_BAD_INPUT, "a %s can't be a key in JSON", value_type(key));
    TRY(filter_write_json(r, key, S(""), false, 0, &b));
    filter_json_str(buf_str(&b), out);
    return ERR_OK;
}

/* Pairs in order of their keys. */
enum err_code filter_sorted_pairs(struct render *r, struct dict *d, bool by_type, struct sorted **out)
{
    struct sorted *at;
    bool mixed = false;

    TRY(dict_force(r, d));
    at = arena_array(r->arena, struct sorted, d->len + 1);
    for (size_t i = 0; i < d->len; i++) {
        at[i] = (struct sorted){ d->at[i].key, d->at[i].value };
        mixed |= i && strcmp(value_type(at[i].key), value_type(at[0].key)) != 0;
    }
    if (!mixed || !by_type)
        TRY(filter_order_rows(r, at, d->len, false, false));
    *out = at;
    return ERR_OK;
}

static enum err_code filter_json_dict(struct render *r, struct dict *d, struct str indent, bool indented, int level,
                                      struct buf *out)
{
    struct sorted *at;

    TRY(filter_sorted_pairs(r, d, false, &at));
    buf_byte(out, '{');
    for (size_t i = 0; i < d->len; i++) {
        TRY(render_steps(r, 1));
        if (i)
            buf_puts(out, indented ? "," : ", ");
        filter_json_line(indent, indented, level + 1, out);
        TRY(filter_json_key(r, at[i].key, out));
        buf_puts(out, ": ");
        TRY(filter_write_json(r, at[i].item, indent, indented, level + 1, out));
    }
    if (d->len)
        filter_json_line(indent, indented, level, out);
    buf_byte(out, '}');
    return ERR_OK;
}

static enum err_code filter_json_list(struct render *r, struct list *l, struct str indent, bool indented, int level,
                                      struct buf *out)
{
    buf_byte(out, '[');
    for (size_t i = 0; i < list_len(l); i++) {
        TRY(render_steps(r, 1));
        if (i)
            buf_puts(out, indented ? "," : ", ");
        filter_json_line(indent, indented, level + 1, out);
        TRY(filter_write_json(r, list_item(r, l, i), indent, indented, level + 1, out));
    }
    if (list_len(l))
        filter_json_line(indent, indented, level, out);
    buf_byte(out, ']');
    return ERR_OK;
}

enum err_code filter_write_json(struct render *r, struct value v, struct str indent, bool indented, int level,
                                struct buf *out)
{
    TRY(value_defined(r, v));
    TRY(render_stack(r));
    if (buf_failed(out))
        return render_fail(r, ERR_TOO_LARGE, "the JSON text is longer than %zu bytes", out->max);
    switch (v.kind) {
    case VALUE_NONE: buf_puts(out, "null"); return ERR_OK;
    case VALUE_BOOL: buf_puts(out, v.b ? "true" : "false"); return ERR_OK;
    case VALUE_STR:  filter_json_str(v.s, out); return ERR_OK;
    case VALUE_INT:  return value_repr(r, v, out);
    case VALUE_FLOAT:
        if (isfinite(v.d))
            return value_repr(r, v, out);
        buf_puts(out, isnan(v.d) ? "NaN" : v.d < 0 ? "-Infinity" : "Infinity");
        return ERR_OK;
    case VALUE_DICT: return filter_json_dict(r, v.dict, indent, indented, level, out);
    case VALUE_LIST:
        if (v.list->flavor <= LIST_TUPLE || v.list->flavor == LIST_GROUP)
            return filter_json_list(r, v.list, indent, indented, level, out);
        return render_fail(r, ERR_BAD_INPUT, "%s can't be written as JSON; write |list before |tojson", value_type(v));
    default: return render_fail(r, ERR_BAD_INPUT, "%s can't be written as JSON", value_type(v));
    }
}

FILTER(tojson, 0, "indent")
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r)), indent = BUF_INIT(1000);
    bool indented = args[0].kind != VALUE_MISSING && args[0].kind != VALUE_NONE;
    int64_t width;

    if (indented && args[0].kind == VALUE_STR) {
        buf_append(&indent, args[0].s);
    } else if (indented) {
        TRY(arg_int(r, args[0], "indent", 0, &width));
        for (int64_t i = 0; i < width && !buf_failed(&indent); i++)
            buf_byte(&indent, ' ');
    }
    if (buf_failed(&indent))
        return render_fail(r, ERR_TOO_LARGE, "the indent of tojson may be 1000 at most");
    TRY(filter_write_json(r, self, buf_str(&indent), indented, 0, &b));
    TRY(value_take_text(r, &b, out));
    out->escaped = true;
    return ERR_OK;
}
