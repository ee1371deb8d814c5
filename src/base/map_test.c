#include "base/test.h"

TEST(map_finds_what_was_put_and_nothing_else)
{
    AUTO_MAP struct map m = MAP_INIT;
    int one, two;

    CHECK(map_get(&m, S("a")) == NULL);
    CHECK(!map_has(&m, S("a")));
    CHECK(map_remove(&m, S("a")) == NULL);
    CHECK(map_put(&m, S("a"), &one) == NULL);
    CHECK(map_put(&m, S("a"), &two) == &one);
    CHECK(map_get(&m, S("a")) == &two);
    CHECK_INT(map_len(&m), 1);
    map_put(&m, S("nothing"), NULL);
    CHECK(map_has(&m, S("nothing")));
    map_put(&m, S(""), &one);
    map_put(&m, S("a\0b"), &one);
    CHECK(map_get(&m, STR_NONE) == &one);
    CHECK_INT(map_len(&m), 4);
}

TEST(map_copies_its_keys)
{
    AUTO_MAP struct map m = MAP_INIT;
    char key[] = "key";
    int v;

    map_put(&m, str_c(key), &v);
    key[0] = 'x';
    CHECK(map_get(&m, S("key")) == &v);
}

TEST(map_goes_in_order_of_insertion_also_after_removals)
{
    AUTO_MAP struct map m = MAP_INIT;
    AUTO_BUF struct buf order = BUF_INIT(100);
    struct str key;
    void *value;

    for (char c = 'a'; c <= 'h'; c++)
        map_put(&m, str_n(&c, 1), &m);
    CHECK(map_remove(&m, S("a")) == &m);
    CHECK(map_remove(&m, S("d")) == &m);
    CHECK(map_remove(&m, S("h")) == &m);
    map_put(&m, S("a"), &m);
    map_put(&m, S("b"), NULL);                  /* an old key keeps its place */
    for (size_t i = 0; map_next(&m, &i, &key, &value);)
        buf_append(&order, key);
    CHECK_STR(buf_str(&order), "bcefga");
}

TEST(map_agrees_with_a_plain_table_over_random_puts_and_removals)
{
    enum { KEYS = 300 };
    AUTO_MAP struct map m = MAP_INIT;
    void *want[KEYS] = { 0 };
    struct rng r;
    size_t live = 0;

    rng_seed(&r, 5);
    for (int i = 0; i < 20000; i++) {
        size_t k = (size_t)rng_below(&r, KEYS);
        char text[16];
        struct str key = str_n(text, (size_t)snprintf(text, sizeof text, "key-%zu", k));

        if (rng_below(&r, 3)) {
            live += want[k] == NULL;
            CHECK(map_put(&m, key, &want[i % KEYS]) == want[k]);
            want[k] = &want[i % KEYS];
        } else {
            live -= want[k] != NULL;
            CHECK(map_remove(&m, key) == want[k]);
            want[k] = NULL;
        }
        CHECK_INT(map_len(&m), live);
        CHECK(map_get(&m, key) == want[k]);
    }
}
