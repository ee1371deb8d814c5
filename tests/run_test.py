#!/usr/bin/env python3
"""tests/run_test.py: does tests/run notice a suite that crashes, hangs, says nothing, or lies?"""
import importlib.machinery
import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("run", os.path.join(HERE, "run"))
run = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", loader))
loader.exec_module(run)

ROWS = [    # what the suite does, its limit, what must be counted (passed, failed, skipped), a word of the reason
    ("echo '3 passed, 0 failed'", 20, (3, 0, 0), ""),
    ("echo '3 passed, 2 failed, 1 skipped'; exit 1", 20, (3, 2, 1), ""),
    ("echo '9 passed, 9 failed'; echo '3 passed, 0 failed'", 20, (3, 0, 0), ""),
    ("echo '0 passed, 0 failed, 4 skipped'", 20, (0, 0, 4), ""),
    ("echo 'all is well'", 20, (0, 1, 0), "no \"N passed"),
    ("echo '0 passed, 0 failed'", 20, (0, 1, 0), "not one test"),
    ("echo '3 passed, 0 failed'; exit 1", 20, (3, 1, 0), "exit status 1"),
    ("echo '3 passed, 0 failed'; kill -SEGV $$", 20, (3, 1, 0), "SIGSEGV"),
    ("echo '3 passed, 0 failed'; sleep 60", 1, (3, 1, 0), "still running"),
    ("echo 'I have 3 passed, 0 failed or so'", 20, (0, 1, 0), "no \"N passed"),
    ("exit 127", 20, (0, 1, 0), "127"),
]
passed = failed = 0
for script, limit, counts, why in ROWS:
    status, lines = run.run_suite(["sh", "-c", script], dict(os.environ), limit)
    *got, reason = run.judge(status, lines, limit)
    good = tuple(got) == counts and why in reason and bool(why) == bool(reason)
    passed, failed = passed + good, failed + (not good)
    if not good:
        print("FAILED %s: counted %s (%s)" % (script, got, reason))
print("%d passed, %d failed" % (passed, failed))
sys.exit(1 if failed else 0)
