#!/usr/bin/env python3
"""tests/arrows.py [--self-test] [ROOT]: the rules of the house that a compiler does not see.

- An include points to a room that stands before it in meson.build's `rooms`, never behind.
- Another room's private header is private: outside its folder only the folder's public headers (PUBLIC) are included.
- base/test.h is for tests; SQL is for store/; standard output is for cli/; some C functions are for nobody.

Prints each offence as file:line. It first tests itself on a made tree that breaks every rule; each rule is a test.
"""
import os
import re
import sys
import tempfile

# Besides ROOM/ROOM.h: what others may include of a room, by who may ("*": all that stand behind it).
PUBLIC = {
    "base": {"base/*.h": "*"},
    "domain": {"domain/*.h": "*"},
    "data": {"data/pack.h": "*", "data/usecase.h": "*"},
    "sandbox": {"sandbox/beneath.h": "*", "sandbox/pair.h": "*"},
    "template": {"template/unicode.h": "*"},
    "eval": {"eval/*.h": "*", "eval/report/report.h": "*", "eval/report/charts.h": "*",
             "eval/report/grid.h": "*", "eval/report/comparison.h": "*", "eval/report/analyses.h": "*"},
    "compat": {"compat/mcp.h": "*"},
    "llm": {"llm/prices.h": "*", "llm/cache.h": "*", "llm/live.h": "*"},
}
MADE = {"embedded.h", "version.h"}          # by the build: anybody may include them
FORBIDDEN = {
    "strtok": "str_split", "strtok_r": "str_split", "sprintf": "buf_printf or snprintf", "vsprintf": "buf_vprintf",
    "atoi": "str_to_i64", "atol": "str_to_i64", "atoll": "str_to_i64", "atof": "str_to_double",
    "strcpy": "arena_strdup or memcpy", "strcat": "buf_append", "strncpy": "buf_append or snprintf",
    "strncat": "buf_append", "gets": "file_lines_next", "alloca": "an arena", "system": "posix_spawn", "popen": "posix_spawn",
    "tmpnam": "mkstemp", "mktemp": "mkstemp", "rand": "rng_next", "srand": "rng_seed", "gmtime": "gmtime_r",
    "localtime": "localtime_r", "asctime": "clock_text", "ctime": "clock_text",
}
SQL = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|"
                 r"CREATE\s+(TABLE|INDEX|UNIQUE\s+INDEX)\s|PRAGMA\s+\w+|BEGIN\s+IMMEDIATE)", re.S)
STDOUT = re.compile(r"\b(printf|puts|putchar|vprintf)\s*\(|\bstdout\b|\bSTDOUT_FILENO\b|\bdprintf\s*\(\s*1\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
RULES = ("order", "private", "test header", "SQL", "standard output", "forbidden function")


def rooms_of(root):
    text = open(os.path.join(root, "meson.build"), encoding="utf-8").read()
    return re.findall(r"'(\w+)'", re.search(r"^rooms = \[([^\]]*)\]", text, re.M).group(1))


def blank(text):
    """The text's own shape with comments emptied, and the same with strings emptied too; lines stay where they are."""
    hole = lambda m: re.sub(r"[^\n]", " ", m.group())
    no_comments = TOKEN.sub(lambda m: hole(m) if m.group()[0] == "/" else m.group(), text)
    return no_comments, TOKEN.sub(hole, text)


def is_public(header, room, by):
    if header == "%s/%s.h" % (room, room):
        return True
    for pattern, who in PUBLIC.get(room, {}).items():
        same_folder = os.path.dirname(pattern) == os.path.dirname(header)
        if same_folder and pattern.split("/")[-1] in ("*.h", header.split("/")[-1]) and who in ("*", by):
            return True
    return False


def check_file(root, path, rooms, offence):
    name = os.path.relpath(path, os.path.join(root, "src"))
    room, is_test = name.split("/")[0], name.endswith(("_test.c", "_test.h"))
    text = open(path, encoding="utf-8").read()
    code, bare = blank(text)
    if room not in rooms:
        offence("order", name, 1, "room \"%s\" does not stand in meson.build's `rooms`" % room)
        return
    for number, line in enumerate(code.split("\n"), 1):
        m = INCLUDE.match(line)
        if not m or m.group(1) in MADE:
            continue
        header, other = m.group(1), m.group(1).split("/")[0]
        if header == "base/test.h":
            if not is_test and name != "base/test.h":
                offence("test header", name, number, "base/test.h is for tests")
        elif "/" not in header or other not in rooms:
            offence("private", name, number, "\"%s\" is no header of a room; write \"room/file.h\"" % header)
        elif other == room:
            continue
        elif rooms.index(other) > rooms.index(room):
            offence("order", name, number, "%s/ may not know %s/, which stands behind it" % (room, other))
        elif not is_public(header, other, room):
            offence("private", name, number, "%s is private to %s/" % (header, other))
    for number, line in enumerate(bare.split("\n"), 1):
        for m in re.finditer(r"(?<![\w.>])(\w+)\s*\(", line):
            if m.group(1) in FORBIDDEN:
                offence("forbidden function", name, number, "%s: use %s" % (m.group(1), FORBIDDEN[m.group(1)]))
        if room != "cli" and not is_test and name != "base/test.h" and STDOUT.search(line):
            offence("standard output", name, number, "only cli/ prints")
    if room != "store" and not is_test:
        # Strings that follow each other are one string to the compiler, so a statement may be spread over lines.
        for m in re.finditer(r'"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*', code):
            if SQL.search(re.sub(r'"\s*"', "", m.group())):
                offence("SQL", name, code.count("\n", 0, m.start()) + 1, "SQL is written in store/ only")


def check_tree(root):
    rooms, offences = rooms_of(root), []
    for folder, folders, files in os.walk(os.path.join(root, "src")):
        folders.sort()
        for f in sorted(files):
            if f.endswith((".c", ".h")):
                check_file(root, os.path.join(folder, f), rooms, lambda *what: offences.append(what))
    return offences


GOOD = {
    "base/base.h": "#pragma once\n",
    "base/x.c": '#include "base/base.h"\n/* printf("SELECT a FROM b") strcpy( */\nint n; // atoi(1)\n',
    "base/x_test.c": '#include "base/test.h"\nvoid f(void) { printf("x"); }\n',
    "store/store.h": '#include "base/base.h"\n',
    "store/run.c": '#include "store/store.h"\n#include "store/stmt.h"\nconst char *q = "SELECT a FROM b";\n',
    "eval/plan.h": '#include "store/store.h"\n',
    "cli/run.c": '#include "eval/plan.h"\n#include "embedded.h"\nvoid f(void) { printf("select one from the list"); }\n',
    "eval/my.c": "void f(struct s *s) { s->rand(1); my_sprintf(1); snprintf(1); s.system(2); }\n",
}
BAD = {
    ("order", "base/up.c", 1): '#include "store/store.h"\n',
    ("order", "attic/a.c", 1): "\n",
    ("private", "eval/sql.c", 2): '\n#include "store/stmt.h"\n',
    ("private", "eval/bare.c", 1): '#include "plan.h"\n',
    ("private", "cli/deep.c", 1): '#include "eval/metric/metric.h"\n',
    ("test header", "eval/t.c", 1): '#include "base/test.h"\n',
    ("SQL", "eval/q.c", 2): 'const char *q =\n    "SELECT a, b "\n    "FROM run";\n',
    ("SQL", "cli/q.c", 1): 'const char *q = "UPDATE run SET x = 1";\n',
    ("standard output", "eval/p.c", 2): "void f(void)\n{ fputs(x, stdout); }\n",
    ("forbidden function", "eval/f.c", 1): "void f(void) { strcpy (a, b); }\n",
}


def self_test(report):
    with tempfile.TemporaryDirectory() as root:
        with open(os.path.join(root, "meson.build"), "w") as f:
            f.write("x = 1\nrooms = ['base', 'store',\n  'eval', 'cli']\n")
        for name, text in list(GOOD.items()) + [(key[1], text) for key, text in BAD.items()]:
            path = os.path.join(root, "src", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.write(text)
        found = {(rule, name, line) for rule, name, line, _ in check_tree(root)}
    for rule in RULES:
        want = {key for key in BAD if key[0] == rule}
        got = {key for key in found if key[0] == rule}
        report("self-test: " + rule, ["%s:%d is not caught" % key[1:] for key in want - got]
               + ["%s:%d is innocent" % key[1:] for key in got - want])


def main():
    counts = {True: 0, False: 0}

    def report(title, complaints):
        counts[not complaints] += 1
        for line in complaints:
            print("  " + line)
        print("%s %s" % ("FAILED" if complaints else "ok    ", title))

    self_test(report)
    words = [a for a in sys.argv[1:] if a != "--self-test"]
    if "--self-test" not in sys.argv:
        root = words[0] if words else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        offences = check_tree(root)
        for rule in RULES:
            report(rule, ["src/%s:%d: %s" % (name, line, what) for r, name, line, what in offences if r == rule])
    print("%d passed, %d failed" % (counts[True], counts[False]))
    return 1 if counts[False] else 0


if __name__ == "__main__":
    sys.exit(main())
