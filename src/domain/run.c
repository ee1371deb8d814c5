#include "domain/domain.h"

static const char *const run_state_names[RUN_STATES] = {
    [RUN_PLANNED] = "planned", [RUN_RUNNING] = "running", [RUN_STOPPED] = "stopped", [RUN_DONE] = "done",
    [RUN_CANCELLED] = "cancelled",
};
static const char *const stop_reason_names[STOP_REASONS] = {
    [STOP_NONE] = "", [STOP_INTERRUPT] = "interrupt", [STOP_BUDGET] = "budget", [STOP_OVER_ESTIMATE] = "over_estimate",
    [STOP_STORE] = "store", [STOP_SURE] = "sure",
};

const char *run_state_name(enum run_state s)
{
    return run_state_names[s];
}

enum run_state run_state_from(struct str name)
{
    for (int i = 0; i < RUN_STATES; i++)
        if (str_is(name, run_state_names[i]))
            return (enum run_state)i;
    return RUN_STATES;
}

bool run_may_move(enum run_state from, enum run_state to)
{
    static const unsigned allowed[RUN_STATES] = {
        [RUN_PLANNED] = BIT(RUN_RUNNING) | BIT(RUN_CANCELLED) | BIT(RUN_STOPPED),
        [RUN_RUNNING] = BIT(RUN_DONE) | BIT(RUN_STOPPED) | BIT(RUN_CANCELLED) | BIT(RUN_RUNNING),
        [RUN_STOPPED] = BIT(RUN_RUNNING) | BIT(RUN_CANCELLED),
        [RUN_DONE] = BIT(RUN_RUNNING),              /* only to retry failed trials: eval/runner asks for it by name */
    };

    return allowed[from] & BIT(to);
}

const char *stop_reason_name(enum stop_reason r)
{
    return stop_reason_names[r];
}

enum stop_reason stop_reason_from(struct str name)
{
    for (int i = 0; i < STOP_REASONS; i++)
        if (str_is(name, stop_reason_names[i]))
            return (enum stop_reason)i;
    return STOP_NONE;
}

int64_t run_trial_number(const struct run *r, struct trial_place p)
{
    return (p.case_index * r->variants + p.variant) * r->repeat + p.repetition;
}

struct trial_place run_trial_place(const struct run *r, int64_t number)
{
    int64_t cell = number / r->repeat;

    return (struct trial_place){ .case_index = cell / r->variants, .variant = cell % r->variants,
                                 .repetition = number % r->repeat };
}
