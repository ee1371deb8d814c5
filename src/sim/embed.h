/* src/sim/embed.h: vectors of texts, the same every time: texts that share words lie near each other.
 *
 * Each word (bytes between white space, ASCII case and ASCII punctuation ignored) adds a direction made of its hash;
 * the sum is scaled to length 1. A text without words has a direction of its own. Threads: any. */
#pragma once

#include "sim/wire/wire.h"

#define SIM_EMBED_SIZE 64
#define SIM_EMBED_TEXTS 2048

void sim_embed_vector(struct str text, double out[SIM_EMBED_SIZE]);
/* The texts of a body in the vendor's form, and the model's name where the path has none. */
enum err_code sim_embed_read(const struct sim_vendor *v, struct sim_ask *ask, struct arena *a, struct str **texts,
                             size_t *count, struct err *e) MUST_USE;
json_t *sim_embed_body(const struct sim_vendor *v, const struct sim_ask *ask, const struct str *texts, size_t count,
                       int64_t tokens);
