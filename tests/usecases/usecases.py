"""Use-case folders from outside: the examples run and are right by their own rules, broken ones say so, hostile ones stay in."""
import csv
import io
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import ROOT, Home, test, main  # noqa: E402

EXAMPLES = os.path.join(ROOT, "examples", "usecases")
CASES = {"bug-triage": 5, "data-cleaning": 2, "lecture-segments": 2, "meeting-actions": 2, "regex-from-examples": 3}

PROSE = """# Use Case: Route Tickets
## Metadata
- **Difficulty:** Moderate
- **Models:** sim:instant
## Goal
Assign each ticket to one queue.
## LLM Evaluation Notes
**Edge cases to watch:**
- Two problems in one ticket
## Expected Output Schema
%s
## Quality Criteria
Every queue right.
"""


def usecase(home, name="uc", schema="A JSON array of {ticket, queue}.", **files):
    """A folder with USE-CASE.md and one pair, unless files say otherwise."""
    home.file(name + "/USE-CASE.md", PROSE % schema)
    files = files or {"data/day-01.txt": "T-7: charged twice", "ground-truth/day-01.json": '[{"ticket": "T-7", "queue": "billing"}]'}
    for path, text in files.items():
        home.file(os.path.join(name, path), text)
    return name


def example(name, *args):
    """The example's run with a model that is always right, as JSON, and its trials."""
    with Home() as home:
        ran = home.json("run", os.path.join(EXAMPLES, name), "--models", "sim:instant,sim:thrifty", "--quiet", "--json", *args)
        trials = [json.loads(line) for line in home.run("export", "last", "--format", "jsonl").out.splitlines()]
        shown = home.json("show", "last", 0, "--json")
    return ran, trials, shown


def gold(name, stem):
    with open(os.path.join(EXAMPLES, name, "ground-truth", stem)) as f:
        return json.load(f) if stem.endswith(".json") else f.read()


@test
def every_example_is_listed_without_a_fault():
    with Home() as home:
        rows = home.json("usecases", EXAMPLES, "--json")
        assert {os.path.basename(r["folder_path"]): r["matched_pair_count"] for r in rows} == CASES
        assert all(r["error"] is None and r["goal"] and r["difficulty"] and r["primary_capability"] for r in rows), rows
        table = home.run("usecases", EXAMPLES, COLUMNS="120")
        assert table.returncode == 0 and all(name in table.out for name in CASES), table.out


@test
def every_example_is_valid_and_estimated_as_it_stands():
    with Home() as home:
        for name, cases in CASES.items():
            ran = home.run("validate", os.path.join(EXAMPLES, name))
            assert ran.returncode == 0 and "%d cases, 3 variants" % cases in ran.out and not ran.err, (ran.out, ran.err)
            assert home.json("estimate", os.path.join(EXAMPLES, name), "--json")["cases"] == cases
            assert os.path.exists(os.path.join(EXAMPLES, name, "README.md"))


@test
def every_example_runs_with_its_own_models():
    with Home() as home:
        for name, cases in CASES.items():
            ran = home.json("run", os.path.join(EXAMPLES, name), "--speed", 0, "--quiet", "--json")
            assert ran["run"]["done"] == 3 * cases and ran["run"]["failed"] == 0, ran["run"]
            assert {v["variant"] for v in ran["variants"]} == {"sim:careful", "sim:swift", "sim:thrifty"}
            assert all(v["quality"]["n"] == cases for v in ran["variants"]), name


@test
def a_right_answer_is_scored_right_and_the_input_is_in_the_prompt():
    for name, cases in CASES.items():
        ran, trials, shown = example(name)
        best = next(v for v in ran["variants"] if v["variant"] == "sim:instant")
        quality = "checks_passed" if name == "regex-from-examples" else "accuracy"
        assert ran["quality"] == quality and best["quality"]["mean"] == 1 and best["violations"] == 0, (name, best)
        assert best["quality"]["n"] == cases and len(trials) == 2 * cases
        prompt = shown["transcript"]["turns"][0]["prompt"]
        with open(os.path.join(EXAMPLES, name, "data", shown["case"])) as f:
            assert f.read() in prompt, name
        assert "WHAT IT LOOKS LIKE" in prompt and "Edge cases to watch" in prompt and "TASK: " + name.replace("-", "_") in prompt


@test
def the_lectures_keep_their_own_rules():
    for stem, data in (("lecture-01-segments.csv", "lecture-01-tides.txt"), ("lecture-02-segments.csv", "lecture-02-bread.txt")):
        rows = list(csv.DictReader(io.StringIO(gold("lecture-segments", stem))))
        with open(os.path.join(EXAMPLES, "lecture-segments", "data", data)) as f:
            stamps = re.findall(r"^(\d\d:\d\d:\d\d) (.*)$", f.read(), re.M)
        assert list(rows[0]) == ["concept", "start_time", "end_time"]
        seconds = lambda t: sum(int(p) * 60 ** i for i, p in enumerate(reversed(t.split(":"))))      # noqa: E731
        breaks = [(seconds(t), seconds(stamps[i + 1][0])) for i, (t, words) in enumerate(stamps) if "break" in words]
        at = 0
        for n, row in enumerate(rows):
            assert re.fullmatch(r"%02d(_[A-Z][a-z]*)+" % (n + 1), row["concept"]), row
            start, end = seconds(row["start_time"]), seconds(row["end_time"])
            assert 120 <= end - start <= 420, row
            assert row["start_time"] in dict(stamps) and row["end_time"] in dict(stamps)
            assert start == at or (at, start) in breaks, row
            at = end
        assert len(breaks) == 1 and stamps[-1][1] == "END" and at == seconds(stamps[-1][0])


@test
def the_meetings_use_only_the_words_they_name():
    words = {"owner_confidence": {"explicit", "inferred", "unclear"}, "deadline_type": {"explicit", "relative", "inferred", "none"},
             "priority": {"critical", "high", "medium", "low"}, "status": {"new", "in-progress", "blocked", "done"}}
    for stem in ("meeting-01-orchard.json", "meeting-02-release.json"):
        answer = gold("meeting-actions", stem)
        assert set(answer) == {"action_items", "decisions", "open_questions"}
        for n, item in enumerate(answer["action_items"]):
            assert set(item) == {"id", "action", "owner", "deadline", "deadline_raw", "dependencies", "context"} | set(words)
            assert item["id"] == "A%d" % (n + 1) and all(item[k] in v for k, v in words.items()), item
            assert (item["owner"] is None) == (item["owner_confidence"] == "unclear")
            assert (item["deadline"] is None) == (item["deadline_type"] == "none")
            assert all(re.fullmatch(r"A\d", d) and int(d[1:]) <= n for d in item["dependencies"])


@test
def the_triage_uses_eight_components_and_the_others_words():
    with open(os.path.join(EXAMPLES, "bug-triage", "USE-CASE.md")) as f:
        prose = " ".join(f.read().split())
    sets = {key: set(re.search(r"`%s` \(([^)]*)\)" % key, prose).group(1).split(", "))
            for key in ("severity", "component", "type", "root_cause_category", "reproducibility")}
    assert len(sets["component"]) == 8
    for stem in sorted(os.listdir(os.path.join(EXAMPLES, "bug-triage", "ground-truth"))):
        answer = gold("bug-triage", stem)
        assert set(answer) == set(sets) | {"potential_duplicates"}
        assert all(answer[k] in v for k, v in sets.items()), answer
        with open(os.path.join(EXAMPLES, "bug-triage", "data", stem.replace(".json", ".txt"))) as f:
            text = f.read()
        assert all("#%d " % n in text for n in answer["potential_duplicates"])


@test
def a_regex_is_scored_by_what_it_matches():
    with Home() as home:
        shutil.copytree(os.path.join(EXAMPLES, "regex-from-examples"), os.path.join(home.path, "uc"))
        for stem in os.listdir(os.path.join(home.path, "uc", "ground-truth")):
            path = os.path.join(home.path, "uc", "ground-truth", stem)
            with open(path) as f:
                answer = json.load(f)
            answer["regex"] = "|".join(re.escape(p) for p in answer["positives"])        # learnt by heart
            with open(path, "w") as f:
                json.dump(answer, f)
        ran = home.json("run", "uc", "--models", "sim:instant", "--quiet", "--json")["variants"][0]["scores"]
        assert ran["shown_examples"]["mean"] == 1 and ran["held_out_examples"]["mean"] == 0, ran


@test
def the_ground_truth_in_the_wanted_format_is_taken():
    with Home() as home:
        one = home.json("usecases", os.path.join(EXAMPLES, "data-cleaning"), "--json")
        assert [p["ground_truth_file"] for p in one["matched_pairs"]] == ["ground-truth/table-01-issues.json", "ground-truth/table-02-issues.json"]
        assert one["matched_pairs"][0]["match_pattern"] == "table-01" and len(one["ground_truth_files"]) == 4
        first = one["data_files"][0]
        assert first["name"] == "table-01-hives" and first["extension"] == "csv" and first["line_count"] == 7
        assert first["size_bytes"] == len(first["content_preview"]) and first["content_preview"].startswith("hive,")
        usecase(home, schema="A CSV file.", **{"data/day-01.txt": "x", "ground-truth/day-01.json": "[]", "ground-truth/day-01-clean.csv": "h\n1\n"})
        one = home.json("usecases", "uc", "--json")
        assert one["output_format"] == "csv" and one["matched_pairs"][0]["ground_truth_file"] == "ground-truth/day-01-clean.csv"
        usecase(home)                                       # a task file that forks it may want the other
        home.file("uc/task.yaml", "fork_of: USE-CASE.md\noutput: csv\n")
        home.file("uc/USE-CASE.md", PROSE % "A list.")
        home.run("run", "uc", "--quiet")
        assert home.json("show", "last", 0, "--json")["transcript"]["turns"][0]["response"] == "h\n1"


@test
def a_run_says_what_was_left_out_and_who_must_be_asked():
    with Home() as home:
        usecase(home, **{"data/day-01.txt": "x", "data/zoo-01.txt": "y", "ground-truth/day-01.json": "[]"})
        ran = home.run("run", "uc", "--quiet")
        assert ran.returncode == 0 and 'USE-CASE.md:1:1: warning: "data/zoo-01.txt" has no match' in ran.err, ran.err
        home.file("uc/USE-CASE.md", (PROSE % "JSON").replace("- **Models:** sim:instant\n", ""))
        ran = home.run("run", "uc", "--quiet")
        assert ran.returncode == 2 and "--models" in ran.err
        assert home.run("run", "uc", "--quiet", "--models", "sim:instant").returncode == 0


@test
def what_tools_wrote_is_used_and_what_is_broken_is_not():
    with Home() as home:
        prompts = {"analysis": {"quality_indicators": ["one row per ticket"]}, "task_prompt": "GENERATED {{ not a template }}",
                   "judge_prompt": "Compare.", "rubric": {"weights": {"accuracy": 40, "format": 20, "compliance": 40}}}
        usecase(home)
        home.file("uc/generated-prompts.json", json.dumps(prompts))
        assert home.run("run", "uc", "--quiet").returncode == 0
        said = home.json("show", "last", 0, "--json")["transcript"]["turns"][0]["prompt"]
        assert "GENERATED {{ not a template }}" in said and "GOAL\nAssign each ticket" in said and "- one row per ticket" in said
        settings = json.loads(home.database().execute("SELECT settings FROM run ORDER BY no DESC LIMIT 1").fetchone()[0])
        assert settings["task"]["judge"] == {"instructions": "Compare.", "rubric": prompts["rubric"]}
        home.file("uc/prompts/task-prompt.txt", "BY HAND\n")
        home.run("run", "uc", "--quiet")
        said = home.json("show", "last", 0, "--json")["transcript"]["turns"][0]["prompt"]
        assert "BY HAND" in said and "GENERATED" not in said
        os.remove(os.path.join(home.path, "uc/prompts/task-prompt.txt"))
        for broken, words in ((json.dumps({**prompts, "rubric": None}), 'no usable "rubric"'), ("{", "is not JSON")):
            home.file("uc/generated-prompts.json", broken)
            ran = home.run("run", "uc", "--quiet", "--fresh")
            assert ran.returncode == 0 and "generated-prompts.json" in ran.err and words in ran.err, ran.err
            said = home.json("show", "last", 0, "--json")["transcript"]["turns"][0]["prompt"]
            assert "GENERATED" not in said and "Assign each ticket" in said


@test
def broken_ones_are_listed_with_their_fault():
    with Home() as home:
        usecase(home, "all/fine")
        usecase(home, "all/unmatched", **{"data/a.txt": "x", "ground-truth/b.json": "1"})
        usecase(home, "all/empty", **{"notes.txt": ""})
        home.file("all/no-prose/ground-truth/a.json", "1")
        home.file("all/no-goal/USE-CASE.md", "# T\n")
        home.file("all/no-goal/data/a.txt", "x")
        home.file("all/unrelated/readme.txt", "x")
        os.makedirs(os.path.join(home.path, "all/linked/data"))
        home.file("all/linked/USE-CASE.md", PROSE % "JSON")
        os.symlink("/etc/hostname", os.path.join(home.path, "all/linked/data/a.txt"))
        rows = {os.path.basename(r["folder_path"]): r["error"] for r in home.json("usecases", "all", "--json")}
        assert sorted(rows) == ["empty", "fine", "linked", "no-goal", "no-prose", "unmatched"], rows
        assert rows["fine"] is None
        for name, words in (("unmatched", "matches"), ("empty", "holds no input"), ("no-prose", "no USE-CASE.md"), ("no-goal", "## Goal"),
                            ("linked", "leads out")):
            assert words in rows[name], rows
            ran = home.run("run", "all/" + name, "--models", "sim:instant", "--quiet")
            assert ran.returncode == 2 and "Traceback" not in ran.err, (name, ran.returncode, ran.err)
            alone = home.run("usecases", "all/" + name)
            assert alone.returncode == 2, (name, alone.returncode)
        table = home.run("usecases", "all")
        assert table.returncode == 0 and table.out.count("error:") == 5
        assert home.run("usecases", "all/unrelated").returncode == 2
        assert home.run("usecases", "nowhere").returncode == 2


@test
def a_folder_cannot_reach_out_and_cannot_steer_the_terminal():
    with Home() as home:
        home.file("secret.txt", "SECRET")
        for link in ("data/day-02.txt", "ground-truth/day-02.json", "generated-prompts.json", "prompts/task-prompt.txt"):
            usecase(home)
            path = os.path.join(home.path, "uc", link)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(os.path.join(home.path, "secret.txt"), path)
            for command in (["run", "uc", "--quiet"], ["validate", "uc"], ["usecases", "uc", "--json"]):
                ran = home.run(*command)
                assert "SECRET" not in ran.out + ran.err and "leads out" in ran.out + ran.err, (link, command, ran.err)
                assert ran.returncode == 2
            shutil.rmtree(os.path.join(home.path, "uc"))
        usecase(home)
        os.rename(os.path.join(home.path, "uc/USE-CASE.md"), os.path.join(home.path, "prose.md"))
        os.symlink("../prose.md", os.path.join(home.path, "uc/USE-CASE.md"))
        for path in ("uc", "uc/USE-CASE.md"):
            ran = home.run("run", path, "--quiet")
            assert ran.returncode == 2 and "leads out" in ran.err, ran.err
        home.file("esc/USE-CASE.md", "# A\x1b[31mB\n## Goal\nx\x07y\n")
        home.file("esc/data/a.txt", "x")
        for command in (["usecases", "esc"], ["usecases", "."]):
            shown = home.run(*command).out
            assert "\x1b" not in shown and "\x07" not in shown and "A?[31mB" in shown, shown


@test
def inputs_without_any_ground_truth_are_asked_and_not_scored():
    with Home() as home:
        usecase(home, **{"data/a.txt": "x", "data/b.txt": "y"})
        ran = home.run("run", "uc", "--quiet", "--json")
        assert ran.returncode == 0 and "no ground-truth/" in ran.err
        result = json.loads(ran.out)
        assert result["run"]["cases"] == 2 and result["variants"][0]["scores"]["accuracy"]["n"] == 0


@test
def a_use_case_resumes_after_its_folder_is_gone():
    with Home() as home:
        usecase(home, **{"data/a-%d.txt" % i: "ticket %d" % i for i in range(20)}, **{"ground-truth/a-%d.json" % i: "[%d]" % i for i in range(20)})
        stopped = home.run("run", "uc", "--models", "sim:careful", "--budget", "0.0001", "--quiet", "--speed", 0)
        assert stopped.returncode == 3, stopped.err
        shutil.rmtree(os.path.join(home.path, "uc"))
        ran = home.run("resume", "last", "--budget", "5", "--quiet", "--speed", 0, "--json")
        assert ran.returncode == 0 and json.loads(ran.out)["run"]["done"] == 20, ran.err


@test
def an_older_use_case_file_still_loads():
    with Home() as home:
        home.file("tickets.jsonl", json.dumps({"input": "T-7: charged twice", "expected": {"queue": "billing"}}) + "\n")
        old = ('name: "route_tickets"\ngoal: "Send every ticket to the right queue"\nllm_notes: Mind the tone.\n'
               'output_format: {format_type: "json", fields: [{name: "queue", type: "string", description: "target queue"}], '
               'example: {queue: sales}}\ncost_priority: "high"\nnotes: "- one queue per ticket\\n\\n- no other words"\n'
               'coverage_required: true\ndefault_judge_model: "${TASKBENCH_DEFAULT_JUDGE_MODEL:-anthropic/claude-sonnet-4.5}"\n'
               'default_candidate_models: [sim:instant]\n')
        home.file("old.yaml", old)
        assert home.run("validate", "old.yaml", "--no-cases").returncode == 0
        ran = home.json("run", "old.yaml", "--dataset", "tickets.jsonl", "--quiet", "--json")
        assert ran["variants"][0]["quality"]["mean"] == 1
        said = home.json("show", "last", 0, "--json")["transcript"]["turns"][0]["prompt"]
        for words in ("Send every ticket", "- queue (string): target queue", '{"queue":"sales"}', "Mind the tone.", "- one queue per ticket\n- no other",
                      "whole input is covered"):
            assert words in said, (words, said)
        home.file("bad.yaml", old.replace("notes:", "notse:").replace("name: \"queue\", ", ""))
        ran = home.run("validate", "bad.yaml")
        assert ran.returncode == 2 and 'bad.yaml:6:1' in ran.err and 'did you mean "notes"' in ran.err and "a field needs name" in ran.err, ran.err


main()
