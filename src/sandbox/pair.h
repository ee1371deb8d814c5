/* src/sandbox/pair.h: two guests that speak with each other, and with nobody else.
 *
 * What one writes to its standard output is what the other reads as its standard input, after a text of its own that we
 * say first. Neither sees anything of the other but those bytes: no memory, no file, no process. So what a guest nobody
 * trusts does to its own world can't reach the one that judges it.
 * The judge is the one whose end is the end: the other guest is then killed. When the other ends first, the judge's
 * input ends, and it may still say what it thinks of that. The judge's verdict is what it wrote to its standard error,
 * which the other can't reach.
 * Bounds: all that one writes in its life is at most its limits' output_bytes, of at most SANDBOX_PAIR_OUTPUT_MAX; past
 * them it is ended. Each has limits of its own. Threads: as sandbox.h, all on the loop's. */
#pragma once

#include "sandbox/sandbox.h"

#define SANDBOX_PAIR_OUTPUT_MAX (8 << 20)       /* half of what sandbox_say queues: what is said never waits for long */

enum sandbox_role { SANDBOX_JUDGE, SANDBOX_OTHER };
struct sandbox_end {                    /* of one of them; borrowed, for the time of `done` */
    enum sandbox_cause cause;
    int status;
    struct str errors, failure;         /* failure: why SANDBOX_FAILED, one sentence */
};
struct sandbox_pair;
struct sandbox_pair_spec {              /* all it points to may go when sandbox_pair_start returns, but `owner` */
    struct sandbox_spec guests[2];      /* by role; talks, heard, done, owner, input are set here */
    struct str first[2];                /* what each hears first, with its line's end */
    void (*done)(void *owner, const struct sandbox_end ends[2]);    /* MUST. Once, when both are over; the pair dies with it */
    void *owner;
};
/* On another answer than ERR_OK there is no pair, and `done` is not called. A judge that can't be started once the
 * other is there has ended as SANDBOX_FAILED. */
enum err_code sandbox_pair_start(struct loop *loop, const struct sandbox_pair_spec *spec, struct sandbox_pair **out,
                                 struct err *e) MUST_USE;
void          sandbox_pair_cancel(struct sandbox_pair *p);
