/* assay estimate: what a run would cost, per variant, before anything is asked. */
#include "cli/choosing.h"
#include "cli/running.h"
#include "eval/report/grid.h"

#include <inttypes.h>

static const struct option estimate_options[] = {
    SESSION_TASK_OPTIONS,
    CHOOSING_OPTIONS, { "json", 0, NULL, "as JSON", NULL }, SESSION_LLM_OPTIONS, OPTION_END,
};

static json_t *estimate_json(const struct plan *plan)
{
    const struct plan_estimate *est = &plan->estimate;
    json_t *o = json_object(), *list = json_array();
    char money[MONEY_TEXT];

    json_set_str(o, "task", plan->run.task_name);
    json_object_set_new(o, "cases", json_integer(plan->run.cases));
    json_object_set_new(o, "trials", json_integer(est->trials));
    json_object_set_new(o, "calls", json_integer(est->calls));
    json_object_set_new(o, "cost_usd", json_string(money_exact(est->cost_nanousd, money)));
    json_object_set_new(o, "at_most", json_boolean(plan->task->sure.on));
    json_object_set_new(o, "unpriced_variants", json_integer(est->unknown_variants));
    json_object_set_new(o, "output_tokens_assumed_per_call", json_integer(est->output_per_call));
    for (size_t i = 0; i < plan->task->variant_count; i++) {
        const struct plan_variant_estimate *v = &est->variants[i];
        json_t *one = json_object();

        json_set_str(one, "variant", plan->task->variants[i].name);
        json_object_set_new(one, "input_tokens", json_integer(v->input_tokens));
        json_object_set_new(one, "output_tokens", json_integer(v->output_tokens));
        json_object_set_new(one, "cost_usd",
                            v->cost_nanousd == MONEY_UNKNOWN ? json_null()
                                                             : json_string(money_exact(v->cost_nanousd, money)));
        json_array_append_new(list, one);
    }
    json_object_set_new(o, "variants", list);
    return o;
}

static enum err_code estimate_run(struct args *args, int *status, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "variant", .least = 12 }, { .heading = "input tokens", .right = true, .drop = 1 },
        { .heading = "output tokens", .right = true, .drop = 2 }, { .heading = "cost", .right = true },
    };
    AUTO_SESSION s = { 0 };
    AUTO(plan_freep) struct plan *plan = NULL;
    AUTO_BUF struct buf headline = BUF_INIT(4096);
    struct arena *a;
    struct task *task;
    struct data_pack_info info;
    struct choosing chosen;
    const json_t *select;
    struct grid *g;
    char money[MONEY_TEXT];

    (void)status;
    TRY(session_open(&s, e));
    TRY(session_task(&s, args, args_positional(args, 0).at, &task, e));
    TRY(session_llm(&s, args, e));
    TRY(session_cases(&s, args, task, &info, &select, e));
    if (task->models_auto)
        TRY(choosing_make(&s, args, &task, args_positional(args, 0).at, &info, CHOOSING_BY_RULES, &chosen, e));
    a = arena_new_sized(16 * 1024);
    if (plan_new(task, a, s.blob, &info, select, s.llm, &plan, e) != ERR_OK) {
        arena_free(a);
        return e->code;
    }
    if (args_has(args, "json"))
        return term_json(estimate_json(plan), e);
    running_headline(plan, &headline);
    term_wrap(stdout, buf_str(&headline), 0, term_get()->columns);
    printf("\n");
    g = grid_new(s.arena, columns, COUNT_OF(columns));
    for (size_t i = 0; i < plan->task->variant_count; i++) {
        const struct plan_variant_estimate *v = &plan->estimate.variants[i];

        grid_cell(g, plan->task->variants[i].name, GRID_PLAIN);
        grid_cellf(g, "%" PRId64, v->input_tokens);
        grid_cellf(g, "%" PRId64, v->output_tokens);
        grid_cellf(g, "%s", money_show(v->cost_nanousd, money));
    }
    TRY(session_grid(g, e));
    printf("\nInput is counted over a sample of the cases: exactly for OpenAI's models, about right for others. %" PRId64
           " output\ntokens a call are assumed. Prices of " STR_FMT ".\n", plan->estimate.output_per_call,
           STR_ARG(llm_prices_dated(s.llm)));
    return ERR_OK;
}

const struct command command_estimate = {
    .name = "estimate", .usage = "TASK [options]", .summary = "Say what a run would cost, without asking anything.",
    .options = estimate_options, .positional_min = 1, .positional_max = 1, .complete = "file", .run = estimate_run,
};
