/* src/sim/wire/wires.c: the one list of vendors, and which path belongs to whom. */
#include "http/http.h"
#include "sim/wire/wire.h"

/* Bare paths go to the first whose routes have them, so OpenAI-compatible takes /v1/chat/completions and /v1/models. */
#define SIM_VENDORS(X) X(compat) X(anthropic) X(google) X(ollama) X(ollama_chat) X(openrouter) X(openai) X(xai) X(deepseek) X(mistral) \
    X(responses) X(azure) X(groq) X(together) X(fireworks) X(cohere) X(bedrock)

#define X(id) extern const struct sim_vendor sim_vendor_##id;
SIM_VENDORS(X)
#undef X
#define X(id) &sim_vendor_##id,
static const struct sim_vendor *const sim_vendors[] = { SIM_VENDORS(X) };
#undef X

static const struct { const char *suffix; enum sim_op op; } google_calls[] = {
    { ":generateContent", SIM_OP_CHAT }, { ":streamGenerateContent", SIM_OP_STREAM }, { ":countTokens", SIM_OP_COUNT },
    { ":batchEmbedContents", SIM_OP_EMBED },
};

/* "/v1/models/x:generateContent" is nobody else's, though others have models there too. */
static bool google_owns(struct str path)
{
    for (size_t i = 0; i < COUNT_OF(google_calls); i++)
        if (str_ends(path, str_c(google_calls[i].suffix)))
            return true;
    return false;
}

static bool route_match(const struct sim_vendor *v, struct str path, struct arena *a, enum sim_op *op,
                        struct str *model)
{
    for (const struct sim_route *r = v->routes; r->pattern; r++) {
        struct str params[HTTP_PARAMS];
        size_t n;

        if (!http_match(r->pattern, path, a, params, &n))
            continue;
        *op = r->op;
        *model = n ? params[0] : str_n("", 0);
        for (size_t i = 0; v->auth == SIM_AUTH_GOOGLE && n && i < COUNT_OF(google_calls); i++)
            if (str_ends(*model, str_c(google_calls[i].suffix))) {
                *op = google_calls[i].op;
                model->len -= strlen(google_calls[i].suffix);
                break;
            }
        return true;
    }
    return false;
}

const struct sim_vendor *sim_route(struct str path, bool anthropic_header, struct arena *a, enum sim_op *op,
                                   struct str *model)
{
    for (size_t i = 0; i < COUNT_OF(sim_vendors); i++) {
        const struct sim_vendor *v = sim_vendors[i];
        struct str prefix = str_c(v->prefix);

        if (prefix.len && str_starts(path, prefix) && path.len > prefix.len && path.at[prefix.len] == '/' &&
            route_match(v, str_from(path, prefix.len), a, op, model))
            return v;
    }
    for (size_t i = anthropic_header ? 1 : 0; i < COUNT_OF(sim_vendors); i++)
        if ((!google_owns(path) || sim_vendors[i]->auth == SIM_AUTH_GOOGLE) &&
            route_match(sim_vendors[i], path, a, op, model))
            return sim_vendors[i];
    return NULL;
}
