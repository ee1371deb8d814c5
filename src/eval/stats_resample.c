#include "eval/stats_resample.h"

#include <math.h>

#define RESAMPLE_SEED 0x61737361795f7061u

double stats_acceleration(const double *values, size_t n)
{
    double mean = 0, second = 0, third = 0;

    for (size_t i = 0; i < n; i++)
        mean += values[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = values[i] - mean;

        second += d * d;
        third += d * d * d;
    }
    return second > 0 ? third / (6 * second * sqrt(second)) : 0;
}

struct interval stats_bca(const double *sorted_draws, size_t draws, double estimate, double acceleration, double level)
{
    double below = 0, bias, ends[2];

    for (size_t i = 0; i < draws; i++)
        below += sorted_draws[i] < estimate ? 1 : sorted_draws[i] == estimate ? 0.5 : 0;
    if (below <= 0 || below >= (double)draws)
        return (struct interval){ 0 };
    bias = stats_normal_quantile(below / (double)draws);
    for (int k = 0; k < 2; k++) {
        double z = bias + stats_normal_quantile(k ? (1 + level) / 2 : (1 - level) / 2);

        ends[k] = stats_quantile_sorted(sorted_draws, draws, stats_normal_cdf(bias + z / (1 - acceleration * z)));
    }
    return (struct interval){ .low = fmin(ends[0], ends[1]), .high = fmax(ends[0], ends[1]), .known = true };
}

/* The next of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): here, not through rng_next, because its numbers do not wait
 * for each other, and a hundred million of them are drawn. */
static inline uint64_t stats_resample_next(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* The sum of n values drawn with replacement, two indices of each random number. */
static double stats_resample_sum(const double *values, size_t n, uint64_t *state)
{
    double even = 0, odd = 0;
    uint64_t many = n;

    for (size_t i = 0; i < n / 2; i++) {
        uint64_t x = stats_resample_next(state);

        even += values[(x >> 32) * many >> 32];
        odd += values[(x & 0xffffffff) * many >> 32];
    }
    if (n % 2)
        even += values[(stats_resample_next(state) >> 32) * many >> 32];
    return even + odd;
}

struct resampled stats_resample(const double *values, size_t n, double level)
{
    AUTO(freep) double *draws = NULL;
    struct resampled r = { .p = 1 };
    uint64_t state = RESAMPLE_SEED;
    double mean = 0, below = 0, above = 0;

    if (n < 2 || n > RESAMPLE_MAX)
        return r;
    draws = xcalloc(RESAMPLE_DRAWS, sizeof *draws);
    for (size_t i = 0; i < n; i++)
        mean += values[i];
    mean /= (double)n;
    for (size_t b = 0; b < RESAMPLE_DRAWS; b++) {
        double v = draws[b] = stats_resample_sum(values, n, &state) / (double)n;

        below += v <= 0;
        above += v >= 0;
    }
    qsort(draws, RESAMPLE_DRAWS, sizeof *draws, stats_double_cmp);
    r.percentile = (struct interval){ .low = stats_quantile_sorted(draws, RESAMPLE_DRAWS, (1 - level) / 2),
                                      .high = stats_quantile_sorted(draws, RESAMPLE_DRAWS, (1 + level) / 2), .known = true };
    r.bca = stats_bca(draws, RESAMPLE_DRAWS, mean, stats_acceleration(values, n), level);
    r.p = fmin(1, 2 * (fmin(below, above) + 1) / (RESAMPLE_DRAWS + 1));
    return r;
}

struct cluster_mean stats_cluster(const struct cluster *clusters, size_t count, double level)
{
    struct cluster_mean m = { 0 };
    double all = 0, sum = 0, squares = 0, groups = 0, half;

    for (size_t g = 0; g < count; g++) {
        all += (double)clusters[g].n;
        sum += clusters[g].sum;
        groups += clusters[g].n > 0;
    }
    if (groups > 0)
        m.mean = sum / all;
    if (groups < 2)
        return m;
    for (size_t g = 0; g < count; g++) {
        double residual = clusters[g].sum - (double)clusters[g].n * m.mean;

        squares += residual * residual;
    }
    m.error = sqrt(groups / (groups - 1) * squares) / all;
    half = stats_t_quantile((1 + level) / 2, groups - 1) * m.error;
    m.interval = (struct interval){ .low = m.mean - half, .high = m.mean + half, .known = true };
    return m;
}
