#include "base/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

struct loop_case { struct loop *l; char seen[64]; int left, bytes, wrong; struct loop_timer timers[3]; int fds[2]; };
struct loop_step { struct loop_case *c; char mark; bool stop; };

static struct loop_case loop_case_new(void)
{
    struct loop_case c = { 0 };

    ASSERT(loop_new(&c.l, NULL) == ERR_OK);
    return c;
}

static void loop_mark(void *arg)
{
    struct loop_step *s = arg;
    size_t n = strlen(s->c->seen);

    ASSERT(n + 1 < sizeof s->c->seen);
    s->c->seen[n] = s->mark;
    if (s->stop)
        loop_stop(s->c->l);
}

TEST(loop_timers_fire_in_the_order_they_are_due)
{
    struct loop_case c = loop_case_new();
    struct loop_step steps[] = { { &c, 'a', false }, { &c, 'b', false }, { &c, 'c', true } };
    int64_t before = clock_mono_us();

    for (int i = 0; i < 3; i++)
        c.timers[i] = (struct loop_timer){ .fn = loop_mark, .arg = &steps[i] };
    loop_timer_set(c.l, &c.timers[2], 30000);
    loop_timer_set(c.l, &c.timers[0], 10000);
    loop_timer_set(c.l, &c.timers[1], 5000);
    loop_timer_set(c.l, &c.timers[1], 20000);       /* set again: the new time counts */
    loop_run(c.l);
    CHECK_STR(str_c(c.seen), "abc");
    CHECK(clock_mono_us() - before >= 30000);
    CHECK_INT(c.timers[2].place, 0);
    loop_free(c.l);
}

TEST(loop_timers_many_set_and_stopped_keep_their_order)
{
    enum { N = 500 };
    struct loop_case c = loop_case_new();
    struct loop_timer *timers = xcalloc(N, sizeof *timers);
    struct loop_step last = { &c, 'z', true }, bad = { &c, '!', false };
    struct rng r;

    rng_seed(&r, 9);
    for (int i = 0; i < N; i++) {
        timers[i] = (struct loop_timer){ .fn = loop_mark, .arg = &bad };
        loop_timer_set(c.l, &timers[i], 1000000 + (int64_t)rng_below(&r, 1000000));
    }
    for (int i = 0; i < N; i++) {
        int k = (int)rng_below(&r, N);

        if (rng_below(&r, 2))
            loop_timer_stop(c.l, &timers[k]);
        else
            loop_timer_set(c.l, &timers[k], 1000000 + (int64_t)rng_below(&r, 1000000));
    }
    timers[7] = (struct loop_timer){ .place = timers[7].place, .fn = loop_mark, .arg = &last };
    loop_timer_set(c.l, &timers[7], 1000);
    loop_run(c.l);
    CHECK_STR(str_c(c.seen), "z");
    for (int i = 0; i < N; i++)
        loop_timer_stop(c.l, &timers[i]);
    loop_timer_stop(c.l, &timers[0]);               /* stopping what is not set is fine */
    loop_free(c.l);
    free(timers);
}

enum { LOOP_SENDERS = 4, LOOP_LETTERS = 5000 };
struct loop_mail { struct loop_letter letter; struct loop_case *c; int sender, number; };
struct loop_sender { struct loop_case *c; struct loop_mail *mails; pthread_t thread; int last; };
static struct loop_sender loop_senders[LOOP_SENDERS];

static void loop_read_mail(void *arg)
{
    struct loop_mail *m = arg;
    struct loop_sender *s = &loop_senders[m->sender];

    if (m->number != s->last + 1)
        m->c->wrong++;
    s->last = m->number;
    if (--m->c->left == 0)
        loop_stop(m->c->l);
}

static void *loop_send_mail(void *arg)
{
    struct loop_sender *s = arg;

    for (int i = 0; i < LOOP_LETTERS; i++)
        loop_post(s->c->l, &s->mails[i].letter);
    return NULL;
}

TEST(loop_letters_of_four_threads_all_arrive_in_each_senders_order)
{
    struct loop_case c = loop_case_new();

    c.left = LOOP_SENDERS * LOOP_LETTERS;
    for (int t = 0; t < LOOP_SENDERS; t++) {
        struct loop_sender *s = &loop_senders[t];

        *s = (struct loop_sender){ .c = &c, .mails = xcalloc(LOOP_LETTERS, sizeof *s->mails) };
        for (int i = 0; i < LOOP_LETTERS; i++) {
            struct loop_mail *m = &s->mails[i];

            *m = (struct loop_mail){ .c = &c, .sender = t, .number = i + 1 };
            m->letter = (struct loop_letter){ .fn = loop_read_mail, .arg = m };
        }
        ASSERT(pthread_create(&s->thread, NULL, loop_send_mail, s) == 0);
    }
    loop_run(c.l);
    for (int t = 0; t < LOOP_SENDERS; t++) {
        pthread_join(loop_senders[t].thread, NULL);
        free(loop_senders[t].mails);
    }
    CHECK_INT(c.left, 0);
    CHECK_INT(c.wrong, 0);
    loop_free(c.l);
}

TEST(loop_delivers_letters_posted_before_it_was_stopped)
{
    struct loop_case c = loop_case_new();
    struct loop_step steps[] = { { &c, 'a', true }, { &c, 'b', false } };
    struct loop_letter letters[2] = { { .fn = loop_mark, .arg = &steps[0] }, { .fn = loop_mark, .arg = &steps[1] } };

    loop_post(c.l, &letters[0]);
    loop_post(c.l, &letters[1]);
    loop_stop(c.l);
    loop_run(c.l);
    CHECK_STR(str_c(c.seen), "ab");
    loop_free(c.l);
}

static void loop_on_pipe(void *arg, int fd, unsigned events)
{
    struct loop_case *c = arg;
    char bytes[16];
    ssize_t n;

    if (fd == c->fds[1]) {
        CHECK(events & LOOP_WRITE);
        CHECK_INT(write(fd, "hello", 5), 5);
        loop_watch(c->l, fd, 0, NULL, NULL);
        close(fd);
        return;
    }
    CHECK(events & LOOP_READ);
    n = read(fd, bytes, 2);
    if (n > 0) {
        c->bytes += (int)n;
        return;
    }
    loop_watch(c->l, fd, 0, NULL, NULL);        /* the other end was closed: that is told as readable */
    close(fd);
    loop_stop(c->l);
}

TEST(loop_watches_a_pipe_until_its_other_end_is_closed)
{
    struct loop_case c = loop_case_new();

    ASSERT(pipe2(c.fds, O_CLOEXEC | O_NONBLOCK) == 0);
    loop_watch(c.l, c.fds[0], LOOP_READ, loop_on_pipe, &c);
    loop_watch(c.l, c.fds[1], LOOP_READ, loop_on_pipe, &c);
    loop_watch(c.l, c.fds[1], LOOP_WRITE, loop_on_pipe, &c);       /* changes what is waited for */
    loop_run(c.l);
    CHECK_INT(c.bytes, 5);
    loop_free(c.l);
}
