/* src/eval/check/tool_calls.c: the tools a model asked for, over all turns of the trial, in order. `allowed: true` and
 * `arguments: true` mean the task's own tools. Not evaluated where only the output is known. */
#include "eval/check/check.h"

#include <inttypes.h>

#include "llm/llm.h"

#define TOOL_CALLS_MAX 10000

struct tool_names { struct str *at; size_t count; };
struct tool_schema { struct str tool; struct schema *schema; };
struct tool_rules {
    int64_t min, max;
    struct tool_names allowed, called;
    bool allowed_declared, arguments_declared, in_order;
    struct tool_schema *schemas;
    size_t schema_count;
};
struct tool_calls { struct tool_call *at; size_t count; };

/* A name, or a list of them; true sets *declared when it is allowed. */
static enum err_code tool_names_prepare(const json_t *map, const char *key, bool *declared, struct arena *a,
                                        struct tool_names *out, struct err *e)
{
    const json_t *j = json_child(map, key);

    if (!j || (declared && json_is_true(j))) {
        if (j)
            *declared = true;
        return ERR_OK;
    }
    out->count = json_is_array(j) ? json_array_size(j) : 1;
    out->at = arena_array(a, struct str, out->count + 1);
    for (size_t i = 0; i < out->count; i++) {
        out->at[i] = json_to_str(json_is_array(j) ? json_array_get(j, i) : j);
        if (!out->at[i].len)
            return err_set(e, ERR_BAD_INPUT, "tool_calls: %s is a tool's name or a list of names%s", key,
                           declared ? ", or true for the task's tools" : "");
    }
    if (!out->count)
        return err_set(e, ERR_BAD_INPUT, "tool_calls: %s names no tool; to forbid all, write max: 0", key);
    return ERR_OK;
}

static enum err_code tool_schemas_prepare(const json_t *j, struct arena *a, struct tool_rules *r, struct err *e)
{
    r->arguments_declared = json_is_true(j);
    if (!j || r->arguments_declared)
        return ERR_OK;
    if (!json_object_size(j))
        return err_set(e, ERR_BAD_INPUT, "tool_calls: arguments is {tool: JSON Schema}, or true for the task's tools");
    r->schemas = arena_array(a, struct tool_schema, json_object_size(j));
    for (void *it = json_object_iter((json_t *)j); it; it = json_object_iter_next((json_t *)j, it)) {
        struct tool_schema *s = &r->schemas[r->schema_count++];

        s->tool = str_c(json_object_iter_key(it));
        if (schema_compile(json_object_iter_value(it), a, &s->schema, e) != ERR_OK)
            return err_prefix(e, "tool_calls: arguments of %s", json_object_iter_key(it));
    }
    return ERR_OK;
}

static enum err_code tool_calls_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    const json_t *min = json_child(spec->argument, "min"), *max = json_child(spec->argument, "max");
    const json_t *in_order = json_child(spec->argument, "in_order");
    struct tool_rules *r = arena_new(a, struct tool_rules);

    if ((min && !(json_is_integer(min) && json_integer_value(min) >= 0)) ||
        (max && !(json_is_integer(max) && json_integer_value(max) >= 0)))
        return err_set(e, ERR_BAD_INPUT, "tool_calls: min and max are whole numbers, 0 or more");
    if (in_order && !json_is_boolean(in_order))
        return err_set(e, ERR_BAD_INPUT, "tool_calls: in_order is true or false");
    r->min = min ? json_integer_value(min) : 0;
    r->max = max ? json_integer_value(max) : INT64_MAX;
    if (r->min > r->max)
        return err_set(e, ERR_BAD_INPUT, "tool_calls: min is above max");
    r->in_order = json_is_true(in_order);
    TRY(tool_names_prepare(spec->argument, "allowed", &r->allowed_declared, a, &r->allowed, e));
    TRY(tool_names_prepare(spec->argument, "called", NULL, a, &r->called, e));
    if (r->in_order && !r->called.count)
        return err_set(e, ERR_BAD_INPUT, "tool_calls: in_order is about called:, and there is none");
    TRY(tool_schemas_prepare(json_child(spec->argument, "arguments"), a, r, e));
    *state = r;
    return ERR_OK;
}

static void tool_calls_gather(const struct subject *s, struct arena *a, struct tool_calls *out)
{
    size_t n = 0;

    for (size_t i = 0; i < s->turn_count; i++)
        n += json_array_size(s->turns[i].tool_calls);
    *out = (struct tool_calls){ .at = arena_array(a, struct tool_call, MIN(n, (size_t)TOOL_CALLS_MAX) + 1) };
    for (size_t i = 0; i < s->turn_count; i++)
        for (size_t k = 0; k < json_array_size(s->turns[i].tool_calls) && out->count < TOOL_CALLS_MAX; k++)
            llm_tool_call_read(json_array_get(s->turns[i].tool_calls, k), a, &out->at[out->count++]);
}

/* The task's tool of that name, or NULL. */
static const json_t *tool_declared(const struct subject *s, struct str name)
{
    const json_t *tools = s->task ? s->task->tools : NULL;

    for (size_t i = 0; i < json_array_size(tools); i++)
        if (str_eq(json_get_str(json_array_get(tools, i), "name"), name))
            return json_array_get(tools, i);
    return NULL;
}

static enum check_verdict tool_calls_allowed(const struct tool_rules *r, const struct subject *s,
                                             const struct tool_calls *calls, struct arena *a, struct str *why)
{
    for (size_t i = 0; i < calls->count; i++) {
        bool good = r->allowed_declared ? tool_declared(s, calls->at[i].name) != NULL : !r->allowed.count;

        for (size_t k = 0; k < r->allowed.count && !good; k++)
            good = str_eq(r->allowed.at[k], calls->at[i].name);
        if (good)
            continue;
        *why = arena_printf(a, "call %zu is of " STR_FMT ", which is not allowed", i + 1,
                            STR_ARG(subject_quote(calls->at[i].name, a)));
        return CHECK_FAIL;
    }
    return CHECK_PASS;
}

static enum check_verdict tool_calls_called(const struct tool_rules *r, const struct tool_calls *calls, struct arena *a,
                                            struct str *why)
{
    for (size_t k = 0, from = 0; k < r->called.count; k++) {
        size_t i = r->in_order ? from : 0;

        while (i < calls->count && !str_eq(calls->at[i].name, r->called.at[k]))
            i++;
        if (i == calls->count) {
            *why = arena_printf(a, STR_FMT " was not called%s", STR_ARG(subject_quote(r->called.at[k], a)),
                                k && r->in_order ? " after those before it" : "");
            return CHECK_FAIL;
        }
        from = i + 1;
    }
    return CHECK_PASS;
}

static enum check_verdict tool_call_fits(const struct schema *schema, const struct tool_call *call, size_t no,
                                         struct arena *a, struct str *why)
{
    struct schema_fault fault;
    enum schema_verdict v;
    size_t count;

    if (!call->arguments) {
        *why = arena_printf(a, "call %zu of " STR_FMT " has no arguments that are JSON", no, STR_ARG(call->name));
        return CHECK_FAIL;
    }
    v = schema_validate(schema, call->arguments, a, &fault, 1, &count);
    if (v == SCHEMA_VALID)
        return CHECK_PASS;
    *why = arena_printf(a, "call %zu of " STR_FMT ", " STR_FMT ": " STR_FMT, no, STR_ARG(call->name),
                        STR_ARG(fault.path), STR_ARG(fault.text));
    return v == SCHEMA_INVALID ? CHECK_FAIL : CHECK_SKIP;
}

static enum check_verdict tool_calls_fit(const struct tool_rules *r, const struct subject *s,
                                         const struct tool_calls *calls, struct arena *a, struct str *why)
{
    for (size_t i = 0; i < calls->count; i++) {
        const json_t *declared = json_child(tool_declared(s, calls->at[i].name), "parameters");
        enum check_verdict v = CHECK_PASS;
        struct schema *schema = NULL;
        struct err e = ERR_INIT;

        for (size_t k = 0; k < r->schema_count; k++)
            if (str_eq(r->schemas[k].tool, calls->at[i].name))
                schema = r->schemas[k].schema;
        if (r->arguments_declared && declared && schema_compile(declared, a, &schema, &e) != ERR_OK) {
            *why = arena_printf(a, "the tool's parameters are no usable schema: %s", e.text);
            return CHECK_SKIP;
        }
        if (schema)
            v = tool_call_fits(schema, &calls->at[i], i + 1, a, why);
        if (v != CHECK_PASS)
            return v;
    }
    return CHECK_PASS;
}

static enum check_verdict tool_calls_judge(const void *state, const struct check_target *t, struct arena *a,
                                           struct str *why)
{
    const struct subject *s = t->subject;
    const struct tool_rules *r = state;
    enum check_verdict v;
    struct tool_calls calls;
    int64_t n;

    if (!s->turns || ((r->allowed_declared || r->arguments_declared) && (!s->task || !s->task->tools))) {
        *why = s->turns ? S("the task has no tools") : S("it is not known which tools were called");
        return CHECK_SKIP;
    }
    tool_calls_gather(s, a, &calls);
    n = (int64_t)calls.count;
    if (n < r->min || n > r->max) {
        *why = arena_printf(a, "%" PRId64 " tool calls, %s %" PRId64, n, n < r->min ? "at least" : "at most",
                            n < r->min ? r->min : r->max);
        return CHECK_FAIL;
    }
    v = r->allowed_declared || r->allowed.count ? tool_calls_allowed(r, s, &calls, a, why) : CHECK_PASS;
    if (v == CHECK_PASS)
        v = tool_calls_called(r, &calls, a, why);
    return v == CHECK_PASS ? tool_calls_fit(r, s, &calls, a, why) : v;
}

const struct check check_tool_calls = {
    .name = "tool_calls", .argument = CHECK_MAP, .scope = CHECK_OF_TRIAL,
    .members = "min max allowed called in_order arguments",
    .doc = "The tools the model asked for: min and max calls, only allowed ones, all that must be called (in_order: true: "
           "in that order), arguments that fit {tool: JSON Schema}; true stands for the task's own tools.",
    .example = "- tool_calls: {called: [search, book], in_order: true, allowed: true, arguments: true}",
    .prepare = tool_calls_prepare, .judge = tool_calls_judge,
};
