#include "llm/retry.h"

int64_t retry_jitter_ms(const struct retry_policy *p, int n, struct rng *rng)
{
    int64_t most = p->base_ms;

    for (int i = 0; i < n && most < p->max_ms; i++)
        most *= 2;
    return (int64_t)(rng_unit(rng) * (double)(MIN(most, p->max_ms) + 1));
}

/* A lane that was told no time feels its way: the second half of the wait is chance, so that a call's attempts reach
 * over more than a minute, the usual length of a vendor's window; no wait is longer than 16 times the base. */
static int64_t retry_lane_ms(const struct retry_policy *p, int refusals, struct rng *rng)
{
    int64_t most = MIN(p->base_ms << CLAMP(refusals, 0, 4), p->max_ms);

    return most / 2 + (int64_t)(rng_unit(rng) * (double)(most - most / 2 + 1));
}

enum retry_what retry_decide(const struct retry_policy *p, struct retry_count *n, enum err_code code, bool retryable,
                             int http_status, int64_t retry_after_ms, int refusals, struct rng *rng, int64_t *wait_ms)
{
    bool limited = code == ERR_RATE_LIMIT;
    bool unwell = retry_after_ms >= 0 && (http_status == 503 || http_status == 529);

    if (!retryable)
        return RETRY_NEVER;
    if (limited ? ++n->limited >= p->limited_max : ++n->tried >= p->attempts_max)
        return RETRY_NEVER;
    if (retry_after_ms > p->retry_after_max_ms)
        return RETRY_TOO_LONG;
    *wait_ms = retry_after_ms >= 0 ? retry_after_ms
               : limited           ? retry_lane_ms(p, refusals, rng)
                                   : retry_jitter_ms(p, n->tried - 1, rng);
    return limited || unwell ? RETRY_WITH_LANE : RETRY_LATER;
}
