/* src/eval/evaluators.h: programs that score, run in the sandbox.
 *
 * An evaluator is what is run: a user's function, or any program that reads a JSON object a line and answers each with
 * one, in order. It lives in guests that stay, at most one a processor (EVALUATORS_GUESTS_MAX), started as questions
 * come; a guest is told up to EVALUATORS_AHEAD questions before it has answered the first. Every question carries
 * {"id": N}; an answer may (or must: `numbered`) repeat it, and must then be right. A guest that crashes, takes longer
 * than `time_ms` over a question, writes more than a line of EVALUATORS_LINE_MAX or says what is no answer is ended:
 * the question it was on stays without an answer and says why, those told ahead go to another guest. After
 * EVALUATORS_FAILURES in a row nobody is asked any more, and the rest says so. An evaluator that runs `once` gets a
 * guest of its own for each question, whose end is the answer: for what a model wrote. With `other` it gets two that
 * speak with each other (sandbox/pair.h): its own is the judge, the other runs what nobody trusts. The runner asks one
 * trial's equal questions once. Threads: evaluators_ask from any; `done` is called on the evaluators' own thread and
 * must not block. Memory: what is asked belongs to its caller, who bounds it; a guest holds at most EVALUATORS_LINE_MAX
 * unread. */
#pragma once

#include "sandbox/pair.h"

#define EVALUATORS_GUESTS_MAX 16        /* of one evaluator */
#define EVALUATORS_AHEAD      8
#define EVALUATORS_FAILURES   5
#define EVALUATORS_LINE_MAX   (1u << 20)
#define EVALUATORS_QUESTION_MAX (8u << 20)
#define EVALUATORS_START_MS   10000     /* a guest's first answer may take so much longer */

struct evaluator {                      /* never changes; outlives the evaluators that run it */
    struct str name;                    /* in sentences: "polite.py" */
    struct sandbox_spec spec;           /* program, native, args, files, limits, starts_programs */
    int64_t time_ms;                    /* for one question; once: spec.limits.wall_ms counts */
    bool once;
    bool numbered;                      /* its answers must repeat the question's id */
    const struct sandbox_spec *other;   /* MAY, with once: the second guest of each question */
    char id[HASH_HEX];                  /* evaluator_seal's: those of one id are one evaluator, and share its guests */
    struct str hello;                   /* asked of a guest before a run begins, any answer but none is good; empty: not asked */
};

struct evaluation {                     /* one question; its caller's until asked, and again in done */
    const struct evaluator *evaluator;
    struct str question;                /* one JSON object on one line; once: standard input */
    const struct sandbox_file *files;   size_t files_count;     /* once: besides the evaluator's */
    struct str told;                    /* other: the line it hears first; the question is the judge's */
    struct arena *arena;                /* the answer's home */
    void (*done)(struct evaluation *x); /* MUST. Once; may be called before evaluators_ask returns */
    void *owner;
    /* the answer */
    const json_t *answer;               /* an object; once: NULL */
    struct str why;                     /* why there is none; else empty */
    enum sandbox_cause cause; int status; struct str output, errors;    /* once, when `why` is empty */
    enum sandbox_cause other_cause; int other_status;           /* how the other ended; output is empty */
    struct evaluation *next;            /* from here on the evaluators' business */
    struct loop_letter letter;
    struct evaluators *pool;
    int64_t id;
};

/* Gives `v` its id, by all that it is; call once it is complete. */
void          evaluator_seal(struct evaluator *v);
bool          evaluation_same(const struct evaluation *a, const struct evaluation *b);  /* one answer does for both */

/* An option `name` ("time", "memory") of a metric or a check into its limits: a number, or a text such as 500ms, 64M. */
enum err_code evaluator_limit(const json_t *options, const char *name, struct sandbox_limits *l,
                              struct err *e) MUST_USE;

struct evaluators;
/* ERR_ENVIRONMENT says in one sentence what this machine lacks. */
enum err_code evaluators_new(struct evaluators **out, struct err *e) MUST_USE;
void          evaluators_free(struct evaluators *p);            /* ends what goes on: `done` of all is called before it returns */
void          evaluators_freep(struct evaluators **p);
void          evaluators_ask(struct evaluators *p, struct evaluation *x);
/* Says hello and waits, some seconds at most, so that a broken evaluator is told of before anything is spent.
 * ERR_BAD_INPUT: it does not start, and why. */
enum err_code evaluators_greet(struct evaluators *p, const struct evaluator *v, struct err *e) MUST_USE;
/* What is going on and whatever is asked from now on ends without an answer. */
void          evaluators_cancel(struct evaluators *p);
