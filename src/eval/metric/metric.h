/* src/eval/metric/metric.h: numbers computed per trial and averaged per variant.
 *
 * A metric is one entry in a file of its family and one name in metrics.c. It gives a finite number or says why there
 * is none; a missing value is in no sum and no n. A failed trial never reaches a metric: all its scores are missing.
 * Prepared once per task, then run by many threads at once. */
#pragma once

#include "eval/subject.h"

enum metric_unit { METRIC_RATIO, METRIC_USD, METRIC_MS, METRIC_TOKENS, METRIC_UNITS };
const char *metric_unit_name(enum metric_unit u);               /* "ratio" "usd" "ms" "tokens" */
enum metric_unit metric_unit_from(struct str name);             /* METRIC_RATIO when unknown */

struct metric {
    const char *name;                   /* "accuracy": what a user writes */
    const char *label;                  /* heading in reports */
    const char *doc;                    /* one sentence, the formula */
    enum metric_unit unit;
    bool higher_is_better;
    bool needs_expected;                /* missing for a case without an expected answer */
    bool over_repeats;                  /* has a value per case, not per trial: computed when a result is read */
    bool over_checks;                   /* computed from checks: none can hold it to a bound */
    const char *options;                /* names, space-separated, or NULL */
    /* MAY. Reads options (their names are already checked) into *state, which lives in the arena. */
    enum err_code (*prepare)(const struct metric_spec *spec, struct arena *a, void **state, struct err *e);
    /* MUST. */
    void (*score)(const void *state, const struct subject *s, struct arena *a, struct score *out);
};

size_t               metric_count(void);
const struct metric *metric_at(size_t i);                       /* sorted by name */
const struct metric *metric_find(struct str name);              /* NULL when there is no such metric */
void                 metric_suggest(struct suggest *s);         /* offers every name */
/* `metrics:` of a task that does not say: accuracy, hallucination, completeness, cost, instruction_following,
 * consistency. */
#define METRIC_DEFAULTS 6
extern const char *const metric_defaults[METRIC_DEFAULTS];

enum err_code metric_prepare(const struct metric_spec *spec, struct arena *a, const struct metric **metric, void **state,
                             struct err *e) MUST_USE;
enum err_code metric_verify(const struct metric_spec *spec, struct err *e) MUST_USE;    /* for readers of task files */
/* Runs it, with the rules all metrics share (failed trial, no expected answer, a number that is not finite). */
void          metric_score(const struct metric *m, const void *state, const struct subject *s, struct arena *a,
                           struct score *out);
