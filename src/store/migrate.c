#include "store/migrate.h"

#include "embedded.h"
#include "store/stmt.h"

#define MIGRATE_FOLDER S("src/store/migrations/")

/* "0001_start.sql" -> 1; 0 for a file that is no migration. */
static int64_t migrate_number(const struct embedded *f, struct str *name)
{
    struct str path = str_c(f->path);
    int64_t number;

    if (!str_starts(path, MIGRATE_FOLDER))
        return 0;
    *name = str_from(path, MIGRATE_FOLDER.len);
    return name->len > 5 && str_to_i64(str_sub(*name, 0, 4), &number) ? number : 0;
}

int store_version_now(void)
{
    int64_t newest = 0;
    struct str name;

    for (size_t i = 0; i < embedded_file_count; i++)
        newest = MAX(newest, migrate_number(&embedded_files[i], &name));
    return (int)newest;
}

/* The newest that was applied; 0: none. */
static enum err_code migrate_version(struct store_conn *c, int64_t *version, struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    bool has;

    *version = 0;
    TRY(c->driver->has_table(c, "schema_migration", &has, e));
    if (!has)
        return ERR_OK;
    TRY(stmt_open_conn(&q, c, "SELECT max(number) FROM schema_migration", e));
    TRY(stmt_step(q, e));
    *version = stmt_i64(q, 0);
    return ERR_OK;
}

static enum err_code migrate_record(struct store_conn *c, int64_t number, struct str name, struct str sql,
                                    struct err *e)
{
    AUTO(stmt_closep) struct stmt *q = NULL;
    char hash[HASH_HEX];

    hash_sha256_hex(sql, hash);
    TRY(stmt_open_conn(&q, c, "INSERT INTO schema_migration (number, name, applied_at, sha256) VALUES ($1, $2, $3, $4)",
                       e));
    stmt_bind_i64(q, 1, number);
    stmt_bind_str(q, 2, name);
    stmt_bind_i64(q, 3, clock_wall_ms());
    stmt_bind_str(q, 4, str_c(hash));
    return stmt_run(q, e);
}

/* Inside a transaction. Another process may have been here while we waited for it: then there is nothing left to do. */
static enum err_code migrate_apply(struct store_conn *c, int64_t number, struct str name, struct str sql, struct err *e)
{
    int64_t version;

    TRY(c->driver->script(
        c,
        S("CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
          "applied_at INTEGER NOT NULL, sha256 TEXT NOT NULL) STRICT"),
        e));
    TRY(migrate_version(c, &version, e));
    if (version >= number)
        return ERR_OK;
    TRY(c->driver->script(c, sql, e));
    TRY(migrate_record(c, number, name, sql, e));
    log_event(LOG_INFO, "store.migrated", LOG_I("number", number), LOG_S("name", name));
    return ERR_OK;
}

static enum err_code migrate_one(struct store_conn *c, int64_t number, struct str name, struct str sql, struct err *e)
{
    enum err_code code;

    TRY(c->driver->begin(c, e));
    code = migrate_apply(c, number, name, sql, e);
    if (code == ERR_OK)
        return c->driver->commit(c, e);
    c->driver->rollback(c);
    return code;
}

enum err_code migrate(struct store_conn *c, const char *home, struct err *e)
{
    int64_t version, number;
    struct str name;

    TRY(migrate_version(c, &version, e));
    if (version > store_version_now())
        return err_set(e, ERR_STORE, "the store in %s was written by a newer assay (its form is %lld, this one knows up to %d): use "
                       "that assay, or point ASSAY_HOME at another folder", home, (long long)version, store_version_now());
    for (size_t i = 0; i < embedded_file_count; i++)        /* sorted by path, so by number */
        if ((number = migrate_number(&embedded_files[i], &name)) > version)
            TRY(migrate_one(c, number, name, embedded_files[i].bytes, e));
    return ERR_OK;
}
