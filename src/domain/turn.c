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

static void turn_write_str(const char *key, struct str s, struct buf *out)
{
    if (!s.len)
        return;
    json_write_key(key, out);
    json_write_str(s, out);
}

static void turn_write_i64(const char *key, int64_t n, struct buf *out)
{
    json_write_key(key, out);
    json_write_i64(n, out);
}

static void turn_write_money(const char *key, int64_t nanousd, struct buf *out)
{
    char text[MONEY_TEXT];

    json_write_key(key, out);
    if (nanousd == MONEY_UNKNOWN)
        buf_puts(out, "null");
    else
        json_write_str(str_c(money_exact(nanousd, text)), out);
}

static int64_t turn_get_money(const json_t *o, const char *key)
{
    int64_t cost;

    return money_parse(json_get_str(o, key), &cost) ? cost : MONEY_UNKNOWN;
}

static void attempt_write(const struct attempt *at, struct buf *out)
{
    char when[CLOCK_TEXT];

    buf_byte(out, '{');
    turn_write_str("result", str_c(err_name(at->code)), out);
    if (at->http_status)
        turn_write_i64("http_status", at->http_status, out);
    turn_write_str("text", at->text, out);
    turn_write_str("started_at", str_c(clock_text(at->started_ms, when)), out);
    turn_write_i64("duration_ms", at->duration_ms, out);
    if (at->waited_ms)
        turn_write_i64("waited_ms", at->waited_ms, out);
    if (at->cost_nanousd)
        turn_write_money("cost_usd", at->cost_nanousd, out);
    if (at->cost_nanousd || at->usage.input || at->usage.output) {
        json_write_key("usage", out);
        usage_write(&at->usage, out);
    }
    buf_byte(out, '}');
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

void turn_write(const struct turn *t, struct buf *out)
{
    buf_byte(out, '{');
    turn_write_i64("number", t->number, out);
    turn_write_str("label", t->label, out);
    json_write_key("prompt", out);
    json_write_str(t->prompt, out);
    json_write_key("response", out);
    json_write_str(t->response, out);
    turn_write_str("reasoning", t->reasoning, out);
    if (t->tool_calls) {
        json_write_key("tool_calls", out);
        json_write(t->tool_calls, out);
    }
    turn_write_str("finish", str_c(finish_name(t->finish)), out);
    turn_write_str("finish_native", t->finish_native, out);
    turn_write_str("model_version", t->model_version, out);
    turn_write_str("response_id", t->response_id, out);
    turn_write_str("upstream", t->upstream, out);
    if (t->raw) {
        json_write_key("raw", out);
        json_write(t->raw, out);
    }
    turn_write_str("dropped", t->dropped, out);
    json_write_key("usage", out);
    usage_write(&t->usage, out);
    turn_write_money("cost_usd", t->cost_nanousd, out);
    if (t->cost_reported) {
        json_write_key("cost_reported", out);
        buf_puts(out, "true");
    }
    if (t->cached) {
        char when[CLOCK_TEXT];

        json_write_key("cached", out);
        buf_puts(out, "true");
        turn_write_str("cached_at", str_c(clock_text(t->cached_ms, when)), out);
        turn_write_money("saved_usd", t->saved_nanousd, out);
    }
    turn_write_i64("latency_ms", t->latency_ms, out);
    if (t->first_token_ms >= 0)
        turn_write_i64("first_token_ms", t->first_token_ms, out);
    json_write_key("attempts", out);
    buf_byte(out, '[');
    for (size_t i = 0; i < t->attempt_count; i++) {
        buf_puts(out, i ? "," : "");
        attempt_write(&t->attempts[i], out);
    }
    buf_puts(out, "]}");
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
