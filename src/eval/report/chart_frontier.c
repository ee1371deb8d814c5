/* src/eval/report/chart_frontier.c: what quality costs. */
#include "eval/report/chart_parts.h"

#include <math.h>
#include <stdio.h>

#define FRONTIER_DOT   4.5                      /* px */
#define FRONTIER_FREE  76.0                     /* px across the field of what is free, at most */
#define FRONTIER_UNKNOWN 96.0
#define FRONTIER_LABEL 190.0                    /* px of a name, at most */

struct frontier_point { struct chart_point p; double x, y, low, high; bool drawn, on; size_t place; };
struct frontier {
    struct scene *s;
    struct arena *arena;
    enum metric_unit unit;
    struct frontier_point *points;
    size_t count, priced, free, unknown, valueless;
    double left, right, top, bottom;            /* of the whole field */
    double cost_left, cost_right;               /* of the part with the axis */
    struct chart_axis cost, value;
    struct scene_point *line;                   /* the frontier's corners; each stretch is level or upright */
    size_t line_count;
    struct scene_box *taken;                    /* by labels */
    size_t taken_count;
};

static void frontier_take(struct frontier *f, const struct chart_point *points, size_t n)
{
    f->points = arena_array(f->arena, struct frontier_point, MIN(n, (size_t)CHART_POINTS_MAX) + 1);
    for (size_t i = 0; i < n && f->count < CHART_POINTS_MAX; i++) {
        struct frontier_point *q = &f->points[f->count];

        *q = (struct frontier_point){ .p = chart_point_clean(&points[i], f->unit), .place = f->count };
        if (!q->p.known) {
            f->valueless++;
            continue;
        }
        f->count++;
        if (!q->p.cost_known)
            f->unknown++;
        else if (q->p.cost == 0)
            f->free++;
        else
            f->priced++;
    }
}

/* The field is shared out: free | with a price | unknown. A part that nobody needs takes no room. */
static void frontier_fields(struct frontier *f)
{
    double width = f->right - f->left, free = f->free ? MIN(FRONTIER_FREE, width * 0.17) : 0;
    double unknown = f->unknown ? MIN(FRONTIER_UNKNOWN, width * 0.24) : 0;
    size_t kinds = (f->free > 0) + (f->unknown > 0) + (f->priced > 0);

    if (kinds == 1) {
        free = f->free ? width : 0;
        unknown = f->unknown ? width : 0;
    } else if (!f->priced) {
        free = width / 2;
        unknown = width - free;
    }
    f->cost_left = f->left + free;
    f->cost_right = f->right - unknown;
}

static void frontier_axes(struct frontier *f)
{
    double low = INFINITY, high = -INFINITY, cheap = INFINITY, dear = -INFINITY;
    double inset = f->priced ? 14 : 0;

    for (size_t i = 0; i < f->count; i++) {
        const struct chart_point *p = &f->points[i].p;

        low = fmin(low, p->low);
        high = fmax(high, p->high);
        if (p->cost_known && p->cost > 0) {
            cheap = fmin(cheap, p->cost);
            dear = fmax(dear, p->cost);
        }
    }
    f->value = chart_axis_for(low, high, false, f->bottom - 8, f->top + 8, 44, f->unit);
    if (!f->priced)
        return;
    f->cost = chart_axis_for(dear > cheap * CHART_SPREAD || f->free ? cheap : 0, dear, dear > cheap * CHART_SPREAD,
                             f->cost_left + inset, f->cost_right - inset, 80, METRIC_USD);
}

/* Those of one side field stand next to each other in their order, so that none hides another. */
static void frontier_place(struct frontier *f)
{
    size_t free = 0, unknown = 0;

    for (size_t i = 0; i < f->count; i++) {
        struct frontier_point *q = &f->points[i];

        if (!q->p.cost_known)
            q->x = f->cost_right + (f->right - f->cost_right) * ((double)unknown++ + 0.5) / (double)f->unknown;
        else if (q->p.cost == 0)
            q->x = f->left + (f->cost_left - f->left) * ((double)free++ + 0.5) / (double)f->free;
        else
            q->x = chart_axis_at(&f->cost, q->p.cost);
        q->y = chart_axis_at(&f->value, q->p.value);
        q->low = chart_axis_at(&f->value, q->p.low);
        q->high = chart_axis_at(&f->value, q->p.high);
    }
}

static int frontier_by_cost(const void *a, const void *b)
{
    const struct frontier_point *const *x = a, *const *y = b;

    if ((*x)->p.cost != (*y)->p.cost)
        return (*x)->p.cost < (*y)->p.cost ? -1 : 1;
    if ((*x)->p.value != (*y)->p.value)
        return (*x)->p.value > (*y)->p.value ? -1 : 1;
    return (*x)->place < (*y)->place ? -1 : 1;
}

/* On the frontier: better than all that cost no more. Drawn as steps: up to the next one's cost one gets no more. */
static void frontier_line(struct frontier *f)
{
    struct frontier_point **order = arena_array(f->arena, struct frontier_point *, f->count + 1);
    struct scene_point *line = arena_array(f->arena, struct scene_point, 2 * f->count + 2);
    double best = -INFINITY;
    size_t n = 0, points = 0;

    f->line = line;
    for (size_t i = 0; i < f->count; i++)
        if (f->points[i].p.cost_known)
            order[n++] = &f->points[i];
    qsort(order, n, sizeof *order, frontier_by_cost);
    for (size_t i = 0; i < n; i++) {
        if (order[i]->p.value <= best)
            continue;
        best = order[i]->p.value;
        order[i]->on = true;
        if (points)
            line[points] = (struct scene_point){ order[i]->x, line[points - 1].y }, points++;
        line[points++] = (struct scene_point){ order[i]->x, order[i]->y };
    }
    if (points && f->priced)
        line[points] = (struct scene_point){ f->cost_right, line[points - 1].y }, points++;
    f->line_count = points;
    scene_path(f->s, line, points, false, (struct scene_style){ .stroke = SCENE_ACCENT, .width = 1.5, .opacity = 0.55 });
}

static void frontier_field(struct frontier *f, double left, double right, const char *label, bool quiet)
{
    struct str name = scene_fit(str_c(label), CHART_SMALL, false, right - left + 8, f->arena);

    if (right - left < 1)
        return;
    if (quiet)
        scene_rect(f->s, left + 2, f->top, right - left - 4, f->bottom - f->top, 3, (struct scene_style){ .fill = SCENE_PANEL });
    scene_text(f->s, (left + right) / 2, f->bottom + 16, name, chart_font(CHART_SMALL, SCENE_MUTED, SCENE_MIDDLE));
}

static void frontier_frame(struct frontier *f, struct str quality)
{
    double ticks[CHART_TICKS_MAX];
    size_t n = chart_axis_ticks(&f->value, ticks);
    char text[REPORT_TEXT];
    struct scene_font heading = chart_font(CHART_SMALL, SCENE_MUTED, SCENE_START);

    if (f->free)
        frontier_field(f, f->left, f->cost_left, "free", true);
    if (f->unknown)
        frontier_field(f, f->cost_right, f->right, f->right - f->cost_right < 80 ? "unknown" : "cost unknown", true);
    for (size_t i = 0; i < n; i++) {
        double y = chart_axis_at(&f->value, ticks[i]);

        scene_line(f->s, f->left, y, f->right, y, (struct scene_style){ .stroke = SCENE_GRID });
        scene_text(f->s, f->left - 6, y + 4,
                   scene_fit(str_c(chart_tick_text(&f->value, ticks[i], text)), CHART_SMALL, false, f->left - 8,
                             f->arena),
                   chart_font(CHART_SMALL, SCENE_MUTED, SCENE_END));
    }
    if (f->priced)
        chart_axis_draw_below(f->s, &f->cost, f->top, f->bottom);
    scene_line(f->s, f->left, f->bottom, f->right, f->bottom, (struct scene_style){ .stroke = SCENE_AXIS });
    scene_text(f->s, CHART_EDGE, f->top - 10,
               scene_fit(quality, CHART_SMALL, false, f->s->width - 2 * CHART_EDGE, f->arena), heading);
    if (f->priced) {
        heading.anchor = SCENE_MIDDLE;
        scene_text(f->s, (f->left + f->right) / 2, f->bottom + 36,
                   scene_fit(f->cost.log ? S("cost of 1,000 answers (log scale)") : S("cost of 1,000 answers"),
                             CHART_SMALL, false, f->right - f->left, f->arena),
                   heading);
    }
}

static struct str frontier_words(const struct frontier *f, const struct chart_point *p)
{
    char value[REPORT_TEXT], low[REPORT_TEXT], high[REPORT_TEXT];
    struct str cost = !p->cost_known ? S("cost unknown")
                      : p->cost == 0 ? S("free")
                                     : arena_printf(f->arena, "$%.*f for 1,000",
                                                    p->cost < 0.01  ? 6
                                                    : p->cost < 0.1 ? 3
                                                                    : 2,
                                                    p->cost);
    struct str range = p->interval_known ? arena_printf(f->arena, " (%s to %s)", report_value(f->unit, p->low, low),
                                                        report_value(f->unit, p->high, high))
                                         : S("");

    return arena_printf(f->arena, STR_FMT ": %s" STR_FMT ", " STR_FMT,
                        STR_ARG(scene_fit(p->name, 1, false, 1e9, f->arena)), report_value(f->unit, p->value, value),
                        STR_ARG(range), STR_ARG(cost));
}

static void frontier_dots(struct frontier *f)
{
    for (size_t i = f->count; i-- > 0;) {                   /* the best last, on top */
        const struct frontier_point *q = &f->points[i];
        enum scene_color color = q->on || q->p.chosen ? SCENE_ACCENT : SCENE_MARK;

        scene_open(f->s, frontier_words(f, &q->p));
        if (q->p.interval_known)
            scene_line(f->s, q->x, q->low, q->x, q->high, (struct scene_style){ .stroke = color, .width = 1.5, .opacity = 0.45 });
        scene_circle(f->s, q->x, q->y, FRONTIER_DOT,
                     (struct scene_style){ .fill = q->on || q->p.chosen ? color : SCENE_PAPER, .stroke = color, .width = 1.5 });
        scene_close(f->s);
    }
}

/* --- labels ------------------------------------------------------------------------------------------------------- */
static bool frontier_meet(const struct scene_box *a, double left, double top, double right, double bottom)
{
    return a->left < right && a->right > left && a->top < bottom && a->bottom > top;
}

/* May a label lie there? Never on another label or a dot; `care` 1: not on the frontier's line
 * either; 2: nor on an interval. */
static bool frontier_room(const struct frontier *f, const struct scene_box *box, int care)
{
    if (box->left < f->left + 1 || box->right > f->right - 1 || box->top < f->top - 2 || box->bottom > f->bottom - 1)
        return false;
    for (size_t i = 0; i < f->taken_count; i++)
        if (frontier_meet(box, f->taken[i].left - 2, f->taken[i].top, f->taken[i].right + 2, f->taken[i].bottom))
            return false;
    for (size_t i = 0; i < f->count; i++) {
        const struct frontier_point *q = &f->points[i];
        double r = FRONTIER_DOT + 2;

        if (frontier_meet(box, q->x - r, q->y - r, q->x + r, q->y + r) ||
            (care > 1 && q->p.interval_known && frontier_meet(box, q->x - 2, q->high, q->x + 2, q->low)))
            return false;
    }
    for (size_t i = 0; care > 0 && i + 1 < f->line_count; i++) {
        const struct scene_point *p = &f->line[i], *q = p + 1;

        if (frontier_meet(box, MIN(p->x, q->x) - 1, MIN(p->y, q->y) - 1, MAX(p->x, q->x) + 1, MAX(p->y, q->y) + 1))
            return false;
    }
    return true;
}

static bool frontier_label(struct frontier *f, const struct frontier_point *q, int care)
{
    static const struct { double x, y; enum scene_anchor anchor; } tries[] = {
        { 9, 4, SCENE_START }, { -9, 4, SCENE_END }, { 7, -7, SCENE_START }, { 7, 14, SCENE_START }, { -7, -7, SCENE_END },
        { -7, 14, SCENE_END }, { 0, -10, SCENE_MIDDLE }, { 0, 18, SCENE_MIDDLE }, { 7, -18, SCENE_START }, { 7, 25, SCENE_START },
        { -7, -18, SCENE_END }, { -7, 25, SCENE_END },
    };
    double widest = MIN(FRONTIER_LABEL, (f->right - f->left) * 0.45);
    struct scene_item item = { .kind = SCENE_TEXT,
                               .font = chart_font(CHART_SMALL, q->p.chosen ? SCENE_INK : SCENE_MUTED, SCENE_START) };

    item.font.bold = q->p.chosen;
    item.text = scene_fit(q->p.name, item.font.size, item.font.bold, widest, f->arena);
    for (size_t i = 0; i < COUNT_OF(tries) && item.text.len; i++) {
        struct scene_box box;

        item.x = q->x + tries[i].x;
        item.y = q->y + tries[i].y;
        item.font.anchor = tries[i].anchor;
        box = scene_item_box(&item);
        if (!frontier_room(f, &box, care))
            continue;
        scene_text(f->s, item.x, item.y, item.text, item.font);
        f->taken[f->taken_count++] = box;
        return true;
    }
    return false;
}

/* The recommended first, then the frontier, then the rest by rank. Returns how many found no room. */
static size_t frontier_labels(struct frontier *f)
{
    size_t without = 0;

    f->taken = arena_array(f->arena, struct scene_box, f->count + 1);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < f->count; i++) {
            const struct frontier_point *q = &f->points[i];

            if ((q->p.chosen ? 0
                 : q->on     ? 1
                             : 2) == round &&
                !frontier_label(f, q, 2) && !frontier_label(f, q, 1) && !frontier_label(f, q, 0))
                without++;
        }
    }
    return without;
}

struct scene *chart_frontier(struct str quality, enum metric_unit unit, const struct chart_point *points, size_t n,
                             const struct chart_options *o, struct arena *a)
{
    double width = chart_width(o), y;
    struct str title = arena_printf(a, "Cost against " STR_FMT, STR_ARG(scene_fit(quality, 1, false, 100, a)));
    struct frontier f = { .arena = a, .unit = unit };
    size_t without;

    frontier_take(&f, points, n);
    if (!f.count)
        return chart_empty(width, title, n ? "No variant has a value yet, so there is nothing to compare." : "There are no variants.", a);
    f.s = scene_new(a, width, 0, title, S("Each dot is a variant, its bar the 95 % interval; the line joins those that nothing "
                                          "as cheap surpasses."));
    f.left = 60;
    f.right = width - CHART_EDGE;
    f.top = 32;
    f.bottom = f.top + CLAMP(width * 0.5, 240.0, 400.0);
    frontier_fields(&f);
    frontier_axes(&f);
    frontier_place(&f);
    frontier_frame(&f, quality);
    frontier_line(&f);
    frontier_dots(&f);
    without = frontier_labels(&f);
    y = f.bottom + (f.priced ? 56 : 36);
    if (!f.priced && !f.free)
        y = chart_note(f.s, f.left, y, f.right - f.left,
                       S("No variant's cost is known: only quality can be compared."));
    else if (f.unknown)
        y = chart_note(f.s, f.left, y, f.right - f.left,
                       arena_printf(a, "%zu of unknown cost stand%s apart and can't be on the frontier.", f.unknown,
                                    f.unknown == 1 ? "s" : ""));
    if (without)
        y = chart_note(f.s, f.left, y, f.right - f.left,
                       arena_printf(a, "%zu dot%s without a name for want of room: see the table.", without,
                                    without == 1 ? "" : "s"));
    if (f.valueless)
        y = chart_note(f.s, f.left, y, f.right - f.left,
                       arena_printf(a, "%zu variant%s no value yet.", f.valueless,
                                    f.valueless == 1 ? " has" : "s have"));
    if (n > f.count + f.valueless)
        y = chart_note(f.s, f.left, y, f.right - f.left,
                       arena_printf(a, "%zu variants past the first %d are not drawn.", n - f.count - f.valueless,
                                    CHART_POINTS_MAX));
    f.s->height = y;
    return f.s;
}
