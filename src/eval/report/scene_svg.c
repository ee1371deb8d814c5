/* src/eval/report/scene_svg.c: a scene as SVG 1.1. Every number is written with at most two decimals, every text is
 * escaped; coordinates are finite by scene.h's promise. */
#include "eval/report/scene.h"

#include <math.h>
#include <stdio.h>

static void svg_text(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        uint32_t c = str_utf8_next(s, &i);

        if (c == '<')
            buf_puts(b, "&lt;");
        else if (c == '>')
            buf_puts(b, "&gt;");
        else if (c == '&')
            buf_puts(b, "&amp;");
        else if (c == '"')
            buf_puts(b, "&quot;");
        else if (c < 0x20 || (c & 0xfffe) == 0xfffe)    /* not of XML */
            buf_puts(b, "\xef\xbf\xbd");
        else
            buf_append(b, str_sub(s, from, i - from));
    }
}

static void svg_number(struct buf *b, double v)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%.2f", CLAMP(v, -1e9, 1e9));

    while (text[n - 1] == '0')
        n--;
    if (text[n - 1] == '.')
        n--;
    buf_append(b, n == 2 && text[0] == '-' && text[1] == '0' ? S("0") : str_n(text, (size_t)n));
}

static void svg_attribute(struct buf *b, const char *name, double v)
{
    buf_printf(b, " %s=\"", name);
    svg_number(b, v);
    buf_byte(b, '"');
}

static void svg_area(struct buf *b, const struct scene_item *item)
{
    svg_attribute(b, "x", item->x);
    svg_attribute(b, "y", item->y);
    svg_attribute(b, "width", item->width);
    svg_attribute(b, "height", item->height);
}

static void svg_style(struct buf *b, const struct scene_style *style)
{
    buf_printf(b, " class=\"f-%s", scene_color_name(style->fill));
    if (style->stroke)
        buf_printf(b, " s-%s", scene_color_name(style->stroke));
    buf_byte(b, '"');
    if (style->stroke && style->width > 0 && style->width != 1)
        svg_attribute(b, "stroke-width", style->width);
    if (style->opacity > 0 && style->opacity < 1)
        svg_attribute(b, "opacity", style->opacity);
    if (style->stroke && style->dashed)
        buf_puts(b, " stroke-dasharray=\"4 3\"");
}

static void svg_path(struct buf *b, const struct scene_item *item)
{
    buf_puts(b, "<path d=\"");
    for (size_t i = 0; i < item->point_count; i++) {
        buf_byte(b, i ? 'L' : 'M');
        svg_number(b, item->points[i].x);
        buf_byte(b, ' ');
        svg_number(b, item->points[i].y);
    }
    buf_puts(b, item->closed ? "Z\"" : "\"");
    svg_style(b, &item->style);
    buf_puts(b, "/>");
}

static void svg_words(struct buf *b, const struct scene_item *item)
{
    static const char *const anchors[] = { "", " t-middle", " t-end" };
    const struct scene_font *f = &item->font;

    buf_puts(b, "<text");
    svg_attribute(b, "x", item->x);
    svg_attribute(b, "y", item->y);
    svg_attribute(b, "font-size", f->size);
    buf_printf(b, " class=\"f-%s%s%s\"", scene_color_name(f->color), anchors[f->anchor], f->bold ? " t-bold" : "");
    if (f->angle != 0) {
        buf_puts(b, " transform=\"rotate(");
        svg_number(b, f->angle);
        buf_byte(b, ' ');
        svg_number(b, item->x);
        buf_byte(b, ' ');
        svg_number(b, item->y);
        buf_puts(b, ")\"");
    }
    buf_byte(b, '>');
    svg_text(b, item->text);
    buf_puts(b, "</text>");
}

/* A clipped group is an inner svg: it hides what lies outside it and, unlike a clipPath, needs no id. */
static void svg_open(struct buf *b, const struct scene_item *item)
{
    buf_puts(b, item->clip ? "<svg" : "<g");
    if (item->clip) {
        svg_area(b, item);
        buf_puts(b, " viewBox=\"");
        svg_number(b, item->x);
        buf_byte(b, ' ');
        svg_number(b, item->y);
        buf_byte(b, ' ');
        svg_number(b, item->width);
        buf_byte(b, ' ');
        svg_number(b, item->height);
        buf_byte(b, '"');
    }
    buf_byte(b, '>');
    if (item->text.len) {
        buf_puts(b, "<title>");
        svg_text(b, item->text);
        buf_puts(b, "</title>");
    }
}

static void svg_item(struct buf *b, const struct scene_item *item, bool clipped)
{
    switch (item->kind) {
    case SCENE_PATH: svg_path(b, item); break;
    case SCENE_RECT:
        buf_puts(b, "<rect");
        svg_area(b, item);
        if (item->radius > 0)
            svg_attribute(b, "rx", item->radius);
        svg_style(b, &item->style);
        buf_puts(b, "/>");
        break;
    case SCENE_CIRCLE:
        buf_puts(b, "<circle");
        svg_attribute(b, "cx", item->x);
        svg_attribute(b, "cy", item->y);
        svg_attribute(b, "r", item->radius);
        svg_style(b, &item->style);
        buf_puts(b, "/>");
        break;
    case SCENE_TEXT: svg_words(b, item); break;
    case SCENE_OPEN: svg_open(b, item); break;
    case SCENE_CLOSE: buf_puts(b, clipped ? "</svg>" : "</g>"); break;
    }
}

void scene_css(struct buf *out)
{
    buf_puts(out, ".chart{display:block;max-width:100%;height:auto;font-family:var(--chart-font,system-ui,\"Segoe UI\","
             "\"Helvetica Neue\",Arial,sans-serif);font-variant-numeric:tabular-nums}\n"
             ".chart text{white-space:pre;stroke:none}\n.chart .f-none{fill:none}\n.chart .t-middle{text-anchor:middle}\n"
             ".chart .t-end{text-anchor:end}\n.chart .t-bold{font-weight:600}\n");
    for (enum scene_color c = SCENE_INK; c < SCENE_COLOR_COUNT; c++)
        buf_printf(out, ".chart .f-%s{fill:var(--chart-%s,#%06x)}\n.chart .s-%s{stroke:var(--chart-%s,#%06x)}\n",
                   scene_color_name(c), scene_color_name(c), scene_color_value(c, false), scene_color_name(c),
                   scene_color_name(c), scene_color_value(c, false));
}

/* A picture of its own follows the reader's light or dark by itself. */
static void svg_own_css(struct buf *b)
{
    buf_puts(b, "<style>");
    scene_css(b);
    buf_puts(b, "@media (prefers-color-scheme:dark){.chart{");
    for (enum scene_color c = SCENE_INK; c < SCENE_COLOR_COUNT; c++)
        buf_printf(b, "--chart-%s:#%06x;", scene_color_name(c), scene_color_value(c, true));
    buf_puts(b, "}}</style>\n");
}

void scene_svg(const struct scene *s, bool standalone, struct buf *out)
{
    bool clipped[SCENE_DEPTH_MAX] = { false };      /* the group so deep is an inner svg */
    int depth = 0;

    ASSERT(s->depth == 0);
    buf_puts(out, "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
    svg_number(out, s->width);
    buf_byte(out, ' ');
    svg_number(out, s->height);
    buf_byte(out, '"');
    svg_attribute(out, "width", s->width);
    svg_attribute(out, "height", s->height);
    buf_puts(out, " role=\"img\" aria-label=\"");
    svg_text(out, s->title);
    buf_puts(out, "\">\n<title>");
    svg_text(out, s->title);
    buf_puts(out, "</title>\n");
    if (s->description.len) {
        buf_puts(out, "<desc>");
        svg_text(out, s->description);
        buf_puts(out, "</desc>\n");
    }
    if (standalone)
        svg_own_css(out);
    for (size_t i = 0; i < s->items.len; i++) {
        const struct scene_item *item = &s->items.at[i];

        if (item->kind == SCENE_CLOSE)
            depth--;
        svg_item(out, item, item->kind == SCENE_CLOSE && clipped[depth]);
        if (item->kind == SCENE_OPEN)
            clipped[depth++] = item->clip;
        buf_byte(out, '\n');
    }
    buf_puts(out, "</svg>\n");
}
