"""Inputs past every bound a user can reach: a sentence that names the bound, the right status, soon, in little memory."""
import json
import os
import resource
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import Home, Sim, test, main, words_task, cases_jsonl  # noqa: E402

SECONDS, MIB = 30, 1024                         # what any of these may take


def ends(home, status, words, *command):
    """The command ends with that status, soon, in bounded memory, saying all of `words` without a flood."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    start = time.monotonic()
    ran = home.run(*command, timeout=SECONDS)
    took, most = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    assert ran.returncode == status, (command, ran.returncode, ran.err[:2000])
    for word in words:
        assert word in ran.err + ran.out, (command, word, ran.err[:2000])
    assert len(ran.err) < 64 * 1024, (command, len(ran.err))
    assert took < SECONDS and (most < MIB or most * 1024 <= before), (command, took, most)
    return ran


def task(home, **parts):
    """A small task whose parts are replaced by raw YAML."""
    words_task(home, 2)
    lines = {"name": "words", "models": "[sim:instant]", "prompt": '"Word? {{ input }}"', "dataset": "cases.jsonl"}
    lines.update(parts)
    home.file("task.yaml", "".join("%s: %s\n" % item for item in lines.items()))


@test
def a_line_of_a_dataset_longer_than_sixteen_mebibytes():
    with Home() as home:
        task(home)
        home.file("cases.jsonl", cases_jsonl(2) + json.dumps({"id": "big", "input": "x" * (17 << 20), "expected": "y"}) + "\n")
        ends(home, 2, ["cases.jsonl:3", "16"], "run", "task.yaml", "--quiet")
        home.file("cases.csv", "id,input,expected\nbig,%s,y\n" % ("x" * (17 << 20)))
        task(home, dataset="cases.csv")
        ends(home, 2, ["cases.csv:2", "16"], "run", "task.yaml", "--quiet")


@test
def json_nested_ten_thousand_deep_in_a_dataset_and_in_a_task():
    with Home() as home:
        task(home)
        home.file("cases.jsonl", '{"id": "deep", "input": %s1%s}\n' % ("[" * 10000, "]" * 10000))
        ends(home, 2, ["cases.jsonl:1", "nested deeper than"], "run", "task.yaml", "--quiet")
        home.file("task.json", '{"name": "words", "models": ["sim:instant"], "prompt": %s}' % ("[" * 10000 + "]" * 10000))
        ends(home, 2, ["task.json", "deep"], "validate", "task.json")


@test
def a_row_of_csv_with_too_many_fields():
    with Home() as home:
        task(home, dataset="cases.csv")
        home.file("cases.csv", "id,input,expected\nc0,%s\n" % ",".join("x" * 5000))
        ends(home, 2, ["cases.csv:2"], "run", "task.yaml", "--quiet")


@test
def a_bomb_of_yaml_aliases():
    with Home() as home:
        bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
            "%s: &%s [%s]\n" % (c, c, ", ".join(["*" + chr(ord(c) - 1)] * 9)) for c in "bcdefghij")
        home.file("bomb.yaml", bomb)
        ends(home, 2, ["bomb.yaml"], "validate", "bomb.yaml")


@test
def yaml_nested_too_deep():
    with Home() as home:
        home.file("deep.yaml", "name: deep\nvars: %s1%s\n" % ("[" * 3000, "]" * 3000))
        ends(home, 2, ["deep.yaml:2", "deep"], "validate", "deep.yaml")


@test
def a_task_file_with_five_hundred_faults_names_a_hundred_and_says_so():
    with Home() as home:
        task(home, checks="\n" + "".join("  - {name: c%d, max_wrods: 3}\n" % i for i in range(500)))
        ran = ends(home, 2, ["max_words", "100"], "validate", "task.yaml")
        assert 100 <= (ran.err + ran.out).count("max_wrods") <= 101


@test
def a_task_file_larger_than_its_bound():
    with Home() as home:
        task(home, description='"%s"' % ("d" * (70 << 20)))
        ends(home, 2, ["task.yaml", "larger"], "validate", "task.yaml")


@test
def templates_that_would_not_end_or_would_fill_the_memory():
    with Home() as home:
        for prompt, words in (("{% for i in range(1000000000) %}x{% endfor %}", ["range may have 10000000 items"]),
                              ("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", ["steps"]),
                              ("{% set x = 'x' * 100000000000 %}{{ x }}", ["bytes"]),
                              ("{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}", ["deep"]),
                              ("{% include 'task.jinja' %}", ["deep"]),
                              ("((" * 400 + "{{ " + "(" * 600 + "1" + ")" * 600 + " }}", ["deep"])):
            task(home, prompt="task.jinja")
            home.file("task.jinja", prompt)
            ends(home, 2, ["task.jinja", *words], "run", "task.yaml", "--quiet")


@test
def a_prompt_of_a_thousand_variables_is_no_trouble():
    with Home() as home:
        task(home, prompt="'%s'" % " ".join("{{ v%d }}" % i for i in range(1000)))
        home.file("cases.jsonl", json.dumps({"id": "c0", "expected": "x", **{"v%d" % i: "w%d" % i for i in range(999)}, "v999": "end"}))
        ends(home, 0, [], "run", "task.yaml", "--quiet", "--speed", "0")
        assert home.json("show", "last", 0, "--json")["transcript"]["turns"][0]["prompt"].endswith("w998 end")


@test
def a_case_with_more_members_than_a_case_may_have():
    with Home() as home:
        task(home)
        home.file("cases.json", json.dumps({"cases": [{"v%d" % i: 1 for i in range(20000)}]}))
        home.file("cases.jsonl", json.dumps({"id": "c", "input": "x", **{"v%d" % i: 1 for i in range(200000)}}))
        ran = home.run("run", "task.yaml", "--quiet", "--speed", "0", timeout=SECONDS)
        assert ran.returncode in (0, 2), (ran.returncode, ran.err[:500])


@test
def numbers_of_the_command_line_have_their_ranges():
    with Home() as home:
        task(home)
        for option, values in {"--concurrency": ("0", "10001", "many"), "--repeat": ("0", "1001", "-1"), "--attempts": ("0", "11"),
                               "--timeout": ("0", "3601"), "--limit": ("0", "-5"), "--budget": ("-1", "free")}.items():
            for value in values:
                ends(home, 2, [option.lstrip("-")], "run", "task.yaml", "%s=%s" % (option, value))
        ends(home, 0, [], "run", "task.yaml", "--concurrency", "10000", "--quiet", "--speed", "0")
        task(home, repeat="1001")
        ends(home, 2, ["task.yaml:5", "1000"], "validate", "task.yaml")


@test
def names_of_ten_thousand_letters():
    with Home() as home:
        task(home)
        ends(home, 2, ["is not a model"], "run", "task.yaml", "--models", "sim:" + "m" * 10000)
        ran = ends(home, 2, ["at most 1000"], "run", "task.yaml", "--models", ",".join("sim:m%d" % i for i in range(5000)))
        assert ran.err.count("at most 1000") == 1, ran.err[:500]
        ends(home, 2, [], "c" * 10000)
        ends(home, 2, [], "run", "f" * 10000)
        ends(home, 2, [], "run", "task.yaml", "--" + "o" * 10000)
        ends(home, 2, [], "run", "task.yaml", "--where", "x == " + "(" * 5000)
        task(home, name="n" * 10000)
        ends(home, 2, ["task.yaml:1", "255"], "validate", "task.yaml")


@test
def a_pattern_that_would_match_for_ever_is_not_evaluated():
    with Home() as home:
        task(home, checks="\n  - {name: slow, regex: '^(a+)+$'}\n", models="[sim:echo]", prompt='"%sb"' % ("a" * 60))
        ends(home, 0, [], "run", "task.yaml", "--quiet", "--speed", "0")
        shown = home.json("show", "last", 0, "--json")
        assert "not evaluated" in json.dumps(shown) or "limit" in json.dumps(shown), shown.get("scores")
        task(home, checks="\n  - {name: long, regex: '%s'}\n" % ("a" * 5000))
        ends(home, 2, ["4096"], "validate", "task.yaml")


@test
def an_image_that_is_too_large():
    with Home() as home:
        task(home, images="[big.png]")
        with open(os.path.join(home.path, "big.png"), "wb") as f:
            f.write(b"\x89PNG\r\n\x1a\n" + b"\0" * (21 << 20))
        ran = home.run("run", "task.yaml", "--quiet", "--speed", "0", timeout=SECONDS)
        assert ran.returncode in (2, 3) and "big.png" in ran.err + json.dumps(home.json("runs", "--json")), (ran.returncode, ran.err[:500])


@test
def files_that_templates_include_have_a_bound_together():
    with Home() as home:
        task(home, prompt="task.jinja")
        home.file("task.jinja", "{{ input }}" + "".join("{%% if false %%}{%% include 'f%d' %%}{%% endif %%}" % i for i in range(6)))
        for i in range(6):
            home.file("f%d" % i, "x" * (3 << 20))
        ends(home, 2, ["include", "16777216"], "run", "task.yaml", "--quiet")


@test
def a_request_of_the_simulator_that_is_too_large_or_not_http():
    with Home() as home:
        words_task(home, 1)
        with Sim(home, "--book", "cases.jsonl", "--speed", "0") as sim:
            import socket
            import urllib.error
            import urllib.request
            host, port = sim.url[7:].split(":")
            for bytes_ in (b"\0" * 4096, b"GET / HTTP/1.1\r\n" + b"A: " + b"x" * (1 << 20) + b"\r\n\r\n", b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: -1\r\n\r\n"):
                with socket.create_connection((host, int(port)), 10) as s:
                    s.settimeout(10)
                    try:
                        s.sendall(bytes_)
                        s.recv(1000)
                    except OSError:
                        pass                    # closed on us: as good as an answer
            request = urllib.request.Request(sim.url + "/v1/chat/completions", method="POST", data=b"[" * 100000)
            try:
                urllib.request.urlopen(request, timeout=10)
                raise AssertionError("nonsense was taken")
            except urllib.error.HTTPError as e:
                assert 400 <= e.code < 500, e.code
            assert sim.call("GET", "/ledger?summary=1")["calls"] >= 0


main()
