/* assay: the table of sub-commands, and nothing else. */
#include "cli/cli.h"

#include <signal.h>
#include <sys/resource.h>

#define COMMANDS(X)                                                                                \
    X(run) X(watch) X(resume) X(runs) X(show) X(judge) X(label) X(compare) X(analyze) X(explain)   \
    X(report) X(export) X(import) X(rm)                                                            \
    X(init) X(validate) X(render) X(estimate) X(tokens) X(usecases) X(models) X(providers)         \
    X(checks) X(metrics) X(cache) X(sandbox) X(schema)                                                        \
    X(sim) X(mcp) X(completion) X(complete) X(version) X(help)
#define X(id) extern const struct command command_##id;
COMMANDS(X)
#undef X
#define X(id) &command_##id,
static const struct command *const commands[] = { COMMANDS(X) };
#undef X

const struct command *command_at(size_t i)
{
    return i < COUNT_OF(commands) ? commands[i] : NULL;
}

static const struct command *command_find(struct str name, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        if (str_is(name, commands[i]->name))
            return commands[i];
        suggest_offer(&near, str_c(commands[i]->name));
    }
    err_set(e, ERR_USAGE, "there is no command \"" STR_FMT "\"%s; `assay help` lists them", STR_ARG(name),
            suggest_hint(&near, hint));
    return NULL;
}

/* Ten thousand calls in flight are ten thousand sockets. */
static void main_raise_file_limit(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = MIN(files.rlim_max, (rlim_t)65536);
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int main_fail(const struct err *e)
{
    term_problem(e);
    return err_exit_status(e->code);
}

int main(int argc, char **argv)
{
    AUTO(args_dispose) struct args args = { 0 };
    const struct command *c = &command_help;
    struct err e = ERR_INIT;
    bool help = false;
    int status = 0;

    if (sodium_init() < 0) {
        err_set(&e, ERR_ENVIRONMENT, "libsodium could not be started");
        return main_fail(&e);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);           /* a file-size limit is an error to report, not an end */
    main_raise_file_limit();
    if (argc > 1) {
        struct str word = str_c(argv[1]);

        if (str_is(word, "--version") || str_is(word, "-V"))
            c = &command_version;
        else if (!str_is(word, "--help") && !str_is(word, "-h"))
            c = command_find(word, &e);
        if (!c)
            return main_fail(&e);
    }
    if (args_read(&args, c, argc > 2 ? argc - 2 : 0, argv + MIN(argc, 2), &help, &e) != ERR_OK)
        return main_fail(&e);
    if (help) {
        args_help(c, stdout, term_get()->colour, term_get()->columns);
        return 0;
    }
    if (c->run(&args, &status, &e) != ERR_OK)
        return main_fail(&e);
    if (fflush(stdout) != 0) {
        err_set(&e, ERR_IO, "standard output can't be written");
        return main_fail(&e);
    }
    return status;
}
