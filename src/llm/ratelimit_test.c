#include "base/test.h"
#include "llm/ratelimit.h"

#define NOW INT64_C(1763712000000)          /* 2025-11-21T08:00:00Z */

static struct rate_info ratelimit_of(size_t n, const char *const (*pairs)[2])
{
    struct http_header headers[16];
    struct rate_info info;

    for (size_t i = 0; i < n; i++)
        headers[i] = (struct http_header){ str_c(pairs[i][0]), str_c(pairs[i][1]) };
    ratelimit_read(headers, n, NOW, &info);
    return info;
}
#define RATELIMIT_OF(...) \
    ({ \
        static const char *const pairs_[][2] = { __VA_ARGS__ }; \
        ratelimit_of(COUNT_OF(pairs_), pairs_); \
    })

TEST(ratelimit_durations)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        { "1s", 1000 },
        { "6m0s", 360000 },
        { "20ms", 20 },
        { "1h2m3s", 3723000 },
        { "1.5s", 1500 },
        { "7", 7000 },
        { "0", 0 },
        { "0.25", 250 },
        { "8.64s", 8640 },
        { "1d", 86400000 },
        { "100us", 1 },
        { "", -1 },
        { "abc", -1 },
        { "5x", -1 },
        { "-3", -1 },
        { "1m-3s", -1 },
        { "99999999999999h", -1 },
        { "1..5s", -1 },
        { "s", -1 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK_INT(ratelimit_duration_ms(str_c(rows[i].text)), rows[i].ms);
}

TEST(ratelimit_retry_after_in_every_spelling)
{
    CHECK_INT(RATELIMIT_OF({ "Retry-After", "3" }).retry_after_ms, 3000);
    CHECK_INT(RATELIMIT_OF({ "retry-after", "Fri, 21 Nov 2025 08:00:05 GMT" }).retry_after_ms, 5000);
    CHECK_INT(RATELIMIT_OF({ "retry-after", "Fri, 21 Nov 2025 07:00:00 GMT" }).retry_after_ms, 0);
    CHECK_INT(RATELIMIT_OF({ "retry-after", "3" }, { "Retry-After-Ms", "250" }).retry_after_ms, 250);
    CHECK_INT(RATELIMIT_OF({ "retry-after-ms", "250.4" }, { "retry-after", "3" }).retry_after_ms, 251);
    CHECK_INT(RATELIMIT_OF({ "retry-after", "soon" }).retry_after_ms, -1);
    CHECK_INT(RATELIMIT_OF({ "retry-after-ms", "-5" }, { "retry-after", "2" }).retry_after_ms, 2000);
}

TEST(ratelimit_openai)
{
    struct rate_info i = RATELIMIT_OF({ "x-ratelimit-limit-requests", "60" },
                                      { "x-ratelimit-remaining-requests", "59" },
                                      { "x-ratelimit-reset-requests", "1s" }, { "x-ratelimit-limit-tokens", "150000" },
                                      { "x-ratelimit-remaining-tokens", "149984" },
                                      { "x-ratelimit-reset-tokens", "6m0s" }, { "content-type", "x" });

    CHECK_INT(i.limit_requests, 60);
    CHECK_INT(i.remaining_requests, 59);
    CHECK_INT(i.reset_requests_ms, 1000);
    CHECK_INT(i.limit_tokens, 150000);
    CHECK_INT(i.remaining_tokens, 149984);
    CHECK_INT(i.reset_tokens_ms, 360000);
    CHECK_INT(i.retry_after_ms, -1);
}

TEST(ratelimit_anthropic)
{
    struct rate_info i = RATELIMIT_OF({ "anthropic-ratelimit-input-tokens-remaining", "5" },
                                      { "anthropic-ratelimit-requests-limit", "50" },
                                      { "anthropic-ratelimit-requests-remaining", "0" },
                                      { "anthropic-ratelimit-requests-reset", "2025-11-21T08:00:30Z" },
                                      { "anthropic-ratelimit-tokens-remaining", "7" },
                                      { "anthropic-ratelimit-tokens-reset", "2025-11-21T07:59:00Z" });

    CHECK_INT(i.limit_requests, 50);
    CHECK_INT(i.remaining_requests, 0);
    CHECK_INT(i.reset_requests_ms, 30000);
    CHECK_INT(i.remaining_tokens, 7);
    CHECK_INT(i.reset_tokens_ms, 0);
}

TEST(ratelimit_mistral_and_openrouter)
{
    struct rate_info m = RATELIMIT_OF({ "x-ratelimit-limit-req-minute", "60" },
                                      { "x-ratelimit-remaining-req-minute", "58" },
                                      { "x-ratelimit-limit-tokens-minute", "500000" },
                                      { "x-ratelimit-remaining-tokens-minute", "-4" });
    struct rate_info o = RATELIMIT_OF({ "X-RateLimit-Limit", "20" }, { "X-RateLimit-Remaining", "0" },
                                      { "X-RateLimit-Reset", "1763712010000" });

    CHECK_INT(m.limit_requests, 60);
    CHECK_INT(m.remaining_requests, 58);
    CHECK_INT(m.limit_tokens, 500000);
    CHECK_INT(m.remaining_tokens, 0);
    CHECK_INT(o.limit_requests, 20);
    CHECK_INT(o.remaining_requests, 0);
    CHECK_INT(o.reset_requests_ms, 10000);
}

TEST(ratelimit_says_whether_anything_was_said)
{
    struct http_header plain = { { "content-type", 12 }, { "text/html", 9 } },
                       limit = { { "retry-after", 11 }, { "1", 1 } };
    struct rate_info i;

    CHECK(!ratelimit_read(&plain, 1, NOW, &i));
    CHECK(!ratelimit_read(NULL, 0, NOW, &i));
    CHECK(ratelimit_read(&limit, 1, NOW, &i));
}
