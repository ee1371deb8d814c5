/* src/eval/metric/pass_k.c: would at least one of k answers do, would all of k? Of a case with n repetitions c of which
 * passed:
 *
 *   pass_at_k    1 - C(n - c, k) / C(n, k)    one of k drawn without replacement passed; unbiased (Chen et al. 2021,
 * 2.1)
 *   pass_hat_k   C(c, k) / C(n, k)            all of k passed (Yao et al. 2024, pass^k); unbiased by the same argument
 *
 * A trial passed when the metric `of` (exact_match when not said) is at least `at_least` (1). A case with fewer than k
 * values is missing. The variant's value is the mean over cases. `k` may be a list: pass_at_1, pass_at_5... */
#include "eval/metric/inner.h"

#include <math.h>

#include "eval/metric/reference.h"

#define PASS_K_MAX 1000

struct pass_k { struct inner inner; double k; };

static enum err_code pass_k_prepare(const struct metric_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct pass_k *p = arena_new(a, struct pass_k);

    p->k = 1;
    *state = p;
    TRY(metric_number(spec, "k", 1, PASS_K_MAX, &p->k, e));
    if (p->k != floor(p->k))
        return err_set(e, ERR_BAD_INPUT, "k takes a whole number from 1 to %d, or a list of them", PASS_K_MAX);
    return inner_prepare(spec, "exact_match", true, a, &p->inner, e);
}

static void pass_k_score(const void *state, const struct subject *s, struct arena *a, struct score *out)
{
    inner_passed(&((const struct pass_k *)state)->inner, s, a, out);
}

static int64_t pass_k_repeat_min(const void *state)
{
    return (int64_t)((const struct pass_k *)state)->k;
}

/* C(m, k) / C(n, k) as a product of k factors below 1. */
static double pass_k_share(double m, double n, double k)
{
    double share = 1;

    if (m < k)
        return 0;
    for (double i = 0; i < k; i++)
        share *= (m - i) / (n - i);
    return share;
}

static double pass_at_k_case(const void *state, double n, double passed)
{
    double k = ((const struct pass_k *)state)->k;

    return n < k ? NAN : 1 - pass_k_share(n - passed, n, k);
}

static double pass_hat_k_case(const void *state, double n, double passed)
{
    double k = ((const struct pass_k *)state)->k;

    return n < k ? NAN : pass_k_share(passed, n, k);
}

static struct str pass_at_k_called(const void *state, struct arena *a)
{
    return arena_printf(a, "pass_at_%.0f", ((const struct pass_k *)state)->k);
}

static struct str pass_hat_k_called(const void *state, struct arena *a)
{
    return arena_printf(a, "pass_hat_%.0f", ((const struct pass_k *)state)->k);
}

#define PASS_K(id, heading, words)                                                                                  \
    const struct metric metric_##id = {                                                                             \
        .name = #id, .label = heading, .doc = words, .unit = METRIC_RATIO, .higher_is_better = true, .each = "k",    \
        .options = INNER_OPTIONS " at_least k", .prepare = pass_k_prepare, .score = pass_k_score,                    \
        .over_case = id##_case, .called = id##_called, .repeat_min = pass_k_repeat_min, INNER_ASKS,                  \
    }
PASS_K(pass_at_k, "pass@k",
       "Chance that one of k answers to a case passes (Chen et al. 2021); needs repeat: k or more.");
PASS_K(pass_hat_k, "pass^k", "Chance that all of k answers to a case pass; needs repeat: k or more.");
