#include "eval/metric/inner.h"

#include "eval/metric/reference.h"

static enum err_code inner_spec(const json_t *of, const char *usual, struct metric_spec *out, struct err *e)
{
    *out = (struct metric_spec){ .kind = of ? json_to_str(of) : str_c(usual) };
    if (json_is_object(of)) {
        out->kind = json_get_str(of, "metric");
        out->options = of;
    }
    out->name = out->kind;
    if (!out->kind.len)
        return err_set(e, ERR_BAD_INPUT, "of takes a metric's name, or {metric: numeric_match, abs: 0.5}");
    return ERR_OK;
}

enum err_code inner_prepare(const struct metric_spec *spec, const char *usual, bool passes, struct arena *a,
                            struct inner *out, struct err *e)
{
    const json_t *of = json_child(spec->options, "of");
    struct metric_spec inner;
    const struct metric *m;

    *out = (struct inner){ .at_least = 1 };
    TRY(inner_spec(of, usual, &inner, e));
    m = metric_find(inner.kind);
    if (m && (m->over_repeats || m->over_case || m->quantile || m->failed))
        return err_set(e, ERR_BAD_INPUT, "of can't be %s: it has no value of a trial alone", m->name);
    if (m && passes && (m->unit != METRIC_RATIO || !m->higher_is_better))
        return err_set(e, ERR_BAD_INPUT,
                       "of can't be %s: it takes a share of which more is better, for example exact_match", m->name);
    TRY(metric_prepare(&inner, a, &out->metric, &out->state, e));
    return metric_number(spec, "at_least", 0, 1, &out->at_least, e);
}

void inner_score(const struct inner *in, const struct subject *s, struct arena *a, struct score *out)
{
    metric_score(in->metric, in->state, s, a, out);
    out->parts = NULL;
}

void inner_passed(const struct inner *in, const struct subject *s, struct arena *a, struct score *out)
{
    inner_score(in, s, a, out);
    if (out->state == SCORE_VALUE)
        *out = (struct score){ .state = SCORE_VALUE, .value = out->value >= in->at_least, .note = out->note };
}

void inner_wish(const void *state, const struct subject *s, struct subject_wishes *w)
{
    const struct inner *in = state;

    if (in->metric->wish && (subject_expected(s) || !in->metric->needs_expected))
        in->metric->wish(in->state, s, w);
}

const struct model *inner_model(const void *state)
{
    const struct inner *in = state;

    return in->metric->model ? in->metric->model(in->state) : NULL;
}

const struct evaluator *inner_program(const void *state, size_t i)
{
    const struct inner *in = state;

    return in->metric->program ? in->metric->program(in->state, i) : NULL;
}
