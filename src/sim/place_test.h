/* src/sim/place_test.h: a store, an engine and the simulator in one process, for tests of whole runs. */
#pragma once

#include "base/test.h"
#include "eval/result.h"
#include "eval/runner.h"
#include "eval/snapshot.h"
#include "eval/task_load.h"
#include "sim/sim.h"

#include <stdio.h>

struct place {
    char home[128];
    struct arena *a;
    struct store *store;
    struct blob *blob;
    struct llm *llm;
    struct sim *sim;
    struct plan *plan;
    struct data_pack_info info;
    struct runner_result ran;
    struct err e;
};

static void place_open(struct place *p)
{
    static int homes;
    char url[64];

    *p = (struct place){ .a = arena_new_sized(0) };
    snprintf(p->home, sizeof p->home, "%s/run-%d", test_folder(), homes++);
    CHECK_OK(store_open(p->home, &p->store, &p->e));
    CHECK_OK(blob_open(p->home, &p->blob, &p->e));
    CHECK_OK(llm_new(&(struct llm_options){ .attempts_max = 1, .calls_max = 100000 }, &p->llm, &p->e));
    CHECK_OK(sim_new(&(struct sim_options){ .latency_scale = 0, .seed = 1 }, &p->sim, &p->e));
    snprintf(url, sizeof url, "%s/v1", sim_url(p->sim));
    CHECK_OK(llm_set_base_url(p->llm, S("sim"), str_c(url), &p->e));
}

static void place_close(struct place *p)
{
    plan_free(p->plan);
    llm_free(p->llm);
    sim_free(p->sim);
    blob_close(p->blob);
    store_close(p->store);
    arena_free(p->a);
}

/* Plans and stores a run of the task; the simulator knows the expected answers. */
static bool place_plan_text(struct place *p, struct str name, struct str text)
{
    AUTO(dataset_closep) struct dataset_reader *reader = NULL;
    struct dataset_source source;
    struct dataset_case c;
    struct task *task;
    bool have = true;

    if (task_load_text(name, test_folder(), text, NULL, p->a, &task, NULL, &p->e) != ERR_OK)
        return false;
    source = dataset_source_of(task, p->a);
    CHECK_OK(dataset_open(&source, NULL, &reader, &p->e));
    CHECK_OK(data_pack_build(reader, p->blob, &p->info, NULL, NULL, &p->e));
    dataset_closep(&reader);
    CHECK_OK(dataset_open(&source, NULL, &reader, &p->e));
    while (have && dataset_next(reader, p->a, &c, &have, &p->e) == ERR_OK && have)
        CHECK_OK(sim_book_add(p->sim, &c, &p->e));
    if (plan_new(task, arena_new_sized(0), p->blob, &p->info, NULL, p->llm, &p->plan, &p->e) != ERR_OK)
        return false;
    return plan_store(p->plan, p->store, &p->e) == ERR_OK;
}

static enum err_code place_run(struct place *p, struct runner_options o)
{
    o.concurrency = 32;
    return runner_run(p->plan, p->store, p->llm, &o, &p->ran, &p->e);
}

/* The stored run again, as another process would find it. */
static void place_reload(struct place *p)
{
    struct run *run;

    CHECK_OK(store_run_get(p->store, S("last"), p->a, &run, &p->e));
    plan_freep(&p->plan);
    CHECK_OK(plan_of_run(run, p->blob, p->llm, &p->plan, &p->e));
}

static int64_t place_billed(struct place *p)
{
    AUTO_JSON *sum = sim_ledger_summary(p->sim);

    return json_get_i64(sum, "billed", -1);
}

static enum err_code place_count_row(const struct store_trial *t, void *arg, struct err *e)
{
    (void)t, (void)e;
    ++*(int64_t *)arg;
    return ERR_OK;
}

static int64_t place_rows(struct place *p)
{
    int64_t n = 0;

    CHECK_OK(store_trials_each(p->store, p->plan->run.no, &(struct store_trials_filter){ .variant = -1 },
                               place_count_row, &n, &p->e));
    return n;
}
