/* src/eval/report/comparison.h: a comparison written out: for a terminal, for programs, for a pull request.
 *
 * As with formats of a run's result: bytes into a sink, nothing to the terminal, no line of the table wider than it.
 * Members of the JSON are only ever added. */
#pragma once

#include "eval/compare.h"
#include "eval/report/report.h"

struct comparison_options {
    struct report_options report;       /* detail: every measure of every pair */
    bool cases;                         /* list the changes */
    bool brief;                         /* table: only what changed, for `watch` */
};

typedef enum err_code comparison_writer(const struct compare *c, const struct comparison_options *o,
                                        const struct report_sink *sink, struct err *e);
comparison_writer comparison_table, comparison_json, comparison_markdown;

/* "A", "B"...: what tables call a run. */
struct str        comparison_label(const struct compare *c, size_t run, struct arena *a);
/* "+3.1 pt", "+120 ms", "-$0.0002": a difference in the measure's unit. */
const char       *comparison_delta(enum metric_unit unit, double v, char out[REPORT_TEXT]);
/* "-4.0 - +10.2" in the unit of the difference, without it; "-" when not known. */
struct str        comparison_interval(enum metric_unit unit, const struct interval *i, struct arena *a);
const char       *comparison_p(double p, char out[REPORT_TEXT]);        /* "0.031" "<0.001" */
/* "=" "can't tell" "better" "worse" "-" */
const char       *comparison_verdict(const struct compare_difference *d);
/* What the deciding measure comes to, in a sentence: who is better and how sure that is, or how many cases more would
 * tell. Empty when nothing decides or no case is shared. */
struct str        comparison_sentence(const struct compare *c, const struct compare_pair *p, struct arena *a);
/* What Wilcoxon's test and the bootstrap say of the same differences; empty when not asked for. */
struct str        comparison_second_opinion(const struct compare *c, const struct compare_pair *p, struct arena *a);
/* "p", or what it was corrected by. */
const char       *comparison_p_heading(const struct compare *c);
const char       *comparison_effect(const struct compare_difference *d, char out[REPORT_TEXT]);     /* "+0.31" "-" */
/* Sentences about what makes the runs less alike than their numbers look; `words` of them. */
size_t            comparison_notes(const struct compare *c, struct arena *a, struct str **words);
