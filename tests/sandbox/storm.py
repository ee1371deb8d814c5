"""tests/sandbox/storm.py: a great many guests, ended by every cause there is, and what is left of them afterwards.

storm(assay, place, runs, starting, gvisor) runs them, four at a time, and counts what is there before and after. Every process
that a run leaves without a parent becomes this process's child (PR_SET_CHILD_SUBREAPER), so none can hide.
"""
import collections
import concurrent.futures
import ctypes
import json
import os
import random
import signal
import subprocess
import tempfile
import time

SUBREAPER = 36
SH = "#!/bin/sh\n"
# name: what it must end as, the program, options. A None: assay is killed with it, at any moment.
PLAIN = {
    "ends": ("exited", "#!/usr/bin/true\n", ()),
    "ends, Python": ("exited", "open('made', 'w').write('x')", ()),
    "time": ("time", "#!/usr/bin/tail -f\n", ("--time", "80ms")),
    "cpu-time": ("cpu-time", SH + "while :; do :; done\n", ("--cpu-time", "50ms")),
    "crash": ("signalled", "import os; os.abort()", ()),
    "blocked": ("blocked", "import ctypes; ctypes.CDLL(None).socket(2, 1, 0)", ()),
    "output": ("output", "#!/usr/bin/yes\n", ("--output", "1k")),
    "no memory": ("exited", "#!/usr/bin/python3\ntry: bytearray(1 << 30)\nexcept MemoryError: pass", ("--memory", "32M")),
    "no disk": ("exited", "#!/usr/bin/python3\ntry: open('f', 'wb').write(bytes(1 << 20))\nexcept OSError: pass", ("--disk", "64k")),
    "assay killed": (None, "#!/usr/bin/tail -f\n", ()),
    "assay killed, Python": (None, "while True: pass", ()),
    "assay stopped": ("stopped", "#!/usr/bin/tail -f\n", ()),
}
STARTING = {
    "leaves processes": ("exited", SH + "sleep 60 & setsid sleep 60 & exit 0\n", ("--allow-exec",)),
    "memory of a group": ("memory", SH + "exec python3 -c 'bytearray(1 << 30)'\n", ("--allow-exec", "--memory", "16M")),
    "assay killed, group": (None, SH + "sleep 60 & sleep 60\n", ("--allow-exec",)),
}
GVISOR = {
    "gVisor ends": ("exited", "#!/usr/bin/true\n", ("--with", "runsc")),
    "gVisor time": ("time", "#!/usr/bin/tail -f\n", ("--with", "runsc", "--time", "80ms")),
    "gVisor, assay killed": (None, "#!/usr/bin/tail -f\n", ("--with", "runsc")),
}
GVISOR_EVERY = 25                       # it takes ten times as long


def descendants():
    """Every process below this one, with its command; those of runs that are over must not be there."""
    parents, names = collections.defaultdict(list), {}
    for pid in (int(p) for p in os.listdir("/proc") if p.isdigit()):
        try:
            head, tail = open("/proc/%d/stat" % pid).read().rsplit(")", 1)
        except OSError:
            continue
        if tail.split()[0] != "Z":
            parents[int(tail.split()[1])].append(pid)
            names[pid] = head.split("(", 1)[1]
    found, todo = {}, [os.getpid()]
    while todo:
        for pid in parents.get(todo.pop(), ()):
            found[pid] = names[pid]
            todo.append(pid)
    return found


def bury():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


class Storm:
    def __init__(self, assay, place, starting, gvisor):
        self.assay, self.place, self.gvisor = assay, place, gvisor
        self.kinds = list({**PLAIN, **(STARTING if starting else {})}.items())
        self.temporary = os.path.join(place, "tmp")
        os.makedirs(self.temporary, mode=0o1777, exist_ok=True)
        self.paths, self.pids = {}, set()
        for name, (_, source, _) in {**PLAIN, **STARTING, **GVISOR}.items():
            handle, self.paths[name] = tempfile.mkstemp(suffix="" if source.startswith("#!") else ".py", dir=place)
            os.write(handle, source.encode())
            os.close(handle)
            os.chmod(self.paths[name], 0o755)

    def traces(self):
        """Counts that must be the same before and after."""
        groups = [os.path.join(at, f) for at, folders, _ in os.walk("/sys/fs/cgroup") for f in folders
                  if f.startswith("assay-") and f.split("-")[-2:-1] and f.split("-")[-2].isdigit() and int(f.split("-")[-2]) in self.pids]
        return {"processes": len(descendants()), "mounts": open("/proc/self/mountinfo").read().count("\n"), "groups": len(groups),
                "temporary files": len(os.listdir(self.temporary)) +
                len([f for f in os.listdir("/tmp") if "bwrap" in f or "bubblewrap" in f or "runsc" in f])}

    def one(self, n):
        name, (wanted, _, options) = self.kinds[n % len(self.kinds)]
        if self.gvisor and n % GVISOR_EVERY == 0:
            name, (wanted, _, options) = list(GVISOR.items())[n // GVISOR_EVERY % len(GVISOR)]
        child = subprocess.Popen([self.assay, "sandbox", "run", self.paths[name], "--json", *options], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.place, env={**os.environ, "TMPDIR": self.temporary})
        self.pids.add(child.pid)
        if wanted in (None, "stopped"):
            time.sleep(random.uniform(0, 0.4 if "gVisor" in name else 0.06))
            child.send_signal(signal.SIGTERM if wanted else signal.SIGKILL)
        out, err = child.communicate(timeout=60)
        if wanted in (None, "stopped"):
            return name, None
        got = json.loads(out)["ended"] if child.returncode in (0, 1) else err.decode()
        return name, None if got == wanted else "%s: it ended as %s, wanted %s" % (name, got, wanted)


def storm(assay, place, runs, starting, gvisor):
    """(counts by kind, what ended otherwise than it must, traces before, traces after)"""
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    s = Storm(assay, place, starting, gvisor)
    counts, wrong, before = collections.Counter(), [], s.traces()
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        for name, why in pool.map(s.one, range(runs)):
            counts[name] += 1
            wrong += [why] if why else []
    if starting:                        # the next to look removes the groups of those that were killed
        subprocess.run([assay, "sandbox", "run", s.paths["leaves processes"], "--allow-exec"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)
    for _ in range(200):
        bury()
        after = s.traces()
        if after == before:
            break
        time.sleep(0.05)
    ctypes.CDLL(None).prctl(SUBREAPER, 0, 0, 0, 0)
    return counts, wrong, before, after
