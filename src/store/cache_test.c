#include "base/test.h"
#include "store/store.h"

#include <stdio.h>

struct cache_place { struct store *s; struct arena *a; };

static void place_open(struct cache_place *p)
{
    static int places;
    struct err e = ERR_INIT;
    char home[300];

    snprintf(home, sizeof home, "%s/cache-%d", test_folder(), places++);
    p->a = arena_new_sized(0);
    if (store_open(home, &p->s, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "%s", e.text);
    ASSERT(p->s);
}

static void place_close(struct cache_place *p)
{
    store_close(p->s);
    arena_free(p->a);
}

struct put { struct store_cached row; int64_t bytes_max; };

static enum err_code put_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct put *p = arg;

    return store_tx_cache_put(tx, &p->row, p->bytes_max, e);
}

static void put(struct cache_place *p, const char *key, struct str body, int64_t at_ms, int64_t bytes_max)
{
    struct put one = { { .key = str_c(key), .model = S("m"), .body = body, .created_ms = at_ms, .cost_nanousd = 7 }, bytes_max };

    CHECK_OK(store_write(p->s, put_apply, &one, NULL));
}

static bool has(struct cache_place *p, const char *key)
{
    struct store_cached *row;

    CHECK_OK(store_cache_get(p->s, str_c(key), 0, p->a, &row, NULL));
    return row != NULL;
}

static enum err_code used_apply(struct store_tx *tx, void *arg, struct err *e)
{
    return store_tx_cache_used(tx, str_c(arg), 1000, e);
}

TEST(store_cache_gives_back_what_was_put)
{
    struct cache_place p;
    struct store_cached *row;

    place_open(&p);
    put(&p, "k", S("{\"response\":\"hi\"}"), 5, 1 << 20);
    CHECK_OK(store_cache_get(p.s, S("k"), 5, p.a, &row, NULL));
    REQUIRE(row);
    CHECK_STR(row->body, "{\"response\":\"hi\"}");
    CHECK_INT(row->cost_nanousd, 7);
    CHECK_INT(row->uses, 0);
    CHECK_OK(store_cache_get(p.s, S("k"), 6, p.a, &row, NULL));         /* too old */
    CHECK(!row);
    CHECK_OK(store_cache_get(p.s, S("other"), 0, p.a, &row, NULL));
    CHECK(!row);
    CHECK_OK(store_write(p.s, used_apply, "k", NULL));
    CHECK_OK(store_cache_get(p.s, S("k"), 0, p.a, &row, NULL));
    CHECK_INT(row->uses, 1);
    CHECK_INT(row->saved_nanousd, 7);
    put(&p, "k", S("again"), 9, 1 << 20);
    CHECK_OK(store_cache_get(p.s, S("k"), 0, p.a, &row, NULL));
    CHECK_STR(row->body, "again");
    place_close(&p);
}

/* A row takes its body and 200 bytes: three of 10 bytes fit into 650, a fourth drives out the one unused the longest. */
TEST(store_cache_forgets_what_was_not_used_for_the_longest)
{
    struct cache_place p;
    struct store_cache_stat *rows;
    size_t n;

    place_open(&p);
    put(&p, "a", S("0123456789"), 1, 650);
    put(&p, "b", S("0123456789"), 2, 650);
    put(&p, "c", S("0123456789"), 3, 650);
    CHECK(has(&p, "a") && has(&p, "b") && has(&p, "c"));
    CHECK_OK(store_write(p.s, used_apply, "a", NULL));
    put(&p, "d", S("0123456789"), 4, 650);
    CHECK(has(&p, "a") && !has(&p, "b") && has(&p, "c") && has(&p, "d"));
    CHECK_OK(store_cache_stat(p.s, p.a, &rows, &n, NULL));
    CHECK_INT(n, 1);
    CHECK_INT(rows[0].answers, 3);
    CHECK(rows[0].bytes <= 650);
    put(&p, "huge", S("0123456789"), 5, 100);           /* larger than all there may be: the others stay */
    CHECK(!has(&p, "huge") && has(&p, "a") && has(&p, "d"));
    place_close(&p);
}

struct clearing { struct str model; int64_t before_ms, count; };

static enum err_code clear_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct clearing *c = arg;

    return store_tx_cache_clear(tx, c->model, c->before_ms, &c->count, e);
}

TEST(store_cache_clears_by_model_and_age)
{
    struct cache_place p;
    struct clearing other = { S("other"), INT64_MAX, 0 }, old = { STR_NONE, 2, 0 }, all = { STR_NONE, INT64_MAX, 0 };

    place_open(&p);
    put(&p, "a", S("x"), 1, 1 << 20);
    put(&p, "b", S("x"), 2, 1 << 20);
    CHECK_OK(store_write(p.s, clear_apply, &other, NULL));
    CHECK_INT(other.count, 0);
    CHECK_OK(store_write(p.s, clear_apply, &old, NULL));
    CHECK_INT(old.count, 1);
    CHECK(!has(&p, "a") && has(&p, "b"));
    CHECK_OK(store_write(p.s, clear_apply, &all, NULL));
    CHECK_INT(all.count, 1);
    put(&p, "c", S("x"), 3, 300);                       /* the sum is right again: this one fits */
    CHECK(has(&p, "c"));
    place_close(&p);
}
