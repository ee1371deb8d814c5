/* src/eval/metric/rouge.c: ROUGE-1, ROUGE-2, ROUGE-L (Lin 2004), F-scores as the Python package rouge-score gives them
 * without stemming: lower case, words are runs of a-z and 0-9.
 *
 *   P = common / units of the output,  R = common / units of the expected answer,  F = 2 P R / (P + R); 0 without any
 *   rouge_1, rouge_2: units are words, pairs of words; common is the sum of the smaller counts
 *   rouge_l: units are words; common is the length of the longest common subsequence
 * Of several expected answers the best F counts. A variant's value is the mean. An expected answer without a word of
 * these letters (another script) says nothing of any output: missing; chrf is for those. */
#include "eval/metric/reference.h"

#include "eval/metric/sequence.h"

/* order 0: the longest common subsequence */
static bool rouge_one(struct sequence output, struct sequence gold, size_t order, struct arena *a, double *f,
                      struct score *out)
{
    size_t mine = output.count, theirs = gold.count, common;

    if (!order) {
        if (!reference_fits(output.count, gold.count, "words", a, out))
            return false;
        common = sequence_lcs(output, gold, a);
    } else {
        struct grams x = grams_of(output, a), y = grams_of(gold, a);

        mine = grams_total(&x, order);
        theirs = grams_total(&y, order);
        common = grams_common(&x, &y, 1, order);
    }
    *f = common ? 2 * (double)common / (double)(mine + theirs) : 0;
    return true;
}

static void rouge_score(const void *state, const struct subject *s, struct arena *a, struct score *out, size_t order)
{
    AUTO_VOCABULARY struct vocabulary words = VOCABULARY_INIT;
    struct reference r;
    struct sequence output;
    double best = -1;

    if (!reference_of(*(const struct str *)state, s, a, &r, out))
        return;
    output = sequence_of_rouge(r.output, &words, a);
    for (size_t i = 0; i < r.count; i++) {
        struct sequence gold = sequence_of_rouge(r.golds[i], &words, a);
        double f;

        if (!gold.count)
            continue;
        if (!rouge_one(output, gold, order, a, &f, out))
            return;
        best = MAX(best, f);
    }
    *out = best < 0 ? score_missing(S("the expected answer has no word of a-z or 0-9, which ROUGE counts"))
                    : score_of(best);
}

#define ROUGE(id, heading, order, words)                                                                          \
    static void id##_score(const void *state, const struct subject *s, struct arena *a, struct score *out)         \
    {                                                                                                             \
        rouge_score(state, s, a, out, order);                                                                     \
    }                                                                                                             \
    const struct metric metric_##id = {                                                                           \
        .name = #id, .label = heading, .doc = words, .unit = METRIC_RATIO, .higher_is_better = true,              \
        .needs_expected = true, .options = REFERENCE_OPTIONS, .prepare = reference_prepare, .score = id##_score,  \
    }
ROUGE(rouge_1, "ROUGE-1", 1, "F-score of the words in common (rouge-score, no stemming).");
ROUGE(rouge_2, "ROUGE-2", 2, "F-score of the pairs of words in common (rouge-score, no stemming).");
ROUGE(rouge_l, "ROUGE-L", 0, "F-score of the longest common subsequence of words (rouge-score, no stemming).");
