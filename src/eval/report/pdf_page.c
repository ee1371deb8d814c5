#include "eval/report/pdf_page.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "version.h"

#define PDF_CELL_GAP  9.0
#define PDF_ROW       15.5
#define PDF_CELL_SIZE 8.4
#define PDF_LINE      1.16                      /* of a line to the font's own height */
#define PDF_CELL_BYTES 300

/* Type: few sizes, one family. */
static const struct { double size, before, after; bool bold, code; } pdf_faces[PDF_FACES] = {
    [PDF_TITLE] = { 22, 0, 4, true, false },
    [PDF_HEAD] = { 14, 20, 7, true, false },
    [PDF_SUBHEAD] = { 10.5, 12, 4, true, false },
    [PDF_BODY] = { 9.5, 0, 4, false, false },
    [PDF_STRONG] = { 9.5, 0, 4, true, false },
    [PDF_SMALL] = { 8, 0, 3, false, false },
    [PDF_CODE] = { 8, 0, 0, false, true },
};

struct pdf {
    cairo_surface_t *surface;
    cairo_t *cr;
    PangoLayout *layout, *line;                 /* running text, which a page's end may interrupt; single lines */
    PangoAttrList *figures;                     /* digits of one width */
    struct arena *arena;
    struct pdf_info info;
    const struct pdf_plan *plan;                /* NULL in the first round */
    struct pdf_plan found;
    const struct report_sink *sink;
    struct err fault;                           /* of the sink */
    double y;
    bool clean;                                 /* nothing on this page yet */
    int section;                                /* bookmark */
    struct pdf_column columns[PDF_COLUMNS_MAX];
    size_t column_count;
};

struct str pdf_clean(struct str text, size_t bytes_max, struct arena *a)
{
    struct str some = str_utf8_head(text, bytes_max);
    char *p = arena_alloc(a, some.len * 3 + 1);
    size_t n = 0;

    for (size_t i = 0; i < some.len;) {
        uint32_t c = str_utf8_next(some, &i);

        if (c == '\r')
            continue;
        n += str_utf8_put(c == 0x2028 || c == 0x2029 || c == 0x85            ? '\n'
                          : c == '\n' || c == '\t' || !report_unprintable(c) ? c
                                                                             : 0xfffd,
                          p + n);
    }
    return str_n(p, n);
}

/* --- the document ------------------------------------------------------------------------------------------------- */
/* cairo is never told of a fault: cairo 1.16 writes through freed memory in cairo_surface_finish when a write has
 * failed (right would be to return CAIRO_STATUS_WRITE_ERROR). After a fault nothing more reaches the sink. */
static cairo_status_t pdf_write(void *arg, const unsigned char *bytes, unsigned int n)
{
    struct pdf *p = arg;

    if (p->fault.code == ERR_OK)
        p->sink->write(p->sink->arg, str_n((const char *)bytes, n), &p->fault);
    return CAIRO_STATUS_SUCCESS;
}

static void pdf_describe(struct pdf *p)
{
    char when[CLOCK_TEXT];
    const struct { cairo_pdf_metadata_t what; struct str text; } parts[] = {
        { CAIRO_PDF_METADATA_TITLE, p->info.title }, { CAIRO_PDF_METADATA_SUBJECT, p->info.subject },
        { CAIRO_PDF_METADATA_CREATOR, S("assay " ASSAY_VERSION) },
        { CAIRO_PDF_METADATA_CREATE_DATE, str_c(clock_text(p->info.made_ms, when)) },
        { CAIRO_PDF_METADATA_MOD_DATE, str_c(when) },
    };

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        pdf_lib.cairo_pdf_surface_set_metadata(p->surface, parts[i].what,
                                               arena_cstr(p->arena,
                                                          report_fit(parts[i].text, SIZE_MAX, false, p->arena)));
}

/* Text is laid out as print wants it: no rounding to a screen's pixels. */
static void pdf_make_layout(struct pdf *p)
{
    PangoFontMap *fonts = pdf_lib.pango_cairo_font_map_new();      /* its caches die with the document */
    PangoContext *context = pdf_lib.pango_font_map_create_context(fonts);
    cairo_font_options_t *options = pdf_lib.cairo_font_options_create();

    pdf_lib.cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    pdf_lib.cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pdf_lib.pango_cairo_context_set_font_options(context, options);
    pdf_lib.pango_cairo_context_set_resolution(context, 72);
    pdf_lib.cairo_font_options_destroy(options);
    p->layout = pdf_lib.pango_layout_new(context);
    p->line = pdf_lib.pango_layout_new(context);
    pdf_lib.g_object_unref(context);
    pdf_lib.g_object_unref(fonts);
    p->figures = pdf_lib.pango_attr_list_new();
    pdf_lib.pango_attr_list_insert(p->figures, pdf_lib.pango_attr_font_features_new("tnum=1"));
}

enum err_code pdf_begin(const struct pdf_info *info, const struct pdf_plan *plan, const struct report_sink *sink,
                        struct pdf **out, struct err *e)
{
    struct pdf *p;

    TRY(pdf_lib_open(e));
    p = xcalloc(1, sizeof *p);
    *p = (struct pdf){ .arena = arena_new_sized(0), .info = *info, .plan = plan, .sink = sink, .fault = ERR_INIT,
                       .y = PDF_TOP, .clean = true, .found = { .pages = 1 } };
    p->surface = pdf_lib.cairo_pdf_surface_create_for_stream(plan ? pdf_write : NULL, p, PDF_WIDTH, PDF_HEIGHT);
    p->cr = pdf_lib.cairo_create(p->surface);
    pdf_lib.cairo_set_line_join(p->cr, CAIRO_LINE_JOIN_ROUND);
    pdf_make_layout(p);
    pdf_describe(p);
    *out = p;
    return ERR_OK;
}

bool pdf_failed(const struct pdf *p)
{
    return p->fault.code != ERR_OK || pdf_lib.cairo_status(p->cr) != CAIRO_STATUS_SUCCESS;
}

struct arena *pdf_arena(struct pdf *p)
{
    return p->arena;
}

/* Sets a layout up; width in points. */
static void pdf_lay(const struct pdf *p, PangoLayout *l, bool bold, bool code, double size, double width,
                    struct str text)
{
    pdf_set_font(l, bold, code, size);
    pdf_lib.pango_layout_set_attributes(l, p->figures);
    pdf_lib.pango_layout_set_alignment(l, PANGO_ALIGN_LEFT);
    pdf_lib.pango_layout_set_ellipsize(l, PANGO_ELLIPSIZE_NONE);
    pdf_lib.pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
    pdf_lib.pango_layout_set_width(l, (int)(width * PANGO_SCALE));
    pdf_lib.pango_layout_set_text(l, text.at, (int)text.len);
}

/* One line at (x, base line y), cut in its middle to `width`. */
static void pdf_line(struct pdf *p, bool bold, double size, enum scene_color color, enum scene_anchor align, double x,
                     double y, double width, struct str text)
{
    int w, h;

    pdf_lay(p, p->line, bold, false, size, width, text);
    pdf_lib.pango_layout_set_ellipsize(p->line, PANGO_ELLIPSIZE_MIDDLE);
    pdf_lib.pango_layout_get_size(p->line, &w, &h);
    x += align == SCENE_START ? 0 : (width - (double)w / PANGO_SCALE) / (align == SCENE_MIDDLE ? 2 : 1);
    pdf_set_color(p->cr, color, 1);
    pdf_lib.cairo_move_to(p->cr, x, y);
    pdf_lib.pango_cairo_show_layout_line(p->cr, pdf_lib.pango_layout_get_line_readonly(p->line, 0));
}

static void pdf_foot(struct pdf *p)
{
    struct str number = p->plan ? arena_printf(p->arena, "%d of %d", p->found.pages, p->plan->pages)
                                : arena_printf(p->arena, "%d", p->found.pages);

    pdf_line(p, false, 8, SCENE_MUTED, SCENE_START, PDF_LEFT, PDF_HEIGHT - 34, PDF_ROOM - 70,
             report_fit(p->info.foot, SIZE_MAX, false, p->arena));
    pdf_line(p, false, 8, SCENE_MUTED, SCENE_END, PDF_RIGHT - 60, PDF_HEIGHT - 34, 60, number);
}

void pdf_new_page(struct pdf *p)
{
    if (p->clean)
        return;
    pdf_foot(p);
    pdf_lib.cairo_show_page(p->cr);
    p->found.pages++;
    p->y = PDF_TOP;
    p->clean = true;
}

enum err_code pdf_end(struct pdf *p, struct pdf_plan *found, struct err *e)
{
    enum err_code code = ERR_OK;
    cairo_status_t status;

    pdf_foot(p);
    pdf_lib.cairo_show_page(p->cr);
    status = pdf_lib.cairo_status(p->cr);
    pdf_lib.cairo_destroy(p->cr);
    pdf_lib.cairo_surface_finish(p->surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = pdf_lib.cairo_surface_status(p->surface);
    if (p->fault.code != ERR_OK)
        code = err_set(e, p->fault.code, "%s", p->fault.text);
    else if (status != CAIRO_STATUS_SUCCESS)
        code = err_set(e, ERR_INTERNAL, "the PDF can't be made: %s", pdf_lib.cairo_status_to_string(status));
    if (found)
        *found = p->found;
    pdf_lib.cairo_surface_destroy(p->surface);
    pdf_lib.g_object_unref(p->layout);
    pdf_lib.g_object_unref(p->line);
    pdf_lib.pango_attr_list_unref(p->figures);
    arena_free(p->arena);
    free(p);
    return code;
}

void pdf_space(struct pdf *p, double height)
{
    if (!p->clean)
        p->y += height;
}

void pdf_need(struct pdf *p, double height)
{
    if (p->y + height > PDF_BOTTOM)
        pdf_new_page(p);
}

/* --- running text ------------------------------------------------------------------------------------------------- */
/* The laid-out text line by line, each on a page that has room for it; on a quiet field when `field`. Stops before line
 * `lines_max` and returns how many were set. */
static int pdf_flow(struct pdf *p, double x, enum scene_color color, bool field, int lines_max)
{
    PangoLayoutIter *i = pdf_lib.pango_layout_get_iter(p->layout);
    PangoRectangle logical;
    int lines = 0;

    do {
        double height, base;

        pdf_lib.pango_layout_iter_get_line_extents(i, NULL, &logical);
        height = (double)logical.height / PANGO_SCALE * PDF_LINE;
        base = (double)(pdf_lib.pango_layout_iter_get_baseline(i) - logical.y) / PANGO_SCALE;
        pdf_need(p, height);
        if (field) {
            pdf_set_color(p->cr, SCENE_PANEL, 1);
            pdf_lib.cairo_rectangle(p->cr, PDF_LEFT, p->y - 0.2, PDF_ROOM, height + 0.4);
            pdf_lib.cairo_fill(p->cr);
        }
        pdf_set_color(p->cr, color, 1);
        pdf_lib.cairo_move_to(p->cr, x + (double)logical.x / PANGO_SCALE,
                              p->y + base + height * (1 - 1 / PDF_LINE) / 2);
        pdf_lib.pango_cairo_show_layout_line(p->cr, pdf_lib.pango_layout_iter_get_line_readonly(i));
        p->y += height;
        p->clean = false;
        lines++;
    } while (lines < lines_max && pdf_lib.pango_layout_iter_next_line(i));
    pdf_lib.pango_layout_iter_free(i);
    return lines;
}

static void pdf_paragraph(struct pdf *p, enum pdf_face face, enum scene_color color, double x, struct str text)
{
    struct str clean = pdf_clean(text, PDF_TEXT_BYTES, p->arena);

    if (!clean.len)
        return;
    pdf_lay(p, p->layout, pdf_faces[face].bold, pdf_faces[face].code, pdf_faces[face].size, PDF_RIGHT - x, clean);
    pdf_flow(p, x, color, false, PDF_TEXT_LINES);
    p->y += pdf_faces[face].after;
}

void pdf_text(struct pdf *p, enum pdf_face face, enum scene_color color, struct str text)
{
    pdf_space(p, pdf_faces[face].before);
    pdf_paragraph(p, face, color, PDF_LEFT, text);
}

void pdf_labelled(struct pdf *p, const char *label, double label_width, struct str text, enum scene_color color)
{
    double size = pdf_faces[PDF_BODY].size;

    if (!text.len)
        return;
    pdf_need(p, 2 * size);
    pdf_line(p, true, size, color, SCENE_START, PDF_LEFT, p->y + size * 0.99, label_width - 6, str_c(label));
    p->clean = false;
    pdf_paragraph(p, PDF_BODY, SCENE_INK, PDF_LEFT + label_width, text);
}

void pdf_quoted(struct pdf *p, const char *label, struct str text)
{
    struct str clean = pdf_clean(text, PDF_TEXT_BYTES, p->arena);
    PangoLayoutIter *i;
    int set, all = 1;

    pdf_need(p, 44);
    pdf_space(p, 5);
    pdf_line(p, false, 8, SCENE_MUTED, SCENE_START, PDF_LEFT, p->y + 8, PDF_ROOM, str_c(label));
    p->clean = false;
    p->y += 12;
    if (!str_trim(clean).len) {
        pdf_text(p, PDF_SMALL, SCENE_MUTED, S("(empty)"));
        return;
    }
    pdf_lay(p, p->layout, false, true, pdf_faces[PDF_CODE].size, PDF_ROOM - 16, clean);
    for (i = pdf_lib.pango_layout_get_iter(p->layout); all <= PDF_TEXT_LINES && pdf_lib.pango_layout_iter_next_line(i);)
        all++;
    pdf_lib.pango_layout_iter_free(i);
    set = pdf_flow(p, PDF_LEFT + 8, SCENE_INK, true, PDF_TEXT_LINES);
    p->y += 2;
    if (all > set)
        pdf_text(p, PDF_SMALL, SCENE_MUTED,
                 arena_printf(p->arena, "... the first %d lines of %zu bytes", set, text.len));
    else if (text.len > PDF_TEXT_BYTES)
        pdf_text(p, PDF_SMALL, SCENE_MUTED,
                 arena_printf(p->arena, "... the first %d of %zu bytes", PDF_TEXT_BYTES, text.len));
    p->y += 3;
}

void pdf_rule(struct pdf *p)
{
    pdf_set_color(p->cr, SCENE_GRID, 1);
    pdf_lib.cairo_set_line_width(p->cr, 0.6);
    pdf_lib.cairo_set_dash(p->cr, NULL, 0, 0);
    pdf_lib.cairo_move_to(p->cr, PDF_LEFT, p->y);
    pdf_lib.cairo_line_to(p->cr, PDF_RIGHT, p->y);
    pdf_lib.cairo_stroke(p->cr);
}

/* --- headings ----------------------------------------------------------------------------------------------------- */
static int pdf_bookmark(struct pdf *p, int parent, struct str title)
{
    struct str target = arena_printf(p->arena, "page=%d pos=[0 %.0f]", p->found.pages, MAX(p->y - 4, 0.0));

    return pdf_lib.cairo_pdf_surface_add_outline(p->surface, parent,
                                                 arena_cstr(p->arena, report_fit(title, 120, false, p->arena)),
                                                 target.at,
                                                 parent == CAIRO_PDF_OUTLINE_ROOT ? CAIRO_PDF_OUTLINE_FLAG_OPEN : 0);
}

void pdf_section(struct pdf *p, const char *title, double keep)
{
    pdf_need(p, pdf_faces[PDF_HEAD].before + 30 + keep);
    pdf_space(p, pdf_faces[PDF_HEAD].before);
    p->section = pdf_bookmark(p, CAIRO_PDF_OUTLINE_ROOT, str_c(title));
    if (p->found.section_count < PDF_SECTIONS_MAX) {
        /* a name, not a page: cairo 1.16 makes nothing of a link to a page that is still to come */
        pdf_lib.cairo_tag_begin(
            p->cr, CAIRO_TAG_DEST,
            arena_printf(p->arena, "name='section-%zu' x=0 y=%.0f", p->found.section_count, MAX(p->y - 4, 0.0)).at);
        pdf_lib.cairo_tag_end(p->cr, CAIRO_TAG_DEST);
        p->found.sections[p->found.section_count++] = (struct pdf_place){ title, p->found.pages };
    }
    pdf_paragraph(p, PDF_HEAD, SCENE_INK, PDF_LEFT, str_c(title));
}

void pdf_part(struct pdf *p, struct str title)
{
    pdf_need(p, 90);
    pdf_space(p, pdf_faces[PDF_SUBHEAD].before);
    pdf_bookmark(p, p->section, title);
    pdf_paragraph(p, PDF_SUBHEAD, SCENE_INK, PDF_LEFT, report_fit(title, 160, false, p->arena));
}

static const struct pdf_place *pdf_place_of(const struct pdf *p, const char *title)
{
    for (size_t i = 0; p->plan && i < p->plan->section_count; i++)
        if (strcmp(p->plan->sections[i].title, title) == 0)
            return &p->plan->sections[i];
    return NULL;
}

void pdf_contents(struct pdf *p, const char *const *titles, size_t n)
{
    enum { COLUMNS = 3 };
    double column = PDF_ROOM / COLUMNS;
    size_t rows = (n + COLUMNS - 1) / COLUMNS;

    for (size_t i = 0; i < n; i++) {
        double x = PDF_LEFT + (double)(i / rows) * column, y = p->y + (double)(i % rows) * 14 + 10;
        const struct pdf_place *at = pdf_place_of(p, titles[i]);

        if (at)
            pdf_lib.cairo_tag_begin(p->cr, CAIRO_TAG_LINK,
                                    arena_printf(p->arena, "dest='section-%zu'", (size_t)(at - p->plan->sections)).at);
        pdf_line(p, false, 9, SCENE_ACCENT, SCENE_START, x, y, column - 44, str_c(titles[i]));
        pdf_line(p, false, 9, SCENE_MUTED, SCENE_END, x + column - 44, y, 20,
                 at ? arena_printf(p->arena, "%d", at->page) : S(" "));
        if (at)
            pdf_lib.cairo_tag_end(p->cr, CAIRO_TAG_LINK);
    }
    p->y += (double)rows * 14 + 4;
    p->clean = false;
}

/* --- drawings ----------------------------------------------------------------------------------------------------- */
void pdf_scene(struct pdf *p, const struct scene *s)
{
    double scale = MIN(PDF_ROOM / s->width, (PDF_BOTTOM - PDF_TOP - 40) / s->height);

    pdf_need(p, s->height * scale);
    pdf_lib.cairo_save(p->cr);
    pdf_lib.cairo_translate(p->cr, PDF_LEFT, p->y);
    pdf_lib.cairo_scale(p->cr, scale, scale);
    pdf_lib.pango_layout_set_attributes(p->line, p->figures);
    pdf_paint(p->cr, p->line, s);
    pdf_lib.cairo_restore(p->cr);
    p->y += s->height * scale + 4;
    p->clean = false;
}

/* --- tables ------------------------------------------------------------------------------------------------------- */
static void pdf_table_line(struct pdf *p, const struct str *cells, bool strong, enum scene_color color, double size)
{
    double x = PDF_LEFT;

    for (size_t i = 0; i < p->column_count; i++) {
        const struct pdf_column *c = &p->columns[i];

        if (cells[i].len)
            pdf_line(p, strong, size, color, c->align, x, p->y + PDF_ROW - 4.6, c->width,
                     report_fit(str_utf8_head(cells[i], PDF_CELL_BYTES), SIZE_MAX, false, p->arena));
        x += c->width + PDF_CELL_GAP;
    }
    p->y += PDF_ROW;
    p->clean = false;
}

static void pdf_table_head(struct pdf *p)
{
    struct str titles[PDF_COLUMNS_MAX];

    for (size_t i = 0; i < p->column_count; i++)
        titles[i] = str_c(p->columns[i].title);
    pdf_table_line(p, titles, false, SCENE_MUTED, 7.8);
    pdf_set_color(p->cr, SCENE_AXIS, 1);
    pdf_lib.cairo_rectangle(p->cr, PDF_LEFT, p->y - 0.4, PDF_ROOM, 0.7);
    pdf_lib.cairo_fill(p->cr);
    p->y += 1.5;
}

void pdf_table_begin(struct pdf *p, const struct pdf_column *columns, size_t n)
{
    double taken = 0, open = 0;

    ASSERT(n >= 1 && n <= PDF_COLUMNS_MAX);
    for (size_t i = 0; i < n; i++) {
        p->columns[i] = columns[i];
        taken += columns[i].width + (i + 1 < n ? PDF_CELL_GAP : 0);
        open += columns[i].width == 0;
    }
    for (size_t i = 0; i < n; i++)
        if (columns[i].width == 0)
            p->columns[i].width = MAX((PDF_ROOM - taken) / open, 20.0);
    p->column_count = n;
    pdf_need(p, 4 * PDF_ROW);
    pdf_table_head(p);
}

void pdf_table_row(struct pdf *p, const struct str *cells, bool strong)
{
    if (p->y + PDF_ROW > PDF_BOTTOM) {
        pdf_new_page(p);
        pdf_table_head(p);
    }
    pdf_table_line(p, cells, strong, SCENE_INK, PDF_CELL_SIZE);
    pdf_set_color(p->cr, SCENE_GRID, 1);
    pdf_lib.cairo_rectangle(p->cr, PDF_LEFT, p->y - 0.3, PDF_ROOM, 0.5);
    pdf_lib.cairo_fill(p->cr);
}

void pdf_table_end(struct pdf *p)
{
    p->column_count = 0;
    p->y += 6;
}
