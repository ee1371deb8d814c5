#include "base/test.h"

#include "eval/metric/sequence.h"

static struct sequence sequence_random(struct rng *rng, size_t n, uint32_t letters, struct arena *a)
{
    uint32_t *ids = arena_array(a, uint32_t, n + 1);

    for (size_t i = 0; i < n; i++)
        ids[i] = (uint32_t)rng_below(rng, letters);
    return (struct sequence){ ids, n };
}

/* The textbook's tables, to hold the bit vectors against. */
static void sequence_tables(struct sequence x, struct sequence y, struct arena *a, size_t *lcs, size_t *distance)
{
    size_t w = y.count + 1, *l = arena_array(a, size_t, (x.count + 1) * w),
           *d = arena_array(a, size_t, (x.count + 1) * w);

    for (size_t i = 0; i <= x.count; i++)
        for (size_t k = 0; k <= y.count; k++) {
            bool same = i && k && x.ids[i - 1] == y.ids[k - 1];

            if (!i || !k) {
                d[i * w + k] = i + k;
                continue;
            }
            l[i * w + k] = same ? l[(i - 1) * w + k - 1] + 1 : MAX(l[(i - 1) * w + k], l[i * w + k - 1]);
            d[i * w + k] = MIN(d[(i - 1) * w + k - 1] + !same, MIN(d[(i - 1) * w + k], d[i * w + k - 1]) + 1);
        }
    *lcs = l[x.count * w + y.count];
    *distance = d[x.count * w + y.count];
}

TEST(bit_vectors_give_what_the_tables_give)
{
    static const size_t lengths[] = { 0, 1, 2, 63, 64, 65, 127, 128, 129, 300 };
    static const uint32_t letters[] = { 1, 2, 4, 30, 1000 };
    struct rng rng;

    rng_seed(&rng, 7);
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        for (size_t k = 0; k < COUNT_OF(lengths); k++) {
            AUTO_ARENA *a = arena_new_sized(0);
            uint32_t few = letters[(i + 3 * k) % COUNT_OF(letters)];
            struct sequence x = sequence_random(&rng, lengths[i], few, a),
                            y = sequence_random(&rng, lengths[k], few, a);
            size_t lcs, distance;

            sequence_tables(x, y, a, &lcs, &distance);
            CHECK_INT(sequence_lcs(x, y, a), lcs);
            CHECK_INT(sequence_distance(x, y, a), distance);
        }
}

TEST(n_grams_in_common_are_clipped_by_the_text_that_has_most)
{
    static const uint32_t x[] = { 1, 1, 1, 2, 1, 1 }, y[] = { 1, 1, 3 }, z[] = { 1, 2, 1, 2 };
    AUTO_ARENA *a = arena_new_sized(0);
    struct grams g = grams_of((struct sequence){ x, 6 }, a);
    struct grams others[] = { grams_of((struct sequence){ y, 3 }, a), grams_of((struct sequence){ z, 4 }, a) };

    CHECK_INT(grams_total(&g, 1), 6);
    CHECK_INT(grams_total(&g, 6), 1);
    CHECK_INT(grams_total(&others[0], 4), 0);
    CHECK_INT(grams_common(&g, others, 2, 1), 2 + 1);
    CHECK_INT(grams_common(&g, others, 1, 1), 2);
    CHECK_INT(grams_common(&g, others, 2, 2), 1 + 1 + 1);      /* 1 1, 1 2, 2 1 */
    CHECK_INT(grams_common(&g, others, 2, 3), 1);              /* 1 2 1 */
    CHECK_INT(grams_common(&g, others, 2, 4), 0);
}

TEST(the_longest_sequences_are_compared_in_bounded_time)
{
    AUTO_ARENA *a = arena_new_sized(0);
    uint32_t *ab = arena_array(a, uint32_t, SEQUENCE_MAX), *ba = arena_array(a, uint32_t, SEQUENCE_MAX);

    for (size_t i = 0; i < SEQUENCE_MAX; i++) {
        ab[i] = i % 2;
        ba[i] = (i + 1) % 2;
    }
    CHECK_INT(sequence_lcs((struct sequence){ ab, SEQUENCE_MAX }, (struct sequence){ ba, SEQUENCE_MAX }, a),
              SEQUENCE_MAX - 1);
    CHECK_INT(sequence_distance((struct sequence){ ab, SEQUENCE_MAX }, (struct sequence){ ba, SEQUENCE_MAX }, a), 2);
    CHECK_INT(sequence_distance((struct sequence){ ab, SEQUENCE_MAX }, (struct sequence){ ab, 0 }, a), SEQUENCE_MAX);
}

TEST(words_of_13a_stand_alone_but_for_numbers)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_VOCABULARY struct vocabulary v = VOCABULARY_INIT;
    struct sequence s = sequence_of_13a(S("It costs $3.50, (well-known) 1-2!\n"), &v, a);
    static const char *const words[] = { "It", "costs", "$", "3.50", ",", "(", "well-known", ")", "1", "-", "2", "!" };

    REQUIRE(s.count == COUNT_OF(words));
    for (size_t i = 0; i < s.count; i++)
        CHECK_INT((uintptr_t)map_get(&v.words, str_c(words[i])), s.ids[i]);
    CHECK_INT(sequence_of_13a(S(""), &v, a).count, 0);
    CHECK_INT(sequence_of_rouge(S("Caf\xc3\xa9-42, \xe2\x84\xaa!"), &v, a).count, 3);      /* caf, 42, k */
    CHECK_INT(sequence_of_characters(S("a \xe3\x80\x80\xc3\xa9\xff"), false, a).count, 3);
}
