/* src/domain/run.h (through domain.h): one execution of a task over its variants; immutable once finished. */
#pragma once

enum run_state {
    RUN_PLANNED,                /* written, no call made yet */
    RUN_RUNNING,
    RUN_STOPPED,                /* interrupted, budget spent, or its process died: can be resumed */
    RUN_DONE,                   /* every trial has its one outcome, or is not needed (STOP_SURE) */
    RUN_CANCELLED,
    RUN_STATES
};
const char    *run_state_name(enum run_state s);
enum run_state run_state_from(struct str name);             /* RUN_STATES when unknown */
bool           run_may_move(enum run_state from, enum run_state to);

/* STOP_SURE: of a run that is done; its verdict was sure before all was asked (eval/race.h). */
enum stop_reason { STOP_NONE, STOP_INTERRUPT, STOP_BUDGET, STOP_OVER_ESTIMATE, STOP_STORE, STOP_SURE, STOP_REASONS };
const char    *stop_reason_name(enum stop_reason r);
enum stop_reason stop_reason_from(struct str name);

struct run {
    int64_t no;                         /* the store's small number; 0 until stored */
    struct str id;                      /* UUIDv7 */
    struct str task_name, task_path;
    enum run_state state;
    enum stop_reason stopped_by;
    int64_t created_ms, started_ms, finished_ms;            /* wall; 0: not yet */
    struct str fingerprint;             /* hash of all that decides its trials: the same command finds it again */
    struct str dataset_hash;            /* of the case pack (data/pack) */
    int64_t cases, variants, repeat;    /* trials = cases x variants x repeat */
    int64_t shard_trials;               /* trials in a shard (the last may be shorter) */
    int64_t estimate_nanousd;           /* MONEY_UNKNOWN when some price is not known */
    int64_t budget_nanousd;             /* 0: none */
    struct str settings;                /* JSON: the snapshot that repeats it exactly (eval/plan) */
};

/* Trials are enumerated, case-major: number = (case * variants + variant) * repeat + repetition. */
struct trial_place { int64_t case_index; int64_t variant; int64_t repetition; };
static inline int64_t run_trials(const struct run *r) { return r->cases * r->variants * r->repeat; }
int64_t            run_trial_number(const struct run *r, struct trial_place p);
struct trial_place run_trial_place(const struct run *r, int64_t number);

struct shard { int64_t no, first, last; };                  /* trials first .. last-1 */
