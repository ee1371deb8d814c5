#include "base/test.h"
#include "data/data.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *dataset_file(const char *name, const char *text)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", test_folder(), name);
    CHECK_OK(file_write_atomic(path, str_c(text), 0644, NULL));
    return path;
}

/* Every case as "id vars expected;" or "error: ...". */
static const char *dataset_flat(const struct dataset_source *src, const struct dataset_select *select, struct buf *out)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(dataset_closep) struct dataset_reader *r = NULL;
    struct err e = ERR_INIT;
    struct dataset_case k;
    bool more;

    buf_reset(out);
    if (dataset_open(src, select, &r, &e) != ERR_OK) {
        buf_printf(out, "error: %s", e.text);
        return buf_cstr(out);
    }
    for (int64_t n = 0;; n++) {
        if (dataset_next(r, a, &k, &more, &e) != ERR_OK) {
            buf_printf(out, "error: %s", e.text);
            return buf_cstr(out);
        }
        if (!more)
            return buf_cstr(out);
        CHECK_INT(k.index, n);
        buf_printf(out, STR_FMT " ", STR_ARG(k.id));
        json_write(k.vars, out);
        if (k.expected) {
            buf_byte(out, ' ');
            json_write(k.expected, out);
        }
        buf_byte(out, ';');
    }
}

#define CHECK_DATA(name_, text_, want)                                                                  \
    do {                                                                                                \
        AUTO_BUF struct buf out_ = BUF_INIT(1 << 20);                                                   \
        struct dataset_source src_ = { .path = str_c(dataset_file(name_, text_)), .name = S(name_) };   \
        CHECK_STR(str_c(dataset_flat(&src_, NULL, &out_)), want);                                       \
    } while (0)

TEST(dataset_jsonl_is_read_line_by_line)
{
    CHECK_DATA("a.jsonl",
               "\xef\xbb\xbf{\"id\": \"x\", \"text\": \"hi\", \"expected\": {\"q\": 1}}\r\n\n{\"text\": \"ho\"}\n",
               "x {\"id\":\"x\",\"text\":\"hi\"} {\"q\":1};2 {\"text\":\"ho\"};");
    CHECK_DATA("b.jsonl", "\"plain\"\n{\"case_id\": 7, \"answer\": \"yes\"}\n",
               "1 {\"input\":\"plain\"};7 {\"case_id\":7} \"yes\";");
    CHECK_DATA("c.jsonl", "{\"vars\": {\"text\": \"in\", \"lang\": \"en\"}, \"lang\": \"de\", \"ideal\": \"x\"}\n",
               "1 {\"lang\":\"en\",\"text\":\"in\"} \"x\";");
    CHECK_DATA("d.jsonl", "{\"a\": 1}\n{\"a\": }\n",
               "1 {\"a\":1};error: d.jsonl:2:7: not valid JSON: unexpected token near '}'");
    CHECK_DATA("e.jsonl", "{\"a\": 1} {\"a\": 2}\n",
               "error: e.jsonl:1:10: not valid JSON: end of file expected near '{'");
}

TEST(dataset_json_lists_are_streamed)
{
    CHECK_DATA("a.json", "[{\"id\": \"x\", \"t\": \"a]},\\\"b\"},\n 12, \"s\", [1, [2]], null, {\"expected\": \"e\"}]",
               "x {\"id\":\"x\",\"t\":\"a]},\\\"b\"};2 {\"input\":12};3 {\"input\":\"s\"};4 {\"input\":[1,[2]]};5 {\"input\":null};"
               "6 {} \"e\";");
    CHECK_DATA("b.json", " [ ] ", "");
    CHECK_DATA("c.json", "{\"about\": {\"cases\": [1]}, \"cases\": [{\"t\": 1}, {\"t\": 2}], \"x\": 3}",
               "1 {\"t\":1};2 {\"t\":2};");
    CHECK_DATA("d.json", "{\"input\": \"long text\", \"items\": [\"a\", \"b\"]}",
               "1 {\"input\":\"long text\"} [\"a\",\"b\"];");
    CHECK_DATA("e.json", "{\"items\": [\"i\"], \"input\": \"t\", \"concepts\": [\"c\"]}",
               "1 {\"input\":\"t\"} [\"c\"];");
    CHECK_DATA("f.json", "{\"items\": [{\"t\": 1}]}", "1 {\"t\":1};");
}

TEST(dataset_json_faults_name_their_line)
{
    CHECK_DATA("a.json", "[{\"a\": 1},\n {\"a\": nope}]",
               "1 {\"a\":1};error: a.json:2: not valid JSON: invalid token near 'nope'");
    CHECK_DATA("b.json", "[1,\n 2\n",
               "1 {\"input\":1};2 {\"input\":2};error: b.json:3: not valid JSON: the file ends inside the list");
    CHECK_DATA("c.json", "[1 2]", "1 {\"input\":1};error: c.json:1: not valid JSON: \",\" or \"]\" is due");
    CHECK_DATA("d.json", "[1,]", "1 {\"input\":1};error: d.json:1: not valid JSON: a value is missing");
    CHECK_DATA("e.json", "3", "error: e.json:1: a dataset in JSON is a list of cases, and this is not one");
    CHECK_DATA("f.json", "", "error: f.json: the file is empty");
    CHECK_DATA("g.json", "{\"rows\": [1]}",
               "error: g.json:1: the object has no list of cases; it is looked for in \"cases\", \"data\", \"items\" and "
               "\"concepts\" (one object a line is JSONL: end the name in .jsonl)");
    CHECK_DATA("h.json", "[\"open", "error: h.json:1: not valid JSON: the file ends inside a value");
    CHECK_DATA("i.json", "{\"cases\": [1], }", "error: i.json:1: not valid JSON: \",\" before \"}\"");
}

TEST(dataset_csv_rows_become_cases)
{
    CHECK_DATA("a.csv", "id,text,expected\nr1,\"a, b\",yes\nr2,c,\n",
               "r1 {\"id\":\"r1\",\"text\":\"a, b\"} \"yes\";r2 {\"id\":\"r2\",\"text\":\"c\"};");
    CHECK_DATA("b.csv", "text,expected.queue,expected.urgency\nhi,billing,low\n",
               "1 {\"text\":\"hi\"} {\"queue\":\"billing\",\"urgency\":\"low\"};");
    CHECK_DATA("c.csv", "text,label\nhi,\"{\"\"q\"\": 1}\"\n", "1 {\"text\":\"hi\"} {\"q\":1};");
    CHECK_DATA("d.tsv", "text\tlabel\na,b\tx\n", "1 {\"text\":\"a,b\"} \"x\";");
    CHECK_DATA("e.csv", "a,b\n1,2\n1,2,3\n",
               "1 {\"a\":\"1\",\"b\":\"2\"};error: e.csv:3: the row has 3 fields and the header 2 (a comma in a text needs the text in "
               "double quotes)");
    CHECK_DATA("f.csv", "a,a\n1,2\n", "error: f.csv:1: columns 1 and 2 are both called \"a\"");
    CHECK_DATA("g.csv", "", "error: g.csv: the file is empty; a header row is needed");
    CHECK_DATA("h.csv", "a\n\"x\n", "error: h.csv:2: a quote in the row that begins here is never closed");
}

TEST(dataset_yaml_lists_are_read)
{
    CHECK_DATA("a.yaml", "- {id: x, text: no, expected: {q: 1}}\n- text: |\n    two\n    lines\n- plain\n",
               "x {\"id\":\"x\",\"text\":\"no\"} {\"q\":1};2 {\"text\":\"two\\nlines\\n\"};3 {\"input\":\"plain\"};");
    CHECK_DATA("b.yml", "cases:\n  - a: 1\n", "1 {\"a\":1};");
    CHECK_DATA("c.yaml", "just text\n", "error: c.yaml:1:1: a dataset in YAML is a list of cases, and this is text");
    CHECK_DATA("d.yaml", "- a: 1\n- a: [\n",
               "error: d.yaml:3:1: not valid YAML: flow sequence without a closing bracket");
}

TEST(dataset_a_folder_is_cases_and_answers)
{
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    char path[256], other[300];
    struct dataset_source src;

    snprintf(path, sizeof path, "%s/letters", test_folder());
    snprintf(other, sizeof other, "%s/expected", path);
    CHECK_OK(file_mkdirs(other, 0755, NULL));
    dataset_file("letters/b.txt", "second");
    dataset_file("letters/a.txt", "first");
    dataset_file("letters/.hidden", "no");
    dataset_file("letters/expected/a.txt", "one\n");
    dataset_file("letters/expected/b.json", "{\"n\": 2}");
    src = (struct dataset_source){ .path = str_c(path), .name = S("letters") };
    CHECK_STR(str_c(dataset_flat(&src, NULL, &out)),
              "a.txt {\"input\":\"first\"} \"one\";b.txt {\"input\":\"second\"} {\"n\":2};");
}

TEST(dataset_named_members_are_taken_and_misspelt_ones_told)
{
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct dataset_source src = { .path = str_c(dataset_file("n.jsonl", "{\"key\": \"k\", \"queue\": \"q\", \"expected\": 1}\n")),
                                  .name = S("n.jsonl"), .expected = S("queue"), .id = S("key") };

    CHECK_STR(str_c(dataset_flat(&src, NULL, &out)), "k {\"key\":\"k\",\"expected\":1} \"q\";");
    src.expected = S("quue");
    CHECK(
        str_ends(str_c(dataset_flat(&src, NULL, &out)),
                 S("error: n.jsonl: no case has \"quue\" to take the expected answer from (did you mean \"queue\"?)")));
    src.id = S("kye");
    CHECK_STR(str_c(dataset_flat(&src, NULL, &out)),
              "error: n.jsonl:1: the case has no \"kye\" to take its id from (did you mean \"key\"?)");
    src = (struct dataset_source){ .path = str_c(dataset_file("n.csv", "key,queue\nk,q\n")), .name = S("n.csv"), .expected = S("quue") };
    CHECK_STR(str_c(dataset_flat(&src, NULL, &out)),
              "error: n.csv:1: there is no column \"quue\" to take the expected answer from (did you mean \"queue\"?)");
}

TEST(dataset_inline_cases_and_defaults)
{
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    AUTO_JSON *list = json_pack("[{s:s, s:s}, s]", "a", "1", "expected", "x", "plain");
    AUTO_JSON *defaults = json_pack("{s:s, s:s}", "a", "0", "b", "2");
    struct dataset_source src = { .inline_cases = list, .defaults = defaults };

    CHECK_STR(str_c(dataset_flat(&src, NULL, &out)),
              "1 {\"a\":\"1\",\"b\":\"2\"} \"x\";2 {\"input\":\"plain\",\"a\":\"0\",\"b\":\"2\"};");
    CHECK_INT(json_array_size(list), 2);
    CHECK(json_object_get(json_array_get(list, 0), "expected"));        /* the task's own list is not changed */
}

TEST(dataset_unknown_forms_and_absent_files_are_told)
{
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct dataset_source src = { .path = str_c(dataset_file("t.jsnl", "{}")), .name = S("t.jsnl") };

    CHECK_STR(str_c(dataset_flat(&src, NULL, &out)),
              "error: t.jsnl: a dataset ends in .jsonl, .json, .csv, .tsv, .yaml or is a folder of text files (did you mean "
              "\"jsonl\"?)");
    src = (struct dataset_source){ .path = S("/nowhere/x.jsonl"), .name = S("x.jsonl") };
    CHECK(str_starts(str_c(dataset_flat(&src, NULL, &out)), S("error: /nowhere/x.jsonl can't be opened")));
}

static struct dataset_source dataset_numbers(int n)
{
    AUTO_BUF struct buf text = BUF_INIT(1 << 24);

    for (int i = 0; i < n; i++)
        buf_printf(&text, "{\"id\": \"c%d\", \"n\": %d, \"kind\": \"%s\"}\n", i, i, i % 2 ? "odd" : "even");
    return (struct dataset_source){ .path = str_c(dataset_file("numbers.jsonl", buf_cstr(&text))), .name = S("numbers.jsonl") };
}

static size_t dataset_count_of(const struct dataset_source *src, const struct dataset_select *select, int64_t *sum,
                               bool *ordered)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO(dataset_closep) struct dataset_reader *r = NULL;
    struct dataset_case k;
    int64_t last = -1;
    size_t n = 0;
    bool more;

    *sum = 0;
    *ordered = true;
    CHECK_OK(dataset_open(src, select, &r, NULL));
    for (; dataset_next(r, a, &k, &more, NULL) == ERR_OK && more; n++) {
        int64_t v = json_get_i64(k.vars, "n", -1);

        *ordered = *ordered && v > last;
        *sum += last = v;
    }
    return n;
}

TEST(dataset_limit_and_sample_choose)
{
    struct dataset_source src = dataset_numbers(1000);
    struct dataset_select s = { .limit = 10 };
    int64_t sum, again;
    bool ordered;

    CHECK_INT(dataset_count_of(&src, &s, &sum, &ordered), 10);
    CHECK_INT(sum, 45);
    s = (struct dataset_select){ .sample = 100, .seed = 7 };
    CHECK_INT(dataset_count_of(&src, &s, &sum, &ordered), 100);
    CHECK(ordered);
    CHECK(sum > 35000 && sum < 65000);
    CHECK_INT(dataset_count_of(&src, &s, &again, &ordered), 100);
    CHECK_INT(again, sum);
    s.seed = 8;
    dataset_count_of(&src, &s, &again, &ordered);
    CHECK(again != sum);
    s = (struct dataset_select){ .sample = 5000, .seed = 7 };
    CHECK_INT(dataset_count_of(&src, &s, &sum, &ordered), 1000);
    s = (struct dataset_select){ .limit = 20, .sample = 5, .seed = 7 };
    CHECK_INT(dataset_count_of(&src, &s, &sum, &ordered), 5);
    CHECK(sum < 100);
}

TEST(dataset_every_case_is_sampled_equally_often)
{
    struct dataset_source src = dataset_numbers(20);
    int hits[20] = { 0 };

    for (uint64_t seed = 0; seed < 2000; seed++) {
        AUTO_ARENA *a = arena_new_sized(0);
        AUTO(dataset_closep) struct dataset_reader *r = NULL;
        struct dataset_select s = { .sample = 5, .seed = seed };
        struct dataset_case k;
        bool more;

        CHECK_OK(dataset_open(&src, &s, &r, NULL));
        while (dataset_next(r, a, &k, &more, NULL) == ERR_OK && more)
            hits[json_get_i64(k.vars, "n", 0)]++;
    }
    for (int i = 0; i < 20; i++)                /* 500 wanted; deviation 19 */
        CHECK(hits[i] > 410 && hits[i] < 590);
}

TEST(dataset_where_uses_the_template_language)
{
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct dataset_source src = dataset_numbers(1000);
    struct dataset_select s = { .where = "kind == 'odd' and n < 10" };
    int64_t sum;
    bool ordered;

    CHECK_INT(dataset_count_of(&src, &s, &sum, &ordered), 5);
    CHECK_INT(sum, 25);
    s = (struct dataset_select){ .where = "id in ['c3', 'c4'] and expected is none" };
    CHECK_INT(dataset_count_of(&src, &s, &sum, &ordered), 2);
    s = (struct dataset_select){ .where = "kind == 'even'", .limit = 3 };
    CHECK_INT(dataset_count_of(&src, &s, &sum, &ordered), 3);
    CHECK_INT(sum, 6);
    s = (struct dataset_select){ .where = "kidn == 'odd'" };
    CHECK(str_contains(str_c(dataset_flat(&src, &s, &out)), S("did you mean \"kind\"")));
    CHECK(str_starts(str_c(buf_cstr(&out)), S("error: numbers.jsonl:1: ")));
    s = (struct dataset_select){ .where = "kind ==" };
    CHECK(str_starts(str_c(dataset_flat(&src, &s, &out)), S("error: --where")));
    s = (struct dataset_select){ .where = "x %}{% if true" };
    CHECK(str_starts(str_c(dataset_flat(&src, &s, &out)), S("error: --where takes an expression")));
    s = (struct dataset_select){ .where = " " };
    CHECK(str_starts(str_c(dataset_flat(&src, &s, &out)), S("error: --where needs an expression")));
}

TEST(dataset_with_dimensions_hands_out_every_combination_of_every_case)
{
    static struct dimension_level tones[] = { { .score = 1, .label = S("calm") }, { .score = 2, .label = S("angry") } };
    static struct dimension tone[] = { { S("Tone"), tones, 2 } };
    AUTO_BUF struct buf out = BUF_INIT(1 << 20);
    AUTO_JSON *list = json_pack("[{s:s, s:s}, {s:s}]", "id", "x", "expected", "yes", "q", "two");
    struct dataset_source src = { .inline_cases = list, .name = S("t"), .dimensions = { tone, 1, 1 } };

    dataset_flat(&src, &(struct dataset_select){ .where = "dimensions.Tone == 2" }, &out);
    CHECK_STR(buf_str(&out), "x / Tone_2 {\"id\":\"x\",\"Tone\":\"angry\",\"dimensions\":{\"Tone\":2},\"dimension\":{\"Tone\":"
              "{\"score\":2,\"label\":\"angry\",\"text\":\"angry\",\"description\":\"\"}}} \"yes\";2 / Tone_2 {\"q\":\"two\",\"Tone\":"
              "\"angry\",\"dimensions\":{\"Tone\":2},\"dimension\":{\"Tone\":{\"score\":2,\"label\":\"angry\",\"text\":\"angry\","
              "\"description\":\"\"}}};");
    src.alone = true;
    dataset_flat(&src, &(struct dataset_select){ .limit = 1 }, &out);
    CHECK(str_starts(buf_str(&out), S("Tone_1 {")));
}

TEST(dataset_share_is_drawn_as_the_vectors_say_in_the_sources_order)
{
    AUTO_BUF struct buf out = BUF_INIT(1 << 20);
    AUTO_JSON *list = json_array();
    struct dataset_source src = { .inline_cases = list, .name = S("t") };

    for (int i = 0; i < 10; i++)
        json_array_append_new(list, json_integer(i));
    dataset_flat(&src, &(struct dataset_select){ .percent = 30, .seed = 42 }, &out);
    CHECK_STR(buf_str(&out), "7 {\"input\":6};8 {\"input\":7};9 {\"input\":8};");
    dataset_flat(&src, &(struct dataset_select){ .percent = 10, .seed = 1 }, &out);
    CHECK_STR(buf_str(&out), "6 {\"input\":5};");
    dataset_flat(&src, &(struct dataset_select){ .percent = 100, .limit = 2 }, &out);
    CHECK_STR(buf_str(&out), "1 {\"input\":0};2 {\"input\":1};");
    dataset_flat(&src, &(struct dataset_select){ .percent = 101 }, &out);
    CHECK(str_contains(buf_str(&out), S("1% to 100%")));
    dataset_flat(&src, &(struct dataset_select){ .percent = 10, .sample = 1 }, &out);
    CHECK(str_starts(buf_str(&out), S("error")));
}

TEST(dataset_share_of_too_many_cases_is_refused)
{
    AUTO_BUF struct buf out = BUF_INIT(1 << 20);
    AUTO_ARENA *a = arena_new_sized(0);
    const char *path = arena_printf(a, "%s/many.jsonl", test_folder()).at;
    FILE *f = fopen(path, "w");

    REQUIRE(f);
    for (int i = 0; i <= 2000000; i++)
        fputs("1\n", f);
    fclose(f);
    dataset_flat(&(struct dataset_source){ .path = str_c(path), .name = S("many.jsonl") },
                 &(struct dataset_select){ .percent = 1 }, &out);
    CHECK_STR(buf_str(&out),
              "error: many.jsonl: a sample by percent is drawn of at most 2000000 cases; say --sample 20000");
    CHECK(remove(path) == 0);
}

TEST(dataset_folder_is_left_by_no_link)
{
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    AUTO_ARENA *a = arena_new_sized(0);
    const char *dir = arena_printf(a, "%s/linked", test_folder()).at;
    struct dataset_source src = { .path = str_c(dir), .name = S("linked") };

    CHECK_OK(file_mkdirs(arena_printf(a, "%s/secrets", test_folder()).at, 0755, NULL));
    CHECK_OK(file_mkdirs(dir, 0755, NULL));
    CHECK_OK(file_write_atomic(arena_printf(a, "%s/secrets/a.txt", test_folder()).at, S("SECRET"), 0644, NULL));
    CHECK_OK(file_write_atomic(arena_printf(a, "%s/a.txt", dir).at, S("hi"), 0644, NULL));
    CHECK(symlink("../secrets", arena_printf(a, "%s/expected", dir).at) == 0);
    CHECK_STR(str_c(dataset_flat(&src, NULL, &out)), "a.txt {\"input\":\"hi\"};");
    CHECK(symlink("../secrets/a.txt", arena_printf(a, "%s/b.txt", dir).at) == 0);
    dataset_flat(&src, NULL, &out);
    CHECK(str_contains(buf_str(&out), S("leads out")) && !str_contains(buf_str(&out), S("SECRET")));
}
