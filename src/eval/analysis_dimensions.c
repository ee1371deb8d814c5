/* What the levels of each dimension do to the metric. */
#include "eval/analysis_parts.h"

#include <math.h>

#include "eval/stats_many.h"

/* Each array has a place for every kept value. */
struct analysis_groups {
    double *grouped, *settled;                  /* level after level; for comparing */
    size_t sizes[DIMENSION_LEVELS_MAX];         /* by level */
};

enum { ANALYSIS_OF_ALL = -1, ANALYSIS_OF_POOLED = -2 };        /* else a variant */

struct analysis_levels {
    const struct analysis *x;
    const struct analysis_kept *kept;
    struct analysis_groups groups;
};

static double analysis_row_mean(const struct analysis *x, const double *row)
{
    double sum = 0;

    for (size_t v = 0; v < x->variant_count; v++)
        if (!isnan(row[v]))
            sum += row[v];
    return sum / (double)x->scored;
}

/* The values that row `i` brings: how many; at most one each variant. */
static size_t analysis_row_values(const struct analysis_levels *l, size_t i, int of, double out[ANALYSIS_VARIANTS_MAX])
{
    const double *row = l->kept->values + i * l->x->variant_count;
    size_t n = 0;

    if (of == ANALYSIS_OF_ALL) {
        out[0] = analysis_aligned(l->x, row) ? analysis_row_mean(l->x, row) : NAN;
        return !isnan(out[0]);
    }
    for (size_t v = 0; v < l->x->variant_count; v++)
        if ((of == ANALYSIS_OF_POOLED || (size_t)of == v) && !isnan(row[v]))
            out[n++] = row[v];
    return n;
}

/* Values sorted by level: counted first, then put in their places. */
static void analysis_group(struct analysis_levels *l, size_t dimension, int of)
{
    size_t at[DIMENSION_LEVELS_MAX] = { 0 }, axes = l->x->axes.count;
    struct analysis_groups *g = &l->groups;
    double values[ANALYSIS_VARIANTS_MAX];

    memset(g->sizes, 0, sizeof g->sizes);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < l->kept->rows; i++) {
            int level = l->kept->levels[i * axes + dimension];
            size_t n = level < 0 ? 0 : analysis_row_values(l, i, of, values);

            for (size_t k = 0; k < n; k++)
                if (pass) {
                    g->settled[at[level]] = analysis_settle(values[k]);
                    g->grouped[at[level]++] = values[k];
                } else {
                    g->sizes[level]++;
                }
        }
        for (size_t k = 1; k < DIMENSION_LEVELS_MAX && !pass; k++)
            at[k] = at[k - 1] + g->sizes[k - 1];
    }
}

static void analysis_levels_fill(const struct analysis_groups *g, size_t count, struct analysis_level *out)
{
    const double *at = g->grouped;

    for (size_t k = 0; k < count; k++) {
        struct aggregate_scorer m = { 0 };

        for (size_t i = 0; i < g->sizes[k]; i++)
            aggregate_value(&m, *at++);
        out[k] = (struct analysis_level){ m.n, m.n ? aggregate_mean(&m) : NAN,
                                          stats_t_interval(aggregate_mean(&m), aggregate_variance(&m), m.n,
                                                           RESULT_LEVEL) };
    }
}

/* SS between over SS total, of the values themselves. NAN without spread. */
static double analysis_eta(const double *grouped, const size_t *sizes, size_t count, size_t n)
{
    double mean = 0, between = 0, total = 0;
    const double *at = grouped;

    for (size_t i = 0; i < n; i++)
        mean += grouped[i];
    mean /= (double)n;
    for (size_t k = 0; k < count; k++) {
        double sum = 0;

        for (size_t i = 0; i < sizes[k]; i++) {
            sum += at[i] - mean;
            total += (at[i] - mean) * (at[i] - mean);
        }
        at += sizes[k];
        between += sum * sum / (double)sizes[k];
    }
    return total > 0 ? fmin(1, between / total) : NAN;
}

static struct analysis_effect analysis_effect_of(const struct analysis_groups *g)
{
    struct analysis_effect f = { .p_holm = NAN, .p_bh = NAN };
    size_t sizes[DIMENSION_LEVELS_MAX];
    struct kruskal k;

    for (size_t i = 0; i < DIMENSION_LEVELS_MAX; i++)
        if (g->sizes[i]) {
            sizes[f.groups++] = g->sizes[i];
            f.least = f.n ? MIN(f.least, (int64_t)g->sizes[i]) : (int64_t)g->sizes[i];
            f.n += (int64_t)g->sizes[i];
        }
    k = stats_kruskal(g->settled, sizes, f.groups);
    f.known = k.test.known;
    f.h = k.test.value;
    f.p = k.test.p;
    f.eta_squared_rank = k.eta_squared;
    f.eta_squared = f.known ? analysis_eta(g->grouped, sizes, f.groups, (size_t)f.n) : NAN;
    return f;
}

static void analysis_dimension_fill(struct analysis_levels *l, size_t which, struct arena *a)
{
    const struct analysis *x = l->x;
    struct analysis_dimension *d = &x->dimensions[which];

    for (int of = ANALYSIS_OF_POOLED; of < (int)x->variant_count; of++) {
        struct analysis_level *levels = arena_array(a, struct analysis_level, d->axis->level_count);
        struct analysis_effect f;

        analysis_group(l, which, of);
        f = analysis_effect_of(&l->groups);
        analysis_levels_fill(&l->groups, d->axis->level_count, levels);
        if (of == ANALYSIS_OF_POOLED) {
            d->pooled = f;
        } else if (of == ANALYSIS_OF_ALL) {
            d->all = f;
            d->levels = levels;
        } else {
            d->variants[of] = f;
            d->variant_levels[of] = levels;
        }
    }
}

/* --- over all dimensions ------------------------------------------------------------------------------------------ */

static struct analysis_effect *analysis_effect_at(const struct analysis *x, size_t i)
{
    return i < x->dimension_count ? &x->dimensions[i].all
                                  : &x->dimensions[(i - x->dimension_count) / x->variant_count]
                                         .variants[(i - x->dimension_count) % x->variant_count];
}

/* Effects first .. first + n - 1 are one family. */
static void analysis_effects_correct(struct analysis *x, size_t first, size_t n)
{
    AUTO(freep) double *p = xcalloc(3 * n + 1, sizeof *p);

    for (size_t i = 0; i < n; i++)
        p[i] = analysis_effect_at(x, first + i)->known ? analysis_effect_at(x, first + i)->p : NAN;
    stats_holm(p, n, p + n);
    stats_benjamini_hochberg(p, n, p + 2 * n);
    for (size_t i = 0; i < n; i++) {
        analysis_effect_at(x, first + i)->p_holm = p[n + i];
        analysis_effect_at(x, first + i)->p_bh = p[2 * n + i];
    }
}

static void analysis_dimensions_rank(struct analysis *x)
{
    x->explained = NAN;
    for (size_t i = 0; i < x->dimension_count; i++) {
        struct analysis_dimension *d = &x->dimensions[i];

        if (!d->all.known)
            continue;
        x->explained = fmin(1, d->all.eta_squared + (isnan(x->explained) ? 0 : x->explained));
        d->rank = 1;
        for (size_t k = 0; k < x->dimension_count; k++)
            d->rank += x->dimensions[k].all.known &&
                       (x->dimensions[k].all.eta_squared > d->all.eta_squared ||
                        (x->dimensions[k].all.eta_squared == d->all.eta_squared && k < i));
    }
}

void analysis_dimensions_finish(struct analysis *x, const struct analysis_kept *k, const int64_t *unplaced,
                                struct arena *a)
{
    struct analysis_levels l = { .x = x, .kept = k };
    AUTO(freep) double *room = xcalloc(2 * k->rows * x->variant_count + 1, sizeof *room);

    l.groups.grouped = room;
    l.groups.settled = room + k->rows * x->variant_count;
    x->dimension_count = x->axes.count;
    x->dimensions = arena_array(a, struct analysis_dimension, x->dimension_count);
    for (size_t i = 0; i < x->dimension_count; i++) {
        struct analysis_dimension *d = &x->dimensions[i];

        *d = (struct analysis_dimension){ .axis = &x->axes.list[i], .skipped = unplaced[i] > 0,
            .variants = arena_array(a, struct analysis_effect, x->variant_count),
            .variant_levels = arena_array(a, struct analysis_level *, x->variant_count) };
        analysis_dimension_fill(&l, i, a);
        if (!d->skipped)
            continue;
        d->all.known = d->pooled.known = false;
        for (size_t v = 0; v < x->variant_count; v++)
            d->variants[v].known = false;
    }
    analysis_effects_correct(x, 0, x->dimension_count);
    analysis_effects_correct(x, x->dimension_count, x->dimension_count * x->variant_count);
    analysis_dimensions_rank(x);
}
