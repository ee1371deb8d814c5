#include "llm/provider/wire.h"

/* Anthropic's messages. What is its own: the system text stands apart, max_tokens must be said, turns alternate,
 * cached tokens are counted beside the input and not in it, and thoughts are bought by a budget. */

#define ANTHROPIC_LABEL "Anthropic"
#define ANTHROPIC_BLOCKS_MAX 1024

static const char *const anthropic_optional[] = {
    "temperature", "top_p", "top_k", "stop_sequences", "thinking", "output_config", "stream", NULL,
};

/* --- request ------------------------------------------------------------------------------------------------- */

enum anthropic_thought { THOUGHT_NONE, THOUGHT_BUDGET, THOUGHT_ADAPTIVE };
enum anthropic_schema { SCHEMA_NONE, SCHEMA_TOOL, SCHEMA_NATIVE };

static const char *const anthropic_first[] = { "claude-2", "claude-instant", "claude-3-opus", "claude-3-sonnet",
                                               "claude-3-haiku", NULL };
static const char *const anthropic_plain[] = { "claude-2", "claude-instant", "claude-3-opus", "claude-3-sonnet",
                                               "claude-3-haiku", "claude-3-5", NULL };
static const char *const anthropic_budget[] = { "claude-3-7", "claude-opus-4-2", "claude-opus-4-0", "claude-opus-4-1",
    "claude-opus-4-5", "claude-sonnet-4-2", "claude-sonnet-4-0", "claude-sonnet-4-5", "claude-haiku-4-5", NULL };
static const char *const anthropic_no_native[] = { "claude-2", "claude-instant", "claude-3-", "claude-opus-4-2",
    "claude-opus-4-0", "claude-sonnet-4-2", "claude-sonnet-4-0", NULL };

static enum anthropic_thought anthropic_thinks(struct wire *w, const struct request *rq)
{
    if (!params_has(&rq->params, PARAM_REASONING_EFFORT) || str_is(rq->params.reasoning_effort, "none") ||
        wire_extra_has(w, "thinking"))
        return THOUGHT_NONE;
    if (wire_starts_any(rq->model->id, anthropic_plain)) {
        wire_drop(w, "reasoning_effort");
        return THOUGHT_NONE;
    }
    if (!wire_takes(w, "thinking"))
        return THOUGHT_NONE;
    return wire_starts_any(rq->model->id, anthropic_budget) ? THOUGHT_BUDGET : THOUGHT_ADAPTIVE;
}

static int64_t anthropic_budget_of(struct str effort)
{
    static const struct { const char *effort; int64_t tokens; } rows[] = {
        { "minimal", 1024 }, { "low", 2048 }, { "medium", 8192 }, { "high", 16384 }, { "xhigh", 22000 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (str_is(effort, rows[i].effort))
            return rows[i].tokens;
    return 1024;
}

/* Newer models take the schema itself; for older ones a tool that must be called says the same. */
static enum anthropic_schema anthropic_schema_way(struct wire *w, const struct request *rq,
                                                  enum anthropic_thought thought)
{
    bool object = str_is(json_get_str(rq->schema, "type"), "object");

    if (rq->output != OUTPUT_JSON || !rq->schema || wire_extra_has(w, "output_config") || wire_extra_has(w, "tools"))
        return SCHEMA_NONE;
    if (!wire_starts_any(rq->model->id, anthropic_no_native) && !quirks_refuse(w->quirks, "output_config") &&
        wire_schema_is_closed(rq->schema, false))
        return SCHEMA_NATIVE;
    if (object && thought == THOUGHT_NONE)
        return SCHEMA_TOOL;
    wire_drop(w, "schema");                 /* a forced tool and thinking exclude each other */
    return SCHEMA_NONE;
}

static void anthropic_write_text(struct wire *w, struct str text)
{
    if (!str_trim(text).len)
        return;                             /* a blank block is refused */
    wire_open(w, '{');
    wire_str(w, "type", S("text"));
    wire_str(w, "text", text);
    wire_close(w, '}');
}

static void anthropic_write_image(struct wire *w, const struct part *p)
{
    wire_open(w, '{');
    wire_str(w, "type", S("image"));
    wire_key(w, "source");
    wire_open(w, '{');
    if (p->url.len) {
        wire_str(w, "type", S("url"));
        wire_str(w, "url", p->url);
    } else {
        wire_str(w, "type", S("base64"));
        wire_str(w, "media_type", p->media_type);
        wire_str(w, "data", p->base64);
    }
    wire_close(w, '}');
    wire_close(w, '}');
}

/* Consecutive messages of one role become one message, as the vendor wants them to alternate. */
static void anthropic_write_messages(struct wire *w, const struct request *rq)
{
    const struct message *m = rq->messages;

    wire_key(w, "messages");
    wire_open(w, '[');
    for (size_t i = 0; i < rq->message_count;) {
        size_t end = i;
        bool plain;

        if (m[i].role == MESSAGE_SYSTEM) {
            i++;
            continue;
        }
        while (end < rq->message_count && (m[end].role == m[i].role || m[end].role == MESSAGE_SYSTEM))
            end++;
        plain = end == i + 1 && m[i].part_count == 1 && m[i].parts[0].kind == PART_TEXT;
        wire_open(w, '{');
        wire_str(w, "role", str_c(message_role_name(m[i].role)));
        if (plain) {
            wire_str(w, "content", m[i].parts[0].text);
        } else {
            wire_key(w, "content");
            wire_open(w, '[');
            for (size_t k = i; k < end; k++)
                for (size_t n = 0; m[k].role != MESSAGE_SYSTEM && n < m[k].part_count; n++)
                    if (m[k].parts[n].kind == PART_IMAGE)
                        anthropic_write_image(w, &m[k].parts[n]);
                    else
                        anthropic_write_text(w, m[k].parts[n].text);
            wire_close(w, ']');
        }
        wire_close(w, '}');
        i = end;
    }
    wire_close(w, ']');
}

static void anthropic_write_sampling(struct wire *w, const struct params *p, enum anthropic_thought thought)
{
    static const enum param sampling[] = { PARAM_TEMPERATURE, PARAM_TOP_P, PARAM_TOP_K };

    for (size_t i = 0; i < COUNT_OF(sampling); i++) {
        const char *name = param_name(sampling[i]);

        if (!params_has(p, sampling[i]))
            continue;
        if (thought != THOUGHT_NONE)
            wire_drop(w, name);             /* thinking fixes the sampling */
        else if (wire_takes(w, name))
            wire_double(w, name,
                        sampling[i] == PARAM_TEMPERATURE ? wire_clamp_temperature(w, p, 1)
                        : sampling[i] == PARAM_TOP_P     ? p->top_p
                                                         : (double)p->top_k);
    }
    if (params_has(p, PARAM_STOP) && p->stop_count && wire_takes(w, "stop_sequences"))
        wire_strs(w, "stop_sequences", p->stop, p->stop_count);
    if (params_has(p, PARAM_SEED))
        wire_drop(w, "seed");
    if (params_has(p, PARAM_FREQUENCY_PENALTY))
        wire_drop(w, "frequency_penalty");
    if (params_has(p, PARAM_PRESENCE_PENALTY))
        wire_drop(w, "presence_penalty");
}

static void anthropic_write_thinking(struct wire *w, enum anthropic_thought thought, int64_t budget)
{
    if (thought == THOUGHT_NONE)
        return;
    wire_key(w, "thinking");
    wire_open(w, '{');
    wire_str(w, "type", thought == THOUGHT_BUDGET ? S("enabled") : S("adaptive"));
    if (thought == THOUGHT_BUDGET)
        wire_i64(w, "budget_tokens", budget);
    wire_close(w, '}');
}

static void anthropic_write_output_config(struct wire *w, const struct request *rq, enum anthropic_thought thought,
                                          enum anthropic_schema way)
{
    struct str effort = rq->params.reasoning_effort;

    if (wire_extra_has(w, "output_config") || (thought != THOUGHT_ADAPTIVE && way != SCHEMA_NATIVE))
        return;
    wire_key(w, "output_config");
    wire_open(w, '{');
    if (thought == THOUGHT_ADAPTIVE)
        wire_str(w, "effort", str_is(effort, "minimal") ? S("low") : str_is(effort, "xhigh") ? S("high") : effort);
    if (way == SCHEMA_NATIVE) {
        wire_key(w, "format");
        wire_open(w, '{');
        wire_str(w, "type", S("json_schema"));
        wire_json(w, "schema", rq->schema);
        wire_close(w, '}');
    }
    wire_close(w, '}');
}

/* The task's tools, and the one that holds the answer's form. With both, the model must call one of them. */
static void anthropic_write_tools(struct wire *w, const struct request *rq, bool form, enum anthropic_thought thought,
                                  struct arena *a)
{
    struct str choice = form ? wire_schema_name(rq, a) : rq->tool_choice;
    bool own = json_array_size(rq->tools) && wire_takes(w, "tools");
    const char *type;
    const json_t *tool;
    size_t i;

    if (!form && !own)
        return;
    wire_key(w, "tools");
    wire_open(w, '[');
    json_array_foreach((json_t *)(own ? rq->tools : NULL), i, tool) {
        wire_open(w, '{');
        wire_tool(w, tool, "input_schema");
        wire_close(w, '}');
    }
    if (form) {
        wire_open(w, '{');
        wire_str(w, "name", wire_schema_name(rq, a));
        wire_str(w, "description", S("Give the answer in this form."));
        wire_json(w, "input_schema", rq->schema);
        wire_close(w, '}');
    }
    wire_close(w, ']');
    type = form && own                                                   ? "any"
           : str_is(choice, "required")                                  ? "any"
           : !form && (str_is(choice, "auto") || str_is(choice, "none")) ? arena_cstr(a, choice)
                                                                         : "tool";
    if (thought != THOUGHT_NONE && (strcmp(type, "any") == 0 || strcmp(type, "tool") == 0) && choice.len) {
        wire_drop(w, "tool_choice");                /* to force a tool and to think exclude each other */
        return;
    }
    if (!choice.len || wire_extra_has(w, "tool_choice"))
        return;
    wire_key(w, "tool_choice");
    wire_open(w, '{');
    wire_str(w, "type", str_c(type));
    if (strcmp(type, "tool") == 0)
        wire_str(w, "name", choice);
    wire_close(w, '}');
}

static enum err_code anthropic_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                      struct arena *a, struct http_call *out, struct err *e)
{
    const struct params *p = &rq->params;
    struct wire w = { .out = &out->body, .extra = params_has(p, PARAM_EXTRA) ? p->extra : NULL, .quirks = q,
                      .dropped = &out->dropped };
    struct str system = wire_system_text(rq, a);
    int64_t tokens = params_has(p, PARAM_MAX_TOKENS)                   ? p->max_tokens
                     : wire_starts_any(rq->model->id, anthropic_first) ? 4096
                                                                       : 8192;
    enum anthropic_thought thought;
    enum anthropic_schema way;
    int64_t budget = 0;

    TRY(wire_check_extra(rq, e));
    TRY(wire_check_begins(rq, ANTHROPIC_LABEL, e));
    wire_tell_moved(&w, rq);
    thought = anthropic_thinks(&w, rq);
    way = anthropic_schema_way(&w, rq, thought);
    if (thought == THOUGHT_BUDGET)
        budget = anthropic_budget_of(p->reasoning_effort);
    wire_url(&out->url, base_url, "/v1", "/messages");
    http_call_header(out, "anthropic-version", S("2023-06-01"));
    buf_byte(w.out, '{');
    wire_str(&w, "model", rq->model->id);
    if (!wire_extra_has(&w, "max_tokens"))
        wire_i64(&w, "max_tokens", tokens + budget);        /* the thoughts come out of the same ceiling */
    if (str_trim(system).len && !wire_extra_has(&w, "system"))
        wire_str(&w, "system", system);
    anthropic_write_messages(&w, rq);
    anthropic_write_sampling(&w, p, thought);
    anthropic_write_thinking(&w, thought, budget);
    anthropic_write_output_config(&w, rq, thought, way);
    anthropic_write_tools(&w, rq, way == SCHEMA_TOOL, thought, a);
    if (params_has(p, PARAM_STREAM) && p->stream && wire_takes(&w, "stream")) {
        wire_bool(&w, "stream", true);
        out->streamed = true;
    }
    wire_extra(&w, NULL);
    buf_byte(w.out, '}');
    return wire_check_body(out, e);
}

/* --- answer -------------------------------------------------------------------------------------------------- */

static bool anthropic_is_answer_tool(const struct request *rq, struct str name, struct arena *a)
{
    return rq->output == OUTPUT_JSON && rq->schema && str_eq(name, wire_schema_name(rq, a));
}

/* The form was asked for by a tool: its argument is the answer, and calling it is an ordinary end. */
static struct str anthropic_tool_text(const json_t *input, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(HTTP_CALL_BODY_MAX);

    json_write(input, &text);
    return arena_strdup(a, buf_str(&text));
}

static void anthropic_read_usage(const json_t *u, struct answer *out)
{
    int64_t plain = wire_count(u, "input_tokens"), written = wire_count(u, "cache_creation_input_tokens");
    int64_t cached = wire_count(u, "cache_read_input_tokens");

    if (!json_is_object(u))
        return;
    if (plain + written + cached > 0) {
        out->usage.input = plain + written + cached;        /* unlike the others: three counts side by side */
        out->usage.cached = cached;
        out->usage.cache_written = written;
    }
    out->usage.output = MAX(out->usage.output, wire_count(u, "output_tokens"));
    wire_usage_settle(&out->usage);
    out->usage_reported = out->usage.input > 0 || out->usage.output > 0;
}

static void anthropic_read_stop(const json_t *holder, struct arena *a, struct answer *out)
{
    json_t *raw = (json_t *)out->raw;

    if (!json_get_str(holder, "stop_reason").len)
        return;
    out->finish_native = wire_keep(a, json_child(holder, "stop_reason"));
    out->finish = wire_finish(out->finish_native);
    wire_raw(&raw, holder, "stop_sequence");
    if (raw && !out->raw)
        out->raw = json_in_arena(raw, a);
}

static enum err_code anthropic_fail(const struct request *rq, const json_t *body, const struct http_answer *in,
                                    struct arena *a, struct failure *f, struct err *e)
{
    return wire_fail(&(struct wire_fault){ .rq = rq, .label = ANTHROPIC_LABEL, .status = 200, .body = body, .in = in,
                                           .optional = anthropic_optional }, a, f, e);
}

static enum err_code anthropic_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                      struct answer *out, struct failure *f, struct err *e)
{
    AUTO_JSON *body = NULL;
    AUTO_BUF struct buf text = BUF_INIT(SIZE_MAX / 4), thoughts = BUF_INIT(SIZE_MAX / 4);
    struct answer answer = { .cost_reported_nanousd = MONEY_UNKNOWN };
    struct str form = STR_NONE;
    json_t *block, *calls = NULL;
    size_t i;

    TRY(wire_check_status(rq, in, ANTHROPIC_LABEL, anthropic_optional, a, f, e));
    TRY(wire_read_body(in, ANTHROPIC_LABEL, &body, f, e));
    if (json_is_object(json_child(body, "error")))
        return anthropic_fail(rq, body, in, a, f, e);
    if (!json_is_array(json_child(body, "content")))
        return wire_invalid(f, e, ANTHROPIC_LABEL " answered %d without content", in->status);
    answer.response_id = wire_keep(a, json_child(body, "id"));
    answer.model_version = wire_keep(a, json_child(body, "model"));
    anthropic_read_usage(json_child(body, "usage"), &answer);
    anthropic_read_stop(body, a, &answer);
    json_array_foreach(json_child(body, "content"), i, block) {
        struct str type = json_get_str(block, "type");

        if (str_is(type, "text")) {
            if (text.len)
                buf_byte(&text, '\n');
            buf_append(&text, json_get_str(block, "text"));
        } else if (str_is(type, "thinking")) {
            buf_append(&thoughts, json_get_str(block, "thinking"));
        } else if (str_is(type, "tool_use") && anthropic_is_answer_tool(rq, json_get_str(block, "name"), a)) {
            form = anthropic_tool_text(json_child(block, "input"), a);
        } else if (str_is(type, "tool_use")) {
            calls = calls ? calls : json_in_arena(json_array(), a);
            json_array_append(calls, block);
        }
    }
    if (form.len && answer.finish == FINISH_TOOL_USE)
        answer.finish = FINISH_STOP;
    answer.text = form.len ? form : arena_strdup(a, str_trim(buf_str(&text)));
    answer.reasoning = thoughts.len ? arena_strdup(a, str_trim(buf_str(&thoughts))) : STR_NONE;
    answer.tool_calls = calls;
    *out = answer;
    return ERR_OK;
}

/* --- stream -------------------------------------------------------------------------------------------------- */

static void anthropic_start_block(const json_t *event, struct stream *st)
{
    const json_t *block = json_child(event, "content_block");
    struct str type = json_get_str(block, "type");

    if (str_is(type, "text")) {
        if (st->text.len)
            buf_byte(&st->text, '\n');
        buf_append(&st->text, json_get_str(block, "text"));
    } else if (str_is(type, "tool_use")) {
        if (!st->tools)
            st->tools = json_array();
        if (json_array_size(st->tools) < ANTHROPIC_BLOCKS_MAX)
            json_array_append_new(st->tools, json_pack("{s:O, s:I, s:[]}", "block", block, "index",
                                                       (json_int_t)json_get_i64(event, "index", -1), "pieces"));
    }
}

static void anthropic_add_delta(const json_t *event, struct stream *st)
{
    const json_t *delta = json_child(event, "delta"), *tool;
    struct str type = json_get_str(delta, "type");

    if (str_is(type, "text_delta")) {
        buf_append(&st->text, json_get_str(delta, "text"));
    } else if (str_is(type, "thinking_delta")) {
        buf_append(&st->reasoning, json_get_str(delta, "thinking"));
    } else if (str_is(type, "input_json_delta") && json_array_size(st->tools)) {
        for (size_t i = json_array_size(st->tools); i-- > 0;) {
            tool = json_array_get(st->tools, i);
            if (json_get_i64(tool, "index", -1) != json_get_i64(event, "index", -1))
                continue;
            if (json_is_string(json_child(delta, "partial_json")))
                json_array_append(json_child(tool, "pieces"), json_child(delta, "partial_json"));
            return;
        }
    }
}

static void anthropic_finish_tools(const struct request *rq, struct stream *st)
{
    json_t *tool, *piece, *calls = NULL;
    size_t i, k;

    if (st->answer.tool_calls)
        return;
    json_array_foreach(st->tools, i, tool) {
        AUTO_BUF struct buf pieces = BUF_INIT(HTTP_CALL_BODY_MAX);
        json_t *block = json_copy(json_child(tool, "block")), *input;

        json_array_foreach(json_child(tool, "pieces"), k, piece)
            buf_append(&pieces, json_to_str(piece));
        if (json_read(buf_str(&pieces), &input, NULL) == ERR_OK)
            json_object_set_new(block, "input", input);
        else if (pieces.len)
            json_set_str(block, "input", buf_str(&pieces));         /* cut short: kept as the text it is */
        if (anthropic_is_answer_tool(rq, json_get_str(block, "name"), st->arena)) {
            buf_reset(&st->text);
            buf_append(&st->text, buf_str(&pieces));
            if (st->answer.finish == FINISH_TOOL_USE)
                st->answer.finish = FINISH_STOP;
        } else {
            calls = calls ? calls : json_in_arena(json_array(), st->arena);
            json_array_append(calls, block);
        }
        json_decref(block);
    }
    st->answer.tool_calls = calls;
    json_decref(TAKE(st->tools));
}

static enum err_code anthropic_decode_event(const struct request *rq, struct str event, struct str data,
                                            struct stream *st, struct err *e)
{
    AUTO_JSON *body = NULL;
    struct str type;

    if (str_eq(event, S("ping")))
        return ERR_OK;
    TRY(wire_read_event(data, ANTHROPIC_LABEL, &body, st, e));
    type = json_get_str(body, "type");
    if (str_is(type, "content_block_delta")) {
        anthropic_add_delta(body, st);
    } else if (str_is(type, "content_block_start")) {
        anthropic_start_block(body, st);
    } else if (str_is(type, "message_start")) {
        const json_t *message = json_child(body, "message");

        st->answer.response_id = wire_keep(st->arena, json_child(message, "id"));
        st->answer.model_version = wire_keep(st->arena, json_child(message, "model"));
        anthropic_read_usage(json_child(message, "usage"), &st->answer);
    } else if (str_is(type, "message_delta")) {
        anthropic_read_usage(json_child(body, "usage"), &st->answer);
        anthropic_read_stop(json_child(body, "delta"), st->arena, &st->answer);
        st->ended |= st->answer.finish_native.len > 0;
        anthropic_finish_tools(rq, st);
    } else if (str_is(type, "message_stop")) {
        anthropic_finish_tools(rq, st);
        st->ended = true;
    } else if (str_is(type, "error") || json_is_object(json_child(body, "error"))) {
        return anthropic_fail(rq, body, NULL, st->arena, &st->failure, e);
    }
    return wire_check_stream(st, e);
}

const struct provider provider_anthropic = {
    .name = "anthropic", .label = ANTHROPIC_LABEL,
    .aliases = (const char *const[]){ "claude", NULL },
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_SCHEMA,
    .base_url = "https://api.anthropic.com",
    .base_url_variables = (const char *const[]){ "ANTHROPIC_BASE_URL", NULL },
    .key_variables = (const char *const[]){ "ANTHROPIC_API_KEY", NULL },
    .key_needed = true, .auth = AUTH_X_API_KEY, .framing = FRAMING_SSE,
    .id_prefixes = (const char *const[]){ "claude-", NULL },
    .encode = anthropic_encode, .decode = anthropic_decode, .decode_event = anthropic_decode_event,
};
