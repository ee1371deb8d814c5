/* src/eval/report/analyses.h: an analysis (eval/analysis.h) written out: for a terminal, for programs, as Markdown.
 *
 * As with comparisons: bytes into a sink, nothing to the terminal, no line of the table wider than it; members of the
 * JSON are only ever added, and what is not known is null there and "-" elsewhere. */
#pragma once

#include "eval/analysis.h"
#include "eval/report/report.h"

#define ANALYSES_PAIRS  12              /* listed by table and Markdown: those that agree least; JSON has all */
#define ANALYSES_CHECKS 24              /* rows of checks the table lists, the lowest shares; JSON and Markdown have all */

typedef enum err_code analysis_writer(const struct analysis *x, const struct report_options *o,
                                      const struct report_sink *sink, struct err *e);
analysis_writer analysis_table, analysis_json_text, analysis_markdown;

json_t    *analysis_json(const struct analysis *x);     /* yours */

/* --- words the forms share (analysis_words.c) --------------------------------------------------------------------- */
struct str analysis_value(const struct analysis *x, double v, struct arena *a);         /* in the metric's unit; "-" */
/* "88.1 % .. 98.0 %"; "-" when not known. */
struct str analysis_interval(const struct analysis *x, const struct interval *i, struct arena *a);
struct str analysis_plain_interval(const struct interval *i, struct arena *a);          /* "0.12 .. 0.55" */
struct str analysis_number(double v, int decimals, struct arena *a);                    /* "-" for NAN; no "-0.00" */
struct str analysis_p(double p, struct arena *a);                                       /* "0.031" "<0.001" "-" */
struct str analysis_heading(const struct analysis *x, struct arena *a);
/* What the pairs say together, and what the dimensions do; empty when nothing is known. */
struct str analysis_agreement_words(const struct analysis *x, struct arena *a);
struct str analysis_outlier_words(const struct analysis *x, struct arena *a);
struct str analysis_dimension_words(const struct analysis *x, struct arena *a);
/* Places in x->pairs, the least rho first, those without one last. */
size_t    *analysis_pairs_sorted(const struct analysis *x, struct arena *a);
/* Places in x->dimensions by rank, those without one last. */
size_t    *analysis_dimensions_sorted(const struct analysis *x, struct arena *a);
struct analysis_check_row { size_t variant, check; };
/* Those with a value or a miss, the lowest share first. */
struct analysis_check_row *analysis_checks_sorted(const struct analysis *x, struct arena *a, size_t *count);
/* Places of the variants with the lowest and the highest value of a case. */
void       analysis_case_ends(const struct analysis *x, const struct analysis_case *c, size_t *low, size_t *high);
