/* The event thread: routes, works, attempts. See engine.h for the cast. */
#include "llm/engine.h"

#include "llm/framing.h"
#include "llm/sigv4.h"
#include "token/token.h"

#include <signal.h>
#include <stdio.h>

#define ENGINE_HEADER_SETS_MAX 64
#define ENGINE_AGENT "assay/1"
#define ENGINE_FILES_WAIT_US 10000
#define ENGINE_TEXT_BYTES_MAX (32u * 1024 * 1024)

static void route_pump(struct route *r);
static void work_finish(struct call_work *w, enum err_code code);

/* --- lists ---------------------------------------------------------------------------------------------------- */
static void queue_push(struct work_list *q, struct call_work *w)
{
    w->queue_next = NULL;
    if (q->last)
        q->last->queue_next = w;
    else
        q->first = w;
    q->last = w;
    q->len++;
}

static struct call_work *queue_pop(struct work_list *q)
{
    struct call_work *w = q->first;

    q->first = w->queue_next;
    if (!q->first)
        q->last = NULL;
    q->len--;
    return w;
}

static void all_add(struct llm *l, struct call_work *w)
{
    w->all_prev = l->all.last;
    w->all_next = NULL;
    if (l->all.last)
        l->all.last->all_next = w;
    else
        l->all.first = w;
    l->all.last = w;
    l->all.len++;
}

static void all_remove(struct llm *l, struct call_work *w)
{
    *(w->all_prev ? &w->all_prev->all_next : &l->all.first) = w->all_next;
    *(w->all_next ? &w->all_next->all_prev : &l->all.last) = w->all_prev;
    l->all.len--;
}

static void count_set(int64_t *at, int64_t value)
{
    __atomic_store_n(at, value, __ATOMIC_RELAXED);
}

static void count_add(int64_t *at, int64_t more)
{
    count_set(at, *at + more);                      /* one writer */
}

static void route_counts_show(struct route *r)
{
    count_set(&r->counts.in_flight, r->lane.in_flight);
    count_set(&r->counts.queued, r->again.len + r->fresh.len);
    count_set(&r->counts.window, (int64_t)r->lane.window);
    count_set(&r->counts.paused_until_us, r->lane.paused_until_us);
}

/* --- the head of a request ------------------------------------------------------------------------------------ */
static void route_make_auth(struct route *r)
{
    static const char *const prefixes[] = {
        [AUTH_NONE] = "", [AUTH_BEARER] = "Authorization: Bearer ", [AUTH_X_API_KEY] = "x-api-key: ",
        [AUTH_X_GOOG_API_KEY] = "x-goog-api-key: ", [AUTH_API_KEY] = "api-key: ",
        [AUTH_AWS] = "",
    };
    struct str key = secret_reveal(&r->vendor->key);
    enum provider_auth how = r->vendor->provider->auth;

    r->auth_made = true;
    if (how == AUTH_NONE || how == AUTH_AWS || !key.len)
        return;
    {
        struct str prefix = str_c(prefixes[how]);
        AUTO_SECRET struct secret line = { .bytes = xmalloc(prefix.len + key.len + 1), .len = prefix.len + key.len };

        memcpy(line.bytes, prefix.at, prefix.len);
        memcpy(line.bytes + prefix.len, key.at, key.len);
        line.bytes[line.len] = '\0';
        r->auth = line;
        line = SECRET_INIT;
    }
    r->auth_node = (struct curl_slist){ .data = r->auth.bytes };
}

static struct curl_slist *headers_from(struct str lines)
{
    struct curl_slist *list = NULL;
    struct str line;

    while (str_split(&lines, '\n', &line)) {
        char *z = xstrndup(line.at, line.len);

        if (line.len)
            list = curl_slist_append(list, z);
        sodium_memzero(z, line.len);
        free(z);
    }
    return list;
}

/* curl writes heads byte by byte through its printf: a byte less here is worth having. An empty name is left out. */
static void headers_write(const struct http_call *http, const char *stream_types, struct buf *text)
{
    buf_puts(text, "Content-Type: application/json\nExpect:\nUser-Agent: " ENGINE_AGENT "\nAccept:");
    if (http->streamed)
        buf_printf(text, " %s", stream_types);
    for (size_t i = 0; i < http->header_count; i++) {
        buf_printf(text, "\n%s: ", http->headers[i].name);
        for (size_t k = 0; k < http->headers[i].value.len; k++)     /* a line end would begin a header of its own */
            buf_byte(text, (unsigned char)http->headers[i].value.at[k] < 0x20 ? ' ' : http->headers[i].value.at[k]);
    }
}

/* The region is the host's third word where it has one ("bedrock-runtime.eu-west-1.amazonaws.com"). */
static struct str work_region(const struct call_work *w)
{
    const struct provider *p = w->provider;
    struct str head = str_c(p->region_url[0]), url = str_c(w->route->address), region = str_n("us-east-1", 9);
    ptrdiff_t dot;

    for (size_t i = 0; p->region_variables && p->region_variables[i]; i++) {
        const char *value = getenv(p->region_variables[i]);

        if (value && *value) {
            region = str_c(value);
            break;
        }
    }
    if (!head.len || !str_starts(url, head))
        return region;
    url = str_from(url, head.len);
    dot = str_find_byte(url, '.');
    return dot > 0 ? str_sub(url, 0, (size_t)dot) : region;
}

/* A signature holds for one moment and one body: these headers are the call's own and die with its transfer. */
static const struct curl_slist *work_sign(struct call_work *w)
{
    AUTO_BUF struct buf text = BUF_INIT(64 * 1024);
    const struct vendor *v = w->route->vendor;

    headers_write(&w->http, "application/vnd.amazon.eventstream, application/json", &text);
    buf_byte(&text, '\n');
    sigv4_sign(&(struct sigv4_ask){ .id = secret_reveal(&v->key), .secret = secret_reveal(&v->key_parts[0]),
                                    .token = secret_reveal(&v->key_parts[1]), .region = work_region(w),
                                    .service = str_c(w->provider->sign_service), .method = S("POST"),
                                    .url = buf_str(&w->http.url), .body = buf_str(&w->http.body),
                                    .wall_ms = clock_wall_ms() }, &text);
    w->signed_headers = headers_from(buf_str(&text));
    if (text.bytes)
        sodium_memzero(text.bytes, text.cap);
    return w->signed_headers;
}

static void work_unsign(struct call_work *w)
{
    for (struct curl_slist *n = w->signed_headers; n; n = n->next)
        sodium_memzero(n->data, strlen(n->data));
    curl_slist_free_all(w->signed_headers);
    w->signed_headers = NULL;
}

/* Requests of a route nearly always carry the same headers: the list is made once and shared, its last node is the
 * key's, which exists once. `text` tells sets apart. */
static const struct curl_slist *route_headers(struct route *r, const struct http_call *http)
{
    AUTO_BUF struct buf text = BUF_INIT(64 * 1024);
    struct header_set *set, **at;

    if (!r->auth_made)
        route_make_auth(r);
    headers_write(http, "text/event-stream, application/json", &text);
    for (at = &r->headers; (set = *at); at = &set->next)
        if (str_is(buf_str(&text), set->text)) {
            *at = set->next;                        /* to the front: the usual one is found at once */
            set->next = r->headers;
            r->headers = set;
            return set->nodes;
        }
    set = xcalloc(1, sizeof *set);
    set->text = xstrndup(text.bytes, text.len);
    set->nodes = headers_from(buf_str(&text));
    if (r->auth_node.data) {
        struct curl_slist *last = set->nodes;

        while (last->next)
            last = last->next;
        last->next = &r->auth_node;
    }
    set->next = r->headers;
    r->headers = set;
    r->header_sets++;
    return set->nodes;
}

static void header_set_free(struct route *r, struct header_set *set)
{
    for (struct curl_slist *n = set->nodes; n; n = n->next)
        if (n->next == &r->auth_node) {
            n->next = NULL;
            break;
        }
    curl_slist_free_all(set->nodes);
    free(set->text);
    free(set);
}

/* Sets in use by a transfer must stay; with nothing in flight the rare ones go. */
static void route_trim_headers(struct route *r)
{
    while (r->header_sets > ENGINE_HEADER_SETS_MAX && r->lane.in_flight == 0) {
        struct header_set *set = r->headers;

        r->headers = set->next;
        r->header_sets--;
        header_set_free(r, set);
    }
}

/* --- an answer ------------------------------------------------------------------------------------------------ */
static void stream_close(struct call_work *w)
{
    if (!w->stream)
        return;
    buf_dispose(&w->stream->text);
    buf_dispose(&w->stream->reasoning);
    json_decref(w->stream->tools);
    w->stream = NULL;
    framing_dispose(w->framing);
    free(w->framing);
    w->framing = NULL;
    w->feeding = false;
}

static void stream_open(struct call_work *w)
{
    struct arena *a = w->call->arena;

    w->stream = arena_new(a, struct stream);
    w->stream->arena = a;
    w->stream->text = BUF_INIT(ENGINE_TEXT_BYTES_MAX);
    w->stream->reasoning = BUF_INIT(ENGINE_TEXT_BYTES_MAX);
    w->stream->answer.cost_reported_nanousd = MONEY_UNKNOWN;
    w->stream->failure = (struct failure){ .retry_after_ms = -1 };
    w->framing = xcalloc(1, sizeof *w->framing);
    framing_init(w->framing, w->provider->framing, 0);
    w->first_token_us = 0;
    w->feeding = true;
}

static enum err_code work_take_event(struct call_work *w, const struct framing_event *ev, struct err *e)
{
    struct stream *st = w->stream;

    TRY(w->provider->decode_event(&w->call->request, ev->event, ev->data, st, e));
    if (buf_failed(&st->text) || buf_failed(&st->reasoning)) {
        st->failure = (struct failure){ .retry_after_ms = -1 };
        return err_set(e, ERR_INVALID_RESPONSE, "the streamed text is larger than the %u bytes allowed",
                       ENGINE_TEXT_BYTES_MAX);
    }
    if (!w->first_token_us && st->text.len + st->reasoning.len)
        w->first_token_us = clock_mono_us();
    return ERR_OK;
}

/* A vendor that answers an asked-for stream with one document (an error, or no support) is read as a document. */
static bool work_is_stream(struct call_work *w, struct transfer *t)
{
    struct str type = transfer_header(t, "content-type");
    int status = transfer_status(t);

    if (status < 200 || status > 299)
        return false;
    return !type.len || str_ifind(type, S("event-stream")) >= 0 || str_ifind(type, S("ndjson")) >= 0 ||
           str_ifind(type, S("eventstream")) >= 0 ||
           (w->provider->framing == FRAMING_NDJSON && str_ifind(type, S("json")) >= 0);
}

static bool work_on_bytes(void *owner, struct transfer *t, struct str bytes)
{
    struct call_work *w = owner;
    struct framing_event ev;
    bool got;

    if (!w->feeding && (transfer_body(t).len || !work_is_stream(w, t)))
        return transfer_keep(t, bytes);
    if (!w->feeding)
        stream_open(w);
    for (;;) {
        w->feed_code = framing_next(w->framing, &bytes, &ev, &got, &w->feed_err);
        if (w->feed_code != ERR_OK) {
            w->stream->failure = (struct failure){ .retry_after_ms = -1 };
            w->feed_code = w->feed_err.code = ERR_INVALID_RESPONSE;
            return false;
        }
        if (!got)
            return true;
        if ((w->feed_code = work_take_event(w, &ev, &w->feed_err)) != ERR_OK)
            return false;
    }
}

static enum err_code work_read_stream(struct call_work *w, enum err_code code, struct answer *out, struct failure *f,
                                      struct err *e)
{
    struct arena *a = w->call->arena;
    struct stream *st = w->stream;
    struct framing_event ev;
    bool got;

    if (w->feed_code != ERR_OK) {
        *e = w->feed_err;
        *f = st->failure;
        code = w->feed_code;
    } else if (code == ERR_OK) {
        if (framing_end(w->framing, &ev, &got, e) == ERR_OK && got && (code = work_take_event(w, &ev, e)) != ERR_OK)
            *f = st->failure;
    }
    *out = st->answer;
    if (code != ERR_OK && !st->ended)
        return code;
    if (!st->ended && !st->text.len && !st->reasoning.len && !st->tools) {
        *f = (struct failure){ .retry_after_ms = -1 };
        return err_set(e, ERR_INVALID_RESPONSE, "the stream ended without an answer in it");
    }
    if (!st->ended) {
        f->retryable = true;
        return err_set(e, ERR_NETWORK, "the stream broke off after %zu bytes of text, before the model had finished",
                       st->text.len);
    }
    /* what was paid for and is whole is kept, whatever happened to the connection afterwards */
    out->text = arena_strdup(a, str_trim(buf_str(&st->text)));
    out->reasoning = arena_strdup(a, str_trim(buf_str(&st->reasoning)));
    return ERR_OK;
}

static enum err_code work_read(struct call_work *w, struct transfer *t, const struct http_answer *in,
                               struct answer *out, struct failure *f, struct err *e)
{
    enum err_code code = transfer_fault(t, &f->retryable, e);

    if (w->feeding)
        return work_read_stream(w, code, out, f, e);
    if (code == ERR_OK && transfer_cause(t) == TRANSFER_REFUSED) {
        f->retryable = false;
        return err_set(e, ERR_INVALID_RESPONSE, "the answer is larger than the %lld bytes allowed",
                       (long long)w->llm->options.response_bytes_max);
    }
    if (code != ERR_OK)
        return code;
    return provider_decode(w->provider, &w->call->request, in, w->call->arena, out, f, e);
}

/* --- prices and records --------------------------------------------------------------------------------------- */
static void work_estimate_usage(struct call_work *w, struct answer *out)
{
    struct token_counter counter;
    int64_t reasoning;

    if (out->usage_reported)
        return;
    counter = token_counter_for(w->call->request.model->id);
    reasoning = token_counter_text(&counter, out->reasoning);
    out->usage = (struct usage){
        .input = llm_request_tokens(&w->call->request), .output = token_counter_text(&counter, out->text) + reasoning,
        .reasoning = reasoning, .input_estimated = true, .output_estimated = true,
    };
}

static int64_t work_cost(struct call_work *w, const struct answer *a)
{
    if (a->cost_reported_nanousd != MONEY_UNKNOWN)
        return a->cost_reported_nanousd;
    return llm_cost(w->llm, w->call->request.model, &a->usage);
}

static struct attempt *work_add_attempt(struct call_work *w)
{
    struct call *c = w->call;

    if (c->attempt_count == w->attempt_cap) {
        size_t cap = w->attempt_cap ? w->attempt_cap * 2 : 1;
        struct attempt *more = arena_array(c->arena, struct attempt, cap);

        if (c->attempt_count)
            memcpy(more, c->attempts, c->attempt_count * sizeof *more);
        c->attempts = more;
        w->attempt_cap = cap;
    }
    return &c->attempts[c->attempt_count++];
}

static void work_record(struct call_work *w, enum err_code code, int status, const struct answer *a, int64_t now_us,
                        const struct err *e)
{
    struct attempt *at = work_add_attempt(w);

    *at = (struct attempt){
        .code = code, .http_status = status, .started_ms = w->sent_wall_ms,
        .duration_ms = (now_us - w->sent_us) / 1000, .waited_ms = (w->sent_us - w->ready_us) / 1000,
    };
    if (code == ERR_OK)
        return;                                     /* the answer's own cost is the call's, not the attempt's */
    at->text = arena_strdup(w->call->arena, str_c(e->text));
    if (a->usage_reported || a->cost_reported_nanousd != MONEY_UNKNOWN) {
        at->usage = a->usage;
        at->cost_nanousd = work_cost(w, a);
    }
}

/* --- ends ------------------------------------------------------------------------------------------------------ */
static void work_finish(struct call_work *w, enum err_code code)
{
    struct llm *l = w->llm;
    struct call *c = w->call;

    if (w->http.dropped.len && !c->dropped.len)
        c->dropped = arena_strdup(c->arena, buf_str(&w->http.dropped));
    stream_close(w);
    loop_timer_stop(l->loop, &w->timer);
    all_remove(l, w);
    http_call_dispose(&w->http);
    c->code = code;
    c->work = NULL;
    __atomic_fetch_sub(&l->calls, 1, __ATOMIC_RELEASE);
    c->done(c);                                     /* the call, and with it the work, may be gone from here on */
}

static void work_succeed(struct call_work *w, struct answer *a, int64_t now_us)
{
    struct call *c = w->call;

    work_estimate_usage(w, a);
    c->answer = *a;
    c->cost_nanousd = work_cost(w, a);
    c->cost_reported = a->cost_reported_nanousd != MONEY_UNKNOWN;
    c->latency_ms = (now_us - w->sent_us) / 1000;
    c->first_token_ms = w->first_token_us ? (w->first_token_us - w->sent_us) / 1000 : -1;
    c->err = ERR_INIT;
    work_finish(w, ERR_OK);
}

static void work_on_backoff(void *arg)
{
    struct call_work *w = arg;

    queue_push(&w->route->again, w);
    route_pump(w->route);
}

/* The model refuses a field: the request is written again without it, and so are all later ones of this model. */
static bool work_leave_out(struct call_work *w, const struct failure *f)
{
    struct llm *l = w->llm;
    struct call *c = w->call;
    const struct model_quirks *q = llm_quirks_of(l, c->request.model->name);
    bool known = q && quirks_refuse(&q->quirks, arena_cstr(c->arena, f->refused_param));
    struct err ignored;

    /* A call that was written before another one learnt of the refusal still holds the field: it is written anew too. */
    if (!f->refused_param.len || str_contains(buf_str(&w->http.dropped), f->refused_param) ||
        ++w->refused > ENGINE_REFUSALS_MAX)
        return false;
    if (!known)
        llm_quirks_add(l, c->request.model->name, f->refused_param);
    q = llm_quirks_of(l, c->request.model->name);
    log_event(LOG_INFO, "llm.param_refused", LOG_S("model", c->request.model->name), LOG_S("param", f->refused_param));
    http_call_dispose(&w->http);
    http_call_init(&w->http);
    return provider_encode(w->provider, &c->request, str_c(w->route->address), q ? &q->quirks : NULL, c->arena,
                           &w->http, &ignored) == ERR_OK;
}

static void work_fail(struct call_work *w, enum err_code code, int status, const struct failure *f,
                      int64_t retry_after_ms, int64_t now_us)
{
    struct llm *l = w->llm;
    struct route *r = w->route;
    int64_t wait_ms = 0;
    enum retry_what what = retry_decide(&l->retry, &w->count, code, f->retryable, status, retry_after_ms,
                                        r->lane.refusals, &l->rng, &wait_ms);

    log_event(LOG_DEBUG, "llm.attempt_failed", LOG_C("provider", w->provider->name), LOG_C("code", err_name(code)),
              LOG_I("status", status), LOG_I("attempt", w->call->attempt_count), LOG_I("wait_ms", wait_ms));
    if (what == RETRY_TOO_LONG) {
        r->refuse_until_us = now_us + retry_after_ms * 1000;
        err_set(&w->call->err, code, "%s asks for a pause of %lld s, more than the %lld s allowed", w->provider->label,
                (long long)(retry_after_ms / 1000), (long long)(l->retry.retry_after_max_ms / 1000));
    }
    if (code == ERR_RATE_LIMIT)
        count_add(&r->counts.rate_limited, 1);
    if (code == ERR_RATE_LIMIT && f->retryable)
        lane_limited(&r->lane, now_us, w->sent_us, w->tokens,
                     1000 * (what == RETRY_WITH_LANE ? wait_ms : MAX(retry_after_ms, (int64_t)0)));
    else if (what == RETRY_WITH_LANE)
        lane_rest(&r->lane, now_us, w->sent_us, w->tokens, wait_ms * 1000);
    else
        lane_failed(&r->lane, w->tokens);
    if (what == RETRY_NEVER || what == RETRY_TOO_LONG) {
        work_finish(w, code);
        return;
    }
    count_add(&r->counts.retries, 1);
    w->ready_us = now_us;
    if (what == RETRY_WITH_LANE) {
        queue_push(&r->again, w);
        return;
    }
    w->timer = (struct loop_timer){ .fn = work_on_backoff, .arg = w };
    loop_timer_set(l->loop, &w->timer, wait_ms * 1000);
}

/* The vendor's Retry-After, or -1; what else its headers say goes to the lane. */
static int64_t work_hear(struct call_work *w, const struct http_answer *in, int64_t now_us)
{
    struct rate_info info;

    if (!ratelimit_read(in->headers, in->header_count, clock_wall_ms(), &info))
        return -1;
    lane_hear(&w->route->lane, now_us, &info);
    return info.retry_after_ms;
}

/* An attempt is over: what came of it is `code`, `answer` and `f`. */
static void work_conclude(struct call_work *w, enum err_code code, const struct http_answer *in, struct answer *answer,
                          const struct failure *failed)
{
    struct failure f = *failed;
    struct route *r = w->route;
    struct call *c = w->call;
    int64_t now_us = clock_mono_us(), retry_after_ms;

    w->llm->in_flight--;
    if (code != ERR_OK)
        c->err.code = code;
    stream_close(w);
    work_record(w, code, in->status, answer, now_us, &c->err);
    if (code == ERR_OK) {
        lane_accepted(&r->lane, now_us, w->sent_us, w->tokens,
                      answer->usage_reported ? answer->usage.input + answer->usage.output : 0);
        work_hear(w, in, now_us);
        work_succeed(w, answer, now_us);
    } else if (code == ERR_CANCELLED) {
        lane_failed(&r->lane, w->tokens);
        work_finish(w, code);
    } else if (work_leave_out(w, &f)) {
        lane_failed(&r->lane, w->tokens);
        w->ready_us = now_us;
        queue_push(&r->again, w);
    } else {
        retry_after_ms = work_hear(w, in, now_us);
        work_fail(w, code, in->status, &f, retry_after_ms >= 0 ? retry_after_ms : f.retry_after_ms, now_us);
    }
    route_pump(r);
}

static void work_on_end(void *owner, struct transfer *t)
{
    struct call_work *w = owner;
    struct call *c = w->call;
    struct answer answer = { .cost_reported_nanousd = MONEY_UNKNOWN };
    struct failure f = { .retry_after_ms = -1 };
    struct http_answer in = { .status = transfer_status(t), .content_type = transfer_header(t, "content-type"),
                              .body = transfer_body(t) };
    enum err_code code;

    in.headers = transfer_headers(t, c->arena, &in.header_count);
    code = work_read(w, t, &in, &answer, &f, &c->err);
    w->transfer = NULL;
    work_unsign(w);
    w->route->connected |= in.status > 0;
    work_conclude(w, code, &in, &answer, &f);
}

/* --- programs -------------------------------------------------------------------------------------------------- */
static enum err_code work_read_child(struct call_work *w, const struct child *child, struct http_answer *in,
                                     struct answer *out, struct failure *f, struct err *e)
{
    struct str errors = str_trim(child_errors(child));
    const char *name = buf_cstr(&w->http.argv);

    *in = (struct http_answer){ .status = 200, .body = child_output(child) };
    switch (child_cause(child)) {
    case CHILD_DEADLINE:
        f->retryable = err_retryable(ERR_TIMEOUT);
        return err_set(e, ERR_TIMEOUT, "%.200s had not ended in the time it is given and was stopped", name);
    case CHILD_CEILING:
        f->retryable = false;
        return err_set(e, ERR_INVALID_RESPONSE, "%.200s wrote more than the %lld bytes allowed", name,
                       (long long)w->llm->options.response_bytes_max);
    case CHILD_CANCELLED: return err_set(e, ERR_CANCELLED, "the call was cancelled");
    case CHILD_EXITED: break;
    }
    if (child_status(child) != 0) {
        in->status = 500;
        in->body = arena_printf(w->call->arena, "%.200s ended with status %d%s" STR_FMT, name, child_status(child),
                                errors.len ? ": " : "", STR_ARG(errors));
    }
    return provider_decode(w->provider, &w->call->request, in, w->call->arena, out, f, e);
}

static void work_on_child(void *owner, struct child *child)
{
    struct call_work *w = owner;
    struct answer answer = { .cost_reported_nanousd = MONEY_UNKNOWN };
    struct failure f = { .retry_after_ms = -1 };
    struct http_answer in;
    enum err_code code = work_read_child(w, child, &in, &answer, &f, &w->call->err);

    in.status = 0;                          /* nobody spoke HTTP */
    w->child = NULL;
    work_conclude(w, code, &in, &answer, &f);
}

/* A program that can't be started is an attempt too, told by a letter: nothing may end inside the sending. */
static void work_on_no_child(void *arg)
{
    struct call_work *w = arg;
    struct answer answer = { .cost_reported_nanousd = MONEY_UNKNOWN };
    struct failure f = { .retry_after_ms = -1 };

    w->unstarted = false;
    work_conclude(w, w->feed_code, &(struct http_answer){ 0 }, &answer, &f);
}

/* Words that are each ended by NUL, as a NULL-ended list. */
static const char **work_words(const struct call_work *w, const struct buf *words)
{
    struct str rest = buf_str(words), word;
    size_t n = 0, most = 1;
    const char **list;

    for (size_t i = 0; i < rest.len; i++)
        most += !rest.at[i];
    list = arena_array(w->call->arena, const char *, most);
    while (n + 1 < most && str_split(&rest, '\0', &word))
        list[n++] = word.at;
    return list;
}

static void work_spawn(struct call_work *w, int64_t total_us)
{
    struct child_spec spec = {
        .argv = work_words(w, &w->http.argv), .env = work_words(w, &w->http.env), .input = buf_str(&w->http.body), .total_us = total_us,
        .bytes_max = (size_t)w->llm->options.response_bytes_max, .done = work_on_child, .owner = w,
    };

    w->feed_code = child_start(w->llm->loop, &spec, &w->child, &w->call->err);
    if (w->feed_code == ERR_OK)
        return;
    w->unstarted = true;
    w->timer = (struct loop_timer){ .fn = work_on_no_child, .arg = w };
    loop_timer_set(w->llm->loop, &w->timer, 0);
}

/* --- sending --------------------------------------------------------------------------------------------------- */
/* Inside curl: nothing may be started from here, so the timer does it. */
static void work_on_connected(void *owner)
{
    struct call_work *w = owner;
    struct route *r = w->route;

    if (r->connected)
        return;
    r->connected = true;
    loop_timer_set(w->llm->loop, &r->timer, 0);
}

static void work_send(struct call_work *w, int64_t now_us)
{
    const struct llm_options *o = &w->llm->options;
    const struct params *p = &w->call->request.params;
    struct route *r = w->route;
    struct transfer_spec spec = {
        .url = buf_cstr(&w->http.url), .body = buf_str(&w->http.body),
        .limits = {
            .connect_us = o->connect_timeout_ms * 1000, .first_byte_us = o->first_byte_timeout_ms * 1000,
            .idle_us = o->idle_timeout_ms * 1000, .bytes_max = o->response_bytes_max,
            .total_us = (params_has(p, PARAM_TIMEOUT_MS) ? p->timeout_ms : o->total_timeout_ms) * 1000,
        },
        .feed = w->http.streamed ? work_on_bytes : NULL, .done = work_on_end,
        .owner = w,
    };
    bool secure = str_istarts(buf_str(&w->http.url), S("https://"));

    spec.compressed = secure && !w->http.streamed;
    /* HTTP/2 tells how many calls share a connection only after it stands: there the first answer opens the lane */
    spec.connected = secure || r->connected ? NULL : work_on_connected;
    w->sent_us = now_us;
    w->sent_wall_ms = clock_wall_ms();
    w->feed_code = ERR_OK;
    w->first_token_us = 0;
    lane_sent(&r->lane, now_us, w->tokens);
    w->llm->in_flight++;
    count_add(&r->counts.requests, 1);
    if (w->provider->program) {
        r->connected = true;
        work_spawn(w, spec.limits.total_us);
        return;
    }
    spec.headers = w->provider->auth == AUTH_AWS ? work_sign(w) : route_headers(r, &w->http);
    w->transfer = transfer_start(r->hive, &spec);
}

static void work_refuse(struct call_work *w, int64_t now_us)
{
    work_finish(w, err_set(&w->call->err, ERR_RATE_LIMIT,
                           "%s has asked for a pause of %lld s more, which is longer than the"
                           " %lld s allowed",
                           w->provider->label, (long long)((w->route->refuse_until_us - now_us) / 1000000),
                           (long long)(w->llm->retry.retry_after_max_ms / 1000)));
}

static void route_take_limits(struct route *r)
{
    struct llm_limits limits;

    if (!__atomic_load_n(&r->limits_new, __ATOMIC_ACQUIRE))
        return;
    pthread_mutex_lock(&r->llm->lock);
    limits = r->limits;
    r->limits_new = false;
    pthread_mutex_unlock(&r->llm->lock);
    lane_set_limits(&r->lane, &limits);
}

static void route_pump(struct route *r)
{
    if (r->pumping)
        return;
    r->pumping = true;
    route_take_limits(r);
    route_trim_headers(r);
    while (r->again.len + r->fresh.len) {
        struct work_list *q = r->again.len ? &r->again : &r->fresh;
        int64_t now_us = clock_mono_us(), wait;

        if (q->first->call->unwanted && __atomic_load_n(q->first->call->unwanted, __ATOMIC_ACQUIRE)) {
            struct call_work *w = queue_pop(q);

            work_finish(w, err_set(&w->call->err, ERR_CANCELLED, "the call is not wanted any more"));
            continue;
        }
        if (now_us < r->refuse_until_us) {
            work_refuse(queue_pop(q), now_us);
            continue;
        }
        /* until one connection stands, few try: a thousand look-ups of one name help nobody */
        if (!r->connected && r->lane.in_flight >= LANE_WINDOW_START)
            break;
        wait = lane_wait_us(&r->lane, now_us, q->first->tokens);
        if (wait == 0 && r->llm->in_flight >= r->llm->in_flight_max)
            wait = ENGINE_FILES_WAIT_US;            /* another route's answer will free a socket */
        if (wait == LANE_WINDOW_FULL)
            break;
        if (wait > 0) {
            loop_timer_set(r->llm->loop, &r->timer, wait);
            break;
        }
        work_send(queue_pop(q), now_us);
    }
    r->pumping = false;
    route_counts_show(r);
}

static void route_on_timer(void *arg)
{
    route_pump(arg);
}

static void work_arrive(void *arg)
{
    struct call_work *w = arg;
    struct route *r = w->route;

    all_add(w->llm, w);
    w->ready_us = clock_mono_us();
    if (__atomic_load_n(&w->llm->stopping, __ATOMIC_ACQUIRE)) {
        work_finish(w, err_set(&w->call->err, ERR_CANCELLED, "the engine has been stopped"));
        return;
    }
    if (!r->hive) {
        r->hive = hive_new(w->llm->transfers);
        lane_init(&r->lane, &r->limits);
        r->timer = (struct loop_timer){ .fn = route_on_timer, .arg = r };
    }
    queue_push(&r->fresh, w);
    route_pump(r);
}

void engine_take(struct call_work *w)
{
    w->letter = (struct loop_letter){ .fn = work_arrive, .arg = w };
    loop_post(w->llm->loop, &w->letter);
}

/* --- the thread ------------------------------------------------------------------------------------------------ */
struct engine_cancel { struct loop_letter letter; struct llm *llm; bool in_flight; };

/* Ends every work that is not on the wire, and with `in_flight` those that are. */
static void engine_end_works(struct llm *l, bool in_flight)
{
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->route_list.len; i++) {        /* nothing waits in a queue any more */
        struct route *r = l->route_list.at[i];

        r->pumping = true;
        r->again = r->fresh = (struct work_list){ 0 };
    }
    pthread_mutex_unlock(&l->lock);
    for (struct call_work *w = l->all.first, *next; w; w = next) {
        next = w->all_next;
        if (w->unstarted) {                             /* it counts as sent until this attempt is concluded */
            w->feed_code = err_set(&w->call->err, ERR_CANCELLED, "the call was cancelled");
            loop_timer_stop(l->loop, &w->timer);
            work_on_no_child(w);
        } else if (!w->transfer && !w->child) {
            work_finish(w, err_set(&w->call->err, ERR_CANCELLED, "the call was cancelled"));
        } else if (in_flight && w->child) {
            child_cancel(w->child);
        } else if (in_flight) {
            transfer_cancel(w->transfer);
        }
    }
}

static void engine_on_cancel(void *arg)
{
    struct engine_cancel *c = arg;
    struct llm *l = c->llm;

    engine_end_works(l, c->in_flight);
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->route_list.len; i++)
        l->route_list.at[i]->pumping = false;
    pthread_mutex_unlock(&l->lock);
    free(c);
}

void engine_cancel(struct llm *l, bool in_flight)
{
    struct engine_cancel *c = xcalloc(1, sizeof *c);

    *c = (struct engine_cancel){ .letter = { .fn = engine_on_cancel, .arg = c }, .llm = l, .in_flight = in_flight };
    loop_post(l->loop, &c->letter);
}

static void engine_on_stop(void *arg)
{
    struct llm *l = arg;

    engine_end_works(l, true);
    loop_stop(l->loop);
}

static void *engine_main(void *arg)
{
    struct llm *l = arg;

    sigset_t pipe;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);        /* a program that does not read what it is asked */
    pthread_setname_np(pthread_self(), "assay-engine");
    loop_run(l->loop);
    return NULL;
}

enum err_code engine_start(struct llm *l, struct err *e)
{
    int errnum;

    TRY(loop_new(&l->loop, e));
    TRY(transfers_new(l->loop, l->options.ca_file, &l->transfers, e));
    errnum = pthread_create(&l->thread, NULL, engine_main, l);
    return errnum ? err_errno(e, ERR_ENVIRONMENT, errnum, "the engine's thread can't be started") : ERR_OK;
}

static void route_free(struct route *r)
{
    if (r->hive)
        loop_timer_stop(r->llm->loop, &r->timer);
    hive_free(r->hive);
    while (r->headers) {
        struct header_set *set = r->headers;

        r->headers = set->next;
        header_set_free(r, set);
    }
    secret_dispose(&r->auth);
    free(r->address);
    free(r);
}

void engine_stop(struct llm *l)
{
    __atomic_store_n(&l->stopping, true, __ATOMIC_RELEASE);
    if (l->thread) {
        l->stop_letter = (struct loop_letter){ .fn = engine_on_stop, .arg = l };
        loop_post(l->loop, &l->stop_letter);
        pthread_join(l->thread, NULL);
    }
    for (size_t i = 0; i < l->route_list.len; i++)
        route_free(l->route_list.at[i]);
    transfers_free(l->transfers);
    loop_free(l->loop);
}
