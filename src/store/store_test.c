/* The contract of store.h, and nothing of what lies behind it: a second back end runs the same file. */
#include "base/test.h"
#include "store/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- help --------------------------------------------------------------------------------------------------------- */

static const char *home_new(char out[128])
{
    static int count;

    snprintf(out, 128, "%s/home-%d", test_folder(), ++count);
    return out;
}

static struct store *store_new(const char *home)
{
    struct err e = ERR_INIT;
    struct store *s = NULL;

    if (store_open(home, &s, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "store_open: %s", e.text);
    ASSERT(s);
    return s;
}
static void store_closep(struct store **s) { store_close(*s); }
#define AUTO_STORE AUTO(store_closep) struct store

#define HOME_AND_STORE(s) char home[128]; AUTO_STORE *s = store_new(home_new(home))

struct plan { struct run run; struct store_variant variants[8]; char id[ID_TEXT]; };

static void plan_init(struct plan *p, int64_t cases, int64_t variants, int64_t shard_trials)
{
    static const char *const names[8] = { "one", "two", "three", "four", "five", "six", "seven", "eight" };

    memset(p, 0, sizeof *p);
    id_new(p->id);
    p->run = (struct run){ .id = str_c(p->id), .task_name = S("tickets"), .task_path = S("t/task.yaml"), .state = RUN_PLANNED,
                           .created_ms = 1000, .fingerprint = S("f1"), .dataset_hash = S("d1"), .cases = cases,
                           .variants = variants, .repeat = 1, .shard_trials = shard_trials, .estimate_nanousd = MONEY_UNKNOWN,
                           .settings = S("{\"a\":1}") };
    for (int64_t i = 0; i < variants; i++)
        p->variants[i] = (struct store_variant){ .no = i, .name = str_c(names[i]), .model = S("sim:careful"), .settings = S("{}") };
}

static enum err_code plan_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct plan *p = arg;

    return store_tx_run_add(tx, &p->run, p->variants, e);
}

/* A stored run; its number. */
static int64_t run_new(struct store *s, int64_t cases, int64_t variants, int64_t shard_trials)
{
    struct plan p;
    struct err e = ERR_INIT;

    plan_init(&p, cases, variants, shard_trials);
    if (store_write(s, plan_apply, &p, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "run_new: %s", e.text);
    return p.run.no;
}

/* One call of store_tx_* as a write of its own: what goes in, what comes out. */
struct op {
    int64_t run, no, now, lease, total, forgotten[8];
    enum run_state to;
    enum stop_reason why;
    struct str owner, transcript, scores;
    struct shard shard;
    struct trial trial;
    struct ledger_entry entry;
    struct store_variant variant;
    struct arena *arena;
    bool added;
};

static enum err_code op_move(struct store_tx *tx, void *arg, struct err *e)
{
    struct op *o = arg;

    return store_tx_run_move(tx, o->run, o->to, o->why, o->now, e);
}

static enum err_code op_remove(struct store_tx *tx, void *arg, struct err *e)
{
    return store_tx_run_remove(tx, ((struct op *)arg)->run, e);
}

static enum err_code op_lease(struct store_tx *tx, void *arg, struct err *e)
{
    struct op *o = arg;

    return store_tx_shard_lease(tx, o->run, o->owner, o->now, o->lease, &o->shard, e);
}

static enum err_code op_renew(struct store_tx *tx, void *arg, struct err *e)
{
    struct op *o = arg;

    return store_tx_shard_renew(tx, o->run, o->owner, o->now, o->lease, e);
}

static enum err_code op_finish(struct store_tx *tx, void *arg, struct err *e)
{
    struct op *o = arg;

    return store_tx_shard_finish(tx, o->run, o->no, o->owner, e);
}

static enum err_code op_release(struct store_tx *tx, void *arg, struct err *e)
{
    struct op *o = arg;

    return store_tx_shards_release(tx, o->run, o->owner, e);
}

static enum err_code op_trial(struct store_tx *tx, void *arg, struct err *e)
{
    struct op *o = arg;

    return store_tx_trial_add(tx, o->run, &o->trial, o->transcript, o->scores, &o->added, e);
}

static enum err_code op_ledger(struct store_tx *tx, void *arg, struct err *e)
{
    struct op *o = arg;

    return store_tx_ledger_add(tx, o->run, o->no, &o->entry, e);
}

static enum err_code op_forget(struct store_tx *tx, void *arg, struct err *e)
{
    struct op *o = arg;

    return store_tx_failed_forget(tx, o->run, o->forgotten, 3, &o->total, e);
}

static enum err_code op_variant_set(struct store_tx *tx, void *arg, struct err *e)
{
    struct op *o = arg;

    return store_tx_variant_set(tx, o->run, o->no, o->scores, o->added, e);
}

static enum err_code op_variant_get(struct store_tx *tx, void *arg, struct err *e)
{
    struct op *o = arg;

    return store_tx_variant_get(tx, o->run, o->no, o->arena, &o->variant, e);
}

static struct trial trial_of(int64_t number, int64_t variant, enum trial_state state)
{
    return (struct trial){ .number = number, .variant = variant, .state = state,
                           .error = state == TRIAL_FAILED ? ERR_RATE_LIMIT : ERR_OK,
                           .error_text = state == TRIAL_FAILED ? S("slow down") : STR_NONE, .case_id = S("c"),
                           .usage = { .input = 10, .output = 5, .output_estimated = true }, .cost_nanousd = 700,
                           .latency_ms = 12, .attempts = 1, .finished_ms = 5000, .violations = 2, .critical = 1 };
}

static enum err_code trial_put(struct store *s, int64_t run, int64_t number, int64_t variant, enum trial_state state,
                               bool *added, struct err *e)
{
    struct op o = { .run = run, .trial = trial_of(number, variant, state), .transcript = S("{\"turns\":[]}"), .scores = S("{}") };
    enum err_code code = store_write(s, op_trial, &o, e);

    if (added)
        *added = o.added;
    return code;
}

static enum err_code count_each(const struct store_trial *t, void *arg, struct err *e)
{
    (void)t, (void)e;
    ++*(int64_t *)arg;
    return ERR_OK;
}

static int64_t trials_count(struct store *s, int64_t run, int64_t variant, bool failed_only)
{
    struct store_trials_filter f = { .variant = variant, .failed_only = failed_only };
    struct err e = ERR_INIT;
    int64_t n = 0;

    if (store_trials_each(s, run, &f, count_each, &n, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "store_trials_each: %s", e.text);
    return n;
}

#define CHECK_SAYS(e, words)                                                                       \
    do {                                                                                           \
        if (!strstr((e).text, words))                                                              \
            test_fail(__FILE__, __LINE__, "the sentence is \"%s\", wanted \"%s\" in it", (e).text, words); \
    } while (0)

/* --- opening ------------------------------------------------------------------------------------------------------ */

TEST(a_store_is_made_for_its_owner_only)
{
    HOME_AND_STORE(s);
    struct stat st;
    struct dirent *one;
    DIR *d = opendir(home);

    CHECK_OK(stat(home, &st) == 0 ? ERR_OK : ERR_IO);
    CHECK_INT(st.st_mode & 0777, 0700);
    run_new(s, 2, 1, 1);
    while ((one = readdir(d))) {
        char path[512];

        snprintf(path, sizeof path, "%s/%s", home, one->d_name);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
            CHECK_INT(st.st_mode & 0777, 0600);
    }
    closedir(d);
    CHECK(store_free_bytes(s) > 0);
    CHECK(STORE_VERSION_NOW >= 1);
}

TEST(what_was_stored_is_there_after_closing_and_opening)
{
    char home[128];
    struct store *s = store_new(home_new(home));
    AUTO_ARENA *a = arena_new_sized(0);
    struct run *r;

    run_new(s, 10, 2, 4);
    store_close(s);
    s = store_new(home);
    CHECK_OK(store_run_get(s, S("last"), a, &r, NULL));
    CHECK_INT(r->cases, 10);
    CHECK_STR(r->settings, "{\"a\":1}");
    CHECK(r->estimate_nanousd == MONEY_UNKNOWN);
    store_close(s);
}

TEST(two_at_once_open_the_same_new_store)
{
    char home[128];
    AUTO_STORE *one = store_new(home_new(home)), *two = store_new(home);

    CHECK(run_new(one, 1, 1, 1) != run_new(two, 1, 1, 1));
}

static void file_put(const char *home, const char *name, struct str bytes)
{
    char path[256];
    struct err e = ERR_INIT;

    snprintf(path, sizeof path, "%s/%s", home, name);
    ASSERT(file_mkdirs(home, 0700, &e) == ERR_OK);
    ASSERT(file_write_atomic(path, bytes, 0600, &e) == ERR_OK);
}

TEST(a_file_that_is_no_database_is_refused_in_one_sentence)
{
    char home[128];
    struct store *s;
    struct err e = ERR_INIT;
    char junk[8192];

    memset(junk, 'x', sizeof junk);
    file_put(home_new(home), "assay.db", str_n(junk, sizeof junk));
    CHECK_INT(store_open(home, &s, &e), ERR_STORE);
    CHECK_SAYS(e, "is not a database");
}

TEST(a_place_that_is_no_folder_is_refused)
{
    char home[128];
    struct store *s;
    struct err e = ERR_INIT;

    CHECK_INT(store_open("", &s, &e), ERR_STORE);
    CHECK_INT(store_open("mars://x", &s, &e), ERR_STORE);
    CHECK_SAYS(e, "no place for a store");
    file_put(home_new(home), "f", S("x"));
    memcpy(home + strlen(home), "/f", 3);
    CHECK_INT(store_open(home, &s, &e), ERR_STORE);
    CHECK_SAYS(e, "store can't be made");
    CHECK_INT(store_open("/proc/nowhere", &s, &e), ERR_STORE);
}

/* --- runs --------------------------------------------------------------------------------------------------------- */

TEST(a_run_is_found_by_its_id_its_end_its_beginning_and_last)
{
    HOME_AND_STORE(s);
    AUTO_ARENA *a = arena_new_sized(0);
    struct plan p, p2;
    struct run *r;
    struct err e = ERR_INIT;

    CHECK_INT(store_run_get(s, S("last"), a, &r, &e), ERR_NOT_FOUND);
    CHECK_SAYS(e, "no run yet");
    plan_init(&p, 3, 2, 2);
    memcpy(p.id, "01900000-0000-7000-8000-0000000abc12", ID_TEXT);
    CHECK_OK(store_write(s, plan_apply, &p, &e));
    plan_init(&p2, 4, 2, 2);
    memcpy(p2.id, "01900000-0000-7000-8000-0000000ddc12", ID_TEXT);
    CHECK_OK(store_write(s, plan_apply, &p2, &e));
    CHECK(p2.run.no > p.run.no);

    CHECK_OK(store_run_get(s, str_c(p.id), a, &r, &e));
    CHECK_INT(r->no, p.run.no);
    CHECK_OK(store_run_get(s, S("ABC12"), a, &r, &e));
    CHECK_INT(r->cases, 3);
    CHECK_OK(store_run_get(s, S("last"), a, &r, &e));
    CHECK_INT(r->no, p2.run.no);
    CHECK_OK(store_run_get(s, S("last~1"), a, &r, &e));
    CHECK_INT(r->no, p.run.no);

    CHECK_INT(store_run_get(s, S("last~2"), a, &r, &e), ERR_NOT_FOUND);
    CHECK_SAYS(e, "holds 2");
    CHECK_INT(store_run_get(s, S("0190"), a, &r, &e), ERR_BAD_INPUT);
    CHECK_SAYS(e, "more than one run");
    CHECK_SAYS(e, "0abc12");
    CHECK_INT(store_run_get(s, S("000ddc13"), a, &r, &e), ERR_NOT_FOUND);
    CHECK_SAYS(e, "000ddc12");
    CHECK_INT(store_run_get(s, S("c12"), a, &r, &e), ERR_BAD_INPUT);
    CHECK_INT(store_run_get(s, S("%%%%"), a, &r, &e), ERR_BAD_INPUT);
    CHECK_SAYS(e, "last~1");
    CHECK_INT(store_run_get(s, S("last~x"), a, &r, &e), ERR_BAD_INPUT);
}

TEST(a_run_moves_as_the_state_table_allows_and_not_otherwise)
{
    HOME_AND_STORE(s);

    for (int from = 0; from < RUN_STATES; from++)
        for (int to = 0; to < RUN_STATES; to++) {
            AUTO_ARENA *a = arena_new_sized(0);
            struct plan p;
            struct err e = ERR_INIT;
            struct op o = { .to = (enum run_state)to, .why = STOP_BUDGET, .now = 7000 };
            struct run *r;
            enum err_code code;

            plan_init(&p, 1, 1, 1);
            p.run.state = (enum run_state)from;
            CHECK_OK(store_write(s, plan_apply, &p, &e));
            o.run = p.run.no;
            code = store_write(s, op_move, &o, &e);
            CHECK_INT(code, run_may_move((enum run_state)from, (enum run_state)to) ? ERR_OK : ERR_CONFLICT);
            CHECK_OK(store_run_get(s, S("last"), a, &r, NULL));
            CHECK_INT(r->state, code == ERR_OK ? to : from);
            if (code != ERR_OK)
                CHECK_SAYS(e, "can't become");
            if (code == ERR_OK && to == RUN_RUNNING)
                CHECK(r->started_ms == 7000 && r->finished_ms == 0);
            if (code == ERR_OK && to == RUN_STOPPED)
                CHECK(r->stopped_by == STOP_BUDGET && r->finished_ms == 7000);
        }
}

TEST(the_first_start_of_a_run_stays)
{
    HOME_AND_STORE(s);
    AUTO_ARENA *a = arena_new_sized(0);
    struct op o = { .run = run_new(s, 1, 1, 1), .to = RUN_RUNNING, .now = 100 };
    struct run *r;

    CHECK_OK(store_write(s, op_move, &o, NULL));
    o.to = RUN_STOPPED, o.why = STOP_INTERRUPT, o.now = 200;
    CHECK_OK(store_write(s, op_move, &o, NULL));
    o.to = RUN_RUNNING, o.now = 300;
    CHECK_OK(store_write(s, op_move, &o, NULL));
    CHECK_OK(store_run_get(s, S("last"), a, &r, NULL));
    CHECK(r->started_ms == 100 && r->finished_ms == 0 && r->stopped_by == STOP_NONE);
    o.run = 999;
    CHECK_INT(store_write(s, op_move, &o, NULL), ERR_NOT_FOUND);
}

TEST(a_run_of_impossible_size_is_refused)
{
    HOME_AND_STORE(s);
    struct plan p;
    struct err e = ERR_INIT;

    plan_init(&p, INT64_C(1) << 62, 4, 100);
    CHECK_INT(store_write(s, plan_apply, &p, &e), ERR_TOO_LARGE);
    plan_init(&p, 100000000, 1, 1);
    CHECK_INT(store_write(s, plan_apply, &p, &e), ERR_TOO_LARGE);
    CHECK_SAYS(e, "shards");
    plan_init(&p, 1, 1, 0);
    CHECK_INT(store_write(s, plan_apply, &p, &e), ERR_BAD_INPUT);
    plan_init(&p, 0, 1, 1);
    CHECK_OK(store_write(s, plan_apply, &p, &e));
}

TEST(the_newest_unfinished_run_of_a_fingerprint_is_resumable)
{
    HOME_AND_STORE(s);
    AUTO_ARENA *a = arena_new_sized(0);
    int64_t first = run_new(s, 1, 1, 1), second = run_new(s, 1, 1, 1);
    struct op o = { .run = second, .to = RUN_CANCELLED, .now = 1 };
    struct run *r;

    CHECK_OK(store_run_resumable(s, S("f1"), a, &r, NULL));
    CHECK_INT(r ? r->no : 0, second);
    CHECK_OK(store_write(s, op_move, &o, NULL));
    CHECK_OK(store_run_resumable(s, S("f1"), a, &r, NULL));
    CHECK_INT(r ? r->no : 0, first);
    CHECK_OK(store_run_resumable(s, S("other"), a, &r, NULL));
    CHECK(r == NULL);
}

TEST(variants_keep_their_aggregate)
{
    HOME_AND_STORE(s);
    AUTO_ARENA *a = arena_new_sized(0);
    struct op o = { .run = run_new(s, 1, 3, 1), .no = 1, .scores = S("{\"n\":4}"), .added = true, .arena = a };
    struct store_variant *v;
    size_t n;

    CHECK_OK(store_write(s, op_variant_set, &o, NULL));
    CHECK_OK(store_write(s, op_variant_get, &o, NULL));
    CHECK_STR(o.variant.aggregate, "{\"n\":4}");
    CHECK_OK(store_variants(s, o.run, a, &v, &n, NULL));
    REQUIRE(n == 3);
    CHECK_STR(v[1].name, "two");
    CHECK_STR(v[1].aggregate, "{\"n\":4}");
    CHECK(v[1].abandoned && !v[0].abandoned);
    CHECK_STR(v[0].aggregate, "");
    o.no = 7;
    CHECK_INT(store_write(s, op_variant_set, &o, NULL), ERR_NOT_FOUND);
    CHECK_INT(store_write(s, op_variant_get, &o, NULL), ERR_NOT_FOUND);
}

TEST(the_list_of_runs_counts_outcomes_and_money)
{
    HOME_AND_STORE(s);
    AUTO_ARENA *a = arena_new_sized(0);
    int64_t first = run_new(s, 4, 2, 4), second = run_new(s, 1, 1, 1);
    struct op o = { .run = first, .no = 0, .entry = { .phase = PHASE_EXECUTION, .calls = 2, .cost_nanousd = 900, .unknown_calls = 1 } };
    struct store_run_row *rows;
    size_t n;

    CHECK_OK(trial_put(s, first, 0, 0, TRIAL_DONE, NULL, NULL));
    CHECK_OK(trial_put(s, first, 1, 1, TRIAL_DONE, NULL, NULL));
    CHECK_OK(trial_put(s, first, 2, 0, TRIAL_FAILED, NULL, NULL));
    CHECK_OK(store_write(s, op_ledger, &o, NULL));
    o.no = 1;
    CHECK_OK(store_write(s, op_ledger, &o, NULL));
    CHECK_OK(store_runs_list(s, STR_NONE, 10, 0, a, &rows, &n, NULL));
    REQUIRE(n == 2);
    CHECK_INT(rows[0].run.no, second);
    CHECK_INT(rows[0].done, 0);
    CHECK_INT(rows[1].done, 2);
    CHECK_INT(rows[1].failed, 1);
    CHECK_INT(rows[1].cost_nanousd, 1800);
    CHECK_INT(rows[1].unknown_calls, 2);
    CHECK_OK(store_runs_list(s, S("nothing"), 10, 0, a, &rows, &n, NULL));
    CHECK_INT(n, 0);
    CHECK_OK(store_runs_list(s, S("tickets"), 1, 1, a, &rows, &n, NULL));
    REQUIRE(n == 1);
    CHECK_INT(rows[0].run.no, first);
}

TEST(removing_a_run_takes_all_it_holds_and_nothing_else)
{
    HOME_AND_STORE(s);
    AUTO_ARENA *a = arena_new_sized(0);
    int64_t keep = run_new(s, 4, 1, 2), gone = run_new(s, 4, 1, 2), left;
    struct op o = { .run = gone, .entry = { .phase = PHASE_JUDGE, .calls = 1 } };
    struct store_ledger_row *rows;
    struct store_trial *t;
    struct run *r;
    size_t n;

    for (int i = 0; i < 4; i++) {
        CHECK_OK(trial_put(s, keep, i, 0, TRIAL_DONE, NULL, NULL));
        CHECK_OK(trial_put(s, gone, i, 0, TRIAL_DONE, NULL, NULL));
    }
    CHECK_OK(store_write(s, op_ledger, &o, NULL));
    CHECK_OK(store_write(s, op_remove, &o, NULL));
    CHECK_INT(store_write(s, op_remove, &o, NULL), ERR_NOT_FOUND);
    CHECK_INT(trials_count(s, gone, -1, false), 0);
    CHECK_INT(trials_count(s, keep, -1, false), 4);
    CHECK_INT(store_trial_get(s, gone, 0, a, &t, NULL), ERR_NOT_FOUND);
    CHECK_OK(store_ledger(s, gone, a, &rows, &n, NULL));
    CHECK_INT(n, 0);
    CHECK_OK(store_shards_left(s, gone, &left, NULL));
    CHECK_INT(left, 0);
    CHECK_OK(store_run_get(s, S("last"), a, &r, NULL));
    CHECK_INT(r->no, keep);
    CHECK(run_new(s, 1, 1, 1) > gone);                  /* a number is not given twice */
}

/* --- shards ------------------------------------------------------------------------------------------------------- */

static int64_t lease(struct store *s, int64_t run, const char *owner, int64_t now)
{
    struct op o = { .run = run, .owner = str_c(owner), .now = now, .lease = 100 };
    struct err e = ERR_INIT;

    if (store_write(s, op_lease, &o, &e) != ERR_OK)
        test_fail(__FILE__, __LINE__, "lease: %s", e.text);
    return o.shard.no;
}

TEST(shards_are_leased_in_order_and_again_when_expired)
{
    HOME_AND_STORE(s);
    int64_t run = run_new(s, 10, 1, 4), left;
    struct op o = { .run = run, .owner = S("a"), .now = 50, .lease = 100 };

    CHECK_OK(store_write(s, op_lease, &o, NULL));
    CHECK(o.shard.no == 0 && o.shard.first == 0 && o.shard.last == 4);
    CHECK_INT(lease(s, run, "b", 60), 1);
    CHECK_OK(store_write(s, op_lease, &o, NULL));
    CHECK(o.shard.no == 2 && o.shard.first == 8 && o.shard.last == 10);     /* the last is shorter */
    CHECK_INT(lease(s, run, "c", 149), -1);
    CHECK_INT(lease(s, run, "c", 150), 0);              /* a's first lease ended */
    CHECK_OK(store_shards_left(s, run, &left, NULL));
    CHECK_INT(left, 3);
    o.no = 0;
    CHECK_INT(store_write(s, op_finish, &o, NULL), ERR_CONFLICT);       /* it is c's now */
    o.no = 2;
    CHECK_OK(store_write(s, op_finish, &o, NULL));
    CHECK_INT(store_write(s, op_finish, &o, NULL), ERR_CONFLICT);
    CHECK_OK(store_shards_left(s, run, &left, NULL));
    CHECK_INT(left, 2);
}

TEST(renewing_keeps_all_leases_of_an_owner_and_releasing_opens_them)
{
    HOME_AND_STORE(s);
    int64_t run = run_new(s, 10, 1, 4);
    struct op o = { .run = run, .owner = S("a"), .now = 90, .lease = 1000 };

    CHECK_INT(lease(s, run, "a", 0), 0);
    CHECK_INT(lease(s, run, "a", 0), 1);
    CHECK_INT(lease(s, run, "b", 0), 2);
    CHECK_OK(store_write(s, op_renew, &o, NULL));
    CHECK_INT(lease(s, run, "c", 500), 2);              /* only b's had expired */
    CHECK_INT(lease(s, run, "c", 500), -1);
    CHECK_OK(store_write(s, op_release, &o, NULL));
    CHECK_INT(lease(s, run, "c", 500), 0);
    CHECK_INT(lease(s, run, "c", 500), 1);
    CHECK_INT(lease(s, run, "c", 500), -1);
}

static void *lease_all(void *arg)
{
    struct op *o = arg;
    struct store *s = (struct store *)(uintptr_t)o->total;

    for (;;) {
        o->lease = 100000;
        if (store_write(s, op_lease, o, NULL) != ERR_OK || o->shard.no < 0)
            return NULL;
        o->no = o->shard.no;
        if (store_write(s, op_finish, o, NULL) == ERR_OK)
            o->forgotten[0]++;
    }
}

TEST(two_stores_and_four_threads_never_share_a_shard)
{
    char home[128];
    AUTO_STORE *one = store_new(home_new(home)), *two = store_new(home);
    int64_t run = run_new(one, 200, 1, 1), sum = 0, left;
    struct op ops[4];
    pthread_t threads[4];
    static const char *const owners[4] = { "w1", "w2", "w3", "w4" };

    for (int i = 0; i < 4; i++) {
        ops[i] = (struct op){ .run = run, .owner = str_c(owners[i]), .total = (int64_t)(uintptr_t)(i % 2 ? one : two) };
        pthread_create(&threads[i], NULL, lease_all, &ops[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        sum += ops[i].forgotten[0];
    }
    CHECK_INT(sum, 200);
    CHECK_OK(store_shards_left(one, run, &left, NULL));
    CHECK_INT(left, 0);
}

/* --- trials ------------------------------------------------------------------------------------------------------- */

TEST(a_trial_comes_back_as_it_was_stored)
{
    HOME_AND_STORE(s);
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf big = BUF_INIT(1 << 20);
    struct op o = { .run = run_new(s, 4, 2, 4), .trial = trial_of(3, 1, TRIAL_FAILED), .scores = S("{\"accuracy\":1}") };
    struct store_trial *t;

    for (int i = 0; i < 5000; i++)
        buf_printf(&big, "{\"turn\":%d,\"text\":\"what was said\"}", i);
    o.transcript = buf_str(&big);
    o.trial.cost_nanousd = MONEY_UNKNOWN;
    CHECK_OK(store_write(s, op_trial, &o, NULL));
    CHECK(o.added);
    CHECK_OK(store_trial_get(s, o.run, 3, a, &t, NULL));
    CHECK(str_eq(t->transcript, buf_str(&big)));
    CHECK_STR(t->scores, "{\"accuracy\":1}");
    CHECK_INT(t->trial.state, TRIAL_FAILED);
    CHECK_INT(t->trial.error, ERR_RATE_LIMIT);
    CHECK_STR(t->trial.error_text, "slow down");
    CHECK_STR(t->trial.case_id, "c");
    CHECK(t->trial.cost_nanousd == MONEY_UNKNOWN);
    CHECK(t->trial.usage.input == 10 && t->trial.usage.output == 5 && t->trial.usage.output_estimated &&
          !t->trial.usage.input_estimated);
    CHECK(t->trial.latency_ms == 12 && t->trial.attempts == 1 && t->trial.finished_ms == 5000 &&
          t->trial.violations == 2 && t->trial.critical == 1 && t->trial.variant == 1);
    CHECK_INT(store_trial_get(s, o.run, 2, a, &t, NULL), ERR_NOT_FOUND);
}

TEST(transcripts_of_every_size_come_back)
{
    HOME_AND_STORE(s);
    AUTO_ARENA *a = arena_new_sized(0);
    int64_t run = run_new(s, 100, 1, 100);
    static const size_t sizes[] = { 0, 1, 127, 128, 129, 4000, 70000, 3000000 };
    struct rng rng;
    char *noise = xmalloc(3000000);

    rng_seed(&rng, 1);
    for (size_t i = 0; i < 3000000; i++)
        noise[i] = (char)rng_next(&rng);                /* can't be packed, and holds NUL */
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct op o = { .run = run, .trial = trial_of((int64_t)i, 0, TRIAL_DONE), .transcript = str_n(noise, sizes[i]) };
        struct store_trial *t;

        CHECK_OK(store_write(s, op_trial, &o, NULL));
        CHECK_OK(store_trial_get(s, run, (int64_t)i, a, &t, NULL));
        CHECK(str_eq(t->transcript, o.transcript));
        CHECK_STR(t->scores, "");
    }
    free(noise);
}

/* Transcripts that are alike share what they have in common, however the first of them fared. */
TEST(alike_transcripts_of_several_runs_come_back_after_rollbacks_too)
{
    char home[128];
    struct store *s = store_new(home_new(home));
    AUTO_ARENA *a = arena_new_sized(0);
    int64_t runs[6];

    for (int r = 0; r < 6; r++)
        runs[r] = run_new(s, 20, 1, 20);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 120; i++) {
            struct op o = { .run = runs[i % 6], .trial = trial_of(i / 6, 0, TRIAL_DONE) };
            enum err_code code;

            o.transcript = arena_printf(a, "{\"run\":%d,\"trial\":%d,\"text\":\"%0*d\"}", i % 6, i / 6, 300 + i, i);
            if (round == 0 && i % 7 < 3)
                fault_arm(i % 7 == 0 ? "store.commit" : "store.step:3");
            code = store_write(s, op_trial, &o, NULL);
            fault_arm(NULL);
            if (round == 1)
                CHECK_OK(code);
        }
        store_close(s);
        s = store_new(home);
    }
    for (int i = 0; i < 120; i++) {
        struct store_trial *t;

        CHECK_OK(store_trial_get(s, runs[i % 6], i / 6, a, &t, NULL));
        CHECK(str_eq(t->transcript,
                     arena_printf(a, "{\"run\":%d,\"trial\":%d,\"text\":\"%0*d\"}", i % 6, i / 6, 300 + i, i)));
    }
    store_close(s);
}

TEST(a_trial_is_counted_once_however_often_it_comes)
{
    HOME_AND_STORE(s);
    AUTO_ARENA *a = arena_new_sized(0);
    int64_t run = run_new(s, 4, 2, 4);
    struct store_run_row *rows;
    struct store_trial *t;
    size_t n;
    bool added;

    CHECK_OK(trial_put(s, run, 1, 1, TRIAL_DONE, &added, NULL));
    CHECK(added);
    CHECK_OK(trial_put(s, run, 1, 1, TRIAL_FAILED, &added, NULL));
    CHECK(!added);
    CHECK_OK(store_trial_get(s, run, 1, a, &t, NULL));
    CHECK_INT(t->trial.state, TRIAL_DONE);
    CHECK_OK(store_runs_list(s, STR_NONE, 0, 0, a, &rows, &n, NULL));
    CHECK(n == 1 && rows[0].done == 1 && rows[0].failed == 0);
}

TEST(a_trial_of_a_run_that_is_gone_is_a_conflict)
{
    HOME_AND_STORE(s);
    struct err e = ERR_INIT;

    CHECK_INT(trial_put(s, 77, 0, 0, TRIAL_DONE, NULL, &e), ERR_CONFLICT);
    CHECK_SAYS(e, "not in the store");
}

TEST(finished_trials_are_bits)
{
    HOME_AND_STORE(s);
    int64_t run = run_new(s, 40, 1, 20);
    unsigned char bits[3] = { 0xff, 0xff, 0xff };

    CHECK_OK(trial_put(s, run, 9, 0, TRIAL_DONE, NULL, NULL));
    CHECK_OK(trial_put(s, run, 10, 0, TRIAL_DONE, NULL, NULL));
    CHECK_OK(trial_put(s, run, 18, 0, TRIAL_FAILED, NULL, NULL));
    CHECK_OK(trial_put(s, run, 29, 0, TRIAL_DONE, NULL, NULL));
    CHECK_OK(trial_put(s, run, 30, 0, TRIAL_DONE, NULL, NULL));
    CHECK_OK(store_trials_finished(s, run, 10, 30, bits, NULL));
    CHECK_INT(bits[0], 1);
    CHECK_INT(bits[1], 1);
    CHECK_INT(bits[2], 1 << 3);
    CHECK_OK(store_trials_finished(s, run, 5, 5, bits, NULL));
}

static enum err_code each_in_order(const struct store_trial *t, void *arg, struct err *e)
{
    int64_t *want = arg;

    CHECK_INT(t->trial.number, *want);
    CHECK_STR(t->transcript, "{\"turns\":[]}");
    *want += 2;
    if (t->trial.number == 6)
        return err_set(e, ERR_CANCELLED, "enough");
    return ERR_OK;
}

TEST(trials_are_filtered_and_come_in_order)
{
    HOME_AND_STORE(s);
    int64_t run = run_new(s, 10, 2, 20), want = 2;
    struct store_trials_filter f = { .variant = 0, .with_transcript = true, .first = 1 };
    struct err e = ERR_INIT;
    int64_t n = 0;

    for (int i = 19; i >= 0; i--)
        CHECK_OK(trial_put(s, run, i, i % 2, i % 5 == 0 ? TRIAL_FAILED : TRIAL_DONE, NULL, NULL));
    CHECK_INT(store_trials_each(s, run, &f, each_in_order, &want, &e), ERR_CANCELLED);
    CHECK_INT(want, 8);
    CHECK_INT(trials_count(s, run, -1, false), 20);
    CHECK_INT(trials_count(s, run, -1, true), 4);
    CHECK_INT(trials_count(s, run, 1, true), 2);
    CHECK_INT(trials_count(s, run + 1, -1, false), 0);
    f = (struct store_trials_filter){ .variant = -1, .limit = 3 };
    CHECK_OK(store_trials_each(s, run, &f, count_each, &n, &e));
    CHECK_INT(n, 3);
}

TEST(failed_trials_are_forgotten_and_their_shards_open_again)
{
    HOME_AND_STORE(s);
    AUTO_ARENA *a = arena_new_sized(0);
    int64_t run = run_new(s, 4, 3, 4), left;
    struct op o = { .run = run, .owner = S("a"), .entry = { .phase = PHASE_EXECUTION, .calls = 12, .cost_nanousd = 5 } };
    struct store_ledger_row *ledger;
    struct store_run_row *rows;
    size_t n;

    for (int i = 0; i < 12; i++)
        CHECK_OK(trial_put(s, run, i, i % 3, i >= 4 && i < 8 ? TRIAL_FAILED : TRIAL_DONE, NULL, NULL));
    CHECK_OK(store_write(s, op_ledger, &o, NULL));
    for (int i = 0; i < 3; i++) {
        o.no = lease(s, run, "a", 0);
        CHECK_OK(store_write(s, op_finish, &o, NULL));
    }
    CHECK_OK(store_write(s, op_forget, &o, NULL));
    CHECK_INT(o.total, 4);
    CHECK(o.forgotten[0] == 1 && o.forgotten[1] == 2 && o.forgotten[2] == 1);     /* 6 | 4, 7 | 5 */
    CHECK_INT(trials_count(s, run, -1, true), 0);
    CHECK_INT(trials_count(s, run, -1, false), 8);
    CHECK_OK(store_shards_left(s, run, &left, NULL));
    CHECK_INT(left, 1);
    CHECK_INT(lease(s, run, "b", 0), 1);
    CHECK_OK(store_runs_list(s, STR_NONE, 0, 0, a, &rows, &n, NULL));
    CHECK(rows[0].done == 8 && rows[0].failed == 0);
    CHECK_OK(store_ledger(s, run, a, &ledger, &n, NULL));
    CHECK(n == 1 && ledger[0].entry.cost_nanousd == 5);                           /* what it cost stays */
    CHECK_OK(trial_put(s, run, 5, 2, TRIAL_DONE, NULL, NULL));                    /* and may be answered now */
    CHECK_OK(store_write(s, op_forget, &o, NULL));
    CHECK_INT(o.total, 0);
}

/* --- ledger ------------------------------------------------------------------------------------------------------- */

TEST(the_ledger_adds_up_by_variant_and_phase)
{
    HOME_AND_STORE(s);
    AUTO_ARENA *a = arena_new_sized(0);
    int64_t run = run_new(s, 4, 2, 4);
    struct op o = { .run = run, .no = 1, .entry = { .phase = PHASE_JUDGE, .calls = 1, .cost_nanousd = 30, .unknown_calls = 1,
                    .usage = { .input = 7, .output = 3, .cached = 2, .cache_written = 1, .reasoning = 1, .input_estimated = true } } };
    struct store_ledger_row *rows;
    struct err e = ERR_INIT;
    size_t n;

    for (int i = 0; i < 3; i++)
        CHECK_OK(store_write(s, op_ledger, &o, NULL));
    o.entry = (struct ledger_entry){ .phase = PHASE_EXECUTION, .calls = 1 };
    CHECK_OK(store_write(s, op_ledger, &o, NULL));
    CHECK_OK(store_ledger(s, run, a, &rows, &n, NULL));
    REQUIRE(n == 2);
    CHECK(rows[0].entry.phase == PHASE_EXECUTION && rows[0].entry.calls == 1 && rows[0].variant == 1);
    CHECK(rows[1].entry.phase == PHASE_JUDGE && rows[1].entry.calls == 3 && rows[1].entry.cost_nanousd == 90 &&
          rows[1].entry.unknown_calls == 3);
    CHECK(rows[1].entry.usage.input == 21 && rows[1].entry.usage.output == 9 && rows[1].entry.usage.cached == 6 &&
          rows[1].entry.usage.cache_written == 3 && rows[1].entry.usage.reasoning == 3);
    CHECK(rows[1].entry.usage.input_estimated && !rows[1].entry.usage.output_estimated);
    o.entry.cost_nanousd = INT64_MAX;
    CHECK_OK(store_write(s, op_ledger, &o, &e));
    o.entry.cost_nanousd = 1;
    CHECK_INT(store_write(s, op_ledger, &o, &e), ERR_TOO_LARGE);
    CHECK_SAYS(e, "64 bits");
    o.no = 5;
    CHECK_INT(store_write(s, op_ledger, &o, &e), ERR_CONFLICT);
}

/* --- the writer --------------------------------------------------------------------------------------------------- */

struct many { struct store *s; int64_t run, done, failed, conflicts; pthread_mutex_t lock; };
struct trial_job { struct store_job job; struct many *many; int64_t number, run; bool added; };

static enum err_code trial_job_apply(struct store_tx *tx, struct store_job *job, struct err *e)
{
    struct trial_job *j = (struct trial_job *)job;
    struct trial t = trial_of(j->number, 0, TRIAL_DONE);

    return store_tx_trial_add(tx, j->run, &t, S("{\"turns\":[]}"), S("{}"), &j->added, e);
}

static void trial_job_done(struct store_job *job, enum err_code code, const struct err *e)
{
    struct trial_job *j = (struct trial_job *)job;

    pthread_mutex_lock(&j->many->lock);
    j->many->done += code == ERR_OK && j->added;
    j->many->failed += code != ERR_OK;
    j->many->conflicts += code == ERR_CONFLICT && e->text[0];
    pthread_mutex_unlock(&j->many->lock);
    free(j);
}

static void trial_job_submit(struct many *m, int64_t run, int64_t number)
{
    struct trial_job *j = xcalloc(1, sizeof *j);

    *j = (struct trial_job){ .job = { .apply = trial_job_apply, .done = trial_job_done }, .many = m, .number = number, .run = run };
    store_submit(m->s, &j->job);
}

TEST(one_bad_job_spoils_no_other_of_its_group)
{
    char home[128];
    struct many m = { .s = store_new(home_new(home)), .lock = PTHREAD_MUTEX_INITIALIZER };

    m.run = run_new(m.s, 2000, 1, 100);
    for (int i = 0; i < 1000; i++)
        trial_job_submit(&m, i == 333 ? 99 : m.run, i);
    store_close(m.s);                                   /* waits for all */
    CHECK_INT(m.done, 999);
    CHECK_INT(m.failed, 1);
    CHECK_INT(m.conflicts, 1);
    m.s = store_new(home);
    CHECK_INT(trials_count(m.s, m.run, -1, false), 999);
    store_close(m.s);
}

struct sender { struct many *m; int64_t from; };
static void *sender_main(void *arg)
{
    struct sender *one = arg;

    for (int64_t i = 0; i < 2500; i++)
        trial_job_submit(one->m, one->m->run, one->from + i);
    return NULL;
}

TEST(eight_threads_and_twenty_thousand_jobs)
{
    char home[128];
    struct many m = { .s = store_new(home_new(home)), .lock = PTHREAD_MUTEX_INITIALIZER };
    struct sender senders[8];
    pthread_t threads[8];
    AUTO_ARENA *a = arena_new_sized(0);
    struct store_run_row *rows;
    size_t n;

    m.run = run_new(m.s, 20000, 1, 1000);
    for (int i = 0; i < 8; i++) {
        senders[i] = (struct sender){ &m, i * 2500 };
        pthread_create(&threads[i], NULL, sender_main, &senders[i]);
    }
    while (trials_count(m.s, m.run, -1, false) < 100)   /* reading goes on meanwhile */
        clock_sleep_ms(1);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    store_close(m.s);
    CHECK_INT(m.done, 20000);
    m.s = store_new(home);
    CHECK_OK(store_runs_list(m.s, STR_NONE, 0, 0, a, &rows, &n, NULL));
    CHECK_INT(rows[0].done, 20000);
    store_close(m.s);
}

TEST(a_commit_that_fails_once_loses_nothing_and_counts_nothing_twice)
{
    char home[128];
    struct many m = { .s = store_new(home_new(home)), .lock = PTHREAD_MUTEX_INITIALIZER };
    AUTO_ARENA *a = arena_new_sized(0);
    struct store_run_row *rows;
    size_t n;

    m.run = run_new(m.s, 2000, 1, 100);
    fault_arm("store.commit:1");
    for (int i = 0; i < 600; i++)
        trial_job_submit(&m, m.run, i);
    store_close(m.s);
    fault_arm(NULL);
    CHECK_INT(m.done + m.failed, 600);
    CHECK(m.failed <= 1);                               /* 1 only when the failing group was one job */
    m.s = store_new(home);
    CHECK_OK(store_runs_list(m.s, STR_NONE, 0, 0, a, &rows, &n, NULL));
    CHECK_INT(rows[0].done, m.done);
    CHECK_INT(trials_count(m.s, m.run, -1, false), m.done);
    store_close(m.s);
}

TEST(every_statement_may_fail_and_the_store_stays_whole)
{
    HOME_AND_STORE(s);
    AUTO_ARENA *a = arena_new_sized(0);
    int64_t run = run_new(s, 100, 1, 10), good = 0;
    struct store_run_row *rows;
    struct err e = ERR_INIT;
    size_t n;

    for (int i = 1; i <= 6; i++) {                      /* a trial's write takes five steps at most */
        char spec[32];

        snprintf(spec, sizeof spec, "store.step:%d", i);
        fault_arm(spec);
        if (trial_put(s, run, i, 0, TRIAL_DONE, NULL, &e) == ERR_OK)
            good++;
        else
            CHECK_SAYS(e, "store.step");
        fault_arm(NULL);
        CHECK_INT(trials_count(s, run, -1, false), good);
    }
    CHECK(good >= 1 && good < 6);
    CHECK_OK(store_runs_list(s, STR_NONE, 0, 0, a, &rows, &n, NULL));
    CHECK_INT(rows[0].done, good);
}

/* --- the world goes wrong ----------------------------------------------------------------------------------------- */

/* Child: stores trials as fast as it can and says each acknowledged number on the pipe, until it is killed. */
struct crash_job { struct store_job job; int pipe; int64_t run, number; bool added; };

static enum err_code crash_apply(struct store_tx *tx, struct store_job *job, struct err *e)
{
    struct crash_job *j = (struct crash_job *)job;
    struct trial t = trial_of(j->number, 0, TRIAL_DONE);
    struct ledger_entry l = { .phase = PHASE_EXECUTION, .calls = 1 };

    TRY(store_tx_trial_add(tx, j->run, &t, S("{\"turns\":[]}"), S("{}"), &j->added, e));
    return j->added ? store_tx_ledger_add(tx, j->run, 0, &l, e) : ERR_OK;
}

static void crash_done(struct store_job *job, enum err_code code, const struct err *e)
{
    struct crash_job *j = (struct crash_job *)job;

    (void)e;
    if (code == ERR_OK && write(j->pipe, &j->number, sizeof j->number) != sizeof j->number)
        _exit(3);
    free(j);
}

static void crash_child(const char *home, int64_t run, int64_t from, int fd) NORETURN;
static void crash_child(const char *home, int64_t run, int64_t from, int fd)
{
    struct store *s;

    if (store_open(home, &s, NULL) != ERR_OK)
        _exit(2);
    for (int64_t i = from;; i++) {
        struct crash_job *j = xcalloc(1, sizeof *j);

        *j = (struct crash_job){ .job = { .apply = crash_apply, .done = crash_done }, .pipe = fd, .run = run, .number = i };
        store_submit(s, &j->job);
        if (i % 64 == 0)
            usleep(300);
    }
}

TEST(what_was_acknowledged_survives_kill_nine)
{
    char home[128];
    struct store *s = store_new(home_new(home));
    int64_t run = run_new(s, 10000000, 1, 100000), from = 0, acknowledged = 0;
    struct rng rng;

    store_close(s);
    rng_seed(&rng, 42);
    for (int round = 0; round < 20; round++) {
        AUTO_ARENA *a = arena_new_sized(0);
        int64_t number, most = from - 1, first = from, delay_ms = (int64_t)rng_below(&rng, 60);
        struct store_ledger_row *rows;
        unsigned char *bits;
        int ends[2], status;
        pid_t child;
        size_t n;

        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        child = fork();
        if (child == 0)
            crash_child(home, run, from, ends[1]);
        close(ends[1]);
        struct pollfd ready = { .fd = ends[0], .events = POLLIN };
        poll(&ready, 1, 10000);                         /* it is writing now */
        int64_t until = clock_mono_ms() + delay_ms;
        while (clock_mono_ms() < until && read(ends[0], &number, sizeof number) == sizeof number)
            most = MAX(most, number), acknowledged++;
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        CHECK(WIFSIGNALED(status));
        while (read(ends[0], &number, sizeof number) == sizeof number)
            most = MAX(most, number), acknowledged++;
        close(ends[0]);

        s = store_new(home);
        bits = xcalloc(1, (size_t)(most + 1 - first) / 8 + 1);
        CHECK_OK(store_trials_finished(s, run, first, most + 1, bits, NULL));
        for (int64_t i = 0; i < most + 1 - first; i++)  /* done is called in order of submission */
            if (!(bits[i / 8] >> (i % 8) & 1))
                test_fail(__FILE__, __LINE__, "trial %lld was acknowledged and is lost", (long long)(first + i));
        free(bits);
        from = trials_count(s, run, -1, false);         /* whole groups: the next number too */
        CHECK(from >= most + 1);
        CHECK_OK(store_ledger(s, run, a, &rows, &n, NULL));
        CHECK_INT(n ? rows[0].entry.calls : 0, from);   /* trial and ledger: both or neither */
        store_close(s);
    }
    CHECK(acknowledged > 1000);
}

static enum err_code fill(struct store *s, int64_t run, int64_t *stored, struct err *e)
{
    enum { BODY = 60000 };
    AUTO(freep) char *noise = xmalloc(BODY);
    struct rng rng;
    enum err_code code = ERR_OK;

    rng_seed(&rng, 9);
    for (*stored = 0; *stored < 5000 && code == ERR_OK; ++*stored) {
        struct op o = { .run = run, .trial = trial_of(*stored, 0, TRIAL_DONE), .transcript = str_n(noise, BODY) };

        for (size_t i = 0; i < BODY; i++)
            noise[i] = (char)rng_next(&rng);
        code = store_write(s, op_trial, &o, e);
        if (code != ERR_OK)
            break;
    }
    return code;
}

TEST(a_full_disk_is_one_sentence_and_hurts_nothing)
{
    char home[128], inner[140];
    struct store *s;
    struct err e = ERR_INIT;
    int64_t run, stored;

    home_new(home);
    mkdir(home, 0700);
    if (mount("none", home, "tmpfs", 0, "size=6m") != 0)
        return;                                         /* needs root: the next test says the same with a limit */
    snprintf(inner, sizeof inner, "%s/h", home);
    s = store_new(inner);
    run = run_new(s, 10000, 1, 100);
    CHECK_INT(fill(s, run, &stored, &e), ERR_STORE);
    CHECK_SAYS(e, "disk is full");
    CHECK(stored > 5);
    CHECK_INT(trials_count(s, run, -1, false), stored);
    CHECK(mount("none", home, "tmpfs", MS_REMOUNT, "size=64m") == 0);       /* somebody makes room */
    CHECK_OK(trial_put(s, run, 9999, 0, TRIAL_DONE, NULL, &e));
    store_close(s);
    s = store_new(inner);
    CHECK_INT(trials_count(s, run, -1, false), stored + 1);
    store_close(s);
    CHECK(umount(home) == 0);
}

TEST(a_file_that_may_not_grow_is_a_full_disk)
{
    char home[128];
    struct store *s = store_new(home_new(home));
    struct rlimit old, low;
    struct err e = ERR_INIT;
    int64_t run = run_new(s, 10000, 1, 100), stored;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    low = (struct rlimit){ 2 << 20, old.rlim_max };
    setrlimit(RLIMIT_FSIZE, &low);
    CHECK_INT(fill(s, run, &stored, &e), ERR_STORE);
    setrlimit(RLIMIT_FSIZE, &old);
    CHECK_SAYS(e, "disk is full");
    CHECK_INT(trials_count(s, run, -1, false), stored);
    CHECK_OK(trial_put(s, run, 9999, 0, TRIAL_DONE, NULL, &e));
    store_close(s);
}

TEST(a_read_only_store_is_refused_in_one_sentence)
{
    char home[128], inner[140];
    struct store *s;
    struct err e = ERR_INIT;

    home_new(home);
    mkdir(home, 0700);
    if (mount("none", home, "tmpfs", 0, "size=6m") != 0)
        return;                                         /* to root a mode means nothing, so a mount it must be */
    snprintf(inner, sizeof inner, "%s/h", home);
    store_close(store_new(inner));
    CHECK(mount("none", home, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL) == 0);
    CHECK_INT(store_open(inner, &s, &e), ERR_STORE);
    CHECK_SAYS(e, "read-only");
    snprintf(inner, sizeof inner, "%s/new", home);
    CHECK_INT(store_open(inner, &s, &e), ERR_STORE);
    CHECK_SAYS(e, "ead-only");
    CHECK(umount(home) == 0);
}

/* A second process writes to the same store all the time; both get on. */
TEST(two_processes_write_to_one_store)
{
    char home[128];
    struct store *s = store_new(home_new(home));
    int64_t run = run_new(s, 10000, 1, 100);
    int status, ends[2];
    char byte;
    pid_t child;

    store_close(s);
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    child = fork();
    if (child == 0) {
        if (store_open(home, &s, NULL) != ERR_OK || write(ends[1], "x", 1) != 1)
            _exit(2);
        for (int i = 0; i < 300; i++)
            if (trial_put(s, run, i, 0, TRIAL_DONE, NULL, NULL) != ERR_OK)
                _exit(3);
        store_close(s);
        _exit(0);
    }
    CHECK(read(ends[0], &byte, 1) == 1);
    s = store_new(home);
    for (int i = 0; i < 300; i++)
        CHECK_OK(trial_put(s, run, 1000 + i, 0, TRIAL_DONE, NULL, NULL));
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK_INT(trials_count(s, run, -1, false), 600);
    store_close(s);
    close(ends[0]);
    close(ends[1]);
}
