#!/usr/bin/env python3
"""tools/run_files.py PROGRAM CALLGRIND.OUT > tools/run_files.txt: the sources whose code a plain run uses.

meson.build links these next to each other. The system brings a program into memory in pieces of 64 KiB; when what a
run uses lies together, the pieces hold little else, and a run is a megabyte smaller. The list only orders: a file that
is missing from it, or that is gone, costs memory and nothing more. Made from one small run, for example

  valgrind --tool=callgrind --callgrind-out-file=cg.out build/assay run TASK.yaml --yes
"""
import re
import subprocess
import sys


def used_functions(path):
    """The names of callgrind's functions: "fn=(12) name'2" where one is first told."""
    named = re.compile(r"c?fn=\(\d+\) (.+)$")
    with open(path, encoding="utf-8", errors="replace") as f:
        return {m.group(1).split("'")[0] for m in map(named.match, f) if m}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    program, used = sys.argv[1], used_functions(sys.argv[2])
    table = subprocess.run(["nm", "--defined-only", program], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in table.splitlines()]
    code = [r for r in rows if len(r) == 3 and r[1] in "tT" and (r[2] in used or r[2].split(".")[0] in used)]
    found = subprocess.run(["addr2line", "-e", program], input="\n".join(r[0] for r in code), capture_output=True, text=True, check=True)
    files = {"src/" + line.split(":")[0].split("src/", 1)[1] for line in found.stdout.splitlines() if "src/" in line}
    print("# Made by tools/run_files.py, which says why.")
    print("\n".join(sorted(f for f in files if f.endswith(".c"))))


main()
