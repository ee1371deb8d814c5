/* `stop_when_sure:` of a task file. */
#include "eval/sure.h"
#include "eval/task_read.h"

/* A metric or check the task has. */
static void task_sure_metric(struct task_read *r, const struct doc_node *n)
{
    struct str name;
    struct suggest near;
    char hint[160];

    if (!task_text(r, n, "metric", TASK_NAME_MAX, &name))
        return;
    suggest_begin(&near, name);
    for (size_t i = 0; i < r->t->metric_count; i++) {
        suggest_offer(&near, r->t->metrics[i].name);
        if (str_eq(r->t->metrics[i].name, name))
            r->t->sure.metric = name;
    }
    for (size_t i = 0; i < r->t->check_count; i++) {
        suggest_offer(&near, r->t->checks[i].name);
        if (str_eq(r->t->checks[i].name, name))
            r->t->sure.metric = name;
    }
    if (!r->t->sure.metric.len)
        task_problem_at(r, n, "the task has no metric or check \"" STR_FMT "\" to be sure of%s", STR_ARG(name),
                        suggest_hint(&near, hint));
}

/* `stop_when_sure: true`, or {level, margin, metric}. */
void task_read_sure(struct task_read *r)
{
    const struct doc_node *n = task_member(r->root, "stop_when_sure"), *part;
    struct task_sure *s = &r->t->sure;

    *s = (struct task_sure){ .level = RACE_LEVEL, .margin = RACE_MARGIN };
    if (n && n->kind == DOC_BOOL) {
        s->on = n->truth;
    } else if (n && n->kind == DOC_MAP) {
        s->on = true;
        task_check_keys(r, n, "stop_when_sure", "level margin metric");
        if ((part = task_member(n, "level")))
            task_number(r, part, "level", SURE_LEVEL_MIN, SURE_LEVEL_MAX, &s->level);
        if ((part = task_member(n, "margin")))
            task_number(r, part, "margin", 0, SURE_MARGIN_MAX, &s->margin);
        if ((part = task_member(n, "metric")))
            task_sure_metric(r, part);
    } else if (n) {
        task_problem_at(r, n, "stop_when_sure is true, false, or {level: 0.95, margin: 0.01, metric: accuracy}");
    }
    s->on = (s->on || r->ov->sure) && !r->ov->ask_all;
    if (r->ov->sure_level > 0)
        s->level = r->ov->sure_level;
    if (r->ov->sure_margin_given)
        s->margin = r->ov->sure_margin;
}
