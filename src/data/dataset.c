#include "data/case.h"
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
    r->position = r->seen = r->chosen = 0;
    return r->kind->open(&r->src, &r->state, e);
}

/* The next case that passes `where`, within `limit`. */
static enum err_code dataset_advance(struct dataset_reader *r, struct arena *a, struct dataset_case *out, bool *more,
                                     struct err *e)
{
    bool wanted = !r->where;

    *more = false;
    if (r->limit && r->seen >= r->limit)
        return ERR_OK;
    do {
        struct source_item item = { 0 };
        int64_t line;

        TRY(r->kind->next(r->state, &item, more, e));
        if (!*more)
            return case_reader_end(&r->cases, r->position, e);
        line = item.line;
        TRY(case_of_item(&r->cases, &item, ++r->position, a, out, e));
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

static enum err_code dataset_prepare(struct dataset_reader *r, const struct dataset_select *select, struct err *e)
{
    TRY(source_kind_of(&r->src, &r->kind, e));
    if (select) {
        if (select->limit < 0 || select->sample < 0 || select->sample > SAMPLE_MAX)
            return err_set(e, ERR_BAD_INPUT, "--limit and --sample take a count of cases, 1 or more");
        if (select->where)
            TRY(where_new(select->where, &r->where, e));
        r->limit = select->limit;
        r->sample = select->sample;
        rng_seed(&r->rng, select->seed);
    }
    TRY(dataset_begin(r, e));
    return r->sample ? dataset_count(r, e) : ERR_OK;
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
    } while (r->sample && !dataset_draw(r));
    kase.index = r->chosen++;
    *out = kase;
    return ERR_OK;
}
