#include "llm/provider/chat.h"

/* No seed, no schema, no effort; the reasoner ignores what steers sampling, so that is not sent and said so. */
static void deepseek_family(struct str id, const struct params *p, struct chat_family *out)
{
    (void)p;
    out->no_seed = out->no_schema = out->no_effort = true;
    out->no_sampling = out->no_penalties = wire_family(id, "deepseek-reasoner");
}

static const struct chat_dialect deepseek_dialect = {
    .label = "DeepSeek",
    .seed = "seed",
    .temperature_max = 2,
    .stops_max = 16,
    .no_top_k = true,
    .alternates = true,
    .json_needs_word = true,
    .family = deepseek_family,
};

static enum err_code deepseek_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                     struct arena *a, struct http_call *out, struct err *e)
{
    return chat_encode(&deepseek_dialect, rq, base_url, q, a, out, e);
}

static enum err_code deepseek_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                     struct answer *out, struct failure *f, struct err *e)
{
    return chat_decode(&deepseek_dialect, rq, in, a, out, f, e);
}

static enum err_code deepseek_decode_event(const struct request *rq, struct str event, struct str data,
                                           struct stream *st, struct err *e)
{
    (void)event;
    return chat_decode_event(&deepseek_dialect, rq, data, st, e);
}

const struct provider provider_deepseek = {
    .name = "deepseek", .label = "DeepSeek",
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_JSON,
    .base_url = "https://api.deepseek.com",
    .base_url_variables = (const char *const[]){ "DEEPSEEK_BASE_URL", NULL },
    .key_variables = (const char *const[]){ "DEEPSEEK_API_KEY", NULL },
    .key_needed = true, .auth = AUTH_BEARER, .framing = FRAMING_SSE,
    .id_prefixes = (const char *const[]){ "deepseek-", NULL },
    .encode = deepseek_encode, .decode = deepseek_decode, .decode_event = deepseek_decode_event,
};
