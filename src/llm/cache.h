/* src/llm/cache.h: answers that were paid for once, given again. Off unless somebody asks for it.
 *
 * The key is the SHA-256 of all that decides an answer: provider and its address (but the built-in simulator's, which
 * is new each time), model, every parameter, the form asked for and its schema, tools, every message with its images,
 * and the repetition's number, so that repeats stay repeats. Only whole answers are kept; a failure never is.
 * An answer from here costs nothing, keeps the tokens and times it was measured with, and says that it is one.
 * Writing goes through the store's writer and nobody waits for it: an answer that could not be kept is only asked for
 * again. Threads: any. */
#pragma once

#include "llm/llm.h"
#include "store/store.h"

#define CACHE_BYTES_USUAL (INT64_C(1) << 30)

struct cache_options {
    int64_t max_age_ms;                     /* 0: any age */
    int64_t bytes_max;                      /* of all answers kept; 0: CACHE_BYTES_USUAL */
};
struct cache;
struct cache *cache_new(struct store *s, struct llm *l, const struct cache_options *options) MUST_USE;
void          cache_free(struct cache *c);  /* before the store is closed; waits for what is being written. NULL is fine */

void          cache_key(struct llm *l, const struct request *rq, int64_t repetition, char key[HASH_HEX]);
/* True: call->answer and the rest are as if it had been asked; call->cached, call->saved_nanousd say where it is from.
 * done is not called. A store that can't be read is a miss, and the log says why. */
bool          cache_find(struct cache *c, const char *key, struct call *call);
void          cache_keep(struct cache *c, const char *key, const struct call *call);
