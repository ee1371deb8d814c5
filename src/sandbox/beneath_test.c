#include "base/test.h"
#include "sandbox/beneath.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int folder(const char *name)
{
    AUTO(freep) char *path = NULL;
    int fd = -1;

    if (asprintf(&path, "%s/%s", test_folder(), name) < 0 || (mkdir(path, 0755) < 0 && access(path, F_OK) < 0))
        test_fail(__FILE__, __LINE__, "no folder %s", name);
    CHECK_OK(beneath_folder(path, &fd, NULL));
    return fd;
}

static const char *const hostile[] = { "..", "../x", "a/../b", "/etc/passwd", "/", "", ".", "a//b", "a/", "./a", "a/.", "a/..", "..\0x" };

TEST(beneath_refuses_paths_that_lead_away)
{
    int fd = folder("refuses"), got = -1;
    AUTO_BUF struct buf out = BUF_INIT(100);

    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        struct err e = ERR_INIT;

        CHECK(beneath_open(fd, str_c(hostile[i]), &got, &e) != ERR_OK && e.text[0]);
        CHECK(beneath_read(fd, str_c(hostile[i]), 100, &out, &e) != ERR_OK);
        CHECK(beneath_write(fd, str_c(hostile[i]), 0644, S("x"), &e) != ERR_OK);
    }
    CHECK_INT(beneath_path_check(str_n("a\0b", 3), NULL), ERR_BAD_INPUT);
    CHECK_OK(beneath_path_check(S("...a/..b/c.."), NULL));
    close(fd);
}

TEST(beneath_bounds_the_length_of_paths)
{
    char name[BENEATH_PATH_MAX + 2];

    memset(name, 'x', sizeof name);
    CHECK_OK(beneath_path_check(str_n(name, 255), NULL));
    CHECK_INT(beneath_path_check(str_n(name, 256), NULL), ERR_BAD_INPUT);
    for (size_t i = 100; i < sizeof name; i += 100)
        name[i] = '/';
    CHECK_OK(beneath_path_check(str_n(name, BENEATH_PATH_MAX), NULL));
    CHECK_INT(beneath_path_check(str_n(name, BENEATH_PATH_MAX + 1), NULL), ERR_BAD_INPUT);
}

TEST(beneath_follows_no_link_not_even_one_that_stays)
{
    int fd = folder("links"), got = -1;
    AUTO_BUF struct buf out = BUF_INIT(4096);
    static const char *const names[] = { "out", "in", "dir/passwd", "self/file", "magic" };
    struct err e = ERR_INIT;

    CHECK_OK(beneath_write(fd, S("file"), 0644, S("x"), &e));
    CHECK(symlinkat("/etc/passwd", fd, "out") == 0 && symlinkat("file", fd, "in") == 0 &&
          symlinkat("/etc", fd, "dir") == 0 && symlinkat(".", fd, "self") == 0 &&
          symlinkat("/proc/self/fd/0", fd, "magic") == 0);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CHECK_INT(beneath_open(fd, str_c(names[i]), &got, &e), ERR_DENIED);
        CHECK(beneath_write(fd, str_c(names[i]), 0644, S("y"), &e) != ERR_OK);
    }
    CHECK_INT(beneath_write(fd, S("dir/new"), 0644, S("y"), &e), ERR_DENIED);
    CHECK_OK(beneath_read(fd, S("file"), 10, &out, &e));
    CHECK_STR(buf_str(&out), "x");
    close(fd);
}

TEST(beneath_opens_files_only_and_never_waits)
{
    int fd = folder("kinds"), got = -1;
    struct err e = ERR_INIT;

    CHECK(mkfifoat(fd, "pipe", 0600) == 0 && mkdirat(fd, "dir", 0755) == 0);
    CHECK_INT(beneath_open(fd, S("pipe"), &got, &e), ERR_DENIED);
    CHECK_INT(beneath_open(fd, S("dir"), &got, &e), ERR_DENIED);
    CHECK_INT(beneath_open(fd, S("none"), &got, &e), ERR_NOT_FOUND);
    CHECK_INT(beneath_folder("/nonexistent", &got, &e), ERR_NOT_FOUND);
    close(fd);
}

TEST(beneath_writes_new_files_and_overwrites_none)
{
    int fd = folder("writes"), got = -1;
    AUTO_BUF struct buf out = BUF_INIT(4096);
    struct err e = ERR_INIT;

    CHECK_OK(beneath_write(fd, S("a/b/c"), 0600, S("first"), &e));
    CHECK_INT(beneath_write(fd, S("a/b/c"), 0600, S("second"), &e), ERR_CONFLICT);
    CHECK_INT(beneath_write(fd, S("a/b"), 0600, S("second"), &e), ERR_CONFLICT);
    CHECK(beneath_write(fd, S("a/b/c/d"), 0600, S("second"), &e) != ERR_OK);
    CHECK_OK(beneath_read(fd, S("a/b/c"), 5, &out, &e));
    CHECK_STR(buf_str(&out), "first");
    CHECK_INT(beneath_read(fd, S("a/b/c"), 4, &out, &e), ERR_TOO_LARGE);
    fault_arm("sandbox.write");
    CHECK_INT(beneath_write(fd, S("cut"), 0600, S("x"), &e), ERR_IO);
    fault_arm(NULL);
    CHECK_INT(beneath_open(fd, S("cut"), &got, &e), ERR_NOT_FOUND);
    fault_arm("sandbox.openat2:1+");
    CHECK_INT(beneath_open(fd, S("a/b/c"), &got, &e), ERR_ENVIRONMENT);
    fault_arm(NULL);
    close(fd);
}

static enum err_code note(void *arg, const struct beneath_entry *entry, struct err *e)
{
    static const char *const kinds[] = { "file", "folder", "link", "other" };

    (void)e;
    buf_printf(arg, STR_FMT " %s %lld;", STR_ARG(entry->path), kinds[entry->kind],
               (long long)(entry->kind == BENEATH_FILE ? entry->bytes : 0));
    return ERR_OK;
}

TEST(beneath_walks_in_order_and_within_bounds)
{
    int fd = folder("walks");
    AUTO_BUF struct buf out = BUF_INIT(4096);
    struct err e = ERR_INIT;

    CHECK_OK(beneath_write(fd, S("b/z"), 0600, S("1"), &e));
    CHECK_OK(beneath_write(fd, S("b/a/x"), 0600, S("22"), &e));
    CHECK_OK(beneath_write(fd, S("a"), 0600, S("333"), &e));
    CHECK(symlinkat("/", fd, "c") == 0 && mkfifoat(fd, "d", 0600) == 0);
    CHECK_OK(beneath_walk(fd, (struct beneath_bounds){ 7, 2 }, note, &out, &e));
    CHECK_STR(buf_str(&out), "a file 3;b folder 0;b/a folder 0;b/a/x file 2;b/z file 1;c link 0;d other 0;");
    CHECK_INT(beneath_walk(fd, (struct beneath_bounds){ 6, 2 }, note, &out, &e), ERR_TOO_LARGE);
    CHECK_INT(beneath_walk(fd, (struct beneath_bounds){ 7, 1 }, note, &out, &e), ERR_TOO_LARGE);
    close(fd);
}
