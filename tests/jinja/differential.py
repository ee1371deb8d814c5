#!/usr/bin/env python3
"""Holds our template engine to the real Jinja2: the committed cases, then templates nobody wrote.

    tests/jinja/differential.py --python /tmp/jinja/bin/python [--driver PROGRAM] [--rounds N] [--count N] [--seed N]

Builds tests/jinja/driver.c with one compiler call (or takes --driver), checks that expected.jsonl is what this Jinja2 says,
compares all cases, then generates templates from a grammar with a seeded generator and compares output bytes, or that both
refuse. Where we stop at a ceiling (ERR_TOO_LARGE: 64-bit integers) and Jinja2 does not, the template is counted apart.
"""
import argparse
import copy
import glob
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import warnings

warnings.simplefilter("ignore", SyntaxWarning)     # Python's, about the code Jinja2 makes of 5[0]

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

VARS = {
    "n": 7, "z": 0, "f": 2.5, "s": "hello world", "e": "", "none_": None, "yes": True, "no": False,
    "xs": [3, 1, 2], "words": ["pear", "Apple", "fig", "apple"], "uni": "Größe ß λόγος ЖЗ 日本",
    "d": {"b": 2, "a": 1, "C": 3}, "nested": [[1, 2], [3, [4, 5]]], "html": "<b>\"A\" & 'B'</b>",
    "users": [{"name": "Bea", "age": 31, "team": "red"}, {"name": "carl", "age": 25, "team": "Blue"},
              {"name": "Ann", "age": 31, "team": "red"}],
    "multi": "line one\n  line two\n\nline-four is-a-long line of some-what more words than the others",
}
FILES = {
    "part.txt": "({{ s }}{{ x|default('-') }})",
    "macros.txt": "{% macro wrap(a, b='!') %}<{{ a }}{{ b }}>{% endmacro %}{% macro each(l) %}{% for i in l %}{{ caller(i) }}"
                  "{% endfor %}{% endmacro %}{% set exported = 5 %}",
    "base.txt": "[{% block one %}1{{ n }}{% endblock %}|{% block two scoped %}2{% endblock %}]",
}


class Grammar:
    """Random templates. What Jinja2 makes lazy is listed at once, so that both sides do the same work."""

    def __init__(self, rng):
        self.r = rng

    def pick(self, *choices):
        return self.r.choice(choices)

    def atom(self):
        r = self.r
        return self.pick(
            lambda: r.choice(list(VARS)), lambda: r.choice(list(VARS)), lambda: r.choice(list(VARS)),
            lambda: str(r.randint(-3, 12)), lambda: str(r.choice([0.5, 1.0, 2.25, 1e16, 1e-5, 0.1, 100.0, 3.14159])),
            lambda: json.dumps(r.choice(["", "a", "it's", "Hello", "x y", "a,b", "  pad ", "ÄÖ", "12", "1.5", "%s", "{}"]),
                               ensure_ascii=False),
            lambda: r.choice(["true", "false", "none", "[]", "{}", "()", "x", "missing", "xs[0]", "d.a", "users[0].name",
                              "nested[1][1]", "users[1]['age']", "d['C']", "s[1]", "uni[2]", "xs[-1]", "range(4)"]),
        )()

    def args(self, depth, n):
        return ", ".join(self.expr(depth - 1) for _ in range(n))

    def filtered(self, depth):
        r = self.r
        x = self.expr(depth - 1)
        lazy = r.choice(["map('upper')", "map('string')", "map(attribute='name')", "map('length')", "select", "reject",
                         "select('odd')", "selectattr('age')", "selectattr('age', 'gt', 26)", "rejectattr('team', 'eq', 'red')",
                         "unique", "batch(2)", "batch(2, 0)", "slice(2)", "items", "reverse", "map('default', 1)",
                         "map('abs')", "map('title')", "select('string')", "unique(attribute='age')"])
        eager = r.choice([
            "upper", "lower", "title", "capitalize", "trim", "length", "first", "last", "list", "sort", "join", "join(', ')",
            "sum", "min", "max", "string", "int", "float", "abs", "round", "round(1)", "round(2, 'floor')", "round(0, 'ceil')",
            "default('d')", "default('d', true)", "d", "e", "escape", "replace('l', 'L')", "replace('a', '', 1)", "tojson",
            "tojson(indent=2)", "wordcount", "center(11)", "indent", "indent(2, true)", "truncate(9)", "truncate(9, true)",
            "truncate(6, leeway=0)", "wordwrap(10)", "wordwrap(7, false)", "dictsort", "dictsort(by='value')", "pprint",
            "filesizeformat", "urlencode", "striptags", "format", "format(1)", "sort(reverse=true)", "groupby('team')",
            "sort(attribute='age')", "sort(case_sensitive=true)", "max(attribute='age')", "sum(attribute='age')", "int(9)",
            "attr('name')", "forceescape", "safe", "trim('h')", "join('-', attribute='name')", "count", "xmlattr",
            "min(case_sensitive=true)", "sort(attribute='name')", "wordwrap(12, wrapstring='|')", "float(1.5)",
        ])
        name = eager if r.random() < 0.7 else lazy + "|" + r.choice(["list", "join('/')", "list|length", "list|first"])
        return f"({x})|{name}" if r.random() < 0.6 else f"{self.atom()}|{name}"

    def method(self, depth):
        r = self.r
        return r.choice(["s", "uni", "multi", "html", "e", "'a b  c '", "'x,y,,z'"]) + "." + r.choice([
            "upper()", "lower()", "title()", "capitalize()", "swapcase()", "strip()", "lstrip()", "rstrip()", "split()",
            "split(' ')", "split(',')", "split(none, 1)", "rsplit(none, 1)", "rsplit(',', 1)", "rsplit(' ', 2)", "splitlines()",
            "replace('l', '_')", "replace('', '.')", "startswith('h')", "endswith('d')", "find('o')", "rfind('o')", "count('l')",
            "isalpha()", "isdigit()", "isupper()", "islower()", "istitle()", "zfill(14)", "center(15)", "ljust(13, '.')",
            "rjust(13)", "partition(' ')", "rpartition(' ')", "strip('hd')", "isspace()", "isalnum()", "find('l', 3)",
            "find('o', -4)", "count('o', 2, 8)", "index('e')", "removeprefix('he')", "join(words)", "split('l')",
        ])

    def formatted(self, depth):
        r = self.r
        if r.random() < 0.5:
            spec = r.choice(["%s", "%d", "%5.2f", "%-6s|", "%05d", "%x", "%r", "%+d", "%e", "%g", "%3s", "%.2s", "%c", "%#o"])
            return f"'{spec}' % ({self.expr(depth - 1)},)"
        spec = r.choice(["{}", "{:>8}", "{:<6}|", "{:^9}", "{:.2f}", "{:d}", "{:,}", "{!r}", "{:08.3f}", "{:x}", "{:e}", "{:%}",
                         "{:+}", "{:5}", "{:.3}", "{:g}", "{:*^7}", "{:_}", "{0}{0}"])
        return f"'{spec}'.format({self.expr(depth - 1)})"

    def expr(self, depth):
        r = self.r
        if depth <= 0:
            return self.atom()
        kind = r.random()
        if kind < 0.18:
            return self.atom()
        if kind < 0.44:
            return self.filtered(depth)
        if kind < 0.52:
            return self.method(depth)
        if kind < 0.57:
            return self.formatted(depth)
        a, b = self.expr(depth - 1), self.expr(depth - 1)
        if kind < 0.68:
            return f"({a} {r.choice(['+', '-', '*', '/', '//', '%', '~', '~', '+'])} {b})"
        if kind < 0.71:
            return f"{a} ** {r.choice(['2', '-1', '0', '3'])}"
        if kind < 0.78:
            return f"({a} {r.choice(['==', '!=', '<', '>', '<=', '>=', 'in', 'not in'])} {b})"
        if kind < 0.82:
            return f"({a} {r.choice(['and', 'or'])} {b})"
        if kind < 0.84:
            return f"not {a}"
        if kind < 0.87:
            return f"({a} if {b} else {self.expr(depth - 1)})" if r.random() < 0.8 else f"({a} if {b})"
        if kind < 0.90:
            return f"({a})[{self.pick('0', '-1', '1', '1:', ':2', '::-1', '-2:', '::2', '5', '3:1:-1')}]"
        if kind < 0.93:
            return "[" + self.args(depth, r.randint(0, 3)) + "]"
        if kind < 0.94:
            return "{'k': " + a + ", 2: " + b + "}"
        if kind < 0.98:
            test = r.choice(["defined", "undefined", "none", "string", "number", "mapping", "sequence", "odd", "even",
                             "divisibleby(2)", "eq 1", "in [1, 2, 'a']", "true", "boolean", "integer", "float", "lower", "upper",
                             "sameas none", "gt 1", "iterable", "callable", "escaped", "ne 'a'"])
            return f"({a} is {r.choice(['', '', 'not '])}{test})"
        return f"-{a}" if r.random() < 0.5 else f"({a}, {b})"

    def typed(self, kind, depth):
        """An expression both sides should accept: "str", "num" or "list"."""
        r = self.r
        if depth <= 0:
            return r.choice({"str": ["s", "uni", "multi", "html", "e", "'a-b c'", "'ÄÖ ß'", "users[0].name", "\"it's\"", "'12'"],
                             "num": ["n", "z", "f", "3", "-2", "0.5", "users[1].age", "d.a", "10", "1e3", "yes"],
                             "list": ["xs", "words", "range(5)|list", "users|map(attribute='name')|list", "d|list", "multi.split()",
                                      "multi.splitlines()", "[]", "['b', 'A', 'c']", "uni|list", "[0.5, 2, true]"]}[kind])
        t = lambda k: self.typed(k, depth - 1)     # noqa: E731
        if kind == "str":
            return self.pick(
                lambda: f"({t('str')})|" + r.choice(["upper", "lower", "title", "capitalize", "trim", "reverse", "indent(2)", "e",
                                                     "replace(' ', '_')", "truncate(9)", "truncate(8, true, '~', 0)", "wordwrap(8)",
                                                     "wordwrap(5, false)", "center(20)", "urlencode", "striptags", "tojson",
                                                     "default('x', true)", "pprint", "trim('a')", "string", "forceescape",
                                                     "wordwrap(11, break_on_hyphens=false)"]),
                lambda: f"({t('str')})." + r.choice(["upper()", "title()", "strip()", "swapcase()", "replace('a', 'aa')", "zfill(9)",
                                                     "center(9, '*')", "capitalize()", "lower()", "ljust(6, '.')", "rstrip('s')"]),
                lambda: f"({t('str')} ~ {t(r.choice(['str', 'num', 'list']))})",
                lambda: f"({t('list')})|join({r.choice(['', repr(', '), repr('-')])})",
                lambda: f"({t('str')})[{r.choice(['1:', ':3', '::-1', '-4:-1', '::2', '5:2:-1'])}]",
                lambda: f"'{r.choice(['%s', '%9s|', '%-9s|', '%.2s', '%r'])}' % ({t('str')},)",
                lambda: f"'{r.choice(['%d', '%5.2f', '%g', '%e', '%+d', '%05d'])}' % ({t('num')},)",
                lambda: f"'{r.choice(['{}', '{:>9}', '{!r}', '{:^11}|', '{:.3}'])}'.format({t('str')})",
                lambda: f"'{r.choice(['{}', '{:9.2f}', '{:+.1e}', '{:g}', '{:,.1f}', '{:%}', '{:08.3f}'])}'.format({t('num')})",
                lambda: f"({t('num')})|" + r.choice(["string", "filesizeformat", "tojson"]),
                lambda: f"({t('str')} if {t('num')} else {t('str')})")()
        if kind == "num":
            return self.pick(
                lambda: f"({t('num')} {r.choice('+-*')} {t('num')})", lambda: f"({t('list')})|length", lambda: f"({t('str')})|length",
                lambda: f"({t('num')} {r.choice(['/', '//', '%'])} {r.choice(['2', '3', '-4', '0.7'])})",
                lambda: f"({t('num')})|" + r.choice(["abs", "round", "round(1)", "int", "float", "round(1, 'ceil')", "round(-1)"]),
                lambda: f"({t('str')})|" + r.choice(["int", "float", "wordcount", "int(5)", "count"]),
                lambda: f"({t('str')}).{r.choice(['count', 'find', 'rfind'])}('a')", lambda: f"-({t('num')})",
                lambda: f"({t('num')} {r.choice(['<', '>', '==', '!=', '<=', 'and', 'or'])} {t('num')})")()
        return self.pick(
            lambda: f"({t('list')})|" + r.choice(["sort", "reverse|list", "unique|list", "map('string')|list", "list", "batch(2)|list",
                                                  "slice(2)|list", "map('string')|map('upper')|list", "select('string')|list",
                                                  "reject('number')|list", "map('string')|sort(reverse=true)", "select|list",
                                                  "map('string')|unique(case_sensitive=true)|list"]),
            lambda: f"({t('list')})[{r.choice(['1:', ':2', '::-1', '-2:', '::2'])}]", lambda: f"({t('list')} + {t('list')})",
            lambda: f"({t('str')}).{r.choice(['split()', 'splitlines()', 'rsplit(none, 1)'])}", lambda: f"[{t('num')}, {t('str')}]",
            lambda: f"({t('list')}) * 2")()

    def shown(self):
        """What a template prints: mostly something that works."""
        r = self.r
        if r.random() < 0.85:
            return self.typed(r.choice(["str", "str", "num", "list"]), r.choice([1, 2, 2, 3]))
        return self.expr(r.choice([1, 1, 2, 3]))

    def space(self):
        return self.r.choice(["", "", "", "-", "+"]) if self.r.random() < 0.5 else ""

    def text(self):
        return self.r.choice(["", "a", " ", "\n", "text ", "  \n  ", "x\n", "{ }", "é ", "\t- ", "."])

    def tag(self, inside):
        return "{%" + self.space() + " " + inside + " " + self.r.choice(["", "", "-", "+"]) + "%}"

    def body(self, depth, names=()):
        return "".join(self.statement(depth - 1) for _ in range(self.r.randint(1, 3)))

    def statement(self, depth):
        r = self.r
        kind = r.random()
        if depth <= 0 or kind < 0.42:
            return self.text() + "{{" + r.choice(["", "-"]) + " " + self.shown() + " " + r.choice(["", "-"]) + "}}" + self.text()
        t = self.tag
        if kind < 0.52:
            out = t("if " + self.shown()) + self.body(depth)
            if r.random() < 0.3:
                out += t("elif " + self.shown()) + self.body(depth)
            return out + (t("else") + self.body(depth) if r.random() < 0.5 else "") + t("endif")
        if kind < 0.68:
            over = r.choice(["xs", "words", "users", "s", "d", "range(3)", "nested", "d.items()", "d|dictsort", "[]", "multi.split()",
                             self.typed("list", 2)])
            target = "k, x" if over in ("d.items()", "d|dictsort") else "x"
            cond = " if " + r.choice(["x", "x != 1", "x is string", "x|string > '2'"]) if r.random() < 0.25 else ""
            what = "{{ " + r.choice(["x", "loop.index", "loop.last", "loop.cycle('a', 'b')", "loop.revindex", "loop.length",
                                     "loop.changed(x|string|length)", "loop.nextitem|default('-')", "loop.previtem is defined",
                                     "x.name|default(x)", "loop.depth", "loop.first and loop.index0"]) + " }}"
            return (t(f"for {target} in {over}{cond}") + what + self.body(depth) +
                    (t("else") + self.text() if r.random() < 0.2 else "") + t("endfor"))
        if kind < 0.76:
            return t("set q = " + self.shown()) + "{{ q }}"
        if kind < 0.79:
            return t("set x") + self.body(depth) + t("endset") + "{{ x }}"
        if kind < 0.82:
            return t("with x = " + self.shown() + ", y = x|default(1)") + self.body(depth) + "{{ y }}" + t("endwith")
        if kind < 0.85:
            return t("filter " + r.choice(["upper", "trim", "indent(2)", "replace('a', 'b')|lower", "wordwrap(9)", "title"])) + \
                self.body(depth) + t("endfilter")
        if kind < 0.90:
            return (t("macro m" + str(depth) + "(a, b=" + self.typed("str", 1) + ")") + "{{ a }}" + self.body(depth) + "{{ b }}" +
                    t("endmacro") + "{{ m" + str(depth) + "(" + self.shown() + r.choice(["", ", 1", ", b=2", ", c=3"]) + ") }}")
        if kind < 0.92:
            return "{% set ns = namespace(t=0) %}{% for i in xs %}{% set ns.t = ns.t + i %}" + self.text() + "{% endfor %}{{ ns.t }}"
        if kind < 0.94:
            return t("include 'part.txt'" + r.choice(["", " without context", " ignore missing"]))
        if kind < 0.96:
            return t("import 'macros.txt' as lib") + "{{ lib.wrap(" + self.shown() + ") }}{{ lib.exported }}"
        if kind < 0.98:
            return t("from 'macros.txt' import each") + t("call(i) each(" + r.choice(["xs", "words", self.typed("str", 1)]) + ")") + \
                "{{ i }}" + self.body(depth) + t("endcall")
        return "{% raw %}{{ x }}{% endraw %}{# c #}" + self.text()

    def template(self):
        if self.r.random() < 0.06:
            return "{% extends 'base.txt' %}" + self.statement(1) + "{% block one %}" + self.body(2) + \
                self.r.choice(["", "{{ super() }}", "{{ self.two() }}"]) + "{% endblock %}"
        return "".join(self.statement(3) for _ in range(self.r.randint(1, 3)))


def generated(seed, count):
    rng = random.Random(seed)
    grammar = Grammar(rng)
    for i in range(count):
        options = {k: True for k in ("trim_blocks", "lstrip_blocks", "keep_trailing_newline") if rng.random() < 0.2}
        yield {"name": f"seed {seed} template {i}", "template": grammar.template(),
               "vars": copy.deepcopy(VARS),     # Jinja2's own filters can change a list on their way to failing
               "files": FILES, "options": options}


def build_driver(folder):
    out = os.path.join(folder, "driver")
    sources = [f for room in ("base", "template") for f in glob.glob(str(ROOT / "src" / room / "*.c")) if not f.endswith("_test.c")]
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu17", "-D_GNU_SOURCE", "-O1", "-w", "-I", str(ROOT / "src"),
                    str(HERE / "driver.c"), *sources, "-o", out, "-ljansson", "-lsodium", "-lfyaml", "-lpthread", "-lm"], check=True)
    return out


def ours(driver, cases):
    got = subprocess.run([driver], input="".join(json.dumps(c) + "\n" for c in cases), stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in got.stdout.splitlines()]


def theirs(cases):
    import make_expected
    import signal

    def late(signum, frame):
        raise TimeoutError
    signal.signal(signal.SIGALRM, late)
    for case in cases:
        signal.alarm(10)
        yield make_expected.expect(case)
        signal.alarm(0)


def hides(text):
    """What Python prints with an address, things we refuse to print, and its class for escaped text (ours is plain)."""
    return any(w.lower() in text.lower() for w in (" object at 0x", "<generator", "<built-in", "<class", "<bound", "Undefined", "<function", "Markup("))


def compare(driver, cases):
    wrong = limits = both_fail = skipped = 0
    for want, got in zip(theirs(cases), ours(driver, cases)):
        if want.get("output") != got.get("output") and hides(want.get("output", "")):
            skipped += 1
        elif "error" in want and "error" in got:
            both_fail += 1
        elif got.get("code") == "TOO_LARGE":
            limits += 1
        elif want.get("output") != got.get("output"):
            wrong += 1
            print(f"{want['name']}\n  template {want['template']!r}\n  options  {want.get('options')}\n  jinja2   "
                  f"{want.get('output', want.get('error'))!r}\n  ours     {got.get('output', got.get('error'))!r}")
    print(f"{len(cases)} templates: {wrong} differ, {both_fail} refused by both, {limits} met a ceiling of ours, "
          f"{skipped} print what has no text")
    return wrong


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--python", default=os.environ.get("JINJA_PYTHON"), help="a Python that has jinja2 3.1 (or JINJA_PYTHON)")
    p.add_argument("--driver", help="a built driver.c")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--rounds", type=int, default=1)
    p.add_argument("--count", type=int, default=2500, help="templates in a round")
    a = p.parse_args()
    if a.python and os.path.abspath(a.python) != os.path.abspath(sys.executable):
        os.execv(a.python, [a.python, str(HERE / "differential.py"), *[x for x in sys.argv[1:]]])
    sys.path.insert(0, str(HERE))
    subprocess.run([sys.executable, str(HERE / "make_expected.py"), "--check"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        driver = a.driver or build_driver(folder)
        wrong = compare(driver, [json.loads(line) for line in (HERE / "cases.jsonl").read_text().splitlines()])
        for seed in range(a.seed, a.seed + a.rounds):
            wrong += compare(driver, list(generated(seed, a.count)))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
