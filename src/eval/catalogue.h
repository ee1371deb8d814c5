/* src/eval/catalogue.h: what can be asked for in a task's `checks:` and `metrics:`, for lists and help.
 *
 * Strings are static. Threads: any. */
#pragma once

#include "base/base.h"

struct check_about {
    const char *name, *doc;
    const char *takes;                  /* what stands after the name: "a number, 0 or more" */
    const char *members;                /* what a map holds, space-separated; or NULL */
    const char *options;                /* space-separated, or NULL */
    const char *example;                /* YAML of one check */
};
struct metric_about {
    const char *name, *label, *doc;
    const char *unit;                   /* "ratio" "usd" "ms" "tokens" "tokens/s" */
    const char *options;                /* space-separated, or NULL */
    bool higher_is_better, needs_expected, over_repeats, by_default;
};

/* False past the end; sorted by name. */
bool check_about_at(size_t i, struct check_about *out);
bool metric_about_at(size_t i, struct metric_about *out);
/* ERR_NOT_FOUND with the nearest name. */
enum err_code check_about_find(struct str name, struct check_about *out, struct err *e) MUST_USE;
enum err_code metric_about_find(struct str name, struct metric_about *out, struct err *e) MUST_USE;
