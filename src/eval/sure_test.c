#include "base/test.h"

#include "eval/sure.h"

#define METRIC(id, of, u) { .name = STR_C(id), .base = STR_C(of), .kind = SCORER_METRIC, .unit = (u), .higher_is_better = true }
#define STR_C(s) { s, sizeof s - 1 }

static const struct scorer_info infos[] = {
    METRIC("accuracy", "accuracy", METRIC_RATIO), METRIC("latency", "latency", METRIC_MS), METRIC("bleu", "bleu", METRIC_RATIO),
    METRIC("consistency", "consistency", METRIC_RATIO), METRIC("following", "instruction_following", METRIC_RATIO),
    { .name = STR_C("short"), .base = STR_C("max_words"), .kind = SCORER_CHECK, .unit = METRIC_RATIO, .higher_is_better = true },
};

static enum err_code choose(struct task *t, const char *metric, int64_t cases, int64_t variants, bool expected,
                            struct err *e)
{
    struct run run = { .cases = cases, .variants = variants, .repeat = 1 };

    t->sure = (struct task_sure){ .on = true, .level = RACE_LEVEL, .margin = RACE_MARGIN, .metric = str_c(metric) };
    t->variant_count = (size_t)variants;
    return sure_choose(t, infos, COUNT_OF(infos), &run, expected, e);
}

TEST(sure_goes_by_what_ranks_or_by_what_it_is_told)
{
    struct threshold held[] = { { .metric = S("latency"), .low = 900 }, { .metric = S("short"), .low = 0.9 },
                                { .metric = S("accuracy"), .low = 0.8 } };
    struct task t = { .thresholds = held, .threshold_count = 0 };
    struct err e = ERR_INIT;

    CHECK_OK(choose(&t, "", 100, 2, true, &e));
    CHECK_STR(t.sure.metric, "accuracy");
    CHECK(!t.sure.limited);
    CHECK_OK(choose(&t, "", 100, 2, false, &e));        /* nothing is expected: accuracy has no value */
    CHECK_STR(t.sure.metric, "following");
    CHECK_OK(choose(&t, "short", 100, 3, true, &e));
    CHECK_STR(t.sure.metric, "short");
    t.threshold_count = COUNT_OF(held);
    CHECK_OK(choose(&t, "", 100, 2, true, &e));
    CHECK_STR(t.sure.metric, "accuracy");
    CHECK(t.sure.limited);
    CHECK_NEAR(t.sure.limit, 0.8, 0);
    CHECK_OK(choose(&t, "", 100, 1, true, &e));         /* of one: the first threshold that can be */
    CHECK_STR(t.sure.metric, "short");
    CHECK_NEAR(t.sure.limit, 0.9, 0);
}

TEST(sure_refuses_in_a_sentence_what_has_no_end_or_no_mean)
{
    static const struct { const char *metric; const char *says; } rows[] = {
        { "latency", "\"latency\": it has no largest value" },
        { "bleu", "\"bleu\": it is not a mean of what single answers get" },
        { "consistency", "\"consistency\": it is not a mean" },
        { "nothing", "the task has none of the name" },
    };
    struct task t = { .threshold_count = 0 };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err e = ERR_INIT;

        CHECK_INT(choose(&t, rows[i].metric, 100, 2, true, &e), ERR_BAD_INPUT);
        CHECK(str_find(str_c(e.text), str_c(rows[i].says)) >= 0);
    }
    {
        struct err e = ERR_INIT;

        CHECK_INT(choose(&t, "", 100, 1, true, &e), ERR_BAD_INPUT);
        CHECK(str_find(str_c(e.text), S("no threshold on \"accuracy\"")) >= 0);
    }
}

TEST(sure_is_bounded_in_variants_and_cells)
{
    struct task t = { .threshold_count = 0 };
    struct err e = ERR_INIT;

    CHECK_OK(choose(&t, "", 100, RACE_VARIANTS_MAX, true, &e));
    CHECK_INT(choose(&t, "", 100, RACE_VARIANTS_MAX + 1, true, &e), ERR_TOO_LARGE);
    CHECK_OK(choose(&t, "", RACE_CELLS_MAX / 2, 2, true, &e));
    CHECK_INT(choose(&t, "", RACE_CELLS_MAX / 2 + 1, 2, true, &e), ERR_TOO_LARGE);
    CHECK(str_find(str_c(e.text), S("take a --sample")) >= 0);
}

TEST(sure_is_kept_with_the_run_as_it_was)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct task_sure in = { .on = true, .level = 0.9, .margin = 0.02, .metric = S("f1"), .limited = true, .limit = 0.7 }, out;
    AUTO_JSON *o = sure_to_json(&in), *wild = NULL;

    out = sure_from_json(o, a);
    CHECK(out.on);
    CHECK(out.limited);
    CHECK_STR(out.metric, "f1");
    CHECK_NEAR(out.level + out.margin + out.limit, 1.62, 1e-15);
    CHECK(!sure_from_json(NULL, a).on);
    CHECK_OK(json_read(S("{\"level\": 7, \"margin\": -1}"), &wild, NULL));
    out = sure_from_json(wild, a);
    CHECK_NEAR(out.level, SURE_LEVEL_MAX, 0);
    CHECK_NEAR(out.margin, 0, 0);
    CHECK(!out.limited);
}

TEST(sure_reads_no_race_from_settings_that_name_nothing)
{
    struct run run = { .id = S("01a1fd9b-f9ee-702a-b49d-6ebe56e3b0f5"), .cases = 10, .variants = 2, .repeat = 1 };
    struct task_sure sure = { .on = true, .level = 0.9, .metric = S("gone") };
    struct race *race = NULL;
    struct err e = ERR_INIT;
    size_t scorer;

    CHECK_INT(sure_race(NULL, &run, &sure, infos, COUNT_OF(infos), &race, &scorer, &e), ERR_STORE);
    CHECK(!race);
    sure.metric = S("accuracy");
    run.cases = INT64_MAX / 4;
    CHECK_INT(sure_race(NULL, &run, &sure, infos, COUNT_OF(infos), &race, &scorer, &e), ERR_STORE);
}
