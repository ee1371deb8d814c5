#include "cli/choosing.h"

#include "eval/report/grid.h"
#include "llm/live.h"

#include <inttypes.h>

#define CHOOSING_RUNS 50                        /* newest runs of the task that are looked at for an unfinished one */

/* --- what is wished ----------------------------------------------------------------------------------------------- */

struct choosing_wish { struct choose_wish wish; struct str selector; };

static enum err_code choosing_tier(struct str name, unsigned *tiers, struct err *e)
{
    enum choose_tier t = CHOOSE_QUALITY;

    TRY(choose_tier_from(str_trim(name), &t, e));
    *tiers |= BIT(t);
    return ERR_OK;
}

static enum err_code choosing_provider(struct session *s, struct str name, struct err *e)
{
    struct llm_provider_info info;
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (size_t i = 0; llm_provider_at(s->llm, i, &info); i++) {
        if (str_ieq(name, str_c(info.name)))
            return ERR_OK;
        suggest_offer(&near, str_c(info.name));
    }
    return err_set(e, ERR_USAGE, "--providers: there is no provider \"" STR_FMT "\"%s; `assay providers` lists them",
                   STR_ARG(str_utf8_head(name, 60)), suggest_hint(&near, hint));
}

static enum err_code choosing_of_task(struct session *s, const json_t *o, struct choosing_wish *out, struct err *e)
{
    const json_t *tiers = json_child(o, "tiers"), *providers = json_child(o, "providers");
    struct str *list = arena_array(s->arena, struct str, json_array_size(providers) + 1);

    for (size_t i = 0; i < json_array_size(tiers); i++)
        TRY(choosing_tier(json_to_str(json_array_get(tiers, i)), &out->wish.tiers, e));
    for (size_t i = 0; i < json_array_size(providers); i++)
        list[i] = json_to_str(json_array_get(providers, i));
    out->wish.providers = list;
    out->wish.provider_count = json_array_size(providers);
    out->wish.models_max = json_get_i64(o, "max_models", 0);
    out->wish.min_context = json_get_i64(o, "min_context", 0);
    out->selector = json_get_str(o, "selector");
    return ERR_OK;
}

/* The command line goes over the task. */
static enum err_code choosing_wishes(struct session *s, const struct args *args, const struct task *task,
                                     struct choosing_wish *out, struct err *e)
{
    struct str *list;
    size_t n;

    TRY(choosing_of_task(s, task->choose, out, e));
    if (args_has(args, "tiers")) {
        out->wish.tiers = 0;
        n = args_list(args, "tiers", &list);
        for (size_t i = 0; i < n; i++)
            TRY(choosing_tier(list[i], &out->wish.tiers, e));
    }
    if (args_has(args, "providers")) {
        out->wish.provider_count = args_list(args, "providers", &list);
        out->wish.providers = list;
    }
    for (size_t i = 0; i < out->wish.provider_count; i++)
        TRY(choosing_provider(s, out->wish.providers[i], e));
    TRY(args_int(args, "max-models", 1, CHOOSE_MODELS_MAX, &out->wish.models_max, e));
    TRY(args_int(args, "min-context", 1, CHOOSE_CONTEXT_MAX, &out->wish.min_context, e));
    if (args_has(args, "selector"))
        out->selector = args_get(args, "selector");
    out->wish.budget_nanousd = task->budget_nanousd;
    return ERR_OK;
}

/* All that decides the choice but the table. */
static struct str choosing_request(struct session *s, const struct task *task, const struct choosing_wish *w,
                                   const struct data_pack_info *info)
{
    AUTO_JSON *o = json_object();
    AUTO_BUF struct buf text = BUF_INIT(64u << 20);
    json_t *providers = json_array();
    char hash[HASH_HEX];

    json_set_str(o, "task", task->text);
    json_set_str(o, "path", task->path);
    json_set_str(o, "cases", str_c(info ? info->content : ""));
    json_set_str(o, "selector", w->selector);
    json_object_set_new(o, "repeat", json_integer(task->repeat));
    json_object_set_new(o, "tiers", json_integer(w->wish.tiers));
    json_object_set_new(o, "max_models", json_integer(w->wish.models_max));
    json_object_set_new(o, "min_context", json_integer(w->wish.min_context));
    for (size_t i = 0; i < w->wish.provider_count; i++)
        json_array_append_new(providers, json_from_str(w->wish.providers[i]));
    json_object_set_new(o, "providers", providers);
    json_write_canonical(o, &text);
    hash_sha256_hex(buf_str(&text), hash);
    return arena_strdup(s->arena, str_c(hash));
}

/* --- what is on offer --------------------------------------------------------------------------------------------- */

void choosing_live(struct session *s, const struct args *args, bool ask)
{
    struct model m = { .provider = S("openrouter"), .id = S("-"), .name = S("openrouter:-") };
    struct live_options o = { .home = s->home.at, .offline = !ask };
    struct err e = ERR_INIT;
    struct live_list list;

    o.ca_file = args_has(args, "ca-file") ? arena_cstr(s->arena, args_get(args, "ca-file")) : NULL;
    if (llm_model_check_key(s->llm, &m, &e) != ERR_OK)
        return;
    if (live_models(s->llm, &o, s->arena, &list, &e) != ERR_OK) {
        if (ask)
            term_warn("%s; models are chosen from the price table alone", e.text);
        return;
    }
    if (list.stale_why.len)
        term_warn(STR_FMT "; an older list stands in", STR_ARG(list.stale_why));
    for (size_t i = 0; i < list.count; i++)
        llm_price_add(s->llm, &list.rows[i]);
}

/* --- choosing ----------------------------------------------------------------------------------------------------- */

static int choosing_interrupted(void *arg)
{
    (void)arg;
    return interrupts_seen();
}

/* The newest unfinished run that was chosen by the same request. */
static enum err_code choosing_again(struct session *s, const struct task *task, struct choosing *out, struct err *e)
{
    struct store_run_row *rows;
    size_t count;

    TRY(session_store(s, e));
    TRY(store_runs_list(s->store, task->name, CHOOSING_RUNS, 0, s->arena, &rows, &count, e));
    for (size_t i = 0; i < count; i++) {
        AUTO_JSON *settings = NULL;
        json_t *chosen;

        if (rows[i].run.state == RUN_DONE || rows[i].run.state == RUN_CANCELLED ||
            json_read(rows[i].run.settings, &settings, NULL) != ERR_OK)
            continue;
        chosen = json_child(json_child(settings, "task"), "chosen");
        if (!str_eq(json_get_str(chosen, "request"), out->request))
            continue;
        out->told = json_in_arena(json_incref(chosen), s->arena);
        out->reused = true;
        return ERR_OK;
    }
    return ERR_OK;
}

static enum err_code choosing_selector(struct session *s, const struct args *args, struct str name,
                                       const struct task *task, const struct data_pack_info *info,
                                       struct choosing_wish *w, struct err *e)
{
    struct model *m = arena_new(s->arena, struct model);
    struct variant v = { .prompt = 0 };
    struct task only = { .variants = &v, .variant_count = 1 };
    char money[MONEY_TEXT];
    int64_t cost;

    TRY(llm_model_resolve(name, s->arena, m, e));
    TRY(llm_model_check_key(s->llm, m, e));
    v.model = *m;
    TRY(session_sim(s, args, &only, info ? info->hash : NULL, e));
    w->wish.selector = m;
    cost = choose_cost(s->llm, m, task);
    term_note("asking " STR_FMT " to choose models: 2 calls, %s%s", STR_ARG(m->name),
              cost == MONEY_UNKNOWN ? "of unknown price" : "about ",
              cost == MONEY_UNKNOWN ? "" : money_show(cost, money));
    w->wish.interrupted = choosing_interrupted;
    interrupts_watch();
    return ERR_OK;
}

static enum err_code choosing_now(struct session *s, const struct args *args, const struct task *task,
                                  const struct data_pack_info *info, enum choosing_how how, struct choosing_wish *w,
                                  struct choosing *out, struct err *e)
{
    int64_t prompt = (int64_t)(task->system.len + (task->prompt_count ? task->prompts[0].source.len : 0));
    struct choose_input in = { .cases = info ? info->cases : 0 };
    bool ask = how != CHOOSING_BY_RULES;

    if (info) {                                 /* four letters a token on average, three at worst */
        in.input_tokens = (info->var_bytes_avg + prompt) / 4 + 1;
        in.input_tokens_max = (info->var_bytes_max + prompt) / 3 + 1;
    }
    choosing_live(s, args, ask);
    if (w->selector.len && ask)
        TRY(choosing_selector(s, args, w->selector, task, info, w, e));
    else if (w->selector.len)
        term_note("the selector is not asked here: models are chosen by rules; a run may choose others");
    TRY(choose_models(s->llm, task, &in, &w->wish, s->arena, &out->choice, e));
    out->told = json_in_arena(choice_json(&out->choice), s->arena);
    json_set_str(out->told, "request", out->request);
    return ERR_OK;
}

enum err_code choosing_choose(struct session *s, const struct args *args, const struct task *task,
                              const struct data_pack_info *info, enum choosing_how how, struct choosing *out,
                              struct err *e)
{
    struct choosing_wish w = { .selector = STR_NONE };

    *out = (struct choosing){ .reused = false };
    TRY(choosing_wishes(s, args, task, &w, e));
    out->request = choosing_request(s, task, &w, info);
    if (how == CHOOSING_ASKING && info)
        TRY(choosing_again(s, task, out, e));
    return out->told ? ERR_OK : choosing_now(s, args, task, info, how, &w, out, e);
}

/* --- telling ------------------------------------------------------------------------------------------------------ */

static void choosing_line(struct session *s, struct buf *b, const json_t *m)
{
    struct str why = term_clean(json_get_str(m, "why"), s->arena),
               best = term_clean(json_get_str(m, "best_for"), s->arena);

    buf_printf(b, "  " STR_FMT "  " STR_FMT "  $" STR_FMT " in, $" STR_FMT " out for a million tokens",
               STR_ARG(json_get_str(m, "model_id")), STR_ARG(json_get_str(m, "tier")),
               STR_ARG(json_get_str(m, "input_cost_per_1m")), STR_ARG(json_get_str(m, "output_cost_per_1m")));
    if (why.len)
        buf_printf(b, "\n      " STR_FMT, STR_ARG(why));
    if (best.len)
        buf_printf(b, "; best for " STR_FMT, STR_ARG(best));
    buf_byte(b, '\n');
}

void choosing_warn(struct session *s, const struct choosing *c)
{
    if (c->choice.fallback_why.len)
        term_warn(STR_FMT ": the models were chosen by rules", STR_ARG(term_clean(c->choice.fallback_why, s->arena)));
    if (c->choice.dropped)
        term_warn("%zu of the selector's models are no candidates and were dropped", c->choice.dropped);
    if (c->choice.over_budget)
        term_warn("no model keeps within the budget by the estimate; the cheapest stand in");
}

static void choosing_tell(struct session *s, const struct choosing *c)
{
    AUTO_BUF struct buf b = BUF_INIT(1u << 20);
    const json_t *x = json_child(c->told, "task_analysis"), *models = json_child(c->told, "models");
    char money[MONEY_TEXT];

    if (c->reused)
        buf_puts(&b, "models as an unfinished run of this task was chosen:\n");
    else
        buf_printf(&b, "models chosen by " STR_FMT " (" STR_FMT ", " STR_FMT ", context from %" PRId64 " tokens):\n",
                   STR_ARG(c->choice.selector.len && !c->choice.fallback_why.len ? c->choice.selector : S("rules")),
                   STR_ARG(json_get_str(x, "type")), STR_ARG(json_get_str(x, "complexity")),
                   json_get_i64(x, "min_context_tokens", 0));
    for (size_t i = 0; i < json_array_size(models); i++)
        choosing_line(s, &b, json_array_get(models, i));
    if (c->choice.ledger.calls)
        buf_printf(&b, "choosing cost %s%s\n", money_show(c->choice.ledger.cost_nanousd, money),
                   c->choice.ledger.unknown_calls ? " + what has no price" : "");
    if (b.len && !buf_failed(&b))
        term_note("%.*s", (int)(b.len - 1), b.bytes);
    choosing_warn(s, c);
}

enum err_code choosing_make(struct session *s, const struct args *args, struct task **task, const char *path,
                            const struct data_pack_info *info, enum choosing_how how, struct choosing *out,
                            struct err *e)
{
    const json_t *models;
    struct str *list;
    size_t n;

    TRY(choosing_choose(s, args, *task, info, how, out, e));
    choosing_tell(s, out);
    models = json_child(out->told, "models");
    n = json_array_size(models);
    if (!n)
        return err_set(e, ERR_STORE,
                       "the unfinished run of this task does not say which models were chosen; --fresh starts anew");
    list = arena_array(s->arena, struct str, n);
    for (size_t i = 0; i < n; i++)
        list[i] = json_get_str(json_array_get(models, i), "model_id");
    s->chosen = list;
    s->chosen_count = n;
    TRY(session_task(s, args, path, task, e));
    (*task)->chosen = out->told;
    return ERR_OK;
}

enum err_code choosing_grid(struct session *s, const struct choice *c, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "#", .right = true }, { .heading = "model", .least = 12 }, { .heading = "tier" }, { .heading = "input", .right = true },
        { .heading = "output", .right = true }, { .heading = "context", .right = true, .drop = 1 }, { .heading = "best for", .least = 8, .drop = 2 },
    };
    struct grid *g = grid_new(s->arena, columns, COUNT_OF(columns));

    for (size_t i = 0; i < c->pick_count; i++) {
        const struct llm_price *p = &c->picks[i].of->price;
        char in[MONEY_TEXT], out[MONEY_TEXT];

        grid_cellf(g, "%zu", i + 1);
        grid_cell(g, p->model, GRID_PLAIN);
        grid_cell(g, str_c(choose_tier_name(c->picks[i].tier)), GRID_PLAIN);
        grid_cellf(g, "%s", money_exact(p->input, in));
        grid_cellf(g, "%s", money_exact(p->output, out));
        grid_cellf(g, "%" PRId64, p->context_tokens);
        grid_cell(g, c->picks[i].best_for, GRID_DIM);
    }
    TRY(session_grid(g, e));
    printf("\n");
    for (size_t i = 0; i < c->pick_count; i++)
        if (c->picks[i].why.len)
            term_wrap(stdout, arena_printf(s->arena, "%zu: " STR_FMT, i + 1, STR_ARG(c->picks[i].why)), 0,
                      term_get()->columns);
    return ERR_OK;
}
