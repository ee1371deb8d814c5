#include "eval/check/check_try_test.h"

static char judge(const char *check, const char *output, char note[300])
{
    char unread[300];

    return check_try(&CHECK_WORLD, check, output, note ? note : unread);
}

TEST(every_kind_of_check_passes_fails_and_negates)
{
    static const struct check_row rows[] = {
        { "{\"contains\": \"refund\"}", "your refund is due", '+' },
        { "{\"contains\": \"Refund\"}", "your refund is due", '-' },
        { "{\"contains\": \"Refund\", \"ignore_case\": true}", "your refund is due", '+' },
        { "{\"contains\": [\"a\", \"z\"]}", "abc", '-' },
        { "{\"contains\": [\"a\", \"c\"]}", "abc", '+' },
        { "{\"not_contains\": \"z\"}", "abc", '+' },
        { "{\"not_contains\": \"b\"}", "abc", '-' },
        { "{\"contains\": \"b\", \"not\": true}", "abc", '-' },
        { "{\"contains_any\": [\"x\", \"c\"]}", "abc", '+' },
        { "{\"contains_any\": [\"x\", \"y\"]}", "abc", '-' },
        { "{\"not_contains_any\": [\"x\", \"y\"]}", "abc", '+' },
        { "{\"starts_with\": \"ab\"}", "  abc", '+' },
        { "{\"starts_with\": \"bc\"}", "abc", '-' },
        { "{\"starts_with\": \"abcd\"}", "abc", '-' },
        { "{\"starts_with\": \"AB\", \"ignore_case\": true}", "abc", '+' },
        { "{\"ends_with\": \"bc\"}", "abc\n", '+' },
        { "{\"ends_with\": \"ab\"}", "abc", '-' },
        { "{\"not_ends_with\": \"ab\"}", "abc", '+' },
        { "{\"equals\": \"abc\"}", " abc ", '+' },
        { "{\"equals\": \"abc\"}", "abcd", '-' },
        { "{\"equals\": 3}", "3.0", '+' },
        { "{\"equals\": 3}", "three", '-' },
        { "{\"equals\": {\"a\": 1, \"b\": [2]}}", "{\"b\":[2.0],\"a\":1}", '+' },
        { "{\"equals\": {\"a\": 1}}", "{\"a\":2}", '-' },
        { "{\"path\": \"$.n\", \"equals\": \"3\"}", "{\"n\":3}", '+' },
        { "{\"one_of\": [\"a\", \"b\", 3]}", "b", '+' },
        { "{\"one_of\": [\"a\", \"b\", 3]}", "3", '+' },
        { "{\"one_of\": [\"a\", \"b\", 3]}", "c", '-' },
        { "{\"not_one_of\": [\"a\"]}", "c", '+' },
        { "{\"one_of\": [\"A\"], \"ignore_case\": true}", "a", '+' },
        { "{\"regex\": \"^[A-Z]{2}-\\\\d{4}$\"}", "AB-1234", '+' },
        { "{\"regex\": \"^[A-Z]{2}-\\\\d{4}$\"}", "AB-12345", '-' },
        { "{\"regex\": \"^ab\", \"ignore_case\": true}", "ABC", '+' },
        { "{\"not_regex\": \"\\\\d\"}", "no digits", '+' },
        { "{\"regex\": \"x*\"}", "", '+' },
        { "{\"length\": {\"min\": 2, \"max\": 3}}", "\xc3\xa4\xc3\xb6", '+' },
        { "{\"length\": {\"min\": 3}}", "\xc3\xa4\xc3\xb6", '-' },
        { "{\"min_length\": 3}", "abc", '+' },
        { "{\"min_length\": 4}", "abc", '-' },
        { "{\"max_length\": 2}", "abc", '-' },
        { "{\"not_max_length\": 2}", "abc", '+' },
        { "{\"words\": {\"max\": 2}}", "one  two", '+' },
        { "{\"max_words\": 2}", "one two\tthree", '-' },
        { "{\"min_words\": 3}", "one two\tthree", '+' },
        { "{\"items\": {\"min\": 2}}", "[1,2]", '+' },
        { "{\"max_items\": 1}", "{\"items\":[1,2]}", '-' },
        { "{\"min_items\": 2}", "{\"a\":1,\"b\":2}", '+' },
        { "{\"min_items\": 2}", "prose", '-' },
        { "{\"min_items\": 1}", "7", '-' },
        { "{\"json_valid\": true}", "{\"a\":1}", '+' },
        { "{\"json_valid\": true}", "```json\n{\"a\":1}\n```", '+' },
        { "{\"json_valid\": true, \"no_fence\": true}", "```json\n{\"a\":1}\n```", '-' },
        { "{\"json_valid\": true}", "Sure! {\"a\":1}", '-' },
        { "{\"json_valid\": true}", "Here:\n```json\n{\"a\":1}\n```", '-' },
        { "{\"json_valid\": true}", "{\"a\":1} done", '-' },
        { "{\"json_valid\": true}", "", '-' },
        { "{\"not_json_valid\": true}", "prose", '+' },
        { "{\"required_keys\": [\"a\", \"b\"]}", "{\"a\":1,\"b\":null}", '+' },
        { "{\"required_keys\": [\"a\", \"b\"]}", "{\"a\":1}", '-' },
        { "{\"required_keys\": \"a\"}", "[{\"a\":1},{\"b\":1}]", '-' },
        { "{\"required_keys\": \"a\"}", "[{\"a\":1},{\"a\":2}]", '+' },
        { "{\"required_keys\": \"a\"}", "7", '-' },
        { "{\"range\": {\"min\": 0, \"max\": 1}}", " 0.5 ", '+' },
        { "{\"range\": {\"min\": 0, \"max\": 1}}", "1", '+' },
        { "{\"range\": {\"min\": 0, \"max\": 1}}", "1.01", '-' },
        { "{\"range\": {\"max\": 1}}", "-5", '+' },
        { "{\"range\": {\"max\": 1}}", "half", '-' },
        { "{\"not_range\": {\"max\": 1}}", "3", '+' },
    };

    CHECK_TRY_ROWS(CHECK_WORLD, rows);
}

TEST(a_path_chooses_what_is_judged)
{
    static const char
        out[] = "{\"queue\":\"billing\",\"n\":3,\"tags\":[\"a\",\"bb\"],\"rows\":[{\"id\":1},{\"id\":2}]}";
    static const struct check_row rows[] = {
        { "{\"path\": \"$.queue\", \"one_of\": [\"billing\"]}", out, '+' },
        { "{\"path\": \"$.queue\", \"one_of\": [\"sales\"]}", out, '-' },
        { "{\"path\": \"$['queue']\", \"equals\": \"billing\"}", out, '+' },
        { "{\"path\": \"$.tags[*]\", \"max_length\": 2}", out, '+' },
        { "{\"path\": \"$.tags[*]\", \"max_length\": 1}", out, '-' },
        { "{\"path\": \"$.tags[*]\", \"not_contains\": \"b\"}", out, '-' },
        { "{\"path\": \"$.tags[-1]\", \"equals\": \"bb\"}", out, '+' },
        { "{\"path\": \"$.rows[*].id\", \"range\": {\"min\": 1, \"max\": 2}}", out, '+' },
        { "{\"path\": \"$.rows[0]\", \"required_keys\": [\"id\"]}", out, '+' },
        { "{\"path\": \"$.tags\", \"max_items\": 2}", out, '+' },
        { "{\"path\": \"$.*\", \"min_length\": 1}", out, '+' },
        { "{\"path\": \"$.none\", \"min_length\": 0}", out, '-' },          /* nothing there: fails, */
        { "{\"path\": \"$.none\", \"not_contains\": \"x\"}", out, '-' },    /* negated too */
        { "{\"path\": \"$.queue\", \"not_contains\": \"x\"}", "prose", '-' },
    };

    CHECK_TRY_ROWS(CHECK_WORLD, rows);
}

TEST(a_text_in_a_check_may_be_a_template)
{
    char note[300];

    CHECK_INT(judge("{\"contains\": \"Dear {{ customer }}\"}", "Dear Ada,", NULL), '+');
    CHECK_INT(judge("{\"path\": \"$.queue\", \"equals\": \"{{ expected.queue }}\"}", "{\"queue\":\"billing\"}", NULL),
              '+');
    CHECK_INT(judge("{\"contains\": \"{{ custmer }}\"}", "Dear Ada,", note), '?');
    CHECK(strstr(note, "custmer") && strstr(note, "did you mean \"customer\""));
    CHECK_INT(judge("{\"not_contains\": \"{{ custmer }}\"}", "Dear Ada,", note), '?');
    CHECK_INT(judge("{\"contains\": \"{{ oops\"}", "x", note), '!');
}

TEST(a_wrong_check_is_told_in_a_sentence)
{
    static const struct check_row rows[] = {
        { "{\"regex\": \"a(b\"}", "at character" },
        { "{\"max_words\": \"ten\"}", "whole number" },
        { "{\"max_words\": -1}", "whole number" },
        { "{\"one_of\": []}", "at least one value" },
        { "{\"one_of\": \"a\"}", "list" },
        { "{\"length\": {\"mn\": 3}}", "{min: number, max: number}" },
        { "{\"length\": {\"min\": 3, \"max\": 2}}", "not above its max" },
        { "{\"length\": {\"min\": 1.5}}", "whole numbers" },
        { "{\"contains\": \"x\", \"ignore_cas\": true}", "did you mean \"ignore_case\"" },
        { "{\"contains\": \"x\", \"path\": \"queue\"}", "begins with $" },
        { "{\"contains\": \"x\", \"path\": \"$.a[\"}", "brackets" },
        { "{\"contains\": \"x\", \"path\": \"$..\"}", "name is missing" },
        { "{\"contains\": \"\"}", "always true" },
        { "{\"json_valid\": false}", "not_" },
        { "{\"kind_of_no_check\": 1}", "there is no check" },
    };

    CHECK_TRY_WRONG(rows);
}

TEST(a_failed_check_says_why)
{
    char note[300];

    judge("{\"max_words\": 2}", "one two three", note);
    CHECK_STR(str_c(note), "3 words, at most 2");
    judge("{\"path\": \"$.queue\", \"one_of\": [\"billing\", \"sales\"]}", "{\"queue\":\"misc\"}", note);
    CHECK_STR(str_c(note), "\"misc\" is none of \"billing\", \"sales\"");
    judge("{\"path\": \"$.queue\", \"equals\": \"x\"}", "{}", note);
    CHECK_STR(str_c(note), "nothing at $.queue");
    judge("{\"not_contains\": \"b\"}", "abc", note);
    CHECK_STR(str_c(note), "\"abc\" must not satisfy contains");
}

TEST(a_pattern_of_a_models_making_is_tried_on_examples)
{
    static const struct { const char *output; char want; const char *words; } rows[] = {
        { "[A-Z]{2}-[0-9]+", '+', "" },
        { "[A-Z]{2}-[0-9]", '-', "does not match \"AB-12\" as a whole" },
        { ".*", '-', "matches \"ab-12\" and should not" },
        { "(?i)[a-z]+-1", '-', "does not match" },
        { "(", '-', "missing closing parenthesis" },
        { "", '-', "is empty" },
        { "([A-Z]|[A-Z-])*(\\d+)*", '+', "" },
    };
    char note[300], longest[5000];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char got = judge("{\"regex_fits\": {\"match\": [\"AB-12\"], \"reject\": [\"ab-12\"]}}", rows[i].output, note);
        if (got != rows[i].want || !strstr(note, rows[i].words))
            test_fail(__FILE__, __LINE__, "%s is %c (%s), wanted %c", rows[i].output, got, note, rows[i].want);
    }
    CHECK_INT(judge("{\"regex_fits\": {\"match\": \"$.queue\"}}", "bil+ing", note), '+');
    CHECK_INT(judge("{\"regex_fits\": {\"reject\": \"$.queue\"}}", "bil+ing", note), '-');
    CHECK_INT(judge("{\"regex_fits\": {\"match\": \"$.nothing\"}}", "bil+ing", note), '?');
    CHECK_INT(judge("{\"path\": \"$.r\", \"regex_fits\": {\"match\": [\"aa\"]}}", "{\"r\": \"a+\"}", note), '+');
    CHECK_INT(judge("{\"regex_fits\": {\"match\": [\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"]}}", "(a|aa|aaa)+",
                    note),
              '-');
    CHECK(strstr(note, "gave up"));
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    CHECK_INT(judge("{\"regex_fits\": {\"match\": [\"a\"]}}", longest, note), '-');
    CHECK(strstr(note, "4096"));
    CHECK_INT(judge("{\"regex_fits\": {}}", "a", note), '!');
    CHECK_INT(judge("{\"regex_fits\": 1}", "a", note), '!');
    CHECK_INT(judge("{\"regex_fits\": {\"matches\": [\"a\"]}}", "a", note), '!');
    CHECK_INT(judge("{\"regex_fits\": {\"match\": [1]}}", "a", note), '!');
    CHECK_INT(judge("{\"regex_fits\": {\"match\": 1}}", "a", note), '!');
}

TEST(a_pattern_that_would_run_for_ever_is_not_evaluated)
{
    char note[300], text[64];

    memset(text, 'a', 40);
    memcpy(text + 40, "!", 2);
    CHECK_INT(judge("{\"regex\": \"^(a|aa)+$\"}", text, note), '?');
    CHECK(strstr(note, "gave up"));
    CHECK_INT(judge("{\"not_regex\": \"^(a|aa)+$\"}", text, NULL), '?');
}

TEST(every_check_has_its_words_and_is_found_by_name)
{
    for (size_t i = 0; i < check_kinds(); i++) {
        const struct check *c = check_at(i);

        CHECK(check_find(str_c(c->name)) == c);
        CHECK(c->doc && c->example && c->prepare && c->judge);
        CHECK(i == 0 || strcmp(check_at(i - 1)->name, c->name) < 0);
    }
}
