#include "llm/provider/wire.h"

#include <stdio.h>

/* Cohere's chat API, version 2. Its answers name no model version, and two counts of tokens: what the model read, and
 * what is billed, which leaves out Cohere's own preamble. Ours is the billed one, because prices are for that. */
#define COHERE_LABEL "Cohere"
#define COHERE_TOOL_CALLS_MAX 256

static const char *const cohere_optional[] = {
    "temperature", "p", "k", "max_tokens", "stop_sequences", "seed", "frequency_penalty", "presence_penalty",
    "thinking", "response_format", "stream", "tools", "tool_choice", NULL,
};

/* --- request ------------------------------------------------------------------------------------------------- */

static void cohere_write_content(struct wire *w, const struct message *m, struct arena *a)
{
    if (!wire_has_images(m)) {
        wire_str(w, "content", wire_message_text(m, a));
        return;
    }
    wire_key(w, "content");
    wire_open(w, '[');
    for (size_t i = 0; i < m->part_count; i++) {
        const struct part *p = &m->parts[i];

        wire_open(w, '{');
        wire_str(w, "type", p->kind == PART_TEXT ? S("text") : S("image_url"));
        if (p->kind == PART_TEXT) {
            wire_str(w, "text", p->text);
        } else {
            wire_key(w, "image_url");
            wire_open(w, '{');
            wire_image_url(w, "url", p);
            wire_close(w, '}');
        }
        wire_close(w, '}');
    }
    wire_close(w, ']');
}

static void cohere_write_messages(struct wire *w, const struct request *rq, struct arena *a)
{
    wire_key(w, "messages");
    wire_open(w, '[');
    for (size_t i = 0; i < rq->message_count; i++) {
        wire_open(w, '{');
        wire_str(w, "role", str_c(message_role_name(rq->messages[i].role)));
        cohere_write_content(w, &rq->messages[i], a);
        wire_close(w, '}');
    }
    wire_close(w, ']');
}

/* Its penalties go from 0 to 1 and its list of candidates ends at 500; what lies outside is brought to the nearest. */
static double cohere_clamp(struct wire *w, enum param which, double value, double most)
{
    double near = CLAMP(value, 0.0, most);
    char note[80];

    if (near != value) {
        snprintf(note, sizeof note, "%s %s to %g", param_name(which), near < value ? "lowered" : "raised", near);
        wire_drop(w, note);
    }
    return near;
}

static void cohere_write_sampling(struct wire *w, const struct params *p)
{
    const struct { enum param which; const char *name; double value, most; } rows[] = {
        { PARAM_TEMPERATURE, "temperature", p->temperature, 1 }, { PARAM_TOP_P, "p", p->top_p, 0.99 },
        { PARAM_TOP_K, "k", (double)p->top_k, 500 },
        { PARAM_FREQUENCY_PENALTY, "frequency_penalty", p->frequency_penalty, 1 },
        { PARAM_PRESENCE_PENALTY, "presence_penalty", p->presence_penalty, 1 },
        { PARAM_MAX_TOKENS, "max_tokens", (double)p->max_tokens, 1e6 }, { PARAM_SEED, "seed", 0, 0 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!params_has(p, rows[i].which) || !wire_takes(w, rows[i].name))
            continue;
        if (rows[i].which == PARAM_SEED)
            wire_i64(w, "seed", p->seed);
        else
            wire_double(w, rows[i].name, cohere_clamp(w, rows[i].which, rows[i].value, rows[i].most));
    }
    if (params_has(p, PARAM_STOP) && p->stop_count && wire_takes(w, "stop_sequences"))
        wire_strs(w, "stop_sequences", p->stop, p->stop_count);
}

/* Only the reasoning models think; the effort becomes on, off, or a budget. */
static void cohere_write_thinking(struct wire *w, const struct request *rq)
{
    static const struct { const char *effort; int64_t budget; } budgets[] = {
        { "minimal", 512 }, { "low", 1024 }, { "medium", 8192 },
    };
    struct str effort = rq->params.reasoning_effort;

    if (!params_has(&rq->params, PARAM_REASONING_EFFORT))
        return;
    if (str_find(rq->model->id, S("reasoning")) < 0) {
        if (!wire_extra_has(w, "thinking"))
            wire_drop(w, "reasoning_effort");
        return;
    }
    if (!wire_takes(w, "thinking"))
        return;
    wire_key(w, "thinking");
    wire_open(w, '{');
    wire_str(w, "type", str_is(effort, "none") ? S("disabled") : S("enabled"));
    for (size_t i = 0; i < COUNT_OF(budgets); i++)
        if (str_is(effort, budgets[i].effort))
            wire_i64(w, "token_budget", budgets[i].budget);
    wire_close(w, '}');
}

static void cohere_write_format(struct wire *w, const struct request *rq)
{
    if (rq->output != OUTPUT_JSON || wire_extra_has(w, "response_format"))
        return;
    if (json_array_size(rq->tools)) {               /* the two together are refused */
        wire_drop(w, "response_format");
        return;
    }
    if (!wire_takes(w, "response_format"))
        return;
    wire_key(w, "response_format");
    wire_open(w, '{');
    wire_str(w, "type", S("json_object"));
    if (rq->schema)
        wire_json(w, "json_schema", rq->schema);
    wire_close(w, '}');
}

static void cohere_write_tools(struct wire *w, const struct request *rq)
{
    if (!json_array_size(rq->tools) || !wire_takes(w, "tools"))
        return;
    wire_functions(w, rq->tools);
    if (!rq->tool_choice.len || str_is(rq->tool_choice, "auto"))
        return;                                     /* auto is what it does, and it has no word for that */
    if (!wire_tool_choice_is_word(rq))
        wire_drop(w, "tool_choice of one tool became required");
    if (wire_takes(w, "tool_choice"))
        wire_str(w, "tool_choice", str_is(rq->tool_choice, "none") ? S("NONE") : S("REQUIRED"));
}

static enum err_code cohere_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                   struct arena *a, struct http_call *out, struct err *e)
{
    const struct params *p = &rq->params;
    struct wire w = { .out = &out->body, .extra = params_has(p, PARAM_EXTRA) ? p->extra : NULL, .quirks = q,
                      .dropped = &out->dropped };

    TRY(wire_check_extra(rq, e));
    TRY(wire_check_stops(rq, COHERE_LABEL, 5, e));
    wire_url(&out->url, base_url, "/v2", "/chat");
    http_call_header(out, "X-Client-Name", S("assay"));
    buf_byte(w.out, '{');
    wire_str(&w, "model", rq->model->id);
    cohere_write_messages(&w, rq, a);
    cohere_write_sampling(&w, p);
    cohere_write_thinking(&w, rq);
    cohere_write_format(&w, rq);
    cohere_write_tools(&w, rq);
    out->streamed = params_has(p, PARAM_STREAM) && p->stream && wire_takes(&w, "stream");
    wire_bool(&w, "stream", out->streamed);         /* its reference makes the member mandatory */
    wire_extra(&w, NULL);
    buf_byte(w.out, '}');
    return wire_check_body(out, e);
}

/* --- answer -------------------------------------------------------------------------------------------------- */

static enum finish cohere_finish(struct str native)
{
    static const struct { const char *word; enum finish finish; } words[] = {
        { "COMPLETE", FINISH_STOP }, { "STOP_SEQUENCE", FINISH_STOP_SEQUENCE }, { "MAX_TOKENS", FINISH_MAX_TOKENS },
        { "TOOL_CALL", FINISH_TOOL_USE }, { "ERROR", FINISH_ERROR }, { "TIMEOUT", FINISH_ERROR },
        { "ERROR_TOXIC", FINISH_CONTENT_FILTER },
    };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_ieq(native, str_c(words[i].word)))
            return words[i].finish;
    return native.len ? FINISH_OTHER : FINISH_UNKNOWN;
}

static void cohere_read_usage(const json_t *holder, struct arena *a, struct answer *out)
{
    const json_t *usage = json_child(holder, "usage"), *billed = json_child(usage, "billed_units");
    const json_t *tokens = json_child(usage, "tokens"), *which;
    json_t *raw = NULL;

    which = json_child(billed, "input_tokens") || json_child(billed, "output_tokens") ? billed : tokens;
    if (!json_is_object(which))
        return;
    out->usage = (struct usage){ .input = wire_count(which, "input_tokens"), .output = wire_count(which, "output_tokens"),
                                 .cached = wire_count(usage, "cached_tokens") };
    wire_usage_settle(&out->usage);
    out->usage_reported = true;
    if (which == billed)
        wire_raw(&raw, usage, "tokens");
    if (raw)
        out->raw = json_in_arena(raw, a);
}

static void cohere_gather(const json_t *content, struct buf *text, struct buf *thoughts)
{
    const json_t *block;
    size_t i;

    if (json_is_string(content))
        buf_append(text, json_to_str(content));
    json_array_foreach((json_t *)content, i, block) {
        buf_append(text, json_get_str(block, "text"));
        buf_append(thoughts, json_get_str(block, "thinking"));
    }
}

static enum err_code cohere_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                   struct answer *out, struct failure *f, struct err *e)
{
    AUTO_JSON *body = NULL;
    AUTO_BUF struct buf text = BUF_INIT(SIZE_MAX / 4), thoughts = BUF_INIT(SIZE_MAX / 4);
    struct answer answer = { .cost_reported_nanousd = MONEY_UNKNOWN };
    json_t *message;

    TRY(wire_check_status(rq, in, COHERE_LABEL, cohere_optional, a, f, e));
    TRY(wire_read_body(in, COHERE_LABEL, &body, f, e));
    message = json_child(body, "message");
    if (json_is_string(message) || json_is_object(json_child(body, "error")))
        return wire_fail(&(struct wire_fault){ .rq = rq, .label = COHERE_LABEL, .status = in->status, .body = body,
                                               .in = in, .optional = cohere_optional }, a, f, e);
    cohere_read_usage(body, a, &answer);
    *out = answer;                                  /* what was charged for counts, answer or not */
    if (!json_is_object(message) || !json_object_size(message))
        return wire_invalid(f, e, COHERE_LABEL " answered %d without a message", in->status);
    answer.response_id = wire_keep(a, json_child(body, "id"));
    answer.finish_native = wire_keep(a, json_child(body, "finish_reason"));
    answer.finish = cohere_finish(answer.finish_native);
    cohere_gather(json_child(message, "content"), &text, &thoughts);
    buf_append(&thoughts, json_get_str(message, "tool_plan"));          /* in the order of a stream */
    answer.text = arena_strdup(a, str_trim(buf_str(&text)));
    answer.reasoning = arena_strdup(a, str_trim(buf_str(&thoughts)));
    if (json_array_size(json_child(message, "tool_calls")))
        answer.tool_calls = json_in_arena(json_incref(json_child(message, "tool_calls")), a);
    *out = answer;
    return ERR_OK;
}

/* --- stream -------------------------------------------------------------------------------------------------- */

/* Pieces of the arguments are joined once, at the end. */
static void cohere_start_tool(const json_t *call, struct stream *st)
{
    json_t *copy;

    if (!json_is_object(call) || json_array_size(st->tools) >= COHERE_TOOL_CALLS_MAX)
        return;
    if (!st->tools)
        st->tools = json_array();
    copy = json_deep_copy(call);
    json_object_set_new(copy, "pieces", json_array());
    json_array_append_new(st->tools, copy);
}

static void cohere_add_piece(const json_t *call, struct stream *st)
{
    json_t *last = json_array_get(st->tools, json_array_size(st->tools) ? json_array_size(st->tools) - 1 : 0);
    json_t *piece = json_child(json_child(call, "function"), "arguments");

    if (last && json_is_string(piece))
        json_array_append(json_child(last, "pieces"), piece);
}

static void cohere_finish_tools(struct stream *st)
{
    json_t *tool, *piece;
    size_t i, k;

    json_array_foreach(st->tools, i, tool) {
        AUTO_BUF struct buf arguments = BUF_INIT(HTTP_CALL_BODY_MAX);
        json_t *function = json_child(tool, "function");

        buf_append(&arguments, json_get_str(function, "arguments"));
        json_array_foreach(json_child(tool, "pieces"), k, piece)
            buf_append(&arguments, json_to_str(piece));
        if (json_is_object(function))
            json_set_str(function, "arguments", buf_str(&arguments));
        json_object_del(tool, "pieces");
    }
    if (st->tools)
        st->answer.tool_calls = json_in_arena(TAKE(st->tools), st->arena);
}

static bool cohere_failed(const json_t *holder)
{
    const json_t *error = json_child(holder, "error");

    return json_is_object(error) || json_to_str(error).len;
}

static enum err_code cohere_decode_event(const struct request *rq, struct str event, struct str data,
                                         struct stream *st, struct err *e)
{
    AUTO_JSON *body = NULL;
    const json_t *delta, *message;
    struct str type;

    (void)event;
    if (str_is(str_trim(data), "[DONE]"))
        return ERR_OK;
    TRY(wire_read_event(data, COHERE_LABEL, &body, st, e));
    type = json_get_str(body, "type");
    delta = json_child(body, "delta");
    message = json_child(delta, "message");
    if (str_is(type, "content-delta") || str_is(type, "content-start")) {
        buf_append(&st->text, json_get_str(json_child(message, "content"), "text"));
        buf_append(&st->reasoning, json_get_str(json_child(message, "content"), "thinking"));
    } else if (str_is(type, "message-start")) {
        st->answer.response_id = wire_keep(st->arena, json_child(body, "id"));
    } else if (str_is(type, "tool-plan-delta")) {
        buf_append(&st->reasoning, json_get_str(message, "tool_plan"));
    } else if (str_is(type, "tool-call-start")) {
        cohere_start_tool(json_child(message, "tool_calls"), st);
    } else if (str_is(type, "tool-call-delta")) {
        cohere_add_piece(json_child(message, "tool_calls"), st);
    } else if (str_is(type, "message-end") && !cohere_failed(delta)) {
        st->answer.finish_native = wire_keep(st->arena, json_child(delta, "finish_reason"));
        st->answer.finish = cohere_finish(st->answer.finish_native);
        cohere_read_usage(delta, st->arena, &st->answer);
        cohere_finish_tools(st);
        st->ended = true;
    } else if (cohere_failed(delta) || cohere_failed(body) || (!type.len && json_get_str(body, "message").len)) {
        return wire_fail(&(struct wire_fault){ .rq = rq, .label = COHERE_LABEL, .status = 200,
                                               .body = cohere_failed(delta) ? delta : body,
                                               .optional = cohere_optional }, st->arena, &st->failure, e);
    }
    return wire_check_stream(st, e);
}

const struct provider provider_cohere = {
    .name = "cohere", .label = COHERE_LABEL,
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .base_url = "https://api.cohere.com",
    .base_url_variables = (const char *const[]){ "COHERE_BASE_URL", "CO_API_URL", NULL },
    .key_variables = (const char *const[]){ "COHERE_API_KEY", "CO_API_KEY", NULL },
    .key_needed = true, .auth = AUTH_BEARER, .framing = FRAMING_SSE,
    .id_prefixes = (const char *const[]){ "command-", NULL },
    .encode = cohere_encode, .decode = cohere_decode, .decode_event = cohere_decode_event,
};
