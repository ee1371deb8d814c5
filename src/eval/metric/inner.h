/* src/eval/metric/inner.h (private to metric): metrics made of another metric's values per trial, named by `of`.
 *
 * `of` is a metric's name, or the metric with its settings: {metric: numeric_match, abs: 0.5}. It must have a value per
 * trial of its own: no metric over repetitions and none that itself is made of another. `at_least` says from which
 * value on a trial passed (1 when not said). */
#pragma once

#include "eval/metric/metric.h"

#define INNER_OPTIONS "of"

struct inner { const struct metric *metric; void *state; double at_least; };

/* `usual` is meant when `of` is not said. With `passes` it must be a share of which more is better, for inner_passed. */
enum err_code inner_prepare(const struct metric_spec *spec, const char *usual, bool passes, struct arena *a,
                            struct inner *out, struct err *e) MUST_USE;
void          inner_score(const struct inner *in, const struct subject *s, struct arena *a, struct score *out);
/* For the tables of metrics whose state begins with its inner: what the inner asks models and programs is asked. */
void          inner_wish(const void *state, const struct subject *s, struct subject_wishes *w);
const struct model *inner_model(const void *state);
const struct evaluator *inner_program(const void *state, size_t i);
#define INNER_ASKS .wish = inner_wish, .model = inner_model, .program = inner_program
/* The same as 1 or 0: did it reach at_least? */
void          inner_passed(const struct inner *in, const struct subject *s, struct arena *a, struct score *out);
