#include "base/test.h"

static char matched(const char *pattern, unsigned flags, const char *text)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct regex *r = NULL;
    char why[REGEX_WHY];

    if (regex_compile(str_c(pattern), flags, a, &r, NULL) != ERR_OK)
        return '!';
    CHECK_STR(regex_text(r), pattern);
    switch (regex_match(r, str_c(text), why)) {
    case REGEX_YES: return '+';
    case REGEX_NO: return '-';
    case REGEX_GAVE_UP: CHECK(strstr(why, "gave up")); return '?';
    }
    return ' ';
}

TEST(regex_matches_somewhere_or_the_whole)
{
    CHECK_INT(matched("b+", 0, "abbc"), '+');
    CHECK_INT(matched("b+", REGEX_WHOLE, "abbc"), '-');
    CHECK_INT(matched("a|ab", REGEX_WHOLE, "ab"), '+');
    CHECK_INT(matched("B", REGEX_IGNORE_CASE, "abc"), '+');
    CHECK_INT(matched("^$", 0, ""), '+');
    CHECK_INT(matched("a\xff", 0, "a"), '!');
    CHECK_INT(matched("b", 0, "\xff\xfe b"), '+');
    CHECK_INT(matched("(a|aa)+", REGEX_WHOLE,
                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"),
              '?');
}

TEST(regex_reads_interoperable_patterns_as_they_are_meant)
{
    CHECK_INT(matched("a.c", REGEX_INTEROPERABLE, "a\u2028c"), '+');
    CHECK_INT(matched("a.c", REGEX_INTEROPERABLE, "a\rc"), '-');
    CHECK_INT(matched("a[.]c", REGEX_INTEROPERABLE, "abc"), '-');
    CHECK_INT(matched("a[\\].]c", REGEX_INTEROPERABLE, "a.c"), '+');
    CHECK_INT(matched("a\\.c", REGEX_INTEROPERABLE, "abc"), '-');
    CHECK_INT(matched("a\\\\.", REGEX_INTEROPERABLE, "a\\x"), '+');
    CHECK_INT(matched("c$", REGEX_INTEROPERABLE, "c\n"), '-');
    CHECK_INT(matched("^\\d$", REGEX_INTEROPERABLE, "\u0663"), '-');
    CHECK_INT(matched("^\\d$", 0, "\u0663"), '+');
}

TEST(regex_finds_and_counts)
{
    AUTO_ARENA *a = arena_new_sized(0);
    size_t start = 0, end = 0;
    struct regex *r = NULL;
    int64_t n;

    CHECK_OK(regex_compile(S("\\d+"), 0, a, &r, NULL));
    CHECK_INT(regex_find(r, S("a12b345"), 3, &start, &end, NULL), REGEX_YES);
    CHECK_INT(start, 4);
    CHECK_INT(end, 7);
    CHECK_INT(regex_count(r, S("1 22 333"), 100, &n, NULL), REGEX_YES);
    CHECK_INT(n, 3);
    CHECK_INT(regex_count(r, S("1 22 333"), 2, &n, NULL), REGEX_YES);
    CHECK_INT(n, 2);
    CHECK_INT(regex_count(r, S("none"), 2, &n, NULL), REGEX_NO);
    CHECK_OK(regex_compile(S("x*"), 0, a, &r, NULL));
    CHECK_INT(regex_count(r, S("\u00e4x"), 100, &n, NULL), REGEX_YES);       /* before the letter, the x, the end */
    CHECK_INT(n, 3);
    CHECK_INT(regex_count(r, STR_NONE, 100, &n, NULL), REGEX_YES);
    CHECK_INT(n, 1);
}

TEST(regex_patterns_have_a_ceiling_and_faults_a_place)
{
    AUTO_ARENA *a = arena_new_sized(0);
    char long_one[REGEX_PATTERN_MAX + 1];
    struct err e = ERR_INIT;
    struct regex *r = NULL;

    memset(long_one, 'a', sizeof long_one);
    CHECK_OK(regex_compile(str_n(long_one, REGEX_PATTERN_MAX), 0, a, &r, &e));
    CHECK_INT(regex_compile(str_n(long_one, REGEX_PATTERN_MAX + 1), 0, a, &r, &e), ERR_TOO_LARGE);
    CHECK(strstr(e.text, "at most 4096"));
    memset(long_one, '.', sizeof long_one);
    CHECK_OK(regex_compile(str_n(long_one, 1000), REGEX_INTEROPERABLE, a, &r, &e));
    CHECK_INT(regex_compile(str_n(long_one, REGEX_PATTERN_MAX), REGEX_INTEROPERABLE, a, &r, &e), ERR_BAD_INPUT);
    CHECK(strstr(e.text, "regex \"...."));
    CHECK_INT(regex_compile(S("\u00e4(b"), 0, a, &r, &e), ERR_BAD_INPUT);
    CHECK(strstr(e.text, "at character 4"));
    CHECK_INT(regex_compile(S("..\u00e4(b"), REGEX_INTEROPERABLE, a, &r, &e), ERR_BAD_INPUT);
    CHECK(strstr(e.text, "at character 6"));
}

TEST(the_first_group_that_took_part_is_what_was_captured)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct str group;
    struct regex *r;
    size_t start, end;

    CHECK_OK(regex_compile(S("(\\d+)|([a-z]+)!|z"), 0, a, &r, NULL));
    CHECK(regex_find_group(r, S("-- abc! 12 z"), 0, &start, &end, &group, NULL) == REGEX_YES);
    CHECK_STR(group, "abc");
    CHECK_INT(start, 3);
    CHECK_INT(end, 7);
    CHECK(regex_find_group(r, S("-- abc! 12 z"), end, &start, &end, &group, NULL) == REGEX_YES);
    CHECK_STR(group, "12");
    CHECK(regex_find_group(r, S("-- abc! 12 z"), end, &start, &end, &group, NULL) == REGEX_YES);
    CHECK_STR(group, "z");
    CHECK(regex_find_group(r, S("--"), 0, &start, &end, &group, NULL) == REGEX_NO);
    CHECK_OK(regex_compile(S("[a-z]+"), 0, a, &r, NULL));
    CHECK(regex_find_group(r, S("12 xy"), 0, &start, &end, &group, NULL) == REGEX_YES);
    CHECK_STR(group, "xy");
}
