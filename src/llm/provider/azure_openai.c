#include "llm/provider/chat.h"

/* OpenAI's models in a customer's own Azure resource: the model's id is the name of a deployment, the version of the
 * API stands in the query. It comes from `extra: {api_version: ...}`, else AZURE_OPENAI_API_VERSION, else
 * OPENAI_API_VERSION, else the newest stable one known here. An endpoint that ends in /v1 is Azure's newer address,
 * which wants no version and takes the deployment in the body. What a model takes is told by the deployment's name, and
 * so is its price: call a deployment like its model. */
#define AZURE_API_VERSION "2024-10-21"
#define AZURE_API_VERSION_MAX 64

static const char *const azure_own[] = { "api_version", NULL };

static const struct chat_dialect azure_openai_dialect = {
    .label = "Azure OpenAI", .seed = "seed", .seed_max = INT64_MAX, .temperature_max = 2, .stops_max = 4,
    .no_top_k = true, .json_needs_word = true, .effort = openai_effort, .family = openai_family,
    .own_extra = azure_own,
};

static struct str azure_version_of_environment(void)
{
    static const char *const names[] = { "AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION" };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *value = getenv(names[i]);

        if (value && *value)
            return str_trim(str_c(value));
    }
    return S(AZURE_API_VERSION);
}

static enum err_code azure_version(const struct request *rq, struct str *out, struct err *e)
{
    const json_t *extra = params_has(&rq->params, PARAM_EXTRA) ? rq->params.extra : NULL;
    const json_t *given = extra ? json_child(extra, "api_version") : NULL;

    if (given && !json_get_str(extra, "api_version").len)
        return err_set(e, ERR_REJECTED, "\"extra\": api_version must be a text such as \"" AZURE_API_VERSION "\"");
    *out = given ? json_get_str(extra, "api_version") : azure_version_of_environment();
    for (size_t i = 0; i < out->len; i++) {
        char c = out->at[i], low = (char)(c | 0x20);

        if (out->len > AZURE_API_VERSION_MAX || !((low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return err_set(e, ERR_REJECTED,
                           "the API version \"" STR_FMT "\" is not one: Azure's look like \"" AZURE_API_VERSION "\"",
                           STR_ARG(str_sub(*out, 0, AZURE_API_VERSION_MAX)));
    }
    return ERR_OK;
}

static enum err_code azure_openai_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                         struct arena *a, struct http_call *out, struct err *e)
{
    struct str version = STR_NONE;

    TRY(azure_version(rq, &version, e));
    TRY(chat_encode(&azure_openai_dialect, rq, base_url, q, a, out, e));
    if (str_ends(base_url, S("/v1")))
        return ERR_OK;
    buf_reset(&out->url);
    wire_url(&out->url, base_url, "/openai", "/deployments/");
    wire_url_part(&out->url, rq->model->id, false);
    buf_puts(&out->url, "/chat/completions?api-version=");
    wire_url_part(&out->url, version, false);
    return wire_check_body(out, e);
}

CHAT_DECODE_SLOTS(azure_openai)

const struct provider provider_azure_openai = {
    .name = "azure-openai", .label = "Azure OpenAI",
    .aliases = (const char *const[]){ "azure", NULL },
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .base_url_variables = (const char *const[]){ "AZURE_OPENAI_ENDPOINT", NULL },
    .key_variables = (const char *const[]){ "AZURE_OPENAI_API_KEY", NULL },
    .key_needed = true, .auth = AUTH_API_KEY, .framing = FRAMING_SSE, .priced_as = "openai",
    .encode = azure_openai_encode, .decode = azure_openai_decode, .decode_event = azure_openai_decode_event,
};
