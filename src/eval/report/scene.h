/* src/eval/report/scene.h: a drawing made once and painted anywhere: as SVG here, on a PDF page by pdf_scene.c.
 *
 * A scene is a list of items in px (96 to the inch), y growing downward, from (0, 0) to (width, height). A colour is a
 * meaning (`SCENE_BAD`), never a number: SVG writes it as a CSS class whose value the page may set by a custom property
 * (--chart-bad), so that its light and dark apply; paper takes the light value. Text is measured by a table of widths
 * of a wide common face, so that what fits here fits in any face a reader is likely to have; a painter that finds a
 * text wider than scene_text_width says narrows it.
 * Coordinates must be finite (ASSERT): who draws outside numbers looks at them first. Text may be anything: control
 * characters, marks of direction, bytes that are not UTF-8 and what XML forbids are shown as '?' or U+FFFD.
 * Bounds: SCENE_ITEMS_MAX items (later ones are left out and scene_is_full says so), SCENE_TEXT_MAX bytes of a text.
 * Memory: the arena's. Threads: one owner at a time. Cost: O(items). */
#pragma once

#include "base/base.h"

#define SCENE_COLORS(X) /* name in CSS, light, dark */ \
    X(INK,    "ink",    0x1b1f24, 0xe6e9ec)     /* text that must be read */ \
    X(MUTED,  "muted",  0x5b6570, 0x9ca6b0)     /* text beside it */ \
    X(AXIS,   "axis",   0x9aa4ae, 0x5d6772)     \
    X(GRID,   "grid",   0xe4e8ec, 0x2b3138)     \
    X(PAPER,  "paper",  0xffffff, 0x14171a)     /* what the page is made of */ \
    X(PANEL,  "panel",  0xf4f6f8, 0x1d2126)     /* a quiet field on it */ \
    X(ACCENT, "accent", 0x1f57c3, 0x7fadff)     /* what the eye should find first */ \
    X(MARK,   "mark",   0x76828e, 0x87929d)     /* data beside it */ \
    X(GOOD,   "good",   0x1a7f4b, 0x4fc285)     \
    X(WARN,   "warn",   0xa85b07, 0xe2a24c)     \
    X(BAD,    "bad",    0xc0312d, 0xff7d75)

#define X(id, name, light, dark) SCENE_##id,
enum scene_color { SCENE_NONE, SCENE_COLORS(X) SCENE_COLOR_COUNT };
#undef X

#define SCENE_ITEMS_MAX 60000
#define SCENE_TEXT_MAX  1000                    /* bytes of one text */
#define SCENE_DEPTH_MAX 16                      /* groups in groups */

enum scene_anchor { SCENE_START, SCENE_MIDDLE, SCENE_END };

/* width 0: 1 px. opacity 0: 1. */
struct scene_style { enum scene_color fill, stroke; double width, opacity; bool dashed; };
/* size in px. angle in degrees, clockwise, about the text's own point. */
struct scene_font { double size; enum scene_color color; enum scene_anchor anchor; bool bold; double angle; };
struct scene_point { double x, y; };
struct scene_box { double left, top, right, bottom; };

enum scene_kind { SCENE_PATH, SCENE_RECT, SCENE_CIRCLE, SCENE_TEXT, SCENE_OPEN, SCENE_CLOSE };
struct scene_item {
    enum scene_kind kind;
    struct scene_style style;
    struct scene_point *points;                 /* SCENE_PATH */
    size_t point_count;
    bool closed;
    double x, y, width, height, radius;         /* SCENE_RECT: top left; SCENE_CIRCLE: middle; SCENE_TEXT: base line */
    struct scene_font font;
    struct str text;                            /* SCENE_TEXT; SCENE_OPEN: the group's title, may be empty */
    bool clip;                                  /* SCENE_OPEN: nothing outside x, y, width, height is seen */
};

struct scene {
    struct arena *arena;
    double width, height;
    struct str title, description;              /* for those who can't see it */
    VEC(struct scene_item) items;
    int depth, left_out;                        /* open groups; open ones that found no room */
    bool full;
};

/* The height may be set later, once it is known. */
struct scene *scene_new(struct arena *a, double width, double height, struct str title,
                        struct str description) MUST_USE;
bool scene_is_full(const struct scene *s);

void   scene_line(struct scene *s, double x1, double y1, double x2, double y2, struct scene_style style);
/* The points are copied. A closed path may be filled. Fewer than two points draw nothing. */
void   scene_path(struct scene *s, const struct scene_point *points, size_t n, bool closed, struct scene_style style);
/* `radius` rounds the corners. */
void   scene_rect(struct scene *s, double x, double y, double width, double height, double radius, struct scene_style style);
void   scene_circle(struct scene *s, double x, double y, double radius, struct scene_style style);
void   scene_text(struct scene *s, double x, double y, struct str text, struct scene_font font);
void   scene_textf(struct scene *s, double x, double y, struct scene_font font, const char *fmt, ...) PRINTF_LIKE(5, 6);
/* A group: what is in it shares a title (a tip where the pointer rests, a name for a screen reader). */
void   scene_open(struct scene *s, struct str title);
void   scene_open_clip(struct scene *s, double x, double y, double width, double height);
void   scene_close(struct scene *s);

/* px, by the table. */
double scene_text_width(struct str text, double size, bool bold);
/* `text` in at most `width` px: cleaned, and its middle cut out when it is longer. */
struct str scene_fit(struct str text, double size, bool bold, double width, struct arena *a);
/* What an item covers, its text by the table; what all cover. */
struct scene_box scene_item_box(const struct scene_item *item);
struct scene_box scene_extent(const struct scene *s);

/* --- SVG (scene_svg.c) --------------------------------------------------------------------------------------------
 * Classes only: no style attribute, no id, no script, so it may stand in any page however strict its policy, any number
 * of times. scene_css is the style sheet the page owes it; a standalone picture carries it inside. */
#define SCENE_SVG_MAX ((size_t)16 << 20)
void   scene_svg(const struct scene *s, bool standalone, struct buf *out);
void   scene_css(struct buf *out);
uint32_t scene_color_value(enum scene_color c, bool dark);      /* 0xrrggbb */
const char *scene_color_name(enum scene_color c);               /* "bad" */
