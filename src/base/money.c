#include "base/base.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

bool money_parse(struct str s, int64_t *nanousd)
{
    int64_t whole = 0, part = 0, scale = MONEY_PER_USD;
    size_t i = 0;

    for (; i < s.len && s.at[i] >= '0' && s.at[i] <= '9'; i++)
        if ((whole = whole * 10 + (s.at[i] - '0')) > INT64_C(1000000000))
            return false;
    if (i == 0 || (i < s.len && s.at[i] != '.'))
        return false;
    if (i < s.len && i + 1 == s.len)
        return false;
    for (i++; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9' || scale == 1)
            return false;
        scale /= 10;
        part += (s.at[i] - '0') * scale;
    }
    if (whole == INT64_C(1000000000) && part)
        return false;
    *nanousd = whole * MONEY_PER_USD + part;
    return true;
}

bool money_from_double(double usd, int64_t *nanousd)
{
    if (!(usd >= 0) || usd > 1e9)
        return false;
    *nanousd = (int64_t)llround(usd * 1e9);
    return true;
}

double money_to_double(int64_t nanousd)
{
    return (double)nanousd / 1e9;
}

bool money_of_tokens(const int64_t *tokens, const int64_t *price, size_t n, int64_t *nanousd)
{
    __int128 sum = 0;

    for (size_t i = 0; i < n; i++)
        if (tokens[i] < 0 || price[i] < 0 || __builtin_add_overflow(sum, (__int128)tokens[i] * price[i], &sum))
            return false;
    if (__builtin_add_overflow(sum, (__int128)500000, &sum) || (sum /= 1000000) > INT64_MAX)
        return false;
    *nanousd = (int64_t)sum;
    return true;
}

const char *money_exact(int64_t nanousd, char out[MONEY_TEXT])
{
    uint64_t v = nanousd < 0 ? 0 - (uint64_t)nanousd : (uint64_t)nanousd;
    int n;

    if (nanousd == MONEY_UNKNOWN) {
        snprintf(out, MONEY_TEXT, "unknown");
        return out;
    }
    n = snprintf(out, MONEY_TEXT, "%s%" PRIu64 ".%09" PRIu64, nanousd < 0 ? "-" : "", v / 1000000000, v % 1000000000);
    while (out[n - 1] == '0')
        out[--n] = '\0';
    if (out[n - 1] == '.')
        out[--n] = '\0';
    return out;
}

const char *money_show(int64_t nanousd, char out[MONEY_TEXT])
{
    uint64_t v = nanousd < 0 ? 0 - (uint64_t)nanousd : (uint64_t)nanousd, scale, whole;
    int decimals = v < 10000000 ? 4 : v < 1000000000 ? 3 : 2;

    if (nanousd == MONEY_UNKNOWN) {
        snprintf(out, MONEY_TEXT, "unknown");
    } else if (v == 0) {
        snprintf(out, MONEY_TEXT, "$0.00");
    } else if (v < 50000) {
        snprintf(out, MONEY_TEXT, "%s<$0.0001", nanousd < 0 ? "-" : "");
    } else {
        scale = decimals == 4 ? 100000 : decimals == 3 ? 1000000 : 10000000;
        v = (v + scale / 2) / scale;                /* in integers: a half goes up, also where a double is below it */
        whole = 1000000000 / scale;
        snprintf(out, MONEY_TEXT, "%s$%" PRIu64 ".%0*" PRIu64, nanousd < 0 ? "-" : "", v / whole, decimals, v % whole);
    }
    return out;
}
