#!/usr/bin/env python3
"""assay mcp, driven by the official SDK as an assistant would drive it, and by hand where the SDK is too polite."""
import asyncio
import json
import os
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import ASSAY, Home, test, main, words_task  # noqa: E402

from mcp import StdioServerParameters  # noqa: E402
from mcp.client.client import Client  # noqa: E402
from mcp.shared.exceptions import MCPError  # noqa: E402

TOOLS = ["list_tasks", "validate_task", "estimate", "run_task", "run_status", "stop_run", "list_runs", "read_results", "read_trial",
         "compare_runs", "explain_run"]
HANDSHAKE = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
MODERN = "2026-07-28"


class Raw:
    """The server on pipes, one line at a time."""

    def __init__(self, home, *args, hello="2025-11-25"):
        self.child = subprocess.Popen([ASSAY, "mcp", "--root", home.path, *map(str, args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, cwd=home.path, env=home.env)
        self.number, self.notes, self.rest = 0, [], b""
        if hello:
            got = self.ask("initialize", protocolVersion=hello, capabilities={}, clientInfo={"name": "t", "version": "1"})
            assert got["result"]["protocolVersion"] == hello, got
            self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.child.kill()
        self.child.wait()
        for pipe in (self.child.stdin, self.child.stdout, self.child.stderr):
            try:
                pipe.close()
            except OSError:             # what was never read
                pass

    def bytes(self, data):
        self.child.stdin.write(data)
        self.child.stdin.flush()

    def send(self, message):
        self.bytes(json.dumps(message).encode() + b"\n")

    def line(self, seconds=30):
        end = time.monotonic() + seconds
        while b"\n" not in self.rest:
            assert select.select([self.child.stdout], [], [], max(0, end - time.monotonic()))[0], "no answer"
            more = os.read(self.child.stdout.fileno(), 65536)
            assert more, "the server ended: %s" % self.child.stderr.read()
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def begin(self, method, **params):
        self.number += 1
        self.send({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params})
        return self.number

    def answer(self, number):
        while True:
            got = self.line()
            if got.get("id") == number and "method" not in got:
                return got
            self.notes.append(got)

    def ask(self, method, **params):
        return self.answer(self.begin(method, **params))

    def tool(self, name, **arguments):
        result = self.ask("tools/call", name=name, arguments=arguments)["result"]
        assert not result["isError"], result
        return result["structuredContent"]

    def refused(self, name, *words, **arguments):
        result = self.ask("tools/call", name=name, arguments=arguments)["result"]
        assert result["isError"], result
        for word in words:
            assert word in result["content"][0]["text"], (word, result)

    def gone(self, seconds=10):
        self.child.stdin.close()
        self.child.wait(seconds)
        return self.child.returncode


def server(home, *args):
    return StdioServerParameters(command=ASSAY, args=["mcp", "--root", home.path, *map(str, args)], env=home.env, cwd=home.path)


def by_sdk(work, home, mode, *args):
    async def session():
        async with Client(server(home, *args), mode=mode) as client:
            await work(client)
    asyncio.run(session())


@test
def the_sdk_reads_every_tool_and_resource_in_both_ways_of_the_protocol():
    async def look(client):
        tools = (await client.list_tools()).tools
        assert [t.name for t in tools] == TOOLS
        for t in tools:
            assert t.description and t.title and t.input_schema["type"] == "object" and t.annotations is not None
        assert {t.name for t in tools if not t.annotations.read_only_hint} == {"run_task", "stop_run"}
        assert (await client.list_resources()).resources == []
        assert len((await client.list_resource_templates()).resource_templates) == 2
    with Home() as home:
        for mode in ("auto", "legacy", MODERN):
            by_sdk(look, home, mode)


@test
def a_task_is_found_checked_estimated_run_followed_read_and_explained():
    async def work(client):
        async def tool(name, **arguments):
            got = await client.call_tool(name, arguments)
            assert not got.is_error, got.content
            return got.structured_content, got.content[0].text
        found, _ = await tool("list_tasks")
        assert [t["task"] for t in found["tasks"]] == ["task.yaml"] and found["tasks"][0]["name"] == "words" and not found["more"]
        checked, _ = await tool("validate_task", task="task.yaml")
        assert checked["valid"] and checked["cases"] == 40 and checked["variants"] == 2
        costs, _ = await tool("estimate", task="task.yaml", limit=10)
        assert costs["trials"] == 20 and float(costs["cost_usd"]) > 0
        steps = []

        async def progress(done, total, message):
            steps.append((done, total, message))
        got = await client.call_tool("run_task", {"task": "task.yaml", "wait_seconds": 60}, progress_callback=progress)
        state = got.structured_content
        assert state["state"] == "done" and state["finished"] == state["trials"] == 80 and state["failed"] == 0, state
        assert steps and steps[-1][0] <= 80 and [s[0] for s in steps] == sorted({s[0] for s in steps}) and all(s[1] == 80 for s in steps), steps
        listed, _ = await tool("list_runs")
        assert [r["id"] for r in listed["runs"]] == [state["run"]] and listed["next_offset"] is None
        first, table = await tool("read_results", limit=50)
        assert "sim:swift" in table and first["result"]["run"]["id"] == state["run"] and first["next_trial"] == 50
        rest, _ = await tool("read_results", run=state["run"], first_trial=50, limit=500)
        assert [t["trial"] for t in first["trials"] + rest["trials"]] == list(range(80)) and rest["next_trial"] is None
        trial, _ = await tool("read_trial", trial=3)
        assert trial["trial"] == 3 and trial["transcript"]["turns"][0]["response"]
        _, text = await tool("compare_runs")
        assert "sim:erratic" in text
        told, text = await tool("explain_run", run="last")
        assert text.startswith("## ") and told["run"] == state["run"]
        resources = (await client.list_resources()).resources
        assert [str(r.uri) for r in resources] == ["assay://run/" + state["run"]]
        read = json.loads((await client.read_resource(str(resources[0].uri))).contents[0].text)
        assert read["run"]["id"] == state["run"]
        read = json.loads((await client.read_resource(str(resources[0].uri) + "/trial/3")).contents[0].text)
        assert read["case_id"] == trial["case_id"]
        try:
            await client.read_resource("assay://run/none-such")
            raise AssertionError("a run that is not there was read")
        except MCPError as e:
            assert "no run" in str(e)
    with Home() as home:
        words_task(home, 40, models="sim:swift, sim:erratic")
        by_sdk(work, home, "auto", "--speed", 50)
        kept = home.json("show", "--json")
        assert kept["run"]["done"] == 80                # what the assistant ran, a person sees
    with Home() as home:
        words_task(home, 40, models="sim:swift, sim:erratic")
        by_sdk(work, home, "legacy", "--speed", 50)


@test
def a_run_gives_its_id_at_once_and_can_be_followed_and_stopped():
    with Home() as home:
        words_task(home, 3000, models="sim:deep")
        with Raw(home, "--speed", 1) as s:
            run = s.tool("run_task", task="task.yaml", budget_usd=0.9)
            assert run["state"] == "running" and not run["continued"] and run["budget_usd"] == "0.9" and run["trials"] == 3000, run
            again = s.tool("run_task", task="task.yaml")
            assert again["run"] == run["run"] and again["continued"]
            assert s.tool("run_status", run=run["run"])["state"] == "running"
            got = s.tool("stop_run", run=run["run"])
            assert got["state"] == "stopped" and got["stopped_by"] == "interrupt" and got["finished"] < 3000, got
            s.refused("stop_run", "not going on", run=run["run"])
        assert home.json("runs", "--json")[0]["state"] == "stopped"


@test
def cancelling_the_request_that_began_a_run_stops_the_run_and_cancelling_a_look_does_not():
    with Home() as home:
        words_task(home, 3000, models="sim:deep")
        with Raw(home) as s:
            began = s.begin("tools/call", name="run_task", arguments={"task": "task.yaml", "wait_seconds": 600}, _meta={"progressToken": "p1"})
            while not s.notes:
                s.notes.append(s.line())
            note = s.notes[0]
            assert note["method"] == "notifications/progress" and note["params"]["progressToken"] == "p1" and note["params"]["total"] == 3000
            look = s.begin("tools/call", name="run_status", arguments={"wait_seconds": 600})
            s.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": look}})
            assert s.tool("run_status")["state"] == "running"
            s.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": began}})
            end = time.monotonic() + 40
            while s.tool("run_status")["state"] == "running":
                assert time.monotonic() < end
                time.sleep(0.2)
            assert s.tool("run_status")["stopped_by"] == "interrupt"
            assert not [n for n in s.notes if n.get("id") in (began, look)]         # neither was answered


@test
def when_the_client_goes_away_the_run_is_saved_and_goes_on_later_without_asking_twice():
    for leave in ("eof", "term", "kill", "pipe"):
        with Home() as home:
            words_task(home, 400, models="sim:deep")
            with Raw(home, "--speed", 4, "--budget", 100) as s:
                s.begin("tools/call", name="run_task", arguments={"task": "task.yaml", "wait_seconds": 600}, _meta={"progressToken": 1})
                while not any(n.get("params", {}).get("progress", 0) >= 3 for n in s.notes):
                    s.notes.append(s.line())
                start = time.monotonic()
                if leave == "eof":
                    assert s.gone() == 0 and time.monotonic() - start < 8
                elif leave == "term":
                    s.child.send_signal(signal.SIGTERM)
                    assert s.child.wait(10) == 0
                elif leave == "kill":
                    s.child.kill()
                    s.child.wait()
                else:
                    s.child.stdout.close()
                    assert s.child.wait(10) == 0
            row = home.json("runs", "--json")[0]
            assert leave == "kill" or row["state"] == "stopped", row
            assert 3 <= row["done"] < 400, row
            with Raw(home, "--speed", 0, "--budget", 100) as s:
                got = s.tool("run_task", task="task.yaml", wait_seconds=60)
                assert got["state"] == "done" and got["finished"] == 400 and got["run"] == row["id"], got
            assert home.json("runs", "--json")[0]["done"] == 400


@test
def every_version_is_negotiated_and_an_unknown_one_gets_the_newest_that_begins_so():
    with Home() as home:
        for version in HANDSHAKE:
            with Raw(home, hello=version) as s:
                assert s.ask("ping")["result"] == {}
        with Raw(home, hello=None) as s:
            got = s.ask("initialize", protocolVersion="1999-01-01", capabilities={}, clientInfo={"name": "t", "version": "1"})["result"]
            assert got["protocolVersion"] == "2025-11-25" and got["serverInfo"]["name"] == "assay" and got["instructions"]
            assert s.ask("initialize", protocolVersion="2025-11-25")["error"]["code"] == -32600
        envelope = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
        with Raw(home, hello=None) as s:
            wrong = s.ask("tools/list", _meta={**envelope, "io.modelcontextprotocol/protocolVersion": "2031-01-01"})["error"]
            assert wrong["code"] == -32022 and MODERN in wrong["data"]["supported"] and wrong["data"]["requested"] == "2031-01-01"
            got = s.ask("server/discover", _meta=envelope)["result"]
            assert got["supportedVersions"] == [MODERN] and got["resultType"] == "complete" and "tools" in got["capabilities"]
            assert s.ask("tools/list")["error"]["code"] == -32602             # no envelope
            assert s.ask("initialize", protocolVersion="2025-11-25")["error"]["code"] == -32022
            assert s.ask("resources/read", _meta=envelope, uri="assay://run/deadbeef")["error"]["code"] == -32602
        with Raw(home) as s:
            assert s.ask("tools/list", _meta=envelope)["error"]["code"] == -32600
            assert s.ask("resources/read", uri="assay://run/deadbeef")["error"]["code"] == -32002


@test
def what_breaks_the_protocol_is_refused_and_the_session_goes_on():
    with Home() as home:
        with Raw(home, hello=None) as s:
            assert s.ask("tools/list")["error"]["code"] == -32600
        with Raw(home) as s:
            for text, code in ((b"{nonsense", -32700), (b"[]", -32600), (b"1", -32600), (b"\"x\"", -32600), (b"{\"jsonrpc\":\"2.0\",\"id\":1}", -32600),
                               (b"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", -32600), (b"{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"ping\"}", -32600),
                               (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[1]}", -32602), (b"\xff\xfe", -32700),
                               (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no/such\"}", -32601), (b"[" * 60000, -32700),
                               (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":" + b"[" * 64 + b"]" * 64 + b"}}", -32600)):
                s.bytes(text + b"\n")
                got = s.line()
                assert got["error"]["code"] == code and got["error"]["message"], (text[:60], got)
            s.bytes(b"\n  \r\n")                                             # nothing is no message
            s.send({"jsonrpc": "2.0", "method": "notifications/whatever"})
            s.send({"jsonrpc": "2.0", "id": 77, "result": {}})
            assert s.ask("tools/call", name="run_tsk", arguments={})["error"] == {
                "code": -32602, "message": "there is no tool \"run_tsk\" (did you mean \"run_task\"?); tools/list lists them"}
            assert s.ask("tools/call", name="estimate", arguments=3)["error"]["code"] == -32602
            assert s.ask("ping")["result"] == {}
            assert s.ask("resources/list", cursor="x")["error"]["code"] == -32602


@test
def a_message_may_have_four_mebibytes_and_not_one_byte_more():
    with Home() as home, Raw(home) as s:
        def ping(size):
            head, tail = b'{"jsonrpc":"2.0","id":5,"method":"ping","params":{"x":"', b'"}}'
            return head + b"a" * (size - len(head) - len(tail)) + tail + b"\n"
        s.bytes(ping(4 << 20))
        assert s.line() == {"jsonrpc": "2.0", "id": 5, "result": {}}
        s.bytes(ping((4 << 20) + 1))
        assert s.line()["error"]["message"] == "the message is larger than 4 MiB"
        assert s.ask("ping")["result"] == {}


@test
def batches_belong_to_the_one_version_that_had_them():
    calls = [{"jsonrpc": "2.0", "id": i, "method": "ping"} for i in range(50)]
    with Home() as home:
        with Raw(home) as s:
            s.send(calls[:2])
            assert s.line()["error"]["code"] == -32600
        with Raw(home, hello="2025-03-26") as s:
            s.send(calls + [])
            assert [a["id"] for a in s.line()] == list(range(50))
            s.send(calls + calls[:1])
            assert s.line()["error"]["code"] == -32600
            s.send([{"jsonrpc": "2.0", "method": "notifications/initialized"}, 3])
            assert s.line()[0]["error"]["code"] == -32600


@test
def nothing_outside_the_folder_is_opened():
    with Home() as outside, Home() as home:
        words_task(outside, 3)
        os.makedirs(os.path.join(home.path, "in"))
        words_task(home, 3)
        os.symlink(outside.path, os.path.join(home.path, "out"))
        os.symlink(os.path.join(outside.path, "task.yaml"), os.path.join(home.path, "link.yaml"))
        os.symlink(os.path.join(outside.path, "task.yaml"), os.path.join(home.path, "in", "task.yaml"))
        with Raw(home, "--speed", 0) as s:
            for path in ("../task.yaml", outside.path, outside.path + "/task.yaml", "out/task.yaml", "link.yaml", "in", "out", "/etc/passwd", "/",
                         home.path + "x/task.yaml", home.path + "/../" + os.path.basename(outside.path) + "/task.yaml"):
                for tool in ("run_task", "validate_task", "estimate"):
                    s.refused(tool, "leads out of the folder", task=path)
            assert [t["task"] for t in s.tool("list_tasks")["tasks"]] == ["task.yaml"]
            for path in ("task.yaml", ".", home.path, home.path + "/task.yaml", "./task.yaml"):
                assert s.tool("validate_task", task=path)["valid"], path
            s.refused("validate_task", "no file or folder", task="nothing.yaml")
            os.remove(os.path.join(home.path, "in", "task.yaml"))
            s.refused("validate_task", "holds no task.yaml", task="in")


@test
def arguments_are_held_to_their_schemas_and_faults_come_as_sentences():
    with Home() as home:
        words_task(home, 5)
        home.file("bad.yaml", "name: x\nmodels: [sim:swift]\nprompt: hi\nchekcs: []\nrepeat: 0\n")
        with Raw(home) as s:
            s.refused("run_task", "has no argument \"budgt_usd\"", "did you mean \"budget_usd\"", "fresh", task="task.yaml", budgt_usd=1)
            s.refused("run_task", "$.wait_seconds", task="task.yaml", wait_seconds=3601)
            s.refused("run_task", "arguments of run_task", limit=3)
            s.refused("run_task", "$.models", task="task.yaml", models=[])
            s.refused("run_task", "bad.yaml:4:1", "checks", "bad.yaml:5:9", task="bad.yaml")
            s.refused("run_task", "no provider", task="task.yaml", models=["opnai:gpt"])
            s.refused("read_trial", "no run", run="nosuchrun", trial=1)
            s.refused("read_results", "run", run="last")
            got = s.tool("validate_task", task="bad.yaml")
            assert not got["valid"] and [p["where"] for p in got["problems"] if p["severity"] == "error"] == ["bad.yaml:4:1", "bad.yaml:5:9"]


@test
def a_run_spends_no_more_than_the_server_allows_and_what_has_no_price_is_not_asked_unasked():
    with Home() as home:
        words_task(home, 300, models="sim:careful")
        with Raw(home, "--speed", 0, "--budget", "0.01") as s:
            s.refused("run_task", "$0.02", "$0.01", "--budget", task="task.yaml", budget_usd=0.02)
            got = s.tool("run_task", task="task.yaml", wait_seconds=60)
            assert got["state"] == "stopped" and got["stopped_by"] == "budget" and 0 < float(got["cost_usd"]) <= 0.01, got
            s.refused("run_task", "$.budget_usd", task="task.yaml", budget_usd=0)
        env = dict(home.env, OPENAI_API_KEY="k")
        home.env = env
        with Raw(home) as s:
            s.refused("run_task", "nobody knows the price", "allow_unpriced", task="task.yaml", models=["openai:who-knows-what-9"])
            s.refused("run_task", "exec", task="task.yaml", models=["exec:./x.py"])


@test
def four_runs_go_on_at_a_time_and_a_fifth_is_told_to_wait():
    with Home() as home:
        for i in range(5):
            words_task(home, 2000, models="sim:deep")
            text = open(os.path.join(home.path, "task.yaml")).read()
            home.file("t%d.yaml" % i, text.replace("name: words", "name: words%d" % i))
        with Raw(home) as s:
            runs = [s.tool("run_task", task="t%d.yaml" % i)["run"] for i in range(4)]
            assert len(set(runs)) == 4
            s.refused("run_task", "4 runs are going on", task="t4.yaml")
            assert s.gone() == 0
        assert {r["state"] for r in home.json("runs", "--json")} == {"stopped"}


@test
def thirty_two_requests_wait_and_the_next_is_answered_at_once():
    with Home() as home:
        words_task(home, 2000, models="sim:deep")
        with Raw(home) as s:
            s.tool("run_task", task="task.yaml")
            waiting = [s.begin("tools/call", name="run_status", arguments={"wait_seconds": 600}) for _ in range(32)]
            assert s.tool("run_status", wait_seconds=600)["state"] == "running"
            stop = s.begin("tools/call", name="stop_run", arguments={"run": "last"})
            assert s.answer(stop)
            answered = {n["id"] for n in s.notes if "result" in n}
            while len(answered) < 32:
                answered.add(s.line()["id"])
            assert answered == set(waiting)


@test
def standard_output_carries_the_protocol_only_and_an_unusable_root_is_said():
    with Home() as home:
        words_task(home, 20, models="sim:swift, \"sim:erratic!500\"")
        with Raw(home, "--speed", 0) as s:
            got = s.tool("run_task", task="task.yaml", wait_seconds=60)
            assert got["failed"] > 0 and got["first_failure"]
            assert s.tool("read_results", failed_only=True)["trials"][0]["status"] == "failed"
            s.child.stdin.close()
            assert s.child.wait(10) == 0 and s.rest + s.child.stdout.read() == b""
        child = home.run("mcp", "--root", "nowhere")
        assert child.returncode == 2 and "nowhere" in child.err and child.out == "", (child.returncode, child.err)
        assert home.run("mcp", "--budget", "0").returncode == 2
        assert home.run("mcp").returncode == 0                          # standard input is empty: the client has gone


main()
