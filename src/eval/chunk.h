/* src/eval/chunk.h (private to eval): inputs longer than a model takes, asked in parts.
 *
 * A text of more than S characters is cut into parts of S; each begins O characters before the last one's end. The
 * parts depend on the case and the task alone, so every model is asked the same. With `auto` (the default) and
 * `dynamic`, C being the smallest context among the models, T = 0.4 C tokens make a part: S = max(2000, T x characters
 * a token), O = max(0.03 S, 200). A character counts as the quarter of a token, or as what it is in this text where
 * that is more. `auto` cuts only what is above 0.8 C.
 *
 * Parts of one trial are asked one after the other, each with a head that says which part it is. Their answers become
 * one: JSON arrays one array, CSV one table with one header; what two neighbouring parts both gave is kept once, for it
 * comes from where they overlap. Other answers follow each other under "chunk" marks. */
#pragma once

#include "domain/domain.h"

#define CHUNK_PARTS_MAX 1000

struct chunk_parts { struct str variable; struct str *text; size_t count; };     /* count 0: the case is asked whole */

/* What `auto` and `dynamic` need of the models: smallest context, as tokens of o200k_base. 0: no context is known. */
void          chunk_resolve(struct task *t, int64_t context_tokens);
/* The parts of a case; texts borrow from `vars`. ERR_TOO_LARGE above CHUNK_PARTS_MAX. Cost: one comparison for a short
 * case. */
enum err_code chunk_split(const struct task *t, const json_t *vars, struct arena *a, struct chunk_parts *out,
                          struct err *e) MUST_USE;
/* The case's variables with part `i` (from 0) in the place of the whole, and `chunk` {index, count}. */
json_t *chunk_vars(const struct task *t, const json_t *vars, const struct chunk_parts *parts, size_t i,
                   struct arena *a);
struct str chunk_merge(const struct task *t, const struct str *answers, size_t count, struct arena *a);
