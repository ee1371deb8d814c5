/* src/store/pool.h: the store itself and the connections it lends to readers; private to the room. */
#pragma once

#include "store/driver.h"

struct writer;
struct store {
    const struct store_driver *driver;
    char *home;
    struct writer *writer;
    struct pool *pool;
};

/* A connection for reading: an idle one, a new one, or, at the ceiling, the next that comes back; ERR_BUSY when none
 * has for STORE_BUSY_MS. */
enum err_code pool_take(struct pool *p, struct store_conn **out, struct err *e) MUST_USE;
void          pool_give(struct pool *p, struct store_conn *c);

/* Closes a connection and the statements it kept. */
void          conn_free(struct store_conn *c);
