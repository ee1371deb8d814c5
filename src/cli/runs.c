/* assay runs: what was run, newest first. */
#include "cli/pager.h"
#include "cli/session.h"
#include "eval/report/grid.h"

#include <inttypes.h>

static const struct option runs_options[] = {
    { "task", 't', "NAME", "only runs of this task", "@task" },
    { "limit", 'n', "N", "at most N (default 20)", NULL },
    { "json", 0, NULL, "as JSON", NULL },
    PAGER_OPTION,
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

static enum err_code runs_table(const struct store_run_row *rows, size_t count, struct arena *a, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "run" }, { .heading = "created (UTC)", .least = 10, .drop = 2 }, { .heading = "state" },
        { .heading = "trials", .right = true, .drop = 1 }, { .heading = "cost", .right = true }, { .heading = "task", .least = 8 },
    };
    struct grid *g = grid_new(a, columns, COUNT_OF(columns));

    for (size_t i = 0; i < count; i++) {
        const struct run *run = &rows[i].run;
        char when[CLOCK_TEXT], money[MONEY_TEXT];

        clock_text(run->created_ms, when);
        grid_cell(g, id_short(run->id), GRID_PLAIN);
        grid_cellf(g, "%.10s %.5s", when, when + 11);
        grid_cell(g, str_c(run_state_name(run->state)), run->state == RUN_DONE ? GRID_PLAIN : GRID_YELLOW);
        grid_cellf(g, "%" PRId64 "/%" PRId64, rows[i].done + rows[i].failed, run_trials(run));
        grid_cellf(g, "%s%s", money_show(rows[i].cost_nanousd, money), rows[i].unknown_calls ? "+" : "");
        grid_cell(g, run->task_name, GRID_PLAIN);
    }
    return session_grid(g, e);
}

static enum err_code runs_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    AUTO_PAGER *pager = pager_begin(!args_has(args, "json") && !args_has(args, "no-pager"));
    struct store_run_row *rows;
    int64_t limit = 20;
    size_t count;

    (void)status, (void)pager;
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
    return runs_table(rows, count, s.arena, e);
}

const struct command command_runs = {
    .name = "runs", .usage = "[options]", .summary = "List the runs, newest first.", .options = runs_options, .run = runs_run,
};
