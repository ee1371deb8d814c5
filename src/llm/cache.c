#include "llm/cache.h"

#include <pthread.h>

#define CACHE_FORM "1"                      /* of keys and bodies: another one finds nothing of the old */
#define CACHE_WRITES_MAX 4096               /* waiting for the writer; beyond it answers are not kept */
#define CACHE_BODY_MAX (64u * 1024 * 1024)

struct cache {
    struct store *store;
    struct llm *llm;
    struct cache_options options;
    pthread_mutex_t lock;                   /* guards `writing` */
    pthread_cond_t idle;
    int64_t writing;
};

struct cache_write { struct store_job job; struct cache *cache; struct arena *arena; struct store_cached row; bool used; };

struct cache *cache_new(struct store *s, struct llm *l, const struct cache_options *options)
{
    struct cache *c = xcalloc(1, sizeof *c);

    c->store = s;
    c->llm = l;
    c->options = *options;
    if (!c->options.bytes_max)
        c->options.bytes_max = CACHE_BYTES_USUAL;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->idle, NULL);
    return c;
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    while (c->writing)
        pthread_cond_wait(&c->idle, &c->lock);
    pthread_mutex_unlock(&c->lock);
    pthread_cond_destroy(&c->idle);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* --- keys ---------------------------------------------------------------------------------------------------- */

/* Every piece stands with its length: no two lists of pieces give the same bytes. */
static void cache_add(struct hash_sha256 *h, struct str s)
{
    uint64_t n = s.len;

    hash_sha256_add(h, str_n((const char *)&n, sizeof n));
    hash_sha256_add(h, s);
}

static void cache_add_i64(struct hash_sha256 *h, int64_t n)
{
    hash_sha256_add(h, str_n((const char *)&n, sizeof n));
}

static void cache_add_json(struct hash_sha256 *h, const json_t *j)
{
    AUTO_BUF struct buf text = BUF_INIT(CACHE_BODY_MAX);

    if (j)
        json_write_canonical(j, &text);
    cache_add(h, buf_str(&text));
}

static void cache_add_message(struct hash_sha256 *h, const struct message *m)
{
    cache_add_i64(h, m->role);
    cache_add_i64(h, (int64_t)m->part_count);
    for (size_t i = 0; i < m->part_count; i++) {
        const struct part *p = &m->parts[i];

        cache_add_i64(h, p->kind);
        cache_add(h, p->text);
        cache_add(h, p->url);
        cache_add(h, p->media_type);
        cache_add(h, p->base64);
    }
}

void cache_key(struct llm *l, const struct request *rq, int64_t repetition, char key[HASH_HEX])
{
    AUTO_JSON *params = params_to_json(&rq->params);
    AUTO_BUF struct buf address = BUF_INIT(16 * 1024);
    struct hash_sha256 h;

    if (rq->base_url.len || !str_is(rq->model->provider, "sim"))
        llm_address_of(l, rq, &address);
    hash_sha256_init(&h);
    cache_add(&h, S("assay response " CACHE_FORM));
    cache_add(&h, rq->model->provider);
    cache_add(&h, rq->model->id);
    cache_add(&h, buf_str(&address));
    cache_add_json(&h, params);
    cache_add_i64(&h, rq->output);
    cache_add_json(&h, rq->schema);
    cache_add(&h, rq->schema_name);
    cache_add_json(&h, rq->tools);
    cache_add(&h, rq->tool_choice);
    cache_add_i64(&h, (int64_t)rq->message_count);
    for (size_t i = 0; i < rq->message_count; i++)
        cache_add_message(&h, &rq->messages[i]);
    cache_add_i64(&h, repetition);
    hash_sha256_end(&h, key);
}

/* --- looking ------------------------------------------------------------------------------------------------- */

static enum err_code cache_write_apply(struct store_tx *tx, struct store_job *job, struct err *e)
{
    struct cache_write *w = (struct cache_write *)job;

    return w->used ? store_tx_cache_used(tx, w->row.key, w->row.used_ms, e)
                   : store_tx_cache_put(tx, &w->row, w->cache->options.bytes_max, e);
}

static void cache_write_done(struct store_job *job, enum err_code code, const struct err *e)
{
    struct cache_write *w = (struct cache_write *)job;
    struct cache *c = w->cache;

    if (code != ERR_OK)
        log_event(LOG_WARN, "cache.write_failed", LOG_C("why", e->text));
    arena_free(w->arena);
    pthread_mutex_lock(&c->lock);
    if (--c->writing == 0)
        pthread_cond_broadcast(&c->idle);
    pthread_mutex_unlock(&c->lock);
}

static bool cache_write(struct cache *c, struct arena *a, const struct store_cached *row, bool used)
{
    struct cache_write *w;
    bool room;

    pthread_mutex_lock(&c->lock);
    room = c->writing < CACHE_WRITES_MAX;
    c->writing += room;
    pthread_mutex_unlock(&c->lock);
    if (!room)
        return false;
    w = arena_new(a, struct cache_write);
    *w = (struct cache_write){ .job = { .apply = cache_write_apply, .done = cache_write_done }, .cache = c, .arena = a,
                               .row = *row, .used = used };
    store_submit(c->store, &w->job);
    return true;
}

static void cache_note_use(struct cache *c, struct str key)
{
    struct arena *a = arena_new_sized(0);

    if (!cache_write(c, a, &(struct store_cached){ .key = arena_strdup(a, key), .used_ms = clock_wall_ms() }, true))
        arena_free(a);
}

bool cache_find(struct cache *c, const char *key, struct call *call)
{
    int64_t oldest = c->options.max_age_ms ? clock_wall_ms() - c->options.max_age_ms : 0;
    struct store_cached *row = NULL;
    AUTO_JSON *body = NULL;
    struct err e = ERR_INIT;
    struct turn t;

    if (store_cache_get(c->store, str_c(key), oldest, call->arena, &row, &e) != ERR_OK ||
        (row && json_read(row->body, &body, &e) != ERR_OK)) {
        log_event(LOG_WARN, "cache.read_failed", LOG_C("why", e.text));
        return false;
    }
    if (!row)
        return false;
    turn_from_json(body, call->arena, &t);
    call->code = ERR_OK;
    call->err = ERR_INIT;
    call->answer = (struct answer){
        .text = t.response, .reasoning = t.reasoning, .tool_calls = t.tool_calls, .raw = t.raw, .finish = t.finish,
        .finish_native = t.finish_native, .model_version = t.model_version, .response_id = t.response_id,
        .upstream = t.upstream, .usage = t.usage, .usage_reported = !t.usage.input_estimated,
        .cost_reported_nanousd = MONEY_UNKNOWN,
    };
    call->dropped = t.dropped;
    call->cost_nanousd = 0;
    call->cost_reported = false;
    call->latency_ms = t.latency_ms;
    call->first_token_ms = t.first_token_ms;
    call->attempts = NULL;
    call->attempt_count = 0;
    call->cached = true;
    call->saved_nanousd = row->cost_nanousd;
    call->cached_ms = row->created_ms;
    cache_note_use(c, str_c(key));
    return true;
}

void cache_keep(struct cache *c, const char *key, const struct call *call)
{
    const struct answer *an = &call->answer;
    AUTO_BUF struct buf text = BUF_INIT(CACHE_BODY_MAX);
    struct turn t = {
        .response = an->text, .reasoning = an->reasoning, .tool_calls = an->tool_calls, .raw = an->raw,
        .finish = an->finish, .finish_native = an->finish_native, .model_version = an->model_version,
        .response_id = an->response_id, .upstream = an->upstream, .usage = an->usage, .dropped = call->dropped,
        .cost_nanousd = call->cost_nanousd, .latency_ms = call->latency_ms, .first_token_ms = call->first_token_ms,
    };
    struct arena *a;

    if (call->code != ERR_OK || call->cached)
        return;
    turn_write(&t, &text);
    if (buf_failed(&text))
        return;
    a = arena_new_sized(text.len + 1024);
    if (!cache_write(c, a, &(struct store_cached){ .key = arena_strdup(a, str_c(key)),
                                                   .model = arena_strdup(a, call->request.model->name),
                                                   .body = arena_strdup(a, buf_str(&text)),
                                                   .created_ms = clock_wall_ms(), .cost_nanousd = call->cost_nanousd },
                     false))
        arena_free(a);
}
