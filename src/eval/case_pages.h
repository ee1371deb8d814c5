/* src/eval/case_pages.h: the stored scores of a run, a page of whole cases at a time.
 *
 * Reading on through a run's cases costs one query a page; jumping costs one a jump. A page holds the sums of each
 * (case, variant, measure), about 4 MiB however long the run is. A measure is a column of the reader's own choosing:
 * `measures` says which scorer of the run each is, or one of the two numbers every trial has.
 * Threads: one owner at a time. Cost: about 2 us a trial. */
#pragma once

#include "eval/aggregate.h"
#include "eval/scoring.h"
#include "store/store.h"

enum { CASE_MEASURE_NONE = -1, CASE_MEASURE_COST = -2, CASE_MEASURE_LATENCY = -3 };    /* else a scorer's place */

struct case_cell { struct sum sum; int64_t n; };
struct case_tally {                     /* of one variant */
    int64_t done, failed, critical;
    int64_t first;                      /* number of the first trial; -1: none yet */
};
struct case_row {
    int64_t index;
    struct str id;                      /* empty: no trial of the case has an outcome */
    const struct case_tally *tallies;   /* by variant number */
    const struct case_cell *cells;      /* [variant number][measure] */
};

struct case_pages;
/* `s`, `run` and `measures` must outlive it. */
struct case_pages *case_pages_new(struct store *s, const struct run *run, size_t scorer_count, const int *measures,
                                  size_t measure_count) MUST_USE;
void               case_pages_free(struct case_pages *p);
void               case_pages_freep(struct case_pages **p);
/* The row is borrowed until the next call. */
enum err_code      case_pages_get(struct case_pages *p, int64_t index, struct case_row *out, struct err *e) MUST_USE;
double             case_cell_mean(const struct case_cell *c);          /* n must not be 0 */

/* Where each case id of a run stands: 16 bytes a case, built in one pass. */
#define CASE_INDEX_MAX (INT64_C(4) << 20)
struct case_index;
/* ERR_TOO_LARGE past CASE_INDEX_MAX cases. */
enum err_code      case_index_new(struct store *s, const struct run *run, struct case_index **out, struct err *e) MUST_USE;
void               case_index_free(struct case_index *x);
void               case_index_freep(struct case_index **x);
int64_t            case_index_count(const struct case_index *x);       /* cases with an outcome */
/* The n-th case whose id may be this one (ids of equal hash: compare the row's id); -1 when there is none. */
int64_t            case_index_find(const struct case_index *x, struct str id, size_t n);
