/* assay resume: continue a run exactly as it was planned, whatever became of its files. */
#include "cli/running.h"
#include "eval/runner.h"

static const struct option resume_options[] = {
    RUNNING_OPTIONS,
    { "ask-all", 0, NULL, "ask what --stop-when-sure left out too", NULL },
    { "seed", 0, "N", "of the simulator (default 1)", NULL },
    SESSION_LLM_OPTIONS,
    OPTION_END,
};

static enum err_code resume_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    AUTO(plan_freep) struct plan *plan = NULL;
    struct str ref = args_positional(args, 0);
    struct run *run;
    int64_t failed = 0;

    term_quiet(args_has(args, "quiet"));
    TRY(session_open(&s, e));
    TRY(session_store(&s, e));
    TRY(session_blob(&s, e));
    TRY(store_run_get(s.store, ref.len ? ref : S("last"), s.arena, &run, e));
    TRY(session_llm(&s, args, e));
    TRY(plan_of_run(run, s.blob, s.llm, &plan, e));
    TRY(plan_check_keys(plan->task, s.llm, e));
    if (args_has(args, "retry-failed"))
        TRY(runner_forget_failed(plan, s.store, &failed, e));
    if (args_has(args, "ask-all"))
        plan->task->sure.on = false;
    if (run->state == RUN_DONE && failed == 0 && !(args_has(args, "ask-all") && run->stopped_by == STOP_SURE))
        return err_set(e, ERR_CONFLICT, "run " STR_FMT " is finished%s; `assay show " STR_FMT "` shows it",
                       STR_ARG(id_short(run->id)), args_has(args, "retry-failed") ? " and has no failed trial" : "",
                       STR_ARG(id_short(run->id)));
    term_note("continuing run " STR_FMT " of " STR_FMT, STR_ARG(id_short(run->id)), STR_ARG(run->task_name));
    TRY(session_sim(&s, args, plan->task, plan->run.dataset_hash.at, e));
    return running_execute(&s, args, plan, status, e);
}

const struct command command_resume = {
    .name = "resume", .usage = "[RUN] [options]", .summary = "Continue an interrupted run (the last one by default).",
    .options = resume_options, .positional_max = 1, .complete = "run", .run = resume_run,
};
