"""tests/harness/terminal.py: a program in a real pseudo-terminal, read and typed at like a person would."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata


class Terminal:
    """`rows` and `columns` big. Output so far is `text` (str); expect() waits for a word in what is new."""

    def __init__(self, command, cwd, env, rows=24, columns=80, **more):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        full = {**env, "TERM": "xterm-256color", **more}
        full.pop("COLUMNS", None)
        if full.get("NO_COLOR") is None or "NO_COLOR" in more and not more["NO_COLOR"]:
            full.pop("NO_COLOR", None)
        self.child = subprocess.Popen(command, cwd=cwd, env=full, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                      preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.bytes = b""
        self.seen = 0

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.child.poll() is None:
            try:
                os.killpg(self.child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.child.wait()
        os.close(self.master)

    @property
    def text(self):
        return self.bytes.decode("utf-8", "replace").replace("\r\n", "\n")

    def read(self, seconds):
        """Reads what there is; False when nothing came in that time or the end was reached."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            got = os.read(self.master, 65536)
        except OSError:
            got = b""
        self.bytes += got
        return bool(got)

    def expect(self, pattern, seconds=30):
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.text[self.seen:])
            if found:
                self.seen += found.end()
                return found
            if time.monotonic() > end:
                raise AssertionError("no /%s/ in:\n%s" % (pattern, self.text[self.seen:]))
            if not self.read(min(0.2, max(0, end - time.monotonic()))) and self.child.poll() is not None and not self.read(0):
                raise AssertionError("ended without /%s/:\n%s" % (pattern, self.text[self.seen:]))

    def send(self, keys):
        os.write(self.master, keys.encode())

    def end(self, seconds=30):
        """All that is still said, up to the program's end; its exit status."""
        limit = time.monotonic() + seconds
        while self.child.poll() is None or self.read(0):
            self.read(0.05)
            if time.monotonic() > limit:
                raise AssertionError("still running:\n%s" % self.text)
        return self.child.returncode


def width(line):
    """Terminal columns of a line without its escape sequences."""
    line = re.sub(r"\x1b\][^\x1b\x07]*(\x1b\\|\x07)|\x1b\[[0-9;?]*[A-Za-z]", "", line)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
