#include "eval/aggregate.h"

#include <math.h>

/* --- sums --------------------------------------------------------------------------------------------------------- */

static double sum_two(double a, double b, double *error)       /* a + b = result + error, exactly (Knuth) */
{
    double s = a + b, v = s - a;

    *error = (a - (s - v)) + (b - v);
    return s;
}

static void sum_add_two(struct sum *s, double high, double low)
{
    double error, total = sum_two(s->high, high, &error);

    error += s->low + low;
    s->high = sum_two(total, error, &s->low);
}

void sum_add(struct sum *s, double v)
{
    sum_add_two(s, v, 0);
}

void sum_add_square(struct sum *s, double v)
{
    double square = v * v;

    sum_add_two(s, square, fma(v, v, -square));
}

void sum_merge(struct sum *into, const struct sum *from)
{
    sum_add_two(into, from->high, from->low);
}

double sum_value(const struct sum *s)
{
    return s->high + s->low;
}

/* --- one scorer --------------------------------------------------------------------------------------------------- */

void aggregate_value(struct aggregate_scorer *s, double v)
{
    s->min = s->n ? fmin(s->min, v) : v;
    s->max = s->n ? fmax(s->max, v) : v;
    s->n++;
    sum_add(&s->sum, v);
    sum_add_square(&s->squares, v);
    s->ones += v == 1;
    s->fractions |= v != 0 && v != 1;
}

static void aggregate_scorer_add(struct aggregate_scorer *s, const struct score *score)
{
    if (score->state == SCORE_VALUE)
        aggregate_value(s, score->value);
    else
        s->missing++;
}

static void aggregate_scorer_merge(struct aggregate_scorer *into, const struct aggregate_scorer *from)
{
    into->missing += from->missing;
    if (!from->n)
        return;
    into->min = into->n ? fmin(into->min, from->min) : from->min;
    into->max = into->n ? fmax(into->max, from->max) : from->max;
    into->n += from->n;
    sum_merge(&into->sum, &from->sum);
    sum_merge(&into->squares, &from->squares);
    into->ones += from->ones;
    into->fractions |= from->fractions;
}

double aggregate_mean(const struct aggregate_scorer *s)
{
    return s->n ? sum_value(&s->sum) / (double)s->n : 0;
}

double aggregate_variance(const struct aggregate_scorer *s)
{
    long double sum = (long double)s->sum.high + s->sum.low, squares = (long double)s->squares.high + s->squares.low;
    long double v;

    if (s->n < 2 || s->min == s->max)
        return 0;
    v = (squares - sum * sum / (long double)s->n) / (long double)(s->n - 1);
    return v > 0 ? (double)v : 0;
}

bool aggregate_binary(const struct aggregate_scorer *s)
{
    return s->n && !s->fractions;
}

/* --- a variant ---------------------------------------------------------------------------------------------------- */

struct aggregate *aggregate_new(size_t scorer_count)
{
    struct aggregate *g = xcalloc(1, sizeof *g);

    g->scorer_count = scorer_count;
    g->scorers = xcalloc(scorer_count + 1, sizeof *g->scorers);
    return g;
}

void aggregate_widen(struct aggregate *g, size_t scorer_count)
{
    ASSERT(scorer_count >= g->scorer_count);
    g->scorers = xreallocarray(g->scorers, scorer_count + 1, sizeof *g->scorers);
    memset(g->scorers + g->scorer_count, 0, (scorer_count + 1 - g->scorer_count) * sizeof *g->scorers);
    g->scorer_count = scorer_count;
}

void aggregate_free(struct aggregate *g)
{
    if (!g)
        return;
    histogram_dispose(&g->latency);
    histogram_dispose(&g->first_token);
    free(g->scorers);
    free(g);
}

void aggregate_freep(struct aggregate **g)
{
    aggregate_free(*g);
    *g = NULL;
}

static void aggregate_money(int64_t *sum, int64_t more)        /* at the end of all money it stays there */
{
    if (__builtin_add_overflow(*sum, more, sum))
        *sum = INT64_MAX;
}

void aggregate_add(struct aggregate *g, const struct aggregate_trial *in)
{
    const struct trial *t = in->trial;
    bool failed = t->state == TRIAL_FAILED;
    int64_t turns = in->turns && in->turn_count ? (int64_t)in->turn_count : 1;

    g->attempts += t->attempts;
    g->retried += t->attempts > turns;
    if (failed) {
        g->failed++;
        g->errors[t->error < ERR_CODES ? t->error : ERR_UNKNOWN]++;
        if (t->cost_nanousd != MONEY_UNKNOWN)
            aggregate_money(&g->failed_cost_nanousd, t->cost_nanousd);
        return;
    }
    g->done++;
    g->violations += t->violations;
    g->critical += t->critical;
    g->violating += t->violations > 0;
    g->broken += t->critical > 0;
    usage_add(&g->usage, &t->usage);
    if (t->cost_nanousd == MONEY_UNKNOWN)
        g->costs_unknown++;
    else
        aggregate_money(&g->cost_nanousd, t->cost_nanousd);
    if (t->latency_ms >= 0)
        histogram_add(&g->latency, t->latency_ms, 1);
    if (in->turns && in->turn_count && in->turns[0].first_token_ms >= 0)
        histogram_add(&g->first_token, in->turns[0].first_token_ms, 1);
    for (size_t i = 0; i < g->scorer_count; i++)
        aggregate_scorer_add(&g->scorers[i], &in->scores[i]);
}

void aggregate_settle(struct aggregate *g, const struct aggregate_trial *in, const struct score *before,
                      int64_t violations, int64_t critical)
{
    const struct trial *t = in->trial;

    g->violations += t->violations - violations;
    g->critical += t->critical - critical;
    g->violating += (t->violations > 0) - (violations > 0);
    g->broken += (t->critical > 0) - (critical > 0);
    for (size_t i = 0; i < g->scorer_count; i++)
        if (before[i].state == SCORE_MISSING && in->scores[i].state == SCORE_VALUE) {
            g->scorers[i].missing--;
            aggregate_value(&g->scorers[i], in->scores[i].value);
        }
}

void aggregate_merge(struct aggregate *into, const struct aggregate *from)
{
    ASSERT(into->scorer_count == from->scorer_count);
    for (size_t i = 0; i < into->scorer_count; i++)
        aggregate_scorer_merge(&into->scorers[i], &from->scorers[i]);
    into->done += from->done;
    into->failed += from->failed;
    into->violations += from->violations;
    into->critical += from->critical;
    into->violating += from->violating;
    into->broken += from->broken;
    into->attempts += from->attempts;
    into->retried += from->retried;
    histogram_merge(&into->latency, &from->latency);
    histogram_merge(&into->first_token, &from->first_token);
    usage_add(&into->usage, &from->usage);
    aggregate_money(&into->cost_nanousd, from->cost_nanousd);
    into->costs_unknown += from->costs_unknown;
    aggregate_money(&into->failed_cost_nanousd, from->failed_cost_nanousd);
    for (size_t i = 0; i < ERR_CODES; i++)
        into->errors[i] += from->errors[i];
}

void aggregate_remove_failed(struct aggregate *g, int64_t n)
{
    int64_t before = g->failed, taken = 0;

    n = CLAMP(n, INT64_C(0), before);
    if (!n)
        return;
    g->failed -= n;
    g->failed_cost_nanousd -= (int64_t)((double)g->failed_cost_nanousd * ((double)n / (double)before));
    for (size_t i = 0; i < ERR_CODES; i++) {
        int64_t part = (int64_t)((__int128)g->errors[i] * n / before);

        g->errors[i] -= part;
        taken += part;
    }
    for (size_t i = 0; i < ERR_CODES && taken < n; i++) {       /* what rounding left over */
        int64_t part = MIN(g->errors[i], n - taken);

        g->errors[i] -= part;
        taken += part;
    }
    if (!g->failed)
        g->failed_cost_nanousd = 0;
}

bool aggregate_is_empty(const struct aggregate *g)
{
    return !g->done && !g->failed;
}

int64_t aggregate_done(const struct aggregate *g)
{
    return g->done;
}

int64_t aggregate_failed(const struct aggregate *g)
{
    return g->failed;
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static json_t *aggregate_sum_to_json(const struct sum *s)
{
    json_t *pair = json_array();

    json_array_append_new(pair, json_real(s->high));
    json_array_append_new(pair, json_real(s->low));
    return pair;
}

static void aggregate_sum_from_json(const json_t *pair, struct sum *s)
{
    s->high = json_number_value(json_array_get(pair, 0));
    s->low = json_number_value(json_array_get(pair, 1));
}

static json_t *aggregate_scorer_to_json(const struct aggregate_scorer *s)
{
    json_t *o = json_object();

    json_object_set_new(o, "n", json_integer(s->n));
    json_object_set_new(o, "missing", json_integer(s->missing));
    if (!s->n)
        return o;
    json_object_set_new(o, "sum", aggregate_sum_to_json(&s->sum));
    json_object_set_new(o, "squares", aggregate_sum_to_json(&s->squares));
    json_object_set_new(o, "min", json_real(s->min));
    json_object_set_new(o, "max", json_real(s->max));
    json_object_set_new(o, "ones", json_integer(s->ones));
    json_object_set_new(o, "fractions", json_boolean(s->fractions));
    return o;
}

static void aggregate_scorer_from_json(const json_t *o, struct aggregate_scorer *s)
{
    s->n = json_get_i64(o, "n", 0);
    s->missing = json_get_i64(o, "missing", 0);
    aggregate_sum_from_json(json_child(o, "sum"), &s->sum);
    aggregate_sum_from_json(json_child(o, "squares"), &s->squares);
    s->min = json_get_double(o, "min", 0);
    s->max = json_get_double(o, "max", 0);
    s->ones = json_get_i64(o, "ones", 0);
    s->fractions = json_get_bool(o, "fractions", false);
}

struct aggregate_field { const char *name; size_t offset; };
#define FIELD(id) { #id, offsetof(struct aggregate, id) }
static const struct aggregate_field aggregate_fields[] = {
    FIELD(done),
    FIELD(failed),
    FIELD(violations),
    FIELD(critical),
    FIELD(violating),
    FIELD(broken),
    FIELD(attempts),
    FIELD(retried),
    FIELD(cost_nanousd),
    FIELD(costs_unknown),
    FIELD(failed_cost_nanousd),
};
#undef FIELD

json_t *aggregate_to_json(const struct aggregate *g)
{
    json_t *o = json_object(), *list = json_array(), *errors = json_object();

    for (size_t i = 0; i < COUNT_OF(aggregate_fields); i++)
        json_object_set_new(o, aggregate_fields[i].name,
                            json_integer(*(const int64_t *)((const char *)g + aggregate_fields[i].offset)));
    json_object_set_new(o, "usage", usage_to_json(&g->usage));
    json_object_set_new(o, "latency", histogram_to_json(&g->latency));
    json_object_set_new(o, "first_token", histogram_to_json(&g->first_token));
    for (size_t i = 0; i < ERR_CODES; i++)
        if (g->errors[i])
            json_object_set_new(errors, err_name((enum err_code)i), json_integer(g->errors[i]));
    json_object_set_new(o, "errors", errors);
    for (size_t i = 0; i < g->scorer_count; i++)
        json_array_append_new(list, aggregate_scorer_to_json(&g->scorers[i]));
    json_object_set_new(o, "scorers", list);
    return o;
}

enum err_code aggregate_from_json(const json_t *j, size_t scorer_count, struct aggregate **out, struct err *e)
{
    AUTO(aggregate_freep) struct aggregate *g = aggregate_new(scorer_count);
    const json_t *list = json_child(j, "scorers");
    json_t *errors = json_child(j, "errors");

    if (!j) {
        *out = TAKE(g);
        return ERR_OK;
    }
    if (!json_is_array(list) || json_array_size(list) != scorer_count)
        return err_set(e, ERR_STORE, "a variant's stored sums are of %zu scorers, the run's settings name %zu",
                       json_array_size(list), scorer_count);
    for (size_t i = 0; i < COUNT_OF(aggregate_fields); i++)
        *(int64_t *)((char *)g + aggregate_fields[i].offset) = json_get_i64(j, aggregate_fields[i].name, 0);
    usage_from_json(json_child(j, "usage"), &g->usage);
    TRY(histogram_from_json(json_child(j, "latency"), &g->latency, e));
    TRY(histogram_from_json(json_child(j, "first_token"), &g->first_token, e));
    for (void *it = json_is_object(errors) ? json_object_iter(errors) : NULL; it;
         it = json_object_iter_next(errors, it))
        g->errors[err_from_name(str_c(json_object_iter_key(it)))] += json_integer_value(json_object_iter_value(it));
    for (size_t i = 0; i < scorer_count; i++)
        aggregate_scorer_from_json(json_array_get(list, i), &g->scorers[i]);
    *out = TAKE(g);
    return ERR_OK;
}
