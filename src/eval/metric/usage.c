/* src/eval/metric/usage.c: what an answer took: cost, latency, tokens.
 * tokens_per_second of a trial is output tokens / seconds of its answering attempts; a variant's is the sum of these
 * tokens / the sum of these seconds, so that long answers count for what they are. Parts: tokens, seconds. */
#include "eval/metric/metric.h"

#include <math.h>

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

static void usage_total(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    (void)state;
    (void)a;
    *out = s->usage ? score_of((double)s->usage->input + (double)s->usage->output) : score_missing(S("not reported"));
}

static void usage_first_token(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    (void)state;
    (void)a;
    *out = s->turns && s->turn_count && s->turns[0].first_token_ms >= 0
               ? score_of((double)s->turns[0].first_token_ms)
               : score_missing(S("the answer was not streamed"));
}

static void usage_speed(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    struct score_parts *parts;
    double *sums;

    (void)state;
    if (!s->usage || s->latency_ms <= 0) {
        *out = score_missing(s->usage ? S("it took less than a millisecond") : S("not reported"));
        return;
    }
    parts = arena_new(a, struct score_parts);
    sums = arena_array(a, double, 2);
    sums[0] = (double)s->usage->output;
    sums[1] = (double)s->latency_ms / 1000;
    *parts = (struct score_parts){ .sums = sums, .count = 2 };
    *out = score_of(sums[0] / sums[1]);
    out->parts = parts;
}

static double usage_speed_corpus(const double *sums, size_t count)
{
    ASSERT(count == 2);
    return sums[1] > 0 ? sums[0] / sums[1] : NAN;
}

const struct metric metric_total_tokens = {
    .name = "total_tokens", .label = "tokens", .unit = METRIC_TOKENS, .doc = "Tokens the model read and wrote.",
    .score = usage_total,
};
const struct metric metric_first_token = {
    .name = "first_token", .label = "first token", .unit = METRIC_MS, .doc = "Milliseconds to the first token of a streamed answer.",
    .score = usage_first_token,
};
const struct metric metric_tokens_per_second = {
    .name = "tokens_per_second", .label = "tokens/s", .unit = METRIC_RATE, .higher_is_better = true, .parts = 2,
    .doc = "Output tokens a second: all tokens of a variant / all seconds its answers took.", .score = usage_speed,
    .corpus = usage_speed_corpus,
};
