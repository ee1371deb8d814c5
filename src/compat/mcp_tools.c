/* The tools an assistant has. One entry of the list is one tool; its schema decides what arguments may look like. */
#include "compat/mcp_parts.h"

#define MCP_TOOLS(X)    /* the one list, in the order a reader needs them */ \
    X(list_tasks) X(validate_task) X(estimate) X(run_task) X(run_status) X(stop_run) X(list_runs) \
    X(read_results) X(read_trial) X(compare_runs) X(explain_run)
#define X(id) extern const struct mcp_tool mcp_tool_##id;
MCP_TOOLS(X)
#undef X
#define X(id) &mcp_tool_##id,
static const struct mcp_tool *const mcp_tools[] = { MCP_TOOLS(X) };
#undef X

#define MCP_FAULTS_MAX 8

json_t *mcp_tools_list(void)
{
    json_t *o = json_object(), *list = json_array();

    for (size_t i = 0; i < COUNT_OF(mcp_tools); i++) {
        const struct mcp_tool *t = mcp_tools[i];
        json_t *one = json_object(), *schema = json_loads(t->input, 0, NULL);

        ASSERT(schema);                         /* the list is ours: the tests read it */
        json_object_set_new(one, "name", json_string(t->name));
        json_object_set_new(one, "title", json_string(t->title));
        json_object_set_new(one, "description", json_string(t->doc));
        json_object_set_new(one, "inputSchema", schema);
        json_object_set_new(one, "annotations", json_pack("{s:s, s:b, s:b, s:b, s:b}", "title", t->title, "readOnlyHint", !t->writes,
                            "destructiveHint", 0, "idempotentHint", !t->spends, "openWorldHint", (int)t->spends));
        json_array_append_new(list, one);
    }
    json_object_set_new(o, "tools", list);
    return o;
}

enum err_code mcp_tool_find(struct str name, const struct mcp_tool **out, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (size_t i = 0; i < COUNT_OF(mcp_tools); i++) {
        if (str_is(name, mcp_tools[i]->name)) {
            *out = mcp_tools[i];
            return ERR_OK;
        }
        suggest_offer(&near, str_c(mcp_tools[i]->name));
    }
    return err_set(e, ERR_NOT_FOUND, "there is no tool \"" STR_FMT "\"%s; tools/list lists them",
                   STR_ARG(str_utf8_head(name, 100)), suggest_hint(&near, hint));
}

/* The nearest argument to one that does not exist. */
static enum err_code mcp_tool_names(const struct mcp_tool *t, const json_t *schema, const json_t *arguments,
                                    struct err *e)
{
    const json_t *value, *known = json_child(schema, "properties"), *unused;
    const char *key, *name;
    struct suggest near;
    AUTO_BUF struct buf all = BUF_INIT(400);
    char hint[160];

    json_object_foreach((json_t *)known, name, unused)
        buf_printf(&all, "%s%s", all.len ? ", " : "", name);
    json_object_foreach((json_t *)arguments, key, value) {
        if (json_object_get(known, key))
            continue;
        suggest_begin(&near, str_c(key));
        json_object_foreach((json_t *)known, name, unused)
            suggest_offer(&near, str_c(name));
        return err_set(e, ERR_USAGE, "%s has no argument \"" STR_FMT "\"%s; it has %s", t->name,
                       STR_ARG(str_utf8_head(str_c(key), 100)), suggest_hint(&near, hint),
                       all.len ? buf_cstr(&all) : "none");
    }
    return ERR_OK;
}

enum err_code mcp_tool_check(const struct mcp_tool *t, const json_t *arguments, struct arena *a, struct err *e)
{
    json_t *text = json_in_arena(json_loads(t->input, 0, NULL), a);
    struct schema_fault faults[MCP_FAULTS_MAX];
    AUTO_BUF struct buf all = BUF_INIT(4096);
    struct schema *schema;
    size_t count;

    TRY(mcp_tool_names(t, text, arguments, e));
    TRY(schema_compile(text, a, &schema, e));
    if (schema_validate(schema, arguments, a, faults, MCP_FAULTS_MAX, &count) == SCHEMA_VALID)
        return ERR_OK;
    for (size_t i = 0; i < count; i++)
        buf_printf(&all, "%s" STR_FMT ": " STR_FMT, i ? "; " : "", STR_ARG(faults[i].path), STR_ARG(faults[i].text));
    return err_set(e, ERR_USAGE, "the arguments of %s: %s", t->name,
                   buf_failed(&all) ? "too many faults to list" : buf_cstr(&all));
}
