/* src/sim/wire/ollama.c: Ollama's own /api/chat: streams are lines of JSON, and streaming is the default. */
#include "sim/wire/wire.h"

static enum err_code ollama_read_messages(struct sim_ask *ask, struct sim_texts *t, struct err *e)
{
    const json_t *messages = json_child(ask->body, "messages"), *m;
    size_t i;

    if (!json_array_size(messages))
        return err_set(e, ERR_BAD_INPUT, "messages are missing");
    json_array_foreach(messages, i, m) {
        struct str role = json_get_str(m, "role"), content = json_get_str(m, "content");

        if (json_child(m, "content") && !json_is_string(json_child(m, "content")))
            return err_set(e, ERR_BAD_INPUT, "json: cannot unmarshal messages.%zu.content: a string is wanted", i);
        ask->images += (int64_t)json_array_size(json_child(m, "images"));
        if (str_is(role, "system")) {
            sim_texts_add(&t->system, content);
        } else if (str_is(role, "user")) {
            sim_texts_user(t, ask);
            buf_append(&t->last, content);
            sim_texts_add(&t->user, content);
        } else if (str_is(role, "assistant")) {
            sim_texts_assistant(t, ask);
        } else if (str_is(role, "tool")) {
            sim_texts_tool(t, ask, content);
        } else {
            return err_set(e, ERR_BAD_INPUT, "invalid role: " STR_FMT ", must be one of [system user assistant tool]",
                           STR_ARG(role));
        }
    }
    return ERR_OK;
}

static enum err_code ollama_read(struct sim_ask *ask, struct arena *a, struct err *e)
{
    const json_t *options = json_child(ask->body, "options"), *format = json_child(ask->body, "format");
    struct sim_texts t;
    enum err_code code;

    sim_texts_init(&t);
    ask->model_asked = json_get_str(ask->body, "model");
    ask->stream = json_get_bool(ask->body, "stream", true);
    ask->temperature = json_get_double(options, "temperature", -1);
    ask->seed = json_get_i64(options, "seed", -1);
    ask->max_tokens = json_get_i64(options, "num_predict", -1);
    ask->thinking = json_get_bool(ask->body, "think", false);
    ask->json_mode = json_is_object(format) || str_is(json_to_str(format), "json");
    ask->schema = json_is_object(format) ? format : NULL;
    code = ollama_read_messages(ask, &t, e);
    if (code == ERR_OK && !ask->model_asked.len)
        code = err_set(e, ERR_BAD_INPUT, "model is required");
    if (code == ERR_OK)
        code = sim_read_tools(json_child(ask->body, "tools"), "function", "parameters", ask, a, e);
    if (code == ERR_OK)
        code = sim_read_stops(json_child(options, "stop"), ask, e);
    sim_texts_done(&t, ask, a);
    return code;
}

static json_t *ollama_line(const struct sim_ask *ask, int64_t now_s, struct str content, struct str thinking)
{
    json_t *o = json_object(), *message = json_object();
    char when[CLOCK_TEXT];

    json_set_str(o, "model", ask->model_name);
    json_object_set_new(o, "created_at", json_string(clock_text(now_s * 1000, when)));
    json_object_set_new(message, "role", json_string("assistant"));
    json_set_str(message, "content", content);
    if (thinking.len)
        json_set_str(message, "thinking", thinking);
    json_object_set_new(o, "message", message);
    json_object_set_new(o, "done", json_false());
    return o;
}

static void ollama_done(json_t *o, const struct sim_reply *reply)
{
    int64_t ns = (int64_t)(reply->total_ms * 1e6), load = 1000000;

    json_object_set_new(o, "done", json_true());
    json_object_set_new(o, "done_reason", json_string(reply->finish == SIM_LENGTH ? "length" : "stop"));
    json_object_set_new(o, "total_duration", json_integer(ns + load));
    json_object_set_new(o, "load_duration", json_integer(load));
    json_object_set_new(o, "prompt_eval_count", json_integer(reply->input_tokens));
    json_object_set_new(o, "prompt_eval_duration", json_integer(ns / 4));
    json_object_set_new(o, "eval_count", json_integer(reply->output_tokens));
    json_object_set_new(o, "eval_duration", json_integer(ns - ns / 4));
}

/* Whole, and arguments as an object: Ollama does not send a call in pieces. */
static void ollama_uses(json_t *o, const struct sim_reply *reply)
{
    json_t *calls = json_array(), *function;

    for (size_t i = 0; i < reply->use_count; i++) {
        function = json_pack("{s:O}", "arguments", reply->uses[i].arguments);
        json_set_str(function, "name", reply->uses[i].name);
        json_array_append_new(calls, json_pack("{s:o}", "function", function));
    }
    json_object_set_new(json_child(o, "message"), "tool_calls", calls);
}

static json_t *ollama_body(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                           int64_t now_s)
{
    json_t *o = ollama_line(ask, now_s, reply->text, ask->thinking ? reply->reasoning : STR_NONE);

    (void)v;
    if (reply->use_count)
        ollama_uses(o, reply);
    ollama_done(o, reply);
    return o;
}

static void ollama_event(struct sim_events *out, json_t *o, int64_t tokens)
{
    AUTO_BUF struct buf line = BUF_INIT(SIM_BODY_MAX);

    json_write(o, &line);
    buf_byte(&line, '\n');
    json_decref(o);
    sim_event_raw(out, buf_str(&line), tokens);
}

static void ollama_stream(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                          int64_t now_s, struct sim_events *out)
{
    struct str rest = ask->thinking ? reply->reasoning : STR_NONE, piece, none = str_n("", 0);
    json_t *last;

    (void)v;
    while (sim_piece(&rest, &piece))
        ollama_event(out, ollama_line(ask, now_s, none, piece), sim_tokens(piece));
    rest = reply->text;
    while (sim_piece(&rest, &piece))
        ollama_event(out, ollama_line(ask, now_s, piece, none), sim_tokens(piece));
    if (reply->use_count) {
        last = ollama_line(ask, now_s, none, none);
        ollama_uses(last, reply);
        ollama_event(out, last, reply->output_tokens);
    }
    last = ollama_line(ask, now_s, none, none);
    ollama_done(last, reply);
    ollama_event(out, last, 0);
}

static json_t *ollama_refuse(const struct sim_vendor *v, struct sim_refusal *why)
{
    json_t *o = json_object();

    (void)v;
    if (why->kind == SIM_REFUSED_QUOTA)
        why->status = 402;
    json_set_str(o, "error", why->message);
    return o;
}

static void ollama_stream_error(const struct sim_vendor *v, struct sim_refusal *why, struct sim_events *out)
{
    ollama_event(out, ollama_refuse(v, why), 0);
}

static json_t *ollama_models(const struct sim_vendor *v, struct str only)
{
    json_t *list = json_array(), *o;

    (void)v, (void)only;
    for (size_t i = 0; sim_model_row(i); i++) {
        o = json_pack("{s:s,s:i,s:s,s:{s:s,s:s}}", "modified_at", "2023-11-14T00:00:00Z", "size", 2000000000,
                      "digest", "simulated", "details", "format", "gguf", "family", "simulated");
        json_object_set_new(o, "name", json_string(sim_model_row(i)->name));
        json_object_set_new(o, "model", json_string(sim_model_row(i)->name));
        json_array_append_new(list, o);
    }
    return json_pack("{s:o}", "models", list);
}

static void ollama_empty(json_t *body)
{
    json_object_del(body, "message");
}

static const struct sim_route ollama_routes[] = {
    { "/api/chat", SIM_OP_CHAT }, { "/api/embed", SIM_OP_EMBED },
    { "/api/tags", SIM_OP_MODELS }, { "/api/version", SIM_OP_VERSION }, { NULL, SIM_OP_NONE },
};
const struct sim_vendor sim_vendor_ollama = {
    .name = "ollama", .prefix = "/ollama", .auth = SIM_AUTH_NONE, .stream_type = "application/x-ndjson", .routes = ollama_routes,
    .read = ollama_read, .body = ollama_body, .stream = ollama_stream, .refuse = ollama_refuse, .stream_error = ollama_stream_error,
    .models = ollama_models, .empty = ollama_empty,
};
