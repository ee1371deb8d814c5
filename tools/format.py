#!/usr/bin/env python3
"""tools/format.py [--check] [FILE...]: clang-format, inside functions only.

Our headers are manuals and our tables are tables: declarations stand in columns, a row is a line, comments align. No
formatter keeps that, so this takes clang-format's answer for a whole file and accepts its changes only inside function
bodies, and there not on a line with a comment, a macro, a one-line struct, an initialiser's row or `case X: ...; break;`.
What holds everywhere: no tab, no blank at a line's end, a newline at the file's end, 120 columns (140 where a row or a
declaration with its comment needs them).

Without files: all of git's *.c and *.h. --check changes nothing and prints what it would do; exit status 1 if anything.
"""
import difflib
import os
import re
import subprocess
import sys

COLUMNS = 120
HAND_COLUMNS = 140                          # of what is aligned by hand: a table's row, a declaration with its comment
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
        # A change that spans several lines ends where a statement does: all of it or nothing. The head of a function
        # or a lone declaration that is too long has lost its protection.
        mine = tag == "equal" or any(keep[a1:a2]) or (a1 == a2 and (keep[a1 - 1] or keep[min(a1, len(keep) - 1)]))
        if mine and a2 - a1 in (1, 2) and len(lines[a1]) > COLUMNS + 1 and not re.search(
                r"[#{=\\]|/\*", "".join(lines[a1:a2])):
            mine = False
        out += lines[a1:a2] if mine else answer[b1:b2]
    out = [re.sub(r"[ \t]+$", "", line.rstrip("\r\n")) + "\n" for line in out]
    while out and out[-1] == "\n":
        out.pop()
    return wrap_comments(out)


def wrap_comments(lines):
    """Block comments that are too wide, wrapped; what falls off a line goes in front of the next."""
    out, i = [], 0
    lines = list(lines)
    inside = False
    while i < len(lines):
        line = lines[i].rstrip("\n")
        banner = re.match(r"^(/\* --- .*?)-{5,} \*/$", line)
        if banner and len(line) > COLUMNS:
            lines[i] = line = banner.group(1) + "-" * (COLUMNS - 3 - len(banner.group(1))) + " */"
            lines[i] += "\n"
        starts = re.match(r"^(\s*)/\*", line)
        if len(line) > COLUMNS and (starts or inside and re.match(r"^\s*\* ", line)):
            indent = re.match(r"^\s*", line).group() + (" " if starts else "")
            cut = line.rfind(" ", len(indent) + 3, COLUMNS + 1)
            rest = line[cut + 1:]
            if cut > 0 and rest != "*/":
                follows = lines[i + 1].rstrip("\n") if i + 1 < len(lines) else ""
                lines[i] = line[:cut] + "\n"
                if "*/" not in rest and re.match(r"^\s*\* \S", follows) and not re.match(r"^\s*\* [-*@]", follows):
                    lines[i + 1] = indent + "* " + rest + " " + follows.lstrip()[2:] + "\n"
                else:
                    lines.insert(i + 1, indent + "* " + rest + "\n")
                continue
        if "/*" in line and "*/" not in line[line.rindex("/*"):]:
            inside = bool(starts)
        elif "*/" in line:
            inside = False
        out.append(lines[i])
        i += 1
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
            if "\t" in line or (len(line) > HAND_COLUMNS + 1 and not ('"' in line and path.endswith("_test.c"))):
                print("%s:%d: %s" % (path, number, "a tab" if "\t" in line else "%d columns, at most %d are allowed"
                                     % (len(line) - 1, HAND_COLUMNS)))
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
