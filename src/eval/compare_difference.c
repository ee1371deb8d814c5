#include "eval/compare_difference.h"
#include "eval/race.h"

#include <math.h>

#include "eval/result.h"
#include "eval/stats_many.h"
#include "eval/stats_power.h"

const char *verdict_name(enum verdict v)
{
    static const char *const names[VERDICTS] = { "none", "first", "can't tell", "worse", "better" };

    return names[v];
}

const char *compare_test_name(enum compare_test t)
{
    static const char *const names[COMPARE_TESTS] = { "none", "exact McNemar", "paired t", RACE_METHOD };

    return names[t];
}

void compare_sums_add(struct compare_sums *s, double base, double other)
{
    aggregate_value(&s->differences, other - base);
    sum_add(&s->base, base);
    sum_add(&s->other, other);
    s->only_base += base > other;
    s->only_other += other > base;
    s->fractions |= (base != 0 && base != 1) || (other != 0 && other != 1);
}

void compare_decide(struct compare_difference *d, const struct compare_sums *s, enum metric_unit unit, bool once)
{
    const struct aggregate_scorer *x = &s->differences;

    *d = (struct compare_difference){ .cases = x->n, .p = 1, .p_holm = 1, .cohen_d = NAN, .hedges_g = NAN, .detectable = NAN };
    if (!x->n)
        return;
    d->base = sum_value(&s->base) / (double)x->n;
    d->other = sum_value(&s->other) / (double)x->n;
    d->difference = aggregate_mean(x);
    d->deviation = sqrt(aggregate_variance(x));
    d->equal = !s->only_base && !s->only_other;
    d->interval = stats_t_interval(d->difference, aggregate_variance(x), x->n, RESULT_LEVEL);
    d->test = once && !s->fractions && unit == METRIC_RATIO ? COMPARE_MCNEMAR : COMPARE_PAIRED_T;
    d->p = d->test == COMPARE_MCNEMAR ? stats_mcnemar(s->only_base, s->only_other)
                                      : stats_paired_t(d->difference, aggregate_variance(x), x->n);
    d->discordant = (double)(s->only_base + s->only_other) / (double)x->n;
    if (x->n > 2 && d->deviation > 0) {
        d->cohen_d = stats_cohen_d(d->difference, d->deviation);
        d->hedges_g = stats_hedges_g(d->cohen_d, (double)(x->n - 1));
    }
}

/* What more cases would do, had they the spread these have. */
static void compare_plan(struct compare_difference *d, enum metric_unit unit)
{
    double alpha = RECOMMEND_ALPHA / (double)d->compared;

    if (d->equal || !(d->deviation > 0))
        return;
    if (d->test == COMPARE_MCNEMAR) {
        d->detectable = stats_mcnemar_detectable(d->cases, d->discordant, alpha, RECOMMEND_POWER);
        d->cases_needed = stats_mcnemar_cases(d->discordant, RECOMMEND_DIFFERENCE, alpha, RECOMMEND_POWER);
        return;
    }
    d->detectable = d->deviation * stats_paired_t_detectable(d->cases, alpha, RECOMMEND_POWER);
    if (unit == METRIC_RATIO)
        d->cases_needed = stats_paired_t_cases(RECOMMEND_DIFFERENCE / d->deviation, alpha, RECOMMEND_POWER);
}

void compare_judge(struct compare_difference *const *list, size_t count, enum metric_unit unit, bool higher_is_better)
{
    AUTO(freep) double *p = xcalloc(count + 1, sizeof *p);
    int64_t compared = 0;

    for (size_t i = 0; i < count; i++) {
        p[i] = list[i]->cases ? list[i]->p : NAN;
        compared += list[i]->cases > 0;
    }
    stats_holm(p, count, p);
    for (size_t i = 0; i < count; i++) {
        struct compare_difference *d = list[i];

        if (!d->cases)
            continue;
        d->compared = compared;
        d->p_holm = p[i];
        d->verdict = d->p_holm >= RECOMMEND_ALPHA              ? VERDICT_SAME
                     : (d->difference > 0) == higher_is_better ? VERDICT_BETTER
                                                               : VERDICT_WORSE;
        compare_plan(d, unit);
    }
}
