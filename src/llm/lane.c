#include "llm/lane.h"

#include <math.h>

#define LANE_SECOND 1e6

static void lane_bucket_set(struct lane_bucket *b, int64_t per_minute, double seconds_held)
{
    b->per_us = (double)per_minute / (60 * LANE_SECOND);
    b->cap = MAX(1.0, (double)per_minute / 60 * seconds_held);
    b->level = b->at_us ? MIN(b->level, b->cap) : b->cap;
}

void lane_set_limits(struct lane *l, const struct llm_limits *limits)
{
    l->ceiling = CLAMP(limits->in_flight_max ? limits->in_flight_max : LANE_IN_FLIGHT_DEFAULT, (int64_t)1,
                       (int64_t)LANE_IN_FLIGHT_MAX);
    l->start = CLAMP(limits->in_flight_start ? limits->in_flight_start : LANE_WINDOW_START, (int64_t)1, l->ceiling);
    l->window = MIN(l->slow_start ? MAX(l->window, (double)l->start) : l->window, (double)l->ceiling);
    lane_bucket_set(&l->requests, MAX(limits->requests_per_minute, (int64_t)0), 0.1);
    lane_bucket_set(&l->tokens, MAX(limits->tokens_per_minute, (int64_t)0), 10);
}

void lane_init(struct lane *l, const struct llm_limits *limits)
{
    *l = (struct lane){ .slow_start = true, .output_tokens = 100 };
    lane_set_limits(l, limits);
}

static void lane_bucket_fill(struct lane_bucket *b, int64_t now_us)
{
    if (b->at_us)
        b->level = MIN(b->cap, b->level + (double)(now_us - b->at_us) * b->per_us);
    b->at_us = now_us;
}

/* A call larger than the bucket passes when the bucket is full and leaves a debt. */
static int64_t lane_bucket_wait(struct lane_bucket *b, int64_t now_us, double want)
{
    double need = MIN(want, b->cap);

    if (b->per_us <= 0)
        return 0;
    lane_bucket_fill(b, now_us);
    return b->level >= need ? 0 : (int64_t)ceil((need - b->level) / b->per_us);
}

/* A budget that is not told again goes stale at its reset. */
static int64_t lane_budget_wait(struct lane_budget *b, int64_t now_us, double want)
{
    if (!b->known || b->left >= want)
        return 0;
    if (now_us >= b->until_us) {
        b->known = false;
        return 0;
    }
    if (b->per_us > 0) {
        int64_t drop_us = (int64_t)ceil((want - b->left) / b->per_us);

        return MIN(b->until_us - now_us, MAX(drop_us, (int64_t)1000));
    }
    return b->until_us - now_us;                    /* or sooner: an answer may say more */
}

static double lane_call_tokens(const struct lane *l, int64_t tokens)
{
    return (double)tokens + l->output_tokens;
}

int64_t lane_wait_us(struct lane *l, int64_t now_us, int64_t tokens)
{
    double want = lane_call_tokens(l, tokens);
    int64_t wait;

    if (l->in_flight >= (l->refusals ? 1 : (int64_t)MIN(l->window, (double)l->ceiling)))
        return LANE_WINDOW_FULL;
    wait = MAX(l->paused_until_us - now_us, (int64_t)0);
    if (l->pace > 0 && l->next_us > now_us) {
        l->pace_bound = true;
        wait = MAX(wait, l->next_us - now_us);
    }
    wait = MAX(wait, lane_bucket_wait(&l->requests, now_us, 1));
    wait = MAX(wait, lane_bucket_wait(&l->tokens, now_us, want));
    wait = MAX(wait, lane_budget_wait(&l->vendor_requests, now_us, 1));
    wait = MAX(wait, lane_budget_wait(&l->vendor_tokens, now_us, want));
    return wait;
}

/* The pace allows a few milliseconds of catching up, so that a late timer loses nothing; never a burst. */
static void lane_pace_step(struct lane *l, int64_t now_us)
{
    double gap = 1 / l->pace;
    double behind = MIN((double)(now_us - l->next_us), MAX(gap, 10000.0));

    l->next_us = now_us + (int64_t)(gap - MAX(behind, 0.0));
}

void lane_sent(struct lane *l, int64_t now_us, int64_t tokens)
{
    double want = lane_call_tokens(l, tokens);

    /* after a silence the measurement begins anew: a bucket has filled up meanwhile */
    if (!l->epoch_us || (l->in_flight == 0 && now_us - l->epoch_us > 5 * (int64_t)LANE_SECOND && l->pace <= 0 &&
                         now_us - l->cut_us > 5 * (int64_t)LANE_SECOND && !l->epoch_accepted)) {
        l->epoch_us = now_us;
        l->epoch_accepted = 0;
    }
    l->in_flight++;
    l->tokens_in_flight += (double)tokens;
    l->requests.level -= l->requests.per_us > 0 ? 1 : 0;
    l->tokens.level -= l->tokens.per_us > 0 ? want : 0;
    l->vendor_requests.left -= 1;
    l->vendor_tokens.left -= want;
    if (l->pace > 0)
        lane_pace_step(l, now_us);
}

void lane_failed(struct lane *l, int64_t tokens)
{
    ASSERT(l->in_flight > 0);
    l->in_flight--;
    l->tokens_in_flight = l->in_flight ? MAX(l->tokens_in_flight - (double)tokens, 0.0) : 0;
}

static void lane_window_grow(struct lane *l)
{
    if (l->slow_start && (double)l->in_flight + 1 >= l->window / 2)
        l->window += l->window < LANE_DOUBLE_UNTIL ? 1 : 0.1;
    else if (!l->slow_start && (double)l->in_flight + 2 >= l->window)
        l->window += 1 / l->window;
    l->window = MIN(l->window, (double)l->ceiling);
}

/* Up to the measured limit within some ten seconds (but not sooner than 40 calls), past it by 0.2 % a second, and
 * faster once it is plain that the limit was raised. Fractions of `limit` per accepted call. */
static void lane_pace_grow(struct lane *l)
{
    double per_second = l->pace * LANE_SECOND, step;

    if (!l->pace_bound)
        return;
    l->pace_bound = l->next_us > 0;
    if (l->probing)
        step = MIN(0.15 / per_second, 0.05);
    else if (l->pace < l->limit)
        step = MIN(0.01 / per_second, 0.00125);
    else if (l->pace < l->limit * 1.05)
        step = MIN(0.002 / per_second, 0.0003);
    else
        step = MIN(0.005 / per_second, 0.001);
    l->pace += MAX(l->limit, l->pace) * step;
}

/* A vendor that refused for seconds after the first 429 counts in a window, and it has just begun anew. */
static void lane_learn_window(struct lane *l, int64_t now_us)
{
    if (!l->probing || now_us - l->epoch_us < 5 * (int64_t)LANE_SECOND)
        return;
    l->limit = (double)l->first_accepted / (double)(now_us - l->first_us);
    l->pace = l->limit * 0.95;
    l->probing = false;
    l->next_us = now_us;
}

void lane_accepted(struct lane *l, int64_t now_us, int64_t sent_us, int64_t tokens, int64_t used)
{
    double rtt = (double)(now_us - sent_us);

    lane_window_grow(l);
    lane_failed(l, tokens);
    l->epoch_accepted++;
    if (sent_us >= l->cut_us && l->refusals) {
        l->refusals = 0;
        lane_learn_window(l, sent_us);
    }
    l->rtt_us = l->rtt_us > 0 ? l->rtt_us * 0.9 + rtt * 0.1 : rtt;
    if (used > 0) {
        double output = MAX((double)(used - tokens), 0.0);

        if (l->tokens.per_us > 0)
            l->tokens.level -= (double)used - lane_call_tokens(l, tokens);
        l->output_tokens = l->output_tokens * 0.95 + output * 0.05;
    }
    if (l->pace > 0)
        lane_pace_grow(l);
}

/* The first 429 tells little: a bucket that was full at the start let more through than it will. When the vendor asks
 * for a long rest it counts in a fixed window, and that rest is part of the measurement; otherwise half of what went
 * through is tried, and the next 429 measures. */
static void lane_learn_first(struct lane *l, int64_t now_us, int64_t pause_us)
{
    double elapsed = (double)(now_us - l->epoch_us + pause_us);

    l->limit = (double)l->epoch_accepted / MAX(elapsed, 1000.0);
    l->first_us = l->epoch_us;
    l->first_accepted = l->epoch_accepted;
    l->probing = pause_us < 5 * (int64_t)LANE_SECOND;
    l->pace = l->limit * (l->probing ? 0.5 : 0.95);
}

/* While probing the measurement is all there is. Later the pace itself is known to be near the limit, and a measurement
 * over parts of a vendor's minutes can be far off: it moves the pace by a tenth at most. */
static void lane_learn_next(struct lane *l, int64_t now_us)
{
    double measured = (double)l->epoch_accepted / (double)MAX(now_us - l->epoch_us, (int64_t)1000);

    l->limit = l->probing ? measured : CLAMP(measured, l->pace * 0.9, l->pace);
    l->pace = l->limit * 0.96;
    l->probing = false;
}

void lane_limited(struct lane *l, int64_t now_us, int64_t sent_us, int64_t tokens, int64_t pause_us)
{
    int64_t until = now_us + MAX(pause_us, (int64_t)0), elapsed = now_us - l->epoch_us;
    bool first = l->pace <= 0;

    lane_failed(l, tokens);
    l->paused_until_us = MAX(l->paused_until_us, until);
    if (sent_us < l->cut_us)
        return;                                     /* of the flight that was cut already */
    l->cut_us = now_us;
    if (l->refusals++)
        return;                                     /* the call that felt the way: nothing new is known */
    if (!l->epoch_accepted)
        goto cut;
    if (first)
        lane_learn_first(l, now_us, pause_us);
    else if (l->probing ? elapsed > (int64_t)LANE_SECOND / 4
                        : l->epoch_accepted >= 20 || elapsed >= 5 * (int64_t)LANE_SECOND)
        lane_learn_next(l, now_us);
    else
        goto cut;                                   /* too soon to tell a limit from a whim */
    l->epoch_us = now_us;
    l->epoch_accepted = 0;
    l->next_us = l->paused_until_us;
cut:
    l->window = MAX(l->window * (l->probing && first ? 0.25 : 0.7), MIN(l->window, l->pace * l->rtt_us + 1));
    l->window = MAX(l->window, 1.0);
    l->slow_start = l->probing && first;
}

void lane_rest(struct lane *l, int64_t now_us, int64_t sent_us, int64_t tokens, int64_t pause_us)
{
    lane_failed(l, tokens);
    l->paused_until_us = MAX(l->paused_until_us, now_us + MAX(pause_us, (int64_t)0));
    if (sent_us < l->cut_us)
        return;
    l->cut_us = now_us;
    l->window = MAX(l->window * 0.7, 1.0);
    l->slow_start = false;
}

/* A countdown that refills drop by drop names a reset that is always (limit - left) drops away, whatever is left; a
 * fixed window's reset does not follow what is left. Three answers in a row that agree decide. */
static void lane_budget_hear(struct lane_budget *b, int64_t now_us, int64_t limit, int64_t remaining, int64_t reset_ms,
                             double in_flight)
{
    if (remaining < 0 || reset_ms < 0)
        return;
    if (limit > 0 && remaining < limit && reset_ms > 0) {
        double guess = (double)reset_ms * 1000 * (double)limit / (double)(limit - remaining);
        bool agrees = fabs(guess - b->guess_us) <= guess * 0.05;

        if ((double)(limit - remaining) >= 3)       /* fewer: rounding says nothing */
            b->refills = agrees && guess < 100 * LANE_SECOND ? MIN(b->refills + 1, 10) : 0;
        b->guess_us = guess;
        b->per_us = b->refills >= 3 ? (double)limit / guess : 0;
    }
    b->known = true;
    b->left = (double)remaining - in_flight;
    b->until_us = now_us + MIN(reset_ms, INT64_C(3600000)) * 1000;
}

void lane_hear(struct lane *l, int64_t now_us, const struct rate_info *h)
{
    lane_budget_hear(&l->vendor_requests, now_us, h->limit_requests, h->remaining_requests, h->reset_requests_ms,
                     (double)l->in_flight);
    lane_budget_hear(&l->vendor_tokens, now_us, h->limit_tokens, h->remaining_tokens, h->reset_tokens_ms,
                     l->tokens_in_flight + l->output_tokens * (double)l->in_flight);
}
