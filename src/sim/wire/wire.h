/* src/sim/wire/wire.h: how a vendor's requests read and its answers, streams, refusals and headers look.
 *
 * A vendor is pure: it reads a body into a struct sim_ask and writes JSON or events; it knows no sockets, clocks or
 * faults. One file per wire format; wires.c lists the vendors and their paths. */
#pragma once

#include "sim/answer.h"
#include "sim/fault.h"

#define SIM_BODY_MAX (96u << 20)

enum sim_refusal_kind { SIM_REFUSED, SIM_REFUSED_QUOTA, SIM_REFUSED_KEY, SIM_REFUSED_MODEL, SIM_REFUSED_PARAM, SIM_REFUSED_VALUE,
                        SIM_REFUSED_SIGNATURE, SIM_REFUSED_UNSIGNED };

struct sim_refusal {
    int status;
    enum sim_refusal_kind kind;
    struct str message, param;              /* param: empty when none is to blame */
    int64_t wait_ms;                        /* -1: nothing is said */
    bool wait_in_ms;
    struct str request_id;
};

/* Pieces of a streamed answer, in order; `tokens` is what it takes to make one (0: comes with the one before). */
struct sim_event { struct str bytes; int64_t tokens; };
struct sim_events { struct arena *arena; VEC(struct sim_event) list; };

enum sim_op { SIM_OP_NONE, SIM_OP_CHAT, SIM_OP_STREAM, SIM_OP_COUNT, SIM_OP_MODELS, SIM_OP_MODEL, SIM_OP_VERSION, SIM_OP_EMBED };
enum sim_auth { SIM_AUTH_NONE, SIM_AUTH_BEARER, SIM_AUTH_ANTHROPIC, SIM_AUTH_GOOGLE, SIM_AUTH_AZURE, SIM_AUTH_AWS };
enum sim_dialect { SIM_COMPAT, SIM_OPENAI, SIM_XAI, SIM_DEEPSEEK, SIM_MISTRAL, SIM_OPENROUTER };

struct sim_told;                            /* headers of one answer */

struct sim_vendor {
    const char *name;                       /* "openai" */
    const char *prefix;                     /* "/openai": chooses it; "" for the bare paths of `routes` */
    enum sim_auth auth;
    enum sim_dialect dialect;               /* of the chat family */
    const char *request_id;                 /* header's name, or NULL */
    const char *stream_type;                /* content type of a stream */
    bool wait_in_body;                      /* how long to wait is told in a refusal's body, not by Retry-After */
    const struct sim_route { const char *pattern; enum sim_op op; } *routes;    /* ended by NULL; :model is the id */
    /* MUST. Fills what the body says; the model's name may already be there, from the path. */
    enum err_code (*read)(struct sim_ask *ask, struct arena *a, struct err *e);
    /* MUST. A whole answer. */
    json_t *(*body)(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply,
                    int64_t now_s);
    /* MUST. The same as a stream. */
    void (*stream)(const struct sim_vendor *v, const struct sim_ask *ask, const struct sim_reply *reply, int64_t now_s,
                   struct sim_events *out);
    /* MUST. The body of a refusal; may change its status to the vendor's own. */
    json_t *(*refuse)(const struct sim_vendor *v, struct sim_refusal *why);
    /* MAY. An error inside a stream that has begun; NULL: like refuse, as an unnamed event. */
    void (*stream_error)(const struct sim_vendor *v, struct sim_refusal *why, struct sim_events *out);
    /* MAY. Headers that tell of limits. */
    void (*limits)(const struct sim_room *room, struct sim_told *out);
    /* MUST where routes have them. */
    json_t *(*models)(const struct sim_vendor *v, struct str only);             /* one when `only` is not empty */
    json_t *(*count)(int64_t tokens);
    /* MUST. Takes all answers out of `body`. */
    void (*empty)(json_t *body);
};

/* The vendor and what is asked of it; *model is decoded, empty unless the path names it. NULL: no such path. */
const struct sim_vendor *sim_route(struct str path, bool anthropic_header, struct arena *a, enum sim_op *op,
                                   struct str *model);

/* --- what the wires share ----------------------------------------------------------------------------------------- */
#define SIM_HEADERS_MAX 24
struct sim_told { struct arena *arena; const char *lines[SIM_HEADERS_MAX + 1]; size_t count; };
void sim_tell(struct sim_told *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

void sim_event_sse(struct sim_events *out, const char *name, json_t *data /* taken */, int64_t tokens);
void sim_event_raw(struct sim_events *out, struct str bytes, int64_t tokens);
/* The next piece of a streamed text; false at its end. */
bool sim_piece(struct str *rest, struct str *piece);

/* Texts of a request are gathered part by part. */
struct sim_texts { struct buf system, user, last, tool; };
void sim_texts_init(struct sim_texts *t);
void sim_texts_add(struct buf *to, struct str s);
void sim_texts_user(struct sim_texts *t, struct sim_ask *ask);         /* the user begins to speak */
void sim_texts_assistant(struct sim_texts *t, struct sim_ask *ask);    /* what tools had given is in the past */
void sim_texts_tool(struct sim_texts *t, struct sim_ask *ask, struct str gave);
void sim_texts_tool_json(struct sim_texts *t, struct sim_ask *ask, const json_t *gave);    /* text as it is, else as JSON */
void sim_texts_done(struct sim_texts *t, struct sim_ask *ask, struct arena *a);
/* Tools on offer: the items of `list`, each in its member `inside` (NULL: the item itself), its form under `form`. */
enum err_code sim_read_tools(const json_t *list, const char *inside, const char *form, struct sim_ask *ask,
                             struct arena *a, struct err *e);
/* "auto", "none", "any" or "required" in any case; else a tool named `name`. Empty: nothing was said. */
enum err_code sim_read_tool_choice(struct str word, struct str name, struct sim_ask *ask, struct err *e);
/* The vendor's id of a call: `prefix` and digits that are its own. */
json_t *sim_use_id(const struct sim_reply *reply, size_t i, const char *prefix);
enum err_code sim_read_stops(const json_t *stops, struct sim_ask *ask, struct err *e);
int64_t sim_round_s(int64_t ms);                    /* up to whole seconds */
const char *sim_duration(struct arena *a, int64_t ms);      /* "6m0s", "1.5s", "20ms": OpenAI's */

/* chat.c, for the dialects */
enum err_code sim_chat_read(struct sim_ask *ask, struct arena *a, struct err *e);
json_t       *sim_chat_refuse(const struct sim_vendor *v, struct sim_refusal *why);
void          sim_chat_limits(const struct sim_room *room, struct sim_told *out);
