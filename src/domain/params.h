/* src/domain/params.h (through domain.h): the settings of a model call. What is not set is not sent.
 *
 * One table (params.c) holds each name with its kind and range; reading, writing, merging, help and the JSON Schema
 * follow it. */
#pragma once

enum param {
    PARAM_TEMPERATURE,          /* 0..2 */
    PARAM_TOP_P,                /* 0..1 */
    PARAM_TOP_K,                /* 1..1000 */
    PARAM_MAX_TOKENS,           /* 1..1,000,000: ceiling of the answer */
    PARAM_SEED,                 /* 0..2^63-1 */
    PARAM_FREQUENCY_PENALTY,    /* -2..2 */
    PARAM_PRESENCE_PENALTY,     /* -2..2 */
    PARAM_STOP,                 /* list of at most 16 strings */
    PARAM_REASONING_EFFORT,     /* none minimal low medium high xhigh */
    PARAM_STREAM,               /* bool: ask for server-sent events (measures time to first token) */
    PARAM_TIMEOUT_MS,           /* 1..3,600,000: total time of one attempt */
    PARAM_EXTRA,                /* object: merged into the vendor's request as it is */
    PARAMS
};

struct params {
    unsigned set;               /* BIT(PARAM_X) for each that was given */
    double temperature, top_p, frequency_penalty, presence_penalty;
    int64_t top_k, max_tokens, seed, timeout_ms;
    struct str *stop;
    size_t stop_count;
    struct str reasoning_effort;
    bool stream;
    const json_t *extra;        /* borrowed */
};

#define PARAMS_INIT ((struct params){ 0 })
static inline bool params_has(const struct params *p, enum param which) { return p->set & BIT(which); }

const char   *param_name(enum param which);
/* Reads an object. The first fault is told with its key, what was found, what is allowed, and the nearest name. */
enum err_code params_read(const json_t *o, struct arena *a, struct params *out, struct err *e) MUST_USE;
/* Reads one member; for readers that want to say where in a file it stood. */
enum err_code params_read_one(struct str key, const json_t *value, struct arena *a, struct params *out,
                              struct err *e) MUST_USE;
json_t       *params_to_json(const struct params *p);           /* only what is set */
void          params_merge(struct params *base, const struct params *over);     /* what `over` sets wins */
