/* assay metrics: what `metrics:` in a task file may hold. */
#include "cli/session.h"

#include "eval/catalogue.h"

static const struct option metrics_options[] = { { "json", 0, NULL, "as JSON", NULL }, OPTION_END };

static json_t *metrics_json(const struct metric_about *m)
{
    json_t *o = json_object();

    json_object_set_new(o, "metric", json_string(m->name));
    json_object_set_new(o, "label", json_string(m->label));
    json_object_set_new(o, "about", json_string(m->doc));
    json_object_set_new(o, "unit", json_string(m->unit));
    json_object_set_new(o, "higher_is_better", json_boolean(m->higher_is_better));
    json_object_set_new(o, "needs_expected", json_boolean(m->needs_expected));
    json_object_set_new(o, "default", json_boolean(m->by_default));
    json_object_set_new(o, "options", m->options ? json_string(m->options) : json_null());
    return o;
}

static enum err_code metrics_one(struct args *args, struct err *e)
{
    struct metric_about m;

    TRY(metric_about_find(args_positional(args, 0), &m, e));
    if (args_has(args, "json"))
        return term_json(metrics_json(&m), e);
    printf("%s\n\n", m.name);
    term_wrap(stdout, str_c(m.doc), 0, term_get()->columns);
    printf("\nunit     %s, %s is better\n", m.unit, m.higher_is_better ? "higher" : "lower");
    if (m.needs_expected)
        printf("needs    an expected answer; a case without one has no value\n");
    if (m.over_repeats)
        printf("needs    `repeat: 2` or more\n");
    if (m.options)
        printf("options  %s\n", m.options);
    printf("default  %s\n", m.by_default ? "yes: computed when a task does not say" : "no: name it in `metrics:`");
    return ERR_OK;
}

static enum err_code metrics_run(struct args *args, int *status, struct err *e)
{
    json_t *list = NULL;
    struct metric_about m;

    (void)status;
    if (args_positional(args, 0).len)
        return metrics_one(args, e);
    if (args_has(args, "json"))
        list = json_array();
    for (size_t i = 0; metric_about_at(i, &m); i++)
        if (list)
            json_array_append_new(list, metrics_json(&m));
        else
            term_entry(m.name, m.doc);
    if (list)
        return term_json(list, e);
    printf("\n`assay metrics NAME` shows one.\n");
    return ERR_OK;
}

const struct command command_metrics = {
    .name = "metrics", .usage = "[NAME] [options]", .summary = "List the numbers that can be computed for an answer.",
    .options = metrics_options, .positional_max = 1, .complete = "metric", .run = metrics_run,
};
