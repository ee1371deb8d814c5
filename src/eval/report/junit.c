/* src/eval/report/junit.c: JUnit XML, as CI systems read it: a suite per variant, a test case per trial.
 *
 * A trial with a failed critical check is a <failure>, one without an answer an <error>; other failed checks are told
 * in <system-out> and fail nothing. A last suite, "thresholds", has a case per threshold and variant. Text from outside
 * is escaped; characters XML 1.0 does not allow become U+FFFD. Trials are streamed, one pass per variant. */
#include "eval/report/report.h"

#include <inttypes.h>

#define JUNIT_PIECE_MAX ((size_t)4 << 20)

struct junit {
    const struct result *r;
    const struct result_variant *variant;
    const struct report_sink *sink;
    struct buf out;
    struct score *scores;
};

static void junit_escape(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len;) {
        uint32_t c = str_utf8_next(s, &i);
        char text[4];

        switch (c) {
        case '&':   buf_puts(b, "&amp;"); continue;
        case '<':   buf_puts(b, "&lt;"); continue;
        case '>':   buf_puts(b, "&gt;"); continue;
        case '"':   buf_puts(b, "&quot;"); continue;
        case '\t':  buf_puts(b, "&#9;"); continue;
        case '\n':  buf_puts(b, "&#10;"); continue;
        case '\r':  buf_puts(b, "&#13;"); continue;
        }
        if (c < 0x20 || c == 0xfffe || c == 0xffff)
            c = 0xfffd;
        buf_append(b, str_n(text, str_utf8_put(c, text)));
    }
}

static void junit_attribute(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, " %s=\"", name);
    junit_escape(b, value);
    buf_byte(b, '"');
}

static void junit_failed_checks(struct junit *w, bool critical, struct buf *out)
{
    for (size_t i = 0; i < w->r->scorer_count; i++) {
        const struct scorer_info *s = &w->r->scorers[i];

        if (s->kind != SCORER_CHECK || w->scores[i].state != SCORE_VALUE || w->scores[i].value != 0 ||
            (s->severity == SEVERITY_CRITICAL) != critical)
            continue;
        buf_printf(out, "[%s] " STR_FMT ": " STR_FMT "\n", severity_name(s->severity), STR_ARG(s->name),
                   STR_ARG(w->scores[i].note));
    }
}

static enum err_code junit_trial(const struct store_trial *st, void *arg, struct err *e)
{
    struct junit *w = arg;
    const struct trial *t = &st->trial;
    AUTO_ARENA *a = arena_new_sized(4096);
    AUTO_BUF struct buf critical = BUF_INIT(1 << 20), other = BUF_INIT(1 << 20);
    struct trial_place at = run_trial_place(w->r->run, t->number);
    struct buf *b = &w->out;

    TRY(scores_read(st->scores, a, w->scores, w->r->scorer_count, e));
    buf_puts(b, "    <testcase");
    junit_attribute(b, "name",
                    w->r->run->repeat > 1
                        ? arena_printf(a, STR_FMT " (%" PRId64 ")", STR_ARG(t->case_id), at.repetition + 1)
                        : t->case_id);
    junit_attribute(b, "classname",
                    arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(w->r->run->task_name), STR_ARG(w->variant->name)));
    buf_printf(b, " time=\"%.3f\">", (double)MAX(t->latency_ms, INT64_C(0)) / 1000);
    if (t->state == TRIAL_FAILED) {
        buf_puts(b, "<error");
        junit_attribute(b, "type", str_c(err_name(t->error)));
        junit_attribute(b, "message", t->error_text);
        buf_puts(b, "/>");
    }
    junit_failed_checks(w, true, &critical);
    junit_failed_checks(w, false, &other);
    if (critical.len) {
        struct str all = buf_str(&critical);

        buf_puts(b, "<failure type=\"check\"");
        junit_attribute(b, "message", str_sub(all, 0, (size_t)MAX(str_find_byte(all, '\n'), 0)));
        buf_byte(b, '>');
        junit_escape(b, all);
        buf_puts(b, "</failure>");
    }
    if (other.len) {
        buf_puts(b, "<system-out>");
        junit_escape(b, buf_str(&other));
        buf_puts(b, "</system-out>");
    }
    buf_puts(b, "</testcase>\n");
    return report_put(w->sink, b, e);
}

static enum err_code junit_suite(struct junit *w, struct store *s, struct err *e)
{
    const struct aggregate *g = w->variant->sum;
    char when[CLOCK_TEXT];

    buf_puts(&w->out, "  <testsuite");
    junit_attribute(&w->out, "name", w->variant->name);
    buf_printf(&w->out,
               " tests=\"%" PRId64 "\" failures=\"%" PRId64 "\" errors=\"%" PRId64
               "\" skipped=\"0\" timestamp=\"%.19s\">\n",
               g->done + g->failed, g->broken, g->failed, clock_text(w->r->run->created_ms, when));
    TRY(report_put(w->sink, &w->out, e));
    TRY(store_trials_each(s, w->r->run->no, &(struct store_trials_filter){ .variant = w->variant->no }, junit_trial, w, e));
    buf_puts(&w->out, "  </testsuite>\n");
    return report_put(w->sink, &w->out, e);
}

static int64_t junit_missed(const struct result *r)
{
    int64_t n = 0;

    for (size_t i = 0; i < r->threshold_count; i++)
        n += !r->thresholds[i].met;
    return n;
}

static enum err_code junit_thresholds(struct junit *w, struct err *e)
{
    const struct result *r = w->r;

    if (!r->threshold_count)
        return ERR_OK;
    buf_printf(&w->out,
               "  <testsuite name=\"thresholds\" tests=\"%zu\" failures=\"%" PRId64 "\" errors=\"0\" skipped=\"0\">\n",
               r->threshold_count, junit_missed(r));
    for (size_t i = 0; i < r->threshold_count; i++) {
        const struct result_threshold *t = &r->thresholds[i];

        buf_puts(&w->out, "    <testcase");
        junit_attribute(&w->out, "name", t->metric);
        junit_attribute(&w->out, "classname", r->variants[t->variant].name);
        buf_puts(&w->out, " time=\"0\">");
        if (!t->met && t->measured)
            buf_printf(&w->out, "<failure type=\"threshold\" message=\"%.6g is %s %.6g\"/>", t->value,
                       t->ceiling ? "above" : "below", t->limit);
        else if (!t->met)
            buf_puts(&w->out, "<failure type=\"threshold\" message=\"not measured\"/>");
        buf_puts(&w->out, "</testcase>\n");
        TRY(report_put(w->sink, &w->out, e));
    }
    buf_puts(&w->out, "  </testsuite>\n");
    return report_put(w->sink, &w->out, e);
}

static enum err_code junit_all(struct junit *w, struct store *s, struct err *e)
{
    const struct result *r = w->r;
    int64_t failures = junit_missed(r);

    for (size_t i = 0; i < r->variant_count; i++)
        failures += r->variants[i].sum->broken;
    buf_puts(&w->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    junit_attribute(&w->out, "name", r->run->task_name);
    buf_printf(&w->out, " tests=\"%" PRId64 "\" failures=\"%" PRId64 "\" errors=\"%" PRId64 "\" time=\"%.3f\">\n",
               r->done + r->failed + (int64_t)r->threshold_count, failures, r->failed,
               (double)MAX(result_duration_ms(r, clock_wall_ms()), INT64_C(0)) / 1000);
    for (size_t i = 0; i < r->variant_count; i++) {
        w->variant = &r->variants[i];
        TRY(junit_suite(w, s, e));
    }
    TRY(junit_thresholds(w, e));
    buf_puts(&w->out, "</testsuites>\n");
    return report_put(w->sink, &w->out, e);
}

static enum err_code junit_write(const struct result *r, struct store *s, const struct report_options *options,
                                 const struct report_sink *sink, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct junit w = { .r = r, .sink = sink, .out = BUF_INIT(JUNIT_PIECE_MAX),
                       .scores = arena_array(a, struct score, r->scorer_count + 1) };
    enum err_code code = junit_all(&w, s, e);

    (void)options;
    buf_dispose(&w.out);
    return code;
}

const struct report_format report_junit = {
    .name = "junit", .extension = "xml", .per_trial = true, .doc = "JUnit XML for CI: critical checks and thresholds fail.",
    .write = junit_write,
};
