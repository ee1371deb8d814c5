/* src/llm/llm.h: the engine: every outbound model call of the program goes through here.
 *
 * One event thread owns all sockets (libcurl multi by its socket interface). A caller fills a struct call, submits it
 * and hears about it once, on the engine's thread, in call->done: after retries, limits, pauses and pricing. Nothing
 * here waits on a caller and no caller waits here.
 *
 * Lanes: calls to one provider (and base URL) share a lane with its limits: requests a minute, tokens a minute, in
 * flight. In flight is adaptive: slow start, additive rise, cut on 429; a 429 pauses the whole lane for as long as
 * the vendor says. A lane's queue is bounded by what its callers keep outstanding (engine.calls_max).
 * Keys come from the environment or files only and never leave the engine. */
#pragma once

#include "domain/domain.h"

struct llm;

struct llm_limits {                         /* 0: the default */
    int64_t in_flight_max;                  /* ceiling of the adaptive window, 1..10,000; 0: 256 */
    int64_t in_flight_start;                /* what the window starts with, for who knows the server can take it; 0: 8 */
    int64_t requests_per_minute, tokens_per_minute;     /* 0: none of our own; the vendor's answers still count */
};

struct llm_options {
    int64_t calls_max;                      /* calls accepted and not yet done; llm_submit says ERR_BUSY beyond. 0: 20,000 */
    struct llm_limits limits;               /* for every lane that has none of its own */
    int64_t connect_timeout_ms;             /* 0: 10,000 */
    int64_t first_byte_timeout_ms;          /* 0: 120,000 */
    int64_t idle_timeout_ms;                /* between bytes of an answer; 0: 60,000 */
    int64_t total_timeout_ms;               /* of one attempt; PARAM_TIMEOUT_MS overrides; 0: 300,000 */
    int64_t response_bytes_max;             /* 0: 32 MiB */
    int attempts_max;                       /* 1..10; 0: 3. Of attempts that failed by chance: network, time-out, 5xx */
    int limited_max;                        /* 1..100; 0: 20 (1 when attempts_max is 1). Of attempts answered 429 */
    int64_t backoff_base_ms, backoff_max_ms;/* full jitter: uniform in 0 .. min(max, base * 2^n); 0: 1,000 and 60,000 */
    int64_t retry_after_max_ms;             /* a longer Retry-After is obeyed by giving up at once; 0: 120,000 */
    const char *ca_file;                    /* NULL: the system's */
    const char *prices_file;                /* NULL: the built-in table, with ASSAY_HOME/prices.yaml over it when there */
    const char *home;                       /* ASSAY_HOME, for prices.yaml and keys.env; NULL: neither is read */
    uint64_t seed;                          /* of the jitter; 0: from the system */
    bool allow_programs;                    /* exec: models may run; else they are ERR_DENIED */
};

enum err_code llm_new(const struct llm_options *options, struct llm **out, struct err *e) MUST_USE;
void          llm_free(struct llm *l);      /* ends calls in flight as ERR_CANCELLED (done is called), joins the thread */

/* `base_url` for a provider for as long as the engine lives (--base-url, the built-in simulator). */
enum err_code llm_set_base_url(struct llm *l, struct str provider, struct str base_url, struct err *e) MUST_USE;
enum err_code llm_set_limits(struct llm *l, struct str provider, const struct llm_limits *limits,
                             struct err *e) MUST_USE;

/* --- models ------------------------------------------------------------------------------------------------- */
/* "openai:gpt-4o-mini", "openai/gpt-4o-mini", or a bare id whose vendor is plain ("claude-...").
 * ERR_UNSUPPORTED_PROVIDER with the nearest provider name otherwise. Strings live in the arena. */
enum err_code llm_model_resolve(struct str text, struct arena *a, struct model *out, struct err *e) MUST_USE;
/* Is there a key where one is needed? ERR_MISSING_KEY names the variable. ERR_DENIED: a program, and none may run. */
enum err_code llm_model_check_key(struct llm *l, const struct model *m, struct err *e) MUST_USE;

/* Can its provider be asked for vectors of texts? ERR_REJECTED names those that can. */
enum err_code llm_model_check_vectors(const struct model *m, struct err *e) MUST_USE;

enum model_can { MODEL_CAN_IMAGES = BIT(0), MODEL_CAN_TOOLS = BIT(1), MODEL_CAN_JSON = BIT(2) };
#define MODEL_CANS 3
const char *model_can_name(size_t i);       /* "images" "tools" "json"; NULL past the end */
/* Of a price: input + output of a million tokens, from $25 on quality, from $3 on value, below budget, nothing free. */
enum model_tier { MODEL_TIER_NONE, MODEL_QUALITY, MODEL_VALUE, MODEL_BUDGET, MODEL_FREE, MODEL_TIERS };
const char *model_tier_name(enum model_tier t);

struct llm_price {                          /* nano-dollars for a million tokens; -1: not given */
    int64_t input, output, cached, cache_written, reasoning;    /* -1: cached, cache_written = input; reasoning = output */
    struct str model, dated;                /* the row that matched; "2026-11-01" */
    int64_t context_tokens, output_tokens_max;                  /* 0: not known */
    int64_t reasoning_tokens;                                   /* unseen ones of a short answer, roughly: for estimates */
    unsigned can, can_known;                                    /* enum model_can: what it can, of what is known of it */
    enum model_tier tier;                                       /* as the table says; MODEL_TIER_NONE: the price says it */
    bool flagship, fast;                                        /* among a vendor's best known; made for speed */
    bool special;                                               /* for one purpose, or no id to ask for: never chosen by us */
};
/* Longest prefix of provider:id in the table that ends at a boundary (end, '-', ':', '@', '.', '/', or the simulator's
 * '!'). */
bool llm_price_of(const struct llm *l, const struct model *m, struct llm_price *out);
/* Cost of `u` at that price; MONEY_UNKNOWN when there is none. */
int64_t llm_cost(const struct llm *l, const struct model *m, const struct usage *u);
/* The catalogue for `assay models`: every row of the price table, then what the user's file adds. */
enum model_tier llm_price_tier(const struct llm_price *p);
/* Adds what the table has no row for. Only before the first call. */
void   llm_price_add(struct llm *l, const struct llm_price *row);
size_t llm_price_count(const struct llm *l);
void   llm_price_at(const struct llm *l, size_t i, struct llm_price *out);
struct str llm_prices_dated(const struct llm *l);

/* Providers for `assay providers`, in the table's order; NULL past the end. */
struct llm_provider_info { const char *name, *label, *key_variable, *base_url; bool key_needed; bool key_found; unsigned caps; };
bool llm_provider_at(const struct llm *l, size_t i, struct llm_provider_info *out);

/* --- calls --------------------------------------------------------------------------------------------------- */
struct request {
    const struct model *model;
    struct str base_url;                    /* of the variant; empty: the provider's */
    const struct message *messages;         /* system first when there is one */
    size_t message_count;
    struct params params;
    enum output_format output;              /* OUTPUT_JSON asks for the vendor's JSON mode */
    const json_t *schema;                   /* with OUTPUT_JSON: JSON-schema output where the vendor has it */
    struct str schema_name;
    const json_t *tools;                    /* [{name, description?, parameters?}] as the task's reader left it, or NULL */
    struct str tool_choice;                 /* "auto" "none" "required" or a tool's name; empty: the vendor's default */
    const struct str *texts;                /* not NULL: vectors of these are asked for, and messages are not looked at */
    size_t text_count;
    struct str tag;                         /* "7Q2M41AB/57": sent to the simulator only, whose ledger keeps it */
};

/* What `rq` counts as for its model, with frames, tools and images (token/token.h: exact for some, else an estimate). */
int64_t llm_request_tokens(const struct request *rq);
struct vector { const double *at; size_t count; };

struct answer {                             /* strings and JSON live in the call's arena */
    struct str text;                        /* trimmed at both ends */
    struct str reasoning;
    const json_t *tool_calls, *raw;
    enum finish finish;
    struct str finish_native, model_version, response_id, upstream;
    struct usage usage;
    bool usage_reported;                    /* false: the engine estimates and marks it */
    int64_t cost_reported_nanousd;          /* by the vendor; MONEY_UNKNOWN when it says none */
    const struct vector *vectors;           /* one for each of the request's texts, all of one length */
    size_t vector_count;
};

/* One of an answer's tool_calls, whichever vendor's form it has. */
struct tool_call {
    struct str name;                        /* empty: it has none */
    const json_t *arguments;                /* NULL: they are no JSON, or none were given */
};
void llm_tool_call_read(const json_t *call, struct arena *a, struct tool_call *out);

struct call {
    struct request request;                 /* all it points to must live until done */
    struct arena *arena;                    /* the caller's; touched by the engine only between submit and done */
    void (*done)(struct call *c);           /* engine's thread: take note, hand over, return */
    void *owner;
    const bool *unwanted;                   /* NULL, or (atomic): once true, what is not sent yet ends as ERR_CANCELLED */
    /* the engine's answer, complete when done is called */
    enum err_code code;
    struct err err;                         /* the last attempt's sentence when code is not ERR_OK */
    struct answer answer;
    int64_t cost_nanousd;                   /* of the answer alone; MONEY_UNKNOWN when nobody knows */
    bool cost_reported;
    int64_t latency_ms, first_token_ms;     /* first_token -1 unless streamed */
    struct str dropped;                     /* parameters the model refused, left out on its word */
    struct attempt *attempts;               /* every one, in order; in the arena */
    size_t attempt_count;
    bool cached;                            /* llm/cache gave the answer; nothing was asked and cost_nanousd is 0 */
    int64_t saved_nanousd, cached_ms;       /* what it had cost (MONEY_UNKNOWN), and when (wall) */
    struct call_work *work;                 /* the engine's own */
};

/* Takes the call until done. ERR_BUSY (calls_max), ERR_MISSING_KEY, ERR_REJECTED (an option the model cannot take):
 * then done is not called and the call is still yours. Encoding happens here, on the caller's thread. Threads: any. */
enum err_code llm_submit(struct llm *l, struct call *c, struct err *e) MUST_USE;

/* The base URL that `rq` would be sent to; nothing when there is none. */
void llm_address_of(struct llm *l, const struct request *rq, struct buf *out);

/* Ends the calls that are not on the wire yet as ERR_CANCELLED (done is called for each); with `in_flight`, all of
 * them. Returns at once. Threads: any. */
void llm_cancel(struct llm *l, bool in_flight);

struct llm_lane_stat { struct str provider; int64_t in_flight, queued, window, paused_ms, requests, retries, rate_limited; };
/* Snapshot for progress and /metrics; false past the end. Threads: any. Strings live as long as the engine. */
bool llm_lane_at(struct llm *l, size_t i, struct llm_lane_stat *out);
