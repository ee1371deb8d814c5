#include "base/test.h"

#include <math.h>
#include <stdio.h>

#include "eval/stats_betting.h"

/* --- against the definition written a second time, in exact fractions (tests/sure/make_betting.py) ---------------- */

static double betting_want(const json_t *v)
{
    return json_is_null(v) ? INFINITY : json_number_value(v);
}

static double betting_off(double got, double want)
{
    return isinf(want) || isinf(got) ? (got == want ? 0 : INFINITY) : fabs(got - want) / fmax(1, fabs(want));
}

TEST(betting_wealth_is_what_exact_fractions_give)
{
    AUTO_BUF struct buf text = BUF_INIT(1u << 20);
    AUTO_JSON *doc = NULL;
    const json_t *list;
    double worst = 0, values[400];

    CHECK_OK(file_read("tests/sure/betting.json", 1u << 20, &text, NULL));
    CHECK_OK(json_read(buf_str(&text), &doc, NULL));
    list = json_child(doc, "cases");
    CHECK_INT(json_array_size(list), 56);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *drawn = json_child(one, "values");
        double m = json_get_double(one, "m", 0);
        struct betting b = { values, json_array_size(drawn), json_get_i64(one, "population", 0),
                             json_get_double(one, "low", 0), json_get_double(one, "high", 0) };

        REQUIRE(b.n <= COUNT_OF(values));
        for (size_t k = 0; k < b.n; k++)
            values[k] = json_number_value(json_array_get(drawn, k));
        worst = fmax(worst, betting_off(stats_betting_below(&b, m), betting_want(json_child(one, "below"))));
        worst = fmax(worst, betting_off(stats_betting_above(&b, m), betting_want(json_child(one, "above"))));
    }
    CHECK(worst <= 1e-9);
    printf("    wealth: largest deviation from exact fractions %.2g\n", worst);
}

/* --- the promise: never wrong at any look, with the probability it names ------------------------------------------ */

#define LIST_MAX 300

static void betting_list(struct rng *rng, double *list, int64_t n, int kind)
{
    for (int64_t i = 0; i < n; i++) {
        double u = rng_unit(rng);

        list[i] = kind == 0 ? u < 0.2 : kind == 1 ? (u < 0.1 ? -1 : u < 0.25) : kind == 2 ? u * u : 2 * u - 1;
    }
}

/* Shares of seeded lists whose true mean was refuted at some draw, and whose interval missed it at some look. */
static double betting_misses(int kind, int64_t n, double alpha, int trials, double *intervals)
{
    double list[LIST_MAX], low = kind % 2 ? -1 : 0;
    int refuted = 0, missed = 0;
    struct rng rng;

    for (int t = 0; t < trials; t++) {
        struct betting b = { list, (size_t)n, n, low, 1 };
        double mean = 0;
        bool miss = false;

        rng_seed(&rng, (uint64_t)t * 8 + (uint64_t)kind);
        betting_list(&rng, list, n, kind);
        for (int64_t i = 0; i < n; i++)
            mean += list[i] / (double)n;
        refuted += fmax(stats_betting_below(&b, mean), stats_betting_above(&b, mean)) >= -log(alpha / 2);
        for (b.n = 10; b.n < (size_t)n && t < trials / 4; b.n += 30) {
            struct interval x = stats_betting_interval(&b, alpha);

            miss |= !x.known || mean < x.low - 1e-6 || mean > x.high + 1e-6;
        }
        missed += miss;
    }
    *intervals = (double)missed / (trials / 4);
    return (double)refuted / trials;
}

TEST(betting_holds_the_true_mean_at_all_times_together)
{
    static const char *const kinds[] = { "yes or no", "differences of yes or no", "skewed scores", "spread differences" };

    for (int kind = 0; kind < 4; kind++) {
        double intervals, refuted = betting_misses(kind, 200, 0.1, 800, &intervals);

        CHECK(refuted <= 0.1);
        CHECK(intervals <= 0.1);
        printf("    %s: the true mean was refuted at some draw in %.1f %% of 800 lists (10 %% are allowed)\n",
               kinds[kind], refuted * 100);
    }
}

TEST(betting_refutes_for_certain_what_cannot_come_true_any_more)
{
    double zeros[10] = { 0 };
    struct betting b = { zeros, 6, 10, 0, 1 };
    struct interval x;

    CHECK(isinf(stats_betting_below(&b, 0.41)));        /* four ones at most are left */
    CHECK(!isinf(stats_betting_below(&b, 0.4)));
    CHECK_NEAR(stats_betting_above(&b, 0), 0, 0);
    b.n = 10;
    x = stats_betting_interval(&b, 0.05);               /* all are known: the mean is */
    CHECK_NEAR(x.low, 0, 1e-6);
    CHECK_NEAR(x.high, 0, 1e-6);
    CHECK_NEAR(stats_betting_p(&b, 0), 1, 0);
    CHECK_NEAR(stats_betting_p(&b, 0.1), 0, 0);
    b.n = 0;
    x = stats_betting_interval(&b, 0.05);
    CHECK(!x.known);
    CHECK_NEAR(x.low, 0, 1e-6);
    CHECK_NEAR(x.high, 1, 1e-6);
}

TEST(betting_wealth_neither_overflows_nor_comes_back_from_nothing)
{
    static double values[100000];
    struct betting b = { values, COUNT_OF(values), 2 * COUNT_OF(values), 0, 1 };

    for (size_t i = 0; i < COUNT_OF(values); i++)
        values[i] = 1;
    CHECK_NEAR(stats_betting_below(&b, 0.5), 0, 0);     /* lost all the way down */
    CHECK(stats_betting_above(&b, 0.4) > 10000);
    for (size_t i = COUNT_OF(values) / 2; i < COUNT_OF(values); i++)
        values[i] = 0;
    CHECK(!isinf(stats_betting_below(&b, 0.3)));
    CHECK(stats_betting_below(&b, 0.3) < 1);
}
