/* src/store/driver.h: what the store asks of a database; private to the room.
 *
 * A driver knows connections, statements and its own failures, and no table of ours: the SQL it is handed is plain
 * enough for all of them ($1 placeholders in order, RETURNING, ON CONFLICT). A failure becomes one sentence with
 * ERR_STORE, or ERR_CONFLICT when a row's owner (its run) is gone.
 * Threads: a connection, with its statements, has one owner at a time. */
#pragma once

#include "store/store.h"

enum { STORE_BUSY_MS = 30000 };         /* how long another process may hold the database before we give up */
enum { STMT_CACHE = 128 };              /* statements kept by a connection; a power of two */

struct press;
struct stmt;
struct store_conn {                     /* first in every driver's own connection */
    const struct store_driver *driver;
    struct stmt *stmts[STMT_CACHE];     /* stmt.c: prepared before, by the address of their text */
    struct press *press;                /* trial.c: made at the first transcript */
    struct store_conn *next;            /* store.c: the idle ones */
};

struct store_driver {
    const char *name;
    /* MUST. Is `home` written the way this database's places are? */
    bool (*serves)(struct str home);
    /* MUST. Connects; with `make`, creates what is absent. Afterwards all settings that keep data safe are on. */
    enum err_code (*connect)(const char *home, bool make, struct store_conn **out, struct err *e);
    void (*disconnect)(struct store_conn *c);
    /* MUST. Is there a table of that name? */
    enum err_code (*has_table)(struct store_conn *c, const char *table, bool *has, struct err *e);
    /* MUST. Runs a text of several statements that give no rows. */
    enum err_code (*script)(struct store_conn *c, struct str sql, struct err *e);
    /* MUST. begin takes the right to write at once, waiting at most STORE_BUSY_MS for it. A commit that fails leaves
     * nothing behind; rollback is harmless when there is nothing to undo. */
    enum err_code (*begin)(struct store_conn *c, struct err *e);
    enum err_code (*commit)(struct store_conn *c, struct err *e);
    void (*rollback)(struct store_conn *c);

    /* MUST. One prepared statement. Parameters count from 1, columns from 0. Bound bytes live until reset. */
    enum err_code (*prepare)(struct store_conn *c, const char *sql, void **out, struct err *e);
    void (*finish)(void *prepared);
    enum err_code (*step)(struct store_conn *c, void *prepared, bool *row, struct err *e);
    void (*reset)(void *prepared);
    int64_t (*changes)(struct store_conn *c);           /* rows the last statement changed */
    void (*bind_null)(void *prepared, int at);
    void (*bind_i64)(void *prepared, int at, int64_t v);
    void (*bind_text)(void *prepared, int at, struct str v);
    void (*bind_blob)(void *prepared, int at, struct str v);
    bool (*col_null)(void *prepared, int at);
    int64_t (*col_i64)(void *prepared, int at);
    struct str (*col_bytes)(void *prepared, int at);    /* text or blob; borrowed until the next step */

    /* MUST. What can still be written there; -1 when nobody can say. */
    int64_t (*free_bytes)(const char *home);
};

/* stores.c. The driver that serves `home`; a sentence when none does. */
enum err_code store_driver_for(const char *home, const struct store_driver **out, struct err *e) MUST_USE;
