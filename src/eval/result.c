#include "eval/result.h"

#include <inttypes.h>
#include <math.h>

#include "eval/corpus.h"
#include "eval/sure.h"

#define RESULT_VARIANTS_MAX 4096
#define RESULT_SURE_SHOWN   6           /* variants named in a sentence */

static const char *const estimate_method_names[ESTIMATE_METHODS] = { "none", "wilson", "t", "t by case", "bootstrap", "order statistics" };

const char *estimate_method_name(enum estimate_method m)
{
    return estimate_method_names[m];
}

/* --- estimates ---------------------------------------------------------------------------------------------------- */

static void result_cut(const struct scorer_info *info, struct interval *i)
{
    if (!i->known || info->unit != METRIC_RATIO)
        return;
    i->low = fmax(0, i->low);
    i->high = fmin(1, i->high);
}

static struct estimate result_estimate(const struct scorer_info *info, const struct aggregate_scorer *s)
{
    struct estimate x = { .n = s->n, .missing = s->missing, .value = aggregate_mean(s) };

    if (info->unit == METRIC_RATIO && aggregate_binary(s)) {
        x.interval = stats_wilson(s->ones, s->n, RESULT_LEVEL);
        x.method = ESTIMATE_WILSON;
    } else if (s->n >= 2) {
        x.interval = stats_t_interval(x.value, aggregate_variance(s), s->n, RESULT_LEVEL);
        x.method = ESTIMATE_T;
    }
    result_cut(info, &x.interval);
    return x;
}

/* --- one pass over the stored scores ------------------------------------------------------------------------------ */

/* What a case's repetitions of one variant gave. */
struct pass_cell { struct sum sum, squares; int64_t n; };
struct pass_case { const struct metric *metric; void *state; };     /* of a scorer with an over_case; else metric is NULL */
struct pass {
    struct result *r;
    const size_t *places;               /* of a variant's number in r->variants */
    struct score *scores;
    struct pass_cell *cells;            /* [place][scorer] of the case at hand */
    int64_t case_index;
    struct aggregate_scorer *by_case;   /* [place][scorer]: means of cases; NULL in the pass for pairs */
    const struct pass_case *over_case;  /* [scorer] */
    struct aggregate_scorer *spread;    /* [place]: standard deviations over repetitions */
    struct compare_sums *pairs;           /* [place] */
    size_t first;                       /* place that the others are compared with */
    size_t source;                      /* scorer whose spread is the consistency */
};

static double pass_mean(const struct pass_cell *c)
{
    return sum_value(&c->sum) / (double)c->n;
}

static void pass_end_case_means(struct pass *p, size_t place)
{
    const struct pass_cell *row = p->cells + place * p->r->scorer_count, *c = row + p->source;

    for (size_t i = 0; i < p->r->scorer_count; i++) {
        double v = row[i].n ? pass_mean(&row[i]) : NAN;

        if (p->over_case[i].metric)
            v = p->over_case[i].metric->over_case(p->over_case[i].state, (double)row[i].n, sum_value(&row[i].sum));
        if (isfinite(v))
            aggregate_value(&p->by_case[place * p->r->scorer_count + i], v);
    }
    if (c->n >= 2) {
        double mean = pass_mean(c), variance = sum_value(&c->squares) / (double)c->n - mean * mean;

        aggregate_value(&p->spread[place], variance > 0 ? sqrt(variance) : 0);
    }
}

static void pass_end_case_pairs(struct pass *p)
{
    size_t q = (size_t)p->r->quality, n = p->r->scorer_count;
    const struct pass_cell *first = &p->cells[p->first * n + q];

    for (size_t place = 0; first->n && place < p->r->variant_count; place++) {
        const struct pass_cell *mine = &p->cells[place * n + q];

        if (place != p->first && mine->n)
            compare_sums_add(&p->pairs[place], pass_mean(first), pass_mean(mine));
    }
}

static void pass_end_case(struct pass *p)
{
    if (p->pairs)
        pass_end_case_pairs(p);
    for (size_t place = 0; p->by_case && place < p->r->variant_count; place++)
        pass_end_case_means(p, place);
    memset(p->cells, 0, p->r->variant_count * p->r->scorer_count * sizeof *p->cells);
}

static enum err_code pass_trial(const struct store_trial *t, void *arg, struct err *e)
{
    struct pass *p = arg;
    struct trial_place at = run_trial_place(p->r->run, t->trial.number);
    struct pass_cell *row;

    if (t->trial.state != TRIAL_DONE)
        return ERR_OK;
    if (at.variant < 0 || (size_t)at.variant >= p->r->variant_count)
        return err_set(e, ERR_STORE, "trial %lld belongs to no variant of its run", (long long)t->trial.number);
    if (at.case_index != p->case_index) {
        pass_end_case(p);
        p->case_index = at.case_index;
    }
    TRY(scores_read(t->scores, NULL, p->scores, p->r->scorer_count, e));
    row = p->cells + p->places[at.variant] * p->r->scorer_count;
    for (size_t i = 0; i < p->r->scorer_count; i++)
        if (p->scores[i].state == SCORE_VALUE) {
            sum_add(&row[i].sum, p->scores[i].value);
            sum_add_square(&row[i].squares, p->scores[i].value);
            row[i].n++;
        }
    return ERR_OK;
}

static enum err_code pass_run(struct pass *p, struct store *s, struct arena *a, struct err *e)
{
    size_t *places = arena_array(a, size_t, p->r->variant_count + 1);

    for (size_t i = 0; i < p->r->variant_count; i++)
        places[p->r->variants[i].no] = i;
    p->places = places;
    p->scores = arena_array(a, struct score, p->r->scorer_count + 1);
    p->cells = arena_array(a, struct pass_cell, p->r->variant_count * p->r->scorer_count + 1);
    p->case_index = -1;
    TRY(store_trials_each(s, p->r->run->no, &(struct store_trials_filter){ .variant = -1 }, pass_trial, p, e));
    pass_end_case(p);
    return ERR_OK;
}

/* --- repetitions -------------------------------------------------------------------------------------------------- */

static void result_set_by_case(struct estimate *x, const struct scorer_info *info, const struct aggregate_scorer *s)
{
    *x = (struct estimate){ .n = s->n, .missing = x->missing, .value = aggregate_mean(s) };
    if (s->n < 2)
        return;
    x->interval = stats_t_interval(x->value, aggregate_variance(s), s->n, RESULT_LEVEL);
    x->method = ESTIMATE_T_BY_CASE;
    result_cut(info, &x->interval);
}

static enum err_code result_over_case(const struct result *r, struct arena *a, const struct pass_case **out,
                                      struct err *e)
{
    struct pass_case *list = arena_array(a, struct pass_case, r->scorer_count + 1);

    for (size_t i = 0; i < r->scorer_count; i++) {
        const struct scorer_info *info = &r->scorers[i];
        struct metric_spec spec = { .name = info->name, .kind = info->base, .options = info->options };
        const struct metric *m = info->kind == SCORER_METRIC ? metric_find(info->base) : NULL;

        if (m && m->over_case)
            TRY(metric_prepare(&spec, a, &list[i].metric, &list[i].state, e));
    }
    *out = list;
    return ERR_OK;
}

static enum err_code result_repeats(struct result *r, struct store *s, struct arena *a, struct err *e)
{
    struct pass p = { .r = r, .source = r->quality >= 0 ? (size_t)r->quality : 0 };

    if (r->run->repeat < 2 || !r->scorer_count)
        return ERR_OK;
    p.by_case = arena_array(a, struct aggregate_scorer, r->variant_count * r->scorer_count + 1);
    p.spread = arena_array(a, struct aggregate_scorer, r->variant_count + 1);
    TRY(result_over_case(r, a, &p.over_case, e));
    TRY(pass_run(&p, s, a, e));
    for (size_t v = 0; v < r->variant_count; v++)
        for (size_t i = 0; i < r->scorer_count; i++) {
            struct estimate *x = &r->variants[v].scores[i];

            if (!r->scorers[i].over_repeats) {
                result_set_by_case(x, &r->scorers[i], &p.by_case[v * r->scorer_count + i]);
            } else if (r->quality >= 0) {
                x->missing = 0;
                result_set_by_case(x, &r->scorers[i], &p.spread[v]);
            }
        }
    return ERR_OK;
}

/* --- ranking and pairs -------------------------------------------------------------------------------------------- */

static int result_variant_cmp(const void *x, const void *y)
{
    const struct result_variant *a = x, *b = y;

    if ((a->quality.n > 0) != (b->quality.n > 0))
        return a->quality.n > 0 ? -1 : 1;
    if ((a->sure.state == RACE_WORSE) != (b->sure.state == RACE_WORSE))
        return b->sure.state == RACE_WORSE ? -1 : 1;
    if (a->sure.state == RACE_WORSE && a->sure.at != b->sure.at)
        return a->sure.at > b->sure.at ? -1 : 1;
    if (a->quality.n && a->quality.value != b->quality.value)
        return a->quality.value > b->quality.value ? -1 : 1;
    if (a->sum->critical != b->sum->critical)
        return a->sum->critical < b->sum->critical ? -1 : 1;
    if (a->cost_known != b->cost_known)
        return a->cost_known ? -1 : 1;
    if (a->cost_known && a->cost_usd != b->cost_usd)
        return a->cost_usd < b->cost_usd ? -1 : 1;
    return a->no < b->no ? -1 : a->no > b->no;
}

static void result_rank(struct result *r)
{
    for (size_t i = 0; i < r->variant_count; i++) {
        struct result_variant *v = &r->variants[i];

        if (r->quality >= 0)
            v->quality = v->scores[r->quality];
        v->tier = v->quality.n ? tier_of(&r->rules, v->quality.value) : TIER_NONE;
    }
    if (r->variant_count)
        qsort(r->variants, r->variant_count, sizeof *r->variants, result_variant_cmp);
    for (size_t i = 0; i < r->variant_count; i++)
        r->variants[i].rank = r->variants[i].quality.n ? (int64_t)i + 1 : 0;
}

/* Every ranked variant against the one at `first`; with `within`, only those within the limit. */
static enum err_code result_pairs_of(struct result *r, struct store *s, size_t first, bool within, struct arena *a,
                                     struct err *e)
{
    const struct scorer_info *quality = &r->scorers[r->quality];
    struct compare_difference **list = arena_array(a, struct compare_difference *, r->variant_count + 1);
    struct pass p = { .r = r, .first = first };
    size_t n = 0;

    p.pairs = arena_array(a, struct compare_sums, r->variant_count + 1);
    for (size_t i = 0; i < r->variant_count; i++) {
        struct result_variant *v = &r->variants[i];
        struct compare_difference *d = within ? &v->within : &v->against;

        *d = (struct compare_difference){ .verdict = i == first ? VERDICT_FIRST : VERDICT_NONE, .p = 1, .p_holm = 1 };
        n += i != first && v->rank && !(within && v->over_limit);
    }
    if (!n)
        return ERR_OK;
    TRY(pass_run(&p, s, a, e));
    n = 0;
    for (size_t i = 0; i < r->variant_count; i++) {
        struct result_variant *v = &r->variants[i];

        if (i == first || !v->rank || (within && v->over_limit))
            continue;
        list[n] = within ? &v->within : &v->against;
        compare_decide(list[n++], &p.pairs[i], quality->unit, r->run->repeat == 1);
    }
    compare_judge(list, n, quality->unit, quality->higher_is_better);
    return ERR_OK;
}

static enum err_code result_pairs(struct result *r, struct store *s, struct arena *a, struct err *e)
{
    return r->variant_count && r->variants[0].rank ? result_pairs_of(r, s, 0, false, a, e) : ERR_OK;
}

static bool result_over(const struct result *r, const struct result_variant *v)
{
    return r->rules.max_nanousd &&
           (!v->cost_known || v->cost_usd * 1000 > money_to_double(r->rules.max_nanousd) * (1 + 1e-12));
}

enum err_code result_limit(struct result *r, struct store *s, int64_t nanousd, struct arena *a, struct err *e)
{
    r->rules.max_nanousd = nanousd;
    r->base = 0;
    for (size_t i = 0; i < r->variant_count; i++)
        r->variants[i].over_limit = result_over(r, &r->variants[i]);
    while (r->base < r->variant_count && r->variants[r->base].rank && r->variants[r->base].over_limit)
        r->base++;
    if (r->base >= r->variant_count || !r->variants[r->base].rank)
        r->base = 0;
    if (r->base)
        TRY(result_pairs_of(r, s, r->base, true, a, e));
    recommend_make(r, a, &r->recommendation);
    return ERR_OK;
}

/* --- what was sure early ------------------------------------------------------------------------------------------ */

/* The race as the stored scores have it; NULL without one. `variants` are still in order of their numbers. */
static enum err_code result_race(struct result *r, struct store *s, struct arena *a, struct race **out, struct err *e)
{
    int64_t each = r->run->cases * r->run->repeat;
    size_t scorer;

    r->sure.rule = sure_from_json(json_child(json_child(r->settings, "task"), "sure"), a);
    r->sure.on = r->sure.rule.on;
    if (!r->sure.on)
        return ERR_OK;
    TRY(sure_race(s, r->run, &r->sure.rule, r->scorers, r->judge_at, out, &scorer, e));
    if (r->run->variants > 1)
        r->quality = (ptrdiff_t)scorer;                 /* verdicts are of the metric that decided who was asked */
    r->sure.over = race_over(*out);
    r->sure.at = race_reach(*out);
    for (size_t i = 0; i < r->variant_count; i++) {
        struct result_variant *v = &r->variants[i];

        v->sure = *race_place(*out, i);
        if (race_stopped(*out, i))
            v->spared = MAX(each - v->sum->done - v->sum->failed, INT64_C(0));
        r->sure.stopped += v->spared > 0;
        r->sure.spared += v->spared;
    }
    for (size_t i = 0; !r->sure.spared && i < r->variant_count; i++)        /* all was asked: a full run's result */
        r->variants[i].sure = (struct race_place){ .state = RACE_ON };
    return ERR_OK;
}

static void result_raced(struct result *r, const struct race *race)
{
    const struct result_variant *first = &r->variants[0];

    for (size_t i = 1; r->sure.spared && i < r->variant_count; i++) {
        struct result_variant *v = &r->variants[i];
        bool worse = v->sure.state == RACE_WORSE;
        struct race_pair pair;

        if (!v->rank || (!worse && (v->sure.state != RACE_DECIDED || first->sure.state != RACE_DECIDED)))
            continue;
        pair = race_pair(race, (size_t)first->no, (size_t)v->no);
        v->against.verdict = worse ? VERDICT_WORSE : VERDICT_SAME;
        v->against.cases = pair.valued;
        v->against.p = pair.p;
        v->against.p_holm = MIN(1.0, pair.p * (double)(r->variant_count * (r->variant_count - 1) / 2));  /* race.h: Bonferroni */
        v->against.difference = pair.difference;
        v->against.interval = pair.interval;
        v->against.test = COMPARE_RACE;
    }
}

/* "b (after 171 of 400 cases), c (139)" */
static size_t result_sure_worse(const struct result *r, struct buf *out)
{
    size_t worse = 0;

    for (size_t i = 0; i < r->variant_count; i++) {
        const struct result_variant *v = &r->variants[i];

        if (v->sure.state != RACE_WORSE || !v->spared || worse++ >= RESULT_SURE_SHOWN)
            continue;
        if (worse == 1)
            buf_printf(out, STR_FMT " (after %" PRId64 " of %" PRId64 " cases)", STR_ARG(v->name), v->sure.at,
                       r->run->cases);
        else
            buf_printf(out, ", " STR_FMT " (%" PRId64 ")", STR_ARG(v->name), v->sure.at);
    }
    if (worse > RESULT_SURE_SHOWN)
        buf_printf(out, " and %zu more", worse - RESULT_SURE_SHOWN);
    return worse;
}

struct str result_sure_text(const struct result *r, struct arena *a)
{
    AUTO_BUF struct buf names = BUF_INIT(1u << 20);
    size_t worse = result_sure_worse(r, &names), left = r->variant_count - worse;
    struct str text;

    if (!r->sure.spared)
        return STR_NONE;
    text = arena_printf(a, "Sure to %.4g %%: ", r->sure.rule.level * 100);
    if (worse)
        text = arena_printf(a, STR_FMT STR_FMT " %s worse%s", STR_ARG(text), STR_ARG(buf_str(&names)),
                            worse == 1 ? "is" : "are", r->sure.over ? "; " : "");
    if (r->sure.over && r->variant_count == 1)
        text = arena_printf(a,
                            STR_FMT "which side of the threshold " STR_FMT " lies on, after %" PRId64 " of %" PRId64
                                    " cases",
                            STR_ARG(text), STR_ARG(r->sure.rule.metric), r->sure.at, r->run->cases);
    else if (r->sure.over && left == 1)
        text = arena_printf(a, STR_FMT "so the best is known", STR_ARG(text));
    else if (r->sure.over)
        text = arena_printf(a, STR_FMT "after %" PRId64 " of %" PRId64 " cases, the rest would not separate %s",
                            STR_ARG(text), r->sure.at, r->run->cases, worse ? "those that were left" : "the variants");
    return arena_printf(a, STR_FMT ". %" PRId64 " of %" PRId64 " trials were not needed.", STR_ARG(text),
                        r->sure.spared, run_trials(r->run));
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static void result_sum_release(void *g)
{
    aggregate_free(g);
}

static enum err_code result_variant_read(struct result *r, const struct store_variant *row, struct result_variant *v,
                                         struct arena *a, struct err *e)
{
    AUTO_JSON *text = NULL;

    *v = (struct result_variant){ .no = row->no, .name = row->name, .model = row->model, .abandoned = row->abandoned };
    if (row->aggregate.len)
        TRY(json_read(row->aggregate, &text, e));
    TRY(aggregate_from_json(text, r->judge_at, &v->sum, e));
    arena_defer(a, result_sum_release, v->sum);
    aggregate_widen(v->sum, r->scorer_count);
    v->scores = arena_array(a, struct estimate, r->scorer_count + 1);
    for (size_t i = 0; i < r->scorer_count; i++)
        v->scores[i] = result_estimate(&r->scorers[i], &v->sum->scorers[i]);
    v->cost_known = v->sum->done && !v->sum->costs_unknown;
    v->cost_usd = v->cost_known ? money_to_double(v->sum->cost_nanousd) / (double)v->sum->done : 0;
    v->p50_ms = histogram_quantile(&v->sum->latency, 0.5);
    v->p90_ms = histogram_quantile(&v->sum->latency, 0.9);
    v->p95_ms = histogram_quantile(&v->sum->latency, 0.95);
    v->p99_ms = histogram_quantile(&v->sum->latency, 0.99);
    v->first_token_p50_ms = histogram_quantile(&v->sum->first_token, 0.5);
    r->done += v->sum->done;
    r->failed += v->sum->failed;
    r->retried += v->sum->retried;
    r->violations += v->sum->violations;
    r->critical += v->sum->critical;
    return ERR_OK;
}

/* A ranking metric nobody has a value of (accuracy without expected answers) gives way to the next that has one. */
static void result_choose_quality(struct result *r, struct arena *a)
{
    struct scorer_info *some = arena_array(a, struct scorer_info, r->scorer_count + 1);

    memcpy(some, r->scorers, r->scorer_count * sizeof *some);
    for (size_t i = 0; i < r->scorer_count; i++) {
        int64_t n = 0;

        for (size_t v = 0; v < r->variant_count; v++)
            n += r->variants[v].scores[i].n;
        if (!n)
            some[i].base = STR_NONE, some[i].ranks = false;
    }
    r->quality = scoring_quality(some, r->scorer_count);
    if (r->quality < 0)
        r->quality = scoring_quality(r->scorers, r->scorer_count);
}

static enum err_code result_variants(struct result *r, struct store *s, struct arena *a, struct err *e)
{
    struct store_variant *rows;

    TRY(store_variants(s, r->run->no, a, &rows, &r->variant_count, e));
    if (r->variant_count > RESULT_VARIANTS_MAX)
        return err_set(e, ERR_TOO_LARGE, "the run has %zu variants; a report shows at most %d", r->variant_count,
                       RESULT_VARIANTS_MAX);
    if ((int64_t)r->variant_count != r->run->variants)
        return err_set(e, ERR_STORE, "the run says it has %lld variants, %zu are stored", (long long)r->run->variants,
                       r->variant_count);
    r->variants = arena_array(a, struct result_variant, r->variant_count + 1);
    for (size_t i = 0; i < r->variant_count; i++) {
        if (rows[i].no < 0 || (size_t)rows[i].no >= r->variant_count)
            return err_set(e, ERR_STORE, "the run's variants are not numbered from 0");
        TRY(result_variant_read(r, &rows[i], &r->variants[i], a, e));
    }
    return ERR_OK;
}

/* --- the judge ---------------------------------------------------------------------------------------------------- */

struct result_judging { struct result *r; struct score *scores; bool *violating; };     /* violating: by place */

static void result_judge_detail(struct result_judging *p, const json_t *detail, size_t place)
{
    struct result_judge *j = &p->r->judge;
    const json_t *list = json_child(detail, "violations");

    j->flagged += json_child(detail, "flagged") != NULL;
    j->capped += json_get_bool(detail, "capped", false);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str kind = json_get_str(json_array_get(list, i), "kind");
        enum violation_kind k = 0;

        while (k < VIOLATION_OTHER && !str_is(kind, violation_kind_name(k)))
            k++;
        j->kinds[k]++;
        j->violations++;
        p->violating[place] = true;
    }
}

static enum err_code result_judge_trial(const struct store_trial *t, void *arg, struct err *e)
{
    struct result_judging *p = arg;
    AUTO_JSON *detail = NULL;
    size_t place = (size_t)t->trial.variant;
    struct aggregate *sum;

    if (t->trial.state != TRIAL_DONE)
        return ERR_OK;
    if (place >= p->r->variant_count)
        return err_set(e, ERR_STORE, "trial %lld belongs to no variant of its run", (long long)t->trial.number);
    TRY(scores_read(t->scores, NULL, p->scores, p->r->scorer_count, e));
    sum = p->r->variants[place].sum;                    /* still in order of their numbers */
    for (size_t i = p->r->judge_at; i < p->r->scorer_count; i++)
        if (p->scores[i].state == SCORE_VALUE)
            aggregate_value(&sum->scorers[i], p->scores[i].value);
        else
            sum->scorers[i].missing++;
    if (p->scores[p->r->judge_at].state != SCORE_VALUE)
        return ERR_OK;
    p->r->judge.judged++;
    detail = judge_detail_of(t->scores);
    result_judge_detail(p, detail, place);
    return ERR_OK;
}

/* A pass may have seen some of the trials only: the others are missing. */
static enum err_code result_judged(struct result *r, struct store *s, struct arena *a, struct err *e)
{
    struct result_judging p = { .r = r };
    const struct store_scoring *last;
    AUTO_JSON *about = NULL;

    if (!r->pass_count)
        return ERR_OK;
    last = &r->passes[r->pass_count - 1];
    TRY(json_read(last->about, &about, e));
    r->judge.pass = last->no;
    r->judge.created_ms = last->created_ms;
    r->judge.model = arena_strdup(a, json_get_str(about, "model"));
    r->judge.rubric = arena_strdup(a, json_get_str(about, "rubric"));
    for (enum judge_part k = 0; k < JUDGE_PARTS; k++)
        r->judge.weights[k] = json_get_double(json_child(about, "weights"), judge_part_name(k), 0);
    p.scores = arena_array(a, struct score, r->scorer_count + 1);
    p.violating = arena_array(a, bool, r->variant_count + 1);
    TRY(store_trials_each(s, r->run->no, &(struct store_trials_filter){ .variant = -1 }, result_judge_trial, &p, e));
    r->judge.not_evaluated = MAX(last->trials - r->judge.judged, INT64_C(0));
    for (size_t v = 0; v < r->variant_count; v++) {
        r->judge.violating += p.violating[v];
        for (size_t i = r->judge_at; i < r->scorer_count; i++)
            r->variants[v].scores[i] = result_estimate(&r->scorers[i], &r->variants[v].sum->scorers[i]);
    }
    return ERR_OK;
}

static enum err_code result_scorers(struct result *r, struct store *s, struct arena *a, struct err *e)
{
    struct judge_scorers all;

    TRY(judge_scorers_of(s, r->run, r->settings, a, &all, e));
    r->scorers = all.infos;
    r->scorer_count = all.count;
    r->judge_at = all.judge_at;
    r->passes = all.passes;
    r->pass_count = all.pass_count;
    return ERR_OK;
}

static enum err_code result_ledger(struct result *r, struct store *s, struct arena *a, struct err *e)
{
    TRY(store_ledger(s, r->run->no, a, &r->ledger, &r->ledger_count, e));
    for (size_t i = 0; i < r->ledger_count; i++) {
        if (r->ledger[i].entry.phase == PHASE_MODEL_SELECTION)
            r->ledger[i].variant = -1;                  /* it is of none (plan_add_choosing) */
        if (__builtin_add_overflow(r->spent_nanousd, r->ledger[i].entry.cost_nanousd, &r->spent_nanousd))
            return err_set(e, ERR_TOO_LARGE, "the costs of the run overflow");
        r->spent_unknown_calls += r->ledger[i].entry.unknown_calls;
    }
    return ERR_OK;
}

static void result_threshold_add(struct result *r, const json_t *spec, struct arena *a)
{
    struct str metric = json_get_str(spec, "metric");
    size_t at = r->scorer_count;

    for (size_t i = 0; i < r->scorer_count; i++)
        if (str_eq(r->scorers[i].name, metric))
            at = i;
    for (size_t v = 0; v < r->variant_count; v++) {
        struct result_threshold *t = &r->thresholds[r->threshold_count++];

        *t = (struct result_threshold){ .metric = arena_strdup(a, metric), .variant = v,
                                        .limit = json_get_double(spec, "low", 0) };
        if (at < r->scorer_count) {
            const struct estimate *x = &r->variants[v].scores[at];

            t->ceiling = !r->scorers[at].higher_is_better;
            t->measured = x->n > 0;
            t->value = x->value;
            t->met = t->measured && (t->ceiling ? x->value <= t->limit : x->value >= t->limit);
        }
        r->thresholds_met &= t->met;
    }
}

/* Every variant must meet every threshold; what could not be measured is not met. */
static void result_thresholds(struct result *r, struct arena *a)
{
    const json_t *list = json_child(json_child(r->settings, "task"), "thresholds");
    size_t n = json_array_size(list);

    r->thresholds_met = true;
    r->thresholds = arena_array(a, struct result_threshold, n * r->variant_count + 1);
    for (size_t i = 0; i < n; i++)
        result_threshold_add(r, json_array_get(list, i), a);
}

enum err_code result_load(struct store *s, const struct run *run, struct arena *a, struct result **out, struct err *e)
{
    AUTO(race_freep) struct race *race = NULL;
    struct result *r = arena_new(a, struct result);

    r->run = run;
    TRY(json_read(run->settings, &r->settings, e));
    json_in_arena(r->settings, a);
    recommend_rules_of(json_child(json_child(r->settings, "task"), "recommend"), &r->rules);
    TRY(result_scorers(r, s, a, e));
    TRY(result_variants(r, s, a, e));
    TRY(result_judged(r, s, a, e));
    result_choose_quality(r, a);
    TRY(result_race(r, s, a, &race, e));
    TRY(result_repeats(r, s, a, e));
    TRY(corpus_load(r, s, a, e));
    result_rank(r);
    if (r->quality >= 0)
        TRY(result_pairs(r, s, a, e));
    result_raced(r, race);
    TRY(result_ledger(r, s, a, e));
    result_thresholds(r, a);
    TRY(result_limit(r, s, r->rules.max_nanousd, a, e));
    *out = r;
    return ERR_OK;
}

const char *result_quality_name(const struct result *r)
{
    return r->quality >= 0 ? r->scorers[r->quality].name.at : "quality";
}

int64_t result_duration_ms(const struct result *r, int64_t now_ms)
{
    if (!r->run->started_ms)
        return -1;
    return MAX((r->run->finished_ms ? r->run->finished_ms : now_ms) - r->run->started_ms, INT64_C(0));
}
