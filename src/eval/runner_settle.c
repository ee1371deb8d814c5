/* Scores that waited for all variants' answers to a case (scoring.h), settled once every trial has its outcome.
 *
 * Cases are read in their order; the trials of one case and repetition are a group. What compares them asks its models
 * once for the group, then each score that waited is made anew and takes the place of the stored one, in a transaction
 * with the variant's sums and what asking cost. Where it stops, the rest waits for the next session. All on the
 * caller's thread; at most `concurrency` groups are in memory. */
#include "eval/lease.h"
#include "eval/runner_parts.h"

#include <stdio.h>

#define SETTLE_BATCH   64
#define SETTLE_TICK_MS 50

struct settled {
    bool waits;
    struct store_trial trial;           /* without its transcript; violations and critical as they are now */
    int64_t violations, critical;       /* as they were */
    struct score *before, *after;
    struct str row;
};

struct group {
    struct group *next;
    struct settle *settle;
    struct arena *arena;                /* holds the group itself and all it comes to hold */
    struct dataset_case kase;
    int64_t case_index, repetition;
    struct settled *trials;             /* by variant */
    struct subject *subjects;
    size_t count, outcomes;             /* outcomes: of its trials */
    bool waits;
    struct subject_wish *wishes; size_t wish_count, wish_at;
    struct call call;
    struct ledger_entry *ledgers;
    int64_t reserve_nanousd;            /* what the call under way is set aside */
};

struct settle {
    struct runner *r;
    struct runner_turn *t;
    struct lease *lease;
    struct pack_cursor *cursor;
    int64_t case_at;                    /* the next to be read */
    struct queue *answers;
    int64_t outstanding, reserved_nanousd;
    struct group *ready;                /* of one case: read and not begun */
    struct group *finished;             /* not yet durable */
    bool broke;                         /* the budget forbids the next */
};

/* --- reading ------------------------------------------------------------------------------------------------------ */

static struct group *group_new(struct settle *x, int64_t repetition)
{
    size_t count = (size_t)x->r->plan->run.variants;
    struct arena *a = arena_new_sized(8192);
    struct group *g = arena_new(a, struct group);

    g->arena = a;
    g->settle = x;
    g->repetition = repetition;
    g->count = count;
    g->trials = arena_array(a, struct settled, count);
    g->subjects = arena_array(a, struct subject, count);
    return g;
}

static void groups_free(struct group **list)
{
    struct group *g;

    while ((g = *list)) {
        *list = g->next;
        arena_free(g->arena);
    }
}

struct settle_reading { struct settle *x; struct group **groups; };

static enum err_code settle_read_trial(const struct store_trial *t, void *arg, struct err *e)
{
    struct settle_reading *reading = arg;
    struct trial_place at = run_trial_place(&reading->x->r->plan->run, t->trial.number);
    struct group *g = reading->groups[at.repetition];
    struct settled *one = &g->trials[at.variant];
    struct subject *s = &g->subjects[at.variant];
    AUTO_JSON *transcript = NULL;

    if (t->transcript.len)
        TRY(json_read(t->transcript, &transcript, e));
    one->trial = *t;
    one->trial.scores = arena_strdup(g->arena, t->scores);
    one->trial.transcript = STR_NONE;
    one->waits = t->trial.state == TRIAL_DONE && scores_wait(t->scores);
    g->waits |= one->waits;
    g->outcomes++;
    subject_of_stored(&one->trial.trial, transcript, g->arena, s);
    s->kept = scoring_kept(reading->x->r->plan->scoring, one->trial.scores, g->arena);
    return ERR_OK;
}

static void group_of_case(struct group *g, const struct dataset_case *kase)
{
    g->kase.id = arena_strdup(g->arena, kase->id);
    g->kase.vars = json_in_arena(json_deep_copy(kase->vars), g->arena);
    if (kase->expected)
        g->kase.expected = json_in_arena(json_deep_copy(kase->expected), g->arena);
}

/* The groups of the next case in which something waits. One that lacks a trial, which a race has spared, is none: its
 * answers can't be compared, and stay not evaluated. */
static enum err_code settle_read_case(struct settle *x, struct arena *a, const struct dataset_case *kase, struct err *e)
{
    const struct run *run = &x->r->plan->run;
    int64_t each = run->variants * run->repeat;
    struct store_trials_filter filter = { .variant = -1, .with_transcript = true, .own_scores = true,
                                          .first = x->case_at * each, .limit = each };
    struct settle_reading reading = { x, arena_array(a, struct group *, (size_t)run->repeat) };
    enum err_code code;

    for (int64_t i = 0; i < run->repeat; i++)
        reading.groups[i] = group_new(x, i);
    code = store_trials_each(x->r->store, run->no, &filter, settle_read_trial, &reading, e);
    for (int64_t i = run->repeat - 1; i >= 0; i--) {
        struct group *g = reading.groups[i];

        if (code != ERR_OK || !g->waits || g->outcomes < g->count) {
            arena_free(g->arena);
            continue;
        }
        g->case_index = x->case_at;
        group_of_case(g, kase);
        g->next = x->ready;
        x->ready = g;
    }
    return code;
}

/* Until a group is ready or the cases end. */
static enum err_code settle_read(struct settle *x, struct err *e)
{
    while (!x->ready && x->case_at < x->r->plan->run.cases) {
        AUTO_ARENA *a = arena_new_sized(4096);
        struct dataset_case kase;
        bool more;

        TRY(pack_cursor_next(x->cursor, a, &kase, &more, e));
        if (!more)
            return err_set(e, ERR_STORE, "the run's cases end before case %lld of %lld", (long long)x->case_at + 1,
                           (long long)x->r->plan->run.cases);
        if (scoring_compares(x->r->plan->scoring, &kase))
            TRY(settle_read_case(x, a, &kase, e));
        x->case_at++;
        if (x->ready || x->r->settled_cases)
            x->r->settled_cases = x->case_at;
    }
    return ERR_OK;
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

static void settle_answered(struct call *c)             /* the engine's thread */
{
    struct group *g = c->owner;
    enum err_code code = queue_send(g->settle->answers, g);

    ASSERT(code == ERR_OK);                             /* it holds as many as can be outstanding */
}

static int64_t settle_reserve(const struct runner *r, const struct call *c)
{
    struct usage u = { .input = llm_request_tokens(&c->request), .output = c->request.params.max_tokens };
    int64_t cost = llm_cost(r->llm, c->request.model, &u);

    return cost == MONEY_UNKNOWN ? 0 : cost;
}

/* Money enough for the group's next question? */
static bool settle_affords(struct settle *x, struct group *g)
{
    struct runner *r = x->r;
    int64_t spent;

    g->reserve_nanousd = settle_reserve(r, &g->call);
    pthread_mutex_lock(&r->lock);
    spent = r->cost_nanousd;
    pthread_mutex_unlock(&r->lock);
    return !r->run_limit_nanousd ||
           spent + x->reserved_nanousd + MAX(g->reserve_nanousd, INT64_C(1)) <= r->run_limit_nanousd;
}

/* All has been heard: each score that waited, as it is now. */
static enum err_code group_score(struct group *g, struct err *e)
{
    const struct scoring *sc = g->settle->r->plan->scoring;
    size_t n = scoring_count(sc);

    for (size_t i = 0; i < g->count; i++) {
        g->subjects[i].wishes = g->wishes;
        g->subjects[i].wish_count = g->wish_count;
    }
    for (size_t i = 0; i < g->count; i++) {
        struct settled *one = &g->trials[i];
        struct trial *t = &one->trial.trial;

        if (!one->waits)
            continue;
        one->before = arena_array(g->arena, struct score, n);
        one->after = arena_array(g->arena, struct score, n);
        TRY(scores_read(one->trial.scores, NULL, one->before, n, e));
        TRY(scoring_settle(sc, g->subjects, g->count, i, one->trial.scores, g->arena, one->after, &one->row, e));
        one->violations = t->violations;
        one->critical = t->critical;
        scores_violations(scoring_infos(sc), one->after, n, &t->violations, &t->critical);
    }
    return ERR_OK;
}

/* Its trials go on waiting: what it cost is all there is to keep. */
static void group_give_up(struct group *g)
{
    for (size_t i = 0; i < g->count; i++)
        g->trials[i].waits = false;
}

static void group_finish(struct settle *x, struct group *g)
{
    g->next = x->finished;
    x->finished = g;
}

/* The next question of the group, or its end. *broke: no money for it; the group is as it was. */
static enum err_code group_go_on(struct settle *x, struct group *g, bool *broke, struct err *e)
{
    struct err refused = ERR_INIT;
    enum err_code code;

    *broke = false;
    for (; g->wish_at < g->wish_count; g->wish_at++) {
        struct subject_wish *wish = &g->wishes[g->wish_at];

        if (wish->why.len)
            continue;
        g->call = wish_call(wish, g->arena,
                            arena_printf(g->arena, STR_FMT "/%lld/compare", STR_ARG(id_short(x->r->plan->run.id)),
                                         (long long)g->case_index));
        g->call.done = settle_answered;
        g->call.owner = g;
        if (!settle_affords(x, g)) {
            *broke = true;
            return ERR_OK;
        }
        x->outstanding++;
        x->reserved_nanousd += g->reserve_nanousd;
        if (llm_submit(x->r->llm, &g->call, &refused) == ERR_OK)
            return ERR_OK;
        x->outstanding--;
        x->reserved_nanousd -= g->reserve_nanousd;
        wish->why = arena_strdup(g->arena, str_c(refused.text));
    }
    code = group_score(g, e);
    if (code != ERR_OK)
        group_give_up(g);
    group_finish(x, g);
    return code;
}

static enum err_code settle_begin(struct settle *x, struct err *e)
{
    struct group *g = x->ready;
    bool broke;

    for (size_t i = 0; i < g->count && !g->wishes; i++) {
        g->subjects[i].kase = &g->kase;
        g->subjects[i].task = x->r->plan->task;
        g->subjects[i].variant = x->r->plan->task->variants[i].name;
        subject_begin(&g->subjects[i], g->arena);
    }
    if (!g->wishes) {
        g->ledgers = wish_ledgers(g->arena);
        g->wish_count = scoring_compare_wishes(x->r->plan->scoring, g->subjects, g->count, g->arena, &g->wishes);
    }
    x->ready = g->next;
    TRY(group_go_on(x, g, &broke, e));
    if (broke) {
        g->next = x->ready;
        x->ready = g;
        x->broke = true;
    }
    return ERR_OK;
}

/* What an answer cost counts at once; it is stored with the group. */
static enum err_code settle_heard(struct settle *x, struct group *g, struct err *e)
{
    struct runner *r = x->r;
    struct ledger_entry *one = wish_ledgers(g->arena);
    struct subject_wish *wish = &g->wishes[g->wish_at];
    bool cancelled = g->call.code == ERR_CANCELLED, broke = false;
    int64_t cost = 0, unknown = 0;

    x->outstanding--;
    x->reserved_nanousd -= g->reserve_nanousd;
    g->wish_at += wish_heard(wish, &g->call, one, g->arena);
    wish_sum(one, &cost, &unknown);
    pthread_mutex_lock(&r->lock);
    r->cost_nanousd += cost;
    r->unknown_calls += unknown;
    pthread_mutex_unlock(&r->lock);
    for (size_t i = 0; i < WISH_LEDGERS; i++)
        commit_add_ledger(&g->ledgers[i], &one[i]);
    if (cancelled || (x->t->stopping && g->wish_at < g->wish_count))
        broke = true;
    else
        TRY(group_go_on(x, g, &broke, e));
    if (!broke)
        return ERR_OK;
    group_give_up(g);
    group_finish(x, g);
    x->broke |= !cancelled && !x->t->stopping;
    return ERR_OK;
}

/* --- committing --------------------------------------------------------------------------------------------------- */

static enum err_code settle_commit_group(struct store_tx *tx, const struct group *g, struct commit_sums *sums,
                                         struct err *e)
{
    int64_t run_no = g->settle->r->plan->run.no;

    for (size_t i = 0; i < g->count; i++) {
        const struct settled *one = &g->trials[i];
        bool settled;

        if (!one->waits)
            continue;
        TRY(store_tx_trial_settle(tx, run_no, &one->trial.trial, one->trial.scores, one->row, &settled, e));
        if (settled)
            aggregate_settle(sums[i].aggregate,
                             &(struct aggregate_trial){ .trial = &one->trial.trial, .scores = one->after }, one->before,
                             one->violations, one->critical);
    }
    for (size_t i = 0; i < WISH_LEDGERS; i++)           /* one question for all: the first variant's */
        if (g->ledgers[i].calls)
            commit_add_ledger(&sums[0].wish_ledgers[i], &g->ledgers[i]);
    return ERR_OK;
}

static enum err_code settle_commit_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct settle *x = arg;
    struct runner *r = x->r;
    struct commit_sums *sums = xcalloc(r->feed_count, sizeof *sums);
    enum err_code code = ERR_OK;

    for (size_t i = 0; i < r->feed_count; i++)
        sums[i].aggregate = aggregate_new(scoring_count(r->plan->scoring));
    if (FAULT("runner.settle"))
        code = err_set(e, ERR_STORE, "the store can't be written: a fault was asked for at runner.settle");
    for (const struct group *g = x->finished; g && code == ERR_OK; g = g->next)
        code = settle_commit_group(tx, g, sums, e);
    for (size_t i = 0; i < r->feed_count && code == ERR_OK; i++)
        code = commit_variant(tx, r, (int64_t)i, &sums[i], e);
    for (size_t i = 0; i < r->feed_count; i++)
        aggregate_free(sums[i].aggregate);
    free(sums);
    return code;
}

/* What was paid for is tried again before it is given up. */
static enum err_code settle_commit(struct settle *x, struct err *e)
{
    enum err_code code = ERR_OK;

    for (int i = 0; x->finished && i < RUNNER_STORE_TRIES; i++) {
        if (i)
            clock_sleep_ms(1000);
        code = store_write(x->r->store, settle_commit_apply, x, e);
        if (code == ERR_OK)
            break;
    }
    groups_free(&x->finished);
    return code;
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static bool settle_goes_on(const struct settle *x, enum err_code code)
{
    return code == ERR_OK && !x->t->stopping && !x->broke;
}

/* Also when something broke: waits for every call that is out, as their memory is ours, and commits what they cost. */
static enum err_code settle_loop(struct settle *x, struct err *e)
{
    enum err_code code = ERR_OK;
    struct err later = ERR_INIT;

    for (;;) {
        void *groups[SETTLE_BATCH];
        size_t n;

        runner_look_around(x->r, x->t);
        if (settle_goes_on(x, code))
            code = lease_renew(x->lease, e);
        while (settle_goes_on(x, code) && x->outstanding < x->r->concurrency) {
            code = settle_read(x, e);
            if (code != ERR_OK || !x->ready)
                break;
            code = settle_begin(x, e);
        }
        n = x->outstanding ? queue_take(x->answers, groups, SETTLE_BATCH, SETTLE_TICK_MS, NULL) : 0;
        for (size_t i = 0; i < n; i++) {
            enum err_code one = settle_heard(x, groups[i], &later);

            if (one != ERR_OK && code == ERR_OK) {
                *e = later;
                code = one;
            }
        }
        if (settle_commit(x, &later) != ERR_OK && code == ERR_OK) {
            *e = later;
            code = e->code;
        }
        runner_show(x->r, x->t, false);
        if (!x->outstanding && (!settle_goes_on(x, code) || (!x->ready && x->case_at >= x->r->plan->run.cases)))
            return code;
    }
}

static enum err_code settle_all(struct runner *r, struct runner_turn *t, struct lease *lease, struct err *e)
{
    struct settle x = { .r = r, .t = t, .lease = lease };
    enum err_code code;
    int64_t left;

    TRY(store_shards_left(r->store, r->plan->run.no, &left, e));
    if (left && !(r->race && runner_all_exhausted(r)))
        return ERR_OK;
    x.answers = queue_new((size_t)r->concurrency + 1);
    x.cursor = pack_cursor_new(r->plan->pack, 0);
    code = settle_loop(&x, e);
    if (code != ERR_OK || x.broke)
        runner_stop(r, t, 1, code == ERR_OK ? STOP_BUDGET : STOP_STORE);
    r->unsettled = code != ERR_OK || t->stopping;
    groups_free(&x.ready);
    groups_free(&x.finished);
    pack_cursor_free(x.cursor);
    queue_free(x.answers);
    return code;
}

enum err_code runner_settle(struct runner *r, struct runner_turn *t, struct err *e)
{
    struct lease lease;
    enum err_code code;

    if (!r->unsettled || t->stopping || r->store_failures >= RUNNER_STORE_TRIES)
        return ERR_OK;
    /* a write: whatever was handed to the writer before, the end of a shard too, is in the store then */
    code = lease_take(&lease, r->store, &r->plan->run, S("settle"), "comparing the answers", e);
    r->elsewhere = code == ERR_CONFLICT;
    if (code != ERR_OK)
        return code;
    code = settle_all(r, t, &lease, e);
    r->elsewhere = code == ERR_CONFLICT;
    lease_release(&lease);
    return code;
}
