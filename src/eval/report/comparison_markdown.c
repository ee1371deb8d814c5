/* A comparison as GitHub-flavoured Markdown, for pull requests. */
#include "eval/report/comparison.h"

#include <inttypes.h>

#define COMPARISON_MARKDOWN_MAX ((size_t)64 << 20)

static void comparison_markdown_runs(const struct compare *c, struct arena *a, struct buf *b)
{
    char date[REPORT_TEXT];

    buf_puts(b, "| | run | task | created | cases | state |\n| --- | --- | --- | --- | ---: | --- |\n");
    for (size_t r = 0; r < c->run_count; r++) {
        const struct run *run = c->runs[r].run;

        buf_printf(b, "| " STR_FMT " | `" STR_FMT "` | ", STR_ARG(c->run_count > 1 ? comparison_label(c, r, a) : S("")),
                   STR_ARG(id_short(run->id)));
        report_md_text(b, run->task_name);
        buf_printf(b, " | %s | %" PRId64 " | %s |\n", report_date(run->created_ms, date), run->cases,
                   run_state_name(run->state));
    }
}

static void comparison_markdown_row(const struct compare_measure *m, const struct compare_difference *d,
                                    struct arena *a, struct buf *b)
{
    char text[REPORT_TEXT];

    if (!d->cases) {
        buf_puts(b, " - | - | - | - | - | - | - |");
        return;
    }
    buf_printf(b, " %s |", report_value(m->unit, d->base, text));
    buf_printf(b, " %s |", report_value(m->unit, d->other, text));
    buf_printf(b, " %s |", comparison_delta(m->unit, d->difference, text));
    buf_printf(b, " " STR_FMT " |", STR_ARG(comparison_interval(m->unit, &d->interval, a)));
    buf_printf(b, " %s |", comparison_effect(d, text));
    buf_printf(b, " %s | ", comparison_p(d->p_holm, text));
    buf_printf(b, d->verdict == VERDICT_WORSE ? "**%s** |" : "%s |", comparison_verdict(d));
}

static void comparison_markdown_name(const struct compare *c, const struct compare_pair *p, struct arena *a,
                                     struct buf *b)
{
    if (c->run_count > 2)
        buf_printf(b, STR_FMT ": ", STR_ARG(comparison_label(c, p->other_run, a)));
    report_md_text(b, p->other->name);
}

static void comparison_markdown_pair(const struct compare *c, const struct compare_pair *p, struct arena *a,
                                     struct buf *b)
{
    buf_puts(b, "\n### ");
    comparison_markdown_name(c, p, a, b);
    buf_printf(b, "\n\n| metric or check | base | other | difference | 95 %% interval | effect | %s | verdict |\n"
               "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n", comparison_p_heading(c));
    for (size_t m = 0; m < c->measure_count; m++) {
        buf_puts(b, "| ");
        report_md_text(b, c->measures[m].name);
        buf_puts(b, " |");
        comparison_markdown_row(&c->measures[m], &p->measures[m], a, b);
        buf_byte(b, '\n');
    }
}

static void comparison_markdown_sentence(const struct compare *c, const struct compare_pair *p, bool detail,
                                         struct arena *a, struct buf *b)
{
    struct str words[] = { comparison_sentence(c, p, a), detail ? comparison_second_opinion(c, p, a) : STR_NONE };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (words[i].len) {
            buf_puts(b, "\n");
            report_md_text(b, words[i]);
            buf_puts(b, "\n");
        }
}

static void comparison_markdown_changes(const struct compare *c, struct arena *a, struct buf *b)
{
    char text[REPORT_TEXT];

    buf_puts(b, "\n| change | case | variant | base | other |\n| --- | --- | --- | ---: | ---: |\n");
    for (size_t i = 0; i < c->change_count; i++) {
        const struct compare_change *k = &c->changes[i];

        buf_printf(b, "| %s | ", compare_change_name(k->kind));
        report_md_text(b, k->case_id);
        buf_puts(b, " | ");
        comparison_markdown_name(c, &c->pairs[k->pair], a, b);
        buf_printf(b, " | %s |", k->valued ? report_percent(k->base, text) : "-");
        buf_printf(b, " %s |\n", k->valued ? report_percent(k->other, text) : "-");
    }
}

enum err_code comparison_markdown(const struct compare *c, const struct comparison_options *o,
                                  const struct report_sink *sink, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16384);
    AUTO_BUF struct buf b = BUF_INIT(COMPARISON_MARKDOWN_MAX);
    struct str *notes;
    size_t count = comparison_notes(c, a, &notes);

    buf_puts(&b, "## Comparison\n\n");
    comparison_markdown_runs(c, a, &b);
    for (size_t i = 0; i < count; i++) {
        buf_puts(&b, "\n- ");
        report_md_text(&b, notes[i]);
    }
    buf_printf(&b, "%s\n| variant | cases | base | other | difference | 95 %% interval | effect | %s | verdict | broken | fixed |\n"
               "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: |\n", count ? "\n" : "",
               comparison_p_heading(c));
    for (size_t i = 0; i < c->pair_count; i++) {
        const struct compare_pair *p = &c->pairs[i];
        static const struct compare_measure none;
        static const struct compare_difference nothing;

        buf_puts(&b, "| ");
        comparison_markdown_name(c, p, a, &b);
        buf_printf(&b, " | %" PRId64 " |", p->cases);
        comparison_markdown_row(c->decides < 0 ? &none : &c->measures[c->decides],
                                c->decides < 0 ? &nothing : &p->measures[c->decides], a, &b);
        buf_printf(&b, " %" PRId64 " | %" PRId64 " |\n", p->counts[CHANGE_BROKEN], p->counts[CHANGE_FIXED]);
    }
    for (size_t i = 0; i < c->pair_count; i++)
        comparison_markdown_sentence(c, &c->pairs[i], o->report.detail, a, &b);
    for (size_t i = 0; o->report.detail && i < c->pair_count; i++)
        comparison_markdown_pair(c, &c->pairs[i], a, &b);
    if (o->cases && c->change_count)
        comparison_markdown_changes(c, a, &b);
    return report_put(sink, &b, e);
}
