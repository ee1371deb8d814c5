/* src/eval/sure.h (private to eval): from a task's `stop_when_sure` to the race (race.h) of a run.
 *
 * What is raced by: the metric the task names there; else, with one variant, that of its first threshold that can be;
 * else the one that ranks. It must be a mean of the trials' values that lie on 0..1. A threshold of the task on that
 * metric becomes the race's limit. The order of cases is drawn from the run's dataset hash: the same cases are asked
 * in the same order in every run. */
#pragma once

#include "eval/race.h"
#include "eval/scoring.h"
#include "store/store.h"

#define SURE_LEVEL_MIN  0.5
#define SURE_LEVEL_MAX  0.9999
#define SURE_MARGIN_MAX 0.5

/* Fills in metric and limit of task->sure, which is on. `expected`: some case has an expected answer. ERR_BAD_INPUT
 * when nothing can be raced by, ERR_TOO_LARGE past the race's bounds. */
enum err_code sure_choose(struct task *task, const struct scorer_info *infos, size_t count, const struct run *run,
                          bool expected, struct err *e) MUST_USE;

json_t          *sure_to_json(const struct task_sure *s);
struct task_sure sure_from_json(const json_t *o, struct arena *a);      /* off when there is none */

/* The run's race as far as the stored scores take it, and which scorer it goes by. */
enum err_code sure_race(struct store *s, const struct run *run, const struct task_sure *sure,
                        const struct scorer_info *infos, size_t count, struct race **out, size_t *scorer,
                        struct err *e) MUST_USE;
