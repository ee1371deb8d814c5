/* The callers' side of the engine: options, vendors, prices, and a call's way to the event thread. */
#include "llm/engine.h"

#include "llm/keys.h"

#include <stdio.h>
#include <sys/resource.h>


/* --- options --------------------------------------------------------------------------------------------------- */
static const struct llm_option_row { const char *name; size_t at; int64_t usual, low, high; } llm_option_rows[] = {
    { "calls_max", offsetof(struct llm_options, calls_max), 20000, 1, 1000000 },
    { "connect_timeout_ms", offsetof(struct llm_options, connect_timeout_ms), 10000, 1, 3600000 },
    { "first_byte_timeout_ms", offsetof(struct llm_options, first_byte_timeout_ms), 120000, 1, 3600000 },
    { "idle_timeout_ms", offsetof(struct llm_options, idle_timeout_ms), 60000, 1, 3600000 },
    { "total_timeout_ms", offsetof(struct llm_options, total_timeout_ms), 300000, 1, 3600000 },
    { "response_bytes_max", offsetof(struct llm_options, response_bytes_max), 32 << 20, 1024, 1 << 30 },
    { "backoff_base_ms", offsetof(struct llm_options, backoff_base_ms), 1000, 1, 3600000 },
    { "backoff_max_ms", offsetof(struct llm_options, backoff_max_ms), 60000, 1, 3600000 },
    { "retry_after_max_ms", offsetof(struct llm_options, retry_after_max_ms), 120000, 1, 86400000 },
};

static enum err_code llm_check_limits(const struct llm_limits *m, struct err *e)
{
    if (m->in_flight_max < 0 || m->in_flight_max > LANE_IN_FLIGHT_MAX)
        return err_set(e, ERR_BAD_INPUT, "calls in flight must be from 1 to %d, not %lld", LANE_IN_FLIGHT_MAX,
                       (long long)m->in_flight_max);
    if (m->in_flight_start < 0 || m->in_flight_start > LANE_IN_FLIGHT_MAX)
        return err_set(e, ERR_BAD_INPUT, "calls in flight at the start must be from 1 to %d, not %lld",
                       LANE_IN_FLIGHT_MAX, (long long)m->in_flight_start);
    if (m->requests_per_minute < 0 || m->requests_per_minute > 10000000)
        return err_set(e, ERR_BAD_INPUT, "requests a minute must be from 1 to 10,000,000, not %lld",
                       (long long)m->requests_per_minute);
    if (m->tokens_per_minute < 0 || m->tokens_per_minute > INT64_C(100000000000))
        return err_set(e, ERR_BAD_INPUT, "tokens a minute must be from 1 to 100,000,000,000, not %lld",
                       (long long)m->tokens_per_minute);
    return ERR_OK;
}

static enum err_code llm_fill_options(struct llm *l, const struct llm_options *given, struct err *e)
{
    static const struct llm_options none;

    l->options = *(given ? given : &none);
    for (size_t i = 0; i < COUNT_OF(llm_option_rows); i++) {
        const struct llm_option_row *row = &llm_option_rows[i];
        int64_t *at = (int64_t *)((char *)&l->options + row->at);

        if (*at == 0)
            *at = row->usual;
        if (*at < row->low || *at > row->high)
            return err_set(e, ERR_BAD_INPUT, "%s is %lld; it must be from %lld to %lld", row->name, (long long)*at,
                           (long long)row->low, (long long)row->high);
    }
    if (l->options.attempts_max < 0 || l->options.attempts_max > 10)
        return err_set(e, ERR_BAD_INPUT, "attempts_max is %d; it must be from 1 to 10", l->options.attempts_max);
    if (l->options.limited_max < 0 || l->options.limited_max > 100)
        return err_set(e, ERR_BAD_INPUT, "limited_max is %d; it must be from 1 to 100", l->options.limited_max);
    l->retry = (struct retry_policy){
        .attempts_max = l->options.attempts_max ? l->options.attempts_max : 3,
        .limited_max = l->options.limited_max ? l->options.limited_max : 20,
        .base_ms = l->options.backoff_base_ms, .max_ms = l->options.backoff_max_ms,
        .retry_after_max_ms = l->options.retry_after_max_ms,
    };
    if (l->options.attempts_max == 1 && !l->options.limited_max)
        l->retry.limited_max = 1;                   /* who wants no second attempt wants none */
    l->tokens_limited = l->options.limits.tokens_per_minute > 0;
    return llm_check_limits(&l->options.limits, e);
}

/* Ten thousand calls need ten thousand sockets; the soft limit is often 1,024. Some are left for everything else. */
static int64_t llm_raise_files(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) != 0)
        return 256;
    if (r.rlim_cur < r.rlim_max) {
        rlim_t soft = r.rlim_cur;

        r.rlim_cur = r.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &r) != 0)
            r.rlim_cur = soft;
    }
    return r.rlim_cur == RLIM_INFINITY ? INT64_C(1000000) : MAX((int64_t)r.rlim_cur / 8 * 7 - 64, INT64_C(16));
}

static enum err_code llm_load_prices(struct llm *l, struct err *e)
{
    AUTO_BUF struct buf path = BUF_INIT(4096);
    const char *over = NULL;

    if (l->options.home && !l->options.prices_file) {
        buf_printf(&path, "%s/prices.yaml", l->options.home);
        if (!buf_failed(&path) && file_exists(path.bytes))
            over = path.bytes;
    }
    return prices_load(l->options.prices_file, over, &l->prices, e);
}

enum err_code llm_new(const struct llm_options *options, struct llm **out, struct err *e)
{
    struct llm *l = xcalloc(1, sizeof *l);
    uint64_t seed;
    enum err_code code = llm_fill_options(l, options, e);

    pthread_mutex_init(&l->lock, NULL);
    l->options.ca_file = l->options.ca_file ? xstrdup(l->options.ca_file) : NULL;
    l->options.prices_file = l->options.prices_file ? xstrdup(l->options.prices_file) : NULL;
    l->options.home = l->options.home ? xstrdup(l->options.home) : NULL;
    randombytes_buf(&seed, sizeof seed);
    rng_seed(&l->rng, l->options.seed ? l->options.seed : seed);
    if (code == ERR_OK)
        code = llm_load_prices(l, e);
    l->in_flight_max = llm_raise_files();
    if (code == ERR_OK)
        code = engine_start(l, e);
    if (code != ERR_OK) {
        llm_free(l);
        return code;
    }
    *out = l;
    return ERR_OK;
}

void llm_free(struct llm *l)
{
    if (!l)
        return;
    engine_stop(l);
    for (size_t i = 0; i < l->vendors.len; i++) {
        secret_dispose(&l->vendors.at[i]->key);
        for (size_t k = 0; k < PROVIDER_KEY_PARTS; k++)
            secret_dispose(&l->vendors.at[i]->key_parts[k]);
        free(l->vendors.at[i]->address);
        free(l->vendors.at[i]);
    }
    for (size_t i = 0; i < l->quirks_old.len; i++) {
        for (size_t k = 0; k < l->quirks_old.at[i]->quirks.refused_count; k++)
            free((char *)l->quirks_old.at[i]->refused[k].at);
        free(l->quirks_old.at[i]);
    }
    vec_dispose(&l->vendors);
    vec_dispose(&l->route_list);
    vec_dispose(&l->quirks_old);
    map_dispose(&l->routes);
    map_dispose(&l->quirks);
    prices_free(l->prices);
    pthread_mutex_destroy(&l->lock);
    free((char *)l->options.ca_file);
    free((char *)l->options.prices_file);
    free((char *)l->options.home);
    free(l);
}

/* --- what models refuse ---------------------------------------------------------------------------------------- */
const struct model_quirks *llm_quirks_of(struct llm *l, struct str model)
{
    const struct model_quirks *q;

    pthread_mutex_lock(&l->lock);
    q = map_len(&l->quirks) ? map_get(&l->quirks, model) : NULL;
    pthread_mutex_unlock(&l->lock);
    return q;
}

/* A set that others may be reading is never changed: a longer one takes its place, the old one lives on. */
void llm_quirks_add(struct llm *l, struct str model, struct str field)
{
    const struct model_quirks *old = llm_quirks_of(l, model);
    size_t n = old ? old->quirks.refused_count : 0;
    struct model_quirks *q;

    if (n == ENGINE_REFUSALS_MAX)
        return;
    q = xcalloc(1, sizeof *q);
    for (size_t i = 0; i < n; i++)
        q->refused[i] = str_n(xstrndup(old->refused[i].at, old->refused[i].len), old->refused[i].len);
    q->refused[n] = str_n(xstrndup(field.at, field.len), field.len);
    q->quirks = (struct quirks){ .refused = q->refused, .refused_count = n + 1 };
    pthread_mutex_lock(&l->lock);
    map_put(&l->quirks, model, q);
    vec_push(&l->quirks_old, q);
    pthread_mutex_unlock(&l->lock);
}

/* --- vendors and routes ---------------------------------------------------------------------------------------- */
const struct provider *llm_provider_find(const struct llm *l, struct str name)
{
    if (l->extra && str_ieq(name, str_c(l->extra->name)))
        return l->extra;
    return provider_find(name);
}

static bool llm_region_ok(struct str region)
{
    for (size_t i = 0; i < region.len; i++) {
        char c = region.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return region.len > 0 && region.len <= 64;
}

/* The address where the provider is found; in `made` when it has to be put together. */
static const char *llm_provider_address(const struct provider *p, struct buf *made)
{
    for (size_t i = 0; p->base_url_variables && p->base_url_variables[i]; i++) {
        const char *value = getenv(p->base_url_variables[i]);

        if (value && *value)
            return value;
    }
    for (size_t i = 0; p->region_variables && p->region_variables[i]; i++) {
        const char *value = getenv(p->region_variables[i]);

        if (!value || !llm_region_ok(str_c(value)))
            continue;
        buf_printf(made, "%s%s%s", p->region_url[0], value, p->region_url[1]);
        return buf_cstr(made);
    }
    return p->base_url;
}

/* "http://host:port/path" without the slash at its end; NULL-terminated, the caller's. */
static enum err_code llm_check_address(struct str url, char **out, struct err *e)
{
    struct str rest, host;
    ptrdiff_t slash;

    url = str_trim(url);
    while (url.len && url.at[url.len - 1] == '/')
        url.len--;
    if (str_istarts(url, S("https://")))
        rest = str_from(url, 8);
    else if (str_istarts(url, S("http://")))
        rest = str_from(url, 7);
    else
        return err_set(e, ERR_BAD_INPUT, "the base URL \"" STR_FMT "\" must begin with http:// or https://",
                       STR_ARG(str_sub(url, 0, 200)));
    slash = str_find_byte(rest, '/');
    host = slash < 0 ? rest : str_sub(rest, 0, (size_t)slash);
    if (!host.len)
        return err_set(e, ERR_BAD_INPUT, "the base URL \"" STR_FMT "\" names no host", STR_ARG(str_sub(url, 0, 200)));
    if (str_find_byte(host, '@') >= 0)
        return err_set(e, ERR_BAD_INPUT, "a base URL may not hold a name or password: keys come from the environment");
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.at[i] <= ' ' || url.at[i] == '#' || url.at[i] == '?' || url.at[i] == 0x7f)
            return err_set(e, ERR_BAD_INPUT, "the base URL \"" STR_FMT "\" may not hold spaces, '?' or '#'",
                           STR_ARG(str_sub(url, 0, 200)));
    *out = xstrndup(url.at, url.len);
    return ERR_OK;
}

static struct vendor *llm_vendor_locked(struct llm *l, const struct provider *p)
{
    struct vendor *v;

    for (size_t i = 0; i < l->vendors.len; i++)
        if (l->vendors.at[i]->provider == p)
            return l->vendors.at[i];
    v = xcalloc(1, sizeof *v);
    v->provider = p;
    vec_push(&l->vendors, v);
    return v;
}

static enum err_code llm_unknown_provider(struct str name, struct err *e)
{
    struct suggest near;
    char hint[160];

    suggest_begin(&near, name);
    provider_suggest(&near);
    return err_set(e, ERR_UNSUPPORTED_PROVIDER, "there is no provider \"" STR_FMT "\"%s", STR_ARG(name),
                   suggest_hint(&near, hint));
}

/* Reads key and address once. Files are read outside the lock; two threads may both read, the first to come back
 * wins. On ERR_OK the vendor's key and address do not change any more. */
static enum err_code llm_vendor_ready(struct llm *l, const struct provider *p, struct vendor **out, struct err *e)
{
    AUTO_SECRET struct secret key = SECRET_INIT;
    AUTO_SECRET struct secret first = SECRET_INIT, second = SECRET_INIT;
    AUTO_BUF struct buf made = BUF_INIT(1024);
    struct err key_err = ERR_INIT, url_err = ERR_INIT;
    const char *variable = NULL, *address = NULL;
    char *checked = NULL;
    struct vendor *v;
    bool ready;

    pthread_mutex_lock(&l->lock);
    v = llm_vendor_locked(l, p);
    ready = v->key_read;
    pthread_mutex_unlock(&l->lock);
    *out = v;
    if (ready)
        return ERR_OK;
    if (p->auth != AUTH_NONE && p->key_variables && p->key_variables[0] &&
        keys_find(p, l->options.home, &key, &variable, &key_err) == ERR_OK)
        key_err = ERR_INIT;
    if (secret_is_set(&key) && (keys_find_part(p, 0, l->options.home, &first, &key_err) != ERR_OK ||
                                keys_find_part(p, 1, l->options.home, &second, &key_err) != ERR_OK))
        secret_dispose(&key);
    for (size_t i = 0; i < key.len; i++)
        if ((unsigned char)key.bytes[i] <= ' ' || (unsigned char)key.bytes[i] >= 0x7f)
            return err_set(e, ERR_MISSING_KEY, "%s holds a space, a line end or another byte that no key has",
                           variable ? variable : p->key_variables[0]);
    address = llm_provider_address(p, &made);
    if (address && llm_check_address(str_c(address), &checked, &url_err) != ERR_OK)
        return err_set(e, ERR_BAD_INPUT, "%s: %s", p->name, url_err.text);
    pthread_mutex_lock(&l->lock);
    if (!v->key_read) {
        v->key = key;
        v->key_parts[0] = first;
        v->key_parts[1] = second;
        key = first = second = SECRET_INIT;
        v->key_variable = variable;
        v->key_err = key_err;
        if (!v->address_set)
            v->address = TAKE(checked);
        v->key_read = true;
    }
    pthread_mutex_unlock(&l->lock);
    free(checked);
    return ERR_OK;
}

static enum err_code llm_check_program(const struct llm *l, const struct provider *p, const struct model *m,
                                       struct err *e)
{
    if (!p->program || l->options.allow_programs)
        return ERR_OK;
    return err_set(e, ERR_DENIED, "\"" STR_FMT "\" would start a program: look at it and at the task that names it, then allow it "
                   "with --allow-exec", STR_ARG(str_utf8_head(m->name, 200)));
}

static enum err_code llm_vendor_check_key(const struct vendor *v, struct err *e)
{
    if (!v->provider->key_needed || secret_is_set(&v->key))
        return ERR_OK;
    if (v->key_err.code != ERR_OK)
        return err_set(e, ERR_MISSING_KEY, "%s", v->key_err.text);
    return err_set(e, ERR_MISSING_KEY, "%s needs a key", v->provider->name);
}

enum err_code llm_model_check_key(struct llm *l, const struct model *m, struct err *e)
{
    const struct provider *p = llm_provider_find(l, m->provider);
    struct vendor *v;

    if (!p)
        return llm_unknown_provider(m->provider, e);
    TRY(llm_check_program(l, p, m, e));
    TRY(llm_vendor_ready(l, p, &v, e));
    return llm_vendor_check_key(v, e);
}

enum err_code llm_set_base_url(struct llm *l, struct str provider, struct str base_url, struct err *e)
{
    const struct provider *p = llm_provider_find(l, provider);
    struct vendor *v;
    char *checked;

    if (!p)
        return llm_unknown_provider(provider, e);
    TRY(llm_check_address(base_url, &checked, e));
    pthread_mutex_lock(&l->lock);
    v = llm_vendor_locked(l, p);
    free(v->address);
    v->address = checked;
    v->address_set = true;
    pthread_mutex_unlock(&l->lock);
    return ERR_OK;
}

enum err_code llm_set_limits(struct llm *l, struct str provider, const struct llm_limits *limits, struct err *e)
{
    const struct provider *p = llm_provider_find(l, provider);
    struct vendor *v;

    if (!p)
        return llm_unknown_provider(provider, e);
    TRY(llm_check_limits(limits, e));
    pthread_mutex_lock(&l->lock);
    v = llm_vendor_locked(l, p);
    v->limits = *limits;
    v->limits_set = true;
    if (limits->tokens_per_minute)
        __atomic_store_n(&l->tokens_limited, true, __ATOMIC_RELAXED);
    for (size_t i = 0; i < l->route_list.len; i++)
        if (l->route_list.at[i]->vendor == v) {
            l->route_list.at[i]->limits = *limits;
            __atomic_store_n(&l->route_list.at[i]->limits_new, true, __ATOMIC_RELEASE);
        }
    pthread_mutex_unlock(&l->lock);
    return ERR_OK;
}

static enum err_code llm_no_address(const struct provider *p, struct err *e)
{
    const char *const *variables = p->region_variables ? p->region_variables : p->base_url_variables;
    bool any = variables && variables[0];

    return err_set(e, ERR_BAD_INPUT, "%s has no address of its own: give a base URL%s%s", p->name,
                   any ? ", or set " : "", any ? variables[0] : "");
}

/* The route of `v` at `address` (empty: the vendor's own). Routes live as long as the engine. */
static enum err_code llm_route(struct llm *l, struct vendor *v, struct str address, struct route **out, struct err *e)
{
    AUTO_BUF struct buf name = BUF_INIT(16 * 1024);
    AUTO(freep) char *checked = NULL;
    const char *where;
    struct route *r;

    if (address.len)
        TRY(llm_check_address(address, &checked, e));
    pthread_mutex_lock(&l->lock);
    if (!checked && !v->address && !v->provider->program) {
        pthread_mutex_unlock(&l->lock);
        return llm_no_address(v->provider, e);
    }
    where = v->provider->program ? "" : checked ? checked : v->address;
    buf_printf(&name, "%s\n%s", v->provider->name, where);
    r = map_get(&l->routes, buf_str(&name));
    if (!r) {
        r = xcalloc(1, sizeof *r);
        r->llm = l;
        r->vendor = v;
        r->address = xstrdup(where);
        r->limits = v->limits_set ? v->limits : l->options.limits;
        map_put(&l->routes, buf_str(&name), r);
        vec_push(&l->route_list, r);
    }
    pthread_mutex_unlock(&l->lock);
    *out = r;
    return ERR_OK;
}

void llm_address_of(struct llm *l, const struct request *rq, struct buf *out)
{
    const struct provider *p = llm_provider_find(l, rq->model->provider);
    struct err ignored;
    struct vendor *v;

    if (rq->base_url.len || !p || llm_vendor_ready(l, p, &v, &ignored) != ERR_OK) {
        buf_append(out, rq->base_url);
        return;
    }
    pthread_mutex_lock(&l->lock);
    buf_puts(out, v->address ? v->address : "");
    pthread_mutex_unlock(&l->lock);
}

/* --- a call's way in ------------------------------------------------------------------------------------------- */
/* What a call takes of a tokens-a-minute limit. Where nobody set one, the vendor's own count corrects every answer, and
 * a rough figure is enough: four bytes a token. */
static int64_t llm_call_tokens(const struct llm *l, const struct request *rq)
{
    int64_t bytes = 0;

    if (__atomic_load_n(&l->tokens_limited, __ATOMIC_RELAXED))
        return llm_request_tokens(rq);
    for (size_t i = 0; i < rq->message_count; i++)
        for (size_t k = 0; k < rq->messages[i].part_count; k++)
            bytes += (int64_t)rq->messages[i].parts[k].text.len;
    for (size_t i = 0; i < rq->text_count; i++)
        bytes += (int64_t)rq->texts[i].len;
    return (bytes + 3) / 4;
}

static enum err_code llm_call_prepare(struct llm *l, struct call *c, struct call_work **out, struct err *e)
{
    struct request *rq = &c->request;
    const struct provider *p = llm_provider_find(l, rq->model->provider);
    const struct model_quirks *q;
    struct call_work *w;
    struct vendor *v = NULL;
    struct route *r = NULL;
    enum err_code code;

    if (!p)
        return llm_unknown_provider(rq->model->provider, e);
    TRY(llm_check_program(l, p, rq->model, e));
    TRY(llm_vendor_ready(l, p, &v, e));
    TRY(llm_vendor_check_key(v, e));
    TRY(llm_route(l, v, rq->base_url, &r, e));
    w = arena_new(c->arena, struct call_work);
    *w = (struct call_work){ .llm = l, .call = c, .route = r, .provider = p, .tokens = llm_call_tokens(l, rq) };
    q = llm_quirks_of(l, rq->model->name);
    http_call_init(&w->http);
    code = provider_encode(p, rq, str_c(r->address), q ? &q->quirks : NULL, c->arena, &w->http, e);
    if (code == ERR_OK && (buf_failed(&w->http.body) || buf_failed(&w->http.url)))
        code = err_set(e, ERR_REJECTED, "the request is larger than the %u bytes allowed", HTTP_CALL_BODY_MAX);
    if (code != ERR_OK) {
        http_call_dispose(&w->http);
        return code;
    }
    *out = w;
    return ERR_OK;
}

enum err_code llm_submit(struct llm *l, struct call *c, struct err *e)
{
    struct call_work *w = NULL;
    enum err_code code;

    if (__atomic_load_n(&l->stopping, __ATOMIC_ACQUIRE))
        return err_set(e, ERR_CANCELLED, "the engine has been stopped");
    if (__atomic_add_fetch(&l->calls, 1, __ATOMIC_ACQUIRE) > l->options.calls_max) {
        __atomic_fetch_sub(&l->calls, 1, __ATOMIC_RELEASE);
        return err_set(e, ERR_BUSY, "%lld calls are under way already", (long long)l->options.calls_max);
    }
    code = llm_call_prepare(l, c, &w, e);
    if (code != ERR_OK) {
        __atomic_fetch_sub(&l->calls, 1, __ATOMIC_RELEASE);
        return code;
    }
    c->code = ERR_OK;
    c->err = ERR_INIT;
    c->answer = (struct answer){ .cost_reported_nanousd = MONEY_UNKNOWN };
    c->cost_nanousd = MONEY_UNKNOWN;
    c->cost_reported = false;
    c->latency_ms = 0;
    c->first_token_ms = -1;
    c->dropped = S("");
    c->attempts = NULL;
    c->attempt_count = 0;
    c->work = w;
    engine_take(w);
    return ERR_OK;
}

bool llm_lane_at(struct llm *l, size_t i, struct llm_lane_stat *out)
{
    struct route *r = NULL;
    int64_t now_us = clock_mono_us();

    pthread_mutex_lock(&l->lock);
    if (i < l->route_list.len)
        r = l->route_list.at[i];
    pthread_mutex_unlock(&l->lock);
    if (!r)
        return false;
#define COUNT(field) __atomic_load_n(&r->counts.field, __ATOMIC_RELAXED)
    *out = (struct llm_lane_stat){
        .provider = str_c(r->vendor->provider->name), .in_flight = COUNT(in_flight), .queued = COUNT(queued),
        .window = COUNT(window), .paused_ms = MAX(COUNT(paused_until_us) - now_us, (int64_t)0) / 1000,
        .requests = COUNT(requests), .retries = COUNT(retries), .rate_limited = COUNT(rate_limited),
    };
#undef COUNT
    return true;
}

/* --- prices and providers --------------------------------------------------------------------------------------- */
bool llm_price_of(const struct llm *l, const struct model *m, struct llm_price *out)
{
    const struct provider *p;

    if (prices_find(l->prices, m->provider, m->id, out))
        return true;
    p = llm_provider_find(l, m->provider);
    return p && p->priced_as && prices_find(l->prices, str_c(p->priced_as), m->id, out);
}

int64_t llm_cost(const struct llm *l, const struct model *m, const struct usage *u)
{
    struct llm_price price;

    return llm_price_of(l, m, &price) ? prices_cost(&price, u) : MONEY_UNKNOWN;
}

void llm_price_add(struct llm *l, const struct llm_price *row)
{
    prices_add(l->prices, row);
}

size_t llm_price_count(const struct llm *l)
{
    return prices_count(l->prices);
}

void llm_price_at(const struct llm *l, size_t i, struct llm_price *out)
{
    prices_at(l->prices, i, out);
}

struct str llm_prices_dated(const struct llm *l)
{
    return prices_dated(l->prices);
}

bool llm_provider_at(const struct llm *l, size_t i, struct llm_provider_info *out)
{
    const struct provider *p = provider_at(i);

    if (!p)
        return false;
    *out = (struct llm_provider_info){
        .name = p->name, .label = p->label, .key_needed = p->key_needed,
        .base_url = p->region_variables ? NULL : llm_provider_address(p, NULL),
        .key_variable = p->key_variables ? p->key_variables[0] : NULL, .key_found = keys_exist(p, l->options.home),
        .caps = p->caps,
    };
    return true;
}

void llm_cancel(struct llm *l, bool in_flight)
{
    engine_cancel(l, in_flight);
}
