/* src/sim/wire/anthropic.c: the Messages API. */
#include "sim/wire/wire.h"

#include <stdio.h>

static void anthropic_read_result(const json_t *part, struct sim_texts *t, struct sim_ask *ask)
{
    const json_t *content = json_child(part, "content"), *block;
    size_t i;

    if (!json_is_array(content))
        sim_texts_tool_json(t, ask, content);
    json_array_foreach((json_t *)content, i, block)
        sim_texts_tool(t, ask, json_get_str(block, "text"));
}

static enum err_code anthropic_read_content(const json_t *content, struct buf *to, struct sim_ask *ask, size_t at,
                                            struct err *e)
{
    const json_t *part;
    size_t i;

    if (json_is_string(content)) {
        sim_texts_add(to, json_to_str(content));
        return ERR_OK;
    }
    if (!json_array_size(content))
        return err_set(e, ERR_BAD_INPUT, "messages.%zu: user messages must have non-empty content", at);
    json_array_foreach(content, i, part) {
        struct str type = json_get_str(part, "type");
        const json_t *source = json_child(part, "source");

        if (str_is(type, "text"))
            sim_texts_add(to, json_get_str(part, "text"));
        else if (str_is(type, "image")) {
            if (!json_get_str(source, "url").len &&
                (!json_get_str(source, "data").len || !json_get_str(source, "media_type").len))
                return err_set(
                    e, ERR_BAD_INPUT,
                    "messages.%zu.content.%zu.image.source: a url, or media_type and base64 data, is required", at, i);
            ask->images++;
        }
    }
    return ERR_OK;
}

/* Does the user say anything, or is this only what tools gave? */
static bool anthropic_has_text(const json_t *content)
{
    const json_t *part;
    size_t i;

    json_array_foreach((json_t *)content, i, part)
        if (!str_is(json_get_str(part, "type"), "tool_result"))
            return true;
    return json_is_string(content);
}

static enum err_code anthropic_read_messages(struct sim_ask *ask, struct sim_texts *t, struct err *e)
{
    const json_t *messages = json_child(ask->body, "messages"), *system = json_child(ask->body, "system"), *m, *part;
    size_t i, k;

    if (json_is_string(system))
        sim_texts_add(&t->system, json_to_str(system));
    json_array_foreach(system, i, m)
        sim_texts_add(&t->system, json_get_str(m, "text"));
    if (!json_array_size(messages))
        return err_set(e, ERR_BAD_INPUT, "messages: at least one message is required");
    json_array_foreach(messages, i, m) {
        struct str role = json_get_str(m, "role");
        AUTO_BUF struct buf other = BUF_INIT(SIM_BODY_MAX);

        if (str_is(role, "user")) {
            if (anthropic_has_text(json_child(m, "content")))
                sim_texts_user(t, ask);
            TRY(anthropic_read_content(json_child(m, "content"), &other, ask, i, e));
            if (other.len) {
                buf_append(&t->last, buf_str(&other));
                sim_texts_add(&t->user, buf_str(&other));
            }
            json_array_foreach(json_child(m, "content"), k, part)
                if (str_is(json_get_str(part, "type"), "tool_result"))
                    anthropic_read_result(part, t, ask);
        } else if (str_is(role, "assistant") && i == 0) {
            return err_set(e, ERR_BAD_INPUT, "messages: first message must use the \"user\" role");
        } else if (str_is(role, "assistant")) {
            sim_texts_assistant(t, ask);
            TRY(anthropic_read_content(json_child(m, "content"), &other, ask, i, e));
        } else {
            return err_set(e, ERR_BAD_INPUT, "messages.%zu.role: Input should be 'user' or 'assistant'", i);
        }
    }
    return ERR_OK;
}

static enum err_code anthropic_read(struct sim_ask *ask, struct arena *a, struct err *e)
{
    const json_t *format = json_child(json_child(ask->body, "output_config"), "format"),
                 *choice = json_child(ask->body, "tool_choice");
    struct sim_texts t;
    enum err_code code;

    if (!format)
        format = json_child(ask->body, "output_format");
    sim_texts_init(&t);
    ask->model_asked = json_get_str(ask->body, "model");
    ask->stream = json_get_bool(ask->body, "stream", false);
    ask->temperature = json_get_double(ask->body, "temperature", -1);
    ask->max_tokens = json_get_i64(ask->body, "max_tokens", -1);
    ask->thinking = str_is(json_get_str(json_child(ask->body, "thinking"), "type"), "enabled") ||
                    str_is(json_get_str(json_child(ask->body, "thinking"), "type"), "adaptive");
    ask->json_mode = str_is(json_get_str(format, "type"), "json_schema");
    ask->schema = json_child(format, "schema");
    ask->one_call = json_get_bool(choice, "disable_parallel_tool_use", false);
    code = anthropic_read_messages(ask, &t, e);
    if (code == ERR_OK && !ask->model_asked.len)
        code = err_set(e, ERR_BAD_INPUT, "model: Field required");
    if (code == ERR_OK && ask->temperature > 1)
        code = err_set(e, ERR_BAD_INPUT, "temperature: range: 0..1");
    if (code == ERR_OK)
        code = sim_read_tools(json_child(ask->body, "tools"), NULL, "input_schema", ask, a, e);
    if (code == ERR_OK)
        code = sim_read_tool_choice(str_is(json_get_str(choice, "type"), "tool") ? STR_NONE
                                                                                 : json_get_str(choice, "type"),
                                    json_get_str(choice, "name"), ask, e);
    if (code == ERR_OK && ask->thinking && ask->tool_wish > SIM_TOOLS_NONE)
        code = err_set(e, ERR_BAD_INPUT, "Thinking may not be enabled when tool_choice forces tool use.");
    if (code == ERR_OK)
        code = sim_read_stops(json_child(ask->body, "stop_sequences"), ask, e);
    sim_texts_done(&t, ask, a);
    return code;
}

static const char *anthropic_stop(enum sim_finish f)
{
    return f == SIM_LENGTH          ? "max_tokens"
           : f == SIM_STOP_SEQUENCE ? "stop_sequence"
           : f == SIM_FILTERED      ? "refusal"
           : f == SIM_TOOL_USE      ? "tool_use"
                                    : "end_turn";
}

/* Cached tokens stand beside the input's, not inside. */
static json_t *anthropic_usage(const struct sim_reply *reply, int64_t output)
{
    return json_pack("{s:I,s:i,s:I,s:I,s:{s:i,s:i},s:s}", "input_tokens", (json_int_t)(reply->input_tokens - reply->cached_tokens),
                     "cache_creation_input_tokens", 0, "cache_read_input_tokens", (json_int_t)reply->cached_tokens, "output_tokens",
                     (json_int_t)output, "cache_creation", "ephemeral_5m_input_tokens", 0, "ephemeral_1h_input_tokens", 0,
                     "service_tier", "standard");
}

static json_t *anthropic_head(const struct sim_ask *ask, const struct sim_reply *reply)
{
    json_t *o = json_object();

    json_object_set_new(o, "id", json_sprintf("msg_%016llx", (unsigned long long)reply->id));
    json_object_set_new(o, "type", json_string("message"));
    json_object_set_new(o, "role", json_string("assistant"));
    json_set_str(o, "model", ask->model_name);
    return o;
}

/* Takes `input`. */
static json_t *anthropic_use(const struct sim_reply *reply, size_t i, json_t *input)
{
    json_t *block = json_pack("{s:s,s:o}", "type", "tool_use", "id", sim_use_id(reply, i, "toolu_"));

    json_set_str(block, "name", reply->uses[i].name);
    json_object_set_new(block, "input", input);
    return block;
}

static json_t *anthropic_body(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                              int64_t now_s)
{
    json_t *o = anthropic_head(ask, reply), *content = json_array(), *block;

    (void)v, (void)now_s;
    if (ask->thinking && reply->reasoning.len) {
        block = json_pack("{s:s,s:s}", "type", "thinking", "signature", "c2ltdWxhdGVk");
        json_set_str(block, "thinking", reply->reasoning);
        json_array_append_new(content, block);
    }
    if (reply->text.len || !reply->use_count) {
        block = json_pack("{s:s}", "type", "text");
        json_set_str(block, "text", reply->text);
        json_array_append_new(content, block);
    }
    for (size_t i = 0; i < reply->use_count; i++)
        json_array_append_new(content, anthropic_use(reply, i, json_incref(reply->uses[i].arguments)));
    json_object_set_new(o, "content", content);
    json_object_set_new(o, "stop_reason", json_string(anthropic_stop(reply->finish)));
    json_object_set_new(o, "stop_sequence",
                        reply->finish == SIM_STOP_SEQUENCE ? json_from_str(reply->stop) : json_null());
    json_object_set_new(o, "usage", anthropic_usage(reply, reply->output_tokens));
    return o;
}

static void anthropic_stream_block(struct sim_events *out, int index, const char *kind, struct str text)
{
    bool thinks = strcmp(kind, "thinking") == 0;
    struct str piece;
    json_t *delta;

    sim_event_sse(out, "content_block_start", json_pack("{s:s,s:i,s:{s:s,s:s}}", "type", "content_block_start", "index", index,
                                                        "content_block", "type", kind, kind, ""), 0);
    while (sim_piece(&text, &piece)) {
        delta = json_pack("{s:s}", "type", thinks ? "thinking_delta" : "text_delta");
        json_set_str(delta, kind, piece);
        sim_event_sse(out, "content_block_delta",
                      json_pack("{s:s,s:i,s:o}", "type", "content_block_delta", "index", index, "delta", delta),
                      sim_tokens(piece));
    }
    if (thinks)
        sim_event_sse(out, "content_block_delta", json_pack("{s:s,s:i,s:{s:s,s:s}}", "type", "content_block_delta", "index", index, "delta",
                                                            "type", "signature_delta", "signature", "c2ltdWxhdGVk"), 0);
    sim_event_sse(out, "content_block_stop", json_pack("{s:s,s:i}", "type", "content_block_stop", "index", index), 0);
}

/* The first piece is empty, as the real one's is; a call without arguments has no other. */
static void anthropic_stream_use(struct sim_events *out, int index, const struct sim_reply *reply, size_t i)
{
    struct str rest = json_object_size(reply->uses[i].arguments) ? reply->uses[i].text : STR_NONE, piece = S("");

    sim_event_sse(out, "content_block_start",
                  json_pack("{s:s,s:i,s:o}", "type", "content_block_start", "index", index, "content_block",
                            anthropic_use(reply, i, json_object())),
                  sim_tokens(reply->uses[i].name));
    do
        sim_event_sse(out, "content_block_delta",
                      json_pack("{s:s,s:i,s:{s:s,s:s%}}", "type", "content_block_delta", "index", index, "delta", "type",
                                "input_json_delta", "partial_json", piece.at, piece.len),
                      sim_tokens(piece));
    while (sim_piece(&rest, &piece));
    sim_event_sse(out, "content_block_stop", json_pack("{s:s,s:i}", "type", "content_block_stop", "index", index), 0);
}

static void anthropic_stream(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                             int64_t now_s, struct sim_events *out)
{
    json_t *message = anthropic_head(ask, reply);
    int index = 0;

    (void)v, (void)now_s;
    json_object_set_new(message, "content", json_array());
    json_object_set_new(message, "stop_reason", json_null());
    json_object_set_new(message, "stop_sequence", json_null());
    json_object_set_new(message, "usage", anthropic_usage(reply, 1));
    sim_event_sse(out, "message_start", json_pack("{s:s,s:o}", "type", "message_start", "message", message), 0);
    sim_event_sse(out, "ping", json_pack("{s:s}", "type", "ping"), 0);
    if (ask->thinking && reply->reasoning.len)
        anthropic_stream_block(out, index++, "thinking", reply->reasoning);
    if (reply->text.len || !reply->use_count)
        anthropic_stream_block(out, index++, "text", reply->text);
    for (size_t i = 0; i < reply->use_count; i++)
        anthropic_stream_use(out, index++, reply, i);
    sim_event_sse(out, "message_delta",
                  json_pack("{s:s,s:{s:s,s:o},s:{s:I}}", "type", "message_delta", "delta", "stop_reason", anthropic_stop(reply->finish),
                            "stop_sequence", reply->finish == SIM_STOP_SEQUENCE ? json_from_str(reply->stop) : json_null(), "usage",
                            "output_tokens", (json_int_t)reply->output_tokens), 0);
    sim_event_sse(out, "message_stop", json_pack("{s:s}", "type", "message_stop"), 0);
}

static json_t *anthropic_refuse(const struct sim_vendor *v, struct sim_refusal *why)
{
    json_t *o = json_object(), *error = json_object();
    const char *type;

    (void)v;
    if (why->kind == SIM_REFUSED_QUOTA) {
        why->status = 402;
        why->message = S("Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to "
                         "upgrade or purchase credits.");
    }
    switch (why->status) {
    case 401: type = "authentication_error"; break;
    case 402: type = "billing_error"; break;
    case 403: type = "permission_error"; break;
    case 404: type = "not_found_error"; break;
    case 413: type = "request_too_large"; break;
    case 429: type = "rate_limit_error"; break;
    case 504: type = "timeout_error"; break;
    case 503:
    case 529: type = "overloaded_error"; break;
    default:  type = why->status >= 500 ? "api_error" : "invalid_request_error"; break;
    }
    json_object_set_new(error, "type", json_string(type));
    json_set_str(error, "message", why->status == 529 ? S("Overloaded") : why->message);
    json_object_set_new(o, "type", json_string("error"));
    json_object_set_new(o, "error", error);
    json_set_str(o, "request_id", why->request_id);
    return o;
}

static void anthropic_stream_error(const struct sim_vendor *v, struct sim_refusal *why, struct sim_events *out)
{
    sim_event_sse(out, "error", anthropic_refuse(v, why), 0);
}

static void anthropic_limit(struct sim_told *out, const char *what, int64_t limit, int64_t left, int64_t reset_ms)
{
    char when[CLOCK_TEXT];

    sim_tell(out, "anthropic-ratelimit-%s-limit: %lld", what, (long long)limit);
    sim_tell(out, "anthropic-ratelimit-%s-remaining: %lld", what, (long long)left);
    sim_tell(out, "anthropic-ratelimit-%s-reset: %s", what, clock_text(clock_wall_ms() + reset_ms, when));
}

static void anthropic_limits(const struct sim_room *room, struct sim_told *out)
{
    if (room->requests_limit)
        anthropic_limit(out, "requests", room->requests_limit, room->requests_left, room->requests_reset_ms);
    if (room->tokens_limit) {
        anthropic_limit(out, "tokens", room->tokens_limit, room->tokens_left, room->tokens_reset_ms);
        anthropic_limit(out, "input-tokens", room->tokens_limit, room->tokens_left, room->tokens_reset_ms);
    }
}

static json_t *anthropic_model(struct str id)
{
    json_t *o = json_pack("{s:s,s:s}", "type", "model", "created_at", "2023-11-14T00:00:00Z");

    json_set_str(o, "id", id);
    json_set_str(o, "display_name", id);
    return o;
}

static json_t *anthropic_models(const struct sim_vendor *v, struct str only)
{
    json_t *list;
    size_t n = 0;

    (void)v;
    if (only.len)
        return anthropic_model(only);
    list = json_array();
    for (; sim_model_row(n); n++)
        json_array_append_new(list, anthropic_model(str_c(sim_model_row(n)->name)));
    return json_pack("{s:o,s:b,s:s,s:s}", "data", list, "has_more", 0, "first_id", sim_model_row(0)->name, "last_id",
                     sim_model_row(n - 1)->name);
}

static json_t *anthropic_count(int64_t tokens)
{
    return json_pack("{s:I}", "input_tokens", (json_int_t)tokens);
}

static void anthropic_empty(json_t *body)
{
    json_object_set_new(body, "content", json_array());
}

static const struct sim_route anthropic_routes[] = {
    { "/v1/messages", SIM_OP_CHAT }, { "/v1/messages/count_tokens", SIM_OP_COUNT }, { "/v1/models", SIM_OP_MODELS },
    { "/v1/models/*model", SIM_OP_MODEL }, { NULL, SIM_OP_NONE },
};
const struct sim_vendor sim_vendor_anthropic = {
    .name = "anthropic", .prefix = "/anthropic", .auth = SIM_AUTH_ANTHROPIC, .request_id = "request-id",
    .stream_type = "text/event-stream", .routes = anthropic_routes, .read = anthropic_read, .body = anthropic_body,
    .stream = anthropic_stream, .refuse = anthropic_refuse, .stream_error = anthropic_stream_error, .limits = anthropic_limits,
    .models = anthropic_models, .count = anthropic_count, .empty = anthropic_empty,
};
