/* assay label --agreement: how far people agree with each other, and with the run's checks and metrics. */
#include "cli/labels.h"

#include <inttypes.h>
#include <math.h>

#include "eval/agreement.h"
#include "eval/report/grid.h"
#include "eval/result.h"

enum { SIDES = 2 };                         /* passed, or not */

struct agreeing {
    struct labels *l;
    enum agreement_scale scale;
    double pass_at;
    struct store_label *rows; size_t row_count;         /* with a label */
    VEC(struct str) people, values;                     /* sorted; values in the order of the scale */
    VEC(double) numbers;                                /* what each value stands for, when all are numbers */
    VEC(int) ratings;                                   /* [unit][person] */
    size_t units;
    bool positive[AGREEMENT_CATEGORIES_MAX], has_positive;
    struct scorer_info *scorers; size_t scorer_count;
    struct score *scores;
    int64_t *counts;                                    /* [person][scorer][label passes][scorer passes] */
    size_t at;                                          /* the next row when trials are read in order */
};

static void agreeing_dispose(struct agreeing *g)
{
    vec_dispose(&g->people);
    vec_dispose(&g->values);
    vec_dispose(&g->numbers);
    vec_dispose(&g->ratings);
}

static int agreeing_place(const struct str *list, size_t count, struct str s)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(list[i], s))
            return (int)i;
    return AGREEMENT_NONE;
}

static int agreeing_cmp(const void *x, const void *y)
{
    return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

static int agreeing_number_cmp(const void *x, const void *y)
{
    double a = 0, b = 0;

    if (!str_to_double(*(const struct str *)x, &a) || !str_to_double(*(const struct str *)y, &b))
        return 0;
    return a < b ? -1 : a > b;
}

/* Who labelled, and which labels there are, in their order: as --labels has them, else by number, else by name. */
static enum err_code agreeing_names(struct agreeing *g, struct err *e)
{
    const struct labels *l = g->l;
    bool numbers = true;
    double v;

    for (size_t i = 0; i < l->set_count && args_has(l->args, "labels"); i++)
        vec_push(&g->values, l->set[i]);
    for (size_t i = 0; i < g->row_count; i++) {
        if (agreeing_place(g->people.at, g->people.len, g->rows[i].who) < 0) {
            if (g->people.len == AGREEMENT_RATERS_MAX)
                return err_set(e, ERR_TOO_LARGE, "more than %d people labelled the run", AGREEMENT_RATERS_MAX);
            vec_push(&g->people, g->rows[i].who);
        }
        if (agreeing_place(g->values.at, g->values.len, g->rows[i].value) >= 0)
            continue;
        TRY(labels_known(l, g->rows[i].value, e));
        if (g->values.len == AGREEMENT_CATEGORIES_MAX)
            return err_set(e, ERR_TOO_LARGE, "the run has more than %d different labels", AGREEMENT_CATEGORIES_MAX);
        vec_push(&g->values, g->rows[i].value);
    }
    if (g->people.len)
        qsort(g->people.at, g->people.len, sizeof *g->people.at, agreeing_cmp);
    for (size_t i = 0; i < g->values.len; i++)
        numbers &= str_to_double(g->values.at[i], &v);
    if (g->values.len && !args_has(l->args, "labels"))
        qsort(g->values.at, g->values.len, sizeof *g->values.at, numbers ? agreeing_number_cmp : agreeing_cmp);
    if (g->scale == AGREEMENT_INTERVAL && !numbers)
        return err_set(e, ERR_BAD_INPUT, "the interval scale needs labels that are numbers, such as 1 to 5");
    if (g->scale == AGREEMENT_ORDINAL && !numbers && !args_has(l->args, "labels"))
        return err_set(e, ERR_BAD_INPUT,
                       "the ordinal scale needs labels that are numbers, or --labels A,B,C that says their order");
    for (size_t i = 0; i < g->values.len && numbers; i++) {
        if (!str_to_double(g->values.at[i], &v))
            v = 0;
        vec_push(&g->numbers, v);
    }
    return ERR_OK;
}

static enum err_code agreeing_positive(struct agreeing *g, struct err *e)
{
    struct str usual = S("pass"), *named = &usual;
    size_t n = args_has(g->l->args, "positive") ? args_list(g->l->args, "positive", &named) : 1;

    for (size_t i = 0; i < n; i++) {
        struct suggest near;
        char hint[160];
        int at = agreeing_place(g->values.at, g->values.len, str_trim(named[i]));

        suggest_begin(&near, named[i]);
        for (size_t k = 0; k < g->values.len; k++)
            suggest_offer(&near, g->values.at[k]);
        if (at < 0 && args_has(g->l->args, "positive"))
            return err_set(e, ERR_USAGE, "nobody gave the label \"" STR_FMT "\" of --positive%s", STR_ARG(named[i]),
                           suggest_hint(&near, hint));
        if (at >= 0)
            g->positive[at] = g->has_positive = true;
    }
    /* Where all that was said is "fail", checks can be held against it too. */
    g->has_positive |= !args_has(g->l->args, "positive") && agreeing_place(g->values.at, g->values.len, S("fail")) >= 0;
    return ERR_OK;
}

static void agreeing_ratings(struct agreeing *g)
{
    for (size_t i = 0; i < g->row_count; i++) {
        int *row;

        if (i == 0 || g->rows[i].trial != g->rows[i - 1].trial) {
            for (size_t p = 0; p < g->people.len; p++)
                vec_push(&g->ratings, AGREEMENT_NONE);
            g->units++;
        }
        row = g->ratings.at + (g->units - 1) * g->people.len;
        row[agreeing_place(g->people.at, g->people.len, g->rows[i].who)] = agreeing_place(g->values.at, g->values.len,
                                                                                          g->rows[i].value);
    }
}

/* --- checks and metrics ------------------------------------------------------------------------------------------- */

/* Which side of the line a score is on; -1: it says nothing, or has no line. */
static int agreeing_side(const struct agreeing *g, size_t scorer, const struct score *s)
{
    const struct scorer_info *info = &g->scorers[scorer];

    if (s->state != SCORE_VALUE || info->unit != METRIC_RATIO)
        return -1;
    if (info->kind == SCORER_CHECK)
        return s->value > 0;
    return info->higher_is_better ? s->value >= g->pass_at : s->value <= 1 - g->pass_at;
}

static enum err_code agreeing_trial(const struct store_trial *t, void *arg, struct err *e)
{
    struct agreeing *g = arg;

    while (g->at < g->row_count && g->rows[g->at].trial < t->trial.number)
        g->at++;
    if (t->trial.state != TRIAL_DONE || g->at == g->row_count || g->rows[g->at].trial != t->trial.number)
        return ERR_OK;
    TRY(scores_read(t->scores, NULL, g->scores, g->scorer_count, e));
    for (; g->at < g->row_count && g->rows[g->at].trial == t->trial.number; g->at++) {
        size_t person = (size_t)agreeing_place(g->people.at, g->people.len, g->rows[g->at].who);
        bool positive = g->positive[agreeing_place(g->values.at, g->values.len, g->rows[g->at].value)];

        for (size_t i = 0; i < g->scorer_count; i++) {
            int side = agreeing_side(g, i, &g->scores[i]);

            if (side >= 0)
                g->counts[((person * g->scorer_count + i) * SIDES + positive) * SIDES + (size_t)side]++;
        }
    }
    return ERR_OK;
}

static enum err_code agreeing_scores(struct agreeing *g, struct err *e)
{
    struct arena *a = g->l->s->arena;
    struct judge_scorers all;
    AUTO_JSON *settings = NULL;

    if (!g->has_positive || !g->row_count)
        return ERR_OK;
    TRY(json_read(g->l->run->settings, &settings, e));
    TRY(judge_scorers_of(g->l->s->store, g->l->run, settings, 0, a, &all, e));      /* a judge's scores too */
    g->scorers = all.infos;
    g->scorer_count = all.count;
    g->scores = arena_array(a, struct score, g->scorer_count + 1);
    g->counts = arena_array(a, int64_t, g->people.len * g->scorer_count * SIDES * SIDES + 1);
    return store_trials_each(g->l->s->store, g->l->run->no, &(struct store_trials_filter){ .variant = -1, .first = g->rows[0].trial },
                             agreeing_trial, g, e);
}

/* --- what comes of it --------------------------------------------------------------------------------------------- */

struct agreeing_line { struct str first, second; const struct scorer_info *scorer; const int64_t *counts; struct agreement_kappa k; };
struct agreeing_lines { VEC(struct agreeing_line) pairs, scorers; };

static void agreeing_lines_dispose(struct agreeing_lines *lines)
{
    vec_dispose(&lines->pairs);
    vec_dispose(&lines->scorers);
}

static void agreeing_pairs(const struct agreeing *g, struct agreeing_lines *out)
{
    AUTO(freep) int *first = xcalloc(g->units + 1, sizeof *first), *second = xcalloc(g->units + 1, sizeof *second);
    size_t n = g->people.len;

    for (size_t p = 0; p < n; p++)
        for (size_t q = p + 1; q < n; q++) {
            struct agreeing_line line = { .first = g->people.at[p], .second = g->people.at[q] };

            for (size_t u = 0; u < g->units; u++) {
                first[u] = g->ratings.at[u * n + p];
                second[u] = g->ratings.at[u * n + q];
            }
            agreement_kappa(first, second, g->units, g->values.len, RESULT_LEVEL, &line.k);
            if (line.k.n)
                vec_push(&out->pairs, line);
        }
}

static void agreeing_scorers(const struct agreeing *g, struct agreeing_lines *out)
{
    for (size_t p = 0; p < g->people.len; p++)
        for (size_t i = 0; i < g->scorer_count; i++) {
            struct agreeing_line line = { .first = g->people.at[p], .scorer = &g->scorers[i] };

            line.counts = g->counts + (p * g->scorer_count + i) * SIDES * SIDES;
            agreement_kappa_counts(line.counts, SIDES, RESULT_LEVEL, &line.k);
            if (line.k.n)
                vec_push(&out->scorers, line);
        }
}

static struct str agreeing_scorer_name(const struct agreeing *g, const struct scorer_info *info)
{
    if (info->kind == SCORER_CHECK)
        return arena_printf(g->l->s->arena, "check " STR_FMT, STR_ARG(info->name));
    return arena_printf(g->l->s->arena, STR_FMT " %s %g", STR_ARG(info->name),
                        info->higher_is_better ? ">=" : "<=", info->higher_is_better ? g->pass_at : 1 - g->pass_at);
}

static json_t *agreeing_real(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static json_t *agreeing_kappa_json(json_t *o, const struct agreement_kappa *k)
{
    json_object_set_new(o, "trials", json_integer((json_int_t)k->n));
    json_object_set_new(o, "observed", agreeing_real(k->observed));
    json_object_set_new(o, "expected", agreeing_real(k->expected));
    json_object_set_new(o, "kappa", agreeing_real(k->kappa));
    json_object_set_new(o, "error", agreeing_real(k->error));
    json_object_set_new(o, "low", k->interval.known ? json_real(k->interval.low) : json_null());
    json_object_set_new(o, "high", k->interval.known ? json_real(k->interval.high) : json_null());
    return o;
}

static json_t *agreeing_names_json(const struct str *names, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_from_str(names[i]));
    return list;
}

static enum err_code agreeing_json(const struct agreeing *g, const struct agreeing_lines *lines,
                                   const struct agreement_alpha *x, struct err *e)
{
    json_t *o = json_object(), *pairs = json_array(), *scorers = json_array();

    for (size_t i = 0; i < lines->pairs.len; i++) {
        const struct agreeing_line *l = &lines->pairs.at[i];

        json_array_append_new(pairs, agreeing_kappa_json(json_pack("{s:o,s:o}", "first", json_from_str(l->first),
                                                                   "second", json_from_str(l->second)),
                                                         &l->k));
    }
    for (size_t i = 0; i < lines->scorers.len; i++) {
        const struct agreeing_line *l = &lines->scorers.at[i];
        bool check = l->scorer->kind == SCORER_CHECK;
        double threshold = l->scorer->higher_is_better ? g->pass_at : 1 - g->pass_at;

        json_array_append_new(
            scorers,
            agreeing_kappa_json(json_pack("{s:o,s:o,s:s,s:o,s:I,s:I,s:I,s:I}", "who", json_from_str(l->first), "name",
                                          json_from_str(l->scorer->name), "kind", check ? "check" : "metric",
                                          "threshold", check ? json_null() : json_real(threshold), "both_pass",
                                          (json_int_t)l->counts[3], "only_person_passes", (json_int_t)l->counts[2],
                                          "only_scorer_passes", (json_int_t)l->counts[1], "both_fail",
                                          (json_int_t)l->counts[0]),
                                &l->k));
    }
    json_set_str(o, "run", g->l->run->id);
    json_object_set_new(o, "people", agreeing_names_json(g->people.at, g->people.len));
    json_object_set_new(o, "labels", agreeing_names_json(g->values.at, g->values.len));
    json_object_set_new(o, "alpha", json_pack("{s:s,s:I,s:I,s:o,s:o,s:o}", "scale", agreement_scale_name(g->scale), "trials",
                                              (json_int_t)x->units, "labels", (json_int_t)x->ratings, "alpha", agreeing_real(x->alpha),
                                              "low", x->interval.known ? json_real(x->interval.low) : json_null(), "high",
                                              x->interval.known ? json_real(x->interval.high) : json_null()));
    json_object_set_new(o, "pairs", pairs);
    json_object_set_new(o, "scorers", scorers);
    return term_json(o, e);
}

static void agreeing_row(struct grid *t, const struct agreement_kappa *k)
{
    grid_cellf(t, "%" PRId64, k->n);
    grid_cellf(t, "%.1f %%", 100 * k->observed);
    if (isfinite(k->kappa))
        grid_cellf(t, "%.2f", k->kappa);
    else
        grid_cell(t, S("-"), GRID_DIM);
    if (k->interval.known)
        grid_cellf(t, "%.2f to %.2f", k->interval.low, k->interval.high);
    else
        grid_cell(t, S("-"), GRID_DIM);
}

static enum err_code agreeing_table(const struct agreeing *g, const struct agreeing_lines *lines,
                                    const struct agreement_alpha *x, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "who", .least = 8 }, { .heading = "with", .least = 10 }, { .heading = "trials", .right = true },
        { .heading = "agree", .right = true }, { .heading = "kappa", .right = true }, { .heading = "95 % interval", .drop = 1 },
    };
    struct grid *t = grid_new(g->l->s->arena, columns, COUNT_OF(columns));

    for (size_t i = 0; i < lines->pairs.len; i++) {
        grid_cell(t, lines->pairs.at[i].first, GRID_PLAIN);
        grid_cell(t, lines->pairs.at[i].second, GRID_PLAIN);
        agreeing_row(t, &lines->pairs.at[i].k);
    }
    for (size_t i = 0; i < lines->scorers.len; i++) {
        grid_cell(t, lines->scorers.at[i].first, GRID_PLAIN);
        grid_cell(t, agreeing_scorer_name(g, lines->scorers.at[i].scorer), GRID_PLAIN);
        agreeing_row(t, &lines->scorers.at[i].k);
    }
    if (grid_rows(t))
        TRY(session_grid(t, e));
    if (isfinite(x->alpha)) {
        printf("\nKrippendorff's alpha (%s), %zu people, %" PRId64 " trials: %.2f", agreement_scale_name(g->scale),
               g->people.len, x->units, x->alpha);
        if (x->interval.known)
            printf(" (%.2f to %.2f)", x->interval.low, x->interval.high);
        printf("\n");
    } else
        printf("\nKrippendorff's alpha needs trials that two people labelled, and two labels.\n");
    if (!g->has_positive)
        term_wrap(stdout,
                  S("Checks and metrics are left out: --positive LABEL says which labels mean that they should pass."),
                  0, term_get()->columns);
    return ERR_OK;
}

enum err_code labels_agreement(struct labels *l, struct err *e)
{
    AUTO(agreeing_dispose) struct agreeing g = { .l = l, .pass_at = 0.5 };
    AUTO(agreeing_lines_dispose) struct agreeing_lines lines = { 0 };
    struct str scale = args_get(l->args, "scale");
    struct agreement_alpha alpha;
    size_t n, kept = 0;

    if (scale.len && !agreement_scale_from(scale, &g.scale))
        return err_set(e, ERR_USAGE, "--scale takes nominal, ordinal or interval, not \"" STR_FMT "\"", STR_ARG(scale));
    TRY(args_double(l->args, "pass", 0, 1, &g.pass_at, e));
    TRY(store_labels(l->s->store, l->run->no, false, l->s->arena, &g.rows, &n, e));
    for (size_t i = 0; i < n; i++)
        if (g.rows[i].value.len)
            g.rows[kept++] = g.rows[i];
    g.row_count = kept;
    if (!kept && !args_has(l->args, "json"))
        return err_set(e, ERR_NOT_FOUND, "nobody has labelled run " STR_FMT " yet; assay label " STR_FMT " does",
                       STR_ARG(id_short(l->run->id)), STR_ARG(id_short(l->run->id)));
    TRY(agreeing_names(&g, e));
    TRY(agreeing_positive(&g, e));
    agreeing_ratings(&g);
    TRY(agreeing_scores(&g, e));
    agreeing_pairs(&g, &lines);
    agreeing_scorers(&g, &lines);
    agreement_alpha(g.ratings.at, g.units, g.people.len, g.numbers.len ? g.numbers.at : NULL, g.values.len, g.scale,
                    RESULT_LEVEL, &alpha);
    return args_has(l->args, "json") ? agreeing_json(&g, &lines, &alpha, e) : agreeing_table(&g, &lines, &alpha, e);
}
