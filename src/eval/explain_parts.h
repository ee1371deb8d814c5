/* src/eval/explain_parts.h: what the writers of an explanation's parts share; private to explain*.c. */
#pragma once

#include "eval/compare.h"
#include "eval/explain.h"
#include "eval/report/report.h"

struct explain_writer {
    const struct result *r;
    const struct explain_cases *cases;          /* may be NULL */
    const struct advise *advise;
    struct explain_part *part;                  /* being written */
    struct arena *a;
};

/* Nothing is added when the text is empty. */
void       explain_line(struct explain_writer *w, enum explain_kind kind, struct str label, struct str text);
static inline void explain_sentence(struct explain_writer *w, struct str text) { explain_line(w, EXPLAIN_SENTENCE, STR_NONE, text); }
static inline void explain_fact(struct explain_writer *w, struct str label, struct str text) { explain_line(w, EXPLAIN_FACT, label, text); }

struct str explain_count(struct explain_writer *w, int64_t n, const char *one);             /* "1 case" "3 cases" */
struct str explain_name(struct explain_writer *w, size_t variant);
struct str explain_names(struct explain_writer *w, const size_t *places, size_t n);         /* "a, b and c" "a, b... and 3 more" */
struct str explain_interval(struct explain_writer *w, const struct interval *i);            /* "87.1 to 98.4" */

/* explain_doubt.c */
void explain_failing(struct explain_writer *w);
void explain_sure(struct explain_writer *w);
void explain_change(struct explain_writer *w);
