#include "template/filters.h"
#include "template/unicode.h"

static enum err_code filter_change(struct render *r, struct value self, enum text_change how, struct value *out)
{
    struct str s;

    TRY(value_text(r, self, &s));
    return text_change(r, s, how, out);
}

FILTER(upper, 0)      { return filter_change(r, self, TEXT_UPPER, out); }
FILTER(lower, 0)      { return filter_change(r, self, TEXT_LOWER, out); }
FILTER(capitalize, 0) { return filter_change(r, self, TEXT_CAPITALIZE, out); }

FILTER(title, 0)
{
    struct str s;

    TRY(value_text(r, self, &s));
    return text_title_words(r, s, out);
}

FILTER(string, 0)
{
    struct str s;

    if (self.kind == VALUE_STR) {
        *out = self;
        return ERR_OK;
    }
    TRY(value_text(r, self, &s));
    *out = value_str(s);
    return ERR_OK;
}

FILTER(trim, 0, "chars")
{
    struct str s, chars;

    TRY(value_text(r, self, &s));
    TRY(render_steps(r, (int64_t)(s.len / 64)));
    if (args[0].kind != VALUE_MISSING && args[0].kind != VALUE_NONE) {
        TRY(arg_str(r, args[0], "chars", &chars));
        *out = value_str(text_strip(s, &chars, TEXT_LEFT | TEXT_RIGHT));
        return ERR_OK;
    }
    *out = value_str(text_strip(s, NULL, TEXT_LEFT | TEXT_RIGHT));
    return ERR_OK;
}

FILTER(center, 0, "width")
{
    struct str s;
    int64_t width;

    TRY(value_text(r, self, &s));
    TRY(arg_int(r, args[0], "width", 80, &width));
    return text_pad(r, s, width, TEXT_LEFT | TEXT_RIGHT, S(" "), out);
}

FILTER(replace, 2, "old", "new", "count")
{
    struct str s, old, new;
    int64_t count;

    TRY(value_text(r, self, &s));
    TRY(value_text(r, args[0], &old));
    TRY(value_text(r, args[1], &new));
    TRY(arg_int(r, args[2].kind == VALUE_NONE ? VALUE_OF_MISSING : args[2], "count", -1, &count));
    return text_replace(r, s, old, new, count, out);
}

FILTER_AS(format, "format", .variadic = true)
{
    struct value values = VALUE_OF_NONE;
    struct str s;

    TRY(value_text(r, self, &s));
    if (given->len && given->keyword_len)
        return render_fail(r, ERR_BAD_INPUT, "format takes either values or named values, not both");
    if (given->keyword_len) {
        struct dict *d = dict_new(r);

        for (size_t k = 0; k < given->keyword_len; k++)
            TRY(dict_put(r, d, value_str(given->keywords[k].name), given->keywords[k].value));
        values = value_dict(d);
    } else {
        struct list *l = list_new(r, LIST_TUPLE, given->len);

        for (size_t i = 0; i < given->len; i++)
            TRY(list_push(r, l, given->at[i]));
        values = value_list(l);
    }
    return format_percent(r, s, values, out);
}

FILTER(wordcount, 0)
{
    struct str s;
    int64_t n = 0;
    bool in_word = false;

    TRY(value_text(r, self, &s));
    TRY(render_steps(r, (int64_t)(s.len / 64)));
    for (size_t i = 0; i < s.len;) {
        bool word = unicode_is_word(str_utf8_next(s, &i));

        n += word && !in_word;
        in_word = word;
    }
    *out = value_int(n);
    return ERR_OK;
}

FILTER(indent, 0, "width", "first", "blank")
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r)), pad = BUF_INIT(100000);
    struct list *lines;
    int64_t width;
    bool first, blank;

    if (self.kind != VALUE_STR)
        return render_fail(r, ERR_BAD_INPUT, "indent needs a string, not %s", value_type(self));
    if (args[0].kind == VALUE_STR) {
        buf_append(&pad, args[0].s);
    } else {
        TRY(arg_int(r, args[0], "width", 4, &width));
        for (int64_t i = 0; i < width && !buf_failed(&pad); i++)
            buf_byte(&pad, ' ');
    }
    if (buf_failed(&pad))
        return render_fail(r, ERR_TOO_LARGE, "the width of indent may be 100000 at most");
    TRY(arg_truth(r, args[1], false, &first));
    TRY(arg_truth(r, args[2], false, &blank));
    TRY(value_binary(r, OPERATOR_ADD, self, value_str(S("\n")), out));     /* so a last empty line counts */
    TRY(text_lines(r, out->s, false, &lines));
    for (size_t i = 0; i < lines->len; i++) {
        if (i)
            buf_byte(&b, '\n');
        if (i ? blank || lines->at[i].s.len : first)
            buf_append(&b, buf_str(&pad));
        buf_append(&b, lines->at[i].s);
    }
    return value_take_text(r, &b, out);
}

FILTER(truncate, 0, "length", "killwords", "end", "leeway")
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct str end = S("..."), head;
    int64_t length, leeway, len, end_len;
    bool killwords;

    TRY(arg_int(r, args[0], "length", 255, &length));
    TRY(arg_truth(r, args[1], false, &killwords));
    if (args[2].kind != VALUE_MISSING)
        TRY(arg_str(r, args[2], "end", &end));
    TRY(arg_int(r, args[3].kind == VALUE_NONE ? VALUE_OF_MISSING : args[3], "leeway", 5, &leeway));
    end_len = (int64_t)str_utf8_len(end);
    if (length < end_len || leeway < 0)
        return render_fail(r, ERR_BAD_INPUT,
                           "truncate needs a length of at least %lld (its \"end\") and a leeway of at least 0",
                           (long long)end_len);
    TRY(value_length(r, self, &len));
    *out = self;
    if (len <= length || len - length <= leeway)
        return ERR_OK;
    if (self.kind != VALUE_STR)
        return render_fail(r, ERR_BAD_INPUT, "truncate needs a string, not %s", value_type(self));
    head = str_sub(self.s, 0, unicode_offset(self.s, (size_t)(length - end_len)));
    for (size_t i = head.len; !killwords && i-- > 0;)
        if (head.at[i] == ' ') {
            head.len = i;
            break;
        }
    buf_append(&b, head);
    buf_append(&b, end);
    return value_take_text(r, &b, out);
}

/* ---- wordwrap: Python's textwrap, a line at a time ---- */

static bool wrap_is_space(uint32_t cp)
{
    return cp == ' ' || (cp >= 9 && cp <= 13);
}

static bool wrap_is_letter(uint32_t cp)
{
    return cp != '_' && !unicode_is_decimal(cp) && unicode_is_word(cp);
}

struct wrap { uint32_t *cps; size_t *offsets; size_t len; };        /* a line as code points */

static uint32_t wrap_at(const struct wrap *w, size_t i)
{
    return i < w->len ? w->cps[i] : 0;
}

static bool wrap_before_dash(uint32_t cp)
{
    return unicode_is_word(cp) || (cp && cp < 0x80 && strchr("!\"'&.,?", (int)cp));
}

/* How many dashes begin at i, when they stand between words: an em-dash. */
static size_t wrap_dashes(const struct wrap *w, size_t i)
{
    size_t n = 0;

    while (wrap_at(w, i + n) == '-')
        n++;
    return n >= 2 && i > 0 && wrap_before_dash(w->cps[i - 1]) && unicode_is_word(wrap_at(w, i + n)) && i + n < w->len
               ? n
               : 0;
}

/* A hyphen at i after which a word may be broken: letters on both sides. */
static bool wrap_hyphen(const struct wrap *w, size_t start, size_t i)
{
    bool before = (i >= start + 2 && wrap_is_letter(w->cps[i - 1]) && wrap_is_letter(w->cps[i - 2])) ||
                  (i >= 3 && wrap_is_letter(w->cps[i - 1]) && w->cps[i - 2] == '-' && wrap_is_letter(w->cps[i - 3]));
    size_t j = i + 1;

    before |= i >= 2 && wrap_is_letter(w->cps[i - 1]) && wrap_is_letter(w->cps[i - 2]);
    if (!before || !wrap_is_letter(wrap_at(w, j)))
        return false;
    j += 1 + (wrap_at(w, j + 1) == '-');
    return wrap_is_letter(wrap_at(w, j));
}

/* The end of the chunk that begins at `start`. */
static size_t wrap_chunk(const struct wrap *w, size_t start, bool hyphens)
{
    size_t i = start, dashes;

    if (wrap_is_space(w->cps[start])) {
        while (i < w->len && wrap_is_space(w->cps[i]))
            i++;
        return i;
    }
    if (!hyphens) {
        while (i < w->len && !wrap_is_space(w->cps[i]))
            i++;
        return i;
    }
    if ((dashes = wrap_dashes(w, start)))
        return start + dashes;
    for (i = start + 1; i <= w->len; i++) {
        if (i - 1 > start && w->cps[i - 1] == '-' && wrap_hyphen(w, start, i - 1))
            return i;
        if (i == w->len || wrap_is_space(w->cps[i]) || wrap_dashes(w, i))
            return i;
    }
    return w->len;
}

struct wrap_out { struct buf *b; struct str between; bool any; };

static void wrap_put(struct wrap_out *o, struct str line)
{
    if (o->any)
        buf_append(o->b, o->between);
    buf_append(o->b, line);
    o->any = true;
}

/* Where a chunk too long for a whole line is cut: `room` code points, or after a hyphen among them. */
static size_t wrap_cut(const struct wrap *w, size_t start, size_t end, size_t room, bool hyphens)
{
    size_t cut = start + room;

    if (hyphens && end - start > room)
        for (size_t i = start + room; i-- > start;)
            if (w->cps[i] == '-') {
                for (size_t k = start; k < i; k++)
                    if (w->cps[k] != '-')
                        return i + 1;
                break;
            }
    return cut;
}

static void wrap_line(struct str s, const struct wrap *w, size_t width, bool break_long, bool hyphens,
                      struct wrap_out *o)
{
    size_t at = 0;
    bool first = true;

    while (at < w->len && !buf_failed(o->b)) {
        size_t end = wrap_chunk(w, at, hyphens), line = at, filled = 0, kept;

        if (!first && wrap_is_space(w->cps[at])) {          /* a line but the first does not begin with white space */
            at = line = end;
            if (at >= w->len)
                break;
            end = wrap_chunk(w, at, hyphens);
        }
        while (at < w->len && filled + (end - at) <= width) {
            filled += end - at;
            at = end;
            if (at < w->len)
                end = wrap_chunk(w, at, hyphens);
        }
        if (at < w->len && end - at > width) {
            if (break_long) {
                size_t room = width > filled ? width - filled : 1;

                if (width > filled || !filled)
                    at = wrap_cut(w, at, end, room, hyphens);
            } else if (!filled) {
                at = end;
            }
        }
        kept = at;
        /* a full line before a word to be cut takes nothing of it, and keeps its white space (as textwrap does) */
        if (kept > line && wrap_is_space(w->cps[kept - 1]) &&
            !(break_long && filled == width && kept < w->len && end - kept > width)) {
            size_t space = kept;

            while (space > line && wrap_is_space(w->cps[space - 1]))
                space--;
            kept = space;
        }
        if (kept > line) {
            wrap_put(o, str_sub(s, w->offsets[line], w->offsets[kept] - w->offsets[line]));
            first = false;
        }
        if (at == line)
            break;
    }
}

FILTER(wordwrap, 0, "width", "break_long_words", "wrapstring", "break_on_hyphens")
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));
    struct str between = S("\n");
    struct list *lines;
    int64_t width;
    bool break_long, hyphens;

    TRY(arg_int(r, args[0], "width", 79, &width));
    TRY(arg_truth(r, args[1], true, &break_long));
    if (args[2].kind != VALUE_MISSING && args[2].kind != VALUE_NONE)
        TRY(arg_str(r, args[2], "wrapstring", &between));
    TRY(arg_truth(r, args[3], true, &hyphens));
    if (self.kind != VALUE_STR)
        return render_fail(r, ERR_BAD_INPUT, "wordwrap needs a string, not %s", value_type(self));
    if (width < 1)
        return render_fail(r, ERR_BAD_INPUT, "the width of wordwrap must be at least 1");
    TRY(render_steps(r, (int64_t)self.s.len));
    TRY(text_lines(r, self.s, false, &lines));
    for (size_t i = 0; i < lines->len; i++) {
        struct str s = lines->at[i].s;
        struct wrap w = { arena_array(r->arena, uint32_t, s.len + 1), arena_array(r->arena, size_t, s.len + 2), 0 };
        struct wrap_out o = { &b, between, false };

        for (size_t k = 0; k < s.len; w.len++) {
            w.offsets[w.len] = k;
            w.cps[w.len] = str_utf8_next(s, &k);
        }
        w.offsets[w.len] = s.len;
        if (i)
            buf_append(&b, between);
        wrap_line(s, &w, (size_t)width, break_long, hyphens, &o);
    }
    return value_take_text(r, &b, out);
}
