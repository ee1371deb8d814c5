"""tests/sandbox/escapes.py: what a hostile program tries, one by one.

attempt(name, code, outcome): `code` runs inside with the helpers of PRELUDE. It must reach its deed (PRELUDE says TRIED)
and must not say ESCAPED. `outcome` is how it must end: "blocked" (the system call ended the program), names of errors of
which one must be met ("EPERM EACCES"), "harmless" (it may go on, and the host must be as before), or the limit that ends it.
"""
ATTEMPTS = []

PRELUDE = r"""
import ctypes, errno, os, sys, struct, time, mmap
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    got = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    if got < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return got
def escaped(what=""):
    print("ESCAPED", what, flush=True)
def machine_code(code):
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(code)
    return ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print("TRIED", flush=True)
try:
%s
except OSError as e:
    print("REFUSED", errno.errorcode.get(e.errno, e.errno), flush=True)
except MemoryError:
    print("REFUSED ENOMEM", flush=True)
except RuntimeError as e:
    print("REFUSED EAGAIN" if "thread" in str(e) else "FAULT %%s" %% e, flush=True)
print("THE END", flush=True)
"""


def program(code):
    return PRELUDE % "\n".join("    " + line for line in code.strip("\n").split("\n"))


def attempt(name, code, outcome, *options):
    assert name not in [a[0] for a in ATTEMPTS], name
    ATTEMPTS.append((name, code, outcome, options))


# --- the network ------------------------------------------------------------------------------------------------------
for family, number in dict(inet=2, inet6=10, unix=1, netlink=16, packet=17, vsock=40, alg=38, bluetooth=31, key=15, can=29,
                           tipc=30, xdp=44, smc=43, rds=21, ax25=3, x25=9, nfc=39, caif=37, kcm=41, qipcrtr=42).items():
    for kind in (1, 2, 3) if family in ("inet", "unix") else (3,) if family in ("packet", "netlink") else (1,):
        attempt("a %s socket of type %d" % (family, kind), "call(41, %d, %d, 0); escaped()" % (number, kind), "blocked")
attempt("an icmp socket", "call(41, 2, 2, 1); escaped()", "blocked")
attempt("a page of the web", "import urllib.request; urllib.request.urlopen('http://93.184.216.34/', timeout=3); escaped()", "blocked")
attempt("the cloud's metadata", "import http.client; http.client.HTTPConnection('169.254.169.254', timeout=2).request('GET', '/'); escaped()",
        "blocked")
attempt("a name looked up", "import socket; socket.getaddrinfo('example.com', 80); escaped()", "blocked")
attempt("a port listened to", "import socket; socket.create_server(('127.0.0.1', 0)); escaped()", "blocked")
attempt("a pair's end bound to an abstract name", "import socket; a, b = socket.socketpair(); call(49, a.fileno(), b'\\1\\0\\0x', 4); escaped()", "blocked")
attempt("a pair's end connected to a path", "import socket; a, b = socket.socketpair(); call(42, a.fileno(), b'\\1\\0/x\\0', 5); escaped()", "blocked")
attempt("a pair's end that listens", "import socket; a, b = socket.socketpair(); call(50, a.fileno(), 1); escaped()", "blocked")
attempt("a pair's end that accepts", "import socket; a, b = socket.socketpair(); call(43, a.fileno(), 0, 0); escaped()", "blocked")
attempt("a datagram to an abstract name", "import socket; a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); "
        "call(44, a.fileno(), b'x', 1, 0, b'\\1\\0\\0x', 4); escaped()", "EPERM")
attempt("a pair of internet sockets", "call(53, 2, 1, 0, ctypes.byref((ctypes.c_int * 2)())); escaped()", "EPERM")
attempt("descriptors sent through a pair", "import socket, array; a, b = socket.socketpair(); "
        "a.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0]))]); escaped()", "EPERM")
attempt("many messages at once", "import socket; a, b = socket.socketpair(); call(307, a.fileno(), 0, 0, 0); escaped()", "blocked")
attempt("an option of a socket set", "import socket; a, b = socket.socketpair(); a.setsockopt(1, 32, 1 << 30); escaped()", "EPERM")

# --- files of the host -------------------------------------------------------------------------------------------------
for path in ("/etc/shadow", "/etc/passwd", "/root/.bashrc", "/root/.ssh/id_rsa", "/proc/1/environ", "/proc/self/maps", "/proc/kcore",
             "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper", "/var/log/dpkg.log", "/run/docker.sock",
             "/var/run/docker.sock", "/etc/resolv.conf", "/etc/hosts", "/boot/vmlinuz", "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda",
             "/dev/tty", "/dev/ptmx", "/dev/fuse", "/dev/kvm", "/dev/net/tun", "/dev/loop-control", "/dev/shm/x",
             "/box/work/../../../etc/shadow", "/usr/../etc/shadow", "/sys/fs/cgroup/release_agent"):
    attempt("%s read" % path, "open(%r, 'rb').read(1); escaped()" % path, "ENOENT EACCES ENOTDIR")
for path in ("/home", "/root", "/var", "/run", "/proc", "/sys", "/mnt", "/srv", "/opt", "/media", "/boot"):
    attempt("%s listed" % path, "escaped(os.listdir(%r))" % path, "ENOENT EACCES")
attempt("the host's folders in the root", "\nfor name in os.listdir('/'):\n    if name in ('root', 'home', 'var', 'proc', 'sys', 'run', 'work'): escaped(name)", "harmless")
for name, code in {
        "a file made in the root": "open('/x', 'w')", "a file made in /usr": "open('/usr/x', 'w')", "a file made in /etc": "open('/etc/x', 'w')",
        "a file made in /dev": "open('/dev/x', 'w')", "the first program overwritten": "open('/enter', 'r+b')",
        "Python overwritten": "open('/usr/bin/python3.11', 'r+b')", "Python removed": "os.unlink('/usr/bin/python3.11')",
        "Python renamed": "os.rename('/usr/bin/python3.11', '/usr/bin/x')", "a library's mode changed": "os.chmod('/usr/bin/python3.11', 0o777)",
        "a library's owner changed": "os.chown('/usr/bin/python3.11', 1000, 1000)", "a folder removed": "os.rmdir('/dev')",
        "the writable folder moved": "os.rename('/box', '/y')", "/bin pointed elsewhere": "os.unlink('/bin')",
        "times of a library set": "os.utime('/usr/bin/python3.11')", "a library cut": "os.truncate('/usr/bin/python3.11', 0)",
        "a hard link to a program of the system": "os.link('/usr/bin/su', '/box/work/su')",
        "an attribute of a library set": "os.setxattr('/usr/bin/python3.11', 'user.x', b'y')"}.items():
    attempt(name, code + "; escaped()", "EROFS EACCES EPERM EXDEV ENOENT EBUSY")
attempt("a symbolic link to the host's secrets followed", "os.symlink('/etc/shadow', 'l'); open('l').read(); escaped()", "ENOENT EACCES")
attempt("a symbolic link to the parent of all", "os.symlink('../' * 40 + 'etc/shadow', 'l'); open('l').read(); escaped()", "ENOENT EACCES")
attempt("descriptors left open", "\nimport fcntl\nfor n in range(3, 4096):\n    try: fcntl.fcntl(n, fcntl.F_GETFD)\n    except OSError: continue\n    escaped(n)", "harmless")
attempt("where the standard streams lead", "\nfor n in range(3):\n    import stat\n    if not stat.S_ISFIFO(os.fstat(n).st_mode): escaped(n)", "harmless")
attempt("standard input read as a folder", "os.open('.', os.O_RDONLY, dir_fd=0); escaped()", "ENOTDIR")
attempt("a handle of a file opened", "call(304, -100, b'x' * 64, 0); escaped()", "blocked")
attempt("a handle of a file made", "call(303, -100, b'/', b'x' * 64, b'x' * 8, 0); escaped()", "blocked")
attempt("the environment's secrets", "\nfor name, value in os.environ.items():\n    if 'KEY' in name or 'ASSAY' in name or 'hostsecret' in value: escaped(name)", "harmless")
attempt("the program's name betrays the host", "\nif 'assay-test' in ' '.join(sys.argv) or '/tmp/' in __file__: escaped(__file__)", "harmless")
attempt("the user behind the mapping", "\nif os.getuid() == 0 or os.geteuid() == 0 or 0 in os.getgroups(): escaped()", "harmless")
attempt("the host's name", "\nif os.uname().nodename != 'box': escaped(os.uname().nodename)", "harmless")

# --- devices, links, set-id ------------------------------------------------------------------------------------------------
attempt("a block device made", "os.mknod('d', 0o60666, os.makedev(254, 0)); escaped()", "blocked")
attempt("a character device made", "call(133, b'd', 0o20666, 0x103); escaped()", "blocked")
attempt("a pipe with a name", "os.mkfifo('p'); escaped()", "blocked")
attempt("a program that shall run as its owner", "open('s', 'w').close(); os.chmod('s', 0o4777); os.execv('/box/work/s', ['s']); escaped()", "blocked")
for name, number, args in (("setuid", 105, "0"), ("setgid", 106, "0"), ("setreuid", 113, "0, 0"), ("setresuid", 117, "0, 0, 0"),
                           ("setgroups", 116, "0, 0"), ("setfsuid", 122, "0"), ("capset", 126, "0, 0"), ("personality", 135, "0x40000"),
                           ("setpriority", 141, "0, 0, -20"), ("sched_setscheduler", 144, "0, 1, b'\\1\\0\\0\\0'"), ("ioprio_set", 251, "1, 0, 0"),
                           ("mlockall", 151, "3"), ("mlock", 149, "0x10000, 4096"), ("setrlimit", 160, "7, b'\\xff' * 16"),
                           ("prlimit64", 302, "0, 7, b'\\xff' * 16, 0"), ("sched_setaffinity", 203, "0, 8, b'\\xff' * 8"),
                           ("landlock_create_ruleset", 444, "0, 0, 1"), ("inotify_init1", 294, "0"), ("vmsplice", 278, "1, 0, 0, 0"),
                           ("splice", 275, "0, 0, 1, 0, 1, 0"), ("tee", 276, "0, 1, 1, 0"), ("memfd_create", 319, "b'x', 0"),
                           ("pidfd_open", 434, "1, 0"), ("pidfd_send_signal", 424, "3, 9, 0, 0"), ("rt_sigqueueinfo", 129, "1, 9, 0"),
                           ("timer_create", 222, "0, 0, 0"), ("setsid", 112, ""), ("setpgid", 109, "0, 0"), ("get_mempolicy", 239, "0, 0, 0, 0, 0"),
                           ("mseal or what is newer", 462, "0, 0, 0"), ("a number no kernel has", 1999, "")):
    attempt("the call %s" % name, "call(%d%s); escaped()" % (number, ", " + args if args else ""), "EPERM")
for name, option, argument in (("its parent's death", 1, 9), ("a core file", 4, 1), ("seccomp loosened", 22, 0), ("its memory's map", 35, 1),
                               ("being a reaper", 36, 1), ("secure bits", 28, 0), ("tracers allowed", 0x59616d61, -1), ("capabilities kept", 8, 1)):
    attempt("prctl: %s" % name, "call(157, %d, %d, 0, 0, 0); escaped()" % (option, argument), "EPERM")

# --- other programs, other processes ------------------------------------------------------------------------------------------
attempt("fork", "os.fork(); escaped()", "EPERM")
attempt("vfork and its kin by subprocess", "import subprocess; subprocess.run(['/bin/true']); escaped()", "EPERM blocked")
attempt("posix_spawn", "os.posix_spawn('/bin/true', ['true'], {}); escaped()", "EPERM blocked")
attempt("the shell", "\nif os.system('true') == 0: escaped()", "harmless")
attempt("exec of a shell", "os.execv('/bin/sh', ['sh', '-c', 'echo ESCAPED']); escaped()", "blocked")
attempt("exec of itself", "os.execv('/usr/bin/python3', ['python3', '-c', 'print(\"ESCAPED\")']); escaped()", "blocked")
attempt("execveat of a path", "call(322, -100, b'/bin/true', 0, 0, 0); escaped()", "blocked")
attempt("execveat through the number of the start", "call(322, 999, b'', 0, 0, 0x1000); escaped()", "EBADF EFAULT")
attempt("execveat through a descriptor", "call(322, os.open('/bin/true', 0), b'', 0, 0, 0x1000); escaped()", "blocked")
attempt("a descriptor at the number of the start by dup2", "os.dup2(os.open('/bin/true', 0), 999); call(322, 999, b'', 0, 0, 0x1000); escaped()", "EBADF")
attempt("a descriptor at the number of the start by fcntl", "import fcntl; fcntl.fcntl(os.open('/bin/true', 0), fcntl.F_DUPFD, 999); escaped()", "EINVAL")
for name, flag in dict(user=0x10000000, mount=0x20000, pid=0x20000000, net=0x40000000, ipc=0x8000000, uts=0x4000000, cgroup=0x2000000).items():
    attempt("clone into a new %s namespace" % name, "call(56, %d, 0, 0, 0, 0); escaped()" % (flag | 17), "EPERM")
    attempt("unshare of the %s namespace" % name, "call(272, %d); escaped()" % flag, "blocked")
    attempt("a thread in a new %s namespace" % name, "call(56, %d, 0, 0, 0, 0); escaped()" % (flag | 0x50f00), "EPERM")
attempt("clone3", "call(435, b'\\0' * 88, 88); escaped()", "ENOSYS")
attempt("setns", "call(308, 0, 0); escaped()", "blocked")
attempt("ptrace of its parent", "call(101, 16, 1, 0, 0); escaped()", "blocked")
attempt("ptrace of itself", "call(101, 0, 0, 0, 0); escaped()", "blocked")
attempt("another's memory read", "call(310, 1, 0, 0, 0, 0, 0); escaped()", "blocked")
attempt("another's memory written", "call(311, 1, 0, 0, 0, 0, 0); escaped()", "blocked")
attempt("another's descriptors", "call(438, 0, 0, 0); escaped()", "blocked")
attempt("kcmp", "call(312, 1, 1, 0, 0, 0); escaped()", "blocked")
attempt("a signal to the parent", "os.kill(os.getppid(), 9); escaped()", "EPERM")
attempt("a signal to everybody", "os.kill(-1, 9); escaped()", "EPERM")
attempt("a thread's signal to the first process", "call(234, 1, 1, 9); time.sleep(0.1); escaped() if os.getppid() != 1 else print('REFUSED EPERM')", "EPERM")
attempt("a signal to a process of the host", "\nfor pid in range(300, 2000):\n    try: call(234, pid, pid, 0); escaped(pid)\n    except OSError: pass", "harmless")
attempt("the owner of a pipe's signals set", "import fcntl; fcntl.fcntl(0, fcntl.F_SETOWN, 1); escaped()", "EPERM")
attempt("a pipe made huge", "import fcntl; r, w = os.pipe(); fcntl.fcntl(w, 1031, 1 << 20); escaped()", "EPERM")
attempt("a terminal's input forged", "import fcntl; fcntl.ioctl(0, 0x5412, b'x'); escaped()", "EPERM ENOTTY")
attempt("a terminal taken over", "import fcntl; fcntl.ioctl(0, 0x540e, 1); escaped()", "EPERM")
attempt("an ioctl with its upper half dirty", "call(16, 0, 0x5412 | 1 << 32, b'x'); escaped()", "EPERM ENOTTY")

# --- doors of the kernel -----------------------------------------------------------------------------------------------------------
for name, number in dict(mount=165, umount2=166, pivot_root=155, chroot=161, open_tree=428, move_mount=429, fsopen=430, fsconfig=431,
                         fsmount=432, fspick=433, mount_setattr=442, bpf=321, perf_event_open=298, userfaultfd=323, io_uring_setup=425,
                         io_uring_enter=426, io_uring_register=427, io_setup=206, io_submit=209, keyctl=250, add_key=248, request_key=249,
                         init_module=175, finit_module=313, delete_module=176, kexec_load=246, kexec_file_load=320, reboot=169, swapon=167,
                         swapoff=168, syslog=103, acct=163, quotactl=179, settimeofday=164, clock_settime=227, adjtimex=159, sethostname=170,
                         setdomainname=171, iopl=172, ioperm=173, modify_ldt=154, fanotify_init=300, vhangup=153, seccomp=317,
                         memfd_secret=447, shmget=29, shmat=30, semget=64, msgget=68, mq_open=240, mq_unlink=241, uselib=134,
                         process_madvise=440).items():
    attempt("the door %s" % name, "call(%d, 0, 0, 0, 0, 0); escaped()" % number, "blocked")
attempt("an old 32-bit call", "machine_code(b'\\xb8\\x14\\0\\0\\0\\xcd\\x80\\xc3')(); escaped()", "blocked signalled")     # a kernel without the old calls faults
attempt("a 32-bit call to make a socket", "machine_code(b'\\xb8\\x67\\1\\0\\0\\xbb\\2\\0\\0\\0\\xb9\\1\\0\\0\\0\\x31\\xd2\\xcd\\x80\\xc3')(); escaped()", "blocked signalled")
attempt("an x32 call", "call(0x40000000 | 39); escaped()", "blocked")
attempt("an x32 call to exec", "call(0x40000000 | 520, b'/bin/true', 0, 0); escaped()", "blocked")

# --- using things up (the limits these meet are measured in sandbox.py) --------------------------------------------------------------
attempt("memory", "x = []\nwhile True: x.append(bytearray(1 << 20))", "ENOMEM")
attempt("one huge list", "x = [0] * 10**10; escaped()", "ENOMEM")
attempt("memory by maps", "x = []\nwhile True: x.append(mmap.mmap(-1, 1 << 24, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS))", "ENOMEM")
attempt("memory by pipes", "x = []\nwhile True:\n    r, w = os.pipe(); os.set_blocking(w, False); x += [r, w]; os.write(w, b'x' * 65536)", "EMFILE")
attempt("memory by socket pairs", "import socket\nx = []\nwhile True:\n    a, b = socket.socketpair(); a.setblocking(False); x += [a, b]\n    try: a.send(b'x' * (1 << 20))\n    except BlockingIOError: pass", "EMFILE")
attempt("the disk", "f = open('x', 'wb')\nwhile True: f.write(b'x' * 65536)", "ENOSPC EFBIG", "--disk", "1M")
attempt("the disk by many files", "\nfor n in range(10**6):\n    with open('f%d' % n, 'wb') as f: f.write(b'x' * 65536)", "ENOSPC", "--disk", "1M")
attempt("the disk in the folder for temporary files", "f = open('/tmp/x', 'wb')\nwhile True: f.write(b'x' * 65536)", "ENOSPC EFBIG", "--disk", "1M")
attempt("a sparse file of a terabyte", "os.truncate(os.open('x', os.O_CREAT | os.O_RDWR), 1 << 40); escaped()", "EFBIG")
attempt("a file reserved", "os.posix_fallocate(os.open('x', os.O_CREAT | os.O_RDWR), 0, 1 << 40); escaped()", "EFBIG ENOSPC")
attempt("inodes", "\nfor n in range(10**6): open('f%d' % n, 'w').close()", "ENOSPC", "--inodes", "500")
attempt("inodes by links", "open('a', 'w').close()\nfor n in range(10**6): os.symlink('a', 'l%d' % n)", "ENOSPC", "--inodes", "500")
attempt("folders without end", "\nwhile True: os.mkdir('d'); os.chdir('d')", "ENOSPC", "--inodes", "500")
attempt("threads", "import threading\nwhile True: threading.Thread(target=time.sleep, args=(9,), daemon=True).start()", "EAGAIN")
attempt("a fork bomb", "while True: os.fork()", "EPERM")
attempt("descriptors", "x = []\nwhile True: x.append(open('/dev/null'))", "EMFILE")
attempt("output without end", "while True: os.write(1, b'x' * 65536)", "output", "--output", "64k")
attempt("errors without end", "while True: os.write(2, b'x' * 65536)", "output", "--output", "64k")
attempt("a time bomb that sleeps", "time.sleep(1000)", "time", "--time", "300ms")
attempt("a loop", "while True: pass", "cpu-time", "--cpu-time", "1")
attempt("a loop that ignores the warning", "import signal; signal.signal(24, signal.SIG_IGN)\nwhile True: pass", "cpu-time", "--cpu-time", "1")
attempt("threads that loop", "import threading; threading.stack_size(1 << 18)\ndef spin():\n    while True: pass\nfor _ in range(8): threading.Thread(target=spin).start()", "cpu-time", "--cpu-time", "1")
attempt("a program that stops itself", "call(234, os.getpid(), os.getpid(), 19)", "time", "--time", "300ms")
attempt("signals held back", "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); time.sleep(1000)", "time", "--time", "300ms")
attempt("recursion without end", "sys.setrecursionlimit(10**9)\ndef f(n): return f(n + 1) + f(n)\nf(0)", "signalled ENOMEM exited")
attempt("a pattern that never ends", "import re; re.match(r'(a+)+$', 'a' * 40 + 'b')", "cpu-time", "--cpu-time", "1")
attempt("a number without end", "x = 9\nwhile True: x **= 9", "cpu-time ENOMEM", "--cpu-time", "1")
attempt("a core file", "os.abort()", "signalled")
attempt("standard streams closed, then the network", "os.close(0); os.close(1); os.close(2); call(41, 2, 1, 0)", "blocked")

# In gVisor some end otherwise: what is read is gVisor's own (None), its kernel gives another error, or its start, some 300
# ms, is more than the time that the attempt has (None).
IN_GVISOR = {
    "/proc/1/environ read": None, "/proc/self/maps read": None, "/proc listed": None, "/sys listed": None, "/dev/ptmx read": None,
    "the host's folders in the root": None, "the user behind the mapping": None, "a time bomb that sleeps": None,
    "a program that stops itself": None, "signals held back": None,
    "/dev/tty read": "EIO", "/dev/fuse read": "EPERM", "/dev/net/tun read": "EBADFD",
    "a descriptor at the number of the start by dup2": "EMFILE", "a descriptor at the number of the start by fcntl": "EMFILE",
    "a thread's signal to the first process": "signalled", "recursion without end": "signalled ENOMEM exited cpu-time",
}
