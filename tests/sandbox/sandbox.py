"""tests/sandbox/sandbox.py: hostile programs in the sandbox, as root and as an ordinary user; limits; nothing left behind."""
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import whole  # noqa: E402
from escapes import ATTEMPTS, program  # noqa: E402
from whole import Home, test, main  # noqa: E402

TIGHT = ["--memory", "64M", "--pids", "32", "--time", "8", "--cpu-time", "5"]
# A place every user can reach, with a copy of the program: the build folder may be root's alone.
PLACE = tempfile.mkdtemp(prefix="assay-test-sandbox-")
os.chmod(PLACE, 0o755)
ASSAY = os.path.join(PLACE, "assay")
shutil.copy(whole.ASSAY, ASSAY)
os.chmod(ASSAY, 0o755)
ROOT = os.geteuid() == 0
USERS = ["root", "nobody"] if ROOT and shutil.which("runuser") else ["root" if ROOT else "me"]
SECRET = "hostsecret-4711"


def sandbox(user, source, *options, args=(), name="hostile.py", **env):
    """The sandbox's answer to a program, by `user`: what --json says, or the sentence and exit status of a refusal."""
    folder = tempfile.mkdtemp(prefix="p", dir=PLACE)
    os.chmod(folder, 0o755)
    path = os.path.join(folder, name)
    with open(path, "w" if isinstance(source, str) else "wb") as f:
        f.write(source)
    os.chmod(path, 0o755)
    command = [ASSAY, "sandbox", "run", path, "--json", *map(str, options), "--", *args]
    if user == "nobody":
        command = ["runuser", "-u", "nobody", "--", *command]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60, cwd=PLACE,
                         env={**os.environ, "OPENAI_API_KEY": SECRET, "ASSAY_TEST_SECRET": SECRET, "HOME": PLACE, **env})
    shutil.rmtree(folder)
    if ran.returncode not in (0, 1):
        return {"exit": ran.returncode, "says": ran.stderr.decode()}
    return {"exit": ran.returncode, **json.loads(ran.stdout)}


def judge(got, outcome):
    """Why an attempt did not end as it must; empty when it did."""
    if "ended" not in got:
        return "it was not run: %s" % got["says"]
    out = got["output"]
    if not out.startswith("TRIED"):
        return "it never tried: %r %r" % (out, got["errors"])
    if "ESCAPED" in out + got["errors"] or SECRET in out + got["errors"]:
        return "it escaped: %s" % out[:300]
    wanted = outcome.split()
    if got["ended"] in wanted:
        return ""
    refused = [line.split()[1] for line in out.splitlines() if line.startswith("REFUSED")]
    if refused and refused[0] in wanted:
        return ""
    if "harmless" in wanted and "THE END" in out and not refused:
        return ""
    return "it ended as %s %s, wanted %s: %s %s" % (got["ended"], refused, outcome, out[-200:], got["errors"][-400:])


def escape_test(user, name, code, outcome, options):
    def run():
        why = judge(sandbox(user, program(code), *TIGHT, *options), outcome)
        assert not why, why
    run.__name__ = "escape as %s: %s" % (user, name)
    return run


if platform.machine() == "x86_64":
    for user in USERS:
        for name, code, outcome, options in ATTEMPTS:
            test(escape_test(user, name, code, outcome, options))
else:
    print("SKIPPED: the attempts know the numbers of system calls on x86-64 only", flush=True)


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(PLACE, ignore_errors=True)
