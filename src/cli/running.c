#include "cli/running.h"

#include "eval/runner.h"

#include <inttypes.h>

struct running { struct plan *plan; struct progress_line line; int64_t budget_nanousd; bool told_stopping; };

static const char *running_dot(void)
{
    return term_get()->unicode ? " · " : " - ";
}

void running_headline(const struct plan *plan, struct buf *out)
{
    const struct plan_estimate *est = &plan->estimate;
    char money[MONEY_TEXT];

    buf_printf(out, STR_FMT "%s%" PRId64 " case%s x %" PRId64 " variant%s x %" PRId64 " = %" PRId64 " trials%s",
               STR_ARG(plan->run.task_name), running_dot(), plan->run.cases, plan->run.cases == 1 ? "" : "s",
               plan->run.variants, plan->run.variants == 1 ? "" : "s", plan->run.repeat, est->trials, running_dot());
    if (est->unknown_variants == plan->run.variants)
        buf_printf(out, "estimate unknown (no price known)");
    else
        buf_printf(out, "estimate %s%s (input counted, output assumed)%s", plan->task->sure.on ? "up to " : "",
                   money_show(est->cost_nanousd, money), est->unknown_variants ? " + what has no price" : "");
    if (est->cut_cases && plan->task->chunking.mode == CHUNK_AUTO)
        buf_printf(out, "\n%" PRId64 " of %" PRId64 " sampled inputs fill more than 80 %% of the smallest context: "
                   "asked in parts (`chunking`)", est->cut_cases, est->sampled_cases);
    else if (est->cut_cases)
        buf_printf(out, "\n%" PRId64 " of %" PRId64 " sampled inputs are asked in parts", est->cut_cases,
                   est->sampled_cases);
}

static void running_time(int64_t ms, struct buf *out)
{
    int64_t s = (ms + 500) / 1000;

    if (s < 90)
        buf_printf(out, "%" PRId64 " s", s);
    else if (s < 5400)
        buf_printf(out, "%" PRId64 " min", (s + 30) / 60);
    else
        buf_printf(out, "%.1f h", (double)s / 3600);
}

static void running_bar(int64_t done, int64_t all, int width, struct buf *out)
{
    int full = all ? (int)(done * width / all) : 0;

    buf_byte(out, '[');
    for (int i = 0; i < width; i++)
        buf_byte(out, i < full ? '#' : i == full ? '>' : ' ');
    buf_puts(out, "] ");
}

static void running_progress(const struct runner_progress *p, void *arg)
{
    struct running *r = arg;
    AUTO_BUF struct buf line = BUF_INIT(4096);
    char money[MONEY_TEXT];
    int64_t now = p->finished - p->started_finished;
    double rate = p->elapsed_ms > 0 ? (double)now * 1000 / (double)p->elapsed_ms : 0;

    if (term_get()->err_tty && term_get()->columns >= 76)
        running_bar(p->finished, p->trials, term_get()->columns >= 110 ? 24 : 8, &line);
    buf_printf(&line, "%" PRId64 "/%" PRId64 " %d %%", p->finished, p->trials,
               p->trials ? (int)(p->finished * 100 / p->trials) : 100);
    if (p->compare)
        buf_printf(&line, "  comparing answers: case %" PRId64 " of %" PRId64, p->compared, p->compare);
    else
        buf_printf(&line, "  %.*f/s", rate < 10 ? 1 : 0, rate);
    if (p->in_flight)
        buf_printf(&line, "  in flight %" PRId64, p->in_flight);
    if (p->retried)
        buf_printf(&line, "  retried %" PRId64, p->retried);
    if (p->rate_limited)
        buf_printf(&line, " (429: %" PRId64 ")", p->rate_limited);
    if (p->failed)
        buf_printf(&line, "  failed %" PRId64, p->failed);
    buf_printf(&line, "  %s", money_show(p->cost_nanousd, money));
    if (r->budget_nanousd)
        buf_printf(&line, " of %s", money_show(r->budget_nanousd, money));
    if (p->unknown_calls)
        buf_puts(&line, " + unknown");
    if (p->stopped)
        buf_printf(&line, "  sure: %" PRId64 " of %" PRId64 " variants stopped", p->stopped, p->variants);
    if (p->stopping) {
        buf_printf(&line, "  stopping: %s", p->stopping == 1 ? "waiting for calls in flight" : "dropping calls");
    } else if (p->paused_ms > 500) {
        buf_puts(&line, "  paused ");
        running_time(p->paused_ms, &line);
    } else if (now > 0 && p->finished < p->trials) {
        buf_puts(&line, "  ");
        running_time((int64_t)((double)(p->trials - p->finished) / rate * 1000), &line);
        buf_puts(&line, " left");
    }
    progress_show(&r->line, buf_str(&line), false);
}

static int running_interrupted(void *arg)
{
    (void)arg;
    return interrupts_seen();
}

enum err_code running_confirm(const struct args *args, const struct plan *plan, struct err *e)
{
    char money[MONEY_TEXT], question[128];

    if (plan->estimate.cost_nanousd <= RUNNING_WARN_NANOUSD || args_has(args, "yes"))
        return ERR_OK;
    term_warn("the estimate is %s, more than $10", money_show(plan->estimate.cost_nanousd, money));
    if (!term_get()->err_tty)
        return ERR_OK;
    snprintf(question, sizeof question, "Spend about %s?", money);
    if (term_ask(question))
        return ERR_OK;
    return err_set(e, ERR_CANCELLED, "nothing was asked and nothing was spent");
}

/* --- the result --------------------------------------------------------------------------------------------------- */
/* The format of a file by its ending; what a promptfoo configuration writes as .json has promptfoo's own fields. */
static struct str running_format_of(struct str file, const struct result *result)
{
    size_t checks = 0, tests = 0;

    for (size_t i = 0; i < result->judge_at; i++) {
        checks += result->scorers[i].kind == SCORER_CHECK;
        tests += result->scorers[i].kind == SCORER_CHECK && str_is(result->scorers[i].base, "promptfoo");
    }
    return checks == 1 && tests == 1 && str_is(path_ext(file), "json") ? S("promptfoo") : path_ext(file);
}

static enum err_code running_report(struct session *s, const struct args *args, const struct result *result,
                                    struct err *e)
{
    struct report_options options = session_report_options(), plain = { .columns = 100, .detail = true };
    struct str name = args_has(args, "json") ? S("json") : args_get(args, "format"), file = args_get(args, "output");
    const struct report_format *format, *of_file;

    options.blob = plain.blob = s->blob;
    TRY(session_format(name.len ? name : S("table"), &format, e));
    session_report_cases(s, result, &options);
    plain.cases = options.cases;
    if (file.len) {
        TRY(session_format(name.len ? name : running_format_of(file, result), &of_file, e));
        TRY(session_report_file(s, result, of_file, &plain, file, e));
        format = report_find(S("table"));
    }
    options.no_header = !args_has(args, "quiet");       /* the headline was shown before the run */
    return format->write(result, s->store, &options, &term_sink, e);
}

static void running_next(const struct args *args, const struct plan *plan, const struct runner_result *ran)
{
    struct str id = id_short(plan->run.id);

    if (args_has(args, "json") || (args_has(args, "format") && !str_is(args_get(args, "format"), "table")))
        return;
    if (ran->state == RUN_DONE)
        printf("\n next: assay show " STR_FMT " --violations%s%s%sassay report --html\n", STR_ARG(id), running_dot(),
               plan->run.variants > 1 ? "assay compare" : "", plan->run.variants > 1 ? running_dot() : "");
    if (ran->failed_now)
        printf(" again: assay resume " STR_FMT " --retry-failed\n", STR_ARG(id));
}

static void running_stopped(const struct plan *plan, const struct runner_result *ran)
{
    static const char *const whys[STOP_REASONS] = {
        [STOP_NONE] = "stopped", [STOP_INTERRUPT] = "interrupted", [STOP_BUDGET] = "the budget is spent",
        [STOP_OVER_ESTIMATE] = "the cost is more than 150 % of the estimate", [STOP_STORE] = "the store failed",
    };

    fprintf(stderr, "%s; everything answered so far is saved. Go on with: assay resume " STR_FMT "%s\n", whys[ran->why],
            STR_ARG(id_short(plan->run.id)),
            ran->why == STOP_BUDGET          ? " --budget USD"
            : ran->why == STOP_OVER_ESTIMATE ? " --yes"
                                             : "");
}

static int running_status(const struct runner_result *ran, const struct result *result)
{
    if (ran->state != RUN_DONE)
        return ran->why == STOP_INTERRUPT ? 130 : 3;
    if (ran->all_auth)
        return 4;
    if (result->failed > 0)
        return 3;
    return result->thresholds_met ? 0 : 1;
}

/* What the cache gave is said, so that nobody takes an old answer for a new one. */
static void running_cached(const struct runner_result *ran)
{
    char money[MONEY_TEXT];

    if (ran->cached)
        term_note("%" PRId64 " answers came from the cache and cost nothing (asking had cost %s)\n", ran->cached,
                  money_show(ran->saved_nanousd, money));
}

/* NULL in *out when no cache is wanted. */
static enum err_code running_cache(struct session *s, const struct args *args, bool wanted, struct cache **out,
                                   struct err *e)
{
    struct cache_options o = { 0 };
    int64_t mib = 0;

    TRY(args_duration(args, "cache-max-age", &o.max_age_ms, e));
    TRY(args_int(args, "cache-size", 1, 1 << 20, &mib, e));
    o.bytes_max = mib << 20;
    if (wanted || args_has(args, "cache") || args_has(args, "cache-max-age"))
        *out = cache_new(s->store, s->llm, &o);
    else if (mib)
        return err_set(e, ERR_USAGE, "--cache-size says how large the cache may be; give --cache to use one");
    return ERR_OK;
}

static void running_cache_freep(struct cache **c)
{
    cache_free(*c);
}

static enum err_code running_new(struct session *s, struct task *task, const struct data_pack_info *info,
                                 const json_t *select, struct plan **out, struct err *e)
{
    struct arena *a = arena_new_sized(16 * 1024);

    if (plan_new(task, a, s->blob, info, select, s->llm, out, e) == ERR_OK)
        return ERR_OK;
    arena_free(a);
    return e->code;
}

enum err_code running_plan(struct session *s, const struct args *args, const char *path, enum choosing_how how,
                           struct plan **out, struct err *e)
{
    struct choosing chosen = { .reused = false };
    struct data_pack_info info;
    const json_t *select;
    struct task *task;

    TRY(session_task(s, args, path, &task, e));
    TRY(session_llm(s, args, e));
    if (task->models_auto) {                    /* what fits depends on the cases */
        TRY(session_cases(s, args, task, &info, &select, e));
        TRY(args_money(args, "budget", &task->budget_nanousd, e));
        TRY(choosing_make(s, args, &task, path, &info, how, &chosen, e));
    }
    TRY(plan_resolve(task, s->arena, e));
    TRY(plan_check_keys(task, s->llm, e));
    if (!chosen.told)
        TRY(session_cases(s, args, task, &info, &select, e));
    TRY(running_new(s, task, &info, select, out, e));
    plan_add_choosing(*out, &chosen.choice.ledger);
    return ERR_OK;
}

enum err_code running_plan_dry(struct session *s, const struct args *args, const char *path, struct plan **out,
                               struct err *e)
{
    struct choosing chosen;
    struct data_pack_info info;
    const json_t *select;
    struct task *task;

    TRY(session_task(s, args, path, &task, e));
    TRY(session_llm(s, args, e));
    TRY(session_cases(s, args, task, &info, &select, e));
    if (task->models_auto)
        TRY(choosing_make(s, args, &task, path, &info, CHOOSING_BY_RULES, &chosen, e));
    return running_new(s, task, &info, select, out, e);
}

enum err_code running_continue(struct session *s, struct plan **plan, bool *found, struct err *e)
{
    struct run *old = NULL;
    struct plan *again;

    *found = false;
    TRY(store_run_resumable(s->store, (*plan)->run.fingerprint, s->arena, &old, e));
    if (!old)
        return ERR_OK;
    TRY(plan_of_run(old, s->blob, s->llm, &again, e));
    plan_free(*plan);
    *plan = again;
    *found = true;
    return ERR_OK;
}

enum err_code running_execute(struct session *s, const struct args *args, struct plan *plan, int *status, struct err *e)
{
    struct running_more more = { .cached = false };

    return running_execute_as(s, args, plan, &more, status, e);
}

enum err_code running_execute_as(struct session *s, const struct args *args, struct plan *plan,
                                 struct running_more *more, int *status, struct err *e)
{
    struct running running = { .plan = plan, .budget_nanousd = plan->run.budget_nanousd };
    struct runner_options options = { .interrupted = running_interrupted, .progress = running_progress, .arg = &running,
                                      .ignore_estimate = args_has(args, "yes") };
    AUTO(running_cache_freep) struct cache *cache = NULL;
    struct runner_result ran;
    struct result *result;
    struct run *run;
    enum err_code code;

    TRY(args_int(args, "concurrency", 1, 10000, &options.concurrency, e));
    TRY(args_money(args, "budget", &options.budget_nanousd, e));
    if (more->budget_nanousd)
        options.budget_nanousd = more->budget_nanousd;
    if (options.budget_nanousd)
        running.budget_nanousd = options.budget_nanousd;
    TRY(running_cache(s, args, more->cached, &cache, e));
    options.cache = cache;
    interrupts_watch();
    code = runner_run(plan, s->store, s->llm, &options, &ran, e);
    progress_clear(&running.line);
    TRY(code);
    TRY(store_run_get(s->store, plan->run.id, s->arena, &run, e));
    TRY(result_load(s->store, run, s->arena, &result, e));
    if (ran.first_failure.len)
        term_warn("%" PRId64 " trials failed; the first: " STR_FMT, result->failed, STR_ARG(ran.first_failure));
    running_cached(&ran);
    more->result = result;
    if (!more->silent) {
        TRY(running_report(s, args, result, e));
        if (!more->no_next)
            running_next(args, plan, &ran);
        fflush(stdout);
    }
    if (ran.state != RUN_DONE)
        running_stopped(plan, &ran);
    *status = running_status(&ran, result);
    return ERR_OK;
}
