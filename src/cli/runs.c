/* assay runs: what was run, newest first. */
#include "cli/session.h"

#include <inttypes.h>

static const struct option runs_options[] = {
    { "task", 't', "NAME", "only runs of this task", NULL },
    { "limit", 'n', "N", "at most N (default 20)", NULL },
    { "json", 0, NULL, "as JSON", NULL },
    OPTION_END,
};

static json_t *runs_row_json(const struct store_run_row *row)
{
    json_t *o = json_object();
    char text[CLOCK_TEXT], money[MONEY_TEXT];

    json_set_str(o, "id", row->run.id);
    json_set_str(o, "task", row->run.task_name);
    json_object_set_new(o, "state", json_string(run_state_name(row->run.state)));
    json_object_set_new(o, "created_at", json_string(clock_text(row->run.created_ms, text)));
    json_object_set_new(o, "cases", json_integer(row->run.cases));
    json_object_set_new(o, "variants", json_integer(row->run.variants));
    json_object_set_new(o, "repeat", json_integer(row->run.repeat));
    json_object_set_new(o, "trials", json_integer(run_trials(&row->run)));
    json_object_set_new(o, "done", json_integer(row->done));
    json_object_set_new(o, "failed", json_integer(row->failed));
    json_object_set_new(o, "cost_usd", json_string(money_exact(row->cost_nanousd, money)));
    json_object_set_new(o, "unknown_cost_calls", json_integer(row->unknown_calls));
    return o;
}

static void runs_row_print(const struct store_run_row *row)
{
    char when[CLOCK_TEXT], money[MONEY_TEXT], trials[32];
    struct str id = id_short(row->run.id), name = str_utf8_head(row->run.task_name, 24);

    clock_text(row->run.created_ms, when);
    snprintf(trials, sizeof trials, "%" PRId64 "/%" PRId64, row->done + row->failed, run_trials(&row->run));
    printf(STR_FMT "  %.10s %.5s  %-9s %13s  %8s%s  " STR_FMT "\n", STR_ARG(id), when, when + 11,
           run_state_name(row->run.state), trials, money_show(row->cost_nanousd, money), row->unknown_calls ? "+" : " ",
           STR_ARG(name));
}

static enum err_code runs_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    struct store_run_row *rows;
    int64_t limit = 20;
    size_t count;

    (void)status;
    TRY(args_int(args, "limit", 1, 100000, &limit, e));
    TRY(session_open(&s, e));
    TRY(session_store(&s, e));
    TRY(store_runs_list(s.store, args_get(args, "task"), limit, 0, s.arena, &rows, &count, e));
    if (args_has(args, "json")) {
        json_t *list = json_array();

        for (size_t i = 0; i < count; i++)
            json_array_append_new(list, runs_row_json(&rows[i]));
        return term_json(list, e);
    }
    if (count == 0) {
        printf("No runs yet. Start one: assay run examples/support-tickets/task.yaml\n");
        return ERR_OK;
    }
    printf("%-8s  %-16s  %-9s %13s  %8s   %s\n", "run", "created (UTC)", "state", "trials", "cost", "task");
    for (size_t i = 0; i < count; i++)
        runs_row_print(&rows[i]);
    return ERR_OK;
}

const struct command command_runs = {
    .name = "runs", .usage = "[options]", .summary = "List the runs, newest first.", .options = runs_options, .run = runs_run,
};
