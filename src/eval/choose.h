/* src/eval/choose.h: which models to try on a task (`--models auto`), from the price table.
 *
 * Candidates are the table's rows, in three steps: (1) the task is analysed: kind, how hard, how much context, what it
 * must be able to do; (2) rows that fit it are filtered: context, capabilities, providers, no special ones, and, where
 * any key is there, only providers whose key is; flagships first, then the CHOOSE_CHEAPEST cheapest of each price tier
 * (free ones only where cost matters), at most CHOOSE_CANDIDATES_MAX; (3) they are ranked within the tiers asked for,
 * and one of each tier is taken in turn until there are `models_max`, at most CHOOSE_PER_TIER of a tier.
 *
 * Steps 1 and 3 are done by a model, the selector, where one is named; by rules where none is, or where it fails, which
 * is then said. The rules: a flagship before others, one that is known to do what is needed before one of which nothing
 * is known, a large context (CHOOSE_CONTEXT_LARGE) before a small one, then the dearest for quality, the cheapest for
 * budget, the one made for speed for speed, the table's order for value; between equals a provider not taken yet.
 *
 * What the selector says is a stranger's word: it can only choose among the candidates (other ids are dropped and
 * counted), its sentences are cleaned and cut, and nothing it says is ever executed.
 *
 * Cost: two calls with a selector (CHOOSE_TOKENS of output each at most), else none. Threads: one at a time; waits for
 * the selector's answers. */
#pragma once

#include "domain/domain.h"
#include "llm/llm.h"

#define CHOOSE_CONTEXT        32000             /* least context where nothing else is said */
#define CHOOSE_CONTEXT_LARGE  120000
#define CHOOSE_CONTEXT_MAX    100000000
#define CHOOSE_CHEAPEST       3
#define CHOOSE_CANDIDATES_MAX 30
#define CHOOSE_PER_TIER       3
#define CHOOSE_MODELS         3                 /* taken where nothing else is said */
#define CHOOSE_MODELS_MAX     12
#define CHOOSE_TOKENS         2000
#define CHOOSE_OUTPUT         500               /* tokens of an answer that a budget is held against */
#define CHOOSE_SENTENCE_MAX   240               /* bytes of the selector's reasons */

enum choose_tier { CHOOSE_QUALITY, CHOOSE_VALUE, CHOOSE_BUDGET, CHOOSE_SPEED, CHOOSE_TIERS };
const char   *choose_tier_name(enum choose_tier t);             /* "quality" "value" "budget" "speed" */
/* ERR_USAGE with the nearest name. */
enum err_code choose_tier_from(struct str name, enum choose_tier *out, struct err *e) MUST_USE;
bool          choose_tier_has(enum choose_tier t, const struct llm_price *p);   /* speed: made for it; else by price */

/* What is known of the cases. */
struct choose_input { int64_t cases, input_tokens, input_tokens_max; };         /* of one trial: mean, largest */

struct choose_wish {
    unsigned tiers;                             /* BIT(enum choose_tier); 0: quality, value, budget */
    int64_t models_max;                         /* 0: CHOOSE_MODELS */
    int64_t min_context;                        /* 0: CHOOSE_CONTEXT, or what the cases need */
    const struct str *providers;  size_t provider_count;        /* only these; 0: all but the simulator */
    const struct model *selector;               /* NULL: by rules */
    int64_t budget_nanousd;                     /* for the whole run; 0: none */
    int (*interrupted)(void *arg);              /* MAY; not 0: stop */
    void *arg;
};

struct choose_candidate {
    struct llm_price price;                     /* price.model is its name */
    struct str provider;
    bool keyed;                                 /* no key is missing */
    int64_t cost_nanousd;                       /* of the run, at CHOOSE_OUTPUT a trial */
};
struct choose_analysis {
    struct str type;                            /* extraction summarization coding reasoning creative chat analysis */
    struct str complexity, quality_sensitivity, cost_sensitivity;       /* simple moderate complex; low medium high */
    int64_t min_context;
    unsigned can;                               /* enum model_can: needed */
    struct str reasoning;                       /* the selector's, or empty */
};
struct choose_pick { const struct choose_candidate *of; enum choose_tier tier; struct str why, best_for; };

struct choice {
    struct choose_analysis analysis;
    unsigned tiers;
    struct choose_candidate *candidates;  size_t candidate_count;
    int64_t fitting;                            /* rows that fitted before the list was cut */
    bool keys;                                  /* some candidate's key is there: only such were looked at */
    bool over_budget;                           /* none is within it: the cheapest stand in */
    struct choose_pick *picks;  size_t pick_count;              /* in the order to try */
    size_t dropped;                             /* ids of the selector's that are no candidates */
    struct str selector;                        /* its name; empty: by rules */
    struct str fallback_why;                    /* why the rules chose although a selector was named; empty: they did not */
    struct ledger_entry ledger;                 /* what the selector cost, phase model_selection */
};

/* ERR_BAD_INPUT when nothing fits; it says which wish stands in the way. ERR_CANCELLED: interrupted. Money may have
 * been spent all the same: out->ledger is always set. */
enum err_code choose_models(struct llm *l, const struct task *task, const struct choose_input *in,
                            const struct choose_wish *w, struct arena *a, struct choice *out, struct err *e) MUST_USE;
/* What two calls of the selector may cost; MONEY_UNKNOWN without a price. */
int64_t       choose_cost(const struct llm *l, const struct model *selector, const struct task *task);

/* {"task_analysis": {"type", "complexity", "context_size", "required_capabilities", ...}, "tiers_requested",
 * "selector",
 *  "fallback", "models": [{"rank", "model_id", "tier", "why", "best_for", "input_cost_per_1m", "output_cost_per_1m",
 *  "context_length"}...], "suggested_test_order": [id...], "dropped", "cost_usd"}; numbers of money are strings. */
json_t       *choice_json(const struct choice *c);
const char   *choose_context_size(int64_t tokens);              /* "small" "medium" "large" "very_large" */
