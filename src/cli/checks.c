/* assay checks: what `checks:` in a task file may hold; `assay checks generate` writes some into one. */
#include "cli/checks_generate.h"
#include "cli/session.h"

#include "eval/catalogue.h"

static const struct option checks_options[] = {
    { "json", 0, NULL, "as JSON", NULL },
    { "model", 'm', "MODEL", "of generate: who writes the checks (none, the default: three that need no model)", "@model" },
    { "domain", 0, "TEXT", "of generate: the field the task is from, such as healthcare (default: the task's domain)", NULL },
    { "yes", 'y', NULL, "of generate: save them as they come, without asking", NULL },
    { "dry-run", 0, NULL, "of generate: show them, save nothing", NULL },
    { "budget", 'b', "USD", "of generate: make no call that may cost more", NULL },
    { "seed", 0, "N", "of the simulator (default 1)", NULL },
    { "quiet", 'q', NULL, "no notes", NULL },
    SESSION_LLM_OPTIONS,
    OPTION_END,
};

static json_t *checks_json(const struct check_about *c)
{
    json_t *o = json_object();

    json_object_set_new(o, "check", json_string(c->name));
    json_object_set_new(o, "about", json_string(c->doc));
    json_object_set_new(o, "takes", json_string(c->takes));
    json_object_set_new(o, "members", c->members ? json_string(c->members) : json_null());
    json_object_set_new(o, "options", c->options ? json_string(c->options) : json_null());
    json_object_set_new(o, "example", json_string(c->example));
    return o;
}

static enum err_code checks_one(struct args *args, struct err *e)
{
    struct check_about c;

    TRY(check_about_find(args_positional(args, 0), &c, e));
    if (args_has(args, "json"))
        return term_json(checks_json(&c), e);
    printf("%s\n\n", c.name);
    term_wrap(stdout, str_c(c.doc), 0, term_get()->columns);
    printf("\ntakes    %s%s%s\n", c.takes, c.members ? " of " : "", c.members ? c.members : "");
    if (c.options)
        printf("options  %s\n", c.options);
    printf("example  %s\n\n", c.example);
    printf("Every check may also have a name, `severity: critical | warning | info`,\n"
           "`weight: N`, `path: $.a.b` (a value inside JSON output) and `not: true`.\n");
    return ERR_OK;
}

static enum err_code checks_run(struct args *args, int *status, struct err *e)
{
    json_t *list = NULL;
    struct check_about c;

    if (str_is(args_positional(args, 0), "generate"))
        return checks_generate(args, status, e);
    if (args_positional(args, 1).len)
        return err_set(e, ERR_USAGE, "one check at a time, or: assay checks generate TASK");
    if (args_positional(args, 0).len)
        return checks_one(args, e);
    if (args_has(args, "json"))
        list = json_array();
    for (size_t i = 0; check_about_at(i, &c); i++)
        if (list)
            json_array_append_new(list, checks_json(&c));
        else
            term_entry(c.name, c.doc);
    if (list)
        return term_json(list, e);
    printf("\n`assay checks NAME` shows one with an example; `assay checks generate TASK` writes some.\n");
    return ERR_OK;
}

const struct command command_checks = {
    .name = "checks", .usage = "[NAME | generate TASK] [options]",
    .summary = "List the rules an output can be held to; let a model write some into a task.",
    .doc = "`assay checks generate TASK --model M` asks a model for 5 to 8 checks from the task's description, domain, output format "
           "and schema. Each becomes a check of this list, a question to the task's judge (`judged`), or is kept and counted as not "
           "evaluated (`rule`); nothing that comes back is executed. You look at them (keys: a add, 1-9 drop or keep, e edit in "
           "$EDITOR, q quit); --yes saves them as they come. They go to the end of the file's `checks:` and not a byte of the rest "
           "changes. Without a model: not empty, valid format, reasonable length.",
    .options = checks_options, .positional_max = 2, .complete = "check file", .run = checks_run,
};
