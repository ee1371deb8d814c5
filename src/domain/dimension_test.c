#include "base/test.h"
#include "domain/domain.h"

static struct dimension_level dimension_tones[] = { { .score = 1, .label = S("calm") }, { .score = 5, .label = S("angry") } };
static struct str dimension_words[] = { S("a stranger"), S("a friend"), S("your boss") };
static struct dimension_level dimension_whos[] = {
    { .score = 1, .label = S("one"), .options = dimension_words, .option_count = 3 },
    { .score = 2, .label = S("two") }, { .score = 3, .label = S("three"), .description = S("most") },
};
static struct dimension dimension_list[] = { { S("Who Is It"), dimension_whos, 3 }, { S("Tone"), dimension_tones, 2 } };

TEST(dimensions_every_combination_is_numbered_the_last_fastest)
{
    static const char *const names[] = { "Who Is It_1 / Tone_1", "Who Is It_1 / Tone_5", "Who Is It_2 / Tone_1",
                                         "Who Is It_2 / Tone_5", "Who Is It_3 / Tone_1", "Who Is It_3 / Tone_5" };
    struct dimensions d = { dimension_list, 2, 1 };
    AUTO_ARENA *a = arena_new_sized(0);

    REQUIRE(dimensions_combinations(&d) == 6);
    for (int64_t i = 0; i < 6; i++)
        CHECK_STR(dimensions_name(&d, i, a), names[i]);
    CHECK_INT(dimensions_combinations(&(struct dimensions){ .count = 0 }), 1);
}

TEST(dimensions_set_scores_words_and_variables)
{
    struct dimensions d = { dimension_list, 2, 1 };
    AUTO_JSON *vars = json_object();
    const json_t *who;

    dimensions_set(&d, 1, 5, vars);
    CHECK_INT(json_integer_value(JSON_AT(vars, "dimensions", "Who Is It")), 3);
    CHECK_INT(json_integer_value(JSON_AT(vars, "dimensions", "Tone")), 5);
    CHECK_STR(json_get_str(vars, "Tone"), "angry");
    CHECK(!json_child(vars, "Who Is It"));
    who = JSON_AT(vars, "dimension", "Who Is It");
    CHECK_STR(json_get_str(who, "text"), "three");
    CHECK_STR(json_get_str(who, "description"), "most");
    CHECK_INT(json_get_i64(who, "score", 0), 3);
}

TEST(dimensions_options_follow_the_seed_and_nothing_else)
{
    struct dimensions d = { dimension_list, 2, 7 }, other = { dimension_list, 2, 8 };
    int seen[3] = { 0 }, differ = 0;

    for (int64_t p = 1; p <= 300; p++) {
        struct str x = dimensions_text(&d, 0, 0, p, 0);

        CHECK(str_eq(x, dimensions_text(&d, 0, 0, p, 0)));
        differ += !str_eq(x, dimensions_text(&other, 0, 0, p, 0));
        for (int i = 0; i < 3; i++)
            seen[i] += str_eq(x, dimension_words[i]);
    }
    for (int i = 0; i < 3; i++)
        CHECK(seen[i] > 60 && seen[i] < 140);
    CHECK(differ > 100);
    /* the choice of a seed is part of what a run can be repeated by: it must not change from version to version */
    CHECK_STR(dimensions_text(&d, 0, 0, 1, 0), "a stranger");
    CHECK_STR(dimensions_text(&d, 0, 0, 1, 1), "a stranger");
    CHECK_STR(dimensions_text(&d, 0, 0, 2, 0), "your boss");
    CHECK_STR(dimensions_text(&d, 0, 1, 1, 0), "two");
}

TEST(dimensions_are_found_in_any_case_and_some_names_are_variables)
{
    struct dimensions d = { dimension_list, 2, 7 };

    CHECK_INT(dimensions_find(&d, S("TONE")), 1);
    CHECK_INT(dimensions_find(&d, S("who is it")), 0);
    CHECK_INT(dimensions_find(&d, S("ton")), -1);
    CHECK(dimension_is_variable(S("Tone_2")) && !dimension_is_variable(S("2x")) && !dimension_is_variable(S("a b")));
    CHECK(!dimension_is_variable(S("")) && !dimension_is_variable(S("_x")) && !dimension_is_variable(S("\xc3\xa4")));
}
