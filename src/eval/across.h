/* src/eval/across.h: what many runs say of each model.
 *
 * A run counts when at least two of its models have a value of its ranking metric; others are listed with the reason.
 * A model's score in a run is the mean of its variants' (prompts, settings), in points of 100; its cost that of one
 * trial. Averages are over runs, each run the same weight. A cost that is not known in one of them is not known at all.
 *
 * Best is the highest average, best value the cheapest of known cost at most RECOMMEND_VALUE_GAP lower (as within one
 * run: a ratio alone would choose the worst free one). Averages of models that were not in the same runs are of
 * different cases; `uneven` and the recommendation say so. No test of chance is made here: compare.h makes it on shared
 * cases. Cost: that of result_load for each run. */
#pragma once

#include "eval/result.h"

#define ACROSS_MODELS_MAX 4096

struct across_model {
    struct str model;
    int64_t run_count;
    double avg_score;                   /* 0..100 */
    bool cost_known;
    double avg_cost;                    /* US dollars of one trial */
    double value_ratio;                 /* avg_score / avg_cost; 0 when free or not known */
};
struct across_excluded { int64_t run_index; struct str id, reason; };   /* from 0, in the order given */

struct across {
    struct across_model *models;        size_t model_count;             /* the best first */
    struct across_excluded *excluded;   size_t excluded_count;
    int64_t analyzed;                   /* runs that counted */
    bool uneven;                        /* some model was not in each of them */
    bool mixed;                         /* they are of several tasks, or ranked by several metrics */
    ptrdiff_t best, value;              /* places in models; -1: none */
    struct str recommendation;
};

/* ERR_TOO_LARGE past ACROSS_MODELS_MAX models. A run that can't be read is excluded, with the sentence. */
enum err_code across_load(struct store *s, const struct store_run_row *rows, size_t count, struct arena *a,
                          struct across *out, struct err *e) MUST_USE;
/* {"best_overall_model", "best_value_model", "model_rankings": [{"rank", "model", "avg_score", "avg_cost",
 * "value_ratio", "run_count"}...], "recommendation", "excluded_runs": [{"run_index", "run", "reason"}...],
 * "total_runs_analyzed"}. avg_score and value_ratio are rounded to 1 decimal; avg_cost to 9 and null, with value_ratio,
 * when not known. */
json_t       *across_json(const struct across *x);
