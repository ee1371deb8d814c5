#include "base/test.h"

TEST(buf_past_its_ceiling_keeps_what_it_had)
{
    AUTO_BUF struct buf b = BUF_INIT(8);

    buf_append(&b, S("1234"));
    buf_append(&b, S("56789"));
    CHECK(buf_failed(&b));
    CHECK_STR(buf_str(&b), "1234");
    buf_append(&b, S("5"));                     /* the flag is sticky, also for what would fit */
    CHECK_STR(buf_str(&b), "1234");
    buf_reset(&b);
    CHECK(!buf_failed(&b));
    buf_append(&b, S("12345678"));
    CHECK(!buf_failed(&b));
    CHECK_STR(buf_str(&b), "12345678");
    buf_byte(&b, '9');
    CHECK(buf_failed(&b));
}

TEST(buf_printf_meets_the_ceiling_too)
{
    AUTO_BUF struct buf b = BUF_INIT(10);

    buf_printf(&b, "%s", "0123456789");
    CHECK(!buf_failed(&b));
    buf_printf(&b, "%d", 1);
    CHECK(buf_failed(&b));
    CHECK_STR(buf_str(&b), "0123456789");
}

TEST(buf_is_text_even_when_nothing_was_written)
{
    AUTO_BUF struct buf b = BUF_INIT(0);
    char *taken;

    CHECK_STR(buf_str(&b), "");
    CHECK_STR(str_c(buf_cstr(&b)), "");
    buf_append(&b, S(""));
    CHECK(!buf_failed(&b));
    taken = buf_take(&b);
    CHECK_STR(str_c(taken), "");
    free(taken);
}

TEST(buf_holds_any_bytes_and_ends_in_nul)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 20);

    for (int i = 0; i < 100000; i++) {
        buf_byte(&b, (char)i);
        if (b.bytes[b.len] != '\0')
            CHECK(false);
    }
    CHECK_INT(b.len, 100000);
    CHECK_INT((unsigned char)b.bytes[65535], 255);
}

TEST(buf_consume_and_truncate_leave_the_middle)
{
    AUTO_BUF struct buf b = BUF_INIT(100);

    buf_puts(&b, "head middle tail");
    buf_consume(&b, 5);
    buf_truncate(&b, 6);
    CHECK_STR(buf_str(&b), "middle");
    buf_consume(&b, 6);
    CHECK_STR(buf_str(&b), "");
    buf_consume(&b, 0);
}

TEST(buf_take_hands_over_and_the_buffer_starts_again)
{
    AUTO_BUF struct buf b = BUF_INIT(4);
    char *taken;

    buf_puts(&b, "abcd");
    taken = buf_take(&b);
    CHECK_STR(str_c(taken), "abcd");
    free(taken);
    buf_puts(&b, "efgh");
    CHECK_STR(buf_str(&b), "efgh");
    buf_byte(&b, 'i');
    CHECK(buf_failed(&b));
}
