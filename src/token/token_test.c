#include "base/test.h"
#include "token/token_parts.h"

static const struct token_encoding *o200k(void) { return token_encoding_named(S("o200k_base")); }
static const struct token_encoding *cl100k(void) { return token_encoding_named(S("cl100k_base")); }

TEST(known_ids_of_both_vocabularies)            /* the rest is tests/token, beside tiktoken */
{
    static const uint32_t cl[] = { 15339, 1917, 13, 1102, 596, 220, 4513, 1774 };
    static const uint32_t o2[] = { 24912, 2375, 13, 7744, 220, 7633, 2548 };
    struct token_ids a = { 0 }, b = { 0 };

    token_encode(cl100k(), S("hello world. It's 12345"), &a);
    token_encode(o200k(), S("hello world. It's 12345"), &b);
    CHECK_INT(a.len, COUNT_OF(cl));
    CHECK_INT(b.len, COUNT_OF(o2));
    for (size_t i = 0; i < COUNT_OF(cl) && i < a.len; i++)
        CHECK_INT(a.at[i], cl[i]);
    for (size_t i = 0; i < COUNT_OF(o2) && i < b.len; i++)
        CHECK_INT(b.at[i], o2[i]);
    CHECK(token_encoding_named(S("p50k_base")) == NULL);
    vec_dispose(&a);
    vec_dispose(&b);
}

TEST(the_bytes_of_the_tokens_are_the_text)
{
    static const char text[] = "na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac\xff\xfe <|endoftext|>\x00 end";
    struct token_ids ids = { 0 };
    AUTO_BUF struct buf back = BUF_INIT(4096);

    token_encode(o200k(), str_n(text, sizeof text - 1), &ids);
    for (size_t i = 0; i < ids.len; i++)
        buf_append(&back, token_bytes(o200k(), ids.at[i]));
    CHECK(str_eq(buf_str(&back), str_n(text, sizeof text - 1)));
    CHECK(token_bytes(o200k(), (uint32_t)token_encoding_size(o200k())).at == NULL);
    vec_dispose(&ids);
}

static bool is_word(struct str s)               /* lower-case letters, one blank before them or none */
{
    struct str letters = str_starts(s, S(" ")) ? str_from(s, 1) : s;

    for (size_t i = 0; i < letters.len; i++)
        if (letters.at[i] < 'a' || letters.at[i] > 'z')
            return false;
    return letters.len > 0;
}

TEST(every_word_is_its_own_token_common_or_not)
{
    const struct token_encoding *const both[] = { cl100k(), o200k() };
    struct token_ids ids = { 0 };

    for (size_t k = 0; k < COUNT_OF(both); k++) {
        int64_t common = 0, rare = 0, wrong = 0;

        for (uint32_t id = 0; id < token_encoding_size(both[k]); id++) {
            struct str word = token_bytes(both[k], id);

            if (!is_word(word))
                continue;
            ids.len = 0;
            token_encode(both[k], word, &ids);
            wrong += ids.len != 1 || ids.at[0] != id;
            *(id < VOCAB_COMMON ? &common : &rare) += 1;
        }
        CHECK_INT(wrong, 0);
        CHECK(common > 5000 && rare > 20000);
    }
    vec_dispose(&ids);
}

TEST(short_and_long_ways_of_merging_agree)      /* the same piece below and above MERGE_SHORT, by its tokens' bytes */
{
    uint32_t at_once[512], parts[512];
    struct merge_big *big = NULL;
    char piece[512];
    struct rng rng;

    rng_seed(&rng, 7);
    for (int round = 0; round < 2000; round++) {
        size_t n = 2 + rng_below(&rng, 62), a, b;
        const struct vocab *v = &pack_head()->vocab[round & 1];

        for (size_t i = 0; i < n; i++)
            piece[i] = "aaaabcde the\xe4\xb8\xad."[rng_below(&rng, 16)];
        a = merge_piece(v, (const unsigned char *)piece, n, &big, at_once);
        b = merge_piece_long(v, (const unsigned char *)piece, n, &big, parts);
        CHECK_INT(a, b);
        CHECK(memcmp(at_once, parts, MIN(a, b) * sizeof *parts) == 0);
    }
    merge_dispose(big);
}

TEST(a_run_of_millions_is_counted)              /* any way that is not linear would not come back */
{
    size_t n = (size_t)TOKEN_PIECE_MAX + 1000;
    AUTO(freep) char *run = xmalloc(n);

    memset(run, 'a', n);
    CHECK_INT(token_count(cl100k(), str_n(run, n)), TOKEN_PIECE_MAX / 8 + 1000 / 8);
    memset(run, ' ', n);
    CHECK(token_count(o200k(), str_n(run, n)) < (int64_t)n / 64);
}

TEST(tables_at_rest_count_as_before)
{
    int64_t n = token_count(o200k(), S("The tables come back by themselves."));

    token_rest();
    CHECK_INT(token_count(o200k(), S("The tables come back by themselves.")), n);
}

TEST(counting_stops_behind_its_limit)
{
    AUTO_BUF struct buf text = BUF_INIT(1 << 20);

    for (int i = 0; i < 10000; i++)
        buf_puts(&text, "word ");
    CHECK_INT(token_count_to(o200k(), buf_str(&text), 5), 6);
    CHECK_INT(token_count_to(o200k(), S("one two"), 5), 2);
    CHECK_INT(token_count(o200k(), STR_NONE), 0);
}

TEST(a_model_has_its_vocabulary)
{
    static const struct { const char *id, *family; bool exact; int vocab; } rows[] = {
        { "gpt-4o-mini", "gpt-4o", true, VOCAB_O200K },         { "openai/gpt-4.1-nano", "gpt-4.1", true, VOCAB_O200K },
        { "gpt-4-turbo", "gpt-4", true, VOCAB_CL100K },         { "gpt-3.5-turbo-0125", "gpt-4", true, VOCAB_CL100K },
        { "ft:gpt-4o:me::id", "gpt-4o", true, VOCAB_O200K },    { "o3-mini", "o-series", true, VOCAB_O200K },
        { "o1", "o-series", true, VOCAB_O200K },                { "solo10", "unknown", false, VOCAB_O200K },
        { "us.anthropic.claude-sonnet-4-v1:0", "claude", false, VOCAB_O200K },
        { "meta-llama/Llama-3.3-70B-Instruct", "llama", false, VOCAB_O200K },
        { "accounts/fireworks/models/deepseek-v3", "deepseek", false, VOCAB_O200K },
        { "text-embedding-3-small", "text-embedding", true, VOCAB_CL100K },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct token_counter c = token_counter_for(str_c(rows[i].id));

        CHECK_STR(str_c(c.family), rows[i].family);
        CHECK(c.exact == rows[i].exact);
        CHECK_INT(c.encoding->vocab, rows[i].vocab);
    }
}

/* The example of OpenAI's cookbook ("How to count tokens with tiktoken"): the API counted 101 and 105. */
TEST(a_request_with_a_tool_counts_as_its_vendor_counts_it)
{
    AUTO_ARENA *a = arena_new_sized(4096);
    AUTO_JSON *tools = json_loads(
        "[{\"name\":\"get_current_weather\",\"description\":\"Get the current weather in a given location\",\"parameters\":"
        "{\"type\":\"object\",\"properties\":{\"location\":{\"type\":\"string\",\"description\":\"The city and state, e.g. San "
        "Francisco, CA\"},\"unit\":{\"type\":\"string\",\"description\":\"The unit of temperature to return\",\"enum\":"
        "[\"celsius\",\"fahrenheit\"]}},\"required\":[\"location\"]}}]", 0, NULL);
    struct message m[] = {
        message_text(MESSAGE_SYSTEM, S("You are a helpful assistant that can answer to questions about the weather."),
                     a),
        message_text(MESSAGE_USER, S("What's the weather like in San Francisco?"), a),
    };
    struct token_counter c = token_counter_for(S("gpt-4o"));
    struct token_request r = token_count_request(&c, m, 2, tools);

    CHECK_INT(r.total, 101);
    CHECK(!r.exact);
    c = token_counter_for(S("gpt-4"));
    CHECK_INT(token_count_request(&c, m, 2, tools).total, 105);
    CHECK(token_count_request(&c, m, 2, NULL).exact);
}

TEST(a_tool_nested_without_end_is_counted_to_a_depth)
{
    AUTO_ARENA *a = arena_new_sized(4096);
    AUTO_JSON *leaf = json_pack("{s:s}", "type", "string"), *tools;
    struct message m = message_text(MESSAGE_USER, S("hi"), a);
    struct token_counter c = token_counter_for(S("gpt-4o"));

    for (int i = 0; i < 500; i++)
        leaf = json_pack("{s:s, s:{s:o}}", "type", "object", "properties", "p", leaf);
    tools = json_pack("[{s:s, s:O}]", "name", "deep", "parameters", leaf);
    CHECK(token_count_request(&c, &m, 1, tools).tools < 300);
}

/* OpenAI's page: 1024 x 1024 is 765, 2048 x 4096 is 1105 (high detail); 1024 x 1024 is 1024 patches for the small
 * models, 1800 x 2400 at most 1536. Anthropic's: 1092 x 1092 is about 1590. */
TEST(images_count_as_their_vendors_say)
{
    const struct token_image gpt_4o = token_counter_for(S("gpt-4o")).image,
                             mini = token_counter_for(S("gpt-4.1-mini")).image,
                             claude = token_counter_for(S("claude-x")).image,
                             gemini = token_counter_for(S("gemini-2")).image;

    CHECK_INT(image_tokens(&gpt_4o, 1024, 1024), 765);
    CHECK_INT(image_tokens(&gpt_4o, 2048, 4096), 1105);
    CHECK_INT(image_tokens(&gpt_4o, 100, 100), 255);
    CHECK_INT(image_tokens(&mini, 1024, 1024), 1659);
    CHECK_INT(image_tokens(&mini, 1800, 2400), 2489);
    CHECK_INT(image_tokens(&claude, 1092, 1092), 1590);
    CHECK_INT(image_tokens(&claude, 8000, 8000), 1600);
    CHECK_INT(image_tokens(&gemini, 384, 384), 258);
    CHECK_INT(image_tokens(&gemini, 1000, 700), 516);
}

TEST(the_size_of_an_image_is_in_its_head)
{
    static const struct { const char *base64; int64_t w, h; } rows[] = {
        { "iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAYAAAA=", 640, 480 },
        { "R0lGODlhLAHIAPAAAAA=", 300, 200 },
        { "UklGRgAAAABXRUJQVlA4WAoAAAAAAAAAPwEA7wAA", 320, 240 },
        { "/9j/4AAQSkZJRgABAQAAAQABAAD/wAARCAGQAlgDASIAAhEBAxEB", 600, 400 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t w = 0, h = 0;

        CHECK(image_size(str_c(rows[i].base64), &w, &h));
        CHECK_INT(w, rows[i].w);
        CHECK_INT(h, rows[i].h);
        for (size_t cut = 0; cut < strlen(rows[i].base64); cut += 4)      /* never past the end */
            image_size(str_n(rows[i].base64, cut), &w, &h);
    }
    CHECK(!image_size(S("bm90IGFuIGltYWdl"), &(int64_t){ 0 }, &(int64_t){ 0 }));
    CHECK(!image_size(S("***"), &(int64_t){ 0 }, &(int64_t){ 0 }));
}
