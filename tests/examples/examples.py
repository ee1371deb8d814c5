"""The library of examples: each is valid, runs with its own models, is right when its model is, and what its README types works."""
import glob
import json
import os
import re
import shlex
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import ROOT, Home, test, main  # noqa: E402

TASKS = sorted(glob.glob(os.path.join(ROOT, "examples", "*", "task.yaml")))
NAMES = [os.path.basename(os.path.dirname(t)) for t in TASKS]
RANKS = {"article-summary": "rouge_l", "code-generation": "code_passes", "handbook-questions": "f1", "invoice-fields": "accuracy", "picture-questions": "normalized_match",
         "review-sentiment": "classification", "safe-or-not": "checks_passed", "signs-translation": "chrf", "sql-queries": "code_passes",
         "support-chat": "exact_match", "support-tickets": "accuracy"}
RUN_PROGRAMS = {"code-generation", "sql-queries"}           # in the sandbox


def runnable(home):
    """The examples that this machine can run; says which it leaves out."""
    if home.run("sandbox", "doctor").returncode == 0:
        return list(zip(NAMES, TASKS))
    print("       SKIPPED: this machine can't isolate a program, so %s are not run" % " and ".join(sorted(RUN_PROGRAMS)))
    return [(n, t) for n, t in zip(NAMES, TASKS) if n not in RUN_PROGRAMS]


@test
def every_example_is_spoken_of_here_and_in_the_list():
    assert NAMES == sorted(RANKS), NAMES
    with open(os.path.join(ROOT, "examples", "README.md")) as f:
        listed = re.findall(r"^\| \[([a-z-]+)\]", f.read(), re.M)
    assert sorted(listed) == sorted(NAMES + ["usecases"]), listed


@test
def every_example_is_valid_and_cheap():
    with Home() as home:
        for task in TASKS:
            ran = home.run("validate", task)
            assert ran.returncode == 0 and not ran.err, (task, ran.out, ran.err)
            cost = home.json("estimate", task, "--models", "openai:gpt-4o-mini,anthropic:claude-3-5-haiku-latest", "--json")["cost_usd"]
            assert float(cost) < 0.25, (task, cost)


@test
def a_right_model_is_right_everywhere_and_a_chatty_one_is_not():
    with Home() as home:
        for name, task in runnable(home):
            ran = home.json("run", task, "--models", "sim:instant,sim:chatty", "--speed", 0, "--quiet", "--json")
            assert ran["run"]["state"] == "done" and ran["run"]["failed"] == 0, (name, ran["run"])
            ranks = ran["quality"]
            assert ranks == RANKS[name], (name, ranks)
            by = {v["variant"]: v for v in ran["variants"]}
            best = by["sim:instant"]
            assert abs(best["scores"][ranks]["mean"] - 1) < 1e-9 and best["violations"] == 0, (name, best)
            for scorer, of in best["scores"].items():
                assert of["missing"] == 0 or scorer == "cost", (name, scorer, of)
            assert by["sim:chatty"]["scores"][ranks]["mean"] < 1 or by["sim:chatty"]["violations"] or name == "invoice-fields", (name, by)


@test
def every_example_runs_as_it_stands_and_its_readme_says_nothing_that_fails():
    spoken = 0
    with Home() as home:
        ran_here = runnable(home)
    for name, task in ran_here:
        with Home() as home:
            shutil.copytree(os.path.join(ROOT, "examples"), os.path.join(home.path, "examples"))
            with open(os.path.join(ROOT, "examples", name, "README.md")) as f:
                lines = [line.split("#")[0].split() and shlex.split(line.split("#")[0]) for line in f if line.startswith("    assay ")]
            assert lines and lines[0] == ["assay", "run", "examples/%s/task.yaml" % name], (name, lines)
            for words in lines:
                if words[1:3] == ["label", "last"]:
                    continue                                    # asks a person: tests/label
                if words[1:3] == ["run", "examples/%s/task.yaml" % name] and any(":" in w and "sim:" not in w for w in words):
                    continue                                    # asks real models
                speed = ["--speed", "0"] if words[1] in ("run", "judge") else []
                ran = home.run(*words[1:], *speed)
                assert ran.returncode in (0, 1), (name, words, ran.returncode, ran.err)
                spoken += 1
    print("       %d commands of %d READMEs" % (spoken, len(ran_here)))
    assert spoken >= 3 * len(ran_here) - 4


@test
def a_program_is_run_once_for_all_that_look_at_it_and_pass_at_k_counts_answers():
    with Home() as home:
        if not {n for n, _ in runnable(home)} & RUN_PROGRAMS:
            return
        ran = home.json("run", TASKS[NAMES.index("code-generation")], "--models", "sim:thrifty", "--speed", 0, "--quiet", "--json")
        trials = [json.loads(line) for line in home.run("export", "last", "--format", "jsonl").out.splitlines()]
        scores = ran["variants"][0]["scores"]
        by = {}
        for t in trials:
            by.setdefault(t["case_id"] if "case_id" in t else t["case"], []).append(t["scores"]["code_passes"])
            for other in ("pass_at_1", "pass_at_3", "works"):
                assert t["scores"][other] == t["scores"]["code_passes"], t["scores"]
        assert len(by) == 10 and all(len(v) == 3 for v in by.values())
        assert abs(scores["pass_at_1"]["mean"] - sum(sum(v) for v in by.values()) / 30) < 1e-9, scores["pass_at_1"]
        assert abs(scores["pass_at_3"]["mean"] - sum(any(v) for v in by.values()) / 10) < 1e-9, scores["pass_at_3"]
        assert 0 < scores["pass_at_1"]["mean"] < scores["pass_at_3"]["mean"] <= 1, scores


if __name__ == "__main__":
    main()
