#!/usr/bin/env python3
"""assay label: keys in a real terminal, files, and agreement held to scikit-learn and the package krippendorff."""
import csv
import io
import json
import math
import os
import random
import re
import signal
import sqlite3
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from terminal import Terminal, width  # noqa: E402
from whole import ASSAY, Home, test, main, words_task  # noqa: E402

HOSTILE = "a\x1b[31mred\x1b]0;title\x07 \u009b5m \u202eabc\x08\x7f"


def a_run(home, n=6, models="sim:swift, sim:erratic", extra=""):
    words_task(home, n, models=models, extra=extra)
    assert home.run("run", "task.yaml", "--speed", 0, "-q").returncode in (0, 3)


def at_terminal(home, *words, **more):
    options = {"USER": "ann", "NO_COLOR": "1", **more}
    return Terminal([ASSAY, "label", *map(str, words)], home.path, home.env, **options)


def labels(home, *words):
    return home.json("label", "last", "--json", *words)["labels"]


def modes(t):
    return termios.tcgetattr(t.master)[3] & (termios.ICANON | termios.ECHO)


COOKED = termios.ICANON | termios.ECHO
FOOT = r"q quit"


# --- in the terminal -------------------------------------------------------------------------------------------------

@test
def single_keys_label_and_each_label_is_stored_at_once():
    with Home() as home:
        a_run(home)
        with at_terminal(home) as t:
            t.expect(r"1 of 12 - case c\d+ - 0 labelled, as ann")
            t.expect("input")
            t.expect(r"Case number \d+ is about")
            t.expect("expected")
            t.expect("output")
            t.expect(r"p pass  f fail  n note  s skip  u undo  v all  q quit")
            assert modes(t) == 0
            t.send("p")
            t.expect(r"2 of 12 .* 1 labelled")
            assert [x["label"] for x in labels(home)] == ["pass"]
            t.expect(FOOT)
            t.send("f")
            t.expect(r"3 of 12")
            t.expect(FOOT)
            t.send("2")                                     # digits do as well
            t.expect(r"4 of 12")
            t.expect(FOOT)
            t.send("x")
            t.expect("does nothing")
            t.send("q")
            assert t.end() == 0, t.text
            assert "3 labelled, 0 skipped, 9 not seen" in t.text
            assert modes(t) == COOKED
        rows = labels(home)
        assert sorted(x["label"] for x in rows) == ["fail", "fail", "pass"] and {x["who"] for x in rows} == {"ann"}
        assert all(re.match(r"20\d\d-\d\d-\d\dT.*Z$", x["made_at"]) for x in rows)
        with at_terminal(home) as t:                        # goes on with those not labelled
            t.expect(r"1 of 9")
            t.send("q")
            assert t.end() == 0


@test
def notes_undo_and_skip():
    with Home() as home:
        a_run(home)
        with at_terminal(home) as t:
            t.expect(FOOT)
            t.send("u")
            t.expect("nothing to undo")
            t.expect(FOOT)
            t.send("nno\u00e9\u6f22\x7f\x7fice\r")
            t.expect(r"note: noice")
            t.expect(FOOT)
            t.send("nqps\x1b")                              # keys within a note are text; Esc keeps the one before
            time.sleep(0.2)
            t.expect(r"note: noice\n")
            t.expect(FOOT)
            t.send("p")
            t.expect("2 of 12")
            assert [(x["label"], x["note"]) for x in labels(home)] == [("pass", "noice")]
            t.expect(FOOT)
            t.send("u")
            t.expect("1 of 12 .* 0 labelled")
            t.expect("Undone")
            assert labels(home) == []
            history = labels(home, "--history")
            assert [x["label"] for x in history] == ["pass", None]
            t.expect(FOOT)
            t.send("f")
            t.expect("2 of 12")
            t.expect(FOOT)
            t.send("s")
            t.expect("3 of 12 .* 1 labelled")
            t.expect(FOOT)
            t.send("nonly a note\rs")
            t.expect("4 of 12 .* 1 labelled")
            t.expect(FOOT)
            t.send("u")
            t.expect("3 of 12")
            t.expect(FOOT)
            t.send("u")
            t.expect("2 of 12")
            t.expect(FOOT)
            t.send("q")
            assert t.end() == 0
        assert [(x["label"], x["note"]) for x in labels(home)] == [("fail", "")]


@test
def a_label_is_changed_with_all_and_history_stays():
    with Home() as home:
        a_run(home, 2, models="sim:swift")
        for keys in ("ppq", "ffq"):
            with at_terminal(home, "--all") as t:
                for key in keys:
                    t.expect(FOOT if key != "q" else "That was the last one")
                    t.send(key)
                assert t.end() == 0, t.text
        assert [x["label"] for x in labels(home)] == ["fail", "fail"]
        assert sorted(x["label"] for x in labels(home, "--history")) == ["fail", "fail", "pass", "pass"]
        with at_terminal(home, "--all") as t:
            t.expect("you said: fail")
            t.send("q")
            t.end()
        with at_terminal(home) as t:
            assert t.end() == 0 and "No trial to label" in t.text


@test
def the_last_label_can_be_taken_back():
    with Home() as home:
        a_run(home, 1, models="sim:swift")
        with at_terminal(home) as t:
            t.expect(FOOT)
            t.send("p")
            t.expect("That was the last one")
            t.send("zu")
            t.expect("1 of 1 .* 0 labelled")
            t.expect(FOOT)
            t.send("f")
            t.expect("That was the last one")
            t.send("q")
            assert t.end() == 0
        assert [x["label"] for x in labels(home)] == ["fail"]


@test
def sets_of_labels_are_chosen_by_digit():
    with Home() as home:
        a_run(home)
        with at_terminal(home, "--labels", "good,so so,bad", "--by", "bob") as t:
            t.expect(r"1 good  2 so so  3 bad  n note")
            t.send("3")
            t.expect("2 of 12")
            t.expect(FOOT)
            t.send("4")
            t.expect("does nothing")
            t.expect(FOOT)
            t.send("2")
            t.expect("3 of 12")
            t.send("q")
            assert t.end() == 0
        assert sorted((x["who"], x["label"]) for x in labels(home)) == [("bob", "bad"), ("bob", "so so")]
        for bad in ("one", "a,b,a", "1,2,3,4,5,6,7,8,9,10", "a,%s" % ("x" * 65)):
            with at_terminal(home, "--labels", bad) as t:
                assert t.end() == 2, bad
        with at_terminal(home, "--labels", "1,2,3,4,5,6,7,8,9") as t:
            t.expect("9 9")
            t.send("q")
            assert t.end() == 0


@test
def it_is_blind_and_the_order_is_the_seeds():
    with Home() as home:
        a_run(home, 8)

        def order(*words):
            with at_terminal(home, *words) as t:
                for i in range(16):
                    t.expect(r"%d of 16" % (i + 1))
                    t.expect(FOOT)
                    t.send("s")
                t.expect("That was the last")
                t.send("q")
                assert t.end() == 0
                text = t.text
            return re.findall(r"\d+ of 16 - case (c\d+)", text), text

        first, text = order()
        assert "sim:" not in text and "swift" not in text and "erratic" not in text and "trial" not in text
        assert order()[0] == first and order("--seed", 7)[0] != first
        assert sorted(first) == sorted(["c%d" % i for i in range(8)] * 2) and first != sorted(first)
        assert "sim:swift" in order("--show-variant")[1]
        drawn = []
        for who in ("ann", "bob"):                          # two people with one seed see the same sample, also later
            with at_terminal(home, "--sample", 5, "--by", who) as t:
                for i in range(3):
                    t.expect("%d of 5" % (i + 1))
                    t.expect(FOOT)
                    t.send("p")
                t.expect("4 of 5")
                t.send("q")
                t.end()
            with at_terminal(home, "--sample", 5, "--by", who) as t:
                for i in range(2):
                    t.expect("%d of 2" % (i + 1))
                    t.expect(FOOT)
                    t.send("p")
                t.expect("That was the last")
                t.send("q")
                t.end()
            drawn.append({x["trial"] for x in labels(home) if x["who"] == who})
        assert len(drawn[0]) == 5 and drawn[0] == drawn[1]


@test
def only_failed_or_violations():
    with Home() as home:
        a_run(home, 30, models="sim:swift, sim:erratic")
        listed = {x["trial"] for x in home.json("show", "last", "--violations", "-n", "1000", "--json")}
        assert listed
        with at_terminal(home, "--only", "violations") as t:
            t.expect("1 of %d " % len(listed))
            t.send("p")
            t.expect(FOOT)
            t.send("q")
            assert t.end() == 0
        assert {x["trial"] for x in labels(home)} <= listed
        failed = {x["trial"] for x in home.json("show", "last", "--failed", "-n", "1000", "--json")}
        with at_terminal(home, "--only", "failed") as t:
            if failed:
                t.expect("The call failed")
                t.send("q")
            t.end()
            assert failed or "No trial to label" in t.text
        with at_terminal(home, "--only", "wrong") as t:
            assert t.end() == 2 and "failed or violations" in t.text


@test
def what_models_and_datasets_say_is_bounded_and_harmless():
    with Home() as home:
        long = "word " * 4000
        home.file("cases.jsonl", "".join(json.dumps({"id": "x%d" % i + HOSTILE, "input": "Say " + HOSTILE + "\u6f22" * 300 + "\n\n\t" + long, "expected": HOSTILE * 20}) + "\n"
                                         for i in range(2)))
        home.file("task.yaml", "name: evil\nmodels: [\"sim:echo\"]\nprompt: \"Repeat: {{ input }}\"\ndataset: cases.jsonl\n")
        assert home.run("run", "task.yaml", "--speed", 0, "-q", "--attempts", 1).returncode == 0
        for rows, columns in ((24, 80), (10, 40), (60, 200), (5, 20)):
            with at_terminal(home, rows=rows, columns=columns) as t:
                t.expect(FOOT if columns > 40 else "quit")
                t.send("q")
                assert t.end() == 0
                text = t.text
            shown = text.split("\x1b[H\x1b[2J")[1].split("\n0 labelled")[0]
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown.replace("\r", "")), repr(shown)
            lines = shown.rstrip("\n").split("\n")
            assert max(map(width, lines)) <= columns, max(lines, key=width)
            assert rows < 24 or len(lines) <= rows, (rows, len(lines))
            assert "more lines" in shown or columns == 20
        with at_terminal(home, LC_ALL="C", LANG="C") as t:
            t.expect(FOOT)
            t.send("q")
            t.end()
            assert not re.search("[^\x00-\x7f]", t.text)
        with at_terminal(home, TERM="dumb") as t:
            t.expect(FOOT)
            t.send("p")
            t.expect("2 of 2")
            t.expect(FOOT)
            t.send("q")
            assert t.end() == 0 and "\x1b" not in t.text, repr(t.text)


@test
def v_shows_all_of_a_long_text_and_comes_back():
    with Home() as home:
        home.file("cases.jsonl", json.dumps({"id": "x", "input": "Say " + "word " * 4000 + "END", "expected": "b"}) + "\n")
        home.file("task.yaml", "name: long\nmodels: [\"sim:echo\"]\nprompt: \"{{ input }}\"\ndataset: cases.jsonl\n")
        assert home.run("run", "task.yaml", "--speed", 0, "-q").returncode == 0
        own = home.file("own", "#!/bin/sh\ntr -d '\\n' | tail -c 300; echo PAGED\n")
        os.chmod(own, 0o755)
        with at_terminal(home, ASSAY_PAGER=own) as t:
            t.expect(FOOT)
            t.send("v")
            t.expect("END")
            t.expect("PAGED")
            t.expect(FOOT)
            assert modes(t) == 0
            t.send("p")
            t.expect("That was the last")
            t.send("q")
            assert t.end() == 0


@test
def the_terminal_is_put_back_on_every_way_out():
    with Home() as home:
        a_run(home)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with at_terminal(home, "--all") as t:
                t.expect(FOOT)
                t.send("p")
                t.expect("2 of 12")
                t.expect(FOOT)
                assert modes(t) == 0
                os.kill(t.child.pid, number)
                assert t.end() == 130, (number, t.text)
                assert modes(t) == COOKED, number
        for number in (signal.SIGSEGV, signal.SIGABRT):
            with at_terminal(home) as t:
                t.expect(FOOT)
                os.kill(t.child.pid, number)
                assert t.end() != 0
                assert modes(t) == COOKED, number
        with at_terminal(home) as t:
            t.expect(FOOT)
            t.send("\x03")
            assert t.end() == 130 and modes(t) == COOKED
        with at_terminal(home) as t:
            t.expect(FOOT)
            t.send("na note not finished\x03")
            assert t.end() == 130 and modes(t) == COOKED
        with at_terminal(home) as t:                        # suspended and taken up again
            t.expect(FOOT)
            os.kill(t.child.pid, signal.SIGTSTP)
            end = time.monotonic() + 10
            while modes(t) != COOKED and time.monotonic() < end:
                time.sleep(0.01)
            assert modes(t) == COOKED
            os.kill(t.child.pid, signal.SIGCONT)
            t.expect(FOOT)
            end = time.monotonic() + 10
            while modes(t) != 0 and time.monotonic() < end:
                time.sleep(0.01)
            assert modes(t) == 0
            t.send("q")
            assert t.end() == 0 and modes(t) == COOKED
        assert {x["label"] for x in labels(home)} == {"pass"}


@test
def without_a_terminal_it_says_what_there_is():
    with Home() as home:
        a_run(home, 2)
        child = home.run("label", USER="ann")
        assert child.returncode == 2 and "--import" in child.err and "--agreement" in child.err
        assert home.run("label", "nonesuch", "--json").returncode == 2
        child = home.run("label", "--import", "a.csv", "--export")
        assert child.returncode == 2 and "one at a time" in child.err
        child = home.run("label", "--agreement")
        assert child.returncode == 2 and "nobody has labelled" in child.err
        assert home.json("label", "--agreement", "--json")["pairs"] == []


# --- files -----------------------------------------------------------------------------------------------------------

@test
def export_and_import_are_each_others_way_back():
    with Home() as home:
        a_run(home)
        rows = [{"trial": 0, "label": "pass", "who": "ann", "note": "=1+1, \"quoted\"\nand a line"}, {"trial": 0, "label": "fail", "who": "bob"},
                {"trial": 3, "label": 4, "who": "\u00e9lise"}, {"trial": 5, "note": "only a note", "who": "ann", "made_at": "2026-01-02T03:04:05Z"},
                {"trial": 6}]
        home.file("in.jsonl", "".join(json.dumps(r) + "\n" for r in rows))
        assert home.json("label", "last", "--import", "in.jsonl", "--json", USER="zoe") == {"run": home.json("runs", "--json")[0]["id"], "added": 4, "unchanged": 0, "empty": 1}
        assert home.json("label", "last", "--import", "in.jsonl", "--json", USER="zoe")["unchanged"] == 4
        want = labels(home)
        assert [(x["trial"], x["who"], x["label"], x["note"]) for x in want] == [
            (0, "ann", "pass", rows[0]["note"]), (0, "bob", "fail", ""), (3, "\u00e9lise", "4", ""), (5, "ann", None, "only a note")]
        assert want[3]["made_at"] == "2026-01-02T03:04:05.000Z"
        for kind in ("csv", "jsonl"):
            assert home.run("label", "last", "--export", "-o", "out." + kind).returncode == 0
            text = open(os.path.join(home.path, "out." + kind)).read()
            assert home.run("label", "last", "--export", "-f", kind).out == text
            if kind == "csv":
                got = list(csv.DictReader(io.StringIO(text)))
                assert got[0]["note"].startswith("'=1+1") and got[0]["case"] == "c0" and got[0]["variant"] and len(got) == 4
            assert home.json("label", "last", "--import", "out." + kind, "--json") ["unchanged"] == 4
        home.file("more.csv", "who,trial,label\nann,0,fail\nann,0,pass\n")
        assert home.json("label", "last", "--import", "more.csv", "--json")["added"] == 2
        assert len(labels(home, "--history")) == 6 and labels(home)[0]["label"] == "pass"


@test
def a_bad_file_changes_nothing_and_its_fault_is_named():
    with Home() as home:
        a_run(home)
        head = "trial,label,who,note,made_at\n"
        for name, text, words in [
                ("a.csv", "", "empty"), ("a.csv", "tral,label\n1,pass\n", "did you mean \"tral\""), ("a.csv", "trial,trial,label\n", "twice"),
                ("a.csv", head + "0,pass,ann,,\n12,pass,ann,,\n", "a.csv:3: trial \"12\" must be a number from 0 to 11"),
                ("a.csv", head + "0,pass,ann,,\n-1,pass,ann,,\n", "a.csv:3"), ("a.csv", head + "0,pass,ann,,yesterday\n", "is not a time"),
                ("a.csv", head + "0,%s,ann,,\n" % ("x" * 65), "1 to 64 bytes"), ("a.csv", head + "0,pass,%s,,\n" % ("x" * 101), "1 to 100 bytes"),
                ("a.csv", head + "0,pass,ann,%s,\n" % ("x" * 2001), "2000 bytes"), ("a.csv", head + "0,pa\x1bss,ann,,\n", "control character"),
                ("a.csv", head + "0,pass,\"ann,,\n", "a.csv:"), ("a.jsonl", "{\"trial\": 0, \"label\": \"pass\"}\n[1]\n", "a.jsonl:2"),
                ("a.jsonl", "{\"tral\": 0, \"label\": \"pass\"}\n", "no \"trial\""), ("a.jsonl", "{\n", "a.jsonl:1"),
                ("a.jsonl", "{\"trial\": 0, \"label\": \"pass\", \"run\": \"other\"}\n", "not of"), ("a.txt", "x", "csv or jsonl"), ("none.csv", None, "none.csv")]:
            if text is not None:
                home.file(name, text)
            child = home.run("label", "last", "--import", name, USER="ann")
            assert child.returncode in (2, 4) and words in child.err, (text, child.err)
            assert "\x1b" not in child.err
        home.file("a.csv", "trial,label\n0,god\n")
        child = home.run("label", "last", "--import", "a.csv", "--labels", "good,bad", USER="ann")
        assert child.returncode == 2 and "did you mean \"good\"" in child.err, child.err
        child = home.run("label", "last", "--import", "a.csv", USER="", LOGNAME="")
        assert child.returncode == 2 and "--by" in child.err
        assert labels(home, "--history") == []


@test
def a_summary_counts_people_and_variants():
    with Home() as home:
        a_run(home)
        home.file("in.csv", "trial,label,who,note\n0,pass,ann,n\n1,fail,ann,\n0,pass,bob,\n")
        home.run("label", "--import", "in.csv")
        got = home.json("label", "--summary", "--json")
        assert (got["trials"], got["labelled"], got["labels"], got["notes"]) == (12, 2, 3, 1)
        assert got["people"] == [{"who": "ann", "trials": 2, "labels": {"fail": 1, "pass": 1}}, {"who": "bob", "trials": 1, "labels": {"pass": 1}}]
        assert {v["variant"]: v["labels"] for v in got["variants"]} == {"sim:swift": {"pass": 2}, "sim:erratic": {"fail": 1}}
        text = home.run("label", "--summary").out
        assert "2 of 12 trials labelled" in text and "50.0 %" in text


@test
def a_store_from_before_labels_opens_and_takes_them():
    with Home() as home:
        a_run(home)
        path = os.path.join(home.env["ASSAY_HOME"], "assay.db")
        db = sqlite3.connect(path)
        number = db.execute("SELECT number FROM schema_migration WHERE name LIKE '%labels%'").fetchone()[0]
        db.executescript("DROP TABLE label; DELETE FROM schema_migration WHERE number >= %d;" % number)
        before = db.execute("SELECT count(*), sum(trial_no) FROM trial").fetchone()
        db.close()
        assert labels(home) == []
        home.file("in.csv", "trial,label,who\n0,pass,ann\n")
        assert home.json("label", "--import", "in.csv", "--json")["added"] == 1
        db = home.database()
        assert db.execute("SELECT count(*), sum(trial_no) FROM trial").fetchone() == before
        db.close()
        db = sqlite3.connect(path)
        db.execute("INSERT INTO schema_migration VALUES (9001, '9001_future.sql', 1, 'x')")
        db.commit()
        db.close()
        child = home.run("label", "--json")
        assert child.returncode == 4 and "newer assay" in child.err
        db = home.database()
        assert db.execute("SELECT count(*) FROM label").fetchone() == (1,)
        db.close()


@test
def ceilings_are_met_with_a_sentence():
    with Home() as home:
        a_run(home, 70, models="sim:swift")
        rows = [{"trial": 0, "label": "pass", "who": "w%d" % i} for i in range(64)]
        home.file("in.jsonl", "".join(json.dumps(r) + "\n" for r in rows))
        home.run("label", "--import", "in.jsonl")
        assert len(home.json("label", "--agreement", "--json")["people"]) == 64
        home.file("in.jsonl", json.dumps({"trial": 0, "label": "pass", "who": "one more"}))
        home.run("label", "--import", "in.jsonl")
        child = home.run("label", "--agreement")
        assert child.returncode == 2 and "more than 64 people" in child.err, child.err
        home.run("run", "task.yaml", "--speed", 0, "-q", "--fresh")
        for n, status in ((64, 0), (65, 2)):
            home.file("in.jsonl", "".join(json.dumps({"trial": i, "label": "l%d" % i, "who": "ann"}) + "\n" for i in range(n)))
            home.run("label", "--import", "in.jsonl")
            child = home.run("label", "--agreement")
            assert child.returncode == status and ("more than 64 different labels" in child.err) == (status == 2), child.err
        home.file("in.csv", "trial,label,who\n" + "0,a,b\n" * 1000001)
        child = home.run("label", "--import", "in.csv")
        assert child.returncode == 2 and "at most 1000000 labels" in child.err and "in.csv:1000002" in child.err, child.err
        with at_terminal(home, "--all") as t:               # a note is as long as the store takes it, and no longer
            t.expect(FOOT)
            t.send("n" + "x" * 1990)
            t.expect("x{40}")
            t.send("y" * 30 + "\rp")
            t.expect("2 of 70")
            t.send("q")
            assert t.end() == 0
        assert max(len(x["note"]) for x in labels(home)) == 2000


# --- agreement -------------------------------------------------------------------------------------------------------

def reference(rows, people, values, scale):
    import krippendorff
    import numpy
    from sklearn.metrics import cohen_kappa_score
    by = {(r["who"], r["trial"]): r["label"] for r in rows}
    trials = sorted({r["trial"] for r in rows})
    pairs = {}
    for i, a in enumerate(people):
        for b in people[i + 1:]:
            both = [(by[a, t], by[b, t]) for t in trials if (a, t) in by and (b, t) in by]
            if both and len({x for p in both for x in p}) > 1:
                pairs[a, b] = (len(both), cohen_kappa_score([p[0] for p in both], [p[1] for p in both]))
    number = {v: float(v) if scale == "interval" else i for i, v in enumerate(values)}
    data = numpy.array([[number[by[w, t]] if (w, t) in by else numpy.nan for t in trials] for w in people])
    return pairs, krippendorff.alpha(reliability_data=data, level_of_measurement=scale, value_domain=sorted(number.values()))


@test
def agreement_equals_scikit_learn_and_krippendorff():
    worst_kappa = worst_alpha = 0
    kappas = alphas = 0
    with Home() as home:
        dice = random.Random(20261121)
        a_run(home, 40, models="sim:swift, sim:erratic, sim:careful")
        for round in range(8):
            values = [["fail", "pass"], ["1", "2", "3", "4", "5"], ["-2.5", "0", "10"], ["a", "b", "c"]][round % 4]
            rows = []
            for t in range(80):
                truth = dice.choice(values)
                rows += [{"trial": t, "who": w, "label": truth if dice.random() < 0.6 else dice.choice(values)} for w in ("ann", "bob", "cleo", "dan")
                         if dice.random() < 0.7]
            home.file("in.jsonl", "".join(json.dumps(r) + "\n" for r in rows))
            home.run("run", "task.yaml", "--speed", 0, "-q", "--fresh")
            assert home.run("label", "--import", "in.jsonl").returncode == 0
            for scale in ("nominal", "ordinal", "interval"):
                if scale == "interval" and values[0] in "fail a" or scale == "ordinal" and values[0] == "fail":
                    child = home.run("label", "--agreement", "--scale", scale)
                    assert child.returncode == 2 and "numbers" in child.err
                    continue
                more = ["--labels", ",".join(values)] if values[0] == "a" else []
                got = home.json("label", "--agreement", "--json", "--scale", scale, *more)
                pairs, alpha = reference(rows, got["people"], values, scale)
                assert got["labels"] == values
                assert len(pairs) == len(got["pairs"]) == 6
                for p in got["pairs"]:
                    n, kappa = pairs[p["first"], p["second"]]
                    assert n == p["trials"] and p["low"] <= p["kappa"] <= p["high"]
                    worst_kappa = max(worst_kappa, abs(kappa - p["kappa"]))
                    kappas += 1
                worst_alpha = max(worst_alpha, abs(alpha - got["alpha"]["alpha"]))
                assert got["alpha"]["low"] < got["alpha"]["alpha"] < got["alpha"]["high"]
                alphas += 1
                assert got == home.json("label", "--agreement", "--json", "--scale", scale, *more)      # the same every time
    print("       %d kappas: largest deviation %.3g; %d alphas: %.3g" % (kappas, worst_kappa, alphas, worst_alpha))
    assert worst_kappa <= 1e-9 and worst_alpha <= 1e-9 and kappas >= 100 and alphas >= 15


@test
def people_are_held_against_checks_and_metrics():
    from sklearn.metrics import cohen_kappa_score
    with Home() as home:
        dice = random.Random(7)
        a_run(home, 40, extra="  - {name: never, max_words: 0, severity: info}\n")
        trials = {t["trial"]: t for t in map(json.loads, home.run("export", "last").out.splitlines()) if "trial" in t}
        assert len(trials) == 80
        rows = [{"trial": t, "who": "ann", "label": dice.choice(["good", "bad", "awful"])} for t in trials]
        home.file("in.jsonl", "".join(json.dumps(r) + "\n" for r in rows))
        home.run("label", "--import", "in.jsonl")
        child = home.run("label", "--agreement")
        assert child.returncode == 0 and "--positive" in child.out
        child = home.run("label", "--agreement", "--positive", "god")
        assert child.returncode == 2 and "did you mean \"good\"" in child.err
        got = home.json("label", "--agreement", "--json", "--positive", "good")
        assert {s["name"] for s in got["scorers"]} >= {"one_word", "never", "accuracy"} and "cost" not in {s["name"] for s in got["scorers"]}
        most = 0
        for s in got["scorers"]:
            said, found = [], []
            for r in rows:
                value = trials[r["trial"]]["scores"].get(s["name"])
                if trials[r["trial"]].get("state", "done") == "failed" or value is None:
                    continue
                said.append(r["label"] == "good")
                found.append(value >= 0.5)
            assert s["trials"] == len(said) and s["both_pass"] == sum(a and b for a, b in zip(said, found)), s
            want = cohen_kappa_score(said, found)
            if s["kappa"] is None:
                assert math.isnan(want)
            else:
                most = max(most, abs(want - s["kappa"]))
        print("       %d scorers: largest deviation %.3g" % (len(got["scorers"]), most))
        assert most <= 1e-9
        text = home.run("label", "--agreement", "--positive", "good").out
        assert "check one_word" in text and "accuracy >= 0.5" in text and "kappa" in text
        assert max(map(width, text.splitlines())) <= 80, text


main()
