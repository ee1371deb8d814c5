#include "eval/metric/metric.h"

#include <math.h>

static const char *const metric_unit_names[METRIC_UNITS] = { "ratio", "usd", "ms", "tokens", "tokens/s" };

const char *metric_unit_name(enum metric_unit u)
{
    return metric_unit_names[u];
}

enum metric_unit metric_unit_from(struct str name)
{
    for (int i = 0; i < METRIC_UNITS; i++)
        if (str_is(name, metric_unit_names[i]))
            return (enum metric_unit)i;
    return METRIC_RATIO;
}

bool metric_is_read_later(const struct metric *m)
{
    return m->over_repeats || m->labels || m->corpus || m->quantile || m->over_case;
}

enum metric_unit metric_unit_of(const struct metric *m, const void *state)
{
    return m->like ? m->like(state)->unit : m->unit;
}

bool metric_better_of(const struct metric *m, const void *state)
{
    return m->like ? m->like(state)->higher_is_better : m->higher_is_better;
}

static bool metric_knows(const struct metric *m, struct str key)
{
    struct str rest = m->options ? str_c(m->options) : STR_NONE, one;

    if (str_is(key, "name") || str_is(key, "kind") || str_is(key, "metric") || str_is(key, m->name))
        return true;
    while (m->options && str_split(&rest, ' ', &one))
        if (str_eq(one, key))
            return true;
    return false;
}

enum err_code metric_prepare(const struct metric_spec *spec, struct arena *a, const struct metric **metric,
                             void **state, struct err *e)
{
    const struct metric *m = metric_find(spec->kind);

    if (!m) {
        struct suggest s;
        char hint[160];

        suggest_begin(&s, spec->kind);
        metric_suggest(&s);
        return err_set(e, ERR_BAD_INPUT, "there is no metric \"" STR_FMT "\"%s", STR_ARG(spec->kind),
                       suggest_hint(&s, hint));
    }
    for (void *it = json_is_object(spec->options) ? json_object_iter((json_t *)spec->options) : NULL; it;
         it = json_object_iter_next((json_t *)spec->options, it))
        if (!metric_knows(m, str_c(json_object_iter_key(it))))
            return err_set(e, ERR_BAD_INPUT, "the metric %s has no setting \"%s\"; it knows %s", m->name,
                           json_object_iter_key(it), m->options ? m->options : "only a name");
    *state = NULL;
    if (m->prepare)
        TRY(m->prepare(spec, a, state, e));
    *metric = m;
    return ERR_OK;
}

void metric_score(const struct metric *m, const void *state, const struct subject *s, struct arena *a,
                  struct score *out)
{
    *out = score_missing(STR_NONE);
    if (s->failed)
        *out = score_missing(S("the trial failed"));
    else if (m->over_repeats)
        *out = score_missing(STR_NONE);                 /* of every trial: a note would be stored with each */
    else if (m->needs_expected && !subject_expected(s))
        *out = score_missing(S("no expected answer"));
    else
        m->score(state, s, a, out);
    if (out->state == SCORE_VALUE && !isfinite(out->value))
        *out = score_missing(S("not a finite number"));
}
