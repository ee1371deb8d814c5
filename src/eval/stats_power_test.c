/* What the statistics promise, kept over seeded comparisons: false alarms when two are the same, and a true difference
 * found as often as the planned number of cases says. */
#include "base/test.h"

#include <inttypes.h>
#include <math.h>

#include "eval/stats.h"
#include "eval/stats_many.h"
#include "eval/stats_power.h"
#include "eval/stats_rank.h"
#include "eval/stats_resample.h"

#define ALPHA     0.05
#define POWER     0.8
#define PAIRS_MAX 4000

typedef double comparison(struct rng *rng, int64_t n, double spread, double delta);

/* Yes or no: the two differ on a share `spread` of the cases, and `delta` more of these go the second's way. */
static double mcnemar_of(struct rng *rng, int64_t n, double spread, double delta)
{
    int64_t first = 0, second = 0;

    for (int64_t i = 0; i < n; i++) {
        double u = rng_unit(rng);

        first += u < (spread - delta) / 2;
        second += u >= (spread - delta) / 2 && u < spread;
    }
    return stats_mcnemar(first, second);
}

struct drawn { double at[PAIRS_MAX], mean, variance; int64_t n; };

static void draw_differences(struct rng *rng, int64_t n, double delta, double deviation, struct drawn *d)
{
    double squares = 0;

    REQUIRE(n > 1 && n <= PAIRS_MAX);
    d->n = n;
    d->mean = 0;
    for (int64_t i = 0; i < n; i++) {
        d->at[i] = delta + deviation * rng_normal(rng);
        d->mean += d->at[i] / (double)n;
    }
    for (int64_t i = 0; i < n; i++)
        squares += (d->at[i] - d->mean) * (d->at[i] - d->mean);
    d->variance = squares / (double)(n - 1);
}

static double paired_t_of(struct rng *rng, int64_t n, double spread, double delta)
{
    static struct drawn d;

    draw_differences(rng, n, delta, spread, &d);
    return stats_paired_t(d.mean, d.variance, n);
}

static double wilcoxon_of(struct rng *rng, int64_t n, double spread, double delta)
{
    static struct drawn d;

    draw_differences(rng, n, delta, spread, &d);
    return stats_wilcoxon(d.at, (size_t)n).p;
}

static double bootstrap_of(struct rng *rng, int64_t n, double spread, double delta)
{
    static struct drawn d;

    draw_differences(rng, n, delta, spread, &d);
    return stats_resample(d.at, (size_t)n, 0.95).p;
}

/* The share of `times` comparisons whose p is below ALPHA. */
static double found(comparison *compare, uint64_t seed, int times, int64_t n, double spread, double delta)
{
    struct rng rng;
    int alarms = 0;

    rng_seed(&rng, seed);
    for (int i = 0; i < times; i++)
        alarms += compare(&rng, n, spread, delta) < ALPHA;
    return (double)alarms / times;
}

TEST(of_200_comparisons_of_the_same_at_most_6_percent_are_alarms)
{
    static const struct { const char *name; comparison *compare; double spread; int64_t n; } tests[] = {
        { "exact McNemar", mcnemar_of, 0.2, 300 }, { "paired t", paired_t_of, 0.3, 150 },
        { "Wilcoxon", wilcoxon_of, 0.3, 150 }, { "bootstrap", bootstrap_of, 0.3, 60 },
    };

    for (size_t i = 0; i < COUNT_OF(tests); i++) {
        double share = found(tests[i].compare, 1, 200, tests[i].n, tests[i].spread, 0);

        printf("stats: A/A by %-13s %.1f %% of 200 are alarms\n", tests[i].name, share * 100);
        CHECK(share <= 0.06);
    }
    CHECK_NEAR(found(paired_t_of, 2, 5000, 40, 0.3, 0), ALPHA, 0.01);
    CHECK(found(mcnemar_of, 2, 5000, 300, 0.2, 0) <= ALPHA + 0.005);       /* exact: on the safe side */
}

TEST(of_many_variants_that_are_the_same_holm_keeps_the_alarms_down)
{
    struct rng rng;
    int raw = 0, corrected = 0;

    rng_seed(&rng, 5);
    for (int i = 0; i < 1000; i++) {
        double p[8], holm[COUNT_OF(p)];
        bool any = false, any_holm = false;

        for (size_t k = 0; k < COUNT_OF(p); k++)
            p[k] = paired_t_of(&rng, 50, 0.3, 0);
        stats_holm(p, COUNT_OF(p), holm);
        for (size_t k = 0; k < COUNT_OF(p); k++) {
            any |= p[k] < ALPHA;
            any_holm |= holm[k] < ALPHA;
        }
        raw += any;
        corrected += any_holm;
    }
    CHECK(raw > 250 && corrected <= 60);
}

TEST(a_true_difference_of_5_points_is_found_as_often_as_promised)
{
    static const double discordant[] = { 0.1, 0.2, 0.4 }, deviations[] = { 0.15, 0.3, 0.45 };

    for (size_t i = 0; i < COUNT_OF(discordant); i++) {
        int64_t n = stats_mcnemar_cases(discordant[i], 0.05, ALPHA, POWER);
        double share = found(mcnemar_of, 10 + i, 4000, n, discordant[i], 0.05);

        printf("stats: 5 points among %.0f %% that differ: %" PRId64 " cases find it in %.1f %%, exactly %.1f %%\n",
               discordant[i] * 100, n, share * 100, stats_mcnemar_power(n, discordant[i], 0.05, ALPHA) * 100);
        CHECK_NEAR(share, POWER, 0.03);
        CHECK_NEAR(share, stats_mcnemar_power(n, discordant[i], 0.05, ALPHA), 0.02);
    }
    for (size_t i = 0; i < COUNT_OF(deviations); i++) {
        int64_t n = stats_paired_t_cases(0.05 / deviations[i], ALPHA, POWER);
        double share = found(paired_t_of, 20 + i, 4000, n, deviations[i], 0.05);

        printf("stats: 5 points with a deviation of %.0f: %" PRId64 " cases find it in %.1f %%\n", deviations[i] * 100,
               n, share * 100);
        CHECK_NEAR(share, POWER, 0.03);
    }
}
