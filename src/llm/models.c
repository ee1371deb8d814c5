#include "llm/provider/provider.h"
#include "token/token.h"

#define MODEL_TEXT_MAX 256

static bool models_is_plain(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] <= 0x20 || text.at[i] == 0x7f)
            return false;
    return str_is_utf8(text);
}

static enum err_code models_make(const struct provider *p, struct str id, struct arena *a, struct model *out,
                                 struct err *e)
{
    if (!id.len)
        return err_set(e, ERR_UNSUPPORTED_PROVIDER, "\"%s\" names a provider without a model: write %s:MODEL", p->name,
                       p->name);
    out->provider = str_c(p->name);
    out->id = arena_strdup(a, id);
    out->name = arena_printf(a, "%s:" STR_FMT, p->name, STR_ARG(id));
    return ERR_OK;
}

static struct str models_known(struct arena *a)
{
    AUTO_BUF struct buf names = BUF_INIT(600);

    for (size_t i = 0; provider_at(i); i++)
        buf_printf(&names, "%s%s", i ? ", " : "", provider_at(i)->name);
    return arena_strdup(a, buf_str(&names));
}

/* What stands before `sep` may be a misspelt provider; then the nearest is worth telling. A model's family may look
 * like one too ("llama3:8b" is no "ollama"): two slips and another first letter are not taken for a misspelling. */
static bool models_near(struct str text, char sep, char hint[160], struct str *word)
{
    ptrdiff_t at = str_find_byte(text, sep);
    struct suggest near;

    if (at <= 0)
        return false;
    *word = str_sub(text, 0, (size_t)at);
    suggest_begin(&near, *word);
    provider_suggest(&near);
    suggest_hint(&near, hint);
    return suggest_best(&near).len > 0 &&
           (near.best_distance <= 1 || (word->at[0] | 0x20) == (suggest_best(&near).at[0] | 0x20));
}

enum err_code llm_model_resolve(struct str text, struct arena *a, struct model *out, struct err *e)
{
    static const char seps[] = { ':', '/' };
    const struct provider *p;
    struct str word;
    char hint[160];

    text = str_trim(text);
    if (!text.len)
        return err_set(e, ERR_UNSUPPORTED_PROVIDER,
                       "a model's name is empty: write provider:model, such as openai:gpt-4o-mini");
    if (text.len > MODEL_TEXT_MAX || !models_is_plain(text))
        return err_set(e, ERR_UNSUPPORTED_PROVIDER,
                       "a model's name must be one word of at most %d bytes; this is \"" STR_FMT "\"", MODEL_TEXT_MAX,
                       STR_ARG(str_utf8_head(text, 80)));
    for (size_t i = 0; i < COUNT_OF(seps); i++) { /* the first colon, then the first slash */
        ptrdiff_t at = str_find_byte(text, seps[i]);

        p = at > 0 ? provider_find(str_sub(text, 0, (size_t)at)) : NULL;
        if (p)
            return models_make(p, str_from(text, (size_t)at + 1), a, out, e);
    }
    p = provider_guess(text);
    if (p)
        return models_make(p, text, a, out, e);
    for (size_t i = 0; i < COUNT_OF(seps); i++)
        if (models_near(text, seps[i], hint, &word))
            return err_set(e, ERR_UNSUPPORTED_PROVIDER, "there is no provider \"" STR_FMT "\"%s; known are " STR_FMT,
                           STR_ARG(word), hint, STR_ARG(models_known(a)));
    if (provider_find(text))
        return models_make(provider_find(text), STR_NONE, a, out, e);
    return err_set(e, ERR_UNSUPPORTED_PROVIDER,
                   "cannot tell the provider of model \"" STR_FMT "\": write it in front, such as %s:" STR_FMT
                   "; known are " STR_FMT,
                   STR_ARG(text), str_find_byte(text, '/') > 0 ? "openrouter" : "ollama", STR_ARG(text),
                   STR_ARG(models_known(a)));
}

int64_t llm_request_tokens(const struct request *rq)
{
    struct token_counter counter = token_counter_for(rq->model->id);

    int64_t n = 0;

    for (size_t i = 0; i < rq->text_count; i++)
        n += token_counter_text(&counter, rq->texts[i]);
    return n ? n : token_count_request(&counter, rq->messages, rq->message_count, rq->tools).total;
}
