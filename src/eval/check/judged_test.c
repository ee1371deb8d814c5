#include "eval/check/check_try_test.h"

TEST(a_rule_that_maps_is_evaluated_and_any_other_is_not)
{
    static const struct check_row rows[] = {
        { "{rule: len(output) <= 3}", "abc", '+' },
        { "{rule: len(output) <= 3}", "abcd", '-' },
        { "{not_rule: len(output) <= 3}", "abcd", '+' },
        { "{rule: The reply is polite and short}", "abc", '?' },
        { "{rule: \"lambda x: exec('1')\"}", "abc", '?' },
        { "{not_rule: \"lambda x: exec('1')\"}", "abc", '?' },
        { "{judged: The reply is polite}", "abc", '?' },
        { "{any_of: [{rule: max_words 3}, {rule: 'max_words: 3'}]}", "abc", '+' },
    };
    static const struct check_row wrong[] = {
        { "{any_of: [{judged: The reply is polite}]}", "stands on its own", '!' },
        { "{judged: ' '}", "1 to 4000 bytes", '!' },
        { "{judged: polite, path: $.a}", "takes no path", '!' },
    };

    CHECK_TRY_ROWS(CHECK_WORLD, rows);
    CHECK_TRY_WRONG(wrong);
}

static const struct subject_wish *judged_asked(const struct check_ready *ready, struct subject *s, struct arena *a)
{
    struct subject_wishes w = { .arena = a };

    ready->check->wish(ready->state, s, &w);
    return w.count ? w.at : NULL;
}

TEST(a_judge_is_asked_with_marks_and_its_verdict_counts)
{
    AUTO_ARENA *a = arena_new_sized(0);
    const json_t *judge = check_try_json("{model: sim:judge}", a);
    struct check_spec spec = { .name = S("polite"), .kind = S("judged"), .argument = check_try_json("It stays polite.", a),
                               .options = check_try_json("{judged: It stays polite.}", a) };
    struct task task = { .checks = &spec, .check_count = 1, .judge = judge };
    struct turn turn = { .prompt = S("Dear me") };
    struct subject s = { .task = &task, .output = S("Thank you."), .turns = &turn, .turn_count = 1 };
    struct check_ready ready;
    struct err e = ERR_INIT;
    struct subject_wish w;
    struct score score;
    struct str said;

    REQUIRE(check_prepare(&spec, a, &ready, &e) == ERR_OK);
    subject_begin(&s, a);
    REQUIRE(judged_asked(&ready, &s, a));
    w = *judged_asked(&ready, &s, a);
    said = w.messages[1].parts[0].text;
    CHECK(str_contains(said, S("BEGIN =====\nThank you.\n=====")) &&
          str_contains(said, S("BEGIN =====\nIt stays polite.\n")));
    CHECK(str_contains(said, S("BEGIN =====\nDear me\n")));
    CHECK_STR(w.model->name, "sim:judge");
    CHECK(!w.heard(&w, S("I think it does."), a) || !"a reply without a verdict is used");
    w.round = 1;
    CHECK_INT(w.message_count, 4);
    w.round = 2;
    CHECK(w.heard(&w, S("No."), a));
    CHECK(str_contains(w.why, S("neither can its second")));
    s.wishes = &w;
    s.wish_count = 1;
    check_judge(&ready, &s, a, &score);
    CHECK(score.state == SCORE_MISSING && str_contains(score.note, S("can't be used")));
    w.why = STR_NONE;
    CHECK(w.heard(&w, S("```json\n{\"pass\": \"NO\", \"reason\": \"rude\",}\n```"), a));
    check_judge(&ready, &s, a, &score);
    CHECK(score.state == SCORE_VALUE && score.value == 0);
    CHECK_STR(score.note, "the judge: rude");
    CHECK(w.heard(&w, S("{\"pass\": true}"), a));
    check_judge(&ready, &s, a, &score);
    CHECK(score.value == 1);
    w.round = 1;
    CHECK(!w.heard(&w, S("{\"pass\": true} or {\"pass\": false}"), a));
    task.judge = NULL;
    CHECK(!judged_asked(&ready, &s, a));
}
