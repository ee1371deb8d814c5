#include "base/test.h"
#include "eval/chunk.h"

static struct task chunked(enum chunk_mode mode, int64_t characters, int64_t overlap)
{
    return (struct task){ .output.format = OUTPUT_JSON,
                          .chunking = { .mode = mode, .characters = characters, .overlap = overlap } };
}

static json_t *input_of(size_t n, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(1 << 26);

    for (size_t i = 0; i < n; i++)
        buf_printf(&text, "%c", "abcdefghij"[i % 10]);
    return json_in_arena(json_pack("{s:o, s:s}", "input", json_from_str(buf_str(&text)), "other", "x"), a);
}

TEST(a_text_is_cut_by_characters_with_an_overlap)
{
    AUTO_ARENA *a = arena_new_sized(4096);
    struct task t = chunked(CHUNK_FIXED, 1000, 100);
    struct chunk_parts parts;

    CHECK_OK(chunk_split(&t, input_of(2500, a), a, &parts, NULL));
    CHECK_INT(parts.count, 3);
    CHECK_STR(parts.variable, "input");
    CHECK_INT(parts.text[0].len, 1000);
    CHECK(parts.text[1].at == parts.text[0].at + 900);
    CHECK(parts.text[2].at == parts.text[0].at + 1800);
    CHECK_INT(parts.text[2].len, 700);
    CHECK_OK(chunk_split(&t, input_of(1000, a), a, &parts, NULL));
    CHECK_INT(parts.count, 0);
    CHECK_OK(chunk_split(&t, input_of(1001, a), a, &parts, NULL));
    CHECK_INT(parts.count, 2);
}

TEST(no_character_is_cut)
{
    AUTO_ARENA *a = arena_new_sized(4096);
    struct task t = chunked(CHUNK_FIXED, 200, 20);
    AUTO_BUF struct buf text = BUF_INIT(1 << 20);
    struct chunk_parts parts;

    for (int i = 0; i < 1000; i++)
        buf_puts(&text, "\xe6\x97\xa5");
    CHECK_OK(
        chunk_split(&t, json_in_arena(json_pack("{s:o}", "input", json_from_str(buf_str(&text))), a), a, &parts, NULL));
    CHECK_INT(parts.count, 6);
    for (size_t i = 0; i < parts.count; i++)
        CHECK(str_is_utf8(parts.text[i]));
    CHECK_INT(parts.text[0].len, 600);
}

TEST(the_size_follows_the_smallest_context)     /* C = 128000: S = 204800, O = 6144 */
{
    AUTO_ARENA *a = arena_new_sized(4096);
    struct task t = chunked(CHUNK_AUTO, 20000, 500);
    AUTO_BUF struct buf text = BUF_INIT(1 << 24);
    struct chunk_parts parts;

    chunk_resolve(&t, 128000);
    CHECK_INT(t.chunking.part_tokens, 51200);
    CHECK_INT(t.chunking.above_tokens, 102400);
    for (int i = 0; i < 120000; i++)
        buf_puts(&text, "wording ");             /* one token, eight characters */
    CHECK_OK(chunk_split(&t, json_in_arena(json_pack("{s:o}", "input", json_from_str(buf_str(&text))), a), a, &parts, NULL));
    CHECK_INT(parts.text[0].len, 204800);
    CHECK(parts.text[1].at == parts.text[0].at + 204800 - 6144);
    buf_dispose(&text);
    text = BUF_INIT(1 << 24);
    for (int i = 0; i < 95000; i++)
        buf_puts(&text, "wording ");             /* fewer than 0.8 of the context */
    CHECK_OK(chunk_split(&t, json_in_arena(json_pack("{s:o}", "input", json_from_str(buf_str(&text))), a), a, &parts, NULL));
    CHECK_INT(parts.count, 0);
    t.chunking.mode = CHUNK_DYNAMIC;
    CHECK_OK(
        chunk_split(&t, json_in_arena(json_pack("{s:o}", "input", json_from_str(buf_str(&text))), a), a, &parts, NULL));
    CHECK_INT(parts.count, 4);
    t.chunking = (struct task_chunking){ .mode = CHUNK_AUTO };
    CHECK_OK(chunk_split(&t, json_in_arena(json_pack("{s:o}", "input", json_from_str(buf_str(&text))), a), a, &parts, NULL));
    CHECK_INT(parts.count, 0);                   /* no context is known */
}

TEST(more_parts_than_allowed_are_refused)
{
    AUTO_ARENA *a = arena_new_sized(4096);
    struct task t = chunked(CHUNK_FIXED, 200, 199);
    struct chunk_parts parts;
    struct err e = ERR_INIT;

    CHECK_INT(chunk_split(&t, input_of(2000, a), a, &parts, &e), ERR_TOO_LARGE);
    CHECK(str_contains(str_c(e.text), S("1000 parts of 200 characters")));
    CHECK_OK(chunk_split(&t, input_of(1199, a), a, &parts, &e));
    CHECK_INT(parts.count, 1000);
}

TEST(the_variable_is_the_named_one_else_input_else_the_longest)
{
    AUTO_ARENA *a = arena_new_sized(4096);
    struct task t = chunked(CHUNK_FIXED, 200, 0);
    struct chunk_parts parts;
    AUTO_BUF struct buf text = BUF_INIT(4096);
    json_t *vars, *with;

    for (int i = 0; i < 300; i++)
        buf_byte(&text, 'x');
    vars = json_in_arena(json_pack("{s:s, s:o, s:i}", "title", "short", "body", json_from_str(buf_str(&text)), "n", 7),
                         a);
    CHECK_OK(chunk_split(&t, vars, a, &parts, NULL));
    CHECK_STR(parts.variable, "body");
    with = chunk_vars(&t, vars, &parts, 1, a);
    CHECK(str_starts(json_get_str(with, "body"), S("[Part 2 of 2")));
    CHECK(str_ends(json_get_str(with, "body"), S("]\n\n" "xxxxxxxxxxxxxxxxxxxx")) || json_get_str(with, "body").len > 100);
    CHECK_STR(json_get_str(with, "title"), "short");
    CHECK_INT(json_get_i64(json_child(with, "chunk"), "index", 0), 2);
    t.chunking.variable = S("title");
    CHECK_OK(chunk_split(&t, vars, a, &parts, NULL));
    CHECK_INT(parts.count, 0);
}

static void merges(enum output_format format, const char *want, const char *const *answers)
{
    AUTO_ARENA *a = arena_new_sized(4096);
    struct task t = { .output.format = format };
    struct str list[8];
    size_t n = 0;

    for (; answers[n]; n++)
        list[n] = str_c(answers[n]);
    CHECK_STR(chunk_merge(&t, list, n, a), want);
}
#define MERGES(format, want, ...) merges(format, want, (const char *const[]){ __VA_ARGS__, NULL })

TEST(answers_become_one)
{
    MERGES(OUTPUT_JSON, "[\n  1,\n  2,\n  3,\n  1\n]", "[1, 2]", "```json\n[2, 3]\n```", "[1]");
    MERGES(OUTPUT_JSON, "{\n  \"items\": [\n    1,\n    2\n  ],\n  \"v\": 1\n}", "{\"items\":[1],\"v\":1}",
           "{\"items\":[1,2],\"v\":1}");
    MERGES(OUTPUT_JSON, "/* chunk 1 */\n{\"a\":1}\n\n/* chunk 2 */\n{\"a\":2}", "{\"a\":1}", "{\"a\":2}");
    MERGES(OUTPUT_JSON, "/* chunk 1 */\n[1]\n\n/* chunk 2 */\nsorry", "[1]", "sorry");
    MERGES(OUTPUT_JSON, "sorry", "sorry");
    MERGES(OUTPUT_CSV, "a,b\n1,\"x\ny\"\n2,z\n3,w", "a,b\n1,\"x\ny\"\n2,z\n", "```csv\na,b\n2,z\n3,w\n```", "a,b\n");
    MERGES(OUTPUT_CSV, "/* chunk 1 */\na,b\n1,2\n\n/* chunk 2 */\na,c\n3,4", "a,b\n1,2", "a,c\n3,4");
    MERGES(OUTPUT_TEXT, "/* chunk 1 */\nOne.\n\n/* chunk 2 */\nTwo.", "One.", "Two.");
    MERGES(OUTPUT_JSON, "[]", "[]", "[]");
}
