#include "eval/generate.h"

#include "eval/spending.h"

enum { ASK_TICK_MS = 100, ASK_ROUNDS = 2, ASK_SHOWN = 4000 };

struct ask_wait { struct queue *done; };

static void ask_done(struct call *c)                /* engine's thread */
{
    struct ask_wait *w = c->owner;
    enum err_code code = queue_send(w->done, c);

    ASSERT(code == ERR_OK);
}

/* Waits for the call; an interrupt cancels it, and it is waited for all the same, as its memory is ours. */
static enum err_code ask_call(const struct generate_question *q, struct call *c, struct err *e)
{
    struct ask_wait w = { queue_new(1) };
    enum err_code code;
    bool stopped = false;
    void *got;

    c->done = ask_done;
    c->owner = &w;
    code = llm_submit(q->llm, c, e);
    while (code == ERR_OK && !queue_take(w.done, &got, 1, ASK_TICK_MS, NULL))
        if (!stopped && q->interrupted && q->interrupted(NULL)) {
            stopped = true;
            llm_cancel(q->llm, true);
        }
    queue_free(w.done);
    return code;
}

/* What the call may cost at most must fit into what is left. */
static enum err_code ask_afford(const struct generate_question *q, const struct request *rq, int64_t spent_nanousd,
                                struct err *e)
{
    struct usage u = { .input = llm_request_tokens(rq), .output = q->max_tokens };
    int64_t cost = llm_cost(q->llm, q->model, &u);
    char left[MONEY_TEXT], most[MONEY_TEXT];

    if (!q->budget_nanousd || cost == MONEY_UNKNOWN || spent_nanousd + cost <= q->budget_nanousd)
        return ERR_OK;
    return err_set(e, ERR_QUOTA, "not asked: the call may cost up to %s and the budget has %s left",
                   money_show(cost, most), money_show(MAX(q->budget_nanousd - spent_nanousd, INT64_C(0)), left));
}

static const struct message *ask_again(const struct generate_question *q, struct str reply, struct str why,
                                       struct arena *a)
{
    struct message *m = arena_array(a, struct message, 4);
    AUTO_JSON *clean = json_from_str(str_utf8_head(str_trim(reply), ASK_SHOWN));

    m[0] = q->messages[0];
    m[1] = q->messages[1];
    m[2] = message_text(MESSAGE_ASSISTANT,
                        json_to_str(clean).len ? arena_strdup(a, json_to_str(clean)) : S("(nothing)"), a);
    m[3] = message_text(MESSAGE_USER,
                        arena_printf(a, "Your reply can't be used: " STR_FMT ". Reply again with nothing but %s.",
                                     STR_ARG(why), q->form),
                        a);
    return m;
}

enum err_code generate_ask(const struct generate_question *q, struct arena *a, struct generate_spent *spent,
                           struct err *e)
{
    const struct message *messages = q->messages;
    struct str why = STR_NONE;

    *spent = (struct generate_spent){ .ledger = { .phase = q->phase } };
    for (size_t count = 2;; count = 4) {
        struct call c = { .arena = a, .request = { .model = q->model, .messages = messages, .message_count = count,
                          .params = { .set = BIT(PARAM_TEMPERATURE) | BIT(PARAM_MAX_TOKENS), .temperature = 0.3,
                                      .max_tokens = q->max_tokens }, .output = OUTPUT_JSON } };

        TRY(ask_afford(q, &c.request, spent->ledger.cost_nanousd, e));
        TRY(ask_call(q, &c, e));
        spending_add(&c, &spent->ledger);
        spent->rounds++;
        if (c.code != ERR_OK)
            return err_set(e, c.code, "%s", c.err.text[0] ? c.err.text : "interrupted");
        if (c.answer.text.len > GENERATE_REPLY_MAX)
            why = arena_printf(a, "it has %zu bytes, at most %u are read", c.answer.text.len, GENERATE_REPLY_MAX);
        else if (q->read(q->arg, c.answer.text, a, &why))
            return ERR_OK;
        if (spent->rounds == ASK_ROUNDS)
            return err_set(e, ERR_INVALID_RESPONSE,
                           STR_FMT "'s reply can't be used, and neither can its second: " STR_FMT,
                           STR_ARG(q->model->name), STR_ARG(why));
        messages = ask_again(q, c.answer.text, why, a);
    }
}
