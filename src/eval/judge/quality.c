/* What is known about a judge: its rows of one pass, next to labels, to passes that repeat it, to comparisons in both
 * orders, and to passes of other judges by the same rubric. */
#include "eval/judge_quality.h"

#include <math.h>

#include "eval/scoring.h"

enum { QUALITY_LEVEL_PERCENT = 95, QUALITY_SIDES = 2 };
#define QUALITY_LEVEL (QUALITY_LEVEL_PERCENT / 100.0)

/* Sorted by trial. Points are NAN where the judge said nothing that could be used. */
struct quality_row { int64_t trial, length; double points, measured; };
struct quality_rows { VEC(struct quality_row) rows; const struct judge_scorers *all; };

static void quality_rows_dispose(struct quality_rows *r)
{
    vec_dispose(&r->rows);
}

static enum err_code quality_row_read(int64_t trial, struct str scores, void *arg, struct err *e)
{
    struct quality_rows *r = arg;
    struct quality_row row = { .trial = trial, .length = -1, .points = NAN, .measured = NAN };
    AUTO_JSON *o = NULL;
    const json_t *values, *v;

    TRY(json_read(scores, &o, e));
    values = json_child(o, "v");
    v = json_array_get(values, r->all->judge_at);
    if (json_is_number(v))
        row.points = json_number_value(v) * 100;
    v = r->all->measured_at >= 0 ? json_array_get(values, (size_t)r->all->measured_at) : NULL;
    if (json_is_number(v))
        row.measured = json_number_value(v);
    row.length = json_get_i64(json_child(o, "j"), "length", -1);
    vec_push(&r->rows, row);
    return ERR_OK;
}

static enum err_code quality_rows_load(struct store *s, const struct run *run, const struct judge_scorers *all,
                                       int64_t pass, struct quality_rows *out, struct err *e)
{
    out->all = all;
    return store_scores_each(s, run->no, pass, quality_row_read, out, e);
}

static int quality_row_cmp(const void *trial, const void *row)
{
    int64_t a = *(const int64_t *)trial, b = ((const struct quality_row *)row)->trial;

    return (a > b) - (a < b);
}

static const struct quality_row *quality_row_find(const struct quality_rows *r, int64_t trial)
{
    const struct quality_row *found;

    if (!r->rows.len)
        return NULL;
    found = bsearch(&trial, r->rows.at, r->rows.len, sizeof *found, quality_row_cmp);
    return found && isfinite(found->points) ? found : NULL;
}

static bool quality_passes(double points)
{
    return points >= JUDGE_PASS - 1e-9;
}

/* A mean of n values from their sum and their sum of squares. */
struct quality_mean { int64_t n; double sum, squares; };

static void quality_mean_add(struct quality_mean *m, double v)
{
    m->n++;
    m->sum += v;
    m->squares += v * v;
}

static void quality_mean_end(const struct quality_mean *m, double *mean, struct interval *interval)
{
    double n = (double)m->n, variance;

    *mean = m->n ? m->sum / n : 0;
    variance = m->n > 1 ? fmax(0, (m->squares - n * *mean * *mean) / (n - 1)) : 0;
    *interval = stats_t_interval(*mean, variance, m->n, QUALITY_LEVEL);
    interval->low = fmax(0, interval->low);
}

/* --- people ------------------------------------------------------------------------------------------------------- */

static int quality_side(struct str label)
{
    return str_ieq(label, S("pass")) ? 1 : str_ieq(label, S("fail")) ? 0 : AGREEMENT_NONE;
}

struct quality_labels {
    const struct store_label *rows; size_t count;
    const struct quality_rows *judge;
    VEC(struct str) people;
    bool sides, numbers;
};

static size_t quality_person(struct quality_labels *l, struct str who)
{
    for (size_t i = 0; i < l->people.len; i++)
        if (str_eq(l->people.at[i], who))
            return i;
    if (l->people.len < AGREEMENT_RATERS_MAX)           /* one past the last that counts stands for all others */
        vec_push(&l->people, who);
    return l->people.len - 1;
}

/* Trials of the labels that count: judged ones, each with its labels from `*at` to the one returned. */
static size_t quality_unit(const struct quality_labels *l, size_t *at, const struct quality_row **row)
{
    size_t end;

    for (; *at < l->count; *at = end) {
        end = *at;
        while (end < l->count && l->rows[end].trial == l->rows[*at].trial)
            end++;
        *row = quality_row_find(l->judge, l->rows[*at].trial);
        if (*row)
            return end;
    }
    return *at;
}

static void quality_survey(struct quality_labels *l, struct judge_people *out)
{
    const struct quality_row *row = NULL;
    double number;

    l->numbers = true;
    for (size_t at = 0, end; (end = quality_unit(l, &at, &row)) > at; at = end)
        for (size_t i = at; i < end; i++) {
            quality_person(l, l->rows[i].who);
            l->sides |= quality_side(l->rows[i].value) != AGREEMENT_NONE;
            l->numbers &= str_to_double(l->rows[i].value, &number);
            out->labels++;
        }
    out->people = (int64_t)l->people.len;
    out->kind = !out->labels ? JUDGE_LABELS_NONE
                : l->sides   ? JUDGE_LABELS_SIDES
                : l->numbers ? JUDGE_LABELS_NUMBERS
                             : JUDGE_LABELS_OTHER;
}

/* Kappa with what most people say, alpha with everybody. At most AGREEMENT_RATERS_MAX - 1 people and the judge. */
static void quality_sides(struct quality_labels *l, struct judge_people *out)
{
    size_t raters = MIN(l->people.len, (size_t)AGREEMENT_RATERS_MAX - 1) + 1, units = 0;
    AUTO(freep) int *ratings = xcalloc(l->count * raters + 1, sizeof *ratings);
    const struct quality_row *row = NULL;
    int64_t counts[QUALITY_SIDES * QUALITY_SIDES] = { 0 };

    for (size_t at = 0, end; (end = quality_unit(l, &at, &row)) > at; at = end) {
        int *unit = ratings + units++ * raters, most = 0;
        int judge = quality_passes(row->points);

        for (size_t r = 0; r < raters; r++)
            unit[r] = AGREEMENT_NONE;
        unit[raters - 1] = judge;
        for (size_t i = at; i < end; i++) {
            size_t person = quality_person(l, l->rows[i].who);
            int side = quality_side(l->rows[i].value);

            if (side == AGREEMENT_NONE)
                continue;
            most += side ? 1 : -1;
            if (person < raters - 1)
                unit[person] = side;
        }
        if (most)
            counts[(most > 0) * QUALITY_SIDES + judge]++;
    }
    agreement_kappa_counts(counts, QUALITY_SIDES, QUALITY_LEVEL, &out->kappa);
    agreement_alpha(ratings, units, raters, NULL, QUALITY_SIDES, AGREEMENT_NOMINAL, QUALITY_LEVEL, &out->alpha);
}

static void quality_numbers(const struct quality_labels *l, struct judge_people *out)
{
    AUTO(freep) double *said = xcalloc(l->count + 1, sizeof *said), *points = xcalloc(l->count + 1, sizeof *points);
    const struct quality_row *row = NULL;
    size_t n = 0;

    for (size_t at = 0, end; (end = quality_unit(l, &at, &row)) > at; at = end) {
        double sum = 0, number = 0;

        for (size_t i = at; i < end; i++)
            if (str_to_double(l->rows[i].value, &number))
                sum += number;
        said[n] = sum / (double)(end - at);
        points[n++] = row->points;
    }
    out->ranked = (int64_t)n;
    out->rank = stats_spearman(said, points, n);
}

static enum err_code quality_people(struct store *s, const struct run *run, const struct quality_rows *rows,
                                    struct arena *a, struct judge_people *out, struct err *e)
{
    struct quality_labels l = { .judge = rows };
    struct store_label *labels;
    size_t n, kept = 0;

    out->kappa = (struct agreement_kappa){ .kappa = NAN };
    out->alpha = (struct agreement_alpha){ .alpha = NAN };
    TRY(store_labels(s, run->no, false, a, &labels, &n, e));
    for (size_t i = 0; i < n; i++)
        if (labels[i].value.len)
            labels[kept++] = labels[i];
    l.rows = labels;
    l.count = kept;
    quality_survey(&l, out);
    if (out->kind == JUDGE_LABELS_SIDES)
        quality_sides(&l, out);
    else if (out->kind == JUDGE_LABELS_NUMBERS)
        quality_numbers(&l, out);
    vec_dispose(&l.people);
    return ERR_OK;
}

/* --- itself ------------------------------------------------------------------------------------------------------- */

/* Of each row of `first`: what all passes made of it. */
struct quality_again { double apart; int pairs; bool differ; };

static enum err_code quality_steadiness(struct store *s, const struct run *run, const struct judge_scorers *all,
                                        int64_t pass, const struct quality_rows *first, struct judge_steadiness *out,
                                        struct err *e)
{
    AUTO(freep) struct quality_again *seen = xcalloc(first->rows.len + 1, sizeof *seen);
    struct quality_rows others[JUDGE_PASSES_MAX] = { 0 };
    struct quality_mean apart = { 0 };
    enum err_code code = ERR_OK;
    size_t n = 0;

    for (size_t i = 0; i < all->pass_count && code == ERR_OK && n < COUNT_OF(others); i++)
        if (all->passes[i].kind == JUDGE_PASS_AGAIN && all->passes[i].of == pass)
            code = quality_rows_load(s, run, all, all->passes[i].no, &others[n++], e);
    for (size_t i = 0; i < first->rows.len && code == ERR_OK; i++) {
        double points[JUDGE_PASSES_MAX + 1] = { first->rows.at[i].points };
        size_t count = 1;

        for (size_t k = 0; k < n && isfinite(points[0]); k++) {
            const struct quality_row *row = quality_row_find(&others[k], first->rows.at[i].trial);

            if (row)
                points[count++] = row->points;
        }
        for (size_t x = 0; x < count; x++)
            for (size_t y = x + 1; y < count; y++) {
                seen[i].apart += fabs(points[x] - points[y]);
                seen[i].pairs++;
                seen[i].differ |= quality_passes(points[x]) != quality_passes(points[y]);
            }
        if (!seen[i].pairs)
            continue;
        out->trials++;
        out->same += !seen[i].differ;
        quality_mean_add(&apart, seen[i].apart / seen[i].pairs);
    }
    for (size_t k = 0; k < n; k++)
        quality_rows_dispose(&others[k]);
    out->passes = out->trials ? (int64_t)n + 1 : 0;
    out->share = stats_wilson(out->same, out->trials, QUALITY_LEVEL);
    quality_mean_end(&apart, &out->apart, &out->apart_interval);
    return code;
}

/* --- what it should not look at ----------------------------------------------------------------------------------- */

struct quality_lengths { double *points, *length, *measured; size_t n; };

static void quality_lengths_of(const struct quality_rows *rows, bool measured, struct quality_lengths *out)
{
    out->n = 0;
    for (size_t i = 0; i < rows->rows.len; i++) {
        const struct quality_row *r = &rows->rows.at[i];

        if (!isfinite(r->points) || r->length < 0 || (measured && !isfinite(r->measured)))
            continue;
        out->points[out->n] = r->points;
        out->length[out->n] = (double)r->length;
        out->measured[out->n++] = r->measured;
    }
}

static void quality_length(const struct quality_rows *rows, struct judge_length *out)
{
    size_t all = rows->rows.len + 1;
    AUTO(freep) double *numbers = xcalloc(all * 3, sizeof *numbers);
    struct quality_lengths l = { numbers, numbers + all, numbers + 2 * all, 0 };
    struct rank_test test;

    quality_lengths_of(rows, true, &l);
    test = stats_spearman(l.points, l.measured, l.n);
    *out = (struct judge_length){ .n = (int64_t)l.n, .given = true };
    out->settled = test.known && test.value > 1 - 1e-9;
    out->test = stats_spearman_given(l.points, l.length, l.measured, l.n);
    if (out->settled || out->test.known)
        return;
    quality_lengths_of(rows, false, &l);
    *out = (struct judge_length){ .n = (int64_t)l.n, .test = stats_spearman(l.points, l.length, l.n) };
}

static enum err_code quality_position(struct store *s, const struct run *run, const struct judge_scorers *all,
                                      struct str model, struct judge_position *out, struct err *e)
{
    for (size_t i = 0; i < all->pass_count; i++) {
        struct judge_pairs p;

        if (all->passes[i].kind != JUDGE_PASS_PAIRS || !str_eq(all->passes[i].model, model))
            continue;
        TRY(judge_pairs_load(s, run, &all->passes[i], &p, e));
        out->pairs += p.pairs;
        out->first += p.follows_first;
        out->second += p.follows_second;
    }
    out->interval = stats_wilson(out->first + out->second, out->pairs, QUALITY_LEVEL);
    return ERR_OK;
}

/* --- other judges ------------------------------------------------------------------------------------------------- */

/* The newest pass of each model that judged by the same words, `pass` among them. */
static void quality_panel_choose(const struct judge_scorers *all, const struct judge_pass *mine,
                                 struct judge_panel *out)
{
    for (size_t i = all->pass_count; i-- > 0;) {
        const struct judge_pass *p = &all->passes[i];
        bool there = p != mine && str_eq(p->model, mine->model);

        if (p->kind != JUDGE_PASS_SCORES || !str_eq(p->question, mine->question))
            continue;
        for (size_t k = 0; k < out->count; k++)
            there |= str_eq(out->judges[k].model, p->model);
        if (!there && out->count < JUDGES_MAX)
            out->judges[out->count++] = (struct judge_other){ .pass = p->no, .model = p->model };
    }
    for (size_t i = 0; i < out->count / 2; i++) {
        struct judge_other x = out->judges[i];

        out->judges[i] = out->judges[out->count - 1 - i];
        out->judges[out->count - 1 - i] = x;
    }
}

static void quality_panel_trial(struct judge_panel *p, int64_t trial, const double *points, int *ratings,
                                struct quality_mean *apart, struct quality_mean *spread)
{
    double low = INFINITY, high = -INFINITY, sum = 0, squares = 0, n = (double)p->count;

    for (size_t k = 0; k < p->count; k++) {
        low = fmin(low, points[k]);
        high = fmax(high, points[k]);
        sum += points[k];
        ratings[k] = quality_passes(points[k]);
    }
    for (size_t k = 0; k < p->count; k++)
        squares += (points[k] - sum / n) * (points[k] - sum / n);
    quality_mean_add(apart, high - low);
    quality_mean_add(spread, sqrt(squares / (n - 1)));
    if (high - low > JUDGE_APART + 1e-9) {
        if (p->listed_count < JUDGES_TRIALS)
            p->listed[p->listed_count++] = trial;
        p->flagged++;
    }
    p->trials++;
}

static void quality_panel_means(struct judge_panel *p, const struct quality_rows *rows)
{
    for (size_t k = 0; k < p->count; k++) {
        struct judge_other *j = &p->judges[k];

        for (size_t i = 0; i < rows[k].rows.len; i++)
            if (isfinite(rows[k].rows.at[i].points)) {
                j->n++;
                j->mean += rows[k].rows.at[i].points;
            }
        j->mean = j->n ? j->mean / (double)j->n : 0;
    }
}

static void quality_panel_compare(struct judge_panel *p, const struct quality_rows *rows)
{
    AUTO(freep) int *ratings = xcalloc(rows[0].rows.len * p->count + 1, sizeof *ratings);
    struct quality_mean apart = { 0 }, spread = { 0 };
    struct interval unused;

    for (size_t i = 0; i < rows[0].rows.len; i++) {
        double points[JUDGES_MAX];
        size_t k = 0;

        for (; k < p->count; k++) {
            const struct quality_row *r = quality_row_find(&rows[k], rows[0].rows.at[i].trial);

            if (!r)
                break;
            points[k] = r->points;
        }
        if (k == p->count)
            quality_panel_trial(p, rows[0].rows.at[i].trial, points, ratings + (size_t)p->trials * p->count, &apart,
                                &spread);
    }
    quality_mean_end(&apart, &p->apart, &p->apart_interval);
    quality_mean_end(&spread, &p->spread, &unused);
    agreement_alpha(ratings, (size_t)p->trials, p->count, NULL, QUALITY_SIDES, AGREEMENT_NOMINAL, QUALITY_LEVEL,
                    &p->alpha);
}

static enum err_code quality_panel(struct store *s, const struct run *run, const struct judge_scorers *all,
                                   const struct judge_pass *mine, struct judge_panel *out, struct err *e)
{
    struct quality_rows rows[JUDGES_MAX] = { 0 };
    enum err_code code = ERR_OK;

    out->alpha = (struct agreement_alpha){ .alpha = NAN };
    quality_panel_choose(all, mine, out);
    for (size_t k = 0; k < out->count && out->count > 1 && code == ERR_OK; k++)
        code = quality_rows_load(s, run, all, out->judges[k].pass, &rows[k], e);
    if (code == ERR_OK && out->count > 1) {
        quality_panel_means(out, rows);
        quality_panel_compare(out, rows);
    }
    for (size_t k = 0; k < out->count; k++)
        quality_rows_dispose(&rows[k]);
    return code;
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

enum err_code judge_quality_load(struct store *s, const struct run *run, const struct judge_scorers *all, int64_t pass,
                                 struct arena *a, struct judge_quality *out, struct err *e)
{
    AUTO(quality_rows_dispose) struct quality_rows rows = { 0 };
    const struct judge_pass *mine = NULL;
    struct judge_quality q = { .pass = pass };

    for (size_t i = 0; i < all->pass_count; i++)
        if (all->passes[i].no == pass && all->passes[i].kind == JUDGE_PASS_SCORES)
            mine = &all->passes[i];
    if (!mine)
        return err_set(e, ERR_NOT_FOUND, "the run has no judge's pass %lld", (long long)pass);
    TRY(quality_rows_load(s, run, all, pass, &rows, e));
    TRY(quality_people(s, run, &rows, a, &q.people, e));
    TRY(quality_steadiness(s, run, all, pass, &rows, &q.steadiness, e));
    quality_length(&rows, &q.length);
    TRY(quality_position(s, run, all, mine->model, &q.position, e));
    TRY(quality_panel(s, run, all, mine, &q.panel, e));
    *out = q;
    return ERR_OK;
}
