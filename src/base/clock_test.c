#include "base/test.h"

#define CHECK_TIME(text, want)                                                                     \
    do {                                                                                           \
        int64_t ms_ = -1;                                                                          \
        CHECK(clock_parse(S(text), &ms_));                                                         \
        CHECK_INT(ms_, want);                                                                      \
    } while (0)
#define CHECK_NO_TIME(text)                                                                        \
    do {                                                                                           \
        int64_t ms_;                                                                               \
        if (clock_parse(S(text), &ms_))                                                            \
            test_fail(__FILE__, __LINE__, "\"%s\" was taken for a time", text);                    \
    } while (0)

TEST(clock_text_is_rfc_3339_in_utc)
{
    char text[CLOCK_TEXT];

    CHECK_STR(str_c(clock_text(0, text)), "1970-01-01T00:00:00.000Z");
    CHECK_STR(str_c(clock_text(INT64_C(1795248900123), text)), "2026-11-21T08:15:00.123Z");
    CHECK_STR(str_c(clock_text(-1, text)), "1969-12-31T23:59:59.999Z");
    CHECK_STR(str_c(clock_text(-86400000, text)), "1969-12-31T00:00:00.000Z");
}

TEST(clock_parse_reads_z_offsets_and_fractions)
{
    CHECK_TIME("2026-11-21T08:15:00Z", INT64_C(1795248900000));
    CHECK_TIME("2026-11-21t08:15:00.1z", INT64_C(1795248900100));
    CHECK_TIME("2026-11-21 08:15:00.123456789Z", INT64_C(1795248900123));
    CHECK_TIME("2026-11-21T10:15:00+02:00", INT64_C(1795248900000));
    CHECK_TIME("2026-11-21T02:45:00-05:30", INT64_C(1795248900000));
    CHECK_TIME("1969-12-31T23:59:59.999Z", -1);
}

TEST(clock_parse_knows_leap_days_and_leap_seconds)
{
    CHECK_TIME("2024-02-29T00:00:00Z", INT64_C(1709164800000));
    CHECK_TIME("2000-02-29T00:00:00Z", INT64_C(951782400000));
    CHECK_TIME("2016-12-31T23:59:60Z", INT64_C(1483228800000));
    CHECK_NO_TIME("2023-02-29T00:00:00Z");
    CHECK_NO_TIME("1900-02-29T00:00:00Z");
    CHECK_NO_TIME("2026-04-31T00:00:00Z");
}

TEST(clock_parse_refuses_what_is_no_time)
{
    int64_t ms;

    CHECK_NO_TIME("");
    CHECK_NO_TIME("2026-11-21");
    CHECK_NO_TIME("2026-11-21T08:15Z");
    CHECK_NO_TIME("2026-11-21T08:15:00");
    CHECK_NO_TIME("2026-11-21T08:15:00.Z");
    CHECK_NO_TIME("2026-13-21T08:15:00Z");
    CHECK_NO_TIME("2026-00-21T08:15:00Z");
    CHECK_NO_TIME("2026-11-00T08:15:00Z");
    CHECK_NO_TIME("2026-11-21T24:00:00Z");
    CHECK_NO_TIME("2026-11-21T08:60:00Z");
    CHECK_NO_TIME("2026-11-21T08:15:61Z");
    CHECK_NO_TIME("2026-11-21T08:15:00+24:00");
    CHECK_NO_TIME("2026-11-21T08:15:00+0200");
    CHECK_NO_TIME("2026-11-21T08:15:00Z ");
    CHECK_NO_TIME(" 2026-11-21T08:15:00Z");
    CHECK_NO_TIME("2026-11-21T08:15:00Z\0junk");
    CHECK_NO_TIME("+026-11-21T08:15:00Z");
    CHECK_NO_TIME("2026-11-21T08:15:00.000000000000000000000000000000000000Z");
    CHECK(!clock_parse(STR_NONE, &ms));
}

TEST(clock_text_and_parse_are_each_others_inverse)
{
    struct rng r;
    char text[CLOCK_TEXT];

    rng_seed(&r, 1);
    for (int i = 0; i < 2000; i++) {
        int64_t ms = (int64_t)rng_below(&r, UINT64_C(253402300800000)), back = -1;

        CHECK(clock_parse(str_c(clock_text(ms, text)), &back));
        CHECK_INT(back, ms);
    }
}

TEST(clock_parse_http_reads_retry_after_dates)
{
    int64_t ms = -1;

    CHECK(clock_parse_http(S("Sun, 06 Nov 1994 08:49:37 GMT"), &ms));
    CHECK_INT(ms, INT64_C(784111777000));
    CHECK(!clock_parse_http(S("Sun, 31 Feb 1994 08:49:37 GMT"), &ms));
    CHECK(!clock_parse_http(S("Sun, 06 Nov 1994 25:49:37 GMT"), &ms));
    CHECK(!clock_parse_http(S("Sun, 06 Nov 1994 08:49:99 GMT"), &ms));
    CHECK(!clock_parse_http(S("Sun, 06 Nov 1994 08:49:-7 GMT"), &ms));
    CHECK(!clock_parse_http(S("Sun, 06 Foo 1994 08:49:37 GMT"), &ms));
    CHECK(!clock_parse_http(S("Sun, 06 Nov 1994 08:49:37 CET"), &ms));
    CHECK(!clock_parse_http(S("Sun, 06 Nov 1994 08:49:37 GMT!"), &ms));
    CHECK(!clock_parse_http(S("120"), &ms));
    CHECK(!clock_parse_http(STR_NONE, &ms));
}

TEST(clock_mono_never_goes_back_and_sleep_sleeps)
{
    int64_t before = clock_mono_us();

    clock_sleep_ms(15);
    CHECK(clock_mono_us() - before >= 15000);
    clock_sleep_ms(0);
    clock_sleep_ms(-5);
    CHECK(clock_wall_ms() > INT64_C(1700000000000));
}
