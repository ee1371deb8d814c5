#include "base/test.h"

TEST(err_table_names_every_code_once_and_gives_it_sane_statuses)
{
    for (int i = 0; i < ERR_CODES; i++) {
        enum err_code code = (enum err_code)i;

        REQUIRE(err_name(code) && *err_name(code));
        CHECK_INT(err_from_name(str_c(err_name(code))), code);
        CHECK(err_http_status(code) == (code == ERR_OK ? 200 : CLAMP(err_http_status(code), 400, 599)));
        CHECK(err_exit_status(code) == 130 || (err_exit_status(code) >= 0 && err_exit_status(code) <= 4));
        CHECK((err_exit_status(code) == 0) == (code == ERR_OK));
    }
    CHECK_INT(err_from_name(S("NO_SUCH_NAME")), ERR_UNKNOWN);
    CHECK_STR(str_c(err_name((enum err_code)9999)), "INTERNAL");
}

TEST(err_retries_what_may_pass_and_nothing_else)
{
    CHECK(err_retryable(ERR_RATE_LIMIT));
    CHECK(err_retryable(ERR_TIMEOUT));
    CHECK(err_retryable(ERR_NETWORK));
    CHECK(err_retryable(ERR_SERVER));
    CHECK(!err_retryable(ERR_QUOTA));
    CHECK(!err_retryable(ERR_AUTH));
    CHECK(!err_retryable(ERR_REJECTED));
    CHECK(!err_retryable(ERR_OK));
}

TEST(err_set_and_prefix_build_one_sentence)
{
    struct err e = ERR_INIT;

    CHECK_INT(err_set(&e, ERR_BAD_INPUT, "\"%s\" is not a number", "x"), ERR_BAD_INPUT);
    CHECK_INT(err_prefix(&e, "task.yaml:%d", 7), ERR_BAD_INPUT);
    CHECK_STR(str_c(e.text), "task.yaml:7: \"x\" is not a number");
    CHECK_INT(err_set(NULL, ERR_IO, "nobody reads this"), ERR_IO);
    CHECK_INT(err_errno(&e, ERR_IO, 2, "%s can't be opened", "a.txt"), ERR_IO);
    CHECK_STR(str_c(e.text), "a.txt can't be opened: No such file or directory");
}

TEST(err_text_that_does_not_fit_is_cut_on_a_code_point)
{
    struct err e;
    char long_text[2001];

    for (size_t i = 0; i < 2000; i += 2)
        memcpy(long_text + i, "\xc3\xa9", 2);
    long_text[2000] = '\0';
    for (int shift = 0; shift < 4; shift++) {
        err_set(&e, ERR_BAD_INPUT, "%.*s%s", shift, "abcd", long_text);
        CHECK(strlen(e.text) < sizeof e.text);
        CHECK(str_ends(str_c(e.text), S("...")));
        CHECK(str_is_utf8(str_c(e.text)));
        err_prefix(&e, "%.*s%s", shift, "abcd", long_text);
        CHECK(str_is_utf8(str_c(e.text)));
        err_errno(&e, ERR_IO, 2, "%.*s%s", shift, "abcd", long_text);
        CHECK(str_is_utf8(str_c(e.text)));
    }
}

TEST(err_text_carries_no_control_bytes_to_a_terminal)
{
    struct err e;

    err_set(&e, ERR_BAD_INPUT, "%s", "a\x1b[31mb\tc\x7f" "d\re\xc2\x9b" "f\xc3\x9bg");
    CHECK_STR(str_c(e.text), "a?[31mb c?d?e??f\xc3\x9bg");
}

TEST(err_replaces_bytes_that_are_no_utf8)
{
    struct err e = ERR_INIT;

    err_set(&e, ERR_SERVER, "garbage \xa8\xff and gr\xc3\xbc\xc3\x9f \x1b[31m");
    CHECK_STR(str_c(e.text), "garbage ?? and gr\xc3\xbc\xc3\x9f ?[31m");
}
