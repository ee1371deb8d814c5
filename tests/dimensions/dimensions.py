"""Dimensions and forks from outside: every combination is asked, the seed decides the words, exports and groups carry the levels."""
import csv
import io
import itertools
import json
import os
import resource
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import ASSAY, Home, test, main, cases_jsonl  # noqa: E402

BASE = """name: dilemma
models: [sim:echo]
prompt: "[who is it] asks in a [TONE] voice."
dimensions:
  - name: Who Is It
    levels:
      - {score: 1, label: low, options: [a stranger, a neighbour, a cousin]}
      - {score: 2, label: mid}
      - {score: 4, label: high, options: [your boss, your mother], description: most at stake}
  - name: Tone
    values: [calm, angry]
checks: [{contains: angry}]
metrics: [checks_passed]
seed: 42
"""


def prompts(home, n):
    return [home.json("show", "last", i, "--json")["transcript"]["turns"][0]["prompt"] for i in range(n)]


def trials(home):
    return [json.loads(line) for line in home.run("export", "last", "--format", "jsonl").out.splitlines()]


def run(home, *args):
    ran = home.run("run", *args, "--quiet", "--json", "--fresh", "--speed", 0)
    assert ran.returncode == 0, ran.err
    return json.loads(ran.out)


@test
def every_combination_is_a_case_of_its_own():
    with Home() as home:
        home.file("task.yaml", BASE)
        ran = run(home, "task.yaml")
        assert ran["run"]["cases"] == 6 and ran["run"]["done"] == 6
        ids = ["Who Is It_%d / Tone_%d" % x for x in itertools.product((1, 2, 4), (1, 2))]
        rows = trials(home)
        assert [r["case_id"] for r in rows] == ids
        assert [(r["dimensions"]["Who Is It"], r["dimensions"]["Tone"]) for r in rows] == list(itertools.product((1, 2, 4), (1, 2)))
        said = prompts(home, 6)
        assert said[2] == "mid asks in a calm voice." and said[3] == "mid asks in a angry voice."
        assert all("[" not in s for s in said), said
        assert said[0].split(" asks")[0] in ("a stranger", "a neighbour", "a cousin") and said[5].split(" asks")[0] in ("your boss", "your mother")


@test
def the_seed_decides_the_words_and_the_same_seed_the_same_words():
    with Home() as home:
        home.file("task.yaml", BASE)
        first = run(home, "task.yaml") and prompts(home, 6)
        assert (run(home, "task.yaml") and prompts(home, 6)) == first
        others = {tuple(run(home, "task.yaml", "--seed", seed) and prompts(home, 6)) for seed in range(1, 9)}
        assert len(others) > 3, others
        assert (run(home, "task.yaml", "--seed", 42) and prompts(home, 6)) == first
        run(home, "task.yaml", "--where", "dimensions.Tone == 2")       # what is left out changes nothing of the rest
        assert prompts(home, 3) == first[1::2]


@test
def exports_and_the_report_carry_the_levels():
    with Home() as home:
        home.file("task.yaml", BASE)
        ran = run(home, "task.yaml", "--models", "sim:echo,sim:instant")
        table = list(csv.DictReader(io.StringIO(home.run("export", "last", "--format", "csv").out)))
        assert list(table[0])[-2:] == ["dimension.Tone", "dimension.Who Is It"]
        assert [(r["dimension.Who Is It"], r["dimension.Tone"]) for r in table[::2]] == [(str(a), str(b)) for a in (1, 2, 4) for b in (1, 2)]
        assert [d["name"] for d in ran["dimensions"]] == ["Tone", "Who Is It"]
        assert ran["dimensions"][1]["levels"] == [{"score": 1, "label": "low"}, {"score": 2, "label": "mid"}, {"score": 4, "label": "high"}]
        for v in ran["variants"]:
            for name, levels in v["by_dimension"].items():          # against the exported rows
                column = "dimension." + name
                for level in levels:
                    mine = [float(r["checks_passed"]) for r in table if r["variant"] == v["variant"] and r[column] == str(level["score"])]
                    assert level["n"] == len(mine) and abs(level["mean"] - sum(mine) / len(mine)) < 1e-12
        shown = home.run("show", "last", "--by", "tone").out.splitlines()
        assert shown[0] == "checks_passed by Tone" and "1 calm" in shown[2] and "2 angry" in shown[2]
        assert any(line.split() == ["sim:echo", "0.0", "%", "100.0", "%"] for line in shown), shown
        ran = home.run("show", "last", "--by", "ton")
        assert ran.returncode == 2 and 'did you mean "Tone"' in ran.err


@test
def a_run_without_dimensions_says_nothing_of_them():
    with Home() as home:
        home.file("task.yaml", "name: n\nmodels: [sim:echo]\nprompt: '[Tone] {{ input }}'\ncases: [a, b]\nmetrics: [cost]\n")
        ran = run(home, "task.yaml")
        assert "dimensions" not in ran and all("by_dimension" not in v for v in ran["variants"])
        assert all("dimensions" not in r for r in trials(home)) and "dimension" not in home.run("export", "last", "-f", "csv").out
        assert prompts(home, 2) == ["[Tone] a", "[Tone] b"]
        assert home.run("show", "last", "--by", "Tone").returncode == 2


@test
def where_the_cases_are_gone_the_report_still_comes():
    with Home() as home:
        home.file("task.yaml", BASE)
        run(home, "task.yaml")
        for entry in os.listdir(home.env["ASSAY_HOME"]):
            path = os.path.join(home.env["ASSAY_HOME"], entry)
            if os.path.isdir(path):
                shutil.rmtree(path)
        shown = home.run("show", "last", "--json")
        assert shown.returncode == 0 and "dimensions of the cases are not shown" in shown.err
        assert "by_dimension" not in json.loads(shown.out)["variants"][0]
        rows = list(csv.DictReader(io.StringIO(home.run("export", "last", "-f", "csv").out)))
        assert len(rows) == 6 and {r["dimension.Tone"] for r in rows} == {""}


@test
def dimensions_multiply_a_dataset_in_bounded_memory():
    with Home() as home:
        n = 20000
        home.file("cases.jsonl", cases_jsonl(n))
        home.file("task.yaml", BASE.replace("voice.\"", "voice: {{ input }}\"") + "dataset: cases.jsonl\n")
        assert home.json("estimate", "task.yaml", "--json")["cases"] == 6 * n
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        with open(ASSAY, "rb") as f:
            watched = b"__asan_init" in f.read()             # a sanitizer keeps what was freed
        assert watched or most < 96, most
        run(home, "task.yaml", "--limit", 8)
        rows = trials(home)
        assert [r["case_id"] for r in rows][5:8] == ["c0 / Who Is It_4 / Tone_2", "c1 / Who Is It_1 / Tone_1", "c1 / Who Is It_1 / Tone_2"]
        assert "Case number 1 is about" in prompts(home, 8)[6]


@test
def a_share_is_drawn_as_the_vectors_say():
    with Home() as home:
        home.file("task.yaml", "name: n\nmodels: [sim:echo]\nprompt: '{{ input }}'\ncases: [%s]\nmetrics: [cost]\n" %
                  ", ".join("c%d" % i for i in range(10)))
        run(home, "task.yaml", "--sample", "30%", "--seed", 42)
        assert prompts(home, 3) == ["c6", "c7", "c8"]
        run(home, "task.yaml", "--sample", "10%", "--seed", 1)
        assert prompts(home, 1) == ["c5"]
        run(home, "task.yaml", "--sample", "10%", "--seed", 2147483648)
        assert prompts(home, 1) == ["c5"]
        settings = json.loads(home.database().execute("SELECT settings FROM run ORDER BY no DESC LIMIT 1").fetchone()[0])
        assert settings["select"] == {"sample_percent": 10, "seed": 1}
        assert run(home, "task.yaml", "--sample", "100%")["run"]["cases"] == 10
        assert run(home, "task.yaml", "--sample", "1%")["run"]["cases"] == 1
        for wrong in ("0%", "101%", "x%", "%", "1.5%"):
            ran = home.run("run", "task.yaml", "--sample", wrong)
            assert ran.returncode == 2 and "1% to 100%" in ran.err, (wrong, ran.err)


@test
def a_run_of_dimensions_resumes_from_its_frozen_cases():
    with Home() as home:
        home.file("task.yaml", BASE)
        stopped = home.run("run", "task.yaml", "--models", "sim:careful", "--budget", "0.0003", "--concurrency", 1, "--quiet", "--speed", 0)
        assert stopped.returncode == 3, (stopped.returncode, stopped.err)
        os.remove(os.path.join(home.path, "task.yaml"))
        ran = home.run("resume", "last", "--budget", "5", "--quiet", "--json", "--speed", 0)
        assert ran.returncode == 0, ran.err
        result = json.loads(ran.out)
        assert result["run"]["done"] == 6 and result["variants"][0]["by_dimension"]["Tone"][0]["n"] == 3


@test
def forks_inherit_override_and_take_away():
    with Home() as home:
        home.file("root.yaml", BASE + "system: Be brief.\nvars: {colour: red}\n")
        home.file("middle.yaml", "fork_of: root.yaml\nname: middle\nprompt: 'M [tone] {{ colour }}'\n")
        home.file("leaf.yaml", "fork_of: middle.yaml\nname: leaf\nsystem:\nchecks: []\ndimensions: [{name: Tone, values: [kind, sharp, dry]}]\n")
        ran = run(home, "leaf.yaml")
        assert ran["run"]["task"] == "leaf" and ran["run"]["cases"] == 3
        assert prompts(home, 3) == ["M kind red", "M sharp red", "M dry red"]
        assert "Be brief" not in json.dumps(home.json("show", "last", 0, "--json"))
        run(home, "middle.yaml")
        assert "Be brief" in json.dumps(home.json("show", "last", 0, "--json")) and prompts(home, 1) == ["M calm red"]
        home.file("cases.jsonl", cases_jsonl(2))
        home.file("data.yaml", "fork_of: with-data.yaml\ncases: [only one]\n")
        home.file("with-data.yaml", "name: d\nmodels: [sim:echo]\nprompts: ['{{ input }}', 'x {{ input }}']\ndataset: cases.jsonl\n")
        assert run(home, "data.yaml")["run"]["cases"] == 1
        home.file("one.yaml", "fork_of: with-data.yaml\nprompt: 'only {{ input }}'\n")
        assert run(home, "one.yaml")["run"]["variants"] == 1


@test
def faults_of_forks_stand_where_they_are():
    with Home() as home:
        home.file("base.yaml", BASE.replace("checks: [{contains: angry}]", "checks: [{contians: angry}]"))
        home.file("fork.yaml", "fork_of: base.yaml\nbogus: 1\n")
        ran = home.run("validate", "fork.yaml")
        assert ran.returncode == 2 and "base.yaml:12:11" in ran.err and "fork.yaml:2:1" in ran.err, ran.err
        home.file("a.yaml", "fork_of: b.yaml\n")
        home.file("b.yaml", "fork_of: a.yaml\n")
        assert "b.yaml:1:10: error: a fork can't descend from itself" in home.run("validate", "a.yaml").err
        home.file("self.yaml", "fork_of: self.yaml\n")
        assert "descend from itself" in home.run("validate", "self.yaml").err
        for i in range(18):
            home.file("f%d.yaml" % i, "fork_of: f%d.yaml\n" % (i + 1) if i < 17 else BASE)
        assert home.run("validate", "f1.yaml").returncode == 0
        ran = home.run("validate", "f0.yaml")
        assert ran.returncode == 2 and "at most 16 ancestors" in ran.err, ran.err
        home.file("sub/task.yaml", "fork_of: ../base.yaml\n")
        assert "in the same folder" in home.run("validate", "sub/task.yaml").err
        home.file("near.yaml", "fork_of: bas.yaml\n")
        assert 'did you mean "base.yaml"' in home.run("validate", "near.yaml").err
        home.file("broken.yaml", "name: [\n")
        home.file("of-broken.yaml", "fork_of: broken.yaml\n")
        assert "broken.yaml:" in home.run("validate", "of-broken.yaml").err
        home.file("list.yaml", "- a\n")
        home.file("of-list.yaml", "fork_of: list.yaml\n")
        assert "list.yaml:1:1" in home.run("validate", "of-list.yaml").err
        os.symlink("/etc/passwd", os.path.join(home.path, "link.yaml"))
        home.file("of-link.yaml", "fork_of: link.yaml\n")
        ran = home.run("validate", "of-link.yaml")
        assert ran.returncode == 2 and "leads out" in ran.err and "root:" not in ran.err


main()
