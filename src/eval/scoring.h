/* src/eval/scoring.h: all scores of a trial: the task's metrics, then its checks, then what its constraints imply.
 *
 * Compiled once per task and never changed, so any number of threads may score with it. The list of scorers is part of
 * a run's settings ("scorers"), so that a stored run's numbers keep their names when the task file has moved on.
 * Scores of a trial are stored as text: {"v":[0.5,null,1],"n":{"1":"why it is missing, or why the check failed"}},
 * and "p":{"0":[3,4,1]} of what a score leaves for its variant (score.parts; labels are strings, the expected first).
 * "k":{"0":...} is what a scorer keeps to judge the stored trial again (score.kept).
 * Cost: about 5 us for a small JSON answer with 4 metrics and 3 checks. */
#pragma once

#include "eval/check/check.h"
#include "eval/metric/metric.h"

enum scorer_kind { SCORER_METRIC, SCORER_CHECK };

struct scorer_info {
    struct str name;                    /* unique in the task */
    struct str base;                    /* the metric's or check's own name in its table: "accuracy", "one_of" */
    enum scorer_kind kind;
    enum metric_unit unit;              /* checks: METRIC_RATIO, the share that passed */
    bool higher_is_better;
    bool over_repeats;                  /* metric.h */
    bool ranks;                         /* the task says so (rank_by) */
    const json_t *options;              /* of a metric whose value is computed when a result is read; NULL when none */
    enum severity severity;             /* checks */
    double weight;                      /* checks */
};

#define SCORERS_MAX 256                 /* of one task */

struct scoring;

/* ERR_BAD_INPUT names the check or metric that can't be prepared. The task must outlive it. */
enum err_code scoring_new(const struct task *task, struct scoring **out, struct err *e) MUST_USE;
void          scoring_free(struct scoring *sc);
void          scoring_freep(struct scoring **sc);
size_t        scoring_count(const struct scoring *sc);
const struct scorer_info *scoring_at(const struct scoring *sc, size_t i);
const struct scorer_info *scoring_infos(const struct scoring *sc);      /* all of them, scoring_count long */
/* Reads the checks that this case brings for the task's case_checks, if any. ERR_BAD_INPUT: "case ID: checks: ...". */
enum err_code scoring_case_verify(const struct task *task, const struct dataset_case *kase, struct err *e) MUST_USE;
bool          scoring_reads_cases(const struct task *task);             /* it has a case_checks */
/* Fills out[0 .. scoring_count-1]; notes live in the arena. A failed subject has only missing scores. */
void          scoring_run(const struct scoring *sc, const struct subject *s, struct arena *a, struct score *out);

/* --- scores that wait ---------------------------------------------------------------------------------------------
 * A check may compare what all variants answered to a case (check.h: compares). Its score, and those of metrics over
 * checks, are missing until all are there; the stored row has "w":1. The runner settles them then, once. */
bool   scoring_compares(const struct scoring *sc, const struct dataset_case *kase);    /* NULL: in some case of the task */
bool   scores_wait(struct str text);
/* What is asked about all the answers to a case; the same wishes go into each subject. */
size_t scoring_compare_wishes(const struct scoring *sc, const struct subject *all, size_t count, struct arena *a,
                              struct subject_wish **out);
/* What a check that compares kept in a row, for subject.kept; NULL: nothing. */
const json_t *scoring_kept(const struct scoring *sc, struct str text, struct arena *a);
/* The scores of all[place], which waited (all of them have begun, subject_begin): `text` is its row, *row what takes
 * its place, out[] as of scoring_run. */
enum err_code scoring_settle(const struct scoring *sc, const struct subject *all, size_t count, size_t place,
                             struct str text, struct arena *a, struct score *out, struct str *row,
                             struct err *e) MUST_USE;

size_t scoring_check_count(const struct scoring *sc);
const struct check_ready *scoring_check(const struct scoring *sc, size_t i);
/* What metrics and checks want to know from models and programs about this subject before scoring_run, behind what they
 * asked already; most want nothing. `w` begins empty but for its arena. While w->more is set, call it again once all of
 * them are answered and are the subject's own: what was said leads to others, SCORING_ROUNDS times at most. */
#define SCORING_ROUNDS 5                /* promptfoo: a provider's transform, a test's, an assertion's, its texts, its vectors */
void scoring_wishes(const struct scoring *sc, const struct subject *s, struct subject_wishes *w);
/* The n-th program that its metrics and checks run in the sandbox; NULL past the last. */
const struct evaluator *scoring_program(const struct scoring *sc, size_t n);

/* The metric that ranks: the one the task says (rank_by), else the first it has of accuracy, code_passes, tests_passed,
 * classification, f1, macro_f1, exact_match, answer_match, normalized_match, numeric_match, completeness, chrf, bleu,
 * rouge_l, rouge_1, rouge_2, edit_similarity, embedding_similarity, scorer, judge, instruction_following,
 * checks_passed. A task with none of them but with checks gets checks_passed by itself. -1 when nothing can rank. */
ptrdiff_t     scoring_quality(const struct scorer_info *infos, size_t count);

/* Failed checks among `scores`, and the critical ones among these: trial.violations, trial.critical. */
void          scores_violations(const struct scorer_info *infos, const struct score *scores, size_t count,
                                int64_t *violations, int64_t *critical);
void          scores_write(const struct score *scores, size_t count, struct buf *out);
/* Reads what scores_write wrote. `a` NULL: notes are not read. Fewer values than `count` leave the rest missing. */
enum err_code scores_read(struct str text, struct arena *a, struct score *out, size_t count, struct err *e) MUST_USE;
/* What trials left for their variant's values: {"scorer's place": [numbers or labels]}, the caller's; NULL when
 * nothing. */
enum err_code scores_read_parts(struct str text, json_t **out, struct err *e) MUST_USE;
/* What a scorer kept with a trial (score.kept), the caller's; NULL when nothing. */
enum err_code scores_read_kept(struct str text, size_t place, json_t **out, struct err *e) MUST_USE;
/* What a metric judged in place of the trial's answer (metric.h: judged); false: the answer. */
bool          scores_read_judged(struct str text, const struct scorer_info *infos, size_t count, struct arena *a,
                                 struct str *out);
/* For people and programs: *values {name: number or null}, *notes {name: text}; the caller's. Scratch lives in `a`. */
enum err_code scores_to_json(struct str text, const struct scorer_info *infos, size_t count, struct arena *a,
                             json_t **values, json_t **notes, struct err *e) MUST_USE;

/* The list for a run's settings, and back. */
json_t       *scorers_to_json(const struct scorer_info *infos, size_t count);
enum err_code scorers_from_json(const json_t *list, struct arena *a, struct scorer_info **infos, size_t *count,
                                struct err *e) MUST_USE;
