/* `choose_models`: how `models: auto` is to choose; `recommend`: by what rules the result recommends. */
#include "eval/choose.h"
#include "eval/recommend.h"
#include "eval/task_read.h"

static void task_choose_tiers(struct task_read *r, const struct doc_node *n)
{
    struct err e = ERR_INIT;
    enum choose_tier tier;

    if (!task_is(r, n, "tiers", DOC_LIST))
        return;
    for (size_t i = 0; i < n->count; i++)
        if (choose_tier_from(n->items[i]->text, &tier, &e) != ERR_OK)
            task_problem_at(r, n->items[i], "%s", e.text);
}

static void task_choose_texts(struct task_read *r, const struct doc_node *n, const char *what)
{
    struct str text;

    if (!task_is(r, n, what, DOC_LIST))
        return;
    for (size_t i = 0; i < n->count; i++)
        task_text(r, n->items[i], "a provider", TASK_NAME_MAX, &text);
}

void task_read_choose(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "choose_models"), *v;
    struct str text;
    int64_t number;

    if (!n || !task_is(r, n, "choose_models", DOC_MAP))
        return;
    task_check_keys(r, n, "choose_models", "tiers max_models selector providers min_context");
    if ((v = task_member(n, "tiers")))
        task_choose_tiers(r, v);
    if ((v = task_member(n, "providers")))
        task_choose_texts(r, v, "providers");
    if ((v = task_member(n, "max_models")))
        task_whole(r, v, "max_models", 1, CHOOSE_MODELS_MAX, &number);
    if ((v = task_member(n, "min_context")))
        task_whole(r, v, "min_context", 1, CHOOSE_CONTEXT_MAX, &number);
    if ((v = task_member(n, "selector")))
        task_text(r, v, "selector", TASK_NAME_MAX, &text);
    r->t->choose = task_json(r, n);
}

/* Their order must stay: a tier that nothing can reach would make every advice wrong. */
static void task_recommend_tiers(struct task_read *r, const struct doc_node *n)
{
    static const char *const names[] = { "acceptable", "good", "excellent" };
    struct recommend_rules rules;
    double below = 0;

    if (!task_is(r, n, "tiers", DOC_MAP))
        return;
    task_check_keys(r, n, "tiers", "excellent good acceptable");
    recommend_rules_of(NULL, &rules);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct doc_node *v = task_member(n, names[i]);
        double from = rules.from[TIER_ACCEPTABLE + i];

        if (v && !task_number(r, v, names[i], 0, 1, &from))
            return;
        if (from < below) {
            task_problem_at(r, v ? v : n, "tiers: %s begins at %.6g, below the tier under it (%.6g)", names[i], from,
                            below);
            return;
        }
        below = from;
    }
}

void task_read_recommend(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "recommend"), *v;
    double number;

    if (!n || !task_is(r, n, "recommend", DOC_MAP))
        return;
    task_check_keys(r, n, "recommend", "tiers value_gap max_usd_per_1000");
    if ((v = task_member(n, "tiers")))
        task_recommend_tiers(r, v);
    if ((v = task_member(n, "value_gap")))
        task_number(r, v, "value_gap", 0, 1, &number);
    if ((v = task_member(n, "max_usd_per_1000")))
        task_number(r, v, "max_usd_per_1000", 0, 1e6, &number);
    r->t->recommend = task_json(r, n);
}
