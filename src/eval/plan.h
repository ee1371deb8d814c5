/* src/eval/plan.h: everything a run needs, decided before the first call is paid for.
 *
 * A plan is made from a loaded task and its frozen cases (plan_new), or from a stored run (plan_of_run). Its run has a
 * fingerprint of all that decides the trials, so that the same command finds an unfinished run and continues it.
 * Threads: made by one, read by all while it runs. */
#pragma once

#include "blob/blob.h"
#include "data/data.h"
#include "data/pack.h"
#include "domain/domain.h"
#include "eval/scoring.h"
#include "llm/llm.h"
#include "store/store.h"

struct plan_variant_estimate {
    int64_t input_tokens, output_tokens, cost_nanousd;      /* MONEY_UNKNOWN: no price */
    int64_t trial_at_most_nanousd;              /* what one trial is hardly going to exceed: a budget sets it aside; 0: no price */
};
struct plan_estimate {
    int64_t trials, calls;                      /* calls: trials x turns, or x parts */
    int64_t input_tokens, output_tokens;        /* input counted over a sample of cases, output assumed */
    int64_t output_per_call;                    /* what was assumed */
    int64_t cost_nanousd;                       /* of the variants whose price is known */
    int64_t unknown_variants;                   /* those without a price: not part of cost_nanousd */
    int64_t cut_cases, sampled_cases;           /* of the sampled cases, so many are too long and asked in parts; 0, 0: none */
    struct plan_variant_estimate *variants;
};

struct plan {
    struct arena *arena;
    struct task *task;                          /* models resolved */
    struct run run;
    struct scoring *scoring;
    struct prompting *prompting;
    struct data_pack *pack;
    struct plan_estimate estimate;
    struct ledger_entry choosing;               /* what choosing the models cost; no calls: nothing */
};

/* Resolves every variant's model in place; the first unknown provider or model name is the error. */
enum err_code plan_resolve(struct task *task, struct arena *a, struct err *e) MUST_USE;
/* Is the provider asked for an answer (at its own address), or by a metric? */
bool          plan_asks(const struct task *task, const char *provider);
/* Every key that is missing, in one sentence. */
enum err_code plan_check_keys(const struct task *task, struct llm *l, struct err *e) MUST_USE;

/* Freezes the chosen cases of the task. *select: what was chosen, for the settings (NULL: everything), in the arena.
 * `progress` as of data_pack_build. (plan_freeze.c) */
enum err_code plan_freeze(const struct task *task, const struct dataset_select *choose, struct blob *blob,
                          void (*progress)(void *arg, int64_t cases), void *arg, struct arena *a,
                          struct data_pack_info *info, const json_t **select, struct err *e) MUST_USE;
/* Members of the JSON are only ever added. Yours. */
json_t       *plan_estimate_json(const struct plan *p);

/* The task and its arena become the plan's on ERR_OK. `select` is recorded in the settings; NULL: everything. */
enum err_code plan_new(struct task *task, struct arena *a, struct blob *blob, const struct data_pack_info *info,
                       const json_t *select, struct llm *l, struct plan **out, struct err *e) MUST_USE;
/* From the stored settings; the case pack must still be there. */
enum err_code plan_of_run(const struct run *run, struct blob *blob, struct llm *l, struct plan **out,
                          struct err *e) MUST_USE;
/* What was spent on choosing the models (phase model_selection) belongs to the run, and to what it is expected to cost.
 * It stands in the ledger with the first variant: it is of none. */
void          plan_add_choosing(struct plan *p, const struct ledger_entry *ledger);
/* Writes the planned run with its variants and shards, once every program that scores it has said hello: ERR_BAD_INPUT
 * when one does not start (up to some seconds), ERR_ENVIRONMENT where this machine has no sandbox. */
enum err_code plan_store(struct plan *p, struct store *s, struct err *e) MUST_USE;
void          plan_free(struct plan *p);
void          plan_freep(struct plan **p);
