#include "eval/runner_parts.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define RUNNER_CONCURRENCY  64
#define RUNNER_TICK_MS      20
#define RUNNER_PROGRESS_MS  100
#define RUNNER_GRACE_MS     30000
#define RUNNER_FREE_BYTES   (INT64_C(100) * 1024 * 1024)    /* below this a run is not started */

/* --- who executes a run ------------------------------------------------------------------------------------------ */

struct runner_release { int64_t run_no; struct str owner; };

static enum err_code runner_release_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct runner_release *r = arg;

    return store_tx_shards_release(tx, r->run_no, r->owner, e);
}

/* Frees the leases of processes that died; a living one is a conflict. */
static enum err_code runner_take_over(struct runner *r, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct str *owners;
    size_t count;

    TRY(store_shard_owners(r->store, r->plan->run.no, clock_wall_ms(), a, &owners, &count, e));
    for (size_t i = 0; i < count; i++) {
        struct runner_release release = { r->plan->run.no, owners[i] };

        if (owner_lives(owners[i], str_c(r->owner)))
            return err_set(e, ERR_CONFLICT, "run " STR_FMT " is being executed by another process (" STR_FMT ")",
                           STR_ARG(id_short(r->plan->run.id)), STR_ARG(owners[i]));
        TRY(store_write(r->store, runner_release_apply, &release, e));
    }
    return ERR_OK;
}

/* --- state -------------------------------------------------------------------------------------------------------- */
struct runner_move { int64_t run_no; enum run_state to; enum stop_reason why; };

static enum err_code runner_move_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct runner_move *m = arg;

    return store_tx_run_move(tx, m->run_no, m->to, m->why, clock_wall_ms(), e);
}

static enum err_code runner_move(struct runner *r, enum run_state to, enum stop_reason why, struct err *e)
{
    struct runner_move m = { r->plan->run.no, to, why };

    TRY(store_write(r->store, runner_move_apply, &m, e));
    r->plan->run.state = to;
    r->plan->run.stopped_by = why;
    return ERR_OK;
}

void runner_fatal(struct runner *r, const struct err *e)
{
    pthread_mutex_lock(&r->lock);
    if (r->fatal.code == ERR_OK)
        r->fatal = *e;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
}

struct runner_forget { struct plan *plan; int64_t total; };

static enum err_code runner_forget_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct runner_forget *f = arg;
    const struct run *run = &f->plan->run;
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    int64_t *forgotten = arena_array(a, int64_t, (size_t)run->variants);

    TRY(store_tx_failed_forget(tx, run->no, forgotten, (size_t)run->variants, &f->total, e));
    for (int64_t i = 0; i < run->variants; i++) {
        AUTO(aggregate_freep) struct aggregate *sum = NULL;
        AUTO_BUF struct buf text = BUF_INIT(1u << 24);
        AUTO_JSON *old = NULL, *now = NULL;
        struct store_variant row;

        TRY(store_tx_variant_get(tx, run->no, i, a, &row, e));
        if (forgotten[i] == 0 && !row.abandoned)
            continue;
        if (row.aggregate.len)
            TRY(json_read(row.aggregate, &old, e));
        TRY(aggregate_from_json(old, scoring_count(f->plan->scoring), &sum, e));
        aggregate_remove_failed(sum, forgotten[i]);
        now = aggregate_to_json(sum);
        json_write(now, &text);
        TRY(store_tx_variant_set(tx, run->no, i, buf_str(&text), false, e));
    }
    return ERR_OK;
}

enum err_code runner_forget_failed(struct plan *plan, struct store *s, int64_t *count, struct err *e)
{
    struct runner_forget f = { .plan = plan };

    TRY(store_write(s, runner_forget_apply, &f, e));
    *count = f.total;
    return ERR_OK;
}

/* --- starting ----------------------------------------------------------------------------------------------------- */
static enum err_code runner_load_totals(struct runner *r, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct store_ledger_row *ledger;
    struct store_variant *variants;
    size_t count;

    TRY(store_ledger(r->store, r->plan->run.no, a, &ledger, &count, e));
    for (size_t i = 0; i < count; i++) {
        r->cost_nanousd += ledger[i].entry.cost_nanousd;
        r->unknown_calls += ledger[i].entry.unknown_calls;
    }
    TRY(store_variants(r->store, r->plan->run.no, a, &variants, &count, e));
    for (size_t i = 0; i < count && i < r->feed_count; i++) {
        AUTO(aggregate_freep) struct aggregate *sum = NULL;
        AUTO_JSON *text = NULL;

        if (!variants[i].aggregate.len)
            continue;
        TRY(json_read(variants[i].aggregate, &text, e));
        TRY(aggregate_from_json(text, scoring_count(r->plan->scoring), &sum, e));
        r->done_trials += aggregate_done(sum) + aggregate_failed(sum);
        r->failed_trials += aggregate_failed(sum);
        r->feeds[variants[i].no].ended = aggregate_done(sum) + aggregate_failed(sum);
    }
    return ERR_OK;
}

static enum err_code runner_open(struct runner *r, struct err *e)
{
    int64_t concurrency = r->options->concurrency ? r->options->concurrency : RUNNER_CONCURRENCY;
    int threads = r->options->scoring_threads ? r->options->scoring_threads : MIN(thread_cpus(), 4);

    TRY(feeds_open(r, e));
    commit_open(r);
    r->concurrency = concurrency;
    r->feed_limit = concurrency * 2 + 2 * RUNNER_COMMIT_MAX;
    r->ahead_limit = concurrency * 2 + RUNNER_FEED_AHEAD;
    r->run_limit_nanousd = r->options->budget_nanousd ? r->options->budget_nanousd : r->plan->run.budget_nanousd;
    r->answers = queue_new((size_t)(r->feed_limit * (int64_t)r->feed_count));
    if (store_free_bytes(r->store) < RUNNER_FREE_BYTES)
        return err_set(e, ERR_STORE, "the disk that holds the store has %lld MB free; a run needs at least %lld",
                       (long long)(store_free_bytes(r->store) >> 20), (long long)(RUNNER_FREE_BYTES >> 20));
    r->unsettled = scoring_compares(r->plan->scoring, NULL);
    if (scoring_program(r->plan->scoring, 0))
        TRY(evaluators_new(&r->evaluators, e));
    TRY(runner_take_over(r, e));
    TRY(runner_load_totals(r, e));
    TRY(runner_move(r, RUN_RUNNING, STOP_NONE, e));
    TRY(runner_race_open(r, e));
    r->threads = xcalloc((size_t)threads, sizeof *r->threads);
    for (int i = 0; i < threads; i++) {
        int failed = pthread_create(&r->threads[i], NULL, work_thread, r);

        if (failed)
            return err_errno(e, ERR_ENVIRONMENT, failed, "a scoring thread can't be started");
        r->thread_count++;
    }
    return ERR_OK;
}

static void runner_close(struct runner *r)
{
    struct work *w;

    evaluators_free(r->evaluators);
    if (r->answers)
        queue_close(r->answers);
    for (size_t i = 0; i < r->thread_count; i++)
        pthread_join(r->threads[i], NULL);
    free(r->threads);
    while ((w = r->finished)) {             /* only after a store that stayed broken */
        r->finished = w->next;
        work_free(w);
    }
    queue_free(r->answers);
    commit_close(r);
    runner_race_close(r);
    feeds_close(r);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->wake);
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */
static int64_t runner_outstanding(struct runner *r)             /* lock held */
{
    int64_t sum = 0;

    for (size_t i = 0; i < r->feed_count; i++)
        sum += r->feeds[i].outstanding;
    return sum;
}

/* Money that may be spent when everything that is asked costs what it may. */
static int64_t runner_committed_cost(struct runner *r)          /* lock held */
{
    int64_t sum = r->cost_nanousd;

    for (size_t i = 0; i < r->feed_count; i++)
        sum += r->feeds[i].unanswered * feed_reserve(&r->feeds[i]);
    return sum;
}

/* How many trials of the feed may start now; 0 and *broke when only the budget forbids it. */
static int64_t runner_room(struct runner *r, const struct feed *f, bool *broke)
{
    int64_t room, one;

    pthread_mutex_lock(&r->lock);
    /* a model that answers nothing is found out on a few calls, not on a thousand */
    room = MIN(r->feed_limit, RUNNER_FEED_START + f->succeeded * 8) - f->outstanding;
    room = f->abandoned ? r->feed_limit - f->outstanding : MIN(room, r->ahead_limit - f->unanswered);
    room = MIN(room, (int64_t)RUNNER_FEED_AT_ONCE);
    one = feed_reserve(f);
    if (room > 0 && r->run_limit_nanousd && !f->abandoned) {
        int64_t left = r->run_limit_nanousd - runner_committed_cost(r);

        if (left < MAX(one, (int64_t)1)) {
            room = 0;
            *broke = true;
        } else if (one > 0) {
            room = MIN(room, left / one);
        }
    }
    pthread_mutex_unlock(&r->lock);
    return MAX(room, (int64_t)0);
}

static enum err_code runner_feed(struct runner *r, bool *fed, bool *broke, struct err *e)
{
    *fed = *broke = false;
    for (size_t i = 0; i < r->feed_count; i++) {
        struct feed *f = &r->feeds[i];
        int64_t room, started = 0;

        if (f->exhausted)
            continue;
        room = runner_room(r, f, broke);
        if (room > 0)
            TRY(feed_some(f, room, &started, e));
        *fed |= started > 0;
    }
    return ERR_OK;
}

static void runner_renew(struct runner *r);

void runner_stop(struct runner *r, struct runner_turn *t, int level, enum stop_reason why)
{
    if (level <= t->stopping)
        return;
    if (t->stopping == 0) {
        t->why = why;
        t->stop_ms = clock_mono_ms();
    }
    t->stopping = level;
    llm_cancel(r->llm, level > 1);          /* what is queued was not paid for; what is in flight perhaps was */
    if (level > 1 && r->evaluators)
        evaluators_cancel(r->evaluators);
}

void runner_look_around(struct runner *r, struct runner_turn *t)
{
    const struct runner_options *o = r->options;
    int asked = o->interrupted ? o->interrupted(o->arg) : 0;
    int64_t grace = o->grace_ms ? o->grace_ms : RUNNER_GRACE_MS, cost, estimate = r->plan->run.estimate_nanousd;
    int store_failures;

    pthread_mutex_lock(&r->lock);
    cost = r->cost_nanousd;
    store_failures = r->store_failures;
    pthread_mutex_unlock(&r->lock);
    if (asked)
        runner_stop(r, t, asked, STOP_INTERRUPT);
    if (!o->ignore_estimate && estimate != MONEY_UNKNOWN && estimate > 0 &&
        (double)cost > (double)estimate * RUNNER_OVER_ESTIMATE && cost - estimate >= RUNNER_OVER_MIN_NANOUSD)
        runner_stop(r, t, 1, STOP_OVER_ESTIMATE);
    if (store_failures >= RUNNER_STORE_TRIES)
        runner_stop(r, t, 2, STOP_STORE);
    if (t->stopping == 1 && clock_mono_ms() - t->stop_ms > grace)
        runner_stop(r, t, 2, t->why);
    runner_renew(r);
}

void runner_show(struct runner *r, struct runner_turn *t, bool force)
{
    struct runner_progress p = { .stopping = t->stopping };
    struct llm_lane_stat lane;
    int64_t now = clock_mono_ms();

    if (!r->options->progress || (!force && now - t->shown_ms < RUNNER_PROGRESS_MS))
        return;
    t->shown_ms = now;
    for (size_t i = 0; llm_lane_at(r->llm, i, &lane); i++) {
        p.in_flight += lane.in_flight;
        p.paused_ms = MAX(p.paused_ms, lane.paused_ms);
        p.retried += lane.retries;
        p.rate_limited += lane.rate_limited;
    }
    p.trials = run_trials(&r->plan->run);
    p.elapsed_ms = now - r->started_ms;
    pthread_mutex_lock(&r->lock);
    p.finished = r->done_trials;
    p.failed = r->failed_trials;
    p.started_finished = r->done_trials - r->now_trials;
    p.cost_nanousd = r->cost_nanousd;
    p.unknown_calls = r->unknown_calls;
    p.trials -= runner_race_spared(r);
    pthread_mutex_unlock(&r->lock);
    p.variants = (int64_t)r->feed_count;
    p.compared = r->settled_cases;
    p.compare = r->settled_cases ? r->plan->run.cases : 0;
    for (size_t i = 0; i < r->feed_count; i++)
        p.stopped += r->feeds[i].stopped;
    r->options->progress(&p, r->options->arg);
}

struct runner_renewal { struct store_job job; struct runner *r; };

static enum err_code runner_renew_apply(struct store_tx *tx, struct store_job *job, struct err *e)
{
    struct runner *r = ((struct runner_renewal *)job)->r;

    return store_tx_shard_renew(tx, r->plan->run.no, str_c(r->owner), clock_wall_ms(), RUNNER_LEASE_MS, e);
}

static void runner_renew_done(struct store_job *job, enum err_code code, const struct err *e)
{
    if (code != ERR_OK)
        log_event(LOG_WARN, "run.lease.renew", LOG_C("error", e->text));
    free(job);
}

static void runner_renew(struct runner *r)
{
    struct runner_renewal *renewal;
    int64_t now = clock_mono_ms();

    if (now - r->renewed_ms < RUNNER_LEASE_MS / 3)
        return;
    r->renewed_ms = now;
    renewal = xcalloc(1, sizeof *renewal);
    *renewal = (struct runner_renewal){ .job = { .apply = runner_renew_apply, .done = runner_renew_done }, .r = r };
    store_submit(r->store, &renewal->job);
}

/* Sleeps until something happens, at most a tick. False when nothing is outstanding any more. */
static bool runner_wait(struct runner *r, bool fed)
{
    struct timespec until;
    bool more;

    pthread_mutex_lock(&r->lock);
    more = runner_outstanding(r) > 0 && r->store_failures < RUNNER_STORE_TRIES;
    if (more && !fed) {
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += RUNNER_TICK_MS * 1000000;
        if (until.tv_nsec >= 1000000000)
            until.tv_sec++, until.tv_nsec -= 1000000000;
        pthread_cond_timedwait(&r->wake, &r->lock, &until);
    }
    pthread_mutex_unlock(&r->lock);
    return more;
}

bool runner_all_exhausted(const struct runner *r)
{
    for (size_t i = 0; i < r->feed_count; i++)
        if (!r->feeds[i].exhausted)
            return false;
    return true;
}

static enum err_code runner_loop(struct runner *r, struct runner_turn *t, struct err *e)
{
    bool fed = false, broke = false, failing, over;

    for (;;) {
        runner_look_around(r, t);
        pthread_mutex_lock(&r->lock);
        failing = r->store_failures > 0;
        pthread_mutex_unlock(&r->lock);
        fed = broke = false;
        runner_race_look(r);
        if (!t->stopping && !failing && runner_feed(r, &fed, &broke, e) != ERR_OK) {
            runner_fatal(r, e);
            runner_stop(r, t, 1, STOP_STORE);
        }
        over = t->stopping || runner_all_exhausted(r);
        commit_some(r, over);
        runner_show(r, t, false);
        if (!runner_wait(r, fed) && (over || broke || r->store_failures >= RUNNER_STORE_TRIES)) {
            if (broke && !t->stopping)
                runner_stop(r, t, 1, STOP_BUDGET);
            break;
        }
    }
    return r->fatal.code;
}

/* Waits for calls the engine still holds when the store broke: their memory is ours. */
static void runner_drain(struct runner *r)
{
    bool waiting = true;

    while (waiting) {
        waiting = false;
        pthread_mutex_lock(&r->lock);
        for (size_t i = 0; i < r->feed_count; i++)
            waiting |= r->feeds[i].unanswered > 0;
        waiting |= r->commit.busy;
        pthread_mutex_unlock(&r->lock);
        if (waiting)
            clock_sleep_ms(5);
    }
}

static enum err_code runner_end(struct runner *r, struct runner_turn *t, struct err *e)
{
    struct runner_release release = { r->plan->run.no, str_c(r->owner) };
    int64_t left = 0;

    if (r->store_failures >= RUNNER_STORE_TRIES) {
        int64_t lost = r->finished_count;

        *e = r->store_error;
        return err_prefix(e,
                          "the run stopped because its store can't be written (%lld answers could not be saved; `assay "
                          "resume " STR_FMT "` asks for them again)",
                          (long long)lost, STR_ARG(id_short(r->plan->run.id)));
    }
    TRY(store_write(r->store, runner_release_apply, &release, e));
    TRY(store_shards_left(r->store, r->plan->run.no, &left, e));
    if (left == 0 && !r->unsettled)
        return runner_move(r, RUN_DONE, STOP_NONE, e);
    if (r->race && !t->stopping && !r->unsettled && runner_all_exhausted(r))     /* what was not asked is not needed */
        return runner_move(r, RUN_DONE, STOP_SURE, e);
    return runner_move(r, RUN_STOPPED, t->why ? t->why : STOP_INTERRUPT, e);
}

static void runner_report(struct runner *r, struct runner_result *out)
{
    *out = (struct runner_result){
        .state = r->plan->run.state, .why = r->plan->run.stopped_by, .elapsed_ms = clock_mono_ms() - r->started_ms,
        .trials_now = r->now_trials, .failed_now = r->now_failed, .retried = r->retried,
        .rate_limited = r->rate_limited, .cached = r->cached, .saved_nanousd = r->saved_nanousd,
        .all_auth = r->now_failed > 0 && r->now_failed == r->now_trials && r->now_auth == r->now_failed,
        .first_failure = arena_strdup(r->plan->arena, str_c(r->first_failure)),
    };
    for (size_t i = 0; i < r->feed_count; i++)
        out->abandoned += r->feeds[i].abandoned;
}

enum err_code runner_run(struct plan *plan, struct store *s, struct llm *l, const struct runner_options *options,
                         struct runner_result *out, struct err *e)
{
    struct runner r = { .plan = plan, .store = s, .llm = l, .options = options, .started_ms = clock_mono_ms(),
                        .renewed_ms = clock_mono_ms() };
    struct runner_turn t = { 0 };
    struct err ended = ERR_INIT;
    pthread_condattr_t attr;
    enum err_code code;

    pthread_mutex_init(&r.lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r.wake, &attr);
    pthread_condattr_destroy(&attr);
    r.finished_last = &r.finished;
    owner_name(r.owner);
    code = runner_open(&r, e);
    if (code == ERR_OK) {
        code = runner_loop(&r, &t, e);
        runner_drain(&r);
        if (code != ERR_OK)
            *e = r.fatal;
        else
            code = runner_settle(&r, &t, e);
        runner_show(&r, &t, true);
        if (!r.elsewhere && runner_end(&r, &t, &ended) != ERR_OK && code == ERR_OK) {
            *e = ended;
            code = ended.code;
        }
        runner_report(&r, out);
    }
    runner_close(&r);
    return code;
}
