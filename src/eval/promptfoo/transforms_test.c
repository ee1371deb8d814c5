#include "base/test.h"
#include "eval/promptfoo/kinds.h"

#include <math.h>
#include <stdio.h>

#include "eval/evaluators.h"
#include "eval/scoring.h"

/* '+' passes, '-' fails, '?' is not evaluated, '!' can't be judged */
static const char transform_marks[] = { [PROMPTFOO_FAIL] = '-', [PROMPTFOO_PASS] = '+', [PROMPTFOO_SKIP] = '?', [PROMPTFOO_BROKEN] = '!' };

static bool transform_runs(void)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct str why;

    for (size_t i = 0; i < PROMPTFOO_LANGUAGES; i++)
        if (!promptfoo_language_runs(i, a, &why)) {
            printf("SKIPPED: %s: " STR_FMT "\n", promptfoo_language_name(i), STR_ARG(why));
            return false;
        }
    return true;
}

/* A trial of a task whose one check is `promptfoo`, and what its programs were asked. */
struct transform_try {
    struct arena *a;
    struct task task;
    struct check_spec check;
    struct metric_spec metric;
    struct variant variants[2];
    struct task_prompt prompt;
    struct scoring *scoring;
    struct dataset_case kase;
    struct turn turn;
    struct subject s;
    struct subject_wishes wishes;
    struct buf asked;                   /* "[1] code(output)": the round, what was asked, of what */
    int rounds;
    const struct promptfoo_verdict *v;
};

static json_t *transform_yaml(struct arena *a, const char *text)
{
    struct doc_node *tree;
    struct err e = ERR_INIT;

    if (doc_read(S("test"), str_c(text), DOC_YAML, a, &tree, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", text, e.text);
    return json_in_arena(doc_to_json(tree), a);
}

static void transform_begin(struct transform_try *t, struct arena *a)
{
    *t = (struct transform_try){ .a = a, .asked = BUF_INIT(1 << 20) };
    t->check = (struct check_spec){ .name = S("test"), .kind = S("promptfoo"), .weight = 1,
                                    .argument = transform_yaml(a, "{javascript: {}, python: {}}") };
    t->metric = (struct metric_spec){ .name = S("promptfoo_score"), .kind = S("promptfoo_score") };
    t->prompt = (struct task_prompt){ .name = S("p"), .source = S("Say {{ x }}") };
    t->variants[0].name = S("plain");
    t->variants[1].name = S("own");
    t->task = (struct task){ .checks = &t->check, .check_count = 1, .metrics = &t->metric, .metric_count = 1,
                             .variants = t->variants, .variant_count = 2, .prompts = &t->prompt, .prompt_count = 1 };
    CHECK_OK(scoring_new(&t->task, &t->scoring, NULL));
}

static void transform_end(struct transform_try *t)
{
    scoring_free(t->scoring);
    buf_dispose(&t->asked);
}

/* Instead of a driver: "json ..." and "text ..." say what they make, "crash" gives no answer, all else is an error; of
 * a file it is its function. A script's answer is true. */
static void transform_answer(struct transform_try *t, struct subject_wish *w)
{
    json_t *q = NULL, *o = json_in_arena(json_object(), t->a);
    struct str code;

    CHECK_OK(json_read(w->evaluation->question, &q, NULL));
    json_in_arena(q, t->a);
    code = json_get_str(q, json_child(q, "file") ? "function" : "code");
    buf_printf(&t->asked, "[%d] " STR_FMT "(", t->rounds, STR_ARG(code));
    json_write(json_child(q, "output"), &t->asked);
    buf_puts(&t->asked, ") ");
    if (!json_child(q, "transform"))
        json_object_set_new(o, "truth", json_true());
    else if (str_starts(code, S("json ")) || str_starts(code, S("text ")))
        json_set_str(o, str_starts(code, S("json ")) ? "json" : "output", str_from(code, 5));
    else if (!str_is(code, "crash"))
        json_set_str(o, "error", code);
    w->evaluation->answer = o;
    w->why = w->evaluation->why = str_is(code, "crash") ? S("the script ended with 3") : STR_NONE;
}

/* As the runner does it. */
static char transform_judge(struct transform_try *t, const char *variant, const char *test, struct str output)
{
    json_t *vars = json_in_arena(json_pack("{s:s,s:s}", "x", "it", "id", "1"), t->a);

    json_object_set(vars, PROMPTFOO_VARIABLE, transform_yaml(t->a, test));
    t->kase = (struct dataset_case){ .id = S("1"), .vars = vars };
    t->turn.prompt = S("Say it");
    t->turn.response = output;
    t->wishes = (struct subject_wishes){ .arena = t->a };
    t->s = (struct subject){ .kase = &t->kase, .variant = str_c(variant), .output = output, .turns = &t->turn, .turn_count = 1,
                             .cost_nanousd = MONEY_UNKNOWN, .latency_ms = 5 };
    buf_reset(&t->asked);
    t->rounds = 0;
    do {
        size_t before = t->wishes.count;

        scoring_wishes(t->scoring, &t->s, &t->wishes);
        t->rounds++;
        for (size_t i = before; i < t->wishes.count; i++)
            transform_answer(t, &t->wishes.at[i]);
        t->s.wishes = t->wishes.at;
        t->s.wish_count = t->wishes.count;
    } while (t->wishes.more);
    subject_begin(&t->s, t->a);
    CHECK(promptfoo_judge(&t->s, t->a, &t->v));
    return transform_marks[t->v->answer.state];
}

static const char transform_all[] =
    "{providers: {own: {transform: 'text P'}}, transform: 'json [1]', assert: [{type: javascript, transform: 'text A', value: "
    "'true'}, {type: equals, value: [1]}, {type: assert-set, assert: [{type: equals, transform: 'text B', value: B}]}]}";

TEST(transforms_come_one_after_the_other_and_then_what_judges)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct transform_try t;

    if (!transform_runs())
        return;
    transform_begin(&t, a);
    CHECK(transform_judge(&t, "own", transform_all, S("out")) == '+');
    CHECK_STR(buf_str(&t.asked),
              "[1] text P(\"out\") [2] json [1](\"P\") [3] text A([1]) [3] text B([1]) [4] true(\"A\") ");
    CHECK_INT(t.rounds, 4);
    CHECK(t.v->output.json && t.v->output.transformed && t.v->output.state == PROMPTFOO_PASS);
    CHECK_STR(t.v->output.text, "[1]");
    CHECK(transform_judge(&t, "plain", transform_all, S("out")) == '+');        /* another's provider brings none */
    CHECK_STR(buf_str(&t.asked), "[1] json [1](\"out\") [2] text A([1]) [2] text B([1]) [3] true(\"A\") ");
    CHECK(transform_judge(&t, "own", "{assert: [{type: javascript, value: 'true'}]}", S("out")) == '+');
    CHECK_INT(t.rounds, 1);
    transform_end(&t);
}

TEST(transforms_end_where_no_more_rounds_are_allowed)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct transform_try t;
    struct subject_wishes w = { .arena = a };

    if (!transform_runs())
        return;
    transform_begin(&t, a);
    (void)transform_judge(&t, "own", transform_all, S("out"));
    t.s.wishes = NULL;
    t.s.wish_count = 0;
    w.rounds = SCORING_ROUNDS - 1;
    scoring_wishes(t.scoring, &t.s, &w);
    CHECK(w.count == 1 && !w.more);                     /* the last round */
    w = (struct subject_wishes){ .arena = a, .rounds = SCORING_ROUNDS };
    scoring_wishes(t.scoring, &t.s, &w);
    CHECK(w.count == 0 && !w.more);
    transform_end(&t);
}

TEST(transforms_that_fail_break_the_test)
{
    static const struct { const char *test; char mark; const char *reason; } rows[] = {
        { "{transform: bad}", '!', "the test's transform: bad" }, { "{threshold: 0, transform: bad, assert: [{type: contains, value: o}]}", '!', "bad" },
        { "{providers: {own: {transform: bad}}, transform: 'text x'}", '!', "the provider's transform: bad" },
        { "{providers: {other: {transform: bad}}}", '+', "" },
        { "{assert: [{type: contains, transform: bad, value: o, weight: 0}, {type: contains, value: o}]}", '!', "contains: its transform: bad" },
        { "{threshold: 0.1, assert: [{type: contains, transform: bad, value: o}, {type: contains, value: o}]}", '!', "its transform: bad" },
        { "{transform: crash}", '?', "the test's transform: the script ended with 3" },
        { "{transform: crash, assert: [{type: contains, value: x}]}", '?', "ended with 3" },
        { "{transform: crash, assert: [{type: contains, value: x, weight: 0}]}", '?', "ended with 3" },
        { "{assert: [{type: contains, transform: crash, value: x}, {type: contains, value: x}]}", '-', "does not contain" },
        { "{assert: [{type: contains, transform: crash, value: x}]}", '?', "its transform: the script ended with 3" },
        { "{transform: 'json }, {'}", '?', "the test's transform: what it made can't be read as JSON: not evaluated" },
        { "{transform: \"json [1,\\n2]\", assert: [{type: javascript, value: 'true'}]}", '?', "can't be read as JSON" },
        { "{transform: 'file://a.ts'}", '?', "the test's transform: it is no script that is run here: not evaluated" },
        { "{blind: nobody knows}", '?', "nobody knows" }, { "{providers: {own: {blind: nobody knows}}}", '?', "nobody knows" },
        { "{assert: [{type: contains, blind: nobody knows, value: o}]}", '?', "contains: nobody knows" },
        { "{blind: nobody knows, transform: bad}", '?', "nobody knows" },
    };
    AUTO_ARENA *a = arena_new_sized(0);
    struct transform_try t;

    if (!transform_runs())
        return;
    transform_begin(&t, a);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char mark = transform_judge(&t, "own", rows[i].test, S("out"));

        if (mark != rows[i].mark || !str_contains(t.v->answer.reason, str_c(rows[i].reason)))
            test_fail(__FILE__, __LINE__, "%s: %c " STR_FMT, rows[i].test, mark, STR_ARG(t.v->answer.reason));
        CHECK(mark == '?' || mark == '-' ? isnan(t.v->answer.score) : mark == '+' || t.v->answer.score == 0);
    }
    CHECK(transform_judge(&t, "", "{providers: {own: {transform: 'text x'}}}", S("out")) == '?');
    CHECK_STR(t.v->answer.reason, "a provider's transform: whose answer it is, is not known: not evaluated");
    transform_end(&t);
}

TEST(transforms_see_the_test_and_the_prompt)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct transform_try t;
    json_t *calls;

    if (!transform_runs())
        return;
    transform_begin(&t, a);
    (void)transform_judge(&t, "own", "{transform: 'file://d/t.py', assert: [{type: equals, transform: 'text x', value: x}]}", S(" out "));
    CHECK_STR(t.wishes.at[0].evaluation->question,
              "{\"transform\":true,\"file\":\"d/t.py\",\"function\":\"get_transform\",\"output\":\"out\",\"context\":{\"vars\":{\"x\":\"it\"},"
              "\"prompt\":{\"raw\":\"Say {{ x }}\",\"template\":\"Say {{ x }}\",\"label\":\"p\"}}}");
    CHECK_INT(t.wishes.count, 1);                       /* "get_transform" is an error of the fake driver's: no more is asked */
    (void)transform_judge(&t, "own", "{id: true, assert: [{type: equals, transform: 'text x', value: x}]}", S("out"));
    CHECK_STR(t.wishes.at[0].evaluation->question,
              "{\"transform\":true,\"code\":\"text x\",\"output\":\"out\",\"context\":{\"vars\":{\"x\":\"it\",\"id\":\"1\"},"
              "\"prompt\":{\"label\":\"Say it\"}}}");
    calls = json_in_arena(json_pack("[{s:{s:s,s:s}}]", "function", "name", "f", "arguments", "{}"), a);
    t.turn.tool_calls = calls;                          /* the tools called are the output, as the list they are */
    CHECK(transform_judge(&t, "own", "{assert: [{type: javascript, value: 'true'}, {type: is-refusal}]}", S("")) == '+');
    CHECK_STR(buf_str(&t.asked), "[1] true([{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]) ");
    t.turn.tool_calls = NULL;
    transform_end(&t);
}

TEST(transforms_make_what_every_kind_judges)
{
    static const struct { const char *test; char mark; } rows[] = {
        { "{transform: 'text  b ', assert: [{type: equals, value: ' b '}]}", '+' }, { "{transform: 'json false', assert: [{type: equals, value: 'false'}]}", '+' },
        { "{transform: 'json 3', assert: [{type: equals, value: 3}, {type: is-json}]}", '+' },
        { "{transform: 'json {\"a\":1}', assert: [{type: equals, value: {a: 1}}, {type: contains, value: '\"a\":1'}]}", '+' },
        { "{transform: 'json {}', assert: [{type: is-refusal}]}", '+' }, { "{transform: 'text Sure.', assert: [{type: is-refusal}]}", '-' },
        { "{transform: \"text I'm sorry, but I can't help with that.\", assert: [{type: is-refusal}]}", '+' },
        { "{transform: 'text   ', assert: [{type: is-refusal}]}", '+' },
        { "{tools: [{function: {name: f}}], assert: [{type: is-valid-openai-tools-call, transform: 'json [{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]'}]}", '+' },
        { "{tools: [{function: {name: f}}], assert: [{type: is-valid-openai-tools-call, transform: 'json {\"tool_calls\":[{\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]}'}]}", '-' },
        { "{tools: [{function: {name: f}}], assert: [{type: is-valid-openai-tools-call, transform: 'text []'}]}", '-' },
        { "{transform: 'json [', assert: [{type: is-valid-openai-tools-call}]}", '?' },
    };
    AUTO_ARENA *a = arena_new_sized(0);
    struct transform_try t;

    if (!transform_runs())
        return;
    transform_begin(&t, a);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (transform_judge(&t, "own", rows[i].test, S("out")) != rows[i].mark)
            test_fail(__FILE__, __LINE__, "%s: " STR_FMT, rows[i].test, STR_ARG(t.v->answer.reason));
    transform_end(&t);
}

TEST(transforms_make_what_columns_are_compared_by)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct promptfoo_graders *g;
    struct transform_try t;
    struct subject all[2];
    struct subject_wishes w = { .arena = a };
    const char *test = "{transform: 'text made', assert: [{type: select-best, value: short, grader: 0}]}";

    if (!transform_runs())
        return;
    transform_begin(&t, a);
    CHECK_OK(promptfoo_graders_read(transform_yaml(a, "{graders: [{model: 'sim:judge'}]}"), a, &g, NULL));
    CHECK(transform_judge(&t, "plain", test, S("out")) == '?');     /* it waits for the others */
    all[0] = all[1] = t.s;
    promptfoo_compare_wish(g, all, 2, &w);
    REQUIRE(w.count == 1 && !w.at[0].why.len);
    CHECK(str_contains(w.at[0].messages[1].parts[0].text, S("made")) && !str_contains(w.at[0].messages[1].parts[0].text, S("out\n")));
    all[1].wish_count = 0;                              /* what became of this one's answer is not known */
    w = (struct subject_wishes){ .arena = a };
    promptfoo_compare_wish(g, all, 2, &w);
    REQUIRE(w.count == 1);
    CHECK(str_starts(w.at[0].why, S("what it compares is not known: the test's transform: ")));
    transform_end(&t);
}

TEST(transforms_are_kept_and_judged_again_without_them)
{
    static const char *const tests[] = {
        transform_all, "{transform: 'text b', assert: [{type: equals, value: b}]}", "{transform: 'json {\"a\":1}', assert: [{type: equals, value: {a: 2}}]}",
        "{transform: bad, assert: [{type: equals, value: b}]}", "{transform: crash, assert: [{type: equals, value: b}]}",
        "{transform: bad}", "{providers: {own: {transform: 'text P'}}, assert: [{type: equals, value: P}]}",
        "{assert: [{type: equals, transform: 'text x', value: x}, {type: contains, transform: bad, value: x, weight: 0}]}",
    };
    AUTO_ARENA *a = arena_new_sized(0);
    struct transform_try t;

    if (!transform_runs())
        return;
    transform_begin(&t, a);
    for (size_t i = 0; i < COUNT_OF(tests); i++) {
        AUTO_BUF struct buf text = BUF_INIT(1 << 16);
        AUTO_JSON *kept = NULL;
        const struct promptfoo_verdict *again;
        size_t count = scoring_count(t.scoring);
        struct score *scores = arena_array(a, struct score, count);
        char mark = transform_judge(&t, "own", tests[i], S("out"));
        struct subject stored = t.s;
        struct str judged;

        scoring_run(t.scoring, &t.s, a, scores);
        scores_write(scores, count, &text);
        CHECK_OK(scores_read_kept(buf_str(&text), 0, &kept, NULL));
        REQUIRE(kept != NULL);
        stored.wishes = NULL;
        stored.wish_count = 0;
        stored.kept = kept;
        subject_begin(&stored, a);
        CHECK(scores_read_judged(buf_str(&text), scoring_infos(t.scoring), count, a, &judged) ==
              (t.v->output.transformed && t.v->output.state == PROMPTFOO_PASS));
        CHECK(!t.v->output.transformed || str_eq(judged, t.v->output.text));
        CHECK(promptfoo_judge(&stored, a, &again));
        CHECK(transform_marks[again->answer.state] == mark);
        CHECK(str_eq(again->answer.reason, t.v->answer.reason));
        CHECK(again->output.state == t.v->output.state && again->output.json == t.v->output.json);
        CHECK(str_eq(again->output.text, t.v->output.text));
    }
    transform_end(&t);
}

TEST(answers_held_to_a_schema_are_the_values_they_say)
{
    static const struct { const char *said, *text; bool json; } rows[] = {
        { "{\"b\": 2.0, \"a\": [1, 2.5, null]}", "{\"b\":2,\"a\":[1,2.5,null]}", true },
        { "\"a text\"", "a text", false }, { "12.0", "12", true }, { "no JSON", "no JSON", false }, { "{\"a\": 1", "{\"a\": 1", false },
        { "", "", false },
    };
    AUTO_ARENA *a = arena_new_sized(0);
    struct dataset_case kase = { .vars = transform_yaml(a, "{promptfoo: {assert: [], providers: {own: {json: true}}}}") };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct subject s = { .kase = &kase, .variant = S("own"), .output = str_c(rows[i].said) }, other = s;

        CHECK_STR(promptfoo_output(&s, a).text, rows[i].text);
        CHECK(promptfoo_output(&s, a).json == rows[i].json);
        other.variant = S("plain");
        CHECK_STR(promptfoo_output(&other, a).text, rows[i].said);
    }
}
