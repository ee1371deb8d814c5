/* Runs whose tests compare what all columns answered: settled once, paid once, whatever stops them. */
#include "sim/place_test.h"

#define TESTS 30

/* Three columns: the first two say the same, the third is chosen in every third test. */
static bool place_plan_compare(struct place *p)
{
    AUTO_BUF struct buf text = BUF_INIT(1 << 20);

    buf_puts(&text, "prompts: ['{{ said }}', 'It says {{ said }}', '{{ said }}, it says']\nproviders: [sim:echo]\n"
                    "defaultTest: {options: {provider: 'sim:grader'}}\ntests:\n");
    for (int i = 0; i < TESTS; i++)
        buf_printf(&text, "- vars: {said: 'word %d'}\n  assert: [{type: contains, value: word}, {type: %s}]\n", i,
                   i % 3 == 2 ? "max-score"
                   : i % 3    ? "select-best, value: 'good [[=> 2]]'"
                              : "select-best, value: 'good [[=> 1]]'");
    return place_plan_text(p, S("promptfooconfig.yaml"), buf_str(&text));
}

struct seen { int64_t rows, waiting, passed, failed, violations; };

static enum err_code seen_row(const struct store_trial *t, void *arg, struct err *e)
{
    struct seen *seen = arg;
    struct score scores[5];

    CHECK_OK(scores_read(t->scores, NULL, scores, 5, e));
    seen->rows++;
    seen->waiting += scores_wait(t->scores);
    seen->passed += scores[4].state == SCORE_VALUE && scores[4].value > 0;
    seen->failed += scores[4].state == SCORE_VALUE && scores[4].value == 0;
    seen->violations += t->trial.violations;
    CHECK_INT(t->trial.critical, t->trial.violations);
    return ERR_OK;
}

static struct seen place_seen(struct place *p)
{
    struct seen seen = { 0 };

    CHECK_OK(store_trials_each(p->store, p->plan->run.no, &(struct store_trials_filter){ .variant = -1 }, seen_row, &seen,
                               &p->e));
    return seen;
}

/* Every test has one winner, and the sums say what the rows say. */
static void place_check_settled(struct place *p)
{
    struct seen seen = place_seen(p);
    struct result *result;
    struct run *run;

    CHECK_INT(place_rows(p), TESTS * 3);
    CHECK_INT(seen.waiting, 0);
    CHECK_INT(seen.passed, TESTS);
    CHECK_INT(seen.failed, TESTS * 2);
    CHECK_INT(seen.violations, TESTS * 2);
    CHECK_OK(store_run_get(p->store, S("last"), p->a, &run, &p->e));
    CHECK_INT(run->state, RUN_DONE);
    CHECK_OK(result_load(p->store, run, p->a, &result, &p->e));
    CHECK_INT(result->done, TESTS * 3);
    CHECK_INT(result->violations, TESTS * 2);
    CHECK_INT(result->critical, TESTS * 2);
    for (size_t i = 0; i < 3; i++) {
        const struct aggregate *sum = result->variants[i].sum;

        CHECK_INT(sum->scorers[4].n, TESTS);
        CHECK_INT(sum->scorers[4].missing, 0);
        CHECK_INT(sum->scorers[4].ones, TESTS / 3);     /* 1 of three to each */
        CHECK_INT(sum->scorers[0].n, TESTS);
        CHECK_INT(sum->violating, TESTS * 2 / 3);
    }
}

static int64_t place_judge_calls(struct place *p)
{
    struct store_ledger_row *rows;
    size_t count;
    int64_t calls = 0;

    CHECK_OK(store_ledger(p->store, p->plan->run.no, p->a, &rows, &count, &p->e));
    for (size_t i = 0; i < count; i++)
        calls += rows[i].entry.phase == PHASE_JUDGE ? rows[i].entry.calls : 0;
    return calls;
}

TEST(answers_are_compared_once_all_columns_have_answered)
{
    struct place p;

    place_open(&p);
    REQUIRE(place_plan_compare(&p));
    CHECK_OK(place_run(&p, (struct runner_options){ 0 }));
    CHECK_INT(p.ran.state, RUN_DONE);
    place_check_settled(&p);
    CHECK_INT(place_billed(&p), TESTS * 3 + TESTS * 2 / 3);
    CHECK_INT(place_judge_calls(&p), TESTS * 2 / 3);
    place_close(&p);
}

TEST(what_was_compared_and_could_not_be_stored_is_stored_the_next_time_and_paid_once)
{
    struct place p;

    place_open(&p);
    REQUIRE(place_plan_compare(&p));
    fault_arm("runner.settle:1");
    CHECK_OK(place_run(&p, (struct runner_options){ 0 }));
    fault_arm(NULL);
    place_check_settled(&p);
    CHECK_INT(place_billed(&p), TESTS * 3 + TESTS * 2 / 3);
    place_close(&p);
}

TEST(a_store_that_breaks_while_answers_are_compared_leaves_them_waiting)
{
    struct place p;
    struct seen seen;

    place_open(&p);
    REQUIRE(place_plan_compare(&p));
    fault_arm("runner.settle:1+");
    CHECK_INT(place_run(&p, (struct runner_options){ 0 }), ERR_STORE);
    CHECK(strstr(p.e.text, "runner.settle"));
    fault_arm(NULL);
    seen = place_seen(&p);
    CHECK_INT(seen.rows, TESTS * 3);
    CHECK_INT(seen.waiting, TESTS * 3);
    CHECK_INT(seen.violations, 0);
    place_reload(&p);
    CHECK_INT(p.plan->run.state, RUN_STOPPED);
    CHECK_OK(place_run(&p, (struct runner_options){ 0 }));
    place_check_settled(&p);
    place_close(&p);
}

static int settle_interrupt(void *arg)
{
    struct place *p = arg;

    return place_billed(p) > TESTS * 3;             /* the first comparison was asked */
}

TEST(an_interrupt_leaves_the_rest_waiting_and_nothing_is_paid_twice)
{
    struct place p;
    struct seen seen;

    place_open(&p);
    REQUIRE(place_plan_compare(&p));
    CHECK_OK(runner_run(p.plan, p.store, p.llm,
                        &(struct runner_options){ .concurrency = 1, .interrupted = settle_interrupt, .arg = &p }, &p.ran, &p.e));
    CHECK_INT(p.ran.why, STOP_INTERRUPT);
    seen = place_seen(&p);
    CHECK(seen.waiting > 0 && seen.waiting < TESTS * 3);
    place_reload(&p);
    CHECK_OK(place_run(&p, (struct runner_options){ 0 }));
    place_check_settled(&p);
    CHECK_INT(place_billed(&p), TESTS * 3 + TESTS * 2 / 3);
    place_close(&p);
}

TEST(a_budget_holds_while_answers_are_compared)
{
    struct place p;
    struct seen seen;

    place_open(&p);
    REQUIRE(place_plan_compare(&p));
    CHECK_OK(place_run(&p, (struct runner_options){ .budget_nanousd = 700000 }));
    CHECK_INT(p.ran.why, STOP_BUDGET);
    CHECK_INT(p.ran.state, RUN_STOPPED);
    seen = place_seen(&p);
    CHECK(seen.waiting > 0);
    CHECK_INT(seen.passed * 3, seen.rows - seen.waiting);
    place_reload(&p);
    CHECK_OK(place_run(&p, (struct runner_options){ .budget_nanousd = MONEY_PER_USD }));
    place_check_settled(&p);
    place_close(&p);
}

static enum err_code settle_lease_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct place *p = arg;
    struct str holder;

    return store_tx_scoring_lease(tx, p->plan->run.no, S("settle"), S("elsewhere:1:1"), STR_NONE, clock_wall_ms(),
                                  60000, p->a, &holder, e);
}

TEST(of_two_processes_one_compares)
{
    struct place p;
    struct run *run;

    place_open(&p);
    REQUIRE(place_plan_compare(&p));
    CHECK_OK(store_write(p.store, settle_lease_apply, &p, &p.e));
    CHECK_INT(place_run(&p, (struct runner_options){ 0 }), ERR_CONFLICT);
    CHECK(strstr(p.e.text, "comparing the answers"));
    CHECK_OK(store_run_get(p.store, S("last"), p.a, &run, &p.e));
    CHECK_INT(run->state, RUN_RUNNING);
    CHECK_INT(place_seen(&p).waiting, TESTS * 3);
    place_close(&p);
}
