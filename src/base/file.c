#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum err_code file_open_code(int number)
{
    return number == ENOENT || number == ENAMETOOLONG ? ERR_NOT_FOUND : ERR_IO;
}

static void file_closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static enum err_code file_read_fd(int fd, const char *path, size_t bytes_max, struct buf *out, struct err *e)
{
    char chunk[16384];
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        return err_set(e, ERR_IO, "%s is a folder, not a file", path);
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, ERR_IO, errno, "%s can't be read", path);
        if (n == 0)
            return ERR_OK;
        if (out->len + (size_t)n > bytes_max)
            return err_set(e, ERR_TOO_LARGE, "%s is larger than %zu bytes", path, bytes_max);
        buf_append(out, str_n(chunk, (size_t)n));
        if (buf_failed(out))
            return err_set(e, ERR_TOO_LARGE, "%s is larger than %zu bytes", path, out->max);
    }
}

enum err_code file_read(const char *path, size_t bytes_max, struct buf *out, struct err *e)
{
    AUTO(file_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_errno(e, file_open_code(errno), errno, "%s can't be opened", path);
    return file_read_fd(fd, path, bytes_max, out, e);
}

static enum err_code file_write_all(int fd, const char *path, struct str bytes, struct err *e)
{
    while (bytes.len) {
        ssize_t n = FAULT("file.write") ? (errno = ENOSPC, -1) : write(fd, bytes.at, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, ERR_IO, errno, "%s can't be written", path);
        bytes = str_from(bytes, (size_t)n);
    }
    if (fsync(fd) < 0)
        return err_errno(e, ERR_IO, errno, "%s can't be written", path);
    return ERR_OK;
}

enum err_code file_write_atomic(const char *path, struct str bytes, unsigned mode, struct err *e)
{
    AUTO(freep) char *temporary = NULL;
    AUTO(file_closep) int fd = -1;
    enum err_code code;

    if (asprintf(&temporary, "%s.tmp-XXXXXX", path) < 0)
        return err_set(e, ERR_IO, "%s: the name is too long", path);
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, ERR_IO, errno, "%s can't be written", path);
    code = file_write_all(fd, path, bytes, e);
    if (code == ERR_OK && (fchmod(fd, mode) < 0 || rename(temporary, path) < 0))
        code = err_errno(e, ERR_IO, errno, "%s can't be written", path);
    if (code != ERR_OK)
        unlink(temporary);
    return code;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool file_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

enum err_code file_mkdirs(const char *path, unsigned mode, struct err *e)
{
    AUTO(freep) char *copy = xstrdup(path);

    for (char *p = copy + 1;; p++) {
        char c = *p;

        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(copy, mode) < 0 && errno != EEXIST)
            return err_errno(e, ERR_IO, errno, "folder %s can't be made", copy);
        *p = c;
        if (c == '\0')
            break;
    }
    if (!file_is_dir(path))
        return err_set(e, ERR_IO, "%s is a file, and a folder is needed there", path);
    return ERR_OK;
}

/* Where openat2 is missing (old kernels, some containers): folder by folder, no link followed, no "..". Stricter than
 * RESOLVE_BENEATH, never weaker. */
static int file_walk_beneath(int at, const char *name)
{
    AUTO(file_closep) int here = fcntl(at, F_DUPFD_CLOEXEC, 0);
    struct str rest = str_c(name), part;

    if (name[0] == '/')
        return errno = EXDEV, -1;
    while (here >= 0 && str_split(&rest, '/', &part)) {
        AUTO(freep) char *step = xstrndup(part.at, part.len);
        int next;

        if (str_is(part, ".."))
            return errno = EXDEV, -1;
        if (!rest.at)
            return openat(here, part.len ? step : ".", O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (part.len == 0)
            continue;
        next = openat(here, step, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close(here);
        here = next;
    }
    return -1;
}

/* O_NONBLOCK: opening a pipe somebody left in the folder must not wait for its other end. */
static int file_openat_beneath(int at, const char *name)
{
    struct open_how how = { .flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    long got = FAULT("file.openat2") ? (errno = ENOSYS, -1) : syscall(SYS_openat2, at, name, &how, sizeof how);

    if (got < 0 && (errno == ENOSYS || errno == EPERM))
        return file_walk_beneath(at, name);
    return (int)got;
}

/* Opens whatever `path` is, and says what that is. */
static enum err_code file_open_any_beneath(const char *dir, struct str path, int *fd, struct stat *st, struct err *e)
{
    AUTO(file_closep) int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    AUTO(file_closep) int got = -1;
    AUTO(freep) char *name = xstrndup(path.at, path.len);

    if (at < 0)
        return err_errno(e, ERR_IO, errno, "folder %s can't be opened", dir);
    if (path.len == 0)
        return err_set(e, ERR_NOT_FOUND, "a file name is missing");
    if (strlen(name) != path.len)
        return err_set(e, ERR_DENIED, "a file name may not hold a NUL byte");
    got = file_openat_beneath(at, name);
    if (got < 0 && (errno == EXDEV || name[0] == '/'))
        return err_set(e, ERR_DENIED, "\"%s\" leads out of the task's folder; only files inside it may be read", name);
    if (got < 0 || fstat(got, st) < 0)
        return err_errno(e, file_open_code(errno), errno, "\"%s\" can't be opened", name);
    *fd = got;
    got = -1;
    return ERR_OK;
}

enum err_code file_open_beneath(const char *dir, struct str path, int *fd, struct err *e)
{
    AUTO(file_closep) int got = -1;
    struct stat st;

    TRY(file_open_any_beneath(dir, path, &got, &st, e));
    if (S_ISDIR(st.st_mode))
        return err_set(e, ERR_IO, "\"" STR_FMT "\" is a folder, not a file", STR_ARG(path));
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_DENIED, "\"" STR_FMT "\" is a pipe, a socket or a device, not a file", STR_ARG(path));
    *fd = got;
    got = -1;
    return ERR_OK;
}

enum err_code file_open_folder_beneath(const char *dir, struct str path, int *fd, struct err *e)
{
    AUTO(file_closep) int got = -1;
    struct stat st;

    TRY(file_open_any_beneath(dir, path, &got, &st, e));
    if (!S_ISDIR(st.st_mode))
        return err_set(e, ERR_IO, "\"" STR_FMT "\" is a file, not a folder", STR_ARG(path));
    *fd = got;
    got = -1;
    return ERR_OK;
}

enum err_code file_read_beneath(const char *dir, struct str path, size_t bytes_max, struct buf *out, struct err *e)
{
    AUTO(file_closep) int fd = -1;
    AUTO(freep) char *name = xstrndup(path.at, path.len);

    TRY(file_open_beneath(dir, path, &fd, e));
    return file_read_fd(fd, name, bytes_max, out, e);
}

static size_t path_after_slash(struct str path)
{
    size_t i = path.len;

    while (i > 0 && path.at[i - 1] != '/')
        i--;
    return i;
}

struct str path_base(struct str path)
{
    return str_from(path, path_after_slash(path));
}

struct str path_dir(struct str path)
{
    size_t i = path_after_slash(path);

    if (i == 0)
        return S(".");
    return str_n(path.at, i == 1 ? 1 : i - 1);
}

struct str path_ext(struct str path)
{
    struct str base = path_base(path);

    for (size_t i = base.len; i > 1; i--)
        if (base.at[i - 1] == '.')
            return str_from(base, i);
    return str_n(base.at + base.len, 0);
}

struct str path_join(struct arena *a, struct str dir, struct str name)
{
    if ((name.len && name.at[0] == '/') || dir.len == 0 || str_is(dir, "."))
        return arena_strdup(a, name);
    return arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(dir), dir.at[dir.len - 1] == '/' ? "" : "/", STR_ARG(name));
}

enum err_code file_lines_open(struct file_lines *l, const char *path, size_t line_max, struct err *e)
{
    *l = (struct file_lines){ .line_max = line_max };
    if (file_is_dir(path))
        return err_set(e, ERR_IO, "%s is a folder, not a file", path);
    l->f = fopen(path, "re");
    if (!l->f)
        return err_errno(e, file_open_code(errno), errno, "%s can't be opened", path);
    return ERR_OK;
}

enum err_code file_lines_next(struct file_lines *l, struct str *line, bool *more, struct err *e)
{
    size_t len = 0;
    int c;

    l->offset = l->next_offset;
    flockfile(l->f);
    while ((c = getc_unlocked(l->f)) != EOF && c != '\n') {
        if (len == l->line_max)
            break;
        if (len == l->cap) {
            l->cap = MIN(l->cap ? l->cap * 2 : 1024, l->line_max);
            l->bytes = xrealloc(l->bytes, l->cap);
        }
        l->bytes[len++] = (char)c;
    }
    funlockfile(l->f);
    if (c == EOF && ferror(l->f))
        return err_errno(e, ERR_IO, errno, "line %lld can't be read", (long long)l->number + 1);
    *more = c != EOF || len > 0;
    if (!*more)
        return ERR_OK;
    l->number++;
    if (c != EOF && c != '\n')
        return err_set(e, ERR_TOO_LARGE, "line %lld is longer than %zu bytes", (long long)l->number, l->line_max);
    l->next_offset += (int64_t)len + (c == '\n');
    if (len && c == '\n' && l->bytes[len - 1] == '\r')
        len--;
    *line = str_n(l->bytes ? l->bytes : "", len);
    return ERR_OK;
}

void file_lines_close(struct file_lines *l)
{
    if (l->f)
        fclose(l->f);
    free(l->bytes);
    *l = (struct file_lines){ 0 };
}
