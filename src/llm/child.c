#include "llm/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct child {
    struct loop *loop;
    struct child_spec spec;
    pid_t pid;
    int exit_fd, in, out, err;              /* exit_fd: a pidfd; -1: closed */
    size_t written;
    struct buf output, errors;
    struct loop_timer timer;
    enum child_cause cause;
    int status;
};

static void child_close(struct child *c, int *fd)
{
    if (*fd < 0)
        return;
    if (c)
        loop_watch(c->loop, *fd, 0, NULL, NULL);
    close(*fd);
    *fd = -1;
}

static void child_kill(struct child *c)
{
    kill(-c->pid, SIGKILL);
    kill(c->pid, SIGKILL);                  /* when it has left its group */
}

static void child_end(struct child *c)
{
    int status = 0;

    loop_timer_stop(c->loop, &c->timer);
    kill(-c->pid, SIGKILL);                 /* what it started and left behind; harmless when nothing is there */
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    child_close(c, &c->exit_fd);
    child_close(c, &c->in);
    child_close(c, &c->out);
    child_close(c, &c->err);
    c->spec.done(c->spec.owner, c);
    buf_dispose(&c->output);
    buf_dispose(&c->errors);
    free(c);
}

/* All that is there now. */
static void child_drain(struct child *c, int *fd, struct buf *to, bool bounded)
{
    char bytes[16384];
    ssize_t n;

    while (*fd >= 0) {
        n = read(*fd, bytes, sizeof bytes);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            child_close(c, fd);
            return;
        }
        if (!bounded && to->len + (size_t)n > to->max)
            n = (ssize_t)(to->max - to->len);           /* the rest is read and forgotten */
        buf_append(to, str_n(bytes, (size_t)n));
        if (buf_failed(to)) {
            c->cause = CHILD_CEILING;
            child_close(c, fd);
            child_kill(c);
            return;
        }
    }
}

static void child_on_output(void *arg, int fd, unsigned events)
{
    struct child *c = arg;

    (void)events;
    if (fd == c->out)
        child_drain(c, &c->out, &c->output, true);
    else
        child_drain(c, &c->err, &c->errors, false);
}

static void child_on_input(void *arg, int fd, unsigned events)
{
    struct child *c = arg;
    ssize_t n = write(fd, c->spec.input.at + c->written, c->spec.input.len - c->written);

    (void)events;
    if (n > 0)
        c->written += (size_t)n;
    if ((n < 0 && errno != EAGAIN && errno != EINTR) || c->written == c->spec.input.len)
        child_close(c, &c->in);             /* EPIPE: it does not want to hear more, and may answer all the same */
}

static void child_on_exit(void *arg, int fd, unsigned events)
{
    struct child *c = arg;

    (void)fd, (void)events;
    child_drain(c, &c->out, &c->output, true);
    child_drain(c, &c->err, &c->errors, false);
    child_end(c);
}

static void child_on_deadline(void *arg)
{
    struct child *c = arg;

    c->cause = CHILD_DEADLINE;
    child_kill(c);                          /* its end is heard through exit_fd */
}

/* Is `entry` ("NAME=value") the variable `name`; with `prefix`, one that begins like it? */
static bool child_env_is(const char *entry, const char *name, bool prefix)
{
    size_t n = strlen(name);

    return strncmp(entry, name, n) == 0 && (prefix || entry[n] == '=');
}

/* The clean environment: NULL-ended, the strings are the process's own. free() it. */
static char **child_environment(const char *const *more)
{
    static const char *const usual[] = { "PATH", "HOME", "LANG", "TMPDIR" };
    size_t count = 0, n = 0;
    char **list;

    while (environ[count])
        count++;
    list = xcalloc(count + 1, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        bool wanted = child_env_is(environ[i], "ASSAY_", true);

        for (size_t k = 0; k < COUNT_OF(usual); k++)
            wanted |= child_env_is(environ[i], usual[k], false);
        for (const char *const *name = more; name && *name; name++)
            wanted |= child_env_is(environ[i], *name, false);
        if (wanted)
            list[n++] = environ[i];
    }
    return list;
}

static enum err_code child_spawn(struct child *c, const int in[2], const int out[2], const int err[2], struct err *e)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none, usual;
    char **env = child_environment(c->spec.env);
    int errnum;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], 0);
    posix_spawn_file_actions_adddup2(&files, out[1], 1);
    posix_spawn_file_actions_adddup2(&files, err[1], 2);
    posix_spawnattr_init(&how);
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGINT);
    sigaddset(&usual, SIGTERM);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &usual);
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    errnum = posix_spawnp(&c->pid, c->spec.argv[0], &files, &how, (char *const *)c->spec.argv, env);
    free(env);
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
    return errnum ? err_errno(e, errnum == ENOENT || errnum == EACCES ? ERR_NO_MODEL : ERR_ENVIRONMENT, errnum,
                              "the program %.200s can't be started", c->spec.argv[0])
                  : ERR_OK;
}

static void child_close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
}

enum err_code child_start(struct loop *loop, const struct child_spec *spec, struct child **out, struct err *e)
{
    int in[2] = { -1, -1 }, said[2] = { -1, -1 }, err[2] = { -1, -1 };
    struct child *c = xcalloc(1, sizeof *c);
    enum err_code code = ERR_OK;

    *c = (struct child){ .loop = loop, .spec = *spec, .exit_fd = -1, .in = -1, .out = -1, .err = -1,
                         .output = BUF_INIT(spec->bytes_max), .errors = BUF_INIT(CHILD_STDERR_MAX),
                         .timer = { .fn = child_on_deadline, .arg = c } };
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(said, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
        code = err_errno(e, ERR_ENVIRONMENT, errno, "no pipe could be made for %.200s", spec->argv[0]);
    if (code == ERR_OK)
        code = child_spawn(c, in, said, err, e);
    if (code == ERR_OK) {
        c->exit_fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
        if (c->exit_fd < 0) {
            code = err_errno(e, ERR_ENVIRONMENT, errno, "this system can't tell when %.200s ends", spec->argv[0]);
            child_kill(c);
            waitpid(c->pid, NULL, 0);
        }
    }
    if (code != ERR_OK) {
        child_close_pair(in);
        child_close_pair(said);
        child_close_pair(err);
        free(c);
        return code;
    }
    close(in[0]);
    close(said[1]);
    close(err[1]);
    c->in = in[1];
    c->out = said[0];
    c->err = err[0];
    fcntl(c->in, F_SETFL, O_NONBLOCK);
    fcntl(c->out, F_SETFL, O_NONBLOCK);
    fcntl(c->err, F_SETFL, O_NONBLOCK);
    fcntl(c->exit_fd, F_SETFD, FD_CLOEXEC);
    loop_watch(loop, c->in, LOOP_WRITE, child_on_input, c);
    loop_watch(loop, c->out, LOOP_READ, child_on_output, c);
    loop_watch(loop, c->err, LOOP_READ, child_on_output, c);
    loop_watch(loop, c->exit_fd, LOOP_READ, child_on_exit, c);
    loop_timer_set(loop, &c->timer, spec->total_us);
    *out = c;
    return ERR_OK;
}

void child_cancel(struct child *c)
{
    c->cause = CHILD_CANCELLED;
    child_kill(c);
    child_end(c);
}

enum child_cause child_cause(const struct child *c)
{
    return c->cause;
}

int child_status(const struct child *c)
{
    return c->status;
}

struct str child_output(const struct child *c)
{
    return buf_str(&c->output);
}

struct str child_errors(const struct child *c)
{
    return buf_str(&c->errors);
}
