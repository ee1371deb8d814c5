/* src/eval/report/pdf_page.h: paper. Text, tables and drawings flow down A4 pages; what does not fit goes to the next.
 *
 * A document is made twice with the same calls: first into nothing, which tells how many pages there are and where
 * sections begin, then in earnest. Measures are points (72 to the inch). Text may be any bytes: it is cleaned
 * (pdf_clean) and bounded; every script the machine has a font for is set. A fault of the sink or of cairo is kept,
 * what follows is not drawn, and pdf_end says it.
 * Threads: one owner at a time. */
#pragma once

#include "eval/report/pdf_lib.h"
#include "eval/report/report.h"
#include "eval/report/scene.h"

#define PDF_WIDTH      595.28
#define PDF_HEIGHT     841.89
#define PDF_LEFT       52.0
#define PDF_RIGHT      (PDF_WIDTH - 52.0)
#define PDF_TOP        54.0
#define PDF_BOTTOM     (PDF_HEIGHT - 64.0)
#define PDF_ROOM       (PDF_RIGHT - PDF_LEFT)
#define PDF_SECTIONS_MAX 16
#define PDF_COLUMNS_MAX  16
#define PDF_TEXT_BYTES 4000                     /* of one text, at most; the rest is counted in words */
#define PDF_TEXT_LINES 60

enum pdf_face { PDF_TITLE, PDF_HEAD, PDF_SUBHEAD, PDF_BODY, PDF_STRONG, PDF_SMALL, PDF_CODE, PDF_FACES };

struct pdf_place { const char *title; int page; };                  /* page from 1 */
struct pdf_plan { int pages; struct pdf_place sections[PDF_SECTIONS_MAX]; size_t section_count; };

struct pdf;
struct pdf_info { struct str title, subject, foot; int64_t made_ms; };      /* foot: at the left of each page's foot */

/* `plan`: what the first round found, or NULL in the first round. The sink is used in the second only. */
enum err_code pdf_begin(const struct pdf_info *info, const struct pdf_plan *plan, const struct report_sink *sink,
                        struct pdf **out, struct err *e) MUST_USE;
/* Frees it whatever it answers. *found (may be NULL): what the round found. */
enum err_code pdf_end(struct pdf *p, struct pdf_plan *found, struct err *e) MUST_USE;
bool   pdf_failed(const struct pdf *p);         /* drawing on is of no use */
struct arena *pdf_arena(struct pdf *p);         /* dies with the document */

void   pdf_space(struct pdf *p, double height);
void   pdf_need(struct pdf *p, double height);  /* a new page unless that much is left */
void   pdf_new_page(struct pdf *p);
/* A section: a heading, a bookmark, a place for the contents, on a page where `keep` points below it have room too.
 * `title` must live on. */
void   pdf_section(struct pdf *p, const char *title, double keep);
/* A smaller heading with a bookmark below the section's. */
void   pdf_part(struct pdf *p, struct str title);
/* The sections with their pages, as links, in columns. */
void   pdf_contents(struct pdf *p, const char *const *titles, size_t n);
void   pdf_text(struct pdf *p, enum pdf_face face, enum scene_color color, struct str text);
/* A label in bold, the text beside it. */
void   pdf_labelled(struct pdf *p, const char *label, double label_width, struct str text, enum scene_color color);
/* Text as it was written, on a quiet field, bounded in bytes and lines; what is left out is counted. */
void   pdf_quoted(struct pdf *p, const char *label, struct str text);
/* A drawing as wide as the page or as high as one, whichever is less. */
void   pdf_scene(struct pdf *p, const struct scene *s);
void   pdf_rule(struct pdf *p);

/* --- tables: one line a row, numbers in figures of one width; the head is repeated on each page ------------------- */
struct pdf_column {
    const char *title;
    double width;                               /* 0: what the others leave */
    enum scene_anchor align;
};
void   pdf_table_begin(struct pdf *p, const struct pdf_column *columns, size_t n);
/* A cell that is too long loses its middle. */
void   pdf_table_row(struct pdf *p, const struct str *cells, bool strong);
void   pdf_table_end(struct pdf *p);

/* `text` as it can be set: UTF-8, no control characters but newline and tab, no marks of direction, at most
 * `bytes_max`. */
struct str pdf_clean(struct str text, size_t bytes_max, struct arena *a);

/* pdf_scene.c: paints `s` at (0, 0) of `cr`, one unit to the px. */
void   pdf_paint(cairo_t *cr, PangoLayout *layout, const struct scene *s);
void   pdf_set_color(cairo_t *cr, enum scene_color color, double opacity);
void   pdf_set_font(PangoLayout *layout, bool bold, bool code, double size);
