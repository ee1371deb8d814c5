#include "eval/stats_many.h"

#include <math.h>

struct many_p { double p; size_t at; };

static int stats_many_cmp(const void *x, const void *y)
{
    const struct many_p *a = x, *b = y;

    if (a->p != b->p)
        return a->p < b->p ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

/* Smallest first; how many there are is returned. */
static size_t stats_many_sort(const double *p, size_t n, struct many_p *sorted)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i]))
            sorted[count++] = (struct many_p){ p[i], i };
    qsort(sorted, count, sizeof *sorted, stats_many_cmp);
    return count;
}

void stats_holm(const double *p, size_t n, double *out)
{
    AUTO(freep) struct many_p *sorted = xcalloc(n + 1, sizeof *sorted);
    size_t count = stats_many_sort(p, n, sorted);
    double most = 0;

    if (out != p)
        memcpy(out, p, n * sizeof *out);
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fmin(1, sorted[i].p * (double)(count - i)));
        out[sorted[i].at] = most;
    }
}

void stats_benjamini_hochberg(const double *p, size_t n, double *out)
{
    AUTO(freep) struct many_p *sorted = xcalloc(n + 1, sizeof *sorted);
    size_t count = stats_many_sort(p, n, sorted);
    double least = 1;

    if (out != p)
        memcpy(out, p, n * sizeof *out);
    for (size_t i = count; i-- > 0;) {
        least = fmin(least, sorted[i].p * (double)count / (double)(i + 1));
        out[sorted[i].at] = least;
    }
}
