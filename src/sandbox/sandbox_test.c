#include "base/test.h"
#include "sandbox/cgroup.h"
#include "sandbox/sandbox.h"

#include <signal.h>

/* One guest and what was heard of it. */
struct heard {
    struct loop *loop;
    struct sandbox *s;
    int times, status;
    enum sandbox_cause cause;
    struct sandbox_used used;
    struct buf output, errors, files, failure;
};

static void on_done(void *owner, struct sandbox *s)
{
    struct heard *h = owner;
    const struct sandbox_taken *taken;
    const struct sandbox_left *left;

    h->times++;
    h->cause = sandbox_cause(s);
    h->status = sandbox_status(s);
    h->used = sandbox_used(s);
    buf_append(&h->output, sandbox_output(s));
    buf_append(&h->errors, sandbox_errors(s));
    buf_puts(&h->failure, sandbox_failure(s));
    for (size_t i = 0, n = sandbox_taken(s, &taken); i < n; i++)
        buf_printf(&h->files, STR_FMT "=" STR_FMT ";", STR_ARG(taken[i].path), STR_ARG(taken[i].bytes));
    for (size_t i = 0, n = sandbox_left(s, &left); i < n; i++)
        buf_printf(&h->files, STR_FMT ": %s;", STR_ARG(left[i].path), left[i].why);
    loop_stop(h->loop);
}

static void heard_dispose(struct heard *h)
{
    buf_dispose(&h->output);
    buf_dispose(&h->errors);
    buf_dispose(&h->files);
    buf_dispose(&h->failure);
    if (h->loop)
        loop_free(h->loop);
}
#define AUTO_HEARD AUTO(heard_dispose) struct heard

/* A machine without bubblewrap, or where no user may make namespaces, runs no guest: the refusal is tested there. */
static bool possible(void)
{
    struct err e = ERR_INIT;

    return sandbox_ready(&e) == ERR_OK;
}

static struct sandbox_spec python(const char *code)
{
    static struct str args[4];
    struct sandbox_spec spec = { .program = S("/usr/bin/python3"), .args = args, .args_count = 4, .done = on_done };

    args[0] = S("-B");
    args[1] = S("-s");
    args[2] = S("-c");
    args[3] = str_c(code);
    sandbox_limits_usual(&spec.limits);
    spec.limits.memory_bytes = 64 << 20;
    return spec;
}

static void begin(struct heard *h, struct sandbox_spec *spec)
{
    struct err e = ERR_INIT;

    signal(SIGPIPE, SIG_IGN);
    *h = (struct heard){ .output = BUF_INIT(4 << 20), .errors = BUF_INIT(4 << 20), .files = BUF_INIT(4 << 20), .failure = BUF_INIT(4096) };
    CHECK_OK(loop_new(&h->loop, &e));
    spec->owner = h;
    if (sandbox_start(h->loop, spec, &h->s, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "%s", e.text);
}

static void hear(struct heard *h, struct sandbox_spec spec)
{
    begin(h, &spec);
    if (!h->s)
        return;
    loop_run(h->loop);
    CHECK_INT(h->times, 1);
    CHECK_INT(sandbox_count(), 0);
    CHECK_STR(buf_str(&h->failure), "");
}

TEST(sandbox_runs_a_program_and_hears_it)
{
    AUTO_HEARD h = { 0 };
    struct sandbox_spec spec = python("import sys; print(sys.stdin.read() * 2); print('oops', file=sys.stderr); sys.exit(3)");

    if (!possible())
        return;
    spec.input = S("ab");
    hear(&h, spec);
    CHECK_STR(buf_str(&h.errors), "oops\n");
    CHECK_STR(buf_str(&h.output), "abab\n");
    CHECK_INT(h.cause, SANDBOX_EXITED);
    CHECK_INT(h.status, 3);
}
