/* tests/harness/test_main.c: the main() of every room's test program. */
#include "base/test.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test *test_first, **test_last = &test_first;
static bool test_failed_now;
static char test_folder_path[64];
static const char *volatile test_running;       /* for the last words of a crash */

void test_register(struct test *t)
{
    *test_last = t;
    test_last = &t->next;
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    test_failed_now = true;
    printf("  %s:%d: ", file, line);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

bool test_failing(void)
{
    return test_failed_now;
}

static int test_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

const char *test_folder(void)
{
    if (!test_folder_path[0]) {
        snprintf(test_folder_path, sizeof test_folder_path, "/tmp/assay-test-XXXXXX");
        ASSERT(mkdtemp(test_folder_path));
    }
    return test_folder_path;
}

/* Says which test it was, then dies of what it would have died of. */
static void test_crash(int signal_number)
{
    static const char words[] = "\nCRASHED ";

    if (test_running && write(STDOUT_FILENO, words, sizeof words - 1) > 0 &&
        write(STDOUT_FILENO, test_running, strlen(test_running)) > 0 && write(STDOUT_FILENO, "\n", 1) > 0)
        test_running = NULL;
    raise(signal_number);                       /* SA_RESETHAND: the second time is final */
}

static void test_watch_crashes(void)
{
    static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
    struct sigaction ours = { .sa_handler = test_crash, .sa_flags = SA_RESETHAND | SA_NODEFER }, theirs;

    for (size_t i = 0; i < COUNT_OF(signals); i++)
        if (sigaction(signals[i], NULL, &theirs) == 0 && theirs.sa_handler == SIG_DFL)     /* a sanitizer's stays */
            sigaction(signals[i], &ours, NULL);
}

/* The address sanitizer asks for this: fontconfig 2.14 loses 288 bytes of its own configuration when it reads it. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig.so";
}

/* The thread sanitizer asks for this: these libraries are not built with it, so it does not see how they wait for
 * each other. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:libglib-2.0.so\nrace:libpango\nrace:libfontconfig.so\nrace:libcairo\nrace:libharfbuzz\nrace:"
           "libfreetype\n"
           "thread:libglib-2.0.so\n";
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    bool verbose = getenv("TEST_VERBOSE") != NULL;

    ASSERT(sodium_init() >= 0);
    setvbuf(stdout, NULL, _IOLBF, 0);
    test_watch_crashes();
    for (struct test *t = test_first; t; t = t->next) {
        if (argc > 1 && !strstr(t->name, argv[1]))
            continue;
        test_failed_now = false;
        test_running = t->name;
        if (verbose)
            printf("run    %s\n", t->name);
        t->fn();
        fault_arm(NULL);
        if (test_failed_now) {
            failed++;
            printf("FAILED %s (%s)\n", t->name, t->file);
        } else {
            passed++;
        }
    }
    test_running = NULL;
    if (test_folder_path[0])
        nftw(test_folder_path, test_remove, 16, FTW_DEPTH | FTW_PHYS);
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
