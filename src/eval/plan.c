#include "eval/plan.h"

#include "eval/chunk.h"
#include "eval/prompting.h"
#include "eval/snapshot.h"
#include "eval/sure.h"
#include "token/token.h"
#include "version.h"

#define PLAN_SAMPLE_CASES   200         /* cases whose prompts are rendered for the estimate */
#define PLAN_OUTPUT_ASSUMED 300         /* tokens of an answer nothing is known about */
#define PLAN_JUDGED_INPUT   250         /* tokens of a judged check beside input and output, and of its reply */
#define PLAN_JUDGED_OUTPUT  50
#define PLAN_SHARD_CASES    256
#define PLAN_TRIALS_MAX     INT64_C(1000000000)
#define PLAN_FILES_BYTES_MAX (16u * 1024 * 1024)

enum err_code plan_resolve(struct task *task, struct arena *a, struct err *e)
{
    struct str judge = check_judge_model(task);
    struct model m;

    for (size_t i = 0; i < task->variant_count; i++) {
        struct variant *v = &task->variants[i];

        TRY(llm_model_resolve(v->model_text, a, &v->model, e));
    }
    if (judge.len && llm_model_resolve(arena_strdup(a, judge), a, &m, e) != ERR_OK)
        return err_prefix(e, "judge.model");
    return ERR_OK;
}

/* The model that a metric of the task asks, or NULL. Lives in the arena. */
static const struct model *plan_metric_model(const struct metric_spec *spec, struct arena *a)
{
    const struct metric *m = metric_find(spec->kind);
    void *state;

    if (!m || !m->model || metric_prepare(spec, a, &m, &state, NULL) != ERR_OK)
        return NULL;
    return m->model(state);
}

/* The model that the task's judged checks ask, or NULL. */
static const struct model *plan_judge_model(const struct task *task, struct arena *a)
{
    struct model *m = arena_new(a, struct model);
    struct str name = check_judge_model(task);

    return name.len && llm_model_resolve(arena_strdup(a, name), a, m, NULL) == ERR_OK ? m : NULL;
}

/* The models that checks of the task name themselves; *out lives in the arena. */
static size_t plan_check_models(const struct task *task, struct arena *a, const struct model ***out)
{
    VEC(const struct model *) all = { 0 };
    size_t count;

    for (size_t i = 0; i < task->check_count; i++) {
        const struct check *kind = check_find(task->checks[i].kind);
        const struct model *m;
        struct check_ready c;

        if (!kind || !kind->model || check_prepare(&task->checks[i], a, &c, NULL) != ERR_OK)
            continue;
        for (size_t k = 0; (m = kind->model(c.state, k)); k++)
            vec_push(&all, m);
    }
    count = all.len;
    *out = arena_array(a, const struct model *, count + 1);
    if (count)
        memcpy(*out, all.at, count * sizeof **out);
    vec_dispose(&all);
    return count;
}

bool plan_asks(const struct task *task, const char *provider)
{
    AUTO_ARENA *a = arena_new_sized(0);
    const struct model *judge, **graders;
    bool asks = false;

    for (size_t i = 0; i < task->variant_count; i++)
        asks |= str_is(task->variants[i].model.provider, provider) && !task->variants[i].base_url.len;
    for (size_t i = 0; i < task->metric_count; i++) {
        const struct model *m = plan_metric_model(&task->metrics[i], a);

        asks |= m && str_is(m->provider, provider);
    }
    for (size_t i = plan_check_models(task, a, &graders); i > 0; i--)
        asks |= str_is(graders[i - 1]->provider, provider);
    judge = plan_judge_model(task, a);
    return asks || (judge && str_is(judge->provider, provider));
}

static enum err_code plan_check_key(const struct model *m, struct llm *l, struct arena *a, size_t *missing,
                                    struct err *e)
{
    struct err one = ERR_INIT;

    if (llm_model_check_key(l, m, &one) == ERR_OK)
        return ERR_OK;
    if ((*missing)++ == 0)
        *e = one;
    else
        err_set(e, e->code, "%.340s; %.340s", arena_cstr(a, str_c(e->text)), one.text);
    return e->code;
}

enum err_code plan_check_keys(const struct task *task, struct llm *l, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    const struct model **models, **graders;
    enum err_code worst = ERR_OK;
    size_t missing = 0, count = 0, grader_count = plan_check_models(task, a, &graders);

    models = arena_array(a, const struct model *, task->variant_count + task->metric_count + grader_count + 1);
    for (size_t i = 0; i < task->variant_count; i++)
        models[count++] = &task->variants[i].model;
    for (size_t i = 0; i < grader_count; i++)
        models[count++] = graders[i];
    for (size_t i = 0; i < task->metric_count; i++)
        if ((models[count] = plan_metric_model(&task->metrics[i], a)))
            count++;
    if ((models[count] = plan_judge_model(task, a)))
        count++;
    for (size_t i = 0; i < count; i++) {
        bool seen = false;

        for (size_t k = 0; k < i; k++)
            seen |= str_eq(models[k]->provider, models[i]->provider);
        if (!seen && plan_check_key(models[i], l, a, &missing, e) != ERR_OK)
            worst = e->code;
    }
    return worst;
}

/* Tokens of an answer: about the expected one's when there is one, a little more for what surrounds it. */
static int64_t plan_output_tokens(const struct token_counter *counter, const struct dataset_case *kase,
                                  const struct params *params)
{
    int64_t tokens = PLAN_OUTPUT_ASSUMED;

    if (kase->expected) {
        AUTO_BUF struct buf text = BUF_INIT(1u << 24);

        json_write(kase->expected, &text);
        tokens = token_counter_text(counter, buf_str(&text)) * 5 / 4 + 10;
    }
    if (params_has(params, PARAM_MAX_TOKENS))
        tokens = MIN(tokens, params->max_tokens);
    return tokens;
}

#define PLAN_GRADERS_MAX 64             /* models of checks that the estimate looks at, and the task's judge */
struct plan_sums {
    int64_t cases, parts, cut, output;
    int64_t *input, *input_max;
    int64_t graded[PLAN_GRADERS_MAX], compared[PLAN_GRADERS_MAX];       /* calls for a trial; for all trials of a case together */
};

/* How often each model that a check names is asked about the case, check by check; the task's judge stands last of a
 * check's. */
static void plan_sample_graders(const struct plan *p, const struct dataset_case *kase, struct plan_sums *sums)
{
    size_t at = 0;

    for (size_t i = 0; i < scoring_check_count(p->scoring); i++) {
        const struct check_ready *c = scoring_check(p->scoring, i);

        for (size_t k = 0; c->check->calls && at < PLAN_GRADERS_MAX; k++) {
            if (c->check->compare_calls)
                sums->compared[at] += c->check->compare_calls(c->state, kase, k);
            sums->graded[at++] += c->check->calls(c->state, kase, k);
            if (!c->check->model(c->state, k))
                break;
        }
    }
}

static enum err_code plan_sample_case(struct plan *p, const struct dataset_case *kase, struct arena *a,
                                      struct plan_sums *sums, struct err *e)
{
    const json_t *vars = prompting_vars(p->prompting, kase, a);
    struct chunk_parts parts;

    if (chunk_split(p->task, vars, a, &parts, e) != ERR_OK)
        return err_prefix(e, "case " STR_FMT, STR_ARG(kase->id));
    plan_sample_graders(p, kase, sums);
    sums->parts += (int64_t)MAX(parts.count, (size_t)1);
    sums->cut += parts.count > 0;

    for (size_t i = 0; i < p->task->variant_count; i++) {
        struct variant *v = &p->task->variants[i];
        struct token_counter counter = token_counter_for(v->model.id);
        int64_t output = plan_output_tokens(&counter, kase, &v->params), once, calls = (int64_t)p->task->turn_count + 1;
        struct message *messages;
        struct str shown;
        size_t count;

        once = 0;
        for (size_t part = 0; part < MAX(parts.count, (size_t)1); part++) {
            const json_t *with = parts.count ? chunk_vars(p->task, vars, &parts, part, a) : vars;

            if (prompting_start(p->prompting, v, with, a, &messages, &count, &shown, e) != ERR_OK)
                return err_prefix(e, "case " STR_FMT, STR_ARG(kase->id));
            once += token_count_request(&counter, messages, count, p->task->tools).total;
        }
        /* each follow-up sends the whole conversation again */
        once = once * calls + calls * (calls - 1) / 2 * (output + 20);
        sums->input[i] += once;
        sums->input_max[i] = MAX(sums->input_max[i], once);
        if (i == 0)
            sums->output += output;
    }
    sums->cases++;
    return ERR_OK;
}

static enum err_code plan_sample(struct plan *p, struct plan_sums *sums, struct err *e)
{
    int64_t cases = p->run.cases, step = MAX(cases / PLAN_SAMPLE_CASES, (int64_t)1);
    AUTO_ARENA *a = arena_new_sized(16 * 1024);

    for (int64_t at = 0; at < cases && sums->cases < PLAN_SAMPLE_CASES; at += step) {
        struct pack_cursor *cursor = pack_cursor_new(p->pack, at);
        struct dataset_case kase;
        enum err_code code;
        bool more = false;

        code = pack_cursor_next(cursor, a, &kase, &more, e);
        if (code == ERR_OK && more)
            code = plan_sample_case(p, &kase, a, sums, e);
        pack_cursor_free(cursor);
        TRY(code);
        arena_reset(a);
    }
    return ERR_OK;
}

static int64_t plan_reasoning_tokens(const struct llm *l, const struct model *m)
{
    struct llm_price price;

    return llm_price_of(l, m, &price) ? price.reasoning_tokens : 0;
}

/* What the task's judged checks add: each shows the judge the question, the answer and the rule. */
static void plan_estimate_judge(struct plan *p, const struct llm *l)
{
    struct plan_estimate *est = &p->estimate;
    const struct model *m = plan_judge_model(p->task, p->arena);
    int64_t calls = 0, cost;
    struct usage u;

    for (size_t i = 0; m && i < p->task->check_count; i++)
        calls += str_is(p->task->checks[i].kind, "judged") ? est->trials : 0;
    if (!calls)
        return;
    u = (struct usage){ .input = calls / MAX(est->trials, INT64_C(1)) * (est->input_tokens + est->output_tokens) +
                                 calls * PLAN_JUDGED_INPUT, .output = calls * PLAN_JUDGED_OUTPUT };
    cost = llm_cost(l, m, &u);
    est->cost_nanousd += MAX(cost, INT64_C(0));
    est->calls += calls;
    est->input_tokens += u.input;
    est->output_tokens += u.output;
}

/* What checks add whose assertions models grade: each question shows the grader what was asked and answered. */
static void plan_estimate_graders(struct plan *p, const struct llm *l, const struct plan_sums *sums)
{
    struct plan_estimate *est = &p->estimate;
    int64_t input = est->trials ? (est->input_tokens + est->output_tokens) / est->trials : 0;
    struct usage all = { 0 };
    size_t at = 0;

    for (size_t i = 0; sums->cases && i < scoring_check_count(p->scoring); i++) {
        const struct check_ready *c = scoring_check(p->scoring, i);

        for (size_t k = 0; c->check->calls && at < PLAN_GRADERS_MAX; k++) {
            const struct model *m = c->check->model(c->state, k), *judge = m ? m : plan_judge_model(p->task, p->arena);
            int64_t compared = (int64_t)((__int128)sums->compared[at] * est->trials / p->run.variants / sums->cases);
            int64_t calls = (int64_t)((__int128)sums->graded[at++] * est->trials / sums->cases) + compared;
            struct usage u = { .input = calls * (input + PLAN_JUDGED_INPUT) + compared * input * (p->run.variants - 1),
                               .output = calls * PLAN_JUDGED_OUTPUT };

            if (judge && calls) {
                est->cost_nanousd += MAX(llm_cost(l, judge, &u), INT64_C(0));
                est->calls += calls;
                usage_add(&all, &u);
            }
            if (!m)
                break;
        }
    }
    est->input_tokens += all.input;
    est->output_tokens += all.output;
}

static enum err_code plan_estimate(struct plan *p, struct llm *l, struct err *e)
{
    struct plan_estimate *est = &p->estimate;
    struct plan_sums sums = { .input = arena_array(p->arena, int64_t, p->task->variant_count),
                              .input_max = arena_array(p->arena, int64_t, p->task->variant_count) };
    int64_t calls = (int64_t)p->task->turn_count + 1, per_variant = p->run.cases * p->run.repeat;

    TRY(plan_sample(p, &sums, e));
    est->trials = run_trials(&p->run);
    est->calls = est->trials * calls;
    if (sums.cut) {
        est->calls = (int64_t)((__int128)est->trials * sums.parts / sums.cases);
        est->cut_cases = sums.cut;
        est->sampled_cases = sums.cases;
    }
    est->output_per_call = sums.cases ? sums.output / sums.cases : 0;
    est->variants = arena_array(p->arena, struct plan_variant_estimate, p->task->variant_count);
    for (size_t i = 0; i < p->task->variant_count; i++) {
        struct plan_variant_estimate *one = &est->variants[i];
        const struct variant *v = &p->task->variants[i];
        struct usage u, most = { .input = sums.input_max[i] * 5 / 4 };

        one->input_tokens = sums.cases ? (int64_t)((__int128)sums.input[i] * per_variant / sums.cases) : 0;
        one->output_tokens = (est->output_per_call + plan_reasoning_tokens(l, &v->model)) * calls * per_variant;
        u = (struct usage){ .input = one->input_tokens, .output = one->output_tokens };
        one->cost_nanousd = llm_cost(l, &v->model, &u);
        most.output = calls *
                          (params_has(&v->params, PARAM_MAX_TOKENS) ? v->params.max_tokens : 4 * est->output_per_call) +
                      3 * calls * plan_reasoning_tokens(l, &v->model);
        one->trial_at_most_nanousd = MAX(llm_cost(l, &v->model, &most), INT64_C(0));     /* unknown is negative */
        est->input_tokens += one->input_tokens;
        est->output_tokens += one->output_tokens;
        if (one->cost_nanousd == MONEY_UNKNOWN)
            est->unknown_variants++;
        else
            est->cost_nanousd += one->cost_nanousd;
    }
    plan_estimate_judge(p, l);
    plan_estimate_graders(p, l, &sums);
    token_rest();
    return ERR_OK;
}

static json_t *plan_price_json(const struct llm *l, const struct model *m)
{
    struct llm_price price;
    json_t *o;

    if (!llm_price_of(l, m, &price))
        return json_null();
    o = json_object();
    json_set_str(o, "row", price.model);
    json_set_str(o, "dated", price.dated);
    json_object_set_new(o, "input_nanousd_per_million", json_integer(price.input));
    json_object_set_new(o, "output_nanousd_per_million", json_integer(price.output));
    if (price.cached >= 0)
        json_object_set_new(o, "cached_nanousd_per_million", json_integer(price.cached));
    if (price.cache_written >= 0)
        json_object_set_new(o, "cache_written_nanousd_per_million", json_integer(price.cache_written));
    if (price.reasoning >= 0)
        json_object_set_new(o, "reasoning_nanousd_per_million", json_integer(price.reasoning));
    return o;
}

/* What decides the trials, and nothing else: not the prices, not the program's version, not where the files lie. */
static void plan_fingerprint(const json_t *snapshot, struct str content, char out[HASH_HEX])
{
    AUTO_JSON *core = json_deep_copy(snapshot);
    AUTO_BUF struct buf text = BUF_INIT(SIZE_MAX / 4);

    json_object_del(core, "text");
    json_object_del(core, "path");
    json_object_del(core, "dir");
    json_object_del(core, "budget_nanousd");
    json_object_del(core, "thresholds");
    json_object_del(core, "rank_by");
    json_object_del(core, "judge");
    json_object_del(core, "chosen");
    json_object_del(core, "recommend");
    json_write_canonical(core, &text);
    buf_append(&text, content);
    hash_sha256_hex(buf_str(&text), out);
}

static struct str plan_settings(struct plan *p, json_t *snapshot, const json_t *select, struct llm *l)
{
    AUTO_JSON *o = json_object();
    AUTO_BUF struct buf text = BUF_INIT(SIZE_MAX / 4);
    json_t *prices = json_array(), *estimate = json_object();

    for (size_t i = 0; i < p->task->variant_count; i++)
        json_array_append_new(prices, plan_price_json(l, &p->task->variants[i].model));
    json_object_set_new(o, "program", json_string(ASSAY_VERSION));
    json_object_set(o, "task", snapshot);
    json_set_str(o, "dataset_hash", p->run.dataset_hash);
    if (select)
        json_object_set(o, "select", (json_t *)select);
    json_object_set_new(o, "prices", prices);
    json_object_set_new(o, "scorers", scorers_to_json(scoring_infos(p->scoring), scoring_count(p->scoring)));
    json_object_set_new(estimate, "input_tokens", json_integer(p->estimate.input_tokens));
    json_object_set_new(estimate, "output_tokens", json_integer(p->estimate.output_tokens));
    json_object_set_new(estimate, "unknown_variants", json_integer(p->estimate.unknown_variants));
    json_object_set_new(o, "estimate", estimate);
    json_write(o, &text);
    return arena_strdup(p->arena, buf_str(&text));
}

static enum err_code plan_open(struct plan *p, struct blob *blob, struct err *e)
{
    TRY(plan_resolve(p->task, p->arena, e));
    TRY(prompting_new(p->task, &p->prompting, e));
    TRY(scoring_new(p->task, &p->scoring, e));
    return data_pack_open(blob, p->run.dataset_hash, &p->pack, e);
}

/* A check that a case brings and nobody can read is told of before anything is paid for. */
static enum err_code plan_case_checks(struct plan *p, struct err *e)
{
    AUTO(pack_cursor_freep) struct pack_cursor *cursor = NULL;
    AUTO_ARENA *a = arena_new_sized(16 * 1024);
    struct dataset_case kase;
    bool more = true;

    if (!scoring_reads_cases(p->task))
        return ERR_OK;
    cursor = pack_cursor_new(p->pack, 0);
    for (;; arena_reset(a)) {
        TRY(pack_cursor_next(cursor, a, &kase, &more, e));
        if (!more)
            return ERR_OK;
        TRY(scoring_case_verify(p->task, &kase, e));
    }
}

/* The smallest context among the models, in tokens of o200k_base: parts of a long input must fit every model. Models
 * whose context nobody knows don't count. */
static int64_t plan_context(const struct plan *p, const struct llm *l)
{
    int64_t smallest = 0;

    for (size_t i = 0; i < p->task->variant_count; i++) {
        const struct model *m = &p->task->variants[i].model;
        struct token_counter counter = token_counter_for(m->id);
        struct llm_price price;
        int64_t tokens;

        if (!llm_price_of(l, m, &price) || !price.context_tokens)
            continue;
        tokens = (int64_t)((double)price.context_tokens / counter.per_o200k);
        smallest = smallest ? MIN(smallest, tokens) : tokens;
    }
    return smallest;
}

/* What templates include belongs to the run as the prompts do: it is read once, now. */
static enum err_code plan_keep_files(struct plan *p, struct err *e)
{
    json_t *files = json_in_arena(prompting_files(p->prompting), p->arena), *text;
    const char *path;
    size_t bytes = 0;

    json_object_foreach(files, path, text)
        bytes += json_string_length(text);
    if (bytes > PLAN_FILES_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE,
                       "the files that the task's templates include hold %zu bytes, at most %u are kept "
                       "with a run",
                       bytes, PLAN_FILES_BYTES_MAX);
    p->task->files = files;
    return ERR_OK;
}

static enum err_code plan_fill(struct plan *p, struct blob *blob, const struct data_pack_info *info,
                               const json_t *select, struct llm *l, struct err *e)
{
    AUTO_JSON *snapshot = NULL;
    char id[ID_TEXT], fingerprint[HASH_HEX];
    int64_t trials;

    if (p->task->variant_count == 0)
        return err_set(e, ERR_BAD_INPUT,
                       "the task names no model: add `models:` to it, or say --models openai:gpt-4o-mini");
    if (info->cases == 0)
        return err_set(e, ERR_BAD_INPUT, "the dataset has no case to run%s",
                       select ? " after --where, --limit and --sample" : "");
    id_new(id);
    p->run = (struct run){
        .id = arena_strdup(p->arena, str_c(id)), .task_name = p->task->name, .task_path = p->task->path,
        .state = RUN_PLANNED, .created_ms = clock_wall_ms(), .cases = info->cases,
        .dataset_hash = arena_strdup(p->arena, str_c(info->hash)),
        .variants = (int64_t)p->task->variant_count, .repeat = p->task->repeat,
        .budget_nanousd = p->task->budget_nanousd,
    };
    if (__builtin_mul_overflow(p->run.cases, p->run.variants, &trials) ||
        __builtin_mul_overflow(trials, p->run.repeat, &trials) || trials > PLAN_TRIALS_MAX)
        return err_set(e, ERR_TOO_LARGE, "%lld cases x %lld variants x %lld repetitions are more than %lld trials",
                       (long long)p->run.cases, (long long)p->run.variants, (long long)p->run.repeat,
                       (long long)PLAN_TRIALS_MAX);
    p->run.shard_trials = PLAN_SHARD_CASES * p->run.variants * p->run.repeat;
    TRY(plan_open(p, blob, e));
    if (p->task->sure.on)
        TRY(sure_choose(p->task, scoring_infos(p->scoring), scoring_count(p->scoring), &p->run,
                        info->expected_count > 0, e));
    TRY(plan_case_checks(p, e));
    chunk_resolve(p->task, plan_context(p, l));
    TRY(plan_estimate(p, l, e));
    p->run.estimate_nanousd = p->estimate.unknown_variants ? MONEY_UNKNOWN : p->estimate.cost_nanousd;
    TRY(plan_keep_files(p, e));
    snapshot = snapshot_of_task(p->task);
    plan_fingerprint(snapshot, str_c(info->content), fingerprint);
    p->run.fingerprint = arena_strdup(p->arena, str_c(fingerprint));
    p->run.settings = plan_settings(p, snapshot, select, l);
    return ERR_OK;
}

enum err_code plan_new(struct task *task, struct arena *a, struct blob *blob, const struct data_pack_info *info,
                       const json_t *select, struct llm *l, struct plan **out, struct err *e)
{
    struct plan *p = xcalloc(1, sizeof *p);
    enum err_code code;

    p->task = task;
    p->arena = a;
    code = plan_fill(p, blob, info, select, l, e);
    if (code == ERR_OK) {
        *out = p;
    } else {
        p->arena = NULL;                        /* still the caller's */
        plan_free(p);
    }
    return code;
}

static enum err_code plan_read(struct plan *p, const struct run *run, struct blob *blob, struct llm *l, struct err *e)
{
    AUTO_JSON *settings = NULL;
    struct arena *a = p->arena;

    if (json_read(run->settings, &settings, e) != ERR_OK)
        return err_prefix(e, "run " STR_FMT ": its settings are damaged", STR_ARG(run->id));
    if (json_child(settings, "imported"))
        return err_set(e, ERR_CONFLICT,
                       "run " STR_FMT " was imported from " STR_FMT
                       "'s log; it can be read, compared and judged, not asked again",
                       STR_ARG(id_short(run->id)), STR_ARG(json_get_str(settings, "imported")));
    TRY(snapshot_to_task(json_child(settings, "task"), a, &p->task, e));
    p->run = *run;
    p->run.id = arena_strdup(a, run->id);
    p->run.task_name = p->task->name;
    p->run.task_path = p->task->path;
    p->run.fingerprint = arena_strdup(a, run->fingerprint);
    p->run.dataset_hash = arena_strdup(a, run->dataset_hash);
    p->run.settings = arena_strdup(a, run->settings);
    if ((int64_t)p->task->variant_count != run->variants)
        return err_set(e, ERR_STORE, "run " STR_FMT ": its settings are damaged", STR_ARG(run->id));
    TRY(plan_open(p, blob, e));
    return plan_estimate(p, l, e);
}

enum err_code plan_of_run(const struct run *run, struct blob *blob, struct llm *l, struct plan **out, struct err *e)
{
    struct plan *p = xcalloc(1, sizeof *p);
    enum err_code code;

    p->arena = arena_new_sized(16 * 1024);
    code = plan_read(p, run, blob, l, e);
    if (code == ERR_OK)
        *out = p;
    else
        plan_free(p);
    return code;
}

static enum err_code plan_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct plan *p = arg;
    size_t n = p->task->variant_count;
    AUTO_ARENA *a = arena_new_sized(0);
    struct store_variant *rows = arena_array(a, struct store_variant, n);

    for (size_t i = 0; i < n; i++) {
        const struct variant *v = &p->task->variants[i];
        AUTO_BUF struct buf settings = BUF_INIT(1u << 24);
        AUTO_JSON *o = json_object();

        json_set_str(o, "prompt", p->task->prompts[v->prompt].name);
        json_object_set_new(o, "params", params_to_json(&v->params));
        if (v->base_url.len)
            json_set_str(o, "base_url", v->base_url);
        json_write(o, &settings);
        rows[i] = (struct store_variant){ .no = (int64_t)i, .name = v->name, .model = v->model.name,
                                          .settings = arena_strdup(a, buf_str(&settings)) };
    }
    TRY(store_tx_run_add(tx, &p->run, rows, e));
    return p->choosing.calls ? store_tx_ledger_add(tx, p->run.no, 0, &p->choosing, e) : ERR_OK;
}

void plan_add_choosing(struct plan *p, const struct ledger_entry *ledger)
{
    p->choosing = *ledger;
    if (p->run.estimate_nanousd != MONEY_UNKNOWN)
        p->run.estimate_nanousd += ledger->cost_nanousd;
}

static enum err_code plan_greet(const struct plan *p, struct err *e)
{
    AUTO(evaluators_freep) struct evaluators *evaluators = NULL;
    const struct evaluator *v;

    for (size_t i = 0; (v = scoring_program(p->scoring, i)); i++) {
        if (!evaluators)
            TRY(evaluators_new(&evaluators, e));
        if (v->hello.len)
            TRY(evaluators_greet(evaluators, v, e));
    }
    return ERR_OK;
}

enum err_code plan_store(struct plan *p, struct store *s, struct err *e)
{
    TRY(plan_greet(p, e));
    return store_write(s, plan_apply, p, e);
}

void plan_free(struct plan *p)
{
    if (!p)
        return;
    data_pack_close(p->pack);
    scoring_free(p->scoring);
    prompting_free(p->prompting);
    arena_free(p->arena);
    free(p);
}

void plan_freep(struct plan **p)
{
    plan_free(*p);
    *p = NULL;
}
