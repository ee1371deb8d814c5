#include "base/test.h"

#include "cli/pager.h"

TEST(a_pager_is_started_without_a_shell_unless_the_variable_needs_one)
{
    AUTO_ARENA *a = arena_new_sized(0);
    bool shell;
    char **w = pager_words(NULL, NULL, a, &shell);

    CHECK(!shell && w);
    CHECK_STR(str_c(w[0]), "less");
    CHECK_STR(str_c(w[1]), "-FRX");
    CHECK(!w[2]);
    w = pager_words(NULL, "most  -s  +5", a, &shell);
    CHECK(!shell && w && !w[3]);
    CHECK_STR(str_c(w[2]), "+5");
    w = pager_words("bat", "most", a, &shell);
    CHECK_STR(str_c(w[0]), "bat");
    w = pager_words("sed 's/a/b/' | less", "most", a, &shell);
    CHECK(shell);
    CHECK_STR(str_c(w[0]), "/bin/sh");
    CHECK_STR(str_c(w[2]), "sed 's/a/b/' | less");
    CHECK(!pager_words("", "less", a, &shell));
    CHECK(!pager_words("cat", NULL, a, &shell));
    CHECK(!pager_words(NULL, " ", a, &shell));
}

TEST(screen_lines_are_counted_as_they_wrap)
{
    CHECK_INT(pager_lines(S(""), 80, 99), 0);
    CHECK_INT(pager_lines(S("a\nb\n"), 80, 99), 2);
    CHECK_INT(pager_lines(S("a\n\nb"), 80, 99), 3);
    CHECK_INT(pager_lines(S("12345678901"), 10, 99), 2);
    CHECK_INT(pager_lines(S("1234567890\n"), 10, 99), 1);
    CHECK_INT(pager_lines(S("\x1b[31m12345\x1b[0m67890\n"), 10, 99), 1);
    CHECK_INT(pager_lines(S("\x1b]8;;file:///a/long/path\x1b\\12345\x1b]8;;\x1b\\\n"), 10, 99), 1);
    CHECK_INT(pager_lines(S("\xe6\xa8\xa1\xe5\x9e\x8b\xe6\xa8\xa1\xe5\x9e\x8b\n"), 4, 99), 2);
    CHECK_INT(pager_lines(S("a\nb\nc\nd\n"), 80, 3), 3);
}
