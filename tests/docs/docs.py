"""The documents say what is true: links lead somewhere, options and names exist, examples work, the walks of CONTRIBUTING build."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import ASSAY, ROOT, Home, Sim, test, main, words_task  # noqa: E402

PAGES = sorted(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] +
               [os.path.relpath(p, ROOT) for p in glob.glob(os.path.join(ROOT, "docs", "*.md"))])
OTHERS = {"--reconfigure", "--fast"}                      # of programs that are not ours


def page(name):
    with open(os.path.join(ROOT, name)) as f:
        return f.read()


def anchors(text):
    heads = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", h.strip().lower()).replace(" ", "-") for h in heads}


def fenced(text, language):
    return re.findall(r"^```%s\n(.*?)^```$" % language, text, re.M | re.S)


def helps():
    """command -> what `assay help COMMAND` says."""
    with Home() as home:
        listed = home.run("help").out
        commands = re.findall(r"^  ([a-z]+) +[A-Z]", listed, re.M)
        return {c: home.run("help", c).out for c in commands}


@test
def every_link_leads_to_a_file_and_every_anchor_to_a_heading():
    for name in PAGES:
        text = page(name)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            full = os.path.normpath(os.path.join(ROOT, os.path.dirname(name), path)) if path else os.path.join(ROOT, name)
            assert os.path.exists(full), (name, target)
            assert not anchor or anchor in anchors(page(os.path.relpath(full, ROOT))), (name, target)


@test
def every_file_that_is_named_exists():
    for name in PAGES:
        for path in re.findall(r"`((?:src|tests|docs|tools|bench|examples)/[\w./-]*)`", page(name)):
            if path in ("src/eval/check/max_questions.c", "src/eval/metric/answered.c", "src/llm/provider/example.c"):
                continue                        # written by the walks
            assert os.path.exists(os.path.join(ROOT, path)), (name, path)


@test
def every_option_and_command_in_the_documents_is_one_of_the_program():
    said = helps()
    known = {"--help", "--version"} | OTHERS | set(re.findall(r"--[a-z][a-z-]*", " ".join(said.values())))
    for name in PAGES:
        if name == "docs/benchmarks.md":
            continue                            # bench/run's own
        text = page(name)
        for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)):
            assert option in known, (name, option)
        for command in re.findall(r"(?:^\$? ?|`)assay ([a-z]+)\b(?= |`|$)", text, re.M):
            assert command in said, (name, command)


@test
def every_command_is_spoken_of():
    text = "".join(page(p) for p in PAGES)
    for command in helps():
        assert command in ("help", "version") or re.search(r"assay %s\b" % command, text), command


@test
def checks_metrics_and_providers_of_the_documents_are_those_of_the_program():
    tasks, providers = page("docs/tasks.md"), page("docs/providers.md")
    with Home() as home:
        checks = {c["check"] for c in home.json("checks", "--json")}
        metrics = {m["metric"] for m in home.json("metrics", "--json")}
        names = {p["provider"] for p in home.json("providers", "--json")}
    listed = re.search(r"## Checks.*?\n`(contains [a-z_ \n]+)`", tasks, re.S).group(1).split()
    assert set(listed) == checks, set(listed) ^ checks
    table = tasks[tasks.index("## Metrics"):].split("\n### ")[0]
    rows = re.findall(r"`([a-z0-9_]+)`", " ".join(re.findall(r"^\| (`.*?) \|", table, re.M)))
    assert set(rows) == metrics, set(rows) ^ metrics
    rows = re.findall(r"^\| `([a-z-]+)` \|", providers[:providers.index("## What is sent")], re.M)
    assert set(rows) == names, set(rows) ^ names


@test
def error_classes_of_the_documents_are_those_of_the_program_with_their_retries():
    with open(os.path.join(ROOT, "src/base/err.c")) as f:
        known = {name: retry == "true" for name, retry in re.findall(r'\{ "([A-Z_]+)", \d+, \d+, (true|false) \}', f.read())}
    rows = re.findall(r"^\| `([A-Z_]+)` \|[^|]*\| (\w+)", page("docs/providers.md"), re.M)
    assert len(rows) >= 10
    for name, tried in rows:
        assert name in known, name
        assert tried not in ("yes", "no") or known[name] == (tried == "yes"), (name, tried)


@test
def the_example_task_of_the_readme_is_valid_and_runs():
    example = next(t for t in fenced(page("README.md"), "yaml") if "dataset: tickets.jsonl" in t)
    with Home() as home:
        home.file("task.yaml", example)
        home.file("prompts/route.jinja", "Route this ticket: {{ input }}")
        home.file("tickets.jsonl", "".join(json.dumps({"id": "t%d" % i, "input": "Ticket %d: my bill is wrong" % i,
                                                       "expected": {"queue": "billing"}}) + "\n" for i in range(4)))
        home.file("ticket.schema.json", json.dumps({"type": "object", "properties": {"queue": {"type": "string"}},
                                                    "required": ["queue"], "additionalProperties": False}))
        checked = home.run("validate", "task.yaml")
        assert checked.returncode == 0, checked.err
        ran = home.run("run", "task.yaml", "--models", "sim:instant", "--speed", "0", "--quiet")
        assert ran.returncode == 0, (ran.returncode, ran.err)


@test
def every_piece_of_a_task_in_the_documents_is_valid():
    seen = 0
    for name in PAGES:
        for piece in fenced(page(name), "yaml"):
            if re.search(r"^name:", piece, re.M) or not re.match(r"[a-z_]+:", piece):
                continue                        # whole tasks have their own test
            with Home() as home:
                words_task(home, 2)
                for file, text in (("polite.py", fenced(page("docs/tasks.md"), "python")[0]), ("words.sh", "#!/bin/sh\n"), ("stop-words.txt", "")):
                    home.file(file, text)
                task = re.sub(r"(?m)^(%s):.*\n(?:[ -].*\n)*" % "|".join(re.findall(r"(?m)^([a-z_]+):", piece)), "",
                              open(os.path.join(home.path, "task.yaml")).read())
                home.file("task.yaml", task + piece)
                checked = home.run("validate", "task.yaml")
                assert checked.returncode == 0, (name, piece, checked.err)
            seen += 1
    assert seen >= 1


@test
def every_template_of_the_documents_becomes_what_stands_beside_it():
    rows = re.findall(r"^\| `(.*?)` \| `(.*?)` \|$", page("docs/templates.md").replace("\\|", "\x01"), re.M)
    rows = [(a.replace("\x01", "|"), b) for a, b in rows if "{" in a]
    assert len(rows) >= 12, rows
    with Home() as home:
        home.file("cases.jsonl", json.dumps({"items": [{"name": "pump", "price": 12.5}, {"name": "valve", "price": 3}],
                                             "note": "  Ring  the bell ", "tags": ["b", "a"]}) + "\n")
        prompts = [{"name": "p%d" % i, "text": "[%s]" % template} for i, (template, _) in enumerate(rows)]
        home.file("task.yaml", json.dumps({"name": "t", "models": ["sim:careful"], "prompts": prompts, "dataset": "cases.jsonl"}))
        made = [v["messages"][0]["content"][0]["text"] for v in home.json("render", "task.yaml", "--json")["variants"]]
    for (template, becomes), text in zip(rows, made):
        assert text == "[%s]" % becomes, (template, becomes, text)


@test
def every_check_shows_an_example_that_is_valid():
    with Home() as home:
        for check in home.json("checks", "--json"):
            words_task(home, 1)
            home.file("polite.py", "def evaluate(output):\n    return True\n")
            home.file("task.yaml", open(os.path.join(home.path, "task.yaml")).read() + "  " + check["example"] + "\n")
            checked = home.run("validate", "task.yaml")
            assert checked.returncode == 0, (check, checked.err)


@test
def help_fits_into_eighty_columns_and_has_no_colour_where_none_is_wanted():
    for command, text in helps().items():
        assert "\033" not in text, command
        for line in text.splitlines():
            assert len(line) <= 80, (command, line)


def insert_by_name(text, name):
    """The list of names of a table file, X(a) X(b)..., with one more in its alphabetical place."""
    end = text.index("#define X(")
    for found in re.finditer(r"X\((\w+)\)", text[:end]):
        if found.group(1) > name:
            return text[:found.start()] + "X(%s) " % name + text[found.start():]
    return text[:found.end()] + " X(%s)" % name + text[found.end():]


@test
def the_three_walks_of_contributing_build_as_they_are_printed():
    text = page("CONTRIBUTING.md")
    steps = re.findall(r"Save as `([\w/.]+)`, and add\s+`X\((\w+)\)` to the list in `([\w/.]+)`.*?^```c\n(.*?)^```$", text,
                       re.M | re.S)
    assert len(steps) == 3, [s[:3] for s in steps]
    tree = tempfile.mkdtemp(prefix="assay-walks-")
    try:
        for folder in ("src", "tools", "tests/harness", "tests/data", "docs"):
            shutil.copytree(os.path.join(ROOT, folder), os.path.join(tree, folder))
        for name in os.listdir(ROOT):
            if os.path.isfile(os.path.join(ROOT, name)):
                shutil.copy(os.path.join(ROOT, name), tree)
            elif name in ("data", "examples", ".vocab"):
                shutil.copytree(os.path.join(ROOT, name), os.path.join(tree, name))
        for path, name, table, code in steps:
            with open(os.path.join(tree, path), "w") as f:
                f.write(code)
            with open(os.path.join(tree, table)) as f:
                listed = f.read()
            with open(os.path.join(tree, table), "w") as f:
                f.write(insert_by_name(listed, name))
        build = os.path.join(tree, "build")
        for command in (["meson", "setup", build, "--buildtype=plain", "-Dwerror=true"], ["ninja", "-C", build, "assay"]):
            made = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=600)
            assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-1000:]
        walked = os.path.join(build, "assay")
        with Home() as home:
            words_task(home, 3)
            task = open(os.path.join(home.path, "task.yaml")).read()
            home.file("task.yaml", task.replace("cost, latency]", "cost, latency, answered]") + "  - {max_questions: 3}\n")

            def ask(*words):
                return subprocess.run([walked, *words], cwd=home.path, env={**home.env, "EXAMPLE_API_KEY": "k"}, timeout=60,
                                      capture_output=True, text=True)
            with Sim(home, "--book", "cases.jsonl", "--speed", "0") as sim:
                ran = ask("run", "task.yaml", "--quiet", "--json", "--models", "sim:instant,example:instant", "--base-url",
                          "sim=%s/v1,example=%s/v1" % (sim.url, sim.url))
            assert ran.returncode == 0, (ran.returncode, ran.stderr)
            result = json.loads(ran.stdout)
            assert "answered" in ran.stdout and "max_questions" in ran.stdout and "example:instant" in ran.stdout, result
            assert "at most so many question marks" in ask("checks", "max_questions").stdout
    finally:
        shutil.rmtree(tree, ignore_errors=True)


main()
