/* src/llm/ratelimit.h: what an answer's headers say about limits, from every vendor's spelling, in one struct.
 *
 * Retry-After in seconds or as an HTTP date, retry-after-ms (which wins), x-ratelimit-* with durations such as 6m0s or
 * 20ms, anthropic-ratelimit-* with RFC 3339 resets, Mistral's per-minute names, OpenRouter's epoch resets. What cannot
 * be read counts as not said. Threads: pure. Cost: one pass over the headers. */
#pragma once

#include "llm/provider/provider.h"

struct rate_info {                          /* -1: not said */
    int64_t retry_after_ms;
    int64_t limit_requests, remaining_requests, reset_requests_ms;      /* reset: from now */
    int64_t limit_tokens, remaining_tokens, reset_tokens_ms;
};

/* True when the headers say anything of the kind. */
bool    ratelimit_read(const struct http_header *headers, size_t n, int64_t now_wall_ms, struct rate_info *out);
/* "1s" "6m0s" "20ms" "1h2m3s" "1.5s" or plain seconds; -1 for anything else. */
int64_t ratelimit_duration_ms(struct str text);
