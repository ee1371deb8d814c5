#include "base/test.h"
#include "llm/framing.h"

/* Feeds `bytes` in pieces of `step` and writes the events as "name=data|". */
static enum err_code framing_run(enum provider_framing kind, struct str bytes, size_t step, size_t max, struct buf *out)
{
    struct framing f;
    struct framing_event ev;
    enum err_code code = ERR_OK;
    bool got;

    framing_init(&f, kind, max);
    while (bytes.len && code == ERR_OK) {
        struct str piece = str_sub(bytes, 0, MIN(step, bytes.len));

        bytes = str_from(bytes, piece.len);
        while ((code = framing_next(&f, &piece, &ev, &got, NULL)) == ERR_OK && got)
            buf_printf(out, STR_FMT "=" STR_FMT "|", STR_ARG(ev.event), STR_ARG(ev.data));
    }
    if (code == ERR_OK && (code = framing_end(&f, &ev, &got, NULL)) == ERR_OK && got)
        buf_printf(out, STR_FMT "=" STR_FMT "|", STR_ARG(ev.event), STR_ARG(ev.data));
    framing_dispose(&f);
    return code;
}

static void framing_check(enum provider_framing kind, struct str bytes, const char *want)
{
    for (size_t step = 1; step <= bytes.len + 1; step++) {
        AUTO_BUF struct buf got = BUF_INIT(10000);

        CHECK_OK(framing_run(kind, bytes, step, 0, &got));
        CHECK_STR(buf_str(&got), want);
        if (test_failing())
            return;
    }
}

TEST(framing_ends_lines_in_lf_crlf_and_cr)
{
    framing_check(FRAMING_SSE, S("data: a\n\ndata: b\n\n"), "=a|=b|");
    framing_check(FRAMING_SSE, S("data: a\r\n\r\ndata: b\r\n\r\n"), "=a|=b|");
    framing_check(FRAMING_SSE, S("data: a\r\rdata: b\r\r"), "=a|=b|");
    framing_check(FRAMING_SSE, S("data: a\r\n\ndata: b\r\r\ndata: c\n\r\n"), "=a|=b|=c|");
}

TEST(framing_joins_data_lines_and_skips_what_is_not_data)
{
    framing_check(FRAMING_SSE, S("event: x\ndata: a\ndata:b\ndata\ndata:  c\nid: 7\nretry: 9\nnonsense\n: comment\n\n"),
                  "x=a\nb\n\n c|");
    framing_check(FRAMING_SSE, S(": one\n\n: two\n\ndata: a\n\n"), "=a|");
    framing_check(FRAMING_SSE, S("event: lonely\n\ndata: a\n\n"), "=a|");
    framing_check(FRAMING_SSE, S("data:\n\ndata\n\n"), "=|=|");
}

TEST(framing_skips_a_mark_at_the_start_only)
{
    framing_check(FRAMING_SSE, S("\xEF\xBB\xBF" "data: a\n\n"), "=a|");
    framing_check(FRAMING_SSE, S("data: \xEF\xBB\xBF\n\n"), "=\xEF\xBB\xBF|");
    framing_check(FRAMING_SSE, S("\xEF\xBBxdata: a\n\ndata: b\n\n"), "=b|");
}

TEST(framing_keeps_characters_whole_across_pieces)
{
    framing_check(FRAMING_SSE, S("data: Grüße 😀\n\n"), "=Grüße 😀|");
}

TEST(framing_at_the_end_gives_whole_lines_only)
{
    framing_check(FRAMING_SSE, S("data: a\n"), "=a|");
    framing_check(FRAMING_SSE, S("data: a\ndata: b"), "");
    framing_check(FRAMING_SSE, S("data: a"), "");
    framing_check(FRAMING_NDJSON, S("{\"a\":1}"), "={\"a\":1}|");
    framing_check(FRAMING_NDJSON, S("{\"a\":1"), "");
}

TEST(framing_reads_lines_of_json)
{
    framing_check(FRAMING_NDJSON, S("{\"a\":1}\n\n  {\"b\":2} \r\n{\"c\":3}\r"), "={\"a\":1}|={\"b\":2}|={\"c\":3}|");
}

TEST(framing_holds_its_ceiling)
{
    static const char *const streams[] = { "data: 0123456789abcdef", "data: 01234567\ndata: 89abcdef\n\n",
                                           "event: 0123456789\n\n" };
    AUTO_BUF struct buf got = BUF_INIT(10000), longer = BUF_INIT(10000);

    for (size_t i = 0; i < 2; i++)
        for (size_t step = 1; step < 40; step++)
            CHECK_INT(framing_run(FRAMING_SSE, str_c(streams[i]), step, 14, &got), ERR_TOO_LARGE);
    CHECK_OK(framing_run(FRAMING_SSE, str_c(streams[2]), 5, 20, &got));
    for (int i = 0; i < 300; i++)
        buf_puts(&longer, i ? "x" : "event: ");
    buf_puts(&longer, "\n\n");
    CHECK_INT(framing_run(FRAMING_SSE, buf_str(&longer), 50, 0, &got), ERR_TOO_LARGE);
    CHECK_INT(framing_run(FRAMING_NDJSON, S("{\"a\":\"0123456789\"}\n"), 3, 8, &got), ERR_TOO_LARGE);
}

/* A frame with a header of each kind that has one, made by botocore's rules: "contentBlockDelta={}". */
static struct str framing_frame(struct buf *out, struct str payload, size_t wrong)
{
    static const char headers[] = "\x05" "flags" "\x00" "\x01" "n" "\x04\x00\x00\x00\x07" "\x01" "b" "\x06\x00\x02" "xy"
                                  "\x0b:event-type\x07\x00\x11" "contentBlockDelta" "\x02" "id" "\x09"
                                  "0123456789abcdef";
    size_t head = sizeof headers - 1, total = 12 + head + payload.len + 4, from = out->len;
    uint32_t words[2] = { (uint32_t)total, (uint32_t)head };

    for (size_t i = 0; i < 3; i++) {
        uint32_t word = i < 2 ? words[i] : hash_crc32(str_from(buf_str(out), from));

        for (int shift = 24; shift >= 0; shift -= 8)
            buf_byte(out, (char)(word >> shift));
    }
    buf_append(out, str_n(headers, head));
    buf_append(out, payload);
    for (int shift = 24, crc = (int)hash_crc32(str_from(buf_str(out), from)); shift >= 0; shift -= 8)
        buf_byte(out, (char)((uint32_t)crc >> shift));
    if (wrong)
        out->bytes[from + wrong] ^= 1;
    return buf_str(out);
}

TEST(framing_reads_frames_of_an_event_stream)
{
    AUTO_BUF struct buf bytes = BUF_INIT(10000);

    framing_frame(&bytes, S("{}"), 0);
    framing_frame(&bytes, S("{\"a\":1}"), 0);
    framing_check(FRAMING_EVENTSTREAM, buf_str(&bytes), "contentBlockDelta={}|contentBlockDelta={\"a\":1}|");
    framing_check(FRAMING_EVENTSTREAM, str_sub(buf_str(&bytes), 0, bytes.len - 1), "contentBlockDelta={}|");
}

TEST(framing_refuses_a_frame_that_does_not_agree_with_its_checksums)
{
    for (size_t wrong = 1; wrong < 90; wrong += 4) {
        AUTO_BUF struct buf bytes = BUF_INIT(10000), got = BUF_INIT(1000);

        CHECK_INT(framing_run(FRAMING_EVENTSTREAM, framing_frame(&bytes, S("{}"), wrong), 3, 0, &got),
                  ERR_INVALID_RESPONSE);
        CHECK_STR(buf_str(&got), "");
    }
}

TEST(framing_refuses_a_frame_past_the_ceiling)
{
    AUTO_BUF struct buf bytes = BUF_INIT(10000), got = BUF_INIT(1000);

    CHECK_INT(framing_run(FRAMING_EVENTSTREAM, framing_frame(&bytes, S("{}"), 0), 3, 90, &got), ERR_TOO_LARGE);
}
