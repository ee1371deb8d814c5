/* src/eval/check/trial.c: bounds on what a trial took (max_cost, max_latency, max_output_tokens) and on any number the
 * program computes for a trial (metric: metrics.c). What is not known is not evaluated. */
#include "eval/check/check.h"

#include "eval/metric/metric.h"

enum trial_what { TRIAL_COST, TRIAL_LATENCY, TRIAL_TOKENS };
struct trial_bound { enum trial_what what; double max; };

static enum err_code trial_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct trial_bound *b = arena_new(a, struct trial_bound);

    (void)e;
    b->what = str_is(spec->kind, "max_cost")      ? TRIAL_COST
              : str_is(spec->kind, "max_latency") ? TRIAL_LATENCY
                                                  : TRIAL_TOKENS;
    b->max = json_number_value(spec->argument);
    *state = b;
    return ERR_OK;
}

/* False: nobody knows. */
static bool trial_took(enum trial_what what, const struct subject *s, double *out, const char **unknown)
{
    switch (what) {
    case TRIAL_COST:
        *unknown = "the price is not known";
        *out = s->cost_nanousd == MONEY_UNKNOWN ? 0 : money_to_double(s->cost_nanousd);
        return s->cost_nanousd != MONEY_UNKNOWN;
    case TRIAL_LATENCY:
        *unknown = "the latency was not measured";
        *out = (double)s->latency_ms;
        return s->latency_ms >= 0;
    case TRIAL_TOKENS: break;
    }
    *unknown = "no tokens were reported";
    *out = s->usage ? (double)s->usage->output : 0;
    return s->usage != NULL;
}

static enum check_verdict trial_judge(const void *state, const struct check_target *t, struct arena *a, struct str *why)
{
    static const char *const units[] = { " US dollars", " ms", " tokens" };
    const struct trial_bound *b = state;
    const char *unknown;
    double took;

    if (!trial_took(b->what, t->subject, &took, &unknown)) {
        *why = str_c(unknown);
        return CHECK_SKIP;
    }
    if (took <= b->max)
        return CHECK_PASS;
    *why = arena_printf(a, "%.15g%s, at most %.15g", took, units[b->what], b->max);
    return CHECK_FAIL;
}

struct metric_bound { const struct metric *metric; void *state; double min, max; bool has_min, has_max; };

static enum err_code metric_bound_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    const json_t *min = json_child(spec->options, "min"), *max = json_child(spec->options, "max");
    const json_t *with = json_child(spec->options, "with");
    struct metric_bound *b = arena_new(a, struct metric_bound);
    struct metric_spec m = { .name = json_to_str(spec->argument), .kind = json_to_str(spec->argument), .options = with };

    if ((!min && !max) || (min && !json_is_number(min)) || (max && !json_is_number(max)))
        return err_set(e, ERR_BAD_INPUT, "metric needs min: or max:, a number, or both");
    if (with && !json_is_object(with))
        return err_set(e, ERR_BAD_INPUT, "metric: with: is a map of the metric's own settings");
    b->has_min = min != NULL;
    b->has_max = max != NULL;
    b->min = json_number_value(min);
    b->max = json_number_value(max);
    if (min && max && b->min > b->max)
        return err_set(e, ERR_BAD_INPUT, "metric: min is above max");
    TRY(metric_prepare(&m, a, &b->metric, &b->state, e));
    if (b->metric->model && b->metric->model(b->state))
        return err_set(e, ERR_BAD_INPUT,
                       "%s asks a model, which no check does; measure it and hold it by thresholds:", b->metric->name);
    if (b->metric->wish && spec->depth)
        return err_set(e, ERR_BAD_INPUT,
                       "%s runs a program, which nothing in a group or in a case does; write the check on its own",
                       b->metric->name);
    if (b->metric->over_repeats || b->metric->over_checks)
        return err_set(e, ERR_BAD_INPUT, "%s is computed from %s, so no check can hold it to a bound; thresholds: can",
                       b->metric->name, b->metric->over_repeats ? "repetitions" : "checks");
    *state = b;
    return ERR_OK;
}

static void metric_bound_wish(const void *state, const struct subject *s, struct subject_wishes *w)
{
    const struct metric_bound *b = state;

    if (b->metric->wish && (subject_expected(s) || !b->metric->needs_expected))
        b->metric->wish(b->state, s, w);
}

static const struct evaluator *metric_bound_program(const void *state, size_t i)
{
    const struct metric_bound *b = state;

    return b->metric->program ? b->metric->program(b->state, i) : NULL;
}

static enum check_verdict metric_bound_judge(const void *state, const struct check_target *t, struct arena *a,
                                             struct str *why)
{
    const struct metric_bound *b = state;
    struct score score;

    metric_score(b->metric, b->state, t->subject, a, &score);
    if (score.state == SCORE_MISSING) {
        *why = score.note.len ? score.note : S("the metric has no value here");
        return CHECK_SKIP;
    }
    if ((!b->has_min || score.value >= b->min) && (!b->has_max || score.value <= b->max))
        return CHECK_PASS;
    *why = arena_printf(a, "%s is %.6g, %s %.15g", b->metric->name, score.value,
                        b->has_min && score.value < b->min ? "at least" : "at most",
                        b->has_min && score.value < b->min ? b->min : b->max);
    return CHECK_FAIL;
}

#define TRIAL_CHECK(id, arg, words, yaml)                                                           \
    const struct check check_##id = {                                                               \
        .name = #id, .argument = arg, .scope = CHECK_OF_TRIAL, .doc = words, .example = yaml,       \
        .prepare = trial_prepare, .judge = trial_judge,                                             \
    }
TRIAL_CHECK(max_cost, CHECK_AMOUNT, "The trial cost at most so many US dollars.", "- max_cost: 0.002");
TRIAL_CHECK(max_latency, CHECK_AMOUNT, "The trial took at most so many milliseconds.", "- max_latency: 2000");
TRIAL_CHECK(max_output_tokens, CHECK_NUMBER, "The model wrote at most so many tokens.", "- max_output_tokens: 300");
const struct check check_metric = {
    .name = "metric", .argument = CHECK_TEXT, .scope = CHECK_OF_TRIAL, .options = "min max with",
    .doc = "A metric of this trial is at least min and at most max; with: holds the metric's own settings.",
    .example = "- {metric: f1, min: 0.8}",
    .prepare = metric_bound_prepare, .judge = metric_bound_judge, .wish = metric_bound_wish, .program = metric_bound_program,
};
