#include "sandbox/filter.h"
#include "sandbox/calls.h"
#include "sandbox/enter/enter.h"

#include <asm/ioctls.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILTER_LIB "libseccomp.so.2"
#define FILTER_FUNCTIONS(X)                                                                                           \
    X(seccomp_version) X(seccomp_init) X(seccomp_release) X(seccomp_attr_set) X(seccomp_syscall_resolve_name)         \
    X(seccomp_rule_add_array) X(seccomp_export_bpf)

static struct {
#define X(name) __typeof__(name) *name;
    FILTER_FUNCTIONS(X)
#undef X
} lib;
static pthread_once_t lib_once = PTHREAD_ONCE_INIT;
static char lib_fault[300];

static void filter_lib_open(void)
{
    void *handle = dlopen(FILTER_LIB, RTLD_NOW | RTLD_LOCAL);       /* stays open */

    if (!handle) {
        snprintf(lib_fault, sizeof lib_fault,
                 "the sandbox needs " FILTER_LIB ", which is not here; install libseccomp2");
        return;
    }
#define X(name)                                                                                                       \
    if (!(lib.name = (__typeof__(lib.name))dlsym(handle, #name)))                                                     \
        snprintf(lib_fault, sizeof lib_fault, FILTER_LIB " is too old for the sandbox: it has no " #name);
    FILTER_FUNCTIONS(X)
#undef X
}

static enum err_code filter_lib_ready(struct err *e)
{
    pthread_once(&lib_once, filter_lib_open);
    if (FAULT("sandbox.libseccomp") || lib_fault[0])
        return err_set(e, ERR_ENVIRONMENT, "%s",
                       lib_fault[0] ? lib_fault : "the sandbox needs " FILTER_LIB ", which is not here");
    return ERR_OK;
}

const char *filter_library_version(char out[32])
{
    out[0] = '\0';
    if (filter_lib_ready(NULL) == ERR_OK) {
        const struct scmp_version *v = lib.seccomp_version();

        snprintf(out, 32, "%u.%u.%u", v->major, v->minor, v->micro);
    }
    return out;
}

/* One filter being made. The first fault is kept. Calls this libseccomp or this machine does not know can't be made by
 * a name it does not know either, and meet the default answer. */
struct filter_maker { scmp_filter_ctx ctx; int fault; const char *at; };

static void filter_add(struct filter_maker *m, const char *call, uint32_t action, unsigned count,
                       const struct scmp_arg_cmp *args)
{
    int number = lib.seccomp_syscall_resolve_name(call), got;

    if (number == __NR_SCMP_ERROR || number < 0)
        return;
    got = lib.seccomp_rule_add_array(m->ctx, action, number, count, args);
    if (got < 0 && !m->fault) {
        m->fault = -got;
        m->at = call;
    }
}

#define ALLOW(call, ...)                                                                                              \
    filter_add(m, (call), SCMP_ACT_ALLOW, COUNT_OF(((struct scmp_arg_cmp[]){ __VA_ARGS__ })), (struct scmp_arg_cmp[]){ __VA_ARGS__ })
#define ARG_IS(n, value)           { (n), SCMP_CMP_EQ, (value), 0 }
/* Of a 32-bit argument only the low half means anything, and the upper may hold what it likes. */
#define ARG_INT_IS(n, value)       { (n), SCMP_CMP_MASKED_EQ, 0xffffffffu, (uint32_t)(value) }
#define ARG_MASKED(n, mask, value) { (n), SCMP_CMP_MASKED_EQ, (mask), (value) }

#define NEW_NAMESPACES                                                                                                \
    ((scmp_datum_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET))
#define THREAD_FLAGS ((scmp_datum_t)(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD))

static void filter_partly_clone(struct filter_maker *m, bool starts_programs)
{
    if (starts_programs)
        ALLOW("clone", ARG_MASKED(0, NEW_NAMESPACES | CLONE_PTRACE, 0));
    else
        ALLOW("clone", ARG_MASKED(0, THREAD_FLAGS | NEW_NAMESPACES | CLONE_PTRACE, THREAD_FLAGS));
}

static void filter_partly_fcntl(struct filter_maker *m, bool starts_programs)
{
    static const int commands[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW,
                                    F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_GETPIPE_SZ };

    (void)starts_programs;
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        ALLOW("fcntl", ARG_INT_IS(1, commands[i]));
}

static void filter_partly_ioctl(struct filter_maker *m, bool starts_programs)
{
    static const unsigned long requests[] = { TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX };

    (void)starts_programs;
    for (size_t i = 0; i < COUNT_OF(requests); i++)
        ALLOW("ioctl", ARG_INT_IS(1, requests[i]));
}

/* Looking at limits; its own are set by `enter`, before. */
static void filter_partly_prlimit64(struct filter_maker *m, bool starts_programs)
{
    (void)starts_programs;
    ALLOW("prlimit64", ARG_IS(2, 0));
}

static void filter_partly_prctl(struct filter_maker *m, bool starts_programs)
{
    static const int options[] = { PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_GET_SECCOMP, PR_GET_NO_NEW_PRIVS };

    (void)starts_programs;
    for (size_t i = 0; i < COUNT_OF(options); i++)
        ALLOW("prctl", ARG_INT_IS(0, options[i]));
}

/* asyncio wakes itself through a pair; nobody else can be at the other end. */
static void filter_partly_socketpair(struct filter_maker *m, bool starts_programs)
{
    (void)starts_programs;
    ALLOW("socketpair", ARG_INT_IS(0, AF_UNIX));
}

static void filter_partly_sendto(struct filter_maker *m, bool starts_programs)
{
    (void)starts_programs;
    ALLOW("sendto", ARG_IS(4, 0));
}

static void filter_fill(struct filter_maker *m, bool starts_programs)
{
#define X(call) filter_add(m, #call, SCMP_ACT_ALLOW, 0, NULL);
    SANDBOX_CALLS(X, X)
#undef X
#define X(call) filter_partly_##call(m, starts_programs);
    SANDBOX_CALLS_PARTLY(X)
#undef X
    if (starts_programs) {
#define X(call) filter_add(m, #call, SCMP_ACT_ALLOW, 0, NULL);
        SANDBOX_CALLS_STARTING(X)
#undef X
    } else {
        /* `enter` becomes the program by this, once: no later file can have this number. */
        static const struct scmp_arg_cmp others[] = { { 0, SCMP_CMP_NE, ENTER_PROGRAM_FD, 0 }, { 4, SCMP_CMP_NE, AT_EMPTY_PATH, 0 } };

        ALLOW("execveat", ARG_IS(0, ENTER_PROGRAM_FD), ARG_IS(4, AT_EMPTY_PATH));
        for (size_t i = 0; i < COUNT_OF(others); i++)
            filter_add(m, "execveat", SCMP_ACT_KILL_PROCESS, 1, &others[i]);
        filter_add(m, "execve", SCMP_ACT_KILL_PROCESS, 0, NULL);
    }
#define X(call)                                                                                                       \
    if (strcmp(#call, "execve") != 0 && strcmp(#call, "execveat") != 0)                                               \
        filter_add(m, #call, SCMP_ACT_KILL_PROCESS, 0, NULL);
    SANDBOX_CALLS_FATAL(X)
#undef X
#define X(call) filter_add(m, #call, SCMP_ACT_ERRNO(ENOSYS), 0, NULL);
    SANDBOX_CALLS_ABSENT(X)
#undef X
}

/* libseccomp writes the finished filter to a file; it is read back from memory. */
static enum err_code filter_export(struct filter_maker *m, struct filter *out, struct err *e)
{
    int fd = memfd_create("filter", MFD_CLOEXEC);
    AUTO_BUF struct buf bytes = BUF_INIT(ENTER_FILTER_MAX * sizeof(struct sock_filter));
    char path[64];
    enum err_code code = ERR_OK;
    int got;

    if (fd < 0)
        return err_errno(e, ERR_ENVIRONMENT, errno, "the sandbox's filter could not be kept");
    got = lib.seccomp_export_bpf(m->ctx, fd);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (got < 0)
        code = err_errno(e, ERR_ENVIRONMENT, -got, "the sandbox's filter could not be made");
    else
        code = file_read(path, bytes.max, &bytes, e);
    close(fd);
    if (code != ERR_OK)
        return code;
    out->count = bytes.len / sizeof(struct sock_filter);
    out->instructions = buf_take(&bytes);
    return ERR_OK;
}

static enum err_code filter_make(bool starts_programs, struct filter *out, struct err *e)
{
    struct filter_maker m = { .ctx = lib.seccomp_init(SCMP_ACT_ERRNO(EPERM)) };
    enum err_code code = ERR_OK;

    if (!m.ctx)
        return err_set(e, ERR_ENVIRONMENT, "the sandbox's filter could not be begun: libseccomp refused");
    m.fault = -lib.seccomp_attr_set(m.ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    m.at = "another architecture";
    if (!m.fault)                       /* a tree, not a list: the kernel asks it for every call there is when it takes it */
        m.fault = -lib.seccomp_attr_set(m.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (!m.fault)
        filter_fill(&m, starts_programs);
    if (m.fault)
        code = err_errno(e, ERR_ENVIRONMENT, m.fault, "the sandbox's filter could not be made at %s", m.at);
    else
        code = filter_export(&m, out, e);
    lib.seccomp_release(m.ctx);
    return code;
}

enum err_code filter_get(bool starts_programs, struct filter *out, struct err *e)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;        /* guards kept */
    static struct filter kept[2];
    struct filter *mine = &kept[starts_programs];
    enum err_code code = ERR_OK;

    TRY(filter_lib_ready(e));
    pthread_mutex_lock(&lock);
    if (!mine->count)
        code = filter_make(starts_programs, mine, e);
    *out = *mine;
    pthread_mutex_unlock(&lock);
    return code;
}
