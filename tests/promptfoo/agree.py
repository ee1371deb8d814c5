"""Runs every configuration in fixtures/ through promptfoo and through assay, against one simulator, and compares what
both say of each test: the verdict, the score, what was sent, what was judged. Prints what differs, and the counts docs/compat.md has."""
import json
import math
import os
import re
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
fixtures = os.path.join(here, "fixtures")
assay, promptfoo, url = sys.argv[1:4]
home = tempfile.mkdtemp()
env = dict(os.environ, FIXTURE_URL=url + "/v1", OPENAI_API_KEY="not-a-secret", ASSAY_HOME=os.path.join(home, "assay"),
           PROMPTFOO_CONFIG_DIR=os.path.join(home, "promptfoo"), PROMPTFOO_DISABLE_TELEMETRY="1",
           PROMPTFOO_DISABLE_UPDATE="1", PROMPTFOO_DISABLE_REMOTE_GENERATION="true", PROMPTFOO_DISABLE_SHARING="true",
           NO_PROXY="*", NO_COLOR="1")
coded = ("scripts.yaml", "transform.yaml", "transform_default.yaml")   # need node, python3 and the sandbox


def by_prompt(rows):
    """Results by column and what was sent, equal ones in the order of tests: files of a glob come in any order."""
    table = {}
    for r in sorted(rows, key=lambda r: (r["testIdx"], r["promptIdx"])):
        key = (r["promptIdx"], said(r["prompt"]["raw"]))
        table[key + (sum(k[:2] == key for k in table),)] = r
    return table


def theirs(config):
    out = os.path.join(home, "theirs.json")
    done = subprocess.run([promptfoo, "eval", "-c", config, "-o", out, "--no-cache", "--no-write", "--no-table",
                           "--no-progress-bar", "--no-share"], env=env, cwd=fixtures, capture_output=True, text=True,
                          timeout=400)
    if not os.path.exists(out):
        sys.exit("promptfoo failed on %s: %s" % (config, (done.stdout + done.stderr)[-2000:]))
    with open(out) as f:
        rows = json.load(f)["results"]["results"]
    os.remove(out)
    return by_prompt(rows)


def ours(config):
    out = os.path.join(home, "ours.json")
    done = subprocess.run([assay, "run", config, "-o", out, "--quiet", "--yes"], env=env,
                          cwd=fixtures, capture_output=True, text=True, timeout=120)
    if not os.path.exists(out):
        sys.exit("assay failed on %s: %s" % (config, (done.stdout + done.stderr)[-2000:]))
    with open(out) as f:
        rows = json.load(f)["results"]["results"]
    os.remove(out)
    return by_prompt(rows)


def said(prompt):
    """What a prompt says, whether it is a conversation or a text. JSON in a variable of a JSON prompt is written anew by
    promptfoo, without spaces: these do not count."""
    try:
        prompt = json.loads(prompt)[-1]["content"]
    except (ValueError, TypeError, KeyError, IndexError):
        pass
    try:
        return json.dumps(json.loads(prompt))
    except ValueError:
        return prompt.strip()


def types(assertions):
    for one in assertions or []:
        yield one.get("type", "")
        yield from types(one.get("assert"))


def scripts_run():
    """Whether assay can run scripts and transforms here: it says so itself before anything is asked."""
    said = subprocess.run([assay, "validate", "scripts.yaml"], env=env, cwd=fixtures, capture_output=True, text=True, timeout=60)
    lacks = re.findall(r"assertion \w+: (it (?:needs|runs).*): not evaluated", said.stdout + said.stderr)
    if lacks:
        print("SKIPPED: %s: %s" % (", ".join(coded), lacks[0]))
    return not lacks


def judged(result):
    """What was judged; None where promptfoo does not say. Texts come trimmed from assay, unless a transform made them; a
    call of a tool has a new id each time."""
    output = (result.get("response") or {}).get("output")
    if isinstance(output, list):
        return [{k: v for k, v in one.items() if k != "id"} if isinstance(one, dict) else one for one in output]
    return output.strip() if isinstance(output, str) else output


compared = agreed = scores = unevaluated = tests = passing = scripted = transformed = 0
kinds = set()
failures = []
scripts = scripts_run()
for name in sorted(os.listdir(fixtures)):
    if not name.endswith(".yaml") or (name in coded and not scripts):
        continue
    a, b = theirs(name), ours(name)
    for key in sorted(set(a) ^ set(b)):
        failures.append("%s: only %s sent %r in column %d" % (name, "promptfoo" if key in a else "assay", key[1], key[0]))
    tests += len({r["testIdx"] for r in a.values()})
    for key in sorted(set(a) & set(b)):
        x, y = a[key], b[key]
        where = "%s: test %d, column %d" % (name, x["testIdx"], key[0])
        if (y.get("error") or "").endswith("not evaluated"):
            unevaluated += 1
            continue
        compared += 1
        passing += x["success"]
        of = {re.sub("^not-", "", t) for t in types(x["testCase"].get("assert"))}
        kinds |= of
        scripted += bool(of & {"javascript", "python"})
        transformed += name.startswith("transform")
        if (x.get("response") or {}).get("output") is not None and judged(x) != judged(y):
            failures.append("%s: promptfoo judges %r, assay %r" % (where, judged(x), judged(y)))
        if x["success"] != y["success"]:
            failures.append("%s: promptfoo says %s (%s), assay %s (%s): %s" % (
                where, x["success"], x.get("error"), y["success"], y.get("error"), y["response"].get("output")))
        else:
            agreed += 1
            scores += math.isclose(x["score"], y["score"], abs_tol=1e-9)
            if not math.isclose(x["score"], y["score"], abs_tol=1e-9):
                failures.append("%s: score %r, assay %r" % (where, x["score"], y["score"]))
            for metric, value in x.get("namedScores", {}).items():
                if not math.isclose(value, y["namedScores"].get(metric, math.nan), abs_tol=1e-9):
                    failures.append("%s: %s %r, assay %r" % (where, metric, value, y["namedScores"].get(metric)))
summary = ("%d tests, %d results of them compared (%d pass, %d fail): %d verdicts agree, %d scores agree, %d not evaluated; "
      "%d kinds of assertion" % (tests, compared, passing, compared - passing, agreed, scores, unevaluated,
                                 len(kinds - {"assert-set"})))
with open(os.path.join(here, "..", "..", "docs", "compat.md")) as f:
    if scripts and summary not in f.read().splitlines():
        failures.append("docs/compat.md does not say what this test found")
for line in failures:
    print(line)
print(summary)
print("%d of them are decided by scripts, %d judge what a transform made" % (scripted, transformed))
print("%d passed, %d failed" % (agreed, len(failures)))
sys.exit(1 if failures or tests < 60 else 0)
