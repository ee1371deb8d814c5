#include "llm/transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRANSFER_READ_BYTES 2048            /* curl's receive buffer: it is held while a call waits */
#define TRANSFER_KEPT_BYTES 4096            /* buffers larger than this are not kept for the next exchange */

/* `ours`: sockets that curl closes through us. An idle one stays in epoll, which saves two system calls per request.
 * Others (the resolver's, those still connecting) are closed behind our back, so they are forgotten at once. */
struct transfers {
    struct loop *loop;
    CURLSH *share;
    char *ca_file;
    bool no_proxy;
    struct transfer *idle;                  /* kept for reuse, newest first */
    bool *ours;                             /* by fd */
    size_t ours_count;
};

struct slice {
    CURLM *multi;
    struct hive *hive;
    struct loop_timer timer;
    int64_t active;
    bool kicked;                            /* the timer is set to now */
};

struct hive { struct transfers *ts; VEC(struct slice *) slices; };

enum transfer_phase { TRANSFER_CONNECTING, TRANSFER_WAITING, TRANSFER_READING };

struct transfer {
    struct transfer *next_idle;
    struct transfers *ts;
    struct slice *slice;
    CURL *easy;
    struct transfer_spec spec;
    struct loop_timer timer;
    enum transfer_phase phase;
    enum transfer_cause cause;
    CURLcode result;
    int64_t start_us, phase_us;             /* phase_us: start of the connect or wait, or the last byte's time */
    int64_t bytes;
    const char *ceiling;                    /* which one was met */
    struct buf url, head, body;             /* url: what the easy handle was last given */
    bool compressed;
    char why[CURL_ERROR_SIZE];
};

/* --- sockets and timers of a slice --------------------------------------------------------------------------- */
static void slice_collect(struct slice *s);

static void slice_on_socket(void *arg, int fd, unsigned events)
{
    struct slice *s = arg;
    int running;

    curl_multi_socket_action(s->multi, fd,
                             (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0),
                             &running);
    slice_collect(s);
}

/* The server closed or spoke on a connection nobody uses: curl will find out when it wants it. */
static void slice_on_idle_socket(void *arg, int fd, unsigned events)
{
    struct slice *s = arg;

    (void)events;
    loop_watch(s->hive->ts->loop, fd, 0, NULL, NULL);
}

/* Only sockets whose connection stands: one that is still connecting may be closed without transfers_close_socket. */
static void transfers_own(struct transfers *ts, int fd)
{
    if ((size_t)fd >= ts->ours_count) {
        size_t n = MAX((size_t)fd + 1, ts->ours_count * 2);

        ts->ours = xreallocarray(ts->ours, n, sizeof *ts->ours);
        memset(ts->ours + ts->ours_count, 0, (n - ts->ours_count) * sizeof *ts->ours);
        ts->ours_count = n;
    }
    ts->ours[fd] = true;
}

static int slice_watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct slice *s = arg;
    struct transfers *ts = s->hive->ts;
    unsigned events = (what & CURL_POLL_IN ? LOOP_READ : 0u) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0u);
    struct transfer *t = NULL;

    (void)socket_arg;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
    if (what != CURL_POLL_REMOVE && t && t->phase != TRANSFER_CONNECTING)
        transfers_own(ts, fd);
    if (what == CURL_POLL_REMOVE && (size_t)fd < ts->ours_count && ts->ours[fd])
        loop_watch(ts->loop, fd, LOOP_READ, slice_on_idle_socket, s);
    else
        loop_watch(ts->loop, fd, what == CURL_POLL_REMOVE ? 0 : events, slice_on_socket, s);
    return 0;
}

static void slice_on_timer(void *arg)
{
    struct slice *s = arg;
    int running;

    s->kicked = false;
    curl_multi_socket_action(s->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    slice_collect(s);
}

static int slice_set_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct slice *s = arg;
    struct loop *loop = s->hive->ts->loop;

    (void)multi;
    if (timeout_ms < 0) {
        loop_timer_stop(loop, &s->timer);
        s->kicked = false;
    } else if (timeout_ms > 0 || !s->kicked) {
        s->kicked = timeout_ms == 0;
        loop_timer_set(loop, &s->timer, timeout_ms * INT64_C(1000));
    }
    return 0;
}

static curl_socket_t transfers_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *at)
{
    int fd = socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);

    (void)arg, (void)purpose;
    return fd < 0 ? CURL_SOCKET_BAD : fd;           /* not inherited by programs that are started meanwhile */
}

static int transfers_close_socket(void *arg, curl_socket_t fd)
{
    struct transfers *ts = arg;

    if ((size_t)fd < ts->ours_count)
        ts->ours[fd] = false;
    loop_watch(ts->loop, fd, 0, NULL, NULL);
    return close(fd);
}

/* GnuTLS asks whoever it is loaded by whether to leave its start until somebody calls it. Here it comes along with what
 * libcurl could speak beside HTTP, and nobody does: TLS is OpenSSL's. Its start is 0.9 MiB of memory. */
int _gnutls_global_init_skip(void);
int _gnutls_global_init_skip(void)
{
    return 1;
}

/* --- birth and death ------------------------------------------------------------------------------------------ */
static pthread_once_t transfers_once = PTHREAD_ONCE_INIT;
static CURLcode transfers_global;

static void transfers_global_init(void)
{
    transfers_global = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool transfers_proxy_wanted(void)
{
    static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (getenv(names[i]) && *getenv(names[i]))
            return true;
    return false;
}

enum err_code transfers_new(struct loop *loop, const char *ca_file, struct transfers **out, struct err *e)
{
    struct transfers *ts;
    const char *from_env = getenv("SSL_CERT_FILE");

    pthread_once(&transfers_once, transfers_global_init);
    if (transfers_global != CURLE_OK)
        return err_set(e, ERR_ENVIRONMENT, "libcurl can't be started: %s", curl_easy_strerror(transfers_global));
    if (!ca_file && from_env && *from_env)
        ca_file = from_env;
    if (ca_file && access(ca_file, R_OK) != 0)
        return err_set(e, ERR_ENVIRONMENT, "the file of trusted certificates, %s, can't be read", ca_file);
    ts = xcalloc(1, sizeof *ts);
    ts->loop = loop;
    ts->ca_file = ca_file ? xstrdup(ca_file) : NULL;
    ts->no_proxy = !transfers_proxy_wanted();
    ts->share = curl_share_init();
    ASSERT(ts->share);
    curl_share_setopt(ts->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(ts->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    *out = ts;
    return ERR_OK;
}

static void transfer_free(struct transfer *t)
{
    curl_easy_cleanup(t->easy);
    buf_dispose(&t->url);
    buf_dispose(&t->head);
    buf_dispose(&t->body);
    free(t);
}

void transfers_free(struct transfers *ts)
{
    if (!ts)
        return;
    while (ts->idle) {
        struct transfer *t = ts->idle;

        ts->idle = t->next_idle;
        transfer_free(t);
    }
    curl_share_cleanup(ts->share);
    free(ts->ca_file);
    free(ts->ours);
    free(ts);
}

struct hive *hive_new(struct transfers *ts)
{
    struct hive *h = xcalloc(1, sizeof *h);

    h->ts = ts;
    return h;
}

void hive_free(struct hive *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->slices.len; i++) {
        ASSERT(h->slices.at[i]->active == 0);
        curl_multi_cleanup(h->slices.at[i]->multi);
        loop_timer_stop(h->ts->loop, &h->slices.at[i]->timer);
        free(h->slices.at[i]);
    }
    vec_dispose(&h->slices);
    free(h);
}

static struct slice *hive_slice(struct hive *h)
{
    struct slice *s;

    for (size_t i = 0; i < h->slices.len; i++)
        if (h->slices.at[i]->active < TRANSFER_SLICE)
            return h->slices.at[i];
    s = xcalloc(1, sizeof *s);
    s->hive = h;
    s->timer.fn = slice_on_timer;
    s->timer.arg = s;
    s->multi = curl_multi_init();
    ASSERT(s->multi);
    curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, slice_watch);
    curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
    curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, slice_set_timer);
    curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s);
    curl_multi_setopt(s->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, (long)TRANSFER_SLICE * 2);
    vec_push(&h->slices, s);
    return s;
}

/* --- one exchange --------------------------------------------------------------------------------------------- */
static int64_t transfer_deadline_us(const struct transfer *t)
{
    const struct transfer_limits *m = &t->spec.limits;
    int64_t phase = t->phase == TRANSFER_CONNECTING ? m->connect_us
                    : t->phase == TRANSFER_WAITING  ? m->first_byte_us
                                                    : m->idle_us;

    return MIN(t->phase_us + phase, t->start_us + m->total_us);
}

/* A later deadline is left to the timer that is set; only a nearer one needs it moved. */
static void transfer_enter(struct transfer *t, enum transfer_phase phase)
{
    int64_t now_us = clock_mono_us(), due_us;

    t->phase_us = now_us;
    if (t->phase == phase)
        return;
    t->phase = phase;
    due_us = transfer_deadline_us(t);
    if (due_us < t->timer.due_us)
        loop_timer_set(t->ts->loop, &t->timer, due_us - now_us);
}

static int transfer_on_request(void *arg, char *to_ip, char *from_ip, int to_port, int from_port)
{
    struct transfer *t = arg;

    (void)to_ip, (void)from_ip, (void)to_port, (void)from_port;
    transfer_enter(t, TRANSFER_WAITING);
    if (t->spec.connected)
        t->spec.connected(t->spec.owner);
    return CURL_PREREQFUNC_OK;
}

static size_t transfer_on_header(char *bytes, size_t one, size_t n, void *arg)
{
    struct transfer *t = arg;
    struct str line = str_n(bytes, n);

    (void)one;
    transfer_enter(t, TRANSFER_READING);
    if (str_starts(line, S("HTTP/")))               /* a new head: after 100, 103 */
        buf_reset(&t->head);
    else
        buf_append(&t->head, line);
    if (!buf_failed(&t->head))
        return n;
    t->cause = TRANSFER_CEILING;
    t->ceiling = "headers are";
    return 0;
}

bool transfer_keep(struct transfer *t, struct str bytes)
{
    buf_append(&t->body, bytes);
    return !buf_failed(&t->body);
}

static size_t transfer_on_body(char *bytes, size_t one, size_t n, void *arg)
{
    struct transfer *t = arg;
    bool on;

    (void)one;
    transfer_enter(t, TRANSFER_READING);
    t->bytes += (int64_t)n;
    if (t->bytes > t->spec.limits.bytes_max) {
        t->cause = TRANSFER_CEILING;
        t->ceiling = "answer is";
        return 0;
    }
    on = t->spec.feed ? t->spec.feed(t->spec.owner, t, str_n(bytes, n)) : transfer_keep(t, str_n(bytes, n));
    if (!on)
        t->cause = TRANSFER_REFUSED;
    return on ? n : 0;
}

#define SET(option, value) (void)curl_easy_setopt(t->easy, CURLOPT_##option, value)

static struct transfer *transfer_new(struct transfers *ts)
{
    struct transfer *t = xcalloc(1, sizeof *t);

    t->ts = ts;
    t->easy = curl_easy_init();
    ASSERT(t->easy);
    t->url = BUF_INIT(64 * 1024);
    SET(PRIVATE, t);
    SET(SHARE, ts->share);
    SET(PROTOCOLS_STR, "http,https");
    SET(FOLLOWLOCATION, 0L);
    SET(NOSIGNAL, 1L);
    SET(TCP_NODELAY, 1L);
    SET(BUFFERSIZE, (long)TRANSFER_READ_BYTES);
    SET(UPLOAD_BUFFERSIZE, 16384L);
    SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(CONNECTTIMEOUT_MS, 24 * 3600 * 1000L);      /* ours is the timer's business */
    SET(POST, 1L);
    SET(ERRORBUFFER, t->why);
    SET(HEADERFUNCTION, transfer_on_header);
    SET(HEADERDATA, t);
    SET(WRITEFUNCTION, transfer_on_body);
    SET(WRITEDATA, t);
    SET(PREREQFUNCTION, transfer_on_request);
    SET(PREREQDATA, t);
    SET(SUPPRESS_CONNECT_HEADERS, 1L);
    SET(OPENSOCKETFUNCTION, transfers_open_socket);
    SET(OPENSOCKETDATA, ts);
    SET(CLOSESOCKETFUNCTION, transfers_close_socket);
    SET(CLOSESOCKETDATA, ts);
    if (ts->ca_file)
        SET(CAINFO, ts->ca_file);
    if (ts->no_proxy)
        SET(PROXY, "");                             /* saves curl a look into the environment for every call */
    return t;
}

static void transfer_buf_retire(struct buf *b)
{
    if (b->cap > TRANSFER_KEPT_BYTES)
        buf_dispose(b);
    else
        buf_reset(b);
}

/* The end of `t` for everybody: out of its slice, told, kept. */
static void transfer_end(struct transfer *t)
{
    struct transfers *ts = t->ts;

    loop_timer_stop(ts->loop, &t->timer);
    curl_multi_remove_handle(t->slice->multi, t->easy);
    t->slice->active--;
    t->spec.done(t->spec.owner, t);
    transfer_buf_retire(&t->head);
    transfer_buf_retire(&t->body);
    t->slice = NULL;
    t->spec = (struct transfer_spec){ 0 };
    t->next_idle = ts->idle;
    ts->idle = t;
}

static void slice_collect(struct slice *s)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(s->multi, &left))) {
        struct transfer *t;
        CURLcode result = msg->data.result;

        if (msg->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        t->result = result;
        if (result != CURLE_OK && t->cause == TRANSFER_WHOLE)
            t->cause = TRANSFER_FAULT;
        transfer_end(t);
    }
}

static void transfer_on_timer(void *arg)
{
    struct transfer *t = arg;
    int64_t left = transfer_deadline_us(t) - clock_mono_us();

    if (left > 0) {
        loop_timer_set(t->ts->loop, &t->timer, left);
        return;
    }
    t->cause = TRANSFER_DEADLINE;
    transfer_end(t);
}

void transfer_cancel(struct transfer *t)
{
    t->cause = TRANSFER_CANCELLED;
    transfer_end(t);
}

struct transfer *transfer_start(struct hive *h, const struct transfer_spec *spec)
{
    struct transfers *ts = h->ts;
    struct transfer *t = ts->idle;

    if (t)
        ts->idle = t->next_idle;
    else
        t = transfer_new(ts);
    t->spec = *spec;
    t->phase = TRANSFER_CONNECTING;
    t->cause = TRANSFER_WHOLE;
    t->result = CURLE_OK;
    t->bytes = 0;
    t->why[0] = '\0';
    t->head.max = TRANSFER_HEAD_BYTES_MAX;
    t->body.max = (size_t)spec->limits.bytes_max;
    t->start_us = t->phase_us = clock_mono_us();
    t->slice = hive_slice(h);
    t->slice->active++;
    if (!str_is(buf_str(&t->url), spec->url)) {
        buf_reset(&t->url);
        buf_puts(&t->url, spec->url);
        SET(URL, spec->url);
        /* worth waiting for a connection that may multiplex; a plain one never tells before its first answer */
        SET(PIPEWAIT, str_istarts(buf_str(&t->url), S("https://")) ? 1L : 0L);
    }
    SET(POSTFIELDS, spec->body.at);
    SET(POSTFIELDSIZE_LARGE, (curl_off_t)spec->body.len);
    SET(HTTPHEADER, spec->headers);
    if (spec->compressed != t->compressed) {
        t->compressed = spec->compressed;
        SET(ACCEPT_ENCODING, spec->compressed ? "gzip" : NULL);
    }
    t->timer = (struct loop_timer){ .fn = transfer_on_timer, .arg = t };
    loop_timer_set(ts->loop, &t->timer, MIN(spec->limits.connect_us, spec->limits.total_us));
    ASSERT(curl_multi_add_handle(t->slice->multi, t->easy) == CURLM_OK);
    return t;
}

/* --- what came ------------------------------------------------------------------------------------------------ */
int transfer_status(struct transfer *t)
{
    long status = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    return t->phase == TRANSFER_READING ? (int)status : 0;
}

static bool transfer_header_next(struct str *rest, struct str *name, struct str *value)
{
    struct str line;

    while (str_split(rest, '\n', &line)) {
        ptrdiff_t colon = str_find_byte(line, ':');

        if (colon <= 0)
            continue;
        *name = str_sub(line, 0, (size_t)colon);
        *value = str_trim(str_from(line, (size_t)colon + 1));
        return true;
    }
    return false;
}

struct str transfer_header(struct transfer *t, const char *name)
{
    struct str rest = buf_str(&t->head), key, value;

    while (transfer_header_next(&rest, &key, &value))
        if (str_ieq(key, str_c(name)))
            return value;
    return S("");
}

const struct http_header *transfer_headers(struct transfer *t, struct arena *a, size_t *count)
{
    struct str rest = buf_str(&t->head), name, value;
    struct http_header *all;
    size_t lines = 0, n = 0;

    for (size_t i = 0; i < rest.len; i++)
        lines += rest.at[i] == '\n';
    lines = MIN(lines, (size_t)TRANSFER_HEADERS_MAX);
    all = arena_array(a, struct http_header, lines);
    while (n < lines && transfer_header_next(&rest, &name, &value))
        all[n++] = (struct http_header){ name, value };
    *count = n;
    return all;
}

struct str transfer_body(const struct transfer *t)
{
    return buf_str(&t->body);
}

enum transfer_cause transfer_cause(const struct transfer *t)
{
    return t->cause;
}

int64_t transfer_started_us(const struct transfer *t)
{
    return t->start_us;
}

int64_t transfer_bytes(const struct transfer *t)
{
    return t->bytes;
}

/* scheme://host:port of the url: enough to find the culprit, and nothing a query could hide. */
static struct str transfer_origin(const struct transfer *t)
{
    struct str url = str_c(t->spec.url);
    ptrdiff_t at = str_find(url, S("://"));
    ptrdiff_t slash = at < 0 ? -1 : str_find_byte(str_from(url, (size_t)at + 3), '/');

    return slash < 0 ? url : str_sub(url, 0, (size_t)(at + 3 + slash));
}

static enum err_code transfer_fault_deadline(const struct transfer *t, struct err *e)
{
    const struct transfer_limits *m = &t->spec.limits;
    struct str where = transfer_origin(t);

    if (clock_mono_us() - t->start_us >= m->total_us)
        return err_set(e, ERR_TIMEOUT, STR_FMT " had not finished its answer within %.1f s (%lld bytes had come)",
                       STR_ARG(where), (double)m->total_us / 1e6, (long long)t->bytes);
    if (t->phase == TRANSFER_CONNECTING)
        return err_set(e, ERR_TIMEOUT, "no connection to " STR_FMT " within %.1f s", STR_ARG(where),
                       (double)m->connect_us / 1e6);
    if (t->phase == TRANSFER_WAITING)
        return err_set(e, ERR_TIMEOUT, STR_FMT " sent no first byte within %.1f s", STR_ARG(where),
                       (double)m->first_byte_us / 1e6);
    return err_set(e, ERR_TIMEOUT, STR_FMT " fell silent for %.1f s after %lld bytes of its answer", STR_ARG(where),
                   (double)m->idle_us / 1e6, (long long)t->bytes);
}

static enum err_code transfer_fault_curl(const struct transfer *t, bool *retryable, struct err *e)
{
    struct str where = transfer_origin(t);
    const char *why = t->why[0] ? t->why : curl_easy_strerror(t->result);

    switch (t->result) {
    case CURLE_OPERATION_TIMEDOUT: return err_set(e, ERR_TIMEOUT, STR_FMT ": %s", STR_ARG(where), why);
    case CURLE_PARTIAL_FILE:
        return err_set(e, ERR_NETWORK, STR_FMT " closed the connection in the middle of its answer, after %lld bytes",
                       STR_ARG(where), (long long)t->bytes);
    case CURLE_GOT_NOTHING:
        return err_set(e, ERR_NETWORK, STR_FMT " closed the connection without an answer", STR_ARG(where));
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        if (t->phase != TRANSFER_CONNECTING) {
            *retryable = false;
            return err_set(e, ERR_INVALID_RESPONSE, STR_FMT " answered with something that is not HTTP: %s",
                           STR_ARG(where), why);
        }
        *retryable = false;
        return err_set(e, ERR_REJECTED, STR_FMT " can't be called: %s", STR_ARG(where), why);
    case CURLE_BAD_CONTENT_ENCODING:
        *retryable = false;
        return err_set(e, ERR_INVALID_RESPONSE, STR_FMT ": the answer can't be unpacked: %s", STR_ARG(where), why);
    case CURLE_URL_MALFORMAT:
        *retryable = false;
        return err_set(e, ERR_REJECTED, STR_FMT " is not an address that can be called", STR_ARG(where));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
        *retryable = false;
        return err_set(e, ERR_NETWORK, "the certificate of " STR_FMT " is not trusted: %s (SSL_CERT_FILE names a file of"
                       " trusted certificates)", STR_ARG(where), why);
    default:
        return err_set(e, ERR_NETWORK, STR_FMT ": %s", STR_ARG(where), why);
    }
}

enum err_code transfer_fault(const struct transfer *t, bool *retryable, struct err *e)
{
    enum err_code code = ERR_OK;

    *retryable = true;
    switch (t->cause) {
    case TRANSFER_WHOLE:
    case TRANSFER_REFUSED: break;
    case TRANSFER_DEADLINE: code = transfer_fault_deadline(t, e); break;
    case TRANSFER_CEILING:
        *retryable = false;
        code = err_set(e, ERR_INVALID_RESPONSE, STR_FMT ": the %s larger than the %lld bytes allowed",
                       STR_ARG(transfer_origin(t)), t->ceiling,
                       t->ceiling[0] == 'h' ? (long long)TRANSFER_HEAD_BYTES_MAX : (long long)t->spec.limits.bytes_max);
        break;
    case TRANSFER_CANCELLED:
        *retryable = false;
        code = err_set(e, ERR_CANCELLED, "the call was cancelled");
        break;
    case TRANSFER_FAULT: code = transfer_fault_curl(t, retryable, e); break;
    }
    return code;
}
