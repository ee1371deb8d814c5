/* src/sim/wire/cohere.c: Cohere's chat API, version 2. */
#include "sim/wire/wire.h"

static enum err_code cohere_read(struct sim_ask *ask, struct arena *a, struct err *e)
{
    const json_t *format = json_child(ask->body, "response_format");
    enum err_code code = sim_chat_read(ask, a, e);      /* its messages and tools are the chat family's */

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
           : f == SIM_TOOL_USE      ? "TOOL_CALL"
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

/* A call; its arguments are text here too. */
static json_t *cohere_use(const struct sim_reply *reply, size_t i, struct str arguments)
{
    json_t *call = json_pack("{s:o,s:s}", "id",
                             json_sprintf(STR_FMT "_%08llx", STR_ARG(reply->uses[i].name),
                                          (unsigned long long)(rng_mix(reply->id + i + 1) >> 32)),
                             "type", "function");
    json_t *function = json_object();

    json_set_str(function, "name", reply->uses[i].name);
    json_set_str(function, "arguments", arguments);
    json_object_set_new(call, "function", function);
    return call;
}

/* What it says beside calls is its plan. */
static json_t *cohere_message(const struct sim_ask *ask, const struct sim_reply *reply)
{
    json_t *message = json_pack("{s:s}", "role", "assistant"), *content = json_array(), *calls = json_array();

    if (ask->thinking && reply->reasoning.len)
        json_array_append_new(content, cohere_block("thinking", reply->reasoning));
    if (!reply->use_count)
        json_array_append_new(content, cohere_block("text", reply->text));
    for (size_t i = 0; i < reply->use_count; i++)
        json_array_append_new(calls, cohere_use(reply, i, reply->uses[i].text));
    if (reply->use_count) {
        json_object_set(message, "tool_calls", calls);
        json_set_str(message, "tool_plan", reply->text.len ? reply->text : S("I will use a tool to answer this."));
    }
    if (json_array_size(content))
        json_object_set(message, "content", content);
    json_decref(content);
    json_decref(calls);
    return message;
}

static json_t *cohere_body(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                           int64_t now_s)
{
    (void)v, (void)now_s;
    return json_pack("{s:o,s:s,s:o,s:o}", "id", cohere_id(reply), "finish_reason", cohere_finish(reply->finish),
                     "message", cohere_message(ask, reply), "usage", cohere_usage(reply));
}

/* Takes `said`, which is the message's `member`. */
static void cohere_event(struct sim_events *out, const char *type, int index, const char *member, json_t *said,
                         int64_t tokens)
{
    json_t *o = json_pack("{s:s,s:i}", "type", type, "index", index);

    if (said)
        json_object_set_new(o, "delta", json_pack("{s:{s:o}}", "message", member, said));
    sim_event_sse(out, type, o, tokens);
}

static void cohere_stream_block(struct sim_events *out, int index, const char *kind, struct str text)
{
    struct str piece;

    cohere_event(out, "content-start", index, "content", cohere_block(kind, str_n("", 0)), 0);
    while (sim_piece(&text, &piece)) {
        json_t *content = json_object();

        json_set_str(content, kind, piece);
        cohere_event(out, "content-delta", index, "content", content, sim_tokens(piece));
    }
    cohere_event(out, "content-end", index, NULL, NULL, 0);
}

static void cohere_stream_uses(struct sim_events *out, const struct sim_ask *ask, const struct sim_reply *reply)
{
    json_t *message = cohere_message(ask, reply);
    struct str rest = json_get_str(message, "tool_plan"), piece;
    json_t *call;

    while (sim_piece(&rest, &piece))
        cohere_event(out, "tool-plan-delta", 0, "tool_plan", json_from_str(piece), sim_tokens(piece));
    json_decref(message);
    for (size_t i = 0; i < reply->use_count; i++) {
        cohere_event(out, "tool-call-start", (int)i, "tool_calls", cohere_use(reply, i, S("")),
                     sim_tokens(reply->uses[i].name));
        rest = reply->uses[i].text;
        while (sim_piece(&rest, &piece)) {
            call = json_pack("{s:{s:s%}}", "function", "arguments", piece.at, piece.len);
            cohere_event(out, "tool-call-delta", (int)i, "tool_calls", call, sim_tokens(piece));
        }
        cohere_event(out, "tool-call-end", (int)i, NULL, NULL, 0);
    }
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
    if (reply->use_count)
        cohere_stream_uses(out, ask, reply);
    else
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
