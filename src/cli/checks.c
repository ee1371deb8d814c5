/* assay checks: what `checks:` in a task file may hold. */
#include "cli/session.h"

#include "eval/check/check.h"

static const struct option checks_options[] = { { "json", 0, NULL, "as JSON", NULL }, OPTION_END };

static const char *checks_takes(enum check_argument a)
{
    switch (a) {
    case CHECK_TEXT: return "a text";
    case CHECK_TEXTS: return "a text or a list of texts";
    case CHECK_VALUES: return "a list of values";
    case CHECK_VALUE: return "any value";
    case CHECK_NUMBER: return "a number, 0 or more";
    case CHECK_BOUNDS: return "{min, max}: one or both";
    case CHECK_TRUE: return "true";
    }
    return "";
}

static json_t *checks_json(const struct check *c)
{
    json_t *o = json_object();

    json_object_set_new(o, "check", json_string(c->name));
    json_object_set_new(o, "about", json_string(c->doc));
    json_object_set_new(o, "takes", json_string(checks_takes(c->argument)));
    json_object_set_new(o, "options", c->options ? json_string(c->options) : json_null());
    json_object_set_new(o, "example", json_string(c->example));
    return o;
}

static enum err_code checks_show(const struct check *c)
{
    printf("%s\n\n", c->name);
    term_wrap(stdout, str_c(c->doc), 0, term_get()->columns);
    printf("\ntakes    %s\n", checks_takes(c->argument));
    if (c->options)
        printf("options  %s\n", c->options);
    printf("example  %s\n\n", c->example);
    printf("Every check may also have a name, `severity: critical | warning | info`,\n"
           "`weight: N`, `path: $.a.b` (a value inside JSON output) and `not: true`.\n");
    return ERR_OK;
}

static enum err_code checks_run(struct args *args, int *status, struct err *e)
{
    struct str name = args_positional(args, 0);
    const struct check *one = name.len ? check_find(name) : NULL;
    json_t *list;

    (void)status;
    if (name.len && !one) {
        struct suggest near;
        char hint[160];

        suggest_begin(&near, name);
        check_suggest(&near);
        return err_set(e, ERR_USAGE, "there is no check \"" STR_FMT "\"%s; `assay checks` lists them", STR_ARG(name),
                       suggest_hint(&near, hint));
    }
    if (args_has(args, "json")) {
        if (one)
            return term_json(checks_json(one), e);
        list = json_array();
        for (size_t i = 0; i < check_count(); i++)
            json_array_append_new(list, checks_json(check_at(i)));
        return term_json(list, e);
    }
    if (one)
        return checks_show(one);
    for (size_t i = 0; i < check_count(); i++)
        term_entry(check_at(i)->name, check_at(i)->doc);
    printf("\n`assay checks NAME` shows one with an example.\n");
    return ERR_OK;
}

const struct command command_checks = {
    .name = "checks", .usage = "[NAME] [options]", .summary = "List the rules an output can be held to.",
    .options = checks_options, .positional_max = 1, .run = checks_run,
};
