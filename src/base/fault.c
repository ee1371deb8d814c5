#include "base/base.h"

#include <pthread.h>
#include <stdio.h>

static pthread_once_t fault_once = PTHREAD_ONCE_INIT;
static int fault_state = -1;                /* -1: the environment was not read yet */
static char fault_name[64];
static int fault_at, fault_count;
static bool fault_onward;

void fault_arm(const char *spec)
{
    int used = 0;
    bool armed;

    fault_at = 1;
    fault_count = 0;
    fault_onward = false;
    armed = spec && sscanf(spec, "%63[^:]%n:%d%n", fault_name, &used, &fault_at, &used) >= 1;
    if (armed)
        fault_onward = spec[used] == '+';
    __atomic_store_n(&fault_state, armed, __ATOMIC_RELEASE);
}

static void fault_arm_from_environment(void)
{
    fault_arm(getenv("ASSAY_FAULT"));
}

bool fault_armed(void)
{
    int s = __atomic_load_n(&fault_state, __ATOMIC_ACQUIRE);

    if (s < 0) {
        pthread_once(&fault_once, fault_arm_from_environment);
        s = __atomic_load_n(&fault_state, __ATOMIC_ACQUIRE);
    }
    return s > 0;
}

bool fault_hit(const char *name)
{
    int n;

    if (strcmp(name, fault_name) != 0)
        return false;
    n = __atomic_add_fetch(&fault_count, 1, __ATOMIC_RELAXED);
    return fault_onward ? n >= fault_at : n == fault_at;
}
