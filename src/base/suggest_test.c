#include "base/test.h"

static struct str suggest_from(const char *word, const char *const *names, size_t n)
{
    struct suggest s;

    suggest_begin(&s, str_c(word));
    for (size_t i = 0; i < n; i++)
        suggest_offer(&s, str_c(names[i]));
    return suggest_best(&s);
}

TEST(suggest_distance_counts_single_edits)
{
    CHECK_INT(suggest_distance(S("accuracy"), S("accuracy")), 0);
    CHECK_INT(suggest_distance(S("accuracy"), S("ACCURACY")), 0);
    CHECK_INT(suggest_distance(S("acuracy"), S("accuracy")), 1);
    CHECK_INT(suggest_distance(S("accuarcy"), S("accuracy")), 1);       /* neighbours swapped */
    CHECK_INT(suggest_distance(S("accuraci"), S("accuracy")), 1);
    CHECK_INT(suggest_distance(S("ca"), S("abc")), 3);                  /* optimal string alignment, not Damerau's 2 */
    CHECK_INT(suggest_distance(S(""), S("abc")), 3);
    CHECK_INT(suggest_distance(S("abc"), STR_NONE), 3);
    CHECK_INT(suggest_distance(S("kitten"), S("sitting")), 3);
}

TEST(suggest_gives_the_nearest_and_nothing_far_away)
{
    static const char *const names[] = { "models", "model", "metrics", "dataset" };

    CHECK_STR(suggest_from("modle", names, 4), "model");
    CHECK_STR(suggest_from("datset", names, 4), "dataset");
    CHECK_STR(suggest_from("METRIC", names, 4), "metrics");
    CHECK_STR(suggest_from("banana", names, 4), "");
    CHECK_STR(suggest_from("", names, 4), "");
}

TEST(suggest_hint_is_ready_to_append)
{
    struct suggest s;
    char out[160], word[200];

    suggest_begin(&s, S("acuracy"));
    CHECK_STR(str_c(suggest_hint(&s, out)), "");
    suggest_offer(&s, S("accuracy"));
    CHECK_STR(str_c(suggest_hint(&s, out)), " (did you mean \"accuracy\"?)");
    memset(word, 'a', sizeof word);
    suggest_begin(&s, str_n(word, sizeof word));        /* longer than anything it compares */
    suggest_offer(&s, str_n(word, 64));
    CHECK_STR(str_c(suggest_hint(&s, out)), "");
}
