/* `tools:` of a task file: what a model may ask for. The tools are offered and what it asks for is kept; nothing is
 * executed here. */
#include "eval/task_read.h"

#define TASK_TOOLS_MAX 128
#define TASK_TOOL_NAME_MAX 64

/* What every vendor takes: letters, digits, '_' and '-'. */
static bool tool_name_ok(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i], low = (char)(c | 0x20);

        if (!((low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return name.len > 0 && name.len <= TASK_TOOL_NAME_MAX;
}

static bool tool_known(const json_t *tools, struct str name)
{
    const json_t *tool;
    size_t i;

    json_array_foreach((json_t *)tools, i, tool)
        if (str_eq(json_get_str(tool, "name"), name))
            return true;
    return false;
}

/* Written flat ({name, description, parameters}) or as the chat APIs have it ({type: function, function: {...}}). */
static void tool_read(struct task_read *r, const struct doc_node *n, json_t *tools)
{
    const struct doc_node *flat = n, *name, *text, *parameters;
    struct str id = STR_NONE, description = STR_NONE;
    json_t *tool;

    if (!task_is(r, n, "a tool", DOC_MAP))
        return;
    if (task_member(n, "function")) {
        task_check_keys(r, n, "a tool", "type function");
        flat = task_member(n, "function");
        if (!task_is(r, flat, "a tool's function", DOC_MAP))
            return;
    }
    task_check_keys(r, flat, "a tool", "name description parameters");
    name = task_member(flat, "name");
    text = task_member(flat, "description");
    parameters = task_member(flat, "parameters");
    if (!name) {
        task_problem_at(r, n, "a tool needs a name");
        return;
    }
    if (!task_text(r, name, "a tool's name", TASK_NAME_MAX, &id))
        return;
    if (!tool_name_ok(id))
        task_problem_at(r, name, "\"" STR_FMT "\" can't be a tool's name: at most %d letters, digits, _ and -",
                        STR_ARG(id), TASK_TOOL_NAME_MAX);
    if (tool_known(tools, id))
        task_problem_at(r, name, "two tools are called \"" STR_FMT "\"", STR_ARG(id));
    tool = json_object();
    json_set_str(tool, "name", id);
    if (text && task_text(r, text, "a tool's description", TASK_TEXT_MAX, &description))
        json_set_str(tool, "description", description);
    if (parameters && task_is(r, parameters, "a tool's parameters (a JSON Schema)", DOC_MAP))
        json_object_set_new(tool, "parameters", doc_to_json(parameters));
    json_array_append_new(tools, tool);
}

static void tool_choice_read(struct task_read *r, const struct doc_node *n, const json_t *tools)
{
    static const char *const words[] = { "auto", "none", "required" };
    struct str choice = STR_NONE;
    struct suggest near;
    const json_t *tool;
    char hint[160];
    size_t i;

    if (!task_text(r, n, "tool_choice", TASK_NAME_MAX, &choice))
        return;
    suggest_begin(&near, choice);
    for (i = 0; i < COUNT_OF(words); i++) {
        suggest_offer(&near, str_c(words[i]));
        if (str_is(choice, words[i]))
            r->t->tool_choice = choice;
    }
    json_array_foreach((json_t *)tools, i, tool)
        suggest_offer(&near, json_get_str(tool, "name"));
    if (!r->t->tool_choice.len && tool_known(tools, choice))
        r->t->tool_choice = choice;
    if (!r->t->tool_choice.len)
        task_problem_at(r, n, "tool_choice is auto, none, required or a tool's name, not \"" STR_FMT "\"%s",
                        STR_ARG(choice), suggest_hint(&near, hint));
}

void task_read_tools(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "tools"), *choice = task_member(r->root, "tool_choice");
    json_t *tools;

    if (!n) {
        if (choice)
            task_problem_at(r, choice, "tool_choice chooses among tools, and there are none");
        return;
    }
    if (!task_is(r, n, "tools", DOC_LIST))
        return;
    if (n->count > TASK_TOOLS_MAX) {
        task_problem_at(r, n, "there are %zu tools; at most %d are allowed", n->count, TASK_TOOLS_MAX);
        return;
    }
    tools = json_in_arena(json_array(), r->a);
    for (size_t i = 0; i < n->count; i++)
        tool_read(r, n->items[i], tools);
    if (json_array_size(tools))
        r->t->tools = tools;
    if (choice)
        tool_choice_read(r, choice, tools);
}
