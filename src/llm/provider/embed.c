#include "llm/provider/embed.h"

#include <math.h>

static const char *const embed_optional[] = { NULL };

void embed_write_body(const struct request *rq, struct buf *out)
{
    struct wire w = { .out = out };

    wire_open(&w, '{');
    wire_str(&w, "model", rq->model->id);
    wire_strs(&w, "input", rq->texts, rq->text_count);
    wire_close(&w, '}');
}

enum err_code embed_encode(const struct request *rq, struct str base_url, const struct quirks *q, struct arena *a,
                           struct http_call *out, struct err *e)
{
    (void)q, (void)a;
    wire_url(&out->url, base_url, "", "/embeddings");
    embed_write_body(rq, &out->body);
    return wire_check_body(out, e);
}

static enum err_code embed_vector(const json_t *list, struct vector *out, struct arena *a, const char *label,
                                  struct failure *f, struct err *e)
{
    size_t n = json_array_size(list);
    double *at;

    if (!n || n > EMBED_SIZE_MAX)
        return wire_invalid(f, e, "%s answered with a vector of %zu numbers; 1 to %d are taken", label, n,
                            EMBED_SIZE_MAX);
    at = arena_array(a, double, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *x = json_array_get(list, i);

        at[i] = json_number_value(x);
        if (!json_is_number(x) || !isfinite(at[i]))
            return wire_invalid(f, e, "%s answered with a vector that holds something else than numbers", label);
    }
    *out = (struct vector){ at, n };
    return ERR_OK;
}

enum err_code embed_read_body(const struct request *rq, const struct http_answer *in, struct arena *a, json_t **body,
                              struct failure *f, struct err *e)
{
    const char *label = arena_cstr(a, rq->model->provider);

    TRY(wire_check_status(rq, in, label, embed_optional, a, f, e));
    return wire_read_body(in, label, body, f, e);
}

enum err_code embed_read(const struct request *rq, const json_t *list, const char *name, struct arena *a,
                         struct answer *out, struct failure *f, struct err *e)
{
    const char *label = arena_cstr(a, rq->model->provider);
    struct vector *all = arena_array(a, struct vector, rq->text_count);

    if (json_array_size(list) != rq->text_count)
        return wire_invalid(f, e, "%s answered with %zu vectors for %zu texts", label, json_array_size(list),
                            rq->text_count);
    for (size_t i = 0; i < rq->text_count; i++) {
        const json_t *one = json_array_get(list, i);
        int64_t at = name ? json_get_i64(one, "index", (int64_t)i) : (int64_t)i;

        if (at < 0 || (size_t)at >= rq->text_count || all[at].count)
            return wire_invalid(f, e, "%s answered with a vector for a text that was not asked for", label);
        TRY(embed_vector(name ? json_child(one, name) : one, &all[at], a, label, f, e));
        if (all[at].count != all[0].count && all[0].count)
            return wire_invalid(f, e, "%s answered with vectors of different lengths", label);
    }
    out->vectors = all;
    out->vector_count = rq->text_count;
    out->finish = FINISH_STOP;
    return ERR_OK;
}

enum err_code embed_decode(const struct request *rq, const struct http_answer *in, struct arena *a, struct answer *out,
                           struct failure *f, struct err *e)
{
    AUTO_JSON *body = NULL;
    const json_t *usage;

    TRY(embed_read_body(rq, in, a, &body, f, e));
    usage = json_child(body, "usage");
    out->usage_reported = json_is_object(usage);
    out->usage.input = wire_count(usage, "prompt_tokens");
    out->model_version = wire_keep(a, json_child(body, "model"));
    return embed_read(rq, json_child(body, "data"), "embedding", a, out, f, e);
}

/* --- either kind of request ------------------------------------------------------------------------------------- */

static enum err_code embed_unknown(const struct provider *p, struct err *e)
{
    AUTO_BUF struct buf names = BUF_INIT(1000);

    for (size_t i = 0; provider_at(i); i++)
        if (provider_at(i)->embed_encode)
            buf_printf(&names, "%s%s", names.len ? ", " : "", provider_at(i)->name);
    return err_set(e, ERR_REJECTED, "%s has no way to ask for vectors of texts; these have: %s", p->label,
                   buf_cstr(&names));
}

enum err_code llm_model_check_vectors(const struct model *m, struct err *e)
{
    const struct provider *p = provider_find(m->provider);

    return !p || p->embed_encode ? ERR_OK : embed_unknown(p, e);
}

enum err_code provider_encode(const struct provider *p, const struct request *rq, struct str base_url,
                              const struct quirks *q, struct arena *a, struct http_call *out, struct err *e)
{
    if (!rq->text_count)
        return p->encode(rq, base_url, q, a, out, e);
    if (!p->embed_encode)
        return embed_unknown(p, e);
    return p->embed_encode(rq, base_url, q, a, out, e);
}

enum err_code provider_decode(const struct provider *p, const struct request *rq, const struct http_answer *in,
                              struct arena *a, struct answer *out, struct failure *f, struct err *e)
{
    return (rq->text_count ? p->embed_decode : p->decode)(rq, in, a, out, f, e);
}
