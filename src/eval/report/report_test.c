#include "base/test.h"

#include "eval/report/fixture_test.h"
#include "eval/report/spread.h"

/* The report of the tickets run in `out`. */
static void report(const char *format, const struct report_options *options, struct buf *out)
{
    const struct report_format *f = report_find(str_c(format));
    struct report_sink sink = report_to_buf(out);
    struct fixture x;
    struct result *r;
    struct err e = ERR_INIT;

    if (f && fixture_tickets(&x) && result_load(x.store, x.run, x.arena, &r, &e) == ERR_OK)
        CHECK_OK(f->write(r, x.store, options, &sink, &e));
    else
        test_fail(__FILE__, __LINE__, "%s: %s", format, e.text);
    fixture_free(&x);
}

static size_t widest(struct str text)
{
    struct str line;
    size_t most = 0;

    while (str_split(&text, '\n', &line))
        most = MAX(most, str_utf8_width(line));
    return most;
}

TEST(the_table_looks_as_it_did)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 20), wide = BUF_INIT(1 << 20), ascii = BUF_INIT(1 << 20);

    report("table", &(struct report_options){ .columns = 80 }, &b);
    fixture_golden("table-80.txt", buf_str(&b));
    CHECK(widest(buf_str(&b)) <= 80);
    report("table", &(struct report_options){ .columns = 140, .detail = true }, &wide);
    fixture_golden("table-140.txt", buf_str(&wide));
    report("table", &(struct report_options){ .columns = 80, .ascii = true, .no_header = true }, &ascii);
    fixture_golden("table-80-ascii.txt", buf_str(&ascii));
    for (size_t i = 0; i < ascii.len; i++)
        if (ascii.bytes[i] & 0x80)
            REQUIRE(!"a byte above 0x7f");
    CHECK(!memchr(b.bytes, 0x1b, b.len) && !memchr(wide.bytes, 0x1b, wide.len));
}

TEST(no_line_of_the_table_is_wider_than_the_terminal)
{
    for (int columns = 36; columns <= 200; columns += 7) {
        AUTO_BUF struct buf b = BUF_INIT(1 << 20);
        struct str rest, line;

        report("table", &(struct report_options){ .columns = columns, .detail = true }, &b);
        if (widest(buf_str(&b)) > (size_t)columns)
            test_fail(__FILE__, __LINE__, "%d columns: %zu wide\n" STR_FMT, columns, widest(buf_str(&b)),
                      STR_ARG(buf_str(&b)));
        rest = buf_str(&b);
        while (str_split(&rest, '\n', &line))
            CHECK(!str_ends(line, S(" ")));
    }
}

TEST(colour_only_paints)
{
    AUTO_BUF struct buf plain = BUF_INIT(1 << 20), color = BUF_INIT(1 << 20), stripped = BUF_INIT(1 << 20);

    report("table", &(struct report_options){ .columns = 100 }, &plain);
    report("table", &(struct report_options){ .columns = 100, .color = true }, &color);
    for (size_t i = 0; i < color.len; i++) {
        if (color.bytes[i] == 0x1b)
            while (color.bytes[i] != 'm')
                i++;
        else
            buf_byte(&stripped, color.bytes[i]);
    }
    CHECK(color.len > plain.len);
    CHECK(str_eq(buf_str(&stripped), buf_str(&plain)));
}

TEST(the_other_reports_look_as_they_did)
{
    static const char *const formats[][2] = {
        { "csv", "report.csv" }, { "jsonl", "report.jsonl" }, { "junit", "report.xml" }, { "markdown", "report.md" }, { "json", "report.json" },
    };

    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        AUTO_BUF struct buf b = BUF_INIT(8 << 20);
        size_t end = 0;

        report(formats[i][0], &(struct report_options){ .detail = true }, &b);
        for (int lines = 0; i < 3 && lines < 24 && end < b.len; lines += b.bytes[end++] == '\n')
            ;                                           /* of what has a line per trial, the first lines */
        fixture_golden(formats[i][1], end ? str_sub(buf_str(&b), 0, end) : buf_str(&b));
    }
}

static double report_every_third(int64_t v, int64_t c, int64_t r)
{
    return (v + c + r) % 3 > 0;
}

TEST(failed_checks_are_counted_by_trial_also_with_repetitions)
{
    static const char *const names[] = { "one", "two" };
    AUTO_BUF struct buf b = BUF_INIT(8 << 20);
    struct report_sink sink = report_to_buf(&b);
    AUTO_JSON *o = NULL;
    struct fixture f;
    struct result *r;
    struct err e = ERR_INIT;

    REQUIRE(fixture_make(&f, &(struct fixture_shape){ .cases = 20, .variants = 2, .repeat = 3, .names = names,
                             .rule = report_every_third, .cost_nanousd = (const int64_t[]){ 1000, 1000 } }));
    CHECK_OK(result_load(f.store, f.run, f.arena, &r, &e));
    CHECK_OK(report_find(S("json"))->write(r, f.store, &(struct report_options){ 0 }, &sink, &e));
    CHECK_OK(json_read(buf_str(&b), &o, &e));
    for (size_t i = 0; i < 2; i++) {
        const json_t *v = json_array_get(json_child(o, "variants"), i), *x = JSON_AT(v, "scores", "known_queue");

        CHECK_INT(json_get_i64(x, "n", 0), 20);
        CHECK_INT(json_get_i64(x, "trials", 0), 60);
        CHECK_INT(json_get_i64(x, "failed", 0), 5);     /* a third of the trials of every fourth case */
    }
    fixture_free(&f);
}

TEST(a_spreadsheet_runs_no_cell)
{
    AUTO_BUF struct buf b = BUF_INIT(8 << 20);
    struct str rest, line;
    size_t rows = 0;

    report("csv", &(struct report_options){ 0 }, &b);
    rest = buf_str(&b);
    CHECK(str_starts(
        rest, S("model_name,task_name,status,input_tokens,output_tokens,total_tokens,cost_usd,latency_ms,error,")));
    CHECK(str_contains(rest, S(",\"'=cmd|' /C calc'!A0")));
    CHECK(!str_contains(rest, S(",\"=")));
    while (str_split(&rest, '\n', &line))
        rows += line.len > 0;
    CHECK_INT(rows, 321);
}

TEST(json_lines_are_json)
{
    AUTO_BUF struct buf b = BUF_INIT(8 << 20);
    struct str rest, line;
    size_t n = 0;

    report("jsonl", &(struct report_options){ .transcripts = true }, &b);
    rest = buf_str(&b);
    while (str_split(&rest, '\n', &line)) {
        AUTO_JSON *o = NULL;
        struct err e = ERR_INIT;

        if (!line.len)
            continue;
        CHECK_OK(json_read(line, &o, &e));
        CHECK_INT(json_get_i64(o, "trial", -1), (int64_t)n++);
        CHECK(json_child(json_child(o, "scores"), "known_queue"));
        CHECK(json_child(o, "transcript"));
    }
    CHECK_INT(n, 320);
}

TEST(what_was_said_is_in_json_and_csv_when_asked_for)
{
    AUTO_BUF struct buf json = BUF_INIT(8 << 20), csv = BUF_INIT(8 << 20);
    AUTO_JSON *o = NULL;
    AUTO(csv_close) struct csv rows = { .f = NULL };
    const struct str *fields;
    size_t count = 0, n = 0;
    struct err e = ERR_INIT;
    bool more = true;

    report("json", &(struct report_options){ .transcripts = true }, &json);
    CHECK_OK(json_read(buf_str(&json), &o, &e));
    CHECK_INT(json_array_size(json_child(o, "trials")), 320);
    CHECK(json_is_array(json_child(json_child(json_array_get(json_child(o, "trials"), 319), "transcript"), "turns")));
    CHECK(json_child(o, "ledger") != NULL);
    report("csv", &(struct report_options){ .transcripts = true }, &csv);
    csv_open_str(&rows, buf_str(&csv), ',');
    while (csv_next(&rows, &fields, &count, &more, &e) == ERR_OK && more) {
        REQUIRE(count == 16 + 6 + 3);
        CHECK_STR(fields[22], n ? "It is billing." : "answer");
        CHECK_STR(fields[23], n ? "'=1+1, so \"sums\"" : "reasoning");
        CHECK_STR(fields[24], n ? "[{\"name\":\"route\",\"arguments\":{\"queue\":\"billing\"}}]" : "tool_calls");
        n++;
    }
    CHECK_INT(n, 321);
}

/* Enough of an XML reader to know that tags nest, attributes are quoted and no forbidden character is there. */
static const char *xml_fault(struct str x)
{
    static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#9;", "&#10;", "&#13;" };
    VEC(struct str) open = { 0 };
    const char *fault = NULL;

    for (size_t i = 0; i < x.len && !fault; i++) {
        unsigned char c = (unsigned char)x.at[i];
        bool known = c != '&';

        for (size_t k = 0; k < COUNT_OF(entities) && !known; k++)
            known = str_starts(str_from(x, i), str_c(entities[k]));
        if (!known)
            fault = "a bare &";
        if (c < 0x20 && c != '\n' && c != '\t' && c != '\r')
            fault = "a control character";
    }
    for (size_t i = 0; i < x.len && !fault; i++) {
        if (x.at[i] == '<' && x.at[i + 1] != '?') {
            size_t end = i + 1, name = x.at[i + 1] == '/' ? i + 2 : i + 1;
            bool quoted = false;
            struct str word;

            for (; end < x.len && (quoted || x.at[end] != '>'); end++) {
                quoted ^= x.at[end] == '"';
                if (x.at[end] == '<')
                    fault = "< inside a tag";
            }
            word = str_sub(x, name, strcspn(x.at + name, " />"));
            if (x.at[i + 1] == '/') {
                if (!open.len || !str_eq(open.at[--open.len], word))
                    fault = "tags that do not nest";
            } else if (x.at[end - 1] != '/') {
                vec_push(&open, word);
            }
            i = end;
        }
    }
    if (open.len && !fault)
        fault = "a tag never closed";
    vec_dispose(&open);
    return fault;
}

TEST(junit_is_well_formed_whatever_the_names_are)
{
    AUTO_BUF struct buf b = BUF_INIT(8 << 20);
    const char *fault;

    report("junit", &(struct report_options){ 0 }, &b);
    fault = xml_fault(buf_str(&b));
    if (fault)
        test_fail(__FILE__, __LINE__, "not XML: %s", fault);
    CHECK(str_is_utf8(buf_str(&b)));
    CHECK(str_contains(buf_str(&b), S("tests=\"330\"")));
    CHECK(xml_fault(S("<a><b></a>")) && xml_fault(S("<a x=\"&\"/>")) && !xml_fault(S("<a x=\"&amp;\"><b/></a>")));
}

TEST(names_are_cut_in_the_middle_by_columns)
{
    AUTO_ARENA *a = arena_new_sized(0);

    CHECK_STR(report_fit(S("anthropic:claude-3-5-haiku-latest"), 20, false, a), "anthropic:\xe2\x80\xa6ku-latest");
    CHECK_STR(report_fit(S("anthropic:claude-3-5-haiku-latest"), 20, true, a), "anthropic...u-latest");
    CHECK_STR(report_fit(S("short"), 20, false, a), "short");
    CHECK_STR(report_fit(S("a\x1b[31mb"), 20, false, a), "a?[31mb");
    CHECK_STR(report_fit(S("\xe6\xa8\xa1\xe5\x9e\x8b\xe6\xa8\xa1\xe5\x9e\x8b"), 5, false, a),
              "\xe6\xa8\xa1\xe2\x80\xa6\xe5\x9e\x8b");
}

TEST(numbers_are_shown_for_people)
{
    char t[REPORT_TEXT];
    struct aggregate sum = { .done = 1 };
    struct result_variant v = { .cost_known = true, .cost_usd = 0.00084, .sum = &sum };

    CHECK_STR(str_c(report_ms(820, t)), "820 ms");
    CHECK_STR(str_c(report_ms(12345, t)), "12.3 s");
    CHECK_STR(str_c(report_ms(250000, t)), "4 m 10 s");
    CHECK_STR(str_c(report_ms(-1, t)), "-");
    CHECK_STR(str_c(report_per_thousand(&v, t)), "0.84");
    v.cost_usd = 0;
    CHECK_STR(str_c(report_per_thousand(&v, t)), "free");
    v.cost_known = false;
    CHECK_STR(str_c(report_per_thousand(&v, t)), "unknown");
    CHECK_STR(str_c(report_value(METRIC_USD, 0.00012, t)), "$0.0001");
    CHECK_STR(str_c(report_date(1795248000000, t)), "2026-11-21 08:00 UTC");
}

TEST(formats_are_found_by_name_and_extension)
{
    CHECK(report_find(S("markdown")) == report_find(S("md")));
    CHECK(report_find(S("xml")) == report_find(S("junit")));
    CHECK(!report_find(S("docx")));
    for (size_t i = 1; i < report_count(); i++)
        CHECK(strcmp(report_at(i - 1)->name, report_at(i)->name) < 0);
}

static double shape_none(int64_t v, int64_t c, int64_t r)
{
    (void)v;
    (void)c;
    (void)r;
    return -1;
}

static double shape_some(int64_t v, int64_t c, int64_t r)
{
    return (v * 7 + c * 3 + r) % 5 == 0 ? 0.25 : 1;
}

/* Of the formats that hold one variant. */
static struct str shape_variant(const struct result *r)
{
    return r->variants[r->variant_count > 1 && !r->variants[0].name.len].name;
}

TEST(every_format_takes_every_shape_of_run)
{
    static const char *const names[] = {
        "m", "", "openrouter:vendor/a-model-with-a-very-long-name-indeed-2026-11-21-preview", "\xe6\xa8\xa1\xe5\x9e\x8b\xe4\xb8\x80\xe5\x8f\xb7",
        "\"quoted\" & <tagged>", "5", "6", "7", "8", "9", "10", "11",
    };
    static const int64_t costs[] = { 0, 1, MONEY_UNKNOWN, 999999999999, 5, 5, 5, 5, 5, 5, 5, 5 };
    static const struct fixture_shape shapes[] = {
        { .cases = 1, .variants = 1, .repeat = 1, .rule = shape_some, .names = names, .cost_nanousd = costs },
        { .cases = 3, .variants = 2, .repeat = 1, .rule = shape_none, .names = names, .cost_nanousd = costs },
        { .cases = 3, .variants = 3, .repeat = 3, .rule = shape_some, .names = names, .cost_nanousd = costs, .no_expected = true },
        { .cases = 9, .variants = 12, .repeat = 2, .rule = shape_some, .names = names, .cost_nanousd = costs,
          .thresholds = "[{\"metric\":\"latency\",\"low\":1},{\"metric\":\"nothing\",\"low\":1}]" },
    };

    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        struct fixture f;
        struct result *r;
        struct err e = ERR_INIT;

        REQUIRE(fixture_make(&f, &shapes[i]));
        CHECK_OK(result_load(f.store, f.run, f.arena, &r, &e));
        for (size_t k = 0; k < report_count(); k++) {
            AUTO_BUF struct buf b = BUF_INIT(8 << 20);
            struct report_sink sink = report_to_buf(&b);

            CHECK_OK(report_at(k)->write(r, f.store, &(struct report_options){ .columns = 72, .detail = true, .color = strcmp(report_at(k)->name, "table") != 0,
                                                                               .variant = shape_variant(r) },
                                         &sink, &e));
            CHECK(b.len > 0 && (report_at(k)->binary || str_is_utf8(buf_str(&b))));
            if (!strcmp(report_at(k)->name, "junit"))
                CHECK(!xml_fault(buf_str(&b)));
            if (!strcmp(report_at(k)->name, "table") && widest(buf_str(&b)) > 72)
                test_fail(__FILE__, __LINE__, "shape %zu: %zu wide:\n" STR_FMT, i, widest(buf_str(&b)),
                          STR_ARG(buf_str(&b)));
            if (getenv("ASSAY_TEST_SHOW") && report_at(k)->name[0] == 't')
                fprintf(stderr, "%s\n", buf_cstr(&b));
        }
        fixture_free(&f);
    }
}

static enum err_code sink_full(void *arg, struct str bytes, struct err *e)
{
    (void)bytes;
    return --*(int *)arg < 0 ? err_set(e, ERR_IO, "no space left") : ERR_OK;
}

TEST(a_sink_that_fails_stops_the_report)
{
    struct fixture f;
    struct result *r;
    struct err e = ERR_INIT;

    REQUIRE(fixture_tickets(&f));
    CHECK_OK(result_load(f.store, f.run, f.arena, &r, &e));
    for (size_t k = 0; k < report_count(); k++)
        for (int after = 0; after < (report_at(k)->per_trial ? 5 : 1); after++) {
            int left = after;

            CHECK_INT(report_at(k)->write(r, f.store, &(struct report_options){ .variant = shape_variant(r) },
                                          &(struct report_sink){ sink_full, &left }, &e),
                      ERR_IO);
        }
    fixture_free(&f);
}

TEST(distributions_are_drawn_by_their_counts)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct histogram h = { 0 };
    int64_t bins[4];

    CHECK_STR(spread_bars((const int64_t[]){ 0, 1, 30, 60 }, 4, true, a), "_.=#");
    CHECK_STR(spread_bars((const int64_t[]){ 0, 60 }, 2, false, a), "\xe2\x96\x81\xe2\x96\x88");
    CHECK_STR(spread_bars((const int64_t[]){ 0, 0 }, 2, true, a), "__");
    histogram_add(&h, 1, 5);
    histogram_add(&h, 10, 3);
    histogram_add(&h, 1000, 2);
    histogram_bins(&h, 1, histogram_quantile(&h, 1), bins, 4);
    CHECK_INT(bins[0], 5);
    CHECK_INT(bins[1], 3);
    CHECK_INT(bins[2], 0);
    CHECK_INT(bins[3], 2);
    histogram_bins(&h, 7, 7, bins, 4);
    CHECK_INT(bins[0], 10);
    histogram_dispose(&h);
}
