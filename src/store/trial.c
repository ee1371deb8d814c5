#include "store/press.h"
#include "store/stmt.h"
#include "store/tx.h"

enum { TRIAL_ERROR_TEXT_MAX = 2000 };

static struct press *trial_press(struct store_conn *c)
{
    if (!c->press)
        c->press = press_new();
    return c->press;
}

/* Gets the run's dictionary ready on this connection, if the run has one. */
static enum err_code trial_dict_load(struct store_conn *c, int64_t run_no, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    if (press_dict_has(trial_press(c), run_no))
        return ERR_OK;
    TRY(stmt_open_conn(&q, c, "SELECT body FROM dictionary WHERE run_no = $1", e));
    stmt_bind_i64(q, 1, run_no);
    TRY(stmt_step(q, e));
    if (stmt_has_row(q))
        press_dict_put(trial_press(c), run_no, stmt_str(q, 0));
    return ERR_OK;
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static enum err_code trial_insert(struct store_tx *tx, int64_t run_no, const struct trial *t, bool *added,
                                  struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, "INSERT INTO trial (run_no, trial_no, variant_no, state, error, error_text, case_id, input, output, "
                     "cached, cache_written, reasoning, estimated, cost_nanousd, latency_ms, attempts, finished_ms, violations, "
                     "critical) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) "
                     "ON CONFLICT (run_no, trial_no) DO NOTHING", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, t->number);
    stmt_bind_i64(q, 3, t->variant);
    stmt_bind_i64(q, 4, t->state == TRIAL_FAILED);
    if (t->error != ERR_OK)
        stmt_bind_str(q, 5, str_c(err_name(t->error)));
    if (t->error_text.len)
        stmt_bind_str(q, 6, str_utf8_head(t->error_text, TRIAL_ERROR_TEXT_MAX));
    stmt_bind_str(q, 7, t->case_id);
    stmt_bind_i64(q, 8, t->usage.input);
    stmt_bind_i64(q, 9, t->usage.output);
    stmt_bind_i64(q, 10, t->usage.cached);
    stmt_bind_i64(q, 11, t->usage.cache_written);
    stmt_bind_i64(q, 12, t->usage.reasoning);
    stmt_bind_i64(q, 13, t->usage.input_estimated | t->usage.output_estimated << 1);
    stmt_bind_money(q, 14, t->cost_nanousd);
    stmt_bind_i64(q, 15, t->latency_ms);
    stmt_bind_i64(q, 16, t->attempts);
    stmt_bind_i64(q, 17, t->finished_ms);
    stmt_bind_i64(q, 18, t->violations);
    stmt_bind_i64(q, 19, t->critical);
    TRY(stmt_run(q, e));
    *added = stmt_changes(q) > 0;
    return ERR_OK;
}

/* The first transcript of some length becomes its run's dictionary, for good: what was packed needs it unchanged. */
static enum err_code trial_dict_make(struct store_tx *tx, int64_t run_no, struct str transcript, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    struct str bytes = press_dict_of(transcript);

    TRY(trial_dict_load(tx->conn, run_no, e));
    if (press_dict_has(trial_press(tx->conn), run_no) || !bytes.len)
        return ERR_OK;
    TRY(stmt_open_tx(&q, tx, "INSERT INTO dictionary (run_no, body) VALUES ($1, $2)", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_blob(q, 2, bytes);
    TRY(stmt_run(q, e));
    press_dict_put(trial_press(tx->conn), run_no, bytes);
    return ERR_OK;
}

static enum err_code trial_transcript_insert(struct store_tx *tx, int64_t run_no, int64_t number, struct str transcript,
                                             struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    struct str packed;

    TRY(trial_dict_make(tx, run_no, transcript, e));
    TRY(press_pack(trial_press(tx->conn), run_no, transcript, &packed, e));
    TRY(stmt_open_tx(&q, tx, "INSERT INTO transcript (run_no, trial_no, body) VALUES ($1, $2, $3)", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, number);
    stmt_bind_blob(q, 3, packed);
    return stmt_run(q, e);
}

static enum err_code trial_scores_insert(struct store_tx *tx, int64_t run_no, int64_t number, struct str scores,
                                         struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, "INSERT INTO score (run_no, scoring_no, trial_no, \"values\") VALUES ($1, 0, $2, $3)", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, number);
    stmt_bind_str(q, 3, scores);
    return stmt_run(q, e);
}

enum err_code store_tx_trial_add(struct store_tx *tx, int64_t run_no, const struct trial *t, struct str transcript,
                                 struct str scores, bool *added, struct err *e)
{
    bool new_one;

    TRY(trial_insert(tx, run_no, t, &new_one, e));
    *added = new_one;
    if (!new_one)
        return ERR_OK;
    if (transcript.len)
        TRY(trial_transcript_insert(tx, run_no, t->number, transcript, e));
    if (scores.len)
        TRY(trial_scores_insert(tx, run_no, t->number, scores, e));
    return tx_count(tx, run_no, t->variant, t->state == TRIAL_DONE, t->state == TRIAL_FAILED, e);
}

enum err_code store_tx_trial_settle(struct store_tx *tx, int64_t run_no, const struct trial *t, struct str before,
                                    struct str scores, bool *settled, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL, *counts = NULL;

    *settled = false;
    TRY(stmt_open_tx(&q, tx, "UPDATE score SET \"values\" = $1 WHERE run_no = $2 AND scoring_no = 0 AND trial_no = $3 AND "
                     "\"values\" = $4", e));
    stmt_bind_str(q, 1, scores);
    stmt_bind_i64(q, 2, run_no);
    stmt_bind_i64(q, 3, t->number);
    stmt_bind_str(q, 4, before);
    TRY(stmt_run(q, e));
    if (!stmt_changes(q))
        return ERR_OK;
    TRY(stmt_open_tx(&counts, tx, "UPDATE trial SET violations = $1, critical = $2 WHERE run_no = $3 AND trial_no = $4",
                     e));
    stmt_bind_i64(counts, 1, t->violations);
    stmt_bind_i64(counts, 2, t->critical);
    stmt_bind_i64(counts, 3, run_no);
    stmt_bind_i64(counts, 4, t->number);
    TRY(stmt_run(counts, e));
    *settled = true;
    return ERR_OK;
}

/* --- reading --------------------------------------------------------------------------------------------------- */

#define TRIAL_COLUMNS \
    "t.trial_no, t.variant_no, t.state, t.error, t.error_text, t.case_id, t.input, t.output, t.cached, t.cache_written, " \
    "t.reasoning, t.estimated, t.cost_nanousd, t.latency_ms, t.attempts, t.finished_ms, t.violations, t.critical, "
#define TRIAL_OWN "s.\"values\""
#define TRIAL_NEWEST "coalesce(p.\"values\", s.\"values\")"
#define TRIAL_SCORES " LEFT JOIN score s ON s.run_no = t.run_no AND s.scoring_no = 0 AND s.trial_no = t.trial_no"
#define TRIAL_PASS TRIAL_SCORES " LEFT JOIN score p ON p.run_no = t.run_no AND p.trial_no = t.trial_no AND p.scoring_no = " \
    "(SELECT max(g.scoring_no) FROM scoring g WHERE g.run_no = $1 AND g.name = 'judge')"
#define TRIAL_TRANSCRIPT " LEFT JOIN transcript b ON b.run_no = t.run_no AND b.trial_no = t.trial_no"
enum { TRIAL_TRANSCRIPT_COLUMN = 19 };

/* Strings are borrowed from the row. */
static void trial_read(const struct stmt *q, struct store_trial *out)
{
    struct trial *t = &out->trial;
    int64_t estimated = stmt_i64(q, 11);

    *out = (struct store_trial){ .scores = stmt_str(q, 18) };
    *t = (struct trial){
        .number = stmt_i64(q, 0), .variant = stmt_i64(q, 1), .state = stmt_i64(q, 2) ? TRIAL_FAILED : TRIAL_DONE,
        .error = stmt_is_null(q, 3) ? ERR_OK : err_from_name(stmt_str(q, 3)), .error_text = stmt_str(q, 4),
        .case_id = stmt_str(q, 5),
        .usage = { .input = stmt_i64(q, 6), .output = stmt_i64(q, 7), .cached = stmt_i64(q, 8), .cache_written = stmt_i64(q, 9),
                   .reasoning = stmt_i64(q, 10), .input_estimated = estimated & 1, .output_estimated = (estimated & 2) != 0 },
        .cost_nanousd = stmt_money(q, 12), .latency_ms = stmt_i64(q, 13), .attempts = stmt_i64(q, 14),
        .finished_ms = stmt_i64(q, 15), .violations = stmt_i64(q, 16), .critical = stmt_i64(q, 17),
    };
}

static enum err_code trial_read_transcript(const struct stmt *q, int64_t run_no, struct store_trial *t, struct err *e)
{
    struct str packed = stmt_str(q, TRIAL_TRANSCRIPT_COLUMN);

    if (stmt_is_null(q, TRIAL_TRANSCRIPT_COLUMN))
        return ERR_OK;
    if (press_needs_dict(packed))
        TRY(trial_dict_load(stmt_conn(q), run_no, e));
    if (press_unpack(trial_press(stmt_conn(q)), run_no, packed, &t->transcript, e) != ERR_OK)
        return err_prefix(e, "trial %lld of run number %lld", (long long)t->trial.number, (long long)run_no);
    return ERR_OK;
}

/* Has the run been judged? Most have not, and are read without looking further. */
static enum err_code trial_has_passes(struct store *s, int64_t run_no, bool *passes, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open(&q, s, "SELECT coalesce(max(scoring_no), 0) FROM scoring WHERE run_no = $1 AND name = 'judge'", e));
    stmt_bind_i64(q, 1, run_no);
    TRY(stmt_step(q, e));
    *passes = stmt_i64(q, 0) > 0;
    return ERR_OK;
}

enum err_code store_trial_get(struct store *s, int64_t run_no, int64_t number, struct arena *a,
                              struct store_trial **out, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    struct store_trial t;

    TRY(stmt_open(&q, s, "SELECT " TRIAL_COLUMNS TRIAL_NEWEST ", b.body FROM trial t" TRIAL_PASS TRIAL_TRANSCRIPT
                  " WHERE t.run_no = $1 AND t.trial_no = $2", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, number);
    TRY(stmt_step(q, e));
    if (!stmt_has_row(q))
        return err_set(e, ERR_NOT_FOUND, "trial %lld has no outcome in this run", (long long)number);
    trial_read(q, &t);
    TRY(trial_read_transcript(q, run_no, &t, e));
    *out = arena_new(a, struct store_trial);
    **out = t;
    (*out)->scores = arena_strdup(a, t.scores);
    (*out)->transcript = arena_strdup(a, t.transcript);
    (*out)->trial.error_text = arena_strdup(a, t.trial.error_text);
    (*out)->trial.case_id = arena_strdup(a, t.trial.case_id);
    return ERR_OK;
}

/* Case-major numbers put a variant's trials evenly among all, so a page of one variant is found by reading on from
 * `first`. Failed ones are few: their numbers come from an index of their own (trial_failed), asked alone because a
 * planner without statistics would read all trials rather than combine the two. */
#define TRIAL_SOME  " WHERE t.run_no = $1 AND t.trial_no >= $2 AND ($3 < 0 OR t.variant_no = $3)"
#define TRIAL_BROKEN \
    " WHERE t.run_no = $1 AND t.trial_no IN (SELECT f.trial_no FROM trial f WHERE f.run_no = $1 AND f.state = 1 AND " \
    "f.trial_no >= $2 AND ($3 < 0 OR f.variant_no = $3))"
#define TRIAL_END " ORDER BY t.trial_no LIMIT $4"

static enum err_code trial_open_each(struct stmt **q, struct store *s, const struct store_trials_filter *f, bool passes,
                                     struct err *e)
{
    static const char *const texts[2][2][2] = {         /* [with later passes][failed_only][with_transcript] */
        { { "SELECT " TRIAL_COLUMNS TRIAL_OWN " FROM trial t" TRIAL_SCORES TRIAL_SOME TRIAL_END,
            "SELECT " TRIAL_COLUMNS TRIAL_OWN
            ", b.body FROM trial t" TRIAL_SCORES TRIAL_TRANSCRIPT TRIAL_SOME TRIAL_END },
          { "SELECT " TRIAL_COLUMNS TRIAL_OWN " FROM trial t" TRIAL_SCORES TRIAL_BROKEN TRIAL_END,
            "SELECT " TRIAL_COLUMNS TRIAL_OWN
            ", b.body FROM trial t" TRIAL_SCORES TRIAL_TRANSCRIPT TRIAL_BROKEN TRIAL_END } },
        { { "SELECT " TRIAL_COLUMNS TRIAL_NEWEST " FROM trial t" TRIAL_PASS TRIAL_SOME TRIAL_END,
            "SELECT " TRIAL_COLUMNS TRIAL_NEWEST
            ", b.body FROM trial t" TRIAL_PASS TRIAL_TRANSCRIPT TRIAL_SOME TRIAL_END },
          { "SELECT " TRIAL_COLUMNS TRIAL_NEWEST " FROM trial t" TRIAL_PASS TRIAL_BROKEN TRIAL_END,
            "SELECT " TRIAL_COLUMNS TRIAL_NEWEST
            ", b.body FROM trial t" TRIAL_PASS TRIAL_TRANSCRIPT TRIAL_BROKEN TRIAL_END } },
    };

    return stmt_open(q, s, texts[passes][f->failed_only][f->with_transcript], e);
}

enum err_code store_trials_each(struct store *s, int64_t run_no, const struct store_trials_filter *filter,
                                enum err_code (*each)(const struct store_trial *t, void *arg, struct err *e), void *arg,
                                struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    bool passes = false;

    if (!filter->own_scores)
        TRY(trial_has_passes(s, run_no, &passes, e));
    TRY(trial_open_each(&q, s, filter, passes, e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, filter->first);
    stmt_bind_i64(q, 3, filter->variant);
    stmt_bind_i64(q, 4, filter->limit > 0 ? filter->limit : INT64_MAX);
    for (;;) {
        struct store_trial t;

        TRY(stmt_step(q, e));
        if (!stmt_has_row(q))
            return ERR_OK;
        trial_read(q, &t);
        if (filter->with_transcript)
            TRY(trial_read_transcript(q, run_no, &t, e));
        TRY(each(&t, arg, e));
    }
}
