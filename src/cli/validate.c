/* assay validate: every fault of task files and their cases, at once, before anything is asked. */
#include "cli/session.h"

#include "eval/prompting.h"
#include "eval/scoring.h"

static const struct option validate_options[] = {
    SESSION_TASK_OPTIONS,
    { "no-cases", 0, NULL, "don't read the dataset", NULL },
    { "json", 0, NULL, "the problems as JSON", NULL },
    OPTION_END,
};

static json_t *validate_json(const char *path, const struct problems *p, struct str later)
{
    json_t *o = json_object(), *list = json_array(), *one;

    for (size_t i = 0; i < p->list.len; i++) {
        one = json_object();
        json_set_str(one, "where", p->list.at[i].where);
        json_object_set_new(one, "severity", json_string(p->list.at[i].warning ? "warning" : "error"));
        json_set_str(one, "text", p->list.at[i].text);
        json_array_append_new(list, one);
    }
    if (later.len) {
        one = json_object();
        json_object_set_new(one, "severity", json_string("error"));
        json_set_str(one, "text", later);
        json_array_append_new(list, one);
    }
    json_object_set_new(o, "task", json_string(path));
    json_object_set_new(o, "valid", json_boolean(p->errors == 0 && !later.len));
    json_object_set_new(o, "problems", list);
    return o;
}

/* Renders every case's prompt with every variant: what `run` would do, without asking. */
static enum err_code validate_cases(struct session *s, const struct task *task, int64_t *cases, struct err *e)
{
    AUTO(dataset_closep) struct dataset_reader *reader = NULL;
    struct dataset_source source = dataset_source_of(task, s->arena);
    struct prompting *prompting;
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    struct dataset_case kase;
    enum err_code code;
    bool more = true;

    TRY(prompting_new(task, &prompting, e));
    code = dataset_open(&source, NULL, &reader, e);
    for (*cases = 0; code == ERR_OK; (*cases)++) {
        const json_t *vars;

        arena_reset(a);
        code = dataset_next(reader, a, &kase, &more, e);
        if (code != ERR_OK || !more)
            break;
        code = scoring_case_verify(task, &kase, e);
        vars = prompting_vars(prompting, &kase, a);
        for (size_t i = 0; i < task->variant_count && code == ERR_OK; i++) {
            struct message *messages;
            struct str shown;
            size_t count;

            code = prompting_start(prompting, &task->variants[i], vars, a, &messages, &count, &shown, e);
            if (code != ERR_OK)
                err_prefix(e, "case " STR_FMT, STR_ARG(kase.id));
        }
    }
    prompting_free(prompting);
    return code;
}

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
        (void)validate_cases(&s, task, &cases, &later);
    }
    *status = problems.errors || later.code != ERR_OK ? 2 : 0;
    if (json)
        return term_json(validate_json(path, &problems, str_c(later.text)), e);
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
