/* src/eval/check/check.h: rules an output must satisfy.
 *
 * A kind of check is one entry (struct check) in a family's file and one name in checks.c. A kind judges one text or
 * one JSON value; everything kinds share happens here once:
 *   path   chooses values inside the JSON output (json_path.h). Each chosen value must satisfy the check. When the
 * output
 *          is not JSON, or nothing is at the path, the check fails, negated or not: a broken output never passes.
 *   not    turns pass and fail round, for each chosen value. "Not evaluated" stays so.
 *   {{ }}  in text arguments is a template over the case's variables and `expected` (text_arg.h).
 * A check without a path sees the whole output, trimmed at both ends. `ignore_case` concerns ASCII letters.
 * Prepared once per task, then judged by many threads at once. */
#pragma once

#include "eval/subject.h"

struct json_path;

enum check_verdict { CHECK_FAIL, CHECK_PASS, CHECK_SKIP };      /* skip: could not be evaluated */

struct check_target {
    const struct subject *subject;
    struct str text;                    /* what is judged: the output, or the chosen value's text (items.h) */
    const json_t *node;                 /* the chosen value, or NULL when the whole output is judged */
};

enum check_argument {                   /* what may stand after the kind's name */
    CHECK_TEXT,                         /* a string */
    CHECK_TEXTS,                        /* a string or a list of at least one */
    CHECK_VALUES,                       /* a list of at least one string, number, true, false or null */
    CHECK_VALUE,                        /* anything */
    CHECK_NUMBER,                       /* a number >= 0 */
    CHECK_BOUNDS,                       /* {min, max}: one or both */
    CHECK_TRUE                          /* true */
};

struct check {
    const char *name;                   /* "max_words": what a user writes */
    const char *doc;                    /* one sentence */
    const char *example;                /* YAML of one check */
    enum check_argument argument;
    const char *options;                /* its own options, space-separated: "ignore_case"; or NULL */
    /* MUST. Reads the argument (its shape is already checked) into *state, which lives in the arena. */
    enum err_code (*prepare)(const struct check_spec *spec, struct arena *a, void **state, struct err *e);
    /* MUST. Judges; on CHECK_FAIL and CHECK_SKIP *why says why, in a few words. */
    enum check_verdict (*judge)(const void *state, const struct check_target *t, struct arena *a, struct str *why);
};

size_t              check_count(void);
const struct check *check_at(size_t i);                         /* sorted by name */
const struct check *check_find(struct str name);                /* NULL when there is no such kind */
void                check_suggest(struct suggest *s);           /* offers every kind's name */

/* A check of a task, ready to be judged. */
struct check_ready {
    const struct check *check;
    void *state;
    struct json_path *path;             /* NULL: the whole output */
    bool negate;
};
/* Checks the shape of the argument, names of options, the path, the pattern; says what is wrong without naming the
 * check (the caller knows file and line). The spec must live as long as the arena. */
enum err_code check_prepare(const struct check_spec *spec, struct arena *a, struct check_ready *out,
                            struct err *e) MUST_USE;
/* The same for readers of task files, which only want to know. */
enum err_code check_verify(const struct check_spec *spec, struct err *e) MUST_USE;
void          check_judge(const struct check_ready *c, const struct subject *s, struct arena *a, struct score *out);

/* For kinds. */
const json_t *check_target_json(const struct check_target *t, struct arena *a, struct str *why);
bool          check_option(const struct check_spec *spec, const char *name);    /* a true one */
