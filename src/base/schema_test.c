#include "base/test.h"
#include "base/base.h"

#include <stdio.h>

static struct schema *schema_test_compile(const char *text, struct arena *a)
{
    AUTO_JSON *j = NULL;
    struct schema *s = NULL;
    struct err e = ERR_INIT;

    CHECK_OK(json_read(str_c(text), &j, &e));
    if (schema_compile(j, a, &s, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", text, e.text);
    return s;
}

/* "$.path: text; ..." of the first faults, "valid", or "undecided: why". */
static struct str schema_test_says(const char *schema, const char *value, struct arena *a)
{
    AUTO_JSON *v = NULL;
    AUTO_BUF struct buf out = BUF_INIT(1 << 16);
    struct schema_fault faults[8];
    size_t n = 0;
    enum schema_verdict verdict;

    CHECK_OK(json_read(str_c(value), &v, NULL));
    verdict = schema_validate(schema_test_compile(schema, a), v, a, faults, COUNT_OF(faults), &n);
    if (verdict == SCHEMA_VALID)
        return S("valid");
    buf_puts(&out, verdict == SCHEMA_UNDECIDED ? "undecided: " : "");
    for (size_t i = 0; i < n; i++)
        buf_printf(&out, "%s" STR_FMT ": " STR_FMT, i ? "; " : "", STR_ARG(faults[i].path), STR_ARG(faults[i].text));
    return arena_strdup(a, buf_str(&out));
}

#define SAYS(schema, value, text) CHECK_STR(schema_test_says(schema, value, a), text)

TEST(schema_says_what_is_wrong_and_where)
{
    AUTO_ARENA *a = arena_new_sized(0);
    static const char ticket[] = "{\"type\":\"object\",\"properties\":{\"queue\":{\"enum\":[\"billing\",\"sales\"]},\"tags\":{\"items\":"
                                 "{\"type\":\"string\",\"maxLength\":3}}},\"required\":[\"queue\"],\"additionalProperties\":false}";

    SAYS(ticket, "{\"queue\":\"billing\",\"tags\":[\"a\"]}", "valid");
    SAYS(ticket, "{\"queue\":\"spares\"}", "$.queue: \"spares\" is not one of: \"billing\", \"sales\"");
    SAYS(ticket, "{\"queue\":\"sales\",\"tags\":[\"a\",7,\"long\"]}",
         "$.tags[1]: must be a text, is a whole number; $.tags[2]: has 4 characters, at most 3 allowed");
    SAYS(ticket, "{\"quue\":\"sales\"}",
         "$: \"queue\" is missing; $: \"quue\" is not allowed here (did you mean \"queue\"?)");
    SAYS(ticket, "[]", "$: must be an object, is a list");
    SAYS("{\"properties\":{\"a b\":{\"const\":1}}}", "{\"a b\":2}", "$[\"a b\"]: 2 must be 1");
    SAYS("{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\"}]}", "1", "$: fits none of the 2 forms allowed here");
    SAYS("{\"uniqueItems\":true}", "[1,\"x\",1.0]", "$: item 2, 1.0, stands there twice; items must differ");
    SAYS("{\"minimum\":3,\"multipleOf\":2}", "1", "$: 1 is below 3; $: 1 is no multiple of 2");
}

static void schema_test_refuses(const char *schema, enum err_code code, const char *text)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *j = NULL;
    struct schema *s = NULL;
    struct err e = ERR_INIT;

    CHECK_OK(json_read(str_c(schema), &j, &e));
    CHECK_INT(schema_compile(j, a, &s, &e), code);
    if (!str_contains(str_c(e.text), str_c(text)))
        test_fail(__FILE__, __LINE__, "%s: \"%s\", wanted \"%s\"", schema, e.text, text);
}

TEST(schema_that_is_wrong_is_refused_with_its_place)
{
    schema_test_refuses("7", ERR_BAD_INPUT, "#: a schema must be an object");
    schema_test_refuses("{\"properties\":{\"x\":{\"type\":\"strng\"}}}", ERR_BAD_INPUT,
                        "#/properties/x: \"strng\" is not a type (did you mean \"string\"?)");
    schema_test_refuses("{\"items\":[{}]}", ERR_BAD_INPUT, "#/items: a schema must be");
    schema_test_refuses("{\"minLength\":-1}", ERR_BAD_INPUT, "`minLength` must be a whole number");
    schema_test_refuses("{\"required\":\"a\"}", ERR_BAD_INPUT, "`required` must be a list of names");
    schema_test_refuses("{\"pattern\":\"a(\"}", ERR_BAD_INPUT,
                        "pattern \"a(\": missing closing parenthesis at character 3");
    schema_test_refuses("{\"$ref\":\"#/$defs/none\"}", ERR_BAD_INPUT, "leads to nothing");
    schema_test_refuses("{\"$ref\":\"https://example.com/other\"}", ERR_BAD_INPUT, "leads out of the schema");
    schema_test_refuses("{\"$ref\":\"#none\"}", ERR_BAD_INPUT, "no such anchor");
    schema_test_refuses("{\"allOf\":[]}", ERR_BAD_INPUT, "#/allOf: must be a list of at least one schema");
    schema_test_refuses("{\"multipleOf\":0}", ERR_BAD_INPUT, "above 0");
}

TEST(schema_limits_leave_it_undecided_and_too_large_ones_are_refused)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *all = json_object();
    AUTO_BUF struct buf list = BUF_INIT(32u << 20);
    json_t *parts = json_array();
    struct schema *s = NULL;
    struct err e = ERR_INIT;

    SAYS("{\"$ref\":\"#\"}", "1", "undecided: $: the schema refers to itself deeper than can be followed");
    SAYS("{\"pattern\":\"^(a+)+$\"}", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"",
         "undecided: $: a pattern takes too long on this text");
    buf_byte(&list, '[');
    for (int i = 0; i < 1000000; i++)
        buf_puts(&list, i ? ",1" : "1");
    buf_byte(&list, ']');
    SAYS("{\"items\":{\"allOf\":[{\"minimum\":0},{\"minimum\":0},{\"minimum\":0}]}}", buf_cstr(&list),
         "undecided: $: the schema and the value together are too large to be checked");
    for (int i = 0; i < SCHEMA_NODES_MAX; i++)
        json_array_append_new(parts, json_object());
    json_object_set_new(all, "allOf", parts);
    CHECK_INT(schema_compile(all, a, &s, &e), ERR_TOO_LARGE);
}

TEST(schema_of_task_files_is_one)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf text = BUF_INIT(1u << 20);
    AUTO_JSON *bad = json_pack("{s:s, s:i}", "name", "n", "repeat", 0);
    AUTO_JSON *good = json_pack("{s:s, s:[s], s:s, s:[{s:s}]}", "name", "n", "models", "sim:swift", "prompt", "Hi",
                                "cases", "input", "x");
    AUTO_JSON *j = NULL;
    struct schema_fault faults[4];
    struct schema *s = NULL;
    struct err e = ERR_INIT;
    size_t n;

    CHECK_OK(file_read("data/task.schema.json", 1u << 20, &text, NULL));
    CHECK_OK(json_read(buf_str(&text), &j, &e));
    CHECK_OK(schema_compile(j, a, &s, &e));
    CHECK_INT(schema_validate(s, good, a, faults, 4, &n), SCHEMA_VALID);
    CHECK_INT(schema_validate(s, bad, a, faults, 4, &n), SCHEMA_INVALID);
}

/* tests/schema/expected.jsonl: what the Python package jsonschema says of the same pairs. */
TEST(schema_agrees_with_jsonschema)
{
    const char *path = getenv("SCHEMA_EXPECTED") ? getenv("SCHEMA_EXPECTED") : "tests/schema/expected.jsonl";
    AUTO_BUF struct buf text = BUF_INIT(64u << 20);
    size_t schemas = 0, pairs = 0, circles = 0;
    struct str rest, line;

    CHECK_OK(file_read(path, 64u << 20, &text, NULL));
    for (rest = buf_str(&text); str_split(&rest, '\n', &line); schemas++) {
        AUTO_ARENA *a = arena_new_sized(0);
        AUTO_JSON *o = NULL;
        struct schema *s;
        struct err e = ERR_INIT;
        const json_t *want;
        size_t i;

        if (!line.len)
            break;
        CHECK_OK(json_read(line, &o, &e));
        if (schema_compile(json_child(o, "schema"), a, &s, &e) != ERR_OK) {
            test_fail(__FILE__, __LINE__, "line %zu: %s", schemas + 1, e.text);
            continue;
        }
        json_array_foreach(json_child(o, "valid"), i, want) {
            struct schema_fault faults[2];
            size_t n;
            enum schema_verdict got = schema_validate(s, json_array_get(json_child(o, "values"), i), a, faults, 2, &n);

            pairs++;
            circles += json_is_null(want);
            /* where it went round in circles we may have met a fault before */
            if (json_is_null(want) ? got == SCHEMA_VALID : got != (json_is_true(want) ? SCHEMA_VALID : SCHEMA_INVALID))
                test_fail(__FILE__, __LINE__, "line %zu, value %zu: we say %d, jsonschema the other", schemas + 1, i,
                          (int)got);
            CHECK(got == SCHEMA_VALID ? n == 0 : n > 0);
        }
    }
    printf("  %zu schemas, %zu pairs, %zu of them circular: as jsonschema\n", schemas, pairs, circles);
    CHECK(schemas >= 500);
}
