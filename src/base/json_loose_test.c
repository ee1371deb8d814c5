#include "base/test.h"

static const json_t *loose_first(const char *text, const char *openers, bool *deep, struct arena *a)
{
    struct json_loose l = JSON_LOOSE_INIT(str_c(text), openers, 8);
    const json_t *j = json_loose_next(&l, a);

    *deep = l.deep;
    return j;
}

TEST(a_value_is_found_in_prose_fences_and_with_trailing_commas)
{
    static const char *const texts[] = {
        "{\"a\": [1, 2]}", "Sure! Here it is:\n```json\n{\"a\": [1, 2]}\n```\nHope it helps {smile}.",
        "{\"a\": [1, 2, ], }", "{ not this } but {\"a\":[1,2 ,\n],\n}", "a { b {\"a\": [1, 2]}",
    };
    AUTO_ARENA *a = arena_new_sized(0);
    bool deep;

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const json_t *j = loose_first(texts[i], "{", &deep, a);

        CHECK(j && !deep && json_array_size(json_child(j, "a")) == 2);
    }
}

TEST(commas_and_brackets_inside_a_text_are_text)
{
    AUTO_ARENA *a = arena_new_sized(0);
    bool deep;
    const json_t *j = loose_first("[\"x,]\", \"\\\",}\", {\"k\": \"{{\",},]", "{[", &deep, a);

    REQUIRE(json_array_size(j) == 3);
    CHECK_STR(json_to_str(json_array_get(j, 0)), "x,]");
    CHECK_STR(json_to_str(json_array_get(j, 1)), "\",}");
    CHECK_STR(json_get_str(json_array_get(j, 2), "k"), "{{");
}

TEST(each_value_is_given_once_and_what_is_inside_it_is_not)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct json_loose l = JSON_LOOSE_INIT(S("[{\"n\":1},{\"n\":2}] and [oops {\"n\":3} {\"n\":4"), "{[", 8);
    const json_t *j = json_loose_next(&l, a);

    CHECK_INT(json_array_size(j), 2);
    j = json_loose_next(&l, a);
    CHECK_INT(json_get_i64(j, "n", 0), 3);
    CHECK(!json_loose_next(&l, a));
    CHECK(!json_loose_next(&l, a));
}

TEST(a_list_that_was_cut_short_gives_what_was_whole)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct json_loose l = JSON_LOOSE_INIT(S("[{\"n\":1},{\"n\":2},{\"n\":"), "{[", 8);

    CHECK_INT(json_get_i64(json_loose_next(&l, a), "n", 0), 1);
    CHECK_INT(json_get_i64(json_loose_next(&l, a), "n", 0), 2);
    CHECK(!json_loose_next(&l, a));
}

TEST(nesting_past_the_limit_and_too_many_brackets_end_the_look)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 20);
    AUTO_ARENA *a = arena_new_sized(0);
    bool deep;

    CHECK(loose_first("[[[[[[[[1]]]]]]]]", "[", &deep, a) && !deep);
    CHECK(!loose_first("[[[[[[[[[1]]]]]]]]]", "[", &deep, a) && deep);
    for (int i = 0; i < 10000; i++)
        buf_puts(&b, "{\"a\":");
    CHECK(!loose_first(buf_cstr(&b), "{", &deep, a) && deep);
    buf_reset(&b);
    for (int i = 0; i < JSON_LOOSE_TRIES_MAX; i++)
        buf_puts(&b, "{x} ");
    buf_puts(&b, "{\"a\": 1}");
    CHECK(!loose_first(buf_cstr(&b), "{", &deep, a) && !deep);
    CHECK(loose_first(buf_cstr(&b) + 4, "{", &deep, a) != NULL);
}
