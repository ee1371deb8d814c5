#include "store/tx.h"

#include "store/press.h"
#include "store/stmt.h"

static void tx_clear(struct store_tx *tx)
{
    if (tx->tally_count)
        memset(tx->tallies, 0, sizeof tx->tallies);
    tx->tally_count = 0;
    tx->spoiled = ERR_OK;
}

enum err_code tx_begin(struct store_tx *tx, struct err *e)
{
    tx_clear(tx);
    return tx->conn->driver->begin(tx->conn, e);
}

void tx_rollback(struct store_tx *tx)
{
    tx->conn->driver->rollback(tx->conn);
    if (tx->conn->press)
        press_dicts_forget(tx->conn->press);        /* one may have been stored in what was undone */
    tx_clear(tx);
}

static enum err_code tx_write_counts(struct store_tx *tx, const struct tally *t, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    if (!t->done && !t->failed)
        return ERR_OK;
    TRY(stmt_open_tx(&q, tx, "UPDATE run_variant SET done = done + $1, failed = failed + $2 "
                     "WHERE run_no = $3 AND variant_no = $4", e));
    stmt_bind_i64(q, 1, t->done);
    stmt_bind_i64(q, 2, t->failed);
    stmt_bind_i64(q, 3, t->run_no);
    stmt_bind_i64(q, 4, t->variant_no);
    return stmt_run(q, e);
}

static bool tx_entry_is_empty(const struct ledger_entry *l)
{
    const struct usage *u = &l->usage;

    return !(l->calls | l->cost_nanousd | l->unknown_calls | u->input | u->output | u->cached | u->cache_written |
             u->reasoning);
}

static enum err_code tx_flush(struct store_tx *tx, struct err *e)
{
    for (size_t i = 0; i < TALLY_SLOTS && tx->tally_count; i++) {
        struct tally *t = &tx->tallies[i];

        if (!t->used)
            continue;
        TRY(tx_write_counts(tx, t, e));
        if (!tx_entry_is_empty(&t->entry))
            TRY(ledger_write(tx, t->run_no, t->variant_no, &t->entry, e));
        t->used = false;
        tx->tally_count--;
    }
    return ERR_OK;
}

static enum err_code tx_finish(struct store_tx *tx, struct err *e)
{
    if (tx->spoiled != ERR_OK)
        return err_set(e, tx->spoiled, "%s", tx->why.text);
    TRY(tx_flush(tx, e));
    if (FAULT("store.commit"))
        return err_set(e, ERR_STORE, "the store can't be written: a fault was asked for at store.commit");
    return tx->conn->driver->commit(tx->conn, e);
}

enum err_code tx_commit(struct store_tx *tx, struct err *e)
{
    enum err_code code = tx_finish(tx, e);

    if (code != ERR_OK)
        tx_rollback(tx);
    return code;
}

static enum err_code tx_tally(struct store_tx *tx, int64_t run_no, int64_t variant_no, enum phase phase,
                              struct tally **out, struct err *e)
{
    uint64_t mix = rng_mix((uint64_t)run_no * 31 + (uint64_t)phase) ^ rng_mix((uint64_t)variant_no);

    if (tx->tally_count == TALLY_MAX)
        TRY(tx_flush(tx, e));
    for (size_t i = mix % TALLY_SLOTS;; i = (i + 1) % TALLY_SLOTS) {
        struct tally *t = &tx->tallies[i];

        if (!t->used) {
            *t = (struct tally){ .used = true, .run_no = run_no, .variant_no = variant_no, .entry.phase = phase };
            tx->tally_count++;
        }
        if (t->run_no == run_no && t->variant_no == variant_no && t->entry.phase == phase) {
            *out = t;
            return ERR_OK;
        }
    }
}

enum err_code tx_count(struct store_tx *tx, int64_t run_no, int64_t variant_no, int64_t done, int64_t failed,
                       struct err *e)
{
    struct tally *t;

    TRY(tx_tally(tx, run_no, variant_no, PHASE_EXECUTION, &t, e));
    t->done += done;
    t->failed += failed;
    return ERR_OK;
}

enum err_code tx_ledger(struct store_tx *tx, int64_t run_no, int64_t variant_no, const struct ledger_entry *entry,
                        struct err *e)
{
    struct tally *t;

    TRY(tx_tally(tx, run_no, variant_no, entry->phase, &t, e));
    return ledger_sum(&t->entry, entry, e);
}
