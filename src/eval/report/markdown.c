/* src/eval/report/markdown.c: the table and the recommendation as GitHub-flavoured Markdown, for pull requests and
 * notes. Text from outside is escaped so that it can't leave its cell or become markup. */
#include "eval/report/report.h"

#include <inttypes.h>

#define MARKDOWN_MAX ((size_t)64 << 20)
#define MARKDOWN_LABELS_MAX 20          /* of a confusion matrix that is still a table one can read */

void report_md_text(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];

        if (c < 0x20 || c == 0x7f) {
            buf_byte(b, ' ');
        } else if (c == '<') {
            buf_puts(b, "&lt;");
        } else if (c == '&') {
            buf_puts(b, "&amp;");
        } else {
            if (strchr("\\`*_[]|#~>!@", c))
                buf_byte(b, '\\');
            buf_byte(b, (char)c);
        }
    }
}

static void markdown_variant(struct buf *b, const struct result_variant *v, bool pairs)
{
    char text[REPORT_TEXT];

    if (v->rank)
        buf_printf(b, "| %" PRId64 " | ", v->rank);
    else
        buf_puts(b, "| - | ");
    report_md_text(b, v->name);
    buf_printf(b, " | %s | ", v->quality.n ? report_percent(v->quality.value, text) : "-");
    if (v->quality.interval.known)
        buf_printf(b, "%.1f - %.1f", v->quality.interval.low * 100, v->quality.interval.high * 100);
    else
        buf_byte(b, '-');
    buf_printf(b, " | %" PRId64 " | %" PRId64 " | %" PRId64 " | ", v->sum->critical, v->sum->violations,
               v->sum->failed);
    buf_printf(b, "%s | ", report_ms(v->p50_ms, text));
    buf_printf(b, "%s |", report_per_thousand(v, text));
    if (pairs && (v->against.verdict == VERDICT_FIRST || v->against.verdict == VERDICT_NONE))
        buf_puts(b, " - |");
    else if (pairs && v->against.test == COMPARE_RACE)
        buf_printf(b, " %s, sure after %" PRId64 " cases |", verdict_name(v->against.verdict), v->sure.at);
    else if (pairs)
        buf_printf(b, " %s (p %s%.3f) |", verdict_name(v->against.verdict), v->against.p_holm < 0.001 ? "<" : "",
                   MAX(v->against.p_holm, 0.001));
    buf_byte(b, '\n');
}

static void markdown_detail(struct buf *b, const struct result *r)
{
    char text[REPORT_TEXT];

    buf_puts(b, "\n| metric or check |");
    for (size_t v = 0; v < r->variant_count; v++) {
        buf_byte(b, ' ');
        report_md_text(b, r->variants[v].name);
        buf_puts(b, " |");
    }
    buf_puts(b, "\n| --- |");
    for (size_t v = 0; v < r->variant_count; v++)
        buf_puts(b, " ---: |");
    buf_byte(b, '\n');
    for (size_t i = 0; i < r->scorer_count; i++) {
        buf_puts(b, "| ");
        report_md_text(b, r->scorers[i].name);
        buf_puts(b, " |");
        for (size_t v = 0; v < r->variant_count; v++) {
            const struct estimate *x = &r->variants[v].scores[i];

            buf_printf(b, " %s |", x->n ? report_value(r->scorers[i].unit, x->value, text) : "-");
        }
        buf_byte(b, '\n');
    }
}

static void markdown_counts(struct buf *b, const struct result_classes *set, const struct confusion *x)
{
    size_t n = set->label_count;

    buf_puts(b, "\n| expected, given |");
    for (size_t k = 0; k < n; k++) {
        buf_byte(b, ' ');
        report_md_text(b, set->labels[k]);
        buf_puts(b, " |");
    }
    buf_puts(b, " none of these |\n| --- |");
    for (size_t k = 0; k <= n; k++)
        buf_puts(b, " ---: |");
    buf_byte(b, '\n');
    for (size_t i = 0; i < n; i++) {
        buf_puts(b, "| ");
        report_md_text(b, set->labels[i]);
        buf_puts(b, " |");
        for (size_t k = 0; k <= n; k++)
            buf_printf(b, " %" PRId64 " |", x->counts[i * (n + 1) + k]);
        buf_byte(b, '\n');
    }
}

static void markdown_confusions(struct buf *b, const struct result *r)
{
    for (size_t i = 0; i < r->class_count; i++) {
        const struct result_classes *set = &r->classes[i];

        buf_puts(b, "\n## ");
        report_md_text(b, r->scorers[set->scorer].name);
        buf_byte(b, '\n');
        if (!set->label_count || set->label_count > MARKDOWN_LABELS_MAX) {
            buf_byte(b, '\n');
            report_md_text(b, set->label_count ? S("Too many labels for a table; the JSON report has the matrix.")
                                               : set->why);
            buf_byte(b, '\n');
            continue;
        }
        for (size_t v = 0; v < r->variant_count; v++) {
            const struct confusion *x = &r->variants[v].confusions[i];
            char accuracy[REPORT_TEXT], f1[REPORT_TEXT];

            buf_puts(b, "\n### ");
            report_md_text(b, r->variants[v].name);
            buf_printf(b, "\n\n%" PRId64 " of %" PRId64 " right", x->correct, x->n);
            if (x->n)
                buf_printf(b, ": accuracy %s, macro F1 %s", report_percent(x->accuracy.value, accuracy),
                           report_percent(x->macro_f1.value, f1));
            buf_byte(b, '\n');
            markdown_counts(b, set, x);
        }
    }
}

static void markdown_line(struct buf *b, const char *label, struct str text)
{
    if (!text.len)
        return;
    buf_printf(b, "- **%s** ", label);
    report_md_text(b, text);
    buf_byte(b, '\n');
}

static void markdown_thresholds(struct buf *b, const struct result *r)
{
    if (r->threshold_count)
        buf_puts(b, "\n| threshold | variant | value | met |\n| --- | --- | ---: | --- |\n");
    for (size_t i = 0; i < r->threshold_count; i++) {
        const struct result_threshold *t = &r->thresholds[i];

        buf_puts(b, "| ");
        report_md_text(b, t->metric);
        buf_printf(b, " %s %.6g | ", t->ceiling ? "at most" : "at least", t->limit);
        report_md_text(b, r->variants[t->variant].name);
        if (t->measured)
            buf_printf(b, " | %.6g | %s |\n", t->value, t->met ? "yes" : "**no**");
        else
            buf_puts(b, " | not measured | **no** |\n");
    }
}

/* The judge's four scores of each variant, with n and interval. */
static void markdown_judge(struct buf *b, const struct result *r)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct str said = report_judged(r, a);

    if (!said.len)
        return;
    buf_puts(b, "\nJudge: ");
    report_md_text(b, said);
    buf_puts(b, ".\n\n| variant |");
    for (size_t i = r->judge_at; i < r->scorer_count; i++) {
        buf_byte(b, ' ');
        report_md_text(b, r->scorers[i].name);
        buf_puts(b, " |");
    }
    buf_puts(b, "\n| --- |");
    for (size_t i = r->judge_at; i < r->scorer_count; i++)
        buf_puts(b, " ---: |");
    buf_byte(b, '\n');
    for (size_t v = 0; v < r->variant_count; v++) {
        buf_puts(b, "| ");
        report_md_text(b, r->variants[v].name);
        buf_puts(b, " |");
        for (size_t i = r->judge_at; i < r->scorer_count; i++) {
            buf_byte(b, ' ');
            report_md_text(b, report_estimate(&r->variants[v].scores[i], r->scorers[i].unit, a));
            buf_puts(b, " |");
        }
        buf_byte(b, '\n');
    }
}

static enum err_code markdown_write(const struct result *r, struct store *s, const struct report_options *options,
                                    const struct report_sink *sink, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(MARKDOWN_MAX);
    AUTO_ARENA *a = arena_new_sized(0);
    const struct recommendation *m = &r->recommendation;
    bool pairs = r->variant_count > 1;
    char text[REPORT_TEXT], money[MONEY_TEXT];

    (void)s;
    buf_puts(&b, "# ");
    report_md_text(&b, r->run->task_name);
    buf_printf(&b, "\n\n%" PRId64 " cases x %" PRId64 " variants x %" PRId64 ": %" PRId64 " trials done, %" PRId64 " failed, %s"
               " spent. Run `" STR_FMT "`, %s, %s.\n\n", r->run->cases, r->run->variants, r->run->repeat, r->done, r->failed,
               money_show(r->spent_nanousd, money), STR_ARG(r->run->id), run_state_name(r->run->state),
               report_date(r->run->created_ms, text));
    buf_puts(&b, "| # | variant | ");
    report_md_text(&b, str_c(result_quality_name(r)));
    buf_printf(&b, " | 95 %% interval | critical | violations | failed | p50 | $/1,000 |%s\n", pairs ? " against #1 |" : "");
    buf_printf(&b, "| ---: | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |%s\n", pairs ? " --- |" : "");
    for (size_t i = 0; i < r->variant_count; i++)
        markdown_variant(&b, &r->variants[i], pairs);
    buf_byte(&b, '\n');
    markdown_line(&b, m->best < 0 ? "Result" : "Best overall", m->best_text);
    markdown_line(&b, "Best value", m->value_text);
    markdown_line(&b, "Budget option", m->budget_text);
    markdown_line(&b, "Certainty", m->tell_text);
    if (r->sure.spared)
        markdown_line(&b, "Sure", result_sure_text(r, a));
    for (size_t i = 0; i < m->advice_count; i++)
        markdown_line(&b, "Note", m->advice[i]);
    markdown_thresholds(&b, r);
    markdown_judge(&b, r);
    if (options->detail) {
        markdown_detail(&b, r);
        markdown_confusions(&b, r);
    }
    return report_put(sink, &b, e);
}

const struct report_format report_markdown = {
    .name = "markdown", .extension = "md", .doc = "The table and the recommendation as Markdown.", .write = markdown_write,
};
