/* src/sim/fault.h: faults on demand and hidden limits: what goes wrong with this request.
 *
 * Rules come from the model's name, a header, the program's start and PUT /control. A word is
 * kind[=value][@N][~P]. Counters of @N are kept for each request text, bounded; a control rule's first and every
 * count over the whole server. Threads: any, one short lock. */
#pragma once

#include "sim/models.h"

enum sim_fault_kind {
    SIM_FAULT_STATUS,           /* value.number: the status; wait: for Retry-After */
    SIM_FAULT_QUOTA,
    SIM_FAULT_RESET,
    SIM_FAULT_NO_REPLY,
    SIM_FAULT_SLOW_FIRST_BYTE,
    SIM_FAULT_CUT_STREAM,
    SIM_FAULT_STALL_STREAM,
    SIM_FAULT_SLOW,
    SIM_FAULT_GARBAGE,
    SIM_FAULT_TRUNCATED_JSON,
    SIM_FAULT_WRONG_CONTENT_TYPE,
    SIM_FAULT_HUGE_BODY,
    SIM_FAULT_BILLED_BUT_FAILED,
    SIM_FAULT_FLAP,
    SIM_FAULT_ERROR_IN_200,
    SIM_FAULT_EMPTY_CHOICES,
    SIM_FAULT_REFUSE_PARAM,
    SIM_FAULT_CONTENT_FILTER,
    SIM_FAULT_KINDS
};

struct sim_fault {
    enum sim_fault_kind kind;
    const char *name;                       /* static, for the ledger: "429", "quota"... */
    int status;                             /* SIM_FAULT_STATUS, _FLAP, _ERROR_IN_200, _BILLED_BUT_FAILED */
    int64_t wait_ms;                        /* Retry-After; -1: none is sent */
    bool wait_in_ms;                        /* as retry-after-ms */
    int64_t number;                         /* milliseconds, factor, bytes */
    struct str text;                        /* SIM_FAULT_REFUSE_PARAM: its name */
    int64_t first;                          /* @N; 0: always */
    double rate;                            /* ~P; 1: always */
};

#define SIM_FAULTS_MAX 8
struct sim_faults { struct sim_fault at[SIM_FAULTS_MAX]; size_t len; };

struct sim_limits { int64_t requests_per_minute, tokens_per_minute; double burst_seconds; bool per_model, headers; };

/* What limits say of one request, for the headers of every answer. */
struct sim_room {
    bool limited, headers;                  /* is there a limit; is it told */
    bool refused, by_tokens;
    int64_t requests_limit, requests_left, requests_reset_ms, tokens_limit, tokens_left, tokens_reset_ms, wait_ms;
};

struct sim_weather;                         /* all rules, counters and buckets of a server */
struct sim_weather *sim_weather_new(uint64_t seed) MUST_USE;
void                sim_weather_free(struct sim_weather *w);
enum err_code       sim_weather_set_rules(struct sim_weather *w, const json_t *rules, struct err *e) MUST_USE;
enum err_code       sim_weather_set_limits(struct sim_weather *w, const json_t *limits, struct err *e) MUST_USE;
enum err_code       sim_weather_set_words(struct sim_weather *w, struct str words, struct err *e) MUST_USE;
json_t             *sim_weather_json(struct sim_weather *w);
bool                sim_weather_calm(struct sim_weather *w);     /* nothing set: the quick way */

/* Those that strike: words of the model's name, of the header, and the server's rules. `who` tells requests apart. */
enum err_code sim_weather_strike(struct sim_weather *w, struct str model, struct str in_name, struct str in_header,
                                 uint64_t who, struct arena *a, struct sim_faults *out, struct err *e) MUST_USE;
void sim_weather_admit(struct sim_weather *w, struct str model, int64_t tokens, struct sim_room *out);
