/* assay models: the price table, what is on offer now, and what suits a task. */
#include "cli/choosing.h"
#include "cli/pager.h"
#include "eval/report/grid.h"
#include "llm/live.h"

#include <inttypes.h>

static const struct option models_options[] = {
    { "provider", 0, "NAME", "only this provider's", "@provider" },
    { "tier", 0, "A,B", "only these: quality, value, budget, free (by price), speed", "quality value budget free speed" },
    { "can", 0, "A,B", "only those known to take images, tools or json", "images tools json" },
    { "live", 0, NULL, "with what OpenRouter has on offer; its list is kept for a day", NULL },
    { "refresh", 0, NULL, "ask for that list now, however young the kept one is (implies --live)", NULL },
    { "max-age", 0, "TIME", "how old the kept list may be: 30m, 12h, 7d (default 24h)", NULL },
    { "selector", 0, "MODEL", "of TASK: this model analyses it and chooses (2 calls)", "@model" },
    CHOOSING_PLAIN_OPTIONS,
    { "seed", 0, "N", "of the simulator (default 1)", NULL },
    { "json", 0, NULL, "as JSON", NULL },
    PAGER_OPTION,
    SESSION_LLM_OPTIONS,
    OPTION_END,
};

/* --- the table ---------------------------------------------------------------------------------------------------- */

struct models_filter { struct str provider, word; unsigned price_tiers, tiers, can; int64_t min_context; };

static enum err_code models_tiers(const struct args *args, struct models_filter *f, struct err *e)
{
    struct str *list;
    size_t n = args_list(args, "tier", &list);

    for (size_t i = 0; i < n; i++) {
        enum choose_tier t = CHOOSE_QUALITY;

        if (str_ieq(str_trim(list[i]), str_c(model_tier_name(MODEL_FREE)))) {
            f->price_tiers |= BIT(MODEL_FREE);
            continue;
        }
        TRY(choose_tier_from(str_trim(list[i]), &t, e));
        if (t == CHOOSE_BUDGET)                         /* what is free is a tier of its own here */
            f->price_tiers |= BIT(MODEL_BUDGET);
        else
            f->tiers |= BIT(t);
    }
    return ERR_OK;
}

static enum err_code models_can(const struct args *args, struct models_filter *f, struct err *e)
{
    struct str *list;
    size_t n = args_list(args, "can", &list);

    for (size_t i = 0; i < n; i++) {
        struct suggest near;
        char hint[160];
        size_t k = 0;

        suggest_begin(&near, str_trim(list[i]));
        while (k < MODEL_CANS && !str_ieq(str_trim(list[i]), str_c(model_can_name(k))))
            suggest_offer(&near, str_c(model_can_name(k++)));
        if (k == MODEL_CANS)
            return err_set(e, ERR_USAGE,
                           "--can: there is no capability \"" STR_FMT "\"%s; there are images, tools, json",
                           STR_ARG(str_utf8_head(list[i], 60)), suggest_hint(&near, hint));
        f->can |= BIT(k);
    }
    return ERR_OK;
}

static bool models_wanted(const struct llm_price *p, const struct models_filter *f)
{
    struct str of = str_n(p->model.at, (size_t)MAX(str_find_byte(p->model, ':'), (ptrdiff_t)0));
    bool tier = (f->price_tiers & BIT(llm_price_tier(p))) != 0;

    for (int t = 0; t < CHOOSE_TIERS; t++)
        tier |= f->tiers & BIT(t) && choose_tier_has((enum choose_tier)t, p);
    return (!f->provider.len || str_ieq(of, f->provider)) && (!f->word.len || str_ifind(p->model, f->word) >= 0) &&
           (tier || (!f->tiers && !f->price_tiers)) && (p->can & f->can) == f->can &&
           (!f->min_context || p->context_tokens >= f->min_context);
}

static void models_money(int64_t nanousd, char out[MONEY_TEXT])
{
    if (nanousd < 0)
        snprintf(out, MONEY_TEXT, "-");
    else
        snprintf(out, MONEY_TEXT, "%.4g", money_to_double(nanousd));
}

static json_t *models_json(const struct llm_price *p, bool live)
{
    json_t *o = json_object(), *can = json_array();
    char money[MONEY_TEXT];

    json_set_str(o, "model", p->model);
    json_object_set_new(o, "input_usd_per_million", json_string(money_exact(p->input, money)));
    json_object_set_new(o, "output_usd_per_million", json_string(money_exact(p->output, money)));
    if (p->cached >= 0)
        json_object_set_new(o, "cached_usd_per_million", json_string(money_exact(p->cached, money)));
    if (p->context_tokens)
        json_object_set_new(o, "context_tokens", json_integer(p->context_tokens));
    if (p->output_tokens_max)
        json_object_set_new(o, "output_tokens_max", json_integer(p->output_tokens_max));
    json_set_str(o, "dated", p->dated);
    json_object_set_new(o, "tier", json_string(model_tier_name(llm_price_tier(p))));
    for (size_t i = 0; i < MODEL_CANS; i++)
        if (p->can & BIT(i))
            json_array_append_new(can, json_string(model_can_name(i)));
    json_object_set_new(o, "capabilities", p->can_known ? json_incref(can) : json_null());
    json_decref(can);
    json_object_set_new(o, "flagship", json_boolean(p->flagship));
    json_object_set_new(o, "fast", json_boolean(p->fast));
    json_object_set_new(o, "source", json_string(live ? "live" : "table"));
    return o;
}

static void models_row(struct grid *g, const struct llm_price *p, struct arena *a)
{
    char in[MONEY_TEXT], out[MONEY_TEXT], cached[MONEY_TEXT], context[24] = "-";
    AUTO_BUF struct buf can = BUF_INIT(64);

    models_money(p->input, in);
    models_money(p->output, out);
    models_money(p->cached, cached);
    if (p->context_tokens)
        snprintf(context, sizeof context, "%" PRId64, p->context_tokens);
    for (size_t i = 0; i < MODEL_CANS; i++)
        if (p->can & BIT(i))
            buf_printf(&can, "%s%s", can.len ? " " : "", model_can_name(i));
    grid_cell(g, p->model, GRID_PLAIN);
    grid_cell(g, str_c(in), GRID_PLAIN);
    grid_cell(g, str_c(out), GRID_PLAIN);
    grid_cell(g, str_c(cached), GRID_PLAIN);
    grid_cell(g, str_c(context), GRID_PLAIN);
    grid_cell(g, str_c(model_tier_name(llm_price_tier(p))), GRID_PLAIN);
    grid_cell(g, can.len ? arena_strdup(a, buf_str(&can)) : p->can_known ? S("none") : S("-"), GRID_DIM);
}

/* The list of what is on offer, when it is wanted; what could not be had is told, or is the error of --refresh. */
static enum err_code models_live(struct session *s, const struct args *args, struct live_list *list, struct err *e)
{
    struct live_options o = { .home = s->home.at, .refresh = args_has(args, "refresh") };

    o.ca_file = args_has(args, "ca-file") ? arena_cstr(s->arena, args_get(args, "ca-file")) : NULL;
    TRY(args_duration(args, "max-age", &o.max_age_ms, e));
    if (!o.refresh && !args_has(args, "live"))
        return ERR_OK;
    TRY(live_models(s->llm, &o, s->arena, list, e));
    if (list->stale_why.len)
        term_warn(STR_FMT "; the kept list stands in", STR_ARG(list->stale_why));
    for (size_t i = 0; i < list->count; i++)
        llm_price_add(s->llm, &list->rows[i]);
    return ERR_OK;
}

static void models_told(const struct session *s, const struct live_list *list, size_t shown)
{
    char when[CLOCK_TEXT];

    if (!shown)
        printf("(none: any model of a provider can be asked; one that is not in the table has no known cost)\n");
    printf("\nPrices of " STR_FMT ". Your own go into %s/prices.yaml.\n", STR_ARG(llm_prices_dated(s->llm)),
           s->home.at);
    if (list->fetched_ms)
        printf("%zu models are on offer at " STR_FMT
               " (%s%s), %zu more without a price; a row of the table goes before.\n",
               list->count, STR_ARG(list->address), list->kept ? "kept, asked " : "asked ",
               clock_text(list->fetched_ms, when), list->skipped);
}

static enum err_code models_list(struct session *s, const struct args *args, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "model (USD for a million tokens)", .least = 16 },
        { .heading = "input", .right = true }, { .heading = "output", .right = true },
        { .heading = "cached", .right = true, .drop = 3 }, { .heading = "context", .right = true, .drop = 1 },
        { .heading = "tier", .drop = 2 }, { .heading = "can", .drop = 4 },
    };
    struct models_filter f = { .provider = args_get(args, "provider"), .word = args_positional(args, 0) };
    json_t *list = args_has(args, "json") ? json_in_arena(json_array(), s->arena) : NULL;
    struct grid *g = grid_new(s->arena, columns, COUNT_OF(columns));
    size_t shown = 0, own = llm_price_count(s->llm);
    struct live_list live = { .rows = NULL };
    struct llm_price p;

    TRY(models_tiers(args, &f, e));
    TRY(models_can(args, &f, e));
    TRY(args_int(args, "min-context", 1, CHOOSE_CONTEXT_MAX, &f.min_context, e));
    TRY(models_live(s, args, &live, e));
    for (size_t i = 0; i < llm_price_count(s->llm); i++) {
        llm_price_at(s->llm, i, &p);
        if (!models_wanted(&p, &f))
            continue;
        shown++;
        if (list)
            json_array_append_new(list, models_json(&p, i >= own));
        else
            models_row(g, &p, s->arena);
    }
    if (list)
        return term_json(json_incref(list), e);
    TRY(session_grid(g, e));
    models_told(s, &live, shown);
    return ERR_OK;
}

/* --- what suits a task -------------------------------------------------------------------------------------------- */

static bool models_is_task(struct str word, struct arena *a)
{
    const char *path = arena_cstr(a, word);
    struct str ext = path_ext(word);

    return word.len && file_exists(path) &&
           (file_is_dir(path) || str_is(ext, "yaml") || str_is(ext, "yml") || str_is(ext, "json") || str_is(ext, "md"));
}

static enum err_code models_read_task(struct session *s, const char *path, struct task **task,
                                      struct data_pack_info *info, struct err *e)
{
    AUTO(problems_dispose) struct problems problems = PROBLEMS_INIT;
    AUTO(dataset_closep) struct dataset_reader *reader = NULL;
    struct task_overrides over = { .models = (struct str[]){ S("auto") }, .model_count = 1 };
    struct dataset_select all = { .limit = 0 };
    struct dataset_source source;
    enum err_code code = task_load(path, &over, s->arena, task, &problems, e);

    if (problems.list.len)
        session_problems(&problems);
    TRY(code);
    source = dataset_source_of(*task, s->arena);
    TRY(session_blob(s, e));
    TRY(dataset_open(&source, &all, &reader, e));
    return data_pack_build(reader, s->blob, info, NULL, NULL, e);
}

static enum err_code models_suggest(struct session *s, const struct args *args, struct err *e)
{
    struct data_pack_info info;
    struct choosing c;
    struct task *task;
    char money[MONEY_TEXT];

    TRY(models_read_task(s, args_positional(args, 0).at, &task, &info, e));
    TRY(choosing_choose(s, args, task, &info, CHOOSING_AFRESH, &c, e));
    if (args_has(args, "json")) {
        json_object_del(c.told, "request");
        return term_json(json_incref(c.told), e);
    }
    printf(STR_FMT ": " STR_FMT ", " STR_FMT ", context from %" PRId64 " tokens; %" PRId64
                   " models fit, %zu were looked at\n\n",
           STR_ARG(term_clean(task->name, s->arena)), STR_ARG(c.choice.analysis.type),
           STR_ARG(c.choice.analysis.complexity), c.choice.analysis.min_context, c.choice.fitting,
           c.choice.candidate_count);
    TRY(choosing_grid(s, &c.choice, e));
    choosing_warn(s, &c);
    if (c.choice.ledger.calls)
        printf("\nChosen by " STR_FMT " for %s.\n", STR_ARG(c.choice.selector),
               money_show(c.choice.ledger.cost_nanousd, money));
    if (!c.choice.keys)
        printf("\nNo key of any of these is set; `assay keys` says what is missing.\n");
    printf("\nnext: assay run " STR_FMT " --models auto\n", STR_ARG(args_positional(args, 0)));
    return ERR_OK;
}

static enum err_code models_run(struct args *args, int *status, struct err *e)
{
    AUTO_SESSION s = { 0 };
    AUTO_PAGER *pager = pager_begin(!args_has(args, "json") && !args_has(args, "no-pager"));

    (void)status, (void)pager;
    TRY(session_open(&s, e));
    TRY(session_llm(&s, args, e));
    return models_is_task(args_positional(args, 0), s.arena) ? models_suggest(&s, args, e) : models_list(&s, args, e);
}

const struct command command_models = {
    .name = "models", .usage = "[WORD | TASK] [options]", .summary = "List the models whose price is known, or suggest some for a task.",
    .doc = "WORD: only models with it in their names. TASK, a task file or folder: the models that `assay run TASK --models auto` would "
           "take, and why. Tiers are by price (input + output for a million tokens): quality from $25, value from $3, budget below, "
           "free; speed is what a vendor made for it. With --live the models that OpenRouter has on offer stand below the table's.",
    .options = models_options, .positional_max = 1, .complete = "model", .run = models_run,
};
