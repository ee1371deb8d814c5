#include "base/test.h"
#include "llm/lane.h"

#include <stdio.h>

/* A vendor with a hidden limit, in virtual time: answers come `latency` after they were asked for, so in order. */
enum limiter { LIMIT_BUCKET, LIMIT_FIXED_MINUTE, LIMIT_SLIDING_MINUTE, LIMIT_IN_FLIGHT };

struct vendor_sim {
    enum limiter kind;
    double per_minute, bucket;              /* bucket: what it holds when full */
    int64_t latency_us;
    bool retry_after, headers;
    /* state */
    double level;
    int64_t level_us, window_start_us, window_used, in_flight;
    int64_t *taken_us;                      /* ring of the last per_minute acceptances */
    size_t taken;
    int64_t accepted, limited, accepted_after_60s, limited_after_60s;
};

struct reply { int64_t at_us, sent_us, retry_after_us; bool refused; struct rate_info hint; };

static bool vendor_sim_takes(struct vendor_sim *v, int64_t t, int64_t *retry_after_us)
{
    size_t n = (size_t)v->per_minute;

    switch (v->kind) {
    case LIMIT_BUCKET:
        v->level = MIN(v->bucket, v->level + (double)(t - v->level_us) * v->per_minute / 60e6);
        v->level_us = t;
        *retry_after_us = (int64_t)((1 - v->level) / (v->per_minute / 60e6));
        if (v->level < 1)
            return false;
        v->level -= 1;
        return true;
    case LIMIT_FIXED_MINUTE:
        if (t - v->window_start_us >= 60000000)
            v->window_start_us = t - t % 60000000, v->window_used = 0;
        *retry_after_us = v->window_start_us + 60000000 - t;
        return v->window_used < (int64_t)v->per_minute ? v->window_used++, true : false;
    case LIMIT_SLIDING_MINUTE:
        if (v->taken >= n && t - v->taken_us[v->taken % n] < 60000000) {
            *retry_after_us = v->taken_us[v->taken % n] + 60000000 - t;
            return false;
        }
        v->taken_us[v->taken++ % n] = t;
        return true;
    case LIMIT_IN_FLIGHT: *retry_after_us = 1000000; return v->in_flight < (int64_t)v->bucket;
    }
    return true;
}

static void vendor_sim_hint(const struct vendor_sim *v, int64_t t, struct rate_info *h)
{
    *h = (struct rate_info){ -1, -1, -1, -1, -1, -1, -1 };
    if (!v->headers)
        return;
    if (v->kind == LIMIT_BUCKET) {
        h->limit_requests = (int64_t)v->bucket;
        h->remaining_requests = (int64_t)v->level;
        h->reset_requests_ms = (int64_t)((v->bucket - v->level) / v->per_minute * 60000);
    } else {
        h->limit_requests = (int64_t)v->per_minute;
        h->remaining_requests = (int64_t)v->per_minute - v->window_used;
        h->reset_requests_ms = (v->window_start_us + 60000000 - t) / 1000;
    }
}

static void vendor_sim_answer(struct vendor_sim *v, struct lane *l, const struct reply *r, struct rng *rng)
{
    v->in_flight--;
    if (r->refused) {
        int64_t pause = r->retry_after_us >= 0
                            ? (r->retry_after_us + 999999) / 1000000 * 1000000
                            : (int64_t)((0.5 + rng_unit(rng) / 2) * 1e6 * (double)(1u << MIN(l->refusals, 4)));

        lane_limited(l, r->at_us, r->sent_us, 100, pause);
        v->limited++;
        v->limited_after_60s += r->at_us > 60000000;
    } else {
        lane_accepted(l, r->at_us, r->sent_us, 100, 150);
        v->accepted++;
        v->accepted_after_60s += r->at_us > 60000000;
    }
    lane_hear(l, r->at_us, &r->hint);
}

/* Calls without end for `seconds`; share of the limit after the first minute, share of 429s over all. */
static void vendor_sim_run(struct vendor_sim *v, const struct llm_limits *limits, int64_t seconds, double *share,
                           double *refused)
{
    size_t cap = 16384, head = 0, len = 0;
    struct reply *ring = xcalloc(cap, sizeof *ring);
    struct lane l;
    struct rng rng;
    int64_t t = 1, end = seconds * 1000000;

    rng_seed(&rng, 7);
    v->taken_us = xcalloc((size_t)v->per_minute + 1, sizeof(int64_t));
    v->level = v->bucket;
    lane_init(&l, limits);
    while (t < end) {
        int64_t wait = lane_wait_us(&l, t, 100);

        if (wait == 0) {
            struct reply r = { .at_us = t + v->latency_us, .sent_us = t, .retry_after_us = -1 };

            r.refused = !vendor_sim_takes(v, t, &r.retry_after_us);
            if (!r.refused || !v->retry_after)
                r.retry_after_us = -1;
            vendor_sim_hint(v, t, &r.hint);
            v->in_flight++;
            lane_sent(&l, t, 100);
            ASSERT(len < cap);
            ring[(head + len++) % cap] = r;
            t++;
        } else if (len && (wait == LANE_WINDOW_FULL || ring[head].at_us <= t + wait)) {
            t = MAX(t, ring[head].at_us);
            vendor_sim_answer(v, &l, &ring[head], &rng);
            head = (head + 1) % cap;
            len--;
        } else {
            REQUIRE(wait != LANE_WINDOW_FULL);
            t += (wait + 999) / 1000 * 1000;        /* the loop's timers have milliseconds */
        }
    }
    if (v->kind == LIMIT_IN_FLIGHT)
        *share = (double)v->accepted_after_60s / ((double)(seconds - 60) * v->bucket / ((double)v->latency_us / 1e6));
    else
        *share = (double)v->accepted_after_60s / ((double)(seconds - 60) * v->per_minute / 60);
    *refused = (double)v->limited / (double)(v->limited + v->accepted);
    free(ring);
    free(v->taken_us);
}

static void lane_try(const char *what, struct vendor_sim v, double share_min, double refused_max)
{
    struct llm_limits limits = { 0 };
    double share = 0, refused = 0;

    vendor_sim_run(&v, &limits, 600, &share, &refused);
    if (getenv("TEST_VERBOSE"))
        printf("  %-44s %6.1f %% of the limit, %5.2f %% of calls refused (%lld of %lld)\n", what, share * 100,
               refused * 100, (long long)v.limited, (long long)(v.limited + v.accepted));
    if (share < share_min || refused > refused_max)
        test_fail(__FILE__, __LINE__, "%s: %.1f %% of the limit (at least %.0f), %.2f %% refused (at most %.1f)", what,
                  share * 100, share_min * 100, refused * 100, refused_max * 100);
}

TEST(a_hidden_limit_is_found_and_kept)
{
    lane_try("bucket 600/min holding 600, retry-after",
             (struct vendor_sim){ LIMIT_BUCKET, 600, 600, 300000, true, false }, .9, .02);
    lane_try("bucket 600/min holding 600, silent", (struct vendor_sim){ LIMIT_BUCKET, 600, 600, 300000, false, false },
             .9, .02);
    lane_try("bucket 600/min holding 10, retry-after",
             (struct vendor_sim){ LIMIT_BUCKET, 600, 10, 300000, true, false }, .9, .02);
    lane_try("bucket 600/min holding 10, silent", (struct vendor_sim){ LIMIT_BUCKET, 600, 10, 300000, false, false },
             .9, .02);
    lane_try("bucket 6000/min holding 100, retry-after",
             (struct vendor_sim){ LIMIT_BUCKET, 6000, 100, 500000, true, false }, .9, .02);
    lane_try("bucket 6000/min holding 100, silent",
             (struct vendor_sim){ LIMIT_BUCKET, 6000, 100, 500000, false, false }, .9, .02);
    lane_try("bucket 3000/min holding 3000, 2 s latency",
             (struct vendor_sim){ LIMIT_BUCKET, 3000, 3000, 2000000, true, false }, .9, .02);
    lane_try("fixed minute of 600, retry-after", (struct vendor_sim){ LIMIT_FIXED_MINUTE, 600, 0, 300000, true, false },
             .9, .025);
    lane_try("fixed minute of 600, silent", (struct vendor_sim){ LIMIT_FIXED_MINUTE, 600, 0, 300000, false, false }, .9,
             .03);
    lane_try("fixed minute of 6000, retry-after",
             (struct vendor_sim){ LIMIT_FIXED_MINUTE, 6000, 0, 500000, true, false }, .9, .02);
    lane_try("sliding minute of 600, retry-after",
             (struct vendor_sim){ LIMIT_SLIDING_MINUTE, 600, 0, 300000, true, false }, .9, .025);
    lane_try("sliding minute of 600, silent", (struct vendor_sim){ LIMIT_SLIDING_MINUTE, 600, 0, 300000, false, false },
             .9, .03);
    lane_try("sliding minute of 3000, silent",
             (struct vendor_sim){ LIMIT_SLIDING_MINUTE, 3000, 0, 300000, false, false }, .9, .02);
    lane_try("bucket 60/min holding 5, retry-after", (struct vendor_sim){ LIMIT_BUCKET, 60, 5, 800000, true, false },
             .9, .05);
    lane_try("at most 20 in flight", (struct vendor_sim){ LIMIT_IN_FLIGHT, 2400, 20, 500000, true, false }, .75, .05);
}

TEST(a_limit_that_headers_tell_is_kept_without_a_refusal)
{
    lane_try("bucket 600/min holding 600, headers", (struct vendor_sim){ LIMIT_BUCKET, 600, 600, 300000, true, true },
             .95, .005);
    lane_try("fixed minute of 600, headers", (struct vendor_sim){ LIMIT_FIXED_MINUTE, 600, 0, 300000, true, true }, .95,
             .005);
    lane_try("fixed minute of 6000, headers", (struct vendor_sim){ LIMIT_FIXED_MINUTE, 6000, 0, 300000, true, true },
             .95, .005);
}
