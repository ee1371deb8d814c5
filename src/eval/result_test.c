#include "base/test.h"

#include <math.h>
#include <time.h>

#include "eval/report/fixture_test.h"

static struct result *load(struct fixture *f)
{
    struct result *r = NULL;
    struct err e = ERR_INIT;

    if (result_load(f->store, f->run, f->arena, &r, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "result_load: %s", e.text);
    return r;
}

TEST(a_result_ranks_by_quality_and_compares_with_the_first)
{
    struct fixture f;
    struct result *r;

    REQUIRE(fixture_tickets(&f));
    r = load(&f);
    REQUIRE(r && r->variant_count == 5);
    CHECK_INT(r->quality, 0);
    CHECK_STR(r->variants[0].name, "anthropic:claude-3-5-haiku-latest");
    CHECK_NEAR(r->variants[0].quality.value, 61.0 / 64, 1e-15);
    CHECK_INT(r->variants[0].quality.method, ESTIMATE_WILSON);
    CHECK_NEAR(r->variants[0].quality.interval.low, stats_wilson(61, 64, 0.95).low, 0);
    CHECK_INT(r->variants[0].against.verdict, VERDICT_FIRST);
    for (size_t i = 1; i < 5; i++) {
        CHECK(r->variants[i - 1].quality.value >= r->variants[i].quality.value);
        CHECK_INT(r->variants[i].rank, i + 1);
        CHECK(r->variants[i].against.test == COMPARE_MCNEMAR);
    }
    CHECK_STR(r->variants[4].name, "sim:swift");
    CHECK_INT(r->variants[4].against.verdict, VERDICT_WORSE);
    CHECK_INT(r->variants[4].against.cases, 60);
    CHECK(!r->variants[4].cost_known);
    CHECK_INT(r->variants[4].sum->errors[ERR_TIMEOUT], 4);
    CHECK_INT(r->done, 316);
    CHECK_INT(r->failed, 4);
    CHECK_INT(r->spent_unknown_calls, 60);
    CHECK_INT(result_duration_ms(r, 0), 7800);
    fixture_free(&f);
}

TEST(mcnemar_and_the_table_of_pairs_agree)
{
    struct fixture f;
    struct result *r;

    REQUIRE(fixture_tickets(&f));
    r = load(&f);
    REQUIRE(r);
    for (size_t i = 1; i < r->variant_count; i++) {
        int64_t only_first = 0, only_this = 0, pairs = 0;

        for (int64_t c = 0; c < 64; c++) {
            struct store_trial *a, *b;
            struct score x[6], y[6];
            struct err e = ERR_INIT;

            CHECK_OK(store_trial_get(f.store, f.run->no, c * 5 + r->variants[0].no, f.arena, &a, &e));
            CHECK_OK(store_trial_get(f.store, f.run->no, c * 5 + r->variants[i].no, f.arena, &b, &e));
            CHECK_OK(scores_read(a->scores, NULL, x, 6, &e));
            CHECK_OK(scores_read(b->scores, NULL, y, 6, &e));
            if (x[0].state != SCORE_VALUE || y[0].state != SCORE_VALUE)
                continue;
            pairs++;
            only_first += x[0].value > y[0].value;
            only_this += y[0].value > x[0].value;
        }
        CHECK_INT(r->variants[i].against.cases, pairs);
        CHECK_NEAR(r->variants[i].against.p, stats_mcnemar(only_first, only_this), 1e-15);
        CHECK_NEAR(r->variants[i].against.difference, (double)(only_this - only_first) / (double)pairs, 1e-15);
    }
    fixture_free(&f);
}

TEST(the_recommendation_respects_the_uncertainty)
{
    struct fixture f;
    struct result *r;
    const struct recommendation *m;

    REQUIRE(fixture_tickets(&f));
    r = load(&f);
    REQUIRE(r);
    m = &r->recommendation;
    CHECK_INT(m->best, 0);
    REQUIRE(m->value >= 0 && m->budget >= 0);
    CHECK(r->variants[m->value].cost_known && r->variants[m->value].cost_usd == 0);         /* the free one is in the top group */
    CHECK(r->variants[m->value].against.verdict == VERDICT_SAME);
    CHECK_INT(m->budget, m->value);
    CHECK(m->top_count >= 2);
    CHECK(m->cases_needed > 64);
    CHECK(strstr(arena_cstr(f.arena, m->tell_text), "#1 can't be told apart from #2, #3 on 64 cases; about 1900 would show"));
    CHECK(strstr(arena_cstr(f.arena, m->best_text), "anthropic:claude-3-5-haiku-latest: accuracy 95.3 % (Excellent), $0.84 for 1,000 trials"));
    fixture_free(&f);
}

TEST(thresholds_are_of_every_variant)
{
    struct fixture f;
    struct result *r;
    size_t missed = 0;

    REQUIRE(fixture_tickets(&f));
    r = load(&f);
    REQUIRE(r);
    CHECK_INT(r->threshold_count, 10);
    CHECK(!r->thresholds_met);
    for (size_t i = 0; i < r->threshold_count; i++) {
        const struct result_threshold *t = &r->thresholds[i];

        missed += !t->met;
        CHECK(t->ceiling == str_is(t->metric, "cost"));
        if (r->variants[t->variant].no == 4 && t->ceiling)
            CHECK(!t->measured && !t->met);                 /* an unknown cost meets no ceiling */
    }
    CHECK(missed >= 2);
    fixture_free(&f);
}

static double halves(int64_t v, int64_t c, int64_t r)
{
    return v == 0 ? (c % 3 == 0 ? 0.5 : 1) : (double)((c + r) % 2);
}

TEST(repetitions_are_clustered_by_case)
{
    static const char *const names[] = { "a", "b" };
    static const int64_t costs[] = { 5, 5 };
    struct fixture f;
    struct result *r;

    REQUIRE(fixture_make(&f, &(struct fixture_shape){ .cases = 30, .variants = 2, .repeat = 4, .names = names, .rule = halves,
                                                      .cost_nanousd = costs }));
    r = load(&f);
    REQUIRE(r);
    CHECK_STR(r->variants[0].name, "a");
    CHECK_INT(r->variants[0].quality.n, 30);
    CHECK_INT(r->variants[0].quality.method, ESTIMATE_T_BY_CASE);
    CHECK_NEAR(r->variants[0].quality.value, 25.0 / 30, 1e-12);
    CHECK_NEAR(r->variants[0].scores[3].value, 0, 1e-12);          /* consistency: each case always the same */
    CHECK_NEAR(r->variants[1].scores[3].value, 0.5, 1e-12);        /* 0 1 0 1: population deviation 1/2 */
    CHECK_NEAR(r->variants[1].quality.value, 0.5, 1e-12);
    CHECK_NEAR(r->variants[1].quality.interval.high - r->variants[1].quality.interval.low, 0, 1e-12);
    CHECK(r->variants[1].against.test != COMPARE_MCNEMAR);
    CHECK_INT(r->variants[1].against.verdict, VERDICT_WORSE);
    fixture_free(&f);
}

TEST(without_expected_answers_another_metric_ranks_or_none)
{
    static const char *const names[] = { "a", "b" };
    static const int64_t costs[] = { 5, MONEY_UNKNOWN };
    struct fixture f;
    struct result *r;

    REQUIRE(fixture_make(&f, &(struct fixture_shape){ .cases = 10, .variants = 2, .repeat = 1, .names = names, .rule = halves,
                                                      .cost_nanousd = costs, .no_expected = true }));
    r = load(&f);
    REQUIRE(r);
    CHECK_INT(r->variants[0].rank, 0);
    CHECK_INT(r->recommendation.best, -1);
    CHECK(str_starts(r->recommendation.best_text, S("Nothing ranks the variants")));
    fixture_free(&f);
}

static double never(int64_t v, int64_t c, int64_t r)
{
    (void)v;
    (void)c;
    (void)r;
    return -1;
}

TEST(when_nothing_succeeded_the_recommendation_says_only_that)
{
    static const char *const names[] = { "a", "b" };
    static const int64_t costs[] = { 5, 5 };
    struct fixture f;
    struct result *r;

    REQUIRE(fixture_make(&f, &(struct fixture_shape){ .cases = 10, .variants = 2, .repeat = 1, .names = names, .rule = never,
                                                      .cost_nanousd = costs }));
    r = load(&f);
    REQUIRE(r);
    CHECK_STR(r->recommendation.best_text, "No trial succeeded, so there is nothing to recommend.");
    CHECK(!r->recommendation.value_text.len && !r->recommendation.tell_text.len);
    fixture_free(&f);
}

TEST(tiers_are_those_of_the_sheet)
{
    struct recommend_rules rules;

    recommend_rules_of(NULL, &rules);
    CHECK_INT(tier_of(&rules, 0.9), TIER_EXCELLENT);
    CHECK_INT(tier_of(&rules, 0.1 + 0.2 + 0.4), TIER_ACCEPTABLE);           /* 0.7000000000000001 */
    CHECK_INT(tier_of(&rules, 0.8), TIER_GOOD);
    CHECK_INT(tier_of(&rules, 0.6999), TIER_POOR);
    CHECK(!strcmp(tier_name(TIER_GOOD), "Good"));
}

/* Prints the price of a result of 200,000 trials when asked (ASSAY_TEST_SPEED=1). */
TEST(result_speed)
{
    static const char *const names[] = { "a", "b", "c", "d" };
    static const int64_t costs[] = { 5, 6, 7, 8 };
    struct fixture f;
    struct timespec from, to;

    REQUIRE(fixture_make(&f, &(struct fixture_shape){ .cases = getenv("ASSAY_TEST_SPEED") ? 50000 : 50, .variants = 4, .repeat = 1,
                                                      .names = names, .rule = halves, .cost_nanousd = costs }));
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    CHECK(load(&f));
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    if (getenv("ASSAY_TEST_SPEED"))
        fprintf(stderr, "result: %.0f ms of processor time for %lld trials\n",
                (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6,
                (long long)run_trials(f.run));
    fixture_free(&f);
}

/* a, b and c are each other's equals but for a little; d is worse, and costs nothing. */
static double stairs(int64_t v, int64_t c, int64_t r)
{
    (void)r;
    return v == 3 ? c % 2 == 0 : c % 20 >= v;
}

TEST(a_limit_of_the_cost_leaves_out_what_is_dearer_and_holds_the_rest_against_the_best_left)
{
    static const char *const names[] = { "a", "b", "c", "d" };
    static const int64_t costs[] = { 9000000, MONEY_UNKNOWN, 3000000, 0 };
    struct fixture f;
    struct result *r;
    struct err e = ERR_INIT;

    REQUIRE(fixture_make(&f, &(struct fixture_shape){ .cases = 80, .variants = 4, .repeat = 1, .names = names, .rule = stairs,
                                                      .cost_nanousd = costs }));
    r = load(&f);
    REQUIRE(r);
    CHECK_INT(r->recommendation.best, 0);
    CHECK_INT(r->recommendation.value, 0);                          /* c is worse than a after the correction, or not near */
    CHECK_OK(result_limit(r, f.store, 5 * MONEY_PER_USD, f.arena, &e));
    CHECK(r->variants[0].over_limit && r->variants[1].over_limit && !r->variants[2].over_limit &&
          !r->variants[3].over_limit);
    CHECK_INT(r->base, 2);
    CHECK_INT(r->recommendation.best, 2);
    CHECK_INT(r->recommendation.value, 2);
    CHECK(r->variants[2].within.verdict == VERDICT_FIRST && r->variants[3].within.verdict == VERDICT_WORSE);
    CHECK_INT(r->variants[3].within.compared, 1);
    CHECK_INT(r->variants[1].within.verdict, VERDICT_NONE);
    CHECK(strstr(arena_cstr(f.arena, r->recommendation.best_text),
                 "c: accuracy 90.0 % (Excellent), $3.00 for 1,000 trials; of those that "
                 "cost at most $5.00 for 1,000 trials"));
    CHECK_INT(r->variants[0].against.verdict, VERDICT_FIRST);       /* the table stays as it is */
    CHECK_OK(result_limit(r, f.store, 1000, f.arena, &e));
    CHECK_INT(r->recommendation.best, 3);
    CHECK_INT(r->recommendation.budget, -1);
    CHECK_STR(r->recommendation.budget_none, "none: no variant of known cost reaches 70 %");
    CHECK_OK(result_limit(r, f.store, 0, f.arena, &e));
    CHECK(r->recommendation.best == 0 && r->base == 0 && !r->variants[0].over_limit);
    r->variants[3].cost_usd = 1;
    CHECK_OK(result_limit(r, f.store, MONEY_PER_USD / 100, f.arena, &e));
    CHECK_INT(r->recommendation.best, -1);
    CHECK_STR(r->recommendation.best_text,
              "No variant costs at most $0.010 for 1,000 trials; the cheapest is c, $3.00 for 1,000 trials.");
    fixture_free(&f);
}

TEST(rules_of_a_task_move_the_tiers_and_the_gap)
{
    AUTO_JSON *o = json_pack("{s:{s:f, s:f}, s:f, s:f}", "tiers", "excellent", 0.95, "acceptable", 0.4, "value_gap", 0.5,
                             "max_usd_per_1000", 2.5);
    struct recommend_rules rules;
    char text[RECOMMEND_PERCENT];

    recommend_rules_of(o, &rules);
    CHECK_INT(tier_of(&rules, 0.94), TIER_GOOD);
    CHECK_INT(tier_of(&rules, 0.95), TIER_EXCELLENT);
    CHECK_INT(tier_of(&rules, 0.41), TIER_ACCEPTABLE);
    CHECK_INT(tier_of(&rules, 0.39), TIER_POOR);
    CHECK_NEAR(rules.value_gap, 0.5, 0);
    CHECK_INT(rules.max_nanousd, 5 * MONEY_PER_USD / 2);
    CHECK_STR(str_c(recommend_percent(0.925, text)), "92.5 %");
    CHECK_STR(str_c(recommend_percent(0.7, text)), "70 %");
}
