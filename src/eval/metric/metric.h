/* src/eval/metric/metric.h: numbers computed per trial and averaged per variant.
 *
 * A metric is one entry in a file of its family and one name in metrics.c. It gives a finite number or says why there
 * is none; a missing value is in no sum and no n. A failed trial never reaches a metric: all its scores are missing.
 * Prepared once per task, then run by many threads at once. */
#pragma once

#include "eval/evaluators.h"
#include "eval/subject.h"

enum metric_unit { METRIC_RATIO, METRIC_USD, METRIC_MS, METRIC_TOKENS, METRIC_RATE, METRIC_UNITS };
const char *metric_unit_name(enum metric_unit u);               /* "ratio" "usd" "ms" "tokens" "tokens/s" */
enum metric_unit metric_unit_from(struct str name);             /* METRIC_RATIO when unknown */

#define CLASS_LABELS_MAX 200            /* of one classification */
struct metric_labels { const struct str *at; size_t count; };

struct metric {
    const char *name;                   /* "accuracy": what a user writes */
    const char *label;                  /* heading in reports */
    const char *doc;                    /* one sentence, the formula */
    enum metric_unit unit;
    bool higher_is_better;
    bool needs_expected;                /* missing for a case without an expected answer */
    bool over_repeats;                  /* has a value per case, not per trial: computed when a result is read */
    bool over_checks;                   /* computed from checks: none can hold it to a bound */
    bool compares;                      /* missing while a check of the task waits for other variants (scoring.h) */
    bool labels;                        /* trials leave an expected and a given label: a confusion matrix is drawn */
    size_t parts;                       /* how many numbers a trial leaves (score.parts); 0: none, or labels */
    const char *options;                /* names, space-separated, or NULL */
    const char *files;                  /* as of checks (check/check.h), or NULL */
    const char *each;                   /* the option that may be a list: the task then has a metric for each element */
    /* MAY. Reads options (their names are already checked) into *state, which lives in the arena. */
    enum err_code (*prepare)(const struct metric_spec *spec, struct arena *a, void **state, struct err *e);
    /* MUST. */
    void (*score)(const void *state, const struct subject *s, struct arena *a, struct score *out);
    /* MAY. Adds what it asks before it can score; often nothing. Texts live in w->arena. */
    void (*wish)(const void *state, const struct subject *s, struct subject_wishes *w);
    /* MAY, with wish. The model it asks; the i-th program it runs in the sandbox, NULL past the last (evaluators.h). */
    const struct model *(*model)(const void *state);
    const struct evaluator *(*program)(const void *state, size_t i);
    /* MAY, with labels. Those the task closes the list with; none: the expected answers that occur. */
    struct metric_labels (*labels_of)(const void *state);
    /* MAY, with parts or labels. The variant's value from the sums over its trials; NAN when they say nothing. Without
     * it the value is the mean of the trials' values. With labels `sums` holds, for each label, how often it was
     * expected, given, and both. Called thousands of times for the bootstrap. */
    double (*corpus)(const double *sums, size_t count);
    /* MAY, with parts. What a failed trial leaves (it was billed, say); false: nothing. */
    bool (*failed)(const struct trial *t, double *parts);
    /* MAY. What it judged in place of the trial's answer, from what it kept (score.kept); false: the answer. */
    bool (*judged)(const json_t *kept, struct arena *a, struct str *out);
    /* MAY. The variant's value is this quantile of the trials' values, 0..1. */
    double (*quantile)(const void *state);
    /* MAY. A case's value from its repetitions: how many have a value, and these values' sum; NAN: too few. The
     * variant's value is the mean over cases. */
    double (*over_case)(const void *state, double n, double sum);
    /* MAY. The metric whose unit and direction this one takes over. */
    const struct metric *(*like)(const void *state);
    /* MAY. The name in reports unless the user gives one: "pass_at_5". */
    struct str (*called)(const void *state, struct arena *a);
    /* MAY. The fewest repetitions a task must have. */
    int64_t (*repeat_min)(const void *state);
};

size_t               metric_count(void);
const struct metric *metric_at(size_t i);                       /* sorted by name */
const struct metric *metric_find(struct str name);              /* NULL when there is no such metric */
void                 metric_suggest(struct suggest *s);         /* offers every name */
/* `metrics:` of a task that does not say: accuracy, hallucination, completeness, cost, instruction_following,
 * consistency. */
#define METRIC_DEFAULTS 6
extern const char *const metric_defaults[METRIC_DEFAULTS];

/* Unit and direction of what was prepared. */
enum metric_unit     metric_unit_of(const struct metric *m, const void *state);
bool                 metric_better_of(const struct metric *m, const void *state);
/* Its value is not, or not only, the mean of the trials' values: what result.c computes needs the options again. */
bool                 metric_is_read_later(const struct metric *m);

enum err_code metric_prepare(const struct metric_spec *spec, struct arena *a, const struct metric **metric,
                             void **state, struct err *e) MUST_USE;
/* Runs it, with the rules all metrics share (failed trial, no expected answer, a number that is not finite). */
void          metric_score(const struct metric *m, const void *state, const struct subject *s, struct arena *a,
                           struct score *out);
