/* src/eval/result.h: everything a report says about a run, computed once.
 *
 * Means, intervals and percentiles come from the variants' stored sums; what needs pairs (who is better than whom,
 * repeated cases, consistency) comes from one or two passes over the stored scores in order of trials, in memory that
 * does not grow with their number (about 2 us a trial; with one variant and no repetition no pass is made).
 *
 * Intervals, level 95 %: a scorer whose every value was 0 or 1 gets Wilson's, any other Student's t; a share's is cut
 * to 0..1. With repeat > 1 the cases are the sample: each case's mean over its repetitions is one value, the interval
 * is Student's t over cases ("t by case"), n counts cases. "Against #1": the same cases paired, tested, corrected and
 * judged as `assay compare` does it (compare_difference.h), over all the variants that have a rank. Where the race of a
 * run with stop_when_sure (race.h) has decided, its verdict stands instead, with its p and interval, which hold
 * although the run was looked at many times; a variant found worse ranks below those that were asked longer, as means
 * over different cases are not compared. Metrics whose value is not a mean (corpus.h) have a bootstrap interval over
 * cases. */
#pragma once

#include "eval/aggregate.h"
#include "eval/compare_difference.h"
#include "eval/judge_quality.h"
#include "eval/race.h"
#include "eval/recommend.h"
#include "eval/scoring.h"
#include "eval/stats.h"
#include "store/store.h"

#define RESULT_LEVEL 0.95

enum estimate_method {
    ESTIMATE_NONE, ESTIMATE_WILSON, ESTIMATE_T, ESTIMATE_T_BY_CASE, ESTIMATE_BOOTSTRAP, ESTIMATE_ORDER, ESTIMATE_METHODS
};
/* "none" "wilson" "t" "t by case" "bootstrap" "order statistics" */
const char *estimate_method_name(enum estimate_method m);

struct estimate {
    int64_t n, missing;                 /* values; finished trials without one */
    double value;                       /* the mean; meaningless when n is 0 */
    struct interval interval;
    enum estimate_method method;
};

/* Classification: which label was given where which was expected. The labels are those of result.classes. */
struct class_score {
    int64_t support, given, correct;    /* how often it was expected, given, both */
    double precision, recall, f1;       /* 0 where nothing can be divided by */
};
struct confusion {
    int64_t n, correct;                 /* trials with an expected label */
    int64_t *counts;                    /* [expected * (label_count + 1) + given]; the last column: none of the labels */
    struct class_score *labels;         /* label_count of them */
    struct estimate accuracy, macro_f1; /* Wilson's interval (repeat 1) or bootstrap; bootstrap. n is 0: not measured */
    double macro_precision, macro_recall, weighted_f1;
    double kappa;                       /* Cohen 1960; NAN when one label is all there is */
};
struct result_classes {
    size_t scorer;                      /* the first that measures these labels */
    const struct str *labels;  size_t label_count;      /* sorted; expected ones, or the task's own list */
    struct str why;                     /* why there is no matrix (label_count is 0 then); empty when there is one */
};

struct result_variant {
    int64_t no;                         /* in the run */
    struct str name, model;
    bool abandoned;
    struct aggregate *sum;              /* lives as long as the arena */
    struct estimate *scores;            /* one per scorer */
    struct confusion *confusions;       /* one per result.classes */
    struct estimate quality;
    int64_t rank;                       /* from 1; 0: no quality to rank by */
    enum tier tier;
    bool cost_known;                    /* of every finished trial, and there was one */
    double cost_usd;                    /* mean of a finished trial */
    int64_t p50_ms, p90_ms, p95_ms, p99_ms, first_token_p50_ms;     /* -1: none measured */
    bool over_limit;                    /* costs more than the rules allow, or nobody knows what */
    struct compare_difference within;   /* base: variants[base], other: this; only where base is not 0 */
    struct compare_difference against;  /* base: #1, other: this; #1 itself has VERDICT_FIRST */
    bool raced;                         /* the race decided: cases, difference, interval and p of `against` are its own */
    struct race_place sure;             /* with result.sure: RACE_ON while it is needed; `than` is a variant's number */
    int64_t spared;                     /* its trials that were not asked because the verdict was sure */
};

/* What stop_when_sure did; `on` is false of a run without it. */
struct result_sure {
    bool on, over;                      /* over: nothing was left to decide */
    struct task_sure rule;
    int64_t at;                         /* cases the race has read */
    size_t stopped;                     /* variants with spared trials */
    int64_t spared;                     /* trials */
};

struct result_threshold {
    struct str metric;
    double limit;
    bool ceiling;                       /* lower is better: the value must not exceed it */
    size_t variant;                     /* place in variants */
    bool measured, met;
    double value;
};

/* What the newest scoring pass says; `pass` 0: nobody has judged the run. */
struct result_judge {
    int64_t pass, created_ms;
    struct str model, rubric;
    double weights[JUDGE_PARTS];
    int64_t judged, not_evaluated, flagged, capped;     /* trials */
    int64_t kinds[VIOLATION_KINDS];
    int64_t violations;                                 /* their sum */
    int64_t violating;                                  /* variants with one */
    struct judge_quality *quality;                      /* how far it can be trusted; NULL without a pass */
};

struct result {
    const struct run *run;
    json_t *settings;                   /* the run's, read */
    struct scorer_info *scorers;    size_t scorer_count;
    size_t judge_at;                    /* the judge's scorers stand from here on; scorer_count: there are none */
    struct judge_pass *passes;      size_t pass_count;      /* scored again, oldest first */
    ptrdiff_t shown;                    /* the pass whose scores are shown; -1: none */
    struct judge_scorers *judging;      /* where those came from */
    struct judge_pairs *pairs;      size_t pair_count;      /* of passes that compared two variants */
    struct judge_labelled *labelled; size_t labelled_count; /* of passes that gave labels */
    struct result_judge judge;
    ptrdiff_t quality;                  /* the scorer that ranks; -1: none */
    struct result_variant *variants;    size_t variant_count;       /* by rank; those without a rank last */
    struct result_classes *classes;     size_t class_count;         /* of metrics over labels; most tasks have none */
    struct store_ledger_row *ledger;    size_t ledger_count;
    struct result_threshold *thresholds; size_t threshold_count;
    bool thresholds_met;                /* true when there are none */
    int64_t thresholds_waiting;         /* of what a judge measures, while nobody has judged the run */
    int64_t done, failed, retried, violations, critical;
    int64_t spent_nanousd, spent_unknown_calls;                     /* the whole ledger */
    struct result_sure sure;
    struct recommend_rules rules;
    size_t base;                        /* place of the best variant within the limit of cost; 0: #1, or none is */
    struct recommendation recommendation;
};

/* `a` must outlive the result. */
enum err_code result_load(struct store *s, const struct run *run, struct arena *a, struct result **out,
                          struct err *e) MUST_USE;

/* Recommends again, only what costs at most `nanousd` for 1,000 trials (0: anything). */
enum err_code result_limit(struct result *r, struct store *s, int64_t nanousd, struct arena *a, struct err *e) MUST_USE;

const char   *result_quality_name(const struct result *r);          /* "accuracy"; "quality" when there is none */
/* The same in a sentence, for reports: which variants were asked for how many cases, and why. Empty when nothing was
 * spared. */
struct str    result_sure_text(const struct result *r, struct arena *a);
/* Milliseconds from the first start to the end, or to now_ms of a run that goes on; -1 when it has not begun. */
int64_t       result_duration_ms(const struct result *r, int64_t now_ms);
