/* src/sim/sim.c: the simulator itself: from a request to what is said back, and when.
 *
 * A request is decided at once, on the server's thread: vendor, key, body, faults, limits, reply, bill. What needs no
 * waiting is answered there and then. The rest becomes a struct sim_call that the clock thread (a loop with timers)
 * carries to its end: late answers, paced streams, silence. Calls live in their request's arena. */
#include "sim/sim.h"

#include "http/http.h"
#include "sim/embed.h"
#include "sim/ledger.h"
#include "sim/signature.h"
#include "sim/wire/wire.h"

#include <pthread.h>
#include <stdio.h>

#define SIM_SILENCE_MS      3600000         /* nobody is left waiting longer than this */
#define SIM_LOOK_US         100000          /* how often a silent call looks whether its client is still there */
#define SIM_PIECES          20              /* of a plain body that is dripped or cut */
#define SIM_SLOW_BASE_MS    50              /* what "slow" multiplies when the model takes no time */

struct sim {
    struct sim_options options;
    struct secret aws_secret;
    struct http_server *server;
    struct sim_book *book;
    struct sim_ledger *ledger;
    struct sim_weather *weather;
    double latency_scale;                   /* atomic */
    uint64_t requests;                      /* atomic: makes ids */
    char url[80];
    struct loop *loop;                      /* the clock thread's, as is `calls` while it runs */
    pthread_t clock;
    struct sim_call *calls;
};

enum sim_end { SIM_END_OK, SIM_END_CLOSE, SIM_END_RESET, SIM_END_SILENCE };

struct sim_call {
    struct sim *sim;
    struct http_request *r;
    struct arena *arena;
    const struct sim_vendor *vendor;
    enum sim_op op;
    uint64_t no;
    struct sim_ask ask;
    struct str *texts;                      /* whose vectors are asked for */
    size_t text_count;
    struct sim_reply reply;
    struct sim_faults faults;
    const struct sim_fault *struck;         /* the one that decided, for the ledger */
    struct sim_room room;
    struct sim_bill bill;
    struct sim_told told;
    struct str words;                       /* faults in the model's name */

    int status;                             /* of the answer; 0: none is begun */
    const char *content_type;
    struct buf body;                        /* a plain answer */
    bool in_pieces;                         /* send `events`, as a stream */
    struct sim_events events;
    int64_t first_us, gap_us;               /* gap: for each token */
    enum sim_end end;
    int64_t huge_bytes;

    bool flying, begun, listed;
    size_t at;                              /* next event */
    int64_t began_us, due_us;
    struct loop_timer timer;
    struct loop_letter letter;
    struct sim_call *next, *prev;
};

/* --- delivery ---------------------------------------------------------------------------------------------------- */

static void call_release(void *arg)
{
    struct sim_call *c = arg;

    buf_dispose(&c->body);
    vec_dispose(&c->events.list);
}

static void call_list(struct sim_call *c)
{
    c->listed = true;
    c->next = c->sim->calls;
    if (c->next)
        c->next->prev = c;
    c->sim->calls = c;
}

/* Before the request is ended, as the call dies with it. */
static void call_unlist(struct sim_call *c)
{
    if (!c->listed)
        return;
    if (c->prev)
        c->prev->next = c->next;
    else
        c->sim->calls = c->next;
    if (c->next)
        c->next->prev = c->prev;
}

static void call_landed(struct sim_call *c)
{
    if (c->flying)
        sim_ledger_flight(c->sim->ledger, -1);
    c->flying = false;
}

static void huge_fill(int64_t at, char *out, size_t n, void *arg)
{
    static const char head[] = "{\"id\":\"huge\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{"
                               "\"role\":\"assistant\",\"content\":\"";

    size_t of_head = at < (int64_t)sizeof head - 1 ? MIN(sizeof head - 1 - (size_t)at, n) : 0;

    (void)arg;
    if (of_head)
        memcpy(out, head + at, of_head);
    memset(out + of_head, 'x', n - of_head);
}

static void call_answer(struct sim_call *c)
{
    call_landed(c);
    if (c->huge_bytes)
        http_answer_made(c->r, c->status, c->content_type, c->huge_bytes, huge_fill, NULL, c->told.lines);
    else
        http_answer_bytes(c->r, c->status, c->content_type, buf_str(&c->body), c->told.lines);
}

enum call_pushed { CALL_MORE, CALL_SILENT, CALL_GONE };

/* Pushes what is due by `now_us`. After CALL_GONE nobody may touch the call. */
static enum call_pushed call_push(struct sim_call *c, int64_t now_us, bool all)
{
    AUTO_BUF struct buf due = BUF_INIT(SIM_BODY_MAX);
    bool there = true;

    while (c->at < c->events.list.len && (all || c->due_us <= now_us)) {
        buf_append(&due, c->events.list.at[c->at++].bytes);
        if (c->at < c->events.list.len)
            c->due_us += c->events.list.at[c->at].tokens * c->gap_us;
    }
    if (due.len)
        there = http_stream_push(c->r, buf_str(&due));
    if (there && c->at < c->events.list.len)
        return CALL_MORE;
    if (there && c->end == SIM_END_SILENCE)
        return CALL_SILENT;
    call_landed(c);
    call_unlist(c);
    if (!there || c->end == SIM_END_OK)
        http_stream_end(c->r);
    else
        http_abort(c->r, c->end == SIM_END_RESET ? HTTP_ABORT_RESET : HTTP_ABORT_CLOSE);
    return CALL_GONE;
}

static void call_begin(struct sim_call *c)
{
    c->begun = true;
    http_stream_begin(c->r, c->status, c->content_type, c->told.lines);
}

/* On the clock thread: the timer of a call has come. */
static void call_tick(void *arg)
{
    struct sim_call *c = arg;
    struct loop *loop = c->sim->loop;
    int64_t now_us = clock_mono_us();
    bool silent = c->end == SIM_END_SILENCE;

    if (!c->begun && !c->in_pieces && !silent) {
        call_unlist(c);
        call_answer(c);
        return;
    }
    if (!c->begun && c->in_pieces) {
        c->due_us = now_us;
        call_begin(c);
    }
    if (c->in_pieces && c->at < c->events.list.len) {
        enum call_pushed pushed = call_push(c, now_us, false);

        if (pushed == CALL_MORE)
            loop_timer_set(loop, &c->timer, MAX(c->due_us - now_us, INT64_C(500)));
        if (pushed != CALL_SILENT)
            return;
    }
    if (now_us - c->began_us > SIM_SILENCE_MS * INT64_C(1000) || http_gone(c->r)) {
        call_unlist(c);
        call_landed(c);
        http_abort(c->r, HTTP_ABORT_CLOSE);
        return;
    }
    loop_timer_set(loop, &c->timer, SIM_LOOK_US);
}

static void call_arrive(void *arg)
{
    struct sim_call *c = arg;

    call_list(c);
    c->began_us = clock_mono_us();
    c->timer = (struct loop_timer){ .fn = call_tick, .arg = c };
    if (c->first_us > 0)
        loop_timer_set(c->sim->loop, &c->timer, c->first_us);
    else
        call_tick(c);
}

static void call_send(struct sim_call *c)
{
    if (c->first_us <= 0 && c->end != SIM_END_SILENCE && (!c->in_pieces || c->gap_us <= 0)) {
        if (c->in_pieces) {
            call_begin(c);
            call_push(c, 0, true);
        } else if (c->end == SIM_END_RESET) {
            call_landed(c);
            http_abort(c->r, HTTP_ABORT_RESET);
        } else {
            call_answer(c);
        }
        return;
    }
    c->letter = (struct loop_letter){ .fn = call_arrive, .arg = c };
    loop_post(c->sim->loop, &c->letter);                /* from here on it is the clock thread's */
}

/* --- what is said ------------------------------------------------------------------------------------------------- */

static void call_bill(struct sim_call *c, int status, bool billed)
{
    struct sim_bill *b = &c->bill;

    b->api = c->vendor->name;
    b->fault = c->struck ? c->struck->name : NULL;
    b->model = c->ask.model_name.len ? c->ask.model_name : c->ask.model_asked;
    b->trial = c->ask.trial;
    b->idempotency = http_header(c->r, "idempotency-key");
    b->prompt_hash = c->ask.hash;
    b->which = billed ? c->reply.which : SIM_NO_CASE;
    b->status = status;
    b->billed = billed;
    b->stream = c->ask.stream;
    if (billed) {
        b->input_tokens = c->reply.input_tokens;
        b->output_tokens = c->reply.output_tokens;
        /* A vendor's own model has the vendor's price, which we don't know; OpenRouter's answers say theirs. */
        b->cost_nanousd = sim_model_find(c->ask.model_name) || c->vendor->dialect == SIM_OPENROUTER
                              ? sim_model_cost(c->ask.model, b->input_tokens, b->output_tokens)
                              : MONEY_UNKNOWN;
    }
    sim_ledger_add(c->sim->ledger, b);
}

static void call_tell(struct sim_call *c)
{
    if (c->vendor->request_id)
        sim_tell(&c->told, "%s: req_%016llx", c->vendor->request_id, (unsigned long long)rng_mix(c->no));
    if (c->room.limited && c->room.headers && c->vendor->limits)
        c->vendor->limits(&c->room, &c->told);
}

static struct sim_refusal refusal(const struct sim_call *c, int status, enum sim_refusal_kind kind, struct str message)
{
    return (struct sim_refusal){ .status = status, .kind = kind, .message = message, .wait_ms = -1,
                                 .request_id = arena_printf(c->arena, "req_%016llx", (unsigned long long)rng_mix(c->no)) };
}

static void call_refuse(struct sim_call *c, struct sim_refusal why, bool billed)
{
    json_t *body = c->vendor->refuse(c->vendor, &why);

    call_tell(c);
    if (why.wait_ms >= 0 && !c->vendor->wait_in_body) {
        if (why.wait_in_ms)
            sim_tell(&c->told, "retry-after-ms: %lld", (long long)why.wait_ms);
        else
            sim_tell(&c->told, "retry-after: %lld", (long long)sim_round_s(why.wait_ms));
    }
    json_write(body, &c->body);
    json_decref(body);
    c->status = why.status;
    c->content_type = "application/json";
    if (c->op == SIM_OP_CHAT || c->op == SIM_OP_STREAM)
        call_bill(c, why.status, billed);
    call_send(c);
}

static void call_refuse_err(struct sim_call *c, int status, enum sim_refusal_kind kind, const struct err *e)
{
    call_refuse(c, refusal(c, status, kind, arena_strdup(c->arena, str_c(e->text))), false);
}

static struct str status_message(int status)
{
    switch (status) {
    case 400: return S("The request was refused (simulated).");
    case 401: return S("Incorrect API key provided (simulated).");
    case 402: return S("Payment is required (simulated).");
    case 403: return S("This key may not do that (simulated).");
    case 404: return S("The model does not exist (simulated).");
    case 408: return S("The request timed out (simulated).");
    case 429: return S("Rate limit reached, please slow down (simulated).");
    case 500: return S("The server had an error while processing the request (simulated).");
    case 502: return S("Bad gateway (simulated).");
    case 503: return S("The service is unavailable, please try again later (simulated).");
    case 504: return S("The gateway timed out (simulated).");
    case 529: return S("Overloaded (simulated).");
    default:  return status >= 500 ? S("The server failed (simulated).") : S("The request was refused (simulated).");
    }
}

/* --- faults ------------------------------------------------------------------------------------------------------- */

static const struct sim_fault *call_fault(const struct sim_call *c, enum sim_fault_kind kind)
{
    for (size_t i = 0; i < c->faults.len; i++)
        if (c->faults.at[i].kind == kind)
            return &c->faults.at[i];
    return NULL;
}

/* Does the request carry the parameter, by any of the names vendors have for it? */
static bool call_has_param(const struct sim_call *c, struct str name)
{
    static const char *const places[] = { "generationConfig", "generation_config", "options", "inferenceConfig" };
    char key[64], camel[64];
    size_t n = 0;
    bool up = false;

    if (!name.len || name.len >= sizeof key)
        return false;
    memcpy(key, name.at, name.len);
    key[name.len] = '\0';
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '_') {
            up = true;
            continue;
        }
        camel[n++] = up && name.at[i] >= 'a' && name.at[i] <= 'z' ? (char)(name.at[i] - 'a' + 'A') : name.at[i];
        up = false;
    }
    camel[n] = '\0';
    if (json_child(c->ask.body, key))
        return true;
    for (size_t i = 0; i < COUNT_OF(places); i++)
        if (json_child(json_child(c->ask.body, places[i]), key) ||
            json_child(json_child(c->ask.body, places[i]), camel))
            return true;
    return false;
}

/* Faults that leave no answer to compute. True: the call has been dealt with. */
static bool call_strike_early(struct sim_call *c)
{
    const struct sim_fault *f;
    struct sim_refusal why;

    if ((f = call_fault(c, SIM_FAULT_SLOW_FIRST_BYTE))) {
        c->struck = f;
        c->first_us += f->number * 1000;
    }
    if ((f = call_fault(c, SIM_FAULT_RESET)) || (f = call_fault(c, SIM_FAULT_NO_REPLY))) {
        c->struck = f;
        c->end = f->kind == SIM_FAULT_RESET ? SIM_END_RESET : SIM_END_SILENCE;
        c->first_us = 0;
        call_bill(c, 0, false);
        call_send(c);
        return true;
    }
    if ((f = call_fault(c, SIM_FAULT_QUOTA))) {
        c->struck = f;
        call_refuse(c,
                    refusal(c, 429, SIM_REFUSED_QUOTA,
                            S("You exceeded your current quota, please check your plan and billing details.")),
                    false);
        return true;
    }
    if ((f = call_fault(c, SIM_FAULT_STATUS)) || (f = call_fault(c, SIM_FAULT_FLAP))) {
        c->struck = f;
        why = refusal(c, f->status,
                      f->status == 401   ? SIM_REFUSED_KEY
                      : f->status == 404 ? SIM_REFUSED_MODEL
                                         : SIM_REFUSED,
                      status_message(f->status));
        why.wait_ms = f->wait_ms;
        why.wait_in_ms = f->wait_in_ms;
        call_refuse(c, why, false);
        return true;
    }
    if ((f = call_fault(c, SIM_FAULT_REFUSE_PARAM)) && call_has_param(c, f->text)) {
        c->struck = f;
        why = refusal(c, 400, SIM_REFUSED_PARAM,
                      arena_printf(c->arena, "Unsupported parameter: '" STR_FMT "' is not supported with this model.",
                                   STR_ARG(f->text)));
        why.param = f->text;
        call_refuse(c, why, false);
        return true;
    }
    return false;
}

/* What OpenAI's reasoning models refuse. */
static bool call_refuse_reasoning(struct sim_call *c)
{
    static const char *const families[] = { "o1", "o3", "o4", "gpt-5" };
    static const char *const refused[] = { "max_tokens", "top_p", "frequency_penalty", "presence_penalty" };
    struct sim_refusal why;
    bool reasons = false;

    if (c->vendor->dialect != SIM_OPENAI)
        return false;
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        size_t n = strlen(families[i]);

        reasons |= str_starts(c->ask.model_name, str_c(families[i])) &&
                   (c->ask.model_name.len == n || c->ask.model_name.at[n] == '-');
    }
    if (!reasons)
        return false;
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        if (json_child(c->ask.body, refused[i])) {
            why = refusal(c, 400, SIM_REFUSED_PARAM,
                          arena_printf(c->arena, "Unsupported parameter: '%s' is not supported with this model.%s",
                                       refused[i], i == 0 ? " Use 'max_completion_tokens' instead." : ""));
            why.param = str_c(refused[i]);
            call_refuse(c, why, false);
            return true;
        }
    if (c->ask.temperature >= 0 && c->ask.temperature != 1) {
        why = refusal(c, 400, SIM_REFUSED_VALUE,
                      S("Unsupported value: 'temperature' does not support this value with this model. Only the "
                        "default (1) value is supported."));
        why.param = S("temperature");
        call_refuse(c, why, false);
        return true;
    }
    c->ask.model = sim_model_find(S("deep"));
    return false;
}

static void call_garbage(struct sim_call *c)
{
    struct rng r;

    rng_seed(&r, c->no);
    buf_reset(&c->body);
    for (int i = 0; i < 600; i++)
        buf_byte(&c->body, (char)(rng_next(&r) >> 24));
}

static void call_drip(struct sim_call *c)
{
    size_t step = c->body.len / SIM_PIECES + 1;

    for (size_t at = 0; at < c->body.len; at += step)
        sim_event_raw(&c->events, str_sub(buf_str(&c->body), at, step), 1);
    c->in_pieces = true;
}

static void call_keep_half(struct sim_call *c)
{
    if (c->events.list.len > 1)
        c->events.list.len = (c->events.list.len + 1) / 2;
}

/* Faults that spoil an answer which has been computed and billed. */
static void call_strike_late(struct sim_call *c)
{
    const struct sim_fault *f;

    if ((f = call_fault(c, SIM_FAULT_GARBAGE))) {
        c->in_pieces = false;
        call_garbage(c);
    } else if ((f = call_fault(c, SIM_FAULT_WRONG_CONTENT_TYPE))) {
        c->in_pieces = false;
        buf_reset(&c->body);
        buf_puts(&c->body,
                 "<!doctype html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n");
        c->content_type = "text/html; charset=utf-8";
    } else if ((f = call_fault(c, SIM_FAULT_HUGE_BODY))) {
        c->in_pieces = false;
        c->content_type = "application/json";
        c->huge_bytes = f->number;
    } else if ((f = call_fault(c, SIM_FAULT_TRUNCATED_JSON))) {
        if (c->in_pieces) {
            call_keep_half(c);
            struct sim_event *last = &c->events.list.at[c->events.list.len - 1];

            last->bytes.len = last->bytes.len * 2 / 3;
        } else {
            buf_truncate(&c->body, c->body.len / 2);
        }
    } else if ((f = call_fault(c, SIM_FAULT_CUT_STREAM)) || (f = call_fault(c, SIM_FAULT_STALL_STREAM))) {
        if (!c->in_pieces)
            call_drip(c);
        call_keep_half(c);
        c->end = f->kind == SIM_FAULT_CUT_STREAM ? SIM_END_CLOSE : SIM_END_SILENCE;
    }
    if (f)
        c->struck = f;
}

static void call_pace(struct sim_call *c)
{
    double scale, first, total;
    const struct sim_fault *slow = call_fault(c, SIM_FAULT_SLOW);
    int64_t tokens = 0;

    __atomic_load(&c->sim->latency_scale, &scale, __ATOMIC_RELAXED);
    first = c->reply.first_ms * scale;
    total = c->reply.total_ms * scale;
    if (slow) {
        c->struck = slow;
        if (total < SIM_SLOW_BASE_MS)
            total = SIM_SLOW_BASE_MS;
        total *= (double)slow->number;
        first = total / SIM_PIECES;
        if (!c->in_pieces && !c->huge_bytes)
            call_drip(c);
    }
    for (size_t i = 0; i < c->events.list.len; i++)
        tokens += c->events.list.at[i].tokens;
    c->first_us += (int64_t)((c->in_pieces ? first : total) * 1000);
    if (c->in_pieces && total > first)
        c->gap_us = (int64_t)((total - first) * 1000 / (double)MAX(tokens, INT64_C(1)));
}

static void call_error_inside(struct sim_call *c, const struct sim_fault *f, int64_t now_s)
{
    struct sim_refusal why = refusal(c, f->status, SIM_REFUSED, status_message(f->status));
    json_t *body;

    c->struck = f;
    if (c->ask.stream) {
        c->vendor->stream(c->vendor, &c->ask, &c->reply, now_s, &c->events);
        call_keep_half(c);
        if (c->vendor->stream_error)
            c->vendor->stream_error(c->vendor, &why, &c->events);
        else
            sim_event_sse(&c->events, NULL, c->vendor->refuse(c->vendor, &why), 0);
        c->in_pieces = true;
        c->content_type = c->vendor->stream_type;
    } else {
        body = c->vendor->refuse(c->vendor, &why);
        json_write(body, &c->body);
        json_decref(body);
        c->content_type = "application/json";
    }
}

static void call_render(struct sim_call *c, int64_t now_s)
{
    json_t *body;

    if (c->ask.stream && !call_fault(c, SIM_FAULT_EMPTY_CHOICES)) {
        c->vendor->stream(c->vendor, &c->ask, &c->reply, now_s, &c->events);
        c->in_pieces = true;
        c->content_type = c->vendor->stream_type;
        return;
    }
    body = c->vendor->body(c->vendor, &c->ask, &c->reply, now_s);
    if (call_fault(c, SIM_FAULT_EMPTY_CHOICES)) {
        c->struck = call_fault(c, SIM_FAULT_EMPTY_CHOICES);
        c->vendor->empty(body);
    }
    if (c->ask.stream) {                                /* one event with nothing in it */
        if (strcmp(c->vendor->stream_type, "text/event-stream") == 0) {
            sim_event_sse(&c->events, NULL, json_incref(body), 0);
        } else {
            json_write(body, &c->body);
            buf_byte(&c->body, '\n');
            sim_event_raw(&c->events, buf_str(&c->body), 0);
        }
        c->in_pieces = true;
        c->content_type = c->vendor->stream_type;
    } else {
        json_write(body, &c->body);
        c->content_type = "application/json";
    }
    json_decref(body);
}

/* --- one request -------------------------------------------------------------------------------------------------- */

static struct str call_header(void *arg, const char *name)
{
    struct sim_call *c = arg;

    return http_header(c->r, name);
}

static bool call_check_signature(struct sim_call *c)
{
    struct signature_ask ask = {
        .method = http_method(c->r), .path = http_path(c->r), .body = http_body(c->r), .service = S("bedrock"),
        .authorization = http_header(c->r, "authorization"), .header = call_header, .arg = c,
        .secret = secret_reveal(&c->sim->aws_secret), .wall_ms = clock_wall_ms(),
    };
    struct str why;
    enum signature_verdict v = signature_check(&ask, c->arena, &why);

    if (v != SIGNATURE_GOOD)
        call_refuse(c, refusal(c, 403, v == SIGNATURE_INVALID ? SIM_REFUSED_SIGNATURE : SIM_REFUSED_UNSIGNED, why),
                    false);
    return v == SIGNATURE_GOOD;
}

static bool call_check_key(struct sim_call *c)
{
    struct str auth = http_header(c->r, "authorization"), key = str_n("", 0);
    struct sim_refusal why;

    if (str_istarts(auth, S("bearer ")))
        key = str_trim(str_from(auth, 7));
    if (c->vendor->auth == SIM_AUTH_ANTHROPIC && http_header(c->r, "x-api-key").len)
        key = http_header(c->r, "x-api-key");
    if (c->vendor->auth == SIM_AUTH_AZURE && http_header(c->r, "api-key").len)
        key = http_header(c->r, "api-key");
    if (c->vendor->auth == SIM_AUTH_AWS && str_starts(auth, S("AWS4-HMAC-SHA256 Credential="))) {
        key = str_from(auth, 28);
        key.len = str_find_byte(key, '/') >= 0 ? (size_t)str_find_byte(key, '/') : 0;
    }
    if (c->vendor->auth == SIM_AUTH_GOOGLE) {
        key = http_header(c->r, "x-goog-api-key");
        if (!key.len)
            key = http_query(c->r, "key");
    }
    if (c->vendor->auth != SIM_AUTH_NONE && !key.len) {
        call_refuse(c, refusal(c, 401, SIM_REFUSED_KEY, S("No API key was given.")), false);
        return false;
    }
    if (str_is(key, "wrong") || str_contains(key, S("invalid"))) {
        why = refusal(c, 401, SIM_REFUSED_KEY, S("Incorrect API key provided."));
        why.param = c->vendor->auth == SIM_AUTH_GOOGLE ? S("key") : STR_NONE;
        call_refuse(c, why, false);
        return false;
    }
    if (c->vendor->auth == SIM_AUTH_AWS && secret_is_set(&c->sim->aws_secret))
        return call_check_signature(c);
    return true;
}

static bool call_read(struct sim_call *c)
{
    struct err e = ERR_INIT;
    struct str asked;
    char hint[160];
    json_t *body;
    ptrdiff_t bang;

    if (json_read(http_body(c->r), &body, &e) != ERR_OK) {
        err_prefix(&e, "We could not parse the JSON body of your request");
        call_refuse_err(c, 400, SIM_REFUSED, &e);
        return false;
    }
    c->ask.body = json_in_arena(body, c->arena);
    if ((c->op == SIM_OP_EMBED ? sim_embed_read(c->vendor, &c->ask, c->arena, &c->texts, &c->text_count, &e)
                               : c->vendor->read(&c->ask, c->arena, &e)) != ERR_OK) {
        call_refuse_err(c, 400, SIM_REFUSED, &e);
        return false;
    }
    asked = c->ask.model_asked;
    if (str_starts(asked, S("sim:")) || str_starts(asked, S("sim/")))
        asked = str_from(asked, 4);
    bang = str_find_byte(asked, '!');
    if (bang >= 0) {
        c->words = str_from(asked, (size_t)bang + 1);
        asked.len = (size_t)bang;
    }
    c->ask.model_name = asked;
    c->ask.trial = http_header(c->r, "x-assay-trial");
    if (!c->ask.trial.len)
        c->ask.trial = json_get_str(c->ask.body, "assay_trial");
    c->ask.model = sim_model_for(asked, hint);
    if (!c->ask.model) {
        call_refuse(c,
                    refusal(c, 404, SIM_REFUSED_MODEL,
                            arena_printf(c->arena,
                                         "The model '" STR_FMT "' does not exist or you do not have access to it%s.",
                                         STR_ARG(asked), hint)),
                    false);
        return false;
    }
    return true;
}

static bool call_admit(struct sim_call *c)
{
    struct sim_refusal why;

    if (sim_weather_calm(c->sim->weather))
        return true;
    sim_weather_admit(c->sim->weather, c->ask.model_name,
                      sim_ask_tokens(&c->ask) + MIN(MAX(c->ask.max_tokens, INT64_C(0)), INT64_C(100)), &c->room);
    if (!c->room.refused)
        return true;
    why = refusal(c, 429, SIM_REFUSED,
                  c->room.by_tokens ? S("Rate limit reached for tokens per minute (simulated).")
                                    : S("Rate limit reached for requests per minute (simulated)."));
    if (c->room.headers)
        why.wait_ms = c->room.wait_ms;
    call_refuse(c, why, false);
    return false;
}

/* What is to go wrong with this call; false when it already has. */
static bool call_weather(struct sim_call *c)
{
    struct err e = ERR_INIT;

    if (c->words.len || http_header(c->r, "x-sim-fault").len || !sim_weather_calm(c->sim->weather)) {
        uint64_t who = hash_bytes(c->ask.trial, c->ask.hash) ^ hash_bytes(c->ask.model_asked, 2);

        if (sim_weather_strike(c->sim->weather, c->ask.model_name, c->words, http_header(c->r, "x-sim-fault"), who,
                               c->arena, &c->faults, &e) != ERR_OK) {
            call_refuse_err(c, 400, SIM_REFUSED, &e);
            return false;
        }
        if (c->faults.len && call_strike_early(c))
            return false;
    }
    return true;
}

static void call_chat(struct sim_call *c)
{
    int64_t now_s = clock_wall_ms() / 1000;
    const struct sim_fault *f;

    if (!call_read(c))
        return;
    c->ask.stream |= c->op == SIM_OP_STREAM;
    if (!call_weather(c))
        return;
    if (!call_admit(c) || call_refuse_reasoning(c))
        return;
    sim_reply_make(c->sim->options.seed, c->sim->book, &c->ask, c->arena, &c->reply);
    c->reply.id ^= rng_mix(c->no);
    c->status = 200;
    if (c->faults.len) {
        if ((f = call_fault(c, SIM_FAULT_BILLED_BUT_FAILED))) {
            c->struck = f;
            call_refuse(c, refusal(c, f->status, SIM_REFUSED, status_message(f->status)), true);
            return;
        }
        if ((f = call_fault(c, SIM_FAULT_CONTENT_FILTER))) {
            c->struck = f;
            c->reply.text = str_n("", 0);
            c->reply.finish = SIM_FILTERED;
        }
    }
    call_tell(c);
    if ((f = call_fault(c, SIM_FAULT_ERROR_IN_200)))
        call_error_inside(c, f, now_s);
    else
        call_render(c, now_s);
    if (c->faults.len)
        call_strike_late(c);
    call_pace(c);
    call_bill(c, 200, !f);
    call_send(c);
}

static void call_json(struct sim_call *c, json_t *j)
{
    call_tell(c);
    http_answer_json(c->r, 200, j, c->told.lines);
}

static void call_count(struct sim_call *c)
{
    if (call_read(c))
        call_json(c, c->vendor->count(sim_ask_tokens(&c->ask)));
}

static void call_embed(struct sim_call *c)
{
    if (!call_read(c) || !call_weather(c) || !call_admit(c))
        return;
    c->reply.input_tokens = sim_ask_tokens(&c->ask);
    c->reply.which = SIM_NO_CASE;
    c->status = 200;
    call_bill(c, 200, true);
    call_json(c, sim_embed_body(c->vendor, &c->ask, c->texts, c->text_count, c->reply.input_tokens));
}

static void call_model(struct sim_call *c)
{
    char hint[160];

    if (sim_model_for(c->ask.model_asked, hint))
        call_json(c, c->vendor->models(c->vendor, c->ask.model_asked));
    else
        call_refuse(c,
                    refusal(c, 404, SIM_REFUSED_MODEL,
                            arena_printf(c->arena, "The model '" STR_FMT "' does not exist%s.",
                                         STR_ARG(c->ask.model_asked), hint)),
                    false);
}

/* --- the simulator's own paths ------------------------------------------------------------------------------------ */

static void sim_answer_err(struct http_request *r, int status, const struct err *e)
{
    http_answer_json(r, status, json_pack("{s:{s:s}}", "error", "message", e->text), NULL);
}

static int64_t sim_query_i64(struct http_request *r, const char *name)
{
    int64_t n;

    return str_to_i64(http_query(r, name), &n) ? n : 0;
}

static bool sim_is_set(struct http_request *r, const char *name)
{
    struct str s = http_query(r, name);

    return s.len && !str_is(s, "0") && !str_is(s, "false");
}

static json_t *sim_control_json(struct sim *s)
{
    json_t *o = sim_weather_json(s->weather);
    double scale;

    __atomic_load(&s->latency_scale, &scale, __ATOMIC_RELAXED);
    json_object_set_new(o, "latency_scale", json_real(scale));
    return o;
}

static void sim_ledger_asked(struct sim *s, struct http_request *r)
{
    if (str_is(http_method(r), "DELETE")) {
        sim_ledger_clear(s->ledger);
        http_answer_json(r, 200, sim_ledger_totals(s->ledger), NULL);
    } else if (sim_is_set(r, "summary")) {
        http_answer_json(r, 200, sim_ledger_totals(s->ledger), NULL);
    } else {
        http_answer_json(r, 200,
                         sim_ledger_json(s, sim_query_i64(r, "since"), sim_query_i64(r, "limit"), sim_is_set(r, "all")),
                         NULL);
    }
}

static void sim_control_asked(struct sim *s, struct http_request *r)
{
    AUTO_JSON *j = NULL;
    struct err e = ERR_INIT;

    if (str_is(http_method(r), "DELETE"))
        j = json_pack("{s:[],s:{}}", "faults", "limits");
    else if (!str_is(http_method(r), "GET") && json_read(http_body(r), &j, &e) != ERR_OK) {
        sim_answer_err(r, 400, &e);
        return;
    }
    if (j && sim_control(s, j, &e) != ERR_OK) {
        sim_answer_err(r, 400, &e);
        return;
    }
    http_answer_json(r, 200, sim_control_json(s), NULL);
}

static void sim_handle(struct http_request *r, void *arg)
{
    struct sim *s = arg;
    struct str path = http_path(r), method = http_method(r), model = str_n("", 0);
    struct arena *a = http_arena(r);
    const struct sim_vendor *v;
    struct sim_call *c;
    enum sim_op op = SIM_OP_NONE;
    struct err e = ERR_INIT;

    if (str_is(path, "/healthz")) {
        http_answer_bytes(r, 200, "text/plain", S("ok\n"), NULL);
        return;
    }
    if (str_is(path, "/ledger")) {
        sim_ledger_asked(s, r);
        return;
    }
    if (str_is(path, "/control")) {
        sim_control_asked(s, r);
        return;
    }
    v = sim_route(path, http_header(r, "anthropic-version").len > 0, a, &op, &model);
    if (!v) {
        err_set(&e, ERR_NOT_FOUND,
                "the simulator has no path " STR_FMT
                "; try /v1/chat/completions, /openai/v1/chat/completions, /anthropic/v1/messages, "
                "/google/v1beta/models/NAME:generateContent, /ollama/api/chat, /ledger or /control",
                STR_ARG(path));
        sim_answer_err(r, 404, &e);
        return;
    }
    if (!str_is(method, op == SIM_OP_CHAT || op == SIM_OP_STREAM || op == SIM_OP_COUNT || op == SIM_OP_EMBED ? "POST"
                                                                                                             : "GET")) {
        err_set(&e, ERR_USAGE, STR_FMT " is not allowed on " STR_FMT, STR_ARG(method), STR_ARG(path));
        sim_answer_err(r, 405, &e);
        return;
    }
    c = arena_new(a, struct sim_call);
    c->sim = s;
    c->r = r;
    c->arena = a;
    c->vendor = v;
    c->op = op;
    c->no = s->options.seed + __atomic_add_fetch(&s->requests, 1, __ATOMIC_RELAXED);
    c->ask.model_asked = model;
    c->ask.temperature = -1;
    c->ask.max_tokens = c->ask.seed = -1;
    c->body = BUF_INIT(SIM_BODY_MAX);
    c->events.arena = c->told.arena = a;
    arena_defer(a, call_release, c);
    if ((op == SIM_OP_CHAT || op == SIM_OP_STREAM)) {
        c->flying = true;
        sim_ledger_flight(s->ledger, 1);
    }
    if (op != SIM_OP_VERSION && !(v->dialect == SIM_OPENROUTER && op == SIM_OP_MODELS) && !call_check_key(c))
        return;
    switch (op) {
    case SIM_OP_COUNT:   call_count(c); break;
    case SIM_OP_EMBED:   call_embed(c); break;
    case SIM_OP_MODELS:  call_json(c, v->models(v, STR_NONE)); break;
    case SIM_OP_MODEL:   call_model(c); break;
    case SIM_OP_VERSION: call_json(c, json_pack("{s:s}", "version", "0.9.0")); break;
    default:             call_chat(c); break;
    }
}

/* --- life --------------------------------------------------------------------------------------------------------- */

static void *sim_clock_run(void *arg)
{
    loop_run(((struct sim *)arg)->loop);
    return NULL;
}

enum err_code sim_new(const struct sim_options *options, struct sim **out, struct err *e)
{
    struct sim *s = xcalloc(1, sizeof *s);
    enum err_code code;
    const char *address = options->address ? options->address : "127.0.0.1";

    s->options = *options;
    if (options->aws_secret)
        secret_set(&s->aws_secret, str_c(options->aws_secret));
    s->latency_scale = options->latency_scale > 0 ? options->latency_scale : 0;
    s->book = sim_book_new();
    s->ledger = sim_ledger_new();
    s->weather = sim_weather_new(options->seed);
    code = options->faults ? sim_weather_set_words(s->weather, str_c(options->faults), e) : ERR_OK;
    if (code == ERR_OK)
        code = loop_new(&s->loop, e);
    if (code == ERR_OK && pthread_create(&s->clock, NULL, sim_clock_run, s) != 0) {
        loop_free(s->loop);
        s->loop = NULL;
        code = err_set(e, ERR_ENVIRONMENT, "the simulator's clock did not start: no threads left");
    }
    if (code == ERR_OK)
        code = http_server_new(&(struct http_options){ .address = options->address, .port = options->port, .threads = options->threads,
                                                       .connections_max = options->connections_max, .handle = sim_handle, .arg = s },
                               &s->server, e);
    if (code != ERR_OK) {
        sim_free(s);
        return code;
    }
    if (strcmp(address, "0.0.0.0") == 0)
        address = "127.0.0.1";
    snprintf(s->url, sizeof s->url, strchr(address, ':') ? "http://[%s]:%u" : "http://%s:%u", address,
             (unsigned)http_server_port(s->server));
    *out = s;
    return ERR_OK;
}

void sim_free(struct sim *s)
{
    if (!s)
        return;
    http_server_free(s->server);            /* no request comes after this */
    if (s->loop) {
        loop_stop(s->loop);
        pthread_join(s->clock, NULL);
        while (s->calls) {                  /* late answers and silences: nobody hears them any more */
            struct sim_call *c = s->calls;

            call_unlist(c);
            http_abort(c->r, HTTP_ABORT_CLOSE);
        }
        loop_free(s->loop);
    }
    sim_weather_free(s->weather);
    sim_ledger_free(s->ledger);
    sim_book_free(s->book);
    secret_dispose(&s->aws_secret);
    free(s);
}

uint16_t sim_port(const struct sim *s)
{
    return http_server_port(s->server);
}

const char *sim_url(const struct sim *s)
{
    return s->url;
}

enum err_code sim_book_add(struct sim *s, const struct dataset_case *c, struct err *e)
{
    return sim_book_put(s->book, c->id, c->vars, c->expected, e);
}

enum err_code sim_book_add_text(struct sim *s, struct str input, const json_t *expected, struct err *e)
{
    AUTO_JSON *vars = json_from_str(input);

    return sim_book_put(s->book, STR_NONE, vars, expected, e);
}

enum err_code sim_book_load(struct sim *s, const char *path, struct err *e)
{
    return sim_book_read(s->book, path, e);
}

int64_t sim_book_len(struct sim *s)
{
    return (int64_t)sim_book_count(s->book);
}

enum err_code sim_control(struct sim *s, const json_t *control, struct err *e)
{
    static const char *const known[] = { "faults", "limits", "latency_scale" };
    const char *key;
    json_t *value;
    double scale;

    if (!json_is_object(control))
        return err_set(e, ERR_BAD_INPUT, "control is an object with faults, limits, latency_scale");
    json_object_foreach((json_t *)control, key, value) {
        struct suggest near;
        char hint[160];
        bool found = false;

        suggest_begin(&near, str_c(key));
        for (size_t i = 0; i < COUNT_OF(known); i++) {
            suggest_offer(&near, str_c(known[i]));
            found |= strcmp(key, known[i]) == 0;
        }
        if (!found)
            return err_set(e, ERR_BAD_INPUT, "control has no \"%.60s\"%s; allowed: faults, limits, latency_scale", key,
                           suggest_hint(&near, hint));
    }
    scale = json_get_double(control, "latency_scale", 0);
    if (!(scale >= 0 && scale <= 1000))
        return err_set(e, ERR_BAD_INPUT, "latency_scale is between 0 (no waiting) and 1000");
    if (json_child(control, "faults"))
        TRY(sim_weather_set_rules(s->weather, json_child(control, "faults"), e));
    if (json_child(control, "limits"))
        TRY(sim_weather_set_limits(s->weather, json_child(control, "limits"), e));
    if (json_child(control, "latency_scale"))
        __atomic_store(&s->latency_scale, &scale, __ATOMIC_RELAXED);
    return ERR_OK;
}

json_t *sim_ledger_json(struct sim *s, int64_t since, int64_t limit, bool all)
{
    return sim_ledger_rows(s->ledger, s->book, since, limit, all);
}

json_t *sim_ledger_summary(struct sim *s)
{
    return sim_ledger_totals(s->ledger);
}

void sim_ledger_reset(struct sim *s)
{
    sim_ledger_clear(s->ledger);
}
