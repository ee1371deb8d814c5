/* src/eval/owner.h (private to eval): who holds a lease.
 *
 * An owner is "host:pid:start", start being the process's start time in clock ticks since boot, so that a number used
 * again is not taken for the process that died. Threads: any. */
#pragma once

#include "base/base.h"

#define OWNER_NAME 96
void owner_name(char out[OWNER_NAME]);                          /* this process */
/* Can its process still be there? Of another host nobody knows before the lease ends. `self` itself is not another. */
bool owner_lives(struct str owner, struct str self);
