#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct pager {
    pthread_t thread;
    int in, out;                        /* what we write comes out of `in`; `out`: the terminal */
    struct buf kept;                    /* what is not known to have arrived */
    bool full;                          /* more than PAGER_KEPT_MAX went to the pager: it works */
    pid_t child;                        /* 0: not started */
    int to_child;                       /* -1: it takes nothing more */
    bool quit;                          /* the reader has seen enough */
    bool plain;                         /* no pager could be had: straight to the terminal */
    struct sigaction interrupt;         /* what an interrupt did before */
};

/* --- which -------------------------------------------------------------------------------------------------------- */

char **pager_words(const char *own, const char *usual, struct arena *a, bool *shell)
{
    const char *text = own ? own : usual ? usual : "less -FRX";
    struct str rest = str_trim(str_c(text)), word;
    char **words = arena_array(a, char *, rest.len / 2 + 5);
    size_t n = 0;

    *shell = strpbrk(text, "|&;<>()$`\\\"'*?[]#~{}!\n") != NULL;
    if (!rest.len || str_is(rest, "cat"))
        return NULL;
    if (*shell) {
        words[n++] = arena_cstr(a, S("/bin/sh"));
        words[n++] = arena_cstr(a, S("-c"));
        words[n++] = arena_cstr(a, rest);
        return words;
    }
    while (str_split(&rest, ' ', &word))
        if (str_trim(word).len)
            words[n++] = arena_cstr(a, str_trim(word));
    return words;
}

size_t pager_lines(struct str text, size_t columns, size_t enough)
{
    size_t lines = 0;
    struct str rest = text, line;

    while (lines < enough && str_split(&rest, '\n', &line)) {
        size_t width = 0;

        for (size_t i = 0; i < line.len && width <= columns * enough;) {
            if (line.at[i] == '\x1b' && i + 1 < line.len && line.at[i + 1] == '[') {
                while (i < line.len && !(line.at[i] >= '@' && line.at[i] != '['))
                    i++;
                i++;
            } else if (line.at[i] == '\x1b' && i + 1 < line.len && line.at[i + 1] == ']') {
                while (i < line.len && line.at[i] != '\\')
                    i++;
                i++;
            } else {
                size_t from = i;

                str_utf8_next(line, &i);
                width += str_utf8_width(str_sub(line, from, i - from));
            }
        }
        if (rest.at || line.len)                        /* after the last line end there is no line */
            lines += 1 + (width ? (width - 1) / columns : 0);
    }
    return lines;
}

/* --- the child ---------------------------------------------------------------------------------------------------- */

/* The pager's environment: less gets the options that make it behave, unless the user has his own. */
static char **pager_environment(struct arena *a)
{
    size_t n = 0;
    char **copy;

    while (environ[n])
        n++;
    copy = arena_array(a, char *, n + 3);
    memcpy(copy, environ, n * sizeof *copy);
    if (!getenv("LESS"))
        copy[n++] = arena_cstr(a, S("LESS=FRX"));
    if (!getenv("LV"))
        copy[n++] = arena_cstr(a, S("LV=-c"));
    return copy;
}

static bool pager_start(struct pager *p)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    bool shell;
    char **words = pager_words(secure_getenv("ASSAY_PAGER"), secure_getenv("PAGER"), a, &shell);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t usual;
    int pipe_of[2], failed;

    if (!words || pipe2(pipe_of, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, pipe_of[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, p->out, STDOUT_FILENO);
    posix_spawnattr_init(&attr);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGINT);
    posix_spawnattr_setsigdefault(&attr, &usual);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    sigaction(SIGINT, &ignore, &p->interrupt);          /* Ctrl-C is the pager's while it has the terminal */
    failed = posix_spawnp(&p->child, words[0], &files, &attr, words, pager_environment(a));
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    close(pipe_of[0]);
    p->to_child = pipe_of[1];
    if (!failed)
        return true;
    p->child = 0;
    close(p->to_child);
    p->to_child = -1;
    sigaction(SIGINT, &p->interrupt, NULL);
    return false;
}

/* True when all was taken. */
static bool pager_put(int fd, struct str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes = str_from(bytes, (size_t)n);
    }
    return true;
}

static void pager_wait(struct pager *p)
{
    int status = 0;

    if (!p->child)
        return;
    if (p->to_child >= 0)
        close(p->to_child);
    p->to_child = -1;
    while (waitpid(p->child, &status, 0) < 0 && errno == EINTR)
        ;
    p->child = 0;
    sigaction(SIGINT, &p->interrupt, NULL);
    if (!(WIFEXITED(status) && (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127)) && !WIFSIGNALED(status)) {
        p->quit = true;
        return;
    }
    p->plain = true;                                    /* it never came up, or it died: what it got is said again */
    if (!p->full)
        (void)pager_put(p->out, buf_str(&p->kept));
}

/* --- the pipe ----------------------------------------------------------------------------------------------------- */

static void pager_take(struct pager *p, struct str bytes)
{
    const struct term *t = term_get();

    if (p->plain) {
        (void)pager_put(p->out, bytes);
        return;
    }
    if (p->child) {
        if (p->full || p->kept.len + bytes.len > PAGER_KEPT_MAX)
            p->full = true;
        else
            buf_append(&p->kept, bytes);
        if (p->to_child >= 0 && !pager_put(p->to_child, bytes))
            pager_wait(p);                              /* quit, or never came up */
        return;
    }
    if (p->quit)
        return;
    buf_append(&p->kept, bytes);
    if (pager_lines(buf_str(&p->kept), (size_t)t->columns, (size_t)t->rows) < (size_t)t->rows)
        return;
    if (!pager_start(p)) {
        p->plain = true;
        (void)pager_put(p->out, buf_str(&p->kept));
    } else if (!pager_put(p->to_child, buf_str(&p->kept))) {
        pager_wait(p);
    }
}

static void *pager_pump(void *arg)
{
    struct pager *p = arg;
    char bytes[16384];

    for (;;) {
        ssize_t n = read(p->in, bytes, sizeof bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        pager_take(p, str_n(bytes, (size_t)n));
    }
    if (p->child)
        pager_wait(p);
    else if (!p->plain && !p->quit)
        (void)pager_put(p->out, buf_str(&p->kept));     /* it all fits the screen */
    return NULL;
}

struct pager *pager_begin(bool wanted)
{
    const char *terminal = getenv("TERM");
    struct pager *p;
    int pipe_of[2];

    if (!wanted || !term_get()->out_tty || (terminal && strcmp(terminal, "dumb") == 0))
        return NULL;
    fflush(stdout);
    if (pipe2(pipe_of, O_CLOEXEC) != 0)
        return NULL;
    p = xcalloc(1, sizeof *p);
    *p = (struct pager){ .in = pipe_of[0], .out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3),
                         .kept = BUF_INIT(PAGER_KEPT_MAX + 65536), .to_child = -1 };
    if (p->out < 0 || pthread_create(&p->thread, NULL, pager_pump, p) != 0) {
        close(pipe_of[0]);
        close(pipe_of[1]);
        if (p->out >= 0)
            close(p->out);
        free(p);
        return NULL;
    }
    dup2(pipe_of[1], STDOUT_FILENO);
    close(pipe_of[1]);
    return p;
}

void pager_end(struct pager *p)
{
    if (!p)
        return;
    fflush(stdout);
    dup2(p->out, STDOUT_FILENO);                        /* the pipe's last writer: the thread sees the end */
    pthread_join(p->thread, NULL);
    close(p->in);
    close(p->out);
    buf_dispose(&p->kept);
    free(p);
}

void pager_endp(struct pager **p)
{
    pager_end(*p);
    *p = NULL;
}
