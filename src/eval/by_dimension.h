/* src/eval/by_dimension.h: a run's trials grouped by the dimensions of their cases.
 *
 * What a case's dimensions are stands in the run's frozen cases, which are walked beside the trials (both are in order
 * of cases), so that nothing of a case is kept. The means are over trials with a value of the ranking scorer; trials of
 * one level are not a sample of their own making, so no interval is given.
 * Threads: one owner at a time. Cost: one pass over trials and cases. */
#pragma once

#include "data/pack.h"
#include "eval/result.h"

struct axis_level { int64_t score; struct str label; };
struct axis { struct str name; struct axis_level *levels; size_t level_count; };       /* levels by score, each once */
struct axes { struct axis *list; size_t count; };                                       /* by name; of a run without: 0 */

/* From the run's settings. */
void axes_of(const struct result *r, struct arena *a, struct axes *out);

/* The place in the cases of somebody who goes through the trials in order. A walk without a pack knows nothing. */
struct case_walk;
struct case_walk *case_walk_new(struct data_pack *pack) MUST_USE;
/* The case's {name: score}, NULL when it has none; borrowed until the next call. */
enum err_code case_walk_to(struct case_walk *w, int64_t case_index, const json_t **dimensions, struct err *e) MUST_USE;
void          case_walk_free(struct case_walk *w);
void          case_walk_freep(struct case_walk **w);

struct by_cell { int64_t n; double mean; };             /* mean is meaningless when n is 0 */
struct by_dimension { struct axes axes; struct by_cell ***cells; };    /* [place in result's variants][axis][level] */
/* *out NULL when the run has no dimensions, nothing to rank by, or `pack` is NULL. */
enum err_code by_dimension_load(const struct result *r, struct store *s, struct data_pack *pack, struct arena *a,
                                struct by_dimension **out, struct err *e) MUST_USE;
