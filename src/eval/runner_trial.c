/* One trial's way: asked, answered, followed up, scored. A work has one owner at a time: the feeding thread until its
 * call is submitted, the engine until call.done, then a scoring thread, then the commit. */
#include "eval/runner_parts.h"
#include "eval/spending.h"

#define TRIAL_ERROR_MAX 2000
#define TRIAL_TEXT_MAX  (256u * 1024 * 1024)        /* of one transcript as JSON */

static void work_finish(struct work *w, enum err_code code, struct str why);

static const struct variant *work_variant(const struct work *w)
{
    return &w->r->plan->task->variants[w->feed->variant];
}

static void work_finish_abandoned(struct work *w)
{
    struct str why;

    pthread_mutex_lock(&w->r->lock);
    why = arena_printf(w->arena, "not asked: %d failures in a row before it, the last: %s", RUNNER_ABANDON_AFTER,
                       w->feed->why_abandoned);
    pthread_mutex_unlock(&w->r->lock);
    work_finish(w, ERR_CANCELLED, why);
}

static void work_answered(struct call *c)           /* engine's thread */
{
    struct work *w = c->owner;
    enum err_code code = queue_send(w->r->answers, w);

    ASSERT(code == ERR_OK);                         /* it holds as many as can be outstanding */
}

/* Found in the cache: then it goes on as if it had just been answered. */
static bool work_from_cache(struct work *w)
{
    struct cache *c = w->r->options->cache;

    if (!c)
        return false;
    w->cache_key = arena_alloc(w->arena, HASH_HEX);
    cache_key(w->r->llm, &w->call.request, w->repetition, w->cache_key);
    return cache_find(c, w->cache_key, &w->call);
}

static void work_ask(struct work *w)
{
    const struct task *task = w->r->plan->task;
    const struct variant *v = work_variant(w);
    struct err e = ERR_INIT;

    w->call = (struct call){
        .request = { .model = &v->model, .base_url = v->base_url, .messages = w->messages,
                     .message_count = w->message_count, .params = v->params, .output = task->output.format,
                     .schema = task->output.schema, .schema_name = task->output.schema_name,
                     .tools = task->tools, .tool_choice = task->tool_choice,
                     .tag = arena_printf(w->arena, STR_FMT "/%lld", STR_ARG(id_short(w->r->plan->run.id)),
                                         (long long)w->number) },
        .arena = w->arena, .done = work_answered, .owner = w, .unwanted = &w->feed->unwanted,
    };
    if (!task->output.format_given)
        w->call.request.output = OUTPUT_TEXT;
    if (params_has(&v->params, PARAM_SEED) && w->repetition)        /* repeats are to differ, and to be repeatable */
        w->call.request.params.seed = (int64_t)((uint64_t)(v->params.seed + w->repetition) & INT64_MAX);
    if (work_from_cache(w))
        work_answered(&w->call);
    else if (llm_submit(w->r->llm, &w->call, &e) != ERR_OK)
        work_finish(w, e.code, arena_strdup(w->arena, str_c(e.text)));
}

/* The first question of a trial, or of its next part. */
static void work_open(struct work *w)
{
    const struct chunk_parts *parts = &w->hold->parts;
    const json_t *vars = w->hold->vars;
    struct err e = ERR_INIT;

    if (parts->count)
        vars = chunk_vars(w->r->plan->task, vars, parts, w->turn_count, w->arena);
    if (prompting_start(w->r->plan->prompting, work_variant(w), vars, w->arena, &w->messages, &w->message_count,
                        &w->shown, &e) != ERR_OK) {
        work_finish(w, e.code, arena_strdup(w->arena, str_c(e.text)));
        return;
    }
    w->start_count = w->message_count;
    work_ask(w);
}

void work_start(struct work *w)
{
    w->turns = arena_array(w->arena, struct turn, MAX(w->r->plan->task->turn_count + 1, w->hold->parts.count));
    work_open(w);
}

/* The answers to all parts become one output. */
static void work_join(struct work *w)
{
    struct str *answers = arena_array(w->arena, struct str, w->turn_count);

    for (size_t i = 0; i < w->turn_count; i++)
        answers[i] = w->turns[i].response;
    w->output = chunk_merge(w->r->plan->task, answers, w->turn_count, w->arena);
}

void work_start_abandoned(struct work *w)
{
    work_finish_abandoned(w);
}

/* What this call cost goes to the ledger, whatever becomes of the trial. */
static void work_account(struct work *w)
{
    if (w->call.cached)
        usage_add(&w->cached_usage, &w->call.answer.usage);
    else
        spending_add(&w->call, &w->ledger);
}

static struct turn *work_turn(struct work *w)
{
    const struct call *c = &w->call;
    struct turn *t = &w->turns[w->turn_count++];

    *t = (struct turn){
        .number = (int)w->turn_count,
        .label = w->hold->parts.count ? arena_printf(w->arena, "part %zu of %zu", w->turn_count, w->hold->parts.count)
                                      : prompting_label(w->r->plan->prompting, w->turn_count - 1),
        .prompt = w->shown, .response = c->answer.text, .reasoning = c->answer.reasoning,
        .tool_calls = c->answer.tool_calls, .finish = c->answer.finish, .finish_native = c->answer.finish_native,
        .model_version = c->answer.model_version, .response_id = c->answer.response_id,
        .upstream = c->answer.upstream, .raw = c->answer.raw, .dropped = c->dropped, .usage = c->answer.usage,
        .cost_nanousd = c->cost_nanousd, .cost_reported = c->cost_reported, .latency_ms = c->latency_ms,
        .cached = c->cached, .saved_nanousd = c->saved_nanousd, .cached_ms = c->cached_ms,
        .first_token_ms = c->first_token_ms, .attempts = c->attempts, .attempt_count = c->attempt_count,
    };
    return t;
}

static struct subject work_subject(const struct work *w)
{
    struct str output = w->output;              /* of all parts, when the case was asked in parts */

    if (!output.at)
        output = w->turn_count ? w->turns[w->turn_count - 1].response : S("");
    return (struct subject){
        .task = w->r->plan->task, .kase = &w->hold->kase, .variant = work_variant(w)->name, .output = output, .turns = w->turns,
        .turn_count = w->turn_count, .usage = &w->trial.usage, .cost_nanousd = w->trial.cost_nanousd,
        .latency_ms = w->trial.latency_ms, .failed = w->trial.state == TRIAL_FAILED, .wishes = w->wishes.at,
        .wish_count = w->wishes.count,
    };
}

/* A question that a wish before this one has asked already: its answer does for both. */
static bool work_evaluated_before(struct work *w, struct evaluation *x)
{
    for (size_t i = 0; i < w->wish_at; i++) {
        const struct evaluation *before = w->wishes.at[i].evaluation;

        if (!before || !evaluation_same(before, x))
            continue;
        x->answer = before->answer;
        x->why = before->why;
        x->cause = before->cause;
        x->status = before->status;
        x->output = before->output;
        x->errors = before->errors;
        x->other_cause = before->other_cause;
        x->other_status = before->other_status;
        return true;
    }
    return false;
}

static void work_evaluated(struct evaluation *x)     /* the evaluators' thread */
{
    enum err_code code = queue_send(((struct work *)x->owner)->r->answers, x->owner);

    ASSERT(code == ERR_OK);
}

/* Whether what was answered so far leads to another wish. */
static bool work_wishes_more(struct work *w)
{
    struct subject s;

    if (!w->wishes.more)
        return false;
    s = work_subject(w);
    scoring_wishes(w->r->plan->scoring, &s, &w->wishes);
    return w->wish_at < w->wishes.count;
}

/* The next wish of a metric or a check, or the end. The answer stands, whatever becomes of them. */
static void work_wish(struct work *w)
{
    for (; w->wish_at < w->wishes.count || work_wishes_more(w); w->wish_at++) {
        struct subject_wish *wish = &w->wishes.at[w->wish_at];
        struct err e = ERR_INIT;

        w->wishing = true;
        if (wish->why.len)
            continue;                                   /* it can't even be asked */
        if (wish->evaluation && work_evaluated_before(w, wish->evaluation)) {
            wish->why = wish->evaluation->why;
            continue;
        }
        if (wish->evaluation) {
            wish->evaluation->arena = w->arena;
            wish->evaluation->done = work_evaluated;
            wish->evaluation->owner = w;
            evaluators_ask(w->r->evaluators, wish->evaluation);
            return;
        }
        w->call = wish_call(wish, w->arena, w->call.request.tag);
        w->call.done = work_answered;
        w->call.owner = w;
        if (llm_submit(w->r->llm, &w->call, &e) == ERR_OK)
            return;
        wish->why = arena_strdup(w->arena, str_c(e.text));
    }
    work_finish(w, ERR_OK, S(""));
}

static void work_wish_done(struct work *w)
{
    struct subject_wish *wish = &w->wishes.at[w->wish_at];

    if (wish->evaluation) {
        wish->why = wish->evaluation->why;
        w->wish_at++;
        work_wish(w);
        return;
    }
    if (!w->wish_ledgers)
        w->wish_ledgers = wish_ledgers(w->arena);
    w->wish_at += wish_heard(wish, &w->call, w->wish_ledgers, w->arena);
    work_wish(w);
}

static void work_complete(struct work *w)
{
    struct subject s = work_subject(w);

    w->wishes.arena = w->arena;
    scoring_wishes(w->r->plan->scoring, &s, &w->wishes);
    work_wish(w);
}

static void work_advance(struct work *w)
{
    struct err e = ERR_INIT;
    bool more = false;

    if (w->wishing) {
        work_wish_done(w);
        return;
    }
    work_account(w);
    if (w->r->options->cache)
        cache_keep(w->r->options->cache, w->cache_key, &w->call);
    (void)work_turn(w);
    if (w->call.code == ERR_CANCELLED && __atomic_load_n(&w->feed->abandoned, __ATOMIC_ACQUIRE)) {
        work_finish_abandoned(w);
    } else if (w->call.code == ERR_CANCELLED) {
        w->dropped = true;
        work_finish(w, ERR_CANCELLED, S(""));
    } else if (w->call.code != ERR_OK) {
        work_finish(w, w->call.code, arena_strdup(w->arena, str_c(w->call.err.text)));
    } else if (w->turn_count < w->hold->parts.count) {
        work_open(w);
    } else if (w->hold->parts.count) {
        work_join(w);
        work_complete(w);
    } else if (prompting_follow(w->r->plan->prompting, w->hold->vars, w->turns, w->turn_count, w->arena, w->messages,
                                &w->message_count, &w->shown, &more, &e) != ERR_OK) {
        work_finish(w, e.code, arena_strdup(w->arena, str_c(e.text)));
    } else if (more) {
        work_ask(w);
    } else {
        work_complete(w);
    }
}

static void work_score(struct work *w)
{
    const struct scoring *sc = w->r->plan->scoring;
    size_t n = scoring_count(sc);
    AUTO_BUF struct buf text = BUF_INIT(TRIAL_TEXT_MAX);
    struct subject s = work_subject(w);

    w->scores = arena_array(w->arena, struct score, n);
    scoring_run(sc, &s, w->arena, w->scores);
    scores_violations(scoring_infos(sc), w->scores, n, &w->trial.violations, &w->trial.critical);
    scores_write(w->scores, n, &text);
    w->scores_text = arena_strdup(w->arena, buf_str(&text));
}

/* What a chat prompt says before the user's message, images as marks. */
static void work_transcribe_before(const struct work *w, size_t first, struct buf *text)
{
    AUTO_BUF struct buf said = BUF_INIT(TRIAL_TEXT_MAX);

    if (w->start_count < first + 2)
        return;
    json_write_key("messages", text);
    buf_byte(text, '[');
    for (size_t i = first; i + 1 < w->start_count; i++) {
        const struct message *m = &w->messages[i];

        buf_reset(&said);
        for (size_t k = 0; k < m->part_count; k++) {
            const struct part *p = &m->parts[k];

            if (p->kind == PART_TEXT)
                buf_append(&said, p->text);
            else
                buf_printf(&said, "[image " STR_FMT "]\n", STR_ARG(p->url.len ? p->url : p->media_type));
        }
        buf_puts(text, i > first ? ",{" : "{");
        json_write_key("role", text);
        json_write_str(str_c(message_role_name(m->role)), text);
        json_write_key("content", text);
        json_write_str(buf_str(&said), text);
        buf_byte(text, '}');
    }
    buf_byte(text, ']');
}

static void work_transcribe(struct work *w)
{
    AUTO_BUF struct buf text = BUF_INIT(TRIAL_TEXT_MAX);
    size_t first = 0;

    buf_byte(&text, '{');
    if (w->message_count && w->messages[0].role == MESSAGE_SYSTEM) {
        json_write_key("system", &text);
        json_write_str(w->messages[0].parts[0].text, &text);
        first = 1;
    }
    work_transcribe_before(w, first, &text);
    json_write_key("turns", &text);
    buf_byte(&text, '[');
    for (size_t i = 0; i < w->turn_count; i++) {
        buf_puts(&text, i ? "," : "");
        turn_write(&w->turns[i], &text);
    }
    buf_byte(&text, ']');
    if (w->output.at) {
        json_write_key("output", &text);
        json_write_str(w->output, &text);
    }
    buf_byte(&text, '}');
    w->transcript = buf_failed(&text) ? S("{\"turns\":[]}") : arena_strdup(w->arena, buf_str(&text));
}

static void work_sum(struct work *w, enum err_code code, struct str why)
{
    struct trial *t = &w->trial;

    *t = (struct trial){ .number = w->number, .variant = w->feed->variant,
                         .state = code == ERR_OK ? TRIAL_DONE : TRIAL_FAILED, .error = code,
                         .error_text = str_utf8_head(why, TRIAL_ERROR_MAX), .case_id = w->hold->kase.id,
                         .finished_ms = clock_wall_ms(), .cost_nanousd = w->ledger.cost_nanousd };
    if (w->ledger.unknown_calls)
        t->cost_nanousd = MONEY_UNKNOWN;
    t->usage = w->ledger.usage;
    usage_add(&t->usage, &w->cached_usage);
    for (size_t i = 0; i < w->turn_count; i++) {
        t->attempts += (int64_t)w->turns[i].attempt_count;
        t->latency_ms += w->turns[i].latency_ms;
    }
}

/* A failure that says something about the model or its vendor, not about one case. */
static bool work_counts_against(enum err_code code)
{
    return code != ERR_OK && code != ERR_CANCELLED && code != ERR_BAD_INPUT && code != ERR_TOO_LARGE &&
           code != ERR_NOT_FOUND && code != ERR_DENIED;
}

static void work_note(struct work *w, enum err_code code)      /* runner.lock held */
{
    struct runner *r = w->r;
    struct feed *f = w->feed;

    f->unanswered--;
    if (w->turn_count || w->ledger.calls) {
        int64_t cost = w->ledger.cost_nanousd;

        r->unknown_calls += w->ledger.unknown_calls;
        wish_sum(w->wish_ledgers, &cost, &r->unknown_calls);
        r->cost_nanousd += cost;
        f->dearest_nanousd = MAX(f->dearest_nanousd, cost);
    }
    for (size_t i = 0; i < w->turn_count; i++) {
        const struct turn *t = &w->turns[i];

        r->cached += t->cached;
        if (t->cached && t->saved_nanousd != MONEY_UNKNOWN)
            r->saved_nanousd += t->saved_nanousd;
        if (t->attempt_count > 1)
            r->retried += (int64_t)t->attempt_count - 1;
        for (size_t k = 0; k < t->attempt_count; k++)
            r->rate_limited += t->attempts[k].code == ERR_RATE_LIMIT;
    }
    if (code == ERR_OK) {
        f->failures_in_row = 0;
        f->succeeded++;
    } else if (!w->dropped && !r->first_failure[0]) {
        snprintf(r->first_failure, sizeof r->first_failure, STR_FMT, STR_ARG(str_utf8_head(w->trial.error_text, 390)));
    }
    if (work_counts_against(code) && ++f->failures_in_row >= RUNNER_ABANDON_AFTER && !f->abandoned) {
        snprintf(f->why_abandoned, sizeof f->why_abandoned, STR_FMT, STR_ARG(str_utf8_head(w->trial.error_text, 190)));
        __atomic_store_n(&f->abandoned, true, __ATOMIC_RELEASE);
        __atomic_store_n(&f->unwanted, true, __ATOMIC_RELEASE);
        log_event(LOG_WARN, "run.variant.abandoned", LOG_S("run", r->plan->run.id), LOG_I("variant", f->variant),
                  LOG_C("error", err_name(code)));
    }
}

static void work_finish(struct work *w, enum err_code code, struct str why)
{
    struct runner *r = w->r;
    bool hungry;

    w->ledger.phase = PHASE_EXECUTION;
    work_sum(w, code, why);
    if (!w->dropped) {
        work_score(w);
        work_transcribe(w);
    }
    pthread_mutex_lock(&r->lock);
    work_note(w, code);
    w->next = NULL;
    *r->finished_last = w;
    r->finished_last = &w->next;
    if (r->finished_count++ == 0)
        r->finished_since_ms = clock_mono_ms();
    hungry = w->feed->unanswered == r->ahead_limit - RUNNER_FEED_AHEAD / 2;
    if (hungry || r->finished_count == 1 || r->finished_count == RUNNER_COMMIT_MAX)
        pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
}

void *work_thread(void *runner)
{
    struct runner *r = runner;
    void *works[64];
    bool closed = false;

    thread_be_batch();
    while (!closed) {
        size_t n = queue_take(r->answers, works, COUNT_OF(works), -1, &closed);

        for (size_t i = 0; i < n; i++)
            work_advance(works[i]);
    }
    return NULL;
}

/* The work, the engine's own part of its call and a turn share one block: thousands wait at a time, and a second block
 * for each would be half of a run's memory. */
#define WORK_BLOCK 4096
_Static_assert(sizeof(struct work) <= 1904, "or measure again what a waiting trial takes (bench/run, row 3)");

struct work *work_new(void)
{
    struct arena *a = arena_new_sized(WORK_BLOCK);
    struct work *w = arena_new(a, struct work);

    w->arena = a;
    return w;
}

void work_free(struct work *w)
{
    case_unref(w->hold);
    arena_free(w->arena);                           /* which holds w too */
}
