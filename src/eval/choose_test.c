#include "base/test.h"
#include "eval/choose.h"

#include <stdio.h>
#include <unistd.h>

struct chosen {
    struct arena *a;
    struct llm *llm;
    struct task task;
    struct choose_input in;
    struct choose_wish wish;
    struct choice out;
    struct err e;
};

static const struct str choose_sim = { "sim", 3 };

/* An engine whose price table is `rows`. */
static bool choose_open(struct chosen *c, const char *rows)
{
    char path[64];

    *c = (struct chosen){ .a = arena_new_sized(0), .e = ERR_INIT, .task = { .name = S("t"), .repeat = 1 } };
    snprintf(path, sizeof path, "/tmp/assay-choose-%d.yaml", (int)getpid());
    CHECK_OK(file_write_atomic(path, arena_printf(c->a, "dated: 2026-01-01\nmodels:\n%s", rows), 0600, &c->e));
    CHECK_OK(llm_new(&(struct llm_options){ .seed = 1, .prices_file = path }, &c->llm, &c->e));
    unlink(path);
    c->wish.providers = &choose_sim;
    c->wish.provider_count = 1;
    return c->llm != NULL;
}

static void choose_close(struct chosen *c)
{
    llm_free(c->llm);
    arena_free(c->a);
}

static enum err_code choose(struct chosen *c)
{
    return choose_models(c->llm, &c->task, &c->in, &c->wish, c->a, &c->out, &c->e);
}

static bool picked(const struct chosen *c, size_t i, const char *model)
{
    return i < c->out.pick_count && str_is(c->out.picks[i].of->price.model, model);
}

static const char choose_rows[] =
    "  - {model: 'sim:dear', input: 10, output: 40, context_tokens: 200000}\n"
    "  - {model: 'sim:dearer', input: 20, output: 80, context_tokens: 200000}\n"
    "  - {model: 'sim:known', input: 5, output: 20, context_tokens: 200000, flagship: true}\n"
    "  - {model: 'sim:middle', input: 1, output: 4, context_tokens: 64000, capabilities: [tools]}\n"
    "  - {model: 'sim:seeing', input: 2, output: 4, context_tokens: 200000, capabilities: [images, tools, json]}\n"
    "  - {model: 'sim:cheap', input: 0.1, output: 0.4, context_tokens: 200000}\n"
    "  - {model: 'sim:cheapest', input: 0.01, output: 0.04, context_tokens: 16000}\n"
    "  - {model: 'sim:quick', input: 0.5, output: 0.5, context_tokens: 200000, fast: true}\n"
    "  - {model: 'sim:judge', input: 0, output: 0, context_tokens: 200000, special: true}\n"
    "  - {model: 'sim:*', input: 0, output: 0}\n";

TEST(rules_take_one_of_each_tier_in_turn)
{
    struct chosen c;

    REQUIRE(choose_open(&c, choose_rows));
    CHECK_OK(choose(&c));
    CHECK_INT(c.out.fitting, 7);                                    /* sim:cheapest has too little context */
    CHECK_INT(c.out.pick_count, CHOOSE_MODELS);
    CHECK(picked(&c, 0, "sim:known") && picked(&c, 1, "sim:seeing") && picked(&c, 2, "sim:cheap"));
    CHECK(c.out.picks[0].why.len && c.out.picks[0].best_for.len && c.out.selector.len == 0 && c.out.ledger.calls == 0);
    c.wish.models_max = CHOOSE_MODELS_MAX;
    c.wish.tiers = BIT(CHOOSE_QUALITY) | BIT(CHOOSE_SPEED);
    CHECK_OK(choose(&c));
    CHECK_INT(c.out.pick_count, 4);                                 /* at most CHOOSE_PER_TIER of a tier */
    CHECK(picked(&c, 0, "sim:known") && picked(&c, 1, "sim:quick") && picked(&c, 2, "sim:dearer") && picked(&c, 3, "sim:dear"));
    choose_close(&c);
}

TEST(what_the_task_needs_keeps_models_out)
{
    struct chosen c;
    struct task_image image = { .source = S("x") };

    REQUIRE(choose_open(&c, choose_rows));
    c.task.images = &image;
    c.task.image_count = 1;
    c.wish.tiers = BIT(CHOOSE_VALUE);
    CHECK_OK(choose(&c));
    CHECK(c.out.pick_count == 1 && picked(&c, 0, "sim:seeing") && c.out.analysis.can == MODEL_CAN_IMAGES);
    c.task.image_count = 0;
    c.in = (struct choose_input){ .cases = 10, .input_tokens = 100, .input_tokens_max = 100000 };
    CHECK_OK(choose(&c));
    CHECK(c.out.analysis.min_context == 129096 && c.out.pick_count == 1);        /* the largest case, a quarter more, an answer */
    CHECK_STR(c.out.analysis.complexity, "complex");
    c.in.input_tokens_max = INT64_MAX;
    CHECK_INT(choose(&c), ERR_BAD_INPUT);
    CHECK(strstr(c.e.text, "have less context than 100000000 tokens"));
    c.in.input_tokens_max = 0;
    c.wish.min_context = 16000;
    c.wish.tiers = BIT(CHOOSE_BUDGET);
    c.wish.models_max = 1;
    CHECK_OK(choose(&c));
    CHECK(picked(&c, 0, "sim:cheap"));                              /* the larger context goes before the lower price */
    choose_close(&c);
}

TEST(a_budget_is_shared_by_the_models_and_a_cost_that_overflows_is_beyond_any)
{
    struct chosen c;

    REQUIRE(choose_open(&c, choose_rows));
    c.in = (struct choose_input){ .cases = 1000, .input_tokens = 1000, .input_tokens_max = 2000 };
    c.wish.budget_nanousd = 3 * MONEY_PER_USD;                      /* $1 for each: 1 M tokens in, half a million out */
    CHECK_OK(choose(&c));
    CHECK(c.out.fitting == 2 && !c.out.over_budget);                /* cheap 0.3, quick 0.75 */
    for (size_t i = 0; i < c.out.candidate_count; i++)
        CHECK(c.out.candidates[i].cost_nanousd <= MONEY_PER_USD);
    c.wish.budget_nanousd = 3;
    CHECK_OK(choose(&c));
    CHECK(c.out.over_budget && c.out.fitting == CHOOSE_CHEAPEST);
    c.in.cases = INT64_MAX;
    CHECK_OK(choose(&c));
    CHECK(c.out.over_budget && c.out.candidates[0].cost_nanousd == INT64_MAX);
    choose_close(&c);
}

TEST(the_list_of_candidates_is_cut)
{
    AUTO_BUF struct buf rows = BUF_INIT(1u << 20);
    struct chosen c;

    for (int i = 0; i < 200; i++)
        buf_printf(&rows,
                   "  - {model: 'sim:m%d', input: %d, output: %d, context_tokens: 200000, flagship: %s, fast: true}\n",
                   i, i % 7, i % 50, i % 2 ? "true" : "false");
    REQUIRE(choose_open(&c, buf_cstr(&rows)));
    c.wish.tiers = BIT(CHOOSE_TIERS) - 1;
    c.wish.models_max = 1000;
    CHECK_OK(choose(&c));
    CHECK_INT(c.out.fitting, 200);
    CHECK_INT(c.out.candidate_count, CHOOSE_CANDIDATES_MAX);
    CHECK_INT(c.out.pick_count, CHOOSE_MODELS_MAX);
    for (size_t i = 0; i < c.out.candidate_count; i++)
        for (size_t k = 0; k < i; k++)
            CHECK(!str_eq(c.out.candidates[i].price.model, c.out.candidates[k].price.model));
    for (size_t i = 0; i < c.out.pick_count; i++)
        for (size_t k = 0; k < i; k++)
            CHECK(c.out.picks[i].of != c.out.picks[k].of);
    choose_close(&c);
}

TEST(tiers_and_sizes_have_names)
{
    struct llm_price p = { .input = 10 * MONEY_PER_USD, .output = 15 * MONEY_PER_USD };
    struct err e = ERR_INIT;
    enum choose_tier t;

    CHECK_INT(llm_price_tier(&p), MODEL_QUALITY);
    p.output--;
    CHECK_INT(llm_price_tier(&p), MODEL_VALUE);
    p = (struct llm_price){ .input = MONEY_PER_USD, .output = 2 * MONEY_PER_USD };
    CHECK_INT(llm_price_tier(&p), MODEL_VALUE);
    p.input--;
    CHECK_INT(llm_price_tier(&p), MODEL_BUDGET);
    CHECK(choose_tier_has(CHOOSE_BUDGET, &p) && !choose_tier_has(CHOOSE_SPEED, &p));
    p.tier = MODEL_QUALITY;
    CHECK(choose_tier_has(CHOOSE_QUALITY, &p) && !choose_tier_has(CHOOSE_BUDGET, &p));
    p = (struct llm_price){ .input = 0, .output = 0, .fast = true };
    CHECK(llm_price_tier(&p) == MODEL_FREE && choose_tier_has(CHOOSE_BUDGET, &p) && choose_tier_has(CHOOSE_SPEED, &p));
    p = (struct llm_price){ .input = INT64_MAX, .output = INT64_MAX };
    CHECK_INT(llm_price_tier(&p), MODEL_TIER_NONE);
    CHECK_STR(str_c(choose_context_size(7999)), "small");
    CHECK_STR(str_c(choose_context_size(8000)), "medium");
    CHECK_STR(str_c(choose_context_size(127999)), "large");
    CHECK_STR(str_c(choose_context_size(128000)), "very_large");
    CHECK_OK(choose_tier_from(S("Speed"), &t, &e));
    CHECK_INT(t, CHOOSE_SPEED);
    CHECK_INT(choose_tier_from(S("valu"), &t, &e), ERR_USAGE);
    CHECK(strstr(e.text, "(did you mean \"value\"?)"));
}
