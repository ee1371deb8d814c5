#include "base/test.h"

#include <fcntl.h>
#include <unistd.h>

/* What `level` lets through, with standard error turned into a file for a moment. */
static struct str log_catch(struct buf *into, enum log_level level)
{
    enum log_level before = log_level();
    AUTO_ARENA *a = arena_new_sized(0);
    struct str path = arena_printf(a, "%s/log", test_folder());
    int real = dup(STDERR_FILENO), fd = open(path.at, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    char bytes[600];

    memset(bytes, 'x', sizeof bytes);
    dup2(fd, STDERR_FILENO);
    log_set_level(level);
    log_event(LOG_DEBUG, "test.quiet", LOG_I("n", 1));
    log_event(LOG_WARN, "test.loud", LOG_S("id", S("a\"\xff\n")), LOG_I("cost_nanousd", 5), LOG_D("rate", 0.1),
              LOG_D("nan", 0.0 / 0.0), LOG_C("none", NULL), LOG_S("long", str_n(bytes, sizeof bytes)));
    log_set_level(before);
    dup2(real, STDERR_FILENO);
    close(real);
    close(fd);
    CHECK_OK(file_read(path.at, 1 << 16, into, NULL));
    return buf_str(into);
}

TEST(log_line_is_one_json_object)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 16);
    struct str line = log_catch(&b, LOG_INFO);
    AUTO_JSON *j = NULL;

    CHECK(str_ends(line, S("}\n")));
    CHECK_OK(json_read(line, &j, NULL));
    CHECK_STR(json_get_str(j, "level"), "warn");
    CHECK_STR(json_get_str(j, "event"), "test.loud");
    CHECK_STR(json_get_str(j, "id"), "a\"\xef\xbf\xbd\n");
    CHECK_INT(json_get_i64(j, "cost_nanousd", 0), 5);
    CHECK_NEAR(json_get_double(j, "rate", 0), 0.1, 0);
    CHECK(json_is_null(json_child(j, "nan")));
    CHECK_INT(json_get_str(j, "long").len, 500);
    CHECK(json_get_i64(j, "time", 0) > INT64_C(1700000000000));
}

TEST(log_says_nothing_below_its_level)
{
    AUTO_BUF struct buf b = BUF_INIT(1 << 16);
    enum log_level level;

    CHECK_STR(log_catch(&b, LOG_OFF), "");
    CHECK(log_level_from(S("Info"), &level));
    CHECK_INT(level, LOG_INFO);
    CHECK(!log_level_from(S("loud"), &level));
}
