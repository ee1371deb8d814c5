/* src/sandbox/enter/enter.h: what the host tells the first program inside the sandbox.
 *
 * Bubblewrap makes the namespaces and mounts, then starts `enter`, a small static program of ours, which finishes the
 * work from inside: it closes the root against writing, bounds the inodes of the writable place, gives up every
 * capability and hands the host a handle of the working folder. Then it stays as the first process, and its child sets
 * the limits, locks itself into Landlock and seccomp, and becomes the untrusted program. What it shall do stands in one
 * memory file: this head, then `filter_count` seccomp instructions, then `text_bytes` bytes of strings, by its number
 * or its path. Both ends are built together; ENTER_MAGIC changes with the layout. */
#pragma once

#include <stdint.h>

#define ENTER_MAGIC 0x61737335u
#define ENTER_TEXT_MAX 65536            /* arguments and environment together */
#define ENTER_FILTER_MAX 4096           /* BPF_MAXINSNS: the kernel takes no longer filter */
#define ENTER_WORDS_MAX 512             /* arguments, and variables, each */
#define ENTER_PROGRAM_FD 999            /* where the program is held open; above every open_files, so it can't be made again */
#define ENTER_CPU_HERE UINT32_MAX
#define ENTER_FILES_MAX 512             /* the largest open_files */

#define ENTER_TOLD "/told/end"           /* a file, by which WITHIN tells OUTSIDE what it would have told the host */

/* Flags. With gVisor there are two of it: the one OUTSIDE is the first program in bubblewrap's world and starts runsc,
 * which needs that world's capabilities; the one WITHIN is the first in gVisor's, and does the rest there. */
enum {
    ENTER_ONCE = 1,                     /* the program is started through ENTER_PROGRAM_FD, and nothing after it */
    ENTER_OUTSIDE = 2, ENTER_WITHIN = 4,
};

struct enter_limit { uint32_t resource, unused; uint64_t soft, hard; };
struct enter_config {
    uint32_t magic, flags;
    uint32_t control_fd;                /* a seqpacket socket: 'r' with two handles; 'x' and what failed; or enter_end */
    uint32_t filter_count, text_bytes;
    uint32_t argc, envc;                /* strings follow each other, NUL-ended: mount options, program, argv, environment */
    uint32_t cpus;                      /* how many it may use at once; 0: all */
    uint32_t limit_count, cpu_first;    /* guests begin at different processors; ENTER_CPU_HERE: where they are */
    uint64_t cpu_ns;                    /* processor time of the program; exact, where its limits are a fence behind */
    struct enter_limit limits[16];
};
struct enter_end { char what, cpu_spent, unused[2]; int32_t status; };      /* 'e'; a wait status */
