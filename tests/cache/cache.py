"""The response cache from outside: what the simulator's ledger says was asked, and what the run says it cost."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import Home, Sim, test, main, words_task  # noqa: E402

CASES = 4


def turns(home, n=CASES):
    return [home.json("show", "last", i, "--json")["transcript"]["turns"][0] for i in range(n)]


class Place:
    """A home with the task and a simulator that counts."""

    def __enter__(self):
        self.home = Home()
        words_task(self.home, CASES, models="openai:swift")
        self.sim = Sim(self.home, "--book", "cases.jsonl", "--speed", 0)
        self.sim.__enter__()
        return self

    def __exit__(self, *unused):
        self.sim.__exit__()
        self.home.__exit__()

    def run(self, *args, task="task.yaml", **more):
        """Runs the task and says how many calls that made."""
        before = len(self.sim.ledger())
        self.ran = self.home.run("run", task, "--base-url", "openai=%s/openai/v1" % self.sim.url, *args,
                                 OPENAI_API_KEY="key-of-openai-123456", **more)
        assert self.ran.returncode in (0, 1), (self.ran.returncode, self.ran.err)
        return len(self.sim.ledger()) - before


@test
def the_second_run_asks_nobody_and_says_so():
    with Place() as p:
        assert p.run("--cache") == CASES
        first = turns(p.home)
        assert p.run("--cache") == 0
        second = turns(p.home)
        assert "%d answers came from the cache" % CASES in p.ran.err, p.ran.err
        for a, b in zip(first, second):
            assert not a.get("cached") and b["cached"] and b["cost_usd"] == "0", b
            assert a["response"] == b["response"] and a["usage"] == b["usage"] and a["latency_ms"] == b["latency_ms"]
            assert b["attempts"] == [] and b["model_version"] == a["model_version"] and b["saved_usd"] == a["cost_usd"]
        stat = p.home.json("cache", "stat", "--json")
        assert stat["answers"] == CASES and stat["uses"] == CASES and stat["bytes"] > 0
        assert [m["model"] for m in stat["models"]] == ["openai:swift"]


@test
def without_the_option_nothing_is_kept_and_nothing_is_used():
    with Place() as p:
        assert p.run() == CASES and p.run() == CASES
        assert p.home.json("cache", "stat", "--json")["answers"] == 0
        assert p.run("--cache") == CASES and p.run() == CASES


@test
def every_part_of_the_key_misses_when_it_changes():
    with Place() as p:
        assert p.run("--cache") == CASES and p.run("--cache") == 0
        for changed in (["--param", "temperature=0.5"], ["--param", "max_tokens=21"], ["--param", "seed=3"], ["--models", "openai:careful"],
                        ["--prompt", "Say it: {{ input }}"], ["--param", "stop=x"], ["--param", "reasoning_effort=low"]):
            assert p.run("--cache", *changed) == CASES, changed
            assert p.run("--cache", *changed) == 0, changed
        for extra in ("output: {format: json}\n", "system: Be brief.\n", "output: {format: json, schema: {type: object}}\n"):
            words_task(p.home, CASES, models="openai:swift", extra=extra)
            assert p.run("--cache") == CASES, extra
            assert p.run("--cache") == 0, extra
        words_task(p.home, CASES, models="openai:swift")
        with Sim(p.home, "--book", "cases.jsonl", "--speed", 0) as other:           # the same at another address
            p.run("--cache", "--base-url", "openai=%s/openai/v1" % other.url)
            assert len(other.ledger()) == CASES


@test
def repeats_are_not_answered_by_one_another():
    with Place() as p:
        assert p.run("--cache", "--repeat", 3) == 3 * CASES
        assert p.run("--cache", "--repeat", 3) == 0
        assert p.run("--cache", "--repeat", 4) == CASES


@test
def old_answers_are_asked_for_again():
    with Place() as p:
        assert p.run("--cache") == CASES
        assert p.run("--cache-max-age", "1h") == 0
        store = os.path.join(p.home.env["ASSAY_HOME"], "assay.db")
        import sqlite3
        with sqlite3.connect(store) as db:
            db.execute("UPDATE response_cache SET created_ms = created_ms - 7200000")
        assert p.run("--cache") == 0
        assert p.run("--cache-max-age", "1h") == CASES
        assert p.run("--cache-max-age", "1h") == 0


@test
def failures_are_not_kept():
    with Place() as p:
        p.home.run("run", "task.yaml", "--cache", "--models", "openai:swift!500@1~0.5", "--attempts", 1, "--base-url",
                   "openai=%s/openai/v1" % p.sim.url, OPENAI_API_KEY="key-of-openai-123456")
        good = sum(row["billed"] for row in p.sim.ledger())
        assert p.home.json("cache", "stat", "--json")["answers"] == good


@test
def the_cache_can_be_listed_and_cleared():
    with Place() as p:
        assert p.run("--cache") == CASES
        assert p.run("--cache", "--models", "openai:careful") == CASES
        rows = p.home.json("cache", "ls", "--json")
        assert len(rows) == 2 * CASES and all(len(r["key"]) == 64 and "body" not in r for r in rows)
        assert len(p.home.json("cache", "ls", "--json", "--limit", 3)) == 3
        refused = p.home.run("cache", "clear")
        assert refused.returncode != 0 and "--yes" in refused.err
        assert "cleared 0" in p.home.run("cache", "clear", "--yes", "--older-than", "1h").out
        assert "cleared %d answers" % CASES in p.home.run("cache", "clear", "--yes", "--model", "openai:careful").out
        assert p.run("--cache") == 0
        assert "cleared %d answers" % CASES in p.home.run("cache", "clear", "--yes").out
        assert p.run("--cache") == CASES
        wrong = p.home.run("cache", "clera")
        assert wrong.returncode == 2 and "clear" in wrong.err
        assert p.home.run("run", "task.yaml", "--cache-max-age", "soon", OPENAI_API_KEY="key").returncode == 2
        assert p.home.run("run", "task.yaml", "--cache-size", 3, OPENAI_API_KEY="key").returncode == 2


main()
