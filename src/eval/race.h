/* src/eval/race.h: which variants of a run need no more cases, because the verdict of the whole run is sure without
 * them (`--stop-when-sure`).
 *
 * Cases are asked in a random order, the same for every variant: a seeded permutation of their numbers. The race reads
 * outcomes strictly in that order, however they come in: what it decides after k cases depends on the first k and on
 * nothing else, so whoever reads the stored scores again (a resumed run, a report) decides the same.
 *
 * For a pair the whole list is the differences of the two variants' values of a case (with repetitions: of their
 * means), and the first k in random order are a sample of it without replacement; a case that one has no value of
 * counts as 0, which leaves the sign of the mean as it is. Two things must hold:
 *   proof      which means of the whole list are still possible, after any number of looks, says stats_betting.h. All
 *              its claims together are true with probability `level`: alpha is shared by the k(k-1) one-sided claims on
 *              pairs of k variants and 2k on the limit (Bonferroni)
 *   forecast   the full run's own paired test (RECOMMEND_ALPHA) finds a mean difference from `needed` on: exact McNemar
 *              (1.96 sqrt(discordant) + 1) / cases, else t sd / sqrt(cases). Should the cases left be spread like those
 *              read, the full mean is normal about the mean so far with variance s^2 (N - n) / (N n). Its quantile at
 *              1 - (1 - level) / (4 (k - 1)) must lie on the same side (stochastic curtailment: Lan, Simon, Halperin
 *              1982; Jennison, Turnbull, Group Sequential Methods, 10). An estimate; race_test.c measures it
 *              The full run corrects for its comparisons (Holm): a difference must be found at RECOMMEND_ALPHA / (k -
 * 1),
 *              and none at RECOMMEND_ALPHA
 * and with them a variant is
 *   worse      when it is proven that its mean over the whole dataset is lower, and forecast that the full run will
 *              find the difference: it leaves the race
 *   the same   as another when it is forecast that the full run won't find a difference, or proven that there is none
 *              as large as `margin`
 * The race is over when every pair still in it is the same, or one variant is left. With a limit (a threshold on the
 * metric), a variant leaves, and the race ends, only when it is proven too which side of the limit its mean lies on;
 * with one variant that is all there is to decide. Looks: from RACE_CASES_MIN cases on, each a 25th later than the
 * last.
 *
 * A variant without a value in RACE_SILENT_MAX cases in a row (its key fails, nothing was expected) takes no further
 * part and stops nothing; it runs on as long as the race does.
 * Memory: 16 bytes for each case and variant, 16 a case. Threads: one owner at a time. Cost: about 10 ns for each case
 * so far and pair, at each look. */
#pragma once

#include "eval/stats.h"

#define RACE_LEVEL          0.95
#define RACE_MARGIN         0.01
#define RACE_CASES_MIN      20
#define RACE_SILENT_MAX     20
#define RACE_VARIANTS_MAX   64
#define RACE_CELLS_MAX      (INT64_C(4) << 20)      /* cases x variants */
#define RACE_METHOD         "betting without replacement"       /* stats_betting.h */

struct race_rule {
    double level;                       /* 0.5 .. 0.9999 */
    double margin;                      /* 0 .. 0.5: differences below it are the same */
    bool   limited;
    double limit;                       /* on the metric itself */
    uint64_t seed;                      /* of the order */
};

enum race_state {
    RACE_ON,                            /* still needed */
    RACE_WORSE,                         /* surely worse than `than` */
    RACE_DECIDED,                       /* the race is over: no verdict can change */
    RACE_SILENT,                        /* without values: not part of it */
    RACE_STATES
};
const char *race_state_name(enum race_state s);         /* "racing" "worse" "decided" "silent" */

struct race_place { enum race_state state; int64_t at; size_t than; };  /* at: cases it was decided on */

struct race_pair {                      /* second - first, over the cases that both were asked while they raced */
    int64_t cases, valued;              /* of these, both had a value */
    double difference;                  /* mean over the valued */
    struct interval interval;           /* of the mean over the whole dataset, one that has no value counting as 0 */
    double p;                           /* "the whole dataset's mean difference is 0", good at any time */
};

struct race;
/* variants up to RACE_VARIANTS_MAX, cases x variants up to RACE_CELLS_MAX. */
struct race *race_new(int64_t cases, size_t variants, int64_t repeat, const struct race_rule *rule) MUST_USE;
void         race_free(struct race *r);
void         race_freep(struct race **r);
int64_t      race_case(const struct race *r, int64_t position);         /* the case asked at this place of the order */
/* One outcome; `value` on 0..1, NULL: it has none. */
void         race_note(struct race *r, int64_t case_index, size_t variant, const double *value);
bool         race_step(struct race *r);                 /* goes on as far as outcomes reach; true: somebody's place changed */
int64_t      race_reach(const struct race *r);          /* cases read so far */
bool         race_deciding(const struct race *r);       /* something is open that more outcomes can decide */
bool         race_over(const struct race *r);
const struct race_place *race_place(const struct race *r, size_t variant);
bool         race_stopped(const struct race *r, size_t variant);        /* it is asked no more */
size_t       race_stopped_count(const struct race *r);
/* Of a pair that both have been in the race for at least a case. */
struct race_pair race_pair(const struct race *r, size_t first, size_t second);
