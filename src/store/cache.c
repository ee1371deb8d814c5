/* src/store/cache.c: the response cache's rows. What a key means and what a body says is llm/cache's knowledge. */
#include "store/press.h"
#include "store/stmt.h"
#include "store/tx.h"

#define CACHE_ROW_BYTES 200                 /* what a row takes beside its body: key, model, index */

static struct press *cache_press(struct store_conn *c)
{
    if (!c->press)
        c->press = press_new();
    return c->press;
}

enum err_code store_cache_get(struct store *s, struct str key, int64_t oldest_ms, struct arena *a,
                              struct store_cached **out, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    struct str body;

    *out = NULL;
    TRY(stmt_open(&q, s, "SELECT model, created_ms, used_ms, uses, cost_nanousd, saved_nanousd, bytes, body "
                  "FROM response_cache WHERE key = $1 AND created_ms >= $2", e));
    stmt_bind_str(q, 1, key);
    stmt_bind_i64(q, 2, oldest_ms);
    TRY(stmt_step(q, e));
    if (!stmt_has_row(q))
        return ERR_OK;
    TRY(press_unpack(cache_press(stmt_conn(q)), 0, stmt_str(q, 7), &body, e));
    *out = arena_new(a, struct store_cached);
    **out = (struct store_cached){
        .key = arena_strdup(a, key), .model = arena_strdup(a, stmt_str(q, 0)), .created_ms = stmt_i64(q, 1),
        .used_ms = stmt_i64(q, 2), .uses = stmt_i64(q, 3), .cost_nanousd = stmt_money(q, 4),
        .saved_nanousd = stmt_i64(q, 5), .bytes = stmt_i64(q, 6), .body = arena_strdup(a, body),
    };
    return ERR_OK;
}

static enum err_code cache_sum(struct store_tx *tx, int64_t more, int64_t *now, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, "UPDATE response_cache_sum SET bytes = bytes + $1 WHERE one = 1 RETURNING bytes", e));
    stmt_bind_i64(q, 1, more);
    TRY(stmt_step(q, e));
    *now = stmt_has_row(q) ? stmt_i64(q, 0) : 0;
    return stmt_has_row(q) ? stmt_step(q, e) : ERR_OK;
}

/* Removes one row; what it took is no longer in the sum. */
static enum err_code cache_remove(struct store_tx *tx, struct str key, int64_t *now, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    int64_t bytes = 0;

    TRY(stmt_open_tx(&q, tx, "DELETE FROM response_cache WHERE key = $1 RETURNING bytes", e));
    stmt_bind_str(q, 1, key);
    TRY(stmt_step(q, e));
    if (stmt_has_row(q)) {
        bytes = stmt_i64(q, 0);
        TRY(stmt_step(q, e));
    }
    return cache_sum(tx, -bytes, now, e);
}

/* Those not asked for the longest go first; the one just written is the last to go. */
static enum err_code cache_evict(struct store_tx *tx, int64_t now, int64_t bytes_max, struct err *e)
{
    while (now > bytes_max) {
        AUTO(stmt_closep) struct stmt *q = NULL;
        AUTO_BUF struct buf key = BUF_INIT(256);

        TRY(stmt_open_tx(&q, tx, "SELECT key FROM response_cache ORDER BY used_ms, key LIMIT 1", e));
        TRY(stmt_step(q, e));
        if (!stmt_has_row(q))
            return ERR_OK;
        buf_append(&key, stmt_str(q, 0));
        stmt_close(TAKE(q));
        TRY(cache_remove(tx, buf_str(&key), &now, e));
    }
    return ERR_OK;
}

enum err_code store_tx_cache_put(struct store_tx *tx, const struct store_cached *row, int64_t bytes_max, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    struct str packed;
    int64_t bytes, now;

    TRY(press_pack(cache_press(tx->conn), 0, row->body, &packed, e));
    bytes = (int64_t)packed.len + CACHE_ROW_BYTES;
    if (bytes > bytes_max)
        return ERR_OK;                              /* larger than all there may be: not kept */
    TRY(cache_remove(tx, row->key, &now, e));
    TRY(stmt_open_tx(&q, tx,
                     "INSERT INTO response_cache (key, model, created_ms, used_ms, uses, cost_nanousd, saved_nanousd, "
                     "bytes, body) VALUES ($1, $2, $3, $3, 0, $4, 0, $5, $6)",
                     e));
    stmt_bind_str(q, 1, row->key);
    stmt_bind_str(q, 2, row->model);
    stmt_bind_i64(q, 3, row->created_ms);
    stmt_bind_money(q, 4, row->cost_nanousd);
    stmt_bind_i64(q, 5, bytes);
    stmt_bind_blob(q, 6, packed);
    TRY(stmt_run(q, e));
    TRY(cache_sum(tx, bytes, &now, e));
    return cache_evict(tx, now, bytes_max, e);
}

enum err_code store_tx_cache_used(struct store_tx *tx, struct str key, int64_t now_ms, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;

    TRY(stmt_open_tx(&q, tx, "UPDATE response_cache SET used_ms = $1, uses = uses + 1, "
                     "saved_nanousd = saved_nanousd + coalesce(cost_nanousd, 0) WHERE key = $2", e));
    stmt_bind_i64(q, 1, now_ms);
    stmt_bind_str(q, 2, key);
    return stmt_run(q, e);
}

enum err_code store_tx_cache_clear(struct store_tx *tx, struct str model, int64_t before_ms, int64_t *count,
                                   struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL, *sum = NULL;

    TRY(stmt_open_tx(&q, tx, "DELETE FROM response_cache WHERE created_ms < $1 AND ($2 = '' OR model = $2)", e));
    stmt_bind_i64(q, 1, before_ms);
    stmt_bind_str(q, 2, model.at ? model : S(""));
    TRY(stmt_run(q, e));
    *count = stmt_changes(q);
    TRY(stmt_open_tx(&sum, tx,
                     "UPDATE response_cache_sum SET bytes = (SELECT coalesce(sum(bytes), 0) FROM response_cache)", e));
    return stmt_run(sum, e);
}

enum err_code store_cache_stat(struct store *s, struct arena *a, struct store_cache_stat **rows, size_t *count,
                               struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    VEC(struct store_cache_stat) found = { 0 };
    enum err_code code;

    TRY(stmt_open(&q, s,
                  "SELECT model, count(*), sum(bytes), sum(uses), coalesce(sum(cost_nanousd), 0), sum(saved_nanousd), "
                  "min(created_ms), max(created_ms) FROM response_cache GROUP BY model ORDER BY model",
                  e));
    while ((code = stmt_step(q, e)) == ERR_OK && stmt_has_row(q))
        vec_push(&found, (struct store_cache_stat){
            .model = arena_strdup(a, stmt_str(q, 0)), .answers = stmt_i64(q, 1), .bytes = stmt_i64(q, 2),
            .uses = stmt_i64(q, 3), .cost_nanousd = stmt_i64(q, 4), .saved_nanousd = stmt_i64(q, 5),
            .oldest_ms = stmt_i64(q, 6), .newest_ms = stmt_i64(q, 7) });
    if (code == ERR_OK) {
        *rows = arena_array(a, struct store_cache_stat, found.len);
        if (found.len)
            memcpy(*rows, found.at, found.len * sizeof *found.at);
        *count = found.len;
    }
    vec_dispose(&found);
    return code;
}

enum err_code store_cache_list(struct store *s, struct str model, int64_t limit, struct arena *a,
                               struct store_cached **rows, size_t *count, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    VEC(struct store_cached) found = { 0 };
    enum err_code code;

    TRY(stmt_open(&q, s, "SELECT key, model, created_ms, used_ms, uses, cost_nanousd, saved_nanousd, bytes FROM response_cache "
                  "WHERE $1 = '' OR model = $1 ORDER BY used_ms DESC, key LIMIT $2", e));
    stmt_bind_str(q, 1, model.at ? model : S(""));
    stmt_bind_i64(q, 2, limit);
    while ((code = stmt_step(q, e)) == ERR_OK && stmt_has_row(q))
        vec_push(&found, (struct store_cached){
            .key = arena_strdup(a, stmt_str(q, 0)), .model = arena_strdup(a, stmt_str(q, 1)), .created_ms = stmt_i64(q, 2),
            .used_ms = stmt_i64(q, 3), .uses = stmt_i64(q, 4), .cost_nanousd = stmt_money(q, 5),
            .saved_nanousd = stmt_i64(q, 6), .bytes = stmt_i64(q, 7) });
    if (code == ERR_OK) {
        *rows = arena_array(a, struct store_cached, found.len);
        if (found.len)
            memcpy(*rows, found.at, found.len * sizeof *found.at);
        *count = found.len;
    }
    vec_dispose(&found);
    return code;
}
