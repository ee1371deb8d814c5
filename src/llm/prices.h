/* src/llm/prices.h: what a million tokens of a model cost, from a dated table that users can lay their own over.
 *
 * A table is a YAML file (data/prices.yaml shows the form): `dated:`, and under `models:` rows that name a model and
 * its dollars for a million tokens. A row answers for every id it is a prefix of up to a boundary ("gpt-4o" for
 * "gpt-4o-2024-08-06"), the longest one wins; "provider:*" answers for all of a provider. Rows of the second file
 * replace those of the first with the same name.
 * Threads: read-only once loaded. Cost: a few look-ups in a hash table, one for each boundary of the id. */
#pragma once

#include "llm/llm.h"

struct prices;

/* file NULL: the built-in table. over NULL: nothing over it. Errors name file, line and what is allowed. */
enum err_code prices_load(const char *file, const char *over, struct prices **out, struct err *e) MUST_USE;
void          prices_free(struct prices *p);
void          prices_freep(struct prices **p);
bool          prices_find(const struct prices *p, struct str provider, struct str id, struct llm_price *out) MUST_USE;
/* Cached, cache-written and reasoning tokens at their own price where one is given. */
int64_t       prices_cost(const struct llm_price *price, const struct usage *u);
/* A row for the very name in it, unless there is one. */
void          prices_add(struct prices *p, const struct llm_price *row);
size_t        prices_count(const struct prices *p);
void          prices_at(const struct prices *p, size_t i, struct llm_price *out);
struct str    prices_dated(const struct prices *p);
