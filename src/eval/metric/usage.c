/* src/eval/metric/usage.c: what an answer took: cost, latency, tokens. */
#include "eval/metric/metric.h"

static void usage_cost(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    (void)state;
    (void)a;
    *out = s->cost_nanousd == MONEY_UNKNOWN ? score_missing(S("the price is not known"))
                                            : score_of(money_to_double(s->cost_nanousd));
}

static void usage_latency(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    (void)state;
    (void)a;
    *out = s->latency_ms < 0 ? score_missing(S("not measured")) : score_of((double)s->latency_ms);
}

static void usage_input(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    (void)state;
    (void)a;
    *out = s->usage ? score_of((double)s->usage->input) : score_missing(S("not reported"));
}

static void usage_output(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    (void)state;
    (void)a;
    *out = s->usage ? score_of((double)s->usage->output) : score_missing(S("not reported"));
}

const struct metric metric_cost = {
    .name = "cost", .label = "cost", .unit = METRIC_USD, .doc = "US dollars of a trial, all attempts of all turns.",
    .score = usage_cost,
};
const struct metric metric_latency = {
    .name = "latency", .label = "latency", .unit = METRIC_MS, .doc = "Milliseconds of the answering attempts, summed over turns.",
    .score = usage_latency,
};
const struct metric metric_input_tokens = {
    .name = "input_tokens", .label = "input tokens", .unit = METRIC_TOKENS, .doc = "Tokens the model read.", .score = usage_input,
};
const struct metric metric_output_tokens = {
    .name = "output_tokens", .label = "output tokens", .unit = METRIC_TOKENS, .doc = "Tokens the model wrote.",
    .score = usage_output,
};
