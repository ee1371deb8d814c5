#include "base/test.h"
#include "llm/framing.h"

#include <stdio.h>

/* Replays tests/data/provider/NAME.yaml: what a request must look like on the wire, and what an answer must be read as.
 * A stream is read three times, cut in different places, and must come out the same. */

#define REPLAY_CASES_MIN 12

static const char *replay_folder(void)
{
    const char *folder = getenv("ASSAY_TEST_DATA");

    return folder && *folder ? folder : "tests/data";
}

static void replay_wrong(const char *provider, const json_t *c, const char *what, struct str got, struct str want)
{
    test_fail(provider, 0, "case \"" STR_FMT "\": %s is\n    " STR_FMT "\n  wanted\n    " STR_FMT,
              STR_ARG(json_get_str(c, "case")), what, STR_ARG(got), STR_ARG(want));
}

static void replay_str(const char *provider, const json_t *c, const char *what, struct str got, const json_t *want)
{
    if (want && !str_eq(got, json_is_null(want) ? STR_NONE : json_to_str(want)))
        replay_wrong(provider, c, what, got, json_to_str(want));
}

static void replay_json(const char *provider, const json_t *c, const char *what, const json_t *got, const json_t *want)
{
    AUTO_BUF struct buf a = BUF_INIT(1 << 20), b = BUF_INIT(1 << 20);

    if (!want || (json_is_null(want) && !got))
        return;
    if (got)
        json_write_canonical(got, &a);
    json_write_canonical(want, &b);
    if (!str_eq(buf_str(&a), buf_str(&b)))
        replay_wrong(provider, c, what, buf_str(&a), buf_str(&b));
}

static struct message replay_message(const json_t *m, struct arena *a)
{
    const json_t *parts = json_child(m, "parts"), *part;
    struct message out = message_text(MESSAGE_USER, json_get_str(m, "text"), a);
    size_t i;

    for (int role = MESSAGE_SYSTEM; role <= MESSAGE_ASSISTANT; role++)
        if (str_is(json_get_str(m, "role"), message_role_name((enum message_role)role)))
            out.role = (enum message_role)role;
    if (!parts)
        return out;
    out.parts = arena_array(a, struct part, json_array_size(parts));
    json_array_foreach((json_t *)parts, i, part)
        out.parts[out.part_count = i] = (struct part){
            .kind = json_child(part, "text") ? PART_TEXT : PART_IMAGE, .text = json_get_str(part, "text"),
            .url = json_get_str(part, "url"), .media_type = json_get_str(part, "media_type"),
            .base64 = json_get_str(part, "base64"),
        };
    out.part_count = json_array_size(parts);
    return out;
}

static void replay_request(const json_t *c, struct arena *a, struct model *model, struct request *rq)
{
    static const struct str hello = { "Hello", 5 };
    const json_t *messages = json_child(c, "messages"), *m;
    struct message *list = arena_array(a, struct message, json_array_size(messages) + 1);
    size_t n = 0, i;

    if (!messages)
        list[n++] = message_text(MESSAGE_USER, hello, a);
    json_array_foreach((json_t *)messages, i, m)
        list[n++] = replay_message(m, a);
    *rq = (struct request){ .model = model, .messages = list, .message_count = n, .schema = json_child(c, "schema"),
                            .schema_name = json_get_str(c, "schema_name"), .tools = json_child(c, "tools"),
                            .tool_choice = json_get_str(c, "tool_choice"),
                            .output = json_get_bool(c, "json", false) ? OUTPUT_JSON : OUTPUT_TEXT };
    if (json_child(c, "texts")) {
        struct str *texts = arena_array(a, struct str, json_array_size(json_child(c, "texts")));

        for (; rq->text_count < json_array_size(json_child(c, "texts")); rq->text_count++)
            texts[rq->text_count] = json_to_str(json_array_get(json_child(c, "texts"), rq->text_count));
        rq->texts = texts;
    }
    if (json_child(c, "params"))
        CHECK_OK(params_read(json_child(c, "params"), a, &rq->params, NULL));
}

static void replay_encode(const struct provider *p, const json_t *c, const struct request *rq, struct arena *a)
{
    const json_t *want = json_child(c, "sent"), *refused = json_child(c, "quirks"), *value;
    struct str list[8], base = json_get_str(c, "base_url");
    struct quirks quirks = { .refused = list };
    struct http_call call;
    struct err e = ERR_INIT;
    enum err_code code;
    const char *name;
    size_t i;

    json_array_foreach((json_t *)refused, i, value)
        list[quirks.refused_count++] = json_to_str(value);
    http_call_init(&call);
    code = provider_encode(p, rq, base.len ? base : str_c(p->base_url ? p->base_url : "http://sim"), &quirks, a, &call, &e);
    if (json_child(c, "rejected")) {
        if (code != ERR_REJECTED || !str_contains(str_c(e.text), json_get_str(c, "rejected")))
            replay_wrong(p->name, c, "encode's sentence", str_c(e.text), json_get_str(c, "rejected"));
    } else if (code != ERR_OK) {
        replay_wrong(p->name, c, "encode's sentence", str_c(e.text), S("no error"));
    } else {
        AUTO_JSON *body = NULL;

        if (json_read(buf_str(&call.body), &body, &e) != ERR_OK)
            replay_wrong(p->name, c, e.text, buf_str(&call.body), S("JSON"));
        replay_str(p->name, c, "url", buf_str(&call.url), json_child(c, "url"));
        replay_str(p->name, c, "dropped", buf_str(&call.dropped), json_child(c, "dropped"));
        replay_json(p->name, c, "body", body, want);
        json_object_foreach(json_child(c, "headers"), name, value)
            for (i = 0; i <= call.header_count; i++)
                if (i == call.header_count)
                    replay_wrong(p->name, c, name, STR_NONE, json_to_str(value));
                else if (strcmp(call.headers[i].name, name) == 0 && str_eq(call.headers[i].value, json_to_str(value)))
                    break;
    }
    http_call_dispose(&call);
}

static void replay_vectors(const char *provider, const json_t *c, const struct answer *got, const json_t *want)
{
    AUTO_JSON *all = json_array();

    for (size_t i = 0; i < got->vector_count; i++) {
        json_t *one = json_array();

        for (size_t k = 0; k < got->vectors[i].count; k++)
            json_array_append_new(one, json_real(got->vectors[i].at[k]));
        json_array_append_new(all, one);
    }
    replay_json(provider, c, "vectors", all, want);
}

static void replay_answer(const char *provider, const json_t *c, const struct answer *got, enum err_code code,
                          const struct err *e)
{
    const json_t *want = json_child(c, "answer");
    AUTO_JSON *usage = got->usage_reported ? usage_to_json(&got->usage) : NULL;
    char cost[MONEY_TEXT];

    if (code != ERR_OK) {
        replay_wrong(provider, c, "decode's sentence", str_c(e->text), S("no error"));
        return;
    }
    replay_str(provider, c, "text", got->text, json_child(want, "text"));
    replay_str(provider, c, "reasoning", got->reasoning, json_child(want, "reasoning"));
    replay_str(provider, c, "finish", str_c(finish_name(got->finish)), json_child(want, "finish"));
    replay_str(provider, c, "finish_native", got->finish_native, json_child(want, "finish_native"));
    replay_str(provider, c, "model_version", got->model_version, json_child(want, "model_version"));
    replay_str(provider, c, "response_id", got->response_id, json_child(want, "response_id"));
    replay_str(provider, c, "upstream", got->upstream, json_child(want, "upstream"));
    replay_str(provider, c, "cost", str_c(money_exact(got->cost_reported_nanousd, cost)), json_child(want, "cost"));
    replay_json(provider, c, "usage", usage, json_child(want, "usage"));
    replay_json(provider, c, "tool_calls", got->tool_calls, json_child(want, "tool_calls"));
    replay_json(provider, c, "raw", got->raw, json_child(want, "raw"));
    replay_vectors(provider, c, got, json_child(want, "vectors"));
}

static void replay_failure(const char *provider, const json_t *c, enum err_code code, const struct failure *f,
                           const struct err *e)
{
    const json_t *want = json_child(c, "failure");

    replay_str(provider, c, "code", str_c(err_name(code)), json_child(want, "code"));
    replay_str(provider, c, "refused_param", f->refused_param, json_child(want, "refused_param"));
    if (json_child(want, "retryable") && json_get_bool(want, "retryable", false) != f->retryable)
        replay_wrong(provider, c, "retryable", f->retryable ? S("true") : S("false"), S("the other"));
    if (json_get_i64(want, "retry_after_ms", f->retry_after_ms) != f->retry_after_ms)
        replay_wrong(provider, c, "retry_after_ms", S("another"), S("as written"));
    if (!str_contains(str_c(e->text), json_get_str(want, "says")))
        replay_wrong(provider, c, "sentence", str_c(e->text), json_get_str(want, "says"));
    if (json_get_str(want, "hides").len && str_contains(str_c(e->text), json_get_str(want, "hides")))
        replay_wrong(provider, c, "sentence", str_c(e->text), S("one without the key"));
    CHECK(strlen(e->text) < 600);
}

static void replay_plain(const struct provider *p, const json_t *c, const struct request *rq, struct arena *a)
{
    const json_t *headers = json_child(c, "answer_headers"), *value;
    struct http_header list[8];
    AUTO_BUF struct buf body = BUF_INIT(1 << 20);
    struct http_answer in = { .status = (int)json_get_i64(c, "status", 200), .headers = list };
    struct answer out = { 0 };
    struct failure f = { .retry_after_ms = -1 };
    struct err e = ERR_INIT;
    const char *name;
    enum err_code code;

    json_object_foreach((json_t *)headers, name, value)
        list[in.header_count++] = (struct http_header){ str_c(name), json_to_str(value) };
    if (json_is_string(json_child(c, "received")))
        buf_append(&body, json_get_str(c, "received"));
    else
        json_write(json_child(c, "received"), &body);
    in.body = buf_str(&body);
    code = provider_decode(p, rq, &in, a, &out, &f, &e);
    if (json_child(c, "failure"))
        replay_failure(p->name, c, code, &f, &e);
    else
        replay_answer(p->name, c, &out, code, &e);
}

/* `frames:` is a list of {event, data}, for what no text file can hold. */
static void replay_u32(struct buf *out, size_t n)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_byte(out, (char)(n >> shift));
}

static void replay_frame(struct buf *out, struct str event, struct str data)
{
    AUTO_BUF struct buf head = BUF_INIT(1000);
    size_t from = out->len;
    struct str name = str_ends(event, S("Exception")) ? S(":exception-type") : S(":event-type");

    buf_byte(&head, (char)name.len);
    buf_append(&head, name);
    buf_byte(&head, 7);
    buf_byte(&head, 0);
    buf_byte(&head, (char)event.len);
    buf_append(&head, event);
    replay_u32(out, 12 + head.len + data.len + 4);
    replay_u32(out, head.len);
    replay_u32(out, hash_crc32(str_from(buf_str(out), from)));
    buf_append(out, buf_str(&head));
    buf_append(out, data);
    replay_u32(out, hash_crc32(str_from(buf_str(out), from)));
}

static struct str replay_bytes(const json_t *c, struct arena *a)
{
    AUTO_BUF struct buf out = BUF_INIT(1 << 20);
    const json_t *frame;
    size_t i;

    if (json_child(c, "stream"))
        return json_get_str(c, "stream");
    json_array_foreach(json_child(c, "frames"), i, frame)
        replay_frame(&out, json_get_str(frame, "event"), json_get_str(frame, "data"));
    if (json_child(c, "cut"))
        buf_truncate(&out, out.len - (size_t)json_get_i64(c, "cut", 0));
    return arena_strdup(a, buf_str(&out));
}

static enum err_code replay_feed(const struct provider *p, const struct request *rq, struct str bytes, size_t step,
                                 struct stream *st, struct err *e)
{
    struct framing framing;
    struct framing_event ev;
    enum err_code code = ERR_OK;
    bool got;

    framing_init(&framing, p->framing, 0);
    while (bytes.len && code == ERR_OK) {
        struct str piece = str_sub(bytes, 0, MIN(step, bytes.len));

        bytes = str_from(bytes, piece.len);
        while (code == ERR_OK && (code = framing_next(&framing, &piece, &ev, &got, e)) == ERR_OK && got)
            code = p->decode_event(rq, ev.event, ev.data, st, e);
    }
    if (code == ERR_OK && (code = framing_end(&framing, &ev, &got, e)) == ERR_OK && got)
        code = p->decode_event(rq, ev.event, ev.data, st, e);
    framing_dispose(&framing);
    return code;
}

static void replay_stream(const struct provider *p, const json_t *c, const struct request *rq, struct arena *a)
{
    static const size_t steps[] = { SIZE_MAX, 1, 7 };

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct stream st = { .arena = a, .text = BUF_INIT(1 << 20), .reasoning = BUF_INIT(1 << 20),
                             .answer = { .cost_reported_nanousd = MONEY_UNKNOWN } };
        struct err e = ERR_INIT;
        enum err_code code = replay_feed(p, rq, replay_bytes(c, a), steps[i], &st, &e);

        st.answer.text = arena_strdup(a, str_trim(buf_str(&st.text)));
        st.answer.reasoning = arena_strdup(a, str_trim(buf_str(&st.reasoning)));
        if (json_child(c, "failure"))
            replay_failure(p->name, c, code, &st.failure, &e);
        else
            replay_answer(p->name, c, &st.answer, code, &e);
        if (json_get_bool(c, "ended", true) != st.ended && !json_child(c, "failure"))
            replay_wrong(p->name, c, "ended", st.ended ? S("true") : S("false"), S("the other"));
        json_decref(st.tools);
        buf_dispose(&st.text);
        buf_dispose(&st.reasoning);
    }
}

static void replay_case(const struct provider *p, const json_t *c)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct model model = { .provider = str_c(p->name), .id = json_get_str(c, "model") };
    struct request rq;

    if (!model.id.len)
        model.id = S("some-model");
    replay_request(c, a, &model, &rq);
    if (json_child(c, "sent") || json_child(c, "url") || json_child(c, "rejected"))
        replay_encode(p, c, &rq, a);
    if (json_child(c, "received"))
        replay_plain(p, c, &rq, a);
    if (json_child(c, "stream") || json_child(c, "frames"))
        replay_stream(p, c, &rq, a);
}

static void replay(const char *name)
{
    const struct provider *p = provider_find(str_c(name));
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf text = BUF_INIT(1 << 20), path = BUF_INIT(1000);
    AUTO_JSON *cases = NULL;
    struct doc_node *doc;
    struct err e = ERR_INIT;
    json_t *c;
    size_t i;

    REQUIRE(p);
    buf_printf(&path, "%s/provider/%s.yaml", replay_folder(), name);
    if (file_read(buf_cstr(&path), 1 << 20, &text, &e) != ERR_OK ||
        doc_read(buf_str(&path), buf_str(&text), DOC_YAML, a, &doc, &e) != ERR_OK) {
        test_fail(__FILE__, __LINE__, "%s", e.text);
        return;
    }
    cases = doc_to_json(doc);
    CHECK(json_array_size(cases) >= REPLAY_CASES_MIN);
    json_array_foreach(cases, i, c)
        replay_case(p, c);
}

TEST(anthropic_replays) { replay("anthropic"); }
TEST(azure_openai_replays) { replay("azure-openai"); }
TEST(bedrock_replays) { replay("bedrock"); }
TEST(cohere_replays) { replay("cohere"); }
TEST(deepseek_replays) { replay("deepseek"); }
TEST(exec_replays) { replay("exec"); }
TEST(fireworks_replays) { replay("fireworks"); }
TEST(google_replays) { replay("google"); }
TEST(groq_replays) { replay("groq"); }
TEST(mistral_replays) { replay("mistral"); }
TEST(ollama_replays) { replay("ollama"); }
TEST(openai_replays) { replay("openai"); }
TEST(openai_compatible_replays) { replay("openai-compatible"); }
TEST(openai_responses_replays) { replay("openai-responses"); }
TEST(openrouter_replays) { replay("openrouter"); }
TEST(sim_replays) { replay("sim"); }
TEST(together_replays) { replay("together"); }
TEST(xai_replays) { replay("xai"); }

TEST(providers_are_sorted_and_complete)
{
    for (size_t i = 0; provider_at(i); i++) {
        const struct provider *p = provider_at(i);

        CHECK(p->name && p->label && p->encode && p->decode);
        CHECK(!(p->caps & PROVIDER_STREAMS) == !p->decode_event);
        CHECK(i == 0 || strcmp(provider_at(i - 1)->name, p->name) < 0);
        CHECK(!p->key_needed || (p->key_variables && p->key_variables[0]));
        CHECK(provider_find(str_c(p->name)) == p);
    }
    CHECK(provider_find(S("OpenAI")) == provider_find(S("openai")));
    CHECK(provider_find(S("compat")) == provider_find(S("openai-compatible")));
    CHECK(!provider_find(S("nobody")));
}

TEST(providers_read_hostile_bodies_without_harm)
{
    static const char *const bodies[] = {
        "", " ", "null", "[]", "{}", "\"text\"", "{\"error\":null}", "{\"error\":[]}", "{\"error\":{\"message\":{}}}",
        "{\"choices\":{}}", "{\"choices\":[1]}", "{\"choices\":[{\"message\":{\"content\":{\"a\":1}}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"x\",\"tool_calls\":{}}}],\"usage\":{\"prompt_tokens\":-5}}",
        "{\"choices\":[{\"message\":{}}],\"usage\":{\"prompt_tokens\":1e300,\"completion_tokens\":9e18}}",
        "{\"content\":{}}",
        "{\"content\":[1,{\"type\":\"tool_use\"}]}",
        "{\"candidates\":[{\"content\":{\"parts\":[1]}}]}",
        "{\"message\":{\"content\":7}}",
        "{\"message\":[],\"done\":true}",
        "\xff\xfe",
        "{\"detail\":[[],{\"loc\":{}}]}",
        "[{\"error\":{\"code\":429}}]",
        "<html><title>",
    };
    static const int statuses[] = { 0, 200, 204, 301, 400, 404, 429, 500, 999 };
    struct model model = { .id = S("m") };
    struct request rq = { .model = &model };

    for (size_t p = 0; provider_at(p); p++)
        for (size_t i = 0; i < COUNT_OF(bodies); i++)
            for (size_t k = 0; k < COUNT_OF(statuses); k++) {
                AUTO_ARENA *a = arena_new_sized(0);
                struct http_answer in = { .status = statuses[k], .body = str_c(bodies[i]) };
                struct answer out = { 0 };
                struct failure f = { 0 };
                struct err e = ERR_INIT;
                enum err_code code = provider_at(p)->decode(&rq, &in, a, &out, &f, &e);

                CHECK((code == ERR_OK) == (e.code == ERR_OK));
                CHECK(code == ERR_OK || (e.text[0] && e.code == code));
                CHECK(out.usage.input >= 0 && out.usage.output >= 0 && out.usage.output < INT64_C(2000000000001));
            }
}

TEST(provider_codes_follow_the_status)
{
    static const struct { int status; enum err_code code; } rows[] = {
        { 200, ERR_OK }, { 400, ERR_REJECTED }, { 401, ERR_AUTH }, { 402, ERR_QUOTA }, { 403, ERR_AUTH },
        { 404, ERR_NO_MODEL }, { 408, ERR_TIMEOUT }, { 409, ERR_SERVER }, { 413, ERR_REJECTED }, { 418, ERR_UNKNOWN },
        { 422, ERR_REJECTED }, { 425, ERR_SERVER }, { 429, ERR_RATE_LIMIT }, { 500, ERR_SERVER }, { 529, ERR_SERVER },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK_INT(provider_code_of_status(rows[i].status), rows[i].code);
}
