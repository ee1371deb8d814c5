#include "base/test.h"
#include "sandbox/sandbox.h"

static enum err_code as(const char *name, struct str bytes, struct arena *a, struct sandbox_spec *spec,
                        struct buf *words, struct err *e)
{
    static const struct str args[] = { S("-x"), S("y z") };
    struct sandbox_file file;

    buf_reset(words);
    TRY(sandbox_program(str_c(name), bytes, args, COUNT_OF(args), a, spec, &file, e));
    for (size_t i = 0; i < spec->args_count; i++)
        buf_printf(words, STR_FMT "|", STR_ARG(spec->args[i]));
    buf_append(words, file.path);
    return ERR_OK;
}

TEST(program_is_run_as_its_name_and_first_bytes_say)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf words = BUF_INIT(4096);
    struct sandbox_spec spec = { 0 };
    struct err e = ERR_INIT;

    if (file_exists("/usr/bin/python3")) {
        CHECK_OK(as("some/where/a.py", S("print(1)"), a, &spec, &words, &e));
        CHECK_STR(spec.program, "/usr/bin/python3");
        CHECK_STR(buf_str(&words), "-B|-s|a.py|-x|y z|a.py");
        CHECK_OK(as("tool", S("#!/usr/bin/python3 -u\nprint(1)"), a, &spec, &words, &e));
        CHECK_STR(buf_str(&words), "-B|-s|tool|-x|y z|tool");
    }
    CHECK_OK(as("s.sh", S("#! /bin/sh  -e \ntrue\n"), a, &spec, &words, &e));
    CHECK_STR(spec.program, "/bin/sh");
    CHECK_STR(buf_str(&words), "-e|s.sh|-x|y z|s.sh");
    CHECK_OK(as("s", S("#!/usr/bin/env sh\ntrue\n"), a, &spec, &words, &e));
    CHECK(str_ends(spec.program, S("bin/sh")));
    CHECK_OK(as("elf", S("\177ELF..."), a, &spec, &words, &e));
    CHECK_STR(spec.native, "\177ELF...");
    CHECK_STR(buf_str(&words), "-x|y z|");
}

TEST(program_that_is_none_says_so)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_BUF struct buf words = BUF_INIT(4096);
    struct sandbox_spec spec = { 0 };
    struct err e = ERR_INIT;

    CHECK_INT(as("x.txt", S("hello"), a, &spec, &words, &e), ERR_BAD_INPUT);
    CHECK_INT(as("x", S(""), a, &spec, &words, &e), ERR_BAD_INPUT);
    CHECK_INT(as("x", S("#!"), a, &spec, &words, &e), ERR_BAD_INPUT);
    CHECK_INT(as("x", S("#!sh\n"), a, &spec, &words, &e), ERR_BAD_INPUT);
    CHECK_INT(as("x", S("#!/usr/bin/env no-such-interpreter\n"), a, &spec, &words, &e), ERR_ENVIRONMENT);
    CHECK(str_contains(str_c(e.text), S("no-such-interpreter")));
}
