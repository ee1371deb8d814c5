/* Assertions about the call: latency, cost, why the model stopped, whether it refused, which tools it asked for.
 *
 *   tool-call-f1   of the sets of tools called and expected: 2PR / (P + R), P = |both| / |called|, R = |both| /
 * |expected|;
 *                  0 when they share none. It passes when that reaches the threshold (1); turned round, when not: the
 *                  score stays. Where no tool was called, calls are looked for in the text: JSON, or lines of it. */
#include "eval/promptfoo/kinds.h"

#include <math.h>

#include "eval/check/check.h"

void promptfoo_latency(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    if (isnan(q->threshold))
        promptfoo_broken(S("it needs a threshold in milliseconds"), out);
    else if (q->s->latency_ms < 0)
        promptfoo_skip(S("latency: the call was not timed"), out);
    else
        promptfoo_say(q, (double)q->s->latency_ms <= q->threshold,
                      arena_printf(q->a, "it took %lld ms, more than %.15g", (long long)q->s->latency_ms, q->threshold),
                      out);
}

void promptfoo_cost(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    char text[MONEY_TEXT];

    if (isnan(q->threshold))
        promptfoo_broken(S("it needs a threshold in dollars"), out);
    else if (q->s->cost_nanousd == MONEY_UNKNOWN)
        promptfoo_skip(S("cost: the model's price is not known"), out);
    else
        promptfoo_say(q, (double)q->s->cost_nanousd / 1e9 <= q->threshold,
                      arena_printf(q->a, "it cost %s, more than %.15g", money_show(q->s->cost_nanousd, text),
                                   q->threshold),
                      out);
}

/* The words promptfoo's providers agree on. */
static struct str trial_finish(const struct turn *t)
{
    switch (t->finish) {
    case FINISH_STOP:
    case FINISH_STOP_SEQUENCE: return S("stop");
    case FINISH_MAX_TOKENS: return S("length");
    case FINISH_TOOL_USE: return S("tool_calls");
    case FINISH_CONTENT_FILTER:
    case FINISH_REFUSAL: return S("content_filter");
    default: return t->finish_native;
    }
}

void promptfoo_finish_reason(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    struct str want = json_to_str(q->value), said;

    if (!json_is_string(q->value)) {
        promptfoo_broken(S("its value must be a text: stop, length, content_filter, tool_calls"), out);
        return;
    }
    if (!q->s->turn_count) {
        promptfoo_skip(S("finish-reason: only the output is known"), out);
        return;
    }
    said = trial_finish(&q->s->turns[q->s->turn_count - 1]);
    promptfoo_say(q, said.len && str_ieq(said, want),
                  arena_printf(q->a, "the model stopped with \"" STR_FMT "\"", STR_ARG(said)), out);
}

/* By the check `refusal`. */
void promptfoo_is_refusal(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    struct check_spec spec = { .kind = S("refusal"), .name = S("refusal"), .argument = json_true(), .weight = 1 };
    struct subject s = *q->s;
    struct check_ready ready;
    struct score score;
    struct err e = ERR_INIT;

    if (!str_trim(q->output).len || q->json) {          /* promptfoo: no text is a refusal, of score 0 */
        promptfoo_say(q, true, STR_NONE, out);
        out->score = 0;
        return;
    }
    if (check_prepare(&spec, q->a, &ready, &e) != ERR_OK) {
        promptfoo_skip(arena_strdup(q->a, str_c(e.text)), out);
        return;
    }
    if (q->transformed)
        s.output = q->output;
    subject_begin(&s, q->a);
    check_judge(&ready, &s, q->a, &score);
    if (score.state != SCORE_VALUE)
        promptfoo_skip(score.note, out);
    else
        promptfoo_say(q, score.value > 0, S("it is not a refusal"), out);
}

/* --- tools -------------------------------------------------------------------------------------------------------- */

/* The parameters of a tool that the configuration names, in the form of chat completions or of responses. */
static const json_t *tools_find(const json_t *tools, struct str name, bool *found)
{
    *found = false;
    for (size_t i = 0; i < json_array_size(tools); i++) {
        const json_t *tool = json_array_get(tools, i), *f = json_child(tool, "function");

        if (!str_eq(json_get_str(f ? f : tool, "name"), name))
            continue;
        *found = true;
        return json_child(f ? f : tool, "parameters");
    }
    return NULL;
}

/* Empty: the call is as the tool wants it. */
static struct str tools_fault(const json_t *tools, const json_t *given, struct arena *a)
{
    const json_t *parameters;
    struct tool_call call;
    struct schema_fault fault;
    struct schema *schema;
    struct err e = ERR_INIT;
    size_t count;
    bool found;

    llm_tool_call_read(given, a, &call);
    parameters = tools_find(tools, call.name, &found);
    if (!found)
        return arena_printf(a, "there is no tool \"" STR_FMT "\"", STR_ARG(str_utf8_head(call.name, 60)));
    if (!parameters || !json_object_size(parameters))
        return json_object_size(call.arguments) ? arena_printf(a, STR_FMT " takes no arguments", STR_ARG(call.name))
                                                : STR_NONE;
    if (!call.arguments)
        return arena_printf(a, "the arguments of " STR_FMT " are not JSON", STR_ARG(call.name));
    if (schema_compile(parameters, a, &schema, &e) != ERR_OK)
        return arena_printf(a, "the parameters of " STR_FMT ": %s", STR_ARG(call.name), e.text);
    if (schema_validate(schema, call.arguments, a, &fault, 1, &count) == SCHEMA_VALID)
        return STR_NONE;
    return arena_printf(a, "the arguments of " STR_FMT ": " STR_FMT ": " STR_FMT, STR_ARG(call.name),
                        STR_ARG(fault.path), STR_ARG(fault.text));
}

/* Of an output that a transform made, what that holds. */
static const json_t *tools_called(const struct promptfoo_question *q)
{
    json_t *made;

    if (!q->transformed)
        return q->s->turn_count ? q->s->turns[q->s->turn_count - 1].tool_calls : NULL;
    if (!q->json || json_read(q->output, &made, NULL) != ERR_OK)
        return NULL;
    json_in_arena(made, q->a);
    return json_child(made, "tool_calls") ? json_child(made, "tool_calls") : made;
}

void promptfoo_tools_call(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    const json_t *calls = tools_called(q);
    const json_t *tools = q->s->kase ? JSON_AT(q->s->kase->vars, PROMPTFOO_VARIABLE, "tools") : NULL;
    struct str why = STR_NONE;

    if (!json_array_size(calls))
        why = S("the model called no tool");
    else if (!json_array_size(tools))
        why = S("the provider has no tools");
    for (size_t i = 0; !why.len && i < json_array_size(calls); i++)
        why = tools_fault(tools, json_array_get(calls, i), q->a);
    /* promptfoo does not turn these round: not-is-valid-... says the same */
    *out = (struct promptfoo_answer){ why.len ? PROMPTFOO_FAIL : PROMPTFOO_PASS, !why.len, why };
}

/* --- tool-call-f1 ------------------------------------------------------------------------------------------------- */

#define TOOLS_QUOTED_MAX 32             /* JSON texts in JSON texts */

static void tools_name(json_t *names, const json_t *o)
{
    struct str name = json_get_str(o, "name");

    if (json_is_string(json_child(o, "name")))
        json_object_setn_new(names, name.at, name.len, json_true());
}

/* One of several calls, in the words of any vendor. */
static void tools_name_one(json_t *names, const json_t *item)
{
    const json_t *google = json_child(item, "functionCall"), *function = json_child(item, "function");

    if (str_is(json_get_str(item, "type"), "tool_use") && json_is_string(json_child(item, "name")))
        tools_name(names, item);
    else if (json_is_object(google) || json_is_array(google))
        tools_name(names, google);
    else if (json_is_object(function) || json_is_array(function))
        tools_name(names, function);
    else
        tools_name(names, item);
}

static void tools_names(json_t *names, const json_t *said)
{
    const json_t *calls = json_child(said, "tool_calls"), *google = json_child(said, "functionCall");
    const json_t *live = json_child(said, "toolCall");

    if (json_is_array(calls)) {
        for (size_t i = 0; i < json_array_size(calls); i++) {
            tools_name(names, json_child(json_array_get(calls, i), "function"));
            tools_name(names, json_array_get(calls, i));
        }
    } else if (str_is(json_get_str(said, "type"), "tool_use") && json_is_string(json_child(said, "name"))) {
        tools_name(names, said);
    } else if (json_is_object(google) || json_is_array(google)) {
        tools_name(names, google);
    } else if (json_is_object(live) || json_is_array(live)) {
        for (size_t i = 0; i < json_array_size(json_child(live, "functionCalls")); i++)
            tools_name(names, json_array_get(json_child(live, "functionCalls"), i));
    } else {
        for (size_t i = 0; i < json_array_size(said); i++)
            tools_name_one(names, json_array_get(said, i));
    }
}

/* A text that is JSON, or lines that are. */
static void tools_names_in(json_t *names, struct str text, int quoted)
{
    AUTO_JSON *whole = NULL;
    struct str line;

    if (json_read(text, &whole, NULL) == ERR_OK) {
        if (!json_is_string(whole))
            tools_names(names, whole);
        else if (quoted < TOOLS_QUOTED_MAX)
            tools_names_in(names, json_to_str(whole), quoted + 1);
        return;
    }
    while (str_split(&text, '\n', &line)) {
        AUTO_JSON *one = NULL;

        line = promptfoo_trim(line);
        if (line.len && (line.at[0] == '{' || line.at[0] == '[') && json_read(line, &one, NULL) == ERR_OK)
            tools_names(names, one);
    }
}

/* What must be called, as a set; NULL: the value names nothing. */
static const json_t *tools_expected(const struct promptfoo_question *q)
{
    json_t *names = json_in_arena(json_object(), q->a);
    struct str rest = json_to_str(q->value), one;

    if (json_is_string(q->value)) {
        while (str_split(&rest, ',', &one)) {
            one = promptfoo_trim(one);
            json_object_setn_new(names, one.at, one.len, json_true());
        }
    }
    for (size_t i = 0; i < json_array_size(q->value); i++) {
        one = promptfoo_scalar(json_array_get(q->value, i), q->a);
        json_object_setn_new(names, one.at, one.len, json_true());
    }
    return json_object_size(names) ? names : NULL;
}

void promptfoo_tool_call_f1(const struct promptfoo_question *q, struct promptfoo_answer *out)
{
    const json_t *calls = q->transformed ? NULL : tools_called(q);
    const json_t *expected = tools_expected(q);
    json_t *called = json_in_arena(json_object(), q->a);
    double both = 0, precision, recall, f1, threshold = isnan(q->threshold) ? 1 : q->threshold;
    struct tool_call call;
    bool pass;

    if (!expected) {
        promptfoo_broken(S("its value must be the names of tools: a list, or a text with commas"), out);
        return;
    }
    for (size_t i = 0; i < json_array_size(calls); i++) {
        llm_tool_call_read(json_array_get(calls, i), q->a, &call);
        json_object_setn_new(called, call.name.at, call.name.len, json_true());
    }
    if (!json_array_size(calls))
        tools_names_in(called, q->output, 0);
    for (void *it = json_object_iter((json_t *)expected); it; it = json_object_iter_next((json_t *)expected, it))
        both += json_object_get(called, json_object_iter_key(it)) != NULL;
    /* in promptfoo's order of operations: a threshold is compared to the last bit */
    precision = json_object_size(called) ? both / (double)json_object_size(called) : 0;
    recall = both / (double)json_object_size(expected);
    f1 = precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
    pass = (f1 >= threshold) != q->inverse;
    *out = (struct promptfoo_answer){ pass ? PROMPTFOO_PASS : PROMPTFOO_FAIL, f1, STR_NONE };
    if (!pass)
        out->reason = arena_printf(
            q->a, "F1 %.3f of the tools called is %s the threshold %.15g: %.0f of %zu expected, %zu called", f1,
            q->inverse ? "not below" : "below", threshold, both, json_object_size(expected), json_object_size(called));
}
