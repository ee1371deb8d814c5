"""Long inputs: whole runs that ask in parts, with a program as the model that gives the items its part holds."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import Home, test, main  # noqa: E402

MODEL = "#!%s\n" % sys.executable + """import json, re, sys
text = json.load(sys.stdin)["messages"][-1]["content"]
if "FAIL" in text and "[Part 3" in text:
    print(json.dumps({"error": {"code": "INVALID_REQUEST", "message": "no"}}))
else:
    items = sorted(set(re.findall(r"item-[0-9]{4}", text)))
    print(json.dumps({"text": json.dumps(items) if %(json)s else "item\\n" + "\\n".join(items),
                      "usage": {"input_tokens": 10, "output_tokens": 2}, "cost_usd": 0.001}))
"""
PRICES = "dated: 2026-01-01\nmodels:\n  - {model: 'exec:*', input: 1, output: 1, context_tokens: %d}\n"


def place(home, text, extra="", form="json", items=200):
    path = home.file("answer.py", MODEL % {"json": form == "json"})
    os.chmod(path, 0o755)
    gold = ["item-%04d" % i for i in range(items)]
    with open(os.path.join(home.path, "cases.json"), "w") as f:
        json.dump([{"id": "long", "input": text, "expected": gold if form == "json" else "item\n" + "\n".join(gold)}], f)
    home.file("task.yaml", "name: long\nmodels: ['exec:./answer.py']\nprompt: 'List the items. {{ input }}'\ndataset: cases.json\n"
              "output: {format: %s}\nmetrics: [accuracy, completeness, cost]\n%s" % (form, extra))


def text_of(items=200):
    return " ".join("Here stands item-%04d in a sentence." % i for i in range(items))


def trial(home):
    return home.json("show", "last", 0, "--json")


@test
def parts_are_asked_in_turn_and_answers_joined():
    for form in ("json", "csv"):
        with Home() as home:
            place(home, text_of(), "chunking: {characters: 1000, overlap: 100}\n", form)
            ran = home.run("run", "task.yaml", "--allow-exec")
            assert ran.returncode == 0, ran.err
            t = trial(home)
            turns = t["transcript"]["turns"]
            assert len(turns) == 9, len(turns)
            assert [x["label"] for x in turns[:2]] == ["part 1 of 9", "part 2 of 9"]
            assert "[Part 2 of 9 of a longer text." in turns[1]["prompt"]
            output = t["transcript"]["output"]
            found = json.loads(output) if form == "json" else output.split("\n")[1:]
            assert found == ["item-%04d" % i for i in range(200)], found[:5]
            assert t["scores"]["accuracy"] == 1 and t["scores"]["completeness"] == 1, t["scores"]
            assert t["usage"]["input_tokens"] == 90 and t["cost_usd"] == "0.009", (t["usage"], t["cost_usd"])


@test
def the_command_line_decides_over_the_file():
    with Home() as home:
        place(home, text_of(), "chunking: {characters: 1000}\n")
        assert home.run("run", "task.yaml", "--allow-exec", "--chunk", "off").returncode == 0
        assert len(trial(home)["transcript"]["turns"]) == 1 and "output" not in trial(home)["transcript"]
        assert home.run("run", "task.yaml", "--allow-exec", "--chunk", "5000,0").returncode == 0
        assert len(trial(home)["transcript"]["turns"]) == 2


@test
def auto_cuts_only_what_fills_the_context():
    with Home() as home:
        home.file("prices.yaml", PRICES % 2000)
        place(home, text_of())                                  # some 2,000 tokens
        ran = home.run("run", "task.yaml", "--allow-exec", "--prices", os.path.join(home.path, "prices.yaml"))
        assert ran.returncode == 0, ran.err
        assert "80 % of the smallest context" in ran.err + ran.out, ran.err
        turns = trial(home)["transcript"]["turns"]
        assert len(turns) > 1, len(turns)
        home.file("prices.yaml", PRICES % 20000)
        ran = home.run("run", "task.yaml", "--allow-exec", "--prices", os.path.join(home.path, "prices.yaml"))
        assert "80 % of the smallest context" not in ran.err + ran.out
        assert len(trial(home)["transcript"]["turns"]) == 1


@test
def every_model_gets_the_same_parts():
    with Home() as home:
        home.file("prices.yaml", "dated: 2026-01-01\nmodels:\n  - {model: 'exec:./answer.py', input: 1, output: 1, context_tokens: 2000}\n"
                  "  - {model: 'exec:./other.py', input: 1, output: 1, context_tokens: 900000}\n")
        place(home, text_of())
        os.chmod(home.file("other.py", MODEL % {"json": True}), 0o755)
        ran = home.run("run", "task.yaml", "--allow-exec", "--prices", os.path.join(home.path, "prices.yaml"), "--models",
                       "exec:./answer.py,exec:./other.py")
        assert ran.returncode == 0, ran.err
        prompts = [[x["prompt"] for x in home.json("show", "last", i, "--json")["transcript"]["turns"]] for i in (0, 1)]
        assert prompts[0] == prompts[1] and len(prompts[0]) > 1


@test
def a_part_that_fails_fails_the_trial_and_is_kept():
    with Home() as home:
        place(home, text_of() + " FAIL" * 300, "chunking: {characters: 3000, overlap: 0}\n")
        ran = home.run("run", "task.yaml", "--allow-exec")
        assert ran.returncode == 3, ran.returncode
        t = trial(home)
        assert t["state"] == "failed" and len(t["transcript"]["turns"]) == 3, t["state"]
        assert t["cost_usd"] == "0.002", t["cost_usd"]             # what was paid before it failed


@test
def bad_sizes_are_refused():
    with Home() as home:
        place(home, "x", "chunking: {characters: 10, overlap: 5, colour: red}\n")
        ran = home.run("validate", "task.yaml")
        assert ran.returncode == 2 and "characters is 10; it must be from 200" in ran.err + ran.out, ran.err
        assert 'no key "colour"' in ran.err + ran.out
        place(home, "x", "chunking: sometimes\n")
        assert "auto, off, dynamic" in home.run("validate", "task.yaml").err
        place(home, "x", "chunking: dynamic\nturns: [Again.]\n")
        assert "follow-up turns" in home.run("validate", "task.yaml").err
        for bad in ("12", "1000,1000", "1000,x", "big"):
            assert home.run("estimate", "task.yaml", "--chunk", bad).returncode == 2, bad


@test
def the_estimate_counts_the_parts():
    with Home() as home:
        place(home, text_of(), "chunking: {characters: 1000, overlap: 100}\n")
        said = home.json("estimate", "task.yaml", "--json")
        assert said["calls"] == 9, said


if __name__ == "__main__":
    main()
