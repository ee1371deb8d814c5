#include "llm/provider/chat.h"

/* OpenAI's responses API (`openai-responses:gpt-5-mini`): the same models as chat completions, other words. Nothing is
 * kept at OpenAI unless the user's `extra` says `store: true`. It has no seed, no stop strings and no penalties. */
#define RESPONSES_LABEL "OpenAI responses"
#define RESPONSES_REASONING_TOKENS_MIN 8192

static const char *const responses_optional[] = {
    "temperature", "top_p", "max_output_tokens", "reasoning", "text", "stream", "tools", "tool_choice", NULL,
};

/* --- request ------------------------------------------------------------------------------------------------- */

static void responses_write_part(struct wire *w, const struct part *p, bool ours)
{
    wire_open(w, '{');
    if (p->kind == PART_TEXT) {
        wire_str(w, "type", ours ? S("input_text") : S("output_text"));
        wire_str(w, "text", p->text);
    } else {
        wire_str(w, "type", S("input_image"));
        wire_image_url(w, "image_url", p);
    }
    wire_close(w, '}');
}

/* From message `first`: what stands before it is said by `instructions`. */
static void responses_write_input(struct wire *w, const struct request *rq, size_t first)
{
    wire_key(w, "input");
    wire_open(w, '[');
    for (size_t i = first; i < rq->message_count; i++) {
        const struct message *m = &rq->messages[i];

        wire_open(w, '{');
        wire_str(w, "role", str_c(message_role_name(m->role)));
        wire_key(w, "content");
        wire_open(w, '[');
        for (size_t k = 0; k < m->part_count; k++)
            responses_write_part(w, &m->parts[k], m->role != MESSAGE_ASSISTANT);
        wire_close(w, ']');
        wire_close(w, '}');
    }
    wire_close(w, ']');
}

static void responses_write_sampling(struct wire *w, const struct params *p, const struct chat_family *family)
{
    static const enum param absent[] = { PARAM_TOP_K, PARAM_SEED, PARAM_FREQUENCY_PENALTY, PARAM_PRESENCE_PENALTY,
                                         PARAM_STOP };
    static const enum param two[] = { PARAM_TEMPERATURE, PARAM_TOP_P };

    for (size_t i = 0; i < COUNT_OF(two); i++) {
        const char *name = param_name(two[i]);

        if (!params_has(p, two[i]))
            continue;
        if (family->no_sampling && !wire_extra_has(w, name))
            wire_drop(w, name);
        else if (wire_takes(w, name))
            wire_double(w, name, two[i] == PARAM_TOP_P ? p->top_p : p->temperature);
    }
    for (size_t i = 0; i < COUNT_OF(absent); i++)
        if (params_has(p, absent[i]) && !wire_extra_has(w, param_name(absent[i])))
            wire_drop(w, param_name(absent[i]));
}

static void responses_write_max_tokens(struct wire *w, const struct params *p, const struct chat_family *family)
{
    int64_t n = p->max_tokens;

    if (!params_has(p, PARAM_MAX_TOKENS) || !wire_takes(w, "max_output_tokens"))
        return;
    if (family->reasons && n < RESPONSES_REASONING_TOKENS_MIN) {
        n = RESPONSES_REASONING_TOKENS_MIN;         /* the thoughts come out of the same ceiling */
        wire_drop(w, "max_tokens raised to 8192 for reasoning");
    }
    wire_i64(w, "max_output_tokens", MAX(n, INT64_C(16)));      /* less is refused */
}

static void responses_write_effort(struct wire *w, const struct request *rq, const struct chat_family *family)
{
    if (!params_has(&rq->params, PARAM_REASONING_EFFORT))
        return;
    if (family->no_effort && !wire_extra_has(w, "reasoning")) {
        wire_drop(w, "reasoning_effort");
    } else if (wire_takes(w, "reasoning")) {
        wire_key(w, "reasoning");
        wire_open(w, '{');
        wire_str(w, "effort", openai_effort(rq->model->id, rq->params.reasoning_effort));
        wire_close(w, '}');
    }
}

static void responses_write_format(struct wire *w, const struct request *rq, const struct chat_family *family,
                                   struct arena *a)
{
    bool schema = rq->schema && !family->no_schema;

    if (rq->output != OUTPUT_JSON || wire_extra_has(w, "text"))
        return;
    if (family->no_json || (!schema && !wire_says_json(rq))) {
        wire_drop(w, "text");
        return;
    }
    if (!wire_takes(w, "text"))
        return;
    wire_key(w, "text");
    wire_open(w, '{');
    wire_key(w, "format");
    wire_open(w, '{');
    wire_str(w, "type", schema ? S("json_schema") : S("json_object"));
    if (schema)
        wire_schema(w, rq, a);
    wire_close(w, '}');
    wire_close(w, '}');
}

static void responses_write_tools(struct wire *w, const struct request *rq)
{
    const json_t *tool;
    size_t i;

    if (!json_array_size(rq->tools) || !wire_takes(w, "tools"))
        return;
    wire_key(w, "tools");
    wire_open(w, '[');
    json_array_foreach((json_t *)rq->tools, i, tool) {
        wire_open(w, '{');
        wire_str(w, "type", S("function"));
        wire_tool(w, tool, "parameters");
        wire_bool(w, "strict", false);
        wire_close(w, '}');
    }
    wire_close(w, ']');
    if (!rq->tool_choice.len || !wire_takes(w, "tool_choice"))
        return;
    if (wire_tool_choice_is_word(rq)) {
        wire_str(w, "tool_choice", rq->tool_choice);
        return;
    }
    wire_key(w, "tool_choice");
    wire_open(w, '{');
    wire_str(w, "type", S("function"));
    wire_str(w, "name", rq->tool_choice);
    wire_close(w, '}');
}

static enum err_code openai_responses_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                             struct arena *a, struct http_call *out, struct err *e)
{
    static const char *const forbidden[] = { "input", "background", "previous_response_id", "conversation" };
    const struct params *p = &rq->params;
    struct chat_family family = { .max_tokens = "max_output_tokens" };
    struct wire w = { .out = &out->body, .extra = params_has(p, PARAM_EXTRA) ? p->extra : NULL, .quirks = q,
                      .dropped = &out->dropped };
    struct request head = *rq;
    struct str system;

    for (head.message_count = 0; head.message_count < rq->message_count; head.message_count++)
        if (rq->messages[head.message_count].role != MESSAGE_SYSTEM)
            break;
    system = wire_system_text(&head, a);
    openai_family(rq->model->id, p, &family);
    TRY(wire_check_extra(rq, e));
    for (size_t i = 0; i < COUNT_OF(forbidden); i++)
        if (wire_extra_has(&w, forbidden[i]))
            return err_set(e, ERR_REJECTED, "\"extra\" may not set \"%s\": each answer stands for itself",
                           forbidden[i]);
    wire_url(&out->url, base_url, "", "/responses");
    buf_byte(w.out, '{');
    wire_str(&w, "model", rq->model->id);
    if (str_trim(system).len && !wire_extra_has(&w, "instructions"))
        wire_str(&w, "instructions", system);
    responses_write_input(&w, rq, head.message_count);
    responses_write_sampling(&w, p, &family);
    responses_write_max_tokens(&w, p, &family);
    responses_write_effort(&w, rq, &family);
    responses_write_format(&w, rq, &family, a);
    responses_write_tools(&w, rq);
    if (!wire_extra_has(&w, "store"))
        wire_bool(&w, "store", false);
    if (params_has(p, PARAM_STREAM) && p->stream && wire_takes(&w, "stream")) {
        wire_bool(&w, "stream", true);
        out->streamed = true;
    }
    wire_extra(&w, NULL);
    buf_byte(w.out, '}');
    return wire_check_body(out, e);
}

/* --- answer -------------------------------------------------------------------------------------------------- */

struct responses_found { struct buf text, thoughts; json_t *calls; bool refused; };

static void responses_gather_content(const json_t *content, struct responses_found *found)
{
    const json_t *part;
    size_t i;

    json_array_foreach((json_t *)content, i, part) {
        struct str type = json_get_str(part, "type");

        if (str_is(type, "refusal")) {
            buf_append(&found->text, json_get_str(part, "refusal"));
            found->refused = true;
        } else if (str_is(type, "output_text")) {
            buf_append(&found->text, json_get_str(part, "text"));
        }
    }
}

static void responses_gather_thoughts(const json_t *list, struct buf *thoughts)
{
    const json_t *part;
    size_t i;

    json_array_foreach((json_t *)list, i, part) {
        if (thoughts->len && json_get_str(part, "text").len)
            buf_puts(thoughts, "\n\n");
        buf_append(thoughts, json_get_str(part, "text"));
    }
}

static void responses_gather(const json_t *response, struct arena *a, struct responses_found *found)
{
    const json_t *item;
    size_t i;

    *found = (struct responses_found){ .text = BUF_INIT(SIZE_MAX / 4), .thoughts = BUF_INIT(SIZE_MAX / 4) };
    json_array_foreach(json_child(response, "output"), i, item) {
        struct str type = json_get_str(item, "type");

        if (str_is(type, "message")) {
            responses_gather_content(json_child(item, "content"), found);
        } else if (str_is(type, "reasoning")) {
            responses_gather_thoughts(json_child(item, "summary"), &found->thoughts);
            responses_gather_thoughts(json_child(item, "content"), &found->thoughts);
        } else if (str_is(type, "function_call")) {
            found->calls = found->calls ? found->calls : json_in_arena(json_array(), a);
            json_array_append(found->calls, (json_t *)item);
        }
    }
}

static void responses_read_usage(const json_t *response, struct answer *out)
{
    const json_t *u = json_child(response, "usage");

    if (!json_is_object(u))
        return;
    out->usage = (struct usage){
        .input = wire_count(u, "input_tokens"), .output = wire_count(u, "output_tokens"),
        .cached = wire_count(json_child(u, "input_tokens_details"), "cached_tokens"),
        .reasoning = wire_count(json_child(u, "output_tokens_details"), "reasoning_tokens"),
    };
    wire_usage_settle(&out->usage);
    out->usage_reported = true;
}

/* What ended it: the reason when it is incomplete, else its status. */
static void responses_read_end(const json_t *response, const struct responses_found *found, struct arena *a,
                               struct answer *out)
{
    struct str status = json_get_str(response, "status");
    struct str reason = json_get_str(json_child(response, "incomplete_details"), "reason");
    json_t *raw = NULL;

    out->finish_native = arena_strdup(a, reason.len ? reason : status);
    out->finish = str_is(reason, "max_output_tokens") ? FINISH_MAX_TOKENS
                  : reason.len                        ? wire_finish(reason)
                  : found->refused                    ? FINISH_REFUSAL
                  : found->calls                      ? FINISH_TOOL_USE
                  : str_is(status, "completed")       ? FINISH_STOP
                  : status.len                        ? FINISH_OTHER
                                                      : FINISH_UNKNOWN;
    out->tool_calls = found->calls;
    wire_raw(&raw, response, "service_tier");
    wire_raw(&raw, response, "incomplete_details");
    if (raw)
        out->raw = json_in_arena(raw, a);
}

static void responses_read_head(const json_t *response, struct arena *a, struct answer *out)
{
    if (!out->response_id.len)
        out->response_id = wire_keep(a, json_child(response, "id"));
    if (!out->model_version.len)
        out->model_version = wire_keep(a, json_child(response, "model"));
}

static enum err_code responses_fail(const struct request *rq, const json_t *body, const struct http_answer *in,
                                    struct arena *a, struct failure *f, struct err *e)
{
    return wire_fail(&(struct wire_fault){ .rq = rq, .label = RESPONSES_LABEL, .status = 200, .body = body, .in = in,
                                           .optional = responses_optional }, a, f, e);
}

static void responses_found_dispose(struct responses_found *found)
{
    buf_dispose(&found->text);
    buf_dispose(&found->thoughts);
}

static enum err_code openai_responses_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                             struct answer *out, struct failure *f, struct err *e)
{
    AUTO_JSON *body = NULL;
    AUTO(responses_found_dispose) struct responses_found found = { .calls = NULL };
    struct answer answer = { .cost_reported_nanousd = MONEY_UNKNOWN };

    TRY(wire_check_status(rq, in, RESPONSES_LABEL, responses_optional, a, f, e));
    TRY(wire_read_body(in, RESPONSES_LABEL, &body, f, e));
    responses_read_head(body, a, &answer);
    responses_read_usage(body, &answer);
    *out = answer;                                  /* what was charged for counts, answer or not */
    if (json_is_object(json_child(body, "error")) || json_is_string(json_child(body, "error")))
        return responses_fail(rq, body, in, a, f, e);
    if (!json_is_array(json_child(body, "output")) ||
        (!json_array_size(json_child(body, "output")) && !str_is(json_get_str(body, "status"), "incomplete")))
        return wire_invalid(f, e, RESPONSES_LABEL " answered %d without any output", in->status);
    responses_gather(body, a, &found);
    responses_read_end(body, &found, a, &answer);
    answer.text = arena_strdup(a, str_trim(buf_str(&found.text)));
    answer.reasoning = arena_strdup(a, str_trim(buf_str(&found.thoughts)));
    *out = answer;
    return ERR_OK;
}

/* --- stream -------------------------------------------------------------------------------------------------- */

static enum err_code responses_end(const struct request *rq, const json_t *response, struct stream *st, struct err *e)
{
    AUTO(responses_found_dispose) struct responses_found found = { .calls = NULL };

    responses_read_head(response, st->arena, &st->answer);
    responses_read_usage(response, &st->answer);
    if (json_is_object(json_child(response, "error")))
        return responses_fail(rq, response, NULL, st->arena, &st->failure, e);
    responses_gather(response, st->arena, &found);
    responses_read_end(response, &found, st->arena, &st->answer);
    if (!st->text.len)                              /* a server that sends no deltas */
        buf_append(&st->text, buf_str(&found.text));
    if (!st->reasoning.len)
        buf_append(&st->reasoning, buf_str(&found.thoughts));
    st->ended = true;
    return wire_check_stream(st, e);
}

static enum err_code openai_responses_decode_event(const struct request *rq, struct str event, struct str data,
                                                   struct stream *st, struct err *e)
{
    AUTO_JSON *body = NULL;
    const json_t *response;
    struct str type;

    (void)event;
    if (str_is(str_trim(data), "[DONE]"))
        return ERR_OK;
    TRY(wire_read_event(data, RESPONSES_LABEL, &body, st, e));
    type = json_get_str(body, "type");
    response = json_child(body, "response");
    if (str_is(type, "response.output_text.delta") || str_is(type, "response.refusal.delta")) {
        buf_append(&st->text, json_get_str(body, "delta"));
    } else if (str_is(type, "response.reasoning_summary_text.delta") || str_is(type, "response.reasoning_text.delta")) {
        buf_append(&st->reasoning, json_get_str(body, "delta"));
    } else if (str_is(type, "response.reasoning_summary_part.added")) {
        if (st->reasoning.len)
            buf_puts(&st->reasoning, "\n\n");
    } else if (str_is(type, "response.completed") || str_is(type, "response.incomplete") ||
               str_is(type, "response.failed")) {
        return responses_end(rq, response, st, e);
    } else if (str_is(type, "error") || json_is_object(json_child(body, "error"))) {
        if (!json_child(body, "error")) {           /* its members stand beside `type` */
            json_t *copy = json_copy(body);

            json_object_del(copy, "type");
            json_object_set_new(body, "error", copy);
        }
        return responses_fail(rq, body, NULL, st->arena, &st->failure, e);
    } else if (response) {
        responses_read_head(response, st->arena, &st->answer);
    }
    return wire_check_stream(st, e);
}

const struct provider provider_openai_responses = {
    .name = "openai-responses", .label = RESPONSES_LABEL,
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA,
    .base_url = "https://api.openai.com/v1",
    .base_url_variables = (const char *const[]){ "OPENAI_BASE_URL", NULL },
    .key_variables = (const char *const[]){ "OPENAI_API_KEY", NULL },
    .key_needed = true, .auth = AUTH_BEARER, .framing = FRAMING_SSE, .priced_as = "openai",
    .encode = openai_responses_encode, .decode = openai_responses_decode,
    .decode_event = openai_responses_decode_event,
};
