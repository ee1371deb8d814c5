/* src/llm/transfer.h: one HTTP exchange at a time, thousands of them, on libcurl's multi socket interface.
 *
 * A `transfers` belongs to one event loop. Connections live in `hives`, one per vendor: a hive is a row of curl multi
 * handles of at most TRANSFER_SLICE exchanges each, because curl looks through all connections of a host for an idle
 * one at every request, and at thousands that look costs more than the request. The lowest slice with room is used,
 * so that connections are reused (and HTTP/2 multiplexed) as densely as possible.
 *
 * Every exchange ends once, by `done`: whole answer, curl's fault, a deadline, a ceiling, or its feeder's refusal.
 * One timer per exchange looks after all four deadlines; it is set again only when it fires too early.
 * Easy handles are kept and never reset: what differs from call to call is set, the rest stays.
 * No redirect is followed (the key would go with it), only http and https are spoken, certificates are checked.
 * Threads: the loop's. */
#pragma once

#include "llm/provider/provider.h"

#include <curl/curl.h>

#define TRANSFER_SLICE 256
#define TRANSFER_HEAD_BYTES_MAX (64u * 1024)
#define TRANSFER_HEADERS_MAX 256

struct transfers;
struct hive;
struct transfer;

struct transfer_limits { int64_t connect_us, first_byte_us, idle_us, total_us, bytes_max; };

struct transfer_spec {                      /* all it points to lives until done */
    const char *url;
    struct str body;
    const struct curl_slist *headers;
    bool compressed;                        /* offer gzip */
    struct transfer_limits limits;
    /* MAY. Body bytes as they come (a 2xx or not: see transfer_status). false ends the exchange; the feeder knows why.
     * Without it the body is kept. */
    bool (*feed)(void *owner, struct transfer *t, struct str bytes);
    void (*done)(void *owner, struct transfer *t);      /* last use of `t` is inside; may start others */
    void (*connected)(void *owner);         /* MAY: the connection stands, the request is about to leave */
    void *owner;
};

enum transfer_cause {
    TRANSFER_WHOLE, TRANSFER_FAULT, TRANSFER_DEADLINE, TRANSFER_CEILING, TRANSFER_REFUSED, TRANSFER_CANCELLED,
};

enum err_code transfers_new(struct loop *loop, const char *ca_file, struct transfers **out, struct err *e) MUST_USE;
void          transfers_free(struct transfers *ts);             /* no exchange may be open */
struct hive  *hive_new(struct transfers *ts);
void          hive_free(struct hive *h);

struct transfer *transfer_start(struct hive *h, const struct transfer_spec *spec);     /* done is never called inside */
void             transfer_cancel(struct transfer *t);           /* calls done, as TRANSFER_CANCELLED */

/* In feed and done. */
int           transfer_status(struct transfer *t);              /* 0: no answer came */
struct str    transfer_header(struct transfer *t, const char *name);    /* borrowed; empty when absent */
const struct http_header *transfer_headers(struct transfer *t, struct arena *a, size_t *count);
struct str    transfer_body(const struct transfer *t);
bool          transfer_keep(struct transfer *t, struct str bytes);      /* for a feeder that wants the rest kept */
/* In done. */
enum transfer_cause transfer_cause(const struct transfer *t);
/* ERR_OK for TRANSFER_WHOLE and TRANSFER_REFUSED; otherwise the class and a sentence; *retryable says more. */
enum err_code transfer_fault(const struct transfer *t, bool *retryable, struct err *e);
int64_t       transfer_started_us(const struct transfer *t);
int64_t       transfer_bytes(const struct transfer *t);
