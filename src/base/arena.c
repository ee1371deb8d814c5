#include "base/base.h"

#include <pthread.h>
#include <stdio.h>

#define ARENA_BLOCK_MAX (64u * 1024)

struct arena_block { struct arena_block *next; size_t cap, used; char bytes[] __attribute__((aligned(16))); };
struct arena_deferred { struct arena_deferred *next; void (*fn)(void *); void *arg; };
struct arena { struct arena_block *blocks, *first; struct arena_deferred *deferred; size_t grow, held; };

/* Small blocks wait here for the next arena: a trial's are asked for by one thread and given back by another, which
 * the C library's caches serve badly. Not under AddressSanitizer, which is to see every use after an end. */
#if defined __SANITIZE_ADDRESS__
#define ARENA_SHELVES 0
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define ARENA_SHELVES 0
#endif
#endif
#ifndef ARENA_SHELVES
#define ARENA_SHELVES 4                     /* 1, 2, 4 and 8 KiB */
#endif
#define ARENA_SHELF_BYTES (2u * 1024 * 1024)

static struct arena_shelf {
    pthread_mutex_t lock;
    struct arena_block *blocks;
    size_t count;
} arena_shelves[4] = { { .lock = PTHREAD_MUTEX_INITIALIZER }, { .lock = PTHREAD_MUTEX_INITIALIZER },
                       { .lock = PTHREAD_MUTEX_INITIALIZER }, { .lock = PTHREAD_MUTEX_INITIALIZER } };

static struct arena_shelf *arena_shelf_of(size_t cap)
{
    for (size_t i = 0; i < ARENA_SHELVES; i++)
        if (cap == (size_t)1024 << i)
            return &arena_shelves[i];
    return NULL;
}

static struct arena_block *arena_block_take(size_t cap)
{
    struct arena_shelf *shelf = arena_shelf_of(cap);
    struct arena_block *b = NULL;

    if (shelf) {
        pthread_mutex_lock(&shelf->lock);
        if ((b = shelf->blocks)) {
            shelf->blocks = b->next;
            shelf->count--;
        }
        pthread_mutex_unlock(&shelf->lock);
    }
    return b ? b : xmalloc(sizeof *b + cap);
}

static void arena_block_free(struct arena_block *b)
{
    struct arena_shelf *shelf = arena_shelf_of(b->cap);
    bool kept = false;

    if (shelf) {
        pthread_mutex_lock(&shelf->lock);
        if ((kept = shelf->count * b->cap < ARENA_SHELF_BYTES)) {
            b->next = shelf->blocks;
            shelf->blocks = b;
            shelf->count++;
        }
        pthread_mutex_unlock(&shelf->lock);
    }
    if (!kept)
        free(b);
}

static struct arena_block *arena_block_new(struct arena *a, size_t cap)
{
    struct arena_block *b = arena_block_take(cap);

    b->next = NULL;
    b->cap = cap;
    b->used = 0;
    a->held += sizeof *b + cap;
    return b;
}

struct arena *arena_new_sized(size_t first_block)
{
    struct arena *a = xcalloc(1, sizeof *a);

    a->grow = first_block ? first_block : 1024;
    a->blocks = a->first = arena_block_new(a, a->grow);
    return a;
}

static void arena_run_deferred(struct arena *a)
{
    while (a->deferred) {
        struct arena_deferred *d = a->deferred;

        a->deferred = d->next;
        d->fn(d->arg);
    }
}

void arena_reset(struct arena *a)
{
    arena_run_deferred(a);
    while (a->blocks != a->first) {
        struct arena_block *b = a->blocks;

        a->blocks = b->next;
        a->held -= sizeof *b + b->cap;
        arena_block_free(b);
    }
    a->first->used = 0;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    arena_reset(a);
    arena_block_free(a->first);
    free(a);
}

void arena_freep(struct arena **a)
{
    arena_free(*a);
    *a = NULL;
}

void *arena_alloc(struct arena *a, size_t size)
{
    struct arena_block *b = a->blocks;
    void *p;

    ASSERT(size <= SIZE_MAX / 2);
    size = (size + 15) & ~(size_t)15;
    if (b->cap - b->used < size) {
        if (a->grow < ARENA_BLOCK_MAX)
            a->grow *= 2;
        b = arena_block_new(a, MAX(size, a->grow));
        b->next = a->blocks;
        a->blocks = b;
    }
    p = b->bytes + b->used;
    b->used += size;
    return memset(p, 0, size);
}

void *arena_alloc_array(struct arena *a, size_t n, size_t size)
{
    size_t total;

    ASSERT(!__builtin_mul_overflow(n, size, &total));
    return arena_alloc(a, total);
}

char *arena_cstr(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.len + 1);

    if (s.len)
        memcpy(p, s.at, s.len);
    return p;
}

struct str arena_strdup(struct arena *a, struct str s)
{
    return str_n(arena_cstr(a, s), s.len);
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    int n;
    char *p;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    ASSERT(n >= 0);
    p = arena_alloc(a, (size_t)n + 1);
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return str_n(p, (size_t)n);
}

void arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
    struct arena_deferred *d = arena_new(a, struct arena_deferred);

    *d = (struct arena_deferred){ .next = a->deferred, .fn = fn, .arg = arg };
    a->deferred = d;
}

size_t arena_bytes(const struct arena *a)
{
    return a->held;
}
