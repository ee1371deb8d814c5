#include "base/test.h"

static char arena_order[8];

static void arena_note(void *arg)
{
    size_t n = strlen(arena_order);

    ASSERT(n + 1 < sizeof arena_order);
    arena_order[n] = *(const char *)arg;
    arena_order[n + 1] = '\0';
}

TEST(arena_memory_is_zeroed_and_aligned)
{
    AUTO_ARENA *a = arena_new_sized(64);

    for (size_t size = 0; size < 200; size++) {
        unsigned char *p = arena_alloc(a, size);

        CHECK_INT((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            CHECK_INT(p[i], 0);
        memset(p, 0xff, size);
    }
}

TEST(arena_blocks_grow_and_an_emptied_arena_keeps_only_its_first)
{
    AUTO_ARENA *a = arena_new_sized(128);
    size_t at_birth = arena_bytes(a);
    char *big;

    CHECK(at_birth < 256);
    for (int i = 0; i < 1000; i++)
        memset(arena_alloc(a, 100), i, 100);
    CHECK(arena_bytes(a) > 100 * 1000);
    CHECK(arena_bytes(a) < 100 * 1000 * 3);
    big = arena_alloc(a, 1 << 20);              /* larger than any block */
    memset(big, 1, 1 << 20);
    arena_reset(a);
    CHECK_INT(arena_bytes(a), at_birth);
    CHECK_INT(*(char *)arena_alloc(a, 100), 0);
}

TEST(arena_deferred_calls_run_newest_first_and_once)
{
    struct arena *a = arena_new_sized(0);

    arena_order[0] = '\0';
    arena_defer(a, arena_note, "a");
    arena_defer(a, arena_note, "b");
    arena_reset(a);
    CHECK_STR(str_c(arena_order), "ba");
    arena_defer(a, arena_note, "c");
    arena_free(a);
    CHECK_STR(str_c(arena_order), "bac");
    arena_free(NULL);
}

TEST(arena_copies_text_with_its_nul_bytes_and_ends_it)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct str s = arena_strdup(a, S("a\0b"));

    CHECK_INT(s.len, 3);
    CHECK(memcmp(s.at, "a\0b", 4) == 0);
    CHECK_STR(arena_strdup(a, STR_NONE), "");
    CHECK_STR(arena_printf(a, "%d of %s", 7, "nine"), "7 of nine");
    CHECK_INT(arena_printf(a, "%*d", 5000, 1).len, 5000);
}
