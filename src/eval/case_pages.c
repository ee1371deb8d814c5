#include "eval/case_pages.h"

#define CASE_PAGE_CELLS  65536
#define CASE_PAGE_TRIALS 65536

struct case_pages {
    struct store *store;
    const struct run *run;
    const int *measures;
    size_t measure_count, scorer_count;
    struct arena *ids;                  /* of the page at hand */
    struct score *scores;
    int64_t first, count, capacity;     /* cases on the page; capacity: as many as it may hold */
    int64_t next;                       /* the case that reading on would ask for */
    struct str *names;                  /* [case on the page] */
    struct case_tally *tallies;         /* [case on the page][variant] */
    struct case_cell *cells;            /* [case on the page][variant][measure] */
};

double case_cell_mean(const struct case_cell *c)
{
    return sum_value(&c->sum) / (double)c->n;
}

struct case_pages *case_pages_new(struct store *s, const struct run *run, size_t scorer_count, const int *measures,
                                  size_t measure_count)
{
    struct case_pages *p = xcalloc(1, sizeof *p);
    int64_t cells = run->variants * (int64_t)(measure_count + 1);
    size_t rows;

    *p = (struct case_pages){ .store = s, .run = run, .measures = measures, .measure_count = measure_count,
                              .scorer_count = scorer_count, .ids = arena_new_sized(16 * 1024) };
    p->capacity = CLAMP(MIN(CASE_PAGE_CELLS / cells, CASE_PAGE_TRIALS / (run->variants * run->repeat)), (int64_t)1, (int64_t)1024);
    rows = (size_t)(p->capacity * run->variants);
    p->scores = xcalloc(scorer_count + 1, sizeof *p->scores);
    p->names = xcalloc((size_t)p->capacity, sizeof *p->names);
    p->tallies = xcalloc(rows, sizeof *p->tallies);
    p->cells = xcalloc(rows * (measure_count + 1), sizeof *p->cells);
    return p;
}

void case_pages_free(struct case_pages *p)
{
    if (!p)
        return;
    arena_free(p->ids);
    free(p->scores);
    free(p->names);
    free(p->tallies);
    free(p->cells);
    free(p);
}

void case_pages_freep(struct case_pages **p)
{
    case_pages_free(*p);
    *p = NULL;
}

static void case_pages_add(struct case_cell *c, double v)
{
    sum_add(&c->sum, v);
    c->n++;
}

static enum err_code case_pages_trial(const struct store_trial *t, void *arg, struct err *e)
{
    struct case_pages *p = arg;
    struct trial_place at = run_trial_place(p->run, t->trial.number);
    int64_t row = at.case_index - p->first;
    struct case_tally *tally;
    struct case_cell *cells;

    if (row < 0 || row >= p->count)
        return ERR_CANCELLED;
    if (!p->names[row].len)
        p->names[row] = arena_strdup(p->ids, t->trial.case_id);
    tally = &p->tallies[row * p->run->variants + at.variant];
    if (tally->first < 0)
        tally->first = t->trial.number;
    tally->critical += t->trial.critical;
    if (t->trial.state != TRIAL_DONE) {
        tally->failed++;
        return ERR_OK;
    }
    tally->done++;
    TRY(scores_read(t->scores, NULL, p->scores, p->scorer_count, e));
    cells = p->cells + (size_t)(row * p->run->variants + at.variant) * p->measure_count;
    for (size_t i = 0; i < p->measure_count; i++) {
        int m = p->measures[i];

        if (m >= 0 && p->scores[m].state == SCORE_VALUE)
            case_pages_add(&cells[i], p->scores[m].value);
        else if (m == CASE_MEASURE_COST && t->trial.cost_nanousd != MONEY_UNKNOWN)
            case_pages_add(&cells[i], money_to_double(t->trial.cost_nanousd));
        else if (m == CASE_MEASURE_LATENCY)
            case_pages_add(&cells[i], (double)t->trial.latency_ms);
    }
    return ERR_OK;
}

/* A page that follows the last one is as long as may be, one after a jump is short. */
static enum err_code case_pages_read(struct case_pages *p, int64_t index, struct err *e)
{
    int64_t each = p->run->variants * p->run->repeat;
    struct store_trials_filter filter = { .variant = -1, .first = index * each };
    size_t rows;
    enum err_code code;

    p->count = index == p->next ? p->capacity : 1;
    p->count = MIN(p->count, p->run->cases - index);
    p->first = index;
    p->next = index + p->count;
    filter.limit = p->count * each;
    rows = (size_t)(p->count * p->run->variants);
    arena_reset(p->ids);
    memset(p->names, 0, (size_t)p->count * sizeof *p->names);
    memset(p->cells, 0, rows * p->measure_count * sizeof *p->cells);
    for (size_t i = 0; i < rows; i++)
        p->tallies[i] = (struct case_tally){ .first = -1 };
    code = store_trials_each(p->store, p->run->no, &filter, case_pages_trial, p, e);
    if (code != ERR_OK && code != ERR_CANCELLED)
        p->count = 0;
    return code == ERR_CANCELLED ? ERR_OK : code;
}

enum err_code case_pages_get(struct case_pages *p, int64_t index, struct case_row *out, struct err *e)
{
    size_t row;

    ASSERT(index >= 0 && index < p->run->cases);
    if (index < p->first || index >= p->first + p->count)
        TRY(case_pages_read(p, index, e));
    row = (size_t)(index - p->first);
    *out = (struct case_row){ .index = index, .id = p->names[row],
                              .tallies = p->tallies + row * (size_t)p->run->variants,
                              .cells = p->cells + row * (size_t)p->run->variants * p->measure_count };
    return ERR_OK;
}

/* --- where an id stands ------------------------------------------------------------------------------------------- */

struct case_index_entry { uint64_t hash; int64_t index; };
struct case_index { const struct run *run; int64_t last; uint64_t seed; VEC(struct case_index_entry) entries; };

static enum err_code case_index_trial(const struct store_trial *t, void *arg, struct err *e)
{
    struct case_index *x = arg;
    int64_t index = run_trial_place(x->run, t->trial.number).case_index;

    if (index == x->last)
        return ERR_OK;
    if ((int64_t)x->entries.len >= CASE_INDEX_MAX)
        return err_set(e, ERR_TOO_LARGE,
                       "run " STR_FMT " has more than %lld cases; runs over different cases can be compared up to "
                       "that many",
                       STR_ARG(id_short(x->run->id)), (long long)CASE_INDEX_MAX);
    x->last = index;
    vec_push(&x->entries, (struct case_index_entry){ hash_bytes(t->trial.case_id, x->seed), index });
    return ERR_OK;
}

static int case_index_cmp(const void *x, const void *y)
{
    const struct case_index_entry *a = x, *b = y;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

enum err_code case_index_new(struct store *s, const struct run *run, struct case_index **out, struct err *e)
{
    AUTO(case_index_freep) struct case_index *x = xcalloc(1, sizeof *x);

    x->run = run;
    x->last = -1;
    randombytes_buf(&x->seed, sizeof x->seed);            /* nobody can choose ids that collide */
    TRY(store_trials_each(s, run->no, &(struct store_trials_filter){ .variant = -1 }, case_index_trial, x, e));
    if (x->entries.len)
        qsort(x->entries.at, x->entries.len, sizeof *x->entries.at, case_index_cmp);
    *out = TAKE(x);
    return ERR_OK;
}

void case_index_free(struct case_index *x)
{
    if (!x)
        return;
    vec_dispose(&x->entries);
    free(x);
}

void case_index_freep(struct case_index **x)
{
    case_index_free(*x);
    *x = NULL;
}

int64_t case_index_count(const struct case_index *x)
{
    return (int64_t)x->entries.len;
}

int64_t case_index_find(const struct case_index *x, struct str id, size_t n)
{
    uint64_t hash = hash_bytes(id, x->seed);
    size_t low = 0, high = x->entries.len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (x->entries.at[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low + n < x->entries.len && x->entries.at[low + n].hash == hash ? x->entries.at[low + n].index : -1;
}
