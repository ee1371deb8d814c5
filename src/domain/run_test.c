#include "base/test.h"
#include "domain/domain.h"

TEST(run_states_and_stop_reasons_read_back)
{
    for (int i = 0; i < RUN_STATES; i++)
        CHECK_INT(run_state_from(str_c(run_state_name((enum run_state)i))), i);
    CHECK_INT(run_state_from(S("asleep")), RUN_STATES);
    for (int i = 0; i < STOP_REASONS; i++)
        CHECK_INT(stop_reason_from(str_c(stop_reason_name((enum stop_reason)i))), i);
    CHECK_INT(stop_reason_from(S("boredom")), STOP_NONE);
}

TEST(run_moves_only_where_the_table_lets_it)
{
    /* rows: from; columns: planned running stopped done cancelled */
    static const char *const may[RUN_STATES] = {
        [RUN_PLANNED] = "01101", [RUN_RUNNING] = "01111", [RUN_STOPPED] = "01001", [RUN_DONE] = "01000",
        [RUN_CANCELLED] = "00000",
    };

    for (int from = 0; from < RUN_STATES; from++)
        for (int to = 0; to < RUN_STATES; to++)
            if (run_may_move((enum run_state)from, (enum run_state)to) != (may[from][to] == '1'))
                test_fail(__FILE__, __LINE__, "%s to %s", run_state_name((enum run_state)from),
                          run_state_name((enum run_state)to));
}

TEST(run_numbers_each_trial_once_case_by_case)
{
    struct run r = { .cases = 7, .variants = 5, .repeat = 3 };
    int64_t number = 0;

    CHECK_INT(run_trials(&r), 105);
    for (int64_t c = 0; c < r.cases; c++)
        for (int64_t v = 0; v < r.variants; v++)
            for (int64_t k = 0; k < r.repeat; k++, number++) {
                struct trial_place p = run_trial_place(&r, number);

                CHECK(p.case_index == c && p.variant == v && p.repetition == k);
                CHECK_INT(run_trial_number(&r, p), number);
            }
}

TEST(run_numbers_do_not_wrap_at_a_trillion_trials)
{
    struct run r = { .cases = 1000000000, .variants = 100, .repeat = 10 };
    struct trial_place p = run_trial_place(&r, run_trials(&r) - 1);

    CHECK(p.case_index == r.cases - 1 && p.variant == 99 && p.repetition == 9);
}
