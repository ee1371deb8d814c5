#include "llm/provider/chat.h"
#include "llm/provider/embed.h"

/* Which efforts a model knows has changed with every generation: the nearest it knows is asked for, because leaving the
 * option out would buy the default, which may be the dearer one. */
struct str openai_effort(struct str id, struct str effort)
{
    bool least = str_is(effort, "none") || str_is(effort, "minimal"), most = str_is(effort, "xhigh");

    if (wire_family(id, "gpt-5-pro"))
        return S("high");
    if (str_starts(id, S("gpt-5.")))
        return str_is(effort, "minimal") ? S("low") : most && str_starts(id, S("gpt-5.1")) ? S("high") : effort;
    if (wire_family(id, "gpt-5"))
        return str_is(effort, "none") ? S("minimal") : most ? S("high") : effort;
    return least ? S("low") : most ? S("high") : effort;
}

/* Reasoning models refuse what steers sampling and want their budget under another name. gpt-5.1 and later take
 * sampling options again when they are told, or by default choose, not to reason. A fine-tuned model ("ft:o3...:org")
 * behaves like its base. */
void openai_family(struct str id, const struct params *p, struct chat_family *out)
{
    static const char *const reasoning[] = { "o1", "o3", "o4", "gpt-5", NULL };
    static const char *const early[] = { "o1-mini", "o1-preview", NULL };
    bool told, idle;

    if (str_starts(id, S("ft:")))
        id = str_from(id, 3);
    if (!wire_families(id, reasoning) || str_find(id, S("-chat")) >= 0) {
        out->no_effort = true;
        return;
    }
    told = params_has(p, PARAM_REASONING_EFFORT);
    idle = str_starts(id, S("gpt-5.")) && (!told || str_is(p->reasoning_effort, "none"));
    *out = (struct chat_family){
        .max_tokens = "max_completion_tokens", .reasons = !idle, .no_sampling = !idle, .no_penalties = true,
        .no_stop = !wire_family(id, "o1"), .no_effort = wire_families(id, early),
        .no_json = wire_families(id, early), .no_schema = wire_families(id, early),
        .system_role = wire_families(id, early) ? NULL : "developer",
    };
}

static const struct chat_dialect openai_dialect = {
    .label = "OpenAI", .seed = "seed", .seed_max = INT64_MAX, .temperature_max = 2, .stops_max = 4, .no_top_k = true,
    .json_needs_word = true, .effort = openai_effort, .family = openai_family,
};

static enum err_code openai_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                   struct arena *a, struct http_call *out, struct err *e)
{
    const char *organization = getenv("OPENAI_ORG_ID"), *project = getenv("OPENAI_PROJECT_ID");

    if (organization && *organization)
        http_call_header(out, "OpenAI-Organization", arena_strdup(a, str_c(organization)));
    if (project && *project)
        http_call_header(out, "OpenAI-Project", arena_strdup(a, str_c(project)));
    return chat_encode(&openai_dialect, rq, base_url, q, a, out, e);
}

static enum err_code openai_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                   struct answer *out, struct failure *f, struct err *e)
{
    return chat_decode(&openai_dialect, rq, in, a, out, f, e);
}

static enum err_code openai_decode_event(const struct request *rq, struct str event, struct str data, struct stream *st,
                                         struct err *e)
{
    (void)event;
    return chat_decode_event(&openai_dialect, rq, data, st, e);
}

const struct provider provider_openai = {
    .name = "openai", .label = "OpenAI",
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .base_url = "https://api.openai.com/v1",
    .base_url_variables = (const char *const[]){ "OPENAI_BASE_URL", NULL },
    .key_variables = (const char *const[]){ "OPENAI_API_KEY", NULL },
    .key_needed = true, .auth = AUTH_BEARER, .framing = FRAMING_SSE,
    .id_prefixes = (const char *const[]){ "gpt-", "chatgpt-", "ft:gpt-", "text-", "davinci", "babbage", NULL },
    .id_exact = (const char *const[]){ "o1", "o3", "o4", NULL },
    .encode = openai_encode, .decode = openai_decode, .decode_event = openai_decode_event,
    .embed_encode = embed_encode, .embed_decode = embed_decode,
};
