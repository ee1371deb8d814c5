#include "sandbox/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BENEATH_NAME_MAX 255
#define BENEATH_TRIES 16                /* the kernel asks to try again when a rename crossed its way */

static void beneath_closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

enum err_code beneath_path_check(struct str path, struct err *e)
{
    struct str rest = path, part;

    if (path.len == 0 || path.len > BENEATH_PATH_MAX)
        return err_set(e, ERR_BAD_INPUT, "a file's path has %zu bytes; 1 to %d are allowed", path.len,
                       BENEATH_PATH_MAX);
    if (memchr(path.at, '\0', path.len))
        return err_set(e, ERR_BAD_INPUT, "a file's path may not hold a NUL byte");
    while (str_split(&rest, '/', &part)) {
        if (part.len == 0 || str_is(part, ".") || str_is(part, ".."))
            return err_set(e, ERR_DENIED, "\"%.*s\" is no path below a folder: it may not begin or end with \"/\", nor hold \"//\", "
                           "\".\" or \"..\" as a part", (int)MIN(path.len, (size_t)200), path.at);
        if (part.len > BENEATH_NAME_MAX)
            return err_set(e, ERR_BAD_INPUT, "a file's name has %zu bytes; at most %d are allowed", part.len,
                           BENEATH_NAME_MAX);
    }
    return ERR_OK;
}

enum err_code beneath_folder(const char *path, int *fd, struct err *e)
{
    int got = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (got < 0)
        return err_errno(e, file_open_code(errno), errno, "folder %s can't be opened", path);
    *fd = got;
    return ERR_OK;
}

/* openat2 and its errors in our words. `name` is NUL-ended; "." is the folder itself. */
static enum err_code beneath_at(int folder, const char *name, uint64_t flags, uint64_t mode, int *fd, struct err *e)
{
    struct open_how how = { .flags = flags | O_CLOEXEC, .mode = mode,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
    long got = -1;

    errno = EAGAIN;
    for (int i = 0; i < BENEATH_TRIES && got < 0 && (errno == EAGAIN || errno == EINTR); i++)
        got = FAULT("sandbox.openat2") ? (errno = ENOSYS, -1) : syscall(SYS_openat2, folder, name, &how, sizeof how);
    if (got >= 0) {
        *fd = (int)got;
        return ERR_OK;
    }
    switch (errno) {
    case ENOSYS:
        return err_set(e, ERR_ENVIRONMENT, "this kernel can't open files safely (no openat2, Linux 5.6 or newer)");
    case EXDEV:
    case ELOOP: return err_set(e, ERR_DENIED, "\"%.200s\" leads through a link or out of its folder", name);
    case EEXIST: return err_set(e, ERR_CONFLICT, "\"%.200s\" is there already", name);
    case ENXIO:
    case ENODEV: return err_set(e, ERR_DENIED, "\"%.200s\" is a pipe, a socket or a device, not a file", name);
    case ENOTDIR: return err_set(e, ERR_NOT_FOUND, "\"%.200s\" does not exist: a file is on the way to it", name);
    default: return err_errno(e, file_open_code(errno), errno, "\"%.200s\" can't be opened", name);
    }
}

enum err_code beneath_open(int folder, struct str path, int *fd, struct err *e)
{
    AUTO(beneath_closep) int got = -1;
    AUTO(freep) char *name = NULL;
    struct stat st;

    TRY(beneath_path_check(path, e));
    name = xstrndup(path.at, path.len);
    TRY(beneath_at(folder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, 0, &got, e));
    if (fstat(got, &st) < 0)
        return err_errno(e, ERR_IO, errno, "\"%.200s\" can't be looked at", name);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_DENIED, "\"%.200s\" is a %s, not a file", name,
                       S_ISDIR(st.st_mode) ? "folder" : "pipe or a device");
    *fd = got;
    got = -1;
    return ERR_OK;
}

enum err_code beneath_read(int folder, struct str path, size_t bytes_max, struct buf *out, struct err *e)
{
    AUTO(beneath_closep) int fd = -1;
    char chunk[65536];
    size_t had = out->len;

    TRY(beneath_open(folder, path, &fd, e));
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, ERR_IO, errno, "\"" STR_FMT "\" can't be read", STR_ARG(path));
        if (n == 0)
            return ERR_OK;
        if (out->len - had + (size_t)n > bytes_max)
            return err_set(e, ERR_TOO_LARGE, "\"" STR_FMT "\" is larger than %zu bytes", STR_ARG(path), bytes_max);
        buf_append(out, str_n(chunk, (size_t)n));
        if (buf_failed(out))
            return err_set(e, ERR_TOO_LARGE, "\"" STR_FMT "\" is larger than %zu bytes", STR_ARG(path), out->max);
    }
}

/* The folder that shall hold `name`, made where it is missing; name's last part comes back. Each step starts at a
 * folder that is open, so nothing that is swapped meanwhile leads away. */
static enum err_code beneath_parent(int folder, struct str path, int *fd, struct str *last, struct err *e)
{
    AUTO(beneath_closep) int here = -1;
    struct str rest = path, part;

    TRY(beneath_at(folder, ".", O_PATH | O_DIRECTORY, 0, &here, e));
    while (str_split(&rest, '/', &part)) {
        AUTO(freep) char *step = xstrndup(part.at, part.len);
        int next = -1;

        if (!rest.at) {
            *last = part;
            *fd = here;
            here = -1;
            return ERR_OK;
        }
        if (mkdirat(here, step, 0777) < 0 && errno != EEXIST)
            return err_errno(e, ERR_IO, errno, "folder \"%.200s\" can't be made", step);
        TRY(beneath_at(here, step, O_PATH | O_DIRECTORY, 0, &next, e));
        close(here);
        here = next;
    }
    return err_set(e, ERR_BAD_INPUT, "a file's name is missing");
}

static enum err_code beneath_write_all(int fd, struct str bytes, struct str path, struct err *e)
{
    while (bytes.len) {
        ssize_t n = FAULT("sandbox.write") ? (errno = ENOSPC, -1) : write(fd, bytes.at, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, ERR_IO, errno, "\"" STR_FMT "\" can't be written", STR_ARG(path));
        bytes = str_from(bytes, (size_t)n);
    }
    return ERR_OK;
}

enum err_code beneath_write(int folder, struct str path, unsigned mode, struct str bytes, struct err *e)
{
    AUTO(beneath_closep) int parent = -1;
    AUTO(beneath_closep) int fd = -1;
    AUTO(freep) char *name = NULL;
    struct str last = STR_NONE;
    enum err_code code;

    TRY(beneath_path_check(path, e));
    TRY(beneath_parent(folder, path, &parent, &last, e));
    name = xstrndup(last.at, last.len);
    TRY(beneath_at(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0777, &fd, e));
    code = beneath_write_all(fd, bytes, path, e);
    if (code != ERR_OK)
        unlinkat(parent, name, 0);
    return code;
}

/* --- walking --------------------------------------------------------------------------------------------------- */
struct beneath_walk {
    int folder;
    struct beneath_bounds bounds;
    size_t seen;
    enum err_code (*see)(void *arg, const struct beneath_entry *entry, struct err *e);
    void *arg;
    struct buf path;
};

typedef VEC(char *) beneath_names;

static void beneath_names_dispose(beneath_names *names)
{
    for (size_t i = 0; i < names->len; i++)
        free(names->at[i]);
    vec_dispose(names);
}

static int beneath_name_cmp(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in an open folder, at most as many as the walk may still see, and one more to notice that there are. */
static enum err_code beneath_list(int fd, size_t most, beneath_names *names, struct err *e)
{
    DIR *dir = fdopendir(fd);
    const struct dirent *d;

    if (!dir) {
        close(fd);
        return err_errno(e, ERR_IO, errno, "a folder can't be listed");
    }
    while (names->len <= most && (d = readdir(dir)) != NULL)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            vec_push(names, xstrdup(d->d_name));
    closedir(dir);
    if (names->len)
        qsort(names->at, names->len, sizeof *names->at, beneath_name_cmp);
    return ERR_OK;
}

static enum beneath_kind beneath_kind_of(mode_t mode)
{
    return S_ISREG(mode) ? BENEATH_FILE : S_ISDIR(mode) ? BENEATH_FOLDER : S_ISLNK(mode) ? BENEATH_LINK : BENEATH_OTHER;
}

static enum err_code beneath_walk_folder(struct beneath_walk *w, size_t depth, struct err *e);

static enum err_code beneath_walk_entry(struct beneath_walk *w, int fd, const char *name, size_t depth, struct err *e)
{
    struct beneath_entry entry;
    size_t before = w->path.len;
    struct stat st;
    enum err_code code;

    if (w->seen++ >= w->bounds.entries)
        return err_set(e, ERR_TOO_LARGE, "the folder holds more than %zu files and folders", w->bounds.entries);
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
        return ERR_OK;                  /* gone meanwhile */
    if (before)
        buf_byte(&w->path, '/');
    buf_puts(&w->path, name);
    if (buf_failed(&w->path))
        return err_set(e, ERR_TOO_LARGE, "the folder holds a path of more than %d bytes", BENEATH_PATH_MAX);
    entry = (struct beneath_entry){ .path = buf_str(&w->path), .kind = beneath_kind_of(st.st_mode), .bytes = st.st_size,
                                    .mode = st.st_mode & 07777 };
    code = w->see(w->arg, &entry, e);
    if (code == ERR_OK && entry.kind == BENEATH_FOLDER)
        code = beneath_walk_folder(w, depth + 1, e);
    buf_truncate(&w->path, before);
    return code;
}

static enum err_code beneath_walk_folder(struct beneath_walk *w, size_t depth, struct err *e)
{
    AUTO(beneath_closep) int fd = -1;
    AUTO(beneath_names_dispose) beneath_names names = { 0 };
    enum err_code code = ERR_OK;
    int listed;

    if (depth > w->bounds.depth)
        return err_set(e, ERR_TOO_LARGE, "the folder holds folders more than %zu deep", w->bounds.depth);
    code = beneath_at(w->folder, w->path.len ? buf_cstr(&w->path) : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd,
                      e);
    if (code == ERR_ENVIRONMENT || (code != ERR_OK && depth == 0))
        return code;
    if (code != ERR_OK)
        return ERR_OK;                  /* it may not be listed, or is no folder any more: it has been seen, and that is all */
    listed = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (listed < 0)
        return err_errno(e, ERR_IO, errno, "a folder can't be listed");
    code = beneath_list(listed, w->bounds.entries - MIN(w->seen, w->bounds.entries), &names, e);
    for (size_t i = 0; i < names.len && code == ERR_OK; i++)
        code = beneath_walk_entry(w, fd, names.at[i], depth, e);
    return code;
}

enum err_code beneath_walk(int folder, struct beneath_bounds bounds,
                           enum err_code (*see)(void *arg, const struct beneath_entry *entry, struct err *e), void *arg,
                           struct err *e)
{
    struct beneath_walk w = { .folder = folder, .bounds = bounds, .see = see, .arg = arg, .path = BUF_INIT(BENEATH_PATH_MAX) };
    enum err_code code = beneath_walk_folder(&w, 0, e);

    buf_dispose(&w.path);
    return code;
}
