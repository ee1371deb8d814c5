#include "base/test.h"

#include <pthread.h>
#include <time.h>

#include "eval/scoring.h"

struct fixture { struct arena *arena; struct task task; struct dataset_case kase; struct usage usage; struct subject subject; };

static json_t *json_of(struct fixture *f, const char *text)
{
    json_t *j = NULL;
    struct err e = ERR_INIT;

    if (json_read(str_c(text), &j, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", text, e.text);
    return json_in_arena(j ? j : json_null(), f->arena);
}

static void fixture_check(struct fixture *f, const char *name, const char *kind, const char *options,
                          enum severity severity)
{
    json_t *o = json_of(f, options);

    f->task.checks[f->task.check_count++] = (struct check_spec){ .name = str_c(name), .kind = str_c(kind), .options = o,
        .argument = json_object_get(o, kind), .severity = severity, .weight = 1 };
}

/* A classification of tickets: 4 metrics, 3 checks. */
static void fixture_make(struct fixture *f)
{
    static const char *const metrics[] = { "accuracy", "instruction_following", "cost", "latency" };

    *f = (struct fixture){ .arena = arena_new_sized(0), .usage = { .input = 400, .output = 20 } };
    f->task.output.format = OUTPUT_JSON;
    f->task.output.format_given = true;
    f->task.checks = arena_array(f->arena, struct check_spec, 8);
    f->task.metrics = arena_array(f->arena, struct metric_spec, 8);
    for (size_t i = 0; i < COUNT_OF(metrics); i++)
        f->task.metrics[f->task.metric_count++] = (struct metric_spec){ .name = str_c(metrics[i]), .kind = str_c(metrics[i]) };
    fixture_check(f, "known_queue", "one_of", "{\"one_of\":[\"billing\",\"technical\",\"sales\"],\"path\":\"$.queue\"}", SEVERITY_CRITICAL);
    fixture_check(f, "known_urgency", "one_of", "{\"one_of\":[\"low\",\"medium\",\"high\"],\"path\":\"$.urgency\"}", SEVERITY_WARNING);
    fixture_check(f, "short", "max_words", "{\"max_words\":40}", SEVERITY_WARNING);
    f->kase = (struct dataset_case){ .id = S("t-1"), .vars = json_of(f, "{\"ticket\":\"...\"}"),
                                     .expected = json_of(f, "{\"queue\":\"billing\",\"urgency\":\"high\"}") };
    f->subject = (struct subject){ .task = &f->task, .kase = &f->kase, .usage = &f->usage, .cost_nanousd = 1000, .latency_ms = 5,
                                   .output = S("{\"queue\": \"billing\", \"urgency\": \"low\"}") };
}

TEST(scoring_gives_metrics_then_checks)
{
    struct fixture f;
    AUTO(scoring_freep) struct scoring *sc = NULL;
    struct score out[16];
    int64_t violations, critical;
    struct err e = ERR_INIT;

    fixture_make(&f);
    CHECK_OK(scoring_new(&f.task, &sc, &e));
    CHECK_INT(scoring_count(sc), 7);
    CHECK_STR(scoring_at(sc, 4)->name, "known_queue");
    CHECK_INT(scoring_at(sc, 4)->severity, SEVERITY_CRITICAL);
    CHECK_INT(scoring_quality(scoring_infos(sc), scoring_count(sc)), 0);
    scoring_run(sc, &f.subject, f.arena, out);
    CHECK_NEAR(out[0].value, 0.5, 0);
    CHECK_NEAR(out[1].value, 1, 0);
    CHECK_NEAR(out[2].value, 1e-6, 1e-20);
    CHECK_NEAR(out[3].value, 5, 0);
    CHECK(out[4].value == 1 && out[5].value == 1 && out[6].value == 1);
    f.subject.output = S("{\"queue\": \"misc\", \"urgency\": \"now\"}");
    scoring_run(sc, &f.subject, f.arena, out);
    scores_violations(scoring_infos(sc), out, scoring_count(sc), &violations, &critical);
    CHECK_INT(violations, 2);
    CHECK_INT(critical, 1);
    CHECK_NEAR(out[1].value, 0.5, 0);                   /* format and 3 checks: 2 of 4 broken */
    f.subject.failed = true;
    f.subject.cost_nanousd = MONEY_UNKNOWN;
    scoring_run(sc, &f.subject, f.arena, out);
    for (size_t i = 0; i < scoring_count(sc); i++)
        CHECK_INT(out[i].state, SCORE_MISSING);
    arena_free(f.arena);
}

TEST(constraints_are_counted_as_the_sheet_says)
{
    struct fixture f;
    AUTO(scoring_freep) struct scoring *sc = NULL;
    struct score out[16];
    struct err e = ERR_INIT;

    fixture_make(&f);
    f.task.check_count = 0;
    f.task.constraints = json_of(&f, "{\"required_fields\":[\"name\",\"value\"]}");
    CHECK_OK(scoring_new(&f.task, &sc, &e));
    CHECK_INT(scoring_count(sc), 5);                    /* the constraint is a check too */
    f.subject.output = S("{\"name\":\"x\"}");
    scoring_run(sc, &f.subject, f.arena, out);
    CHECK_NEAR(out[1].value, 0.6667, 5e-5);
    CHECK_NEAR(out[4].value, 0, 0);
    f.subject.output = S("{\"name\":\"x\",\"value\":1}");
    scoring_run(sc, &f.subject, f.arena, out);
    CHECK_NEAR(out[1].value, 1, 0);
    CHECK_NEAR(out[4].value, 1, 0);
    f.subject.output = S("prose");                      /* the format is broken, the key finds nothing to look at */
    scoring_run(sc, &f.subject, f.arena, out);
    CHECK_NEAR(out[1].value, 0.5, 0);
    arena_free(f.arena);
}

static double following(struct fixture *f, const char *constraints, const char *output)
{
    AUTO(scoring_freep) struct scoring *sc = NULL;
    struct score out[16];
    struct err e = ERR_INIT;

    f->task.constraints = json_of(f, constraints);
    f->task.check_count = 0;
    f->subject.output = str_c(output);
    CHECK_OK(scoring_new(&f->task, &sc, &e));
    scoring_run(sc, &f->subject, f->arena, out);
    return out[1].value;
}

TEST(each_recognised_constraint_looks_at_its_own_thing)
{
    struct fixture f;

    fixture_make(&f);
    CHECK_NEAR(following(&f, "{\"min_count\":2}", "[1]"), 0.5, 0);
    CHECK_NEAR(following(&f, "{\"min_count\":2}", "{\"items\":[1,2]}"), 1, 0);
    CHECK_NEAR(following(&f, "{\"max_items\":1}", "[1,2]"), 0.5, 0);
    CHECK_NEAR(following(&f, "{\"max_length\":3}", "[1,2]"), 0.5, 0);
    CHECK_NEAR(following(&f, "{\"max_tokens\":30}", "[]"), 1, 0);
    CHECK_NEAR(following(&f, "{\"max_tokens\":10}", "[]"), 0.5, 0);
    CHECK_NEAR(following(&f, "{\"tone\":\"calm\"}", "[]"), 1, 0);
    CHECK_NEAR(following(&f, "{\"required_json_keys\":[\"a\",\"b\"]}", "[{\"a\":1,\"b\":1},{\"a\":1}]"), 2.0 / 3,
               1e-15);
    CHECK_NEAR(following(&f, "{\"min_duration_minutes\":2}", "[{\"start_time\":\"00:00\",\"end_time\":\"01:00\"}]"),
               0.5, 0);
    CHECK_NEAR(following(&f, "{\"max_duration_minutes\":2}", "[{\"start_time\":\"0:00:00\",\"end_time\":\"0:01:00\"}]"),
               1, 0);
    f.task.output.format = OUTPUT_CSV;
    CHECK_NEAR(following(&f, "{\"required_csv_columns\":[\"a\",\"b\"]}", "a,c\n1,2\n"), 2.0 / 3, 1e-15);
    CHECK_NEAR(following(&f, "{\"min_count\":2}", "a,c\n1,2\n"), 0.5, 0);
    CHECK_NEAR(following(&f, "{\"max_segment_duration_minutes\":1}", "start_time,end_time\n00:00,00:30\n00:30,02:00\n"),
               0.5, 0);
    arena_free(f.arena);
}

TEST(a_task_without_ranking_metric_is_ranked_by_its_checks)
{
    struct fixture f;
    AUTO(scoring_freep) struct scoring *sc = NULL;
    struct err e = ERR_INIT;
    ptrdiff_t q;

    fixture_make(&f);
    f.task.metrics[0] = f.task.metrics[2];              /* cost only */
    f.task.metric_count = 1;
    CHECK_OK(scoring_new(&f.task, &sc, &e));
    q = scoring_quality(scoring_infos(sc), scoring_count(sc));
    REQUIRE(q >= 0);
    CHECK_STR(scoring_at(sc, (size_t)q)->name, "checks_passed");
    arena_free(f.arena);
}

TEST(a_check_that_cannot_be_prepared_is_named)
{
    struct fixture f;
    struct scoring *sc = NULL;
    struct err e = ERR_INIT;

    fixture_make(&f);
    fixture_check(&f, "pattern", "regex", "{\"regex\":\"(\"}", SEVERITY_INFO);
    CHECK_INT(scoring_new(&f.task, &sc, &e), ERR_BAD_INPUT);
    CHECK(strstr(e.text, "check \"pattern\": regex \"(\": "));
    f.task.check_count--;
    fixture_check(&f, "short", "max_words", "{\"max_words\":3}", SEVERITY_INFO);
    CHECK_INT(scoring_new(&f.task, &sc, &e), ERR_BAD_INPUT);
    CHECK(strstr(e.text, "called \"short\""));
    arena_free(f.arena);
}

TEST(scores_are_written_and_read_back)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf b = BUF_INIT(4096);
    struct score in[] = { score_of(0.5), score_missing(S("why \"so\"")), score_of(1), score_of(1.0 / 3), score_of(-12),
                          score_of(1234567.25), { SCORE_VALUE, 0, S("3 words") }, score_of(0.1) }, out[9];
    struct err e = ERR_INIT;

    scores_write(in, COUNT_OF(in), &b);
    CHECK_STR(buf_str(&b), "{\"v\":[0.5,null,1,0.3333333333333333,-12,1234567.25,0,0.1],\"n\":{\"1\":\"why "
                           "\\\"so\\\"\",\"6\":\"3 words\"}}");
    CHECK_OK(scores_read(buf_str(&b), a, out, 9, &e));
    for (size_t i = 0; i < COUNT_OF(in); i++) {
        CHECK_INT(out[i].state, in[i].state);
        CHECK(out[i].value == in[i].value);
        CHECK(str_eq(out[i].note, in[i].note));
    }
    CHECK_INT(out[8].state, SCORE_MISSING);
    CHECK_OK(scores_read(S(""), NULL, out, 2, &e));
    CHECK_OK(scores_read(S("{\"v\":[]}"), a, out, 2, &e));
    CHECK_INT(scores_read(S("{\"v\":[x]}"), a, out, 2, &e), ERR_STORE);
    CHECK_INT(scores_read(S("[1]"), a, out, 2, &e), ERR_STORE);
}

TEST(scorers_survive_a_runs_settings)
{
    struct fixture f;
    AUTO(scoring_freep) struct scoring *sc = NULL;
    AUTO_JSON *list = NULL;
    struct scorer_info *infos;
    size_t n;
    struct err e = ERR_INIT;

    fixture_make(&f);
    CHECK_OK(scoring_new(&f.task, &sc, &e));
    list = scorers_to_json(scoring_infos(sc), scoring_count(sc));
    CHECK_OK(scorers_from_json(list, f.arena, &infos, &n, &e));
    REQUIRE(n == scoring_count(sc));
    for (size_t i = 0; i < n; i++) {
        const struct scorer_info *s = scoring_at(sc, i);

        CHECK(str_eq(infos[i].name, s->name) && str_eq(infos[i].base, s->base));
        CHECK(infos[i].kind == s->kind && infos[i].unit == s->unit && infos[i].higher_is_better == s->higher_is_better);
        CHECK(s->kind == SCORER_METRIC || infos[i].severity == s->severity);
    }
    CHECK_INT(scorers_from_json(NULL, f.arena, &infos, &n, &e), ERR_STORE);
    arena_free(f.arena);
}

struct many { struct fixture *f; const struct scoring *sc; bool same; };

static void *many_run(void *arg)
{
    struct many *m = arg;
    struct score want[16], got[16];

    m->same = true;
    for (int i = 0; i < 300; i++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct subject s = m->f->subject;

        s.output = i % 2 ? S("{\"queue\": \"misc\", \"urgency\": \"high\"}") : S("no JSON at all");
        scoring_run(m->sc, &s, a, i < 2 ? &want[0] : &got[0]);
        if (i >= 2)
            m->same &= got[4].value == 0 && got[5].value == (i % 2) && got[8].value == 1;
    }
    return NULL;
}

TEST(many_threads_score_with_one_scoring)
{
    struct fixture f;
    AUTO(scoring_freep) struct scoring *sc = NULL;
    struct many many[4];
    pthread_t threads[4];
    struct err e = ERR_INIT;

    fixture_make(&f);
    fixture_check(&f, "pattern", "regex", "{\"regex\":\"[a-z]+\"}", SEVERITY_INFO);
    f.task.checks[f.task.check_count++] = (struct check_spec){ .name = S("told"), .kind = S("contains"), .negate = true, .weight = 1,
        .argument = json_of(&f, "\"{{ expected.queue }}\"") };
    CHECK_OK(scoring_new(&f.task, &sc, &e));
    for (int i = 0; i < 4; i++) {
        many[i] = (struct many){ .f = &f, .sc = sc };
        CHECK_INT(pthread_create(&threads[i], NULL, many_run, &many[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        CHECK(many[i].same);
    }
    arena_free(f.arena);
}

static double cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Not a test of truth: prints the price of a trial when asked (ASSAY_TEST_SPEED=1). */
TEST(scoring_speed)
{
    struct fixture f;
    AUTO(scoring_freep) struct scoring *sc = NULL;
    AUTO_BUF struct buf b = BUF_INIT(4096);
    struct score out[16];
    struct err e = ERR_INIT;
    int rounds = getenv("ASSAY_TEST_SPEED") ? 200000 : 200;
    double from;

    fixture_make(&f);
    CHECK_OK(scoring_new(&f.task, &sc, &e));
    from = cpu_us();
    for (int i = 0; i < rounds; i++) {
        AUTO_ARENA *a = arena_new_sized(4096);

        scoring_run(sc, &f.subject, a, out);
        buf_reset(&b);
        scores_write(out, scoring_count(sc), &b);
    }
    if (getenv("ASSAY_TEST_SPEED"))
        fprintf(stderr, "scoring: %.3f us of processor time a trial\n", (cpu_us() - from) / rounds);
    arena_free(f.arena);
}

TEST(what_trials_leave_is_stored_with_their_scores)
{
    const double sums[] = { 3, 0.5, 12 };
    struct score_parts numbers = { .sums = sums, .count = 3 }, labels = { .expected = S("a \"b\",\"p\":{"), .got = S("c") },
                       other = { .expected = S("a") };
    struct score in[] = { { SCORE_VALUE, 0.5, S("a note with \",\"p\":{\""), &numbers }, score_of(1),
                          { SCORE_VALUE, 0, STR_NONE, &labels }, { SCORE_VALUE, 0, STR_NONE, &other } }, out[4];
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf b = BUF_INIT(4096);
    AUTO_JSON *parts = NULL;
    struct err e = ERR_INIT;

    scores_write(in, 4, &b);
    CHECK_OK(scores_read(buf_str(&b), a, out, 4, &e));
    CHECK_NEAR(out[0].value, 0.5, 0);
    CHECK_STR(out[0].note, "a note with \",\"p\":{\"");
    CHECK_OK(scores_read_parts(buf_str(&b), &parts, &e));
    CHECK_INT(json_object_size(parts), 3);
    CHECK_INT(json_array_size(json_child(parts, "0")), 3);
    CHECK_NEAR(json_number_value(json_array_get(json_child(parts, "0"), 1)), 0.5, 0);
    CHECK_STR(json_to_str(json_array_get(json_child(parts, "2"), 0)), "a \"b\",\"p\":{");
    CHECK_STR(json_to_str(json_array_get(json_child(parts, "2"), 1)), "c");
    CHECK_INT(json_array_size(json_child(parts, "3")), 1);
    json_decref(parts);
    parts = NULL;
    CHECK_OK(scores_read_parts(S("{\"v\":[1]}"), &parts, &e));
    CHECK(!parts);
    CHECK_INT(scores_read_parts(S("{\"v\":[1],\"p\":{\"0\":"), &parts, &e), ERR_STORE);
}
