#include "sim/embed.h"

#include <math.h>

static bool sim_embed_word_byte(unsigned char c)
{
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void sim_embed_add(uint64_t word, double out[SIM_EMBED_SIZE])
{
    struct rng rng;

    rng_seed(&rng, word);
    for (size_t i = 0; i < SIM_EMBED_SIZE; i++)
        out[i] += rng_normal(&rng);
}

void sim_embed_vector(struct str text, double out[SIM_EMBED_SIZE])
{
    double squares = 0;
    bool some = false;

    memset(out, 0, SIM_EMBED_SIZE * sizeof *out);
    for (size_t i = 0; i < text.len;) {
        uint64_t word = 0;
        size_t from = i;

        for (; i < text.len && sim_embed_word_byte((unsigned char)text.at[i]); i++)
            word = rng_mix(word ^ (uint64_t)(text.at[i] >= 'A' && text.at[i] <= 'Z' ? text.at[i] + 32
                                                                                    : (unsigned char)text.at[i]));
        if (i == from) {
            i++;
            continue;
        }
        sim_embed_add(word, out);
        some = true;
    }
    if (!some)
        sim_embed_add(1, out);
    for (size_t i = 0; i < SIM_EMBED_SIZE; i++)
        squares += out[i] * out[i];
    for (size_t i = 0; i < SIM_EMBED_SIZE; i++)
        out[i] /= sqrt(squares);
}

/* Google: requests[].content.parts[].text; others: input, a text or a list of them. */
static const json_t *sim_embed_text(const struct sim_vendor *v, const json_t *one)
{
    return v->auth == SIM_AUTH_GOOGLE ? JSON_AT(one, "content", "parts", "0", "text") : one;
}

static void sim_embed_release(void *all)
{
    buf_dispose(all);
}

enum err_code sim_embed_read(const struct sim_vendor *v, struct sim_ask *ask, struct arena *a, struct str **texts,
                             size_t *count, struct err *e)
{
    const char *name = v->auth == SIM_AUTH_GOOGLE ? "requests" : "input";
    const json_t *list = json_child(ask->body, name);
    size_t n = json_is_string(list) ? 1 : json_array_size(list);
    struct buf *all = arena_new(a, struct buf);

    *all = BUF_INIT(SIM_BODY_MAX);
    arena_defer(a, sim_embed_release, all);
    if (!ask->model_asked.len)
        ask->model_asked = json_get_str(ask->body, "model");
    if (!ask->model_asked.len)
        return err_set(e, ERR_BAD_INPUT, "you must provide a model parameter");
    if (!n || n > SIM_EMBED_TEXTS)
        return err_set(e, ERR_BAD_INPUT, "'%s' must hold 1 to %d texts", name, SIM_EMBED_TEXTS);
    *texts = arena_array(a, struct str, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_is_string(list) ? list : sim_embed_text(v, json_array_get(list, i));

        if (!json_string_length(one))
            return err_set(e, ERR_BAD_INPUT, "'%s' must hold texts that are not empty; number %zu is none", name,
                           i + 1);
        (*texts)[i] = json_to_str(one);
        ask->hash = hash_bytes((*texts)[i], ask->hash);
        sim_texts_add(all, (*texts)[i]);
    }
    ask->user = ask->last_user = buf_str(all);
    *count = n;
    return ERR_OK;
}

static json_t *sim_embed_numbers(struct str text)
{
    double at[SIM_EMBED_SIZE];
    json_t *list = json_array();

    sim_embed_vector(text, at);
    for (size_t i = 0; i < SIM_EMBED_SIZE; i++)
        json_array_append_new(list, json_real(at[i]));
    return list;
}

json_t *sim_embed_body(const struct sim_vendor *v, const struct sim_ask *ask, const struct str *texts, size_t count,
                       int64_t tokens)
{
    bool google = v->auth == SIM_AUTH_GOOGLE,
         ollama = strcmp(v->name, "ollama") == 0 && strcmp(v->prefix, "/ollama") == 0;
    json_t *list = json_array(), *o = json_object();

    for (size_t i = 0; i < count; i++) {
        json_t *numbers = sim_embed_numbers(texts[i]);

        if (google)
            numbers = json_pack("{s:o}", "values", numbers);
        else if (!ollama)
            numbers = json_pack("{s:s, s:I, s:o}", "object", "embedding", "index", (json_int_t)i, "embedding", numbers);
        json_array_append_new(list, numbers);
    }
    if (google) {
        json_object_set_new(o, "embeddings", list);
        return o;
    }
    json_set_str(o, "model", ask->model_name);
    json_object_set_new(o, ollama ? "embeddings" : "data", list);
    if (ollama) {
        json_object_set_new(o, "prompt_eval_count", json_integer(tokens));
        return o;
    }
    json_object_set_new(o, "object", json_string("list"));
    json_object_set_new(o, "usage",
                        json_pack("{s:I, s:I}", "prompt_tokens", (json_int_t)tokens, "total_tokens",
                                  (json_int_t)tokens));
    return o;
}
