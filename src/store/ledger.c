#include "store/stmt.h"
#include "store/tx.h"

enum err_code ledger_sum(struct ledger_entry *sum, const struct ledger_entry *entry, struct err *e)
{
    struct ledger_entry s = *sum;
    struct usage *u = &s.usage;
    const struct usage *v = &entry->usage;
    bool over = false;

    over |= __builtin_add_overflow(s.calls, entry->calls, &s.calls);
    over |= __builtin_add_overflow(s.unknown_calls, entry->unknown_calls, &s.unknown_calls);
    over |= __builtin_add_overflow(s.cost_nanousd, entry->cost_nanousd, &s.cost_nanousd);
    over |= __builtin_add_overflow(u->input, v->input, &u->input);
    over |= __builtin_add_overflow(u->output, v->output, &u->output);
    over |= __builtin_add_overflow(u->cached, v->cached, &u->cached);
    over |= __builtin_add_overflow(u->cache_written, v->cache_written, &u->cache_written);
    over |= __builtin_add_overflow(u->reasoning, v->reasoning, &u->reasoning);
    if (over)
        return err_set(e, ERR_TOO_LARGE, "the ledger's sum of %s does not fit 64 bits", phase_name(s.phase));
    u->input_estimated |= v->input_estimated;
    u->output_estimated |= v->output_estimated;
    *sum = s;
    return ERR_OK;
}

#define LEDGER_COLUMNS "phase, calls, input, output, cached, cache_written, reasoning, estimated, cost_nanousd, unknown_calls"

static void ledger_read(const struct stmt *q, int at, struct ledger_entry *out)
{
    int64_t estimated = stmt_i64(q, at + 7);

    *out = (struct ledger_entry){
        .phase = (enum phase)CLAMP(stmt_i64(q, at), 0, PHASES - 1), .calls = stmt_i64(q, at + 1),
        .usage = { .input = stmt_i64(q, at + 2), .output = stmt_i64(q, at + 3), .cached = stmt_i64(q, at + 4),
                   .cache_written = stmt_i64(q, at + 5), .reasoning = stmt_i64(q, at + 6), .input_estimated = estimated & 1,
                   .output_estimated = (estimated & 2) != 0 },
        .cost_nanousd = stmt_i64(q, at + 8), .unknown_calls = stmt_i64(q, at + 9),
    };
}

static enum err_code ledger_stored(struct store_tx *tx, int64_t run_no, int64_t variant_no, enum phase phase,
                                   struct ledger_entry *out, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx,
                     "SELECT " LEDGER_COLUMNS " FROM ledger WHERE run_no = $1 AND variant_no = $2 AND phase = $3", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, variant_no);
    stmt_bind_i64(q, 3, phase);
    TRY(stmt_step(q, e));
    *out = (struct ledger_entry){ .phase = phase };
    if (stmt_has_row(q))
        ledger_read(q, 0, out);
    return ERR_OK;
}

/* Read, add, write: SQL's own addition would turn an overflow into a fraction. */
enum err_code ledger_write(struct store_tx *tx, int64_t run_no, int64_t variant_no, const struct ledger_entry *entry,
                           struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    struct ledger_entry sum;

    TRY(ledger_stored(tx, run_no, variant_no, entry->phase, &sum, e));
    TRY(ledger_sum(&sum, entry, e));
    TRY(stmt_open_tx(&q, tx, "INSERT INTO ledger (run_no, variant_no, " LEDGER_COLUMNS ") "
                     "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
                     "ON CONFLICT (run_no, variant_no, phase) DO UPDATE SET calls = excluded.calls, input = excluded.input, "
                     "output = excluded.output, cached = excluded.cached, cache_written = excluded.cache_written, "
                     "reasoning = excluded.reasoning, estimated = excluded.estimated, cost_nanousd = excluded.cost_nanousd, "
                     "unknown_calls = excluded.unknown_calls", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, variant_no);
    stmt_bind_i64(q, 3, sum.phase);
    stmt_bind_i64(q, 4, sum.calls);
    stmt_bind_i64(q, 5, sum.usage.input);
    stmt_bind_i64(q, 6, sum.usage.output);
    stmt_bind_i64(q, 7, sum.usage.cached);
    stmt_bind_i64(q, 8, sum.usage.cache_written);
    stmt_bind_i64(q, 9, sum.usage.reasoning);
    stmt_bind_i64(q, 10, sum.usage.input_estimated | sum.usage.output_estimated << 1);
    stmt_bind_i64(q, 11, sum.cost_nanousd);
    stmt_bind_i64(q, 12, sum.unknown_calls);
    return stmt_run(q, e);
}

enum err_code store_tx_ledger_add(struct store_tx *tx, int64_t run_no, int64_t variant_no,
                                  const struct ledger_entry *entry, struct err *e)
{
    ASSERT(entry->cost_nanousd != MONEY_UNKNOWN && (unsigned)entry->phase < PHASES);
    return tx_ledger(tx, run_no, variant_no, entry, e);
}

enum err_code store_ledger(struct store *s, int64_t run_no, struct arena *a, struct store_ledger_row **rows,
                           size_t *count, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    VEC(struct store_ledger_row) found = { 0 };
    enum err_code code;

    TRY(stmt_open(&q, s,
                  "SELECT variant_no, " LEDGER_COLUMNS " FROM ledger WHERE run_no = $1 ORDER BY variant_no, phase", e));
    stmt_bind_i64(q, 1, run_no);
    while ((code = stmt_step(q, e)) == ERR_OK && stmt_has_row(q)) {
        struct store_ledger_row row = { .variant = stmt_i64(q, 0) };

        ledger_read(q, 1, &row.entry);
        vec_push(&found, row);
    }
    if (code == ERR_OK) {
        *rows = arena_array(a, struct store_ledger_row, found.len);
        if (found.len)
            memcpy(*rows, found.at, found.len * sizeof *found.at);
        *count = found.len;
    }
    vec_dispose(&found);
    return code;
}
