/* What speaks against a result: where it goes wrong, how far it can be trusted, what would turn it. */
#include <inttypes.h>
#include <math.h>

#include "eval/explain_parts.h"

enum { EXPLAIN_CHECKS = 3, EXPLAIN_CONFUSED = 3, EXPLAIN_STEPS = 4, EXPLAIN_LABEL = 40 };

/* --- where it goes wrong ------------------------------------------------------------------------------------------ */

struct explain_check { size_t scorer, worst; int64_t failed, of, worst_failed; };

static int explain_check_cmp(const void *x, const void *y)
{
    const struct explain_check *a = x, *b = y;

    if (a->failed != b->failed)
        return a->failed > b->failed ? -1 : 1;
    return a->scorer < b->scorer ? -1 : a->scorer > b->scorer;
}

static void explain_checks(struct explain_writer *w)
{
    const struct result *r = w->r;
    struct explain_check *list = arena_array(w->a, struct explain_check, r->scorer_count + 1);
    size_t n = 0, checks = 0;

    for (size_t i = 0; i < r->scorer_count; i++) {
        struct explain_check c = { .scorer = i };

        if (r->scorers[i].kind != SCORER_CHECK)
            continue;
        checks++;
        for (size_t v = 0; v < r->variant_count; v++) {
            const struct aggregate_scorer *s = &r->variants[v].sum->scorers[i];
            int64_t failed = s->n - s->ones;

            c.of += s->n;
            c.failed += failed;
            if (failed > c.worst_failed)
                c.worst = v, c.worst_failed = failed;
        }
        if (c.failed)
            list[n++] = c;
    }
    qsort(list, n, sizeof *list, explain_check_cmp);
    if (checks && !n && r->done)
        explain_sentence(w, S("No check failed."));
    else if (n)
        explain_sentence(w, arena_printf(w->a, "%zu of %zu checks failed at least once.", n, checks));
    for (size_t i = 0; i < MIN(n, (size_t)EXPLAIN_CHECKS); i++) {
        const struct explain_check *c = &list[i];

        explain_fact(w, S("check"),
                     arena_printf(w->a, STR_FMT " (%s) failed in %" PRId64 " of " STR_FMT "%s",
                                  STR_ARG(report_fit(r->scorers[c->scorer].name, EXPLAIN_LABEL, false, w->a)),
                                  severity_name(r->scorers[c->scorer].severity), c->failed,
                                  STR_ARG(explain_count(w, c->of, "answer")),
                                  r->variant_count < 2
                                      ? ""
                                      : arena_printf(w->a, ", %" PRId64 " of them from " STR_FMT, c->worst_failed,
                                                     STR_ARG(explain_name(w, c->worst)))
                                            .at));
    }
}

static void explain_worst_cases(struct explain_writer *w)
{
    const struct explain_cases *k = w->cases;
    bool many = w->r->variant_count > 1;

    if (!k || !k->seen || !w->r->done || w->r->quality < 0)
        return;
    explain_sentence(
        w, !k->wrong && k->right == k->seen
               ? arena_printf(w->a, "Every case was answered rightly%s.", many ? " by every variant" : "")
           : many ? arena_printf(w->a, "%" PRId64 " of " STR_FMT " %s right for every variant, %" PRId64 " for none.",
                                 k->right, STR_ARG(explain_count(w, k->seen, "case")), k->right == 1 ? "was" : "were",
                                 k->wrong)
                  : arena_printf(w->a, "%" PRId64 " of " STR_FMT " %s right.", k->right,
                                 STR_ARG(explain_count(w, k->seen, "case")), k->right == 1 ? "was" : "were"));
    for (size_t i = 0; i < k->worst_count; i++) {
        const struct explain_case *c = &k->worst[i];
        char percent[REPORT_TEXT];

        explain_fact(w, S("case"),
                     arena_printf(w->a, STR_FMT ": wrong for %" PRId64 " of " STR_FMT "%s",
                                  STR_ARG(report_fit(c->id, 60, false, w->a)), c->wrong,
                                  STR_ARG(explain_count(w, c->variants, "variant")),
                                  isnan(c->mean)
                                      ? ", no answer was scored"
                                      : arena_printf(w->a, ", mean %s", report_percent(c->mean, percent)).at));
    }
}

/* The cells off the diagonal with the most trials of the best variant. */
static void explain_confused(struct explain_writer *w)
{
    for (size_t c = 0; c < w->r->class_count && w->r->variant_count; c++) {
        const struct result_classes *set = &w->r->classes[c];
        const struct confusion *x = &w->r->variants[0].confusions[c];
        size_t n = set->label_count, taken[EXPLAIN_CONFUSED], count = 0;

        while (n && count < EXPLAIN_CONFUSED) {
            size_t best = SIZE_MAX;

            for (size_t at = 0; at < n * (n + 1); at++) {
                bool used = at / (n + 1) == at % (n + 1) || !x->counts[at];

                for (size_t i = 0; i < count; i++)
                    used |= taken[i] == at;
                if (!used && (best == SIZE_MAX || x->counts[at] > x->counts[best]))
                    best = at;
            }
            if (best == SIZE_MAX)
                break;
            taken[count++] = best;
            explain_fact(w, S("confused"),
                         arena_printf(w->a, STR_FMT " took " STR_FMT " for " STR_FMT " %" PRId64 " time%s",
                                      STR_ARG(explain_name(w, 0)),
                                      STR_ARG(report_fit(set->labels[best / (n + 1)], EXPLAIN_LABEL, false, w->a)),
                                      STR_ARG(best % (n + 1) == n ? S("none of the labels")
                                                                  : report_fit(set->labels[best % (n + 1)],
                                                                               EXPLAIN_LABEL, false, w->a)),
                                      x->counts[best], x->counts[best] == 1 ? "" : "s"));
        }
    }
}

static void explain_unanswered(struct explain_writer *w)
{
    const struct result *r = w->r;

    if (!r->failed) {
        if (r->done)
            explain_sentence(w, S("Every trial that was made got an answer."));
        return;
    }
    explain_sentence(w, arena_printf(w->a, STR_FMT " got no answer; %s in no score.",
                                     STR_ARG(explain_count(w, r->failed, "trial")),
                                     r->failed == 1 ? "it counts" : "they count"));
    for (int c = 0; c < ERR_CODES; c++) {
        int64_t n = 0;

        for (size_t v = 0; v < r->variant_count; v++)
            n += r->variants[v].sum->errors[c];
        if (n)
            explain_fact(w, S("no answer"),
                         arena_printf(w->a, "%s, " STR_FMT, err_name((enum err_code)c),
                                      STR_ARG(explain_count(w, n, "time"))));
    }
}

void explain_failing(struct explain_writer *w)
{
    explain_worst_cases(w);
    explain_checks(w);
    explain_unanswered(w);
    explain_confused(w);
}

/* --- how sure ----------------------------------------------------------------------------------------------------- */

static double explain_width(const struct estimate *x)
{
    return (x->interval.high - x->interval.low) * 100;
}

static void explain_widths(struct explain_writer *w)
{
    const struct result *r = w->r;
    const struct result_variant *narrow = NULL, *wide = NULL;
    const char *unit = r->run->repeat > 1 ? "case" : "answer";

    for (size_t i = 0; i < r->variant_count && r->variants[i].rank; i++) {
        const struct result_variant *v = &r->variants[i];

        if (!v->quality.interval.known)
            continue;
        if (!narrow || explain_width(&v->quality) < explain_width(&narrow->quality))
            narrow = v;
        if (!wide || explain_width(&v->quality) > explain_width(&wide->quality))
            wide = v;
    }
    if (!narrow && r->variant_count && r->variants[0].rank)
        explain_sentence(w, arena_printf(w->a,
                                         "With " STR_FMT
                                         " a variant no interval can be given: this is an anecdote, not a measurement.",
                                         STR_ARG(explain_count(w, r->variants[0].quality.n, unit))));
    if (!narrow)
        return;
    if (narrow == wide && r->variant_count > 1 && r->variants[1].rank)
        explain_sentence(w, arena_printf(w->a, "The 95 %% intervals are %.1f points wide, from " STR_FMT " a variant.",
                                         explain_width(&narrow->quality),
                                         STR_ARG(explain_count(w, narrow->quality.n, unit))));
    else if (narrow == wide)
        explain_sentence(w,
                         arena_printf(w->a, "The 95 %% interval of " STR_FMT " is %.1f points wide, from " STR_FMT ".",
                                      STR_ARG(advise_name(narrow, w->a)), explain_width(&narrow->quality),
                                      STR_ARG(explain_count(w, narrow->quality.n, unit))));
    else
        explain_sentence(w, arena_printf(w->a, "The 95 %% intervals are between %.1f points wide (" STR_FMT ", " STR_FMT
                                         ") and %.1f (" STR_FMT ", " STR_FMT ").", explain_width(&narrow->quality),
                                         STR_ARG(advise_name(narrow, w->a)),
                                         STR_ARG(explain_count(w, narrow->quality.n, unit)), explain_width(&wide->quality),
                                         STR_ARG(advise_name(wide, w->a)), STR_ARG(explain_count(w, wide->quality.n, unit))));
}

static void explain_missing(struct explain_writer *w)
{
    const struct result *r = w->r;

    for (size_t i = 0; i < r->scorer_count; i++) {
        int64_t missing = 0;

        for (size_t v = 0; v < r->variant_count; v++)
            missing += r->variants[v].scores[i].missing;
        if (missing)
            explain_fact(w, S("not evaluated"),
                         arena_printf(w->a, STR_FMT " in %" PRId64 " of " STR_FMT "%s",
                                      STR_ARG(report_fit(r->scorers[i].name, EXPLAIN_LABEL, false, w->a)), missing,
                                      STR_ARG(explain_count(w, r->done, "answer")),
                                      r->scorers[i].over_repeats && r->run->repeat == 1
                                          ? " (it needs cases asked more than once)"
                                          : ""));
    }
}

static void explain_spared(struct explain_writer *w)
{
    const struct result_sure *s = &w->r->sure;

    if (s->spared)
        explain_sentence(w,
                         arena_printf(w->a, "Cases were asked in random order and only until the full run's verdict was sure, "
                                      "however often one looks (" RACE_METHOD "). " STR_FMT " Verdicts called sure allow for "
                                      "stopping early; intervals of single variants do not.",
                                      STR_ARG(result_sure_text(w->r, w->a))));
    else if (s->on && w->r->run->state == RUN_DONE)
        explain_sentence(w, S("It would have stopped as soon as its verdict was sure, and asked everything."));
}

void explain_sure(struct explain_writer *w)
{
    const struct result *r = w->r;
    size_t *unknown = arena_array(w->a, size_t, r->variant_count + 1),
           *given_up = arena_array(w->a, size_t, r->variant_count + 1);
    size_t unknowns = 0, gone = 0;
    int64_t left = run_trials(r->run) - r->done - r->failed - r->sure.spared;

    explain_sentence(w, arena_printf(w->a, "Of " STR_FMT ", %" PRId64 " %s answered, %" PRId64 " failed%s.",
                                     STR_ARG(explain_count(w, run_trials(r->run), "trial")), r->done,
                                     r->done == 1 ? "was" : "were", r->failed,
                                     left > 0 ? arena_printf(w->a, ", %" PRId64 " have no outcome", left).at : ""));
    explain_spared(w);
    explain_widths(w);
    if (r->variant_count > 1 && r->recommendation.best >= 0)
        explain_sentence(w,
                         arena_printf(w->a,
                                      "Variants are compared on the same cases; \"more than chance\" is p < 0.05%s.",
                                      r->variant_count > 2 ? ", corrected for the number of comparisons (Holm)" : ""));
    for (size_t i = 0; i < r->variant_count; i++) {
        const struct result_variant *v = &r->variants[i];

        if (v->sum->costs_unknown)
            unknown[unknowns++] = i;
        if (v->abandoned)
            given_up[gone++] = i;
    }
    if (unknowns)
        explain_sentence(w, arena_printf(w->a, "The cost of " STR_FMT " is not known, so %s never counted as cheap.",
                                         STR_ARG(explain_names(w, unknown, unknowns)),
                                         unknowns == 1 ? "it is" : "they are"));
    if (gone)
        explain_sentence(w,
                         arena_printf(w->a,
                                      STR_FMT
                                      " %s given up after failing again and again; the rest of %s trials was not made.",
                                      STR_ARG(explain_names(w, given_up, gone)), gone == 1 ? "was" : "were",
                                      gone == 1 ? "its" : "their"));
    explain_missing(w);
}

/* --- what would change the answer --------------------------------------------------------------------------------- */

/* An interval's width falls with the root of n (Wilson's and Student's alike, but for small n): n (half / wanted)^2.
 * Its longer side counts: the other may have been cut at 0 or 1. */
static int64_t explain_cases_for_half(const struct result *r, const struct estimate *x)
{
    double half = fmax(x->interval.high - x->value, x->value - x->interval.low),
           n = (double)(r->run->repeat > 1 ? x->n : MIN(x->n, r->run->cases));

    if (!x->interval.known || half <= EXPLAIN_HALF)
        return 0;
    return recommend_round((int64_t)ceil(n * (half / EXPLAIN_HALF) * (half / EXPLAIN_HALF)));
}

static void explain_more_cases(struct explain_writer *w)
{
    const struct result *r = w->r;
    const struct recommendation *m = &r->recommendation;
    int64_t half = explain_cases_for_half(r, &r->variants[0].quality);

    if (m->top_count > 1 && m->cases_needed > r->run->cases)
        explain_sentence(w, arena_printf(w->a, "About %" PRId64 " cases (%" PRId64 " more) would show a difference of 3 "
                                         "points between #1 and the first that can't be told apart from it, 4 times of 5.",
                                         recommend_round(m->cases_needed),
                                         recommend_round(m->cases_needed) - r->run->cases));
    else if (m->top_count > 1 && m->cases_needed)
        explain_sentence(
            w, S("There are cases enough to show a difference of 3 points; more would look for smaller ones."));
    if (half > r->run->cases)
        explain_sentence(w, arena_printf(w->a, "About %" PRId64 " cases would give #1's %s to within 3 points either way.", half,
                                         result_quality_name(r)));
    else if (r->variants[0].quality.interval.known)
        explain_sentence(w, arena_printf(w->a, "#1's %s is known to within 3 points either way.", result_quality_name(r)));
}

/* What a point costs from each step of the frontier to the next: whoever pays less for a point stays below. */
static void explain_steps(struct explain_writer *w)
{
    const struct advise *x = w->advise;
    size_t said = 0;

    for (size_t i = x->frontier_count; i-- > 1 && said < EXPLAIN_STEPS; said++) {
        const struct result_variant *low = &w->r->variants[x->frontier[i - 1]], *high = &w->r->variants[x->frontier[i]];
        double points = (high->quality.value - low->quality.value) * 100, usd = (high->cost_usd - low->cost_usd) * 1000;
        char more[MONEY_TEXT], each[MONEY_TEXT];
        int64_t nano, point;

        if (low->tier == TIER_POOR || points <= 0 || !money_from_double(usd, &nano) ||
            !money_from_double(usd / points, &point))
            continue;
        explain_fact(w, S("cheaper"), arena_printf(w->a, STR_FMT " instead of " STR_FMT
            ": %.1f points lower, %s less for 1,000 trials; right when a point is worth less than %s to you",
            STR_ARG(advise_name(low, w->a)), STR_ARG(advise_name(high, w->a)), points,
            money_show(nano, more), money_show(point, each)));
    }
}

void explain_change(struct explain_writer *w)
{
    const struct result *r = w->r;

    if (r->recommendation.best < 0) {
        explain_sentence(w,
                         !r->done && r->failed
                             ? S("`assay resume --retry-failed` asks again what failed, once its cause is gone.")
                         : !r->done
                             ? S("No trial has an outcome yet: `assay resume` makes the rest.")
                             : S("Expected answers in the dataset, or checks in the task, would let something rank."));
        return;
    }
    explain_more_cases(w);
    if (r->failed)
        explain_sentence(w, S("`assay resume --retry-failed` would ask again what failed."));
    for (size_t i = 0; i < r->recommendation.advice_count; i++)
        explain_sentence(w, r->recommendation.advice[i]);
    explain_steps(w);
}
