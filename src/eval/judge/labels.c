/* Which label a judge gave to each output: shares of each variant, and next to what people say. */
#include "eval/judge.h"

#include <math.h>

struct labels_row { int64_t trial; int label; };
struct labels_read {
    struct judge_labelled *l;
    const struct run *run;
    VEC(struct labels_row) rows;
};

static void labels_read_dispose(struct labels_read *r)
{
    vec_dispose(&r->rows);
}

static int labels_place(const struct judge_labelled *l, struct str name)
{
    for (size_t i = 0; i < l->label_count; i++)
        if (str_ieq(l->labels[i], str_trim(name)))
            return (int)i;
    return AGREEMENT_NONE;
}

static enum err_code labels_row_read(int64_t trial, struct str text, void *arg, struct err *e)
{
    struct labels_read *r = arg;
    int64_t variant = run_trial_place(r->run, trial).variant;
    AUTO_JSON *o = NULL;
    int label;

    TRY(json_read(text, &o, e));
    label = labels_place(r->l, json_get_str(o, "label"));
    if (label == AGREEMENT_NONE) {
        r->l->not_evaluated++;
        return ERR_OK;
    }
    r->l->counts[variant * (int64_t)r->l->label_count + label]++;
    r->l->judged[variant]++;
    vec_push(&r->rows, (struct labels_row){ trial, label });
    return ERR_OK;
}

/* What most people say of rows[from..to-1]; a draw is AGREEMENT_NONE. */
static int labels_most(struct judge_labelled *l, const struct store_label *rows, size_t from, size_t to)
{
    int64_t said[AGREEMENT_CATEGORIES_MAX] = { 0 };
    int best = AGREEMENT_NONE;
    bool draw = false;

    for (size_t i = from; i < to; i++) {
        int place = rows[i].value.len ? labels_place(l, rows[i].value) : AGREEMENT_NONE;

        if (place != AGREEMENT_NONE)
            said[place]++;
        else
            l->others += rows[i].value.len > 0;
    }
    for (int i = 0; i < (int)l->label_count; i++) {
        if (said[i] && (best == AGREEMENT_NONE || said[i] > said[best])) {
            best = i;
            draw = false;
        } else if (said[i] && said[i] == said[best]) {
            draw = true;
        }
    }
    return draw ? AGREEMENT_NONE : best;
}

static void labels_compare(struct labels_read *r, const struct store_label *people, size_t count)
{
    struct judge_labelled *l = r->l;
    size_t at = 0;

    for (size_t i = 0; i < r->rows.len; i++) {
        const struct labels_row *row = &r->rows.at[i];
        size_t from;
        int most;

        while (at < count && people[at].trial < row->trial)
            at++;
        from = at;
        while (at < count && people[at].trial == row->trial)
            at++;
        most = labels_most(l, people, from, at);
        if (most != AGREEMENT_NONE)
            l->confusion[(size_t)most * l->label_count + (size_t)row->label]++;
    }
    agreement_kappa_counts(l->confusion, l->label_count, 0.95, &l->kappa);
}

enum err_code judge_labelled_load(struct store *s, const struct run *run, const struct judge_pass *pass,
                                  struct arena *a, struct judge_labelled *out, struct err *e)
{
    struct judge_labelled l = { .pass = pass->no, .model = pass->model, .rubric = pass->rubric, .labels = pass->names,
                                .label_count = MIN(pass->name_count, (size_t)AGREEMENT_CATEGORIES_MAX),
                                .variants = run->variants };
    AUTO(labels_read_dispose) struct labels_read r = { .l = &l, .run = run };
    struct store_label *people;
    size_t count;

    l.counts = arena_array(a, int64_t, (size_t)run->variants * l.label_count + 1);
    l.judged = arena_array(a, int64_t, (size_t)run->variants + 1);
    l.confusion = arena_array(a, int64_t, l.label_count * l.label_count + 1);
    TRY(store_scores_each(s, run->no, pass->no, labels_row_read, &r, e));
    TRY(store_labels(s, run->no, false, a, &people, &count, e));
    labels_compare(&r, people, count);
    *out = l;
    return ERR_OK;
}

static json_t *labels_variant_json(const struct judge_labelled *l, int64_t variant, struct str name)
{
    json_t *o = json_object(), *shares = json_object();

    json_set_str(o, "variant", name);
    json_object_set_new(o, "n", json_integer(l->judged[variant]));
    for (size_t i = 0; i < l->label_count; i++) {
        int64_t k = l->counts[variant * (int64_t)l->label_count + (int64_t)i], n = l->judged[variant];
        struct interval x = stats_wilson(k, n, 0.95);
        json_t *one = json_object();

        json_object_set_new(one, "count", json_integer(k));
        json_object_set_new(one, "share", n ? json_real((double)k / (double)n) : json_null());
        json_object_set_new(one, "low", x.known ? json_real(x.low) : json_null());
        json_object_set_new(one, "high", x.known ? json_real(x.high) : json_null());
        json_object_setn_new(shares, l->labels[i].at, l->labels[i].len, one);
    }
    json_object_set_new(o, "labels", shares);
    return o;
}

static json_t *labels_people_json(const struct judge_labelled *l)
{
    json_t *o = json_object(), *rows = json_array();

    json_object_set_new(o, "trials", json_integer(l->kappa.n));
    json_object_set_new(o, "agree", isfinite(l->kappa.observed) ? json_real(l->kappa.observed) : json_null());
    json_object_set_new(o, "kappa", isfinite(l->kappa.kappa) ? json_real(l->kappa.kappa) : json_null());
    json_object_set_new(o, "low", l->kappa.interval.known ? json_real(l->kappa.interval.low) : json_null());
    json_object_set_new(o, "high", l->kappa.interval.known ? json_real(l->kappa.interval.high) : json_null());
    json_object_set_new(o, "other_labels", json_integer(l->others));
    for (size_t i = 0; i < l->label_count; i++) {
        json_t *row = json_array();

        for (size_t k = 0; k < l->label_count; k++)
            json_array_append_new(row, json_integer(l->confusion[i * l->label_count + k]));
        json_array_append_new(rows, row);
    }
    json_object_set_new(o, "counts", rows);
    return o;
}

json_t *judge_labelled_json(const struct judge_labelled *l, const struct str *names)
{
    json_t *o = json_object(), *labels = json_array(), *variants = json_array();

    json_object_set_new(o, "pass", json_integer(l->pass));
    json_set_str(o, "model", l->model);
    json_set_str(o, "rubric", l->rubric);
    for (size_t i = 0; i < l->label_count; i++)
        json_array_append_new(labels, json_from_str(l->labels[i]));
    json_object_set_new(o, "labels", labels);
    for (int64_t v = 0; v < l->variants; v++)
        json_array_append_new(variants, labels_variant_json(l, v, names[v]));
    json_object_set_new(o, "variants", variants);
    json_object_set_new(o, "not_evaluated", json_integer(l->not_evaluated));
    json_object_set_new(o, "people", labels_people_json(l));
    return o;
}
