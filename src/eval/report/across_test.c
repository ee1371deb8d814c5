#include "base/test.h"

#include "eval/across.h"
#include "eval/report/fixture_test.h"

static const char *const two_names[] = { "sim:good", "sim:cheap" };
static const int64_t two_costs[] = { 1000000, 100000 };

static double good_and_cheap(int64_t v, int64_t c, int64_t r)
{
    (void)r;
    return c % (v ? 10 : 20) != 0;
}

static double nothing_works(int64_t v, int64_t c, int64_t r)
{
    (void)v, (void)c, (void)r;
    return -1;
}

static bool across(struct fixture *f, const struct fixture_shape *shape, struct across *x)
{
    struct store_run_row *rows;
    struct err e = ERR_INIT;
    size_t count;

    if (fixture_make(f, shape) && store_runs_list(f->store, STR_NONE, 20, 0, f->arena, &rows, &count, &e) == ERR_OK &&
        across_load(f->store, rows, count, f->arena, x, &e) == ERR_OK)
        return true;
    test_fail(__FILE__, __LINE__, "%s", e.text);
    return false;
}

TEST(a_run_of_two_models_is_summed_up)
{
    AUTO_JSON *o = NULL;
    struct fixture f;
    struct across x;

    if (across(&f, &(struct fixture_shape){ .cases = 100, .variants = 2, .repeat = 1, .names = two_names, .rule = good_and_cheap,
                                            .cost_nanousd = two_costs }, &x)) {
        CHECK_INT(x.analyzed, 1);
        REQUIRE(x.model_count == 2);
        CHECK_STR(x.models[0].model, "sim:good");
        CHECK_NEAR(x.models[0].avg_score, 95, 1e-9);
        CHECK_NEAR(x.models[1].avg_score, 90, 1e-9);
        CHECK_NEAR(x.models[0].avg_cost, 0.001, 1e-12);
        CHECK_NEAR(x.models[1].value_ratio, 900000, 1e-3);
        CHECK_INT(x.best, 0);
        CHECK_INT(x.value, 1);
        CHECK_STR(
            x.recommendation,
            "sim:good is best on average: 95.0 points over 1 run. sim:cheap is 5.0 points lower and costs 90 % less.");
        o = across_json(&x);
        CHECK_STR(json_get_str(o, "best_value_model"), "sim:cheap");
        CHECK_INT(json_get_i64(o, "total_runs_analyzed", -1), 1);
        CHECK_NEAR(json_get_double(json_array_get(json_child(o, "model_rankings"), 1), "avg_score", 0), 90, 0);
    }
    fixture_free(&f);
}

TEST(a_run_of_one_scored_model_is_left_out_with_its_reason)
{
    struct fixture f;
    struct across x;

    if (across(&f, &(struct fixture_shape){ .cases = 10, .variants = 1, .repeat = 1, .names = two_names, .rule = good_and_cheap,
                                            .cost_nanousd = two_costs }, &x)) {
        CHECK_INT(x.analyzed, 0);
        CHECK_INT(x.best, -1);
        REQUIRE(x.excluded_count == 1);
        CHECK_INT(x.excluded[0].run_index, 0);
        CHECK_STR(x.excluded[0].reason, "only one of its models is scored; it takes two");
        CHECK_STR(x.recommendation, "There is no run with two scored models to learn from.");
    }
    fixture_free(&f);
    if (across(&f, &(struct fixture_shape){ .cases = 10, .variants = 2, .repeat = 1, .names = two_names, .rule = nothing_works,
                                            .cost_nanousd = two_costs }, &x)) {
        REQUIRE(x.excluded_count == 1);
        CHECK_STR(x.excluded[0].reason, "none of its models is scored; it takes two");
    }
    fixture_free(&f);
}

TEST(variants_of_one_model_count_as_one_model)
{
    static const char *const same[] = { "sim:good", "sim:good" };
    struct fixture f;
    struct across x;

    if (across(&f, &(struct fixture_shape){ .cases = 20, .variants = 2, .repeat = 1, .names = same, .rule = good_and_cheap,
                                            .cost_nanousd = two_costs }, &x))
        CHECK_INT(x.excluded_count, 1);
    fixture_free(&f);
}

TEST(an_unknown_cost_is_never_the_best_value)
{
    static const int64_t costs[] = { MONEY_UNKNOWN, MONEY_UNKNOWN };
    AUTO_JSON *o = NULL;
    struct fixture f;
    struct across x;

    if (across(&f, &(struct fixture_shape){ .cases = 20, .variants = 2, .repeat = 1, .names = two_names, .rule = good_and_cheap,
                                            .cost_nanousd = costs }, &x)) {
        CHECK_INT(x.value, -1);
        o = across_json(&x);
        CHECK(json_is_null(json_child(o, "best_value_model")));
        CHECK(json_is_null(json_child(json_array_get(json_child(o, "model_rankings"), 0), "avg_cost")));
        CHECK(json_is_null(json_child(json_array_get(json_child(o, "model_rankings"), 0), "value_ratio")));
    }
    fixture_free(&f);
}
