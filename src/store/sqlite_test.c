/* What only SQLite can do to us: other people's files, damage, locks, plans. */
#include "base/test.h"
#include "store/store.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

static sqlite3 *raw_open(const char *home, char path[200])
{
    sqlite3 *db;

    snprintf(path, 200, "%s/assay.db", home);
    ASSERT(sqlite3_open(path, &db) == SQLITE_OK);
    return db;
}

static void raw_run(const char *home, const char *sql)
{
    char path[200];
    sqlite3 *db = raw_open(home, path);

    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void raw_text(const char *home, const char *sql, int column, char out[400])
{
    char path[200];
    sqlite3 *db = raw_open(home, path);
    sqlite3_stmt *st;

    out[0] = '\0';
    ASSERT(sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        snprintf(out + strlen(out), 400 - strlen(out), "%s|", (const char *)sqlite3_column_text(st, column));
    sqlite3_finalize(st);
    sqlite3_close(db);
}

static const char *raw_home(char out[128])
{
    static int count;
    struct err e = ERR_INIT;

    snprintf(out, 128, "%s/raw-%d", test_folder(), ++count);
    ASSERT(file_mkdirs(out, 0700, &e) == ERR_OK);
    return out;
}

static void raw_made(const char *home)
{
    struct store *s;

    ASSERT(store_open(home, &s, NULL) == ERR_OK);
    store_close(s);
}

static enum err_code raw_add(struct store_tx *tx, void *arg, struct err *e)
{
    static const struct store_variant v = { .name = { "v", 1 } };
    struct run *run = arg;
    char id[ID_TEXT];

    id_new(id);
    *run = (struct run){ .id = str_c(id), .task_name = S("t"), .fingerprint = S("f"), .cases = 3000, .variants = 1, .repeat = 1,
                         .shard_trials = 100, .settings = S("{}") };
    TRY(store_tx_run_add(tx, run, &v, e));
    for (int64_t i = 0; i < 3000; i++) {
        struct trial t = { .number = i, .case_id = S("a case"), .state = i % 100 ? TRIAL_DONE : TRIAL_FAILED };
        bool added;

        TRY(store_tx_trial_add(tx, run->no, &t, S("[]"), S("{\"accuracy\":1}"), &added, e));
    }
    return ERR_OK;
}

TEST(a_store_of_a_newer_program_is_refused_and_left_alone)
{
    char home[128], text[400];
    struct store *s;
    struct err e = ERR_INIT;

    raw_made(raw_home(home));
    raw_run(home, "INSERT INTO schema_migration VALUES (9001, '9001_future.sql', 1, 'x')");
    CHECK_INT(store_open(home, &s, &e), ERR_STORE);
    CHECK(strstr(e.text, "newer assay") && strstr(e.text, "9001"));
    raw_text(home, "SELECT max(number) FROM schema_migration", 0, text);
    CHECK_STR(str_c(text), "9001|");
}

TEST(another_programs_database_is_refused_and_left_alone)
{
    char home[128], text[400];
    struct store *s;
    struct err e = ERR_INIT;

    raw_run(raw_home(home), "CREATE TABLE theirs (x)");
    CHECK_INT(store_open(home, &s, &e), ERR_STORE);
    CHECK(strstr(e.text, "another program"));
    raw_text(home, "SELECT name FROM sqlite_master", 0, text);
    CHECK_STR(str_c(text), "theirs|");
}

TEST(each_migration_is_recorded_with_its_hash)
{
    char home[128], text[400];

    raw_made(raw_home(home));
    raw_text(home, "SELECT number || ' ' || name || ' ' || length(sha256) FROM schema_migration", 0, text);
    CHECK(strstr(text, "1 0001_start.sql 64|"));
    raw_made(home);                                     /* again: nothing to do */
    raw_text(home, "PRAGMA journal_mode", 0, text);
    CHECK_STR(str_c(text), "wal|");
    raw_text(home,
             "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE "
             "'%STRICT%'",
             0, text);
    CHECK_STR(str_c(text), "0|");
}

static enum err_code raw_each(const struct store_trial *t, void *arg, struct err *e)
{
    (void)t, (void)e;
    ++*(int64_t *)arg;
    return ERR_OK;
}

TEST(damaged_pages_are_told_and_not_believed)
{
    char home[128], path[200], junk[4096];
    struct store_trials_filter f = { .variant = -1 };
    struct store *s;
    struct run run;
    struct err e = ERR_INIT;
    int64_t n = 0;
    FILE *db;

    ASSERT(store_open(raw_home(home), &s, &e) == ERR_OK);
    CHECK_OK(store_write(s, raw_add, &run, &e));
    store_close(s);
    snprintf(path, sizeof path, "%s/assay.db", home);
    db = fopen(path, "r+");
    ASSERT(db);
    memset(junk, 0x5a, sizeof junk);
    for (int page = 25; page < 60; page++) {
        fseek(db, page * 4096L, SEEK_SET);
        CHECK_INT(fwrite(junk, 1, sizeof junk, db), sizeof junk);
    }
    fclose(db);
    if (store_open(home, &s, &e) == ERR_OK) {
        CHECK_INT(store_trials_each(s, run.no, &f, raw_each, &n, &e), ERR_STORE);
        store_close(s);
    }
    CHECK(strstr(e.text, "is damaged") && strstr(e.text, "recover"));
}

struct holder { const char *home; pthread_barrier_t held; };
static void *holder_main(void *arg)
{
    struct holder *h = arg;
    char path[200];
    sqlite3 *db = raw_open(h->home, path);

    ASSERT(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    pthread_barrier_wait(&h->held);
    clock_sleep_ms(300);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(db);
    return NULL;
}

TEST(a_lock_of_somebody_else_is_waited_for)
{
    char home[128];
    struct holder h = { .home = raw_home(home) };
    struct store *s;
    struct run run;
    pthread_t thread;
    int64_t start;

    ASSERT(store_open(home, &s, NULL) == ERR_OK);
    pthread_barrier_init(&h.held, NULL, 2);
    pthread_create(&thread, NULL, holder_main, &h);
    pthread_barrier_wait(&h.held);
    start = clock_mono_ms();
    CHECK_OK(store_write(s, raw_add, &run, NULL));
    CHECK(clock_mono_ms() - start >= 200);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&h.held);
    store_close(s);
}

TEST(the_small_questions_are_answered_from_the_small_indexes)
{
    char home[128], text[400];

    raw_made(raw_home(home));
    raw_text(home, "EXPLAIN QUERY PLAN SELECT t.trial_no, t.error FROM trial t WHERE t.run_no = 1 AND t.trial_no IN (SELECT "
             "f.trial_no FROM trial f WHERE f.run_no = 1 AND f.state = 1 AND f.trial_no >= 0 AND (0 < 0 OR f.variant_no = 0)) "
             "ORDER BY t.trial_no LIMIT 10", 3, text);
    CHECK(strstr(text, "COVERING INDEX trial_failed") && strstr(text, "trial_no=?") && !strstr(text, "TEMP"));
    raw_text(home, "EXPLAIN QUERY PLAN SELECT first_trial FROM shard WHERE run_no = 1 AND shard_no = (SELECT min(f.shard_no) FROM "
             "shard f WHERE f.run_no = 1 AND f.state = 1 AND f.expires_ms <= 5)", 3, text);
    CHECK(strstr(text, "COVERING INDEX shard_by_state") && strstr(text, "shard_no=?"));
    raw_text(home, "EXPLAIN QUERY PLAN SELECT count(*) FROM shard WHERE run_no = 1 AND state IN (0, 1)", 3, text);
    CHECK(strstr(text, "COVERING INDEX shard_by_state"));
}
