#include "eval/recommend.h"

#include <inttypes.h>
#include <math.h>

#include "eval/result.h"

#define RECOMMEND_ADVICE_MAX 8

const char *tier_name(enum tier t)
{
    static const char *const names[] = { "-", "Poor", "Acceptable", "Good", "Excellent" };

    return names[t];
}

enum tier tier_of(double quality)
{
    double points = round(quality * 1e9) / 1e7;         /* 0.7 as a sum of doubles may be a hair below */

    return points >= 90 ? TIER_EXCELLENT : points >= 80 ? TIER_GOOD : points >= 70 ? TIER_ACCEPTABLE : TIER_POOR;
}

static bool recommend_cheaper(const struct result_variant *a, const struct result_variant *b)
{
    if (a->cost_usd != b->cost_usd)
        return a->cost_usd < b->cost_usd;
    return a->quality.value > b->quality.value;
}

static bool recommend_top(const struct result_variant *v)
{
    return v->rank && (v->against.verdict == VERDICT_FIRST || v->against.verdict == VERDICT_SAME);
}

static ptrdiff_t recommend_cheapest(const struct result *r, bool top_only, double least)
{
    ptrdiff_t found = -1;

    for (size_t i = 0; i < r->variant_count; i++) {
        const struct result_variant *v = &r->variants[i];

        if (!v->rank || !v->cost_known || tier_of(v->quality.value) == TIER_NONE || v->quality.value < least - 1e-9 ||
            (top_only && !recommend_top(v)))
            continue;
        if (found < 0 || recommend_cheaper(v, &r->variants[found]))
            found = (ptrdiff_t)i;
    }
    return found;
}

struct str recommend_cost(const struct result_variant *v, struct arena *a)
{
    double usd = v->cost_usd * 1000;

    if (!v->cost_known)
        return S("of unknown cost");
    if (usd == 0)
        return S("free");
    if (usd < 0.00005)
        return S("less than $0.0001 for 1,000 trials");
    return arena_printf(a, "$%.*f for 1,000 trials", usd < 0.01 ? 4 : usd < 0.1 ? 3 : 2, usd);
}

int64_t recommend_round(int64_t n)
{
    int64_t unit = 1;

    while (n / unit >= 100)
        unit *= 10;
    return (n + unit - 1) / unit * unit;
}

static struct str recommend_sentence(const struct result *r, const struct result_variant *v, struct arena *a)
{
    return arena_printf(a, STR_FMT ": %s %.1f %% (%s), " STR_FMT, STR_ARG(v->name), result_quality_name(r),
                        v->quality.value * 100, tier_name(v->tier), STR_ARG(recommend_cost(v, a)));
}

static struct str recommend_saving(const struct result *r, const struct result_variant *v, bool said, struct arena *a)
{
    const struct result_variant *best = &r->variants[0];           /* by rank */
    struct str base = recommend_sentence(r, v, a);
    double points = (best->quality.value - v->quality.value) * 100;

    if (said)
        return arena_printf(a, STR_FMT ", as above", STR_ARG(v->name));
    if (!best->cost_known || best->cost_usd <= v->cost_usd || v->cost_usd == 0)
        return arena_printf(a, STR_FMT "; %.1f points below #1", STR_ARG(base), points);
    return arena_printf(a, STR_FMT "; saves %.0f %% for %.1f points", STR_ARG(base),
                        (1 - v->cost_usd / best->cost_usd) * 100, points);
}

/* Who can't be told apart from #1, and how many cases would help. */
static void recommend_tell(const struct result *r, struct arena *a, struct recommendation *out)
{
    const struct result_variant *rival = NULL;
    AUTO_BUF struct buf names = BUF_INIT(600);
    size_t shown = 0;
    int64_t pairs = 0;

    out->top_count = 1;
    for (size_t i = 1; i < r->variant_count; i++) {
        const struct result_variant *v = &r->variants[i];

        if (v->against.verdict != VERDICT_SAME)
            continue;
        out->top_count++;
        if (!rival)
            rival = v;
        pairs = MAX(pairs, v->against.cases);
        if (shown++ < 6)
            buf_printf(&names, "%s#%" PRId64, shown == 1 ? "" : ", ", v->rank);
    }
    if (!rival)
        return;
    out->cases_needed = rival->against.cases_needed;
    if (shown > 6)
        buf_printf(&names, " and %zu more", shown - 6);
    out->tell_text = arena_printf(a, "#1 %s " STR_FMT "%s on %" PRId64 " case%s", shown == 1 ? "and" : "can't be told apart from",
                                  STR_ARG(buf_str(&names)), shown == 1 ? " can't be told apart" : "", pairs, pairs == 1 ? "" : "s");
    if (out->cases_needed > pairs)
        out->tell_text = arena_printf(a, STR_FMT "; about %" PRId64 " would show a 3-point difference.",
                                      STR_ARG(out->tell_text), recommend_round(out->cases_needed));
    else
        out->tell_text = arena_printf(a, STR_FMT ".", STR_ARG(out->tell_text));
}

static void recommend_say(struct recommendation *out, struct str text)
{
    if (out->advice_count < RECOMMEND_ADVICE_MAX)
        out->advice[out->advice_count++] = text;
}

static void recommend_advise(const struct result *r, struct arena *a, struct recommendation *out)
{
    const struct result_variant *best = &r->variants[out->best];
    size_t excellent = 0, poor = 0, ranked = 0, unknown = 0;

    for (size_t i = 0; i < r->variant_count; i++) {
        const struct result_variant *v = &r->variants[i];

        ranked += v->rank > 0;
        excellent += v->rank && v->tier == TIER_EXCELLENT;
        poor += v->rank && v->tier == TIER_POOR;
        unknown += v->rank && !v->cost_known;
        if (v->rank && v->sum->failed * 10 > v->sum->failed + v->sum->done)
            recommend_say(out, arena_printf(a, STR_FMT " failed on %" PRId64 " of %" PRId64
                          " trials; its %s is of the others only.", STR_ARG(v->name), v->sum->failed,
                          v->sum->failed + v->sum->done, result_quality_name(r)));
    }
    if (ranked > 1 && poor == ranked)
        recommend_say(
            out,
            S("No variant reaches 70 %: look at the failed checks and refine the prompt before choosing a model."));
    else if (best->tier < TIER_EXCELLENT && best->tier >= TIER_ACCEPTABLE && ranked > 1)
        recommend_say(out, S("No variant reaches 90 %: a clearer prompt may gain more than another model."));
    if (excellent > 1)
        recommend_say(out, arena_printf(a, "%zu variants reach 90 %%: price and speed may decide.", excellent));
    if (unknown)
        recommend_say(
            out,
            arena_printf(a, "The cost of %zu variant%s is not known: a price table entry would let %s be compared.",
                         unknown, unknown == 1 ? "" : "s", unknown == 1 ? "it" : "them"));
}

void recommend_make(const struct result *r, struct arena *a, struct recommendation *out)
{
    *out = (struct recommendation){ .best = -1, .value = -1, .budget = -1 };
    out->advice = arena_array(a, struct str, RECOMMEND_ADVICE_MAX);
    if (!r->done) {
        out->best_text = r->failed ? S("No trial succeeded, so there is nothing to recommend.")
                                   : S("No trial has finished yet.");
        return;
    }
    if (!r->variant_count || !r->variants[0].rank) {
        out->best_text = S("Nothing ranks the variants: give the cases expected answers, or the task some checks.");
        return;
    }
    out->best = 0;
    out->best_text = recommend_sentence(r, &r->variants[0], a);
    recommend_tell(r, a, out);
    out->value = recommend_cheapest(r, true, r->variants[0].quality.value - RECOMMEND_VALUE_GAP);
    out->budget = recommend_cheapest(r, false, RECOMMEND_BUDGET_MIN);
    if (out->value >= 0)
        out->value_text = recommend_saving(r, &r->variants[out->value], out->value == out->best, a);
    if (out->budget >= 0)
        out->budget_text = recommend_saving(r, &r->variants[out->budget],
                                            out->budget == out->best || out->budget == out->value, a);
    recommend_advise(r, a, out);
}
