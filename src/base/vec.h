/* src/base/vec.h (through base.h): a typed growing array. struct { T *at; size_t len, cap; } by VEC(T).
 * Threads: one owner at a time. */
#pragma once

#define VEC(type) struct { type *at; size_t len, cap; }
#define vec_push(v, ...)                                                                           \
    do {                                                                                           \
        if ((v)->len == (v)->cap) {                                                                \
            (v)->cap = (v)->cap ? (v)->cap * 2 : 8;                                                \
            (v)->at = xreallocarray((v)->at, (v)->cap, sizeof *(v)->at);                           \
        }                                                                                          \
        (v)->at[(v)->len++] = (__VA_ARGS__);                                                       \
    } while (0)
#define vec_dispose(v)                                                                             \
    do {                                                                                           \
        free((v)->at);                                                                             \
        (v)->at = NULL;                                                                            \
        (v)->len = (v)->cap = 0;                                                                   \
    } while (0)
