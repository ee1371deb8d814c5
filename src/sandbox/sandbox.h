/* src/sandbox/sandbox.h: untrusted programs, run where they can do no harm.
 *
 * A guest is one program and all it starts, in a world of its own made by bubblewrap (a separate program): no network,
 * a read-only root of /usr and the loader's files, one private writable place, no capability, no way to gain a
 * privilege, an allow-list of system calls (seccomp), a second opinion on paths (Landlock, where the kernel has it), a
 * clean environment and nothing open but its three streams. Time, processor, memory, disk, files, processes and output
 * are bounded. When the guest ends or is stopped, all of it is gone: processes, mounts, groups. Where a machine can't
 * do this, sandbox_start refuses (ERR_ENVIRONMENT, one sentence that says what is missing); nothing ever runs bare.
 *
 * The host touches nothing of a guest's by its path: what it gives is copied in by bubblewrap before the guest exists,
 * what it takes it takes by sandbox/beneath.h from a handle, after the guest is dead.
 *
 * Inside: the program is started in /box/work, which holds the files it was given and is what is collected; TMPDIR is
 * /box/tmp, and both share `disk_bytes`. Run as root, guests are the user 65534 outside too; else they are you.
 * One guest, one question: give `input`, hear `done`. A persistent guest (JSON lines): `talks`, sandbox_say,
 * sandbox_deadline for each question, `heard` as it answers. Nothing here waits; all happens on the loop's thread,
 * which must not die of SIGPIPE, and must outlive its guests: the kernel kills them with it. */
#pragma once

#include "base/base.h"

#define SANDBOX_FILES_MAX 256           /* given to a guest */
#define SANDBOX_GIVEN_BYTES_MAX (INT64_C(64) << 20)
#define SANDBOX_ARGS_MAX 256

/* --- what a guest may use (limits.c) --------------------------------------------------------------------------- */
#define SANDBOX_LIMITS(X) /* field, its name and unit for people, smallest, usual, largest */                         \
    X(wall_ms,      "time",       "ms",    50,        10000,         3600000)       /* from the start on */           \
    X(cpu_ms,       "cpu-time",   "ms",    50,        10000,         3600000)       /* of the program itself */       \
    X(cpus,         "cpus",       "",      1,         1,             1024)          /* at once */                     \
    X(memory_bytes, "memory",     "bytes", 16 << 20,  512 << 20,     INT64_C(1) << 40)                                \
    X(disk_bytes,   "disk",       "bytes", 64 << 10,  100 << 20,     INT64_C(1) << 36) /* /box, all together */       \
    X(file_bytes,   "file-size",  "bytes", 4096,      25 << 20,      INT64_C(1) << 36) /* any one file */             \
    X(inodes,       "inodes",     "",      16,        4096,          1 << 20)                                         \
    X(pids,         "pids",       "",      1,         32,            4096)          /* threads count too */           \
    X(output_bytes, "output",     "bytes", 1024,      1 << 20,       256 << 20)     /* each of the two streams */     \
    X(open_files,   "open-files", "",      8,         256,           512)                                             \
    X(collect_count, "collect",   "",      0,         20,            4096)          /* files taken at the end */      \
    X(collect_bytes, "collect-bytes", "bytes", 0,     25 << 20,      256 << 20)     /* all of them */
struct sandbox_limits {
#define X(field, name, unit, low, usual, high) int64_t field;
    SANDBOX_LIMITS(X)
#undef X
};
void          sandbox_limits_usual(struct sandbox_limits *l);
/* "512M", "64k", "1G" (1024 each), or bytes; ERR_BAD_INPUT says what is allowed. `name` is one of the above: "memory". */
enum err_code sandbox_limits_set(struct sandbox_limits *l, struct str name, struct str value, struct err *e) MUST_USE;
enum err_code sandbox_limits_check(const struct sandbox_limits *l, struct err *e) MUST_USE;

/* --- a guest --------------------------------------------------------------------------------------------------- */
enum sandbox_cause {
    SANDBOX_EXITED, SANDBOX_SIGNALLED,
    SANDBOX_TIME, SANDBOX_CPU, SANDBOX_MEMORY, SANDBOX_OUTPUT,  /* a limit ended it */
    SANDBOX_BLOCKED,                    /* it made a call that ends a guest: network, other programs, kernel doors */
    SANDBOX_CANCELLED,
    SANDBOX_FAILED,                     /* the world could not be made: sandbox_failure says why */
    SANDBOX_CAUSES
};
const char *sandbox_cause_name(enum sandbox_cause c);   /* "exited", "time", ...: stable, shown to scripts */
const char *sandbox_cause_text(enum sandbox_cause c);   /* a sentence's end: "it used up its time" */

struct sandbox_file { struct str path, bytes; };        /* path: relative, below /box/work; no "..", no empty part */
struct sandbox_taken { struct str path, bytes; };
struct sandbox_left { struct str path; const char *why; };

/* Whose kernel answers a guest. RUNSC: gVisor's, a kernel in a process of its own, which stands in bubblewrap's world
 * like any guest and of which ours does no more than read and write files. Everything above and below holds all the
 * same, but a start takes some 300 ms, the guest is a root without capabilities inside, and gVisor's own memory and
 * processor time count as used. Needs the program runsc. */
enum sandbox_with { SANDBOX_WITH_BUBBLEWRAP, SANDBOX_WITH_RUNSC };
/* "bubblewrap" or "runsc"; ERR_BAD_INPUT names both. */
enum err_code sandbox_with_read(struct str name, enum sandbox_with *out, struct err *e) MUST_USE;

struct sandbox;
struct sandbox_spec {                   /* all it points to may go when sandbox_start returns, but `owner` */
    struct str program;                 /* a path inside: /usr/bin/python3 */
    struct str native;                  /* not empty: the bytes of an ELF program, run as /program instead */
    const struct str *args;             /* after the program's name */
    size_t args_count;
    const struct sandbox_file *files;
    size_t files_count;
    struct sandbox_limits limits;
    enum sandbox_with with;
    bool starts_programs;               /* may start other programs; needs a memory group (see sandbox_doctor) */
    bool talks;                         /* persistent: input stays open until sandbox_say_end */
    struct str input;                   /* one-shot: its standard input, copied */
    /* MAY. Called as standard output arrives, instead of keeping it; output_bytes then bounds what comes between two
     * calls of sandbox_deadline. `bytes` dies with the call. May call anything of a living guest. */
    void (*heard)(void *owner, struct sandbox *s, struct str bytes);
    void (*done)(void *owner, struct sandbox *s);       /* MUST. Once, never inside sandbox_start; `s` dies after it */
    void *owner;
};
enum err_code sandbox_start(struct loop *loop, const struct sandbox_spec *spec, struct sandbox **out,
                            struct err *e) MUST_USE;
/* Queues bytes for a guest that talks; ERR_BUSY when more than 16 MiB wait, ERR_CONFLICT when its input has ended. */
enum err_code sandbox_say(struct sandbox *s, struct str bytes, struct err *e) MUST_USE;
void          sandbox_say_end(struct sandbox *s);
void          sandbox_deadline(struct sandbox *s, int64_t ms);  /* ends it `ms` from now; 0: no deadline until the next call */
void          sandbox_cancel(struct sandbox *s);                /* kills it; `done` follows from the loop */
/* In done. All borrowed from `s`. */
enum sandbox_cause sandbox_cause(const struct sandbox *s);
int           sandbox_status(const struct sandbox *s);          /* exit status, or 128 + signal */
struct str    sandbox_output(const struct sandbox *s), sandbox_errors(const struct sandbox *s);
const char   *sandbox_failure(const struct sandbox *s);         /* why SANDBOX_FAILED, one sentence; else "" */
struct sandbox_used { int64_t wall_us, cpu_us, memory_peak_bytes; };     /* bubblewrap's part counts */
struct sandbox_used sandbox_used(const struct sandbox *s);
size_t        sandbox_taken(const struct sandbox *s, const struct sandbox_taken **out);
size_t        sandbox_left(const struct sandbox *s, const struct sandbox_left **out);   /* what was not taken, and why */
size_t        sandbox_count(void);                              /* guests of this process that are not over */

/* --- a program's form (program.c) --------------------------------------------------------------------------------- */
/* How a file is run: *.py and "#!...python" by the system's Python, another "#!" by the program it names, an ELF
 * program as it is. Sets spec's program, native, args, and *file, which the caller adds to spec's files unless its path
 * is empty. */
enum err_code sandbox_program(struct str name, struct str bytes, const struct str *args, size_t args_count,
                              struct arena *a, struct sandbox_spec *spec, struct sandbox_file *file,
                              struct err *e) MUST_USE;

/* --- what this machine has (doctor.c) --------------------------------------------------------------------------- */
enum sandbox_level { SANDBOX_HAS, SANDBOX_LACKS, SANDBOX_LACKS_NEEDED };
struct sandbox_finding { const char *name; enum sandbox_level level; struct str found, remedy; };
/* Looks at each mechanism, then (when none that is needed lacks) starts a guest to see. Blocks up to some seconds. */
size_t        sandbox_doctor(struct arena *a, const struct sandbox_finding **out);
enum err_code sandbox_ready(struct err *e) MUST_USE;            /* cheap; ERR_ENVIRONMENT says what is missing, in one sentence */
