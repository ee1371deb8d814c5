#include "base/test.h"

#include <math.h>

static json_t *json_must(struct str text)
{
    struct err e = ERR_INIT;
    json_t *j = NULL;

    if (json_read(text, &j, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "%s", e.text);
    return j;
}

#define CHECK_WRITTEN(write, j, want)                                                              \
    do {                                                                                           \
        AUTO_BUF struct buf b_ = BUF_INIT(1 << 20);                                                \
        write((j), &b_);                                                                           \
        CHECK(!buf_failed(&b_));                                                                   \
        CHECK_STR(buf_str(&b_), want);                                                             \
    } while (0)

TEST(json_read_says_where_it_went_wrong)
{
    struct err e = ERR_INIT;
    json_t *j = NULL;

    CHECK_INT(json_read(S("{\n  \"a\": ,\n}"), &j, &e), ERR_BAD_INPUT);
    CHECK(str_contains(str_c(e.text), S("line 2")));
    CHECK_INT(json_read(S(""), &j, &e), ERR_BAD_INPUT);
    CHECK_INT(json_read(STR_NONE, &j, &e), ERR_BAD_INPUT);
    CHECK_INT(json_read(S("1 2"), &j, &e), ERR_BAD_INPUT);
    CHECK_INT(json_read(S("\"\xff\""), &j, &e), ERR_BAD_INPUT);
    CHECK_INT(json_read(S("\"\\ud800\""), &j, &e), ERR_BAD_INPUT);
    CHECK_INT(json_read(S("[1e999]"), &j, &e), ERR_BAD_INPUT);
    CHECK(j == NULL);
}

TEST(json_read_refuses_depth_but_not_brackets_in_text)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 16);
    struct err e = ERR_INIT;
    json_t *j = NULL;

    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        buf_byte(&b, '[');
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        buf_byte(&b, ']');
    CHECK_OK(json_read(buf_str(&b), &j, &e));
    json_freep(&j);
    buf_reset(&b);
    for (int i = 0; i <= JSON_DEPTH_MAX; i++)
        buf_byte(&b, i % 2 ? '[' : ']'), buf_byte(&b, '[');
    CHECK_INT(json_read(buf_str(&b), &j, &e), ERR_BAD_INPUT);
    buf_reset(&b);
    buf_puts(&b, "\"\\\"");
    for (int i = 0; i <= JSON_DEPTH_MAX; i++)
        buf_byte(&b, '[');
    buf_byte(&b, '"');
    CHECK_OK(json_read(buf_str(&b), &j, &e));
    json_freep(&j);
}

TEST(json_get_gives_the_fallback_for_another_type)
{
    AUTO_JSON *j = json_must(S("{\"n\": 7, \"r\": 2.5, \"s\": \"x\", \"t\": true, \"z\": null, \"big\": 1e300}"));

    CHECK_INT(json_get_i64(j, "n", -1), 7);
    CHECK_INT(json_get_i64(j, "r", -1), 2);
    CHECK_INT(json_get_i64(j, "s", -1), -1);
    CHECK_INT(json_get_i64(j, "big", -1), -1);
    CHECK_INT(json_get_i64(j, "none", -1), -1);
    CHECK_INT(json_get_i64(NULL, "n", -1), -1);
    CHECK_NEAR(json_get_double(j, "n", 0), 7, 0);
    CHECK_NEAR(json_get_double(j, "z", 3), 3, 0);
    CHECK(json_get_bool(j, "t", false));
    CHECK(json_get_bool(j, "n", true));
    CHECK_STR(json_get_str(j, "s"), "x");
    CHECK_STR(json_get_str(j, "n"), "");
}

TEST(json_at_follows_names_and_places)
{
    AUTO_JSON *j = json_must(S("{\"a\": [{\"b\": \"deep\"}]}"));

    CHECK_STR(json_to_str(JSON_AT(j, "a", "0", "b")), "deep");
    CHECK(JSON_AT(j, "a", "1", "b") == NULL);
    CHECK(JSON_AT(j, "a", "-1") == NULL);
    CHECK(JSON_AT(j, "a", "x") == NULL);
    CHECK(JSON_AT(j, "a", "0", "b", "c") == NULL);
}

TEST(json_repairs_text_that_is_not_utf8)
{
    static const struct { struct str in; const char *out; } rows[] = {
        { { "plain", 5 }, "\"plain\"" },
        { { "\xff", 1 }, "\"\xef\xbf\xbd\"" },
        { { "a\xc3" "b\xc3\xa9", 5 }, "\"a\xef\xbf\xbd" "b\xc3\xa9\"" },
        { { "\xe2\x82", 2 }, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
        { { "\xef\xbf\xbd", 3 }, "\"\xef\xbf\xbd\"" },
        { { "q\"\\\n\t\r\x01\x7f/", 9 }, "\"q\\\"\\\\\\n\\t\\r\\u0001\x7f/\"" },
        { { "a\0b", 3 }, "\"a\\u0000b\"" },
        { { NULL, 0 }, "\"\"" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_JSON *j = json_from_str(rows[i].in);
        AUTO_BUF struct buf by_hand = BUF_INIT(100);

        CHECK_WRITTEN(json_write, j, rows[i].out);
        json_write_str(rows[i].in, &by_hand);
        CHECK_STR(buf_str(&by_hand), rows[i].out);
    }
}

TEST(json_write_is_compact_canonical_or_pretty)
{
    AUTO_JSON *j = json_must(S("{\"b\": [1, {}, [], null, true, false], \"a\": {\"y\": \"\\u0041\", \"x\": -5}}"));

    CHECK_WRITTEN(json_write, j, "{\"b\":[1,{},[],null,true,false],\"a\":{\"y\":\"A\",\"x\":-5}}");
    CHECK_WRITTEN(json_write_canonical, j, "{\"a\":{\"x\":-5,\"y\":\"A\"},\"b\":[1,{},[],null,true,false]}");
    CHECK_WRITTEN(json_write_pretty, json_child(j, "a"), "{\n  \"y\": \"A\",\n  \"x\": -5\n}");
    CHECK_WRITTEN(json_write_pretty, json_child(j, "b"),
                  "[\n  1,\n  {},\n  [],\n  null,\n  true,\n  false\n]");
}

TEST(json_write_numbers_in_the_fewest_digits_that_read_back)
{
    AUTO_JSON *j = json_must(S("[0.1, 0.85, 1.0, -0.0, 1e22, 1.7976931348623157e308, 5e-324, 0.30000000000000004]"));
    struct rng r;

    CHECK_WRITTEN(json_write, j, "[0.1,0.85,1.0,-0.0,1e+22,1.7976931348623157e+308,4.94065645841247e-324,"
                                 "0.30000000000000004]");
    rng_seed(&r, 3);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = rng_next(&r);
        double v;
        AUTO_BUF struct buf b = BUF_INIT(64);
        AUTO_JSON *one = NULL, *back = NULL;

        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        one = json_real(v);
        json_write(one, &b);
        back = json_must(buf_str(&b));
        CHECK(json_is_real(back) && json_real_value(back) == v);
    }
}

TEST(json_write_of_a_tree_that_holds_itself_ends)
{
    json_t *a = json_array(), *b = json_array();
    AUTO_BUF struct buf out = BUF_INIT(1 << 20);

    json_array_append_new(a, b);
    json_array_append(b, a);
    json_write(a, &out);
    CHECK(buf_failed(&out));
    json_array_clear(b);
    json_decref(a);
    buf_reset(&out);
    json_write(NULL, &out);
    CHECK(buf_failed(&out));
}

TEST(json_in_an_arena_dies_with_it)
{
    json_t *j = json_object();

    {
        AUTO_ARENA *a = arena_new_sized(0);

        CHECK(json_in_arena(json_incref(j), a) == j);
        CHECK_INT(j->refcount, 2);
    }
    CHECK_INT(j->refcount, 1);
    json_decref(j);
}
