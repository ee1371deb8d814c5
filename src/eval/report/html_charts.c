/* The charts of the page: the scenes every report shares, as SVG in a block of data. Each is drawn twice, for a wide
 * and for a narrow window; the page shows the one that fits. */
#include "eval/report/charts.h"
#include "eval/report/html.h"

#include <math.h>

enum { HTML_CHART_WIDE = 560, HTML_CHART_NARROW = 288, HTML_SPREAD_BINS = 20,
       HTML_SPREAD_VARIANTS = 1000, /* 8 KiB each; a chart shows far fewer */
       HTML_SPREAD_FINE = 1001 };    /* how often each thousandth of 0..1: the bars and the median come of these */

static void html_chart_svg(struct buf *b, const struct scene *s, struct buf *scratch)
{
    buf_reset(scratch);
    scene_svg(s, false, scratch);
    json_write_str(buf_failed(scratch) ? S("") : buf_str(scratch), b);
}

/* One member of the list: {"name": ..., "title": ..., "wide": svg, "narrow": svg}. */
static void html_chart_put(struct buf *b, const char *name, const char *title, const struct scene *wide,
                           const struct scene *narrow)
{
    AUTO_BUF struct buf scratch = BUF_INIT(SCENE_SVG_MAX);

    buf_printf(b, "%s{\"name\":\"%s\",\"title\":", b->len > 1 ? "," : "", name);
    json_write_str(str_c(title), b);
    buf_puts(b, ",\"wide\":");
    html_chart_svg(b, wide, &scratch);
    buf_puts(b, ",\"narrow\":");
    html_chart_svg(b, narrow, &scratch);
    buf_byte(b, '}');
}

enum err_code html_charts(const struct result *r, struct html_out *out, struct err *e)
{
    static const struct chart_options wide = { HTML_CHART_WIDE }, narrow = { HTML_CHART_NARROW };
    AUTO_ARENA *a = arena_new_sized(0);
    struct buf *b = &out->raw;

    buf_byte(b, '[');
    if (r->quality >= 0 && r->done && r->variant_count > 1)
        html_chart_put(b, "frontier", "Cost against quality", chart_frontier_of(r, &wide, a),
                       chart_frontier_of(r, &narrow, a));
    if (r->done)
        html_chart_put(b, "latency", "How long answers took", chart_latency_of(r, &wide, a),
                       chart_latency_of(r, &narrow, a));
    buf_byte(b, ']');
    return html_block(out, "charts", 0, 0, 0, e);
}

/* --- how the ranking metric is spread, counted while the rows pass by --------------------------------------------- */
void html_spread_begin(struct html_spread *s, const struct result *r, struct arena *a)
{
    *s = (struct html_spread){ .r = r };
    if (r->quality < 0 || r->scorers[r->quality].unit != METRIC_RATIO || r->run->variants > HTML_SPREAD_VARIANTS)
        return;
    s->counts = arena_array(a, int64_t, (size_t)r->run->variants * HTML_SPREAD_FINE);
}

void html_spread_add(struct html_spread *s, int64_t variant, const struct score *scores)
{
    const struct score *x;

    if (!s->counts || variant < 0 || variant >= s->r->run->variants)
        return;
    x = &scores[s->r->quality];
    if (x->state != SCORE_VALUE)
        return;
    s->between |= x->value > 0 && x->value < 1;
    s->counts[variant * HTML_SPREAD_FINE + llround(CLAMP(x->value, 0.0, 1.0) * (HTML_SPREAD_FINE - 1))]++;
}

static void html_spread_row(const struct chart_bins *bins, const int64_t *fine, struct arena *a, struct chart_row *out)
{
    int64_t *counts = arena_array(a, int64_t, bins->count), all = 0, below = 0;

    for (size_t i = 0; i < HTML_SPREAD_FINE; i++) {
        counts[chart_bin(bins, (double)i / (HTML_SPREAD_FINE - 1))] += fine[i];
        all += fine[i];
    }
    for (size_t i = 0; i < HTML_SPREAD_FINE && !out->median_known && all; i++) {
        below += fine[i];
        out->median_known = 2 * below >= all;
        out->median = (double)i / (HTML_SPREAD_FINE - 1);
    }
    out->counts = counts;
}

enum err_code html_spread_end(struct html_spread *s, struct html_out *out, struct err *e)
{
    static const struct chart_options wide = { HTML_CHART_WIDE }, narrow = { HTML_CHART_NARROW };
    struct chart_bins bins = { .count = HTML_SPREAD_BINS, .high = 1, .unit = METRIC_RATIO };
    const struct result *r = s->r;
    AUTO_ARENA *a = arena_new_sized(0);
    struct str name = str_c(result_quality_name(r));
    struct chart_row *rows;

    if (!s->between)                        /* all yes or no: the mean says everything */
        return ERR_OK;
    rows = arena_array(a, struct chart_row, r->variant_count + 1);
    for (size_t i = 0; i < r->variant_count; i++) {
        rows[i] = (struct chart_row){ .name = r->variants[i].name };
        html_spread_row(&bins, s->counts + r->variants[i].no * HTML_SPREAD_FINE, a, &rows[i]);
    }
    buf_byte(&out->raw, '[');
    html_chart_put(&out->raw, "spread", "How the score is spread",
                   chart_distribution(name, &bins, rows, r->variant_count, &wide, a),
                   chart_distribution(name, &bins, rows, r->variant_count, &narrow, a));
    buf_byte(&out->raw, ']');
    return html_block(out, "charts", 0, 0, 0, e);
}
