/* Words all forms of a comparison share. */
#include "eval/report/comparison.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

struct str comparison_label(const struct compare *c, size_t run, struct arena *a)
{
    return c->run_count == 1 ? id_short(c->runs[0].run->id) : arena_printf(a, "%c", (char)('A' + run));
}

static const char *comparison_sign(double v)
{
    return v > 0 ? "+" : v < 0 ? "-" : "";
}

const char *comparison_delta(enum metric_unit unit, double v, char out[REPORT_TEXT])
{
    char text[REPORT_TEXT];

    if (unit == METRIC_RATIO)
        snprintf(out, REPORT_TEXT, "%+.1f pt", fabs(v) < 0.0005 ? 0.0 : v * 100);
    else
        snprintf(out, REPORT_TEXT, "%s%.30s", comparison_sign(unit == METRIC_USD || fabs(v) >= 0.5 ? v : 0),
                 report_value(unit, fabs(v), text));
    return out;
}

struct str comparison_interval(enum metric_unit unit, const struct interval *i, struct arena *a)
{
    char low[REPORT_TEXT], high[REPORT_TEXT];

    if (!i->known)
        return S("-");
    if (unit == METRIC_RATIO)
        return arena_printf(a, "%+.1f .. %+.1f", i->low * 100, i->high * 100);
    return arena_printf(a, "%s .. %s", comparison_delta(unit, i->low, low), comparison_delta(unit, i->high, high));
}

const char *comparison_p(double p, char out[REPORT_TEXT])
{
    if (p < 0.001)
        snprintf(out, REPORT_TEXT, "<0.001");
    else
        snprintf(out, REPORT_TEXT, "%.*f", p < 0.1 ? 3 : 2, p);
    return out;
}

const char *comparison_verdict(const struct compare_difference *d)
{
    return d->verdict == VERDICT_NONE ? "-" : d->equal ? "=" : verdict_name(d->verdict);
}

static struct str comparison_join(const struct str *words, size_t count, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 20);

    for (size_t i = 0; i < count && i < 12; i++)
        buf_printf(&b, "%s" STR_FMT, i ? ", " : "", STR_ARG(str_utf8_head(words[i], 80)));
    if (count > 12)
        buf_printf(&b, " and %zu more", count - 12);
    return arena_strdup(a, buf_str(&b));
}

size_t comparison_notes(const struct compare *c, struct arena *a, struct str **words)
{
    struct str *out = arena_array(a, struct str, c->run_count * 5 + 1);
    size_t n = 0;

    for (size_t r = 0; r < c->run_count; r++) {
        const struct compare_run *run = &c->runs[r];
        struct str label = comparison_label(c, r, a);
        int64_t ended = run->result->done + run->result->failed;

        if (ended < run_trials(run->run))
            out[n++] = arena_printf(a,
                                    "Run " STR_FMT " is not finished: %" PRId64 " of %" PRId64
                                    " trials have an outcome.",
                                    STR_ARG(label), ended, run_trials(run->run));
        if (r && !run->same_cases)
            out[n++] = arena_printf(a, "A and " STR_FMT " have other cases: compared on the %" PRId64 " they share by id; %" PRId64
                                    " only in A, %" PRId64 " only in " STR_FMT ".", STR_ARG(label), run->common, run->only_base,
                                    run->only_here, STR_ARG(label));
        if (run->changed)
            out[n++] = arena_printf(a,
                                    "%" PRId64 " cases of " STR_FMT
                                    " have the id of one in A and another input or expected "
                                    "answer: these pairs are not "
                                    "the same case.", run->changed, STR_ARG(label));
        if (run->differs_count)
            out[n++] = arena_printf(a, STR_FMT " is another version of the task: " STR_FMT " differ%s.", STR_ARG(label),
                                    STR_ARG(comparison_join(run->differs, run->differs_count, a)),
                                    run->differs_count == 1 ? "s" : "");
        if (run->unmatched_count)
            out[n++] = arena_printf(a, "Only in " STR_FMT ": " STR_FMT ".", STR_ARG(label),
                                    STR_ARG(comparison_join(run->unmatched, run->unmatched_count, a)));
    }
    *words = out;
    return n;
}
