/* A folder behind the blob room: home/objects/ab/cdef..., written as home/objects/tmp/XXXXXX and renamed when whole. */
#include "blob/driver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { DIR_BUFFER = 64 << 10, DIR_LEFTOVER_S = 24 * 3600 };

struct dir { char *objects; int fd; };                          /* fd: the folder objects/ */
struct dir_writer { struct dir *dir; int fd; char name[16]; char *bytes; size_t len; };    /* name: "tmp/XXXXXXXX" */
struct dir_reader { int fd; char hash[HASH_HEX]; };

#define DIR_NAME (HASH_HEX + 1)                                 /* "ab/cdef..." and NUL */
static const char *dir_name(struct str hash, char out[DIR_NAME])
{
    snprintf(out, DIR_NAME, "%.2s/%.*s", hash.at, (int)hash.len - 2, hash.at + 2);
    return out;
}

static bool dir_serves(struct str home)
{
    return home.len && !str_contains(home, S("://"));
}

/* The one place where the system's refusals become our sentences. */
static enum err_code dir_fault(const struct dir *d, int why, const char *what, struct err *e)
{
    struct statvfs v;

    if (why == ENOSPC || why == EDQUOT || why == EFBIG)
        return err_set(e, ERR_STORE, "the disk is full: an object can't be written to %s (%lld KiB are free there). Free some "
                       "space, or point ASSAY_HOME at a roomier disk, and go on", d->objects,
                       statvfs(d->objects, &v) == 0 ? (long long)(v.f_bavail * v.f_frsize / 1024) : 0LL);
    if (why == EROFS || why == EACCES || why == EPERM)
        return err_errno(e, ERR_STORE, why, "%s in %s: point ASSAY_HOME at a folder that can be written", what,
                         d->objects);
    return err_errno(e, ERR_STORE, why, "%s in %s", what, d->objects);
}

/* What a killed writer left behind. One that is younger than a day may still be written by another process. */
static void dir_sweep(struct dir *d)
{
    int fd = openat(d->fd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    time_t now = time(NULL);
    struct dirent *one;
    struct stat st;

    if (!list) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((one = readdir(list)))
        if (fstatat(fd, one->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
            now - st.st_mtime > DIR_LEFTOVER_S && unlinkat(fd, one->d_name, 0) == 0)
            log_event(LOG_INFO, "blob.leftover_removed", LOG_C("name", one->d_name), LOG_I("bytes", st.st_size));
    closedir(list);
}

static void dir_close(void *place)
{
    struct dir *d = place;

    if (d->fd >= 0)
        close(d->fd);
    free(d->objects);
    free(d);
}

static enum err_code dir_start(struct dir *d, struct err *e)
{
    struct err own = ERR_INIT;

    if (file_mkdirs(d->objects, 0700, &own) != ERR_OK)
        return err_set(e, ERR_STORE, "the place for objects can't be made: %s", own.text);
    d->fd = open(d->objects, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->fd < 0)
        return dir_fault(d, errno, "the place for objects can't be opened", e);
    if (mkdirat(d->fd, "tmp", 0700) < 0 && errno != EEXIST)
        return dir_fault(d, errno, "a folder can't be made", e);
    dir_sweep(d);
    return ERR_OK;
}

static enum err_code dir_open(const char *home, void **place, struct err *e)
{
    struct dir *d = xcalloc(1, sizeof *d);
    enum err_code code;

    d->fd = -1;
    if (asprintf(&d->objects, "%s%sobjects", home, home[strlen(home) - 1] == '/' ? "" : "/") < 0)
        d->objects = xstrdup("objects");
    code = dir_start(d, e);
    if (code != ERR_OK) {
        dir_close(d);
        return code;
    }
    *place = d;
    return ERR_OK;
}

static bool dir_has(void *place, struct str hash)
{
    struct dir *d = place;
    char name[DIR_NAME];

    return faccessat(d->fd, dir_name(hash, name), F_OK, 0) == 0;
}

static enum err_code dir_begin(void *place, void **out, struct err *e)
{
    struct dir *d = place;
    struct dir_writer *w;
    char name[16];
    int fd = -1;

    for (int i = 0; i < 100 && fd < 0; i++) {
        unsigned random;

        randombytes_buf(&random, sizeof random);
        snprintf(name, sizeof name, "tmp/%08x", random);
        fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    if (fd < 0)
        return dir_fault(d, errno, "an object can't be begun", e);
    w = xcalloc(1, sizeof *w);
    *w = (struct dir_writer){ .dir = d, .fd = fd, .bytes = xmalloc(DIR_BUFFER) };
    memcpy(w->name, name, sizeof name);
    *out = w;
    return ERR_OK;
}

static enum err_code dir_put(struct dir_writer *w, struct str bytes, struct err *e)
{
    while (bytes.len) {
        ssize_t n = FAULT("blob.write") ? (errno = ENOSPC, -1) : write(w->fd, bytes.at, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return dir_fault(w->dir, errno, "an object can't be written", e);
        bytes = str_from(bytes, (size_t)n);
    }
    return ERR_OK;
}

static enum err_code dir_flush(struct dir_writer *w, struct err *e)
{
    struct str bytes = str_n(w->bytes, w->len);

    w->len = 0;
    return dir_put(w, bytes, e);
}

static enum err_code dir_append(void *writing, struct str bytes, struct err *e)
{
    struct dir_writer *w = writing;

    if (w->len + bytes.len > DIR_BUFFER)
        TRY(dir_flush(w, e));
    if (bytes.len >= DIR_BUFFER)
        return dir_put(w, bytes, e);
    memcpy(w->bytes + w->len, bytes.at, bytes.len);
    w->len += bytes.len;
    return ERR_OK;
}

static void dir_writer_free(struct dir_writer *w)
{
    close(w->fd);
    free(w->bytes);
    free(w);
}

static void dir_drop(void *writing)
{
    struct dir_writer *w = writing;

    unlinkat(w->dir->fd, w->name, 0);
    dir_writer_free(w);
}

/* A folder's entries are durable only after the folder itself was synced. */
static int dir_sync_folder(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed;

    if (fd < 0)
        return -1;
    failed = fsync(fd);
    close(fd);
    return failed;
}

static enum err_code dir_place(struct dir_writer *w, struct str hash, struct err *e)
{
    struct dir *d = w->dir;
    char name[DIR_NAME], folder[3] = { hash.at[0], hash.at[1] };
    struct stat mine, there;
    bool made;

    TRY(dir_flush(w, e));
    dir_name(hash, name);
    if (fstat(w->fd, &mine) == 0 && fstatat(d->fd, name, &there, 0) == 0 && mine.st_size == there.st_size) {
        unlinkat(d->fd, w->name, 0);                        /* the same bytes are there already, maybe for a moment only */
        return dir_sync_folder(d->fd, folder) < 0 ? dir_fault(d, errno, "an object can't be made safe", e) : ERR_OK;
    }
    if (FAULT("blob.sync") ? (errno = EIO, true) : fsync(w->fd) < 0)
        return dir_fault(d, errno, "an object can't be made safe", e);
    made = mkdirat(d->fd, folder, 0700) == 0;
    if (!made && errno != EEXIST)
        return dir_fault(d, errno, "a folder can't be made", e);
    if (renameat(d->fd, w->name, d->fd, name) < 0)
        return dir_fault(d, errno, "an object can't be moved to its place", e);
    if (dir_sync_folder(d->fd, folder) < 0 || (made && fsync(d->fd) < 0))
        return dir_fault(d, errno, "an object can't be made safe", e);
    return ERR_OK;
}

static enum err_code dir_end(void *writing, struct str hash, struct err *e)
{
    struct dir_writer *w = writing;
    enum err_code code = dir_place(w, hash, e);

    if (code != ERR_OK)
        unlinkat(w->dir->fd, w->name, 0);
    dir_writer_free(w);
    return code;
}

static enum err_code dir_look(void *place, struct str hash, void **out, int64_t *size, struct err *e)
{
    struct dir *d = place;
    char name[DIR_NAME];
    int fd = openat(d->fd, dir_name(hash, name), O_RDONLY | O_CLOEXEC);
    struct dir_reader *r;
    struct stat st;

    if (fd < 0 && errno == ENOENT)
        return err_set(e, ERR_NOT_FOUND, "object %.12s... is not in %s (was its run removed, or the folder moved?)",
                       hash.at, d->objects);
    if (fd < 0 || fstat(fd, &st) < 0) {
        int why = errno;

        if (fd >= 0)
            close(fd);
        return err_errno(e, ERR_STORE, why, "object %.12s... in %s can't be opened", hash.at, d->objects);
    }
    r = xcalloc(1, sizeof *r);
    r->fd = fd;
    memcpy(r->hash, hash.at, hash.len);
    *out = r;
    *size = st.st_size;
    return ERR_OK;
}

static enum err_code dir_read(void *looking, int64_t offset, void *bytes, size_t len, struct err *e)
{
    struct dir_reader *r = looking;
    char *to = bytes;

    while (len) {
        ssize_t n = FAULT("blob.read") ? (errno = EIO, -1) : pread(r->fd, to, len, offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, ERR_STORE, errno, "object %.12s... can't be read", r->hash);
        if (n == 0)
            return err_set(e, ERR_STORE, "object %.12s... is damaged: it ends at byte %lld", r->hash,
                           (long long)offset);
        to += n;
        offset += n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

static void dir_unlook(void *looking)
{
    struct dir_reader *r = looking;

    close(r->fd);
    free(r);
}

const struct blob_driver blob_dir = {
    .name = "dir", .serves = dir_serves, .open = dir_open, .close = dir_close, .has = dir_has, .begin = dir_begin,
    .append = dir_append, .end = dir_end, .drop = dir_drop, .look = dir_look, .read = dir_read, .unlook = dir_unlook,
};
