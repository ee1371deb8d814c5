/* src/sandbox/calls.h: the system calls a guest may make, for libseccomp (filter.c).
 *
 * TRACED stood in the trace of tools/sandbox_trace.py (Debian's python3.11 over a varied workload), KIN is the same
 * deed by an older, newer or relative name, which another libc or interpreter uses. PARTLY is allowed for the arguments
 * named in filter.c. What is in no list fails with EPERM; FATAL ends the guest at once, because a program that tries it
 * and goes on would look successful; ABSENT fails with ENOSYS, so that libc takes the older way. */
#pragma once

#define SANDBOX_CALLS(TRACED, KIN)                                                                                    \
    TRACED(access) KIN(faccessat) KIN(faccessat2)                                                                     \
    TRACED(alarm) TRACED(setitimer) KIN(getitimer) TRACED(pause)                                                      \
    TRACED(arch_prctl) TRACED(set_tid_address) TRACED(set_robust_list) KIN(get_robust_list) TRACED(rseq)              \
    TRACED(brk) TRACED(mmap) TRACED(munmap) TRACED(mprotect) TRACED(madvise) TRACED(msync) KIN(mremap)                \
    TRACED(chdir) KIN(fchdir) TRACED(getcwd)                                                                          \
    TRACED(chmod) KIN(fchmod) KIN(fchmodat) TRACED(fchown) TRACED(umask)                                              \
    TRACED(clock_gettime) TRACED(clock_nanosleep) KIN(clock_getres) KIN(nanosleep) KIN(gettimeofday) KIN(time)        \
    TRACED(close) KIN(open) TRACED(openat) KIN(creat) KIN(dup) KIN(dup2) KIN(dup3)                                    \
    TRACED(epoll_create1) KIN(epoll_create) TRACED(epoll_ctl) TRACED(epoll_wait) KIN(epoll_pwait) KIN(epoll_pwait2)   \
    TRACED(poll) KIN(ppoll) KIN(select) TRACED(pselect6)                                                              \
    TRACED(exit) TRACED(exit_group)                                                                                   \
    TRACED(fdatasync) TRACED(fsync) TRACED(ftruncate) KIN(truncate) KIN(fallocate) KIN(fadvise64)                     \
    TRACED(futex) TRACED(sched_yield) TRACED(sched_getaffinity) KIN(sched_getparam) KIN(sched_getscheduler)           \
    TRACED(getdents64) TRACED(getrandom)                                                                              \
    TRACED(getpid) TRACED(getppid) TRACED(gettid) TRACED(getpgrp) KIN(getpgid) TRACED(getsid)                         \
    TRACED(getuid) TRACED(geteuid) KIN(getgid) KIN(getegid) KIN(getresuid) KIN(getresgid) TRACED(getgroups)           \
    TRACED(getrusage) TRACED(times) TRACED(uname) TRACED(sysinfo) KIN(getrlimit) KIN(getpriority) KIN(getcpu)                         \
    TRACED(link) KIN(linkat) TRACED(symlink) KIN(symlinkat) TRACED(readlink) KIN(readlinkat)                          \
    TRACED(listxattr) KIN(llistxattr) KIN(flistxattr) KIN(getxattr) KIN(lgetxattr) KIN(fgetxattr)                     \
    TRACED(lseek) TRACED(read) TRACED(write) TRACED(pread64) TRACED(pwrite64) KIN(readv) KIN(writev)                  \
    KIN(preadv) KIN(pwritev) KIN(preadv2) KIN(pwritev2) TRACED(sendfile) KIN(copy_file_range)                         \
    TRACED(mkdir) KIN(mkdirat) TRACED(rmdir) TRACED(unlink) TRACED(unlinkat)                                          \
    TRACED(rename) KIN(renameat) KIN(renameat2)                                                                       \
    TRACED(newfstatat) KIN(stat) KIN(fstat) KIN(lstat) KIN(statx) TRACED(statfs) KIN(fstatfs)                         \
    TRACED(pipe2) KIN(pipe) KIN(eventfd2) KIN(timerfd_create) KIN(timerfd_settime) KIN(timerfd_gettime)               \
    TRACED(getsockname) KIN(getpeername) KIN(getsockopt) TRACED(recvfrom) KIN(shutdown)                               \
    TRACED(rt_sigaction) TRACED(rt_sigprocmask) TRACED(rt_sigreturn) KIN(rt_sigpending) KIN(rt_sigtimedwait)          \
    KIN(rt_sigsuspend) TRACED(sigaltstack) KIN(restart_syscall) TRACED(tgkill) KIN(flock)                             \
    TRACED(utimensat) KIN(utime) KIN(utimes) KIN(futimesat) KIN(membarrier) KIN(futex_waitv) KIN(close_range)

#define SANDBOX_CALLS_PARTLY(PARTLY)                                                                                  \
    PARTLY(clone) PARTLY(fcntl) PARTLY(ioctl) PARTLY(prlimit64) PARTLY(prctl) PARTLY(socketpair) PARTLY(sendto)

/* What a guest needs besides when it may start programs (sandbox_spec.starts_programs). */
#define SANDBOX_CALLS_STARTING(X)                                                                                     \
    X(execve) X(execveat) X(fork) X(vfork) X(wait4) X(waitid) X(kill) X(tkill) X(setpgid) X(setsid)

#define SANDBOX_CALLS_FATAL(X)                                                                                        \
    X(execve) X(execveat) X(socket) X(connect) X(bind) X(listen) X(accept) X(accept4) X(sendmmsg) X(recvmmsg)         \
    X(ptrace) X(process_vm_readv) X(process_vm_writev) X(kcmp) X(pidfd_getfd) X(process_madvise) X(process_mrelease)  \
    X(mount) X(umount2) X(pivot_root) X(chroot) X(open_tree) X(move_mount) X(fsopen) X(fsconfig) X(fsmount) X(fspick) \
    X(mount_setattr) X(unshare) X(setns) X(bpf) X(perf_event_open) X(userfaultfd)                                     \
    X(io_uring_setup) X(io_uring_enter) X(io_uring_register) X(io_setup) X(io_submit)                                 \
    X(keyctl) X(add_key) X(request_key) X(init_module) X(finit_module) X(delete_module) X(kexec_load)                 \
    X(kexec_file_load) X(reboot) X(swapon) X(swapoff) X(syslog) X(acct) X(quotactl) X(quotactl_fd) X(settimeofday)    \
    X(clock_settime) X(clock_adjtime) X(adjtimex) X(sethostname) X(setdomainname) X(iopl) X(ioperm) X(modify_ldt)     \
    X(vm86) X(vm86old) X(open_by_handle_at) X(name_to_handle_at) X(fanotify_init) X(lookup_dcookie) X(mknod)          \
    X(mknodat) X(vhangup) X(nfsservctl) X(uselib) X(ustat) X(sysfs) X(_sysctl)                                        \
    X(shmget) X(shmat) X(shmctl) X(semget) X(semop) X(semctl) X(semtimedop) X(msgget) X(msgsnd) X(msgrcv) X(msgctl)   \
    X(mq_open) X(mq_unlink) X(seccomp) X(memfd_secret)

#define SANDBOX_CALLS_ABSENT(X) X(clone3) X(openat2)
