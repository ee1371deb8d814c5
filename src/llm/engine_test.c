/* The engine against a server that misbehaves on purpose: raw sockets, one thread a connection. */
#include "base/test.h"
#include "llm/engine.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- the server ------------------------------------------------------------------------------------------------ */
struct server;
struct peer { struct server *server; int fd, number; char bytes[16384]; size_t len, head; bool one_read; };

/* Answers request `number` (from 0, over all connections); false closes the connection. */
typedef bool (*server_fn)(struct peer *p, int number);

struct server {
    int listener;
    uint16_t port;
    server_fn fn;
    pthread_t thread;
    int requests, connections, running;     /* atomics */
    bool closing;                           /* atomic */
    pthread_mutex_t lock;
    int fds[2048];                          /* open connections, guarded by lock */
    size_t fd_count;
    char last[16384];                       /* the last request, guarded by lock */
};

static void peer_send(struct peer *p, const char *text)
{
    size_t n = strlen(text);

    while (n) {
        ssize_t sent = send(p->fd, text, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        text += sent;
        n -= (size_t)sent;
    }
}

static void peer_answer(struct peer *p, const char *status, const char *headers, const char *body)
{
    char head[1024];

    snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n",
             status, headers, strlen(body));
    peer_send(p, head);
    peer_send(p, body);
}

static const char good_body[] =
    "{\"id\":\"r1\",\"model\":\"test-1\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\" hello \"},"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15}}";

static bool peer_good(struct peer *p)
{
    peer_answer(p, "200 OK", "", good_body);
    return true;
}

static bool peer_reset(struct peer *p)
{
    struct linger hard = { .l_onoff = 1 };

    setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    return false;
}

/* One whole request into p->bytes; false when the client has gone. */
static bool peer_read(struct peer *p)
{
    p->len = 0;
    p->one_read = false;
    for (int reads = 1;; reads++) {
        ssize_t n = recv(p->fd, p->bytes + p->len, sizeof p->bytes - 1 - p->len, 0);
        char *end, *length;

        if (n <= 0)
            return false;
        p->len += (size_t)n;
        p->bytes[p->len] = '\0';
        end = strstr(p->bytes, "\r\n\r\n");
        length = strcasestr(p->bytes, "content-length:");
        if (end && length && p->len >= (size_t)(end + 4 - p->bytes) + strtoul(length + 15, NULL, 10)) {
            p->one_read = reads == 1;
            p->head = (size_t)(end + 4 - p->bytes);
            return true;
        }
    }
}

static void *server_connection(void *arg)
{
    struct peer *p = arg;
    struct server *s = p->server;
    bool on = true;

    while (on && peer_read(p)) {
        pthread_mutex_lock(&s->lock);
        memcpy(s->last, p->bytes, p->len + 1);
        pthread_mutex_unlock(&s->lock);
        on = s->fn(p, __atomic_fetch_add(&s->requests, 1, __ATOMIC_SEQ_CST));
    }
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->fd_count; i++)
        if (s->fds[i] == p->fd)
            s->fds[i] = s->fds[--s->fd_count];
    close(p->fd);
    pthread_mutex_unlock(&s->lock);
    free(p);
    __atomic_fetch_sub(&s->running, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void *server_main(void *arg)
{
    struct server *s = arg;
    pthread_attr_t small;
    int fd;

    pthread_attr_init(&small);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&small, 256 * 1024);
    while ((fd = accept(s->listener, NULL, NULL)) >= 0 && !__atomic_load_n(&s->closing, __ATOMIC_SEQ_CST)) {
        struct peer *p = xcalloc(1, sizeof *p);
        pthread_t thread;

        p->server = s;
        p->fd = fd;
        pthread_mutex_lock(&s->lock);
        ASSERT(s->fd_count < COUNT_OF(s->fds));
        s->fds[s->fd_count++] = fd;
        pthread_mutex_unlock(&s->lock);
        __atomic_fetch_add(&s->connections, 1, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&s->running, 1, __ATOMIC_SEQ_CST);
        ASSERT(pthread_create(&thread, &small, server_connection, p) == 0);
    }
    if (fd >= 0)
        close(fd);
    pthread_attr_destroy(&small);
    return NULL;
}

static void server_open(struct server *s, server_fn fn)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;

    *s = (struct server){ .fn = fn, .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    pthread_mutex_init(&s->lock, NULL);
    ASSERT(bind(s->listener, (struct sockaddr *)&at, sizeof at) == 0 && listen(s->listener, 2048) == 0);
    ASSERT(getsockname(s->listener, (struct sockaddr *)&at, &len) == 0);
    s->port = ntohs(at.sin_port);
    ASSERT(pthread_create(&s->thread, NULL, server_main, s) == 0);
}

static void server_close(struct server *s)
{
    __atomic_store_n(&s->closing, true, __ATOMIC_SEQ_CST);
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->fd_count; i++)
        shutdown(s->fds[i], SHUT_RDWR);
    pthread_mutex_unlock(&s->lock);
    while (__atomic_load_n(&s->running, __ATOMIC_SEQ_CST))
        clock_sleep_ms(1);
    pthread_mutex_destroy(&s->lock);
}

static int server_requests(struct server *s)
{
    return __atomic_load_n(&s->requests, __ATOMIC_SEQ_CST);
}

static int server_connections(struct server *s)
{
    return __atomic_load_n(&s->connections, __ATOMIC_SEQ_CST);
}

/* --- asking ---------------------------------------------------------------------------------------------------- */
struct asked { struct call call; struct model model; struct message message; bool done; pthread_mutex_t lock; pthread_cond_t cond; };

static void asked_done(struct call *c)
{
    struct asked *q = c->owner;

    pthread_mutex_lock(&q->lock);
    q->done = true;
    pthread_cond_signal(&q->cond);
    pthread_mutex_unlock(&q->lock);
}

static struct asked *asked_new(struct arena *a, const char *provider, const char *id)
{
    struct asked *q = arena_new(a, struct asked);

    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->cond, NULL);
    q->model = (struct model){ str_c(provider), str_c(id), arena_printf(a, "%s:%s", provider, id) };
    q->message = message_text(MESSAGE_USER, S("Say hello."), a);
    q->call = (struct call){ .request = { .model = &q->model, .messages = &q->message, .message_count = 1 },
                             .arena = a, .done = asked_done, .owner = q };
    return q;
}

static void asked_stream(struct asked *q)
{
    q->call.request.params.set |= BIT(PARAM_STREAM);
    q->call.request.params.stream = true;
}

static struct call *asked_wait(struct asked *q)
{
    pthread_mutex_lock(&q->lock);
    while (!q->done)
        pthread_cond_wait(&q->cond, &q->lock);
    pthread_mutex_unlock(&q->lock);
    return &q->call;
}

static struct call *ask(struct llm *l, struct asked *q)
{
    struct err e = ERR_INIT;

    if (llm_submit(l, &q->call, &e) != ERR_OK) {
        test_fail(__FILE__, __LINE__, "submit: %s", e.text);
        q->call.code = e.code;
        return &q->call;
    }
    return asked_wait(q);
}

/* Short waits, so that a test of three attempts takes milliseconds. */
static const struct llm_options quick = {
    .backoff_base_ms = 4, .backoff_max_ms = 20, .first_byte_timeout_ms = 2000, .idle_timeout_ms = 2000, .seed = 1,
};

static struct llm *engine_for(const struct server *s, const struct llm_options *o)
{
    struct llm *l = NULL;
    struct err e = ERR_INIT;
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u/v1/", s->port);
    ASSERT(llm_new(o, &l, &e) == ERR_OK);
    ASSERT(llm_set_base_url(l, S("sim"), str_c(url), &e) == ERR_OK);
    ASSERT(llm_set_base_url(l, S("openai"), str_c(url), &e) == ERR_OK);
    return l;
}

static bool call_says(const struct call *c, const char *words)
{
    if (strstr(c->err.text, words))
        return true;
    test_fail(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", c->err.text, words);
    return false;
}

/* One call to a server that behaves like `fn`. */
#define WITH_SERVER(fn, options)                                                                   \
    AUTO_ARENA *a = arena_new_sized(0);                                                            \
    struct server server;                                                                          \
    struct llm *l;                                                                                 \
    struct asked *q = asked_new(a, "sim", "test-1");                                               \
    struct call *c;                                                                                \
    server_open(&server, fn);                                                                      \
    l = engine_for(&server, options)
#define END_SERVER()                                                                               \
    llm_free(l);                                                                                   \
    server_close(&server)

/* --- good answers ---------------------------------------------------------------------------------------------- */
static bool serve_good(struct peer *p, int number)
{
    (void)number;
    CHECK(p->one_read);                             /* head and body left in one write */
    CHECK(!strcasestr(p->bytes, "expect:"));
    CHECK(strstr(p->bytes, "Content-Type: application/json\r\n") != NULL);
    return peer_good(p);
}

TEST(an_answer_comes_with_usage_attempts_and_times)
{
    WITH_SERVER(serve_good, &quick);

    c = ask(l, q);
    CHECK_OK(c->code);
    CHECK_STR(c->answer.text, "hello");
    CHECK_STR(c->answer.model_version, "test-1");
    CHECK_INT(c->answer.usage.input, 12);
    CHECK_INT(c->answer.usage.output, 3);
    CHECK_INT(c->attempt_count, 1);
    CHECK_INT(c->attempts[0].code, ERR_OK);
    CHECK_INT(c->attempts[0].http_status, 200);
    CHECK_INT(c->first_token_ms, -1);
    CHECK(c->latency_ms >= 0 && c->latency_ms < 2000);
    CHECK(c->work == NULL);
    END_SERVER();
}

TEST(one_call_after_another_shares_a_connection)
{
    struct llm_lane_stat lane;
    WITH_SERVER(serve_good, &quick);

    for (int i = 0; i < 20; i++) {
        q->done = false;
        c = ask(l, q);
        CHECK_OK(c->code);
    }
    CHECK_INT(server_connections(&server), 1);
    CHECK(llm_lane_at(l, 0, &lane));
    CHECK_STR(lane.provider, "sim");
    CHECK_INT(lane.requests, 20);
    CHECK(!llm_lane_at(l, 1, &lane));
    END_SERVER();
}

static bool serve_no_usage(struct peer *p, int number)
{
    (void)number;
    peer_answer(p, "200 OK", "",
                "{\"choices\":[{\"message\":{\"content\":\"twelve bytes\"},\"finish_reason\":\"stop\"}]}");
    return true;
}

TEST(usage_that_is_not_told_is_estimated_and_marked)
{
    WITH_SERVER(serve_no_usage, &quick);

    c = ask(l, q);
    CHECK_OK(c->code);
    CHECK(!c->answer.usage_reported);
    CHECK(c->answer.usage.input_estimated && c->answer.usage.output_estimated);
    CHECK_INT(c->answer.usage.output, 3);
    END_SERVER();
}

static bool serve_chunks(struct peer *p, int number)
{
    (void)number;
    peer_send(p, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: "
                 "chunked\r\n\r\n");
    for (const char *at = good_body; *at;) {
        char chunk[64];
        int n = (int)MIN(strlen(at), (size_t)20);

        snprintf(chunk, sizeof chunk, "%x\r\n%.*s\r\n", (unsigned)n, n, at);
        peer_send(p, chunk);
        at += n;
    }
    peer_send(p, "0\r\n\r\n");
    return true;
}

TEST(a_chunked_answer_after_a_100_is_read)
{
    WITH_SERVER(serve_chunks, &quick);

    c = ask(l, q);
    CHECK_OK(c->code);
    CHECK_STR(c->answer.text, "hello");
    END_SERVER();
}

/* --- the network fails ----------------------------------------------------------------------------------------- */
static bool serve_reset_once(struct peer *p, int number)
{
    return number == 0 ? peer_reset(p) : peer_good(p);
}

TEST(a_reset_is_tried_again)
{
    WITH_SERVER(serve_reset_once, &quick);

    c = ask(l, q);
    CHECK_OK(c->code);
    CHECK_INT(c->attempt_count, 2);
    CHECK_INT(c->attempts[0].code, ERR_NETWORK);
    CHECK_INT(c->attempts[0].http_status, 0);
    CHECK(c->attempts[0].text.len > 0);
    END_SERVER();
}

static bool serve_reset(struct peer *p, int number)
{
    (void)number;
    return peer_reset(p);
}

TEST(three_attempts_are_all)
{
    WITH_SERVER(serve_reset, &quick);

    c = ask(l, q);
    CHECK_INT(c->code, ERR_NETWORK);
    CHECK_INT(c->attempt_count, 3);
    CHECK_INT(server_requests(&server), 3);
    CHECK(call_says(c, "127.0.0.1"));
    END_SERVER();
}

TEST(nobody_listening_is_a_network_error)
{
    WITH_SERVER(serve_good, &quick);
    struct err e;

    CHECK_OK(llm_set_base_url(l, S("sim"), S("http://127.0.0.1:1"), &e));
    c = ask(l, q);
    CHECK_INT(c->code, ERR_NETWORK);
    CHECK_INT(c->attempt_count, 3);
    CHECK(call_says(c, "http://127.0.0.1:1"));
    END_SERVER();
}

static bool serve_close_after(struct peer *p, int number)
{
    (void)number;
    peer_good(p);
    clock_sleep_ms(20);
    return false;
}

TEST(a_connection_the_server_closed_while_idle_costs_no_attempt)
{
    WITH_SERVER(serve_close_after, &quick);

    for (int i = 0; i < 3; i++) {
        q->done = false;
        c = ask(l, q);
        CHECK_OK(c->code);
        CHECK_INT(c->attempt_count, 1);
        clock_sleep_ms(60);
    }
    CHECK_INT(server_requests(&server), 3);
    CHECK_INT(server_connections(&server), 3);
    END_SERVER();
}

static bool serve_short_once(struct peer *p, int number)
{
    if (number)
        return peer_good(p);
    peer_send(p, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{\"choices\":[");
    return false;
}

TEST(an_answer_cut_short_is_tried_again)
{
    WITH_SERVER(serve_short_once, &quick);

    c = ask(l, q);
    CHECK_OK(c->code);
    CHECK_INT(c->attempt_count, 2);
    CHECK_INT(c->attempts[0].code, ERR_NETWORK);
    CHECK_INT(c->attempts[0].http_status, 200);
    END_SERVER();
}

/* --- deadlines ------------------------------------------------------------------------------------------------- */
static bool serve_nothing(struct peer *p, int number)
{
    (void)number;
    return peer_read(p);                            /* until the client goes */
}

TEST(no_first_byte_ends_by_its_deadline)
{
    struct llm_options o = quick;

    o.first_byte_timeout_ms = 60;
    WITH_SERVER(serve_nothing, &o);
    c = ask(l, q);
    CHECK_INT(c->code, ERR_TIMEOUT);
    CHECK_INT(c->attempt_count, 3);
    CHECK(call_says(c, "no first byte within 0.1 s"));
    CHECK(c->attempts[0].duration_ms >= 55 && c->attempts[0].duration_ms < 1000);
    END_SERVER();
}

static bool serve_late(struct peer *p, int number)
{
    (void)number;
    clock_sleep_ms(150);
    return peer_good(p);
}

TEST(a_slow_first_byte_within_the_deadline_is_fine)
{
    WITH_SERVER(serve_late, &quick);

    c = ask(l, q);
    CHECK_OK(c->code);
    CHECK(c->latency_ms >= 145);
    END_SERVER();
}

static bool serve_stall(struct peer *p, int number)
{
    (void)number;
    peer_send(p, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{\"choices\":[");
    return peer_read(p);
}

TEST(a_stalled_body_ends_by_the_idle_deadline)
{
    struct llm_options o = quick;

    o.idle_timeout_ms = 60;
    WITH_SERVER(serve_stall, &o);
    c = ask(l, q);
    CHECK_INT(c->code, ERR_TIMEOUT);
    CHECK_INT(c->attempt_count, 3);
    CHECK(call_says(c, "fell silent"));
    END_SERVER();
}

static bool serve_dribble(struct peer *p, int number)
{
    (void)number;
    peer_send(p, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n");
    for (int i = 0; i < 200 && send(p->fd, " ", 1, MSG_NOSIGNAL) == 1; i++)
        clock_sleep_ms(5);
    return false;
}

TEST(alive_but_dribbling_ends_by_the_total_deadline)
{
    WITH_SERVER(serve_dribble, &quick);

    q->call.request.params.set = BIT(PARAM_TIMEOUT_MS);
    q->call.request.params.timeout_ms = 120;
    c = ask(l, q);
    CHECK_INT(c->code, ERR_TIMEOUT);
    CHECK_INT(c->attempt_count, 3);
    CHECK(call_says(c, "had not finished its answer within 0.1 s"));
    END_SERVER();
}

/* --- ceilings and nonsense ------------------------------------------------------------------------------------- */
static bool serve_huge(struct peer *p, int number)
{
    static const char line[] = "                                                                                ";

    (void)number;
    peer_send(p, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50000000\r\n\r\n");
    for (int i = 0; i < 4000; i++)
        if (send(p->fd, line, sizeof line - 1, MSG_NOSIGNAL) <= 0)
            break;
    return false;
}

TEST(a_huge_body_is_refused_once)
{
    struct llm_options o = quick;

    o.response_bytes_max = 100000;
    WITH_SERVER(serve_huge, &o);
    c = ask(l, q);
    CHECK_INT(c->code, ERR_INVALID_RESPONSE);
    CHECK_INT(c->attempt_count, 1);
    CHECK(call_says(c, "larger than the 100000 bytes"));
    END_SERVER();
}

static bool serve_huge_head(struct peer *p, int number)
{
    (void)number;
    peer_send(p, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 3000; i++) {
        char line[64];

        snprintf(line, sizeof line, "x-padding-%d: aaaaaaaaaaaaaaaaaaaaaaaaa\r\n", i);
        peer_send(p, line);
    }
    peer_send(p, "\r\n");
    return false;
}

TEST(huge_headers_are_refused_once)
{
    WITH_SERVER(serve_huge_head, &quick);

    c = ask(l, q);
    CHECK_INT(c->code, ERR_INVALID_RESPONSE);
    CHECK_INT(c->attempt_count, 1);
    CHECK(call_says(c, "headers are larger than"));
    END_SERVER();
}

static bool serve_garbage(struct peer *p, int number)
{
    (void)number;
    peer_answer(p, "200 OK", "", "\x01\x02 this is not JSON {");
    return true;
}

static bool serve_html(struct peer *p, int number)
{
    (void)number;
    peer_send(p, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 26\r\n\r\n<html><body>hi</body></ht>");
    return true;
}

static bool serve_no_http(struct peer *p, int number)
{
    (void)number;
    peer_send(p, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\nwhat do you want of me, and why by HTTP?\r\n");
    return false;
}

TEST(nonsense_is_an_invalid_response_and_not_tried_again)
{
    static const server_fn kinds[] = { serve_garbage, serve_html, serve_no_http };

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        WITH_SERVER(kinds[i], &quick);
        c = ask(l, q);
        CHECK_INT(c->code, ERR_INVALID_RESPONSE);
        CHECK_INT(c->attempt_count, 1);
        CHECK(c->err.text[0] != '\0');
        END_SERVER();
    }
}

static bool serve_redirect(struct peer *p, int number)
{
    (void)number;
    peer_answer(p, "307 Temporary Redirect", "Location: /elsewhere\r\n", "");
    return true;
}

TEST(a_redirect_is_not_followed)
{
    WITH_SERVER(serve_redirect, &quick);

    c = ask(l, q);
    CHECK(c->code != ERR_OK);
    for (int i = 0; i < server_requests(&server); i++)
        CHECK(!strstr(server.last, "/elsewhere"));
    END_SERVER();
}

/* --- the vendor refuses ---------------------------------------------------------------------------------------- */
static bool serve_503_once(struct peer *p, int number)
{
    if (number)
        return peer_good(p);
    peer_answer(p, "503 Service Unavailable", "", "{\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\"}}");
    return true;
}

TEST(a_503_is_tried_again)
{
    WITH_SERVER(serve_503_once, &quick);

    c = ask(l, q);
    CHECK_OK(c->code);
    CHECK_INT(c->attempt_count, 2);
    CHECK_INT(c->attempts[0].code, ERR_SERVER);
    CHECK_INT(c->attempts[0].http_status, 503);
    CHECK(c->attempts[1].waited_ms <= 100);
    END_SERVER();
}

#define LIMIT_BODY "{\"error\":{\"message\":\"Rate limit reached\",\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}"

static bool serve_429_seconds(struct peer *p, int number)
{
    if (number)
        return peer_good(p);
    peer_answer(p, "429 Too Many Requests", "Retry-After: 1\r\n", LIMIT_BODY);
    return true;
}

static bool serve_429_ms(struct peer *p, int number)
{
    if (number)
        return peer_good(p);
    peer_answer(p, "429 Too Many Requests", "retry-after-ms: 300\r\nRetry-After: 30\r\n", LIMIT_BODY);
    return true;
}

static bool serve_429_date(struct peer *p, int number)
{
    char date[64], headers[96];
    time_t then = (time_t)(clock_wall_ms() / 1000 + 2);
    struct tm tm;

    if (number)
        return peer_good(p);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &tm));
    snprintf(headers, sizeof headers, "Retry-After: %s\r\n", date);
    peer_answer(p, "429 Too Many Requests", headers, LIMIT_BODY);
    return true;
}

TEST(retry_after_is_obeyed_in_seconds_milliseconds_and_as_a_date)
{
    static const struct { server_fn fn; int64_t least, most; } kinds[] = {
        { serve_429_seconds, 990, 2000 }, { serve_429_ms, 295, 990 }, { serve_429_date, 900, 3000 },
    };

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        WITH_SERVER(kinds[i].fn, &quick);
        c = ask(l, q);
        CHECK_OK(c->code);
        CHECK_INT(c->attempt_count, 2);
        CHECK_INT(c->attempts[0].code, ERR_RATE_LIMIT);
        CHECK(c->attempts[1].waited_ms >= kinds[i].least && c->attempts[1].waited_ms <= kinds[i].most);
        END_SERVER();
    }
}

static bool serve_429_twelve_times(struct peer *p, int number)
{
    if (number >= 12)
        return peer_good(p);
    peer_answer(p, "429 Too Many Requests", "", LIMIT_BODY);
    return true;
}

TEST(many_429s_do_not_use_up_the_three_attempts)
{
    struct llm_lane_stat lane;
    WITH_SERVER(serve_429_twelve_times, &quick);

    c = ask(l, q);
    CHECK_OK(c->code);
    CHECK_INT(c->attempt_count, 13);
    CHECK(llm_lane_at(l, 0, &lane));
    CHECK_INT(lane.rate_limited, 12);
    CHECK_INT(lane.retries, 12);
    END_SERVER();
}

static bool serve_429_always(struct peer *p, int number)
{
    (void)number;
    peer_answer(p, "429 Too Many Requests", "retry-after-ms: 1\r\n", LIMIT_BODY);
    return true;
}

TEST(endless_429s_end_at_their_own_bound)
{
    WITH_SERVER(serve_429_always, &quick);

    c = ask(l, q);
    CHECK_INT(c->code, ERR_RATE_LIMIT);
    CHECK_INT(c->attempt_count, 20);
    END_SERVER();
}

static bool serve_429_tomorrow(struct peer *p, int number)
{
    (void)number;
    peer_answer(p, "429 Too Many Requests", "Retry-After: 86400\r\n", LIMIT_BODY);
    return true;
}

TEST(a_retry_after_of_a_day_is_given_up_at_once_by_the_whole_lane)
{
    WITH_SERVER(serve_429_tomorrow, &quick);

    c = ask(l, q);
    CHECK_INT(c->code, ERR_RATE_LIMIT);
    CHECK_INT(c->attempt_count, 1);
    CHECK(call_says(c, "asks for a pause of 86400 s, more than the 120 s allowed"));
    q->done = false;
    c = ask(l, q);
    CHECK_INT(c->code, ERR_RATE_LIMIT);
    CHECK_INT(c->attempt_count, 0);
    CHECK(call_says(c, "longer than the 120 s allowed"));
    CHECK_INT(server_requests(&server), 1);
    END_SERVER();
}

static bool serve_429_pause(struct peer *p, int number)
{
    if (number == 0) {
        peer_answer(p, "429 Too Many Requests", "retry-after-ms: 400\r\n", LIMIT_BODY);
        return true;
    }
    return peer_good(p);
}

TEST(a_429_rests_the_whole_lane)
{
    struct asked *others[4];
    struct err e;
    int64_t begin;
    WITH_SERVER(serve_429_pause, &quick);

    CHECK_OK(llm_submit(l, &q->call, &e));
    while (server_requests(&server) == 0)
        clock_sleep_ms(1);
    clock_sleep_ms(50);
    begin = clock_mono_ms();
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        others[i] = asked_new(arena_new_sized(0), "sim", "test-2");
        CHECK_OK(llm_submit(l, &others[i]->call, &e));
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        CHECK_OK(asked_wait(others[i])->code);
        CHECK(clock_mono_ms() - begin >= 300);
        arena_free(others[i]->call.arena);
    }
    c = asked_wait(q);
    CHECK_OK(c->code);
    END_SERVER();
}

static bool serve_quota(struct peer *p, int number)
{
    (void)number;
    peer_answer(p, "429 Too Many Requests", "Retry-After: 1\r\n",
                "{\"error\":{\"message\":\"You exceeded your current quota\",\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\"}}");
    return true;
}

TEST(no_quota_is_final)
{
    WITH_SERVER(serve_quota, &quick);

    c = ask(l, q);
    CHECK_INT(c->code, ERR_QUOTA);
    CHECK_INT(c->attempt_count, 1);
    END_SERVER();
}

/* --- keys and parameters --------------------------------------------------------------------------------------- */
#define TEST_KEY "sk-test-0123456789abcdefghijklmnop"

static bool serve_401(struct peer *p, int number)
{
    (void)number;
    CHECK(strstr(p->bytes, "Authorization: Bearer " TEST_KEY "\r\n") != NULL);
    peer_answer(p, "401 Unauthorized", "",
                "{\"error\":{\"message\":\"Incorrect API key provided: " TEST_KEY "\","
                "\"type\":\"invalid_request_error\",\"code\":\"invalid_api_key\"}}");
    return true;
}

TEST(a_wrong_key_is_final_and_never_repeated_in_words)
{
    setenv("OPENAI_API_KEY", TEST_KEY, 1);
    WITH_SERVER(serve_401, &quick);
    q = asked_new(a, "openai", "gpt-4o-mini");
    c = ask(l, q);
    CHECK_INT(c->code, ERR_AUTH);
    CHECK_INT(c->attempt_count, 1);
    CHECK(!strstr(c->err.text, TEST_KEY));
    CHECK(!str_contains(c->attempts[0].text, S(TEST_KEY)));
    END_SERVER();
    unsetenv("OPENAI_API_KEY");
}

TEST(a_missing_key_names_its_variable)
{
    struct err e = ERR_INIT;

    unsetenv("OPENAI_API_KEY");
    WITH_SERVER(serve_good, &quick);
    q = asked_new(a, "openai", "gpt-4o-mini");
    CHECK_INT(llm_submit(l, &q->call, &e), ERR_MISSING_KEY);
    CHECK(strstr(e.text, "OPENAI_API_KEY") != NULL);
    CHECK_INT(llm_model_check_key(l, &q->model, &e), ERR_MISSING_KEY);
    c = &q->call;
    CHECK(c->work == NULL);
    CHECK_INT(server_requests(&server), 0);
    END_SERVER();
}

static bool serve_no_temperature(struct peer *p, int number)
{
    (void)number;
    if (!strstr(p->bytes + p->head, "\"temperature\""))
        return peer_good(p);
    peer_answer(p, "400 Bad Request", "", "{\"error\":{\"message\":\"Unsupported value: 'temperature' does not support 0.5 with"
                " this model.\",\"type\":\"invalid_request_error\",\"param\":\"temperature\",\"code\":\"unsupported_value\"}}");
    return true;
}

TEST(a_refused_parameter_is_left_out_and_remembered)
{
    setenv("OPENAI_API_KEY", TEST_KEY, 1);
    WITH_SERVER(serve_no_temperature, &quick);
    for (int i = 0; i < 2; i++) {
        q = asked_new(a, "openai", "gpt-4o-mini");
        q->call.request.params.set = BIT(PARAM_TEMPERATURE);
        q->call.request.params.temperature = 0.5;
        c = ask(l, q);
        CHECK_OK(c->code);
        CHECK_INT(c->attempt_count, i == 0 ? 2 : 1);
        CHECK(str_contains(c->dropped, S("temperature")));
    }
    CHECK_INT(server_requests(&server), 3);
    END_SERVER();
    unsetenv("OPENAI_API_KEY");
}

static bool serve_always_refuse(struct peer *p, int number)
{
    (void)number;
    peer_answer(p, "400 Bad Request", "",
                "{\"error\":{\"message\":\"Unsupported parameter: 'seed'\",\"type\":"
                "\"invalid_request_error\",\"param\":\"seed\",\"code\":\"unsupported_parameter\"}}");
    return true;
}

TEST(a_parameter_refused_though_it_was_left_out_is_an_error)
{
    setenv("OPENAI_API_KEY", TEST_KEY, 1);
    WITH_SERVER(serve_always_refuse, &quick);
    q = asked_new(a, "openai", "gpt-4o-mini");
    c = ask(l, q);
    CHECK_INT(c->code, ERR_REJECTED);
    CHECK(c->attempt_count <= 2);
    END_SERVER();
    unsetenv("OPENAI_API_KEY");
}

TEST(addresses_that_make_no_sense_are_told)
{
    static const struct { const char *url, *says; } bad[] = {
        { "ftp://x", "must begin with http" }, { "http:///v1", "names no host" }, { "https://me:pw@host/v1", "name or password" },
        { "http://host/a b", "spaces" }, { "http://host/v1?key=1", "'?'" },
    };
    struct err e = ERR_INIT;
    struct llm *l;

    REQUIRE(llm_new(&quick, &l, &e) == ERR_OK);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CHECK_INT(llm_set_base_url(l, S("openai"), str_c(bad[i].url), &e), ERR_BAD_INPUT);
        CHECK(strstr(e.text, bad[i].says) != NULL);
        CHECK(!strstr(e.text, "pw"));
    }
    CHECK_INT(llm_set_base_url(l, S("opnai"), S("http://x"), &e), ERR_UNSUPPORTED_PROVIDER);
    CHECK(strstr(e.text, "openai") != NULL);
    llm_free(l);
}

TEST(options_out_of_range_are_told)
{
    struct err e = ERR_INIT;
    struct llm *l;

    CHECK_INT(llm_new(&(struct llm_options){ .attempts_max = 11 }, &l, &e), ERR_BAD_INPUT);
    CHECK(strstr(e.text, "attempts_max") != NULL);
    CHECK_INT(llm_new(&(struct llm_options){ .connect_timeout_ms = -1 }, &l, &e), ERR_BAD_INPUT);
    CHECK_INT(llm_new(&(struct llm_options){ .limits.in_flight_max = 10001 }, &l, &e), ERR_BAD_INPUT);
    CHECK_INT(llm_new(&(struct llm_options){ .ca_file = "/nowhere/ca.pem" }, &l, &e), ERR_ENVIRONMENT);
    CHECK(strstr(e.text, "/nowhere/ca.pem") != NULL);
}

/* --- streams --------------------------------------------------------------------------------------------------- */
#define SSE_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

static void peer_event(struct peer *p, const char *json)
{
    char chunk[1024];

    snprintf(chunk, sizeof chunk, "%zx\r\ndata: %s\n\n\r\n", strlen(json) + 8, json);
    peer_send(p, chunk);
}

static void peer_stream_half(struct peer *p)
{
    peer_send(p, SSE_HEAD);
    peer_event(p, "{\"id\":\"s1\",\"model\":\"test-1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
                  "\"content\":\"\"}}]}");
    clock_sleep_ms(30);
    peer_event(p, "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hel\"}}]}");
}

static bool serve_stream(struct peer *p, int number)
{
    (void)number;
    peer_stream_half(p);
    peer_event(p, "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"}}]}");
    peer_event(p, "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}");
    peer_event(p, "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":2}}");
    peer_event(p, "[DONE]");
    peer_send(p, "0\r\n\r\n");
    return true;
}

TEST(a_stream_is_put_together)
{
    WITH_SERVER(serve_stream, &quick);

    for (int i = 0; i < 3; i++) {
        q = asked_new(a, "sim", "test-1");
        asked_stream(q);
        c = ask(l, q);
        CHECK_OK(c->code);
        CHECK_STR(c->answer.text, "hello");
        CHECK_INT(c->answer.usage.output, 2);
        CHECK_INT(c->answer.finish, FINISH_STOP);
        CHECK(c->first_token_ms >= 25 && c->first_token_ms <= c->latency_ms);
    }
    CHECK_INT(server_connections(&server), 1);
    END_SERVER();
}

static bool serve_cut_stream_once(struct peer *p, int number)
{
    if (number)
        return serve_stream(p, number);
    peer_stream_half(p);
    return false;
}

TEST(a_stream_cut_half_way_is_tried_again)
{
    WITH_SERVER(serve_cut_stream_once, &quick);

    asked_stream(q);
    c = ask(l, q);
    CHECK_OK(c->code);
    CHECK_INT(c->attempt_count, 2);
    CHECK_INT(c->attempts[0].code, ERR_NETWORK);
    CHECK_STR(c->answer.text, "hello");
    END_SERVER();
}

static bool serve_unfinished_stream(struct peer *p, int number)
{
    (void)number;
    peer_stream_half(p);
    peer_send(p, "0\r\n\r\n");
    return true;
}

TEST(a_stream_that_ends_well_but_unfinished_is_a_network_error)
{
    WITH_SERVER(serve_unfinished_stream, &quick);

    asked_stream(q);
    c = ask(l, q);
    CHECK_INT(c->code, ERR_NETWORK);
    CHECK_INT(c->attempt_count, 3);
    CHECK(call_says(c, "broke off after 3 bytes"));
    END_SERVER();
}

static bool serve_cut_after_finish(struct peer *p, int number)
{
    (void)number;
    peer_stream_half(p);
    peer_event(p, "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}");
    clock_sleep_ms(30);
    return peer_reset(p);
}

TEST(a_finished_stream_is_kept_though_the_connection_breaks)
{
    WITH_SERVER(serve_cut_after_finish, &quick);

    asked_stream(q);
    c = ask(l, q);
    CHECK_OK(c->code);
    CHECK_INT(c->attempt_count, 1);
    CHECK_STR(c->answer.text, "hel");
    CHECK(c->answer.usage.output_estimated);
    END_SERVER();
}

static bool serve_stalled_stream(struct peer *p, int number)
{
    (void)number;
    peer_stream_half(p);
    return peer_read(p);
}

TEST(a_stalled_stream_ends_by_the_idle_deadline)
{
    struct llm_options o = quick;

    o.idle_timeout_ms = 100;
    o.attempts_max = 1;
    WITH_SERVER(serve_stalled_stream, &o);
    asked_stream(q);
    c = ask(l, q);
    CHECK_INT(c->code, ERR_TIMEOUT);
    CHECK_INT(c->attempt_count, 1);
    CHECK(call_says(c, "fell silent"));
    END_SERVER();
}

static bool serve_error_event(struct peer *p, int number)
{
    if (number)
        return serve_stream(p, number);
    peer_stream_half(p);
    peer_event(p, "{\"error\":{\"message\":\"upstream went away\",\"code\":502}}");
    return peer_read(p);
}

TEST(an_error_event_is_mapped_and_tried_again)
{
    WITH_SERVER(serve_error_event, &quick);

    asked_stream(q);
    c = ask(l, q);
    CHECK_OK(c->code);
    CHECK_INT(c->attempt_count, 2);
    CHECK(c->attempts[0].code != ERR_OK);
    END_SERVER();
}

static bool serve_document(struct peer *p, int number)
{
    (void)number;
    return peer_good(p);
}

TEST(a_document_in_place_of_a_stream_is_read)
{
    WITH_SERVER(serve_document, &quick);

    asked_stream(q);
    c = ask(l, q);
    CHECK_OK(c->code);
    CHECK_STR(c->answer.text, "hello");
    END_SERVER();
}

static bool serve_endless_event(struct peer *p, int number)
{
    (void)number;
    peer_send(p, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: ");
    for (int i = 0; i < 100000; i++)
        if (send(p->fd,
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                 100, MSG_NOSIGNAL) < 0)
            break;
    return false;
}

TEST(an_event_without_end_meets_a_ceiling)
{
    struct llm_options o = quick;

    o.response_bytes_max = 200000;
    WITH_SERVER(serve_endless_event, &o);
    asked_stream(q);
    c = ask(l, q);
    CHECK_INT(c->code, ERR_INVALID_RESPONSE);
    CHECK_INT(c->attempt_count, 1);
    END_SERVER();
}

/* --- many, limits, the end ------------------------------------------------------------------------------------- */
#define MANY 1000
static pthread_mutex_t many_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t many_here = PTHREAD_COND_INITIALIZER;
static int many_waiting;                    /* guarded by many_lock */

/* Nobody is answered before all have asked. */
static bool serve_when_all_are_here(struct peer *p, int number)
{
    (void)number;
    pthread_mutex_lock(&many_lock);
    if (++many_waiting == MANY)
        pthread_cond_broadcast(&many_here);
    while (many_waiting < MANY)
        pthread_cond_wait(&many_here, &many_lock);
    pthread_mutex_unlock(&many_lock);
    return peer_good(p);
}

TEST(a_thousand_calls_are_in_flight_at_once)
{
    struct llm_options o = { .limits = { .in_flight_max = MANY, .in_flight_start = MANY }, .first_byte_timeout_ms = 60000 };
    struct asked **all = xcalloc(MANY, sizeof *all);
    struct err e = ERR_INIT;
    WITH_SERVER(serve_when_all_are_here, &o);

    for (int i = 0; i < MANY; i++) {
        all[i] = asked_new(arena_new_sized(0), "sim", "test-1");
        CHECK_OK(llm_submit(l, &all[i]->call, &e));
    }
    for (int i = 0; i < MANY; i++) {
        CHECK_OK(asked_wait(all[i])->code);
        arena_free(all[i]->call.arena);
    }
    CHECK_INT(server_requests(&server), MANY);
    (void)c, (void)q;
    END_SERVER();
    free(all);
}

struct submitter { struct llm *llm; pthread_t thread; int good; };

static void *submitter_main(void *arg)
{
    struct submitter *s = arg;

    for (int i = 0; i < 50; i++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct call *c = ask(s->llm, asked_new(a, "sim", i % 2 ? "test-1" : "test-2"));

        s->good += c->code == ERR_OK;
    }
    return NULL;
}

TEST(many_threads_submit)
{
    struct submitter all[6];
    WITH_SERVER(serve_document, &quick);

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        all[i] = (struct submitter){ .llm = l };
        ASSERT(pthread_create(&all[i].thread, NULL, submitter_main, &all[i]) == 0);
    }
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        pthread_join(all[i].thread, NULL);
        CHECK_INT(all[i].good, 50);
    }
    (void)c, (void)q;
    END_SERVER();
}

TEST(our_own_requests_a_minute_are_kept)
{
    struct asked *all[7];
    struct err e;
    int64_t begin = clock_mono_ms();
    WITH_SERVER(serve_document, &quick);

    CHECK_OK(llm_set_limits(l, S("sim"), &(struct llm_limits){ .requests_per_minute = 600 }, &e));
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        all[i] = asked_new(arena_new_sized(0), "sim", "test-1");
        CHECK_OK(llm_submit(l, &all[i]->call, &e));
    }
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        CHECK_OK(asked_wait(all[i])->code);
        arena_free(all[i]->call.arena);
    }
    CHECK(clock_mono_ms() - begin >= 590);
    (void)c, (void)q;
    END_SERVER();
}

TEST(calls_past_the_bound_are_told_busy)
{
    struct llm_options o = quick;
    struct asked *more;
    struct err e = ERR_INIT;

    o.calls_max = 1;
    WITH_SERVER(serve_late, &o);
    more = asked_new(a, "sim", "test-1");
    CHECK_OK(llm_submit(l, &q->call, &e));
    CHECK_INT(llm_submit(l, &more->call, &e), ERR_BUSY);
    c = asked_wait(q);
    CHECK_OK(c->code);
    CHECK_OK(ask(l, more)->code);
    END_SERVER();
}

static bool serve_some_nothing(struct peer *p, int number)
{
    if (number == 2) {
        peer_answer(p, "500 Internal Server Error", "", "{}");
        return true;
    }
    return peer_read(p);
}

TEST(the_end_of_the_engine_cancels_what_is_queued_in_flight_and_waiting)
{
    struct llm_options o = { .limits = { .in_flight_max = 4, .in_flight_start = 4 }, .backoff_base_ms = 60000, .seed = 3 };
    struct asked *all[20];
    struct err e;
    WITH_SERVER(serve_some_nothing, &o);

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        all[i] = asked_new(arena_new_sized(0), "sim", "test-1");
        CHECK_OK(llm_submit(l, &all[i]->call, &e));
    }
    while (server_requests(&server) < 5)
        clock_sleep_ms(1);
    END_SERVER();
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        CHECK(all[i]->done);
        CHECK_INT(all[i]->call.code, ERR_CANCELLED);
        CHECK(all[i]->call.err.text[0] != '\0');
        arena_free(all[i]->call.arena);
    }
    (void)c, (void)q;
}

/* A listener that never accepts and whose queue is full: connecting hangs, then ends by its deadline, many at once. */
TEST(connections_that_hang_end_by_the_connect_deadline)
{
    struct llm_options o = { .connect_timeout_ms = 80, .attempts_max = 2, .backoff_base_ms = 4, .seed = 5,
                             .limits = { .in_flight_max = 40, .in_flight_start = 40 } };
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int full = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fill[3];
    struct asked *all[40];
    struct err e = ERR_INIT;
    struct llm *l;
    char url[64];

    REQUIRE(bind(full, (struct sockaddr *)&at, sizeof at) == 0 && listen(full, 0) == 0);
    REQUIRE(getsockname(full, (struct sockaddr *)&at, &len) == 0);
    for (size_t i = 0; i < COUNT_OF(fill); i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fill[i], (struct sockaddr *)&at, sizeof at);
    }
    REQUIRE(llm_new(&o, &l, &e) == ERR_OK);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", ntohs(at.sin_port));
    CHECK_OK(llm_set_base_url(l, S("sim"), str_c(url), &e));
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        all[i] = asked_new(arena_new_sized(0), "sim", "test-1");
        CHECK_OK(llm_submit(l, &all[i]->call, &e));
    }
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        CHECK_INT(asked_wait(all[i])->code, ERR_TIMEOUT);
        CHECK_INT(all[i]->call.attempt_count, 2);
        CHECK(call_says(&all[i]->call, "no connection to http://127.0.0.1"));
        arena_free(all[i]->call.arena);
    }
    llm_free(l);
    for (size_t i = 0; i < COUNT_OF(fill); i++)
        close(fill[i]);
    close(full);
}

/* Holds the engine's thread until the gate opens, so that what is posted meanwhile comes in one go. */
struct gate { struct loop_letter letter; bool open; };

static void gate_hold(void *arg)
{
    struct gate *g = arg;

    while (!__atomic_load_n(&g->open, __ATOMIC_ACQUIRE))
        clock_sleep_ms(1);
}

TEST(a_cancel_after_a_program_could_not_start_leaves_nothing_in_flight)
{
    struct llm_options o = quick;
    struct err e = ERR_INIT;
    struct llm_lane_stat stat = { .in_flight = -1 };
    struct llm *l = NULL;

    o.allow_programs = true;
    o.attempts_max = 1;
    for (int with = 0; with < 2; with++) {
        AUTO_ARENA *a = arena_new_sized(0);
        struct asked *first = asked_new(a, "exec", "/no/such/program"),
                     *again = asked_new(a, "exec", "/no/such/program");
        struct gate gate = { .letter = { .fn = gate_hold, .arg = &gate } };

        REQUIRE(llm_new(&o, &l, &e) == ERR_OK);
        loop_post(l->loop, &gate.letter);
        CHECK_OK(llm_submit(l, &first->call, &e));
        llm_cancel(l, with);                            /* met between the failed start and its letter */
        __atomic_store_n(&gate.open, true, __ATOMIC_RELEASE);
        CHECK_INT(asked_wait(first)->code, ERR_CANCELLED);
        CHECK_INT(first->call.attempt_count, 1);
        CHECK_INT(ask(l, again)->code, ERR_NO_MODEL);
        CHECK(call_says(&again->call, "can't be started"));
        for (int i = 0; i < 400 && llm_lane_at(l, 0, &stat) && stat.in_flight; i++)
            clock_sleep_ms(5);                          /* it is shown a moment after the call is told */
        CHECK_INT(stat.in_flight, 0);
        llm_free(l);
    }
}

static const char *shown_env(struct arena *a, const char *names)
{
    AUTO_JSON *extra = NULL;
    struct llm_options o = quick;
    struct asked *q = asked_new(a, "exec", "sh");
    struct err e = ERR_INIT;
    struct llm *l;

    CHECK_OK(json_read(arena_printf(a, "{\"extra\":{\"argv\":[\"-c\",\"printf '{\\\"text\\\":\\\"'; env | cut -d= -f1 | sort | tr '\\\\n' ' '; "
                                       "printf '\\\"}'\"]%s}}", names), &extra, &e));
    CHECK_OK(params_read(extra, a, &q->call.request.params, &e));
    o.allow_programs = true;
    ASSERT(llm_new(&o, &l, &e) == ERR_OK);
    if (ask(l, q)->code != ERR_OK)
        test_fail(__FILE__, __LINE__, "%s", q->call.err.text);
    llm_free(l);
    return arena_cstr(a, arena_printf(a, " " STR_FMT " ", STR_ARG(q->call.answer.text)));
}

TEST(a_program_sees_a_clean_environment_and_what_is_named)
{
    AUTO_ARENA *a = arena_new_sized(0);
    const char *shown;

    setenv("OPENAI_API_KEY", "a key of somebody", 1);
    setenv("ASSAY_TEST_OF_ENV", "1", 1);
    setenv("MODEL_PATH", "/m", 1);
    setenv("MODEL_PATHS", "/n", 1);
    setenv("HOME", "/tmp", 1);
    shown = shown_env(a, "");
    CHECK(strstr(shown, " PATH ") && strstr(shown, " HOME ") && strstr(shown, " ASSAY_TEST_OF_ENV "));
    CHECK(!strstr(shown, "OPENAI") && !strstr(shown, "MODEL_PATH"));
    shown = shown_env(a, ",\"env\":[\"MODEL_PATH\",\"NOT_SET_ANYWHERE\"]");
    CHECK(strstr(shown, " MODEL_PATH ") && !strstr(shown, "MODEL_PATHS") && !strstr(shown, "NOT_SET") &&
          !strstr(shown, "OPENAI"));
    unsetenv("OPENAI_API_KEY");
}
