/* The terminal: what it can show, and the few ways we speak to it. */
#include "cli/cli.h"
#include "eval/report/report.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool term_is_quiet;
static volatile sig_atomic_t interrupts;

static bool term_locale_is_utf8(void)
{
    static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        const char *v = getenv(variables[i]);

        if (v && *v)
            return str_ifind(str_c(v), S("utf-8")) >= 0 || str_ifind(str_c(v), S("utf8")) >= 0;
    }
    return false;
}

/* Terminals that show hyperlinks (OSC 8) have no common mark; those named here are known not to, the others pass over
 * what they do not know. */
static bool term_has_links(bool tty)
{
    static const char *const without[] = { "dumb", "linux", "cons25", "vt52", "vt100", "vt102", "vt220", "emacs", "unknown" };
    const char *terminal = getenv("TERM"), *wish = getenv("ASSAY_LINKS");

    if (!tty || !terminal || !*terminal || getenv("INSIDE_EMACS") ||
        (wish && (strcmp(wish, "0") == 0 || strcmp(wish, "never") == 0)))
        return false;
    for (size_t i = 0; i < COUNT_OF(without); i++)
        if (strcmp(terminal, without[i]) == 0)
            return false;
    return true;
}

const struct term *term_get(void)
{
    static struct term t;
    static bool ready;
    struct winsize size;
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM"), *columns = getenv("COLUMNS");
    bool wants_colour;
    int64_t n;

    if (ready)
        return &t;
    ready = true;
    t.out_tty = isatty(STDOUT_FILENO);
    t.err_tty = isatty(STDERR_FILENO);
    wants_colour = !(no_color && *no_color) && !(terminal && strcmp(terminal, "dumb") == 0);
    t.colour = t.out_tty && wants_colour;
    t.colour_err = t.err_tty && wants_colour;
    t.unicode = term_locale_is_utf8();
    t.links = term_has_links(t.out_tty);
    t.columns = 80;
    t.rows = 24;
    if ((ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0) &&
        size.ws_row > 0)
        t.rows = size.ws_row;
    if (columns && str_to_i64(str_c(columns), &n) && n >= 20 && n <= 1000)
        t.columns = (int)n;
    else if ((ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0) &&
             size.ws_col >= 20)
        t.columns = size.ws_col;
    return &t;
}

void term_quiet(bool on)
{
    term_is_quiet = on;
}

static void PRINTF_LIKE(3, 0) term_line(const char *mark, const char *colour, const char *fmt, va_list ap)
{
    bool paint = term_get()->colour_err;

    fprintf(stderr, "%s%s%s", paint ? colour : "", mark, paint ? "\033[0m" : "");
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

static void PRINTF_LIKE(3, 4) term_linef(const char *mark, const char *colour, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    term_line(mark, colour, fmt, ap);
    va_end(ap);
}

void term_problem(const struct err *e)
{
    term_linef("assay: ", "\033[31m", "%s", e->text);
}

void term_warn(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    term_line("warning: ", "\033[33m", fmt, ap);
    va_end(ap);
}

void term_note(const char *fmt, ...)
{
    va_list ap;

    if (term_is_quiet)
        return;
    va_start(ap, fmt);
    term_line("", "", fmt, ap);
    va_end(ap);
}

enum err_code term_write(struct str bytes, struct err *e)
{
    if (bytes.len && (fwrite(bytes.at, 1, bytes.len, stdout) != bytes.len || (term_get()->out_tty && fflush(stdout))))
        return err_errno(e, ERR_IO, errno, "standard output can't be written");
    return ERR_OK;
}

enum err_code term_json(json_t *j, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(1u << 30);

    json_write_pretty(j, &text);
    json_decref(j);
    buf_byte(&text, '\n');
    if (buf_failed(&text))
        return err_set(e, ERR_TOO_LARGE, "the answer is larger than 1 GiB; ask for less with --limit");
    return term_write(buf_str(&text), e);
}

struct str term_clean(struct str s, struct arena *a)
{
    return report_clean(s, false, true, a);
}

struct str term_link(const char *path, struct str text, struct arena *a)
{
    AUTO_BUF struct buf url = BUF_INIT(8 * PATH_MAX);
    struct str shown = report_clean(text, !term_get()->unicode, false, a);
    char real[PATH_MAX], host[256] = "";

    if (!term_get()->links || !realpath(path, real))
        return shown;
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    buf_printf(&url, "file://%s", host);
    for (const char *p = real; *p; p++)
        if (isalnum((unsigned char)*p) || strchr("/-._~", *p))
            buf_byte(&url, *p);
        else
            buf_printf(&url, "%%%02X", (unsigned char)*p);
    return arena_printf(a, "\033]8;;%s\033\\" STR_FMT "\033]8;;\033\\", buf_cstr(&url), STR_ARG(shown));
}

bool term_ask(const char *question)
{
    struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
    char line[16];

    if (!isatty(STDIN_FILENO) || !term_get()->err_tty)
        return false;
    fprintf(stderr, "%s [y/N] ", question);
    while (poll(&in, 1, -1) < 0)                        /* an interrupt ends this wait, not that of fgets */
        if (errno != EINTR || interrupts_seen())
            return false;
    return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

void progress_show(struct progress_line *p, struct str text, bool force)
{
    const struct term *t = term_get();
    int64_t now = clock_mono_ms(), every_ms = t->err_tty ? 100 : 5000;

    if (term_is_quiet || (!force && p->last_ms && now - p->last_ms < every_ms))
        return;
    p->last_ms = now;
    if (!t->err_tty) {
        fprintf(stderr, STR_FMT "\n", STR_ARG(text));
        return;
    }
    while (str_utf8_width(text) >= (size_t)t->columns && text.len)     /* never wraps: a wrapped line can't be redrawn */
        text = str_utf8_head(text, text.len - 1);
    fprintf(stderr, "\r" STR_FMT "\033[K", STR_ARG(text));
    fflush(stderr);
    p->shown = true;
}

void progress_clear(struct progress_line *p)
{
    if (p->shown)
        fprintf(stderr, "\r\033[K");
    p->shown = false;
}

static void interrupts_note(int signal_number)
{
    (void)signal_number;
    if (interrupts < 2)
        interrupts++;
}

void interrupts_watch(void)
{
    struct sigaction act = { .sa_handler = interrupts_note, .sa_flags = SA_RESTART };

    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
}

int interrupts_seen(void)
{
    return (int)interrupts;
}

/* The next piece that must stay on one line: a word, or all that stands between a pair of double quotes or backquotes. */
static bool term_take_piece(struct str *text, struct str *piece)
{
    size_t n = 0;
    char quote = 0;

    while (text->len && text->at[0] == ' ')
        *text = str_from(*text, 1);
    for (; n < text->len && (quote || text->at[n] != ' '); n++) {
        char c = text->at[n];

        if (c == quote)
            quote = 0;
        else if (!quote && (c == '"' || c == '`') && str_find_byte(str_from(*text, n + 1), c) >= 0)
            quote = c;
    }
    *piece = str_sub(*text, 0, n);
    *text = str_from(*text, n);
    return n > 0;
}

void term_wrap(FILE *to, struct str text, int from, int columns)
{
    int at = from;
    struct str piece;

    while (term_take_piece(&text, &piece)) {
        int width = (int)str_utf8_width(piece);

        if (at > from && at + 1 + width > columns) {
            fprintf(to, "\n%*s", from, "");
            at = from;
        } else if (at > from) {
            fputc(' ', to);
            at++;
        }
        fprintf(to, STR_FMT, STR_ARG(piece));
        at += width;
    }
    fputc('\n', to);
}

void term_text(const char *label, struct str text)
{
    const char *bold = term_get()->colour ? "\033[1m" : "", *plain = term_get()->colour ? "\033[0m" : "";
    struct str line;

    if (!text.len)
        return;
    printf("%s%s%s\n", bold, label, plain);
    while (str_split(&text, '\n', &line)) {
        AUTO_ARENA *a = arena_new_sized(0);

        printf("    " STR_FMT "\n", STR_ARG(term_clean(line, a)));
    }
}

void term_entry(const char *name, const char *doc)
{
    printf("  %-22s ", name);
    term_wrap(stdout, str_c(doc), 25, term_get()->columns);
}
