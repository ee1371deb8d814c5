#include "base/test.h"

#include "eval/explain.h"
#include "eval/report/fixture_test.h"

/* --- fixtures ----------------------------------------------------------------------------------------------------- */

static const char *const one_name[] = { "sim:only" };
static const char *const three_names[] = { "sim:dear", "sim:middle", "sim:cheap" };

static double nine_of_ten(int64_t v, int64_t c, int64_t r)
{
    (void)v, (void)r;
    return c % 10 != 3;
}

static double no_answer(int64_t v, int64_t c, int64_t r)
{
    (void)v, (void)c, (void)r;
    return -1;
}

/* All do equally well, on other cases each. */
static double each_its_own(int64_t v, int64_t c, int64_t r)
{
    (void)r;
    return c % 16 != v;
}

static double last_is_poor(int64_t v, int64_t c, int64_t r)
{
    return v == 2 ? (c + r) % 3 == 0 : c % 25 != v;
}

static void only_cost(int64_t v, int64_t c, int64_t r, struct arena *a, struct score *out)
{
    (void)v, (void)c, (void)r, (void)a;
    out[0] = score_of(0.000001);
}

static bool load(struct fixture *f, const struct fixture_shape *shape, struct result **r, struct explain **x)
{
    struct err e = ERR_INIT;

    if ((shape ? fixture_make(f, shape) : fixture_tickets(f)) &&
        result_load(f->store, f->run, f->arena, r, &e) == ERR_OK &&
        explain_load(f->store, *r, f->arena, x, &e) == ERR_OK)
        return true;
    test_fail(__FILE__, __LINE__, "%s", e.text);
    return false;
}

static void golden_text(const struct fixture_shape *shape, const char *name)
{
    AUTO_BUF struct buf text = BUF_INIT(1 << 20);
    struct fixture f;
    struct result *r;
    struct explain *x;

    if (load(&f, shape, &r, &x)) {
        explain_markdown(x, &text);
        fixture_golden(name, buf_str(&text));
        for (size_t i = 0; i < text.len; i++)
            if ((unsigned char)text.bytes[i] < 0x20 && text.bytes[i] != '\n')
                REQUIRE(!"a control character");
    }
    fixture_free(&f);
}

static bool says(const struct explain *x, int part, const char *words)
{
    for (size_t i = 0; i < x->parts[part].lines.len; i++)
        if (str_contains(x->parts[part].lines.at[i].text, str_c(words)))
            return true;
    return false;
}

/* --- the texts ---------------------------------------------------------------------------------------------------- */

TEST(five_variants_with_hostile_names_are_explained)
{
    golden_text(NULL, "explain-tickets.md");
}

TEST(one_variant_is_explained_without_rivals)
{
    golden_text(&(struct fixture_shape){ .cases = 40, .variants = 1, .repeat = 1, .names = one_name, .rule = nine_of_ten,
                                         .cost_nanousd = (const int64_t[]){ 250000 } }, "explain-one.md");
}

TEST(a_run_that_failed_wholly_recommends_nothing)
{
    golden_text(&(struct fixture_shape){ .cases = 6, .variants = 3, .repeat = 1, .names = three_names, .rule = no_answer,
                                         .cost_nanousd = (const int64_t[]){ 0, 0, 0 } }, "explain-failed.md");
}

TEST(unknown_costs_stay_unknown_in_words)
{
    golden_text(&(struct fixture_shape){ .cases = 20, .variants = 3, .repeat = 1, .names = three_names, .rule = each_its_own,
        .cost_nanousd = (const int64_t[]){ MONEY_UNKNOWN, MONEY_UNKNOWN, MONEY_UNKNOWN } }, "explain-unknown.md");
}

TEST(of_those_that_tie_the_cheapest_is_taken)
{
    golden_text(&(struct fixture_shape){ .cases = 32, .variants = 3, .repeat = 1, .names = three_names, .rule = each_its_own,
        .cost_nanousd = (const int64_t[]){ 900000, 500000, 20000 } }, "explain-ties.md");
}

TEST(repeated_cases_are_counted_as_cases)
{
    golden_text(&(struct fixture_shape){ .cases = 50, .variants = 3, .repeat = 2, .names = three_names, .rule = last_is_poor,
        .cost_nanousd = (const int64_t[]){ 900000, 500000, 20000 } }, "explain-repeat.md");
}

TEST(a_run_nothing_can_rank_says_what_would)
{
    static struct scorer_info cost[] = { { .name = { "cost", 4 }, .base = { "cost", 4 }, .unit = METRIC_USD, .weight = 1 } };
    struct fixture f;
    struct result *r;
    struct explain *x;

    if (load(&f, &(struct fixture_shape){ .cases = 4, .variants = 1, .repeat = 1, .names = one_name, .rule = nine_of_ten,
                   .cost_nanousd = (const int64_t[]){ 1000 }, .scorers = cost, .scorer_count = 1, .score = only_cost }, &r, &x)) {
        CHECK_INT(r->quality, -1);
        CHECK(says(x, EXPLAIN_TESTED, "none of them can rank"));
        CHECK(says(x, EXPLAIN_CHANGE, "Expected answers in the dataset"));
        CHECK_INT(x->advise.use_count, 1);
        CHECK_INT(x->advise.uses[0].variant, -1);
    }
    fixture_free(&f);
}

/* --- advice ------------------------------------------------------------------------------------------------------- */

TEST(advice_takes_the_cheapest_of_those_that_tie_and_keeps_away_from_the_poor)
{
    struct fixture f;
    struct result *r;
    struct explain *x;

    if (load(&f, &(struct fixture_shape){ .cases = 50, .variants = 3, .repeat = 1, .names = three_names, .rule = last_is_poor,
                                          .cost_nanousd = (const int64_t[]){ 900000, 500000, 20000 } }, &r, &x)) {
        const struct advise *v = &x->advise;

        CHECK_INT(v->use_count, ADVISE_USES_MAX);
        CHECK_STR(str_c(v->uses[0].use), "general");
        for (size_t i = 0; i < v->use_count; i++) {
            REQUIRE(v->uses[i].variant >= 0);
            CHECK_STR(r->variants[v->uses[i].variant].name, "sim:middle");
        }
        REQUIRE(v->avoid_count == 1);
        CHECK_STR(r->variants[v->avoid[0].variant].name, "sim:cheap");
        CHECK(v->avoid[0].sure);
        REQUIRE(v->frontier_count == 2);
        CHECK_STR(r->variants[v->frontier[0]].name, "sim:cheap");
        CHECK_STR(r->variants[v->frontier[1]].name, "sim:middle");
    }
    fixture_free(&f);
}

TEST(advice_for_unknown_costs_names_no_cheap_one)
{
    struct fixture f;
    struct result *r;
    struct explain *x;

    if (load(&f, &(struct fixture_shape){ .cases = 20, .variants = 3, .repeat = 1, .names = three_names, .rule = each_its_own,
                   .cost_nanousd = (const int64_t[]){ MONEY_UNKNOWN, MONEY_UNKNOWN, MONEY_UNKNOWN } }, &r, &x)) {
        CHECK_INT(x->advise.frontier_count, 0);
        CHECK_INT(x->advise.uses[2].variant, -1);
        CHECK_INT(x->advise.uses[3].variant, -1);
        CHECK_INT(x->advise.uses[4].variant, 0);
        CHECK(says(x, EXPLAIN_COST, "What the run cost is not known"));
    }
    fixture_free(&f);
}

TEST(only_so_many_worst_cases_are_named)
{
    AUTO_JSON *o = NULL;
    struct fixture f;
    struct result *r;
    struct explain *x;
    struct explain_cases k;
    struct err e = ERR_INIT;

    if (load(&f, NULL, &r, &x) && explain_cases_load(f.store, r, f.arena, &k, &e) == ERR_OK) {
        CHECK_INT(k.seen, 64);
        CHECK_INT(k.worst_count, EXPLAIN_CASES);
        for (size_t i = 1; i < k.worst_count; i++)
            CHECK(k.worst[i - 1].wrong >= k.worst[i].wrong);
        CHECK(k.right + k.wrong <= k.seen);
        o = explain_json(x);
        CHECK_INT(json_array_size(o), EXPLAIN_PARTS);
    }
    CHECK_INT(e.code, ERR_OK);
    fixture_free(&f);
}

TEST(more_variants_than_are_listed_are_counted)
{
    const char *names[EXPLAIN_VARIANTS + 4];
    int64_t costs[EXPLAIN_VARIANTS + 4];
    char text[EXPLAIN_VARIANTS + 4][16];
    struct fixture f;
    struct result *r;
    struct explain *x;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(text[i], sizeof text[i], "sim:v%zu", i);
        names[i] = text[i];
        costs[i] = 1000 * (int64_t)(i + 1);
    }
    if (load(&f, &(struct fixture_shape){ .cases = 20, .variants = COUNT_OF(names), .repeat = 1, .names = names, .rule = each_its_own,
                                          .cost_nanousd = costs }, &r, &x)) {
        CHECK(says(x, EXPLAIN_FOUND, "4 more, all lower or equal."));
        CHECK(says(x, EXPLAIN_FOUND, " share the highest accuracy."));
        CHECK(says(x, EXPLAIN_FOUND, " and 4 more can't be told apart on 20 cases: take "));
    }
    fixture_free(&f);
}
