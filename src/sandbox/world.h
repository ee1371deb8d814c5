/* src/sandbox/world.h: what the inside of a sandbox is made of, as words for bubblewrap and orders for `enter`.
 *
 * A world is prepared before the child is made: every file it needs is open, every word is written, so that the child
 * has nothing to do but start bubblewrap. With runsc there is a second world inside: a root and an OCI bundle for
 * gVisor, and orders for the `enter` within it. Threads: one owner. */
#pragma once

#include "sandbox/sandbox.h"

struct world {
    struct arena *arena;
    const char **argv;                  /* bubblewrap's, NULL-ended */
    char *bwrap;                        /* its path */
    VEC(int) fds;                       /* to stay open in the child, by these numbers; closed by world_dispose */
};
/* A program in PATH, which lives in `a`; ERR_ENVIRONMENT names it and its package when it is not there. */
enum err_code world_find(const char *name, const char *package, struct arena *a, char **path, struct err *e) MUST_USE;
enum err_code world_prepare(const struct sandbox_spec *spec, int control_fd, struct world *out, struct err *e) MUST_USE;
void          world_dispose(struct world *w);
