"""Programs and queries of answers, from outside: files beside the task, checks, pass@k, resuming, and what a task may not say."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import Home, test, main  # noqa: E402

RIGHT, WRONG, EVIL = "def twice(n):\n    return 2 * n\n", "def twice(n):\n    return n\n", "import os\nprint('passed')\nos._exit(0)\n"
TESTS = "assert twice(2) == 4\nassert twice(0) == 0\n"


def task(home, cases, lines):
    home.file("cases.jsonl", "".join(json.dumps(c) + "\n" for c in cases))
    home.file("task.yaml", "name: code\nmodels: [sim:echo]\nprompt: \"{{ input }}\"\ndataset: cases.jsonl\n" + lines)


def trials(home, *more):
    ran = home.run("run", "task.yaml", "-q", "--yes", "--speed", 0, *more)
    assert ran.returncode in (0, 1), (ran.returncode, ran.err)
    out = home.run("export", "last", "--format", "jsonl").out
    return sorted((json.loads(line) for line in out.splitlines()), key=lambda t: (int(t["case"]), t.get("repetition", 0)))


def isolates():
    with Home() as home:
        if home.run("sandbox", "doctor").returncode == 0:
            return True
    print("       SKIPPED: this machine can't isolate a program")
    return False


@test
def a_file_beside_the_task_holds_the_tests_for_metric_check_and_what_is_made_of_them():
    if not isolates():
        return
    with Home() as home:
        home.file("tests.py", TESTS)
        task(home, [{"input": RIGHT}, {"input": WRONG}, {"input": EVIL}], """repeat: 2
metrics:
  - {metric: code_passes, tests: tests.py}
  - {metric: tests_passed, tests: tests.py}
  - {metric: pass_at_k, k: [1, 2], of: {metric: code_passes, tests: tests.py}}
  - {metric: percentile, of: {metric: tests_passed, tests: tests.py}, p: 50, name: half}
checks:
  - {name: works, code_passes: true, tests: tests.py}
  - {name: fails, not_code_passes: true, tests: tests.py}
  - {name: most, metric: tests_passed, min: 0.5, with: {tests: tests.py}}
""")
        got = trials(home)
        assert len(got) == 6
        for t in got:
            share = [1, 0.5, 0][int(t["case"])]
            whole = float(share == 1)
            wanted = {"code_passes": whole, "tests_passed": share, "pass_at_1": whole, "pass_at_2": whole, "half": share,
                      "works": whole, "fails": 1 - whole, "most": float(share >= 0.5)}
            assert t["scores"] == wanted, (t["scores"], wanted)
        notes = [t["notes"].get("works", "") for t in got]
        assert notes[2] == "1 of 2 tests passed; line 1: assert twice(2) == 4: got 2, not 4", notes
        assert notes[4] == "0 of 2 tests passed; loading it: the program ended: with status 0", notes


@test
def a_query_may_bring_its_own_order_and_its_database_from_the_case():
    if not isolates():
        return
    setup = "CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (2);"
    with Home() as home:
        task(home, [{"input": "SELECT a FROM t ORDER BY a DESC", "expected": [1, 2], "db": setup, "ordered": True},
                    {"input": "SELECT a FROM t ORDER BY a DESC", "expected": [1, 2], "db": setup, "ordered": False},
                    {"input": "SELECT a FROM t ORDER BY a DESC", "expected": "SELECT a FROM t ORDER BY a DESC", "db": [setup, "INSERT INTO t VALUES (3);"]}],
             "metrics: [{metric: code_passes, language: sql, setup_variable: db, ordered: true}]\n")
        got = trials(home)
        assert [t["scores"]["code_passes"] for t in got] == [0, 1, 1], got
        assert got[0]["notes"]["code_passes"] == "row 1 is (2,), not (1,)", got[0]["notes"]


@test
def tests_that_cannot_be_run_leave_the_answer_unjudged_and_say_why():
    if not isolates():
        return
    with Home() as home:
        task(home, [{"input": RIGHT, "tests": "assert ("}, {"input": RIGHT}, {"input": RIGHT, "tests": 7}, {"input": RIGHT, "tests": TESTS}],
             "metrics: [code_passes]\n")
        got = trials(home)
        assert [t["scores"].get("code_passes") for t in got] == [None, None, None, 1], got
        why = [t["notes"].get("code_passes") for t in got]
        assert why[:3] == ["the tests can't be run: '(' was never closed in line 1", 'the case has no variable "tests"',
                           'the variable "tests" is no text, and no list of texts'], why


@test
def what_a_task_may_not_say_is_told_at_its_place():
    for lines, wanted in (
            ("metrics: [{metric: code_passes, tests: nowhere.py}]\n", "nowhere.py"),
            ("metrics: [{metric: code_passes, language: pyton}]\n", 'did you mean "python"?'),
            ("metrics: [{metric: code_passes, tme: 5}]\n", 'has no setting "tme"; it knows entry_point language'),
            ("metrics: [{metric: code_passes, language: sql, entry_point: f}]\n", "entry_point is for language: python"),
            ("metrics: [{metric: pass_at_k, k: 1, of: {metric: code_passes, memory: 1M}}]\n", "memory"),
            ("metrics: [code_passes]\nchecks: [{any_of: [{code_passes: true}, {contains: x}]}]\n", "code_passes stands on its own"),
            ("metrics: [code_passes]\nchecks: [{any_of: [{metric: code_passes, min: 1}, {contains: x}]}]\n", "code_passes runs a program"),
            ("checks: [{code_passes: false}]\nmetrics: [cost]\n", "code_passes")):
        with Home() as home:
            task(home, [{"input": RIGHT, "tests": TESTS}], lines)
            ran = home.run("validate", "task.yaml")
            assert ran.returncode == 2 and wanted in ran.err + ran.out, (lines, ran.returncode, ran.err, ran.out)
            assert "task.yaml:" in ran.err + ran.out, ran.err


@test
def a_machine_without_bubblewrap_is_told_before_anything_is_asked():
    with Home() as home:
        task(home, [{"input": RIGHT, "tests": TESTS}], "metrics: [code_passes]\n")
        ran = home.run("run", "task.yaml", "-q", "--yes", PATH="/nowhere")
        assert ran.returncode == 4 and ran.err.count("\n") == 1 and "bubblewrap" in ran.err, (ran.returncode, ran.err)
        assert home.run("runs").out.count("code") == 0


if __name__ == "__main__":
    main()
