/* src/sim/wire/cohere.c: Cohere's chat API, version 2. */
#include "sim/wire/wire.h"

static enum err_code cohere_read(struct sim_ask *ask, struct arena *a, struct err *e)
{
    const json_t *format = json_child(ask->body, "response_format");
    enum err_code code = sim_chat_read(ask, a, e);      /* its messages are the chat family's */

    ask->stop_count = 0;
    ask->json_mode = str_is(json_get_str(format, "type"), "json_object");
    ask->schema = json_child(format, "json_schema");
    ask->thinking = !str_is(json_get_str(json_child(ask->body, "thinking"), "type"), "disabled");
    if (code == ERR_OK && ask->temperature > 1)
        code = err_set(e, ERR_BAD_INPUT, "invalid request: temperature must be between 0 and 1.0 inclusive.");
    return code == ERR_OK ? sim_read_stops(json_child(ask->body, "stop_sequences"), ask, e) : code;
}

static const char *cohere_finish(enum sim_finish f)
{
    return f == SIM_LENGTH          ? "MAX_TOKENS"
           : f == SIM_STOP_SEQUENCE ? "STOP_SEQUENCE"
           : f == SIM_FILTERED      ? "ERROR_TOXIC"
                                    : "COMPLETE";
}

/* What was read is more than what is billed: Cohere puts its own preamble before every conversation. */
static json_t *cohere_usage(const struct sim_reply *reply)
{
    return json_pack("{s:{s:I,s:I},s:{s:I,s:I}}", "billed_units", "input_tokens", (json_int_t)reply->input_tokens,
                     "output_tokens", (json_int_t)reply->output_tokens, "tokens", "input_tokens",
                     (json_int_t)(reply->input_tokens + 60), "output_tokens", (json_int_t)reply->output_tokens);
}

static json_t *cohere_id(const struct sim_reply *reply)
{
    return json_sprintf("%08llx-0000-4000-8000-%012llx", (unsigned long long)(reply->id >> 32),
                        (unsigned long long)(reply->id & 0xffffffffffffull));
}

static json_t *cohere_block(const char *kind, struct str text)
{
    json_t *block = json_pack("{s:s}", "type", kind);

    json_set_str(block, kind, text);
    return block;
}

static json_t *cohere_body(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                           int64_t now_s)
{
    json_t *content = json_array();

    (void)v, (void)now_s;
    if (ask->thinking && reply->reasoning.len)
        json_array_append_new(content, cohere_block("thinking", reply->reasoning));
    json_array_append_new(content, cohere_block("text", reply->text));
    return json_pack("{s:o,s:s,s:{s:s,s:o},s:o}", "id", cohere_id(reply), "finish_reason", cohere_finish(reply->finish),
                     "message", "role", "assistant", "content", content, "usage", cohere_usage(reply));
}

static void cohere_event(struct sim_events *out, const char *type, int index, json_t *content, int64_t tokens)
{
    json_t *o = json_pack("{s:s,s:i}", "type", type, "index", index);

    if (content)
        json_object_set_new(o, "delta", json_pack("{s:{s:o}}", "message", "content", content));
    sim_event_sse(out, type, o, tokens);
}

static void cohere_stream_block(struct sim_events *out, int index, const char *kind, struct str text)
{
    struct str piece;

    cohere_event(out, "content-start", index, cohere_block(kind, str_n("", 0)), 0);
    while (sim_piece(&text, &piece)) {
        json_t *content = json_object();

        json_set_str(content, kind, piece);
        cohere_event(out, "content-delta", index, content, sim_tokens(piece));
    }
    cohere_event(out, "content-end", index, NULL, 0);
}

static void cohere_stream(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                          int64_t now_s, struct sim_events *out)
{
    int index = 0;

    (void)v, (void)now_s;
    sim_event_sse(out, "message-start",
                  json_pack("{s:s,s:o,s:{s:{s:s,s:[],s:s,s:[],s:[]}}}", "type", "message-start", "id", cohere_id(reply), "delta",
                            "message", "role", "assistant", "content", "tool_plan", "", "tool_calls", "citations"), 0);
    if (ask->thinking && reply->reasoning.len)
        cohere_stream_block(out, index++, "thinking", reply->reasoning);
    cohere_stream_block(out, index, "text", reply->text);
    sim_event_sse(out, "message-end",
                  json_pack("{s:s,s:{s:s,s:o}}", "type", "message-end", "delta", "finish_reason", cohere_finish(reply->finish),
                            "usage", cohere_usage(reply)), 0);
}

static json_t *cohere_refuse(const struct sim_vendor *v, struct sim_refusal *why)
{
    (void)v;
    if (why->kind == SIM_REFUSED_QUOTA)
        why->message = S("You are using a Trial key, which is limited to 1000 API calls / month. You can continue to use "
                         "the Trial key for free or upgrade to a Production key.");
    if (why->kind == SIM_REFUSED_KEY)
        why->message = S("invalid api token");
    if (why->status >= 500)
        why->message = S("internal server error, this has been reported to our developers.");
    return json_pack("{s:s%,s:s%}", "id", why->request_id.at, why->request_id.len, "message", why->message.at,
                     why->message.len);
}

static void cohere_stream_error(const struct sim_vendor *v, struct sim_refusal *why, struct sim_events *out)
{
    (void)v;
    sim_event_sse(out, "message-end",
                  json_pack("{s:s,s:{s:s,s:{s:s%,s:s}}}", "type", "message-end", "delta", "finish_reason", "ERROR", "error",
                            "message", why->message.at, why->message.len, "type",
                            why->status >= 500 ? "server_error" : "invalid_request"), 0);
}

static void cohere_empty(json_t *body)
{
    json_object_set_new(body, "message", json_object());
}

static const struct sim_route cohere_routes[] = { { "/v2/chat", SIM_OP_CHAT }, { NULL, SIM_OP_NONE } };
const struct sim_vendor sim_vendor_cohere = {
    .name = "cohere", .prefix = "/cohere", .auth = SIM_AUTH_BEARER, .request_id = "x-debug-trace-id",
    .stream_type = "text/event-stream", .routes = cohere_routes, .read = cohere_read, .body = cohere_body,
    .stream = cohere_stream, .refuse = cohere_refuse, .stream_error = cohere_stream_error, .empty = cohere_empty,
};
