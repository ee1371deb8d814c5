/* pprint: repr, broken into lines of at most 80 characters where it is longer, as Python's pprint does it. */
#include "template/filters.h"
#include "template/unicode.h"

#define PPRINT_WIDTH 80

static enum err_code pprint_value(struct render *r, struct value v, int64_t indent, int64_t allowance, int level,
                                  struct buf *out);

static void pprint_line(int64_t indent, struct buf *out)
{
    buf_byte(out, '\n');
    for (int64_t i = 0; i < indent && !buf_failed(out); i++)
        buf_byte(out, ' ');
}

/* repr with the keys of dicts in order. */
static enum err_code pprint_flat(struct render *r, struct value v, struct buf *out)
{
    struct sorted *at;
    bool tuple = value_is_tuple(v);

    TRY(render_stack(r));
    TRY(render_steps(r, 1));
    if (v.kind == VALUE_DICT) {
        TRY(filter_sorted_pairs(r, v.dict, true, &at));
        buf_byte(out, '{');
        for (size_t i = 0; i < v.dict->len; i++) {
            buf_puts(out, i ? ", " : "");
            TRY(pprint_flat(r, at[i].key, out));
            buf_puts(out, ": ");
            TRY(pprint_flat(r, at[i].item, out));
        }
        buf_byte(out, '}');
        return ERR_OK;
    }
    if (v.kind != VALUE_LIST || (v.list->flavor != LIST_PLAIN && !tuple))
        return value_repr(r, v, out);
    buf_byte(out, tuple ? '(' : '[');
    for (size_t i = 0; i < list_len(v.list); i++) {
        buf_puts(out, i ? ", " : "");
        TRY(pprint_flat(r, list_item(r, v.list, i), out));
    }
    buf_puts(out, !tuple ? "]" : list_len(v.list) == 1 ? ",)" : ")");
    return ERR_OK;
}

static int64_t pprint_repr_width(struct str s)
{
    AUTO_BUF struct buf b = BUF_INIT(s.len * 10 + 16);

    text_str_repr(s, &b);
    return (int64_t)str_utf8_len(buf_str(&b));
}

/* A word and the white space after it. */
static size_t pprint_part(struct str s)
{
    size_t i = 0;
    bool space = false;

    while (i < s.len) {
        size_t next = i;
        bool is = unicode_is_space(str_utf8_next(s, &next));

        if (space && !is)
            break;
        space |= is;
        i = next;
    }
    return i;
}

/* Cuts a long string between words into literals that stand below each other. */
static enum err_code pprint_str(struct render *r, struct str s, int64_t indent, int64_t allowance, int level,
                                struct buf *out)
{
    struct list *lines, *chunks = list_new(r, LIST_PLAIN, 0);

    TRY(text_lines(r, s, true, &lines));
    if (level == 1) {
        indent++;
        allowance++;
    }
    for (size_t i = 0; i < lines->len; i++) {
        struct str line = lines->at[i].s, current = str_sub(line, 0, 0);
        bool last_line = i + 1 == lines->len;
        int64_t room = PPRINT_WIDTH - indent;

        if (pprint_repr_width(line) <= room - (last_line ? allowance : 0)) {
            TRY(list_push(r, chunks, value_str(line)));
            continue;
        }
        for (size_t at = 0; at < line.len;) {
            size_t part = pprint_part(str_from(line, at));
            struct str candidate = str_n(current.at, current.len + part);

            TRY(render_steps(r, (int64_t)(candidate.len / 64) + 1));
            if (at + part == line.len && last_line)
                room -= allowance;
            if (pprint_repr_width(candidate) > room) {
                if (current.len)
                    TRY(list_push(r, chunks, value_str(current)));
                current = str_sub(line, at, part);
            } else {
                current = candidate;
            }
            at += part;
        }
        if (current.len)
            TRY(list_push(r, chunks, value_str(current)));
    }
    if (chunks->len == 1) {
        text_str_repr(s, out);
        return ERR_OK;
    }
    buf_puts(out, level == 1 ? "(" : "");
    for (size_t i = 0; i < chunks->len; i++) {
        if (i)
            pprint_line(indent, out);
        text_str_repr(chunks->at[i].s, out);
    }
    buf_puts(out, level == 1 ? ")" : "");
    return ERR_OK;
}

static enum err_code pprint_dict(struct render *r, struct dict *d, int64_t indent, int64_t allowance, int level,
                                 struct buf *out)
{
    struct sorted *at;

    TRY(filter_sorted_pairs(r, d, true, &at));
    buf_byte(out, '{');
    for (size_t i = 0; i < d->len; i++) {
        AUTO_BUF struct buf key = BUF_INIT(render_text_max(r));

        if (i)
            pprint_line(indent + 1, out);
        TRY(pprint_flat(r, at[i].key, &key));
        buf_append(out, buf_str(&key));
        buf_puts(out, ": ");
        TRY(pprint_value(r, at[i].item, indent + 1 + (int64_t)str_utf8_len(buf_str(&key)) + 2,
                         i + 1 == d->len ? allowance + 1 : 1, level, out));
        buf_puts(out, i + 1 < d->len ? "," : "");
    }
    buf_byte(out, '}');
    return ERR_OK;
}

static enum err_code pprint_list(struct render *r, struct value v, int64_t indent, int64_t allowance, int level,
                                 struct buf *out)
{
    bool tuple = value_is_tuple(v);
    size_t len = list_len(v.list);
    const char *end = !tuple ? "]" : len == 1 ? ",)" : ")";

    buf_byte(out, tuple ? '(' : '[');
    for (size_t i = 0; i < len; i++) {
        if (i)
            pprint_line(indent + 1, out);
        TRY(pprint_value(r, list_item(r, v.list, i), indent + 1, i + 1 == len ? allowance + (int64_t)strlen(end) : 1,
                         level, out));
        buf_puts(out, i + 1 < len ? "," : "");
    }
    buf_puts(out, end);
    return ERR_OK;
}

static enum err_code pprint_value(struct render *r, struct value v, int64_t indent, int64_t allowance, int level,
                                  struct buf *out)
{
    AUTO_BUF struct buf flat = BUF_INIT(render_text_max(r));

    TRY(render_stack(r));
    TRY(pprint_flat(r, v, &flat));
    TRY(render_steps(r, (int64_t)(flat.len / 64) + 1));
    if ((int64_t)str_utf8_len(buf_str(&flat)) > PPRINT_WIDTH - indent - allowance) {
        if (v.kind == VALUE_DICT)
            return pprint_dict(r, v.dict, indent, allowance, level + 1, out);
        if (v.kind == VALUE_LIST && (v.list->flavor == LIST_PLAIN || value_is_tuple(v)))
            return pprint_list(r, v, indent, allowance, level + 1, out);
        if (v.kind == VALUE_STR && v.s.len)
            return pprint_str(r, v.s, indent, allowance, level + 1, out);
    }
    buf_append(out, buf_str(&flat));
    return ERR_OK;
}

FILTER(pprint, 0)
{
    AUTO_BUF struct buf b = BUF_INIT(render_text_max(r));

    TRY(pprint_value(r, self, 0, 0, 0, &b));
    return value_take_text(r, &b, out);
}
