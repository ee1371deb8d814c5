/* Two variants at a time, and what all pairs together say of how far the variants agree. */
#include "eval/analysis_parts.h"

#include <math.h>

#include "eval/stats_many.h"
#include "eval/stats_power.h"

/* The aligned cases, a column for each scored variant: settled, for ranks; moments are of the values themselves. */
struct analysis_columns { double **at; struct aggregate_scorer *moments; size_t rows; };

static void analysis_columns_dispose(struct analysis_columns *c)
{
    free(c->at ? c->at[0] : NULL);
    free(c->at);
    free(c->moments);
}

static void analysis_columns_fill(const struct analysis *x, const struct analysis_kept *k, struct analysis_columns *c)
{
    size_t n = x->variant_count;

    c->at = xcalloc(n + 1, sizeof *c->at);
    c->moments = xcalloc(n + 1, sizeof *c->moments);
    c->at[0] = xcalloc((size_t)x->aligned * n + 1, sizeof **c->at);
    for (size_t v = 1; v < n; v++)
        c->at[v] = c->at[0] + (size_t)x->aligned * v;
    for (size_t i = 0; i < k->rows; i++) {
        const double *row = k->values + i * n;

        if (!analysis_aligned(x, row))
            continue;
        for (size_t v = 0; v < n; v++) {
            c->at[v][c->rows] = analysis_settle(row[v]);
            if (x->variants[v].cases)
                aggregate_value(&c->moments[v], row[v]);
        }
        c->rows++;
    }
}

static bool analysis_varied(const struct aggregate_scorer *m)
{
    return m->n && analysis_settle(m->min) < analysis_settle(m->max);
}

/* Bonett and Wright's; of a rho of 1 nothing is known. */
static struct interval analysis_rho_interval(const struct rank_test *t, int64_t n)
{
    double r = t->value, half;

    if (!t->known || n < 4 || fabs(r) > 1 - 1e-12)
        return (struct interval){ 0 };
    half = stats_normal_quantile(0.5 + RESULT_LEVEL / 2) * sqrt((1 + r * r / 2) / (double)(n - 3));
    return (struct interval){ tanh(atanh(r) - half), tanh(atanh(r) + half), true };
}

static void analysis_pair_finish(const struct analysis_columns *c, const struct analysis_pair_sums *s,
                                 struct analysis_pair *p)
{
    const struct aggregate_scorer *d = &s->difference, *a = &c->moments[p->first], *b = &c->moments[p->second];
    bool spread = analysis_varied(a) || analysis_varied(b);

    p->cases = d->n;
    p->wins = analysis_wins_of(s->won, s->lost, d->n - s->won - s->lost);
    p->sign_p = s->won + s->lost ? stats_mcnemar(s->won, s->lost) : NAN;
    p->difference = d->n ? aggregate_mean(d) : NAN;
    p->deviation = d->n > 1 ? sqrt(aggregate_variance(d)) : NAN;
    p->difference_interval = stats_t_interval(p->difference, aggregate_variance(d), d->n, RESULT_LEVEL);
    p->aligned = (int64_t)c->rows;
    p->spearman = stats_spearman(c->at[p->first], c->at[p->second], c->rows);
    p->kendall = stats_kendall(c->at[p->first], c->at[p->second], c->rows);
    p->rho_interval = analysis_rho_interval(&p->spearman, p->aligned);
    p->cohen_d = spread ? stats_cohen_d_groups(aggregate_mean(a), aggregate_variance(a), a->n, aggregate_mean(b),
                                               aggregate_variance(b), b->n)
                        : NAN;
}

/* One family of p values: those of all pairs. */
static void analysis_pairs_correct(struct analysis *x)
{
    AUTO(freep) double *p = xcalloc(4 * x->pair_count + 1, sizeof *p);
    double *holm = p + x->pair_count, *bh = holm + x->pair_count, *sign = bh + x->pair_count;

    for (size_t i = 0; i < x->pair_count; i++) {
        p[i] = x->pairs[i].spearman.known ? x->pairs[i].spearman.p : NAN;
        sign[i] = x->pairs[i].sign_p;
    }
    stats_holm(p, x->pair_count, holm);
    stats_benjamini_hochberg(p, x->pair_count, bh);
    stats_holm(sign, x->pair_count, sign);
    for (size_t i = 0; i < x->pair_count; i++) {
        x->pairs[i].spearman_holm = holm[i];
        x->pairs[i].spearman_bh = bh[i];
        x->pairs[i].sign_holm = sign[i];
        p[i] = x->pairs[i].kendall.known ? x->pairs[i].kendall.p : NAN;
    }
    stats_holm(p, x->pair_count, holm);
    stats_benjamini_hochberg(p, x->pair_count, bh);
    for (size_t i = 0; i < x->pair_count; i++) {
        x->pairs[i].kendall_holm = holm[i];
        x->pairs[i].kendall_bh = bh[i];
    }
}

/* --- agreement ---------------------------------------------------------------------------------------------------- */

static void analysis_agreement(struct analysis *x)
{
    struct sum sum = { 0 };

    x->agreement = x->least_rho = x->most_rho = NAN;
    for (size_t i = 0; i < x->pair_count; i++) {
        double rho = x->pairs[i].spearman.value;

        if (!x->pairs[i].spearman.known)
            continue;
        sum_add(&sum, rho);
        x->agreeing++;
        x->least_rho = fmin(rho, x->least_rho);                 /* fmin and fmax pass a NAN over */
        x->most_rho = fmax(rho, x->most_rho);
    }
    if (x->agreeing)
        x->agreement = sum_value(&sum) / (double)x->agreeing;
}

static void analysis_mean_rho(struct analysis *x, size_t v)
{
    struct sum sum = { 0 };
    int64_t n = 0;

    for (size_t i = 0; i < x->pair_count; i++)
        if (x->pairs[i].spearman.known && (x->pairs[i].first == v || x->pairs[i].second == v)) {
            sum_add(&sum, x->pairs[i].spearman.value);
            n++;
        }
    if (n)
        x->variants[v].mean_rho = sum_value(&sum) / (double)n;
}

/* From 3 variants whose mean is known and that differ. */
static void analysis_outliers(struct analysis *x)
{
    struct aggregate_scorer means = { 0 };
    double deviation;

    for (size_t v = 0; v < x->variant_count; v++) {
        analysis_mean_rho(x, v);
        if (!isnan(x->variants[v].mean_rho))
            aggregate_value(&means, x->variants[v].mean_rho);
    }
    deviation = sqrt(aggregate_variance(&means));
    if (means.n < 3 || !(deviation > 1e-12))
        return;
    for (size_t v = 0; v < x->variant_count; v++) {
        struct analysis_variant *one = &x->variants[v];

        one->outlyingness = (one->mean_rho - aggregate_mean(&means)) / deviation;
        one->outlier = fabs(one->outlyingness) > ANALYSIS_OUTLIER;
    }
}

void analysis_pairs_finish(struct analysis *x, const struct analysis_kept *k, const struct analysis_pair_sums *sums,
                           struct arena *a)
{
    AUTO(analysis_columns_dispose) struct analysis_columns c = { 0 };

    analysis_columns_fill(x, k, &c);
    x->pairs = arena_array(a, struct analysis_pair, x->scored * (x->scored - (x->scored > 0)) / 2);
    for (size_t i = 0; i < x->variant_count; i++)
        for (size_t j = i + 1; j < x->variant_count; j++) {
            if (!x->variants[i].cases || !x->variants[j].cases)
                continue;
            x->pairs[x->pair_count] = (struct analysis_pair){ .first = i, .second = j };
            analysis_pair_finish(&c, &sums[i * x->variant_count + j], &x->pairs[x->pair_count++]);
        }
    analysis_pairs_correct(x);
    analysis_agreement(x);
    analysis_outliers(x);
}
