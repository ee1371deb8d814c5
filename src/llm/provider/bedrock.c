#include "llm/provider/wire.h"

/* Amazon Bedrock's Converse: one shape for the models of many vendors. The request is signed by the engine
 * (llm/sigv4.h). What a family takes beyond the common options goes into additionalModelRequestFields, which the user's
 * `extra` may set too. Seed, penalties and JSON modes have no place here and are named as dropped. */
#define BEDROCK_LABEL "Bedrock"
#define BEDROCK_TOOL_CALLS_MAX 256

static const char *const bedrock_optional[] = {
    "temperature", "topP", "top_k", "maxTokens", "stopSequences", "thinking", "stream", "toolConfig", NULL,
};

/* --- request ------------------------------------------------------------------------------------------------- */

/* "us.anthropic.claude-..." and "eu.amazon.nova-..." are inference profiles of the same models. */
static bool bedrock_is(struct str id, const char *vendor)
{
    ptrdiff_t at = str_find(id, str_c(vendor));

    return at == 0 || (at > 0 && id.at[at - 1] == '.') || (at > 0 && id.at[at - 1] == '/');
}

static enum err_code bedrock_write_image(struct wire *w, const struct part *p, struct err *e)
{
    struct str kind = str_starts(p->media_type, S("image/")) ? str_from(p->media_type, 6) : STR_NONE;

    if (p->url.len)
        return err_set(e, ERR_REJECTED,
                       BEDROCK_LABEL " takes images as bytes only: give the file, not the address " STR_FMT,
                       STR_ARG(str_sub(p->url, 0, 200)));
    wire_key(w, "image");
    wire_open(w, '{');
    wire_str(w, "format", kind);
    wire_key(w, "source");
    wire_open(w, '{');
    wire_str(w, "bytes", p->base64);
    wire_close(w, '}');
    wire_close(w, '}');
    return ERR_OK;
}

static enum err_code bedrock_write_messages(struct wire *w, const struct request *rq, struct err *e)
{
    wire_key(w, "messages");
    wire_open(w, '[');
    for (size_t i = 0; i < rq->message_count; i++) {
        const struct message *m = &rq->messages[i];

        if (m->role == MESSAGE_SYSTEM)
            continue;
        wire_open(w, '{');
        wire_str(w, "role", str_c(message_role_name(m->role)));
        wire_key(w, "content");
        wire_open(w, '[');
        for (size_t k = 0; k < m->part_count; k++) {
            wire_open(w, '{');
            if (m->parts[k].kind == PART_TEXT)
                wire_str(w, "text", m->parts[k].text);
            else
                TRY(bedrock_write_image(w, &m->parts[k], e));
            wire_close(w, '}');
        }
        wire_close(w, ']');
        wire_close(w, '}');
    }
    wire_close(w, ']');
    return ERR_OK;
}

static void bedrock_write_inference(struct wire *w, const struct params *p, bool thinks, int64_t budget)
{
    const json_t *mine = w->extra ? json_child(w->extra, "inferenceConfig") : NULL;
    struct wire in = { .out = w->out, .extra = json_is_object(mine) ? mine : NULL, .quirks = w->quirks,
                       .dropped = w->dropped };

    wire_key(w, "inferenceConfig");
    wire_open(w, '{');
    if (params_has(p, PARAM_MAX_TOKENS) && wire_takes(&in, "maxTokens"))
        wire_i64(&in, "maxTokens", p->max_tokens + budget);         /* the thoughts come out of the same ceiling */
    if (params_has(p, PARAM_TEMPERATURE) && thinks)
        wire_drop(w, "temperature");
    else if (params_has(p, PARAM_TEMPERATURE) && wire_takes(&in, "temperature"))
        wire_double(&in, "temperature", wire_clamp_temperature(&in, p, 1));
    if (params_has(p, PARAM_TOP_P) && thinks)
        wire_drop(w, "top_p");
    else if (params_has(p, PARAM_TOP_P) && wire_takes(&in, "topP"))
        wire_double(&in, "topP", p->top_p);
    if (params_has(p, PARAM_STOP) && p->stop_count && wire_takes(&in, "stopSequences"))
        wire_strs(&in, "stopSequences", p->stop, p->stop_count);
    wire_extra(&in, NULL);
    wire_close(w, '}');
}

static int64_t bedrock_budget(struct str effort)
{
    static const struct { const char *effort; int64_t budget; } budgets[] = {
        { "minimal", 1024 }, { "low", 2048 }, { "medium", 8192 }, { "high", 16384 }, { "xhigh", 32000 },
    };

    for (size_t i = 0; i < COUNT_OF(budgets); i++)
        if (str_is(effort, budgets[i].effort))
            return budgets[i].budget;
    return 0;                                       /* none */
}

/* Which of Anthropic's models on Bedrock think at all. */
static bool bedrock_thinks(struct str id)
{
    static const char *const families[] = { "claude-3-7", "claude-sonnet-4", "claude-opus-4", "claude-haiku-4" };

    for (size_t i = 0; i < COUNT_OF(families); i++)
        if (str_find(id, str_c(families[i])) >= 0)
            return true;
    return false;
}

static void bedrock_write_additional(struct wire *w, const struct request *rq, int64_t budget)
{
    const struct params *p = &rq->params;
    const json_t *mine = w->extra ? json_child(w->extra, "additionalModelRequestFields") : NULL;
    struct wire in = { .out = w->out, .extra = json_is_object(mine) ? mine : NULL, .quirks = w->quirks,
                       .dropped = w->dropped };
    bool anthropic = bedrock_is(rq->model->id, "anthropic."), nova = bedrock_is(rq->model->id, "amazon.nova");
    bool top_k = params_has(p, PARAM_TOP_K) && (anthropic || nova) && !budget && wire_takes(&in, "top_k");

    if (params_has(p, PARAM_TOP_K) && !top_k)
        wire_drop(w, "top_k");
    if (!top_k && !budget && !in.extra)
        return;
    wire_key(w, "additionalModelRequestFields");
    wire_open(w, '{');
    if (top_k && anthropic)
        wire_i64(w, "top_k", p->top_k);
    if (top_k && nova) {
        wire_key(w, "inferenceConfig");
        wire_open(w, '{');
        wire_i64(w, "topK", p->top_k);
        wire_close(w, '}');
    }
    if (budget) {
        wire_key(w, "thinking");
        wire_open(w, '{');
        wire_str(w, "type", S("enabled"));
        wire_i64(w, "budget_tokens", budget);
        wire_close(w, '}');
    }
    wire_extra(&in, NULL);
    wire_close(w, '}');
}

static void bedrock_write_tools(struct wire *w, const struct request *rq)
{
    const json_t *tool;
    size_t i;

    if (!json_array_size(rq->tools) || str_is(rq->tool_choice, "none") || !wire_takes(w, "toolConfig"))
        return;                                     /* it has no word for "none": then they are not offered */
    wire_key(w, "toolConfig");
    wire_open(w, '{');
    wire_key(w, "tools");
    wire_open(w, '[');
    json_array_foreach((json_t *)rq->tools, i, tool) {
        wire_open(w, '{');
        wire_key(w, "toolSpec");
        wire_open(w, '{');
        wire_str(w, "name", json_get_str(tool, "name"));
        if (json_get_str(tool, "description").len)
            wire_str(w, "description", json_get_str(tool, "description"));
        wire_key(w, "inputSchema");
        wire_open(w, '{');
        wire_tool_schema(w, "json", tool);
        wire_close(w, '}');
        wire_close(w, '}');
        wire_close(w, '}');
    }
    wire_close(w, ']');
    if (rq->tool_choice.len) {
        bool word = wire_tool_choice_is_word(rq);

        wire_key(w, "toolChoice");
        wire_open(w, '{');
        wire_key(w, !word ? "tool" : str_is(rq->tool_choice, "auto") ? "auto" : "any");
        wire_open(w, '{');
        if (!word)
            wire_str(w, "name", rq->tool_choice);
        wire_close(w, '}');
        wire_close(w, '}');
    }
    wire_close(w, '}');
}

static enum err_code bedrock_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                    struct arena *a, struct http_call *out, struct err *e)
{
    static const enum param absent[] = { PARAM_SEED, PARAM_FREQUENCY_PENALTY, PARAM_PRESENCE_PENALTY };
    static const char *const merged[] = { "inferenceConfig", "additionalModelRequestFields", NULL };
    const struct params *p = &rq->params;
    struct wire w = { .out = &out->body, .extra = params_has(p, PARAM_EXTRA) ? p->extra : NULL, .quirks = q,
                      .dropped = &out->dropped };
    struct str system = wire_system_text(rq, a);
    struct request said = *rq;
    int64_t budget = 0;

    TRY(wire_check_extra(rq, e));
    TRY(wire_check_begins(rq, BEDROCK_LABEL, e));
    wire_tell_moved(&w, rq);
    TRY(wire_check_stops(rq, BEDROCK_LABEL, 4, e));
    if (params_has(p, PARAM_REASONING_EFFORT)) {
        if (!bedrock_thinks(rq->model->id))
            wire_drop(&w, "reasoning_effort");
        else if (wire_takes(&w, "thinking"))
            budget = bedrock_budget(p->reasoning_effort);
    }
    out->streamed = params_has(p, PARAM_STREAM) && p->stream && wire_takes(&w, "stream");
    wire_url(&out->url, base_url, "", "/model/");
    wire_url_part(&out->url, rq->model->id, false);
    buf_puts(&out->url, out->streamed ? "/converse-stream" : "/converse");
    for (size_t i = 0; i < COUNT_OF(absent); i++)
        if (params_has(p, absent[i]))
            wire_drop(&w, param_name(absent[i]));
    if (rq->output == OUTPUT_JSON)
        wire_drop(&w, "response_format");
    buf_byte(w.out, '{');
    said.messages = wire_alternate(rq, a, &said.message_count);
    TRY(bedrock_write_messages(&w, &said, e));
    if (str_trim(system).len && !wire_extra_has(&w, "system")) {
        wire_key(&w, "system");
        wire_open(&w, '[');
        wire_open(&w, '{');
        wire_str(&w, "text", system);
        wire_close(&w, '}');
        wire_close(&w, ']');
    }
    bedrock_write_inference(&w, p, budget > 0, budget);
    bedrock_write_additional(&w, rq, budget);
    bedrock_write_tools(&w, rq);
    wire_extra(&w, merged);
    buf_byte(w.out, '}');
    return wire_check_body(out, e);
}

/* --- answer -------------------------------------------------------------------------------------------------- */

static enum finish bedrock_finish(struct str native)
{
    if (str_is(native, "guardrail_intervened") || str_is(native, "content_filtered"))
        return FINISH_CONTENT_FILTER;
    return wire_finish(native);
}

/* Cached tokens stand beside the input's, not inside. */
static void bedrock_read_usage(const json_t *u, struct answer *out)
{
    if (!json_is_object(u))
        return;
    out->usage = (struct usage){
        .cached = wire_count(u, "cacheReadInputTokens"), .cache_written = wire_count(u, "cacheWriteInputTokens"),
        .output = wire_count(u, "outputTokens"),
    };
    out->usage.input = wire_count(u, "inputTokens") + out->usage.cached + out->usage.cache_written;
    wire_usage_settle(&out->usage);
    out->usage_reported = true;
}

/* "ValidationException:http://..." of the header, or __type "com.amazon...#ValidationException" of the body. */
static struct str bedrock_error_type(struct str type)
{
    ptrdiff_t mark = str_find_byte(type, '#');

    if (mark >= 0)
        type = str_from(type, (size_t)mark + 1);
    mark = str_find_byte(type, ':');
    return mark >= 0 ? str_sub(type, 0, (size_t)mark) : type;
}

/* AWS keeps the kind of an error apart from its sentence; put together they read as the others' do. */
static enum err_code bedrock_fail(const struct request *rq, int status, struct str type, const json_t *body,
                                  struct str text, const struct http_answer *in, struct arena *a, struct failure *f,
                                  struct err *e)
{
    AUTO_JSON *whole = json_object();
    json_t *error = json_object();
    struct str said = json_get_str(body, "message");

    if (!said.len)
        said = json_get_str(body, "Message");
    if (!type.len)
        type = json_get_str(body, "__type");
    json_set_str(error, "type", bedrock_error_type(type));
    if (said.len)
        json_set_str(error, "message", said);
    json_object_set_new(whole, "error", error);
    if (!said.len && bedrock_error_type(type).len)
        text = arena_strdup(a, bedrock_error_type(type));
    return wire_fail(&(struct wire_fault){ .rq = rq, .label = BEDROCK_LABEL, .status = status, .body = whole, .text = text,
                                           .in = in, .optional = bedrock_optional }, a, f, e);
}

static void bedrock_gather(const json_t *content, struct buf *text, struct buf *thoughts, json_t **calls,
                           struct arena *a)
{
    const json_t *block;
    size_t i;

    json_array_foreach((json_t *)content, i, block) {
        if (text->len && json_get_str(block, "text").len)
            buf_byte(text, '\n');
        buf_append(text, json_get_str(block, "text"));
        buf_append(thoughts, json_get_str(json_child(json_child(block, "reasoningContent"), "reasoningText"), "text"));
        if (json_is_object(json_child(block, "toolUse"))) {
            *calls = *calls ? *calls : json_in_arena(json_array(), a);
            json_array_append(*calls, (json_t *)block);
        }
    }
}

static enum err_code bedrock_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                    struct answer *out, struct failure *f, struct err *e)
{
    AUTO_JSON *body = NULL;
    AUTO_BUF struct buf text = BUF_INIT(SIZE_MAX / 4), thoughts = BUF_INIT(SIZE_MAX / 4);
    struct answer answer = { .cost_reported_nanousd = MONEY_UNKNOWN };
    const json_t *message;
    json_t *calls = NULL, *raw = NULL;

    if (in->status < 200 || in->status > 299) {
        if (json_read(str_trim(in->body), &body, NULL) != ERR_OK)
            body = NULL;
        return bedrock_fail(rq, in->status, http_answer_header(in, "x-amzn-errortype"), body, in->body, in, a, f, e);
    }
    TRY(wire_read_body(in, BEDROCK_LABEL, &body, f, e));
    message = json_child(json_child(body, "output"), "message");
    if (!json_is_object(message) && (json_get_str(body, "__type").len || json_get_str(body, "message").len))
        return bedrock_fail(rq, in->status, STR_NONE, body, in->body, in, a, f, e);
    bedrock_read_usage(json_child(body, "usage"), &answer);
    *out = answer;                                  /* what was charged for counts, answer or not */
    if (!json_is_array(json_child(message, "content")))
        return wire_invalid(f, e, BEDROCK_LABEL " answered %d without a message", in->status);
    answer.response_id = arena_strdup(a, http_answer_header(in, "x-amzn-requestid"));
    answer.finish_native = wire_keep(a, json_child(body, "stopReason"));
    answer.finish = bedrock_finish(answer.finish_native);
    bedrock_gather(json_child(message, "content"), &text, &thoughts, &calls, a);
    answer.text = arena_strdup(a, str_trim(buf_str(&text)));
    answer.reasoning = arena_strdup(a, str_trim(buf_str(&thoughts)));
    answer.tool_calls = calls;
    wire_raw(&raw, body, "metrics");
    if (raw)
        answer.raw = json_in_arena(raw, a);
    *out = answer;
    return ERR_OK;
}

/* --- stream -------------------------------------------------------------------------------------------------- */

static void bedrock_start_block(const json_t *body, struct stream *st)
{
    const json_t *use = json_child(json_child(body, "start"), "toolUse");

    if (!json_is_object(use) || json_array_size(st->tools) >= BEDROCK_TOOL_CALLS_MAX)
        return;
    if (!st->tools)
        st->tools = json_array();
    json_array_append_new(st->tools, json_pack("{s:O, s:I, s:[]}", "use", use, "index",
                                               (json_int_t)json_get_i64(body, "contentBlockIndex", -1), "pieces"));
}

static void bedrock_add_piece(const json_t *body, struct stream *st)
{
    json_t *piece = json_child(json_child(json_child(body, "delta"), "toolUse"), "input");

    for (size_t i = json_array_size(st->tools); json_is_string(piece) && i-- > 0;) {
        json_t *tool = json_array_get(st->tools, i);

        if (json_get_i64(tool, "index", -1) != json_get_i64(body, "contentBlockIndex", -1))
            continue;
        json_array_append(json_child(tool, "pieces"), piece);
        return;
    }
}

static void bedrock_finish_tools(struct stream *st)
{
    json_t *tool, *piece, *calls;
    size_t i, k;

    if (!st->tools)
        return;
    calls = json_in_arena(json_array(), st->arena);
    json_array_foreach(st->tools, i, tool) {
        AUTO_BUF struct buf pieces = BUF_INIT(HTTP_CALL_BODY_MAX);
        json_t *use = json_copy(json_child(tool, "use")), *input;

        json_array_foreach(json_child(tool, "pieces"), k, piece)
            buf_append(&pieces, json_to_str(piece));
        if (!pieces.len)
            json_object_set_new(use, "input", json_object());
        else if (json_read(buf_str(&pieces), &input, NULL) == ERR_OK)
            json_object_set_new(use, "input", input);
        else
            json_set_str(use, "input", buf_str(&pieces));           /* cut short: kept as the text it is */
        json_array_append_new(calls, json_pack("{s:o}", "toolUse", use));
    }
    st->answer.tool_calls = calls;
    json_decref(TAKE(st->tools));
}

static enum err_code bedrock_decode_event(const struct request *rq, struct str event, struct str data,
                                          struct stream *st, struct err *e)
{
    AUTO_JSON *body = NULL;
    const json_t *delta;

    TRY(wire_read_event(data.len ? data : S("{}"), BEDROCK_LABEL, &body, st, e));
    delta = json_child(body, "delta");
    if (str_is(event, "contentBlockDelta")) {
        buf_append(&st->text, json_get_str(delta, "text"));
        buf_append(&st->reasoning, json_get_str(json_child(delta, "reasoningContent"), "text"));
        bedrock_add_piece(body, st);
    } else if (str_is(event, "contentBlockStart")) {
        bedrock_start_block(body, st);
    } else if (str_is(event, "messageStop")) {
        st->answer.finish_native = wire_keep(st->arena, json_child(body, "stopReason"));
        st->answer.finish = bedrock_finish(st->answer.finish_native);
        bedrock_finish_tools(st);
        st->ended = true;
    } else if (str_is(event, "metadata")) {
        bedrock_read_usage(json_child(body, "usage"), &st->answer);
    } else if (str_ends(event, S("Exception")) || str_ends(event, S("exception"))) {
        AUTO_BUF struct buf type = BUF_INIT(256);

        buf_append(&type, event);
        if (type.len && type.bytes[0] >= 'a' && type.bytes[0] <= 'z')
            type.bytes[0] = (char)(type.bytes[0] - 'a' + 'A');      /* throttlingException in streams */
        return bedrock_fail(rq, 200, buf_str(&type), body, data, NULL, st->arena, &st->failure, e);
    }
    return wire_check_stream(st, e);
}

const struct provider provider_bedrock = {
    .name = "bedrock", .label = BEDROCK_LABEL,
    .aliases = (const char *const[]){ "aws-bedrock", NULL },
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES,
    .base_url_variables = (const char *const[]){ "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", NULL },
    .region_variables = (const char *const[]){ "AWS_REGION", "AWS_DEFAULT_REGION", NULL },
    .region_url = { "https://bedrock-runtime.", ".amazonaws.com" },
    .key_variables = (const char *const[]){ "AWS_ACCESS_KEY_ID", NULL },
    .key_parts = { "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN" },
    .key_needed = true, .auth = AUTH_AWS, .framing = FRAMING_EVENTSTREAM, .sign_service = "bedrock",
    .encode = bedrock_encode, .decode = bedrock_decode, .decode_event = bedrock_decode_event,
};
