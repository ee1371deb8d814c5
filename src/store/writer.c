#include "store/writer.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "store/pool.h"
#include "store/tx.h"

enum { WRITER_FRUITLESS_MAX = 5 };

/* Jobs on their way to the disk. `lock` guards head, tail, len, urgent, closing, wanted; the rest is the thread's own
 * after writer_new. No I/O and no callback happens under the lock.
 *
 * A group is what has gathered while the last one was being made durable. Waiting for more pays only as long as a
 * commit takes, so that is how long the thread waits (never past STORE_GROUP_MS). It does not wait when a caller sits
 * in store_write, and seldom when waiting brought nothing the last times: a runner that hands over hundreds of trials
 * in one job, and its next only when that is done, would pay each wait and gain nothing. */
struct writer {
    pthread_mutex_t lock;
    pthread_cond_t more;                /* for the thread: `wanted` jobs are here, or an urgent one, or closing */
    pthread_cond_t answered;            /* for store_write */
    struct store_job *head, **tail;
    size_t len, urgent, wanted;         /* wanted: 0 unless the thread sleeps */
    bool closing;

    pthread_t thread;
    int64_t commit_us;                  /* how long commits take lately */
    unsigned skip, fruitless;           /* groups still to be taken without waiting; waits in a row that brought nothing */
    struct store_tx tx;
};

struct writer_call {                    /* a store_write: its caller waits */
    struct store_job job;               /* first */
    struct writer *writer;
    enum err_code (*apply)(struct store_tx *tx, void *arg, struct err *e);
    void *arg;
    bool answered;                      /* guarded by writer->lock */
    enum err_code code;
    struct err err;
};

static enum err_code writer_call_apply(struct store_tx *tx, struct store_job *job, struct err *e)
{
    struct writer_call *c = (struct writer_call *)job;

    return c->apply(tx, c->arg, e);
}

static void writer_call_done(struct store_job *job, enum err_code code, const struct err *e)
{
    struct writer_call *c = (struct writer_call *)job;
    struct writer *w = c->writer;

    c->code = code;
    c->err = *e;
    pthread_mutex_lock(&w->lock);
    c->answered = true;
    pthread_cond_broadcast(&w->answered);
    pthread_mutex_unlock(&w->lock);
}

void store_submit(struct store *s, struct store_job *job)
{
    struct writer *w = s->writer;

    job->next = NULL;
    pthread_mutex_lock(&w->lock);
    *w->tail = job;
    w->tail = &job->next;
    w->len++;
    w->urgent += job->apply == writer_call_apply;
    if (w->wanted && (w->len >= w->wanted || w->urgent)) {
        w->wanted = 0;
        pthread_cond_signal(&w->more);
    }
    pthread_mutex_unlock(&w->lock);
}

enum err_code store_write(struct store *s, enum err_code (*apply)(struct store_tx *tx, void *arg, struct err *e),
                          void *arg, struct err *e)
{
    struct writer *w = s->writer;
    struct writer_call c = { .job = { .apply = writer_call_apply, .done = writer_call_done }, .writer = w, .apply = apply,
                             .arg = arg };

    ASSERT(!pthread_equal(pthread_self(), w->thread));      /* it would wait for itself */
    store_submit(s, &c.job);
    pthread_mutex_lock(&w->lock);
    while (!c.answered)
        pthread_cond_wait(&w->answered, &w->lock);
    pthread_mutex_unlock(&w->lock);
    if (c.code != ERR_OK && e)
        *e = c.err;
    return c.code;
}

static struct timespec writer_deadline(int64_t us)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += us * 1000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

/* With the lock held, at least one job here. */
static void writer_wait_for_more(struct writer *w)
{
    struct timespec until = writer_deadline(MIN(w->commit_us, (int64_t)STORE_GROUP_MS * 1000));
    size_t before = w->len;

    if (w->skip) {
        w->skip--;
        return;
    }
    while (w->len < STORE_GROUP_MAX && !w->urgent && !w->closing) {
        w->wanted = STORE_GROUP_MAX;
        if (pthread_cond_timedwait(&w->more, &w->lock, &until) == ETIMEDOUT)
            break;
    }
    w->fruitless = w->len > before ? 0 : MIN(w->fruitless + 1, (unsigned)WRITER_FRUITLESS_MAX);
    w->skip = (1u << w->fruitless) - 1;
}

/* The next group, oldest first; 0 when the store is closing and nothing waits. */
static size_t writer_gather(struct writer *w, struct store_job **group)
{
    size_t n = 0;

    pthread_mutex_lock(&w->lock);
    while (!w->len && !w->closing) {
        w->wanted = 1;
        pthread_cond_wait(&w->more, &w->lock);
    }
    if (w->len < STORE_GROUP_MAX && !w->urgent && !w->closing)
        writer_wait_for_more(w);
    w->wanted = 0;
    for (; n < STORE_GROUP_MAX && w->head; n++, w->len--) {
        group[n] = w->head;
        w->urgent -= w->head->apply == writer_call_apply;
        w->head = w->head->next;
    }
    if (!w->head)
        w->tail = &w->head;
    pthread_mutex_unlock(&w->lock);
    return n;
}

/* All of them in one transaction, or none. *begun tells whether the database let us start. */
static enum err_code writer_apply(struct writer *w, struct store_job **group, size_t n, bool *begun, struct err *e)
{
    enum err_code code = tx_begin(&w->tx, e);
    int64_t commit_start_us;

    *begun = code == ERR_OK;
    if (!*begun)
        return code;
    for (size_t i = 0; i < n && code == ERR_OK; i++)
        code = group[i]->apply(&w->tx, group[i], e);
    if (code != ERR_OK) {
        tx_rollback(&w->tx);
        return code;
    }
    commit_start_us = clock_mono_us();
    code = tx_commit(&w->tx, e);
    w->commit_us = (w->commit_us * 7 + (clock_mono_us() - commit_start_us)) / 8;
    return code;
}

static void writer_group(struct writer *w, struct store_job **group, size_t n)
{
    struct err e = ERR_INIT;
    bool begun;
    enum err_code code = writer_apply(w, group, n, &begun, &e);

    if (code != ERR_OK && n > 1 && begun) {             /* one of them is bad: which? */
        log_event(LOG_INFO, "store.group_failed", LOG_I("jobs", n), LOG_C("code", err_name(code)));
        for (size_t i = 0; i < n; i++) {
            if (begun) {
                e = ERR_INIT;
                code = writer_apply(w, &group[i], 1, &begun, &e);
            }
            group[i]->done(group[i], code, &e);         /* when we could not even begin, the rest shares the answer */
        }
        return;
    }
    for (size_t i = 0; i < n; i++)
        group[i]->done(group[i], code, &e);
}

static void *writer_main(void *arg)
{
    struct writer *w = arg;
    struct store_job *group[STORE_GROUP_MAX];
    size_t n;

    thread_be_batch();
    while ((n = writer_gather(w, group)) > 0)
        writer_group(w, group, n);
    return NULL;
}

enum err_code writer_new(struct store *s, struct store_conn *conn, struct writer **out, struct err *e)
{
    struct writer *w = xcalloc(1, sizeof *w);
    pthread_condattr_t attr;
    int failed;

    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->more, &attr);
    pthread_cond_init(&w->answered, &attr);
    pthread_condattr_destroy(&attr);
    w->tail = &w->head;
    w->commit_us = 1000;
    w->tx.store = s;
    w->tx.conn = conn;
    failed = pthread_create(&w->thread, NULL, writer_main, w);
    if (failed) {
        conn_free(conn);
        free(w);
        return err_errno(e, ERR_ENVIRONMENT, failed, "the store's writer can't be started");
    }
    *out = w;
    return ERR_OK;
}

void writer_free(struct writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->closing = true;
    pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    conn_free(w->tx.conn);
    pthread_cond_destroy(&w->more);
    pthread_cond_destroy(&w->answered);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
