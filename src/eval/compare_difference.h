/* src/eval/compare_difference.h: one variant held against another by one measure; the one place that chooses the test
 * and says who is better, for `assay show` and `assay compare` alike.
 *
 * The sample are the cases where both have a value. With repetitions a case's mean is its value, however many of its
 * repetitions have one: a case is the unit of everything here, so what was said to one case never counts as
 * independent, and a case answered less often weighs as much as any other. This is the cluster-robust interval of the
 * mean over cases, of cases repeated unequally often too (the cluster-level analysis of Donner, Klar, "Design and
 * Analysis of Cluster Randomization Trials", 2000, ch. 5).
 *
 * Given per pair: the mean of the differences other - base, Student's t interval of it (level RESULT_LEVEL), and p:
 * exact McNemar when every value is 0 or 1 and nothing was repeated, else the paired t test (stats.h). With several
 * pairs p is corrected for their number (Holm, stats_many.h), and verdicts go by that; intervals are of one comparison
 * each. Cases needed and the detectable difference (stats_power.h) are for the test that was chosen, at RECOMMEND_ALPHA
 * over the number of pairs, with the spread that was seen. Pure functions; any thread. */
#pragma once

#include "eval/aggregate.h"
#include "eval/metric/metric.h"
#include "eval/stats.h"

enum verdict { VERDICT_NONE, VERDICT_FIRST, VERDICT_SAME, VERDICT_WORSE, VERDICT_BETTER, VERDICTS };
const char *verdict_name(enum verdict v);                           /* "none" "first" "can't tell" "worse" "better" */

enum compare_test { COMPARE_NO_TEST, COMPARE_MCNEMAR, COMPARE_PAIRED_T, COMPARE_RACE /* race.h decided */, COMPARE_TESTS };
const char *compare_test_name(enum compare_test t);                     /* "none" "exact McNemar" "paired t", or RACE_METHOD */

struct compare_difference {
    int64_t cases;                      /* where both have a value */
    double base, other;                 /* means over these */
    double difference, deviation;       /* mean and standard deviation of other - base */
    struct interval interval;           /* of the difference */
    double p, p_holm;                   /* of this comparison alone; corrected for `compared` of them */
    int64_t compared;                   /* pairs this measure was tested on */
    enum compare_test test;
    enum verdict verdict;               /* of the other, by p_holm: better, worse, can't tell; none without a case */
    bool equal;                         /* not one case differs */
    double cohen_d, hedges_g;           /* of the differences (d_z); NAN with fewer than 3 cases or no spread */
    double discordant;                  /* exact McNemar: the share of cases that differ */
    double detectable;                  /* least difference found RECOMMEND_POWER of the time by `cases`; NAN: can't be said */
    int64_t cases_needed;               /* to find RECOMMEND_DIFFERENCE as surely; shares only; 0: can't be said */
};

/* What is summed of a pair and a measure while cases go by. */
struct compare_sums {
    struct aggregate_scorer differences;
    struct sum base, other;
    int64_t only_base, only_other;      /* cases where it is greater */
    bool fractions;                     /* some value was neither 0 nor 1 */
};
void compare_sums_add(struct compare_sums *s, double base, double other);       /* the values of one case */

/* All but the verdict, `compared`, and what depends on them. `once`: no case was repeated in either. */
void compare_decide(struct compare_difference *out, const struct compare_sums *s, enum metric_unit unit, bool once);
/* Corrects for how many of them have a case, gives each its verdict, and says what more cases would do. */
void compare_judge(struct compare_difference *const *list, size_t count, enum metric_unit unit, bool higher_is_better);
