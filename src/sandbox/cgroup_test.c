/* The hierarchies here are folders of ours with the files that the kernel would make: what is read and written, and
 * where, is what is tested. That a kernel obeys is tested by tests/sandbox, where it lets us make groups. */
#include "base/test.h"
#include "sandbox/cgroup.h"

#include <stdio.h>
#include <unistd.h>

/* Below this test's folder. */
static char *at(const char *path)
{
    static char paths[128][256];
    static size_t count;
    char *out = paths[count++ % COUNT_OF(paths)];

    CHECK((size_t)snprintf(out, sizeof paths[0], "%s/%s", test_folder(), path) < sizeof paths[0]);
    return out;
}

static void fake_file(const char *folder, const char *name, const char *text)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", at(folder), name);
    CHECK_OK(file_mkdirs(at(folder), 0755, NULL));
    CHECK_OK(file_write_atomic(path, str_c(text), 0644, NULL));
}

static void check_file(const char *folder, const char *name, const char *text)
{
    AUTO_BUF struct buf got = BUF_INIT(4096);
    char path[512];

    snprintf(path, sizeof path, "%s/%s", at(folder), name);
    CHECK_OK(file_read(path, got.max, &got, NULL));
    CHECK_STR(buf_str(&got), text);
}

static void fake_group(const char *folder, const char *handed_down)
{
    fake_file(folder, "cgroup.procs", "");
    fake_file(folder, "cgroup.subtree_control", handed_down);
}

/* What is found for our group `own` (of version 2) below a mount of the hierarchy's part `root` at `mount`. */
static struct cgroup_places find_v2(const char *own, const char *root, const char *mount)
{
    struct cgroup_places p;
    char groups[256], mounts[1024];

    snprintf(groups, sizeof groups, "1:name=systemd:/x\n0::%s\n", own);
    snprintf(mounts, sizeof mounts,
             "22 1 8:1 / / rw shared:1 - ext4 /dev/vda rw\n31 22 0:28 %s %s rw,nosuid shared:4 - cgroup2 cgroup2 "
             "rw,nsdelegate\n",
             root, mount);
    cgroup_places_find(str_c(groups), str_c(mounts), &p);
    return p;
}
#define AUTO_PLACES AUTO(cgroup_places_dispose) struct cgroup_places

TEST(groups_of_version_2_are_made_where_the_nearest_above_us_hands_down)
{
    fake_group("v2", "cpu io memory pids\n");
    fake_group("v2/user", "memory pids\n");
    fake_group("v2/user/mine", "");
    fake_group("odd", "memoryless pid\n");
    {
        AUTO_PLACES p = find_v2("/user/mine", "/", at("v2"));

        CHECK(p.v2);
        CHECK_INT((int64_t)p.count, 1);
        CHECK_STR(str_c(p.folder[0]), at("v2/user"));
        CHECK_INT(p.covers[0], CGROUP_MEMORY | CGROUP_PIDS);
    }
    {
        AUTO_PLACES p = find_v2("/", "/", at("v2"));

        CHECK_STR(str_c(p.folder[0]), at("v2"));
        CHECK_INT(p.covers[0], CGROUP_MEMORY | CGROUP_PIDS | CGROUP_CPU);
    }
    {
        AUTO_PLACES p = find_v2("/container/user/mine", "/container", at("v2"));     /* a part of the hierarchy is mounted */

        CHECK_STR(str_c(p.folder[0]), at("v2/user"));
    }
    {
        AUTO_PLACES p = find_v2("/", "/", at("odd"));        /* none of its words is a controller that we want */

        CHECK_INT((int64_t)p.count, 0);
        CHECK(!p.v2);
    }
    {
        AUTO_PLACES p = find_v2("/user", "/", at("nothing-there"));

        CHECK_INT((int64_t)p.count, 0);
    }
}

TEST(groups_of_version_1_are_found_by_controller)
{
    AUTO_PLACES p = { 0 };
    char mounts[1024];

    fake_file("v1/memory", "cgroup.procs", "");
    fake_file("v1/memory/a", "cgroup.procs", "");
    fake_file("v1/pids", "cgroup.procs", "");
    snprintf(mounts, sizeof mounts,
             "35 31 0:32 / %s rw,relatime - cgroup cgroup rw,memory\n39 31 0:36 / %s rw,relatime - cgroup cgroup rw,cpu,pids\n"
             "41 31 0:38 / %s rw - cgroup2 cgroup2 rw\n",
             at("v1/memory"), at("v1/pids"), at("v1/unified"));
    cgroup_places_find(S("8:cpu,pids:/\n4:memory:/a/b\n0::/\n"), str_c(mounts), &p);
    CHECK(!p.v2);
    CHECK_INT((int64_t)p.count, 2);
    CHECK_STR(str_c(p.folder[0]), at("v1/memory/a"));
    CHECK_INT(p.covers[0], CGROUP_MEMORY);
    CHECK_STR(str_c(p.folder[1]), at("v1/pids"));
    CHECK_INT(p.covers[1], CGROUP_PIDS);
}

TEST(nonsense_in_place_of_groups_and_mounts_finds_none)
{
    static const char *const texts[] = { "", "\n\n", ":", "0:", "0::", "0::/", "a b c d e - cgroup2", " - ", "0::/\n31 - cgroup2 cgroup2 rw",
                                         "1 2 3 / - - - cgroup2 x y" };

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        for (size_t j = 0; j < COUNT_OF(texts); j++) {
            AUTO_PLACES p = { 0 };

            cgroup_places_find(str_c(texts[i]), str_c(texts[j]), &p);
            CHECK_INT((int64_t)p.count, 0);
        }
}

static struct sandbox_limits some_limits(void)
{
    struct sandbox_limits l;

    sandbox_limits_usual(&l);
    l.memory_bytes = 64 << 20;
    l.pids = 8;
    l.cpus = 2;
    return l;
}

TEST(limits_of_a_group_of_version_2_are_written)
{
    static const char *const files[] = { "memory.max", "memory.oom.group", "memory.swap.max", "pids.max", "cpu.max" };
    struct cgroup g = { .paths = { at("group2") }, .covers = { CGROUP_MEMORY | CGROUP_PIDS | CGROUP_CPU }, .count = 1, .v2 = true };
    struct sandbox_limits l = some_limits();

    for (size_t i = 0; i < COUNT_OF(files); i++)
        fake_file("group2", files[i], "");
    CHECK(cgroup_limit(&g, 0, &l));
    check_file("group2", "memory.max", "67108864");
    check_file("group2", "memory.oom.group", "1");
    check_file("group2", "memory.swap.max", "0");
    check_file("group2", "pids.max", "10");                  /* and bubblewrap and the first process */
    check_file("group2", "cpu.max", "200000 100000");
    for (size_t i = 0; i < COUNT_OF(files); i++) {          /* a kernel without swap has no such file, and none for the group's end */
        char path[512];

        snprintf(path, sizeof path, "%s/%s", at("group2"), files[i]);
        CHECK_INT(unlink(path), 0);
        CHECK(cgroup_limit(&g, 0, &l) == (i == 1 || i == 2));
        fake_file("group2", files[i], "");
    }
}

TEST(limits_of_a_group_of_version_1_are_written)
{
    struct cgroup g = { .paths = { at("group1m"), at("group1p") }, .covers = { CGROUP_MEMORY, CGROUP_PIDS }, .count = 2 };
    struct sandbox_limits l = some_limits();

    fake_file("group1m", "memory.limit_in_bytes", "");
    fake_file("group1m", "memory.memsw.limit_in_bytes", "");
    fake_file("group1p", "pids.max", "");
    CHECK(cgroup_limit(&g, 0, &l) && cgroup_limit(&g, 1, &l));
    check_file("group1m", "memory.limit_in_bytes", "67108864");
    check_file("group1m", "memory.memsw.limit_in_bytes", "67108864");
    check_file("group1p", "pids.max", "10");
}

TEST(what_a_group_of_version_2_did_is_read_and_it_is_killed_whole)
{
    struct cgroup g = { .paths = { at("done2") }, .covers = { CGROUP_MEMORY | CGROUP_PIDS }, .count = 1, .v2 = true };

    fake_file("done2", "memory.events", "low 0\nhigh 3\nmax 12\noom 1\noom_kill 0\noom_group_kill 0\n");
    fake_file("done2", "memory.peak", "67104768\n");
    fake_file("done2", "cgroup.kill", "");
    CHECK(!cgroup_memory_hit(&g));
    CHECK_INT(cgroup_memory_peak(&g), 67104768);
    fake_file("done2", "memory.events", "low 0\nhigh 3\nmax 12\noom 1\noom_kill 2\noom_group_kill 1\n");
    CHECK(cgroup_memory_hit(&g));
    cgroup_kill(&g);
    check_file("done2", "cgroup.kill", "1");
    g.paths[0] = at("done2-without-files");                  /* before Linux 5.19 there is no memory.peak */
    CHECK(!cgroup_memory_hit(&g));
    CHECK_INT(cgroup_memory_peak(&g), 0);
}

TEST(a_group_that_is_busy_stays_and_one_that_is_gone_is_removed)
{
    struct cgroup g = { .paths = { xstrdup(at("busy")), xstrdup(at("empty")) }, .count = 2, .v2 = true };

    fake_file("busy", "x", "");                              /* rmdir refuses a folder with something in it */
    CHECK_OK(file_mkdirs(at("empty"), 0755, NULL));
    CHECK(!cgroup_remove(&g));
    CHECK(g.paths[0] && !g.paths[1] && !file_is_dir(at("empty")));
    CHECK_INT(unlink(at("busy/x")), 0);
    CHECK(cgroup_remove(&g));
    CHECK(!file_is_dir(at("busy")));
    CHECK(cgroup_remove(&g));
}
