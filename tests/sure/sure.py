#!/usr/bin/env python3
"""--stop-when-sure as a person uses it: the full run's verdict for fewer calls, the same one after any number of kills."""
import json
import os
import random
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from terminal import Terminal  # noqa: E402
from whole import ASSAY, Home, Sim, test, main, words_task  # noqa: E402,F401


def run(home, *args, codes=(0, 1)):
    child = home.run("run", "task.yaml", "--speed", 0, "-q", "--fresh", *args)
    assert child.returncode in codes, (child.returncode, child.err)
    return child


def verdicts(result):
    """Who is first; what is said of each of the others."""
    first = next(v["variant"] for v in result["variants"] if v["rank"] == 1)
    return first, {v["variant"]: v["against_first"]["verdict"] for v in result["variants"] if v["variant"] != first}


def asked(result):
    return {v["variant"]: v["done"] + v["failed"] for v in result["variants"]}


def outcomes(home):
    with home.database() as db:
        return sorted(row[0] for row in db.execute("SELECT trial_no FROM trial"))


@test
def ten_runs_say_what_the_full_runs_say():
    models = [("sim:careful, sim:erratic", True), ("sim:deep, sim:thrifty", True), ("sim:careful, sim:thrifty, sim:erratic", True),
              ("sim:instant, sim:erratic", True), ("sim:swift, sim:unpriced", False)]
    same = clear_asked = clear_all = 0
    for i in range(10):
        names, clear = models[i % 5]
        with Home() as home:
            words_task(home, 300, models=names)
            run(home, "--seed", i + 1)
            full = home.json("show", "--json")
            run(home, "--seed", i + 1, "--stop-when-sure")
            sure = home.json("show", "--json")
            (first, others), (sure_first, sure_others) = verdicts(full), verdicts(sure)
            # of those that can't be told apart, either may stand first
            tied = {first} | {v for v, word in others.items() if word == "can't tell"}
            agrees = sure_first in tied and {v for v, w in sure_others.items() if w == "worse"} == {v for v, w in others.items() if w == "worse"}
            same += agrees
            n = sum(asked(sure).values())
            if clear:
                clear_asked, clear_all = clear_asked + n, clear_all + sum(asked(full).values())
            print("       %-38s seed %2d: %3d of %3d calls, %s" % (names, i + 1, n, sum(asked(full).values()), "same verdict" if agrees else "another verdict"))
            assert sure["run"]["done"] == n and n <= full["run"]["done"]
    print("       same verdict in %d of 10 runs; %.0f %% of the calls where the difference is clear" % (same, 100 * clear_asked / clear_all))
    assert same >= 9
    assert clear_asked <= 0.5 * clear_all


@test
def every_output_says_who_was_stopped_and_why():
    with Home() as home:
        words_task(home, 400, models="sim:careful, sim:erratic, sim:thrifty")
        child = home.run("run", "task.yaml", "--speed", 0, "--stop-when-sure", COLUMNS="120")
        assert child.returncode == 0, child.err
        assert "estimate up to $" in child.err, child.err
        assert re.search(r"variant +accuracy +95 % interval +n ", child.out), child.out
        assert "worse, sure" in child.out and "Sure to 95 %: sim:" in re.sub(r"\s+", " ", child.out), child.out
        result = home.json("show", "--json")
        s, total = result["sure"], result["run"]["trials"]
        assert (result["run"]["state"], result["run"]["stopped_by"]) == ("done", "sure")
        assert (s["metric"], s["level"], s["margin"], s["method"]) == ("accuracy", 0.95, 0.01, "betting without replacement")
        assert s["decided"] and s["variants_stopped"] == 3 and s["trials_not_needed"] == total - result["run"]["done"]
        assert "%d of %d trials were not needed" % (s["trials_not_needed"], total) in s["text"]
        for v in result["variants"]:
            stop = v["stopped"]
            assert (stop["level"], stop["method"]) == (0.95, "betting without replacement")
            assert stop["at"] <= v["quality"]["n"] < 400 and stop["trials_not_needed"] == 400 - v["done"]
            if v["rank"] == 1:
                assert stop["reason"] == "decided" and v["variant"] == "sim:careful"
            else:
                against = v["against_first"]
                assert (stop["reason"], stop["than"], against["verdict"]) == ("worse", "sim:careful", "worse")
                assert against["test"] == "betting without replacement" and against["low"] < against["difference"] < against["high"] < 0
                assert against["pairs"] == stop["at"] and against["p"] <= 0.05
        words = next(p for p in home.json("explain", "--json")["parts"] if p["part"] == "sure")
        assert s["text"] in " ".join(words["sentences"]), words
        assert "have no outcome" not in " ".join(words["sentences"])
        assert "sure after" in home.run("show", "-f", "markdown").out and s["text"].split("(")[0] in home.run("show", "-f", "markdown").out
        compared = re.sub(r"\s+", " ", home.run("compare").out)
        assert "asked only until its verdict was sure" in compared and "is not finished" not in compared
        for v in result["variants"][1:]:
            assert re.search(r"worse than sim:careful by [\d.]+ points on %d cases" % v["done"], compared), (v["variant"], compared)
        for form in ("html", "md"):
            assert home.run("report", "--" + form, "-o", "page." + form).returncode == 0, form
        assert "were not needed" in open(os.path.join(home.path, "page.md")).read()
        again = home.run("resume", "-q")
        assert again.returncode == 2 and "is finished" in again.err


@test
def the_rest_can_be_asked_after_all():
    with Home() as home:
        words_task(home, 300, models="sim:careful, sim:erratic")
        run(home)
        full = home.json("show", "--json")
        run(home, "--stop-when-sure")
        stopped = home.json("show", "--json")
        assert stopped["run"]["done"] < 300 and stopped["run"]["state"] == "done"
        assert home.run("resume", "--ask-all", "-q", "--speed", 0).returncode == 0
        rest = home.json("show", "--json")
        assert rest["run"]["id"] == stopped["run"]["id"] and rest["run"]["done"] == 600 and rest["run"]["stopped_by"] is None
        assert [v["stopped"] for v in rest["variants"]] == [None, None]
        for a, b in zip(full["variants"], rest["variants"]):
            assert (a["quality"], a["against_first"]) == (b["quality"], b["against_first"])
        assert "sure" not in home.run("show").out
        again = home.run("resume", "--ask-all", "-q")
        assert again.returncode == 2 and "is finished" in again.err


@test
def the_progress_line_counts_who_was_stopped():
    with Home() as home:
        words_task(home, 400, models="sim:careful, sim:erratic, sim:thrifty")
        command = [ASSAY, "run", "task.yaml", "--speed", "4", "--stop-when-sure", "--concurrency", "8"]
        with Terminal(command, home.path, home.env, columns=150) as t:
            t.expect(r"sure: 1 of 3 variants stopped", 60)
            t.expect(r"Sure to 95 %", 60)


@test
def killed_at_random_moments_it_decides_the_same():
    rng = random.Random(11)
    with Home() as home:
        words_task(home, 600, models="sim:careful, sim:erratic, sim:swift")
        with Sim(home, "--book", "cases.jsonl", "--speed", "2") as sim:
            command = ["run", "task.yaml", "--base-url", "sim=%s/v1" % sim.url, "--concurrency", 16, "-q", "--stop-when-sure"]
            kills = 0
            for _ in range(8):
                child = home.start(*command)
                time.sleep(rng.uniform(0.15, 0.5))
                if child.poll() is not None:
                    break
                os.kill(child.pid, signal.SIGKILL)
                child.wait()
                kills += 1
                child.stdout.close()
                child.stderr.close()
            else:
                last = home.run(*command)
                assert last.returncode == 0, last.err
            killed = home.json("show", "--json")
            whole = home.run(*command, "--fresh")
            assert whole.returncode == 0, whole.err
            undisturbed = home.json("show", "--json")
        assert len(home.json("runs", "--json")) == 2
        at = [{v["variant"]: (v["stopped"] or {}).get("at") for v in r["variants"]} for r in (killed, undisturbed)]
        reasons = [{v["variant"]: (v["stopped"] or {}).get("reason") for v in r["variants"]} for r in (killed, undisturbed)]
        print("       %d kills; decided after %s" % (kills, at[0]))
        assert kills >= 3, kills
        assert at[0] == at[1] and reasons[0] == reasons[1], (at, reasons)
        assert verdicts(killed) == verdicts(undisturbed)
        assert killed["run"]["state"] == "done" and killed["run"]["stopped_by"] == "sure"


@test
def repetitions_limits_and_the_task_file_go_with_it():
    with Home() as home:
        words_task(home, 900, models="sim:careful, sim:erratic", extra="repeat: 3\nstop_when_sure: {level: 0.9, margin: 0.02, metric: accuracy}\n")
        run(home, "--limit", 200)
        result = home.json("show", "--json")
        assert (result["sure"]["level"], result["sure"]["margin"]) == (0.9, 0.02)
        assert result["run"]["cases"] == 200 and result["sure"]["decided"], result["sure"]
        assert result["run"]["done"] < 0.7 * result["run"]["trials"]
        worse = result["variants"][1]
        assert (worse["variant"], worse["against_first"]["verdict"]) == ("sim:erratic", "worse")
        assert worse["done"] >= worse["stopped"]["at"] * 3 and worse["against_first"]["pairs"] == worse["stopped"]["at"]
        run(home, "--limit", 60, "--ask-all")
        full = home.json("show", "--json")
        assert full["run"]["done"] == full["run"]["trials"] and "sure" not in full and full["run"]["stopped_by"] is None
        run(home, "--limit", 200, "--sure-level", 0.99)
        assert home.json("show", "--json")["sure"]["level"] == 0.99


@test
def cases_are_asked_in_an_order_of_their_own():
    with Home() as home:
        words_task(home, 1000, models="sim:careful, sim:erratic")
        run(home, "--stop-when-sure")
        numbers = [n // 2 for n in outcomes(home) if n % 2]
        assert len(numbers) < 500
        assert max(numbers) > 800 and abs(sum(numbers) / len(numbers) - 500) < 120, "not spread over the dataset"


@test
def one_model_is_held_to_its_threshold():
    with Home() as home:
        for limit, code, words in ((0.5, 0, "Every variant meets"), (0.97, 1, "missed")):
            words_task(home, 400, models="sim:thrifty", extra="thresholds: {accuracy: %s}\n" % limit)
            child = run(home, "--stop-when-sure")
            assert child.returncode == code and words in child.out, (child.returncode, child.out)
            result = home.json("show", "--json")
            assert result["sure"]["threshold"] == limit and result["sure"]["decided"]
            assert result["run"]["done"] < 200, result["run"]["done"]
            assert "which side of the threshold accuracy lies on" in result["sure"]["text"]


@test
def a_model_that_fails_stops_nobody():
    with Home() as home:
        words_task(home, 200, models="sim:careful, sim:no-such-model")
        child = run(home, "--stop-when-sure", codes=(3,))
        result = home.json("show", "--json")
        n = asked(result)
        assert n["sim:careful"] == 200, (n, child.err)
        assert result["sure"]["trials_not_needed"] == 0 and not result["sure"]["decided"]
        assert home.run("resume", "--retry-failed", "-q", "--speed", 0).returncode == 3


@test
def what_cannot_be_raced_is_refused_in_a_sentence():
    with Home() as home:
        for extra, models, want in (
                ("stop_when_sure: {metric: latency}\n", "sim:swift, sim:careful", "can't go by \"latency\": it has no largest value"),
                ("stop_when_sure: {metric: acuracy}\n", "sim:swift, sim:careful", "did you mean \"accuracy\""),
                ("stop_when_sure: {levle: 0.9}\n", "sim:swift, sim:careful", "did you mean \"level\""),
                ("stop_when_sure: {level: 1}\n", "sim:swift, sim:careful", "from 0.5 to 0.9999"),
                ("stop_when_sure: soon\n", "sim:swift, sim:careful", "stop_when_sure is true, false, or {level"),
                ("stop_when_sure: true\n", "sim:swift", "nothing to decide: there is one variant, and no threshold")):
            words_task(home, 30, models=models, extra=extra)
            child = home.run("run", "task.yaml", "--speed", 0, "-q")
            assert child.returncode == 2 and want in child.err, (extra, child.returncode, child.err)
        words_task(home, 30, models="sim:swift, sim:careful")
        for args, want in ((("--sure-level", "2"), "--sure-level"), (("--sure-margin", "x"), "--sure-margin"),
                           (("--stop-when-sure", "--ask-all"), "exclude each other")):
            child = home.run("run", "task.yaml", "-q", *args)
            assert child.returncode == 2 and want in child.err, (args, child.err)
        many = ", ".join("{name: v%d, model: sim:instant}" % i for i in range(65))
        home.file("task.yaml", open(os.path.join(home.path, "task.yaml")).read().replace("models: [sim:swift, sim:careful]", "variants: [%s]" % many))
        child = home.run("run", "task.yaml", "-q", "--stop-when-sure")
        assert child.returncode == 2 and "at most 64 variants, and these are 65" in child.err, child.err
        assert home.run("estimate", "task.yaml", "--sure-level", "0.9").returncode == 2


@test
def a_run_that_was_interrupted_goes_on_and_a_failed_one_can_be_asked_again():
    with Home() as home:
        words_task(home, 400, models="sim:careful, sim:erratic")
        with Sim(home, "--book", "cases.jsonl", "--speed", "3") as sim:
            base = ["--base-url", "sim=%s/v1" % sim.url, "-q"]
            child = home.start("run", "task.yaml", *base, "--concurrency", 4, "--stop-when-sure")
            time.sleep(0.7)
            child.send_signal(signal.SIGINT)
            assert child.wait(60) == 130
            stopped = home.json("show", "--json")
            assert stopped["run"]["state"] == "stopped" and 0 < stopped["run"]["done"] < 400
            assert home.run("resume", *base).returncode == 0
            done = home.json("show", "--json")
            assert done["run"]["state"] == "done" and done["sure"]["decided"]
            assert done["run"]["done"] >= stopped["run"]["done"]


if __name__ == "__main__":
    main()
