/* src/token/split.c: the pieces a text is cut into before merging, as the two published patterns cut it.
 *
 *   cl100k   '(?i:[sdmt]|ll|ve|re) | [^\r\n L N]? L+ | N{1,3} | " "? [^\s L N]+ [\r\n]* | \s+$ | \s*[\r\n] | \s+(?!\S)
 * | \s
 *   o200k    [^\r\n L N]? [U B M]* [l B M]+ contraction? | [^\r\n L N]? [U B M]+ [l B M]* contraction? | N{1,3}
 *            | " "? [^\s L N]+ [\r\n/]* | \s*[\r\n]+ | \s+(?!\S) | \s+
 * (U upper and title, l lower, B other letters, M marks; alternatives in order, each greedy). They are written out by
 * hand: every alternative of both can be decided by looking ahead once, so that cutting is linear and needs no engine.
 * tests/token holds them equal to the patterns on every code point, in every neighbourhood of classes. */
#include "token/token_parts.h"

struct look { unsigned cls; const unsigned char *next; };       /* cls 0: the end of the text */

static const unsigned char *split_stage2(void) { return pack_at(pack_head()->stage2); }

static unsigned split_class(uint32_t cp)
{
    const uint16_t *stage1 = pack_at(pack_head()->stage1);

    return split_stage2()[(size_t)stage1[cp >> 7] << 7 | (cp & 127)];
}

static struct look split_look_wide(const unsigned char *p, const unsigned char *end)
{
    size_t i = 0;
    uint32_t cp = str_utf8_next((struct str){ (const char *)p, MIN((size_t)(end - p), (size_t)4) }, &i);

    if (i == 1)
        return (struct look){ VOCAB_OTHER, p + 1 };
    return (struct look){ split_class(cp), p + i };
}

static inline struct look split_look(const unsigned char *p, const unsigned char *end)
{
    if (p == end)
        return (struct look){ 0, p };
    if (*p < 0x80)      /* the first 128 code points are one block: stage1[0] is 0 */
        return (struct look){ split_stage2()[*p], p + 1 };
    return split_look_wide(p, end);
}

/* How many of the eight bytes at `p` are ASCII letters, from the first on; lower case alone, or both. Eight at a time
 * and without a branch for each: most of a text is short runs of these, and their ends can't be predicted.
 * (Bytes within a word, as in Warren, Hacker's Delight, 6-1: a carry into bit 7 says "at least".) */
static inline unsigned split_letters(const unsigned char *p, bool both_cases)
{
    const uint64_t high = UINT64_C(0x8080808080808080), ones = high >> 7;
    uint64_t x, low, from_a, past_z;

    memcpy(&x, p, 8);
    low = (both_cases ? x | ones * 0x20 : x) & ~high;
    from_a = low + ones * (0x80 - 'a');
    past_z = low + ones * (0x80 - 'z' - 1);
    x = ~(from_a & ~past_z & ~x) & high;            /* bit 7 of every byte that is none */
    return x ? (unsigned)__builtin_ctzll(x) / 8 : 8;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "split_letters counts bytes from the low end");

static inline const unsigned char *split_run(const unsigned char *p, const unsigned char *end, unsigned classes)
{
    const unsigned char *ascii = split_stage2();
    struct look l;

    for (;;) {
        unsigned n = 8;

        while (classes & VOCAB_LOWER && end - p >= 8 && n == 8)
            p += n = split_letters(p, classes & VOCAB_UPPER);
        while (p < end && *p < 0x80 && ascii[*p] & classes)
            p++;
        if (p == end || *p < 0x80 || !((l = split_look_wide(p, end)).cls & classes))
            return p;
        p = l.next;
    }
}

/* 's 't 'd 'm 're 've 'll in either case; the long s (U+017F) folds to s. `p` is at the apostrophe's place. */
static const unsigned char *split_contraction(const unsigned char *p, const unsigned char *end)
{
    unsigned a, b;

    if (end - p < 2 || *p != '\'')
        return p;
    a = p[1] | 0x20;
    if (a == 's' || a == 'd' || a == 'm' || a == 't')
        return p + 2;
    if (end - p < 3)
        return p;
    if (p[1] == 0xc5 && p[2] == 0xbf)
        return p + 3;
    b = p[2] | 0x20;
    if ((a == 'l' && b == 'l') || (a == 'v' && b == 'e') || (a == 'r' && b == 'e'))
        return p + 3;
    return p;
}

static const unsigned char *split_number(const unsigned char *p, const unsigned char *end)
{
    struct look l;

    for (int i = 0; i < 3 && (l = split_look(p, end)).cls & VOCAB_NUMBER; i++)
        p = l.next;
    return p;
}

/* " "? [^\s L N]+ then line ends, and slashes for o200k; `p` itself when that does not match. */
static const unsigned char *split_signs(const unsigned char *p, const unsigned char *end, bool slashes)
{
    const unsigned char *begin = *p == ' ' ? p + 1 : p, *q = split_run(begin, end, VOCAB_OTHER | VOCAB_MARK);

    if (q == begin)
        return p;
    while (q < end && (*q == '\r' || *q == '\n' || (slashes && *q == '/')))
        q++;
    return q;
}

/* White space. All of a run up to its last line end; else a run that ends the text; else all but its last character,
 * which goes with the word that follows. `whole` takes a run at the end of the text before line ends are looked for. */
static const unsigned char *split_space(const unsigned char *p, const unsigned char *end, bool whole)
{
    const unsigned char *q = p, *line = NULL, *last = p;
    struct look l;

    while ((l = split_look(q, end)).cls & (VOCAB_SPACE | VOCAB_LINE)) {
        last = q;
        q = l.next;
        if (l.cls & VOCAB_LINE)
            line = q;
    }
    if (q == end && whole)
        return q;
    if (line)
        return line;
    return q == end || last == p ? q : last;
}

const unsigned char *split_cl100k(const unsigned char *at, const unsigned char *end)
{
    struct look l = split_look(at, end);
    const unsigned char *q;

    if (l.cls & VOCAB_LETTER)
        return split_run(l.next, end, VOCAB_LETTER);
    if (l.cls & VOCAB_NUMBER)
        return split_number(at, end);
    if (*at == '\'' && (q = split_contraction(at, end)) != at)
        return q;
    if (!(l.cls & VOCAB_LINE) && (q = split_run(l.next, end, VOCAB_LETTER)) != l.next)
        return q;
    if ((q = split_signs(at, end, false)) != at)
        return q;
    return split_space(at, end, true);
}

/* [U B M]* [l B M]+: NULL when there is no such run. Where the first part has taken all, it gives back until a letter
 * that both parts may hold: then the match ends behind the last of these. */
static const unsigned char *split_word_lower(const unsigned char *p, const unsigned char *end)
{
    const unsigned char *both = NULL;
    struct look l;

    if (p < end && *p >= 'a' && *p <= 'z')      /* what most words begin with */
        return split_run(p + 1, end, VOCAB_LOWER | VOCAB_BOTH | VOCAB_MARK);
    while ((l = split_look(p, end)).cls & (VOCAB_UPPER | VOCAB_BOTH | VOCAB_MARK)) {
        p = l.next;
        if (!(l.cls & VOCAB_UPPER))
            both = p;
    }
    if (!(l.cls & VOCAB_LOWER))
        return both;
    return split_run(l.next, end, VOCAB_LOWER | VOCAB_BOTH | VOCAB_MARK);
}

/* [U B M]+ [l B M]*, asked only where split_word_lower found nothing: no lower letter follows. */
static const unsigned char *split_word_upper(const unsigned char *p, const unsigned char *end)
{
    const unsigned char *q = split_run(p, end, VOCAB_UPPER | VOCAB_BOTH | VOCAB_MARK);

    return q == p ? NULL : q;
}

const unsigned char *split_o200k(const unsigned char *at, const unsigned char *end)
{
    struct look l = split_look(at, end);
    bool prefix = !(l.cls & (VOCAB_LINE | VOCAB_LETTER | VOCAB_NUMBER));
    const unsigned char *q = NULL;

    if (l.cls & VOCAB_NUMBER)
        return split_number(at, end);
    if (prefix)
        q = split_word_lower(l.next, end);
    if (!q && l.cls & (VOCAB_LETTER | VOCAB_MARK))
        q = split_word_lower(at, end);
    if (!q && prefix)
        q = split_word_upper(l.next, end);
    if (!q && l.cls & (VOCAB_LETTER | VOCAB_MARK))
        q = split_word_upper(at, end);
    if (q)
        return split_contraction(q, end);
    if ((q = split_signs(at, end, true)) != at)
        return q;
    return split_space(at, end, false);
}
