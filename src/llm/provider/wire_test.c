#include "base/test.h"
#include "llm/provider/wire.h"

TEST(wire_keys_are_masked_in_sentences)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "bad key sk-proj-AbC123456789_x.", "bad key sk-***" },
        { "(sk-ant-api03-abcdefgh)", "(sk-***)" },
        { "AIzaSyA1234567890abcdef is wrong", "AIza*** is wrong" },
        { "Authorization: Bearer abcdefghijk", "Authorization: Bearer ***" },
        { "xai-0123456789", "xai-***" },
        { "ask-me-anything-now", "ask-me-anything-now" },
        { "sk-1", "sk-1" },
        { "two\nlines\x01", "two lines" },
        { "", "" },
    };
    char out[512];

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK_STR(str_trim(str_c(wire_clean(str_c(rows[i].text), out))), rows[i].want);
}

TEST(wire_sentences_are_cut_between_characters)
{
    AUTO_BUF struct buf text = BUF_INIT(10000);
    char out[512];

    for (int i = 0; i < 400; i++)
        buf_puts(&text, "ü");
    CHECK_INT(strlen(wire_clean(buf_str(&text), out)), 500);
    CHECK(str_is_utf8(str_c(out)));
    buf_reset(&text);
    for (int i = 0; i < 60; i++)
        buf_puts(&text, "sk-12345678 ");
    wire_clean(buf_str(&text), out);
    CHECK(strlen(out) <= 500 && !strstr(out, "1234"));
    buf_reset(&text);
    for (int i = 0; i < 498; i++)
        buf_byte(&text, '.');
    buf_puts(&text, " sk-12345678");
    wire_clean(buf_str(&text), out);
    CHECK(strlen(out) <= 500);
}

TEST(wire_numbers_are_short_and_exact)
{
    static const struct { double value; const char *want; } rows[] = {
        { 0, "[0]" }, { 1, "[1]" }, { 0.7, "[0.7]" }, { 0.1, "[0.1]" }, { -1.5, "[-1.5]" }, { 1e-9, "[1e-09]" },
        { 0.30000000000000004, "[0.30000000000000004]" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_BUF struct buf out = BUF_INIT(100);
        struct wire w = { .out = &out };

        wire_open(&w, '[');
        wire_double(&w, NULL, rows[i].value);
        wire_close(&w, ']');
        CHECK_STR(buf_str(&out), rows[i].want);
    }
}

TEST(wire_text_that_is_not_utf8_is_made_so)
{
    AUTO_BUF struct buf out = BUF_INIT(100);
    struct wire w = { .out = &out };

    wire_open(&w, '{');
    wire_str(&w, "a", S("x\xff"));
    wire_close(&w, '}');
    CHECK_STR(buf_str(&out), "{\"a\":\"x\xEF\xBF\xBD\"}");
}

TEST(wire_families_end_at_a_boundary)
{
    CHECK(wire_family(S("o1"), "o1") && wire_family(S("o1-mini"), "o1") && wire_family(S("O1-mini"), "o1"));
    CHECK(!wire_family(S("o10"), "o1") && !wire_family(S("o"), "o1"));
    CHECK(wire_family(S("gpt-5.1"), "gpt-5") && !wire_family(S("gpt-50"), "gpt-5"));
}

TEST(wire_schema_names_are_made_acceptable)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct request rq = { .schema_name = S("my schema/é") };

    CHECK_STR(wire_schema_name(&rq, a), "my_schema___");
    rq.schema_name = STR_NONE;
    CHECK_STR(wire_schema_name(&rq, a), "output");
}
