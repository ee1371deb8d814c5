#include "sandbox/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CGROUP_EXTRA_PIDS 2              /* bubblewrap and `enter`, which are not the guest's */
#define CGROUP_TEXT_MAX (1u << 20)
#define CGROUP_SWEEP_MAX 4096

/* Where groups are made: one place with version 2, up to two with version 1. Written once, under `once`. */
static struct {
    pthread_once_t once;
    bool kill;
    struct cgroup_places at;
    char prefix[64], where[600];
} places = { .once = PTHREAD_ONCE_INIT };
static int64_t cgroup_number;            /* by atomic add */

static bool cgroup_read_text(const char *folder, const char *name, struct buf *out)
{
    AUTO(freep) char *path = NULL;

    buf_reset(out);
    return asprintf(&path, "%s/%s", folder, name) > 0 && file_read(path, out->max, out, NULL) == ERR_OK;
}

static bool cgroup_write_text(const char *folder, const char *name, const char *text)
{
    AUTO(freep) char *path = NULL;
    int fd = asprintf(&path, "%s/%s", folder, name) > 0 ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return done;
}

static bool cgroup_has_file(const char *folder, const char *name)
{
    AUTO(freep) char *path = NULL;

    return asprintf(&path, "%s/%s", folder, name) > 0 && access(path, F_OK) == 0;
}

static bool cgroup_has_word(struct str text, const char *word)
{
    struct str rest = str_trim(text), part;

    while (str_split(&rest, ' ', &part))
        if (str_is(part, word))
            return true;
    return false;
}

/* Our own path in a hierarchy, from /proc/self/cgroup: "4:memory:/x"; the controller is empty with version 2. */
static struct str cgroup_own(struct str text, const char *controller)
{
    struct str line, rest = text;

    while (str_split(&rest, '\n', &line)) {
        struct str number, names, name, path = line;

        if (!str_split(&path, ':', &number) || !str_split(&path, ':', &names))
            continue;
        if (!controller[0] && names.len == 0)
            return path;
        while (controller[0] && str_split(&names, ',', &name))
            if (str_is(name, controller))
                return path;
    }
    return STR_NONE;
}

/* The mount of a hierarchy, from /proc/self/mountinfo: its root in the hierarchy, and where it is. */
static bool cgroup_mount(struct str text, const char *controller, struct str *root, struct str *at)
{
    struct str line, rest = text;

    while (str_split(&rest, '\n', &line)) {
        ptrdiff_t dash = str_find(line, S(" - "));
        struct str head = dash < 0 ? STR_NONE : str_sub(line, 0, (size_t)dash),
                   tail = str_from(line, (size_t)(dash + 3));
        struct str field[5], type, from, word;
        size_t n = 0;

        while (n < 5 && str_split(&head, ' ', &field[n]))
            n++;
        if (n < 5 || !str_split(&tail, ' ', &type) || !str_split(&tail, ' ', &from))
            continue;
        *root = field[3];
        *at = field[4];
        if (!controller[0] && str_is(type, "cgroup2"))
            return true;
        while (controller[0] && str_is(type, "cgroup") && str_split(&tail, ',', &word))
            if (str_is(word, controller))
                return true;
    }
    return false;
}

/* Removes groups of processes that are no more. A busy one stays: rmdir refuses it. */
static void cgroup_sweep(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *d;

    for (int n = 0; dir && n < CGROUP_SWEEP_MAX && (d = readdir(dir)) != NULL; n++) {
        struct str name = str_c(d->d_name), pid;
        int64_t number;

        if (!str_starts(name, str_c(places.prefix)))
            continue;
        name = str_from(name, strlen(places.prefix));
        if (str_split(&name, '-', &pid) && str_to_i64(pid, &number) && number > 0 && kill((pid_t)number, 0) < 0 &&
            errno == ESRCH)
            unlinkat(dirfd(dir), d->d_name, AT_REMOVEDIR);
    }
    if (dir)
        closedir(dir);
}

static void cgroup_place(struct cgroup_places *p, char *folder /* taken */, unsigned covers)
{
    p->folder[p->count] = folder;
    p->covers[p->count++] = covers;
}

static bool cgroup_may_write(const char *folder)
{
    AUTO(freep) char *procs = NULL;

    return access(folder, W_OK) == 0 && asprintf(&procs, "%s/cgroup.procs", folder) > 0 && access(procs, W_OK) == 0;
}

/* The nearest folder from ours upwards where groups can be made, or NULL. */
static char *cgroup_nearest(struct str own, struct str root, struct str at, unsigned (*covers)(const char *folder),
                            unsigned *got)
{
    AUTO(freep) char *base = xstrndup(at.at, at.len);
    struct str below = str_starts(own, root) ? str_from(own, root.len == 1 ? 0 : root.len) : STR_NONE;

    for (;;) {
        char *folder = NULL;

        below = str_ends(below, S("/")) ? str_n(below.at, below.len - 1) : below;
        if (asprintf(&folder, "%s" STR_FMT, base, STR_ARG(below)) < 0)
            return NULL;
        *got = cgroup_may_write(folder) ? covers(folder) : 0;
        if (*got)
            return folder;
        free(folder);
        if (below.len == 0)
            return NULL;
        while (below.len && below.at[below.len - 1] != '/')
            below.len--;
    }
}

static unsigned cgroup_covers_v2(const char *folder)
{
    AUTO_BUF struct buf text = BUF_INIT(4096);

    if (!cgroup_read_text(folder, "cgroup.subtree_control", &text))
        return 0;
    return (cgroup_has_word(buf_str(&text), "memory") ? CGROUP_MEMORY : 0u) |
           (cgroup_has_word(buf_str(&text), "pids") ? CGROUP_PIDS : 0u) |
           (cgroup_has_word(buf_str(&text), "cpu") ? CGROUP_CPU : 0u);
}

/* A hierarchy of version 1 is its controller: that we found it says what it covers. */
static unsigned cgroup_covers_v1(const char *folder)
{
    (void)folder;
    return 1;
}

static void cgroup_places_v1(struct str own, struct str mounts, struct cgroup_places *out)
{
    static const struct { const char *name; unsigned bit; } kinds[] = {
        { "memory", CGROUP_MEMORY }, { "pids", CGROUP_PIDS },
    };
    unsigned have = 0;

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct str root, at, mine = cgroup_own(own, kinds[i].name);
        unsigned got;
        char *folder;

        if (have & kinds[i].bit || !mine.at || !cgroup_mount(mounts, kinds[i].name, &root, &at))
            continue;
        folder = cgroup_nearest(mine, root, at, cgroup_covers_v1, &got);
        if (!folder)
            continue;
        cgroup_place(out, folder, kinds[i].bit);
        have |= kinds[i].bit;
    }
}

void cgroup_places_find(struct str own, struct str mounts, struct cgroup_places *out)
{
    struct str root, at, mine = cgroup_own(own, "");
    unsigned got;
    char *folder = NULL;

    *out = (struct cgroup_places){ 0 };
    if (mine.at && cgroup_mount(mounts, "", &root, &at))
        folder = cgroup_nearest(mine, root, at, cgroup_covers_v2, &got);
    out->v2 = folder != NULL;
    if (folder)
        cgroup_place(out, folder, got);
    else
        cgroup_places_v1(own, mounts, out);
}

void cgroup_places_dispose(struct cgroup_places *p)
{
    while (p->count)
        free(p->folder[--p->count]);
}

static void cgroup_look(void)
{
    AUTO_BUF struct buf own = BUF_INIT(CGROUP_TEXT_MAX), mounts = BUF_INIT(CGROUP_TEXT_MAX);
    struct stat ns = { 0 };

    stat("/proc/self/ns/pid", &ns);
    snprintf(places.prefix, sizeof places.prefix, "assay-%llu-", (unsigned long long)ns.st_ino);
    if (FAULT("sandbox.groups") || !cgroup_read_text("/proc/self", "cgroup", &own) ||
        !cgroup_read_text("/proc/self", "mountinfo", &mounts))
        return;
    cgroup_places_find(buf_str(&own), buf_str(&mounts), &places.at);
    for (size_t i = 0; i < places.at.count; i++)
        cgroup_sweep(places.at.folder[i]);
    places.kill = places.at.v2 && cgroup_has_file(places.at.folder[0], "cgroup.kill");
    if (places.at.count)
        snprintf(places.where, sizeof places.where, "version %d below %.500s", places.at.v2 ? 2 : 1,
                 places.at.folder[0]);
}

unsigned cgroup_kinds(void)
{
    unsigned all = 0;

    pthread_once(&places.once, cgroup_look);
    for (size_t i = 0; i < places.at.count; i++)
        all |= places.at.covers[i];
    return all;
}

const char *cgroup_where(void)
{
    (void)cgroup_kinds();
    return places.where;
}

bool cgroup_has_kill(void)
{
    (void)cgroup_kinds();
    return places.kill;
}

static bool cgroup_write_number(const char *folder, const char *name, int64_t n)
{
    char text[32];

    snprintf(text, sizeof text, "%lld", (long long)n);
    return cgroup_write_text(folder, name, text);
}

bool cgroup_limit(const struct cgroup *g, size_t i, const struct sandbox_limits *l)
{
    const char *folder = g->paths[i];
    char cpu[64];
    bool fine = true;

    if (g->covers[i] & CGROUP_MEMORY) {
        fine &= cgroup_write_number(folder, g->v2 ? "memory.max" : "memory.limit_in_bytes", l->memory_bytes);
        if (g->v2)
            (void)cgroup_write_text(folder, "memory.oom.group", "1");
        if (cgroup_has_file(folder, g->v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes"))
            fine &= cgroup_write_number(folder, g->v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
                                        g->v2 ? 0 : l->memory_bytes);
    }
    if (g->covers[i] & CGROUP_PIDS)
        fine &= cgroup_write_number(folder, "pids.max", l->pids + CGROUP_EXTRA_PIDS);
    if (g->covers[i] & CGROUP_CPU) {
        snprintf(cpu, sizeof cpu, "%lld 100000", (long long)l->cpus * 100000);
        fine &= cgroup_write_text(folder, "cpu.max", cpu);
    }
    return fine;
}

static bool cgroup_make_one(struct cgroup *g, size_t place, int64_t number, const struct sandbox_limits *l)
{
    AUTO(freep) char *path = NULL;
    AUTO(freep) char *procs = NULL;
    size_t i = g->count;

    if (asprintf(&path, "%s/%s%d-%lld", places.at.folder[place], places.prefix, (int)getpid(), (long long)number) < 0 ||
        asprintf(&procs, "%s/cgroup.procs", path) < 0 || mkdir(path, 0755) < 0)
        return false;
    g->paths[i] = TAKE(path);
    g->covers[i] = places.at.covers[place];
    g->procs[i] = open(procs, O_WRONLY | O_CLOEXEC);
    g->count++;
    return g->procs[i] >= 0 && cgroup_limit(g, i, l);
}

enum err_code cgroup_make(const struct sandbox_limits *l, struct cgroup *out, struct err *e)
{
    int64_t number = __atomic_add_fetch(&cgroup_number, 1, __ATOMIC_RELAXED);
    struct cgroup g = { 0 };

    (void)cgroup_kinds();
    g.v2 = places.at.v2;
    for (size_t i = 0; i < places.at.count; i++) {
        if (FAULT("sandbox.group") || !cgroup_make_one(&g, i, number, l)) {
            err_errno(e, ERR_ENVIRONMENT, errno, "a control group for the sandbox could not be made (%s)",
                      places.where);
            cgroup_close(&g);
            (void)cgroup_remove(&g);
            return ERR_ENVIRONMENT;
        }
    }
    *out = g;
    return ERR_OK;
}

void cgroup_close(struct cgroup *g)
{
    for (size_t i = 0; i < g->count; i++) {
        if (g->procs[i] >= 0)
            close(g->procs[i]);
        g->procs[i] = -1;
    }
}

void cgroup_kill(struct cgroup *g)
{
    for (size_t i = 0; i < g->count && g->v2; i++)
        (void)cgroup_write_text(g->paths[i], "cgroup.kill", "1");
}

/* The number after `word` in a file of lines "word number". */
static int64_t cgroup_number_of(const char *folder, const char *file, const char *word)
{
    AUTO_BUF struct buf text = BUF_INIT(4096);
    struct str line, rest, first;
    int64_t n;

    if (!cgroup_read_text(folder, file, &text))
        return 0;
    rest = buf_str(&text);
    while (str_split(&rest, '\n', &line))
        if ((!word || (str_split(&line, ' ', &first) && str_is(first, word))) && str_to_i64(line, &n))
            return n;
    return 0;
}

bool cgroup_memory_hit(const struct cgroup *g)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->covers[i] & CGROUP_MEMORY &&
            cgroup_number_of(g->paths[i], g->v2 ? "memory.events" : "memory.oom_control", "oom_kill") > 0)
            return true;
    return false;
}

int64_t cgroup_memory_peak(const struct cgroup *g)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->covers[i] & CGROUP_MEMORY)
            return cgroup_number_of(g->paths[i], g->v2 ? "memory.peak" : "memory.max_usage_in_bytes", NULL);
    return 0;
}

bool cgroup_remove(struct cgroup *g)
{
    bool gone = true;

    for (size_t i = 0; i < g->count; i++) {
        if (!g->paths[i])
            continue;
        if (rmdir(g->paths[i]) < 0 && errno != ENOENT) {
            gone = false;
            continue;
        }
        free(TAKE(g->paths[i]));
    }
    return gone;
}
