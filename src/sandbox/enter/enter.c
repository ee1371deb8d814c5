/* enter: the first program inside the sandbox (see enter.h). It has no C library: it is a few kilobytes, starts at
 * once, and everything it does can be read here. It runs before any untrusted byte does. */
#include "sandbox/enter/enter.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

/* Spelled here: the C library's headers for these want the C library. */
#if defined(__x86_64__)
#define O_DIRECTORY 0x10000
#elif defined(__aarch64__)
#define O_DIRECTORY 0x4000
#else
#error "enter knows x86-64 and 64-bit ARM"
#endif
#define O_PATH      0x200000
#define O_CLOEXEC   0x80000
#define O_WRONLY    1
#define O_RDWR      2
#define O_CREAT     0100
#define O_EXCL      0200
#define SEEK_CUR    1
#define AT_FDCWD    -100
#define AT_EMPTY_PATH 0x1000
#define F_SETFD     2
#define F_DUPFD_CLOEXEC 1030
#define EOPNOTSUPP 95
#define ENOSYS 38
#define SCM_RIGHTS 1
#define SOL_SOCKET 1
#define MSG_NOSIGNAL 0x4000
#define SIGKILL 9
#define SIGALRM 14
#define SIGCHLD 17
#define SIG_BLOCK 0
#define SIG_SETMASK 2
#define WNOHANG 1
#define CONTROL_FD 3
#define TOLD_FD 4
#define CPU_EARLY_NS 5000000u
#define FD_LAST 0x7fffffff              /* gVisor takes no larger one */
#define CLONE_VM 0x100
#define CLONE_VFORK 0x4000
#define TIMER_ABSTIME 1
#define STACK_BYTES 16384

#if defined(__x86_64__)
static long sys6(long n, long a, long b, long c, long d, long e, long f)
{
    long out;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;

    __asm__ volatile("syscall"
                     : "=a"(out)
                     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return out;
}

/* clone: the child goes on in `f` on the stack that ends at `stack`, and never returns. */
static long sys_clone(unsigned long flags, void *stack, void (*f)(const char *), const char *argument)
{
    long out;
    register long r10 __asm__("r10") = 0;
    register long r8 __asm__("r8") = 0;
    register void (*r12)(const char *) __asm__("r12") = f;
    register const char *r13 __asm__("r13") = argument;

    __asm__ volatile("syscall\n"
                     "test %%rax, %%rax\n"
                     "jnz 1f\n"
                     "xor %%ebp, %%ebp\n"
                     "mov %%r13, %%rdi\n"
                     "call *%%r12\n"
                     "ud2\n"
                     "1:"
                     : "=a"(out)
                     : "a"(SYS_clone), "D"(flags), "S"(stack), "d"(0L), "r"(r10), "r"(r8), "r"(r12), "r"(r13)
                     : "rcx", "r11", "memory", "cc");
    return out;
}
#define ENTER_START "mov %rsp, %rdi\nand $-16, %rsp\ncall enter_main\n"
#else
static long sys6(long n, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = n;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;

    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

static long sys_clone(unsigned long flags, void *stack, void (*f)(const char *), const char *argument)
{
    register long x8 __asm__("x8") = SYS_clone;
    register unsigned long x0 __asm__("x0") = flags;
    register void *x1 __asm__("x1") = stack;
    register long x2 __asm__("x2") = 0;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = 0;
    register void (*x19)(const char *) __asm__("x19") = f;
    register const char *x20 __asm__("x20") = argument;

    __asm__ volatile("svc 0\n"
                     "cbnz x0, 1f\n"
                     "mov x29, xzr\n"
                     "mov x0, x20\n"
                     "blr x19\n"
                     "brk 0\n"
                     "1:"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x19), "r"(x20)
                     : "memory", "cc");
    return (long)x0;
}
#define ENTER_START "mov x0, sp\nbl enter_main\n"
#endif
#define SYS(n, a, b, c, d, e) sys6((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

void enter_main(long *stack) __attribute__((noreturn, used));
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);

__asm__(".text\n.globl _start\n_start:\n" ENTER_START);

void *memcpy(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}

void *memset(void *to, int byte, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((volatile char *)to)[i] = (char)byte;
    return to;
}

static struct {
    struct enter_config c;
    struct sock_filter filter[ENTER_FILTER_MAX];
    char text[ENTER_TEXT_MAX];
} given;
static char *arguments[ENTER_WORDS_MAX + 1], *environment[ENTER_WORDS_MAX + 1];
static char *next_text;
static const uint64_t heard_signals = 1u << (SIGALRM - 1) | 1u << (SIGCHLD - 1);
static uint64_t mask_before;            /* of the first process: the program's */
static char child_stack[STACK_BYTES] __attribute__((aligned(16)));

static size_t length(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

/* Says which step failed, and with which error number, and ends. */
static void fail(const char *step, long error) __attribute__((noreturn));
static void fail(const char *step, long error)
{
    char text[96] = "x";
    size_t n = 1, step_len = length(step);
    unsigned long number = (unsigned long)(error < 0 ? -error : error);

    memcpy(text + n, step, step_len);
    n += step_len;
    text[n++] = ' ';
    for (unsigned long d = 100; d; d /= 10)
        text[n++] = (char)('0' + number / d % 10);
    SYS(SYS_write, given.c.control_fd, text, n, 0, 0);
    for (;;)
        SYS(SYS_exit_group, 125, 0, 0, 0, 0);
}

static long must(long got, const char *step)
{
    if (got < 0)
        fail(step, got);
    return got;
}

/* All of `bytes`, which must be there. */
static void take(int fd, void *to, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        long n = SYS(SYS_read, fd, (char *)to + at, bytes - at, 0, 0);

        if (n <= 0)
            fail("read its orders", n);
        at += (size_t)n;
    }
}

static char *word(void)
{
    char *w = next_text;

    if (w >= given.text + given.c.text_bytes)
        fail("read its orders", 7);
    next_text += length(w) + 1;
    return w;
}

static void read_orders(int fd)
{
    given.c.control_fd = 2;             /* until it is known, faults are told to standard error */
    take(fd, &given.c, sizeof given.c);
    if (given.c.magic != ENTER_MAGIC || given.c.filter_count > ENTER_FILTER_MAX ||
        given.c.text_bytes >= ENTER_TEXT_MAX || given.c.argc > ENTER_WORDS_MAX || given.c.envc > ENTER_WORDS_MAX ||
        given.c.limit_count > sizeof given.c.limits / sizeof given.c.limits[0])
        fail("read its orders", 22);
    take(fd, given.filter, given.c.filter_count * sizeof given.filter[0]);
    take(fd, given.text, given.c.text_bytes);
    next_text = given.text;
}

static void drop_capabilities(void)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { { 0 } };

    for (long cap = 0; cap < 64; cap++) {
        long has = SYS(SYS_prctl, PR_CAPBSET_READ, cap, 0, 0, 0);

        if (has < 0)
            break;                      /* past the last there is nothing to drop */
        if (has > 0)                    /* to drop what is not there costs as much */
            must(SYS(SYS_prctl, PR_CAPBSET_DROP, cap, 0, 0, 0), "give up a capability");
    }
    must(SYS(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "clear its ambient capabilities");
    must(SYS(SYS_capset, &head, none, 0, 0, 0), "give up its capabilities");
}

static void set_limits(void)
{
    for (uint32_t i = 0; i < given.c.limit_count; i++) {
        uint64_t both[2] = { given.c.limits[i].soft, given.c.limits[i].hard };

        must(SYS(SYS_prlimit64, 0, given.c.limits[i].resource, both, 0, 0), "set a limit");
    }
}

static struct { long bytes; unsigned char mask[1024]; } cpus_before;

static int has_cpu(const unsigned char *mask, long i)
{
    return mask[i / 8] >> (i % 8) & 1;
}

/* Keeps to `cpus` of those it may use, counted around from the `cpu_first`th on, or from the one it is on. */
static void keep_to_cpus(void)
{
    unsigned char mask[sizeof cpus_before.mask];
    long n = must(SYS(SYS_sched_getaffinity, 0, sizeof cpus_before.mask, cpus_before.mask, 0, 0), "see its processors");
    uint32_t all = 0, nth = 0, here = 0, first = given.c.cpu_first;

    cpus_before.bytes = n;
    memcpy(mask, cpus_before.mask, sizeof mask);
    if (first == ENTER_CPU_HERE) {
        must(SYS(SYS_getcpu, &here, 0, 0, 0, 0), "see its processor");
        first = 0;
        for (long i = 0; i < n * 8 && i < here; i++)
            first += has_cpu(mask, i) ? 1 : 0;
    }
    for (long i = 0; i < n * 8; i++)
        all += has_cpu(mask, i) ? 1 : 0;
    for (long i = 0; i < n * 8; i++)
        if (has_cpu(mask, i) && (nth++ + all - first % all) % all >= given.c.cpus)
            mask[i / 8] &= (unsigned char)~(1 << (i % 8));
    must(SYS(SYS_sched_setaffinity, 0, n, mask, 0, 0), "keep to its processors");
}

/* Landlock's words, spelled here so that old headers do. */
enum {
    PATH_EXECUTE = 1 << 0, PATH_WRITE_FILE = 1 << 1, PATH_READ_FILE = 1 << 2, PATH_READ_DIR = 1 << 3,
    PATH_REMOVE_DIR = 1 << 4, PATH_REMOVE_FILE = 1 << 5, PATH_MAKE_DIR = 1 << 7, PATH_MAKE_REG = 1 << 8, PATH_MAKE_SYM = 1 << 12,
    PATH_REFER = 1 << 13, PATH_TRUNCATE = 1 << 14,
    PATH_ALL_1 = (1 << 13) - 1, PATH_ALL_2 = (1 << 14) - 1, PATH_ALL_3 = (1 << 15) - 1, PATH_ALL_5 = (1 << 16) - 1,
    NET_ALL = 3, SCOPE_ALL = 3,         /* bind and connect of TCP; abstract sockets and signals */
};

static void allow_path(int rules, const char *path, uint64_t access)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = access };

    rule.parent_fd = (int32_t)SYS(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0, 0);
    must(rule.parent_fd, "open a folder for Landlock");
    must(SYS(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0, 0), "make a Landlock rule");
    SYS(SYS_close, rule.parent_fd, 0, 0, 0, 0);
}

/* The kernel's second opinion: what mounts and namespaces forbid is forbidden again by path. On a kernel without
 * Landlock there is nothing to do here; `assay sandbox doctor` tells. */
static void lock_paths(void)
{
    struct { uint64_t paths, net, scopes; } handled = { 0 };
    long abi = SYS(SYS_landlock_create_ruleset, 0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0, 0);
    uint64_t run = given.c.flags & ENTER_ONCE ? 0 : PATH_EXECUTE;
    long rules;

    if (abi == -ENOSYS || abi == -EOPNOTSUPP)
        return;
    must(abi, "ask for Landlock");
    handled.paths = abi >= 5 ? PATH_ALL_5 : abi >= 3 ? PATH_ALL_3 : abi == 2 ? PATH_ALL_2 : PATH_ALL_1;
    handled.net = abi >= 4 ? NET_ALL : 0;
    handled.scopes = abi >= 6 ? SCOPE_ALL : 0;
    rules = must(SYS(SYS_landlock_create_ruleset, &handled,
                     abi >= 6   ? 24
                     : abi >= 4 ? 16
                                : 8,
                     0, 0, 0),
                 "make Landlock rules");
    allow_path((int)rules, "/", PATH_READ_FILE | PATH_READ_DIR | PATH_EXECUTE);
    allow_path((int)rules, "/dev", PATH_WRITE_FILE);
    allow_path((int)rules, "/box",
               handled.paths & (run | PATH_WRITE_FILE | PATH_REMOVE_DIR | PATH_REMOVE_FILE | PATH_MAKE_DIR |
                                PATH_MAKE_REG | PATH_MAKE_SYM | PATH_REFER | PATH_TRUNCATE));
    must(SYS(SYS_landlock_restrict_self, rules, 0, 0, 0, 0), "lock itself into Landlock");
    SYS(SYS_close, rules, 0, 0, 0, 0);
}

/* Gives the host two handles. By that of the working folder it collects what was written, without ever following a path
 * from outside, even after the last process here has gone. By that of this process, the first here, it ends us all. */
static void hand_over(void)
{
    struct { uint64_t len; int32_t level, type, fd[2]; } control = { .len = sizeof control, .level = SOL_SOCKET, .type = SCM_RIGHTS };
    struct { const void *at; size_t len; } bytes = { "r", 1 };
    struct { void *name; uint32_t name_len, padding; void *bytes; size_t count; void *control; size_t control_len; int flags; }
        message = { .bytes = &bytes, .count = 1, .control = &control, .control_len = sizeof control };

    control.fd[0] = (int32_t)must(SYS(SYS_openat, AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0),
                                  "open its folder");
    control.fd[1] = (int32_t)must(SYS(SYS_pidfd_open, SYS(SYS_getpid, 0, 0, 0, 0, 0), 0, 0, 0, 0),
                                  "open its own handle");
    must(SYS(SYS_sendmsg, given.c.control_fd, &message, MSG_NOSIGNAL, 0, 0), "greet its host");
}

/* Only the standard three, the way to the host and the program stay open; the last two close when the program starts. */
static void close_the_rest(void)
{
    must(SYS(SYS_close_range, CONTROL_FD + 1, ENTER_PROGRAM_FD - 1, 0, 0, 0), "close what is open");
    must(SYS(SYS_close_range, ENTER_PROGRAM_FD + 1, FD_LAST, 0, 0, 0), "close what is open");
    must(SYS(SYS_fcntl, CONTROL_FD, F_SETFD, 1, 0, 0), "close what is open");
}

/* The way to the host gets a number of its own; the orders, which may have had it, are read. */
static void hold_control(void)
{
    if (given.c.control_fd != CONTROL_FD)
        must(SYS(SYS_dup3, given.c.control_fd, CONTROL_FD, 0, 0, 0), "hold the way to its host");
    given.c.control_fd = CONTROL_FD;
}

/* Within gVisor no descriptor of the host's arrives. What would go by the control socket is written to a file, which
 * has lost its name before the program starts: nobody else there can open it. "b": it has begun. */
static void begin_within(void)
{
    given.c.control_fd = (uint32_t)must(SYS(SYS_openat, AT_FDCWD, ENTER_TOLD, O_WRONLY, 0, 0),
                                        "open its way to the host");
    must(SYS(SYS_unlinkat, AT_FDCWD, ENTER_TOLD, 0, 0, 0), "keep its way to the host");
    must(SYS(SYS_pwrite64, given.c.control_fd, "b", 1, 0, 0), "begin");
    hold_control();
}

/* The same file, from outside. */
static void begin_outside(void)
{
    long fd = must(SYS(SYS_openat, AT_FDCWD, ENTER_TOLD, O_RDWR | O_CREAT | O_EXCL, 0600, 0), "make a way for gVisor");

    if (fd != TOLD_FD)
        must(SYS(SYS_dup3, fd, TOLD_FD, 0, 0, 0), "make a way for gVisor");
    must(SYS(SYS_mount, 0, "/told", 0, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4096,nr_inodes=2"),
         "bound the way for gVisor");       /* its folder and this file: a guest makes none there */
}

/* runsc is over, with `end` of its own: tells the host what was told by the one within. */
static void relay(struct enter_end *end)
{
    char told[128];
    long n = SYS(SYS_pread64, TOLD_FD, told, sizeof told, 0, 0);

    if (n <= 0)
        fail("start a guest in gVisor", (end->status >> 8) & 255);
    if (told[0] == 'b') {               /* killed with all of gVisor */
        end->status = SIGKILL;
        SYS(SYS_write, CONTROL_FD, end, sizeof *end, 0, 0);
    } else {
        SYS(SYS_write, CONTROL_FD, told, n, 0, 0);
    }
}

static void hold_program(const char *path)
{
    long fd = must(SYS(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0, 0), "find the program");
    long got = must(SYS(SYS_fcntl, fd, F_DUPFD_CLOEXEC, ENTER_PROGRAM_FD, 0, 0), "hold the program");

    if (got != ENTER_PROGRAM_FD)
        fail("hold the program", 24);
}

static void lock_calls(void)
{
    struct sock_fprog filter = { .len = (unsigned short)given.c.filter_count, .filter = given.filter };

    must(SYS(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "give up new privileges");
    must(SYS(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0), "lock itself into seccomp");
}

/* The child's part: it gets poorer and poorer, and is then the program. */
static void become(const char *program) __attribute__((noreturn));
static void become(const char *program)
{
    SYS(SYS_rt_sigprocmask, SIG_SETMASK, &mask_before, 0, sizeof mask_before, 0);
    close_the_rest();
    set_limits();
    if (!(given.c.flags & ENTER_OUTSIDE)) {
        lock_paths();
        lock_calls();
    }
    if (given.c.flags & ENTER_ONCE)
        fail("start the program", SYS(SYS_execveat, ENTER_PROGRAM_FD, "", arguments, environment, AT_EMPTY_PATH));
    fail("start the program", SYS(SYS_execve, program, arguments, environment, 0, 0));
}

/* The kernel's processor-time limit counts in whole ticks of whole seconds; a timer on the program's own clock, which
 * began when its process did, is exact to a tick. It sends SIGALRM to this process, which holds it back until it asks,
 * and comes earlier by CPU_EARLY_NS, so that with the tick and the waking the program does not get more than its limit. */
static void time_program(long program)
{
    struct { void *value; int32_t signal, notify; char rest[48]; } how = { .signal = SIGALRM, .notify = 0 };
    uint64_t after = given.c.cpu_ns > 2 * CPU_EARLY_NS ? given.c.cpu_ns - CPU_EARLY_NS : given.c.cpu_ns;
    int64_t s = (int64_t)(after / 1000000000u), ns = (int64_t)(after % 1000000000u);
    struct { int64_t interval[2], value[2]; } when = { .value = { s, ns } };
    int32_t timer = 0;

    must(SYS(SYS_timer_create, ~(int)program << 3 | 2, &how, &timer, 0, 0), "time the program");
    must(SYS(SYS_timer_settime, timer, TIMER_ABSTIME, &when, 0, 0), "time the program");
}

/* Everybody who is dead; true when the program was among them, with its wait status. */
static int bury(long program, int32_t *status)
{
    int32_t one = 0;
    int found = 0;
    long got;

    while ((got = SYS(SYS_wait4, -1, &one, WNOHANG, 0, 0)) > 0)
        if (got == program) {
            *status = one;
            found = 1;
        }
    return found;
}

/* The first process's part: it buries who dies, and when the program is dead it tells how, and ends. The kernel then
 * ends whatever the program left running. No signal from inside reaches it, and its memory is nobody's to see. */
static void attend(long program) __attribute__((noreturn));
static void attend(long program)
{
    struct enter_end end = { .what = 'e' };
    long got;

    if (given.c.cpus)
        must(SYS(SYS_sched_setaffinity, 0, cpus_before.bytes, cpus_before.mask, 0, 0), "leave its processors");
    SYS(SYS_close_range, 0, CONTROL_FD - 1, 0, 0, 0);
    SYS(SYS_close_range, given.c.flags & ENTER_OUTSIDE ? TOLD_FD + 1 : CONTROL_FD + 1, FD_LAST, 0, 0, 0);
    if (given.c.cpu_ns)
        time_program(program);
    do {
        got = SYS(SYS_rt_sigtimedwait, &heard_signals, 0, 0, sizeof heard_signals, 0);
        if (got == SIGALRM) {
            end.cpu_spent = 1;
            SYS(SYS_kill, program, SIGKILL, 0, 0, 0);
        }
    } while (!bury(program, &end.status));
    if (given.c.flags & ENTER_OUTSIDE)
        relay(&end);
    else if (!(given.c.flags & ENTER_WITHIN) || SYS(SYS_lseek, CONTROL_FD, 0, SEEK_CUR, 0, 0) == 0)
        SYS(SYS_write, CONTROL_FD, &end, sizeof end, 0, 0);         /* within, its child may have told why it could not start */
    for (;;)
        SYS(SYS_exit_group, 0, 0, 0, 0, 0);
}

void enter_main(long *stack)
{
    const char *options, *program;
    const char *number = stack[0] > 1 ? (const char *)stack[2] : "0";
    unsigned long flags = MS_REMOUNT | MS_NOSUID | MS_NODEV;
    int orders = 0;

    for (const char *n = number; *n >= '0' && *n <= '9'; n++)
        orders = orders * 10 + (*n - '0');
    if (*number == '/')
        orders = (int)SYS(SYS_openat, AT_FDCWD, number, 0, 0, 0);
    read_orders(orders);
    if (given.c.flags & ENTER_WITHIN)
        begin_within();
    else
        hold_control();
    if (given.c.flags & ENTER_OUTSIDE)
        begin_outside();
    options = word();
    program = word();
    for (uint32_t i = 0; i < given.c.argc; i++)
        arguments[i] = word();
    for (uint32_t i = 0; i < given.c.envc; i++)
        environment[i] = word();
    if (given.c.flags & ENTER_ONCE)
        flags |= MS_NOEXEC;
    if (!(given.c.flags & ENTER_WITHIN)) {
        must(SYS(SYS_mount, 0, "/", 0, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, 0),
             "lock the root against writing");
        must(SYS(SYS_mount, 0, "/box", 0, flags, options), "bound its folder");
    }
    if (!(given.c.flags & (ENTER_WITHIN | ENTER_OUTSIDE)))
        drop_capabilities();            /* runsc needs them; within, there are none */
    hold_program(program);
    if (!(given.c.flags & ENTER_WITHIN))
        hand_over();
    must(SYS(SYS_rt_sigprocmask, SIG_BLOCK, &heard_signals, &mask_before, sizeof mask_before, 0), "hold signals back");
    must(SYS(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0), "hide its memory");
    if (given.c.cpus)
        keep_to_cpus();
    /* In our memory, on a stack of its own, while we wait until it has become the program: no page table is copied. It
     * inherits the processors, so that nothing has to be moved; this one, which must be quick when it is called, leaves
     * them. */
    attend(must(sys_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, child_stack + STACK_BYTES, become, program),
                "start a process"));
}
