#include "base/test.h"

#include <stdio.h>

/* Rows joined as "a|b;c|d;" or "error: ...". */
static void csv_flat(struct str text, struct buf *out)
{
    struct csv c;
    const struct str *fields;
    struct err e = ERR_INIT;
    size_t n;
    bool more;

    csv_open_str(&c, text, ',');
    for (;;) {
        if (csv_next(&c, &fields, &n, &more, &e) != ERR_OK) {
            buf_printf(out, "error: %s", e.text);
            break;
        }
        if (!more)
            break;
        for (size_t i = 0; i < n; i++)
            buf_printf(out, "%s" STR_FMT, i ? "|" : "", STR_ARG(fields[i]));
        buf_byte(out, ';');
    }
    csv_close(&c);
}

#define CHECK_CSV(text, want)                           \
    do {                                                \
        AUTO_BUF struct buf out_ = BUF_INIT(1 << 16);   \
        csv_flat(S(text), &out_);                       \
        CHECK_STR(buf_str(&out_), want);                \
    } while (0)

TEST(csv_reads_quotes_line_ends_and_marks)
{
    CHECK_CSV("", "");
    CHECK_CSV("a,b\nc,d\n", "a|b;c|d;");
    CHECK_CSV("a,b\r\nc,d", "a|b;c|d;");
    CHECK_CSV("a,b\rc,d\r", "a|b;c|d;");
    CHECK_CSV("\xef\xbb\xbf" "a,b\n", "a|b;");
    CHECK_CSV("a,,\n", "a||;");
    CHECK_CSV(",\n", "|;");
    CHECK_CSV("\"a,1\",\"say \"\"hi\"\"\"\n", "a,1|say \"hi\";");
    CHECK_CSV("\"two\nlines\",x\n", "two\nlines|x;");
    CHECK_CSV("\"two\r\nlines\",x\r\n", "two\r\nlines|x;");
    CHECK_CSV("5\" disk,x\n", "5\" disk|x;");
    CHECK_CSV("\"\"\n", ";");
    CHECK_CSV("\n\na\n\n\nb\n", "a;b;");
    CHECK_CSV("\r\n\r\na\r\n\r\nb", "a;b;");
    CHECK_CSV("a,", "a|;");
}

TEST(csv_names_the_line_of_a_fault)
{
    CHECK_CSV("a,b\n\"x\"y,z\n",
              "a|b;error: 2: text after a closing quote; double a quote that belongs to the text");
    CHECK_CSV("a\n\n\"open\nstill", "a;error: 3: a quote in the row that begins here is never closed");
}

TEST(csv_rows_know_their_lines)
{
    struct csv c;
    const struct str *f;
    size_t n;
    bool more;

    csv_open_str(&c, S("h\r\n\"a\r\nb\"\r\n\r\nc\r\n"), ',');
    CHECK_OK(csv_next(&c, &f, &n, &more, NULL));
    CHECK_INT(c.row_line, 1);
    CHECK_OK(csv_next(&c, &f, &n, &more, NULL));
    CHECK_INT(c.row_line, 2);
    CHECK_OK(csv_next(&c, &f, &n, &more, NULL));
    CHECK_INT(c.row_line, 5);
    CHECK_STR(f[0], "c");
    CHECK_OK(csv_next(&c, &f, &n, &more, NULL));
    CHECK(!more);
    csv_close(&c);
}

TEST(csv_streams_a_file_across_window_edges)
{
    char path[128];
    FILE *f;
    struct csv c;
    const struct str *fields;
    size_t n, rows = 0;
    bool more;

    snprintf(path, sizeof path, "%s/big.csv", test_folder());
    f = fopen(path, "w");
    REQUIRE(f);
    for (int i = 0; i < 20000; i++)
        fprintf(f, "%d,\"row \"\"%d\"\"\r\nmore\"\r\n", i, i);
    fclose(f);
    CHECK_OK(csv_open(&c, path, ',', NULL));
    for (;; rows++) {
        char want[64];

        CHECK_OK(csv_next(&c, &fields, &n, &more, NULL));
        if (!more)
            break;
        snprintf(want, sizeof want, "row \"%zu\"\r\nmore", rows);
        if (n != 2 || !str_is(fields[1], want) || c.row_line != (int64_t)rows * 2 + 1) {
            CHECK_STR(fields[n - 1], want);
            break;
        }
    }
    CHECK_INT(rows, 20000);
    csv_close(&c);
}

TEST(csv_too_many_fields_are_refused)
{
    AUTO_BUF struct buf text = BUF_INIT(1 << 16), out = BUF_INIT(1 << 16);

    for (int i = 0; i < CSV_FIELDS_MAX + 1; i++)
        buf_puts(&text, "x,");
    csv_flat(buf_str(&text), &out);
    CHECK_STR(buf_str(&out), "error: 1: a row has more than 4096 fields");
}
