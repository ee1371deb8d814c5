#include "llm/provider/chat.h"
#include "llm/provider/embed.h"

/* Open models as "accounts/fireworks/models/NAME"; a bare NAME is understood and completed. */
static struct str fireworks_effort(struct str id, struct str effort)
{
    static const char *const reasoning[] = { "gpt-oss", "qwen3", "deepseek-", "glm-", NULL };
    ptrdiff_t models = str_find(id, S("/models/"));

    if (models >= 0)
        id = str_from(id, (size_t)models + 8);
    if (!wire_starts_any(id, reasoning))
        return STR_NONE;
    return str_is(effort, "minimal") ? S("low") : str_is(effort, "xhigh") ? S("high") : effort;
}

static const struct chat_dialect fireworks_dialect = {
    .label = "Fireworks", .seed = "seed", .seed_max = INT64_MAX, .temperature_max = 2, .stops_max = 4,
    .effort = fireworks_effort,
};

static enum err_code fireworks_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                      struct arena *a, struct http_call *out, struct err *e)
{
    struct model whole = *rq->model;
    struct request named = *rq;

    if (str_find_byte(whole.id, '/') < 0)
        whole.id = arena_printf(a, "accounts/fireworks/models/" STR_FMT, STR_ARG(whole.id));
    named.model = &whole;
    return chat_encode(&fireworks_dialect, &named, base_url, q, a, out, e);
}

CHAT_DECODE_SLOTS(fireworks)

const struct provider provider_fireworks = {
    .name = "fireworks", .label = "Fireworks AI",
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .base_url = "https://api.fireworks.ai/inference/v1",
    .base_url_variables = (const char *const[]){ "FIREWORKS_BASE_URL", NULL },
    .key_variables = (const char *const[]){ "FIREWORKS_API_KEY", NULL },
    .key_needed = true, .auth = AUTH_BEARER, .framing = FRAMING_SSE,
    .id_prefixes = (const char *const[]){ "accounts/fireworks/", NULL },
    .encode = fireworks_encode, .decode = fireworks_decode, .decode_event = fireworks_decode_event,
    .embed_encode = embed_encode, .embed_decode = embed_decode,
};
