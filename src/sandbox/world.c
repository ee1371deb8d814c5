#include "sandbox/world.h"
#include "embedded.h"
#include "sandbox/beneath.h"
#include "sandbox/enter/enter.h"
#include "sandbox/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORLD_WORDS_MAX (256 + 5 * (SANDBOX_FILES_MAX + 8))       /* the files given, and ours */
static uint32_t worlds_made;        /* of guests that stay, by atomic add */

#define WORLD_LIMITS_NOT_GVISORS 5      /* the last of world_limits */
#define WORLD_PIDS_OWN 1                /* `enter` stays as the first process and counts */
#define WORLD_GUEST "/guest"            /* with runsc: the root that gVisor is given */

enum err_code world_find(const char *name, const char *package, struct arena *a, char **path, struct err *e)
{
    const char *search = getenv("PATH");
    struct str rest = str_c(search && *search ? search : "/usr/local/bin:/usr/bin:/bin"), folder;

    while (str_split(&rest, ':', &folder)) {
        char *at = arena_cstr(a, path_join(a, folder, str_c(name)));

        if (folder.len && folder.at[0] == '/' && access(at, X_OK) == 0 && !file_is_dir(at)) {
            *path = at;
            return ERR_OK;
        }
    }
    return err_set(e, ERR_ENVIRONMENT,
                   "untrusted code can't be run here: %s is not installed (apt-get install %s; assay sandbox doctor says more)",
                   name, package);
}

/* --- files the child inherits ------------------------------------------------------------------------------------- */

/* The descriptor for the child, above its own streams; the world's now. -1 stays -1. */
static int world_keep(struct world *w, int fd)
{
    int low = fd;

    if (fd >= 0 && fd < 3) {
        fd = fcntl(low, F_DUPFD_CLOEXEC, 3);
        close(low);
    }
    if (fd >= 0)
        vec_push(&w->fds, fd);
    return fd;
}

/* Bytes as a file in memory, read from its start; -1 with a sentence. */
static int world_memory_file(struct world *w, struct str bytes, struct err *e)
{
    int fd = world_keep(w, memfd_create("assay", MFD_CLOEXEC));

    while (fd >= 0 && bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        bytes = str_from(bytes, (size_t)n);
    }
    if (fd < 0 || bytes.len || lseek(fd, 0, SEEK_SET) < 0) {
        err_errno(e, ERR_ENVIRONMENT, errno, "the sandbox's files could not be prepared");
        return -1;
    }
    return fd;
}

/* --- bubblewrap's words ------------------------------------------------------------------------------------------- */
struct world_words {
    struct world *w;
    size_t count;
    const char *root;                   /* where the guest's root is in bubblewrap's world: "", or WORLD_GUEST */
};

static void world_word(struct world_words *words, const char *word)
{
    ASSERT(words->count < WORLD_WORDS_MAX);
    words->w->argv[words->count++] = word;
}

static void world_number(struct world_words *words, int64_t n)
{
    world_word(words, arena_cstr(words->w->arena, arena_printf(words->w->arena, "%lld", (long long)n)));
}

/* A path of the guest's, in bubblewrap's world. */
static void world_at(struct world_words *words, const char *path)
{
    world_word(words, arena_cstr(words->w->arena, arena_printf(words->w->arena, "%s%s", words->root, path)));
}

#define WORLD_SAY(words, ...)                                                                                         \
    do {                                                                                                              \
        static const char *const say_[] = { __VA_ARGS__ };                                                            \
        for (size_t say_i_ = 0; say_i_ < COUNT_OF(say_); say_i_++)                                                    \
            world_word((words), say_[say_i_]);                                                                        \
    } while (0)

/* `fd` as a file of the guest's root. */
static void world_copy(struct world_words *words, const char *mode, int fd, const char *to)
{
    WORLD_SAY(words, "--perms");
    world_word(words, mode);
    world_word(words, "--file");
    world_number(words, fd);
    world_word(words, to);
}

/* The loader's cache, where the system has one: a copy, because a mount takes longer. */
static void world_loader_cache(struct world_words *words)
{
    int fd = world_keep(words->w, open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC));

    if (fd >= 0)
        world_copy(words, "0444", fd,
                   arena_cstr(words->w->arena, arena_printf(words->w->arena, "%s/etc/ld.so.cache", words->root)));
}

/* /bin and its kin: links to below /usr on most systems, folders on some. */
static void world_system_folders(struct world_words *words)
{
    static const char *const folders[] = { "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32" };

    WORLD_SAY(words, "--ro-bind", "/usr");
    world_at(words, "/usr");
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        char *target = arena_alloc(words->w->arena, 256);
        ssize_t n = readlink(folders[i], target, 255);

        if (n > 0) {
            world_word(words, "--symlink");
            world_word(words, target);
            world_at(words, folders[i]);
        } else if (file_is_dir(folders[i])) {
            world_word(words, "--ro-bind");
            world_word(words, folders[i]);
            world_at(words, folders[i]);
        }
    }
    world_loader_cache(words);
}

/* Every mount costs bubblewrap a fifth of a millisecond. */
static void world_devices(struct world_words *words)
{
    WORLD_SAY(words, "--dev-bind", "/dev/null", "/dev/null", "--dev-bind", "/dev/zero", "/dev/zero", "--dev-bind",
              "/dev/urandom", "/dev/urandom", "--symlink", "urandom", "/dev/random");
}

static enum err_code world_file(struct world_words *words, const char *mode, struct str bytes, const char *to,
                                struct err *e)
{
    int fd = world_memory_file(words->w, bytes, e);

    if (fd < 0)
        return ERR_ENVIRONMENT;
    world_copy(words, mode, fd, to);
    return ERR_OK;
}

static enum err_code world_given_files(struct world_words *words, const struct sandbox_spec *spec, struct err *e)
{
    int64_t total = (int64_t)spec->native.len;

    if (spec->files_count > SANDBOX_FILES_MAX)
        return err_set(e, ERR_TOO_LARGE, "%zu files for one sandbox; at most %d are allowed", spec->files_count,
                       SANDBOX_FILES_MAX);
    for (size_t i = 0; i < spec->files_count; i++) {
        TRY(beneath_path_check(spec->files[i].path, e));
        total += (int64_t)spec->files[i].bytes.len;
        if (total > SANDBOX_GIVEN_BYTES_MAX)
            return err_set(e, ERR_TOO_LARGE, "the files for one sandbox are larger than %lld MiB together",
                           (long long)(SANDBOX_GIVEN_BYTES_MAX >> 20));
        TRY(world_file(words, "0644", spec->files[i].bytes,
                       arena_cstr(words->w->arena,
                                  arena_printf(words->w->arena, "/box/work/" STR_FMT, STR_ARG(spec->files[i].path))),
                       e));
    }
    return spec->native.len ? world_file(words, "0555", spec->native,
                                         spec->with == SANDBOX_WITH_RUNSC ? WORLD_GUEST "/program" : "/program", e)
                            : ERR_OK;
}

/* --- the orders of `enter` ---------------------------------------------------------------------------------------- */
static void world_text(struct buf *b, struct str s)
{
    buf_append(b, s);
    buf_byte(b, '\0');
}

static enum err_code world_check_text(const char *what, struct str s, struct err *e)
{
    if (s.len && memchr(s.at, '\0', s.len))
        return err_set(e, ERR_BAD_INPUT, "%s of a sandboxed program may not hold a NUL byte", what);
    return ERR_OK;
}

static void world_limits(struct enter_config *c, const struct sandbox_spec *spec)
{
    const struct sandbox_limits *l = &spec->limits;
    uint64_t cpu_s = (uint64_t)(l->cpu_ms + l->cpu_ms / 4 + 1999) / 1000,
             memory = spec->starts_programs ? RLIM_INFINITY : (uint64_t)l->memory_bytes;
    const struct enter_limit limits[] = {
        { RLIMIT_CORE, 0, 0, 0 },
        { RLIMIT_CPU, 0, cpu_s, cpu_s + 1 },
        { RLIMIT_AS, 0, memory, memory },
        { RLIMIT_FSIZE, 0, (uint64_t)l->file_bytes, (uint64_t)l->file_bytes },
        { RLIMIT_NOFILE, 0, (uint64_t)l->open_files, (uint64_t)l->open_files },
        { RLIMIT_NPROC, 0, (uint64_t)l->pids + WORLD_PIDS_OWN, (uint64_t)l->pids + WORLD_PIDS_OWN },
        { RLIMIT_STACK, 0, MIN((uint64_t)(8u << 20), memory), MIN((uint64_t)(64u << 20), memory) },
        { RLIMIT_MEMLOCK, 0, 0, 0 },
        { RLIMIT_MSGQUEUE, 0, 0, 0 },       /* from here on: what gVisor knows no limit of */
        { RLIMIT_SIGPENDING, 0, 64, 64 },
        { RLIMIT_LOCKS, 0, 1024, 1024 },
        { RLIMIT_NICE, 0, 0, 0 },
        { RLIMIT_RTPRIO, 0, 0, 0 },
    };

    memcpy(c->limits, limits, sizeof limits);
    c->limit_count = COUNT_OF(limits);
    if (c->flags & ENTER_WITHIN) {
        c->limit_count -= WORLD_LIMITS_NOT_GVISORS;
        c->cpus = 0;                        /* gVisor has those that its first program was kept to */
    } else if (c->flags & ENTER_OUTSIDE) {
        c->limit_count = 1;
        c->cpu_ns = 0;
    }
}

/* Guests that stay are dealt out over the processors. The others begin where the kernel has put them, which knows who
 * is busy: to move them costs them time. */
static uint32_t world_cpu_first(const struct sandbox_spec *spec)
{
    return spec->talks ? __atomic_fetch_add(&worlds_made, 1, __ATOMIC_RELAXED) % ENTER_CPU_HERE : ENTER_CPU_HERE;
}

static enum err_code world_orders(const struct sandbox_spec *spec, unsigned flags, int control_fd, struct buf *out,
                                  struct err *e)
{
    static const struct str environment[] = {
        S("PATH=/usr/local/bin:/usr/bin:/bin"), S("HOME=/box/tmp"), S("TMPDIR=/box/tmp"), S("LANG=C.UTF-8"), S("TZ=UTC"), S("USER=box"),
        S("LOGNAME=box"), S("PYTHONDONTWRITEBYTECODE=1"), S("PYTHONUNBUFFERED=1"), S("PYTHONNOUSERSITE=1"), S("MPLBACKEND=Agg"),
        S("MPLCONFIGDIR=/box/tmp"),
    };
    static const char *const thread_variables[] = { "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS" };
    const struct sandbox_limits *l = &spec->limits;
    struct enter_config c = { .magic = ENTER_MAGIC, .flags = flags | (spec->starts_programs ? 0 : ENTER_ONCE),
                              .control_fd = (uint32_t)control_fd,
                              .argc = (uint32_t)spec->args_count + 1, .envc = COUNT_OF(environment) + COUNT_OF(thread_variables),
                              .cpus = (uint32_t)MIN(l->cpus, (int64_t)1024), .cpu_ns = (uint64_t)l->cpu_ms * 1000000,
                              .cpu_first = world_cpu_first(spec) };
    AUTO_BUF struct buf text = BUF_INIT(ENTER_TEXT_MAX - 1);
    struct str program = spec->native.len ? S("/program") : spec->program;
    struct filter filter;

    TRY(filter_get(spec->starts_programs, &filter, e));
    TRY(world_check_text("the name", program, e));
    if (spec->args_count > SANDBOX_ARGS_MAX)
        return err_set(e, ERR_TOO_LARGE, "%zu arguments for a sandboxed program; at most %d are allowed",
                       spec->args_count, SANDBOX_ARGS_MAX);
    world_limits(&c, spec);
    buf_printf(&text, "size=%lld,nr_inodes=%lld%c", (long long)l->disk_bytes, (long long)l->inodes, '\0');
    world_text(&text, program);
    world_text(&text, program);
    for (size_t i = 0; i < spec->args_count; i++) {
        TRY(world_check_text("an argument", spec->args[i], e));
        world_text(&text, spec->args[i]);
    }
    for (size_t i = 0; i < COUNT_OF(environment); i++)
        world_text(&text, environment[i]);
    for (size_t i = 0; i < COUNT_OF(thread_variables); i++)
        buf_printf(&text, "%s=%lld%c", thread_variables[i], (long long)l->cpus, '\0');
    if (buf_failed(&text))
        return err_set(e, ERR_TOO_LARGE, "the arguments of a sandboxed program are larger than %d KiB together",
                       ENTER_TEXT_MAX >> 10);
    c.filter_count = (uint32_t)filter.count;
    c.text_bytes = (uint32_t)text.len;
    buf_append(out, str_n((const char *)&c, sizeof c));
    buf_append(out, str_n(filter.instructions, filter.count * sizeof(struct sock_filter)));
    buf_append(out, buf_str(&text));
    return buf_failed(out) ? err_set(e, ERR_INTERNAL, "the sandbox's orders are too long") : ERR_OK;
}

#define WORLD_ORDERS_INIT                                                                                             \
    BUF_INIT(sizeof(struct enter_config) + ENTER_FILTER_MAX * sizeof(struct sock_filter) + ENTER_TEXT_MAX)

static void world_say_namespaces(struct world_words *words, const char *user)
{
    WORLD_SAY(words, "bwrap", "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
              "--unshare-cgroup-try", "--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "box", "--uid");
    world_word(words, user);
    world_word(words, "--gid");
    world_word(words, user);
    WORLD_SAY(words, "--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETPCAP");
}

static void world_say_box(struct world_words *words, const struct sandbox_spec *spec)
{
    WORLD_SAY(words, "--size");
    world_number(words, spec->limits.disk_bytes);
    WORLD_SAY(words, "--tmpfs", "/box", "--dir", "/box/work", "--dir", "/box/tmp");
}

/* The last words: the first program, with its orders. */
static enum err_code world_say_enter(struct world_words *words, const struct buf *orders, struct err *e)
{
    int fd = world_memory_file(words->w, buf_str(orders), e);

    if (fd < 0)
        return ERR_ENVIRONMENT;
    WORLD_SAY(words, "--chdir", "/box/work", "--", "/enter");
    world_number(words, fd);
    return ERR_OK;
}

static enum err_code world_say_all(struct world *w, const struct sandbox_spec *spec, int control_fd, struct err *e)
{
    struct world_words words = { .w = w, .root = "" };
    AUTO_BUF struct buf orders = WORLD_ORDERS_INIT;

    TRY(world_orders(spec, 0, control_fd, &orders, e));
    world_say_namespaces(&words, "1000");
    world_system_folders(&words);
    world_devices(&words);
    if (spec->starts_programs)
        WORLD_SAY(&words, "--proc", "/proc", "--symlink", "/proc/self/fd", "/dev/fd", "--dev-bind", "/dev/full",
                  "/dev/full", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives");
    WORLD_SAY(&words, "--symlink", "box/tmp", "/tmp");
    world_say_box(&words, spec);
    TRY(world_file(&words, "0555", embedded_sandbox_enter.bytes, "/enter", e));
    TRY(world_given_files(&words, spec, e));
    return world_say_enter(&words, &orders, e);
}

/* --- with runsc --------------------------------------------------------------------------------------------------- */

/* gVisor's configuration (OCI): `enter` as the first program, as a root without capabilities, who exists in gVisor only
 * (outside it is bubblewrap's one user), on a read-only root. gVisor's own /dev and /tmp are memory that nothing would
 * bound, so the one is read-only and the other is ours. */
static json_t *world_bundle(void)
{
    static const char *const binds[][2] = { { "/box", "/box" }, { "/tmp", "/box/tmp" }, { "/told", "/told" } };
    static const char *const namespaces[] = { "pid", "ipc", "uts", "mount", "network" };
    json_t *mounts = json_pack("[{s:s,s:s,s:s,s:[s]}]", "destination", "/dev", "type", "tmpfs", "source", "none",
                               "options", "ro"),
           *spaces = json_array();

    for (size_t i = 0; i < COUNT_OF(binds); i++)
        json_array_append_new(mounts, json_pack("{s:s,s:s,s:s,s:[s]}", "destination", binds[i][0], "type", "bind",
                                                "source", binds[i][1], "options", "rw"));
    for (size_t i = 0; i < COUNT_OF(namespaces); i++)
        json_array_append_new(spaces, json_pack("{s:s}", "type", namespaces[i]));
    return json_pack("{s:s,s:{s:{s:i,s:i},s:[s,s],s:[],s:s,s:{},s:b,s:[{s:s,s:i,s:i}]},s:{s:s,s:b},s:s,s:o,s:{s:o}}", "ociVersion",
                     "1.0.0", "process", "user", "uid", 0, "gid", 0, "args", "/enter", "/orders", "env", "cwd", "/box/work",
                     "capabilities", "noNewPrivileges", true, "rlimits", "type", "RLIMIT_NOFILE", "soft", 2 * ENTER_PROGRAM_FD,
                     "hard", 2 * ENTER_PROGRAM_FD, "root", "path", WORLD_GUEST, "readonly", true, "hostname", "box", "mounts",
                     mounts, "linux", "namespaces", spaces);
}

static enum err_code world_bundle_file(struct world_words *words, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(16384);
    AUTO_JSON *bundle = world_bundle();

    ASSERT(bundle);
    json_write(bundle, &text);
    return world_file(words, "0444", buf_str(&text), "/bundle/config.json", e);
}

/* Inside bubblewrap's world, in which runsc and all of its own are ended and forgotten like any guest, stand the
 * guest's root, the bundle, and runsc, which runs there as a root that is nobody outside. */
static enum err_code world_say_runsc(struct world *w, const struct sandbox_spec *spec, int control_fd, struct err *e)
{
    static const char *const capabilities[] = { "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SETUID", "CAP_SETGID", "CAP_SETFCAP",
                                                "CAP_CHOWN", "CAP_FOWNER", "CAP_FSETID", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH" };
    static const struct str args[] = { S("--rootless"), S("--network=none"), S("--ignore-cgroups"), S("--root=/run"), S("run"),
                                       S("--bundle=/bundle"), S("box") };
    struct sandbox_spec outside = { .program = S("/runsc"), .args = args, .args_count = COUNT_OF(args), .limits = spec->limits,
                                    .starts_programs = true, .talks = spec->talks };
    struct world_words words = { .w = w, .root = "" };
    AUTO_BUF struct buf orders = WORLD_ORDERS_INIT, within = WORLD_ORDERS_INIT;
    char *runsc;

    TRY(world_find("runsc", "runsc", w->arena, &runsc, e));
    TRY(world_orders(spec, ENTER_WITHIN, 0, &within, e));
    TRY(world_orders(&outside, ENTER_OUTSIDE, control_fd, &orders, e));
    world_say_namespaces(&words, "0");
    for (size_t i = 0; i < COUNT_OF(capabilities); i++) {
        world_word(&words, "--cap-add");
        world_word(&words, capabilities[i]);
    }
    WORLD_SAY(&words, "--perms", "0755", "--dir", WORLD_GUEST, "--proc", "/proc", "--ro-bind");
    world_word(&words, runsc);
    world_word(&words, "/runsc");
    world_devices(&words);
    world_system_folders(&words);       /* a runsc may want libraries */
    words.root = WORLD_GUEST;
    world_system_folders(&words);
    if (spec->starts_programs)
        WORLD_SAY(&words, "--ro-bind-try", "/etc/alternatives", WORLD_GUEST "/etc/alternatives");
    WORLD_SAY(&words, "--dir", WORLD_GUEST "/box", "--dir", WORLD_GUEST "/tmp", "--dir", WORLD_GUEST "/told", "--dir", WORLD_GUEST "/dev",
              "--dir", WORLD_GUEST "/proc", "--dir", WORLD_GUEST "/sys", "--tmpfs", "/told", "--tmpfs", "/run",
              "--tmpfs", "/tmp");
    world_say_box(&words, spec);
    TRY(world_file(&words, "0555", embedded_sandbox_enter.bytes, "/enter", e));
    TRY(world_file(&words, "0555", embedded_sandbox_enter.bytes, WORLD_GUEST "/enter", e));
    TRY(world_file(&words, "0444", buf_str(&within), WORLD_GUEST "/orders", e));
    TRY(world_bundle_file(&words, e));
    TRY(world_given_files(&words, spec, e));
    return world_say_enter(&words, &orders, e);
}

enum err_code world_prepare(const struct sandbox_spec *spec, int control_fd, struct world *out, struct err *e)
{
    struct world w = { .arena = arena_new_sized(16384) };
    enum err_code code;

    w.argv = arena_array(w.arena, const char *, WORLD_WORDS_MAX + 1);
    code = world_find("bwrap", "bubblewrap", w.arena, &w.bwrap, e);
    if (code == ERR_OK)
        code = (spec->with == SANDBOX_WITH_RUNSC ? world_say_runsc : world_say_all)(&w, spec, control_fd, e);
    if (code != ERR_OK) {
        world_dispose(&w);
        return code;
    }
    *out = w;
    return ERR_OK;
}

void world_dispose(struct world *w)
{
    for (size_t i = 0; i < w->fds.len; i++)
        close(w->fds.at[i]);
    vec_dispose(&w->fds);
    arena_freep(&w->arena);
}
