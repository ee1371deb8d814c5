/* assay providers: who can be asked, and which key is there. */
#include "cli/session.h"
#include "eval/report/grid.h"

static const struct option providers_options[] = { { "json", 0, NULL, "as JSON", NULL }, SESSION_LLM_OPTIONS, OPTION_END };

static enum err_code providers_run(struct args *args, int *status, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "provider" }, { .heading = "key" }, { .heading = "its variable" }, { .heading = "address", .least = 20, .drop = 1 },
    };
    AUTO_SESSION s = { 0 };
    json_t *list = args_has(args, "json") ? json_array() : NULL;
    struct grid *g;
    struct llm_provider_info p;

    (void)status;
    TRY(session_open(&s, e));
    TRY(session_llm(&s, args, e));
    g = grid_new(s.arena, columns, COUNT_OF(columns));
    for (size_t i = 0; llm_provider_at(s.llm, i, &p); i++) {
        const char *state = !p.key_variable ? "none needed"
                            : p.key_found   ? "found"
                            : p.key_needed  ? "missing"
                                            : "optional";
        if (list) {
            json_t *o = json_object();

            json_object_set_new(o, "provider", json_string(p.name));
            json_object_set_new(o, "label", json_string(p.label));
            json_object_set_new(o, "key_variable", p.key_variable ? json_string(p.key_variable) : json_null());
            json_object_set_new(o, "key", json_string(state));
            json_object_set_new(o, "base_url", p.base_url ? json_string(p.base_url) : json_null());
            json_array_append_new(list, o);
            continue;
        }
        grid_cell(g, str_c(p.name), GRID_PLAIN);
        grid_cell(g, str_c(p.key_variable ? state : "-"), p.key_found ? GRID_GREEN : GRID_PLAIN);
        grid_cell(g, str_c(p.key_variable ? p.key_variable : "-"), GRID_PLAIN);
        grid_cell(g, str_c(p.base_url ? p.base_url : "-"), GRID_PLAIN);
    }
    return list ? term_json(list, e) : session_grid(g, e);
}

const struct command command_providers = {
    .name = "providers", .usage = "[options]", .summary = "List the providers and whether their keys are set.",
    .options = providers_options, .run = providers_run,
};
