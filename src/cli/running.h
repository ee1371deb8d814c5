/* src/cli/running.h: what `run` and `resume` share: the progress line, the run itself, the result, the exit status. */
#pragma once

#include "cli/choosing.h"

#define RUNNING_OPTIONS                                                                            \
    { "budget", 'b', "USD", "stop cleanly before this much is spent; resume goes on", NULL },      \
    { "retry-failed", 0, NULL, "ask failed trials again", NULL },                                  \
    { "yes", 'y', NULL, "ask nothing, and go on above 150 % of the estimate", NULL },              \
    { "format", 'f', "NAME", "of the result: table json jsonl csv junit markdown promptfoo",       \
      "table json jsonl csv junit markdown promptfoo" },                                           \
    { "output", 'o', "FILE", "write the result to a file too (format by its ending, or --format)", NULL }, \
    { "cache", 0, NULL, "give answers again that were paid for before, and keep new ones", NULL },  \
    { "cache-max-age", 0, "TIME", "only answers younger than this: 30m, 12h, 7d (implies --cache)", NULL }, \
    { "cache-size", 0, "MIB", "keep at most this much, the longest unused go first (default 1024)", NULL }, \
    { "quiet", 'q', NULL, "no progress line, no notes", NULL },                                    \
    { "json", 0, NULL, "the result as JSON (same as --format json)", NULL }

/* Reads the task and its cases and plans a run of them; nothing is stored or asked yet, but for a
 * selector where models are chosen (`how`; that is told). Prints a task's problems. */
enum err_code running_plan(struct session *s, const struct args *args, const char *path, enum choosing_how how,
                           struct plan **out, struct err *e) MUST_USE;
/* The same for a command that runs nothing: models are chosen by the catalogue's rules alone, keys are not asked for. */
enum err_code running_plan_dry(struct session *s, const struct args *args, const char *path, struct plan **out,
                               struct err *e) MUST_USE;
/* The unfinished run of the same trials, if there is one, takes the planned one's place. */
enum err_code running_continue(struct session *s, struct plan **plan, bool *found, struct err *e) MUST_USE;
/* What a command wants otherwise than `run`. */
struct running_more {
    int64_t budget_nanousd;             /* 0: as --budget says */
    bool cached;                        /* the response cache is used without --cache */
    bool silent, no_next;               /* the caller shows the result; says what to type next */
    const struct result *result;        /* out: in the session's arena */
};
/* Executes the stored run and reports. *status gets the exit status of DESIGN section 6. */
enum err_code running_execute(struct session *s, const struct args *args, struct plan *plan, int *status,
                              struct err *e) MUST_USE;
enum err_code running_execute_as(struct session *s, const struct args *args, struct plan *plan,
                                 struct running_more *more, int *status, struct err *e) MUST_USE;
#define RUNNING_WARN_NANOUSD (10 * MONEY_PER_USD)
/* Above RUNNING_WARN_NANOUSD a person is asked (on a terminal) or warned. ERR_CANCELLED when they say no. */
enum err_code running_confirm(const struct args *args, const struct plan *plan, struct err *e) MUST_USE;
/* "support_tickets · 64 cases x 5 variants x 1 = 320 trials · estimate $0.41 (input counted, output assumed)" */
void running_headline(const struct plan *plan, struct buf *out);
