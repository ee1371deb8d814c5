/* src/eval/judge_quality.h: how far a judge can be trusted, measured from what is stored; nobody is asked anything.
 *
 * Of one scoring pass (judge.h): whether it agrees with people's labels, with itself, with other judges, and whether it
 * is led by what it should not look at: the length of an output, and the place it stands at in a comparison. A score of
 * JUDGE_PASS points or more is its "pass", any lower one its "fail"; labels are held against that when some are "pass"
 * or "fail", and against the points when all are numbers. What was not measured has n 0.
 *
 * Sources. Kappa and alpha: agreement.h. A share's interval is Wilson's, that of a mean difference Student's t
 * (stats.h). Length: Spearman's rho of points with output length in code points; where a metric measured the answers it
 * is the partial rank correlation given that metric (stats_rank.h), so that longer answers which are better are not
 * held against the judge. Position: the share of pairs, asked in both orders, in which the same place won twice (Zheng
 * et al. 2023, Judging LLM-as-a-judge with MT-Bench and Chatbot Arena, 3.4). All intervals take trials as independent.
 * Memory: 32 bytes a judged trial and pass, freed on return. Cost: O(n log n), and reading the rows of the passes. */
#pragma once

#include "eval/agreement.h"
#include "eval/judge.h"
#include "eval/stats_rank.h"

#define JUDGE_PASS       70             /* points; "Acceptable" in reports */
#define JUDGE_APART      15             /* points between judges that make a trial one to look at */
#define JUDGES_MAX       16             /* that are held next to each other */
#define JUDGES_TRIALS    20             /* flagged trials that are listed */

enum judge_labels { JUDGE_LABELS_NONE, JUDGE_LABELS_SIDES, JUDGE_LABELS_NUMBERS, JUDGE_LABELS_OTHER };
struct judge_people {
    enum judge_labels kind;
    int64_t people;
    int64_t labels;                     /* of judged trials */
    struct agreement_kappa kappa;       /* the judge and most people (a draw is left out): pass or fail */
    struct agreement_alpha alpha;       /* the judge is one rater among the people; nominal */
    struct rank_test rank;              /* labels that are numbers: Spearman of their mean with the points */
    int64_t ranked;
};
struct judge_steadiness {
    int64_t trials, passes;             /* judged more than once; passes that judged them */
    int64_t same;                       /* of them, all verdicts are equal */
    struct interval share;
    double apart;                       /* points: mean of a trial's mean absolute difference */
    struct interval apart_interval;
};
struct judge_length {
    int64_t n;
    bool given;                         /* the partial correlation given what was measured */
    bool settled;                       /* what was measured alone settles the points: there is nothing left for length */
    struct rank_test test;
};
struct judge_position {
    int64_t pairs;                      /* asked in both orders */
    int64_t first, second;              /* the first (second) place won both times */
    struct interval interval;           /* of (first + second) / pairs */
};
struct judge_other { int64_t pass; struct str model; int64_t n; double mean; };
struct judge_panel {
    struct judge_other judges[JUDGES_MAX]; size_t count;        /* by pass; fewer than 2: nobody else judged by this rubric */
    int64_t trials;                     /* that all of them judged */
    double spread;                      /* points: mean standard deviation of a trial's scores over the judges */
    double apart; struct interval apart_interval;       /* points: mean of (highest - lowest) */
    struct agreement_alpha alpha;       /* of pass or fail; nominal */
    int64_t flagged;                    /* trials with more than JUDGE_APART points between highest and lowest */
    int64_t listed[JUDGES_TRIALS]; size_t listed_count;         /* the first of them */
};
struct judge_quality {
    int64_t pass;
    struct judge_people people;
    struct judge_steadiness steadiness;
    struct judge_length length;
    struct judge_position position;
    struct judge_panel panel;
};

/* Of the pass numbered `pass`; `all` is what judge_scorers_of gave. Strings live in the arena. */
enum err_code judge_quality_load(struct store *s, const struct run *run, const struct judge_scorers *all, int64_t pass,
                                 struct arena *a, struct judge_quality *out, struct err *e) MUST_USE;
/* Yours. */
json_t       *judge_quality_json(const struct judge_quality *q);
/* What it comes to, a line each for a person: about people, itself, length, position and (with several) other judges.
 * `run` is how the run is called in the commands it names. */
#define JUDGE_QUALITY_LINES 5
struct judge_quality_line { const char *label; struct str text; };
size_t        judge_quality_lines(const struct judge_quality *q, struct str run, struct arena *a,
                                  struct judge_quality_line out[JUDGE_QUALITY_LINES]);
