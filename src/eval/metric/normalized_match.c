/* src/eval/metric/normalized_match.c: 1 when the texts are the same once what rarely matters is taken away, as SQuAD's
 * evaluation does (Rajpurkar et al. 2016): lower case, no ASCII punctuation, without the words a, an, the, white space
 * as one blank. Of several expected answers any will do. */
#include "eval/metric/reference.h"

#include "eval/metric/sequence.h"
#include "template/unicode.h"

static bool normalized_punctuation(uint32_t c)
{
    return (c > ' ' && c < '0') || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') || (c > 'z' && c < 0x7f);
}

/* Lower case without punctuation. */
static struct str normalized_plain(struct str text, struct arena *a)
{
    char *out = arena_alloc(a, 6 * text.len + 1);       /* an ill-formed byte becomes 3, a lower case at most 3 code points */
    size_t n = 0;

    for (size_t i = 0; i < text.len;) {
        uint32_t lower[3];
        int mapped = sequence_fold(str_utf8_next(text, &i), lower);

        for (int k = 0; k < mapped; k++)
            if (!normalized_punctuation(lower[k]))
                n += str_utf8_put(lower[k], out + n);
    }
    return str_n(out, n);
}

static bool normalized_article(struct str word)
{
    return str_is(word, "a") || str_is(word, "an") || str_is(word, "the");
}

/* From a word's first character to past its last. */
static size_t normalized_word_end(struct str text, size_t i)
{
    for (size_t next = i; next < text.len; i = next)
        if (!unicode_is_word(str_utf8_next(text, &next)))
            break;
    return i;
}

/* Words that are articles go; what is neither word nor white space stays where it is. */
struct str normalized_text(struct str text, struct arena *a)
{
    struct str plain = normalized_plain(text, a), piece;
    char *out = arena_alloc(a, plain.len + 2);
    size_t n = 0, next;
    bool blank = false;

    for (size_t i = 0; i < plain.len; i = next) {
        uint32_t c;

        next = i;
        c = str_utf8_next(plain, &next);
        if (unicode_is_word(c))
            next = normalized_word_end(plain, i);
        piece = str_sub(plain, i, next - i);
        if (unicode_is_space(c) || normalized_article(piece)) {
            blank = true;
            continue;
        }
        if (blank && n)
            out[n++] = ' ';
        blank = false;
        memcpy(out + n, piece.at, piece.len);
        n += piece.len;
    }
    return str_n(out, n);
}

static void normalized_match_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    struct reference r;
    struct str output;
    bool same = false;

    if (!reference_of(*(const struct str *)state, s, a, &r, out))
        return;
    output = normalized_text(r.output, a);
    for (size_t i = 0; i < r.count; i++)
        same |= str_eq(output, normalized_text(r.golds[i], a));
    *out = score_of(same);
}

const struct metric metric_normalized_match = {
    .name = "normalized_match", .label = "normalised match", .unit = METRIC_RATIO, .higher_is_better = true,
    .needs_expected = true, .options = REFERENCE_OPTIONS, .prepare = reference_prepare, .score = normalized_match_score,
    .doc = "1 when the texts are equal but for case, punctuation, a/an/the and white space, else 0 (SQuAD's exact match).",
};
