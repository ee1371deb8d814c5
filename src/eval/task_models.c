/* Models and variants: the columns of the result. */
#include "eval/task_read.h"

static bool task_model_text(struct task_read *r, const struct doc_node *n, struct str *out)
{
    struct str text;

    if (!task_text(r, n, "a model", TASK_NAME_MAX, &text))
        return false;
    text = str_trim(text);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] <= ' ') {
            task_problem_at(r, n, "a model is provider:model-id without spaces, for example openai:gpt-4o-mini");
            return false;
        }
    *out = text;
    return true;
}

static void task_base_url(struct task_read *r, const struct doc_node *n, struct str *out)
{
    struct str text;

    if (!n || !task_text(r, n, "base_url", 2048, &text))
        return;
    if (!str_istarts(text, S("http://")) && !str_istarts(text, S("https://")))
        task_problem_at(r, n, "base_url begins with https:// or http://");
    else
        *out = text;
}

static void task_variant_add(struct task_read *r, struct variant v, const struct doc_node *at)
{
    for (size_t i = 0; i < r->variants.len; i++)
        if (str_eq(r->variants.at[i].name, v.name)) {
            task_problem_at(r, at, "two variants are called \"" STR_FMT "\" (the other: line %d); give one a name of its own "
                            "under variants", STR_ARG(v.name), r->variants.at[i].line);
            return;
        }
    if (r->variants.len < TASK_LIST_MAX) {
        vec_push(&r->variants, v);
    } else if (!r->variants_full) {
        r->variants_full = true;
        task_problem_at(r, at, "at most %d variants can be compared", TASK_LIST_MAX);
    }
}

/* One model for each prompt of the matrix. */
static void task_model_add(struct task_read *r, struct str model, struct str name, struct params params,
                           struct str base_url, const struct doc_node *at)
{
    for (size_t i = 0; i < r->matrix_prompts; i++) {
        struct variant v = { .name = name, .model_text = model, .prompt = i, .params = params, .base_url = base_url,
                             .line = at->line };

        if (r->matrix_prompts > 1)
            v.name = arena_printf(r->a, STR_FMT " [" STR_FMT "]", STR_ARG(name), STR_ARG(r->prompts.at[i].name));
        task_variant_add(r, v, at);
    }
}

/* "openai:gpt-4o-mini" or {model, name, params, base_url}. */
static void task_read_model(struct task_read *r, const struct doc_node *n)
{
    const struct doc_node *model, *name, *own;
    struct params params = r->t->params, over = PARAMS_INIT;
    struct str text, label, base_url = STR_NONE;

    if (n->kind != DOC_MAP) {
        if (task_model_text(r, n, &text)) {
            r->t->models[r->t->model_count++] = text;
            task_model_add(r, text, text, params, base_url, n);
        }
        return;
    }
    task_check_keys(r, n, "a model", "model name params base_url");
    name = task_member(n, "name");
    model = task_member(n, "model") ? task_member(n, "model") : name;
    own = task_member(n, "params");
    if (!model) {
        task_problem_at(r, n, "a model needs model: provider:model-id");
        return;
    }
    if (!task_model_text(r, model, &text))
        return;
    label = text;
    if (name)
        task_text(r, name, "a model's name", TASK_NAME_MAX, &label);
    if (own) {
        task_params(r, own, &over);
        params_merge(&params, &over);
        params_merge(&params, &r->ov->params);
    }
    task_base_url(r, task_member(n, "base_url"), &base_url);
    r->t->models[r->t->model_count++] = text;
    task_model_add(r, text, label, params, base_url, n);
}

/* {name, model, prompt, params, base_url} */
static void task_read_variant(struct task_read *r, const struct doc_node *n)
{
    const struct doc_node *model = task_member(n, "model"), *name = task_member(n, "name"),
                          *own = task_member(n, "params");
    const struct doc_node *prompt = task_member(n, "prompt");
    struct variant v = { .params = r->t->params, .line = n->line };
    struct params over = PARAMS_INIT;

    if (n->kind != DOC_MAP && n->kind != DOC_STRING) {
        task_problem_at(r, n, "a variant is {name, model, prompt, params}, and this is %s", doc_kind_name(n->kind));
        return;
    }
    task_check_keys(r, n, "a variant", "name model prompt params base_url");
    if (!model && n->kind == DOC_MAP) {
        task_problem_at(r, n, "a variant needs model: provider:model-id");
        return;
    }
    if (!task_model_text(r, model ? model : n, &v.model_text))
        return;
    v.name = v.model_text;
    if (name)
        task_text(r, name, "a variant's name", TASK_NAME_MAX, &v.name);
    if (own) {
        task_params(r, own, &over);
        params_merge(&v.params, &over);
        params_merge(&v.params, &r->ov->params);
    }
    task_base_url(r, task_member(n, "base_url"), &v.base_url);
    if (prompt && !task_prompt_of_variant(r, prompt, &v.prompt))
        return;
    if (!prompt && r->matrix_prompts > 1)
        task_warning_at(r, n, "the variant names no prompt and takes the first, \"" STR_FMT "\"",
                        STR_ARG(r->prompts.at[0].name));
    if (!prompt && r->prompts.len == 0)
        return;                                         /* a missing prompt was told already */
    task_variant_add(r, v, n);
}

static void task_read_model_list(struct task_read *r, const struct doc_node *n)
{
    if (n->kind == DOC_STRING) {                        /* one model */
        r->t->models = arena_array(r->a, struct str, 1);
        task_read_model(r, n);
        return;
    }
    if (!task_is(r, n, "models", DOC_LIST))
        return;
    if (n->count > TASK_LIST_MAX) {
        task_problem_at(r, n, "at most %d models can be compared", TASK_LIST_MAX);
        return;
    }
    r->t->models = arena_array(r->a, struct str, n->count);
    for (size_t i = 0; i < n->count; i++)
        task_read_model(r, n->items[i]);
}

static void task_models_override(struct task_read *r)
{
    struct doc_node nowhere = { .kind = DOC_STRING, .line = 1, .column = 1 };

    r->t->models = arena_array(r->a, struct str, r->ov->model_count);
    for (size_t i = 0; i < r->ov->model_count; i++) {
        struct str text = str_trim(r->ov->models[i]);
        size_t before = r->variants.len;

        if (text.len == 0 || text.len > TASK_NAME_MAX || str_find_byte(text, ' ') >= 0) {
            task_problem_in(r, S("--models"), false,
                            arena_printf(r->a,
                                         "\"" STR_FMT
                                         "\" is not a model; write provider:model-id, as in openai:gpt-4o-mini",
                                         STR_ARG(str_utf8_head(text, 80))));
            continue;
        }
        for (size_t k = 0; k < before; k++)
            if (str_eq(r->variants.at[k].model_text, text)) {
                task_problem_in(r, S("--models"), false,
                                arena_printf(r->a, "\"" STR_FMT "\" is given twice", STR_ARG(text)));
                text.len = 0;
                break;
            }
        if (!text.len)
            continue;
        nowhere.text = text = arena_strdup(r->a, text);
        r->t->models[r->t->model_count++] = text;
        task_model_add(r, text, text, r->t->params, STR_NONE, &nowhere);
    }
}

/* `models: auto`, or `--models auto`. */
static bool task_models_auto(struct task_read *r, const struct doc_node *models, const struct doc_node *variants)
{
    if (r->ov->model_count)
        return r->ov->model_count == 1 && str_is(str_trim(r->ov->models[0]), "auto");
    if (models && models->kind == DOC_LIST && models->count > 1)
        for (size_t i = 0; i < models->count; i++)
            if (models->items[i]->kind == DOC_STRING && str_is(models->items[i]->text, "auto"))
                task_problem_at(r, models->items[i], "auto chooses all the models; it can't stand beside others");
    if (models && models->kind == DOC_LIST && models->count == 1)
        models = models->items[0];
    if (!models || models->kind != DOC_STRING || !str_is(models->text, "auto"))
        return false;
    if (variants && variants->count)
        task_problem_at(r, variants, "models: auto chooses all the models; variants can't stand beside it");
    return true;
}

void task_read_models(struct task_read *r)
{
    const struct doc_node *models = task_member(r->root, "models"), *variants = task_member(r->root, "variants");
    struct task *t = r->t;

    t->models_auto = task_models_auto(r, models, variants);
    if (t->models_auto) {
        /* whoever runs it chooses, and reads the task again with the models chosen */
    } else if (r->ov->model_count) {
        task_models_override(r);
    } else {
        if (models)
            task_read_model_list(r, models);
        if (variants && task_is(r, variants, "variants", DOC_LIST))
            for (size_t i = 0; i < variants->count && i <= TASK_LIST_MAX; i++)
                task_read_variant(r, variants->items[i]);
        if ((!models || (models->kind == DOC_LIST && !models->count)) && (!variants || !variants->count)) {
            if (r->benchmark)
                task_warning_at(r, r->root, "the task names no models; give them with --models");
            else
                task_problem_at(r, r->root,
                                "the task names no models; add for example: models: [sim:careful, sim:swift], or "
                                "give --models");
        }
    }
    t->prompts = arena_array(r->a, struct task_prompt, r->prompts.len);
    for (size_t i = 0; i < r->prompts.len; i++)
        t->prompts[i] = r->prompts.at[i];
    t->prompt_count = r->prompts.len;
    t->variants = arena_array(r->a, struct variant, r->variants.len);
    for (size_t i = 0; i < r->variants.len; i++)
        t->variants[i] = r->variants.at[i];
    t->variant_count = r->variants.len;
}
