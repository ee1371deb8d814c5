#include "llm/ratelimit.h"

#include <math.h>

#define RATELIMIT_MS_MAX (INT64_C(366) * 24 * 3600 * 1000)

int64_t ratelimit_duration_ms(struct str text)
{
    static const struct {
        const char *unit;
        double ms;
    } units[] = {
        { "ms", 1 },    { "us", 0.001 }, { "ns", 0.000001 }, { "h", 3600000 },
        { "m", 60000 }, { "s", 1000 },   { "d", 86400000 },
    };
    double total = 0, value;

    text = str_trim(text);
    if (!text.len)
        return -1;
    if (str_to_double(text, &value))
        return value >= 0 && value * 1000 <= RATELIMIT_MS_MAX ? (int64_t)ceil(value * 1000) : -1;
    while (text.len) {
        size_t digits = 0, unit = 0;

        while (digits < text.len && ((text.at[digits] >= '0' && text.at[digits] <= '9') || text.at[digits] == '.'))
            digits++;
        if (!digits || !str_to_double(str_sub(text, 0, digits), &value))
            return -1;
        text = str_from(text, digits);
        while (unit < COUNT_OF(units) && !str_starts(text, str_c(units[unit].unit)))
            unit++;
        if (unit == COUNT_OF(units))
            return -1;
        total += value * units[unit].ms;
        text = str_from(text, strlen(units[unit].unit));
        if (!(total <= RATELIMIT_MS_MAX))
            return -1;
    }
    return (int64_t)ceil(total);
}

static int64_t ratelimit_count(struct str value)
{
    int64_t n;
    double real;

    value = str_trim(value);
    if (str_to_i64(value, &n))
        return MAX(n, INT64_C(0));
    return str_to_double(value, &real) && real >= 0 && real < 1e15 ? (int64_t)real : -1;
}

/* A reset is a duration, an RFC 3339 time, or seconds or milliseconds since 1970. */
static int64_t ratelimit_reset(struct str value, int64_t now_wall_ms)
{
    int64_t at;

    value = str_trim(value);
    if (clock_parse(value, &at))
        return MAX(at - now_wall_ms, INT64_C(0));
    if (str_to_i64(value, &at) && at > INT64_C(1000000000))
        return MAX((at > INT64_C(100000000000) ? at : at * 1000) - now_wall_ms, INT64_C(0));
    return ratelimit_duration_ms(value);
}

static int64_t ratelimit_retry_after(struct str value, int64_t now_wall_ms)
{
    int64_t at;

    value = str_trim(value);
    if (clock_parse_http(value, &at))
        return MAX(at - now_wall_ms, INT64_C(0));
    return ratelimit_duration_ms(value);
}

enum { RATE_COUNT, RATE_RESET, RATE_RETRY, RATE_RETRY_MS };

/* Several spellings may fill one field; the row that stands first wins whatever the order of the headers. */
static const struct { const char *name; int kind; size_t at; } ratelimit_rows[] = {
    { "retry-after-ms", RATE_RETRY_MS, offsetof(struct rate_info, retry_after_ms) },
    { "retry-after", RATE_RETRY, offsetof(struct rate_info, retry_after_ms) },
    { "x-ratelimit-limit-requests", RATE_COUNT, offsetof(struct rate_info, limit_requests) },
    { "x-ratelimit-remaining-requests", RATE_COUNT, offsetof(struct rate_info, remaining_requests) },
    { "x-ratelimit-reset-requests", RATE_RESET, offsetof(struct rate_info, reset_requests_ms) },
    { "x-ratelimit-limit-tokens", RATE_COUNT, offsetof(struct rate_info, limit_tokens) },
    { "x-ratelimit-remaining-tokens", RATE_COUNT, offsetof(struct rate_info, remaining_tokens) },
    { "x-ratelimit-reset-tokens", RATE_RESET, offsetof(struct rate_info, reset_tokens_ms) },
    { "anthropic-ratelimit-requests-limit", RATE_COUNT, offsetof(struct rate_info, limit_requests) },
    { "anthropic-ratelimit-requests-remaining", RATE_COUNT, offsetof(struct rate_info, remaining_requests) },
    { "anthropic-ratelimit-requests-reset", RATE_RESET, offsetof(struct rate_info, reset_requests_ms) },
    { "anthropic-ratelimit-tokens-limit", RATE_COUNT, offsetof(struct rate_info, limit_tokens) },
    { "anthropic-ratelimit-tokens-remaining", RATE_COUNT, offsetof(struct rate_info, remaining_tokens) },
    { "anthropic-ratelimit-tokens-reset", RATE_RESET, offsetof(struct rate_info, reset_tokens_ms) },
    { "anthropic-ratelimit-input-tokens-limit", RATE_COUNT, offsetof(struct rate_info, limit_tokens) },
    { "anthropic-ratelimit-input-tokens-remaining", RATE_COUNT, offsetof(struct rate_info, remaining_tokens) },
    { "anthropic-ratelimit-input-tokens-reset", RATE_RESET, offsetof(struct rate_info, reset_tokens_ms) },
    { "x-ratelimit-limit-req-minute", RATE_COUNT, offsetof(struct rate_info, limit_requests) },
    { "x-ratelimit-remaining-req-minute", RATE_COUNT, offsetof(struct rate_info, remaining_requests) },
    { "x-ratelimit-limit-tokens-minute", RATE_COUNT, offsetof(struct rate_info, limit_tokens) },
    { "x-ratelimit-remaining-tokens-minute", RATE_COUNT, offsetof(struct rate_info, remaining_tokens) },
    { "x-ratelimit-limit", RATE_COUNT, offsetof(struct rate_info, limit_requests) },
    { "x-ratelimit-remaining", RATE_COUNT, offsetof(struct rate_info, remaining_requests) },
    { "x-ratelimit-reset", RATE_RESET, offsetof(struct rate_info, reset_requests_ms) },
};

static int64_t ratelimit_value(int kind, struct str value, int64_t now_wall_ms)
{
    double ms;

    switch (kind) {
    case RATE_COUNT: return ratelimit_count(value);
    case RATE_RESET: return ratelimit_reset(value, now_wall_ms);
    case RATE_RETRY: return ratelimit_retry_after(value, now_wall_ms);
    default: return str_to_double(str_trim(value), &ms) && ms >= 0 && ms <= RATELIMIT_MS_MAX ? (int64_t)ceil(ms) : -1;
    }
}

bool ratelimit_read(const struct http_header *headers, size_t n, int64_t now_wall_ms, struct rate_info *out)
{
    bool said = false;
    size_t row_of[sizeof *out / sizeof(int64_t)];

    *out = (struct rate_info){ -1, -1, -1, -1, -1, -1, -1 };
    for (size_t i = 0; i < COUNT_OF(row_of); i++)
        row_of[i] = COUNT_OF(ratelimit_rows);
    for (size_t h = 0; h < n; h++) {
        struct str name = headers[h].name;

        if (!str_istarts(name, S("retry-after")) && !str_istarts(name, S("x-ratelimit")) &&
            !str_istarts(name, S("anthropic-ratelimit")))
            continue;
        for (size_t r = 0; r < COUNT_OF(ratelimit_rows); r++) {
            size_t field = ratelimit_rows[r].at / sizeof(int64_t);
            int64_t value;

            if (!str_ieq(name, str_c(ratelimit_rows[r].name)) || r > row_of[field])
                continue;
            value = ratelimit_value(ratelimit_rows[r].kind, headers[h].value, now_wall_ms);
            if (value < 0)
                continue;
            ((int64_t *)out)[field] = value;
            row_of[field] = r;
            said = true;
        }
    }
    return said;
}
