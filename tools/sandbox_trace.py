#!/usr/bin/env python3
"""sandbox_trace.py [--check FILE]: which system calls Debian's Python makes while it does what graded programs do.

Runs a varied workload under strace, once per part, with the interpreter the sandbox starts, and prints each call with the
parts that made it. src/sandbox/calls.h was made from this list by hand: what only starts the interpreter, and what
no calculation needs (sockets, other programs), was left out, and arguments were narrowed. --check FILE says which
calls of the list FILE (calls.h) lacks and names in TURNED_DOWN do not explain; exit status 1 if any.
"""
import collections
import re
import subprocess
import sys
import tempfile

PYTHON = "/usr/bin/python3"
# Made by the workload, and refused by the sandbox on purpose; the workload goes on without them.
TURNED_DOWN = {"execve": "once, through the held program", "clone3": "its flags can't be inspected; libc falls back to clone"}
PARTS = {
    "start": "pass",
    "text": "import re, json, csv, io, html, textwrap, unicodedata, string, difflib; json.loads(json.dumps({'a': [1, 2.5, None]})); "
            "re.findall(r'(\\w+)@', 'a@b c@d'); list(csv.reader(io.StringIO('a,b\\n1,2')))",
    "numbers": "import math, cmath, decimal, fractions, statistics, random, numbers; random.random(); random.SystemRandom().random(); "
               "statistics.stdev([1, 2, 3, 4]); decimal.Decimal(1) / 7; sum(range(10**6))",
    "memory": "a = [bytearray(1 << 20) for _ in range(40)]; del a; b = list(range(10**6)); b.sort(); import array, gc; gc.collect(); "
              "array.array('d', range(10**5))",
    "files": "import os, shutil, tempfile, pathlib, glob, stat; d = tempfile.mkdtemp(); os.chdir(d); p = pathlib.Path('x/y'); "
             "p.mkdir(parents=True); (p / 'f').write_text('hello'); f = open('g', 'w+b'); f.write(b'1' * 100000); f.flush(); "
             "os.fsync(f.fileno()); f.seek(5); f.truncate(9); f.close(); os.rename('g', 'h'); os.replace('h', 'i'); os.chmod('i', 0o600); "
             "os.symlink('i', 'l'); os.readlink('l'); os.link('i', 'k'); os.utime('i'); list(os.walk('.')); list(os.scandir('.')); "
             "glob.glob('**/*', recursive=True); os.stat('i'); os.lstat('l'); os.access('i', os.R_OK); os.path.realpath('l'); "
             "shutil.copy('i', 'm'); shutil.copytree('x', 'z'); os.remove('m'); os.rmdir(tempfile.mkdtemp()); os.getcwd(); "
             "os.statvfs('.'); os.dup(1); os.umask(0o22); r, w = os.pipe(); os.write(w, b'1'); os.read(r, 1); os.listdir('.'); "
             "os.open('i', os.O_RDONLY); os.pread(0 if 0 else os.open('i', os.O_RDONLY), 1, 0); "
             "t = tempfile.TemporaryFile(); t.write(b'x'); t.close(); os.chdir('/'); shutil.rmtree(d)",
    "time": "import time, datetime, calendar, zoneinfo; time.sleep(0.01); time.time(); time.perf_counter(); time.process_time(); "
            "time.localtime(); datetime.datetime.now().astimezone(); time.thread_time(); time.get_clock_info('time')",
    "threads": "import threading, queue, concurrent.futures as c; q = queue.Queue(); t = [threading.Thread(target=q.put, args=(i,)) "
               "for i in range(4)]; [x.start() for x in t]; [x.join() for x in t]; p = c.ThreadPoolExecutor(3); "
               "list(p.map(abs, range(9))); p.shutdown(); e = threading.Event(); e.wait(0.01)",
    "async": "import asyncio\nasync def f():\n    await asyncio.gather(*(asyncio.sleep(0.01) for _ in range(3)))\n"
             "    await asyncio.get_running_loop().run_in_executor(None, abs, -1)\nasyncio.run(f())",
    "signals": "import signal, faulthandler; signal.signal(signal.SIGALRM, lambda *a: None); signal.setitimer(signal.ITIMER_REAL, 0.01); "
               "signal.pause(); signal.alarm(0); faulthandler.enable(); signal.raise_signal(signal.SIGALRM)",
    "packed": "import zlib, gzip, bz2, lzma, zipfile, tarfile, io, hashlib, hmac, secrets, base64, struct, binascii; zlib.compress(b'1' * 9999); "
              "lzma.compress(b'1' * 9999); bz2.compress(b'1' * 9999); hashlib.sha256(b'').digest(); secrets.token_hex(); "
              "z = io.BytesIO(); zipfile.ZipFile(z, 'w').writestr('a', 'b'); hashlib.scrypt(b'1', salt=b'2', n=2, r=1, p=1)",
    "data": "import sqlite3, pickle, copy, dataclasses, collections, heapq, bisect, itertools, functools, typing, enum, xml.etree.ElementTree as x; "
            "d = sqlite3.connect(':memory:'); d.execute('create table t (a)'); d.execute('insert into t values (1)'); d.commit(); "
            "import tempfile, os; p = tempfile.mkdtemp(); d = sqlite3.connect(p + '/d'); d.execute('create table t (a)'); "
            "d.execute('insert into t values (1)'); d.commit(); d.close(); import shutil; shutil.rmtree(p); x.fromstring('<a><b/></a>')",
    "testing": "import unittest, doctest, io, contextlib\nclass T(unittest.TestCase):\n    def test_a(self): self.assertEqual(1, 1)\n"
               "unittest.TextTestRunner(stream=io.StringIO()).run(unittest.defaultTestLoader.loadTestsFromTestCase(T))",
    "system": "import os, sys, platform, resource, locale, getpass, pwd, sysconfig; os.getpid(); os.getppid(); os.cpu_count(); "
              "os.sched_getaffinity(0); resource.getrusage(0); resource.getrlimit(resource.RLIMIT_AS); os.uname(); os.times(); "
              "os.getuid(); os.getgroups(); os.urandom(8); os.getpgrp(); os.getsid(0); os.get_terminal_size if 0 else 0; os.isatty(0); "
              "os.sched_yield(); os.getloadavg(); os.sysconf('SC_PAGESIZE'); sys.stdin.read()",
    "talking": "import sys, select\nfor line in sys.stdin: print(line, flush=True)\nselect.select([0], [], [], 0); p = select.poll(); p.register(0); "
               "p.poll(0); e = select.epoll(); e.poll(0); e.close()",
    "mapping": "import mmap, ctypes, tempfile; m = mmap.mmap(-1, 8192); m[0] = 1; m.flush(); m.close(); ctypes.CDLL(None).getpid(); "
               "ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 1)()",
    "faults": "import sys; sys.setrecursionlimit(5000)\ndef f(n): return f(n + 1)\ntry: f(0)\nexcept RecursionError: pass\n"
              "try: [0] * 10**17\nexcept MemoryError: pass\nraise SystemExit(3)",
    "abort": "import os; os.abort()",
}


def trace(code):
    """The calls the interpreter makes for `code`, from its own start on."""
    with tempfile.NamedTemporaryFile("r") as log:
        subprocess.run(["strace", "-f", "-qq", "-o", log.name, PYTHON, "-B", "-s", "-c", code], input=b'{"n": 1}\n' * 3,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120,
                       env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp", "USER": "box"})
        return set(re.findall(r"^\d+ +(?:<\.\.\. )?([a-z]\w*)(?:\(| resumed)", log.read(), re.M))


def main():
    made = collections.defaultdict(list)
    for name, code in PARTS.items():
        for call in trace(code):
            made[call].append(name)
    if sys.argv[1:2] == ["--check"]:
        listed = set(re.findall(r"\b(?:TRACED|KIN|PARTLY)\((\w+)\)", open(sys.argv[2]).read()))
        lacking = sorted(set(made) - listed - set(TURNED_DOWN))
        print("%d calls made, %d lacking: %s" % (len(made), len(lacking), " ".join(lacking)))
        return 1 if lacking or not made else 0
    for call in sorted(made):
        print("%-20s %s" % (call, "always" if len(made[call]) == len(PARTS) else " ".join(made[call])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
