/* src/sim/signature.h: is a request signed with the secret we were told? AWS Signature Version 4, from the server's
 * side.
 *
 * Source: AWS, "Create a signed AWS API request" and its error responses. Written apart from llm/sigv4, which signs:
 * two that agree by sharing code would prove nothing. What the client says it signed is what is checked: any headers,
 * host and x-amz-date among them, and the session's token when there is one. Requests with a query are not understood
 * (Bedrock's have none). Threads: pure. */
#pragma once

#include "base/base.h"

#define SIGNATURE_HEADERS_MAX 64
#define SIGNATURE_SKEW_MS     (15 * 60 * 1000)      /* how far clocks may be apart */

struct signature_ask {
    struct str method, path;                /* path: as it came, percent-escapes kept */
    struct str body;
    struct str authorization;
    struct str (*header)(void *arg, const char *name);     /* lower case name; empty when absent */
    void *arg;
    struct str secret, service;             /* "bedrock" */
    int64_t wall_ms;                        /* now */
};

enum signature_verdict { SIGNATURE_GOOD, SIGNATURE_INCOMPLETE, SIGNATURE_INVALID };
/* `why`: AWS's sentence when it is not good, in the arena. */
enum signature_verdict signature_check(const struct signature_ask *ask, struct arena *a, struct str *why);
