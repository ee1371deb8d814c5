/* src/eval/report/jsonl.c: one JSON object a line for every trial, in order of trials. */
#include "eval/report/report.h"

#define JSONL_LINE_MAX ((size_t)64 << 20)

struct jsonl {
    const struct result *r;
    const struct report_sink *sink;
    struct buf line;
    size_t dimensions;
    struct case_walk *walk;
};

static json_t *jsonl_trial(const struct result *r, const struct trial *t)
{
    struct trial_place at = run_trial_place(r->run, t->number);
    const struct result_variant *v = report_variant(r, t->variant);
    json_t *o = json_object();
    char text[MONEY_TEXT], when[CLOCK_TEXT];

    json_object_set_new(o, "trial", json_integer(t->number));
    json_object_set_new(o, "variant", v ? json_from_str(v->name) : json_null());
    json_object_set_new(o, "model", v ? json_from_str(v->model) : json_null());
    json_object_set_new(o, "case", json_integer(at.case_index));
    json_set_str(o, "case_id", t->case_id);
    json_object_set_new(o, "repetition", json_integer(at.repetition));
    json_object_set_new(o, "status", json_string(t->state == TRIAL_DONE ? "success" : "failed"));
    json_object_set_new(o, "error", t->state == TRIAL_DONE ? json_null() : json_string(err_name(t->error)));
    json_object_set_new(o, "error_text", t->error_text.len ? json_from_str(t->error_text) : json_null());
    json_object_set_new(o, "usage", usage_to_json(&t->usage));
    json_object_set_new(o, "cost_usd",
                        t->cost_nanousd == MONEY_UNKNOWN ? json_null()
                                                         : json_string(money_exact(t->cost_nanousd, text)));
    json_object_set_new(o, "latency_ms", t->latency_ms < 0 ? json_null() : json_integer(t->latency_ms));
    json_object_set_new(o, "attempts", json_integer(t->attempts));
    json_object_set_new(o, "violations", json_integer(t->violations));
    json_object_set_new(o, "critical", json_integer(t->critical));
    json_object_set_new(o, "finished_at", t->finished_ms ? json_string(clock_text(t->finished_ms, when)) : json_null());
    return o;
}

enum err_code report_trial(const struct result *r, const struct store_trial *t, json_t **out, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(4096);
    AUTO_JSON *o = jsonl_trial(r, &t->trial), *transcript = NULL;
    json_t *scores, *notes;

    TRY(scores_to_json(t->scores, r->scorers, r->scorer_count, a, &scores, &notes, e));
    json_object_set_new(o, "scores", scores);
    json_object_set_new(o, "notes", notes);
    if (t->transcript.len) {
        TRY(json_read(t->transcript, &transcript, e));
        json_object_set(o, "transcript", transcript);
    }
    *out = TAKE(o);
    return ERR_OK;
}

json_t *report_run_row(const struct store_run_row *row)
{
    json_t *o = json_object();
    char text[CLOCK_TEXT], money[MONEY_TEXT];

    json_set_str(o, "id", row->run.id);
    json_set_str(o, "task", row->run.task_name);
    json_object_set_new(o, "state", json_string(run_state_name(row->run.state)));
    json_object_set_new(o, "created_at", json_string(clock_text(row->run.created_ms, text)));
    json_object_set_new(o, "cases", json_integer(row->run.cases));
    json_object_set_new(o, "variants", json_integer(row->run.variants));
    json_object_set_new(o, "repeat", json_integer(row->run.repeat));
    json_object_set_new(o, "trials", json_integer(run_trials(&row->run)));
    json_object_set_new(o, "done", json_integer(row->done));
    json_object_set_new(o, "failed", json_integer(row->failed));
    json_object_set_new(o, "cost_usd", json_string(money_exact(row->cost_nanousd, money)));
    json_object_set_new(o, "unknown_cost_calls", json_integer(row->unknown_calls));
    return o;
}

static enum err_code jsonl_each(const struct store_trial *t, void *arg, struct err *e)
{
    struct jsonl *w = arg;
    const json_t *dimensions = NULL;
    AUTO_JSON *o = NULL;

    TRY(report_trial(w->r, t, &o, e));
    if (w->dimensions)
        TRY(case_walk_to(w->walk, run_trial_place(w->r->run, t->trial.number).case_index, &dimensions, e));
    if (dimensions)
        json_object_set_new(o, "dimensions", json_deep_copy(dimensions));
    report_json_text(o, false, &w->line);
    buf_byte(&w->line, '\n');
    return report_put(w->sink, &w->line, e);
}

static enum err_code jsonl_write(const struct result *r, struct store *s, const struct report_options *options,
                                 const struct report_sink *sink, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(case_walk_freep) struct case_walk *walk = case_walk_new(options->cases);
    struct jsonl w = { .r = r, .sink = sink, .line = BUF_INIT(JSONL_LINE_MAX), .walk = walk };
    struct axes axes;
    enum err_code code;

    axes_of(r, a, &axes);
    w.dimensions = axes.count;
    code = store_trials_each(s, r->run->no, &(struct store_trials_filter){ .variant = -1,
                             .with_transcript = options->transcripts }, jsonl_each, &w, e);
    buf_dispose(&w.line);
    return code;
}

const struct report_format report_jsonl = {
    .name = "jsonl", .extension = "jsonl", .per_trial = true, .doc = "One JSON object a line for every trial.",
    .write = jsonl_write,
};
