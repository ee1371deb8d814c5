/* src/llm/retry.h: what follows a failed attempt. Arithmetic only.
 *
 * Attempts that failed by chance (network, time-out, 5xx) are bounded by attempts_max. Attempts the vendor turned away
 * with 429 have a larger bound of their own, limited_max: they say nothing about the request, they cost nothing, and a
 * run must not fail because a limit was learnt the hard way. Waits are the vendor's where it names one, else
 * uniform in 0 .. min(max, base * 2^n) ("full jitter"); a wait longer than retry_after_max_ms gives up at once.
 * Threads: values, but for the rng. */
#pragma once

#include "llm/provider/provider.h"

struct retry_policy { int attempts_max, limited_max; int64_t base_ms, max_ms, retry_after_max_ms; };
struct retry_count { int tried, limited; };         /* attempts so far, this one counted */

enum retry_what {
    RETRY_NEVER,                            /* this is the answer */
    RETRY_LATER,                            /* the call waits by itself */
    RETRY_WITH_LANE,                        /* the whole lane rests; the call stays first in line */
    RETRY_TOO_LONG,                         /* the vendor asks for more patience than allowed */
};

/* retry_after_ms: -1 when the vendor named none. *wait_ms is set for LATER and WITH_LANE. `refusals`: 429s in a row. */
enum retry_what retry_decide(const struct retry_policy *p, struct retry_count *n, enum err_code code, bool retryable,
                             int http_status, int64_t retry_after_ms, int refusals, struct rng *rng, int64_t *wait_ms);
int64_t retry_jitter_ms(const struct retry_policy *p, int n, struct rng *rng);
