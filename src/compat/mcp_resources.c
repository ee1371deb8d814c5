/* Runs and their trials as resources: assay://run/ID and assay://run/ID/trial/N. */
#include "compat/mcp_parts.h"

#define MCP_RESOURCES_PAGE 50

static const char mcp_uri_start[] = "assay://run/";

json_t *mcp_resource_templates(void)
{
    return json_pack("{s:[{s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}]}", "resourceTemplates", "uriTemplate",
        "assay://run/{id}", "name", "run",
                     "description", "A run's result: its variants ranked, with scores, intervals and cost", "mimeType",
                     "application/json",
                     "uriTemplate", "assay://run/{id}/trial/{number}", "name", "trial", "description",
                     "One trial: everything that was said, its scores and why", "mimeType", "application/json");
}

static json_t *mcp_resource_of(const struct run *run)
{
    json_t *o = json_object();
    char when[CLOCK_TEXT];

    json_object_set_new(o, "uri", json_sprintf("%s" STR_FMT, mcp_uri_start, STR_ARG(run->id)));
    json_object_set_new(o, "name", json_sprintf("run " STR_FMT, STR_ARG(id_short(run->id))));
    json_set_str(o, "title", str_utf8_head(run->task_name, 200));
    json_object_set_new(o, "description",
                        json_sprintf("%lld trials, %s, begun %s", (long long)run_trials(run),
                                     run_state_name(run->state), clock_text(run->created_ms, when)));
    json_object_set_new(o, "mimeType", json_string("application/json"));
    return o;
}

enum err_code mcp_resources_list(struct mcp *m, const json_t *params, json_t **out, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    struct str cursor = json_get_str(params, "cursor");
    struct store_run_row *rows;
    int64_t offset = 0;
    json_t *list;
    size_t count;

    if (json_child(params, "cursor") && (!str_to_i64(cursor, &offset) || offset < 0 || offset > INT64_C(1000000000)))
        return err_set(e, ERR_USAGE, "the cursor is not one that this server gave");
    TRY(mcp_store(m, e));
    TRY(store_runs_list(m->store, STR_NONE, MCP_RESOURCES_PAGE + 1, offset, a, &rows, &count, e));
    list = json_array();
    for (size_t i = 0; i < MIN(count, (size_t)MCP_RESOURCES_PAGE); i++)
        json_array_append_new(list, mcp_resource_of(&rows[i].run));
    *out = json_pack("{s:o}", "resources", list);
    if (count > MCP_RESOURCES_PAGE)
        json_object_set_new(*out, "nextCursor", json_sprintf("%lld", (long long)offset + MCP_RESOURCES_PAGE));
    return ERR_OK;
}

enum err_code mcp_resource_read(struct mcp *m, struct str uri, json_t **out, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    AUTO_BUF struct buf text = BUF_INIT(MCP_ANSWER_MAX);
    AUTO_JSON *document = NULL;
    struct str rest = uri, id, word, number;
    int64_t trial = -1;
    struct run *run;

    if (!str_starts(uri, str_c(mcp_uri_start)))
        return err_set(e, ERR_NOT_FOUND, "there is no resource \"" STR_FMT "\"; there are assay://run/ID and "
            "assay://run/ID/trial/N",
                       STR_ARG(str_utf8_head(uri, 200)));
    rest = str_from(uri, sizeof mcp_uri_start - 1);
    str_split(&rest, '/', &id);
    if (rest.at && (!str_split(&rest, '/', &word) || !str_is(word, "trial") || !str_split(&rest, '/', &number) ||
                    rest.at || !str_to_i64(number, &trial) || trial < 0))
        return err_set(e, ERR_NOT_FOUND, "there is no resource \"" STR_FMT "\"; a trial is assay://run/ID/trial/N",
                       STR_ARG(str_utf8_head(uri, 200)));
    TRY(mcp_store(m, e));
    TRY(store_run_get(m->store, id, a, &run, e));
    TRY(trial < 0 ? mcp_result_json(m, run, a, &document, e) : mcp_trial_json(m, run, trial, a, &document, e));
    json_write(document, &text);
    if (buf_failed(&text))
        return err_set(e, ERR_TOO_LARGE, "the resource is larger than 8 MiB; `assay export` writes it to a file");
    *out = json_pack("{s:[{s:o, s:s, s:o}]}", "contents", "uri", json_from_str(uri), "mimeType", "application/json",
                     "text", json_from_str(buf_str(&text)));
    return ERR_OK;
}
