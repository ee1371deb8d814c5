/* src/eval/check/range.c: a number between bounds, both included. */
#include "eval/check/check.h"

#include <math.h>

struct range_state { double min, max; };

static enum err_code range_prepare(const struct check_spec *spec, struct arena *a, void **state, struct err *e)
{
    struct range_state *r = arena_new(a, struct range_state);

    (void)e;
    r->min = json_get_double(spec->argument, "min", -INFINITY);
    r->max = json_get_double(spec->argument, "max", INFINITY);
    *state = r;
    return ERR_OK;
}

static enum check_verdict range_judge(const void *state, const struct check_target *t, struct arena *a, struct str *why)
{
    const struct range_state *r = state;
    double v;

    if (json_is_number(t->node))
        v = json_number_value(t->node);
    else if (!str_to_double(str_trim(t->text), &v)) {
        *why = arena_printf(a, STR_FMT " is not a number", STR_ARG(subject_quote(t->text, a)));
        return CHECK_FAIL;
    }
    if (v >= r->min && v <= r->max)
        return CHECK_PASS;
    *why = arena_printf(a, "%.15g is %s %.15g", v, v < r->min ? "below" : "above", v < r->min ? r->min : r->max);
    return CHECK_FAIL;
}

const struct check check_range = {
    .name = "range", .argument = CHECK_BOUNDS,
    .doc = "The number lies between min and max, both included.",
    .example = "- {path: $.confidence, range: {min: 0, max: 1}}",
    .prepare = range_prepare, .judge = range_judge,
};
