/* src/sim/ledger.h: what was asked, what a vendor would have charged for it, and what became of it.
 *
 * Counts are kept for ever; rows up to SIM_LEDGER_ROWS, numbers only, texts (model, trial) once each in a pool.
 * Threads: any, one short lock. Cost: a row is 72 bytes. */
#pragma once

#include "sim/book.h"
#include "sim/models.h"

#define SIM_LEDGER_ROWS     2000000
#define SIM_LEDGER_TEXT     64              /* bytes kept of a trial's or an idempotency key's text */

struct sim_ledger;

struct sim_bill {
    const char *api;                        /* the vendor's name: static */
    const char *fault;                      /* the kind's name: static, NULL for none */
    struct str model, trial, idempotency;
    uint64_t prompt_hash;
    uint32_t which;                         /* case, or SIM_NO_CASE */
    int status;                             /* 0: no answer */
    bool billed, stream;
    int64_t input_tokens, output_tokens, cost_nanousd;
};

struct sim_ledger *sim_ledger_new(void) MUST_USE;
void    sim_ledger_free(struct sim_ledger *l);
int64_t sim_ledger_add(struct sim_ledger *l, const struct sim_bill *bill);          /* its seq, from 1 */
void    sim_ledger_flight(struct sim_ledger *l, int change);                        /* +1 asked, -1 answered */
json_t *sim_ledger_rows(struct sim_ledger *l, struct sim_book *book, int64_t since, int64_t limit, bool all);
json_t *sim_ledger_totals(struct sim_ledger *l);
void    sim_ledger_clear(struct sim_ledger *l);
