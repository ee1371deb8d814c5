#include "base/test.h"

#include <math.h>

#include "eval/corpus.h"
#include "eval/report/fixture_test.h"

static const char *const corpus_names[] = { "sim:swift", "sim:careful" };
static const int64_t corpus_costs[] = { 1000, 2000 };

static double corpus_all_well(int64_t v, int64_t c, int64_t r)
{
    return v == 1 && c == 5 && r == 0 ? -1 : 1;             /* one failed trial */
}

static struct score corpus_pair(struct arena *a, const char *want, const char *got)
{
    struct score_parts *p = arena_new(a, struct score_parts);
    struct score s = score_of(strcmp(want, got) == 0);

    *p = (struct score_parts){ .expected = str_c(want), .got = str_c(got) };
    s.parts = p;
    return s;
}

/* Expected a b c a b c..., case by case; variant 0 gives: mostly the same, at every 4th case the next letter, at every
 * 7th prose that is no label; variant 1 is always right. */
static void corpus_letters(int64_t v, int64_t c, int64_t r, struct arena *a, struct score *out)
{
    static const char *const letters[] = { "a", "b", "c" };
    const char *want = letters[c % 3], *got = want;

    (void)r;
    if (v == 0 && c % 4 == 3)
        got = letters[(c + 1) % 3];
    if (v == 0 && c % 7 == 6)
        got = c % 2 ? "" : "I think it is a";
    out[0] = out[1] = corpus_pair(a, want, got);
    if (c == 20)
        out[0] = out[1] = score_missing(S("no expected answer"));
}

static bool corpus_make(struct fixture *f, struct result **r, struct scorer_info *scorers, size_t count, int64_t cases,
                        int64_t repeat, void (*score)(int64_t, int64_t, int64_t, struct arena *, struct score *))
{
    struct err e = ERR_INIT;

    if (!fixture_make(f, &(struct fixture_shape){ .cases = cases, .variants = 2, .repeat = repeat, .names = corpus_names,
                          .rule = corpus_all_well, .cost_nanousd = corpus_costs, .scorers = scorers, .scorer_count = count,
                          .score = score }))
        return false;
    if (result_load(f->store, f->run, f->arena, r, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "result_load: %s", e.text);
    return !test_failing();
}

static struct scorer_info corpus_two[] = {
    { .name = { "classification", 14 }, .base = { "classification", 14 }, .higher_is_better = true, .weight = 1 },
    { .name = { "macro_f1", 8 }, .base = { "macro_f1", 8 }, .higher_is_better = true, .weight = 1 },
};

TEST(a_confusion_matrix_counts_every_pair_and_what_is_no_label)
{
    struct fixture f;
    struct result *r;
    struct confusion *x;
    int64_t total = 0, other = 0;
    double f1 = 0;

    REQUIRE(corpus_make(&f, &r, corpus_two, 2, 40, 1, corpus_letters));
    REQUIRE(r->class_count == 1 && r->classes[0].label_count == 3 && r->variant_count == 2);
    CHECK_STR(r->classes[0].labels[0], "a");
    CHECK_STR(r->classes[0].labels[2], "c");
    CHECK_STR(r->variants[0].name, "sim:careful");
    CHECK_NEAR(r->variants[0].scores[1].value, 1, 0);
    CHECK_INT(r->variants[0].scores[1].n, 38);              /* one failed, one without an expected answer */
    CHECK_INT(r->variants[0].scores[1].missing, 1);
    x = &r->variants[1].confusions[0];
    CHECK_INT(x->n, 39);
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 4; k++)
            total += x->counts[i * 4 + k];
        other += x->counts[i * 4 + 3];
        f1 += x->labels[i].f1 / 3;
    }
    CHECK_INT(total, 39);
    CHECK_INT(other, 4);                                    /* cases 6, 13, 27, 34; 20 is missing */
    CHECK_INT(x->correct, 26);
    CHECK_NEAR(x->accuracy.value, 26.0 / 39, 1e-15);
    CHECK_INT(x->accuracy.method, ESTIMATE_WILSON);
    CHECK_NEAR(r->variants[1].scores[0].value, x->accuracy.value, 1e-15);
    CHECK_NEAR(r->variants[1].scores[1].value, f1, 1e-15);
    CHECK_NEAR(x->macro_f1.value, f1, 1e-15);
    CHECK_INT(r->variants[1].scores[1].method, ESTIMATE_BOOTSTRAP);
    CHECK(r->variants[1].scores[1].interval.low < f1 && f1 < r->variants[1].scores[1].interval.high);
    fixture_free(&f);
}

TEST(a_bootstrap_is_the_same_every_time_and_keeps_repetitions_together)
{
    struct fixture f;
    struct result *r;
    struct interval once;
    struct err e = ERR_INIT;

    REQUIRE(corpus_make(&f, &r, corpus_two, 2, 40, 3, corpus_letters));
    once = r->variants[1].scores[1].interval;
    CHECK(once.known);
    CHECK_INT(r->variants[1].confusions[0].n, 117);
    CHECK_INT(r->variants[1].confusions[0].accuracy.method, ESTIMATE_BOOTSTRAP);
    CHECK_OK(result_load(f.store, f.run, f.arena, &r, &e));
    CHECK_NEAR(r->variants[1].scores[1].interval.low, once.low, 0);
    CHECK_NEAR(r->variants[1].scores[1].interval.high, once.high, 0);
    fixture_free(&f);
    REQUIRE(corpus_make(&f, &r, corpus_two, 2, 40, 1, corpus_letters));
    CHECK_NEAR(r->variants[1].scores[1].interval.low, once.low, 1e-12);     /* three equal repetitions say nothing new */
    fixture_free(&f);
}

static void corpus_many_labels(int64_t v, int64_t c, int64_t r, struct arena *a, struct score *out)
{
    const char *label = arena_cstr(a, arena_printf(a, "label %lld", (long long)c));

    (void)v;
    (void)r;
    out[0] = out[1] = corpus_pair(a, label, label);
}

TEST(past_the_bound_of_labels_there_is_no_matrix_but_a_reason)
{
    struct fixture f;
    struct result *r;

    REQUIRE(corpus_make(&f, &r, corpus_two, 2, CLASS_LABELS_MAX, 1, corpus_many_labels));
    CHECK_INT(r->classes[0].label_count, CLASS_LABELS_MAX);
    CHECK_NEAR(r->variants[0].scores[1].value, 1, 1e-12);
    fixture_free(&f);
    REQUIRE(corpus_make(&f, &r, corpus_two, 2, CLASS_LABELS_MAX + 1, 1, corpus_many_labels));
    CHECK_INT(r->classes[0].label_count, 0);
    CHECK(strstr(r->classes[0].why.at, "more than 200 different answers"));
    CHECK_INT(r->variants[0].scores[1].n, 0);
    CHECK_INT(r->variants[0].scores[1].missing, r->variants[0].sum->done);
    CHECK_NEAR(r->variants[0].scores[0].value, 1, 0);       /* a trial's own value needs no labels */
    fixture_free(&f);
}

TEST(cases_past_the_blocks_share_rows_and_the_value_stays_exact)
{
    struct fixture f;
    struct result *r;

    REQUIRE(corpus_make(&f, &r, corpus_two, 2, 2 * CORPUS_BLOCKS + 3, 1, corpus_letters));
    CHECK_INT(r->variants[1].confusions[0].n, 2 * CORPUS_BLOCKS + 2);
    CHECK_NEAR(r->variants[1].confusions[0].accuracy.value, r->variants[1].scores[0].value, 1e-15);
    CHECK(r->variants[1].scores[1].interval.known);
    CHECK(r->variants[1].scores[1].interval.high - r->variants[1].scores[1].interval.low < 0.1);
    fixture_free(&f);
}

TEST(a_closed_list_of_labels_is_sorted_and_kept_whole)
{
    static struct scorer_info closed[2];
    struct fixture f;
    struct result *r;
    json_t *options = json_pack("{s:[s,s,s,s]}", "labels", "d", "c", "b", "a");

    memcpy(closed, corpus_two, sizeof closed);
    closed[0].options = closed[1].options = options;
    REQUIRE(corpus_make(&f, &r, closed, 2, 40, 1, corpus_letters));
    CHECK_INT(r->class_count, 1);
    CHECK_INT(r->classes[0].label_count, 4);
    CHECK_STR(r->classes[0].labels[3], "d");
    CHECK_INT(r->variants[1].confusions[0].labels[3].support, 0);
    CHECK_NEAR(r->variants[0].scores[1].value, 1, 1e-15);   /* nothing is said of d: it is in no mean */
    fixture_free(&f);
    json_decref(options);
}

static void corpus_of_values(int64_t v, int64_t c, int64_t r, struct arena *a, struct score *out)
{
    double *sums = arena_array(a, double, 2);
    struct score_parts *p = arena_new(a, struct score_parts);

    (void)r;
    sums[0] = v ? 0.004 : 0.001;
    sums[1] = v ? c % 2 == 0 : 0;
    *p = (struct score_parts){ .sums = sums, .count = 2 };
    out[0] = score_of((double)(c * 7919 % 1000));
    out[1] = score_missing(STR_NONE);
    out[1].parts = p;
    out[2] = score_of(c % 4 == 0 || (c % 4 == 1 && r == 0));
}

static struct scorer_info corpus_three[] = {
    { .name = { "p90", 3 }, .base = { "percentile", 10 }, .unit = METRIC_MS, .weight = 1 },
    { .name = { "cpc", 3 }, .base = { "cost_per_correct", 16 }, .unit = METRIC_USD, .weight = 1 },
    { .name = { "pass_at_2", 9 }, .base = { "pass_at_k", 9 }, .higher_is_better = true, .weight = 1 },
};

static bool corpus_make_three(struct fixture *f, struct result **r, int64_t cases, int64_t repeat)
{
    AUTO_JSON *p = json_pack("{s:i}", "p", 90), *k = json_pack("{s:i}", "k", 2);

    corpus_three[0].options = p;
    corpus_three[2].options = k;
    return corpus_make(f, r, corpus_three, 3, cases, repeat, corpus_of_values);
}

TEST(a_quantile_costs_and_chances_are_of_the_variant)
{
    struct fixture f;
    struct result *r;
    const struct result_variant *swift, *careful;

    REQUIRE(corpus_make_three(&f, &r, 1000, 1));
    swift = report_variant(r, 0);
    careful = report_variant(r, 1);
    CHECK_NEAR(swift->scores[0].value, 899.1, 1e-9);        /* of 0..999, each once */
    CHECK_INT(swift->scores[0].method, ESTIMATE_ORDER);
    CHECK_NEAR(swift->scores[0].interval.low, 880, 1e-9);   /* the 881st and the 919th: scipy.stats.binom.ppf */
    CHECK_NEAR(swift->scores[0].interval.high, 918, 1e-9);
    CHECK_INT(careful->scores[0].n, 999);
    CHECK_INT(swift->scores[1].n, 0);                       /* nothing was right: no cost of a right answer */
    CHECK_INT(swift->scores[1].missing, 1000);
    CHECK_NEAR(careful->scores[1].value, 999 * 0.004 / 500, 1e-15);
    CHECK_INT(careful->scores[1].method, ESTIMATE_BOOTSTRAP);
    CHECK(careful->scores[1].interval.low < 0.008 && careful->scores[1].interval.high > 0.008);
    fixture_free(&f);
    REQUIRE(corpus_make_three(&f, &r, 40, 3));
    swift = report_variant(r, 0);
    careful = report_variant(r, 1);
    CHECK_NEAR(swift->scores[2].value, (10 * 1.0 + 10 * (2.0 / 3)) / 40, 1e-12);
    CHECK_INT(swift->scores[2].n, 40);
    CHECK_INT(careful->scores[2].n, 40);                    /* a case that failed once has two left */
    CHECK_NEAR(careful->scores[2].value, (10 * 1.0 + 9 * (2.0 / 3)) / 40, 1e-12);
    fixture_free(&f);
    REQUIRE(corpus_make_three(&f, &r, 40, 2));
    CHECK_INT(report_variant(r, 1)->scores[2].n, 39);       /* one answer is too few for two */
    fixture_free(&f);
}

TEST(a_matrix_is_drawn_in_markdown_when_it_fits)
{
    struct fixture f;
    struct result *r;
    AUTO_BUF struct buf b = BUF_INIT(1 << 20);
    struct report_sink sink = report_to_buf(&b);
    struct report_options detail = { .detail = true };
    struct err e = ERR_INIT;

    REQUIRE(corpus_make(&f, &r, corpus_two, 2, 40, 1, corpus_letters));
    CHECK_OK(report_find(S("markdown"))->write(r, f.store, &detail, &sink, &e));
    CHECK(strstr(buf_cstr(&b), "\n## classification\n\n### sim:careful\n\n38 of 38 right: accuracy 100.0 %, macro F1 100.0 %\n"));
    CHECK(strstr(buf_cstr(&b), "| expected, given | a | b | c | none of these |\n| --- | ---: | ---: | ---: | ---: |\n| a | "));
    fixture_free(&f);
    buf_reset(&b);
    REQUIRE(corpus_make(&f, &r, corpus_two, 2, 21, 1, corpus_many_labels));
    CHECK_OK(report_find(S("markdown"))->write(r, f.store, &detail, &sink, &e));
    CHECK(strstr(buf_cstr(&b), "Too many labels for a table"));
    fixture_free(&f);
}
