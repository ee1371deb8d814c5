/* src/base/macros.h (through base.h): the compiler's words, and the few macros everybody uses. */
#pragma once

#define AUTO(fn)           __attribute__((cleanup(fn)))
#define MUST_USE           __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a)  __attribute__((format(printf, f, a)))
#define NORETURN           __attribute__((noreturn))
#define UNUSED             __attribute__((unused))
#define COUNT_OF(a)        (sizeof(a) / sizeof((a)[0]))
#define BIT(n)             (1u << (n))
#define JOIN_(a, b)        a##b
#define JOIN(a, b)         JOIN_(a, b)
#define CHOOSE_(a, op, b, x, y) ({ __typeof__(a) x = (a); __typeof__(b) y = (b); x op y ? x : y; })
#define CHOOSE(a, op, b, n) CHOOSE_(a, op, b, JOIN(first_, n), JOIN(second_, n))     /* nests without shadowing */
#define MIN(a, b)          CHOOSE(a, <, b, __COUNTER__)
#define MAX(a, b)          CHOOSE(a, >, b, __COUNTER__)
#define CLAMP(x, lo, hi)   MIN(MAX((x), (lo)), (hi))

/* Ownership leaves `p`; what is left behind is NULL. */
#define TAKE(p)            ({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })

/* A promise between our own functions. Stays in release builds; bad input is never an ASSERT. */
#define ASSERT(x)          ((x) ? (void)0 : assert_failed(#x, __FILE__, __LINE__))
void assert_failed(const char *what, const char *file, int line) NORETURN;

/* Returns from the caller with the code when `x` is not ERR_OK. The only macro that returns. */
#define TRY(x)                                                                                     \
    do {                                                                                           \
        enum err_code try_ = (x);                                                                  \
        if (try_ != ERR_OK)                                                                        \
            return try_;                                                                           \
    } while (0)
