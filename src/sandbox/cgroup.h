/* src/sandbox/cgroup.h: a control group for one guest, where this user may make one.
 *
 * Version 2 where a group above ours hands its controllers down and we may write there (root, or a delegated session),
 * else the hierarchies of version 1 that we may write to. Groups are called assay-<pid namespace>-<pid>-<number>; those
 * of a process that died without removing them are removed when the next process looks. Without any, guests are bounded
 * by their own limits (rlimits) alone, which suffices for one that starts no program: its address space is its memory.
 * Joining costs a process up to 20 ms of the kernel's time, so only guests that start programs get a group. Threads:
 * cgroup_kinds any; a group has one owner. */
#pragma once

#include "sandbox/sandbox.h"

enum { CGROUP_MEMORY = 1, CGROUP_PIDS = 2, CGROUP_CPU = 4, CGROUP_KINDS = 2 };

struct cgroup {
    char *paths[CGROUP_KINDS];           /* folders, one with version 2 */
    unsigned covers[CGROUP_KINDS];       /* CGROUP_MEMORY... of each */
    int procs[CGROUP_KINDS];             /* cgroup.procs, open for writing: the child writes "0" */
    size_t count;
    bool v2;
};
/* Where groups can be made: of the hierarchies that `mounts` (/proc/self/mountinfo) names, at or above the groups that
 * `own` (/proc/self/cgroup) names, and what each covers. */
struct cgroup_places { bool v2; size_t count; char *folder[CGROUP_KINDS]; unsigned covers[CGROUP_KINDS]; };
void          cgroup_places_find(struct str own, struct str mounts, struct cgroup_places *out);
void          cgroup_places_dispose(struct cgroup_places *p);
/* Writes the limits that the i-th folder covers; false when one is not taken. */
bool          cgroup_limit(const struct cgroup *g, size_t i, const struct sandbox_limits *l);

unsigned      cgroup_kinds(void);        /* what can be bounded here; looked for once */
const char   *cgroup_where(void);        /* "version 2 below /sys/fs/cgroup/x", for doctor; "" when there is none */
bool          cgroup_has_kill(void);
enum err_code cgroup_make(const struct sandbox_limits *l, struct cgroup *out, struct err *e) MUST_USE;
void          cgroup_close(struct cgroup *g);             /* the descriptors, after the child has joined */
void          cgroup_kill(struct cgroup *g);
bool          cgroup_memory_hit(const struct cgroup *g);  /* did the kernel end something in it for want of memory? */
int64_t       cgroup_memory_peak(const struct cgroup *g); /* bytes; 0: unknown */
bool          cgroup_remove(struct cgroup *g);            /* false: it is still busy; try again */
