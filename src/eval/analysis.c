#include "eval/analysis_parts.h"

#include <math.h>

#include "eval/case_pages.h"

#define ANALYSIS_SEED 20261121         /* of the sample: the same run gives the same numbers */

struct analysis_work {
    struct analysis *x;
    const struct analysis_options *o;
    struct arena *arena;
    struct case_pages *pages;
    struct case_walk *walk;
    struct analysis_kept kept;
    struct aggregate_scorer *moments;           /* [variant] */
    int64_t *won, *lost, *tied;                 /* [variant] */
    struct analysis_pair_sums *pairs;           /* [first * variant_count + second], first < second */
    double *row, *settled;                      /* [variant]: the case at hand; for comparing */
    double seen[ANALYSIS_VALUES_SHOWN], seen_settled[ANALYSIS_VALUES_SHOWN];        /* different values so far */
    size_t seen_count;                          /* past ANALYSIS_VALUES_SHOWN: too many */
    int64_t *seen_counts, *step_counts;         /* [variant][seen], [variant][step] */
    int64_t unplaced[DIMENSIONS_MAX];
    size_t top;
    struct rng rng;
    struct hash_sha256 hash;
};

static void analysis_work_dispose(struct analysis_work *w)
{
    case_pages_free(w->pages);
    case_walk_free(w->walk);
    free(w->kept.values);
    free(w->kept.levels);
}

bool analysis_stands(double p_holm)
{
    return p_holm < ANALYSIS_ALPHA;
}

const char *analysis_eta_word(double eta)
{
    return eta < 0.01 ? "negligible" : eta < 0.06 ? "small" : eta < 0.14 ? "medium" : "large";
}

struct analysis_wins analysis_wins_of(int64_t won, int64_t lost, int64_t tied)
{
    return (struct analysis_wins){ .won = won, .lost = lost, .tied = tied,
                                   .rate = won + lost ? (double)won / (double)(won + lost) : NAN,
                                   .interval = stats_wilson(won, won + lost, RESULT_LEVEL) };
}

bool analysis_aligned(const struct analysis *x, const double *row)
{
    for (size_t v = 0; v < x->variant_count; v++)
        if (x->variants[v].cases && isnan(row[v]))
            return false;
    return true;
}

/* --- what is measured --------------------------------------------------------------------------------------------- */

static enum err_code analysis_no_metric(const struct result *r, struct str name, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (size_t i = 0; i < r->scorer_count; i++)
        if (!r->scorers[i].over_repeats)
            suggest_offer(&near, r->scorers[i].name);
    suggest_offer(&near, S("cost"));
    suggest_offer(&near, S("latency"));
    return err_set(e, ERR_USAGE, "--metric \"" STR_FMT "\" is no metric or check that the run has for a case%s; `assay show --detail` "
                   "lists what a run has, and there are cost and latency", STR_ARG(name), suggest_hint(&near, hint));
}

/* *place: as case_pages wants it. A scorer of the run goes before what every trial has. */
static enum err_code analysis_measure(struct analysis_work *w, int *place, struct err *e)
{
    const struct result *r = w->x->result;
    struct str name = w->o->metric;

    *place = CASE_MEASURE_NONE;
    if (!name.len && r->quality < 0)
        return err_set(e, ERR_BAD_INPUT,
                       "nothing ranks run " STR_FMT "; name what to analyse with --metric, such as latency",
                       STR_ARG(id_short(r->run->id)));
    for (size_t i = 0; i < r->scorer_count; i++) {
        const struct scorer_info *s = &r->scorers[i];

        if (s->over_repeats || !(name.len ? str_eq(s->name, name) : (ptrdiff_t)i == r->quality))
            continue;
        *place = (int)i;
        w->x->metric = s->name;
        w->x->unit = s->unit;
        w->x->higher_is_better = s->higher_is_better;
        return ERR_OK;
    }
    if (!str_is(name, "cost") && !str_is(name, "latency"))
        return analysis_no_metric(r, name.len ? name : r->scorers[r->quality].name, e);
    w->x->metric = arena_strdup(w->arena, name);
    w->x->unit = str_is(name, "cost") ? METRIC_USD : METRIC_MS;
    *place = str_is(name, "cost") ? CASE_MEASURE_COST : CASE_MEASURE_LATENCY;
    return ERR_OK;
}

/* --- one case ----------------------------------------------------------------------------------------------------- */

static size_t analysis_seen(struct analysis_work *w, double value, double settled)
{
    for (size_t i = 0; i < MIN(w->seen_count, (size_t)ANALYSIS_VALUES_SHOWN); i++)
        if (w->seen_settled[i] == settled)
            return i;
    if (w->seen_count < ANALYSIS_VALUES_SHOWN) {
        w->seen[w->seen_count] = value;
        w->seen_settled[w->seen_count] = settled;
    }
    if (w->seen_count <= ANALYSIS_VALUES_SHOWN)
        w->seen_count++;
    return w->seen_count - 1;
}

static void analysis_count(struct analysis_work *w, size_t v)
{
    size_t at = analysis_seen(w, w->row[v], w->settled[v]);

    if (at < ANALYSIS_VALUES_SHOWN)
        w->seen_counts[v * ANALYSIS_VALUES_SHOWN + at]++;
    at = (size_t)CLAMP(floor(w->row[v] * ANALYSIS_STEPS + 1e-9), 0.0, (double)(ANALYSIS_STEPS - 1));
    w->step_counts[v * ANALYSIS_STEPS + at]++;
}

static void analysis_pair_add(struct analysis_work *w, size_t i, size_t k)
{
    struct analysis_pair_sums *p = &w->pairs[i * w->x->variant_count + k];
    bool above = w->settled[i] > w->settled[k], below = w->settled[i] < w->settled[k];

    p->won += w->x->higher_is_better ? above : below;
    p->lost += w->x->higher_is_better ? below : above;
    aggregate_value(&p->difference, w->row[i] - w->row[k]);
}

static void analysis_standings(struct analysis_work *w)
{
    size_t n = w->x->variant_count;

    for (size_t i = 0; i < n; i++) {
        int64_t above = 0, below = 0;
        bool others = false;

        for (size_t k = 0; k < n; k++) {
            if (k == i || isnan(w->row[i]) || isnan(w->row[k]))
                continue;
            others = true;
            above += w->settled[k] > w->settled[i];
            below += w->settled[k] < w->settled[i];
            if (i < k)
                analysis_pair_add(w, i, k);
        }
        if (!others)
            continue;
        w->won[i] += w->x->higher_is_better ? below > above : above > below;
        w->lost[i] += w->x->higher_is_better ? above > below : below > above;
        w->tied[i] += above == below;
    }
}

/* A place among the kept rows, or SIZE_MAX. The case at hand is number x->cases, from 1. */
static size_t analysis_place(struct analysis_work *w)
{
    uint64_t draw;

    if (w->kept.rows < w->kept.rows_max)
        return w->kept.rows++;
    draw = rng_below(&w->rng, (uint64_t)w->x->cases);
    return draw < w->kept.rows_max ? (size_t)draw : SIZE_MAX;
}

static signed char analysis_level(const struct axis *x, const json_t *dimensions)
{
    const json_t *score = json_object_getn(dimensions, x->name.at, x->name.len);

    for (size_t k = 0; k < x->level_count; k++)
        if (json_is_integer(score) && json_integer_value(score) == x->levels[k].score)
            return (signed char)k;
    return -1;
}

static enum err_code analysis_keep(struct analysis_work *w, int64_t index, struct err *e)
{
    size_t row = analysis_place(w), n = w->x->variant_count, axes = w->x->axes.count;
    const json_t *dimensions = NULL;

    if (axes)
        TRY(case_walk_to(w->walk, index, &dimensions, e));
    for (size_t d = 0; d < axes; d++) {
        signed char level = analysis_level(&w->x->axes.list[d], dimensions);

        w->unplaced[d] += level < 0;
        if (row != SIZE_MAX)
            w->kept.levels[row * axes + d] = level;
    }
    if (row != SIZE_MAX)
        memcpy(w->kept.values + row * n, w->row, n * sizeof *w->row);
    return ERR_OK;
}

/* Population variance in two passes over at most ANALYSIS_VARIANTS_MAX values; 0 when they are all tied. */
static double analysis_spread(const double *row, const double *settled, size_t count, int64_t *n)
{
    double sum = 0, squares = 0, least = NAN, most = NAN;

    *n = 0;
    for (size_t i = 0; i < count; i++) {
        least = fmin(settled[i], least);                        /* fmin and fmax pass a NAN over */
        most = fmax(settled[i], most);
    }
    for (size_t i = 0; i < count; i++)
        if (!isnan(row[i])) {
            sum += row[i];
            ++*n;
        }
    for (size_t i = 0; i < count && *n; i++)
        if (!isnan(row[i]))
            squares += (row[i] - sum / (double)*n) * (row[i] - sum / (double)*n);
    return least < most ? squares / (double)*n : 0;
}

/* Into the list, which is short, at its place; equal ones stay in order of cases. */
static void analysis_contest(struct analysis_work *w, const struct case_row *c)
{
    struct analysis *x = w->x;
    struct analysis_case add = { .index = c->index };
    size_t at = x->contested_count;

    add.variance = analysis_spread(w->row, w->settled, x->variant_count, &add.n);
    if (add.n < 2 || !(add.variance > 0))
        return;
    while (at && analysis_settle(x->contested[at - 1].variance) < analysis_settle(add.variance))
        at--;
    if (at == w->top)
        return;
    if (x->contested_count < w->top)
        x->contested[x->contested_count++].values = arena_array(w->arena, double, x->variant_count);
    add.values = x->contested[x->contested_count - 1].values;           /* of the one that leaves, or the new one's */
    memmove(x->contested + at + 1, x->contested + at, (x->contested_count - 1 - at) * sizeof add);
    memcpy(add.values, w->row, x->variant_count * sizeof *w->row);
    x->contested[at] = add;
}

static void analysis_list(struct analysis_work *w, const struct case_row *c)
{
    struct analysis *x = w->x;
    struct analysis_case *m;

    if (!w->o->matrix || x->matrix_count == ANALYSIS_MATRIX_CASES)
        return;
    m = &x->matrix[x->matrix_count++];
    *m = (struct analysis_case){ .index = c->index, .id = arena_strdup(w->arena, c->id),
                                 .values = arena_array(w->arena, double, x->variant_count) };
    memcpy(m->values, w->row, x->variant_count * sizeof *w->row);
    for (size_t v = 0; v < x->variant_count; v++)
        m->n += !isnan(w->row[v]);
}

double analysis_settle(double v)
{
    int exponent;
    double part = frexp(v, &exponent);

    return ldexp(nearbyint(ldexp(part, 36)), exponent - 36);
}

static enum err_code analysis_case_add(struct analysis_work *w, const struct case_row *c, struct err *e)
{
    struct analysis *x = w->x;
    int64_t values = 0;

    for (size_t v = 0; v < x->variant_count; v++) {
        int64_t no = x->variants[v].of->no;
        const struct case_cell *cell = &c->cells[no];

        w->row[v] = cell->n ? case_cell_mean(cell) : NAN;
        w->settled[v] = cell->n ? analysis_settle(w->row[v]) : NAN;
        if (!cell->n) {
            x->variants[v].missing += c->tallies[no].done + c->tallies[no].failed > 0;
            continue;
        }
        values++;
        aggregate_value(&w->moments[v], w->row[v]);
        analysis_count(w, v);
    }
    if (!values)
        return ERR_OK;
    x->cases++;
    hash_sha256_add(&w->hash, str_n((const char *)&c->index, sizeof c->index));
    hash_sha256_add(&w->hash, str_n((const char *)w->row, x->variant_count * sizeof *w->row));
    analysis_standings(w);
    analysis_contest(w, c);
    analysis_list(w, c);
    return analysis_keep(w, c->index, e);
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

/* How many cases of `n` variants are kept. */
static size_t analysis_rows_max(const struct analysis_work *w, size_t n)
{
    size_t values = w->o->values_max ? w->o->values_max : ANALYSIS_VALUES_MAX;
    size_t sorted = w->o->sorted_max ? w->o->sorted_max : ANALYSIS_SORTED_MAX;
    size_t rows = MIN(values / n, sorted / MAX(n * (n - 1) / 2, (size_t)1));

    return MIN(MAX(rows, (size_t)1), (size_t)w->x->result->run->cases);
}

static void analysis_begin(struct analysis_work *w)
{
    struct analysis *x = w->x;
    const struct result *r = x->result;
    size_t n = x->variant_count = MIN(r->variant_count, (size_t)ANALYSIS_VARIANTS_MAX);

    x->variants = arena_array(w->arena, struct analysis_variant, n);
    for (size_t v = 0; v < n; v++)
        x->variants[v].of = &r->variants[v];
    w->moments = arena_array(w->arena, struct aggregate_scorer, n);
    w->won = arena_array(w->arena, int64_t, n);
    w->lost = arena_array(w->arena, int64_t, n);
    w->tied = arena_array(w->arena, int64_t, n);
    w->row = arena_array(w->arena, double, n);
    w->settled = arena_array(w->arena, double, n);
    w->pairs = arena_array(w->arena, struct analysis_pair_sums, n * n);
    w->seen_counts = arena_array(w->arena, int64_t, n * ANALYSIS_VALUES_SHOWN);
    w->step_counts = arena_array(w->arena, int64_t, n * ANALYSIS_STEPS);
    w->top = MIN(w->o->top ? w->o->top : (size_t)ANALYSIS_TOP, (size_t)ANALYSIS_TOP_MAX);
    x->contested = arena_array(w->arena, struct analysis_case, w->top);
    x->matrix = arena_array(w->arena, struct analysis_case, w->o->matrix ? ANALYSIS_MATRIX_CASES : 0);
    w->kept.rows_max = analysis_rows_max(w, n);
    w->kept.values = xcalloc(w->kept.rows_max * n + 1, sizeof *w->kept.values);
    w->kept.levels = xcalloc(w->kept.rows_max * x->axes.count + 1, 1);
    rng_seed(&w->rng, ANALYSIS_SEED);
    hash_sha256_init(&w->hash);
    hash_sha256_add(&w->hash, r->run->id);
    hash_sha256_add(&w->hash, x->metric);
}

static enum err_code analysis_read(struct analysis_work *w, struct store *s, int place, struct err *e)
{
    const struct run *run = w->x->result->run;
    char hex[HASH_HEX];

    w->pages = case_pages_new(s, run, w->x->result->scorer_count, &place, 1);
    for (int64_t i = 0; i < run->cases; i++) {
        struct case_row row;

        TRY(case_pages_get(w->pages, i, &row, e));
        TRY(analysis_case_add(w, &row, e));
    }
    for (size_t i = 0; i < w->x->contested_count; i++) {        /* few, and only now is it known which */
        struct case_row row;

        TRY(case_pages_get(w->pages, w->x->contested[i].index, &row, e));
        w->x->contested[i].id = arena_strdup(w->arena, row.id);
    }
    hash_sha256_end(&w->hash, hex);
    memcpy(w->x->input_hash, hex, sizeof w->x->input_hash - 1);
    return ERR_OK;
}

static void analysis_checks(struct analysis_work *w, struct analysis_variant *v)
{
    const struct result *r = w->x->result;
    size_t n = 0;

    v->checks = arena_array(w->arena, struct analysis_check, w->x->check_count);
    for (size_t i = 0; i < r->scorer_count; i++) {
        const struct aggregate_scorer *s = &v->of->sum->scorers[i];

        if (r->scorers[i].kind == SCORER_CHECK)
            v->checks[n++] = (struct analysis_check){ .scorer = i, .passed = s->ones, .failed = s->n - s->ones,
                                                      .not_evaluated = s->missing, .share = v->of->scores[i] };
    }
}

static void analysis_variant_finish(struct analysis_work *w, size_t at)
{
    struct analysis_variant *v = &w->x->variants[at];
    const struct aggregate_scorer *m = &w->moments[at];
    struct interval *i = &v->interval;
    double variance = aggregate_variance(m);

    v->cases = m->n;
    v->mean = v->deviation = v->least = v->most = v->mean_rho = v->outlyingness = NAN;
    v->wins = analysis_wins_of(w->won[at], w->lost[at], w->tied[at]);
    analysis_checks(w, v);
    if (!m->n)
        return;
    v->mean = aggregate_mean(m);
    v->least = m->min;
    v->most = m->max;
    if (m->n > 1)
        v->deviation = sqrt(variance);
    v->wilson = aggregate_binary(m) && w->x->result->run->repeat == 1 && w->x->unit == METRIC_RATIO;
    *i = v->wilson ? stats_wilson(m->ones, m->n, RESULT_LEVEL)
                   : stats_t_interval(v->mean, variance, m->n, RESULT_LEVEL);
    if (i->known && !v->wilson && w->x->unit == METRIC_RATIO)
        *i = (struct interval){ CLAMP(i->low, 0.0, 1.0), CLAMP(i->high, 0.0, 1.0), true };
    w->x->scored++;
}

struct analysis_seen { double value; size_t at; };

static int analysis_seen_cmp(const void *x, const void *y)
{
    const struct analysis_seen *a = x, *b = y;

    return (a->value > b->value) - (a->value < b->value);
}

static void analysis_distribute(struct analysis_work *w)
{
    struct analysis *x = w->x;
    struct analysis_seen order[ANALYSIS_VALUES_SHOWN] = { 0 };
    bool each = w->seen_count <= ANALYSIS_VALUES_SHOWN;

    x->distribution.steps = !each && x->unit == METRIC_RATIO;
    x->distribution.count = each ? w->seen_count : x->distribution.steps ? (size_t)ANALYSIS_STEPS : 0;
    x->distribution.values = arena_array(w->arena, double, x->distribution.count);
    for (size_t i = 0; i < x->distribution.count; i++)
        if (each)
            order[i] = (struct analysis_seen){ w->seen[i], i };
        else
            x->distribution.values[i] = (double)i / ANALYSIS_STEPS;
    if (each && w->seen_count)
        qsort(order, w->seen_count, sizeof *order, analysis_seen_cmp);
    for (size_t v = 0; v < x->variant_count; v++) {
        x->variants[v].counts = arena_array(w->arena, int64_t, x->distribution.count);
        for (size_t i = 0; i < x->distribution.count; i++) {
            if (each)
                x->distribution.values[i] = order[i].value;
            x->variants[v].counts[i] = each ? w->seen_counts[v * ANALYSIS_VALUES_SHOWN + order[i].at]
                                            : w->step_counts[v * ANALYSIS_STEPS + i];
        }
    }
}

enum err_code analysis_load(struct store *s, const struct result *r, struct data_pack *pack,
                            const struct analysis_options *o, struct arena *a, struct analysis **out, struct err *e)
{
    AUTO(analysis_work_dispose) struct analysis_work w = { .o = o, .arena = a };
    struct analysis *x = w.x = arena_new(a, struct analysis);
    bool gone;
    int place;

    x->result = r;
    TRY(analysis_measure(&w, &place, e));
    axes_of(r, a, &x->axes);
    gone = x->axes.count && !pack;
    if (gone)
        x->axes.count = 0;
    w.walk = case_walk_new(pack);
    for (size_t i = 0; i < r->scorer_count; i++)
        x->check_count += r->scorers[i].kind == SCORER_CHECK;
    analysis_begin(&w);
    TRY(analysis_read(&w, s, place, e));
    x->kept = (int64_t)w.kept.rows;
    for (size_t v = 0; v < x->variant_count; v++)
        analysis_variant_finish(&w, v);
    for (size_t i = 0; i < w.kept.rows; i++)
        x->aligned += analysis_aligned(x, w.kept.values + i * x->variant_count);
    analysis_distribute(&w);
    analysis_pairs_finish(x, &w.kept, w.pairs, a);
    analysis_dimensions_finish(x, &w.kept, w.unplaced, a);
    analysis_warn(x, gone, a);
    *out = x;
    return ERR_OK;
}
