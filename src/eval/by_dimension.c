#include "eval/by_dimension.h"

/* --- the run's axes ----------------------------------------------------------------------------------------------- */

static int axis_compare(const void *a, const void *b)
{
    return str_cmp(((const struct axis *)a)->name, ((const struct axis *)b)->name);
}

static int axis_level_compare(const void *a, const void *b)
{
    const struct axis_level *x = a, *y = b;

    return (x->score > y->score) - (x->score < y->score);
}

static void axis_read(const json_t *o, struct arena *a, struct axis *out)
{
    const json_t *levels = json_child(o, "levels");
    size_t n = MIN(json_array_size(levels), (size_t)DIMENSION_LEVELS_MAX), kept = 0;

    *out = (struct axis){ .name = arena_strdup(a, json_get_str(o, "name")),
                          .levels = arena_array(a, struct axis_level, n) };
    for (size_t i = 0; i < n; i++)
        out->levels[i] = (struct axis_level){ json_get_i64(json_array_get(levels, i), "score", 0),
                                              arena_strdup(a, json_get_str(json_array_get(levels, i), "label")) };
    if (n)
        qsort(out->levels, n, sizeof *out->levels, axis_level_compare);
    for (size_t i = 0; i < n; i++)
        if (!kept || out->levels[kept - 1].score != out->levels[i].score)
            out->levels[kept++] = out->levels[i];
    out->level_count = kept;
}

void axes_of(const struct result *r, struct arena *a, struct axes *out)
{
    const json_t *list = JSON_AT(r->settings, "task", "dimensions", "list");
    size_t n = MIN(json_array_size(list), (size_t)DIMENSIONS_MAX);

    *out = (struct axes){ arena_array(a, struct axis, n), n };
    for (size_t i = 0; i < n; i++)
        axis_read(json_array_get(list, i), a, &out->list[i]);
    if (n)
        qsort(out->list, n, sizeof *out->list, axis_compare);
}

/* --- cases beside trials ------------------------------------------------------------------------------------------ */

struct case_walk { struct data_pack *pack; struct pack_cursor *cursor; struct arena *arena; struct dataset_case kase; int64_t next; };

struct case_walk *case_walk_new(struct data_pack *pack)
{
    struct case_walk *w = xcalloc(1, sizeof *w);

    w->pack = pack;
    w->arena = arena_new_sized(16 * 1024);
    return w;
}

void case_walk_free(struct case_walk *w)
{
    if (!w)
        return;
    pack_cursor_free(w->cursor);
    arena_free(w->arena);
    free(w);
}

void case_walk_freep(struct case_walk **w)
{
    case_walk_free(*w);
    *w = NULL;
}

enum err_code case_walk_to(struct case_walk *w, int64_t case_index, const json_t **dimensions, struct err *e)
{
    bool more = true;

    *dimensions = NULL;
    if (!w->pack || case_index < 0 || case_index >= data_pack_cases(w->pack))
        return ERR_OK;
    if (!w->cursor || case_index + 1 < w->next || case_index - w->next > 1024) {
        pack_cursor_free(w->cursor);
        w->cursor = pack_cursor_new(w->pack, case_index);
        w->next = case_index;
    }
    while (more && w->next <= case_index) {
        arena_reset(w->arena);
        TRY(pack_cursor_next(w->cursor, w->arena, &w->kase, &more, e));
        w->next++;
    }
    *dimensions = json_child(w->kase.vars, "dimensions");
    return ERR_OK;
}

/* --- the groups --------------------------------------------------------------------------------------------------- */

struct by_pass {
    const struct result *r;
    struct by_dimension *by;
    struct case_walk *walk;
    struct sum ***sums;
    struct score *scores;
};

static void by_add(struct by_pass *p, size_t place, const json_t *dimensions, double value)
{
    for (size_t i = 0; i < p->by->axes.count; i++) {
        const struct axis *x = &p->by->axes.list[i];
        const json_t *score = json_object_getn(dimensions, x->name.at, x->name.len);

        for (size_t k = 0; k < x->level_count; k++)
            if (json_is_integer(score) && json_integer_value(score) == x->levels[k].score) {
                p->by->cells[place][i][k].n++;
                sum_add(&p->sums[place][i][k], value);
            }
    }
}

static const struct result_variant *by_variant(const struct result *r, int64_t no)
{
    for (size_t i = 0; i < r->variant_count; i++)
        if (r->variants[i].no == no)
            return &r->variants[i];
    return NULL;
}

static enum err_code by_trial(const struct store_trial *t, void *arg, struct err *e)
{
    struct by_pass *p = arg;
    struct trial_place at = run_trial_place(p->r->run, t->trial.number);
    const struct score *quality = &p->scores[p->r->quality];
    const struct result_variant *v = by_variant(p->r, at.variant);
    const json_t *dimensions;

    if (t->trial.state != TRIAL_DONE || !v)
        return ERR_OK;
    TRY(scores_read(t->scores, NULL, p->scores, p->r->scorer_count, e));
    if (quality->state != SCORE_VALUE)
        return ERR_OK;
    TRY(case_walk_to(p->walk, at.case_index, &dimensions, e));
    by_add(p, (size_t)(v - p->r->variants), dimensions, quality->value);
    return ERR_OK;
}

enum err_code by_dimension_load(const struct result *r, struct store *s, struct data_pack *pack, struct arena *a,
                                struct by_dimension **out, struct err *e)
{
    AUTO(case_walk_freep) struct case_walk *walk = case_walk_new(pack);
    struct by_dimension *by = arena_new(a, struct by_dimension);
    struct by_pass p = { .r = r, .by = by, .walk = walk, .sums = arena_array(a, struct sum **, r->variant_count),
                         .scores = arena_array(a, struct score, r->scorer_count + 1) };

    *out = NULL;
    axes_of(r, a, &by->axes);
    if (!by->axes.count || r->quality < 0 || !pack)
        return ERR_OK;
    by->cells = arena_array(a, struct by_cell **, r->variant_count);
    for (size_t v = 0; v < r->variant_count; v++) {
        by->cells[v] = arena_array(a, struct by_cell *, by->axes.count);
        p.sums[v] = arena_array(a, struct sum *, by->axes.count);
        for (size_t i = 0; i < by->axes.count; i++) {
            by->cells[v][i] = arena_array(a, struct by_cell, by->axes.list[i].level_count);
            p.sums[v][i] = arena_array(a, struct sum, by->axes.list[i].level_count);
        }
    }
    TRY(store_trials_each(s, r->run->no, &(struct store_trials_filter){ .variant = -1 }, by_trial, &p, e));
    for (size_t v = 0; v < r->variant_count; v++)
        for (size_t i = 0; i < by->axes.count; i++)
            for (size_t k = 0; k < by->axes.list[i].level_count; k++)
                if (by->cells[v][i][k].n)
                    by->cells[v][i][k].mean = sum_value(&p.sums[v][i][k]) / (double)by->cells[v][i][k].n;
    *out = by;
    return ERR_OK;
}
