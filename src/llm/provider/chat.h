/* src/llm/provider/chat.h: the chat-completions shape, which most vendors speak with an accent of their own.
 *
 * A vendor is one const struct chat_dialect: what its fields are called, what it leaves out, what its families refuse.
 * What differs by model and not by vendor stands in `family`, asked once per call.
 * Threads: pure. */
#pragma once

#include "llm/provider/wire.h"

/* What one model of the vendor can take. */
struct chat_family {
    bool reasons;                           /* hidden reasoning: the budget is raised to leave room for it */
    const char *max_tokens;                 /* "max_tokens" or "max_completion_tokens" */
    const char *system_role;                /* "system", "developer", or NULL: no such role, say it as the user */
    bool no_sampling;                       /* refuses or ignores temperature and top_p */
    bool no_penalties, no_stop, no_effort, no_seed;
    bool no_json, no_schema;                /* no JSON mode; JSON mode but no schema */
};

struct chat_dialect {
    const char *label;
    const char *seed;                       /* "seed", "random_seed" */
    int64_t seed_max;
    double temperature_max;
    size_t stops_max;
    bool no_stream_options;
    bool json_needs_word;                   /* JSON mode is refused unless a message says "json" */
    bool openrouter;                        /* usage, provider and reasoning are objects; the cost is reported */
    bool no_top_k;
    bool alternates;                        /* refuses neighbours of one role, and a system message but the first */
    bool reasoning_outside;                 /* xAI: reasoning tokens may be missing from completion_tokens */
    const char *const *own_extra;           /* members of `extra` the provider takes out itself; NULL-ended, may be NULL */
    struct str (*effort)(struct str id, struct str effort);     /* the vendor's word, empty to drop; NULL: as it is */
    void (*family)(struct str id, const struct params *p, struct chat_family *out);
                                               /* may be NULL: takes everything */
};

enum err_code chat_encode(const struct chat_dialect *d, const struct request *rq, struct str base_url,
                          const struct quirks *q, struct arena *a, struct http_call *out, struct err *e);
enum err_code chat_decode(const struct chat_dialect *d, const struct request *rq, const struct http_answer *in,
                          struct arena *a, struct answer *out, struct failure *f, struct err *e);
enum err_code chat_decode_event(const struct chat_dialect *d, const struct request *rq, struct str data,
                                struct stream *st, struct err *e);

/* What OpenAI's own models take, wherever they are served (openai.c): also the responses API and Azure. */
struct str openai_effort(struct str id, struct str effort);
void       openai_family(struct str id, const struct params *p, struct chat_family *out);

/* The slots of a vendor that differs from the shape by its `id_dialect` only. */
#define CHAT_DECODE_SLOTS(id)                                                                                          \
    static enum err_code id##_decode(const struct request *rq, const struct http_answer *in, struct arena *a,          \
                                     struct answer *out, struct failure *f, struct err *e)                             \
    {                                                                                                                  \
        return chat_decode(&id##_dialect, rq, in, a, out, f, e);                                                       \
    }                                                                                                                  \
    static enum err_code id##_decode_event(const struct request *rq, struct str event, struct str data,                \
                                           struct stream *st, struct err *e)                                           \
    {                                                                                                                  \
        (void)event;                                                                                                   \
        return chat_decode_event(&id##_dialect, rq, data, st, e);                                                      \
    }
#define CHAT_SLOTS(id)                                                                                                 \
    static enum err_code id##_encode(const struct request *rq, struct str base_url, const struct quirks *q,            \
                                     struct arena *a, struct http_call *out, struct err *e)                            \
    {                                                                                                                  \
        return chat_encode(&id##_dialect, rq, base_url, q, a, out, e);                                                 \
    }                                                                                                                  \
    CHAT_DECODE_SLOTS(id)
