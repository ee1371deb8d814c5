#include "base/notify.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTIFY_EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF)
#define NOTIFY_BYTES  65536

struct notify_folder { int watch; char *path; bool deep; };     /* watch -1: it went away */
struct notify { int fd; VEC(struct notify_folder) folders; char *ignored[NOTIFY_IGNORED_MAX]; size_t ignored_count; };

enum err_code notify_new(struct notify **out, struct err *e)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    struct notify *n;

    if (fd < 0)
        return err_errno(e, ERR_ENVIRONMENT, errno,
                         "files can't be watched (fs.inotify.max_user_instances says how often)");
    n = xcalloc(1, sizeof *n);
    n->fd = fd;
    *out = n;
    return ERR_OK;
}

void notify_free(struct notify *n)
{
    if (!n)
        return;
    close(n->fd);
    for (size_t i = 0; i < n->folders.len; i++)
        free(n->folders.at[i].path);
    for (size_t i = 0; i < n->ignored_count; i++)
        free(n->ignored[i]);
    vec_dispose(&n->folders);
    free(n);
}

void notify_freep(struct notify **n)
{
    notify_free(*n);
    *n = NULL;
}

size_t notify_folders(const struct notify *n)
{
    return n->folders.len;
}

void notify_ignore(struct notify *n, const char *path)
{
    ASSERT(n->ignored_count < NOTIFY_IGNORED_MAX);
    n->ignored[n->ignored_count++] = xstrdup(path);
}

static bool notify_is_ignored(const struct notify *n, const char *folder, const char *name)
{
    AUTO_BUF struct buf path = BUF_INIT(2 * 4096);

    buf_printf(&path, "%s/%s", folder, name);
    for (size_t i = 0; i < n->ignored_count; i++)
        if (str_is(buf_str(&path), n->ignored[i]))
            return true;
    return false;
}

static int notify_watch(const struct notify *n, const char *path)
{
    return inotify_add_watch(n->fd, path, NOTIFY_EVENTS | IN_ONLYDIR | IN_EXCL_UNLINK);
}

static enum err_code notify_add_one(struct notify *n, const char *path, bool deep, struct err *e)
{
    int watch;

    for (size_t i = 0; i < n->folders.len; i++)
        if (strcmp(n->folders.at[i].path, path) == 0) {
            n->folders.at[i].deep |= deep;
            return ERR_OK;
        }
    if (n->folders.len >= NOTIFY_FOLDERS_MAX)
        return err_set(e, ERR_TOO_LARGE, "%s: more than %d folders can't be watched", path, NOTIFY_FOLDERS_MAX);
    watch = notify_watch(n, path);
    if (watch < 0 && errno == ENOSPC)
        return err_set(e, ERR_ENVIRONMENT,
                       "%s can't be watched: the system's watchers are used up; raise fs.inotify.max_user_watches",
                       path);
    if (watch < 0)
        return err_errno(e, file_open_code(errno), errno, "%s can't be watched", path);
    vec_push(&n->folders, (struct notify_folder){ watch, xstrdup(path), deep });
    return ERR_OK;
}

static enum err_code notify_add_depth(struct notify *n, const char *folder, int depth, bool *cut, struct err *e)
{
    enum err_code code = notify_add_one(n, folder, true, e);
    struct dirent *entry;
    DIR *dir;

    if (code == ERR_TOO_LARGE || depth >= NOTIFY_DEPTH_MAX) {
        *cut = true;
        return code == ERR_TOO_LARGE && depth ? ERR_OK : code;
    }
    TRY(code);
    dir = opendir(folder);
    while (dir && code == ERR_OK && !*cut && (entry = readdir(dir))) {
        AUTO_BUF struct buf path = BUF_INIT(4096);
        struct stat st;

        if (entry->d_name[0] == '.' || notify_is_ignored(n, folder, entry->d_name))
            continue;
        buf_printf(&path, "%s/%s", folder, entry->d_name);
        if (buf_failed(&path) || lstat(buf_cstr(&path), &st) != 0 || !S_ISDIR(st.st_mode))  /* links are not followed: no circles */
            continue;
        code = notify_add_depth(n, buf_cstr(&path), depth + 1, cut, e);
        if (code == ERR_NOT_FOUND || code == ERR_IO)    /* gone meanwhile, or not ours to read */
            code = ERR_OK;
    }
    if (dir)
        closedir(dir);
    return code;
}

enum err_code notify_add(struct notify *n, const char *folder, bool deep, bool *cut, struct err *e)
{
    bool ignored = false;

    return deep ? notify_add_depth(n, folder, 0, cut ? cut : &ignored, e) : notify_add_one(n, folder, false, e);
}

/* --- changes ------------------------------------------------------------------------------------------------------ */

static bool notify_is_passing(struct str name)          /* an editor's or a download's own file */
{
    static const char *const ends[] = { "~", ".swp", ".swx", ".tmp", ".part", ".lock", "#" };

    if (!name.len || name.at[0] == '.' || name.at[0] == '#' || str_is(name, "4913"))
        return true;
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (str_ends(name, str_c(ends[i])))
            return true;
    return false;
}

static void notify_note(struct notify_changes *c, const char *name)
{
    for (size_t i = 0; i < MIN(c->count, (size_t)NOTIFY_NAMES_MAX); i++)
        if (strcmp(c->names[i], name) == 0)
            return;
    if (c->count < NOTIFY_NAMES_MAX)
        snprintf(c->names[c->count], sizeof c->names[c->count], "%s", name);
    c->count++;
}

static void notify_event(struct notify *n, const struct inotify_event *ev, struct notify_changes *c)
{
    size_t at = 0;

    if (ev->mask & IN_Q_OVERFLOW) {
        notify_note(c, "many files");
        return;
    }
    while (at < n->folders.len && n->folders.at[at].watch != ev->wd)
        at++;
    if (at == n->folders.len)
        return;
    if (ev->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) {
        if (ev->mask & IN_MOVE_SELF)
            inotify_rm_watch(n->fd, ev->wd);
        n->folders.at[at].watch = -1;
        return;
    }
    if (!ev->len || notify_is_passing(str_c(ev->name)) || notify_is_ignored(n, n->folders.at[at].path, ev->name))
        return;
    if (ev->mask & IN_ISDIR) {
        AUTO_BUF struct buf path = BUF_INIT(4096);
        struct err ignored = ERR_INIT;
        bool cut = false;

        buf_printf(&path, "%s/%s", n->folders.at[at].path, ev->name);
        if (n->folders.at[at].deep && (ev->mask & (IN_CREATE | IN_MOVED_TO)) && !buf_failed(&path) &&
            notify_add(n, buf_cstr(&path), true, &cut, &ignored) != ERR_OK)
            log_event(LOG_DEBUG, "notify.add", LOG_C("why", ignored.text));
        notify_note(c, ev->name);
    } else if (!(ev->mask & IN_CREATE)) {               /* a file just made is told of when it was written */
        notify_note(c, ev->name);
    }
}

static void notify_read(struct notify *n, struct notify_changes *c)
{
    char bytes[NOTIFY_BYTES] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t got;

    for (int round = 0; round < 64 && (got = read(n->fd, bytes, sizeof bytes)) > 0; round++)
        for (char *p = bytes; p < bytes + got;
             p += sizeof(struct inotify_event) + ((struct inotify_event *)(void *)p)->len)
            notify_event(n, (struct inotify_event *)(void *)p, c);
}

static void notify_find_again(struct notify *n, struct notify_changes *c)
{
    for (size_t i = 0; i < n->folders.len; i++) {
        struct notify_folder *f = &n->folders.at[i];

        if (f->watch < 0 && (f->watch = notify_watch(n, f->path)) >= 0)
            notify_note(c, f->path);
    }
}

bool notify_wait(struct notify *n, int64_t timeout_ms, int64_t quiet_ms, struct notify_changes *out)
{
    struct pollfd fd = { .fd = n->fd, .events = POLLIN };
    int64_t end = clock_mono_ms() + timeout_ms;

    *out = (struct notify_changes){ .count = 0 };
    notify_find_again(n, out);
    for (bool first = true; clock_mono_ms() < end;) {
        size_t before = out->count;
        int64_t wait = out->count ? quiet_ms : end - clock_mono_ms();
        int got = poll(&fd, 1, (int)CLAMP(wait, (int64_t)1, (int64_t)60000));

        if (got < 0)
            break;
        if (got == 0 && out->count)
            return true;
        if (got == 0)
            continue;
        notify_read(n, out);
        if (out->count > before && first) {
            end = clock_mono_ms() + 10 * quiet_ms;
            first = false;
        }
    }
    return out->count > 0;
}
