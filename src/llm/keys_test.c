#include "base/test.h"
#include "llm/keys.h"

#include <stdio.h>
#include <sys/stat.h>

static void keys_clear(void)
{
    unsetenv("OPENAI_API_KEY");
    unsetenv("OPENAI_API_KEY_FILE");
    unsetenv("GOOGLE_API_KEY");
    unsetenv("GEMINI_API_KEY");
    unsetenv("OPENAI_COMPATIBLE_API_KEY");
}

static const char *keys_write(const char *name, const char *text, mode_t mode)
{
    static char path[300];

    snprintf(path, sizeof path, "%s/%s", test_folder(), name);
    CHECK_OK(file_write_atomic(path, str_c(text), mode, NULL));
    CHECK_INT(chmod(path, mode), 0);
    return path;
}

TEST(keys_missing_names_the_variable)
{
    AUTO_SECRET struct secret key = SECRET_INIT;
    struct err e = ERR_INIT;
    const char *variable;

    keys_clear();
    CHECK_INT(keys_find(provider_find(S("openai")), NULL, &key, &variable, &e), ERR_MISSING_KEY);
    CHECK_STR(str_c(e.text),
              "OPENAI_API_KEY is not set (openai needs a key: export OPENAI_API_KEY=..., or put it into a file and set "
              "OPENAI_API_KEY_FILE)");
    CHECK_OK(keys_find(provider_find(S("compat")), NULL, &key, &variable, &e));
    CHECK(!secret_is_set(&key));
    CHECK_STR(str_c(variable), "OPENAI_COMPATIBLE_API_KEY");
    CHECK_OK(keys_find(provider_find(S("sim")), NULL, &key, &variable, &e));
    CHECK(!variable);
    CHECK(!keys_exist(provider_find(S("openai")), NULL));
}

TEST(keys_come_from_the_environment_first_variable_first)
{
    AUTO_SECRET struct secret key = SECRET_INIT;
    const char *variable;

    keys_clear();
    setenv("GEMINI_API_KEY", " second \n", 1);
    CHECK_OK(keys_find(provider_find(S("google")), NULL, &key, &variable, NULL));
    CHECK_STR(secret_reveal(&key), "second");
    CHECK_STR(str_c(variable), "GEMINI_API_KEY");
    setenv("GOOGLE_API_KEY", "first", 1);
    CHECK_OK(keys_find(provider_find(S("google")), NULL, &key, &variable, NULL));
    CHECK_STR(secret_reveal(&key), "first");
    setenv("GOOGLE_API_KEY", "", 1);
    CHECK_OK(keys_find(provider_find(S("google")), NULL, &key, &variable, NULL));
    CHECK_STR(secret_reveal(&key), "second");
    keys_clear();
}

TEST(keys_that_would_break_a_header_are_refused_and_not_shown)
{
    AUTO_SECRET struct secret key = SECRET_INIT;
    struct err e = ERR_INIT;

    keys_clear();
    setenv("OPENAI_API_KEY", "abc\r\nX-Evil: 1", 1);
    CHECK_INT(keys_find(provider_find(S("openai")), NULL, &key, NULL, &e), ERR_MISSING_KEY);
    CHECK(!str_contains(str_c(e.text), S("Evil")));
    CHECK(!secret_is_set(&key));
    keys_clear();
}

TEST(keys_come_from_a_named_file)
{
    AUTO_SECRET struct secret key = SECRET_INIT;
    struct err e = ERR_INIT;

    keys_clear();
    setenv("OPENAI_API_KEY_FILE", keys_write("key", "from-file\n", 0600), 1);
    CHECK_OK(keys_find(provider_find(S("openai")), NULL, &key, NULL, &e));
    CHECK_STR(secret_reveal(&key), "from-file");
    setenv("OPENAI_API_KEY_FILE", "/nowhere/at/all", 1);
    CHECK_INT(keys_find(provider_find(S("openai")), NULL, &key, NULL, &e), ERR_MISSING_KEY);
    CHECK(str_contains(str_c(e.text), S("OPENAI_API_KEY_FILE names a file that cannot be read: /nowhere/at/all")));
    setenv("OPENAI_API_KEY_FILE", keys_write("key", "\n", 0600), 1);
    CHECK_INT(keys_find(provider_find(S("openai")), NULL, &key, NULL, &e), ERR_MISSING_KEY);
    keys_clear();
}

TEST(keys_come_from_the_home_folder_when_only_the_owner_reads_it)
{
    AUTO_SECRET struct secret key = SECRET_INIT;
    struct err e = ERR_INIT;

    keys_clear();
    keys_write("keys.env", "# mine\nOTHER=x\nexport OPENAI_API_KEY = \"from-home\"\nGEMINI_API_KEY='g'\n", 0600);
    CHECK_OK(keys_find(provider_find(S("openai")), test_folder(), &key, NULL, &e));
    CHECK_STR(secret_reveal(&key), "from-home");
    CHECK_OK(keys_find(provider_find(S("google")), test_folder(), &key, NULL, &e));
    CHECK_STR(secret_reveal(&key), "g");
    CHECK_INT(keys_find(provider_find(S("xai")), test_folder(), &key, NULL, &e), ERR_MISSING_KEY);
    keys_write("keys.env", "OPENAI_API_KEY=from-home\n", 0640);
    CHECK_INT(keys_find(provider_find(S("openai")), test_folder(), &key, NULL, &e), ERR_MISSING_KEY);
    CHECK(str_contains(str_c(e.text), S("keys.env can be read or written by others (mode 0640): run chmod 600")));
    setenv("OPENAI_API_KEY", "from-environment", 1);
    CHECK_OK(keys_find(provider_find(S("openai")), test_folder(), &key, NULL, &e));
    CHECK_STR(secret_reveal(&key), "from-environment");
    keys_clear();
}
