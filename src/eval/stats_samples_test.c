/* What scipy and statsmodels answer about whole samples (tests/stats/samples.json), against ours, statistic by
 * statistic; the largest deviation of each is printed. */
#include "base/test.h"

#include <math.h>

#include "eval/stats_many.h"
#include "eval/stats_power.h"
#include "eval/stats_rank.h"
#include "eval/stats_resample.h"

#define NEAR        1e-9                /* absolute, and relative for numbers above 1 */
#define ANSWERS_MAX 64

struct sample { const double *at; size_t n; };

/* Argument `i` as numbers: of a list all, of a number one. */
static struct sample numbers(const json_t *row, size_t i, struct arena *a)
{
    const json_t *v = json_array_get(row, i);
    size_t n = json_is_array(v) ? json_array_size(v) : 1;
    double *at = arena_array(a, double, n + 1);

    for (size_t k = 0; k < n; k++)
        at[k] = json_number_value(json_is_array(v) ? json_array_get(v, k) : v);
    return (struct sample){ at, n };
}

static double arg(const json_t *row, size_t i)
{
    return json_number_value(json_array_get(row, i));
}

static int64_t whole(const json_t *row, size_t i)
{
    return (int64_t)json_integer_value(json_array_get(row, i));
}

static size_t rank_answer(struct rank_test t, double *out)
{
    out[0] = t.value;
    out[1] = t.p;
    return t.known ? 2 : 0;
}

static size_t sample_wilcoxon(const json_t *r, struct arena *a, double *out)
{
    struct sample x = numbers(r, 1, a);

    return rank_answer(stats_wilcoxon(x.at, x.n), out);
}

static size_t sample_spearman(const json_t *r, struct arena *a, double *out)
{
    struct sample x = numbers(r, 1, a), y = numbers(r, 2, a);

    return rank_answer(stats_spearman(x.at, y.at, x.n), out);
}

static size_t sample_kendall(const json_t *r, struct arena *a, double *out)
{
    struct sample x = numbers(r, 1, a), y = numbers(r, 2, a);

    return rank_answer(stats_kendall(x.at, y.at, x.n), out);
}

static size_t sample_kruskal(const json_t *r, struct arena *a, double *out)
{
    struct sample x = numbers(r, 1, a), s = numbers(r, 2, a);
    size_t *sizes = arena_array(a, size_t, s.n + 1);
    struct kruskal k;

    for (size_t i = 0; i < s.n; i++)
        sizes[i] = (size_t)s.at[i];
    k = stats_kruskal(x.at, sizes, s.n);
    out[2] = k.eta_squared;
    return rank_answer(k.test, out) ? 3 : 0;
}

static size_t sample_chi_squared_tail(const json_t *r, struct arena *a, double *out)
{
    (void)a;
    out[0] = stats_chi_squared_tail(arg(r, 1), arg(r, 2));
    return 1;
}

static size_t sample_holm(const json_t *r, struct arena *a, double *out)
{
    struct sample p = numbers(r, 1, a);

    stats_holm(p.at, p.n, out);
    return p.n;
}

static size_t sample_benjamini_hochberg(const json_t *r, struct arena *a, double *out)
{
    struct sample p = numbers(r, 1, a);

    stats_benjamini_hochberg(p.at, p.n, out);
    return p.n;
}

static size_t sample_cluster(const json_t *r, struct arena *a, double *out)
{
    struct sample sums = numbers(r, 1, a), sizes = numbers(r, 2, a);
    struct cluster *clusters = arena_array(a, struct cluster, sums.n + 1);
    struct cluster_mean m;

    for (size_t i = 0; i < sums.n; i++)
        clusters[i] = (struct cluster){ sums.at[i], (int64_t)sizes.at[i] };
    m = stats_cluster(clusters, sums.n, arg(r, 3));
    out[0] = m.mean;
    out[1] = m.error;
    out[2] = m.interval.low;
    out[3] = m.interval.high;
    return m.interval.known ? 4 : 0;
}

static size_t sample_bca(const json_t *r, struct arena *a, double *out)
{
    struct sample x = numbers(r, 1, a), draws = numbers(r, 2, a);
    struct interval i;
    double mean = 0;

    for (size_t k = 0; k < x.n; k++)
        mean += x.at[k];
    i = stats_bca(draws.at, draws.n, mean / (double)x.n, stats_acceleration(x.at, x.n), arg(r, 3));
    out[0] = i.low;
    out[1] = i.high;
    return i.known ? 2 : 0;
}

static size_t sample_cohen_d(const json_t *r, struct arena *a, double *out)
{
    (void)a;
    out[0] = stats_cohen_d_groups(arg(r, 1), arg(r, 2), whole(r, 3), arg(r, 4), arg(r, 5), whole(r, 6));
    out[1] = stats_hedges_g(out[0], (double)(whole(r, 3) + whole(r, 6) - 2));
    return 2;
}

static size_t sample_noncentral_t_cdf(const json_t *r, struct arena *a, double *out)
{
    (void)a;
    out[0] = stats_noncentral_t_cdf(arg(r, 1), arg(r, 2), arg(r, 3));
    return 1;
}

static size_t sample_paired_t_power(const json_t *r, struct arena *a, double *out)
{
    (void)a;
    out[0] = stats_paired_t_power(arg(r, 1), whole(r, 2), arg(r, 3));
    return 1;
}

static size_t sample_paired_t_cases(const json_t *r, struct arena *a, double *out)
{
    (void)a;
    out[0] = (double)stats_paired_t_cases(arg(r, 1), arg(r, 2), arg(r, 3));
    return 1;
}

static size_t sample_paired_t_detectable(const json_t *r, struct arena *a, double *out)
{
    (void)a;
    out[0] = stats_paired_t_detectable(whole(r, 1), arg(r, 2), arg(r, 3));
    return 1;
}

static size_t sample_mcnemar_power(const json_t *r, struct arena *a, double *out)
{
    (void)a;
    out[0] = stats_mcnemar_power(whole(r, 1), arg(r, 2), arg(r, 3), arg(r, 4));
    return 1;
}

static size_t sample_mcnemar_cases(const json_t *r, struct arena *a, double *out)
{
    (void)a;
    out[0] = (double)stats_mcnemar_cases(arg(r, 1), arg(r, 2), arg(r, 3), arg(r, 4));
    return 1;
}

#define SAMPLES(X) \
    X(wilcoxon) X(spearman) X(kendall) X(kruskal) X(chi_squared_tail) X(holm) X(benjamini_hochberg) X(cluster) X(bca) \
    X(cohen_d) X(noncentral_t_cdf) X(paired_t_power) X(paired_t_cases) X(paired_t_detectable) X(mcnemar_power) \
    X(mcnemar_cases)

static const struct { const char *name; size_t (*answer)(const json_t *r, struct arena *a, double *out); } samples[] = {
#define X(id) { #id, sample_##id },
    SAMPLES(X)
#undef X
};

struct deviation { double worst; size_t rows; };

static void check_row(const json_t *r, size_t no, struct deviation *worst)
{
    AUTO_ARENA *a = arena_new_sized(4096);
    const json_t *want = json_array_get(r, json_array_size(r) - 1);
    double got[ANSWERS_MAX] = { 0 };
    size_t at = 0, n;

    while (at < COUNT_OF(samples) && strcmp(samples[at].name, json_string_value(json_array_get(r, 0))) != 0)
        at++;
    REQUIRE(at < COUNT_OF(samples) && json_array_size(want) <= ANSWERS_MAX);
    n = samples[at].answer(r, a, got);
    worst[at].rows++;
    if (n != json_array_size(want))
        test_fail(__FILE__, __LINE__, "row %zu (%s): %zu answers, wanted %zu", no, samples[at].name, n,
                  json_array_size(want));
    for (size_t k = 0; k < MIN(n, json_array_size(want)); k++) {
        double w = json_number_value(json_array_get(want, k)), off = fabs(got[k] - w) / fmax(1, fabs(w));

        worst[at].worst = fmax(worst[at].worst, off);
        if (!(off <= NEAR))
            test_fail(__FILE__, __LINE__, "row %zu (%s), answer %zu: %.17g, wanted %.17g", no, samples[at].name, k,
                      got[k], w);
    }
}

TEST(statistics_of_samples_agree_with_scipy_and_statsmodels)
{
    AUTO_BUF struct buf text = BUF_INIT(4u << 20);
    AUTO_JSON *doc = NULL;
    struct err e = ERR_INIT;
    struct deviation worst[COUNT_OF(samples)] = { 0 };
    const json_t *rows;

    CHECK_OK(file_read("tests/stats/samples.json", 4u << 20, &text, &e));
    CHECK_OK(json_read(buf_str(&text), &doc, &e));
    rows = json_child(doc, "rows");
    CHECK(json_array_size(rows) > 300);
    for (size_t i = 0; i < json_array_size(rows); i++)
        check_row(json_array_get(rows, i), i, worst);
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        printf("stats: %-20s %3zu fixtures, largest deviation %.2g\n", samples[i].name, worst[i].rows, worst[i].worst);
        CHECK(worst[i].rows >= 4);
    }
}

TEST(samples_too_small_or_without_spread_say_nothing)
{
    static const double same[] = { 2, 2, 2, 2 }, some[] = { 1, 2, 3, 4 }, odd[] = { 1, NAN, 3, 4 };
    double p[] = { 0.01, NAN, 0.04 };

    CHECK(!stats_wilcoxon((double[]){ 0, 0, 0 }, 3).known);
    CHECK(!stats_wilcoxon(some, 0).known);
    CHECK(!stats_wilcoxon(odd, 4).known);
    CHECK(!stats_wilcoxon(some, STATS_RANK_MAX + 1).known);
    CHECK(!stats_spearman(same, some, 4).known && !stats_spearman(some, some, 2).known &&
          !stats_spearman(some, odd, 4).known);
    CHECK_NEAR(stats_spearman(some, some, 4).p, 0, 0);
    CHECK(!stats_kendall(some, same, 4).known && !stats_kendall(some, some, 1).known &&
          !stats_kendall(odd, some, 4).known);
    CHECK(!stats_kruskal(some, (size_t[]){ 4 }, 1).test.known &&
          !stats_kruskal(some, (size_t[]){ 4, 0 }, 2).test.known);
    CHECK(!stats_kruskal(same, (size_t[]){ 2, 2 }, 2).test.known &&
          !stats_kruskal(some, (size_t[]){ 1, 1 }, 2).test.known);
    CHECK(!stats_cluster((struct cluster[]){ { 3, 4 } }, 1, 0.95).interval.known);
    CHECK_NEAR(stats_cluster((struct cluster[]){ { 3, 4 } }, 1, 0.95).mean, 0.75, 0);
    CHECK(!stats_resample(some, 1, 0.95).percentile.known);
    CHECK(!stats_resample(some, RESAMPLE_MAX + 1, 0.95).percentile.known);
    CHECK(stats_resample(same, 4, 0.95).percentile.known);
    CHECK(isnan(stats_cohen_d_groups(1, 1, 1, 0, 1, 5)) && isnan(stats_hedges_g(0.5, 1)));
    CHECK_NEAR(stats_cohen_d(0, 0), 0, 0);
    CHECK(stats_paired_t_cases(0, 0.05, 0.8) == 0 && stats_paired_t_cases(1e-9, 0.05, 0.8) == 0);
    CHECK_INT(stats_paired_t_cases(INFINITY, 0.05, 0.8), 2);
    CHECK(isnan(stats_paired_t_detectable(1, 0.05, 0.8)));
    CHECK(stats_mcnemar_cases(0.2, 0, 0.05, 0.8) == 0 && stats_mcnemar_cases(NAN, 0.1, 0.05, 0.8) == 0);
    CHECK_INT(stats_mcnemar_cases(0.01, 0.2, 0.05, 0.8), stats_mcnemar_cases(0.2, 0.2, 0.05, 0.8));
    CHECK(isnan(stats_mcnemar_detectable(5, 0.2, 0.05, 0.8)));
    CHECK_NEAR(stats_mcnemar_power(0, 0.2, 0.1, 0.05), 0, 0);
    stats_holm(p, 3, p);
    CHECK(isnan(p[1]));                                     /* no comparison: not counted either */
    CHECK_NEAR(p[0], 0.02, 1e-15);
    CHECK_NEAR(p[2], 0.04, 1e-15);
}

TEST(what_is_detectable_needs_just_the_cases_there_are)
{
    for (int64_t n = 100; n <= 10000; n *= 10) {
        double d = stats_mcnemar_detectable(n, 0.2, 0.05, 0.8), t = stats_paired_t_detectable(n, 0.05, 0.8), power;

        CHECK(d > 0 && d < 1);
        CHECK_NEAR((double)stats_mcnemar_cases(0.2, d, 0.05, 0.8), (double)n, 1);
        CHECK_NEAR((double)stats_paired_t_cases(t, 0.05, 0.8), (double)n, 1);
        power = stats_mcnemar_power(n, 0.2, d, 0.05);
        CHECK(power > 0.79 && power < 0.8 + 0.5 / sqrt((double)n));     /* the exact test keeps the promise */
    }
}

TEST(draws_are_the_same_each_time_and_agree_with_students_interval)
{
    double d[400];
    struct resampled x, y;
    struct interval t;
    struct rng rng;
    double mean = 0, squares = 0;

    rng_seed(&rng, 7);
    for (size_t i = 0; i < COUNT_OF(d); i++) {
        d[i] = 0.1 + rng_normal(&rng);
        mean += d[i] / COUNT_OF(d);
    }
    for (size_t i = 0; i < COUNT_OF(d); i++)
        squares += (d[i] - mean) * (d[i] - mean);
    t = stats_t_interval(mean, squares / (COUNT_OF(d) - 1), COUNT_OF(d), 0.95);
    x = stats_resample(d, COUNT_OF(d), 0.95);
    y = stats_resample(d, COUNT_OF(d), 0.95);
    CHECK(x.bca.known && memcmp(&x, &y, sizeof x) == 0);
    CHECK_NEAR(x.percentile.low, t.low, 0.01);
    CHECK_NEAR(x.percentile.high, t.high, 0.01);
    CHECK_NEAR(x.bca.low, t.low, 0.01);
    CHECK_NEAR(x.bca.high, t.high, 0.01);
    CHECK_NEAR(x.p, stats_paired_t(mean, squares / (COUNT_OF(d) - 1), COUNT_OF(d)), 0.02);
}

TEST(cases_repeated_equally_often_are_clusters_of_their_means)
{
    struct cluster clusters[30];
    struct cluster_mean m;
    struct interval t;
    struct rng rng;
    double mean = 0, squares = 0;

    rng_seed(&rng, 3);
    for (size_t i = 0; i < COUNT_OF(clusters); i++) {
        clusters[i] = (struct cluster){ .sum = 5 * rng_normal(&rng), .n = 5 };
        mean += clusters[i].sum / 5 / COUNT_OF(clusters);
    }
    for (size_t i = 0; i < COUNT_OF(clusters); i++)
        squares += (clusters[i].sum / 5 - mean) * (clusters[i].sum / 5 - mean);
    t = stats_t_interval(mean, squares / (COUNT_OF(clusters) - 1), COUNT_OF(clusters), 0.95);
    m = stats_cluster(clusters, COUNT_OF(clusters), 0.95);
    CHECK_NEAR(m.interval.low, t.low, 1e-12);               /* what compare.h says of repeated cases */
    CHECK_NEAR(m.interval.high, t.high, 1e-12);
}
