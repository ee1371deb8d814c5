#include "eval/judge_quality.h"

#include <stdio.h>

#include "base/test.h"

TEST(spearman_given_a_third_agrees_with_the_correlation_of_what_it_leaves)
{
    static const double points[] = { 90, 80, 30, 20, 85, 10, 70, 75 }, length[] = { 12, 40, 8, 31, 50, 9, 22, 35 },
                        right[] = { 1, 1, 0, 0, 1, 0, 1, 1 }, same[8] = { 0 };
    struct rank_test t = stats_spearman_given(points, length, right, 8);

    CHECK(t.known);
    CHECK_NEAR(t.value, -0.0567595761483125, 1e-9);
    CHECK_NEAR(t.p, 0.903797091700679, 1e-9);
    CHECK(!stats_spearman_given(points, length, same, 8).known);
    CHECK(!stats_spearman_given(points, length, points, 8).known);      /* nothing is left */
    CHECK(!stats_spearman_given(points, length, right, 3).known);
}

static bool choice_of(struct str reply, enum judge_choice *choice, struct str *why)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct str reasoning, w = STR_NONE;
    bool read = judge_choice_read(reply, a, choice, &reasoning, &w);
    static char kept[200];

    snprintf(kept, sizeof kept, STR_FMT, STR_ARG(w));
    *why = str_c(kept);
    return read;
}

TEST(judge_choices_are_read_in_any_wrapping)
{
    static const struct { const char *reply; enum judge_choice want; } good[] = {
        { "{\"winner\": \"A\"}", JUDGE_CHOICE_FIRST }, { "```json\n{\"winner\": \"b\",}\n```", JUDGE_CHOICE_SECOND },
        { "I think {x}. {\"winner\":\" Tie \",\"reasoning\":\"}\"}", JUDGE_CHOICE_TIE },
        { "{\"winner\":\"Output B\"} {\"winner\":\"Output B\"}", JUDGE_CHOICE_SECOND },
        { "{\"winner\":\"neither\"}", JUDGE_CHOICE_TIE },
    };
    static const struct { const char *reply, *why; } bad[] = {
        { " ", "it is empty" }, { "A", "it holds no JSON object with a winner" },
        { "{\"winner\":\"A and B\"}", "winner is none of A, B and tie" }, { "{\"winner\":1}", "winner is none of A, B and tie" },
        { "{\"winner\":\"A\"} {\"winner\":\"B\"}", "it holds several objects with a winner, and they differ" },
    };
    enum judge_choice choice;
    struct str why;

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        CHECK(choice_of(str_c(good[i].reply), &choice, &why));
        CHECK_INT(choice, good[i].want);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CHECK(!choice_of(str_c(bad[i].reply), &choice, &why));
        CHECK_STR(why, bad[i].why);
    }
}

TEST(a_choice_that_is_a_monster_is_not_read)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 20);
    enum judge_choice choice;
    struct str why;

    for (int i = 0; i < 10000; i++)
        buf_puts(&b, "{\"winner\":");
    CHECK(!choice_of(buf_str(&b), &choice, &why));
    CHECK_STR(why, "its JSON is nested deeper than 32");
    buf_reset(&b);
    buf_puts(&b, "{\"winner\":\"A\",\"reasoning\":\"");
    while (b.len < JUDGE_REPLY_MAX)
        buf_byte(&b, 'x');
    buf_puts(&b, "\"}");
    CHECK(!choice_of(buf_str(&b), &choice, &why));
    CHECK(str_contains(why, S("at most 262144 are read")));
}
