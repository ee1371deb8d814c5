#include "llm/provider/chat.h"
#include "llm/provider/embed.h"

/* Our own simulator. It has no fixed address: the engine is told where it listens (llm_set_base_url). */
static const struct chat_dialect sim_dialect = {
    .label = "Simulator", .seed = "seed", .seed_max = INT64_MAX, .temperature_max = 2, .stops_max = 16,
};

static void sim_tag(const struct request *rq, struct http_call *out)
{
    if (rq->tag.len) {                              /* its ledger tells by it which trial was billed */
        buf_truncate(&out->body, out->body.len - 1);
        buf_puts(&out->body, ",\"assay_trial\":");
        json_write_str(rq->tag, &out->body);
        buf_byte(&out->body, '}');
    }
}

static enum err_code sim_encode(const struct request *rq, struct str base_url, const struct quirks *q, struct arena *a,
                                struct http_call *out, struct err *e)
{
    TRY(chat_encode(&sim_dialect, rq, base_url, q, a, out, e));
    sim_tag(rq, out);
    return ERR_OK;
}

static enum err_code sim_embed_encode(const struct request *rq, struct str base_url, const struct quirks *q,
                                      struct arena *a, struct http_call *out, struct err *e)
{
    TRY(embed_encode(rq, base_url, q, a, out, e));
    sim_tag(rq, out);
    return ERR_OK;
}

static enum err_code sim_decode(const struct request *rq, const struct http_answer *in, struct arena *a,
                                struct answer *out, struct failure *f, struct err *e)
{
    return chat_decode(&sim_dialect, rq, in, a, out, f, e);
}

static enum err_code sim_decode_event(const struct request *rq, struct str event, struct str data, struct stream *st,
                                      struct err *e)
{
    (void)event;
    return chat_decode_event(&sim_dialect, rq, data, st, e);
}

const struct provider provider_sim = {
    .name = "sim", .label = "Simulator",
    .caps = PROVIDER_STREAMS | PROVIDER_TOOLS | PROVIDER_IMAGES | PROVIDER_JSON | PROVIDER_SCHEMA | PROVIDER_SEED,
    .base_url_variables = (const char *const[]){ NULL },
    .key_variables = (const char *const[]){ NULL },
    .key_needed = false, .auth = AUTH_NONE, .framing = FRAMING_SSE,
    .encode = sim_encode, .decode = sim_decode, .decode_event = sim_decode_event,
    .embed_encode = sim_embed_encode, .embed_decode = embed_decode,
};
