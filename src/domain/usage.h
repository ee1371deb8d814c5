/* src/domain/usage.h (through domain.h): tokens of one answer, in one convention whatever the vendor's is.
 *
 * input counts everything that was read (cached and cache-written tokens are part of it); output counts everything
 * that was written (reasoning is part of it). Estimated counts are marked and stay marked in every sum. */
#pragma once

struct usage {
    int64_t input, output;              /* tokens; output >= reasoning, input >= cached + cache_written */
    int64_t cached, cache_written;      /* of input */
    int64_t reasoning;                  /* of output */
    bool input_estimated, output_estimated;
};

void    usage_add(struct usage *sum, const struct usage *u);
json_t *usage_to_json(const struct usage *u);
void    usage_write(const struct usage *u, struct buf *out);      /* appends the same as text */
void    usage_from_json(const json_t *o, struct usage *out);
