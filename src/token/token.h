/* src/token/token.h: how many tokens a text is.
 *
 * Exact for the two encodings OpenAI publishes: the ids are those of tiktoken (tests/token holds them equal, id by id).
 * For every other model an estimate that says so: its vendor publishes no vocabulary that may be shipped, or none at
 * all. Text is bytes; what is no UTF-8 is counted byte by byte. Special tokens ("<|endoftext|>") are ordinary text, as
 * in a request: nobody can write one into a prompt.
 * Threads: any; nothing here is ever written. Cost: linear in the text, whatever it holds; memory, beside the answer,
 * by the longest run that no blank, number or sign interrupts: 28 bytes each, and a run is cut at TOKEN_PIECE_MAX. */
#pragma once
#include "domain/domain.h"

enum { TOKEN_PIECE_MAX = 8 << 20 };     /* bytes; tiktoken has no such bound (and takes minutes there) */

struct token_encoding;

const struct token_encoding *token_encoding_named(struct str name);     /* "cl100k_base", "o200k_base"; NULL: no such */
const char *token_encoding_name(const struct token_encoding *t);
size_t      token_encoding_size(const struct token_encoding *t);        /* ids are below this */

struct token_ids { uint32_t *at; size_t len, cap; };                    /* a VEC of ids: vec_dispose() */

int64_t token_count(const struct token_encoding *t, struct str text);
/* Counts until more than `limit` and then stops: is the text longer than that? Cost is then that of its beginning. */
int64_t token_count_to(const struct token_encoding *t, struct str text, int64_t limit);
void    token_encode(const struct token_encoding *t, struct str text, struct token_ids *out);   /* appends */
/* The bytes of one token; STR_NONE for an id past the end. Borrowed from the program itself. */
struct str token_bytes(const struct token_encoding *t, uint32_t id);

/* Takes the tables out of this process's memory; the next count brings back what it needs, from the file cache. For who
 * has counted what there was to count and now needs the room. */
void        token_rest(void);

/* How a model's tokens are counted. Images, as the vendors' pages give it (docs/tokens.md says when it was read):
 *   tiles    fitted into 2048 x 2048, then the short side to 768: base + tile for each 512 x 512 begun   (OpenAI)
 *   patches  32 x 32 each, at most 1,536, times a factor                                                 (OpenAI, small
 * models)
 *   pixels   long side fitted to 1568, then width x height / 750, at most 1,600                          (Anthropic)
 *   squares  258 up to 384 x 384, above it 258 for each 768 x 768 begun                                  (Google) */
enum token_image_rule { TOKEN_IMAGE_TILES, TOKEN_IMAGE_PATCHES, TOKEN_IMAGE_PIXELS, TOKEN_IMAGE_SQUARES };
struct token_image { enum token_image_rule rule; double base, each; };
enum token_tools { TOKEN_TOOLS_JSON, TOKEN_TOOLS_OPENAI };      /* as JSON text; as OpenAI's cookbook counts functions */
struct token_counter {
    const struct token_encoding *encoding;      /* its own, or the one the estimate starts from */
    double factor;                              /* 1 when exact */
    double per_o200k;                           /* about so many of its tokens for one of o200k_base's */
    bool exact;                                 /* for plain text */
    const char *family;                         /* "gpt-4o", "claude"...: the row of the table that matched */
    enum token_tools tools;
    struct token_image image;
};
struct token_counter token_counter_for(struct str model_id);  /* "gpt-4o-mini", "us.anthropic.claude-sonnet-4"... */
int64_t token_counter_text(const struct token_counter *c, struct str text);

/* What a whole request counts as: the texts, what the vendor adds around each message, tools, images. `tools` is the
 * task's list ([{name, description?, parameters?}]) or NULL. The frames around messages and tools are as published for,
 * or measured by others on, each vendor (docs/tokens.md says which); with tools or images the sum is never `exact`. */
struct token_request {
    int64_t text, frame, tools, images, total;
    bool exact;
};
struct token_request token_count_request(const struct token_counter *c, const struct message *messages, size_t count,
                                         const json_t *tools);
