#include "llm/provider/chat.h"
#include "llm/provider/embed.h"

/* Open models by their names on Hugging Face: "meta-llama/Llama-3.3-70B-Instruct-Turbo". Efforts are gpt-oss's only. */
static struct str together_effort(struct str id, struct str effort)
{
    bool least = str_is(effort, "none") || str_is(effort, "minimal"), most = str_is(effort, "xhigh");

    return !str_starts(id, S("openai/gpt-oss")) ? STR_NONE : least ? S("low") : most ? S("high") : effort;
}

static void together_family(struct str id, const struct params *p, struct chat_family *out)
{
    static const char *const reasoning[] = { "openai/gpt-oss", "deepseek-ai/DeepSeek-R1", NULL };

    (void)p;
    out->reasons = wire_starts_any(id, reasoning);
}

static const struct chat_dialect together_dialect = {
    .label = "Together", .seed = "seed", .seed_max = INT64_MAX, .temperature_max = 2, .stops_max = 16,
    .effort = together_effort, .family = together_family,
};

CHAT_SLOTS(together)

const struct provider provider_together = {
    .name = "together", .label = "Together AI",
    .aliases = (const char *const[]){ "togetherai", NULL },
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .base_url = "https://api.together.xyz/v1",
    .base_url_variables = (const char *const[]){ "TOGETHER_BASE_URL", NULL },
    .key_variables = (const char *const[]){ "TOGETHER_API_KEY", NULL },
    .key_needed = true, .auth = AUTH_BEARER, .framing = FRAMING_SSE,
    .encode = together_encode, .decode = together_decode, .decode_event = together_decode_event,
    .embed_encode = embed_encode, .embed_decode = embed_decode,
};
