#include "eval/stats_rank.h"

#include <math.h>

#include "eval/stats.h"

#define WILCOXON_EXACT_MAX      50
#define WILCOXON_EXACT_TIED_MAX 13
#define KENDALL_EXACT_MAX       33
#define GAMMA_STEPS_MAX         100000

struct ranked { double value; size_t at; };

static int stats_ranked_cmp(const void *x, const void *y)
{
    const struct ranked *a = x, *b = y;

    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

double stats_ranks(const double *values, size_t n, double *out)
{
    AUTO(freep) struct ranked *sorted = xcalloc(n + 1, sizeof *sorted);
    double ties = 0;

    for (size_t i = 0; i < n; i++)
        sorted[i] = (struct ranked){ values[i], i };
    qsort(sorted, n, sizeof *sorted, stats_ranked_cmp);
    for (size_t i = 0, end; i < n; i = end) {
        double same;

        for (end = i + 1; end < n && sorted[end].value == sorted[i].value;)
            end++;
        same = (double)(end - i);
        ties += same * same * same - same;
        for (size_t k = i; k < end; k++)
            out[sorted[k].at] = ((double)i + 1 + (double)end) / 2;
    }
    return ties;
}

static bool stats_all_finite(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

static double stats_normal_two_sided(double z)
{
    return erfc(fabs(z) / M_SQRT2);
}

static const struct rank_test rank_unknown = { .p = 1 };

/* --- Wilcoxon ----------------------------------------------------------------------------------------------------- */

/* Twice the ranks are whole: how many of the 2^n choices of signs make each sum is counted one rank at a time. */
static double stats_wilcoxon_exact(const double *ranks, size_t n, double smaller)
{
    double ways[WILCOXON_EXACT_MAX * (WILCOXON_EXACT_MAX + 1) + 1] = { 1 }, below = 0;
    size_t sum = 0, last = (size_t)(2 * smaller + 0.5);

    ASSERT(n <= WILCOXON_EXACT_MAX);
    for (size_t i = 0; i < n; i++) {
        size_t step = (size_t)(2 * ranks[i] + 0.5);

        sum += step;
        for (size_t s = sum; s >= step; s--)
            ways[s] += ways[s - step];
    }
    for (size_t s = 0; s <= last; s++)
        below += ways[s];
    return fmin(1, 2 * ldexp(below, -(int)n));
}

struct rank_test stats_wilcoxon(const double *differences, size_t n)
{
    AUTO(freep) double *sizes = NULL, *ranks = NULL;
    double ties, up = 0, down = 0, m, variance;
    size_t kept = 0;

    if (n > STATS_RANK_MAX || !stats_all_finite(differences, n))
        return rank_unknown;
    sizes = xcalloc(n + 1, sizeof *sizes);
    ranks = xcalloc(n + 1, sizeof *ranks);
    for (size_t i = 0; i < n; i++)
        if (differences[i] != 0)
            sizes[kept++] = fabs(differences[i]);
    if (!kept)
        return rank_unknown;
    ties = stats_ranks(sizes, kept, ranks);
    for (size_t i = 0, k = 0; i < n; i++)
        if (differences[i] != 0)
            *(differences[i] > 0 ? &up : &down) += ranks[k++];
    if ((n <= WILCOXON_EXACT_MAX && kept == n && ties == 0) || n <= WILCOXON_EXACT_TIED_MAX)
        return (struct rank_test){ .value = fmin(up, down), .p = stats_wilcoxon_exact(ranks, kept, fmin(up, down)),
                                   .known = true, .exact = true };
    m = (double)kept;
    variance = (m * (m + 1) * (2 * m + 1) - ties / 2) / 24;
    return (struct rank_test){ .value = fmin(up, down),
                               .p = stats_normal_two_sided((up - m * (m + 1) / 4) / sqrt(variance)), .known = true };
}

/* --- correlations ------------------------------------------------------------------------------------------------- */

struct rank_test stats_spearman(const double *x, const double *y, size_t n)
{
    AUTO(freep) double *a = NULL, *b = NULL;
    double middle = ((double)n + 1) / 2, xy = 0, xx = 0, yy = 0, r;

    if (n < 3 || n > STATS_RANK_MAX || !stats_all_finite(x, n) || !stats_all_finite(y, n))
        return rank_unknown;
    a = xcalloc(n, sizeof *a);
    b = xcalloc(n, sizeof *b);
    stats_ranks(x, n, a);
    stats_ranks(y, n, b);
    for (size_t i = 0; i < n; i++) {
        xy += (a[i] - middle) * (b[i] - middle);
        xx += (a[i] - middle) * (a[i] - middle);
        yy += (b[i] - middle) * (b[i] - middle);
    }
    if (!(xx > 0) || !(yy > 0))
        return rank_unknown;
    r = fmax(-1, fmin(1, xy / sqrt(xx * yy)));
    return (struct rank_test){ .value = r, .known = true,
                               .p = stats_t_two_sided(r * sqrt((double)(n - 2) / ((1 + r) * (1 - r))), (double)(n - 2)) };
}

struct rank_test stats_spearman_given(const double *x, const double *y, const double *z, size_t n)
{
    struct rank_test xy = stats_spearman(x, y, n), xz = stats_spearman(x, z, n), yz = stats_spearman(y, z, n);
    double left, r, df = (double)n - 3;

    if (n < 4 || !xy.known || !xz.known || !yz.known)
        return rank_unknown;
    left = (1 - xz.value * xz.value) * (1 - yz.value * yz.value);
    if (!(left > 1e-12))
        return rank_unknown;
    r = fmax(-1, fmin(1, (xy.value - xz.value * yz.value) / sqrt(left)));
    return (struct rank_test){ .value = r, .known = true,
                               .p = stats_t_two_sided(r * sqrt(df / ((1 + r) * (1 - r))), df) };
}

/* What ties of one side take away, with the names of Kendall's variance. */
struct kendall_ties { double pairs, v0, v1; };

static struct kendall_ties stats_kendall_ties(const double *ranks, size_t n)
{
    AUTO(freep) double *sorted = xcalloc(n, sizeof *sorted);
    struct kendall_ties t = { 0 };

    memcpy(sorted, ranks, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, stats_double_cmp);
    for (size_t i = 0, end; i < n; i = end) {
        double same;

        for (end = i + 1; end < n && sorted[end] == sorted[i];)
            end++;
        same = (double)(end - i);
        t.pairs += same * (same - 1) / 2;
        t.v0 += same * (same - 1) * (same - 2);
        t.v1 += same * (same - 1) * (2 * same + 5);
    }
    return t;
}

/* How many pairs stand in the wrong order; `v` ends up sorted. Bottom up, so that depth needs no stack. */
static int64_t stats_inversions(double *v, double *room, size_t n)
{
    int64_t count = 0;

    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t middle = MIN(low + width, n), high = MIN(low + 2 * width, n), i = low, k = middle;

            for (size_t at = low; at < high; at++) {
                if (i < middle && (k == high || v[i] <= v[k])) {
                    room[at] = v[i++];
                } else {
                    count += (int64_t)(middle - i);
                    room[at] = v[k++];
                }
            }
        }
        memcpy(v, room, n * sizeof *v);
    }
    return count;
}

struct kendall_pair { double x, y; };

static int stats_kendall_cmp(const void *x, const void *y)
{
    const struct kendall_pair *a = x, *b = y;

    if (a->x != b->x)
        return a->x < b->x ? -1 : 1;
    return stats_double_cmp(&a->y, &b->y);
}

/* Two-sided p of `c` pairs out of order among all orders of n values: their number by the recurrence of inversions. */
static double stats_kendall_exact(size_t n, int64_t c)
{
    double ways[KENDALL_EXACT_MAX * (KENDALL_EXACT_MAX - 1) / 2 + 1] = { 1 }, sum = 0;
    int64_t most = (int64_t)n * (int64_t)(n - 1) / 2;

    c = MIN(c, most - c);
    if (2 * c == most)
        return 1;
    if (c < 2)                                  /* 2 / n! and 2 (1 + (n - 1)) / n! */
        return fmin(1, 2 * exp(-lgamma(c == 0 ? (double)n + 1 : (double)n)));
    ASSERT(n <= KENDALL_EXACT_MAX);
    for (size_t k = 2; k <= n; k++) {           /* shares, not counts: each of k places is equally likely */
        double next[COUNT_OF(ways)], running = 0;

        for (int64_t i = 0; i <= c; i++) {
            running += ways[i] - (i >= (int64_t)k ? ways[i - (int64_t)k] : 0);
            next[i] = running / (double)k;
        }
        memcpy(ways, next, (size_t)(c + 1) * sizeof *ways);
    }
    for (int64_t i = 0; i <= c; i++)
        sum += ways[i];
    return fmin(1, 2 * sum);
}

static double stats_kendall_p(size_t count, double balance, const struct kendall_ties *x, const struct kendall_ties *y)
{
    double n = (double)count, m = n * (n - 1),
           variance = (m * (2 * n + 5) - x->v1 - y->v1) / 18 + 2 * x->pairs * y->pairs / m;

    if (count > 2)
        variance += x->v0 * y->v0 / (9 * m * (n - 2));
    return stats_normal_two_sided(balance / sqrt(variance));
}

struct rank_test stats_kendall(const double *x, const double *y, size_t n)
{
    AUTO(freep) struct kendall_pair *pairs = NULL;
    AUTO(freep) double *column = NULL, *room = NULL;
    struct kendall_ties of_x, of_y;
    double all = (double)n * ((double)n - 1) / 2, both = 0, balance;
    int64_t against;
    bool exact;

    if (n < 2 || n > STATS_RANK_MAX || !stats_all_finite(x, n) || !stats_all_finite(y, n))
        return rank_unknown;
    of_x = stats_kendall_ties(x, n);
    of_y = stats_kendall_ties(y, n);
    if (of_x.pairs == all || of_y.pairs == all)
        return rank_unknown;
    pairs = xcalloc(n, sizeof *pairs);
    column = xcalloc(n, sizeof *column);
    room = xcalloc(n, sizeof *room);
    for (size_t i = 0; i < n; i++)
        pairs[i] = (struct kendall_pair){ x[i], y[i] };
    qsort(pairs, n, sizeof *pairs, stats_kendall_cmp);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && pairs[end].x == pairs[i].x && pairs[end].y == pairs[i].y;)
            end++;
        both += (double)(end - i) * (double)(end - i - 1) / 2;
    }
    for (size_t i = 0; i < n; i++)
        column[i] = pairs[i].y;
    against = stats_inversions(column, room, n);
    balance = all - of_x.pairs - of_y.pairs + both - 2 * (double)against;
    exact = of_x.pairs == 0 && of_y.pairs == 0 &&
            (n <= KENDALL_EXACT_MAX || fmin((double)against, all - (double)against) <= 1);
    return (struct rank_test){
        .value = fmax(-1, fmin(1, balance / sqrt(all - of_x.pairs) / sqrt(all - of_y.pairs))), .known = true, .exact = exact,
        .p = exact ? stats_kendall_exact(n, against) : stats_kendall_p(n, balance, &of_x, &of_y),
    };
}

/* --- Kruskal-Wallis ----------------------------------------------------------------------------------------------- */

/* The series below a + 1, Lentz's continued fraction above. */
double stats_chi_squared_tail(double x, double df)
{
    double a = df / 2, front, term, sum;
    int sign;

    if (!(x > 0))
        return 1;
    x /= 2;
    if (isinf(x))
        return 0;
    front = exp(a * log(x) - x - (double)lgammal_r((long double)a, &sign));
    if (x < a + 1) {
        term = sum = 1 / a;
        for (int i = 1; i < GAMMA_STEPS_MAX && term > sum * 1e-17; i++) {
            term *= x / (a + i);
            sum += term;
        }
        return 1 - front * sum;
    }
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;

    for (int i = 1; i < GAMMA_STEPS_MAX; i++) {
        double step, n = -i * (i - a);

        b += 2;
        d = 1 / (n * d + b);
        c = b + n / c;
        step = c * d;
        h *= step;
        if (fabs(step - 1) < 1e-16)
            break;
    }
    return front * h;
}

struct kruskal stats_kruskal(const double *values, const size_t *sizes, size_t group_count)
{
    AUTO(freep) double *ranks = NULL;
    struct kruskal k = { .test = rank_unknown };
    size_t n = 0, at = 0;
    double total, ties, sum = 0, h;

    for (size_t g = 0; g < group_count; g++) {
        if (!sizes[g] || sizes[g] > STATS_RANK_MAX - n)
            return k;
        n += sizes[g];
    }
    if (group_count < 2 || n <= group_count || !stats_all_finite(values, n))
        return k;
    ranks = xcalloc(n, sizeof *ranks);
    ties = stats_ranks(values, n, ranks);
    total = (double)n;
    if (ties >= total * total * total - total)
        return k;
    for (size_t g = 0; g < group_count; g++) {
        double mine = 0;

        for (size_t i = 0; i < sizes[g]; i++)
            mine += ranks[at++] - (total + 1) / 2;
        sum += mine * mine / (double)sizes[g];
    }
    h = 12 / (total * (total + 1)) * sum / (1 - ties / (total * total * total - total));
    k.test = (struct rank_test){ .value = h, .p = stats_chi_squared_tail(h, (double)(group_count - 1)), .known = true };
    k.eta_squared = fmax(0, (h - (double)group_count + 1) / (total - (double)group_count));
    return k;
}
