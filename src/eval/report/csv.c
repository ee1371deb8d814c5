/* src/eval/report/csv.c: one row a trial. The nine columns other tools know come first, then where
 * the trial stands, then a column for every metric and check, then one for every dimension of the task (its score);
 * with transcripts, what the last turn brought: the answer, the reasoning and the tools asked for (JSON).
 *
 * Text cells are quoted. One that begins with = + - @, tab or carriage return gets a ' in front: opened in a
 * spreadsheet it would otherwise be run as a formula, and model names, case ids and error texts come from outside.
 * Numbers stay bare; an unknown cost and a missing score are empty cells. Lines end in LF. */
#include "eval/report/report.h"

#include <inttypes.h>

#define CSV_LINE_MAX ((size_t)64 << 20)

struct csv_report {
    const struct result *r;
    const struct report_sink *sink;
    struct buf line;
    struct score *scores;
    struct axes axes;
    struct case_walk *walk;
    bool said;
};

static void csv_number(struct buf *b, double v)
{
    char text[40];

    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    buf_puts(b, text);
}

static enum err_code csv_said(struct buf *b, struct str transcript, struct err *e)
{
    AUTO_JSON *o = NULL;
    AUTO_BUF struct buf calls = BUF_INIT(CSV_LINE_MAX);
    const json_t *turns, *last;

    if (transcript.len)
        TRY(json_read(transcript, &o, e));
    turns = json_child(o, "turns");
    last = json_array_get(turns, json_array_size(turns) ? json_array_size(turns) - 1 : 0);
    if (json_child(last, "tool_calls"))
        json_write(json_child(last, "tool_calls"), &calls);
    buf_byte(b, ',');
    csv_write_text(b, json_get_str(last, "response"));
    buf_byte(b, ',');
    csv_write_text(b, json_get_str(last, "reasoning"));
    buf_byte(b, ',');
    csv_write_text(b, buf_str(&calls));
    return ERR_OK;
}

static enum err_code csv_dimensions(struct csv_report *w, int64_t case_index, struct err *e)
{
    const json_t *scores = NULL, *one;

    if (w->axes.count)
        TRY(case_walk_to(w->walk, case_index, &scores, e));
    for (size_t i = 0; i < w->axes.count; i++) {
        one = json_object_getn(scores, w->axes.list[i].name.at, w->axes.list[i].name.len);
        buf_byte(&w->line, ',');
        if (json_is_integer(one))
            buf_printf(&w->line, "%" JSON_INTEGER_FORMAT, json_integer_value(one));
    }
    return ERR_OK;
}

static enum err_code csv_each(const struct store_trial *st, void *arg, struct err *e)
{
    struct csv_report *w = arg;
    const struct trial *t = &st->trial;
    const struct result_variant *v = report_variant(w->r, t->variant);
    struct trial_place at = run_trial_place(w->r->run, t->number);
    struct buf *b = &w->line;
    char text[MONEY_TEXT];

    csv_write_text(b, v ? v->model : S(""));
    buf_byte(b, ',');
    csv_write_text(b, w->r->run->task_name);
    buf_printf(b, ",\"%s\",%" PRId64 ",%" PRId64 ",%" PRId64 ",%s,", t->state == TRIAL_DONE ? "success" : "failed",
               t->usage.input, t->usage.output, t->usage.input + t->usage.output,
               t->cost_nanousd == MONEY_UNKNOWN ? "" : money_exact(t->cost_nanousd, text));
    if (t->latency_ms >= 0)
        buf_printf(b, "%" PRId64 ".00", t->latency_ms);
    buf_byte(b, ',');
    csv_write_text(b, t->state == TRIAL_DONE ? S("") : t->error_text.len ? t->error_text : str_c(err_name(t->error)));
    buf_byte(b, ',');
    csv_write_text(b, v ? v->name : S(""));
    buf_byte(b, ',');
    csv_write_text(b, t->case_id);
    buf_printf(b, ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64, at.repetition, t->number, t->attempts,
               t->violations, t->critical);
    TRY(scores_read(st->scores, NULL, w->scores, w->r->scorer_count, e));
    for (size_t i = 0; i < w->r->scorer_count; i++) {
        buf_byte(b, ',');
        if (w->scores[i].state == SCORE_VALUE)
            csv_number(b, w->scores[i].value);
    }
    TRY(csv_dimensions(w, at.case_index, e));
    if (w->said)
        TRY(csv_said(b, st->transcript, e));
    buf_byte(b, '\n');
    return report_put(w->sink, b, e);
}

static enum err_code csv_write(const struct result *r, struct store *s, const struct report_options *options,
                               const struct report_sink *sink, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct csv_report w = { .r = r, .sink = sink, .line = BUF_INIT(CSV_LINE_MAX),
                            .scores = arena_array(a, struct score, r->scorer_count + 1) };
    AUTO(case_walk_freep) struct case_walk *walk = case_walk_new(options->cases);
    enum err_code code;

    w.said = options->transcripts;
    w.walk = walk;
    axes_of(r, a, &w.axes);
    buf_puts(&w.line, "model_name,task_name,status,input_tokens,output_tokens,total_tokens,cost_usd,latency_ms,error,"
             "variant,case_id,repetition,trial,attempts,violations,critical");
    for (size_t i = 0; i < r->scorer_count; i++) {
        buf_byte(&w.line, ',');
        csv_write_text(&w.line, r->scorers[i].name);
    }
    for (size_t i = 0; i < w.axes.count; i++) {
        buf_byte(&w.line, ',');
        csv_write_text(&w.line, arena_printf(a, "dimension." STR_FMT, STR_ARG(w.axes.list[i].name)));
    }
    buf_puts(&w.line, w.said ? ",answer,reasoning,tool_calls\n" : "\n");
    code = report_put(sink, &w.line, e);
    if (code == ERR_OK)
        code = store_trials_each(s, r->run->no, &(struct store_trials_filter){ .variant = -1, .with_transcript = w.said }, csv_each, &w, e);
    buf_dispose(&w.line);
    return code;
}

const struct report_format report_csv = {
    .name = "csv", .extension = "csv", .per_trial = true, .doc = "One row a trial, for spreadsheets.", .write = csv_write,
};
