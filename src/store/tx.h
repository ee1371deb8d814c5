/* src/store/tx.h: one writing transaction; private to the room.
 *
 * Sums that every trial moves (a variant's done and failed, the ledger) are gathered in the transaction and written
 * once, by tx_commit, so a group of 512 trials costs a few of those updates and not a thousand.
 * A statement that failed spoils the transaction: the database may have undone it already, so commit refuses.
 * Threads: the writer's. */
#pragma once

#include "store/driver.h"

enum { TALLY_SLOTS = 1024, TALLY_MAX = 512 };

struct tally { bool used; int64_t run_no, variant_no, done, failed; struct ledger_entry entry; };
struct store_tx {
    struct store *store;
    struct store_conn *conn;
    enum err_code spoiled;              /* what the first statement that failed said */
    struct err why;
    size_t tally_count;
    struct tally tallies[TALLY_SLOTS];  /* open addressing by (run, variant, phase) */
};

enum err_code tx_begin(struct store_tx *tx, struct err *e) MUST_USE;
enum err_code tx_commit(struct store_tx *tx, struct err *e) MUST_USE;       /* or it is as if it had never begun */
void          tx_rollback(struct store_tx *tx);
/* ERR_TOO_LARGE when a sum would not fit 64 bits. */
enum err_code tx_count(struct store_tx *tx, int64_t run_no, int64_t variant_no, int64_t done, int64_t failed,
                       struct err *e) MUST_USE;
enum err_code tx_ledger(struct store_tx *tx, int64_t run_no, int64_t variant_no, const struct ledger_entry *entry,
                        struct err *e) MUST_USE;
/* Adds `entry` to `sum`, which keeps its own phase; ERR_TOO_LARGE when something would not fit, `sum` as it was. */
enum err_code ledger_sum(struct ledger_entry *sum, const struct ledger_entry *entry, struct err *e) MUST_USE;
/* Writes `entry` onto the stored row (ledger.c). */
enum err_code ledger_write(struct store_tx *tx, int64_t run_no, int64_t variant_no, const struct ledger_entry *entry,
                           struct err *e) MUST_USE;
