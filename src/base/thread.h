/* src/base/thread.h (through base.h): what threads that compute ask of the machine. Threads: any. */
#pragma once

int  thread_cpus(void);                     /* cores this process may use, at least 1 */
/* From now on the calling thread computes in the background: being woken, it does not push aside the thread that woke
 * it, so that work gathers and is done in one go. It gets its full share of time all the same (SCHED_BATCH). */
void thread_be_batch(void);
