#include "eval/report/scene.h"

#include <math.h>
#include <stdio.h>

#include "eval/report/report.h"

#define SCENE_ASCENT  0.78                      /* of a line of text above its base line, in em */
#define SCENE_DESCENT 0.24
#define SCENE_OTHER   640                       /* a letter that is not ASCII, in 1/1000 em */
#define SCENE_POINTS_MAX 20000

/* Advances of ' ' to '~' in 1/1000 em, as measured of DejaVu Sans, wider than most faces of its kind. */
static const uint16_t scene_widths[2][95] = {
    { 318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636, 636,
      636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
      603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635,
      634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838 },
    { 348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696, 696, 696,
      696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995, 837, 850,
      733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716, 678, 435, 716,
      712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838 },
};

static const struct { const char *name; uint32_t light, dark; } scene_colors[SCENE_COLOR_COUNT] = {
    [SCENE_NONE] = { "none", 0, 0 },
#define X(id, css, by_day, by_night) [SCENE_##id] = { css, by_day, by_night },
    SCENE_COLORS(X)
#undef X
};

uint32_t scene_color_value(enum scene_color c, bool dark)
{
    return dark ? scene_colors[c].dark : scene_colors[c].light;
}

const char *scene_color_name(enum scene_color c)
{
    return scene_colors[c].name;
}

/* --- text --------------------------------------------------------------------------------------------------------- */
static double scene_char_width(uint32_t cp, bool bold)
{
    char bytes[4];
    size_t n, columns;

    if (cp >= ' ' && cp <= '~')
        return scene_widths[bold][cp - ' '];
    n = str_utf8_put(cp, bytes);
    columns = str_utf8_width(str_n(bytes, n));
    return columns == 0 ? 0 : columns == 2 ? 1000 : bold ? SCENE_OTHER * 1.12 : cp == 0x2026 ? 1000 : SCENE_OTHER;
}

double scene_text_width(struct str text, double size, bool bold)
{
    double sum = 0;

    for (size_t i = 0; i < text.len;)
        sum += scene_char_width(str_utf8_next(text, &i), bold);
    return sum * size / 1000;
}

/* The longest head of `s` that takes at most `width` px. */
static size_t scene_head(struct str s, double size, bool bold, double width)
{
    double sum = 0;
    size_t at = 0;

    while (at < s.len) {
        size_t next = at;

        sum += scene_char_width(str_utf8_next(s, &next), bold) * size / 1000;
        if (sum > width)
            break;
        at = next;
    }
    return at;
}

struct str scene_fit(struct str text, double size, bool bold, double width, struct arena *a)
{
    struct str clean = report_fit(str_utf8_head(text, SCENE_TEXT_MAX), SIZE_MAX, false, a), mark = S("\xe2\x80\xa6");
    double whole = scene_text_width(clean, size, bold), room = width - scene_text_width(mark, size, bold), rest;
    size_t head, tail;

    if (whole <= width && text.len <= SCENE_TEXT_MAX)
        return clean;
    if (room <= 0)
        return S("");
    head = scene_head(clean, size, bold, room / 2);
    rest = scene_text_width(str_from(clean, head), size, bold);
    for (tail = head; tail < clean.len && rest > room / 2;)
        rest -= scene_char_width(str_utf8_next(clean, &tail), bold) * size / 1000;
    return arena_printf(a, STR_FMT STR_FMT STR_FMT, STR_ARG(str_sub(clean, 0, head)), STR_ARG(mark),
                        STR_ARG(str_from(clean, tail)));
}

/* --- drawing ------------------------------------------------------------------------------------------------------ */
static void scene_dispose(void *scene)
{
    struct scene *s = scene;

    vec_dispose(&s->items);
}

struct scene *scene_new(struct arena *a, double width, double height, struct str title, struct str description)
{
    struct scene *s = arena_new(a, struct scene);

    ASSERT(isfinite(width) && width > 0 && isfinite(height) && height >= 0);
    *s = (struct scene){ .arena = a, .width = width, .height = height, .title = scene_fit(title, 1, false, 1e9, a),
                         .description = report_fit(str_utf8_head(description, SCENE_TEXT_MAX), SIZE_MAX, false, a) };
    arena_defer(a, scene_dispose, s);
    return s;
}

bool scene_is_full(const struct scene *s)
{
    return s->full;
}

static void scene_add(struct scene *s, struct scene_item item)
{
    ASSERT(isfinite(item.x) && isfinite(item.y) && isfinite(item.width) && isfinite(item.height) &&
           isfinite(item.radius));
    ASSERT(isfinite(item.style.width) && isfinite(item.style.opacity) && isfinite(item.font.size) &&
           isfinite(item.font.angle));
    /* groups that were opened must be closed */
    if (s->items.len >= SCENE_ITEMS_MAX && item.kind != SCENE_CLOSE) {
        s->full = true;
        return;
    }
    vec_push(&s->items, item);
}

void scene_path(struct scene *s, const struct scene_point *points, size_t n, bool closed, struct scene_style style)
{
    struct scene_item item = { .kind = SCENE_PATH, .style = style, .point_count = n, .closed = closed };

    if (n < 2 || s->items.len >= SCENE_ITEMS_MAX) {
        s->full |= n >= 2;
        return;
    }
    ASSERT(n <= SCENE_POINTS_MAX);
    item.points = arena_array(s->arena, struct scene_point, n);
    for (size_t i = 0; i < n; i++) {
        ASSERT(isfinite(points[i].x) && isfinite(points[i].y));
        item.points[i] = points[i];
    }
    scene_add(s, item);
}

void scene_line(struct scene *s, double x1, double y1, double x2, double y2, struct scene_style style)
{
    scene_path(s, (struct scene_point[]){ { x1, y1 }, { x2, y2 } }, 2, false, style);
}

void scene_rect(struct scene *s, double x, double y, double width, double height, double radius,
                struct scene_style style)
{
    ASSERT(width >= 0 && height >= 0);
    scene_add(s, (struct scene_item){ .kind = SCENE_RECT, .style = style, .x = x, .y = y, .width = width, .height = height,
                                      .radius = MIN(radius, MIN(width, height) / 2) });
}

void scene_circle(struct scene *s, double x, double y, double radius, struct scene_style style)
{
    ASSERT(radius >= 0);
    scene_add(s, (struct scene_item){ .kind = SCENE_CIRCLE, .style = style, .x = x, .y = y, .radius = radius });
}

void scene_text(struct scene *s, double x, double y, struct str text, struct scene_font font)
{
    struct str clean = scene_fit(text, 1, false, 1e9, s->arena);

    ASSERT(font.size > 0);
    if (clean.len)
        scene_add(s, (struct scene_item){ .kind = SCENE_TEXT, .x = x, .y = y, .text = clean, .font = font });
}

void scene_textf(struct scene *s, double x, double y, struct scene_font font, const char *fmt, ...)
{
    AUTO_BUF struct buf b = BUF_INIT(4 * SCENE_TEXT_MAX);
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    ASSERT(!buf_failed(&b));
    scene_text(s, x, y, buf_str(&b), font);
}

/* A group that finds no room is closed without a trace too. */
static void scene_begin(struct scene *s, struct scene_item item)
{
    if (s->items.len >= SCENE_ITEMS_MAX) {
        s->full = true;
        s->left_out++;
        return;
    }
    ASSERT(s->depth < SCENE_DEPTH_MAX);
    scene_add(s, item);
    s->depth++;
}

void scene_open(struct scene *s, struct str title)
{
    scene_begin(s, (struct scene_item){ .kind = SCENE_OPEN, .text = scene_fit(title, 1, false, 1e9, s->arena) });
}

void scene_open_clip(struct scene *s, double x, double y, double width, double height)
{
    ASSERT(width >= 0 && height >= 0);
    scene_begin(s, (struct scene_item){ .kind = SCENE_OPEN, .x = x, .y = y, .width = width, .height = height, .clip = true });
}

void scene_close(struct scene *s)
{
    if (s->left_out) {
        s->left_out--;
        return;
    }
    ASSERT(s->depth > 0);
    s->depth--;
    scene_add(s, (struct scene_item){ .kind = SCENE_CLOSE });
}

/* --- what is covered ---------------------------------------------------------------------------------------------- */
static struct scene_box scene_box_join(struct scene_box a, struct scene_box b)
{
    return (struct scene_box){ fmin(a.left, b.left), fmin(a.top, b.top), fmax(a.right, b.right),
                               fmax(a.bottom, b.bottom) };
}

static const struct scene_box scene_nothing = { INFINITY, INFINITY, -INFINITY, -INFINITY };

static struct scene_box scene_text_box(const struct scene_item *item)
{
    double width = scene_text_width(item->text, item->font.size, item->font.bold),
           angle = item->font.angle * M_PI / 180;
    double left = item->font.anchor == SCENE_START ? 0 : item->font.anchor == SCENE_MIDDLE ? -width / 2 : -width;
    double top = -item->font.size * SCENE_ASCENT, bottom = item->font.size * SCENE_DESCENT;
    struct scene_point corners[] = { { left, top }, { left + width, top }, { left, bottom }, { left + width, bottom } };
    struct scene_box box = scene_nothing;

    for (size_t i = 0; i < COUNT_OF(corners); i++) {
        double x = item->x + corners[i].x * cos(angle) - corners[i].y * sin(angle);
        double y = item->y + corners[i].x * sin(angle) + corners[i].y * cos(angle);

        box = scene_box_join(box, (struct scene_box){ x, y, x, y });
    }
    return box;
}

struct scene_box scene_item_box(const struct scene_item *item)
{
    struct scene_box box = scene_nothing;
    double half = item->style.stroke ? (item->style.width > 0 ? item->style.width : 1) / 2 : 0, r = item->radius + half;

    switch (item->kind) {
    case SCENE_PATH:
        for (size_t i = 0; i < item->point_count; i++) {
            const struct scene_point *p = &item->points[i];

            box = scene_box_join(box, (struct scene_box){ p->x - half, p->y - half, p->x + half, p->y + half });
        }
        return box;
    case SCENE_RECT:
        return (struct scene_box){ item->x - half, item->y - half, item->x + item->width + half,
                                   item->y + item->height + half };
    case SCENE_CIRCLE: return (struct scene_box){ item->x - r, item->y - r, item->x + r, item->y + r };
    case SCENE_TEXT: return scene_text_box(item);
    case SCENE_OPEN:
    case SCENE_CLOSE: break;
    }
    return scene_nothing;
}

struct scene_box scene_extent(const struct scene *s)
{
    struct scene_box box = scene_nothing;

    for (size_t i = 0; i < s->items.len; i++)
        box = scene_box_join(box, scene_item_box(&s->items.at[i]));
    return s->items.len ? box : (struct scene_box){ 0 };
}
