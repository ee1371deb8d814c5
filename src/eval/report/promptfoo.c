/* src/eval/report/promptfoo.c: the result with the fields of promptfoo's own output file, for programs that read those:
 * results.prompts (a column each, with metrics), results.results (a test of a column each, with gradingResult and its
 * componentResults), results.stats. Assertions are judged again from what is stored, by the same code. A test that was
 * not evaluated, or that an assertion or a transform broke, has success false, failureReason 2 (an error) and says why
 * in `error`, as promptfoo does where one can't be run. response.output is what transforms made of the answer. Made of
 * any run; without tests of promptfoo's a trial's success is that all checks passed. Streamed: memory is one trial. */
#include "eval/promptfoo/promptfoo.h"

#include <math.h>

#include "data/pack.h"
#include "eval/report/report.h"

#define PROMPTFOO_RESULT_MAX ((size_t)64 << 20)

struct column {
    int64_t passed, failed, errors, tests, asserts_passed, asserts_failed, latency_ms;
    double score, cost;
    json_t *named, *named_count;        /* {metric: sum}, {metric: of how many} */
};
struct promptfoo_report {
    const struct result *r;
    const struct report_sink *sink;
    struct buf out;
    struct data_pack *pack;
    struct pack_cursor *cursor;
    struct arena *case_arena;
    struct dataset_case kase;
    int64_t case_at;                    /* -1: none read */
    struct column *columns;             /* by the variant's number */
    json_t *prompts;                    /* of the settings, by variant: {name, source} */
    struct usage usage;
    ptrdiff_t kept_by;                  /* the scorer that kept what scripts said; -1: none */
    bool some;
};

static json_t *promptfoo_tokens(const struct usage *u, int64_t requests)
{
    AUTO_JSON *o = usage_to_json(u);
    int64_t in = json_get_i64(o, "input_tokens", 0), out = json_get_i64(o, "output_tokens", 0);

    return json_pack("{s:I,s:I,s:I,s:I,s:I}", "total", (json_int_t)(in + out), "prompt", (json_int_t)in, "completion",
                     (json_int_t)out, "cached", (json_int_t)json_get_i64(o, "cached_tokens", 0), "numRequests",
                     (json_int_t)requests);
}

static double promptfoo_usd(int64_t nanousd)
{
    return nanousd == MONEY_UNKNOWN ? 0 : (double)nanousd / 1e9;
}

/* The case of a trial; cases come in order. Empty when the pack is gone. */
static enum err_code promptfoo_case(struct promptfoo_report *w, int64_t index, struct err *e)
{
    bool more = true;

    while (w->cursor && w->case_at < index && more) {
        arena_reset(w->case_arena);
        TRY(pack_cursor_next(w->cursor, w->case_arena, &w->kase, &more, e));
        if (more)
            w->case_at++;
    }
    return ERR_OK;
}

static json_t *promptfoo_part(const struct promptfoo_answer *x, const json_t *assertion)
{
    bool pass = x->state == PROMPTFOO_PASS;
    json_t *o = json_object();

    json_object_set_new(o, "pass", json_boolean(pass));
    json_object_set_new(o, "score", json_real(isnan(x->score) ? 0 : x->score));
    json_object_set_new(o, "reason", pass ? json_string("Assertion passed") : json_from_str(x->reason));
    if (x->state == PROMPTFOO_SKIP)
        json_object_set_new(o, "metadata", json_pack("{s:b}", "notEvaluated", 1));
    if (assertion)
        json_object_set(o, "assertion", (json_t *)assertion);
    return o;
}

static json_t *promptfoo_grading(const struct promptfoo_verdict *v, struct column *c)
{
    json_t *o = promptfoo_part(&v->answer, NULL), *parts = json_array();

    if (v->answer.state == PROMPTFOO_PASS)
        json_object_set_new(o, "reason", json_string(v->part_count ? "All assertions passed" : "No assertions"));
    for (size_t i = 0; i < v->part_count; i++) {
        const struct promptfoo_part *p = &v->parts[i];

        json_array_append_new(parts, promptfoo_part(&p->answer, p->assertion));
        c->asserts_passed += p->answer.state == PROMPTFOO_PASS;
        c->asserts_failed += p->answer.state == PROMPTFOO_FAIL || p->answer.state == PROMPTFOO_BROKEN;
    }
    json_object_set(o, "namedScores", (json_t *)v->named);
    json_object_set_new(o, "componentResults", parts);
    return o;
}

static void promptfoo_named(struct column *c, const json_t *named)
{
    for (void *it = json_object_iter((json_t *)named); it; it = json_object_iter_next((json_t *)named, it)) {
        const char *name = json_object_iter_key(it);

        json_object_set_new(c->named, name,
                            json_real(json_get_double(c->named, name, 0) +
                                      json_number_value(json_object_iter_value(it))));
        json_object_set_new(c->named_count, name, json_integer(json_get_i64(c->named_count, name, 0) + 1));
    }
}

/* Variables as the test has them: without what is ours. */
static json_t *promptfoo_variables(const struct promptfoo_report *w)
{
    json_t *vars = json_object(), *all = (json_t *)w->kase.vars;

    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it))
        if (promptfoo_is_variable(all, json_object_iter_key(it)))
            json_object_set(vars, json_object_iter_key(it), json_object_iter_value(it));
    return vars;
}

static json_t *promptfoo_test(const struct promptfoo_report *w, const json_t *vars)
{
    const json_t *about = json_child(w->kase.vars, PROMPTFOO_VARIABLE);
    static const char *const kept[] = { "description", "assert", "threshold", "metadata" };
    json_t *o = json_object();

    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (json_child(about, kept[i]))
            json_object_set(o, kept[i], json_child(about, kept[i]));
    json_object_set(o, "vars", (json_t *)vars);
    return o;
}

/* Success, score and reason of a trial that is judged by nothing of promptfoo's. */
static void promptfoo_plain(const struct store_trial *t, struct promptfoo_verdict *v)
{
    *v = (struct promptfoo_verdict){ .answer = { .state = t->trial.violations ? PROMPTFOO_FAIL : PROMPTFOO_PASS,
                                                 .score = t->trial.violations ? 0 : 1 } };
    if (t->trial.violations)
        v->answer.reason = S("a check failed");
}

static const struct promptfoo_verdict *promptfoo_verdict_of(struct promptfoo_report *w, const struct store_trial *t,
                                                            const json_t *transcript, struct arena *a,
                                                            struct str *output)
{
    const struct promptfoo_verdict *v;
    struct promptfoo_verdict *plain = arena_new(a, struct promptfoo_verdict);
    json_t *kept = NULL;
    const struct result_variant *variant = report_variant(w->r, t->trial.variant);
    struct subject s;

    subject_of_stored(&t->trial, transcript, a, &s);
    s.kase = w->case_at < 0 ? NULL : &w->kase;
    s.variant = variant ? variant->name : STR_NONE;
    *output = s.output;
    if (w->kept_by >= 0 && scores_read_kept(t->scores, (size_t)w->kept_by, &kept, NULL) == ERR_OK)
        s.kept = kept ? json_in_arena(kept, a) : NULL;
    subject_begin(&s, a);
    if (t->trial.state == TRIAL_DONE && promptfoo_judge(&s, a, &v))
        return v;
    promptfoo_plain(t, plain);
    if (t->trial.state != TRIAL_DONE)
        plain->answer = (struct promptfoo_answer){ .state = PROMPTFOO_BROKEN, .reason = t->trial.error_text };
    return plain;
}

/* What was judged: what transforms made of the output, and what is no text as the value it is. */
static json_t *promptfoo_said(const struct promptfoo_verdict *v, struct str output)
{
    json_t *value;

    if (v->output.state != PROMPTFOO_PASS || (!v->output.transformed && !v->output.json))
        return json_from_str(output);
    return v->output.json && json_read(v->output.text, &value, NULL) == ERR_OK ? value : json_from_str(v->output.text);
}

static void promptfoo_count(struct column *c, const struct store_trial *t, const struct promptfoo_verdict *v,
                            bool error)
{
    c->tests++;
    c->passed += v->answer.state == PROMPTFOO_PASS;
    c->errors += error;
    c->failed += v->answer.state != PROMPTFOO_PASS && !error;
    c->score += isnan(v->answer.score) ? 0 : v->answer.score;
    c->latency_ms += MAX(t->trial.latency_ms, INT64_C(0));
    c->cost += promptfoo_usd(t->trial.cost_nanousd);
    promptfoo_named(c, v->named);
}

static enum err_code promptfoo_each(const struct store_trial *t, void *arg, struct err *e)
{
    struct promptfoo_report *w = arg;
    AUTO_ARENA *a = arena_new_sized(4096);
    AUTO_JSON *transcript = NULL, *o = json_object(), *vars = NULL;
    struct trial_place at = run_trial_place(w->r->run, t->trial.number);
    const struct result_variant *variant = report_variant(w->r, t->trial.variant);
    struct column *c = &w->columns[t->trial.variant];
    const struct promptfoo_verdict *v;
    struct str output, prompt;
    bool error;

    if (t->transcript.len)
        TRY(json_read(t->transcript, &transcript, e));
    TRY(promptfoo_case(w, at.case_index, e));
    v = promptfoo_verdict_of(w, t, transcript, a, &output);
    vars = promptfoo_variables(w);
    error = v->answer.state == PROMPTFOO_SKIP || v->answer.state == PROMPTFOO_BROKEN || t->trial.state != TRIAL_DONE;
    prompt = json_get_str(json_array_get(json_child(transcript, "turns"), 0), "prompt");
    usage_add(&w->usage, &t->trial.usage);
    json_object_set_new(o, "testIdx", json_integer(at.case_index * w->r->run->repeat + at.repetition));
    json_object_set_new(o, "promptIdx", json_integer(t->trial.variant));
    json_object_set_new(o, "id",
                        json_from_str(
                            arena_printf(a, STR_FMT "-%lld", STR_ARG(w->r->run->id), (long long)t->trial.number)));
    json_object_set_new(o, "provider",
                        json_pack("{s:o,s:o}", "id", json_from_str(variant ? variant->model : STR_NONE), "label",
                                  json_from_str(variant ? variant->name : STR_NONE)));
    json_object_set_new(o, "prompt",
                        json_pack("{s:o,s:o}", "raw", json_from_str(prompt), "label",
                                  json_incref(
                                      json_child(json_array_get(w->prompts, (size_t)t->trial.variant), "label"))));
    json_object_set(o, "vars", vars);
    json_object_set_new(o, "response",
                        json_pack("{s:o,s:o,s:b}", "output", promptfoo_said(v, output), "tokenUsage",
                                  promptfoo_tokens(&t->trial.usage, t->trial.attempts), "cached", 0));
    json_object_set_new(o, "success", json_boolean(v->answer.state == PROMPTFOO_PASS));
    json_object_set_new(o, "score", json_real(isnan(v->answer.score) ? 0 : v->answer.score));
    json_object_set_new(o, "failureReason", json_integer(v->answer.state == PROMPTFOO_PASS ? 0 : error ? 2 : 1));
    if (v->answer.state != PROMPTFOO_PASS)
        json_object_set_new(o, "error", json_from_str(v->answer.reason));
    json_object_set_new(o, "latencyMs", json_integer(MAX(t->trial.latency_ms, INT64_C(0))));
    json_object_set_new(o, "cost", json_real(promptfoo_usd(t->trial.cost_nanousd)));
    json_object_set_new(o, "namedScores", v->named ? json_incref((json_t *)v->named) : json_object());
    json_object_set_new(o, "tokenUsage", promptfoo_tokens(&t->trial.usage, t->trial.attempts));
    promptfoo_count(c, t, v, error);
    json_object_set_new(o, "gradingResult", promptfoo_grading(v, c));
    json_object_set_new(o, "testCase", promptfoo_test(w, vars));
    buf_puts(&w->out, w->some ? ",\n" : "\n");
    w->some = true;
    report_json_text(o, false, &w->out);
    return report_put(w->sink, &w->out, e);
}

/* Label and text of each variant's prompt, from the run's settings. */
static json_t *promptfoo_prompts(const struct result *r)
{
    const json_t *task = json_child(r->settings, "task"), *variants = json_child(task, "variants"),
                 *prompts = json_child(task, "prompts");
    json_t *list = json_array();

    for (int64_t i = 0; i < r->run->variants; i++) {
        const json_t *v = json_array_get(variants, (size_t)i),
                     *p = json_array_get(prompts, (size_t)json_get_i64(v, "prompt", 0));

        json_array_append_new(list, json_pack("{s:o,s:o,s:o}", "raw", json_from_str(json_get_str(p, "source")), "label",
                                              json_from_str(json_get_str(p, "name")), "provider",
                                              json_from_str(json_get_str(v, "model"))));
    }
    return list;
}

static json_t *promptfoo_metrics(const struct column *c)
{
    json_t *o = json_object();

    json_object_set_new(o, "score", json_real(c->score));
    json_object_set_new(o, "testPassCount", json_integer(c->passed));
    json_object_set_new(o, "testFailCount", json_integer(c->failed));
    json_object_set_new(o, "testErrorCount", json_integer(c->errors));
    json_object_set_new(o, "assertPassCount", json_integer(c->asserts_passed));
    json_object_set_new(o, "assertFailCount", json_integer(c->asserts_failed));
    json_object_set_new(o, "totalLatencyMs", json_integer(c->latency_ms));
    json_object_set_new(o, "cost", json_real(c->cost));
    json_object_set(o, "namedScores", c->named);
    json_object_set(o, "namedScoresCount", c->named_count);
    return o;
}

/* What stands behind the results: the columns and the counts, which are known now. */
static enum err_code promptfoo_end(struct promptfoo_report *w, struct err *e)
{
    AUTO_JSON *stats = json_object(), *prompts = json_array();
    int64_t passed = 0, failed = 0, errors = 0, tests = 0;

    for (int64_t i = 0; i < w->r->run->variants; i++) {
        const struct column *c = &w->columns[i];
        json_t *p = json_incref(json_array_get(w->prompts, (size_t)i));

        json_object_set_new(p, "metrics", promptfoo_metrics(c));
        json_array_append_new(prompts, p);
        passed += c->passed;
        failed += c->failed;
        errors += c->errors;
        tests += c->tests;
    }
    json_object_set_new(stats, "successes", json_integer(passed));
    json_object_set_new(stats, "failures", json_integer(failed));
    json_object_set_new(stats, "errors", json_integer(errors));
    json_object_set_new(stats, "tokenUsage", promptfoo_tokens(&w->usage, tests));
    json_object_set_new(stats, "durationMs", json_integer(MAX(result_duration_ms(w->r, 0), INT64_C(0))));
    buf_puts(&w->out, "\n],\n\"prompts\":");
    report_json_text(prompts, false, &w->out);
    buf_puts(&w->out, ",\n\"stats\":");
    report_json_text(stats, false, &w->out);
    buf_puts(&w->out, "},\n\"config\":{\"description\":");
    json_write_str(w->r->run->task_name, &w->out);
    buf_puts(&w->out, "},\n\"shareableUrl\":null}\n");
    return report_put(w->sink, &w->out, e);
}

static enum err_code promptfoo_begin(struct promptfoo_report *w, struct err *e)
{
    char when[CLOCK_TEXT];

    buf_puts(&w->out, "{\"evalId\":");
    json_write_str(w->r->run->id, &w->out);
    buf_puts(&w->out, ",\n\"results\":{\"version\":3,\"timestamp\":");
    json_write_str(str_c(clock_text(w->r->run->created_ms, when)), &w->out);
    buf_puts(&w->out, ",\n\"results\":[");
    return report_put(w->sink, &w->out, e);
}

static enum err_code promptfoo_all(struct promptfoo_report *w, struct store *s, struct err *e)
{
    struct store_trials_filter all = { .variant = -1, .with_transcript = true, .own_scores = true };

    TRY(promptfoo_begin(w, e));
    TRY(store_trials_each(s, w->r->run->no, &all, promptfoo_each, w, e));
    return promptfoo_end(w, e);
}

static enum err_code promptfoo_write(const struct result *r, struct store *s, const struct report_options *options,
                                     const struct report_sink *sink, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct promptfoo_report w = { .r = r, .sink = sink, .out = BUF_INIT(PROMPTFOO_RESULT_MAX), .case_at = -1,
                                  .case_arena = arena_new_sized(4096), .prompts = promptfoo_prompts(r) };
    enum err_code code;

    w.kept_by = -1;
    for (size_t i = 0; i < r->scorer_count; i++)
        if (r->scorers[i].kind == SCORER_METRIC && str_is(r->scorers[i].base, "promptfoo_score"))
            w.kept_by = (ptrdiff_t)i;
    w.columns = arena_array(a, struct column, (size_t)r->run->variants);
    for (int64_t i = 0; i < r->run->variants; i++) {
        w.columns[i].named = json_in_arena(json_object(), a);
        w.columns[i].named_count = json_in_arena(json_object(), a);
    }
    if (options->blob && data_pack_open(options->blob, r->run->dataset_hash, &w.pack, NULL) == ERR_OK)
        w.cursor = pack_cursor_new(w.pack, 0);
    code = promptfoo_all(&w, s, e);
    pack_cursor_free(w.cursor);
    data_pack_close(w.pack);
    arena_free(w.case_arena);
    json_decref(w.prompts);
    buf_dispose(&w.out);
    return code;
}

const struct report_format report_promptfoo = {
    .name = "promptfoo", .extension = "json", .per_trial = true,
    .doc = "The fields of promptfoo's output file, for programs that read those.",
    .write = promptfoo_write,
};
