#include "eval/metric/sequence.h"

#include "template/unicode.h"

#define SEQUENCE_BYTES_MAX ((size_t)64 << 20)

void vocabulary_dispose(struct vocabulary *v)
{
    map_dispose(&v->words);
}

int sequence_fold(uint32_t cp, uint32_t out[3])
{
    return unicode_map(cp == 0x3c2 ? 0x3c3 : cp, UNICODE_LOWER, out);
}

/* --- units -------------------------------------------------------------------------------------------------------- */

static uint32_t vocabulary_id(struct vocabulary *v, struct str word)
{
    uintptr_t id = (uintptr_t)map_get(&v->words, word);

    if (!id) {
        id = map_len(&v->words) + 1;
        map_put(&v->words, word, (void *)id);
    }
    return (uint32_t)id;
}

struct sequence sequence_of_characters(struct str text, bool spaces, struct arena *a)
{
    uint32_t *ids = arena_array(a, uint32_t, text.len + 1);
    size_t n = 0;

    for (size_t i = 0; i < text.len;) {
        uint32_t c = str_utf8_next(text, &i);

        if (spaces || !unicode_is_space(c))
            ids[n++] = c;
    }
    return (struct sequence){ ids, n };
}

static void sequence_replace(struct str text, struct str from, struct str to, struct buf *out)
{
    ptrdiff_t at;

    buf_reset(out);
    while ((at = str_find(text, from)) >= 0) {
        buf_append(out, str_sub(text, 0, (size_t)at));
        buf_append(out, to);
        text = str_from(text, (size_t)at + from.len);
    }
    buf_append(out, text);
}

static bool sequence_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool sequence_13a_alone(char c)
{
    return (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
           (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

static void sequence_13a_apart(struct str text, struct buf *out)
{
    buf_reset(out);
    for (size_t i = 0; i < text.len; i++)
        if (sequence_13a_alone(text.at[i])) {
            buf_byte(out, ' ');
            buf_byte(out, text.at[i]);
            buf_byte(out, ' ');
        } else {
            buf_byte(out, text.at[i]);
        }
}

/* The three rules over pairs of characters, each a pass over the whole text that never looks at a character twice.
 * Bytes do: the bytes a rule names are ASCII, and of a longer character only the one next to them matters. */
enum sequence_pair { PAIR_BEFORE_POINT, PAIR_AFTER_POINT, PAIR_DASH };

static bool sequence_13a_pair(enum sequence_pair rule, char x, char y)
{
    switch (rule) {
    case PAIR_BEFORE_POINT: return !sequence_digit(x) && (y == '.' || y == ',');
    case PAIR_AFTER_POINT: return (x == '.' || x == ',') && !sequence_digit(y);
    default: return sequence_digit(x) && y == '-';
    }
}

static void sequence_13a_pairs(struct str text, enum sequence_pair rule, struct buf *out)
{
    buf_reset(out);
    for (size_t i = 0; i < text.len; i++) {
        if (i + 1 == text.len || !sequence_13a_pair(rule, text.at[i], text.at[i + 1])) {
            buf_byte(out, text.at[i]);
            continue;
        }
        if (rule == PAIR_AFTER_POINT)
            buf_byte(out, ' ');
        buf_byte(out, text.at[i++]);
        buf_byte(out, ' ');
        buf_byte(out, text.at[i]);
        if (rule != PAIR_AFTER_POINT)
            buf_byte(out, ' ');
    }
}

static struct sequence sequence_split(struct str text, struct vocabulary *v, struct arena *a)
{
    uint32_t *ids = arena_array(a, uint32_t, text.len / 2 + 2);
    size_t n = 0, from = 0;

    for (size_t i = 0; i <= text.len;) {
        size_t end = i;
        bool space = i == text.len || unicode_is_space(str_utf8_next(text, &i));

        if (!space)
            continue;
        if (end > from)
            ids[n++] = vocabulary_id(v, str_sub(text, from, end - from));
        from = i;
        if (end == text.len)
            break;
    }
    return (struct sequence){ ids, n };
}

static struct str sequence_trim_end(struct str text)
{
    size_t end = 0;

    for (size_t i = 0; i < text.len;)
        if (!unicode_is_space(str_utf8_next(text, &i)))
            end = i;
    return str_sub(text, 0, end);
}

struct sequence sequence_of_13a(struct str text, struct vocabulary *v, struct arena *a)
{
    static const struct { struct str from, to; } plain[] = {
        { { "<skipped>", 9 }, { "", 0 } }, { { "-\n", 2 }, { "", 0 } }, { { "\n", 1 }, { " ", 1 } },
        { { "&quot;", 6 }, { "\"", 1 } }, { { "&amp;", 5 }, { "&", 1 } }, { { "&lt;", 4 }, { "<", 1 } },
        { { "&gt;", 4 }, { ">", 1 } },
    };
    AUTO_BUF struct buf one = BUF_INIT(SEQUENCE_BYTES_MAX), two = BUF_INIT(SEQUENCE_BYTES_MAX);
    struct buf *now = &one, *next = &two;

    buf_append(now, sequence_trim_end(text));
    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        sequence_replace(buf_str(now), plain[i].from, plain[i].to, next);
        now = now == &one ? &two : &one;
        next = now == &one ? &two : &one;
    }
    buf_reset(next);
    buf_byte(next, ' ');
    buf_append(next, buf_str(now));
    buf_byte(next, ' ');
    sequence_13a_apart(buf_str(next), now);
    sequence_13a_pairs(buf_str(now), PAIR_BEFORE_POINT, next);
    sequence_13a_pairs(buf_str(next), PAIR_AFTER_POINT, now);
    sequence_13a_pairs(buf_str(now), PAIR_DASH, next);
    return sequence_split(buf_str(next), v, a);
}

struct sequence sequence_of_rouge(struct str text, struct vocabulary *v, struct arena *a)
{
    uint32_t *ids = arena_array(a, uint32_t, text.len / 2 + 2), lower[3];
    char *word = arena_alloc(a, text.len + 1);
    size_t n = 0, len = 0;

    for (size_t i = 0; i < text.len;) {
        int mapped = sequence_fold(str_utf8_next(text, &i), lower);

        for (int k = 0; k < mapped; k++) {
            if ((lower[k] >= 'a' && lower[k] <= 'z') || (lower[k] >= '0' && lower[k] <= '9')) {
                word[len++] = (char)lower[k];
                continue;
            }
            if (len)
                ids[n++] = vocabulary_id(v, str_n(word, len));
            len = 0;
        }
    }
    if (len)
        ids[n++] = vocabulary_id(v, str_n(word, len));
    return (struct sequence){ ids, n };
}

/* --- n-grams ------------------------------------------------------------------------------------------------------ */

/* The first `order` units at two places; what ends earlier comes first. */
static int grams_cmp(struct sequence x, size_t i, struct sequence y, size_t k, size_t order)
{
    for (size_t at = 0; at < order; at++) {
        bool x_ends = i + at >= x.count, y_ends = k + at >= y.count;

        if (x_ends || y_ends)
            return y_ends - x_ends;
        if (x.ids[i + at] != y.ids[k + at])
            return x.ids[i + at] < y.ids[k + at] ? -1 : 1;
    }
    return 0;
}

static int grams_sort_cmp(const void *i, const void *k, void *s)
{
    struct sequence x = *(const struct sequence *)s;
    int order = grams_cmp(x, *(const uint32_t *)i, x, *(const uint32_t *)k, GRAMS_ORDER_MAX);

    return order ? order : *(const uint32_t *)i < *(const uint32_t *)k ? -1 : 1;
}

struct grams grams_of(struct sequence s, struct arena *a)
{
    uint32_t *sorted = arena_array(a, uint32_t, s.count + 1);

    for (size_t i = 0; i < s.count; i++)
        sorted[i] = (uint32_t)i;
    if (s.count)
        qsort_r(sorted, s.count, sizeof *sorted, grams_sort_cmp, &s);
    return (struct grams){ s, sorted };
}

size_t grams_total(const struct grams *g, size_t order)
{
    return g->s.count >= order ? g->s.count - order + 1 : 0;
}

/* Where in g's order the n-gram at `i` of `x` begins, or ends when `past`. What is shorter than it lies before it. */
static size_t grams_bound(const struct grams *g, struct sequence x, size_t i, size_t order, bool past)
{
    size_t low = 0, high = g->s.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int cmp = grams_cmp(g->s, g->sorted[middle], x, i, order);

        if (cmp < 0 || (past && cmp == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t grams_common(const struct grams *x, const struct grams *others, size_t other_count, size_t order)
{
    size_t common = 0;

    ASSERT(order && order <= GRAMS_ORDER_MAX);
    for (size_t i = 0; i < x->s.count;) {
        size_t at = x->sorted[i], mine = 1, theirs = 0;

        if (at + order > x->s.count) {
            i++;
            continue;
        }
        while (i + mine < x->s.count && grams_cmp(x->s, at, x->s, x->sorted[i + mine], order) == 0)
            mine++;
        for (size_t k = 0; k < other_count; k++)
            theirs = MAX(theirs, grams_bound(&others[k], x->s, at, order, true) -
                                     grams_bound(&others[k], x->s, at, order, false));
        common += MIN(mine, theirs);
        i += mine;
    }
    return common;
}

/* --- bit vectors: where in `x` a unit stands ---------------------------------------------------------------------- */

/* A unit that stands in more places than there are words has its vector made once (there are at most 64 such units);
 * the others' few bits are set for each use and taken away again. */
struct places {
    struct sequence x;
    const uint32_t *sorted;             /* positions, by unit */
    size_t words;
    uint64_t *scratch;
    size_t scratch_from, scratch_to;    /* in sorted: the bits that are set */
    uint64_t **kept;                    /* by the first place in sorted */
};

static void places_begin(struct places *p, struct sequence x, struct arena *a)
{
    *p = (struct places){ .x = x, .sorted = grams_of(x, a).sorted, .words = (x.count + 63) / 64 };
    p->scratch = arena_array(a, uint64_t, p->words + 1);
    p->kept = arena_array(a, uint64_t *, x.count + 1);
}

static void places_set(const struct places *p, size_t from, size_t to, uint64_t *bits)
{
    for (size_t i = from; i < to; i++)
        bits[p->sorted[i] / 64] |= UINT64_C(1) << (p->sorted[i] % 64);
}

static const uint64_t *places_of(struct places *p, uint32_t unit, struct arena *a)
{
    struct grams g = { p->x, p->sorted };
    struct sequence one = { &unit, 1 };
    size_t from = grams_bound(&g, one, 0, 1, false), to = grams_bound(&g, one, 0, 1, true);

    if (to - from > p->words) {
        if (!p->kept[from]) {
            p->kept[from] = arena_array(a, uint64_t, p->words + 1);
            places_set(p, from, to, p->kept[from]);
        }
        return p->kept[from];
    }
    for (size_t i = p->scratch_from; i < p->scratch_to; i++)
        p->scratch[p->sorted[i] / 64] = 0;
    p->scratch_from = from;
    p->scratch_to = to;
    places_set(p, from, to, p->scratch);
    return p->scratch;
}

size_t sequence_lcs(struct sequence x, struct sequence y, struct arena *a)
{
    struct places p;
    uint64_t *v;
    size_t length = 0;

    if (!x.count || !y.count)
        return 0;
    places_begin(&p, x, a);
    v = arena_array(a, uint64_t, p.words);
    memset(v, 0xff, p.words * sizeof *v);
    for (size_t k = 0; k < y.count; k++) {
        const uint64_t *at = places_of(&p, y.ids[k], a);
        unsigned char carry = 0;

        for (size_t w = 0; w < p.words; w++) {
            uint64_t u = v[w] & at[w], sum = v[w] + u, more = sum + carry;

            carry = (unsigned char)((sum < u) | (more < sum));
            v[w] = more | (v[w] & ~at[w]);
        }
    }
    for (size_t i = 0; i < x.count; i++)
        length += !(v[i / 64] >> (i % 64) & 1);
    return length;
}

/* One word of one column: `in` is what the row above changes by from the column before, and the answer what the last
 * row of this word changes by. */
static int distance_step(uint64_t *pv, uint64_t *mv, uint64_t equal, int in, uint64_t last)
{
    uint64_t xv = equal | *mv, xh, ph, mh;
    int out;

    equal |= in < 0;
    xh = (((equal & *pv) + *pv) ^ *pv) | equal;
    ph = *mv | ~(xh | *pv);
    mh = *pv & xh;
    out = (ph & last ? 1 : 0) - (mh & last ? 1 : 0);
    ph = ph << 1 | (in > 0);
    mh = mh << 1 | (in < 0);
    *pv = mh | ~(xv | ph);
    *mv = ph & xv;
    return out;
}

size_t sequence_distance(struct sequence x, struct sequence y, struct arena *a)
{
    struct places p;
    uint64_t *pv, *mv;
    ptrdiff_t distance = (ptrdiff_t)x.count;

    if (!x.count || !y.count)
        return x.count + y.count;
    places_begin(&p, x, a);
    pv = arena_array(a, uint64_t, p.words);
    mv = arena_array(a, uint64_t, p.words);
    memset(pv, 0xff, p.words * sizeof *pv);
    for (size_t k = 0; k < y.count; k++) {
        const uint64_t *at = places_of(&p, y.ids[k], a);
        int change = 1;

        for (size_t w = 0; w < p.words; w++)
            change = distance_step(&pv[w], &mv[w], at[w], change,
                                   UINT64_C(1) << (w + 1 < p.words ? 63 : (x.count - 1) % 64));
        distance += change;
    }
    return (size_t)distance;
}
