/* Tools that read what came of runs: read_results, read_trial, compare_runs, explain_run. */
#include "compat/mcp_parts.h"

#include "eval/compare.h"
#include "eval/explain.h"
#include "eval/report/comparison.h"
#include "eval/report/report.h"
#include "eval/result.h"

#define MCP_PAGE 50                     /* trials on a page when nobody says */

enum err_code mcp_run_asked(const struct mcp_request *rq, struct run **out, struct err *e)
{
    struct str ref = json_get_str(rq->arguments, "run");

    TRY(mcp_store(rq->m, e));
    return store_run_get(rq->m->store, ref.len ? ref : S("last"), rq->a, out, e);
}

static enum err_code mcp_report(struct mcp *m, const struct result *r, const char *format, struct arena *a,
                                struct str *out, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(MCP_ANSWER_MAX);
    struct report_sink sink = report_to_buf(&text);
    struct report_options options = { .columns = 100, .ascii = true };

    TRY(report_find(str_c(format))->write(r, m->store, &options, &sink, e));
    if (buf_failed(&text))
        return err_set(e, ERR_TOO_LARGE, "the result is larger than 8 MiB; `assay export` writes it to a file");
    *out = arena_strdup(a, buf_str(&text));
    return ERR_OK;
}

enum err_code mcp_result_json(struct mcp *m, const struct run *run, struct arena *a, json_t **out, struct err *e)
{
    struct result *result;
    struct str text;

    TRY(result_load(m->store, run, a, &result, e));
    TRY(mcp_report(m, result, "json", a, &text, e));
    return json_read(text, out, e);
}

/* --- read_results ------------------------------------------------------------------------------------------------- */
struct mcp_page { const struct result *result; json_t *list; int64_t limit, next; size_t bytes; };

static enum err_code mcp_page_each(const struct store_trial *t, void *arg, struct err *e)
{
    struct mcp_page *p = arg;
    json_t *o;

    if ((int64_t)json_array_size(p->list) >= p->limit || p->bytes > MCP_ANSWER_MAX / 4) {
        p->next = t->trial.number;
        return ERR_CANCELLED;
    }
    TRY(report_trial(p->result, t, &o, e));
    json_array_append_new(p->list, o);
    p->bytes += t->scores.len + t->trial.error_text.len + 600;
    return ERR_OK;
}

static enum err_code mcp_results(const struct mcp_request *rq, struct mcp_answer *out, struct err *e)
{
    AUTO_JSON *trials = json_array();
    struct mcp_page page = { .list = trials, .limit = json_get_i64(rq->arguments, "limit", MCP_PAGE), .next = -1 };
    struct store_trials_filter filter = { .variant = -1, .failed_only = json_get_bool(rq->arguments, "failed_only", false),
                                          .first = json_get_i64(rq->arguments, "first_trial", 0) };
    struct result *result;
    struct str json_text;
    struct run *run;
    json_t *document;
    enum err_code code;

    TRY(mcp_run_asked(rq, &run, e));
    TRY(result_load(rq->m->store, run, rq->a, &result, e));
    page.result = result;
    code = store_trials_each(rq->m->store, run->no, &filter, mcp_page_each, &page, e);
    if (code != ERR_OK && code != ERR_CANCELLED)
        return code;
    TRY(mcp_report(rq->m, result, "table", rq->a, &out->text, e));
    TRY(mcp_report(rq->m, result, "json", rq->a, &json_text, e));
    TRY(json_read(json_text, &document, e));
    out->data = json_pack("{s:o, s:o, s:O, s:o}", "run", json_from_str(run->id), "result", document, "trials", trials,
                          "next_trial", page.next < 0 ? json_null() : json_integer(page.next));
    return ERR_OK;
}

const struct mcp_tool mcp_tool_read_results = {
    .name = "read_results", .title = "Read a run's result",
    .doc = "The ranked table of a run as text, and as data the whole result with a page of its trials (scores, cost, state); "
           "next_trial is the first_trial of the next page. What was said in a trial: read_trial.",
    .input = "{\"type\":\"object\",\"properties\":{" MCP_RUN_ARGUMENT ",\"first_trial\":{\"type\":\"integer\",\"minimum\":0},"
             "\"limit\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":500,\"description\":\"trials on the page (default 50)\"},"
             "\"failed_only\":{\"type\":\"boolean\"}},\"additionalProperties\":false}",
    .call = mcp_results,
};

/* --- read_trial --------------------------------------------------------------------------------------------------- */
enum err_code mcp_trial_json(struct mcp *m, const struct run *run, int64_t number, struct arena *a, json_t **out,
                             struct err *e)
{
    struct store_trial *trial;
    struct result *result;

    if (number < 0 || number >= run_trials(run))
        return err_set(e, ERR_NOT_FOUND, "run " STR_FMT " has trials 0 to %lld, not %lld", STR_ARG(id_short(run->id)),
                       (long long)run_trials(run) - 1, (long long)number);
    TRY(store_trial_get(m->store, run->no, number, a, &trial, e));
    TRY(result_load(m->store, run, a, &result, e));
    return report_trial(result, trial, out, e);
}

static enum err_code mcp_trial(const struct mcp_request *rq, struct mcp_answer *out, struct err *e)
{
    struct run *run;

    TRY(mcp_run_asked(rq, &run, e));
    return mcp_trial_json(rq->m, run, json_get_i64(rq->arguments, "trial", 0), rq->a, &out->data, e);
}

const struct mcp_tool mcp_tool_read_trial = {
    .name = "read_trial", .title = "Read one trial", .doc = "One trial with everything that was said, its scores and why, "
        "tokens and cost.",
    .input = "{\"type\":\"object\",\"properties\":{" MCP_RUN_ARGUMENT ",\"trial\":{\"type\":\"integer\",\"minimum\":0}},"
             "\"required\":[\"trial\"],\"additionalProperties\":false}",
    .call = mcp_trial,
};

/* --- compare_runs ------------------------------------------------------------------------------------------------- */
static enum err_code mcp_compare(const struct mcp_request *rq, struct mcp_answer *out, struct err *e)
{
    AUTO_BUF struct buf table = BUF_INIT(MCP_ANSWER_MAX), text = BUF_INIT(MCP_ANSWER_MAX);
    struct report_sink table_sink = report_to_buf(&table), text_sink = report_to_buf(&text);
    struct comparison_options shown = { .report = { .columns = 100, .ascii = true }, .cases = true };
    struct compare_options o = { .pass = json_get_double(rq->arguments, "pass", COMPARE_PASS), .metric =
        json_get_str(rq->arguments, "metric"),
                                 .changes_max = json_get_i64(rq->arguments, "limit", 20), .resample = true };
    const json_t *list = json_child(rq->arguments, "runs");
    struct run *runs[COMPARE_RUNS_MAX];
    size_t count = MAX(json_array_size(list), (size_t)1);
    struct compare *c;

    TRY(mcp_store(rq->m, e));
    for (size_t i = 0; i < count; i++)
        TRY(store_run_get(rq->m->store, list ? json_to_str(json_array_get(list, i)) : S("last"), rq->a, &runs[i], e));
    TRY(compare_load(rq->m->store, runs, count, &o, rq->a, &c, e));
    TRY(mcp_blob(rq->m, e));
    compare_contents(rq->m->blob, c);
    TRY(comparison_table(c, &shown, &table_sink, e));
    TRY(comparison_json(c, &shown, &text_sink, e));
    if (buf_failed(&table) || buf_failed(&text))
        return err_set(e, ERR_TOO_LARGE, "the comparison is larger than 8 MiB; ask for less with limit");
    out->text = arena_strdup(rq->a, buf_str(&table));
    return json_read(buf_str(&text), &out->data, e);
}

const struct mcp_tool mcp_tool_compare_runs = {
    .name = "compare_runs", .title = "Compare runs",
    .doc = "One run: its variants against its best, case by case. Several: those of each against the first's. Says what "
        "broke and what was "
           "fixed, and whether the difference can be told from chance.",
    .input = "{\"type\":\"object\",\"properties\":{\"runs\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":8,"
        "\"items\":{\"type\":\"string\","
             "\"minLength\":1,\"maxLength\":100}},\"metric\":{\"type\":\"string\",\"maxLength\":300},"
             "\"pass\":{\"type\":\"number\",\"minimum\":0,"
             "\"maximum\":1},\"limit\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000,\"description\":\"cases of each "
             "kind listed "
             "(default 20)\"}},\"additionalProperties\":false}",
    .call = mcp_compare,
};

/* --- explain_run -------------------------------------------------------------------------------------------------- */
static enum err_code mcp_explain(const struct mcp_request *rq, struct mcp_answer *out, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(MCP_ANSWER_MAX);
    struct result *result;
    struct explain *x;
    struct run *run;

    TRY(mcp_run_asked(rq, &run, e));
    TRY(result_load(rq->m->store, run, rq->a, &result, e));
    TRY(explain_load(rq->m->store, result, rq->a, &x, e));
    explain_markdown(x, &text);
    if (buf_failed(&text))
        return err_set(e, ERR_TOO_LARGE, "the text is larger than 8 MiB");
    out->text = arena_strdup(rq->a, buf_str(&text));
    out->data = explain_document(result, x);
    return ERR_OK;
}

const struct mcp_tool mcp_tool_explain_run = {
    .name = "explain_run", .title = "Explain a run",
    .doc = "What a run found, in plain sentences: what was tested, who is best, where it goes wrong, how sure this is, what "
        "it cost, what to "
           "take for which use.",
    .input = "{\"type\":\"object\",\"properties\":{" MCP_RUN_ARGUMENT "},\"additionalProperties\":false}", .call = mcp_explain,
};
