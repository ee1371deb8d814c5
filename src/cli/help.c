/* assay help: the commands, or one of them. */
#include "cli/cli.h"

static enum err_code help_one(struct str name, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (size_t i = 0; command_at(i); i++) {
        if (str_is(name, command_at(i)->name)) {
            args_help(command_at(i), stdout, term_get()->colour, term_get()->columns);
            return ERR_OK;
        }
        suggest_offer(&near, str_c(command_at(i)->name));
    }
    return err_set(e, ERR_USAGE, "there is no command \"" STR_FMT "\"%s", STR_ARG(name), suggest_hint(&near, hint));
}

static enum err_code help_run(struct args *args, int *status, struct err *e)
{
    (void)status;
    if (args->positional.len)
        return help_one(args_positional(args, 0), e);
    printf("assay: which model, prompt and settings do this job best, at what price, how sure?\n\n"
           "usage: assay COMMAND [options]      `assay help COMMAND` says more\n\n");
    for (size_t i = 0; command_at(i); i++)
        printf("  %-12s%s\n", command_at(i)->name, command_at(i)->summary);
    printf("\nFirst steps:  assay init my-task && cd my-task && assay run task.yaml\n"
           "Exit status:  0 done, 1 a threshold was missed, 2 bad input, 3 some trials failed,\n"
           "              4 environment (no key, store unusable), 130 interrupted (saved)\n");
    return ERR_OK;
}

const struct command command_help = {
    .name = "help", .usage = "[COMMAND]", .summary = "List the commands, or explain one.", .positional_max = 1,
    .run = help_run,
};
