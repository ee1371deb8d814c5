#include "base/test.h"

#include <math.h>

#include "eval/aggregate.h"

static void add(struct aggregate *g, double a, double b, int64_t latency_ms)
{
    struct score scores[] = { score_of(a), b < 0 ? score_missing(S("no")) : score_of(b) };
    struct trial t = { .state = TRIAL_DONE, .latency_ms = latency_ms, .cost_nanousd = 1000, .attempts = 1, .violations = 1,
                       .usage = { .input = 10, .output = 2 } };

    aggregate_add(g, &(struct aggregate_trial){ .trial = &t, .scores = scores });
}

static void add_failed(struct aggregate *g, enum err_code code)
{
    struct trial t = { .state = TRIAL_FAILED, .error = code, .attempts = 3, .cost_nanousd = 500 };

    aggregate_add(g, &(struct aggregate_trial){ .trial = &t });
}

TEST(an_aggregate_counts_what_it_is_given)
{
    AUTO(aggregate_freep) struct aggregate *g = aggregate_new(2);

    CHECK(aggregate_is_empty(g));
    add(g, 1, 0.25, 100);
    add(g, 0, -1, 300);
    add_failed(g, ERR_TIMEOUT);
    CHECK_INT(g->done, 2);
    CHECK_INT(g->failed, 1);
    CHECK_INT(g->errors[ERR_TIMEOUT], 1);
    CHECK_INT(g->attempts, 5);
    CHECK_INT(g->retried, 1);
    CHECK_INT(g->usage.input, 20);
    CHECK_INT(g->cost_nanousd, 2000);
    CHECK_INT(g->failed_cost_nanousd, 500);
    CHECK_INT(g->scorers[1].n, 1);
    CHECK_INT(g->scorers[1].missing, 1);            /* the failed trial is not missing, it is failed */
    CHECK(aggregate_binary(&g->scorers[0]) && !aggregate_binary(&g->scorers[1]));
    CHECK_NEAR(aggregate_mean(&g->scorers[0]), 0.5, 0);
    CHECK_NEAR(aggregate_variance(&g->scorers[0]), 0.5, 1e-16);
    aggregate_remove_failed(g, 1);
    CHECK_INT(g->failed, 0);
    CHECK_INT(g->errors[ERR_TIMEOUT], 0);
    CHECK_INT(g->failed_cost_nanousd, 0);
}

TEST(merging_in_any_grouping_gives_the_same)
{
    enum { PARTS = 7, TRIALS = 5000 };
    AUTO(aggregate_freep)
    struct aggregate *whole = aggregate_new(2), *forward = aggregate_new(2), *backward = aggregate_new(2);
    struct aggregate *parts[PARTS];
    struct rng r;
    long double sum = 0;

    rng_seed(&r, 11);
    for (int i = 0; i < PARTS; i++)
        parts[i] = aggregate_new(2);
    for (int i = 0; i < TRIALS; i++) {
        double a = rng_unit(&r) * 1e6 + 1e9, b = rng_unit(&r) * 1e-9;

        add(whole, a, b, 20);
        add(parts[rng_below(&r, PARTS)], a, b, 20);
        sum += a;
    }
    for (int i = 0; i < PARTS; i++) {
        aggregate_merge(forward, parts[i]);
        aggregate_merge(backward, parts[PARTS - 1 - i]);
    }
    for (int k = 0; k < 2; k++) {
        CHECK(sum_value(&whole->scorers[k].sum) == sum_value(&forward->scorers[k].sum));
        CHECK(sum_value(&backward->scorers[k].sum) == sum_value(&forward->scorers[k].sum));
        CHECK(aggregate_variance(&whole->scorers[k]) > 0);
        CHECK_NEAR(aggregate_variance(&backward->scorers[k]) / aggregate_variance(&whole->scorers[k]), 1, 1e-12);
    }
    CHECK_NEAR(aggregate_mean(&whole->scorers[0]), (double)(sum / TRIALS), 1e-6);
    CHECK_INT(forward->done, TRIALS);
    for (int i = 0; i < PARTS; i++)
        aggregate_free(parts[i]);
}

TEST(an_aggregate_survives_json_without_loss)
{
    AUTO(aggregate_freep) struct aggregate *g = aggregate_new(2), *back = NULL, *empty = NULL;
    AUTO_BUF struct buf one = BUF_INIT(1 << 20), two = BUF_INIT(1 << 20);
    AUTO_JSON *j = NULL, *read = NULL, *again = NULL;
    struct err e = ERR_INIT;

    for (int i = 0; i < 500; i++)
        add(g, 1.0 / (i + 3), i % 3 ? 1 : 0, i * 37);
    add_failed(g, ERR_RATE_LIMIT);
    j = aggregate_to_json(g);
    json_write(j, &one);
    CHECK_OK(json_read(buf_str(&one), &read, &e));
    CHECK_OK(aggregate_from_json(read, 2, &back, &e));
    again = aggregate_to_json(back);
    json_write(again, &two);
    CHECK(str_eq(buf_str(&one), buf_str(&two)));
    CHECK(back->scorers[0].sum.high == g->scorers[0].sum.high && back->scorers[0].sum.low == g->scorers[0].sum.low);
    CHECK_INT(histogram_quantile(&back->latency, 0.5), histogram_quantile(&g->latency, 0.5));
    CHECK_OK(aggregate_from_json(NULL, 2, &empty, &e));
    CHECK(aggregate_is_empty(empty));
    CHECK_INT(aggregate_from_json(read, 3, &back, &e), ERR_STORE);
}

TEST(a_quantile_is_within_two_percent)
{
    struct histogram h = { 0 };
    static const double q[] = { 0.5, 0.9, 0.95, 0.99, 1 };
    int64_t values[2000];
    struct rng r;

    CHECK_INT(histogram_quantile(&h, 0.5), -1);
    rng_seed(&r, 5);
    for (size_t i = 0; i < COUNT_OF(values); i++)
        values[i] = (int64_t)(exp(rng_normal(&r) * 1.2 + 6));
    for (size_t i = 0; i < COUNT_OF(values); i++)
        histogram_add(&h, values[i], 1);
    for (size_t i = 1; i < COUNT_OF(values); i++)           /* insertion sort: small */
        for (size_t k = i; k && values[k] < values[k - 1]; k--) {
            int64_t swap = values[k];

            values[k] = values[k - 1];
            values[k - 1] = swap;
        }
    for (size_t i = 0; i < COUNT_OF(q); i++) {
        int64_t want = values[(size_t)ceil(q[i] * COUNT_OF(values)) - 1];

        CHECK_NEAR((double)histogram_quantile(&h, q[i]), (double)want, 0.02 * (double)want + 0.5);
    }
    histogram_add(&h, INT64_MAX, 1);
    histogram_add(&h, -5, 1);
    CHECK_INT(histogram_quantile(&h, 0), 0);
    histogram_dispose(&h);
}
