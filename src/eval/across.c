#include "eval/across.h"

#include <inttypes.h>
#include <math.h>

#include "eval/report/report.h"

struct across_sum { struct str model; int64_t runs, unknown; struct sum score, cost; };
struct across_one { double score, cost; int64_t variants, unknown; };          /* of a model in the run at hand */
struct across_reader {
    struct arena *a;
    VEC(struct across_sum) models;
    struct across *out;
    struct str task, metric;            /* of the first run that counted */
};

/* --- reading ------------------------------------------------------------------------------------------------------ */

static size_t across_find(struct across_reader *x, struct str model)
{
    for (size_t i = 0; i < x->models.len; i++)
        if (str_eq(x->models.at[i].model, model))
            return i;
    vec_push(&x->models, (struct across_sum){ .model = arena_strdup(x->a, model) });
    return x->models.len - 1;
}

static size_t across_scored(const struct result *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->variant_count && r->variants[i].rank; i++) {
        bool seen = false;

        for (size_t k = 0; k < i && !seen; k++)
            seen = str_eq(r->variants[k].model, r->variants[i].model);
        n += !seen;
    }
    return n;
}

static void across_add(struct across_reader *x, const struct result *r, struct arena *scratch)
{
    struct str metric = str_c(result_quality_name(r));
    struct across_one *here;

    for (size_t i = 0; i < r->variant_count && r->variants[i].rank; i++)
        across_find(x, r->variants[i].model);
    here = arena_array(scratch, struct across_one, x->models.len + 1);
    for (size_t i = 0; i < r->variant_count && r->variants[i].rank; i++) {
        const struct result_variant *v = &r->variants[i];
        struct across_one *one = &here[across_find(x, v->model)];

        one->score += v->quality.value;
        one->cost += v->cost_known ? v->cost_usd : 0;
        one->unknown += !v->cost_known;
        one->variants++;
    }
    for (size_t i = 0; i < x->models.len; i++) {
        struct across_sum *m = &x->models.at[i];

        if (!here[i].variants)
            continue;
        m->runs++;
        m->unknown += here[i].unknown > 0;
        sum_add(&m->score, here[i].score / (double)here[i].variants);
        sum_add(&m->cost, here[i].cost / (double)here[i].variants);
    }
    if (x->out->analyzed++ == 0) {
        x->task = arena_strdup(x->a, r->run->task_name);
        x->metric = arena_strdup(x->a, metric);
    }
    x->out->mixed |= !str_eq(x->task, r->run->task_name) || !str_eq(x->metric, metric);
}

static enum err_code across_read(struct across_reader *x, struct store *s, const struct run *run, struct str *why,
                                 struct err *e)
{
    AUTO_ARENA *scratch = arena_new_sized(0);
    struct result *r;
    size_t scored;

    if (run->state == RUN_PLANNED || run->state == RUN_RUNNING) {
        *why = arena_printf(x->a, "it has not ended (%s)", run_state_name(run->state));
        return ERR_OK;
    }
    TRY(result_load(s, run, scratch, &r, e));
    scored = across_scored(r);
    if (scored < 2)
        *why = scored ? S("only one of its models is scored; it takes two")
                      : S("none of its models is scored; it takes two");
    else
        across_add(x, r, scratch);
    return ERR_OK;
}

/* --- the order and the words -------------------------------------------------------------------------------------- */

static bool across_cheaper(const struct across_model *a, const struct across_model *b)
{
    if (a->cost_known != b->cost_known)
        return a->cost_known;
    return a->cost_known && a->avg_cost < b->avg_cost;
}

static int across_cmp(const void *x, const void *y)
{
    const struct across_model *a = x, *b = y;

    if (a->avg_score != b->avg_score)
        return a->avg_score > b->avg_score ? -1 : 1;
    if (across_cheaper(a, b) || across_cheaper(b, a))
        return across_cheaper(a, b) ? -1 : 1;
    return str_cmp(a->model, b->model);
}

static void across_rank(struct across_reader *x)
{
    struct across *out = x->out;

    out->models = arena_array(x->a, struct across_model, x->models.len + 1);
    out->model_count = x->models.len;
    for (size_t i = 0; i < x->models.len; i++) {
        const struct across_sum *m = &x->models.at[i];
        struct across_model *to = &out->models[i];

        *to = (struct across_model){ .model = m->model, .run_count = m->runs, .cost_known = !m->unknown,
                                     .avg_score = sum_value(&m->score) / (double)m->runs * 100 };
        to->avg_cost = to->cost_known ? sum_value(&m->cost) / (double)m->runs : 0;
        to->value_ratio = to->avg_cost > 0 ? to->avg_score / to->avg_cost : 0;
        out->uneven |= m->runs != out->analyzed;
    }
    qsort(out->models, out->model_count, sizeof *out->models, across_cmp);
    out->best = out->model_count ? 0 : -1;
    out->value = -1;
    for (size_t i = 0; i < out->model_count; i++)
        if (out->models[i].cost_known &&
            out->models[i].avg_score >= out->models[0].avg_score - RECOMMEND_VALUE_GAP * 100 - 1e-9 &&
            (out->value < 0 || across_cheaper(&out->models[i], &out->models[out->value])))
            out->value = (ptrdiff_t)i;
}

static struct str across_advice(const struct across *x, struct arena *a)
{
    const struct across_model *best = x->models, *value = x->value < 0 ? NULL : &x->models[x->value];
    struct str text;

    if (x->best < 0)
        return S("There is no run with two scored models to learn from.");
    text = arena_printf(a, STR_FMT " is best on average: %.1f points over %" PRId64 " run%s.",
                        STR_ARG(report_fit(best->model, 60, false, a)), best->avg_score, best->run_count,
                        best->run_count == 1 ? "" : "s");
    if (!value)
        text = arena_printf(a, STR_FMT " The cost of none near it is known.", STR_ARG(text));
    else if (value == best)
        text = arena_printf(a, STR_FMT " No other within 10 points is cheaper.", STR_ARG(text));
    else
        text = arena_printf(a, STR_FMT " " STR_FMT " is %.1f points lower%s.", STR_ARG(text),
                            STR_ARG(report_fit(value->model, 60, false, a)),
                            best->avg_score - value->avg_score,
                            value->avg_cost == 0 ? " and free" : best->cost_known && best->avg_cost > 0
                            ? arena_printf(a, " and costs %.0f %% less", (1 - value->avg_cost / best->avg_cost) * 100).at
                            : "; what the best costs is not known");
    if (x->uneven || x->mixed)
        text = arena_printf(a, STR_FMT " %s: hold them against each other in one run before deciding.", STR_ARG(text),
                            x->uneven
                                ? "Not every model was in every run, so the averages are of different cases"
                                : "The runs are not all of one task and metric, so the averages mix what they measure");
    return text;
}

enum err_code across_load(struct store *s, const struct store_run_row *rows, size_t count, struct arena *a,
                          struct across *out, struct err *e)
{
    struct across_reader x = { .a = a, .out = out };
    enum err_code code = ERR_OK;

    *out = (struct across){ .best = -1, .value = -1 };
    out->excluded = arena_array(a, struct across_excluded, count + 1);
    for (size_t i = 0; i < count && code == ERR_OK; i++) {
        struct str why = STR_NONE;
        struct err fault = ERR_INIT;

        if (across_read(&x, s, &rows[i].run, &why, &fault) != ERR_OK)
            why = arena_printf(a, "it can't be read: %s", fault.text);
        if (why.len)
            out->excluded[out->excluded_count++] = (struct across_excluded){ (int64_t)i, rows[i].run.id, why };
        if (x.models.len > ACROSS_MODELS_MAX)
            code = err_set(e, ERR_TOO_LARGE, "the runs have more than %d models; --task or --limit chooses fewer",
                           ACROSS_MODELS_MAX);
    }
    if (code == ERR_OK) {
        across_rank(&x);
        out->recommendation = across_advice(out, a);
    }
    vec_dispose(&x.models);
    return code;
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static json_t *across_model_name(const struct across *x, ptrdiff_t at)
{
    return at < 0 ? json_null() : json_from_str(x->models[at].model);
}

json_t *across_json(const struct across *x)
{
    json_t *o = json_object(), *models = json_array(), *excluded = json_array();

    for (size_t i = 0; i < x->model_count; i++) {
        const struct across_model *m = &x->models[i];

        json_t *cost = m->cost_known ? json_real(round(m->avg_cost * 1e9) / 1e9) : json_null();
        json_t *ratio = m->cost_known ? json_real(round(m->value_ratio * 10) / 10) : json_null();

        json_array_append_new(models, json_pack("{s:I, s:o, s:f, s:o, s:o, s:I}", "rank", (json_int_t)i + 1, "model",
                                                json_from_str(m->model), "avg_score", round(m->avg_score * 10) / 10,
                                                "avg_cost", cost, "value_ratio", ratio, "run_count",
                                                (json_int_t)m->run_count));
    }
    for (size_t i = 0; i < x->excluded_count; i++)
        json_array_append_new(excluded, json_pack("{s:I, s:o, s:o}", "run_index", (json_int_t)x->excluded[i].run_index,
                                                  "run", json_from_str(x->excluded[i].id), "reason",
                                                  json_from_str(x->excluded[i].reason)));
    json_object_set_new(o, "best_overall_model", across_model_name(x, x->best));
    json_object_set_new(o, "best_value_model", across_model_name(x, x->value));
    json_object_set_new(o, "model_rankings", models);
    json_object_set_new(o, "recommendation", json_from_str(x->recommendation));
    json_object_set_new(o, "excluded_runs", excluded);
    json_object_set_new(o, "total_runs_analyzed", json_integer(x->analyzed));
    return o;
}
