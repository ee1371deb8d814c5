/* assay mcp: the Model Context Protocol on standard input and output, for assistants. */
#include "cli/session.h"
#include "compat/mcp.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define MCP_BUDGET_NANOUSD MONEY_PER_USD
#define MCP_READ_BYTES     65536

static const struct option mcp_options_list[] = {
    { "root", 0, "DIR", "the folder that holds the tasks; nothing outside it is opened (default: the working folder)", NULL },
    { "budget", 'b', "USD", "the most one run may be allowed, and what it is when nobody says (default 1)", NULL },
    { "base-url", 0, "PROVIDER=URL", "ask this address instead of the provider's", NULL },
    { "allow-exec", 0, NULL, "let exec: models start their programs", NULL },
    { "speed", 0, "N", "simulated models answer N times faster (0: at once; default 1)", NULL },
    SESSION_PRICES_OPTION,
    OPTION_END,
};

static enum err_code mcp_to_stdout(void *unused, struct str line, struct err *e)
{
    (void)unused;
    while (line.len) {
        ssize_t n = write(STDOUT_FILENO, line.at, line.len);

        if (n < 0 && errno == EINTR && !interrupts_seen())
            continue;
        if (n <= 0)
            return err_errno(e, ERR_IO, errno, "standard output can't be written");
        line = str_from(line, (size_t)n);
    }
    return ERR_OK;
}

/* Until the client goes away or a signal asks for the end. */
static enum err_code mcp_serve(struct mcp *m, struct err *e)
{
    char bytes[MCP_READ_BYTES];

    while (!interrupts_seen()) {
        struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = mcp_fd(m), .events = POLLIN } };
        ssize_t n;

        if (poll(fds, COUNT_OF(fds), mcp_waits(m) ? MCP_TICK_MS : -1) < 0 && errno != EINTR)
            return err_errno(e, ERR_IO, errno, "standard input can't be watched");
        TRY(mcp_tick(m, e));
        if (!(fds[0].revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)))
            continue;
        n = read(STDIN_FILENO, bytes, sizeof bytes);
        if (n == 0)
            return ERR_OK;
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return err_errno(e, ERR_IO, errno, "standard input can't be read");
        if (n > 0)
            TRY(mcp_receive(m, str_n(bytes, (size_t)n), e));
    }
    return ERR_OK;
}

static enum err_code mcp_read_base_url(const struct args *args, struct arena *a, struct mcp_options *o, struct err *e)
{
    struct str text = args_get(args, "base-url");
    ptrdiff_t equals = str_find_byte(text, '=');

    if (!text.len)
        return ERR_OK;
    if (equals <= 0)
        return err_set(e, ERR_USAGE, "--base-url \"" STR_FMT "\" must be PROVIDER=URL", STR_ARG(text));
    o->base_url_provider = arena_cstr(a, str_n(text.at, (size_t)equals));
    o->base_url = arena_cstr(a, str_from(text, (size_t)equals + 1));
    return ERR_OK;
}

static enum err_code mcp_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    AUTO(mcp_freep) struct mcp *m = NULL;
    struct mcp_options o = { .root = ".", .budget_nanousd = MCP_BUDGET_NANOUSD, .sim_speed = 1, .write = mcp_to_stdout,
                             .allow_programs = args_has(args, "allow-exec") };
    enum err_code code;

    (void)status;
    TRY(session_open(&s, e));
    o.home = s.home.at;
    if (args_has(args, "root"))
        o.root = arena_cstr(s.arena, args_get(args, "root"));
    if (args_has(args, "prices"))
        o.prices_file = arena_cstr(s.arena, args_get(args, "prices"));
    TRY(args_money(args, "budget", &o.budget_nanousd, e));
    if (o.budget_nanousd <= 0)
        return err_set(e, ERR_USAGE, "--budget must be more than 0; runs of free models fit any budget");
    TRY(args_double(args, "speed", 0, 1e6, &o.sim_speed, e));
    TRY(mcp_read_base_url(args, s.arena, &o, e));
    TRY(mcp_new(&o, &m, e));
    if (isatty(STDIN_FILENO))
        term_note(
            "assay mcp speaks JSON-RPC on standard input and output: it is for an assistant to start, not to type at");
    interrupts_watch();
    code = mcp_serve(m, e);
    return code == ERR_IO ? ERR_OK : code;      /* the client has gone: that is how a session ends */
}

const struct command command_mcp = {
    .name = "mcp", .usage = "[options]", .summary = "Serve assistants: the Model Context Protocol on standard input and output.",
    .doc = "For the configuration of an assistant: command `assay`, arguments `mcp`, `--root`, DIR. Tools list, check and estimate tasks, "
           "run them within a budget, follow and stop runs, and read, compare and explain results; runs are resources, too "
           "(assay://run/ID). When the assistant goes away, runs are stopped cleanly and can be resumed.",
    .options = mcp_options_list, .run = mcp_run,
};
