/* src/eval/judge.h: a model grades a stored answer against a rubric; nobody else is asked anything.
 *
 * A judge sees the task, the input, the expected answer and the output, each part between marks that carry a number
 * nobody could know when the output was written, and is told that what stands between them is data. It gives three
 * scores from 0 to 100 (accuracy, format, compliance), violations and its reasons; the overall score is ours: their
 * sum by the rubric's weights, 30/20/50 without any. What checks found is merged in and caps the scores, so that a
 * judge cannot be talked into more than the checks allow. A reply nobody can read is asked for once more; then the
 * trial is "not evaluated" with the reason, never zero. The scores of one judgement are a scoring pass of the run
 * (store.h); every trial is committed with what its judging cost (ledger, phase "judge"), so a judgement that was
 * broken off goes on where it was. */
#pragma once

#include "blob/blob.h"
#include "eval/agreement.h"
#include "eval/scoring.h"
#include "llm/cache.h"

enum judge_part { JUDGE_ACCURACY, JUDGE_FORMAT, JUDGE_COMPLIANCE, JUDGE_PARTS };
const char *judge_part_name(enum judge_part p);                 /* "accuracy" "format" "compliance" */

/* --- the rubric (judge/rubric.c) --------------------------------------------------------------------------------- */
#define JUDGE_RUBRIC_MAX   (256u << 10)
#define JUDGE_CRITERIA_MAX 12
#define JUDGE_NAME_MAX     40
/* One question of its own: the judge names its steps, then a grade from low to high. */
struct judge_criterion { struct str name, description; double weight, low, high; };      /* weights: their sum is 1 */
struct judge_rubric {
    struct str name;                    /* the file's, "task" or "built-in" */
    struct str text;                    /* as the judge reads it; may be empty */
    double weights[JUDGE_PARTS];        /* their sum is 1 */
    struct judge_criterion *criteria;   size_t criterion_count;     /* graded instead of the three parts; 0: none */
    struct str *labels;                 size_t label_count;         /* one is chosen instead of any score; 0: none */
};
/* `value`: text, or an object with `weights` {accuracy, format, compliance}, or `criteria` [{name, description, weight,
 * scale}], or `labels` [name], and anything else. NULL: none. */
enum err_code judge_rubric_of(struct str name, const json_t *value, struct arena *a, struct judge_rubric *out,
                              struct err *e) MUST_USE;
/* A .json, .yaml or .yml file is read as an object, any other as text. */
enum err_code judge_rubric_file(struct str path, struct arena *a, struct judge_rubric *out, struct err *e) MUST_USE;

/* --- what is asked (judge/prompt.c) ------------------------------------------------------------------------------ */
#define JUDGE_INPUT_WHOLE   8000        /* bytes; a longer input is shown as its first 5,000 and last 3,000 */
#define JUDGE_GOLD_MAX      60000
#define JUDGE_OUTPUT_MAX    200000      /* its first 150,000 and last 50,000 */
struct judge_question {
    const struct task *task;
    const struct judge_rubric *rubric;
    struct str instructions;            /* the task's own for its judge */
    struct str input, output;
    struct str gold;                    /* empty: the case has no expected answer */
    struct str mark;                    /* what the marks carry: at least 16 characters that neither text holds */
};
/* Two messages; texts live in the arena. */
struct message *judge_ask(const struct judge_question *q, struct arena *a);
struct message *judge_ask_criterion(const struct judge_question *q, const struct judge_criterion *c, struct arena *a);
struct message *judge_ask_label(const struct judge_question *q, struct arena *a);
/* One part between its marks; `text` as its head and its tail where it is longer than `whole`, with a line that says
 * so. */
void       judge_prompt_part(const char *name, struct str mark, struct str text, struct buf *b);
/* What marks carry: drawn now, and in none of the texts. */
struct str judge_mark(const struct str *texts, size_t count, struct arena *a);
struct str judge_prompt_cut(struct str text, size_t whole, size_t head, struct arena *a);
/* The messages again with the reply and what is wrong with it: four. `form`: of the object that is wanted. */
struct message *judge_ask_again(const struct message *messages, struct str reply, struct str why, const char *form,
                                struct arena *a);

/* --- what it says (judge/reply.c) -------------------------------------------------------------------------------- */
#define JUDGE_REPLY_MAX       (256u << 10)      /* a longer reply is not read */
#define JUDGE_DEPTH_MAX       32                /* neither is one nested deeper */
#define JUDGE_VIOLATIONS_MAX  50
#define JUDGE_VIOLATION_BYTES 500
#define JUDGE_REASONING_BYTES 4000
#define JUDGE_FAR             40                /* points between judge and measurement that make a trial one to look at */

enum violation_kind { VIOLATION_UNDER_MIN, VIOLATION_OVER_MAX, VIOLATION_FORMAT, VIOLATION_MISSING_FIELD, VIOLATION_OTHER,
                      VIOLATION_KINDS };
const char *violation_kind_name(enum violation_kind k);         /* "under_min" ... */
enum violation_kind violation_kind_of(struct str text);         /* by whole words, the first kind that has one */

struct judge_violation { enum violation_kind kind; struct str text; };
struct judge_verdict {
    bool judged;
    double grades[JUDGE_CRITERIA_MAX]; size_t grade_count;      /* of criteria, in their own scales */
    struct str steps[JUDGE_CRITERIA_MAX];                       /* how each was come by */
    struct str label;                   /* of labels; the rubric's own spelling */
    struct str why;                     /* why it is not evaluated */
    int parts[JUDGE_PARTS], overall;    /* 0..100, after caps */
    int said[JUDGE_PARTS], said_overall;/* before */
    bool capped;
    struct judge_violation violations[JUDGE_VIOLATIONS_MAX];
    size_t violation_count;
    struct str reasoning;
    struct str flag;                    /* judge and measurement are far apart: which says what; else empty */
};
/* What the program knows about the output without a judge. */
struct judge_facts {
    bool invalid;                       /* the output is not in the format the task asks for */
    const struct str *failed;           size_t failed_count;    /* failed checks, a sentence each */
    bool checked;                       /* something was checked at all */
    double measured;                    /* the metric that ranks, 0..1; NAN: it has no value */
};
/* Reads the scores in any wrapping: fences, prose around it, trailing commas, numbers as text. False: *why says what
 * is wrong with it. Nothing in it is ever executed. Cost: O(bytes). */
bool judge_reply_read(struct str reply, const struct judge_rubric *rubric, struct arena *a, struct judge_verdict *out,
                      struct str *why);
/* {"steps": [text], "grade": number, "violations": [text]} in any wrapping; the grade lies in the criterion's scale. */
bool judge_grade_read(struct str reply, const struct judge_criterion *c, struct arena *a, double *grade,
                      struct str *steps, struct judge_verdict *out, struct str *why);
/* {"label": one of the rubric's, "reasoning"} in any wrapping; case, * and _ around it do not matter. */
bool judge_label_read(struct str reply, const struct judge_rubric *rubric, struct arena *a, struct judge_verdict *out,
                      struct str *why);
/* The one object in a reply that has `key`; NULL: *why says why there is none. Lives in the arena. */
const json_t *judge_reply_object(struct str reply, const char *key, struct arena *a, struct str *why);
/* Adds what is said of violations: texts, or objects with a severity and a description or message. */
void judge_violations_read(const json_t *list, struct arena *a, struct judge_verdict *v);
/* 0..100: the grades, each as its share of its scale, by their weights, rounded down. */
int judge_criteria_overall(const struct judge_rubric *rubric, const double *grades);
/* Merges what checks found, caps the scores, looks how far they are from what was measured. */
void judge_verdict_settle(struct judge_verdict *v, const struct judge_rubric *rubric, const struct judge_facts *facts,
                          struct arena *a);

/* --- passes of a run (judge/pass.c) ------------------------------------------------------------------------------ */
/* judge, judge_accuracy, judge_format, judge_compliance; or judge and one of each criterion. 1 is 100 points. */
#define JUDGE_SCORERS_MAX (1 + JUDGE_CRITERIA_MAX)
#define JUDGE_PASSES_MAX 10             /* that judge the same trials again */

/* Scores that reports show; the same asked again, to see how steady the judge is; which of two outputs is better; the
 * grades of one criterion, kept as they come so that none is paid for twice; one label for each output. */
enum judge_pass_kind { JUDGE_PASS_SCORES, JUDGE_PASS_AGAIN, JUDGE_PASS_PAIRS, JUDGE_PASS_CRITERION, JUDGE_PASS_LABELS,
                       JUDGE_PASS_KINDS };
const char *judge_pass_name(enum judge_pass_kind k);    /* "judge" "judge-again" "pairwise" "criterion" "labels" */

struct judge_pass {
    int64_t no, created_ms, trials;     /* trials: rows it has so far */
    enum judge_pass_kind kind;
    struct str model, rubric;
    double weights[JUDGE_PARTS];
    struct str judgement;               /* hash of all that decides it: the same command continues it */
    struct str question;                /* hash of rubric and instructions alone */
    struct str salt;                    /* of its marks */
    struct str *names; size_t name_count;               /* of criteria, or labels */
    int64_t of;                         /* JUDGE_PASS_AGAIN: the pass that is repeated; JUDGE_PASS_CRITERION: whose it is */
    int64_t criterion;                  /* JUDGE_PASS_CRITERION: its place in the rubric */
    int64_t variants[2];                /* JUDGE_PASS_PAIRS: their numbers */
};
/* The run's scorers, and after them the judge's when the run has been judged. */
struct judge_scorers {
    struct scorer_info *infos; size_t count;
    size_t judge_at;                    /* where the judge's begin; the count when it has none */
    ptrdiff_t measured_at;              /* the run's own metric that says how good an answer is; -1: none but checks */
    struct judge_pass *passes; size_t pass_count;       /* oldest first */
    ptrdiff_t shown;                    /* the newest of JUDGE_PASS_SCORES, whose scores reports show; -1: none */
};
/* `shown`: the number of a pass of JUDGE_PASS_SCORES; 0: the newest. ERR_NOT_FOUND says which there are. */
enum err_code judge_scorers_of(struct store *s, const struct run *run, const json_t *settings, int64_t shown,
                               struct arena *a, struct judge_scorers *out, struct err *e) MUST_USE;
/* A trial's own scores with the verdict added, as they are stored. `length`: of the output, in code points. */
enum err_code judge_scores_write(struct str own, size_t own_count, const struct judge_rubric *rubric,
                                 const struct judge_verdict *v, size_t length, struct buf *out, struct err *e) MUST_USE;
/* What judge_scores_write left of the verdict: {reasoning, violations: [{kind, text}]...}; NULL: not judged. Yours. */
json_t *judge_detail_of(struct str scores);

/* --- which of two is better (judge/pairs.c) ---------------------------------------------------------------------- */
enum judge_choice { JUDGE_CHOICE_FIRST, JUDGE_CHOICE_SECOND, JUDGE_CHOICE_TIE, JUDGE_CHOICES };
const char *judge_choice_name(enum judge_choice c);             /* "A" "B" "tie" */
struct judge_pair_question {
    const struct task *task;
    const struct judge_rubric *rubric;
    struct str instructions;
    struct str input, gold, mark;
    struct str outputs[2];              /* in the order they are shown */
};
struct message *judge_ask_pair(const struct judge_pair_question *q, struct arena *a);
/* {"winner": "A", "B" or "tie", "reasoning"} in any wrapping. False: *why says what is wrong with it. */
bool judge_choice_read(struct str reply, struct arena *a, enum judge_choice *out, struct str *reasoning,
                       struct str *why);

/* What a pass of pairs came to. A pair is what two variants made of one case and repetition, asked about in both
 * orders: won when the same output is preferred in both, a tie when both say so, else inconsistent. With repetitions a
 * case is won by who won more of its pairs. Rate, interval (Wilson) and p (sign test, which is the exact McNemar) are
 * of the cases that were won. Sources: Zheng et al. 2023 (judge_quality.h); stats.h. */
struct judge_pairs {
    int64_t pass;
    struct str model, rubric;
    int64_t variants[2];                /* numbers */
    int64_t pairs, half, not_evaluated; /* asked in both orders; in one so far; replies that can't be used */
    int64_t wins[2], ties, inconsistent;
    int64_t follows_first, follows_second;              /* the same place won in both orders */
    int64_t cases[2], cases_even;       /* won by the first, by the second, by neither */
    double rate; struct interval interval;              /* of the first, among cases that were won; NAN without any */
    double p;
    int64_t flagged;                    /* pairs whose winner was measured JUDGE_FAR points or more below the loser */
};
enum err_code judge_pairs_load(struct store *s, const struct run *run, const struct judge_pass *pass,
                               struct judge_pairs *out, struct err *e) MUST_USE;
json_t *judge_pairs_json(const struct judge_pairs *p, struct str first, struct str second);     /* yours */

/* --- which label (judge/labels.c) -------------------------------------------------------------------------------- */
/* What a pass of labels came to: how often each variant was given each, and next to people's labels. */
struct judge_labelled {
    int64_t pass;
    struct str model, rubric;
    struct str *labels; size_t label_count;
    int64_t variants;                   /* of the run */
    int64_t *counts;                    /* [variant's number * label_count + label] */
    int64_t *judged;                    /* [variant's number] */
    int64_t not_evaluated;
    int64_t *confusion;                 /* [what most people say * label_count + what the judge says] */
    struct agreement_kappa kappa;       /* n: trials with a label of people that is one of these; a draw is left out */
    int64_t others;                     /* labels of people that are none of these */
};
enum err_code judge_labelled_load(struct store *s, const struct run *run, const struct judge_pass *pass,
                                  struct arena *a, struct judge_labelled *out, struct err *e) MUST_USE;
/* Yours. `names[n]`: of the variant numbered n. */
json_t *judge_labelled_json(const struct judge_labelled *l, const struct str *names);

/* --- judging a run (judge/judging.c) ----------------------------------------------------------------------------- */
struct judge_progress { int64_t trials, finished, in_flight, not_evaluated, cost_nanousd, unknown_calls; bool stopping; };
struct judge_options {
    enum judge_pass_kind kind;
    int64_t of; int nth;                /* JUDGE_PASS_AGAIN: the pass that is repeated, and the how manieth time (from 2) */
    int64_t sample; uint64_t seed;      /* JUDGE_PASS_AGAIN: so many of its trials, drawn by the seed; 0: all */
    int64_t variants[2];                /* JUDGE_PASS_PAIRS: numbers in the run */
    const struct model *model;
    struct str base_url;
    const struct judge_rubric *rubric;
    struct str instructions;
    struct params params;               /* over temperature 0.3 and max_tokens 2000 */
    int64_t limit;                      /* at most so many trials this time; 0: all */
    int64_t budget_nanousd;             /* of this time; 0: none */
    int64_t concurrency;                /* 0: 64 */
    bool again;                         /* a new pass even where this judgement is there already */
    struct cache *cache;                /* NULL: none */
    int (*interrupted)(void *arg);      /* as runner_options; may be NULL */
    void (*progress)(const struct judge_progress *p, void *arg);
    void *arg;
};
struct judge_result {
    int64_t pass;                       /* number of the scoring pass */
    bool continued;                     /* it had been begun before */
    int64_t trials;                     /* finished ones of the run; of them those to be judged again; or twice the pairs */
    int64_t judged, not_evaluated, flagged, capped;     /* of this time */
    int64_t before;                     /* judged before */
    int64_t failed;                     /* trials whose call failed: still to be judged */
    int64_t repaired;                   /* replies that were readable only the second time */
    int64_t cost_nanousd, unknown_calls;
    enum stop_reason why;               /* STOP_NONE: every finished trial has been seen, or the limit */
    struct str first_failure;           /* a sentence, in the arena; empty when no call failed */
};
/* Scores every finished trial that the pass of this judgement (kind, model, rubric, instructions, params) has not seen.
 * Everything paid for is committed when it returns, also with an error. */
enum err_code judge_run(struct store *s, struct blob *blob, struct llm *l, const struct run *run,
                        const struct judge_options *options, struct arena *a, struct judge_result *out,
                        struct err *e) MUST_USE;
