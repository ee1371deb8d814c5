#include "eval/generate.h"

#include "base/test.h"

static bool checks_try(const char *reply, struct generated_checks *g, struct str *why, struct arena *a)
{
    *g = (struct generated_checks){ .count = 0 };
    return generate_checks_read(str_c(reply), a, g, why);
}

TEST(checks_are_read_in_any_wrapping)
{
    static const char *const replies[] = {
        "[{\"name\": \"short\", \"description\": \"d\", \"severity\": \"critical\", \"rule\": \"max_words: 40\"}]",
        "Sure!\n```json\n{\"checks\": [{\"name\": \"short\", \"severity\": \"Critical\", \"rule\": \"max_words: 40\",},],}\n```\nThat's all.",
        "{\"Quality_Checks\": [{\"NAME\": \"Short\", \"Severity\": \"CRITCAL\", \"validation_function\": \"len(output.split()) <= 40\"}]}",
        "{\"list\": [{\"title\": \"short\", \"priority\": \"high\", \"MaxWords\": 40}]}",
        "1. {\"name\": \"short\", \"severity\": \"critical\", \"rule\": \"At most 40 words.\"}",
        "For example [{\"name\": \"other\", \"rule\": \"json_valid\"}]. Mine: [{\"name\": \"short\", \"severity\": \"error\", \"rule\": {\"kind\": \"max_words\", \"value\": 40}}]",
        "[{\"name\": \"short\", \"severity\": \"critical\", \"rule\": \"max_words: 40\"}, {\"name\": \"cut of",
    };

    for (size_t i = 0; i < COUNT_OF(replies); i++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct generated_checks g;
        struct str why;

        if (!checks_try(replies[i], &g, &why, a)) {
            test_fail(__FILE__, __LINE__, "%s: " STR_FMT, replies[i], STR_ARG(why));
            continue;
        }
        CHECK_INT(g.count, 1);
        CHECK_STR(g.at[0].name, "short");
        CHECK_INT(g.at[0].severity, SEVERITY_CRITICAL);
        CHECK_INT(g.at[0].rule.way, RULE_NATIVE);
        CHECK_INT(json_get_i64(g.at[0].rule.check, "max_words", 0), 40);
    }
}

TEST(what_maps_onto_nothing_is_kept)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct generated_checks g;
    struct str why;

    REQUIRE(checks_try("[{\"name\": \"a\", \"rule\": \"lambda x: eval(x)\"}, {\"description\": \"The reply stays polite.\"},"
                       " {\"name\": \"../../etc \\u001b[31m\", \"description\": \"\\u001b[2Jx\\n y\", \"rule\": \"json_valid\"}, 7, {}]",
                       &g, &why, a));
    CHECK_INT(g.count, 3);
    CHECK_INT(g.at[0].rule.way, RULE_NONE);
    CHECK_STR(json_get_str(g.at[0].rule.check, "rule"), "lambda x: eval(x)");
    CHECK_INT(g.at[1].rule.way, RULE_JUDGE);
    CHECK_STR(g.at[1].name, "judged");
    CHECK_STR(g.at[2].name, "etc_31m");
    CHECK_STR(g.at[2].description, "[2Jx  y");
}

TEST(a_reply_past_a_limit_is_refused_in_a_sentence)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf b = BUF_INIT(12u << 20);
    struct generated_checks g;
    struct str why;

    CHECK(!checks_try("", &g, &why, a) && str_contains(why, S("empty")));
    CHECK(!checks_try("I can't help with that.", &g, &why, a) && str_contains(why, S("no JSON list")));
    CHECK(!checks_try("[1, 2, 3]", &g, &why, a));
    for (int i = 0; i < 10000; i++)
        buf_puts(&b, "[");
    CHECK(!checks_try(buf_cstr(&b), &g, &why, a) && str_contains(why, S("deeper than 32")));
    buf_reset(&b);
    buf_puts(&b, "[");
    for (int i = 0; i < GENERATE_CHECKS_MAX; i++)
        buf_printf(&b, "%s{\"name\":\"c%d\",\"rule\":\"json_valid\"}", i ? "," : "", i);
    buf_puts(&b, "]");
    CHECK(checks_try(buf_cstr(&b), &g, &why, a) && g.count == GENERATE_CHECKS_MAX);
    buf_truncate(&b, b.len - 1);
    buf_puts(&b, ",{\"name\":\"x\",\"rule\":\"json_valid\"}]");
    CHECK(!checks_try(buf_cstr(&b), &g, &why, a) && str_contains(why, S("51 checks")));
    buf_reset(&b);
    buf_puts(&b, "[");
    for (int i = 0; i < 10000; i++)
        buf_printf(&b, "%s{\"rule\":\"a: %d\"}", i ? "," : "", i % 10);
    buf_puts(&b, "]");
    CHECK(b.len < GENERATE_REPLY_MAX && !checks_try(buf_cstr(&b), &g, &why, a) && str_contains(why, S("10000 checks")));
    while (b.len <= 10u << 20)
        buf_puts(&b, "0123456789 this is ten megabytes of nothing at all ");
    CHECK(!checks_try(buf_cstr(&b), &g, &why, a) && str_contains(why, S("at most 262144 are read")));
}

TEST(the_defaults_are_native_and_follow_the_format)
{
    static const struct { enum output_format format; const char *second; } rows[] = {
        { OUTPUT_JSON, "json_valid" }, { OUTPUT_CSV, "csv_valid" }, { OUTPUT_TEXT, "not_refusal" }, { OUTPUT_MARKDOWN, "not_refusal" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct task t = { .output.format = rows[i].format, .output.format_given = true };
        struct generated_checks g;

        generate_checks_default(&t, a, &g);
        CHECK_INT(g.count, 3);
        CHECK(json_child(g.at[0].rule.check, "min_length") && json_child(g.at[1].rule.check, rows[i].second));
        for (size_t k = 0; k < g.count; k++)
            CHECK_INT(g.at[k].rule.way, RULE_NATIVE);
    }
}

TEST(names_are_made_free_and_rules_that_are_there_are_dropped)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *forty = json_integer(40);
    struct check_spec own = { .name = S("short"), .kind = S("max_words"), .argument = forty };
    struct metric_spec metric = { .name = S("accuracy"), .kind = S("accuracy") };
    struct task t = { .checks = &own, .check_count = 1, .metrics = &metric, .metric_count = 1 };
    struct generated_checks g;
    struct str why;

    REQUIRE(checks_try("[{\"name\":\"x\",\"rule\":\"max_words: 40\"},{\"name\":\"short\",\"rule\":\"max_words: 30\"},"
                       "{\"name\":\"short\",\"rule\":\"json_valid\"},{\"name\":\"accuracy\",\"rule\":\"not_refusal\"},"
                       "{\"name\":\"again\",\"rule\":\"json_valid\"}]", &g, &why, a));
    generate_checks_fit(&t, a, &g);
    REQUIRE(g.count == 3);
    CHECK_INT(g.already, 2);
    CHECK_STR(g.at[0].name, "short_2");
    CHECK_STR(g.at[1].name, "short_3");
    CHECK_STR(g.at[2].name, "accuracy_2");
}

TEST(the_question_shows_task_domain_schema_and_kinds)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *schema = json_pack("{s:s}", "type", "object");
    struct task t = { .name = S("route"), .description = S("Route tickets."), .output.format = OUTPUT_JSON,
                      .output.format_given = true, .output.schema = schema };
    struct message *m = generate_checks_ask(&t, S("support"), a);
    struct str said = m[1].parts[0].text;

    CHECK(str_contains(said, S("Route tickets.")) && str_contains(said, S("support")) &&
          str_contains(said, S("\"type\": \"object\"")));
    CHECK(str_contains(said, S("max_words: ")) && !str_contains(said, S("case_checks")));
    CHECK(str_contains(m[0].parts[0].text, S("5 to 8")));
}
