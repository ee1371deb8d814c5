#include "data/case.h"
#include "data/percent.h"
#include "data/where.h"

#define SAMPLE_MAX 1000000000

struct dataset_reader {
    struct dataset_source src;
    struct arena *own;                  /* strings of src */
    const struct source_kind *kind;
    void *state;
    struct case_reader cases;
    struct where *where;
    int64_t limit, sample;
    int percent;
    unsigned char *drawn;               /* with a percent: a bit for each of the population */
    struct arena *held;                 /* with dimensions: the case whose combinations are handed out */
    struct dataset_case base;
    int64_t combination, combinations;  /* the next one; 0: a new case is due */
    int64_t population;                 /* with a sample: how many cases pass `where` and `limit` */
    int64_t seen, chosen;               /* of the population; handed out */
    int64_t position;                   /* of the last item in the source */
    struct rng rng;
};

struct dataset_source dataset_source_of(const struct task *t, struct arena *a)
{
    bool is_file = t->dataset.path.len > 0;

    return (struct dataset_source){
        .path = is_file ? path_join(a, t->dir, t->dataset.path) : STR_NONE,
        .name = is_file ? t->dataset.path : arena_printf(a, STR_FMT ": cases", STR_ARG(path_base(t->path))),
        .inline_cases = t->dataset.inline_cases, .expected = t->dataset.expected, .id = t->dataset.id,
        .defaults = t->dataset.defaults,
        .dimensions = t->dimensions, .alone = t->dataset.alone,
        .prefer = t->output.format_given ? str_c(output_format_name(t->output.format)) : STR_NONE,
    };
}

void dataset_close(struct dataset_reader *r)
{
    if (!r)
        return;
    if (r->state)
        r->kind->close(r->state);
    where_free(r->where);
    free(r->drawn);
    arena_free(r->held);
    arena_free(r->own);
    free(r);
}

void dataset_closep(struct dataset_reader **r)
{
    dataset_close(*r);
    *r = NULL;
}

static enum err_code dataset_begin(struct dataset_reader *r, struct err *e)
{
    if (r->state)
        r->kind->close(TAKE(r->state));
    r->cases = (struct case_reader){ .src = &r->src, .cells_are_text = r->kind->cells_are_text };
    r->position = r->seen = r->chosen = r->combination = 0;
    return r->kind->open(&r->src, &r->state, e);
}

static enum err_code dataset_raw(struct dataset_reader *r, struct arena *a, struct dataset_case *out, bool *more,
                                 int64_t *line, struct err *e)
{
    struct source_item item = { 0 };

    TRY(r->kind->next(r->state, &item, more, e));
    if (!*more)
        return case_reader_end(&r->cases, r->position, e);
    *line = item.line;
    return case_of_item(&r->cases, &item, ++r->position, a, out, e);
}

/* The next combination of the case at hand. */
static void dataset_combine(struct dataset_reader *r, struct arena *a, struct dataset_case *out)
{
    const struct dimensions *d = &r->src.dimensions;
    struct str name = dimensions_name(d, r->combination, a);
    json_t *vars = json_in_arena(json_copy((json_t *)r->base.vars), a);

    dimensions_set(d, r->position, r->combination, vars);
    *out = (struct dataset_case){ .index = r->base.index, .vars = vars, .id = name };
    if (!r->src.alone)
        out->id = arena_printf(a, STR_FMT " / " STR_FMT, STR_ARG(r->base.id), STR_ARG(name));
    if (r->base.expected)
        out->expected = json_in_arena(json_incref((json_t *)r->base.expected), a);
    r->combination = (r->combination + 1) % r->combinations;
}

static enum err_code dataset_any(struct dataset_reader *r, struct arena *a, struct dataset_case *out, bool *more,
                                 int64_t *line, struct err *e)
{
    if (!r->src.dimensions.count)
        return dataset_raw(r, a, out, more, line, e);
    *more = true;
    if (r->combination == 0) {
        arena_reset(r->held);
        TRY(dataset_raw(r, r->held, &r->base, more, line, e));
    }
    if (*more)
        dataset_combine(r, a, out);
    return ERR_OK;
}

/* The next case that passes `where`, within `limit`. */
static enum err_code dataset_advance(struct dataset_reader *r, struct arena *a, struct dataset_case *out, bool *more,
                                     struct err *e)
{
    bool wanted = !r->where;
    int64_t line = 0;

    *more = false;
    if (r->limit && r->seen >= r->limit)
        return ERR_OK;
    do {
        TRY(dataset_any(r, a, out, more, &line, e));
        if (!*more)
            return ERR_OK;
        if (r->where && where_holds(r->where, out, &wanted, e) != ERR_OK)
            return err_prefix(e, STR_FMT ":%lld", STR_ARG(r->src.name), (long long)(line ? line : r->position));
    } while (!wanted);
    r->seen++;
    return ERR_OK;
}

static enum err_code dataset_count(struct dataset_reader *r, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(4096);
    struct dataset_case unused;
    bool more = true;

    while (more) {
        TRY(dataset_advance(r, a, &unused, &more, e));
        arena_reset(a);
    }
    r->population = r->seen;
    return dataset_begin(r, e);
}

static enum err_code dataset_draw_percent(struct dataset_reader *r, uint64_t seed, struct err *e)
{
    int64_t chosen = percent_count(r->population, r->percent);
    uint32_t *order;

    if (r->population > PERCENT_CASES_MAX)
        return err_set(e, ERR_TOO_LARGE,
                       STR_FMT ": a sample by percent is drawn of at most %d cases; say --sample %lld",
                       STR_ARG(r->src.name), PERCENT_CASES_MAX, (long long)chosen);
    order = xcalloc((size_t)r->population + 1, sizeof *order);
    percent_draw(order, r->population, r->percent, seed);
    r->drawn = xcalloc((size_t)r->population / 8 + 1, 1);
    for (int64_t i = 0; i < chosen; i++)
        r->drawn[order[i] / 8] |= (unsigned char)(1u << order[i] % 8);
    free(order);
    return ERR_OK;
}

int64_t dataset_percent_seed(uint64_t seed)
{
    return percent_seed(seed);
}

static enum err_code dataset_prepare(struct dataset_reader *r, const struct dataset_select *select, struct err *e)
{
    TRY(source_kind_of(&r->src, &r->kind, e));
    if (select) {
        if (select->limit < 0 || select->sample < 0 || select->sample > SAMPLE_MAX)
            return err_set(e, ERR_BAD_INPUT, "--limit and --sample take a count of cases, 1 or more");
        if (select->percent < 0 || select->percent > 100 || (select->percent && select->sample))
            return err_set(e, ERR_BAD_INPUT, "--sample takes a count of cases or a share from 1%% to 100%%");
        if (select->where)
            TRY(where_new(select->where, &r->where, e));
        r->limit = select->limit;
        r->sample = select->sample;
        r->percent = select->percent < 100 ? select->percent : 0;
        rng_seed(&r->rng, select->seed);
    }
    TRY(dataset_begin(r, e));
    if (r->sample || r->percent)
        TRY(dataset_count(r, e));
    return r->percent ? dataset_draw_percent(r, select->seed, e) : ERR_OK;
}

enum err_code dataset_open(const struct dataset_source *source, const struct dataset_select *select,
                           struct dataset_reader **out, struct err *e)
{
    struct dataset_reader *r = xcalloc(1, sizeof *r);
    enum err_code code;

    r->own = arena_new_sized(0);
    r->src = *source;
    r->src.path = arena_strdup(r->own, source->path);
    r->src.name = arena_strdup(r->own, source->name.len ? source->name : source->path.len ? source->path : S("cases"));
    r->src.expected = arena_strdup(r->own, source->expected);
    r->src.id = arena_strdup(r->own, source->id);
    r->src.prefer = arena_strdup(r->own, source->prefer);
    r->combinations = dimensions_combinations(&r->src.dimensions);
    if (r->src.dimensions.count)
        r->held = arena_new_sized(4096);
    code = dataset_prepare(r, select, e);
    if (code != ERR_OK)
        dataset_close(r);
    else
        *out = r;
    return code;
}

/* Selection sampling (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S): with the population's size known,
 * each case is taken with the chance that makes every subset equally likely, in order, in no memory. */
static bool dataset_draw(struct dataset_reader *r)
{
    int64_t left = r->population - (r->seen - 1), wanted = MIN(r->sample, r->population) - r->chosen;

    if (r->drawn)
        return left > 0 && (r->drawn[(r->seen - 1) / 8] >> (r->seen - 1) % 8 & 1);
    return left > 0 && (int64_t)rng_below(&r->rng, (uint64_t)left) < wanted;
}

enum err_code dataset_next(struct dataset_reader *r, struct arena *a, struct dataset_case *out, bool *more,
                           struct err *e)
{
    struct dataset_case kase;

    do {
        *more = !r->sample || r->chosen < r->sample;
        if (!*more)
            return ERR_OK;
        TRY(dataset_advance(r, a, &kase, more, e));
        if (!*more)
            return ERR_OK;
    } while ((r->sample || r->drawn) && !dataset_draw(r));
    kase.index = r->chosen++;
    *out = kase;
    return ERR_OK;
}
