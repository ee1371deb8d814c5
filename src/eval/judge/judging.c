/* One judgement of a run: trials are read from the store in windows, asked about through the engine, settled on the
 * caller's thread and committed a batch at a time, scores and ledger in one transaction. */
#include "eval/judge/judging_parts.h"

#include <math.h>
#include <stdio.h>

#include "eval/snapshot.h"
#include "eval/spending.h"

enum {
    JUDGING_BATCH = 64,
    JUDGING_CONCURRENCY = 64,
    JUDGING_GIVE_UP = 5,                /* failed calls in a row */
    JUDGING_TICK_MS = 100,
    JUDGING_GRACE_MS = 30000,
    JUDGING_TOKENS = 2000,
    JUDGING_MARK = 24,
};

static const struct judging_kind *judging_kind_of(const struct judge_options *o)
{
    if (o->kind == JUDGE_PASS_PAIRS)
        return &judging_pairs;
    if (o->kind == JUDGE_PASS_LABELS)
        return &judging_labels;
    return o->rubric->criterion_count ? &judging_criteria : &judging_scores;
}

/* --- the pass ----------------------------------------------------------------------------------------------------- */

static void judging_about_rubric(const struct judge_rubric *r, json_t *o)
{
    json_t *criteria = json_array(), *labels = json_array();

    for (size_t i = 0; i < r->criterion_count; i++) {
        const struct judge_criterion *c = &r->criteria[i];
        json_t *one = json_pack("{s:f, s:f, s:f}", "weight", c->weight, "low", c->low, "high", c->high);

        json_set_str(one, "name", c->name);
        json_set_str(one, "description", c->description);
        json_array_append_new(criteria, one);
    }
    for (size_t i = 0; i < r->label_count; i++)
        json_array_append_new(labels, json_from_str(r->labels[i]));
    if (r->criterion_count)
        json_object_set(o, "criteria", criteria);
    if (r->label_count)
        json_object_set(o, "labels", labels);
    json_decref(criteria);
    json_decref(labels);
}

/* What only passes of some kinds, or by some rubrics, have. */
static void judging_about_kind(const struct judging *j, json_t *o)
{
    judging_about_rubric(j->o->rubric, o);
    if (j->o->kind == JUDGE_PASS_AGAIN) {
        json_object_set_new(o, "of", json_integer(j->o->of));
        json_object_set_new(o, "nth", json_integer(j->o->nth));
    } else if (j->o->kind == JUDGE_PASS_PAIRS) {
        json_object_set_new(o, "variants",
                            json_pack("[I,I]", (json_int_t)j->o->variants[0], (json_int_t)j->o->variants[1]));
    }
}

static void judging_fingerprint(struct judging *j)
{
    AUTO_JSON *o = json_pack("{s:i, s:[f,f,f], s:o}", "judge", 1, "weights", j->o->rubric->weights[0],
                             j->o->rubric->weights[1], j->o->rubric->weights[2], "params", params_to_json(&j->params));
    AUTO_BUF struct buf text = BUF_INIT(8u << 20);

    json_set_str(o, "model", j->o->model->name);
    json_set_str(o, "base_url", j->o->base_url);
    json_set_str(o, "rubric", j->o->rubric->text);
    json_set_str(o, "instructions", j->o->instructions);
    judging_about_kind(j, o);
    json_write_canonical(o, &text);
    hash_sha256_hex(buf_str(&text), j->judgement);
}

/* --- opening a pass ----------------------------------------------------------------------------------------------- */

struct judging_opening { struct judging *j; enum judge_pass_kind kind; struct str about; int64_t no; };

static enum err_code judging_open_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct judging_opening *p = arg;

    return store_tx_scoring_add(tx, p->j->run->no, str_c(judge_pass_name(p->kind)), p->about, clock_wall_ms(), &p->no,
                                e);
}

static enum err_code judging_pass_new(struct judging *j, struct err *e)
{
    const struct judge_rubric *r = j->o->rubric;
    struct judging_opening p = { .j = j, .kind = j->o->kind };
    AUTO_BUF struct buf text = BUF_INIT(8u << 20);
    AUTO_JSON *o = json_object(), *weights = json_object();
    unsigned char bytes[16];
    char salt[2 * sizeof bytes + 1];

    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(salt, sizeof salt, bytes, sizeof bytes);
    j->salt = arena_strdup(j->a, str_c(salt));
    for (enum judge_part k = 0; k < JUDGE_PARTS; k++)
        json_object_set_new(weights, judge_part_name(k), json_real(r->weights[k]));
    json_object_set_new(o, "judgement", json_string(j->judgement));
    json_set_str(o, "model", j->o->model->name);
    json_set_str(o, "rubric", r->name);
    json_set_str(o, "rubric_text", r->text);
    json_object_set(o, "weights", weights);
    json_set_str(o, "instructions", j->o->instructions);
    json_object_set_new(o, "params", params_to_json(&j->params));
    json_object_set_new(o, "salt", json_string(salt));
    judging_about_kind(j, o);
    json_write(o, &text);
    p.about = buf_str(&text);
    TRY(store_write(j->store, judging_open_apply, &p, e));
    j->out->pass = p.no;
    return ERR_OK;
}

/* The newest pass of this judgement goes on, if there is one. */
static enum err_code judging_pass(struct judging *j, struct err *e)
{
    for (size_t i = j->scorers.pass_count; i-- > 0 && !j->o->again;) {
        const struct judge_pass *p = &j->scorers.passes[i];

        if (p->kind == j->o->kind && str_is(p->judgement, j->judgement)) {
            j->salt = p->salt;
            j->out->pass = p->no;
            j->out->before = p->trials;
            j->out->continued = true;
            return ERR_OK;
        }
    }
    return judging_pass_new(j, e);
}

/* Grades come one criterion after the other; those of the last are in the judgement's own pass. */
static enum err_code judging_criterion_passes(struct judging *j, struct err *e)
{
    const struct judge_rubric *r = j->o->rubric;

    for (size_t k = 0; k + 1 < r->criterion_count && j->kind == &judging_criteria; k++) {
        struct judging_opening p = { .j = j, .kind = JUDGE_PASS_CRITERION };
        AUTO_BUF struct buf text = BUF_INIT(4096);
        AUTO_JSON *o = NULL;

        for (size_t i = 0; i < j->scorers.pass_count; i++) {
            const struct judge_pass *old = &j->scorers.passes[i];

            if (old->kind == JUDGE_PASS_CRITERION && old->of == j->out->pass && old->criterion == (int64_t)k)
                p.no = old->no;
        }
        if (!p.no) {
            o = json_pack("{s:I, s:I}", "of", (json_int_t)j->out->pass, "criterion", (json_int_t)k);
            json_set_str(o, "model", j->o->model->name);
            json_set_str(o, "rubric", r->name);
            json_write(o, &text);
            p.about = buf_str(&text);
            TRY(store_write(j->store, judging_open_apply, &p, e));
        }
        j->criterion_passes[k] = p.no;
    }
    return ERR_OK;
}

/* --- work ------------------------------------------------------------------------------------------------------- */

struct judging_work *judging_work_new(struct judging *j)
{
    struct arena *a = arena_new_sized(8192);
    struct judging_work *w = arena_new(a, struct judging_work);

    w->arena = a;
    w->j = j;
    return w;
}

static void judging_work_free(struct judging_work *w)
{
    arena_free(w->arena);                       /* which holds w too */
}

void judging_work_copy(struct judging_work *w, const struct store_trial *t, struct store_trial *out)
{
    *out = *t;
    out->scores = arena_strdup(w->arena, t->scores);
    out->transcript = arena_strdup(w->arena, t->transcript);
    out->trial.case_id = arena_strdup(w->arena, t->trial.case_id);
}

void judging_wait(struct judging *j, struct judging_work *w)
{
    if (!j->waiting)
        j->waiting_last = &j->waiting;
    *j->waiting_last = w;
    j->waiting_last = &w->next;
}

/* Trials come in order of cases, so one cursor goes through the pack once. */
enum err_code judging_case(struct judging *j, int64_t index, struct err *e)
{
    bool more;

    ASSERT(index >= j->case_at);
    while (j->case_at < index) {
        arena_reset(j->case_arena);
        TRY(pack_cursor_next(j->cursor, j->case_arena, &j->kase, &more, e));
        if (!more)
            return err_set(e, ERR_STORE, "the run's cases end before case %lld of %lld", (long long)index + 1,
                           (long long)j->run->cases);
        j->case_at++;
    }
    return ERR_OK;
}

struct str judging_gold(const json_t *expected, struct arena *a)
{
    AUTO_BUF struct buf text = BUF_INIT(64u << 20);

    if (!expected || json_is_null(expected))
        return STR_NONE;
    if (json_is_string(expected))
        return arena_strdup(a, json_to_str(expected));
    json_write_pretty(expected, &text);
    return buf_failed(&text) ? STR_NONE : arena_strdup(a, buf_str(&text));
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

/* Made of what was drawn after the outputs were written; the same for a trial whenever the pass goes on. */
struct str judging_mark(const struct judging *j, int64_t number, const struct str *texts, size_t count, struct arena *a)
{
    for (int again = 0;; again++) {
        struct str seed = arena_printf(a, STR_FMT "/%lld/%d", STR_ARG(j->salt), (long long)number, again);
        char hex[HASH_HEX];
        struct str mark = { hex, JUDGING_MARK };
        bool held = false;

        hash_sha256_hex(seed, hex);
        for (size_t i = 0; i < count; i++)
            held |= str_contains(texts[i], mark);
        if (!held)
            return arena_strdup(a, mark);
    }
}

/* What was said to the model, and its answer: of all parts when the case was asked in parts, else the last one. */
void judging_said(const json_t *transcript, struct arena *a, struct str *input, struct str *output)
{
    AUTO_BUF struct buf b = BUF_INIT(256u << 20);
    const json_t *turns = json_child(transcript, "turns"), *m;
    size_t i, n = json_array_size(turns);
    struct str system = json_get_str(transcript, "system");

    if (system.len)
        buf_printf(&b, "[system]\n" STR_FMT "\n\n", STR_ARG(system));
    json_array_foreach(json_child(transcript, "messages"), i, m)
        buf_printf(&b, "[" STR_FMT "]\n" STR_FMT "\n\n", STR_ARG(json_get_str(m, "role")),
                   STR_ARG(json_get_str(m, "content")));
    for (i = 0; i < n; i++) {
        const json_t *t = json_array_get(turns, i);

        buf_printf(&b, "%s" STR_FMT, i ? "\n\n[user]\n" : "", STR_ARG(json_get_str(t, "prompt")));
        if (i + 1 < n && !json_child(transcript, "output"))
            buf_printf(&b, "\n\n[assistant]\n" STR_FMT, STR_ARG(json_get_str(t, "response")));
    }
    *input = arena_strdup(a, buf_str(&b));
    *output = json_child(transcript, "output") ? json_get_str(transcript, "output")
                                               : json_get_str(json_array_get(turns, n ? n - 1 : 0), "response");
    *output = arena_strdup(a, *output);
}

static void judging_answered(struct call *c)            /* the engine's thread */
{
    struct judging_work *w = c->owner;

    while (queue_send(w->j->answers, w) == ERR_BUSY)    /* it has room for all that is outstanding */
        clock_sleep_ms(1);
}

static void judging_finish(struct judging_work *w)
{
    struct judging *j = w->j;

    w->ledger.phase = PHASE_JUDGE;
    j->reserved_nanousd -= w->reserve_nanousd;
    w->next = NULL;
    *j->finished_last = w;
    j->finished_last = &w->next;
    j->outstanding--;
}

/* The call failed for a reason that another time may not have: the trial stays to be judged. */
static void judging_failed(struct judging_work *w, enum err_code code, struct str why)
{
    struct judging *j = w->j;

    if (code != ERR_CANCELLED) {
        j->out->failed++;
        if (!j->out->first_failure.len) {
            j->out->first_failure = arena_strdup(j->a, why);
            j->first_code = code;
        }
        j->give_up |= ++j->failures_in_row >= JUDGING_GIVE_UP;
    }
    judging_finish(w);
}

static void judging_settle(struct judging_work *w);

static void judging_submit(struct judging_work *w)
{
    struct judging *j = w->j;
    struct err e = ERR_INIT;

    w->call = (struct call){
        .request = { .model = j->o->model, .base_url = j->o->base_url, .messages = w->messages,
                     .message_count = w->message_count, .params = j->params, .output = OUTPUT_JSON,
                     .tag = arena_printf(w->arena, STR_FMT "/%lld/judge", STR_ARG(id_short(j->run->id)),
                                         (long long)w->trial.trial.number) },
        .arena = w->arena, .done = judging_answered, .owner = w,
    };
    if (j->o->cache) {
        cache_key(j->llm, &w->call.request, j->out->pass, w->cache_key);
        if (cache_find(j->o->cache, w->cache_key, &w->call)) {
            judging_answered(&w->call);
            return;
        }
    }
    if (llm_submit(j->llm, &w->call, &e) != ERR_OK)
        judging_failed(w, e.code, arena_strdup(w->arena, str_c(e.text)));
}

/* What a judgement of it may cost at most: both rounds' input is not known, so the longer one counts. */
static int64_t judging_reserve(const struct judging *j, struct judging_work *w)
{
    struct request rq = { .model = j->o->model, .messages = w->messages, .message_count = w->message_count,
                          .params = j->params, .output = OUTPUT_JSON };
    struct usage u = { .input = llm_request_tokens(&rq), .output = j->params.max_tokens };
    int64_t cost = llm_cost(j->llm, j->o->model, &u);

    return cost == MONEY_UNKNOWN ? 0 : cost;
}

static enum err_code judging_prepare(struct judging_work *w, struct err *e)
{
    TRY(w->j->kind->prepare(w, e));
    w->message_count = 2;
    w->reserve_nanousd = judging_reserve(w->j, w);
    return ERR_OK;
}

/* --- settling ----------------------------------------------------------------------------------------------------- */

static enum err_code judging_keep(struct judging_work *w, struct err *e)
{
    AUTO_BUF struct buf row = BUF_INIT(JUDGING_ROW_MAX);
    struct judging *j = w->j;

    TRY(j->kind->keep(w, &row, e));
    w->row = arena_strdup(w->arena, buf_str(&row));
    j->out->judged += w->verdict.judged;
    j->out->not_evaluated += !w->verdict.judged;
    j->out->flagged += w->verdict.flag.len > 0;
    j->out->capped += w->verdict.capped;
    return ERR_OK;
}

static void judging_settle(struct judging_work *w)
{
    struct err e = ERR_INIT;

    if (judging_keep(w, &e) != ERR_OK) {
        judging_failed(w, e.code, arena_strdup(w->arena, str_c(e.text)));
        return;
    }
    judging_finish(w);
}

static void judging_not_evaluated(struct judging_work *w, struct str why)
{
    w->verdict = (struct judge_verdict){ .why = why };
    judging_settle(w);
}

/* It is this trial that cannot be judged: asking again would give the same. A judge that refuses everything is another
 * matter, so a refusal says so only once another trial has been judged. */
static bool judging_is_final(const struct judging *j, enum err_code code)
{
    return code == ERR_TOO_LARGE || code == ERR_BAD_INPUT || code == ERR_INVALID_RESPONSE ||
           (code == ERR_REJECTED && j->out->judged + j->out->before > 0);
}

static void judging_account(struct judging_work *w)
{
    struct judging *j = w->j;
    struct ledger_entry one = { .phase = PHASE_JUDGE };

    j->reserved_nanousd -= w->reserve_nanousd;
    w->reserve_nanousd = 0;
    if (w->call.cached)
        return;
    spending_add(&w->call, &one);
    w->ledger.calls += one.calls;
    usage_add(&w->ledger.usage, &one.usage);
    w->ledger.cost_nanousd += one.cost_nanousd;
    w->ledger.unknown_calls += one.unknown_calls;
    j->out->cost_nanousd += one.cost_nanousd;
    j->out->unknown_calls += one.unknown_calls;
    if (j->o->cache)
        cache_keep(j->o->cache, w->cache_key, &w->call);
}

/* Keeps what was heard, with what it cost, and asks on. False: nothing is left to ask. */
static bool judging_asks_on(struct judging_work *w)
{
    AUTO_BUF struct buf row = BUF_INIT(JUDGING_ROW_MAX);
    struct judging *j = w->j;
    struct judging_work *part;
    int64_t pass;

    if (!j->kind->more || !j->kind->more(w, &row, &pass))
        return false;
    part = judging_work_new(j);
    part->trial.trial.number = w->trial.trial.number;
    part->trial.trial.variant = w->trial.trial.variant;
    part->row = arena_strdup(part->arena, buf_str(&row));
    part->pass = pass;
    part->ledger = w->ledger;
    part->ledger.phase = PHASE_JUDGE;
    w->ledger = (struct ledger_entry){ .calls = 0 };
    *j->finished_last = part;
    j->finished_last = &part->next;
    w->round = 0;
    w->message_count = 2;
    if (j->stopping) {
        judging_failed(w, ERR_CANCELLED, STR_NONE);
        return true;
    }
    w->reserve_nanousd = judging_reserve(j, w);
    j->reserved_nanousd += w->reserve_nanousd;
    judging_submit(w);
    return true;
}

/* The reply is there: a verdict, a second question, or the end of it. */
static void judging_heard(struct judging_work *w)
{
    struct judging *j = w->j;
    struct str why, reply = w->call.answer.text;

    j->failures_in_row = 0;
    if (j->kind->hear(w, reply, &why)) {
        j->out->repaired += w->round;
        if (!judging_asks_on(w))
            judging_settle(w);
    } else if (w->round > 0) {
        judging_not_evaluated(w, arena_printf(w->arena,
                                              "the judge's reply can't be used, and neither can its second: " STR_FMT,
                                              STR_ARG(why)));
    } else if (j->stopping) {
        judging_failed(w, ERR_CANCELLED, STR_NONE);
    } else {
        w->round = 1;
        w->messages = judge_ask_again(w->messages, reply, why, j->kind->form, w->arena);
        w->message_count = 4;
        w->reserve_nanousd = judging_reserve(j, w);
        j->reserved_nanousd += w->reserve_nanousd;
        judging_submit(w);
    }
}

static void judging_advance(struct judging_work *w)
{
    struct call *c = &w->call;
    struct str error = arena_strdup(w->arena, str_c(c->err.text));

    judging_account(w);
    if (c->code == ERR_OK)
        judging_heard(w);
    else if (judging_is_final(w->j, c->code))
        judging_not_evaluated(w, arena_printf(w->arena, "the judge was not heard: " STR_FMT, STR_ARG(error)));
    else
        judging_failed(w, c->code, error);
}

/* --- committing --------------------------------------------------------------------------------------------------- */

static enum err_code judging_commit_apply(struct store_tx *tx, void *arg, struct err *e)
{
    struct judging *j = arg;

    for (const struct judging_work *w = j->finished; w; w = w->next) {
        bool added;

        if (w->row.len)
            TRY(store_tx_score_add(tx, j->run->no, w->pass ? w->pass : j->out->pass, w->trial.trial.number, w->row,
                                   &added, e));
        if (w->ledger.calls)
            TRY(store_tx_ledger_add(tx, j->run->no, w->trial.trial.variant, &w->ledger, e));
    }
    return ERR_OK;
}

static void judging_forget(struct judging_work **list)
{
    struct judging_work *w;

    while ((w = *list)) {
        *list = w->next;
        judging_work_free(w);
    }
}

static enum err_code judging_commit(struct judging *j, struct err *e)
{
    enum err_code code = j->finished ? store_write(j->store, judging_commit_apply, j, e) : ERR_OK;

    judging_forget(&j->finished);
    j->finished_last = &j->finished;
    return code;
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

/* Starts what there is room and money for. *broke: the budget forbids the next. */
static enum err_code judging_feed(struct judging *j, bool *broke, struct err *e)
{
    int64_t room = j->o->concurrency ? j->o->concurrency : JUDGING_CONCURRENCY;

    *broke = false;
    while (j->outstanding < room && (!j->o->limit || j->started < j->o->limit)) {
        struct judging_work *w;

        if (!j->waiting)
            TRY(j->kind->read(j, e));
        w = j->waiting;
        if (!w)
            return ERR_OK;
        if (!w->messages)
            TRY(judging_prepare(w, e));
        if (j->o->budget_nanousd &&
            j->out->cost_nanousd + j->reserved_nanousd + MAX(w->reserve_nanousd, INT64_C(1)) > j->o->budget_nanousd) {
            *broke = true;
            return ERR_OK;
        }
        j->waiting = w->next;
        w->next = NULL;
        j->outstanding++;
        j->started++;
        j->reserved_nanousd += w->reserve_nanousd;
        judging_submit(w);
    }
    return ERR_OK;
}

static void judging_show(const struct judging *j)
{
    struct judge_progress p = { .trials = j->out->trials, .in_flight = j->outstanding,
        .finished = j->out->before + j->out->judged + j->out->not_evaluated, .not_evaluated = j->out->not_evaluated,
        .cost_nanousd = j->out->cost_nanousd, .unknown_calls = j->out->unknown_calls, .stopping = j->stopping > 0 };

    if (j->o->progress)
        j->o->progress(&p, j->o->arg);
}

static void judging_look_around(struct judging *j, bool failing)
{
    int asked = j->o->interrupted ? j->o->interrupted(j->o->arg) : 0;

    if (j->stopping == 1 && clock_mono_ms() - j->stop_ms > JUDGING_GRACE_MS)
        asked = 2;
    if (asked > j->stopping)
        j->out->why = STOP_INTERRUPT;
    asked = MAX(asked, j->give_up || failing);
    if (asked <= j->stopping)
        return;
    j->stopping = asked;
    j->stop_ms = clock_mono_ms();
    llm_cancel(j->llm, j->stopping > 1);
}

static bool judging_is_over(const struct judging *j)
{
    return j->stopping || (j->o->limit && j->started >= j->o->limit) || (!j->waiting && j->kind->read_all(j));
}

/* Also when something broke: waits for every call that is out, as their memory is ours, and commits what they cost. */
static enum err_code judging_loop(struct judging *j, struct err *e)
{
    struct err later = ERR_INIT;
    enum err_code code = ERR_OK;
    bool broke = false;

    for (;;) {
        void *works[JUDGING_BATCH];
        size_t n;

        judging_look_around(j, code != ERR_OK);
        if (!j->stopping && code == ERR_OK)
            code = lease_renew(&j->lease, e);
        if (!j->stopping && code == ERR_OK)
            code = judging_feed(j, &broke, e);
        n = j->outstanding ? queue_take(j->answers, works, JUDGING_BATCH, JUDGING_TICK_MS, NULL) : 0;
        for (size_t i = 0; i < n; i++)
            judging_advance(works[i]);
        if (code != ERR_OK)
            (void)judging_commit(j, &later);            /* the first sentence stands */
        else
            code = judging_commit(j, e);
        judging_show(j);
        if (!j->outstanding && (code != ERR_OK || broke || judging_is_over(j)))
            break;
    }
    if (code != ERR_OK)
        return code;
    if (j->give_up)
        return err_set(e, j->first_code,
                       "the judge failed %d times in a row and was given up; the first time: " STR_FMT, JUDGING_GIVE_UP,
                       STR_ARG(j->out->first_failure));
    if (broke && !j->stopping)
        j->out->why = STOP_BUDGET;
    return ERR_OK;
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static enum err_code judging_count(struct judging *j, struct err *e)
{
    struct store_variant *variants;
    size_t count;

    TRY(store_variants(j->store, j->run->no, j->a, &variants, &count, e));
    for (size_t i = 0; i < count; i++) {
        AUTO_JSON *sum = NULL;
        bool wanted = j->o->kind != JUDGE_PASS_PAIRS || variants[i].no == j->o->variants[0] ||
                      variants[i].no == j->o->variants[1];

        if (variants[i].aggregate.len)
            TRY(json_read(variants[i].aggregate, &sum, e));
        j->out->trials += wanted ? json_get_i64(sum, "done", 0) : 0;
    }
    if (!j->out->trials)
        return err_set(e, ERR_CONFLICT, "run " STR_FMT " has no finished trial to judge",
                       STR_ARG(id_short(j->run->id)));
    return ERR_OK;
}

struct judging_seen { struct judging *j; VEC(int64_t) trials; };

static enum err_code judging_seen_row(int64_t trial, struct str scores, void *arg, struct err *e)
{
    struct judging_seen *seen = arg;
    AUTO_JSON *detail = judge_detail_of(scores);

    (void)e;
    if (detail)
        vec_push(&seen->trials, trial);
    return ERR_OK;
}

/* Which of the trials that the first pass judged are judged again. */
static enum err_code judging_choose(struct judging *j, struct err *e)
{
    struct judging_seen seen = { .j = j };
    enum err_code code = store_scores_each(j->store, j->run->no, j->o->of, judging_seen_row, &seen, e);
    size_t wanted = j->o->sample ? (size_t)MIN(j->o->sample, (int64_t)seen.trials.len) : seen.trials.len;
    struct rng rng;

    rng_seed(&rng, j->o->seed);
    j->chosen = arena_alloc(j->a, (size_t)run_trials(j->run) / 8 + 1);
    for (size_t i = 0; i < wanted && code == ERR_OK; i++) {             /* the first of a shuffle */
        size_t at = i + (size_t)rng_below(&rng, seen.trials.len - i);
        int64_t trial = seen.trials.at[at];

        seen.trials.at[at] = seen.trials.at[i];
        j->chosen[trial / 8] |= (unsigned char)(1u << (trial % 8));
    }
    j->out->trials = (int64_t)wanted;
    vec_dispose(&seen.trials);
    return code;
}

static enum err_code judging_open(struct judging *j, struct blob *blob, struct err *e)
{
    AUTO_JSON *settings = NULL;
    struct params params = { .set = BIT(PARAM_TEMPERATURE) | BIT(PARAM_MAX_TOKENS), .temperature = 0.3,
                             .max_tokens = JUDGING_TOKENS };

    TRY(json_read(j->run->settings, &settings, e));
    TRY(snapshot_to_task(json_child(settings, "task"), j->a, &j->task, e));
    params_merge(&params, &j->o->params);
    j->params = params;
    judging_fingerprint(j);
    TRY(lease_take(&j->lease, j->store, j->run, str_c(j->judgement), "this judgement", e));     /* before looking which passes there are */
    TRY(judge_scorers_of(j->store, j->run, settings, 0, j->a, &j->scorers, e));
    TRY(judging_count(j, e));
    if (j->o->kind == JUDGE_PASS_AGAIN)
        TRY(judging_choose(j, e));
    TRY(data_pack_open(blob, j->run->dataset_hash, &j->pack, e));
    j->cursor = pack_cursor_new(j->pack, 0);
    TRY(judging_pass(j, e));
    return judging_criterion_passes(j, e);
}

enum err_code judge_run(struct store *s, struct blob *blob, struct llm *l, const struct run *run,
                        const struct judge_options *options, struct arena *a, struct judge_result *out, struct err *e)
{
    struct judging j = { .store = s, .llm = l, .run = run, .o = options, .out = out, .a = a, .case_at = -1,
                         .kind = judging_kind_of(options) };
    int64_t room = options->concurrency ? options->concurrency : JUDGING_CONCURRENCY;
    enum err_code code;

    *out = (struct judge_result){ .first_failure = STR_NONE };
    j.waiting_last = &j.waiting;
    j.finished_last = &j.finished;
    j.case_arena = arena_new_sized(16 * 1024);
    j.answers = queue_new((size_t)room + 1);
    code = judging_open(&j, blob, e);
    if (code == ERR_OK)
        code = judging_loop(&j, e);
    lease_release(&j.lease);
    judging_forget(&j.waiting);
    judging_forget(&j.finished);
    queue_free(j.answers);
    pack_cursor_free(j.cursor);
    data_pack_close(j.pack);
    arena_free(j.case_arena);
    return code;
}
