#!/usr/bin/env python3
"""assay compare as a person uses it, its numbers checked against what the runs say themselves."""
import json
import math
import os
import resource
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from terminal import width  # noqa: E402
from whole import ASSAY, Home, cases_jsonl, test, main, words_task  # noqa: E402

MODELS = "sim:swift, sim:erratic, sim:thrifty"


def ran(home, *args):
    child = home.run("run", "task.yaml", "--speed", 0, "-q", *args)
    assert child.returncode in (0, 3), child.err
    return home.json("runs", "--json", "-n", 1)[0]["id"]


def values(home, run, metric):
    """{(variant, case): value} of a run, read from its export."""
    out = home.run("export", run, "-f", "jsonl").out
    rows = [json.loads(line) for line in out.splitlines()]
    return {(r["variant"], r["case"]): r["scores"].get(metric) for r in rows}


@test
def one_run_compares_its_variants_as_the_exported_scores_say():
    with Home() as home:
        words_task(home, 80, models=MODELS)
        run = ran(home)
        got = home.json("compare", "--json", "--cases", "-n", 1000)
        assert len(got["pairs"]) == 2 and got["metric"] == "accuracy" and got["by"] is None
        scores = values(home, run, "accuracy")
        for number, pair in enumerate(got["pairs"]):
            a, b = pair["base"]["variant"], pair["other"]["variant"]
            both = [(scores[a, c], scores[b, c]) for (v, c) in scores if v == a and scores[a, c] is not None and scores.get((b, c)) is not None]
            x = pair["scores"]["accuracy"]
            assert x["cases"] == len(both)
            differences = [q - p for p, q in both]
            mean = sum(differences) / len(both)
            assert abs(x["difference"] - mean) < 1e-12
            deviation = math.sqrt(sum((d - mean) ** 2 for d in differences) / (len(both) - 1))
            assert abs(x["deviation"] - deviation) < 1e-9
            broken = [k for k in got["changes"] if k["pair"] == number and k["change"] == "broken"]
            assert len(broken) == pair["broken"]
            assert pair["cases"] == 80 == pair["both_pass"] + pair["both_fail"] + pair["broken"] + pair["fixed"] + pair["undecided"]
        table = home.run("compare")
        assert table.returncode == 0 and "held against" in table.out
        assert all(width(line) <= 80 for line in table.out.splitlines()), max(table.out.splitlines(), key=width)


@test
def two_runs_are_held_against_each_other_and_another_task_is_said():
    with Home() as home:
        task = words_task(home, 40, models=MODELS)
        first = ran(home)
        text = open(task).read()
        home.file("task.yaml", text.replace("one word", "exactly one word") + "")
        second = ran(home)
        got = home.json("compare", first, second, "--json", "--cases")
        assert [r["id"] for r in got["runs"]] == [first, second]
        assert got["runs"][1]["task_differs"] == ["the prompt"] and got["runs"][1]["same_cases"]
        assert [p["base"]["variant"] for p in got["pairs"]] == [p["other"]["variant"] for p in got["pairs"]]
        out = home.run("compare", "last~1", "last", "--cases").out
        assert "B is another version of the task: the prompt differs." in out, out
        md = home.run("compare", "last~1", "last", "--md", "--detail").out
        assert md.startswith("## Comparison") and "| sim:swift |" in md


@test
def other_cases_are_compared_on_what_is_common():
    with Home() as home:
        words_task(home, 30)
        first = ran(home)
        lines = cases_jsonl(50).splitlines()[20:]
        home.file("cases.jsonl", "\n".join(reversed(lines)) + "\n")
        second = ran(home)
        got = home.json("compare", first, second, "--json")
        assert not got["runs"][1]["same_cases"] and got["runs"][1]["common_cases"] == 10
        assert got["runs"][1]["cases_only_here"] == 20 and got["runs"][1]["cases_only_in_base"] == 20
        assert got["pairs"][0]["cases"] == 10
        assert "the 10 they share by id" in home.run("compare", first, second).out.replace("\n ", " ")


@test
def cases_that_share_only_their_id_are_said():
    with Home() as home:
        words_task(home, 10)
        rows = [json.loads(line) for line in cases_jsonl(10).splitlines()]
        for row in rows:
            del row["id"]                                       # the position names them
        home.file("cases.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        first = ran(home)
        home.file("cases.jsonl", "".join(json.dumps(row) + "\n" for row in rows[:4] + [{"input": "a new one", "expected": "new"}] + rows[4:]))
        second = ran(home)
        got = home.json("compare", first, second, "--json")
        assert got["runs"][1]["common_cases"] == 10 and got["runs"][1]["cases_of_other_content"] == 6
        assert "6 cases of B have the id of one in A" in home.run("compare", first, second).out.replace("\n ", " ")
        home.file("cases.jsonl", "".join(json.dumps(row) + "\n" for row in rows[:7]))
        third = ran(home)
        assert home.json("compare", first, third, "--json")["runs"][1]["cases_of_other_content"] == 0


@test
def runs_of_other_models_are_paired_by_position_or_model():
    with Home() as home:
        words_task(home, 12, models="sim:swift")
        first = ran(home)
        second = ran(home, "--models", "sim:careful")
        failed = home.run("compare", first, second)
        assert failed.returncode == 2 and "--by model or --by position" in failed.err, failed.err
        got = home.json("compare", first, second, "--by", "position", "--json")
        assert got["pairs"][0]["base"]["variant"] == "sim:swift" and got["pairs"][0]["other"]["variant"] == "sim:careful"
        wrong = home.run("compare", first, second, "--by", "postion")
        assert wrong.returncode == 2 and "position" in wrong.err


@test
def one_case_is_shown_with_both_answers_and_their_difference():
    with Home() as home:
        words_task(home, 60, models="sim:careful, sim:erratic")
        ran(home)
        changes = home.json("compare", "--against", "sim:careful", "--json", "--cases", "-n", 100)["changes"]
        broken = next(k for k in changes if k["change"] == "broken" and k["why"] != "not answered")
        shown = home.run("compare", "--against", "sim:careful", "--case", broken["case"]).out
        assert "The prompt is the same." in shown and "[-" in shown and "{+" in shown and "accuracy" in shown, shown
        whole = home.json("compare", "--against", "sim:careful", "--case", broken["case"], "--json")[0]
        assert "".join(p["text"] for p in whole["diff"] if p["kind"] != "added") == whole["base"]["answer"]
        assert "".join(p["text"] for p in whole["diff"] if p["kind"] != "removed") == whole["other"]["answer"]
        none = home.run("compare", "--case", "nothing")
        assert none.returncode == 2 and "nothing" in none.err


@test
def mistakes_are_answered_with_what_is_allowed():
    with Home() as home:
        assert "no run" in home.run("compare").err
        words_task(home, 5, models="sim:swift, sim:careful")
        ran(home)
        for words, said in ((["--against", "sim:swft"], "did you mean \"sim:swift\""), (["--metric", "acuracy"], "did you mean \"accuracy\""),
                            (["--format", "jsn"], "did you mean \"json\""), (["--pass", "2"], "from 0 to 1"),
                            (["last", "last"], "named twice"), (["last"] * 9, "at most 8"), (["last", "last~7"], "holds 1")):
            failed = home.run("compare", *words)
            assert failed.returncode == 2 and said in failed.err, (words, failed.err)


@test
def a_hundred_thousand_trials_are_compared_in_little_memory():
    with Home() as home:
        n = 25000
        words_task(home, n, models="sim:instant, sim:echo")
        home.file("task.yaml", open(os.path.join(home.path, "task.yaml")).read().replace("metrics: [accuracy, cost, latency]", "metrics: [accuracy]"))
        ran(home)
        home.file("task.yaml", open(os.path.join(home.path, "task.yaml")).read().replace("one word.", "a word."))
        ran(home)

        def peak(*args):
            child = subprocess.Popen([ASSAY, "compare", *args, "--json"], cwd=home.path, env=home.env, stdout=subprocess.PIPE)
            out = child.stdout.read()
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            assert child.returncode == 0
            return json.loads(out), used.ru_maxrss / 1024

        got, mib = peak("last~1", "last")
        assert [p["cases"] for p in got["pairs"]] == [n, n]
        print("       %d trials compared in %.0f MiB" % (4 * n, mib))
        assert mib < 100 or sanitized(), mib


def sanitized():
    with open(ASSAY, "rb") as f:
        return b"__asan_init" in f.read()


resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
main()
