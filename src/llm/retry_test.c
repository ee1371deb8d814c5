#include "base/test.h"
#include "llm/retry.h"

static const struct retry_policy policy = { .attempts_max = 3, .limited_max = 20, .base_ms = 1000, .max_ms = 60000,
                                            .retry_after_max_ms = 120000 };

TEST(chance_faults_are_tried_three_times)
{
    struct retry_count n = { 0 };
    struct rng rng;
    int64_t wait = -1;

    rng_seed(&rng, 1);
    CHECK_INT(retry_decide(&policy, &n, ERR_SERVER, true, 500, -1, 0, &rng, &wait), RETRY_LATER);
    CHECK(wait >= 0 && wait <= 1000);
    CHECK_INT(retry_decide(&policy, &n, ERR_TIMEOUT, true, 0, -1, 0, &rng, &wait), RETRY_LATER);
    CHECK(wait >= 0 && wait <= 2000);
    CHECK_INT(retry_decide(&policy, &n, ERR_SERVER, true, 500, -1, 0, &rng, &wait), RETRY_NEVER);
}

TEST(what_is_not_retryable_is_final)
{
    struct retry_count n = { 0 };
    struct rng rng;
    int64_t wait;

    rng_seed(&rng, 1);
    CHECK_INT(retry_decide(&policy, &n, ERR_QUOTA, false, 429, 5000, 0, &rng, &wait), RETRY_NEVER);
    CHECK_INT(retry_decide(&policy, &n, ERR_AUTH, false, 401, -1, 0, &rng, &wait), RETRY_NEVER);
}

TEST(a_named_wait_is_taken_and_a_long_one_is_refused)
{
    struct retry_count n = { 0 };
    struct rng rng;
    int64_t wait = -1;

    rng_seed(&rng, 1);
    CHECK_INT(retry_decide(&policy, &n, ERR_RATE_LIMIT, true, 429, 7000, 0, &rng, &wait), RETRY_WITH_LANE);
    CHECK_INT(wait, 7000);
    CHECK_INT(retry_decide(&policy, &n, ERR_SERVER, true, 529, 3000, 0, &rng, &wait), RETRY_WITH_LANE);
    CHECK_INT(wait, 3000);
    CHECK_INT(retry_decide(&policy, &n, ERR_RATE_LIMIT, true, 429, 120001, 0, &rng, &wait), RETRY_TOO_LONG);
}

TEST(refusals_of_one_call_reach_over_a_minute)
{
    struct retry_count n = { 0 };
    struct rng rng;
    int64_t wait, sum = 0;
    int refusals = 0;

    rng_seed(&rng, 1);
    while (retry_decide(&policy, &n, ERR_RATE_LIMIT, true, 429, -1, refusals++, &rng, &wait) == RETRY_WITH_LANE)
        sum += wait;
    CHECK_INT(n.limited, 20);
    CHECK_INT(n.tried, 0);
    CHECK(sum > 90000);
}

TEST(jitter_is_full_and_bounded)
{
    struct rng rng;
    int64_t low = INT64_MAX, high = 0;

    rng_seed(&rng, 1);
    for (int i = 0; i < 2000; i++) {
        int64_t wait = retry_jitter_ms(&policy, 60, &rng);

        low = MIN(low, wait);
        high = MAX(high, wait);
    }
    CHECK(low >= 0 && low < 600);
    CHECK(high <= 60000 && high > 59000);
}
