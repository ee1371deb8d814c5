/* src/llm/sigv4.h: signature version 4, by which AWS knows who calls.
 *
 * Source: AWS's "Signature Version 4 signing process", with the canonical path encoded twice as every service but S3
 * wants it. libcurl has this too (CURLOPT_AWS_SIGV4), but the libcurl of the systems we build on signs the path as it
 * stands, so that a model's id with a colon in it ("...-v1:0") is answered with 403, and it signs header names that it
 * then does not send.
 * Signed are host, x-amz-date and x-amz-security-token, and the body by its hash. Threads: pure. */
#pragma once

#include "base/base.h"

struct sigv4_ask {
    struct str id, secret, token;           /* token empty: long-lived keys */
    struct str region, service;             /* "us-east-1", "bedrock" */
    struct str method, url, body;           /* url: whole, path already percent-encoded, query sorted or absent */
    int64_t wall_ms;
};

/* Appends the lines "X-Amz-Date: ...", "X-Amz-Security-Token: ..." (with a token) and "Authorization: ...", each
 * ended by LF. The caller clears the buffer: the token is a secret. */
void sigv4_sign(const struct sigv4_ask *ask, struct buf *lines);
