/* src/eval/lease.h (private to eval): of two commands that would pay for the same scoring of a run, one waits its turn.
 *
 * A lease is kept in the store for LEASE_MS and renewed by who holds it; that of a process which died is taken over.
 * Threads: one owner. */
#pragma once

#include "eval/owner.h"
#include "store/store.h"

struct lease {
    struct store *store;
    const struct run *run;
    struct str what;                    /* names the work: a hash, or a word of ours */
    const char *about;                  /* "this judgement", for who comes second */
    char owner[OWNER_NAME];
    bool held;
    int64_t renewed_ms;                 /* monotonic */
};

/* ERR_CONFLICT when another living process is at it. The texts must outlive the lease. */
enum err_code lease_take(struct lease *l, struct store *s, const struct run *run, struct str what, const char *about,
                         struct err *e) MUST_USE;
enum err_code lease_renew(struct lease *l, struct err *e) MUST_USE;         /* when it is due; cheap otherwise */
void          lease_release(struct lease *l);                               /* one that is not held: nothing */
