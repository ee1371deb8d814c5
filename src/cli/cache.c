/* assay cache ls|clear|stat: the answers that --cache keeps. */
#include "cli/session.h"
#include "eval/report/grid.h"

#define CACHE_LIST_USUAL 50

static const struct option cache_options[] = {
    { "model", 'm', "MODEL", "only answers of this model", "@model" },
    { "older-than", 0, "TIME", "clear: only answers older than this: 30m, 12h, 7d", NULL },
    { "limit", 'n', "N", "ls: at most N (default 50)", NULL },
    { "yes", 'y', NULL, "clear: ask nothing", NULL },
    { "json", 0, NULL, "as JSON", NULL },
    OPTION_END,
};

static json_t *cache_money(int64_t nanousd)
{
    char text[MONEY_TEXT];

    return nanousd == MONEY_UNKNOWN ? json_null() : json_string(money_exact(nanousd, text));
}

static json_t *cache_time(int64_t ms)
{
    char text[CLOCK_TEXT];

    return json_string(clock_text(ms, text));
}

/* "3 d", "5 h", "12 min", "40 s" */
static const char *cache_age(int64_t ms, char out[32])
{
    int64_t s = MAX((clock_wall_ms() - ms) / 1000, INT64_C(0));

    snprintf(out, 32, "%lld %s",
             (long long)(s >= 172800 ? s / 86400
                         : s >= 7200 ? s / 3600
                         : s >= 120  ? s / 60
                                     : s),
             s >= 172800 ? "d"
             : s >= 7200 ? "h"
             : s >= 120  ? "min"
                         : "s");
    return out;
}

static enum err_code cache_ls(struct session *s, const struct args *args, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "key", .drop = 3 }, { .heading = "model", .least = 12 },
        { .heading = "age", .right = true }, { .heading = "uses", .right = true },
        { .heading = "cost", .right = true, .drop = 1 }, { .heading = "saved", .right = true, .drop = 2 },
    };
    struct grid *g;
    struct store_cached *rows;
    json_t *list = json_array();
    int64_t limit = CACHE_LIST_USUAL;
    size_t n;

    TRY(args_int(args, "limit", 1, 1000000, &limit, e));
    TRY(store_cache_list(s->store, args_get(args, "model"), limit, s->arena, &rows, &n, e));
    for (size_t i = 0; i < n && args_has(args, "json"); i++)
        json_array_append_new(list, json_pack("{s:s,s:s,s:o,s:o,s:I,s:I,s:o,s:o}", "key", rows[i].key.at, "model", rows[i].model.at,
                                              "created_at", cache_time(rows[i].created_ms), "used_at", cache_time(rows[i].used_ms),
                                              "uses", (json_int_t)rows[i].uses, "bytes", (json_int_t)rows[i].bytes, "cost_usd",
                                              cache_money(rows[i].cost_nanousd), "saved_usd", cache_money(rows[i].saved_nanousd)));
    if (args_has(args, "json"))
        return term_json(list, e);
    json_decref(list);
    if (!n) {
        printf("no answers are kept%s\n",
               args_has(args, "model") ? " of that model" : "; assay run TASK --cache keeps them");
        return ERR_OK;
    }
    g = grid_new(s->arena, columns, COUNT_OF(columns));
    for (size_t i = 0; i < n; i++) {
        char age[32], cost[MONEY_TEXT], saved[MONEY_TEXT];

        grid_cell(g, str_sub(rows[i].key, 0, 12), GRID_PLAIN);
        grid_cell(g, rows[i].model, GRID_PLAIN);
        grid_cellf(g, "%s", cache_age(rows[i].created_ms, age));
        grid_cellf(g, "%lld", (long long)rows[i].uses);
        grid_cellf(g, "%s", money_show(rows[i].cost_nanousd, cost));
        grid_cellf(g, "%s", money_show(rows[i].saved_nanousd, saved));
    }
    return session_grid(g, e);
}

static enum err_code cache_stat(struct session *s, const struct args *args, struct err *e)
{
    static const struct grid_column columns[] = {
        { .heading = "model", .least = 12 }, { .heading = "answers", .right = true }, { .heading = "KiB", .right = true, .drop = 3 },
        { .heading = "uses", .right = true }, { .heading = "cost", .right = true, .drop = 1 }, { .heading = "saved", .right = true },
        { .heading = "oldest", .right = true, .drop = 2 },
    };
    struct grid *g;
    struct store_cache_stat *rows, sum = { .model = S("all") };
    json_t *list = json_array();
    char age[32], cost[MONEY_TEXT], saved[MONEY_TEXT];
    size_t n;

    TRY(store_cache_stat(s->store, s->arena, &rows, &n, e));
    for (size_t i = 0; i < n; i++) {
        sum.answers += rows[i].answers;
        sum.bytes += rows[i].bytes;
        sum.uses += rows[i].uses;
        sum.cost_nanousd += rows[i].cost_nanousd;
        sum.saved_nanousd += rows[i].saved_nanousd;
        json_array_append_new(list, json_pack("{s:s,s:I,s:I,s:I,s:o,s:o,s:o,s:o}", "model", rows[i].model.at, "answers",
                                              (json_int_t)rows[i].answers, "bytes", (json_int_t)rows[i].bytes, "uses",
                                              (json_int_t)rows[i].uses, "cost_usd", cache_money(rows[i].cost_nanousd), "saved_usd",
                                              cache_money(rows[i].saved_nanousd), "oldest_at", cache_time(rows[i].oldest_ms),
                                              "newest_at", cache_time(rows[i].newest_ms)));
    }
    if (args_has(args, "json"))
        return term_json(json_pack("{s:I,s:I,s:I,s:o,s:o,s:o}", "answers", (json_int_t)sum.answers, "bytes", (json_int_t)sum.bytes,
                                   "uses", (json_int_t)sum.uses, "cost_usd", cache_money(sum.cost_nanousd), "saved_usd",
                                   cache_money(sum.saved_nanousd), "models", list), e);
    json_decref(list);
    g = grid_new(s->arena, columns, COUNT_OF(columns));
    for (size_t i = 0; i <= n; i++) {
        const struct store_cache_stat *r = i < n ? &rows[i] : &sum;

        grid_cell(g, r->model, GRID_PLAIN);
        grid_cellf(g, "%lld", (long long)r->answers);
        grid_cellf(g, "%lld", (long long)((r->bytes + 1023) / 1024));
        grid_cellf(g, "%lld", (long long)r->uses);
        grid_cellf(g, "%s", money_show(r->cost_nanousd, cost));
        grid_cellf(g, "%s", money_show(r->saved_nanousd, saved));
        grid_cell(g, i < n ? str_c(cache_age(r->oldest_ms, age)) : S(""), GRID_PLAIN);
    }
    return session_grid(g, e);
}

struct cache_clearing { struct str model; int64_t before_ms, count; };

static enum err_code cache_clear_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct cache_clearing *c = arg;

    return store_tx_cache_clear(tx, c->model, c->before_ms, &c->count, e);
}

static enum err_code cache_clear(struct session *s, const struct args *args, struct err *e)
{
    struct cache_clearing c = { .model = args_get(args, "model"), .before_ms = INT64_MAX };
    int64_t age_ms = 0;

    TRY(args_duration(args, "older-than", &age_ms, e));
    if (age_ms)
        c.before_ms = clock_wall_ms() - age_ms;
    if (!args_has(args, "yes") && !term_ask("Forget these answers? They would have to be paid for again."))
        return err_set(e, ERR_CANCELLED, "nothing was cleared%s",
                       term_get()->err_tty ? "" : " (--yes clears without asking)");
    TRY(store_write(s->store, cache_clear_apply, &c, e));
    if (args_has(args, "json"))
        return term_json(json_pack("{s:I}", "cleared", (json_int_t)c.count), e);
    printf("cleared %lld answers\n", (long long)c.count);
    return ERR_OK;
}

static enum err_code cache_run(struct args *args, int *status, struct err *e)
{
    static const struct { const char *name; enum err_code (*run)(struct session *, const struct args *, struct err *); } actions[] = {
        { "ls", cache_ls }, { "clear", cache_clear }, { "stat", cache_stat },
    };
    struct str word = args_positional(args, 0);
    AUTO_SESSION s = { 0 };
    struct suggest near;
    char hint[160];

    (void)status;
    suggest_begin(&near, word);
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        suggest_offer(&near, str_c(actions[i].name));
        if (!str_is(word, actions[i].name))
            continue;
        TRY(session_open(&s, e));
        TRY(session_store(&s, e));
        return actions[i].run(&s, args, e);
    }
    return err_set(e, ERR_USAGE, "assay cache does ls, clear or stat, not \"" STR_FMT "\"%s", STR_ARG(word),
                   suggest_hint(&near, hint));
}

const struct command command_cache = {
    .name = "cache", .usage = "ls|clear|stat [--model MODEL]", .summary = "Answers kept by run --cache: list, clear, sum up.",
    .doc = "assay run TASK --cache gives an answer again when the same was asked before: the same provider and address, model,\n"
           "parameters, messages with their images, tools, form and repetition. It costs nothing then and the result says so.\n"
           "Repeats (--repeat) are never answered by one another.",
    .options = cache_options, .positional_min = 1, .positional_max = 1, .complete = "ls|clear|stat", .run = cache_run,
};
