#include "base/test.h"

#include <stdio.h>

#include "eval/metric/metric.h"

/* One metric on one output; formats "json", "csv", "text". -1 when missing. */
static double measure(const char *metric, const char *format, const char *output, const char *expected,
                      const char *options)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct task task = { 0 };
    struct dataset_case kase = { 0 };
    struct metric_spec spec = { .name = str_c(metric), .kind = str_c(metric) };
    struct usage usage = { .input = 120, .output = 7 };
    struct subject s = { .task = &task, .kase = &kase, .output = str_c(output), .usage = &usage,
                         .cost_nanousd = 10500000, .latency_ms = 812 };
    const struct metric *m;
    struct score out;
    struct err e = ERR_INIT;
    json_t *j;
    void *state;

    CHECK(output_format_from(str_c(format), &task.output.format));
    if (expected && json_read(str_c(expected), &j, &e) == ERR_OK)
        kase.expected = json_in_arena(j, a);
    if (options && json_read(str_c(options), &j, &e) == ERR_OK)
        spec.options = json_in_arena(j, a);
    if (metric_prepare(&spec, a, &m, &state, &e) != ERR_OK) {
        test_fail(__FILE__, __LINE__, "%s: %s", metric, e.text);
        return -2;
    }
    subject_begin(&s, a);
    metric_score(m, state, &s, a, &out);
    return out.state == SCORE_VALUE ? out.value : -1;
}

/* The sentence for what is wrong with a metric's settings; empty when nothing is. Static. */
static const char *complaint(const char *kind, const char *options)
{
    static struct err e;
    AUTO_ARENA *a = arena_new_sized(0);
    struct metric_spec spec = { .name = str_c(kind), .kind = str_c(kind) };
    const struct metric *m;
    json_t *j;
    void *state;

    e = ERR_INIT;
    if (options && json_read(str_c(options), &j, NULL) == ERR_OK)
        spec.options = json_in_arena(j, a);
    if (metric_prepare(&spec, a, &m, &state, &e) == ERR_OK)
        return "";
    CHECK_INT(e.code, ERR_BAD_INPUT);
    return e.text;
}

TEST(the_reference_values_of_the_sheet_hold)
{
    CHECK_NEAR(measure("accuracy", "json", "[\"A\",\"B\",\"C\"]", "{\"items\":[\"A\",\"B\",\"C\",\"D\"]}", NULL), 1, 0);
    CHECK_NEAR(measure("hallucination", "json", "[\"A\",\"B\",\"X\"]", "[\"A\",\"B\"]", NULL), 0.3333, 5e-5);
    CHECK_NEAR(measure("completeness", "json", "{\"items\":[\"A\",\"B\"]}", "{\"concepts\":[\"A\",\"B\",\"C\",\"D\"]}",
                       NULL),
               0.5, 0);
    CHECK_NEAR(measure("cost", "json", "[]", NULL, NULL), 0.0105, 1e-15);
}

TEST(the_edge_rules_of_the_sheet_hold)
{
    CHECK_NEAR(measure("accuracy", "json", "not json", "[\"A\"]", NULL), 0, 0);
    CHECK_NEAR(measure("hallucination", "json", "not json", "[\"A\"]", NULL), 1, 0);
    CHECK_NEAR(measure("completeness", "json", "not json", "[\"A\"]", NULL), 0, 0);
    CHECK_NEAR(measure("accuracy", "json", "[]", "[\"A\"]", NULL), 0, 0);
    CHECK_NEAR(measure("hallucination", "json", "[]", "[\"A\"]", NULL), 1, 0);
    CHECK_NEAR(measure("completeness", "json", "[\"A\"]", "[]", NULL), 0, 0);
    CHECK_NEAR(measure("completeness", "json", "not json", "[]", NULL), 0, 0);
    CHECK_NEAR(measure("accuracy", "json", "[\"A\",\"A\",\"B\"]", "[\"A\"]", NULL), 0.5, 0);       /* duplicates collapse */
    CHECK_NEAR(measure("accuracy", "json", "[\"a\"]", "[\"A\"]", NULL), 0, 0);                     /* case counts */
    CHECK_NEAR(measure("accuracy", "json", "[1, 2.0]", "[\"1\", 2]", NULL), 1, 0);                 /* by their text */
    CHECK_NEAR(measure("accuracy", "json", "[{\"b\":1,\"a\":2}]", "[{\"a\":2,\"b\":1}]", NULL), 1, 0);
    CHECK_NEAR(measure("accuracy", "json", "[\"A\"]", NULL, NULL), -1, 0);                         /* nothing expected: missing */
    CHECK_NEAR(measure("accuracy", "json", "[\"A\"]", "null", NULL), -1, 0);
    CHECK_NEAR(measure("consistency", "json", "[\"A\"]", "[\"A\"]", NULL), -1, 0);
}

TEST(one_answer_counts_by_its_members_or_as_itself)
{
    CHECK_NEAR(measure("accuracy", "json", "{\"queue\":\"a\",\"urgency\":\"low\"}",
                       "{\"queue\":\"a\",\"urgency\":\"high\"}", NULL),
               0.5, 0);
    CHECK_NEAR(measure("accuracy", "json", "{\"queue\":\"a\"}", "{\"queue\":\"a\",\"urgency\":\"high\"}", NULL), 1, 0);
    CHECK_NEAR(measure("completeness", "json", "{\"queue\":\"a\"}", "{\"queue\":\"a\",\"urgency\":\"high\"}", NULL),
               0.5, 0);
    CHECK_NEAR(measure("accuracy", "json", "{\"queue\":\"a\",\"why\":\"x\"}", "{\"queue\":\"a\",\"urgency\":\"x\"}",
                       "{\"key\":\"queue\"}"),
               1, 0);
    CHECK_NEAR(measure("accuracy", "text", " billing\n", "\"billing\"", NULL), 1, 0);
    CHECK_NEAR(measure("accuracy", "text", "sales", "\"billing\"", NULL), 0, 0);
    CHECK_NEAR(measure("accuracy", "json", "\"billing\"", "\"billing\"", NULL), 1, 0);
    CHECK_NEAR(measure("accuracy", "text", "{\"queue\":\"a\"}", "{\"queue\":\"a\"}", NULL), 1, 0);
    CHECK_NEAR(measure("accuracy", "json", "{\"queue\":\"a\"}", "\"{\\\"queue\\\": \\\"a\\\"}\"", NULL), 1, 0);
    CHECK_NEAR(measure("accuracy", "text", "42", "42", NULL), 1, 0);
}

TEST(items_of_csv_are_its_rows_without_the_header)
{
    CHECK_NEAR(measure("accuracy", "csv", "id,name\n1,\"Smith, A\"\n2,Bo\n", "\"id,name\\n1,\\\"Smith, A\\\"\\n3,Cy\"",
                       NULL),
               0.5, 0);
    CHECK_NEAR(measure("accuracy", "csv", "name\na\nb\n", "[\"a\",\"b\"]", NULL), 1, 0);
    CHECK_NEAR(measure("accuracy", "csv", "id,n\n1,x\n2,y\n", "[{\"id\":1,\"n\":\"z\"},{\"id\":2,\"n\":\"y\"}]", NULL),
               0.5, 0);
    CHECK_NEAR(measure("accuracy", "csv", "id,n\n1,x\n2,y\n", "[{\"id\":1,\"n\":\"z\"},{\"id\":2,\"n\":\"y\"}]",
                       "{\"key\":\"id\"}"),
               1, 0);
    CHECK_NEAR(measure("completeness", "csv", "```csv\nid,n\n1,x\n```", "[[1,\"x\"]]", NULL), 1, 0);
    CHECK_NEAR(measure("accuracy", "csv", "a,b\n", "[\"a\"]", NULL), 0, 0);
}

TEST(a_key_may_be_several_members)
{
    const char *const two = "{\"key\":[\"id\",\"day\"]}",
                      *const gold = "[{\"id\":1,\"day\":\"mon\",\"x\":9},{\"id\":2,\"day\":\"tue\"}]";

    CHECK_NEAR(measure("accuracy", "json", "[{\"day\":\"mon\",\"id\":1,\"x\":0},{\"id\":2,\"day\":\"wed\"}]", gold,
                       two),
               0.5, 0);
    CHECK_NEAR(measure("accuracy", "json", "[{\"id\":1},{\"id\":2,\"day\":\"tue\"}]", gold, two), 0.5, 0);
    CHECK_NEAR(measure("accuracy", "csv", "x,day,id\n5,mon,1\n6,tue,2\n", gold, two), 1, 0);
    CHECK_NEAR(measure("accuracy", "csv", "x,day,id\n5,mon,1\n6,tue,3\n", "\"id,day\\n1,mon\\n2,tue\"", two), 0.5, 0);
    CHECK_NEAR(measure("accuracy", "csv", "id,day\n1,\n2\n", "\"id,day\\n1,\\n2,\"", two), 1, 0);
    CHECK(strstr(complaint("accuracy", "{\"key\":[]}"), "or a list of 1 to 8 of them"));
    CHECK(strstr(complaint("f1", "{\"key\":[\"a\",1]}"), "key takes the name of one member"));
    CHECK(strstr(complaint("f1", "{\"key\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]}"),
                 "a list of 1 to 8"));
}

TEST(f1_is_over_items_or_words)
{
    CHECK_NEAR(measure("f1", "json", "[\"A\",\"B\",\"X\"]", "[\"A\",\"B\"]", NULL), 0.8, 1e-15);
    CHECK_NEAR(measure("f1", "json", "prose", "[\"A\"]", NULL), 0, 0);
    CHECK_NEAR(measure("f1", "text", "The cat sat.", "\"the cat sat down\"", NULL), 6.0 / 7, 1e-15);
    CHECK_NEAR(measure("f1", "text", "", "\"a\"", NULL), 0, 0);
}

TEST(exact_match_trims_and_reads_json)
{
    CHECK_NEAR(measure("exact_match", "text", " yes\n", "\"yes\"", NULL), 1, 0);
    CHECK_NEAR(measure("exact_match", "text", "Yes", "\"yes\"", NULL), 0, 0);
    CHECK_NEAR(measure("exact_match", "json", "{\"b\": 1.0, \"a\": [1]}", "{\"a\":[1],\"b\":1}", NULL), 1, 0);
    CHECK_NEAR(measure("exact_match", "json", "```json\n{\"a\":1}\n```", "\"{\\\"a\\\": 1}\"", NULL), 1, 0);
    CHECK_NEAR(measure("exact_match", "json", "nope", "{\"a\":1}", NULL), 0, 0);
    CHECK_NEAR(measure("exact_match", "text", "3", "3", NULL), 1, 0);
}

TEST(what_an_answer_took_is_measured)
{
    CHECK_NEAR(measure("latency", "text", "x", NULL, NULL), 812, 0);
    CHECK_NEAR(measure("input_tokens", "text", "x", NULL, NULL), 120, 0);
    CHECK_NEAR(measure("output_tokens", "text", "x", NULL, NULL), 7, 0);
}

TEST(every_metric_has_its_words_and_a_wrong_setting_is_told)
{
    for (size_t i = 0; i < metric_count(); i++) {
        CHECK(metric_at(i)->label && metric_at(i)->doc && metric_at(i)->score);
        CHECK(metric_find(str_c(metric_at(i)->name)) == metric_at(i));
        CHECK(i == 0 || strcmp(metric_at(i - 1)->name, metric_at(i)->name) < 0);
    }
    for (size_t i = 0; i < METRIC_DEFAULTS; i++)
        CHECK(metric_find(str_c(metric_defaults[i])));
    CHECK_STR(str_c(complaint("accuracy", "{\"kye\":\"id\"}")),
              "the metric accuracy has no setting \"kye\"; it knows key");
    CHECK(strstr(complaint("acuracy", NULL), "did you mean \"accuracy\""));
    CHECK(strstr(complaint("pass_at_k", "{\"k\":1.5}"), "k takes a whole number from 1 to 1000"));
    CHECK(strstr(complaint("pass_at_k", "{\"k\":0}"), "k takes a number from 1 to 1000"));
    CHECK(strstr(complaint("pass_hat_k", "{\"of\":\"latency\"}"),
                 "of can't be latency: it takes a share of which more is"));
    CHECK(strstr(complaint("percentile", "{\"of\":\"consistency\"}"), "it has no value of a trial alone"));
    CHECK(strstr(complaint("percentile", "{\"of\":\"latancy\"}"), "did you mean \"latency\""));
    CHECK(strstr(complaint("percentile", "{\"of\":{\"abs\":1}}"), "of takes a metric's name, or {metric:"));
    CHECK(strstr(complaint("percentile", "{\"p\":101}"), "p takes a number from 0 to 100"));
    CHECK(strstr(complaint("cost_per_correct", "{\"of\":{\"metric\":\"numeric_match\",\"abz\":1}}"),
                 "no setting \"abz\""));
    CHECK(strstr(complaint("numeric_match", "{\"take\":\"middle\"}"), "take is first or last"));
    CHECK(strstr(complaint("classification", "{\"labels\":[\"a\",\"a\"]}"), "labels has \"a\" twice"));
    CHECK(strstr(complaint("classification", "{\"labels\":[]}"), "labels takes a list of 1 to 200 labels"));
    CHECK(strstr(complaint("bleu", "{\"key\":1}"), "key takes the name of one member"));
    CHECK_STR(str_c(complaint("percentile", "{\"of\":{\"metric\":\"numeric_match\",\"abs\":1},\"p\":99.9}")), "");
}

TEST(a_label_is_the_answer_or_one_member_of_it)
{
    const char *const ab = "{\"labels\":[\"a\",\"b\"]}", *const key = "{\"key\":\"q\",\"ignore_case\":true}";

    CHECK_NEAR(measure("classification", "text", " a\n", "\"a\"", NULL), 1, 0);
    CHECK_NEAR(measure("classification", "text", "A", "\"a\"", NULL), 0, 0);
    CHECK_NEAR(measure("classification", "text", "A", "\"a\"", "{\"ignore_case\":true}"), 1, 0);
    CHECK_NEAR(measure("classification", "text", "3", "3", NULL), 1, 0);
    CHECK_NEAR(measure("classification", "json", "\"a\"", "\"a\"", NULL), 1, 0);
    CHECK_NEAR(measure("classification", "json", "a", "\"a\"", NULL), 0, 0);
    CHECK_NEAR(measure("classification", "json", "{\"q\": \"A\", \"x\": 1}", "{\"q\":\"a\",\"y\":2}", key), 1, 0);
    CHECK_NEAR(measure("classification", "json", "{\"x\": \"A\"}", "{\"q\":\"a\",\"y\":2}", key), 0, 0);
    CHECK_NEAR(measure("classification", "text", "{\"q\": true}", "{\"q\":true}", NULL), 1, 0);
    CHECK_NEAR(measure("classification", "json", "{\"q\":\"a\"}", "{\"q\":\"a\",\"y\":2}", NULL), -1, 0);
    CHECK_NEAR(measure("classification", "text", "a", "[\"a\"]", NULL), -1, 0);
    CHECK_NEAR(measure("classification", "text", "b", "\"b\"", ab), 1, 0);
    CHECK_NEAR(measure("classification", "text", "c", "\"c\"", ab), -1, 0);
    CHECK_NEAR(measure("macro_f1", "text", "b", "\"a\"", ab), 0, 0);
}

/* `n` times `piece` in double quotes, as JSON; free() it. */
static char *repeated(const char *piece, size_t n, bool quotes)
{
    struct buf b = BUF_INIT(16 << 20);

    buf_puts(&b, quotes ? "\"" : "");
    for (size_t i = 0; i < n; i++)
        buf_puts(&b, piece);
    buf_puts(&b, quotes ? "\"" : "");
    return buf_take(&b);
}

TEST(texts_are_held_against_one_expected_text_or_the_best_of_several)
{
    CHECK_NEAR(measure("bleu", "text", "the cat sat on the mat", "\"the cat sat on the mat\"", NULL), 1, 1e-12);
    CHECK_NEAR(measure("bleu", "text", "", "\"the cat\"", NULL), 0, 0);
    CHECK_NEAR(measure("bleu", "text", "the cat", "\"\"", NULL), 0, 0);
    CHECK_NEAR(measure("chrf", "text", "abc", "[\"xyz\", \"abc\"]", NULL), 1, 1e-12);
    CHECK_NEAR(measure("chrf", "text", "", "\"\"", NULL), 0, 0);
    CHECK_NEAR(measure("rouge_1", "text", "The cat", "\"a cat\"", NULL), 0.5, 1e-12);
    CHECK_NEAR(measure("rouge_2", "text", "x", "\"x\"", NULL), 0, 0);
    CHECK_NEAR(measure("rouge_l", "text", "police kill the gunman", "\"police killed the gunman\"", NULL), 0.75, 1e-12);
    CHECK_NEAR(measure("rouge_l", "text", "x", "\"\xd0\xb4\xd0\xb0\"", NULL), -1, 0);
    CHECK_NEAR(measure("edit_similarity", "text", "kitten", "[\"sitting\", \"kit\"]", NULL), 1 - 3.0 / 7, 1e-12);
    CHECK_NEAR(measure("edit_similarity", "text", "", "\"\"", NULL), 1, 0);
    CHECK_NEAR(measure("edit_similarity", "text", "\xc3\x84pfel", "\"\xc3\xa4PFEL\"", "{\"ignore_case\":true}"), 1, 0);
    CHECK_NEAR(measure("edit_similarity", "json", "{\"s\": \"ab\"}", "{\"s\":\"ac\"}", "{\"key\":\"s\"}"), 0.5, 1e-12);
    CHECK_NEAR(measure("edit_similarity", "json", "no json", "{\"s\":\"ac\"}", "{\"key\":\"s\"}"), 0, 0);
    CHECK_NEAR(measure("edit_similarity", "json", "{\"s\": \"ab\"}", "{\"s\":\"ac\"}", NULL), -1, 0);
    CHECK_NEAR(measure("edit_similarity", "text", "ab", "[]", NULL), -1, 0);
    CHECK_NEAR(measure("edit_similarity", "text", "ab", "[1, [2]]", NULL), -1, 0);
    CHECK_NEAR(measure("normalized_match", "text", "The  Answer, is:\n(a) 'Paris'!", "\"answer is PARIS\"", NULL), 1,
               0);
    CHECK_NEAR(measure("normalized_match", "text", "theory", "\"ory\"", NULL), 0, 0);
    CHECK_NEAR(measure("normalized_match", "text", "no", "[\"yes\", \"No.\"]", NULL), 1, 0);
}

TEST(numbers_are_found_in_prose_and_held_to_a_tolerance)
{
    CHECK_NEAR(measure("numeric_match", "text", "There are 3 cats, so the answer is 1,234.50.", "1234.5", NULL), 1, 0);
    CHECK_NEAR(measure("numeric_match", "text", "3 of 4", "3", NULL), 0, 0);
    CHECK_NEAR(measure("numeric_match", "text", "3 of 4", "3", "{\"take\":\"first\"}"), 1, 0);
    CHECK_NEAR(measure("numeric_match", "text", "x = -2.5e3", "-2500", NULL), 1, 0);
    CHECK_NEAR(measure("numeric_match", "text",
                       "\xe2\x88\x92"
                       "7",
                       "-7", NULL),
               1, 0);
    CHECK_NEAR(measure("numeric_match", "text", "pages 10-20", "20", NULL), 1, 0);
    CHECK_NEAR(measure("numeric_match", "text", "1,2,3", "3", NULL), 1, 0);
    CHECK_NEAR(measure("numeric_match", "text", "1,23456", "23456", NULL), 1, 0);
    CHECK_NEAR(measure("numeric_match", "text", ".5", "0.5", NULL), 1, 0);
    CHECK_NEAR(measure("numeric_match", "text", "10.4", "10", "{\"abs\":0.5}"), 1, 0);
    CHECK_NEAR(measure("numeric_match", "text", "10.6", "10", "{\"abs\":0.5}"), 0, 0);
    CHECK_NEAR(measure("numeric_match", "text", "101", "\"about 100\"", "{\"rel\":0.01}"), 1, 0);
    CHECK_NEAR(measure("numeric_match", "text", "none", "1", NULL), 0, 0);
    CHECK_NEAR(measure("numeric_match", "text", "1", "\"none\"", NULL), -1, 0);
    CHECK_NEAR(measure("numeric_match", "text", "1e999", "1", NULL), 0, 0);
}

TEST(a_text_past_its_bound_has_no_value)
{
    static const char *const all[] = { "bleu", "chrf", "rouge_1", "rouge_2", "rouge_l", "edit_similarity", "normalized_match",
                                       "numeric_match" };
    char *fits = repeated("a1 b2 ", 1000, false), *words = repeated("a ", 20001, false), *most = repeated("a ", 20000, false),
         *characters = repeated("x", 20001, true), *long_text = repeated("0123456789abcdef", (256 << 10) / 16 + 1, false),
         *long_gold = repeated("0123456789abcdef", (256 << 10) / 16 + 1, true), *golds = repeated("\"a\",", 17, false),
         *list = xcalloc(1, 200);

    golds[strlen(golds) - 1] = '\0';
    snprintf(list, 200, "[%s]", golds);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        CHECK(measure(all[i], "text", fits, "\"a1\"", NULL) >= 0);
        CHECK_NEAR(measure(all[i], "text", long_text, "\"a1\"", NULL), -1, 0);
        CHECK_NEAR(measure(all[i], "text", "a1", long_gold, NULL), -1, 0);
        CHECK_NEAR(measure(all[i], "text", "a1", list, NULL), -1, 0);
    }
    CHECK_NEAR(measure("rouge_l", "text", most, "\"a\"", NULL), 2.0 / 20001, 1e-12);
    CHECK_NEAR(measure("rouge_l", "text", words, "\"a\"", NULL), -1, 0);
    CHECK(measure("rouge_1", "text", words, "\"a\"", NULL) > 0);
    CHECK_NEAR(measure("edit_similarity", "text", "x", characters, NULL), -1, 0);
    free(fits), free(words), free(most), free(characters), free(long_text), free(long_gold), free(golds), free(list);
}
