#include "base/test.h"

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
    struct err e = ERR_INIT;
    json_t *bad = json_pack("{s:s}", "kye", "id");
    struct metric_spec spec = { .name = S("accuracy"), .kind = S("accuracy"), .options = bad };

    for (size_t i = 0; i < metric_count(); i++) {
        CHECK(metric_at(i)->label && metric_at(i)->doc && metric_at(i)->score);
        CHECK(metric_find(str_c(metric_at(i)->name)) == metric_at(i));
        CHECK(i == 0 || strcmp(metric_at(i - 1)->name, metric_at(i)->name) < 0);
    }
    for (size_t i = 0; i < METRIC_DEFAULTS; i++)
        CHECK(metric_find(str_c(metric_defaults[i])));
    CHECK_INT(metric_verify(&spec, &e), ERR_BAD_INPUT);
    CHECK_STR(str_c(e.text), "the metric accuracy has no setting \"kye\"; it knows key");
    spec.kind = S("acuracy");
    CHECK_INT(metric_verify(&spec, &e), ERR_BAD_INPUT);
    CHECK(strstr(e.text, "did you mean \"accuracy\""));
    json_decref(bad);
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
