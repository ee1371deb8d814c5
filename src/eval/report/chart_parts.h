/* src/eval/report/chart_parts.h: what the charts share: numbers, axes, the frame. Private to them. */
#pragma once

#include "eval/report/charts.h"
#include "eval/report/report.h"

#define CHART_BIG   1e15                        /* a larger number is taken as unknown */
#define CHART_NARROW 480
#define CHART_TEXT  12.0                        /* px: names and numbers */
#define CHART_SMALL 11.0                        /* px: ticks, notes */
#define CHART_EDGE  8.0                         /* px between the drawing and the scene's border */
#define CHART_TICKS_MAX 24
#define CHART_SPREAD 20                         /* times: from here on an axis is logarithmic */

static inline bool chart_usable(double v) { return v >= -CHART_BIG && v <= CHART_BIG; }     /* false for NaN too */

/* Values low..high lie at px from..to. */
struct chart_axis { double low, high, from, to, step; bool log; enum metric_unit unit; };

double chart_width(const struct chart_options *o);
/* An axis that holds low..high between round numbers, with about one tick each `px_per_tick`. Shares stay in 0..1. */
struct chart_axis chart_axis_for(double low, double high, bool log, double from, double to, double px_per_tick,
                                 enum metric_unit unit);
double chart_axis_at(const struct chart_axis *x, double v);     /* px; a value outside lies at the end */
size_t chart_axis_ticks(const struct chart_axis *x, double out[CHART_TICKS_MAX]);
const char *chart_tick_text(const struct chart_axis *x, double v, char out[REPORT_TEXT]);
/* Vertical lines from `top` to `bottom` with their values below. */
void   chart_axis_draw_below(struct scene *s, const struct chart_axis *x, double top, double bottom);

/* A usable copy of a point: numbers that are not finite become unknown, the interval is put in order around the value. */
struct chart_point chart_point_clean(const struct chart_point *p, enum metric_unit unit);
struct scene_font chart_font(double size, enum scene_color color, enum scene_anchor anchor);
/* A picture of one sentence, where there is nothing to draw. */
struct scene *chart_empty(double width, struct str title, const char *sentence, struct arena *a);
/* Words broken into lines of at most `width` px; returns the base line below the last. */
double chart_note(struct scene *s, double x, double y, double width, struct str text);
