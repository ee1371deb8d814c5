/* src/eval/corpus.h (private to eval): values of a variant that are not the mean of its trials' values.
 *
 * Trials leave numbers or labels with their scores (score.parts); one pass over the stored scores adds them up, and the
 * metric's `corpus` makes the value of the sums. The interval is a percentile bootstrap over cases: a case's trials
 * stay together. So that memory does not grow with the run, cases past CORPUS_BLOCKS share rows: case c is in row
 * c mod CORPUS_BLOCKS, and rows are what is drawn (fewer rows when there are so many variants that they would need more
 * than CORPUS_BYTES). Labels need a pass more, to learn which there are: the expected answers, or the task's list. More
 * than CLASS_LABELS_MAX are no classification: there is no matrix then, and a sentence why.
 * Quantiles are of the trials' values, all of them up to CORPUS_VALUES a variant, else a seeded fair choice of so many;
 * their interval runs between order statistics, and takes as many independent values as there are cases.
 * Cost: about 4 us a trial and pass; nothing for a run without such metrics. */
#pragma once

#include "eval/result.h"

#define CORPUS_SEED 0x71u
#define CORPUS_VALUES ((size_t)131072)
#define CORPUS_BLOCKS 512
#define CORPUS_BLOCKS_MIN 32
#define CORPUS_BYTES ((size_t)64 << 20)

/* Fills r->classes, the variants' confusions, and the estimates of such scorers. */
enum err_code corpus_load(struct result *r, struct store *s, struct arena *a, struct err *e) MUST_USE;
