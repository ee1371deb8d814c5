/* Two texts, the bytes before the first NUL and those after, through every metric as output and expected answer, and
 * through what the metrics of texts are made of, each with the promises it makes. */
#include "eval/metric/sequence.h"
#include "eval/scoring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_pair(struct sequence x, struct sequence y, struct arena *a)
{
    size_t longest = MAX(x.count, y.count), shortest = MIN(x.count, y.count), lcs, distance;
    struct grams g = grams_of(x, a), h = grams_of(y, a);

    for (size_t n = 1; n <= GRAMS_ORDER_MAX; n++) {
        size_t common = grams_common(&g, &h, 1, n);

        ASSERT(common == grams_common(&h, &g, 1, n));
        ASSERT(common <= MIN(grams_total(&g, n), grams_total(&h, n)));
        ASSERT(grams_common(&g, &g, 1, n) == grams_total(&g, n));
    }
    if (longest > 4000)
        return;
    lcs = sequence_lcs(x, y, a);
    distance = sequence_distance(x, y, a);
    ASSERT(lcs == sequence_lcs(y, x, a) && lcs <= shortest && lcs <= grams_common(&g, &h, 1, 1));
    ASSERT(distance == sequence_distance(y, x, a) && distance >= longest - shortest && distance <= longest);
    ASSERT(distance <= x.count + y.count - 2 * lcs && sequence_lcs(x, x, a) == x.count && !sequence_distance(x, x, a));
}

static void fuzz_all_metrics(struct str output, struct str expected, struct arena *a)
{
    struct metric_spec *metrics = arena_array(a, struct metric_spec, metric_count());
    struct task task = { .metrics = metrics };
    struct dataset_case kase = { .expected = json_in_arena(json_from_str(expected), a) };
    struct usage usage = { .input = 3, .output = 5 };
    AUTO(scoring_freep) struct scoring *sc = NULL;
    struct score *out;
    AUTO_BUF struct buf b = BUF_INIT(16 << 20);
    AUTO_JSON *parts = NULL;
    struct err e = ERR_INIT;

    for (size_t i = 0; i < metric_count(); i++)
        if (!metric_at(i)->wish)                        /* it needs a model's name */
            metrics[task.metric_count++] = (struct metric_spec){ str_c(metric_at(i)->name), str_c(metric_at(i)->name), NULL, 1 };
    ASSERT(scoring_new(&task, &sc, NULL) == ERR_OK);
    out = arena_array(a, struct score, scoring_count(sc));
    scoring_run(sc, &(struct subject){ .kase = &kase, .output = output, .latency_ms = 1, .usage = &usage }, a, out);
    for (size_t i = 0; i < scoring_count(sc); i++)
        if (scoring_at(sc, i)->unit == METRIC_RATIO && out[i].state == SCORE_VALUE)
            ASSERT(out[i].value >= 0 && out[i].value <= 1 + 1e-12);
    scores_write(out, scoring_count(sc), &b);
    ASSERT(scores_read(buf_str(&b), a, out, scoring_count(sc), &e) == ERR_OK);
    ASSERT(scores_read_parts(buf_str(&b), &parts, &e) == ERR_OK && json_object_size(parts) >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_VOCABULARY struct vocabulary v = VOCABULARY_INIT;
    struct str expected = str_n((const char *)data, size), output = STR_NONE;

    if (size > 16384 || !str_split(&expected, '\0', &output))
        return 0;
    fuzz_pair(sequence_of_characters(output, true, a), sequence_of_characters(expected, true, a), a);
    fuzz_pair(sequence_of_13a(output, &v, a), sequence_of_13a(expected, &v, a), a);
    fuzz_pair(sequence_of_rouge(output, &v, a), sequence_of_rouge(expected, &v, a), a);
    fuzz_all_metrics(output, expected, a);
    return 0;
}
