/* src/eval/report/pdf_lib.h: cairo and pango, opened when the first PDF is asked for.
 *
 * Linked in, they and what they need would cost every command 7 ms of start and 4 MiB of memory; so only their headers
 * are used at build time, and the libraries are found at run time by the names their interface has had since 2007. All
 * calls go through `pdf_lib`: pdf_lib.cairo_show_page(cr). Threads: any, after pdf_lib_open has given ERR_OK. */
#pragma once

#include "base/base.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#define PDF_LIB_FUNCTIONS(X) \
    X(cairo_clip) X(cairo_close_path) X(cairo_create) X(cairo_destroy) X(cairo_fill) X(cairo_fill_preserve) \
    X(cairo_line_to) X(cairo_move_to) X(cairo_new_path) X(cairo_new_sub_path) X(cairo_arc) X(cairo_rectangle) X(cairo_restore) \
    X(cairo_rotate) X(cairo_save) X(cairo_scale) X(cairo_set_dash) X(cairo_set_line_cap) X(cairo_set_line_join) \
    X(cairo_set_line_width) X(cairo_set_source_rgba) X(cairo_show_page) X(cairo_status) X(cairo_status_to_string) X(cairo_stroke) \
    X(cairo_tag_begin) X(cairo_tag_end) X(cairo_translate) X(cairo_surface_destroy) X(cairo_surface_finish) \
    X(cairo_surface_status) X(cairo_pdf_surface_add_outline) X(cairo_pdf_surface_create_for_stream) \
    X(cairo_pdf_surface_set_metadata) X(cairo_font_options_create) X(cairo_font_options_destroy) \
    X(cairo_font_options_set_hint_metrics) X(cairo_font_options_set_hint_style) \
    X(g_free) X(g_object_unref) X(pango_attr_font_features_new) X(pango_attr_list_insert) X(pango_attr_list_new) X(pango_attr_list_unref) \
    X(pango_cairo_context_set_font_options) X(pango_cairo_context_set_resolution) X(pango_font_map_create_context) \
    X(pango_cairo_font_map_new) X(pango_cairo_show_layout_line) X(pango_font_description_free) X(pango_font_description_new) \
    X(pango_font_description_set_absolute_size) X(pango_font_description_set_family) X(pango_font_description_set_weight) \
    X(pango_font_map_list_families) X(pango_layout_get_iter) X(pango_layout_get_line_readonly) X(pango_layout_get_pixel_size) \
    X(pango_layout_get_size) X(pango_layout_get_baseline) X(pango_layout_iter_free) X(pango_layout_iter_get_baseline) \
    X(pango_layout_iter_get_line_extents) X(pango_layout_iter_get_line_readonly) X(pango_layout_iter_next_line) X(pango_layout_new) \
    X(pango_layout_set_alignment) X(pango_layout_set_attributes) X(pango_layout_set_ellipsize) X(pango_layout_set_font_description) \
    X(pango_layout_set_height) X(pango_layout_set_text) X(pango_layout_set_width) X(pango_layout_set_wrap)

struct pdf_lib {
#define X(name) __typeof__(name) *name;
    PDF_LIB_FUNCTIONS(X)
#undef X
};
extern struct pdf_lib pdf_lib;

/* ERR_ENVIRONMENT says what to install: the libraries, or a font. */
enum err_code pdf_lib_open(struct err *e) MUST_USE;
