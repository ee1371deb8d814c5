#include "base/test.h"
#include "eval/lease.h"

static enum err_code lease_test_run(struct store_tx *tx, void *arg, struct err *e)
{
    const struct store_variant one = { .name = S("m"), .model = S("sim:echo"), .settings = S("{}") };

    return store_tx_run_add(tx, arg, &one, e);
}

static struct run lease_test_store(struct store **s)
{
    static char id[ID_TEXT];
    struct run run = { .task_name = S("t"), .task_path = S("t.yaml"), .dataset_hash = S("0"),
                       .fingerprint = S("0"), .settings = S("{}"), .cases = 1, .variants = 1, .repeat = 1, .shard_trials = 1 };
    struct err e = ERR_INIT;

    id_new(id);
    run.id = str_c(id);
    CHECK_OK(store_open(test_folder(), s, &e));
    CHECK_OK(store_write(*s, lease_test_run, &run, &e));
    return run;
}

struct lease_test_other { const struct run *run; struct str owner; struct arena *a; struct str holder; };

static enum err_code lease_test_take(struct store_tx *tx, void *arg, struct err *e)
{
    struct lease_test_other *o = arg;

    return store_tx_scoring_lease(tx, o->run->no, S("work"), o->owner, STR_NONE, clock_wall_ms(), 60000, o->a,
                                  &o->holder, e);
}

TEST(a_lease_is_taken_renewed_and_given_back)
{
    struct store *s;
    struct run run = lease_test_store(&s);
    struct lease l, again;
    struct err e = ERR_INIT;
    AUTO_ARENA *a = arena_new_sized(0);
    struct lease_test_other other = { .run = &run, .owner = S("elsewhere:1:1"), .a = a };

    CHECK_OK(lease_take(&l, s, &run, S("work"), "this", &e));
    CHECK(l.held);
    CHECK_OK(lease_take(&again, s, &run, S("work"), "this", &e));       /* the same process: it is its own */
    l.renewed_ms -= 60000;
    CHECK_OK(lease_renew(&l, &e));
    CHECK(clock_mono_ms() - l.renewed_ms < 60000);
    CHECK_OK(store_write(s, lease_test_take, &other, &e));
    CHECK(!str_is(other.holder, "elsewhere:1:1"));
    lease_release(&l);
    CHECK(!l.held);
    lease_release(&l);                                  /* nothing */
    CHECK_OK(store_write(s, lease_test_take, &other, &e));
    CHECK_STR(other.holder, "elsewhere:1:1");
    CHECK_INT(lease_take(&l, s, &run, S("work"), "the work", &e), ERR_CONFLICT);
    CHECK(strstr(e.text, "elsewhere:1:1"));
    CHECK(strstr(e.text, "the work"));
    CHECK(!l.held);
    CHECK_OK(lease_take(&l, s, &run, S("other work"), "this", &e));
    lease_release(&l);
    store_close(s);
}
