/* src/eval/report/chart_rows.c: a row for each variant on one common axis: intervals and distributions. */
#include "eval/report/chart_parts.h"

#include <math.h>
#include <stdio.h>

#define ROWS_NAME_SHARE 0.36                    /* of the width, for names beside the rows */

/* Where names, marks and numbers stand. */
struct rows { struct scene *s; double name_left, name_width, left, right, number_right, height, top; bool narrow; };

/* `number`: px for the text at the right. Names take what the longest needs, up to their share. */
static struct rows rows_lay(struct scene *s, double widest_name, double number, double height)
{
    struct rows w = { .s = s, .name_left = CHART_EDGE, .narrow = s->width < CHART_NARROW, .top = 12 };

    w.number_right = s->width - CHART_EDGE;
    w.right = w.number_right - number - 14;
    w.height = w.narrow ? height + 18 : height;
    w.name_width = w.narrow ? s->width - 2 * CHART_EDGE : MIN(widest_name + 1, s->width * ROWS_NAME_SHARE);
    w.left = w.narrow ? CHART_EDGE + 6 : CHART_EDGE + w.name_width + 16;
    return w;
}

/* The name of row i; returns the middle of where its marks stand. */
static double rows_name(const struct rows *w, size_t i, struct str name, bool bold, enum scene_color color)
{
    double top = w->top + (double)i * w->height,
           middle = w->narrow ? top + 18 + (w->height - 18) / 2 : top + w->height / 2;
    struct scene_font font = chart_font(CHART_TEXT, color, SCENE_START);

    font.bold = bold;
    scene_text(w->s, w->name_left, w->narrow ? top + 14 : middle + 4,
               scene_fit(name, CHART_TEXT, bold, w->name_width, w->s->arena), font);
    return middle;
}

static double rows_finish(struct rows *w, size_t shown, size_t n, double y)
{
    if (n > shown)
        y = chart_note(w->s, CHART_EDGE, y, w->s->width - 2 * CHART_EDGE,
                       arena_printf(w->s->arena, "The first %zu of %zu variants.", shown, n));
    w->s->height = y;
    return y;
}

/* --- intervals ---------------------------------------------------------------------------------------------------- */
static void intervals_row(const struct rows *w, const struct chart_axis *x, size_t i, const struct chart_point *p)
{
    enum scene_color color = p->chosen ? SCENE_ACCENT : SCENE_MARK;
    char value[REPORT_TEXT], low[REPORT_TEXT], high[REPORT_TEXT];
    double middle, at;

    scene_open(w->s, !p->known ? S("no value")
                     : !p->interval_known
                         ? S("no interval")
                         : arena_printf(w->s->arena, "95 %% interval %s to %s", report_value(x->unit, p->low, low),
                                        report_value(x->unit, p->high, high)));
    middle = rows_name(w, i, p->name, p->chosen, p->known ? SCENE_INK : SCENE_MUTED);
    if (p->known) {
        at = chart_axis_at(x, p->value);
        if (p->interval_known) {
            double from = chart_axis_at(x, p->low), to = chart_axis_at(x, p->high);

            scene_rect(w->s, from, middle - 3, MAX(to - from, 1.0), 6, 3, (struct scene_style){ .fill = color, .opacity = 0.35 });
        }
        scene_circle(w->s, at, middle, 4.5, (struct scene_style){ .fill = color, .stroke = SCENE_PAPER, .width = 1.5 });
    }
    scene_text(w->s, w->number_right, middle + 4, str_c(p->known ? report_value(x->unit, p->value, value) : "-"),
               chart_font(CHART_TEXT, p->known ? SCENE_INK : SCENE_MUTED, SCENE_END));
    scene_close(w->s);
}

struct scene *chart_intervals(struct str metric, enum metric_unit unit, const struct chart_point *points, size_t n,
                              const struct chart_options *o, struct arena *a)
{
    struct str title = arena_printf(a, STR_FMT " with 95 %% intervals", STR_ARG(scene_fit(metric, 1, false, 100, a)));
    double width = chart_width(o), low = INFINITY, high = -INFINITY, widest = 0, number = 20, bottom;
    size_t shown = MIN(n, (size_t)CHART_ROWS_MAX);
    struct chart_point *clean = arena_array(a, struct chart_point, shown + 1);
    struct chart_axis x;
    struct scene *s;
    struct rows w;
    char text[REPORT_TEXT];

    if (!n)
        return chart_empty(width, title, "There are no variants.", a);
    for (size_t i = 0; i < shown; i++) {
        clean[i] = chart_point_clean(&points[i], unit);
        widest = fmax(widest, scene_text_width(scene_fit(clean[i].name, CHART_TEXT, false, width, a), CHART_TEXT,
                                               clean[i].chosen));
        if (!clean[i].known)
            continue;
        low = fmin(low, clean[i].low);
        high = fmax(high, clean[i].high);
        number = fmax(number, scene_text_width(str_c(report_value(unit, clean[i].value, text)), CHART_TEXT, false));
    }
    if (low > high)
        return chart_empty(width, title, "No variant has a value yet, so there is nothing to compare.", a);
    s = scene_new(a, width, 0, title, S("A row for each variant: the dot is the mean, the bar its 95 % interval."));
    w = rows_lay(s, widest, number, 24);
    x = chart_axis_for(low, high, false, w.left, w.right, 70, unit);
    bottom = w.top + (double)shown * w.height + 4;
    chart_axis_draw_below(s, &x, w.top, bottom);
    for (size_t i = 0; i < shown; i++)
        intervals_row(&w, &x, i, &clean[i]);
    rows_finish(&w, shown, n, bottom + 40 - (n > shown ? 0 : 16));
    return s;
}

/* --- distributions ------------------------------------------------------------------------------------------------ */
struct chart_bins chart_bins_for(double low, double high, size_t count, enum metric_unit unit)
{
    struct chart_bins b = { .count = CLAMP(count, (size_t)1, (size_t)CHART_BINS_MAX), .unit = unit };

    b.low = chart_usable(low) ? low : 0;
    b.high = chart_usable(high) ? high : b.low;
    if (b.high < b.low)
        b.high = b.low;
    b.log = b.low > 0 && b.high > b.low * CHART_SPREAD;
    if (unit == METRIC_RATIO && b.low >= 0 && b.high <= 1) {
        b = (struct chart_bins){ .count = b.count, .low = 0, .high = 1, .unit = unit };
    } else if (b.log) {
        struct chart_axis x = chart_axis_for(b.low, b.high, true, 0, 1000, 100, unit);

        b.low = x.low;
        b.high = x.high;
    } else {
        struct chart_axis x = chart_axis_for(b.low, b.high, false, 0, 1000, 100, unit);

        b.low = x.low;
        b.high = x.high;
    }
    return b;
}

double chart_bin_edge(const struct chart_bins *b, size_t i)
{
    double share = (double)MIN(i, b->count) / (double)b->count;

    return b->log ? b->low * pow(b->high / b->low, share) : b->low + (b->high - b->low) * share;
}

size_t chart_bin(const struct chart_bins *b, double v)
{
    double share = b->log ? log(v / b->low) / log(b->high / b->low) : (v - b->low) / (b->high - b->low);

    if (!(v > b->low))
        return 0;
    return share >= 1 ? b->count - 1 : MIN((size_t)(share * (double)b->count), b->count - 1);
}

static void distribution_row(const struct rows *w, const struct chart_axis *x, const struct chart_bins *b, size_t i,
                             const struct chart_row *row)
{
    int64_t most = 0, total = 0;
    char text[REPORT_TEXT], low[REPORT_TEXT], high[REPORT_TEXT];
    double middle, floor, room;

    middle = rows_name(w, i, row->name, false, SCENE_INK);
    room = w->narrow ? w->height - 24 : w->height - 8;
    floor = middle + room / 2;
    for (size_t k = 0; k < b->count; k++) {
        most = MAX(most, row->counts[k]);
        total += MAX(row->counts[k], INT64_C(0));
    }
    scene_line(w->s, w->left, floor, w->right, floor, (struct scene_style){ .stroke = SCENE_AXIS, .opacity = 0.6 });
    for (size_t k = 0; k < b->count && most > 0; k++) {
        double from = chart_axis_at(x, chart_bin_edge(b, k)), to = chart_axis_at(x, chart_bin_edge(b, k + 1));
        double up = (double)row->counts[k] / (double)most * room;

        if (row->counts[k] <= 0)
            continue;
        report_value(x->unit, chart_bin_edge(b, k), low);
        report_value(x->unit, chart_bin_edge(b, k + 1), high);
        up = MAX(up, 1.0);                                  /* one among a million is still seen */
        scene_open(w->s, arena_printf(w->s->arena, "%s to %s: %lld of %lld", low, high, (long long)row->counts[k], (long long)total));
        scene_rect(w->s, from + 0.5, floor - up, MAX(to - from - 1, 0.5), up, 1,
                   (struct scene_style){ .fill = SCENE_MARK, .opacity = 0.75 });
        scene_close(w->s);
    }
    if (row->median_known && chart_usable(row->median) && most > 0) {
        double at = chart_axis_at(x, row->median);

        scene_line(w->s, at, floor - room - 1, at, floor + 3, (struct scene_style){ .stroke = SCENE_ACCENT, .width = 1.5 });
        scene_text(w->s, w->number_right, middle + 4, str_c(report_value(x->unit, row->median, text)),
                   chart_font(CHART_TEXT, SCENE_INK, SCENE_END));
    } else {
        scene_text(w->s, w->number_right, middle + 4, S("-"), chart_font(CHART_TEXT, SCENE_MUTED, SCENE_END));
    }
}

struct scene *chart_distribution(struct str metric, const struct chart_bins *bins, const struct chart_row *rows,
                                 size_t n, const struct chart_options *o, struct arena *a)
{
    struct str title = arena_printf(a, "Distribution of " STR_FMT, STR_ARG(scene_fit(metric, 1, false, 100, a)));
    double width = chart_width(o), widest = 0, number = scene_text_width(S("median"), CHART_SMALL, false), bottom;
    size_t shown = MIN(n, (size_t)CHART_ROWS_MAX), some = 0;
    struct chart_axis x;
    struct scene *s;
    struct rows w;
    char text[REPORT_TEXT];

    ASSERT(bins->count >= 1 && bins->count <= CHART_BINS_MAX);
    for (size_t i = 0; i < shown; i++) {
        widest = fmax(widest,
                      scene_text_width(scene_fit(rows[i].name, CHART_TEXT, false, width, a), CHART_TEXT, false));
        for (size_t k = 0; k < bins->count; k++)
            some += rows[i].counts[k] > 0;
        if (rows[i].median_known && chart_usable(rows[i].median))
            number = fmax(number,
                          scene_text_width(str_c(report_value(bins->unit, rows[i].median, text)), CHART_TEXT, false));
    }
    if (!some)
        return chart_empty(width, title, "No finished trial has a value to show.", a);
    s = scene_new(
        a, width, 0, title,
        S("A histogram for each variant on one axis, each as high as its tallest bar; the line is the median."));
    w = rows_lay(s, widest, number, 34);
    w.top += 14;
    x = chart_axis_for(bins->low, bins->high, bins->log, w.left, w.right, 75, bins->unit);
    x.low = bins->low;
    x.high = bins->high;
    bottom = w.top + (double)shown * w.height + 2;
    scene_text(s, w.number_right, w.top - 6, S("median"), chart_font(CHART_SMALL, SCENE_MUTED, SCENE_END));
    chart_axis_draw_below(s, &x, w.top, bottom);
    for (size_t i = 0; i < shown; i++)
        distribution_row(&w, &x, bins, i, &rows[i]);
    rows_finish(&w, shown, n, bottom + 40 - (n > shown ? 0 : 16));
    return s;
}
