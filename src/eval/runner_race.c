/* Which trial is next when the race (race.h) decides who is still asked. All shards are leased at the start, because
 * the race's order jumps between them. Trials are fed in that order, ahead of what the race has read by an eighth of it
 * and by twice the calls that may be in flight at most, by RACE_CASES_MIN cases at least: what is asked and turns out not to
 * be needed is bounded by that. */
#include "eval/runner_parts.h"
#include "eval/sure.h"

#define RACE_AHEAD      8
#define RACE_LEASES_MAX 256             /* in one transaction */

struct race_lease { struct runner *r; struct shard shards[RACE_LEASES_MAX]; size_t count; bool more; };

static enum err_code race_lease_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct race_lease *l = arg;
    const struct runner *r = l->r;

    l->count = 0;
    for (l->more = true; l->count < RACE_LEASES_MAX; l->count++) {
        struct shard *shard = &l->shards[l->count];

        TRY(store_tx_shard_lease(tx, r->plan->run.no, str_c(r->owner), clock_wall_ms(), RUNNER_LEASE_MS, shard, e));
        if (shard->no < 0) {
            l->more = false;
            break;
        }
    }
    return ERR_OK;
}

static enum err_code race_lease(struct runner *r, struct err *e)
{
    AUTO(freep) struct race_lease *lease = xcalloc(1, sizeof *lease);
    const struct run *run = &r->plan->run;

    lease->r = r;
    lease->more = true;
    r->shard_of_count = (size_t)((run_trials(run) + run->shard_trials - 1) / run->shard_trials);
    r->shard_of = xcalloc(r->shard_of_count, sizeof *r->shard_of);
    while (lease->more) {
        TRY(store_write(r->store, race_lease_apply, lease, e));
        for (size_t i = 0; i < lease->count; i++) {
            struct open_shard *o;

            TRY(feed_open_shard(r, &lease->shards[i], &o, e));
            if (o->shard.first % run->shard_trials || (size_t)(o->shard.first / run->shard_trials) >= r->shard_of_count)
                return err_set(e, ERR_STORE, "shard %lld of run " STR_FMT " does not begin where shards do",
                               (long long)o->shard.no, STR_ARG(id_short(run->id)));
            r->shard_of[o->shard.first / run->shard_trials] = o->remaining ? o : NULL;
        }
    }
    r->no_more_shards = true;
    return ERR_OK;
}

static void race_stop(struct runner *r)
{
    for (size_t i = 0; i < r->feed_count; i++) {
        struct feed *f = &r->feeds[i];

        if (f->stopped || !race_stopped(r->race, i))
            continue;
        f->stopped = f->exhausted = true;
        __atomic_store_n(&f->unwanted, true, __ATOMIC_RELEASE);
        log_event(LOG_INFO, "run.variant.sure", LOG_S("run", r->plan->run.id), LOG_I("variant", f->variant),
                  LOG_C("as", race_state_name(race_place(r->race, i)->state)),
                  LOG_I("cases", race_place(r->race, i)->at));
    }
}

enum err_code runner_race_open(struct runner *r, struct err *e)
{
    const struct scoring *sc = r->plan->scoring;

    if (!r->plan->task->sure.on)
        return ERR_OK;
    TRY(sure_race(r->store, &r->plan->run, &r->plan->task->sure, scoring_infos(sc), scoring_count(sc), &r->race,
                  &r->race_scorer, e));
    TRY(race_lease(r, e));
    race_stop(r);
    return ERR_OK;
}

void runner_race_close(struct runner *r)
{
    race_freep(&r->race);
    free(r->shard_of);
    vec_dispose(&r->race_news);
}

void runner_race_note(struct runner *r, const struct work *w)
{
    struct race_news news = { .number = w->number };

    if (w->trial.state == TRIAL_DONE && w->scores[r->race_scorer].state == SCORE_VALUE) {
        news.valued = true;
        news.value = w->scores[r->race_scorer].value;
    }
    vec_push(&r->race_news, news);
}

void runner_race_look(struct runner *r)
{
    struct race_news *news;
    size_t count;

    if (!r->race)
        return;
    pthread_mutex_lock(&r->lock);
    news = r->race_news.at;
    count = r->race_news.len;
    memset(&r->race_news, 0, sizeof r->race_news);
    pthread_mutex_unlock(&r->lock);
    for (size_t i = 0; i < count; i++) {
        struct trial_place at = run_trial_place(&r->plan->run, news[i].number);

        race_note(r->race, at.case_index, (size_t)at.variant, news[i].valued ? &news[i].value : NULL);
    }
    free(news);
    if (count && race_step(r->race))
        race_stop(r);
}

int64_t runner_race_spared(const struct runner *r)
{
    int64_t each = r->plan->run.cases * r->plan->run.repeat, sum = 0;

    for (size_t i = 0; i < r->feed_count; i++)
        if (r->feeds[i].stopped)
            sum += MAX(each - r->feeds[i].ended - r->feeds[i].outstanding, INT64_C(0));
    return sum;
}

/* How far into the order may be asked. */
static int64_t race_horizon(const struct runner *r)
{
    int64_t cases = r->plan->run.cases, reach = race_reach(r->race);

    if (!race_deciding(r->race))
        return cases;
    return MIN(cases, reach + MAX(MIN(reach / RACE_AHEAD, 2 * r->concurrency), (int64_t)RACE_CASES_MIN));
}

enum err_code feed_next_raced(struct feed *f, bool *found, struct open_shard **shard, struct trial_place *place,
                              struct err *e)
{
    struct runner *r = f->r;
    const struct run *run = &r->plan->run;
    int64_t horizon = __atomic_load_n(&f->abandoned, __ATOMIC_ACQUIRE) ? run->cases : race_horizon(r);

    (void)e;
    *found = false;
    while (!f->exhausted && f->place < horizon) {
        struct open_shard *o;
        int64_t number;

        *place = (struct trial_place){ race_case(r->race, f->place), f->variant, f->repetition };
        if (++f->repetition == run->repeat)
            f->repetition = 0, f->place++;
        number = run_trial_number(run, *place);
        o = r->shard_of[number / run->shard_trials];
        if (!o)
            continue;
        number -= o->shard.first;
        if (o->finished[number / 8] >> (number % 8) & 1)
            continue;
        *shard = o;
        *found = true;
        return ERR_OK;
    }
    f->exhausted |= f->place == run->cases;
    return ERR_OK;
}
