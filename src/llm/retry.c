#include "llm/retry.h"

int64_t retry_jitter_ms(const struct retry_policy *p, int n, struct rng *rng)
{
    int64_t most = p->base_ms;

    for (int i = 0; i < n && most < p->max_ms; i++)
        most *= 2;
    return (int64_t)(rng_unit(rng) * (double)(MIN(most, p->max_ms) + 1));
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
    *wait_ms = retry_after_ms >= 0 ? retry_after_ms : retry_jitter_ms(p, limited ? refusals : n->tried - 1, rng);
    return limited || unwell ? RETRY_WITH_LANE : RETRY_LATER;
}
