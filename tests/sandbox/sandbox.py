"""tests/sandbox/sandbox.py: hostile programs in the sandbox, as root and as an ordinary user; limits; nothing left behind."""
import collections
import concurrent.futures
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import whole  # noqa: E402
from escapes import ATTEMPTS, IN_GVISOR, program  # noqa: E402
from storm import storm  # noqa: E402
from whole import Home, test, main  # noqa: E402

TIGHT = ["--memory", "64M", "--pids", "32", "--time", "8", "--cpu-time", "5"]
# A place every user can reach, with a copy of the program: the build folder may be root's alone.
PLACE = tempfile.mkdtemp(prefix="assay-test-sandbox-")
os.chmod(PLACE, 0o755)
ASSAY = os.path.join(PLACE, "assay")
shutil.copy(whole.ASSAY, ASSAY)
os.chmod(ASSAY, 0o755)
ROOT = os.geteuid() == 0
USERS = ["root", "nobody"] if ROOT and shutil.which("runuser") else ["root" if ROOT else "me"]
SECRET = "hostsecret-4711"


def isolates(user):
    """Whether this machine can isolate a guest of this user's, by the doctor's trial."""
    command = [ASSAY, "sandbox", "doctor", "--json"]
    told = subprocess.run(["runuser", "-u", "nobody", "--", *command] if user == "nobody" else command, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd=PLACE, timeout=60)
    ready = bool(told.stdout) and json.loads(told.stdout)["ready"]
    if not ready:
        why = [f for f in json.loads(told.stdout)["findings"] if f["here"] == "no"] if told.stdout else []
        print("SKIPPED for %s: this machine can't isolate: %s" % (user, "; ".join("%s: %s" % (f["isolation"], f["found"]) for f in why)), flush=True)
    return ready


USERS = [user for user in USERS if isolates(user)]
GVISOR = ["--with", "runsc"]
if not USERS:
    shutil.rmtree(PLACE, ignore_errors=True)
    print("0 passed, 0 failed, %d skipped" % len(ATTEMPTS))
    sys.exit(0)


def found(name):
    """What doctor says of one isolation."""
    told = subprocess.run([ASSAY, "sandbox", "doctor", "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
    return [f for f in json.loads(told.stdout)["findings"] if f["isolation"] == name][0]


HAS_GVISOR = found("gVisor")["here"] == "yes"
if not HAS_GVISOR:
    print("SKIPPED: no guest is run in gVisor: %s" % found("gVisor")["found"], flush=True)


def sandbox(user, source, *options, args=(), name="hostile.py", **env):
    """The sandbox's answer to a program, by `user`: what --json says, or the sentence and exit status of a refusal."""
    folder = tempfile.mkdtemp(prefix="p", dir=PLACE)
    os.chmod(folder, 0o755)
    path = os.path.join(folder, name)
    with open(path, "w" if isinstance(source, str) else "wb") as f:
        f.write(source)
    os.chmod(path, 0o755)
    command = [ASSAY, "sandbox", "run", path, "--json", *map(str, options), "--", *args]
    if user == "nobody":
        command = ["runuser", "-u", "nobody", "--", *command]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60, cwd=PLACE,
                         env={**os.environ, "OPENAI_API_KEY": SECRET, "ASSAY_TEST_SECRET": SECRET, "HOME": PLACE, **env})
    shutil.rmtree(folder)
    if ran.returncode not in (0, 1):
        return {"exit": ran.returncode, "says": ran.stderr.decode()}
    return {"exit": ran.returncode, **json.loads(ran.stdout)}


def judge(got, outcome):
    """Why an attempt did not end as it must; empty when it did."""
    if "ended" not in got:
        return "it was not run: %s" % got["says"]
    out = got["output"]
    if not out.startswith("TRIED"):
        return "it never tried: %r %r" % (out, got["errors"])
    if "ESCAPED" in out + got["errors"] or SECRET in out + got["errors"]:
        return "it escaped: %s" % out[:300]
    wanted = outcome.split()
    if got["ended"] in wanted:
        return ""
    refused = [line.split()[1] for line in out.splitlines() if line.startswith("REFUSED")]
    if refused and refused[0] in wanted:
        return ""
    if "harmless" in wanted and "THE END" in out and not refused:
        return ""
    return "it ended as %s %s, wanted %s: %s %s" % (got["ended"], refused, outcome, out[-200:], got["errors"][-400:])


POOL = concurrent.futures.ThreadPoolExecutor(max_workers=3)         # most attempts wait more than they compute
AHEAD = collections.deque()                                         # attempts that are begun before their turn


def escape_test(user, name, code, outcome, options):
    def begin():
        return POOL.submit(sandbox, user, program(code), *TIGHT, *options)

    def run():
        while AHEAD and len(begun) < 6:
            other, start = AHEAD.popleft()
            begun[other] = start()
        mine = begun.pop(run.__name__, None) or begin()
        why = judge(mine.result(), outcome)
        assert not why, why
    run.__name__ = "escape as %s%s: %s" % (user, ", in gVisor" if "runsc" in options else "", name)
    AHEAD.append((run.__name__, begin))
    return run


begun = {}


if platform.machine() == "x86_64":
    for user in USERS:
        for name, code, outcome, options in ATTEMPTS:
            test(escape_test(user, name, code, outcome, options))
    for user in USERS if HAS_GVISOR else ():        # a start takes ten times as long: some, or with SANDBOX_ALL=1 all
        some = slice(None) if os.environ.get("SANDBOX_ALL") else slice(USERS.index(user), None, 12)
        for name, code, outcome, options in ATTEMPTS[some]:
            if IN_GVISOR.get(name, outcome):
                test(escape_test(user, name, code, IN_GVISOR.get(name, outcome), (*options, *GVISOR)))
else:
    print("SKIPPED: the attempts know the numbers of system calls on x86-64 only", flush=True)


# --- how exactly limits are met --------------------------------------------------------------------------------------
MEMORY = """
import mmap
maps = []
try:
    while True: maps.append(mmap.mmap(-1, 65536, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
except OSError: print(len(maps) * 65536)
"""
DISK = "import os\nn = 0\nf = open('/box/tmp/f', 'wb', 0)\ntry:\n    while True: n += f.write(b'x' * 1024)\nexcept OSError: print(n)"
INODES = "n = 0\ntry:\n    while True:\n        open('f%d' % n, 'w').close(); n += 1\nexcept OSError: print(n)"
THREADS = "import threading, time; threading.stack_size(1 << 16)\nn = 1\ntry:\n    while True:\n        threading.Thread(target=time.sleep, args=(9,), daemon=True).start(); n += 1\nexcept RuntimeError: print(n)"
OPEN = "f = []\ntry:\n    while True: f.append(open('/dev/null'))\nexcept OSError: print(len(f) + 3)"
PROCESSOR = "import time\nlast = 0\nwhile True:\n    now = time.process_time()\n    if now - last > 0.001: print('%8.4f' % now); last = now"


HIT = []                                # the limits that tests hit, by the names of SANDBOX_LIMITS


def hits(*names):
    HIT.extend(names)
    return lambda fn: fn


def near(got, limit, low=0.95, high=1):
    """What was measured is at most the limit, and at most 5 % less; a fixed cost is the test's to name."""
    assert limit * low <= got <= limit * high, "%s, and the limit is %s" % (got, limit)


@test
@hits("memory")
def memory_is_bounded_within_five_percent():
    for limit in (64 << 20, 128 << 20):
        few = sandbox("root" if ROOT else "me", MEMORY, "--memory", limit)
        own = 16 << 20                      # the interpreter and its libraries, mapped
        got = int(few["output"])
        assert limit - own <= got <= limit, (got, limit)
    steps = [int(sandbox(USERS[-1], MEMORY, "--memory", limit)["output"]) for limit in (64 << 20, 128 << 20)]
    near(steps[1] - steps[0], 64 << 20)


@test
@hits("cpu-time")
def processor_time_is_bounded_within_five_percent():
    for user in USERS:
        for limit in (0.3, 1):
            got = [sandbox(user, PROCESSOR, "--cpu-time", "%dms" % (limit * 1000), "--time", 60) for _ in range(3)]
            assert all(one["ended"] == "cpu-time" for one in got), got
            used = [float(one["output"].rstrip("\n").split("\n")[-1]) for one in got]
            near(min(used), limit)
            near(max(used), limit, high=1.25)       # the first process must be woken to end it; the machine may be busy with others


@test
@hits("time")
def the_wall_clock_is_never_early_and_soon_enough():
    for user in USERS:
        took = [sandbox(user, "import time; time.sleep(60)", "--time", "2") for _ in range(3)]
        assert all(got["ended"] == "time" for got in took), took
        near(min(got["wall_ms"] for got in took), 2000, low=1, high=1.25)       # the machine may be busy with others


@test
@hits("output")
def output_is_bounded_exactly_and_what_came_before_is_kept():
    for stream in (1, 2):
        got = sandbox(USERS[-1], "import os\nwhile True: os.write(%d, b'0123456789')" % stream, "--output", "100000")
        assert got["ended"] == "output" and len(got["output" if stream == 1 else "errors"]) == 100000, got["ended"]
    got = sandbox(USERS[-1], "print('x' * 99999)", "--output", "100000")
    assert got["ended"] == "exited" and len(got["output"]) == 100000, got["ended"]


@test
@hits("disk", "file-size", "inodes")
def the_disk_the_size_of_files_and_inodes_are_bounded_within_five_percent():
    for user in USERS:
        near(int(sandbox(user, DISK, "--disk", "4M")["output"]), 4 << 20)
        near(int(sandbox(user, DISK, "--disk", "8M", "--file-size", "1M")["output"]), 1 << 20)
        made = sandbox(user, INODES, "--inodes", 200)
        near(int(made["output"]), 200)


@test
@hits("pids")
def processes_and_threads_are_bounded_exactly():
    for user in USERS:
        for limit in (8, 32):
            got = sandbox(user, THREADS, "--pids", limit, "--memory", "256M")
            assert got["output"].strip() == str(limit), (user, limit, got)


@test
@hits("open-files")
def open_files_are_bounded_exactly():
    for user in USERS:
        for limit in (8, 64, 512):
            assert sandbox(user, OPEN, "--open-files", limit)["output"] == "%d\n" % limit


@test
@hits("cpus")
def processors_are_bounded_exactly():
    here = len(os.sched_getaffinity(0))
    for user in USERS:
        for limit in (1, 2):
            got = sandbox(user, "import os; print(len(os.sched_getaffinity(0)))", "--cpus", limit)
            assert got["output"] == "%d\n" % min(limit, here), got
    # Two threads that hash without Python's lock: on one processor they get no more of it than there is wall.
    busy = "import hashlib, threading, time\ndef work():\n    end = time.monotonic() + 1\n    while time.monotonic() < end: hashlib.sha256(bytes(1 << 20)).digest()\n" \
           "all = [threading.Thread(target=work) for _ in range(2)]\nwall, cpu = time.monotonic(), time.process_time()\n" \
           "for t in all: t.start()\nfor t in all: t.join()\nprint((time.process_time() - cpu) / (time.monotonic() - wall))"
    got = sandbox(USERS[-1], busy, "--cpus", 1)
    assert float(got["output"]) <= 1.02, got            # the two clocks are not read at once


@test
@hits("collect", "collect-bytes")
def what_is_collected_is_bounded_exactly():
    code = "for n in range(30): open('f%02d' % n, 'w').write('x' * 1000)"
    for user in USERS:
        for count in (0, 7, 30):
            got = sandbox(user, code, "--collect", count)
            assert len(got["files"]) == count, got["files"]
        for most, taken in ((5000, 5), (4999, 4), (999, 0), (30000, 30)):
            got = sandbox(user, code, "--collect", 100, "--collect-bytes", most)
            assert sum(f["bytes"] for f in got["files"]) == taken * 1000, got["files"]


@test
def every_limit_there_is_has_a_test_that_hits_it():
    header = open(os.path.join(whole.ROOT, "src/sandbox/sandbox.h")).read()
    names = re.findall(r'^    X\(\w+, +"([\w-]+)"', header, re.M)
    assert sorted(names) == sorted(HIT) and len(names) >= 12, (names, HIT)


# --- programs that may start others ------------------------------------------------------------------------------------
STARTING = ROOT and " memory" in found("control groups")["found"]
SH = "#!/bin/sh\n"


@test
def a_script_may_start_programs_where_it_was_allowed():
    if not STARTING:
        print("SKIPPED: no memory group here")
        return
    got = sandbox("root", SH + "echo a b | tr a-z A-Z > made; cat made; id -u; cat /proc/self/status | grep NoNewPrivs", "--allow-exec", name="s.sh")
    assert got["output"] == "A B\n1000\nNoNewPrivs:\t1\n", got
    assert got["files"] == [{"path": "made", "bytes": 4}], got


@test
def a_program_that_starts_others_is_refused_without_a_memory_group():
    if "nobody" not in USERS:
        return
    got = sandbox("nobody", SH + "true", "--allow-exec", name="s.sh")
    assert got["exit"] == 4 and "memory control group" in got["says"], got


def escape_starting(name, script, check, *options):
    def run():
        if not STARTING:
            print("SKIPPED: no memory group here")
            return
        got = sandbox("root", SH + "echo TRIED\n" + script, "--allow-exec", *TIGHT, *options, name="s.sh")
        assert "TRIED" in got.get("output", ""), got
        assert "ESCAPED" not in got["output"], got
        assert check(got), got
    run.__name__ = "escape by programs: " + name
    test(run)


@test
def memory_and_processes_of_a_group_are_bounded():
    if not STARTING:
        print("SKIPPED: no memory group here")
        return
    touch = "#!/usr/bin/python3\nx = []\nwhile True: x.append(b'y' * 65536); print(len(x) * 65536, flush=True)"
    touched = []
    for limit in (32 << 20, 64 << 20, 128 << 20):
        got = sandbox("root", touch, "--allow-exec", "--memory", limit)
        assert got["ended"] == "memory" and got["memory_peak_bytes"] <= limit, (got["ended"], got["memory_peak_bytes"])
        near(got["memory_peak_bytes"], limit)
        touched.append(int(got["output"].rstrip("\n").split("\n")[-1]))
        assert limit - (12 << 20) <= touched[-1] <= limit, (touched, limit)         # the interpreter, bubblewrap
    near(touched[2] - touched[1], 64 << 20, high=1.05)
    fork = "#!/usr/bin/python3\nimport os, time\nn = 1\ntry:\n    while True:\n        if os.fork() == 0: time.sleep(20); os._exit(0)\n        n += 1\nexcept OSError: print(n)"
    for limit in (4, 32):
        got = sandbox("root", fork, "--allow-exec", "--pids", limit)
        assert got["output"] == "%d\n" % limit, got


done = lambda got: got["ended"] == "exited"                         # noqa: E731
escape_starting("a fork bomb", "bomb() { bomb | bomb & }; bomb; sleep 60", lambda got: got["ended"] in ("time", "exited"), "--time", "2")
escape_starting("what it leaves running", "setsid sleep 4711 & nohup sleep 4711 & (sleep 4711 &) & exit 0", done)
escape_starting("memory of many processes together", "for i in 1 2 3 4 5 6; do python3 -c 'x = bytearray(20 << 20); import time; time.sleep(3)' & done; wait",
                lambda got: got["ended"] in ("memory", "exited") and got["memory_peak_bytes"] <= 68 << 20)
escape_starting("memory of one process", "exec python3 -c 'x = bytearray(200 << 20); print(\"ESCAPED\")'", lambda got: got["ended"] == "memory")
escape_starting("su", "su -c id && echo ESCAPED", done)
escape_starting("mount", "mount -t tmpfs x /box/tmp && echo ESCAPED", done)
escape_starting("unshare", "unshare -r id && echo ESCAPED", done)
escape_starting("a set-id copy", "cp /usr/bin/id x; chmod 6755 x; ./x -u | grep -q 1000 || echo ESCAPED", done)
escape_starting("the first process killed", "kill -9 1; kill -9 -1; kill -STOP 1; [ -d /proc/1 ] || echo ESCAPED", done)
escape_starting("the first process's memory", "cat /proc/1/mem /proc/1/environ /proc/1/maps > /dev/null 2>&1 && echo ESCAPED", done)
escape_starting("the first process's files", "ls /proc/1/root /proc/1/cwd /proc/1/fd > /dev/null 2>&1 && echo ESCAPED", done)
escape_starting("another bubblewrap", "bwrap --ro-bind / / true && echo ESCAPED", done)
escape_starting("the kernel's settings", "for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/vm/drop_caches; do (echo 1 > $f) 2>/dev/null && echo ESCAPED; done; true", done)
escape_starting("the host's processes", "for p in /proc/[0-9]*; do n=${p#/proc/}; [ $n -gt 200 ] && echo ESCAPED; done; true", done)
escape_starting("the network by a program", "python3 -c 'import socket; socket.socket(); print(\"ESCAPED\")'", done)
escape_starting("the loader run by hand", "/lib64/ld-linux-x86-64.so.2 /usr/bin/python3 -c 'import socket; socket.socket(); print(\"ESCAPED\")'", done)
escape_starting("a debugger", "python3 -c 'import ctypes; ctypes.CDLL(None).ptrace(16, 1, 0, 0); print(\"ESCAPED\")'", done)
escape_starting("a zombie flood", "python3 -c 'import os\nfor i in range(500):\n    try:\n        if os.fork() == 0: os._exit(0)\n    except OSError: print(\"full\", i); break'", done)


# --- files -------------------------------------------------------------------------------------------------------------------
def free_folder(user):
    folder = tempfile.mkdtemp(prefix="out", dir=PLACE)
    if user == "nobody":
        shutil.chown(folder, "nobody")
    return folder


@test
def files_are_collected_within_their_bounds():
    code = "import os\nfor n in range(30): open('f%02d' % n, 'w').write('x' * 100)\nos.makedirs('a/b'); open('a/b/c', 'w').write('deep'); open('big', 'w').write('x' * 5000)"
    for user in USERS:
        out = free_folder(user)
        got = sandbox(user, code, "--out", out, "--collect", "5", "--collect-bytes", "4096")
        assert [f["path"] for f in got["files"]] == ["a/b/c", "f00", "f01", "f02", "f03"], got["files"]
        assert open(out + "/a/b/c").read() == "deep" and len(os.listdir(out)) == 5
        left = {f["path"]: f["why"] for f in got["left"]}
        assert "larger" in left["big"] and "more files" in left["f29"], left


@test
def what_is_no_plain_file_is_left_and_no_link_is_followed():
    code = "import os\nos.symlink('/etc/passwd', 'link'); os.symlink('/etc', 'folder'); os.symlink('link', 'loop'); os.makedirs('d'); os.symlink('../..', 'd/up'); open('x\\x1b[31m\\n', 'w').write('1'); os.link('x\\x1b[31m\\n', 'hard'); open('secret', 'w').write('s'); os.chmod('secret', 0)"
    for user in USERS:
        out = free_folder(user)
        got = sandbox(user, code, "--out", out)
        names = {f["path"] for f in got["files"]}
        assert {"hard", "x\x1b[31m\n"} <= names and not names & {"link", "folder", "loop", "d/up"}, names
        assert {"link", "folder", "loop", "d/up"} <= {f["path"] for f in got["left"]}, got["left"]
        assert not any(os.path.islink(os.path.join(at, f)) for at, d, fs in os.walk(out) for f in d + fs)


@test
def saved_files_never_leave_their_folder_nor_overwrite():
    for user in USERS:
        out, elsewhere = free_folder(user), free_folder(user)
        os.symlink(elsewhere, out + "/d")
        got = sandbox(user, "import os; os.mkdir('d'); open('d/x', 'w').write('1')", "--out", out)
        assert got["exit"] == 2 and not os.listdir(elsewhere), got
        open(out + "/kept", "w").write("before")
        got = sandbox(user, "open('kept', 'w').write('after')", "--out", out)
        assert got["exit"] == 2 and "there already" in got["says"] and open(out + "/kept").read() == "before", got


@test
def archives_are_only_bytes_to_the_host():
    code = """
import io, tarfile, zipfile
t = tarfile.open('evil.tar', 'w')
for name in ('../../../../tmp/assay-evil', '/tmp/assay-evil', 'a/../../b'):
    i = tarfile.TarInfo(name); i.size = 4; t.addfile(i, io.BytesIO(b'evil'))
i = tarfile.TarInfo('l'); i.type = tarfile.SYMTYPE; i.linkname = '/tmp'; t.addfile(i)
t.close()
z = zipfile.ZipFile('evil.zip', 'w'); z.writestr('../../../tmp/assay-evil', 'evil'); z.close()
"""
    for user in USERS:
        out = free_folder(user)
        got = sandbox(user, code, "--out", out)
        assert sorted(os.listdir(out)) == ["evil.tar", "evil.zip"] and not os.path.exists("/tmp/assay-evil"), got


@test
def given_files_are_there_and_links_among_them_are_refused():
    folder = tempfile.mkdtemp(prefix="in", dir=PLACE)
    os.chmod(folder, 0o755)
    os.makedirs(folder + "/sub/deep")
    open(folder + "/data.txt", "w").write("given")
    open(folder + "/sub/deep/helper.py", "w").write("x = 7")
    code = "import sys; sys.path.append('sub/deep'); import helper; print(open('data.txt').read(), helper.x, sys.argv[1:])\nopen('data.txt', 'a').write('changed'); open('new', 'w')"
    for user in USERS:
        got = sandbox(user, code, "--files", folder, args=["-a", "b c"])
        assert got["output"] == "given 7 ['-a', 'b c']\n" and got["files"] == [{"path": "new", "bytes": 0}], got
    os.symlink("/etc/passwd", folder + "/link")
    got = sandbox(USERS[0], code, "--files", folder)
    assert got["exit"] == 2 and "link" in got["says"], got
    os.unlink(folder + "/link")
    for n in range(300):
        open(folder + "/%d" % n, "w").close()
    got = sandbox(USERS[0], code, "--files", folder)
    assert got["exit"] == 2 and "255" in got["says"], got


# --- in gVisor ----------------------------------------------------------------------------------------------------------------
def gvisor(fn):
    """A test that needs runsc; without it only what is said then is tested."""
    if HAS_GVISOR:
        test(fn)
    return fn


@gvisor
def a_guest_in_gvisor_is_heard_given_and_taken_from():
    folder = tempfile.mkdtemp(prefix="in", dir=PLACE)
    os.chmod(folder, 0o755)
    open(folder + "/data.txt", "w").write("given")
    code = "import os, sys; print(open('data.txt').read(), sys.argv[1:], file=sys.stderr)\n" \
           "os.mkdir('d'); open('d/new', 'w').write('made'); os.symlink('/etc/shadow', 'l'); print(open('/proc/version').read()); sys.exit(159)"
    for user in USERS:
        out = free_folder(user)
        got = sandbox(user, code, "--files", folder, "--out", out, *GVISOR, args=["-a", "b c"])
        assert (got["ended"], got["status"]) == ("exited", 159), got        # not taken for the signal of a blocked call
        assert got["errors"].startswith("given ['-a', 'b c']") and "version 4.4.0" in got["output"], got
        assert open(out + "/d/new").read() == "made" and [f["path"] for f in got["files"]] == ["d/new"], got
        assert [f["path"] for f in got["left"]] == ["l"], got


@gvisor
def limits_hold_in_gvisor():
    def run(code, *options):
        return sandbox(USERS[-1], code, *options, *GVISOR)

    got = run(PROCESSOR, "--cpu-time", 1, "--time", 60)
    assert got["ended"] == "cpu-time", got["ended"]
    near(float(got["output"].rstrip("\n").split("\n")[-1]), 1, low=0.9, high=1.1)     # its clock ticks every 10 ms
    got = run("import time; print('begun'); time.sleep(60)", "--time", 3)
    assert got["ended"] == "time" and got["output"] == "begun\n" and got["wall_ms"] >= 3000, got
    got = run("import os\nwhile True: os.write(1, b'0123456789')", "--output", 100000)
    assert got["ended"] == "output" and len(got["output"]) == 100000, got["ended"]
    assert run("import socket; socket.socket()")["ended"] == "blocked"
    assert run("import os; os.abort()")["status"] == 134
    near(int(run(DISK, "--disk", "4M")["output"]), 4 << 20)
    near(int(run(DISK, "--disk", "8M", "--file-size", "1M")["output"]), 1 << 20)
    near(int(run(INODES, "--inodes", 200)["output"]), 200)
    near(int(run(OPEN, "--open-files", 64)["output"]), 64)
    got = run(THREADS, "--pids", 8, "--memory", "256M")
    assert got["output"].strip() == "8", got
    steps = [int(run(MEMORY, "--memory", limit)["output"]) for limit in (64 << 20, 128 << 20)]
    assert steps[0] <= 64 << 20
    near(steps[1] - steps[0], 64 << 20)


@gvisor
def programs_started_in_gvisor_share_a_group():
    if not STARTING:
        print("SKIPPED: no memory group here")
        return
    got = sandbox("root", SH + "echo a b | tr a-z A-Z > made; cat made", "--allow-exec", *GVISOR, name="s.sh")
    assert got["output"] == "A B\n" and got["files"] == [{"path": "made", "bytes": 4}], got
    hungry = "for i in 1 2 3 4; do python3 -c 'x = bytearray(120 << 20); import time; time.sleep(20)' & done; wait; echo ESCAPED"
    got = sandbox("root", SH + hungry, "--allow-exec", "--memory", "64M", "--time", 15, *GVISOR, name="s.sh")
    assert got["ended"] == "memory" and got["memory_peak_bytes"] <= (64 + 96) << 20, got


@gvisor
def as_many_files_are_given_in_gvisor():
    folder = tempfile.mkdtemp(prefix="in", dir=PLACE)
    os.chmod(folder, 0o755)
    for n in range(254):
        open(folder + "/%d" % n, "w").close()
    for options in ((), GVISOR):
        got = sandbox(USERS[-1], "import os; print(len(os.listdir('.')))", "--files", folder, *options)
        assert got["output"] == "255\n", got


@gvisor
def a_guest_in_gvisor_has_as_many_processors_as_it_may():
    got = [sandbox(USERS[0], "import os; print(len(os.sched_getaffinity(0)))", "--cpus", n, *GVISOR)["output"] for n in (1, 2)]
    assert got == ["1\n", "%d\n" % min(2, len(os.sched_getaffinity(0)))], got


@gvisor
def the_ways_to_the_host_are_shut_in_gvisor():
    code = "import os\nfor name in ('/told/end', '/told/x', '/dev/x', '/dev/shm/x', '/x', '/orders', '/enter', '/sys/x'):\n    try: open(name, 'w').close(); print('ESCAPED', name)\n    except OSError: pass\n" \
           "for n in range(3, 1100):\n    try: os.fstat(n); print('ESCAPED', n)\n    except OSError: pass\nprint('THE END')"
    got = sandbox(USERS[-1], code, *GVISOR)
    assert got["output"] == "THE END\n", got


@test
def without_runsc_or_where_it_can_not_start_a_guest_nothing_is_run():
    with Home() as home:
        path = home.file("p.py", "print('hello')")
        os.makedirs(home.path + "/bin")
        os.chmod(home.path, 0o755)
        os.symlink(shutil.which("bwrap"), home.path + "/bin/bwrap")
        ran = home.run("sandbox", "run", path, "--with", "runsc", PATH=home.path + "/bin")
        assert ran.returncode == 4 and not ran.out and ran.err.count("\n") == 1 and "runsc is not installed (apt-get install runsc" in ran.err, ran.err
        assert home.run("sandbox", "run", path, "--with", "bubblewrap", PATH=home.path + "/bin").out == "hello\n"
        facts = json.loads(home.run("sandbox", "doctor", "--json", PATH=home.path + "/bin").out)
        mine = [f for f in facts["findings"] if f["isolation"] == "gVisor"][0]
        assert facts["ready"] is True and mine["here"] == "no" and "runsc" in mine["remedy"], facts
        home.file("bin/runsc", SH + "echo 'running container: the platform is not there' >&2\nexit 128\n")
        os.chmod(home.path + "/bin/runsc", 0o755)
        ran = home.run("sandbox", "run", path, "--with", "runsc", PATH=home.path + "/bin")
        assert ran.returncode == 4 and not ran.out and ran.err.count("\n") == 1 and "gVisor" in ran.err, ran.err
        ran = home.run("sandbox", "run", path, "--with", "rnsc")
        assert ran.returncode == 2 and "did you mean \"runsc\"?" in ran.err, ran.err


# --- what people see -----------------------------------------------------------------------------------------------------------
@test
def what_could_steer_a_terminal_is_shown_escaped():
    with Home() as home:
        path = home.file("p.py", "import sys\nt = 'A\\x1b[31m\\x1b]52;c;eA==\\x07\\r\\x9b2J\\u202eB\\x00\\x7f\\tC\\n'\nprint(t); print(t, file=sys.stderr); open('f\\x1b[2J', 'w'); sys.stdout.buffer.write(b'\\xff\\xfe')")
        ran = home.run("sandbox", "run", path)
        for text in (ran.out, ran.err):
            assert not [c for c in text if (ord(c) < 32 and c not in "\n\t") or 0x7f <= ord(c) < 0xa0 or c == "\u202e"], repr(text)
            assert "A\\x1b[31m\\x1b]52;c;eA==\\x07\\x0d\\x9b2J\\u202eB\\x00\\x7f\tC" in text, repr(text)
        assert "\\xff\\xfe" in ran.out and "made f\\x1b[2J" in ran.err, (ran.out, ran.err)


@test
def without_bubblewrap_every_command_says_so_and_runs_nothing():
    with Home() as home:
        path = home.file("p.py", "print('ran')")
        for options in ((), ("--with", "runsc"), ("--allow-exec",), ("--json",)):
            ran = home.run("sandbox", "run", path, *options, PATH="/nonexistent")
            assert ran.returncode == 4 and not ran.out and ran.err.count("\n") == 1, (options, ran.out, ran.err)
            assert "bwrap is not installed (apt-get install bubblewrap" in ran.err, ran.err
        looked = home.run("sandbox", "doctor", PATH="/nonexistent")
        assert looked.returncode == 4 and "apt-get install bubblewrap" in looked.out and "can't be run here" in looked.out, looked.out
        facts = json.loads(home.run("sandbox", "doctor", "--json", PATH="/nonexistent").out)
        assert facts["ready"] is False and [f["here"] for f in facts["findings"] if f["isolation"] == "bubblewrap"] == ["missing"]


@test
def a_bubblewrap_that_can_not_isolate_means_exit_4_and_nothing_is_run():
    with Home() as home:
        home.file("bin/bwrap", "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
        os.chmod(home.path, 0o755)
        os.chmod(home.path + "/bin/bwrap", 0o755)
        path = home.file("p.py", "print('ran')")
        ran = home.run("sandbox", "run", path, PATH=home.path + "/bin")
        assert ran.returncode == 4 and not ran.out and "No permissions to create new namespace" in ran.err, (ran.returncode, ran.err)


@test
def every_fault_on_the_way_is_told_and_nothing_is_run():
    with Home() as home:
        path = home.file("s.sh", SH + "echo ran")
        for mark in ("sandbox.pipe", "sandbox.libseccomp", "sandbox.spawn") + (("sandbox.groups", "sandbox.group") if STARTING else ()):
            ran = home.run("sandbox", "run", path, *(["--allow-exec"] if "group" in mark else []), ASSAY_FAULT=mark)
            assert ran.returncode == 4 and "ran" not in ran.out and ran.err.count("\n") == 1, (mark, ran.returncode, ran.out, ran.err)


@test
def what_can_not_be_run_is_told():
    with Home() as home:
        home.file("x.txt", "hello")
        home.file("x.py", "print(1)")
        home.file("e.sh", "#!/usr/bin/env nosuchthing\n")
        for words, says in ((["run"], "needs a program"), (["run", "x.txt"], "no *.py"), (["run", "none.py"], "none.py"), (["runn", "x.py"], "did you mean \"run\""),
                            (["run", "x.py", "--memory", "12"], "16 MiB"), (["run", "x.py", "--memory", "lots"], "bytes, or a number"),
                            (["run", "x.py", "--time", "9h"], "time"), (["run", "x.py", "--pids", "0"], "1 to 4096"), (["run", "x.py", "--files", "none"], "none"),
                            (["run", "x.py", "--memry", "1G"], "--memory"), (["run", "e.sh"], "nosuchthing")):
            ran = home.run("sandbox", *words)
            assert ran.returncode in (2, 4) and says in ran.err and ran.err.count("\n") == 1, (words, ran.returncode, ran.err)


@test
def the_exit_status_says_how_it_went():
    with Home() as home:
        for code, status in (("print(1)", 0), ("raise SystemExit(3)", 1), ("import os; os.abort()", 1), ("import socket; socket.socket()", 1)):
            assert home.run("sandbox", "run", home.file("p.py", code)).returncode == status, code


# --- nothing is left -------------------------------------------------------------------------------------------------------------
def traces():
    """What a guest could leave on the host: processes, mounts, groups, files in the folders for temporary ones."""
    processes = sorted(p for p in os.listdir("/proc") if p.isdigit() and is_guests(p))
    mounts = open("/proc/self/mountinfo").read().count("\n")
    made = []
    for at, folders, files in os.walk("/sys/fs/cgroup"):
        made += [os.path.join(at, f) for f in folders if f.startswith("assay-")]
    return processes, mounts, made, sorted(f for f in os.listdir("/tmp") if "bwrap" in f or "bubblewrap" in f)


def is_guests(pid):
    try:
        line = open("/proc/%s/cmdline" % pid, "rb").read()
        status = open("/proc/%s/stat" % pid).read()
    except OSError:
        return False
    return line.startswith(b"bwrap\0") or b"/enter" in line or b"hostile.py" in line and b"sandbox" not in line or b"sleep\0004711" in line or \
        "(bwrap)" in status or "(sandbox_enter)" in status


def settle(before):
    for _ in range(100):
        now = traces()
        if now == before:
            return
        time.sleep(0.05)
    raise AssertionError("left behind: %s, before: %s" % (now, before))


@test
def after_many_runs_ended_by_every_cause_nothing_is_left():
    runs = int(os.environ.get("SANDBOX_RUNS", "300"))
    counts, wrong, before, after = storm(ASSAY, PLACE, runs, STARTING, HAS_GVISOR)
    print("%d runs, %s; before %s, after %s" % (runs, ", ".join("%s %d" % c for c in sorted(counts.items())), before, after), flush=True)
    assert after == before and before["processes"] == before["groups"] == 0, (before, after)
    assert not wrong and sum(counts.values()) == runs, (len(wrong), wrong[:5])


@test
def after_runs_of_every_user_nothing_is_left():
    before = ([], *traces()[1:2], [], traces()[3])
    settle(before)
    for n in range(10):
        code, options = [("print(1)", ()), ("import time; time.sleep(60)", ("--time", "100ms")), ("import socket; socket.socket()", ()),
                         ("while True: print('x' * 1000)", ("--output", "1k")), ("import os; os.abort()", ())][n % 5]
        sandbox(USERS[n % len(USERS)], code, *options)
        if STARTING:
            sandbox("root", SH + "sleep 4711 & setsid sleep 4711 & exit 0", "--allow-exec", name="s.sh")
    settle(before)


@test
def when_assay_is_killed_its_guest_dies_and_the_next_removes_its_group():
    before = ([], *traces()[1:2], [], traces()[3])
    folder = tempfile.mkdtemp(prefix="p", dir=PLACE)
    path = os.path.join(folder, "s.sh")
    with open(path, "w") as f:
        f.write(SH + "sleep 4711\n" if STARTING else "#!/usr/bin/python3\nimport time; time.sleep(60)")
    child = subprocess.Popen([ASSAY, "sandbox", "run", path] + (["--allow-exec"] if STARTING else []), stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    for _ in range(200):
        if traces()[0]:
            break
        time.sleep(0.02)
    time.sleep(0.3)
    assert traces()[0], "it never started"
    child.kill()
    child.wait()
    for _ in range(100):
        if not traces()[0]:
            break
        time.sleep(0.05)
    assert not traces()[0], traces()
    sandbox(USERS[0], SH + "true" if STARTING else "print(1)", *(["--allow-exec"] if STARTING else []), name="s.sh" if STARTING else "p.py")
    settle(before)


@test
def the_list_of_calls_holds_what_python_makes():
    if not shutil.which("strace") or not os.access("/usr/bin/python3", os.X_OK):
        print("SKIPPED: no strace, or no /usr/bin/python3")
        return
    checked = subprocess.run([sys.executable, os.path.join(whole.ROOT, "tools/sandbox_trace.py"), "--check",
                              os.path.join(whole.ROOT, "src/sandbox/calls.h")], stdout=subprocess.PIPE, timeout=120)
    assert checked.returncode == 0, checked.stdout.decode()


@test
def ordinary_programs_work():
    sys.path.insert(0, os.path.join(whole.ROOT, "tools"))
    import sandbox_trace
    for part, code in sandbox_trace.PARTS.items():
        got = sandbox(USERS[-1], code, "--memory", "256M")
        wanted = {"abort": ("signalled", 134), "faults": ("exited", 3)}.get(part, ("exited", 0))
        assert (got["ended"], got["status"]) == wanted, (part, got)


if __name__ == "__main__":
    if sys.argv[1:]:
        AHEAD.clear()                   # only some are wanted: each is begun at its turn
    try:
        main()
    finally:
        shutil.rmtree(PLACE, ignore_errors=True)
