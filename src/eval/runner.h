/* src/eval/runner.h: a plan becomes trials, answers, scores and durable rows.
 *
 *     feeding (the caller's thread) --> engine --> scoring threads --> writer (store) --> back to feeding
 *
 * Trials are enumerated from leased shards; each variant walks the shards at its own pace, so a slow or paused provider
 * holds up nobody else. What is outstanding (asked for and not yet durable) is bounded per variant. A trial counts as
 * done only after its commit; its aggregates and its ledger entry are in the same transaction.
 *
 * With task.sure cases are asked in the race's order (race.h) and not far beyond what it has read; a variant it stops
 * is asked no more. Its shards are all leased at the start.
 *
 * Checks may compare what all variants answered to a case: once every trial has its outcome these scores, which waited,
 * are settled, and what that costs is the budget's too.
 *
 * A run ends DONE when every trial has its outcome or is not needed, else STOPPED, to be continued by runner_run on the
 * same run: after an interrupt, a spent budget, a cost far above the estimate, or a store that can't be written. */
#pragma once

#include "eval/plan.h"
#include "llm/cache.h"

#define RUNNER_ABANDON_AFTER 5              /* failures in a row of one variant */
#define RUNNER_OVER_ESTIMATE 1.5            /* pause when the cost passes this share of the estimate ... */
#define RUNNER_OVER_MIN_NANOUSD (MONEY_PER_USD / 10)    /* ... and is at least this much above it */

struct runner_progress {
    int64_t trials, finished, failed;       /* of the whole run, earlier sessions included; without what is not needed */
    int64_t started_finished;               /* finished when this session began: rates count from there */
    int64_t in_flight, retried, rate_limited;
    int64_t paused_ms;                      /* the longest pause of a lane still to come */
    int64_t cost_nanousd, unknown_calls;    /* of the whole run */
    int64_t elapsed_ms;
    int64_t compare, compared;              /* cases whose answers are compared at the end; 0 before */
    int64_t variants, stopped;              /* of them, asked no more because their verdict is sure */
    int stopping;                           /* 0 running, 1 waiting for calls in flight, 2 dropping them */
};

struct runner_options {
    int64_t concurrency;                    /* calls in flight per provider, 1..10,000; 0: 64 */
    int64_t budget_nanousd;                 /* 0: the run's own */
    bool ignore_estimate;                   /* go on above 150 % of the estimate */
    struct cache *cache;                    /* answers given again, and kept for the next time; NULL: none */
    int scoring_threads;                    /* 0: one per core, at most 4 */
    int64_t grace_ms;                       /* how long an interrupt waits for calls in flight; 0: 30,000 */
    int (*interrupted)(void *arg);          /* 0: go on, 1: stop cleanly, 2: stop now; may be NULL */
    void (*progress)(const struct runner_progress *p, void *arg);   /* about ten times a second, on the caller's thread */
    void *arg;
};

struct runner_result {
    enum run_state state;                   /* RUN_DONE or RUN_STOPPED */
    enum stop_reason why;
    int64_t elapsed_ms;
    int64_t trials_now, failed_now;         /* outcomes of this session */
    int64_t retried, rate_limited;
    int64_t cached, saved_nanousd;          /* answers of this session from the cache, and what asking had cost */
    size_t abandoned;                       /* variants given up */
    bool all_auth;                          /* nothing succeeded and every failure was about the key */
    struct str first_failure;               /* a sentence, in the plan's arena; empty when nothing failed */
};

/* Runs the stored run `plan->run` (its no is set) to its end or to a stop. Everything that was paid for is committed
 * when this returns, also with an error. ERR_CONFLICT when a living process is executing the run. */
enum err_code runner_run(struct plan *plan, struct store *s, struct llm *l, const struct runner_options *options,
                         struct runner_result *out, struct err *e) MUST_USE;

/* Makes failed trials "not yet" again. *count: how many. */
enum err_code runner_forget_failed(struct plan *plan, struct store *s, int64_t *count, struct err *e) MUST_USE;
