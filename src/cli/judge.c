/* assay judge: a model scores the answers of a stored run; the tested models are asked nothing. */
#include "cli/session.h"
#include "eval/judge_quality.h"
#include "eval/snapshot.h"

#include <inttypes.h>

static const struct option judge_options[] = {
    { "model", 'm', "A,B", "the judge, or several (default: the task's judge.model)", "@model" },
    { "rubric", 0, "FILE", "what to grade by: text, or YAML or JSON with weights, criteria or labels", NULL },
    { "passes", 0, "N", "judge every trial N times (2 to 10), to see how far the judge agrees with itself", NULL },
    { "sample", 0, "N", "with --passes: only N trials, drawn by --seed, more than once", NULL },
    { "pairwise", 0, NULL, "compare two variants' answers to each case instead, in both orders", NULL },
    { "variants", 0, "A,B", "of --pairwise: each of the others against the first (default: all against the best)", "@variant" },
    { "limit", 'n', "N", "judge at most N trials this time", NULL },
    { "budget", 'b', "USD", "stop cleanly before judging has cost this much; the same command goes on", NULL },
    { "again", 0, NULL, "a new pass, even where this judge has judged by this rubric", NULL },
    { "cache", 0, NULL, "give replies again that were paid for before, and keep new ones", NULL },
    { "seed", 0, "N", "of --sample and of the simulator (default 1)", NULL },
    { "quiet", 'q', NULL, "no progress line, no notes", NULL },
    { "json", 0, NULL, "what came of it as JSON", NULL },
    SESSION_LLM_OPTIONS,
    OPTION_END,
};

/* One pass of a command: of which kind, by whom, and what came of it. */
struct judge_step { size_t model; struct judge_options o; struct judge_result r; };

struct judge_command {
    struct session s;
    struct run *run;
    struct task *task;
    struct model *models; size_t model_count;
    struct judge_rubric rubric;
    struct judge_options o;
    int64_t passes;
    const struct result *result;        /* of the run as it was when judging began (--pairwise), then as it is now */
    VEC(struct judge_step) steps;
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

static enum err_code judge_models(struct judge_command *c, const struct args *args, struct err *e)
{
    struct str usual = json_get_str(c->task->judge, "model"), *names = &usual;
    size_t n = args_has(args, "model") ? args_list(args, "model", &names) : usual.len > 0;

    if (!n)
        return err_set(e, ERR_USAGE,
                       "no judge is named: say --model openai:gpt-4o, or put judge: {model: ...} into the task");
    if (n > JUDGES_MAX)
        return err_set(e, ERR_USAGE, "--model takes at most %d judges, not %zu", JUDGES_MAX, n);
    c->models = arena_array(c->s.arena, struct model, n);
    for (size_t i = 0; i < n; i++) {
        TRY(llm_model_resolve(str_trim(names[i]), c->s.arena, &c->models[i], e));
        TRY(llm_model_check_key(c->s.llm, &c->models[i], e));
        for (size_t k = 0; k < i; k++)
            if (str_eq(c->models[k].name, c->models[i].name))
                return err_set(e, ERR_USAGE, "--model names " STR_FMT " twice; --passes 2 lets one judge judge twice",
                               STR_ARG(c->models[i].name));
    }
    c->model_count = n;
    return ERR_OK;
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

/* Which passes there will be. */
static enum err_code judge_what(struct judge_command *c, const struct args *args, struct err *e)
{
    int64_t seed = 1;

    c->passes = args_has(args, "sample") ? 2 : 1;
    TRY(args_int(args, "passes", 1, JUDGE_PASSES_MAX, &c->passes, e));
    TRY(args_int(args, "sample", 1, INT64_MAX, &c->o.sample, e));
    TRY(args_int(args, "seed", 0, INT64_MAX, &seed, e));
    c->o.seed = (uint64_t)seed;
    if (args_has(args, "sample") && c->passes < 2)
        return err_set(e, ERR_USAGE, "--sample says how many trials are judged more than once; say --passes 2 or more");
    if (args_has(args, "pairwise") && (args_has(args, "passes") || args_has(args, "sample")))
        return err_set(e, ERR_USAGE,
                       "--pairwise asks about each pair in both orders; --passes and --sample are for scores");
    if (c->rubric.label_count && c->passes > 1)
        return err_set(e, ERR_USAGE, "the rubric has labels; --passes and --sample are for scores");
    if (args_has(args, "variants") && !args_has(args, "pairwise"))
        return err_set(e, ERR_USAGE, "--variants says what --pairwise compares; say --pairwise too");
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
    TRY(judge_models(c, args, e));
    TRY(judge_rubric(c, args, e));
    params = json_child(c->task->judge, "params");
    if (params && params_read(params, s->arena, &c->o.params, e) != ERR_OK)
        return err_prefix(e, "the task's judge.params");
    TRY(args_int(args, "limit", 1, INT64_MAX, &c->o.limit, e));
    TRY(args_int(args, "concurrency", 1, 10000, &c->o.concurrency, e));
    TRY(args_money(args, "budget", &c->o.budget_nanousd, e));
    TRY(judge_what(c, args, e));
    c->o.rubric = &c->rubric;
    c->o.instructions = json_get_str(c->task->judge, "instructions");
    c->o.again = args_has(args, "again");
    c->o.interrupted = judge_interrupted;
    c->o.progress = judge_progress;
    c->o.arg = c;
    return ERR_OK;
}

/* The simulator is wanted for the judges alone. */
static enum err_code judge_sim(struct judge_command *c, const struct args *args, struct err *e)
{
    struct variant *v = arena_array(c->s.arena, struct variant, c->model_count);
    struct task only = { .variants = v, .variant_count = c->model_count };

    for (size_t i = 0; i < c->model_count; i++)
        v[i].model = c->models[i];
    return session_sim(&c->s, args, &only, c->run->dataset_hash.at, e);
}

/* --- which passes ------------------------------------------------------------------------------------------------- */

static enum err_code judge_variant(const struct judge_command *c, struct str name, int64_t *out, struct err *e)
{
    const struct result *r = c->result;
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (size_t i = 0; i < r->variant_count; i++) {
        if (str_eq(r->variants[i].name, name)) {
            *out = r->variants[i].no;
            return ERR_OK;
        }
        suggest_offer(&near, r->variants[i].name);
    }
    return err_set(e, ERR_USAGE, "the run has no variant \"" STR_FMT "\"%s", STR_ARG(name), suggest_hint(&near, hint));
}

/* The first is compared with each of the others. */
static enum err_code judge_pairs_plan(struct judge_command *c, const struct args *args, size_t model, struct err *e)
{
    struct str *names = NULL;
    size_t n = args_list(args, "variants", &names), count = n ? n : c->result->variant_count;
    int64_t *numbers = arena_array(c->s.arena, int64_t, count + 1);

    for (size_t i = 0; i < count; i++) {
        numbers[i] = c->result->variants[i].no;         /* the best first */
        if (n)
            TRY(judge_variant(c, str_trim(names[i]), &numbers[i], e));
        for (size_t k = 0; k < i; k++)
            if (numbers[k] == numbers[i])
                return err_set(e, ERR_USAGE, "--variants names \"" STR_FMT "\" twice", STR_ARG(names[i]));
    }
    if (count < 2)
        return err_set(e, ERR_USAGE, "--pairwise compares two variants of a run; %s",
                       n ? "--variants names one" : "this run has one");
    for (size_t i = 1; i < count; i++) {
        struct judge_step step = { .model = model, .o = c->o };

        step.o.kind = JUDGE_PASS_PAIRS;
        step.o.variants[0] = numbers[0];
        step.o.variants[1] = numbers[i];
        vec_push(&c->steps, step);
    }
    return ERR_OK;
}

static enum err_code judge_plan(struct judge_command *c, const struct args *args, struct err *e)
{
    struct result *before;

    if (args_has(args, "pairwise")) {
        TRY(result_load(c->s.store, c->run, c->s.arena, &before, e));
        c->result = before;
    }
    for (size_t m = 0; m < c->model_count; m++) {
        if (args_has(args, "pairwise")) {
            TRY(judge_pairs_plan(c, args, m, e));
            continue;
        }
        for (int nth = 1; nth <= c->passes; nth++) {
            struct judge_step step = { .model = m, .o = c->o };

            step.o.kind = c->rubric.label_count ? JUDGE_PASS_LABELS : nth > 1 ? JUDGE_PASS_AGAIN : JUDGE_PASS_SCORES;
            step.o.nth = nth;
            vec_push(&c->steps, step);
        }
    }
    return ERR_OK;
}

/* --- what came of it ---------------------------------------------------------------------------------------------- */

static struct str judge_variant_name(const struct judge_command *c, int64_t no)
{
    for (size_t i = 0; c->result && i < c->result->variant_count; i++)
        if (c->result->variants[i].no == no)
            return term_clean(c->result->variants[i].name, c->s.arena);
    return STR_NONE;
}

static json_t *judge_json(const struct judge_command *c, const struct judge_step *step)
{
    const struct judge_result *r = &step->r;
    char money[MONEY_TEXT];
    json_t *o = json_object(), *weights = json_object();

    json_set_str(o, "run", c->run->id);
    json_object_set_new(o, "pass", json_integer(r->pass));
    json_object_set_new(o, "by", json_string(judge_pass_name(step->o.kind)));
    json_object_set_new(o, "continued", json_boolean(r->continued));
    json_set_str(o, "model", c->models[step->model].name);
    json_set_str(o, "rubric", c->rubric.name);
    for (enum judge_part p = 0; p < JUDGE_PARTS; p++)
        json_object_set_new(weights, judge_part_name(p), json_real(c->rubric.weights[p]));
    if (c->rubric.criterion_count || c->rubric.label_count)
        json_decref(weights);
    else
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

static enum err_code judge_measured(struct judge_command *c, int64_t pass, struct judge_quality *out, struct err *e)
{
    return judge_quality_load(c->s.store, c->run, c->result->judging, pass, c->s.arena, out, e);
}

/* The last judge's scores; with several judges or passes each under `passes`, comparisons under `preferences`. */
static enum err_code judge_all_json(struct judge_command *c, struct err *e)
{
    AUTO_JSON *o = json_object();
    json_t *passes = json_array(), *pairs = json_array(), *labels = json_array();
    struct judge_quality q;

    for (size_t i = 0; i < c->steps.len; i++) {
        const struct judge_step *step = &c->steps.at[i];
        json_t *one = judge_json(c, step);

        json_array_append_new(passes, one);
        if (step->o.kind == JUDGE_PASS_AGAIN)
            continue;
        json_object_update(o, one);
        if (step->o.kind == JUDGE_PASS_SCORES && judge_measured(c, step->r.pass, &q, e) == ERR_OK) {
            json_object_set_new(one, "measured", judge_quality_json(&q));
            json_object_set(o, "measured", json_child(one, "measured"));
        }
        for (size_t k = 0; k < c->result->labelled_count; k++)
            if (step->o.kind == JUDGE_PASS_LABELS && c->result->labelled[k].pass == step->r.pass)
                json_array_append_new(labels, judge_labelled_json(&c->result->labelled[k],
                                                                  report_names(c->result, c->s.arena)));
        for (size_t k = 0; k < c->result->pair_count; k++) {
            const struct judge_pairs *p = &c->result->pairs[k];

            if (step->o.kind == JUDGE_PASS_PAIRS && p->pass == step->r.pass)
                json_array_append_new(pairs, judge_pairs_json(p, judge_variant_name(c, p->variants[0]),
                                                              judge_variant_name(c, p->variants[1])));
        }
    }
    json_object_set_new(o, "passes", passes);
    if (json_array_size(pairs))
        json_object_set(o, "preferences", pairs);
    if (json_array_size(labels))
        json_object_set(o, "judge_labels", labels);
    json_decref(pairs);
    json_decref(labels);
    return term_json(TAKE(o), e);
}

static void judge_say_step(const struct judge_command *c, const struct judge_step *step)
{
    const struct judge_result *r = &step->r;
    bool pairs = step->o.kind == JUDGE_PASS_PAIRS;
    struct str id = id_short(c->run->id);
    char money[MONEY_TEXT];

    printf("pass %" PRId64 " of run " STR_FMT ": " STR_FMT " judged %" PRId64 " of %" PRId64 " %s", r->pass,
           STR_ARG(id), STR_ARG(c->models[step->model].name), r->judged, r->trials,
           pairs                              ? "orders"
           : step->o.kind == JUDGE_PASS_AGAIN ? "trials again"
                                              : "trials");
    if (r->before)
        printf(" (%" PRId64 " before)", r->before);
    printf(", rubric " STR_FMT ", %s%s\n", STR_ARG(term_clean(c->rubric.name, c->s.arena)),
           money_show(r->cost_nanousd, money), r->unknown_calls ? " + what has no price" : "");
    if (r->not_evaluated)
        printf("%" PRId64 " not evaluated: the judge's replies could not be read%s" STR_FMT "%s\n", r->not_evaluated,
               pairs ? "" : "; `assay show ", STR_ARG(pairs ? STR_NONE : id), pairs ? "" : " TRIAL` says why");
    if (r->flagged)
        printf("%" PRId64 " flagged: judge and measurement are more than %d points apart; look at these before you trust "
               "the judge\n", r->flagged, JUDGE_FAR);
}

static void judge_line(const char *label, struct str text)
{
    printf("  %-14s", label);
    term_wrap(stdout, text, 16, term_get()->columns);
}

/* The scores of what was judged, and what is known about who judged. */
static enum err_code judge_say_scores(struct judge_command *c, const struct judge_step *step, struct err *e)
{
    const struct result *r = c->result;
    struct judge_quality_line lines[JUDGE_QUALITY_LINES];
    struct judge_quality q;
    size_t n;

    for (size_t v = 0; v < r->variant_count && step->r.pass == r->judge.pass; v++)
        judge_line(v ? "" : "scores",
                   arena_printf(c->s.arena, STR_FMT ": " STR_FMT, STR_ARG(term_clean(r->variants[v].name, c->s.arena)),
                                STR_ARG(
                                    report_estimate(&r->variants[v].scores[r->judge_at], METRIC_RATIO, c->s.arena))));
    TRY(judge_measured(c, step->r.pass, &q, e));
    n = judge_quality_lines(&q, id_short(c->run->id), c->s.arena, lines);
    for (size_t i = 0; i < n; i++)
        judge_line(lines[i].label, lines[i].text);
    return ERR_OK;
}

static void judge_say_labels(const struct judge_command *c, const struct judge_labelled *l)
{
    for (size_t v = 0; v < c->result->variant_count; v++)
        judge_line(v ? "" : "labels", arena_printf(c->s.arena, STR_FMT ": " STR_FMT,
                                                   STR_ARG(term_clean(c->result->variants[v].name, c->s.arena)),
                                                   STR_ARG(report_labels_of(l, &c->result->variants[v], c->s.arena))));
    judge_line("with people", report_labelled(l, c->s.arena));
}

/* A threshold of what this judged. */
static bool judge_missed(const struct judge_command *c, bool say)
{
    const struct result *r = c->result;
    bool missed = false;

    for (size_t i = 0; i < r->threshold_count; i++) {
        const struct result_threshold *t = &r->thresholds[i];
        bool ours = false;

        for (size_t k = r->judge_at; k < r->scorer_count; k++)
            ours |= str_eq(r->scorers[k].name, t->metric);
        if (!ours || t->met)
            continue;
        missed = true;
        if (say)
            printf("threshold missed: " STR_FMT " has " STR_FMT " %.4g, at least %.4g is wanted\n",
                   STR_ARG(term_clean(r->variants[t->variant].name, c->s.arena)), STR_ARG(t->metric), t->value,
                   t->limit);
    }
    return missed;
}

static enum err_code judge_say(struct judge_command *c, struct err *e)
{
    bool scores = false;

    for (size_t i = 0; i < c->steps.len; i++) {
        const struct judge_step *step = &c->steps.at[i];
        bool last = i + 1 == c->steps.len || c->steps.at[i + 1].o.kind != JUDGE_PASS_AGAIN;

        judge_say_step(c, step);
        for (size_t k = 0; k < c->result->pair_count && step->o.kind == JUDGE_PASS_PAIRS; k++)
            if (c->result->pairs[k].pass == step->r.pass)
                judge_line("", report_preference(c->result, &c->result->pairs[k], c->s.arena));
        for (size_t k = 0; k < c->result->labelled_count && step->o.kind == JUDGE_PASS_LABELS; k++)
            if (c->result->labelled[k].pass == step->r.pass)
                judge_say_labels(c, &c->result->labelled[k]);
        while (last && step->o.kind == JUDGE_PASS_AGAIN)
            step--;
        if (last && step->o.kind == JUDGE_PASS_SCORES) {
            TRY(judge_say_scores(c, step, e));
            scores = true;
        }
    }
    judge_missed(c, true);
    printf("next: assay show " STR_FMT "%s\n", STR_ARG(id_short(c->run->id)), scores ? " --detail" : "");
    return ERR_OK;
}

/* --- doing it ----------------------------------------------------------------------------------------------------- */

static int judge_status(const struct judge_command *c)
{
    int status = judge_missed(c, false) ? 1 : 0;

    for (size_t i = 0; i < c->steps.len; i++) {
        const struct judge_result *r = &c->steps.at[i].r;

        if (r->why == STOP_INTERRUPT)
            return 130;
        if (r->why != STOP_NONE || r->failed || r->not_evaluated)
            status = 3;
    }
    return status;
}

static void judge_cache_freep(struct cache **c)
{
    cache_free(*c);
}

/* Steps that were not begun, because one before them was stopped, are cut off. */
static enum err_code judge_steps(struct judge_command *c, struct err *e)
{
    int64_t budget = c->o.budget_nanousd;

    for (size_t i = 0; i < c->steps.len; i++) {
        struct judge_step *step = &c->steps.at[i];

        step->o.model = &c->models[step->model];
        if (step->o.kind == JUDGE_PASS_AGAIN)
            step->o.of = c->steps.at[i - (size_t)(step->o.nth - 1)].r.pass;
        step->o.budget_nanousd = budget;
        TRY(judge_run(c->s.store, c->s.blob, c->s.llm, c->run, &step->o, c->s.arena, &step->r, e));
        if (budget)
            budget = MAX(budget - step->r.cost_nanousd, INT64_C(1));
        if (step->r.why != STOP_NONE)
            c->steps.len = i + 1;
    }
    return ERR_OK;
}

static void judge_warn(const struct judge_command *c, const struct judge_step *step)
{
    const struct judge_result *r = &step->r;

    if (r->failed)
        term_warn("%" PRId64 " trials could not be judged; the first: " STR_FMT, r->failed, STR_ARG(r->first_failure));
    if (c->o.budget_nanousd && r->unknown_calls)
        term_warn("the price of " STR_FMT " is not known, so the budget could not be kept to",
                  STR_ARG(c->models[step->model].name));
}

static enum err_code judge_execute(struct judge_command *c, const struct args *args, int *status, struct err *e)
{
    AUTO(judge_cache_freep) struct cache *cache = NULL;
    enum stop_reason why = STOP_NONE;
    struct result *result;
    enum err_code code;
    bool failed = false;

    TRY(judge_sim(c, args, e));
    if (args_has(args, "cache"))
        cache = cache_new(c->s.store, c->s.llm, &(struct cache_options){ 0 });
    c->o.cache = cache;
    TRY(judge_plan(c, args, e));
    interrupts_watch();
    code = judge_steps(c, e);
    progress_clear(&c->line);
    TRY(code);
    for (size_t i = 0; i < c->steps.len; i++) {
        judge_warn(c, &c->steps.at[i]);
        failed |= c->steps.at[i].r.failed > 0;
        why = c->steps.at[i].r.why;
    }
    TRY(result_load(c->s.store, c->run, c->s.arena, &result, e));
    c->result = result;
    *status = judge_status(c);
    TRY(args_has(args, "json") ? judge_all_json(c, e) : judge_say(c, e));
    fflush(stdout);
    if (why != STOP_NONE || failed)
        fprintf(stderr, "%severy score so far is saved; the same command goes on\n",
                why == STOP_BUDGET      ? "the budget is spent; "
                : why == STOP_INTERRUPT ? "interrupted; "
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
    vec_dispose(&c.steps);
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
