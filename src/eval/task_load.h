/* src/eval/task_load.h: a task file, read and checked, all its faults at once.
 *
 * Reads YAML or JSON (base/doc.h) into struct task, with the prompts, schema and other files it names, which must lie
 * in the task's folder. Every fault found is one problem with "file:line:column", what stood there, what is allowed and
 * the nearest valid name; the first hundred are kept. Benchmark files (no `prompt`, but a description and
 * output_format) load unchanged: their prompt is composed, and takes the case's variable `input`.
 * So do use-case folders (data/usecase.h) and older use-case files (name, goal). `fork_of` names another task file of
 * the same folder whose keys are inherited where they are not written; the chain has at most 16 ancestors.
 * Templates are compiled, checks and metrics looked up, thresholds matched; models are only looked at as text, because
 * which providers exist is decided in planning. Threads: any. */
#pragma once

#include "domain/domain.h"

#define TASK_PROBLEMS_MAX 100

struct problem { struct str where, text; bool warning; };       /* where: "task.yaml:12:3" */
/* Strings live in the arena given to task_load. `more`: faults beyond the hundred kept. */
struct problems { VEC(struct problem) list; size_t errors, warnings, more; };
#define PROBLEMS_INIT ((struct problems){ .errors = 0 })
void problems_dispose(struct problems *p);

/* What the command line says over the file. Zero means: not said. */
struct task_overrides {
    const struct str *models;  size_t model_count;      /* replace models and variants */
    struct str prompt;                  /* a file's path as the process sees it, or text: the only prompt */
    struct str dataset;                 /* a path as the process sees it */
    struct str expected, id;            /* member names in it */
    int64_t repeat;
    struct str seed;                    /* of the choice of options, a whole number as text; empty: the task's */
    struct params params;               /* over the task's and the variants' */
    int64_t budget_nanousd;
    const struct task_chunking *chunking;
    bool sure, ask_all;                 /* stop_when_sure: on; off, whatever the task says */
    double sure_level;                  /* 0: as the task says */
    bool sure_margin_given;
    double sure_margin;
};

/* `path`: the file, or a folder with task.yaml (or task.yml, task.json, else a USE-CASE.md) in it. Fails with
 * ERR_BAD_INPUT, its text the first problem "(and N more)", when `p` holds an error; warnings alone are no failure. `p`
 * and `ov` may be NULL. */
enum err_code task_load(const char *path, const struct task_overrides *ov, struct arena *a, struct task **out,
                        struct problems *p, struct err *e) MUST_USE;
/* The same from text; `dir` is the folder its files are relative to, `name` how errors call it. */
enum err_code task_load_text(struct str name, const char *dir, struct str text, const struct task_overrides *ov,
                             struct arena *a, struct task **out, struct problems *p, struct err *e) MUST_USE;

/* What `assay init` writes: a small commented task that runs without a key. Ends with name NULL. */
struct task_starter_file { const char *name; struct str bytes; };
const struct task_starter_file *task_starter(void);
