#include "base/test.h"

#include "eval/evaluators.h"

#include <pthread.h>
#include <signal.h>

#define ROUND 40

struct asked { pthread_mutex_t lock; pthread_cond_t more; size_t done; struct evaluation at[ROUND]; struct arena *arenas[ROUND]; };

static void asked_done(struct evaluation *x)
{
    struct asked *k = x->owner;

    pthread_mutex_lock(&k->lock);
    k->done++;
    pthread_cond_signal(&k->more);
    pthread_mutex_unlock(&k->lock);
}

static void asked_wait(struct asked *k, size_t count)
{
    pthread_mutex_lock(&k->lock);
    while (k->done < count)
        pthread_cond_wait(&k->more, &k->lock);
    pthread_mutex_unlock(&k->lock);
}

/* Asks `count` questions {"n": i} and waits for all. */
static void ask(struct evaluators *p, struct asked *k, const struct evaluator *v, size_t count)
{
    k->done = 0;
    for (size_t i = 0; i < count; i++) {
        k->arenas[i] = arena_new_sized(0);
        k->at[i] = (struct evaluation){ .evaluator = v, .arena = k->arenas[i], .done = asked_done, .owner = k,
                                        .question = arena_printf(k->arenas[i], "{\"n\":%zu}", i) };
        evaluators_ask(p, &k->at[i]);
    }
    asked_wait(k, count);
}

static void asked_clear(struct asked *k)
{
    for (size_t i = 0; i < ROUND; i++)
        if (k->arenas[i]) {
            arena_free(k->arenas[i]);
            k->arenas[i] = NULL;
        }
}

static bool can_isolate(void)
{
    const struct sandbox_finding *found;
    AUTO_ARENA *a = arena_new_sized(0);

    for (size_t i = 0, n = sandbox_doctor(a, &found); i < n; i++)
        if (found[i].level == SANDBOX_LACKS_NEEDED) {
            printf("SKIPPED: this machine can't isolate a program: " STR_FMT "\n", STR_ARG(found[i].found));
            return false;
        }
    signal(SIGPIPE, SIG_IGN);
    return true;
}

/* An evaluator of these Python lines, which see `q` (a question) and say what they `answer`. */
static struct evaluator evaluator_of(const char *body, struct sandbox_file *file, struct arena *a)
{
    struct evaluator v = { .name = S("try.py"), .time_ms = 2000 };
    struct err e = ERR_INIT;

    sandbox_limits_usual(&v.spec.limits);
    CHECK_OK(sandbox_program(S("try.py"),
                             arena_printf(a, "import json, os, sys, time\n"
                                             "def answer(o): print(o if isinstance(o, str) else json.dumps(o), flush=True)\n"
                                             "for line in sys.stdin:\n    q = json.loads(line)\n%s\n", body),
                             NULL, 0, a, &v.spec, file, &e));
    v.spec.files = file;
    v.spec.files_count = 1;
    evaluator_seal(&v);
    return v;
}

TEST(evaluators_answer_every_question_with_its_own_answer)
{
    static struct asked k = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };
    AUTO_ARENA *a = arena_new_sized(0);
    struct sandbox_file file;
    struct evaluator v = evaluator_of("    answer({'id': q['id'], 'twice': 2 * q['n']})", &file, a);
    AUTO(evaluators_freep) struct evaluators *p = NULL;
    struct err e = ERR_INIT;

    if (!can_isolate())
        return;
    REQUIRE(evaluators_new(&p, &e) == ERR_OK);
    ask(p, &k, &v, ROUND);
    for (size_t i = 0; i < ROUND; i++) {
        CHECK(!k.at[i].why.len);
        CHECK_INT(json_get_i64(k.at[i].answer, "twice", -1), 2 * (int64_t)i);
    }
    asked_clear(&k);
}

TEST(evaluators_blame_the_question_that_broke_a_guest_and_no_other)
{
    static const struct { const char *body, *why; } ways[] = {
        { "    if q['n'] == 7: os._exit(3)\n    answer({'n': q['n']})", "it ended with 3" },
        { "    if q['n'] == 7: time.sleep(60)\n    answer({'n': q['n']})", "longer than 2000 ms" },
        { "    if q['n'] == 7: sys.stdout.write('x' * (1 << 21)); sys.stdout.flush(); time.sleep(9)\n    answer({'n': q['n']})", "" },
        { "    if q['n'] == 7: answer('nonsense')\n    else: answer({'n': q['n']})", "not one JSON object" },
        { "    if q['n'] == 7: answer({'id': 5000})\n    else: answer({'n': q['n']})", "another question" },
        { "    if q['n'] == 7: sys.stderr.write('one\\nNo such \\x1b[31mthing\\n'); os.abort()\n    answer({'n': q['n']})",
          "No such ?[31mthing" },
    };
    static struct asked k = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };
    AUTO_ARENA *a = arena_new_sized(0);
    struct err e = ERR_INIT;

    if (!can_isolate())
        return;
    for (size_t w = 0; w < COUNT_OF(ways); w++) {
        struct sandbox_file file;
        struct evaluator v = evaluator_of(ways[w].body, &file, a);
        AUTO(evaluators_freep) struct evaluators *p = NULL;

        REQUIRE(evaluators_new(&p, &e) == ERR_OK);
        ask(p, &k, &v, 20);
        for (size_t i = 0; i < 20; i++)
            if (i != 7 && (k.at[i].why.len || json_get_i64(k.at[i].answer, "n", -1) != (int64_t)i))
                test_fail(__FILE__, __LINE__, "way %zu, question %zu: " STR_FMT, w, i, STR_ARG(k.at[i].why));
        CHECK(str_starts(k.at[7].why, S("try.py: ")));
        if (!str_contains(k.at[7].why, str_c(ways[w].why)))
            test_fail(__FILE__, __LINE__, "way %zu: " STR_FMT, w, STR_ARG(k.at[7].why));
        asked_clear(&k);
    }
}

TEST(evaluators_give_up_one_that_only_fails_and_say_so)
{
    static struct asked k = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };
    AUTO_ARENA *a = arena_new_sized(0);
    struct sandbox_file file;
    struct evaluator v = evaluator_of("    raise ValueError('never')", &file, a);
    AUTO(evaluators_freep) struct evaluators *p = NULL;
    struct err e = ERR_INIT;
    size_t not_asked = 0;

    if (!can_isolate())
        return;
    v.hello = S("{\"hello\":true}");
    REQUIRE(evaluators_new(&p, &e) == ERR_OK);
    CHECK(evaluators_greet(p, &v, &e) == ERR_BAD_INPUT);
    CHECK(strstr(e.text, "it ended with 1: ValueError: never"));
    ask(p, &k, &v, ROUND);
    for (size_t i = 0; i < ROUND; i++) {
        CHECK(k.at[i].why.len);
        not_asked += str_starts(k.at[i].why, S("not asked: 5 questions in a row went wrong"));
    }
    /* the hello was the first failure; guests that were at it when the fifth came still had theirs */
    CHECK(not_asked >= ROUND - EVALUATORS_FAILURES - EVALUATORS_GUESTS_MAX &&
          not_asked <= ROUND - EVALUATORS_FAILURES + 1);
    asked_clear(&k);
}

TEST(evaluators_that_run_once_give_each_question_a_guest_of_its_own)
{
    static struct asked k = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };
    AUTO_ARENA *a = arena_new_sized(0);
    struct sandbox_file file;
    struct evaluator v = { .name = S("once.py"), .once = true };
    AUTO(evaluators_freep) struct evaluators *p = NULL;
    struct err e = ERR_INIT;

    if (!can_isolate())
        return;
    sandbox_limits_usual(&v.spec.limits);
    v.spec.limits.wall_ms = 4000;             /* one of them takes as long; a busy machine starts Python slowly */
    CHECK_OK(sandbox_program(S("once.py"), S("import json, os, sys, time\nq = json.load(sys.stdin)\nopen('seen', 'x').write('x')\n"
                                             "time.sleep(60 if q['n'] == 2 else 0)\nprint(q['n'])\nsys.exit(q['n'])\n"),
                             NULL, 0, a, &v.spec, &file, &e));
    v.spec.files = &file;
    v.spec.files_count = 1;
    evaluator_seal(&v);
    REQUIRE(evaluators_new(&p, &e) == ERR_OK);
    ask(p, &k, &v, 6);
    for (size_t i = 0; i < 6; i++) {
        CHECK(!k.at[i].why.len);
        CHECK_INT(k.at[i].cause, i == 2 ? SANDBOX_TIME : SANDBOX_EXITED);
        if (i != 2)
            CHECK_INT(k.at[i].status, (int)i);
    }
    CHECK_STR(str_trim(k.at[5].output), "5");
    asked_clear(&k);
}

TEST(evaluators_that_are_cancelled_leave_nothing_behind)
{
    static struct asked k = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };
    AUTO_ARENA *a = arena_new_sized(0);
    struct evaluators *p = NULL;
    struct sandbox_file file;
    struct evaluator v = evaluator_of("    time.sleep(60)", &file, a);
    struct err e = ERR_INIT;

    if (!can_isolate())
        return;
    v.time_ms = 100000;
    REQUIRE(evaluators_new(&p, &e) == ERR_OK);
    k.done = 0;
    for (size_t i = 0; i < 10; i++) {
        k.arenas[i] = arena_new_sized(0);
        k.at[i] = (struct evaluation){ .evaluator = &v, .arena = k.arenas[i], .done = asked_done, .owner = &k, .question = S("{}") };
        evaluators_ask(p, &k.at[i]);
    }
    evaluators_cancel(p);
    evaluators_cancel(p);
    asked_wait(&k, 10);
    for (size_t i = 0; i < 10; i++)
        CHECK_STR(k.at[i].why, "it was cancelled");
    evaluators_free(p);
    CHECK_INT(sandbox_count(), 0);
    asked_clear(&k);
}

TEST(evaluators_refuse_a_question_past_its_bound)
{
    static struct asked k = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };
    AUTO_ARENA *a = arena_new_sized(0);
    struct sandbox_file file;
    struct evaluator v = evaluator_of("    answer({})", &file, a);
    AUTO(evaluators_freep) struct evaluators *p = NULL;
    struct err e = ERR_INIT;
    char *long_one = xcalloc(EVALUATORS_QUESTION_MAX + 2, 1);

    if (can_isolate()) {
        REQUIRE(evaluators_new(&p, &e) == ERR_OK);
        memset(long_one, ' ', EVALUATORS_QUESTION_MAX + 1);
        k.at[0] = (struct evaluation){ .evaluator = &v, .arena = a, .done = asked_done, .owner = &k,
                                       .question = str_n(long_one, EVALUATORS_QUESTION_MAX + 1) };
        evaluators_ask(p, &k.at[0]);
        asked_wait(&k, 1);
        CHECK_STR(k.at[0].why, "the question is longer than 8,388,608 bytes");
    }
    free(long_one);
}
