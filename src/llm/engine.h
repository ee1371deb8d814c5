/* src/llm/engine.h: the inside of struct llm: private to src/llm.
 *
 * Two kinds of thread meet here. A caller's thread finds the provider, its key and its route, encodes the request and
 * posts the work to the loop; it takes `lock` only to look into tables. The event thread does all the rest.
 *
 *   vendor   what is known of one provider: its key and address (read once), set under `lock`, then constant
 *   route    calls to one provider at one address: a lane, a queue, connections
 *   work     one call on its way: queued in its route, waiting out a backoff, or in a transfer */
#pragma once

#include "llm/child.h"
#include "llm/lane.h"
#include "llm/prices.h"
#include "llm/ratelimit.h"
#include "llm/retry.h"
#include "llm/transfer.h"

#include <pthread.h>

#define ENGINE_REFUSALS_MAX 12              /* fields one model may turn out to refuse */

struct vendor {
    const struct provider *provider;
    char *address;                          /* from llm_set_base_url, the environment or the provider; NULL: none */
    bool address_set, key_read;
    struct secret key, key_parts[PROVIDER_KEY_PARTS];
    const char *key_variable;
    struct err key_err;                     /* why there is no key, when one is needed */
    struct llm_limits limits;
    bool limits_set;
};

struct header_set { struct header_set *next; char *text; struct curl_slist *nodes; };

struct work_list { struct call_work *first, *last; int64_t len; };

/* Written by the event thread with relaxed atomics, read by llm_lane_at. */
struct route_counts { int64_t in_flight, queued, window, paused_until_us, requests, retries, rate_limited; };

struct route {
    struct llm *llm;
    struct vendor *vendor;
    char *address;
    /* the event thread's */
    struct lane lane;
    struct work_list again, fresh;          /* calls that have waited before go first */
    struct hive *hive;
    struct loop_timer timer;
    struct secret auth;                     /* "Authorization: Bearer ..." */
    struct curl_slist auth_node;
    bool auth_made, connected;
    struct header_set *headers;
    size_t header_sets;
    int64_t refuse_until_us;                /* the vendor asked for more patience than allowed: calls fail until then */
    bool pumping;
    struct route_counts counts;
    struct llm_limits limits;               /* handed over by llm_set_limits under `lock` */
    bool limits_new;
};

struct model_quirks { struct quirks quirks; struct str refused[ENGINE_REFUSALS_MAX]; };

struct llm {
    struct loop *loop;
    pthread_t thread;
    struct llm_options options;             /* with defaults filled in; strings are copies */
    struct retry_policy retry;
    struct prices *prices;
    const struct provider *extra;           /* a provider of a test's own, looked at first */
    struct transfers *transfers;            /* the event thread's */
    struct rng rng;                         /* the event thread's */
    int64_t in_flight, in_flight_max;       /* the event thread's: of all routes; what the limit of open files leaves */
    struct work_list all;                   /* the event thread's: every work it holds */
    struct loop_letter stop_letter;
    bool stopping;                          /* atomic */
    bool tokens_limited;                    /* atomic: somebody set a limit of tokens a minute */
    int64_t calls;                          /* atomic: accepted and not yet done */
    pthread_mutex_t lock;                   /* guards what follows */
    VEC(struct vendor *) vendors;
    struct map routes;                      /* provider '\n' address -> struct route */
    VEC(struct route *) route_list;
    struct map quirks;                      /* model name -> struct model_quirks; each is replaced, never changed */
    VEC(struct model_quirks *) quirks_old;
};

struct call_work {                          /* lives in the call's arena */
    struct loop_letter letter;
    struct llm *llm;
    struct call *call;
    struct route *route;
    const struct provider *provider;
    struct http_call http;
    struct call_work *queue_next, *all_next, *all_prev;
    struct loop_timer timer;                /* backoff */
    struct transfer *transfer;
    struct child *child;
    bool unstarted;                         /* a program could not be started: sent, and soon told so by the timer */
    struct curl_slist *signed_headers;      /* AUTH_AWS: of the transfer under way; they hold its signature */
    struct stream *stream;
    struct framing *framing;
    struct retry_count count;
    int refused;                            /* requests written anew without a field */
    bool feeding;                           /* the answer turned out to be a stream */
    int64_t tokens;                         /* estimate of the input */
    int64_t ready_us, sent_us, sent_wall_ms, first_token_us;
    size_t attempt_cap;
    enum err_code feed_code;                /* why the feeder ended the exchange */
    struct err feed_err;
};

/* llm.c */
const struct provider *llm_provider_find(const struct llm *l, struct str name);
const struct model_quirks *llm_quirks_of(struct llm *l, struct str model);
void          llm_quirks_add(struct llm *l, struct str model, struct str field);
/* engine.c */
enum err_code engine_start(struct llm *l, struct err *e) MUST_USE;
void          engine_stop(struct llm *l);
void          engine_take(struct call_work *w);     /* any thread: the work is the engine's from here */
void          engine_cancel(struct llm *l, bool in_flight);      /* any thread; returns at once */
