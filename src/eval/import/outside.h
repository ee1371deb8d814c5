/* src/eval/import/outside.h (private to eval): a finished run that another program made, and how it is stored.
 *
 * A format fills struct outside from its file; outside_store makes of it the frozen cases, a run with one variant, its
 * trials with transcripts and scores, the sums and the ledger, in one transaction. A trial that the log does not have
 * is stored as failed. Scorers are "imported": their values are kept, nothing here could compute them again. */
#pragma once

#include "eval/imports.h"
#include "eval/scoring.h"

struct outside_case { struct str id; const json_t *vars, *expected; };
struct outside_trial {
    int64_t kase, repetition;           /* places */
    bool failed;
    struct str error;                   /* when failed */
    struct usage usage;
    int64_t cost_nanousd, latency_ms, finished_ms;
    int64_t calls;
    json_t *transcript;                 /* {"system"?, "messages"?, "turns": []}; yours to release */
    struct score *scores;               /* one per scorer; NULL when failed */
};
struct outside {
    struct str tool, task_name, description, model, path;
    int64_t created_ms, started_ms, finished_ms;        /* wall; 0: not known */
    struct outside_case *cases;  size_t case_count;
    int64_t repeat;
    struct scorer_info *scorers; size_t scorer_count;
    size_t trial_count;
    /* Fills the i-th trial; strings live in `a`. Called once for each, in order. */
    enum err_code (*trial)(const struct outside *o, size_t i, struct arena *a, struct outside_trial *out,
                           struct err *e);
    void *state;
};
enum err_code outside_store(const struct outside *o, struct store *s, struct blob *b, struct arena *a, struct run **out,
                            struct err *e) MUST_USE;

/* A scorer's entry. */
struct scorer_info outside_scorer(struct str name);

/* inspect.c */
enum err_code inspect_log_read(struct str name, const json_t *log, struct arena *a, struct outside *out, json_t *notes,
                               struct err *e) MUST_USE;
bool          inspect_log_is(const json_t *log);
