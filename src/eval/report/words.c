#include "eval/report/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define REPORT_NAME_MAX 4096            /* bytes of a name that are looked at */

const char *report_percent(double ratio, char out[REPORT_TEXT])
{
    snprintf(out, REPORT_TEXT, "%.1f %%", ratio * 100);
    return out;
}

const char *report_ms(int64_t ms, char out[REPORT_TEXT])
{
    if (ms < 0)
        snprintf(out, REPORT_TEXT, "-");
    else if (ms < 1000)
        snprintf(out, REPORT_TEXT, "%" PRId64 " ms", ms);
    else if (ms < 100000)
        snprintf(out, REPORT_TEXT, "%.1f s", (double)ms / 1000);
    else if (ms < 6000000)
        snprintf(out, REPORT_TEXT, "%" PRId64 " m %" PRId64 " s", ms / 60000, ms / 1000 % 60);
    else
        snprintf(out, REPORT_TEXT, "%" PRId64 " h %" PRId64 " m", ms / 3600000, ms / 60000 % 60);
    return out;
}

const char *report_per_thousand(const struct result_variant *v, char out[REPORT_TEXT])
{
    double usd = v->cost_usd * 1000;

    if (!v->cost_known)
        snprintf(out, REPORT_TEXT, v->sum->done ? "unknown" : "-");
    else if (usd == 0)
        snprintf(out, REPORT_TEXT, "free");
    else if (usd < 0.00005)
        snprintf(out, REPORT_TEXT, "<0.0001");
    else
        snprintf(out, REPORT_TEXT, "%.*f", usd < 0.01 ? 4 : usd < 0.1 ? 3 : 2, usd);
    return out;
}

const char *report_value(enum metric_unit unit, double v, char out[REPORT_TEXT])
{
    char money[MONEY_TEXT];

    switch (unit) {
    case METRIC_USD:
        snprintf(out, REPORT_TEXT, "%s", money_show((int64_t)llround(CLAMP(v, 0.0, 1e9) * 1e9), money));
        return out;
    case METRIC_MS: return report_ms((int64_t)llround(CLAMP(v, 0.0, 1e15)), out);
    case METRIC_TOKENS: snprintf(out, REPORT_TEXT, "%.0f", v); return out;
    case METRIC_RATE: snprintf(out, REPORT_TEXT, "%.1f/s", v); return out;
    default: return report_percent(v, out);
    }
}

struct str report_estimate(const struct estimate *x, enum metric_unit unit, struct arena *a)
{
    char value[REPORT_TEXT], low[REPORT_TEXT], high[REPORT_TEXT];

    if (!x->n)
        return S("not evaluated");
    report_value(unit, x->value, value);
    if (!x->interval.known)
        return arena_printf(a, "%s, n %lld", value, (long long)x->n);
    return arena_printf(a, "%s [%s to %s], n %lld", value, report_value(unit, x->interval.low, low),
                        report_value(unit, x->interval.high, high), (long long)x->n);
}

struct str report_judged(const struct result *r, struct arena *a)
{
    const struct result_judge *j = &r->judge;
    AUTO_BUF struct buf b = BUF_INIT(4096);

    if (!j->pass)
        return STR_NONE;
    buf_printf(&b, STR_FMT ", rubric " STR_FMT ", pass %lld: %lld of %lld trials judged",
               STR_ARG(str_utf8_head(j->model, 200)), STR_ARG(str_utf8_head(j->rubric, 200)), (long long)j->pass,
               (long long)j->judged, (long long)r->done);
    if (j->not_evaluated)
        buf_printf(&b, ", %lld not evaluated", (long long)j->not_evaluated);
    if (j->flagged)
        buf_printf(&b, ", %lld flagged (more than %d points from what was measured)", (long long)j->flagged, JUDGE_FAR);
    buf_printf(&b, "; %lld of %zu variants had violations, %lld in all", (long long)j->violating, r->variant_count,
               (long long)j->violations);
    return report_clean(buf_str(&b), false, false, a);
}

size_t report_judge_lines(const struct result *r, struct arena *a, struct judge_quality_line out[JUDGE_QUALITY_LINES])
{
    size_t n = r->judge.quality ? judge_quality_lines(r->judge.quality, id_short(r->run->id), a, out) : 0;

    for (size_t i = 0; i < n; i++)
        out[i].text = report_clean(out[i].text, false, false, a);
    return n;
}

struct str report_preference(const struct result *r, const struct judge_pairs *p, struct arena *a)
{
    struct str first = str_utf8_head(report_variant(r, p->variants[0])->name, 200),
               second = str_utf8_head(report_variant(r, p->variants[1])->name, 200);
    AUTO_BUF struct buf b = BUF_INIT(8192);

    buf_printf(&b, STR_FMT " wins %lld cases, " STR_FMT " %lld, %lld even", STR_ARG(first), (long long)p->cases[0],
               STR_ARG(second), (long long)p->cases[1], (long long)p->cases_even);
    if (isfinite(p->rate))
        buf_printf(&b, "; win rate %.1f %%, 95 %% interval %.1f to %.1f %%, p %s%.3f: %s", p->rate * 100,
                   p->interval.low * 100, p->interval.high * 100, p->p < 0.001 ? "< " : "", MAX(p->p, 0.001),
                   p->p >= RECOMMEND_ALPHA ? "can't tell"
                   : p->rate > 0.5         ? "the first is preferred"
                                           : "the second is preferred");
    buf_printf(&b, "; of %lld pairs %lld ties, %lld inconsistent (%lld follow the place)", (long long)p->pairs,
               (long long)p->ties, (long long)p->inconsistent, (long long)(p->follows_first + p->follows_second));
    if (p->half + p->not_evaluated)
        buf_printf(&b, "; %lld asked in one order only, %lld replies not evaluated", (long long)p->half,
                   (long long)p->not_evaluated);
    if (p->flagged)
        buf_printf(&b, "; %lld FLAGGED: the winner was measured more than %d points below the loser",
                   (long long)p->flagged, JUDGE_FAR);
    buf_printf(&b, " (" STR_FMT ", rubric " STR_FMT ", pass %lld)", STR_ARG(str_utf8_head(p->model, 200)),
               STR_ARG(str_utf8_head(p->rubric, 200)), (long long)p->pass);
    return report_clean(buf_str(&b), false, false, a);
}

struct str report_labelled(const struct judge_labelled *l, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(8192);
    const struct agreement_kappa *k = &l->kappa;

    buf_printf(&b, STR_FMT ", rubric " STR_FMT ", pass %lld", STR_ARG(str_utf8_head(l->model, 200)),
               STR_ARG(str_utf8_head(l->rubric, 200)), (long long)l->pass);
    if (l->not_evaluated)
        buf_printf(&b, ", %lld not evaluated", (long long)l->not_evaluated);
    if (!k->n)
        buf_puts(&b, "; no person gave one of these labels yet");
    else
        buf_printf(&b, "; agrees with people on %.1f %% of %lld trials", k->observed * 100, (long long)k->n);
    if (k->n && isfinite(k->kappa))
        buf_printf(&b, ", Cohen's kappa %.2f", k->kappa);
    if (k->n && k->interval.known)
        buf_printf(&b, " (%.2f to %.2f)", k->interval.low, k->interval.high);
    return report_clean(buf_str(&b), false, false, a);
}

struct str report_labels_of(const struct judge_labelled *l, const struct result_variant *v, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(16384);
    int64_t n = l->judged[v->no];

    for (size_t i = 0; i < l->label_count; i++) {
        int64_t k = l->counts[v->no * (int64_t)l->label_count + (int64_t)i];
        struct interval x = stats_wilson(k, n, RESULT_LEVEL);

        buf_printf(&b, "%s" STR_FMT " %.1f %%", i ? ", " : "", STR_ARG(l->labels[i]),
                   n ? (double)k / (double)n * 100 : 0.0);
        if (x.known)
            buf_printf(&b, " [%.1f to %.1f]", x.low * 100, x.high * 100);
    }
    buf_printf(&b, ", n %lld", (long long)n);
    return report_clean(buf_str(&b), false, false, a);
}

const struct str *report_names(const struct result *r, struct arena *a)
{
    struct str *names = arena_array(a, struct str, r->variant_count + 1);

    for (size_t i = 0; i < r->variant_count; i++)
        names[r->variants[i].no] = r->variants[i].name;
    return names;
}

const char *report_date(int64_t wall_ms, char out[REPORT_TEXT])
{
    char text[CLOCK_TEXT];

    clock_text(wall_ms, text);
    snprintf(out, REPORT_TEXT, "%.10s %.5s UTC", text, text + 11);
    return out;
}

bool report_unprintable(uint32_t c)
{
    return str_utf8_steers(c) || (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

struct str report_clean(struct str s, bool ascii, bool lines, struct arena *a)
{
    char *p = arena_alloc(a, s.len * 3 + 1);            /* an ill-formed byte becomes the 3 of U+FFFD */
    size_t n = 0;

    for (size_t i = 0; i < s.len;) {
        uint32_t c = str_utf8_next(s, &i);
        bool stays = lines && (c == '\n' || c == '\t');

        n += str_utf8_put(!stays && (report_unprintable(c) || (ascii && c > 0x7e)) ? '?' : c, p + n);
    }
    return str_n(p, n);
}

struct str report_fit(struct str s, size_t width, bool ascii, struct arena *a)
{
    struct str mark = ascii ? S("...") : S("\xe2\x80\xa6"),
               clean = report_clean(str_utf8_head(s, REPORT_NAME_MAX), ascii, false, a);
    size_t room = width - MIN(width, ascii ? (size_t)3 : (size_t)1), used = 0, head = 0, tail;

    if (str_utf8_width(clean) <= width)
        return clean;
    while (head < clean.len) {                          /* the first half, in columns */
        size_t next = head, columns;

        str_utf8_next(clean, &next);
        columns = str_utf8_width(str_sub(clean, head, next - head));
        if (used + columns > room - room / 2)
            break;
        used += columns;
        head = next;
    }
    for (tail = head; tail < clean.len && str_utf8_width(str_from(clean, tail)) > room / 2;)
        str_utf8_next(clean, &tail);
    return arena_printf(a, STR_FMT STR_FMT STR_FMT, STR_ARG(str_sub(clean, 0, head)), STR_ARG(mark),
                        STR_ARG(str_from(clean, tail)));
}

static int report_json_bytes(const char *bytes, size_t len, void *arg)
{
    buf_append(arg, str_n(bytes, len));
    return 0;
}

void report_json_text(const json_t *j, bool pretty, struct buf *out)
{
    size_t flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(15) | (pretty ? JSON_INDENT(2) : JSON_COMPACT);

    if (json_dump_callback(j, report_json_bytes, out, flags) != 0)
        out->failed = true;
}

enum err_code report_put(const struct report_sink *sink, struct buf *b, struct err *e)
{
    if (buf_failed(b))
        return err_set(e, ERR_TOO_LARGE, "one piece of the report is larger than %zu bytes", b->max);
    TRY(sink->write(sink->arg, buf_str(b), e));
    buf_reset(b);
    return ERR_OK;
}

const struct result_variant *report_variant(const struct result *r, int64_t no)
{
    for (size_t i = 0; i < r->variant_count; i++)
        if (r->variants[i].no == no)
            return &r->variants[i];
    return NULL;
}
