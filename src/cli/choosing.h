/* src/cli/choosing.h: `auto` becomes models: what the command line and the task wish, the list of what is on offer, and
 * the choice told to a person before anything is spent on it (eval/choose.h does the choosing). */
#pragma once

#include "cli/session.h"
#include "eval/choose.h"

#define CHOOSING_OPTIONS                                                                           \
    { "selector", 0, "MODEL", "with --models auto: this model analyses the task and chooses (2 calls)", "@model" }, \
    CHOOSING_PLAIN_OPTIONS
#define CHOOSING_PLAIN_OPTIONS                                                                     \
    { "tiers", 0, "A,B", "with --models auto: of quality, value, budget, speed (default the first three)", "quality value budget speed" }, \
    { "max-models", 0, "N", "with --models auto: at most N models (default 3)", NULL },            \
    { "providers", 0, "A,B", "with --models auto: only of these", "@provider" },                   \
    { "min-context", 0, "N", "with --models auto: of at least N tokens of context", NULL }

struct choosing {
    struct choice choice;               /* of one that was made now */
    json_t *told;                       /* choice_json, or what an unfinished run of the same was chosen by; in the arena */
    struct str request;                 /* a hash of all that was asked for */
    bool reused;
};

/* Adds the models on offer to the price table: from the network where an aggregator's key is there and `ask`, else what
 * is kept. What can't be had is a warning. */
void          choosing_live(struct session *s, const struct args *args, bool ask);
enum choosing_how {
    CHOOSING_BY_RULES,                  /* nobody is asked: it costs nothing */
    CHOOSING_ASKING,                    /* an unfinished run of the same request gives its models again; else the selector is asked */
    CHOOSING_AFRESH,                    /* the selector is asked, where one is named */
};
/* The choice alone. `info` NULL: nothing is known of the cases. The options are
 * looked at with `args`, which has CHOOSING_OPTIONS. */
enum err_code choosing_choose(struct session *s, const struct args *args, const struct task *task,
                              const struct data_pack_info *info, enum choosing_how how, struct choosing *out,
                              struct err *e) MUST_USE;
/* Tells it (standard error, unless --quiet) and reads the task of `path` again with the models chosen. */
enum err_code choosing_make(struct session *s, const struct args *args, struct task **task, const char *path,
                            const struct data_pack_info *info, enum choosing_how how, struct choosing *out,
                            struct err *e) MUST_USE;
/* That the rules stood in, what was dropped, what goes beyond the budget: warnings. */
void          choosing_warn(struct session *s, const struct choosing *c);
/* The same as rows on standard output, for `assay models TASK`. */
enum err_code choosing_grid(struct session *s, const struct choice *c, struct err *e) MUST_USE;
