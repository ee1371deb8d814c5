"""Custom scorers from outside: what a scorer is told, what its answers become, what a bad one can and can't do."""
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import Home, test, main  # noqa: E402

TASK = """name: scored
models: [sim:echo]
prompt: "{{ input }}"
cases:
%s
metrics: [%s]
%s"""
PYTHON = "def evaluate(output, expected, metadata):\n"


def scored(scorer, inputs, name="mine.py", metrics=None, more="", expected=True):
    home = Home()
    home.file(name, scorer)
    cases = "".join("  - {input: %s%s}\n" % (json.dumps(i), ", expected: %s" % json.dumps("e" + i) if expected else "") for i in inputs)
    home.file("task.yaml", TASK % (cases, metrics or "{scorer: %s}" % name, more))
    return home


def rows(home, name="mine"):
    """(value, note) of each case, in the cases' order."""
    ran = home.run("run", "task.yaml", "-q", "--yes", "--speed", 0)
    assert ran.returncode in (0, 1), (ran.returncode, ran.err)
    child = home.run("export", "last", "--format", "jsonl")
    assert child.returncode == 0, child.err
    trials = sorted((json.loads(t) for t in child.out.splitlines()), key=lambda t: t["case_index"] if "case_index" in t else int(t["case"]))
    return [(t["scores"].get(name), t.get("notes", {}).get(name, "")) for t in trials]


@test
def a_python_function_scores_what_it_is_told():
    with scored(PYTHON + "    assert metadata['vars'] == {'input': output} and metadata['prompt'] == output, metadata\n"
                "    assert metadata['case'] in '123' and metadata['cost_usd'] == 0 and metadata['latency_ms'] >= 0, metadata\n"
                "    assert expected == 'e' + output\n"
                "    print('talks a lot ' * 20000)\n"
                "    return {'score': len(output) / 4, 'passed': True, 'details': {'letters': len(output)}}\n",
                ["a", "bcd", "\u2603\n\"x"]) as home:
        assert rows(home) == [(0.25, '{"letters":1}'), (0.75, '{"letters":3}'), (1.0, '{"letters":4}')], rows(home)


@test
def numbers_truths_and_fewer_arguments_will_do():
    for scorer, wanted in (("def evaluate(output):\n    return output == 'yes'\n", [1, 0]),
                           ("def evaluate(output, expected):\n    return 0.5 if expected == 'eyes' else 1\n", [0.5, 1]),
                           ("def evaluate(*, metadata, output):\n    return 1 if metadata['vars']['input'] == output else 0\n", [1, 1]),
                           ("class E:\n    def __call__(self, output, expected, metadata): return {'passed': expected == 'eno'}\nevaluate = E()\n",
                            [0, 1])):
        with scored(scorer, ["yes", "no"]) as home:
            got = [v for v, _ in rows(home)]
            assert got == wanted, (scorer, got)


@test
def any_program_that_speaks_lines_of_json_will_do():
    home = scored("#!/usr/bin/perl\nuse JSON::PP; $| = 1;\nwhile (<STDIN>) { my $q = decode_json($_);\n"
                  "  print encode_json({id => $q->{id}, score => length($q->{output}) / 10, details => \"of perl\"}), \"\\n\" }\n",
                  ["a", "bcde"], name="mine.pl", expected=False)
    with home:
        assert rows(home) == [(0.1, "of perl"), (0.4, "of perl")], rows(home)
    with scored("#!/bin/sh\nwhile read -r line; do echo '{\"passed\": true}'; done\n", ["a"], name="mine.sh") as home:
        assert rows(home) == [(1, "")], rows(home)


@test
def a_check_goes_by_min_by_passed_or_by_half():
    more = ("checks:\n  - {name: by_min, scorer: mine.py, min: 0.8}\n  - {name: by_passed, scorer: mine.py}\n"
            "  - {name: turned, not_scorer: half.py}\n  - {name: by_half, scorer: half.py}\n")
    with scored(PYTHON + "    return {'score': float(output), 'passed': output != '0.9', 'details': 'so'}\n", ["0.9", "0.6"], more=more) as home:
        home.file("half.py", PYTHON + "    return float(output) - 0.2\n")
        assert rows(home, "by_min") == [(1, ""), (0, "its score is 0.6, at least 0.8 is wanted: so")], rows(home, "by_min")
        assert rows(home, "by_passed") == [(0, "so"), (1, "")]
        assert [v for v, _ in rows(home, "by_half")] == [1, 0] and [v for v, _ in rows(home, "turned")] == [0, 1]


@test
def what_is_no_answer_is_not_evaluated_and_never_zero():
    ways = (("raise ValueError('bad\\nluck')", "mine.py: ValueError: bad luck (mine.py, line 2)"), ("return 'fine'", "evaluate gave str"),
            ("return {'score': 1.5}", "not a number from 0 to 1: 1.5"), ("return {'score': float('nan')}", "not a finite number"),
            ("return {'score': '1'}", "score is str"), ("return {}", "neither `score` nor `passed`"), ("return None", "evaluate gave NoneType"),
            ("import os; os._exit(3)", "it ended with 3"), ("import os; os.kill(os.getpid(), 9)", "mine.py: "),
            ("import time; time.sleep(50)", "longer than 300 ms"), ("import sys; sys.exit(0)", "it ended with 0"),
            ("import os; os.write(3, b'x' * (1 << 21)); import time; time.sleep(50)", "mine.py: "),
            ("import os; os.write(3, b'{}\\n' * 5); return 1", "another question"),
            ("import socket; socket.socket()", "mine.py: "), ("x = [0] * (1 << 40)", "MemoryError"))
    for body, why in ways:
        with scored(PYTHON + "    if output == 'fine': return 1\n    " + body + "\n", ["fine", "b", "fine"],
                    metrics="{scorer: mine.py, time: 300ms, memory: 256M}") as home:
            got = rows(home)
            assert (got[0], got[2]) == ((1, ""), (1, "")), (body, got)
            wanted = why.replace("line 2", "line 3")
            assert got[1][0] is None and wanted in got[1][1], (body, got)
            shown = home.json("show", "last", "--json")["variants"][0]["scores"]["mine"]
            assert (shown["n"], shown["mean"]) == (2, 1), shown


@test
def one_that_never_works_is_given_up_and_the_answers_stay():
    with scored(PYTHON + "    import os; os._exit(1)\n", ["x%d" % i for i in range(60)]) as home:
        got = rows(home)
        assert all(v is None for v, _ in got) and sum("not asked: 5 questions in a row" in n for _, n in got) >= 30, got
        run = home.json("show", "last", "--json")["run"]
        assert (run["done"], run["failed"]) == (60, 0), run


@test
def a_scorer_that_does_not_start_is_told_before_anything_is_spent():
    for scorer, why in (("def evaluate(output)\n    return 1\n", "SyntaxError"), ("import nothing_of_that_name\n", "No module named"),
                        ("def score(output):\n    return 1\n", "defines no function evaluate"), ("raise SystemExit(0)\n", "SystemExit")):
        with scored(scorer, ["a"]) as home:
            child = home.run("run", "task.yaml", "-q", "--yes", "--speed", 0)
            assert child.returncode == 2 and why in child.err and child.err.count("\n") == 1, (child.returncode, child.err)
            assert home.database().execute("select count(*) from run").fetchone()[0] == 0


@test
def what_is_wrong_with_the_task_is_said_where_it_stands():
    for metrics, why in (("{scorer: mime.py}", "mine.py"), ("{scorer: mine.py, tim: 3}", "no setting \"tim\""),
                         ("{scorer: mine.py, time: soon}", "time"), ("{scorer: mine.py, memory: 1}", "memory"),
                         ("{scorer: mine.py, with: runc}", "runsc"),
                         ("{scorer: ../mine.py}", ".."), ("{scorer: mine.txt}", "can't be run"), ("{scorer: mine.py, files: [mine.py]}", "two of its files"),
                         ("{scorer: [mine.py]}", "scorer takes a file")):
        with scored(PYTHON + "    return 1\n", ["a"], metrics=metrics) as home:
            home.file("mine.txt", "hello")
            child = home.run("validate", "task.yaml")
            assert child.returncode == 2 and why in child.out + child.err and "task.yaml:7:" in child.out + child.err, (metrics, child.out, child.err)


@test
def its_files_stand_beside_it_and_nothing_else_of_ours_does():
    with scored("import os, words\n" + PYTHON + "    here = sorted(os.listdir('.'))\n    assert here == ['assay_scorer.py', 'mine.py', 'more.txt', 'words.py'], here\n"
                "    assert os.environ.get('SECRET_KEY') is None and not os.path.exists(%r)\n"
                "    return 1.0 if output in words.WORDS and open('more.txt').read() == output else 0\n" % os.path.expanduser("~/.bashrc"),
                ["a"], metrics="{scorer: mine.py, files: [lib/words.py, more.txt]}") as home:
        home.file("lib/words.py", "WORDS = ['a']\n")
        home.file("more.txt", "a")
        os.environ["SECRET_KEY"] = "sk-secret"
        assert rows(home) == [(1, "")], rows(home)


@test
def the_run_keeps_its_scorer_and_goes_on_after_kill():
    with scored(PYTHON + "    import time; time.sleep(0.05)\n    return 0.5\n", ["x%d" % i for i in range(200)]) as home:
        child = home.start("run", "task.yaml", "-q", "--yes", "--speed", 0)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            time.sleep(0.1)
            try:
                if home.database().execute("select count(*) from trial").fetchone()[0] >= 20:
                    break
            except Exception:
                pass
        child.send_signal(signal.SIGKILL)
        child.communicate()
        home.file("mine.py", PYTHON + "    return 1.0\n")
        ended = home.run("resume", "last", "-q")
        assert ended.returncode == 0, ended.err
        got = home.json("show", "last", "--json")["variants"][0]["scores"]["mine"]
        assert (got["n"], got["mean"]) == (200, 0.5), got


@test
def without_a_sandbox_it_says_what_is_missing_in_one_sentence():
    with scored(PYTHON + "    return 1\n", ["a"]) as home:
        bin = os.path.join(home.path, "bin")
        os.mkdir(bin)
        child = home.run("run", "task.yaml", "-q", "--yes", "--speed", 0, PATH=bin)
        assert child.returncode == 4 and "bubblewrap" in child.err and child.err.count("\n") == 1, (child.returncode, child.err)
        assert home.run("validate", "task.yaml", PATH=bin).returncode == 0
        assert home.run("estimate", "task.yaml", PATH=bin).returncode == 0


def can_isolate():
    with Home() as home:
        found = json.loads(home.run("sandbox", "doctor", "--json").out)
        if not found["ready"]:
            print("SKIPPED: this machine can't isolate: %s" % "; ".join(
                "%s: %s" % (f["isolation"], f["found"]) for f in found["findings"] if f["here"] == "missing"))
        return found["ready"]


if can_isolate():
    main()
print("0 passed, 0 failed")
