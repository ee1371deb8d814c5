#include "store/stmt.h"
#include "store/tx.h"

/* shard.state: 0 open, 1 leased, 2 finished. */

static enum err_code shard_first(struct store_tx *tx, const char *sql, int64_t run_no, int64_t now_ms,
                                 struct shard *out, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, sql, e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, now_ms);
    TRY(stmt_step(q, e));
    *out = (struct shard){ .no = -1 };
    if (stmt_has_row(q))
        *out = (struct shard){ .no = stmt_i64(q, 0), .first = stmt_i64(q, 1), .last = stmt_i64(q, 2) };
    return ERR_OK;
}

/* Two questions, each answered from the index shard_by_state alone (which is what makes a planner without statistics
 * choose it): ten thousand finished shards cost nothing. */
static enum err_code shard_free(struct store_tx *tx, int64_t run_no, int64_t now_ms, struct shard *out, struct err *e)
{
    struct shard open, expired;

    TRY(shard_first(tx, "SELECT shard_no, first_trial, last_trial FROM shard WHERE run_no = $1 AND $2 >= 0 AND shard_no = "
                    "(SELECT min(f.shard_no) FROM shard f WHERE f.run_no = $1 AND f.state = 0)", run_no, 0, &open, e));
    TRY(shard_first(tx, "SELECT shard_no, first_trial, last_trial FROM shard WHERE run_no = $1 AND shard_no = "
                    "(SELECT min(f.shard_no) FROM shard f WHERE f.run_no = $1 AND f.state = 1 AND f.expires_ms <= $2)",
                    run_no, now_ms, &expired, e));
    *out = open.no < 0 || (expired.no >= 0 && expired.no < open.no) ? expired : open;
    return ERR_OK;
}

enum err_code store_tx_shard_lease(struct store_tx *tx, int64_t run_no, struct str owner, int64_t now_ms,
                                   int64_t lease_ms, struct shard *out, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    struct shard found;

    TRY(shard_free(tx, run_no, now_ms, &found, e));
    if (found.no >= 0) {
        TRY(stmt_open_tx(&q, tx, "UPDATE shard SET state = 1, owner = $1, expires_ms = $2 WHERE run_no = $3 AND shard_no = $4 AND "
                         "(state = 0 OR (state = 1 AND expires_ms <= $5))", e));
        stmt_bind_str(q, 1, owner);
        stmt_bind_i64(q, 2, now_ms + lease_ms);
        stmt_bind_i64(q, 3, run_no);
        stmt_bind_i64(q, 4, found.no);
        stmt_bind_i64(q, 5, now_ms);
        TRY(stmt_run(q, e));
        if (!stmt_changes(q))
            return err_set(e, ERR_CONFLICT, "shard %lld of run number %lld was taken by another worker",
                           (long long)found.no, (long long)run_no);
    }
    *out = found;
    return ERR_OK;
}

enum err_code store_tx_shard_renew(struct store_tx *tx, int64_t run_no, struct str owner, int64_t now_ms,
                                   int64_t lease_ms, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, "UPDATE shard SET expires_ms = $1 WHERE run_no = $2 AND state = 1 AND owner = $3", e));
    stmt_bind_i64(q, 1, now_ms + lease_ms);
    stmt_bind_i64(q, 2, run_no);
    stmt_bind_str(q, 3, owner);
    return stmt_run(q, e);
}

enum err_code store_tx_shard_finish(struct store_tx *tx, int64_t run_no, int64_t shard_no, struct str owner,
                                    struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, "UPDATE shard SET state = 2, owner = NULL, expires_ms = NULL "
                     "WHERE run_no = $1 AND shard_no = $2 AND state = 1 AND owner = $3", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, shard_no);
    stmt_bind_str(q, 3, owner);
    TRY(stmt_run(q, e));
    if (!stmt_changes(q))
        return err_set(e, ERR_CONFLICT, "shard %lld of run number %lld is not leased by this worker (any more)",
                       (long long)shard_no, (long long)run_no);
    return ERR_OK;
}

enum err_code store_tx_shards_release(struct store_tx *tx, int64_t run_no, struct str owner, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, "UPDATE shard SET state = 0, owner = NULL, expires_ms = NULL "
                     "WHERE run_no = $1 AND state = 1 AND owner = $2", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_str(q, 2, owner);
    return stmt_run(q, e);
}

enum err_code store_shards_left(struct store *s, int64_t run_no, int64_t *left, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open(&q, s, "SELECT count(*) FROM shard WHERE run_no = $1 AND state IN (0, 1)", e));
    stmt_bind_i64(q, 1, run_no);
    TRY(stmt_step(q, e));
    *left = stmt_i64(q, 0);
    return ERR_OK;
}

#define SHARD_OWNERS_MAX 1024

enum err_code store_shard_owners(struct store *s, int64_t run_no, int64_t now_ms, struct arena *a, struct str **owners,
                                 size_t *count, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    struct str *list = arena_array(a, struct str, SHARD_OWNERS_MAX);
    size_t n = 0;

    TRY(stmt_open(&q, s, "SELECT DISTINCT owner FROM shard WHERE run_no = $1 AND state = 1 AND expires_ms > $2 "
                  "LIMIT 1024", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, now_ms);
    for (;;) {
        TRY(stmt_step(q, e));
        if (!stmt_has_row(q) || n == SHARD_OWNERS_MAX)
            break;
        list[n++] = arena_strdup(a, stmt_str(q, 0));
    }
    *owners = list;
    *count = n;
    return ERR_OK;
}

enum err_code store_trials_finished(struct store *s, int64_t run_no, int64_t first, int64_t last, unsigned char *bits,
                                    struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    ASSERT(first <= last);
    TRY(stmt_open(&q, s, "SELECT trial_no FROM trial WHERE run_no = $1 AND trial_no >= $2 AND trial_no < $3", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, first);
    stmt_bind_i64(q, 3, last);
    return stmt_bits(q, first, last, bits, e);
}

/* How many of each variant failed; the variants' own counts go down by as much. */
static enum err_code shard_failed_count(struct store_tx *tx, int64_t run_no, int64_t *forgotten, size_t variants,
                                        int64_t *total, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx,
                     "SELECT variant_no, count(*) FROM trial WHERE run_no = $1 AND state = 1 GROUP BY variant_no", e));
    stmt_bind_i64(q, 1, run_no);
    for (;;) {
        int64_t variant, count;

        TRY(stmt_step(q, e));
        if (!stmt_has_row(q))
            return ERR_OK;
        variant = stmt_i64(q, 0);
        count = stmt_i64(q, 1);
        if (variant < 0 || (uint64_t)variant >= variants)
            return err_set(e, ERR_STORE, "run number %lld holds a trial of variant %lld, but has only %zu variants",
                           (long long)run_no, (long long)variant, variants);
        forgotten[variant] = count;
        *total += count;
        TRY(tx_count(tx, run_no, variant, 0, -count, e));
    }
}

enum err_code store_tx_failed_forget(struct store_tx *tx, int64_t run_no, int64_t *forgotten, size_t variants,
                                     int64_t *total, struct err *e)
{
    static const char *const steps[] = {
        "UPDATE shard SET state = 0, owner = NULL, expires_ms = NULL WHERE run_no = $1 AND state = 2 AND EXISTS "
        "(SELECT 1 FROM trial t WHERE t.run_no = shard.run_no AND t.state = 1 AND t.trial_no >= shard.first_trial "
        "AND t.trial_no < shard.last_trial)",
        "DELETE FROM score WHERE run_no = $1 AND scoring_no IN (SELECT g.scoring_no FROM scoring g WHERE g.run_no = $1) AND "
        "trial_no IN (SELECT t.trial_no FROM trial t WHERE t.run_no = $1 AND t.state = 1)",
        "DELETE FROM transcript WHERE run_no = $1 AND "
        "trial_no IN (SELECT t.trial_no FROM trial t WHERE t.run_no = $1 AND t.state = 1)",
        "DELETE FROM label WHERE run_no = $1 AND "
        "trial_no IN (SELECT t.trial_no FROM trial t WHERE t.run_no = $1 AND t.state = 1)",
        "DELETE FROM trial WHERE run_no = $1 AND "
        "trial_no IN (SELECT t.trial_no FROM trial t WHERE t.run_no = $1 AND t.state = 1)",
    };

    memset(forgotten, 0, variants * sizeof *forgotten);
    *total = 0;
    TRY(shard_failed_count(tx, run_no, forgotten, variants, total, e));
    for (size_t i = 0; i < COUNT_OF(steps) && *total; i++) {
        AUTO(stmt_closep) struct stmt *q = NULL;

        TRY(stmt_open_tx(&q, tx, steps[i], e));
        stmt_bind_i64(q, 1, run_no);
        TRY(stmt_run(q, e));
    }
    return ERR_OK;
}
