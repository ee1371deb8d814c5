/* Words all forms of a comparison share. */
#include "eval/report/comparison.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "eval/stats_power.h"

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

const char *comparison_p_heading(const struct compare *c)
{
    return c->pair_count > 1 ? "p (Holm)" : "p";
}

const char *comparison_effect(const struct compare_difference *d, char out[REPORT_TEXT])
{
    if (!d->cases || !isfinite(d->hedges_g))
        return "-";
    snprintf(out, REPORT_TEXT, "%+.2f", fabs(d->hedges_g) < 0.005 ? 0.0 : d->hedges_g);
    return out;
}

/* "gpt-x (B)" against "gpt-x (A)" when names are the same, else the names. */
static struct str comparison_side_name(const struct compare *c, const struct compare_pair *p, bool other,
                                       struct arena *a)
{
    struct str name = str_utf8_head((other ? p->other : p->base)->name, 60);

    if (c->run_count == 1)
        return name;
    return arena_printf(a, STR_FMT " (" STR_FMT ")", STR_ARG(name),
                        STR_ARG(comparison_label(c, other ? p->other_run : p->base_run, a)));
}

static struct str comparison_told(const struct compare_difference *d, struct str base, struct str other,
                                  struct arena *a)
{
    char p[REPORT_TEXT];
    struct str corrected = d->compared > 1
                               ? arena_printf(a, " after Holm's correction for %" PRId64 " comparisons", d->compared)
                               : S("");
    struct str effect = isfinite(d->hedges_g) ? arena_printf(a, ", a %s effect", stats_effect_word(d->hedges_g))
                                              : S("");

    return arena_printf(a,
                        STR_FMT " is %s than " STR_FMT " by %.1f points on %" PRId64 " cases (p %s" STR_FMT ")" STR_FMT
                                ".",
                        STR_ARG(other), d->verdict == VERDICT_BETTER ? "better" : "worse", STR_ARG(base),
                        fabs(d->difference) * 100, d->cases, comparison_p(d->p_holm, p), STR_ARG(corrected),
                        STR_ARG(effect));
}

static struct str comparison_not_told(const struct compare_difference *d, struct str base, struct str other,
                                      struct arena *a)
{
    struct str who = arena_printf(a, "Cannot tell " STR_FMT " and " STR_FMT " apart on %" PRId64 " case%s",
                                  STR_ARG(base), STR_ARG(other), d->cases, d->cases == 1 ? "" : "s");
    int64_t more = d->cases_needed - d->cases;

    if (d->cases_needed && more > 0)
        return arena_printf(a,
                            STR_FMT "; %" PRId64 " more case%s would show a difference of %g points (%g times in 10).",
                            STR_ARG(who), more, more == 1 ? "" : "s", RECOMMEND_DIFFERENCE * 100, RECOMMEND_POWER * 10);
    if (d->cases_needed && isfinite(d->detectable))
        return arena_printf(a, STR_FMT "; a difference of %.1f points would have shown (%g times in 10).", STR_ARG(who),
                            d->detectable * 100, RECOMMEND_POWER * 10);
    return arena_printf(a, STR_FMT ".", STR_ARG(who));
}

struct str comparison_sentence(const struct compare *c, const struct compare_pair *p, struct arena *a)
{
    const struct compare_difference *d = c->decides < 0 ? NULL : &p->measures[c->decides];
    struct str base, other;

    if (!d || !d->cases || c->measures[c->decides].unit != METRIC_RATIO)
        return STR_NONE;
    base = comparison_side_name(c, p, false, a);
    other = comparison_side_name(c, p, true, a);
    if (d->equal)
        return arena_printf(a, STR_FMT " and " STR_FMT " have the same value in every one of %" PRId64 " cases.",
                            STR_ARG(base), STR_ARG(other), d->cases);
    return d->verdict == VERDICT_SAME ? comparison_not_told(d, base, other, a) : comparison_told(d, base, other, a);
}

struct str comparison_second_opinion(const struct compare *c, const struct compare_pair *p, struct arena *a)
{
    const struct resampled *r = &p->resampled;
    char wilcoxon[REPORT_TEXT], bootstrap[REPORT_TEXT];
    enum metric_unit unit;

    if (c->decides < 0 || !p->wilcoxon.known || !r->percentile.known)
        return STR_NONE;
    unit = c->measures[c->decides].unit;
    return arena_printf(a,
                        "Without assuming a distribution: Wilcoxon p %s; bootstrap p %s, 95 %% interval " STR_FMT
                        " (%s).",
                        comparison_p(p->wilcoxon.p, wilcoxon), comparison_p(r->p, bootstrap),
                        STR_ARG(comparison_interval(unit, r->bca.known ? &r->bca : &r->percentile, a)),
                        r->bca.known ? "BCa" : "percentile");
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
    struct str *out = arena_array(a, struct str, c->run_count * 6 + 1);
    size_t n = 0;

    for (size_t r = 0; r < c->run_count; r++) {
        const struct compare_run *run = &c->runs[r];
        struct str label = comparison_label(c, r, a);
        int64_t ended = run->result->done + run->result->failed;

        if (run->result->sure.spared)
            out[n++] = arena_printf(a, "Run " STR_FMT " was asked only until its verdict was sure: variants are compared on "
                                    "the cases both were asked, and what is said here of intervals and p holds for a "
                                    "number of cases chosen beforehand; `assay show` has the verdict that allows for it.",
                                    STR_ARG(label));
        if (ended + run->result->sure.spared < run_trials(run->run))
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
