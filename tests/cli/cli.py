"""The program as a person uses it: results, mistakes and their sentences, exit statuses, stopping and going on."""
import csv
import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
import unicodedata
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import ASSAY, ROOT, Home, Sim, test, main, words_task  # noqa: E402

EXAMPLE = os.path.join(ROOT, "examples", "support-tickets", "task.yaml")


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def fails(child, status, *words):
    assert child.returncode == status, (child.returncode, child.err)
    lines = [line for line in child.err.splitlines() if line.strip()]
    assert lines and len(lines) <= 4, child.err
    for word in words:
        assert word in child.err, (word, child.err)


@test
def the_example_ends_with_a_table_a_recommendation_and_what_to_type_next():
    with Home() as home:
        ran = home.run("run", EXAMPLE, "--speed", "100")
        assert ran.returncode == 0, (ran.returncode, ran.err)
        for word in ("accuracy", "95 %", "Best overall", "Best value", "next:", "sim:careful", "sim:deep"):
            assert word in ran.out, (word, ran.out)
        assert re.search(r"(\d+) cases x 5 variants x 1 = \d+ trials", ran.err), ran.err
        assert all(width(line) <= 80 for line in ran.out.splitlines()), max(ran.out.splitlines(), key=width)
        assert "\033" not in ran.out
        table = home.run("show")
        assert table.returncode == 0 and "sim:careful" in table.out


@test
def every_report_format_can_be_read_by_its_own_reader():
    with Home() as home:
        words_task(home, 30, models="sim:swift, sim:erratic")
        assert home.run("run", "task.yaml", "--speed", 0, "--quiet").returncode == 0
        result = json.loads(home.run("show", "--json").out)
        assert {v["variant"] for v in result["variants"]} == {"sim:swift", "sim:erratic"}
        for name in ("r.json", "r.jsonl", "r.csv", "r.xml", "r.md"):
            wrote = home.run("export", "last", "-o", name)
            assert wrote.returncode == 0, wrote.err
        lines = [json.loads(line) for line in open(os.path.join(home.path, "r.jsonl"))]
        assert len(lines) == 60
        rows = list(csv.reader(open(os.path.join(home.path, "r.csv"), newline="")))
        assert rows[0][:9] == "model_name,task_name,status,input_tokens,output_tokens,total_tokens,cost_usd,latency_ms,error".split(",")
        assert len(rows) == 61 and all(len(row) == len(rows[0]) for row in rows)
        suites = xml.etree.ElementTree.parse(os.path.join(home.path, "r.xml")).getroot()
        assert sum(1 for _ in suites.iter("testcase")) == 60
        assert "| sim:swift" in open(os.path.join(home.path, "r.md")).read()


@test
def a_trial_is_shown_with_everything_that_was_said():
    with Home() as home:
        words_task(home, 5)
        home.run("run", "task.yaml", "--speed", 0, "--quiet")
        shown = home.run("show", "last", "2")
        assert shown.returncode == 0 and "Case number 2 is about" in shown.out and "accuracy" in shown.out, shown.out
        as_json = home.json("show", "last", "2", "--json")
        assert as_json["transcript"]["turns"][0]["prompt"].startswith("What is this about?")
        assert as_json["case"] == "c2" and as_json["state"] == "done"
        fails(home.run("show", "last", "99"), 2, "from 0 to 4")


@test
def a_misspelt_command_option_or_model_is_answered_with_the_nearest_name():
    with Home() as home:
        words_task(home, 3)
        fails(home.run("rnu", "task.yaml"), 2, "run")
        fails(home.run("run", "task.yaml", "--modles", "sim:swift"), 2, "--models")
        fails(home.run("run", "task.yaml", "--models", "opnai:gpt-4o"), 2, "openai")
        fails(home.run("run", "task.yaml", "--models", "sim:swfit"), 3, "swfit")
        fails(home.run("run", "task.yaml", "--limit", "many"), 2, "--limit", "many")
        fails(home.run("run"), 2, "usage: assay run TASK")


@test
def a_missing_key_names_its_variable_and_a_wrong_key_says_so():
    with Home() as home:
        words_task(home, 8)
        fails(home.run("run", "task.yaml", "--models", "openai:gpt-4o-mini"), 4, "OPENAI_API_KEY")
        fails(home.run("run", "task.yaml", "--models", "openai:gpt-4o-mini,anthropic:claude-3-5-haiku-latest"), 4,
              "OPENAI_API_KEY", "ANTHROPIC_API_KEY")
        with Sim(home, "--book", "cases.jsonl", "--speed", 0) as sim:
            ran = home.run("run", "task.yaml", "--models", "openai:gpt-4o-mini", "--quiet",
                           "--base-url", "openai=%s/openai/v1" % sim.url, OPENAI_API_KEY="invalid-secret-sk-12345678")
            assert ran.returncode == 4, (ran.returncode, ran.err)
            assert "invalid-secret" not in ran.out + ran.err
            assert "key" in ran.err.lower(), ran.err


@test
def a_real_provider_is_asked_with_the_key_of_the_environment():
    with Home() as home:
        words_task(home, 10)
        with Sim(home, "--book", "cases.jsonl", "--speed", 0) as sim:
            ran = home.run("run", "task.yaml", "--models", "openai:gpt-4o-mini,anthropic:claude-3-5-haiku-latest", "--quiet",
                           OPENAI_API_KEY="key-one-1234567890", ANTHROPIC_API_KEY="key-two-1234567890",
                           OPENAI_BASE_URL=sim.url + "/openai/v1", ANTHROPIC_BASE_URL=sim.url + "/anthropic")
            assert ran.returncode == 0, (ran.returncode, ran.err)
            assert len(sim.ledger()) == 20
            stored = open(os.path.join(home.env["ASSAY_HOME"], "assay.db"), "rb").read()
            assert b"key-one" not in stored and b"key-two" not in stored


@test
def all_faults_of_a_task_file_are_told_at_once_with_their_places():
    with Home() as home:
        home.file("cases.jsonl", '{"input": "a", "expected": "b"}\n')
        home.file("task.yaml", "name: t\nmodels: [sim:swift]\nprompt: \"{{ input }}\"\ndataset: cases.jsonl\n"
                               "metrcis: [accuracy]\nparams: {temprature: 0}\nchecks:\n  - {containz: x}\n")
        checked = home.run("validate", "task.yaml")
        assert checked.returncode == 2, checked.returncode
        for word in ("task.yaml:5:1", "metrics", "temperature", "contains"):
            assert word in checked.err, (word, checked.err)
        as_json = json.loads(home.run("validate", "task.yaml", "--json").out)
        assert as_json["valid"] is False and len(as_json["problems"]) >= 3
        ran = home.run("run", "task.yaml")
        assert ran.returncode == 2 and "task.yaml:5:1" in ran.err
        home.file("broken.yaml", "name: t\nprompt: [unclosed\n")
        fails(home.run("run", "broken.yaml"), 2, "broken.yaml:")


@test
def a_missing_variable_a_missing_dataset_and_a_missing_file_are_one_sentence_each():
    with Home() as home:
        words_task(home, 3)
        fails(home.run("run", "task.yaml", "--prompt", "Say {{ inptu }}"), 2, "inptu", "input")
        fails(home.run("run", "task.yaml", "--dataset", "nowhere.jsonl"), 2, "nowhere.jsonl")
        fails(home.run("run", "nowhere.yaml"), 2, "nowhere.yaml")
        home.file("bad.jsonl", '{"input": "a"}\n{"input": \n')
        fails(home.run("run", "task.yaml", "--dataset", "bad.jsonl"), 2, "bad.jsonl:2")
        os.makedirs(os.path.join(home.path, "empty"))
        os.chmod(os.path.join(home.path, "cases.jsonl"), 0)
        if os.geteuid() != 0:
            fails(home.run("run", "task.yaml"), 4, "cases.jsonl")


@test
def a_store_that_cannot_be_used_is_one_sentence_and_status_4():
    with Home() as home:
        words_task(home, 3)
        blocked = os.path.join(home.path, "blocked")
        home.file("blocked", "a file, not a folder")
        fails(home.run("run", "task.yaml", ASSAY_HOME=blocked), 4, "blocked")
        home.file("notadb/assay.db", "this is not a database, it only looks like one in its name" * 100)
        fails(home.run("runs", ASSAY_HOME=os.path.join(home.path, "notadb")), 4, "assay.db")


@test
def a_full_disk_stops_the_run_with_one_sentence_and_corrupts_nothing():
    with Home() as home:
        words_task(home, 3000)
        disk = os.path.join(home.path, "disk")
        os.makedirs(disk)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=104m", "none", disk], capture_output=True).returncode:
            print("       (no right to mount a small disk here: the limit is a file size instead)")
            small = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300000, 300000))
            child = subprocess.run([ASSAY, "run", "task.yaml", "--speed", "0", "--quiet"], cwd=home.path, env=home.env,
                                   capture_output=True, text=True, preexec_fn=small, timeout=120)
            assert child.returncode == 4, (child.returncode, child.stderr)
            return
        try:
            env = {"ASSAY_HOME": os.path.join(disk, "home")}
            with Sim(home, "--book", "cases.jsonl", "--speed", "20") as sim:
                url = ["--base-url", "sim=%s/v1" % sim.url]
                child = home.start("run", "task.yaml", *url, "--quiet", "--concurrency", 4, **env)
                time.sleep(1.0)
                filler = os.path.join(disk, "filler")
                with open(filler, "wb", buffering=0) as f:
                    try:
                        while True:
                            f.write(b"x" * 65536)
                    except OSError:
                        pass
                out, err = child.communicate(timeout=120)
                assert child.returncode == 4, (child.returncode, err)
                assert "full" in err.lower() or "space" in err.lower(), err
                os.remove(filler)
                again = home.run("resume", *url, "--quiet", **env)
                assert again.returncode == 0, (again.returncode, again.err)
                run = home.json("runs", "--json", **env)[0]
                assert (run["state"], run["done"]) == ("done", 3000), run
        finally:
            subprocess.run(["umount", disk])


@test
def ctrl_c_saves_says_how_to_go_on_and_the_same_command_goes_on():
    with Home() as home:
        words_task(home, 400)
        with Sim(home, "--book", "cases.jsonl", "--speed", "2") as sim:
            command = ["run", "task.yaml", "--base-url", "sim=%s/v1" % sim.url, "--concurrency", 8]
            child = home.start(*command)
            time.sleep(1.5)
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=60)
            assert child.returncode == 130, (child.returncode, err)
            assert "assay resume" in err, err
            done = home.json("runs", "--json")[0]
            assert done["state"] == "stopped" and 0 < done["done"] < 400, done
            again = home.run(*command)
            assert again.returncode == 0 and "continuing run" in again.err, (again.returncode, again.err)
            bills = [row["trial"] for row in sim.ledger()]
            assert len(bills) == len(set(bills)) == 400, (len(bills), len(set(bills)))


@test
def checks_and_metrics_are_listed_shown_and_a_wrong_name_meets_its_nearest():
    with Home() as home:
        for command, name, wrong in (("checks", "max_words", "max_wrods"), ("metrics", "accuracy", "acuracy")):
            listed = home.run(command)
            assert listed.returncode == 0 and name in listed.out, listed.err
            shown = home.run(command, name)
            assert shown.returncode == 0 and shown.out.startswith(name + "\n"), shown.out
            assert home.json(command, name, "--json")["about"] in " ".join(shown.out.split()), shown.out
            missed = home.run(command, wrong)
            assert missed.returncode == 2 and 'did you mean "%s"' % name in missed.err, missed.err


@test
def an_output_is_held_to_its_schema_and_the_fault_is_said_in_words():
    with Home() as home:
        home.file("task.yaml", """name: held
models: [sim:echo]
prompt: '{"queue": "{{ input }}", "urgency": 3}'
cases: [{id: a, input: billing}, {id: b, input: spares}]
output:
  format: json
  schema: {type: object, properties: {queue: {enum: [billing, sales]}, urgency: {type: integer}}, required: [queue, urgency]}
checks: [{name: part, path: $.queue, json_schema: {maxLength: 7}}]
""")
        ran = home.run("run", "task.yaml", "--quiet", "--speed", "0")
        assert ran.returncode == 0, (ran.returncode, ran.err)
        shown = [home.json("show", "last", i, "--json") for i in range(2)]
        assert [s["scores"]["output_schema"] for s in shown] == [1, 0], shown
        assert [s["scores"]["part"] for s in shown] == [1, 1], shown
        assert shown[1]["notes"]["output_schema"] == '$.queue: "spares" is not one of: "billing", "sales"', shown
        home.file("bad.yaml", "name: b\nmodels: [sim:echo]\nprompt: x\ncases: [{input: x}]\noutput: {format: json, schema: {type: objekt}}\n")
        bad = home.run("validate", "bad.yaml")
        assert bad.returncode == 2 and "bad.yaml:5" in bad.err and 'did you mean "object"?' in bad.err, bad.err


@test
def a_resumed_run_uses_the_included_files_as_they_were_when_it_began():
    with Home() as home:
        task = words_task(home, 400, models="sim:echo")
        with open(task) as f:
            text = f.read().replace("Answer with one word. ", "{% include 'tail.jinja' %} ")
        home.file("task.yaml", text)
        home.file("tail.jinja", "One word only.")
        with Sim(home, "--book", "cases.jsonl", "--faults", "slow_first_byte=40") as sim:
            command = ["run", "task.yaml", "--base-url", "sim=%s/v1" % sim.url, "--concurrency", 4, "--quiet"]
            child = home.start(*command)
            time.sleep(1.5)
            child.send_signal(signal.SIGINT)
            _, err = child.communicate(timeout=60)
            assert child.returncode == 130, (child.returncode, err)
            home.file("tail.jinja", "Changed meanwhile.")
            resumed = home.run("resume", "--base-url", "sim=%s/v1" % sim.url, "--quiet")
            assert resumed.returncode == 0, (resumed.returncode, resumed.err)
            for number in (0, 399):
                shown = home.json("show", "last", number, "--json")
                assert "One word only." in shown["transcript"]["turns"][0]["prompt"], shown
            # the same command sees another task now: a new run
            again = home.run(*command, "--limit", 2)
            assert again.returncode == 0 and len(home.json("runs", "--json")) == 2, again.err
            assert "Changed meanwhile." in home.json("show", "last", 0, "--json")["transcript"]["turns"][0]["prompt"]


@test
def a_budget_stops_cleanly_and_more_money_goes_on():
    with Home() as home:
        words_task(home, 500, models="sim:careful")
        with Sim(home, "--book", "cases.jsonl", "--speed", "0") as sim:
            url = ["--base-url", "sim=%s/v1" % sim.url]
            ran = home.run("run", "task.yaml", *url, "--budget", "0.01", "--quiet")
            assert ran.returncode == 3 and "budget" in ran.err and "assay resume" in ran.err, (ran.returncode, ran.err)
            run = home.json("runs", "--json")[0]
            assert run["state"] == "stopped" and 0 < run["done"] < 500, run
            assert float(run["cost_usd"]) <= 0.01, run
            assert abs(sim.call("GET", "/ledger?summary=1")["cost_nanousd"] / 1e9 - float(run["cost_usd"])) < 1e-6
            again = home.run("resume", *url, "--budget", "5", "--quiet")
            assert again.returncode == 0, (again.returncode, again.err)
            assert home.json("runs", "--json")[0]["done"] == 500


@test
def a_model_that_keeps_failing_is_given_up_and_the_others_go_on():
    with Home() as home:
        words_task(home, 200, models="sim:swift, 'sim:careful!500'")
        ran = home.run("run", "task.yaml", "--speed", "0", "--quiet", "--attempts", 1)
        assert ran.returncode == 3, (ran.returncode, ran.err)
        run = home.json("runs", "--json")[0]
        assert run["done"] == 200 and run["failed"] == 200, run
        shown = home.run("show", "--failed", "--limit", 400)
        assert shown.out.count("SERVER_ERROR") < 200 and "not asked" in shown.out, shown.out[-300:]


@test
def thresholds_decide_the_exit_status():
    with Home() as home:
        words_task(home, 40, models="sim:instant", extra="thresholds: {accuracy: 0.9}\n")
        assert home.run("run", "task.yaml", "--speed", 0, "--quiet").returncode == 0
        words_task(home, 40, models="'sim:instant'", extra="thresholds: {accuracy: 1.0, latency: 0.0001}\n")
        missed = home.run("run", "task.yaml", "--speed", 0, "--quiet")
        assert missed.returncode == 1, (missed.returncode, missed.out, missed.err)


@test
def an_estimate_costs_nothing_and_names_every_variant():
    with Home() as home:
        words_task(home, 40, models="sim:swift, sim:unpriced")
        estimate = home.json("estimate", "task.yaml", "--json")
        assert estimate["trials"] == 80 and estimate["unpriced_variants"] == 1
        assert [v["cost_usd"] is None for v in estimate["variants"]] == [False, True]
        ran = home.run("run", "task.yaml", "--speed", 0, "--quiet")
        assert ran.returncode == 0 and "unknown" in ran.out, ran.out


@test
def what_would_be_sent_is_what_is_sent():
    with Home() as home:
        home.file("cases.jsonl", "".join(json.dumps({"id": i, "input": "case " + i, "expected": i}) + "\n" for i in ("a", "b", "7")))
        home.file("task.yaml", """name: words
models: [sim:careful, "openai:gpt-4o"]
prompts:
  - {name: short, text: "Say {{ input }}", system: "You are {{ task.name }}"}
  - {name: long, text: "Please say {{ input }} ({{ case.index }})"}
dataset: cases.jsonl
output: {format: json, schema: {type: object}}
""")
        shown = home.json("render", "task.yaml", "--case", "b", "--json")
        assert (shown["case"], shown["expected"], shown["schema"]) == ("b", "b", {"type": "object"})
        said = {v["variant"]: [(m["role"], m["content"][0]["text"]) for m in v["messages"]] for v in shown["variants"]}
        short, long = [("system", "You are words"), ("user", "Say case b")], [("user", "Please say case b (1)")]
        assert sorted(map(str, said.values())) == sorted(map(str, [short, long] * 2)), said
        assert [v["tokens"]["exact"] for v in shown["variants"]].count(True) == 2
        text = home.run("render", "task.yaml", "--case", "b").out
        assert text.count("Say case b") == 1 and text.count("Please say case b (1)") == 1, "variants that are sent the same are shown once"
        assert home.json("render", "task.yaml", "--json")["case"] == "a"
        assert home.json("render", "task.yaml", "--json", "--case", "7")["case"] == "7"         # an id before a position
        assert home.json("render", "task.yaml", "--json", "--case", "2")["case"] == "b"
        fails(home.run("render", "task.yaml", "--case", "zz"), 2, '"zz"', "1 to 3")
        assert home.json("runs", "--json") == []                                                # nobody was asked
        home.run("run", "task.yaml", "--models", "sim:careful", "--speed", 0, "-q")
        sent = [json.loads(line) for line in home.run("export", "last", "--format", "jsonl", "--transcripts").out.splitlines()]
        turns = {t["transcript"]["turns"][0]["prompt"] for t in sent if t["case_id"] == "b"}
        assert turns == {"Say case b", "Please say case b (1)"}, turns


@test
def init_writes_a_task_that_runs():
    with Home() as home:
        made = home.run("init", "mine")
        assert made.returncode == 0, made.err
        assert home.run("validate", "mine/task.yaml").returncode == 0
        ran = home.run("run", "mine/task.yaml", "--speed", 0, "--quiet")
        assert ran.returncode == 0, (ran.returncode, ran.err)
        fails(home.run("init", "mine"), 2, "--force")


@test
def selection_takes_the_cases_that_were_asked_for():
    with Home() as home:
        words_task(home, 100)
        for args, n in ((["--limit", 7], 7), (["--sample", 13, "--seed", 5], 13), (["--where", "expected == 'router'"], 13)):
            estimate = home.json("estimate", "task.yaml", "--json", *args)
            assert estimate["cases"] == n, (args, estimate["cases"])


@test
def follow_up_turns_carry_the_conversation():
    with Home() as home:
        words_task(home, 4, models="sim:echo", extra="turns:\n  - {label: again, prompt: \"You said {{ answer }}. Sure?\"}\n")
        assert home.run("run", "task.yaml", "--speed", 0, "--quiet", "--param", "max_tokens=200").returncode == 0
        trial = home.json("show", "last", "0", "--json")
        turns = trial["transcript"]["turns"]
        assert [t["label"] for t in turns] == ["prompt", "again"], turns
        assert "You said" in turns[1]["prompt"] and "Sure?" in turns[1]["response"], turns[1]


TOOLS_TASK = """
name: sky
models: [sim:instant, sim:deep]
params: {temperature: 0}
prompt: "{{ input }}"
tools:
  - {name: get_weather, description: Looks at the sky., parameters: {type: object, properties: {city: {type: string}}}}
  - {name: now}
cases:
  - input: What is the weather in Oslo, please?
    expected: {tool_calls: [{name: get_weather, arguments: {city: Oslo}}], content: Rain.}
"""


@test
def tool_calls_and_reasoning_are_kept_shown_and_exported():
    want = [["get_weather", {"city": "Oslo"}]]

    def named(calls):
        return [[c["function"]["name"], json.loads(c["function"]["arguments"])] for c in calls]

    for stream in ("false", "true"):
        with Home() as home:
            home.file("task.yaml", TOOLS_TASK)
            assert home.run("run", "task.yaml", "--speed", 0, "--quiet", "--param", "stream=" + stream).returncode == 0
            shown = home.run("show", "last", "0").out
            assert "tool calls" in shown and "get_weather" in shown and "Oslo" in shown and "finish tool_use" in shown, shown
            shown = home.run("show", "last", "1").out
            assert "reasoning" in shown and "weighing the possible answers" in shown and "get_weather" in shown, shown
            turn = home.json("show", "last", "1", "--json")["transcript"]["turns"][0]
            assert named(turn["tool_calls"]) == want and turn["reasoning"] and turn["finish"] == "tool_use", turn
            whole = home.json("export", "last", "-f", "json", "--transcripts")
            lines = [json.loads(line) for line in home.run("export", "last", "-f", "jsonl", "--transcripts").out.splitlines()]
            for trials in (whole["trials"], lines):
                turns = [t["transcript"]["turns"][0] for t in trials]
                assert len(turns) == 2 and all(named(t["tool_calls"]) == want for t in turns), turns
                assert [bool(t.get("reasoning")) for t in turns] == [False, True], turns
            rows = list(csv.DictReader(io.StringIO(home.run("export", "last", "-f", "csv", "--transcripts").out)))
            assert [named(json.loads(r["tool_calls"])) for r in rows] == [want, want], rows
            assert [bool(r["reasoning"]) for r in rows] == [False, True] and rows[0]["answer"] == "", rows
            assert "tool_calls" not in home.run("export", "last", "-f", "csv").out


FEW_SHOT = """
name: parcels
models: [sim:instant, sim:deep]
params: {temperature: 0}
prompts:
  - few.yaml
  - name: inline
    messages:
      - {role: system, content: One word.}
      - {role: user, content: "Ticket: my invoice is wrong, I was charged twice"}
      - {role: assistant, content: billing}
      - {role: user, content: "Ticket: {{ input }}"}
turns:
  - "Sure about {{ answer }}?"
checks: [{name: right, equals: "{{ expected }}"}]
cases:
  - {input: my parcel from last week never came, expected: shipping}
  - {input: "my invoice is wrong, I was charged twice", expected: billing}
"""


@test
def conversations_with_examples_run_are_shown_and_go_on():
    with Home() as home:
        home.file("task.yaml", FEW_SHOT)
        home.file("few.yaml", "- {role: system, content: One word only.}\n- {role: user, content: 'Ticket: my invoice is wrong, I was charged twice'}\n"
                              "- {role: assistant, content: billing}\n- {role: system, content: Now the real one.}\n"
                              "- {role: user, content: 'Ticket: {{ input }}'}\n")
        assert home.run("validate", "task.yaml").returncode == 0
        ran = home.run("run", "task.yaml", "--speed", 0, "--quiet")
        assert ran.returncode == 0, ran.err
        trials = [json.loads(line) for line in home.run("export", "last", "--transcripts").out.splitlines()]
        assert len(trials) == 8
        for t in trials:
            said, turns = t["transcript"], t["transcript"]["turns"]
            want = "shipping" if "parcel" in turns[0]["prompt"] else "billing"
            assert turns[0]["response"] == want and len(turns) == 2, turns
            assert turns[1]["prompt"] == "Sure about %s?" % want, turns
            assert [m["role"] for m in said["messages"]][:2] == ["user", "assistant"] and said["system"].startswith("One word"), said
            assert ("Now the real one." in str(said["messages"])) == ("few" in t["variant"]), said
        shown = home.run("show", "last", 0).out
        assert "before: user" in shown and "before: assistant" in shown and "before: system" in shown, shown
        home.file("few.yaml", "- {role: assistant, content: x}\n- {role: use, content: y}\n")
        fails(home.run("validate", "task.yaml"), 2)
        told = home.run("validate", "task.yaml")
        assert "few.yaml:2:10: error: a role is system, user or assistant, not \"use\" (did you mean \"user\"?)" in told.out + told.err, (told.out, told.err)


@test
def help_version_schema_and_completion_speak():
    with Home() as home:
        assert home.run("version").out.startswith("assay ")
        listed = home.run("help").out
        commands = re.findall(r"^  (\w+)  ", listed, re.M)
        assert "run" in commands and len(commands) >= 14
        for name in commands:
            page = home.run("help", name)
            assert page.returncode == 0 and page.out.startswith("assay %s" % name), name
            assert all(width(line) <= 80 for line in page.out.splitlines()), (name, max(page.out.splitlines(), key=width))
        assert json.loads(home.run("schema").out)["$schema"].startswith("https://json-schema.org/draft/2020-12")
        for shell in ("bash", "zsh", "fish"):
            assert "complete %s" % shell in home.run("completion", shell).out
        bash = home.file("c.bash", home.run("completion", "bash").out)
        assert subprocess.run(["bash", "-n", bash]).returncode == 0
        fails(home.run("completion", "tcsh"), 2, "bash")
        made = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "man.py"), ASSAY], capture_output=True, text=True)
        assert made.stdout == open(os.path.join(ROOT, "docs", "assay.1")).read(), "docs/assay.1 is stale: tools/man.py makes it"
        for link in re.findall(r"\]\(([^)#:]+)\)", open(os.path.join(ROOT, "README.md")).read()):
            assert os.path.exists(os.path.join(ROOT, link)), link
        assert "gpt-4o-mini" in home.run("models", "gpt-4o-mini").out
        assert "ANTHROPIC_API_KEY" in home.run("providers").out


main()
