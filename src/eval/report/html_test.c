#include "base/test.h"

#include "eval/report/fixture_test.h"
#include "eval/report/html.h"

#include "embedded.h"

/* The first block of that kind from *from on, unpacked; *from moves past it. False when there is none. */
static bool block(struct str page, const char *kind, size_t *from, struct buf *out)
{
    char mark[64];
    ptrdiff_t at, begin, end;
    size_t packed_len;
    unsigned char *packed;
    uLongf len = 8u << 20;
    char *plain;

    snprintf(mark, sizeof mark, "data-k=\"%s\"", kind);
    at = str_find(str_from(page, *from), str_c(mark));
    if (at < 0)
        return false;
    begin = (ptrdiff_t)*from + at + str_find_byte(str_from(page, *from + (size_t)at), '>') + 1;
    end = begin + str_find_byte(str_from(page, (size_t)begin), '<');
    *from = (size_t)end;
    packed = xmalloc((size_t)(end - begin));
    plain = xmalloc(len);
    buf_reset(out);
    if (sodium_base642bin(packed, (size_t)(end - begin), page.at + begin, (size_t)(end - begin), NULL, &packed_len,
                          NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
        uncompress((Bytef *)plain, &len, packed, (uLong)packed_len) == Z_OK)
        buf_append(out, str_n(plain, len));
    free(packed);
    free(plain);
    return true;
}

static json_t *block_json(struct str page, const char *kind)
{
    AUTO_BUF struct buf b = BUF_INIT(8u << 20);
    size_t from = 0;
    json_t *j = NULL;
    struct err e = ERR_INIT;

    if (!block(page, kind, &from, &b) || json_read(buf_str(&b), &j, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "no block of %s: %s", kind, e.text);
    return j;
}

static void tickets_page(const struct report_options *options, struct buf *out)
{
    struct report_sink sink = report_to_buf(out);
    struct fixture x;
    struct result *r;
    struct err e = ERR_INIT;

    if (fixture_tickets(&x) && result_load(x.store, x.run, x.arena, &r, &e) == ERR_OK)
        CHECK_OK(report_find(S("html"))->write(r, x.store, options, &sink, &e));
    else
        test_fail(__FILE__, __LINE__, "%s", e.text);
    fixture_free(&x);
}

TEST(a_page_asks_no_network_and_lets_only_its_own_script_run)
{
    AUTO_BUF struct buf b = BUF_INIT(16u << 20);
    struct str page, rest;
    ptrdiff_t script;
    unsigned char hash[crypto_hash_sha256_BYTES];
    char name[64];

    tickets_page(&(struct report_options){ 0 }, &b);
    page = buf_str(&b);
    CHECK(str_starts(page, S("<!doctype html>")));
    CHECK(str_ends(page, S("</html>\n")));
    CHECK(str_contains(page, S("default-src 'none'")));
    CHECK(!str_contains(page, S("unsafe-")));
    CHECK(!str_contains(page, S(" src=")));
    CHECK(!str_contains(page, S("<link")));
    script = str_find(page, S("<script>"));
    REQUIRE(script > 0);
    rest = str_from(page, (size_t)script + 8);
    rest.len = (size_t)str_find(rest, S("</script>"));
    crypto_hash_sha256(hash, (const unsigned char *)rest.at, rest.len);
    sodium_bin2base64(name, sizeof name, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    CHECK(str_contains(page, str_c(name)));
    CHECK(str_find(str_from(page, (size_t)script + 8), S("<script>")) < 0);        /* there is no other */
}

TEST(the_sources_of_the_page_cannot_end_their_own_element)
{
    for (const struct embedded *f = embedded_files; f->path; f++) {
        if (!str_starts(str_c(f->path), S("src/eval/report/html/")))
            continue;
        if (str_ifind(f->bytes, S("</script")) >= 0 || str_ifind(f->bytes, S("</style")) >= 0 ||
            str_ifind(f->bytes, S("<!--")) >= 0)
            test_fail(__FILE__, __LINE__, "%s", f->path);
        CHECK(str_find(f->bytes, S("innerHTML")) < 0);
        CHECK(str_find(f->bytes, S("eval(")) < 0);
        CHECK(str_find(f->bytes, S("http")) < 0 || str_find(f->bytes, S("http://www.w3.org")) > 0);
    }
}

TEST(nothing_a_run_says_stands_in_the_page_as_it_is)
{
    AUTO_BUF struct buf b = BUF_INIT(16u << 20);

    tickets_page(&(struct report_options){ 0 }, &b);
    CHECK(!str_contains(buf_str(&b), S("support_tickets")));
    CHECK(!str_contains(buf_str(&b), S("gpt-4o")));
    CHECK(!str_contains(buf_str(&b), S("calc'!A0")));
    CHECK(!memchr(b.bytes, 0x1b, b.len));
}

/* Columns as html.h lays them down. */
TEST(rows_hold_what_the_store_holds)
{
    AUTO_BUF struct buf b = BUF_INIT(16u << 20), rows = BUF_INIT(8u << 20);
    size_t from = 0, n = 64 * 5, scorers = 6;
    int64_t failed = 0, unknown = 0, violating = 0, number = -1;
    const unsigned char *at;

    tickets_page(&(struct report_options){ 0 }, &b);
    REQUIRE(block(buf_str(&b), "rows", &from, &rows));
    REQUIRE(rows.len == n * (8 + 4 * 4 + 4 * scorers + 2 + 3));
    at = (const unsigned char *)rows.bytes;
    for (size_t i = 0; i < n; i++) {
        double cost;

        memcpy(&cost, at + i * 8, 8);
        unknown += cost != cost;
    }
    CHECK(unknown == 64 - 4);               /* sim:swift has no price; its four failed trials cost nothing */
    for (size_t i = 0; i < n; i++) {
        uint32_t step;

        memcpy(&step, at + n * 8 + i * 4, 4);
        number += step;
        CHECK(number == (int64_t)i);
    }
    at += n * (8 + 16 + 4 * scorers + 2);
    for (size_t i = 0; i < n; i++) {
        failed += at[i] != 0;
        CHECK(at[i] == 0 || at[i] == ERR_TIMEOUT + 1);
        violating += at[n + i] != 0;
    }
    CHECK(failed == 4);
    CHECK(violating > 0);
    CHECK(!block(buf_str(&b), "rows", &from, &rows));
}

TEST(the_plan_keeps_failures_first_and_says_what_is_left_out)
{
    static const int64_t asked[] = { REPORT_TEXTS_ALL, REPORT_TEXTS_NONE, 7, 100000, REPORT_TEXTS_FIT };
    static const int64_t kept[] = { 320, 0, 7, 320, 320 };

    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        AUTO_BUF struct buf b = BUF_INIT(16u << 20), texts = BUF_INIT(8u << 20);
        AUTO_JSON *plan = NULL;
        int64_t seen = 0;
        size_t from = 0;

        tickets_page(&(struct report_options){ .texts = asked[i] }, &b);
        plan = block_json(buf_str(&b), "plan");
        CHECK(json_get_i64(plan, "trials", 0) == 320);
        CHECK(json_get_i64(plan, "texts", -1) == kept[i]);
        CHECK(!json_get_bool(plan, "cases", true));     /* no blob was given */
        while (block(buf_str(&b), "texts", &from, &texts)) {
            AUTO_JSON *j = NULL;
            struct err e = ERR_INIT;

            CHECK_OK(json_read(buf_str(&texts), &j, &e));
            seen += (int64_t)json_array_size(json_child(j, "r"));
            CHECK(json_array_size(json_child(j, "r")) == json_array_size(json_child(j, "t")));
        }
        CHECK(seen == kept[i]);
    }
}

/* Writes the trials alone with the limits given. */
static void trials_of(int64_t trials_max, int64_t fit_bytes, size_t block_bytes, struct buf *out)
{
    struct report_sink sink = report_to_buf(out);
    struct html_out to;
    struct fixture x;
    struct result *r;
    struct err e = ERR_INIT;

    html_out_init(&to, &sink);
    to.trials_max = trials_max;
    to.fit_bytes = fit_bytes;
    to.block_bytes = block_bytes;
    if (fixture_tickets(&x) && result_load(x.store, x.run, x.arena, &r, &e) == ERR_OK)
        CHECK_OK(html_trials(r, x.store, &(struct report_options){ 0 }, &to, &e));
    else
        test_fail(__FILE__, __LINE__, "%s", e.text);
    html_out_dispose(&to);
    fixture_free(&x);
}

TEST(past_its_ceilings_a_page_lists_fewer_trials_and_counts_the_others)
{
    AUTO_BUF struct buf b = BUF_INIT(16u << 20), small = BUF_INIT(16u << 20), heads = BUF_INIT(8u << 20);
    AUTO_JSON *plan = NULL, *fit = NULL, *j = NULL;
    size_t from = 0;
    struct err e = ERR_INIT;

    trials_of(100, HTML_FIT_BYTES, HTML_BLOCK_BYTES, &b);
    plan = block_json(buf_str(&b), "plan");
    CHECK(json_get_i64(plan, "trials", 0) == 100);
    CHECK(json_get_i64(plan, "unlisted", 0) == 220);
    CHECK(json_get_i64(plan, "texts", 0) == 100);
    REQUIRE(block(buf_str(&b), "heads", &from, &heads));
    CHECK_OK(json_read(buf_str(&heads), &j, &e));
    CHECK(json_array_size(json_child(j, "o")) == 100);
    trials_of(HTML_TRIALS_MAX, 300, HTML_BLOCK_BYTES, &small);
    fit = block_json(buf_str(&small), "plan");
    CHECK(json_get_i64(fit, "trials", 0) == 320);
    CHECK(json_get_i64(fit, "texts", 320) < 320);
    CHECK(json_get_i64(fit, "texts", 0) > 0);
}

/* Blocks of one trial each are far larger than the sample, whose trials shared blocks, made one expect. */
TEST(texts_that_grow_past_what_was_foretold_are_stopped_and_counted)
{
    AUTO_BUF struct buf b = BUF_INIT(16u << 20), all = BUF_INIT(16u << 20);
    AUTO_JSON *plan = NULL, *end = NULL, *whole = NULL;

    trials_of(HTML_TRIALS_MAX, 3000, 1, &b);
    plan = block_json(buf_str(&b), "plan");
    end = block_json(buf_str(&b), "end");
    CHECK(json_get_i64(plan, "texts", 0) > 100);
    CHECK(json_get_i64(end, "texts", 0) > 0);
    CHECK(json_get_i64(end, "texts", 0) < json_get_i64(plan, "texts", 0));
    trials_of(HTML_TRIALS_MAX, HTML_FIT_BYTES, 1, &all);
    whole = block_json(buf_str(&all), "end");
    CHECK(json_get_i64(whole, "texts", 0) == 320);
}

TEST(the_search_sees_more_of_each_text_in_a_small_run)
{
    CHECK(html_head_bytes(0) == HTML_HEAD_MAX);
    CHECK(html_head_bytes(1000) == HTML_HEAD_MAX);
    CHECK(html_head_bytes(100000) == HTML_SEARCH_BYTES / 100000);
    CHECK(html_head_bytes(INT64_C(100000000)) == HTML_HEAD_MIN);
}

static enum err_code full_disk(void *left, struct str bytes, struct err *e)
{
    size_t *n = left;

    if (*n < bytes.len)
        return err_set(e, ERR_IO, "the disk is full");
    *n -= bytes.len;
    return ERR_OK;
}

TEST(a_page_that_can_not_be_written_ends_with_the_sinks_own_word)
{
    struct fixture x;
    struct result *r;
    struct err e = ERR_INIT;

    REQUIRE(fixture_tickets(&x) && result_load(x.store, x.run, x.arena, &r, &e) == ERR_OK);
    for (size_t room = 0; room < 200000; room += 1777) {
        size_t left = room;
        struct report_sink sink = { full_disk, &left };
        enum err_code code = report_find(S("html"))->write(r, x.store, &(struct report_options){ 0 }, &sink, &e);

        if (code == ERR_OK)
            break;
        CHECK(code == ERR_IO);
        CHECK_STR(str_c(e.text), "the disk is full");
    }
    fixture_free(&x);
}
