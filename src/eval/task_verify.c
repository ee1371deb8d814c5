#include "eval/task_verify.h"

#include "data/data.h"
#include "eval/prompting.h"
#include "eval/scoring.h"

json_t *task_verify_json(struct str path, const struct problems *p, struct str later)
{
    json_t *o = json_object(), *list = json_array(), *one;

    for (size_t i = 0; i < p->list.len; i++) {
        one = json_object();
        json_set_str(one, "where", p->list.at[i].where);
        json_object_set_new(one, "severity", json_string(p->list.at[i].warning ? "warning" : "error"));
        json_set_str(one, "text", p->list.at[i].text);
        json_array_append_new(list, one);
    }
    if (later.len) {
        one = json_object();
        json_object_set_new(one, "severity", json_string("error"));
        json_set_str(one, "text", later);
        json_array_append_new(list, one);
    }
    json_set_str(o, "task", path);
    json_object_set_new(o, "valid", json_boolean(p->errors == 0 && !later.len));
    json_object_set_new(o, "problems", list);
    return o;
}

enum err_code task_verify_cases(const struct task *task, struct arena *scratch, int64_t *cases, struct err *e)
{
    AUTO(dataset_closep) struct dataset_reader *reader = NULL;
    struct dataset_source source = dataset_source_of(task, scratch);
    struct prompting *prompting;
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    struct dataset_case kase;
    enum err_code code;
    bool more = true;

    TRY(prompting_new(task, &prompting, e));
    code = dataset_open(&source, NULL, &reader, e);
    for (*cases = 0; code == ERR_OK; (*cases)++) {
        const json_t *vars;

        arena_reset(a);
        code = dataset_next(reader, a, &kase, &more, e);
        if (code != ERR_OK || !more)
            break;
        code = scoring_case_verify(task, &kase, e);
        vars = prompting_vars(prompting, &kase, a);
        for (size_t i = 0; i < task->variant_count && code == ERR_OK; i++) {
            struct message *messages;
            struct str shown;
            size_t count;

            code = prompting_start(prompting, &task->variants[i], vars, a, &messages, &count, &shown, e);
            if (code != ERR_OK)
                err_prefix(e, "case " STR_FMT, STR_ARG(kase.id));
        }
    }
    prompting_free(prompting);
    return code;
}
