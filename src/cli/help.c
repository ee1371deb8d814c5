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

static json_t *help_command_json(const struct command *c)
{
    json_t *o = json_object(), *options = json_array();

    json_object_set_new(o, "command", json_string(c->name));
    json_object_set_new(o, "usage", json_string(c->usage));
    json_object_set_new(o, "summary", json_string(c->summary));
    for (const struct option *p = c->options; p && p->name; p++) {
        json_t *one = json_object();

        json_object_set_new(one, "option", json_string(p->name));
        json_object_set_new(one, "letter", p->letter ? json_sprintf("%c", p->letter) : json_null());
        json_object_set_new(one, "value", p->arg ? json_string(p->arg) : json_null());
        json_object_set_new(one, "about", json_string(p->doc));
        json_array_append_new(options, one);
    }
    json_object_set_new(o, "options", options);
    return o;
}

static enum err_code help_json(struct str name, struct err *e)
{
    json_t *list = json_array();

    for (size_t i = 0; command_at(i); i++)
        if (!command_at(i)->hidden && (!name.len || str_is(name, command_at(i)->name)))
            json_array_append_new(list, help_command_json(command_at(i)));
    return term_json(list, e);
}

static const struct option help_options[] = { { "json", 0, NULL, "as JSON", NULL }, OPTION_END };

static enum err_code help_run(struct args *args, int *status, struct err *e)
{
    (void)status;
    if (args_has(args, "json"))
        return help_json(args_positional(args, 0), e);
    if (args->positional.len)
        return help_one(args_positional(args, 0), e);
    printf("assay: which model, prompt and settings do this job best, at what price, how sure?\n\n"
           "usage: assay COMMAND [options]      `assay help COMMAND` says more\n\n");
    for (size_t i = 0; command_at(i); i++)
        if (!command_at(i)->hidden)
            printf("  %-12s%s\n", command_at(i)->name, command_at(i)->summary);
    printf("\nFirst steps:  assay init my-task && cd my-task && assay run task.yaml\n"
           "Exit status:  0 done, 1 a threshold was missed, 2 bad input, 3 some trials failed,\n"
           "              4 environment (no key, store unusable), 130 interrupted (saved)\n");
    return ERR_OK;
}

const struct command command_help = {
    .name = "help", .usage = "[COMMAND] [--json]", .summary = "List the commands, or explain one.", .options = help_options,
    .positional_max = 1, .complete = "command",
    .run = help_run,
};
