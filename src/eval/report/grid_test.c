#include "base/test.h"

#include "eval/report/grid.h"

static const struct grid_column columns[] = {
    { .heading = "" }, { .heading = "name", .least = 6 }, { .heading = "n", .right = true }, { .heading = "extra", .drop = 1 },
    { .heading = "more", .right = true, .drop = 2 },
};

static struct str drawn(int width, bool color, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 16);
    struct report_options o = { .columns = width, .color = color };
    struct grid *g = grid_new(a, columns, COUNT_OF(columns));

    grid_cell(g, S("A"), GRID_RED);
    grid_cell(g, S("a-long-name-of-\xe6\xa8\xa1\xe5\x9e\x8b\x1b[31m"), GRID_PLAIN);
    grid_cellf(g, "%d", 12345);
    grid_cell(g, S("yes"), GRID_PLAIN);
    grid_cellf(g, "%d", 7);
    grid_cell(g, S("B"), GRID_PLAIN);
    grid_cell(g, S("b"), GRID_PLAIN);
    grid_end(g);
    CHECK_INT(grid_rows(g), 2);
    grid_write(g, &o, 1, &b);
    return arena_strdup(a, buf_str(&b));
}

TEST(a_grid_shrinks_then_drops_then_cuts_and_is_never_too_wide)
{
    AUTO_ARENA *a = arena_new_sized(0);

    CHECK_STR(drawn(80, false, a), "    name                          n  extra  more\n"
                                   " A  a-long-name-of-\xe6\xa8\xa1\xe5\x9e\x8b?[31m  12345  yes       7\n"
                                   " B  b\n");
    CHECK(str_contains(drawn(40, false, a), S("\xe2\x80\xa6")) && str_contains(drawn(40, false, a), S("more")));
    CHECK(!str_contains(drawn(28, false, a), S("more")) && str_contains(drawn(28, false, a), S("extra")));
    CHECK(!str_contains(drawn(21, false, a), S("extra")));
    for (int width = GRID_COLUMNS_MIN; width < 90; width++) {
        struct str rest = drawn(width, false, a), line;

        while (str_split(&rest, '\n', &line))
            if (str_utf8_width(line) > (size_t)width || str_ends(line, S(" ")))
                test_fail(__FILE__, __LINE__, "%d columns: \"" STR_FMT "\"", width, STR_ARG(line));
    }
    CHECK(str_contains(drawn(80, true, a), S("\x1b[31mA\x1b[0m")) &&
          str_contains(drawn(80, true, a), S("\x1b[1mname\x1b[0m")));
}

TEST(words_are_wrapped_by_their_width)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf b = BUF_INIT(4096);
    struct report_options o = { .columns = 20 };

    buf_puts(&b, "label ");
    grid_words(S("one two \xe6\xa8\xa1\xe5\x9e\x8b\xe6\xa8\xa1 three a-word-that-is-far-too-long-for-it"), 6, 3, &o, a, &b);
    CHECK_STR(buf_str(&b), "label one two \xe6\xa8\xa1\xe5\x9e\x8b\xe6\xa8\xa1\n   three\n   a-word-t\xe2\x80\xa6" "g-for-it\n");
}
