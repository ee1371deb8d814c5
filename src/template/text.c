#include "template/text.h"
#include "template/unicode.h"

static void text_put(struct buf *b, const uint32_t *cps, int n)
{
    char put[4];

    for (int i = 0; i < n; i++)
        buf_append(b, str_n(put, str_utf8_put(cps[i], put)));
}

static bool text_is_cased(uint32_t cp)
{
    return unicode_is_lower(cp) || unicode_is_upper(cp);
}

/* A capital sigma that ends a word has its own small form. */
static bool text_is_final(struct str s, size_t start, size_t end)
{
    size_t before = start, after = end;
    uint32_t prev = 0, next = 0;

    while (before > 0 && ((unsigned char)s.at[--before] & 0xc0) == 0x80)
        ;
    if (start > 0) {
        size_t i = before;

        prev = str_utf8_next(s, &i);
    }
    if (after < s.len)
        next = str_utf8_next(s, &after);
    return text_is_cased(prev) && !text_is_cased(next);
}

static void text_map_one(struct buf *b, struct str s, size_t start, size_t end, uint32_t cp, enum unicode_case to)
{
    uint32_t mapped[3];

    if (cp == 0x3a3 && to == UNICODE_LOWER && text_is_final(s, start, end))
        mapped[0] = 0x3c2, text_put(b, mapped, 1);
    else
        text_put(b, mapped, unicode_map(cp, to, mapped));
}

static bool text_is_ascii(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] >= 0x80)
            return false;
    return true;
}

enum err_code text_change(struct render *r, struct str s, enum text_change how, struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    bool in_word = false;

    if ((how == TEXT_LOWER || how == TEXT_UPPER) && text_is_ascii(s)) {
        TRY(value_copy_text(r, s, out));
        char *at = (char *)(uintptr_t)out->s.at;

        for (size_t i = 0; i < s.len; i++)
            if (how == TEXT_LOWER ? at[i] >= 'A' && at[i] <= 'Z' : at[i] >= 'a' && at[i] <= 'z')
                at[i] ^= 32;
        return ERR_OK;
    }
    for (size_t i = 0, start = 0; i < s.len; start = i) {
        uint32_t cp = str_utf8_next(s, &i);
        enum unicode_case to = UNICODE_LOWER;

        if (how == TEXT_UPPER || (how == TEXT_SWAP && unicode_is_lower(cp)))
            to = UNICODE_UPPER;
        else if ((how == TEXT_CAPITALIZE && start == 0) || (how == TEXT_TITLE && !in_word))
            to = UNICODE_TITLE;
        text_map_one(&b, s, start, i, cp, to);
        in_word = text_is_cased(cp);
    }
    return value_take_text(r, &b, out);
}

enum err_code text_title_words(struct render *r, struct str s, struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    bool begins = true;

    for (size_t i = 0, start = 0; i < s.len; start = i) {
        uint32_t cp = str_utf8_next(s, &i);

        if (unicode_is_space(cp) || (cp < 0x80 && strchr("-({[<", (int)cp) && cp)) {
            buf_append(&b, str_sub(s, start, i - start));
            begins = true;
            continue;
        }
        text_map_one(&b, s, start, i, cp, begins ? UNICODE_UPPER : UNICODE_LOWER);
        begins = false;
    }
    return value_take_text(r, &b, out);
}

static bool text_strips(uint32_t cp, const struct str *chars)
{
    if (!chars)
        return unicode_is_space(cp);
    for (size_t i = 0; i < chars->len;)
        if (str_utf8_next(*chars, &i) == cp)
            return true;
    return false;
}

struct str text_strip(struct str s, const struct str *chars, unsigned sides)
{
    while ((sides & TEXT_LEFT) && s.len) {
        size_t i = 0;

        if (!text_strips(str_utf8_next(s, &i), chars))
            break;
        s = str_from(s, i);
    }
    while ((sides & TEXT_RIGHT) && s.len) {
        size_t start = s.len - 1, i;

        while (start > 0 && ((unsigned char)s.at[start] & 0xc0) == 0x80)
            start--;
        i = start;
        if (!text_strips(str_utf8_next(s, &i), chars))
            break;
        s.len = start;
    }
    return s;
}

enum err_code text_replace(struct render *r, struct str s, struct str old, struct str new, int64_t count,
                           struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));

    if (old.len == 0) {                         /* between all code points */
        for (size_t i = 0, start = 0; !buf_failed(&b); start = i) {
            if (count != 0) {
                buf_append(&b, new);
                count--;
            }
            if (i == s.len)
                break;
            str_utf8_next(s, &i);
            buf_append(&b, str_sub(s, start, i - start));
        }
        return value_take_text(r, &b, out);
    }
    TRY(render_steps(r, (int64_t)(s.len / 64)));
    while (s.len && count != 0 && !buf_failed(&b)) {
        ptrdiff_t at = str_find(s, old);

        if (at < 0)
            break;
        buf_append(&b, str_sub(s, 0, (size_t)at));
        buf_append(&b, new);
        s = str_from(s, (size_t)at + old.len);
        count--;
    }
    buf_append(&b, s);
    return value_take_text(r, &b, out);
}

enum err_code text_pad(struct render *r, struct str s, int64_t width, unsigned sides, struct str fill,
                       struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    int64_t pad, left;

    TRY(render_steps(r, (int64_t)(s.len / 64)));
    pad = width - (int64_t)str_utf8_len(s);
    if (pad <= 0) {
        *out = value_str(s);
        return ERR_OK;
    }
    if ((uint64_t)pad > render_text_max(r) / MAX(fill.len, (size_t)1))
        return render_fail(r, ERR_TOO_LARGE, "a text %lld characters wide is longer than %zu bytes", (long long)width,
                           render_text_max(r));
    left = sides == TEXT_LEFT ? pad : sides == TEXT_RIGHT ? 0 : pad / 2 + (pad & width & 1);
    for (int64_t i = 0; i < left; i++)
        buf_append(&b, fill);
    buf_append(&b, s);
    for (int64_t i = left; i < pad; i++)
        buf_append(&b, fill);
    return value_take_text(r, &b, out);
}

static enum err_code text_reverse_list(struct list *l)
{
    for (size_t i = 0; i < l->len / 2; i++) {
        struct value v = l->at[i];

        l->at[i] = l->at[l->len - 1 - i];
        l->at[l->len - 1 - i] = v;
    }
    return ERR_OK;
}

/* The first run of white space of `s` (the last, from the right): where it is and how long. */
static bool text_find_space(struct str s, bool from_right, size_t *at, size_t *len)
{
    size_t first = SIZE_MAX, end = 0;

    for (size_t i = 0, start = 0; i < s.len; start = i) {
        if (unicode_is_space(str_utf8_next(s, &i))) {
            if (first == SIZE_MAX || (from_right && end != start))
                first = start;
            end = i;
        } else if (first != SIZE_MAX && !from_right) {
            break;
        }
    }
    *at = first;
    *len = end - first;
    return first != SIZE_MAX;
}

static bool text_find_last(struct str s, struct str sep, size_t *at)
{
    for (size_t i = s.len + 1; i-- > 0;)
        if (i + sep.len <= s.len && memcmp(s.at + i, sep.at, sep.len) == 0) {
            *at = i;
            return true;
        }
    return false;
}

static enum err_code text_split_right(struct render *r, struct str s, const struct str *sep, int64_t max,
                                      struct list *l)
{
    for (; max != 0; max--) {
        size_t at, len = sep ? sep->len : 0;

        TRY(render_steps(r, (int64_t)(s.len / 64)));
        if (!sep) {
            s = text_strip(s, NULL, TEXT_RIGHT);
            if (!s.len || !text_find_space(s, true, &at, &len))
                break;
        } else if (!text_find_last(s, *sep, &at)) {
            break;
        }
        TRY(list_push(r, l, value_str(str_from(s, at + len))));
        s.len = at;
    }
    if (!sep)
        s = text_strip(s, NULL, TEXT_RIGHT);
    if (sep || s.len)
        TRY(list_push(r, l, value_str(sep ? s : text_strip(s, NULL, max == 0 ? 0 : TEXT_LEFT))));
    return text_reverse_list(l);
}

enum err_code text_split(struct render *r, struct str s, const struct str *sep, int64_t max, bool from_right,
                         struct list **out)
{
    struct list *l = list_new(r, LIST_PLAIN, 0);

    *out = l;
    if (sep && !sep->len)
        return render_fail(r, ERR_BAD_INPUT, "the separator of split can't be empty");
    if (from_right && max >= 0)
        return text_split_right(r, s, sep, max, l);
    for (; max != 0; max--) {
        size_t at, len = sep ? sep->len : 0;
        ptrdiff_t found;

        if (!sep) {
            s = text_strip(s, NULL, TEXT_LEFT);
            if (!s.len || !text_find_space(s, false, &at, &len))
                break;
        } else {
            if ((found = str_find(s, *sep)) < 0)
                break;
            at = (size_t)found;
        }
        TRY(list_push(r, l, value_str(str_sub(s, 0, at))));
        s = str_from(s, at + len);
    }
    if (!sep)
        s = text_strip(s, NULL, TEXT_LEFT);
    if (sep || s.len)
        TRY(list_push(r, l, value_str(s)));
    return ERR_OK;
}

enum err_code text_lines(struct render *r, struct str s, bool keep_ends, struct list **out)
{
    struct list *l = list_new(r, LIST_PLAIN, 0);
    size_t line = 0;

    *out = l;
    for (size_t i = 0, start = 0; i < s.len; start = i) {
        uint32_t cp = str_utf8_next(s, &i);

        if (!unicode_is_break(cp))
            continue;
        if (cp == '\r' && i < s.len && s.at[i] == '\n')
            i++;
        TRY(list_push(r, l, value_str(str_sub(s, line, (keep_ends ? i : start) - line))));
        line = i;
    }
    return line < s.len ? list_push(r, l, value_str(str_from(s, line))) : ERR_OK;
}

enum err_code text_reverse(struct render *r, struct str s, struct value *out)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));

    for (size_t end = s.len; end > 0;) {
        size_t start = end - 1;

        while (start > 0 && ((unsigned char)s.at[start] & 0xc0) == 0x80)
            start--;
        buf_append(&b, str_sub(s, start, end - start));
        end = start;
    }
    return value_take_text(r, &b, out);
}

void text_escape_html(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.len; i++)
        switch (s.at[i]) {
        case '&':  buf_puts(out, "&amp;"); break;
        case '<':  buf_puts(out, "&lt;"); break;
        case '>':  buf_puts(out, "&gt;"); break;
        case '\'': buf_puts(out, "&#39;"); break;
        case '"':  buf_puts(out, "&#34;"); break;
        default:   buf_byte(out, s.at[i]);
        }
}
