#include "base/test.h"
#include "data/data.h"
#include "data/usecase.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *usecase_folder(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", test_folder(), name);
    return path;
}

static void usecase_write(const char *folder, const char *name, const char *text)
{
    AUTO_ARENA *a = arena_new_sized(0);
    const char *path = arena_printf(a, "%s/%s", folder, name).at;

    CHECK_OK(file_mkdirs(arena_cstr(a, path_dir(str_c(path))), 0755, NULL));
    CHECK_OK(file_write_atomic(path, str_c(text), 0644, NULL));
}

TEST(usecase_text_is_read_into_its_sections)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct usecase *u;

    REQUIRE(usecase_read_text(S("x/route-tickets/"), S("\xef\xbb\xbf"
                              "# Use Case: Route Tickets\r\n"
                              "# Another\n"
                              "## METADATA\n"
                              "- **Name:** not taken\n"
                              "- **Difficulty:** Moderate\r\n"
                              "- **Primary Capability:** Classification\n"
                              "- **Token Range:** 1K-3K\n"
                              "- **Models:** sim:careful, sim:swift\n"
                              "- Difficulty: no\n"
                              "## Goal\n\nAssign each.\n### Details\nmore\n\n"
                              "## LLM Evaluation Notes\n"
                              "- not an edge case\n"
                              "**Edge cases to watch:**\n\n"
                              "- Two problems\n  in one ticket\n"
                              "- Angry tone\n"
                              "\nText after.\n- nor this\n"
                              "## Something Else\nleft alone\n"
                              "## expected output schema\nA JSON array.\n"
                              "## Quality Criteria\nEvery queue right.\n```\n## Duration Rules\n2 to 7 minutes\n"
                              "## Goal\nsecond\n"
                              "## Evaluation Script\n```sh\nno\n```\n```python\nprint(1)\nprint(2)\n```\nafter\n"),
                              a, &u, NULL) == ERR_OK);
    CHECK_STR(u->folder, "x/route-tickets");
    CHECK_STR(u->file, "x/route-tickets/USE-CASE.md");
    CHECK_STR(u->name, "Route Tickets");
    CHECK_STR(u->difficulty, "Moderate");
    CHECK_STR(u->primary_capability, "Classification");
    CHECK_STR(u->token_range, "1K-3K");
    CHECK_STR(u->models, "sim:careful, sim:swift");
    CHECK_STR(u->goal.text, "Assign each.\n### Details\nmore");
    CHECK_INT(u->goal.line, 10);
    REQUIRE(u->edge_case_count == 2);
    CHECK_STR(u->edge_cases[0], "Two problems in one ticket");
    CHECK_STR(u->edge_cases[1], "Angry tone");
    CHECK_STR(u->schema.text, "A JSON array.");
    CHECK_INT(u->format, OUTPUT_JSON);
    CHECK_STR(u->criteria.text, "Every queue right.\n```");       /* a fence does not hide a heading */
    CHECK_STR(u->durations.text, "2 to 7 minutes");
    CHECK_STR(u->script, "print(1)\nprint(2)\n");
}

TEST(usecase_without_a_title_is_called_by_name_or_folder_and_csv_anywhere_means_csv)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct usecase *u;

    CHECK_OK(usecase_read_text(S("a/b"), S("## Metadata\n- **Name:** Bee\n## Expected Output Schema\na CsV file"), a, &u, NULL));
    CHECK_STR(u->name, "Bee");
    CHECK_INT(u->format, OUTPUT_CSV);
    CHECK_STR(u->schema.text, "a CsV file");
    CHECK_OK(usecase_read_text(S("a/b"), S(""), a, &u, NULL));
    CHECK_STR(u->name, "b");
    CHECK_INT(u->format, OUTPUT_JSON);
    CHECK_INT(u->goal.line, 0);
    CHECK_INT(usecase_read_text(S("a/b"), S("# \xff"), a, &u, NULL), ERR_BAD_INPUT);
    CHECK_OK(usecase_read_text(S("a"), S("## Evaluation Script\n```python\nno end"), a, &u, NULL));
    CHECK_STR(u->script, "no end");
}

TEST(usecase_edge_cases_have_a_bound)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf text = BUF_INIT(1 << 20);
    struct err e = ERR_INIT;
    struct usecase *u;

    buf_puts(&text, "## LLM Evaluation Notes\n**Edge cases to watch:**\n");
    for (int i = 0; i < USECASE_ITEMS_MAX; i++)
        buf_puts(&text, "- x\n");
    CHECK_OK(usecase_read_text(S("a"), buf_str(&text), a, &u, &e));
    CHECK_INT(u->edge_case_count, USECASE_ITEMS_MAX);
    buf_puts(&text, "- one more\n");
    CHECK_INT(usecase_read_text(S("a"), buf_str(&text), a, &u, &e), ERR_TOO_LARGE);
}

/* "data>gold:pattern;" for names with spaces between. */
static const char *usecase_matches(const char *data, const char *gold, const char *prefer, struct buf *out)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct usecase_files f = { 0 };

    buf_reset(out);
    for (int side = 0; side < 2; side++) {
        struct str rest = str_c(side ? gold : data), one;
        struct usecase_file *list = arena_array(a, struct usecase_file, 32);
        size_t n = 0;

        while (rest.len && str_split(&rest, ' ', &one)) {
            struct str ext = path_ext(one);

            list[n++] = (struct usecase_file){ one, str_n(one.at, one.len - ext.len - (ext.len > 0)), ext, 0 };
        }
        if (side)
            f.gold = list, f.gold_count = n;
        else
            f.data = list, f.data_count = n;
    }
    usecase_match(&f, str_c(prefer), a);
    for (size_t i = 0; i < f.pair_count; i++)
        buf_printf(out, STR_FMT ">" STR_FMT ":%d;", STR_ARG(f.pairs[i].data->path),
                   STR_ARG(f.pairs[i].gold ? f.pairs[i].gold->path : S("-")), f.pairs[i].pattern);
    for (size_t i = 0; i < f.warning_count; i++)
        buf_printf(out, STR_FMT ";", STR_ARG(f.warnings[i]));
    return buf_cstr(out);
}

#define CHECK_MATCHES(data, gold, prefer, want)                                         \
    do {                                                                                \
        AUTO_BUF struct buf out_ = BUF_INIT(1 << 16);                                   \
        CHECK_STR(str_c(usecase_matches(data, gold, prefer, &out_)), want);             \
    } while (0)

TEST(usecase_matching_tries_three_patterns_in_turn)
{
    CHECK_MATCHES("lecture-01-intro.txt", "lecture-01-gold.json", "json",
                  "lecture-01-intro.txt>lecture-01-gold.json:1;");
    CHECK_MATCHES("a-b-c.txt", "a-x.json a-b.json", "json", "a-b-c.txt>a-b.json:1;");
    CHECK_MATCHES("day-x.txt", "the-day.json", "json", "day-x.txt>the-day.json:2;");
    CHECK_MATCHES("a-b-c-d.txt", "a-b-c.json a-b.json", "json", "a-b-c-d.txt>a-b-c.json:1;");
    CHECK_MATCHES("plain.txt", "my-plain.json", "json", "plain.txt>my-plain.json:1;");
}

TEST(usecase_matching_prefers_the_beginning_then_the_format_then_the_whole_name_then_the_alphabet)
{
    CHECK_MATCHES("day-01.csv", "a-day-01.json day-01-x.csv", "json", "day-01.csv>day-01-x.csv:1;");
    CHECK_MATCHES("day-01.csv", "day-01-clean.csv day-01-issues.json", "json", "day-01.csv>day-01-issues.json:1;");
    CHECK_MATCHES("day-01.csv", "day-01-clean.csv day-01-issues.json", "csv", "day-01.csv>day-01-clean.csv:1;");
    CHECK_MATCHES("day-01-a.txt day-01-b.txt", "day-01-a.json day-01-b.json", "json",
                  "day-01-a.txt>day-01-a.json:1;day-01-b.txt>day-01-b.json:1;");
    CHECK_MATCHES("day-01-q.txt", "day-01-a.json day-01-b.json", "json", "day-01-q.txt>day-01-a.json:1;");
}

TEST(usecase_inputs_without_a_match_are_left_out_unless_there_is_no_truth_at_all)
{
    CHECK_MATCHES("a.txt b.txt", "b.json", "json",
                  "b.txt>b.json:1;\"a.txt\" has no match in ground-truth/ and is left out;");
    CHECK_MATCHES("a.txt b.txt", "", "json", "a.txt>-:0;b.txt>-:0;");
    CHECK_MATCHES("", "b.json", "json", "");
    CHECK_MATCHES("-x.txt", "y.json", "json", "\"-x.txt\" has no match in ground-truth/ and is left out;");
}

TEST(usecase_folder_is_a_dataset)
{
    const char *dir = usecase_folder("uc");
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(dataset_closep) struct dataset_reader *r = NULL;
    struct dataset_source src = { .path = str_c(dir), .name = S("uc") };
    struct dataset_case k;
    struct usecase *u;
    bool more;

    usecase_write(dir, "USE-CASE.md", "# U\n## Goal\ng\n");
    usecase_write(dir, "data/b-1.txt", "two");
    usecase_write(dir, "data/a-1.txt", "one\n");
    usecase_write(dir, "data/.hidden", "no");
    usecase_write(dir, "data/c-1.txt", "left out");
    usecase_write(dir, "data/sub/x.txt", "no");
    usecase_write(dir, "ground-truth/a-1.json", "{\"x\": 1}");
    usecase_write(dir, "ground-truth/b-1.csv", "h\n1\n");
    CHECK(usecase_is(dir));
    REQUIRE(usecase_read(dir, a, &u, NULL) == ERR_OK);
    CHECK_INT(u->files.data_count, 3);
    CHECK_INT(u->files.pair_count, 2);
    CHECK_INT(u->files.data[0].size_bytes, 4);
    REQUIRE(dataset_open(&src, NULL, &r, NULL) == ERR_OK);
    REQUIRE(dataset_next(r, a, &k, &more, NULL) == ERR_OK && more);
    CHECK_STR(k.id, "a-1.txt");
    CHECK_STR(json_get_str(k.vars, "input"), "one\n");
    CHECK_STR(json_get_str(k.vars, "file"), "data/a-1.txt");
    CHECK_INT(json_get_i64(k.expected, "x", 0), 1);
    REQUIRE(dataset_next(r, a, &k, &more, NULL) == ERR_OK && more);
    CHECK_STR(json_to_str(k.expected), "h\n1");
    REQUIRE(dataset_next(r, a, &k, &more, NULL) == ERR_OK);
    CHECK(!more);
}

/* What opening the folder as a dataset ends with. */
static enum err_code usecase_open(const char *dir, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(dataset_closep) struct dataset_reader *r = NULL;
    struct dataset_source src = { .path = str_c(dir), .name = S("uc") };
    struct dataset_case k;
    bool more = true;

    TRY(dataset_open(&src, NULL, &r, e));
    while (more)
        TRY(dataset_next(r, a, &k, &more, e));
    return ERR_OK;
}

TEST(usecase_folder_says_what_is_missing)
{
    const char *dir = usecase_folder("missing");
    AUTO_ARENA *a = arena_new_sized(0);
    struct err e = ERR_INIT;
    struct usecase *u;

    CHECK_INT(usecase_read(dir, a, &u, &e), ERR_NOT_FOUND);
    CHECK_OK(file_mkdirs(dir, 0755, NULL));
    CHECK_INT(usecase_read(dir, a, &u, &e), ERR_NOT_FOUND);
    CHECK(str_contains(str_c(e.text), S("has no USE-CASE.md")));
    usecase_write(dir, "USE-CASE.md", "# U\n");
    REQUIRE(usecase_read(dir, a, &u, &e) == ERR_OK);
    REQUIRE(u->files.warning_count == 2);
    CHECK_STR(u->files.warnings[0], "the folder has no data/");
    CHECK_STR(u->files.warnings[1], "the folder has no ground-truth/");
    CHECK_INT(usecase_open(dir, &e), ERR_BAD_INPUT);
    CHECK_STR(str_c(e.text), "uc: the folder data/ holds no input");
    usecase_write(dir, "data/a.txt", "x");
    CHECK_OK(usecase_open(dir, &e));
    usecase_write(dir, "ground-truth/z.json", "1");
    CHECK_INT(usecase_open(dir, &e), ERR_BAD_INPUT);
    CHECK(str_contains(str_c(e.text), S("\"data/a.txt\" needs for example \"ground-truth/a.json\"")));
    usecase_write(dir, "ground-truth/a.json", "{\"x\": }");
    CHECK_INT(usecase_open(dir, &e), ERR_BAD_INPUT);
    CHECK(str_starts(str_c(e.text), S("uc: ground-truth/a.json: ")));
    usecase_write(dir, "ground-truth/a.json", "1");
    usecase_write(dir, "data/a.txt", "\xff");
    CHECK_INT(usecase_open(dir, &e), ERR_BAD_INPUT);
    CHECK_STR(str_c(e.text), "uc: \"data/a.txt\" is not UTF-8 text");
}

TEST(usecase_folder_lets_nobody_out)
{
    const char *dir = usecase_folder("hostile");
    AUTO_ARENA *a = arena_new_sized(0);
    struct err e = ERR_INIT;
    struct usecase *u;
    const char *link;

    usecase_write(dir, "USE-CASE.md", "# U\n");
    usecase_write(dir, "data/a.txt", "x");
    link = arena_printf(a, "%s/data/b.txt", dir).at;
    CHECK(symlink("/etc/passwd", link) == 0);
    CHECK_INT(usecase_read(dir, a, &u, &e), ERR_DENIED);
    CHECK(unlink(link) == 0 && symlink("../../uc/USE-CASE.md", link) == 0);
    CHECK_INT(usecase_read(dir, a, &u, &e), ERR_DENIED);
    CHECK(unlink(link) == 0 && mkfifo(link, 0600) == 0);
    CHECK_INT(usecase_read(dir, a, &u, &e), ERR_DENIED);
    CHECK(unlink(link) == 0 && truncate(arena_printf(a, "%s/data/a.txt", dir).at, (off_t)DATASET_CASE_MAX + 1) == 0);
    CHECK_INT(usecase_read(dir, a, &u, &e), ERR_TOO_LARGE);
    CHECK(unlink(arena_printf(a, "%s/data/a.txt", dir).at) == 0 && rmdir(arena_printf(a, "%s/data", dir).at) == 0);
    CHECK(symlink("/etc", arena_printf(a, "%s/data", dir).at) == 0);
    CHECK_INT(usecase_read(dir, a, &u, &e), ERR_DENIED);
    CHECK(unlink(arena_printf(a, "%s/data", dir).at) == 0);
    CHECK(truncate(arena_printf(a, "%s/USE-CASE.md", dir).at, (off_t)USECASE_TEXT_MAX + 1) == 0);
    CHECK_INT(usecase_read(dir, a, &u, &e), ERR_TOO_LARGE);
    CHECK(unlink(arena_printf(a, "%s/USE-CASE.md", dir).at) == 0);
    CHECK(symlink("/etc/passwd", arena_printf(a, "%s/USE-CASE.md", dir).at) == 0);
    CHECK_INT(usecase_read(dir, a, &u, &e), ERR_DENIED);
}

TEST(usecase_folder_has_a_bound_of_files)
{
    const char *dir = usecase_folder("many");
    AUTO_ARENA *a = arena_new_sized(0);
    struct err e = ERR_INIT;
    struct usecase *u;

    usecase_write(dir, "USE-CASE.md", "# U\n");
    CHECK_OK(file_mkdirs(arena_printf(a, "%s/data", dir).at, 0755, NULL));
    for (int i = 0; i <= USECASE_FILES_MAX; i++) {
        if (i == USECASE_FILES_MAX) {
            REQUIRE(usecase_read(dir, a, &u, &e) == ERR_OK);
            CHECK_INT(u->files.pair_count, USECASE_FILES_MAX);
        }
        fclose(fopen(arena_printf(a, "%s/data/%d.txt", dir, i).at, "w"));
    }
    CHECK_INT(usecase_read(dir, a, &u, &e), ERR_TOO_LARGE);
    CHECK(str_contains(str_c(e.text), S("more than 2000 files")));
}
