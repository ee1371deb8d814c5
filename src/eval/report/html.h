/* src/eval/report/html.h: what the parts of the page's writer share; private to the folder.
 *
 * The page is one file that asks no network: its style and script (html/page.css, html/page.js) are allowed by their
 * hash and nothing else is, and all that a run says is data. Data lies in script elements of a type no browser runs,
 * as base64 of zlib streams (RFC 1950), so whatever a model wrote never stands in a place where HTML is read:
 *
 *   kind     what                                                                        the page reads it
 *   result   JSON: the report of `-f json`                                               at once
 *   page     JSON: what only the page needs (html_info)                                  at once
 *   charts   JSON [{name, title, wide, narrow}...]: SVG of scene.h, parsed as XML        at once; and after the plan
 *   rows     HTML_ROWS trials in columns, little endian, each column whole               as they arrive
 *   plan     JSON: how many trials are listed, how many have their texts                 after the rows
 *   heads    JSON {"o": [beginning of each output],
 *                  "c": [[case, id, input, expected]...]}                                when idle, for the search
 *   texts    JSON {"r": [row...], "t": [{x, e, v, n, w, f}...]}, for rows data-first
 *            to data-base - 1                                                            when a trial is opened
 *   end      JSON {"texts": n}: how many trials have their texts after all               at last
 *
 * Columns of rows: f64 cost in nano-dollars (NaN unknown); u32 number minus the number before it (the first: minus
 * data-base); u32 latency ms (2^32 - 1: none); u32 tokens in; u32 tokens out; f32 score, one column per scorer (NaN
 * missing); u16 attempts; u8 state (0 done, else error + 1); u8 failed checks; u8 critical ones.
 * Members of texts: x transcript, e expected answer, v variables (each JSON in a string; null: too long), n notes by
 * scorer, w the error, f when it finished.
 *
 * Elements carry data-k (kind), data-first and data-n (rows), so a reader that sees one needs no other.
 * Memory: 9 bytes a trial (at most HTML_TRIALS_MAX are listed) and one block of each kind. */
#pragma once

#include "data/pack.h"
#include "eval/report/report.h"

#include <zlib.h>

#define HTML_TRIALS_MAX   1000000           /* listed; the page says how many are not */
#define HTML_ROWS         8192              /* trials in a block of rows */
#define HTML_HEADS        4096              /* trials in a block of heads, at most */
#define HTML_BLOCK_BYTES  ((size_t)256 << 10)   /* a block of heads or texts ends when it has grown to this */
#define HTML_FIT_BYTES    (INT64_C(48) << 20)   /* of texts in a page, unless all are asked for: what a sample foretells; */
#define HTML_FIT_SLACK    2                     /* past so many times that, no more are taken in */
#define HTML_SEARCH_BYTES (INT64_C(48) << 20)   /* of beginnings, before compression */
#define HTML_HEAD_MIN     160               /* bytes of a beginning: HTML_SEARCH_BYTES / trials between these */
#define HTML_HEAD_MAX     2000
#define HTML_TEXT_MAX     ((size_t)256 << 10)   /* a transcript longer than this has its strings cut */
#define HTML_STRING_MAX   ((size_t)24 << 10)    /* to this */
#define HTML_RECORD_MAX   ((size_t)1 << 20)     /* still longer then: left out, and said */
#define HTML_RAW_MAX      ((size_t)64 << 20)

struct html_out {                           /* html_block.c: data into the page */
    const struct report_sink *sink;
    struct buf raw;                         /* the block being made */
    unsigned char *packed;
    size_t packed_cap;
    z_stream z;
    bool started;
    int64_t written;                        /* bytes of blocks so far */
    int64_t trials_max, fit_bytes;          /* HTML_TRIALS_MAX, HTML_FIT_BYTES, HTML_BLOCK_BYTES; a test sets less */
    size_t block_bytes;
};

/* Presses out->raw and writes it as a block; raw is empty afterwards. first, n and base are what the kind says. */
enum err_code html_block(struct html_out *out, const char *kind, int64_t first, int64_t n, int64_t base,
                         struct err *e) MUST_USE;
/* Bytes of base64 that out->raw would take; raw is empty afterwards. */
enum err_code html_measure(struct html_out *out, int64_t *bytes, struct err *e) MUST_USE;
void          html_out_init(struct html_out *out, const struct report_sink *sink);
void          html_out_dispose(struct html_out *out);

/* html_charts.c: what is drawn of the whole result; and of the ranking metric, once its values have passed by. */
enum err_code html_charts(const struct result *r, struct html_out *out, struct err *e) MUST_USE;
struct html_spread { const struct result *r; int64_t *counts; bool between; };      /* between: not only 0 and 1 */
void          html_spread_begin(struct html_spread *s, const struct result *r, struct arena *a);
void          html_spread_add(struct html_spread *s, int64_t variant, const struct score *scores);
enum err_code html_spread_end(struct html_spread *s, struct html_out *out, struct err *e) MUST_USE;

/* html_trials.c: rows, plan, heads and texts of the run's trials. */
enum err_code html_trials(const struct result *r, struct store *s, const struct report_options *options,
                          struct html_out *out, struct err *e) MUST_USE;
/* How many bytes of each text the search can see, for a run of so many trials. */
int64_t       html_head_bytes(int64_t trials);
