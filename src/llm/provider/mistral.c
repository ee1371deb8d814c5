#include "llm/provider/chat.h"
#include "llm/provider/embed.h"

static void mistral_family(struct str id, const struct params *p, struct chat_family *out)
{
    (void)id, (void)p;
    out->no_effort = true;
}

static const struct chat_dialect mistral_dialect = {
    .label = "Mistral", .seed = "random_seed", .seed_max = INT32_MAX, .temperature_max = 1.5, .stops_max = 16,
    .no_top_k = true, .alternates = true, .no_stream_options = true, .family = mistral_family,
};

static enum err_code mistral_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                    struct arena *a, struct http_call *out, struct err *e)
{
    return chat_encode(&mistral_dialect, rq, base_url, q, a, out, e);
}

static enum err_code mistral_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                    struct answer *out, struct failure *f, struct err *e)
{
    return chat_decode(&mistral_dialect, rq, in, a, out, f, e);
}

static enum err_code mistral_decode_event(const struct request *rq, struct str event, struct str data,
                                          struct stream *st, struct err *e)
{
    (void)event;
    return chat_decode_event(&mistral_dialect, rq, data, st, e);
}

const struct provider provider_mistral = {
    .name = "mistral", .label = "Mistral",
    .aliases = (const char *const[]){ "mistralai", NULL },
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .base_url = "https://api.mistral.ai/v1",
    .base_url_variables = (const char *const[]){ "MISTRAL_BASE_URL", NULL },
    .key_variables = (const char *const[]){ "MISTRAL_API_KEY", NULL },
    .key_needed = true, .auth = AUTH_BEARER, .framing = FRAMING_SSE,
    .id_prefixes = (const char *const[]){ "mistral-", "ministral-", "magistral-", "codestral", "devstral", "pixtral-",
                                          "open-mistral", "open-mixtral", NULL },
    .encode = mistral_encode, .decode = mistral_decode, .decode_event = mistral_decode_event,
    .embed_encode = embed_encode, .embed_decode = embed_decode,
};
