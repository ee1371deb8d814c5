/* src/http/http.c: our requests on top of libmicrohttpd's connections.
 *
 * A request has two holders: the server (until the connection has done with it) and the handler's side (until it ends
 * the request). The last one out frees it. Between them stands r->lock and a small state: while nobody has answered,
 * the connection is suspended and costs nothing; whoever answers resumes it, and the server's own thread then queues
 * the response, as libmicrohttpd wants it.
 *
 * Lock order: server before request. */
#include "http/http.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HTTP_POOL_BYTES     (16 * 1024)     /* of one connection: request line, headers, read and write buffers */
#define HTTP_BLOCK_BYTES    (12 * 1024)     /* of a streamed answer, handed over at once */

/* Opened when the first server starts: linked in, it and the TLS library it brings would cost every command almost a
 * MiB of memory and a millisecond of its start, and most serve nobody. */
#define HTTP_LIB "libmicrohttpd.so.12"
#define HTTP_FUNCTIONS(X) \
    X(MHD_add_response_header) X(MHD_create_response_from_buffer) X(MHD_create_response_from_callback) X(MHD_destroy_response) \
    X(MHD_get_connection_info) X(MHD_get_daemon_info) X(MHD_get_timeout) X(MHD_lookup_connection_value) X(MHD_queue_response) \
    X(MHD_resume_connection) X(MHD_run) X(MHD_start_daemon) X(MHD_stop_daemon) X(MHD_suspend_connection)

static struct {
#define X(name) __typeof__(name) *name;
    HTTP_FUNCTIONS(X)
#undef X
} lib;
static pthread_once_t lib_once = PTHREAD_ONCE_INIT;
static char lib_fault[200];

static void http_lib_open(void)
{
    void *handle = dlopen(HTTP_LIB, RTLD_NOW | RTLD_LOCAL);         /* stays open */

    if (!handle) {
        snprintf(lib_fault, sizeof lib_fault,
                 "the HTTP server needs " HTTP_LIB
                 ", which is not here (Debian, Ubuntu: apt-get install libmicrohttpd12)");
        return;
    }
#define X(name)                                                                                                       \
    if (!(lib.name = (__typeof__(lib.name))dlsym(handle, #name)))                                                     \
        snprintf(lib_fault, sizeof lib_fault, HTTP_LIB " is too old for the HTTP server: it has no " #name);
    HTTP_FUNCTIONS(X)
#undef X
}

static enum err_code http_lib_ready(struct err *e)
{
    pthread_once(&lib_once, http_lib_open);
    if (FAULT("http.library"))
        return err_set(e, ERR_ENVIRONMENT, "the HTTP server needs " HTTP_LIB ", which is not here");
    return lib_fault[0] ? err_set(e, ERR_ENVIRONMENT, "%s", lib_fault) : ERR_OK;
}

enum http_state {
    HTTP_WAITING,                           /* nobody has answered */
    HTTP_ANSWERED,                          /* response is ready to be queued */
    HTTP_STREAMING,                         /* response is ready, its parts may still come */
    HTTP_ENDED,                             /* a stream whose last part has been pushed */
    HTTP_ABORTED,
};

/* One thread and its connections. libmicrohttpd's own epoll loop sleeps with work in hand when exactly 128 connections
 * (or a multiple) are ready at once (0.9.75: it asks epoll again, with the long timeout, before it serves them). So the
 * thread is ours: it waits on the daemon's epoll descriptor and lets the daemon look without waiting. */
struct http_hand {
    struct http_server *server;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    bool started;
    int wake_fd;                            /* an event: some connection was resumed, or the end has come */
    bool woken, ending;                     /* atomic */
};

struct http_server {
    struct http_hand *hands;
    int hand_count;
    struct http_options options;
    uint16_t port;
    pthread_mutex_t lock;                   /* guards waiting, stopping */
    struct http_request *waiting;           /* those whose connection is or may become suspended */
    bool stopping;
};

struct http_request {
    struct http_server *server;             /* not touched once gone */
    struct http_hand *hand;                 /* the same */
    struct MHD_Connection *connection;      /* the same */
    const char *method, *path;
    struct arena *arena;
    struct buf body;
    bool handled, too_large, listed;        /* the server thread's */
    struct http_request *next, *prev;       /* server->lock */

    pthread_mutex_t lock;                   /* guards what follows */
    enum http_state state;
    bool suspended, gone;
    enum http_abort abort;
    int status, holders;
    struct MHD_Response *response;
    struct buf out;                         /* pushed, not yet taken by the connection */
    size_t out_at;
};

/* --- life ------------------------------------------------------------------------------------------------------ */

static struct http_request *http_request_new(struct http_hand *h, struct MHD_Connection *c, const char *path,
                                             const char *method)
{
    struct http_request *r = xcalloc(1, sizeof *r);
    struct http_server *s = h->server;

    *r = (struct http_request){
        .server = s, .hand = h, .connection = c, .path = path, .method = method, .arena = arena_new_sized(4096), .holders = 1,
        .body = BUF_INIT((size_t)s->options.body_bytes_max), .out = BUF_INIT((size_t)s->options.stream_bytes_max),
    };
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

/* Call with r->lock held; releases it, and the request when nobody holds it any more. */
static void http_request_leave(struct http_request *r)
{
    bool last = --r->holders == 0;

    pthread_mutex_unlock(&r->lock);
    if (!last)
        return;
    if (r->response)
        lib.MHD_destroy_response(r->response);
    arena_free(r->arena);
    buf_dispose(&r->body);
    buf_dispose(&r->out);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static void http_hand_wake(struct http_hand *h)
{
    if (!__atomic_exchange_n(&h->woken, true, __ATOMIC_ACQ_REL))
        (void)eventfd_write(h->wake_fd, 1);
}

/* Under r->lock: the connection looks again. */
static void http_request_wake(struct http_request *r)
{
    if (r->suspended) {
        r->suspended = false;
        lib.MHD_resume_connection(r->connection);
        http_hand_wake(r->hand);
    }
}

static bool http_request_list(struct http_server *s, struct http_request *r)
{
    bool stopping;

    pthread_mutex_lock(&s->lock);
    stopping = s->stopping;
    if (!stopping && !r->listed) {
        r->listed = true;
        r->next = s->waiting;
        if (r->next)
            r->next->prev = r;
        s->waiting = r;
    }
    pthread_mutex_unlock(&s->lock);
    return !stopping;
}

static void http_request_unlist(struct http_server *s, struct http_request *r)
{
    if (!r->listed)
        return;
    pthread_mutex_lock(&s->lock);
    if (r->prev)
        r->prev->next = r->next;
    else
        s->waiting = r->next;
    if (r->next)
        r->next->prev = r->prev;
    r->listed = false;
    pthread_mutex_unlock(&s->lock);
}

/* --- the server's side ------------------------------------------------------------------------------------------ */

/* Dissolving the association of a connected TCP socket sends the reset at once; with SO_LINGER the shutdown that
 * libmicrohttpd does before it closes would send a polite FIN first. */
static void http_reset(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = lib.MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr none = { .sa_family = AF_UNSPEC };

    if (info)
        (void)connect(info->connect_fd, &none, sizeof none);
}

/* libmicrohttpd asks for the next bytes of a stream, or of what follows when there are none yet. */
static ssize_t http_stream_read(void *arg, uint64_t at, char *out, size_t max)
{
    struct http_request *r = arg;
    size_t ready;
    ssize_t n = 0;

    (void)at;
    pthread_mutex_lock(&r->lock);
    ready = r->out.len - r->out_at;
    if (r->gone || buf_failed(&r->out)) {
        n = MHD_CONTENT_READER_END_WITH_ERROR;
    } else if (ready) {
        n = (ssize_t)MIN(ready, max);
        memcpy(out, r->out.bytes + r->out_at, (size_t)n);
        r->out_at += (size_t)n;
        if (r->out_at == r->out.len) {
            buf_reset(&r->out);
            r->out_at = 0;
        }
    } else if (r->state == HTTP_ENDED) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    } else if (r->state == HTTP_ABORTED) {
        if (r->abort == HTTP_ABORT_RESET)
            http_reset(r->connection);
        n = MHD_CONTENT_READER_END_WITH_ERROR;
    } else {
        r->suspended = true;
        lib.MHD_suspend_connection(r->connection);
    }
    pthread_mutex_unlock(&r->lock);
    return n;
}

static enum MHD_Result http_refuse(struct MHD_Connection *c, unsigned status, const char *message)
{
    AUTO_BUF struct buf text = BUF_INIT(1024);
    AUTO_JSON *j = json_pack("{s:{s:s,s:s}}", "error", "message", message, "type", "invalid_request_error");
    struct MHD_Response *response;
    enum MHD_Result queued;

    json_write(j, &text);
    response = lib.MHD_create_response_from_buffer(text.len, text.bytes, MHD_RESPMEM_MUST_COPY);
    lib.MHD_add_response_header(response, "Content-Type", "application/json");
    lib.MHD_add_response_header(response, "Connection", "close");
    queued = lib.MHD_queue_response(c, status, response);
    lib.MHD_destroy_response(response);
    return queued;
}

/* The handler has been called: queue what there is, or go to sleep. */
static enum MHD_Result http_proceed(struct http_request *r)
{
    enum MHD_Result result = MHD_YES;
    struct MHD_Response *ready = NULL;

    pthread_mutex_lock(&r->lock);
    if (r->gone) {
        result = MHD_NO;
    } else if (r->response) {
        ready = r->response;
    } else if (r->state == HTTP_ABORTED) {
        if (r->abort == HTTP_ABORT_RESET)
            http_reset(r->connection);
        result = MHD_NO;
    } else {
        r->suspended = true;
        lib.MHD_suspend_connection(r->connection);
    }
    pthread_mutex_unlock(&r->lock);
    /* Outside the lock: libmicrohttpd holds the response's own lock when it asks http_stream_read. */
    return ready ? lib.MHD_queue_response(r->connection, (unsigned)r->status, ready) : result;
}

static enum MHD_Result http_on_request(void *arg, struct MHD_Connection *c, const char *url, const char *method,
                                       const char *version, const char *data, size_t *size, void **slot)
{
    struct http_hand *h = arg;
    struct http_server *s = h->server;
    struct http_request *r = *slot;
    bool waits;

    (void)version;
    if (!r) {
        const char *length = lib.MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");
        int64_t bytes;

        if (length && (!str_to_i64(str_c(length), &bytes) || bytes > s->options.body_bytes_max))
            return http_refuse(c, 413, "the request's body is larger than this server takes");
        *slot = http_request_new(h, c, url, method);
        return MHD_YES;
    }
    if (*size) {
        buf_append(&r->body, str_n(data, *size));
        if (buf_failed(&r->body) && !r->too_large) {        /* of unknown length: no answer can be sent before its end */
            r->too_large = true;
            buf_dispose(&r->body);
            r->body.failed = true;
        }
        *size = 0;
        return MHD_YES;
    }
    if (r->too_large)
        return http_refuse(c, 413, "the request's body is larger than this server takes");
    if (!r->handled) {
        r->handled = true;
        r->holders = 2;                     /* nobody else knows of it yet */
        s->options.handle(r, s->options.arg);
        pthread_mutex_lock(&r->lock);
        waits = r->state == HTTP_WAITING || r->state == HTTP_STREAMING;
        pthread_mutex_unlock(&r->lock);
        if (waits && !http_request_list(s, r))
            return MHD_NO;
    }
    return http_proceed(r);
}

static void http_on_completed(void *arg, struct MHD_Connection *c, void **slot, enum MHD_RequestTerminationCode why)
{
    struct http_request *r = *slot;

    (void)c, (void)why;
    if (!r)
        return;
    *slot = NULL;
    http_request_unlist(arg, r);
    pthread_mutex_lock(&r->lock);
    r->gone = true;
    http_request_leave(r);
}

/* Paths stay as they were sent: an id may hold an escaped slash, and only the route knows. */
static size_t http_no_unescape(void *arg, struct MHD_Connection *c, char *s)
{
    (void)arg, (void)c;
    return strlen(s);
}

static enum err_code http_listen(const struct http_options *o, int *fd, uint16_t *port, struct err *e)
{
    struct addrinfo want = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found;
    const char *address = o->address && *o->address ? o->address : "127.0.0.1";
    struct sockaddr_storage bound;
    socklen_t bound_size = sizeof bound;
    char service[8];
    int rc, on = 1, why;

    snprintf(service, sizeof service, "%u", (unsigned)o->port);
    if ((rc = getaddrinfo(address, service, &want, &found)) != 0)
        return err_set(e, ERR_USAGE, "can't listen on \"%s\": %s", address, gai_strerror(rc));
    *fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0) {
        why = errno;
        freeaddrinfo(found);
        return err_errno(e, ERR_IO, why, "can't make a socket for %s", address);
    }
    (void)setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);        /* what is accepted inherits it */
    rc = bind(*fd, found->ai_addr, found->ai_addrlen) != 0 || listen(*fd, 4096) != 0 ||
         getsockname(*fd, (struct sockaddr *)&bound, &bound_size) != 0;
    why = errno;
    freeaddrinfo(found);
    if (rc) {
        close(*fd);
        return err_errno(e, why == EADDRINUSE ? ERR_CONFLICT : ERR_IO, why, "can't listen on %s port %u", address,
                         (unsigned)o->port);
    }
    *port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                              : ((struct sockaddr_in *)&bound)->sin_port);
    return ERR_OK;
}

/* A connection is a file: asks the system for as many as we may have, and tells how many that is. */
static int64_t http_connections_allowed(int64_t wanted)
{
    struct rlimit files;
    int64_t need = wanted + 256;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    if (files.rlim_cur != RLIM_INFINITY && (int64_t)files.rlim_cur < need) {
        struct rlimit more = files;

        more.rlim_cur = files.rlim_max == RLIM_INFINITY ? (rlim_t)need : MIN(files.rlim_max, (rlim_t)need);
        if (setrlimit(RLIMIT_NOFILE, &more) == 0)
            files = more;
        if ((int64_t)files.rlim_cur < need)
            return MAX((int64_t)files.rlim_cur - 256, INT64_C(16));
    }
    return wanted;
}

static void *http_hand_main(void *arg)
{
    struct http_hand *h = arg;
    const union MHD_DaemonInfo *info = lib.MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd look[2] = { { .fd = info->epoll_fd, .events = POLLIN }, { .fd = h->wake_fd, .events = POLLIN } };

    while (!__atomic_load_n(&h->ending, __ATOMIC_ACQUIRE)) {
        MHD_UNSIGNED_LONG_LONG ms;
        eventfd_t count;
        int timeout_ms = lib.MHD_get_timeout(h->daemon, &ms) == MHD_YES ? (int)MIN(ms, 60000ull) : -1;

        if (poll(look, 2, timeout_ms) < 0 && errno != EINTR)
            break;
        if (look[1].revents & POLLIN) {
            (void)eventfd_read(h->wake_fd, &count);
            __atomic_store_n(&h->woken, false, __ATOMIC_RELEASE);
        }
        lib.MHD_run(h->daemon);
    }
    return NULL;
}

static enum err_code http_hand_start(struct http_hand *h, int listen_fd, int64_t connections_max, struct err *e)
{
    struct http_server *s = h->server;
    int fd = fcntl(listen_fd, F_DUPFD_CLOEXEC, 0), failed;      /* the daemon closes its own */
    struct MHD_OptionItem items[] = {
        { MHD_OPTION_LISTEN_SOCKET, fd, NULL },
        { MHD_OPTION_CONNECTION_LIMIT, (intptr_t)connections_max, NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)((s->options.idle_timeout_ms + 999) / 1000), NULL },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_POOL_BYTES, NULL },
        { MHD_OPTION_CONNECTION_MEMORY_INCREMENT, HTTP_POOL_BYTES / 4, NULL },
        { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_on_completed, s },
        { MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)http_no_unescape, NULL },
        { MHD_OPTION_END, 0, NULL },
    };

    h->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0 || h->wake_fd < 0)
        return err_errno(e, ERR_ENVIRONMENT, errno, "the HTTP server did not start");
    h->daemon = lib.MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, http_on_request, h,
                                     MHD_OPTION_ARRAY, items, MHD_OPTION_END);
    if (!h->daemon) {
        close(fd);
        return err_set(e, ERR_ENVIRONMENT, "the HTTP server did not start: no memory or descriptors left");
    }
    failed = pthread_create(&h->thread, NULL, http_hand_main, h);
    h->started = failed == 0;
    return failed ? err_errno(e, ERR_ENVIRONMENT, failed, "a thread of the HTTP server can't be started") : ERR_OK;
}

enum err_code http_server_new(const struct http_options *options, struct http_server **out, struct err *e)
{
    struct http_server *s = xcalloc(1, sizeof *s);
    enum err_code code;
    int fd = -1;

    s->options = *options;
    if (s->options.body_bytes_max <= 0)
        s->options.body_bytes_max = INT64_C(64) << 20;
    if (s->options.stream_bytes_max <= 0)
        s->options.stream_bytes_max = INT64_C(8) << 20;
    if (s->options.idle_timeout_ms <= 0)
        s->options.idle_timeout_ms = 300000;
    s->options.connections_max = http_connections_allowed(options->connections_max > 0 ? options->connections_max
                                                                                       : 20000);
    pthread_mutex_init(&s->lock, NULL);
    s->hand_count = CLAMP(options->threads, 1, 64);
    s->hands = xcalloc((size_t)s->hand_count, sizeof *s->hands);
    code = http_lib_ready(e);
    if (code == ERR_OK)
        code = http_listen(&s->options, &fd, &s->port, e);
    for (int i = 0; i < s->hand_count && code == ERR_OK; i++) {
        s->hands[i] = (struct http_hand){ .server = s, .wake_fd = -1 };
        code = http_hand_start(&s->hands[i], fd, MAX(s->options.connections_max / s->hand_count, INT64_C(1)), e);
    }
    if (fd >= 0)
        close(fd);
    if (code != ERR_OK) {
        http_server_free(s);
        return code;
    }
    *out = s;
    return ERR_OK;
}

uint16_t http_server_port(const struct http_server *s)
{
    return s->port;
}

void http_server_free(struct http_server *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    for (struct http_request *r = s->waiting; r; r = r->next) {
        pthread_mutex_lock(&r->lock);
        r->gone = true;
        http_request_wake(r);
        pthread_mutex_unlock(&r->lock);
    }
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < s->hand_count; i++) {
        struct http_hand *h = &s->hands[i];

        if (h->started) {
            __atomic_store_n(&h->ending, true, __ATOMIC_RELEASE);
            (void)eventfd_write(h->wake_fd, 1);
            pthread_join(h->thread, NULL);
            lib.MHD_run(h->daemon);                 /* takes up what was resumed above */
        }
        if (h->daemon)
            lib.MHD_stop_daemon(h->daemon);
        if (h->server && h->wake_fd >= 0)
            close(h->wake_fd);
    }
    free(s->hands);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* --- the request ------------------------------------------------------------------------------------------------- */

struct str http_method(const struct http_request *r)
{
    return str_c(r->method);
}

struct str http_path(const struct http_request *r)
{
    return str_c(r->path);
}

struct str http_header(const struct http_request *r, const char *name)
{
    return str_c(lib.MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name));
}

struct str http_query(const struct http_request *r, const char *name)
{
    struct str s = str_c(lib.MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name));

    return s.len ? http_unescape(r->arena, s) : str_n("", 0);
}

struct str http_body(const struct http_request *r)
{
    return buf_str(&r->body);
}

struct arena *http_arena(struct http_request *r)
{
    return r->arena;
}

bool http_gone(struct http_request *r)
{
    bool gone;

    pthread_mutex_lock(&r->lock);
    gone = r->gone;
    if (!gone) {
        const union MHD_ConnectionInfo *info = lib.MHD_get_connection_info(r->connection,
                                                                           MHD_CONNECTION_INFO_CONNECTION_FD);
        struct pollfd p = { .fd = info ? info->connect_fd : -1, .events = POLLRDHUP };

        gone = info && poll(&p, 1, 0) == 1 && p.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL);
    }
    pthread_mutex_unlock(&r->lock);
    return gone;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static void http_response_headers(struct MHD_Response *response, const char *content_type, const char *const *headers)
{
    if (content_type)
        lib.MHD_add_response_header(response, "Content-Type", content_type);
    for (; headers && *headers; headers++) {
        struct str value = str_c(*headers), name;
        char name_text[128];

        if (!str_split(&value, ':', &name) || !name.len || name.len >= sizeof name_text)
            continue;
        memcpy(name_text, name.at, name.len);
        name_text[name.len] = '\0';
        value = str_trim_start(value);
        lib.MHD_add_response_header(response, name_text, value.at ? value.at : "");     /* ends where the header string ends */
    }
}

static void http_finish(struct http_request *r, enum http_state state, int status, struct MHD_Response *response)
{
    pthread_mutex_lock(&r->lock);
    ASSERT(r->state == HTTP_WAITING);
    r->state = state;
    r->status = status;
    r->response = response;
    if (!r->gone)
        http_request_wake(r);
    if (state == HTTP_STREAMING)
        pthread_mutex_unlock(&r->lock);
    else
        http_request_leave(r);
}

static void http_answer_owned(struct http_request *r, int status, const char *content_type, char *bytes, size_t len,
                              enum MHD_ResponseMemoryMode mode, const char *const *headers)
{
    struct MHD_Response *response = lib.MHD_create_response_from_buffer(len, bytes, mode);

    ASSERT(response);
    http_response_headers(response, content_type, headers);
    http_finish(r, HTTP_ANSWERED, status, response);
}

void http_answer_bytes(struct http_request *r, int status, const char *content_type, struct str bytes,
                       const char *const *headers)
{
    http_answer_owned(r, status, content_type, (char *)(bytes.at ? bytes.at : ""), bytes.len, MHD_RESPMEM_MUST_COPY,
                      headers);
}

void http_answer_json(struct http_request *r, int status, json_t *j, const char *const *headers)
{
    struct buf text = BUF_INIT(SIZE_MAX / 4);
    size_t len;

    json_write(j, &text);
    json_decref(j);
    len = text.len;
    http_answer_owned(r, status, "application/json", buf_take(&text), len, MHD_RESPMEM_MUST_FREE, headers);
}

struct http_made { int64_t size; void (*fill)(int64_t at, char *out, size_t n, void *arg); void *arg; };

static ssize_t http_made_read(void *arg, uint64_t at, char *out, size_t max)
{
    struct http_made *m = arg;
    size_t n = (size_t)MIN((uint64_t)max, (uint64_t)m->size - MIN(at, (uint64_t)m->size));

    if (!n)
        return MHD_CONTENT_READER_END_OF_STREAM;
    m->fill((int64_t)at, out, n, m->arg);
    return (ssize_t)n;
}

void http_answer_made(struct http_request *r, int status, const char *content_type, int64_t size,
                      void (*fill)(int64_t at, char *out, size_t n, void *arg), void *arg, const char *const *headers)
{
    struct http_made *m = xmalloc(sizeof *m);
    struct MHD_Response *response;

    *m = (struct http_made){ size, fill, arg };
    response = lib.MHD_create_response_from_callback((uint64_t)size, HTTP_BLOCK_BYTES, http_made_read, m, free);
    ASSERT(response);
    http_response_headers(response, content_type, headers);
    http_finish(r, HTTP_ANSWERED, status, response);
}

void http_stream_begin(struct http_request *r, int status, const char *content_type, const char *const *headers)
{
    struct MHD_Response *response = lib.MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, HTTP_BLOCK_BYTES,
                                                                          http_stream_read, r, NULL);

    ASSERT(response);
    http_response_headers(response, content_type, headers);
    http_finish(r, HTTP_STREAMING, status, response);
}

bool http_stream_push(struct http_request *r, struct str bytes)
{
    bool ok;

    pthread_mutex_lock(&r->lock);
    ASSERT(r->state == HTTP_STREAMING);
    if (!r->gone && r->out_at > HTTP_BLOCK_BYTES * 4) {
        buf_consume(&r->out, r->out_at);
        r->out_at = 0;
    }
    if (!r->gone)
        buf_append(&r->out, bytes);
    ok = !r->gone && !buf_failed(&r->out);
    if (!r->gone && bytes.len)
        http_request_wake(r);
    pthread_mutex_unlock(&r->lock);
    return ok;
}

void http_stream_end(struct http_request *r)
{
    pthread_mutex_lock(&r->lock);
    ASSERT(r->state == HTTP_STREAMING);
    r->state = HTTP_ENDED;
    if (!r->gone)
        http_request_wake(r);
    http_request_leave(r);
}

void http_abort(struct http_request *r, enum http_abort how)
{
    pthread_mutex_lock(&r->lock);
    ASSERT(r->state == HTTP_WAITING || r->state == HTTP_STREAMING);
    r->state = HTTP_ABORTED;
    r->abort = how;
    if (!r->gone)
        http_request_wake(r);
    http_request_leave(r);
}

/* --- paths -------------------------------------------------------------------------------------------------------- */

static int http_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct str http_unescape(struct arena *a, struct str s)
{
    char *out;
    size_t n = 0;

    if (str_find_byte(s, '%') < 0)
        return s;
    out = arena_alloc(a, s.len + 1);
    for (size_t i = 0; i < s.len; i++) {
        int high, low;

        if (s.at[i] == '%' && i + 2 < s.len && (high = http_hex(s.at[i + 1])) >= 0 &&
            (low = http_hex(s.at[i + 2])) >= 0) {
            out[n++] = (char)(high << 4 | low);
            i += 2;
        } else {
            out[n++] = s.at[i];
        }
    }
    return str_n(out, n);
}

bool http_match(const char *pattern, struct str path, struct arena *a, struct str params[HTTP_PARAMS], size_t *count)
{
    struct str want = str_c(pattern), want_part, part;

    *count = 0;
    for (;;) {
        bool more_want = str_split(&want, '/', &want_part), more;

        if (more_want && str_starts(want_part, S("*"))) {
            ASSERT(*count < HTTP_PARAMS);
            params[(*count)++] = http_unescape(a, path.at ? path : str_n("", 0));
            return true;
        }
        more = str_split(&path, '/', &part);
        if (!more || !more_want)
            return more == more_want;
        if (str_starts(want_part, S(":"))) {
            if (!part.len)
                return false;
            ASSERT(*count < HTTP_PARAMS);
            params[(*count)++] = http_unescape(a, part);
        } else if (!str_eq(part, want_part)) {
            return false;
        }
    }
}
