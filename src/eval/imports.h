/* src/eval/imports.h: what other evaluation tools leave behind, as tasks and runs of ours.
 *
 *   tasks   a file of another tool that `assay run` takes as it is: it becomes the mapping a task file would hold
 *   logs    a finished run of another tool: it is stored as a finished run
 *
 * One format is one file in eval/import/ and one name in imports.c. What a format cannot carry over is told as a
 * warning where it stands; what would change the meaning of a result is an error. Files come from anywhere: sizes,
 * numbers and depths have ceilings, and a task's other files lie in its folder. Threads: any. */
#pragma once

#include "blob/blob.h"
#include "domain/domain.h"
#include "store/store.h"

#define IMPORT_LOG_MAX    ((size_t)128 << 20)       /* bytes of a log */
#define IMPORT_CASES_MAX  100000                    /* of a task */
#define IMPORT_FILE_MAX   ((size_t)48 << 20)        /* bytes of a task's data file */
#define IMPORT_TRIALS_MAX 1000000                   /* of a log */
#define IMPORT_SCORERS_MAX 64                       /* of a log */
#define IMPORT_EPOCHS_MAX 1000                      /* of a log */

enum import_kind { IMPORT_TASK, IMPORT_LOG };

struct import_in {
    struct str name;                    /* how errors call the file */
    const char *dir;                    /* the folder its other files lie in */
    const struct doc_node *root;        /* IMPORT_TASK: the file, read */
    struct arena *a;
    void (*warn)(void *arg, const struct doc_node *at, struct str text);    /* what is not carried over; never NULL */
    void *arg;
};

struct import_format {
    const char *name, *tool;            /* "lm-eval", "lm-evaluation-harness": for lists and sentences */
    const char *doc;                    /* one sentence: what is read */
    enum import_kind kind;
    /* IMPORT_TASK, MUST. Is the document one of these? Looks at its keys only. */
    bool (*is)(const struct doc_node *root);
    /* IMPORT_TASK, MUST. The task file it comes to, as JSON, in the arena. */
    enum err_code (*task)(const struct import_in *in, json_t **out, struct err *e);
};
size_t                      import_count(void);
const struct import_format *import_at(size_t i);                /* sorted by name */
/* NULL: the document is none of them. */
const struct import_format *import_of(const struct doc_node *root);

/* A log of another tool (Inspect's JSON) as a finished run. *notes: what could not be kept, a list of sentences, in the
 * arena. ERR_BAD_INPUT when it is no log that is known. */
enum err_code import_log(struct str name, struct str text, struct store *s, struct blob *b, struct arena *a,
                         struct run **out, json_t **notes, struct err *e) MUST_USE;
