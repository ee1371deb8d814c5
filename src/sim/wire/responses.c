/* src/sim/wire/responses.c: OpenAI's responses API. Nothing is stored here, so an answer can't be fetched again. */
#include "sim/wire/wire.h"

static enum err_code responses_read_content(const json_t *content, struct buf *to, struct sim_ask *ask, size_t at,
                                            struct err *e)
{
    const json_t *part;
    size_t i;

    if (json_is_string(content)) {
        sim_texts_add(to, json_to_str(content));
        return ERR_OK;
    }
    json_array_foreach(content, i, part) {
        struct str type = json_get_str(part, "type");

        if (str_is(type, "input_text") || str_is(type, "output_text")) {
            sim_texts_add(to, json_get_str(part, "text"));
        } else if (str_is(type, "input_image")) {
            ask->images++;
        } else {
            return err_set(e, ERR_BAD_INPUT,
                           "Invalid value: '" STR_FMT "'. Supported values of 'input[%zu].content[%zu].type' are: "
                           "'input_text', 'input_image', 'output_text'.", STR_ARG(type), at, i);
        }
    }
    return ERR_OK;
}

static enum err_code responses_read_input(struct sim_ask *ask, struct sim_texts *t, struct err *e)
{
    const json_t *input = json_child(ask->body, "input"), *item;
    size_t i;

    sim_texts_add(&t->system, json_get_str(ask->body, "instructions"));
    if (json_is_string(input)) {
        sim_texts_add(&t->last, json_to_str(input));
        sim_texts_add(&t->user, json_to_str(input));
        return ERR_OK;
    }
    if (!json_array_size(input))
        return err_set(e, ERR_BAD_INPUT, "Missing required parameter: 'input' (a text or a non-empty array).");
    json_array_foreach(input, i, item) {
        struct str role = json_get_str(item, "role"), type = json_get_str(item, "type");
        AUTO_BUF struct buf other = BUF_INIT(SIM_BODY_MAX);

        if (str_is(type, "function_call_output"))
            sim_texts_tool_json(t, ask, json_child(item, "output"));
        else if (str_is(type, "function_call") && i &&
                 !str_is(json_get_str(json_array_get(input, i - 1), "type"), "function_call"))
            sim_texts_assistant(t, ask);
        if (type.len && !str_is(type, "message"))
            continue;
        if (str_is(role, "system") || str_is(role, "developer")) {
            TRY(responses_read_content(json_child(item, "content"), &t->system, ask, i, e));
        } else if (str_is(role, "user")) {
            sim_texts_user(t, ask);
            TRY(responses_read_content(json_child(item, "content"), &t->last, ask, i, e));
            sim_texts_add(&t->user, buf_str(&t->last));
        } else if (str_is(role, "assistant")) {
            sim_texts_assistant(t, ask);
            TRY(responses_read_content(json_child(item, "content"), &other, ask, i, e));
        } else {
            return err_set(e, ERR_BAD_INPUT,
                           "Invalid value: '" STR_FMT "'. Supported values of 'input[%zu].role' are: 'system', "
                           "'developer', 'user', 'assistant'.", STR_ARG(role), i);
        }
    }
    return ERR_OK;
}

static enum err_code responses_read(struct sim_ask *ask, struct arena *a, struct err *e)
{
    const json_t *format = json_child(json_child(ask->body, "text"), "format");
    const json_t *choice = json_child(ask->body, "tool_choice");
    struct str type = json_get_str(format, "type");
    struct sim_texts t;
    enum err_code code;

    sim_texts_init(&t);
    ask->model_asked = json_get_str(ask->body, "model");
    ask->stream = json_get_bool(ask->body, "stream", false);
    ask->temperature = json_get_double(ask->body, "temperature", -1);
    ask->max_tokens = json_get_i64(ask->body, "max_output_tokens", -1);
    ask->max_covers_reasoning = true;
    ask->json_mode = str_is(type, "json_object") || str_is(type, "json_schema");
    ask->schema = json_child(format, "schema");
    ask->one_call = !json_get_bool(ask->body, "parallel_tool_calls", true);
    code = responses_read_input(ask, &t, e);
    if (code == ERR_OK && !ask->model_asked.len)
        code = err_set(e, ERR_BAD_INPUT, "Missing required parameter: 'model'.");
    if (code == ERR_OK)
        code = sim_read_tools(json_child(ask->body, "tools"), NULL, "parameters", ask, a, e);
    if (code == ERR_OK)
        code = sim_read_tool_choice(json_to_str(choice), json_get_str(choice, "name"), ask, e);
    sim_texts_done(&t, ask, a);
    return code;
}

static json_t *responses_message(const struct sim_reply *reply, bool whole)
{
    json_t *item = json_pack("{s:s,s:s,s:s}", "type", "message", "role", "assistant", "status",
                             whole ? "completed" : "in_progress");
    json_t *content = json_array(), *part;

    json_object_set_new(item, "id", json_sprintf("msg_%016llx", (unsigned long long)reply->id));
    if (whole) {
        part = json_pack("{s:s,s:[],s:[]}", "type", "output_text", "annotations", "logprobs");
        json_set_str(part, "text", reply->text);
        json_array_append_new(content, part);
    }
    json_object_set_new(item, "content", content);
    return item;
}

static json_t *responses_reasoning(const struct sim_reply *reply)
{
    return json_pack("{s:s,s:o,s:[{s:s,s:s%}]}", "type", "reasoning", "id",
                     json_sprintf("rs_%016llx", (unsigned long long)reply->id), "summary", "type", "summary_text",
                     "text", reply->reasoning.at, reply->reasoning.len);
}

static json_t *responses_use(const struct sim_reply *reply, size_t i, bool whole)
{
    json_t *item = json_pack("{s:s,s:o,s:o,s:s}", "type", "function_call", "id", sim_use_id(reply, i, "fc_"), "call_id",
                             sim_use_id(reply, i, "call_"), "status", whole ? "completed" : "in_progress");

    json_set_str(item, "name", reply->uses[i].name);
    json_set_str(item, "arguments", whole ? reply->uses[i].text : S(""));
    return item;
}

static json_t *responses_response(const struct sim_ask *ask, const struct sim_reply *reply, int64_t now_s, bool whole)
{
    bool cut = reply->finish == SIM_LENGTH || reply->finish == SIM_FILTERED;
    json_t *o = json_object(), *output = json_array();

    json_object_set_new(o, "id", json_sprintf("resp_%016llx", (unsigned long long)reply->id));
    json_object_set_new(o, "object", json_string("response"));
    json_object_set_new(o, "created_at", json_integer(now_s));
    json_object_set_new(o, "status", json_string(!whole ? "in_progress" : cut ? "incomplete" : "completed"));
    json_set_str(o, "model", ask->model_name);
    json_object_set_new(o, "error", json_null());
    json_object_set_new(o, "incomplete_details",
                        whole && cut ? json_pack("{s:s}", "reason",
                                                 reply->finish == SIM_LENGTH ? "max_output_tokens" : "content_filter")
                                     : json_null());
    json_object_set_new(o, "instructions", json_null());
    json_object_set_new(o, "metadata", json_object());
    json_object_set_new(o, "parallel_tool_calls", json_boolean(!ask->one_call));
    json_object_set_new(o, "temperature", ask->temperature >= 0 ? json_real(ask->temperature) : json_real(1));
    json_object_set_new(o, "top_p", json_real(1));
    json_object_set_new(o, "tool_choice",
                        json_child(ask->body, "tool_choice") ? json_incref(json_child(ask->body, "tool_choice"))
                                                             : json_string("auto"));
    json_object_set_new(o, "tools", ask->tool_count ? json_incref(json_child(ask->body, "tools")) : json_array());
    json_object_set_new(o, "service_tier", json_string("default"));
    if (whole && reply->reasoning.len)
        json_array_append_new(output, responses_reasoning(reply));
    if (whole && (reply->text.len || (!cut && !reply->use_count)))
        json_array_append_new(output, responses_message(reply, true));
    for (size_t i = 0; whole && i < reply->use_count; i++)
        json_array_append_new(output, responses_use(reply, i, true));
    json_object_set_new(o, "output", output);
    json_object_set_new(o, "usage", whole ? json_pack("{s:I,s:{s:I},s:I,s:{s:I},s:I}", "input_tokens", (json_int_t)reply->input_tokens,
                                                      "input_tokens_details", "cached_tokens", (json_int_t)reply->cached_tokens,
                                                      "output_tokens", (json_int_t)reply->output_tokens, "output_tokens_details",
                                                      "reasoning_tokens", (json_int_t)reply->reasoning_tokens, "total_tokens",
                                                      (json_int_t)(reply->input_tokens + reply->output_tokens))
                                          : json_null());
    return o;
}

static json_t *responses_body(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                              int64_t now_s)
{
    (void)v;
    return responses_response(ask, reply, now_s, true);
}

struct responses_writer { struct sim_events *out; int64_t sequence; };

/* Takes `event`. */
static void responses_event(struct responses_writer *w, const char *type, json_t *event, int64_t tokens)
{
    json_object_set_new(event, "type", json_string(type));
    json_object_set_new(event, "sequence_number", json_integer(w->sequence++));
    sim_event_sse(w->out, type, event, tokens);
}

static json_t *responses_place(const char *id, int at)
{
    return json_pack("{s:s,s:i,s:i}", "item_id", id, "output_index", at, "content_index", 0);
}

static void responses_stream_reasoning(struct responses_writer *w, const struct sim_reply *reply, int at)
{
    struct str rest = reply->reasoning, piece;
    json_t *item = responses_reasoning(reply);
    const char *id = json_string_value(json_child(item, "id"));

    responses_event(w, "response.output_item.added", json_pack("{s:i,s:{s:s,s:s,s:[]}}", "output_index", at, "item", "type", "reasoning",
                                                               "id", id, "summary"), 0);
    while (sim_piece(&rest, &piece)) {
        json_t *delta = json_pack("{s:s,s:i,s:i}", "item_id", id, "output_index", at, "summary_index", 0);

        json_set_str(delta, "delta", piece);
        responses_event(w, "response.reasoning_summary_text.delta", delta, sim_tokens(piece));
    }
    responses_event(w, "response.output_item.done", json_pack("{s:i,s:o}", "output_index", at, "item", item), 0);
}

static void responses_stream_text(struct responses_writer *w, const struct sim_reply *reply, int at)
{
    struct str rest = reply->text, piece;
    json_t *item = responses_message(reply, true), *event;
    const char *id = json_string_value(json_child(item, "id"));

    responses_event(w, "response.output_item.added",
                    json_pack("{s:i,s:o}", "output_index", at, "item", responses_message(reply, false)), 0);
    event = responses_place(id, at);
    json_object_set_new(event, "part", json_pack("{s:s,s:s,s:[]}", "type", "output_text", "text", "", "annotations"));
    responses_event(w, "response.content_part.added", event, 0);
    while (sim_piece(&rest, &piece)) {
        event = responses_place(id, at);
        json_set_str(event, "delta", piece);
        json_object_set_new(event, "logprobs", json_array());
        responses_event(w, "response.output_text.delta", event, sim_tokens(piece));
    }
    event = responses_place(id, at);
    json_set_str(event, "text", reply->text);
    json_object_set_new(event, "logprobs", json_array());
    responses_event(w, "response.output_text.done", event, 0);
    event = responses_place(id, at);
    json_object_set(event, "part", json_array_get(json_child(item, "content"), 0));
    responses_event(w, "response.content_part.done", event, 0);
    responses_event(w, "response.output_item.done", json_pack("{s:i,s:o}", "output_index", at, "item", item), 0);
}

static void responses_stream_use(struct responses_writer *w, const struct sim_reply *reply, size_t i, int at)
{
    struct str rest = reply->uses[i].text, piece;
    json_t *item = responses_use(reply, i, true), *event;
    const char *id = json_string_value(json_child(item, "id"));

    responses_event(w, "response.output_item.added",
                    json_pack("{s:i,s:o}", "output_index", at, "item", responses_use(reply, i, false)),
                    sim_tokens(reply->uses[i].name));
    while (sim_piece(&rest, &piece)) {
        event = json_pack("{s:s,s:i}", "item_id", id, "output_index", at);
        json_set_str(event, "delta", piece);
        responses_event(w, "response.function_call_arguments.delta", event, sim_tokens(piece));
    }
    event = json_pack("{s:s,s:i}", "item_id", id, "output_index", at);
    json_set_str(event, "name", reply->uses[i].name);
    json_set_str(event, "arguments", reply->uses[i].text);
    responses_event(w, "response.function_call_arguments.done", event, 0);
    responses_event(w, "response.output_item.done", json_pack("{s:i,s:o}", "output_index", at, "item", item), 0);
}

static void responses_stream(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                             int64_t now_s, struct sim_events *out)
{
    struct responses_writer w = { .out = out };
    bool cut = reply->finish == SIM_LENGTH || reply->finish == SIM_FILTERED;
    int at = 0;

    (void)v;
    responses_event(&w, "response.created",
                    json_pack("{s:o}", "response", responses_response(ask, reply, now_s, false)), 0);
    responses_event(&w, "response.in_progress",
                    json_pack("{s:o}", "response", responses_response(ask, reply, now_s, false)), 0);
    if (reply->reasoning.len)
        responses_stream_reasoning(&w, reply, at++);
    if (reply->text.len || (!cut && !reply->use_count))
        responses_stream_text(&w, reply, at++);
    for (size_t i = 0; i < reply->use_count; i++)
        responses_stream_use(&w, reply, i, at++);
    responses_event(&w, cut ? "response.incomplete" : "response.completed",
                    json_pack("{s:o}", "response", responses_response(ask, reply, now_s, true)), 0);
}

static void responses_stream_error(const struct sim_vendor *v, struct sim_refusal *why, struct sim_events *out)
{
    json_t *o = sim_chat_refuse(v, why), *error = json_child(o, "error");

    json_object_set_new(error, "type", json_string("error"));
    json_object_set_new(error, "sequence_number", json_integer(0));
    if (why->status >= 500)
        json_object_set_new(error, "code", json_string("server_error"));
    sim_event_sse(out, "error", json_incref(error), 0);
    json_decref(o);
}

static void responses_empty(json_t *body)
{
    json_object_set_new(body, "output", json_array());
}

static const struct sim_route responses_routes[] = {
    { "/v1/responses", SIM_OP_CHAT }, { "/responses", SIM_OP_CHAT }, { NULL, SIM_OP_NONE },
};
const struct sim_vendor sim_vendor_responses = {
    .name = "openai-responses", .prefix = "/openai", .auth = SIM_AUTH_BEARER, .dialect = SIM_OPENAI,
    .request_id = "x-request-id", .stream_type = "text/event-stream", .routes = responses_routes, .read = responses_read,
    .body = responses_body, .stream = responses_stream, .refuse = sim_chat_refuse, .stream_error = responses_stream_error,
    .limits = sim_chat_limits, .empty = responses_empty,
};
