/* src/eval/spending.h (private to eval): what a call cost, in the words of the ledger. */
#pragma once

#include "llm/llm.h"

/* Adds the call, with what its failed attempts were billed, to `ledger`. */
void spending_add(const struct call *c, struct ledger_entry *ledger);
