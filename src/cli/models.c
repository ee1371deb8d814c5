/* assay models: the price table. */
#include "cli/pager.h"
#include "cli/session.h"
#include "eval/report/grid.h"

#include <inttypes.h>

static const struct option models_options[] = {
    { "provider", 0, "NAME", "only this provider's", "@provider" },
    { "json", 0, NULL, "as JSON", NULL },
    PAGER_OPTION,
    SESSION_PRICES_OPTION,
    OPTION_END,
};

static void models_money(int64_t nanousd, char out[MONEY_TEXT])
{
    if (nanousd < 0)
        snprintf(out, MONEY_TEXT, "-");
    else
        snprintf(out, MONEY_TEXT, "%.4g", money_to_double(nanousd));
}

static json_t *models_json(const struct llm_price *p)
{
    json_t *o = json_object();
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
    return o;
}

static bool models_wanted(const struct llm_price *p, struct str provider, struct str word)
{
    struct str of = str_n(p->model.at, (size_t)MAX(str_find_byte(p->model, ':'), (ptrdiff_t)0));

    return (!provider.len || str_ieq(of, provider)) && (!word.len || str_ifind(p->model, word) >= 0);
}

static enum err_code models_run(struct args *args, int *status, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "model (USD for a million tokens)", .least = 16 },
        { .heading = "input", .right = true }, { .heading = "output", .right = true },
        { .heading = "cached", .right = true, .drop = 2 }, { .heading = "context", .right = true, .drop = 1 },
    };
    AUTO_SESSION s = { 0 };
    AUTO_PAGER *pager = pager_begin(!args_has(args, "json") && !args_has(args, "no-pager"));
    struct str provider = args_get(args, "provider"), word = args_positional(args, 0);
    json_t *list = args_has(args, "json") ? json_array() : NULL;
    size_t shown = 0;
    struct llm_price p;
    struct grid *g;

    (void)status, (void)pager;
    TRY(session_open(&s, e));
    TRY(session_prices(&s, args, e));
    g = grid_new(s.arena, columns, COUNT_OF(columns));
    for (size_t i = 0; i < llm_price_count(s.llm); i++) {
        char in[MONEY_TEXT], out[MONEY_TEXT], cached[MONEY_TEXT], context[24] = "-";

        llm_price_at(s.llm, i, &p);
        if (!models_wanted(&p, provider, word))
            continue;
        shown++;
        if (list) {
            json_array_append_new(list, models_json(&p));
            continue;
        }
        models_money(p.input, in);
        models_money(p.output, out);
        models_money(p.cached, cached);
        if (p.context_tokens)
            snprintf(context, sizeof context, "%" PRId64, p.context_tokens);
        grid_cell(g, p.model, GRID_PLAIN);
        grid_cell(g, str_c(in), GRID_PLAIN);
        grid_cell(g, str_c(out), GRID_PLAIN);
        grid_cell(g, str_c(cached), GRID_PLAIN);
        grid_cell(g, str_c(context), GRID_PLAIN);
    }
    if (list)
        return term_json(list, e);
    TRY(session_grid(g, e));
    if (!shown)
        printf("(none: any model of a provider can be asked; one that is not in the table has no known cost)\n");
    printf("\nPrices of " STR_FMT ". Your own go into %s/prices.yaml.\n", STR_ARG(llm_prices_dated(s.llm)), s.home.at);
    return ERR_OK;
}

const struct command command_models = {
    .name = "models", .usage = "[WORD] [options]", .summary = "List the models whose price is known.",
    .options = models_options, .positional_max = 1, .complete = "model", .run = models_run,
};
