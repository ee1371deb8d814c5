#include "llm/provider/chat.h"

static const struct chat_dialect openrouter_dialect = {
    .label = "OpenRouter",
    .seed = "seed",
    .seed_max = INT64_MAX,
    .temperature_max = 2,
    .stops_max = 4,
    .openrouter = true,
};

static enum err_code openrouter_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                       struct arena *a, struct http_call *out, struct err *e)
{
    http_call_header(out, "X-Title", S("assay"));
    return chat_encode(&openrouter_dialect, rq, base_url, q, a, out, e);
}

static enum err_code openrouter_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                       struct answer *out, struct failure *f, struct err *e)
{
    return chat_decode(&openrouter_dialect, rq, in, a, out, f, e);
}

static enum err_code openrouter_decode_event(const struct request *rq, struct str event, struct str data,
                                             struct stream *st, struct err *e)
{
    (void)event;
    return chat_decode_event(&openrouter_dialect, rq, data, st, e);
}

const struct provider provider_openrouter = {
    .name = "openrouter", .label = "OpenRouter",
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .base_url = "https://openrouter.ai/api/v1",
    .base_url_variables = (const char *const[]){ "OPENROUTER_BASE_URL", NULL },
    .key_variables = (const char *const[]){ "OPENROUTER_API_KEY", NULL },
    .key_needed = true, .auth = AUTH_BEARER, .framing = FRAMING_SSE,
    .encode = openrouter_encode, .decode = openrouter_decode, .decode_event = openrouter_decode_event,
};
