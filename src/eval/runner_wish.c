/* A question of scoring to a model (subject.h: wishes), as a call and back. */
#include "eval/runner_parts.h"
#include "eval/spending.h"

struct call wish_call(const struct subject_wish *wish, struct arena *a, struct str tag)
{
    return (struct call){
        .request = { .model = wish->model, .texts = wish->texts, .text_count = wish->text_count,
                     .messages = wish->messages, .message_count = wish->message_count, .params = wish->params,
                     .base_url = wish->base_url, .output = wish->messages && !wish->in_words ? OUTPUT_JSON : OUTPUT_TEXT,
                     .tag = tag },
        .arena = a,
    };
}

struct ledger_entry *wish_ledgers(struct arena *a)
{
    struct ledger_entry *l = arena_array(a, struct ledger_entry, WISH_LEDGERS);

    l[0].phase = PHASE_EMBEDDING;
    l[1].phase = PHASE_JUDGE;
    return l;
}

bool wish_heard(struct subject_wish *wish, const struct call *c, struct ledger_entry *ledgers, struct arena *a)
{
    spending_add(c, &ledgers[wish->messages != NULL]);
    if (c->code != ERR_OK)
        wish->why = arena_strdup(a, c->err.text[0] ? str_c(c->err.text) : S("the call was cancelled"));
    else if (wish->messages)
        return wish->round++, wish->heard(wish, c->answer.text, a);
    else
        wish->vectors = c->answer.vectors;
    return true;
}

void wish_sum(const struct ledger_entry *ledgers, int64_t *cost_nanousd, int64_t *unknown_calls)
{
    for (size_t i = 0; ledgers && i < WISH_LEDGERS; i++) {
        *cost_nanousd += ledgers[i].cost_nanousd;
        *unknown_calls += ledgers[i].unknown_calls;
    }
}
