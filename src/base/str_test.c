#include "base/test.h"

#include <locale.h>

TEST(str_compares_bytes_with_their_length)
{
    CHECK(str_eq(S("a\0b"), S("a\0b")));
    CHECK(!str_eq(S("a\0b"), S("a\0c")));
    CHECK(str_eq(STR_NONE, S("")));
    CHECK(str_ieq(S("AbC-\xc3\x89"), S("aBc-\xc3\x89")));
    CHECK(!str_ieq(S("\xc3\x89"), S("\xc3\xa9")));     /* ASCII case only */
    CHECK(!str_ieq(S("[`"), S("{@")));
    CHECK(str_cmp(S("a"), S("ab")) < 0);
    CHECK(str_cmp(S("b"), S("ab")) > 0);
    CHECK(str_cmp(S("\xff"), S("a")) > 0);
    CHECK_INT(str_cmp(STR_NONE, S("")), 0);
}

TEST(str_finds_starts_and_ends)
{
    CHECK_INT(str_find(S("a\0needle"), S("needle")), 2);
    CHECK_INT(str_find(S("aaab"), S("aab")), 1);
    CHECK_INT(str_find(S("abc"), S("")), 0);
    CHECK_INT(str_find(STR_NONE, S("")), 0);
    CHECK_INT(str_find(STR_NONE, S("a")), -1);
    CHECK_INT(str_find(S("ab"), S("abc")), -1);
    CHECK_INT(str_ifind(S("Content-TYPE"), S("type")), 8);
    CHECK_INT(str_ifind(S("abc"), S("")), 0);
    CHECK_INT(str_ifind(S("abc"), S("d")), -1);
    CHECK_INT(str_find_byte(S("a\0b"), '\0'), 1);
    CHECK_INT(str_find_byte(STR_NONE, 'a'), -1);
    CHECK(str_starts(S("abc"), S("ab")) && str_starts(S("abc"), S("")) && !str_starts(S("ab"), S("abc")));
    CHECK(str_ends(S("abc"), S("bc")) && str_ends(S("abc"), S("")) && !str_ends(S("bc"), S("abc")));
    CHECK(str_istarts(S("Bearer x"), S("bearer ")));
    CHECK(str_starts(STR_NONE, S("")) && str_ends(STR_NONE, STR_NONE));
}

TEST(str_cuts_without_leaving_its_bytes)
{
    CHECK_STR(str_from(S("abc"), 1), "bc");
    CHECK_STR(str_from(S("abc"), 3), "");
    CHECK_STR(str_from(S("abc"), 99), "");
    CHECK_STR(str_sub(S("abc"), 1, 1), "b");
    CHECK_STR(str_sub(S("abc"), 2, 99), "c");
    CHECK_STR(str_sub(S("abc"), 99, SIZE_MAX), "");
    CHECK_STR(str_trim(S(" \t\r\n\v\f a b \n")), "a b");
    CHECK_STR(str_trim(S(" \n ")), "");
    CHECK_STR(str_trim(STR_NONE), "");
    CHECK_STR(str_trim_start(S(" a ")), "a ");
    CHECK_STR(str_trim_end(S(" a ")), " a");
}

TEST(str_split_gives_every_part_also_the_empty_ones)
{
    static const struct { const char *text; const char *parts; } rows[] = {
        { "a,b,c", "[a][b][c]" }, { "a,,b", "[a][][b]" }, { "a,b,", "[a][b][]" }, { "", "[]" }, { ",", "[][]" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_BUF struct buf b = BUF_INIT(100);
        struct str rest = str_c(rows[i].text), part;

        while (str_split(&rest, ',', &part))
            buf_printf(&b, "[" STR_FMT "]", STR_ARG(part));
        CHECK_STR(buf_str(&b), rows[i].parts);
    }
    CHECK(!str_split(&(struct str){ 0 }, ',', &(struct str){ 0 }));
}

TEST(str_to_i64_takes_whole_numbers_and_nothing_else)
{
    static const char *const bad[] = { "", "-", "+", " 1", "1 ", "1.0", "0x1", "1e3", "--1", "9223372036854775808",
                                       "-9223372036854775809", "99999999999999999999999" };
    int64_t v = 0;

    CHECK(str_to_i64(S("-9223372036854775808"), &v));
    CHECK(v == INT64_MIN);
    CHECK(str_to_i64(S("+9223372036854775807"), &v));
    CHECK(v == INT64_MAX);
    CHECK(str_to_i64(S("007"), &v));
    CHECK_INT(v, 7);
    v = 42;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (str_to_i64(str_c(bad[i]), &v))
            test_fail(__FILE__, __LINE__, "\"%s\" was taken for a number", bad[i]);
    CHECK(!str_to_i64(S("1\0"), &v));
    CHECK_INT(v, 42);
}

TEST(str_to_double_reads_the_c_locale_only)
{
    static const char *const bad[] = { "", ".", "e5", "1e", "inf", "-inf", "nan", "0x10", "1,5", " 1", "1 ", "1e999",
                                       "1.2.3", "1-2", "-" };
    double v = 0;

    CHECK(str_to_double(S("-1.5e3"), &v));
    CHECK_NEAR(v, -1500, 0);
    CHECK(str_to_double(S(".5"), &v));
    CHECK_NEAR(v, 0.5, 0);
    CHECK(str_to_double(S("1e-400"), &v));
    CHECK_NEAR(v, 0, 0);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (str_to_double(str_c(bad[i]), &v))
            test_fail(__FILE__, __LINE__, "\"%s\" was taken for a number", bad[i]);
    CHECK(!str_to_double(S("1\0"), &v));
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8")) {
        CHECK(str_to_double(S("2.5"), &v));
        CHECK_NEAR(v, 2.5, 0);
        setlocale(LC_NUMERIC, "C");
    }
}

/* Edges of RFC 3629: the first and last of every length, and what is just outside. */
TEST(str_utf8_knows_ill_formed_bytes)
{
    static const struct { const char *bytes; bool good; } rows[] = {
        { "", true }, { "\x7f", true }, { "\xc2\x80", true }, { "\xdf\xbf", true }, { "\xe0\xa0\x80", true },
        { "\xed\x9f\xbf", true }, { "\xee\x80\x80", true }, { "\xef\xbf\xbd", true }, { "\xef\xbf\xbf", true },
        { "\xf0\x90\x80\x80", true }, { "\xf4\x8f\xbf\xbf", true }, { "a\xc3\xa9z", true },
        { "\x80", false }, { "\xbf", false }, { "\xc0\x80", false }, { "\xc1\xbf", false }, { "\xe0\x9f\xbf", false },
        { "\xed\xa0\x80", false }, { "\xed\xbf\xbf", false }, { "\xf0\x8f\xbf\xbf", false },
        { "\xf4\x90\x80\x80", false }, { "\xf5\x80\x80\x80", false }, { "\xff", false }, { "\xfe", false },
        { "\xc2", false }, { "\xe2\x82", false }, { "\xf0\x9f\x98", false }, { "\xe2\x28\xa1", false },
        { "\xc2\xc2\x80", false }, { "ok\xc3", false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (str_is_utf8(str_c(rows[i].bytes)) != rows[i].good)
            test_fail(__FILE__, __LINE__, "row %zu is taken for %s UTF-8", i, rows[i].good ? "ill-formed" : "good");
    CHECK(str_is_utf8(STR_NONE));
    CHECK(str_is_utf8(S("a\0b")));
}

TEST(str_utf8_put_and_next_are_each_others_inverse)
{
    for (uint32_t cp = 1; cp <= 0x10ffff; cp += cp < 0x3000 ? 1 : 61) {
        char bytes[4];
        size_t i = 0, n = str_utf8_put(cp, bytes);

        if (cp >= 0xd800 && cp <= 0xdfff)
            continue;
        CHECK_INT(str_utf8_next(str_n(bytes, n), &i), cp);
        CHECK_INT(i, n);
    }
}

TEST(str_utf8_counts_code_points_and_columns)
{
    CHECK_INT(str_utf8_len(S("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")), 4);
    CHECK_INT(str_utf8_len(S("\xff\xff")), 2);
    CHECK_INT(str_utf8_width(S("abc")), 3);
    CHECK_INT(str_utf8_width(S("\xe6\xbc\xa2\xe5\xad\x97")), 4);               /* two wide characters */
    CHECK_INT(str_utf8_width(S("e\xcc\x81")), 1);                              /* a combining accent */
    CHECK_INT(str_utf8_width(S("\xf0\x9f\x98\x80")), 2);
    CHECK_INT(str_utf8_width(S("a\tb\x1b")), 2);
    CHECK_INT(str_utf8_width(S("")), 0);
}

TEST(str_utf8_head_cuts_no_code_point)
{
    struct str s = S("a\xe2\x82\xac" "b");

    CHECK_STR(str_utf8_head(s, 0), "");
    CHECK_STR(str_utf8_head(s, 1), "a");
    CHECK_STR(str_utf8_head(s, 2), "a");
    CHECK_STR(str_utf8_head(s, 3), "a");
    CHECK_STR(str_utf8_head(s, 4), "a\xe2\x82\xac");
    CHECK_STR(str_utf8_head(s, 99), "a\xe2\x82\xac" "b");
    CHECK_STR(str_utf8_head(S("\x80\x80\x80"), 2), "");
    CHECK_STR(str_utf8_head(STR_NONE, 5), "");
}
