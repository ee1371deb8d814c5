"""tests/harness/chrome.py: Chromium over its DevTools protocol, as much of it as the page tests need.

with Chrome() as chrome: tab = chrome.open(path); tab.value("document.title"); tab.events has all that was reported.
"""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.request

import websocket

PROGRAM = next((p for p in ("/usr/bin/chromium", shutil.which("chromium") or "", shutil.which("google-chrome") or "")
                if p and os.path.exists(p)), None)
FLAGS = ("--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --remote-allow-origins=* "
         "--remote-debugging-port=0").split()


class Chrome:
    def __init__(self):
        assert PROGRAM, "there is no chromium here; `tools/setup.sh test` installs it"
        self.folder = tempfile.mkdtemp(prefix="assay-chrome-")
        self.process = subprocess.Popen([PROGRAM, *FLAGS, "--user-data-dir=" + self.folder, "about:blank"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.port = self.wait_for_port()

    def wait_for_port(self):
        path = os.path.join(self.folder, "DevToolsActivePort")
        for _ in range(600):
            if os.path.exists(path) and open(path).read().strip():
                return int(open(path).read().split()[0])
            assert self.process.poll() is None, "chromium ended with %s" % self.process.returncode
            time.sleep(0.05)
        raise AssertionError("chromium does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tab(self, **size):
        request = urllib.request.Request("http://127.0.0.1:%d/json/new?about:blank" % self.port, method="PUT")
        return Tab(json.load(urllib.request.urlopen(request, timeout=20))["webSocketDebuggerUrl"], **size)


class Tab:
    """Its events: console messages, exceptions, requests, policy violations."""

    def __init__(self, url, width=1440, height=900, dark=False):
        self.socket = websocket.create_connection(url, timeout=60)
        self.number, self.events = 0, []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(domain + ".enable")
        self.look(width, height, dark)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.socket.close()

    def look(self, width, height, dark):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def ask(self, method, **params):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.number:
                assert "error" not in message, (method, message["error"])
                return message["result"]
            self.events.append(message)

    def go(self, path, anchor=""):
        self.events = []
        self.ask("Page.navigate", url=pathlib.Path(path).absolute().as_uri() + anchor)

    def value(self, expression, wait=True):
        """What the expression (maybe a promise) comes to, as JSON carries it."""
        got = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=wait)
        assert "exceptionDetails" not in got, got["exceptionDetails"]
        return got["result"].get("value")

    def until(self, expression, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.value(expression):
                    return
            except AssertionError as fault:             # the page is only just being made
                if "is not defined" not in str(fault) and "null" not in str(fault) and "navigated" not in str(fault):
                    raise
            time.sleep(0.02)
        raise AssertionError("not within %d s: %s; %s" % (seconds, expression, self.trouble()))

    def key(self, key, text=None):
        codes = {"Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40, "ArrowLeft": 37, "ArrowRight": 39, "Tab": 9, "End": 35, "Home": 36}
        event = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key.upper()[0])), "code": key if len(key) > 1 else ""}
        if text or len(key) == 1:
            event["text"] = text or key
        elif key == "Enter":
            event["text"] = "\r"
        self.ask("Input.dispatchKeyEvent", type="keyDown", **event)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key)

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def picture(self, path, whole=False):
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as f:
            f.write(base64.b64decode(shot["data"]))

    def trouble(self):
        """Errors, warnings, policy violations and requests that are not for the file itself."""
        self.value("0")                                 # what was reported meanwhile is in by now
        found = []
        for e in self.events:
            method, p = e.get("method"), e.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append("exception: " + p["exceptionDetails"].get("exception", {}).get("description", "?"))
            elif method == "Runtime.consoleAPICalled" and p["type"] in ("error", "warning", "assert"):
                found.append("console: %s" % [a.get("value") for a in p["args"]])
            elif method == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
                found.append("log: " + p["entry"]["text"])
            elif method == "Network.requestWillBeSent" and not p["request"]["url"].startswith("file://"):
                found.append("request: " + p["request"]["url"][:200])
            elif method == "Network.requestWillBeSent" and p.get("type") != "Document":
                found.append("request of the file system: " + p["request"]["url"][:200])
            elif method == "Page.javascriptDialogOpening":
                found.append("dialog: " + p["message"])
        return found
