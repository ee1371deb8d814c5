/* src/eval/metric/instruction_following.c: instruction_following and checks_passed.
 *
 * instruction_following is max(0, 1 - violations / checks). With `constraints:` it counts them and the output's format
 * (constraints.h). Without, the task's own checks are its constraints, each counting its weight, and the output's
 * format counts 1 when the task names one. A task that asks for nothing is followed: 1.
 * checks_passed is the weighted share of the evaluated checks that passed; a check that could not run is left out. */
#include "eval/metric/metric.h"

#include <math.h>

#include "eval/constraints.h"

static void checks_sum(const struct subject *s, double *total, double *failed)
{
    struct subject_checks c = subject_checks(s);

    for (size_t i = 0; i < c.count; i++)
        if (c.scores[i].state == SCORE_VALUE) {
            *total += c.weights[i];
            *failed += c.scores[i].value == 0 ? c.weights[i] : 0;
        }
}

static void instruction_following_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    double total = 0, failed = 0;

    (void)state;
    if (json_object_size(s->task->constraints)) {
        struct str why = STR_NONE;

        out->value = constraints_score(s, a, &why);
        *out = (struct score){ .state = SCORE_VALUE, .value = out->value, .note = out->value < 1 ? why : STR_NONE };
        return;
    }
    if (s->task->output.format_given) {
        total = 1;
        failed = s->task->output.format == OUTPUT_JSON && !subject_json(s, a, NULL);
    }
    checks_sum(s, &total, &failed);
    *out = score_of(total > 0 ? fmax(0, 1 - failed / total) : 1);
}

static void checks_passed_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    double total = 0, failed = 0;

    (void)state;
    (void)a;
    checks_sum(s, &total, &failed);
    *out = total > 0 ? score_of(fmax(0, 1 - failed / total)) : score_missing(S("no check could be evaluated"));
}

const struct metric metric_instruction_following = {
    .name = "instruction_following", .label = "following", .unit = METRIC_RATIO, .higher_is_better = true, .over_checks = true,
    .doc = "max(0, 1 - violations / checks) over the constraints and the format, or over the task's checks.",
    .score = instruction_following_score,
};
const struct metric metric_checks_passed = {
    .name = "checks_passed", .label = "checks passed", .unit = METRIC_RATIO, .higher_is_better = true, .over_checks = true,
    .doc = "Weighted share of the checks that passed.",
    .score = checks_passed_score,
};
