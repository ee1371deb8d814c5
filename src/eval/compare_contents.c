/* Cases that have the id in common and nothing else: a dataset without ids whose rows moved, or rows that were edited. */
#include "eval/compare.h"

#include "data/pack.h"

struct contents_entry { uint64_t id, content; };
struct contents { uint64_t seed; VEC(struct contents_entry) entries; };

static void contents_dispose(struct contents *c)
{
    vec_dispose(&c->entries);
}

static int contents_cmp(const void *x, const void *y)
{
    const struct contents_entry *a = x, *b = y;

    return a->id < b->id ? -1 : a->id > b->id;
}

static const struct contents_entry *contents_find(const struct contents *c, uint64_t id)
{
    struct contents_entry key = { .id = id };

    return c->entries.len ? bsearch(&key, c->entries.at, c->entries.len, sizeof key, contents_cmp) : NULL;
}

static uint64_t contents_hash(const struct dataset_case *kase, uint64_t seed, struct buf *scratch)
{
    buf_reset(scratch);
    json_write_canonical(kase->vars, scratch);
    buf_byte(scratch, '\n');
    if (kase->expected)
        json_write_canonical(kase->expected, scratch);
    return hash_bytes(buf_str(scratch), seed);
}

/* Every case of a run's frozen ones, in order. */
static enum err_code contents_each(struct blob *blob, const struct run *run, struct contents *c,
                                   void (*each)(void *arg, uint64_t id, uint64_t content), void *arg, struct err *e)
{
    AUTO(data_pack_closep) struct data_pack *pack = NULL;
    AUTO(pack_cursor_freep) struct pack_cursor *cursor = NULL;
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    AUTO_BUF struct buf scratch = BUF_INIT(4 * (size_t)DATASET_CASE_MAX);
    struct dataset_case kase;

    TRY(data_pack_open(blob, run->dataset_hash, &pack, e));
    cursor = pack_cursor_new(pack, 0);
    for (bool more = true;;) {
        arena_reset(a);
        TRY(pack_cursor_next(cursor, a, &kase, &more, e));
        if (!more)
            return ERR_OK;
        each(arg, hash_bytes(kase.id, c->seed), contents_hash(&kase, c->seed, &scratch));
    }
}

static void contents_keep(void *arg, uint64_t id, uint64_t content)
{
    struct contents *c = arg;

    if ((int64_t)c->entries.len < CASE_INDEX_MAX)
        vec_push(&c->entries, (struct contents_entry){ id, content });
}

struct contents_count { const struct contents *base; int64_t changed; };

static void contents_count(void *arg, uint64_t id, uint64_t content)
{
    struct contents_count *n = arg;
    const struct contents_entry *base = contents_find(n->base, id);

    n->changed += base && base->content != content;
}

void compare_contents(struct blob *blob, struct compare *c)
{
    AUTO(contents_dispose) struct contents base = { 0 };
    struct err ignored = ERR_INIT;
    bool other_cases = false;

    for (size_t r = 1; r < c->run_count; r++)
        other_cases |= !c->runs[r].same_cases;
    randombytes_buf(&base.seed, sizeof base.seed);
    if (!other_cases || contents_each(blob, c->runs[0].run, &base, contents_keep, &base, &ignored) != ERR_OK)
        return;
    if (base.entries.len)
        qsort(base.entries.at, base.entries.len, sizeof *base.entries.at, contents_cmp);
    for (size_t r = 1; r < c->run_count; r++) {
        struct contents_count n = { .base = &base };

        if (!c->runs[r].same_cases &&
            contents_each(blob, c->runs[r].run, &base, contents_count, &n, &ignored) == ERR_OK)
            c->runs[r].changed = n.changed;
    }
}
