/* src/eval/task_verify.h: what can be wrong with a task and its cases, found without asking anybody. Threads: any. */
#pragma once

#include "eval/task_load.h"

/* Renders every case's prompt with every variant: what a run would do. *cases: how many were fine before the fault, or
 * all. The task's models need not be resolved. Cost: a rendering per case and variant. */
enum err_code task_verify_cases(const struct task *task, struct arena *scratch, int64_t *cases, struct err *e) MUST_USE;
/* {"task", "valid", "problems": [{"where", "severity", "text"}...]}; `later`: a fault that has no place, or empty. */
json_t       *task_verify_json(struct str path, const struct problems *p, struct str later);
