"""Programs as models: `exec:PROGRAM` asked by whole runs."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import Home, test, main, words_task  # noqa: E402

HEAD = "#!%s\nimport json, os, sys, time\nask = json.load(sys.stdin)\n" % sys.executable
ANSWER = HEAD + """word = ask["messages"][-1]["content"].split(" is about a ")[1].split(" ")[0]
print(json.dumps({"text": word, "reasoning": "I looked.", "cost_usd": 0.001, "model_version": "v" + str(len(sys.argv)),
                  "tool_calls": [{"name": "now"}] if ask.get("tools") else [], "usage": {"input_tokens": 7, "output_tokens": 1}}))
"""


def place(home, program, cases=4, extra=""):
    path = home.file("answer.py", program)
    os.chmod(path, 0o755)
    words_task(home, cases, models='"exec:./answer.py"', extra=extra)


def turn(home, i=0):
    return home.json("show", "last", i, "--json")["transcript"]["turns"][0]


@test
def a_program_answers_every_case():
    with Home() as home:
        place(home, ANSWER, 20, "variants:\n  - {model: 'exec:./answer.py', name: fast, params: {extra: {argv: [--fast, 'a b']}}}\n")
        ran = home.run("run", "task.yaml", "--allow-exec", "--json")
        assert ran.returncode == 0, ran.err
        first = turn(home)
        assert first["response"] == "invoice" and first["reasoning"] == "I looked." and first["cost_usd"] == "0.001", first
        versions = {turn(home, i)["model_version"] for i in range(40)}
        assert versions == {"v1", "v3"}, versions


@test
def tools_are_offered_and_calls_are_kept():
    with Home() as home:
        place(home, ANSWER, 1, "tools: [{name: now, description: The time.}]\n")
        assert home.run("run", "task.yaml", "--allow-exec").returncode == 0
        assert turn(home)["tool_calls"] == [{"name": "now"}]
        shown = home.run("show", "last", 0).out
        assert "tool calls" in shown and '"now"' in shown and "I looked." in shown, shown


@test
def what_goes_wrong_is_told():
    for program, code, says in (
            (HEAD + "sys.exit('it broke badly')", "SERVER_ERROR", "it broke badly"),
            (HEAD + "print('hello')", "INVALID_RESPONSE", "not valid JSON"),
            (HEAD + "print(json.dumps({'error': {'code': 'AUTH_ERROR', 'message': 'no key here'}}))", "AUTH_ERROR", "no key here"),
            (HEAD + "time.sleep(60)", "TIMEOUT", "was stopped")):
        with Home() as home:
            place(home, program, 1)
            start = time.monotonic()
            ran = home.run("run", "task.yaml", "--allow-exec", "--attempts", 1, "--timeout", 1)
            assert ran.returncode in (3, 4), (program, ran.returncode, ran.err)
            assert time.monotonic() - start < 30
            attempts = turn(home)["attempts"]
            assert [a["result"] for a in attempts] == [code] and says in attempts[0]["text"], attempts
    with Home() as home:
        words_task(home, 1, models='"exec:./nobody.py"')
        ran = home.run("run", "task.yaml", "--allow-exec")
        assert ran.returncode == 3 and "./nobody.py can't be started" in ran.err, ran.err


@test
def a_task_may_not_start_programs_unless_it_is_allowed():
    with Home() as home:
        place(home, HEAD + "open('ran', 'w')\n", 1)
        for command in (["run", "task.yaml"], ["estimate", "task.yaml"], ["run", "task.yaml", "--dry-run"]):
            home.run(*command)
            assert not os.path.exists(os.path.join(home.path, "ran")), command
        ran = home.run("run", "task.yaml")
        assert ran.returncode == 2 and "--allow-exec" in ran.err, (ran.returncode, ran.err)
        place(home, ANSWER, 2)
        typed = home.run("run", "task.yaml", "--models", "exec:./answer.py")
        assert typed.returncode == 0, (typed.returncode, typed.err)


@test
def a_shell_is_never_asked():
    with Home() as home:
        place(home, ANSWER, 1, "")
        words_task(home, 1, models='"exec:./answer.py; touch pwned"')
        home.run("run", "task.yaml", "--allow-exec")
        assert not os.path.exists(os.path.join(home.path, "pwned"))


main()
