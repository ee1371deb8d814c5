/* SQLite behind the store: one file, assay.db, in the home folder. WAL, so readers and the writer never wait for each
 * other; synchronous=FULL, so what was committed survives a power cut. */
#include "store/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SQLITE_FILE   "assay.db"
#define SQLITE_APP_ID 0x61737379        /* "assy": tells our database from another program's */

/* The WAL is folded back into the database each SQLITE_WAL_PAGES pages (16 MiB): often enough that it stays small, and
 * seldom enough that a page written many times in a row (the end of a table) is copied once. */
enum { SQLITE_WAL_PAGES = 4096, SQLITE_CACHE_KIB = 4096, SQLITE_WAL_KEPT = 32 << 20 };

struct sqlite {
    struct store_conn base;
    sqlite3 *db;
    char *path;
    int64_t waits_until_ms;             /* monotonic; how long the busy handler goes on */
    struct rng rng;
};

extern const struct store_driver store_sqlite;

static sqlite3 *sqlite_of(struct store_conn *c) { return ((struct sqlite *)c)->db; }

static bool sqlite_serves(struct str home)
{
    return home.len && !str_contains(home, S("://"));
}

static int64_t sqlite_free_bytes(const char *home)
{
    struct statvfs v;

    if (statvfs(home, &v) < 0)
        return -1;
    return (int64_t)v.f_bavail * (int64_t)v.f_frsize;
}

static enum err_code sqlite_full(struct sqlite *q, struct err *e)
{
    AUTO(freep) char *home = xstrndup(q->path, path_dir(str_c(q->path)).len);
    int64_t left = sqlite_free_bytes(home);

    return err_set(e, ERR_STORE,
                   "the disk is full: the store %s can't grow (%lld KiB are free there). What was saved is "
                   "safe: free some space, or point ASSAY_HOME at a roomier disk, and go on",
                   q->path, (long long)left / 1024);
}

/* The system's reason: SQLite's note of it, else what the database file or its WAL last met. */
static int sqlite_errno(struct sqlite *q)
{
    int why = sqlite3_system_errno(q->db), met = 0;
    sqlite3_file *wal = NULL;

    if (!why && sqlite3_file_control(q->db, "main", SQLITE_FCNTL_LAST_ERRNO, &met) == SQLITE_OK)
        why = met;
    if (!why && sqlite3_file_control(q->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) == SQLITE_OK && wal &&
        wal->pMethods && wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &met) == SQLITE_OK)
        why = met;
    return why;
}

static enum err_code sqlite_io(struct sqlite *q, int extended, struct err *e)
{
    int why = sqlite_errno(q);
    char text[128];

    if (why == ENOSPC || why == EDQUOT || why == EFBIG || extended == SQLITE_IOERR_SHMSIZE)
        return sqlite_full(q, e);
    if (why == EROFS)
        return err_set(e, ERR_STORE,
                       "the store %s lies on a read-only file system; point ASSAY_HOME at a folder that can be "
                       "written",
                       q->path);
    return err_set(e, ERR_STORE, "the store %s can't be read or written: %s (%s)", q->path, sqlite3_errmsg(q->db),
                   why ? strerror_r(why, text, sizeof text) : "no word from the system");
}

/* The one place where SQLite's codes become our sentences. */
static enum err_code sqlite_fault(struct sqlite *q, int rc, struct err *e)
{
    int extended = q->db ? sqlite3_extended_errcode(q->db) : rc;

    switch (rc & 0xff) {
    case SQLITE_FULL: return sqlite_full(q, e);
    case SQLITE_IOERR: return sqlite_io(q, extended, e);
    case SQLITE_READONLY:
        return err_set(e, ERR_STORE,
                       "the store %s can't be written: its file or folder is read-only. Change its permissions, or "
                       "point ASSAY_HOME at a folder that can be written",
                       q->path);
    case SQLITE_CANTOPEN: {
        int why = q->db ? sqlite3_system_errno(q->db) : 0;
        char text[128];

        if (why == ENOSPC || why == EDQUOT)
            return sqlite_full(q, e);
        return err_set(e, ERR_STORE, "the store %s can't be opened: %s", q->path,
                       why     ? strerror_r(why, text, sizeof text)
                       : q->db ? sqlite3_errmsg(q->db)
                               : sqlite3_errstr(rc));
    }
    case SQLITE_NOTADB:
        return err_set(e, ERR_STORE, "%s is not a database: move it away, or point ASSAY_HOME at another folder",
                       q->path);
    case SQLITE_CORRUPT:
        return err_set(e, ERR_STORE,
                       "the store %s is damaged (%s): put a backup in its place, or save what can be read with "
                       "`sqlite3 %s .recover`",
                       q->path, sqlite3_errmsg(q->db), q->path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, ERR_STORE,
                       "the store %s is held by another process, for more than %d s now: wait for it or end it",
                       q->path, STORE_BUSY_MS / 1000);
    case SQLITE_TOOBIG:
        return err_set(e, ERR_TOO_LARGE, "a value is too large for the store (at most 1,000,000,000 bytes)");
    case SQLITE_CONSTRAINT:
        if (extended == SQLITE_CONSTRAINT_FOREIGNKEY)
            return err_set(e, ERR_CONFLICT,
                           "the run or variant this belongs to is not in the store (was it removed meanwhile?)");
        return err_set(e, ERR_CONFLICT, "the store refused a row: %s", sqlite3_errmsg(q->db));
    default:
        return err_set(e, ERR_STORE, "the store %s: %s", q->path, q->db ? sqlite3_errmsg(q->db) : sqlite3_errstr(rc));
    }
}

/* SQLite's own waiting doubles up to 100 ms and so starves beside a busy writer; short uneven naps find its gaps. */
static int sqlite_wait(void *arg, int count)
{
    struct sqlite *q = arg;
    int64_t now = clock_mono_ms();

    if (count == 0)
        q->waits_until_ms = now + STORE_BUSY_MS;
    if (now >= q->waits_until_ms)
        return 0;
    usleep(200 + (unsigned)rng_below(&q->rng, count < 50 ? 800 : 4000));
    return 1;
}

static enum err_code sqlite_exec(struct sqlite *q, const char *sql, struct err *e)
{
    int rc = sqlite3_exec(q->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? ERR_OK : sqlite_fault(q, rc, e);
}

static enum err_code sqlite_number(struct sqlite *q, const char *sql, int64_t *out, struct err *e)
{
    sqlite3_stmt *st;
    int rc = sqlite3_prepare_v2(q->db, sql, -1, &st, NULL);

    if (rc != SQLITE_OK)
        return sqlite_fault(q, rc, e);
    rc = sqlite3_step(st);
    *out = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    sqlite3_finalize(st);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? ERR_OK : sqlite_fault(q, rc, e);
}

/* A file that is not there yet is made by us, so that nobody else can read it; SQLite gives -wal and -shm its mode. */
static enum err_code sqlite_make(const char *home, const char *path, struct err *e)
{
    struct err own = ERR_INIT;
    int fd;

    if (file_mkdirs(home, 0700, &own) != ERR_OK)
        return err_set(e, ERR_STORE, "the store can't be made: %s", own.text);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return ERR_OK;
    if (fd < 0 && errno == EROFS)
        return err_set(e, ERR_STORE,
                       "the store can't be made: %s lies on a read-only file system; point ASSAY_HOME at a folder "
                       "that can be written",
                       home);
    if (fd < 0)
        return err_errno(e, ERR_STORE, errno, "the store can't be made: %s can't be written", path);
    close(fd);
    return ERR_OK;
}

/* Ours, or empty so far. */
static enum err_code sqlite_claim(struct sqlite *q, struct err *e)
{
    int64_t id, tables;
    char sql[64];

    TRY(sqlite_number(q, "PRAGMA application_id", &id, e));
    if (id == SQLITE_APP_ID)
        return ERR_OK;
    TRY(sqlite_number(q, "SELECT count(*) FROM sqlite_master", &tables, e));
    if (id != 0 || tables != 0)
        return err_set(e, ERR_STORE,
                       "%s is another program's database: move it away, or point ASSAY_HOME at another folder",
                       q->path);
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d", SQLITE_APP_ID);
    return sqlite_exec(q, sql, e);
}

static enum err_code sqlite_settle(struct sqlite *q, struct err *e)
{
    char sql[400];
    sqlite3_stmt *st;
    int rc;
    bool wal = false;

    sqlite3_extended_result_codes(q->db, 1);
    sqlite3_busy_handler(q->db, sqlite_wait, q);
    if (sqlite3_db_readonly(q->db, "main") == 1)
        return sqlite_fault(q, SQLITE_READONLY, e);
    TRY(sqlite_claim(q, e));
    rc = sqlite3_prepare_v2(q->db, "PRAGMA journal_mode = WAL", -1, &st, NULL);
    if (rc != SQLITE_OK)
        return sqlite_fault(q, rc, e);
    rc = sqlite3_step(st);
    wal = rc == SQLITE_ROW && str_ieq(str_c((const char *)sqlite3_column_text(st, 0)), S("wal"));
    sqlite3_finalize(st);
    if (rc != SQLITE_ROW)
        return sqlite_fault(q, rc, e);
    if (!wal)
        return err_set(e, ERR_STORE, "the store %s lies on a file system that can't share it between processes (a network "
                       "folder?); point ASSAY_HOME at a local disk", q->path);
    snprintf(sql, sizeof sql, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = %d; "
             "PRAGMA journal_size_limit = %d; PRAGMA cache_size = -%d; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF",
             SQLITE_WAL_PAGES, SQLITE_WAL_KEPT, SQLITE_CACHE_KIB);
    return sqlite_exec(q, sql, e);
}

static void sqlite_disconnect(struct store_conn *c)
{
    struct sqlite *q = (struct sqlite *)c;

    sqlite3_close_v2(q->db);
    free(q->path);
    free(q);
}

static enum err_code sqlite_connect(const char *home, bool make, struct store_conn **out, struct err *e)
{
    struct sqlite *q = xcalloc(1, sizeof *q);
    enum err_code code = ERR_OK;
    int rc;

    q->base.driver = &store_sqlite;
    if (asprintf(&q->path, "%s%s" SQLITE_FILE, home, home[strlen(home) - 1] == '/' ? "" : "/") < 0)
        q->path = xstrdup(SQLITE_FILE);
    rng_seed(&q->rng, (uint64_t)clock_mono_us() ^ ((uint64_t)getpid() << 32) ^ (uintptr_t)q);
    if (make)
        code = sqlite_make(home, q->path, e);
    if (code == ERR_OK) {
        rc = FAULT("store.open") ? SQLITE_CANTOPEN
                                 : sqlite3_open_v2(q->path, &q->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        code = rc == SQLITE_OK ? sqlite_settle(q, e) : sqlite_fault(q, rc, e);
    }
    if (code != ERR_OK) {
        sqlite_disconnect(&q->base);
        return code;
    }
    *out = &q->base;
    return ERR_OK;
}

static enum err_code sqlite_has_table(struct store_conn *c, const char *table, bool *has, struct err *e)
{
    struct sqlite *q = (struct sqlite *)c;
    sqlite3_stmt *st;
    int rc = sqlite3_prepare_v2(q->db, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1", -1, &st, NULL);

    if (rc != SQLITE_OK)
        return sqlite_fault(q, rc, e);
    sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC);
    rc = sqlite3_step(st);
    sqlite3_finalize(st);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return sqlite_fault(q, rc, e);
    *has = rc == SQLITE_ROW;
    return ERR_OK;
}

static enum err_code sqlite_script(struct store_conn *c, struct str sql, struct err *e)
{
    AUTO(freep) char *text = xstrndup(sql.at, sql.len);

    return sqlite_exec((struct sqlite *)c, text, e);
}

static enum err_code sqlite_begin(struct store_conn *c, struct err *e)
{
    return sqlite_exec((struct sqlite *)c, "BEGIN IMMEDIATE", e);
}

static void sqlite_rollback(struct store_conn *c)
{
    if (!sqlite3_get_autocommit(sqlite_of(c)))
        sqlite3_exec(sqlite_of(c), "ROLLBACK", NULL, NULL, NULL);
}

static enum err_code sqlite_commit(struct store_conn *c, struct err *e)
{
    enum err_code code;

    if (sqlite3_get_autocommit(sqlite_of(c)))       /* undone behind our back: some failures do that */
        return err_set(e, ERR_STORE, "the store %s undid the change", ((struct sqlite *)c)->path);
    code = sqlite_exec((struct sqlite *)c, "COMMIT", e);
    if (code != ERR_OK)
        sqlite_rollback(c);
    return code;
}

static enum err_code sqlite_prepare(struct store_conn *c, const char *sql, void **out, struct err *e)
{
    sqlite3_stmt *st;
    int rc = sqlite3_prepare_v3(sqlite_of(c), sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);

    if (rc != SQLITE_OK)
        return sqlite_fault((struct sqlite *)c, rc, e);
    for (int i = 1; i <= sqlite3_bind_parameter_count(st); i++) {   /* SQLite numbers $n by first sight */
        char want[16];

        snprintf(want, sizeof want, "$%d", i);
        ASSERT(strcmp(sqlite3_bind_parameter_name(st, i), want) == 0);
    }
    *out = st;
    return ERR_OK;
}

static enum err_code sqlite_step(struct store_conn *c, void *prepared, bool *row, struct err *e)
{
    int rc = sqlite3_step(prepared);

    *row = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? ERR_OK : sqlite_fault((struct sqlite *)c, rc, e);
}

static void sqlite_reset(void *prepared)
{
    sqlite3_reset(prepared);
    sqlite3_clear_bindings(prepared);               /* bound bytes are borrowed: forget them */
}

static void sqlite_bound(int rc)
{
    ASSERT(rc == SQLITE_OK || rc == SQLITE_TOOBIG);
}

static void sqlite_finish(void *prepared)                               { sqlite3_finalize(prepared); }
static int64_t sqlite_changes(struct store_conn *c)                     { return sqlite3_changes64(sqlite_of(c)); }
static void sqlite_bind_null(void *q, int at)                           { sqlite_bound(sqlite3_bind_null(q, at)); }
static void sqlite_bind_i64(void *q, int at, int64_t v)                 { sqlite_bound(sqlite3_bind_int64(q, at, v)); }
static bool sqlite_col_null(void *q, int at)                            { return sqlite3_column_type(q, at) == SQLITE_NULL; }
static int64_t sqlite_col_i64(void *q, int at)                          { return sqlite3_column_int64(q, at); }

static void sqlite_bind_text(void *q, int at, struct str v)
{
    sqlite_bound(sqlite3_bind_text64(q, at, v.at ? v.at : "", v.len, SQLITE_STATIC, SQLITE_UTF8));
}

static void sqlite_bind_blob(void *q, int at, struct str v)
{
    sqlite_bound(sqlite3_bind_blob64(q, at, v.at ? v.at : "", v.len, SQLITE_STATIC));
}

static struct str sqlite_col_bytes(void *q, int at)
{
    const char *bytes = sqlite3_column_blob(q, at);     /* of a text: its bytes */

    return str_n(bytes ? bytes : "", (size_t)sqlite3_column_bytes(q, at));
}

const struct store_driver store_sqlite = {
    .name = "sqlite", .serves = sqlite_serves, .connect = sqlite_connect, .disconnect = sqlite_disconnect,
    .has_table = sqlite_has_table, .script = sqlite_script, .begin = sqlite_begin, .commit = sqlite_commit,
    .rollback = sqlite_rollback, .prepare = sqlite_prepare, .finish = sqlite_finish, .step = sqlite_step,
    .reset = sqlite_reset, .changes = sqlite_changes, .bind_null = sqlite_bind_null, .bind_i64 = sqlite_bind_i64,
    .bind_text = sqlite_bind_text, .bind_blob = sqlite_bind_blob, .col_null = sqlite_col_null,
    .col_i64 = sqlite_col_i64, .col_bytes = sqlite_col_bytes, .free_bytes = sqlite_free_bytes,
};
