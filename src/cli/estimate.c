/* assay estimate: what a run would cost, per variant, before anything is asked. */
#include "cli/choosing.h"
#include "cli/running.h"
#include "eval/report/grid.h"

#include <inttypes.h>

static const struct option estimate_options[] = {
    SESSION_TASK_OPTIONS,
    CHOOSING_OPTIONS, { "json", 0, NULL, "as JSON", NULL }, SESSION_LLM_OPTIONS, OPTION_END,
};

static enum err_code estimate_run(struct args *args, int *status, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "variant", .least = 12 }, { .heading = "input tokens", .right = true, .drop = 1 },
        { .heading = "output tokens", .right = true, .drop = 2 }, { .heading = "cost", .right = true },
    };
    AUTO_SESSION s = { 0 };
    AUTO(plan_freep) struct plan *plan = NULL;
    AUTO_BUF struct buf headline = BUF_INIT(4096);
    struct grid *g;
    char money[MONEY_TEXT];

    (void)status;
    TRY(session_open(&s, e));
    TRY(running_plan_dry(&s, args, args_positional(args, 0).at, &plan, e));
    if (args_has(args, "json"))
        return term_json(plan_estimate_json(plan), e);
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
