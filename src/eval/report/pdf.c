/* src/eval/report/pdf.c: the report as a document to print or to hand on: A4, one column. */
#include "eval/explain.h"
#include "eval/report/pdf.h"

#include <inttypes.h>
#include <math.h>

#include "version.h"

#define PDF_LABEL      92.0                     /* points of a label's column */
#define PDF_CONFUSIONS 4                        /* matrices of a metric: the best variants' */
#define PDF_ROWS_MAX   500                      /* of one table */
#define PDF_BAND       8                        /* variants side by side in the table of all metrics */

struct pdf_report {
    struct pdf *p;
    const struct result *r;
    struct store *s;
    const struct report_options *o;
    struct pdf_worst worst;
    struct explain *words;
};

static struct str pdf_number(struct arena *a, int64_t n)
{
    return arena_printf(a, "%" PRId64, n);
}

/* What a bound left out is said. */
static void pdf_more(struct pdf_report *d, size_t shown, size_t n, const char *what)
{
    if (n > shown)
        pdf_text(d->p, PDF_SMALL, SCENE_MUTED,
                 arena_printf(pdf_arena(d->p), "The first %zu of %zu %s.", shown, n, what));
}

/* --- the first page ----------------------------------------------------------------------------------------------- */
static void pdf_front(struct pdf_report *d)
{
    const struct run *run = d->r->run;
    struct arena *a = pdf_arena(d->p);
    struct str about = json_get_str(json_child(d->r->settings, "task"), "description"), stopped = S("");
    char when[REPORT_TEXT], took[REPORT_TEXT], money[MONEY_TEXT];

    if (run->state == RUN_STOPPED && run->stopped_by != STOP_NONE)
        stopped = arena_printf(a, " (%s)", stop_reason_name(run->stopped_by));
    pdf_text(d->p, PDF_TITLE, SCENE_INK, str_utf8_head(run->task_name, 200));
    pdf_text(d->p, PDF_BODY, SCENE_INK, str_utf8_head(about, 1500));
    pdf_text(d->p, PDF_BODY, SCENE_MUTED,
             arena_printf(
                 a,
                 "%" PRId64 " case%s \xc3\x97 %" PRId64 " variant%s \xc3\x97 %" PRId64 " = %" PRId64
                 " trials \xc2\xb7 %s" STR_FMT " \xc2\xb7 %" PRId64 " failed \xc2\xb7 %s \xc2\xb7 %s%s \xc2\xb7 %s",
                 run->cases, run->cases == 1 ? "" : "s", run->variants, run->variants == 1 ? "" : "s", run->repeat,
                 run_trials(run), run_state_name(run->state), STR_ARG(stopped), d->r->failed,
                 report_ms(result_duration_ms(d->r, clock_wall_ms()), took), money_show(d->r->spent_nanousd, money),
                 d->r->spent_unknown_calls ? " and calls of unknown price" : "", report_date(run->created_ms, when)));
    pdf_space(d->p, 6);
    pdf_rule(d->p);
    pdf_space(d->p, 6);
}

static enum err_code pdf_words(struct pdf_report *d, struct err *e)
{
    struct arena *a = pdf_arena(d->p);

    (void)e;
    for (size_t i = 0; i < EXPLAIN_PARTS; i++) {
        const struct explain_part *part = &d->words->parts[i];
        AUTO_BUF struct buf sentences = BUF_INIT(1 << 16);         /* pdf_text bounds what is set */

        if (!part->lines.len)
            continue;
        pdf_need(d->p, 44);
        pdf_text(d->p, PDF_STRONG, SCENE_INK, str_c(part->heading));
        for (size_t k = 0; k < part->lines.len; k++)
            if (part->lines.at[k].kind == EXPLAIN_SENTENCE)
                buf_printf(&sentences, "%s" STR_FMT, sentences.len ? " " : "", STR_ARG(part->lines.at[k].text));
        pdf_text(d->p, PDF_BODY, SCENE_INK, buf_str(&sentences));
        for (size_t k = 0; k < part->lines.len; k++)
            if (part->lines.at[k].kind == EXPLAIN_FACT)
                pdf_text(d->p, PDF_SMALL, SCENE_INK,
                         arena_printf(a, "\xe2\x80\x93 " STR_FMT, STR_ARG(explain_words(&part->lines.at[k], a))));
        pdf_space(d->p, 4);
    }
    return ERR_OK;
}

static enum err_code pdf_recommend(struct pdf_report *d, struct err *e)
{
    const struct recommendation *m = &d->r->recommendation;

    (void)e;
    if (m->best < 0) {
        pdf_text(d->p, PDF_BODY, SCENE_INK,
                 m->best_text.len ? m->best_text : S("There is no result to recommend from yet."));
    } else {
        pdf_labelled(d->p, "Best overall", PDF_LABEL, m->best_text, SCENE_ACCENT);
        pdf_labelled(d->p, "Best value", PDF_LABEL, m->value_text, SCENE_ACCENT);
        pdf_labelled(d->p, "Budget option", PDF_LABEL, m->budget_text.len ? m->budget_text : m->budget_none,
                     SCENE_ACCENT);
    }
    pdf_text(d->p, PDF_BODY, SCENE_INK, m->tell_text);
    for (size_t i = 0; i < m->advice_count; i++)
        pdf_text(d->p, PDF_BODY, SCENE_INK, m->advice[i]);
    return ERR_OK;
}

/* --- the ranked table --------------------------------------------------------------------------------------------- */
enum rank_column { RANK_NO, RANK_NAME, RANK_QUALITY, RANK_INTERVAL, RANK_CRITICAL, RANK_FAILED_CHECKS, RANK_FAILED, RANK_P50,
                   RANK_COST, RANK_AGAINST, RANK_COLUMNS };

static struct str rank_cell(const struct result_variant *v, enum rank_column c, struct arena *a)
{
    char text[REPORT_TEXT];
    const struct compare_difference *x = &v->against;

    switch (c) {
    case RANK_NO: return v->rank ? pdf_number(a, v->rank) : S("-");
    case RANK_NAME: return v->name;
    case RANK_QUALITY: return v->quality.n ? arena_printf(a, "%s", report_percent(v->quality.value, text)) : S("-");
    case RANK_INTERVAL:
        if (!v->quality.interval.known)
            return S("-");
        return arena_printf(a, "%.1f \xe2\x80\x93 %.1f", v->quality.interval.low * 100, v->quality.interval.high * 100);
    case RANK_CRITICAL: return pdf_number(a, v->sum->critical);
    case RANK_FAILED_CHECKS: return pdf_number(a, v->sum->violations);
    case RANK_FAILED: return pdf_number(a, v->sum->failed);
    case RANK_P50: return arena_printf(a, "%s", report_ms(v->p50_ms, text));
    case RANK_COST: return arena_printf(a, "%s", report_per_thousand(v, text));
    case RANK_AGAINST:
        if (x->verdict == VERDICT_FIRST || x->verdict == VERDICT_NONE)
            return S("-");
        if (x->test == COMPARE_RACE)
            return arena_printf(a, "%s, sure", verdict_name(x->verdict));
        return arena_printf(a, "%s, p %s%.*f", verdict_name(x->verdict), x->p_holm < 0.001 ? "<" : "",
                            x->p_holm < 0.1 ? 3 : 2, MAX(x->p_holm, 0.001));
    case RANK_COLUMNS: break;
    }
    return S("");
}

static enum err_code pdf_ranking(struct pdf_report *d, struct err *e)
{
    static const struct pdf_column all[RANK_COLUMNS] = {
        [RANK_NO] = { "#", 13, SCENE_END }, [RANK_NAME] = { "variant", 0, SCENE_START }, [RANK_QUALITY] = { "quality", 38, SCENE_END },
        [RANK_INTERVAL] = { "95 % interval", 56, SCENE_END }, [RANK_CRITICAL] = { "crit", 22, SCENE_END },
        [RANK_FAILED_CHECKS] = { "checks", 28, SCENE_END }, [RANK_FAILED] = { "failed", 26, SCENE_END },
        [RANK_P50] = { "p50", 36, SCENE_END }, [RANK_COST] = { "$/1,000", 40, SCENE_END },
        [RANK_AGAINST] = { "against #1", 72, SCENE_START },
    };
    const struct result *r = d->r;
    struct pdf_column columns[RANK_COLUMNS];
    enum rank_column shown[RANK_COLUMNS];
    struct str cells[RANK_COLUMNS];
    size_t n = 0;

    (void)e;
    for (enum rank_column c = 0; c < RANK_COLUMNS; c++) {
        if ((c == RANK_CRITICAL && !r->critical) || (c == RANK_FAILED_CHECKS && !r->violations) ||
            (c == RANK_FAILED && !r->failed) || (c == RANK_AGAINST && r->variant_count < 2) ||
            ((c == RANK_QUALITY || c == RANK_INTERVAL || c == RANK_AGAINST) && r->quality < 0))
            continue;
        columns[n] = all[c];
        if (c == RANK_QUALITY)
            columns[n].title = strlen(result_quality_name(r)) <= 10 ? result_quality_name(r) : "quality";
        shown[n++] = c;
    }
    pdf_table_begin(d->p, columns, n);
    for (size_t i = 0; i < MIN(r->variant_count, (size_t)PDF_ROWS_MAX); i++) {
        for (size_t k = 0; k < n; k++)
            cells[k] = rank_cell(&r->variants[i], shown[k], pdf_arena(d->p));
        pdf_table_row(d->p, cells, (ptrdiff_t)i == r->recommendation.best);
    }
    pdf_table_end(d->p);
    pdf_more(d, PDF_ROWS_MAX, r->variant_count, "variants");
    pdf_text(d->p, PDF_SMALL, SCENE_MUTED,
             arena_printf(pdf_arena(d->p), "Ranked by %s. crit, checks: failed critical checks, all failed ones. p50: median time of an "
                          "answer. $/1,000: cost of 1,000 answers. Against #1: paired on the same cases; p values are corrected "
                          "for the number of comparisons (Holm).", result_quality_name(r)));
    return ERR_OK;
}

static enum metric_unit pdf_unit_of(const struct result *r, struct str metric)
{
    for (size_t i = 0; i < r->scorer_count; i++)
        if (str_eq(r->scorers[i].name, metric))
            return r->scorers[i].unit;
    return METRIC_RATIO;
}

static enum err_code pdf_thresholds(struct pdf_report *d, struct err *e)
{
    static const struct pdf_column columns[] = {
        { "metric", 90, SCENE_START }, { "variant", 0, SCENE_START }, { "threshold", 90, SCENE_END }, { "value", 60, SCENE_END },
        { "met", 30, SCENE_START },
    };
    const struct result *r = d->r;
    char limit[REPORT_TEXT], value[REPORT_TEXT];

    (void)e;
    pdf_table_begin(d->p, columns, COUNT_OF(columns));
    for (size_t i = 0; i < MIN(r->threshold_count, (size_t)PDF_ROWS_MAX); i++) {
        const struct result_threshold *t = &r->thresholds[i];
        struct arena *a = pdf_arena(d->p);
        enum metric_unit unit = pdf_unit_of(r, t->metric);
        struct str cells[] = { t->metric, r->variants[t->variant].name,
                               arena_printf(a, "at %s %s", t->ceiling ? "most" : "least",
                                            report_value(unit, t->limit, limit)),
                               t->measured ? arena_printf(a, "%s", report_value(unit, t->value, value)) : S("-"),
                               t->met ? S("yes") : S("no") };

        pdf_table_row(d->p, cells, !t->met);
    }
    pdf_table_end(d->p);
    pdf_more(d, PDF_ROWS_MAX, r->threshold_count, "rows");
    return ERR_OK;
}

/* --- charts ------------------------------------------------------------------------------------------------------- */
#define PDF_CHART_ROOM (PDF_BOTTOM - PDF_TOP - 60)                 /* points below its headings */
typedef struct scene *pdf_draw(const struct result *r, const struct chart_options *o, struct arena *a);

/* One that is higher than a page is drawn anew, so much wider that it fills the page when it is made smaller. */
static const struct scene *pdf_drawn(struct pdf_report *d, pdf_draw *draw)
{
    struct chart_options o = { .width = CHART_WIDTH };
    const struct scene *s = draw(d->r, &o, pdf_arena(d->p));

    o.width = s->height * PDF_ROOM / PDF_CHART_ROOM;
    return o.width > CHART_WIDTH ? draw(d->r, &o, pdf_arena(d->p)) : s;
}

static void pdf_chart(struct pdf_report *d, struct str title, const struct scene *s)
{
    pdf_need(d->p, MIN(s->height * PDF_ROOM / s->width + 36, PDF_BOTTOM - PDF_TOP));
    pdf_part(d->p, title);
    pdf_scene(d->p, s);
}

static enum err_code pdf_charts(struct pdf_report *d, struct err *e)
{
    (void)e;
    pdf_chart(d, S("Cost against quality"), pdf_drawn(d, chart_frontier_of));
    if (d->r->quality >= 0)
        pdf_chart(d, arena_printf(pdf_arena(d->p), "%s with 95 %% intervals", result_quality_name(d->r)),
                  pdf_drawn(d, chart_intervals_of));
    pdf_chart(d, S("Time of an answer"), pdf_drawn(d, chart_latency_of));
    return ERR_OK;
}

static enum err_code pdf_checks(struct pdf_report *d, struct err *e)
{
    (void)e;
    pdf_scene(d->p, pdf_drawn(d, chart_checks_of));
    return ERR_OK;
}

static enum err_code pdf_labels(struct pdf_report *d, struct err *e)
{
    struct arena *a = pdf_arena(d->p);

    (void)e;
    for (size_t c = 0; c < d->r->class_count; c++) {
        const struct result_classes *k = &d->r->classes[c];
        size_t n = MIN(d->r->variant_count, (size_t)PDF_CONFUSIONS);

        if (!k->label_count) {
            pdf_text(d->p, PDF_BODY, SCENE_MUTED, k->why);
            continue;
        }
        for (size_t v = 0; v < n; v++) {
            const struct confusion *m = &d->r->variants[v].confusions[c];

            pdf_chart(d, d->r->variants[v].name, chart_confusion_of(d->r, c, v, NULL, a));
            if (m->accuracy.n)
                pdf_text(d->p, PDF_SMALL, SCENE_MUTED,
                         arena_printf(a, "accuracy %.1f %%, macro F1 %.1f %%, %" PRId64 " trials",
                                      m->accuracy.value * 100, m->macro_f1.value * 100, m->n));
        }
        pdf_more(d, n, d->r->variant_count, "variants");
    }
    return ERR_OK;
}

/* --- every metric and check --------------------------------------------------------------------------------------- */
static void pdf_scores_band(struct pdf_report *d, size_t from, size_t to)
{
    struct arena *a = pdf_arena(d->p);
    struct pdf_column columns[PDF_BAND + 1] = { { "", 0, SCENE_START } };
    struct str cells[PDF_BAND + 1];
    char text[REPORT_TEXT];

    for (size_t v = from; v < to; v++)
        columns[v - from + 1] = (struct pdf_column){ arena_printf(a, "#%zu", v + 1).at, 40, SCENE_END };
    pdf_table_begin(d->p, columns, to - from + 1);
    for (size_t i = 0; i < d->r->scorer_count; i++) {
        cells[0] = d->r->scorers[i].name;
        for (size_t v = from; v < to; v++) {
            const struct estimate *x = &d->r->variants[v].scores[i];

            cells[v - from + 1] = x->n ? arena_printf(a, "%s", report_value(d->r->scorers[i].unit, x->value, text))
                                       : S("-");
        }
        pdf_table_row(d->p, cells, (ptrdiff_t)i == d->r->quality);
    }
    pdf_table_end(d->p);
}

static enum err_code pdf_scores(struct pdf_report *d, struct err *e)
{
    size_t n = MIN(d->r->variant_count, (size_t)PDF_ROWS_MAX / 20);

    (void)e;
    pdf_text(d->p, PDF_SMALL, SCENE_MUTED, S("Means over finished trials; a check's value is the share that passed. "
             "#1, #2... are the rows of the ranking."));
    for (size_t from = 0; from < n; from += PDF_BAND)
        pdf_scores_band(d, from, MIN(from + PDF_BAND, n));
    pdf_more(d, n, d->r->variant_count, "variants");
    return ERR_OK;
}

/* --- costs and failures ------------------------------------------------------------------------------------------- */
static enum err_code pdf_costs(struct pdf_report *d, struct err *e)
{
    static const struct pdf_column columns[] = {
        { "variant", 0, SCENE_START }, { "phase", 56, SCENE_START }, { "calls", 44, SCENE_END }, { "tokens in", 60, SCENE_END },
        { "tokens out", 60, SCENE_END }, { "cost", 52, SCENE_END }, { "price unknown", 60, SCENE_END },
    };
    const struct result *r = d->r;
    struct arena *a = pdf_arena(d->p);
    char money[MONEY_TEXT];

    (void)e;
    pdf_table_begin(d->p, columns, COUNT_OF(columns));
    for (size_t i = 0; i < MIN(r->ledger_count, (size_t)PDF_ROWS_MAX); i++) {
        const struct ledger_entry *l = &r->ledger[i].entry;
        const struct result_variant *v = report_variant(r, r->ledger[i].variant);
        struct str cells[] = { v ? v->name : S("(none)"), str_c(phase_name(l->phase)), pdf_number(a, l->calls),
                               pdf_number(a, l->usage.input), pdf_number(a, l->usage.output),
                               l->unknown_calls && !l->cost_nanousd ? S("unknown")
                               : arena_printf(a, "%s", money_show(l->cost_nanousd, money)),
                               l->unknown_calls ? arena_printf(a, "%" PRId64 " calls", l->unknown_calls) : S("") };

        pdf_table_row(d->p, cells, false);
    }
    pdf_table_row(d->p, (struct str[]){ S("all"), S(""), S(""), S(""), S(""), arena_printf(a, "%s", money_show(r->spent_nanousd, money)),
                  r->spent_unknown_calls ? arena_printf(a, "%" PRId64 " calls", r->spent_unknown_calls) : S("") }, true);
    pdf_table_end(d->p);
    pdf_more(d, PDF_ROWS_MAX, r->ledger_count, "rows");
    return ERR_OK;
}

static enum err_code pdf_failures(struct pdf_report *d, struct err *e)
{
    static const struct pdf_column columns[] = {
        { "variant", 0, SCENE_START }, { "kind", 120, SCENE_START }, { "trials", 50, SCENE_END }, { "of", 50, SCENE_END },
    };
    size_t rows = 0;

    (void)e;
    pdf_table_begin(d->p, columns, COUNT_OF(columns));
    for (size_t i = 0; i < d->r->variant_count; i++) {
        const struct result_variant *v = &d->r->variants[i];

        for (int c = 0; c < ERR_CODES; c++) {
            struct arena *a = pdf_arena(d->p);
            struct str cells[] = { v->name, str_c(err_name((enum err_code)c)), pdf_number(a, v->sum->errors[c]),
                                   pdf_number(a, v->sum->done + v->sum->failed) };

            if (v->sum->errors[c] && rows++ < PDF_ROWS_MAX)
                pdf_table_row(d->p, cells, false);
        }
    }
    pdf_table_end(d->p);
    pdf_more(d, PDF_ROWS_MAX, rows, "rows");
    return ERR_OK;
}

static enum err_code pdf_worst(struct pdf_report *d, struct err *e)
{
    pdf_text(d->p, PDF_SMALL, SCENE_MUTED,
             arena_printf(pdf_arena(d->p),
                          "%zu of %" PRId64
                          " trials with a fault: failed critical checks first, then the lowest %s, then calls "
                          "that failed.",
                          d->worst.count, d->worst.all, result_quality_name(d->r)));
    return pdf_worst_draw(d->p, d->r, d->s, d->o->blob, &d->worst, e);
}

static enum err_code pdf_how(struct pdf_report *d, struct err *e)
{
    const struct run *run = d->r->run;
    struct arena *a = pdf_arena(d->p);
    char when[CLOCK_TEXT];

    (void)e;
    pdf_labelled(d->p, "Run", PDF_LABEL, run->id, SCENE_MUTED);
    pdf_labelled(d->p, "Task", PDF_LABEL, run->task_path, SCENE_MUTED);
    pdf_labelled(d->p, "Cases", PDF_LABEL,
                 arena_printf(a, "%" PRId64 ", frozen as " STR_FMT, run->cases, STR_ARG(run->dataset_hash)),
                 SCENE_MUTED);
    pdf_labelled(d->p, "Started", PDF_LABEL,
                 run->started_ms ? arena_printf(a, "%s", clock_text(run->started_ms, when)) : S("not yet"),
                 SCENE_MUTED);
    if (run->finished_ms)
        pdf_labelled(d->p, "Ended", PDF_LABEL, arena_printf(a, "%s", clock_text(run->finished_ms, when)), SCENE_MUTED);
    pdf_labelled(d->p, "Made by", PDF_LABEL, S("assay " ASSAY_VERSION), SCENE_MUTED);
    pdf_text(
        d->p, PDF_SMALL, SCENE_MUTED,
        S("Intervals hold the true value 95 times of 100: Wilson's for yes/no values, else Student's t; by case when "
          "cases are repeated. Best value is the cheapest that can't be told apart from the best and is at most 10 "
          "points lower."));
    return ERR_OK;
}

/* --- the order of things ------------------------------------------------------------------------------------------ */
static bool pdf_has_thresholds(const struct pdf_report *d)
{
    return d->r->threshold_count > 0;
}

static bool pdf_has_checks(const struct pdf_report *d)
{
    for (size_t i = 0; i < d->r->scorer_count; i++)
        if (d->r->scorers[i].kind == SCORER_CHECK)
            return true;
    return false;
}

static bool pdf_has_labels(const struct pdf_report *d)
{
    return d->r->class_count > 0;
}

static bool pdf_has_scores(const struct pdf_report *d)
{
    return d->r->scorer_count > 0;
}

static bool pdf_has_failures(const struct pdf_report *d)
{
    return d->r->failed > 0;
}

static bool pdf_has_worst(const struct pdf_report *d)
{
    return d->worst.count > 0;
}

static const struct pdf_section {
    const char *title;
    double keep;                                /* points that must follow on the heading's page */
    enum err_code (*draw)(struct pdf_report *d, struct err *e);
    bool (*wanted)(const struct pdf_report *d);             /* NULL: always */
} pdf_sections[] = {
    { "In words", 80, pdf_words, NULL }, { "Recommendation", 60, pdf_recommend, NULL }, { "Ranking", 80, pdf_ranking, NULL },
    { "Thresholds", 80, pdf_thresholds, pdf_has_thresholds }, { "Cost, quality, time", 330, pdf_charts, NULL },
    { "Failed checks", 200, pdf_checks, pdf_has_checks }, { "Labels", 240, pdf_labels, pdf_has_labels },
    { "Every metric and check", 90, pdf_scores, pdf_has_scores }, { "Cost", 80, pdf_costs, NULL },
    { "Failed trials", 80, pdf_failures, pdf_has_failures }, { "Worst trials", 170, pdf_worst, pdf_has_worst },
    { "How it was run", 110, pdf_how, NULL },
};

static bool pdf_wanted(const struct pdf_report *d, const struct pdf_section *section)
{
    return !section->wanted || section->wanted(d);
}

static enum err_code pdf_round(struct pdf_report *d, const struct pdf_plan *plan, const struct report_sink *sink,
                               struct pdf_plan *found, struct err *e)
{
    const struct run *run = d->r->run;
    AUTO_ARENA *a = arena_new_sized(0);
    struct pdf_info info = {
        .title = arena_printf(a, STR_FMT ": models compared", STR_ARG(str_utf8_head(run->task_name, 200))),
        .subject = d->r->recommendation.best_text,
        .foot = arena_printf(a, STR_FMT " \xc2\xb7 run " STR_FMT, STR_ARG(str_utf8_head(run->task_name, 100)), STR_ARG(id_short(run->id))),
        .made_ms = run->finished_ms ? run->finished_ms : run->created_ms,
    };
    const char *titles[COUNT_OF(pdf_sections)];
    enum err_code code = ERR_OK, ended;
    struct err end_fault = ERR_INIT;
    size_t n = 0;

    TRY(pdf_begin(&info, plan, sink, &d->p, e));
    pdf_front(d);
    for (size_t i = 0; i < COUNT_OF(pdf_sections); i++)
        if (pdf_wanted(d, &pdf_sections[i]))
            titles[n++] = pdf_sections[i].title;
    pdf_contents(d->p, titles, n);
    for (size_t i = 0; i < COUNT_OF(pdf_sections) && code == ERR_OK && !pdf_failed(d->p); i++) {
        if (!pdf_wanted(d, &pdf_sections[i]))
            continue;
        pdf_section(d->p, pdf_sections[i].title, pdf_sections[i].keep);
        code = pdf_sections[i].draw(d, e);
    }
    ended = pdf_end(TAKE(d->p), found, &end_fault);
    return code != ERR_OK || ended == ERR_OK ? code : err_set(e, ended, "%s", end_fault.text);
}

static enum err_code pdf_report_write(const struct result *r, struct store *s, const struct report_options *options,
                                      const struct report_sink *sink, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct pdf_report d = { .r = r, .s = s, .o = options };
    int64_t trials = options->trials ? MIN(options->trials, (int64_t)REPORT_TRIALS_MAX) : REPORT_TRIALS;
    struct pdf_plan plan, again;

    TRY(pdf_lib_open(e));
    TRY(explain_load(s, r, a, &d.words, e));
    TRY(pdf_worst_find(r, s, (size_t)MAX(trials, INT64_C(0)), a, &d.worst, e));
    TRY(pdf_round(&d, NULL, sink, &plan, e));
    return pdf_round(&d, &plan, sink, &again, e);
}

const struct report_format report_pdf = {
    .name = "pdf", .extension = "pdf", .binary = true, .doc = "A document to print: ranking, charts, the worst trials.",
    .write = pdf_report_write,
};
