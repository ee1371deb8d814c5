#include "base/test.h"

#include <sys/stat.h>
#include <unistd.h>

static const char *file_at(struct arena *a, const char *name)
{
    return arena_printf(a, "%s/%s", test_folder(), name).at;
}

static void file_put(struct arena *a, const char *name, struct str bytes)
{
    CHECK_OK(file_write_atomic(file_at(a, name), bytes, 0600, NULL));
}

TEST(file_write_atomic_replaces_whole_or_not_at_all)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf b = BUF_INIT(100);
    const char *path = file_at(a, "atomic.txt");
    struct err e = ERR_INIT;
    struct stat st;

    CHECK_OK(file_write_atomic(path, S("old"), 0640, &e));
    fault_arm("file.write");
    CHECK_INT(file_write_atomic(path, S("new"), 0600, &e), ERR_IO);
    CHECK(str_contains(str_c(e.text), S("No space left")));
    CHECK_OK(file_read(path, 100, &b, &e));
    CHECK_STR(buf_str(&b), "old");
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0640);
    CHECK_OK(file_write_atomic(path, S("new\0er"), 0600, &e));
    buf_reset(&b);
    CHECK_OK(file_read(path, 100, &b, &e));
    CHECK_INT(buf_str(&b).len, 6);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK_INT(file_write_atomic("/nowhere/at/all", S("x"), 0600, &e), ERR_IO);
}

TEST(file_write_atomic_leaves_no_temporary_file_behind)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct err e = ERR_INIT;

    CHECK_OK(file_mkdirs(file_at(a, "alone"), 0700, &e));
    fault_arm("file.write");
    CHECK_INT(file_write_atomic(file_at(a, "alone/x"), S("y"), 0600, &e), ERR_IO);
    CHECK(rmdir(file_at(a, "alone")) == 0);
}

TEST(file_read_says_what_is_wrong_with_the_path)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf b = BUF_INIT(100);
    struct err e = ERR_INIT;

    CHECK_INT(file_read(file_at(a, "missing"), 10, &b, &e), ERR_NOT_FOUND);
    CHECK_INT(file_read(test_folder(), 10, &b, &e), ERR_IO);
    CHECK(str_ends(str_c(e.text), S("is a folder, not a file")));
    file_put(a, "ten", S("0123456789"));
    CHECK_OK(file_read(file_at(a, "ten"), 10, &b, &e));
    buf_reset(&b);
    CHECK_INT(file_read(file_at(a, "ten"), 9, &b, &e), ERR_TOO_LARGE);
}

TEST(file_mkdirs_makes_all_and_does_not_mind_what_is_there)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct err e = ERR_INIT;

    CHECK_OK(file_mkdirs(file_at(a, "d1/d2/d3"), 0700, &e));
    CHECK_OK(file_mkdirs(file_at(a, "d1/d2/d3/"), 0700, &e));
    CHECK(file_is_dir(file_at(a, "d1/d2/d3")));
    file_put(a, "d1/file", S(""));
    CHECK_INT(file_mkdirs(file_at(a, "d1/file"), 0700, &e), ERR_IO);
    CHECK_INT(file_mkdirs(file_at(a, "d1/file/x"), 0700, &e), ERR_IO);
    CHECK(file_exists(file_at(a, "d1/file")) && !file_exists(file_at(a, "d1/none")));
}

static void file_check_beneath(struct arena *a, bool links_work)
{
    static const char *const outside[] = { "../secret", "sub/../../secret", "/etc/passwd", "/", "..", "out_link",
                                           "sub/out_link", "up/secret", "./../secret" };
    AUTO_BUF struct buf b = BUF_INIT(100);
    struct err e = ERR_INIT;
    const char *dir = file_at(a, "task");
    int fd = -1;

    for (size_t i = 0; i < COUNT_OF(outside); i++) {
        enum err_code code = file_open_beneath(dir, str_c(outside[i]), &fd, &e);

        if (code != ERR_DENIED && (links_work || code != ERR_IO))
            test_fail(__FILE__, __LINE__, "\"%s\" gave %s", outside[i], err_name(code));
    }
    CHECK_INT(file_open_beneath(dir, S("a.txt\0.png"), &fd, &e), ERR_DENIED);
    CHECK_INT(file_open_beneath(dir, S("pipe"), &fd, &e), ERR_DENIED);
    CHECK_INT(file_open_beneath(dir, S("sub"), &fd, &e), ERR_IO);
    CHECK_INT(file_open_beneath(dir, S("none.txt"), &fd, &e), ERR_NOT_FOUND);
    CHECK_INT(file_open_folder_beneath(dir, S("a.txt"), &fd, &e), ERR_IO);
    CHECK_INT(file_open_folder_beneath(dir, S(".."), &fd, &e), ERR_DENIED);
    CHECK_INT(file_open_folder_beneath(dir, S("none"), &fd, &e), ERR_NOT_FOUND);
    REQUIRE(file_open_folder_beneath(dir, S("sub"), &fd, &e) == ERR_OK);
    close(fd);
    fd = -1;
    CHECK_INT(file_open_beneath(dir, S(""), &fd, &e), ERR_NOT_FOUND);
    CHECK_INT(file_open_beneath(dir, STR_NONE, &fd, &e), ERR_NOT_FOUND);
    CHECK_INT(fd, -1);
    CHECK_OK(file_read_beneath(dir, S("sub/./b.txt"), 100, &b, &e));
    CHECK_OK(file_read_beneath(dir, S("a.txt"), 100, &b, &e));
    CHECK_STR(buf_str(&b), "beta");
    CHECK_INT(file_read_beneath(dir, S("in_link"), 100, &b, &e), links_work ? ERR_OK : ERR_IO);
    CHECK_INT(file_read_beneath(dir, S("a.txt"), 0, &b, &e), ERR_TOO_LARGE);
}

TEST(file_open_beneath_never_leaves_its_folder)
{
    AUTO_ARENA *a = arena_new_sized(0);

    CHECK_OK(file_mkdirs(file_at(a, "task/sub"), 0700, NULL));
    file_put(a, "secret", S("secret"));
    file_put(a, "task/a.txt", S("a"));
    file_put(a, "task/sub/b.txt", S("bet"));
    CHECK(symlink("../secret", file_at(a, "task/out_link")) == 0);
    CHECK(symlink("/etc/passwd", file_at(a, "task/sub/out_link")) == 0);
    CHECK(symlink("..", file_at(a, "task/up")) == 0);
    CHECK(symlink("sub/b.txt", file_at(a, "task/in_link")) == 0);
    CHECK(mkfifo(file_at(a, "task/pipe"), 0600) == 0);
    file_check_beneath(a, true);
    fault_arm("file.openat2:1+");               /* a kernel that does not have it */
    file_check_beneath(a, false);
}

TEST(path_functions_take_a_path_apart)
{
    AUTO_ARENA *a = arena_new_sized(0);

    CHECK_STR(path_dir(S("a/b.c")), "a");
    CHECK_STR(path_dir(S("b.c")), ".");
    CHECK_STR(path_dir(S("/b.c")), "/");
    CHECK_STR(path_dir(S("/a/b/")), "/a/b");
    CHECK_STR(path_base(S("a/b.c")), "b.c");
    CHECK_STR(path_base(S("a/")), "");
    CHECK_STR(path_ext(S("a/b.tar.gz")), "gz");
    CHECK_STR(path_ext(S("a.d/b")), "");
    CHECK_STR(path_ext(S(".hidden")), "");
    CHECK_STR(path_ext(S("x.")), "");
    CHECK_STR(path_join(a, S("a"), S("b")), "a/b");
    CHECK_STR(path_join(a, S("a/"), S("b")), "a/b");
    CHECK_STR(path_join(a, S("a"), S("/b")), "/b");
    CHECK_STR(path_join(a, S("."), S("b")), "b");
    CHECK_STR(path_join(a, S(""), S("b")), "b");
}

TEST(file_lines_tells_number_offset_and_bytes_of_each)
{
    static const struct { const char *text; int64_t offset; } want[] = {
        { "one", 0 }, { "", 5 }, { "three", 6 }, { "no end\r", 12 },
    };
    AUTO_ARENA *a = arena_new_sized(0);
    struct file_lines l;
    struct str line;
    bool more = true;

    file_put(a, "lines", S("one\r\n\nthree\nno end\r"));
    CHECK_OK(file_lines_open(&l, file_at(a, "lines"), 100, NULL));
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        CHECK_OK(file_lines_next(&l, &line, &more, NULL));
        REQUIRE(more);
        CHECK_STR(line, want[i].text);
        CHECK_INT(l.number, i + 1);
        CHECK_INT(l.offset, want[i].offset);
    }
    CHECK_OK(file_lines_next(&l, &line, &more, NULL));
    CHECK(!more);
    file_lines_close(&l);
}

TEST(file_lines_has_a_ceiling_to_the_byte)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct err e = ERR_INIT;
    struct file_lines l;
    struct str line;
    bool more;

    file_put(a, "long", S("12345\n123456\n"));
    CHECK_OK(file_lines_open(&l, file_at(a, "long"), 5, &e));
    CHECK_OK(file_lines_next(&l, &line, &more, &e));
    CHECK_STR(line, "12345");
    CHECK_INT(file_lines_next(&l, &line, &more, &e), ERR_TOO_LARGE);
    CHECK_STR(str_c(e.text), "line 2 is longer than 5 bytes");
    file_lines_close(&l);
    CHECK_INT(file_lines_open(&l, file_at(a, "no such"), 5, &e), ERR_NOT_FOUND);
    CHECK_INT(file_lines_open(&l, test_folder(), 5, &e), ERR_IO);
}
