"""The first program of a Python scorer in the sandbox: reads a question a line, asks the user's function, answers.

Question  {"id", "output", "expected", "metadata"}, or {"id", "hello"}
Answer    {"id", "score", "passed", "details"}, each but id only when known; or {"id", "error"}
What the scorer prints goes to standard error, up to SAID_MAX bytes of its life.
"""
import importlib.util
import inspect
import json
import math
import os
import sys
import traceback

SAID_MAX = 65536
NAMES = ("output", "expected", "metadata")
ENCODE = json.JSONEncoder(allow_nan=False).encode


class Said:
    """What the scorer prints."""

    def __init__(self):
        self.left = SAID_MAX

    def write(self, text):
        piece = text.encode("utf-8", "replace")[: self.left]
        self.left -= len(piece)
        if piece:
            os.write(2, piece)
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False


def give_up(text):
    os.write(2, text.encode("utf-8", "replace"))
    os._exit(1)


def where(error, name):
    """'ValueError: why (polite.py, line 3)'"""
    text = " ".join(("%s: %s" % (type(error).__name__, error)).split())[:400]
    if isinstance(error, SyntaxError):
        return text
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if os.path.basename(f.filename) == name]
    return "%s (%s, line %d)" % (text, name, lines[-1]) if lines else text


def load(name):
    spec = importlib.util.spec_from_file_location("scorer", os.path.join(os.getcwd(), name))
    module = importlib.util.module_from_spec(spec)
    sys.modules["scorer"] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # noqa: B902: whatever it is, it ends here
        give_up(where(error, name))
    function = getattr(module, "evaluate", None)
    if not callable(function):
        give_up("it defines no function evaluate(output, expected, metadata)")
    return function


def takes(function):
    """How many of output, expected, metadata it is given by position, and which by name."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return 3, ()
    if any(p.kind == p.VAR_POSITIONAL for p in parameters):
        return 3, ()
    placed = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    named = tuple(p.name for p in parameters if p.kind == p.KEYWORD_ONLY and p.name in NAMES)
    return min(3, len(placed)), named


def answer_of(value):
    if isinstance(value, bool):
        return {"passed": value}
    if isinstance(value, (int, float)):
        return {"score": float(value)}
    if not isinstance(value, dict):
        return {"error": "evaluate gave %s; it gives a number, True or False, or {score, passed, details}" % type(value).__name__}
    answer = {}
    if value.get("score") is not None:
        score = value["score"]
        if isinstance(score, bool) or not isinstance(score, (int, float)):
            return {"error": "score is %s, not a number" % type(score).__name__}
        answer["score"] = float(score)
    if value.get("passed") is not None:
        answer["passed"] = bool(value["passed"])
    if value.get("details") is not None:
        answer["details"] = value["details"]
    return answer


def asker(evaluate):
    """evaluate of a question, whatever of it evaluate takes."""
    count, named = takes(evaluate)
    if named or count < 3:
        placed = NAMES[:count]
        return lambda question: evaluate(*[question.get(n) for n in placed], **{n: question.get(n) for n in named})
    return lambda question: evaluate(question.get("output"), question.get("expected"), question.get("metadata"))


def line_of(number, value):
    """The answer of most scorers as a line, or None: the encoder takes longer than a short scorer."""
    if type(value) is bool:
        return b'{"passed": %s, "id": %d}\n' % (b"true" if value else b"false", number)
    if type(value) is float and math.isfinite(value):
        return b'{"score": %s, "id": %d}\n' % (float.__repr__(value).encode(), number)
    return None


def line_of_answer(answer):
    if not math.isfinite(answer.get("score", 0)):
        answer = {"id": answer["id"], "error": "score is %s, not a finite number" % answer["score"]}
    try:
        text = ENCODE(answer)
    except (TypeError, ValueError, RecursionError):
        answer["details"] = repr(answer.get("details"))[:1000]
        text = json.dumps(answer)
    return text.encode("utf-8", "replace") + b"\n"


def main():
    name = sys.argv[1]
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    questions = sys.stdin.buffer
    os.dup2(2, 1)
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Said()
    ask = asker(load(name))
    scan = json.JSONDecoder().scan_once
    for asked in questions:
        question, _ = scan(asked.decode("utf-8", "surrogatepass"), 0)
        number = question["id"]
        if "hello" in question:
            answers.write(b'{"id": %d}\n' % number)
            continue
        try:
            value = ask(question)
            line, answer = line_of(number, value), None
            if line is None:
                answer = answer_of(value)
        except Exception as error:
            line, answer = None, {"error": where(error, name)}
        answers.write(line or line_of_answer({**answer, "id": number}))


main()
