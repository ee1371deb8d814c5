#include "eval/report/chart_parts.h"

#include <math.h>
#include <stdio.h>

double chart_width(const struct chart_options *o)
{
    double width = o && chart_usable(o->width) && o->width > 0 ? o->width : CHART_WIDTH;

    return CLAMP(width, (double)CHART_WIDTH_MIN, (double)CHART_WIDTH_MAX);
}

struct scene_font chart_font(double size, enum scene_color color, enum scene_anchor anchor)
{
    return (struct scene_font){ .size = size, .color = color, .anchor = anchor };
}

/* --- axes --------------------------------------------------------------------------------------------------------- */
/* The round number (1, 2, 2.5 or 5 times a power of ten) that is at least `least`. */
static double chart_round_step(double least)
{
    static const double steps[] = { 1, 2, 2.5, 5, 10 };
    double power = pow(10, floor(log10(least)));

    for (size_t i = 0; i < COUNT_OF(steps); i++)
        if (steps[i] * power >= least * (1 - 1e-9))
            return steps[i] * power;
    return 10 * power;
}

static void chart_axis_log(struct chart_axis *x, double low, double high)
{
    x->low = pow(10, floor(log10(low) + 1e-9));
    x->high = pow(10, ceil(log10(high) - 1e-9));
    for (double half = 5; half >= 2; half -= 3) {       /* 5 and 2 of the first decade, if they are still below */
        if (x->low * half <= low) {
            x->low *= half;
            break;
        }
    }
    if (x->high / 2 >= high)
        x->high /= x->high / 5 >= high ? 5 : 2;
    if (x->high <= x->low)
        x->high = x->low * 10;
}

struct chart_axis chart_axis_for(double low, double high, bool log, double from, double to, double px_per_tick,
                                 enum metric_unit unit)
{
    struct chart_axis x = { .from = from, .to = to, .log = log && low > 0, .unit = unit };
    double ticks = CLAMP(fabs(to - from) / px_per_tick, 2.0, CHART_TICKS_MAX / 2.0);

    if (x.log) {
        chart_axis_log(&x, low, high);
        return x;
    }
    if (high - low < 1e-12 * MAX(fabs(high), 1e-3)) {       /* one value: some room around it */
        double room = unit == METRIC_RATIO ? 0.05 : MAX(fabs(high) * 0.2, 1e-9);

        low -= room;
        high += room;
    }
    x.step = chart_round_step((high - low) / ticks);
    if (unit != METRIC_RATIO && unit != METRIC_USD)
        x.step = MAX(x.step, 1.0);                          /* no half milliseconds, no half tokens */
    x.low = floor(low / x.step + 1e-9) * x.step;
    x.high = ceil(high / x.step - 1e-9) * x.step;
    if (unit == METRIC_RATIO && low >= -0.06 && high <= 1.06) {
        x.low = MAX(x.low, 0.0);
        x.high = MIN(x.high, 1.0);
    } else if (unit != METRIC_RATIO) {
        x.low = MAX(x.low, low < 0 && high > 0 ? x.low : low >= 0 ? 0.0 : x.low);
    }
    if (x.high <= x.low)
        x.high = x.low + x.step;
    return x;
}

double chart_axis_at(const struct chart_axis *x, double v)
{
    double share = x->log ? (v <= x->low ? 0 : log(v / x->low) / log(x->high / x->low))
                          : (v - x->low) / (x->high - x->low);

    return x->from + CLAMP(share, 0.0, 1.0) * (x->to - x->from);
}

static size_t chart_axis_log_ticks(const struct chart_axis *x, double out[CHART_TICKS_MAX])
{
    static const double within[] = { 1, 2, 5 };
    double decades = log10(x->high / x->low), per_decade = fabs(x->to - x->from) / MAX(decades, 0.3);
    size_t parts = per_decade > 150 ? 3 : 1, n = 0;
    int every = MAX(1, (int)ceil(decades * 55 / fabs(x->to - x->from)));
    int first = (int)floor(log10(x->low) + 1e-9);

    for (int d = first; d < first + 400 && n < CHART_TICKS_MAX; d += every) {
        for (size_t i = 0; i < parts && n < CHART_TICKS_MAX; i++) {
            double v = within[i] * pow(10, d);

            if (v > x->high * (1 + 1e-9))
                return n;
            if (v >= x->low * (1 - 1e-9))
                out[n++] = v;
        }
    }
    return n;
}

size_t chart_axis_ticks(const struct chart_axis *x, double out[CHART_TICKS_MAX])
{
    size_t n = 0;
    double first;

    if (x->log)
        return chart_axis_log_ticks(x, out);
    first = ceil(x->low / x->step - 1e-9);
    for (size_t i = 0; i < CHART_TICKS_MAX; i++) {
        double v = (first + (double)i) * x->step;

        if (v > x->high + x->step * 1e-6)
            break;
        out[n++] = fabs(v) < x->step * 1e-6 ? 0 : v;
    }
    return n;
}

/* Digits behind the point that a multiple of `step` needs. */
static int chart_decimals(double step)
{
    int digits = 0;

    for (; digits < 6 && fabs(step - round(step)) > 1e-9; digits++)
        step *= 10;
    return digits;
}

const char *chart_tick_text(const struct chart_axis *x, double v, char out[REPORT_TEXT])
{
    switch (x->unit) {
    case METRIC_RATIO:
        snprintf(out, REPORT_TEXT, "%.*f %%", x->log ? 0 : chart_decimals(x->step * 100), v * 100);
        break;
    case METRIC_USD:
        if (fabs(v) >= 10000 || (v != 0 && fabs(v) < 1e-5))
            snprintf(out, REPORT_TEXT, "$%.0e", v);
        else if (v == 0 || fabs(v) < 0.0099 || (fmod(v, 1) == 0 && x->high >= 3))
            snprintf(out, REPORT_TEXT, "$%.6g", v);
        else
            snprintf(out, REPORT_TEXT, "$%.*f", fabs(fmod(v * 100 + 0.5, 1) - 0.5) > 1e-6 ? 3 : 2, v);
        break;
    case METRIC_MS:
        if (x->high < 2000 || fabs(v) < 1000)
            snprintf(out, REPORT_TEXT, "%.4g ms", v);
        else if (x->high < 600000)
            snprintf(out, REPORT_TEXT, "%.4g s", v / 1000);
        else
            snprintf(out, REPORT_TEXT, "%.4g min", v / 60000);
        break;
    default: snprintf(out, REPORT_TEXT, "%.6g", v);
    }
    return out;
}

void chart_axis_draw_below(struct scene *s, const struct chart_axis *x, double top, double bottom)
{
    double ticks[CHART_TICKS_MAX], end = -INFINITY;
    size_t n = chart_axis_ticks(x, ticks);
    char text[REPORT_TEXT];

    for (size_t i = 0; i < n; i++) {
        double at = chart_axis_at(x, ticks[i]), half;

        scene_line(s, at, top, at, bottom, (struct scene_style){ .stroke = SCENE_GRID });
        half = scene_text_width(str_c(chart_tick_text(x, ticks[i], text)), CHART_SMALL, false) / 2;
        if (at - half < end + 6)
            continue;                                   /* no room beside the one before */
        at = CLAMP(at, half + 1, MAX(s->width - half - 1, half + 1));
        scene_text(s, at, bottom + 16, str_c(text), chart_font(CHART_SMALL, SCENE_MUTED, SCENE_MIDDLE));
        end = at + half;
    }
}

/* --- points and sentences ----------------------------------------------------------------------------------------- */
struct chart_point chart_point_clean(const struct chart_point *p, enum metric_unit unit)
{
    struct chart_point c = *p;

    c.known = p->known && chart_usable(p->value);
    c.value = c.known ? p->value : 0;
    if (c.known && unit == METRIC_RATIO)
        c.value = CLAMP(c.value, -1.0, 1.0);
    c.interval_known = c.known && p->interval_known && chart_usable(p->low) && chart_usable(p->high);
    c.low = c.interval_known ? MIN(p->low, c.value) : c.value;
    c.high = c.interval_known ? MAX(p->high, c.value) : c.value;
    if (unit == METRIC_RATIO) {
        c.low = MAX(c.low, -1.0);
        c.high = MIN(c.high, 1.0);
    }
    c.cost_known = p->cost_known && chart_usable(p->cost) && p->cost >= 0;
    c.cost = c.cost_known ? (p->cost < 1e-9 ? 0 : p->cost) : 0;
    return c;
}

double chart_note(struct scene *s, double x, double y, double width, struct str text)
{
    struct scene_font font = chart_font(CHART_SMALL, SCENE_MUTED, SCENE_START);
    AUTO_BUF struct buf line = BUF_INIT(SCENE_TEXT_MAX * 4);
    struct str rest = report_fit(str_utf8_head(text, SCENE_TEXT_MAX), SIZE_MAX, false, s->arena), word;

    while (str_split(&rest, ' ', &word)) {
        double end = scene_text_width(buf_str(&line), font.size, false) + scene_text_width(word, font.size, false) + 4;

        if (line.len && end > width) {
            scene_text(s, x, y, buf_str(&line), font);
            buf_reset(&line);
            y += CHART_SMALL * 1.45;
        }
        if (line.len)
            buf_byte(&line, ' ');
        buf_append(&line, scene_fit(word, font.size, false, width, s->arena));
    }
    scene_text(s, x, y, buf_str(&line), font);
    return y + CHART_SMALL * 1.45;
}

struct scene *chart_empty(double width, struct str title, const char *sentence, struct arena *a)
{
    struct scene *s = scene_new(a, width, 0, title, str_c(sentence));

    s->height = chart_note(s, CHART_EDGE, 24, width - 2 * CHART_EDGE, str_c(sentence)) + 2;
    return s;
}
