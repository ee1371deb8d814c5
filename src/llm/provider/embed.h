/* src/llm/provider/embed.h (private to provider): vectors of texts.
 *
 * A request with texts asks for a vector of each instead of an answer to messages. OpenAI's shape is most vendors':
 * POST /embeddings {model, input: [...]}, answered by data: [{index, embedding: [...]}] and usage. Whatever the shape,
 * there must be one vector for each text, all of the same length, 1 to EMBED_SIZE_MAX finite numbers. */
#pragma once

#include "llm/provider/wire.h"

#define EMBED_SIZE_MAX 65536

enum err_code embed_encode(const struct request *rq, struct str base_url, const struct quirks *q, struct arena *a,
                           struct http_call *out, struct err *e);
enum err_code embed_decode(const struct request *rq, const struct http_answer *in, struct arena *a, struct answer *out,
                           struct failure *f, struct err *e);
/* {"model": ..., "input": [texts]} */
void          embed_write_body(const struct request *rq, struct buf *out);
/* decode's first half: the status and the body, which is yours. */
enum err_code embed_read_body(const struct request *rq, const struct http_answer *in, struct arena *a, json_t **body,
                              struct failure *f, struct err *e) MUST_USE;
/* Vectors from `list`: its elements, or their member `name` when it is not NULL. */
enum err_code embed_read(const struct request *rq, const json_t *list, const char *name, struct arena *a,
                         struct answer *out, struct failure *f, struct err *e) MUST_USE;
