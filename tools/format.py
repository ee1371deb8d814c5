#!/usr/bin/env python3
"""tools/format.py [--check] [FILE...]: clang-format, inside functions only.

Our headers are manuals and our tables are tables: declarations stand in columns, a row is a line, comments align. No
formatter keeps that, so this takes clang-format's answer for a whole file and accepts its changes only inside function
bodies, and there not on a line with a comment, a macro, a one-line struct, an initialiser's row or `case X: ...; break;`.
What holds everywhere: no tab, no blank at a line's end, at most 120 columns, a newline at the file's end.

Without files: all of git's *.c and *.h. --check changes nothing and prints what it would do; exit status 1 if anything.
"""
import difflib
import os
import re
import subprocess
import sys

COLUMNS = 120
CLANG_FORMAT = os.environ.get("CLANG_FORMAT", "clang-format-" + os.environ.get("LLVM", "14"))
ROW = re.compile(r"^\s*(\{.*\}|\[\w+\]\s*=.*|\.\w+\s*=.*),?\s*(\};)?$|^\s*(X\(|case .*;|default:.*;)|"
                 r"\bstruct (\w+ )?\{.*\}|=\s*\{|\)\{ \.|\" \"|^\s*\"|^\s*\.\w+ = |\bTEST\(|\w \(\*\w+\)[\[(]|#|//|/\*|\*/|\\$")


def protected(lines):
    """For each line: may clang-format not touch it?"""
    out, body, comment, table = [], False, False, 0
    for line in lines:
        keep = not body or comment or table > 0 or not line.strip() or line[0] not in " \t" or bool(ROW.search(line))
        if line.startswith("{"):
            body = True
        elif line.startswith("}"):
            body = False
        if body:
            code = re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])+\'', "", line)
            if table or re.search(r"=\s*\{|\)\{|\bstruct (\w+ )?\{", code):
                table = max(0, table + code.count("{") - code.count("}"))
        else:
            table = 0
        if "/*" in line and "*/" not in line[line.index("/*"):]:
            comment = True
        elif "*/" in line:
            comment = False
        out.append(keep)
    return out


def formatted(path, lines):
    answer = subprocess.run([CLANG_FORMAT, "--assume-filename=" + os.path.abspath(path)], input="".join(lines),
                            capture_output=True, text=True, check=True).stdout.splitlines(keepends=True)
    keep, out = protected(lines), []
    for tag, a1, a2, b1, b2 in difflib.SequenceMatcher(None, lines, answer, autojunk=False).get_opcodes():
        # A change that spans several lines ends where a statement does: all of it or nothing.
        mine = tag == "equal" or any(keep[a1:a2]) or (a1 == a2 and (keep[a1 - 1] or keep[min(a1, len(keep) - 1)]))
        out += lines[a1:a2] if mine else answer[b1:b2]
    out = [re.sub(r"[ \t]+$", "", line.rstrip("\r\n")) + "\n" for line in out]
    while out and out[-1] == "\n":
        out.pop()
    return out


def main():
    check = "--check" in sys.argv
    os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    paths = [p for p in sys.argv[1:] if p != "--check"] or subprocess.run(
        ["git", "ls-files", "*.c", "*.h"], capture_output=True, text=True, check=True).stdout.split("\n")
    bad = 0
    for path in paths:
        if not path or not os.path.exists(path) or path.endswith("_table.h"):       # _table.h: made by a program
            continue
        lines = open(path, encoding="utf-8").read().splitlines(keepends=True)
        new = formatted(path, lines)
        again = formatted(path, new)
        new = again if again != new else new
        for number, line in enumerate(new, 1):
            if "\t" in line or len(line) > COLUMNS + 1:
                print("%s:%d: %s" % (path, number, "a tab" if "\t" in line else "%d columns, at most %d are allowed"
                                     % (len(line) - 1, COLUMNS)))
                bad += 1
        if new != lines:
            if check:
                bad += 1
                print("".join(difflib.unified_diff(lines, new, path, path + " formatted", n=0)), end="")
            else:
                open(path, "w", encoding="utf-8").write("".join(new))
                print("formatted", path)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
