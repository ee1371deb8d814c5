#!/usr/bin/env python3
"""assay watch as a person uses it: saves, rename-saves, broken tasks, money, Ctrl-C."""
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from terminal import Terminal  # noqa: E402
from whole import ASSAY, Home, Sim, test, main, words_task  # noqa: E402


def watching(home, *args, **more):
    return Terminal([ASSAY, "watch", "task.yaml", "--speed", "0", *map(str, args)], home.path, home.env, **more)


def save_beside(path, old, new):
    """As editors do: a new file beside, then renamed over."""
    text = open(path).read()
    assert old in text
    with open(path + ".swp", "w") as f:
        f.write("x")
    with open(path + "~", "w") as f:
        f.write(text.replace(old, new))
    os.rename(path + "~", path)
    os.unlink(path + ".swp")


@test
def a_saved_task_is_run_again_and_what_changed_is_said():
    with Home() as home:
        task = words_task(home, 12)
        with watching(home) as t:
            t.expect(r"12 cases x 1 variant.*estimate")
            t.expect(r"watching task.yaml")
            save_beside(task, "one word", "exactly one word")
            t.expect(r"task.yaml changed")
            t.expect(r"since run [0-9a-f]{8}")
            t.expect(r"B is another version of the task: the prompt differs")
            t.expect(r"held against run A")
            t.expect(r"watching")
            t.send("\x03")
            assert t.end() == 0, t.text
            assert "2 runs, " in t.text
        assert len(home.json("runs", "--json")) == 2


@test
def a_save_that_asks_nothing_new_runs_nothing_and_old_answers_come_from_the_cache():
    with Home() as home:
        task = words_task(home, 6, models="openai:gpt-4o-mini")
        home.env["OPENAI_API_KEY"] = "k"
        with Sim(home) as sim:
            with watching(home, "--base-url", sim.url + "/v1") as t:
                t.expect(r"watching")
                os.utime(task)
                save_beside(task, "Name the thing", "Say the thing")        # the description is not asked
                t.expect(r"changed ---")
                t.expect(r"watching")
                save_beside(task, "one word", "exactly one word")
                t.expect(r"held against run A")
                t.expect(r"watching")
                calls = len(sim.ledger())
                save_beside(task, "exactly one word", "one word")
                t.expect(r"6 answers came from the cache and cost nothing")
                t.expect(r"watching")
                assert len(sim.ledger()) == calls, "what was paid for was asked again"
                t.send("\x03")
                assert t.end() == 0


@test
def every_file_the_task_uses_is_watched():
    with Home() as home:
        words_task(home, 4)
        task = os.path.join(home.path, "task.yaml")
        text = open(task).read()
        line = next(l for l in text.splitlines() if l.startswith("prompt:"))
        home.file("task.yaml", text.replace(line, "prompt: prompts/ask.jinja"))
        home.file("prompts/ask.jinja", "{% include 'parts/tail.jinja' %} {{ input }}")
        home.file("parts/tail.jinja", "What is it about?")
        with watching(home) as t:
            t.expect(r"watching")
            for name, words in (("prompts/ask.jinja", "{% include 'parts/tail.jinja' %}: {{ input }}"), ("parts/tail.jinja", "Which one?"),
                                ("cases.jsonl", open(os.path.join(home.path, "cases.jsonl")).read().replace("Case", "Item"))):
                home.file(name, words)
                t.expect(r"%s changed" % os.path.basename(name))
                t.expect(r"held against run A")
                t.expect(r"watching")
            t.send("\x03")
            assert t.end() == 0


@test
def a_broken_task_is_said_and_waited_for():
    with Home() as home:
        task = words_task(home, 3)
        with watching(home) as t:
            t.expect(r"watching")
            save_beside(task, "metrics:", "metrisc:")
            t.expect(r"task.yaml:\d+:1: error: .*metri")
            t.expect(r"watching")
            os.unlink(task)
            t.expect(r"task.yaml")
            t.expect(r"watching")
            words_task(home, 4)
            t.expect(r"4 cases x 1")
            t.expect(r"watching")
            t.send("\x03")
            assert t.end() == 0


@test
def past_ten_dollars_in_all_a_person_is_asked_once_and_a_budget_ends_it():
    with Home() as home:
        task = words_task(home, 40, models="openai:o1-pro", extra="repeat: 60\n")
        home.env["OPENAI_API_KEY"] = "k"
        with watching(home, "--base-url", "http://127.0.0.1:9/v1") as t:
            t.expect(r"Go on, also with later changes\? \[y/N\]")
            t.send("n\n")
            t.expect(r"not run: .*more than \$10")
            t.expect(r"watching")
            t.send("\x03")
            assert t.end() == 0
        assert home.run("runs").out.startswith("No runs yet")
        silent = home.start("watch", task, "--base-url", "http://127.0.0.1:9/v1")       # no terminal: nobody to ask
        time.sleep(1.5)
        silent.send_signal(signal.SIGINT)
        out, err = silent.communicate(timeout=20)
        assert silent.returncode == 0 and "not run: " in err, err
    with Home() as home:
        task = words_task(home, 30, models="openai:gpt-4o-mini")
        home.env["OPENAI_API_KEY"] = "k"
        with Sim(home) as sim:
            ran = home.run("watch", task, "--base-url", sim.url + "/v1", "--budget", "0.000001", timeout=30)
            assert ran.returncode == 3 and "budget is spent" in ran.err, (ran.returncode, ran.err)


@test
def an_interrupt_in_a_run_saves_it_and_ends_with_130():
    with Home() as home:
        words_task(home, 200)
        with Terminal([ASSAY, "watch", "task.yaml", "--speed", "0.2", "-c", "2"], home.path, home.env) as t:
            t.expect(r"/200 \d+ %.*in flight", 20)
            t.send("\x03")
            assert t.end(40) == 130, t.text
            assert "everything answered so far is saved" in t.text
        assert home.json("runs", "--json")[0]["state"] == "stopped"


@test
def rounds_end_it_and_json_is_a_line_a_round():
    with Home() as home:
        words_task(home, 5)
        assert home.run("run", "task.yaml", "--speed", 0, "-q", "--sample", 3).returncode == 0
        ran = home.run("watch", "task.yaml", "--speed", 0, "--rounds", 1, "--json", "-q")
        assert ran.returncode == 0, ran.err
        lines = [json.loads(line) for line in ran.out.splitlines()]
        assert len(lines) == 1 and lines[0]["round"] == 1
        assert lines[0]["result"]["run"]["trials"] == 5
        assert lines[0]["comparison"]["runs"][1]["common_cases"] == 3
        gone = home.run("watch", "nothing.yaml")
        assert gone.returncode != 0 and "nothing.yaml" in gone.err
        both = home.run("watch", "task.yaml", "--no-cache", "--cache")
        assert both.returncode == 2, both.err


main()
