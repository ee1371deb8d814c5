#include "eval/check/check_try_test.h"

static const char rows_json[] = "{\"n\":3,\"f\":3.0,\"s\":\"3\",\"b\":true,\"z\":null,\"l\":[1,{\"a\":2}],\"low\":1,\"high\":9,"
                                "\"t\":\"beta\",\"rows\":[{\"p\":5},{\"p\":20},{\"q\":0}]}";

TEST(values_are_compared_with_their_types)
{
    static const struct check_row rows[] = {
        { "{path: $.n, eq: 3}", rows_json, '+' },
        { "{path: $.f, eq: 3}", rows_json, '+' },
        { "{path: $.s, eq: 3}", rows_json, '-' },
        { "{path: $.s, eq: '3'}", rows_json, '+' },
        { "{path: $.b, eq: true}", rows_json, '+' },
        { "{path: $.b, eq: 1}", rows_json, '-' },
        { "{path: $.z, eq: null}", rows_json, '+' },
        { "{path: $.l, eq: [1.0, {a: 2}]}", rows_json, '+' },
        { "{path: $.l, eq: [1]}", rows_json, '-' },
        { "{path: $.n, ne: 4}", rows_json, '+' },
        { "{path: $.n, ne: '3'}", rows_json, '+' },
        { "{path: $.n, ne: 3}", rows_json, '-' },
        { "{path: $.n, not_eq: 3}", rows_json, '-' },
        { "{path: $.n, lt: 4}", rows_json, '+' },
        { "{path: $.n, lt: 3}", rows_json, '-' },
        { "{path: $.n, le: 3}", rows_json, '+' },
        { "{path: $.n, le: 2.5}", rows_json, '-' },
        { "{path: $.n, gt: 2}", rows_json, '+' },
        { "{path: $.n, gt: 3}", rows_json, '-' },
        { "{path: $.n, ge: 3}", rows_json, '+' },
        { "{path: $.n, ge: 3.1}", rows_json, '-' },
        { "{path: $.t, lt: gamma}", rows_json, '+' },
        { "{path: $.t, gt: gamma}", rows_json, '-' },
        { "{path: $.t, gt: 1}", rows_json, '-' },
        { "{path: $.n, in: [1, 3]}", rows_json, '+' },
        { "{path: $.n, in: ['3']}", rows_json, '-' },
        { "{path: $.t, in: [alpha, beta]}", rows_json, '+' },
        { "{path: $.none, eq: 1}", rows_json, '-' },
        { "{path: $.low, lt: {path: $.high}}", rows_json, '+' },
        { "{path: $.high, lt: {path: $.low}}", rows_json, '-' },
        { "{path: $.high, lt: {path: $.nowhere}}", rows_json, '-' },
        { "{path: $.n, eq: {expected: $.n}}", rows_json, '+' },
        { "{path: $.low, eq: {expected: $.n}}", rows_json, '-' },
        { "{path: $.low, eq: {expected: $.nowhere}}", rows_json, '?' },
        { "{path: $.n, ge: '{{ least }}'}", rows_json, '+' },
        { "{path: $.low, ge: '{{ least }}'}", rows_json, '-' },
        { "{path: $.low, ge: '{{ leest }}'}", rows_json, '?' },
        { "{eq: 42}", "42.0", '+' },
        { "{gt: 42}", "forty", '-' },
        { "{eq: forty}", " forty ", '+' },
        { "{eq: '42'}", "42", '+' },
        { "{eq: forty}", "\"forty\"", '+' },
        { "{in: ['true', 'no']}", "true", '+' },
        { "{eq: 42}", "```\n42\n```", '+' },
    };
    static const struct check_row unexpected[] = { { "{path: $.n, eq: {expected: $.n}}", rows_json, '?' } };
    struct check_world none = CHECK_WORLD;

    none.expected = NULL;
    CHECK_TRY_ROWS(CHECK_WORLD, rows);
    CHECK_TRY_ROWS(none, unexpected);
}

TEST(whole_paths_choose_and_count)
{
    static const struct check_row rows[] = {
        { "{path: '$.rows[?@.p > 10]', count: 1}", rows_json, '+' },
        { "{path: '$.rows[?@.p > 10]', count: {min: 2}}", rows_json, '-' },
        { "{path: '$.rows[?@.p > 100]', count: 0}", rows_json, '+' },
        { "{path: '$.rows[?@.p > 1]', count: {max: 1}}", rows_json, '-' },
        { "{path: '$..p', not_count: 2}", rows_json, '-' },
        { "{path: $.rows, count: 1}", "prose", '-' },
        { "{path: '$..p', ge: 5}", rows_json, '+' },
        { "{path: '$..p', ge: 6}", rows_json, '-' },
        { "{path: \"$[?match(@, '(x|xx)+')]\", count: 0}", "[\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx!\"]", '?' },
    };
    static const struct check_row wrong[] = {
        { "{count: 3}", "needs a path", 0 }, { "{path: $.a, count: many}", "whole number", 0 },
        { "{path: $.a, count: {mn: 1}}", "did you mean \"min\"", 0 }, { "{path: $.a, count: {min: 3, max: 1}}", "above max", 0 },
        { "{path: $.a, gt: true}", "no order", 0 }, { "{path: $.a, lt: [1]}", "no order", 0 },
        { "{path: $.a, eq: {path: '$..b'}}", "more than one value", 0 }, { "{path: $.a, eq: {path: '$.b['}}", "in brackets", 0 },
        { "{path: '$[?search(@.a, ''a(b'')]', eq: 1}", "selects nothing", 0 }, { "{path: $.a, in: 3}", "a list", 0 },
        { "{path: $.a, gr: 3}", "there is no check", 0 }, { "{path: $.a, eq: '{{ x'}", "", 0 },
    };
    char note[300];

    CHECK_TRY_ROWS(CHECK_WORLD, rows);
    CHECK_TRY_WRONG(wrong);
    check_try(&CHECK_WORLD, "{path: '$..p', ge: 6}", rows_json, note);
    CHECK_STR(str_c(note), "$.rows[0].p: 5 is not at least 6");
    check_try(&CHECK_WORLD, "{path: $.t, gt: 1}", rows_json, note);
    CHECK_STR(str_c(note), "\"beta\" can't be compared with 1");
}

TEST(patterns_match_wholes_and_are_counted)
{
    static const struct check_row rows[] = {
        { "{matches: '[A-Z]{2}-\\d+'}", "AB-12", '+' },
        { "{matches: '[A-Z]{2}-\\d+'}", "x AB-12", '-' },
        { "{matches: 'ab|abc'}", "abc", '+' },
        { "{matches: 'ABC', ignore_case: true}", "abc", '+' },
        { "{matches: '(a|aa)+'}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", '?' },
        { "{not_matches: 'abc'}", "abcd", '+' },
        { "{occurrences: {text: '- ', min: 2}}", "- a\n- b", '+' },
        { "{occurrences: {text: '- ', min: 3}}", "- a\n- b", '-' },
        { "{occurrences: {text: '.', max: 0}}", "abc", '+' },
        { "{occurrences: {regex: '\\d', max: 2}}", "123", '-' },
        { "{occurrences: {regex: 'X', max: 0}, ignore_case: true}", "x", '-' },
        { "{occurrences: {regex: '', min: 4}}", "ab", '!' },
        { "{occurrences: {regex: 'x*', min: 3, max: 3}}", "ab", '+' },
        { "{occurrences: {regex: '(a|aa)+$', max: 3}}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", '?' },
    };
    static const struct check_row wrong[] = {
        { "{occurrences: {min: 1}}", "one of text: and regex:", 0 }, { "{occurrences: {text: a, regex: b, min: 1}}", "one of", 0 },
        { "{occurrences: {text: a}}", "needs min:", 0 }, { "{occurrences: {text: a, min: -1}}", "whole number", 0 },
        { "{occurrences: {text: a, min: 2, max: 1}}", "above max", 0 }, { "{occurrences: {regx: a, min: 2}}", "did you mean \"regex\"", 0 },
        { "{occurrences: {regex: 'a(', min: 2}}", "at character", 0 }, { "{matches: 'a('}", "at character", 0 },
        { "{matches: 3}", "a string", 0 },
    };

    CHECK_TRY_ROWS(CHECK_WORLD, rows);
    CHECK_TRY_WRONG(wrong);
}

TEST(lines_paragraphs_and_sentences_are_counted)
{
    static const struct check_row rows[] = {
        { "{lines: {min: 2, max: 2}}", "a\n\n  \nb\n", '+' },
        { "{max_lines: 1}", "a\r\nb", '-' },
        { "{min_lines: 2}", "a\nb", '+' },
        { "{paragraphs: {min: 2, max: 2}}", "a\nb\n\nc", '+' },
        { "{max_paragraphs: 1}", "a\n \nb", '-' },
        { "{min_paragraphs: 2}", "a\nb", '-' },
        { "{sentences: {min: 3, max: 3}}", "One. Two costs 3.50 dollars! \"Is it three?\"", '+' },
        { "{sentences: {min: 2, max: 2}}", "Wait... what? ", '+' },
        { "{sentences: {min: 2, max: 2}}", "Ended. Not ended", '+' },
        { "{sentences: {min: 2, max: 2}}", "\xe4\xbd\xa0\xe5\xa5\xbd\xe3\x80\x82\xe5\x86\x8d\xe8\xa7\x81\xe3\x80\x82", '+' },
        { "{max_sentences: 1}", "One. Two.", '-' },
        { "{min_sentences: 1}", "...", '-' },
        { "{max_sentences: 0}", "", '+' },
    };

    CHECK_TRY_ROWS(CHECK_WORLD, rows);
}
