"""The guest that judges: it runs the tests, and never a byte of the answer's program.

Its first line of input is {"tests": TEXT, "entry": NAME or "", "ms": N}. After that its input are the lines of the other
guest (code_guest.py), which runs the program, and its output are the operations it asks of it. The tests see the
program's functions and classes as stand-ins (Remote): calling one sends the arguments over and brings back a value.
Plain values (numbers, texts, lists...) are rebuilt here, of Python's own types, so a comparison is never the program's
affair; an object of the program's own classes stays over there. A value of such an object is asked for when a
comparison with a plain value needs it; if it has none, the two are not equal.

The verdict is one line of JSON on the standard error, which only this guest has: {"passed": N, "total": N, "failed":
NAME, "why": SENTENCE}, or {"broken": SENTENCE} when the tests themselves can't be run. "ended" is set when the
other guest was gone.

What is a test: a function test_*() without parameters, called; each `assert`, and each loop, with, try or if that
holds one, at the top level of the text or of `check(candidate)`, which is called with the entry point. They run in the
order they stand in, functions last; all other statements are run where they stand.
"""
import ast
import builtins
import decimal
import fractions
import importlib
import json
import operator
import os
import reprlib
import signal
import sys
import types

sys.setrecursionlimit(4000)
MODULES = {"math", "cmath", "re", "itertools", "collections", "functools", "string", "random", "statistics", "heapq", "bisect",
           "decimal", "fractions", "datetime", "json", "copy", "operator", "typing", "time", "numbers", "textwrap"}
COMPARED, CANDIDATE = "compared#", "candidate#"    # names that no program can have
SAY = reprlib.Repr()
SAY.maxstring = SAY.maxother = SAY.maxlong = 80
SAY.maxlist = SAY.maxtuple = SAY.maxdict = SAY.maxset = 8


class Stop(BaseException):
    """The conversation is over: no test after this one can run."""


class TimeUp(Stop):
    pass


class Ended(Stop):
    pass


class Quit(BaseException):
    """The program raised what is no Exception: SystemExit, KeyboardInterrupt."""


class Bridge:
    def __init__(self, source, sink):
        self.source, self.sink = source, sink
        self.remotes, self.backs, self.kinds = {}, [], {}
        self.stopped, self.armed = None, False

    def stop(self, error):
        """Tests may swallow it (`except:`): it is kept, and nothing passes after it."""
        self.stopped = self.stopped or error
        raise error

    def write(self, message):
        data = (json.dumps(message) + "\n").encode()
        if self.stopped:
            raise self.stopped
        try:
            while data:
                data = data[os.write(self.sink, data):]
        except BrokenPipeError:
            self.stop(Ended("the program ended"))

    def read(self):
        line = self.source.readline()
        if not line.endswith(b"\n"):
            self.stop(Ended("the program ended"))
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            self.stop(Stop("the program said something that is no value"))
        if type(said) is not dict:
            self.stop(Stop("the program said something that is no value"))
        return said

    def encode(self, value):
        kind = type(value)
        if value is None or kind in (bool, str, float):
            return value
        if kind is int:
            return value if -(1 << 53) <= value <= 1 << 53 else {"t": "int", "v": hex(value)}
        if kind is list:
            return [self.encode(x) for x in value]
        if kind in (tuple, set, frozenset):
            return {"t": kind.__name__, "v": [self.encode(x) for x in value]}
        if isinstance(value, dict):
            return {"t": "dict", "v": [[self.encode(k), self.encode(v)] for k, v in value.items()]}
        if kind is bytes:
            return {"t": "bytes", "v": value.hex()}
        if kind is complex:
            return {"t": "complex", "v": [value.real, value.imag]}
        if kind in (decimal.Decimal, fractions.Fraction):
            return {"t": kind.__name__, "v": str(value)}
        if kind is range:
            return self.encode(list(value))
        if kind is Remote:
            return {"t": "ref", "v": value._number}
        if isinstance(value, type) and "_remote_" in value.__dict__:
            return {"t": "ref", "v": value._remote_}
        if callable(value):
            if len(self.backs) >= 10000:
                self.stop(Stop("the tests handed over more than 10,000 functions"))
            self.backs.append(value)
            return {"t": "back", "v": len(self.backs) - 1}
        raise TypeError("a test can't hand a %s to the program" % kind.__name__)

    def remote(self, value):
        number = value["v"]
        if value.get("k") == "exception":
            return self.kind(number, str(value.get("n", "")), value.get("b"))
        if number not in self.remotes:
            self.remotes[number] = Remote(self, number, str(value.get("n", "")), str(value.get("k", "")))
        return self.remotes[number]

    def kind(self, number, name, mro):
        """An exception class of the program's: one of ours by that name, below the nearest of Python's."""
        if number not in self.kinds:
            self.kinds[number] = type(name or "Exception", (builtin_exception(mro),), {"_remote_": number})
        return self.kinds[number]

    def decode(self, value):
        kind = type(value)
        if kind is list:
            return [self.decode(x) for x in value]
        if kind is not dict:
            return value
        what, inner = value["t"], value["v"]
        if what == "dict":
            return {self.decode(k): self.decode(v) for k, v in inner}
        if what in ("tuple", "set", "frozenset"):
            return {"tuple": tuple, "set": set, "frozenset": frozenset}[what]([self.decode(x) for x in inner])
        if what == "int":
            return int(inner, 16)
        if what == "bytes":
            return bytes.fromhex(inner)
        if what == "complex":
            return complex(*inner)
        if what == "Decimal":
            return decimal.Decimal(inner)
        if what == "Fraction":
            return fractions.Fraction(inner)
        if what == "module" and inner in MODULES:
            return importlib.import_module(inner)
        if what == "back":
            return self.backs[inner]
        if what == "ref" and type(inner) is int:
            return self.remote(value)
        return None

    def value(self, encoded):
        try:
            return self.decode(encoded)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError, RecursionError):
            self.stop(Stop("the program said something that is no value"))

    def call_back(self, said):
        """The program calls a function that a test handed to it."""
        try:
            args, given = self.value(said.get("a")), said.get("k")
            kwargs = {k: self.value(v) for k, v in given.items()} if type(given) is dict else {}
            out = {"r": self.encode(self.backs[said["back"]](*args, **kwargs))}
        except Exception as error:
            out = {"e": next((k.__name__ for k in type(error).__mro__ if hasattr(builtins, k.__name__)), "Exception"), "m": str(error)[:300]}
        self.write(out)

    def ask(self, op, number, args=(), kwargs=None):
        message = {"op": op, "o": number, "a": [self.encode(x) for x in args]}
        if kwargs:
            message["k"] = {k: self.encode(v) for k, v in kwargs.items()}
        self.write(message)
        while True:
            said = self.read()
            if "back" not in said:
                break
            self.call_back(said)
        if "e" in said:
            name, why = str(said.get("n", "Exception"))[:100], str(said.get("m", ""))[:300]
            if type(said.get("c")) is int:
                raise made(self.kind(said["c"], name, said["e"]), why)
            kind = builtin_exception(said["e"])
            raise made(kind, why if kind is not Quit else name + (": " + why if why else ""))
        changed = said.get("w")
        for i, now in changed.items() if type(changed) is dict else ():
            change(args, i, self.value(now))
        return self.value(said.get("r"))

    def ask_plain(self, number):
        self.write({"op": "plain", "o": number})
        said = self.read().get("r")
        return said if type(said) is dict else {}


def change(args, i, now):
    """The program changed an argument in place."""
    if not str(i).isdigit() or int(i) >= len(args) or type(args[int(i)]) is not type(now):
        return
    held = args[int(i)]
    if type(held) is list:
        held[:] = now
    elif type(held) in (dict, set):
        held.clear()
        held.update(now)


def builtin_exception(mro):
    for name in mro if type(mro) is list else ():
        kind = getattr(builtins, name, None) if type(name) is str else None
        if isinstance(kind, type) and issubclass(kind, Exception):
            return kind
    return Quit if type(mro) is list and "BaseException" in mro else Exception


def made(kind, why):
    """Some exceptions take more than a text."""
    try:
        return kind(why)
    except TypeError:
        return Exception(why)


class Remote:
    """An object of the program's, over there. What it is compared with is compared here."""
    __slots__ = ("_bridge", "_number", "_name", "_kind")

    def __init__(self, bridge, number, name, kind):
        for slot, value in zip(Remote.__slots__, (bridge, number, name, kind)):
            object.__setattr__(self, slot, value)

    def _ask(self, op, *args):
        return self._bridge.ask(op, self._number, args)

    def _plain(self):
        """(True, content) of an object that is a list, a text... by its class; else (False, None)."""
        said = self._bridge.ask_plain(self._number)
        return ("v" in said, self._bridge.value(said.get("v")))

    def __call__(self, *args, **kwargs):
        return self._bridge.ask("call", self._number, args, kwargs)

    def __getattr__(self, name):
        return self._ask("get", name)

    def __setattr__(self, name, value):
        self._ask("set", name, value)

    def __eq__(self, other):
        if self is other:
            return True
        if isinstance(other, Remote):
            return self._ask("two", "eq", other) is True
        has, content = self._plain()
        return has and content == other

    def __ne__(self, other):
        return not self == other

    def _order(self, other, how):
        if isinstance(other, Remote):
            return self._ask("two", how, other) is True
        has, content = self._plain()
        if not has:
            raise TypeError("%r can't be compared with %s" % (self, SAY.repr(other)))
        return getattr(operator, how)(content, other)

    def __lt__(self, other):
        return self._order(other, "lt")

    def __le__(self, other):
        return self._order(other, "le")

    def __gt__(self, other):
        return self._order(other, "gt")

    def __ge__(self, other):
        return self._order(other, "ge")

    def __contains__(self, item):
        has, content = self._plain()
        return item in content if has else any(x is item or x == item for x in self)

    def __bool__(self):
        return self._ask("bool") is True

    def __len__(self):
        n = self._ask("len")
        return n if type(n) is int and 0 <= n < sys.maxsize else -1

    def __iter__(self):
        it = self._ask("iter")
        return it if type(it) is Remote else iter(it)

    def __next__(self):
        return self._ask("next")

    def __getitem__(self, key):
        if type(key) is slice:
            has, content = self._plain()
            if has:
                return content[key]
        return self._ask("item", key)

    def __setitem__(self, key, value):
        self._ask("put", key, value)

    def __delitem__(self, key):
        self._ask("del", key)

    def __hash__(self):
        return hash(("remote", self._number))

    def __repr__(self):
        return "<%s %s of the program>" % (self._name[:60], self._kind[:20])

    def __str__(self):
        text = self._ask("str")
        return text if type(text) is str else ""

    def __instancecheck__(self, value):
        return isinstance(value, Remote) and value._ask("is", self) is True

    def _number_as(self, kind):
        has, content = self._plain()
        if not has or type(content) not in (bool, int, float):
            raise TypeError("%r is no number" % self)
        return kind(content)

    def __float__(self):
        return self._number_as(float)

    def __int__(self):
        return self._number_as(int)

    def __index__(self):
        return self._number_as(operator.index)

    def __enter__(self):
        return self._ask("enter")

    def __exit__(self, *_):
        self._ask("exit")


def remote_operator(name, back):
    def method(self, other):
        return self._ask("two_back" if back else "two", name, other)
    return method


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and_", "or_", "xor", "matmul", "lshift", "rshift"):
    _plain_name = _name.rstrip("_")
    setattr(Remote, "__%s__" % _plain_name, remote_operator(_name, False))
    setattr(Remote, "__r%s__" % _plain_name, remote_operator(_name, True))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Remote, "__%s__" % _name, lambda self, name=_name: self._ask("one", name))


# --- the tests ----------------------------------------------------------------------------------------------------

class Compared(ast.NodeTransformer):
    """Remembers both sides of `assert a == b`, to say what came instead."""

    def visit_Assert(self, node):
        self.generic_visit(node)
        t = node.test
        if isinstance(t, ast.Compare) and len(t.ops) == 1 and isinstance(t.ops[0], ast.Eq):
            node.test = ast.copy_location(ast.Call(ast.Name(COMPARED, ast.Load()), [t.left, t.comparators[0]], []), t)
        return node


class Tests:
    def __init__(self, text, entry, bridge):
        self.text, self.entry, self.bridge = text, entry, bridge
        self.tree = ast.parse(text, "tests")
        self.space = {"__name__": "tests", COMPARED: self.compared}
        self.units, self.sides = [], None
        self.passed, self.failed, self.why = 0, None, None

    def compared(self, left, right):
        self.sides = (left, right)
        return left == right

    @staticmethod
    def asserts(node):
        return any(isinstance(n, ast.Assert) for n in ast.walk(node))

    def is_unit(self, node):
        return isinstance(node, ast.Assert) or (isinstance(node, (ast.For, ast.While, ast.With, ast.Try, ast.If)) and self.asserts(node))

    def plan(self):
        """[(name or None, [statement] or function's name, candidate wanted)]; None: no test, only run."""
        functions, check = [], None
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef):
                need = len(node.args.posonlyargs) + len(node.args.args) - len(node.args.defaults)
                if node.name == "check" and need == 1 and len(node.args.args) == 1:
                    check = node
                elif node.name.startswith("test") and need == 0 and not node.args.kwonlyargs:
                    functions.append(node.name)
            self.units.append((self.name(node) if self.is_unit(node) else None, node, None))
        if check is not None:
            self.plan_check(check)
        self.units += [(name, None, name) for name in functions]

    def plan_check(self, check):
        if not self.entry:
            raise ValueError("they define check(%s), so the entry point must be said: entry_point: NAME" % check.args.args[0].arg)
        odd = (ast.Return, ast.Yield, ast.YieldFrom, ast.Nonlocal, ast.Global)
        if any(isinstance(n, odd) for n in ast.walk(check)) or not any(self.is_unit(n) for n in check.body):
            self.units.append(("check", None, "check"))
            return
        bind = ast.Assign([ast.Name(check.args.args[0].arg, ast.Store())], ast.Name(CANDIDATE, ast.Load()))
        self.units.append((None, ast.copy_location(bind, check), None))
        for node in check.body:
            self.units.append((self.name(node) if self.is_unit(node) else None, node, None))

    def total(self):
        return sum(1 for name, _, _ in self.units if name)

    def name(self, node):
        line = (ast.get_source_segment(self.text, node) or "").split("\n")[0].strip()
        return "line %d: %s" % (node.lineno, line[:160] + ("..." if len(line) > 160 else ""))

    def run_unit(self, node, call):
        if call:
            args = [self.space[CANDIDATE]] if call == "check" else []
            self.space[call](*args)
        else:
            node = ast.fix_missing_locations(Compared().visit(node))
            exec(compile(ast.Module([node], []), "tests", "exec"), self.space)

    def fail(self, name, why):
        if self.failed is None:
            self.failed, self.why = name, why

    def reason(self, error):
        if isinstance(error, AssertionError):
            text = str(error)[:300]
            if self.sides is not None and not text:
                text = "got %s, not %s" % (SAY.repr(self.sides[0]), SAY.repr(self.sides[1]))
            return text or "it does not hold"
        if isinstance(error, (Stop, Quit)):
            return str(error)
        text = str(error)[:300]
        return type(error).__name__ + (": " + text if text else "")

    def run(self):
        broken = False
        for name, node, call in self.units:
            if name and broken:
                continue                # what stood before it in the text could not be run: it fails with it
            self.sides = None
            try:
                self.run_unit(node, call)
                if self.bridge.stopped:
                    raise self.bridge.stopped
                self.passed += name is not None
            except BaseException as error:
                if isinstance(error, Stop):
                    self.bridge.armed = False
                self.fail(name or self.name(node), self.reason(error))
                broken = broken or name is None
                if isinstance(error, Stop):
                    return


def names_for_tests(bridge, ready, entry):
    space = {}
    for name, value in ready.items():
        if not name.startswith("__") and (not hasattr(builtins, name) or name == entry):
            space[name] = bridge.value(value)
    return space


def judge(bridge, tests, entry):
    """What comes of it, as the verdict."""
    told = bridge.read()
    total = tests.total()
    if type(told.get("ready")) is not dict:
        return {"passed": 0, "total": total, "failed": "loading it", "why": str(told.get("load", "it can't be loaded"))[:400]}
    space = names_for_tests(bridge, told["ready"], entry)
    if entry and entry not in space:
        return {"passed": 0, "total": total, "failed": "loading it", "why": "it defines no %s" % entry}
    solution = types.ModuleType("solution")
    solution.__dict__.update(space)
    sys.modules["solution"] = solution
    for name, value in space.items():
        tests.space.setdefault(name, value)
    tests.space[CANDIDATE] = space.get(entry)
    tests.run()
    out = {"passed": tests.passed, "total": total, "failed": tests.failed or "", "why": tests.why or ""}
    if isinstance(bridge.stopped, Ended):
        out["ended"] = True
    return out


def main():
    source, sink, verdict = os.fdopen(os.dup(0), "rb"), os.dup(1), os.dup(2)
    nothing = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):                # what the tests print is not part of the conversation
        os.dup2(nothing, fd)
    asked = json.loads(source.readline())
    bridge = Bridge(source, sink)

    def late(*_):
        if bridge.armed:
            bridge.stop(TimeUp("it took longer than %g s" % (asked["ms"] / 1000)))

    out = None
    try:
        tests = Tests(asked["tests"], asked["entry"], bridge)
        tests.plan()
        if not any(name for name, _, _ in tests.units):
            raise ValueError("they hold no assert, no function test_*() and no check(candidate)")
    except SyntaxError as error:
        out = {"broken": "%s in line %s" % (error.msg, error.lineno)}
    except (ValueError, RecursionError, MemoryError) as error:
        out = {"broken": str(error) or type(error).__name__}
    if out is None:
        signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, asked["ms"] / 1000, 0.2)
        bridge.armed = True
        try:
            out = judge(bridge, tests, asked["entry"])
        except BaseException as error:
            bridge.armed = False
            out = {"passed": tests.passed, "total": tests.total(), "failed": tests.failed or "loading it",
                   "why": tests.why or tests.reason(error)}
            if isinstance(error, Ended):
                out["ended"] = True
        bridge.armed = False
    os.write(verdict, (json.dumps(out) + "\n").encode())
    os._exit(0)


main()
