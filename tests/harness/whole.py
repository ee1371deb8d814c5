"""tests/harness/whole.py: what the whole-program tests share: homes, simulators, runs of the program, counting.

A test is a function given to @test; its name is a sentence. main() runs them and prints "N passed, N failed".
"""
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ASSAY = os.environ.get("ASSAY", os.path.join(ROOT, "build", "assay"))
TESTS = []


def test(fn):
    TESTS.append(fn)
    return fn


def main():
    words = sys.argv[1:]
    passed = failed = 0
    for fn in TESTS:
        if words and not any(w in fn.__name__ for w in words):
            continue
        start = time.monotonic()
        try:
            fn()
            passed += 1
            print("ok     %s  %.1f s" % (fn.__name__, time.monotonic() - start), flush=True)
        except Exception:
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print("FAILED %s" % fn.__name__, flush=True)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


class Home:
    """A folder of one test's own: ASSAY_HOME and whatever files the test writes."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="assay-test-")
        self.env = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY") and not k.startswith("ASSAY_")}
        self.env.update(ASSAY_HOME=os.path.join(self.path, "home"), NO_COLOR="1", LC_ALL="C.UTF-8", COLUMNS="80")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, name, text):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        return path

    def start(self, *args, **env):
        return subprocess.Popen([ASSAY, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                cwd=self.path, env={**self.env, **env}, stdin=subprocess.DEVNULL)

    def run(self, *args, timeout=120, **env):
        child = self.start(*args, **env)
        try:
            child.out, child.err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise AssertionError("still running after %d s: %s" % (timeout, args))
        return child

    def json(self, *args, **env):
        child = self.run(*args, **env)
        assert child.returncode in (0, 1, 3), (child.returncode, child.err)
        return json.loads(child.out)

    def database(self):
        return sqlite3.connect("file:%s?mode=ro" % os.path.join(self.env["ASSAY_HOME"], "assay.db"), uri=True)


class Sim:
    """A simulator in a process of its own."""

    def __init__(self, home, *args):
        self.child = home.start("sim", "--port", 0, *args)
        line = self.child.stdout.readline().strip()
        assert re.match(r"http://127\.0\.0\.1:\d+$", line), (line, self.child.stderr.read() if self.child.poll() else "")
        self.url = line

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.child.send_signal(signal.SIGINT)
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def ledger(self, everything=False):
        rows, since = [], 0
        while True:
            page = self.call("GET", "/ledger?since=%d&limit=100000%s" % (since, "&all=1" if everything else ""))
            rows += page["rows"]
            if page["next"] is None:
                return rows
            since = page["next"]


def cases_jsonl(n):
    """n cases whose answers follow from their texts."""
    words = ["invoice", "router", "refund", "login", "parcel", "contract", "battery", "screen"]
    return "".join(json.dumps({"id": "c%d" % i, "input": "Case number %d is about a %s and nothing else." % (i, words[i % 8]),
                               "expected": words[i % 8]}) + "\n" for i in range(n))


TASK = """name: words
description: Name the thing the sentence is about.
models: [%s]
params: {temperature: 0, max_tokens: 20}
prompt: "What is this about? Answer with one word. {{ input }}"
dataset: cases.jsonl
metrics: [accuracy, cost, latency]
checks:
  - {name: one_word, max_words: 1, severity: warning}
"""


def words_task(home, n, models="sim:swift", extra=""):
    home.file("cases.jsonl", cases_jsonl(n))
    return home.file("task.yaml", TASK % models + extra)
