#include "eval/histogram.h"

#include <math.h>

#define HISTOGRAM_STEPS   64                    /* per doubling */
#define HISTOGRAM_SHIFT   6                     /* 2^6 = 64 */
#define HISTOGRAM_BITS    25                    /* 2^25 ms: 9.3 hours */
#define HISTOGRAM_BUCKETS ((HISTOGRAM_BITS - HISTOGRAM_SHIFT + 1) * HISTOGRAM_STEPS)

static size_t histogram_bucket(int64_t ms)
{
    uint64_t v = (uint64_t)CLAMP(ms, INT64_C(0), (INT64_C(1) << HISTOGRAM_BITS) - 1);
    int top;

    if (v < HISTOGRAM_STEPS)
        return (size_t)v;
    top = 63 - __builtin_clzll(v);
    return (size_t)(top - HISTOGRAM_SHIFT + 1) * HISTOGRAM_STEPS + (size_t)(v >> (top - HISTOGRAM_SHIFT)) -
           HISTOGRAM_STEPS;
}

static int64_t histogram_middle(size_t bucket)
{
    int octave = (int)(bucket / HISTOGRAM_STEPS);
    int64_t low, width;

    if (!octave)
        return (int64_t)bucket;
    low = (int64_t)(bucket % HISTOGRAM_STEPS + HISTOGRAM_STEPS) << (octave - 1);
    width = INT64_C(1) << (octave - 1);
    return low + (width - 1) / 2;
}

void histogram_add(struct histogram *h, int64_t ms, int64_t times)
{
    if (!h->counts)
        h->counts = xcalloc(HISTOGRAM_BUCKETS, sizeof *h->counts);
    h->counts[histogram_bucket(ms)] += times;
    h->total += times;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (!from->total)
        return;
    if (!into->counts)
        into->counts = xcalloc(HISTOGRAM_BUCKETS, sizeof *into->counts);
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->counts[i] += from->counts[i];
    into->total += from->total;
}

int64_t histogram_quantile(const struct histogram *h, double q)
{
    int64_t rank = (int64_t)ceil(q * (double)h->total), seen = 0;

    if (!h->total)
        return -1;
    rank = CLAMP(rank, INT64_C(1), h->total);
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        if ((seen += h->counts[i]) >= rank)
            return histogram_middle(i);
    return histogram_middle(HISTOGRAM_BUCKETS - 1);
}

int64_t histogram_between(const struct histogram *h, int64_t from_ms, int64_t to_ms)
{
    int64_t sum = 0;

    for (size_t i = 0; h->total && i < HISTOGRAM_BUCKETS; i++)
        if (h->counts[i] && histogram_middle(i) >= from_ms && histogram_middle(i) < to_ms)
            sum += h->counts[i];
    return sum;
}

void histogram_bins(const struct histogram *h, int64_t low_ms, int64_t high_ms, int64_t *bins, size_t n)
{
    double from = log1p((double)low_ms), span = log1p((double)high_ms) - from;

    memset(bins, 0, n * sizeof *bins);
    for (size_t i = 0; h->total && i < HISTOGRAM_BUCKETS; i++)
        if (h->counts[i]) {
            double at = span > 0 ? (log1p((double)histogram_middle(i)) - from) / span * (double)n : 0;

            bins[(size_t)CLAMP(at, 0.0, (double)n - 1)] += h->counts[i];
        }
}

json_t *histogram_to_json(const struct histogram *h)
{
    json_t *list = json_array();

    for (size_t i = 0; h->total && i < HISTOGRAM_BUCKETS; i++)
        if (h->counts[i]) {
            json_array_append_new(list, json_integer((json_int_t)i));
            json_array_append_new(list, json_integer(h->counts[i]));
        }
    return list;
}

enum err_code histogram_from_json(const json_t *j, struct histogram *out, struct err *e)
{
    for (size_t i = 0; i + 1 < json_array_size(j); i += 2) {
        json_int_t bucket = json_integer_value(json_array_get(j, i)),
                   count = json_integer_value(json_array_get(j, i + 1));

        if (bucket < 0 || bucket >= HISTOGRAM_BUCKETS || count < 0)
            return err_set(e, ERR_STORE, "the stored latencies of a variant can't be read");
        if (!out->counts)
            out->counts = xcalloc(HISTOGRAM_BUCKETS, sizeof *out->counts);
        out->counts[bucket] += count;
        out->total += count;
    }
    return ERR_OK;
}

void histogram_dispose(struct histogram *h)
{
    free(h->counts);
    *h = (struct histogram){ 0 };
}
