/* src/eval/report/report.h: a result written out for people and programs.
 *
 * A format is one entry (struct report_format) in its own file and one name in reports.c. It writes bytes into a sink
 * and never to the terminal; formats with a line per trial stream them from the store, so a run of any size needs
 * little memory. */
#pragma once

#include "eval/by_dimension.h"
#include "eval/result.h"

struct report_sink {
    /* Takes bytes; an error stops the report and is handed on. */
    enum err_code (*write)(void *arg, struct str bytes, struct err *e);
    void *arg;
};

struct report_options {
    int columns;                        /* of the terminal; 0: 80. At least 36 are used */
    bool color;                         /* ANSI colours; the caller has looked at NO_COLOR and at the terminal */
    bool ascii;                         /* no character above 0x7e of our own */
    bool no_header;                     /* table: the first line is left out (the caller already showed it) */
    bool detail;                        /* table and markdown: every metric and check too */
    bool transcripts;                   /* of each trial: jsonl; json (then with its trials); csv (what came) */
    struct data_pack *cases;            /* the run's frozen cases, for what they say of dimensions; NULL: not said */
    int64_t texts;                      /* html: trials shown with their texts, at most; or one of these: */
#define REPORT_TEXTS_FIT  0             /* as many as make a page of a size that is still sent around */
#define REPORT_TEXTS_ALL  (-1)
#define REPORT_TEXTS_NONE (-2)
    int64_t trials;                     /* pdf: the worst so many; 0: REPORT_TRIALS; negative: none */
#define REPORT_TRIALS     20
#define REPORT_TRIALS_MAX 500
    struct str variant;                 /* inspect: the one that is written; empty: the only one */
    struct blob *blob;                  /* html, inspect, pdf: where the frozen cases lie; NULL: the page has neither inputs nor answers */
};

struct report_format {
    const char *name;                   /* "markdown": what a user writes */
    const char *doc;
    const char *extension;              /* "md" */
    bool binary;                        /* no text: nothing for a terminal */
    bool per_trial;                     /* streams trials: slow for a long run, wanted in a file */
    enum err_code (*write)(const struct result *r, struct store *s, const struct report_options *options,
                           const struct report_sink *sink, struct err *e);
};

size_t                      report_count(void);
const struct report_format *report_at(size_t i);                /* sorted by name */
const struct report_format *report_find(struct str name);       /* by name or by file extension; NULL when there is none */
void                        report_suggest(struct suggest *s);

/* A sink that appends to a buffer. */
struct report_sink          report_to_buf(struct buf *b);

/* Helpers of formats (words.c): each writes into `out` and returns it. */
#define REPORT_TEXT 40
const char *report_percent(double ratio, char out[REPORT_TEXT]);            /* "93.8 %" */
const char *report_ms(int64_t ms, char out[REPORT_TEXT]);                   /* "820 ms" "12.3 s" "4 m 10 s"; "-" below 0 */
const char *report_per_thousand(const struct result_variant *v, char out[REPORT_TEXT]);    /* "0.84" "free" "unknown" */
const char *report_value(enum metric_unit unit, double v, char out[REPORT_TEXT]);          /* in the metric's own unit */
/* "95.0 % [88.1 % to 98.0 %], n 40"; "not evaluated" without a value. */
struct str  report_estimate(const struct estimate *x, enum metric_unit unit, struct arena *a);
/* Who judged the run and how that went: "sim:judge, rubric built-in, pass 2: 78 trials judged, 2 not evaluated, 3
 * flagged". Empty when nobody has. */
struct str  report_judged(const struct result *r, struct arena *a);
/* How far that judge can be trusted (judge_quality_lines); 0 lines when nobody has judged. */
size_t report_judge_lines(const struct result *r, struct arena *a, struct judge_quality_line out[JUDGE_QUALITY_LINES]);
/* "sim:judge, rubric built-in, pass 3: a beats b in 12 of 20 cases ...". */
struct str  report_preference(const struct result *r, const struct judge_pairs *p, struct arena *a);
/* "sim:judge, rubric r.yaml, pass 4: agrees with people on 9 of 10 ..."; and one variant's shares. */
struct str  report_labelled(const struct judge_labelled *l, struct arena *a);
struct str  report_labels_of(const struct judge_labelled *l, const struct result_variant *v, struct arena *a);
/* Names of the variants by their numbers. */
const struct str *report_names(const struct result *r, struct arena *a);
const char *report_date(int64_t wall_ms, char out[REPORT_TEXT]);            /* "2026-11-21 08:15 UTC" */
/* Control characters, marks that turn the direction of what follows, and code points that are no characters have no
 * business in what we show. */
bool        report_unprintable(uint32_t cp);
/* `s` without control characters and marks that turn the direction of text ('?' instead); `lines`: line ends and tabs
 * stay. Bytes that are not UTF-8 become U+FFFD. */
struct str  report_clean(struct str s, bool ascii, bool lines, struct arena *a);
/* `s` in at most `width` terminal columns; when longer its middle is cut out. Control bytes become '?'. */
struct str  report_fit(struct str s, size_t width, bool ascii, struct arena *a);
/* Text that can't leave its cell or become markup (markdown.c). */
void        report_md_text(struct buf *b, struct str s);
/* JSON for reports: numbers in 15 digits, so that 0.1 is not 0.10000000000000001. */
void        report_json_text(const json_t *j, bool pretty, struct buf *out);
enum err_code report_put(const struct report_sink *sink, struct buf *b, struct err *e);    /* writes and empties it */
/* A trial as the formats of programs have it; with its transcript when `t` has one that was asked for. Yours. */
enum err_code report_trial(const struct result *r, const struct store_trial *t, json_t **out, struct err *e) MUST_USE;
/* A run in a list of runs. Yours. */
json_t       *report_run_row(const struct store_run_row *row);
/* The model of a trial's variant, by the variant's number; and the variant. */
const struct result_variant *report_variant(const struct result *r, int64_t no);
