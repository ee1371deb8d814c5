/* Scoring passes: the scores of a run's trials, counted again. Pass 0 is the run's own, made with each trial; a later
 * one (a judge's) may cover only some of the trials. Its name says of what kind it is. */
#include "store/stmt.h"
#include "store/tx.h"

enum { SCORING_TEXT_MAX = 8 << 20 };

enum err_code store_tx_scoring_add(struct store_tx *tx, int64_t run_no, struct str name, struct str about,
                                   int64_t now_ms, int64_t *no, struct err *e)
{
    AUTO(stmt_closep) struct stmt *last = NULL, *q = NULL;
    int64_t next;

    TRY(stmt_open_tx(&last, tx, "SELECT coalesce(max(scoring_no), 0) + 1 FROM scoring WHERE run_no = $1", e));
    stmt_bind_i64(last, 1, run_no);
    TRY(stmt_step(last, e));
    next = stmt_i64(last, 0);
    TRY(stmt_open_tx(&q, tx,
                     "INSERT INTO scoring (run_no, scoring_no, name, scorers, created_ms) VALUES ($1, $2, $3, $4, $5)",
                     e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, next);
    stmt_bind_str(q, 3, name);
    stmt_bind_str(q, 4, about);
    stmt_bind_i64(q, 5, now_ms);
    TRY(stmt_run(q, e));
    *no = next;
    return ERR_OK;
}

enum err_code store_tx_score_add(struct store_tx *tx, int64_t run_no, int64_t scoring_no, int64_t trial_no,
                                 struct str scores, bool *added, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    if (scores.len > SCORING_TEXT_MAX)
        return err_set(e, ERR_TOO_LARGE, "the scores of trial %lld take %zu bytes, at most %d are kept",
                       (long long)trial_no, scores.len, SCORING_TEXT_MAX);
    TRY(stmt_open_tx(&q, tx,
                     "INSERT INTO score (run_no, scoring_no, trial_no, \"values\") SELECT $1, $2, $3, $4 WHERE EXISTS "
                     "(SELECT 1 FROM trial t WHERE t.run_no = $1 AND t.trial_no = $3) "
                     "ON CONFLICT (run_no, scoring_no, trial_no) DO NOTHING", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, scoring_no);
    stmt_bind_i64(q, 3, trial_no);
    stmt_bind_str(q, 4, scores);
    TRY(stmt_run(q, e));
    *added = stmt_changes(q) > 0;
    return ERR_OK;
}

enum err_code store_scorings(struct store *s, int64_t run_no, struct arena *a, struct store_scoring **out,
                             size_t *count, struct err *e)
{
    AUTO(stmt_closep) struct stmt *n = NULL, *q = NULL;
    size_t at = 0, all;

    TRY(stmt_open(&n, s, "SELECT count(*) FROM scoring WHERE run_no = $1 AND scoring_no > 0", e));
    stmt_bind_i64(n, 1, run_no);
    TRY(stmt_step(n, e));
    all = (size_t)stmt_i64(n, 0);
    *out = arena_array(a, struct store_scoring, all + 1);
    TRY(stmt_open(&q, s,
                  "SELECT g.scoring_no, g.name, g.scorers, g.created_ms, (SELECT count(*) FROM score c WHERE "
                  "c.run_no = $1 AND c.scoring_no = g.scoring_no) FROM scoring g WHERE g.run_no = $1 AND g.scoring_no > 0 "
                  "ORDER BY g.scoring_no", e));
    stmt_bind_i64(q, 1, run_no);
    for (; at < all; at++) {
        TRY(stmt_step(q, e));
        if (!stmt_has_row(q))
            break;
        (*out)[at] = (struct store_scoring){
            .no = stmt_i64(q, 0), .name = arena_strdup(a, stmt_str(q, 1)), .about = arena_strdup(a, stmt_str(q, 2)),
            .created_ms = stmt_i64(q, 3), .trials = stmt_i64(q, 4),
        };
    }
    *count = at;
    return ERR_OK;
}

enum err_code store_scored(struct store *s, int64_t run_no, int64_t scoring_no, int64_t first, int64_t last,
                           unsigned char *bits, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    ASSERT(first <= last);
    TRY(stmt_open(&q, s,
                  "SELECT trial_no FROM score WHERE run_no = $1 AND scoring_no = $2 AND trial_no >= $3 AND trial_no < $4",
                  e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, scoring_no);
    stmt_bind_i64(q, 3, first);
    stmt_bind_i64(q, 4, last);
    return stmt_bits(q, first, last, bits, e);
}

enum err_code store_scores_each(struct store *s, int64_t run_no, int64_t scoring_no,
                                enum err_code (*each)(int64_t trial_no, struct str scores, void *arg, struct err *e),
                                void *arg, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open(&q, s,
                  "SELECT trial_no, \"values\" FROM score WHERE run_no = $1 AND scoring_no = $2 ORDER BY trial_no", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, scoring_no);
    for (;;) {
        TRY(stmt_step(q, e));
        if (!stmt_has_row(q))
            return ERR_OK;
        TRY(each(stmt_i64(q, 0), stmt_str(q, 1), arg, e));
    }
}

enum err_code store_score_get(struct store *s, int64_t run_no, int64_t scoring_no, int64_t trial_no, struct arena *a,
                              struct str *out, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open(&q, s, "SELECT \"values\" FROM score WHERE run_no = $1 AND scoring_no = $2 AND trial_no = $3", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, scoring_no);
    stmt_bind_i64(q, 3, trial_no);
    TRY(stmt_step(q, e));
    if (!stmt_has_row(q))
        return err_set(e, ERR_NOT_FOUND, "trial %lld has no scores in pass %lld", (long long)trial_no,
                       (long long)scoring_no);
    *out = arena_strdup(a, stmt_str(q, 0));
    return ERR_OK;
}

/* --- leases ------------------------------------------------------------------------------------------------------- */

static enum err_code scoring_lease_holder(struct store_tx *tx, int64_t run_no, struct str judgement, int64_t now_ms,
                                          struct arena *a, struct str *holder, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx,
                     "SELECT owner FROM scoring_lease WHERE run_no = $1 AND judgement = $2 AND expires_ms > $3", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_str(q, 2, judgement);
    stmt_bind_i64(q, 3, now_ms);
    TRY(stmt_step(q, e));
    *holder = stmt_has_row(q) ? arena_strdup(a, stmt_str(q, 0)) : STR_NONE;
    return ERR_OK;
}

enum err_code store_tx_scoring_lease(struct store_tx *tx, int64_t run_no, struct str judgement, struct str owner,
                                     struct str dead, int64_t now_ms, int64_t lease_ms, struct arena *a,
                                     struct str *holder, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(scoring_lease_holder(tx, run_no, judgement, now_ms, a, holder, e));
    if (holder->len && !str_eq(*holder, owner) && !str_eq(*holder, dead))
        return ERR_OK;
    TRY(stmt_open_tx(&q, tx,
                     "INSERT INTO scoring_lease (run_no, judgement, owner, expires_ms) VALUES ($1, $2, $3, $4) "
                     "ON CONFLICT (run_no, judgement) DO UPDATE SET owner = excluded.owner, expires_ms = excluded.expires_ms",
                     e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_str(q, 2, judgement);
    stmt_bind_str(q, 3, owner);
    stmt_bind_i64(q, 4, now_ms + lease_ms);
    TRY(stmt_run(q, e));
    *holder = owner;
    return ERR_OK;
}

enum err_code store_tx_scoring_release(struct store_tx *tx, int64_t run_no, struct str judgement, struct str owner,
                                       struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, "DELETE FROM scoring_lease WHERE run_no = $1 AND judgement = $2 AND owner = $3", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_str(q, 2, judgement);
    stmt_bind_str(q, 3, owner);
    return stmt_run(q, e);
}
