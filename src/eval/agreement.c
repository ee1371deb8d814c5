#include "eval/agreement.h"

#include <math.h>

#define AGREEMENT_SEED 0x6c6162656c5f6b61u

static const char *const agreement_scale_names[AGREEMENT_SCALES] = { "nominal", "ordinal", "interval" };

const char *agreement_scale_name(enum agreement_scale s)
{
    return agreement_scale_names[s];
}

bool agreement_scale_from(struct str name, enum agreement_scale *out)
{
    for (size_t i = 0; i < AGREEMENT_SCALES; i++)
        if (str_is(name, agreement_scale_names[i])) {
            *out = (enum agreement_scale)i;
            return true;
        }
    return false;
}

/* --- Cohen's kappa ------------------------------------------------------------------------------------------------ */

/* Fleiss, Cohen, Everitt, eq. 13: variance = (A + B - C) / (n (1 - pe)^2). `rows`, `columns`: the raters' shares. */
static double kappa_error(const int64_t *counts, size_t k, const double *rows, const double *columns,
                          const struct agreement_kappa *x)
{
    double n = (double)x->n, away = 1 - x->kappa, a = 0, b = 0, c = x->kappa - x->expected * away;

    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) {
            double p = (double)counts[i * k + j] / n;

            if (i == j) {
                double d = 1 - (rows[i] + columns[i]) * away;

                a += p * d * d;
            } else {
                double both = columns[i] + rows[j];

                b += p * both * both;
            }
        }
    return sqrt(fmax(0, a + away * away * b - c * c) / n) / (1 - x->expected);
}

void agreement_kappa_counts(const int64_t *counts, size_t k, double level, struct agreement_kappa *out)
{
    double rows[AGREEMENT_CATEGORIES_MAX] = { 0 }, columns[AGREEMENT_CATEGORIES_MAX] = { 0 };
    int64_t same = 0;

    ASSERT(k <= AGREEMENT_CATEGORIES_MAX);
    *out = (struct agreement_kappa){ .observed = NAN, .expected = NAN, .kappa = NAN, .error = NAN };
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) {
            out->n += counts[i * k + j];
            rows[i] += (double)counts[i * k + j];
            columns[j] += (double)counts[i * k + j];
            same += i == j ? counts[i * k + j] : 0;
        }
    if (!out->n)
        return;
    out->observed = (double)same / (double)out->n;
    out->expected = 0;
    for (size_t i = 0; i < k; i++) {
        if (rows[i] == (double)out->n && columns[i] == rows[i]) {
            out->expected = 1;
            return;
        }
        rows[i] /= (double)out->n;
        columns[i] /= (double)out->n;
        out->expected += rows[i] * columns[i];
    }
    out->kappa = (out->observed - out->expected) / (1 - out->expected);
    out->error = kappa_error(counts, k, rows, columns, out);
    if (out->n >= 2) {
        double half = stats_normal_quantile(0.5 + level / 2) * out->error;

        out->interval = (struct interval){ .low = fmax(-1, out->kappa - half), .high = fmin(1, out->kappa + half), .known = true };
    }
}

void agreement_kappa(const int *first, const int *second, size_t units, size_t k, double level,
                     struct agreement_kappa *out)
{
    AUTO(freep) int64_t *counts = xcalloc(k * k + 1, sizeof *counts);

    for (size_t u = 0; u < units; u++)
        if (first[u] != AGREEMENT_NONE && second[u] != AGREEMENT_NONE) {
            ASSERT((size_t)first[u] < k && (size_t)second[u] < k);
            counts[(size_t)first[u] * k + (size_t)second[u]]++;
        }
    agreement_kappa_counts(counts, k, level, out);
}

/* --- Krippendorff's alpha ----------------------------------------------------------------------------------------- */

/* A unit's ratings, counted: entries first .. end-1 of `counts`. */
struct alpha_count { int category; double n; };
struct alpha_unit { size_t first, end; double weight; };        /* weight: 1 / (ratings - 1) */
struct alpha {
    enum agreement_scale scale;
    size_t k;
    const double *values;
    VEC(struct alpha_count) counts;
    VEC(struct alpha_unit) units;
    double *pairs;                      /* the coincidence matrix, k * k */
};

static void alpha_dispose(struct alpha *x)
{
    vec_dispose(&x->counts);
    vec_dispose(&x->units);
    free(x->pairs);
}

static void alpha_read(struct alpha *x, const int *ratings, size_t units, size_t raters, int64_t *rating_count)
{
    double n[AGREEMENT_CATEGORIES_MAX];

    for (size_t u = 0; u < units; u++) {
        struct alpha_unit unit = { .first = x->counts.len };
        int64_t given = 0;

        memset(n, 0, sizeof n);
        for (size_t r = 0; r < raters; r++)
            if (ratings[u * raters + r] != AGREEMENT_NONE) {
                ASSERT((size_t)ratings[u * raters + r] < x->k);
                n[ratings[u * raters + r]]++;
                given++;
            }
        if (given < 2)
            continue;
        for (size_t c = 0; c < x->k; c++)
            if (n[c] > 0)
                vec_push(&x->counts, (struct alpha_count){ (int)c, n[c] });
        unit.end = x->counts.len;
        unit.weight = 1 / (double)(given - 1);
        vec_push(&x->units, unit);
        *rating_count += given;
    }
}

static void alpha_add(struct alpha *x, const struct alpha_unit *u)
{
    for (size_t i = u->first; i < u->end; i++)
        for (size_t j = u->first; j < u->end; j++) {
            const struct alpha_count *a = &x->counts.at[i], *b = &x->counts.at[j];

            x->pairs[(size_t)a->category * x->k + (size_t)b->category] += a->n * (b->n - (i == j)) * u->weight;
        }
}

/* How far two categories are apart, squared; `total[c]`: how often each was given. c < d. */
static double alpha_distance(const struct alpha *x, const double *total, size_t c, size_t d)
{
    double between = 0;

    if (x->scale == AGREEMENT_NOMINAL)
        return 1;
    if (x->scale == AGREEMENT_INTERVAL) {
        between = x->values ? x->values[c] - x->values[d] : (double)c - (double)d;
        return between * between;
    }
    for (size_t g = c; g <= d; g++)
        between += total[g];
    between -= (total[c] + total[d]) / 2;
    return between * between;
}

/* What the matrix comes to: 1 - observed / expected; NAN when nothing but one category was given. */
static double alpha_value(const struct alpha *x, double *observed, double *expected)
{
    double total[AGREEMENT_CATEGORIES_MAX] = { 0 }, n = 0;

    *observed = *expected = 0;
    for (size_t c = 0; c < x->k; c++) {
        for (size_t d = 0; d < x->k; d++)
            total[c] += x->pairs[c * x->k + d];
        n += total[c];
    }
    for (size_t c = 0; c < x->k; c++)
        for (size_t d = c + 1; d < x->k; d++)
            if (total[c] > 0 && total[d] > 0) {
                double far = alpha_distance(x, total, c, d);

                *observed += 2 * x->pairs[c * x->k + d] * far;
                *expected += 2 * total[c] * total[d] * far;
            }
    *observed /= n;
    *expected /= n * (n - 1);
    return *expected > 0 ? 1 - *observed / *expected : NAN;
}

static struct interval alpha_bootstrap(struct alpha *x, double level)
{
    double drawn[AGREEMENT_RESAMPLES], observed, expected;
    struct rng rng;
    size_t known = 0;

    if (x->units.len < 2)
        return (struct interval){ 0 };
    rng_seed(&rng, AGREEMENT_SEED);
    for (int b = 0; b < AGREEMENT_RESAMPLES; b++) {
        double v;

        memset(x->pairs, 0, x->k * x->k * sizeof *x->pairs);
        for (size_t i = 0; i < x->units.len; i++)
            alpha_add(x, &x->units.at[rng_below(&rng, x->units.len)]);
        v = alpha_value(x, &observed, &expected);
        if (isfinite(v))
            drawn[known++] = v;
    }
    if (known < AGREEMENT_RESAMPLES - AGREEMENT_RESAMPLES / 10)
        return (struct interval){ 0 };
    qsort(drawn, known, sizeof *drawn, stats_double_cmp);
    return (struct interval){ .low = stats_quantile_sorted(drawn, known, (1 - level) / 2),
                              .high = stats_quantile_sorted(drawn, known, (1 + level) / 2), .known = true };
}

void agreement_alpha(const int *ratings, size_t units, size_t raters, const double *values, size_t categories,
                     enum agreement_scale scale, double level, struct agreement_alpha *out)
{
    AUTO(alpha_dispose) struct alpha x = { .scale = scale, .k = categories, .values = values };

    ASSERT(categories <= AGREEMENT_CATEGORIES_MAX && raters <= AGREEMENT_RATERS_MAX);
    *out = (struct agreement_alpha){ .observed = NAN, .expected = NAN, .alpha = NAN };
    x.pairs = xcalloc(categories * categories + 1, sizeof *x.pairs);
    alpha_read(&x, ratings, units, raters, &out->ratings);
    out->units = (int64_t)x.units.len;
    if (!x.units.len)
        return;
    for (size_t i = 0; i < x.units.len; i++)
        alpha_add(&x, &x.units.at[i]);
    out->alpha = alpha_value(&x, &out->observed, &out->expected);
    if (isfinite(out->alpha))
        out->interval = alpha_bootstrap(&x, level);
}
