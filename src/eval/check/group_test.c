#include "eval/check/check_try_test.h"

TEST(groups_decide_as_their_members_do)
{
    static const struct check_row rows[] = {
        { "{all_of: [{contains: a}, {contains: b}]}", "ab", '+' },
        { "{all_of: [{contains: a}, {contains: b}]}", "ac", '-' },
        { "{all_of: [{contains: a}, {max_cost: 1}]}", "ab", '?' },
        { "{all_of: [{contains: z}, {max_cost: 1}]}", "ab", '-' },
        { "{any_of: [{contains: a}, {contains: z}]}", "ab", '+' },
        { "{any_of: [{contains: y}, {contains: z}]}", "ab", '-' },
        { "{any_of: [{contains: a}, {max_cost: 1}]}", "ab", '+' },
        { "{any_of: [{contains: z}, {max_cost: 1}]}", "ab", '?' },
        { "{any_of: [{contains: a}, {contains: b}, {contains: z}], at_least: 2}", "ab", '+' },
        { "{any_of: [{contains: a}, {contains: y}, {contains: z}], at_least: 2}", "ab", '-' },
        { "{any_of: [{contains: a, weight: 3}, {contains: y}, {contains: z}], at_least: 3}", "ab", '+' },
        { "{any_of: [{contains: a}, {max_cost: 1}], at_least: 2}", "ab", '?' },
        { "{any_of: [{contains: z}, {max_cost: 1}], at_least: 2}", "ab", '-' },
        { "{none_of: [{contains: y}, {contains: z}]}", "ab", '+' },
        { "{none_of: [{contains: a}, {contains: z}]}", "ab", '-' },
        { "{none_of: [{contains: z}, {max_cost: 1}]}", "ab", '?' },
        { "{none_of: [{contains: a}, {max_cost: 1}]}", "ab", '-' },
        { "{not_all_of: [{contains: a}, {contains: z}]}", "ab", '+' },
        { "{all_of: [{contains: a}, {contains: b}], not: true}", "ab", '-' },
        { "{not_any_of: [{contains: z}, {max_cost: 1}]}", "ab", '?' },
        { "{all_of: [{any_of: [{contains: z}, not_refusal]}, {none_of: [{contains: y}]}]}", "ab", '+' },
        { "{all_of: [{any_of: [{contains: z}, refusal]}, {none_of: [{contains: y}]}]}", "ab", '-' },
        { "{path: '$.rows[*]', all_of: [{path: $.id, gt: 0}, {path: $.n, max_length: 3}]}", "{\"rows\":[{\"id\":1,\"n\":\"a\"}]}", '+' },
        { "{path: '$.rows[*]', all_of: [{path: $.id, gt: 0}, {path: $.n, max_length: 3}]}", "{\"rows\":[{\"id\":0,\"n\":\"a\"}]}", '-' },
        { "{path: '$.rows[*]', any_of: [{path: $.id, gt: 0}, {path: '$.tags[*]', unique: true}]}", "{\"rows\":[{\"id\":0,\"tags\":[1]}]}", '+' },
        { "{path: '$.rows[*]', any_of: [{path: $.id, gt: 0}, {path: '$.tags[*]', unique: true}]}", "{\"rows\":[{\"id\":0,\"tags\":[1,1]}]}", '-' },
    };
    char note[300];

    CHECK_TRY_ROWS(CHECK_WORLD, rows);
    check_try(&CHECK_WORLD, "{any_of: [{contains: y, name: why}, {contains: z}]}", "ab", note);
    CHECK_STR(str_c(note), "0 of 2 passed; why: \"ab\" does not contain \"y\"");
    check_try(&CHECK_WORLD, "{all_of: [{contains: a}, {max_words: 1}]}", "a b", note);
    CHECK_STR(str_c(note), "max_words: 2 words, at most 1");
    check_try(&CHECK_WORLD, "{none_of: [{contains: a}]}", "a b", note);
    CHECK_STR(str_c(note), "contains passed, and must not");
}

/* A group with `levels` groups, each in the one before it. */
static void group_of(int levels, struct buf *out)
{
    for (int i = 0; i < levels; i++)
        buf_puts(out, "{all_of: [");
    buf_puts(out, "not_refusal");
    for (int i = 0; i < levels; i++)
        buf_puts(out, "]}");
}

TEST(groups_have_bounds)
{
    static const struct check_row wrong[] = {
        { "{all_of: []}", "a list of at least one check", 0 }, { "{all_of: {contains: a}}", "a list", 0 },
        { "{all_of: [{contans: a}]}", "check 1: there is no check \"contans\" (did you mean \"contains\"?)", 0 },
        { "{all_of: [{contains: a}, 3]}", "check 2: a check is a map", 0 }, { "{any_of: [{name: x}]}", "nothing to check", 0 },
        { "{any_of: [{contains: a, max_words: 3}]}", "one kind", 0 }, { "{any_of: [{contains: a}], at_least: 2}", "weights together", 0 },
        { "{all_of: [{contains: a}], at_least: 1}", "no setting", 0 }, { "{any_of: [{max_words: x}]}", "whole number", 0 },
        { "{any_of: [{contains: a, weight: -1}]}", "weight", 0 }, { "{any_of: [{contains: a, not: 3}]}", "true or false", 0 },
        { "{any_of: [{contains: a, severity: bad}]}", "severity", 0 }, { "{any_of: [case_checks]}", "can't stand in a group", 0 },
        { "{any_of: [{any_of: [{path: $.a, max_cost: 3}]}]}", "any_of: check 1: any_of: check 1: max_cost judges the trial", 0 },
    };
    char note[300];

    CHECK_TRY_WRONG(wrong);
    for (int levels = CHECK_DEPTH_MAX; levels <= CHECK_DEPTH_MAX + 1; levels++) {
        AUTO_BUF struct buf b = BUF_INIT(1 << 16);

        group_of(levels, &b);
        CHECK_INT(check_try(&CHECK_WORLD, buf_cstr(&b), "a", note), levels <= CHECK_DEPTH_MAX ? '+' : '!');
        CHECK(levels <= CHECK_DEPTH_MAX || strstr(note, "levels deep"));
    }
    for (int n = CHECK_GROUP_MAX; n <= CHECK_GROUP_MAX + 1; n++) {
        AUTO_BUF struct buf b = BUF_INIT(1 << 16);

        buf_puts(&b, "{all_of: [");
        for (int i = 0; i < n; i++)
            buf_puts(&b, i ? ", json_valid" : "json_valid");
        buf_puts(&b, "]}");
        CHECK_INT(check_try(&CHECK_WORLD, buf_cstr(&b), "1", note), n <= CHECK_GROUP_MAX ? '+' : '!');
        CHECK(n <= CHECK_GROUP_MAX || strstr(note, "at most 64"));
    }
    for (int groups = CHECK_NESTED_MAX / 32 - 1; groups <= CHECK_NESTED_MAX / 32; groups++) {
        AUTO_BUF struct buf b = BUF_INIT(1 << 16);

        buf_puts(&b, "{all_of: [json_valid");
        for (int i = 0; i < groups; i++) {
            buf_puts(&b, ", {all_of: [");
            for (int k = 0; k < 31; k++)
                buf_puts(&b, k ? ", json_valid" : "json_valid");
            buf_puts(&b, "]}");
        }
        buf_puts(&b, "]}");
        CHECK_INT(check_try(&CHECK_WORLD, buf_cstr(&b), "1", note), groups * 32 < CHECK_NESTED_MAX ? '+' : '!');
        CHECK(groups * 32 < CHECK_NESTED_MAX || strstr(note, "more than 256"));
    }
}

TEST(a_case_has_checks_of_its_own)
{
    static const struct check_row rows[] = {
        { "case_checks", "refund now", '+' }, { "case_checks", "refund not now, sorry", '-' }, { "not_case_checks", "no", '+' },
    };
    static const struct check_row bad[] = { { "case_checks", "x", '?' }, { "{case_checks: true, from: rules}", "x", '?' } };
    static const struct check_row wrong[] = { { "{case_checks: true, from: 3}", "name of a variable", 0 }, { "{case_checks: 3}", "true", 0 } };
    struct check_world w = CHECK_WORLD;
    struct err e = ERR_INIT;
    char note[300];

    w.vars = "{checks: [{contains: refund}, {max_words: 2}, {path: '$.a', gt: 1, not: true}, not_refusal]}";
    w.vars = "{checks: [{contains: refund}, {max_words: 2}, not_refusal]}";
    CHECK_TRY_ROWS(w, rows);
    check_try(&w, "case_checks", "please refund me now", note);
    CHECK_STR(str_c(note), "max_words: 4 words, at most 2");
    w.vars = "{checks: [{contans: refund}], rules: 3}";
    CHECK_TRY_ROWS(w, bad);
    check_try(&w, "case_checks", "x", note);
    CHECK(strstr(note, "did you mean \"contains\""));
    check_try(&CHECK_WORLD, "case_checks", "x", note);
    CHECK_STR(str_c(note), "the case has no checks of its own");
    CHECK_TRY_WRONG(wrong);
    {
        AUTO_ARENA *a = arena_new_sized(0);

        CHECK_OK(check_case_verify(check_try_json("[{contains: a}]", a), &e));
        CHECK_INT(check_case_verify(check_try_json("[{contains: a}, {case_checks: true}]", a), &e), ERR_BAD_INPUT);
        CHECK(strstr(e.text, "check 2"));
    }
}
