/* src/http/http.h: the HTTP server (GNU libmicrohttpd: epoll, a few threads, TCP_NODELAY).
 *
 * A handler is called once its request's body is whole (bounded) and answers now or later: nobody's thread waits. An
 * answer is bytes in one write, a stream whose parts are pushed from any thread, or bytes made as the client reads.
 * For tests and the simulator an answer can also misbehave on purpose (http_abort).
 * Knows no routes of ours: http_match compares a path with a pattern, the caller keeps the table.
 *
 * The library is opened when the first server starts.
 *
 * Threads: the handler runs on a server thread and must not block; everything that ends a request may be called from
 * any thread. Cost of an idle connection: about 18 KiB, of a waiting request 5 KiB more. */
#pragma once

#include "base/base.h"

struct http_server;
struct http_request;

struct http_options {
    const char *address;                    /* "127.0.0.1" when NULL; "::1", "0.0.0.0", "localhost"... */
    uint16_t port;                          /* 0: any free one; http_server_port tells */
    int threads;                            /* 0: 1 */
    int64_t connections_max;                /* 0: 20,000 (the open-files limit permitting) */
    int64_t body_bytes_max;                 /* 0: 64 MiB; above: 413 */
    int64_t stream_bytes_max;               /* pushed and not yet read by the client; 0: 8 MiB; above: it is cut off */
    int64_t idle_timeout_ms;                /* of a connection nobody answers on or reads from; 0: 300,000 */
    /* Called for every request that is whole; must end in exactly one of http_answer*, http_stream_end, http_abort,
     * now or later. */
    void (*handle)(struct http_request *r, void *arg);
    void *arg;
};

enum err_code http_server_new(const struct http_options *options, struct http_server **out, struct err *e) MUST_USE;
uint16_t      http_server_port(const struct http_server *s);
/* Stops. Requests not yet ended are closed; whoever holds one still ends it as usual (http_abort will do). */
void          http_server_free(struct http_server *s);

/* The request: strings are borrowed and live until it is ended; once a stream has begun the client may leave and take
 * method, path, query and headers along: read those before. */
struct str    http_method(const struct http_request *r);
struct str    http_path(const struct http_request *r);                  /* raw, without query, percent-escapes kept */
struct str    http_query(const struct http_request *r, const char *name);   /* decoded; empty when absent */
struct str    http_header(const struct http_request *r, const char *name);  /* empty when absent */
struct str    http_body(const struct http_request *r);
struct arena *http_arena(struct http_request *r);                       /* dies with the request */
bool          http_gone(struct http_request *r);        /* the client hung up: look now and then while it waits */

/* Answers. `headers` are "Name: value" strings, NULL-ended, may be NULL. Bytes are copied. Threads: any. */
void http_answer_bytes(struct http_request *r, int status, const char *content_type, struct str bytes,
                       const char *const *headers);
void http_answer_json(struct http_request *r, int status, json_t *j /* taken */, const char *const *headers);
/* `size` bytes that nobody needs to hold: `fill` writes those from `at` on whenever the client can take more. */
void http_answer_made(struct http_request *r, int status, const char *content_type, int64_t size,
                      void (*fill)(int64_t at, char *out, size_t n, void *arg), void *arg, const char *const *headers);

/* A streamed answer: begin, push as often as you like, end. A push to a client that went away gives false. */
void http_stream_begin(struct http_request *r, int status, const char *content_type, const char *const *headers);
bool http_stream_push(struct http_request *r, struct str bytes);
void http_stream_end(struct http_request *r);                           /* the request is gone after this */

/* Misbehave: close without an answer (after what was streamed so far), politely or by reset. */
enum http_abort { HTTP_ABORT_CLOSE, HTTP_ABORT_RESET };
void http_abort(struct http_request *r, enum http_abort how);

/* Percent-escapes undone; an escape that is none stays as it is. */
struct str http_unescape(struct arena *a, struct str s);
/* Path patterns: "/v1/models/:id" (one segment), "/v1/x/" followed by "*rest" (all that is left, may hold "/"). */
#define HTTP_PARAMS 4
bool http_match(const char *pattern, struct str path, struct arena *a, struct str params[HTTP_PARAMS] /* decoded */,
                size_t *count);
