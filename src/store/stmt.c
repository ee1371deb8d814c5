#include "store/stmt.h"

#include "store/pool.h"
#include "store/press.h"
#include "store/tx.h"

struct stmt {
    const char *sql;                    /* a literal: its address is its name in the cache */
    struct store_conn *conn;
    struct pool *pool;                  /* gets the connection back at the close; NULL: not ours to give */
    struct store_tx *tx;                /* is spoiled when a step fails; NULL outside one */
    void *prepared;
    struct stmt *next;                  /* in the same slot of the cache */
    bool open, row, stepped;
};

static size_t stmt_slot(const char *sql)
{
    return rng_mix((uintptr_t)sql) & (STMT_CACHE - 1);
}

/* The cached one, unless it is in use right now; then another of the same text. */
static enum err_code stmt_get(struct store_conn *c, const char *sql, struct stmt **out, struct err *e)
{
    struct stmt **slot = &c->stmts[stmt_slot(sql)], *q;
    void *prepared;

    for (q = *slot; q && (q->sql != sql || q->open); q = q->next)
        ;
    if (!q) {
        TRY(c->driver->prepare(c, sql, &prepared, e));
        q = xcalloc(1, sizeof *q);
        *q = (struct stmt){ .sql = sql, .conn = c, .prepared = prepared, .next = *slot };
        *slot = q;
    }
    q->open = true;
    q->row = q->stepped = false;
    q->pool = NULL;
    q->tx = NULL;
    *out = q;
    return ERR_OK;
}

enum err_code stmt_open_conn(struct stmt **out, struct store_conn *c, const char *sql, struct err *e)
{
    return stmt_get(c, sql, out, e);
}

enum err_code stmt_open_tx(struct stmt **out, struct store_tx *tx, const char *sql, struct err *e)
{
    TRY(stmt_get(tx->conn, sql, out, e));
    (*out)->tx = tx;
    return ERR_OK;
}

enum err_code stmt_open(struct stmt **out, struct store *s, const char *sql, struct err *e)
{
    struct store_conn *c;
    enum err_code code;

    TRY(pool_take(s->pool, &c, e));
    code = stmt_get(c, sql, out, e);
    if (code != ERR_OK)
        pool_give(s->pool, c);
    else
        (*out)->pool = s->pool;
    return code;
}

void stmt_close(struct stmt *q)
{
    struct pool *pool;

    if (!q)
        return;
    ASSERT(q->open);
    pool = q->pool;
    q->conn->driver->reset(q->prepared);
    q->open = false;
    if (pool)
        pool_give(pool, q->conn);
}

void stmt_closep(struct stmt **q)
{
    stmt_close(*q);
}

void stmt_again(struct stmt *q)
{
    q->conn->driver->reset(q->prepared);
    q->row = q->stepped = false;
}

void stmt_bind_i64(struct stmt *q, int at, int64_t v)        { q->conn->driver->bind_i64(q->prepared, at, v); }
void stmt_bind_str(struct stmt *q, int at, struct str v)     { q->conn->driver->bind_text(q->prepared, at, v); }
void stmt_bind_blob(struct stmt *q, int at, struct str v)    { q->conn->driver->bind_blob(q->prepared, at, v); }
void stmt_bind_null(struct stmt *q, int at)                  { q->conn->driver->bind_null(q->prepared, at); }

void stmt_bind_money(struct stmt *q, int at, int64_t nanousd)
{
    if (nanousd == MONEY_UNKNOWN)
        stmt_bind_null(q, at);
    else
        stmt_bind_i64(q, at, nanousd);
}

void stmt_bind_time(struct stmt *q, int at, int64_t ms)
{
    if (ms == 0)
        stmt_bind_null(q, at);
    else
        stmt_bind_i64(q, at, ms);
}

static enum err_code stmt_step_once(struct stmt *q, struct err *e)
{
    if (q->tx && q->tx->spoiled != ERR_OK)
        return err_set(e, q->tx->spoiled, "%s", q->tx->why.text);
    if (FAULT("store.step"))
        return err_set(e, ERR_STORE, "the store can't be used: a fault was asked for at store.step");
    return q->conn->driver->step(q->conn, q->prepared, &q->row, e);
}

enum err_code stmt_step(struct stmt *q, struct err *e)
{
    struct err own = ERR_INIT;
    enum err_code code;

    ASSERT(!q->stepped || q->row);
    q->stepped = true;
    code = stmt_step_once(q, &own);
    if (code == ERR_OK)
        return ERR_OK;
    q->row = false;
    if (q->tx && q->tx->spoiled == ERR_OK) {
        q->tx->spoiled = code;
        q->tx->why = own;
    }
    return err_set(e, code, "%s", own.text);
}

enum err_code stmt_run(struct stmt *q, struct err *e)
{
    TRY(stmt_step(q, e));
    ASSERT(!q->row);
    return ERR_OK;
}

bool stmt_has_row(const struct stmt *q)                      { return q->row; }
int64_t stmt_changes(const struct stmt *q)                   { return q->conn->driver->changes(q->conn); }
bool stmt_is_null(const struct stmt *q, int column)          { return q->conn->driver->col_null(q->prepared, column); }
int64_t stmt_i64(const struct stmt *q, int column)           { return q->conn->driver->col_i64(q->prepared, column); }
struct str stmt_str(const struct stmt *q, int column)        { return q->conn->driver->col_bytes(q->prepared, column); }
struct store_conn *stmt_conn(const struct stmt *q)           { return q->conn; }

int64_t stmt_money(const struct stmt *q, int column)
{
    return stmt_is_null(q, column) ? MONEY_UNKNOWN : stmt_i64(q, column);
}

void conn_free(struct store_conn *c)
{
    const struct store_driver *driver = c->driver;

    for (size_t i = 0; i < STMT_CACHE; i++)
        for (struct stmt *q = c->stmts[i], *next; q; q = next) {
            next = q->next;
            ASSERT(!q->open);
            driver->finish(q->prepared);
            free(q);
        }
    press_free(c->press);
    driver->disconnect(c);
}

enum err_code stmt_bits(struct stmt *q, int64_t first, int64_t last, unsigned char *bits, struct err *e)
{
    memset(bits, 0, (size_t)(last - first + 7) / 8);
    for (;;) {
        int64_t i;

        TRY(stmt_step(q, e));
        if (!stmt_has_row(q))
            return ERR_OK;
        i = stmt_i64(q, 0) - first;
        bits[i / 8] |= (unsigned char)(1u << (i % 8));
    }
}
