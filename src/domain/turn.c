#include "domain/domain.h"

static const char *const finish_names[FINISHES] = {
    [FINISH_UNKNOWN] = "unknown", [FINISH_STOP] = "stop", [FINISH_MAX_TOKENS] = "max_tokens",
    [FINISH_STOP_SEQUENCE] = "stop_sequence", [FINISH_TOOL_USE] = "tool_use",
    [FINISH_CONTENT_FILTER] = "content_filter", [FINISH_REFUSAL] = "refusal", [FINISH_ERROR] = "error",
    [FINISH_OTHER] = "other",
};

const char *finish_name(enum finish f)
{
    return finish_names[(unsigned)f < FINISHES ? f : FINISH_OTHER];
}

enum finish finish_from(struct str name)
{
    for (int i = 0; i < FINISHES; i++)
        if (str_is(name, finish_names[i]))
            return (enum finish)i;
    return FINISH_OTHER;
}

static void turn_set_str(json_t *o, const char *key, struct str s)
{
    if (s.len)
        json_set_str(o, key, s);
}

static void turn_set_money(json_t *o, const char *key, int64_t nanousd)
{
    char text[MONEY_TEXT];

    json_object_set_new(o, key, nanousd == MONEY_UNKNOWN ? json_null() : json_string(money_exact(nanousd, text)));
}

static int64_t turn_get_money(const json_t *o, const char *key)
{
    int64_t cost;

    return money_parse(json_get_str(o, key), &cost) ? cost : MONEY_UNKNOWN;
}

static json_t *attempt_to_json(const struct attempt *at)
{
    json_t *o = json_object();
    char when[CLOCK_TEXT];

    json_object_set_new(o, "result", json_string(err_name(at->code)));
    if (at->http_status)
        json_object_set_new(o, "http_status", json_integer(at->http_status));
    turn_set_str(o, "text", at->text);
    json_object_set_new(o, "started_at", json_string(clock_text(at->started_ms, when)));
    json_object_set_new(o, "duration_ms", json_integer(at->duration_ms));
    if (at->waited_ms)
        json_object_set_new(o, "waited_ms", json_integer(at->waited_ms));
    if (at->cost_nanousd)
        turn_set_money(o, "cost_usd", at->cost_nanousd);
    if (at->cost_nanousd || at->usage.input || at->usage.output)
        json_object_set_new(o, "usage", usage_to_json(&at->usage));
    return o;
}

static void attempt_from_json(const json_t *o, struct arena *a, struct attempt *out)
{
    *out = (struct attempt){ .http_status = (int)json_get_i64(o, "http_status", 0),
                             .text = arena_strdup(a, json_get_str(o, "text")),
                             .duration_ms = json_get_i64(o, "duration_ms", 0),
                             .waited_ms = json_get_i64(o, "waited_ms", 0) };
    out->code = err_from_name(json_get_str(o, "result"));
    if (!clock_parse(json_get_str(o, "started_at"), &out->started_ms))
        out->started_ms = 0;
    if (json_child(o, "cost_usd"))
        out->cost_nanousd = turn_get_money(o, "cost_usd");
    usage_from_json(json_child(o, "usage"), &out->usage);
}

json_t *turn_to_json(const struct turn *t)
{
    json_t *o = json_object(), *list = json_array();

    json_object_set_new(o, "number", json_integer(t->number));
    turn_set_str(o, "label", t->label);
    json_set_str(o, "prompt", t->prompt);
    json_set_str(o, "response", t->response);
    turn_set_str(o, "reasoning", t->reasoning);
    if (t->tool_calls)
        json_object_set(o, "tool_calls", (json_t *)t->tool_calls);
    json_object_set_new(o, "finish", json_string(finish_name(t->finish)));
    turn_set_str(o, "finish_native", t->finish_native);
    turn_set_str(o, "model_version", t->model_version);
    turn_set_str(o, "response_id", t->response_id);
    turn_set_str(o, "upstream", t->upstream);
    if (t->raw)
        json_object_set(o, "raw", (json_t *)t->raw);
    turn_set_str(o, "dropped", t->dropped);
    json_object_set_new(o, "usage", usage_to_json(&t->usage));
    turn_set_money(o, "cost_usd", t->cost_nanousd);
    if (t->cost_reported)
        json_object_set_new(o, "cost_reported", json_true());
    if (t->cached) {
        char when[CLOCK_TEXT];

        json_object_set_new(o, "cached", json_true());
        json_object_set_new(o, "cached_at", json_string(clock_text(t->cached_ms, when)));
        turn_set_money(o, "saved_usd", t->saved_nanousd);
    }
    json_object_set_new(o, "latency_ms", json_integer(t->latency_ms));
    if (t->first_token_ms >= 0)
        json_object_set_new(o, "first_token_ms", json_integer(t->first_token_ms));
    for (size_t i = 0; i < t->attempt_count; i++)
        json_array_append_new(list, attempt_to_json(&t->attempts[i]));
    json_object_set_new(o, "attempts", list);
    return o;
}

void turn_from_json(const json_t *o, struct arena *a, struct turn *out)
{
    const json_t *attempts = json_child(o, "attempts");

    *out = (struct turn){
        .number = (int)json_get_i64(o, "number", 0), .label = arena_strdup(a, json_get_str(o, "label")),
        .prompt = arena_strdup(a, json_get_str(o, "prompt")), .response = arena_strdup(a, json_get_str(o, "response")),
        .reasoning = arena_strdup(a, json_get_str(o, "reasoning")), .finish = finish_from(json_get_str(o, "finish")),
        .finish_native = arena_strdup(a, json_get_str(o, "finish_native")),
        .model_version = arena_strdup(a, json_get_str(o, "model_version")),
        .response_id = arena_strdup(a, json_get_str(o, "response_id")),
        .upstream = arena_strdup(a, json_get_str(o, "upstream")),
        .dropped = arena_strdup(a, json_get_str(o, "dropped")),
        .cost_nanousd = turn_get_money(o, "cost_usd"), .cost_reported = json_get_bool(o, "cost_reported", false),
        .latency_ms = json_get_i64(o, "latency_ms", 0), .first_token_ms = json_get_i64(o, "first_token_ms", -1),
    };
    usage_from_json(json_child(o, "usage"), &out->usage);
    out->cached = json_get_bool(o, "cached", false);
    if (out->cached && !clock_parse(json_get_str(o, "cached_at"), &out->cached_ms))
        out->cached_ms = 0;
    if (out->cached)
        out->saved_nanousd = turn_get_money(o, "saved_usd");
    if (json_child(o, "tool_calls"))
        out->tool_calls = json_in_arena(json_incref(json_child(o, "tool_calls")), a);
    if (json_child(o, "raw"))
        out->raw = json_in_arena(json_incref(json_child(o, "raw")), a);
    out->attempt_count = json_array_size(attempts);
    out->attempts = arena_array(a, struct attempt, out->attempt_count);
    for (size_t i = 0; i < out->attempt_count; i++)
        attempt_from_json(json_array_get(attempts, i), a, &out->attempts[i]);
}
