/* What a plan is made of, and what it says of itself, outside the plan: the frozen cases, the estimate as JSON. */
#include "eval/plan.h"

static json_t *plan_select_json(const struct dataset_select *choose)
{
    json_t *o = json_object();

    if (choose->where)
        json_object_set_new(o, "where", json_string(choose->where));
    if (choose->limit)
        json_object_set_new(o, "limit", json_integer(choose->limit));
    if (choose->sample) {
        json_object_set_new(o, "sample", json_integer(choose->sample));
        json_object_set_new(o, "seed", json_integer((json_int_t)choose->seed));
    }
    if (choose->percent) {
        json_object_set_new(o, "sample_percent", json_integer(choose->percent));
        json_object_set_new(o, "seed", json_integer(dataset_percent_seed(choose->seed)));
    }
    return o;
}

enum err_code plan_freeze(const struct task *task, const struct dataset_select *choose, struct blob *blob,
                          void (*progress)(void *arg, int64_t cases), void *arg, struct arena *a,
                          struct data_pack_info *info, const json_t **select, struct err *e)
{
    AUTO(dataset_closep) struct dataset_reader *reader = NULL;
    struct dataset_source source = dataset_source_of(task, a);

    TRY(dataset_open(&source, choose, &reader, e));
    TRY(data_pack_build(reader, blob, info, progress, arg, e));
    *select = choose->where || choose->limit || choose->sample || choose->percent
                  ? json_in_arena(plan_select_json(choose), a)
                  : NULL;
    return ERR_OK;
}

json_t *plan_estimate_json(const struct plan *p)
{
    const struct plan_estimate *est = &p->estimate;
    json_t *o = json_object(), *list = json_array();
    char money[MONEY_TEXT];

    json_set_str(o, "task", p->run.task_name);
    json_object_set_new(o, "cases", json_integer(p->run.cases));
    json_object_set_new(o, "trials", json_integer(est->trials));
    json_object_set_new(o, "calls", json_integer(est->calls));
    json_object_set_new(o, "cost_usd", json_string(money_exact(est->cost_nanousd, money)));
    json_object_set_new(o, "at_most", json_boolean(p->task->sure.on));
    json_object_set_new(o, "unpriced_variants", json_integer(est->unknown_variants));
    json_object_set_new(o, "output_tokens_assumed_per_call", json_integer(est->output_per_call));
    for (size_t i = 0; i < p->task->variant_count; i++) {
        const struct plan_variant_estimate *v = &est->variants[i];
        json_t *one = json_object();

        json_set_str(one, "variant", p->task->variants[i].name);
        json_object_set_new(one, "input_tokens", json_integer(v->input_tokens));
        json_object_set_new(one, "output_tokens", json_integer(v->output_tokens));
        json_object_set_new(one, "cost_usd",
                            v->cost_nanousd == MONEY_UNKNOWN ? json_null()
                                                             : json_string(money_exact(v->cost_nanousd, money)));
        json_array_append_new(list, one);
    }
    json_object_set_new(o, "variants", list);
    return o;
}
