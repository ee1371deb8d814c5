#include "base/base.h"

#include <pthread.h>
#include <sched.h>

int thread_cpus(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0)        /* more cores than the set has room for */
        return CPU_SETSIZE;
    return MAX(CPU_COUNT(&set), 1);
}

void thread_be_batch(void)
{
    struct sched_param none = { 0 };

    (void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);       /* a kernel that refuses costs speed, no more */
}
