/* src/base/money.h (through base.h): integer nano-dollars inside, decimal strings outside.
 *
 * A price is nano-dollars for a million tokens ($0.15 per 1M = 150,000,000), so the price of one token, 0.15
 * micro-dollars, needs no fraction; a cost is summed as price x tokens in 128 bits and rounded once, half up.
 * MONEY_UNKNOWN marks a cost nobody can know: it is never added, and never shown as zero. Threads: values. */
#pragma once

#define MONEY_UNKNOWN   INT64_MIN
#define MONEY_PER_USD   INT64_C(1000000000)

/* "0.15", "12", "1e-7" is refused. At most 9 decimals, not negative, at most a billion dollars. */
bool    money_parse(struct str s, int64_t *nanousd) MUST_USE;
bool    money_from_double(double usd, int64_t *nanousd) MUST_USE;       /* rounds half away from zero */
double  money_to_double(int64_t nanousd);                               /* for statistics and JSON */
/* Sum of tokens x price; false when a number is negative or the sum is more than fits. */
bool    money_of_tokens(const int64_t *tokens, const int64_t *price_nanousd_per_million, size_t n,
                        int64_t *nanousd) MUST_USE;

#define MONEY_TEXT 32
const char *money_exact(int64_t nanousd, char out[MONEY_TEXT]);         /* "0.00015", no trailing zeros; "unknown" */
/* For people, "$" in front: below a cent 4 decimals, below a dollar 3, else 2; never "$0.0000" for more than 0. */
const char *money_show(int64_t nanousd, char out[MONEY_TEXT]);
