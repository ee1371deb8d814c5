/* bench/mock.c: a model server that costs nothing, to load what calls it.
 *
 * One thread, epoll, HTTP/1.1 keep-alive. Every POST gets the same small chat-completions answer after --delay-ms;
 * GET /stats says how many were answered and how many connections there were. No parsing beyond the head's end and
 * Content-Length, so that the mock never is what a benchmark measures. With --limit-rpm N it keeps a hidden limit and
 * answers 429 past it: a fixed minute (--window-s S to shorten it), or with --burst B a bucket of B that refills.
 * With --spin it never sleeps: else each request would pay for waking this process, which in a virtual machine costs as
 * much as the rest of its way through the kernel, and no distant provider makes its caller pay for that.
 *   cc -O2 -o mock bench/mock.c && ./mock --port 9000 --delay-ms 500 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX 65536

struct conn { int fd; size_t len, cap; char *in; long skip; uint32_t birth; };
struct due { int64_t at_us; int fd; uint32_t birth; bool limited; };

static struct conn *conns;                  /* by fd */
static size_t conn_count;
static struct due *ring;                    /* one delay for all, so the order of arrival is the order of leaving */
static size_t ring_cap = 1 << 20, ring_head, ring_len;
static int epoll;
static int64_t delay_us, answered, limited, accepted, open_now, open_most, in_flight, in_flight_most;
static double limit_per_us, burst, level;
static int64_t window_us = 60000000, window_start_us, window_used, limit_count, level_us;
static bool say_retry_after, say_remaining, spin;
static uint32_t births;

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static const char body_text[] =
    "{\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion\",\"created\":1730000000,\"model\":\"mock\",\"choices\":[{\"index\":0,"
    "\"message\":{\"role\":\"assistant\",\"content\":\"{\\\"queue\\\":\\\"billing\\\",\\\"urgency\\\":\\\"high\\\"}\"},"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":120,\"completion_tokens\":14,\"total_tokens\":134}}";

static void conn_close(struct conn *c)
{
    close(c->fd);
    free(c->in);
    *c = (struct conn){ .fd = -1 };
    open_now--;
}

static void conn_write(struct conn *c, const char *bytes, size_t n)
{
    if (write(c->fd, bytes, n) != (ssize_t)n)           /* answers are far smaller than a socket's buffer */
        conn_close(c);
}

static bool limit_passes(int64_t at_us, int64_t *wait_us)
{
    if (limit_per_us <= 0)
        return true;
    if (burst > 0) {
        level = level + (double)(at_us - level_us) * limit_per_us;
        level = level > burst ? burst : level;
        level_us = at_us;
        if (level >= 1) {
            level -= 1;
            return true;
        }
        *wait_us = (int64_t)((1 - level) / limit_per_us) + 1;
        return false;
    }
    if (at_us - window_start_us >= window_us) {
        window_start_us = at_us - (at_us - window_start_us) % window_us;
        window_used = 0;
    }
    if (window_used < limit_count) {
        window_used++;
        return true;
    }
    *wait_us = window_start_us + window_us - at_us;
    return false;
}

static void conn_answer(struct conn *c, bool refused, int64_t wait_us)
{
    char out[1024], extra[160] = "";
    int n;

    in_flight--;
    if (refused) {
        static const char text[] = "{\"error\":{\"message\":\"Rate limit reached\",\"type\":\"requests\",\"code\":"
                                   "\"rate_limit_exceeded\"}}";

        if (say_retry_after)
            snprintf(extra, sizeof extra, "retry-after: %lld\r\n", (long long)((wait_us + 999999) / 1000000));
        n = snprintf(out, sizeof out, "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n%s"
                     "Content-Length: %zu\r\n\r\n%s", extra, sizeof text - 1, text);
        limited++;
    } else {
        if (say_remaining && burst <= 0)
            snprintf(extra, sizeof extra, "x-ratelimit-limit-requests: %lld\r\nx-ratelimit-remaining-requests: %lld\r\n"
                     "x-ratelimit-reset-requests: %lldms\r\n", (long long)limit_count, (long long)(limit_count - window_used),
                     (long long)((window_start_us + window_us - now_us()) / 1000));
        else if (say_remaining)
            snprintf(extra, sizeof extra, "x-ratelimit-limit-requests: %lld\r\nx-ratelimit-remaining-requests: %lld\r\n"
                     "x-ratelimit-reset-requests: %lldms\r\n", (long long)burst, (long long)level,
                     (long long)((burst - level) / limit_per_us / 1000));
        n = snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
                     extra, sizeof body_text - 1, body_text);
        answered++;
    }
    conn_write(c, out, (size_t)n);
}

static void conn_stats(struct conn *c)
{
    char text[300], out[500];
    int n = snprintf(text, sizeof text, "{\"answered\":%lld,\"limited\":%lld,\"connections\":%lld,\"open\":%lld,\"open_most\":%lld,"
                     "\"in_flight_most\":%lld}\n", (long long)answered, (long long)limited, (long long)accepted,
                     (long long)open_now, (long long)open_most, (long long)in_flight_most);

    n = snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                 n, text);
    conn_write(c, out, (size_t)n);
}

static void conn_request(struct conn *c, bool stats)
{
    int64_t wait_us = 0, at_us;
    bool refused;

    if (stats) {
        conn_stats(c);
        return;
    }
    at_us = delay_us || limit_per_us > 0 ? now_us() : 0;
    if (++in_flight > in_flight_most)
        in_flight_most = in_flight;
    refused = !limit_passes(at_us, &wait_us);
    if (!delay_us || refused) {
        conn_answer(c, refused, wait_us);
    } else if (ring_len < ring_cap) {
        ring[(ring_head + ring_len++) & (ring_cap - 1)] = (struct due){ at_us + delay_us, c->fd, c->birth, false };
    }
}

/* Takes whole requests off the front of what has arrived. */
static void conn_parse(struct conn *c)
{
    int fd = c->fd;
    size_t at = 0;

    while (c->fd == fd) {
        char *start = c->in + at, *end, *length;
        size_t left = c->len - at;
        long body = 0;

        if (c->skip) {
            size_t n = (size_t)c->skip < left ? (size_t)c->skip : left;

            at += n;
            c->skip -= (long)n;
            if (c->skip)
                break;
            conn_request(c, false);
            continue;
        }
        end = left ? memmem(start, left, "\r\n\r\n", 4) : NULL;
        if (!end)
            break;
        *end = '\0';
        if (!strncmp(start, "GET ", 4)) {
            at += (size_t)(end + 4 - start);
            conn_request(c, true);
            continue;
        }
        length = strcasestr(start, "\r\ncontent-length:");
        if (length)
            body = strtol(length + 17, NULL, 10);
        at += (size_t)(end + 4 - start);
        c->skip = body > 0 ? body : 0;
        if (!c->skip)
            conn_request(c, false);
    }
    if (c->fd != fd)
        return;
    memmove(c->in, c->in + at, c->len - at);
    c->len -= at;
    if (!c->len && c->cap > 4096) {
        free(c->in);
        c->in = NULL;
        c->cap = 0;
    }
}

static void conn_read(struct conn *c)
{
    ssize_t n;

    if (c->cap - c->len < 2048) {
        if (c->cap >= HEAD_MAX) {
            conn_close(c);
            return;
        }
        c->cap = c->cap ? c->cap * 2 : 2048;
        c->in = realloc(c->in, c->cap + 1);
        if (!c->in)
            abort();
    }
    n = read(c->fd, c->in + c->len, c->cap - c->len);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            conn_close(c);
        return;
    }
    c->len += (size_t)n;
    conn_parse(c);
}

static void mock_accept(int listener)
{
    int fd, one = 1;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

        if ((size_t)fd >= conn_count) {
            size_t n = (size_t)fd * 2 + 1024;

            conns = realloc(conns, n * sizeof *conns);
            if (!conns)
                abort();
            memset(conns + conn_count, 0, (n - conn_count) * sizeof *conns);
            conn_count = n;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        conns[fd] = (struct conn){ .fd = fd, .birth = ++births };
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
        accepted++;
        if (++open_now > open_most)
            open_most = open_now;
    }
}

static int mock_send_due(void)
{
    while (ring_len) {
        struct due *d = &ring[ring_head];
        int64_t left = d->at_us - now_us();

        if (left > 0)
            return (int)((left + 999) / 1000);
        ring_head = (ring_head + 1) & (ring_cap - 1);
        ring_len--;
        if (conns[d->fd].fd == d->fd && conns[d->fd].birth == d->birth)
            conn_answer(&conns[d->fd], false, 0);
        else
            in_flight--;
    }
    return -1;
}

static double option(int argc, char **argv, const char *name, double usual)
{
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], name))
            return strtod(argv[i + 1], NULL);
    return usual;
}

static bool flag(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], name))
            return true;
    return false;
}

int main(int argc, char **argv)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event events[256], ev = { .events = EPOLLIN };
    socklen_t at_len = sizeof at;
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    spin = flag(argc, argv, "--spin");
    delay_us = (int64_t)(option(argc, argv, "--delay-ms", 0) * 1000);
    window_us = (int64_t)(option(argc, argv, "--window-s", 60) * 1e6);
    limit_count = (int64_t)option(argc, argv, "--limit-rpm", 0);
    limit_per_us = (double)limit_count / 60e6;
    limit_count = (int64_t)((double)limit_count * (double)window_us / 60e6);
    burst = level = option(argc, argv, "--burst", 0);
    say_retry_after = flag(argc, argv, "--retry-after");
    say_remaining = flag(argc, argv, "--remaining");
    window_start_us = level_us = now_us();
    ring = calloc(ring_cap, sizeof *ring);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    at.sin_port = htons((uint16_t)option(argc, argv, "--port", 0));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (!ring || epoll < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 16384) < 0 ||
        getsockname(listener, (struct sockaddr *)&at, &at_len) < 0) {
        perror("mock");
        return 4;
    }
    ev.data.fd = listener;
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev);
    printf("http://127.0.0.1:%d\n", ntohs(at.sin_port));
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(epoll, events, 256, spin ? (mock_send_due(), 0) : mock_send_due());

        for (int i = 0; i < n; i++)
            if (events[i].data.fd == listener)
                mock_accept(listener);
            else if (conns[events[i].data.fd].fd == events[i].data.fd)
                conn_read(&conns[events[i].data.fd]);
    }
}
