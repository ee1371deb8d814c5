#include "eval/stats_power.h"

#include <math.h>

#include "eval/stats.h"

#define POWER_SHIFT_MAX 37.0            /* exp(-shift^2 / 2) is still a normal number */
#define POWER_HALVINGS  200

double stats_cohen_d(double mean, double deviation)
{
    return mean == 0 ? 0 : mean / deviation;
}

double stats_cohen_d_groups(double mean1, double variance1, int64_t n1, double mean2, double variance2, int64_t n2)
{
    if (n1 < 2 || n2 < 2)
        return NAN;
    return stats_cohen_d(mean1 - mean2,
                         sqrt(((double)(n1 - 1) * variance1 + (double)(n2 - 1) * variance2) / (double)(n1 + n2 - 2)));
}

double stats_hedges_g(double d, double df)
{
    if (!(df > 1))
        return NAN;
    return d * exp(stats_log_gamma_half((df - 1) / 2)) / sqrt(df / 2);
}

const char *stats_effect_word(double d)
{
    d = fabs(d);
    return d < 0.2 ? "negligible" : d < 0.5 ? "small" : d < 0.8 ? "medium" : "large";
}

/* --- paired t ----------------------------------------------------------------------------------------------------- */

/* Poisson-weighted incomplete betas, each from the one before: I(a + 1, b) = I(a, b) - x^a (1 - x)^b / (a B(a, b)). */
double stats_noncentral_t_cdf(double t, double df, double shift)
{
    double half = shift * shift / 2, b = df / 2, x, y, odd, even, step_odd, step_even, p, q, sum;

    if (t < 0)
        return 1 - stats_noncentral_t_cdf(-t, df, -shift);
    if (fabs(shift) > POWER_SHIFT_MAX)
        return stats_normal_cdf((t * (1 - 1 / (4 * df)) - shift) / sqrt(1 + t * t / (2 * df)));
    x = t * t / (df + t * t);
    y = df / (df + t * t);
    if (!(x > 0))
        return stats_normal_cdf(-shift);
    p = exp(-half) / 2;
    q = p * shift * sqrt(2 / M_PI);
    odd = 1 - stats_t_two_sided(t, df);                         /* I_x(1/2, b) */
    even = -expm1(b * log(y));                                  /* I_x(1, b) */
    /* x^a y^b / (a B(a, b)) at a = 1/2 and a = 1 */
    step_odd = 2 * exp(0.5 * log(x) + b * log(y) + stats_log_gamma_half(b)) / sqrt(M_PI);
    step_even = b * x * exp(b * log(y));
    sum = p * odd + q * even;
    for (int j = 1; j < 20000 && (j < half || p + fabs(q) > 1e-18); j++) {
        odd -= step_odd;
        even -= step_even;
        step_odd *= x * (b + j - 0.5) / (j + 0.5);
        step_even *= x * (b + j) / (j + 1);
        p *= half / j;
        q *= half / (j + 0.5);
        sum += p * fmax(odd, 0) + q * fmax(even, 0);
        if (odd < 1e-17 && even < 1e-17)
            break;
    }
    return fmax(0, fmin(1, sum + stats_normal_cdf(-shift)));
}

/* Power past the critical value `t` of n - 1 degrees. The far tail is below 1e-19 from a shift of 9 on. */
static double stats_paired_t_past(double t, double d, int64_t n)
{
    double df = (double)(n - 1), shift = fabs(d) * sqrt((double)n),
           far = shift < 9 ? stats_noncentral_t_cdf(-t, df, shift) : 0;

    return fmin(1, 1 - stats_noncentral_t_cdf(t, df, shift) + far);
}

double stats_paired_t_power(double d, int64_t n, double alpha)
{
    return stats_paired_t_past(stats_t_quantile(1 - alpha / 2, (double)(n - 1)), d, n);
}

/* The normal's answer is a few cases short: look upwards from a little below it in doubling steps, then halve. */
int64_t stats_paired_t_cases(double d, double alpha, double power)
{
    double z = stats_normal_quantile(1 - alpha / 2) + stats_normal_quantile(power), guess = z / d * (z / d);
    int64_t low, high, step = 1;

    d = fabs(d);
    if (isinf(d))
        return 2;
    if (!(guess > 0) || !(guess < (double)POWER_CASES_MAX))
        return 0;
    low = MAX((int64_t)guess - 2, 1);
    while (low > 1 && stats_paired_t_power(d, low, alpha) >= power)
        low = MAX(low - (step *= 2), 1);
    for (high = low + 2, step = 2; stats_paired_t_power(d, high, alpha) < power; step *= 2) {
        low = high;
        high += step;
        if (high > 2 * POWER_CASES_MAX)
            return 0;
    }
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        if (stats_paired_t_power(d, middle, alpha) >= power)
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* Halving, where the secant below leaves the road. */
static double stats_paired_t_halved(int64_t n, double t, double power)
{
    double low = 0, high = 1;

    while (stats_paired_t_past(t, high, n) < power && high < 1e6)
        high *= 2;
    for (int i = 0; i < POWER_HALVINGS && high - low > 1e-14 * high; i++) {
        double middle = (low + high) / 2;

        if (stats_paired_t_past(t, middle, n) >= power)
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* (t(1-a/2) + t(power)) / sqrt(n) is near; the secant's steps take four or five looks from there. */
double stats_paired_t_detectable(int64_t n, double alpha, double power)
{
    double t, d, before, miss, missed;

    if (n < 2)
        return NAN;
    t = stats_t_quantile(1 - alpha / 2, (double)(n - 1));
    before = (t + stats_t_quantile(power, (double)(n - 1))) / sqrt((double)n);
    missed = stats_paired_t_past(t, before, n) - power;
    d = before * 1.01;
    for (int i = 0; i < 12; i++) {
        double step;

        miss = stats_paired_t_past(t, d, n) - power;
        step = miss * (d - before) / (miss - missed);
        if (miss == 0)
            return d;
        before = d;
        missed = miss;
        d -= step;
        if (!(d > 0) || !isfinite(d))
            break;
        if (fabs(step) <= 1e-11 * d)
            return d;
    }
    return stats_paired_t_halved(n, t, power);
}

/* --- McNemar ------------------------------------------------------------------------------------------------------ */

/* The most cases on the rarer side of m that still reject; -1: none. */
static int64_t stats_mcnemar_critical(int64_t m, int64_t near, double alpha)
{
    int64_t k = MAX(MIN(near, m / 2), -1);

    while (k >= 0 && 2 * stats_coin_cdf(k, m) > alpha)
        k--;
    while (k + 1 <= (m - 1) / 2 && 2 * stats_coin_cdf(k + 1, m) <= alpha)
        k++;
    return k;
}

double stats_mcnemar_power(int64_t n, double discordant, double delta, double alpha)
{
    double w = fmin(1, fmax(discordant, fabs(delta))), mean = (double)n * w, spread = 8 * sqrt(mean * (1 - w)) + 8,
           power = 0, up, before;
    int64_t low, high;

    if (n < 1 || !(w > 0))
        return 0;
    low = MAX((int64_t)(mean - spread), 1);
    high = MIN((int64_t)(mean + spread), n);
    up = fmin(1, (w + fabs(delta)) / (2 * w));
    before = stats_binomial_cdf(low - 1, n, w);
    for (int64_t m = low; m <= high; m++) {
        double now = stats_binomial_cdf(m, n, w);
        int64_t near = (int64_t)(((double)m + stats_normal_quantile(alpha / 2) * sqrt((double)m)) / 2),
                k = stats_mcnemar_critical(m, near, alpha);

        if (k >= 0)
            power += (now - before) * (stats_binomial_cdf(k, m, 1 - up) + stats_binomial_cdf(k, m, up));
        before = now;
    }
    return fmin(1, power);
}

static double stats_mcnemar_cases_real(double discordant, double delta, double alpha, double power)
{
    double w = fmin(1, fmax(discordant, delta)), squared = delta * delta,
           root = stats_normal_quantile(1 - alpha / 2) * sqrt(w) +
                  stats_normal_quantile(power) * sqrt(fmax(0, w - squared)),
           n = root * root / squared, more = 1 + sqrt(1 + 4 / (n * delta));

    return n / 4 * more * more;
}

int64_t stats_mcnemar_cases(double discordant, double delta, double alpha, double power)
{
    double n;

    delta = fabs(delta);
    if (!(delta > 0) || !(delta <= 1) || !(discordant >= 0))
        return 0;
    n = stats_mcnemar_cases_real(discordant, delta, alpha, power);
    return n < (double)POWER_CASES_MAX ? (int64_t)ceil(n) : 0;
}

double stats_mcnemar_detectable(int64_t n, double discordant, double alpha, double power)
{
    double low = 0, high = 1;

    if (n < 1 || !(discordant >= 0) || stats_mcnemar_cases_real(discordant, 1, alpha, power) > (double)n)
        return NAN;
    for (int i = 0; i < POWER_HALVINGS && high - low > 1e-14; i++) {
        double middle = (low + high) / 2;

        if (stats_mcnemar_cases_real(discordant, middle, alpha, power) <= (double)n)
            high = middle;
        else
            low = middle;
    }
    return high;
}
