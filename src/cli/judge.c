/* assay judge: a model scores the answers of a stored run; the tested models are asked nothing. */
#include "cli/session.h"
#include "eval/judge.h"
#include "eval/snapshot.h"

#include <inttypes.h>

static const struct option judge_options[] = {
    { "model", 'm', "MODEL", "the judge: openai:gpt-4o, sim:judge (default: the task's judge.model)", "@model" },
    { "rubric", 0, "FILE", "what to grade by: text, or YAML or JSON with weights {accuracy, format, compliance}", NULL },
    { "limit", 'n', "N", "judge at most N trials this time", NULL },
    { "budget", 'b', "USD", "stop cleanly before judging has cost this much; the same command goes on", NULL },
    { "again", 0, NULL, "a new pass, even where this judge has judged by this rubric", NULL },
    { "cache", 0, NULL, "give replies again that were paid for before, and keep new ones", NULL },
    { "seed", 0, "N", "of the simulator (default 1)", NULL },
    { "quiet", 'q', NULL, "no progress line, no notes", NULL },
    { "json", 0, NULL, "what came of it as JSON", NULL },
    SESSION_LLM_OPTIONS,
    OPTION_END,
};

struct judge_command {
    struct session s;
    struct run *run;
    struct task *task;
    struct model model;
    struct judge_rubric rubric;
    struct judge_options o;
    struct progress_line line;
};

static int judge_interrupted(void *arg)
{
    (void)arg;
    return interrupts_seen();
}

static void judge_progress(const struct judge_progress *p, void *arg)
{
    struct judge_command *c = arg;
    AUTO_BUF struct buf line = BUF_INIT(1024);
    char money[MONEY_TEXT];

    buf_printf(&line, "judged %" PRId64 "/%" PRId64, p->finished, p->trials);
    if (p->in_flight)
        buf_printf(&line, "  in flight %" PRId64, p->in_flight);
    if (p->not_evaluated)
        buf_printf(&line, "  not evaluated %" PRId64, p->not_evaluated);
    buf_printf(&line, "  %s%s%s", money_show(p->cost_nanousd, money), p->unknown_calls ? " + unknown" : "",
               p->stopping ? "  stopping: waiting for calls in flight" : "");
    progress_show(&c->line, buf_str(&line), false);
}

static enum err_code judge_model(struct judge_command *c, const struct args *args, struct err *e)
{
    struct str text = args_get(args, "model");

    if (!text.len)
        text = json_get_str(c->task->judge, "model");
    if (!text.len)
        return err_set(e, ERR_USAGE,
                       "no judge is named: say --model openai:gpt-4o, or put judge: {model: ...} into the task");
    TRY(llm_model_resolve(text, c->s.arena, &c->model, e));
    return llm_model_check_key(c->s.llm, &c->model, e);
}

static enum err_code judge_rubric(struct judge_command *c, const struct args *args, struct err *e)
{
    const json_t *own = json_child(c->task->judge, "rubric");

    if (args_has(args, "rubric"))
        return judge_rubric_file(args_get(args, "rubric"), c->s.arena, &c->rubric, e);
    if (judge_rubric_of(own ? S("task") : S("built-in"), own, c->s.arena, &c->rubric, e) != ERR_OK)
        return err_prefix(e, "the task's judge.rubric");
    return ERR_OK;
}

static enum err_code judge_prepare(struct judge_command *c, const struct args *args, struct err *e)
{
    struct session *s = &c->s;
    struct str ref = args_positional(args, 0);
    const json_t *params;
    json_t *settings;

    TRY(session_open(s, e));
    TRY(session_store(s, e));
    TRY(session_blob(s, e));
    TRY(store_run_get(s->store, ref.len ? ref : S("last"), s->arena, &c->run, e));
    TRY(json_read(c->run->settings, &settings, e));
    json_in_arena(settings, s->arena);
    TRY(snapshot_to_task(json_child(settings, "task"), s->arena, &c->task, e));
    TRY(session_llm(s, args, e));
    TRY(judge_model(c, args, e));
    TRY(judge_rubric(c, args, e));
    params = json_child(c->task->judge, "params");
    if (params && params_read(params, s->arena, &c->o.params, e) != ERR_OK)
        return err_prefix(e, "the task's judge.params");
    TRY(args_int(args, "limit", 1, INT64_MAX, &c->o.limit, e));
    TRY(args_int(args, "concurrency", 1, 10000, &c->o.concurrency, e));
    TRY(args_money(args, "budget", &c->o.budget_nanousd, e));
    c->o.model = &c->model;
    c->o.rubric = &c->rubric;
    c->o.instructions = json_get_str(c->task->judge, "instructions");
    c->o.again = args_has(args, "again");
    c->o.interrupted = judge_interrupted;
    c->o.progress = judge_progress;
    c->o.arg = c;
    return ERR_OK;
}

/* The simulator is wanted for the judge alone. */
static enum err_code judge_sim(struct judge_command *c, const struct args *args, struct err *e)
{
    struct variant v = { .model = c->model };
    struct task only = { .variants = &v, .variant_count = 1 };

    return session_sim(&c->s, args, &only, c->run->dataset_hash.at, e);
}

static json_t *judge_json(const struct judge_command *c, const struct judge_result *r)
{
    char money[MONEY_TEXT];
    json_t *o = json_object(), *weights = json_object();

    json_set_str(o, "run", c->run->id);
    json_object_set_new(o, "pass", json_integer(r->pass));
    json_object_set_new(o, "continued", json_boolean(r->continued));
    json_set_str(o, "model", c->model.name);
    json_set_str(o, "rubric", c->rubric.name);
    for (enum judge_part p = 0; p < JUDGE_PARTS; p++)
        json_object_set_new(weights, judge_part_name(p), json_real(c->rubric.weights[p]));
    json_object_set_new(o, "weights", weights);
    json_object_set_new(o, "trials", json_integer(r->trials));
    json_object_set_new(o, "before", json_integer(r->before));
    json_object_set_new(o, "judged", json_integer(r->judged));
    json_object_set_new(o, "not_evaluated", json_integer(r->not_evaluated));
    json_object_set_new(o, "failed", json_integer(r->failed));
    json_object_set_new(o, "repaired", json_integer(r->repaired));
    json_object_set_new(o, "flagged", json_integer(r->flagged));
    json_object_set_new(o, "capped", json_integer(r->capped));
    json_object_set_new(o, "cost_usd", json_string(money_exact(r->cost_nanousd, money)));
    json_object_set_new(o, "unknown_calls", json_integer(r->unknown_calls));
    json_object_set_new(o, "stopped_by", r->why == STOP_NONE ? json_null() : json_string(stop_reason_name(r->why)));
    return o;
}

static void judge_say(const struct judge_command *c, const struct judge_result *r)
{
    struct str id = id_short(c->run->id);
    char money[MONEY_TEXT];

    printf("pass %" PRId64 " of run " STR_FMT ": " STR_FMT " judged %" PRId64 " of %" PRId64 " trials", r->pass,
           STR_ARG(id), STR_ARG(c->model.name), r->judged, r->trials);
    if (r->before)
        printf(" (%" PRId64 " before)", r->before);
    printf(", rubric " STR_FMT ", %s%s\n", STR_ARG(term_clean(c->rubric.name, c->s.arena)),
           money_show(r->cost_nanousd, money), r->unknown_calls ? " + what has no price" : "");
    if (r->not_evaluated)
        printf("%" PRId64 " not evaluated: the judge's replies could not be read; `assay show " STR_FMT
               " TRIAL` says why\n", r->not_evaluated, STR_ARG(id));
    if (r->flagged)
        printf("%" PRId64 " flagged: judge and measurement are more than %d points apart; look at these before you trust "
               "the judge\n", r->flagged, JUDGE_FAR);
    printf("next: assay show " STR_FMT " --detail\n", STR_ARG(id));
}

static int judge_status(const struct judge_result *r)
{
    if (r->why == STOP_INTERRUPT)
        return 130;
    return r->why != STOP_NONE || r->failed || r->not_evaluated ? 3 : 0;
}

static void judge_cache_freep(struct cache **c)
{
    cache_free(*c);
}

static enum err_code judge_execute(struct judge_command *c, const struct args *args, int *status, struct err *e)
{
    AUTO(judge_cache_freep) struct cache *cache = NULL;
    struct judge_result r;
    enum err_code code;

    TRY(judge_sim(c, args, e));
    if (args_has(args, "cache"))
        cache = cache_new(c->s.store, c->s.llm, &(struct cache_options){ 0 });
    c->o.cache = cache;
    interrupts_watch();
    code = judge_run(c->s.store, c->s.blob, c->s.llm, c->run, &c->o, c->s.arena, &r, e);
    progress_clear(&c->line);
    TRY(code);
    if (r.failed)
        term_warn("%" PRId64 " trials could not be judged; the first: " STR_FMT, r.failed, STR_ARG(r.first_failure));
    if (c->o.budget_nanousd && r.unknown_calls)
        term_warn("the price of " STR_FMT " is not known, so the budget could not be kept to", STR_ARG(c->model.name));
    *status = judge_status(&r);
    if (args_has(args, "json"))
        TRY(term_json(judge_json(c, &r), e));
    else
        judge_say(c, &r);
    fflush(stdout);
    if (r.why != STOP_NONE || r.failed)
        fprintf(stderr, "%severy score so far is saved; the same command goes on\n",
                r.why == STOP_BUDGET      ? "the budget is spent; "
                : r.why == STOP_INTERRUPT ? "interrupted; "
                                          : "");
    return ERR_OK;
}

static enum err_code judge_main(struct args *args, int *status, struct err *e)
{
    struct judge_command c = { .o = { .limit = 0 } };
    enum err_code code;

    term_quiet(args_has(args, "quiet"));
    code = judge_prepare(&c, args, e);
    if (code == ERR_OK)
        code = judge_execute(&c, args, status, e);
    session_close(&c.s);
    return code;
}

const struct command command_judge = {
    .name = "judge", .usage = "[RUN] [options]", .summary = "Let a model score the answers of a stored run.",
    .doc = "Scores every finished trial from 0 to 100 for accuracy, format and compliance, next to the expected answer, the "
           "task's checks and a rubric. The tested models are asked nothing. The scores are a new pass beside the run's own: "
           "judge, judge_accuracy, judge_format and judge_compliance stand in every report from then on (1 is 100 points), "
           "those of the newest pass. A judgement that was broken off goes on with the same command and pays for nothing "
           "twice; another model or rubric begins another pass. Exit status 3: some trials have no score.",
    .options = judge_options, .positional_max = 1, .complete = "run", .run = judge_main,
};
