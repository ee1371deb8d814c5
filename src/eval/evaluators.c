#include "eval/evaluators.h"

#include <pthread.h>

#define EVALUATORS_STDERR_MAX 300       /* of what an evaluator said last, in a sentence */
#define EVALUATORS_WHY_MAX    640

struct bench;
struct once {                           /* one question's guest, or its pair */
    struct bench *bench;
    struct evaluation *x;
    struct sandbox *sandbox;
    struct sandbox_pair *pair;
    struct once *next;
};

struct guest {                          /* one process */
    struct bench *bench;
    struct sandbox *sandbox;
    struct guest *next;
    struct evaluation *ahead[EVALUATORS_AHEAD];     /* told, not answered; the oldest first */
    size_t told;
    struct buf line;                    /* the beginning of an answer */
    int64_t answered;
    bool ending;                        /* hears no more questions */
    char why[160];                      /* why we ended it; empty: it ended by itself */
};

struct bench {                          /* one evaluator's */
    struct evaluators *pool;
    const struct evaluator *evaluator;
    struct bench *next;
    struct evaluation *first, **last;   /* asked, not told */
    struct guest *guests;
    struct once *onces;
    size_t living;                      /* of both */
    int failures;                       /* in a row */
    char gave_up[EVALUATORS_WHY_MAX];         /* why nobody is asked any more; empty: go on */
};

struct evaluators {
    struct loop *loop;
    pthread_t thread;
    struct bench *benches;              /* this and what hangs on it: the loop's thread */
    size_t living, guests_max;
    int64_t ids;
    bool cancelled, stopping, cancel_posted;
    struct loop_letter cancel, stop;
    pthread_mutex_t lock;               /* guards greeted */
    pthread_cond_t greeting;
    bool greeted;
};

static void bench_serve(struct bench *b);

static void evaluator_hash(struct hash_sha256 *h, struct str s)
{
    int64_t n = (int64_t)s.len;

    hash_sha256_add(h, str_n((const char *)&n, sizeof n));      /* so that no two lists of texts are one text */
    hash_sha256_add(h, s);
}

static void evaluator_hash_spec(struct hash_sha256 *h, const struct sandbox_spec *s)
{
    evaluator_hash(h, s->program);
    evaluator_hash(h, s->native);
    evaluator_hash(h, str_n((const char *)&s->limits, sizeof s->limits));
    evaluator_hash(h, s->starts_programs ? S("x") : S(""));
    evaluator_hash(h, s->with == SANDBOX_WITH_RUNSC ? S("runsc") : S(""));
    for (size_t i = 0; i < s->args_count; i++)
        evaluator_hash(h, s->args[i]);
    evaluator_hash(h, S("files"));
    for (size_t i = 0; i < s->files_count; i++) {
        evaluator_hash(h, s->files[i].path);
        evaluator_hash(h, s->files[i].bytes);
    }
}

void evaluator_seal(struct evaluator *v)
{
    struct hash_sha256 h;

    hash_sha256_init(&h);
    evaluator_hash(&h, v->name);
    evaluator_hash(&h, v->hello);
    evaluator_hash(&h, str_n((const char *)&v->time_ms, sizeof v->time_ms));
    evaluator_hash(&h, v->once ? S("once") : v->numbered ? S("numbered") : S("stays"));
    evaluator_hash_spec(&h, &v->spec);
    evaluator_hash(&h, v->other ? S("other") : S("alone"));
    if (v->other)
        evaluator_hash_spec(&h, v->other);
    hash_sha256_end(&h, v->id);
}

enum err_code evaluator_limit(const json_t *options, const char *name, struct sandbox_limits *l, struct err *e)
{
    const json_t *v = json_child(options, name);
    char text[32];

    if (!v)
        return ERR_OK;
    if (!json_is_string(v) && !json_is_number(v))
        return err_set(e, ERR_BAD_INPUT, "%s takes a number, or a text such as %s", name,
                       strcmp(name, "time") == 0 ? "500ms, 10 or 2m" : "64M or 1G");
    snprintf(text, sizeof text, "%.15g", json_number_value(v));
    if (sandbox_limits_set(l, str_c(name), json_is_string(v) ? json_to_str(v) : str_c(text), e) != ERR_OK)
        return err_prefix(e, "%s", name);
    return ERR_OK;
}

bool evaluation_same(const struct evaluation *a, const struct evaluation *b)
{
    if (strcmp(a->evaluator->id, b->evaluator->id) != 0 || !str_eq(a->question, b->question) ||
        !str_eq(a->told, b->told) || a->files_count != b->files_count)
        return false;
    for (size_t i = 0; i < a->files_count; i++)
        if (!str_eq(a->files[i].path, b->files[i].path) || !str_eq(a->files[i].bytes, b->files[i].bytes))
            return false;
    return true;
}

/* --- an evaluation's end ------------------------------------------------------------------------------------------ */

static void evaluation_fail(struct evaluation *x, const char *why)
{
    x->why = arena_strdup(x->arena, str_c(why));
    x->done(x);
}

static struct evaluation *bench_take(struct bench *b)
{
    struct evaluation *x = b->first;

    if (x && !(b->first = x->next))
        b->last = &b->first;
    return x;
}

static void bench_put(struct bench *b, struct evaluation *x)
{
    x->next = NULL;
    *b->last = x;
    b->last = &x->next;
}

static void bench_put_first(struct bench *b, struct evaluation *x)
{
    x->next = b->first;
    if (!b->first)
        b->last = &x->next;
    b->first = x;
}

/* `why` has been the fate of one question; five such in a row are the evaluator's own. */
static void bench_failed(struct bench *b, const char *why)
{
    if (++b->failures < EVALUATORS_FAILURES || b->gave_up[0])
        return;
    snprintf(b->gave_up, sizeof b->gave_up, "not asked: %d questions in a row went wrong before it, the last: %s",
             EVALUATORS_FAILURES, why);
    log_event(LOG_WARN, "evaluator.gave_up", LOG_S("evaluator", b->evaluator->name));
}

static void bench_fail_all(struct bench *b, const char *why)
{
    struct evaluation *x;

    while ((x = bench_take(b)))
        evaluation_fail(x, why);
}

/* --- a guest that stays ------------------------------------------------------------------------------------------- */

static void guest_end(struct guest *g, const char *why)
{
    if (g->ending)
        return;
    g->ending = true;
    snprintf(g->why, sizeof g->why, "%s", why);
    sandbox_cancel(g->sandbox);
}

static void guest_answered(struct guest *g, struct str line)
{
    struct evaluation *x = g->ahead[0];
    json_t *answer = NULL;

    if (!g->told) {
        guest_end(g, "it wrote a line that nobody had asked for");
        return;
    }
    if (json_read(line, &answer, NULL) != ERR_OK || !json_is_object(answer)) {
        json_decref(answer);
        guest_end(g, "its answer is not one JSON object on one line");
        return;
    }
    x->answer = json_in_arena(answer, x->arena);
    if (json_get_i64(answer, "id", g->bench->evaluator->numbered ? -1 : x->id) != x->id) {
        guest_end(g, "it answered another question than the oldest");
        return;
    }
    g->told--;
    memmove(g->ahead, g->ahead + 1, g->told * sizeof *g->ahead);
    g->answered++;
    g->bench->failures = 0;
    sandbox_deadline(g->sandbox, g->told ? g->bench->evaluator->time_ms : 0);
    x->done(x);
}

static void guest_heard(void *owner, struct sandbox *s, struct str bytes)
{
    struct guest *g = owner;
    struct str rest = bytes;

    (void)s;
    while (rest.len && !g->ending) {
        const char *end = memchr(rest.at, '\n', rest.len);
        size_t n = end ? (size_t)(end - rest.at) : rest.len;

        buf_append(&g->line, str_sub(rest, 0, n));
        if (buf_failed(&g->line)) {
            guest_end(g, "its answer is longer than 1,048,576 bytes");
            return;
        }
        rest = str_from(rest, end ? n + 1 : n);
        if (end) {
            guest_answered(g, buf_str(&g->line));
            buf_reset(&g->line);
        }
    }
    bench_serve(g->bench);
}

/* What it said last on its standard error, on one line. */
static void guest_last_words(struct str said, char *out, size_t size)
{
    size_t n = 0;

    said = str_trim(said);
    for (size_t i = said.len; i > 0; i--)
        if (said.at[i - 1] == '\n') {
            said = str_from(said, i);
            break;
        }
    said = str_utf8_head(said, EVALUATORS_STDERR_MAX);
    for (size_t i = 0; i < said.len && n + 1 < size; i++)
        out[n++] = (unsigned char)said.at[i] < ' ' || said.at[i] == 0x7f ? '?' : said.at[i];
    out[n] = '\0';
}

static void guest_why(const struct guest *g, const struct sandbox *s, char out[EVALUATORS_WHY_MAX])
{
    const struct evaluator *v = g->bench->evaluator;
    char last[EVALUATORS_STDERR_MAX + 1], text[EVALUATORS_WHY_MAX / 2];

    guest_last_words(sandbox_errors(s), last, sizeof last);
    if (g->why[0])
        snprintf(text, sizeof text, "%s", g->why);
    else if (sandbox_cause(s) == SANDBOX_FAILED)
        snprintf(text, sizeof text, "%s", sandbox_failure(s));
    else if (sandbox_cause(s) == SANDBOX_EXITED)
        snprintf(text, sizeof text, "it ended with %d", sandbox_status(s));
    else if (sandbox_cause(s) == SANDBOX_TIME)
        snprintf(text, sizeof text, "it took longer than %lld ms", (long long)v->time_ms);
    else
        snprintf(text, sizeof text, "%s", sandbox_cause_text(sandbox_cause(s)));
    snprintf(out, EVALUATORS_WHY_MAX, STR_FMT ": %s%s%s", STR_ARG(str_utf8_head(v->name, 100)), text,
             last[0] ? ": " : "", last);
}

/* A limit on a guest's whole life, met after it had answered, says nothing about the question it met it on. */
static bool guest_was_used_up(const struct guest *g, const struct sandbox *s)
{
    return g->answered && !g->why[0] && (sandbox_cause(s) == SANDBOX_CPU || sandbox_cause(s) == SANDBOX_OUTPUT);
}

static void guest_done(void *owner, struct sandbox *s)
{
    struct guest *g = owner;
    struct bench *b = g->bench;
    struct evaluators *p = b->pool;
    char why[EVALUATORS_WHY_MAX];

    for (struct guest **at = &b->guests; *at; at = &(*at)->next)
        if (*at == g) {
            *at = g->next;
            break;
        }
    b->living--;
    p->living--;
    guest_why(g, s, why);
    if (p->cancelled) {
        for (size_t i = 0; i < g->told; i++)
            evaluation_fail(g->ahead[i], "it was cancelled");
    } else if (!g->told) {
        bench_failed(b, why);
    } else {
        bool used_up = guest_was_used_up(g, s);

        for (size_t i = g->told; i > !used_up; i--)
            bench_put_first(b, g->ahead[i - 1]);
        if (!used_up) {
            bench_failed(b, why);
            evaluation_fail(g->ahead[0], why);
        }
    }
    buf_dispose(&g->line);
    free(g);
    if (p->stopping && !p->living)
        loop_stop(p->loop);
    else
        bench_serve(b);
}

/* Starts one for the first question that waits; what can't be started is that question's failure. */
static void guest_start(struct bench *b)
{
    const struct evaluator *v = b->evaluator;
    struct guest *g = xcalloc(1, sizeof *g);
    struct sandbox_spec spec = v->spec;
    struct err e = ERR_INIT;

    *g = (struct guest){ .bench = b, .line = BUF_INIT(EVALUATORS_LINE_MAX) };
    spec.talks = true;
    spec.heard = guest_heard;
    spec.done = guest_done;
    spec.owner = g;
    spec.limits.cpu_ms = spec.limits.wall_ms = 3600000;     /* of its whole life; each question has a deadline */
    if (sandbox_start(b->pool->loop, &spec, &g->sandbox, &e) != ERR_OK) {
        free(g);
        bench_failed(b, e.text);
        evaluation_fail(bench_take(b), e.text);
        return;
    }
    g->next = b->guests;
    b->guests = g;
    b->living++;
    b->pool->living++;
}

/* As many of the questions that wait as it may have before it. False: it takes none now. */
static bool guest_tell(struct guest *g)
{
    struct bench *b = g->bench;
    AUTO_BUF struct buf lines = BUF_INIT(SIZE_MAX / 2);
    size_t before = g->told;
    struct err e = ERR_INIT;
    enum err_code code;

    while (b->first && g->told < EVALUATORS_AHEAD) {
        struct evaluation *x = bench_take(b);

        ASSERT(x->question.len >= 2 && x->question.at[0] == '{' && !memchr(x->question.at, '\n', x->question.len));
        x->id = ++b->pool->ids;
        buf_printf(&lines, "{\"id\":%lld%s", (long long)x->id, x->question.at[1] == '}' ? "" : ",");
        buf_append(&lines, str_from(x->question, 1));
        buf_byte(&lines, '\n');
        g->ahead[g->told++] = x;
        if (lines.len > EVALUATORS_LINE_MAX)
            break;
    }
    code = sandbox_say(g->sandbox, buf_str(&lines), &e);
    if (code == ERR_OK && !before)
        sandbox_deadline(g->sandbox, b->evaluator->time_ms + (g->answered ? 0 : EVALUATORS_START_MS));
    for (; code != ERR_OK && g->told > before; g->told--)
        bench_put_first(b, g->ahead[g->told - 1]);
    if (code == ERR_BUSY && !before)
        guest_end(g, "it answers without reading the questions");
    else if (code != ERR_OK && code != ERR_BUSY)
        g->ending = true;               /* it has ended, and `done` follows */
    return code != ERR_BUSY || !before;
}

/* --- a guest for one question ------------------------------------------------------------------------------------- */

/* Its guest, or both of its pair, are over: `failure` when the sandbox failed, `cancelled` when we did it. */
static void once_over(struct once *o, const char *failure, bool cancelled)
{
    struct bench *b = o->bench;
    struct evaluators *p = b->pool;
    struct evaluation *x = o->x;

    for (struct once **at = &b->onces; *at; at = &(*at)->next)
        if (*at == o) {
            *at = o->next;
            break;
        }
    free(o);
    b->living--;
    p->living--;
    if (failure)
        bench_failed(b, failure);
    else if (!cancelled)
        b->failures = 0;
    if (failure || cancelled)
        evaluation_fail(x, failure ? failure : "it was cancelled");
    else
        x->done(x);
    if (p->stopping && !p->living)
        loop_stop(p->loop);
    else
        bench_serve(b);
}

static void once_done(void *owner, struct sandbox *s)
{
    struct once *o = owner;
    struct evaluation *x = o->x;

    x->cause = sandbox_cause(s);
    x->status = sandbox_status(s);
    x->output = arena_strdup(x->arena, sandbox_output(s));
    x->errors = arena_strdup(x->arena, sandbox_errors(s));
    once_over(o, x->cause == SANDBOX_FAILED ? sandbox_failure(s) : NULL, x->cause == SANDBOX_CANCELLED);
}

static void once_pair_done(void *owner, const struct sandbox_end ends[2])
{
    const struct sandbox_end *judge = &ends[SANDBOX_JUDGE], *other = &ends[SANDBOX_OTHER];
    const struct sandbox_end *failed = judge->cause == SANDBOX_FAILED   ? judge
                                       : other->cause == SANDBOX_FAILED ? other
                                                                        : NULL;
    struct once *o = owner;
    struct evaluation *x = o->x;

    x->cause = judge->cause;
    x->status = judge->status;
    x->errors = arena_strdup(x->arena, judge->errors);
    x->other_cause = other->cause;
    x->other_status = other->status;
    once_over(o, failed ? failed->failure.at : NULL, judge->cause == SANDBOX_CANCELLED);
}

static enum err_code once_start_pair(struct once *o, const struct sandbox_spec *judge, struct err *e)
{
    struct evaluation *x = o->x;
    struct sandbox_pair_spec pair = { .guests = { [SANDBOX_JUDGE] = *judge, [SANDBOX_OTHER] = *o->bench->evaluator->other },
                                      .first = { [SANDBOX_JUDGE] = x->question, [SANDBOX_OTHER] = x->told },
                                      .done = once_pair_done, .owner = o };

    return sandbox_pair_start(o->bench->pool->loop, &pair, &o->pair, e);
}

static void once_start(struct bench *b, struct evaluation *x)
{
    struct sandbox_spec spec = b->evaluator->spec;
    struct sandbox_file *files = xcalloc(spec.files_count + x->files_count + 1, sizeof *files);
    struct once *o = xcalloc(1, sizeof *o);
    struct err e = ERR_INIT;
    enum err_code code;

    if (spec.files_count)
        memcpy(files, spec.files, spec.files_count * sizeof *files);
    if (x->files_count)
        memcpy(files + spec.files_count, x->files, x->files_count * sizeof *files);
    *o = (struct once){ .bench = b, .x = x, .next = b->onces };
    spec.files = files;
    spec.files_count += x->files_count;
    spec.input = x->question;
    spec.done = once_done;
    spec.owner = o;
    code = b->evaluator->other ? once_start_pair(o, &spec, &e) : sandbox_start(b->pool->loop, &spec, &o->sandbox, &e);
    if (code == ERR_OK) {
        b->onces = o;
        b->living++;
        b->pool->living++;
    } else {
        free(o);
        if (e.code == ERR_ENVIRONMENT)
            bench_failed(b, e.text);
        evaluation_fail(x, e.text);
    }
    free(files);
}

/* --- who is asked ------------------------------------------------------------------------------------------------- */

static struct guest *bench_idlest(struct bench *b)
{
    struct guest *best = NULL;

    for (struct guest *g = b->guests; g; g = g->next)
        if (!g->ending && (!best || g->told < best->told))
            best = g;
    return best;
}

static void bench_serve(struct bench *b)
{
    struct evaluators *p = b->pool;

    while (b->first) {
        struct guest *g;

        if (p->cancelled || b->gave_up[0]) {
            bench_fail_all(b, p->cancelled ? "it was cancelled" : b->gave_up);
            return;
        }
        if (b->evaluator->once) {
            if (b->living >= p->guests_max)
                return;
            once_start(b, bench_take(b));
            continue;
        }
        g = bench_idlest(b);
        if ((!g || g->told) && b->living < p->guests_max) {
            guest_start(b);
            continue;
        }
        if (!g || g->told == EVALUATORS_AHEAD)
            return;
        if (!guest_tell(g))
            return;
    }
}

static struct bench *evaluators_bench(struct evaluators *p, const struct evaluator *v)
{
    struct bench *b = p->benches;

    ASSERT(v->id[0]);
    while (b && strcmp(b->evaluator->id, v->id) != 0)
        b = b->next;
    if (!b) {
        b = xcalloc(1, sizeof *b);
        *b = (struct bench){ .pool = p, .evaluator = v, .next = p->benches };
        b->last = &b->first;
        p->benches = b;
    }
    return b;
}

static void evaluators_on_ask(void *arg)
{
    struct evaluation *x = arg;
    struct bench *b = evaluators_bench(x->pool, x->evaluator);

    if (x->question.len > EVALUATORS_QUESTION_MAX) {
        evaluation_fail(x, "the question is longer than 8,388,608 bytes");
        return;
    }
    bench_put(b, x);
    bench_serve(b);
}

void evaluators_ask(struct evaluators *p, struct evaluation *x)
{
    x->pool = p;
    x->letter = (struct loop_letter){ .fn = evaluators_on_ask, .arg = x };
    loop_post(p->loop, &x->letter);
}

static void evaluators_on_greeted(struct evaluation *x)
{
    struct evaluators *p = x->owner;

    pthread_mutex_lock(&p->lock);
    p->greeted = true;
    pthread_cond_signal(&p->greeting);
    pthread_mutex_unlock(&p->lock);
}

enum err_code evaluators_greet(struct evaluators *p, const struct evaluator *v, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct evaluation x = { .evaluator = v, .question = v->hello, .arena = a, .done = evaluators_on_greeted, .owner = p };

    p->greeted = false;
    evaluators_ask(p, &x);
    pthread_mutex_lock(&p->lock);
    while (!p->greeted)
        pthread_cond_wait(&p->greeting, &p->lock);
    pthread_mutex_unlock(&p->lock);
    if (x.why.len)
        return err_set(e, ERR_BAD_INPUT, STR_FMT, STR_ARG(x.why));
    return ERR_OK;
}

/* --- the thread --------------------------------------------------------------------------------------------------- */

static void evaluators_on_cancel(void *arg)
{
    struct evaluators *p = arg;

    p->cancelled = true;
    for (struct bench *b = p->benches; b; b = b->next) {
        bench_fail_all(b, "it was cancelled");
        for (struct guest *g = b->guests; g; g = g->next)
            guest_end(g, "it was cancelled");
        for (struct once *o = b->onces; o; o = o->next)
            if (o->pair)
                sandbox_pair_cancel(o->pair);
            else
                sandbox_cancel(o->sandbox);
    }
}

static void evaluators_on_stop(void *arg)
{
    struct evaluators *p = arg;

    evaluators_on_cancel(p);
    p->stopping = true;
    if (!p->living)
        loop_stop(p->loop);
}

static void *evaluators_main(void *arg)
{
    struct evaluators *p = arg;

    thread_be_batch();                  /* a guest answers what it was told before we read the first answer */
    loop_run(p->loop);
    return NULL;
}

enum err_code evaluators_new(struct evaluators **out, struct err *e)
{
    struct evaluators *p;
    int failed;

    TRY(sandbox_ready(e));
    p = xcalloc(1, sizeof *p);
    *p = (struct evaluators){ .guests_max = (size_t)CLAMP(thread_cpus(), 1, EVALUATORS_GUESTS_MAX) };
    if (loop_new(&p->loop, e) != ERR_OK) {
        free(p);
        return e->code;
    }
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->greeting, NULL);
    failed = pthread_create(&p->thread, NULL, evaluators_main, p);
    if (failed) {
        loop_free(p->loop);
        free(p);
        return err_errno(e, ERR_ENVIRONMENT, failed, "the evaluators' thread can't be started");
    }
    *out = p;
    return ERR_OK;
}

void evaluators_cancel(struct evaluators *p)
{
    if (__atomic_exchange_n(&p->cancel_posted, true, __ATOMIC_ACQ_REL))
        return;
    p->cancel = (struct loop_letter){ .fn = evaluators_on_cancel, .arg = p };
    loop_post(p->loop, &p->cancel);
}

void evaluators_freep(struct evaluators **p)
{
    evaluators_free(*p);
}

void evaluators_free(struct evaluators *p)
{
    if (!p)
        return;
    p->stop = (struct loop_letter){ .fn = evaluators_on_stop, .arg = p };
    loop_post(p->loop, &p->stop);
    pthread_join(p->thread, NULL);
    while (p->benches) {
        struct bench *b = p->benches;

        p->benches = b->next;
        free(b);
    }
    loop_free(p->loop);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->greeting);
    free(p);
}
