#include "eval/spending.h"

void spending_add(const struct call *c, struct ledger_entry *ledger)
{
    for (size_t i = 0; i < c->attempt_count; i++) {
        const struct attempt *at = &c->attempts[i];

        if (at->code == ERR_OK || (at->cost_nanousd == 0 && !at->usage.input && !at->usage.output))
            continue;                               /* the answering one is counted below; the rest was not billed */
        ledger->calls++;
        usage_add(&ledger->usage, &at->usage);
        if (at->cost_nanousd == MONEY_UNKNOWN)
            ledger->unknown_calls++;
        else
            ledger->cost_nanousd += at->cost_nanousd;
    }
    if (c->code != ERR_OK)
        return;
    ledger->calls++;
    usage_add(&ledger->usage, &c->answer.usage);
    if (c->cost_nanousd == MONEY_UNKNOWN)
        ledger->unknown_calls++;
    else
        ledger->cost_nanousd += c->cost_nanousd;
}
