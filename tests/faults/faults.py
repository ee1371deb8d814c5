"""Every simulated fault x every provider: the right class, the right number of attempts, an end in time, no answer lost."""
import json
import os
import re
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
    "openai-responses": ("gpt-4.1-mini", "/openai/v1"),
    "azure-openai": ("gpt-4.1-nano", "/azure"),
    "bedrock": ("anthropic.claude-3-haiku-20240307-v1:0", "/bedrock"),
    "cohere": ("command-r-08-2024", "/cohere"),
    "groq": ("llama-3.1-8b-instant", "/groq/v1"),
    "together": ("Qwen/Qwen2.5-7B-Instruct-Turbo", "/together/v1"),
    "fireworks": ("llama-v3p1-8b-instruct", "/fireworks/v1"),
}
KEYS = {name.upper().replace("-", "_") + "_API_KEY": "key-of-%s-123456" % name for name in PROVIDERS if name not in ("sim", "bedrock")}
KEYS.update(AWS_ACCESS_KEY_ID="AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY="secret-of-bedrock", AWS_REGION="eu-west-1")

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
    # an answer that is none: asking again would be paid again
    ("garbage",             ["INVALID_RESPONSE"], 3, 10),
    ("truncated_json",      ["INVALID_RESPONSE"], 3, 10),
    ("empty_choices",       ["INVALID_RESPONSE"], 3, 10, {"anthropic": ["OK"]}),   # Anthropic may answer with no content
    ("huge_body=40000000",  ["INVALID_RESPONSE"], 3, 30),
    ("error_in_200@1",      ["SERVER_ERROR", "OK"], 0, 15),
    ("error_in_200",        ["SERVER_ERROR"] * 3, 3, 30),
    # comes and goes; a parameter that is not taken is left out
    ("flap",                ["SERVER_ERROR", "OK"], 0, 15),
    ("refuse_param",        ["VALIDATION_ERROR", "OK"], 0, 10),
    # odd, but an answer
    ("slow_first_byte=300", ["OK"], 0, 10),
    ("slow=3",              ["OK"], 0, 10),
    ("content_filter",      ["OK"], 0, 10),
    # half of a plain answer
    ("cut_stream@1",        ["NETWORK_ERROR", "OK"], 0, 15),
    ("stall_stream@1",      ["TIMEOUT", "OK"], 0, 15),
]
# the same with long answers that are streamed
STREAMED = [
    ("reset@1",             ["NETWORK_ERROR", "OK"], 0, 15),
    ("no_reply@1",          ["TIMEOUT", "OK"], 0, 15),
    ("429=0@1",             ["RATE_LIMIT", "OK"], 0, 15),
    ("503=0@1",             ["SERVER_ERROR", "OK"], 0, 15),
    ("cut_stream@1",        ["NETWORK_ERROR", "OK"], 0, 15),
    ("stall_stream@1",      ["TIMEOUT", "OK"], 0, 15),
    ("cut_stream",          ["NETWORK_ERROR"] * 3, 3, 30),
    ("stall_stream",        ["TIMEOUT"] * 3, 3, 40),
    ("truncated_json",      ["NETWORK_ERROR"] * 3, 3, 30),
    ("error_in_200",        ["SERVER_ERROR"] * 3, 3, 30),
    ("garbage",             ["INVALID_RESPONSE"], 3, 10),
    ("empty_choices",       ["INVALID_RESPONSE"], 3, 10, {"ollama": ["OK"]}),      # a last line without text ends its streams
    ("huge_body=40000000",  ["INVALID_RESPONSE"], 3, 30),
    ("wrong_content_type",  ["INVALID_RESPONSE"], 3, 10),
    ("quota",               ["QUOTA"], 3, 10),
    ("401",                 ["AUTH_ERROR"], 4, 10),
    ("slow_first_byte=300", ["OK"], 0, 10),
    ("content_filter",      ["OK"], 0, 10),
]
# calls that were charged for and whose answer says so
TOLD = (None, "slow_first_byte", "slow", "content_filter", "empty_choices")


def long_task(home, n):
    words_task(home, n)
    text = " ".join("word%d" % i for i in range(400))
    home.file("cases.jsonl", "".join(json.dumps({"id": "c%d" % i, "input": "Case %d" % i, "expected": "%s %d" % (text, i)}) + "\n"
                                     for i in range(n)))


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


def check(streamed, fault, attempts, status, seconds, others=None):
    with Home() as home:
        (long_task if streamed else words_task)(home, CASES)
        with Sim(home, "--book", "cases.jsonl", "--speed", 0) as sim:
            start = time.monotonic()
            ran = run(home, sim, fault, *(["--param", "stream=true"] if streamed else []), timeout=20 if "huge" in fault else 2)
            took = time.monotonic() - start
            assert ran.returncode == status, (fault, ran.returncode, ran.err)
            assert took < seconds, (fault, took)
            calls = tokens = 0
            for shown, tries in trials(home, CASES * len(PROVIDERS)):
                expected = (others or {}).get(shown["variant"].split(":")[0], attempts)
                where = (fault, shown["variant"])
                assert [a["result"] for a in tries] == expected, (*where, [a["result"] for a in tries], shown.get("error_text"))
                assert shown["state"] == ("done" if expected[-1] == "OK" else "failed"), (*where, shown["state"])
                if expected[-1] != "OK":
                    assert shown["error"] == expected[-1] and shown["error_text"], (*where, shown)
                elif fault not in ("content_filter", "empty_choices"):
                    assert shown["transcript"]["turns"][0]["response"] and shown["usage"]["output_tokens"] > 0, where
                if "huge" in fault:
                    assert "larger than" in shown["error_text"], shown["error_text"]
                calls += len(expected)
                tokens += shown["usage"]["output_tokens"]
            ledger = sim.ledger(everything=True)
            assert len(ledger) == calls, (fault, len(ledger), calls)
            told = sum(row["output_tokens"] for row in ledger if row["billed"] and row.get("fault") in TOLD)
            assert streamed or tokens == told, (fault, tokens, told)       # what the vendor says it charged is accounted


def add(streamed, row):
    def a_row():
        check(streamed, *row)
    a_row.__name__ = "every_provider_and_%s%s" % ("a_stream_with_" if streamed else "", row[0])
    test(a_row)


for matrix_row in MATRIX:
    add(False, matrix_row)
for matrix_row in STREAMED:
    add(True, matrix_row)


@test
def every_fault_the_simulator_knows_stands_in_the_matrix():
    with Home() as home:
        shown = home.run("sim", "--models").out
    known = [line.split()[0] for line in shown[shown.index("faults:"):].splitlines()[1:] if line.startswith("  ")]
    assert len(known) > 15, shown
    tested = {re.split("[=@~]", row[0])[0] for row in MATRIX + STREAMED}
    missing = [name for name in known if not name.startswith("<") and name not in tested]
    assert not missing, missing


@test
def a_service_that_is_down_for_a_while_is_waited_for():
    with Home() as home:
        words_task(home, 1)
        with Sim(home, "--book", "cases.jsonl", "--speed", 0) as sim:
            ran = run(home, sim, "flap=1", "--attempts", "8", timeout=10)
            assert ran.returncode == 0, (ran.returncode, ran.err)
            for shown, tries in trials(home, len(PROVIDERS)):
                assert shown["state"] == "done" and len(tries) > 1, shown


@test
def limits_of_requests_and_tokens_a_minute_with_and_without_headers_fail_no_trial():
    for limits in ({"requests_per_minute": 600}, {"tokens_per_minute": 40000}):
        for headers in (True, False):
            with Home() as home:
                words_task(home, 2)
                with Sim(home, "--book", "cases.jsonl", "--speed", 0) as sim:
                    sim.call("PUT", "/control", {"limits": {**limits, "headers": headers, "burst_seconds": 1}})
                    ran = home.run("run", "task.yaml", "--quiet", "--models", ",".join("%s:%s" % (p, PROVIDERS[p][0]) for p in PROVIDERS),
                                   "--base-url", ",".join("%s=%s%s" % (p, sim.url, PROVIDERS[p][1]) for p in PROVIDERS),
                                   "--attempts", "6", timeout=90, **KEYS)
                    assert ran.returncode == 0, (limits, headers, ran.returncode, ran.err)
                    assert home.json("runs", "--json")[0]["failed"] == 0
                    assert len(sim.ledger()) == 2 * len(PROVIDERS)      # nothing was paid twice


main()
