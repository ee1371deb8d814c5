/* src/eval/aggregate.h: what all trials of one variant come to, kept incrementally.
 *
 * Every sum is kept as two doubles whose unevaluated sum is the value (error-free transformations: Dekker 1971, Knuth
 * 4.2.2), so adding and merging in any order and grouping gives the same to far below 1e-12, and JSON carries it
 * without loss. Only finished trials (TRIAL_DONE) reach scores, latency, tokens; a failed trial is counted with its
 * class and its cost, so that --retry-failed can take it out again.
 * Threads: one owner at a time. Cost of adding a trial: below a microsecond. */
#pragma once

#include "domain/domain.h"
#include "eval/histogram.h"

struct sum { double high, low; };               /* the value is high + low */
void   sum_add(struct sum *s, double v);
void   sum_add_square(struct sum *s, double v); /* of v x v, exactly */
void   sum_merge(struct sum *into, const struct sum *from);
double sum_value(const struct sum *s);

struct aggregate_scorer {
    int64_t n, missing;                         /* among finished trials */
    struct sum sum, squares;
    double min, max;                            /* when n > 0 */
    int64_t ones;                               /* values that are exactly 1 */
    bool fractions;                             /* some value was neither 0 nor 1 */
};

struct aggregate {
    size_t scorer_count;
    struct aggregate_scorer *scorers;
    int64_t done, failed;
    int64_t violations, critical;               /* failed checks; critical ones */
    int64_t violating, broken;                  /* finished trials with a failed check; with a failed critical one */
    int64_t attempts, retried;                  /* calls made; trials that needed more calls than turns */
    struct histogram latency, first_token;
    struct usage usage;
    int64_t cost_nanousd, costs_unknown;        /* of finished trials: the known ones' sum, the count of the others */
    int64_t failed_cost_nanousd;                /* what failed trials were billed */
    int64_t errors[ERR_CODES];                  /* of failed trials */
};

struct aggregate_trial {
    const struct trial *trial;
    const struct score *scores;                 /* scorer_count of them */
    const struct turn *turns;                   /* may be NULL: no time to first token then */
    size_t turn_count;
};

struct aggregate *aggregate_new(size_t scorer_count) MUST_USE;
void          aggregate_free(struct aggregate *g);
void          aggregate_freep(struct aggregate **g);
void          aggregate_add(struct aggregate *g, const struct aggregate_trial *t);
/* Scores of a trial that was counted already and waited (scoring.h): what was missing and has a value now, and what its
 * checks come to. `t` is as it is now, `before` its scores then. Also to an empty one that is merged later. */
void          aggregate_settle(struct aggregate *g, const struct aggregate_trial *t, const struct score *before,
                               int64_t violations, int64_t critical);
void          aggregate_merge(struct aggregate *into, const struct aggregate *from);
/* `n` failed trials were forgotten. Which ones is not known: classes and cost are taken away in proportion, and wholly
 * when none is left. */
void          aggregate_remove_failed(struct aggregate *g, int64_t n);
bool          aggregate_is_empty(const struct aggregate *g);
int64_t       aggregate_done(const struct aggregate *g);
int64_t       aggregate_failed(const struct aggregate *g);

void          aggregate_widen(struct aggregate *g, size_t scorer_count);        /* more scorers, with no value yet */
void          aggregate_value(struct aggregate_scorer *s, double v);    /* one value more */
double        aggregate_mean(const struct aggregate_scorer *s);         /* 0 when n is 0: look at n first */
double        aggregate_variance(const struct aggregate_scorer *s);     /* of the sample (n - 1); 0 when n < 2 */
bool          aggregate_binary(const struct aggregate_scorer *s);       /* every value was 0 or 1, and there was one */

json_t       *aggregate_to_json(const struct aggregate *g);
/* `j` NULL gives an empty one. ERR_STORE when it is not what aggregate_to_json made. */
enum err_code aggregate_from_json(const json_t *j, size_t scorer_count, struct aggregate **out, struct err *e) MUST_USE;
