/* src/llm/child.h: a program asked on its standard input and heard on its standard output, on an event loop.
 *
 * No shell: the program is started with its arguments as they are (a name without '/' is looked up in PATH). Its
 * environment is clean, so that no key of ours reaches it: PATH, HOME, LANG, TMPDIR, what begins with ASSAY_, and what
 * is named, as far as they are set. It leads a
 * process group of its own, which is killed whole when the time is up, too much was written, or nobody wants it any
 * more; what it left running when it ended is killed too. It is always reaped. Standard error is kept up to
 * CHILD_STDERR_MAX bytes, for sentences. Nothing here blocks but the wait for a process that has just been killed.
 * Threads: the loop's, which must not die of SIGPIPE. */
#pragma once

#include "base/base.h"

#define CHILD_STDERR_MAX 4096

struct child;
enum child_cause { CHILD_EXITED, CHILD_DEADLINE, CHILD_CEILING, CHILD_CANCELLED };
struct child_spec {                         /* all it points to lives until done */
    const char *const *argv;                /* NULL-ended; argv[0] is the program */
    const char *const *env;                 /* names of further variables, NULL-ended; NULL: none */
    struct str input;
    int64_t total_us;
    size_t bytes_max;                       /* of standard output */
    void (*done)(void *owner, struct child *c);     /* once, not inside child_start; frees `c` afterwards */
    void *owner;
};
enum err_code    child_start(struct loop *loop, const struct child_spec *spec, struct child **out, struct err *e) MUST_USE;
void             child_cancel(struct child *c);     /* calls done, as CHILD_CANCELLED */
/* In done. */
enum child_cause child_cause(const struct child *c);
int              child_status(const struct child *c);       /* exit status; 128 + signal when one ended it */
struct str       child_output(const struct child *c), child_errors(const struct child *c);
