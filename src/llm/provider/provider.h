/* src/llm/provider/provider.h: what the engine asks of one model vendor.
 *
 * A provider is pure: it writes the call and reads the answer. The engine owns sockets, retries, limits, caching, keys
 * and clocks; so a provider is tested with two text files and no network. To add one: a file that ends in
 * `const struct provider provider_X = { ... };` and its name in providers.c. Vendors that speak the chat-completions
 * shape share provider/chat.h and differ in a few slots. */
#pragma once

#include "llm/llm.h"

enum provider_caps {
    PROVIDER_STREAMS = BIT(0), PROVIDER_TOOLS = BIT(1), PROVIDER_IMAGES = BIT(2), PROVIDER_JSON = BIT(3),
    PROVIDER_SCHEMA = BIT(4), PROVIDER_SEED = BIT(5),
};
enum provider_auth { AUTH_NONE, AUTH_BEARER, AUTH_X_API_KEY, AUTH_X_GOOG_API_KEY, AUTH_API_KEY, AUTH_AWS };
enum provider_framing { FRAMING_SSE, FRAMING_NDJSON, FRAMING_EVENTSTREAM };

#define PROVIDER_KEY_PARTS 2
#define HTTP_CALL_HEADERS_MAX 12
#define HTTP_CALL_BODY_MAX (64u * 1024 * 1024)
struct http_call {                          /* always a POST; the engine adds auth, content type and length */
    struct buf url, body;
    struct buf argv;                        /* of a program instead of url: words, each ended by NUL */
    struct buf env;                         /* names of the variables it is given beside the usual ones, ended likewise */
    struct { const char *name; struct str value; } headers[HTTP_CALL_HEADERS_MAX];  /* values: in the arena or eternal */
    size_t header_count;
    bool streamed;                          /* asked for; false when the model is known to refuse it */
    struct buf dropped;                     /* options this model cannot take, so not sent: "stop, seed" */
};
void http_call_init(struct http_call *c);
void http_call_header(struct http_call *c, const char *name, struct str value);
void http_call_dispose(struct http_call *c);

struct http_header { struct str name, value; };
struct http_answer {
    int status;
    struct str content_type;
    const struct http_header *headers;
    size_t header_count;
    struct str body;                        /* whole, when not streamed */
};
struct str http_answer_header(const struct http_answer *in, const char *name);   /* case ignored; empty when absent */

/* Why an attempt failed, beyond the code. */
struct failure {
    bool retryable;                         /* starts as err_retryable(code); a provider may know better */
    int64_t retry_after_ms;                 /* from the body (Gemini's RetryInfo); -1: not said */
    struct str refused_param;               /* vendor's name of a field the model cannot take: encode is asked again */
};

/* What is known of a model's refusals, kept by the engine per model and given to encode. */
struct quirks { const struct str *refused; size_t refused_count; };
bool quirks_refuse(const struct quirks *q, const char *vendor_field);

struct stream {                             /* an answer in the making, fed one event at a time */
    struct arena *arena;
    struct buf text, reasoning;             /* ceilings set by the engine */
    struct answer answer;                   /* all but text and reasoning */
    struct failure failure;                 /* when decode_event gives an error */
    bool ended;                             /* the vendor's end mark or a finish reason was seen */
    json_t *tools;                          /* tool calls being pieced together, or NULL; decref'd by the engine */
};

struct provider {
    const char *name;                       /* "openai": what a user writes before the colon */
    const char *label;                      /* "OpenAI" */
    const char *const *aliases;             /* other words before the colon, NULL-ended; may be NULL */
    unsigned caps;
    const char *base_url;                   /* "https://api.openai.com/v1"; NULL: must be given (openai-compatible) */
    const char *const *base_url_variables;  /* environment, first set one wins; NULL-ended */
    const char *const *region_variables;    /* MAY. The address is made of a region: the first variable set, else none */
    const char *region_url[2];              /* what stands before and after it */
    const char *const *key_variables;       /* the same for keys; empty list: no key exists */
    const char *key_parts[PROVIDER_KEY_PARTS];  /* AUTH_AWS: variables of the secret (needed) and the session's token */
    const char *sign_service;               /* AUTH_AWS: "bedrock" */
    bool key_needed;
    bool program;                           /* asks a program (llm/child.h), not an address; does not stream */
    enum provider_auth auth;
    enum provider_framing framing;
    const char *priced_as;                  /* another provider whose prices hold when this one has no row; may be NULL */
    const char *const *id_prefixes;         /* of bare model ids that are plainly this vendor's; NULL: never guessed */
    const char *const *id_exact;            /* whole families, ending at '-' or the end: "o1", "o3"; may be NULL */

    /* MUST. Describe the one HTTP call that asks `rq`: url (after base_url, which has no trailing slash), body, extra
     * headers. ERR_REJECTED with a sentence for an option this model family cannot take and that may not be dropped. */
    enum err_code (*encode)(const struct request *rq, struct str base_url, const struct quirks *q, struct arena *a,
                            struct http_call *out, struct err *e);
    /* MUST. Read an answer of any status into `out`; the vendor's failures become our codes with
     * the vendor's sentence, and `f` says more. Never trusts sizes, types or presence. */
    enum err_code (*decode)(const struct request *rq, const struct http_answer *in, struct arena *a, struct answer *out,
                            struct failure *f, struct err *e);
    /* MUST with PROVIDER_STREAMS. One event: its name (may be empty) and its data. */
    enum err_code (*decode_event)(const struct request *rq, struct str event, struct str data, struct stream *st,
                                  struct err *e);
    /* MAY, both or none. The same as encode and decode for vectors of rq->texts (provider/embed.h). */
    enum err_code (*embed_encode)(const struct request *rq, struct str base_url, const struct quirks *q,
                                  struct arena *a, struct http_call *out, struct err *e);
    enum err_code (*embed_decode)(const struct request *rq, const struct http_answer *in, struct arena *a,
                                  struct answer *out, struct failure *f, struct err *e);
};

const struct provider *provider_find(struct str name);              /* case ignored; NULL */
const struct provider *provider_at(size_t i);                       /* NULL past the end */
const struct provider *provider_guess(struct str model_id);         /* by id_prefixes / id_exact; NULL */
void                   provider_suggest(struct suggest *s);         /* offers every name */

/* What the engine calls: encode and decode of what `rq` asks for, an answer or vectors. */
enum err_code provider_encode(const struct provider *p, const struct request *rq, struct str base_url,
                              const struct quirks *q, struct arena *a, struct http_call *out, struct err *e);
enum err_code provider_decode(const struct provider *p, const struct request *rq, const struct http_answer *in,
                              struct arena *a, struct answer *out, struct failure *f, struct err *e);

/* Shared by every provider and by the engine. */
enum err_code provider_code_of_status(int http_status);             /* the one mapper */
