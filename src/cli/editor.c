#include "cli/editor.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EDITOR_WORDS = 16 };

extern char **environ;

static enum err_code editor_start(struct str command, const char *file, struct arena *a, int *status, struct err *e)
{
    char *words[EDITOR_WORDS + 2];
    struct str rest = command, one;
    size_t n = 0;
    pid_t child;
    int failed;

    while (n < EDITOR_WORDS && str_split(&rest, ' ', &one))
        if (one.len)
            words[n++] = arena_cstr(a, one);
    words[n++] = arena_cstr(a, str_c(file));
    words[n] = NULL;
    failed = posix_spawnp(&child, words[0], NULL, NULL, words, environ);
    if (failed)
        return err_errno(e, ERR_ENVIRONMENT, failed, "the editor \"%s\" can't be started; set $EDITOR", words[0]);
    while (waitpid(child, status, 0) < 0)
        if (errno != EINTR)
            return err_errno(e, ERR_ENVIRONMENT, errno, "the editor could not be waited for");
    return ERR_OK;
}

static enum err_code editor_of(struct str file, struct arena *a, struct str *out, struct err *e)
{
    static const char *const usual[] = { "editor", "vi", "nano" };
    AUTO_BUF struct buf text = BUF_INIT(EDITOR_BYTES_MAX);
    const char *own = getenv("VISUAL");
    enum err_code code = ERR_ENVIRONMENT;
    int status = 0;

    own = own && *own ? own : getenv("EDITOR");
    if (own && *str_trim(str_c(own)).at)
        code = editor_start(str_trim(str_c(own)), file.at, a, &status, e);
    else
        for (size_t i = 0; i < COUNT_OF(usual) && code != ERR_OK; i++)
            code = editor_start(str_c(usual[i]), file.at, a, &status, e);
    if (code != ERR_OK)
        return code;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(e, ERR_CANCELLED, "the editor ended without success; nothing was taken from it");
    TRY(file_read(file.at, EDITOR_BYTES_MAX, &text, e));
    *out = arena_strdup(a, buf_str(&text));
    return ERR_OK;
}

enum err_code editor_run(const char *name, struct str text, struct arena *a, struct str *out, struct err *e)
{
    const char *below = getenv("TMPDIR");
    char *folder = arena_cstr(a, arena_printf(a, "%s/assay-XXXXXX", below && *below ? below : "/tmp"));
    struct str file;
    enum err_code code;

    if (!mkdtemp(folder))
        return err_errno(e, ERR_IO, errno, "a folder for the editor can't be made below %s",
                         below && *below ? below : "/tmp");
    file = path_join(a, str_c(folder), str_c(name));
    code = file_write_atomic(file.at, text, 0600, e);
    if (code == ERR_OK)
        code = editor_of(file, a, out, e);
    unlink(file.at);
    rmdir(folder);                                      /* an editor's own leftovers stay, in a folder only we can read */
    return code;
}
