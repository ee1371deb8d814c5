/* tests/fuzz/fuzz_decode.c: any bytes as the answer of any provider. The promise: a sentence or an answer, never both;
 * counts that agree with each other; a refused field only where the request had one; nothing leaked.
 * Byte 0: provider. Byte 1: 0-7 a whole body with that status, 8 a stream, 9 rate-limit headers. */
#include "llm/framing.h"
#include "llm/ratelimit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_check(const struct answer *out)
{
    const struct usage *u = &out->usage;

    ASSERT(u->input >= 0 && u->cached >= 0 && u->cache_written >= 0 && u->cached + u->cache_written <= u->input);
    ASSERT(u->output >= 0 && u->reasoning >= 0 && u->reasoning <= u->output);
    ASSERT(str_eq(out->text, str_trim(out->text)));
    ASSERT(out->cost_reported_nanousd == MONEY_UNKNOWN || out->cost_reported_nanousd >= 0);
}

static void fuzz_stream(const struct provider *p, const struct request *rq, struct str bytes, struct arena *a)
{
    struct stream st = { .arena = a, .text = BUF_INIT(1 << 16), .reasoning = BUF_INIT(1 << 16),
                         .answer = { .cost_reported_nanousd = MONEY_UNKNOWN } };
    struct framing f;
    struct framing_event ev;
    struct err e = ERR_INIT;
    bool got;

    framing_init(&f, p->framing, 1 << 16);
    while (framing_next(&f, &bytes, &ev, &got, &e) == ERR_OK && got &&
           p->decode_event(rq, ev.event, ev.data, &st, &e) == ERR_OK)
        fuzz_check(
            &(struct answer){ .usage = st.answer.usage, .cost_reported_nanousd = st.answer.cost_reported_nanousd });
    framing_dispose(&f);
    json_decref(st.tools);
    buf_dispose(&st.text);
    buf_dispose(&st.reasoning);
}

static void fuzz_headers(struct str bytes)
{
    struct http_header headers[32];
    struct rate_info info;
    struct str line, rest = bytes;
    size_t n = 0;

    while (n < COUNT_OF(headers) && str_split(&rest, '\n', &line)) {
        ptrdiff_t colon = str_find_byte(line, ':');

        if (colon >= 0)
            headers[n++] = (struct http_header){ str_sub(line, 0, (size_t)colon), str_from(line, (size_t)colon + 1) };
    }
    ratelimit_read(headers, n, INT64_C(1763712000000), &info);
    ASSERT(info.retry_after_ms >= -1 && info.reset_requests_ms >= -1 && info.reset_tokens_ms >= -1);
    ASSERT(info.limit_requests >= -1 && info.remaining_requests >= -1 && info.limit_tokens >= -1 &&
           info.remaining_tokens >= -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = { 200, 400, 401, 403, 422, 429, 500, 301 };
    static const struct str stop = { "x", 1 };
    AUTO_ARENA *a = arena_new_sized(0);
    struct model model = { .id = { "m", 1 } };
    struct request rq = {
        .model = &model,
        .output = OUTPUT_JSON,
        .params = { .set = BIT(PARAM_TEMPERATURE) | BIT(PARAM_STOP), .stop = (struct str *)&stop, .stop_count = 1 }
    };
    struct answer out = { .cost_reported_nanousd = MONEY_UNKNOWN };
    struct failure f = { 0 };
    struct err e = ERR_INIT;
    struct http_answer in;
    const struct provider *p;
    size_t n = 0;

    if (size < 2 || size > 100000)
        return 0;
    while (provider_at(n))
        n++;
    p = provider_at(data[0] % n);
    in = (struct http_answer){ .status = statuses[data[1] % 8], .body = str_n((const char *)data + 2, size - 2) };
    if (data[1] % 10 == 8 && p->decode_event)
        fuzz_stream(p, &rq, in.body, a);
    else if (data[1] % 10 == 9)
        fuzz_headers(in.body);
    else if (p->decode(&rq, &in, a, &out, &f, &e) == ERR_OK)
        fuzz_check(&out);
    else
        ASSERT(e.code != ERR_OK && e.text[0] && !out.text.len);
    return 0;
}
