#include "eval/stats.h"

#include <math.h>

#define STATS_BOOTSTRAP_SEED 0x61737361795f6232u
#define STATS_STEPS_MAX 100000          /* of a continued fraction; it needs about 5 sqrt(max(a, b)) */

double stats_normal_cdf(double x)
{
    return 0.5 * erfc(-x / M_SQRT2);
}

double stats_normal_quantile(double p)
{
    double t, x;

    if (!(p > 0) || !(p < 1))
        return p >= 1 ? INFINITY : p <= 0 ? -INFINITY : NAN;
    if (p > 0.5)
        return p == 0.5 ? 0 : -stats_normal_quantile(1 - p);
    t = sqrt(-2 * log(p));
    x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
    for (int i = 0; i < 4; i++) {
        double error = (stats_normal_cdf(x) - p) * sqrt(2 * M_PI) * exp(x * x / 2);

        x -= error / (1 + x * error / 2);
    }
    return x;
}

/* log(gamma(a + 1/2) / gamma(a)): the difference of two large numbers, so for large `a` by its asymptotic series. */
double stats_log_gamma_half(double a)
{
    double i = 1 / a, s = i * i;
    int sign;

    if (a < 20)
        return (double)(lgammal_r((long double)a + 0.5L, &sign) - lgammal_r((long double)a, &sign));
    return 0.5 * log(a) - i * (1.0 / 8 - s * (1.0 / 192 - s * (1.0 / 640 - s * (17.0 / 14336 - s * (31.0 / 18432)))));
}

static double stats_log_beta(double a, double b)
{
    static const double log_gamma_half = 0.57236494292470008707;       /* log(sqrt(pi)) */
    int sign;

    if (b == 0.5)
        return log_gamma_half - stats_log_gamma_half(a);
    if (a == 0.5)
        return log_gamma_half - stats_log_gamma_half(b);
    return (double)(lgammal_r((long double)a, &sign) + lgammal_r((long double)b, &sign) -
                    lgammal_r((long double)a + (long double)b, &sign));
}

/* Lentz's evaluation of the continued fraction of A&S 26.5.8; good for x < (a + 1) / (a + b + 2). */
static double stats_beta_fraction(double x, double a, double b)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1), h;

    d = 1 / (fabs(d) < tiny ? tiny : d);
    h = d;
    for (int m = 1; m < STATS_STEPS_MAX; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double step;

        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        step = d * c;
        h *= step;
        if (fabs(step - 1) < 1e-16)
            break;
    }
    return h;
}

/* I_x(a, b) with y = 1 - x given apart, where x is so near 1 that the subtraction would lose it. */
static double stats_beta_xy(double x, double y, double a, double b)
{
    double front;

    if (!(x > 0))
        return 0;
    if (!(y > 0))
        return 1;
    front = exp(a * (x < 0.5 ? log(x) : log1p(-y)) + b * (y < 0.5 ? log(y) : log1p(-x)) - stats_log_beta(a, b));
    if (x < (a + 1) / (a + b + 2))
        return front * stats_beta_fraction(x, a, b) / a;
    return 1 - front * stats_beta_fraction(y, b, a) / b;
}

double stats_beta(double x, double a, double b)
{
    return stats_beta_xy(x, 1 - x, a, b);
}

double stats_t_two_sided(double t, double df)
{
    double squared = t * t;

    if (isinf(t))
        return 0;
    return stats_beta_xy(df / (df + squared), squared / (df + squared), df / 2, 0.5);
}

double stats_t_cdf(double t, double df)
{
    double tail = stats_t_two_sided(t, df) / 2;

    return t < 0 ? tail : 1 - tail;
}

static double stats_t_density(double t, double df)
{
    return exp(stats_log_gamma_half(df / 2) - 0.5 * log(df * M_PI) - (df + 1) / 2 * log1p(t * t / df));
}

/* On the upper side the distribution function is concave and the normal's quantile lies below ours: Newton's steps from
 * there come up to the root and never jump over it. */
double stats_t_quantile(double p, double df)
{
    double t, tail = 1 - p;

    if (!(p > 0) || !(p < 1))
        return stats_normal_quantile(p);
    if (p < 0.5)
        return -stats_t_quantile(1 - p, df);
    if (p == 0.5)
        return 0;
    if (df == 1)
        return 1 / tan(M_PI * tail);
    t = stats_normal_quantile(p);
    for (int i = 0; i < 200; i++) {
        double step = (stats_t_two_sided(t, df) / 2 - tail) / stats_t_density(t, df);

        t += step;
        if (fabs(step) <= 1e-15 * fabs(t))
            break;
    }
    return t;
}

double stats_coin_cdf(int64_t k, int64_t n)
{
    double term, sum = 0;
    int sign;

    if (k < 0)
        return 0;
    if (k >= n)
        return 1;
    if (k > (n - 1) / 2)
        return 1 - stats_coin_cdf(n - k - 1, n);
    term = (double)expl(lgammal_r((long double)n + 1, &sign) - lgammal_r((long double)k + 1, &sign) -
                        lgammal_r((long double)(n - k) + 1, &sign) - (long double)n * M_LN2l);
    for (int64_t i = k; i >= 0 && term > sum * 1e-18; i--) {        /* falling terms: bounded by about 9 sqrt(n) */
        sum += term;
        term *= (double)i / (double)(n - i + 1);
    }
    return sum;
}

struct interval stats_wilson(int64_t k, int64_t n, double level)
{
    double z = stats_normal_quantile(0.5 + level / 2), p, squared, centre, half, scale;

    if (n <= 0)
        return (struct interval){ 0 };
    p = (double)k / (double)n;
    squared = z * z / (double)n;
    scale = 1 + squared;
    centre = (p + squared / 2) / scale;
    half = z * sqrt(p * (1 - p) / (double)n + squared / (4 * (double)n)) / scale;
    return (struct interval){ .low = k == 0 ? 0 : fmax(0, centre - half), .high = k == n ? 1 : fmin(1, centre + half),
                              .known = true };
}

struct interval stats_t_interval(double mean, double variance, int64_t n, double level)
{
    double half;

    if (n < 2)
        return (struct interval){ 0 };
    half = stats_t_quantile(0.5 + level / 2, (double)(n - 1)) * sqrt(variance / (double)n);
    return (struct interval){ .low = mean - half, .high = mean + half, .known = true };
}

double stats_mcnemar(int64_t only_first, int64_t only_second)
{
    int64_t n = only_first + only_second;

    return n ? fmin(1, 2 * stats_coin_cdf(MIN(only_first, only_second), n)) : 1;
}

double stats_binomial_cdf(int64_t k, int64_t n, double p)
{
    if (k < 0)
        return 0;
    if (k >= n)
        return 1;
    return stats_beta(1 - p, (double)(n - k), (double)k + 1);
}

/* The smallest k with P(X <= k) >= share. */
static int64_t stats_binomial_quantile(double share, int64_t n, double p)
{
    int64_t low = 0, high = n;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;

        if (stats_binomial_cdf(middle, n, p) >= share)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct interval stats_quantile_interval(double q, int64_t m, double level)
{
    int64_t low = stats_binomial_quantile((1 - level) / 2, m, q),
            high = stats_binomial_quantile((1 + level) / 2, m, q) + 1;

    /* P(low-th <= quantile) = 1 - P(X <= low - 1), where P(X <= low - 1) < (1 - level) / 2; the same from above. */
    if (low < 1 || high > m)
        return (struct interval){ 0 };
    return (struct interval){ .low = m > 1 ? (double)(low - 1) / (double)(m - 1) : 0,
                              .high = m > 1 ? (double)(high - 1) / (double)(m - 1) : 1, .known = true };
}

int stats_double_cmp(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;

    return a < b ? -1 : a > b;
}

double stats_quantile_sorted(const double *sorted, size_t n, double q)
{
    double at = q * (double)(n - 1);
    size_t low = (size_t)at;

    return low + 1 < n ? sorted[low] + (at - (double)low) * (sorted[low + 1] - sorted[low]) : sorted[n - 1];
}

struct interval stats_bootstrap(const double *rows, size_t row_count, size_t width, stats_fold *fold, double level)
{
    AUTO(freep) double *sums = NULL;
    double values[STATS_RESAMPLES];
    struct rng rng;
    size_t known = 0;

    if (row_count < 2)
        return (struct interval){ 0 };
    sums = xcalloc(width + 1, sizeof *sums);
    rng_seed(&rng, STATS_BOOTSTRAP_SEED);
    for (int b = 0; b < STATS_RESAMPLES; b++) {
        double v;

        memset(sums, 0, width * sizeof *sums);
        for (size_t i = 0; i < row_count; i++) {
            const double *row = rows + rng_below(&rng, row_count) * width;

            for (size_t k = 0; k < width; k++)
                sums[k] += row[k];
        }
        v = fold(sums, width);
        if (isfinite(v))
            values[known++] = v;
    }
    if (known < STATS_RESAMPLES - STATS_RESAMPLES / 10)
        return (struct interval){ 0 };
    qsort(values, known, sizeof *values, stats_double_cmp);
    return (struct interval){ .low = stats_quantile_sorted(values, known, (1 - level) / 2),
                              .high = stats_quantile_sorted(values, known, (1 + level) / 2), .known = true };
}

double stats_paired_t(double mean, double variance, int64_t n)
{
    if (n < 2 || mean == 0)
        return 1;
    if (!(variance > 0))
        return stats_mcnemar(0, n);
    return stats_t_two_sided(mean / sqrt(variance / (double)n), (double)(n - 1));
}

int64_t stats_pairs_needed(double deviation, double delta, double alpha, double power)
{
    double z = stats_normal_quantile(1 - alpha / 2) + stats_normal_quantile(power), root = z * deviation / delta;

    if (!(deviation > 0) || !(delta > 0) || root > 3e7)
        return 0;
    return (int64_t)ceil(root * root);
}
