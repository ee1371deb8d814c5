#!/usr/bin/env python3
"""The terminal: pager, tables that fit, hostile text, JSON everywhere, links, completion in real shells."""
import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from terminal import Terminal, width  # noqa: E402
from whole import ASSAY, ROOT, Home, test, main, words_task  # noqa: E402

EXAMPLE = os.path.join(ROOT, "examples", "support-tickets", "task.yaml")
HOSTILE = "a\x1b[31mred\x1b]0;title\x07 \u009b5m \u202eabc\x08\x7f"


def a_run(home, n=60, models="sim:swift, sim:erratic"):
    words_task(home, n, models=models, extra="  - {name: never, max_words: 0, severity: info}\n")
    assert home.run("run", "task.yaml", "--speed", 0, "-q").returncode in (0, 3)


def pager(home, name, script):
    path = home.file(name, "#!/bin/sh\n" + script)
    os.chmod(path, 0o755)
    return path


# --- the pager -------------------------------------------------------------------------------------------------------

@test
def long_output_goes_through_the_pager_and_short_output_does_not():
    with Home() as home:
        a_run(home)
        own = pager(home, "own", "echo PAGED; cat\n")
        with Terminal([ASSAY, "show", "last", "--violations", "-n", "1000"], home.path, home.env, rows=10, ASSAY_PAGER=own) as t:
            assert t.end() == 0
            assert t.text.count("PAGED") == 1 and t.text.count(" failed ") > 10, t.text
        with Terminal([ASSAY, "runs"], home.path, home.env, rows=10, ASSAY_PAGER=own) as t:
            assert t.end() == 0 and "PAGED" not in t.text and "words" in t.text, t.text
        with Terminal([ASSAY, "show", "last", "--violations", "-n", "1000", "--no-pager"], home.path, home.env, rows=10, ASSAY_PAGER=own) as t:
            assert t.end() == 0 and "PAGED" not in t.text
        for nobody in ("", "cat"):
            with Terminal([ASSAY, "show", "last", "--violations", "-n", "1000"], home.path, home.env, rows=10, ASSAY_PAGER=nobody, PAGER=own) as t:
                assert t.end() == 0 and "PAGED" not in t.text and t.text.count(" failed ") > 10
        with Terminal([ASSAY, "show", "last", "--violations", "-n", "1000"], home.path, home.env, rows=10, PAGER=own, TERM="dumb") as t:
            assert t.end() == 0 and "PAGED" not in t.text
        piped = home.run("show", "last", "--violations", "-n", 1000, ASSAY_PAGER=own)
        assert "PAGED" not in piped.out


@test
def a_pager_that_fails_or_quits_loses_nothing_that_was_wanted():
    with Home() as home:
        a_run(home)
        want = home.run("show", "last", "--violations", "-n", 1000).out.splitlines()
        for bad in ("/nowhere/pager", pager(home, "dies", "kill -9 $$\n"), pager(home, "none", "exit 127\n"), "nonesuch --x"):
            with Terminal([ASSAY, "show", "last", "--violations", "-n", "1000"], home.path, home.env, rows=8, ASSAY_PAGER=bad) as t:
                assert t.end() == 0
                assert [w.rstrip() for w in t.text.splitlines() if w.strip()] == want, (bad, t.text)
        quits = pager(home, "quits", "head -n 3; echo ENOUGH\n")
        with Terminal([ASSAY, "show", "last", "--violations", "-n", "1000"], home.path, home.env, rows=8, ASSAY_PAGER=quits) as t:
            assert t.end() == 0 and t.text.rstrip().endswith("ENOUGH") and len(t.text.splitlines()) == 4, t.text


@test
def no_shell_is_used_unless_the_variable_needs_one():
    with Home() as home:
        a_run(home)
        seen = pager(home, "seen", "for a in \"$@\"; do echo \"<$a>\"; done; cat >/dev/null\n")
        with Terminal([ASSAY, "show", "last", "--violations"], home.path, home.env, rows=8, ASSAY_PAGER=seen + " --one two") as t:
            assert t.end() == 0 and "<--one>\n<two>" in t.text, t.text
        with Terminal([ASSAY, "show", "last", "--violations"], home.path, home.env, rows=8, ASSAY_PAGER="wc -l | sed 's/^/LINES /'") as t:
            assert t.end() == 0 and "LINES" in t.text, t.text


@test
def less_pages_and_q_ends_it():
    if not shutil.which("less"):
        print("       (less is not here)")
        return
    with Home() as home:
        a_run(home)
        with Terminal([ASSAY, "show", "last", "--violations", "-n", "1000"], home.path, home.env, rows=10) as t:
            t.expect(r"trial +case")
            t.expect(r":")
            time.sleep(0.2)
            t.send("q")
            assert t.end() == 0, t.text


# --- what is written -------------------------------------------------------------------------------------------------

@test
def hostile_text_never_steers_the_terminal():
    with Home() as home:
        line = json.dumps({"id": "x" + HOSTILE, "input": "say " + HOSTILE, "expected": "b" + HOSTILE})
        home.file("cases.jsonl", line + "\n" + json.dumps({"id": "y", "input": HOSTILE * 3, "expected": "z"}) + "\n")
        home.file("task.yaml", "name: %s\nmodels: [\"sim:echo\", \"sim:erratic!500\", sim:swift]\nprompt: \"Repeat: {{ input }}\"\ndataset: cases.jsonl\n"
                  "checks: [{name: short, max_words: 1, severity: critical}, {name: j, json_schema: {type: object}}]\n" % json.dumps("evil" + HOSTILE))
        home.run("run", "task.yaml", "--speed", 0, "-q", "--attempts", 1)
        home.run("run", "task.yaml", "--speed", 0, "-q", "--attempts", 1, "--fresh", "--seed", 3)
        for words in (["runs"], ["show"], ["show", "--detail"], ["show", "last", "0"], ["show", "last", "1"], ["show", "last", "4"],
                      ["show", "--failed"], ["show", "--violations"], ["compare"], ["analyze"], ["explain"], ["runs", "--summary"], ["compare", "--cases"], ["compare", "last~1", "last", "--cases", "--detail"],
                      ["compare", "--case", "y"], ["label", "--import", HOSTILE], ["label", "--labels", HOSTILE], ["validate", "task.yaml"], ["render", "task.yaml"], ["estimate", "task.yaml"], ["run", "task.yaml", "--fresh", "--speed", "0"],
                      ["show", "zz" + HOSTILE], ["rm", HOSTILE], ["models", HOSTILE], [HOSTILE], ["show", "--var" + HOSTILE],
                      ["compare", "--variant", HOSTILE], ["complete", "zsh", "--", "show", "--task", ""], ["complete", "fish", "--", "runs", "-t", ""]):
            with Terminal([ASSAY, *words], home.path, home.env, rows=200, NO_COLOR="1", ASSAY_LINKS="0", COLORTERM="") as t:
                t.end()
                text = t.text
            for line in text.split("\n"):
                shown = re.sub(r"\r(?!\n)|\x1b\[K", "", line)          # the progress line rewrites itself
                assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown), (words, line)


@test
def tables_fit_terminals_of_any_width():
    with Home() as home:
        words_task(home, 12, models="\"sim:swift\", \"sim:careful!500\", sim:erratic")
        text = open(os.path.join(home.path, "task.yaml")).read()
        home.file("task.yaml", text.replace("name: words", "name: \"\u6a21\u578b\u306e\u540d\u524d\u304c\u9577\u3044\u4ed5\u4e8b\u3067\u3059\"")
                  .replace("models: [", "variants: [{name: \"\u30d0\u30ea\u30a2\u30f3\u30c8\u4e00\u756a\u9577\u3044\u540d\u524d\u306e\u3082\u306e\", model: sim:swift}]\nmodels: ["))
        home.run("run", "task.yaml", "--speed", 0, "-q", "--cache", "--attempts", 1)
        home.run("run", "task.yaml", "--speed", 0, "-q", "--fresh", "--seed", 3, "--attempts", 1)
        for columns in (40, 60, 72, 80, 120, 200):
            for words in (["runs"], ["show"], ["show", "--detail"], ["show", "--violations"], ["show", "last", "3"], ["compare", "--cases", "--detail"],
                          ["compare", "last~1", "last", "--cases"], ["analyze"], ["explain"], ["runs", "--summary"], ["models"], ["providers"], ["cache", "ls"], ["cache", "stat"], ["estimate", "task.yaml"]):
                with Terminal([ASSAY, *words], home.path, home.env, rows=500, columns=columns, ASSAY_PAGER="cat") as t:
                    assert t.end() == 0, (words, t.text)
                rows = t.text.split("\n")
                if words == ["show", "last", "3"]:
                    rows = rows[next(i for i, r in enumerate(rows) if re.match(" +metric", re.sub(r"\x1b\[\d*m", "", r))):]
                if words[0] in ("models", "estimate"):
                    rows = rows[:next((i for i, r in enumerate(rows) if i > 3 and not r.strip()), len(rows))]
                widest = max(rows, key=width)
                assert width(widest) <= columns, (columns, words, width(widest), widest)


@test
def every_command_that_lists_or_shows_speaks_json():
    without = {"completion", "sim", "report", "mcp"}       # a script; a server (`sim --models --json` lists); files (export has JSON)
    with Home() as home:
        a_run(home, 5)
        commands = home.json("help", "--json")
        assert len(commands) > 15
        for c in commands:
            options = {o["option"] for o in c["options"]}
            assert "json" in options or c["command"] in without, "%s has no --json" % c["command"]
        calls = [["runs"], ["show"], ["show", "last", "1"], ["show", "--failed"], ["show", "--violations"], ["compare"], ["compare", "--cases"], ["analyze"], ["explain"], ["runs", "--summary"],
                 ["export", "last"], ["validate", "task.yaml"], ["render", "task.yaml"], ["estimate", "task.yaml"], ["models"], ["models", "gpt-4o"], ["models", "task.yaml"], ["providers"], ["checks"],
                 ["checks", "regex"], ["metrics"], ["metrics", "accuracy"], ["cache", "ls"], ["cache", "stat"], ["schema"], ["version"], ["help"],
                 ["help", "run"], ["init", "new"], ["run", "task.yaml", "--fresh", "-q"], ["watch", "task.yaml", "-q", "--rounds", "1"], ["sim", "--models"],
                 ["cache", "clear", "--yes"], ["tokens", "task.yaml", "--models", "openai:gpt-4o"], ["usecases", os.path.join(ROOT, "examples")],
                 ["checks", "generate", "task.yaml", "--dry-run"],
                 ["label", "last"], ["label", "--summary"], ["label", "--agreement"], ["import", "--list"], ["judge", "last", "--model", "sim:judge", "--speed", "0"], ["rm", "last", "--yes"]]
        for words in calls:
            child = home.run(*words, "--json")
            assert child.returncode in (0, 1, 3), (words, child.err)
            json.loads(child.out)
        known = {w[0] for w in calls} | without | {"resume", "sandbox"}
        missing = {c["command"] for c in commands} - known
        assert not missing, "say in this test how %s gives JSON" % missing


@test
def distributions_and_links_are_drawn_as_the_terminal_can():
    with Home() as home:
        a_run(home)
        with Terminal([ASSAY, "show", "--detail"], home.path, home.env, rows=200) as t:
            assert t.end() == 0
            assert re.search("[\u2581-\u2588]", t.text), t.text
            assert "\x1b]8;;file://" in t.text and "task.yaml\x1b\\" in t.text, t.text
        with Terminal([ASSAY, "show", "--detail"], home.path, home.env, rows=200, LC_ALL="C", LANG="C") as t:
            assert t.end() == 0
            assert not re.search("[^\x00-\x7f]", t.text), t.text
            assert "latency" in t.text
        for more in ({"ASSAY_LINKS": "0"}, {"TERM": "dumb"}, {"TERM": "linux"}):
            with Terminal([ASSAY, "show", "--detail"], home.path, home.env, rows=200, **more) as t:
                assert t.end() == 0 and "\x1b]8" not in t.text, more
        assert "\x1b" not in home.run("show", "--detail").out


# --- completion ------------------------------------------------------------------------------------------------------

def program_folder(home):
    folder = os.path.join(home.path, "bin")
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(os.path.join(folder, "assay")):
        os.symlink(ASSAY, os.path.join(folder, "assay"))
    return folder + ":" + home.env["PATH"]


LINES = [("assay sho", "assay show"), ("assay compare --agai", "--against"), ("assay run task.yaml --format js", "--format json"),
         ("assay run -m anthropic:claude-3-5-ha", "anthropic:claude-3-5-haiku"), ("assay run --models sim:swift,sim:care", "sim:swift,sim:careful"),
         ("assay metrics exact", "exact_match"), ("assay checks json_s", "json_schema"), ("assay run tas", "task.yaml"),
         ("assay show --variant sim:err", "sim:erratic"), ("assay runs --task wor", "words"), ("assay help vali", "validate"),
         ("assay completion fi", "fish"), ("assay cache cl", "clear")]


@test
def bash_completes_commands_options_values_runs_and_files():
    with Home() as home:
        a_run(home, 5)
        path = program_folder(home)
        run = home.json("runs", "--json")[0]["id"].replace("-", "")[-8:]
        script = home.file("rc", home.run("completion", "bash").out + "PS1='$ '\nbind 'set bell-style none'\nbind 'set enable-bracketed-paste off'\n")
        with Terminal(["bash", "--norc", "--noprofile", "-i"], home.path, home.env, columns=150, PATH=path, NO_COLOR="1") as t:
            t.send(". %s; PS1='READY> '\n" % script)
            t.expect(r"READY> ")
            for typed, want in LINES + [("assay show %s" % run[:4], run)]:
                t.send("\x15" + typed + "\t\x05")
                t.expect(re.escape(want))
            t.send("\x15assay compare --\t\t")
            t.expect(r"--against")
            t.expect(r"--detail")
            t.send("\x15exit\n")
            t.end()


@test
def zsh_and_fish_complete_the_same():
    with Home() as home:
        a_run(home, 5)
        path = program_folder(home)
        if shutil.which("zsh"):
            home.file(".zshrc", "autoload -U compinit; compinit -u -D\n" + home.run("completion", "zsh").out + "PS1='READY> '\nunsetopt beep\n")
            with Terminal(["zsh", "-i"], home.path, home.env, columns=150, PATH=path, ZDOTDIR=home.path, NO_COLOR="1") as t:
                t.expect(r"READY> ")
                for typed, want in LINES:
                    t.send("\x15" + typed + "\t")
                    t.expect(re.escape(want.split(" ")[-1]))
                t.send("\x15exit\n")
        else:
            print("       (zsh is not here)")
        if shutil.which("fish"):
            script = home.file("c.fish", home.run("completion", "fish").out)
            for typed, want in LINES:
                got = subprocess.run(["fish", "--no-config", "-c", "source %s; complete -C '%s'" % (script, typed)], cwd=home.path, text=True,
                                     env={**home.env, "PATH": path, "HOME": home.path}, stdout=subprocess.PIPE, timeout=60).stdout
                assert any(line.split("\t")[0] == want.split(" ")[-1] or line.split("\t")[0].endswith(want) for line in got.splitlines()), (typed, want, got)
        else:
            print("       (fish is not here)")


@test
def completion_answers_at_once_makes_no_store_and_never_fails():
    with Home() as home:
        for words in (["complete", "zsh", "--", "show", ""], ["complete", "bash", "assay run \"tas"], ["complete", "fish", "--", "nonesuch", ""],
                      ["complete", "zsh", "--", "run", "--models", "a,,:"], ["complete", "bash", "assay " + "x" * 100000], ["complete", "bash", ""],
                      ["complete", "zsh"], ["complete", "bash", "assay show --format="], ["complete", "tcsh", "--", ""]):
            child = home.run(*words)
            assert child.returncode == 0 and child.err == "", (words, child.err)
        assert not os.path.exists(home.env["ASSAY_HOME"])
        assert home.run("complete", "zsh", "--", "show", "").out == ""
        commands = [line.split("\t")[0] for line in home.run("complete", "zsh", "--", "").out.splitlines()]
        assert "run" in commands and "complete" not in commands
        a_run(home, 5)
        spent = []
        for _ in range(9):
            before = os.times()
            home.run("complete", "zsh", "--", "run", "-m", "openai:")
            after = os.times()
            spent.append(after.children_user + after.children_system - before.children_user - before.children_system)
        print("       completing a model takes %.0f ms of processor time" % (sorted(spent)[4] * 1000))


main()
