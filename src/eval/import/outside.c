#include "eval/import/outside.h"

#include "data/pack.h"
#include "eval/aggregate.h"
#include "eval/snapshot.h"
#include "version.h"

#define OUTSIDE_TEXT_MAX ((size_t)256 << 20)

struct outside_job {
    const struct outside *o;
    struct run *run;
    struct store_variant row;
    struct aggregate *sum;
    struct ledger_entry ledger;
    bool *seen;                         /* by trial number */
};

struct scorer_info outside_scorer(struct str name)
{
    return (struct scorer_info){ .name = name, .base = S("imported"), .kind = SCORER_METRIC, .unit = METRIC_RATIO,
        .higher_is_better = true,
                                 .weight = 1 };
}

/* --- the cases ---------------------------------------------------------------------------------------------------- */
static enum err_code outside_pack(const struct outside *o, struct blob *b, struct data_pack_info *info, struct err *e)
{
    AUTO(dataset_closep) struct dataset_reader *reader = NULL;
    AUTO_JSON *list = json_array();
    struct dataset_source source = { .inline_cases = list, .id = S("id"), .name = o->path, .plain = true };

    for (size_t i = 0; i < o->case_count; i++) {
        json_t *one = json_object();

        json_set_str(one, "id", o->cases[i].id);
        if (o->cases[i].expected) {
            json_object_set(one, "expected", (json_t *)o->cases[i].expected);
            source.expected = S("expected");
            source.plain = false;
        }
        json_object_set(one, "vars", (json_t *)o->cases[i].vars);
        json_array_append_new(list, one);
    }
    TRY(dataset_open(&source, &(struct dataset_select){ .limit = 0 }, &reader, e));
    return data_pack_build(reader, b, info, NULL, NULL, e);
}

/* --- what the run says of itself ---------------------------------------------------------------------------------- */
static json_t *outside_task(const struct outside *o, struct arena *a)
{
    struct task_prompt prompt = { .name = S("prompt"), .source = S("{{ input }}"), .line = 1 };
    struct variant variant = { .name = o->model, .model_text = o->model, .model.name = o->model };
    struct task t = { .name = o->task_name, .description = o->description, .path = o->path, .prompts = &prompt, .prompt_count = 1,
                      .models = (struct str *)&o->model, .model_count = 1, .variants = &variant, .variant_count = 1,
                          .repeat = o->repeat };

    return json_in_arena(snapshot_of_task(&t), a);
}

static struct str outside_settings(const struct outside *o, const struct data_pack_info *info, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(SIZE_MAX / 4);
    AUTO_JSON *all = json_object();

    json_object_set_new(all, "program", json_string(ASSAY_VERSION));
    json_set_str(all, "imported", o->tool);
    json_object_set(all, "task", outside_task(o, a));
    json_object_set_new(all, "dataset_hash", json_string(info->hash));
    json_object_set_new(all, "prices", json_array());
    json_object_set_new(all, "scorers", scorers_to_json(o->scorers, o->scorer_count));
    json_write(all, &text);
    return arena_strdup(a, buf_str(&text));
}

/* --- the trials --------------------------------------------------------------------------------------------------- */
static enum err_code outside_add(struct store_tx *tx, struct outside_job *j, const struct outside_trial *x,
                                 struct arena *a, struct err *e)
{
    const struct outside *o = j->o;
    struct score *scores = x->failed ? arena_array(a, struct score, o->scorer_count) : x->scores;
    AUTO_BUF struct buf values = BUF_INIT(1u << 24), said = BUF_INIT(OUTSIDE_TEXT_MAX);
    struct trial t = { .number = x->kase * o->repeat + x->repetition, .state = x->failed ? TRIAL_FAILED : TRIAL_DONE,
                       .error = x->failed ? ERR_UNKNOWN : ERR_OK, .error_text = str_utf8_head(x->error, 2000), .case_id =
                           o->cases[x->kase].id,
                       .usage = x->usage, .cost_nanousd = x->cost_nanousd, .latency_ms = x->latency_ms, .attempts = x->calls,
                       .finished_ms = x->finished_ms ? x->finished_ms : j->run->finished_ms };
    bool added;

    scores_write(scores, o->scorer_count, &values);
    if (x->transcript)
        json_write(x->transcript, &said);
    else
        buf_puts(&said, "{\"turns\":[]}");
    if (buf_failed(&values) || buf_failed(&said))
        return err_set(e, ERR_TOO_LARGE, "case " STR_FMT ": what was said is larger than 256 MiB", STR_ARG(t.case_id));
    TRY(store_tx_trial_add(tx, j->run->no, &t, buf_str(&said), buf_str(&values), &added, e));
    if (!added)
        return ERR_OK;
    aggregate_add(j->sum, &(struct aggregate_trial){ .trial = &t, .scores = scores });
    j->ledger.calls += x->calls;
    usage_add(&j->ledger.usage, &x->usage);
    if (x->cost_nanousd == MONEY_UNKNOWN)
        j->ledger.unknown_calls += x->calls;
    else if (__builtin_add_overflow(j->ledger.cost_nanousd, x->cost_nanousd, &j->ledger.cost_nanousd))
        return err_set(e, ERR_TOO_LARGE, "the costs in the log are more than can be counted");
    return ERR_OK;
}

static enum err_code outside_trials(struct store_tx *tx, struct outside_job *j, struct err *e)
{
    const struct outside *o = j->o;

    for (size_t i = 0; i < o->trial_count; i++) {
        AUTO_ARENA *a = arena_new_sized(16 * 1024);
        struct outside_trial x = { .kase = 0 };
        enum err_code code;

        TRY(o->trial(o, i, a, &x, e));
        j->seen[x.kase * o->repeat + x.repetition] = true;
        code = outside_add(tx, j, &x, a, e);
        json_decref(x.transcript);
        TRY(code);
    }
    for (int64_t n = 0; n < run_trials(j->run); n++) {
        AUTO_ARENA *a = arena_new_sized(0);

        if (!j->seen[n])
            TRY(outside_add(tx, j, &(struct outside_trial){ .kase = n / o->repeat, .repetition = n % o->repeat, .failed = true,
                                                            .error = S("the log has no such sample") }, a, e));
    }
    return ERR_OK;
}

/* Nothing is left to lease. */
static enum err_code outside_shards(struct store_tx *tx, const struct run *run, struct err *e)
{
    struct str owner = S("import");
    struct shard shard;

    for (;;) {
        TRY(store_tx_shard_lease(tx, run->no, owner, clock_wall_ms(), 60000, &shard, e));
        if (shard.no < 0)
            return ERR_OK;
        TRY(store_tx_shard_finish(tx, run->no, shard.no, owner, e));
    }
}

static enum err_code outside_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct outside_job *j = arg;
    AUTO(aggregate_freep) struct aggregate *sum = aggregate_new(j->o->scorer_count);
    AUTO_BUF struct buf text = BUF_INIT(1u << 24);
    AUTO_JSON *json = NULL;

    j->sum = sum;
    j->ledger = (struct ledger_entry){ .phase = PHASE_EXECUTION };
    memset(j->seen, 0, (size_t)run_trials(j->run) * sizeof *j->seen);
    TRY(store_tx_run_add(tx, j->run, &j->row, e));
    TRY(outside_trials(tx, j, e));
    json = aggregate_to_json(sum);
    json_write(json, &text);
    TRY(store_tx_variant_set(tx, j->run->no, 0, buf_str(&text), false, e));
    if (j->ledger.calls)
        TRY(store_tx_ledger_add(tx, j->run->no, 0, &j->ledger, e));
    TRY(outside_shards(tx, j->run, e));
    TRY(store_tx_run_move(tx, j->run->no, RUN_RUNNING, STOP_NONE, j->run->started_ms, e));
    return store_tx_run_move(tx, j->run->no, RUN_DONE, STOP_NONE, j->run->finished_ms, e);
}

enum err_code outside_store(const struct outside *o, struct store *s, struct blob *b, struct arena *a, struct run **out,
                            struct err *e)
{
    int64_t now = clock_wall_ms();
    struct data_pack_info info;
    struct outside_job job = { .o = o };
    struct run run = { .task_name = o->task_name, .task_path = o->path, .state = RUN_PLANNED, .cases = (int64_t)o->case_count,
                       .variants = 1, .repeat = o->repeat, .estimate_nanousd = MONEY_UNKNOWN };
    char id[ID_TEXT], hex[HASH_HEX];

    TRY(outside_pack(o, b, &info, e));
    id_new(id);
    run.created_ms = o->created_ms ? o->created_ms : now;
    run.started_ms = o->started_ms ? o->started_ms : run.created_ms;
    run.finished_ms = o->finished_ms ? o->finished_ms : run.started_ms;
    run.id = arena_strdup(a, str_c(id));
    run.dataset_hash = arena_strdup(a, str_c(info.hash));
    run.shard_trials = MAX(run.cases * run.repeat, (int64_t)1);
    run.settings = outside_settings(o, &info, a);
    hash_sha256_hex(run.settings, hex);
    run.fingerprint = arena_strdup(a, str_c(hex));
    job.run = &run;
    job.row = (struct store_variant){ .name = o->model, .model = o->model, .settings = S("{}") };
    job.seen = arena_array(a, bool, (size_t)run_trials(&run));
    TRY(store_write(s, outside_apply, &job, e));
    return store_run_get(s, run.id, a, out, e);
}
