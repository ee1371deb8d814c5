"""The guest that runs the answer's program: nobody trusts what happens here.

Its first line of input is {"code": TEXT}. The program is loaded as a module called `solution`; then the names it has
are told ({"ready": {NAME: value}}), or why it could not be loaded ({"load": SENTENCE}). From then on each line of input
is an operation on one of its objects, and each line of output what came of it. The program may write any of these
lines itself: all it gains is to say what its functions return, which is its right anyhow. The tests, what they expect
and the verdict are in another guest (code_judge.py), which this one can't reach.

Values travel as JSON: null, booleans, numbers, texts and lists as they are, everything else as {"t": KIND, ...}: tuple,
dict, set, frozenset, bytes, int (beyond 2**53, in hexadecimal), complex, Decimal, Fraction; "module"; "ref", an object that stays
here and has a number; "back", a function of the tests, which may be called.
"""
import builtins
import collections
import decimal
import fractions
import json
import operator
import os
import sys
import types

sys.setrecursionlimit(4000)
DEPTH_MAX = 200


class Bridge:
    """One end of the conversation: values to JSON and back, and calls that may nest."""

    def __init__(self, source, sink):
        self.source, self.sink = source, sink
        self.held, self.numbers = [], {}

    def write(self, message):
        data = (json.dumps(message) + "\n").encode()
        while data:
            data = data[os.write(self.sink, data):]

    def read(self):
        line = self.source.readline()
        if not line:
            os._exit(0)
        return json.loads(line)

    def hold(self, value):
        number = self.numbers.get(id(value))
        if number is None:
            if len(self.held) >= 100000:
                raise MemoryError("more than 100,000 objects were handed to the tests")
            number = self.numbers[id(value)] = len(self.held)
            self.held.append(value)
        return number

    def ref(self, value):
        out = {"t": "ref", "v": self.hold(value), "n": type(value).__name__, "k": "object"}
        if isinstance(value, type):
            out["n"], out["k"] = value.__name__, "class"
            if issubclass(value, BaseException):
                out["k"], out["b"] = "exception", bases(value)
        elif callable(value):
            out["n"], out["k"] = getattr(value, "__name__", out["n"]), "function"
        return out

    def encode(self, value, depth=0):
        kind = type(value)
        if depth > DEPTH_MAX:
            raise RecursionError("the value is nested more than %d levels deep" % DEPTH_MAX)
        if value is None or kind in (bool, str, float):
            return value
        if kind is int:
            return value if -(1 << 53) <= value <= 1 << 53 else {"t": "int", "v": hex(value)}
        if kind is list:
            return [self.encode(x, depth + 1) for x in value]
        if kind in (tuple, set, frozenset):
            return {"t": kind.__name__, "v": [self.encode(x, depth + 1) for x in value]}
        if kind in (dict, collections.OrderedDict, collections.defaultdict, collections.Counter):
            return {"t": "dict", "v": [[self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in value.items()]}
        if kind is bytes:
            return {"t": "bytes", "v": value.hex()}
        if kind is complex:
            return {"t": "complex", "v": [value.real, value.imag]}
        if kind in (decimal.Decimal, fractions.Fraction):
            return {"t": kind.__name__, "v": str(value)}
        if kind is types.ModuleType:
            return {"t": "module", "v": value.__name__}
        if kind is Back:
            return {"t": "back", "v": value.number}
        return self.ref(value)

    def decode(self, value):
        if type(value) is list:
            return [self.decode(x) for x in value]
        if type(value) is not dict:
            return value
        kind, inner = value["t"], value["v"]
        if kind == "dict":
            return {self.decode(k): self.decode(v) for k, v in inner}
        if kind in ("tuple", "set", "frozenset"):
            return {"tuple": tuple, "set": set, "frozenset": frozenset}[kind](self.decode(x) for x in inner)
        if kind == "int":
            return int(inner, 16)
        if kind == "bytes":
            return bytes.fromhex(inner)
        if kind == "complex":
            return complex(*inner)
        if kind == "Decimal":
            return decimal.Decimal(inner)
        if kind == "Fraction":
            return fractions.Fraction(inner)
        if kind == "back":
            return Back(self, inner)
        if kind == "ref":
            return self.held[inner]
        raise ValueError("no value of the kind %r" % kind)

    def plain(self, value):
        """The content of an object that is, by its class, a list, a text...: for the judge to compare by itself."""
        for kind in (bool, int, float, complex, str, bytes, tuple, list, dict, set, frozenset):
            if isinstance(value, kind):
                return {"v": self.encode(kind(value))}
        if isinstance(value, collections.deque):
            return {"v": self.encode(list(value))}
        return {}


class Back:
    """A function that the tests handed over."""

    def __init__(self, bridge, number):
        self.bridge, self.number = bridge, number

    def __call__(self, *args, **kwargs):
        b = self.bridge
        b.write({"back": self.number, "a": [b.encode(x) for x in args], "k": {k: b.encode(v) for k, v in kwargs.items()}})
        while True:
            said = b.read()
            if "op" in said:
                serve(b, said)
            elif "e" in said:
                raise getattr(builtins, said["e"], Exception)(said["m"])
            else:
                return b.decode(said["r"])


def bases(kind):
    return [k.__name__ for k in kind.__mro__ if k.__module__ == "builtins"]


def sentence(error):
    text = str(error)[:300]
    return type(error).__name__ + (": " + text if text else "")


OPS = {
    "call": lambda o, a, k: o(*a, **k),
    "get": lambda o, a, k: getattr(o, *a),
    "set": lambda o, a, k: setattr(o, *a),
    "item": lambda o, a, k: o[a[0]],
    "put": lambda o, a, k: o.__setitem__(*a),
    "del": lambda o, a, k: o.__delitem__(*a),
    "len": lambda o, a, k: len(o),
    "bool": lambda o, a, k: bool(o),
    "iter": lambda o, a, k: iter(o),
    "next": lambda o, a, k: next(o),
    "str": lambda o, a, k: str(o),
    "is": lambda o, a, k: isinstance(o, a[0]),
    "enter": lambda o, a, k: o.__enter__(),
    "exit": lambda o, a, k: o.__exit__(None, None, None),
    "two": lambda o, a, k: getattr(operator, a[0])(o, a[1]),
    "two_back": lambda o, a, k: getattr(operator, a[0])(a[1], o),
    "one": lambda o, a, k: getattr(operator, a[0])(o),
}


def serve(b, said):
    """One operation, and what it changed in the lists, dicts and sets it was given."""
    try:
        target = b.held[said["o"]]
        if said["op"] == "plain":
            b.write({"r": b.plain(target)})
            return
        args = [b.decode(x) for x in said["a"]]
        kwargs = {k: b.decode(v) for k, v in said.get("k", {}).items()}
        given = [b.encode(x) if type(x) in (list, dict, set) else None for x in args]
        out = {"r": b.encode(OPS[said["op"]](target, args, kwargs))}
        changed = {}
        for i, x in enumerate(args):
            if given[i] is not None:
                now = b.encode(x)
                if now != given[i]:
                    changed[i] = now
        if changed:
            out["w"] = changed
    except BaseException as error:
        out = {"e": bases(type(error)), "n": type(error).__name__, "m": str(error)[:300]}
        if type(error).__module__ != "builtins":
            out["c"] = b.hold(type(error))
    b.write(out)


def load(b, code):
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    try:
        exec(compile(code, "solution.py", "exec"), module.__dict__)
    except SyntaxError as error:
        return {"load": "SyntaxError: %s in line %s" % (error.msg, error.lineno)}
    except BaseException as error:
        at = error.__traceback__
        line = 0
        while at:
            if at.tb_frame.f_code.co_filename == "solution.py":
                line = at.tb_lineno
            at = at.tb_next
        return {"load": sentence(error) + (" in line %d" % line if line else "")}
    names = {}
    for name, value in list(module.__dict__.items()):
        if not name.startswith("__"):
            try:
                names[name] = b.encode(value)
            except BaseException:
                names[name] = b.ref(value)
    return {"ready": names}


def main():
    b = Bridge(os.fdopen(os.dup(0), "rb"), os.dup(1))
    nothing = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):                # what the program prints or asks for is not part of the conversation
        os.dup2(nothing, fd)
    code = b.read()["code"]
    said = load(b, code)
    b.write(said)
    while True:
        serve(b, b.read())


main()
