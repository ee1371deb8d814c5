"""`--models auto` and `assay models` from outside: what is chosen, by whom, what it costs, what a stranger's list or reply can do."""
import http.server
import json
import os
import signal
import sqlite3
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import Home, Sim, cases_jsonl, main, test, words_task  # noqa: E402

CASES = 6
ROUTER = {"OPENROUTER_API_KEY": "key-of-openrouter-123456"}


class Server:
    """Answers GET /models with `body` and chats with `replies` in turn (the last for ever), and keeps what it was asked."""

    def __init__(self, body=b"", replies=(), status=200, wait_s=0):
        asked = self.asked = []
        lists = self.lists = []
        lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def send(self, code, data):
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                try:
                    self.wfile.write(data)
                except OSError:
                    pass

            def do_GET(self):
                with lock:
                    lists.append(self.path)
                self.send(status, body)

            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    reply = replies[min(len(asked), len(replies) - 1)]
                    asked.append(request)
                time.sleep(wait_s)
                if isinstance(reply, int):
                    return self.send(reply, b'{"error":{"message":"no such luck","code":"x"}}')
                text = reply if isinstance(reply, str) else json.dumps(reply)
                self.send(200, json.dumps({"id": "x", "object": "chat.completion", "model": "j", "choices": [
                    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
                    "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}}).encode())

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d" % self.server.server_port

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()


def model(name, prompt="0.000001", completion="0.000002", **more):
    return {"id": name, "context_length": 128000, "pricing": {"prompt": prompt, "completion": completion}, **more}


def chosen(home):
    """Models of the newest run, and what its snapshot says of the choice."""
    settings = json.loads(home.database().execute("SELECT settings FROM run ORDER BY no DESC LIMIT 1").fetchone()[0])
    return [v["model"] for v in settings["task"]["variants"]], settings["task"].get("chosen")


def interrupted(home, *command):
    """The command, stopped as soon as something was answered."""
    child = home.start(*command)
    for _ in range(600):
        time.sleep(0.1)
        assert child.poll() is None, child.communicate()
        try:
            if home.database().execute("SELECT count(*) FROM trial").fetchone()[0]:
                break
        except sqlite3.OperationalError:
            pass
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130, (child.returncode, err)


ANALYSIS = {"task_type": "extraction", "complexity": "simple", "min_context_tokens": 8000, "quality_sensitivity": "low",
            "cost_sensitivity": "high", "required_capabilities": [], "reasoning": "Short."}
SELECTOR = ["--selector", "openai:gpt-4o", "--providers", "sim"]
KEY = {"OPENAI_API_KEY": "key-of-openai-123456"}


@test
def a_selector_chooses_and_the_choice_is_told_kept_and_paid_in_its_own_phase():
    with Home() as home:
        words_task(home, CASES)
        ran = home.run("run", "task.yaml", "--models", "auto", "--selector", "sim:selector", "--speed", 0)
        assert ran.returncode == 0, ran.err
        before, after = ran.err.split("words · ")[0], ran.err
        assert "asking sim:selector to choose models: 2 calls, about $0.0" in before, after
        assert "models chosen by sim:selector (extraction, moderate, context from 16000 tokens):" in before
        assert "sim:deep  quality  $10 in, $40 out" in before and "It is of the tier that was asked for." in before
        models, why = chosen(home)
        assert models == ["sim:deep", "sim:careful", "sim:thrifty"], models
        assert why["suggested_test_order"] == models and why["selector"] == "sim:selector" and why["fallback"] is None
        assert why["task_analysis"]["type"] == "extraction" and why["task_analysis"]["context_size"] == "medium"
        assert [m["rank"] for m in why["models"]] == [1, 2, 3] and all(m["why"] and m["best_for"] for m in why["models"])
        rows = [r for r in home.json("show", "last", "--json")["ledger"] if r["phase"] == "model_selection"]
        assert len(rows) == 1 and rows[0]["calls"] == 2 and rows[0]["variant"] is None, rows
        assert rows[0]["cost_usd"] == why["cost_usd"] and float(rows[0]["cost_usd"]) > 0


@test
def without_a_selector_rules_choose_and_nobody_is_asked():
    with Home() as home:
        words_task(home, CASES)
        ran = home.run("run", "task.yaml", "--models", "auto", "--providers", "sim", "--tiers", "budget,speed", "--max-models", 4,
                       "--speed", 0)
        assert ran.returncode == 0, ran.err
        assert "models chosen by rules" in ran.err and "asking" not in ran.err
        models, why = chosen(home)
        assert len(models) == 4 and set(models) <= {"sim:thrifty", "sim:instant", "sim:swift", "sim:erratic", "sim:chatty"}, models
        assert why["tiers_requested"] == ["budget", "speed"] and why["selector"] is None and why["cost_usd"] == "0"
        assert not [r for r in home.json("show", "last", "--json")["ledger"] if r["phase"] == "model_selection"]


@test
def a_task_may_say_auto_itself_and_the_command_line_goes_over_it():
    with Home() as home:
        home.file("cases.jsonl", cases_jsonl(CASES))
        home.file("task.yaml", "name: words\nprompt: 'Name it: {{ input }}'\nmodels: auto\ndataset: cases.jsonl\n"
                  "choose_models: {tiers: [value], max_models: 1, providers: [sim], min_context: 4000}\n")
        assert home.run("validate", "task.yaml").returncode == 0
        assert home.run("run", "task.yaml", "-q", "--speed", 0).returncode == 0
        assert chosen(home)[0] == ["sim:careful"]
        assert home.run("run", "task.yaml", "-q", "--speed", 0, "--tiers", "quality", "--fresh").returncode == 0
        assert chosen(home)[0] == ["sim:deep"]
        assert home.run("run", "task.yaml", "-q", "--speed", 0, "--models", "sim:echo").returncode == 0
        assert chosen(home)[0] == ["sim:echo"] and chosen(home)[1] is None
        told = home.json("estimate", "task.yaml", "--json")
        sent = home.json("render", "task.yaml", "--json")
        assert [v["variant"] for v in sent["variants"]] == [v["variant"] for v in told["variants"]], (sent, told)
        assert [v["variant"] for v in told["variants"]] == ["sim:careful"], told
        dry = home.run("run", "task.yaml", "--selector", "sim:selector", "--dry-run")
        assert dry.returncode == 0 and "the selector is not asked here" in dry.err, dry.err


@test
def wrong_wishes_get_a_sentence():
    with Home() as home:
        words_task(home, CASES)
        for args, told in (
                (["--tiers", "qualty"], 'there is no tier "qualty" (did you mean "quality"?)'),
                (["--providers", "opnai"], 'there is no provider "opnai" (did you mean "openai"?)'),
                (["--max-models", "13"], "from 1 to 12"),
                (["--selector", "openai:gpt-4o"], "OPENAI_API_KEY"),
                (["--providers", "sim", "--min-context", "200000"], "have less context than 200000 tokens"),
                (["--providers", "ollama"], "no model of the price table can be chosen from among those of ollama"),
                (["--providers", "deepseek", "--tiers", "quality"], "none of them is of the tiers asked for")):
            ran = home.run("run", "task.yaml", "--models", "auto", *args)
            assert ran.returncode in (2, 4) and told in ran.err, (args, ran.returncode, ran.err)
        for text, told in (
                ("models: [auto, sim:swift]\n", "auto chooses all the models; it can't stand beside others"),
                ("models: auto\nvariants: [{name: a, model: sim:swift}]\n", "variants can't stand beside it"),
                ("models: auto\nchoose_models: {tier: [value]}\n", "tiers"),
                ("models: auto\nchoose_models: {tiers: [best]}\n", 'there is no tier "best"'),
                ("models: auto\nchoose_models: {max_models: 0}\n", "max_models")):
            home.file("bad.yaml", "name: words\nprompt: 'x {{ input }}'\ndataset: cases.jsonl\n" + text)
            ran = home.run("run", "bad.yaml")
            assert ran.returncode == 2 and told in ran.err, (text, ran.err)


@test
def an_interrupted_run_goes_on_with_the_models_that_were_chosen():
    with Home() as home:
        words_task(home, 400)
        command = ["run", "task.yaml", "--models", "auto", "--selector", "sim:selector", "--max-models", 2]
        interrupted(home, *command, "--speed", 2)
        models, why = chosen(home)
        spent = [r["calls"] for r in home.json("show", "last", "--json")["ledger"] if r["phase"] == "model_selection"]
        again = home.run(*command, "--speed", 0)
        assert again.returncode == 0, again.err
        assert "models as an unfinished run of this task was chosen:" in again.err and "continuing run" in again.err, again.err
        assert "asking" not in again.err
        assert chosen(home) == (models, why) and home.database().execute("SELECT count(*) FROM run").fetchone()[0] == 1
        result = home.json("show", "last", "--json")
        assert [r["calls"] for r in result["ledger"] if r["phase"] == "model_selection"] == spent == [2]
        assert sum(v["done"] for v in result["variants"]) == 800, result["variants"]
        third = home.run(*command, "--speed", 0)                    # a finished run binds nobody
        assert "asking sim:selector" in third.err
    with Home() as home:                                            # and `resume` needs no choice at all
        words_task(home, 400)
        interrupted(home, *command, "--speed", 2)
        models, why = chosen(home)
        went_on = home.run("resume", "last", "--speed", 0)
        assert went_on.returncode == 0 and chosen(home) == (models, why), went_on.err


@test
def a_hostile_selector_can_only_choose_among_the_candidates():
    with Home() as home:
        words_task(home, CASES)
        ran = home.run("run", "task.yaml", "--models", "auto", "--selector", "sim:selector-hostile", "--speed", 0)
        assert ran.returncode == 0, ran.err
        assert "\x1b" not in ran.err + ran.out and "\x07" not in ran.err + ran.out
        assert "6 of the selector's models are no candidates and were dropped" in ran.err, ran.err
        models, why = chosen(home)
        assert len(models) == 1 and models[0].startswith("sim:") and why["dropped"] == 6
        analysis = why["task_analysis"]
        assert analysis["type"] in ("analysis", "extraction") and analysis["complexity"] in ("simple", "moderate", "complex")
        assert analysis["cost_sensitivity"] == "medium" and analysis["min_context_tokens"] == 32000
        assert all("\x1b" not in m["why"] for m in why["models"])


@test
def whatever_a_selector_says_a_choice_comes_out_or_rules_choose():
    deep = '{"task_type":' + "[" * 10000
    long = "x" * (1 << 20) + "y"
    for replies, why in (
            (["I would rather not."], "no JSON object"), ([deep], "no JSON object"), ([long], "larger than"), (["{}"], "no task_type"),
            ([ANALYSIS, {"models": "all"}], "named none of the"), ([ANALYSIS, {"models": [{"model_id": "openai:gpt-9"}]}], "named none of the"),
            ([400], "no such luck")):
        with Home() as home, Server(replies=replies) as server:
            words_task(home, CASES)
            ran = home.run("run", "task.yaml", "--models", "auto", *SELECTOR, "--base-url", "openai=" + server.url, "--speed", 0, **KEY)
            assert ran.returncode == 0, (replies, ran.err)
            assert why in ran.err and "the models were chosen by rules" in ran.err, (why, ran.err)
            assert chosen(home)[1]["fallback"], chosen(home)
            assert len(server.asked) == len(replies)


@test
def what_the_selector_is_asked_holds_the_task_and_the_candidates_and_no_case():
    ranking = {"models": [{"model_id": "sim:swift", "tier": "budget", "why": "Cheap.\nAnd <b>quick</b>", "best_for": "words"},
                          {"model_id": "sim:swift", "tier": "budget", "why": "again"},
                          {"model_id": " sim:careful ", "tier": "no such tier", "why": "Good."}]}
    with Home() as home, Server(replies=["Sure:\n```json\n%s\n```" % json.dumps(ANALYSIS), ranking]) as server:
        words_task(home, CASES)
        ran = home.run("run", "task.yaml", "--models", "auto", *SELECTOR, "--base-url", "openai=" + server.url, "--speed", 0, **KEY)
        assert ran.returncode == 0, ran.err
        assert chosen(home)[0] == ["sim:careful", "sim:swift"], chosen(home)
        first, second = ("\n".join(m["content"] for m in r["messages"]) for r in server.asked)
        assert "Name the thing the sentence is about." in first and "There are %d cases" % CASES in first
        assert "Case number" not in first + second                   # cases stay at home
        assert "===== CANDIDATES BEGIN =====" in second and "sim:careful | 3 | 15 | 128000 | images tools json | value" in second
        assert "Tiers asked for: quality value budget" in second and "sim:judge" not in second
        assert all(r["max_tokens"] == 2000 and r["temperature"] == 0.3 for r in server.asked), server.asked[0]


@test
def candidates_are_of_providers_whose_key_is_there():
    with Home() as home:
        words_task(home, CASES)
        none = home.json("models", "task.yaml", "--json")
        assert len({m["model_id"].split(":")[0] for m in none["models"]}) == 3 and not any(m["key_found"] for m in none["models"])
        assert "No key of any of these is set" in home.run("models", "task.yaml").out
        one = home.json("models", "task.yaml", "--json", DEEPSEEK_API_KEY="key-123456789")
        assert {m["model_id"].split(":")[0] for m in one["models"]} == {"deepseek"} and all(m["key_found"] for m in one["models"])
        two = home.json("models", "task.yaml", "--json", DEEPSEEK_API_KEY="key-123456789", OPENAI_API_KEY="key-123456789")
        assert [m["model_id"] for m in two["models"]] == ["openai:gpt-5.2", "openai:gpt-4o", "deepseek:deepseek-chat"], two["models"]
        assert [m["tier"] for m in two["models"]] == ["quality", "value", "budget"]


@test
def a_budget_leaves_out_what_goes_beyond_it():
    with Home() as home:
        words_task(home, 100, extra="budget_usd: 0.03\n")
        got = home.json("models", "task.yaml", "--providers", "sim", "--json")
        assert [m["model_id"] for m in got["models"]] == ["sim:instant", "sim:thrifty"] or all(
            float(m["output_cost_per_1m"]) <= 0.20 for m in got["models"]), got["models"]
        home.file("prices.yaml", "dated: 2026-01-01\nmodels:\n" + "".join(
            "  - {model: 'sim:m%d', input: %d, output: %d, context_tokens: 64000}\n" % (i, 10 + i, 90 + i) for i in range(5)))
        told = home.run("models", "task.yaml", "--providers", "sim", "--prices", "prices.yaml")
        assert told.returncode == 0 and "no model keeps within the budget by the estimate; the cheapest stand in" in told.err, told.err
        assert "sim:m0" in told.out and "sim:m4" not in told.out, told.out


@test
def the_list_on_offer_is_asked_for_once_a_day_and_joins_the_table():
    with Home() as home:
        words_task(home, CASES)
        with Sim(home, "--speed", 0) as sim:
            base = ["--base-url", "openrouter=%s/openrouter/api/v1" % sim.url]
            plain = home.json("models", "--json", *base)
            assert not any(m["source"] == "live" for m in plain)
            got = home.json("models", "--live", "--json", *base)
            live = {m["model"]: m for m in got if m["source"] == "live"}
            assert live["openrouter:careful"]["input_usd_per_million"] == "3" and live["openrouter:careful"]["tier"] == "value"
            assert live["openrouter:careful"]["capabilities"] == ["images", "tools", "json"]
            assert live["openrouter:thrifty"]["output_usd_per_million"] == "0.2" and "openrouter:unpriced" not in live
        kept = json.load(open(os.path.join(home.env["ASSAY_HOME"], "models.json")))
        assert abs(kept["cached_at"] - time.time()) < 120 and kept["skipped"] == 1
        again = home.json("models", "--live", "--json", *base)      # nobody is there any more
        assert again == got
        old = home.run("models", "--live", "--max-age", "1s", *base) if time.sleep(1.1) is None else None
        assert old.returncode == 0 and "the kept list stands in" in old.err, old.err
        gone = home.run("models", "--refresh", *base)
        assert gone.returncode != 0 and "the list of models can't be had from" in gone.err, gone.err
        assert home.run("models", "openrouter:care", "--live", *base).out.count("openrouter:care") == 1


@test
def auto_takes_models_on_offer_when_the_aggregators_key_is_there():
    with Home() as home:
        words_task(home, CASES)
        with Sim(home, "--book", "cases.jsonl", "--speed", 0) as sim:
            base = ["--base-url", "openrouter=%s/openrouter/api/v1" % sim.url]
            ran = home.run("run", "task.yaml", "--models", "auto", "--providers", "openrouter", "--tiers", "budget", *base, **ROUTER)
            assert ran.returncode in (0, 3), ran.err
            models, why = chosen(home)
            assert models and all(m.startswith("openrouter:") for m in models), models
            assert os.path.exists(os.path.join(home.env["ASSAY_HOME"], "models.json"))


@test
def a_hostile_list_is_refused_in_a_sentence_and_nothing_of_it_is_kept():
    good = json.dumps({"data": [model("v/a")]}).encode()
    for body, status, told in (
            (b"<html>", 200, "can't be used"), (b'{"data":' + b"[" * 9999, 200, "can't be used"), (b'{"models": []}', 200, "no list of models"),
            (good, 500, "it answered 500"), (good, 302, "it answered 302"), (b'{"data":[' + b"0," * 20000 + b"0]}", 200, "20001 models"),
            (b" " * (16 << 20) + good, 200, "larger than 16 MiB")):
        with Home() as home, Server(body, status=status) as server:
            ran = home.run("models", "--refresh", "--base-url", "openrouter=" + server.url)
            assert ran.returncode != 0 and told in ran.err, (told, ran.err)
            assert not os.path.exists(os.path.join(home.env["ASSAY_HOME"], "models.json"))
    odd = [model("v/fine", "0.00000012345", "1e-6"), model("v/none", "-1", "-1"), model("a b"), model("v/\x1b[31mred"), model("x" * 300),
           {"id": "v/unpriced"}, 7, model("v/fine2", context_length=-3), model("v/picture", architecture={"output_modalities": ["image"]})]
    with Home() as home, Server(json.dumps({"data": odd}).encode()) as server:
        got = {m["model"]: m for m in home.json("models", "--refresh", "--json", "--base-url", "openrouter=" + server.url) if m["source"] == "live"}
        assert set(got) == {"openrouter:v/fine", "openrouter:v/fine2", "openrouter:v/picture"}, got
        assert got["openrouter:v/fine"]["input_usd_per_million"] == "0.12345" and got["openrouter:v/fine"]["output_usd_per_million"] == "1"
        assert got["openrouter:v/fine"]["capabilities"] is None and "context_tokens" not in got["openrouter:v/fine2"]
        told = home.run("models", "v/", "--live", "--base-url", "openrouter=" + server.url)
        assert "6 more without a price" in told.out and len(server.lists) == 1, told.out
        path = os.path.join(home.env["ASSAY_HOME"], "models.json")
        with open(path, "w") as f:
            f.write('{"format": 1, "cached_at": 9e999, "models": [')      # a kept list that is damaged is asked for again
        assert home.run("models", "v/", "--live", "--base-url", "openrouter=" + server.url).returncode == 0 and len(server.lists) == 2


@test
def the_table_is_filtered_by_tier_context_and_capability():
    with Home() as home:
        rows = home.json("models", "--json")
        for tier in ("quality", "value", "budget", "free"):
            some = home.json("models", "--json", "--tier", tier)
            assert some and all(m["tier"] == tier for m in some) and some == [m for m in rows if m["tier"] == tier], tier
        assert all(m["fast"] for m in home.json("models", "--json", "--tier", "speed"))
        wide = home.json("models", "--json", "--min-context", "1000000", "--can", "images,tools", "--provider", "google")
        assert wide and all(m["context_tokens"] >= 1000000 and {"images", "tools"} <= set(m["capabilities"]) for m in wide)
        assert 'there is no capability "imges" (did you mean "images"?)' in home.run("models", "--can", "imges").err
        assert home.run("models", "--tier", "premium").returncode == 2
        home.file("prices.yaml", "models:\n  - {model: 'openai:x', input: 1, output: 1, capabilities: [sound]}\n")
        bad = home.run("models", "--prices", "prices.yaml")
        assert bad.returncode == 2 and 'prices.yaml:2: "sound" is no capability; there are images, tools, json' in bad.err, bad.err
        home.file("prices.yaml", "models:\n  - {model: 'openai:x', input: 1, output: 1, tier: best}\n")
        assert "tier is quality, value, budget or free" in home.run("models", "--prices", "prices.yaml").err


if __name__ == "__main__":
    main()
