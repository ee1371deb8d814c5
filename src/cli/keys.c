#include "cli/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define KEYS_PART_MS 30                     /* the bytes of one key come together */

static struct termios keys_before, keys_raw;
static volatile sig_atomic_t keys_on, keys_stop, keys_changed;
static int keys_pipe[2] = { -1, -1 };       /* the handlers write, the wait for a key reads: no signal comes too late */

/* Async-signal-safe, as all that the handlers do. */
static void keys_put_back(void)
{
    if (keys_on)
        tcsetattr(STDIN_FILENO, TCSANOW, &keys_before);
}

static void keys_die(int number)
{
    keys_put_back();
    signal(number, SIG_DFL);
    raise(number);
}

static void keys_wake(void)
{
    int kept = errno;
    ssize_t written = write(keys_pipe[1], "", 1);       /* full: there is enough to wake up by */

    (void)written;
    errno = kept;
}

static void keys_on_end(int number)
{
    if (keys_stop)
        keys_die(number);
    keys_stop = 1;
    keys_wake();
}

static void keys_on_suspend(int number)
{
    int kept = errno;

    (void)number;
    keys_put_back();
    raise(SIGSTOP);
    errno = kept;                           /* what follows when we go on is keys_on_continue's */
}

static void keys_on_continue(int number)
{
    int kept = errno;

    (void)number;
    if (keys_on)
        tcsetattr(STDIN_FILENO, TCSANOW, &keys_raw);
    keys_changed = 1;
    errno = kept;
    keys_wake();
}

static void keys_on_resize(int number)
{
    (void)number;
    keys_changed = 1;
    keys_wake();
}

static void keys_watch(void)
{
    static const struct { int number; void (*handler)(int); } signals[] = {
        { SIGINT, keys_on_end }, { SIGTERM, keys_on_end }, { SIGHUP, keys_on_end }, { SIGQUIT, keys_on_end },
        { SIGSEGV, keys_die }, { SIGBUS, keys_die }, { SIGABRT, keys_die }, { SIGFPE, keys_die }, { SIGILL, keys_die },
        { SIGTSTP, keys_on_suspend }, { SIGCONT, keys_on_continue }, { SIGWINCH, keys_on_resize },
    };

    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        struct sigaction act = { .sa_handler = signals[i].handler };       /* no SA_RESTART: a wait for a key ends */

        sigaction(signals[i].number, &act, NULL);
    }
}

enum err_code keys_begin(struct err *e)
{
    static bool ready;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &keys_before) != 0)
        return err_set(e, ERR_ENVIRONMENT, "single keys need a terminal");
    keys_raw = keys_before;
    keys_raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    keys_raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
    keys_raw.c_cc[VMIN] = 1;
    keys_raw.c_cc[VTIME] = 0;
    if (!ready && pipe2(keys_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return err_errno(e, ERR_ENVIRONMENT, errno, "single keys can't be read");
    if (!ready)
        atexit(keys_end);
    ready = true;
    keys_on = 1;                            /* before the change: a signal in between puts back what is there */
    keys_watch();
    return tcsetattr(STDIN_FILENO, TCSANOW, &keys_raw) == 0
               ? ERR_OK
               : err_errno(e, ERR_ENVIRONMENT, errno, "the terminal can't hand on single keys");
}

void keys_end(void)
{
    keys_put_back();
    keys_on = 0;
}

bool keys_stopped(void)
{
    return keys_stop;
}

/* One byte; -1 when none comes in time (negative: for ever) or the wait was broken off. */
static int keys_byte(int wait_ms)
{
    struct pollfd in[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = keys_pipe[0], .events = POLLIN } };
    unsigned char byte, woken[64];

    if (keys_stop || poll(in, COUNT_OF(in), wait_ms) <= 0)
        return -1;
    if (in[1].revents) {
        while (read(keys_pipe[0], woken, sizeof woken) > 0)
            ;
        return -1;
    }
    if (read(STDIN_FILENO, &byte, 1) == 1)
        return byte;
    if (errno != EINTR)
        keys_stop = 1;                      /* the terminal is gone */
    return -1;
}

/* What follows an escape that is not the key itself: CSI and SS3 sequences, up to their last byte. */
static int keys_sequence(void)
{
    int byte = keys_byte(KEYS_PART_MS);

    if (byte < 0)
        return KEY_ESCAPE;
    if (byte == '[' || byte == 'O')
        for (int i = 0; i < 32 && (byte = keys_byte(KEYS_PART_MS)) >= 0 && (byte < 0x40 || byte == '['); i++)
            ;
    return KEY_OTHER;
}

static int keys_character(int first)
{
    char bytes[4] = { (char)first };
    size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1, i = 0;

    for (size_t k = 1; k < n; k++) {
        int byte = keys_byte(KEYS_PART_MS);

        if (byte < 0)
            return KEY_OTHER;
        bytes[k] = (char)byte;
    }
    return (int)str_utf8_next(str_n(bytes, n), &i);
}

int keys_read(void)
{
    for (;;) {
        int byte = keys_changed ? -1 : keys_byte(-1);

        if (keys_stop)
            return KEY_STOP;
        if (keys_changed) {
            keys_changed = 0;
            if (byte < 0)
                return KEY_RESIZED;
        }
        if (byte == KEY_ESCAPE)
            return keys_sequence();
        if (byte == '\n' || byte == '\r')
            return KEY_ENTER;
        if (byte == '\b')
            return KEY_BACKSPACE;
        if (byte >= 0)
            return byte < 0x80 ? byte : keys_character(byte);
    }
}

void keys_size(int *rows, int *columns)
{
    struct winsize size;

    *rows = term_get()->rows;
    *columns = term_get()->columns;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return;
    if (size.ws_row > 0)
        *rows = size.ws_row;
    if (size.ws_col >= 20 && !getenv("COLUMNS"))
        *columns = size.ws_col;
}
