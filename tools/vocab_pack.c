/* tools/vocab_pack.c: vocab_pack OUT.pack OUT.S CLASSES.txt CL100K.tiktoken O200K.tiktoken
 *
 * Runs when assay is built: reads the vocabularies as their maker publishes them (lines of base64 and rank) and the
 * letter classes, and writes the block of src/token/vocab.h with the assembler file that puts it into the program.
 * It proves what the block rests on: ranks are 0..n-1, every byte is a token, and merging a token's bytes by lower
 * ranks alone ends in exactly two tokens. */
#include <stdio.h>
#include <stdlib.h>

#include "token/vocab.h"

enum { TOKENS_MAX = 200000, TEXT_MAX = 16 << 20, BLOCK = 128, BLOCKS = 0x110000 / BLOCK };

static unsigned char *block;                /* what is written, grown at its end */
static size_t block_len;

static void pack_die(const char *what, const char *name)
{
    fprintf(stderr, "vocab_pack: %s: %s\n", name, what);
    exit(1);
}

static char *pack_read(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *text = malloc(TEXT_MAX + 1);

    if (!f || !text)
        pack_die("cannot be read", path);
    *len = fread(text, 1, TEXT_MAX, f);
    text[*len] = '\0';
    if (ferror(f) || fgetc(f) != EOF)
        pack_die("cannot be read, or is larger than a vocabulary", path);
    fclose(f);
    return text;
}

static size_t pack_append(const void *bytes, size_t len)
{
    size_t at = (block_len + 63) / 64 * 64;

    block = realloc(block, at + len);
    if (!block)
        pack_die("out of memory", "vocab_pack");
    memset(block + block_len, 0, at - block_len);
    memcpy(block + at, bytes, len);
    block_len = at + len;
    return at;
}

/* -- the letter classes -- */

static void pack_classes(const char *path, struct vocab_pack *head)
{
    static unsigned char of[0x110000], stage2[BLOCKS * BLOCK];
    static uint16_t stage1[BLOCKS];
    static const char letters[] = "ULBMNSR";
    static const unsigned char classes[] = { VOCAB_UPPER, VOCAB_LOWER, VOCAB_BOTH, VOCAB_MARK, VOCAB_NUMBER, VOCAB_SPACE,
                                             VOCAB_LINE };
    size_t len, blocks = 0;
    char *text = pack_read(path, &len), *line, *rest = text;

    memset(of, VOCAB_OTHER, sizeof of);
    while ((line = strtok_r(rest, "\n", &rest))) {
        unsigned first, last;
        char letter;

        if (line[0] == '#')
            continue;
        if (sscanf(line, "%x %x %c", &first, &last, &letter) != 3 || first > last || last >= 0x110000 ||
            !strchr(letters, letter))
            pack_die(line, path);
        memset(of + first, classes[strchr(letters, letter) - letters], last - first + 1);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t at = 0;

        while (at < blocks && memcmp(stage2 + at * BLOCK, of + i * BLOCK, BLOCK) != 0)
            at++;
        if (at == blocks)
            memcpy(stage2 + blocks++ * BLOCK, of + i * BLOCK, BLOCK);
        stage1[i] = (uint16_t)at;
    }
    head->stage1 = pack_append(stage1, sizeof stage1);
    head->stage2 = pack_append(stage2, blocks * BLOCK);
    free(text);
}

/* -- one vocabulary -- */

struct ranks { uint32_t n, longest; uint32_t offset[TOKENS_MAX + 1]; unsigned char bytes[TEXT_MAX]; };

static int base64_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static void ranks_read(const char *path, struct ranks *r)
{
    size_t len;
    char *text = pack_read(path, &len), *line, *rest = text;
    uint32_t at = 0;

    r->n = r->longest = 0;
    while ((line = strtok_r(rest, "\n", &rest))) {
        uint32_t bits = 0, have = 0, begin = at;
        char *space = strchr(line, ' ');

        if (!space || r->n == TOKENS_MAX || strtoul(space + 1, NULL, 10) != r->n)
            pack_die("ranks do not count up from 0", path);
        for (char *c = line; c < space && *c != '='; c++) {
            int v = base64_value(*c);

            if (v < 0)
                pack_die("a token is not base64", path);
            bits = bits << 6 | (uint32_t)v;
            if ((have += 6) >= 8)
                r->bytes[at++] = (unsigned char)(bits >> (have -= 8));
        }
        if (at == begin || at - begin > VOCAB_BYTES_MAX || at >> VOCAB_AT_BITS)
            pack_die("a token is empty or too long", path);
        r->longest = at - begin > r->longest ? at - begin : r->longest;
        r->offset[r->n++] = begin;
    }
    r->offset[r->n] = at;
    free(text);
}

static uint32_t words_find(const struct ranks *r, const uint64_t *slots, uint32_t bits, const unsigned char *p,
                           size_t n)
{
    uint64_t h = vocab_word_hash(p, n), mask = (UINT64_C(1) << bits) - 1;

    for (uint64_t i = h & mask; slots[i]; i = (i + 1) & mask) {
        uint32_t id = slots[i] & VOCAB_NONE;

        if (r->offset[id + 1] - r->offset[id] == n && memcmp(r->bytes + r->offset[id], p, n) == 0)
            return id;
    }
    return VOCAB_NONE;
}

static void words_add(const struct ranks *r, uint64_t *slots, uint32_t bits, uint32_t id)
{
    uint64_t n = r->offset[id + 1] - r->offset[id], h = vocab_word_hash(r->bytes + r->offset[id], n);
    uint64_t mask = (UINT64_C(1) << bits) - 1, i = h & mask;

    while (slots[i])
        i = (i + 1) & mask;
    slots[i] = h >> (64 - VOCAB_MARK_BITS) << (64 - VOCAB_MARK_BITS) |
               (uint64_t)r->offset[id] << (VOCAB_ID_BITS + VOCAB_LEN_BITS) | n << VOCAB_ID_BITS | id;
}

/* The two tokens `id` is made of; false when merging by lower ranks does not end in two. */
static int pair_of(const struct ranks *r, const uint64_t *slots, uint32_t bits, uint32_t id, uint32_t *left,
                   uint32_t *right)
{
    const unsigned char *p = r->bytes + r->offset[id];
    uint32_t n = r->offset[id + 1] - r->offset[id], cuts[VOCAB_BYTES_MAX + 1], parts = n;

    for (uint32_t i = 0; i <= n; i++)
        cuts[i] = i;
    while (parts > 2) {
        uint32_t best = id, at = 0;

        for (uint32_t i = 0; i + 2 <= parts; i++) {
            uint32_t rank = words_find(r, slots, bits, p + cuts[i], cuts[i + 2] - cuts[i]);

            if (rank < best) {
                best = rank;
                at = i;
            }
        }
        if (best == id)
            return 0;
        memmove(cuts + at + 1, cuts + at + 2, (parts - at - 1) * sizeof *cuts);
        parts--;
    }
    *left = words_find(r, slots, bits, p, cuts[1]);
    *right = words_find(r, slots, bits, p + cuts[1], n - cuts[1]);
    return *left < id && *right < id;
}

static void pack_vocab(const char *path, uint32_t word_bits, uint32_t pair_bits, struct vocab *v)
{
    static struct ranks r;
    static uint32_t byte_pairs[1 << 16];
    static uint64_t common[1 << VOCAB_COMMON_BITS];
    uint64_t *words = calloc((size_t)1 << word_bits, sizeof *words),
             *pairs = calloc((size_t)1 << pair_bits, sizeof *pairs);
    uint64_t mask = (UINT64_C(1) << pair_bits) - 1;

    if (!words || !pairs)
        pack_die("out of memory", path);
    ranks_read(path, &r);
    for (uint32_t id = 0; id < r.n; id++)
        words_add(&r, words, word_bits, id);
    memset(common, 0, sizeof common);
    for (uint32_t id = 0; id < VOCAB_COMMON && id < r.n; id++)
        words_add(&r, common, VOCAB_COMMON_BITS, id);
    for (uint32_t b = 0; b < 256; b++) {
        unsigned char byte = (unsigned char)b;

        if ((v->byte_id[b] = words_find(&r, words, word_bits, &byte, 1)) == VOCAB_NONE)
            pack_die("a byte is no token", path);
    }
    for (uint32_t id = 0; id < r.n; id++) {
        uint32_t left, right;
        uint64_t key, i;

        if (r.offset[id + 1] - r.offset[id] == 1)
            continue;
        if (!pair_of(&r, words, word_bits, id, &left, &right))
            pack_die("a token is not made of two others", path);
        key = vocab_pair_key(left, right);
        for (i = vocab_mix(key) & mask; pairs[i]; i = (i + 1) & mask)
            ;
        pairs[i] = key << VOCAB_ID_BITS | id;           /* never 0: a made token's id is not */
    }
    for (uint32_t i = 0; i < 1 << 16; i++) {
        unsigned char two[] = { (unsigned char)(i >> 8), (unsigned char)i };

        byte_pairs[i] = words_find(&r, words, word_bits, two, 2);
    }
    v->tokens = r.n;
    v->longest = r.longest;
    v->word_bits = word_bits;
    v->pair_bits = pair_bits;
    v->common = pack_append(common, sizeof common);
    v->words = pack_append(words, sizeof *words << word_bits);
    v->pairs = pack_append(pairs, sizeof *pairs << pair_bits);
    v->byte_pairs = pack_append(byte_pairs, sizeof byte_pairs);
    v->bytes = pack_append(r.bytes, r.offset[r.n]);
    v->offsets = pack_append(r.offset, (r.n + 1) * sizeof *r.offset);
    free(words);
    free(pairs);
}

int main(int argc, char **argv)
{
    struct vocab_pack head = { .magic = VOCAB_MAGIC };
    FILE *f;

    if (argc != 6)
        pack_die("OUT.pack OUT.S CLASSES.txt CL100K.tiktoken O200K.tiktoken", "usage");
    pack_append(&head, sizeof head);
    pack_classes(argv[3], &head);
    pack_vocab(argv[4], 17, 17, &head.vocab[VOCAB_CL100K]);
    pack_vocab(argv[5], 18, 18, &head.vocab[VOCAB_O200K]);
    pack_append("", 0);
    head.size = block_len;
    memcpy(block, &head, sizeof head);
    f = fopen(argv[1], "wb");
    if (!f || fwrite(block, 1, block_len, f) != block_len || fclose(f) != 0)
        pack_die("cannot be written", argv[1]);
    f = fopen(argv[2], "w");
    if (!f)
        pack_die("cannot be written", argv[2]);
    fprintf(f, "    .section .rodata\n    .balign 64\n    .globl token_pack\n    .hidden token_pack\n"
               "token_pack:\n    .incbin \"%s\"\n    .section .note.GNU-stack,\"\",%%progbits\n", argv[1]);
    if (fclose(f) != 0)
        pack_die("cannot be written", argv[2]);
    return 0;
}
