#include "eval/advise.h"

#include "eval/report/report.h"

#define ADVISE_NAME 60

struct str advise_name(const struct result_variant *v, struct arena *a)
{
    return report_fit(v->name, ADVISE_NAME, false, a);
}

/* --- per use ------------------------------------------------------------------------------------------------------ */

static void advise_say(struct advise *x, const char *use, ptrdiff_t variant, struct str text)
{
    ASSERT(x->use_count < ADVISE_USES_MAX);
    x->uses[x->use_count++] = (struct advise_use){ use, variant, text };
}

static struct str advise_figures(const struct result *r, ptrdiff_t at, struct arena *a)
{
    const struct result_variant *v = &r->variants[at];
    char percent[REPORT_TEXT];

    return arena_printf(a, STR_FMT ": %s %s, " STR_FMT, STR_ARG(advise_name(v, a)), result_quality_name(r),
                        report_percent(v->quality.value, percent), STR_ARG(recommend_cost(v, a)));
}

static ptrdiff_t advise_choice(const struct result *r, enum tier least)
{
    const struct recommendation *m = &r->recommendation;

    return m->value >= 0 && r->variants[m->value].tier >= least ? m->value : m->best;
}

static struct str advise_why(const struct result *r, ptrdiff_t at, double bound, struct arena *a)
{
    const struct result_variant *v = &r->variants[at];
    struct str text = advise_figures(r, at, a);

    if (at != r->recommendation.best)
        text = arena_printf(a, STR_FMT "; the cheapest that can't be told apart from the best", STR_ARG(text));
    if (v->quality.interval.known && v->quality.interval.low < bound)
        return arena_printf(a, STR_FMT "; its interval reaches down to %.1f %%, so more cases would make this surer",
                            STR_ARG(text), v->quality.interval.low * 100);
    return text;
}

static void advise_bounded(const struct result *r, struct advise *x, const char *use, enum tier least, double bound,
                           struct str none, struct arena *a)
{
    ptrdiff_t at = advise_choice(r, least);

    if (r->variants[at].tier < least)
        advise_say(x, use, -1, none);
    else
        advise_say(x, use, at, advise_why(r, at, bound, a));
}

static void advise_value(const struct result *r, struct advise *x, struct arena *a)
{
    ptrdiff_t at = r->recommendation.value;
    double usd;

    if (at < 0) {
        advise_say(x, "cost_sensitive", -1, S("No variant near the best has a known cost."));
        return;
    }
    usd = r->variants[at].cost_usd * 1000;
    advise_say(x, "cost_sensitive", at,
               usd > 0
                   ? arena_printf(a, STR_FMT "; %.*f points for each dollar of that", STR_ARG(advise_figures(r, at, a)),
                                  r->variants[at].quality.value * 100 / usd < 10 ? 1 : 0,
                                  r->variants[at].quality.value * 100 / usd)
                   : advise_figures(r, at, a));
}

static void advise_development(const struct result *r, struct advise *x, struct arena *a)
{
    const struct recommendation *m = &r->recommendation;
    const struct result_variant *best = &r->variants[m->best];
    ptrdiff_t at = m->best;

    if (m->budget >= 0 && best->cost_known && r->variants[m->budget].cost_usd < best->cost_usd / 2) {
        at = m->budget;
    } else if (!best->cost_known || best->cost_usd > 0) {
        ptrdiff_t found = -1;

        for (size_t i = 0; i < r->variant_count; i++) {
            const struct result_variant *v = &r->variants[i];

            if (v->rank && v->cost_known && !v->over_limit && (v->tier == TIER_GOOD || v->tier == TIER_ACCEPTABLE) &&
                (found < 0 || v->cost_usd < r->variants[found].cost_usd))
                found = (ptrdiff_t)i;
        }
        at = found >= 0 ? found : at;
    }
    advise_say(x, "development", at, advise_figures(r, at, a));
}

static void advise_uses(const struct result *r, struct advise *x, struct arena *a)
{
    const struct recommendation *m = &r->recommendation;
    char percent[TIER_EXCELLENT + 1][RECOMMEND_PERCENT];

    for (enum tier t = TIER_ACCEPTABLE; t <= TIER_EXCELLENT; t++)
        recommend_percent(r->rules.from[t], percent[t]);
    if (m->best < 0) {
        advise_say(x, "general", -1, m->best_text);
        return;
    }
    advise_bounded(r, x, "general", TIER_EXCELLENT, 0,
                   arena_printf(a,
                                "No variant reaches %s: refine the task's prompt before choosing by small differences.",
                                percent[TIER_EXCELLENT]),
                   a);
    advise_bounded(r, x, "production", TIER_GOOD, r->rules.from[TIER_GOOD],
                   arena_printf(a, "No variant reaches %s, so none qualifies.", percent[TIER_GOOD]), a);
    advise_value(r, x, a);
    advise_say(x, "budget", m->budget,
               m->budget < 0 ? arena_printf(a, "No variant of known cost reaches %s.", percent[TIER_ACCEPTABLE])
                             : advise_figures(r, m->budget, a));
    advise_development(r, x, a);
}

/* --- frontier and what to avoid ----------------------------------------------------------------------------------- */

static bool advise_surpassed(const struct result *r, size_t at)
{
    const struct result_variant *v = &r->variants[at];

    for (size_t i = 0; i < r->variant_count; i++) {
        const struct result_variant *o = &r->variants[i];

        if (i == at || !o->rank || !o->cost_known || o->cost_usd > v->cost_usd || o->quality.value < v->quality.value)
            continue;
        if (o->cost_usd < v->cost_usd || o->quality.value > v->quality.value || i < at)
            return true;                                /* of two alike the first stands for both */
    }
    return false;
}

static void advise_frontier(const struct result *r, struct advise *x, struct arena *a)
{
    x->frontier = arena_array(a, size_t, r->variant_count + 1);
    for (size_t i = r->variant_count; i-- > 0;)         /* by rank upwards: no step of a frontier costs less than the one below */
        if (r->variants[i].rank && r->variants[i].cost_known && !advise_surpassed(r, i))
            x->frontier[x->frontier_count++] = i;
}

static void advise_avoid(const struct result *r, struct advise *x, struct arena *a)
{
    x->avoid = arena_array(a, struct advise_avoid, r->variant_count + 1);
    for (size_t i = 0; i < r->variant_count; i++) {
        const struct result_variant *v = &r->variants[i];
        char percent[REPORT_TEXT];

        if (v->rank && v->tier == TIER_POOR)
            x->avoid[x->avoid_count++] = (struct advise_avoid){ i,
                v->quality.interval.known && v->quality.interval.high < r->rules.from[TIER_ACCEPTABLE],
                arena_printf(a, "%s %s", result_quality_name(r), report_percent(v->quality.value, percent)) };
        else if (!v->sum->done && v->sum->failed)
            x->avoid[x->avoid_count++] = (struct advise_avoid){ i, true, S("none of its trials was answered") };
    }
}

void advise_make(const struct result *r, struct arena *a, struct advise *out)
{
    *out = (struct advise){ .use_count = 0 };
    advise_uses(r, out, a);
    advise_frontier(r, out, a);
    advise_avoid(r, out, a);
}

json_t *advise_json(const struct result *r, const struct advise *x)
{
    json_t *o = json_object(), *uses = json_object(), *frontier = json_array(), *avoid = json_array();

    for (size_t i = 0; i < x->use_count; i++)
        json_object_set_new(uses, x->uses[i].use,
                            json_pack("{s:o, s:o}", "variant",
                                      x->uses[i].variant < 0 ? json_null()
                                                             : json_from_str(r->variants[x->uses[i].variant].name),
                                      "text", json_from_str(x->uses[i].text)));
    for (size_t i = 0; i < x->frontier_count; i++)
        json_array_append_new(frontier, json_from_str(r->variants[x->frontier[i]].name));
    for (size_t i = 0; i < x->avoid_count; i++)
        json_array_append_new(avoid, json_pack("{s:o, s:b, s:o}", "variant", json_from_str(r->variants[x->avoid[i].variant].name),
                                               "sure", x->avoid[i].sure, "why", json_from_str(x->avoid[i].why)));
    json_object_set_new(o, "uses", uses);
    json_object_set_new(o, "frontier", frontier);
    json_object_set_new(o, "avoid", avoid);
    return o;
}
