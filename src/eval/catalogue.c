#include "eval/catalogue.h"

#include "eval/check/check.h"
#include "eval/metric/metric.h"

static const char *check_takes(enum check_argument a)
{
    switch (a) {
    case CHECK_TEXT: return "a text";
    case CHECK_TEXTS: return "a text or a list of texts";
    case CHECK_VALUES: return "a list of values";
    case CHECK_VALUE: return "any value";
    case CHECK_NUMBER: return "a number, 0 or more";
    case CHECK_BOUNDS: return "{min, max}: one or both";
    case CHECK_TRUE: return "true";
    case CHECK_AMOUNT: return "a number, 0 or more";
    case CHECK_KEYS: return "true, a name or a list of names";
    case CHECK_MAP: return "a map";
    case CHECK_CHECKS: return "a list of checks";
    }
    return "";
}

bool check_about_at(size_t i, struct check_about *out)
{
    const struct check *c = i < check_kinds() ? check_at(i) : NULL;

    if (c)
        *out = (struct check_about){ .name = c->name, .doc = c->doc, .takes = check_takes(c->argument),
                                     .members = c->members, .options = c->options, .example = c->example };
    return c;
}

static bool metric_is_default(const struct metric *m)
{
    for (size_t i = 0; i < METRIC_DEFAULTS; i++)
        if (strcmp(metric_defaults[i], m->name) == 0)
            return true;
    return false;
}

bool metric_about_at(size_t i, struct metric_about *out)
{
    const struct metric *m = i < metric_count() ? metric_at(i) : NULL;

    if (m)
        *out = (struct metric_about){ .name = m->name, .label = m->label, .doc = m->doc,
                                      .unit = metric_unit_name(m->unit), .options = m->options,
                                      .higher_is_better = m->higher_is_better, .needs_expected = m->needs_expected,
                                      .over_repeats = m->over_repeats, .by_default = metric_is_default(m) };
    return m;
}

static enum err_code catalogue_missing(struct str name, const char *kind, void (*offer)(struct suggest *),
                                       struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    offer(&near);
    return err_set(e, ERR_NOT_FOUND, "there is no %s \"" STR_FMT "\"%s; `assay %ss` lists them", kind, STR_ARG(name),
                   suggest_hint(&near, hint), kind);
}

enum err_code check_about_find(struct str name, struct check_about *out, struct err *e)
{
    for (size_t i = 0; check_about_at(i, out); i++)
        if (str_is(name, out->name))
            return ERR_OK;
    return catalogue_missing(name, "check", check_suggest, e);
}

enum err_code metric_about_find(struct str name, struct metric_about *out, struct err *e)
{
    for (size_t i = 0; metric_about_at(i, out); i++)
        if (str_is(name, out->name))
            return ERR_OK;
    return catalogue_missing(name, "metric", metric_suggest, e);
}
