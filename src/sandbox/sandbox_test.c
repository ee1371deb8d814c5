#include "base/test.h"
#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

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
    if (sandbox_count() == 1)           /* this one still counts */
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

/* A machine without bubblewrap, or where nobody may make namespaces, runs no guest: the refusal is tested there. */
static bool possible(void)
{
    static int known = -1;

    if (known < 0) {
        AUTO_ARENA *a = arena_new_sized(0);
        const struct sandbox_finding *f;
        size_t n = sandbox_doctor(a, &f);

        known = 1;
        for (size_t i = 0; i < n; i++)
            if (f[i].level == SANDBOX_LACKS_NEEDED) {
                printf("       no guest is run here: %s: " STR_FMT "\n", f[i].name, STR_ARG(f[i].found));
                known = 0;
            }
    }
    return known;
}

/* Whether guests can be run in gVisor too, which is not on every machine. */
static bool possible_in_gvisor(void)
{
    static int known = -1;

    if (known < 0) {
        AUTO_ARENA *a = arena_new_sized(0);
        const struct sandbox_finding *f;
        size_t n = possible() ? sandbox_doctor(a, &f) : 0;

        known = 0;
        for (size_t i = 0; i < n; i++)
            known |= strcmp(f[i].name, "gVisor") == 0 && f[i].level == SANDBOX_HAS;
        if (!known)
            printf("       no guest is run in gVisor\n");
    }
    return known;
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
    struct sandbox_spec spec = python(
        "import sys; print(sys.stdin.read() * 2); print('oops', file=sys.stderr); sys.exit(3)");

    if (!possible())
        return;
    spec.input = S("ab");
    hear(&h, spec);
    CHECK_STR(buf_str(&h.errors), "oops\n");
    CHECK_STR(buf_str(&h.output), "abab\n");
    CHECK_INT(h.cause, SANDBOX_EXITED);
    CHECK_INT(h.status, 3);
}

TEST(sandbox_keeps_the_time_the_output_and_the_calls_of_its_guest)
{
    static const struct { const char *code; enum sandbox_cause cause; } guests[] = {
        { "import time; print('begun'); time.sleep(60)", SANDBOX_TIME },
        { "print('begun')\nwhile True: pass", SANDBOX_CPU },
        { "print('begun')\nwhile True: print('x' * 1000)", SANDBOX_OUTPUT },
        { "print('begun'); import socket; socket.socket()", SANDBOX_BLOCKED },
        { "print('begun'); import os; os.abort()", SANDBOX_SIGNALLED },
    };

    for (size_t i = 0; i < COUNT_OF(guests) && possible(); i++) {
        AUTO_HEARD h = { 0 };
        struct sandbox_spec spec = python(guests[i].code);

        spec.limits.wall_ms = guests[i].cause == SANDBOX_TIME ? 700 : 60000;
        spec.limits.cpu_ms = 300;
        spec.limits.output_bytes = 5000;
        hear(&h, spec);
        CHECK_INT(h.cause, guests[i].cause);
        CHECK(str_starts(buf_str(&h.output), S("begun\n")));
        CHECK(h.status > 128);
        CHECK(h.output.len <= 5000 && h.used.wall_us > 0);
    }
}

TEST(sandbox_keeps_guests_to_a_processor_and_those_that_stay_take_turns)
{
    AUTO_BUF struct buf seen = BUF_INIT(4096);

    for (int i = 0; i < 4 && possible(); i++) {
        AUTO_HEARD h = { 0 };
        struct sandbox_spec spec = python("import os; print(sorted(os.sched_getaffinity(0)))");

        spec.talks = i < 2;
        begin(&h, &spec);
        REQUIRE(h.s);
        if (spec.talks)
            sandbox_say_end(h.s);
        loop_run(h.loop);
        CHECK(str_starts(buf_str(&h.output), S("[")) && !str_contains(buf_str(&h.output), S(",")));
        CHECK(i != 1 || thread_cpus() == 1 || !str_eq(buf_str(&h.output), buf_str(&seen)));
        buf_append(&seen, buf_str(&h.output));
    }
}

static void *background(void *h)
{
    thread_be_batch();
    hear(h, python("import os; print(os.sched_getscheduler(0) == os.SCHED_OTHER)"));
    return NULL;
}

TEST(sandbox_starts_ordinary_guests_from_a_background_thread)
{
    AUTO_HEARD h = { 0 };
    pthread_t thread;

    if (!possible() || sched_getscheduler(0) != SCHED_OTHER)
        return;
    CHECK_INT(pthread_create(&thread, NULL, background, &h), 0);
    pthread_join(thread, NULL);
    CHECK_STR(buf_str(&h.output), "True\n");
}

/* More than a pipe holds, to a guest that begins to read late: some at once, the rest as there is room. */
TEST(sandbox_says_all_of_a_long_input)
{
    AUTO_HEARD h = { 0 };
    AUTO_BUF struct buf much = BUF_INIT(4 << 20);
    struct sandbox_spec spec = python("import sys, time; time.sleep(0.2); t = sys.stdin.read(); print(len(t), t[-4:])");

    if (!possible())
        return;
    while (much.len < 3000000)
        buf_puts(&much, "abc ");
    buf_puts(&much, "end.");
    spec.input = buf_str(&much);
    hear(&h, spec);
    CHECK_STR(buf_str(&h.output), "3000004 end.\n");
}

TEST(sandbox_gives_files_and_takes_what_was_made)
{
    AUTO_HEARD h = { 0 };
    static const struct sandbox_file files[] = { { S("in/a.txt"), S("given") }, { S("b.bin"), S("\0\1\2") } };
    struct sandbox_spec spec = python("import os; t = open('in/a.txt').read(); open('c', 'w').write(t + str(os.path.getsize('b.bin')))\n"
                                      "open('in/a.txt', 'w').write('changed'); os.symlink('c', 'd'); open('in/z', 'w').write('zz')");

    if (!possible())
        return;
    spec.files = files;
    spec.files_count = COUNT_OF(files);
    hear(&h, spec);
    CHECK_STR(buf_str(&h.errors), "");
    CHECK_STR(buf_str(&h.files), "c=given3;in/z=zz;d: it is a link;");
}

TEST(sandbox_takes_no_more_than_it_may)
{
    AUTO_HEARD h = { 0 };
    struct sandbox_spec spec = python("for n in 'abc': open(n, 'w').write(n * 4)");

    if (!possible())
        return;
    spec.limits.collect_count = 2;
    hear(&h, spec);
    CHECK_STR(buf_str(&h.files), "a=aaaa;b=bbbb;c: there are more files than are taken;");
    heard_dispose(&h);
    spec = python("for n in 'abc': open(n, 'w').write(n * 4)");
    spec.limits.collect_bytes = 9;
    hear(&h, spec);
    CHECK_STR(buf_str(&h.files), "a=aaaa;b=bbbb;c: it is larger than what may still be taken;");
    heard_dispose(&h);
    spec = python("import os; os.makedirs('d/' * 30)");
    hear(&h, spec);
    CHECK_STR(buf_str(&h.files), "...: there are more files, or deeper folders, than are looked at;");
}

/* --- a guest that talks ------------------------------------------------------------------------------------------ */
struct talk { struct heard *h; struct buf line; int asked, answers; };

static void talk_ask(struct talk *t, struct sandbox *s)
{
    struct err e = ERR_INIT;
    char line[32];

    snprintf(line, sizeof line, "%d\n", ++t->asked);
    sandbox_deadline(s, 20000);
    CHECK_OK(sandbox_say(s, str_c(line), &e));
}

static void talk_heard(void *owner, struct sandbox *s, struct str bytes)
{
    struct talk *t = owner;
    struct str rest, line;

    buf_append(&t->line, bytes);
    while (str_find_byte(buf_str(&t->line), '\n') >= 0) {
        int64_t n = 0;

        rest = buf_str(&t->line);
        CHECK(str_split(&rest, '\n', &line) && str_to_i64(line, &n));
        CHECK_INT(n, 2 * t->asked);
        buf_consume(&t->line, line.len + 1);
        if (++t->answers == 50)
            sandbox_say_end(s);
        else
            talk_ask(t, s);
    }
}

static void talk_done(void *owner, struct sandbox *s)
{
    on_done(((struct talk *)owner)->h, s);
}

static void talk_with_a_guest(enum sandbox_with with)
{
    AUTO_HEARD h = { .output = BUF_INIT(4096), .errors = BUF_INIT(4096), .files = BUF_INIT(4096), .failure = BUF_INIT(4096) };
    struct talk t = { .h = &h, .line = BUF_INIT(4096) };
    struct sandbox_spec spec = python("import sys\nfor line in sys.stdin: print(2 * int(line))");
    struct err e = ERR_INIT;

    signal(SIGPIPE, SIG_IGN);
    CHECK_OK(loop_new(&h.loop, &e));
    spec.with = with;
    spec.talks = true;
    spec.heard = talk_heard;
    spec.done = talk_done;
    spec.owner = &t;
    CHECK_OK(sandbox_start(h.loop, &spec, &h.s, &e));
    REQUIRE(h.s);
    talk_ask(&t, h.s);
    loop_run(h.loop);
    CHECK_INT(t.answers, 50);
    CHECK_INT(h.cause, SANDBOX_EXITED);
    CHECK_INT(h.status, 0);
    buf_dispose(&t.line);
}

TEST(sandbox_talks_with_a_guest_that_stays)
{
    if (possible())
        talk_with_a_guest(SANDBOX_WITH_BUBBLEWRAP);
}

TEST(sandbox_talks_with_a_guest_in_gvisor)
{
    if (possible_in_gvisor())
        talk_with_a_guest(SANDBOX_WITH_RUNSC);
}

static void flood_heard(void *owner, struct sandbox *s, struct str bytes)
{
    (void)owner, (void)s, (void)bytes;
}

TEST(sandbox_ends_a_talker_that_floods_or_hangs_or_is_cancelled)
{
    static const struct { const char *code; enum sandbox_cause cause; } guests[] = {
        { "while True: print('x' * 1000)", SANDBOX_OUTPUT }, { "import time; time.sleep(60)", SANDBOX_TIME },
        { "import time; time.sleep(60)", SANDBOX_CANCELLED },
    };

    for (size_t i = 0; i < COUNT_OF(guests) * 2 && possible(); i++) {
        AUTO_HEARD h = { 0 };
        struct sandbox_spec spec = python(guests[i % COUNT_OF(guests)].code);
        struct err e = ERR_INIT;

        spec.with = i < COUNT_OF(guests) ? SANDBOX_WITH_BUBBLEWRAP : SANDBOX_WITH_RUNSC;
        if (spec.with == SANDBOX_WITH_RUNSC && !possible_in_gvisor())
            break;
        spec.talks = true;
        spec.heard = flood_heard;
        begin(&h, &spec);
        REQUIRE(h.s);
        if (guests[i % COUNT_OF(guests)].cause == SANDBOX_TIME)
            sandbox_deadline(h.s, 300);
        if (guests[i % COUNT_OF(guests)].cause == SANDBOX_CANCELLED) {
            sandbox_cancel(h.s);
            CHECK_INT(sandbox_say(h.s, S("x"), &e), ERR_CONFLICT);
        }
        loop_run(h.loop);
        CHECK_INT(h.times, 1);
        CHECK_INT(h.cause, guests[i % COUNT_OF(guests)].cause);
        CHECK_INT(sandbox_count(), 0);
    }
}

TEST(sandbox_queues_so_much_and_no_more)
{
    AUTO_HEARD h = { 0 };
    AUTO_BUF struct buf much = BUF_INIT(17u << 20);
    struct sandbox_spec spec = python("import time; time.sleep(60)");
    struct err e = ERR_INIT;

    if (!possible())
        return;
    for (int i = 0; i < 9 << 20; i++)
        buf_byte(&much, 'x');
    spec.talks = true;
    begin(&h, &spec);
    REQUIRE(h.s);
    CHECK_OK(sandbox_say(h.s, buf_str(&much), &e));
    CHECK_INT(sandbox_say(h.s, buf_str(&much), &e), ERR_BUSY);
    sandbox_cancel(h.s);
    loop_run(h.loop);
    CHECK_INT(h.cause, SANDBOX_CANCELLED);
}

TEST(sandbox_starts_where_many_descriptors_are_open)
{
    enum { MANY = 1100 };               /* past ENTER_PROGRAM_FD: the way to the host has a number above it */
    struct rlimit before, more;
    int fds[MANY], count = 0;
    AUTO_HEARD h = { 0 };

    if (!possible() || getrlimit(RLIMIT_NOFILE, &before) != 0 || before.rlim_max < 2 * MANY)
        return;
    more = (struct rlimit){ 2 * MANY, before.rlim_max };
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &more), 0);
    while (count < MANY && (fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        count++;
    CHECK_INT(count, MANY);
    hear(&h, python("print('here')"));
    CHECK_STR(buf_str(&h.output), "here\n");
    while (count)
        close(fds[--count]);
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* --- refusals ----------------------------------------------------------------------------------------------------- */
static enum err_code refuse(struct sandbox_spec spec, struct err *e)
{
    struct loop *loop;
    struct sandbox *s = NULL;
    enum err_code code;

    CHECK_OK(loop_new(&loop, e));
    code = sandbox_start(loop, &spec, &s, e);
    CHECK(!s);
    CHECK_INT(sandbox_count(), 0);
    loop_free(loop);
    return code;
}

TEST(sandbox_refuses_what_goes_past_its_bounds)
{
    static struct sandbox_file files[SANDBOX_FILES_MAX + 1];
    static struct str args[SANDBOX_ARGS_MAX + 1];
    AUTO_BUF struct buf much = BUF_INIT(SANDBOX_GIVEN_BYTES_MAX + 2);
    struct err e = ERR_INIT;
    struct sandbox_spec spec = python("pass");

    if (!possible())
        return;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        files[i] = (struct sandbox_file){ S("a"), S("") };
    for (size_t i = 0; i < COUNT_OF(args); i++)
        args[i] = S("a");
    spec.files = files;
    spec.files_count = COUNT_OF(files);
    CHECK_INT(refuse(spec, &e), ERR_TOO_LARGE);
    CHECK(str_contains(str_c(e.text), S("257 files")));
    spec.files_count = 1;
    files[0].path = S("../x");
    CHECK_INT(refuse(spec, &e), ERR_DENIED);
    for (int64_t i = 0; i <= SANDBOX_GIVEN_BYTES_MAX; i++)
        buf_byte(&much, 'x');
    files[0] = (struct sandbox_file){ S("x"), buf_str(&much) };
    CHECK_INT(refuse(spec, &e), ERR_TOO_LARGE);
    spec = python("pass");
    spec.args = args;
    spec.args_count = COUNT_OF(args);
    CHECK_INT(refuse(spec, &e), ERR_TOO_LARGE);
    spec.args_count = 1;
    args[0] = str_sub(buf_str(&much), 0, 70000);
    CHECK_INT(refuse(spec, &e), ERR_TOO_LARGE);
    args[0] = S("a\0b");
    CHECK_INT(refuse(spec, &e), ERR_BAD_INPUT);
    spec = python("pass");
    spec.input = str_sub(buf_str(&much), 0, (16u << 20) + 1);
    CHECK_INT(refuse(spec, &e), ERR_TOO_LARGE);
    spec = python("pass");
    spec.program = S("python3");
    CHECK_INT(refuse(spec, &e), ERR_BAD_INPUT);
    spec = python("pass");
    spec.limits.pids = 0;
    CHECK_INT(refuse(spec, &e), ERR_BAD_INPUT);
}

TEST(sandbox_says_what_is_missing_and_runs_nothing)
{
    static const struct { const char *fault, *says; } faults[] = {
        { "sandbox.pipe", "pipes" }, { "sandbox.libseccomp", "libseccomp" }, { "sandbox.spawn", "could not be started" },
    };
    AUTO(freep) char *path = getenv("PATH") ? xstrdup(getenv("PATH")) : NULL;
    struct err e = ERR_INIT;

    for (size_t i = 0; i < COUNT_OF(faults) && possible(); i++) {
        fault_arm(faults[i].fault);
        CHECK_INT(refuse(python("pass"), &e), ERR_ENVIRONMENT);
        CHECK(str_contains(str_c(e.text), str_c(faults[i].says)));
        fault_arm(NULL);
    }
    setenv("PATH", "/nonexistent", 1);
    CHECK_INT(refuse(python("pass"), &e), ERR_ENVIRONMENT);
    CHECK(str_contains(str_c(e.text), S("bwrap is not installed")));
    CHECK_INT(sandbox_ready(&e), ERR_ENVIRONMENT);
    if (path)
        setenv("PATH", path, 1);
}

TEST(sandbox_is_made_with_what_there_is)
{
    enum sandbox_with with = SANDBOX_WITH_BUBBLEWRAP;
    struct err e = ERR_INIT;

    CHECK_OK(sandbox_with_read(S("runsc"), &with, &e));
    CHECK_INT(with, SANDBOX_WITH_RUNSC);
    CHECK_OK(sandbox_with_read(S("bubblewrap"), &with, &e));
    CHECK_INT(with, SANDBOX_WITH_BUBBLEWRAP);
    CHECK_INT(sandbox_with_read(S("runs"), &with, &e), ERR_BAD_INPUT);
    CHECK_STR(str_c(e.text), "a sandbox is made with bubblewrap or runsc, not with \"runs\" (did you mean \"runsc\"?)");
}

TEST(sandbox_tells_why_a_program_could_not_be_started)
{
    struct sandbox_spec spec = python("pass");
    AUTO_HEARD h = { 0 };

    if (!possible())
        return;
    spec.program = S("/usr/bin/no-such-program");
    begin(&h, &spec);
    REQUIRE(h.s);
    loop_run(h.loop);
    CHECK_INT(h.cause, SANDBOX_FAILED);
    CHECK(str_contains(buf_str(&h.failure), S("find the program 002")));
}

TEST(sandbox_many_at_once_all_end)
{
    enum { MANY = 8 };
    struct heard h[MANY] = { 0 };
    struct loop *loop;
    struct err e = ERR_INIT;

    if (!possible())
        return;
    signal(SIGPIPE, SIG_IGN);
    CHECK_OK(loop_new(&loop, &e));
    for (int i = 0; i < MANY; i++) {
        struct sandbox_spec spec = python("print(7)");

        h[i] = (struct heard){ .loop = loop, .output = BUF_INIT(4096), .errors = BUF_INIT(4096), .files = BUF_INIT(4096),
                               .failure = BUF_INIT(4096) };
        spec.owner = &h[i];
        CHECK_OK(sandbox_start(loop, &spec, &h[i].s, &e));
    }
    CHECK_INT(sandbox_count(), MANY);
    loop_run(loop);
    CHECK_INT(sandbox_count(), 0);
    for (int i = 0; i < MANY; i++) {
        CHECK_STR(buf_str(&h[i].output), "7\n");
        h[i].loop = NULL;
        heard_dispose(&h[i]);
    }
    loop_free(loop);
}
