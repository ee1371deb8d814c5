/* A comparison as one JSON document. Ratios are 0..1, differences other - base in the measure's own unit (USD, ms). */
#include "eval/report/comparison.h"

#include <math.h>

#include "eval/stats_power.h"

#define COMPARISON_JSON_MAX ((size_t)256 << 20)

static json_t *comparison_json_list(const struct str *words, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_from_str(words[i]));
    return list;
}

static json_t *comparison_json_run(const struct compare *c, size_t r)
{
    const struct compare_run *x = &c->runs[r];
    json_t *o = json_object();
    char text[CLOCK_TEXT];

    json_set_str(o, "id", x->run->id);
    json_set_str(o, "task", x->run->task_name);
    json_object_set_new(o, "state", json_string(run_state_name(x->run->state)));
    json_object_set_new(o, "created_at", json_string(clock_text(x->run->created_ms, text)));
    json_object_set_new(o, "cases", json_integer(x->run->cases));
    json_object_set_new(o, "repeat", json_integer(x->run->repeat));
    json_object_set_new(o, "trials", json_integer(run_trials(x->run)));
    json_object_set_new(o, "finished_trials", json_integer(x->result->done + x->result->failed));
    json_object_set_new(o, "same_cases", json_boolean(x->same_cases));
    json_object_set_new(o, "common_cases", json_integer(x->common));
    json_object_set_new(o, "cases_only_here", json_integer(x->only_here));
    json_object_set_new(o, "cases_only_in_base", json_integer(x->only_base));
    json_object_set_new(o, "cases_of_other_content", json_integer(x->changed));
    json_object_set_new(o, "task_differs", comparison_json_list(x->differs, x->differs_count));
    json_object_set_new(o, "unmatched", comparison_json_list(x->unmatched, x->unmatched_count));
    return o;
}

static json_t *comparison_json_number(bool known, double v)
{
    return known ? json_real(v) : json_null();
}

static void comparison_json_interval(json_t *o, const char *low, const char *high, const struct interval *i)
{
    json_object_set_new(o, low, comparison_json_number(i->known, i->low));
    json_object_set_new(o, high, comparison_json_number(i->known, i->high));
}

static json_t *comparison_json_difference(const struct compare_measure *m, const struct compare_difference *d)
{
    json_t *o = json_object();
    bool some = d->cases > 0;

    json_object_set_new(o, "unit", json_string(metric_unit_name(m->unit)));
    json_object_set_new(o, "higher_is_better", json_boolean(m->higher_is_better));
    json_object_set_new(o, "cases", json_integer(d->cases));
    json_object_set_new(o, "base", comparison_json_number(some, d->base));
    json_object_set_new(o, "other", comparison_json_number(some, d->other));
    json_object_set_new(o, "difference", comparison_json_number(some, d->difference));
    json_object_set_new(o, "deviation", comparison_json_number(d->cases > 1, d->deviation));
    comparison_json_interval(o, "low", "high", &d->interval);
    json_object_set_new(o, "p", comparison_json_number(some, d->p));
    json_object_set_new(o, "p_holm", comparison_json_number(some, d->p_holm));
    json_object_set_new(o, "compared", json_integer(d->compared));
    json_object_set_new(o, "test", json_string(compare_test_name(d->test)));
    json_object_set_new(o, "verdict", json_string(d->equal ? "equal" : verdict_name(d->verdict)));
    json_object_set_new(o, "cohen_d", comparison_json_number(some && isfinite(d->cohen_d), d->cohen_d));
    json_object_set_new(o, "hedges_g", comparison_json_number(some && isfinite(d->hedges_g), d->hedges_g));
    json_object_set_new(o, "effect",
                        some && isfinite(d->hedges_g) ? json_string(stats_effect_word(d->hedges_g)) : json_null());
    json_object_set_new(o, "detectable_difference",
                        comparison_json_number(some && isfinite(d->detectable), d->detectable));
    json_object_set_new(o, "cases_needed", d->cases_needed ? json_integer(d->cases_needed) : json_null());
    return o;
}

static json_t *comparison_json_resampled(const struct compare_pair *p)
{
    json_t *o = json_object();

    json_object_set_new(o, "wilcoxon_p", comparison_json_number(p->wilcoxon.known, p->wilcoxon.p));
    json_object_set_new(o, "bootstrap_p", comparison_json_number(p->resampled.percentile.known, p->resampled.p));
    comparison_json_interval(o, "bootstrap_low", "bootstrap_high", &p->resampled.percentile);
    comparison_json_interval(o, "bca_low", "bca_high", &p->resampled.bca);
    return o;
}

static json_t *comparison_json_side(const struct compare *c, size_t run, const struct result_variant *v)
{
    json_t *o = json_object();

    json_set_str(o, "run", c->runs[run].run->id);
    json_set_str(o, "variant", v->name);
    json_set_str(o, "model", v->model);
    return o;
}

static json_t *comparison_json_pair(const struct compare *c, const struct compare_pair *p, struct arena *a)
{
    json_t *o = json_object(), *scores = json_object();
    struct str sentence = comparison_sentence(c, p, a);

    json_object_set_new(o, "base", comparison_json_side(c, p->base_run, p->base));
    json_object_set_new(o, "other", comparison_json_side(c, p->other_run, p->other));
    json_object_set_new(o, "cases", json_integer(p->cases));
    json_object_set_new(o, "both_pass", json_integer(p->both_pass));
    json_object_set_new(o, "both_fail", json_integer(p->both_fail));
    for (int k = 0; k < CHANGE_KINDS; k++)
        json_object_set_new(o, compare_change_name((enum compare_change_kind)k), json_integer(p->counts[k]));
    json_object_set_new(o, "undecided", json_integer(p->unknown));
    for (size_t m = 0; m < c->measure_count; m++)
        json_object_setn_new(scores, c->measures[m].name.at, c->measures[m].name.len,
                             comparison_json_difference(&c->measures[m], &p->measures[m]));
    json_object_set_new(o, "verdict_text", sentence.len ? json_from_str(sentence) : json_null());
    json_object_set_new(o, "resampled", comparison_json_resampled(p));
    json_object_set_new(o, "scores", scores);
    return o;
}

static json_t *comparison_json_change(const struct compare_change *k)
{
    json_t *o = json_object();

    json_object_set_new(o, "change", json_string(compare_change_name(k->kind)));
    json_object_set_new(o, "pair", json_integer((json_int_t)k->pair));
    json_set_str(o, "case", k->case_id);
    json_object_set_new(o, "why", *k->why ? json_string(k->why) : json_null());
    json_object_set_new(o, "base_trial", json_integer(k->base_trial));
    json_object_set_new(o, "other_trial", json_integer(k->other_trial));
    json_object_set_new(o, "base", comparison_json_number(k->valued, k->base));
    json_object_set_new(o, "other", comparison_json_number(k->valued, k->other));
    return o;
}

enum err_code comparison_json(const struct compare *c, const struct comparison_options *options,
                              const struct report_sink *sink, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(16384);
    AUTO_JSON *o = json_object();
    AUTO_BUF struct buf b = BUF_INIT(COMPARISON_JSON_MAX);
    json_t *runs = json_array(), *pairs = json_array(), *changes = json_array();

    json_object_set_new(o, "assay_comparison", json_integer(1));
    for (size_t r = 0; r < c->run_count; r++)
        json_array_append_new(runs, comparison_json_run(c, r));
    json_object_set_new(o, "runs", runs);
    json_object_set_new(o, "by", c->run_count > 1 ? json_string(compare_by_name(c->by)) : json_null());
    json_object_set_new(o, "metric", c->decides < 0 ? json_null() : json_from_str(c->measures[c->decides].name));
    json_object_set_new(o, "passes_from", json_real(c->pass));
    json_object_set_new(o, "level", json_real(RESULT_LEVEL));
    json_object_set_new(o, "planned_for", json_pack("{s:f, s:f, s:f}", "difference", RECOMMEND_DIFFERENCE, "alpha", RECOMMEND_ALPHA,
                                                    "power", RECOMMEND_POWER));
    for (size_t i = 0; i < c->pair_count; i++)
        json_array_append_new(pairs, comparison_json_pair(c, &c->pairs[i], a));
    json_object_set_new(o, "pairs", pairs);
    for (size_t i = 0; options->cases && i < c->change_count; i++)
        json_array_append_new(changes, comparison_json_change(&c->changes[i]));
    if (options->cases)
        json_object_set_new(o, "changes", changes);
    else
        json_decref(changes);
    report_json_text(o, true, &b);
    buf_byte(&b, '\n');
    return report_put(sink, &b, e);
}
