#include "llm/provider/embed.h"

/* Ollama's own /api/chat. What is its own: options in an object, streaming unless told not to, NDJSON, a stream that
 * fails says so in a line of a 200, images as bytes only. */

#define OLLAMA_LABEL "Ollama"

static const char *const ollama_optional[] = {
    "temperature",      "top_p", "top_k", "num_predict", "seed", "frequency_penalty",
    "presence_penalty", "stop",  "think", "format",      NULL,
};

/* --- request ------------------------------------------------------------------------------------------------- */

/* OLLAMA_HOST is written in many ways: "box", "box:11434", "http://box:11434/", with /v1 or /api behind it. */
static void ollama_write_url(struct str base, const char *path, struct buf *url)
{
    static const char *const tails[] = { "/", "/v1", "/api", "/" };
    bool bare = !str_contains(base, S("://"));

    for (size_t i = 0; i < COUNT_OF(tails); i++)
        if (str_ends(base, str_c(tails[i])))
            base.len -= strlen(tails[i]);
    if (bare)
        buf_puts(url, "http://");
    buf_append(url, base);
    if (bare && str_find_byte(base, ':') < 0)
        buf_puts(url, ":11434");
    buf_puts(url, path);
}

static enum err_code ollama_write_messages(struct wire *w, const struct request *rq, struct arena *a, struct err *e)
{
    wire_key(w, "messages");
    wire_open(w, '[');
    for (size_t i = 0; i < rq->message_count; i++) {
        const struct message *m = &rq->messages[i];

        wire_open(w, '{');
        wire_str(w, "role", str_c(message_role_name(m->role)));
        wire_str(w, "content", wire_message_text(m, a));
        if (wire_has_images(m)) {
            wire_key(w, "images");
            wire_open(w, '[');
            for (size_t k = 0; k < m->part_count; k++) {
                if (m->parts[k].kind != PART_IMAGE)
                    continue;
                if (m->parts[k].url.len)
                    return err_set(e, ERR_REJECTED,
                                   OLLAMA_LABEL " takes an image as a file, not as an address (" STR_FMT ")",
                                   STR_ARG(str_sub(m->parts[k].url, 0, MIN(m->parts[k].url.len, (size_t)200))));
                wire_str(w, NULL, m->parts[k].base64);
            }
            wire_close(w, ']');
        }
        wire_close(w, '}');
    }
    wire_close(w, ']');
    return ERR_OK;
}

static void ollama_write_options(struct wire *w, const struct params *p)
{
    if (params_has(p, PARAM_TEMPERATURE) && wire_takes(w, "temperature"))
        wire_double(w, "temperature", p->temperature);
    if (params_has(p, PARAM_TOP_P) && wire_takes(w, "top_p"))
        wire_double(w, "top_p", p->top_p);
    if (params_has(p, PARAM_TOP_K) && wire_takes(w, "top_k"))
        wire_i64(w, "top_k", p->top_k);
    if (params_has(p, PARAM_MAX_TOKENS) && wire_takes(w, "num_predict"))
        wire_i64(w, "num_predict", p->max_tokens);
    if (params_has(p, PARAM_SEED) && wire_takes(w, "seed"))
        wire_i64(w, "seed", p->seed & INT32_MAX);
    if (params_has(p, PARAM_FREQUENCY_PENALTY) && wire_takes(w, "frequency_penalty"))
        wire_double(w, "frequency_penalty", p->frequency_penalty);
    if (params_has(p, PARAM_PRESENCE_PENALTY) && wire_takes(w, "presence_penalty"))
        wire_double(w, "presence_penalty", p->presence_penalty);
    if (params_has(p, PARAM_STOP) && p->stop_count && wire_takes(w, "stop"))
        wire_strs(w, "stop", p->stop, p->stop_count);
    wire_extra(w, NULL);
}

/* Most thinking models know on and off; gpt-oss knows levels and cannot be silenced. */
static void ollama_write_think(struct wire *w, const struct request *rq)
{
    struct str effort = rq->params.reasoning_effort;

    if (!params_has(&rq->params, PARAM_REASONING_EFFORT) || !wire_takes(w, "think"))
        return;
    if (str_starts(rq->model->id, S("gpt-oss")))
        wire_str(w, "think",
                 str_is(effort, "medium")      ? S("medium")
                 : str_ends(effort, S("high")) ? S("high")
                                               : S("low"));
    else
        wire_bool(w, "think", !str_is(effort, "none"));
}

static enum err_code ollama_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                   struct arena *a, struct http_call *out, struct err *e)
{
    static const char *const merged[] = { "options", NULL };
    const struct params *p = &rq->params;
    struct wire w = { .out = &out->body, .extra = params_has(p, PARAM_EXTRA) ? p->extra : NULL, .quirks = q,
                      .dropped = &out->dropped };
    struct wire options = w;

    TRY(wire_check_extra(rq, e));
    ollama_write_url(base_url, "/api/chat", &out->url);
    out->streamed = params_has(p, PARAM_STREAM) && p->stream;
    buf_byte(w.out, '{');
    wire_str(&w, "model", rq->model->id);
    TRY(ollama_write_messages(&w, rq, a, e));
    wire_bool(&w, "stream", out->streamed);
    if (rq->output == OUTPUT_JSON && wire_takes(&w, "format")) {
        if (rq->schema)
            wire_json(&w, "format", rq->schema);
        else
            wire_str(&w, "format", S("json"));
    }
    ollama_write_think(&w, rq);
    if (json_array_size(rq->tools) && !str_is(rq->tool_choice, "none") && wire_takes(&w, "tools")) {
        wire_functions(&w, rq->tools);
        if (rq->tool_choice.len && !str_is(rq->tool_choice, "auto"))
            wire_drop(&w, "tool_choice");           /* it can't be told which */
    }
    wire_key(&w, "options");
    wire_open(&w, '{');
    options.extra = w.extra ? json_child(w.extra, "options") : NULL;
    ollama_write_options(&options, p);
    wire_close(&w, '}');
    wire_extra(&w, merged);
    buf_byte(w.out, '}');
    return wire_check_body(out, e);
}

/* --- answer -------------------------------------------------------------------------------------------------- */

static void ollama_read_end(const struct request *rq, const json_t *body, struct arena *a, struct answer *out)
{
    static const char *const durations[] = { "total_duration", "load_duration", "prompt_eval_duration",
                                             "eval_duration" };
    json_t *raw = NULL;

    out->finish_native = wire_keep(a, json_child(body, "done_reason"));
    out->finish = out->tool_calls && str_is(out->finish_native, "stop") ? FINISH_TOOL_USE
                                                                        : wire_finish(out->finish_native);
    if (json_child(body, "eval_count") || json_child(body, "prompt_eval_count")) {
        out->usage.output = wire_count(body, "eval_count");
        out->usage.input = wire_count(body, "prompt_eval_count");
        out->usage.input_estimated = out->usage.input == 0;
        if (out->usage.input_estimated)
            out->usage.input = llm_request_tokens(rq);
        out->usage_reported = true;
    }
    for (size_t i = 0; i < COUNT_OF(durations); i++)
        wire_raw(&raw, body, durations[i]);
    if (raw)
        out->raw = json_in_arena(raw, a);
}

static void ollama_read_calls(const json_t *message, struct arena *a, struct answer *out)
{
    json_t *calls = json_child(message, "tool_calls"), *call;
    size_t i;

    if (!json_array_size(calls))
        return;
    if (!out->tool_calls)
        out->tool_calls = json_in_arena(json_array(), a);
    json_array_foreach(calls, i, call)
        if (json_array_size(out->tool_calls) < 256)
            json_array_append((json_t *)out->tool_calls, call);
}

static enum err_code ollama_fail(const struct request *rq, const json_t *body, const struct http_answer *in,
                                 struct arena *a, struct failure *f, struct err *e)
{
    return wire_fail(&(struct wire_fault){ .rq = rq, .label = OLLAMA_LABEL, .status = 200, .body = body, .in = in,
                                           .optional = ollama_optional }, a, f, e);
}

static enum err_code ollama_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                   struct answer *out, struct failure *f, struct err *e)
{
    AUTO_JSON *body = NULL;
    struct answer answer = { .cost_reported_nanousd = MONEY_UNKNOWN };
    const json_t *message;

    TRY(wire_check_status(rq, in, OLLAMA_LABEL, ollama_optional, a, f, e));
    TRY(wire_read_body(in, OLLAMA_LABEL, &body, f, e));
    if (json_child(body, "error"))
        return ollama_fail(rq, body, in, a, f, e);
    message = json_child(body, "message");
    ollama_read_end(rq, body, a, out);
    if (!json_is_object(message))
        return wire_invalid(f, e, OLLAMA_LABEL " answered %d without a message", in->status);
    answer.model_version = wire_keep(a, json_child(body, "model"));
    answer.text = arena_strdup(a, str_trim(json_get_str(message, "content")));
    answer.reasoning = arena_strdup(a, str_trim(json_get_str(message, "thinking")));
    ollama_read_calls(message, a, &answer);
    ollama_read_end(rq, body, a, &answer);
    *out = answer;
    return ERR_OK;
}

static enum err_code ollama_decode_event(const struct request *rq, struct str event, struct str data, struct stream *st,
                                         struct err *e)
{
    AUTO_JSON *body = NULL;
    const json_t *message;

    (void)event;
    TRY(wire_read_event(data, OLLAMA_LABEL, &body, st, e));
    if (json_child(body, "error"))
        return ollama_fail(rq, body, NULL, st->arena, &st->failure, e);
    message = json_child(body, "message");
    if (!st->answer.model_version.len)
        st->answer.model_version = wire_keep(st->arena, json_child(body, "model"));
    buf_append(&st->text, json_get_str(message, "content"));
    buf_append(&st->reasoning, json_get_str(message, "thinking"));
    ollama_read_calls(message, st->arena, &st->answer);
    if (json_get_bool(body, "done", false) && !st->ended) {
        ollama_read_end(rq, body, st->arena, &st->answer);
        st->ended = true;
    }
    return wire_check_stream(st, e);
}

/* --- vectors: /api/embed -------------------------------------------------------------------------------------- */

static enum err_code ollama_embed_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                         struct arena *a, struct http_call *out, struct err *e)
{
    (void)q, (void)a;
    ollama_write_url(base_url, "/api/embed", &out->url);
    embed_write_body(rq, &out->body);
    return wire_check_body(out, e);
}

static enum err_code ollama_embed_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                         struct answer *out, struct failure *f, struct err *e)
{
    AUTO_JSON *body = NULL;

    TRY(embed_read_body(rq, in, a, &body, f, e));
    out->usage_reported = json_child(body, "prompt_eval_count");
    out->usage.input = wire_count(body, "prompt_eval_count");
    out->model_version = wire_keep(a, json_child(body, "model"));
    return embed_read(rq, json_child(body, "embeddings"), NULL, a, out, f, e);
}

const struct provider provider_ollama = {
    .name = "ollama", .label = OLLAMA_LABEL,
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .base_url = "http://localhost:11434",
    .base_url_variables = (const char *const[]){ "OLLAMA_HOST", NULL },
    .key_variables = (const char *const[]){ "OLLAMA_API_KEY", NULL },
    .key_needed = false, .auth = AUTH_BEARER, .framing = FRAMING_NDJSON,
    .encode = ollama_encode, .decode = ollama_decode, .decode_event = ollama_decode_event,
    .embed_encode = ollama_embed_encode, .embed_decode = ollama_embed_decode,
};
