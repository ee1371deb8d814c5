#include "base/diff.h"

#include <ctype.h>

typedef VEC(struct str) diff_list;
typedef VEC(struct diff_piece) diff_pieces;

static int diff_class(char c)
{
    unsigned char u = (unsigned char)c;

    return u == ' ' || (u >= '\t' && u <= '\r') ? 1 : u > 0x7f || isalnum(u) ? 2 : 0;
}

/* At most DIFF_WORDS_MAX words; what follows is one last long one. */
static void diff_cut(struct str text, diff_list *out)
{
    for (size_t i = 0; i < text.len;) {
        size_t n = 1;
        int class = diff_class(text.at[i]);

        if (out->len + 1 >= DIFF_WORDS_MAX)
            n = text.len - i;
        else if (class)
            while (i + n < text.len && diff_class(text.at[i + n]) == class)
                n++;
        vec_push(out, str_sub(text, i, n));
        i += n;
    }
}

static void diff_put(diff_pieces *out, enum diff_kind kind, struct str text)
{
    struct diff_piece *last = out->len ? &out->at[out->len - 1] : NULL;

    if (!text.len)
        return;
    if (last && last->kind == kind && last->text.at + last->text.len == text.at)
        last->text.len += text.len;
    else
        vec_push(out, (struct diff_piece){ kind, text });
}

/* Words `first` .. `end`-1 as one text: they lie side by side. */
static struct str diff_span(const struct str *words, size_t first, size_t end)
{
    return first < end ? str_n(words[first].at, (size_t)(words[end - 1].at + words[end - 1].len - words[first].at))
                       : STR_NONE;
}

/* Rows of the search: row d holds the furthest x on each diagonal -d, -d+2 .. d, at index (k + d) / 2. */
struct diff_search { const struct str *a, *b; int n, m; int *rows[DIFF_EDITS_MAX + 1]; };

static int diff_reach(const struct diff_search *s, int d, int k)      /* where the best step to (d, k) begins */
{
    const int *row = d ? s->rows[d - 1] : NULL;
    int down = k < d ? row ? row[(k + 1 + d - 1) / 2] : 0 : -1,
        right = k > -d ? row ? row[(k - 1 + d - 1) / 2] + 1 : 0 : -1;

    return MAX(down, right);
}

/* The number of edits; -1 when there are more than DIFF_EDITS_MAX. */
static int diff_find(struct diff_search *s)
{
    for (int d = 0; d <= DIFF_EDITS_MAX && d <= s->n + s->m; d++) {
        s->rows[d] = xcalloc((size_t)d + 1, sizeof(int));
        for (int k = -d; k <= d; k += 2) {
            int x = d ? diff_reach(s, d, k) : 0;

            while (x >= 0 && x - k >= 0 && x < s->n && x - k < s->m && str_eq(s->a[x], s->b[x - k]))
                x++;
            s->rows[d][(k + d) / 2] = x;
            if (x >= s->n && x - k >= s->m)
                return d;
        }
    }
    return -1;
}

struct diff_step { int x, y; };         /* words x .. of a and y .. of b from here on are the same, up to the next step */

/* Walks back from the end and writes the pieces in order. */
static void diff_walk(const struct diff_search *s, int edits, diff_pieces *out)
{
    struct diff_step *from = xcalloc((size_t)edits + 2, sizeof *from), *to = xcalloc((size_t)edits + 2, sizeof *to);
    int x = s->n, y = s->m;

    for (int d = edits; d >= 0; d--) {
        int k = x - y, start = d ? diff_reach(s, d, k) : 0;

        to[d] = (struct diff_step){ x, y };
        from[d] = (struct diff_step){ start, start - k };
        x = start;
        y = start - k;
        if (d) {                                        /* the edit itself: which of the two was it? */
            int down = k < d ? s->rows[d - 1][(k + d) / 2] : -1;

            if (start == down)
                y--;
            else
                x--;
        }
    }
    for (int d = 0; d <= edits; d++) {
        if (d && from[d].y > to[d - 1].y)
            diff_put(out, DIFF_ADDED, s->b[to[d - 1].y]);
        else if (d)
            diff_put(out, DIFF_REMOVED, s->a[to[d - 1].x]);
        diff_put(out, DIFF_SAME, diff_span(s->b, (size_t)from[d].y, (size_t)to[d].y));
    }
    free(from);
    free(to);
}

/* Within a change, all that was removed comes before all that was added. */
static size_t diff_order(const diff_pieces *in, struct arena *a, struct diff_piece **out)
{
    size_t n = 0;

    *out = arena_array(a, struct diff_piece, in->len + 1);
    for (size_t i = 0; i < in->len;) {
        size_t end = i;

        while (end < in->len && in->at[end].kind != DIFF_SAME)
            end++;
        for (int kind = DIFF_REMOVED; kind <= DIFF_ADDED; kind++)
            for (size_t k = i; k < end; k++) {
                struct diff_piece *last = n ? &(*out)[n - 1] : NULL;

                if ((int)in->at[k].kind != kind)
                    continue;
                if (last && last->kind == in->at[k].kind && last->text.at + last->text.len == in->at[k].text.at)
                    last->text.len += in->at[k].text.len;
                else
                    (*out)[n++] = in->at[k];
            }
        if (end < in->len)
            (*out)[n++] = in->at[end++];
        i = end;
    }
    return n;
}

size_t diff_words(struct str before, struct str after, struct arena *a, struct diff_piece **out)
{
    diff_list x = { 0 }, y = { 0 };
    diff_pieces pieces = { 0 };
    size_t head = 0, tail = 0, count;

    diff_cut(before, &x);
    diff_cut(after, &y);
    while (head < x.len && head < y.len && str_eq(x.at[head], y.at[head]))
        head++;
    while (tail < x.len - head && tail < y.len - head && str_eq(x.at[x.len - 1 - tail], y.at[y.len - 1 - tail]))
        tail++;
    diff_put(&pieces, DIFF_SAME, diff_span(y.at, 0, head));
    if (x.len > head + tail || y.len > head + tail) {
        struct diff_search s = { .n = (int)(x.len - head - tail), .m = (int)(y.len - head - tail) };
        int edits;

        s.a = x.len ? x.at + head : NULL;
        s.b = y.len ? y.at + head : NULL;
        edits = diff_find(&s);
        if (edits >= 0) {
            diff_walk(&s, edits, &pieces);
        } else {
            diff_put(&pieces, DIFF_REMOVED, diff_span(x.at, head, x.len - tail));
            diff_put(&pieces, DIFF_ADDED, diff_span(y.at, head, y.len - tail));
        }
        for (size_t d = 0; d <= DIFF_EDITS_MAX; d++)
            free(s.rows[d]);
    }
    diff_put(&pieces, DIFF_SAME, diff_span(y.at, y.len - tail, y.len));
    count = diff_order(&pieces, a, out);
    vec_dispose(&x);
    vec_dispose(&y);
    vec_dispose(&pieces);
    return count;
}
