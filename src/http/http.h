/* src/http/http.h: the HTTP server (GNU libmicrohttpd: epoll, a few threads, TCP_NODELAY).
 *
 * A handler is called once its request's body is whole (bounded) and answers now or later: nobody's thread waits. An
 * answer is bytes in one write, or a stream whose parts are pushed from any thread. For tests and the simulator an
 * answer can also misbehave on purpose (http_abort).
 * Knows no routes of ours: http_router maps method and path pattern to a handler with its own argument. */
#pragma once

#include "base/base.h"

struct http_server;
struct http_request;

struct http_options {
    const char *address;                    /* "127.0.0.1" when NULL */
    uint16_t port;                          /* 0: any free one; http_server_port tells */
    int threads;                            /* 0: 1 */
    int64_t connections_max;                /* 0: 20,000 (the open-files limit permitting) */
    int64_t body_bytes_max;                 /* 0: 64 MiB; above: 413 */
    int64_t idle_timeout_ms;                /* of a connection; 0: 300,000 */
    /* Called for every request that is whole; must end in exactly one of http_answer*, http_stream_begin, http_abort, now or later. */
    void (*handle)(struct http_request *r, void *arg);
    /* The bytes of an error we answer ourselves (404, 413...): JSON text for `message`; NULL: {"error":{"message":...}}. */
    void *arg;
};

enum err_code http_server_new(const struct http_options *options, struct http_server **out, struct err *e) MUST_USE;
uint16_t      http_server_port(const struct http_server *s);
void          http_server_free(struct http_server *s);      /* stops; requests not yet answered are closed */

/* The request: strings are borrowed and live until it is answered. */
struct str    http_method(const struct http_request *r);
struct str    http_path(const struct http_request *r);                  /* raw, without query, percent-escapes kept */
struct str    http_query(const struct http_request *r, const char *name);   /* decoded; empty when absent */
struct str    http_header(const struct http_request *r, const char *name);
struct str    http_body(const struct http_request *r);
struct arena *http_arena(struct http_request *r);                       /* dies with the request */

/* Answers. `headers` are "Name: value" strings, NULL-ended, may be NULL. Bytes are copied. Threads: any. */
void http_answer_bytes(struct http_request *r, int status, const char *content_type, struct str bytes, const char *const *headers);
void http_answer_json(struct http_request *r, int status, json_t *j /* taken */, const char *const *headers);

/* A streamed answer: begin, push as often as you like, end. A push to a client that went away gives false. */
void http_stream_begin(struct http_request *r, int status, const char *content_type, const char *const *headers);
bool http_stream_push(struct http_request *r, struct str bytes);
void http_stream_end(struct http_request *r);                           /* the request is gone after this */

/* Misbehave: close without an answer (after what was streamed so far), politely or by reset. */
enum http_abort { HTTP_ABORT_CLOSE, HTTP_ABORT_RESET };
void http_abort(struct http_request *r, enum http_abort how);

/* Path patterns: "/v1/models/:id" (one segment), "/v1/x/*rest". A small table, first match wins. */
bool http_match(const char *pattern, struct str path, struct arena *a, struct str *params /* up to 4, decoded */, size_t *count);
