#include "store/stmt.h"
#include "store/tx.h"

#include <stdio.h>

enum { RUN_SHARDS_MAX = 4 << 20, RUN_REF_MIN = 4, RUN_AMBIGUOUS_SHOWN = 4, RUN_SUGGEST_FROM = 200 };

#define RUN_COLUMNS \
    "no, id, task_name, task_path, state, stopped_by, created_ms, started_ms, finished_ms, fingerprint, dataset_hash, " \
    "cases, variants, repeat, shard_trials, estimate_nanousd, budget_nanousd, settings"
enum { RUN_COLUMN_COUNT = 18 };

static void run_read(const struct stmt *q, struct arena *a, struct run *out)
{
    *out = (struct run){
        .no = stmt_i64(q, 0), .id = arena_strdup(a, stmt_str(q, 1)), .task_name = arena_strdup(a, stmt_str(q, 2)),
        .task_path = arena_strdup(a, stmt_str(q, 3)), .state = run_state_from(stmt_str(q, 4)),
        .stopped_by = stop_reason_from(stmt_str(q, 5)), .created_ms = stmt_i64(q, 6), .started_ms = stmt_i64(q, 7),
        .finished_ms = stmt_i64(q, 8), .fingerprint = arena_strdup(a, stmt_str(q, 9)),
        .dataset_hash = arena_strdup(a, stmt_str(q, 10)), .cases = stmt_i64(q, 11), .variants = stmt_i64(q, 12),
        .repeat = stmt_i64(q, 13), .shard_trials = stmt_i64(q, 14), .estimate_nanousd = stmt_money(q, 15),
        .budget_nanousd = stmt_i64(q, 16), .settings = arena_strdup(a, stmt_str(q, 17)),
    };
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static enum err_code run_check(const struct run *run, int64_t *trials, int64_t *shards, struct err *e)
{
    if (run->cases < 0 || run->variants < 1 || run->repeat < 1 || run->shard_trials < 1)
        return err_set(e, ERR_BAD_INPUT, "a run of %lld cases, %lld variants, %lld repetitions in shards of %lld can't be kept: "
                       "each must be at least 1 (cases: 0)", (long long)run->cases, (long long)run->variants,
                       (long long)run->repeat, (long long)run->shard_trials);
    if (__builtin_mul_overflow(run->cases, run->variants, trials) || __builtin_mul_overflow(*trials, run->repeat, trials) ||
        *trials > INT64_MAX - run->shard_trials)
        return err_set(e, ERR_TOO_LARGE, "a run of %lld cases x %lld variants x %lld repetitions has more trials than can be "
                       "counted", (long long)run->cases, (long long)run->variants, (long long)run->repeat);
    *shards = (*trials + run->shard_trials - 1) / run->shard_trials;
    if (*shards > RUN_SHARDS_MAX)
        return err_set(e, ERR_TOO_LARGE,
                       "a run of %lld trials in shards of %lld has %lld shards; at most %d are allowed",
                       (long long)*trials, (long long)run->shard_trials, (long long)*shards, RUN_SHARDS_MAX);
    return ERR_OK;
}

static enum err_code run_insert(struct store_tx *tx, struct run *run, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, "INSERT INTO run (id, task_name, task_path, state, stopped_by, created_ms, started_ms, finished_ms, "
                     "fingerprint, dataset_hash, cases, variants, repeat, shard_trials, estimate_nanousd, budget_nanousd, "
                     "settings) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) "
                     "RETURNING no", e));
    stmt_bind_str(q, 1, run->id);
    stmt_bind_str(q, 2, run->task_name);
    stmt_bind_str(q, 3, run->task_path);
    stmt_bind_str(q, 4, str_c(run_state_name(run->state)));
    stmt_bind_str(q, 5, str_c(stop_reason_name(run->stopped_by)));
    stmt_bind_i64(q, 6, run->created_ms);
    stmt_bind_time(q, 7, run->started_ms);
    stmt_bind_time(q, 8, run->finished_ms);
    stmt_bind_str(q, 9, run->fingerprint);
    stmt_bind_str(q, 10, run->dataset_hash);
    stmt_bind_i64(q, 11, run->cases);
    stmt_bind_i64(q, 12, run->variants);
    stmt_bind_i64(q, 13, run->repeat);
    stmt_bind_i64(q, 14, run->shard_trials);
    stmt_bind_money(q, 15, run->estimate_nanousd);
    stmt_bind_i64(q, 16, run->budget_nanousd);
    stmt_bind_str(q, 17, run->settings);
    TRY(stmt_step(q, e));
    run->no = stmt_i64(q, 0);
    return stmt_run(q, e);              /* to its end: what it must obey is checked there */
}

static enum err_code run_variant_insert(struct store_tx *tx, int64_t run_no, const struct store_variant *v,
                                        struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx,
                     "INSERT INTO run_variant (run_no, variant_no, name, model, settings, aggregate, abandoned) "
                     "VALUES ($1, $2, $3, $4, $5, $6, $7)",
                     e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, v->no);
    stmt_bind_str(q, 3, v->name);
    stmt_bind_str(q, 4, v->model);
    stmt_bind_str(q, 5, v->settings);
    stmt_bind_str(q, 6, v->aggregate);
    stmt_bind_i64(q, 7, v->abandoned);
    return stmt_run(q, e);
}

static enum err_code run_shards_insert(struct store_tx *tx, const struct run *run, int64_t trials, int64_t shards,
                                       struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, "INSERT INTO shard (run_no, shard_no, first_trial, last_trial) VALUES ($1, $2, $3, $4)",
                     e));
    for (int64_t i = 0; i < shards; i++) {
        stmt_again(q);
        stmt_bind_i64(q, 1, run->no);
        stmt_bind_i64(q, 2, i);
        stmt_bind_i64(q, 3, i * run->shard_trials);
        stmt_bind_i64(q, 4, MIN((i + 1) * run->shard_trials, trials));
        TRY(stmt_run(q, e));
    }
    return ERR_OK;
}

static enum err_code run_scoring_insert(struct store_tx *tx, const struct run *run, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, "INSERT INTO scoring (run_no, scoring_no, name, scorers, created_ms) "
                     "VALUES ($1, 0, 'run', '[]', $2)", e));
    stmt_bind_i64(q, 1, run->no);
    stmt_bind_i64(q, 2, run->created_ms);
    return stmt_run(q, e);
}

enum err_code store_tx_run_add(struct store_tx *tx, struct run *run, const struct store_variant *variants,
                               struct err *e)
{
    int64_t trials = 0, shards = 0;

    TRY(run_check(run, &trials, &shards, e));
    TRY(run_insert(tx, run, e));
    for (int64_t i = 0; i < run->variants; i++)
        TRY(run_variant_insert(tx, run->no, &variants[i], e));
    TRY(run_scoring_insert(tx, run, e));
    return run_shards_insert(tx, run, trials, shards, e);
}

static enum err_code run_no_such(int64_t run_no, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "run number %lld is not in the store (was it removed meanwhile?)",
                   (long long)run_no);
}

static enum err_code run_state_now(struct store_tx *tx, int64_t run_no, enum run_state *state, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, "SELECT state FROM run WHERE no = $1", e));
    stmt_bind_i64(q, 1, run_no);
    TRY(stmt_step(q, e));
    if (!stmt_has_row(q))
        return run_no_such(run_no, e);
    *state = run_state_from(stmt_str(q, 0));
    if (*state == RUN_STATES)
        return err_set(e, ERR_STORE, "run number %lld is in a state this program does not know", (long long)run_no);
    return ERR_OK;
}

enum err_code store_tx_run_move(struct store_tx *tx, int64_t run_no, enum run_state to, enum stop_reason why,
                                int64_t now_ms, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    enum run_state from;
    bool running = to == RUN_RUNNING;

    TRY(run_state_now(tx, run_no, &from, e));
    if (!run_may_move(from, to))
        return err_set(e, ERR_CONFLICT, "run number %lld is %s and can't become %s", (long long)run_no, run_state_name(from),
                       run_state_name(to));
    TRY(stmt_open_tx(&q, tx, "UPDATE run SET state = $1, stopped_by = $2, started_ms = coalesce(started_ms, $3), "
                     "finished_ms = $4 WHERE no = $5", e));
    stmt_bind_str(q, 1, str_c(run_state_name(to)));
    stmt_bind_str(q, 2,
                  str_c(stop_reason_name(to == RUN_STOPPED || (to == RUN_DONE && why == STOP_SURE) ? why : STOP_NONE)));
    stmt_bind_time(q, 3, running ? now_ms : 0);
    stmt_bind_time(q, 4, running ? 0 : now_ms);
    stmt_bind_i64(q, 5, run_no);
    TRY(stmt_run(q, e));
    log_event(LOG_DEBUG, "run.move", LOG_I("run", run_no), LOG_C("from", run_state_name(from)),
              LOG_C("to", run_state_name(to)));
    return ERR_OK;
}

enum err_code store_tx_run_remove(struct store_tx *tx, int64_t run_no, struct err *e)
{
    static const char *const steps[] = {        /* children first */
        "DELETE FROM label WHERE run_no = $1", "DELETE FROM score WHERE run_no = $1",
        "DELETE FROM transcript WHERE run_no = $1", "DELETE FROM trial WHERE run_no = $1",
        "DELETE FROM dictionary WHERE run_no = $1", "DELETE FROM ledger WHERE run_no = $1",
        "DELETE FROM shard WHERE run_no = $1", "DELETE FROM scoring WHERE run_no = $1",
        "DELETE FROM run_variant WHERE run_no = $1", "DELETE FROM run WHERE no = $1",
    };
    int64_t gone = 0;

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        AUTO(stmt_closep) struct stmt *q = NULL;

        TRY(stmt_open_tx(&q, tx, steps[i], e));
        stmt_bind_i64(q, 1, run_no);
        TRY(stmt_run(q, e));
        gone = stmt_changes(q);
    }
    return gone ? ERR_OK : run_no_such(run_no, e);
}

static enum err_code run_no_such_variant(int64_t run_no, int64_t variant_no, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "run number %lld has no variant %lld in the store", (long long)run_no,
                   (long long)variant_no);
}

enum err_code store_tx_variant_set(struct store_tx *tx, int64_t run_no, int64_t variant_no, struct str aggregate,
                                   bool abandoned, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx,
                     "UPDATE run_variant SET aggregate = $1, abandoned = $2 WHERE run_no = $3 AND variant_no = $4", e));
    stmt_bind_str(q, 1, aggregate);
    stmt_bind_i64(q, 2, abandoned);
    stmt_bind_i64(q, 3, run_no);
    stmt_bind_i64(q, 4, variant_no);
    TRY(stmt_run(q, e));
    return stmt_changes(q) ? ERR_OK : run_no_such_variant(run_no, variant_no, e);
}

#define VARIANT_COLUMNS "variant_no, name, model, settings, aggregate, abandoned"

static void run_variant_read(const struct stmt *q, struct arena *a, struct store_variant *out)
{
    *out = (struct store_variant){
        .no = stmt_i64(q, 0), .name = arena_strdup(a, stmt_str(q, 1)), .model = arena_strdup(a, stmt_str(q, 2)),
        .settings = arena_strdup(a, stmt_str(q, 3)), .aggregate = arena_strdup(a, stmt_str(q, 4)),
        .abandoned = stmt_i64(q, 5) != 0,
    };
}

enum err_code store_tx_variant_get(struct store_tx *tx, int64_t run_no, int64_t variant_no, struct arena *a,
                                   struct store_variant *out, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, "SELECT " VARIANT_COLUMNS " FROM run_variant WHERE run_no = $1 AND variant_no = $2", e));
    stmt_bind_i64(q, 1, run_no);
    stmt_bind_i64(q, 2, variant_no);
    TRY(stmt_step(q, e));
    if (!stmt_has_row(q))
        return run_no_such_variant(run_no, variant_no, e);
    run_variant_read(q, a, out);
    return ERR_OK;
}

/* --- reading --------------------------------------------------------------------------------------------------- */

enum err_code store_variants(struct store *s, int64_t run_no, struct arena *a, struct store_variant **out,
                             size_t *count, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    VEC(struct store_variant) found = { 0 };
    enum err_code code;

    TRY(stmt_open(&q, s, "SELECT " VARIANT_COLUMNS " FROM run_variant WHERE run_no = $1 ORDER BY variant_no", e));
    stmt_bind_i64(q, 1, run_no);
    while ((code = stmt_step(q, e)) == ERR_OK && stmt_has_row(q)) {
        struct store_variant v;

        run_variant_read(q, a, &v);
        vec_push(&found, v);
    }
    if (code == ERR_OK) {
        *out = arena_array(a, struct store_variant, found.len);
        if (found.len)
            memcpy(*out, found.at, found.len * sizeof *found.at);
        *count = found.len;
    }
    vec_dispose(&found);
    return code;
}

static enum err_code run_count(struct store *s, int64_t *count, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open(&q, s, "SELECT count(*) FROM run", e));
    TRY(stmt_step(q, e));
    *count = stmt_i64(q, 0);
    return ERR_OK;
}

static enum err_code run_get_last(struct store *s, int64_t back, struct arena *a, struct run **out, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    int64_t count;

    TRY(stmt_open(&q, s, "SELECT " RUN_COLUMNS " FROM run ORDER BY no DESC LIMIT 1 OFFSET $1", e));
    stmt_bind_i64(q, 1, back);
    TRY(stmt_step(q, e));
    if (stmt_has_row(q)) {
        *out = arena_new(a, struct run);
        run_read(q, a, *out);
        return ERR_OK;
    }
    TRY(run_count(s, &count, e));
    if (count == 0)
        return err_set(e, ERR_NOT_FOUND, "there is no run yet");
    return err_set(e, ERR_NOT_FOUND,
                   "there is no run last~%lld: the store holds %lld (last is the newest, last~%lld the oldest)",
                   (long long)back, (long long)count, (long long)count - 1);
}

/* "last" or "last~N". */
static bool run_ref_is_last(struct str ref, int64_t *back)
{
    *back = 0;
    if (str_is(ref, "last"))
        return true;
    return str_starts(ref, S("last~")) && str_to_i64(str_from(ref, 5), back) && *back >= 0;
}

static bool run_ref_is_id(struct str ref)
{
    for (size_t i = 0; i < ref.len; i++)
        if (!strchr("0123456789abcdefABCDEF-", ref.at[i]) || ref.at[i] == '\0')
            return false;
    return ref.len >= RUN_REF_MIN && ref.len <= ID_TEXT - 1;
}

static enum err_code run_absent(struct store *s, struct str ref, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    struct suggest near;
    char hint[160], ids[RUN_SUGGEST_FROM][9];       /* the suggestion points into ids */
    size_t n = 0;

    TRY(stmt_open(&q, s, "SELECT id FROM run ORDER BY no DESC LIMIT $1", e));
    stmt_bind_i64(q, 1, RUN_SUGGEST_FROM);
    suggest_begin(&near, ref);
    for (; n < RUN_SUGGEST_FROM; n++) {
        TRY(stmt_step(q, e));
        if (!stmt_has_row(q))
            break;
        snprintf(ids[n], sizeof ids[n], STR_FMT, STR_ARG(id_short(stmt_str(q, 0))));
        suggest_offer(&near, str_c(ids[n]));
    }
    if (n == 0)
        return err_set(e, ERR_NOT_FOUND, "there is no run " STR_FMT ": the store holds none yet", STR_ARG(ref));
    return err_set(e, ERR_NOT_FOUND, "there is no run " STR_FMT "%s", STR_ARG(ref), suggest_hint(&near, hint));
}

static enum err_code run_ambiguous(struct stmt *q, struct str ref, const struct run *first, struct err *e)
{
    AUTO_BUF struct buf names = BUF_INIT(2048);
    int shown = 1;

    buf_printf(&names, STR_FMT " (" STR_FMT ")", STR_ARG(first->id), STR_ARG(str_utf8_head(first->task_name, 40)));
    do {
        if (shown++ == RUN_AMBIGUOUS_SHOWN) {
            buf_puts(&names, "...");
            break;
        }
        buf_printf(&names, ", " STR_FMT " (" STR_FMT ")", STR_ARG(stmt_str(q, 1)),
                   STR_ARG(str_utf8_head(stmt_str(q, 2), 40)));
        TRY(stmt_step(q, e));
    } while (stmt_has_row(q));
    return err_set(e, ERR_BAD_INPUT, "\"" STR_FMT "\" could be more than one run: %s; type more of it", STR_ARG(ref),
                   buf_cstr(&names));
}

enum err_code store_run_get(struct store *s, struct str ref, struct arena *a, struct run **out, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    struct str ends, begins;
    struct run found;
    int64_t back;

    if (run_ref_is_last(ref, &back))
        return run_get_last(s, back, a, out, e);
    if (!run_ref_is_id(ref))
        return err_set(e, ERR_BAD_INPUT, "\"" STR_FMT "\" names no run: a run is named by its id, by %d or more characters of its "
                       "end or beginning, or as last, last~1, last~2...", STR_ARG(str_utf8_head(ref, 80)), RUN_REF_MIN);
    ends = arena_printf(a, "%%" STR_FMT, STR_ARG(ref));       /* no wildcard of LIKE is a letter of an id */
    begins = arena_printf(a, STR_FMT "%%", STR_ARG(ref));
    TRY(stmt_open(&q, s, "SELECT " RUN_COLUMNS " FROM run WHERE id LIKE $1 OR id LIKE $2 ORDER BY no DESC LIMIT 8", e));
    stmt_bind_str(q, 1, ends);
    stmt_bind_str(q, 2, begins);
    TRY(stmt_step(q, e));
    if (!stmt_has_row(q))
        return run_absent(s, ref, e);
    run_read(q, a, &found);
    TRY(stmt_step(q, e));
    if (stmt_has_row(q))
        return run_ambiguous(q, ref, &found, e);
    *out = arena_new(a, struct run);
    **out = found;
    return ERR_OK;
}

enum err_code store_run_resumable(struct store *s, struct str fingerprint, struct arena *a, struct run **out,
                                  struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open(&q, s, "SELECT " RUN_COLUMNS " FROM run WHERE fingerprint = $1 AND state IN ('planned', 'running', 'stopped') "
                  "ORDER BY no DESC LIMIT 1", e));
    stmt_bind_str(q, 1, fingerprint);
    TRY(stmt_step(q, e));
    *out = NULL;
    if (stmt_has_row(q)) {
        *out = arena_new(a, struct run);
        run_read(q, a, *out);
    }
    return ERR_OK;
}

enum err_code store_runs_list(struct store *s, struct str task_name, int64_t limit, int64_t offset, struct arena *a,
                              struct store_run_row **rows, size_t *count, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    VEC(struct store_run_row) found = { 0 };
    enum err_code code;

    TRY(stmt_open(&q, s,
                  "SELECT " RUN_COLUMNS ", "
                  "(SELECT coalesce(sum(v.done), 0) FROM run_variant v WHERE v.run_no = run.no), "
                  "(SELECT coalesce(sum(v.failed), 0) FROM run_variant v WHERE v.run_no = run.no), "
                  "(SELECT coalesce(sum(l.cost_nanousd), 0) FROM ledger l WHERE l.run_no = run.no), "
                  "(SELECT coalesce(sum(l.unknown_calls), 0) FROM ledger l WHERE l.run_no = run.no) "
                  "FROM run WHERE $1 = '' OR task_name = $1 ORDER BY no DESC LIMIT $2 OFFSET $3", e));
    stmt_bind_str(q, 1, task_name);
    stmt_bind_i64(q, 2, limit > 0 ? limit : INT64_MAX);
    stmt_bind_i64(q, 3, MAX(offset, (int64_t)0));
    while ((code = stmt_step(q, e)) == ERR_OK && stmt_has_row(q)) {
        struct store_run_row row = { .done = stmt_i64(q, RUN_COLUMN_COUNT), .failed = stmt_i64(q, RUN_COLUMN_COUNT + 1),
                                     .cost_nanousd = stmt_i64(q, RUN_COLUMN_COUNT + 2),
                                     .unknown_calls = stmt_i64(q, RUN_COLUMN_COUNT + 3) };

        run_read(q, a, &row.run);
        vec_push(&found, row);
    }
    if (code == ERR_OK) {
        *rows = arena_array(a, struct store_run_row, found.len);
        if (found.len)
            memcpy(*rows, found.at, found.len * sizeof *found.at);
        *count = found.len;
    }
    vec_dispose(&found);
    return code;
}
