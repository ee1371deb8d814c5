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
