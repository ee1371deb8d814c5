/* Filters that come from web pages and are now and then met in prompts. */
#include "template/filters.h"
#include "template/unicode.h"

static enum err_code filter_escaped(struct render *r, struct value self, bool again, struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct str s;

    TRY(value_text(r, self, &s));
    if (self.kind == VALUE_STR && self.escaped && !again) {
        *out = self;
        return ERR_OK;
    }
    text_escape_html(s, &b);
    TRY(value_take_text(r, &b, out));
    out->escaped = true;
    return ERR_OK;
}

FILTER(escape, 0)      { return filter_escaped(r, self, false, out); }
FILTER(e, 0)           { return filter_escaped(r, self, false, out); }
FILTER(forceescape, 0) { return filter_escaped(r, self, true, out); }

FILTER(safe, 0)
{
    struct str s;

    TRY(value_text(r, self, &s));
    *out = value_str(s);
    out->escaped = true;
    return ERR_OK;
}

static void filter_quote(struct str s, bool in_query, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool plain = (c < 0x80 && unicode_is_word(c)) || strchr("-.~", c) || (c == '/' && !in_query);

        if (plain && c)
            buf_byte(out, (char)c);
        else if (in_query && c == ' ')
            buf_byte(out, '+');
        else
            buf_printf(out, "%%%02X", c);
    }
}

FILTER(urlencode, 0)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct list *l = NULL;
    struct str s;

    if (self.kind == VALUE_DICT) {
        TRY(call_callable(r, "method", methods_find(self, S("items")), self, &(struct given){ 0 }, out));
        l = out->list;
    } else if (self.kind == VALUE_LIST) {
        l = self.list;
    } else {
        TRY(value_text(r, self, &s));
        filter_quote(s, false, &b);
        return value_take_text(r, &b, out);
    }
    for (size_t i = 0; i < list_len(l); i++) {
        struct value pair = list_item(r, l, i);
        struct list *two;

        TRY(value_iterate(r, pair, &two));
        if (list_len(two) != 2)
            return render_fail(r, ERR_BAD_INPUT, "urlencode needs pairs of a name and a value");
        for (size_t k = 0; k < 2; k++) {
            TRY(value_text(r, list_item(r, two, k), &s));
            buf_puts(&b, k ? "=" : i ? "&" : "");
            filter_quote(s, true, &b);
        }
    }
    return value_take_text(r, &b, out);
}

FILTER(urlize, 0, "trim_url_limit", "nofollow", "target", "rel", "extra_schemes")
{
    return render_fail(r, ERR_BAD_INPUT,
                       "the filter urlize is not here: it makes links for web pages, and this is a prompt");
}

FILTER(xmlattr, 0, "autospace")
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    bool autospace, any = false;

    TRY(arg_truth(r, args[0], true, &autospace));
    if (self.kind != VALUE_DICT)
        return render_fail(r, ERR_BAD_INPUT, "xmlattr needs a dict, not %s", value_type(self));
    TRY(dict_force(r, self.dict));
    for (size_t i = 0; i < self.dict->len; i++) {
        struct value v = self.dict->at[i].value, text;
        struct str key;

        if (v.kind == VALUE_NONE || v.kind == VALUE_UNDEFINED)
            continue;
        TRY(arg_str(r, self.dict->at[i].key, "each key", &key));
        for (size_t k = 0; k < key.len; k++)
            if (strchr(" \t\n\r\f\v/>=", key.at[k]))
                return render_fail(r, ERR_BAD_INPUT, "\"" STR_FMT "\" can't be the name of an attribute", STR_ARG(key));
        buf_puts(&b, any || autospace ? " " : "");
        any = true;
        text_escape_html(key, &b);
        buf_puts(&b, "=\"");
        TRY(filter_escaped(r, v, false, &text));
        buf_append(&b, text.s);
        buf_byte(&b, '"');
    }
    return value_take_text(r, &b, out);
}

static const struct { const char *name; uint32_t cp; } filter_entities[] = {
    { "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' }, { "nbsp", 0xa0 }, { "copy", 0xa9 },
    { "reg", 0xae }, { "deg", 0xb0 }, { "middot", 0xb7 }, { "laquo", 0xab }, { "raquo", 0xbb }, { "times", 0xd7 },
    { "ndash", 0x2013 }, { "mdash", 0x2014 }, { "lsquo", 0x2018 }, { "rsquo", 0x2019 }, { "ldquo", 0x201c },
    { "rdquo", 0x201d }, { "bull", 0x2022 }, { "hellip", 0x2026 }, { "euro", 0x20ac }, { "trade", 0x2122 },
    { "pound", 0xa3 }, { "cent", 0xa2 }, { "yen", 0xa5 }, { "sect", 0xa7 }, { "para", 0xb6 },
};

/* "&name;" at s[i]: its character, and *i moves behind it; 0 when it is none. */
static uint32_t filter_entity(struct str s, size_t *i)
{
    ptrdiff_t end = str_find_byte(str_sub(s, *i, 12), ';');
    struct str name = end > 1 ? str_sub(s, *i + 1, (size_t)end - 1) : S("");
    uint32_t cp = 0;

    if (name.len > 1 && name.at[0] == '#') {
        bool hex = (name.at[1] | 32) == 'x';
        char digits[16] = "", *stop;
        size_t skip = hex ? 2 : 1;

        memcpy(digits, name.at + skip, name.len - skip);
        if (digits[0] >= '0' && strlen(digits))
            cp = (uint32_t)strtoul(digits, &stop, hex ? 16 : 10);
        if (!cp || *stop || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
            return 0;
    }
    for (size_t k = 0; k < COUNT_OF(filter_entities) && !cp; k++)
        if (str_is(name, filter_entities[k].name))
            cp = filter_entities[k].cp;
    if (cp)
        *i += (size_t)end + 1;
    return cp;
}

/* Text without <!-- comments --> and <tags>. */
static void filter_untag(struct str s, struct buf *out)
{
    while (s.len) {
        bool comment = str_starts(s, S("<!--"));
        ptrdiff_t end = s.at[0] == '<' ? comment ? str_find(s, S("-->")) : str_find_byte(s, '>') : -1;

        if (end >= 0) {
            s = str_from(s, (size_t)end + (comment ? 3 : 1));
            continue;
        }
        buf_byte(out, s.at[0]);
        s = str_from(s, 1);
    }
}

FILTER(striptags, 0)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r)), untagged = BUF_INIT(render_text_max(r));
    struct str s;
    bool space = false;

    TRY(value_text(r, self, &s));
    TRY(render_steps(r, (int64_t)s.len));
    filter_untag(s, &untagged);
    s = text_strip(buf_str(&untagged), NULL, TEXT_LEFT | TEXT_RIGHT);
    for (size_t i = 0, start = 0; i < s.len; start = i) {
        uint32_t cp = str_utf8_next(s, &i), entity = 0;
        char put[4];

        if (unicode_is_space(cp)) {
            space = true;
            continue;
        }
        if (space)
            buf_byte(&b, ' ');
        space = false;
        if (cp == '&') {
            i = start;
            entity = filter_entity(s, &i);
            i = entity ? i : start + 1;
        }
        buf_append(&b, str_n(put, str_utf8_put(entity ? entity : cp, put)));
    }
    return value_take_text(r, &b, out);
}
