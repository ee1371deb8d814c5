/* A stored run for tests of results and reports: made by rule, the same every time. Test programs only. */
#pragma once

#include "eval/report/report.h"

struct fixture {
    struct arena *arena;
    struct store *store;
    struct run *run;
    struct scorer_info *scorers;
    size_t scorer_count;
};

/* How well variant `v` does on case `c` in repetition `r`: 1, 0 or between; below 0: the trial fails. */
typedef double fixture_rule(int64_t v, int64_t c, int64_t r);

struct fixture_shape {
    int64_t cases, variants, repeat;
    const char *const *names;           /* one per variant */
    fixture_rule *rule;
    const int64_t *cost_nanousd;        /* of a trial, one per variant; MONEY_UNKNOWN allowed */
    const char *thresholds;             /* JSON list or NULL */
    bool no_expected;                   /* accuracy is missing everywhere */
    /* Scorers of the test's own instead of the usual six, and what a finished trial's are. */
    struct scorer_info *scorers;
    size_t scorer_count;
    void (*score)(int64_t v, int64_t c, int64_t r, struct arena *a, struct score *out);
};

bool fixture_make(struct fixture *f, const struct fixture_shape *shape);
void fixture_free(struct fixture *f);

/* The run most tests use: five variants, 64 cases, ordinary and hostile names. */
bool fixture_tickets(struct fixture *f);

/* Compares with tests/data/report/NAME; ASSAY_TEST_WRITE=1 writes it instead. */
void fixture_golden(const char *name, struct str got);
