#include "llm/provider/chat.h"

/* Open models on Groq's own chips. Penalties are in its reference as "not yet supported by any of our models". What
 * reasons says so by its name, and each family has efforts of its own; a schema is held to by some families only. */
static struct str groq_effort(struct str id, struct str effort)
{
    bool least = str_is(effort, "none") || str_is(effort, "minimal"), most = str_is(effort, "xhigh");

    if (str_starts(id, S("openai/gpt-oss")))
        return least ? S("low") : most ? S("high") : effort;
    if (str_starts(id, S("qwen/qwen3")))
        return least ? S("none") : S("default");
    return STR_NONE;
}

static void groq_family(struct str id, const struct params *p, struct chat_family *out)
{
    static const char *const with_schema[] = { "openai/gpt-oss", "moonshotai/kimi-k2", "meta-llama/llama-4", NULL };
    static const char *const reasoning[] = { "openai/gpt-oss", "qwen/qwen3", "deepseek-r1", NULL };

    (void)p;
    out->max_tokens = "max_completion_tokens";
    out->no_penalties = true;
    out->no_schema = !wire_starts_any(id, with_schema);
    out->reasons = wire_starts_any(id, reasoning);
}

static const struct chat_dialect groq_dialect = {
    .label = "Groq", .seed = "seed", .seed_max = INT64_MAX, .temperature_max = 2, .stops_max = 4, .no_top_k = true,
    .json_needs_word = true, .effort = groq_effort, .family = groq_family,
};

CHAT_SLOTS(groq)

const struct provider provider_groq = {
    .name = "groq", .label = "Groq",
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .base_url = "https://api.groq.com/openai/v1",
    .base_url_variables = (const char *const[]){ "GROQ_BASE_URL", NULL },
    .key_variables = (const char *const[]){ "GROQ_API_KEY", NULL },
    .key_needed = true, .auth = AUTH_BEARER, .framing = FRAMING_SSE,
    .encode = groq_encode, .decode = groq_decode, .decode_event = groq_decode_event,
};
