#include "base/base.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

/* `lock` guards every field but max. */
struct queue {
    pthread_mutex_t lock;
    pthread_cond_t more, room;
    void **ring;
    size_t head, len, cap, max, takers, senders;
    bool closed;
};

struct queue *queue_new(size_t max)
{
    struct queue *q = xcalloc(1, sizeof *q);
    pthread_condattr_t attr;

    ASSERT(max > 0);
    q->max = max;
    pthread_mutex_init(&q->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&q->more, &attr);
    pthread_cond_init(&q->room, &attr);
    pthread_condattr_destroy(&attr);
    return q;
}

void queue_free(struct queue *q)
{
    if (!q)
        return;
    pthread_mutex_destroy(&q->lock);
    pthread_cond_destroy(&q->more);
    pthread_cond_destroy(&q->room);
    free(q->ring);
    free(q);
}

static void queue_grow(struct queue *q)
{
    size_t cap = MIN(q->cap ? q->cap * 2 : 16, q->max);
    void **ring = xreallocarray(NULL, cap, sizeof *ring);

    for (size_t i = 0; i < q->len; i++)
        ring[i] = q->ring[(q->head + i) % q->cap];
    free(q->ring);
    q->ring = ring;
    q->head = 0;
    q->cap = cap;
}

static enum err_code queue_put(struct queue *q, void *item, bool wait)
{
    enum err_code code = ERR_OK;

    pthread_mutex_lock(&q->lock);
    while (wait && !q->closed && q->len == q->max) {
        q->senders++;
        pthread_cond_wait(&q->room, &q->lock);
        q->senders--;
    }
    if (q->closed) {
        code = ERR_CANCELLED;
    } else if (q->len == q->max) {
        code = ERR_BUSY;
    } else {
        if (q->len == q->cap)
            queue_grow(q);
        q->ring[(q->head + q->len++) % q->cap] = item;
        if (q->takers)                      /* under the lock: once it is free, who took the item may free the queue */
            pthread_cond_signal(&q->more);
    }
    pthread_mutex_unlock(&q->lock);
    return code;
}

enum err_code queue_send(struct queue *q, void *item)
{
    return queue_put(q, item, false);
}

enum err_code queue_send_wait(struct queue *q, void *item)
{
    return queue_put(q, item, true);
}

size_t queue_take(struct queue *q, void **items, size_t n, int64_t timeout_ms, bool *closed)
{
    struct timespec until;
    size_t got = 0;

    if (timeout_ms > 0) {
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += timeout_ms / 1000;
        until.tv_nsec += timeout_ms % 1000 * 1000000;
        if (until.tv_nsec >= 1000000000)
            until.tv_sec++, until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&q->lock);
    while (q->len == 0 && !q->closed && timeout_ms != 0) {
        int waited;

        q->takers++;
        if (timeout_ms < 0)
            waited = pthread_cond_wait(&q->more, &q->lock);
        else
            waited = pthread_cond_timedwait(&q->more, &q->lock, &until);
        q->takers--;
        if (waited == ETIMEDOUT)
            break;
    }
    for (; got < n && q->len; got++, q->len--) {
        items[got] = q->ring[q->head];
        q->head = (q->head + 1) % q->cap;
    }
    if (got && q->senders)
        pthread_cond_broadcast(&q->room);
    if (closed)
        *closed = q->closed && q->len == 0 && got == 0;
    pthread_mutex_unlock(&q->lock);
    return got;
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->more);
    pthread_cond_broadcast(&q->room);
    pthread_mutex_unlock(&q->lock);
}

size_t queue_len(struct queue *q)
{
    size_t len;

    pthread_mutex_lock(&q->lock);
    len = q->len;
    pthread_mutex_unlock(&q->lock);
    return len;
}
