/* Finished trials into durable rows: outcome, transcript, scores, ledger and aggregate of a trial share a transaction. */
#include "eval/runner_parts.h"

void commit_add_ledger(struct ledger_entry *sum, const struct ledger_entry *one)
{
    sum->phase = one->phase;
    sum->calls += one->calls;
    usage_add(&sum->usage, &one->usage);
    sum->cost_nanousd += one->cost_nanousd;
    sum->unknown_calls += one->unknown_calls;
}

static enum err_code commit_works(struct store_tx *tx, struct commit *c, struct commit_sums *sums, struct err *e)
{
    int64_t run_no = c->r->plan->run.no;

    if (FAULT("runner.commit"))
        return err_set(e, ERR_STORE, "the store can't be written: a fault was asked for at runner.commit");
    for (struct work *w = c->works; w; w = w->next) {
        struct commit_sums *sum = &sums[w->feed->variant];
        bool added = false;

        if (!w->dropped)
            TRY(store_tx_trial_add(tx, run_no, &w->trial, w->transcript, w->scores_text, &added, e));
        if (added)
            aggregate_add(sum->aggregate, &(struct aggregate_trial){ .trial = &w->trial, .turns = w->turns,
                          .turn_count = w->turn_count, .scores = w->scores });
        if (w->ledger.calls)
            commit_add_ledger(&sum->ledger, &w->ledger);
        for (size_t i = 0; w->wish_ledgers && i < WISH_LEDGERS; i++)
            commit_add_ledger(&sum->wish_ledgers[i], &w->wish_ledgers[i]);
    }
    return ERR_OK;
}

#define COMMIT_SUMS_MAX (1u << 24)

void commit_open(struct runner *r)
{
    r->known = xcalloc(r->feed_count, sizeof *r->known);
    for (size_t i = 0; i < r->feed_count; i++)
        r->known[i].text = BUF_INIT(COMMIT_SUMS_MAX);
}

void commit_close(struct runner *r)
{
    for (size_t i = 0; r->known && i < r->feed_count; i++) {
        aggregate_free(r->known[i].sum);
        buf_dispose(&r->known[i].text);
    }
    free(r->known);
}

/* What is written may be rolled back, and another process may write too: so the text in the store decides whether
 * the sums we know are still the ones that stand. */
enum err_code commit_variant(struct store_tx *tx, struct runner *r, int64_t variant, const struct commit_sums *sum,
                             struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    struct sums_known *known = &r->known[variant];
    struct store_variant row;

    TRY(store_tx_variant_get(tx, r->plan->run.no, variant, a, &row, e));
    if (!known->sum || !str_eq(row.aggregate, buf_str(&known->text))) {
        AUTO_JSON *old = NULL;

        aggregate_freep(&known->sum);
        if (row.aggregate.len)
            TRY(json_read(row.aggregate, &old, e));
        TRY(aggregate_from_json(old, scoring_count(r->plan->scoring), &known->sum, e));
    }
    aggregate_merge(known->sum, sum->aggregate);
    {
        AUTO_JSON *now = aggregate_to_json(known->sum);

        buf_reset(&known->text);
        json_write(now, &known->text);
    }
    TRY(store_tx_variant_set(tx, r->plan->run.no, variant, buf_str(&known->text),
                             __atomic_load_n(&r->feeds[variant].abandoned, __ATOMIC_ACQUIRE), e));
    if (sum->ledger.calls)
        TRY(store_tx_ledger_add(tx, r->plan->run.no, variant, &sum->ledger, e));
    for (size_t i = 0; i < WISH_LEDGERS; i++)
        if (sum->wish_ledgers[i].calls)
            TRY(store_tx_ledger_add(tx, r->plan->run.no, variant, &sum->wish_ledgers[i], e));
    return ERR_OK;
}

static enum err_code commit_apply(struct store_tx *tx, struct store_job *job, struct err *e)
{
    struct commit *c = (struct commit *)job;
    struct runner *r = c->r;
    struct commit_sums *sums = xcalloc(r->feed_count, sizeof *sums);
    enum err_code code;

    for (size_t i = 0; i < r->feed_count; i++)
        sums[i].aggregate = aggregate_new(scoring_count(r->plan->scoring));
    code = commit_works(tx, c, sums, e);
    for (size_t i = 0; i < r->feed_count && code == ERR_OK; i++)
        if (!aggregate_is_empty(sums[i].aggregate) || sums[i].ledger.calls)
            code = commit_variant(tx, r, (int64_t)i, &sums[i], e);
    for (size_t i = 0; i < r->feed_count; i++)
        aggregate_free(sums[i].aggregate);
    free(sums);
    return code;
}

struct commit_shard_end { struct store_job job; struct runner *r; int64_t shard_no; };

static enum err_code commit_shard_apply(struct store_tx *tx, struct store_job *job, struct err *e)
{
    struct commit_shard_end *end = (struct commit_shard_end *)job;

    return store_tx_shard_finish(tx, end->r->plan->run.no, end->shard_no, str_c(end->r->owner), e);
}

/* Should it fail, nothing is lost: the next session finds the shard without a missing trial and ends it. */
static void commit_shard_done(struct store_job *job, enum err_code code, const struct err *e)
{
    if (code != ERR_OK)
        log_event(LOG_WARN, "run.shard.finish", LOG_C("error", e->text));
    free(job);
}

static void commit_shard_finished(struct runner *r, struct open_shard *o)
{
    struct commit_shard_end *end = xcalloc(1, sizeof *end);

    *end = (struct commit_shard_end){ .job = { .apply = commit_shard_apply, .done = commit_shard_done }, .r = r,
                                      .shard_no = o->shard.no };
    store_submit(r->store, &end->job);
}

static void commit_count(struct runner *r, const struct work *w)       /* runner.lock held */
{
    w->feed->outstanding--;
    if (w->dropped)
        return;
    w->shard->remaining--;
    w->feed->ended++;
    if (r->race)
        runner_race_note(r, w);
    r->done_trials++;
    r->now_trials++;
    if (w->trial.state == TRIAL_FAILED) {
        r->failed_trials++;
        r->now_failed++;
        r->now_auth += w->trial.error == ERR_AUTH || w->trial.error == ERR_MISSING_KEY ||
                       w->trial.error == ERR_CANCELLED;
    }
}

static void commit_done(struct store_job *job, enum err_code code, const struct err *e)       /* writer's thread */
{
    struct commit *c = (struct commit *)job;
    struct runner *r = c->r;
    struct work *works = TAKE(c->works), **last = &works;
    int64_t n = 0;

    if (code != ERR_OK) {                       /* back in line, in front: tried again in a second */
        for (; *last; last = &(*last)->next)
            n++;
        pthread_mutex_lock(&r->lock);
        *last = r->finished;
        if (!r->finished)
            r->finished_last = last;
        r->finished = works;
        r->finished_count += n;
        r->store_failures++;
        r->store_retry_ms = clock_mono_ms() + 1000;
        r->store_error = *e;
        c->busy = false;
        pthread_cond_signal(&r->wake);
        pthread_mutex_unlock(&r->lock);
        return;
    }
    while (works) {
        struct work *w = works;
        bool shard_over;

        works = w->next;
        pthread_mutex_lock(&r->lock);
        commit_count(r, w);
        shard_over = !w->dropped && w->shard->remaining == 0;
        pthread_mutex_unlock(&r->lock);
        if (shard_over)
            commit_shard_finished(r, w->shard);
        work_free(w);
    }
    pthread_mutex_lock(&r->lock);
    r->store_failures = 0;
    c->busy = false;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
}

void commit_some(struct runner *r, bool all)
{
    int64_t now = clock_mono_ms(), n = 0;
    struct work **cut;

    pthread_mutex_lock(&r->lock);
    if (r->commit.busy || !r->finished || (r->store_failures && now < r->store_retry_ms) ||
        (!all && r->finished_count < RUNNER_COMMIT_MAX && now - r->finished_since_ms < RUNNER_COMMIT_MS)) {
        pthread_mutex_unlock(&r->lock);
        return;
    }
    for (cut = &r->finished; *cut && n < RUNNER_COMMIT_MAX; cut = &(*cut)->next)
        n++;
    r->commit.works = r->finished;
    r->finished = *cut;
    *cut = NULL;
    if (!r->finished)
        r->finished_last = &r->finished;
    r->finished_count -= n;
    r->finished_since_ms = now;
    r->commit.busy = true;
    pthread_mutex_unlock(&r->lock);
    r->commit.r = r;
    r->commit.job = (struct store_job){ .apply = commit_apply, .done = commit_done };
    store_submit(r->store, &r->commit.job);
}
