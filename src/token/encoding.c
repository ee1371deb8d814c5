#include "token/token_parts.h"

#include <sys/mman.h>
#include <unistd.h>

static const struct token_encoding encodings[] = {
    [VOCAB_CL100K] = { "cl100k_base", VOCAB_CL100K, split_cl100k },
    [VOCAB_O200K] = { "o200k_base", VOCAB_O200K, split_o200k },
};

const struct token_encoding *token_encoding_named(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(encodings); i++)
        if (str_is(name, encodings[i].name))
            return &encodings[i];
    return NULL;
}

const char *token_encoding_name(const struct token_encoding *t)
{
    return t->name;
}

const struct token_encoding *encoding_at(int vocab)
{
    return &encodings[vocab];
}

static const struct vocab *encoding_vocab(const struct token_encoding *t)
{
    return &pack_head()->vocab[t->vocab];
}

size_t token_encoding_size(const struct token_encoding *t)
{
    return encoding_vocab(t)->tokens;
}

struct str token_bytes(const struct token_encoding *t, uint32_t id)
{
    const struct vocab *v = encoding_vocab(t);
    const uint32_t *offset = pack_at(v->offsets);

    if (id >= v->tokens)
        return STR_NONE;
    return str_n((const char *)pack_at(v->bytes + offset[id]), offset[id + 1] - offset[id]);
}

/* The token that is exactly these bytes, by a table of 2^bits slots, or VOCAB_NONE. */
static inline uint32_t encoding_find(const uint64_t *slots, uint32_t bits, uint64_t h, const unsigned char *bytes,
                                     const unsigned char *p, size_t n)
{
    uint64_t mask = (UINT64_C(1) << bits) - 1, slot;

    for (uint64_t i = h & mask; (slot = slots[i]); i = (i + 1) & mask)
        if (!((slot ^ h) >> (64 - VOCAB_MARK_BITS)) && (slot >> VOCAB_ID_BITS & VOCAB_BYTES_MAX) == n &&
            memcmp(bytes + (slot >> (VOCAB_ID_BITS + VOCAB_LEN_BITS) & ((UINT64_C(1) << VOCAB_AT_BITS) - 1)), p, n) ==
                0)
            return slot & VOCAB_NONE;
    return VOCAB_NONE;
}

static inline uint32_t encoding_word(const struct vocab *v, const unsigned char *p, size_t n)
{
    const unsigned char *bytes = pack_at(v->bytes);
    uint64_t h = vocab_word_hash(p, n);
    uint32_t id = encoding_find(pack_at(v->common), VOCAB_COMMON_BITS, h, bytes, p, n);

    return id != VOCAB_NONE ? id : encoding_find(pack_at(v->words), v->word_bits, h, bytes, p, n);
}

/* Words come again. In a text long enough to pay for it, the pieces seen last are kept by their bytes: the tables are
 * larger than a core's cache, this is not. */
enum { SEEN_BITS = 13, SEEN_IDS = 3, SEEN_BYTES_MAX = 16, SEEN_FROM_BYTES = 32 << 10 };
struct seen { uint64_t head, tail; uint16_t n, count; uint32_t ids[SEEN_IDS]; };

struct walk {                           /* one text on its way */
    const struct vocab *v;
    struct seen *seen;                  /* NULL for a short text */
    struct merge_big *big;              /* of long pieces: made when first needed */
    uint32_t *ids, *long_ids;           /* of the piece at hand; room for long ones */
    size_t long_cap;
    uint32_t short_ids[MERGE_SHORT];
};

static size_t walk_merge(struct walk *w, const unsigned char *p, size_t n)
{
    uint32_t id;

    w->ids = w->short_ids;
    if (n <= w->v->longest && (id = encoding_word(w->v, p, n)) != VOCAB_NONE)
        return w->short_ids[0] = id, 1;
    if (n > MERGE_SHORT && n > w->long_cap) {
        w->long_ids = xreallocarray(w->long_ids, n, sizeof *w->long_ids);
        w->long_cap = n;
    }
    if (n > MERGE_SHORT)
        w->ids = w->long_ids;
    return merge_piece(w->v, p, n, &w->big, w->ids);
}

/* The bytes of a piece of 1 to 16 bytes; with n they are the piece. Whole words are read where the text goes on: their
 * bytes past the piece are masked away. */
static inline void seen_key(const unsigned char *p, size_t n, const unsigned char *end, uint64_t *head, uint64_t *tail)
{
    *head = *tail = 0;
    if (end - p >= 16) {
        memcpy(head, p, 8);
        memcpy(tail, p + 8, 8);
        *head &= n >= 8 ? UINT64_MAX : (UINT64_C(1) << n * 8) - 1;
        *tail &= n >= 16 ? UINT64_MAX : n > 8 ? (UINT64_C(1) << (n - 8) * 8) - 1 : 0;
    } else {
        memcpy(head, p, MIN(n, (size_t)8));
        memcpy(tail, p + MIN(n, (size_t)8), n - MIN(n, (size_t)8));
    }
}

static inline size_t walk_piece(struct walk *w, const unsigned char *p, size_t n, const unsigned char *end)
{
    struct seen *s;
    uint64_t head, tail;
    size_t count;

    if (n == 1)
        return w->ids = w->short_ids, w->short_ids[0] = w->v->byte_id[*p], 1;
    if (!w->seen || n > SEEN_BYTES_MAX)
        return walk_merge(w, p, n);
    seen_key(p, n, end, &head, &tail);
    s = &w->seen[vocab_mix(head ^ vocab_mix(tail ^ n)) >> 8 & ((1 << SEEN_BITS) - 1)];
    if (s->head == head && s->tail == tail && s->n == n)
        return w->ids = s->ids, s->count;
    count = walk_merge(w, p, n);
    if (count <= SEEN_IDS) {
        *s = (struct seen){ .head = head, .tail = tail, .n = (uint16_t)n, .count = (uint16_t)count };
        memcpy(s->ids, w->ids, count * sizeof *s->ids);
    }
    return count;
}

static int64_t encoding_walk(const struct token_encoding *t, struct str text, int64_t limit, struct token_ids *out)
{
    const unsigned char *p = (const unsigned char *)(text.len ? text.at : ""), *end = p + text.len;
    struct walk w = { .v = encoding_vocab(t) };
    int64_t count = 0;

    if (text.len >= SEEN_FROM_BYTES)
        w.seen = xcalloc((size_t)1 << SEEN_BITS, sizeof *w.seen);
    while (p < end && count <= limit) {
        size_t piece = MIN((size_t)(t->split(p, end) - p), (size_t)TOKEN_PIECE_MAX), n = walk_piece(&w, p, piece, end);

        count += (int64_t)n;
        for (size_t i = 0; out && i < n; i++)
            vec_push(out, w.ids[i]);
        p += piece;
    }
    merge_dispose(w.big);
    free(w.long_ids);
    free(w.seen);
    return count;
}

void token_rest(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)token_pack, to = from + pack_head()->size;

    from = (from + page - 1) / page * page;
    to = to / page * page;
    if (from < to)
        (void)madvise((void *)from, to - from, MADV_DONTNEED);     /* never written: nothing is lost */
}

int64_t token_count(const struct token_encoding *t, struct str text)
{
    return encoding_walk(t, text, INT64_MAX, NULL);
}

int64_t token_count_to(const struct token_encoding *t, struct str text, int64_t limit)
{
    return encoding_walk(t, text, limit, NULL);
}

void token_encode(const struct token_encoding *t, struct str text, struct token_ids *out)
{
    encoding_walk(t, text, INT64_MAX, out);
}
