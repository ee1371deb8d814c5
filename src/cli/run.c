/* assay run: compare models on a task. The same command continues a run of the same trials that was not finished. */
#include "cli/running.h"
#include "eval/runner.h"

static const struct option run_options[] = {
    SESSION_TASK_OPTIONS,
    CHOOSING_OPTIONS,
    RUNNING_OPTIONS,
    { "fresh", 0, NULL, "start anew even when an unfinished run of the same trials exists", NULL },
    { "dry-run", 0, NULL, "plan and estimate, ask nothing", NULL },
    SESSION_LLM_OPTIONS,
    OPTION_END,
};

static enum err_code run_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    AUTO(plan_freep) struct plan *plan = NULL;
    AUTO_BUF struct buf headline = BUF_INIT(4096);
    bool found = false;

    term_quiet(args_has(args, "quiet"));
    TRY(session_open(&s, e));
    TRY(running_plan(&s, args, args_positional(args, 0).at,
                     args_has(args, "dry-run") ? CHOOSING_BY_RULES
                     : args_has(args, "fresh") ? CHOOSING_AFRESH
                                               : CHOOSING_ASKING,
                     &plan, e));
    running_headline(plan, &headline);
    if (args_has(args, "dry-run")) {
        buf_byte(&headline, '\n');
        return term_write(buf_str(&headline), e);
    }
    term_note("%s", buf_cstr(&headline));
    TRY(session_store(&s, e));
    if (!args_has(args, "fresh"))
        TRY(running_continue(&s, &plan, &found, e));
    if (found) {
        term_note("continuing run " STR_FMT " of the same trials (--fresh starts anew)",
                  STR_ARG(id_short(plan->run.id)));
    } else {
        TRY(running_confirm(args, plan, e));
        TRY(args_money(args, "budget", &plan->run.budget_nanousd, e));
        TRY(plan_store(plan, s.store, e));
    }
    if (args_has(args, "retry-failed")) {
        int64_t count;

        TRY(runner_forget_failed(plan, s.store, &count, e));
    }
    TRY(session_sim(&s, args, plan->task, plan->run.dataset_hash.at, e));
    return running_execute(&s, args, plan, status, e);
}

const struct command command_run = {
    .name = "run", .usage = "TASK [options]",
    .summary = "Run a task over its models; score, price and rank them.",
    .doc = "TASK is a task file, or a folder that holds task.yaml or USE-CASE.md. Keys come from the environment (OPENAI_API_KEY ...) or "
           "from files (OPENAI_API_KEY_FILE). `sim:` models need no key: a simulator answers for them. An interrupted run "
           "is continued by the same command.",
    .options = run_options, .positional_min = 1, .positional_max = 1, .complete = "file", .run = run_run,
};
