/* src/store/store.h: the record of everything. One interface; sqlite behind it now, postgres later. Only this room
 * contains SQL.
 *
 * Reading: any thread, each call takes a connection from a small pool. Writing: every change goes through one writer
 * thread that groups what is waiting into one transaction (at most STORE_GROUP_MAX jobs or STORE_GROUP_MS); a job's
 * `done` is called after its group is durable. kill -9 at any moment loses only groups that were not yet committed.
 * Times are wall ms UTC, money nano-dollars (NULL in the database: unknown). */
#pragma once

#include "domain/domain.h"

struct store;

#define STORE_GROUP_MAX 512
#define STORE_GROUP_MS  5
#define STORE_VERSION_NOW store_version_now()

/* Opens (and makes, with its folder, when absent) the store at `home` (a folder: assay.db lies in it). Runs migrations,
 * each in a transaction. ERR_STORE with one sentence when it is read-only, full, not a database, or from a newer assay. */
enum err_code store_open(const char *home, struct store **out, struct err *e) MUST_USE;
void          store_close(struct store *s);             /* waits for the writer's queue to empty */
int           store_version_now(void);                  /* number of the newest migration */
int64_t       store_free_bytes(const struct store *s);  /* on the file system it lies on */

/* --- writing -------------------------------------------------------------------------------------------------
 * A job's apply runs on the writer's thread inside the group's transaction and calls store_tx_* only. If it fails, the
 * group is rolled back and the group's jobs are applied again one by one, each in its own transaction, so one bad job
 * spoils no other. done(job, code, err) is called exactly once, on the writer's thread, and may free the job. */
struct store_tx;
struct store_job {
    enum err_code (*apply)(struct store_tx *tx, struct store_job *job, struct err *e);
    void (*done)(struct store_job *job, enum err_code code, const struct err *e);
    struct store_job *next;                             /* the writer's */
};
void          store_submit(struct store *s, struct store_job *job);     /* bounded by the callers' outstanding work */
/* Submits and waits: for the few writes of a command, not for trials. */
enum err_code store_write(struct store *s, enum err_code (*apply)(struct store_tx *tx, void *arg, struct err *e),
                          void *arg, struct err *e) MUST_USE;

/* --- runs (run.c) ---------------------------------------------------------------------------------------------- */
struct store_variant {                  /* one row of a run's variants */
    int64_t no;
    struct str name, model, settings;   /* settings: JSON of the variant as it was run */
    struct str aggregate;               /* JSON of eval/aggregate; empty at first */
    bool abandoned;                     /* given up after repeated failures */
};
/* Inserts the run, its variants and its shards; sets run->no. run->id is the caller's. */
enum err_code store_tx_run_add(struct store_tx *tx, struct run *run, const struct store_variant *variants,
                               struct err *e) MUST_USE;
/* The one writer of a run's state. ERR_CONFLICT when the state table forbids it. Sets started/finished when due. */
enum err_code store_tx_run_move(struct store_tx *tx, int64_t run_no, enum run_state to, enum stop_reason why, int64_t now_ms,
                                struct err *e) MUST_USE;
enum err_code store_tx_run_remove(struct store_tx *tx, int64_t run_no, struct err *e) MUST_USE;     /* and all it holds */
enum err_code store_tx_variant_set(struct store_tx *tx, int64_t run_no, int64_t variant_no, struct str aggregate,
                                   bool abandoned, struct err *e) MUST_USE;
/* Inside a transaction, for read-modify-write. */
enum err_code store_tx_variant_get(struct store_tx *tx, int64_t run_no, int64_t variant_no, struct arena *a,
                                   struct store_variant *out, struct err *e) MUST_USE;

/* `ref`: a whole id, its last (or first) 4 or more characters, "last", or "last~1". Ambiguous or absent: a sentence. */
enum err_code store_run_get(struct store *s, struct str ref, struct arena *a, struct run **out, struct err *e) MUST_USE;
enum err_code store_run_resumable(struct store *s, struct str fingerprint, struct arena *a, struct run **out, struct err *e) MUST_USE;
                                                        /* the newest planned/running/stopped one; *out NULL when none */
/* done and failed count outcomes: done are the good ones, and the two together are all there are so far. */
struct store_run_row { struct run run; int64_t done, failed, cost_nanousd, unknown_calls; };
enum err_code store_runs_list(struct store *s, struct str task_name /* or empty */, int64_t limit, int64_t offset,
                              struct arena *a, struct store_run_row **rows, size_t *count, struct err *e) MUST_USE;    /* newest first */
enum err_code store_variants(struct store *s, int64_t run_no, struct arena *a, struct store_variant **out, size_t *count,
                             struct err *e) MUST_USE;

/* --- shards (shard.c): leased by compare-and-set with an expiry --------------------------------------------------- */
/* Leases the first shard that is open, or leased but expired at now_ms. out->no -1 when none is left to take. */
enum err_code store_tx_shard_lease(struct store_tx *tx, int64_t run_no, struct str owner, int64_t now_ms, int64_t lease_ms,
                                   struct shard *out, struct err *e) MUST_USE;
enum err_code store_tx_shard_renew(struct store_tx *tx, int64_t run_no, struct str owner, int64_t now_ms, int64_t lease_ms,
                                   struct err *e) MUST_USE;           /* all of the owner's */
enum err_code store_tx_shard_finish(struct store_tx *tx, int64_t run_no, int64_t shard_no, struct str owner, struct err *e) MUST_USE;
enum err_code store_tx_shards_release(struct store_tx *tx, int64_t run_no, struct str owner, struct err *e) MUST_USE;  /* open again */
enum err_code store_shards_left(struct store *s, int64_t run_no, int64_t *left, struct err *e) MUST_USE;   /* not finished */
/* Who holds leases that have not expired at now_ms, each owner once. */
enum err_code store_shard_owners(struct store *s, int64_t run_no, int64_t now_ms, struct arena *a, struct str **owners,
                                 size_t *count, struct err *e) MUST_USE;
/* Which of the trials first..last-1 have an outcome: one bit each, bit i of byte i/8. `bits` holds (last-first+7)/8
 * bytes. */
enum err_code store_trials_finished(struct store *s, int64_t run_no, int64_t first, int64_t last, unsigned char *bits,
                                    struct err *e) MUST_USE;
/* Forgets failed outcomes and opens their shards again (--retry-failed); per-variant counts of what was forgotten go to
 * `forgotten` (one per variant). The ledger keeps what they cost. */
enum err_code store_tx_failed_forget(struct store_tx *tx, int64_t run_no, int64_t *forgotten, size_t variants,
                                     int64_t *total, struct err *e) MUST_USE;

/* --- trials (trial.c) --------------------------------------------------------------------------------------------- */
/* Inserts the trial's outcome, its transcript (JSON text, stored compressed) and its scores (JSON text). A trial that
 * has an outcome already is left as it is and *added is false: nothing is counted twice. */
enum err_code store_tx_trial_add(struct store_tx *tx, int64_t run_no, const struct trial *t, struct str transcript,
                                 struct str scores, bool *added, struct err *e) MUST_USE;
enum err_code store_tx_ledger_add(struct store_tx *tx, int64_t run_no, int64_t variant_no, const struct ledger_entry *entry,
                                  struct err *e) MUST_USE;            /* adds to the row of (run, variant, phase) */
/* The run's own scores of a trial that waited for other trials of its case (eval/scoring.h), now that they are known.
 * *settled is false when they are no longer `before`: nothing is changed then. */
enum err_code store_tx_trial_settle(struct store_tx *tx, int64_t run_no, const struct trial *t, struct str before,
                                    struct str scores, bool *settled, struct err *e) MUST_USE;

/* Its scores are those of the newest pass named "judge" where that has some for it (scoring.c). */
struct store_trial { struct trial trial; struct str scores; struct str transcript; };     /* transcript only when asked */
enum err_code store_trial_get(struct store *s, int64_t run_no, int64_t number, struct arena *a, struct store_trial **out,
                              struct err *e) MUST_USE;                 /* with transcript; ERR_NOT_FOUND */
/* Calls `each` for every outcome in order of number; stops when it gives an error. Strings are borrowed during the
 * call. */
struct store_trials_filter {
    int64_t variant;                    /* -1: all */
    bool failed_only, with_transcript;
    bool own_scores;                    /* those of the run itself, whatever passes came after */
    int64_t first, limit;               /* limit 0: all */
};
enum err_code store_trials_each(struct store *s, int64_t run_no, const struct store_trials_filter *filter,
                                enum err_code (*each)(const struct store_trial *t, void *arg, struct err *e), void *arg,
                                struct err *e) MUST_USE;

/* --- scoring passes (scoring.c) ----------------------------------------------------------------------------------- */
/* Pass 0 is the run's own. A later pass named "judge" holds, for the trials it has judged so far, all of a trial's
 * scores, and the newest of them is what reading trials shows. Passes of other names hold what their makers put there. */
struct store_scoring { int64_t no; struct str name, about; int64_t created_ms, trials; };      /* about: JSON of who made it */
enum err_code store_tx_scoring_add(struct store_tx *tx, int64_t run_no, struct str name, struct str about, int64_t now_ms,
                                   int64_t *no, struct err *e) MUST_USE;
/* A trial that has scores in this pass keeps them, one that is gone gets none: *added is false. */
enum err_code store_tx_score_add(struct store_tx *tx, int64_t run_no, int64_t scoring_no, int64_t trial_no, struct str scores,
                                 bool *added, struct err *e) MUST_USE;
enum err_code store_scorings(struct store *s, int64_t run_no, struct arena *a, struct store_scoring **out, size_t *count,
                             struct err *e) MUST_USE;                  /* oldest first, without pass 0 */
/* As store_trials_finished: which trials have scores in the pass. */
enum err_code store_scored(struct store *s, int64_t run_no, int64_t scoring_no, int64_t first, int64_t last,
                           unsigned char *bits, struct err *e) MUST_USE;
/* A pass's rows in order of trials; stops when `each` gives an error. The text is borrowed during the call. */
enum err_code store_scores_each(struct store *s, int64_t run_no, int64_t scoring_no,
                                enum err_code (*each)(int64_t trial_no, struct str scores, void *arg, struct err *e),
                                void *arg, struct err *e) MUST_USE;
enum err_code store_score_get(struct store *s, int64_t run_no, int64_t scoring_no, int64_t trial_no, struct arena *a,
                              struct str *out, struct err *e) MUST_USE;        /* ERR_NOT_FOUND */
/* Takes or renews the lease on a judgement (a hash of all that decides it) of the run: *holder is the owner then; who
 * else holds it, when it is not free. A lease of `dead` (may be empty) is taken over. */
enum err_code store_tx_scoring_lease(struct store_tx *tx, int64_t run_no, struct str judgement, struct str owner,
                                     struct str dead, int64_t now_ms, int64_t lease_ms, struct arena *a,
                                     struct str *holder, struct err *e) MUST_USE;
enum err_code store_tx_scoring_release(struct store_tx *tx, int64_t run_no, struct str judgement, struct str owner,
                                       struct err *e) MUST_USE;

struct store_ledger_row { int64_t variant; struct ledger_entry entry; };
enum err_code store_ledger(struct store *s, int64_t run_no, struct arena *a, struct store_ledger_row **rows, size_t *count,
                           struct err *e) MUST_USE;

/* --- the response cache (cache.c) --------------------------------------------------------------------------------- */
struct store_cached {
    struct str key, model, body;            /* body: not in lists */
    int64_t created_ms, used_ms, uses, bytes;
    int64_t cost_nanousd;                   /* what the answer cost when it was asked for; MONEY_UNKNOWN */
    int64_t saved_nanousd;                  /* what giving it again has saved so far */
};
/* *out NULL when there is none that is not older than `oldest_ms`. */
enum err_code store_cache_get(struct store *s, struct str key, int64_t oldest_ms, struct arena *a,
                              struct store_cached **out, struct err *e) MUST_USE;
/* Replaces a row of that key, then removes those not used for the longest until all take at most `bytes_max`. */
enum err_code store_tx_cache_put(struct store_tx *tx, const struct store_cached *row, int64_t bytes_max,
                                 struct err *e) MUST_USE;
enum err_code store_tx_cache_used(struct store_tx *tx, struct str key, int64_t now_ms, struct err *e) MUST_USE;
/* Those made before `before_ms`, of one model or (empty) of all. */
enum err_code store_tx_cache_clear(struct store_tx *tx, struct str model, int64_t before_ms, int64_t *count,
                                   struct err *e) MUST_USE;
struct store_cache_stat { struct str model; int64_t answers, bytes, uses, cost_nanousd, saved_nanousd, oldest_ms, newest_ms; };
enum err_code store_cache_stat(struct store *s, struct arena *a, struct store_cache_stat **rows, size_t *count,
                               struct err *e) MUST_USE;                 /* by model */
enum err_code store_cache_list(struct store *s, struct str model, int64_t limit, struct arena *a,
                               struct store_cached **rows, size_t *count, struct err *e) MUST_USE;    /* last used first */

/* --- labels (label.c): what people say of trials ------------------------------------------------------------------ */
#define STORE_LABEL_WHO_MAX   100           /* bytes */
#define STORE_LABEL_VALUE_MAX 64
#define STORE_LABEL_NOTE_MAX  2000
struct store_label {
    int64_t no, trial;
    struct str who, value, note;            /* no value: a note alone; neither: what was said is taken back */
    int64_t made_ms;
    struct str case_id;                     /* read only, as is the variant */
    int64_t variant;
};
/* Adds a row; what the person said of the trial before stays as history. ERR_NOT_FOUND when the trial has no outcome. */
enum err_code store_tx_label_add(struct store_tx *tx, int64_t run_no, const struct store_label *l,
                                 struct err *e) MUST_USE;
/* By trial, person and age. Without `history` only what counts now: a person's newest row for a trial, unless it takes
 * back. */
enum err_code store_labels(struct store *s, int64_t run_no, bool history, struct arena *a, struct store_label **rows,
                           size_t *count, struct err *e) MUST_USE;
