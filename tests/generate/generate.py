"""Generated checks from outside: what a model is asked, what its replies become, and what they do to the task file."""
import http.server
import json
import os
import re
import shutil
import stat
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from terminal import Terminal  # noqa: E402
from whole import ASSAY, Home, test, main  # noqa: E402

TASK = """# Tickets, as they come in.
name: tickets
description: Read a support ticket; return its queue as JSON.   # the heart of it
models: [sim:swift]
domain: customer-support
prompt: "Which queue? {{ input }}"
output: {format: json}
cases:
  - {input: "charged twice", expected: {queue: billing}}

checks:
  - {name: known_queue, path: $.queue, one_of: [billing, technical], severity: critical}   # ours

# how it is measured
metrics: [accuracy]
"""
KEY = {"OPENAI_API_KEY": "key-of-openai-123456"}
GOOD = {"checks": [{"name": "short", "description": "It is short.", "severity": "warning", "rule": "max_words: 40"},
                   {"name": "polite", "description": "It is polite.", "severity": "info", "rule": "The reply stays polite throughout."},
                   {"name": "odd", "description": "Odd.", "severity": "critical", "rule": "count(x) == n"}]}


class Writer:
    """A model of our own: gives `replies` in turn (the last for ever) and keeps what it was asked."""

    def __init__(self, *replies):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                reply = replies[min(len(asked), len(replies)) - 1]
                status, text = (reply, "") if isinstance(reply, int) else (200, reply if isinstance(reply, str) else json.dumps(reply))
                data = json.dumps({"id": "x", "object": "chat.completion", "model": "w", "choices": [
                    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
                    "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}}).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.options = ["--model", "openai:gpt-4o-mini", "--base-url", "openai=http://127.0.0.1:%d" % self.server.server_port]

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()


def raw(home, name="task.yaml"):
    with open(os.path.join(home.path, name), "rb") as f:
        return f.read().decode()


def write(home, text, name="task.yaml"):
    with open(os.path.join(home.path, name), "wb") as f:
        f.write(text.encode())


def generate(home, *options, code=0, **env):
    child = home.run("checks", "generate", "task.yaml", *options, **env)
    assert child.returncode == code, (child.returncode, child.out, child.err)
    return child


def grew(before, after):
    """That `after` is `before` with one piece put in; returns the piece."""
    at = 0
    while at < len(before) and before[at] == after[at]:
        at += 1
    rest = len(before) - at
    assert after.endswith(before[at:]) and after[:at] == before[:at], (before, after)
    return after[at:len(after) - rest]


@test
def a_model_writes_checks_and_the_rest_of_the_file_stays():
    with Home() as home:
        write(home, TASK)
        got = json.loads(generate(home, "--model", "sim:writer", "--speed", 0, "--yes", "--json").out)
        assert (got["native"], got["judge"], got["not_evaluated"], got["saved"]) == (4, 1, 1, 6), got
        assert got["calls"] == 1 and not got["repaired"] and float(got["cost_usd"]) > 0
        piece = grew(TASK, raw(home))
        assert piece.startswith("  - name: output_not_empty") and piece.count("- name:") == 6, piece
        assert "judged: The answer says nothing" in piece and 'rule: "count(item) == input_count"' in piece
        listed = home.json("validate", "task.yaml", "--json")
        assert listed["valid"], listed
        ran = home.run("run", "task.yaml", "-q", "--speed", 0)
        assert ran.returncode == 0, ran.err
        assert "2 checks not evaluated: nothing_invented, every_item" in " ".join(ran.out.split()), ran.out
        one = home.json("show", "last", 0, "--json")
        assert one["scores"]["nothing_invented"] is None and "needs a judge" in one["notes"]["nothing_invented"]
        assert one["scores"]["every_item"] is None and one["scores"]["short_answer"] == 1, one["scores"]
        again = json.loads(generate(home, "--model", "sim:writer", "--speed", 0, "--yes", "--json").out)
        assert again["saved"] == 0 and again["already_there"] == 6, again


@test
def plain_language_goes_to_the_tasks_judge_with_its_own_costs():
    with Home() as home:
        write(home, TASK + "judge: {model: sim:judge}\n")
        generate(home, "--model", "sim:writer", "--speed", 0, "--yes")
        assert home.run("run", "task.yaml", "-q", "--speed", 0).returncode == 0
        one = home.json("show", "last", 0, "--json")
        assert one["scores"]["nothing_invented"] == 1, one
        rows = home.database().execute("select phase, calls from ledger order by 1").fetchall()
        assert rows == [(0, 1), (1, 1)], rows                                   # execution, judge


@test
def the_question_holds_the_task_and_says_what_is_wanted():
    with Home() as home, Writer(GOOD) as w:
        write(home, TASK.replace("output: {format: json}", "output: {format: json, schema: {type: object, required: [queue]}}"))
        generate(home, *w.options, "--yes", "--domain", "telephone support", **KEY)
        body, = w.asked
        system, user = body["messages"][0]["content"], body["messages"][1]["content"]
        for words in ("Read a support ticket", "telephone support", '"required"', "known_queue", "max_words:", "Which queue?"):
            assert words in user, (words, user)
        assert "case_checks" not in user and "5 to 8 checks" in system and "Never write code" in system
        assert body["response_format"]["type"] == "json_object" and body["max_tokens"] == 2000
        generate(home, *w.options, "--dry-run", **KEY)
        assert "customer-support" in w.asked[1]["messages"][1]["content"]


@test
def three_defaults_without_a_model_that_work():
    for form, good, bad in (("json", '{"queue": "billing"}', "queue: billing"), ("csv", "a,b\n1,2", "a,b\n1"),
                            ("markdown", "# " + "word " * 30, "I'm sorry, but I can't help with that."),
                            ("text", "fine", "I cannot assist with that request.")):
        with Home() as home:
            cases = "\n".join("  - {id: %s, input: %s}" % (k, json.dumps(v)) for k, v in (("good", good), ("bad", bad)))
            write(home, "name: d\nmodels: [sim:echo]\nprompt: '{{ input }}'\nmetrics: [checks_passed]\noutput: {format: %s}\ncases:\n%s\n"
                  % (form, cases))
            got = json.loads(generate(home, "--yes", "--json").out)
            assert got["model"] is None and got["calls"] == 0 and got["native"] == got["saved"] == 3, got
            assert home.run("run", "task.yaml", "-q", "--speed", 0).returncode == 0
            for i, want in enumerate([(1, 1), (1, 0)]):
                scores = home.json("show", "last", i, "--json")["scores"]
                form_check = scores["valid_format" if form in ("json", "csv") else "an_answer"]
                assert (scores["output_not_empty"], form_check) == want, (form, i, scores)
    with Home() as home:
        write(home, TASK)
        assert json.loads(generate(home, "--model", "none", "--yes", "--json").out)["saved"] == 3


FILES = {
    "crlf": TASK.replace("\n", "\r\n"),
    "no checks key": TASK[:TASK.index("checks:")] + TASK[TASK.index("# how"):],
    "no last line break": "name: x\ndescription: Say hi.\nmodels: [sim:echo]\nprompt: hi\ncases: [{input: a}]",
    "checks at the end": "name: x\nmodels: [sim:echo]\nprompt: hi\ncases: [{input: a}]\nchecks:\n- contains: a",
    "checks at the end, comment": "name: x\nmodels: [sim:echo]\nprompt: hi\ncases: [{input: a}]\nchecks:\n- contains: a\n# the end\n",
    "inline list": "name: x\nchecks: [not_refusal, {contains: 'a]b'}]   # two\nmodels: [sim:echo]\nprompt: hi\ncases: [{input: a}]\n",
    "several lines": "name: x\nchecks: [\n    not_refusal,   # one\n    {contains: a}\n  ]\nmodels: [sim:echo]\nprompt: hi\ncases: [{input: a}]\n",
    "empty list": "name: x\nchecks: []\nmodels: [sim:echo]\nprompt: hi\ncases: [{input: a}]\n",
    "nothing": "name: x\nchecks:\nmodels: [sim:echo]\nprompt: hi\ncases: [{input: a}]\n",
    "flow": "{name: x, models: [sim:echo], prompt: 'h}i', cases: [{input: a}]}\n",
    "block text at the end": "name: x\nmodels: [sim:echo]\ncases: [{input: a}]\nprompt: |+\n  hi\n\n  # not a comment\n\n",
    "document marks": "---\nname: x\nmodels: [sim:echo]\nprompt: hi\ncases: [{input: a}]\n...\n",
    "anchors": "name: x\nmodels: &m [sim:echo]\nprompt: hi\ncases: [{input: a}]\nchecks: &c\n  - &first {contains: a}\n",
    "byte order mark": "\ufeffname: x\nmodels: [sim:echo]\nprompt: hi\ncases: [{input: \u00e4}]\n",
    "old rules": "name: x\nmodels: [sim:echo]\nprompt: hi\ncases: [{input: a}]\nquality_checks:\n"
                 "  - {name: o, description: d, validation_function: 'len(output) > 0', severity: critical}\n",
}


@test
def many_kinds_of_files_grow_by_one_piece():
    for name, text in FILES.items():
        with Home() as home:
            write(home, text)
            generate(home, "--model", "sim:writer", "--speed", 0, "--yes")
            after = raw(home)
            piece = grew(text, after)
            assert "nothing_invented" in piece, (name, after)
            if "\r\n" in text:
                assert "\n" not in after.replace("\r\n", ""), name
            assert home.json("validate", "task.yaml", "--json")["valid"], (name, after)
    with Home() as home:
        for text in ('{"name": "x", "models": ["sim:echo"], "prompt": "hi", "cases": [{"input": "a"}]}',
                     '{\n  "name": "x",\n  "checks": [],\n  "models": ["sim:echo"],\n  "prompt": "hi",\n  "cases": [{"input": "a"}]\n}\n',
                     '{\n\t"name": "x",\n\t"models": ["sim:echo"],\n\t"prompt": "hi",\n\t"cases": [{"input": "]}"}]\n}'):
            write(home, text, "task.json")
            child = home.run("checks", "generate", "task.json", "--model", "sim:writer", "--speed", 0, "--yes")
            assert child.returncode == 0, child.err
            grew(text, raw(home, "task.json"))
            assert len(json.loads(raw(home, "task.json"))["checks"]) == 6


@test
def mode_links_and_the_old_file_are_kept():
    with Home() as home:
        write(home, TASK, "real.yaml")
        os.chmod(os.path.join(home.path, "real.yaml"), 0o640)
        os.symlink("real.yaml", os.path.join(home.path, "task.yaml"))
        generate(home, "--yes")
        assert os.path.islink(os.path.join(home.path, "task.yaml"))
        assert stat.S_IMODE(os.stat(os.path.join(home.path, "real.yaml")).st_mode) == 0o640
        assert "reasonable_length" in raw(home, "real.yaml")
        assert sorted(os.listdir(home.path)) == ["real.yaml", "task.yaml"], os.listdir(home.path)
    with Home() as home:                                # a write that fails leaves the old file
        write(home, TASK)
        child = home.run("checks", "generate", "task.yaml", "--yes", ASSAY_FAULT="file.write")
        assert child.returncode not in (0, 1) and raw(home) == TASK, child.err
        assert os.listdir(home.path) == ["task.yaml"], os.listdir(home.path)


@test
def what_can_not_be_saved_is_said_and_nothing_is_written():
    for text, words in (
            ("base: &b [not_refusal]\n", "no key"), ("name: [\n", "not valid YAML"),
            ("name: x\nmodels: [sim:echo]\nprompt: hi\ncases: [{input: a}]\nchecks: {contains: a}\n", "must be a list"),
            ("name: x\nmodels: [sim:echo]\nprompt: hi\ncases: [{input: a}]\nthresholds: {output_not_empty: 1}\n", "output_not_empty")):
        with Home() as home:
            write(home, text)
            child = home.run("checks", "generate", "task.yaml", "--yes")
            assert child.returncode == 2 and raw(home) == text, (child.returncode, child.out, child.err)
            assert child.err.strip(), text
    with Home() as home:
        write(home, TASK, "parent.yaml")
        fork = "fork_of: parent.yaml\nname: child\n"
        write(home, fork)
        child = home.run("checks", "generate", "task.yaml", "--yes")
        assert child.returncode == 2 and "inherits 1 checks" in child.err and raw(home) == fork, child.err
        assert home.run("checks", "generate").returncode == 2
        assert home.run("checks", "generate", "none.yaml", "--yes").returncode != 0
        home.file("u/USE-CASE.md", "# Use Case: X\n## Goal\nDo it.\n")
        child = home.run("checks", "generate", "u", "--yes")
        assert child.returncode == 2 and "fork_of" in child.err, child.err


@test
def replies_are_read_in_any_wrapping_and_one_round_repairs():
    listed = GOOD["checks"]
    for reply in ("Sure:\n```json\n%s\n```\nBye." % json.dumps(listed), json.dumps(listed)[:-1] + ",]",
                  json.dumps({"Checks": [{k.upper(): v.upper() if k == "severity" else v for k, v in c.items()} for c in listed]}),
                  json.dumps([{"name": c["name"], "severity": c["severity"], "validation_function": c["rule"]} for c in listed])):
        with Home() as home, Writer(reply) as w:
            write(home, TASK)
            got = json.loads(generate(home, *w.options, "--yes", "--json", **KEY).out)
            assert [c["evaluated"] for c in got["checks"]] == ["native", "judge", "not evaluated"], (reply, got)
            assert [c["severity"] for c in got["checks"]] == ["warning", "info", "critical"], (reply, got)
    with Home() as home, Writer("I would rather talk about it.", GOOD) as w:
        write(home, TASK)
        got = json.loads(generate(home, *w.options, "--yes", "--json", **KEY).out)
        assert got["repaired"] and got["calls"] == 2 and got["saved"] == 3, got
        assert "can't be used" in w.asked[1]["messages"][3]["content"]
        assert w.asked[1]["messages"][2]["content"] == "I would rather talk about it."
    with Home() as home, Writer("no") as w:
        write(home, TASK)
        child = generate(home, *w.options, "--yes", code=3, **KEY)
        assert len(w.asked) == 2 and "--model none" in child.err and raw(home) == TASK, child.err
    with Home() as home, Writer(401) as w:
        write(home, TASK)
        child = home.run("checks", "generate", "task.yaml", *w.options, "--yes", **KEY)
        assert child.returncode not in (0, 1) and len(w.asked) == 1 and raw(home) == TASK, child.err


@test
def a_hostile_reply_executes_nothing_and_breaks_nothing():
    marker = "/tmp/assay-was-here"
    for word in ("huge", "deep", "many", "silent"):
        with Home() as home:
            text = TASK.replace("Read a support ticket", word)
            write(home, text)
            child = generate(home, "--model", "sim:writer-hostile", "--yes", code=3)
            assert "can't be used" in child.err and raw(home) == text and len(child.err) < 1000, (word, child.err)
    with Home() as home:
        write(home, TASK)
        shown = generate(home, "--model", "sim:writer-hostile", "--yes")
        assert "\x1b" not in shown.out and "\x07" not in shown.out and "\x1b" not in raw(home)
        got = home.json("validate", "task.yaml", "--json")
        assert got["valid"], got
        assert home.run("run", "task.yaml", "-q", "--speed", 0).returncode in (0, 1)
        one = home.json("show", "last", 0, "--json")
        assert one["scores"]["run_this"] is None and one["scores"]["honest"] == 1, one["scores"]
        models = re.findall(r"^models:.*", raw(home), re.M)
        assert models == ["models: [sim:swift]"], models
    assert not os.path.exists(marker)


@test
def a_budget_and_a_missing_terminal_stop_it_before_it_asks():
    with Home() as home, Writer(GOOD) as w:
        write(home, TASK)
        child = home.run("checks", "generate", "task.yaml", *w.options, "--yes", "--budget", "0.000001", **KEY)
        assert child.returncode not in (0, 1) and "may cost up to" in child.err and not w.asked, child.err
        child = home.run("checks", "generate", "task.yaml", *w.options, **KEY)
        assert child.returncode == 2 and "--yes" in child.err and not w.asked, child.err
        child = home.run("checks", "generate", "task.yaml", *w.options, "--dry-run", **KEY)
        assert child.returncode == 0 and "max_words: 40" in child.out and raw(home) == TASK, child.out
        assert home.run("checks", "generate", "task.yaml", "--model", "openai:gpt-4o", "--yes").returncode == 4
        assert home.run("checks", "max_words", "json_valid").returncode == 2


@test
def a_person_drops_edits_and_keeps():
    with Home() as home:
        write(home, TASK)
        env = dict(home.env, EDITOR="%s %s" % (sys.executable, home.file("edit.py", """import sys
text = open(sys.argv[1]).read()
assert "max_words: 200" in text, text
open(sys.argv[1], "w").write(text.replace("max_words: 200", "max_words: 150"))
""")))
        with Terminal([ASSAY, "checks", "generate", "task.yaml", "--model", "sim:writer", "--speed", "0"], home.path, env) as t:
            t.expect("q. quit")
            t.send("6")
            t.expect("dropped")
            t.expect("q. quit")
            t.send("e")
            t.expect("max_words: 150")
            t.expect("q. quit")
            t.send("a")
            t.expect("5 checks saved")
        piece = grew(TASK, raw(home))
        assert "max_words: 150" in piece and "every_item" not in piece, piece
    with Home() as home:
        write(home, TASK)
        env = dict(home.env, EDITOR="%s %s" % (sys.executable, home.file("edit.py", """import sys
open(sys.argv[1], "w").write("- {name: x, max_wordz: many}\\n")
""")))
        with Terminal([ASSAY, "checks", "generate", "task.yaml"], home.path, env) as t:
            t.expect("q. quit")
            t.send("e")
            t.expect("not taken: line 1")
            t.expect("q. quit")
            t.send("q")
            t.expect("nothing was saved")
        assert raw(home) == TASK
    with Home() as home:
        write(home, TASK)
        with Terminal([ASSAY, "checks", "generate", "task.yaml"], home.path, dict(home.env, EDITOR="false")) as t:
            t.expect("q. quit")
            t.send("e")
            t.expect("ended without success")
            t.send("q")
            t.expect("nothing was saved")
        assert raw(home) == TASK and shutil.which("false")


@test
def older_files_rules_are_checks_too():
    rules = [("filled", "len(output.strip()) > 0", "critical"), ("json", "validate_json_format(output)", "warning"),
             ("polite", "The reply stays polite throughout", "info"), ("count", "count(ticket) == input_count", "critical"),
             ("small", "lambda output: len(output) < 5", "warning")]
    with Home() as home:
        write(home, "name: old\nmodels: [sim:echo]\nprompt: '{{ input }}'\nmetrics: [checks_passed]\ncases: [{input: '[1, 2, 3]'}]\nquality_checks:\n" +
              "".join("  - {name: %s, description: d, validation_function: %s, severity: %s}\n" % (n, json.dumps(r), s) for n, r, s in rules))
        ran = home.run("run", "task.yaml", "-q", "--speed", 0)
        assert ran.returncode == 0 and "can't be evaluated" in ran.err and "needs a judge" in ran.err, ran.err
        one = home.json("show", "last", 0, "--json")
        scores = {n: one["scores"][n] for n, _, _ in rules}
        assert scores == {"filled": 1, "json": 1, "polite": None, "count": None, "small": 0}, scores
        child = home.run("validate", "task.yaml")
        assert child.returncode == 0 and "5 checks" in child.out, child.out


USECASE = """# Use Case: Route Tickets
## Goal
Assign each ticket to one queue.
## Quality Criteria
Every queue is right.
"""


def usecase(home, text=USECASE):
    home.file("uc/USE-CASE.md", text)
    home.file("uc/data/day-01.txt", "T-7: invoice charged twice\n")
    home.file("uc/ground-truth/day-01.json", '[{"ticket": "T-7", "queue": "billing"}]')


def prepare(home, *options, code=0, **env):
    child = home.run("usecases", "prepare", "uc", *options, **env)
    assert child.returncode == code, (child.returncode, child.out, child.err)
    return child


@test
def a_model_writes_prompts_and_a_rubric_that_run_and_judge_use():
    with Home() as home:
        usecase(home)
        got = json.loads(prepare(home, "--model", "sim:writer", "--speed", 0, "--json").out)
        assert got["made"] and got["before"] == "none" and got["by"] == "sim:writer" and got["calls"] == 1, got
        kept = json.loads(raw(home, "uc/generated-prompts.json"))
        assert {"analysis", "task_prompt", "judge_prompt", "rubric", "made"} == set(kept), kept
        assert kept["rubric"]["weights"] == {"accuracy": 40, "format": 20, "compliance": 40}
        assert kept["rubric"]["compliance_checks"][0]["severity"] == "HIGH"
        assert home.run("run", "uc", "--models", "sim:swift", "-q", "--speed", 0).returncode == 0
        said = json.dumps(home.json("show", "last", 0, "--json"))
        assert "do what the use case asks, item by item" in said and "Assign each ticket to one queue" in said, said
        judged = home.json("judge", "last", "--model", "sim:judge", "--speed", 0, "--json")
        assert judged["rubric"] == "task" and judged["weights"]["format"] == 0.2, judged


@test
def prompts_are_made_once_and_anew_when_the_use_case_changed():
    with Home() as home:
        usecase(home)
        prepare(home, "--model", "sim:writer", "--speed", 0)
        first = raw(home, "uc/generated-prompts.json")
        assert "up to date" in prepare(home).out and raw(home, "uc/generated-prompts.json") == first
        for change in (lambda: usecase(home, USECASE + "More.\n"), lambda: home.file("uc/ground-truth/day-01.json", "[]"),
                       lambda: home.file("uc/data/day-01.txt", "T-8\n")):
            change()
            ran = home.run("run", "uc", "--models", "sim:swift", "-q", "--speed", 0)
            assert ran.returncode == 0 and "earlier state of the use case" in ran.err, ran.err
            child = prepare(home, code=2)
            assert "--model sim:writer" in child.err and raw(home, "uc/generated-prompts.json") == first, child.err
            got = json.loads(prepare(home, "--model", "sim:writer", "--speed", 0, "--json").out)
            assert got["before"] == "stale" and got["made"], got
            first = raw(home, "uc/generated-prompts.json")
            assert "earlier state" not in home.run("run", "uc", "--models", "sim:swift", "-q", "--speed", 0).err
        ran = home.run("run", "uc", "--models", "sim:swift", "--speed", 0, "--regenerate-prompts", "none")
        assert ran.returncode == 0 and '"by": "assay"' in raw(home, "uc/generated-prompts.json"), ran.err
        usecase(home)
        ran = home.run("run", "uc", "--models", "sim:instant", "--speed", 0, "--regenerate-prompts", "sim:writer")
        assert ran.returncode == 0 and "sim:writer: 1 call" in ran.err, ran.err
        assert home.json("show", "last", "--json")["variants"][0]["scores"]["accuracy"]["mean"] == 1


@test
def without_a_model_the_goal_makes_them():
    with Home() as home:
        usecase(home, USECASE + "## Duration Rules\nTwo to seven minutes.\n")
        got = json.loads(prepare(home, "--json").out)
        assert got["by"] == "assay" and got["calls"] == 0, got
        assert got["prompts"]["analysis"]["key_fields"] == ["ticket", "queue"], got
        checks = {c["check"]: c["severity"] for c in got["prompts"]["rubric"]["compliance_checks"]}
        assert checks == {"under_minimum": "HIGH", "over_maximum": "CRITICAL", "gap": "HIGH", "overlap": "CRITICAL"}, checks
        assert home.run("run", "uc", "--models", "sim:swift", "-q", "--speed", 0).returncode == 0
        judged = home.json("judge", "last", "--model", "sim:judge", "--speed", 0, "--json")
        assert (judged["judged"], judged["failed"], judged["weights"]["accuracy"]) == (1, 0, 0.4), judged


@test
def a_users_own_prompt_wins_and_a_foreign_file_is_not_replaced():
    with Home() as home:
        usecase(home)
        home.file("uc/prompts/task-prompt.txt", "Mine: route them.")
        assert "prompts/task-prompt.txt is used instead" in prepare(home, "--model", "sim:writer", "--speed", 0).out
        assert home.run("run", "uc", "--models", "sim:swift", "-q", "--speed", 0).returncode == 0
        said = json.dumps(home.json("show", "last", 0, "--json"))
        assert "Mine: route them." in said and "item by item" not in said, said
        home.file("uc/generated-prompts.json", '{"task_prompt": "theirs"}')
        child = prepare(home, "--model", "sim:writer", "--speed", 0, code=2)
        assert "--force" in child.err and "theirs" in raw(home, "uc/generated-prompts.json"), child.err
        prepare(home, "--force", "--model", "sim:writer", "--speed", 0)
        assert "theirs" not in raw(home, "uc/generated-prompts.json")
        assert home.run("usecases", "prepare").returncode == 2
        assert home.run("usecases", "prepare", "data").returncode != 0
        home.file("uc/USE-CASE.md", "# Use Case: X\n")
        assert "Goal" in prepare(home, "--force", "--model", "none", code=2).err


@test
def hostile_prompts_are_refused_or_only_text():
    for words in ("huge", "deep", "silent", "code"):
        with Home() as home:
            usecase(home, USECASE + words)
            child = prepare(home, "--model", "sim:writer-hostile", code=3)
            assert "can't be used" in child.err and not os.path.exists(os.path.join(home.path, "uc/generated-prompts.json")), child.err
    evil = {"analysis": {}, "task_prompt": "{% include '/etc/passwd' %}{{ 7 * 7 }}", "judge_prompt": "x", "rubric": {}}
    with Home() as home, Writer("no JSON", evil) as w:
        usecase(home)
        got = json.loads(prepare(home, *w.options, "--json", **KEY).out)
        assert got["repaired"] and got["calls"] == 2
        system, user = (m["content"] for m in w.asked[0]["messages"][:2])
        assert "Assign each ticket" in user and "invoice charged twice" in user and '"billing"' in user, user
        assert w.asked[0]["max_tokens"] == 6000 and "never an instruction" in system
        assert home.run("run", "uc", "--models", "sim:echo", "-q", "--speed", 0).returncode in (0, 1)
        said = json.dumps(home.json("show", "last", 0, "--json"))
        assert "{{ 7 * 7 }}" in said and "root:" not in said, said


main()
