#include "store/store.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "store/migrate.h"
#include "store/pool.h"
#include "store/writer.h"

enum { POOL_MAX = 64, POOL_IDLE_MAX = 8 };

/* Connections for reading. `lock` guards all below it; no I/O happens under it. */
struct pool {
    const struct store_driver *driver;
    const char *home;                       /* the store's */
    pthread_mutex_t lock;
    pthread_cond_t back;
    struct store_conn *idle;
    size_t idle_count, open_count;
};

static struct pool *pool_new(const struct store_driver *driver, const char *home)
{
    struct pool *p = xcalloc(1, sizeof *p);
    pthread_condattr_t attr;

    p->driver = driver;
    p->home = home;
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&p->back, &attr);
    pthread_condattr_destroy(&attr);
    return p;
}

static void pool_free(struct pool *p)
{
    if (!p)
        return;
    ASSERT(p->open_count == p->idle_count);
    for (struct store_conn *c = p->idle, *next; c; c = next) {
        next = c->next;
        conn_free(c);
    }
    pthread_cond_destroy(&p->back);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

/* An idle connection, or NULL and the right to open one (counted already), or false: none in time. */
static bool pool_reserve(struct pool *p, struct store_conn **out)
{
    struct timespec until;
    bool got = true;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STORE_BUSY_MS / 1000;
    pthread_mutex_lock(&p->lock);
    while (!p->idle && p->open_count == POOL_MAX && got)
        got = pthread_cond_timedwait(&p->back, &p->lock, &until) != ETIMEDOUT;
    *out = p->idle;
    if (p->idle) {
        p->idle = p->idle->next;
        p->idle_count--;
        got = true;
    } else if (p->open_count < POOL_MAX) {
        p->open_count++;
        got = true;
    }
    pthread_mutex_unlock(&p->lock);
    return got;
}

enum err_code pool_take(struct pool *p, struct store_conn **out, struct err *e)
{
    enum err_code code;

    if (!pool_reserve(p, out))
        return err_set(e, ERR_BUSY, "the store is busy: %d readings are under way, and none has ended for %d s",
                       POOL_MAX, STORE_BUSY_MS / 1000);
    if (*out)
        return ERR_OK;
    code = p->driver->connect(p->home, false, out, e);
    if (code != ERR_OK) {
        pthread_mutex_lock(&p->lock);
        p->open_count--;
        pthread_cond_signal(&p->back);
        pthread_mutex_unlock(&p->lock);
    }
    return code;
}

void pool_give(struct pool *p, struct store_conn *c)
{
    bool kept;

    pthread_mutex_lock(&p->lock);
    kept = p->idle_count < POOL_IDLE_MAX;
    if (kept) {
        c->next = p->idle;
        p->idle = c;
        p->idle_count++;
        pthread_cond_signal(&p->back);
    }
    pthread_mutex_unlock(&p->lock);
    if (kept)
        return;
    conn_free(c);
    pthread_mutex_lock(&p->lock);
    p->open_count--;
    pthread_cond_signal(&p->back);
    pthread_mutex_unlock(&p->lock);
}

enum err_code store_open(const char *home, struct store **out, struct err *e)
{
    const struct store_driver *driver;
    struct store_conn *c;
    struct store *s;
    enum err_code code;

    TRY(store_driver_for(home, &driver, e));
    TRY(driver->connect(home, true, &c, e));
    code = migrate(c, home, e);
    if (code != ERR_OK) {
        conn_free(c);
        return code;
    }
    s = xcalloc(1, sizeof *s);
    s->driver = driver;
    s->home = xstrdup(home);
    s->pool = pool_new(driver, s->home);
    code = writer_new(s, c, &s->writer, e);
    if (code != ERR_OK) {
        store_close(s);
        return code;
    }
    *out = s;
    return ERR_OK;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    writer_free(s->writer);
    pool_free(s->pool);
    free(s->home);
    free(s);
}

int64_t store_free_bytes(const struct store *s)
{
    return s->driver->free_bytes(s->home);
}
