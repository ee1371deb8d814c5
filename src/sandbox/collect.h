/* src/sandbox/collect.h: what a dead guest left in its working folder, taken within limits.
 *
 * Ordinary files only, in byte order of their paths, without those it was given. What is not taken is named with the
 * reason, up to COLLECT_LEFT_MAX of them. Everything lives in the arena. */
#pragma once

#include "sandbox/sandbox.h"

#define COLLECT_LEFT_MAX 64
#define COLLECT_DEPTH 16
#define COLLECT_ENTRIES 8192

struct collected {
    struct { struct sandbox_taken *at; size_t len, cap; } taken;
    struct { struct sandbox_left *at; size_t len, cap; } left;
};
void collect(int folder, const char *const *given, size_t given_count, const struct sandbox_limits *l, struct arena *a,
             struct collected *out);
