"""Every FAULT mark in the sources, failing once at its 1st, 2nd and 3rd time and from then on: the program says a sentence and
ends with the right status or carries on, the store stays whole, and without the fault the same command completes."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import ROOT, Home, Sim, test, main, words_task  # noqa: E402

TRIALS = 40
WHEN = ["1", "2", "3", "1+", "3+"]
LATER = ["12", "20", "30", "45", "60", "20+"]       # in the thick of the run, for marks that are met often
# mark -> the statuses a command may end with while it fails; 0 where the program has another way
MARKS = {
    "blob.write": {0, 4}, "blob.sync": {0, 4}, "blob.read": {0, 4}, "store.step": {0, 4}, "store.commit": {0, 4}, "runner.commit": {0, 4},
    "store.open": {0, 4}, "file.write": {0, 4}, "file.openat2": {0},
}
STRUCK_AT_ONCE = {"blob.write", "blob.sync", "blob.read", "store.step", "store.commit", "store.open"}


def marks():
    found = set()
    for folder, _, files in os.walk(os.path.join(ROOT, "src")):
        for name in files:
            if name.endswith(".c") and not name.endswith("_test.c"):
                with open(os.path.join(folder, name)) as f:
                    found |= set(re.findall(r'FAULT\("(?!sandbox\.|http\.|runner\.settle)([a-z0-9_.]+)"\)', f.read()))    # their own tests fail those
    return found


def whole(home):
    if os.path.exists(os.path.join(home.env["ASSAY_HOME"], "assay.db")):
        with home.database() as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def said(child, where):
    """A sentence for people on standard error, no crash: a signal's number would be negative, a sanitizer's 1 with a report."""
    assert child.returncode >= 0, (where, child.returncode, child.err)
    assert "Sanitizer" not in child.err and "ASSERT" not in child.err, (where, child.err)
    if child.returncode:
        lines = [line for line in child.err.splitlines() if line and not line.startswith("{")]
        assert lines and any(len(line) > 20 for line in lines), (where, child.returncode, child.err)


@test
def every_mark_in_the_sources_has_its_expectation():
    assert marks() == set(MARKS), (marks() ^ set(MARKS))


def a_run_under(mark, when):
    where = "%s:%s" % (mark, when)
    with Home() as home:
        words_task(home, TRIALS)
        home.env["ASSAY_FAULT"] = where
        with Sim(home, "--book", "cases.jsonl", "--speed", "0") as sim:
            command = ["run", "task.yaml", "--base-url", "sim=%s/v1" % sim.url, "--quiet"]
            first = home.run(*command, timeout=60)
            said(first, where)
            assert first.returncode in MARKS[mark], (where, first.returncode, first.err)
            assert when != "1" or (mark in STRUCK_AT_ONCE) == (first.returncode != 0), (where, first.returncode, first.err)
            whole(home)
            paid = len(sim.ledger())
            del home.env["ASSAY_FAULT"]
            if first.returncode:
                again = home.run(*command, timeout=60)
                assert again.returncode == 0, (where, again.returncode, again.err)
            run = home.json("runs", "--json")[0]
            assert (run["state"], run["done"], run["failed"]) == ("done", TRIALS, 0), (where, run)
            # what was asked and could not be stored is asked again, once; what was stored is not
            assert paid <= TRIALS and TRIALS <= len(sim.ledger()) <= TRIALS + paid, (where, paid, len(sim.ledger()))
            if not first.returncode:
                assert len(sim.ledger()) == TRIALS, (where, len(sim.ledger()))
            whole(home)


def a_reader_under(mark, when):
    where = "%s:%s" % (mark, when)
    with Home() as home:
        words_task(home, 4)
        assert home.run("run", "task.yaml", "--speed", "0", "--quiet").returncode == 0
        for command in (["runs"], ["show", "last"], ["show", "last", "0"], ["export", "last", "-o", "result.json"],
                        ["export", "last", "--format", "csv"]):
            child = home.run(*command, timeout=30, ASSAY_FAULT=where)
            said(child, (where, command))
            assert child.returncode in MARKS[mark] | {1}, (where, command, child.returncode, child.err)
            if child.returncode and "-o" in command:
                assert not os.path.exists(os.path.join(home.path, "result.json")), where    # nothing half-written
            after = home.run(*command, timeout=30)
            assert after.returncode == 0, (where, command, after.returncode, after.err)
            if os.path.exists(os.path.join(home.path, "result.json")):
                os.unlink(os.path.join(home.path, "result.json"))
        whole(home)


@test
def a_new_task_that_could_not_be_written_leaves_nothing_half_written():
    with Home() as home:
        struck = home.run("init", "fresh", ASSAY_FAULT="file.write:1+")
        said(struck, "init")
        assert struck.returncode == 4 and "No space left" in struck.err, (struck.returncode, struck.err)
        assert not [f for _, _, files in os.walk(os.path.join(home.path, "fresh")) for f in files]
        again = home.run("init", "fresh")
        assert again.returncode == 0, (again.returncode, again.err)
        assert home.run("validate", "fresh/task.yaml").returncode == 0


def add(fn, mark, when):
    def one():
        fn(mark, when)
    one.__name__ = "%s_%s:%s" % (fn.__name__, mark, when)
    test(one)


for a_mark in sorted(MARKS):
    for a_when in WHEN + (LATER if a_mark in ("store.step", "store.commit") else []):
        add(a_run_under, a_mark, a_when)
    for a_when in ("1", "1+"):
        add(a_reader_under, a_mark, a_when)

main()
