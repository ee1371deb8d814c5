#include "base/test.h"

static int64_t money_of(struct str s)
{
    int64_t v;

    return money_parse(s, &v) ? v : -1;
}

TEST(money_parse_reads_decimals_up_to_a_nano_dollar)
{
    CHECK_INT(money_of(S("0")), 0);
    CHECK_INT(money_of(S("12")), 12 * MONEY_PER_USD);
    CHECK_INT(money_of(S("0.15")), 150000000);
    CHECK_INT(money_of(S("0.000000001")), 1);
    CHECK_INT(money_of(S("1000000000")), INT64_C(1000000000) * MONEY_PER_USD);
    CHECK_INT(money_of(S("007.50")), 7500000000);
}

TEST(money_parse_refuses_what_it_could_not_keep_exactly)
{
    static const char *const bad[] = { "", ".", ".5", "5.", "-1", "+1", "1e-7", "1,5", "$1", " 1", "1 ", "0x1",
                                       "0.0000000001", "1000000001", "1000000000.000000001", "nan", "1.2.3",
                                       "99999999999999999999999999" };

    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (money_of(str_c(bad[i])) != -1)
            test_fail(__FILE__, __LINE__, "\"%s\" was taken for money", bad[i]);
    CHECK_INT(money_of(S("1\0")), -1);
    CHECK_INT(money_of(STR_NONE), -1);
}

TEST(money_of_tokens_rounds_once_half_up)
{
    int64_t price[] = { 150000000, 600000000 };         /* $0.15 and $0.60 per million */
    int64_t v = -1;

    CHECK(money_of_tokens((int64_t[]){ 1000, 500 }, price, 2, &v));
    CHECK_INT(v, 450000);
    CHECK(money_of_tokens((int64_t[]){ 1, 1 }, (int64_t[]){ 250000, 249999 }, 2, &v));
    CHECK_INT(v, 0);                                    /* 0.499999 */
    CHECK(money_of_tokens((int64_t[]){ 1, 1 }, (int64_t[]){ 250000, 250000 }, 2, &v));
    CHECK_INT(v, 1);                                    /* a half goes up; each alone would be lost */
    CHECK(money_of_tokens(NULL, NULL, 0, &v));
    CHECK_INT(v, 0);
}

TEST(money_of_tokens_says_when_it_does_not_fit)
{
    int64_t most[] = { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX }, v = 7;

    CHECK(!money_of_tokens(most, most, 1, &v));
    CHECK(!money_of_tokens(most, most, 4, &v));
    CHECK(!money_of_tokens((int64_t[]){ -1 }, (int64_t[]){ 5 }, 1, &v));
    CHECK_INT(v, 7);
    CHECK(money_of_tokens((int64_t[]){ INT64_MAX }, (int64_t[]){ 1000000 }, 1, &v));
    CHECK_INT(v, INT64_MAX);
}

TEST(money_from_double_keeps_out_what_is_no_price)
{
    int64_t v = -1;

    CHECK(money_from_double(0.1, &v));
    CHECK_INT(v, 100000000);
    CHECK(money_from_double(0.0000000005, &v));
    CHECK_INT(v, 1);
    CHECK(!money_from_double(-0.01, &v));
    CHECK(!money_from_double(0.0 / 0.0, &v));
    CHECK(!money_from_double(1.0 / 0.0, &v));
    CHECK(!money_from_double(1.1e9, &v));
}

TEST(money_exact_and_parse_are_each_others_inverse)
{
    char out[MONEY_TEXT];
    struct rng r;

    CHECK_STR(str_c(money_exact(0, out)), "0");
    CHECK_STR(str_c(money_exact(150000, out)), "0.00015");
    CHECK_STR(str_c(money_exact(-1500000000, out)), "-1.5");
    CHECK_STR(str_c(money_exact(100 * MONEY_PER_USD, out)), "100");
    CHECK_STR(str_c(money_exact(MONEY_UNKNOWN, out)), "unknown");
    CHECK_STR(str_c(money_exact(INT64_MAX, out)), "9223372036.854775807");
    rng_seed(&r, 2);
    for (int i = 0; i < 2000; i++) {
        int64_t v = (int64_t)(rng_below(&r, UINT64_C(1000000000000000000)) >> rng_below(&r, 60));

        CHECK_INT(money_of(str_c(money_exact(v, out))), v);
    }
}

TEST(money_show_never_hides_a_cost)
{
    char out[MONEY_TEXT];

    CHECK_STR(str_c(money_show(0, out)), "$0.00");
    CHECK_STR(str_c(money_show(1, out)), "<$0.0001");
    CHECK_STR(str_c(money_show(150000, out)), "$0.0002");
    CHECK_STR(str_c(money_show(12345678, out)), "$0.012");
    CHECK_STR(str_c(money_show(392100000, out)), "$0.392");
    CHECK_STR(str_c(money_show(INT64_C(1234567000000), out)), "$1234.57");
    CHECK_STR(str_c(money_show(-1500000000, out)), "-$1.50");
    CHECK_STR(str_c(money_show(MONEY_UNKNOWN, out)), "unknown");
}
