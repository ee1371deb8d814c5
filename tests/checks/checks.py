"""Every check of the program passes and fails in whole runs; those that can be undecided are; faults are told where they stand."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import Home, test, main  # noqa: E402

DONE = set()                            # kinds that were seen to pass and to fail

# kind: (the check as it is written, an output that passes, one that fails). The model says what it is given.
TEXT = {
    "contains": ("contains: refund", "your refund", "your money"),
    "contains_any": ("contains_any: [refund, credit]", "a credit", "money"),
    "starts_with": ("starts_with: Dear", "Dear Ada", "Hello Ada"),
    "ends_with": ("ends_with: '?'", "Why?", "Why."),
    "equals": ("equals: 'yes {{ name }}'", "yes Ada", "yes"),
    "one_of": ("one_of: [low, high]", "low", "middle"),
    "regex": ("regex: '^[A-Z]{2}-\\d+$'", "AB-1", "AB-x"),
    "matches": ("matches: '[a-c]+'", "abc", "abcd"),
    "occurrences": ("occurrences: {text: ab, min: 2}", "ab ab", "ab"),
    "eq": ("path: $.n, eq: {expected: $.n}", '{"n": 3}', '{"n": "3"}'),
    "ne": ("path: $.n, ne: 3", '{"n": 4}', '{"n": 3}'),
    "lt": ("path: $.a, lt: {path: $.b}", '{"a": 1, "b": 2}', '{"a": 2, "b": 2}'),
    "le": ("path: $.a, le: 2", '{"a": 2}', '{"a": 3}'),
    "gt": ("path: '$.items[*].p', gt: 0", '{"items": [{"p": 1}, {"p": 2}]}', '{"items": [{"p": 1}, {"p": 0}]}'),
    "ge": ("path: $.a, ge: '{{ least }}'", '{"a": 3}', '{"a": 2}'),
    "in": ("path: $.a, in: [1, x]", '{"a": "x"}', '{"a": "1"}'),
    "count": ("path: '$.items[?@.p > 10]', count: {min: 1, max: 1}", '{"items": [{"p": 1}, {"p": 20}]}', '{"items": [{"p": 1}]}'),
    "range": ("range: {min: 0, max: 1}", "0.5", "2"),
    "length": ("length: {min: 2, max: 3}", "abc", "abcd"),
    "min_length": ("min_length: 3", "abc", "ab"),
    "max_length": ("max_length: 3", "abc", "abcd"),
    "words": ("words: {min: 2, max: 2}", "two words", "one"),
    "min_words": ("min_words: 2", "two words", "one"),
    "max_words": ("max_words: 1", "one", "two words"),
    "sentences": ("sentences: {min: 2, max: 2}", "One. Two.", "One."),
    "min_sentences": ("min_sentences: 2", "One. Two.", "One."),
    "max_sentences": ("max_sentences: 1", "One.", "One. Two."),
    "lines": ("lines: {min: 2}", "a\nb", "a"),
    "min_lines": ("min_lines: 2", "a\n\nb", "a"),
    "max_lines": ("max_lines: 1", "a", "a\nb"),
    "paragraphs": ("paragraphs: {min: 2}", "a\n\nb", "a\nb"),
    "min_paragraphs": ("min_paragraphs: 2", "a\n\nb", "a\nb"),
    "max_paragraphs": ("max_paragraphs: 1", "a\nb", "a\n\nb"),
    "items": ("items: {min: 1, max: 2}", "[1, 2]", "[1, 2, 3]"),
    "min_items": ("min_items: 2", "[1, 2]", "[1]"),
    "max_items": ("max_items: 2", "[1, 2]", "[1, 2, 3]"),
    "json_valid": ("json_valid: true", "[1]", "[1"),
    "json_schema": ("json_schema: {type: array}", "[1]", "{}"),
    "regex_fits": ("regex_fits: {match: [AB-1], reject: [ab-1]}", '[A-Z]+-1', '[a-zA-Z]+-1'),
    "required_keys": ("required_keys: [a]", '{"a": 1}', '{"b": 1}'),
    "csv_valid": ("csv_valid: true", "a,b\n1,2", "a,b\n1"),
    "csv_columns": ("csv_columns: [a, b]", "b,a\n1,2", "a\n1"),
    "unique": ("unique: id", '[{"id": 1}, {"id": 2}]', '[{"id": 1}, {"id": 1}]'),
    "no_overlap": ("no_overlap: {start: s, end: e}", '[{"s": "0:00", "e": "0:10"}, {"s": "0:10", "e": "0:20"}]',
                   '[{"s": "0:00", "e": "0:11"}, {"s": "0:10", "e": "0:20"}]'),
    "timestamps": ("timestamps: {max: '{{ ends }}', ascending: true}", "0:10 and 0:20", "0:20 and 0:10"),
    "script": ("script: cyrillic", "Привет", "Hello"),
    "refusal": ("refusal: true", "I'm sorry, but I can't help with that.", "Here you are."),
    "metric": ("metric: exact_match, min: 1", '{"n": 3}', '{"n": 4}'),
    "all_of": ("all_of: [{contains: a}, {max_words: 1}]", "a", "a b"),
    "any_of": ("any_of: [{contains: a}, {contains: b}, {contains: c}], at_least: 2", "a b", "a x"),
    "none_of": ("none_of: [{contains: a}, refusal]", "b", "a"),
    "case_checks": ("case_checks: true", "a", "a b"),
    "rule": ("rule: len(output) <= 1", "a", "a b"),
    "promptfoo": ("promptfoo: true", "kept", "lost"),
}


def shown(home, count):
    return [home.json("show", "last", i, "--json") for i in range(count)]


def judge(home, kinds, head=""):
    """One task with these checks; a passing and a failing case for each. Notes where one passed and failed as it should."""
    lines = [head + "models: [sim:echo]", "prompt: '{{ input }}'", "dataset: cases.jsonl", "metrics: [checks_passed]", "checks:"]
    lines += ["  - {name: the_%s, %s}" % (kind, row[0]) for kind, row in kinds.items()]
    home.file("task.yaml", "name: each\n" + "\n".join(lines) + "\n")
    rules = [{"contains": "a"}, {"max_words": 1}]
    cases = [{"id": "%s %s" % (kind, "ok" if good else "no"), "input": row[1] if good else row[2], "name": "Ada", "least": 3,
              "ends": "1:00", "expected": {"n": 3}, "checks": rules,
              "promptfoo": {"assert": [{"type": "contains", "value": "kept"}]}} for kind, row in kinds.items() for good in (True, False)]
    home.file("cases.jsonl", "".join(json.dumps(c) + "\n" for c in cases))
    ran = home.run("run", "task.yaml", "--quiet", "--speed", "0")
    assert ran.returncode == 0, (ran.returncode, ran.err)
    for trial, case in zip(shown(home, len(cases)), cases):
        kind, good = case["id"].split()
        assert trial["case"] == case["id"] or trial.get("case_id") == case["id"], trial
        score, note = trial["scores"]["the_" + kind], trial["notes"].get("the_" + kind)
        assert score == (good == "ok"), (case["id"], score, note)
        assert good == "ok" or note, (case["id"], "failed without a reason")
    DONE.update(kinds)


@test
def every_check_passes_and_fails():
    names = list(TEXT)
    for i in range(0, len(names), 24):
        with Home() as home:
            judge(home, {k: TEXT[k] for k in names[i:i + 24]})


@test
def a_judged_rule_passes_and_fails_and_costs_in_its_own_phase():
    with Home() as home:
        judge(home, {"judged": ('judged: The reply speaks of a "refund".', "a refund is due", "nothing is due")},
              head="judge: {model: sim:judge}\n")
        assert [r for r in home.database().execute("select phase, calls from ledger order by 1")] == [(0, 2), (1, 2)]     # execution, judge


@test
def rows_of_a_csv_answer_are_looked_at():
    with Home() as home:
        judge(home, {
            "unique": ("unique: id", "id,n\n1,a\n2,a", "id,n\n1,a\n1,b"),
            "no_overlap": ("no_overlap: {start: from, end: to, gapless: true}", "from,to\n0:00,0:10\n0:10,0:20", "from,to\n0:00,0:10\n0:11,0:20"),
            "timestamps": ("timestamps: {fields: [from], format: clock}", "from,to\n0:00,x", "from,to\nsoon,x"),
        }, head="output: {format: csv}\n")


@test
def what_a_trial_took_and_the_tools_it_asked_for_are_bounded():
    program = """#!%s
import json, sys
ask = json.load(sys.stdin)
text = ask["messages"][-1]["content"]
calls = [{"name": "book", "arguments": json.dumps({"seats": 2 if text == "good" else "two"})}] * (1 if text != "none" else 0)
print(json.dumps({"text": text, "cost_usd": 0.001, "tool_calls": calls, "usage": {"input_tokens": 7, "output_tokens": 9}}))
""" % sys.executable
    with Home() as home:
        os.chmod(home.file("answer.py", program), 0o755)
        home.file("task.yaml", """name: took
models: ['exec:./answer.py']
prompt: '{{ input }}'
tools: [{name: book, parameters: {type: object, properties: {seats: {type: integer}}}}]
cases: [{input: good}, {input: bad}, {input: none}]
metrics: [checks_passed]
checks:
  - {name: cheap, max_cost: 0.001}
  - {name: free, max_cost: 0}
  - {name: slow, max_latency: 3600000}
  - {name: instant, max_latency: 0}
  - {name: short, max_output_tokens: 9}
  - {name: tiny, max_output_tokens: 8}
  - {name: booked, tool_calls: {called: book, allowed: true, arguments: true}}
""")
        ran = home.run("run", "task.yaml", "--quiet", "--allow-exec")
        assert ran.returncode == 0, (ran.returncode, ran.err)
        trials = shown(home, 3)
        for name, value in {"cheap": 1, "free": 0, "slow": 1, "instant": 0, "short": 1, "tiny": 0}.items():
            assert [t["scores"][name] for t in trials] == [value] * 3, (name, trials)
        assert [t["scores"]["booked"] for t in trials] == [1, 0, 0], trials
        assert "seats" in trials[1]["notes"]["booked"] and "not called" in trials[2]["notes"]["booked"], trials
    DONE.update(["max_cost", "max_latency", "max_output_tokens", "tool_calls"])


@test
def no_check_was_forgotten():
    with Home() as home:
        kinds = {c["check"] for c in home.json("checks", "--json")}
    assert kinds - {"scorer", "code_passes"} == DONE, kinds ^ DONE      # tests/scorer, tests/code


@test
def what_cannot_be_run_is_not_evaluated_and_says_why():
    with Home() as home:
        home.file("task.yaml", """name: skipped
models: [sim:echo]
prompt: '{{ input }}'
cases: [{input: '["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"]'}]
metrics: [checks_passed]
checks:
  - {name: pattern, regex: '^\\W+(a+)+$'}
  - {name: path, path: "$[?match(@, '(a|aa)+')]", count: 0}
  - {name: expected, path: '$[0]', eq: {expected: $.x}}
  - {name: metric, metric: accuracy, min: 0}
  - {name: template, contains: '{{ nothing }}'}
  - {name: turned, not_contains: '{{ nothing }}'}
  - {name: tools, tool_calls: {allowed: true}}
  - {name: own, case_checks: true}
  - {name: group, all_of: [{max_words: 3}, {path: '$[0]', eq: {expected: $.x}}]}
""")
        ran = home.run("run", "task.yaml", "--quiet", "--speed", "0")
        assert ran.returncode == 0, (ran.returncode, ran.err)
        trial = shown(home, 1)[0]
        assert set(trial["scores"]) == {"checks_passed"} | {"pattern", "path", "expected", "metric", "template", "turned", "tools",
                                                            "own", "group"}, trial
        assert all(v is None for v in trial["scores"].values()), trial
        words = {"pattern": "gave up", "path": "gave up", "expected": "no expected answer", "metric": "no expected answer",
                 "template": "nothing", "turned": "nothing", "tools": "no tools", "own": "no checks of its own",
                 "group": "no expected answer"}
        for name, word in words.items():
            assert word in trial["notes"][name], (name, trial["notes"])


@test
def faults_are_told_at_their_place_with_the_nearest_name():
    for check, place, words in (
            ("{contans: x}", "task.yaml:6:6", 'did you mean "contains"'),
            ("{path: $.a-b, gt: 3}", "task.yaml:6:5", "stands in brackets"),
            ("{path: '$[?lenght(@.a) > 1]', gt: 3}", "task.yaml:6:5", 'did you mean "length"'),
            ("{all_of: [{contains: a}, {any_of: [{max_wrds: 3}]}]}", "task.yaml:6:40", 'did you mean "max_words"'),
            ("{no_overlap: {start: a, ende: b}}", "task.yaml:6:5", 'did you mean "end"'),
            ("{script: cyrilic}", "task.yaml:6:5", 'did you mean "cyrillic"'),
            ("{metric: acuracy, min: 1}", "task.yaml:6:5", 'did you mean "accuracy"'),
            ("{tool_calls: {caled: x}}", "task.yaml:6:5", 'did you mean "called"'),
            ("{timestamps: {format: iso}}", "task.yaml:6:5", "rfc3339"),
            ("{unique: id, off: lines}", "task.yaml:6:5", 'did you mean "of"')):
        with Home() as home:
            home.file("task.yaml", "name: n\nmodels: [sim:echo]\nprompt: x\ncases: [{input: x}]\nchecks:\n  - %s\n" % check)
            ran = home.run("validate", "task.yaml")
            assert ran.returncode == 2 and place in ran.err and words in ran.err, (check, ran.err)


@test
def a_case_with_a_check_nobody_can_read_stops_the_run_before_it_begins():
    with Home() as home:
        home.file("task.yaml", "name: n\nmodels: [sim:echo]\nprompt: '{{ input }}'\ndataset: cases.jsonl\nchecks: [case_checks]\n")
        home.file("cases.jsonl", '{"id": "a", "input": "x", "checks": [{"contains": "x"}]}\n{"id": "b", "input": "y"}\n'
                                 '{"id": "c", "input": "z", "checks": [{"contains": "z"}, {"contans": "z"}]}\n')
        for command in ("validate", "run"):
            ran = home.run(command, "task.yaml")
            assert ran.returncode == 2 and "case c: checks: check 2" in ran.err and "contains" in ran.err, ran.err
        assert home.json("runs", "--json") in ([], {"runs": []}), "a run was begun"
        home.file("cases.jsonl", '{"id": "a", "input": "x", "checks": [{"contains": "x"}]}\n{"id": "b", "input": "y"}\n'
                                 '{"id": "c", "input": "z", "checks": [{"contains": "y"}]}\n')
        assert home.run("run", "task.yaml", "--quiet", "--speed", "0").returncode == 0
        assert [t["scores"]["case_checks"] for t in shown(home, 3)] == [1, None, 0]


main()
