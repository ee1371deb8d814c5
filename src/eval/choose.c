#include "eval/choose_parts.h"

#include <inttypes.h>

const char *const choose_types[CHOOSE_WORDS_MAX] = { "extraction", "summarization", "coding", "reasoning", "creative", "chat", "analysis" };
const char *const choose_complexities[CHOOSE_WORDS_MAX] = { "simple", "moderate", "complex" };
const char *const choose_levels[CHOOSE_WORDS_MAX] = { "low", "medium", "high" };

const char *choose_tier_name(enum choose_tier t)
{
    static const char *const names[CHOOSE_TIERS] = { "quality", "value", "budget", "speed" };

    return names[t];
}

enum err_code choose_tier_from(struct str name, enum choose_tier *out, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    for (int i = 0; i < CHOOSE_TIERS; i++) {
        if (str_ieq(name, str_c(choose_tier_name((enum choose_tier)i))))
            return *out = (enum choose_tier)i, ERR_OK;
        suggest_offer(&near, str_c(choose_tier_name((enum choose_tier)i)));
    }
    return err_set(e, ERR_USAGE, "there is no tier \"" STR_FMT "\"%s; there are quality, value, budget, speed",
                   STR_ARG(str_utf8_head(name, 60)), suggest_hint(&near, hint));
}

bool choose_tier_has(enum choose_tier t, const struct llm_price *p)
{
    enum model_tier of = llm_price_tier(p);

    switch (t) {
    case CHOOSE_QUALITY: return of == MODEL_QUALITY;
    case CHOOSE_VALUE:   return of == MODEL_VALUE;
    case CHOOSE_BUDGET:  return of == MODEL_BUDGET || of == MODEL_FREE;
    default:             return p->fast;
    }
}

const char *choose_context_size(int64_t tokens)
{
    return tokens < 8000 ? "small" : tokens < 32000 ? "medium" : tokens < 128000 ? "large" : "very_large";
}

int64_t choose_models_max(const struct choose_wish *w)
{
    return w->models_max ? MIN(w->models_max, (int64_t)CHOOSE_MODELS_MAX) : CHOOSE_MODELS;
}

/* --- step 1, by rules --------------------------------------------------------------------------------------------- */

static const struct choose_word { const char *word, *type; } choose_words_of[] = {
    { "extract", "extraction" }, { "classif", "extraction" }, { "route", "extraction" }, { "tag", "extraction" },
    { "label", "extraction" }, { "summar", "summarization" }, { "shorten", "summarization" }, { "code", "coding" },
    { "program", "coding" }, { "sql", "coding" }, { "reason", "reasoning" }, { "solve", "reasoning" }, { "math", "reasoning" },
    { "story", "creative" }, { "poem", "creative" }, { "slogan", "creative" }, { "chat", "chat" }, { "conversation", "chat" },
};

/* The word that stands first in what the task says decides. */
static struct str choose_type(const struct task *t)
{
    const struct str texts[] = { t->description, t->prompt_count ? t->prompts[0].source : STR_NONE, t->name };

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        ptrdiff_t first = PTRDIFF_MAX;
        const char *type = NULL;

        for (size_t k = 0; k < COUNT_OF(choose_words_of); k++) {
            ptrdiff_t at = str_ifind(str_utf8_head(texts[i], 16384), str_c(choose_words_of[k].word));

            if (at >= 0 && at < first) {
                first = at;
                type = choose_words_of[k].type;
            }
        }
        if (type)
            return str_c(type);
    }
    return t->output.format_given && t->output.format == OUTPUT_JSON ? S("extraction") : S("analysis");
}

static bool choose_has_images(const struct task *t)
{
    bool images = t->image_count > 0;

    for (size_t i = 0; i < t->prompt_count; i++) {
        images |= t->prompts[i].image_count > 0;
        for (size_t k = 0; k < t->prompts[i].message_count; k++)
            images |= t->prompts[i].messages[k].image_count > 0;
    }
    return images;
}

static void choose_analyse(struct chooser *c)
{
    struct choose_analysis *x = &c->out->analysis;
    int64_t size = c->in->input_tokens_max;

    *x = (struct choose_analysis){ .type = choose_type(c->task), .quality_sensitivity = S("medium"), .cost_sensitivity = S("medium") };
    x->complexity = str_is(x->type, "coding") || str_is(x->type, "reasoning") || c->task->turn_count || size > 20000 ? S("complex")
                    : c->task->output.schema || size > 2000                                                       ? S("moderate")
                                                                                                                  : S("simple");
    x->can = (choose_has_images(c->task) ? MODEL_CAN_IMAGES : 0u) | (c->task->tools ? MODEL_CAN_TOOLS : 0u);
    x->min_context = CHOOSE_CONTEXT;
}

/* What the largest case needs, with an answer, is needed whatever anybody says; what the user says goes before the
 * rest. */
static void choose_need_context(struct chooser *c)
{
    int64_t cases = MIN(c->in->input_tokens_max, (int64_t)CHOOSE_CONTEXT_MAX) / 4 * 5, least;

    least = cases ? cases + 4096 : 0;
    if (c->w->min_context)
        c->out->analysis.min_context = c->w->min_context;
    c->out->analysis.min_context = CLAMP(MAX(c->out->analysis.min_context, least), INT64_C(1),
                                         (int64_t)CHOOSE_CONTEXT_MAX);
}

/* --- step 2 ------------------------------------------------------------------------------------------------------- */

enum choose_bar { BAR_NONE, BAR_PROVIDER, BAR_CONTEXT, BAR_CAPABILITY, BARS };

static bool choose_wants_provider(const struct chooser *c, struct str provider)
{
    for (size_t i = 0; i < c->w->provider_count; i++)
        if (str_ieq(c->w->providers[i], provider))
            return true;
    if (c->w->provider_count)
        return false;
    return str_is(provider, "sim") == (c->w->selector && str_is(c->w->selector->provider, "sim"));
}

static enum choose_bar choose_bar(const struct chooser *c, const struct llm_price *p, struct str provider)
{
    unsigned can = c->out->analysis.can;

    if (!choose_wants_provider(c, provider))
        return BAR_PROVIDER;
    if (p->context_tokens && p->context_tokens < c->out->analysis.min_context)
        return BAR_CONTEXT;
    return can & p->can_known & ~p->can ? BAR_CAPABILITY : BAR_NONE;
}

static bool choose_keyed(const struct llm *l, struct str provider)
{
    struct llm_provider_info info;

    for (size_t i = 0; llm_provider_at(l, i, &info); i++)
        if (str_is(provider, info.name))
            return !info.key_needed || info.key_found;
    return false;
}

/* "openrouter:openai/gpt-4o" is the same model as openai:gpt-4o, where that has a row and a key of its own. */
static bool choose_is_second_hand(const struct chooser *c, const struct llm_price *p)
{
    struct str id = str_from(p->model, sizeof "openrouter:" - 1);
    ptrdiff_t slash = str_find_byte(id, '/');
    struct llm_price own;
    struct model m;

    if (!str_starts(p->model, S("openrouter:")) || slash <= 0)
        return false;
    m = (struct model){ .provider = str_sub(id, 0, (size_t)slash), .id = str_from(id, (size_t)slash + 1) };
    return choose_wants_provider(c, m.provider) && choose_keyed(c->l, m.provider) && llm_price_of(c->l, &m, &own);
}

static int64_t choose_run_cost(const struct chooser *c, const struct llm_price *p)
{
    int64_t trials, tokens[2], prices[2] = { p->input, p->output }, cost;

    if (__builtin_mul_overflow(c->in->cases, MAX(c->task->repeat, INT64_C(1)), &trials) ||
        __builtin_mul_overflow(trials, c->in->input_tokens, &tokens[0]) ||
        __builtin_mul_overflow(trials, (int64_t)CHOOSE_OUTPUT, &tokens[1]) ||
        !money_of_tokens(tokens, prices, 2, &cost))
        return INT64_MAX;
    return cost;
}

struct choose_list { struct choose_candidate *at; size_t len; };         /* in the arena */

static int64_t choose_price(const struct choose_candidate *x)
{
    return x->price.input + x->price.output;
}

/* Every row that fits, in the table's order. */
static void choose_fitting(struct chooser *c, struct choose_list *list, size_t bars[BARS])
{
    for (size_t i = 0; i < llm_price_count(c->l); i++) {
        struct choose_candidate x = { .cost_nanousd = 0 };
        enum choose_bar bar;
        ptrdiff_t colon;

        llm_price_at(c->l, i, &x.price);
        colon = str_find_byte(x.price.model, ':');
        if (colon <= 0 || x.price.special || str_ends(x.price.model, S("*")) || choose_is_second_hand(c, &x.price))
            continue;
        x.provider = str_sub(x.price.model, 0, (size_t)colon);
        bar = choose_bar(c, &x.price, x.provider);
        bars[bar]++;
        if (bar != BAR_NONE)
            continue;
        x.keyed = choose_keyed(c->l, x.provider);
        x.cost_nanousd = choose_run_cost(c, &x.price);
        c->out->keys |= x.keyed;
        list->at[list->len++] = x;
    }
}

static void choose_keep_if(struct choose_list *list, bool (*keep)(const struct choose_candidate *x, const void *arg),
                           const void *arg)
{
    size_t n = 0;

    for (size_t i = 0; i < list->len; i++)
        if (keep(&list->at[i], arg))
            list->at[n++] = list->at[i];
    list->len = n;
}

static bool choose_has_key(const struct choose_candidate *x, const void *unused)
{
    (void)unused;
    return x->keyed;
}

static bool choose_within(const struct choose_candidate *x, const void *budget)
{
    return x->cost_nanousd <= *(const int64_t *)budget;
}

/* Every model of the choice is asked all the cases, so each has its share. Where none is within it, those of the lowest
 * costs stand in. */
static void choose_keep_budget(struct chooser *c, struct choose_list *list)
{
    int64_t limit = c->w->budget_nanousd / choose_models_max(c->w);
    bool within = false;

    if (!c->w->budget_nanousd)
        return;
    for (size_t i = 0; i < list->len; i++)
        within |= list->at[i].cost_nanousd <= limit;
    if (!within) {
        c->out->over_budget = true;
        limit = -1;
        for (int k = 0; k < CHOOSE_CHEAPEST; k++) {
            int64_t next = INT64_MAX;

            for (size_t i = 0; i < list->len; i++)
                if (list->at[i].cost_nanousd > limit)
                    next = MIN(next, list->at[i].cost_nanousd);
            limit = next;
        }
    }
    choose_keep_if(list, choose_within, &limit);
}

static enum err_code choose_none(const struct chooser *c, const size_t bars[BARS], struct err *e)
{
    AUTO_BUF struct buf names = BUF_INIT(400);

    for (size_t i = 0; i < c->w->provider_count; i++)
        buf_printf(&names, "%s" STR_FMT, i ? ", " : "", STR_ARG(str_utf8_head(c->w->providers[i], 40)));
    if (!bars[BAR_CONTEXT] && !bars[BAR_CAPABILITY])
        return err_set(e, ERR_BAD_INPUT,
                       "no model of the price table can be chosen from%s%s; `assay models` lists them, --models "
                       "names some",
                       c->w->provider_count ? " among those of " : "", buf_cstr(&names));
    return err_set(e, ERR_BAD_INPUT, "no model fits the task: %zu have less context than %" PRId64 " tokens, %zu lack what it needs "
                   "(images or tools)%s%s; name models with --models", bars[BAR_CONTEXT], c->out->analysis.min_context,
                   bars[BAR_CAPABILITY], c->w->provider_count ? ", of the providers " : "", buf_cstr(&names));
}

static bool choose_listed(const struct choice *out, struct str model)
{
    for (size_t i = 0; i < out->candidate_count; i++)
        if (str_eq(out->candidates[i].price.model, model))
            return true;
    return false;
}

/* The cheapest of a price tier that is not listed yet; of equal ones the first. */
static const struct choose_candidate *choose_cheapest(const struct choice *out, const struct choose_list *list,
                                                      enum model_tier t)
{
    const struct choose_candidate *found = NULL;

    for (size_t i = 0; i < list->len; i++) {
        const struct choose_candidate *x = &list->at[i];

        if (llm_price_tier(&x->price) == t && !choose_listed(out, x->price.model) &&
            (!found || choose_price(x) < choose_price(found)))
            found = x;
    }
    return found;
}

static void choose_list_candidates(struct chooser *c, const struct choose_list *list)
{
    struct choice *out = c->out;
    bool free_too = !str_is(out->analysis.cost_sensitivity, "low");

    out->candidates = arena_array(c->a, struct choose_candidate, CHOOSE_CANDIDATES_MAX);
    for (size_t i = 0;
         i < list->len && out->candidate_count < CHOOSE_CANDIDATES_MAX - CHOOSE_CHEAPEST * (MODEL_TIERS - 1); i++)
        if (list->at[i].price.flagship)
            out->candidates[out->candidate_count++] = list->at[i];
    for (enum model_tier t = MODEL_QUALITY; t < MODEL_TIERS; t++)
        for (int i = 0; i < CHOOSE_CHEAPEST && (t != MODEL_FREE || free_too); i++) {
            const struct choose_candidate *x = choose_cheapest(out, list, t);

            if (x && out->candidate_count < CHOOSE_CANDIDATES_MAX)
                out->candidates[out->candidate_count++] = *x;
        }
    for (size_t i = 0;
         i < list->len && (out->tiers & BIT(CHOOSE_SPEED)) && out->candidate_count < CHOOSE_CANDIDATES_MAX; i++)
        if (list->at[i].price.fast && !choose_listed(out, list->at[i].price.model))
            out->candidates[out->candidate_count++] = list->at[i];
}

static enum err_code choose_filter(struct chooser *c, struct err *e)
{
    struct choose_list list = { .at = arena_array(c->a, struct choose_candidate, llm_price_count(c->l) + 1) };
    size_t bars[BARS] = { 0 };

    choose_fitting(c, &list, bars);
    if (!list.len)
        return choose_none(c, bars, e);
    if (c->out->keys)
        choose_keep_if(&list, choose_has_key, NULL);
    choose_keep_budget(c, &list);
    c->out->fitting = (int64_t)list.len;
    choose_list_candidates(c, &list);
    return ERR_OK;
}

/* --- step 3, by rules --------------------------------------------------------------------------------------------- */

bool choose_take(struct chooser *c, const struct choose_candidate *of, enum choose_tier tier, struct str why,
                 struct str best_for)
{
    struct choice *out = c->out;

    if ((int64_t)out->pick_count >= choose_models_max(c->w))
        return false;
    for (size_t i = 0; i < out->pick_count; i++)
        if (out->picks[i].of == of)
            return false;
    out->picks[out->pick_count++] = (struct choose_pick){ of, tier, why, best_for };
    return true;
}

static bool choose_taken(const struct choice *out, const struct choose_candidate *x)
{
    for (size_t i = 0; i < out->pick_count; i++)
        if (out->picks[i].of == x)
            return true;
    return false;
}

static bool choose_provider_taken(const struct choice *out, struct str provider)
{
    for (size_t i = 0; i < out->pick_count; i++)
        if (str_eq(out->picks[i].of->provider, provider))
            return true;
    return false;
}

/* Is `x` the better one to take next of a tier? In the order of the header. */
static bool choose_before(const struct choice *out, const struct choose_candidate *x, const struct choose_candidate *y,
                          enum choose_tier t)
{
    unsigned can = out->analysis.can;
    const bool pairs[][2] = {
        { x->price.flagship, y->price.flagship },
        { (x->price.can & can) == can, (y->price.can & can) == can },
        { x->price.context_tokens >= CHOOSE_CONTEXT_LARGE, y->price.context_tokens >= CHOOSE_CONTEXT_LARGE },
        { !choose_provider_taken(out, x->provider), !choose_provider_taken(out, y->provider) },
    };

    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if (pairs[i][0] != pairs[i][1])
            return pairs[i][0];
    if (t == CHOOSE_BUDGET || t == CHOOSE_SPEED)
        return choose_price(x) < choose_price(y);
    return t == CHOOSE_QUALITY && choose_price(x) > choose_price(y);
}

static struct str choose_why(const struct chooser *c, const struct choose_candidate *x, enum choose_tier t)
{
    static const char *const of[CHOOSE_TIERS] = { "of the dear and able", "between price and ability", "among the cheapest",
                                                   "made for speed" };

    return arena_printf(c->a, "%s%s, context %" PRId64 "%s", x->price.flagship ? "a flagship " : "", of[t],
                        x->price.context_tokens, x->keyed ? "" : ", its key is missing");
}

static void choose_by_rules(struct chooser *c)
{
    static const char *const best_for[CHOOSE_TIERS] = { "the best answer, whatever it costs", "production", "many calls", "quick answers" };
    bool more = true;

    for (int round = 0; round < CHOOSE_PER_TIER && more; round++) {
        more = false;
        for (int t = 0; t < CHOOSE_TIERS; t++) {
            const struct choose_candidate *best = NULL;

            if (!(c->out->tiers & BIT(t)))
                continue;
            for (size_t i = 0; i < c->out->candidate_count; i++) {
                const struct choose_candidate *x = &c->out->candidates[i];

                if (choose_tier_has((enum choose_tier)t, &x->price) && !choose_taken(c->out, x) &&
                    (!best || choose_before(c->out, x, best, (enum choose_tier)t)))
                    best = x;
            }
            if (best)
                more |= choose_take(c, best, (enum choose_tier)t, choose_why(c, best, (enum choose_tier)t),
                                    str_c(best_for[t]));
        }
    }
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static enum err_code choose_fall_back(struct chooser *c, const struct err *why, struct err *e)
{
    if (why->code == ERR_CANCELLED) {
        *e = *why;
        return e->code;
    }
    c->out->fallback_why = arena_strdup(c->a, str_c(why->text));
    c->out->pick_count = 0;
    return ERR_OK;
}

enum err_code choose_models(struct llm *l, const struct task *task, const struct choose_input *in,
                            const struct choose_wish *w, struct arena *a, struct choice *out, struct err *e)
{
    struct chooser c = { l, task, in, w, a, out };
    struct err why = ERR_INIT;

    *out = (struct choice){ .tiers = w->tiers ? w->tiers : BIT(CHOOSE_QUALITY) | BIT(CHOOSE_VALUE) | BIT(CHOOSE_BUDGET),
                            .selector = w->selector ? w->selector->name : STR_NONE, .ledger = { .phase = PHASE_MODEL_SELECTION } };
    out->picks = arena_array(a, struct choose_pick, CHOOSE_MODELS_MAX);
    choose_analyse(&c);
    if (w->selector && choose_ask_analysis(&c, &why) != ERR_OK)
        TRY(choose_fall_back(&c, &why, e));
    choose_need_context(&c);
    TRY(choose_filter(&c, e));
    if (w->selector && !out->fallback_why.len && choose_ask_ranking(&c, &why) != ERR_OK)
        TRY(choose_fall_back(&c, &why, e));
    if (!out->pick_count)
        choose_by_rules(&c);
    if (!out->pick_count)
        return err_set(e, ERR_BAD_INPUT,
                       "%" PRId64
                       " models fit the task, and none of them is of the tiers asked for; ask for others with --tiers",
                       out->fitting);
    return ERR_OK;
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static json_t *choice_pick_json(const struct choose_pick *p, size_t rank)
{
    json_t *o = json_object();
    char money[MONEY_TEXT];

    json_object_set_new(o, "rank", json_integer((json_int_t)rank));
    json_set_str(o, "model_id", p->of->price.model);
    json_object_set_new(o, "tier", json_string(choose_tier_name(p->tier)));
    json_set_str(o, "why", p->why);
    json_set_str(o, "best_for", p->best_for);
    json_object_set_new(o, "input_cost_per_1m", json_string(money_exact(p->of->price.input, money)));
    json_object_set_new(o, "output_cost_per_1m", json_string(money_exact(p->of->price.output, money)));
    json_object_set_new(o, "context_length", json_integer(p->of->price.context_tokens));
    json_object_set_new(o, "key_found", json_boolean(p->of->keyed));
    return o;
}

json_t *choice_json(const struct choice *c)
{
    const struct choose_analysis *x = &c->analysis;
    json_t *o = json_object(), *analysis = json_object(), *can = json_array(), *tiers = json_array(),
           *models = json_array(), *order = json_array();
    char money[MONEY_TEXT];

    for (size_t i = 0; i < MODEL_CANS; i++)
        if (x->can & BIT(i))
            json_array_append_new(can, json_string(model_can_name(i)));
    json_set_str(analysis, "type", x->type);
    json_set_str(analysis, "complexity", x->complexity);
    json_object_set_new(analysis, "min_context_tokens", json_integer(x->min_context));
    json_object_set_new(analysis, "context_size", json_string(choose_context_size(x->min_context)));
    json_set_str(analysis, "quality_sensitivity", x->quality_sensitivity);
    json_set_str(analysis, "cost_sensitivity", x->cost_sensitivity);
    json_object_set_new(analysis, "required_capabilities", can);
    json_set_str(analysis, "reasoning", x->reasoning);
    for (int t = 0; t < CHOOSE_TIERS; t++)
        if (c->tiers & BIT(t))
            json_array_append_new(tiers, json_string(choose_tier_name((enum choose_tier)t)));
    for (size_t i = 0; i < c->pick_count; i++) {
        json_array_append_new(models, choice_pick_json(&c->picks[i], i + 1));
        json_array_append_new(order, json_from_str(c->picks[i].of->price.model));
    }
    json_object_set_new(o, "task_analysis", analysis);
    json_object_set_new(o, "tiers_requested", tiers);
    json_object_set_new(o, "selector", c->selector.len ? json_from_str(c->selector) : json_null());
    json_object_set_new(o, "fallback", c->fallback_why.len ? json_from_str(c->fallback_why) : json_null());
    json_object_set_new(o, "candidates", json_integer((json_int_t)c->candidate_count));
    json_object_set_new(o, "models", models);
    json_object_set_new(o, "suggested_test_order", order);
    json_object_set_new(o, "dropped", json_integer((json_int_t)c->dropped));
    json_object_set_new(o, "cost_usd",
                        c->ledger.unknown_calls ? json_null()
                                                : json_string(money_exact(c->ledger.cost_nanousd, money)));
    return o;
}
