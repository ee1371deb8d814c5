/* src/http/http_test.c: the server against a real client (libcurl) and, where it matters, against bare sockets. */
#include "base/test.h"
#include "http/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the handler under test holds back until the test's own thread ends it. */
static struct http_request *held;
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;

static struct http_request *held_take(void)
{
    struct http_request *r = NULL;

    for (int i = 0; i < 2000 && !r; i++) {
        pthread_mutex_lock(&held_lock);
        r = TAKE(held);
        pthread_mutex_unlock(&held_lock);
        if (!r)
            clock_sleep_ms(1);
    }
    ASSERT(r);
    return r;
}

static void fill_x(int64_t at, char *out, size_t n, void *arg)
{
    (void)at;
    memset(out, *(const char *)arg, n);
}

static void handle(struct http_request *r, void *arg)
{
    struct str path = http_path(r), params[HTTP_PARAMS];
    size_t n;

    (void)arg;
    if (str_is(path, "/echo")) {
        http_answer_bytes(r, 200, "text/plain", http_body(r), (const char *const[]){ "X-Test: a: b", NULL });
    } else if (str_is(path, "/json")) {
        http_answer_json(r, 418, json_pack("{s:s%,s:s%}", "method", http_method(r).at, http_method(r).len,
                                           "q", http_query(r, "q").at, http_query(r, "q").len), NULL);
    } else if (http_match("/item/:id", path, http_arena(r), params, &n)) {
        http_answer_bytes(r, 200, "text/plain", params[0], NULL);
    } else if (str_is(path, "/reset")) {
        http_abort(r, HTTP_ABORT_RESET);
    } else if (str_is(path, "/close")) {
        http_abort(r, HTTP_ABORT_CLOSE);
    } else if (str_is(path, "/made")) {
        http_answer_made(r, 200, "text/plain", 5000000, fill_x, "x", NULL);
    } else if (str_is(path, "/stream")) {
        http_stream_begin(r, 200, "text/event-stream", NULL);
        for (int i = 0; i < 1000; i++)
            http_stream_push(r, S("data: 1\n\n"));
        http_stream_end(r);
    } else {
        pthread_mutex_lock(&held_lock);
        held = r;
        pthread_mutex_unlock(&held_lock);
    }
}

struct fetched { long status; CURLcode code; struct buf body; char type[64], header[64]; };

static size_t fetched_write(char *bytes, size_t size, size_t n, void *arg)
{
    buf_append(&((struct fetched *)arg)->body, str_n(bytes, size * n));
    return size * n;
}

static void fetch(struct http_server *s, const char *path, struct str body, struct fetched *out)
{
    CURL *c = curl_easy_init();
    char url[200];
    struct curl_header *h;
    char *type = NULL;

    *out = (struct fetched){ .body = BUF_INIT(64 << 20) };
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", http_server_port(s), path);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, 10L);
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, fetched_write);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
    if (body.at) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.at);
    }
    out->code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &out->status);
    if (curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type)
        snprintf(out->type, sizeof out->type, "%s", type);
    if (curl_easy_header(c, "X-Test", 0, CURLH_HEADER, -1, &h) == CURLHE_OK)
        snprintf(out->header, sizeof out->header, "%s", h->value);
    curl_easy_cleanup(c);
}

static struct http_server *server(int threads, int64_t body_bytes_max)
{
    struct http_server *s = NULL;
    struct err e = ERR_INIT;

    CHECK_OK(http_server_new(&(struct http_options){ .handle = handle, .threads = threads, .body_bytes_max = body_bytes_max },
                             &s, &e));
    ASSERT(s);
    return s;
}

TEST(http_answers_bytes_json_and_paths)
{
    struct http_server *s = server(1, 0);
    struct fetched f;

    fetch(s, "/echo", S("hello"), &f);
    CHECK_INT(f.status, 200);
    CHECK_STR(buf_str(&f.body), "hello");
    CHECK_STR(str_c(f.type), "text/plain");
    CHECK_STR(str_c(f.header), "a: b");
    buf_dispose(&f.body);
    fetch(s, "/json?q=a%20b%2Fc+d", STR_NONE, &f);
    CHECK_INT(f.status, 418);
    CHECK_STR(buf_str(&f.body), "{\"method\":\"GET\",\"q\":\"a b/c d\"}");
    buf_dispose(&f.body);
    fetch(s, "/item/vendor%2Fmodel", STR_NONE, &f);
    CHECK_STR(buf_str(&f.body), "vendor/model");
    buf_dispose(&f.body);
    http_server_free(s);
}

TEST(http_refuses_a_body_above_the_ceiling)
{
    struct http_server *s = server(1, 1000);
    struct fetched f;
    char big[4096];

    memset(big, 'x', sizeof big);
    fetch(s, "/echo", str_n(big, 1000), &f);
    CHECK_INT(f.status, 200);
    buf_dispose(&f.body);
    fetch(s, "/echo", str_n(big, sizeof big), &f);
    CHECK_INT(f.status, 413);
    CHECK(str_contains(buf_str(&f.body), S("larger")));
    buf_dispose(&f.body);
    http_server_free(s);
}

struct later { struct http_server *s; const char *path; struct fetched f; };
static void *later_run(void *arg)
{
    struct later *l = arg;

    fetch(l->s, l->path, STR_NONE, &l->f);
    return NULL;
}

TEST(http_answers_later_from_another_thread)
{
    struct later l = { server(2, 0), "/held", { 0 } };
    pthread_t t;

    pthread_create(&t, NULL, later_run, &l);
    http_answer_bytes(held_take(), 200, "text/plain", S("late"), NULL);
    pthread_join(t, NULL);
    CHECK_INT(l.f.status, 200);
    CHECK_STR(buf_str(&l.f.body), "late");
    buf_dispose(&l.f.body);
    http_server_free(l.s);
}

TEST(http_streams_in_one_go_and_piece_by_piece)
{
    struct later l = { server(1, 0), "/held", { 0 } };
    struct http_request *r;
    struct fetched f;
    pthread_t t;

    fetch(l.s, "/stream", STR_NONE, &f);
    CHECK_INT(f.body.len, 9000);
    buf_dispose(&f.body);
    pthread_create(&t, NULL, later_run, &l);
    r = held_take();
    http_stream_begin(r, 200, "text/event-stream", NULL);
    for (int i = 0; i < 50; i++) {
        CHECK(http_stream_push(r, S("piece ")));
        if (i % 10 == 0)
            clock_sleep_ms(2);
    }
    http_stream_end(r);
    pthread_join(t, NULL);
    CHECK_INT(l.f.code, CURLE_OK);
    CHECK_INT(l.f.body.len, 300);
    buf_dispose(&l.f.body);
    http_server_free(l.s);
}

TEST(http_aborts_by_reset_by_close_and_half_way)
{
    struct later l = { server(1, 0), "/held", { 0 } };
    struct http_request *r;
    struct fetched f;
    pthread_t t;

    fetch(l.s, "/reset", STR_NONE, &f);
    CHECK_INT(f.code, CURLE_RECV_ERROR);
    buf_dispose(&f.body);
    fetch(l.s, "/close", STR_NONE, &f);
    CHECK_INT(f.code, CURLE_GOT_NOTHING);
    buf_dispose(&f.body);
    for (int how = HTTP_ABORT_CLOSE; how <= HTTP_ABORT_RESET; how++) {
        pthread_create(&t, NULL, later_run, &l);
        r = held_take();
        http_stream_begin(r, 200, "text/event-stream", NULL);
        http_stream_push(r, S("half"));
        clock_sleep_ms(20);
        http_abort(r, (enum http_abort)how);
        pthread_join(t, NULL);
        CHECK_STR(buf_str(&l.f.body), "half");
        CHECK(l.f.code == CURLE_PARTIAL_FILE || l.f.code == CURLE_RECV_ERROR);
        buf_dispose(&l.f.body);
    }
    http_server_free(l.s);
}

TEST(http_makes_large_answers_without_holding_them)
{
    struct http_server *s = server(1, 0);
    struct fetched f;

    fetch(s, "/made", STR_NONE, &f);
    CHECK_INT(f.body.len, 5000000);
    CHECK(f.body.len && f.body.bytes[4999999] == 'x');
    buf_dispose(&f.body);
    http_server_free(s);
}

static int client_send(struct http_server *s, const char *text)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(http_server_port(s)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ASSERT(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    ASSERT(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    return fd;
}

TEST(http_knows_when_the_client_hung_up)
{
    struct http_server *s = server(1, 0);
    int fd = client_send(s, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    struct http_request *r = held_take();

    CHECK(!http_gone(r));
    close(fd);
    clock_sleep_ms(20);
    CHECK(http_gone(r));
    http_abort(r, HTTP_ABORT_CLOSE);

    fd = client_send(s, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    r = held_take();
    http_stream_begin(r, 200, "text/plain", NULL);
    CHECK(http_stream_push(r, S("one")));
    clock_sleep_ms(20);
    close(fd);
    for (int i = 0; i < 100 && http_stream_push(r, S("more")); i++)
        clock_sleep_ms(5);
    CHECK(!http_stream_push(r, S("more")));
    http_stream_end(r);
    http_server_free(s);
}

TEST(http_cuts_off_a_client_that_does_not_read)
{
    struct http_server *s = NULL;
    struct err e = ERR_INIT;
    char block[4096];
    struct http_request *r;
    int fd;
    int64_t pushed = 0;

    memset(block, 'x', sizeof block);
    CHECK_OK(http_server_new(&(struct http_options){ .handle = handle, .stream_bytes_max = 100000 }, &s, &e));
    fd = client_send(s, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    r = held_take();
    http_stream_begin(r, 200, "text/plain", NULL);
    while (pushed < 200 << 20 && http_stream_push(r, str_n(block, sizeof block)))
        pushed += (int64_t)sizeof block;
    CHECK(pushed < 200 << 20);
    http_stream_end(r);
    close(fd);
    http_server_free(s);
}

TEST(http_stops_with_requests_still_waiting)
{
    struct http_server *s = server(2, 0);
    int one = client_send(s, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n"), two;
    struct http_request *a = held_take(), *b;

    two = client_send(s, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    b = held_take();
    http_stream_begin(b, 200, "text/plain", NULL);
    http_stream_push(b, S("begun"));
    clock_sleep_ms(10);
    http_server_free(s);
    http_answer_bytes(a, 200, "text/plain", S("too late"), NULL);
    CHECK(!http_stream_push(b, S("too late")));
    http_abort(b, HTTP_ABORT_RESET);
    close(one);
    close(two);
}

TEST(http_says_why_it_cannot_listen)
{
    struct http_server *s = server(1, 0), *again = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(http_server_new(&(struct http_options){ .handle = handle, .port = http_server_port(s) }, &again, &e), ERR_CONFLICT);
    CHECK(str_contains(str_c(e.text), S("can't listen on 127.0.0.1 port ")));
    CHECK_INT(http_server_new(&(struct http_options){ .handle = handle, .address = "no such host." }, &again, &e), ERR_USAGE);
    http_server_free(s);
}

TEST(http_says_which_library_is_missing)
{
    struct http_server *s = NULL;
    struct err e = ERR_INIT;

    fault_arm("http.library");
    CHECK_INT(http_server_new(&(struct http_options){ .handle = handle }, &s, &e), ERR_ENVIRONMENT);
    CHECK(str_contains(str_c(e.text), S("libmicrohttpd.so")));
    CHECK(!s);
    fault_arm(NULL);
}

TEST(http_matches_paths_with_patterns)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct str p[HTTP_PARAMS];
    size_t n;

    CHECK(http_match("/v1/models", S("/v1/models"), a, p, &n) && n == 0);
    CHECK(!http_match("/v1/models", S("/v1/models/"), a, p, &n));
    CHECK(!http_match("/v1/models", S("/v1"), a, p, &n));
    CHECK(http_match("/v1/models/:id", S("/v1/models/a%2Fb"), a, p, &n));
    CHECK_STR(p[0], "a/b");
    CHECK(!http_match("/v1/models/:id", S("/v1/models/a/b"), a, p, &n));
    CHECK(!http_match("/v1/models/:id", S("/v1/models/"), a, p, &n));
    CHECK(http_match("/v1/models/*id", S("/v1/models/a/b%20c"), a, p, &n));
    CHECK_STR(p[0], "a/b c");
    CHECK(http_match("/x/:a/y/:b", S("/x/1/y/2"), a, p, &n) && n == 2);
    CHECK_STR(p[1], "2");
    CHECK_STR(http_unescape(a, S("100%")), "100%");
    CHECK_STR(http_unescape(a, S("%zz%4")), "%zz%4");
}
