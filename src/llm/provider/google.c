#include "llm/provider/embed.h"

#include <stdio.h>

/* Gemini's generateContent. What is its own: the model stands in the path, options in generationConfig, a stream is
 * whole response objects without an end mark, thoughts are counted beside the output, and a blocked prompt is an
 * answer without candidates. */

#define GOOGLE_LABEL "Google"
#define GOOGLE_STOPS_MAX 5
#define GOOGLE_THINKING_TOKENS_MIN 8192
#define GOOGLE_TOOL_CALLS_MAX 256

static const char *const google_optional[] = {
    "temperature", "topP", "topK", "maxOutputTokens", "stopSequences", "seed", "frequencyPenalty", "presencePenalty",
    "thinkingConfig", "responseJsonSchema", "responseSchema", "responseMimeType", NULL,
};

/* --- request ------------------------------------------------------------------------------------------------- */

static bool google_is_path(struct str id)
{
    return str_starts(id, S("models/")) || str_starts(id, S("tunedModels/"));
}

static void google_write_url(const struct request *rq, struct str base_url, const char *verb, struct buf *url)
{
    struct str id = rq->model->id;

    wire_url(url, base_url, str_ends(base_url, S("/v1")) ? "/v1" : "/v1beta", "");
    if (!google_is_path(id))
        buf_puts(url, "/models");
    buf_byte(url, '/');
    wire_url_part(url, id, true);
    buf_puts(url, verb);
}

static struct str google_media_type(struct str url)
{
    static const struct { const char *ext, *type; } rows[] = {
        { "png", "image/png" }, { "gif", "image/gif" }, { "webp", "image/webp" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (str_ieq(path_ext(url), str_c(rows[i].ext)))
            return str_c(rows[i].type);
    return S("image/jpeg");
}

static void google_write_part(struct wire *w, const struct part *p)
{
    wire_open(w, '{');
    if (p->kind == PART_TEXT) {
        wire_str(w, "text", p->text);
    } else {
        wire_key(w, p->url.len ? "fileData" : "inlineData");
        wire_open(w, '{');
        wire_str(w, "mimeType", p->url.len ? google_media_type(p->url) : p->media_type);
        wire_str(w, p->url.len ? "fileUri" : "data", p->url.len ? p->url : p->base64);
        wire_close(w, '}');
    }
    wire_close(w, '}');
}

/* `first`: system text for a model that has no such place; it leads the first message. */
static void google_write_contents(struct wire *w, const struct request *rq, struct str first)
{
    const struct message *m = rq->messages;

    wire_key(w, "contents");
    wire_open(w, '[');
    for (size_t i = 0; i < rq->message_count;) {
        size_t end = i;

        if (m[i].role == MESSAGE_SYSTEM) {
            i++;
            continue;
        }
        while (end < rq->message_count && (m[end].role == m[i].role || m[end].role == MESSAGE_SYSTEM))
            end++;
        wire_open(w, '{');
        wire_str(w, "role", m[i].role == MESSAGE_ASSISTANT ? S("model") : S("user"));
        wire_key(w, "parts");
        wire_open(w, '[');
        if (first.len) {
            google_write_part(w, &(struct part){ .kind = PART_TEXT, .text = first });
            first = STR_NONE;
        }
        for (size_t k = i; k < end; k++)
            for (size_t n = 0; m[k].role != MESSAGE_SYSTEM && n < m[k].part_count; n++)
                google_write_part(w, &m[k].parts[n]);
        wire_close(w, ']');
        wire_close(w, '}');
        i = end;
    }
    wire_close(w, ']');
}

static bool google_thinks(struct str id)
{
    return str_starts(id, S("gemini-2.5")) || str_starts(id, S("gemini-3")) || str_ends(id, S("-latest"));
}

/* 2.5 takes a budget in tokens (pro cannot do without), 3 takes a level. */
static void google_write_thinking(struct wire *w, struct str id, const struct params *p)
{
    struct str effort = p->reasoning_effort;
    bool pro = str_ifind(id, S("-pro")) >= 0, low;

    if (!params_has(p, PARAM_REASONING_EFFORT))
        return;
    if (!google_thinks(id)) {
        wire_drop(w, "reasoning_effort");
        return;
    }
    if (!wire_takes(w, "thinkingConfig"))
        return;
    low = str_is(effort, "none") || str_is(effort, "minimal") || str_is(effort, "low");
    wire_key(w, "thinkingConfig");
    wire_open(w, '{');
    if (str_starts(id, S("gemini-3")))
        wire_str(w, "thinkingLevel", low ? S("low") : str_is(effort, "medium") && !pro ? S("medium") : S("high"));
    else
        wire_i64(w, "thinkingBudget",
                 str_is(effort, "none")      ? (pro ? 128 : 0)
                 : str_is(effort, "minimal") ? 512
                 : low                       ? 1024
                 : str_is(effort, "medium")  ? 8192
                                             : 24576);
    wire_close(w, '}');
}

/* What the older models understand of a schema; the rest of JSON Schema is refused by them, so it is not sent. */
static json_t *google_schema_subset(const json_t *schema, int depth)
{
    static const char *const kept[] = { "format", "title", "description", "nullable", "enum", "required", "minItems",
        "maxItems", "minimum", "maximum", "minLength", "maxLength", "pattern", "propertyOrdering" };
    json_t *out = json_object(), *type = json_child(schema, "type"), *child, *list;
    const char *key;
    size_t i;

    if (!json_is_object(schema) || depth > 64)
        return out;
    json_array_foreach(type, i, child) {                    /* ["string", "null"] */
        if (str_is(json_to_str(child), "null"))
            json_object_set_new(out, "nullable", json_true());
        else if (!json_child(out, "type"))
            json_object_set(out, "type", child);
    }
    if (json_is_string(type))
        json_object_set(out, "type", type);
    for (i = 0; i < COUNT_OF(kept); i++)
        if (json_child(schema, kept[i]))
            json_object_set(out, kept[i], json_child(schema, kept[i]));
    if (json_child(schema, "items"))
        json_object_set_new(out, "items", google_schema_subset(json_child(schema, "items"), depth + 1));
    if (json_is_object(json_child(schema, "properties"))) {
        list = json_object();
        json_object_foreach(json_child(schema, "properties"), key, child)
            json_object_set_new(list, key, google_schema_subset(child, depth + 1));
        json_object_set_new(out, "properties", list);
    }
    if (json_is_array(json_child(schema, "anyOf"))) {
        list = json_array();
        json_array_foreach(json_child(schema, "anyOf"), i, child)
            json_array_append_new(list, google_schema_subset(child, depth + 1));
        json_object_set_new(out, "anyOf", list);
    }
    return out;
}

static void google_write_format(struct wire *w, const struct request *rq)
{
    struct str id = rq->model->id;

    if (rq->output != OUTPUT_JSON || wire_extra_has(w, "responseMimeType"))
        return;
    if (str_starts(id, S("gemma"))) {
        wire_drop(w, "responseMimeType");
        return;
    }
    if (!wire_takes(w, "responseMimeType"))
        return;
    wire_str(w, "responseMimeType", S("application/json"));
    if (!rq->schema || wire_extra_has(w, "responseSchema") || wire_extra_has(w, "responseJsonSchema"))
        return;
    if (google_thinks(id) && !quirks_refuse(w->quirks, "responseJsonSchema")) {
        wire_json(w, "responseJsonSchema", rq->schema);
    } else if (wire_takes(w, "responseSchema")) {
        AUTO_JSON *subset = google_schema_subset(rq->schema, 0);

        wire_json(w, "responseSchema", subset);
    }
}

static void google_write_max_tokens(struct wire *w, struct str id, const struct params *p)
{
    int64_t n = p->max_tokens;
    bool thinks = google_thinks(id) && str_ifind(id, S("lite")) < 0 &&
                  !(params_has(p, PARAM_REASONING_EFFORT) && str_is(p->reasoning_effort, "none"));

    if (!params_has(p, PARAM_MAX_TOKENS) || !wire_takes(w, "maxOutputTokens"))
        return;
    if (thinks && n < GOOGLE_THINKING_TOKENS_MIN) {
        n = GOOGLE_THINKING_TOKENS_MIN;     /* thoughts come out of the same ceiling */
        wire_drop(w, "max_tokens raised to 8192 for reasoning");
    }
    wire_i64(w, "maxOutputTokens", n);
}

static void google_write_config(struct wire *w, const struct request *rq)
{
    const struct params *p = &rq->params;
    struct str id = rq->model->id;

    if (params_has(p, PARAM_TEMPERATURE) && wire_takes(w, "temperature"))
        wire_double(w, "temperature", p->temperature);
    if (params_has(p, PARAM_TOP_P) && wire_takes(w, "topP"))
        wire_double(w, "topP", p->top_p);
    if (params_has(p, PARAM_TOP_K) && wire_takes(w, "topK"))
        wire_i64(w, "topK", p->top_k);
    google_write_max_tokens(w, id, p);
    if (params_has(p, PARAM_STOP) && p->stop_count && wire_takes(w, "stopSequences"))
        wire_strs(w, "stopSequences", p->stop, p->stop_count);
    if (params_has(p, PARAM_SEED) && wire_takes(w, "seed"))
        wire_i64(w, "seed", p->seed & INT32_MAX);
    if (params_has(p, PARAM_FREQUENCY_PENALTY) && wire_takes(w, "frequencyPenalty"))
        wire_double(w, "frequencyPenalty", p->frequency_penalty);
    if (params_has(p, PARAM_PRESENCE_PENALTY) && wire_takes(w, "presencePenalty"))
        wire_double(w, "presencePenalty", p->presence_penalty);
    google_write_thinking(w, id, p);
    google_write_format(w, rq);
    wire_extra(w, NULL);
}

static void google_write_tools(struct wire *w, const struct request *rq)
{
    struct str choice = rq->tool_choice;
    const json_t *tool;
    size_t i;

    if (!json_array_size(rq->tools) || !wire_takes(w, "tools"))
        return;
    wire_key(w, "tools");
    wire_open(w, '[');
    wire_open(w, '{');
    wire_key(w, "functionDeclarations");
    wire_open(w, '[');
    json_array_foreach((json_t *)rq->tools, i, tool) {
        wire_open(w, '{');
        wire_str(w, "name", json_get_str(tool, "name"));
        if (json_get_str(tool, "description").len)
            wire_str(w, "description", json_get_str(tool, "description"));
        if (json_child(tool, "parameters"))
            wire_json(w, "parametersJsonSchema", json_child(tool, "parameters"));
        wire_close(w, '}');
    }
    wire_close(w, ']');
    wire_close(w, '}');
    wire_close(w, ']');
    if (!choice.len || wire_extra_has(w, "toolConfig"))
        return;
    wire_key(w, "toolConfig");
    wire_open(w, '{');
    wire_key(w, "functionCallingConfig");
    wire_open(w, '{');
    wire_str(w, "mode", str_is(choice, "auto") ? S("AUTO") : str_is(choice, "none") ? S("NONE") : S("ANY"));
    if (!wire_tool_choice_is_word(rq))
        wire_strs(w, "allowedFunctionNames", &choice, 1);
    wire_close(w, '}');
    wire_close(w, '}');
}

static enum err_code google_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                   struct arena *a, struct http_call *out, struct err *e)
{
    static const char *const merged[] = { "generationConfig", NULL };
    const struct params *p = &rq->params;
    struct wire w = { .out = &out->body, .extra = params_has(p, PARAM_EXTRA) ? p->extra : NULL, .quirks = q,
                      .dropped = &out->dropped };
    struct wire config = w;
    struct str system = wire_system_text(rq, a);
    bool gemma = str_starts(rq->model->id, S("gemma"));

    TRY(wire_check_extra(rq, e));
    TRY(wire_check_stops(rq, GOOGLE_LABEL, GOOGLE_STOPS_MAX, e));
    TRY(wire_check_begins(rq, GOOGLE_LABEL, e));
    wire_tell_moved(&w, rq);
    out->streamed = params_has(p, PARAM_STREAM) && p->stream;
    google_write_url(rq, base_url, out->streamed ? ":streamGenerateContent?alt=sse" : ":generateContent", &out->url);
    buf_byte(w.out, '{');
    if (str_trim(system).len && !gemma && !wire_extra_has(&w, "systemInstruction")) {
        wire_key(&w, "systemInstruction");
        wire_open(&w, '{');
        wire_key(&w, "parts");
        wire_open(&w, '[');
        google_write_part(&w, &(struct part){ .kind = PART_TEXT, .text = system });
        wire_close(&w, ']');
        wire_close(&w, '}');
    }
    google_write_contents(&w, rq, gemma ? system : STR_NONE);
    wire_key(&w, "generationConfig");
    wire_open(&w, '{');
    config.extra = w.extra ? json_child(w.extra, "generationConfig") : NULL;
    google_write_config(&config, rq);
    wire_close(&w, '}');
    google_write_tools(&w, rq);
    wire_extra(&w, merged);
    buf_byte(w.out, '}');
    return wire_check_body(out, e);
}

/* --- answer -------------------------------------------------------------------------------------------------- */

static enum finish google_finish(struct str native)
{
    static const char *const filtered[] = { "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
                                            "IMAGE_SAFETY", "LANGUAGE" };

    for (size_t i = 0; i < COUNT_OF(filtered); i++)
        if (str_is(native, filtered[i]))
            return FINISH_CONTENT_FILTER;
    return wire_finish(native);
}

static void google_read_usage(const json_t *body, struct answer *out)
{
    const json_t *u = json_child(body, "usageMetadata");

    if (!json_is_object(u))
        return;
    out->usage = (struct usage){
        .input = wire_count(u, "promptTokenCount") + wire_count(u, "toolUsePromptTokenCount"),
        .output = wire_count(u, "candidatesTokenCount") + wire_count(u, "thoughtsTokenCount"),
        .cached = wire_count(u, "cachedContentTokenCount"), .reasoning = wire_count(u, "thoughtsTokenCount"),
    };
    wire_usage_settle(&out->usage);
    out->usage_reported = out->usage.input > 0 || out->usage.output > 0;
}

/* Appends what one response object adds: whole answer and stream event are read by the same code. */
static void google_read_candidate(const json_t *candidate, struct arena *a, struct buf *text, struct buf *thoughts,
                                  struct answer *out)
{
    const json_t *part;
    json_t *raw = (json_t *)out->raw;
    size_t i;

    json_array_foreach(json_child(json_child(candidate, "content"), "parts"), i, part) {
        json_t *call = json_child(part, "functionCall");

        buf_append(json_get_bool(part, "thought", false) ? thoughts : text, json_get_str(part, "text"));
        if (!json_is_object(call))
            continue;
        if (!out->tool_calls)
            out->tool_calls = json_in_arena(json_array(), a);
        if (json_array_size(out->tool_calls) < GOOGLE_TOOL_CALLS_MAX)
            json_array_append((json_t *)out->tool_calls, call);
    }
    if (json_get_str(candidate, "finishReason").len) {
        out->finish_native = wire_keep(a, json_child(candidate, "finishReason"));
        out->finish = google_finish(out->finish_native);
        if (out->finish == FINISH_STOP && out->tool_calls)
            out->finish = FINISH_TOOL_USE;
    }
    wire_raw(&raw, candidate, "safetyRatings");
    wire_raw(&raw, candidate, "finishMessage");
    if (raw && !out->raw)
        out->raw = json_in_arena(raw, a);
}

static void google_read_head(const json_t *body, struct arena *a, struct answer *out)
{
    json_t *raw = (json_t *)out->raw;
    struct str block = json_get_str(json_child(body, "promptFeedback"), "blockReason");

    if (!out->response_id.len)
        out->response_id = wire_keep(a, json_child(body, "responseId"));
    if (!out->model_version.len)
        out->model_version = wire_keep(a, json_child(body, "modelVersion"));
    google_read_usage(body, out);
    if (block.len && !out->finish_native.len) {
        out->finish_native = arena_strdup(a, block);
        out->finish = FINISH_CONTENT_FILTER;
    }
    wire_raw(&raw, body, "promptFeedback");
    if (raw && !out->raw)
        out->raw = json_in_arena(raw, a);
}

static enum err_code google_fail(const struct request *rq, const json_t *body, const struct http_answer *in,
                                 struct arena *a, struct failure *f, struct err *e)
{
    return wire_fail(&(struct wire_fault){ .rq = rq, .label = GOOGLE_LABEL, .status = 200, .body = body, .in = in,
                                           .optional = google_optional }, a, f, e);
}

static enum err_code google_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                   struct answer *out, struct failure *f, struct err *e)
{
    AUTO_JSON *body = NULL;
    AUTO_BUF struct buf text = BUF_INIT(SIZE_MAX / 4), thoughts = BUF_INIT(SIZE_MAX / 4);
    struct answer answer = { .cost_reported_nanousd = MONEY_UNKNOWN };
    const json_t *candidate;

    TRY(wire_check_status(rq, in, GOOGLE_LABEL, google_optional, a, f, e));
    TRY(wire_read_body(in, GOOGLE_LABEL, &body, f, e));
    if (json_is_object(json_child(body, "error")))
        return google_fail(rq, body, in, a, f, e);
    candidate = json_array_get(json_child(body, "candidates"), 0);
    google_read_head(body, a, &answer);
    *out = answer;                                  /* what was charged for counts, answer or not */
    if (!json_is_object(candidate) && answer.finish != FINISH_CONTENT_FILTER)
        return wire_invalid(f, e, GOOGLE_LABEL " answered %d without candidates and without saying what blocked them",
                            in->status);
    google_read_candidate(candidate, a, &text, &thoughts, &answer);
    answer.text = arena_strdup(a, str_trim(buf_str(&text)));
    answer.reasoning = thoughts.len ? arena_strdup(a, str_trim(buf_str(&thoughts))) : STR_NONE;
    *out = answer;
    return ERR_OK;
}

static enum err_code google_decode_event(const struct request *rq, struct str event, struct str data, struct stream *st,
                                         struct err *e)
{
    AUTO_JSON *body = NULL;

    (void)event;
    TRY(wire_read_event(data, GOOGLE_LABEL, &body, st, e));
    if (json_is_object(json_child(body, "error")))
        return google_fail(rq, body, NULL, st->arena, &st->failure, e);
    google_read_head(body, st->arena, &st->answer);
    google_read_candidate(json_array_get(json_child(body, "candidates"), 0), st->arena, &st->text, &st->reasoning,
                          &st->answer);
    st->ended |= st->answer.finish_native.len > 0;
    return wire_check_stream(st, e);
}

/* --- vectors: batchEmbedContents ------------------------------------------------------------------------------- */

static enum err_code google_embed_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                         struct arena *a, struct http_call *out, struct err *e)
{
    struct wire w = { .out = &out->body };
    struct str id = rq->model->id, path = google_is_path(id) ? id : arena_printf(a, "models/" STR_FMT, STR_ARG(id));

    (void)q;
    google_write_url(rq, base_url, ":batchEmbedContents", &out->url);
    wire_open(&w, '{');
    wire_key(&w, "requests");
    wire_open(&w, '[');
    for (size_t i = 0; i < rq->text_count; i++) {
        wire_open(&w, '{');
        wire_str(&w, "model", path);
        wire_key(&w, "content");
        wire_open(&w, '{');
        wire_key(&w, "parts");
        wire_open(&w, '[');
        wire_open(&w, '{');
        wire_str(&w, "text", rq->texts[i]);
        wire_close(&w, '}');
        wire_close(&w, ']');
        wire_close(&w, '}');
        wire_close(&w, '}');
    }
    wire_close(&w, ']');
    wire_close(&w, '}');
    return wire_check_body(out, e);
}

static enum err_code google_embed_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                         struct answer *out, struct failure *f, struct err *e)
{
    AUTO_JSON *body = NULL;

    TRY(embed_read_body(rq, in, a, &body, f, e));
    return embed_read(rq, json_child(body, "embeddings"), "values", a, out, f, e);
}

const struct provider provider_google = {
    .name = "google", .label = GOOGLE_LABEL,
    .aliases = (const char *const[]){ "gemini", NULL },
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .base_url = "https://generativelanguage.googleapis.com",
    .base_url_variables = (const char *const[]){ "GOOGLE_GEMINI_BASE_URL", "GOOGLE_BASE_URL", NULL },
    .key_variables = (const char *const[]){ "GOOGLE_API_KEY", "GEMINI_API_KEY", NULL },
    .key_needed = true, .auth = AUTH_X_GOOG_API_KEY, .framing = FRAMING_SSE,
    .id_prefixes = (const char *const[]){ "gemini-", "models/gemini-", "gemma-", NULL },
    .encode = google_encode, .decode = google_decode, .decode_event = google_decode_event,
    .embed_encode = google_embed_encode, .embed_decode = google_embed_decode,
};
