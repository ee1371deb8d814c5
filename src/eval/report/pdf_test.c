#include "base/test.h"

#include "eval/report/fixture_test.h"
#include "eval/report/pdf.h"

static enum err_code pdf_of(const struct fixture *f, const struct report_options *o, struct buf *out, struct err *e)
{
    struct report_sink sink = report_to_buf(out);
    struct result *r;

    TRY(result_load(f->store, f->run, f->arena, &r, e));
    return report_find(S("pdf"))->write(r, f->store, o, &sink, e);
}

/* Whole: from its first bytes to its last. */
static void whole(struct str pdf)
{
    CHECK(str_starts(pdf, S("%PDF-1.")));
    CHECK(str_ends(str_trim_end(pdf), S("%%EOF")));
}

static double rule_none(int64_t v, int64_t c, int64_t r)
{
    (void)v, (void)c, (void)r;
    return -1;
}

TEST(a_pdf_of_a_run_is_whole_and_says_the_same_twice)
{
    AUTO_BUF struct buf one = BUF_INIT(16u << 20), two = BUF_INIT(16u << 20);
    struct fixture f;
    struct err e = ERR_INIT;

    REQUIRE(fixture_tickets(&f));
    CHECK_OK(pdf_of(&f, &(struct report_options){ 0 }, &one, &e));
    CHECK_OK(pdf_of(&f, &(struct report_options){ 0 }, &two, &e));
    whole(buf_str(&one));
    CHECK_INT(one.len, two.len);
    CHECK(str_contains(buf_str(&one), S("support_tickets: models compared")));       /* its title */
    fixture_free(&f);
}

TEST(a_pdf_where_every_call_failed_is_whole)
{
    static const char *const names[] = { "sim:broken" };
    static const int64_t costs[] = { 0 };
    AUTO_BUF struct buf b = BUF_INIT(16u << 20);
    struct fixture f;
    struct err e = ERR_INIT;

    REQUIRE(fixture_make(&f, &(struct fixture_shape){ .cases = 3, .variants = 1, .repeat = 1, .names = names, .rule = rule_none,
                         .cost_nanousd = costs, .no_expected = true }));
    CHECK_OK(pdf_of(&f, &(struct report_options){ .trials = -1 }, &b, &e));
    whole(buf_str(&b));
    fixture_free(&f);
}

struct full { size_t left; };

static enum err_code sink_fills(void *arg, struct str bytes, struct err *e)
{
    struct full *f = arg;

    if (bytes.len > f->left)
        return err_set(e, ERR_IO, "the disk is full");
    f->left -= bytes.len;
    return ERR_OK;
}

TEST(a_sink_that_fails_anywhere_gives_its_own_sentence)
{
    struct fixture f;
    struct result *r;
    struct err e = ERR_INIT;

    REQUIRE(fixture_tickets(&f));
    CHECK_OK(result_load(f.store, f.run, f.arena, &r, &e));
    for (size_t left = 0; left < 40000; left = left * 5 + 10) {
        struct full full = { left };

        CHECK_INT(report_find(S("pdf"))->write(r, f.store, &(struct report_options){ 0 },
                                               &(struct report_sink){ sink_fills, &full }, &e),
                  ERR_IO);
        CHECK_STR(str_c(e.text), "the disk is full");
    }
    fixture_free(&f);
}

TEST(the_worst_trials_are_critical_ones_then_wrong_ones_then_failed_ones)
{
    struct fixture f;
    struct result *r;
    struct pdf_worst w, few, none;
    struct err e = ERR_INIT;

    REQUIRE(fixture_tickets(&f));
    CHECK_OK(result_load(f.store, f.run, f.arena, &r, &e));
    CHECK_OK(pdf_worst_find(r, f.store, 1000, f.arena, &w, &e));
    CHECK_INT(w.count, w.all);
    CHECK(w.count > 20 && w.count < 320);
    for (size_t i = 0; i + 1 < w.count; i++)
        CHECK(w.bad[i].badness > w.bad[i + 1].badness ||
              (w.bad[i].badness == w.bad[i + 1].badness &&
               (w.bad[i].place < w.bad[i + 1].place ||
                (w.bad[i].place == w.bad[i + 1].place && w.bad[i].number < w.bad[i + 1].number))));
    CHECK_OK(pdf_worst_find(r, f.store, 7, f.arena, &few, &e));
    CHECK_INT(few.count, 7);
    CHECK_INT(few.all, w.all);
    for (size_t i = 0; i < few.count; i++)
        CHECK_INT(few.bad[i].number, w.bad[i].number);
    CHECK_OK(pdf_worst_find(r, f.store, 0, f.arena, &none, &e));
    CHECK(none.count == 0 && none.all == w.all);
    fixture_free(&f);
}

/* A document made by hand in both rounds; returns what the second found. */
static struct pdf_plan draw(void (*fn)(struct pdf *p), struct buf *out)
{
    const struct pdf_info info = { .title = S("a (title\\) \xe4\xb8\xad"), .subject = S("\x01\xff"), .foot = S("foot") };
    struct report_sink sink = report_to_buf(out);
    struct pdf_plan first = { 0 }, second = { 0 };
    struct err e = ERR_INIT;
    struct pdf *p;

    for (int round = 0; round < 2; round++) {
        if (pdf_begin(&info, round ? &first : NULL, &sink, &p, &e) != ERR_OK) {
            test_fail(__FILE__, __LINE__, "%s", e.text);
            return second;
        }
        fn(p);
        CHECK(!pdf_failed(p));
        CHECK_OK(pdf_end(p, round ? &second : &first, &e));
    }
    CHECK_INT(first.pages, second.pages);
    whole(buf_str(out));
    return second;
}

static void draw_nothing(struct pdf *p)
{
    (void)p;
}

static void draw_hostile(struct pdf *p)
{
    char *big = memset(arena_alloc(pdf_arena(p), 1 << 20), 'x', 1 << 20);
    struct str line = str_n(big, 1 << 20), odd = S("\xff\x1b[2J\xef\xbf\xbe\xef\xb7\x90\0\xe2\x80\xae\xf0\x9f\x98\x80 "
                                                   "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe4\xb8\xad\xe6\x96\x87\r\n\tz");
    char *lines = memset(arena_alloc(pdf_arena(p), 3000), '\n', 3000);

    pdf_text(p, PDF_TITLE, SCENE_INK, line);
    pdf_section(p, "One", 10);
    pdf_part(p, line);
    pdf_quoted(p, "big", line);
    pdf_quoted(p, "odd", odd);
    pdf_quoted(p, "lines", str_n(lines, 3000));
    pdf_quoted(p, "none", S(" \n "));
    pdf_labelled(p, "label", 90, line, SCENE_INK);
    pdf_text(p, PDF_BODY, SCENE_INK, S(""));
    pdf_table_begin(p, (const struct pdf_column[]){ { "a", 0, SCENE_START }, { "b", 60, SCENE_END } }, 2);
    pdf_table_row(p, (struct str[]){ line, odd }, true);
    pdf_table_end(p);
}

static void draw_table(struct pdf *p)
{
    const struct pdf_column columns[] = { { "number", 60, SCENE_END }, { "name", 0, SCENE_START }, { "middle", 80, SCENE_MIDDLE } };

    pdf_section(p, "Rows", 10);
    pdf_table_begin(p, columns, 3);
    for (int i = 0; i < 500; i++)
        pdf_table_row(p, (struct str[]){ arena_printf(pdf_arena(p), "%d", i), S("a row"), S("") }, i % 9 == 0);
    pdf_table_end(p);
    pdf_section(p, "After", 10);
}

TEST(paper_takes_nothing_and_hostile_text_and_long_tables)
{
    AUTO_BUF struct buf empty = BUF_INIT(1 << 20), odd = BUF_INIT(4 << 20), rows = BUF_INIT(4 << 20);
    struct pdf_plan plan = draw(draw_nothing, &empty);

    CHECK_INT(plan.pages, 1);
    plan = draw(draw_hostile, &odd);
    CHECK(plan.pages >= 4 && plan.pages <= 9);              /* each megabyte is cut to PDF_TEXT_BYTES, each text to its lines */
    plan = draw(draw_table, &rows);
    CHECK(plan.pages >= 10 && plan.pages <= 13);
    CHECK_INT(plan.section_count, 2);
    CHECK_INT(plan.sections[0].page, 1);
    CHECK_INT(plan.sections[1].page, plan.pages);
}

TEST(text_is_cleaned_for_paper)
{
    AUTO_ARENA *a = arena_new_sized(0);

    CHECK_STR(pdf_clean(S("a\r\nb\tc\x1b\x7f"), 100, a), "a\nb\tc\xef\xbf\xbd\xef\xbf\xbd");
    CHECK_STR(pdf_clean(S("\xe2\x80\xae\xff\xe2\x80\xa8z"), 100, a), "\xef\xbf\xbd\xef\xbf\xbd\nz");
    CHECK_STR(pdf_clean(S("\xc3\xa4\xc3\xa4\xc3\xa4"), 3, a), "\xc3\xa4");
    CHECK_STR(pdf_clean(S(""), 3, a), "");
}
