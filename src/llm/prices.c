#include "llm/prices.h"

#include "embedded.h"
#include "llm/provider/provider.h"

#define PRICES_FILE_BYTES_MAX (8u * 1024 * 1024)
#define PRICES_NAME_MAX 300
#define PRICES_ROWS_MAX 100000

struct prices {
    struct arena *arena;
    struct map by_name;                     /* "provider:id" to struct llm_price */
    VEC(struct llm_price *) rows;
    struct str dated;
};

/* --- reading ------------------------------------------------------------------------------------------------- */

static const struct prices_field { const char *name, *also; char kind; size_t at; } prices_fields[] = {
    { "model", "model_id", 's', offsetof(struct llm_price, model) },
    { "input", "input_price_per_1m", '$', offsetof(struct llm_price, input) },
    { "output", "output_price_per_1m", '$', offsetof(struct llm_price, output) },
    { "cached", "cached_price_per_1m", '$', offsetof(struct llm_price, cached) },
    { "cache_written", "cache_written_price_per_1m", '$', offsetof(struct llm_price, cache_written) },
    { "reasoning", "reasoning_price_per_1m", '$', offsetof(struct llm_price, reasoning) },
    { "context_tokens", "context_window", 'i', offsetof(struct llm_price, context_tokens) },
    { "reasoning_tokens", "typical_reasoning_tokens", 'i', offsetof(struct llm_price, reasoning_tokens) },
    { "output_tokens_max", "max_output_tokens", 'i', offsetof(struct llm_price, output_tokens_max) },
    { "capabilities", "can", 'c', 0 }, { "tier", "tier", 't', offsetof(struct llm_price, tier) },
    { "flagship", "flagship", 'b', offsetof(struct llm_price, flagship) }, { "fast", "fast", 'b', offsetof(struct llm_price, fast) },
    { "special", "special", 'b', offsetof(struct llm_price, special) },
    { "display_name", "label", '-', 0 }, { "provider", "vendor", '-', 0 }, { "note", "description", '-', 0 },
};

const char *model_can_name(size_t i)
{
    static const char *const names[MODEL_CANS] = { "images", "tools", "json" };

    return i < MODEL_CANS ? names[i] : NULL;
}

const char *model_tier_name(enum model_tier t)
{
    static const char *const names[MODEL_TIERS] = { "-", "quality", "value", "budget", "free" };

    return names[t];
}

enum model_tier llm_price_tier(const struct llm_price *p)
{
    int64_t sum;

    if (p->tier != MODEL_TIER_NONE)
        return p->tier;
    if (p->input < 0 || p->output < 0 || __builtin_add_overflow(p->input, p->output, &sum))
        return MODEL_TIER_NONE;
    return sum >= 25 * MONEY_PER_USD  ? MODEL_QUALITY
           : sum >= 3 * MONEY_PER_USD ? MODEL_VALUE
           : sum                      ? MODEL_BUDGET
                                      : MODEL_FREE;
}

/* [images, tools, json]: what is listed it can, the rest it can't. */
static enum err_code prices_read_can(struct str name, const struct doc_pair *pair, struct llm_price *row, struct err *e)
{
    const struct doc_node *v = pair->value;

    if (v->kind != DOC_LIST)
        return err_set(e, ERR_BAD_INPUT, STR_FMT ":%d: \"" STR_FMT "\" must be a list such as [images, tools, json]",
                       STR_ARG(name), pair->line, STR_ARG(pair->key));
    row->can = 0;
    row->can_known = BIT(MODEL_CANS) - 1;
    for (size_t i = 0; i < v->count; i++) {
        size_t k = 0;

        while (k < MODEL_CANS && !str_is(v->items[i]->text, model_can_name(k)))
            k++;
        if (k == MODEL_CANS)
            return err_set(e, ERR_BAD_INPUT,
                           STR_FMT ":%d: \"" STR_FMT "\" is no capability; there are images, tools, json",
                           STR_ARG(name), v->items[i]->line, STR_ARG(str_utf8_head(v->items[i]->text, 40)));
        row->can |= BIT(k);
    }
    return ERR_OK;
}

static enum err_code prices_read_tier(struct str name, const struct doc_pair *pair, struct llm_price *row,
                                      struct err *e)
{
    for (enum model_tier t = MODEL_QUALITY; t < MODEL_TIERS; t++)
        if (str_is(pair->value->text, model_tier_name(t))) {
            row->tier = t;
            return ERR_OK;
        }
    return err_set(e, ERR_BAD_INPUT,
                   STR_FMT ":%d: tier is quality, value, budget or free; without it the price decides", STR_ARG(name),
                   pair->line);
}

static enum err_code prices_read_field(struct str name, const struct doc_pair *pair, struct llm_price *row,
                                       struct err *e)
{
    const struct doc_node *v = pair->value;
    struct suggest near;
    char hint[160];

    suggest_begin(&near, pair->key);
    for (size_t i = 0; i < COUNT_OF(prices_fields); i++) {
        const struct prices_field *f = &prices_fields[i];
        void *at = (char *)row + f->at;

        suggest_offer(&near, str_c(f->name));
        if (!str_is(pair->key, f->name) && !str_is(pair->key, f->also))
            continue;
        if (f->kind == '-')
            return ERR_OK;
        if (f->kind == 's' && v->kind == DOC_STRING && v->text.len && v->text.len < PRICES_NAME_MAX)
            *(struct str *)at = v->text;
        else if (f->kind == 's')
            return err_set(e, ERR_BAD_INPUT,
                           STR_FMT ":%d: \"" STR_FMT "\" must be a model's name such as openai:gpt-4o-mini",
                           STR_ARG(name), pair->line, STR_ARG(pair->key));
        else if (f->kind == '$' && (v->kind == DOC_LIST || v->kind == DOC_MAP || !money_parse(v->text, (int64_t *)at)))
            return err_set(e, ERR_BAD_INPUT,
                           STR_FMT ":%d: \"" STR_FMT "\" must be dollars for a million tokens, such as 0.15, "
                                   "with at most 9 decimals",
                           STR_ARG(name), pair->line, STR_ARG(pair->key));
        else if (f->kind == 'i' && (v->kind != DOC_INT || v->integer < 0))
            return err_set(e, ERR_BAD_INPUT, STR_FMT ":%d: \"" STR_FMT "\" must be a whole number of tokens",
                           STR_ARG(name), pair->line, STR_ARG(pair->key));
        else if (f->kind == 'i')
            *(int64_t *)at = v->integer;
        else if (f->kind == 'b' && v->kind != DOC_BOOL)
            return err_set(e, ERR_BAD_INPUT, STR_FMT ":%d: \"" STR_FMT "\" must be true or false", STR_ARG(name),
                           pair->line, STR_ARG(pair->key));
        else if (f->kind == 'b')
            *(bool *)at = v->truth;
        else if (f->kind == 'c')
            return prices_read_can(name, pair, row, e);
        else if (f->kind == 't')
            return prices_read_tier(name, pair, row, e);
        return ERR_OK;
    }
    return err_set(e, ERR_BAD_INPUT, STR_FMT ":%d: a price row has no \"" STR_FMT "\"%s", STR_ARG(name), pair->line,
                   STR_ARG(pair->key), suggest_hint(&near, hint));
}

static void prices_put(struct prices *p, const struct llm_price *row, struct str model)
{
    struct llm_price *old = map_get(&p->by_name, model), *mine = old ? old : arena_new(p->arena, struct llm_price);

    *mine = *row;
    mine->model = old ? old->model : arena_strdup(p->arena, model);
    if (old)
        return;
    map_put(&p->by_name, mine->model, mine);
    vec_push(&p->rows, mine);
}

/* "anthropic/claude-sonnet-4.5", as lists of aggregators write it, is the aggregator's model and, when the vendor is
 * one we know, that vendor's too. */
static enum err_code prices_add_row(struct prices *p, struct str name, int line, struct llm_price *row, struct err *e)
{
    ptrdiff_t colon = str_find_byte(row->model, ':'), slash = str_find_byte(row->model, '/');
    const struct provider *vendor = colon > 0 ? provider_find(str_sub(row->model, 0, (size_t)colon)) : NULL;

    if (vendor) {
        prices_put(p, row,
                   arena_printf(p->arena, "%s:" STR_FMT, vendor->name,
                                STR_ARG(str_from(row->model, (size_t)colon + 1))));
        return ERR_OK;
    }
    if (slash <= 0)
        return err_set(e, ERR_BAD_INPUT,
                       STR_FMT ":%d: \"" STR_FMT "\" does not say whose model it is: write provider:model",
                       STR_ARG(name), line, STR_ARG(row->model));
    prices_put(p, row, arena_printf(p->arena, "openrouter:" STR_FMT, STR_ARG(row->model)));
    vendor = provider_find(str_sub(row->model, 0, (size_t)slash));
    if (vendor)
        prices_put(p, row,
                   arena_printf(p->arena, "%s:" STR_FMT, vendor->name,
                                STR_ARG(str_from(row->model, (size_t)slash + 1))));
    return ERR_OK;
}

static enum err_code prices_read_row(struct prices *p, struct str name, const struct doc_node *n, struct str dated,
                                     struct err *e)
{
    struct llm_price row = {
        .input = -1, .output = -1, .cached = -1, .cache_written = -1, .reasoning = -1, .dated = dated
    };

    if (n->kind != DOC_MAP)
        return err_set(e, ERR_BAD_INPUT,
                       STR_FMT ":%d: a price row must be a mapping with model, input and output, not %s", STR_ARG(name),
                       n->line, doc_kind_name(n->kind));
    for (size_t i = 0; i < n->count; i++)
        TRY(prices_read_field(name, &n->pairs[i], &row, e));
    if (!row.model.len || row.input < 0 || row.output < 0)
        return err_set(e, ERR_BAD_INPUT, STR_FMT ":%d: a price row needs %s", STR_ARG(name), n->line,
                       !row.model.len  ? "model"
                       : row.input < 0 ? "input"
                                       : "output");
    return prices_add_row(p, name, n->line, &row, e);
}

static enum err_code prices_read(struct prices *p, struct str name, struct str text, struct err *e)
{
    struct doc_node *root, *rows, *dated;

    TRY(doc_read(name, text, DOC_YAML, p->arena, &root, e));
    rows = doc_get(root, "models");
    dated = doc_get(root, "dated");
    if (root->kind == DOC_NULL)
        return ERR_OK;                      /* an empty file adds nothing */
    for (size_t i = 0; root->kind == DOC_MAP && i < root->count; i++)
        if (!str_is(root->pairs[i].key, "models") && !str_is(root->pairs[i].key, "dated") &&
            !str_is(root->pairs[i].key, "note"))
            return err_set(e, ERR_BAD_INPUT,
                           STR_FMT ":%d: a price file has no \"" STR_FMT "\"; it has dated, note and models",
                           STR_ARG(name), root->pairs[i].line, STR_ARG(root->pairs[i].key));
    if (!rows || rows->kind != DOC_LIST)
        return err_set(e, ERR_BAD_INPUT, STR_FMT ":%d: a price file needs models, a list of rows", STR_ARG(name),
                       rows ? rows->line : root->line);
    if (rows->count > PRICES_ROWS_MAX)
        return err_set(e, ERR_TOO_LARGE, STR_FMT ": %zu rows; at most %d are allowed", STR_ARG(name), rows->count,
                       PRICES_ROWS_MAX);
    if (dated && dated->kind != DOC_STRING)
        return err_set(e, ERR_BAD_INPUT, STR_FMT ":%d: dated must be a day such as 2026-11-01", STR_ARG(name),
                       dated->line);
    for (size_t i = 0; i < rows->count; i++)
        TRY(prices_read_row(p, name, rows->items[i], dated ? dated->text : STR_NONE, e));
    if (dated && !p->dated.len)
        p->dated = dated->text;
    return ERR_OK;
}

static enum err_code prices_read_file(struct prices *p, const char *path, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(PRICES_FILE_BYTES_MAX);

    TRY(file_read(path, PRICES_FILE_BYTES_MAX, &text, e));
    return prices_read(p, str_c(path), buf_str(&text), e);
}

enum err_code prices_load(const char *file, const char *over, struct prices **out, struct err *e)
{
    AUTO(prices_freep) struct prices *p = xcalloc(1, sizeof *p);

    p->arena = arena_new_sized(64 * 1024);
    if (file)
        TRY(prices_read_file(p, file, e));
    else
        TRY(prices_read(p, S("data/prices.yaml"), embedded_data_prices_yaml.bytes, e));
    if (over && file_exists(over))
        TRY(prices_read_file(p, over, e));
    *out = TAKE(p);
    return ERR_OK;
}

void prices_free(struct prices *p)
{
    if (!p)
        return;
    vec_dispose(&p->rows);
    map_dispose(&p->by_name);
    arena_free(p->arena);
    free(p);
}

void prices_freep(struct prices **p)
{
    prices_free(TAKE(*p));
}

/* --- asking -------------------------------------------------------------------------------------------------- */

/* A free variant of an aggregator costs nothing whatever its model costs. */
static bool prices_is_free(struct str provider, struct str id)
{
    return str_is(provider, "openrouter") && str_ends(id, S(":free"));
}

bool prices_find(const struct prices *p, struct str provider, struct str id, struct llm_price *out)
{
    char key[PRICES_NAME_MAX + 64];
    size_t head = provider.len + 1, n = id.len;
    struct llm_price *row = NULL;

    if (str_is(provider, "sim") && str_find_byte(id, '!') >= 0)
        n = (size_t)str_find_byte(id, '!');                 /* "careful!429": a fault asked of it, the same model */
    if (head + n + 1 > sizeof key)
        return false;
    memcpy(key, provider.at, provider.len);
    key[provider.len] = ':';
    if (n)
        memcpy(key + head, id.at, n);
    while (n && !(row = map_get(&p->by_name, str_n(key, head + n)))) {
        do {
            n--;
        } while (n && !memchr("-:@./!", id.at[n], 6));
    }
    if (!row) {
        key[head] = '*';
        row = map_get(&p->by_name, str_n(key, head + 1));
    }
    if (row)
        *out = *row;
    if (row && prices_is_free(provider, id))
        out->input = out->output = out->cached = out->cache_written = out->reasoning = 0;
    return row != NULL;
}

int64_t prices_cost(const struct llm_price *price, const struct usage *u)
{
    int64_t tokens[] = { u->input - u->cached - u->cache_written, u->cached, u->cache_written, u->output - u->reasoning,
                         u->reasoning };
    int64_t prices[] = { price->input, price->cached >= 0 ? price->cached : price->input,
                         price->cache_written >= 0 ? price->cache_written : price->input, price->output,
                         price->reasoning >= 0 ? price->reasoning : price->output };
    int64_t cost;

    return money_of_tokens(tokens, prices, COUNT_OF(tokens), &cost) ? cost : MONEY_UNKNOWN;
}

void prices_add(struct prices *p, const struct llm_price *row)
{
    struct llm_price mine = *row;

    if (map_get(&p->by_name, row->model))
        return;
    mine.dated = arena_strdup(p->arena, row->dated);
    prices_put(p, &mine, row->model);
}

size_t prices_count(const struct prices *p)
{
    return p->rows.len;
}

void prices_at(const struct prices *p, size_t i, struct llm_price *out)
{
    ASSERT(i < p->rows.len);
    *out = *p->rows.at[i];
}

struct str prices_dated(const struct prices *p)
{
    return p->dated;
}
