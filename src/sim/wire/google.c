/* src/sim/wire/google.c: Gemini's generateContent. */
#include "sim/wire/wire.h"

#include <stdio.h>

/* The API takes snake_case and camelCase alike. */
static json_t *google_child(const json_t *o, const char *camel, const char *snake)
{
    json_t *j = json_child(o, camel);

    return j ? j : json_child(o, snake);
}

static enum err_code google_read_parts(const json_t *content, struct buf *to, struct sim_ask *ask, size_t at,
                                       struct err *e)
{
    const json_t *parts = json_child(content, "parts"), *part;
    size_t i;

    if (json_is_object(parts)) {
        sim_texts_add(to, json_get_str(parts, "text"));
        return ERR_OK;
    }
    json_array_foreach(parts, i, part) {
        const json_t *inline_data = google_child(part, "inlineData", "inline_data"),
                     *file = google_child(part, "fileData", "file_data");

        if (json_child(part, "text")) {
            sim_texts_add(to, json_get_str(part, "text"));
        } else if (inline_data || file) {
            if (inline_data && (!json_get_str(inline_data, "data").len ||
                                !json_to_str(google_child(inline_data, "mimeType", "mime_type")).len))
                return err_set(e, ERR_BAD_INPUT,
                               "contents[%zu].parts[%zu].inline_data: mime_type and data are required", at, i);
            ask->images++;
        }
    }
    return ERR_OK;
}

/* What functions gave; false when there is nothing of the kind. */
static bool google_read_results(const json_t *content, struct sim_texts *t, struct sim_ask *ask)
{
    const json_t *part, *response;
    bool any = false;
    size_t i;

    json_array_foreach(json_child(content, "parts"), i, part)
        if ((response = google_child(part, "functionResponse", "function_response"))) {
            sim_texts_tool_json(t, ask, json_child(response, "response"));
            any = true;
        }
    return any;
}

/* Declarations may stand in several lists; a model may be held to some of them. */
static enum err_code google_read_tools(struct sim_ask *ask, struct arena *a, struct err *e)
{
    const json_t *config = google_child(google_child(ask->body, "toolConfig", "tool_config"), "functionCallingConfig",
                                        "function_calling_config");
    const json_t *allowed = google_child(config, "allowedFunctionNames", "allowed_function_names"), *list;
    struct str mode = json_get_str(config, "mode");
    size_t i;

    json_array_foreach(json_child(ask->body, "tools"), i, list) {
        json_t *declared = google_child(list, "functionDeclarations", "function_declarations");
        const json_t *first = json_array_get(declared, 0);

        TRY(sim_read_tools(declared, NULL,
                           json_child(first, "parametersJsonSchema")     ? "parametersJsonSchema"
                           : json_child(first, "parameters_json_schema") ? "parameters_json_schema"
                                                                         : "parameters",
                           ask, a, e));
    }
    if (json_array_size(allowed) && !str_is(mode, "ANY") && !str_is(mode, "VALIDATED"))
        return err_set(e, ERR_BAD_INPUT,
                       "Function calling config: allowed_function_names can only be set when mode is ANY.");
    if (str_is(mode, "MODE_UNSPECIFIED") || str_is(mode, "VALIDATED"))
        return ERR_OK;
    return sim_read_tool_choice(mode,
                                json_array_size(allowed) == 1 ? json_to_str(json_array_get(allowed, 0)) : STR_NONE, ask,
                                e);
}

static enum err_code google_read_contents(struct sim_ask *ask, struct sim_texts *t, struct err *e)
{
    const json_t *contents = json_child(ask->body, "contents"), *c;
    size_t i;

    TRY(google_read_parts(google_child(ask->body, "systemInstruction", "system_instruction"), &t->system, ask, 0, e));
    if (!json_array_size(contents))
        return err_set(e, ERR_BAD_INPUT, "* GenerateContentRequest.contents: contents is not specified");
    json_array_foreach(contents, i, c) {
        struct str role = json_get_str(c, "role");
        AUTO_BUF struct buf other = BUF_INIT(SIM_BODY_MAX);

        if (str_is(role, "user") || str_is(role, "function") || !role.len) {
            bool gave = google_read_results(c, t, ask);

            TRY(google_read_parts(c, &other, ask, i, e));
            if (!gave)
                sim_texts_user(t, ask);
            if (other.len || !gave) {
                buf_append(&t->last, buf_str(&other));
                sim_texts_add(&t->user, buf_str(&other));
            }
        } else if (str_is(role, "model")) {
            sim_texts_assistant(t, ask);
            TRY(google_read_parts(c, &other, ask, i, e));
        } else {
            return err_set(e, ERR_BAD_INPUT, "Please use a valid role: user, model.");
        }
    }
    return ERR_OK;
}

static enum err_code google_read(struct sim_ask *ask, struct arena *a, struct err *e)
{
    const json_t *g = google_child(ask->body, "generationConfig", "generation_config"), *schema;
    struct sim_texts t;
    enum err_code code;

    sim_texts_init(&t);
    if (str_starts(ask->model_asked, S("models/")))
        ask->model_asked = str_from(ask->model_asked, 7);
    ask->temperature = json_get_double(g, "temperature", -1);
    ask->seed = json_get_i64(g, "seed", -1);
    ask->max_tokens = json_is_number(google_child(g, "maxOutputTokens", "max_output_tokens"))
                          ? json_integer_value(google_child(g, "maxOutputTokens", "max_output_tokens"))
                          : -1;
    ask->json_mode = str_is(json_to_str(google_child(g, "responseMimeType", "response_mime_type")), "application/json");
    schema = google_child(g, "responseJsonSchema", "response_json_schema");
    ask->schema = schema ? schema : google_child(g, "responseSchema", "response_schema");
    ask->thinking = json_is_true(
        google_child(google_child(g, "thinkingConfig", "thinking_config"), "includeThoughts", "include_thoughts"));
    code = google_read_contents(ask, &t, e);
    if (code == ERR_OK)
        code = google_read_tools(ask, a, e);
    if (code == ERR_OK)
        code = sim_read_stops(google_child(g, "stopSequences", "stop_sequences"), ask, e);
    sim_texts_done(&t, ask, a);
    return code;
}

static json_t *google_usage(const struct sim_reply *reply)
{
    json_t *u = json_pack("{s:I,s:I,s:I}", "promptTokenCount", (json_int_t)reply->input_tokens, "candidatesTokenCount",
                          (json_int_t)(reply->output_tokens - reply->reasoning_tokens), "totalTokenCount",
                          (json_int_t)(reply->input_tokens + reply->output_tokens));

    if (reply->reasoning_tokens)
        json_object_set_new(u, "thoughtsTokenCount", json_integer(reply->reasoning_tokens));
    if (reply->cached_tokens)
        json_object_set_new(u, "cachedContentTokenCount", json_integer(reply->cached_tokens));
    return u;
}

static json_t *google_part(struct str text, bool thought)
{
    json_t *part = json_object();

    json_set_str(part, "text", text);
    if (thought)
        json_object_set_new(part, "thought", json_true());
    return part;
}

static json_t *google_use(const struct sim_reply *reply, size_t i)
{
    json_t *call = json_object();

    json_set_str(call, "name", reply->uses[i].name);
    json_object_set(call, "args", reply->uses[i].arguments);
    return json_pack("{s:o}", "functionCall", call);
}

/* A whole response, or one event of a stream: they look alike. */
static json_t *google_response(const struct sim_ask *ask, const struct sim_reply *reply, json_t *parts, bool last)
{
    json_t *o = json_object(), *candidate = json_object(), *list = json_array();

    json_object_set_new(candidate, "content", json_pack("{s:o,s:s}", "parts", parts, "role", "model"));
    if (last)
        json_object_set_new(candidate, "finishReason",
                            json_string(reply->finish == SIM_LENGTH     ? "MAX_TOKENS"
                                        : reply->finish == SIM_FILTERED ? "SAFETY"
                                                                        : "STOP"));
    json_object_set_new(candidate, "index", json_integer(0));
    json_array_append_new(list, candidate);
    json_object_set_new(o, "candidates", list);
    json_object_set_new(o, "usageMetadata", google_usage(reply));
    json_set_str(o, "modelVersion", ask->model_name);
    json_object_set_new(o, "responseId", json_sprintf("%016llx", (unsigned long long)reply->id));
    return o;
}

static json_t *google_body(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                           int64_t now_s)
{
    json_t *parts = json_array();

    (void)v, (void)now_s;
    if (ask->thinking && reply->reasoning.len)
        json_array_append_new(parts, google_part(reply->reasoning, true));
    if (reply->text.len || !reply->use_count)
        json_array_append_new(parts, google_part(reply->text, false));
    for (size_t i = 0; i < reply->use_count; i++)
        json_array_append_new(parts, google_use(reply, i));
    return google_response(ask, reply, parts, true);
}

static void google_stream(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                          int64_t now_s, struct sim_events *out)
{
    struct str rest = ask->thinking ? reply->reasoning : STR_NONE, piece;
    json_t *calls = json_array();
    bool last = false;

    (void)v, (void)now_s;
    while (sim_piece(&rest, &piece))
        sim_event_sse(out, NULL, google_response(ask, reply, json_pack("[o]", google_part(piece, true)), false),
                      sim_tokens(piece));
    for (size_t i = 0; i < reply->use_count; i++)
        json_array_append_new(calls, google_use(reply, i));
    rest = reply->text;
    while (reply->use_count && sim_piece(&rest, &piece))
        sim_event_sse(out, NULL, google_response(ask, reply, json_pack("[o]", google_part(piece, false)), false),
                      sim_tokens(piece));
    if (reply->use_count) {
        sim_event_sse(out, NULL, google_response(ask, reply, calls, true), reply->output_tokens);
        return;
    }
    json_decref(calls);
    while (!last) {
        if (!sim_piece(&rest, &piece))
            piece = str_n("", 0);
        last = !rest.len;
        sim_event_sse(out, NULL, google_response(ask, reply, json_pack("[o]", google_part(piece, false)), last),
                      sim_tokens(piece));
    }
}

static json_t *google_refuse(const struct sim_vendor *v, struct sim_refusal *why)
{
    json_t *error = json_object(), *details = json_array(), *o = json_object();
    const char *status;

    (void)v;
    if (why->kind == SIM_REFUSED_QUOTA) {
        why->status = 429;
        why->message = S("You exceeded your current quota, please check your plan and billing details.");
        json_array_append_new(details, json_pack("{s:s,s:[{s:s,s:s}]}", "@type",
                                                 "type.googleapis.com/google.rpc.QuotaFailure", "violations",
                                                 "quotaMetric", "generativelanguage.googleapis.com/generate_content_requests", "quotaId",
                                                 "GenerateRequestsPerDayPerProjectPerModel"));
    }
    if (why->kind == SIM_REFUSED_KEY && why->status == 401 && why->param.len) {     /* a key was given: it is a bad argument here */
        why->status = 400;
        why->message = S("API key not valid. Please pass a valid API key.");
        json_array_append_new(details, json_pack("{s:s,s:s,s:s}", "@type", "type.googleapis.com/google.rpc.ErrorInfo", "reason",
                                                 "API_KEY_INVALID", "domain", "googleapis.com"));
    }
    if (why->wait_ms >= 0)
        json_array_append_new(details, json_pack("{s:s,s:o}", "@type", "type.googleapis.com/google.rpc.RetryInfo",
                                                 "retryDelay", json_sprintf("%gs", (double)why->wait_ms / 1000)));
    switch (why->status) {
    case 401: status = "UNAUTHENTICATED"; break;
    case 403: status = "PERMISSION_DENIED"; break;
    case 404: status = "NOT_FOUND"; break;
    case 429: status = "RESOURCE_EXHAUSTED"; break;
    case 503: status = "UNAVAILABLE"; break;
    case 504: status = "DEADLINE_EXCEEDED"; break;
    default:  status = why->status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT"; break;
    }
    json_object_set_new(error, "code", json_integer(why->status));
    json_set_str(error, "message", why->message);
    json_object_set_new(error, "status", json_string(status));
    if (json_array_size(details))
        json_object_set_new(error, "details", details);
    else
        json_decref(details);
    json_object_set_new(o, "error", error);
    return o;
}

static json_t *google_model(struct str id)
{
    json_t *o = json_pack("{s:s,s:i,s:i,s:[s,s]}", "version", "001", "inputTokenLimit", 1000000, "outputTokenLimit", 65536,
                          "supportedGenerationMethods", "generateContent", "countTokens");

    json_object_set_new(o, "name", json_sprintf("models/" STR_FMT, STR_ARG(id)));
    json_set_str(o, "displayName", id);
    return o;
}

static json_t *google_models(const struct sim_vendor *v, struct str only)
{
    json_t *list;

    (void)v;
    if (only.len)
        return google_model(only);
    list = json_array();
    for (size_t i = 0; sim_model_row(i); i++)
        json_array_append_new(list, google_model(str_c(sim_model_row(i)->name)));
    return json_pack("{s:o}", "models", list);
}

static json_t *google_count(int64_t tokens)
{
    return json_pack("{s:I}", "totalTokens", (json_int_t)tokens);
}

static void google_empty(json_t *body)
{
    json_object_del(body, "candidates");
}

/* ":generateContent" and its like hang on the model's name: sim_route looks for them. */
static const struct sim_route google_routes[] = {
    { "/v1beta/models", SIM_OP_MODELS }, { "/v1/models", SIM_OP_MODELS }, { "/v1beta/models/*model", SIM_OP_MODEL },
    { "/v1/models/*model", SIM_OP_MODEL }, { NULL, SIM_OP_NONE },
};
const struct sim_vendor sim_vendor_google = {
    .name = "google", .prefix = "/google", .auth = SIM_AUTH_GOOGLE, .stream_type = "text/event-stream", .wait_in_body = true,
    .routes = google_routes, .read = google_read, .body = google_body, .stream = google_stream,
    .refuse = google_refuse, .models = google_models,
    .count = google_count, .empty = google_empty,
};
