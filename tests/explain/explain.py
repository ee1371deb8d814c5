#!/usr/bin/env python3
"""assay explain and runs --summary as a person uses them, their words checked against what the runs say themselves."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from terminal import width  # noqa: E402
from whole import ASSAY, Home, test, main, words_task  # noqa: E402,F401

MODELS = "sim:careful, sim:swift, sim:erratic"
PARTS = ["tested", "found", "failing", "sure", "cost", "advice", "change"]
USES = ["general", "production", "cost_sensitive", "budget", "development"]


def ran(home, *args):
    child = home.run("run", "task.yaml", "--speed", 0, "-q", *args)
    assert child.returncode in (0, 1, 3), child.err


def part(got, name):
    return next(p for p in got["parts"] if p["part"] == name)


def words(p):
    return " ".join(p["sentences"] + ["%s: %s" % (f["label"], f["text"]) for f in p["facts"]])


@test
def the_words_hold_the_numbers_of_the_result():
    with Home() as home:
        words_task(home, 60, models=MODELS)
        ran(home)
        got, result = home.json("explain", "--json"), home.json("show", "--json")
        assert [p["part"] for p in got["parts"]] == PARTS
        assert "60 cases with 3 variants, each case once: 180 trials" in words(part(got, "tested"))
        found, cost, sure = words(part(got, "found")), words(part(got, "cost")), words(part(got, "sure"))
        for v in result["variants"]:
            q = v["quality"]
            if v["rank"]:
                assert "#%d %s: %.1f %% (%.1f to %.1f)" % (v["rank"], v["variant"], q["mean"] * 100, q["low"] * 100, q["high"] * 100) in found, found
        assert "Of 180 trials, %d were answered, %d failed" % (result["run"]["done"], result["run"]["failed"]) in sure
        calls = sum(row["calls"] for row in result["ledger"] if row["phase"] == "execution")
        assert re.search(r"execution: \$[\d.]+ in %d calls" % calls, cost), cost
        assert got["run"] == result["run"]["id"]


@test
def cases_called_wrong_are_wrong_in_the_export():
    with Home() as home:
        words_task(home, 50, models=MODELS)
        ran(home)
        rows = [json.loads(line) for line in home.run("export", "last", "-f", "jsonl").out.splitlines()]
        wrong = {}
        for r in rows:
            bad = r["status"] != "success" or r["critical"] > 0 or (r["scores"].get("accuracy") is not None and r["scores"]["accuracy"] < 0.5)
            wrong[r["case_id"]] = wrong.get(r["case_id"], 0) + bad
        failing = part(home.json("explain", "--json"), "failing")
        named = [re.match(r"(.+): wrong for (\d+) of 3 variants", f["text"]).groups() for f in failing["facts"] if f["label"] == "case"]
        assert named and len(named) <= 5
        assert [int(n) for _, n in named] == sorted(wrong.values(), reverse=True)[:len(named)]
        for case, n in named:
            assert wrong[case] == int(n), (case, n, wrong[case])
        right = sum(1 for n in wrong.values() if n == 0)
        assert "%d of 50 cases %s right for every variant, %d for none." % (right, "was" if right == 1 else "were", sum(1 for n in wrong.values() if n == 3)) \
            in " ".join(failing["sentences"]), failing["sentences"]


@test
def advice_is_for_every_use_and_stands_in_the_report_too():
    with Home() as home:
        words_task(home, 40, models=MODELS)
        ran(home)
        advice, report = home.json("explain", "--json")["recommendation"], home.json("show", "--json")
        assert sorted(advice["uses"]) == sorted(USES)
        for key in ("uses", "frontier", "avoid"):
            assert report["recommendation"][key] == advice[key]
        assert advice["uses"]["budget"]["variant"] == report["recommendation"]["budget_option"]
        priced = [v for v in report["variants"] if v["rank"] and v["usd_per_1000"] is not None]
        for v in priced:
            better = [o for o in priced if o is not v and o["usd_per_1000"] <= v["usd_per_1000"] and o["quality"]["mean"] >= v["quality"]["mean"]
                      and (o["usd_per_1000"], -o["quality"]["mean"]) != (v["usd_per_1000"], -v["quality"]["mean"])]
            if better:
                assert v["variant"] not in advice["frontier"]
        assert {a["variant"] for a in advice["avoid"]} == {v["variant"] for v in report["variants"] if v["rank"] and v["quality"]["mean"] < 0.7}


@test
def the_text_fits_the_terminal_and_is_the_same_each_time():
    with Home() as home:
        words_task(home, 30, models=MODELS)
        ran(home)
        first, again = home.run("explain", COLUMNS="60"), home.run("explain", COLUMNS="60")
        assert first.returncode == 0 and first.out == again.out
        assert all(width(line) <= 60 for line in first.out.splitlines()), max(first.out.splitlines(), key=width)
        for heading in ("What was tested", "What was found", "How sure this is", "What it cost", "What to take for what", "What would change the answer"):
            assert heading in first.out.splitlines()
        md = home.run("explain", "last", "--md")
        assert md.returncode == 0 and md.out.startswith("## What was tested\n")


@test
def one_variant_all_failed_and_nothing_known_are_said():
    with Home() as home:
        words_task(home, 10, models="sim:swift")
        ran(home)
        assert "was the only variant" in words(part(home.json("explain", "--json"), "found"))
    with Home() as home:
        words_task(home, 6, models="\"sim:swift!500\"")
        home.run("run", "task.yaml", "--speed", 0, "-q", "--attempts", 1)
        got = home.json("explain", "--json")
        assert got["recommendation"]["uses"] == {"general": {"variant": None, "text": "No trial succeeded, so there is nothing to recommend."}}
        assert "--retry-failed" in words(part(got, "change"))


@test
def mistakes_get_a_sentence():
    with Home() as home:
        words_task(home, 4)
        ran(home)
        both = home.run("explain", "--json", "--md")
        assert both.returncode == 2 and "ask for one" in both.err
        absent = home.run("explain", "ffffffff")
        assert absent.returncode != 0 and "there is no run" in absent.err
        near = home.run("explian")
        assert near.returncode == 2 and "explain" in near.err


@test
def a_summary_averages_the_runs_and_says_what_it_left_out():
    with Home() as home:
        words_task(home, 40, models=MODELS)
        ran(home)
        ran(home, "--fresh", "--seed", 5, "--limit", 20)
        ran(home, "--fresh", "--models", "sim:swift")
        got = home.json("runs", "--summary", "--json")
        assert got["total_runs_analyzed"] == 2 and [(x["run_index"], x["reason"]) for x in got["excluded_runs"]] == [
            (0, "only one of its models is scored; it takes two")]
        runs = [home.json("show", r["id"], "--json") for r in home.json("runs", "--json")[1:]]
        assert [m["rank"] for m in got["model_rankings"]] == list(range(1, len(got["model_rankings"]) + 1))
        for m in got["model_rankings"]:
            mine = [v for r in runs for v in r["variants"] if v["model"] == m["model"] and v["rank"]]
            assert m["run_count"] == len(mine)
            assert abs(m["avg_score"] - 100 * sum(v["quality"]["mean"] for v in mine) / len(mine)) <= 0.05 + 1e-9
            assert abs(m["avg_cost"] - sum(v["usd_per_1000"] for v in mine) / len(mine) / 1000) < 1e-9
        scores = [m["avg_score"] for m in got["model_rankings"]]
        assert scores == sorted(scores, reverse=True) and got["best_overall_model"] == got["model_rankings"][0]["model"]
        assert got["best_value_model"] in [m["model"] for m in got["model_rankings"] if m["avg_score"] >= scores[0] - 10.05]
        text = home.run("runs", "--summary", COLUMNS="70")
        assert text.returncode == 0 and "Left out: run" in text.out and "is best on average" in text.out
        assert all(width(line) <= 70 for line in text.out.splitlines())
        only = home.json("runs", "--summary", "--json", "--limit", 1)
        assert only["total_runs_analyzed"] == 0 and only["best_overall_model"] is None and only["model_rankings"] == []


if __name__ == "__main__":
    main()
