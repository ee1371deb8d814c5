/* What of a sandbox this machine can give, and what to do about the rest. */
#include "sandbox/sandbox.h"
#include "sandbox/cgroup.h"
#include "sandbox/filter.h"
#include "sandbox/world.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define DOCTOR_TRIAL_MS 10000

struct doctor { struct arena *arena; struct sandbox_finding *at; size_t count; bool lacks; };

static struct sandbox_finding *doctor_find(struct doctor *d, const char *name)
{
    struct sandbox_finding *f = &d->at[d->count++];

    *f = (struct sandbox_finding){ .name = name };
    return f;
}

static void doctor_lack(struct doctor *d, struct sandbox_finding *f, bool needed, const char *found, const char *remedy)
{
    f->level = needed ? SANDBOX_LACKS_NEEDED : SANDBOX_LACKS;
    f->found = str_c(found);
    f->remedy = str_c(remedy);
    d->lacks |= needed;
}

/* The first line that `path --version` writes; empty when it can't be heard. */
static struct str doctor_version(struct arena *a, char *path)
{
    char *const argv[] = { path, (char[]){ "--version" }, NULL };
    char *const environment[] = { (char[]){ "LANG=C" }, NULL };
    posix_spawn_file_actions_t files;
    char bytes[256];
    struct str text = STR_NONE, line = STR_NONE;
    ssize_t n = 0;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return STR_NONE;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, ends[1], 1);
    if (posix_spawn(&pid, path, &files, NULL, argv, environment) == 0) {
        close(ends[1]);
        ends[1] = -1;
        n = read(ends[0], bytes, sizeof bytes);
        waitpid(pid, NULL, 0);
    }
    posix_spawn_file_actions_destroy(&files);
    close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    text = str_n(bytes, n > 0 ? (size_t)n : 0);
    (void)str_split(&text, '\n', &line);
    return arena_strdup(a, str_utf8_head(line, 80));
}

static void doctor_program(struct doctor *d, const char *label, const char *name, const char *package, bool needed,
                           const char *remedy)
{
    struct sandbox_finding *f = doctor_find(d, label);
    struct err e = ERR_INIT;
    char *path;

    if (world_find(name, package, d->arena, &path, &e) == ERR_OK)
        f->found = arena_printf(d->arena, "%s (" STR_FMT ")", path, STR_ARG(doctor_version(d->arena, path)));
    else
        doctor_lack(d, f, needed, "not in PATH", remedy);
}

/* The one guests run: not whichever is first in PATH. */
static void doctor_python(struct doctor *d)
{
    struct sandbox_finding *f = doctor_find(d, "Python");
    char path[] = "/usr/bin/python3";

    if (access(path, X_OK) == 0)
        f->found = arena_printf(d->arena, "%s (" STR_FMT ")", path, STR_ARG(doctor_version(d->arena, path)));
    else
        doctor_lack(d, f, false, "no /usr/bin/python3", "apt-get install python3");
}

static void doctor_kernel(struct doctor *d)
{
    struct sandbox_finding *f = doctor_find(d, "kernel");
    struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH };
    struct utsname u = { 0 };
    int self = (int)syscall(SYS_pidfd_open, getpid(), 0),
        here = (int)syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how);

    uname(&u);
    if (self < 0 || here < 0)
        doctor_lack(
            d, f, true,
            arena_printf(d->arena, "%s %s, without %s", u.sysname, u.release, self < 0 ? "pidfd_open" : "openat2").at,
            "Linux 5.9 or newer, or a container that allows these calls");
    else
        f->found = arena_printf(d->arena, "%s %s %s", u.sysname, u.release, u.machine);
    if (self >= 0)
        close(self);
    if (here >= 0)
        close(here);
}

static void doctor_seccomp(struct doctor *d)
{
    struct sandbox_finding *f = doctor_find(d, "seccomp");
    char version[32];

    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
        doctor_lack(d, f, true, "not in this kernel", "a kernel with CONFIG_SECCOMP_FILTER");
    else
        f->found = S("in the kernel");
    f = doctor_find(d, "libseccomp");
    if (filter_library_version(version)[0])
        f->found = arena_printf(d->arena, "%s", version);
    else
        doctor_lack(d, f, true, "not here", "apt-get install libseccomp2");
}

/* The number in a file of /proc, or `fallback`. */
static int64_t doctor_number(const char *path, int64_t fallback)
{
    AUTO_BUF struct buf text = BUF_INIT(256);
    int64_t n;

    return file_read(path, text.max, &text, NULL) == ERR_OK && str_to_i64(str_trim(buf_str(&text)), &n) ? n : fallback;
}

static void doctor_namespaces(struct doctor *d)
{
    struct sandbox_finding *f = doctor_find(d, "user namespaces");

    if (access("/proc/self/ns/user", F_OK) < 0)
        doctor_lack(d, f, true, "not in this kernel", "a kernel with CONFIG_USER_NS");
    else if (doctor_number("/proc/sys/user/max_user_namespaces", 1) == 0)
        doctor_lack(d, f, true, "none may be made", "sysctl user.max_user_namespaces=10000");
    else if (doctor_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
        doctor_lack(d, f, true, "only root may make them", "sysctl kernel.unprivileged_userns_clone=1");
    else if (doctor_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1)
        f->found = S("as AppArmor's profile of bwrap allows");
    else
        f->found = S("every user may make them");
}

static void doctor_landlock(struct doctor *d)
{
    struct sandbox_finding *f = doctor_find(d, "Landlock");
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

    if (abi > 0)
        f->found = arena_printf(d->arena, "version %ld: paths%s%s", abi, abi >= 4 ? ", TCP" : "",
                                abi >= 6 ? ", signals, abstract sockets" : "");
    else
        doctor_lack(d, f, false, errno == EOPNOTSUPP ? "switched off" : "not in this kernel",
                    "guests do without; Linux 5.13 or newer with lsm=landlock,... adds it");
}

static void doctor_groups(struct doctor *d)
{
    struct sandbox_finding *f = doctor_find(d, "control groups");
    unsigned kinds = cgroup_kinds();

    if (kinds)
        f->found = arena_printf(d->arena, "%s:%s%s%s%s", cgroup_where(), kinds & CGROUP_MEMORY ? " memory" : "",
                                kinds & CGROUP_PIDS ? " pids" : "", kinds & CGROUP_CPU ? " cpu" : "",
                                cgroup_has_kill() ? " kill" : "");
    if (!(kinds & CGROUP_MEMORY))
        doctor_lack(d, f, false, "none that this user may make",
                    "guests that start programs are refused; run as root, or in a session with delegated groups "
                    "(systemd-run --user --scope)");
}

struct doctor_trial { struct loop *loop; enum sandbox_cause cause; int status; struct sandbox_used used; char failure[400]; };

static void doctor_trial_done(void *owner, struct sandbox *s)
{
    struct doctor_trial *t = owner;

    t->cause = sandbox_cause(s);
    t->status = sandbox_status(s);
    t->used = sandbox_used(s);
    snprintf(t->failure, sizeof t->failure, "%s", sandbox_failure(s));
    loop_stop(t->loop);
}

/* The proof: a guest is started. Why it was not, or NULL and how long it took. */
static const char *doctor_try(struct doctor *d, enum sandbox_with with, int64_t *ms)
{
    struct doctor_trial t = { 0 };
    struct sandbox_spec spec = { .program = S("/usr/bin/true"), .with = with, .done = doctor_trial_done, .owner = &t };
    struct sandbox *s;
    struct err e = ERR_INIT;
    enum err_code code;

    if (d->lacks)
        return "not tried: what it needs is missing";
    sandbox_limits_usual(&spec.limits);
    spec.limits.wall_ms = DOCTOR_TRIAL_MS;
    if (loop_new(&t.loop, &e) != ERR_OK)
        return arena_strdup(d->arena, str_c(e.text)).at;
    code = sandbox_start(t.loop, &spec, &s, &e);
    if (code == ERR_OK)
        loop_run(t.loop);
    loop_free(t.loop);
    *ms = t.used.wall_us / 1000;
    if (code == ERR_OK && t.cause == SANDBOX_EXITED && t.status == 0)
        return NULL;
    return arena_strdup(d->arena, str_c(code != ERR_OK ? e.text
                                        : t.failure[0] ? t.failure
                                                       : sandbox_cause_text(t.cause)))
        .at;
}

static void doctor_trial(struct doctor *d)
{
    struct sandbox_finding *f = doctor_find(d, "a guest");
    int64_t ms;
    const char *why = doctor_try(d, SANDBOX_WITH_BUBBLEWRAP, &ms);

    if (why)
        doctor_lack(d, f, true, why,
                    d->lacks ? ""
                             : "in a container, allow user namespaces and mounts (docker run --security-opt seccomp=unconfined "
                               "--security-opt apparmor=unconfined --security-opt systempaths=unconfined)");
    else
        f->found = arena_printf(d->arena, "started and ended in %lld ms, as %s", (long long)ms,
                                geteuid() == 0 ? "user 65534 outside" : "you outside");
}

/* gVisor is nothing that a guest needs. There, it shall work. */
static void doctor_gvisor(struct doctor *d)
{
    struct sandbox_finding *f = doctor_find(d, "gVisor");
    int64_t ms;
    const char *why;
    char *path;

    if (world_find("runsc", "runsc", d->arena, &path, NULL) != ERR_OK) {
        doctor_lack(d, f, false, "no runsc in PATH",
                    "guests do without; apt-get install runsc adds what --with runsc needs");
        return;
    }
    why = doctor_try(d, SANDBOX_WITH_RUNSC, &ms);
    if (why)
        doctor_lack(d, f, false, why,
                    d->lacks ? "" : "guests do without; gVisor needs ptrace and mounts in a user namespace of its own");
    else
        f->found = arena_printf(d->arena, "%s (" STR_FMT "): started a guest and ended it in %lld ms", path,
                                STR_ARG(doctor_version(d->arena, path)), (long long)ms);
}

size_t sandbox_doctor(struct arena *a, const struct sandbox_finding **out)
{
    struct doctor d = { .arena = a, .at = arena_array(a, struct sandbox_finding, 16) };

    doctor_kernel(&d);
    doctor_program(&d, "bubblewrap", "bwrap", "bubblewrap", true, "apt-get install bubblewrap");
    doctor_namespaces(&d);
    doctor_seccomp(&d);
    doctor_landlock(&d);
    doctor_groups(&d);
    doctor_python(&d);
    doctor_trial(&d);
    doctor_gvisor(&d);
    *out = d.at;
    return d.count;
}

enum err_code sandbox_ready(struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct filter filter;
    char *path;

    TRY(world_find("bwrap", "bubblewrap", a, &path, e));
    return filter_get(false, &filter, e);
}
