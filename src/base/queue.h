/* src/base/queue.h (through base.h): a bounded line of pointers between threads.
 *
 * Senders that find it full either get ERR_BUSY (queue_send) or wait (queue_send_wait); takers take many at once, so
 * a busy line costs one wake-up per batch. After queue_close nothing more goes in, what is in still comes out.
 * Threads: any number on both sides. No callback runs under the lock. */
#pragma once

struct queue;

struct queue *queue_new(size_t max) MUST_USE;
void          queue_free(struct queue *q);                              /* must be empty or its items not owned */
/* Takes `item` on ERR_OK; on any other answer it is still yours. ERR_BUSY when full, ERR_CANCELLED when closed. */
enum err_code queue_send(struct queue *q, void *item) MUST_USE;
enum err_code queue_send_wait(struct queue *q, void *item) MUST_USE;
/* Up to n items, oldest first. Waits while empty, at most timeout_ms (negative: for ever); 0 items means time-out or
 * closed and empty (*closed tells, may be NULL). */
size_t        queue_take(struct queue *q, void **items, size_t n, int64_t timeout_ms, bool *closed);
void          queue_close(struct queue *q);
size_t        queue_len(struct queue *q);
