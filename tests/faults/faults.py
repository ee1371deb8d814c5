"""Every simulated fault x every provider: the right class, the right number of attempts, an end in time, no answer lost."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import Home, Sim, test, main, words_task  # noqa: E402

CASES = 2
PROVIDERS = {                                   # a model of its own, where the simulator talks like it
    "openai": ("gpt-4o-mini", "/openai/v1"),
    "anthropic": ("claude-3-5-haiku-latest", "/anthropic"),
    "google": ("gemini-2.0-flash", "/google"),
    "xai": ("grok-3-mini", "/xai/v1"),
    "deepseek": ("deepseek-chat", "/deepseek/v1"),
    "mistral": ("mistral-small-latest", "/mistral/v1"),
    "openrouter": ("openai/gpt-4o-mini", "/openrouter/api/v1"),
    "ollama": ("llama3", "/ollama"),
    "openai-compatible": ("swift", "/v1"),
    "sim": ("swift", "/v1"),
}
KEYS = {name.upper() + "_API_KEY": "key-of-%s-123456" % name for name in PROVIDERS if "-" not in name and name != "sim"}

# fault -> what each attempt of a call ends with (the last one is the trial's), the exit status, seconds it may take
MATRIX = [
    # happens once and is worth another try
    ("429=0@1",             ["RATE_LIMIT", "OK"], 0, 10),
    ("429=1@1",             ["RATE_LIMIT", "OK"], 0, 15),
    ("408@1",               ["TIMEOUT", "OK"], 0, 15),
    ("409@1",               ["SERVER_ERROR", "OK"], 0, 15),
    ("500@1",               ["SERVER_ERROR", "OK"], 0, 15),
    ("502@1",               ["SERVER_ERROR", "OK"], 0, 15),
    ("503=0@1",             ["SERVER_ERROR", "OK"], 0, 15),
    ("504@1",               ["SERVER_ERROR", "OK"], 0, 15),
    ("529@1",               ["SERVER_ERROR", "OK"], 0, 15),
    ("reset@1",             ["NETWORK_ERROR", "OK"], 0, 15),
    ("no_reply@1",          ["TIMEOUT", "OK"], 0, 15),
    ("billed_but_failed@1", ["SERVER_ERROR", "OK"], 0, 15),
    # lasts: three attempts, then given up
    ("500",                 ["SERVER_ERROR"] * 3, 3, 30),
    ("reset",               ["NETWORK_ERROR"] * 3, 3, 30),
    ("no_reply",            ["TIMEOUT"] * 3, 3, 40),
    # another try would end the same: one attempt
    ("400",                 ["VALIDATION_ERROR"], 3, 10),
    ("401",                 ["AUTH_ERROR"], 4, 10),
    ("403",                 ["AUTH_ERROR"], 4, 10),
    ("404",                 ["MODEL_NOT_FOUND"], 3, 10),
    ("quota",               ["QUOTA"], 3, 10),
    ("wrong_content_type",  ["INVALID_RESPONSE"], 3, 10),
    # odd, but an answer
    ("slow_first_byte=300", ["OK"], 0, 10),
    ("slow=3",              ["OK"], 0, 10),
    ("content_filter",      ["OK"], 0, 10),
]


def run(home, sim, fault, *extra, providers=PROVIDERS, timeout=2):
    """A run over all providers with this fault in every model's name."""
    return home.run("run", "task.yaml", "--quiet", "--timeout", timeout,
                    "--models", ",".join("%s:%s!%s" % (p, PROVIDERS[p][0], fault) for p in providers),
                    "--base-url", ",".join("%s=%s%s" % (p, sim.url, PROVIDERS[p][1]) for p in providers),
                    *extra, timeout=60, **KEYS)


def trials(home, n):
    for number in range(n):
        shown = home.json("show", "last", number, "--json")
        yield shown, [a for turn in shown["transcript"]["turns"] for a in turn["attempts"]]


def check(fault, attempts, status, seconds):
    with Home() as home:
        words_task(home, CASES)
        with Sim(home, "--book", "cases.jsonl", "--speed", 0) as sim:
            start = time.monotonic()
            ran = run(home, sim, fault)
            took = time.monotonic() - start
            assert ran.returncode == status, (fault, ran.returncode, ran.err)
            assert took < seconds, (fault, took)
            n = CASES * len(PROVIDERS)
            for shown, tries in trials(home, n):
                where = (fault, shown["variant"])
                assert [a["result"] for a in tries] == attempts, (*where, [a["result"] for a in tries])
                assert shown["state"] == ("done" if attempts[-1] == "OK" else "failed"), (*where, shown["state"])
                if attempts[-1] == "OK":
                    assert fault == "content_filter" or shown["transcript"]["turns"][0]["response"], where
                    assert shown["usage"]["output_tokens"] > 0 or fault == "content_filter", where
                else:
                    assert shown["error"] == attempts[-1] and shown["error_text"], (*where, shown)
            ledger = sim.ledger(everything=True)
            assert len(ledger) == n * len(attempts), (fault, len(ledger))


def add(row):
    def a_row():
        check(*row)
    a_row.__name__ = "every_provider_and_%s" % row[0]
    test(a_row)


for matrix_row in MATRIX:
    add(matrix_row)


@test
def limits_of_requests_a_minute_with_and_without_headers_fail_no_trial():
    for headers in (True, False):
        with Home() as home:
            words_task(home, 30)
            with Sim(home, "--book", "cases.jsonl", "--speed", 0) as sim:
                sim.call("PUT", "/control", {"limits": {"requests_per_minute": 600, "headers": headers, "burst_seconds": 1}})
                ran = home.run("run", "task.yaml", "--quiet", "--base-url", "sim=%s/v1" % sim.url, timeout=60)
                assert ran.returncode == 0, (headers, ran.returncode, ran.err)
                assert home.json("runs", "--json")[0]["failed"] == 0
                assert len(sim.ledger()) == 30      # nothing was paid twice


main()
