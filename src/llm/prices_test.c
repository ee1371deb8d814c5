#include "base/test.h"
#include "llm/prices.h"

#include <stdio.h>

static void prices_check(const struct prices *p, const char *provider, const char *id, const char *model)
{
    struct llm_price row = { .model = STR_NONE };
    bool found = prices_find(p, str_c(provider), str_c(id), &row);

    CHECK(found == (model != NULL));
    if (found)
        CHECK_STR(row.model, model ? model : "");
}

TEST(prices_built_in_table_is_sound)
{
    AUTO(prices_freep) struct prices *p = NULL;
    struct err e = ERR_INIT;

    if (prices_load(NULL, NULL, &p, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "%s", e.text);
    REQUIRE(p);
    CHECK(prices_count(p) > 150);
    CHECK_INT(prices_dated(p).len, 10);
    for (size_t i = 0; i < prices_count(p); i++) {
        struct llm_price row, again;
        ptrdiff_t colon;

        prices_at(p, i, &row);
        colon = str_find_byte(row.model, ':');
        REQUIRE(colon > 0);
        CHECK(row.input >= 0 && (row.output >= row.input || row.output == 0) && row.cached <= row.input &&
              row.dated.len == 10);
        CHECK(row.output <= INT64_C(1000) * MONEY_PER_USD);
        if (str_ends(row.model, S("*")))
            continue;
        CHECK(prices_find(p, str_sub(row.model, 0, (size_t)colon), str_from(row.model, (size_t)colon + 1), &again));
        CHECK(str_eq(again.model, row.model));
    }
}

TEST(prices_the_longest_prefix_at_a_boundary_wins)
{
    AUTO(prices_freep) struct prices *p = NULL;

    CHECK_OK(prices_load(NULL, NULL, &p, NULL));
    REQUIRE(p);
    prices_check(p, "openai", "gpt-4o", "openai:gpt-4o");
    prices_check(p, "openai", "gpt-4o-2024-08-06", "openai:gpt-4o");
    prices_check(p, "openai", "gpt-4o-mini-2024-07-18", "openai:gpt-4o-mini");
    prices_check(p, "openai", "gpt-4o-2024-05-13", "openai:gpt-4o-2024-05-13");
    prices_check(p, "openai", "gpt-4omni", NULL);
    prices_check(p, "openai", "ft:gpt-4o-mini:me::x", "openai:ft:gpt-4o-mini");
    prices_check(p, "anthropic", "claude-sonnet-4-5-20250929", "anthropic:claude-sonnet-4-5");
    prices_check(p, "anthropic", "claude-sonnet-4-20250514", "anthropic:claude-sonnet-4");
    prices_check(p, "anthropic", "claude-opus-4-20250514", "anthropic:claude-opus-4-20250514");
    prices_check(p, "anthropic", "claude-opus-4-1-20250805", "anthropic:claude-opus-4-1");
    prices_check(p, "google", "gemini-2.5-flash-lite-preview", "google:gemini-2.5-flash-lite");
    prices_check(p, "ollama", "gemma3:4b", "ollama:*");
    prices_check(p, "openai-compatible", "anything", NULL);
    prices_check(p, "sim", "careful!429", "sim:careful");
    prices_check(p, "sim", "unpriced", NULL);
    prices_check(p, "", "", NULL);
}

TEST(prices_free_variants_of_an_aggregator_cost_nothing)
{
    AUTO(prices_freep) struct prices *p = NULL;
    struct llm_price row = { .input = 7 };

    CHECK_OK(prices_load(NULL, NULL, &p, NULL));
    CHECK(prices_find(p, S("openrouter"), S("deepseek/deepseek-r1:free"), &row));
    CHECK_INT(row.input + row.output, 0);
}

TEST(prices_cost_by_kind_of_token)
{
    struct llm_price row = {
        .input = 2500000000, .output = 10000000000, .cached = -1, .cache_written = -1, .reasoning = -1
    };
    struct usage u = { .input = 1000, .output = 500 };

    CHECK_INT(prices_cost(&row, &u), 7500000);              /* 0.0075 dollars */
    u = (struct usage){ .input = 1000, .output = 500, .cached = 400, .cache_written = 100, .reasoning = 300 };
    CHECK_INT(prices_cost(&row, &u), 7500000);
    row.cached = 250000000;
    row.cache_written = 3000000000;
    row.reasoning = 20000000000;
    CHECK_INT(prices_cost(&row, &u), 500 * 2500 + 400 * 250 + 100 * 3000 + 200 * 10000 + 300 * 20000);
    u = (struct usage){ .input = INT64_MAX, .output = 0 };
    row.input = INT64_MAX;
    CHECK_INT(prices_cost(&row, &u), MONEY_UNKNOWN);
}

static enum err_code prices_try(const char *text, struct prices **p, struct err *e)
{
    char path[300];

    snprintf(path, sizeof path, "%s/prices.yaml", test_folder());
    CHECK_OK(file_write_atomic(path, str_c(text), 0600, NULL));
    return prices_load(NULL, path, p, e);
}

TEST(prices_of_the_user_lie_over_the_built_in_ones)
{
    AUTO(prices_freep) struct prices *p = NULL;
    struct err e = ERR_INIT;
    struct llm_price row;

    CHECK_OK(
        prices_try("dated: 2030-01-01\nmodels:\n- {model: 'openai:gpt-4o', input: 1, output: '2.5'}\n"
                   "- {model: 'compat:mine', input: 0.000000001, output: 1, cached: 0}\n"
                   "- {model_id: anthropic/claude-x, display_name: X, provider: Anthropic, input_price_per_1m: 3.0,\n"
                   "   output_price_per_1m: 15.00, context_window: 200000}\n",
                   &p, &e));
    CHECK_STR(str_c(e.text), "");
    REQUIRE(p);
    CHECK(prices_find(p, S("openai"), S("gpt-4o-2024-08-06"), &row));
    CHECK_INT(row.input, 1000000000);
    CHECK_INT(row.output, 2500000000);
    CHECK_INT(row.cached, -1);
    CHECK_STR(row.dated, "2030-01-01");
    CHECK(prices_find(p, S("openai-compatible"), S("mine"), &row));
    CHECK_INT(row.input, 1);
    CHECK(prices_find(p, S("openrouter"), S("anthropic/claude-x"), &row));
    CHECK_INT(row.context_tokens, 200000);
    CHECK(prices_find(p, S("anthropic"), S("claude-x"), &row));
}

TEST(prices_faults_are_told_with_their_line)
{
    static const struct { const char *text, *says; } rows[] = {
        { "models: 3\n", "prices.yaml:1: a price file needs models, a list of rows" },
        { "model:\n- a\n", "prices.yaml:1: a price file has no \"model\"; it has dated, note and models" },
        { "models:\n- 7\n", "prices.yaml:2: a price row must be a mapping" },
        { "models:\n- model: openai:x\n  inptu: 1\n",
          "prices.yaml:3: a price row has no \"inptu\" (did you mean \"input\"?)" },
        { "models:\n- model: openai:x\n  input: cheap\n",
          "prices.yaml:3: \"input\" must be dollars for a million tokens" },
        { "models:\n- model: openai:x\n  input: -1\n", "must be dollars" },
        { "models:\n- {model: openai:x, input: 1}\n", "prices.yaml:2: a price row needs output" },
        { "models:\n- {model: nobody, input: 1, output: 2}\n", "does not say whose model it is: write provider:model" },
        { "models:\n- {model: 'openai:x', input: 1, output: 2, context_tokens: many}\n",
          "must be a whole number of tokens" },
        { "models: [", "prices.yaml:" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(prices_freep) struct prices *p = NULL;
        struct err e = ERR_INIT;

        CHECK(prices_try(rows[i].text, &p, &e) != ERR_OK);
        if (!str_contains(str_c(e.text), str_c(rows[i].says)))
            test_fail(__FILE__, __LINE__, "row %zu: %s", i, e.text);
    }
    CHECK_INT(prices_load("/nowhere.yaml", NULL, &(struct prices *){ NULL }, NULL) == ERR_OK, 0);
}
