/* assay metrics: what `metrics:` in a task file may hold. */
#include "cli/session.h"

#include "eval/metric/metric.h"

static const struct option metrics_options[] = { { "json", 0, NULL, "as JSON", NULL }, OPTION_END };

static bool metrics_is_default(const struct metric *m)
{
    for (size_t i = 0; i < METRIC_DEFAULTS; i++)
        if (strcmp(metric_defaults[i], m->name) == 0)
            return true;
    return false;
}

static json_t *metrics_json(const struct metric *m)
{
    json_t *o = json_object();

    json_object_set_new(o, "metric", json_string(m->name));
    json_object_set_new(o, "label", json_string(m->label));
    json_object_set_new(o, "about", json_string(m->doc));
    json_object_set_new(o, "unit", json_string(metric_unit_name(m->unit)));
    json_object_set_new(o, "higher_is_better", json_boolean(m->higher_is_better));
    json_object_set_new(o, "needs_expected", json_boolean(m->needs_expected));
    json_object_set_new(o, "default", json_boolean(metrics_is_default(m)));
    json_object_set_new(o, "options", m->options ? json_string(m->options) : json_null());
    return o;
}

static enum err_code metrics_show(const struct metric *m)
{
    printf("%s\n\n", m->name);
    term_wrap(stdout, str_c(m->doc), 0, term_get()->columns);
    printf("\nunit     %s, %s is better\n", metric_unit_name(m->unit), m->higher_is_better ? "higher" : "lower");
    if (m->needs_expected)
        printf("needs    an expected answer; a case without one has no value\n");
    if (m->over_repeats)
        printf("needs    `repeat: 2` or more\n");
    if (m->options)
        printf("options  %s\n", m->options);
    printf("default  %s\n", metrics_is_default(m) ? "yes: computed when a task does not say" : "no: name it in `metrics:`");
    return ERR_OK;
}

static enum err_code metrics_run(struct args *args, int *status, struct err *e)
{
    struct str name = args_positional(args, 0);
    const struct metric *one = name.len ? metric_find(name) : NULL;
    json_t *list;

    (void)status;
    if (name.len && !one) {
        struct suggest near;
        char hint[160];

        suggest_begin(&near, name);
        metric_suggest(&near);
        return err_set(e, ERR_USAGE, "there is no metric \"" STR_FMT "\"%s; `assay metrics` lists them", STR_ARG(name),
                       suggest_hint(&near, hint));
    }
    if (args_has(args, "json")) {
        if (one)
            return term_json(metrics_json(one), e);
        list = json_array();
        for (size_t i = 0; i < metric_count(); i++)
            json_array_append_new(list, metrics_json(metric_at(i)));
        return term_json(list, e);
    }
    if (one)
        return metrics_show(one);
    for (size_t i = 0; i < metric_count(); i++)
        term_entry(metric_at(i)->name, metric_at(i)->doc);
    printf("\n`assay metrics NAME` shows one.\n");
    return ERR_OK;
}

const struct command command_metrics = {
    .name = "metrics", .usage = "[NAME] [options]", .summary = "List the numbers that can be computed for an answer.",
    .options = metrics_options, .positional_max = 1, .run = metrics_run,
};
