#include "base/test.h"
#include "eval/promptfoo/kinds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* '+' passes, '-' fails, '?' is not evaluated, '!' can't be judged */
static const char judge_marks[] = { [PROMPTFOO_FAIL] = '-', [PROMPTFOO_PASS] = '+', [PROMPTFOO_SKIP] = '?', [PROMPTFOO_BROKEN] = '!' };

struct judged { char mark; double score; char reason[300]; };

/* A test {assert, threshold...}, as YAML, of an output. */
static struct judged judge_test(const char *test, struct str output)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct judged out = { 0 };
    struct doc_node *tree;
    struct err e = ERR_INIT;
    struct turn turn = { .finish = FINISH_STOP, .response = output };
    struct dataset_case kase = { .id = S("1") };
    struct subject s = { .kase = &kase, .output = output, .turns = &turn, .turn_count = 1, .cost_nanousd = 2000000, .latency_ms = 500 };
    const struct promptfoo_verdict *v, *again;
    json_t *vars = json_in_arena(json_object(), a);

    CHECK_OK(doc_read(S("test"), str_c(test), DOC_YAML, a, &tree, &e));
    json_object_set_new(vars, PROMPTFOO_VARIABLE, doc_to_json(tree));
    kase.vars = vars;
    CHECK_STR(promptfoo_test_fault(json_child(vars, PROMPTFOO_VARIABLE), a), "");
    subject_begin(&s, a);
    CHECK(promptfoo_judge(&s, a, &v));
    CHECK(promptfoo_judge(&s, a, &again) && again == v);
    out.mark = judge_marks[v->answer.state];
    out.score = v->answer.score;
    snprintf(out.reason, sizeof out.reason, STR_FMT, STR_ARG(v->answer.reason));
    return out;
}

struct row { const char *assertion, *output; char mark; };

static void judge_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char test[2000];
        struct judged got;

        snprintf(test, sizeof test, "{assert: [%s]}", rows[i].assertion);
        got = judge_test(test, str_c(rows[i].output));
        if (got.mark != rows[i].mark) {
            fprintf(stderr, "%s of \"%s\": %c, not %c (%s)\n", rows[i].assertion, rows[i].output, got.mark,
                    rows[i].mark, got.reason);
            CHECK(got.mark == rows[i].mark);
        }
        CHECK(got.mark == '+' || got.reason[0]);
    }
}

TEST(promptfoo_kinds_are_sorted_and_each_says_what_it_is)
{
    for (size_t i = 0; i < promptfoo_kind_count(); i++) {
        const struct promptfoo_kind *k = promptfoo_kind_at(i);
        bool inverse;

        CHECK(i == 0 || strcmp(promptfoo_kind_at(i - 1)->name, k->name) < 0);
        CHECK(promptfoo_kind_find(str_c(k->name), &inverse) == k && !inverse);
        CHECK(k->about[0] && promptfoo_support_name(k->support)[0]);
        CHECK((k->judge != NULL) == (k->support <= PROMPTFOO_SANDBOX) || strcmp(k->name, "assert-set") == 0);
    }
}

TEST(promptfoo_texts_are_judged_as_promptfoo_judges_them)
{
    static const struct row rows[] = {
        { "{type: equals, value: 'a b'}", "a b", '+' }, { "{type: equals, value: A}", "a", '-' },
        { "{type: equals, value: 5}", "5", '+' }, { "{type: equals, value: true}", "true", '+' },
        { "{type: equals, value: {a: 1}}", "{\"a\":1}", '+' }, { "{type: equals, value: [1]}", "no json", '-' },
        { "{type: equals}", "undefined", '+' }, { "{type: not-equals, value: a}", "b", '+' },
        { "{type: contains, value: b}", "abc", '+' }, { "{type: contains, value: ''}", "abc", '!' },
        { "{type: contains, value: [a]}", "abc", '!' }, { "{type: not-contains, value: b}", "abc", '-' },
        { "{type: icontains, value: ÄÖ}", "xäöx", '+' }, { "{type: contains-all, value: [a, c]}", "abc", '+' },
        { "{type: contains-all, value: 'a, \"b, c\"'}", "a b, c", '+' }, { "{type: contains-all, value: 'a, \"b'}", "a", '!' },
        { "{type: contains-all, value: []}", "a", '+' }, { "{type: contains-any, value: []}", "a", '-' },
        { "{type: contains-any, value: [x, y]}", "y", '+' }, { "{type: icontains-any, value: 'X, Y'}", "y", '+' },
        { "{type: icontains-all, value: [A, B]}", "ab", '+' }, { "{type: contains-any, value: {a: 1}}", "ab", '!' },
        { "{type: starts-with, value: ab}", "abc", '+' }, { "{type: starts-with, value: b}", "abc", '-' },
        { "{type: starts-with, value: ''}", "abc", '!' }, { "{type: word-count, value: 2}", "a  b", '+' },
        { "{type: word-count, value: {min: 3}}", "a b", '-' }, { "{type: word-count, value: {}}", "a", '!' },
        { "{type: word-count, value: x}", "a", '!' }, { "{type: word-count, value: {min: '1'}}", "a", '!' },
    };

    judge_rows(rows, COUNT_OF(rows));
}

TEST(promptfoo_patterns_are_those_of_javascript)
{
    static const struct row rows[] = {
        { "{type: regex, value: '^a.c$'}", "abc", '+' }, { "{type: regex, value: 'a.c'}", "a\nc", '-' },
        { "{type: regex, value: 'a[^]c'}", "a\nc", '+' }, { "{type: regex, value: '[]'}", "x", '-' },
        { "{type: regex, value: 'a$'}", "a\nb", '-' }, { "{type: regex, value: '(?i)A'}", "a", '-' },
        { "{type: not-regex, value: '(?i)A'}", "b", '-' }, { "{type: regex, value: '\\u0041'}", "A", '+' },
        { "{type: regex, value: '\\A'}", "A", '+' }, { "{type: regex, value: '\\x4'}", "x4", '+' },
        { "{type: regex, value: '(?<n>a)\\k<n>'}", "aa", '+' }, { "{type: regex, value: '(?<=a)b(?!c)(?:d)'}", "abd", '+' },
        { "{type: regex, value: '(*FAIL)'}", "a", '-' }, { "{type: regex, value: '[[:alpha:]]'}", "q]", '-' },
        { "{type: regex, value: '\\s'}", "\xc2\xa0", '+' }, { "{type: regex, value: '[\\s]'}", "\xc2\xa0", '+' },
        { "{type: regex, value: '^\\S+$'}", "a\xc2\xa0", '-' }, { "{type: regex, value: '('}", "(", '-' },
        { "{type: regex, value: ''}", "(", '!' }, { "{type: regex, value: '^(a|a)*$'}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", '?' },
    };

    judge_rows(rows, COUNT_OF(rows));
}

TEST(promptfoo_measures_reach_their_thresholds)
{
    static const struct row rows[] = {
        { "{type: levenshtein, value: sitting}", "kitten", '+' }, { "{type: levenshtein, value: sitting, threshold: 2}", "kitten", '-' },
        { "{type: levenshtein}", "kitten", '!' }, { "{type: bleu, value: the same words here}", "the same words here", '+' },
        { "{type: bleu, value: quite another}", "the same words here", '-' }, { "{type: bleu, value: 3}", "x", '!' },
        { "{type: bleu, value: []}", "x", '!' }, { "{type: bleu, value: x}", "", '-' }, { "{type: gleu, value: 'The end'}", "the end.", '+' },
        { "{type: gleu, value: x}", "", '!' }, { "{type: rouge-n, value: a b c}", "a b c", '+' }, { "{type: rouge-n, value: a}", "", '-' },
        { "{type: rouge-n, value: [a]}", "a", '!' }, { "{type: not-rouge-n, value: a}", "b", '+' },
    };
    struct judged got;

    judge_rows(rows, COUNT_OF(rows));
    got = judge_test("{assert: [{type: rouge-n, value: \"we can not, it's his\", threshold: 0}]}", S("We cannot, it's his"));
    CHECK(fabs(got.score - 1) < 1e-12);                 /* both halves of cannot, and 's, are words */
    got = judge_test("{assert: [{type: not-gleu, value: a b}]}", S("c d"));
    CHECK(got.score == 1 && got.mark == '+');
}

TEST(promptfoo_measures_no_text_past_its_ceiling)
{
    AUTO_BUF struct buf many = BUF_INIT(1 << 20);

    for (int i = 0; i <= PROMPTFOO_WORDS_MAX; i++)
        buf_puts(&many, "w ");
    CHECK(judge_test("{assert: [{type: bleu, value: w}]}", buf_str(&many)).mark == '?');
    CHECK(judge_test("{assert: [{type: rouge-n, value: w}]}", buf_str(&many)).mark == '?');
    CHECK(judge_test("{assert: [{type: levenshtein, value: w}]}", buf_str(&many)).mark == '?');
    buf_reset(&many);
    for (int i = 0; i < 1100; i++)
        buf_puts(&many, "{\"");
    CHECK(judge_test("{assert: [{type: contains-json}]}", buf_str(&many)).mark == '?');
    buf_reset(&many);
    for (int i = 0; i < 1100; i++)
        buf_puts(&many, "<a>");
    CHECK(judge_test("{assert: [{type: contains-xml}]}", buf_str(&many)).mark == '?');
    CHECK(judge_test("{assert: [{type: is-xml}]}", buf_str(&many)).mark == '-');
}

TEST(promptfoo_forms_are_found)
{
    static const struct row rows[] = {
        { "{type: is-json}", "[1]", '+' }, { "{type: is-json}", "[1", '-' }, { "{type: not-is-json}", "[1", '+' },
        { "{type: is-json, value: {type: object}}", "[1]", '-' }, { "{type: is-json, value: 'type: array'}", "[1]", '+' },
        { "{type: is-json, value: 7}", "[1]", '!' }, { "{type: is-json, value: {type: 7}}", "[1]", '!' },
        { "{type: not-is-json, value: {type: object}}", "[1]", '+' }, { "{type: not-is-json, value: {type: object}}", "{", '+' },
        { "{type: contains-json}", "a {b: c} d", '+' }, { "{type: contains-json}", "a b", '-' }, { "{type: contains-json}", "{ ] a", '-' },
        { "{type: contains-json, value: {required: [x]}}", "{\"a\":1} {\"x\":2}", '+' },
        { "{type: contains-json, value: {required: [y]}}", "{\"a\":1} {\"x\":2}", '-' }, { "{type: contains-json}", "{\"a\": {", '+' },
        { "{type: is-xml}", "<a b='1'>x<!-- c --><?p i?><c/></a>", '+' }, { "{type: is-xml}", "<a b='1' b='2'/>", '-' },
        { "{type: is-xml}", "<a>&nbsp;</a>", '-' }, { "{type: is-xml}", "<a>&#x41;&#65;</a>", '+' }, { "{type: is-xml}", "<a>&#xZ;</a>", '-' },
        { "{type: is-xml}", "<a><b></a></b>", '-' }, { "{type: is-xml}", "", '-' }, { "{type: is-xml}", "<a", '-' },
        { "{type: is-xml}", "<a b></a>", '-' }, { "{type: is-xml}", "<a b=\"<\"/>", '-' }, { "{type: is-xml}", "x<a/>", '-' },
        { "{type: is-xml}", "<a/>\n", '+' }, { "{type: is-xml}", "<!DOCTYPE a><a/>", '+' }, { "{type: is-xml}", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", '-' },
        { "{type: is-xml}", "<a><![CDATA[ <b> ]]></a>", '+' }, { "{type: is-xml}", "<a><!-- x -- y --></a>", '-' },
        { "{type: is-xml}", "<a> ]]> </a>", '-' }, { "{type: is-xml}", "<!-- a --><?xml version='1.0'?><a/>", '-' },
        { "{type: is-xml, value: 'a.b, a.c'}", "<a><b/><c/></a>", '+' }, { "{type: is-xml, value: [a.d]}", "<a><b/></a>", '-' },
        { "{type: is-xml, value: {other: 1}}", "<a/>", '!' }, { "{type: contains-xml}", "so: <a>1</a>", '+' },
        { "{type: contains-xml, value: b}", "so: <a>1</a> <b/>", '+' }, { "{type: contains-xml}", "1 < 2", '-' },
    };

    judge_rows(rows, COUNT_OF(rows));
}

TEST(promptfoo_asks_what_a_call_took)
{
    static const struct row rows[] = {
        { "{type: latency, threshold: 500}", "x", '+' }, { "{type: latency, threshold: 499}", "x", '-' }, { "{type: latency}", "x", '!' },
        { "{type: cost, threshold: 0.002}", "x", '+' }, { "{type: cost, threshold: 0.001}", "x", '-' }, { "{type: cost}", "x", '!' },
        { "{type: finish-reason, value: STOP}", "x", '+' }, { "{type: finish-reason, value: length}", "x", '-' },
        { "{type: finish-reason}", "x", '!' }, { "{type: is-refusal}", "I'm sorry, but I can't help with that.", '+' },
        { "{type: is-refusal}", "Sure.", '-' }, { "{type: not-is-refusal}", "Sure.", '+' }, { "{type: not-is-refusal}", "", '-' },
        { "{type: is-valid-openai-tools-call}", "x", '-' }, { "{type: llm-rubric, value: kind}", "x", '?' },
        { "{type: javascript, value: 'true'}", "x", '?' }, { "{type: contains, value: x, transform: output}", "x", '?' },
    };

    judge_rows(rows, COUNT_OF(rows));
}

TEST(promptfoo_finds_the_names_of_tools_in_any_vendors_words)
{
    static const struct { const char *output; double score; } rows[] = {
        { "[{\"function\": {\"name\": \"a\"}}, {\"name\": \"b\"}, {\"name\": \"b\"}]", 1 },
        { "{\"tool_calls\": [{\"function\": {\"name\": \"a\"}, \"name\": \"b\"}, null, 3]}", 1 },
        { "{\"type\": \"tool_use\", \"name\": \"a\"}", 2.0 / 3 }, { "{\"name\": \"a\"}", 0 }, { "a, b", 0 }, { "", 0 },
        { "I look.\n {\"type\": \"tool_use\", \"name\": \"a\"} \n[{\"name\": \"b\"}]\n{\"type\":", 1 },
        { "{\"functionCall\": {\"name\": \"a\"}, \"toolCall\": {\"functionCalls\": [{\"name\": \"b\"}]}}", 2.0 / 3 },
        { "{\"toolCall\": {\"functionCalls\": [{\"name\": \"a\"}, {\"name\": \"b\"}, {\"name\": 1}]}}", 1 },
        { "[{\"functionCall\": {\"name\": \"a\"}}, {\"functionCall\": {}, \"name\": \"b\"}, [1]]", 2.0 / 3 },
        { "[{\"name\": \"a\"}, {\"name\": \"c\"}, {\"name\": \"d\"}]", 0.4 },
        { "\"[{\\\"name\\\": \\\"a\\\"}]\"", 2.0 / 3 }, { "12", 0 }, { "null", 0 },
    };
    static const struct row values[] = {
        { "{type: tool-call-f1, value: 'a, b'}", "[{\"name\": \"a\"}, {\"name\": \"b\"}]", '+' },
        { "{type: tool-call-f1, value: a}", "[{\"name\": \"a\"}, {\"name\": \"b\"}]", '-' },
        { "{type: not-tool-call-f1, value: a}", "[{\"name\": \"a\"}, {\"name\": \"b\"}]", '+' },
        { "{type: tool-call-f1, value: [a, 7, true], threshold: 0.8}", "[{\"name\": \"a\"}, {\"name\": \"7\"}]", '+' },
        { "{type: tool-call-f1, value: ''}", "", '-' }, { "{type: tool-call-f1, value: []}", "", '!' }, { "{type: tool-call-f1}", "", '!' },
        { "{type: tool-call-f1, value: {a: 1}}", "", '!' },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct judged got = judge_test("{assert: [{type: tool-call-f1, value: [a, b], threshold: 0}]}",
                                       str_c(rows[i].output));
        struct judged turned = judge_test("{assert: [{type: not-tool-call-f1, value: [b, a], threshold: 0}]}",
                                          str_c(rows[i].output));

        if (fabs(got.score - rows[i].score) > 1e-12 || got.mark != '+')
            test_fail(__FILE__, __LINE__, "%s: %g", rows[i].output, got.score);
        CHECK(turned.mark == '-' && turned.score == got.score);
    }
    judge_rows(values, COUNT_OF(values));
}

TEST(promptfoo_weighs_what_it_judged)
{
    struct judged got;

    got = judge_test("{threshold: 0.7, assert: [{type: contains, value: a, weight: 3}, {type: contains, value: x}]}",
                     S("a"));
    CHECK(got.mark == '+' && got.score == 0.75);
    got = judge_test("{threshold: 0.8, assert: [{type: contains, value: a, weight: 3}, {type: contains, value: x}]}",
                     S("a"));
    CHECK(got.mark == '-');
    CHECK_STR(str_c(got.reason), "the score 0.75 is below the threshold 0.8; contains: \"a\" does not contain \"x\"");
    got = judge_test("{assert: [{type: contains, value: x, weight: 0}]}", S("a"));
    CHECK(got.mark == '+' && got.score == 0);
    got = judge_test("{assert: []}", S("a"));
    CHECK(got.mark == '+' && got.score == 1);
    got = judge_test("{threshold: 0, assert: [{type: contains, value: ''}]}", S("a"));
    CHECK(got.mark == '!');                             /* no threshold saves what can't be judged */
    got = judge_test("{assert: [{type: assert-set, threshold: 0.5, weight: 2, assert: [{type: contains, value: a}, {type: contains, "
                     "value: x}]}, {type: contains, value: a}]}", S("a"));
    CHECK(got.mark == '+' && fabs(got.score - 2.0 / 3) < 1e-12);
}

TEST(promptfoo_leaves_open_what_an_assertion_not_evaluated_decides)
{
    struct judged got;

    got = judge_test("{assert: [{type: llm-rubric}, {type: contains, value: x}]}", S("a"));
    CHECK(got.mark == '-' && isnan(got.score));         /* it fails whatever the model says */
    got = judge_test("{assert: [{type: llm-rubric}, {type: contains, value: a}]}", S("a"));
    CHECK(got.mark == '?');
    got = judge_test("{assert: [{type: llm-rubric, weight: 0}, {type: contains, value: a}]}", S("a"));
    CHECK(got.mark == '+' && got.score == 1);
    got = judge_test("{threshold: 0.5, assert: [{type: llm-rubric}, {type: contains, value: a}]}", S("a"));
    CHECK(got.mark == '+');                             /* half is reached without it */
    got = judge_test("{threshold: 0.6, assert: [{type: llm-rubric}, {type: contains, value: a}]}", S("a"));
    CHECK(got.mark == '?');
    got = judge_test("{threshold: 0.6, assert: [{type: llm-rubric}, {type: contains, value: x}]}", S("a"));
    CHECK(got.mark == '-');                             /* and can't be reached with it */
    got = judge_test("{blind: the transform is code, assert: [{type: contains, value: x}]}", S("a"));
    CHECK(got.mark == '?');
}

TEST(promptfoo_names_its_scores)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *vars = NULL;
    struct dataset_case kase = { .id = S("1") };
    struct subject s = { .kase = &kase, .output = S("a") };
    const struct promptfoo_verdict *v;

    CHECK_OK(json_read(S("{\"promptfoo\":{\"assert\":[{\"type\":\"contains\",\"value\":\"a\",\"metric\":\"m\",\"weight\":3},"
                         "{\"type\":\"contains\",\"value\":\"x\",\"metric\":\"m\"},{\"type\":\"assert-set\",\"metric\":\"s\",\"assert\":"
                         "[{\"type\":\"contains\",\"value\":\"a\",\"metric\":\"n\"}]}]}}"), &vars, NULL));
    kase.vars = vars;
    subject_begin(&s, a);
    CHECK(promptfoo_judge(&s, a, &v));
    CHECK(v->part_count == 4 && v->parts[3].in_set && !v->parts[2].in_set);
    CHECK(json_get_double(v->named, "m", 0) == 0.75 && json_get_double(v->named, "n", 0) == 1 &&
          json_get_double(v->named, "s", 0) == 1);
    kase.vars = NULL;
    CHECK(!promptfoo_judge(&s, a, &v));
}

TEST(promptfoo_tools_are_those_the_provider_has)
{
    static const struct { const char *calls; enum promptfoo_state state; const char *why; } rows[] = {
        { "[{\"function\":{\"name\":\"find\",\"arguments\":\"{\\\"n\\\":1}\"}}]", PROMPTFOO_PASS, "" },
        { "[{\"name\":\"find\",\"input\":{\"n\":1}}]", PROMPTFOO_PASS, "" },
        { "[{\"name\":\"find\",\"input\":{\"n\":\"x\"}}]", PROMPTFOO_FAIL, "the arguments of find: $.n" },
        { "[{\"name\":\"lose\",\"input\":{}}]", PROMPTFOO_FAIL, "there is no tool \"lose\"" },
        { "[{\"name\":\"find\",\"arguments\":\"{\"}]", PROMPTFOO_FAIL, "are not JSON" },
        { "[{\"name\":\"stop\",\"arguments\":{\"a\":1}}]", PROMPTFOO_FAIL, "takes no arguments" },
        { "[{\"name\":\"stop\",\"arguments\":\"\"}]", PROMPTFOO_PASS, "" },
    };
    AUTO_JSON *vars = NULL;

    CHECK_OK(json_read(S("{\"promptfoo\":{\"assert\":[{\"type\":\"is-valid-openai-tools-call\"}],\"tools\":[{\"type\":\"function\",\"function\":"
                         "{\"name\":\"find\",\"parameters\":{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}}}},"
                         "{\"name\":\"stop\"}]}}"), &vars, NULL));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO_ARENA *a = arena_new_sized(0);
        AUTO_JSON *calls = NULL;
        struct dataset_case kase = { .id = S("1"), .vars = vars };
        struct turn turn = { .finish = FINISH_TOOL_USE };
        struct subject s = { .kase = &kase, .output = S(""), .turns = &turn, .turn_count = 1 };
        const struct promptfoo_verdict *v;

        CHECK_OK(json_read(str_c(rows[i].calls), &calls, NULL));
        turn.tool_calls = calls;
        subject_begin(&s, a);
        CHECK(promptfoo_judge(&s, a, &v));
        CHECK(v->answer.state == rows[i].state);
        CHECK(str_contains(v->answer.reason, str_c(rows[i].why)));
    }
}

TEST(promptfoo_tests_that_are_none_are_told)
{
    static const struct { const char *test, *why; } rows[] = {
        { "{assert: 3}", "a list" }, { "{assert: [3]}", "has no type" }, { "{assert: [{type: contians}]}", "did you mean \"contains\"" },
        { "{assert: [{type: not-icontain}]}", "did you mean \"icontains\"" }, { "{assert: [{type: equals, weight: -1}]}", "weight" },
        { "{assert: [{type: equals, threshold: x}]}", "threshold" }, { "{assert: [{type: assert-set}]}", "needs assert" },
        { "{assert: [{type: not-assert-set}]}", "no assertion" },
        { "{assert: [{type: assert-set, assert: [{type: assert-set, assert: []}]}]}", "can't stand in another" },
    };
    AUTO_ARENA *a = arena_new_sized(0);
    json_t *many = json_in_arena(json_object(), a), *list = json_array();

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct doc_node *tree;
        struct str why;

        CHECK_OK(doc_read(S("test"), str_c(rows[i].test), DOC_YAML, a, &tree, NULL));
        why = promptfoo_test_fault(json_in_arena(doc_to_json(tree), a), a);
        if (!str_contains(why, str_c(rows[i].why)))
            fprintf(stderr, "%s: " STR_FMT "\n", rows[i].test, STR_ARG(why));
        CHECK(str_contains(why, str_c(rows[i].why)));
    }
    json_object_set_new(many, "assert", list);
    for (int i = 0; i < PROMPTFOO_ASSERTS_MAX; i++)
        json_array_append_new(list, json_pack("{s:s}", "type", "is-json"));
    CHECK_STR(promptfoo_test_fault(many, a), "");
    json_array_append_new(list, json_pack("{s:s}", "type", "is-json"));
    CHECK_STR(promptfoo_test_fault(many, a), "a test has at most 256 assertions, with those of its sets");
}
