/* assay rm RUN...: forget runs. */
#include "cli/session.h"

static const struct option rm_options[] = {
    { "yes", 'y', NULL, "ask nothing", NULL },
    { "json", 0, NULL, "what was removed as JSON", NULL },
    OPTION_END,
};

static enum err_code rm_apply(struct store_tx *tx, void *arg, struct err *e)
{
    return store_tx_run_remove(tx, *(int64_t *)arg, e);
}

static enum err_code rm_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    AUTO_JSON *gone = json_array();
    struct run **runs;

    (void)status;
    TRY(session_open(&s, e));
    TRY(session_store(&s, e));
    runs = arena_array(s.arena, struct run *, args->positional.len);
    for (size_t i = 0; i < args->positional.len; i++)       /* all must exist before one is removed */
        TRY(store_run_get(s.store, args->positional.at[i], s.arena, &runs[i], e));
    for (size_t i = 0; i < args->positional.len; i++) {
        char question[160];

        snprintf(question, sizeof question, "Remove run " STR_FMT " of " STR_FMT " and all it holds?",
                 STR_ARG(id_short(runs[i]->id)), STR_ARG(str_utf8_head(runs[i]->task_name, 60)));
        if (!args_has(args, "yes") && !term_ask(question))
            return err_set(e, ERR_CANCELLED, "run " STR_FMT " was not removed%s", STR_ARG(id_short(runs[i]->id)),
                           term_get()->err_tty ? "" : " (--yes removes without asking)");
        TRY(store_write(s.store, rm_apply, &runs[i]->no, e));
        if (args_has(args, "json"))
            json_array_append_new(gone, json_from_str(runs[i]->id));
        else
            printf("removed " STR_FMT "\n", STR_ARG(id_short(runs[i]->id)));
    }
    return args_has(args, "json") ? term_json(json_pack("{s:O}", "removed", gone), e) : ERR_OK;
}

const struct command command_rm = {
    .name = "rm", .usage = "RUN... [options]", .summary = "Remove runs with all they hold.", .options = rm_options,
    .positional_min = 1, .positional_max = -1, .complete = "run", .run = rm_run,
};
