/* assay validate: every fault of task files and their cases, at once, before anything is asked. */
#include "cli/session.h"

#include "eval/task_verify.h"

static const struct option validate_options[] = {
    SESSION_TASK_OPTIONS,
    { "no-cases", 0, NULL, "don't read the dataset", NULL },
    { "json", 0, NULL, "the problems as JSON", NULL },
    OPTION_END,
};

static enum err_code validate_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    AUTO(problems_dispose) struct problems problems = PROBLEMS_INIT;
    const char *path = args_positional(args, 0).at;
    bool json = args_has(args, "json");
    struct task_overrides over = { .prompt = args_get(args, "prompt"), .dataset = args_get(args, "dataset"),
                                   .expected = args_get(args, "expected") };
    struct err later = ERR_INIT;
    struct str *models;
    struct task *task = NULL;
    int64_t cases = 0;

    TRY(session_open(&s, e));
    over.model_count = args_list(args, "models", &models);
    over.models = models;
    over.strict = args_has(args, "strict");
    if (task_load(path, &over, s.arena, &task, &problems, e) != ERR_OK) {
        if (!problems.errors)
            return e->code;                 /* the file itself could not be read */
    } else if (plan_resolve(task, s.arena, &later) == ERR_OK && !args_has(args, "no-cases")) {
        later.code = task_verify_cases(task, s.arena, &cases, &later);
    }
    *status = problems.errors || later.code != ERR_OK ? 2 : 0;
    if (json)
        return term_json(task_verify_json(str_c(path), &problems, str_c(later.text)), e);
    session_problems(&problems);
    if (later.code != ERR_OK)
        term_problem(&later);
    if (*status == 0)
        printf("%s is valid: %lld case%s, %zu variant%s, %zu check%s, %zu metric%s\n", path, (long long)cases,
               cases == 1 ? "" : "s", task->variant_count, task->variant_count == 1 ? "" : "s", task->check_count,
               task->check_count == 1 ? "" : "s", task->metric_count, task->metric_count == 1 ? "" : "s");
    else if (problems.errors)
        fprintf(stderr, "%zu error%s\n", problems.errors + problems.more,
                problems.errors + problems.more == 1 ? "" : "s");
    return ERR_OK;
}

const struct command command_validate = {
    .name = "validate", .usage = "TASK [options]", .summary = "Check a task and its cases; list every fault at once.",
    .options = validate_options, .positional_min = 1, .positional_max = 1, .complete = "file", .run = validate_run,
};
