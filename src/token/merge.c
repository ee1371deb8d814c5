/* src/token/merge.c: byte-pair merging of one piece (Sennrich, Haddow and Birch 2016): again and again the leftmost
 * pair of the lowest rank becomes one token, until no two neighbours are one.
 *
 * A rank is the id of the two together, found by their two ids (vocab.h says why one pair per token is enough).
 * Ranks only go up while merging, because a token's parts rank below it: so the long way works through one list of
 * places per rank, in order of rank, each place visited a bounded number of times. Its lists are marked in a
 * three-level bitmap; nothing but the bitmap is ever cleared, and each bit is cleared by the one who empties its list. */
#include "token/token_parts.h"

static inline uint32_t merge_rank(const uint64_t *pairs, uint64_t mask, uint32_t left, uint32_t right)
{
    uint64_t key = vocab_pair_key(left, right), slot;

    for (uint64_t i = vocab_mix(key) & mask; (slot = pairs[i]); i = (i + 1) & mask)
        if (slot >> VOCAB_ID_BITS == key)
            return slot & VOCAB_NONE;
    return VOCAB_NONE;
}

static size_t merge_short(const struct vocab *v, const unsigned char *piece, size_t n, uint32_t *id)
{
    const uint64_t *pairs = pack_at(v->pairs);
    uint64_t mask = (UINT64_C(1) << v->pair_bits) - 1;
    const uint32_t *byte_pairs = pack_at(v->byte_pairs);
    uint32_t rank[MERGE_SHORT];             /* of id[i] with id[i + 1]; the last has none */

    for (size_t i = 0; i < n; i++) {
        id[i] = v->byte_id[piece[i]];
        rank[i] = i + 1 < n ? byte_pairs[(size_t)piece[i] << 8 | piece[i + 1]] : VOCAB_NONE;
    }
    for (;;) {
        uint32_t best = VOCAB_NONE;
        size_t at = 0;

        for (size_t i = 0; i + 1 < n; i++)
            if (rank[i] < best) {
                best = rank[i];
                at = i;
            }
        if (best == VOCAB_NONE)
            return n;
        id[at] = best;
        n--;
        memmove(id + at + 1, id + at + 2, (n - at - 1) * sizeof *id);
        memmove(rank + at + 1, rank + at + 2, (n - at - 1) * sizeof *rank);
        if (at + 1 < n)
            rank[at] = merge_rank(pairs, mask, id[at], id[at + 1]);
        else
            rank[at] = VOCAB_NONE;
        if (at > 0)
            rank[at - 1] = merge_rank(pairs, mask, id[at - 1], id[at]);
    }
}

/* -- long pieces -- */

enum { LEVELS = 3 };
struct place { uint32_t id, rank, prev, next, up, down; };     /* neighbours in the piece; neighbours in its rank's list */
struct merge_big {
    uint64_t set0[1 << 12], set1[1 << 6], set2;                 /* which ranks have a list: one bit for each of 2^18 */
    uint32_t head[1 << VOCAB_ID_BITS];                          /* valid where the bit is set */
    struct place *at;
    size_t cap;
};
#define NOWHERE UINT32_MAX

static void big_add(struct merge_big *b, uint32_t place, uint32_t rank)
{
    struct place *p = &b->at[place];

    p->rank = rank;
    if (rank == VOCAB_NONE)
        return;
    p->up = NOWHERE;
    p->down = b->set0[rank >> 6] >> (rank & 63) & 1 ? b->head[rank] : NOWHERE;
    if (p->down != NOWHERE)
        b->at[p->down].up = place;
    b->head[rank] = place;
    b->set0[rank >> 6] |= UINT64_C(1) << (rank & 63);
    b->set1[rank >> 12] |= UINT64_C(1) << (rank >> 6 & 63);
    b->set2 |= UINT64_C(1) << (rank >> 12);
}

static void big_remove(struct merge_big *b, uint32_t place)
{
    struct place *p = &b->at[place];
    uint32_t rank = p->rank;

    p->rank = VOCAB_NONE;
    if (rank == VOCAB_NONE)
        return;
    if (p->down != NOWHERE)
        b->at[p->down].up = p->up;
    if (p->up != NOWHERE)
        b->at[p->up].down = p->down;
    else if (p->down != NOWHERE)
        b->head[rank] = p->down;
    else if (!(b->set0[rank >> 6] &= ~(UINT64_C(1) << (rank & 63))) &&
             !(b->set1[rank >> 12] &= ~(UINT64_C(1) << (rank >> 6 & 63))))
        b->set2 &= ~(UINT64_C(1) << (rank >> 12));
}

static uint32_t big_lowest(const struct merge_big *b)
{
    uint32_t i = (uint32_t)__builtin_ctzll(b->set2);

    i = i << 6 | (uint32_t)__builtin_ctzll(b->set1[i]);
    return i << 6 | (uint32_t)__builtin_ctzll(b->set0[i]);
}

/* The place with its right neighbour becomes one. */
static void big_join(struct merge_big *b, const uint64_t *pairs, uint64_t mask, uint32_t place)
{
    struct place *p = &b->at[place];
    uint32_t gone = p->next, rank = p->rank;

    big_remove(b, place);
    big_remove(b, gone);
    p->id = rank;
    p->next = b->at[gone].next;
    if (p->next != NOWHERE) {
        b->at[p->next].prev = place;
        big_add(b, place, merge_rank(pairs, mask, p->id, b->at[p->next].id));
    }
    if (p->prev != NOWHERE) {
        big_remove(b, p->prev);
        big_add(b, p->prev, merge_rank(pairs, mask, b->at[p->prev].id, p->id));
    }
}

static size_t merge_long(const struct vocab *v, const unsigned char *piece, size_t n, struct merge_big *b,
                         uint32_t *out)
{
    const uint64_t *pairs = pack_at(v->pairs);
    uint64_t mask = (UINT64_C(1) << v->pair_bits) - 1;
    const uint32_t *byte_pairs = pack_at(v->byte_pairs);
    size_t count = 0;

    if (n > b->cap) {
        free(b->at);
        b->at = xreallocarray(NULL, n, sizeof *b->at);
        b->cap = n;
    }
    for (size_t i = 0; i < n; i++)
        b->at[i] = (struct place){ .id = v->byte_id[piece[i]], .rank = VOCAB_NONE, .prev = i ? (uint32_t)i - 1 : NOWHERE,
                                   .next = i + 1 < n ? (uint32_t)i + 1 : NOWHERE };
    for (size_t i = 0; i + 1 < n; i++)
        big_add(b, (uint32_t)i, byte_pairs[(size_t)piece[i] << 8 | piece[i + 1]]);
    while (b->set2) {
        uint32_t rank = big_lowest(b), place = b->head[rank];

        /* Equal neighbours in a row ("aaaa") are taken from their left end; each is passed once. */
        while (b->at[place].prev != NOWHERE && b->at[b->at[place].prev].rank == rank)
            place = b->at[place].prev;
        while (place != NOWHERE && b->at[place].rank == rank) {
            big_join(b, pairs, mask, place);
            place = b->at[place].next;
        }
    }
    for (uint32_t i = 0; i != NOWHERE; i = b->at[i].next)
        out[count++] = b->at[i].id;
    return count;
}

size_t merge_piece(const struct vocab *v, const unsigned char *piece, size_t n, struct merge_big **big, uint32_t *out)
{
    return n <= MERGE_SHORT ? merge_short(v, piece, n, out) : merge_piece_long(v, piece, n, big, out);
}

size_t merge_piece_long(const struct vocab *v, const unsigned char *piece, size_t n, struct merge_big **big,
                        uint32_t *out)
{
    if (!*big)
        *big = xcalloc(1, sizeof **big);
    return merge_long(v, piece, n, *big, out);
}

void merge_dispose(struct merge_big *big)
{
    if (big)
        free(big->at);
    free(big);
}
