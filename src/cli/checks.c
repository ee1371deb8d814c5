/* assay checks: what `checks:` in a task file may hold. */
#include "cli/session.h"

#include "eval/catalogue.h"

static const struct option checks_options[] = { { "json", 0, NULL, "as JSON", NULL }, OPTION_END };

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

    (void)status;
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
    printf("\n`assay checks NAME` shows one with an example.\n");
    return ERR_OK;
}

const struct command command_checks = {
    .name = "checks", .usage = "[NAME] [options]", .summary = "List the rules an output can be held to.",
    .options = checks_options, .positional_max = 1, .run = checks_run,
};
