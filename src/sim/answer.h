/* src/sim/answer.h: what a personality says to a request: right or wrong in its own way, and how long it takes.
 *
 * Pure but for the book: the same ask, seed and book give the same reply. Whether two models fail on the same case is
 * not independent: hard cases are hard for all, as with real models. */
#pragma once

#include "sim/book.h"
#include "sim/models.h"

enum sim_finish { SIM_STOP, SIM_LENGTH, SIM_STOP_SEQUENCE, SIM_FILTERED };

/* A request of any vendor, read. Strings live in the request's arena or body. */
struct sim_ask {
    struct str model_asked;                 /* as it stands in the request */
    struct str model_name;                  /* without faults and "sim:" */
    const struct sim_model *model;
    struct str system, user, last_user;     /* user: all user texts, joined by line feeds */
    int64_t images;
    bool stream, include_usage, json_mode, thinking;
    bool max_covers_reasoning;
    const json_t *schema;                   /* of the answer, or NULL */
    double temperature;                     /* negative: not given */
    int64_t max_tokens, seed;               /* -1: not given */
    struct str stops[16];
    size_t stop_count;
    struct str trial;                       /* x-assay-trial */
    const json_t *body;
    uint64_t hash;                          /* of system and user texts */
};

struct sim_reply {
    struct str text, reasoning;
    enum sim_finish finish;
    struct str stop;                        /* the sequence that ended it */
    uint32_t which;                         /* case, or SIM_NO_CASE */
    int64_t input_tokens, cached_tokens;    /* cached: of input */
    int64_t output_tokens, reasoning_tokens;/* reasoning: of output */
    double first_ms, total_ms;              /* unscaled */
    uint64_t id;                            /* to make the vendor's ids of */
};

void    sim_reply_make(uint64_t seed, struct sim_book *book, const struct sim_ask *ask, struct arena *a, struct sim_reply *out);
int64_t sim_tokens(struct str text);        /* about four letters each */
int64_t sim_ask_tokens(const struct sim_ask *ask);
