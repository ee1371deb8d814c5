#include "llm/provider/chat.h"

#include <stdio.h>

#define CHAT_REASONING_TOKENS_MIN 8192
#define CHAT_TOOL_CALLS_MAX 256

/* Fields that can be left out or renamed when a model refuses them. */
static const char *const chat_optional[] = {
    "temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens", "stop", "seed", "random_seed",
    "frequency_penalty", "presence_penalty", "reasoning_effort", "reasoning", "response_format", "stream_options",
    "stream", "messages[0].role", "tools", "tool_choice", NULL,
};

/* --- request ------------------------------------------------------------------------------------------------- */

static void chat_write_image(struct wire *w, const struct part *p)
{
    wire_open(w, '{');
    wire_str(w, "type", S("image_url"));
    wire_key(w, "image_url");
    wire_open(w, '{');
    wire_image_url(w, "url", p);
    wire_close(w, '}');
    wire_close(w, '}');
}

static void chat_write_message(struct wire *w, const char *role, const struct message *m, struct arena *a)
{
    wire_open(w, '{');
    wire_str(w, "role", str_c(role));
    if (!wire_has_images(m)) {
        wire_str(w, "content", wire_message_text(m, a));
    } else {
        wire_key(w, "content");
        wire_open(w, '[');
        for (size_t i = 0; i < m->part_count; i++) {
            if (m->parts[i].kind == PART_IMAGE) {
                chat_write_image(w, &m->parts[i]);
                continue;
            }
            wire_open(w, '{');
            wire_str(w, "type", S("text"));
            wire_str(w, "text", m->parts[i].text);
            wire_close(w, '}');
        }
        wire_close(w, ']');
    }
    wire_close(w, '}');
}

static void chat_write_messages(struct wire *w, const struct request *rq, const char *system_role, struct arena *a)
{
    wire_key(w, "messages");
    wire_open(w, '[');
    for (size_t i = 0; i < rq->message_count; i++) {
        const struct message *m = &rq->messages[i];

        chat_write_message(w, m->role == MESSAGE_SYSTEM ? system_role : message_role_name(m->role), m, a);
    }
    wire_close(w, ']');
}

/* Reasoning comes out of the same budget: a small ceiling would buy thoughts and no answer. */
static void chat_write_max_tokens(struct wire *w, const struct params *p, const struct chat_family *family)
{
    const char *other = strcmp(family->max_tokens, "max_tokens") == 0 ? "max_completion_tokens" : "max_tokens";
    int64_t n = p->max_tokens;

    if (!params_has(p, PARAM_MAX_TOKENS) || wire_extra_has(w, "max_tokens") ||
        wire_extra_has(w, "max_completion_tokens"))
        return;
    if (family->reasons && n < CHAT_REASONING_TOKENS_MIN) {
        n = CHAT_REASONING_TOKENS_MIN;
        wire_drop(w, "max_tokens raised to 8192 for reasoning");
    }
    if (!quirks_refuse(w->quirks, family->max_tokens))
        wire_i64(w, family->max_tokens, n);
    else if (!quirks_refuse(w->quirks, other))
        wire_i64(w, other, n);
    else
        wire_drop(w, "max_tokens");
}

static void chat_write_number(struct wire *w, const struct params *p, enum param which, double value, bool refused)
{
    if (!params_has(p, which))
        return;
    if (refused && !wire_extra_has(w, param_name(which)))
        wire_drop(w, param_name(which));
    else if (wire_takes(w, param_name(which)))
        wire_double(w, param_name(which), value);
}

static void chat_write_effort(struct wire *w, const struct chat_dialect *d, const struct request *rq,
                              const struct chat_family *family)
{
    struct str word = rq->params.reasoning_effort;

    if (!params_has(&rq->params, PARAM_REASONING_EFFORT))
        return;
    if (d->effort)
        word = d->effort(rq->model->id, word);
    if (family->no_effort || !word.len) {
        if (!wire_extra_has(w, "reasoning_effort"))
            wire_drop(w, "reasoning_effort");
    } else if (!d->openrouter) {
        if (wire_takes(w, "reasoning_effort"))
            wire_str(w, "reasoning_effort", word);
    } else if (wire_takes(w, "reasoning")) {
        wire_key(w, "reasoning");
        wire_open(w, '{');
        wire_str(w, "effort", word);
        wire_close(w, '}');
    }
}

static void chat_write_stop(struct wire *w, const struct params *p, const struct chat_family *family)
{
    if (!params_has(p, PARAM_STOP) || !p->stop_count)
        return;
    if (family->no_stop && !wire_extra_has(w, "stop"))
        wire_drop(w, "stop");
    else if (wire_takes(w, "stop"))
        wire_strs(w, "stop", p->stop, p->stop_count);
}

/* Vendors take a seed of their own width; 0 means "none" to some of them. */
static void chat_write_seed(struct wire *w, const struct chat_dialect *d, const struct params *p,
                            const struct chat_family *family)
{
    int64_t seed = d->seed_max ? p->seed & d->seed_max : p->seed;

    if (!params_has(p, PARAM_SEED))
        return;
    if (family->no_seed && !wire_extra_has(w, d->seed))
        wire_drop(w, "seed");
    else if (wire_takes(w, d->seed))
        wire_i64(w, d->seed, seed ? seed : 1);
}

static void chat_write_format(struct wire *w, const struct chat_dialect *d, const struct request *rq,
                              const struct chat_family *family, struct arena *a)
{
    bool schema = rq->schema && !family->no_schema;

    if (rq->output != OUTPUT_JSON || wire_extra_has(w, "response_format"))
        return;
    if (family->no_json || (!schema && d->json_needs_word && !wire_says_json(rq))) {
        wire_drop(w, "response_format");
        return;
    }
    if (!wire_takes(w, "response_format"))
        return;
    wire_key(w, "response_format");
    wire_open(w, '{');
    wire_str(w, "type", schema ? S("json_schema") : S("json_object"));
    if (schema) {
        wire_key(w, "json_schema");
        wire_open(w, '{');
        wire_schema(w, rq, a);
        wire_close(w, '}');
    }
    wire_close(w, '}');
}

static void chat_write_tools(struct wire *w, const struct request *rq)
{
    if (!json_array_size(rq->tools) || !wire_takes(w, "tools"))
        return;
    wire_functions(w, rq->tools);
    if (!rq->tool_choice.len || !wire_takes(w, "tool_choice"))
        return;
    if (wire_tool_choice_is_word(rq)) {
        wire_str(w, "tool_choice", rq->tool_choice);
        return;
    }
    wire_key(w, "tool_choice");
    wire_open(w, '{');
    wire_str(w, "type", S("function"));
    wire_key(w, "function");
    wire_open(w, '{');
    wire_str(w, "name", rq->tool_choice);
    wire_close(w, '}');
    wire_close(w, '}');
}

static void chat_write_stream(struct wire *w, const struct chat_dialect *d, struct http_call *out)
{
    wire_bool(w, "stream", true);
    out->streamed = true;
    if (d->no_stream_options || !wire_takes(w, "stream_options"))
        return;
    wire_key(w, "stream_options");
    wire_open(w, '{');
    wire_bool(w, "include_usage", true);
    wire_close(w, '}');
}

/* OpenRouter: the bill in the answer, and no silent change of the upstream: a run must be repeatable. */
static void chat_write_routing(struct wire *w)
{
    const json_t *routing = w->extra ? json_child(w->extra, "provider") : NULL;

    if (!wire_extra_has(w, "usage")) {
        wire_key(w, "usage");
        wire_open(w, '{');
        wire_bool(w, "include", true);
        wire_close(w, '}');
    }
    if (routing && (!json_is_object(routing) || json_child(routing, "allow_fallbacks"))) {
        wire_json(w, "provider", routing);
        return;
    }
    wire_key(w, "provider");
    wire_open(w, '{');
    wire_bool(w, "allow_fallbacks", false);
    if (routing)
        wire_extra(&(struct wire){ .out = w->out, .extra = routing }, NULL);
    wire_close(w, '}');
}

enum err_code chat_encode(const struct chat_dialect *d, const struct request *rq, struct str base_url,
                          const struct quirks *q, struct arena *a, struct http_call *out, struct err *e)
{
    static const char *const routing[] = { "provider", NULL };
    const struct params *p = &rq->params;
    struct chat_family family = { .max_tokens = "max_tokens", .system_role = "system" };
    struct wire w = { .out = &out->body, .extra = params_has(p, PARAM_EXTRA) ? p->extra : NULL, .quirks = q,
                      .dropped = &out->dropped };
    struct request said = *rq;

    if (d->family)
        d->family(rq->model->id, p, &family);
    if (d->alternates) {
        said.messages = wire_alternate(rq, a, &said.message_count);
        wire_tell_moved(&w, rq);
    }
    TRY(wire_check_extra(rq, e));
    if (!family.no_stop)
        TRY(wire_check_stops(rq, d->label, d->stops_max, e));
    if (quirks_refuse(q, "messages[0].role"))
        family.system_role = NULL;
    wire_url(&out->url, base_url, "", "/chat/completions");

    buf_byte(w.out, '{');
    wire_str(&w, "model", rq->model->id);
    chat_write_messages(&w, &said, family.system_role ? family.system_role : "user", a);
    chat_write_number(&w, p, PARAM_TEMPERATURE, wire_clamp_temperature(&w, p, d->temperature_max), family.no_sampling);
    chat_write_number(&w, p, PARAM_TOP_P, p->top_p, family.no_sampling);
    chat_write_number(&w, p, PARAM_TOP_K, (double)p->top_k, d->no_top_k);
    chat_write_max_tokens(&w, p, &family);
    chat_write_seed(&w, d, p, &family);
    chat_write_number(&w, p, PARAM_FREQUENCY_PENALTY, p->frequency_penalty, family.no_penalties);
    chat_write_number(&w, p, PARAM_PRESENCE_PENALTY, p->presence_penalty, family.no_penalties);
    chat_write_stop(&w, p, &family);
    chat_write_effort(&w, d, rq, &family);
    chat_write_format(&w, d, rq, &family, a);
    chat_write_tools(&w, rq);
    if (params_has(p, PARAM_STREAM) && p->stream && wire_takes(&w, "stream"))
        chat_write_stream(&w, d, out);
    if (d->openrouter)
        chat_write_routing(&w);
    wire_extra(&w, d->openrouter ? routing : d->own_extra);
    buf_byte(w.out, '}');
    return wire_check_body(out, e);
}

/* --- answer -------------------------------------------------------------------------------------------------- */

static void chat_read_usage(const struct chat_dialect *d, const json_t *body, struct answer *out)
{
    const json_t *u = json_child(body, "usage"), *in, *written;
    int64_t total, upstream;

    if (!json_is_object(u) || (!json_child(u, "prompt_tokens") && !json_child(u, "completion_tokens")))
        return;
    in = json_child(u, "prompt_tokens_details");
    written = json_child(u, "completion_tokens_details");
    total = wire_count(u, "total_tokens");
    out->usage = (struct usage){
        .input = wire_count(u, "prompt_tokens"), .output = wire_count(u, "completion_tokens"),
        .cached = MAX(wire_count(in, "cached_tokens"), wire_count(u, "prompt_cache_hit_tokens")),
        .cache_written = wire_count(in, "cache_write_tokens"), .reasoning = wire_count(written, "reasoning_tokens"),
    };
    if (d->reasoning_outside)
        out->usage.output = MAX(out->usage.output, total - out->usage.input);
    wire_usage_settle(&out->usage);
    out->usage_reported = true;
    if (!d->openrouter)
        return;
    out->cost_reported_nanousd = wire_money(u, "cost");
    upstream = wire_money(json_child(u, "cost_details"), "upstream_inference_cost");
    if (json_get_bool(u, "is_byok", false) && upstream != MONEY_UNKNOWN && out->cost_reported_nanousd != MONEY_UNKNOWN)
        out->cost_reported_nanousd += upstream;         /* the user's own key: the upstream bills apart */
}

/* A string, or a list of chunks of text and thoughts. */
static void chat_gather(const json_t *content, struct buf *text, struct buf *reasoning)
{
    const json_t *chunk, *thought;
    size_t i, k;

    if (json_is_string(content))
        buf_append(text, json_to_str(content));
    json_array_foreach((json_t *)content, i, chunk) {
        if (str_is(json_get_str(chunk, "type"), "text"))
            buf_append(text, json_get_str(chunk, "text"));
        json_array_foreach(json_child(chunk, "thinking"), k, thought)
            buf_append(reasoning, json_get_str(thought, "text"));
    }
}

static void chat_read_head(const json_t *body, struct arena *a, struct answer *out)
{
    if (!out->response_id.len)
        out->response_id = wire_keep(a, json_child(body, "id"));
    if (!out->model_version.len)
        out->model_version = wire_keep(a, json_child(body, "model"));
    if (!out->upstream.len)
        out->upstream = wire_keep(a, json_child(body, "provider"));
}

static void chat_read_message(const json_t *message, struct arena *a, struct answer *out)
{
    const json_t *content = json_child(message, "content"), *reasoning = json_child(message, "reasoning_content");
    struct str refusal = json_get_str(message, "refusal");
    json_t *calls = json_child(message, "tool_calls"), *call;
    size_t i;

    if (json_is_array(content)) {
        AUTO_BUF struct buf text = BUF_INIT(SIZE_MAX / 4), thoughts = BUF_INIT(SIZE_MAX / 4);

        chat_gather(content, &text, &thoughts);
        out->text = arena_strdup(a, str_trim(buf_str(&text)));
        out->reasoning = arena_strdup(a, str_trim(buf_str(&thoughts)));
    } else {
        out->text = arena_strdup(a, str_trim(json_to_str(content)));
    }
    if (!json_is_string(reasoning))
        reasoning = json_child(message, "reasoning");
    if (json_to_str(reasoning).len)
        out->reasoning = arena_strdup(a, str_trim(json_to_str(reasoning)));
    if (json_array_size(calls)) {
        json_array_foreach(calls, i, call)
            json_object_del(call, "index");                 /* Mistral's: its place in the list says it */
        out->tool_calls = json_in_arena(json_incref(calls), a);
    }
    if (refusal.len && !out->text.len) {
        out->text = arena_strdup(a, str_trim(refusal));
        out->finish = FINISH_REFUSAL;
    }
}

static enum err_code chat_fail(const struct chat_dialect *d, const struct request *rq, const json_t *body,
                               const struct http_answer *in, struct arena *a, struct failure *f, struct err *e)
{
    return wire_fail(&(struct wire_fault){ .rq = rq, .label = d->label, .status = 200, .body = body, .in = in,
                                           .optional = chat_optional }, a, f, e);
}

static bool chat_is_truthy(const json_t *j)
{
    return j && !json_is_null(j) && !json_is_false(j);
}

enum err_code chat_decode(const struct chat_dialect *d, const struct request *rq, const struct http_answer *in,
                          struct arena *a, struct answer *out, struct failure *f, struct err *e)
{
    AUTO_JSON *body = NULL;
    struct answer answer = { .cost_reported_nanousd = MONEY_UNKNOWN };
    json_t *choice, *raw = NULL;

    TRY(wire_check_status(rq, in, d->label, chat_optional, a, f, e));
    TRY(wire_read_body(in, d->label, &body, f, e));
    choice = json_array_get(json_child(body, "choices"), 0);
    if (chat_is_truthy(json_child(body, "error")) || str_is(json_get_str(body, "object"), "error"))
        return chat_fail(d, rq, body, in, a, f, e);
    if (chat_is_truthy(json_child(choice, "error")))
        return chat_fail(d, rq, choice, in, a, f, e);
    chat_read_usage(d, body, &answer);
    *out = answer;                                  /* what was charged for counts, answer or not */
    if (!json_is_object(choice))
        return wire_invalid(f, e, "%s answered %d without any choices", d->label, in->status);
    if (!json_is_object(json_child(choice, "message")))
        return wire_invalid(f, e, "%s answered %d with a choice that holds no message", d->label, in->status);
    answer.finish_native = wire_keep(a, json_child(choice, "finish_reason"));
    answer.finish = wire_finish(answer.finish_native);
    chat_read_head(body, a, &answer);
    chat_read_message(json_child(choice, "message"), a, &answer);
    wire_raw(&raw, body, "system_fingerprint");
    wire_raw(&raw, body, "service_tier");
    wire_raw(&raw, choice, "logprobs");
    wire_raw(&raw, choice, "native_finish_reason");
    wire_raw(&raw, choice, "stop_reason");
    if (raw)
        answer.raw = json_in_arena(raw, a);
    *out = answer;
    return ERR_OK;
}

/* --- stream -------------------------------------------------------------------------------------------------- */

/* Pieces of the arguments are kept as they come and joined once at the end: joining at each would cost the square. */
static void chat_add_tool_pieces(struct stream *st, const json_t *deltas)
{
    const json_t *piece;
    size_t i;

    json_array_foreach((json_t *)deltas, i, piece) {
        int64_t index = json_get_i64(piece, "index", (int64_t)i);
        const json_t *function = json_child(piece, "function");
        json_t *tool, *pieces, *arguments = json_child(function, "arguments");

        if (index < 0 || index >= CHAT_TOOL_CALLS_MAX)
            continue;
        if (!st->tools)
            st->tools = json_array();
        while (json_array_size(st->tools) <= (size_t)index)
            json_array_append_new(st->tools, json_pack("{s:[]}", "pieces"));
        tool = json_array_get(st->tools, (size_t)index);
        if (json_get_str(piece, "id").len)
            json_object_set(tool, "id", json_child(piece, "id"));
        if (json_get_str(function, "name").len)
            json_object_set(tool, "name", json_child(function, "name"));
        pieces = json_child(tool, "pieces");
        if (arguments)
            json_array_append(pieces, arguments);
    }
}

static void chat_finish_tools(struct stream *st)
{
    json_t *calls, *tool, *piece;
    size_t i, k;

    if (!st->tools || st->answer.tool_calls)
        return;
    calls = json_array();
    json_array_foreach(st->tools, i, tool) {
        AUTO_BUF struct buf arguments = BUF_INIT(HTTP_CALL_BODY_MAX);
        json_t *call = json_object(), *function = json_object();

        json_array_foreach(json_child(tool, "pieces"), k, piece) {
            if (json_is_string(piece))
                buf_append(&arguments, json_to_str(piece));
            else
                json_write(piece, &arguments);          /* some servers send the object itself */
        }
        json_set_str(call, "id", json_get_str(tool, "id"));
        json_set_str(call, "type", S("function"));
        json_set_str(function, "name", json_get_str(tool, "name"));
        json_set_str(function, "arguments", buf_str(&arguments));
        json_object_set_new(call, "function", function);
        json_array_append_new(calls, call);
    }
    st->answer.tool_calls = json_in_arena(calls, st->arena);
}

static void chat_read_stream_raw(const json_t *body, const json_t *choice, struct stream *st)
{
    json_t *raw = (json_t *)st->answer.raw;

    if (!raw || !json_child(raw, "system_fingerprint"))
        wire_raw(&raw, body, "system_fingerprint");
    wire_raw(&raw, choice, "native_finish_reason");
    if (raw && !st->answer.raw)
        st->answer.raw = json_in_arena(raw, st->arena);
}

enum err_code chat_decode_event(const struct chat_dialect *d, const struct request *rq, struct str data,
                                struct stream *st, struct err *e)
{
    AUTO_JSON *body = NULL;
    const json_t *choice, *delta;

    if (str_is(str_trim(data), "[DONE]")) {
        chat_finish_tools(st);
        st->ended = true;
        return ERR_OK;
    }
    TRY(wire_read_event(data, d->label, &body, st, e));
    choice = json_array_get(json_child(body, "choices"), 0);
    if (chat_is_truthy(json_child(body, "error")) || str_is(json_get_str(body, "object"), "error"))
        return chat_fail(d, rq, body, NULL, st->arena, &st->failure, e);
    if (chat_is_truthy(json_child(choice, "error")))
        return chat_fail(d, rq, choice, NULL, st->arena, &st->failure, e);
    chat_read_head(body, st->arena, &st->answer);
    chat_read_usage(d, body, &st->answer);
    chat_read_stream_raw(body, choice, st);
    delta = json_child(choice, "delta");
    chat_gather(json_child(delta, "content"), &st->text, &st->reasoning);
    buf_append(&st->reasoning,
               json_get_str(delta, json_get_str(delta, "reasoning_content").len ? "reasoning_content" : "reasoning"));
    if (json_get_str(delta, "refusal").len) {
        buf_append(&st->text, json_get_str(delta, "refusal"));
        st->answer.finish = FINISH_REFUSAL;
    }
    chat_add_tool_pieces(st, json_child(delta, "tool_calls"));
    if (json_get_str(choice, "finish_reason").len) {
        st->answer.finish_native = wire_keep(st->arena, json_child(choice, "finish_reason"));
        if (st->answer.finish != FINISH_REFUSAL)
            st->answer.finish = wire_finish(st->answer.finish_native);
        chat_finish_tools(st);
        st->ended = true;
    }
    return wire_check_stream(st, e);
}
