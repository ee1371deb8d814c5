/* src/base/fault.h (through base.h): marks where the world can fail, for the fault run.
 *
 * `if (FAULT("store.commit")) return err_set(...)`: false in ordinary life. The fault run sets ASSAY_FAULT=name[:n]
 * (the n-th time the mark is met, 1 by default; "name:n+" from then on). One load when nothing is armed.
 * Threads: any. */
#pragma once

#define FAULT(name) (__builtin_expect(fault_armed(), 0) && fault_hit(name))
bool fault_armed(void);
bool fault_hit(const char *name);
void fault_arm(const char *spec);           /* for unit tests; NULL disarms */
