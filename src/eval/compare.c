#include "eval/compare.h"

#include <math.h>

static const char *const compare_by_names[COMPARE_BYS] = { "name", "model", "prompt", "position" };
static const char *const compare_change_names[CHANGE_KINDS] = { "broken", "fixed", "worse", "better" };

const char *compare_by_name(enum compare_by by)
{
    return compare_by_names[by];
}

const char *compare_change_name(enum compare_change_kind k)
{
    return compare_change_names[k];
}

enum err_code compare_by_from(struct str name, enum compare_by *out, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (int i = 0; i < COMPARE_BYS; i++) {
        if (str_is(name, compare_by_names[i])) {
            *out = (enum compare_by)i;
            return ERR_OK;
        }
        suggest_offer(&near, str_c(compare_by_names[i]));
    }
    return err_set(e, ERR_USAGE,
                   "--by \"" STR_FMT "\" is no way to pair variants%s; there are name, model, prompt, position",
                   STR_ARG(name), suggest_hint(&near, hint));
}

typedef VEC(struct compare_change) compare_changes;
typedef VEC(double) compare_values;
struct compare_work {
    struct compare *c;
    const struct compare_options *o;
    struct store *store;
    struct arena *arena;
    int *places[COMPARE_RUNS_MAX];      /* [run][measure]: where case_pages finds it */
    struct case_pages *pages[COMPARE_RUNS_MAX];
    struct case_index *index[COMPARE_RUNS_MAX];         /* of runs over other cases */
    struct case_row rows[COMPARE_RUNS_MAX];
    struct compare_sums *sums;          /* [pair][measure] */
    compare_changes *changes;           /* [pair][kind] */
    compare_values *kept;               /* [pair]: differences of the deciding measure; NULL: not asked for, or too many */
    size_t kept_count;
};

static void compare_kept_dispose(struct compare_work *w)
{
    for (size_t i = 0; w->kept && i < w->c->pair_count; i++)
        vec_dispose(&w->kept[i]);
    free(w->kept);
    w->kept = NULL;
}

static void compare_work_dispose(struct compare_work *w)
{
    compare_kept_dispose(w);
    for (size_t i = 0; i < COMPARE_RUNS_MAX; i++) {
        case_pages_free(w->pages[i]);
        case_index_free(w->index[i]);
    }
    for (size_t i = 0; w->changes && i < w->c->pair_count * CHANGE_KINDS; i++)
        vec_dispose(&w->changes[i]);
    free(w->changes);
    free(w->sums);
}

/* --- measures ----------------------------------------------------------------------------------------------------- */

static ptrdiff_t compare_measure_find(const struct compare *c, struct str name)
{
    for (size_t i = 0; i < c->measure_count; i++)
        if (str_eq(c->measures[i].name, name))
            return (ptrdiff_t)i;
    return -1;
}

static void compare_measure_add(struct compare *c, const struct scorer_info *info)
{
    if (info->over_repeats || compare_measure_find(c, info->name) >= 0)
        return;
    c->measures[c->measure_count++] = (struct compare_measure){ .name = info->name, .unit = info->unit,
        .higher_is_better = info->higher_is_better, .is_check = info->kind == SCORER_CHECK, .severity = info->severity };
}

/* Every scorer of any run, by name, in the base run's order; then cost and latency, where no metric shows them. */
static void compare_measures(struct compare_work *w)
{
    static const struct scorer_info extra[] = {
        { .name = { "cost", 4 }, .unit = METRIC_USD }, { .name = { "latency", 7 }, .unit = METRIC_MS },
    };
    struct compare *c = w->c;
    size_t most = COUNT_OF(extra);

    for (size_t r = 0; r < c->run_count; r++)
        most += c->runs[r].result->scorer_count;
    c->measures = arena_array(w->arena, struct compare_measure, most);
    for (size_t r = 0; r < c->run_count; r++)
        for (size_t i = 0; i < c->runs[r].result->scorer_count; i++)
            compare_measure_add(c, &c->runs[r].result->scorers[i]);
    for (size_t i = 0; i < COUNT_OF(extra); i++)
        compare_measure_add(c, &extra[i]);
    for (size_t r = 0; r < c->run_count; r++) {
        const struct result *result = c->runs[r].result;

        w->places[r] = arena_array(w->arena, int, c->measure_count);
        for (size_t m = 0; m < c->measure_count; m++) {
            struct str name = c->measures[m].name;

            w->places[r][m] = str_is(name, "cost")      ? CASE_MEASURE_COST
                              : str_is(name, "latency") ? CASE_MEASURE_LATENCY
                                                        : CASE_MEASURE_NONE;
            for (size_t i = 0; i < result->scorer_count; i++)
                if (str_eq(result->scorers[i].name, name) && !result->scorers[i].over_repeats)
                    w->places[r][m] = (int)i;
        }
    }
}

static enum err_code compare_decides(struct compare_work *w, struct err *e)
{
    struct compare *c = w->c;
    const struct result *base = c->runs[0].result;
    struct suggest near;
    char hint[160];

    c->decides = base->quality >= 0 ? compare_measure_find(c, base->scorers[base->quality].name) : -1;
    if (!w->o->metric.len)
        return ERR_OK;
    c->decides = compare_measure_find(c, w->o->metric);
    if (c->decides >= 0 && c->measures[c->decides].unit == METRIC_RATIO)
        return ERR_OK;
    suggest_begin(&near, w->o->metric);
    for (size_t i = 0; i < c->measure_count; i++)
        if (c->measures[i].unit == METRIC_RATIO)
            suggest_offer(&near, c->measures[i].name);
    return err_set(e, ERR_USAGE, "--metric \"" STR_FMT "\" is no share from 0 to 1 that these runs have%s; `assay show --detail` lists "
                   "what a run has", STR_ARG(w->o->metric), suggest_hint(&near, hint));
}

/* --- pairs -------------------------------------------------------------------------------------------------------- */

static bool compare_pair_wanted(const struct compare_work *w, const struct result_variant *base,
                                const struct result_variant *other)
{
    return !w->o->variant.len || str_eq(base->name, w->o->variant) || str_eq(other->name, w->o->variant);
}

static enum err_code compare_no_variant(const char *option, struct str name, const struct compare *c, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (size_t r = 0; r < c->run_count; r++)
        for (size_t i = 0; i < c->runs[r].result->variant_count; i++)
            suggest_offer(&near, c->runs[r].result->variants[i].name);
    return err_set(e, ERR_USAGE, "%s \"" STR_FMT "\" is no variant of %s%s", option, STR_ARG(name),
                   c->run_count == 1 ? "the run" : "these runs", suggest_hint(&near, hint));
}

static enum err_code compare_pairs_within(struct compare_work *w, struct err *e)
{
    struct compare *c = w->c;
    const struct result *r = c->runs[0].result;
    size_t base = 0;

    if (r->variant_count < 2)
        return err_set(e, ERR_BAD_INPUT,
                       "run " STR_FMT " has one variant; name a second run to compare it with, such as last~1",
                       STR_ARG(id_short(c->runs[0].run->id)));
    if (w->o->against.len) {
        while (base < r->variant_count && !str_eq(r->variants[base].name, w->o->against))
            base++;
        if (base == r->variant_count)
            return compare_no_variant("--against", w->o->against, c, e);
    }
    c->pairs = arena_array(w->arena, struct compare_pair, r->variant_count);
    for (size_t i = 0; i < r->variant_count; i++)
        if (i != base && compare_pair_wanted(w, &r->variants[base], &r->variants[i]))
            c->pairs[c->pair_count++] = (struct compare_pair){ .base = &r->variants[base], .other = &r->variants[i] };
    return ERR_OK;
}

/* A run's variants by their number, each with what it is matched by. */
struct compare_keys { const struct result_variant **variants; struct str *keys; size_t count; };

static struct compare_keys compare_keys_of(const struct compare_work *w, const struct result *r)
{
    const json_t *task = json_child(r->settings, "task");
    struct compare_keys k = { .count = r->variant_count };

    k.variants = arena_array(w->arena, const struct result_variant *, k.count);
    k.keys = arena_array(w->arena, struct str, k.count);
    for (size_t i = 0; i < r->variant_count; i++) {
        const struct result_variant *v = &r->variants[i];
        size_t no = (size_t)v->no;
        const json_t *one = json_array_get(json_child(task, "variants"), no);
        const json_t *prompt = json_array_get(json_child(task, "prompts"), (size_t)json_get_i64(one, "prompt", 0));

        k.variants[no] = v;
        switch (w->o->by) {
        case COMPARE_BY_MODEL:      k.keys[no] = v->model; break;
        case COMPARE_BY_PROMPT:     k.keys[no] = json_get_str(prompt, "name"); break;
        case COMPARE_BY_POSITION:   k.keys[no] = arena_printf(w->arena, "%zu", no); break;
        default:                    k.keys[no] = v->name; break;
        }
    }
    return k;
}

/* The variant of `other` that goes with number `no` of `base`: the n-th of its key with the n-th. */
static const struct result_variant *compare_partner(const struct compare_keys *base, size_t no,
                                                    const struct compare_keys *other)
{
    size_t before = 0;

    for (size_t i = 0; i < no; i++)
        before += str_eq(base->keys[i], base->keys[no]);
    for (size_t i = 0; i < other->count; i++)
        if (str_eq(other->keys[i], base->keys[no]) && before-- == 0)
            return other->variants[i];
    return NULL;
}

static bool compare_has(const struct compare *c, const struct result_variant *v)
{
    for (size_t i = 0; i < c->pair_count; i++)
        if (c->pairs[i].base == v || c->pairs[i].other == v)
            return true;
    return false;
}

static void compare_unmatched(struct compare_work *w)
{
    for (size_t r = 0; r < w->c->run_count; r++) {
        struct compare_run *run = &w->c->runs[r];

        run->unmatched = arena_array(w->arena, struct str, run->result->variant_count);
        for (size_t i = 0; i < run->result->variant_count; i++)
            if (!compare_has(w->c, &run->result->variants[i]))
                run->unmatched[run->unmatched_count++] = run->result->variants[i].name;
    }
}

static enum err_code compare_pairs_across(struct compare_work *w, struct err *e)
{
    struct compare *c = w->c;
    const struct result *base = c->runs[0].result;
    struct compare_keys keys[COMPARE_RUNS_MAX];

    if (w->o->against.len)
        return err_set(e, ERR_USAGE,
                       "--against names a variant of one run; of several runs the first is what the others are held "
                       "against");
    for (size_t r = 0; r < c->run_count; r++)
        keys[r] = compare_keys_of(w, c->runs[r].result);
    c->pairs = arena_array(w->arena, struct compare_pair, base->variant_count * (c->run_count - 1));
    for (size_t i = 0; i < base->variant_count; i++)
        for (size_t r = 1; r < c->run_count; r++) {
            const struct result_variant *v = &base->variants[i],
                                        *o = compare_partner(&keys[0], (size_t)v->no, &keys[r]);

            if (o)
                c->pairs[c->pair_count++] = (struct compare_pair){ .other_run = r, .base = v, .other = o };
        }
    if (!c->pair_count)
        return err_set(e, ERR_BAD_INPUT, "no variant of run " STR_FMT " (" STR_FMT ", ...) has the %s of one of run " STR_FMT " (" STR_FMT
                       ", ...); --by %s pairs them otherwise", STR_ARG(id_short(c->runs[0].run->id)),
                       STR_ARG(str_utf8_head(base->variants[0].name, 60)), compare_by_name(w->o->by), STR_ARG(id_short(c->runs[1].run->id)),
                       STR_ARG(str_utf8_head(c->runs[1].result->variants[0].name, 60)),
                       w->o->by == COMPARE_BY_MODEL ? "prompt or --by position" : "model or --by position");
    compare_unmatched(w);
    if (w->o->variant.len) {
        size_t kept = 0;

        for (size_t i = 0; i < c->pair_count; i++)
            if (compare_pair_wanted(w, c->pairs[i].base, c->pairs[i].other))
                c->pairs[kept++] = c->pairs[i];
        c->pair_count = kept;
    }
    return ERR_OK;
}

/* --- cases -------------------------------------------------------------------------------------------------------- */

static const struct case_cell *compare_cell(const struct compare_work *w, size_t run, const struct result_variant *v,
                                            size_t m)
{
    return &w->rows[run].cells[(size_t)v->no * w->c->measure_count + m];
}

enum compare_outcome { OUTCOME_UNKNOWN, OUTCOME_FAIL, OUTCOME_PASS };

static enum compare_outcome compare_outcome(const struct compare_work *w, size_t run, const struct result_variant *v)
{
    const struct case_tally *t = &w->rows[run].tallies[v->no];
    const struct case_cell *c = w->c->decides < 0 ? NULL : compare_cell(w, run, v, (size_t)w->c->decides);

    if (!t->done || t->critical)
        return OUTCOME_FAIL;
    if (!c)
        return OUTCOME_PASS;
    if (!c->n)
        return OUTCOME_UNKNOWN;
    return case_cell_mean(c) >= w->o->pass - 1e-9 ? OUTCOME_PASS : OUTCOME_FAIL;
}

static const char *compare_why(const struct compare_work *w, size_t run, const struct result_variant *v)
{
    const struct case_tally *t = &w->rows[run].tallies[v->no];

    return !t->done ? "not answered" : t->critical ? "critical check" : "low value";
}

static void compare_change_note(struct compare_work *w, size_t at, enum compare_change_kind kind,
                                const struct case_cell *base, const struct case_cell *other)
{
    struct compare_pair *pair = &w->c->pairs[at];
    compare_changes *list = &w->changes[at * CHANGE_KINDS + kind];

    pair->counts[kind]++;
    if ((int64_t)list->len >= w->o->changes_max)
        return;
    vec_push(list, (struct compare_change){
        .kind = kind, .pair = at, .case_id = arena_strdup(w->arena, w->rows[pair->base_run].id),
        .base_trial = w->rows[pair->base_run].tallies[pair->base->no].first,
        .other_trial = w->rows[pair->other_run].tallies[pair->other->no].first,
        .why = kind == CHANGE_BROKEN  ? compare_why(w, pair->other_run, pair->other)
               : kind == CHANGE_FIXED ? compare_why(w, pair->base_run, pair->base)
                                      : "",
        .valued = base && base->n && other->n, .base = base && base->n ? case_cell_mean(base) : 0,
        .other = other && other->n ? case_cell_mean(other) : 0,
    });
}

static void compare_case_outcome(struct compare_work *w, size_t at)
{
    struct compare_pair *pair = &w->c->pairs[at];
    enum compare_outcome base = compare_outcome(w, pair->base_run, pair->base),
                         other = compare_outcome(w, pair->other_run, pair->other);
    const struct case_cell *x = NULL, *y = NULL;
    double moved = 0;

    if (w->c->decides >= 0) {
        x = compare_cell(w, pair->base_run, pair->base, (size_t)w->c->decides);
        y = compare_cell(w, pair->other_run, pair->other, (size_t)w->c->decides);
        moved = x->n && y->n ? case_cell_mean(y) - case_cell_mean(x) : 0;
    }
    pair->cases++;
    if (base == OUTCOME_UNKNOWN || other == OUTCOME_UNKNOWN) {
        pair->unknown++;
        return;
    }
    if (base != other) {
        compare_change_note(w, at, other == OUTCOME_PASS ? CHANGE_FIXED : CHANGE_BROKEN, x, y);
        return;
    }
    *(base == OUTCOME_PASS ? &pair->both_pass : &pair->both_fail) += 1;
    if (fabs(moved) > 1e-9)
        compare_change_note(w, at,
                            (moved > 0) == w->c->measures[w->c->decides].higher_is_better ? CHANGE_BETTER
                                                                                          : CHANGE_WORSE,
                            x, y);
}

/* Past the bound nothing is resampled, rather than a part that would pass for the whole. */
static void compare_keep(struct compare_work *w, size_t at, double difference)
{
    if (!w->kept)
        return;
    if (w->kept_count++ == COMPARE_KEPT_MAX)
        compare_kept_dispose(w);
    else
        vec_push(&w->kept[at], difference);
}

static void compare_case_pair(struct compare_work *w, size_t at)
{
    struct compare_pair *pair = &w->c->pairs[at];

    if (w->rows[pair->base_run].tallies[pair->base->no].first < 0 ||
        w->rows[pair->other_run].tallies[pair->other->no].first < 0)
        return;
    compare_case_outcome(w, at);
    for (size_t m = 0; m < w->c->measure_count; m++) {
        const struct case_cell *x = compare_cell(w, pair->base_run, pair->base, m),
                               *y = compare_cell(w, pair->other_run, pair->other, m);
        double base, other;

        if (!x->n || !y->n)
            continue;
        base = case_cell_mean(x);
        other = case_cell_mean(y);
        compare_sums_add(&w->sums[at * w->c->measure_count + m], base, other);
        if ((ptrdiff_t)m == w->c->decides)
            compare_keep(w, at, other - base);
    }
}

/* The row of run `r` that holds the base run's case at hand; `id` empty when there is none. */
static enum err_code compare_row(struct compare_work *w, size_t r, int64_t index, struct err *e)
{
    int64_t at;

    if (w->c->runs[r].same_cases)
        return case_pages_get(w->pages[r], index, &w->rows[r], e);
    for (size_t n = 0; (at = case_index_find(w->index[r], w->rows[0].id, n)) >= 0; n++) {
        TRY(case_pages_get(w->pages[r], at, &w->rows[r], e));
        if (str_eq(w->rows[r].id, w->rows[0].id))
            return ERR_OK;
    }
    w->rows[r].id = STR_NONE;
    return ERR_OK;
}

static enum err_code compare_case(struct compare_work *w, int64_t index, struct err *e)
{
    bool everywhere = true;

    TRY(case_pages_get(w->pages[0], index, &w->rows[0], e));
    if (!w->rows[0].id.len)
        return ERR_OK;
    for (size_t r = 1; r < w->c->run_count; r++) {
        TRY(compare_row(w, r, index, e));
        if (w->rows[r].id.len)
            w->c->runs[r].common++;
        else
            w->c->runs[r].only_base++;
        everywhere &= w->rows[r].id.len > 0;
    }
    w->c->runs[0].common += everywhere;
    for (size_t i = 0; i < w->c->pair_count; i++)
        if (w->rows[w->c->pairs[i].other_run].id.len)
            compare_case_pair(w, i);
    return ERR_OK;
}

static enum err_code compare_read(struct compare_work *w, struct err *e)
{
    struct compare *c = w->c;

    for (size_t r = 0; r < c->run_count; r++) {
        struct compare_run *run = &c->runs[r];

        run->same_cases = str_eq(run->run->dataset_hash, c->runs[0].run->dataset_hash) &&
                          run->run->cases == c->runs[0].run->cases;
        w->pages[r] = case_pages_new(w->store, run->run, run->result->scorer_count, w->places[r], c->measure_count);
        if (!run->same_cases)
            TRY(case_index_new(w->store, run->run, &w->index[r], e));
    }
    for (int64_t i = 0; i < c->runs[0].run->cases; i++)
        TRY(compare_case(w, i, e));
    for (size_t r = 1; r < c->run_count; r++)
        if (w->index[r])
            c->runs[r].only_here = case_index_count(w->index[r]) - c->runs[r].common;
    return ERR_OK;
}

/* --- what came out ------------------------------------------------------------------------------------------------ */

static void compare_finish(struct compare_work *w)
{
    AUTO(freep) struct compare_difference **list = xcalloc(w->c->pair_count, sizeof *list);
    struct compare *c = w->c;
    size_t kept = 0;

    for (size_t i = 0; i < c->pair_count; i++) {
        bool once = c->runs[c->pairs[i].base_run].run->repeat == 1 && c->runs[c->pairs[i].other_run].run->repeat == 1;

        c->pairs[i].measures = arena_array(w->arena, struct compare_difference, c->measure_count);
        for (size_t m = 0; m < c->measure_count; m++)
            compare_decide(&c->pairs[i].measures[m], &w->sums[i * c->measure_count + m], c->measures[m].unit, once);
        if (w->kept) {
            c->pairs[i].wilcoxon = stats_wilcoxon(w->kept[i].at, w->kept[i].len);
            c->pairs[i].resampled = stats_resample(w->kept[i].at, w->kept[i].len, RESULT_LEVEL);
        }
    }
    for (size_t m = 0; m < c->measure_count; m++) {
        for (size_t i = 0; i < c->pair_count; i++)
            list[i] = &c->pairs[i].measures[m];
        compare_judge(list, c->pair_count, c->measures[m].unit, c->measures[m].higher_is_better);
    }
    for (size_t i = 0; i < c->pair_count * CHANGE_KINDS; i++)
        kept += w->changes[i].len;
    c->changes = arena_array(w->arena, struct compare_change, kept);
    for (size_t i = 0; i < c->pair_count * CHANGE_KINDS; i++)
        for (size_t k = 0; k < w->changes[i].len; k++)
            c->changes[c->change_count++] = w->changes[i].at[k];
}

static enum err_code compare_runs(struct compare_work *w, struct run *const *runs, struct err *e)
{
    struct compare *c = w->c;

    c->runs = arena_array(w->arena, struct compare_run, c->run_count);
    for (size_t r = 0; r < c->run_count; r++) {
        for (size_t k = 0; k < r; k++)
            if (runs[k]->no == runs[r]->no)
                return err_set(e, ERR_USAGE,
                               "run " STR_FMT " is named twice; the variants of one run are compared by naming it once",
                               STR_ARG(id_short(runs[r]->id)));
        c->runs[r].run = runs[r];
        TRY(result_load(w->store, runs[r], w->arena, &c->runs[r].result, e));
        compare_task(c->runs[0].result->settings, c->runs[r].result->settings, w->arena, &c->runs[r].differs,
                     &c->runs[r].differs_count);
    }
    return ERR_OK;
}

enum err_code compare_load(struct store *s, struct run *const *runs, size_t run_count, const struct compare_options *o,
                           struct arena *a, struct compare **out, struct err *e)
{
    AUTO(compare_work_dispose) struct compare_work w = { .o = o, .store = s, .arena = a };
    struct compare *c = w.c = arena_new(a, struct compare);
    size_t cells;

    ASSERT(run_count > 0);
    if (run_count > COMPARE_RUNS_MAX)
        return err_set(e, ERR_USAGE, "%zu runs are too many; at most %d can be compared at a time", run_count,
                       COMPARE_RUNS_MAX);
    *c = (struct compare){ .run_count = run_count, .by = o->by, .pass = o->pass };
    TRY(compare_runs(&w, runs, e));
    compare_measures(&w);
    TRY(compare_decides(&w, e));
    TRY(run_count == 1 ? compare_pairs_within(&w, e) : compare_pairs_across(&w, e));
    if (!c->pair_count)
        return compare_no_variant("--variant", o->variant, c, e);
    if (__builtin_mul_overflow(c->pair_count, c->measure_count, &cells) || cells > COMPARE_CELLS_MAX)
        return err_set(
            e, ERR_TOO_LARGE,
            "%zu pairs of variants with %zu metrics and checks are more than the %d that can be compared at a "
            "time; --variant chooses one",
            c->pair_count, c->measure_count, COMPARE_CELLS_MAX);
    w.sums = xcalloc(cells + 1, sizeof *w.sums);
    w.changes = xcalloc(c->pair_count * CHANGE_KINDS, sizeof *w.changes);
    if (o->resample && c->decides >= 0)
        w.kept = xcalloc(c->pair_count, sizeof *w.kept);
    TRY(compare_read(&w, e));
    compare_finish(&w);
    *out = c;
    return ERR_OK;
}

/* --- one case ----------------------------------------------------------------------------------------------------- */

struct compare_search { const struct run *run; struct str id; int64_t index; };

static enum err_code compare_search_trial(const struct store_trial *t, void *arg, struct err *e)
{
    struct compare_search *s = arg;

    (void)e;
    if (!str_eq(t->trial.case_id, s->id))
        return ERR_OK;
    s->index = run_trial_place(s->run, t->trial.number).case_index;
    return ERR_CANCELLED;
}

enum err_code compare_case_find(struct store *s, const struct run *run, struct str id, int64_t *index, struct err *e)
{
    struct compare_search search = { .run = run, .id = id, .index = -1 };
    enum err_code code = store_trials_each(s, run->no, &(struct store_trials_filter){ .variant = -1 },
                                           compare_search_trial, &search, e);

    *index = search.index;
    return code == ERR_CANCELLED ? ERR_OK : code;
}
