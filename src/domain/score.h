/* src/domain/score.h (through domain.h): the value of one metric or check for one trial.
 *
 * Missing stays missing: SCORE_MISSING means "could not be measured here" (no expected answer, a failed call) and
 * "not evaluated" for a check that could not run; it is in no sum and no n. A failed check is 0, a passed one 1. */
#pragma once

enum score_state { SCORE_MISSING, SCORE_VALUE };

/* What a trial leaves for its variant's value when that is more than a mean: numbers whose sums over the trials are
 * enough, or a pair of labels. Never the texts. */
#define SCORE_PARTS_MAX 64
#define SCORE_LABEL_MAX 100     /* bytes */
struct score_parts {
    const double *sums; size_t count;
    struct str expected, got;   /* labels; `got` is empty when the output is none */
};
struct score {
    enum score_state state;
    double value;               /* finite when SCORE_VALUE */
    struct str note;            /* why it is missing, or why a check failed; may be empty */
    const struct score_parts *parts;    /* NULL for most */
    const json_t *kept;         /* what it was made of and can't be had again without asking; NULL for most */
    bool waits;                 /* missing until all variants have answered the case (eval/scoring.h) */
};

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITIES };
const char *severity_name(enum severity s);
bool        severity_from(struct str name, enum severity *out) MUST_USE;

static inline struct score score_of(double v) { return (struct score){ .state = SCORE_VALUE, .value = v }; }
static inline struct score score_missing(struct str why) { return (struct score){ .note = why }; }
