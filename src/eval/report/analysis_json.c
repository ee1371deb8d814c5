/* An analysis as one JSON document. Ratios are 0..1, other values in the metric's own unit; null: not known. */
#include "eval/report/analyses.h"

#include <math.h>

#include "eval/stats_power.h"

#define ANALYSIS_JSON_MAX ((size_t)256 << 20)

static json_t *analysis_json_real(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static void analysis_json_interval(json_t *o, const char *low, const char *high, const struct interval *i)
{
    json_object_set_new(o, low, i->known ? json_real(i->low) : json_null());
    json_object_set_new(o, high, i->known ? json_real(i->high) : json_null());
}

static json_t *analysis_json_wins(const struct analysis_wins *w)
{
    json_t *o = json_object();

    json_object_set_new(o, "won", json_integer(w->won));
    json_object_set_new(o, "lost", json_integer(w->lost));
    json_object_set_new(o, "tied", json_integer(w->tied));
    json_object_set_new(o, "rate", analysis_json_real(w->rate));
    analysis_json_interval(o, "low", "high", &w->interval);
    return o;
}

static json_t *analysis_json_checks(const struct analysis *x, const struct analysis_variant *v)
{
    json_t *list = json_object();

    for (size_t i = 0; i < x->check_count; i++) {
        const struct analysis_check *c = &v->checks[i];
        json_t *o = json_object();

        json_object_set_new(o, "passed", json_integer(c->passed));
        json_object_set_new(o, "failed", json_integer(c->failed));
        json_object_set_new(o, "not_evaluated", json_integer(c->not_evaluated));
        json_object_set_new(o, "n", json_integer(c->share.n));
        json_object_set_new(o, "rate", c->share.n ? json_real(c->share.value) : json_null());
        analysis_json_interval(o, "low", "high", &c->share.interval);
        json_object_set_new(o, "method", json_string(estimate_method_name(c->share.method)));
        json_object_setn_new(list, x->result->scorers[c->scorer].name.at, x->result->scorers[c->scorer].name.len, o);
    }
    return list;
}

static json_t *analysis_json_variant(const struct analysis *x, const struct analysis_variant *v)
{
    json_t *o = json_object(), *counts = json_array();
    char money[MONEY_TEXT];

    json_set_str(o, "variant", v->of->name);
    json_set_str(o, "model", v->of->model);
    json_object_set_new(o, "trials", json_integer(v->of->sum->done + v->of->sum->failed));
    json_object_set_new(o, "failed", json_integer(v->of->sum->failed));
    json_object_set_new(o, "cases", json_integer(v->cases));
    json_object_set_new(o, "missing", json_integer(v->missing));
    json_object_set_new(o, "mean", analysis_json_real(v->mean));
    analysis_json_interval(o, "low", "high", &v->interval);
    json_object_set_new(o, "method", v->interval.known ? json_string(v->wilson ? "wilson" : "t") : json_null());
    json_object_set_new(o, "deviation", analysis_json_real(v->deviation));
    json_object_set_new(o, "min", analysis_json_real(v->least));
    json_object_set_new(o, "max", analysis_json_real(v->most));
    json_object_set_new(o, "wins", analysis_json_wins(&v->wins));
    json_object_set_new(o, "checks", analysis_json_checks(x, v));
    for (size_t i = 0; i < x->distribution.count; i++)
        json_array_append_new(counts, json_integer(v->counts[i]));
    json_object_set_new(o, "distribution", counts);
    json_object_set_new(o, "mean_rho", analysis_json_real(v->mean_rho));
    json_object_set_new(o, "z", analysis_json_real(v->outlyingness));
    json_object_set_new(o, "outlier", isnan(v->outlyingness) ? json_null() : json_boolean(v->outlier));
    json_object_set_new(o, "cost_usd",
                        v->of->cost_known ? json_string(money_exact(v->of->sum->cost_nanousd, money)) : json_null());
    return o;
}

/* --- pairs -------------------------------------------------------------------------------------------------------- */

static json_t *analysis_json_test(const struct rank_test *t, double holm, double bh)
{
    json_t *o = json_object();

    json_object_set_new(o, "value", t->known ? json_real(t->value) : json_null());
    json_object_set_new(o, "p", t->known ? json_real(t->p) : json_null());
    json_object_set_new(o, "p_holm", analysis_json_real(holm));
    json_object_set_new(o, "p_bh", analysis_json_real(bh));
    json_object_set_new(o, "significant", t->known ? json_boolean(analysis_stands(holm)) : json_null());
    return o;
}

static json_t *analysis_json_pair(const struct analysis *x, const struct analysis_pair *p)
{
    json_t *o = json_object(), *rho = analysis_json_test(&p->spearman, p->spearman_holm, p->spearman_bh),
           *wins = analysis_json_wins(&p->wins);

    json_set_str(o, "first", x->variants[p->first].of->name);
    json_set_str(o, "second", x->variants[p->second].of->name);
    json_object_set_new(o, "cases", json_integer(p->cases));
    json_object_set_new(o, "difference", analysis_json_real(p->difference));
    json_object_set_new(o, "deviation", analysis_json_real(p->deviation));
    analysis_json_interval(o, "low", "high", &p->difference_interval);
    json_object_set_new(wins, "p", analysis_json_real(p->sign_p));
    json_object_set_new(wins, "p_holm", analysis_json_real(p->sign_holm));
    json_object_set_new(o, "wins", wins);
    json_object_set_new(o, "aligned_cases", json_integer(p->aligned));
    analysis_json_interval(rho, "low", "high", &p->rho_interval);
    json_object_set_new(o, "spearman", rho);
    json_object_set_new(o, "kendall", analysis_json_test(&p->kendall, p->kendall_holm, p->kendall_bh));
    json_object_set_new(o, "cohen_d", analysis_json_real(p->cohen_d));
    json_object_set_new(o, "effect", isnan(p->cohen_d) ? json_null() : json_string(stats_effect_word(p->cohen_d)));
    return o;
}

static json_t *analysis_json_agreement(const struct analysis *x)
{
    json_t *o = json_object(), *pairs = json_array(), *outliers = json_array();

    for (size_t i = 0; i < x->pair_count; i++)
        json_array_append_new(pairs, analysis_json_pair(x, &x->pairs[i]));
    for (size_t v = 0; v < x->variant_count; v++)
        if (x->variants[v].outlier)
            json_array_append_new(outliers, json_from_str(x->variants[v].of->name));
    json_object_set_new(o, "aligned_cases", json_integer(x->aligned));
    json_object_set_new(o, "pairs_known", json_integer((json_int_t)x->agreeing));
    json_object_set_new(o, "overall", analysis_json_real(x->agreement));
    json_object_set_new(o, "lowest", analysis_json_real(x->least_rho));
    json_object_set_new(o, "highest", analysis_json_real(x->most_rho));
    json_object_set_new(o, "outliers", outliers);
    json_object_set_new(o, "pairs", pairs);
    return o;
}

/* --- dimensions --------------------------------------------------------------------------------------------------- */

static json_t *analysis_json_effect(const struct analysis_effect *f, bool corrected)
{
    json_t *o = json_object();

    json_object_set_new(o, "n", json_integer(f->n));
    json_object_set_new(o, "levels", json_integer((json_int_t)f->groups));
    json_object_set_new(o, "smallest_level", json_integer(f->least));
    json_object_set_new(o, "h", f->known ? json_real(f->h) : json_null());
    json_object_set_new(o, "p", f->known ? json_real(f->p) : json_null());
    if (corrected) {
        json_object_set_new(o, "p_holm", f->known ? json_real(f->p_holm) : json_null());
        json_object_set_new(o, "p_bh", f->known ? json_real(f->p_bh) : json_null());
        json_object_set_new(o, "significant", f->known ? json_boolean(analysis_stands(f->p_holm)) : json_null());
    }
    json_object_set_new(o, "eta_squared", f->known ? analysis_json_real(f->eta_squared) : json_null());
    json_object_set_new(o, "eta_squared_rank", f->known ? json_real(f->eta_squared_rank) : json_null());
    json_object_set_new(o, "effect", f->known ? json_string(analysis_eta_word(f->eta_squared)) : json_null());
    return o;
}

static json_t *analysis_json_levels(const struct axis *axis, const struct analysis_level *levels)
{
    json_t *list = json_array();

    for (size_t k = 0; k < axis->level_count; k++) {
        json_t *o = json_object();

        json_object_set_new(o, "score", json_integer(axis->levels[k].score));
        json_set_str(o, "label", axis->levels[k].label);
        json_object_set_new(o, "n", json_integer(levels[k].n));
        json_object_set_new(o, "mean", analysis_json_real(levels[k].mean));
        analysis_json_interval(o, "low", "high", &levels[k].interval);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *analysis_json_dimension(const struct analysis *x, const struct analysis_dimension *d)
{
    json_t *o = json_object(), *all = analysis_json_effect(&d->all, true), *variants = json_array();

    json_set_str(o, "name", d->axis->name);
    json_object_set_new(o, "rank", d->rank ? json_integer((json_int_t)d->rank) : json_null());
    json_object_set_new(o, "skipped", json_boolean(d->skipped));
    json_object_set_new(all, "means", analysis_json_levels(d->axis, d->levels));
    json_object_set_new(o, "all", all);
    json_object_set_new(o, "pooled", analysis_json_effect(&d->pooled, false));
    for (size_t v = 0; v < x->variant_count; v++) {
        json_t *one = analysis_json_effect(&d->variants[v], true);

        json_set_str(one, "variant", x->variants[v].of->name);
        json_object_set_new(one, "means", analysis_json_levels(d->axis, d->variant_levels[v]));
        json_array_append_new(variants, one);
    }
    json_object_set_new(o, "variants", variants);
    return o;
}

static json_t *analysis_json_dimensions(const struct analysis *x)
{
    json_t *o = json_object(), *list = json_array();

    for (size_t i = 0; i < x->dimension_count; i++)
        json_array_append_new(list, analysis_json_dimension(x, &x->dimensions[i]));
    json_object_set_new(o, "variance_explained", analysis_json_real(x->explained));
    json_object_set_new(o, "list", list);
    return o;
}

/* --- cases -------------------------------------------------------------------------------------------------------- */

static json_t *analysis_json_cases(const struct analysis *x, const struct analysis_case *cases, size_t count,
                                   bool variance)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *o = json_object(), *values = json_array();

        json_object_set_new(o, "case", json_integer(cases[i].index));
        json_set_str(o, "case_id", cases[i].id);
        json_object_set_new(o, "n", json_integer(cases[i].n));
        if (variance)
            json_object_set_new(o, "variance", json_real(cases[i].variance));
        for (size_t v = 0; v < x->variant_count; v++)
            json_array_append_new(values, analysis_json_real(cases[i].values[v]));
        json_object_set_new(o, "values", values);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *analysis_json_distribution(const struct analysis *x)
{
    json_t *o = json_object(), *values = json_array();

    for (size_t i = 0; i < x->distribution.count; i++)
        json_array_append_new(values, json_real(x->distribution.values[i]));
    json_object_set_new(o, "kind",
                        !x->distribution.count  ? json_null()
                        : x->distribution.steps ? json_string("steps")
                                                : json_string("values"));
    json_object_set_new(o, x->distribution.steps ? "from" : "values", values);
    return o;
}

static json_t *analysis_json_warnings(const struct analysis *x)
{
    json_t *list = json_array();

    for (size_t i = 0; i < x->warning_count; i++) {
        json_t *o = json_object();

        json_object_set_new(o, "code", json_string(analysis_code_name(x->warnings[i].code)));
        json_set_str(o, "message", x->warnings[i].message);
        json_set_str(o, "recommendation", x->warnings[i].recommendation);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *analysis_json_methods(void)
{
    return json_pack("{s:f, s:f, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:s}", "alpha", ANALYSIS_ALPHA, "level",
                     RESULT_LEVEL, "mean", "wilson or t over cases", "wins", "wilson over cases won or lost; sign test of two",
                     "agreement", "spearman rho with Bonett and Wright's interval; kendall tau-b", "effect_size",
                     "cohen_d of two groups", "dimensions", "kruskal_wallis of cases' means over variants; eta squared SSB/SST",
                     "corrections", "holm, benjamini_hochberg", "contested", "population variance over variants", "outliers",
                     "z of mean rho, sample deviation", "outlier_z", ANALYSIS_OUTLIER, "version", ANALYSIS_VERSION);
}

json_t *analysis_json(const struct analysis *x)
{
    const struct run *run = x->result->run;
    json_t *o = json_object(), *variants = json_array();

    json_set_str(o, "run", run->id);
    json_set_str(o, "task", run->task_name);
    json_object_set_new(o, "state", json_string(run_state_name(run->state)));
    json_object_set_new(o, "input_hash", json_string(x->input_hash));
    json_set_str(o, "metric", x->metric);
    json_object_set_new(o, "unit", json_string(metric_unit_name(x->unit)));
    json_object_set_new(o, "higher_is_better", json_boolean(x->higher_is_better));
    json_object_set_new(o, "cases", json_integer(run->cases));
    json_object_set_new(o, "repeat", json_integer(run->repeat));
    json_object_set_new(o, "cases_with_value", json_integer(x->cases));
    json_object_set_new(o, "sample",
                        json_pack("{s:b, s:I, s:[s, s, s]}", "sampled", x->kept < x->cases, "cases",
                                  (json_int_t)x->kept, "of", "dimensions", "agreement", "cohen_d"));
    for (size_t v = 0; v < x->variant_count; v++)
        json_array_append_new(variants, analysis_json_variant(x, &x->variants[v]));
    json_object_set_new(o, "variants", variants);
    json_object_set_new(o, "distribution", analysis_json_distribution(x));
    json_object_set_new(o, "agreement", analysis_json_agreement(x));
    json_object_set_new(o, "dimensions", analysis_json_dimensions(x));
    json_object_set_new(o, "contested", analysis_json_cases(x, x->contested, x->contested_count, true));
    json_object_set_new(o, "matrix", analysis_json_cases(x, x->matrix, x->matrix_count, false));
    json_object_set_new(o, "methods", analysis_json_methods());
    json_object_set_new(o, "warnings", analysis_json_warnings(x));
    return o;
}

enum err_code analysis_json_text(const struct analysis *x, const struct report_options *o,
                                 const struct report_sink *sink, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(ANALYSIS_JSON_MAX);
    AUTO_JSON *j = analysis_json(x);

    (void)o;
    report_json_text(j, true, &b);
    buf_byte(&b, '\n');
    return report_put(sink, &b, e);
}
