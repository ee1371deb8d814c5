/* src/eval/report/pdf_scene.c: a scene painted with cairo. */
#include "eval/report/pdf_page.h"

#include <math.h>

/* The first of these the machine has; scripts they lack are found by pango. */
#define PDF_SANS "Inter, Source Sans 3, Noto Sans, Open Sans, Liberation Sans, DejaVu Sans Condensed, DejaVu Sans, sans-serif"
#define PDF_MONO "JetBrains Mono, Source Code Pro, Noto Sans Mono, Liberation Mono, DejaVu Sans Mono, monospace"

void pdf_set_color(cairo_t *cr, enum scene_color color, double opacity)
{
    uint32_t v = scene_color_value(color, false);

    pdf_lib.cairo_set_source_rgba(cr, (v >> 16 & 255) / 255.0, (v >> 8 & 255) / 255.0, (v & 255) / 255.0,
                                  opacity > 0 ? opacity : 1);
}

void pdf_set_font(PangoLayout *layout, bool bold, bool code, double size)
{
    PangoFontDescription *d = pdf_lib.pango_font_description_new();

    pdf_lib.pango_font_description_set_family(d, code ? PDF_MONO : PDF_SANS);
    pdf_lib.pango_font_description_set_weight(d, bold ? PANGO_WEIGHT_SEMIBOLD : PANGO_WEIGHT_NORMAL);
    pdf_lib.pango_font_description_set_absolute_size(d, size * PANGO_SCALE);
    pdf_lib.pango_layout_set_font_description(layout, d);
    pdf_lib.pango_font_description_free(d);
}

static void pdf_paint_style(cairo_t *cr, const struct scene_style *s)
{
    static const double dashes[] = { 4, 3 };

    if (s->fill) {
        pdf_set_color(cr, s->fill, s->opacity);
        pdf_lib.cairo_fill_preserve(cr);
    }
    if (s->stroke) {
        pdf_set_color(cr, s->stroke, s->opacity);
        pdf_lib.cairo_set_line_width(cr, s->width > 0 ? s->width : 1);
        pdf_lib.cairo_set_dash(cr, dashes, s->dashed ? 2 : 0, 0);
        pdf_lib.cairo_stroke(cr);
    }
    pdf_lib.cairo_new_path(cr);
}

static void pdf_paint_rect(cairo_t *cr, const struct scene_item *i)
{
    double r = i->radius, x = i->x, y = i->y, right = i->x + i->width, bottom = i->y + i->height;

    if (r <= 0) {
        pdf_lib.cairo_rectangle(cr, x, y, i->width, i->height);
    } else {
        pdf_lib.cairo_new_sub_path(cr);
        pdf_lib.cairo_arc(cr, right - r, y + r, r, -M_PI / 2, 0);
        pdf_lib.cairo_arc(cr, right - r, bottom - r, r, 0, M_PI / 2);
        pdf_lib.cairo_arc(cr, x + r, bottom - r, r, M_PI / 2, M_PI);
        pdf_lib.cairo_arc(cr, x + r, y + r, r, M_PI, 1.5 * M_PI);
        pdf_lib.cairo_close_path(cr);
    }
    pdf_paint_style(cr, &i->style);
}

/* A text wider than the scene was told is narrowed to that. */
static void pdf_paint_text(cairo_t *cr, PangoLayout *layout, const struct scene_item *i)
{
    double told = scene_text_width(i->text, i->font.size, i->font.bold), width, squeeze;
    int w, h;

    pdf_set_font(layout, i->font.bold, false, i->font.size);
    pdf_lib.pango_layout_set_text(layout, i->text.at, (int)i->text.len);
    pdf_lib.pango_layout_get_size(layout, &w, &h);
    width = (double)w / PANGO_SCALE;
    squeeze = width > told && width > 0 ? told / width : 1;
    pdf_lib.cairo_save(cr);
    pdf_lib.cairo_translate(cr, i->x, i->y);
    pdf_lib.cairo_rotate(cr, i->font.angle * M_PI / 180);
    pdf_lib.cairo_scale(cr, squeeze, 1);
    pdf_lib.cairo_move_to(cr,
                          i->font.anchor == SCENE_START    ? 0
                          : i->font.anchor == SCENE_MIDDLE ? -width / 2
                                                           : -width,
                          0);
    pdf_set_color(cr, i->font.color, 1);
    pdf_lib.pango_cairo_show_layout_line(cr, pdf_lib.pango_layout_get_line_readonly(layout, 0));
    pdf_lib.cairo_restore(cr);
    pdf_lib.cairo_new_path(cr);
}

static void pdf_paint_item(cairo_t *cr, PangoLayout *layout, const struct scene_item *i)
{
    switch (i->kind) {
    case SCENE_PATH:
        for (size_t k = 0; k < i->point_count; k++)
            (k ? pdf_lib.cairo_line_to : pdf_lib.cairo_move_to)(cr, i->points[k].x, i->points[k].y);
        if (i->closed)
            pdf_lib.cairo_close_path(cr);
        pdf_paint_style(cr, &i->style);
        break;
    case SCENE_RECT: pdf_paint_rect(cr, i); break;
    case SCENE_CIRCLE:
        pdf_lib.cairo_new_sub_path(cr);
        pdf_lib.cairo_arc(cr, i->x, i->y, i->radius, 0, 2 * M_PI);
        pdf_paint_style(cr, &i->style);
        break;
    case SCENE_TEXT: pdf_paint_text(cr, layout, i); break;
    case SCENE_OPEN:
        pdf_lib.cairo_save(cr);
        if (i->clip) {
            pdf_lib.cairo_rectangle(cr, i->x, i->y, i->width, i->height);
            pdf_lib.cairo_clip(cr);
        }
        break;
    case SCENE_CLOSE: pdf_lib.cairo_restore(cr); break;
    }
}

void pdf_paint(cairo_t *cr, PangoLayout *layout, const struct scene *s)
{
    pdf_lib.pango_layout_set_width(layout, -1);
    pdf_lib.pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_NONE);
    pdf_lib.pango_layout_set_alignment(layout, PANGO_ALIGN_LEFT);
    pdf_lib.cairo_save(cr);
    for (size_t i = 0; i < s->items.len; i++)
        pdf_paint_item(cr, layout, &s->items.at[i]);
    pdf_lib.cairo_restore(cr);
}
