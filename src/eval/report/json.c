/* src/eval/report/json.c: the whole result as one JSON document, for programs. Money is a decimal string of US dollars,
 * null when nobody knows it; ratios are 0..1; times RFC 3339. Members are only ever added. With transcripts its last
 * member is `trials`, streamed from the store. */
#include "eval/advise.h"
#include "eval/report/report.h"

#include <math.h>

#define JSON_REPORT_MAX ((size_t)256 << 20)

static json_t *json_report_text(struct str s)
{
    return s.len ? json_from_str(s) : json_null();
}

static json_t *json_report_money(int64_t nanousd)
{
    char text[MONEY_TEXT];

    return nanousd == MONEY_UNKNOWN ? json_null() : json_string(money_exact(nanousd, text));
}

static json_t *json_report_time(int64_t wall_ms)
{
    char text[CLOCK_TEXT];

    return wall_ms ? json_string(clock_text(wall_ms, text)) : json_null();
}

static json_t *json_report_ms(int64_t ms)
{
    return ms < 0 ? json_null() : json_integer(ms);
}

static json_t *json_report_estimate(const struct estimate *x)
{
    json_t *o = json_object();

    json_object_set_new(o, "n", json_integer(x->n));
    json_object_set_new(o, "missing", json_integer(x->missing));
    json_object_set_new(o, "mean", x->n ? json_real(x->value) : json_null());
    json_object_set_new(o, "low", x->interval.known ? json_real(x->interval.low) : json_null());
    json_object_set_new(o, "high", x->interval.known ? json_real(x->interval.high) : json_null());
    json_object_set_new(o, "method", json_string(estimate_method_name(x->method)));
    return o;
}

static json_t *json_report_against(const struct result_variant *v)
{
    const struct compare_difference *x = &v->against;
    json_t *o = json_object();

    json_object_set_new(o, "verdict", json_string(verdict_name(x->verdict)));
    if (x->verdict == VERDICT_NONE || x->verdict == VERDICT_FIRST)
        return o;
    json_object_set_new(o, "pairs", json_integer(x->cases));
    json_object_set_new(o, "difference", json_real(x->difference));
    json_object_set_new(o, "p", json_real(x->p));
    json_object_set_new(o, "p_holm", json_real(x->p_holm));
    json_object_set_new(o, "compared", json_integer(x->compared));
    json_object_set_new(o, "test", json_string(v->raced ? RACE_METHOD : compare_test_name(x->test)));
    if (v->raced) {
        json_object_set_new(o, "sure", json_true());
        json_object_set_new(o, "low", json_real(x->interval.low));
        json_object_set_new(o, "high", json_real(x->interval.high));
    }
    return o;
}

static json_t *json_report_number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

/* counts[i][k]: how often label i was expected and label k given; the last of a row: none of the labels. */
static json_t *json_report_confusion(const struct result *r, const struct result_classes *set,
                                     const struct confusion *x)
{
    size_t n = set->label_count;
    json_t *o = json_object(), *names = json_array(), *rows = json_array(), *labels = json_array();

    json_set_str(o, "metric", r->scorers[set->scorer].name);
    json_object_set_new(o, "why_not", json_report_text(set->why));
    json_object_set_new(o, "n", json_integer(x->n));
    json_object_set_new(o, "correct", json_integer(x->correct));
    json_object_set_new(o, "accuracy", json_report_estimate(&x->accuracy));
    json_object_set_new(o, "macro_f1", json_report_estimate(&x->macro_f1));
    json_object_set_new(o, "macro_precision", x->n ? json_real(x->macro_precision) : json_null());
    json_object_set_new(o, "macro_recall", x->n ? json_real(x->macro_recall) : json_null());
    json_object_set_new(o, "weighted_f1", x->n ? json_real(x->weighted_f1) : json_null());
    json_object_set_new(o, "kappa", json_report_number(x->n ? x->kappa : NAN));
    for (size_t i = 0; i < n; i++) {
        const struct class_score *l = &x->labels[i];
        json_t *row = json_array(), *label = json_object();

        for (size_t k = 0; k <= n; k++)
            json_array_append_new(row, json_integer(x->counts[i * (n + 1) + k]));
        json_array_append_new(rows, row);
        json_array_append_new(names, json_from_str(set->labels[i]));
        json_set_str(label, "label", set->labels[i]);
        json_object_set_new(label, "support", json_integer(l->support));
        json_object_set_new(label, "given", json_integer(l->given));
        json_object_set_new(label, "correct", json_integer(l->correct));
        json_object_set_new(label, "precision", json_real(l->precision));
        json_object_set_new(label, "recall", json_real(l->recall));
        json_object_set_new(label, "f1", json_real(l->f1));
        json_array_append_new(labels, label);
    }
    json_object_set_new(o, "labels", names);
    json_object_set_new(o, "counts", rows);
    json_object_set_new(o, "by_label", labels);
    return o;
}

/* Why a variant was asked no more; null when it was asked everything. */
static json_t *json_report_stopped(const struct result *r, const struct result_variant *v)
{
    const struct result_variant *than;
    json_t *o;

    if (!v->spared)
        return json_null();
    o = json_object();
    json_object_set_new(o, "reason", json_string(race_state_name(v->sure.state)));
    if (v->sure.state == RACE_WORSE && (than = report_variant(r, (int64_t)v->sure.than)))
        json_set_str(o, "than", than->name);
    json_object_set_new(o, "at", json_integer(v->sure.at));
    json_object_set_new(o, "level", json_real(r->sure.rule.level));
    json_object_set_new(o, "method", json_string(RACE_METHOD));
    json_object_set_new(o, "trials_not_needed", json_integer(v->spared));
    return o;
}

static json_t *json_report_sure(const struct result *r, struct arena *a)
{
    const struct result_sure *s = &r->sure;
    json_t *o = json_object();

    json_set_str(o, "metric", s->rule.metric);
    json_object_set_new(o, "level", json_real(s->rule.level));
    json_object_set_new(o, "margin", json_real(s->rule.margin));
    json_object_set_new(o, "threshold", s->rule.limited ? json_real(s->rule.limit) : json_null());
    json_object_set_new(o, "method", json_string(RACE_METHOD));
    json_object_set_new(o, "at", json_integer(s->at));
    json_object_set_new(o, "decided", json_boolean(s->over));
    json_object_set_new(o, "variants_stopped", json_integer((json_int_t)s->stopped));
    json_object_set_new(o, "trials_not_needed", json_integer(s->spared));
    json_object_set_new(o, "text", json_report_text(result_sure_text(r, a)));
    return o;
}

static json_t *json_report_variant(const struct result *r, const struct result_variant *v)
{
    json_t *o = json_object(), *scores = json_object(), *latency = json_object(), *errors = json_object();
    json_t *confusions = json_array();

    json_object_set_new(o, "rank", v->rank ? json_integer(v->rank) : json_null());
    json_set_str(o, "variant", v->name);
    json_set_str(o, "model", v->model);
    json_object_set_new(o, "tier", v->rank ? json_string(tier_name(v->tier)) : json_null());
    json_object_set_new(o, "quality", json_report_estimate(&v->quality));
    json_object_set_new(o, "against_first", json_report_against(v));
    if (r->sure.on)
        json_object_set_new(o, "stopped", json_report_stopped(r, v));
    json_object_set_new(o, "done", json_integer(v->sum->done));
    json_object_set_new(o, "failed", json_integer(v->sum->failed));
    json_object_set_new(o, "abandoned", json_boolean(v->abandoned));
    json_object_set_new(o, "attempts", json_integer(v->sum->attempts));
    json_object_set_new(o, "retried", json_integer(v->sum->retried));
    json_object_set_new(o, "violations", json_integer(v->sum->violations));
    json_object_set_new(o, "critical", json_integer(v->sum->critical));
    for (int i = 0; i < ERR_CODES; i++)
        if (v->sum->errors[i])
            json_object_set_new(errors, err_name((enum err_code)i), json_integer(v->sum->errors[i]));
    json_object_set_new(o, "errors", errors);
    json_object_set_new(latency, "p50_ms", json_report_ms(v->p50_ms));
    json_object_set_new(latency, "p90_ms", json_report_ms(v->p90_ms));
    json_object_set_new(latency, "p95_ms", json_report_ms(v->p95_ms));
    json_object_set_new(latency, "p99_ms", json_report_ms(v->p99_ms));
    json_object_set_new(latency, "first_token_p50_ms", json_report_ms(v->first_token_p50_ms));
    json_object_set_new(o, "latency", latency);
    json_object_set_new(o, "usage", usage_to_json(&v->sum->usage));
    json_object_set_new(o, "cost_usd", json_report_money(v->sum->cost_nanousd));
    json_object_set_new(o, "failed_cost_usd", json_report_money(v->sum->failed_cost_nanousd));
    json_object_set_new(o, "trials_of_unknown_cost", json_integer(v->sum->costs_unknown));
    json_object_set_new(o, "usd_per_1000", v->cost_known ? json_real(v->cost_usd * 1000) : json_null());
    json_object_set_new(o, "value_rating",
                        v->cost_known && v->cost_usd > 0 && v->rank ? json_real(v->quality.value * 100 / v->cost_usd)
                                                                    : json_null());
    for (size_t i = 0; i < r->scorer_count; i++) {
        json_t *x = json_report_estimate(&v->scores[i]);
        const struct aggregate_scorer *sum = &v->sum->scorers[i];

        if (r->scorers[i].kind == SCORER_CHECK) {       /* by trial, where n may count cases */
            json_object_set_new(x, "trials", json_integer(sum->n));
            json_object_set_new(x, "failed", json_integer(sum->n - sum->ones));
        }
        json_object_setn_new(scores, r->scorers[i].name.at, r->scorers[i].name.len, x);
    }
    json_object_set_new(o, "scores", scores);
    for (size_t i = 0; i < r->class_count; i++)
        json_array_append_new(confusions, json_report_confusion(r, &r->classes[i], &v->confusions[i]));
    if (r->class_count)
        json_object_set_new(o, "confusion", confusions);
    else
        json_decref(confusions);
    return o;
}

static json_t *json_report_axes(const struct axes *axes)
{
    json_t *list = json_array();

    for (size_t i = 0; i < axes->count; i++) {
        json_t *o = json_object(), *levels = json_array();

        json_set_str(o, "name", axes->list[i].name);
        for (size_t k = 0; k < axes->list[i].level_count; k++) {
            json_t *level = json_object();

            json_object_set_new(level, "score", json_integer(axes->list[i].levels[k].score));
            json_set_str(level, "label", axes->list[i].levels[k].label);
            json_array_append_new(levels, level);
        }
        json_object_set_new(o, "levels", levels);
        json_array_append_new(list, o);
    }
    return list;
}

/* {name: [{score, n, mean}, ...]}: the quality of one variant, level by level. */
static json_t *json_report_by_dimension(const struct by_dimension *by, size_t place)
{
    json_t *o = json_object();

    for (size_t i = 0; i < by->axes.count; i++) {
        const struct axis *x = &by->axes.list[i];
        json_t *list = json_array();

        for (size_t k = 0; k < x->level_count; k++) {
            const struct by_cell *c = &by->cells[place][i][k];
            json_t *level = json_object();

            json_object_set_new(level, "score", json_integer(x->levels[k].score));
            json_object_set_new(level, "n", json_integer(c->n));
            json_object_set_new(level, "mean", c->n ? json_real(c->mean) : json_null());
            json_array_append_new(list, level);
        }
        json_object_setn_new(o, x->name.at, x->name.len, list);
    }
    return o;
}

static json_t *json_report_recommendation(const struct result *r, struct arena *a)
{
    struct advise uses;
    const struct recommendation *m = &r->recommendation;
    json_t *o = json_object(), *advice = json_array();

    json_object_set_new(o, "best_overall", m->best < 0 ? json_null() : json_from_str(r->variants[m->best].name));
    json_object_set_new(o, "best_value", m->value < 0 ? json_null() : json_from_str(r->variants[m->value].name));
    json_object_set_new(o, "budget_option", m->budget < 0 ? json_null() : json_from_str(r->variants[m->budget].name));
    json_object_set_new(o, "best_overall_text", json_report_text(m->best_text));
    json_object_set_new(o, "best_value_text", json_report_text(m->value_text));
    json_object_set_new(o, "budget_option_text", json_report_text(m->budget_text));
    json_object_set_new(o, "cannot_be_told_apart", json_integer((json_int_t)m->top_count));
    json_object_set_new(o, "cases_for_3_points", m->cases_needed ? json_integer(m->cases_needed) : json_null());
    json_object_set_new(o, "tell_text", json_report_text(m->tell_text));
    for (size_t i = 0; i < m->advice_count; i++)
        json_array_append_new(advice, json_from_str(m->advice[i]));
    json_object_set_new(o, "advice", advice);
    json_object_set_new(o, "tiers",
                        json_pack("{s:f, s:f, s:f}", "excellent", r->rules.from[TIER_EXCELLENT], "good",
                                  r->rules.from[TIER_GOOD], "acceptable", r->rules.from[TIER_ACCEPTABLE]));
    json_object_set_new(o, "max_usd_per_1000",
                        r->rules.max_nanousd ? json_report_money(r->rules.max_nanousd) : json_null());
    advise_make(r, a, &uses);
    json_object_update_new(o, advise_json(r, &uses));
    return o;
}

static json_t *json_report_run(const struct result *r)
{
    const struct run *run = r->run;
    json_t *o = json_object();

    json_set_str(o, "id", run->id);
    json_set_str(o, "task", run->task_name);
    json_set_str(o, "task_path", run->task_path);
    json_object_set_new(o, "state", json_string(run_state_name(run->state)));
    json_object_set_new(o, "stopped_by",
                        run->stopped_by == STOP_NONE ? json_null() : json_string(stop_reason_name(run->stopped_by)));
    json_object_set_new(o, "created_at", json_report_time(run->created_ms));
    json_object_set_new(o, "started_at", json_report_time(run->started_ms));
    json_object_set_new(o, "finished_at", json_report_time(run->finished_ms));
    json_object_set_new(o, "dataset_hash", json_report_text(run->dataset_hash));
    json_object_set_new(o, "cases", json_integer(run->cases));
    json_object_set_new(o, "variants", json_integer(run->variants));
    json_object_set_new(o, "repeat", json_integer(run->repeat));
    json_object_set_new(o, "trials", json_integer(run_trials(run)));
    json_object_set_new(o, "done", json_integer(r->done));
    json_object_set_new(o, "failed", json_integer(r->failed));
    json_object_set_new(o, "retried", json_integer(r->retried));
    json_object_set_new(o, "estimate_usd", json_report_money(run->estimate_nanousd));
    json_object_set_new(o, "budget_usd", run->budget_nanousd ? json_report_money(run->budget_nanousd) : json_null());
    json_object_set_new(o, "spent_usd", json_report_money(r->spent_nanousd));
    json_object_set_new(o, "calls_of_unknown_cost", json_integer(r->spent_unknown_calls));
    return o;
}

static json_t *json_report_thresholds(const struct result *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->threshold_count; i++) {
        const struct result_threshold *t = &r->thresholds[i];
        json_t *o = json_object();

        json_set_str(o, "metric", t->metric);
        json_set_str(o, "variant", r->variants[t->variant].name);
        json_object_set_new(o, t->ceiling ? "max" : "min", json_real(t->limit));
        json_object_set_new(o, "value", t->measured ? json_real(t->value) : json_null());
        json_object_set_new(o, "met", json_boolean(t->met));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *json_report_ledger(const struct result *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->ledger_count; i++) {
        const struct store_ledger_row *row = &r->ledger[i];
        const struct result_variant *v = report_variant(r, row->variant);
        json_t *o = json_object();

        json_object_set_new(o, "variant", v ? json_from_str(v->name) : json_null());
        json_object_set_new(o, "model", v ? json_from_str(v->model) : json_null());
        json_object_set_new(o, "phase", json_string(phase_name(row->entry.phase)));
        json_object_set_new(o, "calls", json_integer(row->entry.calls));
        json_object_set_new(o, "usage", usage_to_json(&row->entry.usage));
        json_object_set_new(o, "cost_usd", json_report_money(row->entry.cost_nanousd));
        json_object_set_new(o, "calls_of_unknown_cost", json_integer(row->entry.unknown_calls));
        json_array_append_new(list, o);
    }
    return list;
}

struct json_trials { const struct result *r; const struct report_sink *sink; struct buf *b; bool any; };

static enum err_code json_report_each(const struct store_trial *t, void *arg, struct err *e)
{
    struct json_trials *w = arg;
    AUTO_JSON *o = NULL;

    TRY(report_trial(w->r, t, &o, e));
    buf_puts(w->b, w->any ? ",\n    " : "\n    ");
    w->any = true;
    report_json_text(o, false, w->b);
    return report_put(w->sink, w->b, e);
}

/* `b` holds the document; its last brace waits until every trial is written. */
static enum err_code json_report_trials(const struct result *r, struct store *s, const struct report_sink *sink,
                                        struct buf *b, struct err *e)
{
    struct json_trials w = { .r = r, .sink = sink, .b = b };

    buf_truncate(b, str_trim_end(str_n(b->bytes, b->len - 1)).len);
    buf_puts(b, ",\n  \"trials\": [");
    TRY(store_trials_each(s, r->run->no, &(struct store_trials_filter){ .variant = -1, .with_transcript = true }, json_report_each, &w, e));
    buf_puts(b, w.any ? "\n  ]\n}\n" : "]\n}\n");
    return report_put(sink, b, e);
}

static json_t *json_report_names(const struct judge_pass *p)
{
    json_t *list = json_array();

    for (size_t i = 0; i < p->name_count; i++)
        json_array_append_new(list, json_from_str(p->names[i]));
    return list;
}

static json_t *json_report_judge(const struct result *r)
{
    const struct result_judge *j = &r->judge;
    json_t *o = json_object(), *weights = json_object(), *kinds = json_object();

    json_object_set_new(o, "pass", json_integer(j->pass));
    json_set_str(o, "model", j->model);
    json_set_str(o, "rubric", j->rubric);
    for (enum judge_part k = 0; k < JUDGE_PARTS; k++)
        json_object_set_new(weights, judge_part_name(k), json_real(j->weights[k]));
    if (r->passes[r->shown].name_count) {               /* criteria have weights of their own */
        json_object_set_new(o, "criteria", json_report_names(&r->passes[r->shown]));
        json_decref(weights);
    } else
        json_object_set_new(o, "weights", weights);
    json_object_set_new(o, "judged", json_integer(j->judged));
    json_object_set_new(o, "not_evaluated", json_integer(j->not_evaluated));
    json_object_set_new(o, "flagged", json_integer(j->flagged));
    json_object_set_new(o, "capped", json_integer(j->capped));
    json_object_set_new(o, "violations", json_integer(j->violations));
    for (enum violation_kind k = 0; k < VIOLATION_KINDS; k++)
        json_object_set_new(kinds, violation_kind_name(k), json_integer(j->kinds[k]));
    json_object_set_new(o, "violations_by_kind", kinds);
    json_object_set_new(o, "variants_with_violations", json_integer(j->violating));
    json_object_set_new(o, "measured", judge_quality_json(j->quality));
    return o;
}

/* Every pass that a judge made of the run, oldest first. */
static json_t *json_report_passes(const struct result *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->pass_count; i++) {
        const struct judge_pass *p = &r->passes[i];
        char when[CLOCK_TEXT];
        json_t *o;

        if (p->kind == JUDGE_PASS_CRITERION)            /* part of another, which holds its grades once they are whole */
            continue;
        o = json_object();
        json_object_set_new(o, "pass", json_integer(p->no));
        json_object_set_new(o, "by", json_string(judge_pass_name(p->kind)));
        json_set_str(o, "model", p->model);
        json_set_str(o, "rubric", p->rubric);
        if (p->kind == JUDGE_PASS_AGAIN)
            json_object_set_new(o, "of", json_integer(p->of));
        json_object_set_new(o, "begun_at", json_string(clock_text(p->created_ms, when)));
        json_object_set_new(o, "trials", json_integer(p->trials));
        json_object_set_new(o, "shown", json_boolean((ptrdiff_t)i == r->shown));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *json_report_preferences(const struct result *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->pair_count; i++) {
        const struct judge_pairs *p = &r->pairs[i];

        json_array_append_new(list, judge_pairs_json(p, report_variant(r, p->variants[0])->name,
                                                     report_variant(r, p->variants[1])->name));
    }
    return list;
}

static json_t *json_report_labelled(const struct result *r, struct arena *a)
{
    const struct str *names = report_names(r, a);
    json_t *list = json_array();

    for (size_t i = 0; i < r->labelled_count; i++)
        json_array_append_new(list, judge_labelled_json(&r->labelled[i], names));
    return list;
}

static enum err_code json_report_write(const struct result *r, struct store *s, const struct report_options *options,
                                       const struct report_sink *sink, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *o = json_object();
    AUTO_BUF struct buf b = BUF_INIT(JSON_REPORT_MAX);
    json_t *variants = json_array();
    struct by_dimension *by;
    struct axes axes;

    axes_of(r, a, &axes);
    TRY(by_dimension_load(r, s, options->cases, a, &by, e));
    json_object_set_new(o, "assay_report", json_integer(1));
    json_object_set_new(o, "run", json_report_run(r));
    json_object_set_new(o, "quality", r->quality < 0 ? json_null() : json_string(result_quality_name(r)));
    json_object_set_new(o, "level", json_real(RESULT_LEVEL));
    json_object_set_new(o, "scorers", scorers_to_json(r->scorers, r->scorer_count));
    for (size_t i = 0; i < r->variant_count; i++)
        json_array_append_new(variants, json_report_variant(r, &r->variants[i]));
    for (size_t i = 0; by && i < r->variant_count; i++)
        json_object_set_new(json_array_get(variants, i), "by_dimension", json_report_by_dimension(by, i));
    if (axes.count)
        json_object_set_new(o, "dimensions", json_report_axes(&axes));
    json_object_set_new(o, "variants", variants);
    json_object_set_new(o, "recommendation", json_report_recommendation(r, a));
    if (r->sure.on)
        json_object_set_new(o, "sure", json_report_sure(r, a));
    json_object_set_new(o, "thresholds", json_report_thresholds(r));
    json_object_set_new(o, "thresholds_met", json_boolean(r->thresholds_met));
    if (r->thresholds_waiting)
        json_object_set_new(o, "thresholds_waiting_for_a_judge", json_integer(r->thresholds_waiting));
    json_object_set_new(o, "ledger", json_report_ledger(r));
    if (r->shown >= 0)
        json_object_set_new(o, "judge", json_report_judge(r));
    if (r->pair_count)
        json_object_set_new(o, "preferences", json_report_preferences(r));
    if (r->labelled_count)
        json_object_set_new(o, "judge_labels", json_report_labelled(r, a));
    if (r->pass_count)
        json_object_set_new(o, "scoring_passes", json_report_passes(r));
    report_json_text(o, true, &b);
    if (options->transcripts)
        return json_report_trials(r, s, sink, &b, e);
    buf_byte(&b, '\n');
    return report_put(sink, &b, e);
}

const struct report_format report_json = {
    .name = "json", .extension = "json", .doc = "The whole result as one JSON document.", .write = json_report_write,
};
