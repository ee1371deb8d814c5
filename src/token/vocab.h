/* src/token/vocab.h: the packed vocabularies, as tools/vocab_pack.c writes them and src/token reads them.
 *
 * One read-only block in the program's image: mapped, shared by all threads and processes, nothing to load or free.
 * Sections begin at multiples of 64; offsets count from the block's first byte. Numbers are in the order of the machine
 * that builds, which is the machine that runs. The tables are open addressing with linear steps:
 *
 *   words   hash of a token's bytes -> the token. A slot is mark | offset of its bytes | length | id; 0 is empty.
 *   common  the same for the tokens of the lowest ids, which most pieces of most texts are: looked into first, so that
 * a
 *           short text brings a few pages into memory and not one, with its neighbours, for each of its words.
 *   pairs   (left id, right id) -> the id of the two together, for the one pair each token is made of. Merging in order
 *           of rank never meets another split of a token: if neighbours hold exactly a token's bytes, all merges of
 *           lower rank inside these bytes are done, and those are the token's own (the packer proves it for each). */
#pragma once

#include <stdint.h>
#include <string.h>

enum { VOCAB_ID_BITS = 18, VOCAB_LEN_BITS = 8, VOCAB_AT_BITS = 22, VOCAB_MARK_BITS = 16, VOCAB_BYTES_MAX = 255 };
enum { VOCAB_COMMON_BITS = 15, VOCAB_COMMON = 1 << (VOCAB_COMMON_BITS - 1) };      /* slots; tokens */
enum { VOCAB_CL100K, VOCAB_O200K, VOCABS };
#define VOCAB_MAGIC UINT64_C(0x3130316b6f747361)
#define VOCAB_NONE  UINT32_C(0x3ffff)                           /* no such token */

/* What a code point is to the splitters; a byte that is no UTF-8 is VOCAB_OTHER. */
enum vocab_class {
    VOCAB_OTHER = 1, VOCAB_UPPER = 2, VOCAB_LOWER = 4, VOCAB_BOTH = 8, VOCAB_MARK = 16, VOCAB_NUMBER = 32,
    VOCAB_SPACE = 64, VOCAB_LINE = 128, VOCAB_LETTER = VOCAB_UPPER | VOCAB_LOWER | VOCAB_BOTH,
};

struct vocab {
    uint32_t tokens, longest;               /* ids are 0 .. tokens-1; bytes of the longest */
    uint32_t word_bits, pair_bits;          /* the tables hold 2^bits slots */
    uint64_t words, pairs, bytes, offsets;  /* uint64 slots; uint64 slots; the tokens' bytes by id; uint32 tokens+1 */
    uint64_t common;                        /* uint64 slots */
    uint64_t byte_pairs;                    /* uint32 [first byte << 8 | second]: the pairs most asked for, or VOCAB_NONE */
    uint32_t byte_id[256];
};

struct vocab_pack {
    uint64_t magic, size;
    uint64_t stage1, stage2;                /* class of cp: stage2[stage1[cp >> 7] << 7 | (cp & 127)], uint16 and bytes */
    struct vocab vocab[VOCABS];
};

static inline uint64_t vocab_mix(uint64_t x)
{
    x *= UINT64_C(0x9e3779b97f4a7c15);
    return x ^ x >> 32;
}

/* n is 1 or more; bytes past n are not touched. */
static inline uint64_t vocab_word_hash(const unsigned char *p, size_t n)
{
    uint64_t h = n * UINT64_C(0xff51afd7ed558ccd), a;

    if (n < 4)
        return vocab_mix(h ^ ((uint64_t)p[0] | (uint64_t)p[n >> 1] << 8 | (uint64_t)p[n - 1] << 16));
    if (n <= 8) {
        uint32_t lo, hi;

        memcpy(&lo, p, 4);
        memcpy(&hi, p + n - 4, 4);
        return vocab_mix(h ^ ((uint64_t)hi << 32 | lo));
    }
    for (size_t i = 0; i + 8 < n; i += 8) {
        memcpy(&a, p + i, 8);
        h = vocab_mix(h ^ a);
    }
    memcpy(&a, p + n - 8, 8);
    return vocab_mix(h ^ a);
}

static inline uint64_t vocab_pair_key(uint32_t left, uint32_t right)
{
    return (uint64_t)left << VOCAB_ID_BITS | right;
}
