/* src/base/loop.h (through base.h): one thread that waits for sockets, timers and letters from other threads.
 *
 * epoll underneath, timers in a binary heap on the monotonic clock, letters (loop_post) in a list that is swapped
 * out whole, with one eventfd write per batch. Callbacks run on the thread in loop_run and must not block.
 * Threads: loop_post and loop_stop from any; everything else from the loop's own thread (or before loop_run). */
#pragma once

struct loop;
struct loop_timer { int64_t due_us; size_t place; void (*fn)(void *arg); void *arg; };   /* place 0: not set */
struct loop_letter { struct loop_letter *next; void (*fn)(void *arg); void *arg; };      /* yours until fn runs */

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

enum err_code loop_new(struct loop **out, struct err *e) MUST_USE;
void          loop_free(struct loop *l);

/* Watches fd for `events`; again with others changes them; 0 forgets the fd (before it is closed). */
void loop_watch(struct loop *l, int fd, unsigned events, void (*fn)(void *arg, int fd, unsigned events), void *arg);
void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t delay_us);
void loop_timer_stop(struct loop *l, struct loop_timer *t);
/* Delivers `letter` on the loop's thread. Letters of one sender keep their order. */
void loop_post(struct loop *l, struct loop_letter *letter);
void loop_run(struct loop *l);                      /* until loop_stop; letters posted before it are delivered first */
void loop_stop(struct loop *l);
