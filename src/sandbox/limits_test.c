#include "base/test.h"
#include "sandbox/sandbox.h"

TEST(limits_are_read_as_people_write_them)
{
    static const struct { const char *name, *value; int64_t bytes; } good[] = {
        { "memory", "64M", 64 << 20 }, { "memory", "1g", 1 << 30 }, { "memory", "16777216", 16 << 20 }, { "memory", "0.5G", 512 << 20 },
        { "disk", "64k", 64 << 10 }, { "output", "1M", 1 << 20 },
    };
    struct sandbox_limits l;

    sandbox_limits_usual(&l);
    CHECK_OK(sandbox_limits_check(&l, NULL));
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        CHECK_OK(sandbox_limits_set(&l, str_c(good[i].name), str_c(good[i].value), NULL));
        CHECK_INT(i < 4 ? l.memory_bytes : i < 5 ? l.disk_bytes : l.output_bytes, good[i].bytes);
    }
    CHECK_OK(sandbox_limits_set(&l, S("time"), S("2"), NULL));
    CHECK_INT(l.wall_ms, 2000);
    CHECK_OK(sandbox_limits_set(&l, S("time"), S("1.5s"), NULL));
    CHECK_INT(l.wall_ms, 1500);
    CHECK_OK(sandbox_limits_set(&l, S("time"), S("250ms"), NULL));
    CHECK_INT(l.wall_ms, 250);
    CHECK_OK(sandbox_limits_set(&l, S("cpu-time"), S("2m"), NULL));
    CHECK_INT(l.cpu_ms, 120000);
    CHECK_OK(sandbox_limits_set(&l, S("pids"), S("1"), NULL));
    CHECK_INT(l.pids, 1);
}

TEST(limits_past_their_bounds_say_what_is_allowed)
{
    static const struct { const char *name, *value, *says; } bad[] = {
        { "memory", "15M", "15 MiB; 16 MiB to 1024 GiB" }, { "memory", "99999999999G", "are allowed" }, { "memory", "", "bytes, or a number with k, M or G" },
        { "memory", "-1", "are allowed" }, { "memory", "nan", "can't be" }, { "memory", "1e400M", "can't be" }, { "time", "49ms", "49 ms; 50 ms to 3600000 ms" },
        { "time", "x", "seconds, or a number" }, { "pids", "0", "is 0; 1 to 4096" }, { "pids", "4097", "1 to 4096" }, { "pids", "1.5", "a whole number" },
        { "pids", "32M", "a whole number" }, { "memry", "1G", "did you mean \"memory\"?" }, { "open-files", "513", "8 to 512" },
    };

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct sandbox_limits l, before;
        struct err e = ERR_INIT;

        sandbox_limits_usual(&l);
        before = l;
        CHECK_INT(sandbox_limits_set(&l, str_c(bad[i].name), str_c(bad[i].value), &e), ERR_BAD_INPUT);
        if (!str_contains(str_c(e.text), str_c(bad[i].says)))
            test_fail(__FILE__, __LINE__, "%s=%s: %s", bad[i].name, bad[i].value, e.text);
        CHECK(memcmp(&l, &before, sizeof l) == 0);
    }
}
