#include "domain/domain.h"

/* The counts are a vendor's word: at the ceiling a sum stays there instead of wrapping. */
static void usage_count(int64_t *sum, int64_t more)
{
    if (__builtin_add_overflow(*sum, more, sum))
        *sum = more < 0 ? INT64_MIN : INT64_MAX;
}

void usage_add(struct usage *sum, const struct usage *u)
{
    usage_count(&sum->input, u->input);
    usage_count(&sum->output, u->output);
    usage_count(&sum->cached, u->cached);
    usage_count(&sum->cache_written, u->cache_written);
    usage_count(&sum->reasoning, u->reasoning);
    sum->input_estimated |= u->input_estimated;
    sum->output_estimated |= u->output_estimated;
}

json_t *usage_to_json(const struct usage *u)
{
    json_t *o = json_object();

    json_object_set_new(o, "input_tokens", json_integer(u->input));
    json_object_set_new(o, "output_tokens", json_integer(u->output));
    if (u->cached)
        json_object_set_new(o, "cached_tokens", json_integer(u->cached));
    if (u->cache_written)
        json_object_set_new(o, "cache_written_tokens", json_integer(u->cache_written));
    if (u->reasoning)
        json_object_set_new(o, "reasoning_tokens", json_integer(u->reasoning));
    if (u->input_estimated)
        json_object_set_new(o, "input_estimated", json_true());
    if (u->output_estimated)
        json_object_set_new(o, "output_estimated", json_true());
    return o;
}

void usage_from_json(const json_t *o, struct usage *out)
{
    *out = (struct usage){
        .input = json_get_i64(o, "input_tokens", 0), .output = json_get_i64(o, "output_tokens", 0),
        .cached = json_get_i64(o, "cached_tokens", 0), .cache_written = json_get_i64(o, "cache_written_tokens", 0),
        .reasoning = json_get_i64(o, "reasoning_tokens", 0),
        .input_estimated = json_get_bool(o, "input_estimated", false),
        .output_estimated = json_get_bool(o, "output_estimated", false),
    };
}
