#include "base/test.h"

#include <math.h>

#include "eval/stats.h"

#define NEAR 1e-9                       /* absolute, and relative for numbers that are not small */

static double arg(const json_t *row, size_t i)
{
    return json_number_value(json_array_get(row, i));
}

static int64_t whole(const json_t *row, size_t i)
{
    return (int64_t)json_integer_value(json_array_get(row, i));
}

/* The answers of one row: at most two. */
static size_t answer(const json_t *r, double out[2])
{
    struct str name = json_to_str(json_array_get(r, 0));
    struct interval i = { 0 };

    if (str_is(name, "normal_cdf"))
        out[0] = stats_normal_cdf(arg(r, 1));
    else if (str_is(name, "normal_quantile"))
        out[0] = stats_normal_quantile(arg(r, 1));
    else if (str_is(name, "t_cdf"))
        out[0] = stats_t_cdf(arg(r, 1), arg(r, 2));
    else if (str_is(name, "t_two_sided"))
        out[0] = stats_t_two_sided(arg(r, 1), arg(r, 2));
    else if (str_is(name, "t_quantile"))
        out[0] = stats_t_quantile(arg(r, 1), arg(r, 2));
    else if (str_is(name, "beta"))
        out[0] = stats_beta(arg(r, 1), arg(r, 2), arg(r, 3));
    else if (str_is(name, "coin_cdf"))
        out[0] = stats_coin_cdf(whole(r, 1), whole(r, 2));
    else if (str_is(name, "mcnemar"))
        out[0] = stats_mcnemar(whole(r, 1), whole(r, 2));
    else if (str_is(name, "paired_t"))
        out[0] = stats_paired_t(arg(r, 1), arg(r, 2), whole(r, 3));
    else if (str_is(name, "pairs_needed"))
        out[0] = (double)stats_pairs_needed(arg(r, 1), arg(r, 2), arg(r, 3), arg(r, 4));
    else if (str_is(name, "wilson"))
        i = stats_wilson(whole(r, 1), whole(r, 2), arg(r, 3));
    else if (str_is(name, "t_interval"))
        i = stats_t_interval(arg(r, 1), arg(r, 2), whole(r, 3), arg(r, 4));
    else
        return 0;
    if (!i.known)
        return 1;
    out[0] = i.low;
    out[1] = i.high;
    return 2;
}

enum { FUNCTIONS_MAX = 32 };

TEST(statistics_agree_with_scipy_and_statsmodels)
{
    AUTO_BUF struct buf text = BUF_INIT(4u << 20);
    AUTO_JSON *doc = NULL;
    struct err e = ERR_INIT;
    const json_t *rows;
    struct { const char *name; size_t rows; double worst; } of[FUNCTIONS_MAX] = { 0 };

    CHECK_OK(file_read("tests/stats/vectors.json", 4u << 20, &text, &e));
    CHECK_OK(json_read(buf_str(&text), &doc, &e));
    rows = json_child(doc, "rows");
    CHECK(json_array_size(rows) > 500);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *r = json_array_get(rows, i);
        double got[2] = { 0 };
        size_t n = answer(r, got), size = json_array_size(r), f = 0;

        if (!n) {
            test_fail(__FILE__, __LINE__, "row %zu: no such function", i);
            continue;
        }
        while (of[f].name && strcmp(of[f].name, json_string_value(json_array_get(r, 0))) != 0)
            f++;
        REQUIRE(f + 1 < FUNCTIONS_MAX);
        of[f].name = json_string_value(json_array_get(r, 0));
        of[f].rows++;
        for (size_t k = 0; k < n; k++) {
            double want = arg(r, size - n + k), off = fabs(got[k] - want) / fmax(1, fabs(want));

            of[f].worst = fmax(of[f].worst, off);
            if (!(off <= NEAR) || (n == 1 && want != 0 && fabs(want) < 1e-9 && !(fabs(got[k] / want - 1) <= 1e-7)))
                test_fail(__FILE__, __LINE__, "row %zu (%s): %.17g, wanted %.17g", i,
                          json_string_value(json_array_get(r, 0)), got[k], want);
        }
    }
    for (size_t f = 0; of[f].name; f++)
        printf("stats: %-20s %3zu fixtures, largest deviation %.2g\n", of[f].name, of[f].rows, of[f].worst);
}

TEST(the_published_wilson_vectors_hold)
{
    CHECK_NEAR(stats_wilson(50, 100, 0.95).low, 0.403832, 1e-6);
    CHECK_NEAR(stats_wilson(3, 10, 0.95).high, 0.603222, 1e-6);
    CHECK_NEAR(stats_wilson(0, 10, 0.95).low, 0, 0);
    CHECK_NEAR(stats_wilson(0, 10, 0.95).high, 0.277533, 1e-6);
    CHECK_NEAR(stats_wilson(1, 1, 0.95).low, 0.206549, 1e-6);
    CHECK_NEAR(stats_wilson(1, 1, 0.95).high, 1, 0);
}

TEST(statistics_of_nothing_are_not_known)
{
    CHECK(!stats_wilson(0, 0, 0.95).known);
    CHECK(!stats_t_interval(0.5, 0, 1, 0.95).known);
    CHECK(stats_t_interval(0.5, 0, 2, 0.95).known);
    CHECK_NEAR(stats_mcnemar(0, 0), 1, 0);
    CHECK_NEAR(stats_paired_t(0.5, 0, 1), 1, 0);
    CHECK_NEAR(stats_paired_t(0, 0, 100), 1, 0);
    CHECK_NEAR(stats_paired_t(0.5, 0, 5), 2 * 0.03125, 1e-15);      /* no spread: the sign test */
    CHECK_INT(stats_pairs_needed(0, 0.03, 0.05, 0.8), 0);
}

static double fold_ratio(const double *sums, size_t width)
{
    return width == 2 && sums[1] > 0 ? sums[0] / sums[1] : NAN;
}

TEST(a_bootstrap_interval_covers_what_it_should_and_needs_two_rows)
{
    struct rng rng;
    int covered = 0;

    rng_seed(&rng, 11);
    for (int round = 0; round < 60; round++) {
        double rows[80][2];
        struct interval x;

        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            rows[i][1] = 1 + rng_unit(&rng);
            rows[i][0] = rows[i][1] * (0.5 + 0.1 * rng_normal(&rng));
        }
        x = stats_bootstrap(rows[0], COUNT_OF(rows), 2, fold_ratio, 0.95);
        CHECK(x.known && x.low < x.high && x.high - x.low < 0.06);
        covered += x.low <= 0.5 && 0.5 <= x.high;
    }
    CHECK(covered >= 51 && covered <= 60);                 /* of 57 expected */
    CHECK(!stats_bootstrap((double[]){ 1, 2 }, 1, 2, fold_ratio, 0.95).known);
    CHECK(!stats_bootstrap((double[]){ 1, 0, 1, 0 }, 2, 2, fold_ratio, 0.95).known);
    CHECK_NEAR(stats_bootstrap((double[]){ 1, 2, 1, 2 }, 2, 2, fold_ratio, 0.95).low, 0.5, 0);
}

TEST(a_quantile_lies_between_two_of_the_values_or_nobody_knows)
{
    struct interval x = stats_quantile_interval(0.5, 100, 0.95);

    CHECK_NEAR(stats_binomial_cdf(40, 100, 0.5), 0.028443966820490392, 1e-12);     /* scipy.stats.binom.cdf */
    CHECK_NEAR(stats_binomial_cdf(3, 10, 0.1), 0.9872048016, 1e-12);
    CHECK_NEAR(stats_binomial_cdf(-1, 10, 0.1), 0, 0);
    CHECK_NEAR(stats_binomial_cdf(10, 10, 0.1), 1, 0);
    CHECK(x.known);
    CHECK_NEAR(x.low, 39.0 / 99, 1e-15);                   /* the 40th and the 61st of 100 */
    CHECK_NEAR(x.high, 60.0 / 99, 1e-15);
    CHECK(!stats_quantile_interval(0.5, 5, 0.95).known);
    CHECK(stats_quantile_interval(0.5, 6, 0.95).known);
    CHECK(!stats_quantile_interval(0.99, 100, 0.95).known);
    CHECK(!stats_quantile_interval(0, 1000, 0.95).known);
    CHECK_NEAR(stats_quantile_sorted((double[]){ 1, 2, 4 }, 3, 0.75), 3, 1e-15);
    CHECK_NEAR(stats_quantile_sorted((double[]){ 7 }, 1, 0.3), 7, 0);
}
