/* `choose_models`: how `models: auto` is to choose. */
#include "eval/choose.h"
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
