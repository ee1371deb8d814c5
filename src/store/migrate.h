/* src/store/migrate.h: brings a database to this program's newest form; private to the room.
 *
 * Migrations are the embedded files src/store/migrations/NNNN_name.sql. Each runs in one transaction with its row in
 * schema_migration, so a kill between two of them is harmless, and of two processes that open an old store at the
 * same moment one migrates and the other finds it done. A database from a newer program is refused, not guessed at. */
#pragma once

#include "store/driver.h"

enum err_code migrate(struct store_conn *c, const char *home, struct err *e) MUST_USE;
