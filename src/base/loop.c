#include "base/base.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loop_watched { void (*fn)(void *arg, int fd, unsigned events); void *arg; unsigned events; uint32_t birth; };

/* `lock` guards the letters; all else belongs to the loop's thread. */
struct loop {
    int epoll, wake;
    struct loop_watched *fds;               /* by fd */
    size_t fd_count;
    uint32_t births;                        /* tells a reused fd number from the one an event was for */
    VEC(struct loop_timer *) heap;          /* heap.at[0] is unused: place 0 means "not set" */
    pthread_mutex_t lock;
    struct loop_letter *first, **last;
    bool stopping;
};

enum err_code loop_new(struct loop **out, struct err *e)
{
    struct loop *l = xcalloc(1, sizeof *l);
    struct epoll_event ev = { .events = EPOLLIN, .data.u64 = UINT64_MAX };

    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&l->lock, NULL);
    l->last = &l->first;
    vec_push(&l->heap, NULL);
    if (l->epoll < 0 || l->wake < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &ev) < 0) {
        int errnum = errno;

        loop_free(l);
        return err_errno(e, ERR_IO, errnum, "the event loop can't be started");
    }
    *out = l;
    return ERR_OK;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    if (l->epoll >= 0)
        close(l->epoll);
    if (l->wake >= 0)
        close(l->wake);
    pthread_mutex_destroy(&l->lock);
    vec_dispose(&l->heap);
    free(l->fds);
    free(l);
}

void loop_watch(struct loop *l, int fd, unsigned events, void (*fn)(void *, int, unsigned), void *arg)
{
    struct epoll_event ev = { 0 };
    struct loop_watched *w;

    ASSERT(fd >= 0);
    if ((size_t)fd >= l->fd_count) {
        size_t n = MAX((size_t)fd + 1, l->fd_count * 2);

        l->fds = xreallocarray(l->fds, n, sizeof *l->fds);
        memset(l->fds + l->fd_count, 0, (n - l->fd_count) * sizeof *l->fds);
        l->fd_count = n;
    }
    w = &l->fds[fd];
    if (!events) {
        if (w->events)
            epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, &ev);        /* fails when already closed: fine */
        *w = (struct loop_watched){ 0 };
        return;
    }
    if (!w->events)
        w->birth = ++l->births;
    ev.events = (events & LOOP_READ ? EPOLLIN : 0u) | (events & LOOP_WRITE ? EPOLLOUT : 0u);
    ev.data.u64 = (uint64_t)w->birth << 32 | (uint32_t)fd;
    if (w->events != events && epoll_ctl(l->epoll, w->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) < 0) {
        /* the number was closed and opened again behind our back: it is in the other state */
        ASSERT(errno == ENOENT || errno == EEXIST);
        ASSERT(epoll_ctl(l->epoll, errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &ev) == 0);
    }
    w->fn = fn;
    w->arg = arg;
    w->events = events;
}

static void loop_heap_put(struct loop *l, size_t i, struct loop_timer *t)
{
    l->heap.at[i] = t;
    t->place = i;
}

static void loop_heap_up(struct loop *l, size_t i)
{
    struct loop_timer *t = l->heap.at[i];

    for (; i > 1 && l->heap.at[i / 2]->due_us > t->due_us; i /= 2)
        loop_heap_put(l, i, l->heap.at[i / 2]);
    loop_heap_put(l, i, t);
}

static void loop_heap_down(struct loop *l, size_t i)
{
    struct loop_timer *t = l->heap.at[i];

    for (size_t child; (child = i * 2) < l->heap.len; i = child) {
        if (child + 1 < l->heap.len && l->heap.at[child + 1]->due_us < l->heap.at[child]->due_us)
            child++;
        if (l->heap.at[child]->due_us >= t->due_us)
            break;
        loop_heap_put(l, i, l->heap.at[child]);
    }
    loop_heap_put(l, i, t);
}

void loop_timer_stop(struct loop *l, struct loop_timer *t)
{
    size_t i = t->place;
    struct loop_timer *last;

    if (!i)
        return;
    t->place = 0;
    last = l->heap.at[--l->heap.len];
    if (last != t) {
        loop_heap_put(l, i, last);
        loop_heap_up(l, i);
        loop_heap_down(l, last->place);
    }
}

void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t delay_us)
{
    loop_timer_stop(l, t);
    t->due_us = clock_mono_us() + MAX(delay_us, (int64_t)0);
    vec_push(&l->heap, t);
    loop_heap_up(l, l->heap.len - 1);
}

void loop_post(struct loop *l, struct loop_letter *letter)
{
    bool was_empty;

    letter->next = NULL;
    pthread_mutex_lock(&l->lock);
    was_empty = l->first == NULL;
    *l->last = letter;
    l->last = &letter->next;
    pthread_mutex_unlock(&l->lock);
    if (was_empty && eventfd_write(l->wake, 1) < 0)
        ASSERT(errno == EAGAIN);
}

static void loop_deliver(struct loop *l)
{
    struct loop_letter *letter;

    pthread_mutex_lock(&l->lock);
    letter = l->first;
    l->first = NULL;
    l->last = &l->first;
    pthread_mutex_unlock(&l->lock);
    while (letter) {
        struct loop_letter *next = letter->next;

        letter->fn(letter->arg);
        letter = next;
    }
}

static void loop_fire_timers(struct loop *l)
{
    int64_t now = clock_mono_us();

    while (l->heap.len > 1 && l->heap.at[1]->due_us <= now) {
        struct loop_timer *t = l->heap.at[1];

        loop_timer_stop(l, t);
        t->fn(t->arg);
    }
}

static int loop_wait_ms(const struct loop *l)
{
    int64_t us;

    if (l->heap.len <= 1)
        return -1;
    us = l->heap.at[1]->due_us - clock_mono_us();
    return us <= 0 ? 0 : (int)MIN((us + 999) / 1000, (int64_t)60000);
}

void loop_run(struct loop *l)
{
    struct epoll_event events[256];
    eventfd_t count;

    while (!__atomic_load_n(&l->stopping, __ATOMIC_ACQUIRE)) {
        int n = epoll_wait(l->epoll, events, COUNT_OF(events), loop_wait_ms(l));

        for (int i = 0; i < n; i++) {
            uint32_t fd = (uint32_t)events[i].data.u64, birth = (uint32_t)(events[i].data.u64 >> 32);

            if (events[i].data.u64 == UINT64_MAX) {
                if (eventfd_read(l->wake, &count) == 0)
                    loop_deliver(l);
            } else if (fd < l->fd_count && l->fds[fd].events && l->fds[fd].birth == birth) {
                unsigned ready = events[i].events & (EPOLLHUP | EPOLLERR) ? l->fds[fd].events : 0;

                ready |= events[i].events & EPOLLIN ? LOOP_READ : 0u;
                ready |= events[i].events & EPOLLOUT ? LOOP_WRITE : 0u;
                l->fds[fd].fn(l->fds[fd].arg, (int)fd, ready);
            }
        }
        loop_fire_timers(l);
    }
    loop_deliver(l);
}

void loop_stop(struct loop *l)
{
    __atomic_store_n(&l->stopping, true, __ATOMIC_RELEASE);
    if (eventfd_write(l->wake, 1) < 0)
        ASSERT(errno == EAGAIN);
}
