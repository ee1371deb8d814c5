#include "llm/provider/chat.h"
#include "llm/provider/embed.h"

/* Whatever speaks chat completions: vLLM, llama.cpp, LM Studio, a gateway. Nothing is assumed about its families: what
 * a server refuses is learnt from its answer. */
static const struct chat_dialect openai_compatible_dialect = {
    .label = "OpenAI-compatible server", .seed = "seed", .seed_max = INT64_MAX, .temperature_max = 2, .stops_max = 16,
};

static enum err_code openai_compatible_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                              struct arena *a, struct http_call *out, struct err *e)
{
    return chat_encode(&openai_compatible_dialect, rq, base_url, q, a, out, e);
}

static enum err_code openai_compatible_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                              struct answer *out, struct failure *f, struct err *e)
{
    return chat_decode(&openai_compatible_dialect, rq, in, a, out, f, e);
}

static enum err_code openai_compatible_decode_event(const struct request *rq, struct str event, struct str data,
                                                    struct stream *st, struct err *e)
{
    (void)event;
    return chat_decode_event(&openai_compatible_dialect, rq, data, st, e);
}

const struct provider provider_openai_compatible = {
    .name = "openai-compatible", .label = "OpenAI-compatible server",
    .aliases = (const char *const[]){ "compat", "vllm", "llamacpp", "lmstudio", NULL },
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .base_url = "http://localhost:8000/v1",
    .base_url_variables = (const char *const[]){ "OPENAI_COMPATIBLE_BASE_URL", NULL },
    .key_variables = (const char *const[]){ "OPENAI_COMPATIBLE_API_KEY", NULL },
    .key_needed = false,
    .auth = AUTH_BEARER,
    .framing = FRAMING_SSE,
    .encode = openai_compatible_encode,
    .decode = openai_compatible_decode,
    .decode_event = openai_compatible_decode_event,
    .embed_encode = embed_encode, .embed_decode = embed_decode,
};
