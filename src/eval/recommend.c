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

void recommend_rules_of(const json_t *o, struct recommend_rules *out)
{
    const json_t *tiers = json_child(o, "tiers");

    *out = (struct recommend_rules){
        .from = { [TIER_EXCELLENT] = json_get_double(tiers, "excellent", 0.9), [TIER_GOOD] = json_get_double(tiers, "good", 0.8),
                  [TIER_ACCEPTABLE] = json_get_double(tiers, "acceptable", 0.7) },
        .value_gap = json_get_double(o, "value_gap", RECOMMEND_VALUE_GAP),
    };
    if (!money_from_double(json_get_double(o, "max_usd_per_1000", 0), &out->max_nanousd) || out->max_nanousd < 0)
        out->max_nanousd = 0;
}

enum tier tier_of(const struct recommend_rules *rules, double quality)
{
    for (enum tier t = TIER_EXCELLENT; t > TIER_POOR; t--)
        if (quality >= rules->from[t] - 1e-9)           /* 0.7 as a sum of doubles may be a hair below */
            return t;
    return TIER_POOR;
}

const char *recommend_percent(double share, char out[RECOMMEND_PERCENT])
{
    snprintf(out, RECOMMEND_PERCENT, "%.6g %%", share * 100);
    return out;
}

static bool recommend_cheaper(const struct result_variant *a, const struct result_variant *b)
{
    if (a->cost_usd != b->cost_usd)
        return a->cost_usd < b->cost_usd;
    return a->quality.value > b->quality.value;
}

/* Can't be told apart from the best of those that may be recommended? */
static bool recommend_top(const struct result *r, const struct result_variant *v)
{
    enum verdict verdict = r->base ? v->within.verdict : v->against.verdict;

    return v->rank && (verdict == VERDICT_FIRST || verdict == VERDICT_SAME);
}

static ptrdiff_t recommend_cheapest(const struct result *r, bool top_only, double least)
{
    ptrdiff_t found = -1;

    for (size_t i = 0; i < r->variant_count; i++) {
        const struct result_variant *v = &r->variants[i];

        if (!v->rank || !v->cost_known || v->over_limit || v->quality.value < least - 1e-9 ||
            (top_only && !recommend_top(r, v)))
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
    const struct result_variant *best = &r->variants[r->base];
    struct str base = recommend_sentence(r, v, a);
    double points = (best->quality.value - v->quality.value) * 100;

    if (said)
        return arena_printf(a, STR_FMT ", as above", STR_ARG(v->name));
    if (!best->cost_known || best->cost_usd <= v->cost_usd || v->cost_usd == 0)
        return arena_printf(a, STR_FMT "; %.1f points below #%" PRId64, STR_ARG(base), points, best->rank);
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
    char least[RECOMMEND_PERCENT], most[RECOMMEND_PERCENT];

    recommend_percent(r->rules.from[TIER_ACCEPTABLE], least);
    recommend_percent(r->rules.from[TIER_EXCELLENT], most);
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
        recommend_say(out, arena_printf(a,
                                        "No variant reaches %s: look at the failed checks and refine the prompt before "
                                        "choosing a model.",
                                        least));
    else if (best->tier < TIER_EXCELLENT && best->tier >= TIER_ACCEPTABLE && ranked > 1)
        recommend_say(out, arena_printf(a, "No variant reaches %s: a clearer prompt may gain more than another model.",
                                        most));
    if (excellent > 1)
        recommend_say(out, arena_printf(a, "%zu variants reach %s: price and speed may decide.", excellent, most));
    if (unknown)
        recommend_say(
            out,
            arena_printf(a, "The cost of %zu variant%s is not known: a price table entry would let %s be compared.",
                         unknown, unknown == 1 ? "" : "s", unknown == 1 ? "it" : "them"));
}

/* The limit is below what any variant costs. */
static struct str recommend_none_within(const struct result *r, struct arena *a)
{
    const struct result_variant *cheapest = NULL;
    char money[MONEY_TEXT];

    money_show(r->rules.max_nanousd, money);
    for (size_t i = 0; i < r->variant_count; i++)
        if (r->variants[i].rank && r->variants[i].cost_known &&
            (!cheapest || recommend_cheaper(&r->variants[i], cheapest)))
            cheapest = &r->variants[i];
    if (!cheapest)
        return arena_printf(a, "No variant is known to cost at most %s for 1,000 trials: no cost is known.", money);
    return arena_printf(a, "No variant costs at most %s for 1,000 trials; the cheapest is " STR_FMT ", " STR_FMT ".",
                        money, STR_ARG(cheapest->name), STR_ARG(recommend_cost(cheapest, a)));
}

void recommend_make(const struct result *r, struct arena *a, struct recommendation *out)
{
    char money[MONEY_TEXT], percent[RECOMMEND_PERCENT];

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
    if (r->variants[r->base].over_limit) {
        out->best_text = recommend_none_within(r, a);
        return;
    }
    out->best = (ptrdiff_t)r->base;
    out->best_text = recommend_sentence(r, &r->variants[out->best], a);
    if (r->rules.max_nanousd)
        out->best_text = arena_printf(a, STR_FMT "; of those that cost at most %s for 1,000 trials",
                                      STR_ARG(out->best_text), money_show(r->rules.max_nanousd, money));
    recommend_tell(r, a, out);
    out->value = recommend_cheapest(r, true, r->variants[out->best].quality.value - r->rules.value_gap);
    out->budget = recommend_cheapest(r, false, r->rules.from[TIER_ACCEPTABLE]);
    if (out->value >= 0)
        out->value_text = recommend_saving(r, &r->variants[out->value], out->value == out->best, a);
    if (out->budget >= 0)
        out->budget_text = recommend_saving(r, &r->variants[out->budget],
                                            out->budget == out->best || out->budget == out->value, a);
    else
        out->budget_none = arena_printf(a, "none: no variant of known cost reaches %s",
                                        recommend_percent(r->rules.from[TIER_ACCEPTABLE], percent));
    recommend_advise(r, a, out);
}
