/* src/token/token_parts.h: what the files of this room share. */
#pragma once
#include "token/token.h"
#include "token/vocab.h"

/* The block: of a size the compiler must not think it knows. */
extern const unsigned char token_pack[] __attribute__((visibility("hidden")));
static inline const struct vocab_pack *pack_head(void) { return (const struct vocab_pack *)(const void *)token_pack; }
static inline const void *pack_at(uint64_t offset) { return token_pack + offset; }

struct token_encoding {
    const char *name;
    int vocab;                                              /* VOCAB_CL100K, VOCAB_O200K */
    /* The end of the piece that begins at `at`; at < end. Pieces are encoded apart from each other. */
    const unsigned char *(*split)(const unsigned char *at, const unsigned char *end);
};

const struct token_encoding *encoding_at(int vocab);

const unsigned char *split_cl100k(const unsigned char *at, const unsigned char *end);
const unsigned char *split_o200k(const unsigned char *at, const unsigned char *end);

/* Merging of one piece that is no token itself. `out` gets at most `n` ids; returns their count.
 * Up to MERGE_SHORT bytes by looking for the lowest rank among all neighbours, in registers and one cache line or two;
 * longer ones through lists by rank, which is linear. `big` is made when first needed and freed by merge_dispose. */
enum { MERGE_SHORT = 64 };
struct merge_big;
size_t merge_piece(const struct vocab *v, const unsigned char *piece, size_t n, struct merge_big **big, uint32_t *out);
size_t merge_piece_long(const struct vocab *v, const unsigned char *piece, size_t n, struct merge_big **big,
                        uint32_t *out);
void merge_dispose(struct merge_big *big);

/* Width and height in pixels of a PNG, JPEG, GIF or WebP image given as base64; false when the head does not say. */
bool image_size(struct str base64, int64_t *width, int64_t *height);
int64_t image_tokens(const struct token_image *rule, int64_t width, int64_t height);
