/* Assertions that measure how near the output is to a text: levenshtein, bleu, gleu, rouge-n.
 *
 *   bleu   exp(sum over n = 1..4 that the output is long enough for of ln p_n / orders), p_n clipped by the reference
 *          that agrees best, 1e-7 instead of 0, times exp(1 - r/c) when the output (c words) is not longer than the
 *          nearest reference (r words). Papineni et al. 2002.
 *   gleu   min(common / n-grams of the output, common / n-grams of the reference), n = 1..4; the best reference counts;
 *          1 for the same words. Wu et al. 2016. Full stops at the end of words do not count.
 *   rouge-n   F1 of words (n = 1), clipped. Lin 2004. Words as the Penn Treebank's tokenisation makes them.
 * Words are separated by white space; all of it in lower case. Cost: O(words log words). */
#include "eval/promptfoo/kinds.h"

#include <math.h>

#include "eval/metric/sequence.h"
#include "template/unicode.h"

/* --- words -------------------------------------------------------------------------------------------------------- */

struct words { struct map known; struct arena *a; };
#define AUTO_WORDS AUTO(words_dispose) struct words
static void words_dispose(struct words *w)
{
    map_dispose(&w->known);
}

static uint32_t words_id(struct words *w, struct str word)
{
    uintptr_t id = (uintptr_t)map_get(&w->known, word);

    if (!id) {
        id = map_len(&w->known) + 1;
        map_put(&w->known, word, (void *)id);
    }
    return (uint32_t)id;
}

static struct str words_without_stops(struct str word)
{
    while (word.len && word.at[word.len - 1] == '.')
        word.len--;
    return word;
}

/* Runs of what is no white space. An empty text is one empty word, as splitting gives it. */
static struct sequence words_of(struct words *w, struct str text, bool drop_stops)
{
    struct str s = promptfoo_lower(text, w->a);
    uint32_t *ids = arena_array(w->a, uint32_t, s.len / 2 + 2);
    size_t n = 0, from = 0, i = 0, next;

    for (; i < s.len; i = next) {
        next = i;
        if (!unicode_is_space(str_utf8_next(s, &next)))
            continue;
        if (i > from)
            ids[n++] = words_id(w, drop_stops ? words_without_stops(str_sub(s, from, i - from))
                                              : str_sub(s, from, i - from));
        from = next;
    }
    if (s.len > from)
        ids[n++] = words_id(w, drop_stops ? words_without_stops(str_from(s, from)) : str_from(s, from));
    if (!n)
        ids[n++] = words_id(w, S(""));
    return (struct sequence){ ids, n };
}

/* The references of a question as word sequences; false: it was answered. */
struct measured { struct sequence output, *golds; size_t count; };
static bool measured_of(const struct promptfoo_question *q, struct words *w, bool drop_stops, struct measured *m,
                        struct promptfoo_answer *out)
{
    struct str *texts;

    if (!promptfoo_texts(q->value, q->a, &texts, &m->count) || !m->count) {
        promptfoo_broken(S("its value must be a text or a list of texts"), out);
        return false;
    }
    m->output = words_of(w, q->output, drop_stops);
    m->golds = arena_array(q->a, struct sequence, m->count);
    for (size_t i = 0; i < m->count; i++)
        m->golds[i] = words_of(w, texts[i], drop_stops);
    for (size_t i = 0; i < m->count; i++)
        if (m->output.count > PROMPTFOO_WORDS_MAX || m->golds[i].count > PROMPTFOO_WORDS_MAX) {
            promptfoo_skip(arena_printf(q->a, "texts of more than %d words are not measured", PROMPTFOO_WORDS_MAX),
                           out);
            return false;
        }
    return true;
}

/* --- bleu, gleu --------------------------------------------------------------------------------------------------- */

static size_t measure_nearest(const struct measured *m)
{
    size_t best = m->golds[0].count;

    for (size_t i = 1; i < m->count; i++) {
        size_t one = m->golds[i].count, mine = m->output.count;
        size_t d = one > mine ? one - mine : mine - one, had = best > mine ? best - mine : mine - best;

        if (d < had || (d == had && one < best))
            best = one;
    }
    return best;
}

void promptfoo_bleu(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    AUTO_WORDS words = { MAP_INIT, q->a };
    struct measured m;
    double sum = 0, nearest;
    int orders = 0;

    if (!measured_of(q, &words, false, &m, out))
        return;
    for (size_t n = 1; n <= 4 && m.output.count >= n; n++) {
        struct grams mine = grams_of(m.output, q->a);
        size_t common = 0;

        for (size_t i = 0; i < m.count; i++) {
            struct grams gold = grams_of(m.golds[i], q->a);

            common = MAX(common, grams_common(&mine, &gold, 1, n));
        }
        sum += log(common ? (double)common / (double)grams_total(&mine, n) : 1e-7);
        orders++;
    }
    nearest = (double)measure_nearest(&m);
    promptfoo_say_score(q,
                        !q->output.len
                            ? 0
                            : exp(sum / orders) *
                                  ((double)m.output.count > nearest ? 1 : exp(1 - nearest / (double)m.output.count)),
                        0.5, "BLEU", out);
}

static double measure_gleu(struct sequence output, struct sequence gold, struct arena *a)
{
    struct grams x = grams_of(output, a), y = grams_of(gold, a);
    double common = 0, mine = 0, theirs = 0;

    if (output.count == gold.count && !memcmp(output.ids, gold.ids, gold.count * sizeof *gold.ids))
        return 1;
    for (size_t n = 1; n <= 4; n++) {
        mine += (double)grams_total(&x, n);
        theirs += (double)grams_total(&y, n);
        common += (double)grams_common(&x, &y, 1, n);
    }
    return fmin(common / mine, common / theirs);
}

void promptfoo_gleu(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    AUTO_WORDS words = { MAP_INIT, q->a };
    struct measured m;
    double best = 0;

    if (!q->output.len) {
        promptfoo_broken(S("an empty output has no GLEU"), out);
        return;
    }
    if (!measured_of(q, &words, true, &m, out))
        return;
    for (size_t i = 0; i < m.count; i++)
        best = fmax(best, measure_gleu(m.output, m.golds[i], q->a));
    promptfoo_say_score(q, best, 0.5, "GLEU", out);
}

/* --- rouge-n ------------------------------------------------------------------------------------------------------ */

/* The Penn Treebank's tokenisation (its sed script of 1995) of a text in lower case: punctuation stands alone, but not
 * commas and colons before a digit; a full stop only at the end; n't, 'll, 's ... are words, and so are both halves of
 * cannot and its like. Opening and closing quotes differ. Bounded by the text: each byte gives at most three. */
static bool treebank_after(struct str s, size_t i, const char *set)
{
    return i < s.len && strchr(set, s.at[i]) && s.at[i];
}

static bool treebank_opens(struct str s, size_t i, bool inside)
{
    return !inside && i + 1 < s.len && (i == 0 || strchr(" ([{<", s.at[i - 1])) && s.at[i + 1] != ' ';
}

static bool treebank_last_stop(struct str s, size_t i)
{
    bool acronym = i >= 3 && s.at[i - 2] == '.' && (i == 3 || !unicode_is_word((unsigned char)s.at[i - 4])) &&
                   s.at[i - 1] >= 'a' && s.at[i - 1] <= 'z' && s.at[i - 3] >= 'a' && s.at[i - 3] <= 'z';

    if (i == 0 || s.at[i - 1] == '.' || acronym)
        return false;
    for (i++; i < s.len; i++)
        if (!strchr("])}>' ", s.at[i]))
            return false;
    return true;
}

static void treebank_spaced(struct str s, struct buf *out)
{
    bool inside = false;

    buf_byte(out, ' ');
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '"') {
            inside = treebank_opens(s, i, inside);
            buf_puts(out, inside ? " `` " : " '' ");
        } else if (str_starts(str_from(s, i), S("..."))) {
            buf_puts(out, " ... ");
            i += 2;
        } else if (str_starts(str_from(s, i), S("--"))) {
            buf_puts(out, " -- ");
            i++;
        } else if (strchr(";@#$%&?![](){}<>", s.at[i]) && s.at[i]) {
            buf_printf(out, " %c ", s.at[i]);
        } else if ((s.at[i] == ',' || s.at[i] == ':') && !treebank_after(s, i + 1, "0123456789")) {
            buf_printf(out, " %c ", s.at[i]);
        } else if (s.at[i] == '.' && treebank_last_stop(s, i)) {
            buf_puts(out, " . ");
        } else {
            buf_byte(out, s.at[i]);
        }
    }
    buf_byte(out, ' ');
}

/* One word between blanks, cut where the Treebank cuts it. */
static size_t treebank_word(struct words *w, struct str word, uint32_t *ids)
{
    static const char *const tails[] = { "'s", "'m", "'d", "'ll", "'re", "'ve", "n't" };
    static const char *const halves[][2] = { { "can", "not" }, { "d", "'ye" }, { "gim", "me" }, { "gon", "na" },
        { "got", "ta" }, { "lem", "me" }, { "more", "'n" }, { "wan", "na" }, { "'t", "is" }, { "'t", "was" } };
    size_t cut = 0;

    if (!word.len)
        return 0;
    for (size_t i = 0; i < COUNT_OF(tails) && !cut; i++)
        if (word.len > strlen(tails[i]) && str_ends(word, str_c(tails[i])))
            cut = word.len - strlen(tails[i]);
    if (!cut && word.len > 1 && word.at[word.len - 1] == '\'' && word.at[word.len - 2] != '\'')
        cut = word.len - 1;
    for (size_t i = 0; i < COUNT_OF(halves) && !cut; i++)
        if (str_starts(word, str_c(halves[i][0])) && str_is(str_from(word, strlen(halves[i][0])), halves[i][1]))
            cut = strlen(halves[i][0]);
    if (!cut) {
        ids[0] = words_id(w, word);
        return 1;
    }
    ids[0] = words_id(w, str_sub(word, 0, cut));
    ids[1] = words_id(w, str_from(word, cut));
    return 2;
}

/* White space, of any script, as one blank. */
static struct str treebank_plain(struct str text, struct arena *a)
{
    struct str s = promptfoo_lower(text, a);
    char *out = arena_alloc(a, s.len + 1);
    size_t n = 0, next;

    for (size_t i = 0; i < s.len; i = next) {
        next = i;
        if (unicode_is_space(str_utf8_next(s, &next))) {
            if (n && out[n - 1] != ' ')
                out[n++] = ' ';
            continue;
        }
        memcpy(out + n, s.at + i, next - i);
        n += next - i;
    }
    return str_trim(str_n(out, n));
}

static struct sequence treebank_of(struct words *w, struct str text)
{
    struct str plain = treebank_plain(text, w->a), rest, word;
    AUTO_BUF struct buf spaced = BUF_INIT(4 * plain.len + 16);
    uint32_t *ids = arena_array(w->a, uint32_t, 4 * plain.len + 16);
    size_t n = 0;

    treebank_spaced(plain, &spaced);
    rest = arena_strdup(w->a, buf_str(&spaced));
    while (str_split(&rest, ' ', &word))
        n += treebank_word(w, word, ids + n);
    return (struct sequence){ ids, n };
}

void promptfoo_rouge_n(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    AUTO_WORDS words = { MAP_INIT, q->a };
    struct sequence mine, gold;
    struct grams x, y;
    double common = 0;

    if (!json_is_string(q->value)) {
        promptfoo_broken(S("its value must be a text"), out);
        return;
    }
    mine = treebank_of(&words, q->output);
    gold = treebank_of(&words, json_to_str(q->value));
    if (mine.count > PROMPTFOO_WORDS_MAX || gold.count > PROMPTFOO_WORDS_MAX) {
        promptfoo_skip(arena_printf(q->a, "texts of more than %d words are not measured", PROMPTFOO_WORDS_MAX), out);
        return;
    }
    if (mine.count && gold.count) {
        x = grams_of(mine, q->a);
        y = grams_of(gold, q->a);
        common = (double)grams_common(&x, &y, 1, 1);
    }
    promptfoo_say_score(q, common ? 2 * common / (double)(mine.count + gold.count) : 0, 0.75, "ROUGE-1", out);
}

/* --- levenshtein -------------------------------------------------------------------------------------------------- */

void promptfoo_levenshtein(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    struct sequence mine = sequence_of_characters(q->output, true, q->a), gold;
    double most = isnan(q->threshold) ? 5 : q->threshold;
    size_t distance;

    if (!json_is_string(q->value)) {
        promptfoo_broken(S("its value must be a text"), out);
        return;
    }
    gold = sequence_of_characters(json_to_str(q->value), true, q->a);
    if (mine.count > SEQUENCE_MAX || gold.count > SEQUENCE_MAX) {
        promptfoo_skip(arena_printf(q->a, "texts of more than %d characters are not measured", SEQUENCE_MAX), out);
        return;
    }
    distance = sequence_distance(mine, gold, q->a);
    promptfoo_say(q, (double)distance <= most,
                  arena_printf(q->a, "the edit distance is %zu, more than %.15g", distance, most), out);
}
