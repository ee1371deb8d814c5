/* src/llm/live.h: the models that are on offer now, as OpenRouter lists them, kept for a while.
 *
 * The list comes from GET <address>/models, which needs no key, and is kept in ASSAY_HOME/models.json with its time and
 * address, written whole or not at all. Nothing is asked while it is young enough. Where the list can't be had and an
 * older one is kept, that one is given and `stale_why` says why. The list is a stranger's: sizes are bounded, names
 * that can't be a model's are dropped, and what can't be read is an error with a sentence.
 * Threads: one at a time; blocks for at most LIVE_TIMEOUT_MS. */
#pragma once

#include "llm/llm.h"

#define LIVE_MAX_AGE_MS  (INT64_C(24) * 3600 * 1000)
#define LIVE_TIMEOUT_MS  30000
#define LIVE_BYTES_MAX   (16u * 1024 * 1024)

struct live_options {
    const char *home;                       /* ASSAY_HOME; NULL: nothing is kept */
    const char *ca_file;                    /* NULL: the system's */
    int64_t max_age_ms;                     /* 0: LIVE_MAX_AGE_MS */
    bool refresh;                           /* ask, however young the kept list is; an older one does not do then */
    bool offline;                           /* ask nobody: what is kept, however old */
};

struct live_list {
    struct llm_price *rows;  size_t count;  /* model "openrouter:ID"; in the arena */
    size_t skipped;                         /* entries without a price */
    int64_t fetched_ms;                     /* wall */
    bool kept;                              /* not asked now */
    struct str address, stale_why;          /* stale_why: empty unless an old list stands in */
};

/* ERR_NOT_FOUND: offline and nothing is kept. */
enum err_code live_models(struct llm *l, const struct live_options *o, struct arena *a, struct live_list *out,
                          struct err *e) MUST_USE;
