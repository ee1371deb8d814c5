#include "base/test.h"

#include "base/notify.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *below(const char *name)
{
    static char path[4][400];
    static int at;

    at = (at + 1) % 4;
    snprintf(path[at], sizeof path[at], "%s/%s", test_folder(), name);
    return path[at];
}

static void put(const char *path)
{
    FILE *f = fopen(path, "w");

    REQUIRE(f);
    fputs("x", f);
    fclose(f);
}

static bool told(const struct notify_changes *c, const char *name)
{
    for (size_t i = 0; i < MIN(c->count, (size_t)NOTIFY_NAMES_MAX); i++)
        if (strcmp(c->names[i], name) == 0)
            return true;
    return false;
}

TEST(a_changed_file_is_told_of_once_also_when_renamed_into_place)
{
    AUTO(notify_freep) struct notify *n = NULL;
    struct notify_changes c;
    struct err e = ERR_INIT;

    REQUIRE(mkdir(below("w"), 0700) == 0 && mkdir(below("w/in"), 0700) == 0 && mkdir(below("w/.git"), 0700) == 0);
    CHECK_OK(notify_new(&n, &e));
    CHECK_OK(notify_add(n, below("w"), true, NULL, &e));
    CHECK_OK(notify_add(n, below("w"), true, NULL, &e));
    CHECK_INT(notify_folders(n), 2);
    CHECK(!notify_wait(n, 5, 5, &c));
    put(below("w/a.txt"));
    put(below("w/a.txt"));
    put(below("w/in/.a.txt.swp"));
    put(below("w/.hidden"));
    CHECK(notify_wait(n, 5000, 20, &c));
    CHECK_INT(c.count, 1);
    CHECK(told(&c, "a.txt"));
    put(below("w/in/b.tmp"));
    CHECK(!notify_wait(n, 20, 5, &c));
    CHECK(rename(below("w/in/b.tmp"), below("w/in/b.jinja")) == 0);
    CHECK(notify_wait(n, 5000, 20, &c));
    CHECK(told(&c, "b.jinja"));
    CHECK(unlink(below("w/in/b.jinja")) == 0);
    CHECK(notify_wait(n, 5000, 20, &c));
    CHECK(told(&c, "b.jinja"));
}

TEST(what_is_ignored_is_not_told_of)
{
    AUTO(notify_freep) struct notify *n = NULL;
    struct notify_changes c;
    struct err e = ERR_INIT;

    REQUIRE(mkdir(below("i"), 0700) == 0 && mkdir(below("i/home"), 0700) == 0);
    CHECK_OK(notify_new(&n, &e));
    notify_ignore(n, below("i/home"));
    notify_ignore(n, below("i/db"));
    notify_ignore(n, below("i/later"));
    CHECK_OK(notify_add(n, below("i"), true, NULL, &e));
    CHECK_INT(notify_folders(n), 1);
    put(below("i/home/a.txt"));
    put(below("i/db"));
    REQUIRE(mkdir(below("i/later"), 0700) == 0);
    put(below("i/later/a.txt"));
    CHECK(!notify_wait(n, 30, 5, &c));
    put(below("i/db2"));
    CHECK(notify_wait(n, 5000, 5, &c));
    CHECK_INT(c.count, 1);
}

TEST(folders_that_come_and_go_are_watched_again)
{
    AUTO(notify_freep) struct notify *n = NULL;
    struct notify_changes c;
    struct err e = ERR_INIT;

    REQUIRE(mkdir(below("v"), 0700) == 0);
    CHECK_OK(notify_new(&n, &e));
    CHECK_OK(notify_add(n, below("v"), true, NULL, &e));
    REQUIRE(mkdir(below("v/new"), 0700) == 0);
    CHECK(notify_wait(n, 5000, 20, &c));
    put(below("v/new/z.txt"));
    CHECK(notify_wait(n, 5000, 20, &c));
    CHECK(told(&c, "z.txt"));
    CHECK(rename(below("v"), below("gone")) == 0);
    CHECK(!notify_wait(n, 20, 5, &c));
    REQUIRE(mkdir(below("v"), 0700) == 0);
    CHECK(notify_wait(n, 20, 5, &c));
    put(below("v/back.txt"));
    CHECK(notify_wait(n, 5000, 20, &c));
    CHECK(told(&c, "back.txt"));
}

TEST(more_names_than_are_kept_are_counted_and_folders_end_at_their_bound)
{
    AUTO(notify_freep) struct notify *n = NULL;
    struct notify_changes c;
    struct err e = ERR_INIT;
    char name[40];
    bool cut = false;

    REQUIRE(mkdir(below("many"), 0700) == 0);
    CHECK_OK(notify_new(&n, &e));
    CHECK_OK(notify_add(n, below("many"), false, NULL, &e));
    for (int i = 0; i < NOTIFY_NAMES_MAX + 3; i++) {
        snprintf(name, sizeof name, "many/%d.txt", i);
        put(below(name));
    }
    CHECK(notify_wait(n, 5000, 20, &c));
    CHECK_INT(c.count, NOTIFY_NAMES_MAX + 3);
    for (int i = 0; i < NOTIFY_FOLDERS_MAX + 1; i++) {
        snprintf(name, sizeof name, "many/d%d", i);
        REQUIRE(mkdir(below(name), 0700) == 0);
    }
    CHECK_OK(notify_add(n, below("many"), true, &cut, &e));
    CHECK(cut);
    CHECK_INT(notify_folders(n), NOTIFY_FOLDERS_MAX);
    CHECK_INT(notify_add(n, test_folder(), false, NULL, &e), ERR_TOO_LARGE);
    CHECK_INT(notify_add(n, below("absent"), false, NULL, &e), ERR_TOO_LARGE);
}
