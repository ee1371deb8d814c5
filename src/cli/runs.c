/* assay runs: what was run, newest first. */
#include "cli/pager.h"
#include "cli/session.h"
#include "eval/across.h"
#include "eval/report/grid.h"

#include <inttypes.h>

static const struct option runs_options[] = {
    { "task", 't', "NAME", "only runs of this task", "@task" },
    { "limit", 'n', "N", "at most N (default 20)", NULL },
    { "summary", 0, NULL, "what these runs say of each model, instead of a list", NULL },
    { "json", 0, NULL, "as JSON", NULL },
    PAGER_OPTION,
    OPTION_END,
};

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

static void runs_say(struct str text, struct arena *a)
{
    term_wrap(stdout, report_clean(text, !term_get()->unicode, false, a), 0, term_get()->columns);
}

static enum err_code runs_summary(const struct session *s, const struct store_run_row *rows, size_t count, bool json,
                                  struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "#", .right = true }, { .heading = "model", .least = 8 }, { .heading = "points", .right = true },
        { .heading = "$/1,000", .right = true }, { .heading = "points/$", .right = true, .drop = 1 }, { .heading = "runs", .right = true },
    };
    struct grid *g = grid_new(s->arena, columns, COUNT_OF(columns));
    struct across x;

    TRY(across_load(s->store, rows, count, s->arena, &x, e));
    if (json)
        return term_json(across_json(&x), e);
    for (size_t i = 0; i < x.model_count; i++) {
        const struct across_model *m = &x.models[i];
        char cost[REPORT_TEXT];

        grid_cellf(g, "%zu", i + 1);
        grid_cell(g, m->model, GRID_PLAIN);
        grid_cellf(g, "%.1f", m->avg_score);
        grid_cell(g,
                  !m->cost_known     ? S("unknown")
                  : m->avg_cost == 0 ? S("free")
                                     : str_c(report_value(METRIC_USD, m->avg_cost * 1000, cost)),
                  GRID_PLAIN);
        if (m->avg_cost > 0)
            grid_cellf(g, "%.0f", m->value_ratio / 1000);
        else
            grid_cell(g, S("-"), GRID_DIM);
        grid_cellf(g, "%" PRId64, m->run_count);
    }
    if (x.model_count) {
        TRY(session_grid(g, e));
        printf("\n");
    }
    runs_say(x.recommendation, s->arena);
    for (size_t i = 0; i < x.excluded_count; i++)
        runs_say(arena_printf(s->arena, "Left out: run " STR_FMT ": " STR_FMT ".", STR_ARG(id_short(x.excluded[i].id)),
                              STR_ARG(x.excluded[i].reason)),
                 s->arena);
    return ERR_OK;
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
    if (args_has(args, "summary") && (count || args_has(args, "json")))
        return runs_summary(&s, rows, count, args_has(args, "json"), e);
    if (args_has(args, "json")) {
        json_t *list = json_array();

        for (size_t i = 0; i < count; i++)
            json_array_append_new(list, report_run_row(&rows[i]));
        return term_json(list, e);
    }
    if (count == 0) {
        printf("No runs yet. Start one: assay run examples/support-tickets/task.yaml\n");
        return ERR_OK;
    }
    return runs_table(rows, count, s.arena, e);
}

const struct command command_runs = {
    .name = "runs", .usage = "[options]", .summary = "List the runs, newest first.",
    .doc = "With --summary: each model's average points and cost over these runs (their number: --limit, of one task: --task). Runs "
           "with fewer than two scored models are left out, and why is said.",
    .options = runs_options, .run = runs_run,
};
