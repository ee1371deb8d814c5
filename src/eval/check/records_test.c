#include "eval/check/check_try_test.h"

static struct check_world csv_world(void)
{
    struct check_world w = CHECK_WORLD;

    w.format = OUTPUT_CSV;
    return w;
}

TEST(csv_is_valid_and_has_its_columns)
{
    static const struct check_row rows[] = {
        { "csv_valid", "a,b\n1,2\n\"x,y\",\"z\"\"\"\n", '+' },
        { "csv_valid", "```csv\na,b\n1,2\n```", '+' },
        { "csv_valid", "a,b\n1,2,3\n", '-' },
        { "csv_valid", "a,b\n\"1,2\n", '-' },
        { "csv_valid", "", '-' },
        { "{csv_columns: [b, a]}", "a,b\n1,2", '+' },
        { "{csv_columns: a}", "a, b \n1,2", '+' },
        { "{csv_columns: [a, c]}", "a,b\n1,2", '-' },
        { "{csv_columns: [a], no_others: true}", "a,b\n1,2", '-' },
        { "{csv_columns: [b, a], no_others: true}", "a,b\n1,2", '+' },
        { "{path: $.table, csv_columns: [a]}", "{\"table\":\"a,b\\n1,2\"}", '+' },
    };
    static const struct check_row wrong[] = {
        { "{csv_columns: 3}", "a string or a list", 0 }, { "{csv_columns: [a], no_other: true}", "did you mean \"no_others\"", 0 },
    };
    char note[300];

    CHECK_TRY_ROWS(CHECK_WORLD, rows);
    CHECK_TRY_WRONG(wrong);
    check_try(&CHECK_WORLD, "csv_valid", "a,b\n\"1,2\n", note);
    CHECK(strstr(note, "line 2"));
}

TEST(what_must_be_unique_is)
{
    static const struct check_row rows[] = {
        { "unique", "[1,2,\"1 \",{\"a\":1}]", '-' },                    /* a number and its text read the same */
        { "unique", "[1,2,3]", '+' },
        { "unique", "{\"items\":[\"a\",\"A\"]}", '+' },
        { "{unique: true, ignore_case: true}", "{\"items\":[\"a\",\"A\"]}", '-' },
        { "{unique: id}", "[{\"id\":1},{\"id\":2}]", '+' },
        { "{unique: id}", "[{\"id\":1},{\"id\":1}]", '-' },
        { "{unique: id}", "[{\"id\":1},{\"no\":1}]", '-' },
        { "{unique: [a, b]}", "[{\"a\":1,\"b\":1},{\"a\":1,\"b\":2}]", '+' },
        { "{unique: [a, b]}", "[{\"a\":1,\"b\":1},{\"a\":1,\"b\":1}]", '-' },
        { "{unique: $.k.id}", "[{\"k\":{\"id\":1}},{\"k\":{\"id\":1}}]", '-' },
        { "{path: '$.rows[*].id', unique: true}", "{\"rows\":[{\"id\":1},{\"id\":2}]}", '+' },
        { "{path: '$.rows[*].id', unique: true}", "{\"rows\":[{\"id\":1},{\"id\":1}]}", '-' },
        { "{path: '$.rows', unique: id}", "{\"rows\":[{\"id\":1},{\"id\":1}]}", '-' },
        { "{unique: true, of: lines}", "a\n\nb\n", '+' },
        { "{unique: true, of: lines}", "a\nb\n a ", '-' },
        { "not_unique", "[1,1]", '+' },
        { "{path: '$.none', unique: true}", "{}", '-' },
        { "{path: '$.none', not_unique: true}", "{}", '-' },
        { "unique", "prose", '-' },
    };
    static const struct check_row tables[] = {
        { "unique", "a,b\n1,2\n1,3", '+' }, { "unique", "a,b\n1,2\n1,2", '-' }, { "{unique: a}", "a,b\n1,2\n1,3", '-' },
        { "{unique: c}", "a,b\n1,2\n1,3", '-' },
    };
    static const struct check_row wrong[] = {
        { "{unique: 3}", "true, a name", 0 }, { "{unique: true, of: words}", "items or lines", 0 },
        { "{unique: id, of: lines}", "lines have no fields", 0 }, { "{unique: '$..a'}", "more than one", 0 },
        { "{unique: []}", "a list of names", 0 },
    };
    struct check_world csv = csv_world();
    char note[300];

    CHECK_TRY_ROWS(CHECK_WORLD, rows);
    CHECK_TRY_ROWS(csv, tables);
    CHECK_TRY_WRONG(wrong);
    check_try(&CHECK_WORLD, "{unique: id}", "[{\"id\":\"x\"},{\"id\":\"y\"},{\"id\":\"x\"}]", note);
    CHECK_STR(str_c(note), "\"x\" is there twice: items 1 and 3");
}

TEST(intervals_do_not_overlap)
{
    static const struct check_row rows[] = {
        { "{no_overlap: {start: s, end: e}}", "[{\"s\":0,\"e\":5},{\"s\":5,\"e\":9}]", '+' },
        { "{no_overlap: {start: s, end: e}}", "[{\"s\":5,\"e\":9},{\"s\":0,\"e\":5.5}]", '-' },
        { "{no_overlap: {start: s, end: e, tolerance: 1}}", "[{\"s\":5,\"e\":9},{\"s\":0,\"e\":5.5}]", '+' },
        { "{no_overlap: {start: s, end: e}}", "[{\"s\":0,\"e\":9},{\"s\":1,\"e\":2},{\"s\":3,\"e\":4}]", '-' },
        { "{no_overlap: {start: s, end: e}}", "[{\"s\":\"0:10\",\"e\":\"1:00\"},{\"s\":\"0:01:00\",\"e\":\"0:02:00.5\"}]", '+' },
        { "{no_overlap: {start: s, end: e}}", "[{\"s\":\"0:10\",\"e\":\"1:01\"},{\"s\":\"0:01:00\",\"e\":\"0:02:00\"}]", '-' },
        { "{no_overlap: {start: s, end: e}}", "[{\"s\":\"2026-01-01T00:00:00Z\",\"e\":\"2026-01-01T01:00:00+01:00\"}]", '+' },
        { "{no_overlap: {start: s, end: e}}", "[{\"s\":\"2026-01-01T00:00:00Z\",\"e\":90}]", '-' },
        { "{no_overlap: {start: s, end: e}}", "[{\"s\":9,\"e\":5}]", '-' },
        { "{no_overlap: {start: s, end: e}}", "[{\"s\":\"soon\",\"e\":5}]", '-' },
        { "{no_overlap: {start: s, end: e}}", "[{\"s\":1}]", '-' },
        { "{no_overlap: {start: s, end: e}}", "[]", '+' },
        { "{no_overlap: {start: s, end: e}}", "prose", '-' },
        { "{no_overlap: {start: s, end: e, gapless: true}}", "[{\"s\":0,\"e\":5},{\"s\":6,\"e\":9}]", '-' },
        { "{no_overlap: {start: s, end: e, gapless: true}}", "[{\"s\":5,\"e\":9},{\"s\":0,\"e\":5}]", '+' },
        { "{no_overlap: {start: s, end: e, min_duration: 3}}", "[{\"s\":0,\"e\":2}]", '-' },
        { "{no_overlap: {start: s, end: e, max_duration: '0:03'}}", "[{\"s\":0,\"e\":4}]", '-' },
        { "{no_overlap: {start: s, end: e, min_duration: 3, max_duration: 5}}", "[{\"s\":0,\"e\":4}]", '+' },
        { "{path: $.talks, no_overlap: {start: $.at.s, end: $.at.e}}", "{\"talks\":[{\"at\":{\"s\":0,\"e\":2}},{\"at\":{\"s\":1,\"e\":2}}]}", '-' },
        { "{not_no_overlap: {start: s, end: e}}", "[{\"s\":0,\"e\":2},{\"s\":1,\"e\":2}]", '+' },
    };
    static const struct check_row tables[] = {
        { "{no_overlap: {start: from, end: to}}", "from,to\n00:00,01:00\n01:00,02:00", '+' },
        { "{no_overlap: {start: from, end: to}}", "from,to\n00:00,01:30\n01:00,02:00", '-' },
    };
    static const struct check_row wrong[] = {
        { "{no_overlap: {start: s}}", "needs start: and end:", 0 }, { "{no_overlap: {start: s, end: e, gap: 1}}", "knows", 0 },
        { "{no_overlap: {start: s, end: e, min_duration: soon}}", "length of time", 0 },
        { "{no_overlap: {start: s, end: e, min_duration: 5, max_duration: 3}}", "above", 0 },
        { "{no_overlap: {start: s, end: e, gapless: 1}}", "true or false", 0 }, { "{no_overlap: true}", "a map", 0 },
    };
    struct check_world csv = csv_world();

    CHECK_TRY_ROWS(CHECK_WORLD, rows);
    CHECK_TRY_ROWS(csv, tables);
    CHECK_TRY_WRONG(wrong);
}

TEST(times_have_their_form_range_and_order)
{
    static const struct check_row rows[] = {
        { "{timestamps: {format: clock}}", "Intro 0:00, end [01:02:03]", '+' },
        { "{timestamps: {format: rfc3339}}", "Intro 0:00", '-' },
        { "{timestamps: {format: rfc3339}}", "at 2026-11-21T08:15:00Z", '+' },
        { "{timestamps: {format: any}}", "no time at all", '-' },
        { "{timestamps: {format: clock}}", "12:75", '-' },
        { "{timestamps: {max: '0:10:00'}}", "0:05 and 9:59", '+' },
        { "{timestamps: {max: '0:10:00'}}", "0:05 and 10:01", '-' },
        { "{timestamps: {max: '{{ ends }}'}}", "0:05 and 10:01", '-' },
        { "{timestamps: {max: '{{ ends }}'}}", "0:05 and 10:00", '+' },
        { "{timestamps: {max: '{{ nothing }}'}}", "0:05", '?' },
        { "{timestamps: {max: '{{ customer }}'}}", "0:05", '?' },
        { "{timestamps: {min: 60}}", "0:59", '-' },
        { "{timestamps: {max: 60}}", "2026-11-21T08:15:00Z", '-' },
        { "{timestamps: {ascending: true}}", "0:05 0:05 0:06", '+' },
        { "{timestamps: {ascending: true}}", "0:05 0:04", '-' },
        { "{timestamps: {fields: [s, e], ascending: true}}", "[{\"s\":\"0:01\",\"e\":\"0:05\"},{\"s\":\"0:02\",\"e\":\"0:06\"}]", '+' },
        { "{timestamps: {fields: [s, e], ascending: true}}", "[{\"s\":\"0:03\",\"e\":\"0:05\"},{\"s\":\"0:02\",\"e\":\"0:06\"}]", '-' },
        { "{timestamps: {fields: s}}", "[{\"s\":\"0:3\"}]", '-' },
        { "{timestamps: {fields: s}}", "[{\"t\":\"0:03\"}]", '-' },
        { "{timestamps: {fields: s}}", "[]", '-' },
        { "{timestamps: {fields: s, format: number}}", "[{\"s\":3}]", '+' },
        { "{path: '$[*].s', timestamps: {max: '1:00'}}", "[{\"s\":\"0:30\"},{\"s\":\"1:30\"}]", '-' },
        { "{path: '$[*].s', timestamps: {max: '2:00'}}", "[{\"s\":\"0:30\"},{\"s\":\"1:30\"}]", '+' },
        { "{not_timestamps: {ascending: true}}", "0:05 0:04", '+' },
    };
    static const struct check_row wrong[] = {
        { "{timestamps: {format: iso}}", "clock", 0 }, { "{timestamps: {max: soon}}", "is no time", 0 },
        { "{timestamps: {field: s}}", "did you mean \"fields\"", 0 }, { "{timestamps: {fields: []}}", "a name or a list", 0 },
        { "{timestamps: {ascending: 1}}", "true or false", 0 }, { "{timestamps: {max: [1]}}", "is a time", 0 },
    };

    CHECK_TRY_ROWS(CHECK_WORLD, rows);
    CHECK_TRY_WRONG(wrong);
}
