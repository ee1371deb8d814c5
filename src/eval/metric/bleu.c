/* src/eval/metric/bleu.c: BLEU (Papineni et al. 2002) as sacrebleu 2 computes it (Post 2018): 13a tokenisation, case
 * counts, n-grams to 4, exponential smoothing (Chen, Cherry 2014, method 3), 0..1 instead of 0..100.
 *
 *   BLEU = BP exp(1/4 sum over n of log p(n)),  BP = min(1, exp(1 - r / c))
 *   p(n) = clipped matches / n-grams of the output; the k-th order without a match counts 1 / (2^k n-grams)
 * A variant's value is of the sums over its trials (corpus BLEU); no match at all, or no 4-gram anywhere, is 0. A
 * trial's own value is sentence BLEU: only the orders it is long enough for count ("effective order"). Of several
 * expected answers the n-gram counts as often as in the one that has it most; r is the length nearest to the output's,
 * the shorter of two.
 * Parts: output words, expected words, matches of 1..4, n-grams of 1..4. */
#include "eval/metric/reference.h"

#include <math.h>

#include "eval/metric/sequence.h"

enum { BLEU_OUTPUT, BLEU_EXPECTED, BLEU_MATCHES, BLEU_TOTALS = BLEU_MATCHES + 4, BLEU_PARTS = BLEU_TOTALS + 4 };

static double bleu_of(const double *sums, bool effective_order)
{
    double logs = 0, halves = 1, penalty = 1;
    int order = 0;

    if (!(sums[BLEU_MATCHES] > 0))              /* then no longer n-gram matches either */
        return 0;
    if (sums[BLEU_OUTPUT] < sums[BLEU_EXPECTED])
        penalty = exp(1 - sums[BLEU_EXPECTED] / sums[BLEU_OUTPUT]);
    for (; order < 4 && sums[BLEU_TOTALS + order] > 0; order++) {
        double matches = sums[BLEU_MATCHES + order];

        if (!(matches > 0))
            matches = 1 / (halves *= 2);
        logs += log(matches / sums[BLEU_TOTALS + order]);
    }
    if (order < 4 && !effective_order)
        return 0;
    return penalty * exp(logs / order);
}

static double bleu_corpus(const double *sums, size_t count)
{
    ASSERT(count == BLEU_PARTS);
    return bleu_of(sums, false);
}

static void bleu_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    AUTO_VOCABULARY struct vocabulary words = VOCABULARY_INIT;
    struct score_parts *parts = arena_new(a, struct score_parts);
    double *sums = arena_array(a, double, BLEU_PARTS);
    struct reference r;
    struct grams output, *golds;
    size_t nearest = SIZE_MAX;

    if (!reference_of(*(const struct str *)state, s, a, &r, out))
        return;
    output = grams_of(sequence_of_13a(r.output, &words, a), a);
    golds = arena_array(a, struct grams, r.count);
    sums[BLEU_OUTPUT] = (double)output.s.count;
    for (size_t i = 0; i < r.count; i++) {
        size_t n, off;

        golds[i] = grams_of(sequence_of_13a(r.golds[i], &words, a), a);
        n = golds[i].s.count;
        off = MAX(n, output.s.count) - MIN(n, output.s.count);
        if (off < nearest || (off == nearest && (double)n < sums[BLEU_EXPECTED])) {
            nearest = off;
            sums[BLEU_EXPECTED] = (double)n;
        }
    }
    for (size_t n = 1; n <= 4; n++) {
        sums[BLEU_MATCHES + n - 1] = (double)grams_common(&output, golds, r.count, n);
        sums[BLEU_TOTALS + n - 1] = (double)grams_total(&output, n);
    }
    *parts = (struct score_parts){ .sums = sums, .count = BLEU_PARTS };
    *out = score_of(bleu_of(sums, true));
    out->parts = parts;
}

const struct metric metric_bleu = {
    .name = "bleu", .label = "BLEU", .unit = METRIC_RATIO, .higher_is_better = true, .needs_expected = true,
    .parts = BLEU_PARTS, .options = REFERENCE_OPTIONS, .prepare = reference_prepare, .score = bleu_score,
    .corpus = bleu_corpus, .doc = "Corpus BLEU: precision of 1- to 4-word runs, with a penalty for being short (sacrebleu, 13a).",
};
