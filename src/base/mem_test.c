#include "base/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

TEST(mem_gives_something_even_for_nothing)
{
    AUTO(freep) void *a = xmalloc(0);
    AUTO(freep) void *b = xcalloc(0, 8);
    AUTO(freep) char *c = xstrndup(NULL, 0);
    AUTO(freep) char *d = xstrdup("text");

    CHECK(a && b);
    CHECK_STR(str_c(c), "");
    CHECK_STR(str_c(d), "text");
    freep(&d);
    CHECK(d == NULL);
}

/* Does fn end the process by SIGABRT? Its last words go nowhere. */
static bool mem_aborts(void (*fn)(void))
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        fn();
        _exit(0);
    }
    while (waitpid(pid, &status, 0) < 0)
        continue;
    return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void mem_overflow(void)
{
    volatile size_t many = SIZE_MAX / 2;
    void *p = xreallocarray(NULL, many, 4);

    free(p);
}

static void mem_broken_promise(void)
{
    volatile int one = 1;

    ASSERT(one == 2);
}

static void mem_kept_promise(void)
{
    volatile int one = 1;

    ASSERT(one == 1);
}

TEST(mem_overflow_and_broken_promises_end_the_program)
{
    CHECK(mem_aborts(mem_overflow));
    CHECK(mem_aborts(mem_broken_promise));
    CHECK(!mem_aborts(mem_kept_promise));
}

TEST(macros_evaluate_once_and_nest)
{
    int calls = 0, low = 3;
    void *p = &low, *q;

    CHECK_INT(MAX(calls++, -5), 0);
    CHECK_INT(calls, 1);
    CHECK_INT(CLAMP(MIN(MAX(7, low), 9), 0, 5), 5);
    q = TAKE(p);
    CHECK(q == &low && p == NULL);
}

TEST(vec_grows_and_keeps_what_it_holds)
{
    VEC(struct str) v = { 0 };

    for (int i = 0; i < 1000; i++)
        vec_push(&v, (struct str){ "abc", (size_t)i % 3 });
    CHECK_INT(v.len, 1000);
    CHECK_INT(v.at[998].len, 998 % 3);
    vec_dispose(&v);
    CHECK(v.at == NULL && v.len == 0);
}
