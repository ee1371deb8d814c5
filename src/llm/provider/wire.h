/* src/llm/provider/wire.h: what every provider needs to write a request and to read an answer.
 *
 * Writing: requests are written by hand into the call's buffer, because a call is encoded once per trial and building
 * a tree first costs ten times as much. A struct wire is one JSON object being written; an option goes in only when
 * wire_takes says so, which asks three things: has the user's `extra` the same member (then that one wins), has the
 * model refused it before (quirks), and, from the provider, can this family take it at all (wire_drop).
 * Reading: nothing here trusts presence, type or size of what a vendor sent.
 * Threads: values. */
#pragma once

#include "llm/provider/provider.h"

/* --- writing ------------------------------------------------------------------------------------------------- */
struct wire {
    struct buf *out;
    const json_t *extra;                    /* the user's own members of this object, or NULL */
    const struct quirks *quirks;
    struct buf *dropped;
};

void wire_open(struct wire *w, char bracket);           /* '{' or '[', with the comma before it when one is due */
void wire_close(struct wire *w, char bracket);
void wire_key(struct wire *w, const char *name);
void wire_str(struct wire *w, const char *name, struct str value);      /* name NULL: an item of a list */
void wire_i64(struct wire *w, const char *name, int64_t value);
void wire_double(struct wire *w, const char *name, double value);
void wire_bool(struct wire *w, const char *name, bool value);
void wire_json(struct wire *w, const char *name, const json_t *value);
void wire_strs(struct wire *w, const char *name, const struct str *at, size_t n);

/* May `name` be written? False when `extra` has it, or when the model refused it (then it is named in dropped). */
bool wire_takes(struct wire *w, const char *name);
void wire_drop(struct wire *w, const char *name);       /* "this family cannot take it": named in dropped, once */
bool wire_extra_has(const struct wire *w, const char *name);
/* Writes the members of `extra`, all but those in `skip` (NULL-ended), which the provider has merged itself. */
void wire_extra(struct wire *w, const char *const *skip);
/* Members of `extra` that would change what is asked or how the answer is read; ERR_REJECTED names the first. */
enum err_code wire_check_extra(const struct request *rq, struct err *e) MUST_USE;
enum err_code wire_check_stops(const struct request *rq, const char *label, size_t most, struct err *e) MUST_USE;
enum err_code wire_check_body(const struct http_call *c, struct err *e) MUST_USE;

/* The user's temperature, or the vendor's ceiling, and then that is named in dropped. */
double     wire_clamp_temperature(struct wire *w, const struct params *p, double most);
/* Is every object of the schema closed (additionalProperties false), and, when asked, every member required? Vendors
 * refuse an open schema in their strict modes. */
bool       wire_schema_is_closed(const json_t *schema, bool all_required);
/* All text of a message; one part is borrowed, more are joined by a blank line in the arena. */
struct str wire_message_text(const struct message *m, struct arena *a);
/* The system messages' text, joined by a blank line; empty when there is none. */
struct str wire_system_text(const struct request *rq, struct arena *a);
/* For vendors that have one place for system text: says in dropped when one stood later in the conversation. */
void       wire_tell_moved(struct wire *w, const struct request *rq);
/* ERR_REJECTED when the assistant speaks first, which the vendor refuses. */
enum err_code wire_check_begins(const struct request *rq, const char *label, struct err *e) MUST_USE;
/* The messages as strict vendors want them: system texts as one in front, neighbours of one role as one. */
struct message *wire_alternate(const struct request *rq, struct arena *a, size_t *count);
bool       wire_has_images(const struct message *m);
/* Does any message say "json"? Some vendors refuse JSON mode otherwise. */
bool       wire_says_json(const struct request *rq);
/* An image's address, or its bytes as a data: address. */
void       wire_image_url(struct wire *w, const char *name, const struct part *p);
/* Vendors accept letters, digits, '_' and '-', at most 64. */
struct str wire_schema_name(const struct request *rq, struct arena *a);
/* The members name, schema and strict (when OpenAI's strict mode can take it) of rq->schema. */
void       wire_schema(struct wire *w, const struct request *rq, struct arena *a);
/* base without what is at its end and `path` already has: "https://x/v1" + "/v1" + "/messages". */
void       wire_url(struct buf *url, struct str base, const char *version, const char *path);
/* `part` with what an address can't hold as it is percent-encoded; '/' stays when `slashes`. */
void       wire_url_part(struct buf *url, struct str part, bool slashes);
/* The members name, description and <schema_name> (its parameters) of one of rq->tools. */
void       wire_tool(struct wire *w, const json_t *tool, const char *schema_name);
void       wire_tool_schema(struct wire *w, const char *name, const json_t *tool);     /* one that takes none: an empty object */
/* The member "tools", each as {type: "function", function: {...}}, which most vendors want. */
void       wire_functions(struct wire *w, const json_t *tools);
/* Is rq->tool_choice "auto", "none" or "required", and not the name of a tool? */
bool       wire_tool_choice_is_word(const struct request *rq);
/* Does `id` belong to the family: equal, or followed by a boundary ('-', ':', '@', '.', '/')? */
bool       wire_family(struct str id, const char *family);
bool       wire_families(struct str id, const char *const *families);      /* any of them; NULL-ended */
bool       wire_starts_any(struct str id, const char *const *prefixes);    /* plain prefixes; NULL-ended */

/* --- reading ------------------------------------------------------------------------------------------------- */
int64_t    wire_count(const json_t *o, const char *key);        /* a token count: 0 when absent, negative or absurd */
void       wire_usage_settle(struct usage *u);                  /* makes the invariants of domain/usage.h true */
enum finish wire_finish(struct str native);                     /* the chat family's words and their relatives */
int64_t    wire_money(const json_t *o, const char *key);        /* MONEY_UNKNOWN unless a number (or its text) */
struct str wire_keep(struct arena *a, const json_t *string);    /* copied; empty unless a string */
/* Keeps `o[key]` (not null) in *raw, making the object when it is the first. */
void       wire_raw(json_t **raw, const json_t *o, const char *key);

/* Body of a 2xx answer as JSON object. ERR_INVALID_RESPONSE says what came instead. */
enum err_code wire_read_body(const struct http_answer *in, const char *label, json_t **out, struct failure *f,
                             struct err *e) MUST_USE;
/* An answer that is a failure, whatever its shape: `body` is its JSON or NULL, `text` the bytes. `optional`
 * (NULL-ended) are the fields this provider can leave out: only those may come back as refused_param, and only when the
 * request had them. Returns the code, never ERR_OK. */
struct wire_fault {
    const struct request *rq;
    const char *label;
    int status;                                         /* 200 for an error inside a success or a stream */
    const json_t *body;
    struct str text;
    const struct http_answer *in;                       /* for x-should-retry; NULL in a stream */
    const char *const *optional;
};
enum err_code wire_fail(const struct wire_fault *what, struct arena *a, struct failure *f, struct err *e);
/* decode's first half: fails for any status that is not 2xx. */
enum err_code wire_check_status(const struct request *rq, const struct http_answer *in, const char *label,
                                const char *const *optional, struct arena *a, struct failure *f,
                                struct err *e) MUST_USE;
/* Copies with what looks like a key masked, control bytes out, at most 500 bytes. For sentences. */
const char *wire_clean(struct str text, char out[512]);
enum err_code wire_invalid(struct failure *f, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* One event's JSON. ERR_INVALID_RESPONSE otherwise. */
enum err_code wire_read_event(struct str data, const char *label, json_t **out, struct stream *st,
                              struct err *e) MUST_USE;
enum err_code wire_check_stream(const struct stream *st, struct err *e) MUST_USE;    /* ceilings */
