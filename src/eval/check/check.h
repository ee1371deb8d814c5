/* src/eval/check/check.h: rules an output must satisfy.
 *
 * A kind of check is one entry (struct check) in a family's file and one name in checks.c. A kind judges one text or
 * one JSON value; everything kinds share happens here once:
 *   path   chooses values inside the JSON output (base/jsonpath.h: RFC 9535). Each chosen value must satisfy the check.
 *          When the output is not JSON, or nothing is at the path, the check fails, negated or not: a broken output
 *          never passes. A path that met a limit is not evaluated.
 *   not    turns pass and fail round, for each chosen value. "Not evaluated" stays so.
 *   {{ }}  in text arguments is a template over the case's variables and `expected` (text_arg.h).
 * A check without a path sees the whole output, trimmed at both ends. `ignore_case` concerns ASCII letters.
 * Prepared once per task, then judged by many threads at once. */
#pragma once

#include "eval/evaluators.h"
#include "eval/subject.h"

#define CHECK_GROUP_MAX  64             /* checks in one all_of, any_of, none_of, or of one case */
#define CHECK_DEPTH_MAX  8              /* groups in groups */
#define CHECK_NESTED_MAX 256            /* checks in a group with all the groups in it */

enum check_verdict { CHECK_FAIL, CHECK_PASS, CHECK_SKIP };      /* skip: could not be evaluated */

struct check_target {
    const struct subject *subject;
    struct str text;                    /* what is judged: the output, or the chosen value's text (items.h) */
    const json_t *node;                 /* the chosen value, or NULL when the whole output is judged */
    const struct jsonpath_nodes *nodes; /* CHECK_OF_NODES and _COUNT with a path: all that it chose */
};

enum check_argument {                   /* what may stand after the kind's name */
    CHECK_TEXT,                         /* a string */
    CHECK_TEXTS,                        /* a string or a list of at least one */
    CHECK_VALUES,                       /* a list of at least one string, number, true, false or null */
    CHECK_VALUE,                        /* anything */
    CHECK_NUMBER,                       /* a number >= 0 */
    CHECK_BOUNDS,                       /* {min, max}: one or both */
    CHECK_TRUE,                         /* true */
    CHECK_AMOUNT,                       /* a number >= 0, with decimals */
    CHECK_KEYS,                         /* true, a string, or a list of them */
    CHECK_MAP,                          /* a map of `members` */
    CHECK_CHECKS                        /* a list of checks */
};

enum check_scope {
    CHECK_OF_VALUE,                     /* judges each chosen value */
    CHECK_OF_NODES,                     /* judges what a path chose as one list, of one value at least */
    CHECK_OF_COUNT,                     /* the same, and nothing is a list too */
    CHECK_OF_TRIAL                      /* judges what the trial took or did; a path makes no sense */
};

struct check {
    const char *name;                   /* "max_words": what a user writes */
    const char *doc;                    /* one sentence */
    const char *example;                /* YAML of one check */
    enum check_argument argument;
    enum check_scope scope;
    const char *members;                /* CHECK_MAP: what the map may hold, space-separated */
    const char *options;                /* its own options, space-separated: "ignore_case"; or NULL */
    const char *files;                  /* those of them, and its own name, that name files beside the task: a loader puts
                                           {name, text} (or base64) in the name's place; or NULL */
    /* MUST. Reads the argument (its shape is already checked) into *state, which lives in the arena. */
    enum err_code (*prepare)(const struct check_spec *spec, struct arena *a, void **state, struct err *e);
    /* MUST. Judges; on CHECK_FAIL and CHECK_SKIP *why says why, in a few words. */
    enum check_verdict (*judge)(const void *state, const struct check_target *t, struct arena *a, struct str *why);
    /* MAY. Adds what it asks models or programs before it can judge; often nothing. Texts live in w->arena.
     * Who sets w->more is asked again once its wishes are answered, and are those of `s` (scoring.h). */
    void (*wish)(const void *state, const struct subject *s, struct subject_wishes *w);
    /* MAY, with wish. The i-th model it asks and how often for a trial of the case, for keys and the estimate; NULL
     * past the last. */
    const struct model *(*model)(const void *state, size_t i);
    int64_t (*calls)(const void *state, const struct dataset_case *kase, size_t i);
    /* MAY, with wish. The i-th program it runs in the sandbox (evaluators.h); NULL past the last. */
    const struct evaluator *(*program)(const void *state, size_t i);
    /* MAY. It compares what all variants answered to this case (NULL: to some case), so it is judged once they all
     * have: with subject.rivals. Until then its score waits (scoring.h). The next three come with it. */
    bool (*compares)(const void *state, const struct dataset_case *kase);
    /* MAY. What it asks a model about all the answers together, and how often the i-th of `model` for a case. */
    void (*compare_wish)(const void *state, const struct subject *all, size_t count, struct subject_wishes *w);
    int64_t (*compare_calls)(const void *state, const struct dataset_case *kase, size_t i);
    /* MAY. What it heard about this answer alone and must have again as subject.kept when it is judged. */
    const json_t *(*kept)(const void *state, const struct subject *s, struct arena *a);
};

size_t              check_kinds(void);
const struct check *check_at(size_t i);                         /* sorted by name */
const struct check *check_find(struct str name);                /* NULL when there is no such kind */
void                check_suggest(struct suggest *s);           /* offers every kind's name */

/* A check of a task, ready to be judged. */
struct check_ready {
    const struct check *check;
    void *state;
    struct jsonpath *path;              /* NULL: the whole output */
    bool negate;
};
/* Checks the shape of the argument, names of options, the path, the pattern; says what is wrong without naming the
 * check (the caller knows file and line). The spec must live as long as the arena. */
enum err_code check_prepare(const struct check_spec *spec, struct arena *a, struct check_ready *out,
                            struct err *e) MUST_USE;
/* The same for readers of task files, which only want to know. */
enum err_code check_verify(const struct check_spec *spec, struct err *e) MUST_USE;
void          check_judge(const struct check_ready *c, const struct subject *s, struct arena *a, struct score *out);

/* One check as JSON ("json_valid", or {max_words: 3, severity: info}) into a spec that borrows from it: its kind, its
 * `not`, its weight. Names nothing and prepares nothing. */
enum err_code check_spec_read(const json_t *j, struct check_spec *out, struct err *e) MUST_USE;
/* A value of a dataset's case as its own checks (kind case_checks). */
enum err_code check_case_verify(const json_t *checks, struct err *e) MUST_USE;
/* The variable that check_case_checks reads, when the spec is one. */
struct str    check_case_variable(const struct check_spec *spec);

/* For kinds. */
/* A group's members are judged as the group is, on the same target. */
enum check_verdict check_judge_target(const struct check_ready *c, const struct check_target *t, struct arena *a,
                                      struct str *why);
/* A key of `map` that is not in `names` (space-separated) is an error with the nearest; `what` names the map. */
enum err_code check_members_verify(const char *what, const json_t *map, const char *names, struct err *e) MUST_USE;
const json_t *check_target_json(const struct check_target *t, struct arena *a, struct str *why);
/* The model of `judge: {model}`; empty when the task names none, or has no check that may ask it. */
struct str    check_judge_model(const struct task *task);
bool          check_option(const struct check_spec *spec, const char *name);    /* a true one */
