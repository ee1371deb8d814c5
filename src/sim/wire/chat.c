/* src/sim/wire/chat.c: the chat-completions family: OpenAI and those who took its format over, each with its dialect. */
#include "sim/wire/wire.h"

#include <stdio.h>

/* --- reading ------------------------------------------------------------------------------------------------------ */

static enum err_code chat_read_content(const json_t *content, struct buf *to, struct sim_ask *ask, size_t at,
                                       struct err *e)
{
    const json_t *part;
    size_t i;

    if (json_is_string(content) || !content || json_is_null(content)) {
        sim_texts_add(to, json_to_str(content));
        return ERR_OK;
    }
    if (!json_is_array(content))
        return err_set(e, ERR_BAD_INPUT,
                       "Invalid type for 'messages[%zu].content': expected a string or an array of parts.", at);
    json_array_foreach(content, i, part) {
        struct str type = json_get_str(part, "type");

        if (str_is(type, "text") || str_is(type, "input_text"))
            sim_texts_add(to, json_get_str(part, "text"));
        else if (str_is(type, "document"))                  /* what a tool gave, as Cohere has it */
            sim_texts_add(to, json_get_str(json_child(part, "document"), "data"));
        else if (str_is(type, "image_url")) {
            const json_t *url = json_child(part, "image_url");
            struct str where = json_is_string(url) ? json_to_str(url) : json_get_str(url, "url");

            if (!str_istarts(where, S("https://")) && !str_istarts(where, S("http://")) && !str_istarts(where, S("data:image/")))
                return err_set(e, ERR_BAD_INPUT, "Invalid 'messages[%zu].content[%zu].image_url.url': expected an https address "
                                                 "or a data URI with an image media type.", at, i);
            ask->images++;
        } else if (!str_is(type, "refusal") && !str_is(type, "thinking")) {
            return err_set(e, ERR_BAD_INPUT,
                           "Invalid value: '" STR_FMT "'. Supported values of 'messages[%zu].content[%zu].type' "
                           "are: 'text', 'image_url'.",
                           STR_ARG(type), at, i);
        }
    }
    return ERR_OK;
}

static enum err_code chat_read_messages(struct sim_ask *ask, struct sim_texts *t, struct err *e)
{
    const json_t *messages = json_child(ask->body, "messages"), *m;
    bool called = false;                                    /* tools, right before */
    size_t i;

    if (!json_array_size(messages))
        return err_set(e, ERR_BAD_INPUT, "Missing required parameter: 'messages' (a non-empty array).");
    json_array_foreach(messages, i, m) {
        struct str role = json_get_str(m, "role");
        AUTO_BUF struct buf other = BUF_INIT(SIM_BODY_MAX);

        called = called && (str_is(role, "tool") || str_is(role, "function"));
        if (str_is(role, "system") || str_is(role, "developer")) {
            TRY(chat_read_content(json_child(m, "content"), &t->system, ask, i, e));
        } else if (str_is(role, "user")) {
            sim_texts_user(t, ask);
            TRY(chat_read_content(json_child(m, "content"), &t->last, ask, i, e));
            sim_texts_add(&t->user, buf_str(&t->last));
        } else if (str_is(role, "assistant")) {
            sim_texts_assistant(t, ask);
            TRY(chat_read_content(json_child(m, "content"), &other, ask, i, e));
            called = json_array_size(json_child(m, "tool_calls")) || json_child(m, "function_call");
        } else if (str_is(role, "tool") || str_is(role, "function")) {
            if (!called)
                return err_set(e, ERR_BAD_INPUT,
                               "Invalid parameter: messages with role 'tool' must be a response to a preceding message "
                               "with 'tool_calls' ('messages[%zu].role').",
                               i);
            TRY(chat_read_content(json_child(m, "content"), &other, ask, i, e));
            sim_texts_tool(t, ask, buf_str(&other));
        } else {
            return err_set(e, ERR_BAD_INPUT,
                           "Invalid value: '" STR_FMT "'. Supported values of 'messages[%zu].role' are: "
                           "'system', 'developer', 'user', 'assistant', 'tool'.",
                           STR_ARG(role), i);
        }
    }
    return ERR_OK;
}

static enum err_code chat_read_tools(struct sim_ask *ask, struct arena *a, struct err *e)
{
    const json_t *choice = json_child(ask->body, "tool_choice");

    ask->one_call = !json_get_bool(ask->body, "parallel_tool_calls", true);
    TRY(sim_read_tools(json_child(ask->body, "tools"), "function", "parameters", ask, a, e));
    return sim_read_tool_choice(json_to_str(choice), json_get_str(json_child(choice, "function"), "name"), ask, e);
}

enum err_code sim_chat_read(struct sim_ask *ask, struct arena *a, struct err *e)
{
    const json_t *format = json_child(ask->body, "response_format");
    struct str type = json_get_str(format, "type");
    struct sim_texts t;
    enum err_code code;

    sim_texts_init(&t);
    if (!ask->model_asked.len)                              /* Azure's stands in the path */
        ask->model_asked = json_get_str(ask->body, "model");
    ask->stream = json_get_bool(ask->body, "stream", false);
    ask->include_usage = json_get_bool(json_child(ask->body, "stream_options"), "include_usage", false);
    ask->temperature = json_get_double(ask->body, "temperature", -1);
    ask->seed = json_get_i64(ask->body, "seed", json_get_i64(ask->body, "random_seed", -1));
    ask->max_tokens = json_get_i64(ask->body, "max_completion_tokens", -1);
    ask->max_covers_reasoning = ask->max_tokens >= 0;
    if (ask->max_tokens < 0)
        ask->max_tokens = json_get_i64(ask->body, "max_tokens", -1);
    ask->json_mode = str_is(type, "json_object") || str_is(type, "json_schema");
    ask->schema = json_child(json_child(format, "json_schema"), "schema");
    code = chat_read_messages(ask, &t, e);
    if (code == ERR_OK && !ask->model_asked.len)
        code = err_set(e, ERR_BAD_INPUT, "you must provide a model parameter");
    if (code == ERR_OK && format && !ask->json_mode && type.len && !str_is(type, "text"))
        code = err_set(e, ERR_BAD_INPUT, "Invalid value: '" STR_FMT "'. Supported values of 'response_format.type' are: "
                                         "'text', 'json_object', 'json_schema'.", STR_ARG(type));
    if (code == ERR_OK)
        code = chat_read_tools(ask, a, e);
    if (code == ERR_OK)
        code = sim_read_stops(json_child(ask->body, "stop"), ask, e);
    sim_texts_done(&t, ask, a);
    return code;
}

/* --- answering ---------------------------------------------------------------------------------------------------- */

static const char *chat_finish(enum sim_finish f)
{
    return f == SIM_LENGTH     ? "length"
           : f == SIM_FILTERED ? "content_filter"
           : f == SIM_TOOL_USE ? "tool_calls"
                               : "stop";
}

/* Mistral's ids are nine letters and digits. */
static json_t *chat_use_id(const struct sim_vendor *v, const struct sim_reply *reply, size_t i)
{
    return v->dialect == SIM_MISTRAL
               ? json_sprintf("%09llx", (unsigned long long)(rng_mix(reply->id + i + 1) & 0xfffffffffull))
               : sim_use_id(reply, i, "call_");
}

/* A call; in a stream with its place, and its arguments follow. */
static json_t *chat_use(const struct sim_vendor *v, const struct sim_reply *reply, size_t i, struct str arguments,
                        bool placed)
{
    json_t *call = json_object(), *function = json_object();

    if (placed || v->dialect == SIM_MISTRAL)
        json_object_set_new(call, "index", json_integer((json_int_t)i));
    json_object_set_new(call, "id", chat_use_id(v, reply, i));
    json_object_set_new(call, "type", json_string("function"));
    json_set_str(function, "name", reply->uses[i].name);
    json_set_str(function, "arguments", arguments);
    json_object_set_new(call, "function", function);
    return call;
}

static json_t *chat_id(const struct sim_vendor *v, const struct sim_reply *reply)
{
    return v->dialect == SIM_OPENROUTER ? json_sprintf("gen-%016llx", (unsigned long long)reply->id)
           : v->dialect == SIM_MISTRAL
               ? json_sprintf("%016llx%016llx", (unsigned long long)reply->id, (unsigned long long)rng_mix(reply->id))
               : json_sprintf("chatcmpl-%016llx", (unsigned long long)reply->id);
}

static json_t *chat_usage(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply)
{
    int64_t visible = reply->output_tokens - reply->reasoning_tokens;
    /* xAI counts what it reasoned beside the completion, the others inside it. */
    int64_t completion = v->dialect == SIM_XAI ? visible : reply->output_tokens;
    json_t *u = json_object(), *details;

    json_object_set_new(u, "prompt_tokens", json_integer(reply->input_tokens));
    json_object_set_new(u, "completion_tokens", json_integer(completion));
    json_object_set_new(u, "total_tokens", json_integer(reply->input_tokens + reply->output_tokens));
    if (v->dialect == SIM_MISTRAL)
        return u;
    details = json_object();
    json_object_set_new(details, "cached_tokens", json_integer(reply->cached_tokens));
    json_object_set_new(u, "prompt_tokens_details", details);
    details = json_object();
    json_object_set_new(details, "reasoning_tokens", json_integer(reply->reasoning_tokens));
    json_object_set_new(u, "completion_tokens_details", details);
    if (v->dialect == SIM_DEEPSEEK) {
        json_object_set_new(u, "prompt_cache_hit_tokens", json_integer(reply->cached_tokens));
        json_object_set_new(u, "prompt_cache_miss_tokens", json_integer(reply->input_tokens - reply->cached_tokens));
    }
    if (v->dialect == SIM_OPENROUTER) {
        int64_t cost = sim_model_cost(ask->model, reply->input_tokens, reply->output_tokens);

        if (cost != MONEY_UNKNOWN)
            json_object_set_new(u, "cost", json_real(money_to_double(cost)));
    }
    return u;
}

/* The members that whole answers and chunks have alike. */
static json_t *chat_head(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                         int64_t now_s, const char *object)
{
    json_t *o = json_object();

    json_object_set_new(o, "id", chat_id(v, reply));
    json_object_set_new(o, "object", json_string(object));
    json_object_set_new(o, "created", json_integer(now_s));
    json_set_str(o, "model", ask->model_name);
    if (v->dialect == SIM_OPENROUTER)
        json_object_set_new(o, "provider", json_string("Simulated"));
    if (v->dialect == SIM_OPENAI || v->dialect == SIM_XAI || v->dialect == SIM_DEEPSEEK)
        json_object_set_new(o, "system_fingerprint", json_string("fp_simulated"));
    if (v->dialect == SIM_OPENAI)
        json_object_set_new(o, "service_tier", json_string("default"));
    return o;
}

static void chat_reasoning_member(const struct sim_vendor *v, json_t *message, struct str reasoning)
{
    if (!reasoning.len || v->dialect == SIM_OPENAI || v->dialect == SIM_MISTRAL)
        return;                                             /* these keep it to themselves */
    json_set_str(message, v->dialect == SIM_OPENROUTER ? "reasoning" : "reasoning_content", reasoning);
}

static void chat_choice_end(const struct sim_vendor *v, json_t *choice, const struct sim_reply *reply)
{
    json_object_set_new(choice, "finish_reason", json_string(chat_finish(reply->finish)));
    if (v->dialect == SIM_OPENROUTER)
        json_object_set_new(choice, "native_finish_reason", json_string(chat_finish(reply->finish)));
}

static json_t *chat_body(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                         int64_t now_s)
{
    json_t *o = chat_head(v, ask, reply, now_s, "chat.completion"), *choice = json_object(), *message = json_object(),
           *choices = json_array(), *calls = json_array();

    json_object_set_new(message, "role", json_string("assistant"));
    if (reply->use_count && !reply->text.len && v->dialect != SIM_MISTRAL)
        json_object_set_new(message, "content", json_null());
    else
        json_set_str(message, "content", reply->text);
    for (size_t i = 0; i < reply->use_count; i++)
        json_array_append_new(calls, chat_use(v, reply, i, reply->uses[i].text, false));
    if (reply->use_count)
        json_object_set(message, "tool_calls", calls);
    json_decref(calls);
    if (v->dialect == SIM_OPENAI || v->dialect == SIM_OPENROUTER)
        json_object_set_new(message, "refusal", json_null());
    chat_reasoning_member(v, message, reply->reasoning);
    json_object_set_new(choice, "index", json_integer(0));
    json_object_set_new(choice, "message", message);
    if (v->dialect == SIM_OPENAI)
        json_object_set_new(choice, "logprobs", json_null());
    chat_choice_end(v, choice, reply);
    json_array_append_new(choices, choice);
    json_object_set_new(o, "choices", choices);
    json_object_set_new(o, "usage", chat_usage(v, ask, reply));
    return o;
}

static json_t *chat_chunk(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                          int64_t now_s, json_t *delta, bool last)
{
    json_t *o = chat_head(v, ask, reply, now_s, "chat.completion.chunk"), *choice = json_object(),
           *choices = json_array();

    json_object_set_new(choice, "index", json_integer(0));
    json_object_set_new(choice, "delta", delta);
    if (last)
        chat_choice_end(v, choice, reply);
    else
        json_object_set_new(choice, "finish_reason", json_null());
    json_array_append_new(choices, choice);
    json_object_set_new(o, "choices", choices);
    if (ask->include_usage && v->dialect == SIM_OPENAI)
        json_object_set_new(o, "usage", json_null());
    return o;
}

/* Mistral sends a call whole, the others its head and then its arguments in pieces. */
static void chat_stream_uses(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                             int64_t now_s, struct sim_events *out)
{
    for (size_t i = 0; i < reply->use_count; i++) {
        bool whole = v->dialect == SIM_MISTRAL;
        struct str rest = whole ? STR_NONE : reply->uses[i].text, piece;
        json_t *call = chat_use(v, reply, i, whole ? reply->uses[i].text : S(""), true);

        sim_event_sse(out, NULL, chat_chunk(v, ask, reply, now_s, json_pack("{s:[o]}", "tool_calls", call), false),
                      sim_tokens(reply->uses[i].name));
        while (sim_piece(&rest, &piece)) {
            call = json_pack("{s:i,s:{s:s%}}", "index", (int)i, "function", "arguments", piece.at, piece.len);
            sim_event_sse(out, NULL, chat_chunk(v, ask, reply, now_s, json_pack("{s:[o]}", "tool_calls", call), false),
                          sim_tokens(piece));
        }
    }
}

static void chat_stream(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                        int64_t now_s, struct sim_events *out)
{
    struct str rest = reply->reasoning, piece;
    json_t *delta = json_object(), *chunk;

    if (v->dialect == SIM_OPENROUTER)
        sim_event_raw(out, S(": OPENROUTER PROCESSING\n\n"), 0);
    if (v->dialect == SIM_DEEPSEEK)
        sim_event_raw(out, S(": keep-alive\n\n"), 0);
    json_object_set_new(delta, "role", json_string("assistant"));
    json_object_set_new(delta, "content",
                        reply->use_count && !reply->text.len && v->dialect == SIM_OPENAI ? json_null()
                                                                                         : json_string(""));
    sim_event_sse(out, NULL, chat_chunk(v, ask, reply, now_s, delta, false), 0);
    while (v->dialect != SIM_OPENAI && v->dialect != SIM_MISTRAL && sim_piece(&rest, &piece)) {
        delta = json_object();
        chat_reasoning_member(v, delta, piece);
        sim_event_sse(out, NULL, chat_chunk(v, ask, reply, now_s, delta, false), sim_tokens(piece));
    }
    rest = reply->text;
    while (sim_piece(&rest, &piece)) {
        delta = json_object();
        json_set_str(delta, "content", piece);
        sim_event_sse(out, NULL, chat_chunk(v, ask, reply, now_s, delta, false), sim_tokens(piece));
    }
    chat_stream_uses(v, ask, reply, now_s, out);
    delta = json_object();
    if (v->dialect == SIM_MISTRAL)
        json_object_set_new(delta, "content", json_string(""));
    chunk = chat_chunk(v, ask, reply, now_s, delta, true);
    if (v->dialect == SIM_MISTRAL || v->dialect == SIM_DEEPSEEK || v->dialect == SIM_XAI)
        json_object_set_new(chunk, "usage", chat_usage(v, ask, reply));     /* in the last chunk, asked for or not */
    sim_event_sse(out, NULL, chunk, 0);
    if ((ask->include_usage && v->dialect != SIM_DEEPSEEK && v->dialect != SIM_XAI && v->dialect != SIM_MISTRAL) ||
        v->dialect == SIM_OPENROUTER) {
        chunk = chat_head(v, ask, reply, now_s, "chat.completion.chunk");
        json_object_set_new(chunk, "choices", json_array());
        json_object_set_new(chunk, "usage", chat_usage(v, ask, reply));
        sim_event_sse(out, NULL, chunk, 0);
    }
    sim_event_raw(out, S("data: [DONE]\n\n"), 0);
}

static void chat_empty(json_t *body)
{
    json_object_set_new(body, "choices", json_array());
}

/* --- refusing ----------------------------------------------------------------------------------------------------- */

static const char *chat_error_type(const struct sim_refusal *why)
{
    switch (why->status) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 429: return why->kind == SIM_REFUSED_QUOTA ? "insufficient_quota" : "rate_limit_error";
    default:  return why->status >= 500 ? "server_error" : "invalid_request_error";
    }
}

static json_t *chat_error_code(const struct sim_refusal *why)
{
    switch (why->kind) {
    case SIM_REFUSED_QUOTA: return json_string("insufficient_quota");
    case SIM_REFUSED_KEY:   return json_string("invalid_api_key");
    case SIM_REFUSED_MODEL: return json_string("model_not_found");
    case SIM_REFUSED_PARAM: return json_string("unsupported_parameter");
    case SIM_REFUSED_VALUE: return json_string("unsupported_value");
    default:                return why->status == 429 ? json_string("rate_limit_exceeded") : json_null();
    }
}

json_t *sim_chat_refuse(const struct sim_vendor *v, struct sim_refusal *why)
{
    json_t *o = json_object(), *error = json_object();

    (void)v;
    json_set_str(error, "message", why->message);
    json_object_set_new(error, "type", json_string(chat_error_type(why)));
    json_object_set_new(error, "param", why->param.len ? json_from_str(why->param) : json_null());
    json_object_set_new(error, "code", chat_error_code(why));
    json_object_set_new(o, "error", error);
    return o;
}

/* Mistral wants the system's text first and roles that alternate; what tools gave follows the call. */
static enum err_code mistral_read(struct sim_ask *ask, struct arena *a, struct err *e)
{
    const json_t *messages = json_child(ask->body, "messages"), *m;
    struct str before = str_n("", 0);
    size_t i;

    json_array_foreach(messages, i, m) {
        struct str role = json_get_str(m, "role");

        if (i && (str_is(role, "system") || (str_eq(role, before) && !str_is(role, "tool"))))
            return err_set(e, ERR_BAD_INPUT, "Unexpected role '" STR_FMT "' after role '" STR_FMT "'", STR_ARG(role),
                           STR_ARG(before));
        before = role;
    }
    return sim_chat_read(ask, a, e);
}

static json_t *deepseek_refuse(const struct sim_vendor *v, struct sim_refusal *why)
{
    if (why->kind == SIM_REFUSED_QUOTA) {
        why->status = 402;
        why->message = S("Insufficient Balance");
    }
    return sim_chat_refuse(v, why);
}

static json_t *xai_refuse(const struct sim_vendor *v, struct sim_refusal *why)
{
    json_t *o = json_object();
    const char *code = why->status == 401   ? "unauthenticated:bad-credentials"
                       : why->status == 403 ? "permission-denied"
                       : why->status == 404 ? "not-found"
                       : why->status == 429 ? "resource-exhausted"
                       : why->status >= 500 ? "internal"
                                            : "invalid-argument";

    (void)v;
    json_object_set_new(o, "code", json_string(code));
    json_set_str(o, "error", why->message);
    return o;
}

static json_t *mistral_refuse(const struct sim_vendor *v, struct sim_refusal *why)
{
    json_t *o = json_object(), *item, *where, *list;

    (void)v;
    if (why->kind == SIM_REFUSED_QUOTA)
        why->status = 402;
    if (why->status == 401) {
        json_object_set_new(o, "message", json_string("Unauthorized"));
        json_set_str(o, "request_id", why->request_id);
        return o;
    }
    if (why->status == 400 && why->kind == SIM_REFUSED)
        why->status = 422;
    if (why->status == 422) {
        where = json_pack("[s,s]", "body", "request");
        if (why->param.len)
            json_array_append_new(where, json_from_str(why->param));
        item = json_object();
        json_object_set_new(item, "type", json_string("value_error"));
        json_object_set_new(item, "loc", where);
        json_set_str(item, "msg", why->message);
        list = json_array();
        json_array_append_new(list, item);
        json_object_set_new(o, "object", json_string("error"));
        json_object_set_new(o, "detail", list);
        return o;
    }
    json_object_set_new(o, "object", json_string("error"));
    json_set_str(o, "message", why->status == 429 ? S("Requests rate limit exceeded") : why->message);
    json_object_set_new(o, "type",
                        json_string(why->status == 429               ? "rate_limited"
                                    : why->kind == SIM_REFUSED_MODEL ? "invalid_model"
                                    : why->status >= 500             ? "internal_server_error"
                                                                     : "invalid_request_error"));
    json_object_set_new(o, "param", why->param.len ? json_from_str(why->param) : json_null());
    json_object_set_new(o, "code",
                        json_string(why->status == 429               ? "1300"
                                    : why->kind == SIM_REFUSED_MODEL ? "1500"
                                    : why->status >= 500             ? "1000"
                                                                     : "3051"));
    json_object_set_new(o, "raw_status_code", json_integer(why->status));
    return o;
}

static json_t *openrouter_refuse(const struct sim_vendor *v, struct sim_refusal *why)
{
    json_t *error, *o;

    (void)v;
    if (why->kind == SIM_REFUSED_QUOTA) {
        why->status = 402;
        why->message = S("Insufficient credits. Add more using https://openrouter.ai/settings/credits");
    }
    error = json_object();
    json_set_str(error, "message", why->message);
    json_object_set_new(error, "code", json_integer(why->status));
    if (why->status == 429 || why->status >= 500)
        json_object_set_new(error, "metadata",
                            json_pack("{s:s,s:s%}", "provider_name", "Simulated", "raw", why->message.at,
                                      why->message.len));
    o = json_object();
    json_object_set_new(o, "error", error);
    return o;
}

static void openrouter_stream_error(const struct sim_vendor *v, struct sim_refusal *why, struct sim_events *out)
{
    json_t *o = openrouter_refuse(v, why);

    json_object_set_new(o, "object", json_string("chat.completion.chunk"));
    json_object_set_new(o, "choices",
                        json_pack("[{s:i,s:{s:s},s:s}]", "index", 0, "delta", "content", "", "finish_reason", "error"));
    sim_event_sse(out, NULL, o, 0);
}

/* --- headers and lists -------------------------------------------------------------------------------------------- */

void sim_chat_limits(const struct sim_room *room, struct sim_told *out)
{
    if (room->requests_limit) {
        sim_tell(out, "x-ratelimit-limit-requests: %lld", (long long)room->requests_limit);
        sim_tell(out, "x-ratelimit-remaining-requests: %lld", (long long)room->requests_left);
        sim_tell(out, "x-ratelimit-reset-requests: %s", sim_duration(out->arena, room->requests_reset_ms));
    }
    if (room->tokens_limit) {
        sim_tell(out, "x-ratelimit-limit-tokens: %lld", (long long)room->tokens_limit);
        sim_tell(out, "x-ratelimit-remaining-tokens: %lld", (long long)room->tokens_left);
        sim_tell(out, "x-ratelimit-reset-tokens: %s", sim_duration(out->arena, room->tokens_reset_ms));
    }
}

static void mistral_limits(const struct sim_room *room, struct sim_told *out)
{
    if (room->requests_limit) {
        sim_tell(out, "x-ratelimit-limit-req-minute: %lld", (long long)room->requests_limit);
        sim_tell(out, "x-ratelimit-remaining-req-minute: %lld", (long long)room->requests_left);
    }
    if (room->tokens_limit) {
        sim_tell(out, "x-ratelimit-limit-tokens-minute: %lld", (long long)room->tokens_limit);
        sim_tell(out, "x-ratelimit-remaining-tokens-minute: %lld", (long long)room->tokens_left);
    }
}

/* Nano-dollars a million tokens, as dollars a token with all 15 decimals. */
static void chat_price(json_t *pricing, const char *key, int64_t nanousd)
{
    json_object_set_new(pricing, key, json_sprintf("0.%015lld", (long long)nanousd));
}

/* What the aggregator says of each model; of one whose price nobody knows, without a price. */
static void chat_model_on_offer(json_t *o, struct str id)
{
    const struct sim_model *m = sim_model_find(id);
    json_t *pricing = json_object();

    json_set_str(o, "name", id);
    json_set_str(o, "description", str_c(m ? m->about : "a simulated model"));
    json_object_set_new(o, "context_length", json_integer(128000));
    json_object_set_new(o, "architecture", json_pack("{s:[s,s], s:[s]}", "input_modalities", "text", "image",
                                                     "output_modalities", "text"));
    json_object_set_new(o, "top_provider", json_pack("{s:i, s:i, s:b}", "context_length", 128000, "max_completion_tokens", 16384,
                                                     "is_moderated", 0));
    json_object_set_new(o, "supported_parameters", json_pack("[s,s,s,s]", "max_tokens", "temperature", "tools", "response_format"));
    if (m && m->priced) {
        chat_price(pricing, "prompt", m->input_nanousd);
        chat_price(pricing, "completion", m->output_nanousd);
    }
    json_object_set_new(o, "pricing", pricing);
}

static json_t *chat_model(const struct sim_vendor *v, struct str id)
{
    json_t *o = json_object();

    json_set_str(o, "id", id);
    json_object_set_new(o, "object", json_string("model"));
    json_object_set_new(o, "created", json_integer(1700000000));
    json_object_set_new(o, "owned_by", json_string("simulator"));
    if (v->dialect == SIM_MISTRAL) {
        json_object_set_new(o, "type", json_string("base"));
        json_object_set_new(o, "capabilities", json_pack("{s:b,s:b,s:b,s:b,s:b}", "completion_chat", 1, "completion_fim", 0,
                                                         "function_calling", 1, "fine_tuning", 0, "vision", 1));
    }
    if (v->dialect == SIM_OPENROUTER)
        chat_model_on_offer(o, id);
    return o;
}

static json_t *chat_models(const struct sim_vendor *v, struct str only)
{
    json_t *list = json_array();

    if (only.len) {
        json_decref(list);
        return chat_model(v, only);
    }
    for (size_t i = 0; sim_model_row(i); i++)
        json_array_append_new(list, chat_model(v, str_c(sim_model_row(i)->name)));
    return json_pack("{s:s,s:o}", "object", "list", "data", list);
}

static const struct sim_route chat_routes[] = {
    { "/v1/chat/completions", SIM_OP_CHAT }, { "/chat/completions", SIM_OP_CHAT }, { "/v1/models", SIM_OP_MODELS },
    { "/v1/embeddings", SIM_OP_EMBED },
    { "/models", SIM_OP_MODELS }, { "/v1/models/*model", SIM_OP_MODEL }, { "/models/*model", SIM_OP_MODEL }, { NULL, SIM_OP_NONE },
};
static const struct sim_route azure_routes[] = {
    { "/openai/deployments/:model/chat/completions", SIM_OP_CHAT }, { "/openai/v1/chat/completions", SIM_OP_CHAT },
    { NULL, SIM_OP_NONE },
};
static const struct sim_route openrouter_routes[] = {
    { "/api/v1/chat/completions", SIM_OP_CHAT }, { "/api/v1/models", SIM_OP_MODELS }, { "/api/v1/models/*model", SIM_OP_MODEL },
    { "/v1/chat/completions", SIM_OP_CHAT }, { "/v1/models", SIM_OP_MODELS }, { NULL, SIM_OP_NONE },
};

#define CHAT(vendor, at, path, key, told, limit, no)                                                                     \
    .name = vendor, .prefix = path, .auth = key, .dialect = at, .request_id = told, .stream_type = "text/event-stream",  \
    .read = sim_chat_read, .body = chat_body, .stream = chat_stream, .refuse = no, .limits = limit,                      \
    .models = chat_models, .empty = chat_empty
const struct sim_vendor sim_vendor_compat = {
    CHAT("openai-compatible", SIM_COMPAT, "", SIM_AUTH_NONE, "x-request-id", sim_chat_limits, sim_chat_refuse), .routes = chat_routes };
const struct sim_vendor sim_vendor_openai = {
    CHAT("openai", SIM_OPENAI, "/openai", SIM_AUTH_BEARER, "x-request-id", sim_chat_limits, sim_chat_refuse), .routes = chat_routes };
const struct sim_vendor sim_vendor_xai = {
    CHAT("xai", SIM_XAI, "/xai", SIM_AUTH_BEARER, "x-request-id", sim_chat_limits, xai_refuse), .routes = chat_routes };
const struct sim_vendor sim_vendor_deepseek = {
    CHAT("deepseek", SIM_DEEPSEEK, "/deepseek", SIM_AUTH_BEARER, "x-ds-trace-id", NULL, deepseek_refuse), .routes = chat_routes };
const struct sim_vendor sim_vendor_mistral = {
    .name = "mistral", .prefix = "/mistral", .auth = SIM_AUTH_BEARER, .dialect = SIM_MISTRAL, .request_id = "mistral-correlation-id",
    .stream_type = "text/event-stream", .read = mistral_read, .body = chat_body, .stream = chat_stream, .refuse = mistral_refuse,
    .limits = mistral_limits, .models = chat_models, .empty = chat_empty, .routes = chat_routes };
const struct sim_vendor sim_vendor_openrouter = {
    CHAT("openrouter", SIM_OPENROUTER, "/openrouter", SIM_AUTH_BEARER, "x-generation-id", sim_chat_limits, openrouter_refuse),
    .routes = openrouter_routes, .stream_error = openrouter_stream_error };
const struct sim_vendor sim_vendor_azure = {
    CHAT("azure-openai", SIM_OPENAI, "/azure", SIM_AUTH_AZURE, "apim-request-id", sim_chat_limits, sim_chat_refuse),
    .routes = azure_routes };
const struct sim_vendor sim_vendor_groq = {
    CHAT("groq", SIM_COMPAT, "/groq", SIM_AUTH_BEARER, "x-groq-request-id", sim_chat_limits, sim_chat_refuse), .routes = chat_routes };
const struct sim_vendor sim_vendor_together = {
    CHAT("together", SIM_COMPAT, "/together", SIM_AUTH_BEARER, "x-request-id", sim_chat_limits, sim_chat_refuse), .routes = chat_routes };
const struct sim_vendor sim_vendor_fireworks = {
    CHAT("fireworks", SIM_COMPAT, "/fireworks", SIM_AUTH_BEARER, "x-request-id", sim_chat_limits, sim_chat_refuse), .routes = chat_routes };
/* Ollama's second door; its errors there are OpenAI's. */
const struct sim_vendor sim_vendor_ollama_chat = {
    CHAT("ollama", SIM_COMPAT, "/ollama", SIM_AUTH_NONE, NULL, NULL, sim_chat_refuse), .routes = chat_routes };
