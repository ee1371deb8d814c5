/* src/eval/runner_parts.h (private to eval): what the files of the runner share.
 *
 *   runner.c         the loop on the caller's thread: starting, stopping, progress
 *   runner_feed.c    shards and variants: which trial is next
 *   runner_race.c    the same when what is sure is asked no more
 *   runner_trial.c   one trial's way: asked, answered, followed up, scored
 *   runner_wish.c    a question of scoring to a model
 *   runner_commit.c  finished trials into durable rows
 *   runner_settle.c  scores that waited for all variants' answers */
#pragma once

#include "eval/owner.h"
#include "eval/aggregate.h"
#include "eval/chunk.h"
#include "eval/prompting.h"
#include "eval/race.h"
#include "eval/runner.h"

#include <pthread.h>

#define RUNNER_LEASE_MS     60000
#define RUNNER_COMMIT_MS    40          /* finished trials wait at most this long for company */
#define RUNNER_COMMIT_MAX   1024        /* trials in one transaction */
#define RUNNER_STORE_TRIES  4           /* a commit that fails is tried again each second */
#define WISH_LEDGERS        2
#define RUNNER_FEED_AT_ONCE 64
#define RUNNER_FEED_AHEAD   256         /* unanswered beyond twice the calls in flight; half used up: more is fed */
#define RUNNER_FEED_START   16          /* outstanding before the first success; each success allows 8 more */

struct runner;

struct open_shard {                     /* leased by us; the caller's thread only, but for `remaining` */
    struct shard shard;
    unsigned char *finished;            /* one bit a trial; freed when nothing remains */
    int64_t remaining;                  /* trials without a durable outcome; runner.lock */
};

struct case_hold { int refs; struct arena *arena; struct dataset_case kase; json_t *vars; struct chunk_parts parts; };   /* refs: atomic */

struct feed {                           /* one variant's way through the shards */
    struct runner *r;
    int64_t variant;
    size_t shard_at;                    /* index in runner.shards */
    int64_t case_at, repetition;        /* next to look at; case_at < 0: enter the shard at its first case */
    struct pack_cursor *cursor;
    int64_t cursor_case;                /* what the cursor gives next */
    struct case_hold *hold;
    int64_t hold_case;
    bool exhausted;                     /* no trial left to ask */
    int64_t place;                      /* of a race: next in its order of cases */
    bool stopped;                       /* by the race */
    bool unwanted;                      /* abandoned or stopped: what is not sent yet need not be; atomic */
    /* runner.lock */
    int64_t outstanding;                /* fed and not yet durable */
    int64_t unanswered;                 /* of these, not yet scored: money that may still be spent */
    int64_t dearest_nanousd;            /* what a trial cost at most so far */
    int64_t succeeded;                  /* in this session */
    int64_t ended;                      /* outcomes, of all sessions */
    int failures_in_row;
    bool abandoned;
    char why_abandoned[200];
};

/* The sums of a variant as they were last written: spares reading them back from text, as long as the text in the
 * store is still this one. The writer's thread. */
struct sums_known { struct aggregate *sum; struct buf text; };

struct work {                           /* one trial in flight; belongs to one thread at a time */
    struct work *next;
    struct runner *r;
    struct feed *feed;
    struct open_shard *shard;
    struct arena *arena;                /* holds the work itself and all it comes to hold */
    struct case_hold *hold;
    int64_t number, repetition;
    struct message *messages;
    size_t message_count;
    size_t start_count;                 /* of messages the first call had */
    struct str shown;                   /* the user's message as the transcript keeps it */
    struct turn *turns;
    size_t turn_count;
    struct str output;                  /* of a case asked in parts: their answers as one; else the last turn's is it */
    struct call call;
    char *cache_key;                    /* with a response cache */
    struct usage cached_usage;          /* of answers from the cache: part of the trial's, not of the ledger's */
    /* the outcome */
    bool dropped;                       /* cancelled: no outcome, only what it cost */
    struct trial trial;
    struct score *scores;
    struct str scores_text, transcript;
    struct ledger_entry ledger;
    struct subject_wishes wishes;       /* what scoring asks models and programs once the answer is there; one at a time */
    size_t wish_at;
    bool wishing;                       /* what is under way is for wishes.at[wish_at] */
    struct ledger_entry *wish_ledgers;  /* WISH_LEDGERS, what vectors and judges cost; NULL: it asked for nothing */
};

struct race_news { int64_t number; double value; bool valued; };       /* a durable outcome the race has not read */

struct commit {                         /* one transaction's worth of works */
    struct store_job job;
    struct runner *r;
    struct work *works;
    bool busy;                          /* with the writer */
};

struct runner {
    struct plan *plan;
    struct store *store;
    struct llm *llm;
    const struct runner_options *options;
    char owner[OWNER_NAME];
    struct feed *feeds;
    size_t feed_count;
    VEC(struct open_shard *) shards;
    bool no_more_shards;
    int64_t concurrency;                /* calls in flight per provider */
    int64_t feed_limit;                 /* outstanding per feed */
    int64_t ahead_limit;                /* unanswered per feed: in flight, about to be sent, about to be scored */
    struct evaluators *evaluators;      /* NULL: the task's scoring runs no program */
    struct queue *answers;              /* works whose call is done */
    pthread_t *threads;
    size_t thread_count;
    int64_t run_limit_nanousd;          /* budget; 0: none */
    int64_t started_ms, renewed_ms;     /* monotonic */
    struct commit commit;
    struct sums_known *known;           /* per variant */
    bool unsettled;                     /* scores may wait for other variants' answers */
    bool elsewhere;                     /* another process settles them, and ends the run */
    int64_t settled_cases;              /* looked at, from the first on in which a score waited */
    struct race *race;                  /* NULL: everything is asked; the caller's thread only */
    size_t race_scorer;
    struct open_shard **shard_of;       /* of a race: all open shards by number; NULL where all is finished */
    size_t shard_of_count;

    /* `lock` guards what follows and the fields marked so above. No I/O happens under it. `wake` tells the caller's
     * thread that something finished, became durable, or went wrong. */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct work *finished, **finished_last;
    int64_t finished_count, finished_since_ms;
    int64_t cost_nanousd, unknown_calls;        /* of the run, as answers come in */
    int64_t done_trials, failed_trials;         /* durable, of the run */
    int64_t now_trials, now_failed, now_auth;   /* durable, of this session */
    int64_t retried, rate_limited;
    int64_t cached, saved_nanousd;
    VEC(struct race_news) race_news;
    int store_failures;
    int64_t store_retry_ms;
    struct err store_error;
    char first_failure[400];
    struct err fatal;                           /* our own fault or an unreadable pack: ends the run */
};

void runner_fatal(struct runner *r, const struct err *e);       /* first one wins; threads: any */

/* runner_feed.c */
enum err_code feeds_open(struct runner *r, struct err *e) MUST_USE;
void          feeds_close(struct runner *r);
/* Starts up to `most` trials of the feed; *started how many. */
enum err_code feed_some(struct feed *f, int64_t most, int64_t *started, struct err *e) MUST_USE;
/* Takes over a shard just leased: which of its trials have outcomes; ends it when all have. */
enum err_code feed_open_shard(struct runner *r, const struct shard *shard, struct open_shard **out, struct err *e) MUST_USE;
int64_t       feed_reserve(const struct feed *f);       /* what a budget sets aside for a trial; runner.lock held */
void          case_unref(struct case_hold *h);

/* runner_race.c */
enum err_code runner_race_open(struct runner *r, struct err *e) MUST_USE;       /* after the totals are known */
void          runner_race_close(struct runner *r);
void          runner_race_note(struct runner *r, const struct work *w);         /* runner.lock held: w's outcome is durable */
void          runner_race_look(struct runner *r);                               /* caller's thread: reads on, stops feeds */
int64_t       runner_race_spared(const struct runner *r);                       /* trials not asked; runner.lock held */
/* As feed_next; without a trial and not exhausted: later. */
enum err_code feed_next_raced(struct feed *f, bool *found, struct open_shard **shard, struct trial_place *place,
                              struct err *e) MUST_USE;

/* runner_trial.c */
struct work  *work_new(void);
void          work_start(struct work *w);                       /* takes w: on its way, or finished at once */
void          work_start_abandoned(struct work *w);             /* finished as a failure that cost nothing */
void         *work_thread(void *runner);                        /* a scoring thread */
void          work_free(struct work *w);

/* runner_wish.c */
struct call   wish_call(const struct subject_wish *wish, struct arena *a, struct str tag);      /* but done and owner */
struct ledger_entry *wish_ledgers(struct arena *a);             /* WISH_LEDGERS of them */
/* The call came back. False: its wish asks once more. */
bool wish_heard(struct subject_wish *wish, const struct call *c, struct ledger_entry *ledgers, struct arena *a);
/* What metrics and checks asked for, in sum; `ledgers` may be NULL. */
void          wish_sum(const struct ledger_entry *ledgers, int64_t *cost_nanousd, int64_t *unknown_calls);

/* runner_settle.c: once no trial is left to ask; the caller's thread. A stop or a spent budget leaves r->unsettled. */
struct runner_turn { int stopping; enum stop_reason why; int64_t stop_ms, shown_ms; };
enum err_code runner_settle(struct runner *r, struct runner_turn *t, struct err *e) MUST_USE;

/* runner.c, for it */
void          runner_stop(struct runner *r, struct runner_turn *t, int level, enum stop_reason why);
void          runner_look_around(struct runner *r, struct runner_turn *t);
void          runner_show(struct runner *r, struct runner_turn *t, bool force);
bool          runner_all_exhausted(const struct runner *r);     /* no trial is left to ask */

/* runner_commit.c */
/* What one transaction adds to a variant. Made afresh by every apply: the writer may apply a job twice. */
struct commit_sums { struct aggregate *aggregate; struct ledger_entry ledger, wish_ledgers[WISH_LEDGERS]; };
enum err_code commit_variant(struct store_tx *tx, struct runner *r, int64_t variant, const struct commit_sums *sum,
                             struct err *e) MUST_USE;
void          commit_add_ledger(struct ledger_entry *sum, const struct ledger_entry *one);
void          commit_open(struct runner *r);
void          commit_close(struct runner *r);
void          commit_some(struct runner *r, bool all);          /* caller's thread: hands finished trials to the writer */
