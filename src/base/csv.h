/* src/base/csv.h (through base.h): rows of comma-separated values, RFC 4180, from a file of any size or from memory.
 *
 * Fields in double quotes may hold separators, line ends and doubled quotes. Line ends are LF, CRLF or CR; a UTF-8 mark
 * at the beginning and empty lines are skipped. A quote inside a field that did not begin with one is kept as it is.
 * Text after a closing quote, and a quote never closed, are errors that name their line. Ceilings: 16 MiB a row, 4,096
 * fields. Threads: one owner at a time. Cost: O(bytes); memory is one row and a 64 KiB window. */
#pragma once

#include <stdio.h>

#define CSV_ROW_MAX     (16u * 1024 * 1024)
#define CSV_FIELDS_MAX  4096

struct csv {
    FILE *f;                    /* NULL: from memory */
    struct str window;          /* what is read and not yet looked at */
    char *chunk;
    struct buf row;             /* the decoded fields, one after the other */
    VEC(size_t) ends;           /* where each field ends in `row` */
    VEC(struct str) fields;
    char separator;
    bool started, after_cr;
    int64_t line;               /* the line the next character is on */
    int64_t row_line;           /* the line the last row began on */
};

enum err_code csv_open(struct csv *c, const char *path, char separator, struct err *e) MUST_USE;
void          csv_open_str(struct csv *c, struct str text, char separator);        /* `text` is borrowed */
/* Borrowed until the next call. *more is false after the last row. Errors begin with the line and a
 * colon, to be put after "FILE:". */
enum err_code csv_next(struct csv *c, const struct str **fields, size_t *count, bool *more, struct err *e) MUST_USE;
void          csv_close(struct csv *c);

/* Appends a quoted cell. One that begins with = + - @, tab or carriage return gets a ' in front: opened in a
 * spreadsheet it would otherwise be run as a formula. NUL bytes are left out. */
void          csv_write_text(struct buf *b, struct str s);
/* A cell as it was before csv_write_text put its ' there; borrowed. */
struct str    csv_plain_text(struct str cell);
