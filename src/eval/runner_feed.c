/* Which trial is next: shards are leased as the fastest variant needs them, and every variant walks all of them. */
#include "eval/runner_parts.h"

struct feed_lease { struct runner *r; struct shard shard; };

static enum err_code feed_lease_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct feed_lease *l = arg;

    return store_tx_shard_lease(tx, l->r->plan->run.no, str_c(l->r->owner), clock_wall_ms(), RUNNER_LEASE_MS, &l->shard,
                                e);
}

static enum err_code feed_finish_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct feed_lease *l = arg;

    return store_tx_shard_finish(tx, l->r->plan->run.no, l->shard.no, str_c(l->r->owner), e);
}

enum err_code feed_open_shard(struct runner *r, const struct shard *shard, struct open_shard **out, struct err *e)
{
    struct feed_lease lease = { .r = r, .shard = *shard };
    int64_t trials = shard->last - shard->first;
    struct open_shard *o = xcalloc(1, sizeof *o);

    o->shard = *shard;
    o->finished = xcalloc((size_t)(trials + 7) / 8, 1);
    vec_push(&r->shards, o);
    *out = o;
    TRY(store_trials_finished(r->store, r->plan->run.no, o->shard.first, o->shard.last, o->finished, e));
    for (int64_t i = 0; i < trials; i++)
        o->remaining += !(o->finished[i / 8] >> (i % 8) & 1);
    if (o->remaining == 0)              /* its last commit was made, its end was not noted */
        return store_write(r->store, feed_finish_apply, &lease, e);
    return ERR_OK;
}

static enum err_code feed_lease_shard(struct runner *r, struct err *e)
{
    struct feed_lease lease = { .r = r };
    struct open_shard *o;

    TRY(store_write(r->store, feed_lease_apply, &lease, e));
    if (lease.shard.no < 0) {
        r->no_more_shards = true;
        return ERR_OK;
    }
    return feed_open_shard(r, &lease.shard, &o, e);
}

enum err_code feeds_open(struct runner *r, struct err *e)
{
    const struct run *run = &r->plan->run;

    (void)e;
    r->feed_count = (size_t)run->variants;
    r->feeds = xcalloc(r->feed_count, sizeof *r->feeds);
    for (size_t i = 0; i < r->feed_count; i++)
        r->feeds[i] = (struct feed){ .r = r, .variant = (int64_t)i, .case_at = -1, .cursor_case = -1, .hold_case = -1 };
    return ERR_OK;
}

void case_unref(struct case_hold *h)
{
    if (h && __atomic_sub_fetch(&h->refs, 1, __ATOMIC_ACQ_REL) == 0) {
        arena_free(h->arena);
        free(h);
    }
}

void feeds_close(struct runner *r)
{
    for (size_t i = 0; i < r->feed_count; i++) {
        pack_cursor_free(r->feeds[i].cursor);
        case_unref(r->feeds[i].hold);
    }
    free(r->feeds);
    for (size_t i = 0; i < r->shards.len; i++) {
        free(r->shards.at[i]->finished);
        free(r->shards.at[i]);
    }
    vec_dispose(&r->shards);
}

/* Loads the case `index` into f->hold, reading on from where the cursor stands when that is near. */
static enum err_code feed_load_case(struct feed *f, int64_t index, struct err *e)
{
    struct runner *r = f->r;
    struct case_hold *h;
    bool more;

    if (f->hold_case == index)
        return ERR_OK;
    case_unref(TAKE(f->hold));
    f->hold_case = -1;
    if (!f->cursor || f->cursor_case > index || index - f->cursor_case > 64) {
        pack_cursor_free(f->cursor);
        f->cursor = pack_cursor_new(r->plan->pack, index);
        f->cursor_case = index;
    }
    h = xcalloc(1, sizeof *h);
    h->refs = 1;
    h->arena = arena_new_sized(1024);
    f->hold = h;
    for (; f->cursor_case <= index; f->cursor_case++) {
        arena_reset(h->arena);
        TRY(pack_cursor_next(f->cursor, h->arena, &h->kase, &more, e));
        if (!more)
            return err_set(e, ERR_INTERNAL, "the case pack ends at case %lld of %lld", (long long)f->cursor_case,
                           (long long)r->plan->run.cases);
    }
    h->vars = prompting_vars(r->plan->prompting, &h->kase, h->arena);
    TRY(chunk_split(r->plan->task, h->vars, h->arena, &h->parts, e));
    f->hold_case = index;
    return ERR_OK;
}

/* The next trial of the feed without an outcome; false at the end of all shards there are. */
static enum err_code feed_next(struct feed *f, bool *found, struct open_shard **shard, struct trial_place *place,
                               struct err *e)
{
    struct runner *r = f->r;
    const struct run *run = &r->plan->run;

    for (*found = false;;) {
        struct open_shard *o;
        int64_t number;

        if (f->shard_at == r->shards.len) {
            if (!r->no_more_shards)
                TRY(feed_lease_shard(r, e));
            if (f->shard_at == r->shards.len) {
                f->exhausted = true;
                return ERR_OK;
            }
        }
        o = r->shards.at[f->shard_at];
        if (f->case_at < 0)
            f->case_at = run_trial_place(run, o->shard.first).case_index;
        *place = (struct trial_place){ f->case_at, f->variant, f->repetition };
        number = run_trial_number(run, *place);
        if (number >= o->shard.last || !o->finished) {
            f->shard_at++;
            f->case_at = -1;
            f->repetition = 0;
            continue;
        }
        if (++f->repetition == run->repeat)
            f->repetition = 0, f->case_at++;
        number -= o->shard.first;
        if (o->finished[number / 8] >> (number % 8) & 1)
            continue;
        *shard = o;
        *found = true;
        return ERR_OK;
    }
}

enum err_code feed_some(struct feed *f, int64_t most, int64_t *started, struct err *e)
{
    struct runner *r = f->r;

    for (*started = 0; *started < most; (*started)++) {
        struct open_shard *shard;
        struct trial_place place;
        struct work *w;
        bool found;

        TRY(r->race ? feed_next_raced(f, &found, &shard, &place, e) : feed_next(f, &found, &shard, &place, e));
        if (!found)
            return ERR_OK;
        TRY(feed_load_case(f, place.case_index, e));
        w = work_new();
        w->r = r;
        w->feed = f;
        w->shard = shard;
        w->hold = f->hold;
        __atomic_add_fetch(&w->hold->refs, 1, __ATOMIC_RELAXED);
        w->number = run_trial_number(&r->plan->run, place);
        w->repetition = place.repetition;
        pthread_mutex_lock(&r->lock);
        f->outstanding++;
        f->unanswered++;
        pthread_mutex_unlock(&r->lock);
        if (__atomic_load_n(&f->abandoned, __ATOMIC_ACQUIRE))
            work_start_abandoned(w);
        else
            work_start(w);
    }
    return ERR_OK;
}

int64_t feed_reserve(const struct feed *f)
{
    return MAX(f->r->plan->estimate.variants[f->variant].trial_at_most_nanousd, f->dearest_nanousd);
}
