/* Paths that a client names: below the root or nowhere. */
#include "compat/mcp_parts.h"

#include <unistd.h>

static const char *const mcp_task_files[] = { "task.yaml", "task.yml", "task.json", "USE-CASE.md" };

static enum err_code mcp_denied(struct str text, struct err *e)
{
    return err_set(e, ERR_DENIED,
                   "\"" STR_FMT "\" leads out of the folder this server was started for; name a file inside it",
                   STR_ARG(str_utf8_head(text, 200)));
}

enum err_code mcp_path(const struct mcp *m, struct str text, struct arena *a, struct str *full, struct err *e)
{
    struct str path = str_trim(text), root = str_c(m->root);
    enum err_code code;
    int fd;

    if (!path.len || memchr(path.at, 0, path.len))
        return err_set(e, ERR_USAGE, "the path is empty; list_tasks lists the task files");
    if (path.at[0] == '/') {                    /* whole paths are understood as long as they say the root first */
        if (!str_starts(path, root) || (path.len > root.len && path.at[root.len] != '/' && root.len > 1))
            return mcp_denied(text, e);
        path = str_from(path, root.len);
        while (path.len && path.at[0] == '/')
            path = str_from(path, 1);
        if (!path.len)
            path = S(".");
    }
    code = file_open_beneath(m->root, path, &fd, e);
    if (code == ERR_OK) {
        close(fd);
        *full = path_join(a, root, path);
        return ERR_OK;
    }
    if (code == ERR_DENIED)
        return mcp_denied(text, e);
    if (code == ERR_NOT_FOUND)
        return err_set(e, code,
                       "there is no file or folder \"" STR_FMT
                       "\" below the server's folder; list_tasks lists the task files",
                       STR_ARG(str_utf8_head(path, 200)));
    if (file_open_folder_beneath(m->root, path, &fd, e) != ERR_OK)
        return e->code;
    close(fd);
    for (size_t i = 0; i < COUNT_OF(mcp_task_files); i++) {
        struct str inside = path_join(a, path, str_c(mcp_task_files[i]));

        code = file_open_beneath(m->root, inside, &fd, e);
        if (code == ERR_DENIED)
            return mcp_denied(inside, e);
        if (code != ERR_OK)
            continue;
        close(fd);
        /* a use case is its folder */
        *full = str_is(str_c(mcp_task_files[i]), "USE-CASE.md") ? path_join(a, root, path) : path_join(a, root, inside);
        return ERR_OK;
    }
    return err_set(e, ERR_NOT_FOUND, "the folder \"" STR_FMT "\" holds no task.yaml, task.json or USE-CASE.md",
                   STR_ARG(str_utf8_head(path, 200)));
}
