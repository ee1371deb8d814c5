/* src/eval/code_tests.h: the answer is a program; does it pass the tests? For metrics (code_passes, tests_passed) and
 * the check code_passes.
 *
 * The program is, of the answer: the one fenced block (three or more back quotes or tildes) of the task's language;
 * else the only fenced block there is; else the last one of that language; else the last one; without a fenced block
 * the whole text. A block of a language begins ```python, ```py, ```python3 (or ```sql, ```sqlite). An open fence
 * reaches to the end.
 *
 * python   Two guests of the sandbox that speak with each other (sandbox/pair.h): one runs the program
 *          (drivers/code_guest.py), the other the tests and never a byte of the program (drivers/code_judge.py, which
 *          says what a test is). Tests come from the case's variable `tests` (a text, or a list of texts), or the task.
 * sql      One guest (drivers/sql_judge.py) that makes a database by a script of the task's or the case's, has SQLite
 *          run the query, reading only, and compares the rows to those of the case's expected query, or to its rows.
 *
 * What a program does never makes a score missing: time, memory, a crash, nonsense are failed tests. Missing (not
 * evaluated) is a score when the sandbox fails, when nobody was asked, or when tests, database or reference can't be
 * run. Threads: prepared once, then read by many. */
#pragma once

#include "eval/evaluators.h"
#include "eval/subject.h"

#define CODE_TESTS_OPTIONS  "entry_point language max_rows memory ordered setup setup_variable tests tests_variable time tolerance"
#define CODE_TESTS_FILES    "tests setup"
#define CODE_PROGRAM_MAX    ((size_t)256 << 10)     /* bytes of a program */
#define CODE_TESTS_MAX      ((size_t)1 << 20)       /* of tests, of a script, of expected rows */
#define CODE_TIME_MAX_MS    600000
#define CODE_MEMORY_MIN     (64 << 20)              /* Python itself needs half of it */
#define CODE_ROWS_MAX       100000

struct code_tests;
/* Reads the options; says which is wrong and what is allowed. */
enum err_code code_tests_prepare(const json_t *options, struct arena *a, struct code_tests **out,
                                 struct err *e) MUST_USE;
void code_tests_wish(const struct code_tests *t, const struct subject *s, struct subject_wishes *w);
const struct evaluator *code_tests_program(const struct code_tests *t, size_t i);

struct code_verdict { int64_t passed, total; struct str why; };   /* why: what failed, in a sentence; empty when nothing did */
/* False: it could not be evaluated, v->why says why. */
bool          code_tests_verdict(const struct code_tests *t, const struct subject *s, struct arena *a,
                                 struct code_verdict *v) MUST_USE;

enum code_language { CODE_PYTHON, CODE_SQL, CODE_LANGUAGES };
/* The program in an answer, trimmed of white space at its end; borrowed. Empty: there is none. */
struct str    code_find(struct str answer, enum code_language language);
