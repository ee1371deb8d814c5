/* src/eval/compare.h: runs, or the variants of one run, held against each other case by case.
 *
 * A comparison is a list of pairs (base variant, other variant). Of one run: its best variant (or the one asked for)
 * against each of the others. Of several: the first run is the base, and each of its variants stands against the one
 * of the same name (or model, prompt, position) in each other run. Where several share a key, the first of one run
 * goes with the first of the other, and so on.
 *
 * Cases are matched by their id. Runs over the same frozen cases are read side by side; others through an index of ids,
 * and what is not in both is counted and left out. Memory does not grow with the number of trials (16 bytes a case
 * with an index), but for the differences kept to be resampled: at most COMPARE_KEPT_MAX. Cost: about 3 us a trial, and
 * with `resample` 10 us a difference kept.
 *
 * Statistics, per pair and measure, over the cases where both have a value: compare_difference.h, which the result's
 * "against #1" goes by too. With several pairs, the p of a measure are corrected for their number (Holm).
 *
 * Outcome of a case: it passes when its mean of the deciding measure is at least `pass` and no critical check failed
 * in it; it does not when every trial of it failed. "fixed": only the other passes; "broken": only the base does;
 * "better" and "worse": both pass or both fail, and the value moved. */
#pragma once

#include "eval/case_pages.h"
#include "eval/result.h"
#include "eval/stats_rank.h"
#include "eval/stats_resample.h"

#define COMPARE_RUNS_MAX     8
#define COMPARE_PASS         0.5
#define COMPARE_CELLS_MAX    131072         /* pairs x measures */
#define COMPARE_CHANGES_MAX  1000000
#define COMPARE_KEPT_MAX     50000          /* differences of the deciding measure, of all pairs; more: not resampled */

enum compare_by { COMPARE_BY_NAME, COMPARE_BY_MODEL, COMPARE_BY_PROMPT, COMPARE_BY_POSITION, COMPARE_BYS };
const char *compare_by_name(enum compare_by by);                        /* "name" "model" "prompt" "position" */
/* ERR_USAGE with the nearest name. */
enum err_code compare_by_from(struct str name, enum compare_by *out, struct err *e) MUST_USE;

struct compare_options {
    enum compare_by by;                 /* several runs */
    struct str against;                 /* one run: the base variant's name; empty: the best */
    struct str variant;                 /* only pairs of which one has this name; empty: all */
    struct str metric;                  /* decides; empty: the base run's ranking metric */
    double pass;                        /* COMPARE_PASS */
    int64_t changes_max;                /* kept in `changes`, of each kind; 0: none */
    bool resample;                      /* fill in `kept` of the deciding measure */
};

struct compare_measure {
    struct str name;
    enum metric_unit unit;
    bool higher_is_better, is_check;
    enum severity severity;
};

enum compare_change_kind { CHANGE_BROKEN, CHANGE_FIXED, CHANGE_WORSE, CHANGE_BETTER, CHANGE_KINDS };
const char *compare_change_name(enum compare_change_kind k);            /* "broken" "fixed" "worse" "better" */

struct compare_pair {
    size_t base_run, other_run;         /* places in runs; the same of one run */
    const struct result_variant *base, *other;
    int64_t cases;                      /* both have an outcome */
    int64_t both_pass, both_fail;
    int64_t counts[CHANGE_KINDS];       /* worse and better lie within both_pass and both_fail */
    int64_t unknown;                    /* of cases: no value to decide by */
    struct rank_test wilcoxon;          /* of the deciding measure's differences, with `resample`; else not known */
    struct resampled resampled;
    struct compare_difference *measures;
};

struct compare_change {
    enum compare_change_kind kind;
    size_t pair;
    struct str case_id;
    int64_t base_trial, other_trial;    /* the first of the case's */
    const char *why;                    /* broken, fixed: why the side that does not pass doesn't, in a few words */
    bool valued;                        /* both means are known */
    double base, other;
};

struct compare_run {
    const struct run *run;
    struct result *result;
    bool same_cases;                    /* as the base run's frozen cases */
    int64_t common, only_here, only_base;       /* cases; of the base run: common with every other, rest unused */
    int64_t changed;                    /* cases of the same id with another input or expected answer (compare_contents) */
    struct str *differs;  size_t differs_count;     /* parts of the task that are not as in the base run */
    struct str *unmatched; size_t unmatched_count;  /* variants without a partner (base run: in any other) */
};

struct compare {
    struct compare_run *runs;        size_t run_count;
    struct compare_measure *measures; size_t measure_count;
    ptrdiff_t decides;                  /* the measure outcomes go by; -1: only whether a trial was answered */
    struct compare_pair *pairs;      size_t pair_count;
    struct compare_change *changes;  size_t change_count;       /* by pair, then kind, then the base run's order */
    enum compare_by by;
    double pass;
};

/* `runs` (1 to COMPARE_RUNS_MAX, the first is the base) and `a` must outlive the answer. ERR_USAGE names what does not
 * exist and the nearest that does; ERR_BAD_INPUT when nothing can be paired. */
enum err_code compare_load(struct store *s, struct run *const *runs, size_t run_count, const struct compare_options *o,
                           struct arena *a, struct compare **out, struct err *e) MUST_USE;

/* The case whose id is `id` in a run: its number, or -1. One pass over the run's trials, ended when it is found. */
enum err_code compare_case_find(struct store *s, const struct run *run, struct str id, int64_t *index,
                                struct err *e) MUST_USE;

/* Fills in `changed` of runs over other cases than the base's, from the frozen cases; 0 where these are gone. 16 bytes
 * a case. (compare_contents.c) */
struct blob;
void          compare_contents(struct blob *blob, struct compare *c);

/* The parts of the task in which two runs differ: "prompts", "checks"... in words. (compare_task.c) */
void          compare_task(const json_t *base_settings, const json_t *other_settings, struct arena *a, struct str **out,
                           size_t *count);
