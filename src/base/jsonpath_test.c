#include "base/test.h"

#include <stdio.h>

/* The values `path` selects in `document`, as one JSON list; or the error's sentence. */
static struct str selected(const char *path, const char *document, struct arena *a)
{
    AUTO_BUF struct buf out = BUF_INIT(1 << 20);
    struct jsonpath_nodes nodes;
    struct jsonpath *p = NULL;
    struct err e = ERR_INIT;
    json_t *root = NULL;

    if (json_read(str_c(document), &root, &e) != ERR_OK || jsonpath_compile(str_c(path), a, &p, &e) != ERR_OK)
        return arena_strdup(a, str_c(e.text));
    json_in_arena(root, a);
    if (jsonpath_select(p, root, a, &nodes, &e) != ERR_OK)
        return arena_strdup(a, str_c(e.text));
    buf_byte(&out, '[');
    for (size_t i = 0; i < nodes.len; i++) {
        buf_puts(&out, i ? "," : "");
        json_write(nodes.at[i].value, &out);
    }
    buf_byte(&out, ']');
    return arena_strdup(a, buf_str(&out));
}

TEST(jsonpath_selects_what_the_rfc_shows)
{
    static const char shop[] = "{\"store\":{\"book\":["
        "{\"kind\":\"reference\",\"by\":\"R\",\"title\":\"A\",\"price\":8.95},"
        "{\"kind\":\"fiction\",\"by\":\"W\",\"title\":\"B\",\"price\":12.99},"
        "{\"kind\":\"fiction\",\"by\":\"M\",\"title\":\"C\",\"isbn\":\"0-5\",\"price\":8.99}],"
        "\"bicycle\":{\"colour\":\"red\",\"price\":399}},\"limit\":10,\"a b\":[[1,2],[3]]}";
    static const struct { const char *path, *want; } rows[] = {
        { "$.limit", "[10]" }, { "$['a b'][0][-1]", "[2]" }, { "$.store.book[*].by", "[\"R\",\"W\",\"M\"]" },
        { "$..by", "[\"R\",\"W\",\"M\"]" }, { "$.store..price", "[8.95,12.99,8.99,399]" },
        { "$..book[2].title", "[\"C\"]" }, { "$..book[-1].title", "[\"C\"]" }, { "$..book[0,1].title", "[\"A\",\"B\"]" },
        { "$..book[:2].title", "[\"A\",\"B\"]" }, { "$..book[::-1].title", "[\"C\",\"B\",\"A\"]" },
        { "$..book[?@.isbn].title", "[\"C\"]" }, { "$..book[?@.price<$.limit].title", "[\"A\",\"C\"]" },
        { "$..book[?!@.isbn && @.kind == 'fiction'].title", "[\"B\"]" },
        { "$..book[?match(@.kind, 'f.*') || @.price == 8.95].title", "[\"A\",\"B\",\"C\"]" },
        { "$..book[?search(@.isbn, '[0-9]-')].title", "[\"C\"]" }, { "$[?length(@) == 2]", "[{\"book\":[{\"kind\":\"reference\",\"by\":"
          "\"R\",\"title\":\"A\",\"price\":8.95},{\"kind\":\"fiction\",\"by\":\"W\",\"title\":\"B\",\"price\":12.99},{\"kind\":"
          "\"fiction\",\"by\":\"M\",\"title\":\"C\",\"isbn\":\"0-5\",\"price\":8.99}],\"bicycle\":{\"colour\":\"red\",\"price\":399}},"
          "[[1,2],[3]]]" },
        { "$['a b'][?count(@.*) == 1]", "[[3]]" }, { "$['a b'][?value(@[?@ > 1]) == 3]", "[[3]]" },
        { "$.store.bicycle['colour','price']", "[\"red\",399]" }, { "$.none", "[]" }, { "$.limit.x", "[]" },
        { "$..book[?@.price > 8.9 && (@.by == \"W\" || @.by == 'R')].by", "[\"R\",\"W\"]" },
        { "$.store.book[?@['kind']\n==\t'reference'].by", "[\"R\"]" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct str got = selected(rows[i].path, shop, a);

        if (!str_is(got, rows[i].want))
            test_fail(__FILE__, __LINE__, "%s gives " STR_FMT ", wanted %s", rows[i].path, STR_ARG(got), rows[i].want);
    }
}

TEST(jsonpath_says_what_is_wrong_with_a_query)
{
    static const struct { const char *path, *words; } rows[] = {
        { "queue", "a path begins with $" }, { "", "a path begins with $" }, { "$ ", "white space behind the path" },
        { "$.a b", "a . or [ is missing, at character 5" }, { "$.", "a name is missing" }, { "$..", "a name is missing" },
        { "$.a-b", "stands in brackets" }, { "$[", "in brackets stand" }, { "$['a", "never closed" },
        { "$['a' 'b']", "a ] or a comma" }, { "$[01]", "no leading zero" }, { "$[-0]", "not -0" },
        { "$[9007199254740992]", "2^53" }, { "$['\\x']", "after a backslash" }, { "$['\\ud800']", "surrogate" },
        { "$[?1]", "a value alone" }, { "$[?@.a==]", "a condition has" }, { "$[?@.*==1]", "at most one value" },
        { "$[?length(@.a)]", "gives a value; compare it" }, { "$[?length(@.*)==1]", "takes a value here" },
        { "$[?count(1)==1]", "takes a path" }, { "$[?lenght(@.a)==1]", "did you mean \"length\"" },
        { "$[?match(@.a)]", "takes 2 arguments, not 1" }, { "$[?match(@.a,'b')==true]", "can't be compared" },
        { "$[?!@.a==1]", "needs parentheses" }, { "$[?(@.a]", "a ) is missing" }, { "$[?@.a==1.]", "after the decimal point" },
        { "$[?@.a==-]", "not a number" }, { "$[?@.a==1e999]", "too large" }, { "$[?length (@.a)==1]", "right after its name" },
        { "$[?@.a==01]", "not a number" }, { "$[1:2:3:4]", "a ] or a comma" }, { "$['a',]", "in brackets stand" },
        { "$[?count(@.a,)==1]", "argument is missing" }, { "$['\n']", "control character" }, { "\xff$", "not UTF-8" },
    };
    char deep[JSONPATH_TEXT_MAX + 10];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct jsonpath *p = NULL;
        struct err e = ERR_INIT;

        if (jsonpath_compile(str_c(rows[i].path), a, &p, &e) == ERR_OK || !strstr(e.text, rows[i].words))
            test_fail(__FILE__, __LINE__, "%s says \"%s\", wanted \"%s\"", rows[i].path, e.text, rows[i].words);
    }
    for (int levels = JSONPATH_NESTING_MAX - 1; levels <= JSONPATH_NESTING_MAX; levels++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct jsonpath *p = NULL;
        struct err e = ERR_INIT;

        snprintf(deep, sizeof deep, "$[?%.*s@.a%.*s]", levels, "((((((((((((((((((((((((((((((((((((((((", levels,
                 "))))))))))))))))))))))))))))))))))))))))");
        CHECK_INT(jsonpath_compile(str_c(deep), a, &p, &e), levels < JSONPATH_NESTING_MAX ? ERR_OK : ERR_BAD_INPUT);
        CHECK(levels < JSONPATH_NESTING_MAX || strstr(e.text, "levels deep"));
    }
    for (size_t len = JSONPATH_TEXT_MAX; len <= JSONPATH_TEXT_MAX + 1; len++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct jsonpath *p = NULL;
        struct err e = ERR_INIT;

        memset(deep, 'a', sizeof deep);
        memcpy(deep, "$.", 2);
        CHECK_INT(jsonpath_compile(str_n(deep, len), a, &p, &e), len > JSONPATH_TEXT_MAX ? ERR_BAD_INPUT : ERR_OK);
    }
}

static json_t *list_of(size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_integer((json_int_t)i));
    return list;
}

static enum err_code select_code(const char *path, const json_t *root, size_t *len, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct jsonpath_nodes nodes = { 0 };
    struct jsonpath *p = NULL;
    enum err_code code;

    CHECK_OK(jsonpath_compile(str_c(path), a, &p, e));
    code = jsonpath_select(p, root, a, &nodes, e);
    *len = nodes.len;
    return code;
}

TEST(jsonpath_that_looks_at_too_much_is_an_error)
{
    AUTO_JSON *full = list_of(JSONPATH_NODES_MAX);
    AUTO_JSON *over = list_of(JSONPATH_NODES_MAX + 1);
    AUTO_JSON *square = list_of(2000);
    AUTO_JSON *deep = json_array();
    struct err e = ERR_INIT;
    size_t len;

    CHECK_OK(select_code("$[*]", full, &len, &e));
    CHECK_INT(len, JSONPATH_NODES_MAX);
    CHECK_INT(select_code("$[*]", over, &len, &e), ERR_TOO_LARGE);
    CHECK(strstr(e.text, "selects more than 100000"));
    CHECK_INT(len, 0);
    CHECK_INT(select_code("$[?count($[*]) == 1]", square, &len, &e), ERR_TOO_LARGE);
    CHECK(strstr(e.text, "looks at more than 1000000"));
    for (int i = 0; i < JSON_DEPTH_MAX + 2; i++) {
        json_t *outer = json_array();

        json_array_append_new(outer, TAKE(deep));
        deep = outer;
    }
    CHECK_INT(select_code("$..x", deep, &len, &e), ERR_TOO_LARGE);
    CHECK(strstr(e.text, "levels deep"));
}

TEST(jsonpath_gives_up_on_a_pattern_that_would_run_for_ever)
{
    AUTO_JSON *text = json_array();
    struct err e = ERR_INIT;
    size_t len;

    json_array_append_new(text, json_string("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"));
    CHECK_INT(select_code("$[?match(@, '(a|aa)+')]", text, &len, &e), ERR_TOO_LARGE);
    CHECK(strstr(e.text, "gave up"));
}

TEST(jsonpath_tells_of_a_pattern_that_matches_nothing)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct jsonpath *p = NULL;

    CHECK_OK(jsonpath_compile(S("$[?match(@.a, 'a(b')]"), a, &p, NULL));
    CHECK(str_contains(jsonpath_doubt(p), S("at character")));
    CHECK_STR(selected("$[?match(@.a, 'a(b')]", "[{\"a\":\"a(b\"}]", a), "[]");
    CHECK_OK(jsonpath_compile(S("$[?match(@.a, 'a.b')]"), a, &p, NULL));
    CHECK_INT(jsonpath_doubt(p).len, 0);
}

TEST(jsonpath_names_the_place_of_a_node)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf place = BUF_INIT(1000);
    struct jsonpath_nodes nodes;
    struct jsonpath *p = NULL;
    json_t *root = NULL;

    CHECK_OK(json_read(S("{\"rows\":[1,{\"it's\\n\":2,\"id\":3}]}"), &root, NULL));
    json_in_arena(root, a);
    CHECK_OK(jsonpath_compile(S("$..*"), a, &p, NULL));
    CHECK_OK(jsonpath_select(p, root, a, &nodes, NULL));
    REQUIRE(nodes.len == 5);
    jsonpath_write_place(&nodes.at[3], &place);
    CHECK_STR(buf_str(&place), "$['rows'][1]['it\\'s\\n']");
    CHECK_STR(jsonpath_place(&nodes.at[4], a), "$.rows[1].id");
    CHECK(!jsonpath_singular(p));
}

/* --- what others say ---------------------------------------------------------------------------------------------- */

static bool lists_equal(const json_t *want, const struct jsonpath_nodes *nodes, bool places)
{
    if (json_array_size(want) != nodes->len)
        return false;
    for (size_t i = 0; i < nodes->len; i++) {
        AUTO_BUF struct buf place = BUF_INIT(1 << 16);

        jsonpath_write_place(&nodes->at[i], &place);
        if (places ? !str_eq(buf_str(&place), json_to_str(json_array_get(want, i)))
                   : !json_equal(json_array_get(want, i), nodes->at[i].value))
            return false;
    }
    return true;
}

/* One fixture: {selector, document, result | results (any of), result_paths | results_paths} or {selector,
 * invalid_selector: true}. */
static bool fixture_holds(const json_t *fixture, struct err *e)
{
    const json_t *any = json_child(fixture, "results"), *paths = json_child(fixture, "result_paths");
    const json_t *any_paths = json_child(fixture, "results_paths"), *want = json_child(fixture, "result");
    AUTO_ARENA *a = arena_new_sized(0);
    struct jsonpath_nodes nodes;
    struct jsonpath *p = NULL;
    bool good = false, invalid = json_get_bool(fixture, "invalid_selector", false);

    *e = ERR_INIT;
    if (jsonpath_compile(json_get_str(fixture, "selector"), a, &p, e) != ERR_OK)
        return invalid;
    if (invalid || jsonpath_select(p, json_child(fixture, "document"), a, &nodes, e) != ERR_OK)
        return false;
    if (!any)
        return lists_equal(want, &nodes, false) && (!paths || lists_equal(paths, &nodes, true));
    for (size_t i = 0; i < json_array_size(any) && !good; i++)
        good = lists_equal(json_array_get(any, i), &nodes, false) &&
               (!any_paths || lists_equal(json_array_get(any_paths, i), &nodes, true));
    return good;
}

/* JSONPATH_CTS names the cts.json of the JSONPath working group's compliance suite; tests/jsonpath/run.sh gets it. */
TEST(jsonpath_passes_the_compliance_suite)
{
    const char *path = getenv("JSONPATH_CTS");
    AUTO_BUF struct buf text = BUF_INIT(16u << 20);
    AUTO_JSON *suite = NULL;
    const json_t *fixture;
    size_t i, wrong = 0;
    struct err e = ERR_INIT;

    if (!path)
        return;
    CHECK_OK(file_read(path, 16u << 20, &text, &e));
    CHECK_OK(json_read(buf_str(&text), &suite, &e));
    json_array_foreach(json_child(suite, "tests"), i, fixture)
        if (!fixture_holds(fixture, &e)) {
            wrong++;
            test_fail(__FILE__, __LINE__, "\"" STR_FMT "\", " STR_FMT ": %s", STR_ARG(json_get_str(fixture, "name")),
                      STR_ARG(json_get_str(fixture, "selector")), e.text);
        }
    printf("  %zu fixtures of the compliance suite, %zu disagreements\n", i, wrong);
    CHECK(i > 500);
}
