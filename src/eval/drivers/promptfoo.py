"""Python assertions and transforms of a promptfoo configuration, in the sandbox: a question a line, an answer a line.

  {"hello": true, "files": [[FILE, FUNCTION], ...]}    loads each once; what does not load ends the process, and why
  {"code": TEXT, "output": ..., "context": {...}}      an expression, or the body of a function with its return
  {"file": FILE, "function": NAME, "output": ..., "context": {...}}

The answer is one of {"truth": BOOL}, {"number": N}, {"grade": {pass, score, reason, ...}}, {"odd": TEXT} (no finite
number), {"error": TEXT}; "thrown" says that the error came from a file's own code. A question with "transform": true
is answered by {"output": TEXT}, {"json": TEXT} for what is no text, or {"error": TEXT}. A file is read anew for every
question, so that no call sees what another left behind.
"""
import asyncio
import importlib.util
import inspect
import json
import math
import os
import re
import sys
import traceback

SAID_MAX = 1000
INLINE = "<assertion>"


class Nonsense(Exception):
    """What a script returned is no verdict."""


def place(e, path):
    """Where in the file `path` it happened: its last line there."""
    if isinstance(e, SyntaxError) and e.filename:
        return "%s:%d" % (os.path.relpath(e.filename), e.lineno or 1)
    lines = [f.lineno for f in traceback.extract_tb(e.__traceback__) if f.filename == path]
    return "%s:%d" % (os.path.relpath(path), lines[-1]) if lines else os.path.relpath(path)


def said(e, path=None):
    text = "%s: %s" % (type(e).__name__, getattr(e, "msg", None) or e)
    return ((place(e, path) + ": " if path else "") + text)[:SAID_MAX]


def module_of(path):
    folder = os.path.dirname(path)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(os.path.basename(path).rsplit(".", 1)[0], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def function_of(path, name):
    found = module_of(path)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def called(function, args):
    return asyncio.run(function(*args)) if inspect.iscoroutinefunction(function) else function(*args)


def of_code(code):
    """The function an assertion's text comes to: indented as its own lines are."""
    if "\n" in code:
        indents = [re.match(r"\s*", line).group() for line in code.split("\n") if line.strip()]
        indent = next((i for i in indents if i), "    ")
        body = "\n".join(indent + line for line in code.split("\n"))
    else:
        body = "    return " + code
    names = {"__name__": "script"}
    exec(compile("import json\n\ndef main(output, context):\n%s\n" % body, INLINE, "exec"), names)
    return names["main"]


def numeral(text):
    """The number a text begins with, as JavaScript's parseFloat reads it."""
    found = re.match(r"\s*([+-]?(?:Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))", text)
    if not found:
        raise Nonsense("a Python assertion returns a truth value, a number or {pass, score, reason}, not %.200s" % text)
    return float(found.group(1).replace("Infinity", "inf"))


def is_number(v):
    return isinstance(v, (int, float)) and not isinstance(v, bool)


def grade_of(value):
    """{pass, score, reason} in either spelling."""
    grade = dict(value)
    for ours, theirs in (("pass_", "pass"), ("named_scores", "namedScores")):
        if ours in grade and theirs not in grade:
            grade[theirs] = grade[ours]
    if not (isinstance(grade.get("pass"), bool) and is_number(grade.get("score")) and isinstance(grade.get("reason"), str)):
        raise Nonsense("a Python assertion returns {pass: true or false, score: number, reason: text}, not %.200s"
                       % json.dumps(value))
    for key, kinds in (("namedScores", (dict, list, type(None))), ("namedScoreWeights", (dict, list, type(None))),
                       ("componentResults", (list,)), ("comment", (str,))):
        if key in grade and not isinstance(grade[key], kinds):
            raise Nonsense("%s of what a Python assertion returns is of no use" % key)
    return {key: grade[key] for key in ("pass", "score", "reason", "namedScores", "namedScoreWeights") if key in grade}


def verdict(value):
    value = json.loads(json.dumps(value, allow_nan=False))      # as it travels there: keys are texts, tuples lists
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return {"truth": value.lower() == "true"}
    if isinstance(value, bool):
        return {"truth": value}
    if isinstance(value, str) and value.startswith("{"):
        value = json.loads(value, parse_constant=lambda word: 1 / 0)
    if isinstance(value, dict):
        return {"grade": grade_of(value)}
    if isinstance(value, list):
        raise Nonsense("a Python assertion returns a truth value, a number or {pass, score, reason}, not a list")
    try:
        number = float(value) if is_number(value) else numeral("null" if value is None else value)
    except OverflowError:
        number = math.inf
    return {"number": number} if math.isfinite(number) else {"odd": str(number)}


def plain(value):
    """Numbers as JavaScript writes them: what is whole has no point."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def made(value):
    value = json.loads(json.dumps(value, allow_nan=False))      # as it travels there
    if value is None:
        raise Nonsense("it returned nothing")
    text = value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))
    text.encode()                       # half a character is an error there too
    return {"output": text} if isinstance(value, str) else {"json": text}


def transformed(q):
    path = os.path.abspath(q["file"])
    try:
        return made(called(function_of(path, q["function"]), (q.get("output"), q.get("context"))))
    except BaseException as e:
        return {"error": "%s: %s" % (q["file"], e) if isinstance(e, Nonsense) else said(e, path)}


def answer(q):
    args = (q.get("output"), q.get("context"))
    path = os.path.abspath(q["file"]) if "file" in q else None
    try:
        value = called(function_of(path, q["function"]) if path else of_code(q["code"]), args)
        json.dumps(value, allow_nan=False)
    except BaseException as e:          # an assertion that exits or interrupts itself has failed, and nothing more
        return {"error": said(e, path), "thrown": path is not None}
    try:
        return verdict(value)
    except Exception as e:
        return {"error": str(e)[:SAID_MAX] if isinstance(e, Nonsense) else said(e)}


def greet(files):
    for file, name, *_ in files:
        path = os.path.abspath(file)
        try:
            function = function_of(path, name)
        except AttributeError as e:
            sys.exit("%s: it has no function %s (%s)" % (file, name, e))
        except BaseException as e:
            sys.exit(said(e, path))
        if not callable(function):
            sys.exit("%s: %s is no function" % (file, name))
    return {}


def main():
    questions, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)                 # what a script prints is no answer
    os.dup2(nothing, 1)
    for line in questions:
        q = json.loads(line)
        said_back = greet(q["files"]) if "hello" in q else (transformed if q.get("transform") else answer)(q)
        answers.write(json.dumps(dict(said_back, id=q["id"])) + "\n")
        answers.flush()


main()
