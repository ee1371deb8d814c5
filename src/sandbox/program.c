/* How a file is run, from its name and its first bytes. */
#include "sandbox/sandbox.h"

#include <unistd.h>

#define PROGRAM_PYTHON "/usr/bin/python3"
#define PROGRAM_LINE_MAX 256            /* of "#!...", as the kernel has it */

struct program_words { struct str *at; size_t count; };

static void program_word(struct program_words *w, struct str word)
{
    w->at[w->count++] = word;
}

/* "#!/usr/bin/env bash" is bash; "#!/bin/sh -e" is /bin/sh with one word. Empty: no such line. */
static enum err_code program_interpreter(struct str bytes, struct arena *a, struct str *program, struct str *word,
                                         struct err *e)
{
    struct str rest = str_sub(bytes, 2, PROGRAM_LINE_MAX), line = STR_NONE, first = STR_NONE;
    static const char *const folders[] = { "/usr/local/bin", "/usr/bin", "/bin" };

    (void)str_split(&rest, '\n', &line);
    line = str_trim(line);
    (void)str_split(&line, ' ', &first);
    *word = str_trim(line);
    if (str_is(first, "/usr/bin/env") && word->len) {
        struct str name = *word;

        for (size_t i = 0; i < COUNT_OF(folders); i++) {
            *program = path_join(a, str_c(folders[i]), name);
            *word = STR_NONE;
            if (access(program->at, X_OK) == 0)
                return ERR_OK;
        }
        return err_set(e, ERR_ENVIRONMENT,
                       "the program names the interpreter \"" STR_FMT "\", which is not in /usr/bin", STR_ARG(name));
    }
    if (!first.len || first.at[0] != '/')
        return err_set(e, ERR_BAD_INPUT, "the program's first line, \"#!" STR_FMT "\", names no interpreter by its path", STR_ARG(first));
    *program = first;
    return ERR_OK;
}

static enum err_code program_python(struct program_words *w, struct sandbox_spec *spec, struct err *e)
{
    if (access(PROGRAM_PYTHON, X_OK) < 0)
        return err_set(e, ERR_ENVIRONMENT,
                       "Python programs need " PROGRAM_PYTHON ", which is not here; install python3");
    spec->program = S(PROGRAM_PYTHON);
    program_word(w, S("-B"));           /* writes no __pycache__, and looks into no home */
    program_word(w, S("-s"));
    return ERR_OK;
}

enum err_code sandbox_program(struct str name, struct str bytes, const struct str *args, size_t args_count,
                              struct arena *a, struct sandbox_spec *spec, struct sandbox_file *file, struct err *e)
{
    struct program_words w = { .at = arena_array(a, struct str, args_count + 4) };
    struct str base = path_base(name), program = STR_NONE, word = STR_NONE;

    *file = (struct sandbox_file){ 0 };
    spec->native = STR_NONE;
    if (str_starts(bytes, S("#!")))
        TRY(program_interpreter(bytes, a, &program, &word, e));
    if (str_starts(bytes, S("\177ELF"))) {
        spec->native = bytes;
    } else if (str_is(path_ext(base), "py") || str_contains(path_base(program), S("python"))) {
        TRY(program_python(&w, spec, e));
    } else if (program.len) {
        spec->program = program;
        if (word.len)
            program_word(&w, word);
    } else {
        return err_set(e, ERR_BAD_INPUT, "\"" STR_FMT "\" can't be run: it is no *.py, no ELF program, and does not begin with \"#!\"",
                       STR_ARG(base));
    }
    if (!spec->native.len) {
        *file = (struct sandbox_file){ base, bytes };
        program_word(&w, base);
    }
    for (size_t i = 0; i < args_count; i++)
        program_word(&w, args[i]);
    spec->args = w.at;
    spec->args_count = w.count;
    return ERR_OK;
}
