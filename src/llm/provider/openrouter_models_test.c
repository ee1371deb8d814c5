/* Prices and lists as OpenRouter writes them, and as somebody might who means harm. */
#include "base/test.h"
#include "llm/provider/openrouter_models.h"

#include <string.h>

TEST(a_price_of_a_token_is_exact_in_nano_dollars_a_million)
{
    static const struct { const char *text; int64_t nano; } known[] = {
        { "0", 0 }, { "0.0", 0 }, { "0.00000015", 150000000 }, { "0.000003", 3 * MONEY_PER_USD }, { "1.5e-7", 150000000 },
        { "3E-06", 3 * MONEY_PER_USD }, { "0.000000000000001", 1 }, { "0.0000000000000005", 1 }, { "0.0000000000000004", 0 },
        { "0.0000001234567891", 123456789 }, { "0.000000123456789", 123456789 }, { " 0.00000060 ", 600000000 },
        { "1", MONEY_PER_USD * 1000000 }, { "1000", INT64_C(1000000000) * MONEY_PER_USD },
    };
    static const char *const bad[] = { "", "-1", "-0.5", "x", "1e", "1e99", "1.2.3", "0x10", "nan", "1001", "1e-41",
                                       "0.00000000000000000000000000000000000000001", "1 2" };
    int64_t nano;

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        CHECK(openrouter_price(str_c(known[i].text), &nano));
        CHECK_INT(nano, known[i].nano);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (openrouter_price(str_c(bad[i]), &nano))
            test_fail(__FILE__, __LINE__, "\"%s\" was taken for a price", bad[i]);
}

static enum err_code live_read(const char *text, struct arena *a, struct llm_price **rows, size_t *count,
                               size_t *skipped, struct err *e)
{
    return openrouter_models_read(str_c(text), a, rows, count, skipped, e);
}

TEST(a_hostile_list_is_refused_in_a_sentence_and_hostile_entries_are_left_out)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf big = BUF_INIT(64u << 20), deep = BUF_INIT(1u << 20);
    struct err e = ERR_INIT;
    struct llm_price *rows;
    size_t count, skipped;

    CHECK_INT(live_read("<html>no</html>", a, &rows, &count, &skipped, &e), ERR_BAD_INPUT);
    CHECK_INT(live_read("[]", a, &rows, &count, &skipped, &e), ERR_BAD_INPUT);
    CHECK(strstr(e.text, "no list of models"));
    CHECK_INT(live_read("{\"data\": {\"a\": 1}}", a, &rows, &count, &skipped, &e), ERR_BAD_INPUT);
    for (int i = 0; i < 10000; i++)
        buf_puts(&deep, "[");
    CHECK_INT(openrouter_models_read(buf_str(&deep), a, &rows, &count, &skipped, &e), ERR_BAD_INPUT);
    buf_puts(&big, "{\"data\":[0");
    for (int i = 0; i < OPENROUTER_MODELS_MAX; i++)
        buf_puts(&big, ",0");
    buf_puts(&big, "]}");
    CHECK_INT(openrouter_models_read(buf_str(&big), a, &rows, &count, &skipped, &e), ERR_TOO_LARGE);
    CHECK(strstr(e.text, "20001 models"));
    CHECK_OK(live_read("{\"data\": [7, null, {}, {\"id\": 4, \"pricing\": {\"prompt\": \"0\", \"completion\": \"0\"}},"
                       "{\"id\": \"a b\", \"pricing\": {\"prompt\": \"0\", \"completion\": \"0\"}},"
                       "{\"id\": \"x\\u001b[31m\", \"pricing\": {\"prompt\": \"0\", \"completion\": \"0\"}},"
                       "{\"id\": \"auto\", \"pricing\": {\"prompt\": \"-1\", \"completion\": \"-1\"}},"
                       "{\"id\": \"v/fine\", \"context_length\": -5, \"supported_parameters\": [3, \"tools\"],"
                       " \"pricing\": {\"prompt\": 1e-7, \"completion\": \"0.0000004\"}}]}", a, &rows, &count, &skipped, &e));
    CHECK_INT(count, 1);
    CHECK_INT(skipped, 7);
    CHECK_STR(rows[0].model, "openrouter:v/fine");
    CHECK_INT(rows[0].input, 100000000);
    CHECK_INT(rows[0].context_tokens, 0);
    CHECK(rows[0].can == MODEL_CAN_TOOLS && rows[0].can_known == (MODEL_CAN_TOOLS | MODEL_CAN_JSON));
}
