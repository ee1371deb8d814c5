/* src/sim/wire/bedrock.c: Amazon Bedrock's Converse; the stream is AWS's binary event stream. Signatures are
 * checked (sim/signature.h) when we have been told the secret, else only that there is one. */
#include "sim/wire/wire.h"

static void bedrock_read_content(const json_t *content, struct buf *to, struct sim_ask *ask)
{
    const json_t *part;
    size_t i;

    json_array_foreach(content, i, part) {
        if (json_child(part, "text"))
            sim_texts_add(to, json_get_str(part, "text"));
        ask->images += json_is_object(json_child(part, "image"));
    }
}

/* What tools gave; false when there is nothing of the kind. */
static bool bedrock_read_results(const json_t *content, struct sim_texts *t, struct sim_ask *ask)
{
    const json_t *part, *block, *result;
    bool any = false;
    size_t i, k;

    json_array_foreach((json_t *)content, i, part) {
        result = json_child(part, "toolResult");
        any |= result != NULL;
        json_array_foreach(json_child(result, "content"), k, block)
            sim_texts_tool_json(t, ask,
                                json_child(block, "text") ? json_child(block, "text") : json_child(block, "json"));
    }
    return any;
}

static enum err_code bedrock_read_tools(struct sim_ask *ask, struct arena *a, struct err *e)
{
    const json_t *config = json_child(ask->body, "toolConfig"), *choice = json_child(config, "toolChoice"),
                 *tools = json_child(config, "tools"), *tool, *form;
    struct sim_tool *read;
    size_t i;

    if (config && !json_array_size(tools))
        return err_set(e, ERR_BAD_INPUT,
                       "Value at 'toolConfig.tools' failed to satisfy constraint: Member must have length greater "
                       "than or equal to 1");
    TRY(sim_read_tools(tools, "toolSpec", "inputSchema", ask, a, e));
    json_array_foreach((json_t *)tools, i, tool) {          /* the form stands one step deeper here */
        read = &ask->tools[i];
        form = json_child(read->parameters, "json");
        if (!json_is_object(form))
            return err_set(e, ERR_BAD_INPUT, "The value at toolConfig.tools.%zu.toolSpec.inputSchema.json is missing.",
                           i);
        read->parameters = form;
    }
    return sim_read_tool_choice(json_child(choice, "any")    ? S("any")
                                : json_child(choice, "auto") ? S("auto")
                                                             : S(""),
                                json_get_str(json_child(choice, "tool"), "name"), ask, e);
}

static enum err_code bedrock_read_messages(struct sim_ask *ask, struct sim_texts *t, struct err *e)
{
    const json_t *messages = json_child(ask->body, "messages"), *m;
    size_t i;

    bedrock_read_content(json_child(ask->body, "system"), &t->system, ask);
    if (!json_array_size(messages))
        return err_set(e, ERR_BAD_INPUT, "A conversation must start with a user message. Try again with a conversation "
                                         "that starts with a user message.");
    json_array_foreach(messages, i, m) {
        AUTO_BUF struct buf said = BUF_INIT(SIM_BODY_MAX);

        if (!json_array_size(json_child(m, "content")))
            return err_set(e, ERR_BAD_INPUT, "The content field in the Message object at messages.%zu is empty.", i);
        if (i == 0 && !str_is(json_get_str(m, "role"), "user"))
            return err_set(e, ERR_BAD_INPUT,
                           "A conversation must start with a user message. Try again with a conversation that starts "
                           "with a user message.");
        if (i && str_eq(json_get_str(m, "role"), json_get_str(json_array_get(messages, i - 1), "role")))
            return err_set(e, ERR_BAD_INPUT,
                           "A conversation must alternate between user and assistant roles. Make sure the conversation "
                           "alternates between user and assistant roles and try again.");
        if (!str_is(json_get_str(m, "role"), "user")) {
            sim_texts_assistant(t, ask);
            continue;
        }
        if (!bedrock_read_results(json_child(m, "content"), t, ask))
            sim_texts_user(t, ask);
        bedrock_read_content(json_child(m, "content"), &said, ask);
        if (!said.len && ask->tools_answered)
            continue;
        buf_append(&t->last, buf_str(&said));
        sim_texts_add(&t->user, buf_str(&said));
    }
    return ERR_OK;
}

static enum err_code bedrock_read(struct sim_ask *ask, struct arena *a, struct err *e)
{
    const json_t *config = json_child(ask->body, "inferenceConfig");
    const json_t *more = json_child(ask->body, "additionalModelRequestFields");
    struct sim_texts t;
    enum err_code code;

    sim_texts_init(&t);
    ask->temperature = json_get_double(config, "temperature", -1);
    ask->max_tokens = json_get_i64(config, "maxTokens", -1);
    ask->thinking = str_is(json_get_str(json_child(more, "thinking"), "type"), "enabled");
    code = bedrock_read_messages(ask, &t, e);
    if (code == ERR_OK && ask->temperature > 1)
        code = err_set(e, ERR_BAD_INPUT, "Value at 'inferenceConfig.temperature' failed to satisfy constraint: Member must "
                                         "have value less than or equal to 1");
    if (code == ERR_OK)
        code = bedrock_read_tools(ask, a, e);
    if (code == ERR_OK)
        code = sim_read_stops(json_child(config, "stopSequences"), ask, e);
    sim_texts_done(&t, ask, a);
    return code;
}

static const char *bedrock_stop(enum sim_finish f)
{
    return f == SIM_LENGTH          ? "max_tokens"
           : f == SIM_STOP_SEQUENCE ? "stop_sequence"
           : f == SIM_FILTERED      ? "content_filtered"
           : f == SIM_TOOL_USE      ? "tool_use"
                                    : "end_turn";
}

/* Cached tokens stand beside the input's, not inside. */
static json_t *bedrock_usage(const struct sim_reply *reply)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:i}", "inputTokens", (json_int_t)(reply->input_tokens - reply->cached_tokens),
                     "outputTokens", (json_int_t)reply->output_tokens, "totalTokens",
                     (json_int_t)(reply->input_tokens + reply->output_tokens), "cacheReadInputTokens",
                     (json_int_t)reply->cached_tokens, "cacheWriteInputTokens", 0);
}

static json_t *bedrock_use(const struct sim_reply *reply, size_t i)
{
    json_t *use = json_pack("{s:o}", "toolUseId", sim_use_id(reply, i, "tooluse_"));

    json_set_str(use, "name", reply->uses[i].name);
    return use;
}

static json_t *bedrock_body(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                            int64_t now_s)
{
    json_t *content = json_array();

    (void)v, (void)now_s;
    if (ask->thinking && reply->reasoning.len)
        json_array_append_new(content,
                              json_pack("{s:{s:{s:s%,s:s}}}", "reasoningContent", "reasoningText", "text",
                                        reply->reasoning.at, reply->reasoning.len, "signature", "c2ltdWxhdGVk"));
    if (reply->text.len || !reply->use_count)
        json_array_append_new(content,
                              json_pack("{s:s%}", "text", reply->text.at ? reply->text.at : "", reply->text.len));
    for (size_t i = 0; i < reply->use_count; i++) {
        json_t *use = bedrock_use(reply, i);

        json_object_set(use, "input", reply->uses[i].arguments);
        json_array_append_new(content, json_pack("{s:o}", "toolUse", use));
    }
    return json_pack("{s:{s:{s:s,s:o}},s:s,s:o,s:{s:I}}", "output", "message", "role", "assistant", "content", content,
                     "stopReason", bedrock_stop(reply->finish), "usage", bedrock_usage(reply), "metrics", "latencyMs",
                     (json_int_t)reply->total_ms);
}

/* --- frames ------------------------------------------------------------------------------------------------------- */

static void bedrock_u32(struct buf *out, uint32_t n)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_byte(out, (char)(n >> shift));
}

static void bedrock_header(struct buf *out, const char *name, const char *value)
{
    buf_byte(out, (char)strlen(name));
    buf_puts(out, name);
    buf_byte(out, 7);                               /* a text */
    buf_byte(out, 0);
    buf_byte(out, (char)strlen(value));
    buf_puts(out, value);
}

/* Takes `data`. */
static void bedrock_frame(struct sim_events *out, const char *kind, const char *name, json_t *data, int64_t tokens)
{
    AUTO_BUF struct buf head = BUF_INIT(1024), body = BUF_INIT(SIM_BODY_MAX), frame = BUF_INIT(SIM_BODY_MAX);
    bool event = strcmp(kind, "event") == 0;

    bedrock_header(&head, event ? ":event-type" : ":exception-type", name);
    bedrock_header(&head, ":content-type", "application/json");
    bedrock_header(&head, ":message-type", kind);
    json_write(data, &body);
    json_decref(data);
    bedrock_u32(&frame, (uint32_t)(12 + head.len + body.len + 4));
    bedrock_u32(&frame, (uint32_t)head.len);
    bedrock_u32(&frame, hash_crc32(buf_str(&frame)));
    buf_append(&frame, buf_str(&head));
    buf_append(&frame, buf_str(&body));
    bedrock_u32(&frame, hash_crc32(buf_str(&frame)));
    sim_event_raw(out, buf_str(&frame), tokens);
}

static void bedrock_stream_block(struct sim_events *out, int index, bool thinks, struct str text)
{
    struct str piece;

    while (sim_piece(&text, &piece)) {
        json_t *said = json_pack("{s:s%}", "text", piece.at, piece.len);

        bedrock_frame(out, "event", "contentBlockDelta",
                      json_pack("{s:i,s:o}", "contentBlockIndex", index, "delta",
                                thinks ? json_pack("{s:o}", "reasoningContent", said) : said),
                      sim_tokens(piece));
    }
    bedrock_frame(out, "event", "contentBlockStop", json_pack("{s:i}", "contentBlockIndex", index), 0);
}

static void bedrock_stream_use(struct sim_events *out, int index, const struct sim_reply *reply, size_t i)
{
    struct str rest = reply->uses[i].text, piece;

    bedrock_frame(out, "event", "contentBlockStart",
                  json_pack("{s:i,s:{s:o}}", "contentBlockIndex", index, "start", "toolUse", bedrock_use(reply, i)),
                  sim_tokens(reply->uses[i].name));
    while (sim_piece(&rest, &piece))
        bedrock_frame(out, "event", "contentBlockDelta",
                      json_pack("{s:i,s:{s:{s:s%}}}", "contentBlockIndex", index, "delta", "toolUse", "input", piece.at,
                                piece.len),
                      sim_tokens(piece));
    bedrock_frame(out, "event", "contentBlockStop", json_pack("{s:i}", "contentBlockIndex", index), 0);
}

static void bedrock_stream(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                           int64_t now_s, struct sim_events *out)
{
    int index = 0;

    (void)v, (void)now_s;
    bedrock_frame(out, "event", "messageStart", json_pack("{s:s}", "role", "assistant"), 0);
    if (ask->thinking && reply->reasoning.len)
        bedrock_stream_block(out, index++, true, reply->reasoning);
    if (reply->text.len || !reply->use_count)
        bedrock_stream_block(out, index++, false, reply->text);
    for (size_t i = 0; i < reply->use_count; i++)
        bedrock_stream_use(out, index++, reply, i);
    bedrock_frame(out, "event", "messageStop", json_pack("{s:s}", "stopReason", bedrock_stop(reply->finish)), 0);
    bedrock_frame(out, "event", "metadata",
                  json_pack("{s:o,s:{s:I}}", "usage", bedrock_usage(reply), "metrics", "latencyMs",
                            (json_int_t)reply->total_ms),
                  0);
}

/* --- refusals ----------------------------------------------------------------------------------------------------- */

/* The kind of an error is said in the body too, where boto3 looks when no header says it. */
static const char *bedrock_error(struct sim_refusal *why)
{
    if (why->kind == SIM_REFUSED_QUOTA) {
        why->status = 400;
        return "ServiceQuotaExceededException";
    }
    if (why->kind == SIM_REFUSED_KEY) {
        why->status = 403;
        why->message = S("The security token included in the request is invalid.");
        return "UnrecognizedClientException";
    }
    if (why->kind == SIM_REFUSED_SIGNATURE || why->kind == SIM_REFUSED_UNSIGNED) {
        why->status = 403;
        return why->kind == SIM_REFUSED_SIGNATURE ? "InvalidSignatureException" : "IncompleteSignatureException";
    }
    if (why->status >= 500)
        why->message = S("The system encountered an unexpected error during processing. Try your request again.");
    switch (why->status) {
    case 401:
    case 403: return "AccessDeniedException";
    case 404: return "ResourceNotFoundException";
    case 408: return "ModelTimeoutException";
    case 409: return "ConflictException";
    case 424: return "ModelErrorException";
    case 429: return "ThrottlingException";
    case 503: return "ServiceUnavailableException";
    default:  return why->status >= 500 ? "InternalServerException" : "ValidationException";
    }
}

static json_t *bedrock_refuse(const struct sim_vendor *v, struct sim_refusal *why)
{
    const char *type = bedrock_error(why);

    (void)v;
    return json_pack("{s:s,s:s%}", "__type", type, "message", why->message.at, why->message.len);
}

static void bedrock_stream_error(const struct sim_vendor *v, struct sim_refusal *why, struct sim_events *out)
{
    const char *type = bedrock_error(why);

    (void)v;
    bedrock_frame(out, "exception",
                  strcmp(type, "ThrottlingException") == 0           ? "throttlingException"
                  : strcmp(type, "ValidationException") == 0         ? "validationException"
                  : strcmp(type, "ServiceUnavailableException") == 0 ? "serviceUnavailableException"
                                                                     : "internalServerException",
                  json_pack("{s:s%}", "message", why->message.at, why->message.len), 0);
}

static void bedrock_empty(json_t *body)
{
    json_object_set_new(body, "output", json_object());
}

static const struct sim_route bedrock_routes[] = {
    { "/model/:model/converse", SIM_OP_CHAT }, { "/model/:model/converse-stream", SIM_OP_STREAM }, { NULL, SIM_OP_NONE },
};
const struct sim_vendor sim_vendor_bedrock = {
    .name = "bedrock", .prefix = "/bedrock", .auth = SIM_AUTH_AWS, .request_id = "x-amzn-RequestId",
    .stream_type = "application/vnd.amazon.eventstream", .routes = bedrock_routes, .read = bedrock_read,
    .body = bedrock_body, .stream = bedrock_stream, .refuse = bedrock_refuse, .stream_error = bedrock_stream_error,
    .empty = bedrock_empty,
};
