/* src/eval/metric/percentile.c: the value below which p per cent of the trials' values lie: of latency,
 * tokens_per_second, cost or any metric with a value per trial (`of`; latency when not said). Linear between the two
 * nearest (Hyndman, Fan 1996, type 7; numpy's default). `p` is from 0 to 100 (50 when not said) and may be a list:
 * latency_p50, latency_p95... result.c says what the interval is, and what holds past its number of values. */
#include "eval/metric/inner.h"

#include "eval/metric/reference.h"

struct percentile { struct inner inner; double p; };

static enum err_code percentile_prepare(const struct metric_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct percentile *x = arena_new(a, struct percentile);

    x->p = 50;
    *state = x;
    TRY(metric_number(spec, "p", 0, 100, &x->p, e));
    return inner_prepare(spec, "latency", false, a, &x->inner, e);
}

static void percentile_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    inner_score(&((const struct percentile *)state)->inner, s, a, out);
}

static double percentile_quantile(const void *state)
{
    return ((const struct percentile *)state)->p / 100;
}

static const struct metric *percentile_like(const void *state)
{
    return ((const struct percentile *)state)->inner.metric;
}

static struct str percentile_called(const void *state, struct arena *a)
{
    const struct percentile *x = state;

    return arena_printf(a, "%s_p%g", x->inner.metric->name, x->p);
}

const struct metric metric_percentile = {
    .name = "percentile", .label = "percentile", .unit = METRIC_MS, .options = INNER_OPTIONS " p", .each = "p",
    .prepare = percentile_prepare, .score = percentile_score, .quantile = percentile_quantile, .like = percentile_like,
    .called = percentile_called, INNER_ASKS,
    .doc = "The value that p per cent of the trials stay below: of latency, tokens_per_second, cost...",
};
