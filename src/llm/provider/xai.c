#include "llm/provider/chat.h"

/* grok-3-mini knows two efforts; the other reasoning models think as they like and refuse the option. */
static struct str xai_effort(struct str id, struct str effort)
{
    static const char *const fixed[] = { "grok-2", "grok-3", "grok-4", "grok-code", NULL };

    if (wire_families(id, (const char *const[]){ "grok-3-mini", NULL }))
        return str_is(effort, "high") || str_is(effort, "xhigh") || str_is(effort, "medium") ? S("high") : S("low");
    return wire_families(id, fixed) ? STR_NONE : effort;
}

static void xai_family(struct str id, const struct params *p, struct chat_family *out)
{
    static const char *const reasoning[] = { "grok-3-mini", "grok-4", "grok-code", NULL };

    (void)p;
    if (wire_families(id, reasoning) && str_ifind(id, S("non-reasoning")) < 0)
        out->no_stop = out->no_penalties = true;
}

static const struct chat_dialect xai_dialect = {
    .label = "xAI", .seed = "seed", .seed_max = INT32_MAX, .temperature_max = 2, .stops_max = 4, .no_top_k = true,
    .reasoning_outside = true, .effort = xai_effort, .family = xai_family,
};

static enum err_code xai_encode(const struct request *rq, struct str base_url, const struct quirks *q, struct arena *a,
                                struct http_call *out, struct err *e)
{
    return chat_encode(&xai_dialect, rq, base_url, q, a, out, e);
}

static enum err_code xai_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                struct answer *out, struct failure *f, struct err *e)
{
    return chat_decode(&xai_dialect, rq, in, a, out, f, e);
}

static enum err_code xai_decode_event(const struct request *rq, struct str event, struct str data, struct stream *st,
                                      struct err *e)
{
    (void)event;
    return chat_decode_event(&xai_dialect, rq, data, st, e);
}

const struct provider provider_xai = {
    .name = "xai", .label = "xAI",
    .aliases = (const char *const[]){ "grok", NULL },
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .base_url = "https://api.x.ai/v1",
    .base_url_variables = (const char *const[]){ "XAI_BASE_URL", NULL },
    .key_variables = (const char *const[]){ "XAI_API_KEY", NULL },
    .key_needed = true, .auth = AUTH_BEARER, .framing = FRAMING_SSE,
    .id_prefixes = (const char *const[]){ "grok-", NULL },
    .encode = xai_encode, .decode = xai_decode, .decode_event = xai_decode_event,
};
