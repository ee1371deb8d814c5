/* tests/fuzz/fuzz_text.c: the small readers of base/ over any bytes, each with the promise it makes: what was read and
 * is written again reads the same. */
#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_numbers(struct str s)
{
    char text[MONEY_TEXT > CLOCK_TEXT ? MONEY_TEXT : CLOCK_TEXT];
    int64_t v, back;
    double d;

    if (money_parse(s, &v))
        ASSERT(money_parse(str_c(money_exact(v, text)), &back) && back == v);
    if (clock_parse(s, &v) && v >= 0 && v < INT64_C(253402300800000))
        ASSERT(clock_parse(str_c(clock_text(v, text)), &back) && back == v);
    if (clock_parse_http(s, &v))
        ASSERT(v % 1000 == 0);
    if (str_to_i64(s, &v) && str_to_double(s, &d))
        ASSERT((double)v == d);
}

static void fuzz_utf8(struct str s)
{
    AUTO_BUF struct buf clean = BUF_INIT(1 << 20);
    struct str head = str_utf8_head(s, s.len / 2);

    json_write_str(s, &clean);
    ASSERT(!buf_failed(&clean) && str_is_utf8(buf_str(&clean)));
    ASSERT(str_utf8_len(s) <= s.len && str_utf8_width(s) <= 2 * s.len);
    ASSERT(!str_is_utf8(s) || str_is_utf8(head));
}

static void fuzz_json(struct str s)
{
    AUTO_BUF struct buf one = BUF_INIT(1 << 22), two = BUF_INIT(1 << 22);
    AUTO_JSON *j = NULL, *back = NULL;
    struct err e = ERR_INIT;

    if (json_read(s, &j, &e) != ERR_OK) {
        ASSERT(*e.text);
        return;
    }
    json_write_canonical(j, &one);
    ASSERT(!buf_failed(&one));
    ASSERT(json_read(buf_str(&one), &back, &e) == ERR_OK && json_equal(j, back));
    json_write_canonical(back, &two);
    ASSERT(str_eq(buf_str(&one), buf_str(&two)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = str_n((const char *)data, size);

    fuzz_numbers(s);
    fuzz_utf8(s);
    fuzz_json(s);
    return 0;
}
