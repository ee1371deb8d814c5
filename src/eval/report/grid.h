/* src/eval/report/grid.h: rows and columns of text that fit the terminal.
 *
 * Widths are counted in terminal columns; text from outside is made harmless (report_fit). When a row is too wide,
 * columns that may shrink give way down to their `least`, then those that may go do, the highest `drop` first; what
 * then is still too wide is cut. No line is ever wider than the terminal, and none ends in a space.
 * Cost: O(cells). Threads: one owner at a time. */
#pragma once

#include "eval/report/report.h"

enum grid_paint { GRID_PLAIN, GRID_BOLD, GRID_DIM, GRID_GREEN, GRID_CYAN, GRID_YELLOW, GRID_RED };

struct grid_column {
    const char *heading;
    bool right;                         /* numbers */
    unsigned least;                     /* may shrink to this width; 0: keeps its own */
    unsigned drop;                      /* may be left out, the highest first; 0: stays */
};

struct grid;
struct grid *grid_new(struct arena *a, const struct grid_column *columns, size_t count) MUST_USE;
/* The next cell, row by row; the text is copied. */
void         grid_cell(struct grid *g, struct str text, enum grid_paint paint);
void         grid_cellf(struct grid *g, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A row of fewer cells is filled up. */
void         grid_end(struct grid *g);
size_t       grid_rows(const struct grid *g);
/* Headings and rows, `indent` spaces in front of each. */
void         grid_write(struct grid *g, const struct report_options *o, size_t indent, struct buf *out);

/* `text` after what already stands on the line (`used` columns), broken between words; later lines begin at `indent`.
 * Ends with a newline. */
void         grid_words(struct str text, size_t used, size_t indent, const struct report_options *o, struct arena *a,
                        struct buf *out);
void         grid_painted(struct str text, enum grid_paint paint, const struct report_options *o, struct buf *out);
/* Terminal columns to use: the option's, 80 when it says none, never below GRID_COLUMNS_MIN. */
#define GRID_COLUMNS_MIN 20
size_t       grid_columns(const struct report_options *o);
