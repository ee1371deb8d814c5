/* src/store/stmt.h: one SQL statement, from its text to its rows; private to the room.
 *
 * A statement is prepared once for a connection and found again by the address of its text: the text must be a
 * literal. Opening for reading borrows a connection from the store's pool, closing gives it back; inside a
 * transaction the transaction's own is used. Values are always bound. What is read from a row is borrowed until the
 * next step. Threads: one owner. Cost: nothing is allocated once a connection has met the text. */
#pragma once

#include "store/driver.h"

enum err_code stmt_open(struct stmt **out, struct store *s, const char *sql, struct err *e) MUST_USE;
enum err_code stmt_open_tx(struct stmt **out, struct store_tx *tx, const char *sql, struct err *e) MUST_USE;
enum err_code stmt_open_conn(struct stmt **out, struct store_conn *c, const char *sql, struct err *e) MUST_USE;
void          stmt_close(struct stmt *q);               /* NULL is fine */
void          stmt_closep(struct stmt **q);

void          stmt_bind_i64(struct stmt *q, int at, int64_t v);
void          stmt_bind_money(struct stmt *q, int at, int64_t nanousd);     /* MONEY_UNKNOWN is NULL */
void          stmt_bind_time(struct stmt *q, int at, int64_t ms);           /* 0 is NULL: not yet */
void          stmt_bind_str(struct stmt *q, int at, struct str v);          /* the bytes must live until the close */
void          stmt_bind_blob(struct stmt *q, int at, struct str v);
void          stmt_bind_null(struct stmt *q, int at);

enum err_code stmt_step(struct stmt *q, struct err *e) MUST_USE;            /* to the next row, or past the last */
bool          stmt_has_row(const struct stmt *q);
enum err_code stmt_run(struct stmt *q, struct err *e) MUST_USE;             /* one that gives no rows, whole */
/* Steps to the end: sets bit i of `bits` for each row whose first column is first + i, clears the others below last -
 * first. */
enum err_code stmt_bits(struct stmt *q, int64_t first, int64_t last, unsigned char *bits, struct err *e) MUST_USE;
int64_t       stmt_changes(const struct stmt *q);                           /* rows it changed */
/* Ready to be bound and stepped again. */
void          stmt_again(struct stmt *q);

bool          stmt_is_null(const struct stmt *q, int column);
int64_t       stmt_i64(const struct stmt *q, int column);                   /* 0 for NULL */
int64_t       stmt_money(const struct stmt *q, int column);                 /* MONEY_UNKNOWN for NULL */
struct str    stmt_str(const struct stmt *q, int column);                   /* empty for NULL */
struct store_conn *stmt_conn(const struct stmt *q);
