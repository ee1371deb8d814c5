/* Methods of strings, dicts, lists, loop and cycler: those that only look. */
#include "template/text.h"
#include "template/unicode.h"

#define METHOD(id) static enum err_code method_##id(struct render *r, struct value self, const struct value *args, \
                                                    const struct given *given UNUSED, struct value *out)

static enum err_code method_chars(struct render *r, struct value v, const char *what, struct str *chars,
                                  struct str **out)
{
    *out = NULL;
    if (v.kind == VALUE_MISSING || v.kind == VALUE_NONE)
        return ERR_OK;
    TRY(arg_str(r, v, what, chars));
    *out = chars;
    return ERR_OK;
}

METHOD(upper)      { (void)args; return text_change(r, self.s, TEXT_UPPER, out); }
METHOD(lower)      { (void)args; return text_change(r, self.s, TEXT_LOWER, out); }
METHOD(title)      { (void)args; return text_change(r, self.s, TEXT_TITLE, out); }
METHOD(capitalize) { (void)args; return text_change(r, self.s, TEXT_CAPITALIZE, out); }
METHOD(swapcase)   { (void)args; return text_change(r, self.s, TEXT_SWAP, out); }

static enum err_code method_strip_sides(struct render *r, struct value self, struct value chars_value, unsigned sides,
                                        struct value *out)
{
    struct str chars, *set;

    TRY(method_chars(r, chars_value, "chars", &chars, &set));
    TRY(render_steps(r, (int64_t)(self.s.len / 64)));
    *out = value_str(text_strip(self.s, set, sides));
    return ERR_OK;
}

METHOD(strip)  { return method_strip_sides(r, self, args[0], TEXT_LEFT | TEXT_RIGHT, out); }
METHOD(lstrip) { return method_strip_sides(r, self, args[0], TEXT_LEFT, out); }
METHOD(rstrip) { return method_strip_sides(r, self, args[0], TEXT_RIGHT, out); }

static enum err_code method_split_from(struct render *r, struct value self, const struct value *args, bool from_right,
                                       struct value *out)
{
    struct str sep, *at;
    struct list *l;
    int64_t max;

    TRY(method_chars(r, args[0], "sep", &sep, &at));
    TRY(arg_int(r, args[1], "maxsplit", -1, &max));
    TRY(text_split(r, self.s, at, max, from_right, &l));
    *out = value_list(l);
    return ERR_OK;
}

METHOD(split)  { return method_split_from(r, self, args, false, out); }
METHOD(rsplit) { return method_split_from(r, self, args, true, out); }

METHOD(splitlines)
{
    struct list *l;
    bool keep;

    TRY(arg_truth(r, args[0], false, &keep));
    TRY(text_lines(r, self.s, keep, &l));
    *out = value_list(l);
    return ERR_OK;
}

METHOD(replace)
{
    struct str old, new;
    int64_t count;

    TRY(arg_str(r, args[0], "old", &old));
    TRY(arg_str(r, args[1], "new", &new));
    TRY(arg_int(r, args[2], "count", -1, &count));
    return text_replace(r, self.s, old, new, count, out);
}

/* self[start:end] in code points; *offset is where it begins. False when start lies past the end. */
static enum err_code method_part(struct render *r, struct value self, const struct value *bounds, struct str *out,
                                 int64_t *offset, bool *ok)
{
    int64_t len = (int64_t)str_utf8_len(self.s), lo, hi;
    size_t start;

    TRY(render_steps(r, (int64_t)(self.s.len / 64)));
    TRY(arg_int(r, bounds[0].kind == VALUE_NONE ? VALUE_OF_MISSING : bounds[0], "start", 0, &lo));
    TRY(arg_int(r, bounds[1].kind == VALUE_NONE ? VALUE_OF_MISSING : bounds[1], "end", len, &hi));
    lo = lo < 0 ? MAX(lo + len, (int64_t)0) : lo;
    hi = hi < 0 ? MAX(hi + len, (int64_t)0) : MIN(hi, len);
    *ok = lo <= hi;
    if (!*ok)
        return ERR_OK;
    start = unicode_offset(self.s, (size_t)lo);
    *out = str_sub(self.s, start, unicode_offset(str_from(self.s, start), (size_t)(hi - lo)));
    *offset = lo;
    return ERR_OK;
}

static enum err_code method_affix(struct render *r, struct value self, const struct value *args, bool at_start,
                                  struct value *out)
{
    struct list *l = list_new(r, LIST_PLAIN, 1);
    struct str part, s;
    int64_t offset;
    bool yes = false, ok;

    if (value_is_tuple(args[0]))
        l = args[0].list;
    else
        TRY(list_push(r, l, args[0]));
    TRY(method_part(r, self, args + 1, &part, &offset, &ok));
    for (size_t i = 0; i < list_len(l) && !yes; i++) {
        TRY(arg_str(r, list_item(r, l, i), at_start ? "prefix" : "suffix", &s));
        yes = ok && (at_start ? str_starts(part, s) : str_ends(part, s));
    }
    *out = value_bool(yes);
    return ERR_OK;
}

METHOD(startswith) { return method_affix(r, self, args, true, out); }
METHOD(endswith)   { return method_affix(r, self, args, false, out); }

static enum err_code method_find_from(struct render *r, struct value self, const struct value *args, bool last,
                                      int64_t *out)
{
    struct str needle, part;
    int64_t offset;
    ptrdiff_t at = -1;
    bool ok;

    TRY(arg_str(r, args[0], "sub", &needle));
    TRY(method_part(r, self, args + 1, &part, &offset, &ok));
    *out = -1;
    if (!ok)
        return ERR_OK;
    if (last) {
        for (size_t i = part.len + 1; i-- > 0 && at < 0;)
            if (str_starts(str_from(part, i), needle))
                at = (ptrdiff_t)i;
    } else {
        at = str_find(part, needle);
    }
    if (at >= 0)
        *out = offset + (int64_t)str_utf8_len(str_sub(part, 0, (size_t)at));
    return ERR_OK;
}

static enum err_code method_find_value(struct render *r, struct value self, const struct value *args, bool last,
                                       bool must, struct value *out)
{
    int64_t at;

    TRY(method_find_from(r, self, args, last, &at));
    if (must && at < 0)
        return render_fail(r, ERR_BAD_INPUT, "the text is not in the string");
    *out = value_int(at);
    return ERR_OK;
}

METHOD(find)   { return method_find_value(r, self, args, false, false, out); }
METHOD(rfind)  { return method_find_value(r, self, args, true, false, out); }
METHOD(index)  { return method_find_value(r, self, args, false, true, out); }
METHOD(rindex) { return method_find_value(r, self, args, true, true, out); }

METHOD(count)
{
    struct str needle, part;
    int64_t n = 0, offset;
    ptrdiff_t at;
    bool ok;

    TRY(arg_str(r, args[0], "sub", &needle));
    TRY(method_part(r, self, args + 1, &part, &offset, &ok));
    if (ok && !needle.len)
        n = (int64_t)str_utf8_len(part) + 1;
    while (ok && needle.len && (at = str_find(part, needle)) >= 0) {
        n++;
        part = str_from(part, (size_t)at + needle.len);
    }
    *out = value_int(n);
    return ERR_OK;
}

METHOD(join)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct list *l;

    TRY(value_iterate(r, args[0], &l));
    for (size_t i = 0; i < list_len(l); i++) {
        struct str s;

        TRY(render_steps(r, 1));
        TRY(arg_str(r, list_item(r, l, i), "each item of join", &s));
        if (i)
            buf_append(&b, self.s);
        buf_append(&b, s);
    }
    return value_take_text(r, &b, out);
}

METHOD(format) { (void)args; return format_braces(r, self.s, given, out); }

static enum err_code method_pad(struct render *r, struct value self, const struct value *args, unsigned sides,
                                struct value *out)
{
    struct str fill = S(" ");
    int64_t width;

    TRY(arg_int(r, args[0], "width", 0, &width));
    if (args[1].kind != VALUE_MISSING)
        TRY(arg_str(r, args[1], "fillchar", &fill));
    if (str_utf8_len(fill) != 1)
        return render_fail(r, ERR_BAD_INPUT, "\"fillchar\" must be one character");
    return text_pad(r, self.s, width, sides, fill, out);
}

METHOD(center) { return method_pad(r, self, args, TEXT_LEFT | TEXT_RIGHT, out); }
METHOD(ljust)  { return method_pad(r, self, args, TEXT_RIGHT, out); }
METHOD(rjust)  { return method_pad(r, self, args, TEXT_LEFT, out); }

METHOD(zfill)
{
    bool has_sign = self.s.len && (self.s.at[0] == '-' || self.s.at[0] == '+');
    int64_t width;
    struct value padded;

    TRY(arg_int(r, args[0], "width", 0, &width));
    if (!has_sign)
        return text_pad(r, self.s, width, TEXT_LEFT, S("0"), out);
    TRY(text_pad(r, str_from(self.s, 1), CLAMP(width, INT64_MIN + 1, INT64_MAX) - 1, TEXT_LEFT, S("0"), &padded));
    return value_binary(r, OPERATOR_ADD, value_str(str_sub(self.s, 0, 1)), padded, out);
}

METHOD(removeprefix)
{
    struct str s;

    TRY(arg_str(r, args[0], "prefix", &s));
    *out = value_str(str_starts(self.s, s) ? str_from(self.s, s.len) : self.s);
    return ERR_OK;
}

METHOD(removesuffix)
{
    struct str s;

    TRY(arg_str(r, args[0], "suffix", &s));
    *out = value_str(s.len && str_ends(self.s, s) ? str_sub(self.s, 0, self.s.len - s.len) : self.s);
    return ERR_OK;
}

static enum err_code method_part_at(struct render *r, struct value self, const struct value *args, bool last,
                                    struct value *out)
{
    struct list *l = list_new(r, LIST_TUPLE, 3);
    struct str sep;
    int64_t cp;
    size_t at;
    const struct value find[3] = { args[0] };

    TRY(arg_str(r, args[0], "sep", &sep));
    if (!sep.len)
        return render_fail(r, ERR_BAD_INPUT, "\"sep\" can't be empty");
    TRY(method_find_from(r, self, find, last, &cp));
    at = cp < 0 ? (last ? 0 : self.s.len) : unicode_offset(self.s, (size_t)cp);
    TRY(list_push(r, l, value_str(cp < 0 && last ? S("") : str_sub(self.s, 0, at))));
    TRY(list_push(r, l, value_str(cp < 0 ? S("") : sep)));
    TRY(list_push(r, l, value_str(cp < 0 ? (last ? self.s : S("")) : str_from(self.s, at + sep.len))));
    *out = value_list(l);
    return ERR_OK;
}

METHOD(partition)  { return method_part_at(r, self, args, false, out); }
METHOD(rpartition) { return method_part_at(r, self, args, true, out); }

static enum err_code method_all(struct value self, bool (*is)(uint32_t cp), struct value *out)
{
    bool yes = self.s.len > 0;

    for (size_t i = 0; i < self.s.len && yes;)
        yes = is(str_utf8_next(self.s, &i));
    *out = value_bool(yes);
    return ERR_OK;
}

static bool method_is_alnum(uint32_t cp)
{
    return cp != '_' && unicode_is_word(cp);
}

static bool method_is_ascii(uint32_t cp)
{
    return cp < 0x80;
}

METHOD(isdigit)   { (void)r, (void)args; return method_all(self, unicode_is_digit, out); }
METHOD(isdecimal) { (void)r, (void)args; return method_all(self, unicode_is_decimal, out); }
METHOD(isnumeric) { (void)r, (void)args; return method_all(self, unicode_is_numeric, out); }
METHOD(isalpha)   { (void)r, (void)args; return method_all(self, unicode_is_alpha, out); }
METHOD(isalnum)   { (void)r, (void)args; return method_all(self, method_is_alnum, out); }
METHOD(isspace)   { (void)r, (void)args; return method_all(self, unicode_is_space, out); }

METHOD(isascii)
{
    (void)r, (void)args;
    TRY(method_all(self, method_is_ascii, out));
    out->b |= self.s.len == 0;
    return ERR_OK;
}

/* At least one letter with a case, and all of them of this one. */
static enum err_code method_cased(struct value self, bool lower, struct value *out)
{
    bool any = false, all = true;

    for (size_t i = 0; i < self.s.len && all;) {
        uint32_t cp = str_utf8_next(self.s, &i);

        any |= lower ? unicode_is_lower(cp) : unicode_is_upper(cp);
        all = !(lower ? unicode_is_upper(cp) : unicode_is_lower(cp));
    }
    *out = value_bool(any && all);
    return ERR_OK;
}

METHOD(islower) { (void)r, (void)args; return method_cased(self, true, out); }
METHOD(isupper) { (void)r, (void)args; return method_cased(self, false, out); }

METHOD(istitle)
{
    bool any = false, ok = true, in_word = false;

    (void)r, (void)args;
    for (size_t i = 0; i < self.s.len && ok;) {
        uint32_t cp = str_utf8_next(self.s, &i);
        bool upper = unicode_is_upper(cp), lower = unicode_is_lower(cp);

        ok = upper ? !in_word : lower ? in_word : true;
        in_word = upper || lower;
        any |= in_word;
    }
    *out = value_bool(any && ok);
    return ERR_OK;
}

METHOD(items)
{
    struct list *l;

    (void)args;
    TRY(dict_force(r, self.dict));
    l = list_new(r, LIST_ITEMS, self.dict->len);
    for (size_t i = 0; i < self.dict->len; i++) {
        struct list *pair = list_new(r, LIST_TUPLE, 2);

        TRY(list_push(r, pair, self.dict->at[i].key));
        TRY(list_push(r, pair, self.dict->at[i].value));
        TRY(list_push(r, l, value_list(pair)));
    }
    *out = value_list(l);
    return ERR_OK;
}

static enum err_code method_side(struct render *r, struct value self, bool keys, struct value *out)
{
    struct list *l;

    TRY(dict_force(r, self.dict));
    l = list_new(r, keys ? LIST_KEYS : LIST_VALUES, self.dict->len);
    for (size_t i = 0; i < self.dict->len; i++)
        TRY(list_push(r, l, keys ? self.dict->at[i].key : self.dict->at[i].value));
    *out = value_list(l);
    return ERR_OK;
}

METHOD(keys)   { (void)args; return method_side(r, self, true, out); }
METHOD(values) { (void)args; return method_side(r, self, false, out); }

METHOD(get)
{
    bool found;

    TRY(dict_get(r, self.dict, args[0], out, &found));
    if (!found)
        *out = args[1].kind == VALUE_MISSING ? VALUE_OF_NONE : args[1];
    return ERR_OK;
}

METHOD(copy)
{
    (void)r, (void)args;
    *out = self;
    return ERR_OK;
}

METHOD(list_count)
{
    int64_t n = 0;

    for (size_t i = 0; i < list_len(self.list); i++) {
        bool same;

        TRY(render_steps(r, 1));
        TRY(value_equal(r, list_item(r, self.list, i), args[0], &same));
        n += same;
    }
    *out = value_int(n);
    return ERR_OK;
}

METHOD(list_index)
{
    for (size_t i = 0; i < list_len(self.list); i++) {
        bool same;

        TRY(render_steps(r, 1));
        TRY(value_equal(r, list_item(r, self.list, i), args[0], &same));
        if (same) {
            *out = value_int((int64_t)i);
            return ERR_OK;
        }
    }
    return render_fail(r, ERR_BAD_INPUT, "the value is not in the list");
}

METHOD(cycle)
{
    (void)args;
    if (given->keyword_len || !given->len)
        return render_fail(r, ERR_BAD_INPUT, "loop.cycle needs values to go through");
    *out = given->at[(size_t)self.loop->index0 % given->len];
    return ERR_OK;
}

METHOD(changed)
{
    struct list *l = list_new(r, LIST_TUPLE, given->len);
    bool same = false;

    (void)args;
    for (size_t i = 0; i < given->len; i++)
        TRY(list_push(r, l, given->at[i]));
    if (self.loop->changed.kind == VALUE_LIST)
        TRY(value_equal(r, self.loop->changed, value_list(l), &same));
    self.loop->changed = value_list(l);
    *out = value_bool(!same);
    return ERR_OK;
}

METHOD(next)
{
    struct cycler *c = self.cycler;

    (void)args;
    *out = list_item(r, c->items.list, c->at);
    c->at = (c->at + 1) % list_len(c->items.list);
    return ERR_OK;
}

METHOD(reset)
{
    (void)r, (void)args;
    self.cycler->at = 0;
    *out = VALUE_OF_NONE;
    return ERR_OK;
}

#define ROW(id, need, ...) { .name = #id, .params = { __VA_ARGS__ }, .required = need, .fn = method_##id }
#define PLAIN(id) { .name = #id, .fn = method_##id }

static const struct callable methods_str[] = {
    PLAIN(upper), PLAIN(lower), PLAIN(title), PLAIN(capitalize), PLAIN(swapcase), PLAIN(isdigit), PLAIN(isdecimal),
    PLAIN(isnumeric), PLAIN(isalpha), PLAIN(isalnum), PLAIN(isspace), PLAIN(isascii), PLAIN(islower), PLAIN(isupper),
    PLAIN(istitle), { .name = "casefold", .fn = method_lower },
    ROW(strip, 0, "chars"), ROW(lstrip, 0, "chars"), ROW(rstrip, 0, "chars"), ROW(split, 0, "sep", "maxsplit"),
    ROW(rsplit, 0, "sep", "maxsplit"), ROW(splitlines, 0, "keepends"), ROW(replace, 2, "old", "new", "count"),
    ROW(startswith, 1, "prefix", "start", "end"), ROW(endswith, 1, "suffix", "start", "end"),
    ROW(find, 1, "sub", "start", "end"), ROW(rfind, 1, "sub", "start", "end"), ROW(index, 1, "sub", "start", "end"),
    ROW(rindex, 1, "sub", "start", "end"), ROW(count, 1, "sub", "start", "end"), ROW(join, 1, "iterable"),
    { .name = "format", .variadic = true, .fn = method_format },
    ROW(center, 1, "width", "fillchar"), ROW(ljust, 1, "width", "fillchar"), ROW(rjust, 1, "width", "fillchar"),
    ROW(zfill, 1, "width"), ROW(removeprefix, 1, "prefix"), ROW(removesuffix, 1, "suffix"), ROW(partition, 1, "sep"),
    ROW(rpartition, 1, "sep"),
};
static const struct callable methods_dict[] = {
    PLAIN(items), PLAIN(keys), PLAIN(values), PLAIN(copy), ROW(get, 1, "key", "default"),
};
static const struct callable methods_list[] = {
    { .name = "count", .params = { "value" }, .required = 1, .fn = method_list_count },
    { .name = "index", .params = { "value" }, .required = 1, .fn = method_list_index },
};
static const struct callable methods_loop[] = {
    { .name = "cycle", .variadic = true, .fn = method_cycle }, { .name = "changed", .variadic = true, .fn = method_changed },
};
static const struct callable methods_cycler[] = { PLAIN(next), PLAIN(reset) };

const struct callable *methods_find(struct value self, struct str name)
{
    const struct callable *rows = methods_str;
    size_t n = 0;

    switch (self.kind) {
    case VALUE_STR:    n = COUNT_OF(methods_str); break;
    case VALUE_DICT:   rows = methods_dict, n = COUNT_OF(methods_dict); break;
    case VALUE_LOOP:   rows = methods_loop, n = COUNT_OF(methods_loop); break;
    case VALUE_CYCLER: rows = methods_cycler, n = COUNT_OF(methods_cycler); break;
    case VALUE_LIST:
        if (self.list->flavor <= LIST_RANGE || self.list->flavor == LIST_GROUP)
            rows = methods_list, n = COUNT_OF(methods_list);
        break;
    default: break;
    }
    for (size_t i = 0; i < n; i++)
        if (str_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}

const char *methods_refused(struct value self, struct str name)
{
    static const char *const list_words[] = { "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse" };
    static const char *const dict_words[] = { "update", "pop", "popitem", "setdefault", "clear" };
    bool dict = self.kind == VALUE_DICT;
    size_t n = dict ? COUNT_OF(dict_words) : self.kind == VALUE_LIST ? COUNT_OF(list_words) : 0;

    for (size_t i = 0; i < n; i++)
        if (str_is(name, dict ? dict_words[i] : list_words[i]))
            return dict ? "it would change data, and a template only reads it; build a new dict with dict(old, "
                          "key=value)"
                        : "it would change data, and a template only reads it; build a new list with + or a filter "
                          "(sort, reverse, select)";
    return NULL;
}
