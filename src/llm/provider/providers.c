#include "llm/provider/provider.h"

/* The one list, sorted; a name here is declared, linked and found. */
#define PROVIDERS(X)                                                                               \
    X(anthropic)                                                                                   \
    X(azure_openai)                                                                                \
    X(bedrock)                                                                                     \
    X(cohere)                                                                                      \
    X(deepseek)                                                                                    \
    X(exec)                                                                                        \
    X(fireworks)                                                                                   \
    X(google)                                                                                      \
    X(groq)                                                                                        \
    X(mistral)                                                                                     \
    X(ollama)                                                                                      \
    X(openai)                                                                                      \
    X(openai_compatible)                                                                           \
    X(openai_responses)                                                                            \
    X(openrouter)                                                                                  \
    X(sim)                                                                                         \
    X(together)                                                                                    \
    X(xai)

#define X(id) extern const struct provider provider_##id;
PROVIDERS(X)
#undef X
#define X(id) &provider_##id,
static const struct provider *const providers[] = { PROVIDERS(X) };
#undef X

const struct provider *provider_at(size_t i)
{
    return i < COUNT_OF(providers) ? providers[i] : NULL;
}

const struct provider *provider_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(providers); i++) {
        if (str_ieq(name, str_c(providers[i]->name)))
            return providers[i];
        for (const char *const *alias = providers[i]->aliases; alias && *alias; alias++)
            if (str_ieq(name, str_c(*alias)))
                return providers[i];
    }
    return NULL;
}

static bool provider_owns(const struct provider *p, struct str id)
{
    for (const char *const *prefix = p->id_prefixes; prefix && *prefix; prefix++)
        if (str_istarts(id, str_c(*prefix)))
            return true;
    for (const char *const *whole = p->id_exact; whole && *whole; whole++)
        if (str_istarts(id, str_c(*whole)) && (id.len == strlen(*whole) || id.at[strlen(*whole)] == '-'))
            return true;
    return false;
}

const struct provider *provider_guess(struct str model_id)
{
    for (size_t i = 0; i < COUNT_OF(providers); i++)
        if (provider_owns(providers[i], model_id))
            return providers[i];
    return NULL;
}

void provider_suggest(struct suggest *s)
{
    for (size_t i = 0; i < COUNT_OF(providers); i++)
        suggest_offer(s, str_c(providers[i]->name));
}

void http_call_init(struct http_call *c)
{
    *c = (struct http_call){ .url = BUF_INIT(8192), .body = BUF_INIT(HTTP_CALL_BODY_MAX), .argv = BUF_INIT(128 * 1024),
                             .env = BUF_INIT(128 * 1024),
                            .dropped = BUF_INIT(1024) };
}

void http_call_header(struct http_call *c, const char *name, struct str value)
{
    ASSERT(c->header_count < HTTP_CALL_HEADERS_MAX);
    c->headers[c->header_count].name = name;
    c->headers[c->header_count++].value = value;
}

void http_call_dispose(struct http_call *c)
{
    buf_dispose(&c->url);
    buf_dispose(&c->body);
    buf_dispose(&c->argv);
    buf_dispose(&c->env);
    buf_dispose(&c->dropped);
}

struct str http_answer_header(const struct http_answer *in, const char *name)
{
    for (size_t i = 0; i < in->header_count; i++)
        if (str_ieq(in->headers[i].name, str_c(name)))
            return in->headers[i].value;
    return STR_NONE;
}

bool quirks_refuse(const struct quirks *q, const char *vendor_field)
{
    for (size_t i = 0; q && i < q->refused_count; i++)
        if (str_is(q->refused[i], vendor_field))
            return true;
    return false;
}

enum err_code provider_code_of_status(int http_status)
{
    switch (http_status) {
    case 200 ... 299: return ERR_OK;
    case 401: case 403: return ERR_AUTH;
    case 402: return ERR_QUOTA;
    case 404: return ERR_NO_MODEL;
    case 408: return ERR_TIMEOUT;
    case 400: case 413: case 422: return ERR_REJECTED;
    case 409: case 425: return ERR_SERVER;
    case 429: return ERR_RATE_LIMIT;
    case 500 ... 599: return ERR_SERVER;
    default: return ERR_UNKNOWN;
    }
}
