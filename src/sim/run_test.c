/* Whole runs in one process, against the simulator: plan, runner, store and engine together, under every sanitizer.
 * They stand in this room because it is the first that sees both the runner and the simulator. */
#include "sim/place_test.h"

#define CASES 300

/* Plans and stores a run of `models` over CASES cases; `more` are further lines of the task. */
static bool place_plan(struct place *p, const char *models, const char *more)
{
    static const char *const things[] = { "invoice", "router", "refund", "parcel" };
    AUTO_BUF struct buf text = BUF_INIT(1 << 20);

    buf_printf(&text, "name: words\nmodels: [%s]\nparams: {temperature: 0, max_tokens: 60}\n"
                      "prompt: 'What is this about? {{ input }}'\nmetrics: [accuracy, cost, latency]\n"
                      "checks: [{name: one_word, max_words: 1}]\n%scases:\n", models, more);
    for (int i = 0; i < CASES; i++)
        buf_printf(&text, "  - {input: 'Case %d is about a %s only.', expected: %s}\n", i, things[i % 4],
                   things[i % 4]);
    return place_plan_text(p, S("t.yaml"), buf_str(&text));
}

TEST(a_run_ends_with_one_outcome_per_trial_and_sums_that_agree)
{
    struct place p;
    struct result *result;
    struct run *run;

    place_open(&p);
    if (!place_plan(&p, "sim:swift, sim:erratic", "repeat: 2\n") ||
        place_run(&p, (struct runner_options){ 0 }) != ERR_OK) {
        test_fail(__FILE__, __LINE__, "%s", p.e.text);
        return;
    }
    CHECK_INT(p.ran.state, RUN_DONE);
    CHECK_INT(place_rows(&p), CASES * 4);
    CHECK_INT(place_billed(&p), CASES * 4);
    CHECK_OK(store_run_get(p.store, S("last"), p.a, &run, &p.e));
    CHECK_OK(result_load(p.store, run, p.a, &result, &p.e));
    CHECK_INT(result->done, CASES * 4);
    CHECK_INT(result->variants[0].sum->done + result->variants[1].sum->done, CASES * 4);
    CHECK(result->variants[0].quality.value >= result->variants[1].quality.value);
    place_close(&p);
}

static int place_interrupt(void *arg)
{
    return ++*(int *)arg > 3;
}

TEST(an_interrupted_run_is_continued_without_asking_anything_twice)
{
    struct place p;
    int looks = 0;

    place_open(&p);
    CHECK_OK(sim_control(p.sim, json_in_arena(json_pack("{s:f}", "latency_scale", 0.05), p.a), &p.e));
    REQUIRE(place_plan(&p, "sim:swift", ""));
    CHECK_OK(place_run(&p, (struct runner_options){ .interrupted = place_interrupt, .arg = &looks }));
    CHECK_INT(p.ran.state, RUN_STOPPED);
    CHECK_INT(p.ran.why, STOP_INTERRUPT);
    CHECK(place_rows(&p) < CASES);
    CHECK_INT(place_rows(&p), place_billed(&p));
    place_reload(&p);
    CHECK_OK(place_run(&p, (struct runner_options){ 0 }));
    CHECK_INT(p.ran.state, RUN_DONE);
    CHECK_INT(place_rows(&p), CASES);
    CHECK_INT(place_billed(&p), CASES);
    place_close(&p);
}

struct waiting { struct llm *llm; int64_t most; };

static int place_look_at_waiting(void *arg)
{
    struct waiting *w = arg;
    struct llm_lane_stat lane;
    int64_t sum = 0;

    for (size_t i = 0; llm_lane_at(w->llm, i, &lane); i++)
        sum += lane.in_flight + lane.queued;
    w->most = MAX(w->most, sum);
    return 0;
}

TEST(a_run_keeps_some_trials_waiting_and_no_more)
{
    struct place p;
    struct waiting w;
    int64_t allowed = 2 * 32 + 256;             /* twice the calls in flight, and what the feed may be ahead */

    place_open(&p);
    w = (struct waiting){ .llm = p.llm };
    CHECK_OK(sim_control(p.sim, json_in_arena(json_pack("{s:f}", "latency_scale", 0.05), p.a), &p.e));
    REQUIRE(place_plan(&p, "sim:swift", "repeat: 4\n"));
    CHECK_OK(place_run(&p, (struct runner_options){ .interrupted = place_look_at_waiting, .arg = &w }));
    CHECK_INT(p.ran.state, RUN_DONE);
    CHECK_INT(place_rows(&p), CASES * 4);
    CHECK(w.most <= allowed);
    CHECK(w.most > allowed / 2);                /* the engine has no need to wait for us */
    place_close(&p);
}

TEST(a_budget_is_never_passed_and_the_rest_is_asked_later)
{
    struct place p;
    int64_t limit = 2000000;                    /* $0.002 */
    struct store_ledger_row *rows;
    size_t count;

    place_open(&p);
    REQUIRE(place_plan(&p, "sim:careful", ""));
    CHECK_OK(place_run(&p, (struct runner_options){ .budget_nanousd = limit }));
    CHECK_INT(p.ran.why, STOP_BUDGET);
    CHECK_OK(store_ledger(p.store, p.plan->run.no, p.a, &rows, &count, &p.e));
    REQUIRE(count == 1);
    CHECK(rows[0].entry.cost_nanousd > 0 && rows[0].entry.cost_nanousd <= limit);
    place_reload(&p);
    CHECK_OK(place_run(&p, (struct runner_options){ 0 }));
    CHECK_INT(place_rows(&p), CASES);
    place_close(&p);
}

TEST(a_cost_far_above_the_estimate_pauses_the_run)
{
    struct place p;

    place_open(&p);
    REQUIRE(place_plan(&p, "sim:deep", ""));
    p.plan->run.estimate_nanousd = 1000;        /* as if the plan had been very wrong */
    CHECK_OK(place_run(&p, (struct runner_options){ 0 }));
    CHECK_INT(p.ran.state, RUN_STOPPED);
    CHECK_INT(p.ran.why, STOP_OVER_ESTIMATE);
    CHECK_OK(place_run(&p, (struct runner_options){ .ignore_estimate = true }));
    CHECK_INT(p.ran.state, RUN_DONE);
    place_close(&p);
}

TEST(a_model_that_only_fails_is_given_up_after_a_few_calls_while_the_other_goes_on)
{
    struct place p;
    int64_t again;

    place_open(&p);
    REQUIRE(place_plan(&p, "sim:swift, 'sim:careful!500'", ""));
    CHECK_OK(place_run(&p, (struct runner_options){ 0 }));
    CHECK_INT(p.ran.state, RUN_DONE);
    CHECK_INT(p.ran.abandoned, 1);
    CHECK_INT(p.ran.failed_now, CASES);
    CHECK_INT(place_rows(&p), CASES * 2);
    {
        AUTO_JSON *sum = sim_ledger_summary(p.sim);

        CHECK(json_get_i64(sum, "calls", 0) <= CASES + 16 + 8);
    }
    CHECK_OK(runner_forget_failed(p.plan, p.store, &again, &p.e));
    CHECK_INT(again, CASES);
    CHECK_INT(place_rows(&p), CASES);
    place_close(&p);
}

TEST(a_store_that_stays_broken_ends_the_run_with_its_sentence_and_a_whole_store_goes_on)
{
    struct place p;

    place_open(&p);
    REQUIRE(place_plan(&p, "sim:swift", ""));
    fault_arm("runner.commit:1+");
    CHECK_INT(place_run(&p, (struct runner_options){ 0 }), ERR_STORE);
    CHECK(strstr(p.e.text, "can't be written"));
    fault_arm(NULL);
    place_reload(&p);
    CHECK_OK(place_run(&p, (struct runner_options){ 0 }));
    CHECK_INT(p.ran.state, RUN_DONE);
    CHECK_INT(place_rows(&p), CASES);
    place_close(&p);
}

TEST(a_commit_that_fails_once_loses_nothing)
{
    struct place p;

    place_open(&p);
    REQUIRE(place_plan(&p, "sim:swift", ""));
    fault_arm("runner.commit:1");
    CHECK_OK(place_run(&p, (struct runner_options){ 0 }));
    fault_arm(NULL);
    CHECK_INT(p.ran.state, RUN_DONE);
    CHECK_INT(place_rows(&p), CASES);
    CHECK_INT(place_billed(&p), CASES);
    place_close(&p);
}

TEST(a_snapshot_holds_all_that_decides_a_task)
{
    struct place p;
    struct task *again;
    AUTO_BUF struct buf one = BUF_INIT(1 << 24), two = BUF_INIT(1 << 24);
    AUTO_JSON *first = NULL, *second = NULL, *not_one = json_pack("{s:i}", "snapshot", 99);

    place_open(&p);
    REQUIRE(place_plan(&p, "sim:swift, sim:deep",
                       "system: Be short.\nturns: [{label: sure, prompt: 'Sure of {{ answer }}?'}]\n"
                       "output: {format: json, schema: {type: object}}\nthresholds: {accuracy: 0.5}\nbudget_usd: 3\n"));
    first = snapshot_of_task(p.plan->task);
    CHECK_OK(snapshot_to_task(first, p.a, &again, &p.e));
    second = snapshot_of_task(again);
    json_write_canonical(first, &one);
    json_write_canonical(second, &two);
    CHECK_STR(buf_str(&two), buf_cstr(&one));
    CHECK_INT(snapshot_to_task(not_one, p.a, &again, &p.e), ERR_STORE);
    place_close(&p);
}

TEST(a_task_without_a_model_or_a_price_is_said_so)
{
    struct place p;

    place_open(&p);
    CHECK(!place_plan(&p, "", ""));
    CHECK(strstr(p.e.text, "model"));
    place_close(&p);
    place_open(&p);
    REQUIRE(place_plan(&p, "sim:unpriced, sim:swift", ""));
    CHECK_INT(p.plan->estimate.unknown_variants, 1);
    CHECK_INT(p.plan->run.estimate_nanousd, MONEY_UNKNOWN);
    CHECK(p.plan->estimate.cost_nanousd > 0);
    place_close(&p);
}
