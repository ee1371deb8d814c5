/* src/eval/promptfoo/promptfoo.h: other people's files: the configurations of promptfoo, run as they are.
 *
 * A configuration (promptfooconfig.yaml) is read as the mapping a task file would hold (config.c and its neighbours;
 * the tasks' reader checks and compiles it as it does any other). Each test becomes a case. What a test demands stays
 * with the case, in a variable of its own, templates in it already filled in:
 *   {"assert": [{type, value, threshold, weight, metric, transform, assert}], "threshold", "description", "metadata",
 *    "transform": CODE, "providers": {VARIANT: {"transform": CODE}}, "id": true (a variable is called so)}
 * "blind" beside or instead of a transform says why nobody knows what is to be judged.
 * The check `promptfoo` judges the case by it with promptfoo's own arithmetic: the verdict of a test is the verdict
 * promptfoo gives it, for every kind of assertion that this program judges at all (kinds.c says which).
 *
 *   score of a test = sum(score of assertion * weight) / sum(weight); 0 when nothing weighs
 *   it passes when no assertion fails; with a threshold, when the score reaches it, whatever failed
 *   an assertion of weight 0 never fails; an assert-set is an assertion whose verdict is made the same way of its own
 *   an assertion that can't be judged at all (its value makes no sense) fails the test, threshold or not
 * Assertions that a model grades (graded.c asks, grades.c reads the replies as promptfoo does) put one or two questions
 * each to the grader that the configuration names, or to the task's judge, once the answer is there; a reply nobody can
 * read fails as it does in promptfoo. Without a grader, or when its call fails, they are not evaluated; nor are kinds
 * that need a service or what is not here, and neither is a test whose verdict they decide: it passes or fails only
 * where they can change nothing.
 * select-best and max-score compare what all columns answered to a test, once they all have: who is not chosen fails
 * with score 0, whatever else he did.
 * Scripts (javascript, python) and transforms are asked in the sandbox (scripts.c, transforms.c). What any of them said
 * is kept with the trial's scores, so that a stored one is judged again without them; the trial's answer stays the
 * model's own.
 *
 * Known differences: what came is trimmed at both ends before anybody judges it; is-refusal knows other phrases;
 * schemas are draft 2020-12 and do not look at `format`. Threads: any; a verdict lives in the subject's arena. */
#pragma once

#include "eval/subject.h"

#define PROMPTFOO_VARIABLE     "promptfoo"      /* of a case */
#define PROMPTFOO_ASSERTS_MAX  256              /* of a test, with those in its sets */
#define PROMPTFOO_VALUE_MAX    (1024u * 1024)   /* bytes of an assertion's value */
#define PROMPTFOO_WORDS_MAX    20000            /* of a text that is measured against another */

enum promptfoo_state { PROMPTFOO_FAIL, PROMPTFOO_PASS, PROMPTFOO_SKIP, PROMPTFOO_BROKEN };

/* What is judged: the model's own output, or what transforms (transforms.c) made of it. */
struct promptfoo_output {
    enum promptfoo_state state;         /* PASS: it is there; SKIP: nobody knows it; BROKEN: a transform failed */
    struct str text;                    /* of what is no text its JSON */
    bool json;                          /* it is no text */
    bool transformed;
    struct str reason;                  /* why it is not there */
};

/* The trimmed output, the tools called for one that is empty, or what the provider's and the test's transforms made. */
struct promptfoo_output promptfoo_output(const struct subject *s, struct arena *a);

struct promptfoo_question {
    const struct subject *s;
    struct str output;                  /* what is judged, as text */
    bool json, transformed;             /* of struct promptfoo_output */
    const json_t *assertion, *value;    /* value: of the assertion; NULL: none */
    double threshold;                   /* NAN: none */
    bool inverse;                       /* "not-..." */
    struct arena *a;
};
/* FAIL and PASS are after `inverse`; the score is promptfoo's, which need not be 0 or 1. */
struct promptfoo_answer {
    enum promptfoo_state state;
    double score;
    struct str reason;
    bool firm;                          /* it fails even when it weighs nothing */
    const json_t *named, *named_weights;    /* further named scores that came with it; NULL for most */
};

/* Who judges a kind of assertion. */
enum promptfoo_support {
    PROMPTFOO_SAME,                     /* we, with promptfoo's verdict */
    PROMPTFOO_OWN,                      /* we, by rules of our own: verdicts may differ at the edges */
    PROMPTFOO_MODEL,                    /* a model grades, and its reply is read as promptfoo reads it */
    PROMPTFOO_SANDBOX,                  /* code, run in the sandbox, with promptfoo's verdict */
    PROMPTFOO_ELSEWHERE,                /* a service, a trace, a library that is not here: not evaluated */
    PROMPTFOO_SUPPORTS
};
const char *promptfoo_support_name(enum promptfoo_support s);

/* One kind of assertion; the table of them is in kinds.c. */
struct promptfoo_kind {
    const char *name;                   /* "contains-all" */
    enum promptfoo_support support;
    const char *about;                  /* what it comes to, or why it is not evaluated */
    /* MUST when we judge it. */
    void (*judge)(const struct promptfoo_question *q, struct promptfoo_answer *out);
};
size_t                       promptfoo_kind_count(void);
const struct promptfoo_kind *promptfoo_kind_at(size_t i);               /* sorted by name */
/* "not-contains" is contains with *inverse. NULL: there is no such kind. */
const struct promptfoo_kind *promptfoo_kind_find(struct str type, bool *inverse);
void                         promptfoo_kind_suggest(struct suggest *s);

/* One assertion of a test as it was judged; those of a set come right behind it. */
struct promptfoo_part {
    const json_t *assertion;            /* of the case */
    struct promptfoo_answer answer;
    bool in_set;
};
struct promptfoo_verdict {
    struct promptfoo_answer answer;     /* score: NAN when something that weighs was not evaluated */
    struct promptfoo_part *parts;
    size_t part_count;
    struct promptfoo_output output;     /* of the whole test */
    const json_t *named;                /* {metric: score}: means by weight of what bears the name */
    const json_t *kept;                 /* what came of asking outside, for judging again; NULL: nobody was asked */
    bool waits;                         /* it compares answers (compare.c), and they are not all there */
};

/* The subject's test judged, once: a second call gives the same. False: the case is none of promptfoo's. */
bool promptfoo_judge(const struct subject *s, struct arena *a, const struct promptfoo_verdict **out);

/* --- what models grade (graded.c) --------------------------------------------------------------------------------- */
#define PROMPTFOO_GRADERS_MAX  32               /* models that grade in one configuration */
#define PROMPTFOO_RUBRICS_MAX  64               /* different rubricPrompts of one */
#define PROMPTFOO_CRITERIA_MAX 64               /* of one g-eval */

/* The graders of a configuration and the texts they are asked with: of the check's options
 *   graders: [{model, base_url?, params?}]
 *   rubrics: [[{role, content}] or {steps: [...], evaluate: [...]}]     templates over the case's variables and what
 * the
 *                                                                       kind of assertion names (output, rubric, ...)
 * Assertions say which: "grader": 0, "rubric": 0. Without a number the task's judge is asked in our own words. */
struct promptfoo_graders;
enum err_code promptfoo_graders_read(const json_t *options, struct arena *a, struct promptfoo_graders **out,
                                     struct err *e) MUST_USE;
const struct model *promptfoo_grader_model(const struct promptfoo_graders *g, size_t i);    /* NULL past the last */
/* How often it is asked for a trial of the case; `i` past the last: the task's judge. */
int64_t promptfoo_grader_calls(const struct promptfoo_graders *g, const struct dataset_case *kase, size_t i);
void    promptfoo_graders_wish(const struct promptfoo_graders *g, const struct subject *s, struct subject_wishes *w);

/* Whether it is the test's: neither ours nor the id of a case, unless the test has a variable of that name. */
bool promptfoo_is_variable(const json_t *vars, const char *name);
/* --- what compares the answers of all columns to a test (compare.c) ----------------------------------------------- */
bool    promptfoo_compares(const struct dataset_case *kase);
void    promptfoo_compare_wish(const struct promptfoo_graders *g, const struct subject *all, size_t count,
                               struct subject_wishes *w);
int64_t promptfoo_compare_calls(const struct promptfoo_graders *g, const struct dataset_case *kase, size_t i);

/* From what was kept with a trial's score: what was judged in place of its answer, where transforms made it; false: the
 * answer. */
bool promptfoo_judged(const json_t *kept, struct arena *a, struct str *out);

/* What is wrong with a test's `assert`, as a sentence; empty: nothing. It was made by us, or comes from anywhere. */
struct str promptfoo_test_fault(const json_t *test, struct arena *a);

/* --- scripts (scripts.c) ------------------------------------------------------------------------------------------ */
/* What the check `promptfoo` holds of a configuration's scripts:
 *   {"javascript": {"files": {PATH: TEXT}, "load": [[PATH, FUNCTION]]}, "python": {...}}: languages that are used.
 * In `load`, [PATH, FUNCTION, "transform"] is a transform's. */
struct promptfoo_scripts;
enum promptfoo_language { PROMPTFOO_JAVASCRIPT, PROMPTFOO_PYTHON, PROMPTFOO_LANGUAGES };
const char    *promptfoo_language_name(enum promptfoo_language language);           /* "javascript" */
/* Whether this machine can run it; *why says why not. */
bool           promptfoo_language_runs(enum promptfoo_language language, struct arena *a, struct str *why);
enum err_code  promptfoo_scripts_new(const json_t *argument, struct arena *a, struct promptfoo_scripts **out,
                                     struct err *e) MUST_USE;
/* The i-th evaluator they need; NULL past the last. */
const struct evaluator *promptfoo_scripts_program(const struct promptfoo_scripts *x, size_t i);
void promptfoo_scripts_wish(const struct promptfoo_scripts *x, const struct subject *s, struct subject_wishes *w);
/* "file://a/b.py:name" apart: the language it is in; false: it names no file that is run here. `function` may be empty. */
bool promptfoo_script_file(struct str value, struct str *path, struct str *function, enum promptfoo_language *language);
/* What is to be asked of transforms next; w->more when something is. Before scripts and graders, which ask about what
 * comes of them. */
void promptfoo_transforms_wish(const struct promptfoo_scripts *x, const struct subject *s, struct subject_wishes *w);
