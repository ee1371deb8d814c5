/* src/eval/custom_scorer.h (private to eval): a user's own scorer, run in the sandbox: the metric and the check
 * `scorer`.
 *
 * The scorer is a file beside the task:
 *   *.py               defines evaluate(output, expected, metadata) -> {score, passed, details}, a number, True or
 * False;
 *                      it may take fewer of the three; an exception is that answer's "not evaluated", with its text
 *   a script ("#!")    or an ELF program: reads one JSON object a line, {"id", "output", "expected", "metadata"}, and
 *                      answers each with one: {"id"?, "score"?, "passed"?, "details"?} or {"error": "why not"}
 * output: text. expected: the case's, or null. metadata: {"case": id, "vars": {...}, "prompt": text of the last turn,
 * "latency_ms": n or null, "cost_usd": n or null}. score: 0 to 1; what it does not give is missing.
 * Settings, of both: files (others it needs beside it), time (for one answer; 10 s), memory (512M), allow_exec (a
 * program that starts others), with (runsc: gVisor around it). Threads: read by many at once. */
#pragma once

#include "eval/evaluators.h"
#include "eval/subject.h"

#define CUSTOM_SCORER_OPTIONS "files time memory allow_exec with"
#define CUSTOM_SCORER_FILES   "scorer files"

struct custom_scorer { struct evaluator evaluator; };

/* `file`: {name, text} or {name, base64}, as the loader leaves it; a bare name is an error that says so. */
enum err_code custom_scorer_prepare(const json_t *file, const json_t *options, struct arena *a, struct custom_scorer *out,
                                    struct err *e) MUST_USE;
void          custom_scorer_wish(const struct custom_scorer *c, const struct subject *s, struct subject_wishes *w);

struct custom_score { double score; int passed; struct str details, why; };     /* NAN, -1: not said; why: no answer */
void          custom_scorer_read(const struct custom_scorer *c, const struct subject *s, struct arena *a,
                                 struct custom_score *out);
