/* A comparison for the terminal: who stands against whom, what differs, which cases changed. */
#include "eval/report/comparison.h"
#include "eval/report/grid.h"

#include <inttypes.h>

#define COMPARISON_PIECE_MAX ((size_t)64 << 20)
#define COMPARISON_TABLES    4          /* pairs up to this have their own table unasked */

struct comparison {
    const struct compare *c;
    const struct comparison_options *o;
    struct arena *arena;
    struct buf out;
};

static enum grid_paint comparison_paint(const struct compare_difference *d)
{
    return d->verdict == VERDICT_BETTER ? GRID_GREEN : d->verdict == VERDICT_WORSE ? GRID_RED : GRID_PLAIN;
}

static void comparison_words(struct comparison *x, struct str text)
{
    buf_byte(&x->out, ' ');
    grid_words(text, 1, 1, &x->o->report, x->arena, &x->out);
}

static void comparison_said(struct comparison *x, struct str text)
{
    if (!text.len)
        return;
    buf_puts(&x->out, "   ");
    grid_words(text, 3, 3, &x->o->report, x->arena, &x->out);
}

static void comparison_runs(struct comparison *x)
{
    static const struct grid_column columns[] = {
        { .heading = "" }, { .heading = "run" }, { .heading = "task", .least = 14 }, { .heading = "created", .drop = 2 },
        { .heading = "cases", .right = true }, { .heading = "repeat", .right = true, .drop = 3 }, { .heading = "state", .drop = 1 },
    };
    struct grid *g = grid_new(x->arena, columns, COUNT_OF(columns));
    char date[REPORT_TEXT];

    for (size_t r = 0; r < x->c->run_count; r++) {
        const struct run *run = x->c->runs[r].run;

        grid_cell(g, x->c->run_count > 1 ? comparison_label(x->c, r, x->arena) : S(""), GRID_BOLD);
        grid_cell(g, id_short(run->id), GRID_PLAIN);
        grid_cell(g, run->task_name, GRID_PLAIN);
        grid_cell(g, str_c(report_date(run->created_ms, date)), GRID_DIM);
        grid_cellf(g, "%" PRId64, run->cases);
        grid_cellf(g, "%" PRId64, run->repeat);
        grid_cell(g, str_c(run_state_name(run->state)), GRID_PLAIN);
    }
    grid_write(g, &x->o->report, 1, &x->out);
    buf_byte(&x->out, '\n');
}

/* "B: name", or "name" where there is no doubt which run is meant. */
static struct str comparison_name(const struct comparison *x, const struct compare_pair *p)
{
    if (x->c->run_count <= 2)
        return p->other->name;
    return arena_printf(x->arena, STR_FMT ": " STR_FMT, STR_ARG(comparison_label(x->c, p->other_run, x->arena)),
                        STR_ARG(p->other->name));
}

static void comparison_value(struct grid *g, const struct compare_measure *m, const struct compare_difference *d,
                             double v)
{
    char text[REPORT_TEXT];

    grid_cell(g, d->cases ? str_c(report_value(m->unit, v, text)) : S("-"), GRID_PLAIN);
}

static void comparison_difference(struct comparison *x, struct grid *g, const struct compare_measure *m,
                                  const struct compare_difference *d)
{
    char text[REPORT_TEXT];

    comparison_value(g, m, d, d->base);
    comparison_value(g, m, d, d->other);
    grid_cell(g, d->cases ? str_c(comparison_delta(m->unit, d->difference, text)) : S("-"), comparison_paint(d));
    grid_cell(g, comparison_interval(m->unit, &d->interval, x->arena), GRID_PLAIN);
    grid_cell(g, str_c(comparison_effect(d, text)), GRID_PLAIN);
    grid_cell(g, d->cases ? str_c(comparison_p(d->p_holm, text)) : S("-"), GRID_PLAIN);
    grid_cell(g, str_c(comparison_verdict(d)), comparison_paint(d));
}

static void comparison_count(struct grid *g, int64_t n, enum grid_paint paint)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, n);
    grid_cell(g, str_c(text), n ? paint : GRID_PLAIN);
}

/* One row a pair, by the deciding measure. */
static void comparison_summary(struct comparison *x)
{
    const struct compare *c = x->c;
    bool several = c->run_count > 1;
    const struct grid_column columns[] = {
        { .heading = "variant", .least = 12 }, { .heading = "cases", .right = true, .drop = 3 },
        { .heading = several ? "A" : "base", .right = true, .drop = 1 },
        { .heading = several ? c->run_count > 2 ? "other" : "B" : "this", .right = true },
        { .heading = "difference", .right = true },
        { .heading = "95 % interval", .right = true, .drop = 4 }, { .heading = "effect", .right = true, .drop = 7 },
        { .heading = comparison_p_heading(c), .right = true, .drop = 2 },
        { .heading = "verdict" }, { .heading = "broken", .right = true }, { .heading = "fixed", .right = true },
        { .heading = "worse", .right = true, .drop = 6 }, { .heading = "better", .right = true, .drop = 5 },
    };
    struct grid *g = grid_new(x->arena, columns, COUNT_OF(columns));
    struct str name = c->decides >= 0 ? c->measures[c->decides].name : S("answered");

    if (several)
        comparison_words(x, arena_printf(x->arena, STR_FMT " of each variant, held against run A (by %s)",
                                         STR_ARG(name), compare_by_name(c->by)));
    else
        comparison_words(x, arena_printf(x->arena, STR_FMT " of each variant, held against " STR_FMT, STR_ARG(name),
                                         STR_ARG(c->pairs[0].base->name)));
    buf_byte(&x->out, '\n');
    for (size_t i = 0; i < c->pair_count; i++) {
        const struct compare_pair *p = &c->pairs[i];

        grid_cell(g, comparison_name(x, p), GRID_PLAIN);
        grid_cellf(g, "%" PRId64, p->cases);
        if (c->decides >= 0)
            comparison_difference(x, g, &c->measures[c->decides], &p->measures[c->decides]);
        else
            for (int k = 0; k < 7; k++)
                grid_cell(g, S("-"), GRID_PLAIN);
        comparison_count(g, p->counts[CHANGE_BROKEN], GRID_RED);
        comparison_count(g, p->counts[CHANGE_FIXED], GRID_GREEN);
        comparison_count(g, p->counts[CHANGE_WORSE], GRID_YELLOW);
        comparison_count(g, p->counts[CHANGE_BETTER], GRID_CYAN);
    }
    grid_write(g, &x->o->report, 1, &x->out);
}

/* Unasked: what decides, what was spent and waited, and what certainly differs. */
static bool comparison_shown(const struct comparison *x, const struct compare_pair *p, size_t m)
{
    const struct compare_measure *measure = &x->c->measures[m];
    enum verdict v = p->measures[m].verdict;

    if (!p->measures[m].cases)
        return false;
    return x->o->report.detail || (ptrdiff_t)m == x->c->decides || measure->unit == METRIC_USD ||
           str_is(measure->name, "latency") || v == VERDICT_BETTER || v == VERDICT_WORSE;
}

static void comparison_pair(struct comparison *x, const struct compare_pair *p)
{
    bool several = x->c->run_count > 1;
    const struct grid_column columns[] = {
        { .heading = "metric or check", .least = 10 }, { .heading = several ? "A" : "base", .right = true },
        { .heading = several ? comparison_label(x->c, p->other_run, x->arena).at : "this", .right = true },
        { .heading = "difference", .right = true },
        { .heading = "95 % interval", .right = true, .drop = 2 }, { .heading = "effect", .right = true, .drop = 3 },
        { .heading = comparison_p_heading(x->c), .right = true, .drop = 1 }, { .heading = "verdict" },
    };
    struct grid *g = grid_new(x->arena, columns, COUNT_OF(columns));

    buf_byte(&x->out, '\n');
    if (str_eq(p->base->name, p->other->name))
        comparison_words(x, comparison_name(x, p));
    else
        comparison_words(x, arena_printf(x->arena, STR_FMT " against " STR_FMT, STR_ARG(comparison_name(x, p)),
                                         STR_ARG(p->base->name)));
    for (size_t m = 0; m < x->c->measure_count; m++)
        if (comparison_shown(x, p, m)) {
            grid_cell(g, x->c->measures[m].name, GRID_PLAIN);
            comparison_difference(x, g, &x->c->measures[m], &p->measures[m]);
        }
    if (grid_rows(g))
        grid_write(g, &x->o->report, 3, &x->out);
    comparison_said(x, comparison_sentence(x->c, p, x->arena));
    if (x->o->report.detail)
        comparison_said(x, comparison_second_opinion(x->c, p, x->arena));
}

static void comparison_change(struct comparison *x, struct grid *g, const struct compare_change *k)
{
    static const enum grid_paint paints[CHANGE_KINDS] = { GRID_RED, GRID_GREEN, GRID_YELLOW, GRID_CYAN };
    const struct compare_pair *p = &x->c->pairs[k->pair];
    char text[REPORT_TEXT];

    grid_cell(g, str_c(compare_change_name(k->kind)), paints[k->kind]);
    grid_cell(g, k->case_id, GRID_PLAIN);
    grid_cell(g, comparison_name(x, p), GRID_PLAIN);
    grid_cell(g, k->valued ? str_c(report_percent(k->base, text)) : S("-"), GRID_PLAIN);
    grid_cell(g, k->valued ? str_c(report_percent(k->other, text)) : S("-"), GRID_PLAIN);
    grid_cell(g, str_c(k->why), GRID_DIM);
    grid_cellf(g, "%" PRId64, k->base_trial);
    grid_cellf(g, "%" PRId64, k->other_trial);
}

static void comparison_changes(struct comparison *x)
{
    bool several = x->c->run_count > 1;
    const struct grid_column columns[] = {
        { .heading = "" }, { .heading = "case", .least = 8 },
        { .heading = "variant", .least = 8 }, { .heading = several ? "A" : "base", .right = true },
        { .heading = several ? x->c->run_count > 2 ? "other" : "B" : "this", .right = true },
        { .heading = "why", .drop = 3 },
        { .heading = several ? "trial A" : "trial", .right = true, .drop = 2 }, { .heading = "trial", .right = true, .drop = 1 },
    };
    struct grid *g = grid_new(x->arena, columns, COUNT_OF(columns));
    int64_t all = 0;

    for (size_t i = 0; i < x->c->pair_count; i++)
        for (int k = 0; k < CHANGE_KINDS; k++)
            all += x->c->pairs[i].counts[k];
    buf_byte(&x->out, '\n');
    if (!all) {
        comparison_words(x, S("No case has another outcome."));
        return;
    }
    for (int kind = 0; kind < CHANGE_KINDS; kind++)
        for (size_t i = 0; i < x->c->change_count; i++)
            if ((int)x->c->changes[i].kind == kind)
                comparison_change(x, g, &x->c->changes[i]);
    grid_write(g, &x->o->report, 1, &x->out);
    if ((int64_t)x->c->change_count < all)
        comparison_words(x, arena_printf(x->arena, "... and %" PRId64 " more (--limit shows them).",
                                         all - (int64_t)x->c->change_count));
}

enum err_code comparison_table(const struct compare *c, const struct comparison_options *o,
                               const struct report_sink *sink, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16384);
    struct comparison x = { .c = c, .o = o, .arena = a, .out = BUF_INIT(COMPARISON_PIECE_MAX) };
    struct str *notes;
    size_t count = comparison_notes(c, a, &notes);
    enum err_code code;

    if (!o->brief)
        comparison_runs(&x);
    for (size_t i = 0; i < count; i++)
        comparison_words(&x, notes[i]);
    if (count)
        buf_byte(&x.out, '\n');
    comparison_summary(&x);
    if (!o->brief && (o->report.detail || c->pair_count <= COMPARISON_TABLES))
        for (size_t i = 0; i < c->pair_count; i++)
            comparison_pair(&x, &c->pairs[i]);
    if (o->cases)
        comparison_changes(&x);
    code = report_put(sink, &x.out, e);
    buf_dispose(&x.out);
    return code;
}
