/* src/llm/lane.h: how many calls one vendor may be sent, and when. Arithmetic only: no sockets, no clock of its own.
 *
 * A lane is asked before each send (lane_wait_us), told of each send, and told how each ended. Four things hold a
 * call back, the strictest wins:
 *   window   calls in flight. It starts small and doubles with every window of successes up to LANE_DOUBLE_UNTIL, then
 *            grows by a tenth, so that an unknown limit is overshot by little; after the first 429 it rises by one
 *            per window. A 429 cuts it to 0.7 once per round trip, not below what the learnt pace needs; until the
 *            next success a single call at a time feels whether the vendor takes calls again.
 *   ours     requests and tokens a minute the user set: buckets that hold a tenth of a second (requests) and ten
 *            seconds (tokens), so a minute never sees more than 1.002 times the limit in requests.
 *   theirs   what the vendor's rate-limit headers say is left; at zero the lane rests until the reset they name, or,
 *            where they refill drop by drop, until the next drop.
 *   pace     learnt from 429s: between two 429s of a vendor's bucket or window exactly as much went through as the
 *            limit allows, so accepted / elapsed is the limit. The lane then sends a little below it, rises to it,
 *            and creeps past it slowly enough that the next 429 costs about one call in a hundred.
 * A 429 also rests the whole lane for as long as the vendor asks.
 * Times are microseconds of the monotonic clock. Threads: one owner. Cost: O(1). */
#pragma once

#include "llm/llm.h"
#include "llm/ratelimit.h"

#define LANE_DOUBLE_UNTIL 32
#define LANE_WINDOW_START 8
#define LANE_IN_FLIGHT_DEFAULT 256
#define LANE_IN_FLIGHT_MAX 10000
#define LANE_WINDOW_FULL INT64_MAX          /* lane_wait_us: only an answer can make room */

struct lane_bucket { double per_us, level, cap; int64_t at_us; };           /* per_us 0: no limit */
/* One countdown of the vendor's: `left` falls with every send and is corrected by every answer. */
struct lane_budget { double left; int64_t until_us; double per_us; double guess_us; int refills; bool known; };

struct lane {
    int64_t ceiling, in_flight, start;
    double window;
    bool slow_start;
    struct lane_bucket requests, tokens;
    struct lane_budget vendor_requests, vendor_tokens;
    double tokens_in_flight;
    /* the learnt pace, calls per microsecond; 0: none */
    double pace, limit;                     /* limit: the last measurement */
    bool probing, pace_bound;
    int64_t next_us;                        /* the next send at this pace */
    int64_t epoch_us, epoch_accepted;       /* since the last 429 that counted, or the first send */
    int64_t first_us, first_accepted;       /* the epoch before the first 429 */
    int64_t cut_us;                         /* calls sent before this were part of the last 429's flight */
    int64_t paused_until_us;
    int refusals;                           /* 429s in a row, flights counted once */
    double rtt_us, output_tokens;           /* moving means */
};

void    lane_init(struct lane *l, const struct llm_limits *limits);
void    lane_set_limits(struct lane *l, const struct llm_limits *limits);   /* what was learnt stays */
/* 0: send now. LANE_WINDOW_FULL: after an answer. Otherwise ask again after so long. `tokens` is the estimate of the
 * call's input; what it will write is estimated here. */
int64_t lane_wait_us(struct lane *l, int64_t now_us, int64_t tokens);
void    lane_sent(struct lane *l, int64_t now_us, int64_t tokens);
/* Every lane_sent ends in exactly one of these four. `tokens` as sent; `used` as the vendor counted, 0 if unknown. */
void    lane_accepted(struct lane *l, int64_t now_us, int64_t sent_us, int64_t tokens, int64_t used);
void    lane_limited(struct lane *l, int64_t now_us, int64_t sent_us, int64_t tokens, int64_t pause_us);
void    lane_failed(struct lane *l, int64_t tokens);
/* The vendor is unwell and said for how long (503, 529 with Retry-After). */
void    lane_rest(struct lane *l, int64_t now_us, int64_t sent_us, int64_t tokens, int64_t pause_us);
void    lane_hear(struct lane *l, int64_t now_us, const struct rate_info *h);
