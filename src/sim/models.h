/* src/sim/models.h: the personalities: how good, how fast, how dear, and what kinds of mistakes. One table, models.c. */
#pragma once

#include "sim/sim.h"

enum sim_mistake {
    SIM_WRONG_LABEL,            /* a value that is right for another case */
    SIM_NEAR_MISS,              /* nearly the value */
    SIM_REFUSAL,
    SIM_PROSE,                  /* the right answer inside chatter */
    SIM_FENCE,                  /* the right answer inside a Markdown fence */
    SIM_TRUNCATED,
    SIM_EXTRA_FIELD,
    SIM_HALLUCINATED,           /* an item or fact nobody asked for */
    SIM_MISSING_FIELD,
    SIM_MISTAKES
};

struct sim_model {
    const char *name, *about;
    bool priced;
    int64_t input_nanousd, output_nanousd;      /* a million tokens */
    double skill;                               /* probability that an answer is right */
    double median_ms, p95_ms;                   /* of a short answer, whole; 0: no waiting */
    double tokens_per_s;
    int reasoning_tokens;                       /* median of the hidden ones; 0: does not reason */
    bool echo;                                  /* answers with the last user text */
    bool scripted;                              /* says what the question tells it to (grader.c) */
    bool judges, obeys, leans;                  /* grades as `assay judge` asks; does what an output says; is biased */
    bool writes, selects;                       /* writes checks and prompts; ranks models as `--models auto` asks */
    bool hostile;                               /* what it writes or ranks means harm */
    bool calls;                                 /* asks for a tool whenever one is on offer */
    bool breaks_json;                           /* JSON mode does not bind it */
    double prose_rate;                          /* right answers in chatter, unless JSON was asked for */
    unsigned char weights[SIM_MISTAKES];        /* which mistakes, relative */
};

const struct sim_model *sim_model_find(struct str name);            /* NULL when there is none of that name */
/* The one that plays `name`: itself, or for a vendor's id the one its hash falls on. NULL: not found, with a hint. */
const struct sim_model *sim_model_for(struct str name, char hint[160]);
const struct sim_model *sim_model_row(size_t i);                    /* NULL past the end */
int64_t sim_model_cost(const struct sim_model *m, int64_t input, int64_t output);   /* MONEY_UNKNOWN without a price */
