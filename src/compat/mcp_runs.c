/* Tools that begin, follow, stop and list runs. Every run has a thread, which feeds it (runner_run), an engine of its
 * own, and a budget. */
#include "compat/mcp_parts.h"

#include "eval/report/report.h"
#include "eval/result.h"
#include "sim/sim.h"

#include <inttypes.h>
#include <unistd.h>

#define MCP_GONE_MS  1000               /* calls in flight are waited for when the client has gone; then dropped */

static void mcp_wake(struct mcp *m)
{
    uint64_t one = 1;

    if (write(m->event_fd, &one, sizeof one) < 0)
        return;                                 /* full: the reader is going to look anyway */
}

/* --- the run's thread --------------------------------------------------------------------------------------------- */
static int mcp_run_interrupted(void *arg)
{
    struct mcp_run *r = arg;

    return __atomic_load_n(&r->stop, __ATOMIC_RELAXED);
}

static void mcp_run_progress(const struct runner_progress *p, void *arg)
{
    struct mcp_run *r = arg;
    bool moved;

    pthread_mutex_lock(&r->owner->lock);
    moved = p->finished > r->progress.finished;
    r->progress = *p;
    pthread_mutex_unlock(&r->owner->lock);
    if (moved)
        mcp_wake(r->owner);
}

static void *mcp_run_thread(void *arg)
{
    struct mcp_run *r = arg;
    struct mcp *m = r->owner;
    struct runner_options options = { .concurrency = 64, .interrupted = mcp_run_interrupted, .progress = mcp_run_progress, .arg = r };
    struct runner_result result = { .why = STOP_NONE };
    struct err e = ERR_INIT;
    enum err_code code = runner_run(r->plan, m->store, r->llm, &options, &result, &e);

    pthread_mutex_lock(&m->lock);
    r->ended = true;
    r->code = code;
    if (code == ERR_OK && result.first_failure.len)
        err_set(&e, ERR_OK, STR_FMT, STR_ARG(result.first_failure));
    r->err = e;
    pthread_mutex_unlock(&m->lock);
    mcp_wake(m);
    return NULL;
}

static void mcp_run_release(struct mcp_run *r)
{
    llm_free(TAKE(r->llm));
    if (r->sim)
        sim_free(TAKE(r->sim));
    plan_free(TAKE(r->plan));
}

static void mcp_run_join(struct mcp_run *r)
{
    if (!r->used || r->joined)
        return;
    pthread_join(r->thread, NULL);
    r->joined = true;
    mcp_run_release(r);
}

bool mcp_run_lives(struct mcp *m, struct mcp_run *r, struct runner_progress *out)
{
    bool lives;

    pthread_mutex_lock(&m->lock);
    lives = !r->ended;
    *out = r->progress;
    pthread_mutex_unlock(&m->lock);
    return lives;
}

void mcp_runs_reap(struct mcp *m)
{
    struct runner_progress p;

    for (size_t i = 0; i < COUNT_OF(m->runs); i++)
        if (m->runs[i].used && !m->runs[i].joined && !mcp_run_lives(m, &m->runs[i], &p))
            mcp_run_join(&m->runs[i]);
}

static size_t mcp_runs_living(struct mcp *m)
{
    size_t count = 0;

    mcp_runs_reap(m);
    for (size_t i = 0; i < COUNT_OF(m->runs); i++)
        count += m->runs[i].used && !m->runs[i].joined;
    return count;
}

void mcp_runs_stop(struct mcp *m)
{
    int64_t until = clock_mono_ms() + MCP_GONE_MS;

    for (size_t i = 0; i < COUNT_OF(m->runs); i++)
        __atomic_store_n(&m->runs[i].stop, 1, __ATOMIC_RELAXED);
    while (mcp_runs_living(m) && clock_mono_ms() < until)
        clock_sleep_ms(10);
    for (size_t i = 0; i < COUNT_OF(m->runs); i++)
        __atomic_store_n(&m->runs[i].stop, 2, __ATOMIC_RELAXED);
    for (size_t i = 0; i < COUNT_OF(m->runs); i++)
        mcp_run_join(&m->runs[i]);
}

struct mcp_run *mcp_run_find(struct mcp *m, struct str id)
{
    for (size_t i = 0; i < COUNT_OF(m->runs); i++)
        if (m->runs[i].used && str_is(id, m->runs[i].id))
            return &m->runs[i];
    return NULL;
}

/* A free place, else that of the run that ended first; MCP_RUNS_MAX of them live at most. */
static struct mcp_run *mcp_run_place(struct mcp *m)
{
    struct mcp_run *best = NULL;

    for (size_t i = 0; i < COUNT_OF(m->runs); i++) {
        struct mcp_run *r = &m->runs[i];

        if (!r->used)
            return r;
        if (r->joined && (!best || r->seq < best->seq))
            best = r;
    }
    ASSERT(best);
    return best;
}

/* --- run_task ----------------------------------------------------------------------------------------------------- */
static enum err_code mcp_run_sim(struct mcp *m, struct mcp_run *r, struct err *e)
{
    struct sim_options o = { .seed = 1, .latency_scale = m->options.sim_speed > 0 ? 1 / m->options.sim_speed : 0 };
    char url[128];

    if (!plan_asks(r->plan->task, "sim") || (m->options.base_url && strcmp(m->options.base_url_provider, "sim") == 0))
        return ERR_OK;
    TRY(sim_new(&o, &r->sim, e));
    TRY(sim_book_add_pack(r->sim, r->plan->pack, e));
    snprintf(url, sizeof url, "%s/v1", sim_url(r->sim));
    return llm_set_base_url(r->llm, S("sim"), str_c(url), e);
}

/* What the run may spend: what is asked for, else the task's own, never more than the server allows. */
static enum err_code mcp_run_budget(const struct mcp_request *rq, const struct plan *plan, int64_t *out, struct err *e)
{
    const json_t *asked = json_child(rq->arguments, "budget_usd");
    int64_t most = rq->m->options.budget_nanousd;
    char money[MONEY_TEXT], wanted[MONEY_TEXT];

    *out = plan->run.budget_nanousd ? MIN(plan->run.budget_nanousd, most) : most;
    if (!asked)
        return ERR_OK;
    if (!money_from_double(json_number_value(asked), out) || *out <= 0)
        return err_set(e, ERR_USAGE, "budget_usd must be more than 0 and at most a billion dollars");
    if (*out > most)
        return err_set(e, ERR_DENIED,
                       "budget_usd is %s, and this server allows %s a run; who starts it can raise that with "
                       "`assay mcp --budget USD`",
                       money_show(*out, wanted), money_show(most, money));
    return ERR_OK;
}

/* A budget cannot hold what has no price. */
static enum err_code mcp_run_priced(const struct mcp_request *rq, const struct plan *plan, struct err *e)
{
    for (size_t i = 0; i < plan->task->variant_count; i++)
        if (plan->estimate.variants[i].cost_nanousd == MONEY_UNKNOWN && !json_get_bool(rq->arguments, "allow_unpriced", false))
            return err_set(e, ERR_DENIED, "nobody knows the price of " STR_FMT ", so the budget would not hold it; ask with "
                           "allow_unpriced: true if that is meant", STR_ARG(plan->task->variants[i].model_text));
    return ERR_OK;
}

/* The run to execute: stored anew, or the unfinished one of the same trials. */
static enum err_code mcp_run_choose(const struct mcp_request *rq, struct llm *l, struct plan **plan, bool *goes_on,
                                    struct err *e)
{
    struct run *old = NULL;
    struct plan *again;
    int64_t budget;

    *goes_on = false;
    TRY(mcp_run_budget(rq, *plan, &budget, e));
    TRY(mcp_store(rq->m, e));
    if (!json_get_bool(rq->arguments, "fresh", false))
        TRY(store_run_resumable(rq->m->store, (*plan)->run.fingerprint, rq->a, &old, e));
    if (!old) {
        (*plan)->run.budget_nanousd = budget;
        return plan_store(*plan, rq->m->store, e);
    }
    TRY(plan_of_run(old, rq->m->blob, l, &again, e));
    plan_free(*plan);
    *plan = again;
    (*plan)->run.budget_nanousd = budget;
    *goes_on = true;
    return ERR_OK;
}

static enum err_code mcp_run_begin(const struct mcp_request *rq, struct mcp_run *r, struct err *e)
{
    TRY(mcp_run_sim(rq->m, r, e));
    r->progress.trials = run_trials(&r->plan->run);
    r->owner = rq->m;
    r->seq = ++rq->m->seq;
    snprintf(r->id, sizeof r->id, STR_FMT, STR_ARG(r->plan->run.id));
    if (pthread_create(&r->thread, NULL, mcp_run_thread, r) != 0)
        return err_set(e, ERR_BUSY, "the system gives no thread for the run; try again later");
    r->used = true;
    return ERR_OK;
}

static json_t *mcp_run_begun(const struct plan *plan, bool goes_on, const char *note)
{
    json_t *o = json_object();
    char money[MONEY_TEXT];

    json_set_str(o, "run", plan->run.id);
    json_set_str(o, "task", plan->run.task_name);
    json_object_set_new(o, "state", json_string("running"));
    json_object_set_new(o, "continued", json_boolean(goes_on));
    json_object_set_new(o, "trials", json_integer(run_trials(&plan->run)));
    json_object_set_new(o, "budget_usd", json_string(money_exact(plan->run.budget_nanousd, money)));
    json_object_set_new(o, "estimate_usd", json_string(money_exact(plan->estimate.cost_nanousd, money)));
    json_object_set_new(o, "resource", json_sprintf("assay://run/" STR_FMT, STR_ARG(plan->run.id)));
    json_object_set_new(o, "note", json_string(note));
    return o;
}

static enum err_code mcp_run_task(const struct mcp_request *rq, struct mcp_answer *out, struct err *e)
{
    struct mcp *m = rq->m;
    struct mcp_run made = { .used = false }, *living;
    bool goes_on;
    enum err_code code;

    if (mcp_runs_living(m) >= MCP_RUNS_MAX)
        return err_set(e, ERR_BUSY,
                       "%d runs are going on, as many as this server allows; wait for one with run_status, or stop_run",
                       MCP_RUNS_MAX);
    TRY(mcp_plan(rq, true, &made.llm, &made.plan, e));
    code = mcp_run_priced(rq, made.plan, e);
    if (code == ERR_OK)
        code = mcp_run_choose(rq, made.llm, &made.plan, &goes_on, e);
    living = code == ERR_OK && goes_on ? mcp_run_find(m, made.plan->run.id) : NULL;
    if (living && !living->joined) {
        out->data = mcp_run_begun(made.plan, true, "a run of the same trials is going on already; this is it");
        mcp_run_release(&made);
    } else if (code == ERR_OK) {
        struct mcp_run *place = living ? living : mcp_run_place(m);

        *place = made;
        code = mcp_run_begin(rq, place, e);
        if (code != ERR_OK) {
            mcp_run_release(place);
            *place = (struct mcp_run){ .used = false };
            return code;
        }
        out->data = mcp_run_begun(place->plan, goes_on, "follow it with run_status; wait_seconds waits for its end");
        out->starts = true;
    } else {
        mcp_run_release(&made);
        return code;
    }
    out->wait_run = arena_strdup(rq->a, json_get_str(out->data, "run"));
    out->wait_ms = json_get_i64(rq->arguments, "wait_seconds", 0) * 1000;
    return ERR_OK;
}

const struct mcp_tool mcp_tool_run_task = {
    .name = "run_task", .title = "Run a task over its models", .writes = true, .spends = true,
    .doc = "Asks the models and scores every answer. Gives the run's id at once and goes on in the background, unless wait_seconds is "
           "given: then it answers at the run's end (with progress, when a progressToken is given) or when the time is over, and "
           "cancelling the request stops the run. Spends at most budget_usd. An unfinished run of the same trials is continued; "
           "what was paid for is never asked again.",
    .input = "{\"type\":\"object\",\"properties\":{"
             MCP_TASK_ARGUMENTS "," MCP_CASES_ARGUMENTS ","
             "\"budget_usd\":{\"type\":\"number\",\"exclusiveMinimum\":0,\"description\":\"stop before this much is spent; default: the "
             "task's budget, else what the server allows\"},"
             "\"fresh\":{\"type\":\"boolean\",\"description\":\"start anew even when an unfinished run of the same trials exists\"},"
             "\"allow_unpriced\":{\"type\":\"boolean\",\"description\":\"also ask models whose price nobody knows\"},"
             "\"wait_seconds\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":3600,\"description\":\"answer at the run's end, but after "
             "so many seconds at the latest (default 0: at once)\"}},\"required\":[\"task\"],\"additionalProperties\":false}",
    .call = mcp_run_task,
};

/* --- run_status --------------------------------------------------------------------------------------------------- */
static void mcp_status_progress(json_t *o, const struct runner_progress *p)
{
    char money[MONEY_TEXT];

    json_object_set_new(o, "trials", json_integer(p->trials));
    json_object_set_new(o, "finished", json_integer(p->finished));
    json_object_set_new(o, "failed", json_integer(p->failed));
    json_object_set_new(o, "in_flight", json_integer(p->in_flight));
    json_object_set_new(o, "retried", json_integer(p->retried));
    json_object_set_new(o, "rate_limited", json_integer(p->rate_limited));
    json_object_set_new(o, "cost_usd", json_string(money_exact(p->cost_nanousd, money)));
    json_object_set_new(o, "unknown_cost_calls", json_integer(p->unknown_calls));
    json_object_set_new(o, "stopping", json_boolean(p->stopping > 0));
}

static enum err_code mcp_status_stored(struct mcp *m, const struct run *run, struct arena *a, json_t *o, struct err *e)
{
    char money[MONEY_TEXT];
    struct result *result;

    TRY(result_load(m->store, run, a, &result, e));
    json_object_set_new(o, "state", json_string(run_state_name(run->state)));
    if (run->stopped_by != STOP_NONE)
        json_object_set_new(o, "stopped_by", json_string(stop_reason_name(run->stopped_by)));
    json_object_set_new(o, "trials", json_integer(run_trials(run)));
    json_object_set_new(o, "finished", json_integer(result->done + result->failed));
    json_object_set_new(o, "failed", json_integer(result->failed));
    json_object_set_new(o, "cost_usd", json_string(money_exact(result->spent_nanousd, money)));
    json_object_set_new(o, "unknown_cost_calls", json_integer(result->spent_unknown_calls));
    json_object_set_new(o, "thresholds_met", json_boolean(result->thresholds_met));
    return ERR_OK;
}

enum err_code mcp_run_status(struct mcp *m, struct str id, struct arena *a, json_t **out, struct err *e)
{
    AUTO_JSON *o = json_object();
    struct runner_progress p;
    struct mcp_run *r;
    struct run *run;

    TRY(mcp_store(m, e));
    TRY(store_run_get(m->store, id, a, &run, e));
    r = mcp_run_find(m, run->id);
    json_set_str(o, "run", run->id);
    json_set_str(o, "task", run->task_name);
    if (r && mcp_run_lives(m, r, &p)) {
        json_object_set_new(o, "state", json_string("running"));
        mcp_status_progress(o, &p);
    } else {
        TRY(mcp_status_stored(m, run, a, o, e));
        if (r && r->code != ERR_OK)
            json_object_set_new(o, "error", json_string(r->err.text));
        else if (r && r->err.text[0])
            json_object_set_new(o, "first_failure", json_string(r->err.text));
        json_object_set_new(o, "note",
                            json_string(run->state == RUN_DONE
                                            ? "read_results and explain_run say what was found"
                                            : "not finished; run_task with the same arguments goes on"));
    }
    *out = TAKE(o);
    return ERR_OK;
}

static enum err_code mcp_status(const struct mcp_request *rq, struct mcp_answer *out, struct err *e)
{
    struct runner_progress p;
    struct mcp_run *r;
    struct run *run;

    TRY(mcp_run_asked(rq, &run, e));
    r = mcp_run_find(rq->m, run->id);
    if (r && mcp_run_lives(rq->m, r, &p)) {
        out->wait_run = run->id;
        out->wait_ms = json_get_i64(rq->arguments, "wait_seconds", 0) * 1000;
    }
    return mcp_run_status(rq->m, run->id, rq->a, &out->data, e);
}

const struct mcp_tool mcp_tool_run_status = {
    .name = "run_status", .title = "How far is a run",
    .doc = "State, trials finished and failed, and cost so far. With wait_seconds it answers at the run's end, or when the time is "
           "over, with progress when a progressToken is given.",
    .input = "{\"type\":\"object\",\"properties\":{" MCP_RUN_ARGUMENT ",\"wait_seconds\":{\"type\":\"integer\",\"minimum\":0,"
             "\"maximum\":3600}},\"additionalProperties\":false}",
    .call = mcp_status,
};

static enum err_code mcp_stop(const struct mcp_request *rq, struct mcp_answer *out, struct err *e)
{
    struct runner_progress p;
    struct mcp_run *r;
    struct run *run;

    TRY(mcp_run_asked(rq, &run, e));
    r = mcp_run_find(rq->m, run->id);
    if (!r || !mcp_run_lives(rq->m, r, &p))
        return err_set(e, ERR_CONFLICT, "run " STR_FMT " is not going on in this session", STR_ARG(id_short(run->id)));
    __atomic_store_n(&r->stop, 1, __ATOMIC_RELAXED);
    out->wait_run = run->id;
    out->wait_ms = MCP_WAIT_MAX_S * 1000;
    return mcp_run_status(rq->m, run->id, rq->a, &out->data, e);
}

const struct mcp_tool mcp_tool_stop_run = {
    .name = "stop_run", .title = "Stop a run", .writes = true,
    .doc = "Stops a run that this session began: calls in flight are waited for, everything answered is kept, and run_task with the "
           "same arguments goes on later.",
    .input = "{\"type\":\"object\",\"properties\":{" MCP_RUN_ARGUMENT "},\"required\":[\"run\"],\"additionalProperties\":false}",
    .call = mcp_stop,
};

/* --- list_runs ---------------------------------------------------------------------------------------------------- */
static enum err_code mcp_list_runs(const struct mcp_request *rq, struct mcp_answer *out, struct err *e)
{
    int64_t limit = json_get_i64(rq->arguments, "limit", 20), offset = json_get_i64(rq->arguments, "offset", 0);
    struct store_run_row *rows;
    json_t *list;
    size_t count;

    TRY(mcp_store(rq->m, e));
    TRY(store_runs_list(rq->m->store, json_get_str(rq->arguments, "task_name"), limit + 1, offset, rq->a, &rows, &count,
                        e));
    list = json_array();
    for (size_t i = 0; i < count && (int64_t)i < limit; i++)
        json_array_append_new(list, report_run_row(&rows[i]));
    out->data = json_pack("{s:o, s:o}", "runs", list, "next_offset",
                          (int64_t)count > limit ? json_integer(offset + limit) : json_null());
    return ERR_OK;
}

const struct mcp_tool mcp_tool_list_runs = {
    .name = "list_runs", .title = "List runs", .doc = "The stored runs, newest first, a page at a time.",
    .input = "{\"type\":\"object\",\"properties\":{\"task_name\":{\"type\":\"string\",\"maxLength\":300},"
             "\"limit\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":200},\"offset\":{\"type\":\"integer\",\"minimum\":0,"
             "\"maximum\":100000000}},\"additionalProperties\":false}",
    .call = mcp_list_runs,
};
