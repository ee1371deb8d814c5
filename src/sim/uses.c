/* src/sim/uses.c: the tools a model asks for, right or wrong in its own way. */
#include "sim/answer.h"

#define USES_MAX        32              /* calls of one answer */
#define USES_TEXT_MAX   (16u << 20)

static ptrdiff_t use_find(const struct sim_ask *ask, struct str name)
{
    for (size_t i = 0; i < ask->tool_count; i++)
        if (str_eq(ask->tools[i].name, name))
            return (ptrdiff_t)i;
    return -1;
}

static void use_add(struct sim_reply *reply, struct str name, json_t *arguments, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(USES_TEXT_MAX);

    if (!reply->uses)
        reply->uses = arena_array(a, struct sim_use, USES_MAX);
    if (reply->use_count == USES_MAX)
        return;
    json_write(arguments, &text);
    reply->uses[reply->use_count++] = (struct sim_use){ arena_strdup(a, name), arena_strdup(a, buf_str(&text)),
                                                        arguments };
}

/* Does the tool take every member of `value`? Then a case's expected answer can be its arguments. */
static bool use_fits(const struct sim_tool *tool, const json_t *value)
{
    json_t *properties = json_child(tool->parameters, "properties"), *member;
    const char *key;

    if (!json_is_object(value) || !json_object_size(value))
        return false;
    json_object_foreach((json_t *)value, key, member)
        if (!json_child(properties, key))
            return false;
    return true;
}

/* The calls the book holds right, of those on offer. */
static void use_expected(const struct sim_ask *ask, const json_t *calls, struct arena *a, struct sim_reply *reply)
{
    const json_t *call;
    size_t i;

    json_array_foreach((json_t *)calls, i, call) {
        struct str name = json_get_str(call, "name");
        json_t *arguments = json_child(call, "arguments");

        if (use_find(ask, name) < 0 || (ask->tool_wish == SIM_TOOLS_ONE && !str_eq(name, ask->tool_wanted)))
            continue;
        use_add(reply, name, json_in_arena(json_is_object(arguments) ? json_deep_copy(arguments) : json_object(), a),
                a);
    }
}

/* A call that must be made: of the named tool, of one that takes what is expected, or of the first. */
static void use_any(const struct sim_ask *ask, const json_t *expected, struct arena *a, struct sim_reply *reply)
{
    const struct sim_tool *tool = &ask->tools[0];
    json_t *arguments;

    if (ask->tool_wish == SIM_TOOLS_ONE)
        tool = &ask->tools[MAX(use_find(ask, ask->tool_wanted), (ptrdiff_t)0)];
    for (size_t i = 0; ask->tool_wish != SIM_TOOLS_ONE && i < ask->tool_count; i++)
        if (use_fits(&ask->tools[i], expected)) {
            tool = &ask->tools[i];
            break;
        }
    arguments = use_fits(tool, expected) ? json_deep_copy(expected)
                : tool->parameters       ? sim_value_of(tool->parameters)
                                         : json_object();
    if (!json_is_object(arguments)) {
        json_decref(arguments);
        arguments = json_object();
    }
    use_add(reply, tool->name, json_in_arena(arguments, a), a);
}

/* One call goes wrong: another tool, or an argument that is missing, invented or not right. */
static void use_spoil(struct sim_book *book, const struct sim_ask *ask, struct sim_draw *draw, struct arena *a,
                      struct sim_reply *reply)
{
    struct sim_use *use = &reply->uses[rng_below(&draw->r, reply->use_count)];
    struct sim_ask plain = *ask;
    enum sim_mistake m = draw->mistake;
    size_t count = reply->use_count;
    json_t *spoilt;

    plain.json_mode = false;                    /* what binds an answer's form does not bind arguments */
    if (m == SIM_WRONG_LABEL && ask->tool_wish != SIM_TOOLS_ONE && ask->tool_count > 1 && rng_below(&draw->r, 3) == 0) {
        size_t other = (size_t)rng_below(&draw->r, ask->tool_count);

        if (str_eq(ask->tools[other].name, use->name))
            other = (other + 1) % ask->tool_count;
        use->name = arena_strdup(a, ask->tools[other].name);
        return;
    }
    if (!json_object_size(use->arguments))
        m = SIM_EXTRA_FIELD;
    else if (m != SIM_NEAR_MISS && m != SIM_EXTRA_FIELD && m != SIM_HALLUCINATED && m != SIM_MISSING_FIELD)
        m = SIM_WRONG_LABEL;
    spoilt = sim_spoil(book, &plain, use->arguments, arena_printf(a, "tool:" STR_FMT, STR_ARG(use->name)), m, &draw->r,
                       a);
    reply->use_count = (size_t)(use - reply->uses);
    use_add(reply, use->name, spoilt, a);
    reply->use_count = count;
}

bool sim_use_tools(struct sim_book *book, const struct sim_ask *ask, const json_t *expected, struct sim_draw *draw,
                   struct arena *a, struct sim_reply *reply)
{
    bool must = ask->tool_wish == SIM_TOOLS_ANY || ask->tool_wish == SIM_TOOLS_ONE;

    if (!ask->tool_count || ask->tool_wish == SIM_TOOLS_NONE || (ask->tools_answered && !must))
        return false;
    use_expected(ask, json_child(expected, "tool_calls"), a, reply);
    if (!reply->use_count && (must || ask->model->calls))
        use_any(ask, json_child(expected, "tool_calls") ? NULL : expected, a, reply);
    if (!reply->use_count)
        return false;
    if (ask->one_call)
        reply->use_count = 1;
    if (draw->wrong && draw->mistake == SIM_REFUSAL && !must) {
        reply->use_count = 0;
        reply->text = S("I'm sorry, but I can't help with that.");
        return true;
    }
    if (draw->wrong)
        use_spoil(book, ask, draw, a, reply);
    if (ask->model->prose_rate > 0 && rng_unit(&draw->r) < ask->model->prose_rate)
        reply->text = S("Let me look that up for you.");
    return true;
}

struct str sim_after_tools(const struct sim_ask *ask, const json_t *expected, struct arena *a)
{
    struct str content = json_get_str(expected, "content");

    if (content.len)
        return content;
    if (ask->tools_answered && str_trim(ask->tool_result).len)
        return arena_printf(a, "The tool says: " STR_FMT, STR_ARG(ask->tool_result));
    return ask->tools_answered ? S("The tool said nothing.") : S("No tool may be used for this.");
}
