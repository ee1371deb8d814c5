#include "sim/models.h"

#define USD(cents) (INT64_C(10000000) * (cents))        /* nano-dollars */

#define WEIGHTS(wrong, near, refuse, prose, fence, cut, extra, invent, miss)                                          \
    { [SIM_WRONG_LABEL] = wrong, [SIM_NEAR_MISS] = near, [SIM_REFUSAL] = refuse, [SIM_PROSE] = prose,                  \
      [SIM_FENCE] = fence, [SIM_TRUNCATED] = cut, [SIM_EXTRA_FIELD] = extra, [SIM_HALLUCINATED] = invent,              \
      [SIM_MISSING_FIELD] = miss }

/* Prices agree with data/prices.yaml, rows sim:NAME. */
static const struct sim_model sim_models[] = {
    { .name = "careful", .about = "thorough and dear", .priced = true, .input_nanousd = USD(300),
      .output_nanousd = USD(1500), .skill = 0.96, .median_ms = 800, .p95_ms = 1900, .tokens_per_s = 70,
      .weights = WEIGHTS(6, 2, 1, 0, 0, 0, 1, 0, 1) },
    { .name = "swift", .about = "quick and cheap, right nine times in ten", .priced = true, .input_nanousd = USD(15),
      .output_nanousd = USD(60), .skill = 0.90, .median_ms = 250, .p95_ms = 600, .tokens_per_s = 180,
      .weights = WEIGHTS(6, 2, 0, 0, 1, 0, 1, 1, 1) },
    { .name = "thrifty", .about = "the cheapest, with mistakes of every kind", .priced = true, .input_nanousd = USD(5),
      .output_nanousd = USD(20), .skill = 0.82, .median_ms = 300, .p95_ms = 900, .tokens_per_s = 120,
      .weights = WEIGHTS(6, 2, 0, 1, 2, 0, 1, 2, 2) },
    { .name = "chatty", .about = "puts chatter around the answer unless JSON is asked for", .priced = true,
      .input_nanousd = USD(50), .output_nanousd = USD(150), .skill = 0.88, .median_ms = 600, .p95_ms = 1500,
      .tokens_per_s = 90, .prose_rate = 0.6, .weights = WEIGHTS(4, 1, 1, 3, 2, 0, 3, 2, 0) },
    { .name = "erratic", .about = "sometimes malformed or cut short, JSON mode or not", .priced = true,
      .input_nanousd = USD(30), .output_nanousd = USD(90), .skill = 0.70, .median_ms = 400, .p95_ms = 2500,
      .tokens_per_s = 100, .breaks_json = true, .weights = WEIGHTS(4, 2, 2, 2, 2, 4, 2, 2, 2) },
    { .name = "deep", .about = "reasons before it answers: best, slowest, dearest", .priced = true,
      .input_nanousd = USD(1000), .output_nanousd = USD(4000), .skill = 0.98, .median_ms = 2500, .p95_ms = 6000,
      .tokens_per_s = 60, .reasoning_tokens = 180, .weights = WEIGHTS(6, 3, 1, 0, 0, 0, 0, 0, 0) },
    { .name = "instant", .about = "always right, takes no time, costs nothing", .priced = true, .skill = 1 },
    { .name = "echo", .about = "says what was said to it, at once, for nothing", .priced = true, .skill = 1,
      .echo = true },
    { .name = "caller", .about = "asks for a tool whenever one is on offer, at once, for nothing", .priced = true,
      .skill = 1, .calls = true },
    { .name = "judge", .about = "grades an output next to the expected answer, the same every time", .priced = true,
      .input_nanousd = USD(100), .output_nanousd = USD(400), .skill = 1, .median_ms = 300, .p95_ms = 700,
      .tokens_per_s = 200, .judges = true },
    { .name = "judge-biased", .about = "grades like judge, but likes length and first places, and wavers", .priced = true,
      .input_nanousd = USD(100), .output_nanousd = USD(400), .skill = 1, .median_ms = 300, .p95_ms = 700,
      .tokens_per_s = 200, .judges = true, .leans = true },
    { .name = "judge-obedient", .about = "grades like judge, but gives the points an output asks for", .priced = true,
      .input_nanousd = USD(100), .output_nanousd = USD(400), .skill = 1, .median_ms = 300, .p95_ms = 700,
      .tokens_per_s = 200, .judges = true, .obeys = true },
    { .name = "grader", .about = "says what the question tells it to: [[=> reply]], [[word => reply where it stands]]",
      .priced = true, .input_nanousd = USD(100), .output_nanousd = USD(400), .skill = 1, .scripted = true },
    { .name = "selector", .about = "analyses a task and ranks candidates for --models auto", .priced = true,
      .input_nanousd = USD(100), .output_nanousd = USD(400), .skill = 1, .median_ms = 300, .p95_ms = 700,
      .tokens_per_s = 200, .selects = true },
    { .name = "selector-hostile", .about = "like selector, but answers with what nobody may fall for", .priced = true,
      .input_nanousd = USD(100), .output_nanousd = USD(400), .skill = 1, .median_ms = 300, .p95_ms = 700,
      .tokens_per_s = 200, .selects = true, .hostile = true },
    { .name = "writer", .about = "writes checks, prompts and rubrics, the same every time", .priced = true,
      .input_nanousd = USD(100), .output_nanousd = USD(400), .skill = 1, .median_ms = 300, .p95_ms = 700,
      .tokens_per_s = 200, .writes = true },
    { .name = "writer-hostile", .about = "writes code, ten megabytes or ten thousand levels instead", .priced = true,
      .input_nanousd = USD(100), .output_nanousd = USD(400), .skill = 1, .writes = true, .hostile = true },
    { .name = "unpriced", .about = "like swift, but nobody knows its price", .skill = 0.90, .median_ms = 250,
      .p95_ms = 600, .tokens_per_s = 180, .weights = WEIGHTS(6, 2, 0, 0, 1, 0, 1, 1, 1) },
};
#define SIM_STAND_INS 6         /* the first rows play the vendors' models */

const struct sim_model *sim_model_row(size_t i)
{
    return i < COUNT_OF(sim_models) ? &sim_models[i] : NULL;
}

const struct sim_model *sim_model_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(sim_models); i++)
        if (str_is(name, sim_models[i].name))
            return &sim_models[i];
    return NULL;
}

const struct sim_model *sim_model_for(struct str name, char hint[160])
{
    const struct sim_model *m;
    struct suggest near;

    hint[0] = '\0';
    if (str_starts(name, S("sim:")) || str_starts(name, S("sim/")))
        name = str_from(name, 4);
    m = sim_model_find(name);
    if (m || !name.len || str_starts(name, S("no-such")))
        return m;
    suggest_begin(&near, name);
    for (size_t i = 0; i < COUNT_OF(sim_models); i++)
        suggest_offer(&near, str_c(sim_models[i].name));
    if (suggest_best(&near).len) {
        suggest_hint(&near, hint);
        return NULL;
    }
    return &sim_models[hash_bytes(name, 7) % SIM_STAND_INS];
}

int64_t sim_model_cost(const struct sim_model *m, int64_t input, int64_t output)
{
    int64_t cost;

    if (!m->priced)
        return MONEY_UNKNOWN;
    return money_of_tokens((const int64_t[]){ input, output }, (const int64_t[]){ m->input_nanousd, m->output_nanousd },
                           2, &cost)
               ? cost
               : MONEY_UNKNOWN;
}

bool sim_model_at(size_t i, struct sim_model_info *out)
{
    const struct sim_model *m = sim_model_row(i);

    if (m)
        *out = (struct sim_model_info){ m->name, m->about, m->priced, m->input_nanousd, m->output_nanousd, m->skill,
                                        (int64_t)m->median_ms };
    return m != NULL;
}
