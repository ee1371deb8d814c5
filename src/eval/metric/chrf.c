/* src/eval/metric/chrf.c: chrF2 (Popovic 2015, 2016) as sacrebleu 2 computes it: character n-grams of 1 to 6 without
 * white space, case counts, beta 2, no smoothing, 0..1 instead of 0..100.
 *
 *   chrF = 5 P R / (4 P + R);  P, R: means over the orders both sides have n-grams of, of matches / n-grams of the
 *                              output, matches / n-grams of the expected answer
 * A variant's value is of the sums over its trials; of several expected answers each trial takes the one it is best at.
 * Parts: for n of 1..6 the output's n-grams (0 when none are expected), the expected ones, the matches. */
#include "eval/metric/reference.h"

#include "eval/metric/sequence.h"

#define CHRF_ORDERS 6
#define CHRF_PARTS (3 * CHRF_ORDERS)

static double chrf_corpus(const double *sums, size_t count)
{
    double precision = 0, recall = 0, orders = 0;

    ASSERT(count == CHRF_PARTS);
    for (const double *n = sums; n < sums + count; n += 3)
        if (n[0] > 0 && n[1] > 0) {
            precision += n[2] / n[0];
            recall += n[2] / n[1];
            orders++;
        }
    if (!(precision + recall > 0))
        return 0;
    precision /= orders;
    recall /= orders;
    return 5 * precision * recall / (4 * precision + recall);
}

static void chrf_sums(const struct grams *output, const struct grams *gold, double *sums)
{
    for (size_t n = 1; n <= CHRF_ORDERS; n++, sums += 3) {
        sums[1] = (double)grams_total(gold, n);
        sums[0] = sums[1] > 0 ? (double)grams_total(output, n) : 0;
        sums[2] = (double)grams_common(output, gold, 1, n);
    }
}

static void chrf_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    struct score_parts *parts = arena_new(a, struct score_parts);
    double *best = arena_array(a, double, CHRF_PARTS), *sums = arena_array(a, double, CHRF_PARTS), value = -1;
    struct reference r;
    struct grams output;

    if (!reference_of(*(const struct str *)state, s, a, &r, out))
        return;
    output = grams_of(sequence_of_characters(r.output, false, a), a);
    for (size_t i = 0; i < r.count; i++) {
        struct grams gold = grams_of(sequence_of_characters(r.golds[i], false, a), a);

        chrf_sums(&output, &gold, sums);
        if (chrf_corpus(sums, CHRF_PARTS) > value) {
            value = chrf_corpus(sums, CHRF_PARTS);
            memcpy(best, sums, CHRF_PARTS * sizeof *best);
        }
    }
    *parts = (struct score_parts){ .sums = best, .count = CHRF_PARTS };
    *out = score_of(value);
    out->parts = parts;
}

const struct metric metric_chrf = {
    .name = "chrf", .label = "chrF", .unit = METRIC_RATIO, .higher_is_better = true, .needs_expected = true,
    .parts = CHRF_PARTS, .options = REFERENCE_OPTIONS, .prepare = reference_prepare, .score = chrf_score,
    .corpus = chrf_corpus, .doc = "Corpus chrF2: F-score of runs of 1 to 6 characters, recall counting double; for any language.",
};
