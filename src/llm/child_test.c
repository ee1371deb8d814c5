#include "base/test.h"
#include "llm/child.h"

#include <errno.h>
#include <signal.h>

struct heard { struct loop *loop; int times, status; enum child_cause cause; struct buf output, errors; };

static void on_done(void *owner, struct child *c)
{
    struct heard *h = owner;

    h->times++;
    h->status = child_status(c);
    h->cause = child_cause(c);
    buf_append(&h->output, child_output(c));
    buf_append(&h->errors, child_errors(c));
    loop_stop(h->loop);
}

static void ask(struct heard *h, const char *script, struct str input, int64_t total_us, size_t bytes_max)
{
    const char *argv[] = { "sh", "-c", script, NULL };
    struct child *c = NULL;
    struct err e = ERR_INIT;

    signal(SIGPIPE, SIG_IGN);
    *h = (struct heard){ .output = BUF_INIT(1 << 24), .errors = BUF_INIT(1 << 20) };
    CHECK_OK(loop_new(&h->loop, &e));
    if (child_start(h->loop, &(struct child_spec){ .argv = argv, .input = input, .total_us = total_us, .bytes_max = bytes_max,
                                                   .done = on_done, .owner = h }, &c, &e) == ERR_OK)
        loop_run(h->loop);
    else
        test_fail(__FILE__, __LINE__, "%s", e.text);
    loop_free(h->loop);
    CHECK_INT(h->times, 1);
}

static void heard_dispose(struct heard *h)
{
    buf_dispose(&h->output);
    buf_dispose(&h->errors);
}

TEST(child_hears_what_it_is_asked_however_long)
{
    AUTO(heard_dispose) struct heard h;
    AUTO_BUF struct buf long_text = BUF_INIT(4 << 20);

    for (int i = 0; i < 3 << 20; i++)
        buf_byte(&long_text, 'x');
    ask(&h, "cat; echo oops >&2; exit 3", buf_str(&long_text), 20000000, 4 << 20);
    CHECK_INT(h.cause, CHILD_EXITED);
    CHECK_INT(h.status, 3);
    CHECK(str_eq(buf_str(&h.output), buf_str(&long_text)));
    CHECK_STR(buf_str(&h.errors), "oops\n");
}

TEST(child_need_not_listen)
{
    AUTO(heard_dispose) struct heard h;
    AUTO_BUF struct buf long_text = BUF_INIT(1 << 20);

    for (int i = 0; i < 500000; i++)
        buf_byte(&long_text, 'x');
    ask(&h, "exec 0<&-; echo hi", buf_str(&long_text), 20000000, 1000);
    CHECK_INT(h.status, 0);
    CHECK_STR(buf_str(&h.output), "hi\n");
}

TEST(child_is_stopped_with_all_it_started)
{
    AUTO(heard_dispose) struct heard h, after;
    int64_t pid = 0;

    ask(&h, "sleep 100 & echo $!; wait", S(""), 300000, 1000);
    CHECK_INT(h.cause, CHILD_DEADLINE);
    CHECK_INT(h.status, 128 + SIGKILL);
    CHECK(str_to_i64(str_trim(buf_str(&h.output)), &pid));
    for (int i = 0; i < 100 && kill((pid_t)pid, 0) == 0; i++)       /* init reaps it */
        clock_sleep_ms(20);
    ask(&after, "sleep 100 & echo $!", S(""), 20000000, 1000);      /* it ends, what it left does not outlive it */
    CHECK_INT(after.cause, CHILD_EXITED);
    CHECK_INT(after.status, 0);
}

TEST(child_may_not_write_past_the_ceiling)
{
    AUTO(heard_dispose) struct heard h;

    ask(&h, "yes", S(""), 20000000, 100000);
    CHECK_INT(h.cause, CHILD_CEILING);
    CHECK(h.output.len <= 100000);
    heard_dispose(&h);
    ask(&h, "yes >&2 & sleep 0.2; kill $!; echo ok", S(""), 20000000, 1000);
    CHECK_INT(h.cause, CHILD_EXITED);
    CHECK(h.errors.len <= CHILD_STDERR_MAX);
    CHECK_STR(buf_str(&h.output), "ok\n");
}

TEST(child_that_is_not_there_is_told)
{
    const char *argv[] = { "/nonexistent/program", NULL };
    struct loop *loop = NULL;
    struct child *c = NULL;
    struct err e = ERR_INIT;

    CHECK_OK(loop_new(&loop, &e));
    CHECK_INT(child_start(loop, &(struct child_spec){ .argv = argv, .total_us = 1000000, .bytes_max = 10, .done = on_done }, &c, &e),
              ERR_NO_MODEL);
    CHECK(str_contains(str_c(e.text), S("/nonexistent/program can't be started")));
    loop_free(loop);
}
