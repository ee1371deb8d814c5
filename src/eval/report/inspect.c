/* src/eval/report/inspect.c: one variant of a run as an Inspect log (inspect_ai's EvalLog, version 2, JSON), which its
 * own reader and viewer open. Samples are streamed in order of trials.
 *
 * case -> sample id, repetition -> epoch (from 1), variables -> metadata, expected answer -> target (text, or a list of
 * texts; anything else as JSON), metrics and checks -> scores with their notes as explanations (those that could not be
 * measured are left out), failed trial -> error. Money is US dollars as a number there: total_cost. */
#include "data/pack.h"
#include "eval/report/report.h"
#include "llm/llm.h"
#include "version.h"

#define INSPECT_SAMPLE_MAX ((size_t)256 << 20)

struct inspect {
    const struct result *r;
    const struct result_variant *v;
    const struct report_sink *sink;
    struct buf *b;
    struct str model;
    struct data_pack *pack;             /* NULL: gone */
    struct pack_cursor *cursor;
    struct arena *case_arena;           /* of `kase` */
    struct dataset_case kase;
    int64_t at;                         /* the index of `kase`; -1: none yet */
    bool any;
};

/* "openai:gpt-4o" -> "openai/gpt-4o". */
static struct str inspect_model(struct str name, struct arena *a)
{
    char *out = arena_cstr(a, name);
    ptrdiff_t colon = str_find_byte(name, ':');

    if (colon >= 0)
        out[colon] = '/';
    return str_n(out, name.len);
}

static struct str inspect_text(const json_t *j, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(INSPECT_SAMPLE_MAX);

    if (json_is_string(j))
        return json_to_str(j);
    json_write(j, &text);
    return arena_strdup(a, buf_str(&text));
}

static json_t *inspect_target(const json_t *expected, struct arena *a)
{
    json_t *list;
    const json_t *one;
    size_t i;

    if (!expected || json_is_null(expected))
        return json_string("");
    if (!json_is_array(expected))
        return json_from_str(inspect_text(expected, a));
    list = json_array();
    json_array_foreach(expected, i, one)
        json_array_append_new(list, json_from_str(inspect_text(one, a)));
    return list;
}

static json_t *inspect_usage(const struct usage *u, int64_t cost_nanousd)
{
    json_t *o = json_object();

    json_object_set_new(o, "input_tokens", json_integer(u->input));
    json_object_set_new(o, "output_tokens", json_integer(u->output));
    json_object_set_new(o, "total_tokens", json_integer(u->input + u->output));
    if (u->cached)
        json_object_set_new(o, "input_tokens_cache_read", json_integer(u->cached));
    if (u->cache_written)
        json_object_set_new(o, "input_tokens_cache_write", json_integer(u->cache_written));
    if (u->reasoning)
        json_object_set_new(o, "reasoning_tokens", json_integer(u->reasoning));
    if (cost_nanousd != MONEY_UNKNOWN)
        json_object_set_new(o, "total_cost", json_real(money_to_double(cost_nanousd)));
    return o;
}

static const char *inspect_stop(enum finish f)
{
    switch (f) {
    case FINISH_STOP:
    case FINISH_STOP_SEQUENCE: return "stop";
    case FINISH_MAX_TOKENS: return "max_tokens";
    case FINISH_TOOL_USE: return "tool_calls";
    case FINISH_CONTENT_FILTER:
    case FINISH_REFUSAL: return "content_filter";
    default: return "unknown";
    }
}

static json_t *inspect_said(const char *role, struct str content)
{
    json_t *o = json_object();

    json_object_set_new(o, "role", json_string(role));
    json_set_str(o, "content", content);
    return o;
}

static json_t *inspect_tool_calls(const json_t *calls, int turn, struct arena *a)
{
    json_t *list = json_array(), *one;
    size_t i;

    json_array_foreach((json_t *)calls, i, one) {
        struct tool_call call;
        json_t *o = json_object();

        llm_tool_call_read(one, a, &call);
        json_object_set_new(o, "id", json_sprintf("call_%d_%zu", turn, i + 1));
        json_set_str(o, "function", call.name);
        json_object_set_new(o, "arguments",
                            json_is_object(call.arguments) ? json_deep_copy(call.arguments) : json_object());
        json_object_set_new(o, "type", json_string("function"));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *inspect_answer(const struct inspect *w, const struct turn *t, struct arena *a)
{
    json_t *o = inspect_said("assistant", t->response), *parts;

    if (t->reasoning.len) {
        parts = json_array();
        json_array_append_new(parts,
                              json_pack("{s:s, s:o}", "type", "reasoning", "reasoning", json_from_str(t->reasoning)));
        json_array_append_new(parts, json_pack("{s:s, s:o}", "type", "text", "text", json_from_str(t->response)));
        json_object_set_new(o, "content", parts);
    }
    if (json_array_size(t->tool_calls))
        json_object_set_new(o, "tool_calls", inspect_tool_calls(t->tool_calls, t->number, a));
    json_object_set_new(o, "source", json_string("generate"));
    json_set_str(o, "model", w->model);
    return o;
}

static json_t *inspect_output(const struct inspect *w, const struct turn *t, struct arena *a)
{
    json_t *o = json_object(), *choice = json_object(), *choices = json_array();

    json_object_set_new(choice, "message", inspect_answer(w, t, a));
    json_object_set_new(choice, "stop_reason", json_string(inspect_stop(t->finish)));
    json_array_append_new(choices, choice);
    json_set_str(o, "model", w->model);
    json_object_set_new(o, "choices", choices);
    json_set_str(o, "completion", t->response);
    json_object_set_new(o, "usage", inspect_usage(&t->usage, t->cost_nanousd));
    json_object_set_new(o, "time", json_real((double)t->latency_ms / 1000));
    return o;
}

/* Everything that was said, and what came last. */
static void inspect_transcript(const struct inspect *w, const json_t *transcript, json_t *o, struct arena *a)
{
    const json_t *said = json_child(transcript, "messages"), *turns = json_child(transcript, "turns"), *one;
    json_t *messages = json_array();
    struct str system = json_get_str(transcript, "system"), input = STR_NONE;
    size_t i;

    if (system.len)
        json_array_append_new(messages, inspect_said("system", system));
    json_array_foreach(said, i, one)
        json_array_append_new(messages,
                              inspect_said(arena_cstr(a, json_get_str(one, "role")), json_get_str(one, "content")));
    json_array_foreach(turns, i, one) {
        struct turn t;

        turn_from_json(one, a, &t);
        if (i == 0)
            input = t.prompt;
        json_array_append_new(messages, inspect_said("user", t.prompt));
        json_array_append_new(messages, inspect_answer(w, &t, a));
        if (i + 1 == json_array_size(turns))
            json_object_set_new(o, "output", inspect_output(w, &t, a));
    }
    if (!input.len && w->kase.vars)             /* nothing was asked: what would have been asked about */
        input = inspect_text(json_child(w->kase.vars, "input") ? json_child(w->kase.vars, "input") : w->kase.vars, a);
    json_set_str(o, "input", input);
    json_object_set_new(o, "messages", messages);
    if (!json_array_size(turns))
        json_object_set_new(o, "output",
                            json_pack("{s:o, s:[], s:s}", "model", json_from_str(w->model), "choices", "completion",
                                      ""));
}

static enum err_code inspect_scores(const struct inspect *w, const struct store_trial *t, json_t *o, struct arena *a,
                                    struct err *e)
{
    struct score *scores = arena_array(a, struct score, w->r->scorer_count);
    json_t *all = json_object();

    TRY(scores_read(t->scores, a, scores, w->r->scorer_count, e));
    for (size_t i = 0; i < w->r->scorer_count; i++) {
        json_t *one;

        if (scores[i].state == SCORE_MISSING)
            continue;
        one = json_object();
        json_object_set_new(one, "value", json_real(scores[i].value));
        if (scores[i].note.len)
            json_set_str(one, "explanation", scores[i].note);
        json_object_setn_new(all, w->r->scorers[i].name.at, w->r->scorers[i].name.len, one);
    }
    json_object_set_new(o, "scores", all);
    return ERR_OK;
}

/* The case of that index, or what is known without it. */
static enum err_code inspect_case(struct inspect *w, int64_t index, struct err *e)
{
    bool more = w->cursor != NULL;

    while (more && w->at < index) {
        arena_reset(w->case_arena);
        TRY(pack_cursor_next(w->cursor, w->case_arena, &w->kase, &more, e));
        w->at++;
    }
    if (!more)
        w->kase = (struct dataset_case){ .index = index };
    return ERR_OK;
}

static json_t *inspect_metadata(const struct inspect *w, const struct trial *t)
{
    json_t *o = w->kase.vars ? json_deep_copy(w->kase.vars) : json_object(), *own = json_object();

    json_set_str(own, "run", w->r->run->id);
    json_object_set_new(own, "trial", json_integer(t->number));
    json_set_str(own, "variant", w->v->name);
    json_object_set_new(own, "attempts", json_integer(t->attempts));
    json_object_set_new(own, "violations", json_integer(t->violations));
    json_object_set_new(own, "critical", json_integer(t->critical));
    json_object_set_new(o, "assay", own);
    return o;
}

static enum err_code inspect_sample(struct inspect *w, const struct store_trial *st, json_t *o, struct arena *a,
                                    struct err *e)
{
    const struct trial *t = &st->trial;
    struct trial_place at = run_trial_place(w->r->run, t->number);
    AUTO_JSON *transcript = NULL;
    json_t *usage = json_object();
    char when[CLOCK_TEXT];

    TRY(inspect_case(w, at.case_index, e));
    if (st->transcript.len)
        TRY(json_read(st->transcript, &transcript, e));
    json_set_str(o, "id", t->case_id);
    json_object_set_new(o, "epoch", json_integer(at.repetition + 1));
    json_object_set_new(o, "target", inspect_target(w->kase.expected, a));
    inspect_transcript(w, transcript, o, a);
    TRY(inspect_scores(w, st, o, a, e));
    json_object_set_new(o, "metadata", inspect_metadata(w, t));
    json_object_set_new(usage, w->model.at, inspect_usage(&t->usage, t->cost_nanousd));
    json_object_set_new(o, "model_usage", usage);
    if (t->finished_ms)
        json_object_set_new(o, "completed_at", json_string(clock_text(t->finished_ms, when)));
    if (t->latency_ms >= 0)
        json_object_set_new(o, "working_time", json_real((double)t->latency_ms / 1000));
    json_object_set_new(o, "uuid", json_sprintf(STR_FMT "-%lld", STR_ARG(w->r->run->id), (long long)t->number));
    if (t->state == TRIAL_FAILED)
        json_object_set_new(o, "error",
                            json_pack("{s:o, s:s, s:s}", "message",
                                      json_sprintf("%s: " STR_FMT, err_name(t->error), STR_ARG(t->error_text)),
                                      "traceback", "", "traceback_ansi", ""));
    return ERR_OK;
}

static enum err_code inspect_each(const struct store_trial *t, void *arg, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    AUTO_JSON *o = json_object();
    struct inspect *w = arg;

    TRY(inspect_sample(w, t, o, a, e));
    buf_puts(w->b, w->any ? ",\n" : "\n");
    w->any = true;
    json_write(o, w->b);
    return report_put(w->sink, w->b, e);
}

static json_t *inspect_spec(const struct inspect *w)
{
    const struct run *run = w->r->run;
    json_t *o = json_object();
    char when[CLOCK_TEXT];

    json_object_set_new(o, "eval_id", json_sprintf(STR_FMT "-%lld", STR_ARG(run->id), (long long)w->v->no));
    json_set_str(o, "run_id", run->id);
    json_object_set_new(o, "created", json_string(clock_text(run->created_ms, when)));
    json_set_str(o, "task", run->task_name);
    json_set_str(o, "task_id", run->fingerprint);
    json_set_str(o, "task_file", run->task_path);
    json_object_set_new(o, "dataset", json_pack("{s:o, s:I, s:b}", "name", json_from_str(run->task_name), "samples", (json_int_t)run->cases,
                                                "shuffled", 0));
    json_set_str(o, "model", w->model);
    json_object_set_new(o, "config", json_pack("{s:I}", "epochs", (json_int_t)run->repeat));
    json_object_set_new(o, "packages", json_pack("{s:s}", "assay", ASSAY_VERSION));
    json_object_set_new(o, "metadata",
                        json_pack("{s:o, s:o}", "assay_run", json_from_str(run->id), "assay_variant",
                                  json_from_str(w->v->name)));
    return o;
}

static json_t *inspect_metric(const char *name, double value)
{
    return json_pack("{s:s, s:f, s:{}}", "name", name, "value", value, "params");
}

static json_t *inspect_results(const struct inspect *w)
{
    json_t *o = json_object(), *list = json_array();

    json_object_set_new(o, "total_samples", json_integer(w->r->run->cases * w->r->run->repeat));
    json_object_set_new(o, "completed_samples", json_integer(w->v->sum->done));
    for (size_t i = 0; i < w->r->scorer_count; i++) {
        const struct estimate *x = &w->v->scores[i];
        json_t *one, *metrics;

        if (!x->n)
            continue;
        one = json_object();
        metrics = json_object();
        json_object_set_new(metrics, "mean", inspect_metric("mean", x->value));
        json_set_str(one, "name", w->r->scorers[i].name);
        json_set_str(one, "scorer", w->r->scorers[i].base);
        json_object_set_new(one, "scored_samples", json_integer(x->n));
        json_object_set_new(one, "unscored_samples", json_integer(x->missing));
        json_object_set_new(one, "metrics", metrics);
        json_object_set_new(one, "metadata", json_pack("{s:s, s:b}", "assay_unit", metric_unit_name(w->r->scorers[i].unit),
                                                       "assay_higher_is_better", (int)w->r->scorers[i].higher_is_better));
        json_array_append_new(list, one);
    }
    json_object_set_new(o, "scores", list);
    return o;
}

static json_t *inspect_stats(const struct inspect *w)
{
    const struct aggregate *g = w->v->sum;
    json_t *o = json_object(), *usage = json_object();
    char when[CLOCK_TEXT];

    if (w->r->run->started_ms)
        json_object_set_new(o, "started_at", json_string(clock_text(w->r->run->started_ms, when)));
    if (w->r->run->finished_ms)
        json_object_set_new(o, "completed_at", json_string(clock_text(w->r->run->finished_ms, when)));
    json_object_set_new(usage, w->model.at,
                        inspect_usage(&g->usage, g->costs_unknown ? MONEY_UNKNOWN : g->cost_nanousd));
    json_object_set_new(o, "model_usage", usage);
    return o;
}

static void inspect_member(const char *key, json_t *value, bool first, struct buf *b)
{
    buf_printf(b, "%s\"%s\": ", first ? "{\n" : ",\n", key);
    json_write(value, b);
    json_decref(value);
}

static void inspect_head(const struct inspect *w)
{
    enum run_state state = w->r->run->state;

    inspect_member("version", json_integer(2), true, w->b);
    inspect_member("status",
                   json_string(state == RUN_DONE                              ? "success"
                               : state == RUN_RUNNING || state == RUN_PLANNED ? "started"
                                                                              : "cancelled"),
                   false, w->b);
    inspect_member("eval", inspect_spec(w), false, w->b);
    inspect_member("plan",
                   json_pack("{s:s, s:[{s:s, s:{}}], s:{}}", "name", "plan", "steps", "solver", "generate", "params",
                             "config"),
                   false, w->b);
    inspect_member("results", inspect_results(w), false, w->b);
    inspect_member("stats", inspect_stats(w), false, w->b);
    buf_puts(w->b, ",\n\"samples\": [");
}

/* The one that is asked for, or the only one. */
static enum err_code inspect_choose(const struct result *r, struct str name, const struct result_variant **out,
                                    struct err *e)
{
    struct suggest near;
    char hint[160];

    if (!name.len && r->variant_count > 1)
        return err_set(e, ERR_USAGE,
                       "an Inspect log holds one model, and run " STR_FMT
                       " has %zu variants; choose with --variant NAME",
                       STR_ARG(id_short(r->run->id)), r->variant_count);
    suggest_begin(&near, name);
    for (size_t i = 0; i < r->variant_count; i++) {
        if (!name.len || str_eq(name, r->variants[i].name)) {
            *out = &r->variants[i];
            return ERR_OK;
        }
        suggest_offer(&near, r->variants[i].name);
    }
    return err_set(e, ERR_USAGE, "the run has no variant \"" STR_FMT "\"%s", STR_ARG(name), suggest_hint(&near, hint));
}

static enum err_code inspect_stream(struct inspect *w, struct store *s, struct err *e)
{
    struct store_trials_filter filter = { .variant = w->v->no, .with_transcript = true };

    inspect_head(w);
    TRY(report_put(w->sink, w->b, e));
    TRY(store_trials_each(s, w->r->run->no, &filter, inspect_each, w, e));
    buf_puts(w->b, w->any ? "\n]}\n" : "]}\n");
    return report_put(w->sink, w->b, e);
}

static enum err_code inspect_write(const struct result *r, struct store *s, const struct report_options *options,
                                   const struct report_sink *sink, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0), *case_arena = arena_new_sized(16 * 1024);
    AUTO(data_pack_closep) struct data_pack *pack = NULL;
    AUTO(pack_cursor_freep) struct pack_cursor *cursor = NULL;
    AUTO_BUF struct buf b = BUF_INIT(INSPECT_SAMPLE_MAX);
    struct inspect w = { .r = r, .sink = sink, .b = &b, .case_arena = case_arena, .at = -1 };

    TRY(inspect_choose(r, options->variant, &w.v, e));
    w.model = inspect_model(w.v->model, a);
    if (options->blob && data_pack_open(options->blob, r->run->dataset_hash, &pack, NULL) == ERR_OK)
        cursor = pack_cursor_new(pack, 0);
    w.pack = pack;
    w.cursor = cursor;
    return inspect_stream(&w, s, e);
}

const struct report_format report_inspect = {
    .name = "inspect", .extension = "inspect", .per_trial = true, .doc = "One variant as an Inspect log (inspect_ai), JSON.",
    .write = inspect_write,
};
