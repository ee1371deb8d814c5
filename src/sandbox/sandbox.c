/* One guest from its start to its burial, on the loop. */
#include "sandbox/sandbox.h"
#include "sandbox/collect.h"
#include "sandbox/cgroup.h"
#include "sandbox/enter/enter.h"
#include "sandbox/world.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SANDBOX_SAY_MAX (16u << 20)
#define SANDBOX_GRACE_US 10000000       /* for bubblewrap to end after the guest was killed; then it is killed too */
#define SANDBOX_GROUP_TRIES 200         /* milliseconds for an emptied group to become removable */
#define SANDBOX_NOBODY 65534            /* who root's guests are, outside */
#define SANDBOX_GVISOR_BYTES (INT64_C(96) << 20)       /* of a group's memory, for gVisor's own */
#define SANDBOX_GVISOR_PIDS 256         /* threads of gVisor, and for each of the guest's at most SANDBOX_GVISOR_EACH */
#define SANDBOX_GVISOR_EACH 4

struct sandbox {
    struct loop *loop;
    struct sandbox_limits limits;
    bool talks, grouped;
    void (*heard)(void *owner, struct sandbox *s, struct str bytes);
    void (*done)(void *owner, struct sandbox *s);
    void *owner;
    pid_t pid;                          /* bubblewrap outside, our child */
    int exit_fd, in, out, err, control; /* -1: closed */
    int folder, first;                  /* handles from inside, -1 until it greets: the working folder, the first process */
    struct buf input, output, errors;
    int64_t heard_bytes;
    bool input_ends, watches_input, killed, failed, ended, cpu_spent;
    struct loop_timer deadline, grace;
    int group_tries;
    struct cgroup group;
    enum sandbox_cause cause;
    int wait_status;                    /* the program's own, when `ended` */
    int64_t start_us;
    struct sandbox_used used;
    char failure[400];
    struct arena *arena;
    struct collected collected;
    char **given;
    size_t given_count;
};
static int64_t sandbox_living;          /* by atomic add */

/* --- small things ------------------------------------------------------------------------------------------------- */
const char *sandbox_cause_name(enum sandbox_cause c)
{
    static const char *const names[SANDBOX_CAUSES] = {
        [SANDBOX_EXITED] = "exited", [SANDBOX_SIGNALLED] = "signalled", [SANDBOX_TIME] = "time", [SANDBOX_CPU] = "cpu-time",
        [SANDBOX_MEMORY] = "memory", [SANDBOX_OUTPUT] = "output", [SANDBOX_BLOCKED] = "blocked", [SANDBOX_CANCELLED] = "cancelled",
        [SANDBOX_FAILED] = "failed",
    };

    ASSERT(c < SANDBOX_CAUSES);
    return names[c];
}

const char *sandbox_cause_text(enum sandbox_cause c)
{
    static const char *const texts[SANDBOX_CAUSES] = {
        [SANDBOX_EXITED] = "it ended by itself", [SANDBOX_SIGNALLED] = "a signal ended it", [SANDBOX_TIME] = "its time was up",
        [SANDBOX_CPU] = "it used up its processor time", [SANDBOX_MEMORY] = "it needed more memory than it may have",
        [SANDBOX_OUTPUT] = "it wrote more output than it may",
        [SANDBOX_BLOCKED] = "it tried what no guest may: the network, starting programs, or a door of the kernel",
        [SANDBOX_CANCELLED] = "it was stopped", [SANDBOX_FAILED] = "the sandbox could not be made",
    };

    ASSERT(c < SANDBOX_CAUSES);
    return texts[c];
}

enum err_code sandbox_with_read(struct str name, enum sandbox_with *out, struct err *e)
{
    static const char *const names[] = { [SANDBOX_WITH_BUBBLEWRAP] = "bubblewrap", [SANDBOX_WITH_RUNSC] = "runsc" };
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        suggest_offer(&near, str_c(names[i]));
        if (str_is(name, names[i])) {
            *out = (enum sandbox_with)i;
            return ERR_OK;
        }
    }
    return err_set(e, ERR_BAD_INPUT, "a sandbox is made with bubblewrap or runsc, not with \"" STR_FMT "\"%s",
                   STR_ARG(name), suggest_hint(&near, hint));
}

size_t sandbox_count(void)
{
    return (size_t)__atomic_load_n(&sandbox_living, __ATOMIC_RELAXED);
}

static void sandbox_close(struct sandbox *s, int *fd)
{
    if (*fd < 0)
        return;
    loop_watch(s->loop, *fd, 0, NULL, NULL);
    close(*fd);
    *fd = -1;
}

static void sandbox_free(struct sandbox *s)
{
    int *const plain[] = { &s->folder, &s->first };

    for (size_t i = 0; i < COUNT_OF(plain); i++)
        if (*plain[i] >= 0)
            close(*plain[i]);
    for (size_t i = 0; i < s->given_count; i++)
        free(s->given[i]);
    free(s->given);
    buf_dispose(&s->input);
    buf_dispose(&s->output);
    buf_dispose(&s->errors);
    arena_freep(&s->arena);
    free(s);
    __atomic_sub_fetch(&sandbox_living, 1, __ATOMIC_RELAXED);
}

/* --- what `enter` says -------------------------------------------------------------------------------------------- */

/* The first process inside is killed, with it the kernel kills all others there, and bubblewrap, its parent, buries it
 * and ends: heard through exit_fd. Bubblewrap itself is killed only when that takes too long: while it still builds,
 * its child waits for it in a way that would outlive it. So before there is a handle of the first process, we wait for
 * it. */
static void sandbox_kill_first(struct sandbox *s)
{
    if (s->first >= 0)
        syscall(SYS_pidfd_send_signal, s->first, SIGKILL, NULL, 0);
}

/* The two handles of 'r'. */
static void sandbox_take_handles(struct sandbox *s, struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        int fds[4];

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || n > COUNT_OF(fds))
            continue;
        memcpy(fds, CMSG_DATA(c), n * sizeof(int));
        for (size_t i = 0; i < n; i++)
            if (n == 2 && s->folder < 0 && i == 0)
                s->folder = fds[i];
            else if (n == 2 && s->first < 0 && i == 1)
                s->first = fds[i];
            else
                close(fds[i]);
    }
}

/* A word of `enter`; false when there is none, now or ever. They are read at the end, and before it is killed: until
 * then nobody needs to be woken for them, and what `enter` does meanwhile takes the longer the more it wakes. */
static bool sandbox_hear_enter(struct sandbox *s)
{
    union {
        char bytes[CMSG_SPACE(4 * sizeof(int))];
        struct cmsghdr align;
    } control;
    char text[128];
    struct enter_end end;
    struct iovec where = { text, sizeof text };
    struct msghdr message = { .msg_iov = &where, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    ssize_t n = s->control < 0 ? 0 : recvmsg(s->control, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            sandbox_close(s, &s->control);
        return false;
    }
    if (text[0] == 'r') {
        sandbox_take_handles(s, &message);
        if (s->killed)
            sandbox_kill_first(s);
    } else if (text[0] == 'e' && n == (ssize_t)sizeof end && !s->ended && !s->killed) {
        memcpy(&end, text, sizeof end);
        s->wait_status = end.status;
        s->cpu_spent = end.cpu_spent;
        s->ended = true;
    } else if (text[0] == 'x' && !s->failed) {
        s->failed = true;
        snprintf(s->failure, sizeof s->failure, "the sandbox could not be made: its first program could not %.*s",
                 (int)n - 1, text + 1);
    }
    return true;
}

static void sandbox_on_control(void *arg, int fd, unsigned events)
{
    (void)fd, (void)events;
    (void)sandbox_hear_enter(arg);
}

/* --- ending ------------------------------------------------------------------------------------------------------- */

static void sandbox_kill(struct sandbox *s, enum sandbox_cause cause)
{
    if (s->killed)
        return;
    while (sandbox_hear_enter(s))
        ;
    if (s->control >= 0)
        loop_watch(s->loop, s->control, LOOP_READ, sandbox_on_control, s);
    s->killed = true;
    if (!s->ended)
        s->cause = cause;
    if (s->grouped && s->first >= 0)
        cgroup_kill(&s->group);
    sandbox_kill_first(s);
    loop_timer_stop(s->loop, &s->deadline);
    loop_timer_set(s->loop, &s->grace, SANDBOX_GRACE_US);
}

static void sandbox_on_deadline(void *arg)
{
    sandbox_kill(arg, SANDBOX_TIME);
}

static void sandbox_on_grace(void *arg)
{
    struct sandbox *s = arg;

    sandbox_kill_first(s);
    kill(-s->pid, SIGKILL);             /* bubblewrap leads a group, in which its child is until the guest starts */
    syscall(SYS_pidfd_send_signal, s->exit_fd, SIGKILL, NULL, 0);
}

/* What ended it, from what was seen: a limit's signal looks like any other. */
static void sandbox_judge(struct sandbox *s)
{
    int signal = WIFSIGNALED(s->wait_status) ? WTERMSIG(s->wait_status) : 0;

    if (s->grouped && cgroup_memory_hit(&s->group) && (s->killed ? !s->ended : signal == SIGKILL))
        s->cause = SANDBOX_MEMORY;
    else if (s->killed && !s->ended)
        return;
    else if (signal == SIGSYS)
        s->cause = SANDBOX_BLOCKED;
    else if (signal == SIGXCPU || (signal == SIGKILL && s->cpu_spent))
        s->cause = SANDBOX_CPU;
    else
        s->cause = signal ? SANDBOX_SIGNALLED : SANDBOX_EXITED;
}

static void sandbox_finish(void *arg)
{
    struct sandbox *s = arg;

    if (s->grouped && !cgroup_remove(&s->group)) {
        if (s->group_tries++ < SANDBOX_GROUP_TRIES) {
            s->grace.fn = sandbox_finish;
            loop_timer_set(s->loop, &s->grace, 1000);
            return;
        }
        log_event(LOG_WARN, "sandbox.group.stays", LOG_C("path", s->group.paths[0] ? s->group.paths[0] : "?"));
    }
    if (s->cause != SANDBOX_FAILED && s->folder >= 0 && s->limits.collect_count > 0)
        collect(s->folder, (const char *const *)s->given, s->given_count, &s->limits, s->arena, &s->collected);
    s->done(s->owner, s);
    sandbox_free(s);
}

/* What bubblewrap or runsc wrote when it could not go on; they say it where the guest's errors would be. */
static void sandbox_explain_failure(struct sandbox *s)
{
    struct str said = buf_str(&s->errors), line = STR_NONE;
    size_t have = strlen(s->failure);

    (void)str_split(&said, '\n', &line);
    line = str_utf8_head(line, 300);
    if (s->failed)
        snprintf(s->failure + have, sizeof s->failure - have, "%s" STR_FMT, line.len ? ": " : "", STR_ARG(line));
    else
        snprintf(s->failure, sizeof s->failure, "the sandbox could not be made: " STR_FMT,
                 STR_ARG(line.len ? line : S("bubblewrap ended without a word")));
    s->failed = true;
}

/* All is dead and told: what there was is read, judged and handed over. */
static void sandbox_bury(struct sandbox *s)
{
    struct rusage usage = { 0 };
    int status;

    while (wait4(s->pid, &status, 0, &usage) < 0 && errno == EINTR)
        ;
    s->used.wall_us = clock_mono_us() - s->start_us;
    s->used.cpu_us = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
                     usage.ru_stime.tv_usec;
    s->used.memory_peak_bytes = s->grouped ? cgroup_memory_peak(&s->group) : 0;
    if (s->used.memory_peak_bytes == 0)         /* of one process, with what it shares with others: may be more than its limit */
        s->used.memory_peak_bytes = (int64_t)usage.ru_maxrss * 1024;
    if (s->failed || (s->folder < 0 && !s->killed))
        sandbox_explain_failure(s);
    if (s->failed)
        s->cause = SANDBOX_FAILED;
    else
        sandbox_judge(s);
    loop_timer_stop(s->loop, &s->deadline);
    loop_timer_stop(s->loop, &s->grace);
    sandbox_close(s, &s->exit_fd);
    sandbox_close(s, &s->in);
    sandbox_close(s, &s->out);
    sandbox_close(s, &s->err);
    sandbox_close(s, &s->control);
    sandbox_finish(s);
}

/* --- listening ---------------------------------------------------------------------------------------------------- */
static void sandbox_keep(struct sandbox *s, struct buf *to, struct str bytes)
{
    size_t room = to->max - to->len;

    buf_append(to, str_sub(bytes, 0, room));
    if (bytes.len > room)
        sandbox_kill(s, SANDBOX_OUTPUT);
}

static void sandbox_hear(struct sandbox *s, int fd, struct str bytes)
{
    if (fd == s->err) {
        sandbox_keep(s, &s->errors, bytes);
    } else if (!s->heard) {
        sandbox_keep(s, &s->output, bytes);
    } else if (!s->killed) {
        s->heard_bytes += (int64_t)bytes.len;
        if (s->heard_bytes > s->limits.output_bytes)
            sandbox_kill(s, SANDBOX_OUTPUT);
        else
            s->heard(s->owner, s, bytes);
    }
}

/* What is there, or, of a stream nobody writes to any more, all up to its end; false when the stream is closed. */
static bool sandbox_drain(struct sandbox *s, int fd, bool all)
{
    char bytes[65536];

    for (int most = all ? 64 : 4; most > 0; most--) {
        ssize_t n = read(fd, bytes, sizeof bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n <= 0)
            return false;
        sandbox_hear(s, fd, str_n(bytes, (size_t)n));
        if ((size_t)n < sizeof bytes && !all)
            return true;                /* that was all; the loop calls again when there is more, or the end */
    }
    return true;
}

static void sandbox_on_output(void *arg, int fd, unsigned events)
{
    struct sandbox *s = arg;

    (void)events;
    if (s->first < 0)
        (void)sandbox_hear_enter(s);    /* the kernel bounds how many handles of ours are on their way */
    if (!sandbox_drain(s, fd, false))
        sandbox_close(s, fd == s->out ? &s->out : &s->err);
}

/* Writes what its input takes; true when nothing is left. */
static bool sandbox_feed(struct sandbox *s)
{
    ssize_t n = s->input.len ? write(s->in, s->input.bytes, s->input.len) : 0;

    if (n > 0)
        buf_consume(&s->input, (size_t)n);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {       /* it does not want to hear more, and may answer all the same */
        buf_reset(&s->input);
        s->input_ends = true;
    }
    if (s->input.len)
        return false;
    if (s->input_ends)
        sandbox_close(s, &s->in);
    return true;
}

static void sandbox_on_input(void *arg, int fd, unsigned events)
{
    struct sandbox *s = arg;

    (void)events;
    if (!sandbox_feed(s))
        return;
    s->watches_input = false;
    if (s->in >= 0)
        loop_watch(s->loop, fd, 0, NULL, NULL);
}

/* At once what there is room for; the rest when there is room again. */
static void sandbox_send(struct sandbox *s)
{
    if (s->in < 0 || s->watches_input || (!s->input.len && !s->input_ends) || sandbox_feed(s))
        return;
    s->watches_input = true;
    loop_watch(s->loop, s->in, LOOP_WRITE, sandbox_on_input, s);
}

static void sandbox_on_exit(void *arg, int fd, unsigned events)
{
    struct sandbox *s = arg;

    (void)fd, (void)events;
    while (sandbox_hear_enter(s))
        ;
    for (int i = 0; i < 2; i++) {
        int *stream = i ? &s->err : &s->out;

        if (*stream >= 0)
            (void)sandbox_drain(s, *stream, true);        /* a pipe holds 64 KiB, and nobody writes to it any more */
    }
    sandbox_bury(s);
}

/* --- starting ----------------------------------------------------------------------------------------------------- */
struct sandbox_birth {                  /* what the child needs; it shares our memory until it is bubblewrap */
    const char *path;
    char *const *argv;
    int in, out, err;
    const int *keep;
    size_t keep_count;
    const struct cgroup *group;
    bool as_nobody, as_ordinary;
    volatile int fault;
};

/* In the child, before bubblewrap: system calls only, nothing that takes a lock or writes to memory we share. The raw
 * calls change this process alone, where libc's setuid would change every thread of the parent. */
static void sandbox_child(struct sandbox_birth *b)
{
    static char path[] = "PATH=/usr/bin:/bin", language[] = "LANG=C", *const environment[] = { path, language, NULL };
    struct sched_param ordinary = { 0 };
    sigset_t none;

    setpgid(0, 0);
    if (b->as_ordinary)
        syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &ordinary);
    for (size_t i = 0; b->group && i < b->group->count; i++)
        if (write(b->group->procs[i], "0", 1) != 1)
            goto fault;
    if (b->as_nobody && (syscall(SYS_setgroups, 0, NULL) < 0 ||
                         syscall(SYS_setresgid, SANDBOX_NOBODY, SANDBOX_NOBODY, SANDBOX_NOBODY) < 0 ||
                         syscall(SYS_setresuid, SANDBOX_NOBODY, SANDBOX_NOBODY, SANDBOX_NOBODY) < 0))
        goto fault;
    if (dup2(b->in, 0) < 0 || dup2(b->out, 1) < 0 || dup2(b->err, 2) < 0)
        goto fault;
    for (size_t i = 0; i < b->keep_count; i++)
        if (fcntl(b->keep[i], F_SETFD, 0) < 0)
            goto fault;
    for (int n = 1; n < NSIG; n++)
        if (n != SIGKILL && n != SIGSTOP)
            signal(n, SIG_DFL);
    sigemptyset(&none);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, _NSIG / 8);
    execve(b->path, b->argv, environment);
fault:
    b->fault = errno;
    _exit(127);
}

/* vfork: the parent waits until the child is bubblewrap, and no page table is copied. All signals are held meanwhile,
 * so that no handler runs in the memory that the two share. */
static pid_t __attribute__((noinline)) sandbox_fork(struct sandbox_birth *b)
{
    sigset_t all, before;
    pid_t pid;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = vfork();
    if (pid == 0)
        sandbox_child(b);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

enum { IN_READ, IN_WRITE, OUT_READ, OUT_WRITE, ERR_READ, ERR_WRITE, CONTROL_OURS, CONTROL_THEIRS, PIPE_ENDS };
struct sandbox_pipes { int at[PIPE_ENDS]; };            /* -1: closed, or somebody else's now */

static void sandbox_pipes_dispose(struct sandbox_pipes *p)
{
    for (size_t i = 0; i < PIPE_ENDS; i++)
        if (p->at[i] >= 0)
            close(p->at[i]);
}

/* A descriptor above the standard three, which the child moves its ends onto. */
static bool sandbox_raise(int *fd)
{
    int high;

    if (*fd >= 3)
        return true;
    high = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
    close(*fd);
    *fd = high;
    return high >= 0;
}

static enum err_code sandbox_pipes_make(struct sandbox_pipes *p, struct err *e)
{
    bool made = !FAULT("sandbox.pipe") && pipe2(&p->at[IN_READ], O_CLOEXEC) == 0 &&
                pipe2(&p->at[OUT_READ], O_CLOEXEC) == 0 && pipe2(&p->at[ERR_READ], O_CLOEXEC) == 0 &&
                socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, &p->at[CONTROL_OURS]) == 0;

    for (size_t i = 0; i < PIPE_ENDS && made; i++)
        made = sandbox_raise(&p->at[i]);
    return made ? ERR_OK : err_errno(e, ERR_ENVIRONMENT, errno, "the sandbox's pipes could not be made");
}

static int sandbox_take_fd(int *fd)
{
    int taken = *fd;

    *fd = -1;
    fcntl(taken, F_SETFL, O_NONBLOCK);
    return taken;
}

/* A thread that made itself a background one starts guests that are none, as the whole process is none. */
static bool sandbox_thread_differs(void)
{
    return sched_getscheduler(0) == SCHED_BATCH && sched_getscheduler(getpid()) == SCHED_OTHER;
}

static enum err_code sandbox_spawn(struct sandbox *s, const struct sandbox_spec *spec, struct sandbox_pipes *p,
                                   struct err *e)
{
    AUTO(world_dispose) struct world world = { 0 };
    struct sandbox_birth birth;

    TRY(world_prepare(spec, p->at[CONTROL_THEIRS], &world, e));
    vec_push(&world.fds, p->at[CONTROL_THEIRS]);
    p->at[CONTROL_THEIRS] = -1;                 /* the world's now */
    if (spec->starts_programs) {
        struct sandbox_limits limits = spec->limits;

        if (spec->with == SANDBOX_WITH_RUNSC) {
            limits.memory_bytes += SANDBOX_GVISOR_BYTES;
            limits.pids = SANDBOX_GVISOR_PIDS + SANDBOX_GVISOR_EACH * limits.pids;
        }
        if (!(cgroup_kinds() & CGROUP_MEMORY))
            return err_set(e, ERR_ENVIRONMENT,
                           "a program that starts others can't be bounded here: there is no memory control group that "
                           "this user may make (assay sandbox doctor says more)");
        TRY(cgroup_make(&limits, &s->group, e));
        s->grouped = true;
    }
    birth = (struct sandbox_birth){ .path = world.bwrap, .argv = (char *const *)(uintptr_t)world.argv, .in = p->at[IN_READ],
                                    .out = p->at[OUT_WRITE],
                                    .err = p->at[ERR_WRITE], .keep = world.fds.at, .keep_count = world.fds.len,
                                    .group = s->grouped ? &s->group : NULL, .as_nobody = geteuid() == 0,
                                    .as_ordinary = sandbox_thread_differs() };
    s->pid = FAULT("sandbox.spawn") ? (errno = EAGAIN, -1) : sandbox_fork(&birth);
    if (s->grouped)
        cgroup_close(&s->group);
    if (s->pid > 0 && birth.fault)
        waitpid(s->pid, NULL, 0);
    if (s->pid < 0 || birth.fault)
        return err_errno(e, ERR_ENVIRONMENT, s->pid < 0 ? errno : birth.fault,
                         "the sandbox's process could not be started");
    s->exit_fd = (int)syscall(SYS_pidfd_open, s->pid, 0);
    if (s->exit_fd >= 0)
        return ERR_OK;
    err_errno(e, ERR_ENVIRONMENT, errno,
              "this system can't tell when a sandbox ends (no pidfd_open, Linux 5.3 or newer)");
    kill(-s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    return ERR_ENVIRONMENT;
}

static enum err_code sandbox_check(const struct sandbox_spec *spec, struct err *e)
{
    ASSERT(spec->done);
    TRY(sandbox_limits_check(&spec->limits, e));
    if (!spec->native.len && (!spec->program.len || spec->program.at[0] != '/'))
        return err_set(e, ERR_BAD_INPUT, "a sandboxed program is a path that begins with \"/\", not \"" STR_FMT "\"",
                       STR_ARG(spec->program));
    if (spec->input.len > SANDBOX_SAY_MAX)
        return err_set(e, ERR_TOO_LARGE, "the input of a sandbox has %zu bytes; at most %u are allowed",
                       spec->input.len, SANDBOX_SAY_MAX);
    return ERR_OK;
}

/* From here on the loop has it. */
static void sandbox_attend(struct sandbox *s, struct sandbox_pipes *p)
{
    s->in = sandbox_take_fd(&p->at[IN_WRITE]);
    s->out = sandbox_take_fd(&p->at[OUT_READ]);
    s->err = sandbox_take_fd(&p->at[ERR_READ]);
    s->control = sandbox_take_fd(&p->at[CONTROL_OURS]);
    loop_watch(s->loop, s->out, LOOP_READ, sandbox_on_output, s);
    loop_watch(s->loop, s->err, LOOP_READ, sandbox_on_output, s);
    loop_watch(s->loop, s->exit_fd, LOOP_READ, sandbox_on_exit, s);
    loop_timer_set(s->loop, &s->deadline, s->limits.wall_ms * 1000);
    sandbox_send(s);
}

enum err_code sandbox_start(struct loop *loop, const struct sandbox_spec *spec, struct sandbox **out, struct err *e)
{
    AUTO(sandbox_pipes_dispose) struct sandbox_pipes pipes = { { -1, -1, -1, -1, -1, -1, -1, -1 } };
    struct sandbox *s;
    enum err_code code;

    TRY(sandbox_check(spec, e));
    s = xcalloc(1, sizeof *s);
    *s = (struct sandbox){ .loop = loop, .limits = spec->limits, .talks = spec->talks, .heard = spec->heard,
                           .done = spec->done, .owner = spec->owner,
                           .start_us = clock_mono_us(), .exit_fd = -1, .in = -1, .out = -1, .err = -1, .control = -1,
                           .folder = -1, .first = -1, .input = BUF_INIT(SANDBOX_SAY_MAX),
                           .output = BUF_INIT((size_t)spec->limits.output_bytes),
                           .errors = BUF_INIT((size_t)spec->limits.output_bytes), .input_ends = !spec->talks,
                           .deadline = { .fn = sandbox_on_deadline }, .grace = { .fn = sandbox_on_grace }, .arena = arena_new_sized(0) };
    s->deadline.arg = s->grace.arg = s;
    __atomic_add_fetch(&sandbox_living, 1, __ATOMIC_RELAXED);
    buf_append(&s->input, spec->input);
    code = sandbox_pipes_make(&pipes, e);
    if (code == ERR_OK)
        code = sandbox_spawn(s, spec, &pipes, e);
    if (code != ERR_OK) {
        if (s->grouped)
            (void)cgroup_remove(&s->group);
        sandbox_free(s);
        return code;
    }
    s->given = xcalloc(spec->files_count + 1, sizeof *s->given);
    for (; s->given_count < spec->files_count; s->given_count++)
        s->given[s->given_count] = xstrndup(spec->files[s->given_count].path.at, spec->files[s->given_count].path.len);
    sandbox_attend(s, &pipes);
    *out = s;
    return ERR_OK;
}

/* --- while it lives ----------------------------------------------------------------------------------------------- */
enum err_code sandbox_say(struct sandbox *s, struct str bytes, struct err *e)
{
    if (s->input_ends || s->killed || s->in < 0)
        return err_set(e, ERR_CONFLICT, "the sandboxed program hears no more");
    if (bytes.len > s->input.max - s->input.len)
        return err_set(e, ERR_BUSY, "more than %u bytes wait to be read by the sandboxed program", SANDBOX_SAY_MAX);
    buf_append(&s->input, bytes);
    sandbox_send(s);
    return ERR_OK;
}

void sandbox_say_end(struct sandbox *s)
{
    s->input_ends = true;
    sandbox_send(s);
}

void sandbox_deadline(struct sandbox *s, int64_t ms)
{
    s->heard_bytes = 0;
    loop_timer_stop(s->loop, &s->deadline);
    if (ms > 0 && !s->killed)
        loop_timer_set(s->loop, &s->deadline, ms * 1000);
}

void sandbox_cancel(struct sandbox *s)
{
    sandbox_kill(s, SANDBOX_CANCELLED);
}

/* --- in done ------------------------------------------------------------------------------------------------------ */
enum sandbox_cause sandbox_cause(const struct sandbox *s)
{
    return s->cause;
}

int sandbox_status(const struct sandbox *s)
{
    if (!s->ended)
        return 128 + SIGKILL;
    return WIFSIGNALED(s->wait_status) ? 128 + WTERMSIG(s->wait_status) : WEXITSTATUS(s->wait_status);
}

struct str sandbox_output(const struct sandbox *s)
{
    return buf_str(&s->output);
}

struct str sandbox_errors(const struct sandbox *s)
{
    return buf_str(&s->errors);
}

const char *sandbox_failure(const struct sandbox *s)
{
    return s->failure;
}

struct sandbox_used sandbox_used(const struct sandbox *s)
{
    return s->used;
}

size_t sandbox_taken(const struct sandbox *s, const struct sandbox_taken **out)
{
    *out = s->collected.taken.at;
    return s->collected.taken.len;
}

size_t sandbox_left(const struct sandbox *s, const struct sandbox_left **out)
{
    *out = s->collected.left.at;
    return s->collected.left.len;
}
