/* src/base/test.h: TEST and CHECK. A file x_test.c beside x.c is found by the build and needs no list.
 *
 * TEST(name_is_a_sentence) { CHECK(...); }. A failed CHECK says where and what and goes on; REQUIRE ends that test.
 * Each room's tests are one program: `test_base [filter]` runs the tests whose names hold the filter and ends with
 * "N passed, N failed". Test programs only. */
#pragma once

#include "base/base.h"

struct test { const char *name, *file; void (*fn)(void); struct test *next; };
void test_register(struct test *t);
void test_fail(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool test_failing(void);

#define TEST(name)                                                                                 \
    static void test_##name(void);                                                                 \
    static struct test test_entry_##name = { #name, __FILE__, test_##name, NULL };                 \
    __attribute__((constructor)) static void test_add_##name(void) { test_register(&test_entry_##name); } \
    static void test_##name(void)

#define CHECK(x)        do { if (!(x)) test_fail(__FILE__, __LINE__, "%s", #x); } while (0)
#define REQUIRE(x)      do { if (!(x)) { test_fail(__FILE__, __LINE__, "%s", #x); return; } } while (0)
#define CHECK_INT(got, want)                                                                       \
    do {                                                                                           \
        long long got_ = (long long)(got), want_ = (long long)(want);                              \
        if (got_ != want_)                                                                         \
            test_fail(__FILE__, __LINE__, "%s is %lld, wanted %lld", #got, got_, want_);           \
    } while (0)
#define CHECK_STR(got, want)                                                                       \
    do {                                                                                           \
        struct str got_ = (got), want_ = str_c(want);                                              \
        if (!str_eq(got_, want_))                                                                  \
            test_fail(__FILE__, __LINE__, "%s is \"" STR_FMT "\", wanted \"" STR_FMT "\"", #got,   \
                      STR_ARG(got_), STR_ARG(want_));                                              \
    } while (0)
#define CHECK_NEAR(got, want, tolerance)                                                           \
    do {                                                                                           \
        double got_ = (got), want_ = (want);                                                       \
        if (!(got_ - want_ <= (tolerance) && want_ - got_ <= (tolerance)))                         \
            test_fail(__FILE__, __LINE__, "%s is %.17g, wanted %.17g", #got, got_, want_);         \
    } while (0)
#define CHECK_OK(x)                                                                                \
    do {                                                                                           \
        enum err_code code_ = (x);                                                                 \
        if (code_ != ERR_OK)                                                                       \
            test_fail(__FILE__, __LINE__, "%s gave %s", #x, err_name(code_));                      \
    } while (0)
/* A folder of this test's own, removed when the program ends. */
const char *test_folder(void);
