#include "base/test.h"

#include <pthread.h>

TEST(queue_gives_in_order_and_says_when_it_is_full)
{
    struct queue *q = queue_new(3);
    int items[4];
    void *got[4];
    bool closed = true;

    for (int i = 0; i < 3; i++)
        CHECK_OK(queue_send(q, &items[i]));
    CHECK_INT(queue_send(q, &items[3]), ERR_BUSY);
    CHECK_INT(queue_len(q), 3);
    CHECK_INT(queue_take(q, got, 2, 0, &closed), 2);
    CHECK(!closed && got[0] == &items[0] && got[1] == &items[1]);
    CHECK_OK(queue_send(q, &items[3]));
    CHECK_INT(queue_take(q, got, 4, 0, NULL), 2);
    CHECK(got[0] == &items[2] && got[1] == &items[3]);
    CHECK_INT(queue_take(q, got, 4, 0, &closed), 0);
    CHECK(!closed);
    queue_free(q);
    queue_free(NULL);
}

TEST(queue_take_waits_no_longer_than_asked)
{
    struct queue *q = queue_new(1);
    int64_t before = clock_mono_ms();
    void *got;

    CHECK_INT(queue_take(q, &got, 1, 20, NULL), 0);
    CHECK(clock_mono_ms() - before >= 19);
    CHECK(clock_mono_ms() - before < 5000);
    queue_free(q);
}

TEST(queue_closed_takes_nothing_more_and_gives_what_it_has)
{
    struct queue *q = queue_new(2);
    int item;
    void *got;
    bool closed = true;

    CHECK_OK(queue_send(q, &item));
    queue_close(q);
    CHECK_INT(queue_send(q, &item), ERR_CANCELLED);
    CHECK_INT(queue_send_wait(q, &item), ERR_CANCELLED);
    CHECK_INT(queue_take(q, &got, 1, -1, &closed), 1);
    CHECK(!closed && got == &item);
    CHECK_INT(queue_take(q, &got, 1, -1, &closed), 0);
    CHECK(closed);
    queue_free(q);
}

enum { QUEUE_SENDERS = 3, QUEUE_TAKERS = 3, QUEUE_EACH = 20000 };
struct queue_worker { struct queue *q; int64_t sum, count; pthread_t thread; };

static void *queue_send_many(void *arg)
{
    struct queue_worker *w = arg;

    for (intptr_t i = 1; i <= QUEUE_EACH; i++)
        if (queue_send_wait(w->q, (void *)i) == ERR_OK)
            w->sum += i, w->count++;
    return NULL;
}

static void *queue_take_all(void *arg)
{
    struct queue_worker *w = arg;
    void *items[7];
    bool closed = false;

    while (!closed) {
        size_t n = queue_take(w->q, items, COUNT_OF(items), -1, &closed);

        for (size_t i = 0; i < n; i++)
            w->sum += (intptr_t)items[i], w->count++;
    }
    return NULL;
}

TEST(queue_between_six_threads_loses_nothing_and_doubles_nothing)
{
    struct queue_worker senders[QUEUE_SENDERS] = { 0 }, takers[QUEUE_TAKERS] = { 0 };
    struct queue *q = queue_new(16);
    int64_t sum = 0, count = 0;

    for (int i = 0; i < QUEUE_SENDERS; i++) {
        senders[i].q = q;
        ASSERT(pthread_create(&senders[i].thread, NULL, queue_send_many, &senders[i]) == 0);
    }
    for (int i = 0; i < QUEUE_TAKERS; i++) {
        takers[i].q = q;
        ASSERT(pthread_create(&takers[i].thread, NULL, queue_take_all, &takers[i]) == 0);
    }
    for (int i = 0; i < QUEUE_SENDERS; i++)
        pthread_join(senders[i].thread, NULL);
    queue_close(q);
    for (int i = 0; i < QUEUE_TAKERS; i++) {
        pthread_join(takers[i].thread, NULL);
        sum += takers[i].sum;
        count += takers[i].count;
    }
    CHECK_INT(count, QUEUE_SENDERS * QUEUE_EACH);
    CHECK_INT(sum, (int64_t)QUEUE_SENDERS * QUEUE_EACH * (QUEUE_EACH + 1) / 2);
    queue_free(q);
}

TEST(queue_close_wakes_a_sender_that_waits_for_room)
{
    struct queue *q = queue_new(1);
    struct queue_worker w = { .q = q };

    CHECK_OK(queue_send(q, &w));
    ASSERT(pthread_create(&w.thread, NULL, queue_send_many, &w) == 0);
    clock_sleep_ms(5);
    queue_close(q);
    pthread_join(w.thread, NULL);
    CHECK_INT(w.count, 0);
    queue_free(q);
}
